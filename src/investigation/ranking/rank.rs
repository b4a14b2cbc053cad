use std::time::Duration;

use super::blind_spot::blind_spots;
use super::candidate::{Candidate, candidates};
use super::closeness::Kin;
use super::effect::{Delay, Effect, Effects, Verb};
use super::profile::Profile;
use super::score::Weights;
use super::sequence::{Sequences, call, steps};
use super::signal::{Part, Signal, Signals};
use super::suspect::{Contribution, Evidence, Ranking, Reason, Suspect};
use super::symptom::Symptom;
use super::touched;
use super::trail::Trail;
use crate::event::{Column, Events};
use crate::risk::{Action, RuleSet, Severity};
use crate::time::Time;

/// The unit of distances in time: those of a few seconds hardly differ.
const MINUTE: f64 = 60.0;

/// Ranks the actions among `events` that may explain an anomalous span. It wants the events of
/// [`Symptom::interval`], of all kinds and regions; from fewer it knows less of what is usual.
///
/// ```
/// use std::time::Duration;
/// use audittrail::event::{Decoder, Kind, List};
/// use audittrail::investigation::{Direction, Symptom, Span, rank};
/// use audittrail::risk::RuleSet;
/// use audittrail::time::{Interval, Time};
///
/// let page = r#"{"events": [{"id": "1", "recorded_at": "2026-03-01T10:00:00Z", "principal": {"id": "ops"},
///     "product_name": "instance", "method_name": "ServerAction", "status_code": 202, "project_id": "p",
///     "resources": [{"id": "web-3", "type": "instance_server"}], "request_body": {"action": "poweroff"}}]}"#;
/// let mut decoder = Decoder::new("fr-par");
/// decoder.page(List::Of(Kind::Api), page)?;
/// let onset = Time::from_nanos(1_772_359_230_000_000_000); // 30 s later
/// let span = Span { interval: Interval::new(onset, onset + Duration::from_secs(600)), onset, peak: -9.0, returned: false };
/// let mut symptom =
///     Symptom::about(&span, "rate(instance_server_cpu_seconds_total[1m])", Duration::from_secs(60));
/// symptom.resource = vec!["web-3".to_owned()];
/// let ranking = rank(&decoder.finish()?, &RuleSet::built_in(), &symptom);
/// assert_eq!(ranking.suspects[0].events, ["1"]);
/// assert!(ranking.suspects[0].sentence("ServerAction poweroff", "web-3", "ops").contains("makes CPU load fall"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn rank(events: &Events, rules: &RuleSet, symptom: &Symptom) -> Ranking {
    rank_by(Weights::built_in(), events, rules, symptom)
}

/// The same by other weights.
#[must_use]
pub fn rank_by(weights: &Weights, events: &Events, rules: &RuleSet, symptom: &Symptom) -> Ranking {
    let interval = symptom.interval();
    let events = events.within(interval);
    let trail = Trail::of(&events, symptom);
    let kin = Kin::of(&trail, symptom);
    let candidates = candidates(&trail, &kin);
    let principals = candidates.iter().map(|candidate| trail.principals.rows[candidate.newest()]);
    let profile = Profile::of(&trail, principals);
    let judge = Judge { weights, rules, symptom, sequences: Sequences::of(&trail, rules), profile, trail: &trail };
    let mut all: Vec<Suspect> = candidates.iter().map(|candidate| judge.suspect(candidate)).collect();
    // Equal scores are in the order of time, the latest first, as candidates are.
    all.sort_by(|a, b| b.total.total_cmp(&a.total));
    let above = all.iter().take_while(|suspect| suspect.total >= weights.line).count();
    let others = all.split_off(above);
    Ranking {
        suspects: all,
        others,
        line: weights.line,
        profile: judge.profile.length,
        blind_spots: blind_spots(&symptom.expression),
    }
}

/// What judges candidates.
struct Judge<'a> {
    weights: &'a Weights,
    rules: &'a RuleSet,
    symptom: &'a Symptom,
    trail: &'a Trail<'a>,
    profile: Profile,
    sequences: Sequences,
}

impl Judge<'_> {
    fn suspect(&self, candidate: &Candidate) -> Suspect {
        let (trail, row) = (self.trail, candidate.newest());
        let action = Action { request_body: candidate.body.as_deref(), ..call(trail, row) };
        let mut signals = Signals::default();
        signals[candidate.closeness] = 1.0;
        let effect = self.signal_effect(&action, trail.time(row), &mut signals);
        touched::signal(trail, &candidate.rows, action.request_body, &self.symptom.members, &mut signals);
        let risk = self.rules.classify(&action);
        signals[Signal::Severity] = risk.map_or(0.0, |risk| severity(risk.severity));
        self.signal_rarity(row, &mut signals);
        signals[Signal::Steps] = steps(trail, row);
        let evidence = self.sequences.signal(trail, row, &mut signals);
        self.described(candidate, effect, &signals, evidence)
    }

    fn described(&self, candidate: &Candidate, effect: Effect, signals: &Signals, evidence: Vec<Evidence>) -> Suspect {
        let (trail, row) = (self.trail, candidate.newest());
        let points = Part::ALL.into_iter().map(|part| (part, self.weights.points(part, signals)));
        let time = trail.time(row);
        Suspect {
            events: candidate.rows.iter().map(|row| trail.id(*row)).collect(),
            time,
            first: trail.time(*candidate.rows.last().expect("a candidate has an event")),
            principal: trail.text(Column::PrincipalId, row),
            product: trail.text(Column::Product, row),
            method: trail.text(Column::Method, row),
            action: trail.text(Column::Action, row),
            resource: trail.text(Column::ResourceId, row),
            resource_name: trail.text(Column::ResourceName, row),
            resource_type: trail.text(Column::ResourceType, row),
            total: self.weights.total(signals),
            points: points.map(|(part, points)| Contribution { part, points }).collect(),
            effect,
            reason: Reason::of(time, signals, self.weights, self.symptom, self.profile.length),
            evidence,
            signals: *signals,
        }
    }

    /// Sets the signals of the effect, and those of the time that such an effect takes.
    fn signal_effect(&self, action: &Action<'_>, time: Time, signals: &mut Signals) -> Effect {
        let moved = self.symptom.moved();
        let (effect, delay) = Effects::built_in().of(action, self.symptom.metric.family, moved);
        let signal = match effect {
            Effect::Usual => Signal::Usual,
            Effect::Possible => Signal::Possible,
            Effect::Opposite => Signal::Opposite,
            Effect::Nothing | Effect::Unknown(Verb::Reads) => Signal::Nothing,
            Effect::Unknown(Verb::Makes) => Signal::Makes,
            Effect::Unknown(Verb::Changes) => Signal::Changes,
            Effect::Unknown(Verb::Removes) => Signal::Removes,
            Effect::Unknown(Verb::Acts) => Signal::Acts,
        };
        signals[signal] = 1.0;
        if matches!(effect, Effect::Unknown(verb) if verb.agrees(moved)) {
            signals[Signal::VerbAgrees] = 1.0;
        }
        self.signal_time(time, delay, signals);
        effect
    }

    fn signal_time(&self, time: Time, delay: Delay, signals: &mut Signals) {
        let symptom = self.symptom;
        let before = symptom.onset.since(time);
        if time > symptom.onset {
            signals[Signal::Late] = 1.0;
        }
        if before + symptom.tolerance < delay.from {
            signals[Signal::Hasty] = 1.0;
        }
        let reach = symptom.lookback.as_secs_f64();
        let takes = delay.to + symptom.step;
        if before <= takes + symptom.step {
            let reach = reach.max(2.0 * MINUTE);
            let share = (reach / takes.as_secs_f64().max(1.0)).ln() / (reach / MINUTE).ln();
            signals[Signal::Fits] = share.max(0.0);
        }
        signals[Signal::Near] = nearness(before.saturating_sub(takes), reach);
        signals[Signal::Recent] = nearness(before, reach);
    }

    fn signal_rarity(&self, row: usize, signals: &mut Signals) {
        let (trail, profile) = (self.trail, &self.profile);
        let principal = trail.principals.rows[row];
        signals[Signal::Method] = profile.method(principal, trail.methods.rows[row]);
        signals[Signal::Address] = profile.address(principal, trail.addresses.rows[row]);
        signals[Signal::Resource] = profile.resource(principal, trail.resources.rows[row]);
        signals[Signal::Hour] = profile.hour(principal, trail.time(row));
        if let Some(log_in) = self.sequences.log_in(trail, row) {
            signals[Signal::Country] = profile.country(principal, trail.countries.rows[log_in]);
        }
    }
}

/// 1 for no time, 0 for `reach` seconds or more, and less for each further minute the fewer they are.
fn nearness(time: Duration, reach: f64) -> f64 {
    let scale = (1.0 + reach.max(MINUTE) / MINUTE).ln();
    (1.0 - (1.0 + time.as_secs_f64() / MINUTE).ln() / scale).max(0.0)
}

fn severity(severity: Severity) -> f64 {
    match severity {
        Severity::Low => 0.0,
        Severity::Medium => 1.0 / 3.0,
        Severity::High => 2.0 / 3.0,
        Severity::Critical => 1.0,
    }
}
