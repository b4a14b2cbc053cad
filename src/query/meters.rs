//! The metrics of what data sources call and cache.

use prometheus::core::Collector;

use super::profile_store;
use crate::cache;
use crate::transport::Meter;

/// The metrics of all data sources; one for the whole process. Clones count together.
#[derive(Clone, Debug)]
pub struct Meters {
    /// Of calls to Scaleway's API.
    pub scaleway: Meter,
    /// Of calls to Cockpit.
    pub cockpit: Meter,
    /// Of the cached events.
    pub cache: cache::Meter,
    /// Of the profiles of usual events.
    pub profile: profile_store::Meter,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            scaleway: Meter::new("audittrail_upstream", "Scaleway's API"),
            cockpit: Meter::new("audittrail_cockpit", "Cockpit"),
            cache: cache::Meter::default(),
            profile: profile_store::Meter::default(),
        }
    }
}

impl Meters {
    /// The collectors, for a registry.
    pub fn collectors(&self) -> impl Iterator<Item = Box<dyn Collector>> {
        let cached = [self.cache.collectors(), self.profile.collectors()];
        [self.scaleway.collectors(), self.cockpit.collectors()].into_iter().chain(cached).flatten()
    }
}
