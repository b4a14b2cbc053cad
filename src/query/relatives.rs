//! Events that have to do with the resource of a query, beside those about it.
//!
//! A metric of a resource moves by actions that do not name the resource: on its load balancer, on its backup, on the security
//! group of its project, with the credentials of who acted on it.

use std::collections::HashSet;

use super::filter;
use super::scope::Scope;
use crate::event::{Column, Events, Kind};
use crate::scaleway::audit_trail::REACHING_TYPES;

/// How close an event is to the resource of a query, the farthest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closeness {
    /// It is about the identity of a principal that acted on the resource: a log-in, or an action on credentials.
    Identity,
    /// It is about what acts on the resources of a project without naming them, in the resource's project.
    Project,
    /// It is about what an event about the resource names: its load balancer, its security group, its backup.
    Relative,
    /// It is about the resource, or about what belongs to it.
    Resource,
}

/// How close each event is to the resources of a scope, none where it has nothing to do with them; `None` where the scope names
/// no resource.
pub(super) fn closeness(scope: &Scope, events: &Events) -> Option<Vec<Option<Closeness>>> {
    let about = filter::about_resources(scope, events)?;
    let relatives = relatives(&about, events);
    let [projects, principals] = [Column::Project, Column::PrincipalId].map(|column| texts(&about, events, column));
    let [project, principal, kind, product] =
        [Column::Project, Column::PrincipalId, Column::Kind, Column::Product].map(|column| events.text(column));
    let references = events.references();
    let of_row = |row: usize| {
        // Where no event tells the project of the resource, it may be any.
        let is_of_project = || projects.is_empty() || project.get(row).is_some_and(|id| projects.contains(id));
        let is_log_in = || kind.get(row) == Some(Kind::Authentication.as_str());
        let of_identity = || {
            let mut users = references.of(row).filter_map(|reference| reference.id);
            principal.get(row).is_some_and(|id| product.get(row) == Some("iam") && principals.contains(id))
                || is_log_in() && users.any(|id| principals.contains(id))
        };
        if about[row] {
            Some(Closeness::Resource)
        } else if references.of(row).any(|reference| reference.id.is_some_and(|id| relatives.contains(id))) {
            Some(Closeness::Relative)
        } else if references.of(row).any(|reference| reference.kind.is_some_and(reaches)) && is_of_project() {
            Some(Closeness::Project)
        } else {
            of_identity().then_some(Closeness::Identity)
        }
    };
    Some((0..events.len()).map(of_row).collect())
}

fn reaches(kind: &str) -> bool {
    REACHING_TYPES.contains(&kind)
}

/// The ids that events about the resource name.
fn relatives<'a>(about: &[bool], events: &'a Events) -> HashSet<&'a str> {
    let (references, parents) = (events.references(), events.parents());
    let rows = (0..events.len()).filter(|row| about[*row]);
    rows.flat_map(|row| {
        let named = references.of(row).filter_map(|reference| reference.id);
        named.chain(parents.of(row).flat_map(|(child, parent)| child.into_iter().chain([parent])))
    })
    .collect()
}

/// The texts that some events have in a column.
fn texts<'a>(rows: &[bool], events: &'a Events, column: Column) -> HashSet<&'a str> {
    let text = events.text(column);
    (0..events.len()).filter(|row| rows[*row]).filter_map(|row| text.get(row)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(who: &str, project: &str, resource: &Value) -> Value {
        json!({
            "principal": { "id": who }, "project_id": project, "product_name": "instance", "method_name": "Do",
            "resources": [resource],
        })
    }

    fn of(scope: &Value, kind: Kind, json_events: &[Value]) -> Option<Vec<Option<Closeness>>> {
        closeness(&Scope::parse(Some(scope)).unwrap(), &Events::from_json(kind, json_events))
    }

    #[test]
    fn events_are_as_close_as_what_they_are_about() {
        let interface = json!({
            "id": "nic", "type": "instance_private_network_interface",
            "instance_private_network_interface_info": { "server_id": "server", "security_group_id": "group" },
        });
        let other = json!({ "id": "other group", "type": "instance_security_group" });
        let all = [
            event("ann", "p", &json!({ "id": "server", "type": "instance_server" })),
            event("ann", "p", &interface),
            event("bob", "p", &json!({ "id": "group", "type": "instance_security_group" })),
            event("bob", "p", &other),
            event("bob", "q", &other),
            event("bob", "p", &json!({ "id": "other", "type": "instance_server" })),
            json!({ "principal": { "id": "ann" }, "product_name": "iam", "method_name": "CreateAPIKey",
                "resources": [{ "id": "key", "type": "iam_api_key" }] }),
            json!({ "principal": { "id": "bob" }, "product_name": "iam", "method_name": "CreateAPIKey",
                "resources": [{ "id": "key", "type": "iam_api_key" }] }),
        ];
        let expected = [
            Some(Closeness::Resource),
            Some(Closeness::Resource),
            Some(Closeness::Relative),
            Some(Closeness::Project),
            None,
            None,
            Some(Closeness::Identity),
            None,
        ];
        // The newest event is the first, and of events of one time the last one written.
        let mut found = of(&json!({ "resourceIds": ["server"] }), Kind::Api, &all).unwrap();
        found.reverse();
        assert_eq!(found, expected);
        assert_eq!(of(&json!({ "regions": ["fr-par"] }), Kind::Api, &all), None);
    }

    #[test]
    fn a_project_that_no_event_tells_may_be_any() {
        let all = [event("bob", "q", &json!({ "id": "group", "type": "autoscaling_group" }))];
        assert_eq!(of(&json!({ "resourceNames": ["web"] }), Kind::Api, &all).unwrap(), [Some(Closeness::Project)]);
    }

    /// The number of rows of the answer to a query about a server, to which one thing is done, one to a security group of its project and one to
    /// another server.
    #[cfg(feature = "terminal")]
    fn rows(mut query: Value) -> usize {
        let at = |minute: u32, mut event: Value| {
            event["recorded_at"] = json!(format!("2026-03-01T10:{minute:02}:00Z"));
            event
        };
        let all = [
            at(1, event("ann", "p", &json!({ "id": "server", "type": "instance_server" }))),
            at(20, event("bob", "p", &json!({ "id": "group", "type": "instance_security_group" }))),
            at(40, event("bob", "p", &json!({ "id": "other", "type": "instance_server" }))),
        ];
        let range = (1_772_359_200_000, 1_772_362_800_000);
        let request = crate::query::Request::new("A", range, std::time::Duration::ZERO, 1_000, false).unwrap();
        query["scope"] = json!({ "resourceIds": ["server"] });
        let query = crate::query::Query::parse(query.to_string().as_bytes(), "", &request, 10).unwrap();
        query.frames_of(&Events::from_json(Kind::Api, &all), &request).unwrap()[0].rows()
    }

    #[test]
    #[cfg(feature = "terminal")]
    fn what_matters_to_a_resource_is_also_done_to_its_relatives() {
        let annotations =
            |relevance: &str| rows(json!({ "queryType": "annotations", "overlay": true, "relevance": relevance }));
        assert_eq!((annotations("important"), annotations("everything")), (2, 1));
    }

    #[test]
    #[cfg(feature = "terminal")]
    fn lines_are_about_the_relatives_of_a_resource_where_a_query_wants_them() {
        let lines = |relatives: bool| rows(json!({ "queryType": "events", "relatives": relatives }));
        assert_eq!((lines(true), lines(false)), (2, 1));
    }
}
