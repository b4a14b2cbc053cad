//! The street: HTTP to Scaleway, and what its APIs say.

pub mod account;
mod adaptive_limit;
pub mod audit_trail;
mod clock;
pub mod explorer;
mod grant;
pub mod http;
pub mod iam;
mod list;
pub mod lookup;

pub use http::{Client, Error, Meter};
pub use lookup::{Found, Lookup, Stale};
