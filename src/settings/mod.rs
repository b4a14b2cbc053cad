//! The settings of a data source.

mod certificate;
mod cockpit;
mod data_source;
mod detection;
mod field;
mod region;
#[cfg(test)]
mod tests;
mod unknown;

pub use cockpit::{Cockpit, MetricsUrl};
pub use data_source::{DEFAULT_MAX_EVENTS, Settings};
pub(crate) use field::is_loopback;
pub use field::{API_URL, Error};
pub use region::{DEFAULT_REGIONS, REGIONS};
pub use unknown::Unknown;

pub(crate) use cockpit::metrics_url;
pub(crate) use data_source::fingerprint;
pub(crate) use detection::detection_root;
pub(crate) use region::{REGIONS_ALLOWED, is_region};
