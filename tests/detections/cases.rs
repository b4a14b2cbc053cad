//! The files of the pack: the rules' documents, and the cases beside them. `detections/README.md` describes the format.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A file of the pack with its cases.
pub(crate) struct File {
    /// The file's name without its ending, which is the name of its first rule.
    pub(crate) name: String,
    /// The documents; the first one is the rule that is shown, the others are the rules that only it uses.
    pub(crate) documents: Vec<Value>,
    /// The cases that match, then the near misses.
    pub(crate) cases: Vec<Case>,
}

/// Events, and how many matches the file's rule has in them.
pub(crate) struct Case {
    pub(crate) name: String,
    /// The condition in which a near miss differs from a firing case.
    pub(crate) differs: Option<String>,
    /// Events of earlier days.
    pub(crate) baseline: Vec<Value>,
    pub(crate) events: Vec<Value>,
    pub(crate) matches: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    base: Option<Map<String, Value>>,
    #[serde(default)]
    bases: BTreeMap<String, Map<String, Value>>,
    fires: Vec<Written>,
    near_misses: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    differs: Option<String>,
    #[serde(default)]
    baseline: Vec<Map<String, Value>>,
    events: Vec<Map<String, Value>>,
    matches: Option<usize>,
}

/// The folder of the pack.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("detections")
}

/// The files of the pack, by name.
pub(crate) fn files() -> Vec<File> {
    let entries = fs::read_dir(folder()).expect("the folder of the pack");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .map(|path| read(path))
        .collect()
}

fn read(path: &Path) -> File {
    let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
    let text = fs::read_to_string(path).expect("a rule");
    let documents =
        yaml_serde::Deserializer::from_str(&text).map(|document| Value::deserialize(document).expect("YAML"));
    let documents = documents.collect();
    let text = fs::read_to_string(path.with_extension("events.json")).unwrap_or_else(|_| panic!("{name} has no cases"));
    let cases: Cases = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}.events.json: {error}"));
    let cases = cases.all(&name);
    File { name, documents, cases }
}

impl Cases {
    fn all(&self, file: &str) -> Vec<Case> {
        let fires = self.fires.iter().map(|case| {
            assert!(case.differs.is_none(), "{file}, {}: only a near miss differs", case.name);
            (case, case.matches.unwrap_or_else(|| panic!("{file}, {}: matches is missing", case.name)))
        });
        let near = self.near_misses.iter().map(|case| {
            assert!(case.differs.is_some() && case.matches.is_none(), "{file}, {}: a near miss differs", case.name);
            (case, 0)
        });
        fires.chain(near).map(|(case, matches)| self.case(case, matches)).collect()
    }

    fn case(&self, case: &Written, matches: usize) -> Case {
        let mut number = 0;
        let mut expand = |events: &[Map<String, Value>]| -> Vec<Value> {
            events.iter().flat_map(|event| self.expand(event, &mut number)).collect()
        };
        let (baseline, events) = (expand(&case.baseline), expand(&case.events));
        Case { name: case.name.clone(), differs: case.differs.clone(), baseline, events, matches }
    }

    /// The events of one line of a case.
    fn expand(&self, line: &Map<String, Value>, number: &mut u64) -> Vec<Value> {
        let mut change = line.clone();
        let mut take = |key: &str| change.remove(key);
        let base = match take("base") {
            Some(name) => self.bases.get(name.as_str().expect("the name of a base")).expect("a base of this name"),
            None => self.base.as_ref().expect("a base"),
        };
        let [times, burst] =
            ["times", "burst"].map(|key| take(key).map_or(1, |times| times.as_u64().expect("a number")));
        let [after, every] = ["after", "every"]
            .map(|key| take(key).map_or(Duration::zero(), |time| duration(time.as_str().expect("a time"))));
        let start: DateTime<Utc> = base["recorded_at"].as_str().expect("a time").parse().expect("a time");
        let mut events = Vec::new();
        let mut at = start + after;
        for time in 1..=times {
            for second in 0..burst {
                *number += 1;
                let mut event = Value::Object(base.clone());
                merge(&mut event, &Value::Object(change.clone()));
                event["id"] = format!("00000000-0000-7000-8000-{number:012}").into();
                let at = at + Duration::seconds(i64::try_from(second).expect("few"));
                event["recorded_at"] = at.to_rfc3339_opts(SecondsFormat::AutoSi, true).into();
                let text = event.to_string().replace("$n", &time.to_string());
                events.push(serde_json::from_str(&text).expect("JSON"));
            }
            at += every;
        }
        events
    }
}

/// A duration such as `30s`, `10m`, `1h` or `-14d`.
pub(crate) fn duration(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.len() - 1);
    let number = number.parse().expect("a whole number and a unit");
    match unit {
        "s" => Duration::seconds(number),
        "m" => Duration::minutes(number),
        "h" => Duration::hours(number),
        "d" => Duration::days(number),
        _ => panic!("{text}: the unit is s, m, h or d"),
    }
}

/// Applies a JSON merge patch (RFC 7396).
fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let map = value.as_object_mut().expect("an object");
    for (key, change) in patch {
        if change.is_null() {
            map.remove(key);
        } else {
            merge(map.entry(key).or_insert(Value::Null), change);
        }
    }
}
