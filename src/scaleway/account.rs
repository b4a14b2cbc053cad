//! The names of projects: the Account API, v3.

use std::collections::HashMap;
use std::time::Instant;

use super::client::{Call, Client};
use super::error::Error;
use super::list::{self, Named};

/// The permission set for the names of projects; it is granted on the whole organization.
pub const PERMISSION_SET: &str = "ProjectReadOnly";

/// The names of the organization's projects, by id.
///
/// # Errors
/// When a page of the list cannot be read.
pub(crate) async fn projects(client: &Client, deadline: Instant) -> Result<HashMap<String, String>, Error> {
    let path = ["account", "v3", "projects"];
    let call = Call { path: &path, query: &[], project: None, permission_set: PERMISSION_SET };
    let projects: Vec<Named> = list::numbered(client, call, deadline).await?;
    Ok(projects.into_iter().filter_map(Named::into_pair).collect())
}
