//! Lists that are paged by number.

use std::time::Instant;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::client::{Call, Client};
use super::error::Error;

/// The most pages of 100 items; a guard against a list that never ends.
const MAX_PAGES: u32 = 1_000;

/// All items of a list of an organization. A page has the items under the last segment of the path.
///
/// # Errors
/// When a page cannot be read.
pub(super) async fn numbered<T: DeserializeOwned>(
    client: &Client,
    path: &[&str],
    permission_set: &'static str,
    organization: &str,
    deadline: Instant,
) -> Result<Vec<T>, Error> {
    let name = path.last().expect("the path of a list has segments");
    let mut all = Vec::new();
    for number in 1..=MAX_PAGES {
        let page = number.to_string();
        let query = [("organization_id", organization), ("page", &page), ("page_size", "100")];
        let call = Call { path, query: &query, permission_set };
        let (items, total) = client.get(&call, deadline, |body| read::<T>(&body, name)).await?;
        let exhausted = items.is_empty();
        all.extend(items);
        if exhausted || all.len() as u64 >= total {
            break;
        }
    }
    Ok(all)
}

/// The items of a page, and the number of items in the whole list.
fn read<T: DeserializeOwned>(body: &[u8], name: &str) -> Result<(Vec<T>, u64), serde_json::Error> {
    let mut page: Map<String, Value> = serde_json::from_slice(body)?;
    Ok((field(&mut page, name)?, field(&mut page, "total_count")?))
}

fn field<T: DeserializeOwned + Default>(page: &mut Map<String, Value>, name: &str) -> Result<T, serde_json::Error> {
    page.remove(name).map_or_else(|| Ok(T::default()), serde_json::from_value)
}
