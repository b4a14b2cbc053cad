//! The door: Grafana's plugin protocol and nothing else, one file per call.

mod asker;
mod data;
mod door;
mod failures;
mod health;
mod instance;
mod live;
mod log;
mod metrics;
mod resources;
mod serve;
mod wire;

use std::sync::Arc;

pub use serve::{COOKIE_KEY, COOKIE_VALUE, run};
pub use wire::{DataResponse, QueryDataResponse};

/// The greatest message that is taken from Grafana, as in Go plugins: 16 MiB.
pub const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// What all services of the process share.
#[derive(Debug)]
struct Process {
    instances: Arc<instance::Instances>,
    metrics: metrics::Metrics,
    failures: failures::Failures,
}
