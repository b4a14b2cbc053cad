//! Hostile files cost little, and are errors.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;

use crate::detection::{Pack, RuleFile};
use crate::event::{Events, Kind};
use crate::risk::RuleSet;

/// Far more than any file needs, on a slow machine in a debug build.
const LONG: Duration = Duration::from_mins(1);

fn parse(text: &str) -> (usize, Vec<String>) {
    let start = Instant::now();
    let (pack, errors) = Pack::parse(&[RuleFile::new("f.yml", text)]);
    assert!(start.elapsed() < LONG, "{} bytes took {:?}", text.len(), start.elapsed());
    (pack.rules().len(), errors.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let (rules, errors) = parse(text);
    assert_eq!(rules, 0);
    assert!(errors.iter().any(|error| error.contains(expected)), "{expected}: {errors:?}");
}

fn rule(detection: &str) -> String {
    format!("title: T\nlogsource: {{product: scaleway}}\ndetection:\n{detection}")
}

fn item(item: &str) -> String {
    rule(&format!("  s:\n    {item}\n  condition: s\n"))
}

#[test]
fn nesting_is_bounded() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        refused(&format!("a: {}1{}", open.repeat(10_000), close.repeat(10_000)), "f.yml:");
        refused(&format!("a: {}1{}", open.repeat(13), close.repeat(13)), "nested deeper than 12 levels");
    }
    let block = (0..200).map(|depth| format!("{}a:", " ".repeat(depth))).collect::<Vec<_>>().join("\n");
    refused(&block, "nested deeper than 12 levels");
    refused(&"- ".repeat(10_000), "f.yml:");
}

#[test]
fn anchors_do_not_multiply() {
    let mut lines = vec!["a0: &a0 [x, x, x, x, x, x, x, x, x]".to_owned()];
    for level in 1..20 {
        lines.push(format!("a{level}: &a{level} [{}]", vec![format!("*a{}", level - 1); 9].join(", ")));
    }
    refused(&lines.join("\n"), "anchors are not supported");
    refused("a: *b\n", "f.yml:1");
    refused("? [a]\n: b\n", "a key is a list or a map");
}

#[test]
fn sizes_are_bounded() {
    refused(&"#".repeat(300 * 1024), "the file has 307200 bytes");
    refused(&format!("a: [{}]", vec!["1"; 30_000].join(", ")), "more than 20000 values");
    refused(&format!("{}: 1", "k".repeat(300)), "the key \"kkk");
    refused(&item(&format!("method_name: [{}]", vec!["x"; 1_001].join(", "))), "has 1001 values; at most 1000");
    refused(&item(&format!("method_name: {}", "x".repeat(5_000))), "the value has 5000 bytes");
    refused(&format!("{}description: {}\n", item("method_name: x"), "x".repeat(20_000)), "description has 20000 bytes");
    let many =
        (0..400).map(|number| format!("  s{number}:\n    method_name: m{number}")).collect::<Vec<_>>().join("\n");
    refused(&rule(&format!("{many}\n  condition: 1 of s* and all of s*\n")), "more than 500 tests");
    let rules = vec![item("method_name: x"); 1_500].join("---\n");
    let (count, errors) = parse(&rules);
    assert_eq!(count, 1, "all have one title");
    assert!(errors.iter().any(|error| error.contains("more than 1000 rules")));
}

#[test]
fn conditions_are_bounded() {
    let one = |condition: &str| rule(&format!("  s:\n    method_name: x\n  condition: {condition}\n"));
    refused(&one(&format!("{}s{}", "(".repeat(1_000), ")".repeat(1_000))), "more than 20 parentheses");
    refused(&one(&format!("{}s", "not ".repeat(1_000))), "more than 100 not");
    refused(&one(&vec!["s"; 2_000].join(" and ")), "the condition has 11995 bytes");
    refused(&one("18446744073709551616 of them"), "malformed");
    refused(&one("18446744073709551615 of them"), "asks for 18446744073709551615");
    assert_eq!(parse(&one(&format!("{}s{}", "(".repeat(20), ")".repeat(20)))), (1, Vec::new()));
}

#[test]
fn regular_expressions_are_bounded() {
    refused(&item(r"method_name|re: '(((a{100}){100}){100}){100}'"), "too large when compiled");
    refused(&item(r"method_name|re: '\w{1000}'"), "too large when compiled");
    refused(&item(&format!("method_name|re: '{}'", "a|".repeat(600))), "the regular expression has 1200 bytes");
    refused(&item(&format!("method_name|re: '{}a{}'", "(".repeat(100), ")".repeat(100))), "no regular expression");
    refused(&item(&format!("method_name|re: [{}]", vec!["a"; 400].join(", "))), "more than 300 regular expressions");
    refused(&item(&format!("method_name: '{}'", "*a".repeat(17))), "the value has 17 wildcards");
    refused(&item(&format!("method_name: '*{}'", "a".repeat(1_100))), "the value with wildcards has 1101 bytes");
    refused(&item(&format!("method_name: [{}]", vec!["'*a'"; 301].join(", "))), "more than 300 regular expressions");
    // A pattern that backtracking engines take ages for is linear here.
    let text = item(r"user_agent|re: '^(a+)+$'");
    assert_eq!(parse(&text), (1, Vec::new()));
}

#[test]
fn expansions_are_bounded() {
    refused(&item("method_name|windash: a-b-c-d-e-f"), "the value has 5 dashes");
    let many = vec!["-a-b-c-d".to_owned(); 100].join("', '");
    let (rules, errors) = parse(&item(&format!("method_name|windash: ['{many}']")));
    assert_eq!((rules, errors), (1, Vec::new()));
    let long = (0..60).map(|number| format!("{}{number}", "x".repeat(4_000))).collect::<Vec<_>>().join(", ");
    let (rules, errors) = parse(&item(&format!("method_name|wide|base64offset|contains: [{long}]")));
    assert_eq!((rules, errors), (1, Vec::new()));
}

#[test]
fn odd_characters_pass_or_are_refused() {
    for value in [
        "\"\\u0000\"",
        "\"\\x7f\"",
        "\"\\ud800\"",
        "\"\u{feff}\"",
        "\"\u{202e}\"",
        "\"\u{1f600}\"",
        "\"a\\tb\"",
        "'\\'",
        "\"'\"",
    ] {
        let (rules, errors) = parse(&item(&format!("method_name: {value}")));
        assert_eq!(rules + errors.len(), 1, "{value}: {errors:?}");
        assert!(errors.iter().all(|error| !error.contains(|c: char| c.is_control())), "{errors:?}");
    }
    let (_, errors) = parse("title: \"a\\u001b[31mb\"\nlogsource: 1\n");
    assert!(errors[0].starts_with("f.yml:1: rule a [31mb: "), "{errors:?}");
}

/// A file with nearly every part of a rule.
const VALID: &str = r#"title: "A \u00e9"
id: r-1
level: high
tags: [attack.t1485]
logsource: {product: scaleway, service: audit_trail}
detection:
  s1:
    - method_name|startswith: [Delete, 'Rem?ve*']
      status_code|gte: 200
    - 'resources[any].name|re|i': ^a.*b$
  s2: [keyword, 'k*y']
  f: {'request_body.rules[any].ip|cidr': 10.0.0.0/8, source_ip: null}
  condition: 1 of s* and not (f or s2)
audittrail:
  first_seen: {fields: [source_ip], days: 7}
  runbook: >-
    Look.
---
title: C
id: c
correlation:
  type: value_count
  rules: [r-1]
  group-by: [who]
  aliases: {who: {r-1: principal.id}}
  timespan: 5m
  condition: {gte: 3, field: source_ip}
---
title: F
logsource: {product: scaleway}
filter: {rules: [r-1], s: {user_agent|contains|all: [a, b]}, condition: not s}
"#;

#[test]
fn the_file_that_is_damaged_below_is_valid() {
    assert_eq!(parse(VALID), (2, Vec::new()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_judged_or_refused(
        damages in prop::collection::vec(
            (any::<prop::sample::Index>(), 0..12_usize, prop_oneof!["[-:{}\\[\\],#&*!|>'\"%@`?~ \n.0-9a-z]{0,4}", "\\PC{0,3}"]),
            1..4,
        ),
    ) {
        let mut letters: Vec<char> = VALID.chars().collect();
        for (start, length, with) in damages {
            let start = start.index(letters.len());
            let end = letters.len().min(start + length);
            letters.splice(start..end, with.chars());
        }
        let text: String = letters.into_iter().collect();
        let (pack, errors) = Pack::parse(&[RuleFile::new("f.yml", text.as_str())]);
        for error in errors {
            let shown = error.to_string();
            prop_assert!(shown.len() < 1_000 && !shown.contains(char::is_control), "{}", shown);
        }
        let events = Events::from_json(Kind::Api, &[json!({ "method_name": "DeleteX", "status_code": 200 })]);
        prop_assert_eq!(pack.selected(&events, &RuleSet::built_in()).len(), pack.rules().len());
    }
}

#[test]
fn seeds_of_the_fuzz_target_are_rules_and_faults() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rules");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of seeds") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a seed");
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        let (rules, errors) = parse(&text);
        match name.as_str() {
            "baselines" | "correlations" | "modifiers" => assert!(rules > 0 && errors.is_empty(), "{errors:?}"),
            // Each of its documents has a fault.
            "faults" => assert_eq!((rules, errors.len()), (0, text.split("\n---\n").count()), "{errors:?}"),
            _ => assert!(rules == 0 && !errors.is_empty(), "{name}"),
        }
        for error in errors {
            assert!(error.len() < 2_000 && !error.contains(char::is_control), "{error:?}");
        }
        names.push(name);
    }
    names.sort();
    assert_eq!(names, ["baselines", "correlations", "deep", "faults", "modifiers", "no_yaml"]);
}
