//! Lists that are paged by number.

use std::time::Instant;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::{Call, Client};
use super::error::Error;

/// The most pages of 100 items; a guard against a list that never ends.
const MAX_PAGES: u32 = 1_000;

/// A page of one of the lists.
#[derive(Deserialize)]
struct Page<T> {
    #[serde(alias = "users", alias = "applications", alias = "projects", default = "Vec::new")]
    items: Vec<T>,
    /// The number of items in the whole list.
    #[serde(default)]
    total_count: usize,
}

/// All items of a list of the organization.
///
/// # Errors
/// When a page cannot be read.
pub(super) async fn numbered<T: DeserializeOwned>(
    client: &Client,
    path: &[&str],
    permission_set: &'static str,
    deadline: Instant,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    for number in 1..=MAX_PAGES {
        let page = number.to_string();
        let query = [("page", &page), ("page_size", "100")];
        let call = Call { path, query: &query, permission_set };
        let Page { items, total_count } = client.get(&call, deadline, |body| serde_json::from_slice(&body)).await?;
        let exhausted = items.is_empty();
        all.extend(items);
        if exhausted || all.len() >= total_count {
            break;
        }
    }
    Ok(all)
}
