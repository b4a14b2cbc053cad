use std::sync::Arc;

use super::failures::Failures;
use super::instance::Instances;
use super::metrics::Metrics;

/// The state that all services of the process share.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) instances: Arc<Instances>,
    pub(super) metrics: Metrics,
    pub(super) failures: Failures,
}
