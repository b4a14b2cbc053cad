//! The techniques of MITRE ATT&CK that tags name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::detection::Rule;

/// The version of ATT&CK that has the ids of the table.
pub(super) const VERSION: &str = "19";

/// The tactics of ATT&CK in the order of its matrix, each with its tag.
pub(super) const TACTICS: [(&str, &str); 12] = [
    ("initial-access", "Initial access"),
    ("execution", "Execution"),
    ("persistence", "Persistence"),
    ("privilege-escalation", "Privilege escalation"),
    ("stealth", "Stealth"),
    ("defense-impairment", "Defense impairment"),
    ("credential-access", "Credential access"),
    ("discovery", "Discovery"),
    ("lateral-movement", "Lateral movement"),
    ("collection", "Collection"),
    ("exfiltration", "Exfiltration"),
    ("impact", "Impact"),
];

/// The start of a tag of ATT&CK.
const PREFIX: &str = "attack.";

#[derive(Deserialize)]
struct Row {
    id: String,
    name: String,
}

/// The names of techniques by their ids.
static NAMES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let table = include_str!("../../../detections/attack.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(table.as_bytes());
    reader
        .deserialize()
        .map(|row| row.map(|Row { id, name }| (id, name)).expect("the table has ids and names"))
        .collect()
});

/// The ids of the techniques that a rule's tags name, such as `T1098.001`.
pub(super) fn techniques(rule: &Rule) -> impl Iterator<Item = String> {
    rule.tags.iter().filter_map(|tag| {
        let id = tag.strip_prefix(PREFIX)?.to_uppercase();
        let number = id.strip_prefix('T')?;
        number.starts_with(|digit: char| digit.is_ascii_digit()).then_some(id)
    })
}

/// The position in [`TACTICS`] of the first tactic that a rule's tags name; beyond all of them without one.
pub(super) fn tactic(rule: &Rule) -> usize {
    let mut tags = rule.tags.iter().filter_map(|tag| tag.strip_prefix(PREFIX));
    tags.find_map(|tag| TACTICS.iter().position(|(name, _)| *name == tag)).unwrap_or(TACTICS.len())
}

/// The name of a technique; empty where the table does not have it.
pub(super) fn name(id: &str) -> &'static str {
    NAMES.get(id).map_or("", String::as_str)
}
