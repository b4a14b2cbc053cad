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
//! `docs/architecture.md` has the whole picture.

pub mod event;
pub mod frame;
pub mod plugin;
pub mod query;
pub mod risk;
pub mod scaleway;
pub mod settings;
pub mod trail;
