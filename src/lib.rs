//! Who did what when a metric moved: a Grafana data source for Scaleway Audit Trail.
//!
//! One question comes down the stairs from Grafana, one answer goes back up; each floor knows only those below it:
//!
//! - [`plugin`]: the door, Grafana's protocol and nothing else
//! - [`query`]: the desk, what can be asked and how each question is answered
//! - [`risk`]: what an event means
//! - [`trail`]: the archive, where answers get their events from
//! - [`scaleway`]: the street, HTTP to Scaleway
//! - [`event`], [`frame`], [`settings`]: the nouns that everything speaks of
//!
//! Beside the stairs, and not linked into what Grafana starts: `sandbox`, a simulated organisation behind real HTTP, and
//! `host`, which starts the plugin as Grafana does.
//!
//! `docs/architecture.md` has the whole picture.

pub mod event;
pub mod frame;
#[cfg(feature = "terminal")]
pub mod host;
pub mod plugin;
pub mod query;
pub mod risk;
#[cfg(feature = "terminal")]
pub mod sandbox;
pub mod scaleway;
pub mod settings;
pub mod trail;
