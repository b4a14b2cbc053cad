//! Why a call has no answer, whatever the service.

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use serde::de::DeserializeOwned;

use super::retry::Failure;

/// The most bytes of one answer: a page of 100 events stays far below, a single event can have a body of 10 MB.
pub(crate) const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Why there is no client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SetupError {
    /// The secret cannot be a header's value.
    Secret,
    /// The HTTP client cannot be set up.
    Http(String),
}

/// Why a call failed; no text contains the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// A status that is no success.
    Refused(Refused),
    /// No answer in time.
    Timeout {
        /// How long the call waited.
        seconds: u64,
    },
    /// No connection, or one that broke.
    Unreachable {
        /// The network's error.
        message: String,
    },
    /// A success whose body is too large.
    TooLarge,
    /// A success whose body cannot be read.
    Unreadable {
        /// What is wrong with it.
        message: String,
    },
}

/// An answer whose status is no success.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The status.
    pub(crate) status: StatusCode,
    /// Whether the body claims to be JSON.
    pub(crate) is_json: bool,
    /// The body as it came: it may echo the secret.
    pub(crate) body: Vec<u8>,
    /// How long the service asks to wait.
    pub(crate) retry_after: Option<Duration>,
    /// How often the call was tried, this time included.
    pub(crate) tries: u32,
}

impl fmt::Debug for Refused {
    /// Leaves the body out, which may echo the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("status", &self.status).field("tries", &self.tries).finish_non_exhaustive()
    }
}

impl Refused {
    /// The body, where it is JSON of this shape, and else the default.
    #[must_use]
    pub(crate) fn json<T: DeserializeOwned + Default>(&self) -> T {
        if self.is_json { serde_json::from_slice(&self.body).unwrap_or_default() } else { T::default() }
    }
}

impl Error {
    /// The status of a refusal.
    pub(super) fn refusal(&self) -> Option<StatusCode> {
        match self {
            Self::Refused(refused) => Some(refused.status),
            _ => None,
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refused) => refused.retry_after,
            _ => None,
        }
    }

    /// The kind of failure, for the decision about another try; a refusal (403) counts as lasting.
    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::Refused(refused) => match refused.status {
                StatusCode::TOO_MANY_REQUESTS => Failure::Passing,
                // What is not implemented now is not in a moment.
                StatusCode::NOT_IMPLEMENTED => Failure::Lasting,
                status if status.as_u16() >= 500 => Failure::Unavailable,
                _ => Failure::Lasting,
            },
            Self::Unreachable { .. } => Failure::Unavailable,
            Self::Unreadable { .. } => Failure::Unreadable,
            Self::Timeout { .. } => Failure::Timeout,
            Self::TooLarge => Failure::Lasting,
        }
    }

    /// The outcome's name, for metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Refused(refused) => match refused.status.as_u16() {
                400 => "invalid",
                401 => "unauthorized",
                403 => "forbidden",
                429 => "rate_limited",
                _ => "failed",
            },
            Self::Unreachable { .. } => "unreachable",
            Self::Timeout { .. } => "timeout",
            Self::Unreadable { .. } | Self::TooLarge => "unreadable",
        }
    }
}
