//! Scaleway's APIs: Audit Trail, IAM, Account and Resource Explorer.

pub mod account;
pub mod audit_trail;
pub mod explorer;
mod filter;
mod grant;
pub mod http;
pub mod iam;
mod list;
pub mod lookup;

pub use http::{Client, Error, Meter};
pub use lookup::{Found, Lookup, Stale};
