//! HTTP to any service, without knowledge of particular services.

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

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use access::{Access, Lasting};
pub(crate) use auth::Auth;
pub(crate) use client::{Client, Config, Request};
pub(crate) use error::{Error, MAX_ANSWER_BYTES, Refused, SetupError};
pub(crate) use meter::Meter;
