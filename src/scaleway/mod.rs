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
pub mod lookup;
mod meter;

pub use client::{Call, Client};
pub use error::Error;
pub use lookup::{Found, Lookup, Stale};
pub use meter::Meter;
