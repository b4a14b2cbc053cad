//! The names of projects: the Account API, v3.

use std::collections::HashMap;
use std::time::Instant;

use serde::Deserialize;

use super::client::Client;
use super::error::Error;
use super::list;

/// The permission set for the names of projects; it is granted on the whole organization.
pub const PERMISSION_SET: &str = "ProjectReadOnly";

#[derive(Deserialize)]
struct Project {
    id: String,
    #[serde(default)]
    name: String,
}

/// The names of the organization's projects, by id.
///
/// # Errors
/// When a page of the list cannot be read.
pub(crate) async fn projects(client: &Client, deadline: Instant) -> Result<HashMap<String, String>, Error> {
    let path = ["account", "v3", "projects"];
    let projects: Vec<Project> = list::numbered(client, &path, PERMISSION_SET, deadline).await?;
    let named = projects.into_iter().filter(|project| !project.name.is_empty());
    Ok(named.map(|project| (project.id, project.name)).collect())
}
