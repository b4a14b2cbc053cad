//! Random events, and the verdicts of `rsigma`'s own engine on them.

use std::borrow::Cow;

use proptest::prelude::*;
use rsigma_eval::{Engine, Event, EventValue, JsonEvent};
use rsigma_parser::parse_sigma_yaml;
use serde_json::{Value, json};

use crate::event::{Events, Kind};
use crate::risk::{Action, RuleSet};

/// An event of the API, and its kind.
pub(super) type Sample = (Kind, Value);

fn text(of: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.85, prop::sample::select(of).prop_map(str::to_owned))
}

/// Texts of few letters, so that parts of them are often equal.
pub(super) const LETTERS: &str = "[abAB/é-]{1,5}";

/// Base64 of short texts, some of them in UTF-16.
const BLOBS: [&str; 9] =
    ["YWI=", "YQ==", "Zm9vYmFy", "eGZvb2Jhcg==", "eHhmb29iYXI=", "YQBiAA==", "AGEAYg==", "//5hAGIA", "YQBiAGMA"];

/// Texts with dashes of any kind.
const DASHES: [&str; 4] = ["-ab", "/ab", "a–b", "zz"];

fn blob() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => prop::sample::select(&BLOBS[..]), 1 => prop::sample::select(&DASHES[..])]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        LETTERS.prop_map(Value::String),
        (0..6_i64).prop_map(|number| json!(number)),
        prop::sample::select(&[0.5, 2.5][..]).prop_map(|number| json!(number)),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        prop::sample::select(&["10.1.2.3", "192.0.2.7", "2001:db8::1", "true", "3", "user-1"][..])
            .prop_map(|text| json!(text)),
    ]
}

/// A request body; one in ten is absent.
fn body() -> impl Strategy<Value = Option<Value>> {
    let rules = prop::collection::vec(
        (leaf(), prop::collection::vec(leaf(), 0..3)).prop_map(|(ip, ports)| json!({ "ip": ip, "ports": ports })),
        0..3,
    );
    let body = (leaf(), rules, blob(), prop::option::of(leaf())).prop_map(|(note, rules, blob, nested)| {
        let mut body = json!({ "note": note, "rules": rules, "blob": blob });
        if let Some(nested) = nested {
            body["nested"] = json!({ "note": nested });
        }
        body
    });
    prop::option::weighted(0.9, body)
}

fn resources() -> impl Strategy<Value = Value> {
    let resource = (
        text(&["r-1", "r-2", "user-1"]),
        text(&["instance_server", "iam_user", "secret"]),
        prop::option::of(LETTERS.prop_map(String::from)),
    );
    prop::collection::vec(resource, 0..5).prop_map(|resources| {
        let each = resources.into_iter().map(|(id, kind, name)| {
            let fields = [("id", id), ("type", kind), ("name", name)];
            Value::Object(fields.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text?)))).collect())
        });
        each.collect()
    })
}

fn with(mut event: Value, fields: Vec<(&str, Option<Value>)>) -> Value {
    for (key, value) in fields {
        if let Some(value) = value {
            event[key] = value;
        }
    }
    event
}

fn common() -> impl Strategy<Value = Value> {
    let texts = (
        text(&["fr-par", "fr-par-1", "nl-ams-2", "global"]),
        text(&["10.1.2.3", "10.9.9.9", "192.0.2.7", "2001:db8::1"]),
        prop::option::weighted(0.85, LETTERS.prop_map(String::from)),
        resources(),
        0..4 * 365 * 86_400_i64,
        0..3_i64,
    );
    texts.prop_map(|(locality, address, agent, resources, second, digits)| {
        let nanos = [0, 120_000_000, 123_456_789][usize::try_from(digits).expect("small")];
        let time = chrono::DateTime::from_timestamp_nanos((1_700_000_000 + second) * 1_000_000_000 + nanos);
        let event = json!({
            "recorded_at": time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            "organization_id": "org-1",
            "resources": resources,
        });
        let texts = [("locality", locality), ("source_ip", address), ("user_agent", agent)];
        with(event, texts.into_iter().map(|(key, text)| (key, text.map(Value::String))).collect())
    })
}

fn call() -> impl Strategy<Value = Sample> {
    let own = (
        text(&["user-1", "user-2", "robot"]),
        text(&["iam", "instance", "secret-manager"]),
        prop::sample::select(
            &["CreateServer", "DeleteServer", "ServerAction", "deletekey", "CreateAPIKey", "AddGroupMember"][..],
        ),
        prop::sample::select(&[200, 202, 204, 401, 403, 404, 500][..]),
        body(),
        text(&["p-1", "p-2"]),
    );
    (common(), own).prop_map(|(event, (principal, product, method, status, body, project))| {
        let service = product.as_ref().map(|product| json!(format!("scaleway.{product}.v1.Api")));
        let fields = vec![
            ("principal", principal.map(|id| json!({ "id": id }))),
            ("product_name", product.map(Value::String)),
            ("service_name", service),
            ("method_name", Some(json!(method))),
            ("status_code", Some(json!(status))),
            ("request_body", body),
            ("project_id", project.map(Value::String)),
            ("request_id", Some(json!("req-1"))),
        ];
        (Kind::Api, with(event, fields))
    })
}

fn login() -> impl Strategy<Value = Sample> {
    let own = (
        prop::sample::select(&["success", "failure"][..]),
        text(&["FR", "DE", "US"]),
        prop::sample::select(&["password", "oauth2"][..]),
        text(&["totp"]),
    );
    (common(), own).prop_map(|(event, (result, country, method, mfa))| {
        let fields = vec![
            ("result", Some(json!(result))),
            ("failure_reason", (result == "failure").then(|| json!("invalid_password"))),
            ("country_code", country.map(Value::String)),
            ("method", Some(json!(method))),
            ("origin", Some(json!("public_api"))),
            ("mfa_type", mfa.map(Value::String)),
        ];
        (Kind::Authentication, with(event, fields))
    })
}

fn system() -> impl Strategy<Value = Sample> {
    (common(), text(&["instance", "iam"])).prop_map(|(event, product)| {
        let fields = vec![
            ("product_name", product.map(Value::String)),
            ("source", Some(json!("scaleway.cron"))),
            ("system_name", Some(json!("DeleteServer"))),
            ("kind", Some(json!("cron"))),
        ];
        (Kind::System, with(event, fields))
    })
}

/// Events of all kinds, most of them API calls.
pub(super) fn samples(most: usize) -> impl Strategy<Value = Vec<Sample>> {
    let sample = prop_oneof![8 => call(), 1 => login(), 1 => system()];
    prop::collection::vec(sample, 1..most).prop_map(|mut samples| {
        for (number, (_, event)) in samples.iter_mut().enumerate() {
            event["id"] = json!(format!("event-{number:04}"));
        }
        samples
    })
}

/// The name of a principal, for all events of a test.
pub(super) fn name(id: &str) -> Option<String> {
    (id != "robot").then(|| format!("name of {id}"))
}

/// The events as columns. Each kind is a list of its own; every second list is packed, as a cached one is.
pub(super) fn events(samples: &[Sample]) -> Events {
    let lists: Vec<Events> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let own: Vec<Value> =
                samples.iter().filter(|(of, _)| *of == kind).map(|(_, event)| event.clone()).collect();
            let list = Events::from_json(kind, &own);
            if kind == Kind::Authentication { list } else { list.packed().expect("a small list") }
        })
        .collect();
    Events::merge(&lists)
}

/// An event as rules see it: that of the API, with the enriched fields.
pub(super) struct Judged {
    api: Value,
    whole: Value,
}

impl Judged {
    pub(super) fn new((kind, event): &Sample, risks: &RuleSet) -> Self {
        let mut whole = event.clone();
        let text = |key: &str| event.get(key).and_then(Value::as_str);
        let resources = event["resources"].as_array().expect("a list");
        let is_nameless = *kind == Kind::Authentication || text("product_name") == Some("iam");
        let user = resources.first().filter(|resource| is_nameless && resource.get("type") == Some(&json!("iam_user")));
        if event.get("principal").is_none()
            && let Some(id) = user.and_then(|user| user.get("id"))
        {
            whole["principal"] = json!({ "id": id });
        }
        whole["resources[any]"] = event["resources"].clone();
        whole["audittrail"] = enriched(*kind, event, &whole, risks);
        Self { api: event.clone(), whole }
    }

    /// The ids of the rules that `rsigma`'s engine finds.
    pub(super) fn matches(&self, engine: &Engine) -> Vec<String> {
        let found = engine.evaluate(self).into_iter().filter_map(|found| found.header.rule_id);
        found.collect()
    }
}

fn enriched(kind: Kind, event: &Value, whole: &Value, risks: &RuleSet) -> Value {
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    let principal = whole.pointer("/principal/id").and_then(Value::as_str);
    let status =
        event.get("status_code").and_then(Value::as_u64).map(|status| u16::try_from(status).expect("a status"));
    let class = match (status, text("result")) {
        (Some(200..=299), _) | (_, Some("success")) => Some("succeeded"),
        (Some(401 | 403), _) => Some("denied"),
        (Some(_), _) | (_, Some(_)) => Some("failed"),
        (None, None) => None,
    };
    let body = event.get("request_body").map(Value::to_string);
    let action = Action {
        kind: kind.as_str(),
        product: text("product_name"),
        service: text("service_name"),
        method: text("method_name").or(text("method")).or(text("system_name")),
        principal,
        status,
        failed_login: text("result") == Some("failure"),
        request_body: body.as_deref(),
    };
    let risk = risks.classify(&action);
    let zone = text("locality").map_or("fr-par", |locality| locality.trim_end_matches(['-', '1', '2']));
    let fields = [
        ("kind", Some(kind.as_str().to_owned())),
        ("region", Some(zone.to_owned())),
        ("country", text("country_code").map(str::to_owned)),
        ("status_class", class.map(str::to_owned)),
        ("risk_class", risk.map(|risk| risk.class.clone())),
        ("severity", risk.map(|risk| risk.severity.as_str().to_owned())),
        ("principal_name", principal.map(|id| name(id).unwrap_or_else(|| id.to_owned()))),
    ];
    fields.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text?)))).collect()
}

impl Event for Judged {
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        // The value is a part of `whole`, which lives longer than the wrapper.
        let found = JsonEvent::borrow(&self.whole).get_field(path).map(|value| value.to_json())?;
        Some(of_json(found))
    }

    fn any_string_value(&self, pred: &dyn Fn(&str) -> bool) -> bool {
        JsonEvent::borrow(&self.api).any_string_value(pred)
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        let event = JsonEvent::borrow(&self.api);
        event.all_string_values().into_iter().map(|text| Cow::Owned(text.into_owned())).collect()
    }

    fn to_json(&self) -> Value {
        self.whole.clone()
    }
}

fn of_json(value: Value) -> EventValue<'static> {
    match value {
        Value::String(text) => EventValue::Str(text.into()),
        Value::Bool(value) => EventValue::Bool(value),
        Value::Null => EventValue::Null,
        Value::Number(number) => match number.as_i64() {
            Some(number) => EventValue::Int(number),
            None => EventValue::Float(number.as_f64().expect("a float")),
        },
        Value::Array(items) => EventValue::Array(items.into_iter().map(of_json).collect()),
        Value::Object(fields) => {
            EventValue::Map(fields.into_iter().map(|(key, value)| (Cow::Owned(key), of_json(value))).collect())
        }
    }
}

/// `rsigma`'s engine with the rules of a text. It knows no `[any]` in a path into the request body, which changes nothing there.
pub(super) fn engine(rules: &str) -> Engine {
    let lines = rules.lines().map(|line| {
        let is_body = line.trim_start().trim_start_matches("- ").starts_with("request_body");
        if is_body { line.replace("[any]", "") } else { line.to_owned() }
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let collection = parse_sigma_yaml(&text).expect("YAML");
    assert_eq!(collection.errors, Vec::<String>::new(), "{text}");
    let mut engine = Engine::new();
    engine.add_collection(&collection).unwrap_or_else(|error| panic!("{error}\n{text}"));
    engine
}
