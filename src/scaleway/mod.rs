//! HTTP to Scaleway: the Audit Trail, IAM, Account and Resource Explorer APIs.

pub mod account;
mod adaptive_limit;
pub mod audit_trail;
mod clock;
pub mod explorer;
mod filter;
mod grant;
pub mod http;
pub mod iam;
mod list;
pub mod lookup;

pub use http::{Client, Error, Meter};
pub use lookup::{Found, Lookup, Stale};
