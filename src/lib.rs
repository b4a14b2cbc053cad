//! Who did what when a metric moved: a Grafana data source for Scaleway Audit Trail.
//!
//! Each layer depends only on the layers below it:
//!
//! - [`plugin`]: Grafana's protocol and nothing else
//! - [`query`]: the questions, and the answer to each
//! - [`detection`]: Sigma rules over events; [`investigation`]: the anomalous spans of a metric; `profile`: how usual an
//!   event is
//! - [`risk`]: the risk of an event
//! - [`cache`]: the events, each fetched from Scaleway once
//! - [`scaleway`]: Scaleway's APIs; [`cockpit`]: metrics of its Cockpit
//! - `transport`: HTTP to any service
//! - [`event`], [`frame`], [`locale`], [`settings`], [`time`], `lenient`, `hidden`: the types, sentences and readers that all
//!   layers share
//!
//! The plugin does not link three modules beside the layers: `sandbox`, a simulated organization behind real HTTP, `host`,
//! which starts the plugin as Grafana does, and `rule_cases`, which reads the cases beside the detection rules.
//!
//! `docs/architecture.md` has the whole picture.

pub mod cache;
pub mod cockpit;
pub mod detection;
pub mod event;
pub mod frame;
mod hidden;
#[cfg(feature = "terminal")]
pub mod host;
pub mod investigation;
mod lenient;
pub mod locale;
pub mod plugin;
mod profile;
pub mod query;
pub mod risk;
#[cfg(feature = "terminal")]
pub mod rule_cases;
#[cfg(feature = "terminal")]
pub mod sandbox;
pub mod scaleway;
pub mod settings;
pub mod time;
mod transport;
