//! Scaleway's APIs: Audit Trail, IAM, Account and Resource Explorer.

pub mod account;
pub mod audit_trail;
mod client;
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
