//! The cases beside the detection rules: events that make a rule match, and near misses. `detections/README.md` describes the
//! format. Tests judge them, and the replay has them among its days.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Events that belong together, and how many matches the rule of the file has in them.
#[derive(Clone, Debug)]
pub struct Case {
    /// The case's name.
    pub name: String,
    /// The condition in which a near miss differs from a case that fires; none of a case that fires.
    pub differs: Option<String>,
    /// The number of matches; none of a near miss.
    pub matches: Option<usize>,
    /// Events of earlier days.
    pub baseline: Vec<Event>,
    /// The events, as they are written.
    pub events: Vec<Event>,
}

/// An event of a case.
#[derive(Clone, Debug)]
pub struct Event {
    /// When it is recorded.
    pub time: DateTime<Utc>,
    /// The event, with the time of its base.
    pub json: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    base: Option<Object>,
    #[serde(default)]
    bases: BTreeMap<String, Object>,
    fires: Vec<Written>,
    near_misses: Vec<Written>,
}

type Object = Map<String, Value>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    differs: Option<String>,
    #[serde(default)]
    baseline: Vec<Object>,
    events: Vec<Object>,
    matches: Option<usize>,
}

/// The cases of a file's text: those that fire, then the near misses.
///
/// # Errors
/// When the text is not of the format, with the case's name where it has one.
pub fn read(text: &str) -> Result<Vec<Case>, String> {
    let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let fires = file.fires.iter().map(|case| (case, true));
    let all = fires.chain(file.near_misses.iter().map(|case| (case, false)));
    all.map(|(case, fires)| file.case(case, fires).map_err(|error| format!("{}: {error}", case.name))).collect()
}

impl File {
    fn case(&self, case: &Written, fires: bool) -> Result<Case, String> {
        if case.matches.is_some() != fires || case.differs.is_some() == fires {
            return Err("a case that fires has matches, and a near miss has differs".to_owned());
        }
        let repeated = |lines: &[Object]| -> Result<Vec<Event>, String> {
            Ok(lines.iter().map(|line| self.repeated(line)).collect::<Result<Vec<_>, _>>()?.concat())
        };
        let (baseline, events) = (repeated(&case.baseline)?, repeated(&case.events)?);
        Ok(Case { name: case.name.clone(), differs: case.differs.clone(), matches: case.matches, baseline, events })
    }

    /// The events of a line.
    fn repeated(&self, line: &Object) -> Result<Vec<Event>, String> {
        let mut patch = line.clone();
        let [base, after, every, times, burst] =
            ["base", "after", "every", "times", "burst"].map(|key| patch.remove(key));
        let base = match &base {
            None => self.base.as_ref(),
            Some(name) => name.as_str().and_then(|name| self.bases.get(name)),
        };
        let base = base.ok_or("an event without a base")?;
        let recorded = base.get("recorded_at").and_then(Value::as_str).ok_or("a base without a time")?;
        let recorded: DateTime<Utc> = recorded.parse().map_err(|error| format!("{recorded}: {error}"))?;
        let length = |text: Option<Value>| text.map_or(Ok(TimeDelta::zero()), |text| duration(text.as_str()));
        let number = |number: Option<Value>| match number {
            None => Ok(1),
            Some(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()).ok_or("no number of events"),
        };
        let (after, every, times, burst) = (length(after)?, length(every)?, number(times)?, number(burst)?);
        let mut json = Value::Object(base.clone());
        merge(&mut json, &Value::Object(patch));
        let mut events = Vec::new();
        for index in 0..times {
            let (json, first) = (numbered(&json, index + 1), recorded + after + every * signed(index));
            let time = |second| first + TimeDelta::seconds(second);
            events.extend((0..i64::from(burst)).map(|second| Event { time: time(second), json: json.clone() }));
        }
        Ok(events)
    }
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).expect("a case has few events")
}

/// A duration such as `30s`, `10m`, `1h` or `-14d`.
///
/// # Errors
/// When the text is none.
pub fn duration(text: Option<&str>) -> Result<TimeDelta, String> {
    let text = text.ok_or("a duration that is no text")?;
    let length = text.char_indices().last().and_then(|(end, unit)| {
        let number: i64 = text[..end].parse().ok()?;
        match unit {
            's' => TimeDelta::try_seconds(number),
            'm' => TimeDelta::try_minutes(number),
            'h' => TimeDelta::try_hours(number),
            'd' => TimeDelta::try_days(number),
            _ => None,
        }
    });
    length.ok_or_else(|| format!("{text} is no whole number with the unit s, m, h or d"))
}

/// Applies a JSON merge patch (RFC 7396).
fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = Object::new().into();
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
fn numbered(value: &Value, number: u32) -> Value {
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

    fn file(events: &Value) -> Value {
        json!({
            "base": { "recorded_at": "2026-03-02T10:00:00Z", "method_name": "Get", "request_body": { "name": "a", "rules": { "port": 22 } } },
            "bases": { "login": { "recorded_at": "2026-03-02T10:00:05Z", "result": "success" } },
            "fires": [{ "name": "both", "matches": 1, "events": events }],
            "near_misses": [],
        })
    }

    #[test]
    fn a_line_changes_its_base_deeply_and_repeats_it() {
        let body = json!({ "name": null, "rules": { "ip": "::" } });
        let calls = json!({ "times": 2, "every": "1m", "burst": 2, "method_name": "Get$n", "request_body": body });
        let cases = read(&file(&json!([{ "base": "login", "after": "-10s" }, calls])).to_string()).unwrap();
        let [case] = &cases[..] else { panic!("{cases:?}") };
        assert_eq!((&*case.name, case.matches, case.baseline.len()), ("both", Some(1), 0));
        let times: Vec<i64> =
            case.events.iter().map(|event| (event.time - case.events[0].time).num_seconds()).collect();
        assert_eq!(times, [0, 5, 6, 65, 66]);
        let methods: Vec<&Value> = case.events.iter().map(|event| &event.json["method_name"]).collect();
        assert_eq!(methods, [&Value::Null, &json!("Get1"), &json!("Get1"), &json!("Get2"), &json!("Get2")]);
        assert_eq!(case.events[1].json["request_body"], json!({ "rules": { "ip": "::", "port": 22 } }));
    }

    #[test]
    fn what_is_not_of_the_format_is_an_error_with_the_name_of_its_case() {
        for (line, error) in [
            (json!({ "base": "none" }), "both: an event without a base"),
            (json!({ "after": "soon" }), "both: soon is no whole number with the unit s, m, h or d"),
            (json!({ "every": "5µ" }), "both: 5µ is no whole number with the unit s, m, h or d"),
            (json!({ "times": -1 }), "both: no number of events"),
        ] {
            assert_eq!(read(&file(&json!([line])).to_string()).unwrap_err(), error);
        }
        let mut wrong = file(&json!([]));
        wrong["near_misses"] = json!([{ "name": "near", "events": [], "matches": 2 }]);
        let error = read(&wrong.to_string()).unwrap_err();
        assert_eq!(error, "near: a case that fires has matches, and a near miss has differs");
        wrong["near_misses"] = json!([{ "name": "near", "evnets": [] }]);
        assert!(read(&wrong.to_string()).unwrap_err().starts_with("unknown field `evnets`"));
    }
}
