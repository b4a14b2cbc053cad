//! HTTP to any service: it knows none by name.

mod adaptive_limit;
mod clock;
mod retry;

pub(crate) use adaptive_limit::AdaptiveLimit;
pub(crate) use clock::{Clock, local};
pub(crate) use retry::{Failure, next_delay, retry_after};
