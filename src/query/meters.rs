//! The metrics of what data sources call and cache.

use prometheus::core::Collector;

use crate::{cache, cockpit, scaleway};

/// The metrics of all data sources; one for the whole process. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Meters {
    /// Of calls to Scaleway's API.
    pub scaleway: scaleway::Meter,
    /// Of calls to Cockpit.
    pub cockpit: cockpit::Meter,
    /// Of the cached events.
    pub cache: cache::Meter,
}

impl Meters {
    /// The collectors, for a registry.
    pub fn collectors(&self) -> impl Iterator<Item = Box<dyn Collector>> {
        [self.scaleway.collectors(), self.cockpit.collectors(), self.cache.collectors()].into_iter().flatten()
    }
}
