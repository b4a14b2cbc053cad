use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::story::text_of;
use super::context::Context;
use super::remedy::{Entry, Row};
use super::template::{Values, names};
use crate::event::{Column, Events, Long, status_class};
use crate::risk::Action;

/// The events about some resources: their rows, which ascend, so that the newest is the first.
pub(super) struct History<'a> {
    events: &'a Events,
    rows: HashMap<&'a str, Vec<usize>>,
}

impl<'a> History<'a> {
    /// The events about these resources, found in one search.
    pub(super) fn of(events: &'a Events, resources: &HashSet<&str>) -> Self {
        let mut rows: HashMap<&str, Vec<usize>> = HashMap::new();
        let is_wanted = |id: Option<&str>| id.is_some_and(|id| resources.contains(id));
        events.find(Column::ResourceId, is_wanted, |row| {
            let id = events.one_text(Column::ResourceId, row).expect("a row that was found has an id");
            rows.entry(id).or_default().push(row);
        });
        Self { events, rows }
    }

    /// The rows of a resource.
    pub(super) fn rows(&self, resource: &str) -> &[usize] {
        self.rows.get(resource).map_or(&[], Vec::as_slice)
    }

    /// The event that shows that a remedy is in effect: of the events later than a row that applied or reverted it, the newest
    /// one, if it applied it.
    pub(super) fn done(&self, entry: &Entry, context: &Context<'_>, since: usize) -> Option<usize> {
        let Row { done, undone, command, .. } = &entry.row;
        let wanted: Vec<(&str, String)> =
            names(command).filter_map(|name| Some((name.strip_prefix("body.")?, context.value(name)?))).collect();
        let region = context.value("region");
        let later = self.rows(context.target()?).iter().copied().take_while(|row| *row < since);
        for row in later {
            let text = |column| self.events.one_text(column, row);
            let Some(method) = text(Column::Method).filter(|method| done.are_of(method) || undone.are_of(method))
            else {
                continue;
            };
            let has_succeeded = text(Column::StatusClass) == Some(status_class::SUCCEEDED);
            // The services of a project have its id in each region.
            let is_elsewhere = region.as_deref().zip(text(Column::Region)).is_some_and(|(one, other)| one != other);
            if !has_succeeded || is_elsewhere {
                continue;
            }
            let body = self.events.one(Long::RequestBody, row);
            if !has_ids(body.as_deref(), &wanted) {
                continue;
            }
            let action = Action { method: Some(method), request_body: body.as_deref(), ..Action::default() };
            if undone.are_met_by(&action) {
                return None;
            }
            if done.are_met_by(&action) {
                return Some(row);
            }
        }
        None
    }
}

/// Whether a request body has these values, as far as it has their keys.
fn has_ids(body: Option<&str>, wanted: &[(&str, String)]) -> bool {
    let body: Value =
        body.filter(|_| !wanted.is_empty()).and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    wanted.iter().all(|(key, id)| text_of(&body, key).is_none_or(|other| other.eq_ignore_ascii_case(id)))
}
