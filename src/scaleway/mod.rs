//! The street: HTTP to Scaleway, and what its APIs say.

pub mod audit_trail;
mod clock;
mod grant;
pub mod http;
pub mod iam;
pub mod lookup;
mod pace;

pub use http::{Client, Error, Meter};
pub use lookup::{Found, Lookup, Stale};
