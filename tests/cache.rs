//! The cache as users see it: no query fetches cached events again, and no answer is older, smaller or other than a freshly
//! fetched one.
#![cfg(feature = "terminal")]

mod common;
mod engine;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use audittrail::cache::Limits;
use audittrail::host::Ask;
use audittrail::query::{DataSource, Request};
use audittrail::sandbox::{Config, Endpoint, Fault, Grant, Kind, SECRET_KEY, Sandbox};
use audittrail::settings::REGIONS;
use chrono::DateTime;
use common::{steady, until};
use engine::{
    Engine, JSON, SECOND, ask, data_source, limit, list, nanos, notices, panel, rule, scripted, set, sum, texts,
    trail_of, warnings,
};
use futures::future::join_all;
use serde_json::{Value, json};

const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Enough for several pages in fr-par.
const EVENTS: usize = 600;

/// Longer than panels share a provisional segment.
const LATER: Duration = Duration::from_millis(1_200);

const OTHER_KEY: &str = "5a11d000-0000-4000-8000-00000000face";

fn now() -> i64 {
    nanos(chrono::Utc::now())
}

/// A settled range, with most of an organization's events.
fn settled() -> Request {
    panel(now() - 8 * DAY, now() - HOUR)
}

/// The number of calls to lists of events.
fn calls(sandbox: &Sandbox) -> u64 {
    let lists = [Endpoint::Events, Endpoint::AuthenticationEvents, Endpoint::SystemEvents, Endpoint::CombinedEvents];
    let calls = sandbox.calls();
    // The name of a principal that IAM does not know is looked up in a list of events, too.
    let names =
        calls.queries.iter().filter(|query| query.contains("/events?") && !query.contains("&page_size=")).count();
    lists.map(|list| calls.to(list)).iter().sum::<u64>() - u64::try_from(names).unwrap()
}

/// The ids of the events of a scope, in an answer without notices other than those about names.
async fn ids(data_source: &DataSource, scope: &Value, request: &Request) -> Vec<String> {
    let frame =
        ask(data_source, &list(scope.clone()), request).await.unwrap_or_else(|failure| panic!("{scope}: {failure}"));
    let of_events = notices(&frame).into_iter().filter(|notice| !notice.starts_with("some principals are shown by id"));
    assert_eq!(of_events.collect::<Vec<_>>(), [""; 0], "{scope}");
    texts(&frame, "id")
}

/// The ids of all events of an organization within a range, read without the code under test.
async fn all(sandbox: &Sandbox, request: &Request) -> BTreeSet<String> {
    let trail = trail_of(sandbox).await.into_iter().map(|(_, _, event)| event);
    let time = |event: &Value| nanos(event["recorded_at"].as_str().unwrap().parse::<DateTime<chrono::Utc>>().unwrap());
    let within = trail.filter(|event| (request.range.start.nanos()..request.range.end.nanos()).contains(&time(event)));
    within.map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

/// Each of these events, and each once.
fn is_each_once(ids: &[String], all: &BTreeSet<String>) {
    let shown = set(ids);
    assert_eq!(ids.len(), shown.len(), "an event is shown twice");
    let missing: Vec<&String> = all.iter().filter(|id| !shown.contains(id.as_str())).collect();
    assert_eq!((missing, ids.len()), (Vec::new(), all.len()));
}

fn count() -> Value {
    json!({ "queryType": "counts", "over": "total" })
}

/// Questions that differ in all that a dashboard's panels differ in.
fn questions() -> [Value; 12] {
    [
        list(json!({})),
        count(),
        json!({ "queryType": "annotations" }),
        json!({ "queryType": "volume" }),
        json!({ "queryType": "counts", "groupBy": ["principal"] }),
        json!({ "queryType": "counts", "scope": { "kinds": ["api"] }, "groupBy": ["product"] }),
        json!({ "queryType": "counts", "scope": { "kinds": ["authentication"] } }),
        json!({ "queryType": "counts", "scope": { "products": ["iam"] } }),
        json!({ "queryType": "events", "scope": { "status": ["denied"] } }),
        json!({ "queryType": "events", "scope": { "text": "create" } }),
        json!({ "queryType": "events", "scope": { "severities": ["high", "critical"] } }),
        json!({ "queryType": "values", "column": "method" }),
    ]
}

/// Asks a question whose answer may have any number of frames, and no notice.
async fn show(data_source: &DataSource, question: &Value, request: &Request) {
    let query = question.to_string();
    let query =
        audittrail::query::Query::parse(query.as_bytes(), "", request, data_source.settings.max_events).unwrap();
    let frames = data_source.answer(&query, request).await.unwrap_or_else(|failure| panic!("{question}: {failure}"));
    for frame in &frames {
        assert_eq!(warnings(frame), [""; 0], "{question}");
    }
}

#[tokio::test]
async fn the_same_question_is_fetched_once() {
    let engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    let request = settled();
    let first = ids(&engine.data_source, &json!({}), &request).await;
    is_each_once(&first, &all(&engine.sandbox, &request).await);
    engine.sandbox.reset();
    for _ in 0..3 {
        assert_eq!(ids(&engine.data_source, &json!({}), &request).await, first);
        let counted = ask(&engine.data_source, &count(), &rule(request.clone())).await.unwrap();
        assert_eq!(sum(&counted), first.len());
    }
    assert_eq!(calls(&engine.sandbox), 0, "{:?}", engine.asked("/audit-trail/"));
}

/// The seconds before `to` that the calls fetch.
fn reaches(engine: &Engine, to: i64) -> Vec<i64> {
    let since = |call: &String| {
        let (_, query) = call.split_once('?').unwrap();
        let mut query = url::form_urlencoded::parse(query.as_bytes());
        let (_, after) = query.find(|(name, _)| name == "recorded_after").unwrap();
        (to - nanos(after.parse().unwrap())) / SECOND
    };
    engine.asked("/audit-trail/").iter().map(since).collect()
}

#[tokio::test]
async fn only_provisional_events_are_fetched_again() {
    let settings = json!({ "settlingSeconds": 100 });
    let config = Config { events: EVENTS, ..Config::default() };
    let engine = Engine::with(config, SECRET_KEY, &settings).await;
    let begun = now();
    let first = ids(&engine.data_source, &json!({}), &panel(begun - 8 * DAY, begun)).await;
    tokio::time::sleep(LATER).await;
    engine.sandbox.reset();
    let to = now();
    assert_eq!(ids(&engine.data_source, &json!({}), &panel(to - 8 * DAY + SECOND, to)).await, first);
    let reaches = reaches(&engine, to);
    assert_eq!(reaches.len(), 3, "one call in each region");
    // The first fetch began between the two questions, and the API's bounds are whole seconds, a second wider.
    let between = (to - begun) / SECOND + 3;
    assert!(reaches.iter().all(|reach| (100..=100 + between).contains(reach)), "{reaches:?}, {between} s between");
}

#[tokio::test]
async fn a_refresh_of_a_busy_trail_fetches_the_last_minute() {
    // Some twelve events a second.
    let config = Config { events: 20_000, span: Duration::from_mins(30), ..Config::default() };
    let engine = Engine::with(config, SECRET_KEY, &json!({ "regions": ["fr-par"] })).await;
    let from = now() - HOUR;
    ids(&engine.data_source, &json!({}), &panel(from, now())).await;
    engine.sandbox.reset();
    let mut before = now();
    assert!(ask(&engine.data_source, &count(), &rule(panel(from, now()))).await.is_ok());
    let unsettled = calls(&engine.sandbox);
    for panels in [1, 12] {
        tokio::time::sleep(LATER).await;
        engine.sandbox.reset();
        let new = engine.push("fr-par", Kind::Api, 1, json!({}));
        let (moved, any) = (panel(from, now()), json!({}));
        let answers = join_all((0..panels).map(|_| ids(&engine.data_source, &any, &moved))).await;
        let reaches = reaches(&engine, moved.range.end.nanos());
        // The fetch before began after `before`, and the API's bounds are whole seconds, a second wider. A minute after
        // that fetch, all provisional events are due anyway.
        let between = (moved.range.end.nanos() - before) / SECOND + 3;
        before = moved.range.end.nanos();
        if between < 60 {
            assert!(
                reaches.iter().all(|reach| (60..=60 + between).contains(reach)),
                "{reaches:?}, {between} s between"
            );
        }
        // Two thirds of the unsettled five minutes are left out as long as the questions follow each other closely.
        if between < 20 {
            assert!(
                reaches.len() as u64 * 3 < unsettled,
                "{reaches:?}, and all that has not settled takes {unsettled}"
            );
        }
        let trail = trail_of(&engine.sandbox).await.into_iter().filter(|(_, region, _)| region == "fr-par");
        let whole = trail.map(|(_, _, event)| event["id"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
        assert!(whole.contains(&new));
        for shown in &answers {
            is_each_once(shown, &whole);
        }
    }
}

#[tokio::test]
async fn a_narrower_question_is_answered_from_the_cache() {
    let engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    let whole = settled();
    ids(&engine.data_source, &json!({}), &whole).await;
    let user = engine.sandbox.organization().users[0].email.clone();
    let project = engine.sandbox.organization().projects[0].id.clone();
    let ranges = [
        whole.clone(),
        panel(whole.range.start.nanos() + DAY, whole.range.end.nanos() - DAY),
        panel(whole.range.end.nanos() - 3 * DAY, whole.range.end.nanos() - MINUTE),
    ];
    for scope in [
        json!({}),
        json!({ "kinds": ["api"] }),
        json!({ "kinds": ["authentication", "system"] }),
        json!({ "regions": ["nl-ams"] }),
        json!({ "products": ["iam", "instance"] }),
        json!({ "methods": ["CreateServer"] }),
        json!({ "principals": [user] }),
        json!({ "projects": [project] }),
        json!({ "status": ["denied"] }),
        json!({ "status": ["failed"] }),
        json!({ "sourceIps": ["203.0.113.0/24"] }),
        json!({ "resourceTypes": ["instance_server"] }),
        json!({ "text": "delete" }),
    ] {
        for request in &ranges {
            engine.sandbox.reset();
            let cached = ids(&engine.data_source, &scope, request).await;
            assert_eq!(calls(&engine.sandbox), 0, "{scope}: {:?}", engine.asked("/audit-trail/"));
            let read = ids(&engine.empty_data_source(), &scope, request).await;
            assert_eq!(cached, read, "{scope}");
        }
    }
}

#[tokio::test]
async fn a_wider_range_fetches_only_its_missing_part() {
    let engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    let whole = settled();
    let (early, late) = (whole.range.start.nanos() + 3 * DAY, whole.range.end.nanos() - 2 * DAY);
    ids(&engine.data_source, &json!({}), &panel(early, late)).await;
    engine.sandbox.reset();
    is_each_once(&ids(&engine.data_source, &json!({}), &whole).await, &all(&engine.sandbox, &whole).await);
    for call in engine.asked("/combined-events?").iter().filter(|call| call.contains("page_size")) {
        let (_, query) = call.split_once('?').unwrap();
        let bound = |name: &str| {
            let mut query = url::form_urlencoded::parse(query.as_bytes());
            nanos(query.find(|(key, _)| key == name).unwrap().1.parse().unwrap())
        };
        let (after, before) = (bound("recorded_after"), bound("recorded_before"));
        assert!(before <= early + 2 * SECOND || after >= late - 2 * SECOND, "{call}");
    }
}

#[tokio::test]
async fn twelve_panels_cost_as_many_calls_as_one() {
    let config = Config { events: 2_000, latency: Duration::from_millis(20), ..Config::default() };
    // The calls of several workers vary: with one call at a time, they are always the same.
    let engine = Engine::with(config, SECRET_KEY, &json!({ "concurrentCalls": 1 })).await;
    let request = panel(now() - 8 * DAY, now());
    ids(&engine.data_source, &json!({}), &request).await;
    let one = calls(&engine.sandbox);
    assert!(one > 15, "{one}");

    let data_source = engine.empty_data_source();
    engine.sandbox.reset();
    join_all(questions().iter().map(|question| show(&data_source, question, &request))).await;
    assert_eq!(calls(&engine.sandbox), one);

    for _ in 0..3 {
        tokio::time::sleep(LATER).await;
        engine.sandbox.reset();
        let to = now();
        let moved = panel(to - 8 * DAY, to);
        join_all(questions().iter().map(|question| show(&data_source, question, &moved))).await;
        assert_eq!(calls(&engine.sandbox), 3, "one in each region: {:?}", engine.asked("/audit-trail/"));
    }
}

#[tokio::test]
async fn a_filtered_panel_is_complete_where_the_combined_list_is_over_its_limit() {
    let settings = json!({ "regions": ["fr-par"], "maxEvents": 300 });
    let engine = Engine::with(Config { events: 2_000, ..Config::default() }, SECRET_KEY, &settings).await;
    let request = settled();
    let everything = ask(&engine.data_source, &count(), &request).await.unwrap();
    assert!(warnings(&everything)[0].contains("only the newest 300 events were fetched"), "{:?}", notices(&everything));
    let of_everything = calls(&engine.sandbox);
    let denied = json!({ "status": ["denied"] });
    let mut query = list(denied);
    query["limit"] = json!(300);
    let part = ask(&engine.data_source, &query, &request).await.unwrap();
    assert_eq!(warnings(&part), [""; 0]);
    let time = |event: &Value| nanos(event["recorded_at"].as_str().unwrap().parse::<DateTime<chrono::Utc>>().unwrap());
    let trail = trail_of(&engine.sandbox).await.into_iter().filter(|(_, region, event)| {
        region == "fr-par"
            && (request.range.start.nanos()..request.range.end.nanos()).contains(&time(event))
            && [json!(401), json!(403)].contains(&event["status_code"])
    });
    let expected: BTreeSet<String> = trail.map(|(_, _, event)| event["id"].as_str().unwrap().to_owned()).collect();
    is_each_once(&texts(&part, "id"), &expected);
    assert!(calls(&engine.sandbox) > of_everything, "older events of the part are fetched by themselves");
}

#[tokio::test]
async fn panels_of_parts_share_one_fetch() {
    let parts = || {
        ["iam", "instance", "vpc", "rdb", "load-balancer", "kubernetes"]
            .map(|product| json!({ "queryType": "counts", "scope": { "products": [product] } }))
    };
    let engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    let request = settled();
    show(&engine.data_source, &count(), &request).await;
    let everything = calls(&engine.sandbox);
    let data_source = engine.empty_data_source();
    engine.sandbox.reset();
    join_all(parts().iter().map(|part| show(&data_source, part, &request))).await;
    // Workers start as pages arrive: one or two more or fewer.
    let asked = calls(&engine.sandbox);
    assert!(asked <= everything + 3, "{asked} calls, and everything costs {everything}");
}

#[tokio::test]
async fn a_refresh_of_a_quiet_trail_shows_late_events() {
    let engine = Engine::start(Config { events: 100, ..Config::default() }).await;
    let mut shown = ids(&engine.data_source, &json!({}), &panel(now() - 8 * DAY, now())).await;
    for (region, seconds) in [("fr-par", 250), ("nl-ams", 120), ("fr-par", 3), ("pl-waw", 240)] {
        shown.push(engine.push(region, Kind::Api, seconds, json!({})));
        tokio::time::sleep(LATER).await;
        let refreshed = ids(&engine.data_source, &json!({}), &panel(now() - 8 * DAY, now())).await;
        is_each_once(&refreshed, &shown.iter().cloned().collect());
    }
}

#[tokio::test]
async fn events_between_two_requests_are_in_the_second_answer() {
    let engine =
        Engine::with(Config { events: 0, ..Config::default() }, SECRET_KEY, &json!({ "settlingSeconds": 1 })).await;
    let mut happened = BTreeSet::new();
    for _ in 0..4 {
        let to = now();
        let shown = ids(&engine.data_source, &json!({}), &panel(to - DAY, to)).await;
        is_each_once(&shown, &happened);
        // Older than the last question's end, and visible before that had settled.
        happened.insert(engine.push("fr-par", Kind::Api, 0, json!({})));
        tokio::time::sleep(LATER + LATER).await;
    }
}

#[tokio::test]
async fn a_rule_counts_events_of_the_moment_before() {
    let engine = Engine::empty().await;
    for happened in 1..=5 {
        let ever = || panel(now() - DAY, now() + SECOND);
        ids(&engine.data_source, &json!({}), &ever()).await;
        engine.push("fr-par", Kind::Api, 0, json!({}));
        let counted = ask(&engine.data_source, &count(), &rule(ever())).await.unwrap();
        assert_eq!(sum(&counted), happened);
    }
}

#[tokio::test]
async fn a_rule_does_not_share_a_fetch_that_began_before_it_asked() {
    // The answer has the events at the time of the call; it arrives in two halves.
    let faults = vec![Fault::Stall.first(3).on(Endpoint::CombinedEvents)];
    let config = Config { events: 0, faults, stall: Duration::from_millis(600), ..Config::default() };
    let engine = Arc::new(Engine::start(config).await);
    let ever = panel(now() - DAY, now() + 10 * SECOND);
    let looking = look(&engine, &ever);
    until(|| calls(&engine.sandbox) == 3, "one call in each region").await;
    engine.push("fr-par", Kind::Api, 0, json!({}));
    let counted = ask(&engine.data_source, &count(), &rule(ever)).await.unwrap();
    assert_eq!(sum(&counted), 1);
    looking.await.unwrap();
}

#[tokio::test]
async fn rules_of_the_same_tick_share_a_fetch() {
    let mut engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    // However long a loaded machine takes to start all four, they are of one tick.
    limit(&mut engine.data_source, Limits { tick: Duration::from_secs(1), ..Limits::default() });
    let request = panel(now() - HOUR, now());
    ids(&engine.data_source, &json!({}), &request).await;
    engine.sandbox.reset();
    let rules = ["iam", "instance", "vpc", "rdb"].map(|product| {
        let (engine, request) = (&engine, rule(request.clone()));
        async move {
            let mut question = count();
            question["scope"] = json!({ "products": [product] });
            ask(&engine.data_source, &question, &request).await.unwrap()
        }
    });
    join_all(rules).await;
    assert!(calls(&engine.sandbox) <= 3, "one in each region: {:?}", engine.asked("/audit-trail/"));
}

/// An organization with a slow API.
async fn slow(settings: Value) -> Arc<Engine> {
    let config = Config { events: 2_000, latency: Duration::from_millis(100), ..Config::default() };
    Arc::new(Engine::with(config, SECRET_KEY, &settings).await)
}

fn look(engine: &Arc<Engine>, request: &Request) -> tokio::task::JoinHandle<Vec<String>> {
    let (engine, request) = (Arc::clone(engine), request.clone());
    tokio::spawn(async move { ids(&engine.data_source, &json!({}), &request).await })
}

#[tokio::test]
async fn a_cancelled_request_does_not_end_a_shared_fetch() {
    let engine = slow(json!({ "concurrentCalls": 2 })).await;
    let request = settled();
    let whole = all(&engine.sandbox, &request).await;
    engine.sandbox.reset();
    let (first, second, third) = (look(&engine, &request), look(&engine, &request), look(&engine, &request));
    until(|| calls(&engine.sandbox) > 3, "the fetch is under way").await;
    first.abort();
    third.abort();
    is_each_once(&second.await.unwrap(), &whole);
    // No page was fetched twice: the cost of the whole, and a page more for each halved interval.
    assert!(calls(&engine.sandbox) < 40, "{} calls", calls(&engine.sandbox));
}

#[tokio::test]
async fn cancelling_all_requests_ends_the_fetch_and_caches_no_partial_segment() {
    let engine = slow(json!({ "concurrentCalls": 2 })).await;
    let request = settled();
    let whole = all(&engine.sandbox, &request).await;
    engine.sandbox.reset();
    let looking = [look(&engine, &request), look(&engine, &request)];
    until(|| calls(&engine.sandbox) > 3, "the fetch is under way").await;
    looking.iter().for_each(tokio::task::JoinHandle::abort);
    let after = steady(|| calls(&engine.sandbox)).await;
    assert!(after < 20, "{after} calls, although nothing waits for the answer");
    is_each_once(&ids(&engine.data_source, &json!({}), &request).await, &whole);
}

#[tokio::test]
async fn a_fast_clock_settles_no_events_of_scaleways_future() {
    let present = || chrono::Utc::now() - chrono::Duration::hours(1);
    let happened = Arc::new(std::sync::Mutex::new(vec![present()]));
    let shown = Arc::clone(&happened);
    let url = common::api(move |asked| {
        let events = |(id, at): (usize, &DateTime<chrono::Utc>)| {
            json!({ "api": { "id": format!("{id:08}-0000-4000-8000-000000000001"), "recorded_at": at, "status_code": 200 } })
        };
        let events: Vec<Value> = shown.lock().unwrap().iter().enumerate().map(events).rev().collect();
        let events = if asked.target.contains("fr-par/combined-events") { events } else { Vec::new() };
        let answer = common::Answer::json("200 OK", json!({ "events": events }).to_string());
        let date = format!("date: {}", present().to_rfc2822());
        common::Answer { headers: [answer.headers, date].join("\r\n"), ..answer }
    })
    .await;
    let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"] }));
    let look = async || sum(&ask(&data_source, &list(json!({})), &rule(panel(now() - DAY, now()))).await.unwrap());
    assert_eq!(look().await, 1);
    happened.lock().unwrap().push(present());
    assert_eq!(look().await, 2);
}

#[tokio::test]
async fn a_request_with_a_later_deadline_outlives_the_timeout_of_a_shared_fetch() {
    let settings = json!({ "queryTimeoutSeconds": 8, "regions": ["fr-par"] });
    let engine = Arc::new(Engine::with(Config { events: 300, ..Config::default() }, SECRET_KEY, &settings).await);
    let request = settled();
    let start = Instant::now();
    engine.sandbox.set_faults([Fault::Stall.first(1).on(Endpoint::CombinedEvents)]);
    let first = {
        let (engine, request) = (Arc::clone(&engine), request.clone());
        tokio::spawn(async move { ask(&engine.data_source, &list(json!({})), &request).await })
    };
    tokio::time::sleep(Duration::from_secs(5)).await;
    let second = ids(&engine.data_source, &json!({}), &request).await;
    assert!(first.await.unwrap().is_err(), "the only call stalls");
    assert!(start.elapsed() >= Duration::from_secs(8), "{:?}", start.elapsed());
    let fr_par = trail_of(&engine.sandbox).await.into_iter().filter(|(_, region, _)| region == "fr-par").count();
    assert!(second.len() > fr_par / 2, "{} of {fr_par}", second.len());
}

#[tokio::test]
async fn only_the_failed_region_is_fetched_again() {
    let engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    let request = settled();
    let whole = all(&engine.sandbox, &request).await;
    engine.sandbox.set_faults([Fault::Unavailable.always().in_region("nl-ams")]);
    for _ in 0..2 {
        let frame = ask(&engine.data_source, &list(json!({})), &request).await.unwrap();
        assert_eq!(
            warnings(&frame),
            ["region nl-ams, combined events: Scaleway answers HTTP 503: service unavailable"]
        );
        assert!(ask(&engine.data_source, &count(), &rule(request.clone())).await.is_err());
    }
    engine.sandbox.set_faults([]);
    engine.sandbox.reset();
    is_each_once(&ids(&engine.data_source, &json!({}), &request).await, &whole);
    assert_eq!((engine.asked("/regions/fr-par/").len(), engine.asked("/regions/pl-waw/").len()), (0, 0));
    assert!(!engine.asked("/regions/nl-ams/").is_empty());
}

#[tokio::test]
async fn a_failed_fetch_caches_no_partial_segment() {
    for fault in [Fault::Unavailable, Fault::TooManyRequests, Fault::HtmlPage, Fault::Stall] {
        let settings = json!({ "callTimeoutSeconds": 1, "queryTimeoutSeconds": 2 });
        let mut engine = Engine::with(Config { events: 2_000, ..Config::default() }, SECRET_KEY, &settings).await;
        let request = settled();
        let whole = all(&engine.sandbox, &request).await;
        // Some pages come, and the rest never does.
        engine.sandbox.set_faults([
            fault.every(2).on(Endpoint::CombinedEvents),
            fault.every(3).on(Endpoint::CombinedEvents),
            fault.every(5).on(Endpoint::CombinedEvents),
        ]);
        let broken =
            tokio::time::timeout(Duration::from_millis(300), ask(&engine.data_source, &list(json!({})), &request))
                .await;
        drop(broken);
        let shown = ask(&engine.data_source, &list(json!({})), &request).await;
        if let Ok(frame) = shown {
            let shown = texts(&frame, "id");
            assert_eq!(shown.len(), set(&shown).len(), "{fault}: an event is shown twice");
            assert!(shown.len() == whole.len() || !warnings(&frame).is_empty(), "{fault}: {} events", shown.len());
        }
        engine.sandbox.set_faults([]);
        engine.data_source.settings.query_timeout = Duration::from_mins(10);
        is_each_once(&ids(&engine.data_source, &json!({}), &request).await, &whole);
    }
}

#[tokio::test]
async fn another_key_sees_no_cached_event() {
    let keys = vec![(OTHER_KEY.to_owned(), Grant::Full)];
    let sandbox = common::organization(Config { events: EVENTS, keys, ..Config::default() }).await;
    let host = common::plugin().await;
    let range = (settled().range.start.nanos() / 1_000_000, settled().range.end.nanos() / 1_000_000);
    let asked = async |key: &str| {
        sandbox.reset();
        let answer = host.query(&common::source(&sandbox, key), &[Ask::new("A", count(), range)], &[]).await.unwrap();
        assert_eq!(answer["A"].error, "");
        calls(&sandbox)
    };
    let cold = asked(SECRET_KEY).await;
    assert!(cold > 3);
    assert_eq!(asked(SECRET_KEY).await, 0);
    assert!(asked(OTHER_KEY).await > 3);
    assert_eq!(asked(OTHER_KEY).await, 0);
    assert!(asked(SECRET_KEY).await > 3, "the first key's cache is dropped");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn answers_are_complete_with_little_memory() {
    let sandbox = common::organization(Config { events: 20_000, ..Config::default() }).await;
    let host = common::plugin().await;
    let (small, large) = (
        common::source(&sandbox, SECRET_KEY).with("maxMemoryMiB", "1"),
        common::source(&sandbox, SECRET_KEY).with("maxMemoryMiB", 64),
    );
    let (whole, mut counts) = (settled(), [Vec::new(), Vec::new()]);
    let ranges = [(8, 0), (8, 4), (4, 0), (6, 2), (8, 0)]
        .map(|(from, to)| (whole.range.end.nanos() - from * DAY, whole.range.end.nanos() - to * DAY));
    for (source, counts) in [large, small].iter().zip(&mut counts) {
        for (from, to) in ranges {
            let question = json!({ "queryType": "counts", "over": "total", "groupBy": ["kind", "region"] });
            let ask = Ask::new("A", question, (from / 1_000_000, to / 1_000_000));
            let frame = host.frame(source, ask, &[]).await.unwrap();
            assert_eq!(frame.notices(), [""; 0]);
            counts.push(frame.batch);
            let metrics = host.metrics().await.unwrap();
            let cached = metrics.lines().find_map(|line| line.strip_prefix("audittrail_cache_bytes ")).unwrap();
            let most = if source.json_data["maxMemoryMiB"] == "1" { 1 << 20 } else { 64 << 20 };
            let cached: f64 = cached.parse().unwrap();
            assert!(cached <= f64::from(most), "{cached} bytes are cached");
        }
    }
    assert_eq!(counts[0], counts[1]);
    host.stop().await.unwrap();
}

/// The files of cached events below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries(folder).flat_map(|trail| entries(&trail).collect::<Vec<_>>()).collect();
    files.sort();
    files
}

/// The intervals that the files of one list cover without a gap, oldest first. A file is named `<list>_<from>_<to>.segment`.
fn covered(files: &[PathBuf]) -> BTreeMap<(PathBuf, String), Vec<Range<i64>>> {
    let mut lists: BTreeMap<_, Vec<Range<i64>>> = BTreeMap::new();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let Some(name) = name.strip_suffix(".segment") else { continue };
        let [list, from, to] = name.split('_').collect::<Vec<_>>()[..] else { panic!("{name}") };
        let key = (file.parent().unwrap().to_owned(), list.to_owned());
        lists.entry(key).or_default().push(from.parse().unwrap()..to.parse().unwrap());
    }
    for intervals in lists.values_mut() {
        intervals.sort_by_key(|interval| interval.start);
        let sorted = std::mem::take(intervals);
        for next in sorted {
            match intervals.last_mut().filter(|last| last.end >= next.start) {
                Some(last) => last.end = last.end.max(next.end),
                None => intervals.push(next),
            }
        }
    }
    lists
}

/// Waits until files cover the request's range in at least so many lists.
async fn written(folder: &Path, request: &Request, lists: usize) -> Vec<PathBuf> {
    let covers = |interval: &Range<i64>| {
        interval.start <= request.range.start.nanos() && request.range.end.nanos() <= interval.end
    };
    let written = || covered(&files(folder)).values().filter(|intervals| intervals.iter().any(covers)).count() >= lists;
    until(written, "the files are written").await;
    files(folder)
}

/// An organization, and a cache directory with the segments of a range.
struct OnDisk {
    engine: Engine,
    folder: tempfile::TempDir,
    request: Request,
    ids: Vec<String>,
}

impl OnDisk {
    async fn new() -> Self {
        let keys = vec![(OTHER_KEY.to_owned(), Grant::Full)];
        let folder = tempfile::tempdir().unwrap();
        let config = Config { events: EVENTS, keys, ..Config::default() };
        // The plugin creates the folder when it is first needed.
        let settings = json!({ "cacheDirectory": folder.path().join("cache") });
        let engine = Engine::with(config, SECRET_KEY, &settings).await;
        let request = settled();
        let ids = ids(&engine.data_source, &json!({}), &request).await;
        let stored = Self { engine, folder, request, ids };
        written(&stored.path(), &stored.request, 3).await;
        stored.engine.sandbox.reset();
        stored
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// The answer of a new process, and the number of its calls.
    async fn restarted(&self, key: &str) -> (Vec<String>, u64) {
        self.engine.sandbox.reset();
        let data_source = data_source(&self.engine.sandbox.url(), key, &json!({ "cacheDirectory": self.path() }));
        let ids = ids(&data_source, &json!({}), &self.request).await;
        (ids, calls(&self.engine.sandbox))
    }
}

#[tokio::test]
async fn the_cache_directory_serves_settled_segments_to_the_next_process() {
    let stored = OnDisk::new().await;
    assert_eq!(stored.restarted(SECRET_KEY).await, (stored.ids.clone(), 0));
    // Two replicas may read at the same time.
    let (one, two) = tokio::join!(stored.restarted(SECRET_KEY), stored.restarted(SECRET_KEY));
    assert_eq!((one, two), ((stored.ids.clone(), 0), (stored.ids.clone(), 0)));
    let narrow = json!({ "products": ["iam"] });
    let restarted = data_source(&stored.engine.sandbox.url(), SECRET_KEY, &json!({ "cacheDirectory": stored.path() }));
    assert_eq!(
        ids(&restarted, &narrow, &stored.request).await,
        ids(&stored.engine.empty_data_source(), &narrow, &stored.request).await
    );
    assert_eq!(calls(&stored.engine.sandbox), 0);
}

#[tokio::test]
async fn a_restarted_plugin_loads_the_cache_directory() {
    let sandbox = common::organization(Config { events: EVENTS, ..Config::default() }).await;
    let folder = tempfile::tempdir().unwrap();
    let source =
        common::source(&sandbox, SECRET_KEY).with("cacheDirectory", folder.path().to_string_lossy().into_owned());
    let (from, to) = (settled().range.start.nanos() / 1_000_000, settled().range.end.nanos() / 1_000_000);
    let whole = panel(from * 1_000_000, to * 1_000_000);
    let mut answers = Vec::new();
    for calls_needed in [true, false] {
        let host = common::plugin().await;
        sandbox.reset();
        let answer =
            host.query(&source, &[Ask::new("A", count(), (from, to))], &[]).await.unwrap().remove("A").unwrap();
        assert_eq!(answer.error, "");
        assert_eq!(calls(&sandbox) > 0, calls_needed);
        answers.push(answer.frames);
        written(folder.path(), &whole, REGIONS.len()).await;
        host.stop().await.unwrap();
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn events_from_the_cache_directory_equal_fetched_ones() {
    let stored = OnDisk::new().await;
    let url = stored.engine.sandbox.url();
    let (kept, fresh) = (
        data_source(&url, SECRET_KEY, &json!({ "cacheDirectory": stored.path() })),
        data_source(&url, SECRET_KEY, &json!({})),
    );
    for question in questions().iter().filter(|question| question["queryType"] != "volume") {
        let shown = ask(&kept, question, &stored.request).await.unwrap();
        let read = ask(&fresh, question, &stored.request).await.unwrap();
        assert_eq!(shown.to_arrow("A").unwrap(), read.to_arrow("A").unwrap(), "{question}");
    }
}

#[tokio::test]
async fn the_cache_directory_is_private_and_names_no_key() {
    let stored = OnDisk::new().await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let files = files(&stored.path());
    for file in &files {
        assert_eq!((mode(file), mode(file.parent().unwrap())), (0o600, 0o700), "{}", file.display());
        let bytes = fs::read(file).unwrap();
        let tells = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!tells(SECRET_KEY) && !file.to_string_lossy().contains(SECRET_KEY), "{}", file.display());
    }
}

#[tokio::test]
async fn another_key_loads_no_file_of_the_cache_directory() {
    let stored = OnDisk::new().await;
    let (ids, calls) = stored.restarted(OTHER_KEY).await;
    assert_eq!(ids, stored.ids);
    assert!(calls > 3, "{calls} calls");
    let trails: BTreeSet<PathBuf> = written(&stored.path(), &stored.request, 6)
        .await
        .iter()
        .map(|file| file.parent().unwrap().to_owned())
        .collect();
    assert_eq!(trails.len(), 2, "each key has a folder of its own");
}

#[tokio::test]
async fn a_damaged_file_is_removed_and_its_interval_fetched_again() {
    let stored = OnDisk::new().await;
    let whole: Vec<(PathBuf, Vec<u8>)> =
        files(&stored.path()).into_iter().map(|file| (file.clone(), fs::read(&file).unwrap())).collect();
    let (largest, bytes) = whole.iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();
    let flipped = |place: usize| {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0x10;
        bytes
    };
    let damages = [
        Vec::new(),
        bytes[..10].to_vec(),
        bytes[..bytes.len() / 2].to_vec(),
        bytes[..bytes.len() - 1].to_vec(),
        flipped(0),
        flipped(20),
        flipped(60),
        flipped(bytes.len() / 2),
        flipped(bytes.len() - 1),
        [bytes, &b"more"[..]].concat(),
        vec![0; bytes.len()],
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        for file in files(&stored.path()) {
            fs::remove_file(file).unwrap();
        }
        for (file, bytes) in &whole {
            fs::write(file, if file == largest { damage.as_slice() } else { bytes }).unwrap();
        }
        stored.engine.sandbox.reset();
        let restarted =
            data_source(&stored.engine.sandbox.url(), SECRET_KEY, &json!({ "cacheDirectory": stored.path() }));
        assert_eq!(ids(&restarted, &json!({}), &stored.request).await, stored.ids, "damage {number}");
        assert_ne!(fs::read(largest).ok(), Some(damage), "damage {number}: the file is still there");
        assert!(calls(&stored.engine.sandbox) > 0, "damage {number}: the file was loaded");
        // An interval that is fetched again may be one file where it was several: the files cover it all the same.
        written(&stored.path(), &stored.request, 3).await;
        assert_eq!(stored.restarted(SECRET_KEY).await, (stored.ids.clone(), 0), "damage {number}");
    }
}

#[tokio::test]
async fn replicas_that_write_at_the_same_time_lose_no_segment() {
    let engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    let folder = tempfile::tempdir().unwrap();
    let replica = || data_source(&engine.sandbox.url(), SECRET_KEY, &json!({ "cacheDirectory": folder.path() }));
    let (one, two, three) = (replica(), replica(), replica());
    let whole = settled();
    let middle = whole.range.start.nanos() + (whole.range.end.nanos() - whole.range.start.nanos()) / 2;
    let newer = panel(middle, whole.range.end.nanos());
    let older = panel(whole.range.start.nanos(), middle);
    let any = json!({});
    tokio::join!(ids(&one, &any, &newer), ids(&two, &any, &older), ids(&three, &any, &whole));
    written(folder.path(), &whole, 3).await;
    let expected = all(&engine.sandbox, &whole).await;
    engine.sandbox.reset();
    is_each_once(&ids(&replica(), &any, &whole).await, &expected);
    assert_eq!(calls(&engine.sandbox), 0, "what one of them wrote is there");
}

#[tokio::test]
async fn files_older_than_scaleways_retention_are_removed() {
    let stored = OnDisk::new().await;
    let day = |days: i64| (chrono::Utc::now() - chrono::Duration::days(days)).timestamp_nanos_opt().unwrap();
    let trail = files(&stored.path())[0].parent().unwrap().to_owned();
    let former = stored.path().join("0123456789abcdef0123456789abcdef");
    fs::create_dir(&former).unwrap();
    let named = |from: i64, to: i64, ending: &str| format!("0123456789abcdef_{from}_{to}.{ending}");
    let (cached, foreign) = (named(day(120), day(91), "segment"), trail.join(named(day(120), day(91), "txt")));
    let (newest, before) = (files(&stored.path())[0].clone(), files(&stored.path()).len());
    let old = [trail.join(&cached), former.join(&cached)];
    for file in old.iter().chain([&foreign]) {
        fs::copy(&newest, file).unwrap();
    }
    assert_eq!(stored.restarted(SECRET_KEY).await, (stored.ids.clone(), 0));
    assert!(old.iter().all(|file| !file.exists()), "a former key's go too");
    assert!(foreign.exists(), "what is not ours stays");
    // The file of an interval that ends within the retention stays.
    let partly = trail.join(named(day(120), day(89), "segment"));
    fs::copy(&newest, &partly).unwrap();
    assert_eq!(stored.restarted(SECRET_KEY).await, (stored.ids.clone(), 0));
    assert!(partly.exists());
    assert_eq!(files(&stored.path()).len(), before + 2);
}

#[tokio::test]
async fn an_unusable_cache_directory_costs_no_answer() {
    let engine = Engine::start(Config { events: 100, ..Config::default() }).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let data_source = data_source(&engine.sandbox.url(), SECRET_KEY, &json!({ "cacheDirectory": file.path() }));
    let request = settled();
    is_each_once(&ids(&data_source, &json!({}), &request).await, &all(&engine.sandbox, &request).await);
}

#[tokio::test]
async fn a_trail_with_a_rate_limit_is_fetched_completely() {
    let config = Config { events: 1_500, ..Config::default() };
    let request = settled();
    // Of the same seed and time, the same organization.
    let whole = all(&common::organization(config.clone()).await, &request).await;
    let limited = Config { rate_limit: Some(4.0), latency: Duration::from_millis(5), ..config };
    let engine = Engine::start(limited).await;
    is_each_once(&ids(&engine.data_source, &json!({}), &request).await, &whole);
    assert!(engine.sandbox.calls().answered(429) > 0, "the limit was never met");
    let counted = ask(&engine.data_source, &count(), &rule(request)).await.unwrap();
    assert_eq!(sum(&counted), whole.len());
}

#[tokio::test]
async fn several_workers_fetch_a_dense_trail_and_each_event_is_shown_once() {
    let config = Config { events: 20_000, latency: Duration::from_millis(5), ..Config::default() };
    let engine = Engine::with(config, SECRET_KEY, &json!({ "concurrentCalls": 6 })).await;
    let request = panel(now() - 8 * DAY, now());
    let whole = all(&engine.sandbox, &request).await;
    assert!(whole.len() > 19_990, "{}", whole.len());
    engine.sandbox.reset();
    is_each_once(&ids(&engine.data_source, &json!({}), &request).await, &whole);
    let asked = engine.sandbox.calls();
    assert!((3..=6).contains(&asked.most_at_once), "{} calls at once", asked.most_at_once);
    // A page for each hundred events, and one more for each halved interval.
    assert!((200..260).contains(&calls(&engine.sandbox)), "{} calls", calls(&engine.sandbox));
}

#[tokio::test]
async fn concurrent_calls_stay_within_the_setting() {
    for most in [1, 2, 5] {
        let config = Config { events: 3_000, latency: Duration::from_millis(10), ..Config::default() };
        let engine = Engine::with(config, SECRET_KEY, &json!({ "concurrentCalls": most })).await;
        show(&engine.data_source, &count(), &settled()).await;
        let at_once = engine.sandbox.calls().most_at_once;
        assert!(at_once <= most && (most == 1 || at_once > 1), "{at_once} calls at once where {most} are allowed");
    }
}

#[tokio::test]
async fn a_range_up_to_now_by_several_workers_is_one_answer() {
    // All events are provisional.
    let (span, latency) = (Duration::from_hours(6), Duration::from_millis(30));
    let config = Config { events: 5_000, span, latency, ..Config::default() };
    let settings = json!({ "settlingSeconds": 86_400, "concurrentCalls": 32 });
    let engine = Engine::with(config, SECRET_KEY, &settings).await;
    let request = panel(now() - 7 * HOUR, now());
    let whole = all(&engine.sandbox, &request).await;
    engine.sandbox.reset();
    is_each_once(&ids(&engine.data_source, &json!({}), &request).await, &whole);
    let cold = calls(&engine.sandbox);
    assert!((50..90).contains(&cold), "{cold} calls");
    // A panel a moment later shares the fetch; a rule has to fetch again.
    assert_eq!(
        ids(&engine.data_source, &json!({ "kinds": ["api", "authentication", "system"] }), &request).await.len(),
        whole.len()
    );
    assert_eq!(calls(&engine.sandbox), cold);
    assert_eq!(sum(&ask(&engine.data_source, &count(), &rule(request.clone())).await.unwrap()), whole.len());
    let both = calls(&engine.sandbox);
    assert!(both < 2 * cold + 20, "{both} calls, of which the first fetch took {cold}");
}

#[tokio::test]
async fn a_small_part_of_a_dense_trail_is_fetched_alone() {
    let engine = Engine::start(Config { events: 20_000, ..Config::default() }).await;
    let request = settled();
    // The newest events, and more than a page of one nanosecond.
    let rare = || json!({ "product_name": "account", "method_name": "CreateGDPRRequest" });
    let rare = (0..250).map(|_| engine::event(Kind::Api, "fr-par", request.range.end.nanos() - 1, rare()));
    engine.sandbox.push("fr-par", Kind::Api, rare.map(|event| event.to_string())).unwrap();
    // On a Sunday all of a smaller region may cost no more than the part.
    let scope = json!({ "kinds": ["api"], "regions": ["fr-par"], "methods": ["createGdprRequest"] });
    let shown = ids(&engine.data_source, &scope, &request).await;
    assert_eq!((shown.len(), set(&shown).len()), (250, 250));
    assert!(!engine.asked("method_name=CreateGDPRRequest").is_empty());
    let asked = calls(&engine.sandbox);
    // Of a region with few events, all are read instead.
    assert!(asked <= 24, "{asked} calls, and everything has 200 pages");
    // It answers a narrower range, and not the combined list.
    engine.sandbox.reset();
    assert_eq!(
        ids(&engine.data_source, &scope, &panel(request.range.start.nanos() + DAY, request.range.end.nanos())).await,
        shown
    );
    assert_eq!(
        ids(&engine.data_source, &scope, &panel(request.range.start.nanos(), request.range.end.nanos() - 1)).await,
        [""; 0]
    );
    assert_eq!(calls(&engine.sandbox), 0);
    is_each_once(&ids(&engine.data_source, &json!({}), &request).await, &all(&engine.sandbox, &request).await);
}

/// An API that lists these events, newest first, and refuses pages larger than `most`; its bounds are inclusive.
async fn pages(events: Vec<(i64, String)>, most: usize) -> String {
    let mut events = events;
    events.sort_by(|a, b| b.cmp(a));
    let page = move |path: &str, _| {
        let query = path.split_once('?').map_or("", |(_, query)| query).to_owned();
        let get = |name: &str| {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        if path.contains("/iam/") {
            let list = if path.contains("users") { "users" } else { "applications" };
            return ("200 OK", JSON, format!(r#"{{"{list}":[], "total_count":0}}"#));
        }
        let size: usize = get("page_size").map_or(most, |size| size.parse().unwrap());
        if size > most {
            let details = json!([{ "argument_name": "page_size", "reason": "constraint" }]);
            let refusal = json!({ "type": "invalid_arguments", "message": "invalid argument(s)", "details": details });
            return ("400 Bad Request", JSON, refusal.to_string());
        }
        let bound = |name: &str| nanos(get(name).unwrap().parse().unwrap());
        let bounds = bound("recorded_after")..=bound("recorded_before");
        let start: usize = get("page_token").map_or(0, |token| token.parse().unwrap());
        let rest: Vec<&(i64, String)> = events.iter().filter(|(at, _)| bounds.contains(at)).skip(start).collect();
        let items = rest.iter().take(size);
        let items: Vec<Value> = items
            .map(|(at, id)| json!({ "api": engine::event(Kind::Api, "fr-par", *at, json!({ "id": id })) }))
            .collect();
        let next = (rest.len() > size).then(|| (start + size).to_string());
        ("200 OK", JSON, json!({ "events": items, "next_page_token": next }).to_string())
    };
    scripted(page).await.0
}

#[tokio::test]
async fn each_event_is_shown_once_with_any_page_size() {
    let start = settled().range.end.nanos() / SECOND * SECOND - DAY;
    let events: Vec<(i64, String)> =
        (0..230).map(|place| (start + place / 3 * 20 * SECOND, format!("event {place:03}"))).collect();
    let whole = events.iter().map(|(_, id)| id.clone()).collect();
    for most in [1, 4, 5, 10, 19, 20, 50, 99, 100] {
        let data_source =
            data_source(&pages(events.clone(), most).await, SECRET_KEY, &json!({ "regions": ["fr-par"] }));
        is_each_once(&ids(&data_source, &json!({}), &panel(start, start + 3 * HOUR)).await, &whole);
    }
}

#[tokio::test]
async fn events_of_one_nanosecond_are_shown_once_wherever_an_interval_is_halved() {
    let start = settled().range.end.nanos() / SECOND * SECOND - DAY;
    // Several at every second and half second: halves begin at these very times, and pages end within a tie.
    let events: Vec<(i64, String)> =
        (0..4_200).map(|place| (start + place / 7 * SECOND / 2, format!("event {place:04}"))).collect();
    let whole: BTreeSet<String> = events.iter().map(|(_, id)| id.clone()).collect();
    let url = pages(events, 20).await;
    for seconds in [300, 512, 1_024] {
        let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"], "concurrentCalls": 8 }));
        is_each_once(&ids(&data_source, &json!({}), &panel(start, start + seconds * SECOND)).await, &whole);
    }
}

#[tokio::test]
async fn a_malformed_event_outside_the_range_leaves_the_answer_complete() {
    let config = Config { events: EVENTS, ..Config::default() };
    let engine = Engine::with(config, SECRET_KEY, &json!({ "concurrentCalls": 1 })).await;
    let request = settled();
    engine.sandbox.set_faults([Fault::MissingTime.first(1).on(Endpoint::CombinedEvents).in_region("fr-par")]);
    let frame = ask(&engine.data_source, &list(json!({})), &request).await.unwrap();
    // The malformed event is on the first page, with the newest events.
    assert!(warnings(&frame)[0].contains("1 malformed events were left out"), "{:?}", notices(&frame));
    for _ in 0..2 {
        let again = ask(&engine.data_source, &list(json!({})), &request).await.unwrap();
        assert_eq!(warnings(&again), warnings(&frame), "it is still missing");
    }
    let early = panel(request.range.start.nanos(), request.range.end.nanos() - 5 * DAY);
    is_each_once(&ids(&engine.data_source, &json!({}), &early).await, &all(&engine.sandbox, &early).await);
    let counted = ask(&engine.data_source, &count(), &rule(early.clone())).await;
    assert_eq!(sum(&counted.unwrap()), all(&engine.sandbox, &early).await.len());
}

#[tokio::test]
async fn a_malformed_event_of_another_kind_leaves_the_answer_complete() {
    let engine = Engine::start(Config { events: 0, ..Config::default() }).await;
    engine.push("fr-par", Kind::Api, 4_000, json!({}));
    engine.push("fr-par", Kind::System, 4_001, json!({ "product_name": "rdb" }));
    engine.sandbox.set_faults([Fault::MalformedTime.always().on(Endpoint::CombinedEvents)]);
    let request = settled();
    let everything = ask(&engine.data_source, &list(json!({})), &request).await.unwrap();
    assert!(!warnings(&everything).is_empty());
    for scope in [json!({ "kinds": ["api"] }), json!({ "kinds": ["system"] })] {
        assert_eq!(ids(&engine.data_source, &scope, &request).await.len(), 1, "{scope}");
    }
}
