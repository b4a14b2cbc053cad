//! Rules over events that differ in one thing, and the numbers that an alert rule gets.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use chrono::DateTime;
use serde_json::{Value, json};

use super::super::answer::{Answer, Past};
use super::super::calendar::{HOUR, SECOND};
use super::super::dimension::has_heading;
use super::super::rule_choice::ChosenRules;
use super::evaluation::Evaluation;
use super::matched::Explanations;
use super::{alert, table};
use crate::detection::{Pack, RuleFile, Selection};
use crate::event::{Events, Kind};
use crate::frame::Frame;
use crate::locale::Language;
use crate::profile::{Day, Profile};
use crate::time::{Interval, Time};

const DELETION: &str = "
title: Deletion
id: deletion
level: high
logsource: {product: scaleway, service: audit_trail}
detection:
  selection: {method_name: Delete}
  condition: selection
---
title: Many deletions
id: many
level: critical
correlation:
  type: event_count
  rules: [deletion]
  group-by: [principal.id]
  timespan: 60s
  condition: {gte: 2}
  generate: true
";

fn chosen(ids: &[&str]) -> ChosenRules {
    let (pack, errors) = Pack::parse(&[RuleFile::new("test.yml", DELETION)]);
    assert_eq!(errors, []);
    let selection = Selection { ids: ids.iter().map(|id| (*id).to_owned()).collect(), ..Selection::default() };
    ChosenRules { shown: pack.select(&selection), pack: Arc::new(pack), is_own: true }
}

fn at(second: i64) -> Time {
    Time::from_nanos(second * SECOND)
}

fn first_hour() -> Interval {
    Interval::from_nanos(0, HOUR)
}

/// A deletion at a second, of a resource, by a principal from an address.
fn deletion(second: i64, who: &str, address: &str, resource: &str) -> Value {
    json!({
        "recorded_at": DateTime::from_timestamp_nanos(second * SECOND), "method_name": "Delete", "principal": { "id": who },
        "source_ip": address, "resources": [{ "id": resource, "type": "t", "name": resource }],
    })
}

fn answer_of(events: &[Value]) -> Answer {
    Answer::of(&Events::from_json(Kind::Api, events))
}

/// The rows of the answer to an alert rule: its labels, then its number.
fn rows(frame: &Frame) -> Vec<(Vec<String>, i64)> {
    let (number, labels) = frame.fields.split_last().expect("there are columns");
    let label = |row: usize| labels.iter().map(|field| field.values.as_string::<i32>().value(row).to_owned()).collect();
    let numbers = number.values.as_primitive::<Int64Type>();
    (0..frame.rows()).map(|row| (label(row), numbers.value(row))).collect()
}

#[test]
fn each_column_of_a_table_has_a_heading_in_the_front_end() {
    let (rules, answer) = (chosen(&["deletion"]), answer_of(&[deletion(10, "who", "203.0.113.7", "r")]));
    let table = table::frame(&Evaluation::of(&rules, &answer, first_hour()), 1);
    let columns: Vec<&str> = table.fields.iter().map(|field| field.name.as_str()).collect();
    assert!(table.rows() == 1 && columns.iter().all(|column| has_heading(column)), "{columns:?}");
}

#[test]
fn an_event_belongs_to_one_hour_whatever_the_range() {
    let hour = 3_600;
    let seconds = [hour - 1, hour, hour + 1, 2 * hour - 1, 2 * hour];
    let events: Vec<Value> = seconds.iter().map(|second| deletion(*second, "who", "203.0.113.7", "r")).collect();
    let (rules, answer) = (chosen(&["deletion"]), answer_of(&events));
    let numbers = |from: i64, to: i64| {
        let (from, to) = (at(from), at(to));
        let frame = alert::frame(&Evaluation::of(&rules, &answer, Interval::new(from.hour(), to)), from);
        rows(&frame)
            .into_iter()
            .map(|(labels, number)| (labels[5].clone(), labels[6].clone(), number))
            .collect::<Vec<_>>()
    };
    let of_hour = |hour: i64, number| {
        let time = |hour: i64| format!("1970-01-01T{hour:02}:00:00Z");
        (time(hour), time(hour + 1), number)
    };
    assert_eq!(numbers(0, 3 * hour), [of_hour(0, 1), of_hour(1, 3), of_hour(2, 1)]);
    assert_eq!(numbers(hour, hour + 2), [of_hour(1, 2)]);
    assert_eq!(numbers(hour + 1, 2 * hour), [of_hour(1, 2)]);
    assert_eq!(numbers(0, 1), [("(none)".to_owned(), "(none)".to_owned(), 0)]);
    assert_eq!(HOUR, hour * SECOND);
}

#[test]
fn labels_of_a_window_are_its_keys_and_else_those_of_the_first_firing_of_the_hour() {
    let events = [
        deletion(10, "a", "203.0.113.7", "x"),
        deletion(20, "b", "203.0.113.7", "y"),
        deletion(60, "a", "203.0.113.8", "z"),
        deletion(81, "b", "203.0.113.9", "z"),
        deletion(100, "a", "203.0.113.9", "z"),
    ];
    let (rules, answer) = (chosen(&["many"]), answer_of(&events));
    let evaluation = Evaluation::of(&rules, &answer, first_hour());
    let hour = ["1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z"];
    let labels = ["Many deletions", "critical", "a", "203.0.113.8", "(none)", hour[0], hour[1]];
    for (from, number) in [(0, 2), (60, 2), (61, 1), (100, 1)] {
        let frame = alert::frame(&evaluation, at(from));
        assert_eq!(rows(&frame), [(labels.map(str::to_owned).to_vec(), number)], "from {from} s");
    }
    // What fires before the range is not in it.
    assert_eq!(rows(&alert::frame(&evaluation, at(101)))[0].1, 0);
}

#[test]
fn many_resources_are_added_up_and_no_match_is_lost() {
    let events: Vec<Value> = (0..3_000).map(|n| deletion(n / 10, "who", "203.0.113.7", &format!("r{n}"))).collect();
    let (rules, answer) = (chosen(&["deletion"]), answer_of(&events));
    let frame = alert::frame(&Evaluation::of(&rules, &answer, first_hour()), at(0));
    let [(labels, number)] = &rows(&frame)[..] else { panic!("{} rows", frame.rows()) };
    assert_eq!((labels[2].as_str(), labels[3].as_str(), labels[4].as_str()), ("who", "203.0.113.7", "(several)"));
    assert_eq!(*number, 3_000);
    let few = answer_of(&events[..900]);
    let frame = alert::frame(&Evaluation::of(&rules, &few, first_hour()), at(0));
    assert_eq!(frame.rows(), 900);
    // Of a flood from many addresses, the addresses are added up too, and then the principals.
    let flood: Vec<Value> =
        (0..3_000).map(|n| deletion(n / 10, &format!("p{n}"), &format!("10.0.{}.{}", n / 250, n % 250), "r")).collect();
    let frame = alert::frame(&Evaluation::of(&rules, &answer_of(&flood), first_hour()), at(0));
    assert_eq!(rows(&frame).iter().map(|(_, number)| number).sum::<i64>(), 3_000);
    assert!(frame.rows() <= 1_000, "{}", frame.rows());
}

#[test]
fn firings_of_one_group_are_one_match_and_events_are_matches_by_themselves() {
    let events: Vec<Value> = [0, 30, 60, 200, 230].map(|second| deletion(second, "a", "203.0.113.7", "x")).into();
    let (rules, answer) = (chosen(&["many", "deletion"]), answer_of(&events));
    let evaluation = Evaluation::of(&rules, &answer, first_hour());
    let matches = evaluation.matches();
    let of = |id: &str| {
        let of_rule = matches.iter().filter(|found| evaluation.rule(found.rule).id == id);
        of_rule
            .map(|found| {
                (found.matched.first.nanos() / SECOND, found.matched.last.nanos() / SECOND, found.matched.value)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(of("many"), [(230, 230, 2), (30, 60, 3)]);
    assert_eq!(of("deletion").len(), 5);
    assert!(matches.is_sorted_by(|newer, older| newer.matched.last >= older.matched.last));
}

#[test]
fn labels_of_a_notification_are_clean_and_short() {
    let hostile = format!("a\r\nb\u{202e}c\u{1b}[31m{}", "x".repeat(300));
    let title = serde_json::to_string(&hostile).expect("a text is JSON");
    let text = DELETION.replacen("title: Deletion", &format!("title: {title}"), 1);
    let (pack, _) = Pack::parse(&[RuleFile::new("test.yml", text)]);
    let selection = Selection { ids: vec!["deletion".to_owned()], ..Selection::default() };
    let rules = ChosenRules { shown: pack.select(&selection), pack: Arc::new(pack), is_own: true };
    let answer = answer_of(&[deletion(1, &hostile, &hostile, &hostile)]);
    let rows = rows(&alert::frame(&Evaluation::of(&rules, &answer, first_hour()), at(0)));
    assert!(rows.len() == 1 && rows[0].1 == 1 && rows[0].0[2].starts_with("a bc[31mx"), "{rows:?}");
    for (labels, _) in rows {
        for label in labels {
            assert!(
                label.chars().count() <= 200 && !label.contains(|c: char| c.is_control() || c == '\u{202e}'),
                "{label:?}"
            );
        }
    }
}

/// Why the newest match of a rule matches: each condition with its value.
fn why(text: &str, rule: &str, events: &[Value], past: &[Value]) -> Vec<String> {
    why_since(0, text, rule, events, past)
}

/// The same among the firings from a second on.
fn why_since(second: i64, text: &str, rule: &str, events: &[Value], past: &[Value]) -> Vec<String> {
    why_in(Language::English, second, text, rule, events, past)
}

fn why_in(language: Language, second: i64, text: &str, rule: &str, events: &[Value], past: &[Value]) -> Vec<String> {
    let (pack, errors) = Pack::parse(&[RuleFile::new("test.yml", text)]);
    assert_eq!(errors, []);
    let selection = Selection { ids: vec![rule.to_owned()], ..Selection::default() };
    let rules = ChosenRules { shown: pack.select(&selection), pack: Arc::new(pack), is_own: true };
    let mut answer = Answer { language, ..answer_of(events) };
    if !past.is_empty() {
        let all = [events, past].concat();
        let all = Events::from_json(Kind::Api, &all);
        let today = Day::of(answer.events.time(0));
        let events = all.within(crate::time::Interval::from_nanos(today.interval().start.nanos(), i64::MAX));
        answer.past = Some(Past { profile: Arc::new(Profile::of_events(&all, today)), events });
    }
    let evaluation = Evaluation::of(&rules, &answer, Interval::from_nanos(second * SECOND, i64::MAX));
    let why = Explanations::of(&evaluation).next(&evaluation.matches()[0]);
    let text = |of: &Value| format!("{} = {}", of["condition"].as_str().unwrap(), of["value"].as_str().unwrap());
    why.as_array().unwrap().iter().map(text).collect()
}

#[test]
fn a_window_shows_the_conditions_of_its_rules_with_the_newest_values() {
    let events = [
        deletion(10, "a", "203.0.113.1", "x"),
        deletion(20, "b", "203.0.113.2", "y"),
        deletion(30, "a", "203.0.113.3", "z"),
        deletion(40, "b", "203.0.113.4", "z"),
    ];
    let of_who =
        ["principal.id = b", "rules = Deletion", "events within 60 s = 2", "Deletion: method_name: Delete = Delete"];
    assert_eq!(why(DELETION, "many", &events, &[]), of_who);
    let above = format!(
        "{DELETION}---\ntitle: Twice\nid: twice\nlevel: high\ncorrelation:\n  type: temporal_ordered\n  rules: [deletion, many]\n  \
         group-by: [principal.id]\n  timespan: 60s\n"
    );
    assert_eq!(
        why(&above, "twice", &events, &[]),
        [
            "principal.id = b",
            "rules = Deletion, Many deletions",
            "rules with a match, in order within 60 s = 2",
            "Deletion: method_name: Delete = Delete",
            "Many deletions: principal.id = b",
            "Many deletions: rules = Deletion",
            "Many deletions: events within 60 s = 2",
            "Many deletions: Deletion: method_name: Delete = Delete",
        ]
    );
}

#[test]
fn a_count_of_values_shows_them_newest_first_and_not_too_many() {
    let text = DELETION.replace("event_count", "value_count").replace("{gte: 2}", "{gte: 2, field: source_ip}");
    let events = |count: i64| -> Vec<Value> {
        let of = |number: i64| deletion(number, "a", &format!("203.0.113.{}", number % 100), "x");
        (0..count).map(of).collect()
    };
    let shown = |count| why(&text, "many", &events(count), &[]).swap_remove(3);
    assert_eq!(shown(3), "values of source_ip = 203.0.113.2, 203.0.113.1, 203.0.113.0");
    let many = shown(40);
    assert!(many.starts_with("values of source_ip = 203.0.113.39, ") && many.ends_with("203.0.113.20, …"), "{many}");
    assert_eq!(why(&text, "many", &events(40), &[])[2], "distinct source_ip within 60 s = 40");
    // The values are those of the count: neither two of another group, nor those of later windows with fewer.
    let mut others = events(3);
    others.extend([deletion(2, "b", "203.0.113.99", "x"), deletion(0, "b", "203.0.113.98", "x")]);
    others.push(deletion(62, "a", "203.0.113.50", "x"));
    let reasons = why(&text, "many", &others, &[]);
    assert_eq!(reasons[2], "distinct source_ip within 60 s = 3");
    assert_eq!(reasons[3], "values of source_ip = 203.0.113.2, 203.0.113.1, 203.0.113.0");
    // Nor those that have left the window with the highest count.
    others.extend((63..66).map(|second| deletion(second, "a", &format!("203.0.113.{second}"), "x")));
    let reasons = why(&text, "many", &others, &[]);
    assert_eq!(reasons[3], "values of source_ip = 203.0.113.65, 203.0.113.64, 203.0.113.63, 203.0.113.50");
}

#[test]
fn what_is_unusual_shows_the_days_to_which_it_is_compared() {
    const DAY: i64 = 86_400;
    let head =
        "title: T\nid: rule\nlogsource: {product: scaleway}\ndetection: {s: {method_name: Delete}, condition: s}\n";
    let rule = |baseline: &str| format!("{head}audittrail: {{{baseline}}}\n");
    let past: Vec<Value> = (1..=3).map(|day| deletion(day * DAY + 10, "a", "203.0.113.1", "x")).collect();
    let first = rule("first_seen: {fields: [principal.id, source_ip], days: 30}");
    let new = [deletion(4 * DAY + 10, "a", "203.0.113.2", "x")];
    assert_eq!(
        why(&first, "rule", &new, &past),
        [
            "method_name: Delete = Delete",
            "first seen: principal.id, source_ip = a, 203.0.113.2 (3 of 30 days known, since 1970-01-02)",
        ]
    );
    let rate = rule("times_usual: {factor: 2.5, at_least: 3, days: 2, by: [principal.id]}");
    let burst: Vec<Value> = (0..4).map(|second| deletion(4 * DAY + second, "a", "203.0.113.1", "x")).collect();
    assert_eq!(
        why(&rate, "rule", &burst, &past),
        [
            "method_name: Delete = Delete",
            "at least 3 in the hour, and 2.5 times the usual: principal.id = a: 4, usually 1.0 (2 of 2 days known, since 1970-01-03)",
        ]
    );
    // A correlation shows it for the rule that it counts.
    let counted = format!(
        "{first}---\ntitle: C\nid: c\ncorrelation: {{type: event_count, rules: [rule], timespan: 1h, condition: {{gte: 1}}}}\n"
    );
    let why = why(&counted, "c", &new, &past);
    assert_eq!(
        why.last().unwrap(),
        "T: first seen: principal.id, source_ip = a, 203.0.113.2 (3 of 30 days known, since 1970-01-02)"
    );
}

#[test]
fn reasons_in_french_have_the_same_fields_and_values() {
    let french = |text: &str, rule: &str, events: &[Value], past: &[Value]| {
        why_in(Language::French, 0, text, rule, events, past)
    };
    let events = [10, 20].map(|second| deletion(second, "a", &format!("203.0.113.{second}"), "x"));
    let counted = DELETION.replace("event_count", "value_count").replace("{gte: 2}", "{gte: 2, field: source_ip}");
    let group = ["principal.id = a", "règles = Deletion"];
    let below = "Deletion: method_name: Delete = Delete";
    assert_eq!(french(DELETION, "many", &events, &[]), [&group[..], &["événements en 60 s = 2", below]].concat());
    let values =
        ["valeurs distinctes de source_ip en 60 s = 2", "valeurs de source_ip = 203.0.113.20, 203.0.113.10", below];
    assert_eq!(french(&counted, "many", &events, &[]), [&group[..], &values].concat());
    let head = "title: T\nid: rule\nlogsource: {product: scaleway}\n";
    let negated = format!("{head}detection: {{s: {{method_name: Create}}, condition: not s}}\n");
    assert_eq!(french(&negated, "rule", &events, &[]), ["non method_name: Create = Delete"]);
    let baseline =
        |of: &str| format!("{head}detection: {{s: {{method_name: Delete}}, condition: s}}\naudittrail: {{{of}}}\n");
    let (new, past) =
        ([deletion(4 * 86_400, "a", "203.0.113.2", "x")], [deletion(3 * 86_400, "b", "203.0.113.1", "x")]);
    let first = french(&baseline("first_seen: {fields: [principal.id], days: 30}"), "rule", &new, &past);
    let expected = "vu pour la première fois : principal.id = a (1 jour connu sur 30, depuis le 1970-01-04)";
    assert_eq!(first[1], expected);
    let rate = baseline("times_usual: {factor: 2, at_least: 1, days: 1, by: [principal.id]}");
    let expected = "au moins 1 dans l’heure, et 2 fois l’habituel : principal.id = a : 1, d’ordinaire 0,0 \
                    (1 jour connu sur 1, depuis le 1970-01-04)";
    assert_eq!(french(&rate, "rule", &new, &past)[1], expected);
    let rate = baseline("times_usual: {factor: 1.5, at_least: 1, days: 1, by: [principal.id]}");
    let expected = "au moins 1 dans l’heure, et 1,5 fois l’habituel : principal.id = a : 1, d’ordinaire 0,0 \
                    (1 jour connu sur 1, depuis le 1970-01-04)";
    assert_eq!(french(&rate, "rule", &new, &past)[1], expected);
}

/// A rule for each method, and a correlation of their order.
fn in_order(methods: &[&str]) -> String {
    let rule = |method: &&str| {
        format!(
            "title: {method}\nid: {method}\nlogsource: {{product: scaleway, service: audit_trail}}\ndetection:\n  \
             s: {{method_name: {method}, source_ip|startswith: '203'}}\n  condition: s\n---\n"
        )
    };
    let rules: String = ["A", "B", "C"].iter().map(rule).collect();
    let methods = methods.join(", ");
    format!(
        "{rules}title: Order\nid: order\ncorrelation: {{type: temporal_ordered, rules: [{methods}], timespan: 60s}}\n"
    )
}

/// A call of a method at a second, from an address that ends with a number.
fn call(second: i64, method: &str, number: u8) -> Value {
    let mut call = deletion(second, "who", &format!("203.0.113.{number}"), "x");
    call["method_name"] = json!(method);
    call
}

/// The last numbers of the addresses that the reasons of an ordered window name, by its rules.
fn addresses(reasons: &[String]) -> Vec<&str> {
    reasons.iter().filter_map(|reason| reason.split_once("startswith: 203 = 203.0.113.").map(|(_, end)| end)).collect()
}

#[test]
fn an_ordered_window_shows_the_hits_of_its_sequence() {
    // The later A is after B, and not of the sequence A, B, C.
    let events = [call(10, "A", 1), call(20, "B", 2), call(25, "A", 3), call(30, "C", 4)];
    assert_eq!(addresses(&why(&in_order(&["A", "B", "C"]), "order", &events, &[])), ["1", "2", "4"]);
    // Of several sequences, the one that begins last.
    let events = [call(5, "A", 1), call(10, "A", 2), call(15, "B", 3), call(20, "B", 4), call(30, "C", 5)];
    assert_eq!(addresses(&why(&in_order(&["A", "B", "C"]), "order", &events, &[])), ["2", "4", "5"]);
    // A firing whose hit is not of the sequence that still is in the window.
    let events = [call(10, "A", 1), call(20, "B", 2), call(25, "A", 3)];
    assert_eq!(addresses(&why_since(22, &in_order(&["A", "B"]), "order", &events, &[])), ["1", "2"]);
    // Hits of one time are in any order, and one that is taken after the firing is not of it. The last event is taken first.
    let events = [call(10, "B", 1), call(10, "A", 2), call(10, "B", 3)];
    assert_eq!(addresses(&why(&in_order(&["A", "B"]), "order", &events, &[])), ["2", "3"]);
}

#[test]
fn reasons_are_of_the_newest_matches_within_their_limits() {
    let events: Vec<Value> = (0..1_003).map(|second| deletion(second, "who", "203.0.113.7", "r")).collect();
    let (rules, answer) = (chosen(&["deletion"]), answer_of(&events));
    let evaluation = Evaluation::of(&rules, &answer, first_hour());
    let frame = table::frame(&evaluation, 1_002);
    let reasons = frame.fields.iter().find(|field| field.name == "why").expect("a column");
    let is_empty: Vec<bool> = reasons.values.as_binary::<i32>().iter().map(|json| json == Some(b"[]")).collect();
    assert_eq!(is_empty, [vec![false; 1_000], vec![true; 2]].concat());
    let texts: Vec<&str> = frame.meta.notices.iter().map(|notice| notice.text.as_str()).collect();
    let expected = [
        "the newest 1002 of 1003 matches are shown (limit)",
        "only the newest 1000 of 1002 matches show why they match",
    ];
    assert_eq!(texts, expected);

    // Windows with more hits than the limit are the last ones.
    let (rules, answer) =
        (chosen(&["many"]), answer_of(&events[..300].chunks(10).step_by(10).flatten().cloned().collect::<Vec<_>>()));
    let evaluation = Evaluation::of(&rules, &answer, first_hour());
    let found = evaluation.matches();
    assert_eq!(found.len(), 3);
    let mut explanations = Explanations::limited(&evaluation, (100, 15));
    let are_shown: Vec<bool> = found.iter().map(|found| explanations.next(found) != json!([])).collect();
    assert_eq!(are_shown, [true, true, false]);
    let notice = explanations.notice().expect("a notice");
    assert_eq!(notice.text, "only the newest 2 of 3 matches show why they match");
    assert!(Explanations::of(&evaluation).notice().is_none());
}
