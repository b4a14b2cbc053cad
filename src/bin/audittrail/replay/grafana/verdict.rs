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

/// Grafana may leave out one of so many evaluations.
const MOST_LEFT_OUT: i64 = 10;

/// Alert instances under former names of their principals.
type Renamed = BTreeSet<(Row, String)>;

/// What Grafana's states are compared with.
#[derive(Debug)]
pub(super) struct Verdict<'a> {
    pub(super) rules: &'a [Rule],
    pub(super) names: &'a Names,
    pub(super) truth: &'a Truth,
    /// Until when the plugin may read the days of baselines.
    pub(super) read: i64,
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
        let titles = self.rules.iter().filter(|rule| rule.is_shown).map(|rule| rule.title.as_str());
        self.evaluations(titles, seen, &mut numbers, &mut findings)?;
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
        if numbers.fired == 0 && numbers.is_right() {
            return Err("no alert fired: such a run proves nothing".into());
        }
        Ok(numbers)
    }

    /// Judges the evaluations of rules with some titles. Those without an answer compare nothing, and each rule needs one with an answer.
    fn evaluations<'t>(
        &self,
        titles: impl Iterator<Item = &'t str>,
        seen: &Seen,
        numbers: &mut Numbers,
        findings: &mut Findings,
    ) -> Result<(), Error> {
        let (mut renamed, mut due, mut left_out) = (Renamed::new(), 0, 0);
        for title in titles {
            let evaluations = seen.get(title).map_or(&[][..], Vec::as_slice);
            let mut answered = 0;
            for (time, state) in evaluations {
                answered += u64::from(self.judge(*time, state, &mut renamed, numbers, findings)?);
            }
            if answered == 0 {
                numbers.unfounded += 1;
                numbers.describe(format!("false: no evaluation of {title} has an answer"));
            }
            numbers.evaluations += answered;
            if let (Some((first, _)), Some((last, _))) = (evaluations.first(), evaluations.last()) {
                let of_rule = (last - first) / TICK + 1;
                due += of_rule;
                left_out += (of_rule - i64::try_from(evaluations.len()).expect("minutes")).max(0);
            }
        }
        if left_out * MOST_LEFT_OUT > due {
            return Err(format!("Grafana left out {left_out} of {due} evaluations: such a run proves little").into());
        }
        numbers.inject(LEFT_OUT, u64::try_from(left_out).expect("not below 0"));
        Ok(())
    }

    /// Judges an evaluation, and returns whether it has an answer. `renamed` are the former names that were left out before.
    fn judge(
        &self,
        time: i64,
        state: &states::Rule,
        renamed: &mut Renamed,
        numbers: &mut Numbers,
        findings: &mut Findings,
    ) -> Result<bool, Error> {
        if let Some(failure) = state.failure() {
            if failure.contains(BEING_READ) && time < self.read {
                numbers.waited += 1;
            } else {
                numbers.unfounded += 1;
                numbers.describe(format!("false: an error of {}: {failure}", state.name));
            }
            return Ok(false);
        }
        let before = renamed.len();
        let mut instances = under_new_names(state.instances(self.names)?, renamed);
        numbers.inject(RENAMED, (renamed.len() - before) as u64);
        self.without_lingering(&mut instances, time);
        self.truth.compare(&instances, range(time), Some(&state.name), findings);
        Ok(true)
    }

    /// Leaves out the instances that Grafana keeps as they were: one that an answer lacks is resolved by the second such answer.
    fn without_lingering(&self, instances: &mut BTreeMap<Row, i64>, time: i64) {
        let [before, now] = [time - TICK, time].map(|time| self.truth.allowed(range(time)));
        instances.retain(|row, matches| {
            let is_lingering = now.has(row, 0) && before.has(row, *matches);
            now.has(row, *matches) || !is_lingering
        });
    }
}

/// Adds the matches of instances up by rows. Where the principal of one got another name, Grafana keeps it under the former name as
/// well, until the second evaluation: the former name is left out, once in a run, and added to those that were.
fn under_new_names(instances: Vec<Instance>, left_out: &mut Renamed) -> BTreeMap<Row, i64> {
    let mut newest: BTreeMap<Row, i64> = BTreeMap::new();
    for Instance { row, since, .. } in &instances {
        let newest = newest.entry(row.clone()).or_default();
        *newest = (*newest).max(*since);
    }
    let mut rows: BTreeMap<Row, i64> = BTreeMap::new();
    for Instance { row, principal, since, matches } in instances {
        let former = (row, principal);
        let is_former = since < newest[&former.0];
        if !(is_former && left_out.insert(former.clone())) {
            *rows.entry(former.0).or_default() += matches;
        }
    }
    rows
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

    /// The state of a rule whose evaluation failed.
    fn failed(time: i64, error: &str) -> states::Rule {
        let state =
            json!({ "name": "Key lost", "health": "error", "lastError": error, "lastEvaluation": rfc3339(time) });
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
        let verdict = Verdict { rules: &[], names: &names, truth: &truth, read: NOON };
        let (mut numbers, mut findings, mut renamed) = (Numbers::default(), Findings::default(), Renamed::new());
        for (minute, alerts) in states {
            let time = NOON + minute * TICK;
            assert!(verdict.judge(time, &state(time, alerts), &mut renamed, &mut numbers, &mut findings).unwrap());
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
        let after = [("after@x", 1)];
        assert_eq!(judged(&[(3, &one), (4, &both), (5, &after), (6, &both)]), [0, 1, 0, 1], "kept again");
    }

    #[test]
    fn an_error_is_a_failure_unless_days_are_being_read() {
        let names = names();
        let truth = Truth::new(Vec::new(), Vec::new(), HashSet::new());
        let of = |error: &str, read: i64| {
            let verdict = Verdict { rules: &[], names: &names, truth: &truth, read };
            let (mut numbers, mut findings) = Default::default();
            let state = failed(NOON, error);
            assert!(!verdict.judge(NOON, &state, &mut Renamed::new(), &mut numbers, &mut findings).unwrap());
            (numbers.unfounded, numbers.waited)
        };
        assert_eq!(of("[sse.dataQueryError] no answer", NOON + 1), (1, 0));
        let reading = format!("the baseline covers 3 of 30 days{BEING_READ}");
        assert_eq!(of(&reading, NOON + 1), (0, 1));
        assert_eq!(of(&reading, NOON), (1, 0), "the cases have begun");
    }

    /// The numbers of a rule of which Grafana showed some states, with nothing to find.
    fn of_states(states: Vec<states::Rule>) -> Result<Numbers, String> {
        let (names, truth) = (names(), Truth::new(Vec::new(), Vec::new(), HashSet::new()));
        let verdict = Verdict { rules: &[], names: &names, truth: &truth, read: NOON + 100 * TICK };
        let states = states.into_iter().map(|state| (state.evaluated().unwrap().unwrap(), state)).collect();
        let seen = Seen::from([("Key lost".to_owned(), states)]);
        let mut numbers = Numbers::default();
        let judged = verdict.evaluations(["Key lost"].into_iter(), &seen, &mut numbers, &mut Findings::default());
        judged.map(|()| numbers).map_err(|error| error.to_string())
    }

    #[test]
    fn a_rule_without_an_answered_evaluation_is_a_failure() {
        let reading = |minute: i64| failed(NOON + minute * TICK, BEING_READ);
        for (states, unfounded, evaluations) in
            [(vec![], 1, 0), (vec![reading(0), reading(1)], 1, 0), (vec![reading(0), state(NOON + TICK, &[])], 0, 1)]
        {
            let numbers = of_states(states).unwrap();
            assert_eq!((numbers.unfounded, numbers.evaluations), (unfounded, evaluations), "{numbers:?}");
        }
    }

    #[test]
    fn a_tenth_of_the_evaluations_may_be_left_out() {
        let without = |left_out: &[i64]| {
            let minutes = (0..20).filter(|minute| !left_out.contains(minute));
            of_states(minutes.map(|minute| state(NOON + minute * TICK, &[])).collect())
        };
        assert_eq!(without(&[3, 4]).unwrap().injected[LEFT_OUT], 2);
        let error = "Grafana left out 3 of 20 evaluations: such a run proves little";
        assert_eq!(without(&[3, 4, 9]).unwrap_err(), error);
    }
}
