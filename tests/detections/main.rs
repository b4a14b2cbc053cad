//! The rules that ship: each fires where it has to and stays silent where it has to, and none has a condition too many.
#![cfg(feature = "terminal")]

mod cases;
mod judge;
mod mutants;

use std::collections::{BTreeMap, BTreeSet};

use audittrail::risk::{Action, RuleSet};
use rayon::prelude::*;
use serde_json::Value;

use audittrail::detection::{Pack, Trial, export};
use cases::{Case, File, files};
use judge::{matches, pack, trial};
use mutants::{Mutant, mutants};

/// The matches of a file's rules in a case: those of its first rule, and none of another one.
fn expected(file: &File, case: &Case) -> BTreeMap<String, usize> {
    (case.matches > 0).then(|| (file.name.clone(), case.matches)).into_iter().collect()
}

/// The cases of a file, each with its events.
fn trials(file: &File) -> Vec<(&Case, Trial)> {
    file.cases.iter().map(|case| (case, trial(&case.baseline, &case.events))).collect()
}

#[test]
fn each_rule_fires_on_its_cases_and_stays_silent_on_near_misses() {
    let failures: Vec<String> = files().par_iter().flat_map_iter(failures).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The cases of a file with another number of matches than expected.
fn failures(file: &File) -> Vec<String> {
    let pack = match pack(&file.documents) {
        Ok(pack) => pack,
        Err(error) => return vec![format!("{}: {error}", file.name)],
    };
    let cases = trials(file);
    let failures = cases.iter().filter_map(|(case, trial)| {
        let (matches, expected) = (matches(&pack, trial), expected(file, case));
        (matches != expected).then(|| format!("{}, {}: {matches:?} instead of {expected:?}", file.name, case.name))
    });
    failures.collect()
}

#[test]
fn each_condition_is_missed_by_a_case_when_it_is_gone() {
    let outcomes: Vec<(String, Outcome)> = files().par_iter().flat_map_iter(outcomes).collect();
    let count = |outcome| outcomes.iter().filter(|(_, other)| *other == outcome).count();
    println!("{} mutants fail a case, {} are refused", count(Outcome::Missed), count(Outcome::Refused));
    let survivors: Vec<&str> =
        outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Survives).map(|(mutant, _)| &**mutant).collect();
    assert!(survivors.is_empty(), "no case fails although\n{}", survivors.join("\n"));
    assert!(count(Outcome::Missed) > 9 * count(Outcome::Refused), "most mutants are rules");
}

/// What becomes of a rule with a condition changed.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    /// It is no rule any more.
    Refused,
    /// A case has another number of matches.
    Missed,
    /// All cases are as before.
    Survives,
}

fn outcomes(file: &File) -> Vec<(String, Outcome)> {
    let cases = trials(file);
    let outcome = |mutant: &Mutant| match pack(&mutant.documents) {
        Err(_) => Outcome::Refused,
        Ok(pack) if cases.iter().all(|(case, trial)| matches(&pack, trial) == expected(file, case)) => {
            Outcome::Survives
        }
        Ok(_) => Outcome::Missed,
    };
    let mutants = mutants(&file.documents);
    let named = mutants.iter().map(|mutant| format!("{}, {} {}", file.name, mutant.condition, mutant.change));
    named.zip(mutants.iter().map(outcome)).collect()
}

#[test]
fn each_condition_has_a_near_miss_that_differs_in_it_alone() {
    let faults: Vec<String> = files()
        .par_iter()
        .flat_map_iter(|file| near_faults(file).into_iter().map(|fault| format!("{}, {fault}", file.name)))
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The near misses of a file that stay silent without the condition in which they differ, and the conditions without one.
fn near_faults(file: &File) -> Vec<String> {
    let mutants: Vec<(Mutant, Option<Pack>)> = mutants(&file.documents)
        .into_iter()
        .map(|mutant| (pack(&mutant.documents).ok(), mutant))
        .map(|(pack, mutant)| (mutant, pack))
        .collect();
    let mut faults = Vec::new();
    let mut differing = BTreeSet::new();
    for (case, trial) in trials(file) {
        let Some(condition) = &case.differs else { continue };
        differing.insert(condition.as_str());
        let changed: Vec<_> = mutants.iter().filter(|(mutant, _)| mutant.condition == *condition).collect();
        if changed.is_empty() {
            faults.push(format!("{}: the rule has no condition {condition}", case.name));
        }
        let fires = |pack: &Pack| matches(pack, &trial).contains_key(&file.name);
        let is_relaxed = changed.iter().any(|(mutant, _)| mutant.relaxes);
        if is_relaxed && !changed.iter().any(|(_, pack)| pack.as_ref().is_some_and(fires)) {
            faults.push(format!("{}: differs in more than {condition}", case.name));
        }
    }
    let needed = mutants.iter().filter(|(mutant, pack)| mutant.relaxes && pack.is_some());
    let missing = needed.filter(|(mutant, _)| !differing.contains(&*mutant.condition));
    faults.extend(missing.map(|(mutant, _)| format!("no near miss differs in {}", mutant.condition)));
    faults
}

#[test]
fn the_binary_has_the_files_of_the_folder() {
    let shipped = Pack::shipped();
    let in_binary: BTreeSet<&str> = shipped.rules().iter().map(|rule| &*rule.place.file).collect();
    let files = files();
    let in_folder: BTreeSet<&str> = files.iter().map(|file| &*file.name).collect();
    assert_eq!(in_binary, in_folder, "src/detection/shipped.rs has the names");
}

/// The risk classes of the table whose methods resemble an attack.
fn risk_classes() -> BTreeSet<String> {
    let mut reader = csv::Reader::from_reader(include_str!("../../src/risk/methods.csv").as_bytes());
    let rows = reader.records().map(|row| row.expect("six columns"));
    rows.filter(|row| !row[5].is_empty()).map(|row| row[3].to_owned()).chain(["denied_actions".to_owned()]).collect()
}

/// The risk class of an event as the API sends it.
fn class_of(event: &Value) -> Option<String> {
    let body = event.get("request_body").map(Value::to_string);
    let action = Action {
        kind: if event.get("result").is_some() { "authentication" } else { "api" },
        product: event["product_name"].as_str(),
        method: event["method_name"].as_str(),
        principal: event.pointer("/principal/id").and_then(Value::as_str),
        status: event["status_code"].as_u64().and_then(|status| u16::try_from(status).ok()),
        failed_login: event["result"] == "failure",
        request_body: body.as_deref(),
        ..Action::default()
    };
    RuleSet::built_in().classify(&action).map(|risk| risk.class.clone())
}

#[test]
fn each_risk_class_has_a_rule() {
    let files = files();
    let firing = files.iter().flat_map(|file| &file.cases).filter(|case| case.matches > 0);
    let covered: BTreeSet<String> = firing.flat_map(|case| &case.events).filter_map(class_of).collect();
    let missing: Vec<String> = risk_classes().difference(&covered).cloned().collect();
    assert!(missing.is_empty(), "no rule fires at {missing:?}");
}

#[test]
fn the_pack_has_rules_of_each_kind() {
    let files = files();
    let shown: Vec<&Value> = files.iter().map(|file| &file.documents[0]).collect();
    let count = |is: &dyn Fn(&Value) -> bool| shown.iter().filter(|document| is(document)).count();
    let correlations = count(&|document| document.get("correlation").is_some());
    let on_bodies = count(&|document| document["detection"].to_string().contains("\"request_body."));
    let first_seen = count(&|document| document.pointer("/audittrail/first_seen").is_some());
    let rates = count(&|document| document.pointer("/audittrail/times_usual").is_some());
    let counts = [shown.len(), correlations, on_bodies, first_seen, rates];
    println!(
        "{} rules: {correlations} correlations, {on_bodies} on bodies, {first_seen} first seen, {rates} rates",
        counts[0]
    );
    assert!(counts.iter().zip([60, 12, 8, 6, 3]).all(|(count, least)| *count >= least), "{counts:?}");
}

#[test]
fn each_rule_says_what_it_is() {
    let files = files();
    let mut ids = BTreeSet::new();
    let mut names = BTreeSet::new();
    for document in files.iter().flat_map(|file| &file.documents) {
        let name = document["name"].as_str().expect("a name");
        let id = uuid::Uuid::parse_str(document["id"].as_str().expect("an id")).expect("a UUID");
        assert_eq!(id.get_version_num(), 4, "{name}");
        assert!(ids.insert(id) && names.insert(name), "{name} is there twice");
        for key in ["title", "description", "status", "date", "level"] {
            assert!(document[key].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {key}");
        }
    }
    for File { name, documents, .. } in &files {
        let shown = &documents[0];
        assert_eq!(shown["name"], name.as_str(), "the file has the name of its rule");
        for key in ["references", "tags", "falsepositives"] {
            assert!(shown[key].as_array().is_some_and(|list| !list.is_empty()), "{name} has no {key}");
        }
        assert!(shown.pointer("/audittrail/runbook").is_some(), "{name} has no runbook");
        let rules = documents.iter().filter_map(|document| document.pointer("/correlation/rules")?.as_array());
        let used: BTreeSet<&str> = rules.flatten().filter_map(Value::as_str).collect();
        let parts: BTreeSet<&str> = documents[1..].iter().filter_map(|document| document["name"].as_str()).collect();
        assert_eq!(used, parts, "{name}: the other documents are the rules that it uses");
    }
}

/// The techniques of the pack's table, with their tactics.
fn techniques() -> BTreeMap<String, Vec<String>> {
    let table = include_str!("../../detections/attack.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(table.as_bytes());
    let rows: Vec<_> = reader.records().map(|row| row.expect("three columns")).collect();
    assert!(rows.is_sorted_by_key(|row| row[0].to_owned()), "the rows are sorted");
    // The page names techniques by the table.
    let page = export::docs(&Pack::shipped());
    for row in &rows {
        assert!(!row[1].trim().is_empty() && page.contains(&format!("[{} {}](", &row[0], &row[1])), "{}", &row[0]);
    }
    rows.iter().map(|row| (row[0].to_owned(), row[2].split(' ').map(str::to_owned).collect())).collect()
}

#[test]
fn tags_are_known_techniques_with_their_tactics() {
    let techniques = techniques();
    let mut named = BTreeSet::new();
    for File { name, documents, .. } in &files() {
        let tags = documents[0]["tags"].as_array().expect("tags").iter().map(|tag| tag.as_str().expect("a text"));
        let tags = tags.map(|tag| tag.strip_prefix("attack.").expect("a tag of ATT&CK"));
        let (ids, tactics): (Vec<&str>, Vec<&str>) =
            tags.partition(|tag| tag.starts_with('t') && tag[1..2].parse::<u8>().is_ok());
        let mut possible = BTreeSet::new();
        for id in ids {
            let id = id.to_uppercase();
            let of_technique = techniques.get(&id).unwrap_or_else(|| panic!("{name}: {id} is not in attack.csv"));
            assert!(
                of_technique.iter().any(|tactic| tactics.contains(&&**tactic)),
                "{name}: {id} is of {of_technique:?}"
            );
            possible.extend(of_technique.iter().map(String::as_str));
            named.insert(id);
        }
        let strange: Vec<&&str> = tactics.iter().filter(|tactic| !possible.contains(**tactic)).collect();
        assert!(strange.is_empty() && !tactics.is_empty(), "{name}: no technique is of {strange:?}");
    }
    assert!(techniques.keys().eq(named.iter()), "attack.csv has the techniques of the rules, and no other");
}

/// Compares a file with the output of the rules.
fn assert_fresh(file: &str, format: &str, text: &str) {
    let path = cases::folder().with_file_name(file);
    let stored = std::fs::read_to_string(path).expect("the file is there");
    assert!(stored == text, "{file} is stale: audittrail detections export --format {format} > {file}");
}

#[test]
fn the_page_and_the_layer_are_those_of_the_rules() {
    let pack = Pack::shipped();
    assert_fresh("docs/detections.md", "docs", &export::docs(&pack));
    assert_fresh("docs/attack-layer.json", "navigator", &export::navigator(&pack));
}

#[test]
fn the_rules_for_loki_are_those_of_the_pack() {
    let rules = export::loki(&Pack::shipped());
    assert_fresh("tests/data/loki/rules.yaml", "loki", &rules.file);
    // Each file of the pack is either exported or left out, and what reads log-ins or the past is left out.
    let exported = rules.file.matches("- alert:").count();
    println!("{exported} rules are exported, {} are left out", rules.left_out.len());
    assert_eq!(exported + rules.left_out.len(), files().len());
    for File { name, documents, .. } in &files() {
        let texts = documents.iter().map(Value::to_string).collect::<String>();
        let needs_more =
            ["first_seen", "times_usual", "\"temporal", "\"result\":", "\"failure_reason\":", "audittrail.risk"];
        let is_left_out = rules.left_out.iter().any(|rule| rule.name == *name);
        assert!(is_left_out || !needs_more.iter().any(|word| texts.contains(word)), "{name}");
    }
    assert!(rules.left_out.iter().all(|rule| !rule.reason.is_empty()) && exported > 40);
}

#[test]
fn the_sigma_export_reads_as_the_same_rules() {
    let pack = Pack::shipped();
    let (again, errors) = Pack::parse(&[audittrail::detection::RuleFile::new("export", export::sigma(&pack))]);
    assert!(errors.is_empty(), "{}", errors[0]);
    let ids = |pack: &Pack| pack.rules().iter().map(|rule| rule.id.clone()).collect::<BTreeSet<String>>();
    assert_eq!(ids(&again), ids(&pack));
}
