//! The conditions of the table; the [parent module](super) describes them.

use std::{cell::OnceCell, net::IpAddr};

use serde_json::Value;

use super::action::Action;
use super::name::letters;

/// Permission sets over the permissions or payments of others. Every set named `…FullAccess` counts too.
const PRIVILEGED: [&str; 4] = ["BillingManager", "IAMManager", "OrganizationManager", "ProjectManager"];

/// A condition. Without any fact, it is always true.
#[derive(Debug)]
pub(crate) struct When {
    /// Whether the API must have refused or failed, so that the condition's row is about the failure itself.
    pub(super) failed: bool,
    /// Facts that must all be true of the request body.
    facts: Vec<Fact>,
}

#[derive(Debug)]
enum Fact {
    OpenNetwork,
    Privileged,
    OtherPrincipal,
    /// One of these keys is present.
    Has(Vec<String>),
    /// This key has one of these values.
    Equals(String, Vec<String>),
    /// This key's value contains one of these texts, in lower case.
    Contains(String, Vec<String>),
}

/// A request body, parsed when the first condition needs it.
pub(crate) struct Body<'a> {
    text: Option<&'a str>,
    value: OnceCell<Option<Value>>,
}

impl When {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut when = Self { failed: false, facts: Vec::new() };
        for fact in text.split('&').filter(|_| !text.is_empty()) {
            match fact {
                "failed" => when.failed = true,
                fact => when.facts.push(Fact::parse(fact)?),
            }
        }
        Ok(when)
    }

    /// Whether the condition is true of every action.
    pub(crate) fn is_always(&self) -> bool {
        !self.failed && self.facts.is_empty()
    }

    /// Whether the condition depends on the request body.
    pub(super) fn reads_body(&self) -> bool {
        !self.facts.is_empty()
    }

    pub(crate) fn is_true(&self, action: &Action<'_>, body: &Body<'_>) -> bool {
        let failed = action.status.is_some_and(|status| status >= 400);
        let is_body_met = self.facts.is_empty()
            || body.value().is_some_and(|body| self.facts.iter().all(|fact| fact.is_true(body, action.principal)));
        (failed || !self.failed) && is_body_met
    }
}

impl Fact {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "open_network" => Self::OpenNetwork,
            "privileged" => Self::Privileged,
            "other_principal" => Self::OtherPrincipal,
            _ => {
                if let Some(keys) = text.strip_prefix("has:") {
                    Self::Has(choice(keys))
                } else if let Some((key, values)) = text.split_once('=') {
                    Self::Equals(key.to_owned(), choice(values))
                } else if let Some((key, texts)) = text.split_once('~') {
                    Self::Contains(key.to_owned(), choice(&texts.to_ascii_lowercase()))
                } else {
                    return Err(format!("{text} is no condition"));
                }
            }
        })
    }

    fn is_true(&self, body: &Value, principal: Option<&str>) -> bool {
        any(body, |key, value| match self {
            Self::OpenNetwork => value.as_str().is_some_and(is_open_network),
            Self::Privileged => grants_privilege(key, value),
            Self::OtherPrincipal => names_other_than(principal, key, value),
            Self::Has(keys) => keys.iter().any(|name| same(key, name)) && !is_blank(value),
            Self::Equals(name, values) => same(key, name) && values.iter().any(|text| is(value, text)),
            Self::Contains(name, texts) => same(key, name) && contains(value, texts),
        })
    }
}

impl<'a> Body<'a> {
    pub(crate) fn new(text: Option<&'a str>) -> Self {
        Self { text, value: OnceCell::new() }
    }

    /// The body, unless it is absent or not JSON. The parser refuses more than 127 levels of nesting, which also bounds the
    /// recursion of [`any`].
    fn value(&self) -> Option<&Value> {
        self.value.get_or_init(|| self.text.and_then(|text| serde_json::from_str(text).ok())).as_ref()
    }
}

/// The texts between bars.
fn choice(texts: &str) -> Vec<String> {
    texts.split('|').map(str::to_owned).collect()
}

/// Whether `is_true` accepts some value of the body with its key. The elements of a list and the value of a protobuf wrapper
/// have no key of their own: they have the key of the list or wrapper.
fn any(body: &Value, is_true: impl Fn(&str, &Value) -> bool) -> bool {
    fn below(key: &str, value: &Value, is_true: &impl Fn(&str, &Value) -> bool) -> bool {
        is_true(key, value)
            || match value {
                Value::Array(values) => values.iter().any(|value| below(key, value, is_true)),
                Value::Object(fields) => fields.iter().any(|(field, value)| {
                    let key = if field == "value" { key } else { field };
                    below(key, value, is_true)
                }),
                _ => false,
            }
    }
    below("", body, &is_true)
}

/// Whether a key of a body has this name: products write `min_size`, `minSize` or `MinSize`.
fn same(key: &str, name: &str) -> bool {
    letters(key).eq(letters(name))
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// Whether a value equals a text. A wrapper without its value has the default: zero, or false.
fn is(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value.eq_ignore_ascii_case(text),
        Value::Number(value) => value.to_string() == text,
        Value::Bool(value) => text == if *value { "true" } else { "false" },
        Value::Object(fields) => fields.is_empty() && matches!(text, "0" | "false"),
        Value::Array(_) | Value::Null => false,
    }
}

fn contains(value: &Value, texts: &[String]) -> bool {
    let value = value.as_str().unwrap_or_default().to_ascii_lowercase();
    texts.iter().any(|text| value.contains(text))
}

/// Whether a text is a network as wide as the Internet, in any notation of its address.
fn is_open_network(text: &str) -> bool {
    let Some((address, length)) = text.trim().split_once('/') else { return false };
    address.parse::<IpAddr>().is_ok() && length.parse() == Ok(0)
}

/// Whether a policy's rules grant a set that can take over a product or more, or have the whole Organization as scope. The
/// `organization_id` of the policy itself is not a scope.
fn grants_privilege(key: &str, value: &Value) -> bool {
    if same(key, "rules") {
        return any(value, |key, value| same(key, "organization_id") && value.is_string() && !is_blank(value));
    }
    let Some(set) = value.as_str().filter(|_| same(key, "permission_set_names")) else { return false };
    set.ends_with("FullAccess") || PRIVILEGED.contains(&set)
}

/// Whether a value is the id of a principal other than the caller. An unknown caller differs from every principal.
fn names_other_than(principal: Option<&str>, key: &str, value: &Value) -> bool {
    let named = value.as_str().filter(|id| !id.is_empty());
    let is_principal = same(key, "user_id") || same(key, "application_id");
    is_principal && named.is_some_and(|id| principal.is_none_or(|caller| !caller.eq_ignore_ascii_case(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: &str = "0a1b2c3d-0000-4000-8000-000000000100";

    /// Whether a condition is true of a successful call with this body.
    fn holds(when: &str, body: &str) -> bool {
        let action = Action { principal: Some(CALLER), status: Some(200), ..Action::default() };
        When::parse(when).expect("a condition").is_true(&action, &Body::new(Some(body)))
    }

    #[track_caller]
    fn check(when: &str, holding: &[&str], failing: &[&str]) {
        for body in holding {
            assert!(holds(when, body), "{when} should hold for {body}");
        }
        for body in failing {
            assert!(!holds(when, body), "{when} should not hold for {body}");
        }
    }

    #[test]
    fn key_and_value() {
        check(
            "action=terminate|reboot",
            &[
                r#"{"action": "terminate"}"#,
                r#"{"action": "REBOOT"}"#,
                r#"{"Action": {"value": "terminate"}}"#,
                r#"{"request": {"action": "terminate"}}"#,
            ],
            &[
                r#"{"action": "poweron"}"#,
                r#"{"name": "terminate"}"#,
                r#"{"action": "terminated"}"#,
                r#"{"reaction": "terminate"}"#,
            ],
        );
        check(
            "inbound_default_policy=accept",
            &[r#"{"inboundDefaultPolicy": "accept"}"#],
            &[r#"{"outboundDefaultPolicy": "accept"}"#],
        );
        check(
            "enable_bastion=true",
            &[r#"{"enableBastion": true}"#],
            &[r#"{"enableBastion": false}"#, r#"{"enableBastion": {}}"#],
        );
    }

    #[test]
    fn a_wrapper_without_its_value_is_zero() {
        check(
            "size=0",
            &[r#"{"size": 0}"#, r#"{"size": {"value": 0}}"#, r#"{"size": {}}"#],
            &[
                r#"{"size": 1}"#,
                r#"{"size": {"value": 10}}"#,
                r#"{"size": null}"#,
                r#"{"size": []}"#,
                r#"{"min_size": {}}"#,
            ],
        );
        check("protected=false", &[r#"{"protected": false}"#, r#"{"protected": {}}"#], &[r#"{"protected": true}"#]);
    }

    #[test]
    fn has() {
        check(
            "has:expires_at|password",
            &[
                r#"{"expires_at": "2026-01-01T00:00:00Z"}"#,
                r#"{"expiresAt": {"value": "2026-01-01T00:00:00Z"}}"#,
                r#"{"ExpiresAt": {"seconds": 1767225600}}"#,
                r#"{"user": {"password": "REDACTED"}}"#,
                r#"{"expires_at": {}}"#,
            ],
            &[
                r#"{"description": "expires_at"}"#,
                r#"{"expires_at": null}"#,
                r#"{"expires_at": ""}"#,
                r#"["expires_at"]"#,
            ],
        );
        check(
            "has:load_balancer",
            &[r#"{"endpoint_spec": {"load_balancer": {}}}"#],
            &[r#"{"endpoint_spec": {"private_network": {}}}"#],
        );
    }

    #[test]
    fn contains_text() {
        check(
            "node_type~gpu|h100",
            &[
                r#"{"node_type": "GPU-3070-S"}"#,
                r#"{"nodeType": "h100_1_80g"}"#,
                r#"{"node_type": {"value": "H100-SXM"}}"#,
            ],
            &[r#"{"node_type": "pro2_xxs"}"#, r#"{"name": "gpu"}"#, r#"{"node_type": 100}"#, r#"{"node_type": {}}"#],
        );
    }

    #[test]
    fn open_network() {
        check(
            "open_network",
            &[
                r#"{"ip_range": "0.0.0.0/0"}"#,
                r#"{"rules": [{"ip": "10.0.0.0/8"}, {"ip": "::/0"}]}"#,
                r#"{"acls": [{"Type": {"Ip": {"value": "0.0.0.0/0"}}}]}"#,
                r#"{"ipRanges": ["0:0:0:0:0:0:0:0/0"]}"#,
                r#""0.0.0.0/0""#,
            ],
            &[
                r#"{"ip_range": "10.0.0.0/8"}"#,
                r#"{"ip_range": "0.0.0.0"}"#,
                r#"{"ip_range": "0.0.0.0/00x"}"#,
                r#"{"description": "no more 0.0.0.0/0 please"}"#,
                r#"{"0.0.0.0/0": true}"#,
                r#"{"path": "/0"}"#,
            ],
        );
    }

    #[test]
    fn privileged() {
        let wrapped = r#"{"rules": [{"permission_set_names": {"value": ["InstancesReadOnly", "IAMManager"]}}]}"#;
        check(
            "privileged",
            &[
                wrapped,
                r#"{"rules": [{"permissionSetNames": ["AllProductsFullAccess"]}]}"#,
                r#"{"rules": [{"permission_set_names": ["ObjectStorageFullAccess"]}]}"#,
                r#"{"rules": [{"permission_set_names": ["InstancesReadOnly"], "organization_id": "0a1b2c3d"}]}"#,
                r#"{"Rules": [{"Scope": {"OrganizationId": {"value": "0a1b2c3d"}}}]}"#,
            ],
            &[
                r#"{"organization_id": "0a1b2c3d", "rules": [{"permission_set_names": {"value": ["InstancesReadOnly"]}, "project_ids": {"value": ["0a1b2c3d"]}}]}"#,
                r#"{"name": "IAMManager", "description": "AllProductsFullAccess"}"#,
                r#"{"rules": [{"permission_set_names": ["FullAccessReadOnly"], "organization_id": null}]}"#,
            ],
        );
    }

    #[test]
    fn other_principal() {
        check(
            "other_principal",
            &[
                r#"{"application_id": "8bcb5130-72a9-4c82-bd3a-8c69c36ff0e3"}"#,
                r#"{"userId": {"value": "8bcb5130-72a9-4c82-bd3a-8c69c36ff0e3"}}"#,
                r#"{"Bearer": {"UserId": "8bcb5130-72a9-4c82-bd3a-8c69c36ff0e3"}}"#,
            ],
            &[
                r#"{"user_id": "0a1b2c3d-0000-4000-8000-000000000100"}"#,
                r#"{"userId": "0A1B2C3D-0000-4000-8000-000000000100"}"#,
                r#"{"application_id": ""}"#,
                r#"{"default_project_id": "8bcb5130-72a9-4c82-bd3a-8c69c36ff0e3"}"#,
            ],
        );
        let unknown = Action::default();
        let body = Body::new(Some(r#"{"user_id": "0a1b2c3d"}"#));
        assert!(When::parse("other_principal").expect("a condition").is_true(&unknown, &body), "nobody is another");
    }

    #[test]
    fn failed_asks_for_no_body() {
        let failed = When::parse("failed").expect("a condition");
        for (status, expected) in
            [(Some(400), true), (Some(503), true), (Some(302), false), (Some(202), false), (None, false)]
        {
            let action = Action { status, ..Action::default() };
            assert_eq!(failed.is_true(&action, &Body::new(None)), expected, "{status:?}");
        }
        assert!(!holds("failed", "{}"));
    }

    #[test]
    fn facts_are_joined() {
        check(
            "open_network&action=accept",
            &[r#"{"action": "accept", "ip_range": "0.0.0.0/0"}"#],
            &[r#"{"action": "drop", "ip_range": "0.0.0.0/0"}"#, r#"{"action": "accept", "ip_range": "10.0.0.0/8"}"#],
        );
        assert!(When::parse("").expect("a condition").is_always());
        assert!(!When::parse("failed").expect("a condition").is_always());
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["sometimes", "open_network&", "&failed", "has"] {
            assert!(When::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hostile_bodies_meet_no_condition() {
        let deep = format!("{}\"0.0.0.0/0\"{}", "[".repeat(100_000), "]".repeat(100_000));
        let long = format!("{{\"action\": \"{}\"}}", "terminate".repeat(100_000));
        let bodies = [
            &deep,
            &long,
            "",
            "null",
            "{",
            "terminate",
            "\u{0}",
            r#"{"action": "\ud800"}"#,
            r#"{"action": 1e999}"#,
            "[]",
            "0",
        ];
        let conditions = [
            "action=terminate",
            "size=0",
            "has:action_at",
            "node_type~gpu",
            "open_network",
            "privileged",
            "other_principal",
        ];
        for when in conditions {
            check(when, &[], &bodies);
        }
        let nested = format!("{}\"0.0.0.0/0\"{}", "[".repeat(120), "]".repeat(120));
        assert!(holds("open_network", &nested), "as deep as the parser goes");
    }
}
