use serde_json::Value;

use super::super::story::text_of;
use super::template::Values;
use crate::event::{Column, Events, Long};

/// The values of an event and of a principal.
pub(super) struct Context<'a> {
    events: &'a Events,
    principal: &'a str,
    row: Option<usize>,
    body: Value,
}

impl<'a> Context<'a> {
    pub(super) fn of(events: &'a Events, principal: &'a str, row: Option<usize>) -> Self {
        let body = row.and_then(|row| events.one(Long::RequestBody, row));
        let body = body.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default();
        Self { events, principal, row, body }
    }

    /// What a remedy acts on: the resource of an event, or the principal.
    pub(super) fn target(&self) -> Option<&'a str> {
        match self.row {
            Some(row) => self.events.one_text(Column::ResourceId, row),
            None => Some(self.principal),
        }
    }
}

impl Values for Context<'_> {
    fn value(&self, name: &str) -> Option<String> {
        if name == "principal" {
            return Some(self.principal.to_owned());
        }
        if let Some(key) = name.strip_prefix("body.") {
            return text_of(&self.body, key).map(str::to_owned);
        }
        let column = match name {
            "resource" => Column::ResourceId,
            "project" => Column::Project,
            "zone" => Column::Locality,
            "region" => Column::Region,
            _ => return None,
        };
        self.events.one_text(column, self.row?).map(str::to_owned)
    }
}
