//! The ids in the `*_info` objects of resources.

/// The relation of an id in an info to the info's resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// The resource itself, where the event names another in its stead, such as a pool's cluster.
    Own,
    /// A resource that the resource belongs to: events about the resource are events about the parent too.
    Parent,
    /// A resource that the resource merely uses or names: only events that mention it are about it.
    Mention,
}

/// The keys of all ids, in the order of the alphabet. Source: the type `Resource` of Scaleway's client scaleway-sdk-go, as of
/// the date in `tests/data/resource-infos.json`, which a test compares with this table.
const KEYS: [(&str, Relation); 24] = [
    ("backend_id", Relation::Parent),
    ("container_id", Relation::Parent),
    ("contract", Relation::Mention),
    ("frontend_id", Relation::Parent),
    ("gateway_id", Relation::Parent),
    ("gateway_type_id", Relation::Mention),
    ("id", Relation::Own),
    ("key_id", Relation::Mention),
    ("lb_id", Relation::Parent),
    ("namespace_id", Relation::Parent),
    ("nexthop_private_network_id", Relation::Mention),
    ("nexthop_private_network_key", Relation::Mention),
    ("nexthop_resource_key", Relation::Mention),
    ("pipeline_id", Relation::Parent),
    ("pn_id", Relation::Parent),
    ("private_network_id", Relation::Parent),
    ("public_ip_id", Relation::Mention),
    ("route_stage_id", Relation::Parent),
    ("rule_ids", Relation::Mention),
    ("security_group_id", Relation::Mention),
    ("server_id", Relation::Parent),
    ("signed_by_account_root_user_id", Relation::Mention),
    // A connector joins two VPCs, just as an interface joins a server to a network.
    ("target_vpc_id", Relation::Parent),
    ("vpc_id", Relation::Parent),
];

/// The relation of the id under a key of an info; `None` where the key has no id. A key that is younger than the table and
/// looks like the key of an id is a mention.
pub(super) fn relation(key: &[u8]) -> Option<Relation> {
    let known = KEYS.iter().find(|(name, _)| name.as_bytes() == key).map(|(_, relation)| *relation);
    known.or_else(|| (key.ends_with(b"_id") || key.ends_with(b"_ids")).then_some(Relation::Mention))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Map, Value};

    use super::*;

    /// The types of infos with their fields, as Scaleway's client declares them.
    const DECLARED: &str = include_str!("../../../tests/data/resource-infos.json");

    /// The keys that lead to an id: keys of ids, of lists of ids, and of objects with an id.
    fn keys_of_ids(info: &Map<String, Value>) -> impl Iterator<Item = &str> {
        let leads_to_id = |kind: &Value| match kind {
            Value::Object(object) => object.get("id").is_some_and(|kind| kind == "id"),
            kind => kind == "id" || kind == "ids",
        };
        info.iter().filter(move |(_, kind)| leads_to_id(kind)).map(|(key, _)| key.as_str())
    }

    #[test]
    fn the_table_has_the_keys_of_all_ids_that_scaleways_client_declares_and_no_others() {
        let declared: Value = serde_json::from_str(DECLARED).unwrap();
        let infos: Vec<_> =
            declared["infos"].as_object().unwrap().values().map(|info| info.as_object().unwrap()).collect();
        assert!(infos.len() > 50 && declared["date"].is_string(), "{}", infos.len());
        let declared: BTreeSet<&str> = infos.into_iter().flat_map(keys_of_ids).collect();
        assert_eq!(KEYS.iter().map(|(key, _)| *key).collect::<BTreeSet<_>>(), declared);
        assert!(KEYS.is_sorted_by(|(one, _), (other, _)| one < other));
    }

    #[test]
    fn a_key_younger_than_the_table_is_a_mention_if_it_looks_like_an_id() {
        for (key, expected) in [
            ("cluster_id", Some(Relation::Mention)),
            ("node_ids", Some(Relation::Mention)),
            ("vpc_id", Some(Relation::Parent)),
            ("id", Some(Relation::Own)),
            ("name", None),
            ("ids", None),
            ("public_key", None),
            ("valid", None),
        ] {
            assert_eq!(relation(key.as_bytes()), expected, "{key}");
        }
    }
}
