//! The data sources of metrics: Cockpit's own API, v1. The metrics themselves are those of [`cockpit`](crate::cockpit).

use std::time::Instant;

use serde::Deserialize;

use super::client::{Call, Client};
use super::error::Error;
use super::list;

/// The permission set for Cockpit's data sources; it is granted on projects.
pub const PERMISSION_SET: &str = "ObservabilityReadOnly";

/// A data source of Cockpit.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CockpitSource {
    /// Its name in the console.
    #[serde(default)]
    pub(crate) name: String,
    /// Its URL, as the API has it.
    pub(crate) url: String,
    /// `metrics`, `logs` or `traces`.
    #[serde(rename = "type")]
    kind: String,
    /// `scaleway` for the metrics of products.
    origin: String,
}

/// The data sources of Scaleway's metrics of a project in a region.
///
/// # Errors
/// When a page of the list cannot be read.
pub(crate) async fn metrics(
    client: &Client,
    project: &str,
    region: &str,
    deadline: Instant,
) -> Result<Vec<CockpitSource>, Error> {
    let call = Call {
        path: &["cockpit", "v1", "regions", region, "data-sources"],
        query: &[("types", "metrics"), ("origin", "scaleway")],
        project: Some(project),
        permission_set: PERMISSION_SET,
    };
    let mut sources: Vec<CockpitSource> = list::numbered(client, call, deadline).await?;
    sources.retain(|source| source.kind == "metrics" && source.origin == "scaleway");
    Ok(sources)
}
