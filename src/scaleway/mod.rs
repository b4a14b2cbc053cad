//! The street: HTTP to Scaleway, and what its APIs say.

pub mod audit_trail;
mod clock;
pub mod http;
pub mod iam;
mod pace;

pub use http::{Client, Error, Meter};
