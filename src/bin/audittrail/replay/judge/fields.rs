//! The fields of an event, looked up in its JSON.

use audittrail::risk::{Action, Risk, RuleSet};
use audittrail::sandbox::Kind;
use serde_json::{Value, json};

use super::super::scenario::Happened;

/// The values of a field: none for an absent one, several for a list.
pub(super) fn values(event: &Happened, field: &str) -> Result<Vec<Value>, String> {
    let json = &event.json;
    let own = |path: &str| found(json, path);
    let only = |value: Option<Value>| value.into_iter().collect();
    Ok(match field {
        "principal.id" => only(principal(event).map(|id| json!(id))),
        "method_name" if event.kind == Kind::Api => own("method_name"),
        "method" if event.kind == Kind::Authentication => own("method"),
        "system_name" | "source" if event.kind == Kind::System => own(field),
        "service_name" if event.kind != Kind::System => own("service_name"),
        "method_name" | "method" | "system_name" | "source" | "service_name" => Vec::new(),
        "resources[any].id" => resources(event, "id"),
        "resources[any].type" => resources(event, "type"),
        "resources[any].name" => resources(event, "name"),
        "audittrail.kind" => vec![json!(event.kind.as_str())],
        "audittrail.country" => own("country_code"),
        "audittrail.risk_class" => only(risk(event).map(|risk| json!(risk.class.as_str()))),
        "audittrail.severity" => only(risk(event).map(|risk| json!(risk.severity.as_str()))),
        "audittrail.action" => {
            if json["method_name"] == "ServerAction" {
                own("request_body.action")
            } else {
                Vec::new()
            }
        }
        "product_name" | "status_code" | "source_ip" | "user_agent" | "locality" | "organization_id" | "project_id"
        | "request_id" | "id" | "recorded_at" | "result" | "failure_reason" | "country_code" | "origin"
        | "mfa_type" => {
            // An empty text is none.
            own(field).into_iter().filter(|value| value != "").collect()
        }
        path if path.starts_with("request_body") => own(path),
        other => return Err(format!("the judge does not know the field {other}")),
    })
}

/// An event as an engine reads it that knows nothing of the fields that the API does not send, and to which `null` is a value.
pub(crate) fn enriched(event: &Happened) -> Result<Value, String> {
    let mut json = without_nulls(&event.json);
    if let Some(id) = principal(event) {
        json["principal"] = json!({ "id": id });
    }
    for name in ["kind", "country", "risk_class", "severity", "action"] {
        for value in values(event, &format!("audittrail.{name}"))? {
            json["audittrail"][name] = value;
        }
    }
    Ok(json)
}

fn without_nulls(json: &Value) -> Value {
    match json {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// The one text of a field, as a group and a count have it; none for an absent one, and for several values.
pub(super) fn text(event: &Happened, field: &str) -> Result<Option<String>, String> {
    let values = values(event, field)?;
    let [value] = &values[..] else { return Ok(None) };
    Ok(match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    })
}

/// The values at a path; lists stand for their elements, and null for nothing.
fn found(value: &Value, path: &str) -> Vec<Value> {
    let mut values = vec![value];
    for step in path.split('.').map(|step| step.trim_end_matches("[any]")) {
        values = values.into_iter().flat_map(elements).filter_map(|value| value.get(step)).collect();
    }
    values.into_iter().flat_map(elements).filter(|value| !value.is_null()).cloned().collect()
}

fn elements(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |list| list.iter().flat_map(elements).collect())
}

/// The principal's id; of log-ins, which name none, that of the user concerned.
pub(super) fn principal(event: &Happened) -> Option<&str> {
    let json = &event.json;
    let named = json["principal"]["id"].as_str();
    let users = json["resources"].as_array().into_iter().flatten();
    let mut users = users.filter(|user| matches!(user["type"].as_str(), Some("iam_user" | "account_user")));
    let is_of_user = event.kind == Kind::Authentication || json["product_name"] == "iam";
    named.or_else(|| users.find_map(|user| user["id"].as_str()).filter(|_| is_of_user))
}

/// A text of each resource.
fn resources(event: &Happened, key: &str) -> Vec<Value> {
    let resources = event.json["resources"].as_array().into_iter().flatten();
    let own: Vec<Value> = resources.filter_map(|resource| resource.get(key).cloned()).collect();
    if own.is_empty() && key == "id" { only_id(event).map(|id| json!(id)).into_iter().collect() } else { own }
}

/// The id of the first resource, or else the name and then the id: see `key`.
pub(super) fn first_resource<'a>(event: &'a Happened, key: &str) -> Option<&'a str> {
    let first = event.json["resources"].get(0);
    match first {
        Some(first) => first[key].as_str(),
        None if key == "id" => only_id(event),
        None => None,
    }
}

/// The id of an event that lists no resource, if its request body has just one besides its project and organization.
fn only_id(event: &Happened) -> Option<&str> {
    let body = event.json["request_body"].as_object()?;
    let is_id = |key: &str| {
        let ends = key.ends_with("_id") || key.ends_with("Id") || ["id", "access_key", "accessKey"].contains(&key);
        ends && !["project_id", "projectId", "organization_id", "organizationId"].contains(&key)
    };
    let mut ids = body.iter().filter(|(key, _)| is_id(key));
    let (only, more) = (ids.next()?, ids.next());
    only.1.as_str().filter(|_| more.is_none())
}

fn risk(event: &Happened) -> Option<Risk> {
    let json = &event.json;
    let text = |key: &str| json[key].as_str();
    let body = json.get("request_body").map(Value::to_string);
    let action = Action {
        kind: event.kind.as_str(),
        product: text("product_name"),
        service: if event.kind == Kind::System { text("source") } else { text("service_name") },
        method: match event.kind {
            Kind::Api => text("method_name"),
            Kind::Authentication => text("method"),
            Kind::System => text("system_name"),
        },
        principal: principal(event),
        status: json["status_code"].as_u64().and_then(|status| u16::try_from(status).ok()),
        failed_login: text("result") == Some("failure"),
        request_body: body.as_deref(),
    };
    RuleSet::built_in().classify(&action).cloned()
}
