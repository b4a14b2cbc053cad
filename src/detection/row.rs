use std::borrow::Cow;

use arrow::array::Array;
use serde_json::Value;

use super::body::{Body, any_text};
use super::context::Context;
use super::field::{FIELDS, Field};
use super::sigma::{EventField, EventView};
use crate::event::{Column, Events, Kind, Long, ResourceText};
use crate::risk::Risk;

/// The prefix of the fields that Audit Trail does not have; keywords are not searched in them.
const ENRICHED: &str = "audittrail.";

/// An event with all its values, for tests on few events.
pub(super) struct Row<'a> {
    pub(super) events: &'a Events,
    pub(super) position: usize,
    pub(super) risk: Option<&'a Risk>,
    pub(super) body: &'a Body<'a>,
    pub(super) context: &'a Context<'a>,
}

impl Row<'_> {
    /// The value of a field; none if the event has none.
    pub(super) fn value(&self, field: &Field) -> Option<EventField<'_>> {
        match field {
            Field::Text(column) => self.text(*column),
            Field::OfKinds(column, kinds) => {
                let kind = self.events.one_text(Column::Kind, self.position);
                if has_kind(kinds, kind) { self.text(*column) } else { None }
            }
            Field::Status => {
                let statuses = self.events.statuses();
                statuses.is_valid(self.position).then(|| EventField::Number(statuses.value(self.position).into()))
            }
            Field::RecordedAt => Some(owned(self.events.time(self.position).to_string())),
            Field::Long(long) => self.events.one(*long, self.position).map(owned),
            Field::Resource(text) => self.resources(*text),
            Field::RiskClass => self.risk.map(|risk| EventField::Text(Cow::Borrowed(&risk.class))),
            Field::Severity => self.risk.map(|risk| EventField::Text(Cow::Borrowed(risk.severity.as_str()))),
            Field::PrincipalName => {
                let id = self.events.one_text(Column::PrincipalId, self.position)?;
                Some((self.context.names)(id).map_or(EventField::Text(Cow::Borrowed(id)), owned))
            }
            Field::Body(path) => self.body.at(path),
        }
    }

    fn text(&self, column: Column) -> Option<EventField<'_>> {
        self.events.one_text(column, self.position).map(|text| EventField::Text(Cow::Borrowed(text)))
    }

    fn resources(&self, text: ResourceText) -> Option<EventField<'_>> {
        let texts = self.events.resource_texts(text);
        let items = texts.items(self.position);
        if items.is_empty() && text == ResourceText::Id {
            return self.text(Column::ResourceId);
        }
        let mut found: Vec<EventField<'_>> =
            items.filter_map(|item| texts.text().get(item)).map(|text| EventField::Text(Cow::Borrowed(text))).collect();
        match found.len() {
            0 | 1 => found.pop(),
            _ => Some(EventField::List(found)),
        }
    }
}

impl EventView for Row<'_> {
    fn field(&self, name: &str) -> Option<EventField<'_>> {
        self.value(&Field::named(name).ok()??)
    }

    /// The texts of the API's fields, at any depth of the request body and the resources.
    fn any_text(&self, is: &dyn Fn(&str) -> bool) -> bool {
        let own = FIELDS.iter().filter(|named| !named.name.starts_with(ENRICHED));
        let nested =
            |named: &&super::field::Named| matches!(named.field, Field::Body(_) | Field::Resource(_) | Field::Status);
        let mut texts = own.filter(|named| !nested(named)).filter_map(|named| match self.value(&named.field)? {
            EventField::Text(text) => Some(text),
            _ => None,
        });
        if texts.any(|text| is(&text)) || self.body.any_text(is) {
            return true;
        }
        let resources = self.events.one(Long::Resources, self.position);
        let resources: Option<Value> = resources.and_then(|text| serde_json::from_str(&text).ok());
        resources.is_some_and(|resources| any_text(&resources, is))
    }
}

fn owned<'a>(text: String) -> EventField<'a> {
    EventField::Text(Cow::Owned(text))
}

/// Whether a kind, by its name, is one of some kinds.
pub(super) fn has_kind(kinds: &[Kind], kind: Option<&str>) -> bool {
    kinds.iter().any(|known| Some(known.as_str()) == kind)
}
