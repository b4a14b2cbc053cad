//! Unknown answers: never a 0, and never an empty table that looks complete.
#![cfg(feature = "terminal")]

mod engine;

use audittrail::frame::Frame;
use audittrail::sandbox::{Config, Fault, Kind};
use engine::{Engine, REGIONS, SECOND, ask, nanos, numbers, panel, warnings};
use serde_json::{Value, json};

/// Questions about events that the organization does not have, each with how many fields its answer has if that is known.
fn questions() -> Vec<(Value, usize)> {
    let question = |own: Value, fields: usize| {
        let mut query = json!({ "scope": { "text": "no such thing" } });
        for (name, value) in own.as_object().expect("an object") {
            query[name] = value.clone();
        }
        (query, fields)
    };
    vec![
        question(json!({ "queryType": "counts", "over": "total" }), 1),
        question(json!({ "queryType": "counts", "over": "time" }), 2),
        question(json!({ "queryType": "counts", "over": "total", "groupBy": ["method"] }), 0),
        question(json!({ "queryType": "values", "column": "method" }), 2),
        question(json!({ "queryType": "events", "format": "table", "limit": 5 }), 30),
    ]
}

/// An organization of which a region fails, with an event in another one.
async fn with_a_failing_region() -> Engine {
    let faults = vec![Fault::HtmlPage.always().in_region("nl-ams")];
    let engine = Engine::start(Config { events: 0, faults, ..Config::default() }).await;
    engine.push("fr-par", Kind::Api, 60, json!({ "method_name": "CreateServer" }));
    engine
}

#[tokio::test]
async fn no_events_in_a_complete_trail_are_zero() {
    let engine = Engine::empty().await;
    for (query, fields) in questions() {
        let frame = engine.ask(query.clone()).await.expect("an answer");
        assert_eq!((frame.fields.len(), warnings(&frame).len()), (fields, 0), "{query}");
        assert!(numbers(&frame).iter().all(|number| *number == 0), "{query}");
    }
}

#[tokio::test]
async fn no_events_beside_a_failed_region_are_no_data_with_a_reason() {
    let engine = with_a_failing_region().await;
    for (query, _) in questions() {
        let frame = engine.ask(query.clone()).await.expect("an answer");
        assert!(frame.fields.is_empty(), "{query}: {} fields", frame.fields.len());
        assert!(warnings(&frame).iter().any(|text| text.contains("nl-ams")), "{query}: {:?}", warnings(&frame));
        // Grafana decodes it as a frame of no row.
        assert!(frame.to_arrow("A").is_ok());
    }
}

#[tokio::test]
async fn events_of_other_regions_are_shown_where_a_region_fails() {
    let engine = with_a_failing_region().await;
    let shown = |frame: Frame| (numbers(&frame), warnings(&frame).is_empty());
    let count = json!({ "queryType": "counts", "over": "total", "scope": { "methods": ["CreateServer"] } });
    assert_eq!(shown(engine.ask(count).await.expect("an answer")), (vec![1], false));
    let table = json!({ "format": "table", "scope": { "methods": ["CreateServer"] } });
    assert_eq!(engine.ask(table).await.expect("an answer").rows(), 1);
}

#[tokio::test]
async fn no_events_in_regions_that_answer_are_zero() {
    let engine = with_a_failing_region().await;
    let regions: Vec<&str> = REGIONS.into_iter().filter(|region| *region != "nl-ams").collect();
    for (mut query, fields) in questions() {
        query["scope"]["regions"] = json!(regions);
        let frame = engine.ask(query.clone()).await.expect("an answer");
        assert_eq!((frame.fields.len(), warnings(&frame).len()), (fields, 0), "{query}");
    }
}

#[tokio::test]
async fn no_events_beyond_the_retention_are_no_data() {
    const DAY: i64 = 86_400 * SECOND;
    let engine = Engine::empty().await;
    let now = nanos(engine.sandbox.now());
    let count = json!({ "queryType": "counts", "over": "total" });
    let older = ask(&engine.data_source, &count, &panel(now - 120 * DAY, now)).await.expect("an answer");
    assert!(older.fields.is_empty() && !warnings(&older).is_empty());
    let kept = ask(&engine.data_source, &count, &panel(now - 89 * DAY, now)).await.expect("an answer");
    assert_eq!((numbers(&kept), warnings(&kept).len()), (vec![0], 0));
}

#[tokio::test]
async fn a_rule_over_an_incomplete_trail_is_an_error() {
    let engine = with_a_failing_region().await;
    for (query, _) in questions().into_iter().filter(|(query, _)| query["queryType"] == "counts") {
        let failure = engine.ask_as_rule(query.clone()).await.expect_err("a rule needs all");
        assert!(failure.message.contains("nl-ams"), "{query}: {failure}");
    }
}
