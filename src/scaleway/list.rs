//! Lists that are paged by number.

use std::time::Instant;

use super::client::{Call, Client};
use super::error::Error;

/// A list has at most this many pages of 100; it only guards against one that never ends.
const MAX_PAGES: u32 = 1_000;

/// All items of a list of an organization; `read` returns a page's items, and how many the list has in all.
///
/// # Errors
/// When a page cannot be read.
pub(super) async fn numbered<T>(
    client: &Client,
    path: &[&str],
    permission_set: &'static str,
    organization: &str,
    deadline: Instant,
    read: impl Fn(Vec<u8>) -> Result<(Vec<T>, u64), serde_json::Error>,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    for number in 1..=MAX_PAGES {
        let page = number.to_string();
        let query = [("organization_id", organization), ("page", &page), ("page_size", "100")];
        let call = Call { path, query: &query, permission_set };
        let (items, total) = client.get(&call, deadline, &read).await?;
        let exhausted = items.is_empty();
        all.extend(items);
        if exhausted || all.len() as u64 >= total {
            break;
        }
    }
    Ok(all)
}
