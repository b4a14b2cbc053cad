//! Answers to alert rules: complete, or an error.
#![cfg(feature = "terminal")]

mod engine;

use std::collections::BTreeSet;
use std::time::Duration;

use audittrail::frame::{Frame, FrameType};
use audittrail::query::{Failure, Query, Request, error};
use audittrail::sandbox::{Config, Endpoint, Fault, KEY_WITHOUT_IAM, Kind, SECRET_KEY};
use engine::{Engine, SECOND, ask, list, nanos, notices, numbers, panel, rule, sum, texts, times};
use serde_json::{Value, json};

const EVENTS: usize = 400;

async fn week() -> Engine {
    Engine::start(Config { events: EVENTS, ..Config::default() }).await
}

fn total() -> Value {
    json!({ "queryType": "counts", "over": "total" })
}

/// The only number of a frame, in the shape that Grafana's expressions read.
fn number(frame: &Frame) -> i64 {
    assert_eq!((frame.meta.kind, frame.meta.type_version), (Some(FrameType::NumericLong), Some([0, 1])));
    assert_eq!(frame.fields.len(), 1, "an ungrouped number has no labels");
    assert!(!frame.fields[0].nullable && frame.fields[0].labels.is_empty());
    numbers(frame)[0]
}

#[tokio::test]
async fn every_question_except_values_answers_with_a_number() {
    let engine = week().await;
    for query in [
        json!({}),
        json!({ "queryType": "events", "format": "logs", "limit": 1 }),
        json!({ "queryType": "events", "format": "table" }),
        json!({ "queryType": "annotations", "cap": 1 }),
        json!({ "queryType": "volume" }),
        total(),
    ] {
        let frame = engine.ask_as_rule(query.clone()).await.unwrap_or_else(|failure| panic!("{query}: {failure}"));
        assert_eq!(number(&frame), 400, "{query}");
    }
    for question in ["values", "investigate"] {
        let failure = engine.ask_as_rule(json!({ "queryType": question })).await.unwrap_err();
        assert_eq!((failure.status, failure.fault), (400, error::Fault::Downstream));
        assert!(failure.message.contains("An alert rule needs counts"), "{failure}");
    }
    // An annotation's query is recognized by its refId, and its answer to a rule is a number too.
    let annotations = audittrail::query::Request { ref_id: "Anno".to_owned(), ..rule(engine.ever()) };
    assert_eq!(number(&ask(&engine.data_source, &json!({}), &annotations).await.unwrap()), 400);
}

#[tokio::test]
async fn an_ungrouped_count_of_no_events_is_zero() {
    let engine = Engine::empty().await;
    for query in [json!({}), json!({ "queryType": "annotations" }), total()] {
        assert_eq!(number(&engine.ask_as_rule(query).await.unwrap()), 0);
    }
    let series = engine.ask_as_rule(json!({ "queryType": "counts" })).await.unwrap();
    assert!(!numbers(&series).is_empty() && numbers(&series).iter().all(|count| *count == 0));
    // The count of a scope that matches no list is 0 too.
    let nowhere = json!({ "kinds": ["authentication"], "products": ["iam"] });
    assert_eq!(number(&engine.ask_as_rule(json!({ "scope": nowhere })).await.unwrap()), 0);
    // A grouped count without events has no group.
    for over in ["time", "total"] {
        let query = json!({ "queryType": "counts", "over": over, "groupBy": ["method"] });
        assert_eq!(engine.ask_as_rule(query).await.unwrap().fields.len(), 0);
    }
}

#[tokio::test]
async fn the_default_interval_of_grafanas_rules_makes_few_buckets() {
    let engine = week().await;
    let end = nanos(engine.sandbox.now());
    for minutes in [1, 5, 10, 60, 24 * 60, 7 * 24 * 60] {
        let request = rule(panel(end - minutes * 60 * SECOND, end));
        assert_eq!((request.interval, request.max_data_points), (Duration::from_secs(1), 43_200));
        let frame = ask(&engine.data_source, &json!({ "queryType": "counts" }), &request).await.unwrap();
        assert_eq!((frame.meta.kind, frame.meta.type_version), (Some(FrameType::TimeseriesWide), Some([0, 1])));
        assert!((30..=60).contains(&frame.rows()), "{minutes} min: {} buckets", frame.rows());
        assert!(frame.fields.iter().all(|field| !field.nullable), "Grafana's alerting does not read nulls");
        let all = ask(&engine.data_source, &total(), &rule(buckets(&frame))).await.unwrap();
        assert_eq!(sum(&frame), sum(&all), "{minutes} min");
        let (read, range) = (buckets(&frame).range, request.range);
        assert!(read.start <= range.start && read.end <= range.end, "{minutes} min");
        assert!(range.end.since(read.end) < range.length() / 30, "{minutes} min");
    }
}

/// The range of a series' buckets, which are of one width.
fn buckets(frame: &Frame) -> Request {
    let starts: Vec<i64> = times(frame, "time").into_iter().flatten().collect();
    let width = starts[1] - starts[0];
    assert!(starts.windows(2).all(|start| start[1] - start[0] == width), "{starts:?}");
    panel(starts[0], starts[starts.len() - 1] + width)
}

#[tokio::test]
async fn evaluations_of_one_instant_have_the_same_number() {
    let engine = Engine::empty().await;
    let now = nanos(engine.sandbox.now());
    // Ten minutes are sixty buckets of ten seconds. The evaluation is late, and its instant in the middle of a bucket.
    let bucket = now - now % (10 * SECOND) - 60 * SECOND;
    let instant = bucket + 4 * SECOND;
    let request = rule(panel(instant - 600 * SECOND, instant));
    for at in [bucket - 600 * SECOND, bucket - 5 * SECOND, bucket - 1, bucket + SECOND] {
        let event = engine::event(Kind::Api, "fr-par", at, json!({}));
        engine.sandbox.push("fr-par", Kind::Api, [event.to_string()]).unwrap();
    }
    let series = json!({ "queryType": "counts" });
    let first = ask(&engine.data_source, &series, &request).await.unwrap();
    assert_eq!((sum(&first), first.rows(), notices(&first)), (3, 60, vec![]));
    assert_eq!(times(&first, "time")[0], Some(bucket - 600 * SECOND));
    assert_eq!((numbers(&first)[0], numbers(&first)[59]), (1, 2));
    // Events in the unfinished bucket and after the instant of the evaluation have no effect.
    for at in [bucket + 2 * SECOND, instant + SECOND, instant + 30 * SECOND] {
        let event = engine::event(Kind::Api, "fr-par", at, json!({}));
        engine.sandbox.push("fr-par", Kind::Api, [event.to_string()]).unwrap();
    }
    let again = ask(&engine.empty_data_source(), &series, &request).await.unwrap();
    assert_eq!((times(&again, "time"), numbers(&again)), (times(&first, "time"), numbers(&first)));
    // A total counts the range as it is.
    assert_eq!(sum(&ask(&engine.empty_data_source(), &total(), &request).await.unwrap()), 4);
}

#[tokio::test]
async fn a_rule_with_an_empty_or_future_range_is_refused() {
    let engine = Engine::empty().await;
    let now = nanos(engine.sandbox.now());
    for query in [total(), json!({ "queryType": "counts" }), json!({})] {
        let failure = ask(&engine.data_source, &query, &rule(panel(now + 3_600 * SECOND, now + 7_200 * SECOND)))
            .await
            .unwrap_err();
        assert!(failure.message.contains("the range begins in the future"), "{query}: {failure}");
    }
    let failure = Request::new("A", (5, 5), Duration::ZERO, 0, true).unwrap_err();
    assert!(failure.message.contains("ends before it begins, or is empty"), "{failure}");
}

#[tokio::test]
async fn a_rule_fails_with_its_own_reason_before_grafana_gives_up() {
    let settings = json!({ "ruleTimeoutSeconds": 2, "callTimeoutSeconds": 300, "queryTimeoutSeconds": 600 });
    let config = Config { events: EVENTS, faults: vec![Fault::Stall.always()], ..Config::default() };
    let engine = Engine::with(config, SECRET_KEY, &settings).await;
    // A panel would wait for ten minutes.
    let failure = engine.ask_as_rule(total()).await.unwrap_err();
    assert_eq!((failure.status, failure.fault), (504, error::Fault::Downstream));
    let is_own =
        failure.message.contains("did not answer within 2 s") || failure.message.contains("ruleTimeoutSeconds");
    assert!(is_own, "{failure}");
    let usual = Engine::empty().await.data_source.settings;
    assert_eq!((usual.timeout(true), usual.timeout(false)), (Duration::from_secs(25), Duration::from_mins(1)));
}

#[tokio::test]
async fn labels_are_names_that_prometheus_allows() {
    let engine = week().await;
    for column in
        ["principal", "status_class", "risk_class", "resource_type", "source_ip", "region", "severity", "kind"]
    {
        let query = |over| json!({ "queryType": "counts", "over": over, "groupBy": [column], "groupLimit": 1000 });
        let series = engine.ask_as_rule(query("time")).await.unwrap();
        let range = rule(buckets(&series));
        let mut labels = BTreeSet::new();
        for field in &series.fields[1..] {
            assert_eq!(field.labels.keys().collect::<Vec<_>>(), [column]);
            assert!(labels.insert(field.labels[column].clone()), "{column}: two series have the same labels");
        }
        let numbers = ask(&engine.data_source, &query("total"), &range).await.unwrap();
        assert_eq!(texts(&numbers, column).into_iter().collect::<BTreeSet<_>>(), labels);
        assert!(column.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        assert!(sum(&series) == sum(&numbers) && sum(&series) > 200, "{column}: {}", sum(&series));
    }
}

#[tokio::test]
async fn more_groups_than_allowed_are_an_error() {
    let engine = week().await;
    let by = |limit: usize| json!({ "queryType": "counts", "groupBy": ["method"], "groupLimit": limit });
    let groups = engine.ask_as_rule(by(1000)).await.unwrap().fields.len() - 1;
    assert!(engine.ask_as_rule(by(groups)).await.is_ok());
    let failure = engine.ask_as_rule(by(groups - 1)).await.unwrap_err();
    assert_eq!(failure.fault, error::Fault::Downstream);
    let expected = format!("the count has {groups} groups. Allowed: groupLimit, which is {}; raise it", groups - 1);
    assert!(failure.message.starts_with(&expected), "{failure}");
}

#[tokio::test]
async fn a_region_that_is_read_for_global_events_only_must_answer_too() {
    let plan = Fault::Unavailable.always().in_region("fr-par");
    let config = Config { events: EVENTS, faults: vec![plan], ..Config::default() };
    let engine = Engine::with(config, SECRET_KEY, &json!({ "regions": ["nl-ams"] })).await;
    let failure = engine.ask_as_rule(total()).await.unwrap_err();
    assert!(failure.message.starts_with("the answer would be incomplete"), "{failure}");
    assert!(failure.message.contains("region fr-par, combined events"), "{failure}");
    assert_eq!((failure.status, failure.fault), (503, error::Fault::Downstream));
    // The region is not read if none of its events can match.
    let scope = json!({ "kinds": ["api"], "products": ["instance"] });
    assert!(engine.ask_as_rule(json!({ "queryType": "counts", "scope": scope })).await.is_ok());
}

#[tokio::test]
async fn an_unreplaced_variable_is_refused_by_name() {
    let request = rule(panel(0, SECOND));
    let parse = |query: &Value| Query::parse(query.to_string().as_bytes(), "", &request, 10);
    for (scope, message) in [
        (
            json!({ "principals": ["$user"] }),
            "scope.principals holds the variable $user, which Grafana does not replace",
        ),
        (json!({ "principals": "a ${user:csv} b" }), "scope.principals holds the variable ${user:csv}"),
        (json!({ "methods": ["Create", "[[method]]"] }), "scope.methods holds the variable [[method]]"),
        (json!({ "text": "$__interval" }), "scope.text holds the variable $__interval"),
        (json!({ "sourceIps": ["$ip"] }), "scope.sourceIps holds the variable $ip"),
        (json!({ "status": ["$status"] }), "scope.status holds the variable $status"),
        (json!({ "regions": ["${region}"] }), "scope.regions holds the variable ${region}"),
        (json!({ "resourceIds": ["${__all_variables}"] }), "scope.resourceIds holds the variable ${__all_variables}"),
    ] {
        let failure = parse(&json!({ "scope": scope })).unwrap_err();
        assert!(failure.message.starts_with(message), "{scope}: {failure}");
        assert_eq!((failure.status, failure.fault), (400, error::Fault::Downstream));
    }
    for (query, message) in [
        (
            json!({ "filters": [{ "key": "principal", "operator": "=", "value": "$who" }] }),
            "filters.value holds the variable $who,",
        ),
        (json!({ "filters": [{ "key": "${by}", "operator": "=" }] }), "filters.key holds the variable ${by},"),
        (
            json!({ "filters": [{ "key": "method", "operator": "=|", "values": ["a", "[[m:csv]]"] }] }),
            "filters.values holds the variable [[m:csv]],",
        ),
        (json!({ "queryType": "counts", "groupBy": ["$__all"] }), "groupBy holds the variable $__all,"),
        (
            json!({ "queryType": "counts", "groupLimit": "${limit.text}" }),
            "groupLimit holds the variable ${limit.text},",
        ),
        (json!({ "queryType": "counts", "timezone": "${tz:raw}" }), "timezone holds the variable ${tz:raw},"),
        (json!({ "queryType": "counts", "over": "$over" }), "over holds the variable $over,"),
        (json!({ "queryType": "values", "column": "[[column]]" }), "column holds the variable [[column]],"),
        (json!({ "queryType": "annotations", "cap": "$cap" }), "cap holds the variable $cap,"),
        (json!({ "limit": "${__interval_ms}" }), "limit holds the variable ${__interval_ms},"),
        (json!({ "queryType": "$question" }), "queryType holds the variable $question,"),
        (json!({ "scope": { "text": ["a", "$b"] } }), "scope.text holds the variable $b,"),
        (
            json!({ "scope": { "notText": "${__from:date:iso}" } }),
            "scope.notText holds the variable ${__from:date:iso},",
        ),
        (json!({ "emptyVariables": ["a"] }), "emptyVariables is [\"a\"]. Allowed: none in an alert rule"),
    ] {
        let failure = parse(&query).unwrap_err();
        assert!(failure.message.starts_with(message), "{query}: {failure}");
        assert_eq!((failure.status, failure.fault), (400, error::Fault::Downstream));
    }
    for text in ["US$", "$5", "a$", "[[", "[]", "[[]]", "{user}", "100 $ or more"] {
        assert!(parse(&json!({ "scope": { "text": text } })).is_ok(), "{text}");
    }
}

#[tokio::test]
async fn a_panels_text_may_look_like_a_variable() {
    let engine = Engine::empty().await;
    let resources = json!([{ "id": "s1", "type": "instance_server", "name": "$web [[x]]" }]);
    let id = engine.push("fr-par", Kind::Api, 60, json!({ "resources": resources }));
    assert_eq!(engine.ids(json!({ "resourceNames": ["$web [[x]]"] })).await, [id]);
}

/// The answer to a rule while IAM fails.
async fn with_iam(fault: Fault, query: Value) -> Result<Frame, Failure> {
    let faults = [Endpoint::Users, Endpoint::Applications].map(|list| fault.always().on(list)).into();
    let config = Config { events: EVENTS, faults, ..Config::default() };
    Engine::with(config, SECRET_KEY, &json!({ "queryTimeoutSeconds": 20 })).await.ask_as_rule(query).await
}

/// A count of the events of one principal.
fn total_of(principal: &str) -> Value {
    json!({ "queryType": "counts", "over": "total", "scope": { "principals": [principal] } })
}

#[tokio::test]
async fn a_number_that_needs_names_is_an_error_without_them() {
    for query in [total_of("terraform"), json!({ "queryType": "counts", "groupBy": ["principal"], "groupLimit": 1000 })]
    {
        let failure = with_iam(Fault::BadGateway, query.clone()).await.unwrap_err();
        assert!(failure.message.contains("IAM cannot be read: Scaleway answers HTTP 502"), "{query}: {failure}");
        assert_eq!(failure.fault, error::Fault::Downstream);
    }
}

#[tokio::test]
async fn a_number_that_needs_no_names_is_correct_without_them() {
    let id = week().await.sandbox.organization().applications[0].id.clone();
    let with = week().await.ask_as_rule(total_of(&id)).await.unwrap();
    let without = with_iam(Fault::BadGateway, total_of(&id)).await.unwrap();
    assert_eq!(number(&without), number(&with));
    assert!(number(&with) > 0);
    assert_eq!(number(&with_iam(Fault::BadGateway, total()).await.unwrap()), 400);
}

#[tokio::test]
async fn a_text_that_may_be_a_name_is_an_error_without_names() {
    // The application's name is in IAM only; the event has its id.
    let engine = week().await;
    let application =
        engine.sandbox.organization().applications.iter().find(|app| app.name == "autoscaler").unwrap().clone();
    let by_text =
        json!({ "queryType": "counts", "over": "total", "scope": { "text": application.name, "kinds": ["api"] } });
    let with = number(&engine.ask_as_rule(by_text.clone()).await.unwrap());
    assert!(with > 0);
    let failure = with_iam(Fault::BadGateway, by_text.clone()).await.unwrap_err();
    assert!(failure.message.contains("IAM cannot be read"), "{failure}");
    // A permission that is missing for good has the same effect.
    let engine = Engine::with(Config { events: EVENTS, ..Config::default() }, KEY_WITHOUT_IAM, &json!({})).await;
    let failure = engine.ask_as_rule(by_text).await.unwrap_err();
    assert_eq!((failure.status, failure.fault), (403, error::Fault::Downstream));
    assert!(failure.message.contains("IAMReadOnly"), "{failure}");
}

#[tokio::test]
async fn a_filter_by_name_is_an_error_without_names() {
    let by_name = json!({
        "queryType": "counts", "over": "total",
        "filters": [{ "key": "principal", "operator": "=", "value": "terraform" }],
    });
    let with = number(&week().await.ask_as_rule(by_name.clone()).await.unwrap());
    assert!(with > 0);
    if let Ok(frame) = with_iam(Fault::BadGateway, by_name.clone()).await {
        assert_eq!(number(&frame), with, "{:?}", notices(&frame));
    }
    // A permission that is missing for good has the same effect.
    let engine = Engine::with(Config { events: EVENTS, ..Config::default() }, KEY_WITHOUT_IAM, &json!({})).await;
    if let Ok(frame) = engine.ask_as_rule(by_name).await {
        assert_eq!(number(&frame), with, "{:?}", notices(&frame));
    }
}

#[tokio::test]
async fn a_permanently_missing_permission_groups_by_id() {
    let engine = Engine::with(Config { events: EVENTS, ..Config::default() }, KEY_WITHOUT_IAM, &json!({})).await;
    let by = json!({ "queryType": "counts", "over": "total", "groupBy": ["principal"], "groupLimit": 1000 });
    let frame = engine.ask_as_rule(by).await.unwrap();
    assert_eq!(sum(&frame), 400);
    assert!(texts(&frame, "principal").contains(&engine.sandbox.organization().applications[0].id));
    let failure = engine.ask_as_rule(total_of("terraform")).await.unwrap_err();
    assert!(failure.message.contains("IAMReadOnly"), "{failure}");
}

#[tokio::test]
async fn an_unknown_principal_is_an_error() {
    let engine = week().await;
    let failure = engine.ask_as_rule(total_of("terrafrom")).await.unwrap_err();
    assert_eq!(
        (failure.message.as_str(), failure.fault),
        ("no principal is called terrafrom", error::Fault::Downstream)
    );
    // An id also selects deleted principals, and those without events.
    assert_eq!(number(&engine.ask_as_rule(total_of("00000000-0000-4000-8000-000000000000")).await.unwrap()), 0);
}

#[tokio::test]
async fn a_rule_counts_the_events_of_scaleways_own_machinery() {
    let engine = Engine::empty().await;
    assert_eq!(number(&engine.ask_as_rule(total_of("Scaleway")).await.unwrap()), 0);
    for seconds in [60, 61] {
        engine.push("fr-par", Kind::System, seconds, json!({ "system_name": "backup" }));
        engine.push("fr-par", Kind::Api, seconds, json!({ "product_name": "instance" }));
    }
    let by =
        json!({ "queryType": "counts", "over": "total", "scope": { "principals": ["SCALEWAY"], "kinds": ["system"] } });
    assert_eq!(number(&engine.ask_as_rule(by).await.unwrap()), 2);
}

fn of_product(product: &str) -> Value {
    json!({ "queryType": "counts", "over": "total", "scope": { "kinds": ["api"], "products": [product] } })
}

#[tokio::test]
async fn a_product_that_the_organization_does_not_have_is_an_error() {
    let engine = week().await;
    for (query, field) in [
        (of_product("intsance"), "scope.products is \"intsance\""),
        (of_product("intsance*"), "scope.products is \"intsance*\""),
        // The risk table knows it by this name, and the organization by another.
        (of_product("postgresql"), "scope.products is \"postgresql\""),
        (
            json!({ "filters": [{ "key": "product", "operator": "=", "value": "intsance" }] }),
            "filters.value is \"intsance\"",
        ),
        (
            json!({ "filters": [{ "key": "product", "operator": "=|", "values": ["iam", "intsance"] }] }),
            "filters.values is \"intsance\"",
        ),
    ] {
        let failure = engine.ask_as_rule(query.clone()).await.unwrap_err();
        let expected = format!(
            "{field}. Allowed: the products that Scaleway lists for this organization: account, apple-silicon, "
        );
        assert!(failure.message.starts_with(&expected), "{query}: {failure}");
        assert_eq!((failure.status, failure.fault), (400, error::Fault::Downstream));
    }
    // Another case, a pattern and an excluded product are no errors.
    for query in [
        of_product("INSTANCE"),
        of_product("inst*"),
        of_product("iam"),
        json!({ "filters": [{ "key": "product", "operator": "!=", "value": "intsance" }] }),
        json!({ "filters": [{ "key": "product", "operator": "=", "value": "(none)" }] }),
    ] {
        assert!(number(&engine.ask_as_rule(query.clone()).await.unwrap()) > 0, "{query}");
    }
    // Names of other kinds are no errors: Scaleway adds some every few weeks.
    for scope in [
        json!({ "kinds": ["api"], "methods": ["CreateTeapot"] }),
        json!({ "services": ["scaleway.teapot.v1.Api"] }),
        json!({ "resourceTypes": ["teapot"] }),
    ] {
        let query = json!({ "queryType": "counts", "over": "total", "scope": scope });
        assert_eq!(number(&engine.ask_as_rule(query).await.unwrap()), 0, "{scope}");
    }
}

#[tokio::test]
async fn an_unknown_product_is_no_error_while_a_product_list_is_missing() {
    for fault in [
        Fault::BadGateway.always().on(Endpoint::Products),
        Fault::BadGateway.always().on(Endpoint::Products).in_region("pl-waw"),
        Fault::HtmlPage.always().on(Endpoint::Products),
    ] {
        let config = Config { events: EVENTS, faults: vec![fault], ..Config::default() };
        let engine = Engine::with(config, SECRET_KEY, &json!({ "queryTimeoutSeconds": 5 })).await;
        assert_eq!(number(&engine.ask_as_rule(of_product("intsance")).await.unwrap()), 0);
        let products = engine.ask_as_rule(of_product("INSTANCE")).await.unwrap();
        assert!(number(&products) > 0, "the plugin itself compares all spellings");
    }
    // The list of a region outside the settings is not read, so that it does not decide.
    let config = Config { events: EVENTS, ..Config::default() };
    let engine = Engine::with(config, SECRET_KEY, &json!({ "regions": ["nl-ams"] })).await;
    let mut elsewhere = of_product("intsance");
    elsewhere["scope"]["regions"] = json!(["pl-waw"]);
    assert_eq!(number(&engine.ask_as_rule(elsewhere).await.unwrap()), 0);
    assert!(engine.ask_as_rule(of_product("intsance")).await.is_err());
}

#[tokio::test]
async fn a_rules_verdict_on_a_product_does_not_depend_on_the_cache() {
    let engine = week().await;
    // A panel's query fills the cache with the lists of products.
    engine.ask(list(json!({ "products": ["instance"] }))).await.unwrap();
    assert!(engine.ask_as_rule(of_product("intsance")).await.is_err());
    engine.sandbox.set_faults([Fault::BadGateway.always().on(Endpoint::Products)]);
    assert_eq!(number(&engine.ask_as_rule(of_product("intsance")).await.unwrap()), 0, "a cached list does not decide");
    engine.sandbox.set_faults([]);
    assert!(engine.ask_as_rule(of_product("intsance")).await.is_err(), "a cached failure does not decide");
}

#[tokio::test]
async fn a_rule_and_a_panel_count_the_same_events() {
    let engine = week().await;
    for scope in [
        json!({ "regions": ["nl-ams"] }),
        json!({ "kinds": ["authentication"], "status": ["failed"] }),
        json!({ "kinds": ["system"] }),
        json!({ "products": ["iam"], "status": ["denied"] }),
        json!({ "severities": ["high", "critical"] }),
    ] {
        let shown = engine.ids(scope.clone()).await.len();
        let counted =
            engine.ask_as_rule(json!({ "queryType": "counts", "over": "total", "scope": scope })).await.unwrap();
        assert_eq!(sum(&counted), shown, "{scope}");
    }
}

#[tokio::test]
async fn twenty_denials_in_five_minutes_fire_as_scaleways_own_rule_does() {
    let engine = week().await;
    let incident = engine.sandbox.organization().incident.clone();
    let query = json!({
        "queryType": "counts", "over": "total", "groupBy": ["principal"],
        "scope": { "kinds": ["api"], "status": [403], "sourceIps": [incident.source_ip] },
    });
    let (from, to) = (nanos(incident.logged_in_at), nanos(incident.key_created_at));
    let frame = ask(&engine.data_source, &query, &rule(panel(from, to))).await.unwrap();
    assert_eq!(texts(&frame, "principal"), [incident.user_email]);
    assert_eq!(usize::try_from(numbers(&frame)[0]), Ok(incident.denied_calls));
}

#[tokio::test]
async fn a_complete_answer_has_no_notice_and_no_error() {
    let engine = Engine::start(Config { events: 20, ..Config::default() }).await;
    let listed = engine.ask(list(json!({}))).await.unwrap();
    let counted = engine.ask_as_rule(total()).await.unwrap();
    assert_eq!((listed.rows(), sum(&counted), notices(&counted)), (20, 20, vec![]));
}
