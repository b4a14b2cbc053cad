//! What the browser makes an annotation's links of.

use super::console::{Pages, is_plain};
use crate::event::{Column, Events};

/// In clusters of as many events, what they have in common is sought.
const FEW: usize = 20;

/// The most parents of a resource.
const MOST_PARENTS: usize = 5;

/// What all events of an annotation have in common, for links.
#[derive(Default)]
pub(super) struct Links {
    /// The console's page about what all events are about.
    pub(super) page: Option<String>,
    /// The id of the principal.
    pub(super) principal: Option<String>,
    /// The source address.
    pub(super) address: Option<String>,
    /// The type of the resource.
    pub(super) resource_type: Option<String>,
    /// The id of the resource.
    pub(super) resource_id: Option<String>,
    /// The ids of what the resource belongs to, such as a backend's load balancer, with spaces between them.
    pub(super) resource_parents: Option<String>,
}

impl Links {
    /// The links of some events, of which there is at least one.
    pub(super) fn of(pages: &Pages<'_>, events: &Events, rows: &[usize]) -> Self {
        let resource_id = common(Column::ResourceId, rows, events).filter(|id| is_word(id));
        Self {
            page: pages.common(rows),
            principal: common(Column::PrincipalId, rows, events),
            address: common(Column::SourceIp, rows, events),
            resource_type: common(Column::ResourceType, rows, events).filter(|kind| is_word(kind)),
            resource_parents: resource_id.as_deref().and_then(|id| parents(events, rows[0], id)),
            resource_id,
        }
    }
}

/// The text that all events have in a column; a large cluster is not looked through.
fn common(column: Column, rows: &[usize], events: &Events) -> Option<String> {
    let first = events.one_text(column, rows[0])?;
    let is_common = rows.len() <= FEW && rows.iter().all(|row| events.one_text(column, *row) == Some(first));
    is_common.then(|| first.to_owned())
}

/// The ids of the parents that an event names of its resource.
fn parents(events: &Events, row: usize, resource: &str) -> Option<String> {
    let event = events.only(&[row]);
    let parents = event.parents();
    let mut ids: Vec<&str> = Vec::new();
    for (child, id) in parents.of(0) {
        if child.is_none_or(|child| child == resource) && is_word(id) && !ids.contains(&id) && ids.len() < MOST_PARENTS
        {
            ids.push(id);
        }
    }
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// Whether a text may be an id or a type of Scaleway's.
fn is_word(text: &str) -> bool {
    text.len() <= 100 && is_plain(text, &['-', '_', '.'])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::answer::Answer;
    use super::*;
    use crate::event::Kind;

    fn links(events: &[Value]) -> Links {
        let answer = Answer::of(&Events::from_json(Kind::Api, events));
        let rows: Vec<usize> = (0..events.len()).collect();
        Links::of(&Pages::of(&answer), &answer.events, &rows)
    }

    fn backend(id: &str) -> Value {
        json!({
            "resources": [{ "id": id, "type": "lb_backend", "lb_backend_info": { "lb_id": "balancer" } }],
            "principal": { "id": "alice" },
        })
    }

    #[test]
    fn resource_is_that_of_all_events_with_what_it_belongs_to() {
        let one = links(&[backend("b-1"), backend("b-1")]);
        assert_eq!((one.resource_id.as_deref(), one.resource_type.as_deref()), (Some("b-1"), Some("lb_backend")));
        assert_eq!(one.resource_parents.as_deref(), Some("balancer"));
        let two = links(&[backend("b-1"), backend("b-2")]);
        assert_eq!((two.resource_id, two.resource_type.as_deref()), (None, Some("lb_backend")));
        assert_eq!((two.resource_parents, two.principal.as_deref()), (None, Some("alice")));
    }

    #[test]
    fn id_of_the_callers_choice_makes_no_link() {
        assert_eq!(links(&[backend("\"} or x{a=\"")]).resource_id, None);
        assert_eq!(links(&[backend(&"a".repeat(101))]).resource_id, None);
    }
}
