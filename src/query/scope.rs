//! The scope of a query: which events are meant.

use std::collections::BTreeSet;

use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::address;
use super::condition::Name;
use super::error::Failure;
use super::field::{choices, path, texts, wrong};
use crate::event::{Kind, status_class};
use crate::lenient::canonical_id;
use crate::profile::Level;
use crate::risk::{RuleSet, Severity};
use crate::settings::{REGIONS_ALLOWED, is_region};

/// The most characters that the texts to search for have together.
const MOST_SEARCHED: usize = 16_384;

/// An outcome that a scope asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// One of [`status_class::ALL`].
    Class(&'static str),
    /// An HTTP status.
    Code(u16),
}

/// Texts to search for in any column of an event, in any case.
#[derive(Clone, Debug, Default)]
pub struct Phrases {
    texts: Vec<String>,
    pattern: Option<Regex>,
}

impl PartialEq for Phrases {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Phrases {
    /// Whether there is nothing to search for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The texts themselves.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// A pattern that finds any of the texts.
    #[must_use]
    pub fn pattern(&self) -> Option<&Regex> {
        self.pattern.as_ref()
    }

    /// Whether one of the texts may stand in a UUID.
    #[must_use]
    pub fn in_uuids(&self) -> bool {
        self.texts.iter().any(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'))
    }

    fn parse(object: &Map<String, Value>, name: &str) -> Result<Self, Failure> {
        let texts = texts(object, "scope", name)?;
        if texts.is_empty() {
            return Ok(Self::default());
        }
        let found: usize = texts.iter().map(|text| text.chars().count()).sum();
        if found > MOST_SEARCHED {
            let name = path("scope", name);
            let message = format!("{name} has {found} characters in all. Allowed: at most {MOST_SEARCHED}");
            return Err(Failure::input(message));
        }
        let any: Vec<String> = texts.iter().map(|text| regex::escape(text)).collect();
        let pattern = RegexBuilder::new(&any.join("|")).case_insensitive(true).size_limit(1 << 30).build();
        Ok(Self { texts, pattern: Some(pattern.expect("escaped texts of that length fit into a pattern")) })
    }
}

/// Which events are meant: each non-empty list must have a value that matches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Kinds of event.
    pub kinds: BTreeSet<Kind>,
    /// Regions.
    pub regions: Vec<String>,
    /// `product_name`.
    pub products: Vec<Name>,
    /// `service_name`.
    pub services: Vec<Name>,
    /// `method_name`.
    pub methods: Vec<Name>,
    /// Types of any resource of the event.
    pub resource_types: Vec<Name>,
    /// Ids of a resource, of its parent, or in the request body.
    pub resource_ids: Vec<String>,
    /// Names of a resource or of its parent.
    pub resource_names: Vec<String>,
    /// Ids or names.
    pub principals: Vec<String>,
    /// Addresses and networks.
    pub source_ips: Vec<IpNet>,
    /// Addresses and networks, of none of which the address is.
    pub not_source_ips: Vec<IpNet>,
    /// Project ids.
    pub projects: Vec<String>,
    /// Outcomes.
    pub status: Vec<Outcome>,
    /// Risk classes; the rules of the data source say which exist.
    pub risk_classes: Vec<String>,
    /// Severities.
    pub severities: Vec<Severity>,
    /// How usual events are.
    pub(super) novelties: Vec<Level>,
    /// Texts one of which stands anywhere in the event.
    pub text: Phrases,
    /// Texts none of which stands anywhere in the event.
    pub not_text: Phrases,
}

impl Scope {
    /// Whether names of principals are searched.
    pub(super) fn searches(&self) -> bool {
        !self.text.is_empty() || !self.not_text.is_empty()
    }

    /// Checks the risk classes against the rules that give events their classes.
    ///
    /// # Errors
    /// The first class that no event can have by these rules, with those that it can have.
    pub(super) fn check_risk_classes(&self, rules: &RuleSet) -> Result<(), Failure> {
        let allowed: Vec<(&str, ())> = rules.classes().into_iter().map(|class| (class, ())).collect();
        choices(&self.risk_classes, "scope.riskClasses", &allowed)?;
        Ok(())
    }

    /// Reads a scope, but for the [risk classes](Self::check_risk_classes).
    ///
    /// # Errors
    /// The first field that has a wrong value, with what is allowed.
    pub(super) fn parse(value: Option<&Value>) -> Result<Self, Failure> {
        let empty = Map::new();
        let object = match value {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(object)) => object,
            Some(other) => return Err(wrong("scope", other, "an object")),
        };
        let texts = |name: &str| texts(object, "scope", name);
        let kinds = choices(&texts("kinds")?, "scope.kinds", &Kind::ALL.map(|kind| (kind.as_str(), kind)))?;
        let regions = texts("regions")?;
        if let Some(region) = regions.iter().find(|region| !is_region(region)) {
            return Err(wrong("scope.regions", &Value::from(region.as_str()), REGIONS_ALLOWED));
        }
        let severities = choices(&texts("severities")?, "scope.severities", &Severity::ALL.map(|s| (s.as_str(), s)))?;
        let novelties = choices(&texts("novelties")?, "scope.novelties", &Level::ALL.map(|l| (l.as_str(), l)))?;
        let status = texts("status")?.iter().map(|text| outcome(text)).collect::<Result<_, _>>()?;
        Ok(Self {
            kinds: kinds.into_iter().collect(),
            regions,
            products: names(object, "products")?,
            services: names(object, "services")?,
            methods: names(object, "methods")?,
            resource_types: names(object, "resourceTypes")?,
            resource_ids: ids(object, "resourceIds")?,
            resource_names: texts("resourceNames")?,
            principals: ids(object, "principals")?,
            source_ips: networks(object, "sourceIps")?,
            not_source_ips: networks(object, "notSourceIps")?,
            projects: ids(object, "projects")?,
            status,
            risk_classes: texts("riskClasses")?,
            severities,
            novelties,
            text: Phrases::parse(object, "text")?,
            not_text: Phrases::parse(object, "notText")?,
        })
    }
}

fn names(scope: &Map<String, Value>, field: &str) -> Result<Vec<Name>, Failure> {
    Ok(texts(scope, "scope", field)?.iter().map(|name| Name::new(name)).collect())
}

fn ids(scope: &Map<String, Value>, field: &str) -> Result<Vec<String>, Failure> {
    Ok(texts(scope, "scope", field)?.into_iter().map(canonical_id).collect())
}

fn networks(scope: &Map<String, Value>, field: &str) -> Result<Vec<IpNet>, Failure> {
    let network = |text: &String| {
        let wrong = || wrong(&path("scope", field), &Value::from(text.as_str()), address::ALLOWED);
        address::network(text).ok_or_else(wrong)
    };
    texts(scope, "scope", field)?.iter().map(network).collect()
}

fn outcome(text: &str) -> Result<Outcome, Failure> {
    if let Some(class) = status_class::ALL.iter().find(|class| **class == text) {
        return Ok(Outcome::Class(class));
    }
    text.parse().ok().filter(|code| (100..600).contains(code)).map(Outcome::Code).ok_or_else(|| {
        wrong("scope.status", &Value::from(text), "succeeded, denied, failed, or an HTTP status from 100 to 599")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(scope: &Value) -> Result<Scope, String> {
        Scope::parse(Some(scope)).map_err(|failure| failure.message)
    }

    #[test]
    fn a_text_or_a_list_of_texts_is_searched_for() {
        let text = |value: Value| parse(&json!({ "text": value })).unwrap().text;
        assert_eq!(text(json!("a")), text(json!(["a"])));
        assert_eq!(text(json!([" a ", "", "a", "b"])), text(json!(["a", "b"])));
        for nothing in [json!(null), json!(""), json!("  "), json!([]), json!([" "])] {
            assert!(text(nothing.clone()).is_empty() && text(nothing).pattern().is_none());
        }
        let pattern = text(json!(["ÉTÉ", "a.b", "(", 7]));
        let found = |text: &str| pattern.pattern().unwrap().is_match(text);
        assert!(found("l'été") && found("xA.Bx") && found("(") && found("17"));
        assert!(!found("axb") && !found(""));
        assert!(text(json!(["x", "0a-"])).in_uuids() && !text(json!(["x", "é"])).in_uuids());
    }

    #[test]
    fn as_many_texts_as_are_allowed_can_be_searched_for() {
        // A letter with several forms in the other case, which makes the largest pattern.
        let texts: Vec<String> = (0..4).map(|number| format!("{}{number}", "θ".repeat(4_095))).collect();
        let scope = parse(&json!({ "notText": texts })).unwrap();
        assert!(scope.not_text.pattern().unwrap().is_match(&texts[3]));
        let long: Vec<String> = (0..5).map(|number| format!("{}{number}", "x".repeat(4_000))).collect();
        let error = parse(&json!({ "text": long })).unwrap_err();
        assert_eq!(error, "scope.text has 20005 characters in all. Allowed: at most 16384");
        let error = parse(&json!({ "notText": "x".repeat(4_097) })).unwrap_err();
        assert_eq!(error, "scope.notText has 1 texts. Allowed: at most 1000, each of at most 4096 characters");
        assert!(
            parse(&json!({ "notText": { "a": 1 } }))
                .unwrap_err()
                .starts_with("scope.notText is {\"a\":1}. Allowed: a text or a list of texts")
        );
    }

    #[test]
    fn an_address_is_a_network_of_one() {
        let nets = |field: &str, text: &str| {
            let mut scope = json!({});
            scope[field] = text.into();
            parse(&scope).map(|scope| [scope.source_ips, scope.not_source_ips].concat())
        };
        for field in ["sourceIps", "notSourceIps"] {
            assert_eq!(nets(field, "203.0.113.7").unwrap(), nets(field, "203.0.113.7/32").unwrap());
            assert_eq!(nets(field, "2001:DB8:0::1").unwrap(), nets(field, "2001:db8::1/128").unwrap());
            let error = nets(field, "203.000.113.007").unwrap_err();
            let allowed = "an address such as 203.0.113.7 or a network such as 203.0.113.0/24";
            assert_eq!(error, format!("scope.{field} is \"203.000.113.007\". Allowed: {allowed}"));
        }
    }
}
