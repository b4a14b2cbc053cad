//! The firings of random hits at whole seconds, against rsigma's own engine.

use std::fmt::Write;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use rsigma_eval::event::JsonEvent;
use rsigma_eval::{CorrelationConfig, CorrelationEngine};
use serde_json::{Map, Value, json};

use super::plain;
use super::setup::{Event, FIRST, field, fired, name};
use crate::detection::rule::{Comparison, Condition, Correlation, CorrelationKind, GroupKey, KeySource, RuleExpr};

const SECOND: i64 = 1_000_000_000;

/// A firing: when, of which correlation, its keys with a value, its count.
type Fired = (i64, String, Vec<(String, String)>, u64);

/// The id of a rule.
fn id(rule: usize) -> String {
    if rule < FIRST { format!("rule-{rule}") } else { format!("correlation-{rule}") }
}

/// The rules of events and some correlations as Sigma's YAML.
fn yaml(correlations: &[Correlation]) -> String {
    let mut yaml = String::new();
    for rule in 0..FIRST {
        let (id, mut text) = (id(rule), String::new());
        writeln!(text, "title: {id}\nid: {id}\nlogsource: {{product: test}}").unwrap();
        writeln!(text, "detection:\n  selection: {{f{rule}: 1}}\n  condition: selection\n---").unwrap();
        yaml += &text;
    }
    for (number, correlation) in (FIRST..).zip(correlations) {
        yaml += &document(&id(number), correlation);
    }
    yaml
}

fn document(id: &str, correlation: &Correlation) -> String {
    let rules: Vec<String> = correlation.rules.iter().map(|rule| self::id(*rule)).collect();
    let keys: Vec<&str> = correlation.group_by.iter().map(|key| &*key.name).collect();
    let kind = match correlation.kind {
        CorrelationKind::EventCount => "event_count",
        CorrelationKind::ValueCount(_) => "value_count",
        CorrelationKind::Temporal => "temporal",
        CorrelationKind::TemporalOrdered => "temporal_ordered",
    };
    let mut text = format!("title: {id}\nid: {id}\ncorrelation:\n  type: {kind}\n  rules: [{}]\n", rules.join(", "));
    writeln!(text, "  group-by: [{}]\n  timespan: {}s", keys.join(", "), correlation.timespan.as_secs()).unwrap();
    for key in correlation.group_by.iter().filter(|key| is_alias(key)) {
        let of_rule = |(rule, source): (&String, &KeySource)| match source {
            KeySource::Field(field) => Some(format!("{rule}: {}", name(field))),
            KeySource::Key(_) => None,
        };
        let fields: Vec<String> = rules.iter().zip(&key.sources).filter_map(of_rule).collect();
        writeln!(text, "  aliases:\n    {}: {{{}}}", key.name, fields.join(", ")).unwrap();
    }
    match &correlation.condition {
        Condition::Rules(expr) => writeln!(text, "  condition: {}\n---", expression(expr, &rules)).unwrap(),
        Condition::Count(comparisons) => {
            let comparisons =
                comparisons.iter().map(|(comparison, limit)| format!("{}: {limit}", operator(*comparison)));
            let comparisons: Vec<String> = comparisons.collect();
            let field = if kind == "value_count" { ", field: v" } else { "" };
            writeln!(text, "  condition: {{{}{field}}}\n---", comparisons.join(", ")).unwrap();
        }
    }
    text
}

fn is_alias(key: &GroupKey) -> bool {
    key.name == "who"
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "lt",
        Comparison::AtMost => "lte",
        Comparison::More => "gt",
        Comparison::AtLeast => "gte",
        Comparison::Equal => "eq",
        Comparison::Other => "neq",
    }
}

fn expression(expr: &RuleExpr, rules: &[String]) -> String {
    let all = |of: &[RuleExpr], word: &str| {
        let parts: Vec<String> = of.iter().map(|expr| expression(expr, rules)).collect();
        format!("({})", parts.join(word))
    };
    match expr {
        RuleExpr::Rule(rule) => rules[*rule].clone(),
        RuleExpr::And(of) => all(of, " and "),
        RuleExpr::Or(of) => all(of, " or "),
        RuleExpr::Not(of) => format!("(not {})", expression(of, rules)),
    }
}

/// The event for rsigma: `f0` for the first rule, and so on.
fn json(event: &Event) -> Value {
    let mut fields: Map<String, Value> = event.rules.iter().map(|rule| (format!("f{rule}"), json!(1))).collect();
    for (name, value) in [("k", event.k), ("j", event.j), ("v", event.v)] {
        if value > 0 {
            // Texts and numbers are keys alike.
            let value = if value == 1 { json!(value) } else { json!(value.to_string()) };
            fields.insert(name.to_owned(), value);
        }
    }
    fields.into()
}

fn of_rsigma(correlations: &[Correlation], events: &[Event]) -> Vec<Fired> {
    let yaml = yaml(correlations);
    let collection = rsigma_parser::parse_sigma_yaml(&yaml).unwrap_or_else(|error| panic!("{error}: {yaml}"));
    assert_eq!(collection.correlations.len(), correlations.len(), "{:?}: {yaml}", collection.errors);
    let mut engine = CorrelationEngine::new(CorrelationConfig::default());
    engine.add_collection(&collection).unwrap();
    let mut all = Vec::new();
    for event in events {
        let json = json(event);
        let event_of = JsonEvent::borrow(&json);
        let mut hits = engine.evaluate(&event_of);
        hits.sort_by(|one, other| one.header.rule_id.cmp(&other.header.rule_id));
        for result in engine.process_with_detections(&event_of, hits, event.time / SECOND) {
            if let Some(body) = result.as_correlation() {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let value = body.aggregated_value as u64;
                let id = result.header.rule_id.clone().unwrap();
                all.push((event.time, id, body.group_key.clone(), value));
            }
        }
    }
    all
}

fn of_ours(correlations: &[Correlation], events: &[Event]) -> Vec<Fired> {
    let of = |firing: super::super::Firing| {
        let keys = correlations[firing.rule - FIRST].group_by.iter().zip(firing.group.iter());
        let keys = keys.filter(|(_, value)| **value > 0).map(|(key, value)| (key.name.clone(), value.to_string()));
        (firing.time.nanos(), id(firing.rule), keys.collect(), firing.value)
    };
    fired(correlations, events).into_iter().map(of).collect()
}

/// Three correlations as rsigma can have them. The third may group by an alias: `k` of the first rule, and `j` of the others.
fn correlations() -> impl Strategy<Value = Vec<Correlation>> {
    (plain::pack::<3>(1..9), any::<bool>()).prop_map(|(mut pack, aliased)| {
        for correlation in &mut pack {
            correlation.timespan *= 1_000_000_000;
            let has_correlation = correlation.rules.iter().any(|rule| *rule >= FIRST);
            if has_correlation && matches!(correlation.kind, CorrelationKind::ValueCount(_)) {
                // rsigma counts no values of firings.
                correlation.kind = CorrelationKind::EventCount;
            }
        }
        let third = &mut pack[2];
        if aliased && third.rules.iter().all(|rule| *rule < FIRST) {
            let of = |rule: &usize| KeySource::Field(field(if *rule == 0 { "k" } else { "j" }));
            let sources = third.rules.iter().map(of).collect();
            third.group_by.insert(0, GroupKey { name: "who".to_owned(), sources });
        }
        pack
    })
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let in_seconds = |event: Event| Event { time: event.time * SECOND, ..event };
    plain::events(0..5).prop_map(move |events| events.into_iter().map(in_seconds).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn firings_are_those_of_rsigma(correlations in correlations(), events in events()) {
        let (ours, rsigma) = (of_ours(&correlations, &events), of_rsigma(&correlations, &events));
        prop_assert_eq!(ours, rsigma, "{}", yaml(&correlations));
    }
}

#[test]
fn random_correlations_fire_often_enough_to_be_compared() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut fired = [0; 4];
    for _ in 0..300 {
        let correlations = correlations().new_tree(&mut runner).unwrap().current();
        let events = events().new_tree(&mut runner).unwrap().current();
        for (_, rule, _, _) in of_ours(&correlations, &events) {
            let number = (0..3).find(|number| id(FIRST + number) == rule).unwrap();
            let kind = match correlations[number].kind {
                CorrelationKind::EventCount => 0,
                CorrelationKind::ValueCount(_) => 1,
                CorrelationKind::Temporal => 2,
                CorrelationKind::TemporalOrdered => 3,
            };
            fired[kind] += 1;
        }
    }
    assert!(fired.iter().all(|count| *count > 500), "firings by type: {fired:?}");
}
