//! What users see of Scaleway's oddities and failures: one test per oddity of the API, one per fault.
#![cfg(feature = "terminal")]

mod engine;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use audittrail::event::{Column, Long};
use audittrail::frame::Frame;
use audittrail::query::{Failure, Query, Request, error};
use audittrail::sandbox::{
    Config, Endpoint, Fault, FaultPlan, KEY_FOR_THE_TRAIL_ALONE, KEY_STILL_PROPAGATING, KEY_WITHOUT_AUDIT_TRAIL,
    KEY_WITHOUT_IAM, Kind, SECRET_KEY,
};
use audittrail::scaleway::audit_trail;
use audittrail::time::Interval;
use chrono::SubsecRound;
use engine::{
    Engine, JSON, SECOND, ask, data_source, list, nanos, notices, panel, rule, scripted, set, sum, texts, times,
    trail_of, warnings,
};
use serde_json::{Value, json};

/// Enough for several pages in fr-par and one or two elsewhere.
const EVENTS: usize = 600;

/// The endpoints whose answers are pages of events.
const LISTS: [Endpoint; 4] =
    [Endpoint::Events, Endpoint::AuthenticationEvents, Endpoint::SystemEvents, Endpoint::CombinedEvents];

fn on_lists(plan: &FaultPlan) -> Vec<FaultPlan> {
    LISTS.iter().map(|list| plan.clone().on(*list)).collect()
}

/// An organization whose lists of events suffer from a fault, and whose IAM does not.
async fn suffering(plan: FaultPlan) -> Engine {
    suffering_with(plan, &json!({})).await
}

async fn suffering_with(plan: FaultPlan, settings: &Value) -> Engine {
    let config = Config { events: EVENTS, faults: on_lists(&plan), ..Config::default() };
    Engine::with(config, SECRET_KEY, settings).await
}

/// The ids of all events, read from an organization that does not suffer.
async fn all_ids(engine: &Engine) -> BTreeSet<String> {
    engine.sandbox.set_faults([]);
    trail_of(&engine.sandbox).await.into_iter().map(|(_, _, event)| event["id"].as_str().unwrap().to_owned()).collect()
}

/// A panel that shows every event once and has no notice, and a rule that counts all of them.
async fn is_complete(plan: FaultPlan) {
    is_complete_with(plan, &json!({})).await;
}

async fn is_complete_with(plan: FaultPlan, settings: &Value) {
    let engine = suffering_with(plan.clone(), settings).await;
    let frame = engine.ask(list(json!({}))).await.unwrap_or_else(|failure| panic!("{plan}: {failure}"));
    assert_eq!(notices(&frame), [""; 0], "{plan}");
    let ids = texts(&frame, "id");
    assert_eq!(ids.len(), set(&ids).len(), "{plan}: an event is shown twice");
    engine.sandbox.reset();
    let count = engine.ask_as_rule(json!({ "queryType": "counts", "over": "total" })).await.expect("a count");
    assert_eq!(sum(&count), EVENTS, "{plan}");
    let all = all_ids(&engine).await;
    assert_eq!(set(&ids), all.iter().map(String::as_str).collect(), "{plan}");
}

/// A panel that shows all but `lost` events with a notice, and a rule that fails for the same reason.
async fn is_partial(plan: FaultPlan, lost: std::ops::RangeInclusive<usize>, why: &str) {
    let engine = suffering(plan.clone()).await;
    let count = json!({ "queryType": "counts", "over": "total" });
    let (shown, counted) = tokio::join!(engine.ask(list(json!({}))), engine.ask_as_rule(count));
    let frame = shown.unwrap_or_else(|failure| panic!("{plan}: {failure}"));
    assert!(warnings(&frame).iter().any(|notice| notice.contains(why)), "{plan}: {:?}", notices(&frame));
    let ids = texts(&frame, "id");
    assert_eq!(ids.len(), set(&ids).len(), "{plan}: an event is shown twice");
    assert!(lost.contains(&(EVENTS - ids.len())), "{plan}: {} of {EVENTS} are shown", ids.len());
    let failure = counted.expect_err("an error");
    assert!(
        failure.message.starts_with("the answer would be incomplete, and an alert rule needs all of it"),
        "{failure}"
    );
    assert!(failure.message.contains(why), "{plan}: {failure}");
}

/// A panel and a rule that both get an error.
async fn fails(plan: FaultPlan, status: u16, why: &str) {
    let engine = suffering(plan.clone()).await;
    let failures: [Result<Frame, Failure>; 2] =
        tokio::join!(engine.ask(list(json!({}))), engine.ask_as_rule(json!({ "queryType": "counts" }))).into();
    for failure in failures {
        let failure = failure.expect_err("an error");
        assert_eq!((failure.status, failure.fault), (status, error::Fault::Downstream), "{plan}: {failure}");
        assert!(failure.message.contains(why), "{plan}: {failure}");
    }
}

#[tokio::test]
async fn without_a_fault_the_answer_is_complete() {
    let engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    let frame = engine.ask(list(json!({}))).await.unwrap();
    assert_eq!((frame.rows(), notices(&frame)), (EVENTS, vec![]));
    // Pages of a hundred, so that a listing of more has several.
    assert!(engine.sandbox.calls().to(Endpoint::CombinedEvents) > 6);
}

#[tokio::test]
async fn an_empty_token_ends_a_list() {
    is_complete(Fault::EmptyToken.always()).await;
}

#[tokio::test]
async fn a_null_token_ends_a_list() {
    is_complete(Fault::NullToken.always()).await;
}

#[tokio::test]
async fn a_repeated_token_ends_a_list_with_a_notice() {
    is_partial(Fault::RepeatingToken.always(), 0..=EVENTS - 300, "repeated a page token").await;
}

#[tokio::test]
async fn a_repeated_token_costs_a_bounded_number_of_calls() {
    // A busy hour's first page may start several workers of two pages each; with one call at a time there is one worker.
    let engine = suffering_with(Fault::RepeatingToken.always(), &json!({ "concurrentCalls": 1 })).await;
    engine.ask(list(json!({ "kinds": ["api"] }))).await.unwrap();
    assert_eq!(engine.asked("/events?").len(), 2 * 3, "two pages in each of three regions");
}

#[tokio::test]
async fn events_that_come_on_two_pages_are_shown_once() {
    is_complete(Fault::DuplicateAcrossPages.always()).await;
}

#[tokio::test]
async fn an_event_in_two_regions_is_shown_once() {
    is_complete(Fault::DuplicateAcrossRegions.always()).await;
}

#[tokio::test]
async fn unknown_values_of_enums_are_shown_as_they_are() {
    is_complete(Fault::UnknownEnum.always()).await;
    let engine = suffering(Fault::UnknownEnum.always()).await;
    let types = engine.ask(json!({ "queryType": "values", "column": "resource_type" })).await.unwrap();
    assert!(texts(&types, "value").contains(&"holographic".to_owned()));
    let table = engine.ask(list(json!({}))).await.unwrap();
    let holographic = texts(&table, "id").into_iter().zip(texts(&table, "resource_type"));
    let holographic: Vec<String> = holographic.filter(|(_, kind)| kind == "holographic").map(|(id, _)| id).collect();
    assert!(!holographic.is_empty());
    let found = engine.ids(json!({ "resourceTypes": ["holographic"] })).await;
    assert!(set(&holographic).is_subset(&set(&found)), "events may have other resources before");
}

#[tokio::test]
async fn an_unknown_result_of_a_log_in_is_neither_success_nor_failure() {
    // Of a page the first event is spoilt: that of the combined list may be of another kind.
    let faults = vec![
        Fault::NotFound.always().on(Endpoint::CombinedEvents),
        Fault::UnknownEnum.always().on(Endpoint::AuthenticationEvents),
    ];
    let engine = Engine::start(Config { events: EVENTS, faults, ..Config::default() }).await;
    let frame = engine.ask(list(json!({ "kinds": ["authentication"] }))).await.unwrap();
    let odd = texts(&frame, "result").iter().position(|result| result == "holographic").expect("an unknown result");
    assert_eq!(texts(&frame, "status_class")[odd], "");
}

#[tokio::test]
async fn unknown_fields_are_ignored() {
    is_complete(Fault::UnknownField.always()).await;
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_read_like_any_other() {
    let config = Config { events: 150, faults: on_lists(&Fault::HugeBody.first(1)), ..Config::default() };
    let engine = Engine::start(config).await;
    let answer = engine.answer(&list(json!({})), &engine.ever()).await;
    let bodies = answer.events.long(Long::RequestBody);
    let longest = (0..answer.events.len()).max_by_key(|row| bodies.value(*row).len()).unwrap();
    assert_eq!(answer.events.len(), 150);
    assert!(bodies.value(longest).len() > 10 << 20, "{}", bodies.value(longest).len());
    assert!(answer.events.text(Column::Method).get(longest).is_some());
}

#[tokio::test]
async fn large_bodies_in_a_row_hide_nothing() {
    // Callers of the API decide the size of a page of the trail.
    let engine = Engine::empty().await;
    for second in 0..8 {
        let fields = json!({ "request_body": { "padding": "x".repeat(10 << 20) } });
        engine.push("fr-par", Kind::Api, 60 + second, fields);
    }
    let quiet = engine.push("fr-par", Kind::Api, 90, json!({}));
    let frame = engine.ask(json!({ "queryType": "counts", "scope": { "kinds": ["api"] } })).await.unwrap();
    assert_eq!((sum(&frame), notices(&frame)), (9, vec![]), "{quiet} is among them");
}

#[tokio::test]
async fn invalid_utf_8_is_replaced_with_a_notice() {
    let engine = suffering(Fault::InvalidUtf8.always()).await;
    let frame = engine.ask(list(json!({}))).await.unwrap();
    assert_eq!(frame.rows(), EVENTS);
    assert!(notices(&frame)[0].contains("not valid UTF-8"), "{:?}", notices(&frame));
    assert!(texts(&frame, "user_agent").iter().any(|text| text.starts_with('\u{fffd}')));
    assert!(engine.ask_as_rule(json!({ "queryType": "counts" })).await.is_ok(), "no event is missing");
}

/// All at the same time, because each takes seconds.
#[tokio::test]
async fn a_lasting_fault_is_an_error_that_names_it() {
    let lasting = [
        (Fault::TruncatedJson, 502, "the JSON is broken (EOF"),
        (Fault::HtmlPage, 502, "text/html; charset=utf-8, not JSON; is a proxy in between?"),
        (Fault::HtmlAsJson, 502, "the JSON is broken (expected value"),
        (Fault::InternalError, 500, "Scaleway answers HTTP 500: internal error"),
        (Fault::BadGateway, 502, "Scaleway answers HTTP 502: bad gateway"),
        (Fault::Unavailable, 503, "Scaleway answers HTTP 503: service unavailable"),
        (Fault::ConnectionReset, 502, "127.0.0.1 cannot be reached"),
    ];
    futures::future::join_all(lasting.map(|(fault, status, why)| fails(fault.always(), status, why))).await;
}

#[tokio::test]
async fn json_that_is_cut_off_once_is_asked_for_again() {
    is_complete(Fault::TruncatedJson.first(1)).await;
}

#[tokio::test]
async fn a_page_of_html_is_asked_for_again() {
    is_complete(Fault::HtmlPage.first(1)).await;
    is_complete(Fault::HtmlAsJson.first(1)).await;
}

#[tokio::test]
async fn a_short_rate_limit_is_waited_for() {
    is_complete(Fault::TooManyRequests.first(2)).await;
}

#[tokio::test]
async fn a_lasting_rate_limit_is_an_error_at_the_deadline() {
    let (url, asked) = scripted(|_, _| ("429 Too Many Requests", "X-Envoy-Ratelimited: true\r\n", String::new())).await;
    let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"], "queryTimeoutSeconds": 4 }));
    let failure = ask(&data_source, &list(json!({ "kinds": ["api"] })), &panel(0, SECOND)).await.unwrap_err();
    assert_eq!((failure.status, failure.fault), (429, error::Fault::Downstream));
    assert!(failure.message.contains("rate limit was hit"), "{failure}");
    // Pauses of at least 0.1, 0.2, 0.4, ... seconds: a handful of tries, not hundreds.
    let tries = asked.lock().unwrap().iter().filter(|path| path.contains("events?")).count();
    assert!((2..=7).contains(&tries), "{tries} tries");
}

#[tokio::test]
async fn a_retry_that_the_deadline_cuts_short_reports_the_first_error() {
    let config = Config {
        events: 10,
        faults: [Fault::BadGateway.first(1), Fault::Stall.every(2)].iter().flat_map(on_lists).collect(),
        ..Config::default()
    };
    let settings = json!({ "regions": ["fr-par"], "queryTimeoutSeconds": 4 });
    let engine = Engine::with(config, SECRET_KEY, &settings).await;
    let failure = engine.ask(list(json!({ "kinds": ["api"] }))).await.unwrap_err();
    assert!(failure.message.contains("Scaleway answers HTTP 502"), "{failure}");
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let engine = suffering(Fault::RetryAfter.first(1).in_region("fr-par")).await;
    let start = Instant::now();
    let frame = engine.ask(list(json!({}))).await.unwrap();
    assert_eq!((frame.rows(), notices(&frame)), (EVENTS, vec![]));
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn retry_after_may_be_a_date() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    let (url, _) = scripted(move |_, before| {
        let now = chrono::Utc::now();
        // An HTTP date has whole seconds.
        let date = now.trunc_subsecs(0) + chrono::TimeDelta::seconds(2);
        seen.lock().unwrap().push((now, date));
        match before {
            0 => {
                let header = format!("Retry-After: {}\r\n", date.format("%a, %d %b %Y %H:%M:%S GMT"));
                ("503 Service Unavailable", header.leak(), String::new())
            }
            _ => ("200 OK", JSON, json!({ "events": [] }).to_string()),
        }
    })
    .await;
    let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"] }));
    ask(&data_source, &json!({ "queryType": "counts", "scope": { "kinds": ["api"] } }), &panel(0, SECOND))
        .await
        .unwrap();
    let calls = calls.lock().unwrap();
    let [(_, date), (second, _)] = calls[..] else { panic!("{} calls", calls.len()) };
    assert!(second >= date, "the second call came at {second}, before {date}");
}

#[tokio::test]
async fn a_retry_after_with_a_far_or_past_date_waits_a_bounded_time() {
    // A far date ends the query at once, long before its deadline; a past one is tried again until the deadline.
    for (date, seconds, tries) in
        [("Fri, 31 Dec 2100 23:59:59 GMT", 600, 1..=1), ("Sun, 06 Nov 1994 08:49:37 GMT", 3, 2..=7)]
    {
        let header: &'static str = format!("Retry-After: {date}\r\n").leak();
        let (url, asked) = scripted(move |_, _| ("429 Too Many Requests", header, String::new())).await;
        let data_source =
            data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"], "queryTimeoutSeconds": seconds }));
        let query = json!({ "queryType": "counts", "scope": { "kinds": ["api"] } });
        assert_eq!(ask(&data_source, &query, &panel(0, SECOND)).await.unwrap_err().status, 429);
        let calls = asked.lock().unwrap().len();
        assert!(tries.contains(&calls), "{date}: {calls} calls");
    }
}

#[tokio::test]
async fn a_content_type_is_compared_in_any_case() {
    for (kind, json) in [
        ("Application/JSON; charset=utf-8", true),
        ("application/json", true),
        ("APPLICATION/JSON ;x=y", true),
        ("application/jsonp", false),
        ("text/json", false),
    ] {
        let header: &'static str = format!("Content-Type: {kind}\r\n").leak();
        let (url, _) = scripted(move |_, _| ("200 OK", header, json!({ "events": [] }).to_string())).await;
        let settings = json!({ "regions": ["fr-par"] });
        let query = json!({ "queryType": "counts", "scope": { "kinds": ["api"] } });
        let answer = ask(&data_source(&url, SECRET_KEY, &settings), &query, &panel(0, SECOND)).await;
        assert_eq!(answer.is_ok(), json, "{kind}");
    }
}

#[tokio::test]
async fn retry_after_beyond_the_deadline_is_not_waited_for() {
    let (url, asked) = scripted(|_, _| ("429 Too Many Requests", "Retry-After: 3600\r\n", String::new())).await;
    let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"], "queryTimeoutSeconds": 600 }));
    let query = json!({ "queryType": "counts", "scope": { "kinds": ["api"] } });
    assert_eq!(ask(&data_source, &query, &panel(0, SECOND)).await.unwrap_err().status, 429);
    assert_eq!(asked.lock().unwrap().len(), 1, "the first answer is the last");
}

#[tokio::test]
async fn retry_after_zero_waits_before_a_retry() {
    let (url, asked) = scripted(|_, _| ("429 Too Many Requests", "Retry-After: 0\r\n", String::new())).await;
    // Pauses of at least 0.1, 0.2, 0.4 seconds in each of the lists.
    let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"], "queryTimeoutSeconds": 1 }));
    ask(&data_source, &json!({}), &panel(0, SECOND)).await.unwrap_err();
    let tries = asked.lock().unwrap().iter().filter(|path| path.contains("audit-trail")).count();
    assert!(tries < 20, "{tries} calls in a second");
}

#[tokio::test]
async fn an_absurd_retry_after_is_an_error_and_no_panic() {
    let header = "Retry-After: 18446744073709551615\r\n";
    let (url, _) = scripted(move |_, _| ("503 Service Unavailable", header, String::new())).await;
    let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"] }));
    let failure =
        tokio::spawn(async move { ask(&data_source, &json!({}), &panel(0, SECOND)).await.unwrap_err() }).await;
    assert_eq!(failure.expect("no panic").status, 503);
}

#[tokio::test]
async fn a_server_that_fails_once_is_asked_again() {
    for fault in [Fault::InternalError, Fault::BadGateway, Fault::Unavailable] {
        is_complete(fault.first(1)).await;
    }
}

#[tokio::test]
async fn a_server_that_always_fails_is_asked_five_times() {
    let (url, asked) = scripted(|_, _| ("503 Service Unavailable", "", String::new())).await;
    let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"] }));
    ask(&data_source, &list(json!({ "kinds": ["api"] })), &panel(0, SECOND)).await.unwrap_err();
    let tries = asked.lock().unwrap().iter().filter(|path| path.contains("/events?")).count();
    assert_eq!(tries, 5);
}

#[tokio::test]
async fn a_region_that_fails_leaves_the_events_of_the_others() {
    is_partial(
        Fault::Unavailable.always().in_region("nl-ams"),
        1..=EVENTS / 2,
        "region nl-ams, combined events: Scaleway answers HTTP 503",
    )
    .await;
}

#[tokio::test]
async fn a_region_that_does_not_exist_has_no_events_and_is_no_error() {
    let regions = ["fr-par", "nl-ams"].map(str::to_owned).to_vec();
    let missing = Engine::start(Config { events: EVENTS, regions, ..Config::default() }).await;
    let faults = vec![Fault::NotImplemented.always().in_region("pl-waw")];
    let other = Engine::start(Config { events: EVENTS, faults, ..Config::default() }).await;
    for engine in [&missing, &other] {
        let frame = engine.ask(list(json!({}))).await.unwrap();
        assert!(frame.rows() > EVENTS / 2);
        assert_eq!(notices(&frame), [""; 0]);
        let asked = engine.asked("pl-waw").len();
        assert!(asked <= 5, "what does not exist is not asked again: {:?}", engine.asked("pl-waw"));
        engine.ask(list(json!({ "kinds": ["api"] }))).await.unwrap();
        assert_eq!(engine.asked("pl-waw").len(), asked, "nor for the next panel");
        let count = engine.ask_as_rule(json!({ "queryType": "counts", "over": "total" })).await.unwrap();
        assert_eq!(sum(&count), frame.rows());
        assert!(engine.asked("pl-waw").len() > asked, "a rule asks anew, as the region may exist by now");
        // A query that names the region says so, since the name may be a slip of the pen.
        let frame = engine.ask(list(json!({ "regions": ["pl-waw", "fr-par"] }))).await.unwrap();
        assert_eq!(warnings(&frame), ["region pl-waw does not exist for this organization, so that it has no events"]);
        // Of one kind of event there is no combined list to fail first.
        let count =
            json!({ "queryType": "counts", "over": "total", "scope": { "kinds": ["api"], "products": ["instance"] } });
        assert!(engine.ask_as_rule(count).await.is_ok());
    }
}

#[tokio::test]
async fn other_failures_of_a_region_are_errors() {
    let count = json!({ "queryType": "counts", "over": "total" });
    for (fault, region) in [
        (Fault::InternalError, "pl-waw"),
        (Fault::BadGateway, "pl-waw"),
        (Fault::Unavailable, "pl-waw"),
        (Fault::Stall, "pl-waw"),
        (Fault::Forbidden, "pl-waw"),
        // Every answer needs the global events.
        (Fault::NotFound, "fr-par"),
        (Fault::NotImplemented, "fr-par"),
    ] {
        let config = Config { events: EVENTS, stall: Duration::from_mins(1), ..Config::default() };
        let config = Config { faults: vec![fault.always().in_region(region)], ..config };
        let settings = json!({ "callTimeoutSeconds": 2, "queryTimeoutSeconds": 8 });
        let engine = Engine::with(config, SECRET_KEY, &settings).await;
        let (shown, counted) = tokio::join!(engine.ask(list(json!({}))), engine.ask_as_rule(count.clone()));
        assert!(warnings(&shown.unwrap())[0].starts_with(&format!("region {region}, ")), "{fault}");
        assert!(counted.unwrap_err().message.contains(&format!("region {region}, ")), "{fault}");
    }
    // A region that has products exists, whatever has become of its lists.
    let faults = LISTS.map(|list| Fault::NotFound.always().in_region("pl-waw").on(list)).into();
    let engine = Engine::start(Config { events: EVENTS, faults, ..Config::default() }).await;
    assert!(engine.ask_as_rule(count).await.unwrap_err().message.contains("region pl-waw, "));
}

#[tokio::test]
async fn a_region_that_is_younger_than_this_version_is_read_like_any_other() {
    let regions = ["fr-par", "de-fra"].map(str::to_owned).to_vec();
    let config = Config { events: 0, regions, ..Config::default() };
    let engine = Engine::with(config, SECRET_KEY, &json!({ "regions": ["fr-par", "de-fra"] })).await;
    let event = engine.push("de-fra", Kind::Api, 60, json!({}));
    assert_eq!(engine.ids(json!({})).await, [&*event]);
    assert_eq!(engine.ids(json!({ "regions": ["de-fra"] })).await, [event]);
}

#[tokio::test]
async fn a_connection_that_breaks_once_is_made_again() {
    is_complete(Fault::ConnectionReset.first(1)).await;
}

#[tokio::test]
async fn an_answer_that_stalls_once_is_asked_for_again() {
    is_complete_with(Fault::Stall.first(1), &json!({ "callTimeoutSeconds": 3 })).await;
}

#[tokio::test]
async fn an_answer_that_always_stalls_is_an_error_after_two_timeouts() {
    let settings = json!({ "callTimeoutSeconds": 1, "regions": ["fr-par"] });
    let engine = suffering_with(Fault::Stall.always(), &settings).await;
    let failure = engine.ask(list(json!({ "kinds": ["api"] }))).await.unwrap_err();
    assert_eq!((failure.status, failure.fault), (504, error::Fault::Downstream), "{failure}");
    assert!(failure.message.contains("127.0.0.1 did not answer within 1 s"), "{failure}");
    // The combined list stands for the others.
    let calls = engine.sandbox.calls();
    assert_eq!(LISTS.iter().map(|list| calls.to(*list)).sum::<u64>(), 2);
}

#[tokio::test]
async fn a_page_that_fails_late_leaves_the_pages_before_it() {
    let (url, _) = scripted(|path, _| match path {
        path if path.contains("/iam/") => no_names(path),
        path if path.contains("page_token") => ("500 Internal Server Error", JSON, r#"{"message":"late"}"#.to_owned()),
        _ => ("200 OK", JSON, json!({ "events": [at(5, json!({}))], "next_page_token": "more" }).to_string()),
    })
    .await;
    let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"] }));
    let query = list(json!({ "kinds": ["api"] }));
    let (panel, rule) = (panel(0, 10 * SECOND), rule(panel(0, 10 * SECOND)));
    let (shown, failed) = tokio::join!(ask(&data_source, &query, &panel), ask(&data_source, &query, &rule));
    let shown = shown.unwrap();
    assert_eq!(shown.rows(), 1);
    let why = "region fr-par, api events: Scaleway answers HTTP 500: late";
    assert!(warnings(&shown).contains(&why), "{:?}", notices(&shown));
    assert!(failed.unwrap_err().message.ends_with(why));
}

#[tokio::test]
async fn values_of_another_type_are_decoded() {
    is_complete(Fault::WrongType.always()).await;
    let engine = suffering(Fault::WrongType.always()).await;
    let statuses = engine.ask(json!({ "queryType": "values", "column": "status" })).await.unwrap();
    assert!(texts(&statuses, "value").contains(&"200".to_owned()));
}

#[tokio::test]
async fn events_without_an_id_are_events_with_a_lasting_name() {
    let engine = suffering(Fault::MissingId.always()).await;
    let (first, second) = (engine.ids(json!({})).await, engine.ids(json!({})).await);
    assert_eq!(first.len(), EVENTS);
    assert!(first.iter().any(|id| id.starts_with("without-id-")));
    assert_eq!(first, second);
    assert_eq!(first.len(), set(&first).len());
}

#[tokio::test]
async fn events_without_a_time_are_left_out_and_counted() {
    is_partial(Fault::MissingTime.always(), 3..=20, "recorded_at is missing").await;
}

#[tokio::test]
async fn events_with_an_invalid_time_are_left_out_and_counted() {
    is_partial(Fault::MalformedTime.always(), 3..=20, "recorded_at is \"yesterday, around noon\"").await;
}

#[tokio::test]
async fn smaller_pages_are_asked_for_where_large_ones_are_refused() {
    is_complete(Fault::SmallPages.always()).await;
}

#[tokio::test]
async fn events_out_of_order_are_put_in_order() {
    is_complete(Fault::Unsorted.always()).await;
    let engine = suffering(Fault::Unsorted.always()).await;
    let frame = engine.ask(list(json!({}))).await.unwrap();
    assert!(times(&frame, "time").is_sorted_by(|a, b| a >= b), "newest first");
}

#[tokio::test]
async fn events_outside_the_range_are_left_out() {
    is_complete(Fault::OutOfWindow.always()).await;
}

/// An answer of IAM without names.
fn no_names(path: &str) -> (&'static str, &'static str, String) {
    let list = if path.contains("users") { "users" } else { "applications" };
    ("200 OK", JSON, format!(r#"{{"{list}":[], "total_count":0}}"#))
}

/// An event of the second `second` since 1970.
fn at(second: i64, fields: Value) -> Value {
    engine::event(Kind::Api, "fr-par", second * SECOND, fields)
}

/// A data source whose events are one page with `events`.
async fn page_of(events: Vec<Value>) -> audittrail::query::DataSource {
    let page = json!({ "events": events }).to_string();
    let (url, _) = scripted(move |path, _| match path {
        path if path.contains("/iam/") => no_names(path),
        path if path.contains("/events?") => ("200 OK", JSON, page.clone()),
        path if path.contains("/combined-events?") => ("404 Not Found", JSON, "{}".to_owned()),
        _ => ("200 OK", JSON, r#"{"events":[]}"#.to_owned()),
    })
    .await;
    data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"] }))
}

#[tokio::test]
async fn pages_of_a_hundred_are_asked_newest_first_for_whole_seconds() {
    let engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    let to = nanos(engine.sandbox.now());
    let request = panel(to - 3_600 * SECOND + 7, to);
    ask(&engine.data_source, &list(json!({ "kinds": ["api"] })), &request).await.unwrap();
    for asked in engine.asked("/events?") {
        assert!(asked.contains("page_size=100") && asked.contains("order_by=recorded_at_desc"), "{asked}");
        let query: BTreeMap<_, _> = url::form_urlencoded::parse(asked.split_once('?').unwrap().1.as_bytes()).collect();
        for (name, exact) in
            [("recorded_after", request.range.start.nanos()), ("recorded_before", request.range.end.nanos())]
        {
            assert_eq!(query[name].len(), "2026-01-01T00:00:00Z".len(), "{name} has fractions of a second");
            let asked = nanos(query[name].parse().unwrap());
            let outside = if name == "recorded_after" { exact - asked } else { asked - exact };
            assert!((0..2 * SECOND).contains(&outside), "{name} is {outside} ns outside the range");
        }
    }
}

#[tokio::test]
async fn a_range_includes_its_start_and_excludes_its_end_to_the_nanosecond() {
    let engine = Engine::empty().await;
    let now = nanos(engine.sandbox.now()) / SECOND * SECOND;
    let (from, to) = (now - 100 * SECOND + 1, now - 50 * SECOND + 1);
    for at in [from - 1, from, to - 1, to] {
        let event = engine::event(Kind::Api, "fr-par", at, json!({ "id": format!("at {at}") }));
        engine.sandbox.push("fr-par", Kind::Api, [event.to_string()]).unwrap();
    }
    let ids = engine.ids_in(json!({}), &panel(from, to)).await;
    assert_eq!(ids, [format!("at {}", to - 1), format!("at {from}")]);
    // Adjacent ranges share no event and lose none.
    let before = engine.ids_in(json!({}), &panel(from - SECOND, from)).await;
    let after = engine.ids_in(json!({}), &panel(to, to + SECOND)).await;
    assert_eq!((before, after), (vec![format!("at {}", from - 1)], vec![format!("at {to}")]));
}

#[tokio::test]
async fn events_of_the_same_nanosecond_are_all_shown_and_always_in_the_same_order() {
    let engine = Engine::empty().await;
    let at = nanos(engine.sandbox.now()) - 5 * SECOND;
    // More than two pages, so that the tie lies across pages, and across regions.
    for region in ["fr-par", "nl-ams"] {
        let events = (0..150).map(|_| engine::event(Kind::Api, region, at, json!({})).to_string());
        engine.sandbox.push(region, Kind::Api, events).unwrap();
    }
    let ids = engine.ids(json!({})).await;
    assert_eq!((ids.len(), set(&ids).len()), (300, 300));
    assert_eq!(engine.ids(json!({ "kinds": ["api"] })).await, ids);
}

#[tokio::test]
async fn times_keep_their_nanoseconds_and_their_microseconds() {
    let times_of = ["2025-10-06T08:16:48.493912656Z", "2025-10-06T08:16:48.493912Z", "2025-10-06T10:16:48.5+02:00"];
    let events = times_of.iter().map(|time| at(0, json!({ "recorded_at": time })));
    let data_source = page_of(events.collect()).await;
    let start = 1_759_738_608 * SECOND;
    let frame = ask(&data_source, &list(json!({})), &panel(start, start + SECOND)).await.unwrap();
    let expected = [500_000_000, 493_912_656, 493_912_000].map(|nanos| Some(start + nanos));
    assert_eq!(times(&frame, "time"), expected);
}

#[tokio::test]
async fn the_order_is_that_of_time_and_not_of_ids() {
    let events = [(1, "c"), (3, "a"), (2, "b"), (4, "d")].map(|(second, id)| at(second, json!({ "id": id })));
    let frame = ask(&page_of(events.into()).await, &list(json!({})), &panel(0, 10 * SECOND)).await.unwrap();
    assert_eq!(texts(&frame, "id"), ["d", "a", "b", "c"]);
}

/// A data source over answers that Scaleway really gave, moved to the present, and a range with them.
async fn recorded() -> Engine {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data").into();
    let config = Config { recorded: Some(directory), shift_to: Some(chrono::Utc::now()), ..Config::default() };
    Engine::with(config, SECRET_KEY, &json!({ "regions": ["fr-par"] })).await
}

async fn ask_recorded(query: Value) -> Frame {
    let engine = recorded().await;
    let now = nanos(engine.sandbox.now());
    ask(&engine.data_source, &query, &panel(now - 60 * 86_400 * SECOND, now + SECOND)).await.unwrap()
}

#[tokio::test]
async fn every_recorded_event_is_shown_with_its_values() {
    let frame = ask_recorded(list(json!({}))).await;
    assert_eq!((frame.rows(), notices(&frame)), (69, vec![]));
    let filled = |name: &str| texts(&frame, name).iter().filter(|text| !text.is_empty()).count();
    // Kubernetes has no address; deletes of IAM list no resource, but name what they delete in their body.
    assert_eq!((filled("source_ip"), filled("user_agent")), (59, 59));
    assert_eq!((filled("resource_type"), filled("resource_id")), (58, 69));
    // Session renewals name no principal: it is the user whose session it is.
    assert_eq!((filled("principal_id"), filled("principal")), (69, 69));
    // IAM's policies, applications, users and API keys belong to no project, nor does the account.
    assert_eq!(filled("project"), 46);
    let localities: BTreeSet<_> = texts(&frame, "locality").into_iter().zip(texts(&frame, "region")).collect();
    let expected = [("fr-par", "fr-par"), ("fr-par-2", "fr-par"), ("global", "global")];
    assert_eq!(localities, expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into());
}

#[tokio::test]
async fn a_session_renewal_belongs_to_the_user_whose_session_it_is() {
    let renewals = ask_recorded(list(json!({ "methods": ["RenewJWT"], "principals": ["user-1@example.com"] }))).await;
    assert_eq!(renewals.rows(), 9);
    assert_eq!(set(&texts(&renewals, "principal")), ["user-1@example.com"].into());
    // A secret that the API has blanked stays blank.
    let bodies = engine::jsons(&renewals, "request_body");
    assert!(bodies.iter().all(|body| body["renew_token"] == "REDACTED"), "{bodies:?}");
}

#[tokio::test]
async fn a_delete_is_found_by_the_id_in_its_request_body() {
    for (id, method) in [
        ("SCWEXAMPLE0000000004", "DeleteAPIKey"),
        ("1901a767-48f6-459b-a1be-635cd5f33b82", "DeleteSSHKey"),
        ("0e1b2cb8-bbf9-438d-89ca-2bc46d8b6753", "DeletePolicy"),
        ("8bcb5130-72a9-4c82-bd3a-8c69c36ff0e3", "DeleteApplication"),
    ] {
        let frame = ask_recorded(list(json!({ "resourceIds": [id] }))).await;
        assert!(texts(&frame, "method").contains(&method.to_owned()), "{id}: {:?}", texts(&frame, "method"));
    }
}

#[tokio::test]
async fn a_pool_is_found_by_its_own_id_and_by_its_clusters() {
    let of = |id: &'static str| ask_recorded(list(json!({ "resourceIds": [id] })));
    let (cluster, pool) =
        tokio::join!(of("4397d484-905d-4744-a995-d137a28948a2"), of("c137fd10-844e-4f8e-a1d0-81a227912373"));
    assert!(texts(&pool, "method").contains(&"DeletePool".to_owned()));
    assert!(texts(&pool, "resource_type").iter().all(|kind| kind == "kube_pool"));
    assert!(set(&texts(&pool, "id")).is_subset(&set(&texts(&cluster, "id"))));
    assert!(cluster.rows() > pool.rows());
}

#[tokio::test]
async fn a_camel_case_body_names_its_server() {
    let frame = ask_recorded(list(json!({ "resourceIds": ["2c6b91c4-8a87-4023-8426-ca0badee1d95"] }))).await;
    let bodies = engine::jsons(&frame, "request_body");
    assert!(bodies.iter().any(|body| body["serverId"].is_string()), "{bodies:?}");
}

#[tokio::test]
async fn a_body_of_protobuf_wrappers_is_shown_as_sent() {
    let frame = ask_recorded(list(json!({ "methods": ["CreatePool", "CreateCluster"] }))).await;
    let bodies = engine::jsons(&frame, "request_body");
    let wrapped = bodies.iter().any(|body| body.to_string().contains(r#"{"value":"#));
    assert!(wrapped, "{bodies:?}");
}

#[tokio::test]
async fn an_accepted_action_is_a_success() {
    let accepted = at(1, json!({ "product_name": "instance", "method_name": "ServerAction", "status_code": 202 }));
    let data_source = page_of(vec![accepted, at(2, json!({ "status_code": 409 }))]).await;
    let range = panel(0, 10 * SECOND);
    let frame = ask(&data_source, &list(json!({ "status": ["succeeded"] })), &range).await.unwrap();
    assert_eq!(texts(&frame, "method"), ["ServerAction"]);
    assert_eq!(texts(&frame, "status_class"), ["succeeded"]);
    let failed = ask(&data_source, &list(json!({ "status": ["failed", "denied"] })), &range).await.unwrap();
    assert_eq!(failed.rows(), 1);
}

#[tokio::test]
async fn an_event_about_several_resources_is_found_by_each() {
    let resources = json!([
        { "id": "one", "type": "ipam_ip", "name": "first" },
        { "id": "two", "type": "ipam_ip", "name": "second" },
        { "id": "three", "type": "vpc_vpc", "name": null },
    ]);
    let data_source = page_of(vec![at(1, json!({ "resources": resources })), at(2, json!({}))]).await;
    for scope in [
        json!({ "resourceIds": ["one"] }),
        json!({ "resourceIds": ["three"] }),
        json!({ "resourceNames": ["second"] }),
        json!({ "resourceTypes": ["vpc_vpc"] }),
    ] {
        let frame = ask(&data_source, &list(scope.clone()), &panel(0, 10 * SECOND)).await.unwrap();
        assert_eq!(frame.rows(), 1, "{scope}");
    }
}

#[tokio::test]
async fn unknown_members_do_not_hide_the_resources_of_an_event() {
    let resources =
        json!([{ "id": "one", "type": "ipam_ip", "name": "first", "billing_info": "prepaid", "rank": [1] }]);
    let data_source = page_of(vec![at(1, json!({ "resources": resources }))]).await;
    let frame = ask(&data_source, &list(json!({ "resourceIds": ["one"] })), &panel(0, 10 * SECOND)).await.unwrap();
    assert_eq!((frame.rows(), texts(&frame, "resource_name")), (1, vec!["first".to_owned()]));
}

#[tokio::test]
async fn half_a_surrogate_pair_in_one_event_does_not_hide_the_others() {
    let page =
        json!({ "events": [at(1, json!({})), at(2, json!({ "user_agent": "curl/8.0 HALF" })), at(3, json!({}))] });
    let page = page.to_string().replace("HALF", r"\ud83d");
    let (url, _) = scripted(move |path, _| match path {
        path if path.contains("/iam/") => no_names(path),
        _ => ("200 OK", JSON, page.clone()),
    })
    .await;
    let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"] }));
    let frame = ask(&data_source, &list(json!({ "kinds": ["api"] })), &panel(0, 10 * SECOND)).await.unwrap();
    assert!(frame.rows() >= 2, "{} rows", frame.rows());
    assert!(frame.rows() == 3 || !warnings(&frame).is_empty(), "an event is missing, and nothing says so");
}

#[tokio::test]
async fn the_lists_of_all_kinds_equal_the_combined_list() {
    let usual = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    assert_eq!(usual.ids(json!({})).await.len(), EVENTS);
    assert_eq!(usual.asked("/events?"), [""; 0], "one list is enough");

    for fault in [Fault::HtmlPage, Fault::TruncatedJson] {
        let faults = vec![fault.always().on(Endpoint::CombinedEvents)];
        let engine = Engine::start(Config { events: EVENTS, faults, ..Config::default() }).await;
        let frame = engine.ask(list(json!({}))).await.unwrap();
        assert_eq!((frame.rows(), notices(&frame)), (EVENTS, vec![]), "{fault}");
        // An unusable list is not tried again.
        let tried = engine.sandbox.calls().to(Endpoint::CombinedEvents);
        assert_eq!(engine.ids(json!({})).await.len(), EVENTS);
        assert_eq!(engine.sandbox.calls().to(Endpoint::CombinedEvents), tried, "{fault}");
    }
}

#[tokio::test]
async fn a_combined_list_of_another_shape_is_replaced_by_three_lists_and_not_tried_again() {
    let start = nanos(chrono::Utc::now()) - 3_600 * SECOND;
    let (range, event) = ((start, start + 10 * SECOND), |place: i64, id| {
        engine::event(Kind::Api, "fr-par", start + place * SECOND, json!({ "id": id }))
    });
    let events = json!({ "events": [event(1, "one"), event(2, "two")] }).to_string();
    let (url, asked) = scripted(move |path, _| match path {
        path if path.contains("/iam/") => no_names(path),
        path if path.contains("/combined-events?") || path.contains("/events?") => ("200 OK", JSON, events.clone()),
        _ => ("200 OK", JSON, r#"{"events":[]}"#.to_owned()),
    })
    .await;
    let tried = || asked.lock().unwrap().iter().filter(|path| path.contains("/combined-events?")).count();
    for first in [json!({}), json!({ "kinds": ["api"] })] {
        let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"] }));
        let before = tried();
        for scope in [first.clone(), json!({}), json!({ "kinds": ["api"] }), json!({ "products": ["vpc"] })] {
            for request in [panel(range.0, range.1), rule(panel(range.0, range.1))] {
                let query = if request.from_alert { json!({ "scope": scope }) } else { list(scope.clone()) };
                let frame =
                    ask(&data_source, &query, &request).await.unwrap_or_else(|e| panic!("{first} {scope}: {e}"));
                assert_eq!(notices(&frame), [""; 0], "{first} {scope}");
                if request.from_alert {
                    assert_eq!(sum(&frame), 2, "{first} {scope}");
                } else {
                    assert_eq!(texts(&frame, "id"), ["two", "one"], "{first} {scope}");
                }
            }
        }
        assert!(tried() - before <= 2, "{first}: tried {} times", tried() - before);
    }
}

#[tokio::test]
async fn each_list_answers_with_its_kind() {
    let mut engine = Engine::without_combined_list(EVENTS).await;
    let mut total = 0;
    for (kind, endpoint) in [
        ("api", Endpoint::Events),
        ("authentication", Endpoint::AuthenticationEvents),
        ("system", Endpoint::SystemEvents),
    ] {
        engine.forget();
        engine.sandbox.reset();
        let frame = engine.ask(list(json!({ "kinds": [kind] }))).await.unwrap();
        assert_eq!(set(&texts(&frame, "kind")), [kind].into());
        let calls = engine.sandbox.calls();
        assert!(calls.to(endpoint) > 0);
        let others = LISTS.iter().filter(|other| ![endpoint, Endpoint::CombinedEvents].contains(*other));
        let others = others.map(|other| calls.to(*other)).sum::<u64>();
        assert_eq!(others, 0, "{kind} events are asked of other lists too");
        total += frame.rows();
    }
    assert_eq!(total, EVENTS);
}

#[tokio::test]
async fn the_products_of_an_organization_are_listed_with_unknown_ones() {
    let engine = recorded().await;
    let deadline = Instant::now() + Duration::from_mins(1);
    let products = audit_trail::products(&engine.data_source.client, "fr-par", deadline).await.unwrap();
    assert_eq!(products.len(), 8);
    let iam = products.iter().find(|product| product.name == "iam").unwrap();
    assert!(iam.services.iter().any(|service| service.methods.contains(&"CreateAPIKey".to_owned())));

    let body = r#"{"products":[{"name":"quantum", "spin":"up", "services":[{"name":"scaleway.quantum"}]}]}"#;
    let (url, _) = scripted(move |_, _| ("200 OK", JSON, body.to_owned())).await;
    let data_source = data_source(&url, SECRET_KEY, &json!({}));
    let products = audit_trail::products(&data_source.client, "fr-par", deadline).await.unwrap();
    assert_eq!((products[0].name.as_str(), products[0].services.len()), ("quantum", 1));
}

/// Scaleway's errors as recorded or as its client reads them, and the plugin's errors for them.
#[tokio::test]
async fn every_error_of_the_api_names_its_cause_or_remedy() {
    let cases = [
        (
            "400 Bad Request",
            r#"{"type":"invalid_arguments","message":"invalid argument(s)","details":[{"argument_name":"recorded_after","reason":"constraint","help_message":"too early"}]}"#,
            (400, "Scaleway refuses an argument (HTTP 400: invalid argument(s); recorded_after constraint too early)"),
        ),
        (
            "401 Unauthorized",
            r#"{"type":"denied_authentication","message":"denied","method":"api_key","reason":"expired"}"#,
            (401, "Scaleway does not accept the secret key (HTTP 401: expired). Check that the key exists"),
        ),
        ("401 Unauthorized", "{}", (401, "Scaleway does not accept the secret key (HTTP 401). Check")),
        (
            "403 Forbidden",
            r#"{"details":[{"action":"read","resource":"audit_trail"}],"message":"insufficient permissions","type":"permissions_denied"}"#,
            (
                403,
                "HTTP 403: insufficient permissions; read audit_trail). Give the key's principal the permission set AuditTrailReadOnly on the whole organization",
            ),
        ),
        (
            "403 Forbidden",
            r#"{"details":[],"message":"insufficient permissions","type":"permissions_denied"}"#,
            (403, "(HTTP 403: insufficient permissions). Give"),
        ),
        (
            "404 Not Found",
            r#"{"message":"resource is not found","resource":"project_id","resource_id":"x","type":"not_found"}"#,
            (404, "Scaleway answers HTTP 404: resource is not found"),
        ),
        ("404 Not Found", r#"{"message":"Not Found"}"#, (404, "Scaleway answers HTTP 404: Not Found")),
        (
            "409 Conflict",
            r#"{"current_state":"updating","message":"resource is in a transient state","resource":"group","type":"transient_state"}"#,
            (409, "Scaleway answers HTTP 409: resource is in a transient state"),
        ),
        ("410 Gone", r#"{"type":"resource_expired","resource":"x"}"#, (410, "Scaleway answers HTTP 410: Gone")),
        (
            "412 Precondition Failed",
            r#"{"type":"precondition_failed","precondition":"x","help_message":"y"}"#,
            (412, "Scaleway answers HTTP 412: Precondition Failed"),
        ),
        ("423 Locked", r#"{"type":"locked","resource":"x"}"#, (423, "Scaleway answers HTTP 423: Locked")),
        // No status for an error of ours.
        ("302 Found", "", (502, "Scaleway answers HTTP 302: Found")),
        ("503 Service Unavailable", r#"{"message":"busy"}"#, (503, "Scaleway answers HTTP 503: busy")),
        ("503 Service Unavailable", "<html>", (503, "Scaleway answers HTTP 503: Service Unavailable")),
        ("404 Not Found", r#"{"message":{"not":"text"}}"#, (404, "Scaleway answers HTTP 404: Not Found")),
        ("404 Not Found", r#"{"message":"bell \u0007 and\nline"}"#, (404, "Scaleway answers HTTP 404: bell  andline")),
    ];
    let asked = cases.map(|(line, body, expected)| async move {
        let headers = if body.starts_with('<') { "Content-Type: text/html\r\n" } else { JSON };
        let (url, _) = scripted(move |_, _| (line, headers, body.to_owned())).await;
        let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"] }));
        // Of a kind of its own, since the combined list has a substitute.
        let failure = ask(&data_source, &list(json!({ "kinds": ["api"] })), &panel(0, SECOND)).await.unwrap_err();
        let (status, why) = expected;
        assert_eq!(failure.status, status, "{line} {body}: {failure}");
        assert!(failure.message.contains(why), "{line} {body}: {failure}");
    });
    futures::future::join_all(asked).await;
}

#[tokio::test]
async fn no_error_echoes_the_secret_key() {
    let body = json!({ "message": format!("no such key {SECRET_KEY}"), "details": [{ "help_message": SECRET_KEY }] });
    let body = body.to_string();
    let (url, _) = scripted(move |_, _| ("400 Bad Request", JSON, body.clone())).await;
    let data_source = data_source(&url, SECRET_KEY, &json!({}));
    let failure = ask(&data_source, &json!({}), &panel(0, SECOND)).await.unwrap_err();
    assert!(failure.message.contains("[secret]") && !failure.message.contains(SECRET_KEY), "{failure}");
    assert!(!format!("{data_source:?}").contains(SECRET_KEY));
}

#[tokio::test]
async fn a_key_without_trail_access_is_an_error_with_the_missing_permission() {
    let engine = Engine::with(Config { events: 10, ..Config::default() }, KEY_WITHOUT_AUDIT_TRAIL, &json!({})).await;
    let failure = engine.ask(list(json!({}))).await.unwrap_err();
    assert_eq!(failure.status, 403);
    assert!(failure.message.contains("permission set AuditTrailReadOnly"), "{failure}");
}

#[tokio::test]
async fn the_error_of_a_fresh_key_mentions_propagation() {
    let config = Config { events: 10, ..Config::default() };
    let engine = Engine::with(config, KEY_STILL_PROPAGATING, &json!({ "regions": ["fr-par"] })).await;
    let failure = engine.ask(list(json!({}))).await.unwrap_err();
    assert!(failure.message.contains("granted less than two minutes ago may still be propagating"), "{failure}");
    engine.ask(list(json!({}))).await.unwrap_or_default();
    assert!(engine.ask(list(json!({}))).await.is_ok());
}

#[tokio::test]
async fn a_refusal_between_answers_is_retried() {
    is_complete(Fault::Forbidden.first(1)).await;
    is_complete(Fault::Forbidden.every(3)).await;
    is_complete(Fault::Forbidden.first(4).in_region("nl-ams")).await;
}

#[tokio::test]
async fn a_lasting_refusal_is_not_retried() {
    // Of the whole key: no call tells that the permission is on its way.
    let (url, asked) =
        scripted(|_, _| ("403 Forbidden", JSON, r#"{"message":"insufficient permissions"}"#.to_owned())).await;
    let refusing = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par", "nl-ams"] }));
    let failure = ask(&refusing, &list(json!({ "kinds": ["api"] })), &panel(0, SECOND)).await.unwrap_err();
    assert_eq!(failure.status, 403);
    let paths = asked.lock().unwrap().clone();
    for list in ["fr-par/events?", "nl-ams/events?", "/users?", "/applications?"] {
        let calls = paths.iter().filter(|path| path.contains(list)).count();
        assert!(calls <= 1, "{list}: {paths:?}");
    }
    // Of one list: that the trail answers does not speak for IAM, nor one list of IAM for the other.
    let faults = vec![Fault::Forbidden.always().on(Endpoint::Applications)];
    let engine = Engine::start(Config { events: EVENTS, faults, ..Config::default() }).await;
    let frame = engine.ask(list(json!({}))).await.unwrap();
    assert_eq!((frame.rows(), engine.sandbox.calls().to(Endpoint::Applications)), (EVENTS, 1));
}

#[tokio::test]
async fn a_region_that_refuses_while_others_answer_is_retried_until_the_deadline() {
    let settings = json!({ "queryTimeoutSeconds": 2 });
    let engine = suffering_with(Fault::Forbidden.always().in_region("nl-ams"), &settings).await;
    let frame = engine.ask(list(json!({}))).await.unwrap();
    let why = "region nl-ams, combined events: Scaleway refuses access (HTTP 403: insufficient permissions";
    assert!(warnings(&frame).iter().any(|notice| notice.starts_with(why)), "{:?}", notices(&frame));
    let asked = engine.asked("/nl-ams/combined-events?").len();
    assert!((3..20).contains(&asked), "{asked} calls");
}

#[tokio::test]
async fn principals_have_cached_names_of_users_and_applications() {
    let engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    let frame = engine.ask(list(json!({}))).await.unwrap();
    let organization = engine.sandbox.organization();
    let users = organization.users.iter().map(|user| (user.id.clone(), user.email.clone()));
    let names: BTreeMap<String, String> =
        users.chain(organization.applications.iter().map(|app| (app.id.clone(), app.name.clone()))).collect();
    let mut known = HashSet::new();
    for (id, name) in texts(&frame, "principal_id").iter().zip(texts(&frame, "principal")) {
        match names.get(id) {
            Some(given) => {
                assert_eq!(*given, name);
                known.insert(id.clone());
            }
            // A deleted principal has no name any more, and is shown by id.
            None if id.is_empty() => assert_eq!(name, "Scaleway"),
            None => assert_eq!(*id, name),
        }
    }
    assert!(known.len() > 10, "{known:?}");
    engine.ask(list(json!({}))).await.unwrap();
    assert_eq!((engine.sandbox.calls().to(Endpoint::Users), engine.sandbox.calls().to(Endpoint::Applications)), (1, 1));
}

#[tokio::test]
async fn names_outlive_an_iam_outage_with_their_time() {
    let engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    let before = engine.ask(list(json!({}))).await.unwrap();
    engine.sandbox.set_faults([Endpoint::Users, Endpoint::Applications].map(|list| Fault::NotFound.always().on(list)));
    let deadline = Instant::now() + Duration::from_secs(10);
    assert!(engine.data_source.directory.names_now(deadline).await.unwrap().stale.is_some());
    let after = engine.ask(list(json!({}))).await.unwrap();
    assert_eq!(texts(&after, "principal"), texts(&before, "principal"));
    let [notice] = notices(&after)[..] else { panic!("{:?}", notices(&after)) };
    assert!(notice.starts_with("Names are those of ") && notice.contains("; IAM does not answer: "), "{notice}");
    assert_eq!(warnings(&after), [""; 0], "nothing is missing");
    // Names of less than ten minutes ago are as good for a rule as they ever were.
    let user = engine.sandbox.organization().users[1].email.clone();
    let count = json!({ "queryType": "counts", "over": "total", "scope": { "principals": [user] } });
    assert!(sum(&engine.ask_as_rule(count).await.unwrap()) > 0);
}

#[tokio::test]
async fn a_user_beyond_the_first_page_has_a_name() {
    let event = at(1, json!({ "principal": { "id": "user-250" } })).to_string();
    let (url, asked) = scripted(move |path, _| {
        let page = |number: usize| {
            (100 * (number - 1)..(100 * number).min(251))
                .map(|user| json!({ "id": format!("user-{user}"), "email": format!("{user}@example.com") }))
                .collect::<Vec<_>>()
        };
        let number = path.split(['?', '&']).find_map(|pair| pair.strip_prefix("page=")?.parse().ok());
        match number {
            Some(number) if path.contains("/users?") => {
                ("200 OK", JSON, json!({ "users": page(number), "total_count": 251 }).to_string())
            }
            Some(_) => no_names(path),
            None => ("200 OK", JSON, format!(r#"{{"events":[{event}]}}"#)),
        }
    })
    .await;
    let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"] }));
    let frame = ask(&data_source, &list(json!({ "kinds": ["api"] })), &panel(0, 10 * SECOND)).await.unwrap();
    assert_eq!(texts(&frame, "principal"), ["250@example.com"]);
    assert_eq!(asked.lock().unwrap().iter().filter(|path| path.contains("/users?")).count(), 3);
}

#[tokio::test]
async fn without_iam_ids_and_names_of_the_trail_are_shown_with_one_notice() {
    let engine = Engine::with(Config { events: EVENTS, ..Config::default() }, KEY_WITHOUT_IAM, &json!({})).await;
    let frame = engine.ask(list(json!({ "kinds": ["api"], "products": ["instance"] }))).await.unwrap();
    assert_eq!(notices(&frame).len(), 1, "{:?}", notices(&frame));
    let begin = "principals are shown by id, or by the name from the trail, because IAM cannot be read";
    assert!(notices(&frame)[0].starts_with(begin) && notices(&frame)[0].contains("HTTP 403"), "{:?}", notices(&frame));
    let link = frame.meta.notices[0].link.as_ref().unwrap();
    assert!(link.ends_with("#principals-are-shown-by-id"), "what to do: {link}");
    let organization = engine.sandbox.organization();
    for (id, name) in texts(&frame, "principal_id").into_iter().zip(texts(&frame, "principal")) {
        let user = organization.users.iter().find(|user| user.id == id);
        // Users renew their sessions; a quiet week has no events about applications.
        assert!(name == id || user.is_some_and(|user| user.email == name), "{id} is {name}");
    }
    assert!(engine.looked_up().len() <= 16, "one question looks up only so many: {:?}", engine.looked_up());
    // The refusal is cached, too: a missing permission costs a call a minute and not one a query.
    let refused = engine.sandbox.calls().to(Endpoint::Users);
    engine.ask(list(json!({}))).await.unwrap();
    assert_eq!(engine.sandbox.calls().to(Endpoint::Users), refused);
}

/// An organization in which an application acts that was made two months ago and has been deleted since, a user whose
/// log-in has the name, and a principal about which the trail has no name; and the last hour.
async fn deleted(key: &str, config: Config) -> (Engine, [String; 3], Request) {
    let engine = Engine::with(Config { events: 0, ..config }, key, &json!({ "queryTimeoutSeconds": 8 })).await;
    let application = engine.sandbox.organization().departed.id.clone();
    let user = "d0000000-0000-4000-8000-000000000001".to_owned();
    let stranger = "d0000000-0000-4000-8000-000000000002".to_owned();
    for (seconds, who) in [(30, &application), (31, &user), (32, &stranger)] {
        engine.push("nl-ams", Kind::Api, seconds, json!({ "principal": { "id": who }, "product_name": "instance" }));
    }
    let named = |kind: &str, id: &str, name: &str| json!([{ "id": id, "type": kind, "name": name }]);
    let created = json!({
        "product_name": "iam", "method_name": "CreateApplication", "locality": "global",
        "resources": named("iam_application", &application, "old-importer"),
    });
    engine.push("fr-par", Kind::Api, 60 * 86_400, created);
    let login = json!({ "resources": named("iam_user", &user, "gone@example.com") });
    engine.push("fr-par", Kind::Authentication, 40, login);
    let now = nanos(engine.sandbox.now());
    (engine, [application, user, stranger], panel(now - 3_600 * SECOND, now + SECOND))
}

const TOLD: &str =
    "the names old-importer, gone@example.com come from the trail, since IAM does not know the principal";

#[tokio::test]
async fn a_deleted_principal_has_its_name_from_the_trail_with_a_notice() {
    let (engine, [application, user, stranger], hour) = deleted(SECRET_KEY, Config::default()).await;
    let api = list(json!({ "kinds": ["api"] }));
    let frame = ask(&engine.data_source, &list(json!({})), &hour).await.unwrap();
    let shown: BTreeMap<String, String> =
        texts(&frame, "principal_id").into_iter().zip(texts(&frame, "principal")).collect();
    assert_eq!(shown[&application], "old-importer");
    assert_eq!(shown[&user], "gone@example.com");
    assert_eq!(shown[&stranger], stranger, "what the trail does not tell is an id");
    assert_eq!(notices(&frame), [TOLD]);
    // The events themselves have the user's name.
    assert_eq!(set(&engine.looked_up()), [application.as_str(), &stranger].into());
    // Names are cached, also missing ones, and those of log-ins outside the answer.
    let again = ask(&engine.data_source, &api, &hour).await.unwrap();
    assert_eq!(set(&texts(&again, "principal")), ["gone@example.com", "old-importer", &stranger].into());
    assert_eq!(engine.looked_up().len(), 2, "{:?}", engine.looked_up());

    // A name is as good as one of IAM's: in a scope, a filter, a search, a group, also of a rule.
    for scope in [json!({ "principals": ["OLD-importer"] }), json!({ "text": "old-imp" })] {
        let found = ask(&engine.data_source, &list(scope.clone()), &hour).await.unwrap();
        assert_eq!(texts(&found, "principal_id"), [&*application], "{scope}");
    }
    let filter = json!({ "key": "principal", "operator": "=", "value": "old-importer" });
    let count = json!({ "queryType": "counts", "over": "total", "filters": [filter] });
    assert_eq!(sum(&ask(&engine.data_source, &count, &rule(hour.clone())).await.unwrap()), 1);
    let groups =
        json!({ "queryType": "counts", "over": "total", "groupBy": ["principal"], "scope": { "kinds": ["api"] } });
    let counted = ask(&engine.data_source, &groups, &rule(hour)).await.unwrap();
    // A rule's groups do not depend on the log-ins that have been fetched.
    assert_eq!(set(&texts(&counted, "principal")), [&*user, "old-importer", &stranger].into());
}

#[tokio::test]
async fn a_name_from_the_trail_selects_a_principal_without_events_in_the_range() {
    let (engine, [application, ..], hour) = deleted(SECRET_KEY, Config::default()).await;
    let quiet = hour.with_range(Interval::new(hour.range.start - Duration::from_hours(1), hour.range.start));
    let count = |who: &str| json!({ "queryType": "counts", "over": "total", "scope": { "principals": [who] } });
    for who in ["old-importer", "OLD-Importer", &application] {
        // The count of a rule does not depend on the name being in the events of its range.
        for (range, expected) in [(&quiet, 0), (&hour, 1)] {
            let range = rule(range.clone());
            assert_eq!(sum(&ask(&engine.data_source, &count(who), &range).await.unwrap()), expected, "{who}");
            let query = Query::parse(count(who).to_string().as_bytes(), "", &range, 100).unwrap();
            let deadline = Instant::now() + Duration::from_mins(1);
            assert_eq!(engine.data_source.warnings(&query, &range, deadline).await, Ok(vec![]), "{who}");
        }
    }
    for who in ["old-import", "old-importer2"] {
        let failure = ask(&engine.data_source, &count(who), &rule(hour.clone())).await.unwrap_err();
        assert_eq!(failure.message, format!("no principal is called {who}"));
    }
}

#[tokio::test]
async fn a_deleted_principal_is_named_from_the_trail_without_iam() {
    let (engine, [application, ..], hour) = deleted(KEY_WITHOUT_IAM, Config::default()).await;
    let frame = ask(&engine.data_source, &list(json!({})), &hour).await.unwrap();
    assert!(texts(&frame, "principal").contains(&"old-importer".to_owned()));
    // A rule's groups are ids for good, as they do not depend on the names in the trail.
    let groups = json!({ "queryType": "counts", "over": "total", "groupBy": ["principal"] });
    let counted = ask(&engine.data_source, &groups, &rule(hour)).await.unwrap();
    assert!(texts(&counted, "principal").contains(&application));
}

#[tokio::test]
async fn an_unreadable_trail_costs_names_and_rules_that_need_them() {
    let faults = vec![Fault::Unavailable.always().on(Endpoint::Events)];
    let (engine, [application, ..], hour) = deleted(SECRET_KEY, Config { faults, ..Config::default() }).await;
    let frame = ask(&engine.data_source, &list(json!({})), &hour).await.unwrap();
    assert!(texts(&frame, "principal").contains(&application));
    let why = "some principals are shown by id, because the trail does not tell their names: Scaleway answers HTTP 503";
    assert!(notices(&frame)[0].starts_with(why), "{:?}", notices(&frame));
    assert_eq!(warnings(&frame), [""; 0], "no event is missing");
    let count = json!({ "queryType": "counts", "over": "total" });
    assert_eq!(sum(&ask(&engine.data_source, &count, &rule(hour.clone())).await.unwrap()), 4);
    let groups = json!({ "queryType": "counts", "over": "total", "groupBy": ["principal"] });
    let failure = ask(&engine.data_source, &groups, &rule(hour)).await.unwrap_err();
    assert!(failure.message.starts_with(why), "{failure}");
}

/// The values of a column: text and value.
async fn values_of(engine: &Engine, column: &str) -> (Vec<(String, String)>, Vec<String>) {
    let frame = engine.ask(json!({ "queryType": "values", "column": column })).await.unwrap();
    let said = notices(&frame).into_iter().map(str::to_owned).collect();
    (texts(&frame, "text").into_iter().zip(texts(&frame, "value")).collect(), said)
}

#[tokio::test]
async fn variables_show_names_and_insert_ids() {
    let engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    let organization = engine.sandbox.organization();
    let projects: BTreeMap<&str, &str> =
        organization.projects.iter().map(|project| (project.id.as_str(), project.name.as_str())).collect();
    let (values, said) = values_of(&engine, "project").await;
    assert_eq!((values.len(), said), (4, vec![]));
    assert!(values.iter().all(|(text, value)| projects[value.as_str()] == text), "{values:?}");

    let (values, said) = values_of(&engine, "principal_id").await;
    let known: HashSet<&str> = organization.users.iter().map(|user| user.email.as_str()).collect();
    assert!(values.iter().filter(|(text, _)| known.contains(text.as_str())).count() > 5, "{values:?}");
    assert!(values.iter().all(|(text, value)| text == value || !text.contains(value.as_str())), "{said:?}");

    // Names are those of Resource Explorer, from several pages, or else of the events.
    let (values, _) = values_of(&engine, "resource_id").await;
    let named =
        |id: &str| organization.resources.iter().find(|resource| resource.id == id).map(|resource| &resource.name);
    let is_shown = |(text, value): &&(String, String)| named(value).is_some_and(|name| name == text);
    assert!(values.iter().filter(is_shown).count() > 50, "{values:?}");
    assert!(engine.asked("/search/v1alpha1/resources").len() > 1);
    // They are cached: the variables of a dashboard cost one look.
    let asked = engine.asked("/search/").len();
    values_of(&engine, "resource_id").await;
    assert_eq!(engine.asked("/search/").len(), asked);
}

#[tokio::test]
async fn without_permission_variables_show_names_of_events_with_a_notice() {
    let config = Config { events: EVENTS, ..Config::default() };
    let engine = Engine::with(config, KEY_FOR_THE_TRAIL_ALONE, &json!({})).await;
    let organization = engine.sandbox.organization();
    let (project, name) = (organization.projects[1].id.clone(), "production");
    let told = json!({ "resources": [{ "id": project, "type": "account_project", "name": name }] });
    engine.push("fr-par", Kind::Api, 60, told);
    let (values, said) = values_of(&engine, "project").await;
    assert!(values.contains(&(name.to_owned(), project)), "{values:?}");
    assert!(values.iter().any(|(text, value)| text == value), "the others have no name in any event: {values:?}");
    let why = "projects are shown by id where no event tells their name, because the key's principal lacks the permission set ProjectReadOnly";
    assert_eq!(said, [why]);
    let (values, said) = values_of(&engine, "resource_id").await;
    assert!(values.iter().filter(|(text, value)| text != value).count() > 50, "{values:?}");
    assert!(said[0].starts_with("resources are shown by id") && said[0].ends_with("AllProductsReadOnly"), "{said:?}");
}

#[tokio::test]
async fn slow_or_failing_names_of_variables_cost_their_share_of_time_and_names_only() {
    let settings = json!({ "callTimeoutSeconds": 30, "queryTimeoutSeconds": 40 });
    for fault in [Fault::Stall, Fault::HtmlPage, Fault::TruncatedJson, Fault::NotFound, Fault::TooManyRequests] {
        let faults = [Endpoint::Projects, Endpoint::Resources].map(|list| fault.always().on(list)).into();
        let config = Config { events: EVENTS, faults, stall: Duration::from_mins(5), ..Config::default() };
        let engine = Engine::with(config, SECRET_KEY, &settings).await;
        let start = Instant::now();
        let ((projects, said), (resources, _)) =
            tokio::join!(values_of(&engine, "project"), values_of(&engine, "resource_id"));
        // A quarter of the query's time, and as much again for a busy machine.
        assert!(start.elapsed() < Duration::from_secs(20), "{fault}: {:?}", start.elapsed());
        assert!(projects.len() >= 4 && resources.len() > 50, "{fault}");
        assert!(said[0].starts_with("projects are shown by id"), "{fault}: {said:?}");
    }
    // A list whose token repeats ends.
    let faults = vec![Fault::RepeatingToken.always().on(Endpoint::Resources)];
    let engine = Engine::start(Config { events: EVENTS, faults, ..Config::default() }).await;
    assert!(values_of(&engine, "resource_id").await.0.len() > 50);
    assert!(engine.asked("/search/").len() <= 2);
}

#[tokio::test]
async fn without_iam_a_principals_id_is_still_pushed_down() {
    let engine = Engine::with(Config { events: EVENTS, ..Config::default() }, KEY_WITHOUT_IAM, &json!({})).await;
    let id = engine.sandbox.organization().applications[0].id.clone();
    assert!(!engine.ids(json!({ "principals": [id], "kinds": ["api"] })).await.is_empty());
    let all = engine
        .asked("/events?")
        .into_iter()
        .filter(|asked| !asked.contains("principal_id") && !asked.contains("product_name=iam"));
    assert_eq!(all.collect::<Vec<_>>(), [""; 0], "the whole list is read");
}

/// An organization whose IAM suffers from a fault for ever, and whose trail is well.
async fn without_iam(fault: Fault, settings: Value) -> Engine {
    let faults = [Endpoint::Users, Endpoint::Applications].map(|list| fault.always().on(list)).into();
    let config = Config { events: EVENTS, faults, ..Config::default() };
    Engine::with(config, SECRET_KEY, &settings).await
}

#[tokio::test]
async fn a_silent_iam_costs_names_only() {
    // IAM may take a quarter of the query's time.
    let engine = without_iam(Fault::Stall, json!({ "queryTimeoutSeconds": 20 })).await;
    let id = engine.sandbox.organization().applications[0].id.clone();
    let frame = engine.ask(list(json!({ "principals": [id] }))).await.unwrap();
    assert!(frame.rows() > 0 && notices(&frame)[0].contains("IAM cannot be read"), "{:?}", notices(&frame));
}

#[tokio::test]
async fn a_count_that_needs_no_names_does_not_wait_for_them() {
    let engine = without_iam(Fault::TooManyRequests, json!({})).await;
    let count = engine.ask_as_rule(json!({ "queryType": "counts", "over": "total" })).await.unwrap();
    assert_eq!(sum(&count), EVENTS);
    assert_eq!(engine.asked("/iam/"), [""; 0]);
}

#[tokio::test]
async fn a_range_older_than_ninety_days_says_that_events_may_be_missing() {
    let engine = Engine::start(Config { events: EVENTS, ..Config::default() }).await;
    let now = nanos(engine.sandbox.now());
    let ask_since = async |days: i64| {
        let range = panel(now - days * 86_400 * SECOND, now);
        ask(&engine.data_source, &list(json!({})), &range).await.unwrap()
    };
    let old = ask_since(91).await;
    assert_eq!(old.rows(), EVENTS);
    assert!(warnings(&old)[0].contains("Scaleway keeps events for 90 days"), "{:?}", notices(&old));
    assert_eq!(warnings(&ask_since(89).await), [""; 0]);
    let range = rule(panel(now - 91 * 86_400 * SECOND, now));
    let failure = ask(&engine.data_source, &json!({ "queryType": "counts" }), &range).await.unwrap_err();
    assert!(failure.message.contains("Scaleway keeps events for 90 days"), "{failure}");
}

#[tokio::test]
async fn a_range_of_the_last_ninety_days_has_no_notice() {
    let engine = Engine::start(Config { events: 10, ..Config::default() }).await;
    let now = nanos(chrono::Utc::now());
    let range = panel(now - 90 * 86_400 * SECOND, now);
    // Grafana computes the range a little before the query arrives.
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(warnings(&ask(&engine.data_source, &list(json!({})), &range).await.unwrap()), [""; 0]);
}

/// Exactly `count` events in one region, one a second, the newest `count` seconds after `from`.
async fn exactly(count: i64, before: bool, max_events: usize) -> (Engine, i64) {
    let engine = Engine::with(
        Config { events: 0, ..Config::default() },
        SECRET_KEY,
        &json!({ "maxEvents": max_events, "regions": ["fr-par"] }),
    )
    .await;
    let from = nanos(engine.sandbox.now()) / SECOND * SECOND - 1_000 * SECOND;
    let times = (0..count).map(|second| from + second * SECOND).chain(before.then_some(from - 1));
    let events = times.map(|at| engine::event(Kind::Api, "fr-par", at, json!({})).to_string());
    engine.sandbox.push("fr-par", Kind::Api, events).unwrap();
    (engine, from)
}

#[tokio::test]
async fn a_list_of_exactly_max_events_is_complete() {
    for count in [100, 200] {
        let (engine, from) = exactly(count, false, usize::try_from(count).unwrap()).await;
        let query = json!({ "format": "table", "limit": count });
        let frame = ask(&engine.data_source, &query, &panel(from, from + 1_000 * SECOND)).await.unwrap();
        assert_eq!((frame.rows(), notices(&frame)), (usize::try_from(count).unwrap(), vec![]));
    }
}

#[tokio::test]
async fn a_list_of_one_more_than_max_events_is_cut_with_a_notice() {
    let (engine, from) = exactly(101, false, 100).await;
    let range = panel(from, from + 1_000 * SECOND);
    let frame = ask(&engine.data_source, &json!({ "limit": 100 }), &range).await.unwrap();
    assert_eq!(frame.rows(), 100);
    assert!(warnings(&frame)[0].contains("only the newest 100 events were fetched (setting maxEvents)"));
    let failure = ask(&engine.data_source, &json!({ "queryType": "counts" }), &rule(range)).await.unwrap_err();
    assert!(failure.message.contains("setting maxEvents"), "{failure}");
    assert_eq!(failure.fault, error::Fault::Downstream, "it is the setting that is too small");
}

#[tokio::test]
async fn an_event_just_before_the_range_does_not_count_towards_max_events() {
    // More than the range is asked for, because the API's bounds are not documented.
    let (engine, from) = exactly(100, true, 100).await;
    let range = panel(from, from + 1_000 * SECOND);
    let frame = ask(&engine.data_source, &json!({ "limit": 100 }), &range).await.unwrap();
    assert_eq!((frame.rows(), notices(&frame)), (100, vec![]));
    let count = ask(&engine.data_source, &json!({ "queryType": "counts", "over": "total" }), &rule(range)).await;
    assert_eq!(sum(&count.unwrap()), 100);
}

#[tokio::test]
async fn no_query_shows_more_than_max_events() {
    let settings = json!({ "maxEvents": 150 });
    let engine = Engine::with(Config { events: EVENTS, ..Config::default() }, SECRET_KEY, &settings).await;
    let frame = engine.ask(json!({ "queryType": "counts", "over": "total" })).await.unwrap();
    assert!(warnings(&frame).iter().any(|notice| notice.contains("only the newest 150 events were fetched")));
    assert_eq!(sum(&frame), 150);
}
