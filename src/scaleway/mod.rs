//! Scaleway's APIs: Audit Trail, IAM, Account, Resource Explorer and Cockpit.

pub mod account;
pub mod audit_trail;
mod client;
pub mod cockpit;
mod error;
pub mod explorer;
mod filter;
mod grant;
pub mod iam;
mod list;
mod list_key;
mod lookup;

pub use client::Client;
pub use error::Error;
pub(crate) use lookup::Lookup;
pub use lookup::{Found, Stale};
