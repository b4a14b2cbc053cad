//! Where a line has the fields of an event.

use crate::detection::field::Field;
use crate::event::{Column, Kind, Long};

/// A value of a line: the label that a query gives it, and its path in the JSON of the line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) label: String,
    pub(super) path: String,
}

impl Place {
    fn new(label: &str, path: &str) -> Self {
        Self { label: label.to_owned(), path: path.to_owned() }
    }

    /// The first resource, which names an alert.
    pub(super) fn resource() -> Self {
        Self::new("resource", "resources[0].id")
    }

    /// Where a line has a field, which is `name` in the rule.
    ///
    /// # Errors
    /// When it has it not, or not as one value: the reason.
    pub(super) fn of(name: &str, field: &Field) -> Result<Self, String> {
        let without = |what: &str| Err(format!("{name}: {what}"));
        match field {
            Field::Text(Column::Locality) => Ok(Self::new("locality", "locality")),
            Field::Text(Column::Organization) => Ok(Self::new("organization_id", "organization_id")),
            Field::Text(Column::Project) => Ok(Self::new("project_id", "project_id")),
            Field::Text(Column::PrincipalId) => Ok(Self::new("principal_id", "principal.id")),
            Field::Text(Column::SourceIp) => Ok(Self::new("source_ip", "source_ip")),
            Field::Text(Column::UserAgent) => Ok(Self::new("user_agent", "user_agent")),
            Field::Text(Column::Product) => Ok(Self::new("product_name", "product_name")),
            // The lines have a label service_name of their own.
            Field::OfKinds(Column::Service, kinds) if kinds.contains(&Kind::Api) => {
                Ok(Self::new("service", "service_name"))
            }
            Field::OfKinds(Column::Method, kinds) if kinds.contains(&Kind::Api) => {
                Ok(Self::new("method_name", "method_name"))
            }
            Field::Status => Ok(Self::new("status_code", "status_code")),
            // As of service_name, the lines have an id beside their text.
            Field::Long(Long::Id) => Ok(Self::new("event_id", "id")),
            Field::Long(Long::RequestId) => Ok(Self::new("request_id", "request_id")),
            Field::Body(steps) if !steps.is_empty() => body(name, steps),
            Field::OfKinds(_, kinds) if kinds.contains(&Kind::System) => without("the lines have no system events"),
            Field::OfKinds(..)
            | Field::Text(Column::Result | Column::FailureReason | Column::Country | Column::Origin | Column::Mfa) => {
                without("the lines have no log-ins")
            }
            Field::Resource(_) => without("the lines have a list of resources, whose elements Loki does not search"),
            Field::RecordedAt => without("the lines write the time in another way"),
            _ => without("the lines do not have it"),
        }
    }
}

/// A value of the request body.
fn body(name: &str, steps: &[Box<str>]) -> Result<Place, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut place = Place::new("body", "request_body");
    for step in steps {
        if step.chars().any(|c| c.is_control() || !c.is_ascii() || matches!(c, '"' | '\\')) {
            return Err(format!("{name}: Loki's paths cannot have this name"));
        }
        place.label.push('_');
        place.label.extend(step.chars().map(|c| if is_plain(c) { c } else { '_' }));
        if step.chars().all(is_plain) && !step.starts_with(|c: char| c.is_ascii_digit()) {
            place.path.push('.');
            place.path.push_str(step);
        } else {
            place.path.extend(["[\"", step, "\"]"]);
        }
    }
    Ok(place)
}
