//! The fields that rules may name, in one table.

use crate::event::{Column, Kind, Long, ResourceText};

/// The most steps of a path into the request body.
const DEEPEST: usize = 16;

/// The name of the request body, and of a path into it up to its first dot.
const REQUEST_BODY: &str = "request_body";

/// The end of a name for any element of a list.
const ANY: &str = "[any]";

/// Where the value of a field is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Field {
    /// A text column.
    Text(Column),
    /// A text column that several kinds of event share, for events of some kinds; absent for others.
    OfKinds(Column, &'static [Kind]),
    /// The HTTP status, a whole number; absent for log-ins and system events.
    Status,
    /// When the event was recorded: RFC 3339, UTC.
    RecordedAt,
    /// A long text: the id or the id of the request.
    Long(Long),
    /// One text of each of the event's resources: a list, or a text where there is just one. Where a delete names no resource,
    /// the id is that in its request body.
    Resource(ResourceText),
    /// The class of the event's risk; absent without one.
    RiskClass,
    /// The severity of the event's risk; absent without one.
    Severity,
    /// The name of the principal; the id where it has none.
    PrincipalName,
    /// A value of the request body at a path; of the whole body without steps. Lists on the path stand for their elements.
    Body(Vec<Box<str>>),
}

/// A row of the table.
pub(crate) struct Named {
    /// The name in rules.
    pub(crate) name: &'static str,
    /// Where the value is.
    pub(crate) field: Field,
    /// A description of the value, for people.
    pub(crate) doc: &'static str,
}

const fn named(name: &'static str, field: Field, doc: &'static str) -> Named {
    Named { name, field, doc }
}

const API: &[Kind] = &[Kind::Api];
const LOGIN: &[Kind] = &[Kind::Authentication];
const SYSTEM: &[Kind] = &[Kind::System];
const CALLS: &[Kind] = &[Kind::Api, Kind::Authentication];

/// The fields with their names: those of Audit Trail's API, and, with the prefix `audittrail.`, those that it does not have.
pub(crate) static FIELDS: [Named; 33] = [
    named("id", Field::Long(Long::Id), "the event's id"),
    named("recorded_at", Field::RecordedAt, "when the event was recorded: RFC 3339, UTC"),
    named("locality", Field::Text(Column::Locality), "region, zone or `global`"),
    named("organization_id", Field::Text(Column::Organization), "the organization's id"),
    named(
        "project_id",
        Field::Text(Column::Project),
        "the project's id; absent for products of the whole organization",
    ),
    named(
        "principal.id",
        Field::Text(Column::PrincipalId),
        "the principal's id; for log-ins and session renewals, which name none, the id of the user",
    ),
    named("source_ip", Field::Text(Column::SourceIp), "the caller's address; absent for Kubernetes"),
    named("user_agent", Field::Text(Column::UserAgent), "the caller's user agent: text of the caller's choice"),
    named("product_name", Field::Text(Column::Product), "the product"),
    named("service_name", Field::OfKinds(Column::Service, CALLS), "the service of an API call"),
    named("method_name", Field::OfKinds(Column::Method, API), "the method of an API call"),
    named("status_code", Field::Status, "the HTTP status of an API call, a number; an Instance's action answers 202"),
    named("request_id", Field::Long(Long::RequestId), "the request's id"),
    named(REQUEST_BODY, Field::Body(Vec::new()), "the request body; `request_body.rules[any].ip` is a path into it"),
    named("resources[any].id", Field::Resource(ResourceText::Id), "the ids of the event's resources"),
    named("resources[any].type", Field::Resource(ResourceText::Type), "the types of the event's resources"),
    named("resources[any].name", Field::Resource(ResourceText::Name), "the names of the event's resources"),
    named("method", Field::OfKinds(Column::Method, LOGIN), "how a log-in was done, such as `password`"),
    named("result", Field::Text(Column::Result), "a log-in's result: `success` or `failure`"),
    named("failure_reason", Field::Text(Column::FailureReason), "why a log-in failed"),
    named("country_code", Field::Text(Column::Country), "a log-in's country, ISO 3166 alpha-2"),
    named("origin", Field::Text(Column::Origin), "a log-in's origin"),
    named("mfa_type", Field::Text(Column::Mfa), "a log-in's second factor, as far as Scaleway knows it"),
    named("system_name", Field::OfKinds(Column::Method, SYSTEM), "the action of a system event"),
    named("source", Field::OfKinds(Column::Service, SYSTEM), "the source of a system event"),
    named("audittrail.kind", Field::Text(Column::Kind), "`api`, `authentication` or `system`"),
    named("audittrail.region", Field::Text(Column::Region), "the locality without its zone"),
    named("audittrail.country", Field::Text(Column::Country), "a log-in's country, ISO 3166 alpha-2"),
    named("audittrail.status_class", Field::Text(Column::StatusClass), "`succeeded`, `denied` or `failed`"),
    named("audittrail.action", Field::Text(Column::Action), "the action of an Instance's `ServerAction`"),
    named("audittrail.risk_class", Field::RiskClass, "the class of the event's risk, such as `resource_destroy`"),
    named("audittrail.severity", Field::Severity, "the severity of the event's risk: `low` to `critical`"),
    named("audittrail.principal_name", Field::PrincipalName, "the principal's name; the id where it has none"),
];

impl Field {
    /// The field of a name; none if no field has it. Below `request_body.` every name is a field.
    ///
    /// # Errors
    /// When a path into the request body is malformed: the fault.
    pub(crate) fn named(name: &str) -> Result<Option<Self>, String> {
        if let Some(path) = name.strip_prefix(REQUEST_BODY).and_then(|rest| rest.strip_prefix('.')) {
            return body(path).map(Some);
        }
        Ok(FIELDS.iter().find(|named| named.name == name).map(|named| named.field.clone()))
    }

    /// The name that is nearest to another one.
    pub(crate) fn nearest(name: &str) -> &'static str {
        let likeness = |named: &Named| strsim::normalized_damerau_levenshtein(named.name, name);
        let nearest = FIELDS.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        nearest.expect("there are fields").name
    }

    /// Whether the value differs from data source to data source, so that it cannot be cached beside events.
    pub(crate) fn depends_on_names(&self) -> bool {
        *self == Self::PrincipalName
    }
}

/// A path into the request body. A trailing `[any]` of a step changes nothing: lists stand for their elements anyway.
fn body(path: &str) -> Result<Field, String> {
    let mut steps = Vec::new();
    for step in path.split('.') {
        let step = step.strip_suffix(ANY).unwrap_or(step);
        if step.is_empty() {
            return Err("has an empty step".to_owned());
        }
        if step.contains(['[', ']', '\\']) {
            return Err("has brackets other than a trailing [any]".to_owned());
        }
        steps.push(Box::from(step));
    }
    if steps.len() > DEEPEST {
        return Err(format!("has {} steps; at most {DEEPEST} are possible", steps.len()));
    }
    Ok(Field::Body(steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_field() {
        for named in &FIELDS {
            assert_eq!(Field::named(named.name), Ok(Some(named.field.clone())), "{}", named.name);
            assert!(!named.doc.is_empty());
        }
        let names: std::collections::HashSet<&str> = FIELDS.iter().map(|named| named.name).collect();
        assert_eq!(names.len(), FIELDS.len(), "each name once");
    }

    #[test]
    fn paths_lead_into_the_request_body() {
        let path = |steps: &[&str]| Ok(Some(Field::Body(steps.iter().map(|step| Box::from(*step)).collect())));
        assert_eq!(Field::named("request_body"), path(&[]));
        assert_eq!(Field::named("request_body.action"), path(&["action"]));
        assert_eq!(Field::named("request_body.rules[any].ip[any]"), path(&["rules", "ip"]));
        for wrong in ["request_body.", "request_body.a..b", "request_body.rules[0].ip", "request_body.a[all]"] {
            assert!(Field::named(wrong).is_err(), "{wrong}");
        }
        assert!(Field::named(&format!("request_body{}", ".a".repeat(DEEPEST))).is_ok());
        assert!(Field::named(&format!("request_body{}", ".a".repeat(DEEPEST + 1))).is_err());
    }

    #[test]
    fn a_misspelt_name_has_a_nearest_one() {
        for (name, nearest) in [
            ("method_nam", "method_name"),
            ("methodName", "method_name"),
            ("principal_id", "principal.id"),
            ("resources.type", "resources[any].type"),
            ("audittrail.severty", "audittrail.severity"),
        ] {
            assert_eq!((Field::named(name), Field::nearest(name)), (Ok(None), nearest));
        }
    }
}
