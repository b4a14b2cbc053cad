//! What Grafana's rules did beside the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::answer::Names;
use super::super::compare::{Findings, Truth};
use super::super::injected;
use super::super::judge::{Row, Rule};
use super::super::numbers::Numbers;
use super::super::run::BEING_READ;
use super::super::scenario::Scenario;
use super::super::timeline::{LOOKS_BACK, SECOND, TICK, lag};
use super::live::Seen;
use super::states::{self, Instance};
use crate::Error;

/// The evaluations between the first and the last of a rule that Grafana left out, or that were over before they were seen.
const LEFT_OUT: &str = "evaluations left out";

/// The alerts that fired under another name when their principal got one: to Grafana, other labels are another alert.
const RENAMED: &str = "alerts once more under another name of the principal";

/// Alert instances under former names of their principals.
type Renamed = BTreeSet<(Row, String)>;

/// What Grafana's states are compared with.
#[derive(Debug)]
pub(super) struct Verdict<'a> {
    pub(super) rules: &'a [Rule],
    pub(super) names: &'a Names,
    pub(super) truth: &'a Truth,
}

/// The range of an evaluation, and from when on the trail need not show all of it.
fn range(evaluated: i64) -> (i64, i64, i64) {
    let to = evaluated - lag();
    (to - LOOKS_BACK, to, to)
}

impl Verdict<'_> {
    /// The numbers of a run whose evaluations cover some times.
    pub(super) fn numbers(&self, seen: &Seen, scenario: &Scenario, covered: Range<i64>) -> Result<Numbers, Error> {
        let (mut numbers, mut findings) = (Numbers::default(), Findings::default());
        for rule in self.rules.iter().filter(|rule| rule.is_shown) {
            let evaluations = seen.get(&rule.title).map_or(&[][..], Vec::as_slice);
            if evaluations.is_empty() {
                return Err(format!("Grafana has not evaluated {}", rule.title).into());
            }
            let mut renamed = Renamed::new();
            for (time, state) in evaluations {
                numbers.evaluations += 1;
                renamed = self.judge(*time, state, &renamed, &mut numbers, &mut findings)?;
            }
            let times = evaluations.iter().map(|(time, _)| *time);
            let left_out = times.clone().zip(times.skip(1)).map(|(one, next)| (next - one) / TICK - 1).sum::<i64>();
            numbers.inject(LEFT_OUT, u64::try_from(left_out.max(0)).expect("not below 0"));
        }
        self.truth.never_shown(covered.clone(), &mut findings);
        numbers += &findings.numbers();
        let events = scenario.events.iter().filter(|event| covered.contains(&event.time));
        let late = events.clone().filter(|event| event.is_late()).count();
        let lagging = events.filter(|event| !event.is_late() && event.visible - event.time > 20 * SECOND).count();
        for (kind, times) in [(injected::LATE, late), (injected::LAGGING, lagging)] {
            numbers.inject(kind, times as u64);
        }
        for (_, habit) in scenario.habits.iter().filter(|(time, _)| covered.contains(time)) {
            *numbers.habits.entry(habit.name().to_owned()).or_default() += 1;
        }
        if numbers.fired == 0 {
            return Err("no alert fired: such a run proves nothing".into());
        }
        Ok(numbers)
    }

    /// Judges an evaluation after one that had the former names `before`, and returns its own.
    fn judge(
        &self,
        time: i64,
        state: &states::Rule,
        before: &Renamed,
        numbers: &mut Numbers,
        findings: &mut Findings,
    ) -> Result<Renamed, Error> {
        if let Some(failure) = state.failure() {
            if failure.contains(BEING_READ) {
                numbers.waited += 1;
            } else {
                numbers.unfounded += 1;
                numbers.describe(format!("false: an error of {}: {failure}", state.name));
            }
            return Ok(Renamed::new());
        }
        let (mut instances, renamed) = under_new_names(state.instances(self.names)?, before);
        numbers.inject(RENAMED, renamed.len() as u64);
        self.without_kept(&mut instances, time);
        self.truth.compare(&instances, range(time), Some(&state.name), findings);
        Ok(renamed)
    }

    /// Leaves out the instances that Grafana keeps as they were: one that an answer lacks is resolved by the second such answer.
    fn without_kept(&self, instances: &mut BTreeMap<Row, i64>, time: i64) {
        let [before, now] = [time - TICK, time].map(|time| self.truth.allowed(range(time)));
        instances.retain(|row, matches| {
            let is_kept = now.has(row, 0) && before.has(row, *matches);
            now.has(row, *matches) || !is_kept
        });
    }
}

/// Adds the matches of instances up by rows. Where the principal of one got another name, Grafana keeps it under the former name as
/// well, until the second evaluation: the former name is left out, and returned, unless it was left out `before`.
fn under_new_names(instances: Vec<Instance>, before: &Renamed) -> (BTreeMap<Row, i64>, Renamed) {
    let mut newest: BTreeMap<Row, i64> = BTreeMap::new();
    for Instance { row, since, .. } in &instances {
        let newest = newest.entry(row.clone()).or_default();
        *newest = (*newest).max(*since);
    }
    let (mut rows, mut renamed): (BTreeMap<Row, i64>, Renamed) = Default::default();
    for Instance { row, principal, since, matches } in instances {
        let former = (row, principal);
        if since < newest[&former.0] && !before.contains(&former) {
            renamed.insert(former);
        } else {
            *rows.entry(former.0).or_default() += matches;
        }
    }
    (rows, renamed)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use audittrail::sandbox::{Kind, Organization};
    use chrono::DateTime;
    use serde_json::json;

    use super::super::super::judge::Hit;
    use super::super::super::scenario::Happened;
    use super::*;

    const NOON: i64 = 1_795_003_200 * SECOND;

    fn rfc3339(nanos: i64) -> String {
        DateTime::from_timestamp_nanos(nanos).to_rfc3339()
    }

    /// Names of a principal that the trail calls `before@x` and then `after@x`.
    fn names() -> Names {
        let event = |name: &str| {
            let json = json!({ "resources": [{ "type": "iam_user", "id": "user", "name": name }] });
            Happened { time: 0, visible: 0, kind: Kind::Api, region: "fr-par", json }
        };
        let organization = Organization::new(DateTime::from_timestamp_nanos(NOON), chrono::Duration::days(1));
        Names::of(&organization, &[event("before@x"), event("after@x")])
    }

    /// The state of a rule with alerts of such principals and so many matches each, the last one the newest.
    fn state(time: i64, alerts: &[(&str, i64)]) -> states::Rule {
        let alerts = alerts.iter().enumerate().map(|(number, (principal, matches))| {
            json!({
                "labels": {
                    "rule": "Key lost", "level": "high", "principal": principal, "source_ip": "10.0.0.1",
                    "resource": "key", "first": rfc3339(NOON),
                },
                "annotations": { "matches": matches.to_string() },
                "state": "Alerting", "activeAt": rfc3339(NOON + i64::try_from(number).unwrap() * TICK),
            })
        });
        let alerts: Vec<_> = alerts.collect();
        let state = json!({ "name": "Key lost", "health": "ok", "lastEvaluation": rfc3339(time), "alerts": alerts });
        serde_json::from_value(state).unwrap()
    }

    /// Judges states at consecutive minutes after noon beside one hit at noon: missed, doubled, false and other names.
    fn judged(states: &[(i64, &[(&str, i64)])]) -> [u64; 4] {
        let names = names();
        let row = Row {
            rule: "Key lost".to_owned(),
            level: "high".to_owned(),
            principal: names.one_of("user"),
            source_ip: "10.0.0.1".to_owned(),
            resource: "key".to_owned(),
            hour: NOON,
        };
        let hits = vec![Hit { rule: 0, event: 0, time: NOON, row }];
        let truth = Truth::new(hits.clone(), hits, HashSet::new());
        let verdict = Verdict { rules: &[], names: &names, truth: &truth };
        let (mut numbers, mut findings, mut renamed) = (Numbers::default(), Findings::default(), Renamed::new());
        for (minute, alerts) in states {
            let time = NOON + minute * TICK;
            renamed = verdict.judge(time, &state(time, alerts), &renamed, &mut numbers, &mut findings).unwrap();
        }
        numbers += &findings.numbers();
        let other_names = numbers.injected.get(RENAMED).copied().unwrap_or_default();
        [numbers.missed, numbers.doubled, numbers.unfounded, other_names]
    }

    #[test]
    fn an_alert_is_one_while_the_range_has_its_event_and_an_evaluation_longer() {
        // The range of the evaluation at minute 3 has noon, and that at minute 12 is the last.
        assert_eq!(judged(&[(2, &[]), (3, &[("before@x", 1)]), (12, &[("before@x", 1)]), (14, &[])]), [0; 4]);
        assert_eq!(judged(&[(13, &[("before@x", 1)])]), [0; 4], "kept once");
        assert_eq!(judged(&[(14, &[("before@x", 1)])]), [0, 0, 1, 0], "kept too long");
        assert_eq!(judged(&[(2, &[("before@x", 1)])]), [0, 0, 1, 0], "too early");
        assert_eq!(judged(&[(3, &[])]), [1, 0, 0, 0]);
        assert_eq!(judged(&[(3, &[("before@x", 2)])]), [0, 1, 0, 0]);
        assert_eq!(judged(&[(3, &[("before@x", 1), ("stranger", 1)])]), [0, 0, 1, 0]);
    }

    #[test]
    fn an_alert_under_another_name_of_its_principal_is_counted_apart() {
        let (one, both) = ([("before@x", 1)], [("before@x", 1), ("after@x", 1)]);
        assert_eq!(judged(&[(3, &one), (4, &both), (5, &[("after@x", 1)])]), [0, 0, 0, 1]);
        assert_eq!(judged(&[(3, &one), (4, &both), (5, &both)]), [0, 1, 0, 1], "kept too long");
    }

    #[test]
    fn an_error_is_a_failure_unless_days_are_being_read() {
        let names = names();
        let truth = Truth::new(Vec::new(), Vec::new(), HashSet::new());
        let verdict = Verdict { rules: &[], names: &names, truth: &truth };
        let of = |error: &str| {
            let state =
                json!({ "name": "Key lost", "health": "error", "lastError": error, "lastEvaluation": rfc3339(NOON) });
            let state = serde_json::from_value(state).unwrap();
            let mut numbers = Numbers::default();
            verdict.judge(NOON, &state, &Renamed::new(), &mut numbers, &mut Findings::default()).unwrap();
            (numbers.unfounded, numbers.waited)
        };
        assert_eq!(of("[sse.dataQueryError] no answer"), (1, 0));
        assert_eq!(of(&format!("the baseline covers 3 of 30 days{BEING_READ}")), (0, 1));
    }
}
