//! The events beside the rules: what must fire, and what nearly does. `detections/README.md` describes the format.

use chrono::DateTime;
use serde_json::{Map, Value};

use super::super::judge::duration;

const SECOND: i64 = 1_000_000_000;

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
        let json: Value = serde_json::from_str(text).map_err(|error| format!("{file}: {error}"))?;
        let rule = file.split_once('.').map_or(file.as_str(), |(rule, _)| rule);
        for list in ["fires", "near_misses"] {
            for case in json[list].as_array().into_iter().flatten().filter(|case| case.get("baseline").is_none()) {
                let name = format!("{file}: {}", case["name"].as_str().unwrap_or_default());
                let events = events(&json, case).map_err(|error| format!("{name}: {error}"))?;
                cases.push(Case { rule: rule.to_owned(), is_firing: list == "fires", events });
            }
        }
    }
    Ok(cases)
}

/// The events of a case, by time.
fn events(file: &Value, case: &Value) -> Result<Vec<(i64, Value)>, String> {
    let mut events = Vec::new();
    for line in case["events"].as_array().into_iter().flatten() {
        events.extend(repeated(file, line)?);
    }
    events.sort_by_key(|(time, _)| *time);
    let (first, _) = events.first().ok_or("a case without events")?;
    let first = *first;
    for (time, _) in &mut events {
        *time -= first;
    }
    Ok(events)
}

/// The events of a line, each with its time.
fn repeated(file: &Value, line: &Value) -> Result<Vec<(i64, Value)>, String> {
    let nanos = |key: &str| line[key].as_str().map_or(Ok(0), duration);
    let number = |key: &str| line[key].as_i64().unwrap_or(1);
    let base = line["base"].as_str().map_or(&file["base"], |name| &file["bases"][name]);
    let recorded = base["recorded_at"].as_str().ok_or("an event without a base, or a base without a time")?;
    let recorded = DateTime::parse_from_rfc3339(recorded).map_err(|error| error.to_string())?;
    let recorded = recorded.timestamp_nanos_opt().ok_or("a time after 2262")?;
    let mut patch = line.clone();
    for key in ["base", "after", "times", "every", "burst"] {
        patch.as_object_mut().ok_or("an event that is no object")?.remove(key);
    }
    let mut json = base.clone();
    merge(&mut json, &patch);
    let (after, every) = (nanos("after")?, nanos("every")?);
    let mut events = Vec::new();
    for index in 0..number("times") {
        let json = numbered(&json, index + 1);
        let time = recorded + after + every * index;
        events.extend((0..number("burst")).map(|second| (time + second * SECOND, json.clone())));
    }
    Ok(events)
}

/// Applies a JSON merge patch (RFC 7396).
fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = Map::new().into();
    }
    let members = value.as_object_mut().expect("an object");
    for (key, change) in patch {
        if change.is_null() {
            members.remove(key);
        } else {
            merge(members.entry(key).or_insert(Value::Null), change);
        }
    }
}

/// A value in which `$n` is the number of the repetition.
fn numbered(value: &Value, number: i64) -> Value {
    match value {
        Value::String(text) => text.replace("$n", &number.to_string()).into(),
        Value::Array(list) => list.iter().map(|value| numbered(value, number)).collect(),
        Value::Object(map) => {
            let members = map.iter().map(|(key, value)| (key.clone(), numbered(value, number)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_changes_its_base_deeply_and_repeats_it() {
        let file = json!({
            "bases": {
                "call": {
                    "recorded_at": "2026-03-02T10:00:00Z", "method_name": "Get",
                    "request_body": { "name": "a", "rules": { "ip": "::", "port": 22 } },
                },
                "login": { "recorded_at": "2026-03-02T10:00:05Z", "result": "success" },
            },
            "fires": [{ "name": "both", "events": [
                { "base": "login", "after": "-10s" },
                {
                    "base": "call", "times": 2, "every": "1m", "burst": 2, "method_name": "Get$n",
                    "request_body": { "name": null, "rules": { "port": 3389 } },
                },
            ] }],
            "near_misses": [{ "name": "baseline", "differs": "first_seen", "baseline": [], "events": [{ "base": "call" }] }],
        });
        let cases = read(&[("a_rule.events.json".to_owned(), file.to_string())]).unwrap();
        let [case] = &cases[..] else { panic!("{cases:?}") };
        assert_eq!((case.rule.as_str(), case.is_firing), ("a_rule", true));
        let seconds: Vec<i64> = case.events.iter().map(|(time, _)| time / SECOND).collect();
        assert_eq!(seconds, [0, 5, 6, 65, 66]);
        let methods: Vec<&Value> = case.events.iter().map(|(_, json)| &json["method_name"]).collect();
        assert_eq!(methods, [&Value::Null, &json!("Get1"), &json!("Get1"), &json!("Get2"), &json!("Get2")]);
        assert_eq!(case.events[1].1["request_body"], json!({ "rules": { "ip": "::", "port": 3389 } }));
    }
}
