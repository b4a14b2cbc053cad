use std::time::Duration;

use super::super::scale::number;
use super::blind_spot::blind_spots;
use super::candidate::{Candidate, candidates};
use super::closeness::Kin;
use super::delay::nearness;
use super::effect::{Does, Effect, Effects, Lasts};
use super::operation;
use super::profile::Profile;
use super::score::Weights;
use super::sequence::Sequences;
use super::signal::{Part, Signal, Signals};
use super::suspect::{Contribution, Evidence, Ranking, Reason, Suspect};
use super::symptom::{Course, Symptom};
use super::touched;
use super::trail::Trail;
use super::verb::Verb;
use crate::event::{Column, Events};
use crate::risk::{Action, RuleSet, Severity};
use crate::time::Time;

/// An effect may be undone within so much time; one that lasts longer is taken to stay.
const UNDONE: Duration = Duration::from_hours(2);

/// A metric that is out of its band for so many times as long as an action's effect may last is not out of it for that.
const TOO_LONG: f64 = 8.0;

/// Ranks the actions among `events` that may explain an anomalous span. It wants the events of
/// [`Symptom::interval`], of all kinds and regions; from fewer it knows less of the usual.
///
/// ```
/// use std::time::Duration;
/// use audittrail::event::{Decoder, Kind, List};
/// use audittrail::investigation::{Direction, Symptom, Span, rank};
/// use audittrail::locale::Language;
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
/// let sentence = ranking.suspects[0].sentence(Language::English, "ServerAction poweroff", "web-3", "ops");
/// assert!(sentence.contains("makes CPU load fall"));
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
        let action = Action { request_body: candidate.body.as_deref(), ..trail.action(row) };
        let mut signals = Signals::default();
        signals[candidate.closeness] = 1.0;
        let effect = self.signal_effect(&action, candidate, &mut signals);
        touched::signal(trail, &candidate.rows, action.request_body, &self.symptom.members, &mut signals);
        let risk = self.rules.classify(&action);
        signals[Signal::Severity] = risk.map_or(0.0, |risk| severity(risk.severity));
        self.signal_rarity(row, &mut signals);
        let evidence = self.sequences.signal(trail, row, &mut signals);
        self.described(candidate, effect, &signals, &evidence)
    }

    fn described(
        &self,
        candidate: &Candidate,
        effect: Effect,
        signals: &Signals,
        evidence: &[(Signal, usize)],
    ) -> Suspect {
        let (trail, row) = (self.trail, candidate.newest());
        let evidence = evidence.iter().map(|(because, row)| Evidence { event: trail.id(*row), because: *because });
        let points = Part::ALL.into_iter().map(|part| (part, self.weights.points(part, signals)));
        let time = trail.time(row);
        Suspect {
            events: candidate.rows.iter().map(|row| trail.id(*row)).collect(),
            time,
            first: trail.time(candidate.oldest()),
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
            evidence: evidence.collect(),
            signals: *signals,
        }
    }

    /// Sets the signals of the effect, and those of the time that such an effect takes and lasts.
    fn signal_effect(&self, action: &Action<'_>, candidate: &Candidate, signals: &mut Signals) -> Effect {
        let moved = self.symptom.moved();
        let Does { effect, delay, lasts, either } = Effects::built_in().of(action, self.symptom.metric.family, moved);
        let signal = match effect {
            Effect::Usual => Signal::Usual,
            Effect::Possible => Signal::Possible,
            Effect::Opposite => Signal::Opposite,
            Effect::Nothing | Effect::Unknown(Verb::Reads) => Signal::Nothing,
            Effect::Describes => Signal::Describes,
            Effect::Unknown(_) => Signal::Unknown,
        };
        signals[signal] = 1.0;
        if signal == Signal::Unknown {
            signals[Signal::Words] = operation::evidence(action.method.unwrap_or_default());
        }
        signals[Signal::Either] = f64::from(u8::from(either && matches!(effect, Effect::Usual | Effect::Possible)));
        if matches!(effect, Effect::Unknown(verb) if verb.agrees(moved)) {
            signals[Signal::VerbAgrees] = 1.0;
        }
        // Of repeats, the first or the last one may have done it: half of a rollout may come after the onset. What does nothing
        // of the kind has no time that would fit.
        let times = [candidate.oldest(), candidate.newest()].map(|row| self.trail.time(row));
        if matches!(effect, Effect::Usual | Effect::Possible | Effect::Unknown(_)) {
            let evidence = times.map(|time| delay.evidence(self.before(time), self.symptom));
            signals[Signal::Fits] = evidence[0].max(evidence[1]);
        }
        signals[Signal::Recent] = nearness(self.symptom.onset.since(times[1]), self.symptom.lookback);
        self.signal_course(lasts, signals);
        effect
    }

    /// How many seconds before the onset a moment is; below zero after it.
    fn before(&self, time: Time) -> f64 {
        let onset = self.symptom.onset;
        if time > onset { -time.since(onset).as_secs_f64() } else { onset.since(time).as_secs_f64() }
    }

    /// Sets the signals of how long the metric is out of its band, beside how long what the action does lasts.
    fn signal_course(&self, lasts: Lasts, signals: &mut Signals) {
        let Some(Course { lasted, returned }) = self.symptom.course else { return };
        match lasts {
            Lasts::Stays | Lasts::Mostly if !returned => signals[Signal::Stays] = 1.0 - nearness(lasted, UNDONE),
            Lasts::Stays => signals[Signal::Undone] = nearness(lasted, UNDONE),
            Lasts::Passes(most) if lasted > most => {
                let times = lasted.as_secs_f64() / most.as_secs_f64().max(1.0);
                signals[Signal::Outlasts] = (times.ln() / TOO_LONG.ln()).min(1.0);
            }
            Lasts::Passes(_) if returned => signals[Signal::Passes] = 1.0,
            Lasts::Mostly | Lasts::Passes(_) | Lasts::Unknown => {}
        }
    }

    fn signal_rarity(&self, row: usize, signals: &mut Signals) {
        let (trail, profile) = (self.trail, &self.profile);
        let principal = trail.principals.rows[row];
        signals[Signal::Method] = profile.method(principal, trail.methods.rows[row]);
        signals[Signal::Address] = profile.address(principal, trail.addresses.rows[row]);
        signals[Signal::Resource] = profile.resource(principal, trail.resources.rows[row]);
        let earlier = number(self.symptom.earlier);
        signals[Signal::Spans] = earlier / (1.0 + earlier);
        signals[Signal::Hour] = profile.hour(principal, trail.time(row));
        if let Some(log_in) = self.sequences.log_in(trail, row) {
            signals[Signal::Country] = profile.country(principal, trail.countries.rows[log_in]);
        }
    }
}

fn severity(severity: Severity) -> f64 {
    match severity {
        Severity::Low => 0.0,
        Severity::Medium => 1.0 / 3.0,
        Severity::High => 2.0 / 3.0,
        Severity::Critical => 1.0,
    }
}
