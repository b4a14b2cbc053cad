//! How usual events are: the days before them become known in the background, and the answer says so.
#![cfg(feature = "terminal")]

mod engine;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use audittrail::query::Request;
use audittrail::sandbox::{Kind, SECRET_KEY};
use chrono::DateTime;
use engine::{Engine, SECOND, ask, field, jsons, nanos, notices, numbers, panel, rule, texts};
use serde_json::{Value, json};

const DAY: i64 = 86_400 * SECOND;

/// An organization in which a robot has deleted a snapshot at this time of each of the last thirty days, and whose events settle
/// at once.
async fn organization(settings: &Value) -> Engine {
    let mut all = json!({ "settlingSeconds": 1 });
    for (name, value) in settings.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    let engine = Engine::with(audittrail::sandbox::Config { events: 0, ..Default::default() }, SECRET_KEY, &all).await;
    for days in 0..=30 {
        engine.push("nl-ams", Kind::Api, days * 86_400 + 1, robot("203.0.113.7"));
    }
    engine
}

fn robot(address: &str) -> Value {
    json!({
        "principal": { "id": "d0000000-0000-4000-8000-000000000001" }, "product_name": "block",
        "method_name": "DeleteSnapshot", "source_ip": address,
        "resources": [{ "id": "5a000000-0000-4000-8000-000000000001", "type": "block_snapshot", "name": "nightly" }],
    })
}

/// Today, as far as it is over.
fn today(engine: &Engine) -> Request {
    let now = nanos(engine.sandbox.now());
    panel(now - now % DAY, now + 60 * SECOND)
}

fn table() -> Value {
    json!({ "queryType": "events", "format": "table", "novelty": true })
}

/// The notices about novelty.
fn about_novelty(frame: &audittrail::frame::Frame) -> Vec<&str> {
    notices(frame).into_iter().filter(|notice| notice.starts_with("novelty rests on ")).collect()
}

/// Asks until all days are known.
async fn until_known(engine: &Engine) {
    let deadline = Instant::now() + Duration::from_mins(2);
    loop {
        let frame = ask(&engine.data_source, &table(), &today(engine)).await.unwrap();
        if about_novelty(&frame).is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "two minutes have passed: {:?}", notices(&frame));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// When the intervals begin that the calls to a region's lists of events fetch.
fn begins(engine: &Engine, region: &str) -> Vec<i64> {
    let begin = |call: &String| {
        let (_, query) = call.split_once('?').unwrap();
        let mut query = url::form_urlencoded::parse(query.as_bytes());
        let (_, after) = query.find(|(name, _)| name == "recorded_after").unwrap();
        nanos(after.parse::<DateTime<chrono::Utc>>().unwrap())
    };
    engine.asked(&format!("regions/{region}/combined-events?")).iter().map(begin).collect()
}

/// The calls for events of the days before today.
fn of_past_days(engine: &Engine) -> usize {
    let today = today(engine).range.start.nanos();
    ["fr-par", "nl-ams", "pl-waw"]
        .iter()
        .flat_map(|region| begins(engine, region))
        .filter(|begin| *begin < today - DAY)
        .count()
}

#[tokio::test]
async fn days_become_known_one_after_another_and_every_answer_says_how_many() {
    let engine = organization(&json!({})).await;
    let first = ask(&engine.data_source, &table(), &today(&engine)).await.unwrap();
    let expected = "novelty rests on 0 of 30 days known before ";
    let [notice] = about_novelty(&first)[..] else { panic!("{:?}", notices(&first)) };
    assert!(notice.starts_with(expected) && notice.ends_with("; the others are being read"), "{notice}");
    assert_eq!(texts(&first, "novelty"), ["unknown"]);
    until_known(&engine).await;
    // One call for each day, the newest first.
    let begins = begins(&engine, "nl-ams");
    let days: Vec<i64> =
        begins.into_iter().filter(|begin| *begin < today(&engine).range.start.nanos() - DAY / 2).collect();
    assert_eq!(days.len(), 30);
    assert!(days.is_sorted_by(|newer, older| newer > older), "{days:?}");
    let calls = of_past_days(&engine);
    until_known(&engine).await;
    assert_eq!(of_past_days(&engine), calls, "a known day is read again");
}

#[tokio::test]
async fn a_robots_nightly_deletion_is_usual_and_one_from_a_new_address_is_a_first() {
    let engine = organization(&json!({})).await;
    engine.push("nl-ams", Kind::Api, 0, robot("198.51.100.1"));
    until_known(&engine).await;
    let request = today(&engine);
    let answer = ask(&engine.data_source, &table(), &request).await.unwrap();
    assert_eq!(texts(&answer, "novelty"), ["first", "usual"]);
    let [first, usual] = &texts(&answer, "novelty_reason")[..] else { panic!("{answer:?}") };
    assert!(first.ends_with(", but for the first time from 198.51.100.1, which nobody used before"), "{first}");
    assert!(usual.contains(" does this every ") && !usual.contains("but"), "{usual}");
    assert!(field(&answer, "novelty").config.as_ref().is_some_and(|config| config["mappings"].is_array()));

    let addresses = async |query: &Value| {
        let frame = ask(&engine.data_source, query, &request).await.unwrap();
        texts(&frame, "source_ip")
    };
    let of_scope = json!({ "format": "table", "scope": { "novelties": ["first", "rare"] } });
    assert_eq!(addresses(&of_scope).await, ["198.51.100.1"]);
    let of_filter = json!({ "format": "table", "filters": [{ "key": "novelty", "operator": "!=", "value": "first" }] });
    assert_eq!(addresses(&of_filter).await, ["203.0.113.7"]);
    let counts = json!({ "queryType": "counts", "over": "total", "groupBy": ["novelty"] });
    let counts = ask(&engine.data_source, &counts, &request).await.unwrap();
    assert_eq!(
        (texts(&counts, "novelty"), numbers(&counts)),
        (vec!["first".to_owned(), "usual".to_owned()], vec![1, 1])
    );

    let annotations = json!({ "queryType": "annotations", "colorBy": "novelty", "cluster": "overflow" });
    let annotations = ask(&engine.data_source, &annotations, &request).await.unwrap();
    assert_eq!(texts(&annotations, "newState"), ["ok", "alerting"]);
    let text = &texts(&annotations, "text")[1];
    assert!(text.contains("but for the first time from 198.51.100.1"), "{text}");
    assert!(texts(&annotations, "tags")[1].ends_with(",first"), "{:?}", texts(&annotations, "tags"));
    let lines = ask(&engine.data_source, &json!({ "novelty": true }), &request).await.unwrap();
    let labels = &jsons(&lines, "labels")[0];
    assert_eq!((&labels["novelty"], &labels["novelty_reason"]), (&json!("first"), &json!(first)));
}

#[tokio::test]
async fn a_viewer_without_addresses_sees_the_same_novelty_without_the_address() {
    let engine = organization(&json!({})).await;
    engine.push("nl-ams", Kind::Api, 0, robot("198.51.100.1"));
    until_known(&engine).await;
    let request = Request { redacted: true, ..today(&engine) };
    let answer = ask(&engine.data_source, &table(), &request).await.unwrap();
    assert_eq!(texts(&answer, "novelty"), ["first", "usual"]);
    assert!(texts(&answer, "novelty_reason").iter().all(|reason| !reason.contains("198.51.100.1")));
}

#[tokio::test]
async fn a_question_that_does_not_ask_for_novelty_does_not_pay_for_it() {
    let engine = organization(&json!({})).await;
    let query = json!({ "queryType": "events", "format": "table" });
    let answer = ask(&engine.data_source, &query, &today(&engine)).await.unwrap();
    assert!(answer.fields.iter().all(|field| !field.name.starts_with("novelty")));
    assert_eq!(about_novelty(&answer), [""; 0]);
    assert_eq!(of_past_days(&engine), 0);
}

#[tokio::test]
async fn a_rule_does_not_rest_on_some_of_the_days() {
    let engine = organization(&json!({})).await;
    for query in [
        json!({ "queryType": "counts", "over": "total", "scope": { "novelties": ["first"] } }),
        json!({ "queryType": "counts", "over": "total", "filters": [{ "key": "novelty", "value": "first" }] }),
        json!({ "queryType": "counts", "over": "total", "groupBy": ["novelty"] }),
        json!({ "queryType": "events", "scope": { "novelties": ["first"] } }),
    ] {
        let engine = organization(&json!({})).await;
        let failure = ask(&engine.data_source, &query, &rule(today(&engine))).await.unwrap_err();
        let expected =
            "novelty would rest on some of the days, and an alert rule needs all of them: 0 of 30 days known before ";
        assert!(failure.message.starts_with(expected), "{failure}");
        assert_eq!(failure.status, 503);
    }
    until_known(&engine).await;
    let query = json!({ "queryType": "counts", "over": "total", "scope": { "novelties": ["first"] } });
    assert_eq!(numbers(&ask(&engine.data_source, &query, &rule(today(&engine))).await.unwrap()), [0]);
    // What a rule is not about may be unknown.
    let unknown = organization(&json!({})).await;
    let shown = json!({ "queryType": "events", "novelty": true });
    assert_eq!(numbers(&ask(&unknown.data_source, &shown, &rule(today(&unknown))).await.unwrap()), [1]);
}

#[tokio::test]
async fn a_region_outside_the_settings_has_no_known_days() {
    let engine = organization(&json!({ "regions": ["fr-par"] })).await;
    let query = json!({ "format": "table", "novelty": true, "scope": { "regions": ["nl-ams"] } });
    let answer = ask(&engine.data_source, &query, &today(&engine)).await.unwrap();
    assert_eq!(texts(&answer, "novelty"), ["unknown"]);
    let expected = "novelty rests on 0 of 30 days known: region nl-ams is not in the setting regions";
    assert_eq!(about_novelty(&answer), [expected]);
}

#[tokio::test]
async fn day_that_cannot_be_read_does_not_block_the_older_ones() {
    let engine = organization(&json!({ "maxEvents": 5 })).await;
    let at = today(&engine).range.start.nanos() - 3 * DAY + SECOND;
    let more = (0..6).map(|_| engine::event(Kind::Api, "nl-ams", at, robot("203.0.113.7")).to_string());
    engine.sandbox.push("nl-ams", Kind::Api, more.collect::<Vec<_>>()).unwrap();
    let deadline = Instant::now() + Duration::from_mins(2);
    let notice = loop {
        let frame = ask(&engine.data_source, &table(), &today(&engine)).await.unwrap();
        let [notice] = about_novelty(&frame)[..] else { panic!("{:?}", notices(&frame)) };
        if notice.starts_with("novelty rests on 29 of 30 days known") {
            break notice.to_owned();
        }
        assert!(Instant::now() < deadline, "two minutes have passed: {notice}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let day = DateTime::from_timestamp_nanos(at).date_naive();
    let expected = format!("; the others cannot be read: {day}: region nl-ams: only the newest 5 events were fetched");
    assert!(notice.contains(&expected), "{notice}");
}

/// The files below a folder with an extension.
fn files(folder: &Path, extension: &str) -> Vec<std::path::PathBuf> {
    let caches = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = caches.flat_map(|cache| fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path()));
    files.filter(|file| file.extension().is_some_and(|other| other == extension)).collect()
}

/// Removes the cached events from a cache directory.
fn remove_segments(folder: &Path) {
    for file in files(folder, "segment") {
        fs::remove_file(file).unwrap();
    }
}

#[tokio::test]
async fn known_days_survive_eviction_and_a_restart_without_a_call_and_can_be_erased() {
    let directory = tempfile::tempdir().unwrap();
    let mut engine = organization(&json!({ "cacheDirectory": directory.path() })).await;
    until_known(&engine).await;
    let is_known = async |engine: &Engine| {
        let frame = ask(&engine.data_source, &table(), &today(engine)).await.unwrap();
        assert_eq!(texts(&frame, "id").len(), 1);
        about_novelty(&frame).is_empty() && texts(&frame, "novelty") == ["usual"]
    };
    let [profile] = &files(directory.path(), "profile")[..] else { panic!("no profile") };
    remove_segments(directory.path());
    engine.sandbox.reset();
    engine.forget();
    assert!(is_known(&engine).await, "not after all events were evicted");
    remove_segments(directory.path());
    engine.data_source = engine.empty_data_source();
    assert!(is_known(&engine).await, "not after a restart");
    assert_eq!(of_past_days(&engine), 0, "{:?}", engine.asked("combined-events"));

    engine.data_source.erase_profile();
    assert!(!profile.exists());
    assert!(!is_known(&engine).await, "an erased profile is used");
}
