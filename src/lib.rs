//! Who did what when a metric moved: a Grafana data source for Scaleway Audit Trail.
//!
//! Each layer depends only on the layers below it:
//!
//! - [`plugin`]: Grafana's protocol and nothing else
//! - [`query`]: what can be asked, and how each question is answered
//! - [`risk`]: what an event means; [`investigation`]: where a metric left its band, and since when
//! - [`cache`]: the events, each fetched from Scaleway once
//! - [`scaleway`]: Scaleway's APIs
//! - `transport`: HTTP to any service
//! - [`event`], [`frame`], [`settings`], [`time`]: the types of all layers, and `lenient`: JSON values as people write them
//!
//! Beside the layers, and not linked into the plugin: `sandbox`, a simulated organization behind real HTTP, and `host`, which
//! starts the plugin as Grafana does.
//!
//! `docs/architecture.md` has the whole picture.

pub mod cache;
pub mod event;
pub mod frame;
#[cfg(feature = "terminal")]
pub mod host;
pub mod investigation;
mod lenient;
pub mod plugin;
pub mod query;
pub mod risk;
#[cfg(feature = "terminal")]
pub mod sandbox;
pub mod scaleway;
pub mod settings;
pub mod time;
mod transport;
