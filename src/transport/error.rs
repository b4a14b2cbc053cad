//! The errors of calls to any service.

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use serde::de::DeserializeOwned;

use super::retry::Failure;

/// The most bytes of one answer: a page of 100 events stays far below, a single event can have a body of 10 MB.
pub(crate) const MAX_ANSWER_BYTES: usize = 64 << 20;

/// The error of a client's set-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SetupError {
    /// The secret cannot be a header's value.
    Secret,
    /// The HTTP client cannot be set up.
    Http(String),
}

/// The error of a call; no text contains the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// A status outside 2xx.
    Refused(Refused),
    /// No answer in time.
    Timeout {
        /// The time waited.
        seconds: u64,
    },
    /// No connection, or a broken one.
    Unreachable {
        /// The network's error.
        message: String,
    },
    /// A success whose body is too large.
    TooLarge,
    /// A success whose body cannot be read.
    Unreadable {
        /// The parser's error.
        message: String,
    },
}

/// An answer with a status outside 2xx.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The status.
    pub(crate) status: StatusCode,
    /// Whether the body claims to be JSON.
    pub(crate) is_json: bool,
    /// The body, unchanged: it may echo the secret.
    pub(crate) body: Vec<u8>,
    /// The wait that the service asks for.
    pub(crate) retry_after: Option<Duration>,
    /// The number of tries, this one included.
    pub(crate) tries: u32,
}

impl fmt::Debug for Refused {
    /// Without the body, which may echo the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("status", &self.status).field("tries", &self.tries).finish_non_exhaustive()
    }
}

impl Refused {
    /// The body, if it is JSON of this shape, and else the default.
    pub(crate) fn json<T: DeserializeOwned + Default>(&self) -> T {
        if self.is_json { serde_json::from_slice(&self.body).unwrap_or_default() } else { T::default() }
    }
}

impl Error {
    /// The status of a refusal.
    pub(super) fn refusal(&self) -> Option<StatusCode> {
        if let Self::Refused(refused) = self { Some(refused.status) } else { None }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        if let Self::Refused(refused) = self { refused.retry_after } else { None }
    }

    /// The outcome's name, for metrics, and the kind of failure, for the decision about another try; a refusal (403) counts
    /// as lasting.
    pub(super) fn outcome(&self) -> (&'static str, Failure) {
        match self {
            Self::Refused(refused) => match refused.status.as_u16() {
                400 => ("invalid", Failure::Lasting),
                401 => ("unauthorized", Failure::Lasting),
                403 => ("forbidden", Failure::Lasting),
                429 => ("rate_limited", Failure::Passing),
                // A retry does not implement the endpoint.
                501 => ("failed", Failure::Lasting),
                500.. => ("failed", Failure::Unavailable),
                _ => ("failed", Failure::Lasting),
            },
            Self::Unreachable { .. } => ("unreachable", Failure::Unavailable),
            Self::Timeout { .. } => ("timeout", Failure::Timeout),
            Self::Unreadable { .. } => ("unreadable", Failure::Unreadable),
            Self::TooLarge => ("unreadable", Failure::Lasting),
        }
    }
}
