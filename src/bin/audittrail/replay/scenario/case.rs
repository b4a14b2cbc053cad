//! The cases beside the rules: what must fire, and what nearly does.

use audittrail::rule_cases;
use serde_json::Value;

/// Events that belong together, each with its time after the first.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The name of the rule beside which it is.
    pub(crate) rule: String,
    /// Whether the rule matches.
    pub(crate) is_firing: bool,
    /// The nanoseconds since the first event, and the event.
    pub(super) events: Vec<(i64, Value)>,
}

/// The cases of some files, a name and a JSON text each. A case that needs days of its own before it is left out: the scenario's
/// days are what they are.
pub(crate) fn read(files: &[(String, String)]) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for (file, text) in files {
        let rule = file.split_once('.').map_or(file.as_str(), |(rule, _)| rule);
        let all = rule_cases::read(text).map_err(|error| format!("{file}: {error}"))?;
        for case in all.into_iter().filter(|case| case.baseline.is_empty()) {
            let events = events(&case.events).map_err(|error| format!("{file}: {}: {error}", case.name))?;
            cases.push(Case { rule: rule.to_owned(), is_firing: case.matches.is_some(), events });
        }
    }
    Ok(cases)
}

/// The events of a case, by time.
fn events(events: &[rule_cases::Event]) -> Result<Vec<(i64, Value)>, String> {
    let first = events.iter().map(|event| event.time).min().ok_or("a case without events")?;
    let since = |event: &rule_cases::Event| (event.time - first).num_nanoseconds().ok_or("a case that takes centuries");
    let timed = events.iter().map(|event| Ok((since(event)?, event.json.clone())));
    let mut timed = timed.collect::<Result<Vec<_>, &str>>()?;
    timed.sort_by_key(|(time, _)| *time);
    Ok(timed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_case_is_read_by_time_and_without_days_of_its_own() {
        let file = json!({
            "base": { "recorded_at": "2026-03-02T10:00:00Z" },
            "fires": [{ "name": "one", "matches": 1, "events": [{}, { "after": "-10s" }] }],
            "near_misses": [{ "name": "past", "differs": "first_seen", "baseline": [{}], "events": [{}] }],
        });
        let cases = read(&[("a_rule.events.json".to_owned(), file.to_string())]).unwrap();
        let [case] = &cases[..] else { panic!("{cases:?}") };
        assert_eq!((case.rule.as_str(), case.is_firing), ("a_rule", true));
        let times: Vec<i64> = case.events.iter().map(|(time, _)| *time).collect();
        assert_eq!(times, [0, 10_000_000_000]);
    }
}
