//! The street: HTTP to Scaleway, and what its APIs say.

pub mod account;
pub mod audit_trail;
mod clock;
pub mod explorer;
mod grant;
pub mod http;
pub mod iam;
mod list;
pub mod lookup;
mod pace;

pub use http::{Client, Error, Meter};
pub use lookup::{Found, Lookup, Stale};
