//! What a health check finds about Cockpit's metrics: of each URL, whether it answers and has metrics of resources.

use std::time::Instant;

use futures::future::join_all;

use crate::cockpit::{Client, Error};
use crate::settings::Cockpit;
use crate::time::Interval;

/// What the series of Scaleway's products have in common; those that an organization sends itself have it seldom.
const OF_RESOURCES: &str = r#"{resource_id!=""}"#;

/// The finding at one URL.
#[derive(Debug)]
pub(super) struct CockpitHealth {
    host: String,
    /// The number of metrics of resources.
    found: Result<usize, Error>,
}

/// Asks each URL for the metrics of resources in an interval.
pub(super) async fn all_in(clients: &[Client], interval: Interval, deadline: Instant) -> Vec<CockpitHealth> {
    join_all(clients.iter().map(async |client| {
        let names = client.label_values("__name__", &[OF_RESOURCES], interval, deadline).await;
        CockpitHealth { host: client.host().to_owned(), found: names.map(|names| names.len()) }
    }))
    .await
}

impl CockpitHealth {
    /// Whether the URL answers, also without any metric.
    pub(super) fn answers(&self) -> bool {
        self.found.is_ok()
    }

    /// The result with its advice, for people.
    fn sentence(&self) -> String {
        let Self { host, found } = self;
        match found {
            Ok(0) => format!(
                "Cockpit answers at {host}, and has no series with the label resource_id in the last hour: check that cockpitUrls has \
                 the data source of Scaleway's metrics, not one of your own metrics."
            ),
            Ok(metrics) => format!("Cockpit answers at {host}. Metrics of resources in the last hour: {metrics}."),
            Err(error @ (Error::Unauthorized { .. } | Error::Forbidden { .. })) => {
                format!("Wrong Cockpit token: {error}.")
            }
            Err(error) => format!("Cockpit does not answer: {error}."),
        }
    }
}

/// The results for people, and a word about each token that goes to no URL.
pub(super) fn sentences(settings: Option<&Cockpit>, found: &[CockpitHealth]) -> Vec<String> {
    let idle = settings.iter().flat_map(|cockpit| &cockpit.idle).map(|secret| {
        if found.is_empty() {
            format!("{secret} has no effect, since cockpitUrls is empty.")
        } else {
            format!("{secret} has no effect, since cockpitUrls has no URL of that host.")
        }
    });
    found.iter().map(CockpitHealth::sentence).chain(idle).collect()
}
