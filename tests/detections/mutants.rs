//! Rules with one condition taken away or moved by one, to see whether a case notices.

use serde_json::{Map, Value, json};

use crate::cases::duration;

/// A file's documents with one condition changed.
pub(crate) struct Mutant {
    /// The condition, as a near miss names it.
    pub(crate) condition: String,
    /// Its fate: refused, or the case that it fails.
    pub(crate) change: String,
    /// Whether the rule selects more now, so that a near miss has to differ in the condition.
    pub(crate) relaxes: bool,
    pub(crate) documents: Vec<Value>,
}

/// A mutant of one document.
struct Change {
    condition: String,
    what: String,
    relaxes: bool,
    document: Value,
}

fn change(condition: impl Into<String>, what: impl Into<String>, relaxes: bool, document: Value) -> Change {
    Change { condition: condition.into(), what: what.into(), relaxes, document }
}

/// All mutants of a file's documents.
pub(crate) fn mutants(documents: &[Value]) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let mut changes = Vec::new();
        if document.get("detection").is_some() {
            changes.extend(of_detection(document));
        } else {
            changes.extend(of_correlation(document, index == 0));
        }
        if let Some(first_seen) = document.pointer("/audittrail/first_seen") {
            changes.extend(of_first_seen(document, first_seen));
        }
        if let Some(usual) = document.pointer("/audittrail/times_usual") {
            changes.extend(of_times_usual(document, usual));
        }
        let part = if index == 0 { String::new() } else { format!("{}: ", text(&document["name"])) };
        mutants.extend(changes.into_iter().map(|Change { condition, what, relaxes, document }| {
            let mut documents = documents.to_vec();
            documents[index] = document;
            Mutant { condition: format!("{part}{condition}"), change: what, relaxes, documents }
        }));
    }
    mutants
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// The document with another value at a pointer.
fn with(document: &Value, pointer: &str, value: Value) -> Value {
    let mut document = document.clone();
    *document.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} exists")) = value;
    document
}

/// The document without a member of the object at a pointer.
fn without(document: &Value, pointer: &str, key: &str) -> Value {
    let mut document = document.clone();
    let object = document.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object");
    object.remove(key).expect("the member exists");
    document
}

/// The terms of a condition: joined by `and`, or alternatives joined by `or`.
fn terms(condition: &str) -> (Vec<&str>, &'static str) {
    let joint = if condition.contains(" or ") { " or " } else { " and " };
    assert!(!(condition.contains(" or ") && condition.contains(" and ")), "{condition}: the pack joins by one word");
    (condition.split(joint).collect(), joint)
}

fn of_detection(document: &Value) -> Vec<Change> {
    let detection = document["detection"].as_object().expect("a detection");
    let condition = text(&detection["condition"]);
    let (terms, joint) = terms(condition);
    let mut changes = Vec::new();
    for (name, definition) in detection.iter().filter(|(name, _)| *name != "condition") {
        let is_negated = terms.contains(&&*format!("not {name}"));
        let pointer = format!("/detection/{name}");
        match definition {
            Value::Object(items) => changes.extend(of_items(document, &pointer, name, items, !is_negated)),
            Value::Array(alternatives) => {
                for (index, items) in alternatives.iter().enumerate() {
                    let name = format!("{name}[{index}]");
                    let items = items.as_object().expect("the pack has no keywords");
                    changes.extend(of_items(document, &format!("{pointer}/{index}"), &name, items, !is_negated));
                    let rest = without_index(alternatives, index);
                    changes.push(change(name, "is gone", false, with(document, &pointer, rest)));
                }
            }
            _ => panic!("{name} is no detection"),
        }
    }
    for (index, term) in terms.iter().enumerate() {
        if terms.len() > 1 {
            let mut rest = terms.clone();
            rest.remove(index);
            let mut rest = with(document, "/detection/condition", rest.join(joint).into());
            // A detection that the condition does not name is no rule.
            for name in detection.keys().filter(|name| is_named(term, name)) {
                rest = without(&rest, "/detection", name);
            }
            changes.push(change(*term, "is gone", term.starts_with("not "), rest));
        }
        if let Some(pattern) = term.strip_prefix("1 of ") {
            let members: Vec<&String> = detection.keys().filter(|name| is_like(name, pattern)).collect();
            assert!(members.len() > 1, "{term} has one member");
            for name in members {
                changes.push(change(name, "is gone", false, without(document, "/detection", name)));
            }
        }
    }
    changes
}

/// Whether a term of a condition names a detection.
fn is_named(term: &str, name: &str) -> bool {
    match term.strip_prefix("1 of ") {
        Some(pattern) => is_like(name, pattern),
        None => term.strip_prefix("not ").unwrap_or(term) == name,
    }
}

/// Whether a pattern with a `*` at one end stands for a name.
fn is_like(name: &str, pattern: &str) -> bool {
    match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
        (Some(start), _) => name.starts_with(start),
        (_, Some(end)) => name.ends_with(end),
        _ => panic!("{pattern}: the pack has its * at one end"),
    }
}

fn without_index(list: &[Value], index: usize) -> Value {
    let mut list = list.to_vec();
    list.remove(index);
    list.into()
}

/// Each test taken away, each value of its list taken away, and each number moved by one.
fn of_items(document: &Value, pointer: &str, name: &str, items: &Map<String, Value>, relaxes: bool) -> Vec<Change> {
    let mut changes = Vec::new();
    for (key, value) in items {
        let condition = format!("{name}.{key}");
        let mut rest = items.clone();
        rest.remove(key);
        if rest.is_empty() {
            // Every event has an id.
            rest.insert("id|exists".to_owned(), true.into());
        }
        changes.push(change(&condition, "is gone", relaxes, with(document, pointer, rest.into())));
        let item = |value: Value| {
            let mut items = items.clone();
            items.insert(key.clone(), value);
            with(document, pointer, items.into())
        };
        if let Value::Array(values) = value {
            for (index, value) in values.iter().enumerate() {
                let rest = item(without_index(values, index));
                changes.push(change(&condition, format!("has no value {value}"), false, rest));
            }
        }
        let is_comparison = ["gt", "gte", "lt", "lte"].iter().any(|modifier| key.ends_with(&format!("|{modifier}")));
        if let (true, Some(number)) = (is_comparison, value.as_i64()) {
            for number in [number - 1, number + 1] {
                changes.push(change(&condition, format!("is {number}"), false, item(number.into())));
            }
        }
    }
    changes
}

fn of_correlation(document: &Value, is_shown: bool) -> Vec<Change> {
    let correlation = &document["correlation"];
    let kind = text(&correlation["type"]);
    let rules = correlation["rules"].as_array().expect("rules");
    let mut changes = Vec::new();
    if kind.starts_with("temporal") {
        for (index, rule) in rules.iter().enumerate() {
            let condition = format!("correlation.rules {}", text(rule));
            let rest = without_rule(document, rules, index);
            changes.push(change(condition, "is gone", kind == "temporal_ordered", rest));
        }
    }
    if kind == "temporal_ordered" {
        let mut unordered = with(document, "/correlation/type", "temporal".into());
        unordered["correlation"]["condition"] = json!({ "gte": rules.len() });
        changes.push(change("correlation.type ordered", "is gone", true, unordered));
    }
    if kind == "value_count" {
        let mut counted = with(document, "/correlation/type", "event_count".into());
        counted = without(&counted, "/correlation/condition", "field");
        changes.push(change("correlation.condition.field", "is gone", true, counted));
    }
    changes.extend(of_window(document, is_shown));
    changes
}

/// A temporal correlation without one of its rules. One that is left is counted: a sequence has at least two.
fn without_rule(document: &Value, rules: &[Value], index: usize) -> Value {
    let mut rest = with(document, "/correlation/rules", without_index(rules, index));
    for (_, fields) in rest.pointer_mut("/correlation/aliases").and_then(Value::as_object_mut).into_iter().flatten() {
        fields.as_object_mut().expect("fields of rules").remove(text(&rules[index]));
    }
    if rules.len() == 2 && rest.pointer("/correlation/condition").is_none() {
        rest["correlation"]["type"] = "event_count".into();
        rest["correlation"]["condition"] = json!({ "gte": 1 });
    }
    rest
}

/// The keys of groups, the length of the window and the limits of the count.
fn of_window(document: &Value, is_shown: bool) -> Vec<Change> {
    let correlation = &document["correlation"];
    let mut changes = Vec::new();
    let keys = correlation["group-by"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, key) in keys.iter().enumerate() {
        let mut rest = match keys {
            [_] => without(document, "/correlation", "group-by"),
            _ => with(document, "/correlation/group-by", without_index(keys, index)),
        };
        if rest.pointer("/correlation/aliases").is_some_and(|aliases| aliases.get(text(key)).is_some()) {
            rest = without(&rest, "/correlation", "aliases");
        }
        // Without its group, a correlation below another one no longer has the key that the other one groups by.
        changes.push(change(format!("correlation.group-by {}", text(key)), "is gone", is_shown, rest));
    }
    let seconds = duration(text(&correlation["timespan"])).num_seconds();
    for (seconds, relaxes) in [(seconds - 1, false), (seconds + 1, true)] {
        let moved = with(document, "/correlation/timespan", format!("{seconds}s").into());
        changes.push(change("correlation.timespan", format!("is {seconds}s"), relaxes, moved));
    }
    let limits = correlation["condition"].as_object().into_iter().flatten();
    for (operator, limit) in limits.filter_map(|(operator, limit)| Some((operator, limit.as_i64()?))) {
        assert!(operator.starts_with("gt"), "{operator}: the pack has lower limits only");
        for (limit, relaxes) in [(limit - 1, true), (limit + 1, false)] {
            let moved = with(document, &format!("/correlation/condition/{operator}"), limit.into());
            changes.push(change(format!("correlation.condition.{operator}"), format!("is {limit}"), relaxes, moved));
        }
    }
    changes
}

fn of_first_seen(document: &Value, first_seen: &Value) -> Vec<Change> {
    let mut changes = vec![change("first_seen", "is gone", true, without(document, "/audittrail", "first_seen"))];
    changes.extend(of_list(document, "first_seen", "fields", first_seen, false));
    changes.extend(of_number(document, "first_seen", "days", first_seen, -1));
    changes
}

fn of_times_usual(document: &Value, usual: &Value) -> Vec<Change> {
    let mut changes = vec![change("times_usual", "is gone", true, without(document, "/audittrail", "times_usual"))];
    changes.extend(of_list(document, "times_usual", "by", usual, true));
    for key in ["factor", "at_least", "days"] {
        changes.extend(of_number(document, "times_usual", key, usual, -1));
    }
    changes
}

fn of_list(document: &Value, baseline: &str, key: &str, value: &Value, relaxes: bool) -> Vec<Change> {
    let list = value[key].as_array().expect("a list");
    let pointer = format!("/audittrail/{baseline}/{key}");
    let without = list.iter().enumerate().map(|(index, field)| {
        let rest = with(document, &pointer, without_index(list, index));
        change(format!("{baseline}.{key} {}", text(field)), "is gone", relaxes, rest)
    });
    without.collect()
}

/// A number moved by one; `relaxing` is the step that makes the rule select more.
fn of_number(document: &Value, baseline: &str, key: &str, value: &Value, relaxing: i64) -> Vec<Change> {
    let number = value[key].as_i64().expect("a number");
    let pointer = format!("/audittrail/{baseline}/{key}");
    let moved = [-1, 1].map(|step| {
        let moved = with(document, &pointer, (number + step).into());
        change(format!("{baseline}.{key}"), format!("is {}", number + step), step == relaxing, moved)
    });
    moved.into()
}
