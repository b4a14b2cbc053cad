//! The names of projects: the Account API, v3.

use std::collections::HashMap;
use std::time::Instant;

use super::client::{Call, Client};
use super::error::Error;
use super::list::{self, Named};

/// The permission set for the names of projects; it is granted on the whole organization.
pub const PERMISSION_SET: &str = "ProjectReadOnly";

/// The organization's projects: the ids, with the names of those that have one.
///
/// # Errors
/// When a page of the list cannot be read.
pub(crate) async fn projects(client: &Client, deadline: Instant) -> Result<HashMap<String, Option<String>>, Error> {
    let path = ["account", "v3", "projects"];
    let call = Call { path: &path, query: &[], project: None, permission_set: PERMISSION_SET };
    let projects: Vec<Named> = list::numbered(client, call, deadline).await?;
    Ok(projects.into_iter().map(|Named { id, name }| (id, name.filter(|name| !name.is_empty()))).collect())
}

/// The names of the organization's projects, by id.
///
/// # Errors
/// When a page of the list cannot be read.
pub(crate) async fn project_names(client: &Client, deadline: Instant) -> Result<HashMap<String, String>, Error> {
    Ok(projects(client, deadline).await?.into_iter().filter_map(|(id, name)| Some((id, name?))).collect())
}
