//! Annotations and counts of any events: nothing is lost, nothing serious is hidden, no markup of a caller is rendered.
#![cfg(feature = "terminal")]

mod engine;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::Array;
use audittrail::event::{Decoder, Kind as EventKind, List};
use audittrail::frame::{Frame, FrameType};
use audittrail::query::annotations::Annotations;
use audittrail::query::counts;
use audittrail::query::counts::{Counts, Over};
use audittrail::query::dimension::Dimension;
use audittrail::query::{Answer, Buckets, Question, Request, annotations};
use audittrail::risk::{RuleSet, Severity};
use audittrail::sandbox::{Config, Fault, FaultPlan, Kind, SECRET_KEY};
use audittrail::time::Interval;
use engine::{Engine, SECOND, ask, field, list, nanos, notices, numbers, panel, rule, sum, texts, times};
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use serde_json::json;

/// An answer without events, which tests fill.
fn blank() -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut engine = Engine::empty().await;
        engine.data_source.rules = Arc::new(rules());
        engine.answer(&json!({}), &engine.ever()).await
    })
}

/// The buckets of a panel in UTC.
fn buckets(request: &Request) -> Buckets {
    Buckets::overlapping(request, &jiff::tz::TimeZone::UTC)
}

/// An annotation query with this cap.
fn capped(cap: usize) -> Annotations {
    Annotations::parse(json!({ "cap": cap }).as_object().unwrap(), 1).unwrap()
}

/// An event of a test: its time, principal and risk.
#[derive(Clone, Debug)]
struct Happened {
    at: i64,
    who: u8,
    risk: Option<Risk>,
}

/// A class and a severity.
type Risk = (&'static str, Severity);

const CLASSES: [&str; 3] = ["privilege_grant", "resource_destroy", "session"];

/// The method that means a risk by [`rules`].
fn method((class, severity): Risk) -> String {
    format!("{class}-{}", severity.as_str())
}

/// Rules by which an event of these tests means any risk.
fn rules() -> RuleSet {
    let risks = CLASSES.into_iter().flat_map(|class| Severity::ALL.map(|severity| (class, severity)));
    let rows = risks.map(|risk| format!("vpc,{},,{},{},\n", method(risk), risk.0, risk.1.as_str()));
    let methods = format!("product,method,when,class,severity,attack\n{}", rows.collect::<String>());
    RuleSet::read(&methods, "product,alias\n").unwrap()
}

fn risk() -> impl Strategy<Value = Option<Risk>> {
    prop::option::weighted(0.9, (prop::sample::select(&CLASSES), prop::sample::select(&Severity::ALL)))
}

/// A request and events within its range: some alone, some in bursts, some at the same nanosecond.
fn week() -> impl Strategy<Value = (Request, Vec<Happened>)> {
    let range = prop_oneof![1..2_000_i64, SECOND..100 * SECOND, 3_600 * SECOND..90 * 86_400 * SECOND];
    let points = prop_oneof![Just(0_u64), Just(1), 2..50_u64, 100..3_000_u64, Just(43_200)];
    (0..2_000_000_000 * SECOND, range, points).prop_flat_map(|(from, range, points)| {
        let request = Request { max_data_points: points, ..panel(from, from + range) };
        let position = prop_oneof![0..range, 0..range.min(1_000), Just(range / 2), Just(0), Just(range - 1)];
        let event = (position, 0..4_u8, risk()).prop_map(move |(position, who, risk)| Happened {
            at: from + position,
            who,
            risk,
        });
        (Just(request), prop::collection::vec(event, 0..120))
    })
}

/// An answer with these events.
fn answer(blank: &Answer, happened: &[Happened]) -> Answer {
    let events: Vec<_> = happened
        .iter()
        .enumerate()
        .map(|(number, event)| {
            let fields = json!({
                "id": format!("event-{number:03}"), "principal": { "id": format!("who-{}", event.who) },
                "method_name": event.risk.map_or("unknown".to_owned(), method),
            });
            engine::event(Kind::Api, "fr-par", event.at, fields)
        })
        .collect();
    let mut decoder = Decoder::new("fr-par");
    let page = json!({ "events": events }).to_string();
    assert!(decoder.page(List::Of(EventKind::Api), page).unwrap().malformed.is_empty());
    let mut answer = blank.clone();
    answer.events = decoder.finish().unwrap();
    answer
}

/// An annotation of a frame: its first event, the number of its events, and its time from and to.
struct Drawn {
    first: usize,
    events: usize,
    from: i64,
    to: i64,
    state: String,
    title: String,
}

fn drawn(frame: &Frame) -> Vec<Drawn> {
    assert!(times(frame, "timeEnd").iter().all(Option::is_none), "a cluster is a point");
    let (ids, from, to) = (texts(frame, "id"), times(frame, "time"), times(frame, "cluster_end"));
    let (states, titles) = (texts(frame, "newState"), texts(frame, "title"));
    let annotation = |row: usize| {
        let (first, more) = ids[row].split_once('+').unwrap_or((&ids[row], "0"));
        let from = from[row].unwrap();
        Drawn {
            first: first["event-".len()..].parse().unwrap(),
            events: more.parse::<usize>().unwrap() + 1,
            from,
            to: to[row].unwrap_or(from),
            state: states[row].clone(),
            title: titles[row].clone(),
        }
    };
    (0..ids.len()).map(annotation).collect()
}

fn state(risk: Option<Risk>) -> &'static str {
    match risk.map(|(_, severity)| severity) {
        Some(Severity::Critical | Severity::High) => "alerting",
        Some(Severity::Medium) => "pending",
        Some(Severity::Low) | None => "ok",
    }
}

fn check<T: std::fmt::Debug>(of: impl Strategy<Value = T>, property: impl Fn(T) -> Result<(), TestCaseError>) {
    let cases = Cases { cases: 96, failure_persistence: None, ..Cases::default() };
    TestRunner::new(cases).run(&of, property).unwrap_or_else(|failed| panic!("{failed}"));
}

#[test]
fn every_event_is_in_one_annotation_of_its_own_severity() {
    let blank = blank();
    check((week(), 1..100_usize), |((request, happened), cap)| {
        let answer = answer(&blank, &happened);
        let frame = annotations::frame(&capped(cap), &answer, &request);
        let annotations = drawn(&frame);
        prop_assert_eq!(annotations.iter().map(|annotation| annotation.events).sum::<usize>(), happened.len());
        let firsts: HashSet<usize> = annotations.iter().map(|annotation| annotation.first).collect();
        prop_assert_eq!(firsts.len(), annotations.len(), "two annotations begin with the same event");
        let (mut shown, mut there) = (BTreeMap::new(), BTreeMap::new());
        for annotation in &annotations {
            *shown.entry(annotation.state.as_str()).or_insert(0) += annotation.events;
            prop_assert_eq!(annotation.state.as_str(), state(happened[annotation.first].risk));
            prop_assert_eq!(annotation.from, happened[annotation.first].at);
            prop_assert!(annotation.to < request.range.end.nanos());
            let least = happened.iter().filter(|event| (annotation.from..=annotation.to).contains(&event.at)).count();
            prop_assert!(annotation.events <= least, "an annotation has events from outside its time");
        }
        for event in &happened {
            *there.entry(state(event.risk)).or_insert(0) += 1;
        }
        for annotation in &annotations {
            let severity = |risk: Option<Risk>| risk.map(|(_, severity)| severity);
            let first = severity(happened[annotation.first].risk);
            let alike = happened.iter().filter(|event| (annotation.from..=annotation.to).contains(&event.at));
            let alike = alike.filter(|event| severity(event.risk) == first).count();
            prop_assert!(annotation.events <= alike, "{} has events of another severity", annotation.title);
        }
        prop_assert_eq!(shown, there, "events are marked with another severity");
        Ok(())
    });
}

#[test]
fn annotations_stay_within_the_cap_unless_there_are_more_severities() {
    let blank = blank();
    check((week(), 1..100_usize), |((request, happened), cap)| {
        let frame = annotations::frame(&capped(cap), &answer(&blank, &happened), &request);
        let severities: BTreeSet<_> = happened.iter().map(|event| event.risk.map(|(_, severity)| severity)).collect();
        prop_assert!(frame.rows() <= cap.max(severities.len()), "{} annotations, a cap of {}", frame.rows(), cap);
        let folded: usize =
            drawn(&frame).iter().filter(|annotation| annotation.events > 1).map(|annotation| annotation.events).sum();
        let has_notice =
            notices(&frame).iter().any(|notice| notice.starts_with(&format!("{folded} of {}", happened.len())));
        prop_assert_eq!(has_notice, folded > 0, "clusters have a notice: {:?}", notices(&frame));
        let beyond = notices(&frame).iter().any(|notice| notice.contains("exceed the cap"));
        prop_assert_eq!(beyond, frame.rows() > cap);
        Ok(())
    });
}

#[test]
fn within_the_cap_only_neighbours_of_one_principal_and_class_share_an_annotation() {
    let blank = blank();
    check(week(), |(request, happened)| {
        let answer = answer(&blank, &happened);
        let frame = annotations::frame(&capped(5_000), &answer, &request);
        let pixels = if request.max_data_points == 0 { 1_000 } else { i64::try_from(request.max_data_points).unwrap() };
        let range = i64::try_from(request.range.length().as_nanos()).unwrap();
        let near = (range / pixels * 4).clamp(1, range);
        for annotation in drawn(&frame) {
            prop_assert!(
                annotation.to - annotation.from < near,
                "{} ns in one annotation, {} ns are four pixels",
                annotation.to - annotation.from,
                near
            );
            let first = &happened[annotation.first];
            let alike = happened.iter().filter(|event| {
                event.who == first.who
                    && event.risk == first.risk
                    && (annotation.from..=annotation.to).contains(&event.at)
            });
            prop_assert!(annotation.events <= alike.count(), "{} has events of others", annotation.title);
            let title = format!("who-{}: {} events", first.who, annotation.events);
            prop_assert!(annotation.events == 1 || annotation.title.starts_with(&title), "{}", annotation.title);
        }
        Ok(())
    });
}

#[test]
fn events_less_than_four_pixels_apart_share_an_annotation() {
    let blank = blank();
    // A pixel is a second.
    let request = Request { max_data_points: 1_000, ..panel(0, 1_000 * SECOND) };
    for (distance, expected) in [(0, 1), (4 * SECOND - 1, 1), (4 * SECOND, 2)] {
        let happened = [7, 7 + distance].map(|at| Happened { at, who: 1, risk: None });
        let frame = annotations::frame(&capped(200), &answer(&blank, &happened), &request);
        assert_eq!(frame.rows(), expected, "{distance} ns apart");
    }
    // The distance is that from the first, so that an annotation does not grow along a steady stream.
    let stream: Vec<_> = (0..100).map(|n| Happened { at: n * SECOND, who: 1, risk: None }).collect();
    let frame = annotations::frame(&capped(200), &answer(&blank, &stream), &request);
    assert_eq!(frame.rows(), 25);
}

#[test]
fn annotations_are_in_order_and_the_same_when_asked_again() {
    let blank = blank();
    check((week(), 1..100_usize), |((request, happened), cap)| {
        let answer = answer(&blank, &happened);
        let ask = || annotations::frame(&capped(cap), &answer, &request);
        let (first, second) = (ask(), ask());
        prop_assert!(times(&first, "time").is_sorted());
        prop_assert_eq!(texts(&first, "id"), texts(&second, "id"));
        prop_assert_eq!(first.to_arrow("A").unwrap(), second.to_arrow("A").unwrap());
        Ok(())
    });
}

#[test]
fn a_higher_cap_never_makes_fewer_annotations() {
    let blank = blank();
    check((week(), 1..100_usize), |((request, happened), cap)| {
        let answer = answer(&blank, &happened);
        let rows = |cap| annotations::frame(&capped(cap), &answer, &request).rows();
        prop_assert!(rows(cap) <= rows(cap + 1));
        Ok(())
    });
}

#[test]
fn each_event_is_in_the_bucket_of_its_time() {
    let blank = blank();
    check(week(), |(request, happened)| {
        let answer = answer(&blank, &happened);
        let buckets = buckets(&request);
        let mut seen = 0;
        for (bucket, rows) in buckets.rows(&answer.events) {
            seen += rows.len();
            let end = *buckets.starts().get(bucket + 1).unwrap_or(&request.range.end);
            let bucket = Interval::new(buckets.starts()[bucket], end).nanos();
            prop_assert!(answer.events.times().values()[rows].iter().all(|time| bucket.contains(time)));
        }
        prop_assert_eq!(seen, happened.len());
        Ok(())
    });
}

#[test]
fn counts_add_up_to_the_events_of_the_range() {
    let blank = blank();
    let groupings = [
        vec![],
        vec![Dimension::Principal],
        vec![Dimension::RiskClass, Dimension::Severity],
        vec![Dimension::Status, Dimension::Principal, Dimension::Severity],
    ];
    check(
        (week(), prop::sample::select(groupings.to_vec()), 1..20_usize),
        |((request, happened), group_by, group_limit)| {
            let answer = answer(&blank, &happened);
            let count = |over| {
                let counts = Counts { over, group_by: group_by.clone(), group_limit, ..Counts::default() };
                counts::frame(&counts, &answer, &request, Some(&buckets(&request))).unwrap()
            };
            let (series, total) = (count(Over::Time), count(Over::Total));
            prop_assert_eq!((sum(&series), sum(&total)), (happened.len(), happened.len()));
            prop_assert_eq!(series.fields.len().saturating_sub(1), total.rows(), "a series for each number");
            prop_assert!(total.rows() <= group_limit + 1);
            let labels: HashSet<_> = series.fields.iter().skip(1).map(|field| format!("{:?}", field.labels)).collect();
            prop_assert_eq!(labels.len(), total.rows(), "two series have the same labels");
            for (series, total) in series.fields.iter().skip(1).zip(numbers(&total)) {
                prop_assert_eq!(series.values.null_count(), 0);
                let one = Frame { fields: vec![series.clone()], ..Frame::default() };
                prop_assert_eq!(numbers(&one).iter().sum::<i64>(), total);
            }
            prop_assert!(series.to_arrow("A").is_ok() && total.to_arrow("A").is_ok());
            Ok(())
        },
    );
}

#[test]
fn a_bucket_counts_the_events_of_its_time() {
    let blank = blank();
    check(week(), |(request, happened)| {
        let counts = Counts::default();
        let frame = counts::frame(&counts, &answer(&blank, &happened), &request, Some(&buckets(&request))).unwrap();
        let starts: Vec<i64> = times(&frame, "time").into_iter().flatten().collect();
        for (bucket, count) in numbers(&frame).into_iter().enumerate() {
            let bucket = starts[bucket]..*starts.get(bucket + 1).unwrap_or(&request.range.end.nanos());
            prop_assert_eq!(
                happened.iter().filter(|event| bucket.contains(&event.at)).count(),
                usize::try_from(count).unwrap()
            );
        }
        Ok(())
    });
}

// The same over HTTP, with the texts of the frame

#[tokio::test]
async fn an_annotation_frame_is_one_frame_of_the_fields_that_grafana_reads() {
    let engine = Engine::start(Config { events: 300, ..Config::default() }).await;
    let frame = engine.ask(json!({ "queryType": "annotations" })).await.unwrap();
    assert_eq!((frame.name.as_str(), frame.meta.kind), ("annotations", None::<FrameType>));
    let fields: Vec<_> = frame.fields.iter().map(|field| (field.name.as_str(), field.nullable)).collect();
    let expected = [
        ("time", false),
        ("timeEnd", true),
        ("title", false),
        ("text", false),
        ("tags", false),
        ("id", false),
        ("newState", false),
        ("cluster_end", true),
        ("console_url", true),
        ("principal_id", true),
        ("source_ip", true),
        ("resource_type", true),
        ("resource_id", true),
        ("resource_parents", true),
    ];
    assert_eq!(fields, expected);
    // Grafana finds them by name, which labels or display names would change.
    assert!(frame.fields.iter().all(|field| field.labels.is_empty() && field.config.is_none()));
    // A third of a thousand pixels has room for eight.
    assert!((4..=8).contains(&frame.rows()), "{}", frame.rows());
    assert!(texts(&frame, "tags").iter().all(|tags| tags.split(',').all(|tag| tag.trim() == tag && !tag.is_empty())));
}

#[tokio::test]
async fn an_annotation_of_one_event_has_its_id_and_no_end() {
    let engine = Engine::empty().await;
    let id = engine.push("fr-par", Kind::Api, 60, json!({}));
    let frame = engine.ask(json!({ "queryType": "annotations" })).await.unwrap();
    assert_eq!((texts(&frame, "id"), times(&frame, "timeEnd")), (vec![id], vec![None]));
    assert_eq!(notices(&frame), [""; 0]);
}

#[tokio::test]
async fn serious_events_have_annotations_among_hundreds_of_others() {
    let engine = Engine::empty().await;
    let at = nanos(engine.sandbox.now()) - 60 * SECOND;
    let dull = (0..500).map(|_| engine::event(Kind::Api, "fr-par", at, json!({})).to_string());
    engine.sandbox.push("fr-par", Kind::Api, dull).unwrap();
    let mfa = json!({ "product_name": "iam", "service_name": "scaleway.iam.v1alpha1.Api", "method_name": "DeleteUserMFAOTP" });
    let serious = engine::event(Kind::Api, "fr-par", at, mfa);
    engine.sandbox.push("fr-par", Kind::Api, [serious.to_string()]).unwrap();
    let frame = engine.ask(json!({ "queryType": "annotations", "cap": 1 })).await.unwrap();
    assert_eq!(frame.rows(), 2, "two severities are two annotations, whatever the cap");
    let position = texts(&frame, "newState").iter().position(|state| state == "alerting").unwrap();
    assert_eq!(texts(&frame, "id")[position], serious["id"].as_str().unwrap());
    assert!(
        notices(&frame).iter().any(|notice| notice.contains("2 annotations exceed the cap of 1")),
        "{:?}",
        notices(&frame)
    );
}

/// A text without the tags that the plugin itself puts there.
fn without_tags(text: &str) -> String {
    ["<br/>", "<details><summary>Details</summary>", "</details>"]
        .iter()
        .fold(text.to_owned(), |text, tag| text.replace(tag, ""))
}

#[tokio::test]
async fn hostile_names_are_escaped() {
    let engine = Engine::empty().await;
    let hostile = "<img src=x onerror=alert(1)>\u{202e}\n\"'& ,";
    let user = json!([{ "id": "gone", "type": "iam_user", "name": hostile }]);
    engine.push(
        "fr-par",
        Kind::Authentication,
        60,
        json!({ "resources": user, "method": hostile, "country_code": hostile }),
    );
    for second in [70, 71, 3_600] {
        engine.push("fr-par", Kind::Api, second, json!({
            "product_name": hostile, "method_name": hostile, "user_agent": hostile, "locality": hostile, "request_id": hostile,
            "source_ip": hostile, "principal": { "id": hostile },
            "resources": [{ "id": hostile, "type": hostile, "name": hostile, "kube_pool_info": { "id": "x", "name": hostile } }],
            "request_body": { "action": hostile },
        }));
    }
    for cap in [1, 200] {
        let frame = engine.ask(json!({ "queryType": "annotations", "cap": cap })).await.unwrap();
        for text in
            texts(&frame, "title").into_iter().chain(texts(&frame, "text").iter().map(|text| without_tags(text)))
        {
            assert!(!text.contains(['<', '>', '"', '\'', '\n', '\u{202e}']), "{text}");
            let entities = ["&lt;", "&gt;", "&quot;", "&#39;", "&amp;"];
            let bare = entities.iter().fold(text.clone(), |text, entity| text.replace(entity, ""));
            assert!(!bare.contains('&'), "{text}");
        }
        assert!(texts(&frame, "tags").iter().all(|tags| !tags.contains(['\n', '\u{202e}'])));
        assert!(texts(&frame, "title").iter().any(|title| title.contains("&lt;img src=x")));
    }
    let lines = engine.ask(json!({})).await.unwrap();
    assert!(texts(&lines, "body").iter().all(|line| !line.contains(['\n', '\u{202e}'])));
}

#[tokio::test]
async fn long_text_is_shortened() {
    let engine = Engine::empty().await;
    let long = "é".repeat(10_000);
    let resource = json!([{ "id": "x", "type": "t", "name": long }]);
    engine.push("fr-par", Kind::Api, 60, json!({ "method_name": long, "resources": resource }));
    let frame = engine.ask(json!({ "queryType": "annotations" })).await.unwrap();
    for column in ["title", "text", "tags"] {
        assert!(texts(&frame, column)[0].chars().count() < 500, "{column}");
    }
    // The table has a longer text, and the event the whole one.
    let cells = texts(&engine.ask(list(json!({}))).await.unwrap(), "resource_name");
    assert_eq!(cells, ["é".repeat(4_096) + "…"]);
    let answer = engine.answer(&json!({}), &engine.ever()).await;
    assert_eq!(answer.events.text(audittrail::event::Column::ResourceName).get(0), Some(long.as_str()));
}

#[tokio::test]
async fn a_cluster_is_a_point_that_describes_its_events() {
    let engine = Engine::empty().await;
    for seconds in 60..80 {
        engine.push("fr-par", Kind::Api, seconds, json!({ "method_name": "CreateServer", "product_name": "instance" }));
    }
    let now = nanos(engine.sandbox.now());
    let request = panel(now - 86_400 * SECOND, now);
    let frame = ask(&engine.data_source, &json!({ "queryType": "annotations" }), &request).await.unwrap();
    assert_eq!(frame.rows(), 1);
    assert_eq!(times(&frame, "timeEnd"), [None], "it is a point");
    let length = times(&frame, "cluster_end")[0].unwrap() - times(&frame, "time")[0].unwrap();
    assert!((18..=20).contains(&(length / SECOND)), "{length}");
    assert!(texts(&frame, "title")[0].contains("20 events: 20 CreateServer"), "{:?}", texts(&frame, "title"));
    assert!(texts(&frame, "text")[0].starts_with("within "), "{:?}", texts(&frame, "text"));
    let notice = "20 of 20 events are clustered into 1 annotation; narrow the range or the scope to see each";
    assert_eq!(notices(&frame), [notice]);
    // A rule counts events, not annotations.
    assert_eq!(
        sum(&ask(&engine.data_source, &json!({ "queryType": "annotations" }), &rule(request)).await.unwrap()),
        20
    );
    assert_eq!(field(&frame, "time").values.null_count(), 0);
}

// Missing events on the graph

/// The rows about missing events: title, from and to.
fn incomplete(frame: &Frame) -> Vec<(String, i64, i64)> {
    let (titles, ids) = (texts(frame, "title"), texts(frame, "id"));
    let (from, to) = (times(frame, "time"), times(frame, "timeEnd"));
    let is_incomplete = |row: &usize| ids[*row].starts_with("incomplete-");
    let count = (0..ids.len()).filter(is_incomplete).count();
    assert!((0..count).all(|row| is_incomplete(&row)), "they come first: {ids:?}");
    assert!((count..ids.len()).all(|row| to[row].is_none()), "nothing else is a region");
    assert!(titles[..count].iter().all(|title| title.starts_with("Incomplete: ")), "{titles:?}");
    let row = |row: usize| (titles[row].clone(), from[row].unwrap(), to[row].unwrap());
    (0..count).map(row).collect()
}

const PATIENCE: [&str; 2] = ["callTimeoutSeconds", "queryTimeoutSeconds"];

async fn suffering(faults: Vec<FaultPlan>, settings: serde_json::Value) -> Engine {
    let mut patient = json!({ PATIENCE[0]: 1, PATIENCE[1]: 8 });
    for (name, value) in settings.as_object().unwrap() {
        patient[name] = value.clone();
    }
    Engine::with(Config { events: 0, faults, ..Config::default() }, SECRET_KEY, &patient).await
}

#[tokio::test]
async fn a_region_that_does_not_answer_is_on_the_graph_of_annotations_and_overlays() {
    let engine = suffering(vec![Fault::Unavailable.always().in_region("nl-ams")], json!({})).await;
    let id = engine.push("fr-par", Kind::Api, 3_600, json!({}));
    let request = engine.ever();
    for (overlay, column, color, others) in [(false, "newState", "nodata", "ok"), (true, "color", "gray", "blue")] {
        let query = json!({ "queryType": "annotations", "overlay": overlay, "cap": 1 });
        let frame = ask(&engine.data_source, &query, &request).await.unwrap();
        let [(title, from, to)] = &incomplete(&frame)[..] else { panic!("{:?}", incomplete(&frame)) };
        assert_eq!(title, "Incomplete: region nl-ams did not answer");
        assert_eq!(*from, request.range.start.nanos());
        assert!(
            *to <= nanos(engine.sandbox.now()) && *to > request.range.end.nanos() - 3_600 * SECOND,
            "up to now: {to}"
        );
        assert_eq!(texts(&frame, "id")[1..], *std::slice::from_ref(&id), "the cap is that of events");
        let colors = texts(&frame, column);
        assert_eq!((&*colors[0], colors[1] != color), (color, true), "{colors:?}, {others}");
        assert!(texts(&frame, "text")[0].starts_with("region nl-ams, combined events: Scaleway answers HTTP 503"));
        let warning = frame.meta.notices.iter().find(|notice| notice.text.contains("nl-ams")).unwrap();
        assert!(warning.link.as_ref().unwrap().ends_with("#a-region-did-not-answer"), "{warning:?}");
    }
    assert!(ask(&engine.data_source, &json!({ "queryType": "annotations" }), &rule(request)).await.is_err());
}

#[tokio::test]
async fn a_trail_that_does_not_answer_is_one_region_on_annotations_and_an_error_elsewhere() {
    let engine = suffering(vec![Fault::Unavailable.always()], json!({})).await;
    let request = engine.ever();
    let (annotations, counts) = (json!({ "queryType": "annotations" }), json!({ "queryType": "counts" }));
    let for_rule = rule(request.clone());
    let (shown, counted, ruled) = tokio::join!(
        ask(&engine.data_source, &annotations, &request),
        ask(&engine.data_source, &counts, &request),
        ask(&engine.data_source, &annotations, &for_rule),
    );
    let shown = shown.unwrap();
    let [(title, from, _)] = &incomplete(&shown)[..] else { panic!("{:?}", incomplete(&shown)) };
    assert_eq!(title, "Incomplete: regions fr-par, nl-ams and pl-waw did not answer");
    assert_eq!((*from, shown.rows()), (request.range.start.nanos(), 1));
    assert!(counted.is_err() && ruled.is_err());
    // An answer without events is a frame without rows.
    engine.sandbox.set_faults([]);
    assert_eq!(ask(&engine.data_source, &annotations, &request).await.unwrap().rows(), 0);
}

#[tokio::test]
async fn an_outage_shows_cached_annotations_and_where_they_become_unknown() {
    let engine = suffering(vec![], json!({ "settlingSeconds": 300 })).await;
    let id = engine.push("nl-ams", Kind::Api, 3_600, json!({}));
    let annotations = json!({ "queryType": "annotations", "overlay": true });
    let began = nanos(engine.sandbox.now());
    assert_eq!(incomplete(&ask(&engine.data_source, &annotations, &engine.ever()).await.unwrap()), []);
    engine.sandbox.set_faults([Fault::Unavailable.always()]);
    // Events that were fetched a moment ago are shared.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let frame = ask(&engine.data_source, &annotations, &engine.ever()).await.unwrap();
    let missing = incomplete(&frame);
    assert!(!missing.is_empty() && missing.iter().all(|(_, from, _)| *from >= began - 300 * SECOND), "{missing:?}");
    assert_eq!(texts(&frame, "id")[missing.len()..], [id]);
}

#[tokio::test]
async fn a_list_over_its_limit_shows_where_events_are_missing() {
    let engine = suffering(vec![], json!({ "maxEvents": 3, "regions": ["fr-par"] })).await;
    for seconds in [100, 200, 300, 400, 500] {
        engine.push("fr-par", Kind::Api, seconds, json!({}));
    }
    let request = engine.ever();
    let frame = ask(&engine.data_source, &json!({ "queryType": "annotations" }), &request).await.unwrap();
    let [(title, from, to)] = &incomplete(&frame)[..] else { panic!("{:?}", incomplete(&frame)) };
    assert_eq!(title, "Incomplete: only the newest 3 events of region fr-par were fetched");
    assert_eq!((Some(*from), Some(*to)), (Some(request.range.start.nanos()), times(&frame, "time")[1]));
}

#[tokio::test]
async fn a_malformed_event_is_a_region_of_its_possible_time() {
    // The first event of the page has an invalid time.
    let engine = suffering(vec![Fault::MalformedTime.always()], json!({ "regions": ["fr-par"] })).await;
    for seconds in [100, 200, 300] {
        engine.push("fr-par", Kind::Api, seconds, json!({}));
    }
    let frame = engine.ask(json!({ "queryType": "annotations" })).await.unwrap();
    let [(title, from, to)] = &incomplete(&frame)[..] else { panic!("{:?}", incomplete(&frame)) };
    assert_eq!(title, "Incomplete: 1 malformed event of region fr-par left out");
    assert!(from < to);
    assert!(texts(&frame, "text")[0].contains("recorded_at is &quot;yesterday"), "{:?}", texts(&frame, "text"));
}

#[tokio::test]
async fn time_beyond_the_retention_is_on_the_graph() {
    let engine = suffering(vec![], json!({})).await;
    let now = nanos(engine.sandbox.now());
    let days = |count: i64| count * 86_400 * SECOND;
    let request = panel(now - days(120), now);
    let frame = ask(&engine.data_source, &json!({ "queryType": "annotations" }), &request).await.unwrap();
    let [(title, from, to)] = &incomplete(&frame)[..] else { panic!("{:?}", incomplete(&frame)) };
    assert_eq!(title, "Incomplete: Scaleway keeps events for 90 days");
    assert_eq!(*from, request.range.start.nanos());
    assert!((now - days(91)..now - days(90) + 3_600 * SECOND).contains(to), "{to}");
    let recent = panel(now - days(80), now);
    assert_eq!(ask(&engine.data_source, &json!({ "queryType": "annotations" }), &recent).await.unwrap().rows(), 0);
}
