//! The names of resources: Resource Explorer, v1alpha1, which lists all resources that the key's principal may see.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use super::client::{Call, Client};
use super::error::Error;
use super::list::{Named, Page};

/// The permission set for all resources; it is granted on projects.
pub const PERMISSION_SET: &str = "AllProductsReadOnly";

/// The most pages that are read: ten thousand resources, the last modified first.
const MAX_PAGES: usize = 100;

/// The names of the organization's resources, by id: all, or as many as can be read before the deadline.
///
/// # Errors
/// When a page cannot be read, or the deadline ends before the first page.
pub(crate) async fn resources(client: &Client, deadline: Instant) -> Result<HashMap<String, String>, Error> {
    let (mut names, mut seen, mut token) = (HashMap::new(), HashSet::new(), String::new());
    for _ in 0..MAX_PAGES {
        let mut query = vec![("query", ""), ("page_size", "100"), ("order_by", "modified_at_desc")];
        if !token.is_empty() {
            query.push(("page_token", &token));
        }
        let path = ["search", "v1alpha1", "resources"];
        let call = Call { path: &path, query: &query, project: None, permission_set: PERMISSION_SET };
        let page = client.get(&call, deadline, |body| serde_json::from_slice::<Page<Named>>(&body)).await;
        let page = match page {
            Ok(page) => page,
            // Some names are better than none, and events have names too.
            Err(Error::Timeout { .. } | Error::RateLimited { .. }) if !seen.is_empty() => break,
            Err(error) => return Err(error),
        };
        // The first resource of an id is the last modified.
        for (id, name) in page.items.into_iter().filter_map(Named::into_pair) {
            names.entry(id).or_insert(name);
        }
        match page.next_page_token {
            Some(next) if !next.is_empty() && seen.insert(next.clone()) => token = next,
            _ => break,
        }
    }
    Ok(names)
}
