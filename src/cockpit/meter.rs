//! The metrics of calls to Cockpit.

use prometheus::core::Collector;

use crate::transport;

/// Counts calls by outcome and measures how long they take; one for the whole process.
#[derive(Clone, Debug)]
pub struct Meter(pub(super) transport::Meter);

impl Default for Meter {
    fn default() -> Self {
        Self(transport::Meter::new("audittrail_cockpit", "Cockpit"))
    }
}

impl Meter {
    /// The collectors, for a registry.
    #[must_use]
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        self.0.collectors()
    }
}
