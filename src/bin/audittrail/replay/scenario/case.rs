//! The events beside the rules: what must fire, and what nearly does.

use serde_json::{Map, Value};

use super::super::judge::duration;

/// Events that belong together, each with its time after the first.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The nanoseconds since the first event, and the event.
    pub(super) events: Vec<(i64, Value)>,
}

/// The cases of some files, a name and a JSON text each. A case that needs days of its own before it is left out: the scenario's
/// days are what they are.
pub(crate) fn read(files: &[(String, String)]) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for (file, text) in files {
        let json: Value = serde_json::from_str(text).map_err(|error| format!("{file}: {error}"))?;
        for list in ["fires", "near_misses"] {
            for case in json[list].as_array().into_iter().flatten().filter(|case| case.get("baseline").is_none()) {
                let name = format!("{file}: {}", case["name"].as_str().unwrap_or_default());
                let mut events = Vec::new();
                for event in case["events"].as_array().into_iter().flatten() {
                    events.extend(repeated(&json, event).map_err(|error| format!("{name}: {error}"))?);
                }
                events.sort_by_key(|(after, _)| *after);
                cases.push(Case { events });
            }
        }
    }
    Ok(cases)
}

/// An event of a case, as often as it is repeated.
fn repeated(file: &Value, event: &Value) -> Result<Vec<(i64, Value)>, String> {
    let nanos = |key: &str| event[key].as_str().map_or(Ok(0), duration);
    let number = |key: &str| event[key].as_i64().unwrap_or(1);
    let base = event["base"].as_str().map_or(&file["base"], |name| &file["bases"][name]);
    let base = base.as_object().ok_or("an event without a base")?;
    let (after, every) = (nanos("after")?, nanos("every")?);
    let mut events = Vec::new();
    for index in 0..number("times") * number("burst") {
        let mut json: Map<String, Value> = base.clone();
        for (key, value) in event.as_object().into_iter().flatten() {
            if !["base", "after", "times", "every", "burst"].contains(&key.as_str()) {
                json.insert(key.clone(), numbered(value, index));
            }
        }
        json.retain(|_, value| !value.is_null());
        events.push((after + every * index, json.into()));
    }
    Ok(events)
}

/// A value in which `$n` is the number of the repetition.
fn numbered(value: &Value, index: i64) -> Value {
    match value {
        Value::String(text) => text.replace("$n", &index.to_string()).into(),
        Value::Array(list) => list.iter().map(|value| numbered(value, index)).collect(),
        Value::Object(map) => {
            let members = map.iter().map(|(key, value)| (key.clone(), numbered(value, index)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}
