//! A simulated Scaleway organization behind real HTTP, for demos, tests and benchmarks.
//!
//! It answers as the Audit Trail, IAM, Account, Resource Explorer, Cockpit and Kubernetes APIs do, byte for byte where answers have been
//! published, with the events of an ordinary week, an incident in its last hours, and any [`Fault`] of a test. It listens
//! on loopback only: its keys are in this file.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), audittrail::sandbox::Error> {
//! use audittrail::sandbox::{Config, Endpoint, Fault, start};
//!
//! let sandbox = start(Config { events: 5_000, faults: vec![Fault::TooManyRequests.first(2)], ..Config::default() }).await?;
//! let events = format!("{}/audit-trail/v1alpha1/regions/fr-par/events", sandbox.url());
//! // ... get it with X-Auth-Token: sandbox::SECRET_KEY and organization_id=sandbox::ORGANIZATION_ID ...
//! assert_eq!(sandbox.calls().to(Endpoint::Events), 0);
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! | file | content |
//! |---|---|
//! | `organization`, `entities` | users, applications, projects, resources |
//! | `catalogue`, `products` | possible events |
//! | `table`, `tables/` | the rows of these, as data |
//! | `traffic`, `activity` | events of ordinary days |
//! | `incident`, `story` | the incident of the last hours: facts, events |
//! | `metrics` | the metrics of the same resources |
//! | `event`, `json` | events, and their JSON |
//! | `recorded` | real answers instead of simulated ones |
//! | `endpoint`, `query` | paths, parameters, refusals |
//! | `facets` | fields that filters compare |
//! | `list`, `token`, `page`, `iam`, `explorer`, `cockpit`, `kubernetes` | lists and their pages |
//! | `fault` | faults of answers |
//! | `state`, `calls` | shared state, recorded calls |
//! | `server` | HTTP |

mod activity;
mod calls;
mod catalogue;
mod cockpit;
mod config;
mod endpoint;
mod entities;
mod error;
mod event;
mod explorer;
mod facets;
mod fault;
mod iam;
mod ids;
mod incident;
mod json;
mod kubernetes;
mod list;
mod metrics;
mod organization;
mod page;
mod products;
mod query;
mod recorded;
mod region;
mod running;
mod server;
mod state;
mod story;
mod table;
#[cfg(test)]
mod tests;
mod token;
mod traffic;

pub use crate::event::Kind;
pub use calls::Calls;
pub use config::{
    Config, Grant, KEY_FOR_THE_TRAIL_ALONE, KEY_STILL_PROPAGATING, KEY_WITHOUT_AUDIT_TRAIL, KEY_WITHOUT_IAM, SECRET_KEY,
};
pub use endpoint::Endpoint;
pub use entities::{Application, Project, Resource, User};
pub use error::Error;
pub use fault::{Fault, FaultPlan, UnknownFault};
pub use incident::Incident;
pub use metrics::Series;
pub use organization::{ORGANIZATION_ID, Organization};
pub use running::{Sandbox, start};
