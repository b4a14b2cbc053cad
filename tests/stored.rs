//! What Grafana 12 and 13 have stored with version 1 of the query model is understood and answered as it was then.
//!
//! The files of `tests/data/stored/v1/` do not change, except for a field that is added to the model: an installation has such
//! files and keeps them.
#![cfg(feature = "terminal")]

mod engine;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use audittrail::frame::Frame;
use audittrail::sandbox::{Kind, SECRET_KEY};
use audittrail::settings::{DEFAULT_MAX_EVENTS, Settings};
use engine::{Engine, jsons, numbers, texts, warnings};
use serde_json::{Value, json};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn stored(name: &str) -> Value {
    serde_json::from_str(&read(&format!("tests/data/stored/v1/{name}"))).expect("JSON")
}

/// The fields of version 1 of the query model, without the question of a scope, from their tables in the documentation.
fn documented(heading: &str) -> BTreeSet<String> {
    let page = read("docs/query-model.md");
    let (_, section) = page.split_once(&format!("## {heading}\n")).expect("a section");
    let section = section.split("\n## ").next().expect("a text has a part");
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    cells.flat_map(|cell| cell.split('`')).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn members(values: &[&Value]) -> BTreeSet<String> {
    values.iter().flat_map(|value| value.as_object().expect("an object").keys().cloned()).collect()
}

/// An organization with the one event that the stored queries select, and others.
async fn organization() -> (Engine, String) {
    let engine = Engine::empty().await;
    let selected = json!({
        "principal": { "id": "c0000000-0000-4000-8000-000000000001" },
        "project_id": "a0000000-0000-4000-8000-000000000001",
        "product_name": "iam", "service_name": "scaleway.iam.v1alpha1.Api", "method_name": "CreateAPIKey",
        "user_agent": "terraform-provider/2.4",
        "resources": [{ "id": "11111111-2222-4333-8444-555555555555", "type": "iam_api_key", "name": "deploy" }],
    });
    let id = engine.push("fr-par", Kind::Api, 60, selected.clone());
    for (name, value) in [
        ("method_name", json!("CreateGroup")),
        ("source_ip", json!("198.51.100.7")),
        ("user_agent", json!("terraform, for dependabot")),
        ("status_code", json!(403)),
    ] {
        let mut other = selected.clone();
        other[name] = value;
        engine.push("fr-par", Kind::Api, 61, other);
    }
    (engine, id)
}

async fn frames(engine: &Engine, query: &Value) -> Vec<Frame> {
    let (request, json) = (engine.ever(), query.to_string());
    let parsed = audittrail::query::Query::parse(json.as_bytes(), "", &request, DEFAULT_MAX_EVENTS);
    let parsed = parsed.unwrap_or_else(|failure| panic!("{query}: {failure}"));
    let frames =
        engine.data_source.answer(&parsed, &request).await.unwrap_or_else(|failure| panic!("{query}: {failure}"));
    assert!(frames.iter().all(|frame| warnings(frame).is_empty()), "{query}: {:?}", warnings(&frames[0]));
    frames
}

#[test]
fn stored_queries_have_every_documented_field() {
    let queries = stored("queries.json");
    let queries: Vec<&Value> = queries.as_object().unwrap().values().collect();
    let missing: Vec<String> = documented("The question").difference(&members(&queries)).cloned().collect();
    assert_eq!(missing, [""; 0]);
    let scopes: Vec<&Value> = queries.iter().map(|query| &query["scope"]).collect();
    assert_eq!(members(&scopes), documented("The scope"));
}

#[tokio::test]
async fn stored_queries_of_every_question_select_the_same_event() {
    let (engine, id) = organization().await;
    let queries = stored("queries.json");
    let answer = async |name: &str| frames(&engine, &queries[name]).await.remove(0);
    let annotations = answer("annotations").await;
    assert_eq!(
        (texts(&annotations, "id"), texts(&annotations, "newState")),
        (vec![id.clone()], vec!["alerting".to_owned()])
    );
    assert_eq!(texts(&answer("events").await, "id"), std::slice::from_ref(&id));
    let counts = answer("counts").await;
    assert_eq!((texts(&counts, "method"), numbers(&counts)), (vec!["CreateAPIKey".to_owned()], vec![1]));
    let volume = answer("volume").await;
    assert_eq!((volume.fields[1].labels["level"].as_str(), numbers(&volume).iter().sum::<i64>()), ("error", 1));
    assert_eq!(texts(&answer("values").await, "value"), ["CreateAPIKey"]);
    let detections = answer("detections").await;
    assert_eq!((texts(&detections, "rule_id"), detections.rows()), (vec!["key-created".to_owned()], 1));
    assert_eq!(jsons(&detections, "event_ids"), [json!([id])]);
}

#[tokio::test]
async fn a_stored_query_of_a_later_version_is_refused() {
    let (engine, _) = organization().await;
    for (name, query) in stored("queries.json").as_object().unwrap() {
        let mut later = query.clone();
        later["version"] = json!(2);
        let failure = engine.ask(later).await.unwrap_err();
        let expected = "version is 2. Allowed: 1; a later one needs a newer version of this plugin";
        assert_eq!(failure.message, expected, "{name}");
    }
}

/// The queries of a dashboard for this data source, as Grafana 12 stores them: of annotations, variables and panels.
fn in_version_1(dashboard: &Value) -> Vec<Value> {
    let is_ours = |item: &&Value| item["datasource"]["type"] == env!("CARGO_PKG_NAME");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let annotations = list(&dashboard["annotations"]["list"]);
    let variables = list(&dashboard["templating"]["list"]);
    let targets: Vec<Value> = list(&dashboard["panels"]).iter().flat_map(|panel| list(&panel["targets"])).collect();
    let annotations = annotations.iter().filter(is_ours).map(|annotation| &annotation["target"]);
    let variables =
        variables.iter().filter(is_ours).map(|variable| &variable["query"]).filter(|query| query.is_object());
    annotations.chain(variables).chain(targets.iter().filter(is_ours)).map(of_model).collect()
}

/// The same as Grafana 13 stores them, in version 2 of its dashboards.
fn in_version_2(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(object) if value["kind"] == "DataQuery" => {
            (value["group"] == env!("CARGO_PKG_NAME")).then(|| of_model(&object["spec"])).into_iter().collect()
        }
        Value::Object(object) => object.values().flat_map(in_version_2).collect(),
        Value::Array(items) => items.iter().flat_map(in_version_2).collect(),
        _ => Vec::new(),
    }
}

/// A query without the fields that Grafana adds, which a dashboard of version 2 has beside the query.
fn of_model(query: &Value) -> Value {
    let mut query = query.clone();
    for name in ["refId", "datasource"] {
        query.as_object_mut().expect("an object").remove(name);
    }
    query
}

#[tokio::test]
async fn dashboards_of_grafana_12_and_13_ask_the_same_and_are_answered() {
    let older = in_version_1(&stored("dashboard.grafana-12.json"));
    let newer = in_version_2(&stored("dashboard.grafana-13.json"));
    let sorted = |queries: &[Value]| queries.iter().map(Value::to_string).collect::<BTreeSet<_>>();
    assert_eq!((older.len(), sorted(&older)), (7, sorted(&newer)));
    let (engine, _) = organization().await;
    for query in older {
        // The front end replaces variables.
        let query = query.to_string().replace("$principal", "c0000000-0000-4000-8000-000000000001");
        frames(&engine, &serde_json::from_str(&query).unwrap()).await;
    }
}

#[tokio::test]
async fn a_stored_alert_rule_counts_its_groups() {
    let (engine, _) = organization().await;
    let rule = stored("rule.json");
    let counted = engine.ask_as_rule(rule["data"][0]["model"].clone()).await.unwrap();
    assert_eq!(numbers(&counted), [1]);
    assert_eq!(texts(&counted, "principal"), ["c0000000-0000-4000-8000-000000000001"]);
}

#[test]
fn stored_data_sources_are_read_and_old_names_are_reported() {
    let secrets = HashMap::from([
        ("secretKey".to_owned(), SECRET_KEY.to_owned()),
        ("cockpitToken".to_owned(), "token".to_owned()),
    ]);
    let stored = stored("datasources.json");
    let mut settings: BTreeMap<&str, Settings> = BTreeMap::new();
    for (name, data_source) in stored.as_object().unwrap() {
        let json = data_source["jsonData"].to_string();
        let mut own = secrets.clone();
        own.retain(|name, _| data_source["secureJsonFields"][name] == true);
        let parsed = Settings::parse(json.as_bytes(), &own).unwrap_or_else(|error| panic!("{name}: {error}"));
        settings.insert(name, parsed);
    }
    assert_eq!(settings["everySetting"].regions, ["fr-par", "nl-ams", "pl-waw", "it-mil"]);
    assert_eq!(settings["provisionedAsText"].regions, ["fr-par", "nl-ams"]);
    assert_eq!(settings["provisionedAsText"].max_events, 50_000);
    // The default of a data source that is older than the other regions.
    assert_eq!(settings["withoutRegions"].regions, ["fr-par", "nl-ams"]);
    assert_eq!(settings["withHeldFolder"].cache_directory, settings["everySetting"].cache_directory);
    let warnings = |name: &str| settings[name].unknown.iter().map(ToString::to_string).collect::<Vec<_>>();
    // One token for all URLs, of before a URL could have its own.
    let cockpit = settings["withCockpit"].cockpit.as_ref().unwrap();
    let secrets: Vec<&str> = cockpit.urls.iter().map(|url| url.secret.as_str()).collect();
    assert_eq!((secrets, cockpit.idle.len()), (vec!["cockpitToken"; 2], 0));
    for name in ["everySetting", "provisionedAsText", "withoutRegions", "withCockpit"] {
        assert_eq!(warnings(name), [""; 0], "{name}");
    }
    let renamed = "\"heldFolder\" in jsonData is the old name of cacheDirectory; rename it, since the next version will not read it";
    assert_eq!(warnings("withHeldFolder"), [renamed]);
}
