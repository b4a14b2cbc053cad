//! Random rules over random events: the same verdicts as `rsigma`'s own engine.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::oracle::{Judged, Sample, engine, events, name, samples};
use crate::detection::{Context, Pack, RuleFile};
use crate::event::Events;
use crate::locale::Language;
use crate::risk::RuleSet;

/// Items by their modifiers. Of random events each modifier's items match 20 to 80 %.
const ITEMS: [(&str, &[&str]); 30] = [
    (
        "equal",
        &[
            "audittrail.kind: api",
            "method_name: [deleteserver, CreateServer, ServerAction]",
            "product_name: [iam, instance]",
            "status_code: [200, 202, 204]",
            "source_ip: [10.1.2.3, 10.9.9.9]",
            "resources[any].type: [iam_user, secret]",
            "principal.id: [user-1, robot]",
            "audittrail.status_class: succeeded",
            "audittrail.principal_name: [name of user-1, robot]",
            "audittrail.region: [fr-par, nl-ams]",
            "organization_id: ORG-1",
        ],
    ),
    (
        "wildcard",
        &[
            "user_agent: 'a*'",
            "user_agent: '?*b'",
            "method_name: ['*e*ver*', 'c*']",
            "request_body.note: '*a*'",
            "resources[any].name: '*a*'",
        ],
    ),
    (
        "contains",
        &["user_agent|contains: a", "resources[any].name|contains: [b, é]", "request_body.note|contains: [a, 1, t]"],
    ),
    (
        "startswith",
        &[
            "method_name|startswith: [create, delete]",
            "request_body.blob|startswith: [y, a]",
            "user_agent|startswith: [a, b]",
        ],
    ),
    (
        "endswith",
        &["method_name|endswith: [r, key]", "request_body.blob|endswith: ['=', b]", "user_agent|endswith: [a, b]"],
    ),
    (
        "all",
        &[
            "user_agent|contains|all: [a, b]",
            "method_name|contains|all: [e, server]",
            "resources[any].type|contains|all: [s, e]",
            "resources[any].id|endswith|all: ['1', '2']",
            "request_body.rules[any].ip|contains|all: ['1', a]",
        ],
    ),
    ("base64", &["request_body.blob|base64: [a, ab, foobar, xfoobar, xxfoobar]"]),
    ("base64offset", &["request_body.blob|base64offset|contains: [foobar, ab, a]"]),
    ("wide", &["request_body.blob|wide|base64offset|contains: [ab, a, abc]"]),
    ("utf16le", &["request_body.blob|utf16le|base64offset|contains: [ab, a, abc]"]),
    ("utf16be", &["request_body.blob|utf16be|base64offset|contains: [ab, ba, b]"]),
    (
        "utf16",
        &[
            "request_body.blob|utf16|base64offset|contains: [ab, a, b]",
            "method_name|utf16: [CreateServer, DeleteServer, ServerAction]",
        ],
    ),
    ("windash", &["request_body.blob|windash: [-ab, a-b, YWI=, zz]", "user_agent|windash|contains: '-'"]),
    ("re", &["method_name|re: ^(Create|Delete).*er$", "user_agent|re: '[ab]'", "request_body.note|re: '[a1]'"]),
    ("re, i", &["method_name|re|i: ^(create|delete)", "user_agent|re|i: a.*b|b.*a", "request_body.blob|re|i: ^y"]),
    ("re, m", &["method_name|re|m: ^Create|(Key|Server)$", "user_agent|re|m|i: ^a"]),
    ("re, s", &["method_name|re|s: e.*r", "user_agent|re|s|i: a.?b|b"]),
    ("cidr", &["source_ip|cidr: 10.0.0.0/8", "source_ip|cidr: [10.1.0.0/16, 2001:db8::/32]"]),
    (
        "cased",
        &[
            "user_agent|contains|cased: a",
            "method_name|cased: [DeleteServer, CreateServer, deletekey]",
            "user_agent|startswith|cased: [a, B]",
        ],
    ),
    (
        "exists",
        &[
            "user_agent|exists: true",
            "request_body.nested|exists: false",
            "request_body.note|exists: true",
            "principal.id|exists: true",
        ],
    ),
    (
        "expand",
        &[
            "audittrail.principal_name|expand: 'name of %principal.id%'",
            "service_name|expand: ['scaleway.%product_name%.v1.Api', x]",
        ],
    ),
    (
        "fieldref",
        &[
            "principal.id|fieldref: ['resources[any].id', request_body.note, principal.id]",
            "audittrail.country|fieldref: country_code",
            "service_name|fieldref|contains: product_name",
            "request_body.note|fieldref|startswith: request_body.nested.note",
        ],
    ),
    ("gt", &["status_code|gt: 202", "request_body.note|gt: 1"]),
    ("gte", &["status_code|gte: 204", "request_body.rules[any].ports[any]|gte: 1"]),
    ("lt", &["status_code|lt: 401", "request_body.rules[any].ports|lt: 4", "status_code|lt: 404"]),
    ("lte", &["status_code|lte: 202", "status_code|lte: 204", "request_body.rules[any].ip|lte: 3"]),
    (
        "neq",
        &[
            "method_name|neq: [CreateServer, DeleteServer]",
            "resources[any].type|neq: iam_user",
            "status_code|neq: [200, 404, 500]",
            "request_body.note|neq: [true, 1]",
            "user_agent|contains|neq: a",
        ],
    ),
    (
        "time",
        &[
            "recorded_at|minute: [1, 5, 7, 10, 12, 15, 20, 25, 30, 33, 36, 38, 40, 41, 44, 46, 50, 52, 53, 55, 57]",
            "recorded_at|hour: [0, 1, 2, 3, 4, 5, 20, 21, 22, 23]",
            "recorded_at|day: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]",
            "recorded_at|week: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]",
            "recorded_at|month: [1, 2, 3, 4, 5]",
            "recorded_at|year: [2024, 2026]",
        ],
    ),
    (
        "null and truth values",
        &[
            "request_body.note: [null, true, 1, 2]",
            "user_agent: null",
            "request_body.nested.note: [false, null]",
            "request_body.nested: null",
            "audittrail.country: null",
        ],
    ),
    ("risk", &["audittrail.severity: [low, medium]", "audittrail.risk_class: ['*_actions', '*destroy', 'login*']"]),
];

/// Keywords, which have no field.
const KEYWORDS: [&str; 3] = ["[instance, robot]", "['*Server', 'a*']", "[invalid, YQ]"];

const CONDITIONS: [&str; 9] = [
    "s1",
    "not s1",
    "s1 and s2",
    "s1 and not s2",
    "s1 or s2 and not s3",
    "1 of s*",
    "all of them",
    "2 of s*",
    "not 1 of s* or (s1 and not (s2 or s3))",
];

fn item() -> impl Strategy<Value = String> {
    let all: Vec<&'static str> = ITEMS.iter().flat_map(|(_, items)| items.iter().copied()).collect();
    let free = (
        "[abAB]{1,2}",
        prop::sample::select(&["|contains", "|startswith", "|endswith", "", "|re", "|contains|cased"][..]),
    )
        .prop_map(|(value, modifier)| format!("user_agent{modifier}: '{value}'"));
    prop_oneof![4 => prop::sample::select(all).prop_map(str::to_owned), 1 => free]
}

fn key(item: &str) -> &str {
    item.split_once(':').expect("a key").0
}

/// A detection, each line with its indentation.
fn detection() -> impl Strategy<Value = String> {
    let map = |indentation: &'static str| {
        prop::collection::vec(item(), 1..3).prop_map(move |mut items| {
            // A key may be there once.
            items.sort_by(|a, b| key(a).cmp(key(b)));
            items.dedup_by(|a, b| key(a) == key(b));
            items.iter().flat_map(|item| [indentation, item, "\n"]).collect::<String>()
        })
    };
    let list = prop::collection::vec(map("        "), 1..3)
        .prop_map(|maps| maps.iter().flat_map(|map| ["      - ", map.trim_start()]).collect::<String>());
    let keywords = prop::sample::select(&KEYWORDS[..]).prop_map(|keywords| format!("      {keywords}\n"));
    prop_oneof![5 => map("      "), 2 => list, 1 => keywords]
}

fn rule() -> impl Strategy<Value = String> {
    let parts = (prop::collection::vec(detection(), 3), prop::sample::select(&CONDITIONS[..]));
    parts.prop_map(|(detections, condition)| {
        let mut text = String::new();
        for (number, detection) in (1..).zip(detections) {
            // Each detection has to be used.
            if condition.contains(&format!("s{number}")) || condition.contains("s*") || condition.contains("them") {
                write!(text, "    s{number}:\n{detection}").expect("a text takes all");
            }
        }
        format!("{text}    condition: {condition}\n")
    })
}

fn document(number: usize, detection: &str) -> String {
    format!("title: rule {number}\nid: rule-{number}\nlogsource:\n    product: scaleway\ndetection:\n{detection}")
}

/// For each rule the ids of the events that it selects, by our masks and by `rsigma`.
fn verdicts(rules: &[String], samples: &[Sample]) -> [Vec<Vec<String>>; 2] {
    let text = rules.iter().enumerate().map(|(number, rule)| document(number, rule)).collect::<Vec<_>>().join("---\n");
    let (pack, errors) = Pack::parse(&[RuleFile::new("random.yml", text.as_str())]);
    assert_eq!(errors, [], "{text}");
    let risks = RuleSet::built_in();
    let context = Context { risks: &risks, names: &name };
    let events = events(samples);
    let ours = ids(&pack, &events, &context);
    let engine = engine(&text);
    let mut theirs = vec![Vec::new(); rules.len()];
    for sample in samples {
        for rule in Judged::new(sample, &risks).matches(&engine) {
            let number: usize = rule.trim_start_matches("rule-").parse().expect("a number");
            theirs[number].push(sample.1["id"].as_str().expect("an id").to_owned());
        }
    }
    for ids in &mut theirs {
        ids.sort();
    }
    [ours, theirs]
}

fn ids(pack: &Pack, events: &Events, context: &Context<'_>) -> Vec<Vec<String>> {
    let judged = pack.judged(events, context).rows(pack.rules().len());
    for _ in 0..2 {
        assert_eq!(pack.verdicts(events, context).rows(pack.rules().len()), judged, "cached");
    }
    assert_eq!(pack.cost(events, context), 0, "judged once");
    let ids = |rows: Vec<usize>| {
        let mut ids: Vec<String> = rows.into_iter().map(|row| events.ids().value(row).to_owned()).collect();
        ids.sort();
        ids
    };
    judged.into_iter().map(ids).collect()
}

#[test]
fn random_rules_have_the_verdicts_of_rsigma() {
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let counts = Cell::new((0, 0));
    let cases = (prop::collection::vec(rule(), 1..5), samples(40));
    let outcome = runner.run(&cases, |(rules, samples)| {
        let [ours, theirs] = verdicts(&rules, &samples);
        prop_assert_eq!(&ours, &theirs);
        let (found, all) = counts.get();
        counts.set((found + ours.iter().map(Vec::len).sum::<usize>(), all + rules.len() * samples.len()));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // Rules that select nothing, or everything, would agree in spite of a fault.
    let (found, all) = counts.get();
    let share = found * 100 / all;
    println!("random rules select {share} % of {all} events");
    assert!((20..=80).contains(&share), "random rules select {share} % of {all} events");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn why_has_the_conditions_that_hold(rule in rule(), samples in samples(12)) {
        let (pack, errors) = Pack::parse(&[RuleFile::new("random.yml", document(0, &rule))]);
        prop_assert_eq!(errors, []);
        let risks = RuleSet::built_in();
        let context = Context { risks: &risks, names: &name };
        let events = events(&samples);
        let selected = pack.judged(&events, &context).rows(1).remove(0);
        for row in 0..events.len() {
            let why = pack.why(0, &events, row, &context, Language::English);
            prop_assert_eq!(!why.is_empty(), selected.contains(&row));
            for reason in why {
                let (is_not, test) = match reason.condition.strip_prefix("not ") {
                    Some(test) => (true, test),
                    None => (false, reason.condition.as_str()),
                };
                // The condition alone, as a rule of its own, says the same of the event.
                if let Some((key, values)) = test.split_once(": ").filter(|(key, _)| *key != "keywords") {
                    let values = values.split(", ").map(|value| if is_word(value) { format!("'{value}'") } else { value.to_owned() });
                    let values: Vec<String> = values.collect();
                    let list = if values.len() > 1 { format!("[{}]", values.join(", ")) } else { values.concat() };
                    let text = document(0, &format!("    s:\n      {key}: {list}\n    condition: s\n"));
                    let (alone, errors) = Pack::parse(&[RuleFile::new("alone.yml", text.as_str())]);
                    prop_assert_eq!(errors, [], "{}", text);
                    prop_assert_eq!(alone.judged(&events, &context).rows(1)[0].contains(&row), !is_not, "{}", text);
                }
            }
        }
    }
}

/// Whether a value in a reason was a text.
fn is_word(value: &str) -> bool {
    !["true", "false", "null"].contains(&value) && value.parse::<f64>().is_err()
}

#[test]
fn each_modifier_matches_a_fifth_to_four_fifths_of_random_events() {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let strategy = prop::collection::vec(samples(60), 20);
    let samples: Vec<Vec<Sample>> = strategy.new_tree(&mut runner).expect("samples").current();
    // The rules of all modifiers, each with the number of its modifier.
    let numbered =
        ITEMS.iter().enumerate().flat_map(|(number, (_, items))| items.iter().map(move |item| (number, item)));
    let (numbers, rules): (Vec<usize>, Vec<String>) =
        numbered.map(|(number, item)| (number, format!("    s:\n      {item}\n    condition: s\n"))).unzip();
    let mut counts = vec![(0, 0); ITEMS.len()];
    for samples in &samples {
        let [ours, theirs] = verdicts(&rules, samples);
        assert_eq!(ours, theirs);
        for (number, found) in numbers.iter().zip(ours) {
            counts[*number].0 += found.len();
            counts[*number].1 += samples.len();
        }
    }
    let shares: BTreeMap<&str, usize> =
        ITEMS.iter().zip(counts).map(|((modifier, _), (found, all))| (*modifier, found * 100 / all)).collect();
    println!("share of matches in percent: {shares:?}");
    for (modifier, share) in shares {
        assert!((20..=80).contains(&share), "{modifier} matches {share} %");
    }
}
