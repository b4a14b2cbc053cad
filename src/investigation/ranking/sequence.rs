//! What preceded an action: refusals, log-ins that failed, a new credential, other actions on the same resource.

use std::collections::HashSet;
use std::hash::Hash;
use std::time::Duration;

use hashbrown::HashMap;

use super::super::scale::number;
use super::closeness::values;
use super::signal::{Signal, Signals};
use super::trail::{NONE, Trail};
use crate::event::{Long, status_class};
use crate::risk::RuleSet;

/// How long before an action a refusal or a failed log-in has to do with it.
const ATTEMPTS: Duration = Duration::from_hours(6);

/// How long before an action a credential has to do with it.
const CREDENTIALS: Duration = Duration::from_hours(24);

/// How long before an action other actions on the same resource are steps to it.
const STEPS: Duration = Duration::from_mins(15);

/// So many other calls that were refused are as telling as the same one.
const SEVERAL: usize = 3;

/// So many steps are as telling as more.
const MOST_STEPS: usize = 3;

/// At most so many events are shown for one reason.
const MOST: usize = 5;

/// The class of risk of actions that make a credential.
const CREDENTIAL: &str = "credential_creation";

/// The events that may be the first part of a sequence, by what they have in common with the rest of it.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    /// Refused calls by their principal.
    denied: RowsBy<u32>,
    /// The same by their principal and method.
    denied_methods: RowsBy<(u32, u32)>,
    failed_log_ins: RowsBy<u32>,
    log_ins: RowsBy<u32>,
    /// What made a credential, by the principal that the credential is for.
    credentials: RowsBy<u32>,
    /// All events of the window and of some minutes before it, by their principal and resource.
    on_resource: RowsBy<(u32, u32)>,
}

/// Rows by what they have in common, the newest first.
#[derive(Debug)]
struct RowsBy<K>(HashMap<K, Vec<usize>>);

impl<K> Default for RowsBy<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> RowsBy<K> {
    /// Adds a row that is older than those before it.
    fn add(&mut self, key: K, row: usize) {
        self.0.entry(key).or_default().push(row);
    }

    /// The rows of a key that are before the event of a row, by `time` at most.
    fn before(&self, key: &K, trail: &Trail<'_>, row: usize, time: Duration) -> &[usize] {
        let rows = self.0.get(key).map_or(&[][..], Vec::as_slice);
        let older = &rows[rows.partition_point(|other| *other <= row)..];
        &older[..older.partition_point(|other| trail.precedes(*other, row, time))]
    }
}

impl Sequences {
    pub(super) fn of(trail: &Trail<'_>, rules: &RuleSet) -> Self {
        let (mut sequences, mut makers) = (Self::default(), Vec::new());
        for row in trail.recent(CREDENTIALS) {
            let principal = trail.principals.rows[row];
            match (trail.is_log_in(row), trail.outcomes.get(row)) {
                (true, Some(status_class::SUCCEEDED)) => sequences.log_ins.add(principal, row),
                (true, Some(status_class::FAILED)) => sequences.failed_log_ins.add(principal, row),
                (false, Some(status_class::DENIED)) => {
                    sequences.denied.add(principal, row);
                    sequences.denied_methods.add((principal, trail.methods.rows[row]), row);
                }
                (false, Some(status_class::SUCCEEDED)) if makes_credential(trail, row, rules) => makers.push(row),
                _ => {}
            }
        }
        for row in trail.recent(STEPS) {
            sequences.on_resource.add((trail.principals.rows[row], trail.resources.rows[row]), row);
        }
        sequences.add_credentials(trail, &makers);
        sequences
    }

    /// Adds the credentials that the actions of some rows made. One is for each principal that its request or resources name.
    fn add_credentials(&mut self, trail: &Trail<'_>, rows: &[usize]) {
        let made = trail.events.only(rows);
        let references = made.references();
        made.each(Long::RequestBody, |index, body| {
            let ids = references.of(index).filter_map(|reference| reference.id);
            let named = values(body.unwrap_or_default()).chain(ids).filter_map(|text| trail.principals.number(text));
            named
                .collect::<HashSet<_>>()
                .into_iter()
                .for_each(|principal| self.credentials.add(principal, rows[index]));
        });
    }

    /// The row of a principal's latest log-in before a row.
    pub(super) fn log_in(&self, trail: &Trail<'_>, row: usize) -> Option<usize> {
        self.log_ins.before(&trail.principals.rows[row], trail, row, Duration::MAX).first().copied()
    }

    /// Sets the signals of what preceded the action of a row, and returns the rows of the events that say so.
    pub(super) fn signal(&self, trail: &Trail<'_>, row: usize, signals: &mut Signals) -> Vec<(Signal, usize)> {
        let (principal, method) = (trail.principals.rows[row], trail.methods.rows[row]);
        signals[Signal::Steps] = self.steps(trail, row);
        if principal == NONE {
            return Vec::new();
        }
        let denied = self.denied.before(&principal, trail, row, ATTEMPTS);
        let same = self.denied_methods.before(&(principal, method), trail, row, ATTEMPTS);
        let failed = self.failed_log_ins.before(&principal, trail, row, ATTEMPTS);
        let log_ins = self.log_ins.before(&principal, trail, row, ATTEMPTS);
        let credentials = self.credentials.before(&principal, trail, row, CREDENTIALS);
        let came_in = log_ins.first().zip(failed.first()).is_some_and(|(log_in, last)| log_in < last);
        let reasons = [
            (Signal::Denied, !same.is_empty() || denied.len() >= SEVERAL, denied),
            (Signal::LogIns, came_in && failed.len() >= SEVERAL, failed),
            (Signal::Credential, !credentials.is_empty(), credentials),
        ];
        let mut evidence = Vec::new();
        for (signal, _, rows) in reasons.into_iter().filter(|(_, is_so, _)| *is_so) {
            signals[signal] = 1.0;
            evidence.extend(rows.iter().take(MOST).map(|row| (signal, *row)));
        }
        evidence
    }

    /// Whether a principal did something else to the resource of a row in the minutes before, from 0 to 1 for three such things.
    fn steps(&self, trail: &Trail<'_>, row: usize) -> f64 {
        let step = |row: usize| (trail.methods.rows[row], trail.actions.rows[row]);
        let mut steps = vec![step(row)];
        let key = (trail.principals.rows[row], trail.resources.rows[row]);
        for other in self.on_resource.before(&key, trail, row, STEPS) {
            if steps.len() <= MOST_STEPS && !steps.contains(&step(*other)) {
                steps.push(step(*other));
            }
        }
        number(steps.len() - 1) / number(MOST_STEPS)
    }
}

/// Whether the action of a row made a credential.
fn makes_credential(trail: &Trail<'_>, row: usize, rules: &RuleSet) -> bool {
    rules.classify(&trail.action(row)).is_some_and(|risk| risk.class == CREDENTIAL)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::super::spans::Span;
    use super::super::closeness::names;
    use super::super::symptom::Symptom;
    use super::*;
    use crate::event::{Events, Kind};
    use crate::time::{Interval, Time};

    const ONSET: i64 = 1_788_739_200_000_000_000;

    const WHO: [&str; 3] = ["ann", "bob", "eve"];

    /// An event some minutes before the onset, with choices among a few values.
    #[derive(Clone, Debug)]
    struct Deed {
        minutes: u32,
        is_log_in: bool,
        who: usize,
        method: usize,
        status: usize,
        resource: usize,
        named: usize,
    }

    impl Deed {
        fn json(&self, number: usize) -> Value {
            let time = ONSET - i64::from(self.minutes) * 60_000_000_000;
            let methods = [("instance", "ServerAction"), ("instance", "UpdateServer"), ("iam", "CreateAPIKey")];
            let (product, method) = methods[self.method];
            let (status, result) = [(200, "success"), (403, "failure"), (500, "failure")][self.status];
            let bodies = [
                json!({ "action": "poweroff" }),
                json!({ "action": "reboot" }),
                json!({ "application_id": WHO[self.named] }),
            ];
            let body = &bodies[self.method.max(self.named % 2)];
            let resource = ["web", "ann", "eve"].get(self.resource).map(|id| json!({ "id": id, "type": "iam_user" }));
            json!({
                "id": format!("{number:03}"), "recorded_at": chrono::DateTime::from_timestamp_nanos(time),
                "principal": WHO.get(self.who).map(|id| json!({ "id": id })), "product_name": product, "method_name": method,
                "status_code": status, "result": result,
                "request_body": body,
                "resources": resource.as_slice(),
            })
        }
    }

    fn events(deeds: &[Deed]) -> Events {
        let of = |kind, is_log_in| {
            let deeds = deeds.iter().enumerate().filter(|(_, deed)| deed.is_log_in == is_log_in);
            Events::from_json(kind, &deeds.map(|(number, deed)| deed.json(number)).collect::<Vec<_>>())
        };
        Events::merge(&[of(Kind::Api, false), of(Kind::Authentication, true)])
    }

    fn deed() -> impl Strategy<Value = Deed> {
        let minutes = prop_oneof![0..30_u32, 0..500_u32, 0..3_000_u32];
        let choices = (0..4_usize, 0..3_usize, 0..3_usize, 0..4_usize, 0..3_usize);
        (minutes, any::<bool>(), choices).prop_map(|(minutes, is_log_in, (who, method, status, resource, named))| {
            Deed { minutes, is_log_in, who, method, status, resource, named }
        })
    }

    /// The rows of the last day before a row that satisfy a condition, the newest first: found by a look at each.
    fn search(trail: &Trail<'_>, row: usize, time: Duration, is_so: impl Fn(usize) -> bool) -> Vec<usize> {
        trail.recent(CREDENTIALS).filter(|other| trail.precedes(*other, row, time) && is_so(*other)).collect()
    }

    /// What precedes the action of a row, without an index.
    fn searched(trail: &Trail<'_>, rules: &RuleSet, row: usize) -> (Signals, Vec<(Signal, usize)>) {
        let columns = |row: usize| (trail.principals.rows[row], trail.methods.rows[row], trail.resources.rows[row]);
        let (principal, method, resource) = columns(row);
        let is_own = |other: usize| columns(other).0 == principal;
        let is = |other: usize, log_in, outcome| {
            trail.is_log_in(other) == log_in && trail.outcomes.get(other) == Some(outcome)
        };
        let mut signals = Signals::default();
        let step = |row: usize| (trail.methods.get(row), trail.actions.get(row));
        let steps = search(trail, row, STEPS, |other| {
            is_own(other) && columns(other).2 == resource && step(other) != step(row)
        });
        let steps: HashSet<_> = steps.into_iter().map(step).collect();
        signals[Signal::Steps] = (number(steps.len()) / 3.0).min(1.0);
        let Some(id) = trail.principals.get(row) else { return (signals, Vec::new()) };
        let denied = search(trail, row, ATTEMPTS, |other| is_own(other) && is(other, false, status_class::DENIED));
        let failed = search(trail, row, ATTEMPTS, |other| is_own(other) && is(other, true, status_class::FAILED));
        let log_ins = search(trail, row, ATTEMPTS, |other| is_own(other) && is(other, true, status_class::SUCCEEDED));
        let is_for = |other: usize| {
            let body = trail.events.one(Long::RequestBody, other).unwrap_or_default();
            names(&body, id) || trail.events.references().of(other).any(|reference| reference.id == Some(id))
        };
        let credentials = search(trail, row, CREDENTIALS, |other| {
            is(other, false, status_class::SUCCEEDED) && makes_credential(trail, other, rules) && is_for(other)
        });
        let is_same = denied.iter().any(|other| columns(*other).1 == method);
        let came_in = failed.first().is_some_and(|last| log_ins.iter().any(|log_in| log_in < last));
        let reasons = [
            (Signal::Denied, is_same || denied.len() >= SEVERAL, denied),
            (Signal::LogIns, came_in && failed.len() >= SEVERAL, failed),
            (Signal::Credential, !credentials.is_empty(), credentials),
        ];
        let mut evidence = Vec::new();
        for (signal, is_so, rows) in reasons {
            signals[signal] = f64::from(u8::from(is_so));
            evidence.extend(rows.into_iter().take(if is_so { MOST } else { 0 }).map(|row| (signal, row)));
        }
        (signals, evidence)
    }

    proptest! {
        #[test]
        fn an_index_finds_what_a_search_of_all_events_finds(deeds in prop::collection::vec(deed(), 1..60)) {
            let (events, rules) = (events(&deeds), RuleSet::built_in());
            let onset = Time::from_nanos(ONSET);
            let span = Span { interval: Interval::new(onset, onset.next()), onset, peak: 9.0, returned: false };
            let symptom = Symptom::about(&span, "cpu", Duration::from_mins(1));
            let trail = Trail::of(&events, &symptom);
            let sequences = Sequences::of(&trail, &rules);
            for row in trail.in_window() {
                let mut signals = Signals::default();
                let evidence = sequences.signal(&trail, row, &mut signals);
                prop_assert_eq!((signals, evidence), searched(&trail, &rules, row));
                let log_in = |other: &usize| {
                    let is_own = trail.principals.rows[*other] == trail.principals.rows[row];
                    *other > row && is_own && trail.is_log_in(*other) && trail.outcomes.get(*other) == Some(status_class::SUCCEEDED)
                };
                prop_assert_eq!(sequences.log_in(&trail, row), trail.recent(CREDENTIALS).find(log_in));
            }
        }
    }
}
