//! Pages of lists, and lists that are paged by number.

use std::time::Instant;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::{Call, Client};
use super::error::Error;

/// The most pages of 100 items; a guard against a list that never ends.
const MAX_PAGES: u32 = 1_000;

/// A page of a list; the member with the items has the list's name.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    #[serde(alias = "users", alias = "applications", alias = "projects", alias = "resources", alias = "products")]
    #[serde(alias = "data_sources")]
    #[serde(default = "Vec::new")]
    pub(super) items: Vec<T>,
    /// The number of items in the whole list.
    #[serde(default)]
    total_count: usize,
    pub(super) next_page_token: Option<String>,
}

/// An item with a name.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: Option<String>,
}

impl Named {
    /// Id and name; `None` for an item without a name.
    pub(super) fn into_pair(self) -> Option<(String, String)> {
        Some((self.id, self.name.filter(|name| !name.is_empty())?))
    }
}

/// All items of the list of a call.
///
/// # Errors
/// When a page cannot be read.
pub(super) async fn numbered<T: DeserializeOwned>(
    client: &Client,
    call: Call<'_>,
    deadline: Instant,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    for number in 1..=MAX_PAGES {
        let page = number.to_string();
        let query = [call.query, &[("page", page.as_str()), ("page_size", "100")]].concat();
        let call = Call { query: &query, ..call };
        let Page { items, total_count, .. } = client.get(&call, deadline, |body| serde_json::from_slice(&body)).await?;
        let exhausted = items.is_empty();
        all.extend(items);
        if exhausted || all.len() >= total_count {
            break;
        }
    }
    Ok(all)
}
