//! The resource calls of editors and pickers, the process's metrics, and the missing streams.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use audittrail::host::{Ask, Host, Source};
use audittrail::sandbox::{
    Config, Endpoint, Fault, KEY_FOR_THE_TRAIL_ALONE, KEY_WITHOUT_AUDIT_TRAIL, KEY_WITHOUT_IAM, Kind, ORGANIZATION_ID,
    SECRET_KEY, Sandbox,
};
use common::{last_hours, organization, plugin, plugin_with, source};
use grafana_plugin_sdk::pluginv2::stream_client::StreamClient;
use grafana_plugin_sdk::pluginv2::{
    CallResourceRequest, PublishStreamRequest, RunStreamRequest, SubscribeStreamRequest, publish_stream_response,
    subscribe_stream_response,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;

/// A host and an organization of a few hundred events.
async fn start() -> (Host, Sandbox, Source) {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    (plugin().await, sandbox, source)
}

async fn get(host: &Host, source: &Source, url: &str) -> Value {
    let (status, answer) = host.resource(source, url).await.expect("an answer");
    assert_eq!(status, 200, "{url}: {answer}");
    answer
}

/// A refusal: its status and its message.
async fn refused(host: &Host, source: &Source, url: &str) -> (i32, String) {
    let (status, answer) = host.resource(source, url).await.expect("a refusal is an answer, not a failed call");
    (status, answer["message"].as_str().unwrap_or_else(|| panic!("{url}: no message in {answer}")).to_owned())
}

/// The texts of a list.
fn all_texts(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text")).collect()
}

/// The texts of a member in a list.
fn all<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    list.as_array().expect("a list").iter().filter_map(|item| item[name].as_str()).collect()
}

/// The events of the last hours as a table asks for them: the columns by name, as text.
async fn table(host: &Host, source: &Source, hours: i64) -> Vec<BTreeMap<String, String>> {
    let json = json!({ "queryType": "events", "format": "table", "limit": 1_000 });
    let batch = host.frame(source, Ask::new("A", json, last_hours(hours)), &[]).await.expect("events").batch;
    let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    let text = |row: usize| {
        let column = |name: &String| {
            let array = batch.column_by_name(name).expect("a column");
            let texts = array.as_any().downcast_ref::<arrow::array::StringArray>()?;
            (arrow::array::Array::is_valid(texts, row)).then(|| (name.clone(), texts.value(row).to_owned()))
        };
        names.iter().filter_map(column).collect()
    };
    (0..batch.num_rows()).map(text).collect()
}

/// The products as the API lists them.
async fn listed(url: &str) -> Value {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.expect("a connection");
    let path = format!("/audit-trail/v1alpha1/regions/fr-par/products?organization_id={ORGANIZATION_ID}");
    let request = format!("GET {path} HTTP/1.0\r\nx-auth-token: {SECRET_KEY}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

#[tokio::test]
async fn products_are_those_that_scaleway_lists_with_services_and_methods() {
    let (host, sandbox, source) = start().await;
    let listed = listed(&sandbox.url()).await;
    let mut expected = listed["products"].as_array().unwrap().clone();
    expected.sort_by_key(|product| product["name"].as_str().unwrap().to_owned());

    let answer = get(&host, &source, "products").await;
    let products = answer["products"].as_array().unwrap();
    assert!(products.len() >= 8);
    assert_eq!(products.len(), expected.len());
    for (product, expected) in products.iter().zip(&expected) {
        for member in ["name", "title", "services"] {
            assert_eq!(product[member], expected[member]);
        }
    }

    assert_eq!(answer["notices"], json!([]));

    // They are cached.
    sandbox.set_faults([Fault::HtmlPage.always()]);
    assert_eq!(get(&host, &source, "products").await, answer);

    // One region is enough, with a notice about the other; none is an error. Other settings have another cache.
    let source = source.with("maxEvents", 1_000);
    sandbox.set_faults([Fault::HtmlPage.always().in_region("fr-par")]);
    let part = get(&host, &source, "products").await;
    assert_eq!(part["products"], answer["products"]);
    let notices = part["notices"].as_array().unwrap();
    assert!(matches!(&notices[..], [one] if one.as_str().unwrap().starts_with("region fr-par: ")), "{part}");
    sandbox.set_faults([Fault::HtmlPage.always()]);
    let source = source.with("maxEvents", 1_001);
    let (status, message) = refused(&host, &source, "products").await;
    assert!(status == 502 && message.contains("text/html"), "{status} {message}");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn principals_are_users_and_applications_by_name() {
    let (host, sandbox, source) = start().await;
    let answer = get(&host, &source, "principals").await;
    let list = &answer["principals"];
    let organization = sandbox.organization();
    for user in &organization.users {
        let expected = json!({ "id": user.id, "name": user.email, "kind": "user" });
        assert!(list.as_array().unwrap().contains(&expected), "{expected}");
    }
    for application in &organization.applications {
        let expected = json!({ "id": application.id, "name": application.name, "kind": "application" });
        assert!(list.as_array().unwrap().contains(&expected), "{expected}");
    }
    let names = all(list, "name");
    assert!(names.is_sorted(), "{names:?}");
    // The value of a principal without events is its name.
    let scaleway = json!({ "id": "Scaleway", "name": "Scaleway", "kind": "system" });
    assert_eq!(list.as_array().unwrap().iter().filter(|item| **item == scaleway).count(), 1, "{list}");
    for (part, offered) in [("scaleWAY", true), ("%20Scale", true), ("scaleway@", false), ("Scaleway2", false)] {
        let found = get(&host, &source, &format!("principals?query={part}")).await;
        assert_eq!(found["principals"].as_array().unwrap().contains(&scaleway), offered, "{part}: {found}");
    }
    let asked = json!({ "queryType": "events", "format": "table", "scope": { "principals": [scaleway["id"]] } });
    let frame = host.frame(&source, Ask::new("A", asked, last_hours(48)), &[]).await.unwrap();
    assert!(frame.batch.num_rows() > 0, "what is picked is asked");

    let someone = &organization.users[1];
    for part in [someone.email.to_uppercase(), someone.id[..13].to_owned(), format!("%20{}%20", someone.username)] {
        let answer = get(&host, &source, &format!("principals?query={part}")).await;
        assert!(all(&answer["principals"], "id").contains(&&*someone.id), "{part}: {answer}");
        assert!(answer["principals"].as_array().unwrap().len() < names.len(), "{part}");
    }
    assert_eq!(get(&host, &source, "principals?query=nobody-at-all").await, json!({ "principals": [], "notices": [] }));
    host.stop().await.unwrap();
}

#[tokio::test]
async fn names_outlive_a_failed_health_check_with_their_time() {
    let (host, sandbox, source) = start().await;
    let before = get(&host, &source, "principals").await;
    sandbox.set_faults([Endpoint::Users, Endpoint::Applications].map(|list| Fault::Unavailable.always().on(list)));
    let health = host.health(&source).await.unwrap();
    assert!(health.status == 1 && health.message.contains("Names are those of "), "{}", health.message);
    let after = get(&host, &source, "principals").await;
    assert_eq!((&after["principals"], &before["notices"]), (&before["principals"], &json!([])));
    let notice = after["notices"][0].as_str().unwrap();
    assert!(notice.starts_with("Names are those of "), "{notice}");
    assert!(notice.ends_with(" UTC; IAM does not answer: Scaleway answers HTTP 503: service unavailable"), "{notice}");

    let ask = Ask::new("A", json!({ "queryType": "values", "column": "principal" }), last_hours(48));
    let values = host.frame(&source, ask, &[]).await.unwrap();
    assert_eq!(values.notices(), [notice]);
    // IAM is well again: the next check renews the names.
    sandbox.set_faults([]);
    host.health(&source).await.unwrap();
    assert_eq!(get(&host, &source, "principals").await, before);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn an_unnamed_resource_has_its_name_from_resource_explorer() {
    let (host, sandbox, source) = start().await;
    let server = sandbox.organization().resource("web-1").unwrap();
    let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Nanos, true);
    let event = json!({
        "id": "e0000000-0000-4000-8000-00000000beef", "recorded_at": at, "locality": "it-mil", "product_name": "instance",
        "method_name": "DeleteServer", "resources": [{ "id": server.id, "type": "instance_server" }],
    });
    sandbox.push("it-mil", Kind::Api, [event.to_string()]).unwrap();
    // Of the last seconds, in which nothing else has happened.
    let url = format!("resources?query={}&from={}", server.id, chrono::Utc::now().timestamp_millis() - 5_000);
    for (key, name) in [(SECRET_KEY, json!("web-1")), (KEY_FOR_THE_TRAIL_ALONE, Value::Null)] {
        let answer = get(&host, &common::source(&sandbox, key), &url).await;
        assert_eq!(answer["resources"][0]["name"], name, "{answer}");
    }
    drop(source);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn resources_are_those_that_recent_events_name() {
    let (host, sandbox, source) = start().await;
    let answer = get(&host, &source, "resources").await;
    let list = &answer["resources"];
    // The same events asked for as a table. An id without a type is from a request's body, and a pool's is its cluster's.
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for mut event in table(&host, &source, 24).await {
        if event.get("resource_type").is_some_and(|kind| kind != "kube_pool") {
            *counts.entry(event.remove("resource_id").unwrap()).or_default() += 1;
        }
    }
    assert!(counts.len() > 5);
    assert_eq!(answer["total"], list.as_array().unwrap().len());
    let told: BTreeMap<String, usize> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (item["id"].as_str().unwrap().to_owned(), usize::try_from(item["events"].as_u64().unwrap()).unwrap())
        })
        .collect();
    for (id, count) in &counts {
        assert!(told.get(id).is_some_and(|told| told >= count), "{id}: {count} events, and {:?} told of", told.get(id));
    }
    let seen = all(list, "lastSeen");
    assert!(seen.is_sorted_by(|a, b| a >= b), "the most recent first: {seen:?}");
    let yesterday = (chrono::Utc::now() - chrono::TimeDelta::days(1)).to_rfc3339();
    assert!(seen.iter().all(|time| **time >= *yesterday), "within the last day: {seen:?}");

    let kinds: BTreeSet<&str> = all(list, "type").into_iter().collect();
    assert!(kinds.len() > 1);
    let named = list.as_array().unwrap().iter().find(|item| item["name"].is_string()).unwrap();
    let name = named["name"].as_str().unwrap();
    let query = url::form_urlencoded::byte_serialize(name.to_uppercase().as_bytes()).collect::<String>();
    let answer = get(&host, &source, &format!("resources?query={query}")).await;
    assert!(all(&answer["resources"], "name").contains(&name), "{answer}");

    let organization = sandbox.organization();
    let week =
        get(&host, &source, &format!("resources?from=0&to={}", sandbox.now().to_rfc3339().replace('+', "%2B"))).await;
    assert!(week["total"].as_u64() > Some(told.len() as u64), "a week names more than a day");
    let known = |id: &str| organization.resources.iter().any(|resource| resource.id == id);
    assert!(all(&week["resources"], "id").into_iter().filter(|id| known(id)).count() > 20);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_check_of_a_query_reports_its_errors_and_notices() {
    let (host, sandbox, source) = start().await;
    let check = async |query: Value, rule: bool| {
        let query = url::form_urlencoded::byte_serialize(query.to_string().as_bytes()).collect::<String>();
        get(&host, &source, &format!("check?rule={rule}&query={query}")).await
    };
    let fine = json!({ "error": null, "warnings": [] });
    let unlisted = |name: &str| {
        let sentence =
            format!("{name} is in no list of names that Scaleway or this plugin has; it is compared as text");
        json!({ "error": null, "warnings": [sentence] })
    };
    for rule in [false, true] {
        assert_eq!(check(json!({}), rule).await, fine);
        let known = json!({ "scope": { "products": ["IAM"], "methods": ["Delete*"], "principals": ["Terraform"] } });
        assert_eq!(check(known, rule).await, fine);
        let method = json!({ "scope": { "methods": ["CreatApiKey"] } });
        assert_eq!(check(method, rule).await, unlisted("method \"CreatApiKey\""));
    }
    let product = json!({ "scope": { "products": ["intsance"] } });
    assert_eq!(check(product.clone(), false).await, unlisted("product \"intsance\""));
    let error = check(product, true).await["error"].clone();
    assert!(error.as_str().unwrap().starts_with("scope.products is \"intsance\". Allowed: the products"), "{error}");
    let who = json!({ "scope": { "principals": ["nobody@example.com"] } });
    let nobody = "no principal is called nobody@example.com";
    assert_eq!(check(who.clone(), false).await, json!({ "error": null, "warnings": [nobody] }));
    assert_eq!(check(who, true).await, json!({ "error": nobody, "warnings": [] }));
    let variable = json!({ "emptyVariables": ["a"] });
    let sentence = "The variable $a has no value, so no event is selected.";
    assert_eq!(check(variable, false).await, json!({ "error": null, "warnings": [sentence] }));
    let wrong = check(json!({ "queryType": "guess" }), false).await;
    assert!(wrong["error"].as_str().unwrap().starts_with("queryType is \"guess\". Allowed"), "{wrong}");
    let values = check(json!({ "queryType": "values" }), true).await;
    assert!(values["error"].as_str().unwrap().contains("An alert rule needs counts"), "{values}");
    let lists = ["events", "combined-events", "authentication-events", "system-events"].map(|list| format!("/{list}?"));
    let asked: Vec<String> = sandbox.calls().queries.into_iter().collect();
    // A name that IAM does not know is looked for among those that were created or deleted, in one page of each method.
    let is_lookup = |call: &String| call.contains("&method_name=") && !call.contains("&page_size=");
    let read: Vec<&String> = asked.iter().filter(|call| lists.iter().any(|list| call.contains(list))).collect();
    assert!(read.iter().all(|call| is_lookup(call)) && read.len() == 4, "no other event is read: {asked:?}");

    let (status, message) = refused(&host, &source, "check?rule=perhaps").await;
    assert_eq!((status, message.as_str()), (400, "rule is \"perhaps\". Allowed: true, false"));
    host.stop().await.unwrap();
}

const RULE: &str = "title: Key\nid: own-key\nlevel: low\nlogsource: {product: scaleway}\ndetection:\n  selection: \
                    {method_name: CreateAPIKey}\n  condition: selection\n";

#[tokio::test]
async fn rules_of_detections_are_listed_with_the_faults_of_others() {
    let (host, _sandbox, source) = start().await;
    let own = format!("{RULE}---\ntitle: Broken\nid: broken\nlevel: high\n");
    let source = source.with("detectionRules", own);
    let (status, answer) = host.resource(&source, "detections").await.unwrap();
    assert_eq!(status, 200, "{answer}");
    let rules = answer["rules"].as_array().unwrap();
    let own = rules.iter().find(|rule| rule["id"] == "own-key").expect("the own rule");
    let expected = json!({
        "id": "own-key", "title": "Key", "level": "low", "tags": [], "description": null, "kind": "event",
        "source": "detectionRules",
    });
    assert_eq!(*own, expected);
    let [problem] = &answer["problems"].as_array().unwrap()[..] else { panic!("{answer}") };
    assert_eq!((&problem["source"], &problem["rule"]), (&json!("detectionRules"), &json!("broken")));
    assert!(problem["line"].as_u64().is_some_and(|line| line >= 8), "{problem}");
    let health = host.health(&source).await.unwrap();
    assert_eq!(health.status, 1);
    let expected = "The organization's own rules of detections: 1 can be used. Others cannot: detectionRules:";
    assert!(health.message.contains(expected), "{}", health.message);
    let details: Value = serde_json::from_slice(&health.json_details).unwrap();
    assert!(
        details["notes"][0].as_str().is_some_and(|note| note.starts_with("The organization's own rules")),
        "{details}"
    );

    let (status, fields) = host.resource(&source, "detection-fields").await.unwrap();
    assert_eq!(status, 200);
    let fields = fields["fields"].as_array().unwrap();
    let field = |name: &str| fields.iter().find(|field| field["name"] == name).expect("a field");
    assert!(field("method_name")["description"].is_string() && field("method_name").get("values").is_none());
    assert_eq!(field("audittrail.status_class")["values"], json!(["succeeded", "denied", "failed"]));
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_of_rules_is_below_the_root_of_the_servers_configuration() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("team")).unwrap();
    std::fs::write(root.path().join("team/own.yml"), RULE).unwrap();
    let (plain, sandbox, source) = start().await;
    let source = source.with("detectionFolder", "team");
    let without = get(&plain, &source, "detections").await;
    assert!(without["problems"][0]["message"].as_str().unwrap().contains("detection_root"), "{without}");
    plain.stop().await.unwrap();
    // Grafana hands on what the section of the plugin has.
    let host = plugin_with(&[("GF_PLUGIN_DETECTION_ROOT", root.path().to_str().unwrap())]).await;
    let answer = get(&host, &source, "detections").await;
    let own = answer["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == "own-key").expect("the own rule");
    assert_eq!((&own["source"], &answer["problems"]), (&json!("own.yml"), &json!([])));
    drop(sandbox);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_text_of_rules_is_checked() {
    let (host, _sandbox, source) = start().await;
    let check = async |method: &str, body: &str| {
        let request = CallResourceRequest {
            plugin_context: Some(source.context()),
            path: "detections/check".to_owned(),
            url: "detections/check".to_owned(),
            method: method.to_owned(),
            body: body.as_bytes().to_vec().into(),
            ..CallResourceRequest::default()
        };
        let answer = host.resource_raw(request).await.unwrap();
        (answer.code, serde_json::from_slice::<Value>(&answer.body).unwrap())
    };
    let sigma = |text: &str| json!({ "sigma": text }).to_string();
    assert_eq!(check("POST", &sigma(RULE)).await, (200, json!({ "problems": [] })));
    let (status, answer) = check("POST", &sigma(&RULE.replace("method_name", "method_nam"))).await;
    let [problem] = &answer["problems"].as_array().unwrap()[..] else { panic!("{answer}") };
    assert_eq!((status, &problem["line"], &problem["rule"]), (200, &json!(6), &json!("own-key")));
    assert!(problem["message"].as_str().unwrap().contains("did you mean \"method_name\"?"), "{problem}");
    for (method, body, expected, message) in [
        ("GET", sigma(RULE), 405, "the method is \"GET\". Allowed: POST"),
        ("POST", "[".to_owned(), 400, "the body is no rules. Allowed: an object such as {\"sigma\""),
        ("POST", "{\"sigma\": 5}".to_owned(), 400, "the body is no rules."),
        ("POST", sigma(&"x".repeat(1 << 20)), 413, "the body of the check has 1048588 bytes. Allowed: at most 1048576"),
    ] {
        let (status, answer) = check(method, &body).await;
        assert_eq!(status, expected, "{answer}");
        assert!(answer["message"].as_str().unwrap().starts_with(message), "{answer}");
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn an_unknown_or_invalid_resource_call_is_refused_with_a_reason() {
    let (host, sandbox, source) = start().await;
    let long = "x".repeat(1_000_000);
    let cases = [
        (
            "",
            404,
            "there is no resource \"\". Allowed: products, principals, resources, detections, detections/check, detection-fields",
        ),
        ("nonsense", 404, "there is no resource \"nonsense\". Allowed: products, principals"),
        ("products/iam", 404, "there is no resource \"products/iam\""),
        ("../products", 404, "there is no resource"),
        ("🦀%00", 404, "there is no resource"),
        (&long, 404, "there is no resource"),
        ("resources?from=tomorrow", 400, "from is \"tomorrow\". Allowed: milliseconds since 1970"),
        ("resources?from=5&to=4", 400, "ends before it begins"),
        ("resources?to=9223372036854775807", 400, "is not between the years 1970 and 2262"),
        ("resources?to=-9223372036854775808", 400, "the time range"),
    ];
    for (url, expected, message) in cases {
        let (status, said) = refused(&host, &source, url).await;
        let url: String = url.chars().take(60).collect();
        assert_eq!(status, expected, "{url}: {said}");
        assert!(said.contains(message), "{url}: {said}");
    }
    let request = |path: &str, method: &str| CallResourceRequest {
        plugin_context: Some(source.context()),
        path: path.to_owned(),
        url: path.to_owned(),
        method: method.to_owned(),
        ..CallResourceRequest::default()
    };
    sandbox.reset();
    for method in ["POST", "PUT", "DELETE", "PATCH", "get"] {
        let answer = host.resource_raw(request("products", method)).await.unwrap();
        assert_eq!(answer.code, 405, "{method}");
        let message: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(message["message"].as_str().unwrap().contains("Allowed: GET"), "{message}");
    }
    assert_eq!(sandbox.calls().total, 0);
    for path in ["check", "/check", "check/"] {
        let answer = host.resource_raw(request(path, "GET")).await.unwrap();
        assert_eq!(answer.code, 200, "{path}");
        assert_eq!(answer.headers["Content-Type"].values, ["application/json"]);
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_refusal_of_scaleway_reaches_the_caller_with_its_status() {
    let (host, sandbox, full) = start().await;
    let by = |key: &str| source(&sandbox, key);
    let unknown = "00000000-0000-4000-8000-000000000000";
    let cases = [
        ("principals", by(unknown), 401, "HTTP 401"),
        ("products", by(unknown), 401, "HTTP 401"),
        ("resources", by(unknown), 401, "HTTP 401"),
        ("principals", by(KEY_WITHOUT_IAM), 403, "IAMReadOnly"),
        ("products", by(KEY_WITHOUT_AUDIT_TRAIL), 403, "AuditTrailReadOnly"),
        ("resources", by(KEY_WITHOUT_AUDIT_TRAIL), 403, "AuditTrailReadOnly"),
        ("check", by("SCWXXXXXXXXXXXXXXXXX"), 400, "secretKey"),
        ("products", full.clone().with("apiUrl", "http://127.0.0.1:9"), 502, "cannot be reached"),
    ];
    for (url, source, expected, message) in cases {
        let (status, said) = refused(&host, &source, url).await;
        assert_eq!(status, expected, "{url}: {said}");
        assert!(said.contains(message), "{url}: {said}");
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn an_incomplete_list_of_resources_names_what_is_missing() {
    let (host, sandbox, source) = start().await;
    let whole = get(&host, &source, "resources?from=0").await;
    sandbox.set_faults([Fault::Unavailable.always().in_region("nl-ams")]);
    // Other settings are another data source, whose cache is empty.
    let source = source.with("maxEvents", 1_000);
    let part = get(&host, &source, "resources?from=0").await;
    assert!(part["total"].as_u64() < whole["total"].as_u64());
    assert!(part["notices"].to_string().contains("region nl-ams"), "nothing says that a region is missing");
    assert!(!whole["notices"].to_string().contains("region"), "{}", whole["notices"]);
    host.stop().await.unwrap();
}

/// A metric's value by its name with labels, as Prometheus reads it.
fn metrics(text: &str) -> BTreeMap<String, f64> {
    let mut families = BTreeSet::new();
    let mut values = BTreeMap::new();
    for line in text.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            let (name, kind) = family.split_once(' ').expect("a type");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(families.insert(name.to_owned()), "{name} is described twice");
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value in {line}"));
            assert!(families.iter().any(|family| name.starts_with(family)), "{line} has no type");
            values.insert(name.to_owned(), value.parse().expect("a number"));
        }
    }
    values
}

#[tokio::test]
async fn metrics_count_requests_events_and_calls_by_outcome() {
    let (host, sandbox, full) = start().await;
    let range = last_hours(200);
    let asks = [
        Ask::new("A", json!({ "queryType": "counts", "over": "total" }), range),
        Ask::new("B", json!({ "queryType": "annotations" }), range),
        Ask::new("C", json!({ "queryType": "nonsense" }), range),
    ];
    host.query(&full, &asks, &[]).await.unwrap();
    let held = metrics(&host.metrics().await.unwrap());
    assert!((held["audittrail_cache_events"] - 500.0).abs() < 0.5, "{held:?}");
    assert!(held["audittrail_cache_bytes"] > held["audittrail_cache_body_bytes"], "{held:?}");
    assert!(held["audittrail_cache_body_bytes"] > 0.0, "{held:?}");
    host.health(&full).await.unwrap();
    get(&host, &full, "check").await;
    refused(&host, &full, "nonsense").await;
    sandbox.set_faults([Fault::InternalError.first(2)]);
    get(&host, &full.clone().with("regions", "fr-par"), "products").await;
    sandbox.set_faults([]);
    refused(&host, &source(&sandbox, "00000000-0000-4000-8000-000000000000").with("regions", "fr-par"), "products")
        .await;
    refused(&host, &source(&sandbox, KEY_WITHOUT_IAM), "principals").await;
    let nowhere = full.clone().with("apiUrl", "http://127.0.0.1:9").with("queryTimeoutSeconds", 1);
    refused(&host, &nowhere, "products").await;
    let slow = full.clone().with("callTimeoutSeconds", 1).with("queryTimeoutSeconds", 2).with("regions", "fr-par");
    sandbox.set_faults([Fault::Stall.always()]);
    refused(&host, &slow, "products").await;

    let metrics = metrics(&host.metrics().await.unwrap());
    let requests = |call: &str, outcome: &str| {
        metrics[&format!("audittrail_requests_total{{call=\"{call}\",outcome=\"{outcome}\"}}")]
    };
    assert!((requests("query_data", "ok") - 2.0).abs() < 0.5);
    assert!((requests("query_data", "error") - 1.0).abs() < 0.5);
    assert!((requests("check_health", "ok") - 1.0).abs() < 0.5);
    assert!((requests("call_resource", "ok") - 2.0).abs() < 0.5);
    assert!((requests("call_resource", "error") - 5.0).abs() < 0.5);
    let calls = |outcome: &str| metrics[&format!("audittrail_upstream_calls_total{{outcome=\"{outcome}\"}}")];
    let answered = sandbox.calls();
    assert_eq!(answered.answered(500), 2);
    assert!((calls("failed") - 2.0).abs() < 0.5);
    assert!((calls("unauthorized") - 1.0).abs() < 0.5);
    assert!(calls("forbidden") > 0.5);
    assert!(calls("unreachable") > 0.5);
    assert!(calls("timeout") > 0.5);
    assert!(calls("ok") > 10.0);
    // One fetch for both answers, and the health check's fetch of the last hour.
    let events = metrics["audittrail_events_total"];
    assert!((500.0..750.0).contains(&events), "{events} events");
    for gauge in ["audittrail_cache_events", "audittrail_cache_bytes", "audittrail_cache_body_bytes"] {
        assert!(metrics[gauge].abs() < 0.5, "{gauge}: what other settings held is dropped");
    }
    for (histogram, least) in [
        ("audittrail_request_seconds_count{call=\"query_data\"}", 3.0),
        ("audittrail_upstream_call_seconds_count", 10.0),
    ] {
        assert!(metrics[histogram] >= least, "{histogram} {}", metrics[histogram]);
    }
    host.stop().await.unwrap();
}

/// The URLs of Cockpit's metrics: region, project and URL of each.
fn found(answer: &Value) -> Vec<[&str; 3]> {
    let urls = answer["urls"].as_array().expect("a list").iter();
    urls.map(|url| [&url["region"], &url["project"]["id"], &url["url"]].map(|text| text.as_str().expect("a text")))
        .collect()
}

fn administrator(sandbox: &Sandbox, key: &str) -> Source {
    Source { role: "Admin".to_owned(), ..source(sandbox, key).with("regions", "fr-par, nl-ams, it-mil") }
}

#[tokio::test]
async fn an_administrator_finds_the_urls_of_metrics_by_region_and_project() {
    let (host, sandbox, _) = start().await;
    let answer = get(&host, &administrator(&sandbox, SECRET_KEY), "cockpit-urls").await;
    let urls = found(&answer);
    let pairs: Vec<[&str; 2]> = urls.iter().map(|[region, project, _]| [*region, *project]).collect();
    assert!(pairs.is_sorted() && pairs.len() > 3, "{answer}");
    let organization = sandbox.organization();
    for project in &organization.projects {
        let is_used = |region: &str| {
            organization.resources.iter().any(|one| one.project_id == project.id && one.region() == region)
        };
        for region in ["fr-par", "nl-ams"] {
            assert_eq!(pairs.contains(&[region, &project.id]), is_used(region), "{region} {}", project.name);
        }
    }
    for url in answer["urls"].as_array().unwrap() {
        let host = format!(".metrics.cockpit.{}.scw.cloud", url["region"].as_str().unwrap());
        assert!(url["url"].as_str().unwrap().ends_with(&host), "{url}");
        assert_eq!(url["name"], "Scaleway Metrics");
        let is_named = |project: &audittrail::sandbox::Project| project.name == url["project"]["name"];
        assert!(organization.projects.iter().any(is_named), "{url}");
    }
    assert_eq!(answer["notices"], json!(["region it-mil has no Cockpit"]));
    assert!(sandbox.calls().to(Endpoint::DataSources) >= 12, "a call for each project and region");

    // A URL is no setting before it is saved: Cockpit is not asked.
    let health = host.health(&administrator(&sandbox, SECRET_KEY)).await.unwrap();
    assert!(!health.message.contains("Cockpit"), "{}", health.message);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn urls_of_metrics_are_listed_for_administrators_only() {
    let (host, sandbox, source) = start().await;
    for role in ["Viewer", "Editor", ""] {
        let source = Source { role: role.to_owned(), ..source.clone() };
        let (status, message) = refused(&host, &source, "cockpit-urls").await;
        assert_eq!(status, 403, "{role}");
        assert!(message.starts_with("only an administrator may look for the URLs of Cockpit's metrics"), "{message}");
    }
    assert_eq!(sandbox.calls().to(Endpoint::DataSources), 0);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_key_without_the_right_has_a_notice_that_names_the_permission_set() {
    let (host, sandbox, _) = start().await;
    let answer = get(&host, &administrator(&sandbox, KEY_FOR_THE_TRAIL_ALONE), "cockpit-urls").await;
    assert_eq!(answer["urls"], json!([]));
    let notices = all_texts(&answer["notices"]);
    let projects = format!(
        "only the project {ORGANIZATION_ID} was searched, since the key may not list the others: Scaleway refuses access \
         (HTTP 403: insufficient permissions; read account_project). Give its principal the permission set ProjectReadOnly on \
         the organization"
    );
    let refusal = format!(
        "the key may not read Cockpit's data sources of {ORGANIZATION_ID}. Give its principal the permission set \
         ObservabilityReadOnly on these projects, or copy the URLs from the console's Cockpit page"
    );
    assert_eq!(notices, [projects, refusal]);

    // A region that does not answer is a notice, and an error where no other does.
    let source = administrator(&sandbox, SECRET_KEY).with("queryTimeoutSeconds", 2);
    sandbox.set_faults([Fault::HtmlPage.always().on(Endpoint::DataSources).in_region("nl-ams")]);
    let answer = get(&host, &source, "cockpit-urls").await;
    assert!(found(&answer).iter().all(|[region, ..]| *region == "fr-par"), "{answer}");
    assert!(all_texts(&answer["notices"])[0].starts_with("region nl-ams: "), "{answer}");
    sandbox.set_faults([Fault::HtmlPage.always().on(Endpoint::DataSources)]);
    let (status, message) = refused(&host, &source, "cockpit-urls").await;
    assert!(status == 502 && message.contains("text/html"), "{status} {message}");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_search_for_urls_leaves_calls_to_panels() {
    let latency = Duration::from_millis(20);
    let sandbox = organization(Config { events: 0, latency, ..Config::default() }).await;
    let host = plugin().await;
    get(&host, &administrator(&sandbox, SECRET_KEY), "cockpit-urls").await;
    let calls = sandbox.calls();
    assert!(calls.to(Endpoint::DataSources) >= 12);
    assert_eq!(calls.most_at_once, 2);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn notices_about_urls_of_metrics_are_in_the_language_of_the_form() {
    let (host, sandbox, source) = start().await;
    let answer = get(&host, &administrator(&sandbox, SECRET_KEY), "cockpit-urls?language=fr-FR").await;
    assert_eq!(answer["notices"], json!(["la région it-mil n’a pas de Cockpit"]));
    let (status, message) = refused(&host, &source, "cockpit-urls?language=fr-FR").await;
    assert!(status == 403 && message.starts_with("seul un administrateur peut chercher les URL"), "{status} {message}");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_project_is_searched_without_a_name_and_told_from_one_of_the_same_name() {
    let ids = [1, 2, 3, 4].map(|number| format!("5a11d000-0000-4000-8000-00000000100{number}"));
    let names = [json!("same"), json!("same"), json!(null), json!("own")];
    let projects: Vec<Value> = ids.iter().zip(&names).map(|(id, name)| json!({ "id": id, "name": name })).collect();
    let list = json!({ "projects": projects, "total_count": 4 }).to_string();
    let url = common::api(move |asked| {
        if asked.target.starts_with("/account/") {
            return common::Answer::json("200 OK", list.clone());
        }
        common::Answer::json("403 Forbidden", json!({ "type": "permissions_denied" }).to_string())
    })
    .await;
    let host = plugin().await;
    let source = Source::new(&url, ORGANIZATION_ID, SECRET_KEY).with("regions", "fr-par");
    let answer = get(&host, &Source { role: "Admin".to_owned(), ..source }, "cockpit-urls").await;
    let [one, two, nameless, _] = &ids;
    let listed =
        format!("the key may not read Cockpit's data sources of {nameless}, own, same ({one}), same ({two}). ");
    assert!(all_texts(&answer["notices"])[0].starts_with(&listed), "{answer}");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn an_url_that_no_token_may_go_to_is_left_out() {
    let project = json!({ "projects": [{ "id": ORGANIZATION_ID, "name": "default" }], "total_count": 1 });
    let of = |url: &str| json!({ "name": "S\u{202e}", "url": url, "type": "metrics", "origin": "scaleway" });
    let sources = json!({ "total_count": 5, "data_sources": [
        of("http://127.0.0.1:9090"), of("https://me:canary@example.com"), of("https://example.com/elsewhere"),
        json!({ "name": "L", "url": "https://logs.example.com", "type": "logs", "origin": "scaleway" }),
        of("https://a.metrics.cockpit.fr-par.scw.cloud"),
    ] });
    let url = common::api(move |asked| {
        let body = if asked.target.starts_with("/account/") { &project } else { &sources };
        common::Answer::json("200 OK", body.to_string())
    })
    .await;
    let host = plugin().await;
    let source = Source::new(&url, ORGANIZATION_ID, SECRET_KEY).with("regions", "fr-par");
    let answer = get(&host, &Source { role: "Admin".to_owned(), ..source }, "cockpit-urls").await;
    let expected = ["fr-par", ORGANIZATION_ID, "https://a.metrics.cockpit.fr-par.scw.cloud"];
    assert_eq!(found(&answer), [expected], "{answer}");
    let left_out = "the URL of the data source \"S\" in region fr-par was left out: it is no https URL of metrics";
    assert_eq!(all_texts(&answer["notices"]), [left_out; 3]);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn streams_are_not_offered() {
    let (host, _sandbox, source) = start().await;
    let context = Some(source.context());
    let mut streams = StreamClient::new(host.channel.clone());
    for path in ["", "events", "events/../../x", "🦀"] {
        let (path, plugin_context) = (path.to_owned(), context.clone());
        let request =
            SubscribeStreamRequest { path: path.clone(), plugin_context: plugin_context.clone(), ..Default::default() };
        let answer = streams.subscribe_stream(request).await.unwrap().into_inner();
        assert_eq!(answer.status, i32::from(subscribe_stream_response::Status::NotFound));
        let request =
            PublishStreamRequest { path: path.clone(), plugin_context: plugin_context.clone(), data: b"{}".to_vec() };
        let answer = streams.publish_stream(request).await.unwrap().into_inner();
        assert_eq!(answer.status, i32::from(publish_stream_response::Status::PermissionDenied));
        let request = RunStreamRequest { path, plugin_context, ..Default::default() };
        assert_eq!(streams.run_stream(request).await.unwrap_err().code(), Code::NotFound);
    }
    host.stop().await.unwrap();
}
