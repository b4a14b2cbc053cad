//! HTTP to any service: it knows none by name.

mod access;
mod adaptive_limit;
mod auth;
mod client;
mod clock;
mod error;
mod meter;
mod redact;
mod retry;
mod tls;

pub use access::Access;
pub use auth::Auth;
pub use client::{Client, Config, Request};
pub use error::{Error, MAX_ANSWER_BYTES, Refused, SetupError};
pub use meter::Meter;
