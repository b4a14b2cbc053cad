use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::technique::{VERSION, techniques};
use crate::detection::Pack;

/// A layer for MITRE ATT&CK Navigator: each technique with the number of rules, and their titles.
#[must_use]
pub fn navigator(pack: &Pack) -> String {
    let mut rules: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for rule in pack.rules().iter().filter(|rule| rule.is_shown) {
        for id in techniques(rule) {
            rules.entry(id).or_default().push(&rule.title);
        }
    }
    let most = rules.values().map(Vec::len).max().unwrap_or(1);
    let techniques: Vec<Value> = rules.iter().map(|(id, titles)| technique(id, titles)).collect();
    let layer = json!({
        "name": "Scaleway Audit Trail",
        "description": "The techniques that the rules for Scaleway Audit Trail resemble, with the number of rules of each",
        "domain": "enterprise-attack",
        "versions": { "attack": VERSION, "navigator": "5.1.0", "layer": "4.5" },
        "sorting": 3,
        "hideDisabled": false,
        "techniques": techniques,
        "gradient": { "colors": ["#d6e8fa", "#4f0599"], "minValue": 0, "maxValue": most },
    });
    serde_json::to_string_pretty(&layer).expect("a layer is JSON") + "\n"
}

fn technique(id: &str, titles: &[&str]) -> Value {
    let mut titles = titles.to_vec();
    titles.sort_unstable();
    json!({ "techniqueID": id, "score": titles.len(), "comment": titles.join("\n"), "enabled": true })
}
