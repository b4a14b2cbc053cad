//! Kubernetes: the rules of a cluster, which say which networks reach it; paged by number.

use bytes::Bytes;

use super::json;
use super::organization::Organization;
use super::query::{Parameters, Refusal};

/// The network of every rule.
const NETWORK: &str = "203.0.113.0/24";

/// One page of the rules of the cluster that a path names, as JSON.
pub(super) fn rules(
    path: &str,
    region: &str,
    organization: &Organization,
    query: &Parameters,
) -> Result<Bytes, Refusal> {
    let id = path.rsplit('/').nth(1);
    let mut clusters = organization.resources_of("kube_cluster");
    let cluster = clusters.find(|cluster| Some(cluster.id.as_str()) == id && cluster.region() == region);
    let cluster = cluster.ok_or_else(Refusal::not_found)?;
    let page = query.number("page")?.unwrap_or(1).max(1);
    let size = query.page_size(100)?.unwrap_or(20);
    let rules = organization.resources_of("kube_acl");
    let own = rules.filter(|rule| organization.parent_of(rule).is_some_and(|parent| parent.id == cluster.id));
    let entries: Vec<Vec<u8>> = own
        .map(|rule| {
            let (id, name) = (&rule.id, json::escaped(&rule.name));
            format!(r#"{{"id":"{id}", "ip":"{NETWORK}", "description":"{name}", "region":"{region}"}}"#).into_bytes()
        })
        .collect();
    let count = format!(r#", "total_count":{}"#, entries.len());
    let entries: Vec<Vec<u8>> = entries.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect();
    Ok(json::list("rules", &entries, &count))
}
