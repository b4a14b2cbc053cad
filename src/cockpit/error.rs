//! Why a call to Cockpit failed, and what to do about it.

use reqwest::StatusCode;

use super::json::Refusal;
use crate::transport::{self, Client, MAX_ANSWER_BYTES, SetupError};

/// Which data source a call goes to, for its errors.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The host, with its port where that is not https' own.
    pub(super) host: String,
    /// The name of the setting with the token.
    pub(super) secret: String,
}

/// Why a call failed, for people to read; no text contains the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// 401: the token is not one that Cockpit knows.
    #[error(
        "{host} does not accept the Cockpit token (HTTP 401: {message}). Enter as {secret} the secret key of a token of the \
         same project and region that may query metrics"
    )]
    Unauthorized {
        /// The data source's host.
        host: String,
        /// The name of the setting with the token.
        secret: String,
        /// Cockpit's message.
        message: String,
    },
    /// 403: the token may not query metrics.
    #[error(
        "the Cockpit token may not query metrics of {host} (HTTP 403: {message}). Create a token of the same project and \
         region with the scope to query metrics, and enter its secret key as {secret}"
    )]
    Forbidden {
        /// The data source's host.
        host: String,
        /// The name of the setting with the token.
        secret: String,
        /// Cockpit's message.
        message: String,
    },
    /// 404: there is no data source of metrics.
    #[error(
        "there are no Cockpit metrics at {host} (HTTP 404: {message}). Copy the URL of a data source of metrics from the console's \
         Cockpit page into cockpitUrls; a region without Cockpit has none"
    )]
    Absent {
        /// The data source's host.
        host: String,
        /// Cockpit's message.
        message: String,
    },
    /// `bad_data`: the expression, a selector or a parameter is not valid.
    #[error("Cockpit refuses the PromQL expression: {message}. Correct the expression")]
    Expression {
        /// Prometheus' message, with the position in the expression.
        message: String,
    },
    /// `execution` or `timeout`: the expression is valid and was not evaluated to its end.
    #[error("Cockpit cannot evaluate the PromQL expression: {message}. Let it select fewer series or a shorter time")]
    Evaluation {
        /// The HTTP status.
        status: u16,
        /// Prometheus' message.
        message: String,
    },
    /// An expression of one moment whose value is none of that moment.
    #[error(
        "the PromQL expression is {kind}, and not a number. Apply a function that makes it one, such as rate(x[5m])"
    )]
    NoNumber {
        /// The type of the answer.
        kind: &'static str,
    },
    /// 429 until the deadline.
    #[error(
        "Cockpit's rate limit was hit {tries} times in a row (HTTP 429). Ask for a shorter range, or raise the query timeout"
    )]
    RateLimited {
        /// How often it was tried.
        tries: u32,
    },
    /// A redirect, which is not followed.
    #[error(
        "{host} redirects to another address (HTTP {status}), and the Cockpit token goes to no other. Enter the address itself in \
         cockpitUrls"
    )]
    Redirect {
        /// The data source's host.
        host: String,
        /// The status.
        status: u16,
    },
    /// Any other status that is no success.
    #[error("Cockpit answers HTTP {status}: {message}")]
    Status {
        /// The status.
        status: u16,
        /// Cockpit's message, or the status line's words.
        message: String,
    },
    /// No connection, or one that broke.
    #[error("{host} cannot be reached: {message}. Check the network, the proxy, and the setting cockpitUrls")]
    Unreachable {
        /// The data source's host.
        host: String,
        /// The network's error.
        message: String,
    },
    /// No answer in time.
    #[error("{host} did not answer within {seconds} s. Ask for a shorter range, or raise the timeouts in the settings")]
    Timeout {
        /// The data source's host.
        host: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A success whose body is too large.
    #[error("the answer of {host} is larger than {} MiB. Let the expression select fewer series", MAX_ANSWER_BYTES >> 20)]
    TooLarge {
        /// The data source's host.
        host: String,
    },
    /// A success whose body cannot be read.
    #[error("the answer of {host} cannot be read: {message}")]
    Unreadable {
        /// The data source's host.
        host: String,
        /// The fault.
        message: String,
    },
}

impl Error {
    /// The HTTP status by which Grafana knows the kind of failure.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Expression { .. } | Self::NoNumber { .. } => 400,
            Self::Unauthorized { .. } => 401,
            Self::Forbidden { .. } => 403,
            Self::Absent { .. } => 404,
            Self::RateLimited { .. } => 429,
            Self::Evaluation { status: status @ 400.., .. } | Self::Status { status: status @ 400.., .. } => *status,
            Self::Timeout { .. } => 504,
            Self::Evaluation { .. }
            | Self::Redirect { .. }
            | Self::Status { .. }
            | Self::Unreachable { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. } => 502,
        }
    }

    /// What the failure of a client's set-up means for the settings.
    pub(super) fn from_setup(error: &SetupError, target: &Target) -> Self {
        let Target { host, secret } = target.clone();
        match error {
            SetupError::Secret => {
                Self::Unauthorized { host, secret, message: "the token is not printable ASCII".to_owned() }
            }
            SetupError::Http(error) => Self::Unreachable { host, message: format!("the HTTP client: {error}") },
        }
    }

    /// What the failure of a call means; texts of the answer lose the token.
    pub(super) fn from_call(error: transport::Error, client: &Client, target: &Target) -> Self {
        let host = target.host.clone();
        match error {
            transport::Error::Refused(refused) if refused.status == StatusCode::TOO_MANY_REQUESTS => {
                Self::RateLimited { tries: refused.tries }
            }
            transport::Error::Refused(refused) => Self::from_refusal(refused.status, &refused.json(), client, target),
            transport::Error::Timeout { seconds } => Self::Timeout { host, seconds },
            transport::Error::Unreachable { message } => Self::Unreachable { host, message },
            transport::Error::TooLarge => Self::TooLarge { host },
            transport::Error::Unreadable { message } => Self::Unreadable { host, message },
        }
    }

    /// What a refusal means, also one with a status of success.
    pub(super) fn from_refusal(status: StatusCode, refusal: &Refusal, client: &Client, target: &Target) -> Self {
        let words = status.canonical_reason().unwrap_or("no reason given");
        let message = client.redact(if refusal.error.is_empty() { words } else { &refusal.error });
        let Target { host, secret } = target.clone();
        match (status.as_u16(), refusal.kind.as_str()) {
            (401, _) => Self::Unauthorized { host, secret, message },
            (403, _) => Self::Forbidden { host, secret, message },
            (404, _) => Self::Absent { host, message },
            (status @ 300..400, _) => Self::Redirect { host, status },
            (_, "bad_data") | (400, "") => Self::Expression { message },
            (status, "execution" | "timeout" | "canceled") => Self::Evaluation { status, message },
            (status, _) => Self::Status { status, message },
        }
    }
}
