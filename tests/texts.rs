//! Texts for people have no hidden characters and a bounded length, whatever callers write into names.
#![cfg(feature = "terminal")]

mod engine;

use std::collections::BTreeSet;

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use audittrail::event::{Column, Long};
use audittrail::frame::Frame;
use audittrail::query::dimension::Dimension;
use audittrail::sandbox::{Config, Kind};
use engine::{Engine, jsons, list, numbers, sum, texts};
use serde_json::{Value, json};

/// A line break, a terminal's escape, an override of the direction, a character without width, a tag, and a bell.
const HOSTILE: &str = "a\r\nb\u{1b}[31m\u{202e}c\u{200b}d\u{e0041}\u{7}\u{2028}e";

/// The cleaned text.
const TAMED: &str = "a b[31mcd e";

/// Whether a text has hidden characters.
fn hides(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || "\u{202e}\u{200b}\u{200d}\u{e0041}\u{2028}".contains(c))
}

/// Every text of a frame that a person may read, with its position.
fn shown(frame: &Frame) -> Vec<(String, String)> {
    let mut shown = vec![("name".to_owned(), frame.name.clone())];
    shown.extend(frame.meta.notices.iter().map(|notice| ("notice".to_owned(), notice.text.clone())));
    let executed = frame.meta.executed_query_string.lines();
    shown.extend(executed.map(|line| ("executedQueryString".to_owned(), line.to_owned())));
    for field in &frame.fields {
        shown.extend(field.labels.values().map(|label| (format!("label of {}", field.name), label.clone())));
        if let Some(Value::Object(config)) = &field.config {
            let config = config.values().filter_map(Value::as_str);
            shown.extend(config.map(|text| (format!("config of {}", field.name), text.to_owned())));
        }
        match field.values.data_type() {
            // The value of a variable is for a machine.
            DataType::Utf8 if field.name != "value" => shown.extend(
                field.values.as_string::<i32>().iter().flatten().map(|text| (field.name.clone(), text.to_owned())),
            ),
            // Grafana shows JSON as it writes it anew: with escapes for what is below the space, and for nothing else.
            DataType::Binary => shown.extend(jsons(frame, &field.name).into_iter().flat_map(|value| {
                let mut texts = Vec::new();
                strings(&value, &mut texts);
                texts.into_iter().map(|text| (field.name.clone(), text))
            })),
            _ => {}
        }
    }
    shown
}

/// The texts of a frame that a notification may have: labels, and the text columns of numbers.
fn labels(frame: &Frame) -> Vec<String> {
    let labels = frame.fields.iter().flat_map(|field| field.labels.values().cloned());
    let columns = frame.fields.iter().filter(|field| *field.values.data_type() == DataType::Utf8);
    let cells = columns.flat_map(|field| field.values.as_string::<i32>().iter().flatten().map(str::to_owned));
    labels.chain(cells).collect()
}

/// The texts of a JSON value, without the characters that JSON always escapes.
fn strings(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.chars().filter(|c| *c >= ' ').collect()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, texts)),
        Value::Object(members) => members.iter().for_each(|(name, item)| {
            texts.push(name.chars().filter(|c| *c >= ' ').collect());
            strings(item, texts);
        }),
        _ => {}
    }
}

/// An organization one of whose events is hostile in every text, and one of whose events is long in every text.
async fn hostile() -> Engine {
    let engine = Engine::empty().await;
    for (seconds, text) in [(60, HOSTILE.to_owned()), (70, "x".repeat(10_000))] {
        engine.push("fr-par", Kind::Api, seconds, fields(&text));
    }
    engine
}

fn fields(text: &str) -> Value {
    json!({
        "product_name": text, "service_name": text, "method_name": text, "user_agent": text, "locality": text,
        "request_id": text, "source_ip": text, "principal": { "id": text }, "project_id": text,
        "resources": [{ "id": text, "type": text, "name": text, "kube_pool_info": { "id": "x", "name": text } }],
        "request_body": { "action": text, "deep": [{ "name": text }] },
    })
}

#[tokio::test]
async fn labels_of_a_rule_have_no_hidden_characters_and_at_most_200_characters() {
    let engine = hostile().await;
    let columns = Column::ALL.iter().map(|column| column.name()).chain(["principal", "status", "risk_class", "attack"]);
    let mut seen = BTreeSet::new();
    for column in columns {
        for over in ["time", "total"] {
            let query = json!({ "queryType": "counts", "over": over, "groupBy": [column] });
            let frame = engine.ask_as_rule(query).await.unwrap();
            for label in labels(&frame) {
                assert!(!hides(&label) && label.chars().count() <= 200, "{over} {column}: {label:?}");
                seen.insert(label);
            }
        }
    }
    assert!(seen.iter().any(|label| label.starts_with(TAMED)) && seen.iter().any(|label| label.starts_with("xxx")));
    for query in ["events", "annotations", "volume"] {
        let frame = engine.ask_as_rule(json!({ "queryType": query })).await.unwrap();
        assert_eq!(labels(&frame), [""; 0], "{query} is a number without labels");
    }
}

#[tokio::test]
async fn no_shown_text_has_hidden_characters() {
    let engine = hostile().await;
    for query in [
        json!({ "queryType": "events", "format": "logs" }),
        json!({ "queryType": "events", "format": "table" }),
        json!({ "queryType": "counts", "groupBy": ["principal", "method"] }),
        json!({ "queryType": "counts", "over": "total", "groupBy": ["resource_name", "project", "source_ip"] }),
        json!({ "queryType": "values", "column": "user_agent" }),
        json!({ "queryType": "annotations" }),
        json!({ "queryType": "annotations", "overlay": true }),
        // The query's own text is quoted in the notices about it.
        json!({ "queryType": "counts", "scope": { "principals": [HOSTILE], "products": [HOSTILE] } }),
    ] {
        let frame = engine.ask(query.clone()).await.unwrap();
        for (place, text) in shown(&frame) {
            assert!(!hides(&text), "{query}: {place}: {text:?}");
            let longest = match &*place {
                "body" | "title" | "text" => 1_000,
                // A caller's request is shown as a whole.
                "request_body" | "resources" => 10_100,
                place if place.starts_with("label of") => 200,
                place if place.starts_with("config of") => 403,
                _ => 4_097,
            };
            assert!(text.chars().count() <= longest, "{query}: {place} has {} characters", text.chars().count());
        }
    }
    let lines = engine.ask(json!({ "queryType": "events" })).await.unwrap();
    assert!(texts(&lines, "body")[0].contains(TAMED), "{:?}", texts(&lines, "body"));
}

#[tokio::test]
async fn labels_are_short_and_differ_where_the_events_do() {
    let engine = Engine::empty().await;
    let long = "x".repeat(9_999);
    // They differ where a label is cut, or in what it leaves out.
    let names = ["al\u{200b}ice", "al\u{200c}ice", "alice", "a\nb", "a b", &(long.clone() + "1"), &(long + "2")];
    for name in names {
        engine.push("fr-par", Kind::Api, 60, json!({ "method_name": name }));
    }
    for over in ["time", "total"] {
        let query = json!({ "queryType": "counts", "over": over, "groupBy": ["method"] });
        // Under a rule labels tell the alert's instances apart: two alike are an error.
        let now = engine::nanos(engine.sandbox.now());
        let request = engine::rule(engine::panel(now - 600 * engine::SECOND, now));
        let frame = engine::ask(&engine.data_source, &query, &request).await.unwrap();
        let labels: Vec<String> = match over {
            "time" => frame.fields.iter().filter_map(|field| field.labels.get("method")).cloned().collect(),
            _ => texts(&frame, "method"),
        };
        let distinct: BTreeSet<&String> = labels.iter().collect();
        assert_eq!((labels.len(), distinct.len()), (names.len(), names.len()), "{labels:?}");
        assert!(labels.iter().all(|label| !hides(label) && label.chars().count() <= 200), "{labels:?}");
        assert!(labels.contains(&"alice".to_owned()) && labels.contains(&"a b".to_owned()));
        assert_eq!(numbers(&frame).iter().filter(|count| **count > 0).count(), names.len());
        // Nor do they depend on the other groups: an instance is the same one at the next evaluation.
        let alone =
            json!({ "queryType": "counts", "over": "total", "groupBy": ["method"], "scope": { "methods": ["a\nb"] } });
        let alone = texts(&engine::ask(&engine.data_source, &alone, &request).await.unwrap(), "method");
        assert!(labels.contains(&alone[0]), "{alone:?} is not among {labels:?}");
    }
}

#[tokio::test]
async fn texts_for_machines_are_unchanged() {
    let engine = hostile().await;
    let values = engine.ask(json!({ "queryType": "values", "column": "method" })).await.unwrap();
    assert!(texts(&values, "value").contains(&HOSTILE.to_owned()), "{:?}", texts(&values, "value"));
    let picked = engine.ask(list(json!({ "methods": [HOSTILE] }))).await.unwrap();
    assert_eq!(picked.rows(), 1);
    let events = engine.answer(&json!({}), &engine.ever()).await.events;
    let body: Value = serde_json::from_str(events.long(Long::RequestBody).value(0)).unwrap();
    assert_eq!((events.text(Column::UserAgent).get(0), &body["action"]), (Some(HOSTILE), &json!(HOSTILE)));
}

#[tokio::test]
async fn hidden_characters_in_json_are_shown_as_their_escapes() {
    let engine = hostile().await;
    let table = engine.ask(list(json!({}))).await.unwrap();
    let body = &jsons(&table, "request_body")[0];
    assert_eq!(body["action"], "a\r\nb\u{1b}[31m\\u202ec\\u200bd\\udb40\\udc41\u{7}\\u2028e");
    assert_eq!(body["deep"][0]["name"], body["action"]);
}

#[tokio::test]
async fn ordinary_texts_are_shown_as_they_are() {
    let engine = Engine::start(Config { events: 200, ..Config::default() }).await;
    let table = engine.ask(list(json!({}))).await.unwrap();
    let answer = engine.answer(&json!({}), &engine.ever()).await;
    let columns = [Column::UserAgent, Column::ResourceName].map(Dimension::Column);
    for dimension in columns.into_iter().chain([Dimension::Principal, Dimension::RequestId]) {
        let keys = answer.keys(dimension);
        for (row, shown) in texts(&table, dimension.name()).iter().enumerate() {
            let text = keys.get(row).unwrap_or_default();
            assert!(text == *shown || hides(text), "{text:?} is shown as {shown:?}");
        }
    }
    assert_eq!(sum(&engine.ask(json!({ "queryType": "counts", "over": "total" })).await.unwrap()), 200);
}
