//! The files of the pack: the rules' documents, and the cases beside them. `detections/README.md` describes the format.

use std::fs;
use std::path::{Path, PathBuf};

use audittrail::rule_cases;
use chrono::{SecondsFormat, TimeDelta};
use serde::Deserialize;
use serde_json::Value;

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
    let cases = rule_cases::read(&text).unwrap_or_else(|error| panic!("{name}.events.json: {error}"));
    let cases = cases.into_iter().map(Case::of).collect();
    File { name, documents, cases }
}

impl Case {
    fn of(case: rule_cases::Case) -> Self {
        let mut numbers = 1_u64..;
        let mut whole = |events: Vec<rule_cases::Event>| -> Vec<Value> {
            events.into_iter().zip(&mut numbers).map(|(event, number)| whole(event, number)).collect()
        };
        let (baseline, events) = (whole(case.baseline), whole(case.events));
        Self { name: case.name, differs: case.differs, baseline, events, matches: case.matches.unwrap_or(0) }
    }
}

/// An event with an id and its time.
fn whole(event: rule_cases::Event, number: u64) -> Value {
    let mut json = event.json;
    json["id"] = format!("00000000-0000-7000-8000-{number:012}").into();
    json["recorded_at"] = event.time.to_rfc3339_opts(SecondsFormat::AutoSi, true).into();
    json
}

/// A duration such as `30s`, `10m`, `1h` or `-14d`.
pub(crate) fn duration(text: &str) -> TimeDelta {
    rule_cases::duration(Some(text)).unwrap_or_else(|error| panic!("{error}"))
}
