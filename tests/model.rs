//! The promises of `docs/query-model.md`, sentence by sentence.
#![cfg(feature = "terminal")]

mod engine;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, AsArray};
use audittrail::frame::{Frame, FrameType};
use audittrail::query::{Query, Request, text};
use audittrail::risk::RuleSet;
use audittrail::sandbox::{Config, Fault, Kind, SECRET_KEY};
use engine::{
    Engine, JSON, SECOND, ask, data_source, event, field, jsons, list, nanos, notices, numbers, panel, rule, scripted,
    set, sum, texts, times, trail_of, warnings,
};
use serde_json::{Value, json};

/// The columns that events can be grouped by.
const GROUPINGS: [&str; 25] = [
    "principal",
    "product",
    "service",
    "method",
    "status_class",
    "status",
    "region",
    "locality",
    "project",
    "organization",
    "resource_type",
    "resource_id",
    "resource_name",
    "source_ip",
    "kind",
    "risk_class",
    "severity",
    "attack",
    "country",
    "principal_id",
    "result",
    "failure_reason",
    "origin",
    "mfa",
    "user_agent",
];

/// The columns that have a value of its own for each event.
const UNGROUPED: [&str; 2] = ["id", "request_id"];

fn parse(query: &Value, request: &Request) -> Result<Query, String> {
    Query::parse(query.to_string().as_bytes(), "", request, 50_000).map_err(|failure| failure.message)
}

/// Asserts that two queries are understood as the same.
fn same(one: &Value, one_request: &Request, other: &Value, other_request: &Request) {
    let (one, other) = (parse(one, one_request).unwrap(), parse(other, other_request).unwrap());
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
}

async fn week(events: usize) -> Engine {
    Engine::start(Config { events, ..Config::default() }).await
}

// The question

#[test]
fn an_empty_object_is_a_valid_query() {
    let request = panel(0, SECOND);
    let everything = json!({ "version": 1, "queryType": "events", "format": "logs", "limit": 1000, "scope": {} });
    same(&json!({}), &request, &everything, &request);
    let mark = Request { ref_id: "Anno".to_owned(), ..request.clone() };
    let annotations =
        json!({ "queryType": "annotations", "cluster": "near", "overlay": false, "severityColors": true, "cap": null });
    same(&json!({}), &mark, &annotations, &request);
    let counts = json!({ "queryType": "counts", "over": "time", "groupBy": [], "groupLimit": 50 });
    same(&json!({ "queryType": "counts" }), &request, &counts, &request);
    let values = json!({ "queryType": "values", "column": "principal" });
    same(&json!({ "queryType": "values" }), &request, &values, &request);
}

#[test]
fn unknown_fields_nulls_and_numbers_and_booleans_as_text_are_tolerated() {
    let request = panel(0, SECOND);
    let grafana = json!({
        "refId": "B", "datasource": { "uid": "x" }, "intervalMs": 1000, "maxDataPoints": 43200, "hide": null,
        "scope": { "methods": null, "of_tomorrow": [1], "products": "iam" }, "limit": "7", "format": null,
    });
    let plain = json!({ "scope": { "products": ["iam"] }, "limit": 7 });
    same(&grafana, &request, &plain, &request);
    for (text, boolean) in [("true", true), (" True ", true), ("false", false), ("FALSE", false), ("", false)] {
        let marks = |hide: Value| json!({ "queryType": "annotations", "overlay": hide, "hide": hide });
        same(&marks(text.into()), &request, &marks(boolean.into()), &request);
        let colors = |colors: Value| json!({ "queryType": "annotations", "severityColors": colors });
        // The default of this one is true.
        same(&colors(text.into()), &request, &colors((boolean || text.is_empty()).into()), &request);
    }
    // An empty variable leaves an empty text behind.
    let empty = json!({ "scope": { "products": ["", " "], "text": " ", "status": "" }, "queryType": "" });
    same(&empty, &request, &json!({}), &request);
}

#[tokio::test]
async fn ids_in_capitals_are_accepted() {
    let engine = Engine::empty().await;
    let id = |digit: char| format!("ab{digit}d0000-0000-4000-8000-00000000cafe");
    let (who, project, resource) = (id('1'), id('2'), id('3'));
    let resources =
        json!([{ "id": resource, "type": "instance_server", "name": "ABCDEFAB-0000-4000-8000-00000000CAFE" }]);
    let fields = json!({ "principal": { "id": who }, "project_id": project, "resources": resources });
    let event = engine.push("fr-par", Kind::Api, 60, fields);
    for (field, id) in [("principals", &who), ("projects", &project), ("resourceIds", &resource)] {
        let mut scope = json!({});
        scope[field] = id.to_uppercase().into();
        assert_eq!(engine.ids(scope).await, [&*event], "{field}");
    }
    // A text that is not an id is compared as it is.
    assert_eq!(engine.ids(json!({ "resourceNames": ["ABCDEFAB-0000-4000-8000-00000000CAFE"] })).await, [event]);
}

#[test]
fn a_wrong_value_is_an_error_that_names_the_field_the_value_and_what_is_allowed() {
    let request = panel(0, SECOND);
    for (query, message) in [
        (json!([]), "the query is []. Allowed: an object"),
        (json!({ "version": 2 }), "version is 2. Allowed: 1; a later one needs a newer version of this plugin"),
        (json!({ "version": "x" }), "version is \"x\". Allowed: a whole number"),
        (json!({ "queryType": "guess" }), "queryType is \"guess\". Allowed: annotations, events, counts"),
        (json!({ "hide": "yes" }), "hide is \"yes\". Allowed: true, false"),
        (json!({ "hide": 1 }), "hide is 1. Allowed: true, false"),
        (json!({ "scope": [] }), "scope is []. Allowed: an object"),
        (json!({ "queryType": "annotations", "cap": 5001 }), "cap is 5001. Allowed: a whole number from 1 to 5000"),
        (json!({ "queryType": "annotations", "cap": 0 }), "cap is 0. Allowed: a whole number from 1 to 5000"),
        (json!({ "queryType": "annotations", "cluster": "far" }), "cluster is \"far\". Allowed: near, overflow"),
        (
            json!({ "queryType": "annotations", "severityColors": "red" }),
            "severityColors is \"red\". Allowed: true, false",
        ),
        (json!({ "format": "xml" }), "format is \"xml\". Allowed: logs, table"),
        (json!({ "limit": 50_001 }), "limit is 50001. Allowed: a whole number from 1 to 50000"),
        (json!({ "limit": -1 }), "limit is -1. Allowed"),
        (json!({ "limit": 1.5 }), "limit is 1.5. Allowed"),
        (json!({ "queryType": "counts", "over": "all" }), "over is \"all\". Allowed: time, total"),
        (
            json!({ "queryType": "counts", "groupBy": ["request_id"] }),
            "groupBy is \"request_id\". Allowed: principal, kind",
        ),
        (json!({ "queryType": "counts", "groupBy": ["id"] }), "groupBy is \"id\". Allowed: principal, kind"),
        (json!({ "queryType": "counts", "groupBy": GROUPINGS[..9] }), "groupBy has 9 columns. Allowed: at most 8"),
        (
            json!({ "queryType": "counts", "groupLimit": 1001 }),
            "groupLimit is 1001. Allowed: a whole number from 1 to 1000",
        ),
        (json!({ "queryType": "values", "column": "colour" }), "column is \"colour\". Allowed: principal"),
        (json!({ "scope": { "kinds": ["apis"] } }), "scope.kinds is \"apis\". Allowed: api, authentication, system"),
        (json!({ "scope": { "regions": ["mars"] } }), "scope.regions is \"mars\". Allowed: fr-par, nl-ams"),
        (json!({ "scope": { "methods": [{}] } }), "scope.methods is {}. Allowed: a text or a list of texts"),
        (json!({ "scope": { "text": [[]] } }), "scope.text is []. Allowed: a text or a list of texts"),
        (json!({ "scope": { "notText": true } }), "scope.notText is true. Allowed: a text or a list of texts"),
        (
            json!({ "scope": { "text": "x".repeat(4_097) } }),
            "scope.text has 1 texts. Allowed: at most 1000, each of at most 4096 characters",
        ),
        (json!({ "queryType": "values", "withNone": "perhaps" }), "withNone is \"perhaps\". Allowed: true, false"),
        (json!({ "emptyVariables": { "a": 1 } }), "emptyVariables is {\"a\":1}. Allowed: a text or a list of texts"),
        (
            json!({ "scope": { "sourceIps": ["10.0.0.0/33"] } }),
            "scope.sourceIps is \"10.0.0.0/33\". Allowed: an address",
        ),
        (
            json!({ "scope": { "status": ["ok"] } }),
            "scope.status is \"ok\". Allowed: succeeded, denied, failed, or an HTTP status from 100 to 599",
        ),
        (json!({ "scope": { "status": [99] } }), "scope.status is \"99\". Allowed"),
        (
            json!({ "scope": { "severities": ["High"] } }),
            "scope.severities is \"High\". Allowed: low, medium, high, critical",
        ),
    ] {
        let error = parse(&query, &request).unwrap_err();
        assert!(error.starts_with(message), "{query}: {error}");
    }
    // An error quotes a part of a long text.
    let long = parse(&json!({ "queryType": "é".repeat(5_000) }), &request).unwrap_err();
    assert!(long.chars().count() < 300, "{long}");
    let broken = Query::parse(b"{\"scope\":", "", &request, 10).unwrap_err();
    assert_eq!(broken.message, "the query is not JSON (line 1, column 9)");
}

#[test]
fn the_request_gives_the_query_type_where_the_query_names_none() {
    let request = panel(0, SECOND);
    let beside = |json: &[u8]| format!("{:?}", Query::parse(json, "values", &request, 10).unwrap());
    assert_eq!(beside(b"{}"), beside(br#"{"queryType": "values"}"#));
    assert_ne!(beside(b"{}"), beside(br#"{"queryType": "events"}"#));
    // The default limit keeps to a small maxEvents.
    let limited = |json: &[u8]| format!("{:?}", Query::parse(json, "", &request, 10).unwrap());
    assert_eq!(limited(b""), limited(br#"{"limit": 10}"#));
}

#[tokio::test]
async fn a_hidden_query_has_no_frame_and_makes_no_call() {
    let engine = week(10).await;
    let query = json!({ "hide": true, "queryType": "counts", "over": "total" });
    let parsed = parse(&query, &engine.ever()).unwrap();
    assert_eq!(engine.data_source.answer(&parsed, &engine.ever()).await.unwrap().len(), 0);
    assert_eq!(engine.sandbox.calls().total, 0);
    // A rule has none: no frame would be no data.
    assert_eq!(sum(&engine.ask_as_rule(query).await.unwrap()), 10);
}

#[test]
fn an_invalid_range_is_refused() {
    let new = |from, to| Request::new("A", (from, to), Duration::ZERO, 0, false);
    for (from, to) in [(6, 5), (-1, 5), (0, i64::MAX), (i64::MIN, i64::MAX)] {
        let error = new(from, to).unwrap_err().message;
        assert!(error.starts_with("the time range "), "{error}");
    }
    assert!(new(5, 5).is_ok(), "a panel may have an empty range for a moment");
    assert!(new(0, 9_223_372_036_854).is_ok(), "the year 2262 is the last that nanoseconds count");
}

// The scope

#[tokio::test]
async fn an_empty_scope_means_all_three_kinds() {
    let engine = week(400).await;
    let kinds = engine.ask(json!({ "queryType": "values", "column": "kind" })).await.unwrap();
    assert_eq!(texts(&kinds, "value"), ["api", "authentication", "system"]);
}

#[tokio::test]
async fn events_of_global_products_and_log_ins_belong_to_the_answer_of_every_region() {
    let engine = week(600).await;
    let mut expected = BTreeSet::new();
    let mut of_paris = 0;
    for (kind, region, event) in trail_of(&engine.sandbox).await {
        let product = event["product_name"].as_str().unwrap_or_default();
        let global = kind == "authentication" || ["iam", "account", "edge-services"].contains(&product);
        if region == "nl-ams" || global {
            expected.insert(event["id"].as_str().unwrap().to_owned());
            of_paris += usize::from(region == "fr-par");
        }
    }
    let ids = engine.ids(json!({ "regions": ["nl-ams"] })).await;
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), expected);
    assert!(of_paris > 0 && of_paris < expected.len());
    // The same where nl-ams is the only region of the settings.
    let config = Config { events: 600, ..Config::default() };
    let only = Engine::with(config, SECRET_KEY, &json!({ "regions": ["nl-ams"] })).await;
    assert_eq!(only.ids(json!({})).await.len(), expected.len());
}

#[tokio::test]
async fn the_default_project_applies_where_the_query_names_none() {
    let engine = Engine::with(
        Config { events: 0, ..Config::default() },
        SECRET_KEY,
        &json!({ "projectId": "a0000000-0000-4000-8000-000000000001" }),
    )
    .await;
    let own = engine.push("fr-par", Kind::Api, 60, json!({ "project_id": "a0000000-0000-4000-8000-000000000001" }));
    let other = engine.push("fr-par", Kind::Api, 60, json!({ "project_id": "a0000000-0000-4000-8000-000000000002" }));
    assert_eq!(engine.ids(json!({})).await, [own]);
    assert_eq!(engine.ids(json!({ "projects": ["a0000000-0000-4000-8000-000000000002"] })).await, [other]);
}

#[tokio::test]
async fn log_ins_have_a_method_and_neither_product_nor_service() {
    let engine = Engine::empty().await;
    let api = engine.push("fr-par", Kind::Api, 60, json!({ "method_name": "saml", "product_name": "iam" }));
    let login = engine.push("fr-par", Kind::Authentication, 61, json!({ "method": "saml" }));
    let system = engine.push("fr-par", Kind::System, 62, json!({ "system_name": "saml", "source": "scaleway.rdb.v1" }));
    assert_eq!(engine.ids(json!({ "methods": ["saml"] })).await, [api.clone(), login.clone(), system.clone()]);
    assert_eq!(engine.ids(json!({ "products": ["iam"] })).await, [&*api]);
    assert_eq!(engine.ids(json!({ "services": ["scaleway.rdb.v1"] })).await, [&*system]);
    assert_eq!(engine.ids(json!({ "kinds": ["authentication"], "products": ["iam"] })).await, [""; 0]);
    // Names are compared as a whole, in any case.
    assert_eq!(engine.ids(json!({ "methods": ["Saml"] })).await, [api, login, system]);
    assert_eq!(engine.ids(json!({ "methods": ["sam"] })).await, [""; 0]);
}

#[tokio::test]
async fn names_are_compared_in_any_case_and_with_wildcards() {
    let engine = Engine::empty().await;
    let call = |product: &str, service: &str, method: &str, kind: &str| {
        let resources = json!([{ "id": "r", "type": kind }]);
        let fields =
            json!({ "product_name": product, "service_name": service, "method_name": method, "resources": resources });
        engine.push("fr-par", Kind::Api, 60, fields)
    };
    let key = call("iam", "scaleway.iam.v1alpha1.Api", "CreateAPIKey", "iam_api_key");
    let server = call("instance", "scaleway.instance.v1.Api", "DeleteServer", "instance_server");
    let address = call("instance", "scaleway.instance.v1.Api", "DeleteIp", "instance_ip");
    for (scope, expected) in [
        (json!({ "methods": ["createApiKey"] }), vec![&key]),
        (json!({ "methods": ["Delete*"] }), vec![&server, &address]),
        (json!({ "methods": ["DELETEI?"] }), vec![&address]),
        (json!({ "methods": ["*"], "products": ["IAM"] }), vec![&key]),
        (json!({ "products": ["Inst*", "i?m"] }), vec![&key, &server, &address]),
        (json!({ "services": ["scaleway.INSTANCE.*"] }), vec![&server, &address]),
        (json!({ "resourceTypes": ["Instance_Server"] }), vec![&server]),
        (json!({ "resourceTypes": ["*_ip", "iam_???_key"] }), vec![&key, &address]),
        (json!({ "methods": ["Delete"] }), vec![]),
    ] {
        let filters: Vec<Value> = scope
            .as_object()
            .unwrap()
            .iter()
            .map(|(list, values)| {
                let key = if list == "resourceTypes" { "resource_type" } else { list.trim_end_matches('s') };
                json!({ "key": key, "operator": "=|", "values": values })
            })
            .collect();
        let expected: BTreeSet<&str> = expected.into_iter().map(String::as_str).collect();
        assert_eq!(set(&engine.ids(scope.clone()).await), expected, "{scope}");
        let mut query = list(json!({}));
        query["filters"] = json!(filters);
        assert_eq!(set(&texts(&engine.ask(query).await.unwrap(), "id")), expected, "{filters:?}");
    }
}

#[tokio::test]
async fn an_unknown_name_has_a_notice_and_is_compared_as_text() {
    let engine = week(100).await;
    let teapot = engine.push("fr-par", Kind::Api, 60, json!({ "method_name": "CreateTeapot" }));
    let sentence =
        "method \"createTEAPOT\" is in no list of names that Scaleway or this plugin has; it is compared as text";
    let frame = engine.ask(list(json!({ "methods": ["createTEAPOT"] }))).await.unwrap();
    assert_eq!((texts(&frame, "id"), warnings(&frame)), (vec![teapot.clone()], vec![sentence]));
    let mut filtered = list(json!({}));
    filtered["filters"] = json!([{ "key": "method", "operator": "=", "value": "createTEAPOT" }]);
    let frame = engine.ask(filtered).await.unwrap();
    assert_eq!((texts(&frame, "id"), warnings(&frame)), (vec![teapot], vec![sentence]));
    for (scope, sentence) in [
        (
            json!({ "products": ["intsance"], "services": ["scaleway.x.v1.Api"], "methods": ["Delet?Z*"] }),
            "method \"Delet?Z*\", product \"intsance\", service \"scaleway.x.v1.Api\" are in no list of names that Scaleway or this plugin has; they are compared as text",
        ),
        (
            json!({ "resourceTypes": ["teapot", "IAM_user"] }),
            "resource type \"teapot\" is in no list of names that Scaleway or this plugin has; it is compared as text",
        ),
    ] {
        assert_eq!(warnings(&engine.ask(list(scope.clone())).await.unwrap()), [sentence], "{scope}");
    }
    // A listed name has no notice, in any case or as a pattern; nor has a name of a kind without lists.
    for scope in [
        json!({ "products": ["IAM", "inst*"], "services": ["scaleway.VPC.v2.*"], "methods": ["deleteserver", "Entangle*"] }),
        json!({ "kinds": ["authentication"], "methods": ["SAML"] }),
        json!({ "kinds": ["system"], "methods": ["backup"], "services": ["scaleway.rdb.v1"] }),
    ] {
        assert_eq!(notices(&engine.ask(list(scope.clone())).await.unwrap()), [""; 0], "{scope}");
    }
}

#[tokio::test]
async fn a_panels_notice_about_a_name_does_not_depend_on_the_cache() {
    // The list gains a product between the questions, as Scaleway's does, and fails at times.
    let (url, asked) = scripted(|path, before| match () {
        () if path.contains("/products?") && before < 20 => ("200 OK", JSON, products(&["iam"])),
        () if path.contains("/products?") => ("200 OK", JSON, products(&["iam", "teapot"])),
        () => ("200 OK", JSON, json!({ "events": [], "users": [], "applications": [] }).to_string()),
    })
    .await;
    let data_source = data_source(&url, SECRET_KEY, &json!({ "regions": ["fr-par"] }));
    let query = list(json!({ "kinds": ["api"], "products": ["teapot"] }));
    let notices_now = async || {
        let frame = ask(&data_source, &query, &panel(0, SECOND)).await.unwrap();
        warnings(&frame).into_iter().filter(|warning| warning.contains("teapot")).count()
    };
    assert_eq!(notices_now().await, 1);
    while asked.lock().unwrap().len() < 20 {
        let known =
            list(json!({ "kinds": ["api"], "products": ["iam"], "text": asked.lock().unwrap().len().to_string() }));
        let at = i64::try_from(asked.lock().unwrap().len()).unwrap() * SECOND;
        ask(&data_source, &known, &panel(at, at + SECOND)).await.unwrap();
    }
    assert_eq!(notices_now().await, 0, "the list of the first question is cached, and does not decide");
}

/// An answer that lists products.
fn products(names: &[&str]) -> String {
    let products: Vec<Value> =
        names.iter().map(|name| json!({ "name": name, "title": name, "services": [] })).collect();
    json!({ "products": products, "total_count": names.len() }).to_string()
}

#[tokio::test]
async fn lists_are_alternatives_and_fields_are_conditions() {
    let engine = Engine::empty().await;
    let events: Vec<String> = [("vpc", 200), ("vpc", 409), ("ipam", 200)]
        .map(|(product, status)| {
            engine.push("fr-par", Kind::Api, 60, json!({ "product_name": product, "status_code": status }))
        })
        .into();
    let found = engine.ids(json!({ "products": ["vpc", "ipam"], "status": ["succeeded"] })).await;
    assert_eq!(set(&found), [events[0].as_str(), events[2].as_str()].into());
}

#[tokio::test]
async fn a_child_is_found_by_the_id_of_its_parent() {
    let mut engine = Engine::empty().await;
    for (info, key) in [
        ("load_balancer_frontend_info", "lb_id"),
        ("load_balancer_backend_info", "lb_id"),
        ("load_balancer_certificate_info", "lb_id"),
        ("load_balancer_ip_info", "lb_id"),
        ("load_balancer_acl_info", "frontend_id"),
        ("load_balancer_route_info", "frontend_id"),
        ("load_balancer_route_info", "backend_id"),
        ("instance_private_network_interface_info", "server_id"),
        ("instance_private_network_interface_info", "private_network_id"),
        ("vpc_private_network_info", "vpc_id"),
        ("vpc_route_info", "vpc_id"),
        ("vpc_subnet_info", "vpc_id"),
        ("vpc_gw_gateway_info", "vpc_id"),
        ("vpc_gw_gateway_network_info", "gateway_id"),
        ("vpc_gw_gateway_network_info", "pn_id"),
        ("edge_services_backend_stage_info", "pipeline_id"),
        ("edge_services_route_rules_info", "route_stage_id"),
        ("edge_services_vpc_endpoint_info", "private_network_id"),
        ("serverless_containers_container_info", "namespace_id"),
        ("serverless_containers_domain_info", "container_id"),
        ("serverless_containers_trigger_info", "container_id"),
    ] {
        engine.forget();
        let parent = format!("{key} of {info}");
        let resource = json!({ "id": format!("child by {parent}"), "type": "x", info: { key: parent, "other": [1], "name": "n" } });
        let id = engine.push("fr-par", Kind::Api, 60, json!({ "resources": [resource] }));
        assert_eq!(engine.ids(json!({ "resourceIds": [parent] })).await, [id], "{info}.{key}");
    }
}

#[tokio::test]
async fn every_id_in_an_info_is_a_mention_of_its_resource() {
    let declared: Value = serde_json::from_str(include_str!("data/resource-infos.json")).unwrap();
    let mut engine = Engine::empty().await;
    let mut asked = 0;
    for (info, fields) in declared["infos"].as_object().unwrap() {
        for (key, kind) in fields.as_object().unwrap() {
            let id = format!("{key} of {info}");
            let value = match kind.as_str() {
                Some("id") => json!(id),
                Some("ids") => json!(["another", id]),
                None => json!({ "name": "n", "id": id }),
                _ => continue,
            };
            engine.forget();
            let resource = json!({ "id": format!("holder of {id}"), "type": "x", info: { key: value } });
            let event = engine.push("fr-par", Kind::Api, 60, json!({ "resources": [resource] }));
            assert_eq!(engine.ids(json!({ "resourceIds": [id] })).await, [event], "{info}.{key}");
            asked += 1;
        }
    }
    assert!(asked > 35, "{asked} ids");
}

#[tokio::test]
async fn a_resource_that_another_one_uses_is_found_in_that_event_only() {
    let engine = Engine::empty().await;
    let secret = |info: Value| json!({ "resources": [{ "id": "secret", "type": "secret_manager_secret", "secret_manager_secret_info": info }] });
    let sealed = engine.push("fr-par", Kind::Api, 60, secret(json!({ "path": "/", "key_id": "key" })));
    let renamed = engine.push("fr-par", Kind::Api, 61, secret(json!({ "path": "/" })));
    assert_eq!(engine.ids(json!({ "resourceIds": ["key"] })).await, [&*sealed]);
    assert_eq!(engine.ids(json!({ "resourceIds": ["secret"] })).await, [sealed, renamed]);
}

#[tokio::test]
async fn a_grandchild_is_found_through_other_events() {
    let engine = Engine::empty().await;
    let of = |kind: &str, id: &str, info: Value| {
        let mut resource = json!({ "id": id, "type": kind, "name": format!("{id}-name") });
        resource[format!("{kind}_info")] = info;
        json!({ "resources": [resource] })
    };
    // The order of time is not that of descent.
    let acl = of("load_balancer_acl", "acl", json!({ "frontend_id": "frontend" }));
    let acl = engine.push("fr-par", Kind::Api, 60, acl);
    let frontend = of("load_balancer_frontend", "frontend", json!({ "lb_id": "lb", "name": "https" }));
    let frontend = engine.push("fr-par", Kind::Api, 61, frontend);
    let delete = engine.push("fr-par", Kind::Api, 62, json!({ "request_body": { "acl_id": "acl" } }));
    let other = of("load_balancer_acl", "else", json!({ "frontend_id": "of another" }));
    engine.push("fr-par", Kind::Api, 63, other);
    assert_eq!(engine.ids(json!({ "resourceIds": ["lb"] })).await, [&*acl, &frontend, &delete]);
    assert_eq!(engine.ids(json!({ "resourceNames": ["frontend-name"] })).await, [&*acl, &frontend, &delete]);
    assert_eq!(engine.ids(json!({ "resourceIds": ["acl"] })).await, [&*acl, &delete]);
}

#[tokio::test]
async fn other_resources_of_an_event_are_no_children() {
    // A network interface joins a server to a network: the server is not a part of the network.
    let engine = Engine::empty().await;
    let server = json!({ "id": "server", "type": "instance_server", "name": "web" });
    let info = json!({ "private_network_id": "network", "server_id": "server" });
    let nic = json!({ "id": "nic", "type": "instance_private_network_interface", "instance_private_network_interface_info": info });
    let joined = engine.push("fr-par", Kind::Api, 60, json!({ "resources": [server, nic] }));
    let reboot = engine.push("fr-par", Kind::Api, 61, json!({ "resources": [server] }));
    assert_eq!(engine.ids(json!({ "resourceIds": ["server"] })).await, [&*joined, &reboot]);
    assert_eq!(engine.ids(json!({ "resourceIds": ["network"] })).await, [joined]);
}

#[tokio::test]
async fn a_pool_that_one_event_assigns_to_a_cluster_belongs_to_it_in_other_events() {
    let engine = Engine::empty().await;
    let pool = json!({ "id": "cluster", "type": "kube_pool", "name": "prod", "kube_pool_info": { "id": "pool", "name": "default" } });
    let assigned = engine.push("fr-par", Kind::Api, 60, json!({ "resources": [pool] }));
    let delete = engine.push("fr-par", Kind::Api, 61, json!({ "request_body": { "pool_id": "pool" } }));
    assert_eq!(engine.ids(json!({ "resourceIds": ["pool"] })).await, [&*assigned, &delete]);
    assert_eq!(engine.ids(json!({ "resourceNames": ["default"] })).await, [&*assigned, &delete]);
    assert_eq!(engine.ids(json!({ "resourceIds": ["cluster"] })).await, [&*assigned, &delete]);
}

#[tokio::test]
async fn an_id_in_a_body_is_found_whole_and_not_in_part() {
    let engine = Engine::empty().await;
    let whole = engine.push("fr-par", Kind::Api, 60, json!({ "request_body": { "deep": [{ "serverId": "abc-1" }] } }));
    engine.push("fr-par", Kind::Api, 61, json!({ "request_body": { "server_id": "abc-10" } }));
    engine.push("fr-par", Kind::Api, 62, json!({ "request_body": { "note": "about abc-1 and so on" } }));
    assert_eq!(engine.ids(json!({ "resourceIds": ["abc-1"] })).await, [whole]);
}

#[tokio::test]
async fn a_name_that_has_shown_its_id_finds_events_about_the_id() {
    let engine = Engine::empty().await;
    let named = json!([{ "id": "s1", "type": "instance_server", "name": "$web <1>" }]);
    let named = engine.push("fr-par", Kind::Api, 60, json!({ "resources": named }));
    let nameless =
        engine.push("fr-par", Kind::Api, 61, json!({ "resources": [{ "id": "s1", "type": "instance_server" }] }));
    let delete =
        engine.push("fr-par", Kind::System, 62, json!({ "resources": [], "request_body": { "server_id": "s1" } }));
    engine.push(
        "fr-par",
        Kind::Api,
        63,
        json!({ "resources": [{ "id": "s2", "type": "instance_server", "name": "web" }] }),
    );
    assert_eq!(engine.ids(json!({ "resourceNames": ["$web <1>"] })).await, [named, nameless, delete]);
}

#[tokio::test]
async fn a_principal_is_meant_by_id_and_by_each_of_its_names_in_any_case() {
    let engine = week(800).await;
    let organization = engine.sandbox.organization().clone();
    let user = organization.users.iter().find(|user| user.username == "ops-1").unwrap();
    let by_id = engine.ids(json!({ "principals": [user.id] })).await;
    assert!(by_id.len() > 5);
    for name in [user.email.clone(), user.username.clone(), user.email.to_uppercase()] {
        assert_eq!(engine.ids(json!({ "principals": [name] })).await, by_id, "{name}");
    }
    let application = &organization.applications[0];
    let by_id = engine.ids(json!({ "principals": [application.id] })).await;
    assert_eq!(engine.ids(json!({ "principals": ["TerraForm"] })).await, by_id);
    // A deleted principal has an id, and no name any more.
    let departed = engine.ids(json!({ "principals": [organization.departed.id] })).await;
    assert!(!departed.is_empty());
    let unknown = engine.ask(list(json!({ "principals": [organization.departed.name] }))).await.unwrap();
    assert_eq!((unknown.rows(), warnings(&unknown)), (0, vec!["no principal is called old-importer"]));
}

#[tokio::test]
async fn scaleway_itself_is_a_principal_of_a_scope_as_of_a_filter() {
    let engine = Engine::empty().await;
    let user = engine.sandbox.organization().users[1].clone();
    let system = engine.push("fr-par", Kind::System, 60, json!({ "system_name": "backup" }));
    let call = engine.push("fr-par", Kind::Api, 61, json!({ "principal": { "id": user.id } }));
    engine.push("fr-par", Kind::Api, 62, json!({ "product_name": "instance" }));
    engine.push("nl-ams", Kind::Authentication, 63, json!({}));
    for who in ["Scaleway", "scaleway"] {
        assert_eq!(engine.ids(json!({ "principals": [who] })).await, [&*system], "{who}");
    }
    assert_eq!(engine.ids(json!({ "principals": ["Scaleway", user.email] })).await, [&*system, &call]);
    let values = engine.ask(json!({ "queryType": "values", "column": "principal" })).await.unwrap();
    assert!(texts(&values, "value").contains(&"Scaleway".to_owned()));
    let filter = json!({ "key": "principal", "operator": "=", "value": "Scaleway" });
    let filtered = json!({ "queryType": "counts", "over": "total", "filters": [filter] });
    assert_eq!(sum(&engine.ask(filtered).await.unwrap()), 1);
    // Events of similar names, or with an outcome or an address, are not Scaleway's.
    let near = engine.ask(list(json!({ "principals": ["Scaleway Inc"] }))).await.unwrap();
    assert_eq!((near.rows(), warnings(&near).len()), (0, 1));
    for scope in
        [json!({ "status": ["succeeded"] }), json!({ "kinds": ["api"] }), json!({ "sourceIps": ["0.0.0.0/0"] })]
    {
        let mut scope = scope;
        scope["principals"] = json!(["Scaleway"]);
        assert_eq!(engine.ids(scope.clone()).await, [""; 0], "{scope}");
    }
}

#[tokio::test]
async fn the_shown_name_or_id_of_a_resource_selects_it() {
    let engine = Engine::empty().await;
    let hostile = "two\nlines \u{202e}txt";
    let resources = json!([{ "id": "r", "type": "instance_server", "name": hostile }]);
    let event = engine.push("fr-par", Kind::Api, 60, json!({ "resources": resources }));
    engine.push("fr-par", Kind::Api, 61, json!({}));
    let values = engine.ask(json!({ "queryType": "values", "column": "resource_name" })).await.unwrap();
    let shown = texts(&values, "text").into_iter().find(|text| text.contains("lines")).unwrap();
    assert_ne!(shown, hostile);
    for name in [hostile, &shown] {
        assert_eq!(engine.ids(json!({ "resourceNames": [name] })).await, [&*event], "{name:?}");
    }
    assert_eq!(engine.ids(json!({ "resourceNames": ["two lines"] })).await, [""; 0]);
}

#[tokio::test]
async fn a_deleted_user_is_found_by_the_name_in_a_log_in() {
    let engine = Engine::empty().await;
    let gone = json!([{ "id": "gone", "type": "iam_user", "name": "Gone@Example.com" }]);
    let login = engine.push("fr-par", Kind::Authentication, 60, json!({ "resources": gone, "result": "failure" }));
    let renewal = json!({ "product_name": "iam", "method_name": "RenewJWT", "principal": null, "resources": gone });
    let renewal = engine.push("fr-par", Kind::Api, 61, renewal);
    engine.push("fr-par", Kind::Api, 62, json!({ "product_name": "iam", "resources": gone }));
    assert_eq!(engine.ids(json!({ "principals": ["gone@example.com"] })).await, [&*login, &renewal]);
    assert_eq!(engine.ids(json!({ "principals": ["gone"] })).await, [&*login, &renewal]);
    let frame = engine.ask(list(json!({ "principals": ["gone@example.com"] }))).await.unwrap();
    assert_eq!(texts(&frame, "principal"), ["Gone@Example.com"; 2]);
}

#[tokio::test]
async fn a_person_is_one_value_however_many_ids_they_have() {
    let engine = Engine::empty().await;
    let user = engine.sandbox.organization().users[1].clone();
    let call = engine.push("fr-par", Kind::Api, 60, json!({ "principal": { "id": user.id } }));
    // Log-ins may have the account's id of the same person.
    let account = json!([{ "id": user.account_root_user_id, "type": "account_user", "name": user.email }]);
    let login = engine.push("fr-par", Kind::Authentication, 61, json!({ "resources": account }));
    assert_eq!(engine.ids(json!({ "principals": [user.email] })).await, [&*call, &login]);
    let values = engine.ask(json!({ "queryType": "values", "column": "principal" })).await.unwrap();
    assert_eq!(texts(&values, "text"), [user.email]);
    // The value of a variable selects the whole person.
    assert_eq!(engine.ids(json!({ "principals": texts(&values, "value") })).await, [&*call, &login]);
    assert_eq!(engine.ids(json!({ "principals": [user.id] })).await, [&*call, &login]);
}

#[tokio::test]
async fn an_address_is_meant_in_any_spelling_and_as_part_of_a_network() {
    let engine = Engine::empty().await;
    let four = engine.push("fr-par", Kind::Api, 60, json!({ "source_ip": "203.0.113.77" }));
    let six = engine.push("fr-par", Kind::Authentication, 61, json!({ "source_ip": "2001:DB8:0::1" }));
    let mapped = engine.push("nl-ams", Kind::Api, 64, json!({ "source_ip": "::FFFF:203.0.113.78" }));
    let hex = engine.push("nl-ams", Kind::Api, 65, json!({ "source_ip": "0:0:0:0:0:ffff:cb00:714f" }));
    let again = engine.push("nl-ams", Kind::Api, 66, json!({ "source_ip": "::ffff:203.0.113.77" }));
    engine.push("fr-par", Kind::Api, 62, json!({ "source_ip": "" }));
    engine.push("fr-par", Kind::System, 63, json!({}));
    for (net, expected) in [
        ("203.0.113.77", vec![&four, &again]),
        ("::ffff:203.0.113.77", vec![&four, &again]),
        ("203.0.113.78", vec![&mapped]),
        ("::ffff:cb00:714f", vec![&hex]),
        ("203.0.113.77/24", vec![&four, &mapped, &hex, &again]),
        ("::ffff:203.0.113.0/120", vec![&four, &mapped, &hex, &again]),
        ("203.0.113.0/26", vec![]),
        ("0.0.0.0/0", vec![&four, &mapped, &hex, &again]),
        ("2001:db8::1", vec![&six]),
        ("2001:0db8::/32", vec![&six]),
        ("::/0", vec![&six]),
    ] {
        let found = engine.ids(json!({ "sourceIps": [net] })).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{net}");
        let mut query = list(json!({}));
        query["filters"] = json!([{ "key": "source_ip", "operator": "=", "value": net }]);
        let found = texts(&engine.ask(query.clone()).await.unwrap(), "id");
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{net}");
        query["filters"][0]["operator"] = "!=".into();
        let found = texts(&engine.ask(query).await.unwrap(), "id");
        assert_eq!(
            (found.len(), found.iter().filter(|id| expected.contains(id)).count()),
            (7 - expected.len(), 0),
            "{net}"
        );
        // An event without an address is in no network.
        assert_eq!(engine.ids(json!({ "notSourceIps": [net] })).await, found, "{net}");
        assert_eq!(engine.ids(json!({ "sourceIps": [net], "notSourceIps": [net] })).await, [""; 0], "{net}");
    }
    // An address is one group, one value and one text for patterns, in any spelling.
    let groups = json!({ "queryType": "counts", "over": "total", "groupBy": ["source_ip"] });
    let groups = engine.ask(groups).await.unwrap();
    let counts: BTreeMap<String, i64> = texts(&groups, "source_ip").into_iter().zip(numbers(&groups)).collect();
    let expected = [("(none)", 2), ("2001:db8::1", 1), ("203.0.113.77", 2), ("203.0.113.78", 1), ("203.0.113.79", 1)];
    assert_eq!(counts, expected.map(|(address, count)| (address.to_owned(), count)).into());
    let values = engine.ask(json!({ "queryType": "values", "column": "source_ip" })).await.unwrap();
    assert_eq!(texts(&values, "value"), ["2001:db8::1", "203.0.113.77", "203.0.113.78", "203.0.113.79"]);
    let mut query = list(json!({}));
    query["filters"] = json!([{ "key": "source_ip", "operator": "=~", "value": "203\\.0\\.113\\.7[79]" }]);
    assert_eq!(engine.ask(query).await.unwrap().rows(), 3);
}

#[tokio::test]
async fn outcomes_are_classes_or_codes() {
    let engine = Engine::empty().await;
    let call = |status: u16| engine.push("fr-par", Kind::Api, 60, json!({ "status_code": status }));
    let ids: BTreeMap<u16, String> =
        [200, 202, 204, 302, 400, 401, 403, 404, 409, 500].map(|code| (code, call(code))).into();
    let success = engine.push("fr-par", Kind::Authentication, 60, json!({ "result": "success" }));
    let failure = engine.push("fr-par", Kind::Authentication, 60, json!({ "result": "failure" }));
    engine.push("fr-par", Kind::Authentication, 60, json!({ "result": "unknown_result" }));
    engine.push("fr-par", Kind::System, 60, json!({}));
    let codes = |codes: &[u16]| codes.iter().map(|code| ids[code].as_str()).collect::<BTreeSet<_>>();
    for (status, mut expected, login) in [
        (json!(["succeeded"]), codes(&[200, 202, 204]), Some(&success)),
        (json!(["denied"]), codes(&[401, 403]), None),
        (json!(["failed"]), codes(&[302, 400, 404, 409, 500]), Some(&failure)),
        (json!([409]), codes(&[409]), None),
        (json!(["denied", "200"]), codes(&[200, 401, 403]), None),
        (json!([418]), codes(&[]), None),
    ] {
        expected.extend(login.map(String::as_str));
        assert_eq!(set(&engine.ids(json!({ "status": status })).await), expected, "{status}");
    }
}

#[tokio::test]
async fn risks_are_classes_and_severities() {
    let engine = Engine::empty().await;
    let policy = json!({ "product_name": "iam", "method_name": "CreatePolicy", "service_name": "scaleway.iam.v1alpha1.Api",
        "request_body": { "rules": [{ "permission_set_names": { "value": ["OrganizationManager"] } }] } });
    let grant = engine.push("fr-par", Kind::Api, 60, policy.clone());
    let mut denied = policy;
    denied["status_code"] = json!(403);
    let denied = engine.push("fr-par", Kind::Api, 61, denied);
    let login = engine.push("fr-par", Kind::Authentication, 62, json!({ "result": "failure" }));
    engine.push("fr-par", Kind::System, 63, json!({}));
    assert_eq!(engine.ids(json!({ "riskClasses": ["privilege_grant"] })).await, [&*grant]);
    assert_eq!(engine.ids(json!({ "severities": ["critical"] })).await, [&*grant]);
    assert_eq!(engine.ids(json!({ "riskClasses": ["denied_actions"] })).await, [&*denied]);
    assert_eq!(engine.ids(json!({ "riskClasses": ["login_failures"] })).await, [&*login]);
    assert_eq!(
        engine.ids(json!({ "riskClasses": ["login_failures", "denied_actions"], "severities": ["high"] })).await,
        [denied]
    );
}

#[tokio::test]
async fn risk_classes_are_those_of_the_data_sources_rules() {
    let mut engine = Engine::empty().await;
    let deletion = json!({ "product_name": "wiki", "method_name": "DeletePage" });
    let deletion = engine.push("fr-par", Kind::Api, 60, deletion);
    let query = |class: &str| json!({ "hide": true, "scope": { "riskClasses": ["denied_actions", class] } });
    let refused = async |engine: &Engine, class: &str| {
        let failure = engine.ask_as_rule(query(class)).await.unwrap_err();
        let hidden = parse(&query(class), &engine.ever()).unwrap();
        assert_eq!(engine.data_source.answer(&hidden, &engine.ever()).await.unwrap_err(), failure);
        for from_alert in [false, true] {
            let checked = engine.data_source.check(query(class).to_string().as_bytes(), from_alert).await;
            assert_eq!(checked, Err(failure.clone()));
        }
        failure.message
    };
    let built_in = "scope.riskClasses is \"page_loss\". Allowed: change, credential_creation, crypto_impact, ";
    let error = refused(&engine, "page_loss").await;
    assert!(error.starts_with(built_in), "{error}");

    let methods = "product,method,when,class,severity,attack\nwiki,DeletePage,,page_loss,high,T1485\n";
    engine.data_source.rules = Arc::new(RuleSet::read(methods, "product,alias\n").unwrap());
    assert_eq!(engine.ids(json!({ "riskClasses": ["page_loss"] })).await, [&*deletion]);
    assert_eq!(engine.ids(json!({ "riskClasses": ["page_loss"], "severities": ["high"] })).await, [deletion]);
    assert_eq!(
        refused(&engine, "credential_creation").await,
        "scope.riskClasses is \"credential_creation\". Allowed: denied_actions, login_failures, page_loss, session"
    );
}

#[tokio::test]
async fn a_text_is_found_in_every_column_and_in_the_body_in_any_case() {
    let engine = Engine::empty().await;
    let user = engine.sandbox.organization().users[2].clone();
    let id = engine.push("fr-par", Kind::Api, 60, json!({
        "locality": "fr-par-2", "principal": { "id": user.id }, "product_name": "iam", "service_name": "scaleway.iam.v1alpha1.Api",
        "method_name": "CreatePolicy", "user_agent": "Straße (.*)", "source_ip": "203.0.113.99", "request_id": "req-77",
        "project_id": "project-x", "status_code": 418, "request_body": { "rules": [{ "permission_set_names": "OrganizationManager" }] },
        "resources": [{ "id": "r1", "type": "iam_policy", "name": "all of it" }, { "id": "r2", "type": "iam_rule", "name": "second" }],
    }));
    engine.push("nl-ams", Kind::System, 61, json!({}));
    let everywhere = [
        "FR-PAR-2",
        &user.id,
        &user.email.to_uppercase(),
        "IAM",
        "v1alpha1",
        "createPOLICY",
        "straße",
        "(.*)",
        "203.0.113.99",
        "REQ-77",
        "project-x",
        "organizationmanager",
        "r1",
        "ALL OF IT",
        "second",
        "iam_rule",
        &id,
    ];
    for text in everywhere {
        assert_eq!(engine.ids(json!({ "text": text })).await, [&*id], "{text}");
    }
    for text in ["no such text", ".+", "r3"] {
        assert_eq!(engine.ids(json!({ "text": text })).await, [""; 0], "{text}");
    }
}

#[tokio::test]
async fn any_of_several_texts_matches_and_excluded_texts_do_not() {
    let engine = Engine::empty().await;
    let call = |agent: &str, body: &str| {
        engine.push("fr-par", Kind::Api, 60, json!({ "user_agent": agent, "request_body": { "name": body } }))
    };
    let (web, db, other) = (call("Terraform/1", "web"), call("curl", "db"), call("curl", "mail"));
    for (scope, expected) in [
        (json!({ "text": ["terraform", "\"db\""] }), vec![&web, &db]),
        (json!({ "text": "terraform,\"db\"" }), vec![]),
        (json!({ "notText": "TERRAFORM" }), vec![&db, &other]),
        (json!({ "notText": ["terraform", "mail"] }), vec![&db]),
        (json!({ "text": ["curl"], "notText": ["mail"] }), vec![&db]),
        (json!({ "text": "curl", "notText": ["curl"] }), vec![]),
        (json!({ "text": [""], "notText": [] }), vec![&web, &db, &other]),
    ] {
        let expected: BTreeSet<&str> = expected.into_iter().map(String::as_str).collect();
        assert_eq!(set(&engine.ids(scope.clone()).await), expected, "{scope}");
    }
    let counts =
        json!({ "queryType": "counts", "over": "total", "groupBy": ["user_agent"], "scope": { "notText": ["mail"] } });
    let counts = engine.ask(counts).await.unwrap();
    assert_eq!(
        texts(&counts, "user_agent").into_iter().zip(numbers(&counts)).collect::<Vec<_>>(),
        [("Terraform/1".to_owned(), 1), ("curl".to_owned(), 1)]
    );
}

#[tokio::test]
async fn a_text_is_found_in_each_name_of_the_principal() {
    let (url, _) = scripted(|path, _| {
        let user = json!({ "id": "u", "email": "ann@example.com", "username": "Root-Operator" });
        let event = event(Kind::Api, "fr-par", 60 * SECOND, json!({ "id": "e", "principal": { "id": "u" } }));
        let body = match () {
            () if path.contains("/users") => json!({ "users": [user], "total_count": 1 }),
            () if path.contains("/applications") => json!({ "applications": [], "total_count": 0 }),
            () => json!({ "events": [event] }),
        };
        ("200 OK", JSON, body.to_string())
    })
    .await;
    let data_source = data_source(&url, SECRET_KEY, &json!({}));
    for (text, found) in [("ANN@", 1), ("root-oper", 1), ("bob", 0)] {
        for (field, found) in [("text", found), ("notText", 1 - found)] {
            let mut query = list(json!({ "kinds": ["api"] }));
            query["scope"][field] = text.into();
            let frame = ask(&data_source, &query, &panel(0, 120 * SECOND)).await.unwrap();
            assert_eq!(frame.rows(), found, "{field} {text}: {:?}", notices(&frame));
        }
    }
}

#[tokio::test]
async fn a_text_is_found_in_the_status_too() {
    let engine = Engine::empty().await;
    let id = engine.push("fr-par", Kind::Api, 60, json!({ "status_code": 418 }));
    engine.push("fr-par", Kind::Api, 61, json!({ "status_code": 200 }));
    assert_eq!(engine.ids(json!({ "text": "418" })).await, [id]);
}

// The filters

#[tokio::test]
async fn filters_compare_a_columns_text_as_grafanas_ad_hoc_filters_do() {
    let engine = Engine::empty().await;
    let names = ["web-1", "web-2", "db", " spaced "].map(|name| {
        let resource = json!([{ "id": name, "type": "instance_server", "name": name }]);
        (name, engine.push("fr-par", Kind::Api, 60, json!({ "resources": resource })))
    });
    let nameless = engine.push("fr-par", Kind::Api, 60, json!({}));
    let ids = BTreeMap::from(names);
    for (operator, value, kept, also_nameless) in [
        ("=", json!("web-1"), vec!["web-1"], false),
        ("!=", json!("web-1"), vec!["web-2", "db", " spaced "], true),
        ("=|", json!(["web-1", "db"]), vec!["web-1", "db"], false),
        ("!=|", json!(["web-1", "db"]), vec!["web-2", " spaced "], true),
        ("=~", json!("web-.*"), vec!["web-1", "web-2"], false),
        // The whole text, as in Prometheus; also of alternatives.
        ("=~", json!("web"), vec![], false),
        ("=~", json!("web|db"), vec!["db"], false),
        ("!~", json!("web-.|db"), vec![" spaced "], true),
        // Where an event lacks the column, its text is empty.
        ("=", json!(""), vec![], true),
        ("!=", json!(""), vec!["web-1", "web-2", "db", " spaced "], false),
        ("=|", json!([""]), vec![], true),
        ("=~", json!(".+"), vec!["web-1", "web-2", "db", " spaced "], false),
        ("=", json!(" spaced "), vec![" spaced "], false),
    ] {
        let field = if value.is_array() { "values" } else { "value" };
        let mut filter = json!({ "key": "resource_name", "operator": operator });
        filter[field] = value;
        let mut query = list(json!({}));
        query["filters"] = json!([filter]);
        let frame = engine.ask(query).await.unwrap();
        let mut expected: BTreeSet<&str> = kept.into_iter().map(|name| ids[name].as_str()).collect();
        expected.extend(also_nameless.then_some(nameless.as_str()));
        assert_eq!(set(&texts(&frame, "id")), expected, "{filter}");
    }
}

#[tokio::test]
async fn statuses_are_compared_as_numbers() {
    let engine = Engine::empty().await;
    let call = |status: u16| engine.push("fr-par", Kind::Api, 60, json!({ "status_code": status }));
    let ids: BTreeMap<u16, String> = [99, 200, 202, 399, 400, 401, 503].map(|status| (status, call(status))).into();
    engine.push("fr-par", Kind::Authentication, 60, json!({}));
    engine.push("fr-par", Kind::System, 60, json!({}));
    let filtered = async |operator: &str, value: Value| {
        let mut query = list(json!({}));
        query["filters"] = json!([{ "key": "status", "operator": operator, "value": value }]);
        texts(&engine.ask(query).await.unwrap(), "id")
    };
    for (operator, value, range) in [
        (">=", json!("400"), 400..1_000),
        (">", json!(400), 401..1_000),
        ("<", json!("400"), 0..400),
        ("<=", json!(" 400 "), 0..401),
        (">", json!("99.5"), 100..1_000),
    ] {
        let expected: BTreeSet<&str> = ids.range(range).map(|(_, id)| id.as_str()).collect();
        assert_eq!(set(&filtered(operator, value.clone()).await), expected, "{operator} {value}");
    }
}

#[tokio::test]
async fn a_filter_for_none_selects_events_without_a_value() {
    let engine = Engine::empty().await;
    let login = |mfa: Value| engine.push("fr-par", Kind::Authentication, 60, json!({ "mfa_type": mfa }));
    let [with, without, unknown] = [json!("totp"), json!(null), json!("unknown_mfa_type")].map(login);
    let call = engine.push("fr-par", Kind::Api, 60, json!({}));
    for (operator, value, kept) in [
        ("=", json!("(none)"), vec![&without, &unknown, &call]),
        ("=", json!(""), vec![&without, &unknown, &call]),
        ("!=", json!("(none)"), vec![&with]),
        ("!=", json!(""), vec![&with]),
        ("=|", json!(["(none)", "totp"]), vec![&with, &without, &unknown, &call]),
        ("!=|", json!(["(none)"]), vec![&with]),
        // To a pattern, the lack of a value is the empty text, save where it is named.
        ("=~", json!(".*"), vec![&with, &without, &unknown, &call]),
        ("=~", json!(".+"), vec![&with]),
        ("!~", json!("totp"), vec![&without, &unknown, &call]),
        ("=~", json!("(none)"), vec![&without, &unknown, &call]),
        ("!~", json!("(none)"), vec![&with]),
    ] {
        let field = if value.is_array() { "values" } else { "value" };
        let mut filter = json!({ "key": "mfa", "operator": operator });
        filter[field] = value;
        let mut query = list(json!({}));
        query["filters"] = json!([filter]);
        let expected: BTreeSet<&str> = kept.into_iter().map(String::as_str).collect();
        assert_eq!(set(&texts(&engine.ask(query).await.unwrap(), "id")), expected, "{filter}");
    }
    let counts = engine.ask(json!({ "queryType": "counts", "over": "total", "groupBy": ["mfa"] })).await.unwrap();
    assert_eq!((texts(&counts, "mfa"), numbers(&counts)), (vec!["(none)".to_owned(), "totp".to_owned()], vec![3, 1]));
    let values = async |query: Value| texts(&engine.ask(query).await.unwrap(), "value");
    assert_eq!(values(json!({ "queryType": "values", "column": "mfa" })).await, ["totp"]);
    assert_eq!(values(json!({ "queryType": "values", "column": "mfa", "withNone": true })).await, ["(none)", "totp"]);
    let all_have = json!({ "queryType": "values", "column": "kind", "withNone": "true" });
    assert_eq!(values(all_have).await, ["api", "authentication"]);
}

#[test]
fn a_wrong_filter_is_an_error_that_names_what_is_wrong() {
    let request = panel(0, SECOND);
    for (filters, message) in [
        (json!({}), "filters is {}. Allowed: a list of objects"),
        (json!(["x"]), "filters is \"x\". Allowed: objects with key, operator and value"),
        (json!([{ "key": "colour", "operator": "=" }]), "filters.key is \"colour\". Allowed: principal, kind"),
        (
            json!([{ "key": "method", "operator": "<", "value": 400 }]),
            "filters.operator is \"<\". Allowed: =, !=, =~, !~, =|, !=| on the column method; numbers are compared on the column status alone, with <, <=, >, >=",
        ),
        (
            json!([{ "key": "status", "operator": ">=", "value": "4xx" }]),
            "filters.value is \"4xx\". Allowed: a number such as 400, with the operator >=",
        ),
        (
            json!([{ "key": "source_ip", "operator": "!=", "value": "web-1" }]),
            "filters.value is \"web-1\". Allowed: an address such as 203.0.113.7 or a network such as 203.0.113.0/24, or (none)",
        ),
        (
            json!([{ "key": "source_ip", "operator": "=|", "values": ["203.000.113.007"] }]),
            "filters.values is \"203.000.113.007\". Allowed: an address",
        ),
        (
            json!([{ "key": "method", "operator": "=~", "value": "(" }]),
            "filters.value is \"(\". Allowed: a regular expression",
        ),
        // By itself it is no expression, within a group it would be two.
        (
            json!([{ "key": "method", "operator": "=~", "value": "x)|(y" }]),
            "filters.value is \"x)|(y\". Allowed: a regular expression",
        ),
        (
            json!([{ "key": "method", "operator": "=~", "value": "(a{1000}){1000}" }]),
            "filters.value is \"(a{1000}){1000}\". Allowed: a regular expression",
        ),
    ] {
        let error = parse(&json!({ "filters": filters }), &request).unwrap_err();
        assert!(error.starts_with(message), "{filters}: {error}");
    }
}

#[tokio::test]
async fn filters_narrow_a_scope_and_never_widen_it() {
    let engine = week(300).await;
    let filtered = async |scope: Value, filters: Value| {
        let mut query = list(scope);
        query["filters"] = filters;
        texts(&engine.ask(query).await.unwrap(), "id")
    };
    let is = |value: &str| json!([{ "key": "product", "operator": "=", "value": value }]);
    let instance = engine.ids(json!({ "products": ["instance"] })).await;
    assert!(!instance.is_empty());
    assert_eq!(filtered(json!({}), is("instance")).await, instance);
    assert_eq!(filtered(json!({ "products": ["iam", "instance"] }), is("instance")).await, instance);
    assert_eq!(filtered(json!({ "products": ["iam"] }), is("instance")).await, [""; 0]);
    let twice = json!([is("instance")[0], is("iam")[0]]);
    assert_eq!(filtered(json!({}), twice).await, [""; 0]);
}

// The answers

#[tokio::test]
async fn a_volume_has_a_frame_per_level_and_counts_every_event_once() {
    let engine = week(400).await;
    let request = engine.ever();
    let query = parse(&json!({ "queryType": "volume" }), &request).unwrap();
    let frames = engine.data_source.answer(&query, &request).await.unwrap();
    assert_eq!(frames.iter().map(sum).sum::<usize>(), 400);
    let mut levels = BTreeSet::new();
    for frame in &frames {
        assert_eq!((frame.meta.kind, frame.meta.type_version), (Some(FrameType::TimeseriesMulti), Some([0, 1])));
        assert_eq!(shape(frame), [("time", false), ("count", false)]);
        assert_eq!(times(frame, "time"), times(&frames[0], "time"));
        assert!(levels.insert(field(frame, "count").labels["level"].clone()));
    }
    // The levels are those of the log lines below.
    let lines = engine.ask(json!({ "limit": 400 })).await.unwrap();
    assert_eq!(levels, texts(&lines, "severity").into_iter().collect());
}

#[tokio::test]
async fn an_empty_answer_names_what_is_missing() {
    let faults = vec![Fault::Unavailable.always().in_region("nl-ams")];
    let engine = Engine::start(Config { events: 0, faults, ..Config::default() }).await;
    let request = engine.ever();
    for question in ["volume", "events", "annotations", "counts", "values"] {
        let query = parse(&json!({ "queryType": question }), &request).unwrap();
        let frames = engine.data_source.answer(&query, &request).await.unwrap();
        let said = frames.iter().flat_map(|frame| warnings(frame)).any(|notice| notice.contains("region nl-ams"));
        assert!(said, "{question} does not name the region that failed");
    }
}

#[tokio::test]
async fn an_overlay_has_the_annotations_of_a_dashboards_query() {
    let engine = week(300).await;
    let annotations = engine.ask(json!({ "queryType": "annotations", "cap": 20 })).await.unwrap();
    let overlay = engine.ask(json!({ "queryType": "annotations", "cap": 20, "overlay": true })).await.unwrap();
    assert_eq!(overlay.meta.data_topic.as_deref(), Some("annotations"));
    for column in ["title", "text", "id"] {
        assert_eq!(texts(&overlay, column), texts(&annotations, column));
    }
    assert_eq!(
        (times(&overlay, "time"), times(&overlay, "timeEnd")),
        (times(&annotations, "time"), times(&annotations, "timeEnd"))
    );
    let regions = field(&overlay, "isRegion").values.as_boolean().clone();
    let ends = times(&overlay, "timeEnd");
    assert!((0..overlay.rows()).all(|row| regions.value(row) == ends[row].is_some()));
    // Grafana maps over the tags: anything but a list would break the tooltip.
    let joined = jsons(&overlay, "tags").into_iter().map(|tags| {
        tags.as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned()).collect::<Vec<_>>().join(",")
    });
    assert_eq!(joined.collect::<Vec<_>>(), texts(&annotations, "tags"));
    let colors = texts(&overlay, "color");
    let serious = ["purple", "red"];
    let states = texts(&annotations, "newState");
    assert!(
        states.iter().zip(&colors).all(|(state, color)| (state == "alerting") == serious.contains(&color.as_str()))
    );
}

/// The position of a value among those of its column, if they have an order of their own.
fn order(column: &str) -> Option<impl Fn(&String) -> usize + Copy> {
    let ordered: &[&str] = match column {
        "severity" => &["critical", "high", "medium", "low", "(none)"],
        "status_class" => &["succeeded", "denied", "failed", "(none)"],
        "kind" => &["api", "authentication", "system"],
        "status" => &[],
        _ => return None,
    };
    Some(move |value: &String| {
        value.parse().unwrap_or_else(|_| ordered.iter().position(|name| name == value).unwrap_or(usize::MAX))
    })
}

#[tokio::test]
async fn every_column_groups_every_event() {
    let engine = week(300).await;
    let trail = trail_of(&engine.sandbox).await;
    for column in GROUPINGS.into_iter().chain(["action"]) {
        let count = json!({ "queryType": "counts", "over": "total", "groupBy": [column], "groupLimit": 1000 });
        let frame = engine.ask(count).await.unwrap();
        let names: Vec<&str> = frame.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, [column, "count"]);
        assert_eq!((sum(&frame), notices(&frame)), (300, vec![]), "{column}");
        let groups = texts(&frame, column);
        assert_eq!(groups.len(), set(&groups).len(), "{column}: a group comes twice");
        match order(column) {
            Some(order) => assert!(groups.is_sorted_by_key(order), "{column}: {groups:?}"),
            None => assert!(numbers(&frame).is_sorted_by(|a, b| a >= b), "{column}: the largest group comes first"),
        }
        let plain: fn(&str, &Value) -> Value = match column {
            "product" => |_, event| event["product_name"].clone(),
            "kind" => |kind, _| kind.into(),
            "locality" => |_, event| event["locality"].clone(),
            "method" => |kind, event| match kind {
                "api" => event["method_name"].clone(),
                "system" => event["system_name"].clone(),
                _ => event["method"].clone(),
            },
            "service" => {
                |kind, event| if kind == "system" { event["source"].clone() } else { event["service_name"].clone() }
            }
            "status" => |_, event| event["status_code"].as_u64().map(|code| code.to_string()).into(),
            "project" => |_, event| event["project_id"].clone(),
            "source_ip" => |_, event| event["source_ip"].clone(),
            "resource_type" => |_, event| event["resources"][0]["type"].clone(),
            "country" => |_, event| event["country_code"].clone(),
            "result" => |_, event| event["result"].clone(),
            "failure_reason" => |_, event| event["failure_reason"].clone(),
            "origin" => |_, event| event["origin"].clone(),
            "mfa" => |_, event| event["mfa_type"].clone(),
            "organization" => |_, event| event["organization_id"].clone(),
            _ => continue,
        };
        let mut expected: BTreeMap<String, i64> = BTreeMap::new();
        for (kind, _, event) in &trail {
            let value = plain(kind, event);
            let is_text = |text: &&str| !text.is_empty() && !text.starts_with("unknown_");
            let text = value.as_str().filter(is_text).unwrap_or("(none)");
            *expected.entry(text.to_owned()).or_default() += 1;
        }
        assert_eq!(groups.into_iter().zip(numbers(&frame)).collect::<BTreeMap<_, _>>(), expected, "{column}");
    }
}

#[tokio::test]
async fn eight_columns_group_every_event_once() {
    let engine = week(300).await;
    for columns in GROUPINGS.chunks(8) {
        let query = json!({ "queryType": "counts", "over": "total", "groupBy": columns, "groupLimit": 1000 });
        let frame = engine.ask(query).await.unwrap();
        let names: Vec<&str> = frame.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, [columns, &["count"]].concat());
        assert_eq!(sum(&frame), 300);
        let rows: BTreeSet<Vec<String>> = (0..frame.rows())
            .map(|row| columns.iter().map(|column| texts(&frame, column)[row].clone()).collect())
            .collect();
        assert_eq!(rows.len(), frame.rows(), "a group comes twice");
    }
}

#[tokio::test]
async fn a_variable_without_a_value_selects_no_event_and_makes_no_call() {
    let engine = week(100).await;
    let sentence = "The variable $resource_id has no value, so no event is selected.";
    for (question, fields) in [
        (json!({ "queryType": "events" }), 6),
        (json!({ "queryType": "events", "format": "table" }), 29),
        (json!({ "queryType": "annotations" }), 7),
        (json!({ "queryType": "annotations", "overlay": true }), 10),
        (json!({ "queryType": "values", "column": "method", "withNone": true }), 0),
        (json!({ "queryType": "counts" }), 0),
        (json!({ "queryType": "counts", "over": "total" }), 0),
        (json!({ "queryType": "counts", "groupBy": ["method"] }), 0),
        (json!({ "queryType": "volume" }), 0),
    ] {
        let mut query = question.clone();
        query["emptyVariables"] = json!(["resource_id"]);
        query["scope"] = json!({ "products": ["no such product"], "principals": ["nobody"] });
        let frame = engine.ask(query.clone()).await.unwrap();
        assert_eq!(warnings(&frame), [sentence], "{question}");
        assert_eq!(notices(&frame).len(), 1, "{question}");
        assert_eq!(frame.rows(), 0, "{question}");
        assert_eq!(frame.fields.is_empty(), fields == 0, "{question}: {} fields", frame.fields.len());
        assert!(!frame.to_arrow("A").unwrap().is_empty());
        let failure = engine.ask_as_rule(query).await.unwrap_err();
        let expected =
            "emptyVariables is [\"resource_id\"]. Allowed: none in an alert rule, where Grafana replaces no variables";
        assert_eq!((failure.status, failure.message.as_str()), (400, expected), "{question}");
    }
    assert_eq!(engine.sandbox.calls().total, 0);
    let two = engine.ask(json!({ "emptyVariables": ["a", "b"] })).await.unwrap();
    assert_eq!(warnings(&two), ["The variables $a, $b have no value, so no event is selected."]);
    // Without one, the answer does not change.
    assert_eq!(engine.ask(json!({ "emptyVariables": [], "limit": 100 })).await.unwrap().rows(), 100);
    assert_eq!(engine.ask(json!({ "emptyVariables": null, "limit": 100 })).await.unwrap().rows(), 100);
    let hidden = parse(&json!({ "hide": true, "emptyVariables": ["a"] }), &engine.ever()).unwrap();
    assert_eq!(engine.data_source.answer(&hidden, &engine.ever()).await.unwrap().len(), 0);
}

#[tokio::test]
async fn every_column_has_values() {
    let engine = week(300).await;
    for column in GROUPINGS.into_iter().chain(UNGROUPED) {
        let frame = engine.ask(json!({ "queryType": "values", "column": column })).await.unwrap();
        let shown = texts(&frame, "text");
        assert!(!shown.is_empty() && !shown.contains(&String::new()), "{column}: {shown:?}");
        match order(column) {
            Some(order) => assert!(shown.is_sorted_by_key(order), "{column}: {shown:?}"),
            None => assert!(shown.is_sorted(), "{column}: {shown:?}"),
        }
        assert_eq!(texts(&frame, "value").len(), shown.len());
        // These show a name, and their value is the id.
        if !["principal", "principal_id", "project", "resource_id"].contains(&column) {
            let values = texts(&frame, "value");
            assert_eq!(values.iter().map(|value| text::label(value)).collect::<Vec<_>>(), shown, "{column}");
        }
    }
}

#[tokio::test]
async fn the_values_of_principals_are_names_that_stand_for_ids() {
    let engine = week(600).await;
    let frame = engine.ask(json!({ "queryType": "values", "column": "principal" })).await.unwrap();
    let (names, ids) = (texts(&frame, "text"), texts(&frame, "value"));
    let place = names.iter().position(|name| name == "terraform").unwrap();
    assert_eq!(ids[place], engine.sandbox.organization().applications[0].id);
    assert_eq!(ids.len(), set(&ids).len());
}

#[tokio::test]
async fn groups_beyond_the_limit_are_counted_as_other() {
    let engine = week(400).await;
    let by_method = |limit: u64| json!({ "queryType": "counts", "over": "total", "groupBy": ["method", "kind"], "groupLimit": limit });
    let all = engine.ask(by_method(1000)).await.unwrap();
    let few = engine.ask(by_method(3)).await.unwrap();
    assert_eq!((few.rows(), sum(&few)), (4, 400));
    assert_eq!(texts(&few, "method")[..3], texts(&all, "method")[..3]);
    assert_eq!((&*texts(&few, "method")[3], &*texts(&few, "kind")[3]), ("other", "other"));
    let folded = all.rows() - 3;
    assert_eq!(
        notices(&few),
        [format!("{} groups; the {folded} smallest are counted together as \"other\"", all.rows())]
    );
    // Exactly as many groups as allowed are all of them.
    let exact = engine.ask(by_method(all.rows() as u64)).await.unwrap();
    assert_eq!((texts(&exact, "method"), notices(&exact)), (texts(&all, "method"), vec![]));
}

#[tokio::test]
async fn a_group_named_other_differs_from_the_rest() {
    let engine = Engine::empty().await;
    for (seconds, method) in [(60, "other"), (61, "other"), (62, "a"), (63, "b"), (64, "(none)")] {
        engine.push("fr-par", Kind::Api, seconds, json!({ "method_name": method }));
    }
    let frame = engine.ask(json!({ "queryType": "counts", "groupBy": ["method"], "groupLimit": 1 })).await.unwrap();
    let labels: BTreeSet<_> = frame.fields[1..].iter().map(|field| field.labels.clone()).collect();
    assert_eq!(labels.len(), frame.fields.len() - 1, "two series have the same labels");
}

#[tokio::test]
async fn a_column_that_is_named_twice_groups_once() {
    let engine = week(100).await;
    let query = json!({ "queryType": "counts", "over": "total", "groupBy": ["kind", "kind"] });
    // An error that names it would do as well.
    if let Ok(frame) = engine.ask(query).await {
        let names: Vec<&str> = frame.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["kind", "count"]);
    }
}

fn shape(frame: &Frame) -> Vec<(&str, bool)> {
    frame.fields.iter().map(|field| (field.name.as_str(), field.nullable)).collect()
}

#[tokio::test]
async fn log_lines_have_the_shape_that_grafana_reads() {
    let engine = week(300).await;
    let frame = engine.ask(json!({ "limit": 50 })).await.unwrap();
    assert_eq!((frame.meta.kind, frame.meta.type_version), (Some(FrameType::LogLines), Some([0, 0])));
    let fields = ["timestamp", "body", "severity", "id", "labels"].map(|name| (name, false));
    assert_eq!(shape(&frame), [&fields[..], &[("request_body", true)]].concat());
    assert_eq!((frame.rows(), notices(&frame)), (50, vec!["the newest 50 of 300 events are shown (limit)"]));
    assert_eq!(frame.meta.custom, Some(json!({ "limit": 50, "total": 300 })));
    assert!(times(&frame, "timestamp").is_sorted_by(|a, b| a >= b));
    let levels = texts(&frame, "severity");
    assert!(
        levels.iter().all(|level| ["info", "warning", "error", "critical"].contains(&level.as_str())),
        "{levels:?}"
    );
    assert!(texts(&frame, "body").iter().all(|line| !line.contains('\n') && !line.is_empty()));
    let labels = jsons(&frame, "labels");
    assert!(
        labels
            .iter()
            .all(|labels| labels["kind"].is_string() && labels.as_object().unwrap().values().all(Value::is_string))
    );
    // The newest fifty are the first fifty of all.
    assert_eq!(texts(&frame, "id"), engine.ids(json!({})).await[..50]);
}

#[tokio::test]
async fn a_table_has_a_column_for_each_field_of_an_event() {
    let engine = week(300).await;
    let frame = engine.ask(list(json!({}))).await.unwrap();
    assert_eq!((frame.meta.kind, frame.rows()), (None, 300));
    for column in GROUPINGS.into_iter().chain(UNGROUPED) {
        let values = field(&frame, column);
        assert_eq!(values.values.len(), 300, "{column}");
        assert_eq!(values.labels, BTreeMap::new());
    }
    let statuses = field(&frame, "status").values.as_primitive::<arrow::datatypes::UInt16Type>();
    let kinds = texts(&frame, "kind");
    assert!((0..300).all(|row| statuses.is_valid(row) == (kinds[row] == "api")));
    assert!(jsons(&frame, "resources").iter().all(Value::is_array));
}

#[tokio::test]
async fn distinct_values_are_as_many_as_groups() {
    let engine = week(600).await;
    for column in GROUPINGS {
        let groups = json!({ "queryType": "counts", "over": "total", "groupBy": [column], "groupLimit": 1000 });
        let groups = engine.ask(groups).await.unwrap();
        let groups = if groups.fields.is_empty() { Vec::new() } else { texts(&groups, column) };
        let expected = groups.iter().filter(|group| *group != "(none)").count();
        let distinct = json!({ "queryType": "counts", "over": "total", "countOf": column });
        assert_eq!(sum(&engine.ask(distinct.clone()).await.unwrap()), expected, "{column}");
        assert_eq!(sum(&engine.ask_as_rule(distinct).await.unwrap()), expected, "{column}");
    }
    let users = json!({ "queryType": "counts", "over": "total", "groupBy": ["source_ip"], "countOf": "principal" });
    let pairs =
        json!({ "queryType": "counts", "over": "total", "groupBy": ["source_ip", "principal"], "groupLimit": 1000 });
    let pairs = engine.ask(pairs).await.unwrap();
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    for (address, principal) in texts(&pairs, "source_ip").into_iter().zip(texts(&pairs, "principal")) {
        *expected.entry(address).or_default() += i64::from(principal != "(none)");
    }
    let mut users = users;
    users["groupLimit"] = 1000.into();
    let users = engine.ask_as_rule(users).await.unwrap();
    assert_eq!(texts(&users, "source_ip").into_iter().zip(numbers(&users)).collect::<BTreeMap<_, _>>(), expected);
}

#[tokio::test]
async fn a_lookback_counts_events_of_before_the_range() {
    let engine = Engine::empty().await;
    let now = nanos(engine.sandbox.now());
    // The end of a whole minute, so that all buckets of a rule are complete.
    let end = now - now % (60 * SECOND);
    for (ago, address) in [(30, "203.0.113.1"), (90, "203.0.113.2"), (150, "203.0.113.2"), (3_000, "203.0.113.3")] {
        let event = event(Kind::Api, "fr-par", end - ago * SECOND, json!({ "source_ip": address }));
        engine.sandbox.push("fr-par", Kind::Api, [event.to_string()]).unwrap();
    }
    let range = panel(end - 60 * SECOND, end);
    for (lookback, events, addresses) in
        [(json!(null), 1, 1), (json!(1), 1, 1), (json!("100"), 2, 2), (json!(160), 3, 2), (json!(3_600), 4, 3)]
    {
        for (of, expected) in [("events", events), ("source_ip", addresses)] {
            let mut query =
                json!({ "queryType": "counts", "over": "total", "countOf": of, "lookbackSeconds": lookback });
            for request in [range.clone(), rule(range.clone())] {
                let frame = ask(&engine.data_source, &query, &request).await.unwrap();
                assert_eq!(numbers(&frame), [expected], "{query}");
            }
            query["over"] = "time".into();
            for request in [range.clone(), rule(range.clone())] {
                let frame = ask(&engine.data_source, &query, &request).await.unwrap();
                let expected = if lookback.is_null() || lookback == 1 { None } else { Some(&expected) };
                assert!(expected.is_none() || numbers(&frame).last() == expected, "{query}: {:?}", numbers(&frame));
            }
        }
    }
    // Each minute of a graph is about the two minutes that end with it.
    let graph = Request { interval: Duration::from_mins(1), ..panel(end - 240 * SECOND, end) };
    let frame =
        ask(&engine.data_source, &json!({ "queryType": "counts", "lookbackSeconds": 120 }), &graph).await.unwrap();
    assert_eq!((numbers(&frame), notices(&frame)), (vec![0, 1, 2, 2], vec![]));
    let failure = engine.ask(json!({ "queryType": "counts", "lookbackSeconds": 2_592_001 })).await.unwrap_err();
    let expected = "lookbackSeconds is 2592001. Allowed: a whole number from 1 to 2592000";
    assert_eq!(failure.message, expected);
    let failure = engine.ask(json!({ "queryType": "counts", "countOf": "id" })).await.unwrap_err();
    assert!(failure.message.starts_with("countOf is \"id\". Allowed: events, principal, kind,"), "{failure}");
}

#[tokio::test]
async fn a_series_counts_every_event_of_the_range_once() {
    let engine = week(500).await;
    let end = nanos(engine.sandbox.now());
    for hours in [1, 7, 24, 100] {
        let request = panel(end - hours * 3_600 * SECOND + 12_345, end);
        let total = engine.ids_in(json!({}), &request).await.len();
        let frame = ask(&engine.data_source, &json!({ "queryType": "counts" }), &request).await.unwrap();
        assert_eq!((frame.meta.kind, frame.meta.type_version), (Some(FrameType::TimeseriesWide), Some([0, 1])));
        assert_eq!(shape(&frame), [("time", false), ("count", false)]);
        assert_eq!(sum(&frame), total, "{hours} h");
        let starts: Vec<i64> = times(&frame, "time").into_iter().flatten().collect();
        let width = starts[1] - starts[0];
        assert!(starts.iter().all(|start| start % width == 0), "buckets are multiples of their width");
        assert!(
            starts[0] <= request.range.start.nanos() && request.range.start.nanos() < starts[1],
            "the first bucket holds the range's begin"
        );
        assert!(starts.is_sorted_by(|a, b| a < b) && starts.last() < Some(&request.range.end.nanos()));
    }
}

#[tokio::test]
async fn a_refresh_changes_no_bar_but_the_first_and_the_last() {
    let engine = week(500).await;
    let end = nanos(engine.sandbox.now()) - 3_600 * SECOND;
    let of = async |end: i64| {
        let request = panel(end - 24 * 3_600 * SECOND, end);
        let frame = ask(&engine.data_source, &json!({ "queryType": "counts" }), &request).await.unwrap();
        let starts = times(&frame, "time").into_iter().flatten();
        let bars: BTreeMap<i64, i64> = starts.zip(numbers(&frame)).collect();
        let (first, last) = (*bars.keys().next().unwrap(), *bars.keys().last().unwrap());
        bars.into_iter().filter(|(start, _)| *start != first && *start != last).collect::<BTreeMap<_, _>>()
    };
    let before = of(end).await;
    assert!(before.len() > 100 && before.values().sum::<i64>() > 20, "{before:?}");
    for seconds in [1, 30, 299, 1_800] {
        let after = of(end + seconds * SECOND + 17).await;
        let changed = after.iter().filter(|(start, count)| before.get(start).is_some_and(|known| known != *count));
        assert_eq!(changed.count(), 0, "after {seconds} s");
        assert!(after.keys().filter(|start| before.contains_key(start)).count() > before.len() / 2);
    }
}

#[tokio::test]
async fn days_begin_on_the_clock_of_the_time_zone() {
    let engine = week(500).await;
    let end = nanos(engine.sandbox.now());
    let daily = Request { interval: Duration::from_hours(24), ..panel(end - 5 * 86_400 * SECOND, end) };
    for (zone, midnight) in [
        (json!(null), 0),
        (json!("UTC"), 0),
        (json!(""), 0),
        (json!("Asia/Kolkata"), 66_600),
        (json!("asia/tokyo"), 54_000),
    ] {
        let query = json!({ "queryType": "counts", "timezone": zone });
        let frame = ask(&engine.data_source, &query, &daily).await.unwrap();
        let starts: Vec<i64> = times(&frame, "time").into_iter().flatten().collect();
        assert!(
            starts.iter().all(|start| start.rem_euclid(86_400 * SECOND) == midnight * SECOND),
            "{zone}: {starts:?}"
        );
        let rows = engine.ids_in(json!({}), &daily).await.len();
        assert_eq!((sum(&frame), frame.rows()), (rows, 6), "{zone}");
        let said = notices(&frame);
        assert!(
            said[0].starts_with("the first bar is not complete") && said[0].contains("; the last bar is"),
            "{said:?}"
        );
    }
    let parse = |zone: Value| parse(&json!({ "queryType": "counts", "timezone": zone }), &daily).unwrap_err();
    for zone in ["browser", "Mars/Olympus", "+02:00", "$zone", "../UTC"] {
        let expected = format!(
            "timezone is {zone:?}. Allowed: a name of the IANA time zone database such as Europe/Paris, or UTC"
        );
        assert_eq!(parse(json!(zone)), expected);
    }
    assert!(parse(json!(["UTC"])).starts_with("timezone is [\"UTC\"]. Allowed: "));
}

/// Every question, and whether its empty answer has fields.
fn every_question() -> [(Value, bool); 8] {
    [
        (json!({ "queryType": "events" }), true),
        (json!({ "queryType": "events", "format": "table" }), true),
        (json!({ "queryType": "annotations" }), true),
        (json!({ "queryType": "values" }), false),
        (json!({ "queryType": "volume" }), false),
        (json!({ "queryType": "counts" }), false),
        (json!({ "queryType": "counts", "over": "total" }), false),
        (json!({ "queryType": "counts", "over": "total", "groupBy": ["method"] }), false),
    ]
}

#[tokio::test]
async fn an_empty_range_has_no_data_and_a_notice() {
    let engine = week(50).await;
    let now = nanos(engine.sandbox.now());
    for (query, fields) in every_question() {
        let frame = ask(&engine.data_source, &query, &panel(now, now)).await.unwrap();
        // An unknown count has no number, not a 0.
        assert_eq!((frame.rows(), !frame.fields.is_empty()), (0, fields), "{query}");
        assert_eq!(notices(&frame), ["the range is empty: it ends where it begins"], "{query}");
    }
    assert_eq!(engine.sandbox.calls().total, 0);
}

#[tokio::test]
async fn a_future_range_has_no_data_and_a_notice() {
    let engine = week(50).await;
    let now = nanos(engine.sandbox.now());
    let hour = 3_600 * SECOND;
    for (query, fields) in every_question() {
        let frame = ask(&engine.data_source, &query, &panel(now + hour, now + 2 * hour)).await.unwrap();
        assert_eq!((frame.rows(), !frame.fields.is_empty()), (0, fields), "{query}");
        assert!(notices(&frame)[0].starts_with("the range begins in the future, at "), "{:?}", notices(&frame));
    }
    // The present day is counted until now.
    let today = Request { interval: Duration::from_hours(1), ..panel(now - 5 * hour, now + 19 * hour) };
    let frame = ask(&engine.data_source, &json!({ "queryType": "counts" }), &today).await.unwrap();
    assert!((6..=7).contains(&frame.rows()), "{} buckets", frame.rows());
    assert!(notices(&frame)[0].contains("the last bar is not complete"), "{:?}", notices(&frame));
    assert_eq!(sum(&frame), engine.ids_in(json!({}), &today).await.len());
}

#[tokio::test]
async fn ranges_of_a_millisecond_and_of_ninety_days_at_one_pixel_have_a_bucket() {
    let engine = week(50).await;
    let now = nanos(engine.sandbox.now());
    let id = engine.push("fr-par", Kind::Api, 60, json!({}));
    let table = engine.ask(list(json!({ "text": id }))).await.unwrap();
    let at = times(&table, "time")[0].unwrap();
    let start = at - at % 1_000_000;
    let counts = json!({ "queryType": "counts" });
    let instant = ask(&engine.data_source, &counts, &panel(start, start + 1_000_000)).await.unwrap();
    assert_eq!((numbers(&instant), instant.rows()), (vec![1], 1));
    let ages = Request {
        max_data_points: 1,
        interval: Duration::from_hours(24 * 90),
        ..panel(now - 90 * 86_400 * SECOND, now)
    };
    let all = ask(&engine.data_source, &counts, &ages).await.unwrap();
    assert_eq!((sum(&all), all.rows()), (51, 1));
}

#[tokio::test]
async fn grouped_series_share_a_grid_and_have_labels() {
    let engine = week(400).await;
    let frame = engine
        .ask(json!({ "queryType": "counts", "groupBy": ["risk_class", "kind"], "groupLimit": 500 }))
        .await
        .unwrap();
    assert_eq!(sum(&frame), 400);
    let mut seen = BTreeSet::new();
    for series in &frame.fields[1..] {
        assert_eq!(series.labels.keys().collect::<Vec<_>>(), ["kind", "risk_class"]);
        assert!(seen.insert(series.labels.clone()));
        assert_eq!(series.values.null_count(), 0);
    }
    assert!(seen.len() > 5);
}

#[tokio::test]
async fn a_count_of_nothing_is_zero_and_a_grouped_one_is_no_data() {
    let engine = Engine::empty().await;
    let total = engine.ask(json!({ "queryType": "counts", "over": "total" })).await.unwrap();
    assert_eq!((numbers(&total), total.meta.kind), (vec![0], Some(FrameType::NumericLong)));
    let series = engine.ask(json!({ "queryType": "counts" })).await.unwrap();
    assert!(series.rows() > 1 && numbers(&series).iter().all(|count| *count == 0));
    for over in ["time", "total"] {
        let grouped = engine.ask(json!({ "queryType": "counts", "over": over, "groupBy": ["kind"] })).await.unwrap();
        assert_eq!(grouped.fields.len(), 0, "{over}");
        assert!(grouped.to_arrow("A").is_ok());
    }
}

#[tokio::test]
async fn every_empty_answer_can_be_encoded() {
    let engine = Engine::empty().await;
    for query in ["annotations", "events", "counts", "values"] {
        let frame = engine.ask(json!({ "queryType": query })).await.unwrap();
        assert!(!frame.to_arrow("A").unwrap().is_empty(), "{query}");
    }
}

#[tokio::test]
async fn an_unknown_outcome_of_a_log_in_is_not_called_a_failure() {
    let engine = Engine::empty().await;
    engine.push("fr-par", Kind::Authentication, 60, json!({ "result": "challenged", "method": "password" }));
    let frame = engine.ask(json!({})).await.unwrap();
    assert!(!texts(&frame, "body")[0].contains("failed"), "{:?}", texts(&frame, "body"));
}
