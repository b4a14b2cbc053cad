//! The Scaleway console's page about a resource.

use std::borrow::Cow;

use super::answer::Answer;
use super::keys::Keys;
use crate::event::Column;

const CONSOLE: &str = "https://console.scaleway.com/";

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

/// The page about the resource of each event, where it is known.
pub(super) fn pages(answer: &Answer) -> Keys<'_> {
    let [kind, locality, id] =
        [Column::ResourceType, Column::Locality, Column::ResourceId].map(|column| Keys::of(&answer.events, column));
    Keys::of_alike(answer.events.len(), &[&kind, &locality, &id], |row| {
        address(kind.get(row)?, locality.get(row), id.get(row)).map(Cow::Owned)
    })
}

fn address(kind: &str, locality: Option<&str>, id: Option<&str>) -> Option<String> {
    let (_, path) = PAGES.iter().find(|(known, _)| *known == kind)?;
    if !path.contains('{') {
        return Some(format!("{CONSOLE}{path}"));
    }
    let (locality, id) = (locality.filter(|text| is_plain(text))?, id.filter(|text| is_plain(text))?);
    Some(format!("{CONSOLE}{}", path.replace("{locality}", locality).replace("{id}", id)))
}

/// Whether a text may stand in an address: ids and localities may.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_that_of_the_resource_where_there_is_one() {
        let page = address("instance_server", Some("fr-par-1"), Some("11111111-2222-3333-4444-555555555555"));
        let wanted =
            "https://console.scaleway.com/instance/servers/fr-par-1/11111111-2222-3333-4444-555555555555/overview";
        assert_eq!(page.as_deref(), Some(wanted));
        let list = address("instance_volume", None, None);
        assert_eq!(list.as_deref(), Some("https://console.scaleway.com/instance/volumes"));
    }

    #[test]
    fn no_address_is_made_of_what_is_unknown_or_no_plain_id() {
        assert_eq!(address("holographic", Some("fr-par-1"), Some("1")), None);
        assert_eq!(address("instance_server", None, Some("1")), None);
        for id in ["", "../../account", "1?redirect=x", "a b"] {
            assert_eq!(address("instance_server", Some("fr-par-1"), Some(id)), None, "{id}");
        }
    }
}
