//! The Scaleway console's page about a resource.

use super::answer::Answer;
use super::keys::Keys;
use crate::event::{Column, Events};

/// Where the console's pages begin.
pub(super) const CONSOLE: &str = "https://console.scaleway.com/";

/// Types of resources and where the console shows them; of some, only the page that lists them all.
const PAGES: [(&str, &str); 12] = [
    ("iam_api_key", "iam/api-keys"),
    ("iam_application", "iam/applications"),
    ("instance_image", "instance/images"),
    ("instance_placement_group", "instance/placement-groups/{locality}/{id}/overview"),
    ("instance_security_group", "instance/security-groups"),
    ("instance_server", "instance/servers/{locality}/{id}/overview"),
    ("instance_snapshot", "instance/snapshots"),
    ("instance_volume", "instance/volumes"),
    ("kube_cluster", "kubernetes/clusters/{locality}/{id}/overview"),
    ("load_balancer_lb", "load-balancer/lbs"),
    ("rdb_instance", "rdb/instances/{locality}/{id}/overview"),
    ("secret_manager_secret", "secret-manager/secrets/{locality}/{id}/overview"),
];

/// What the pages about the events' resources depend on.
pub(super) struct Pages<'a> {
    kind: Keys<'a>,
    locality: Keys<'a>,
    events: &'a Events,
}

impl<'a> Pages<'a> {
    pub(super) fn of(answer: &'a Answer) -> Self {
        let [kind, locality] = [Column::ResourceType, Column::Locality].map(|column| Keys::of(&answer.events, column));
        Self { kind, locality, events: &answer.events }
    }

    /// The page about the resources of some events, where it is the same for all.
    pub(super) fn common(&self, rows: &[usize]) -> Option<String> {
        let (_, path) = PAGES.iter().find(|(kind, _)| Some(*kind) == self.kind.common(rows))?;
        if !path.contains('{') {
            return Some(format!("{CONSOLE}{path}"));
        }
        let (locality, id) = (self.locality.common(rows)?, self.common_id(rows)?);
        let are_plain = is_plain(locality, &['-']) && is_plain(id, &['-']);
        are_plain.then(|| format!("{CONSOLE}{}", path.replace("{locality}", locality).replace("{id}", id)))
    }

    /// The id of the resource that all of some events are about. Ids are many, and two events are mostly enough to see that
    /// there is none: no column is read.
    fn common_id(&self, rows: &[usize]) -> Option<&str> {
        let (first, rest) = rows.split_first()?;
        let id = self.events.one_text(Column::ResourceId, *first);
        rest.iter().all(|row| self.events.one_text(Column::ResourceId, *row) == id).then_some(id)?
    }
}

/// Whether a text has letters and digits of ASCII and `also` some characters, and nothing that an address or a filter reads.
pub(super) fn is_plain(text: &str, also: &[char]) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(&c))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::Kind;

    /// The page about all these resources: type, locality and id of each.
    fn page(resources: &[(&str, &str, &str)]) -> Option<String> {
        let event = |(kind, locality, id): &(&str, &str, &str)| json!({ "locality": locality, "resources": [{ "type": kind, "id": id }] });
        let events = Events::from_json(Kind::Api, &resources.iter().map(event).collect::<Vec<_>>());
        let answer = Answer::of(&events);
        Pages::of(&answer).common(&(0..events.len()).collect::<Vec<_>>())
    }

    #[test]
    fn a_page_is_that_of_the_resource_where_there_is_one() {
        let server = ("instance_server", "fr-par-1", "11111111-2222-3333-4444-555555555555");
        let wanted =
            "https://console.scaleway.com/instance/servers/fr-par-1/11111111-2222-3333-4444-555555555555/overview";
        assert_eq!(page(&[server]).as_deref(), Some(wanted));
        let list = page(&[("instance_volume", "", "")]);
        assert_eq!(list.as_deref(), Some("https://console.scaleway.com/instance/volumes"));
    }

    #[test]
    fn events_share_a_page_only_where_it_is_the_same_for_all() {
        let server = |id| ("instance_server", "fr-par-1", id);
        assert_eq!(page(&[server("1"), server("2")]), None);
        assert_eq!(page(&[server("1"), server("1")]), page(&[server("1")]));
        let volume = |id| ("instance_volume", "fr-par-1", id);
        assert_eq!(page(&[volume("1"), volume("2")]), page(&[volume("1")]));
        assert_eq!(page(&[volume("1"), server("1")]), None);
    }

    #[test]
    fn no_address_is_made_of_what_is_unknown_or_no_plain_id() {
        assert_eq!(page(&[("holographic", "fr-par-1", "1")]), None);
        for id in ["", "../../account", "1?redirect=x", "a b"] {
            assert_eq!(page(&[("instance_server", "fr-par-1", id)]), None, "{id}");
        }
    }
}
