//! A simulated Scaleway organisation behind real HTTP, for demos, tests and benchmarks.
//!
//! It answers as the Audit Trail, IAM, Account and Resource Explorer APIs do, byte for byte where answers have been published, with the events
//! of an ordinary week, an incident in its last hours, and any [`Fault`] one wants to survive. It listens on loopback only:
//! its keys are in this file.
//!
//! ```no_run
//! # async fn example() -> Result<(), audittrail::sandbox::Error> {
//! use audittrail::sandbox::{Config, Endpoint, Fault, start};
//!
//! let sandbox = start(Config { events: 5_000, faults: vec![Fault::TooManyRequests.first(2)], ..Config::default() }).await?;
//! let events = format!("{}/audit-trail/v1alpha1/regions/fr-par/events", sandbox.url());
//! // ... ask, with X-Auth-Token: sandbox::SECRET_KEY and organization_id=sandbox::ORGANIZATION_ID ...
//! assert_eq!(sandbox.calls().to(Endpoint::Events), 0);
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! | file | what it knows |
//! |---|---|
//! | `organisation` | who and what there is |
//! | `catalogue`, `products` | what can happen, as data |
//! | `traffic` | what happens on ordinary days |
//! | `incident` | what happens in the last hours |
//! | `metrics` | what the metrics say meanwhile |
//! | `render` | how an event is written |
//! | `recorded` | real answers instead |
//! | `endpoint`, `query` | what can be asked, and how it is refused |
//! | `list`, `token`, `page`, `iam`, `explorer` | how the answer is found, paged and written |
//! | `fault` | what goes wrong |
//! | `state`, `calls` | what all calls share, and what was asked |
//! | `server` | HTTP |

mod calls;
mod catalogue;
mod config;
mod endpoint;
mod entities;
mod error;
mod explorer;
mod fault;
mod iam;
mod ids;
mod incident;
mod list;
mod metrics;
mod organisation;
mod page;
mod products;
mod query;
mod recorded;
mod region;
mod render;
mod running;
mod server;
mod state;
mod story;
#[cfg(test)]
mod tests;
mod token;
mod traffic;

pub use calls::Calls;
pub use config::{
    Config, Grant, KEY_FOR_THE_TRAIL_ALONE, KEY_STILL_PROPAGATING, KEY_WITHOUT_AUDIT_TRAIL, KEY_WITHOUT_IAM, SECRET_KEY,
};
pub use endpoint::Endpoint;
pub use entities::{Application, Project, Resource, User};
pub use error::Error;
pub use fault::{Fault, FaultPlan, UnknownFault, When};
pub use incident::Incident;
pub use list::Kind;
pub use metrics::{Series, VCPUS};
pub use organisation::{ORGANIZATION_ID, OWNER_ID, Organisation};
pub use running::{Sandbox, start};
