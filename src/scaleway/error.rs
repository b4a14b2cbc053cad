//! The errors of calls to Scaleway.

use reqwest::StatusCode;
use serde::Deserialize;

use crate::transport::{self, Client, MAX_ANSWER_BYTES, Refused, SetupError};

/// The error of a call, with a text for people; no text contains the secret key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// 401: Scaleway does not know the key.
    #[error(
        "Scaleway does not accept the secret key (HTTP 401{reason}). Check that the key exists and has not expired, and \
         enter its secret key (a UUID), not its access key (SCW...)"
    )]
    Unauthorized {
        /// Scaleway's reason, such as `: expired`.
        reason: String,
    },
    /// 403: the key lacks a permission.
    #[error(
        "Scaleway refuses access (HTTP 403: {message}). Give the key's principal the permission set {permission_set} on \
         the whole organization; a permission granted less than two minutes ago may still be propagating"
    )]
    Forbidden {
        /// The permission set that the call needs.
        permission_set: &'static str,
        /// Scaleway's message.
        message: String,
    },
    /// 400: the API refuses an argument.
    #[error("Scaleway refuses an argument (HTTP 400: {message})")]
    Invalid {
        /// The arguments that Scaleway names.
        arguments: Vec<String>,
        /// Scaleway's message.
        message: String,
    },
    /// 429 until the deadline.
    #[error(
        "Scaleway's rate limit was hit {tries} times in a row (HTTP 429). Ask for a shorter range or a narrower scope, or raise the query timeout"
    )]
    RateLimited {
        /// The number of tries.
        tries: u32,
    },
    /// Any other status outside 2xx.
    #[error("Scaleway answers HTTP {status}: {message}")]
    Status {
        /// The status.
        status: u16,
        /// Scaleway's message, or the status line's text.
        message: String,
        /// The missing resource, if the answer names it, such as `project_id`.
        about: Option<String>,
    },
    /// No connection, or a broken one.
    #[error("{host} cannot be reached: {message}. Check the network, the proxy, and the setting apiUrl")]
    Unreachable {
        /// The API's host.
        host: String,
        /// The network's error.
        message: String,
    },
    /// No answer in time.
    #[error("{host} did not answer within {seconds} s. Ask for a shorter range, or raise the timeouts in the settings")]
    Timeout {
        /// The API's host.
        host: String,
        /// The time waited.
        seconds: u64,
    },
    /// A success whose body is too large; a smaller page may fit.
    #[error("the answer of {host} is larger than {} MiB", MAX_ANSWER_BYTES >> 20)]
    TooLarge {
        /// The API's host.
        host: String,
    },
    /// A success whose body cannot be read.
    #[error("the answer of {host} cannot be read: {message}")]
    Unreadable {
        /// The API's host.
        host: String,
        /// The parser's error.
        message: String,
    },
}

impl Error {
    /// Whether the error means that the target of the call does not exist: a region, or the service in that region.
    pub(crate) fn is_absence(&self) -> bool {
        match self {
            // The missing resource may be something within the region.
            Self::Status { status: 404, about, .. } => about.as_deref().is_none_or(|about| about.contains("region")),
            Self::Status { status: 501, .. } => true,
            Self::Invalid { arguments, .. } => arguments.iter().any(|argument| argument == "region"),
            _ => false,
        }
    }

    /// The HTTP status that shows Grafana the kind of failure.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Unauthorized { .. } => 401,
            Self::Forbidden { .. } => 403,
            Self::Invalid { .. } => 400,
            Self::RateLimited { .. } => 429,
            Self::Status { status: status @ 400.., .. } => *status,
            Self::Timeout { .. } => 504,
            // Another status, such as a redirect's, would not look like an error to Grafana.
            Self::Status { .. } | Self::Unreachable { .. } | Self::Unreadable { .. } | Self::TooLarge { .. } => 502,
        }
    }

    /// The message without its advice, as a clause for a longer sentence.
    ///
    /// # Panics
    /// Never: the messages of these kinds end with advice.
    #[must_use]
    pub fn summary(&self) -> String {
        let text = self.to_string();
        let advice = match self {
            Self::Unauthorized { .. } => ". Check that the key",
            Self::Forbidden { .. } => ". Give the key's principal",
            Self::RateLimited { .. } | Self::Timeout { .. } => ". Ask for a shorter range",
            Self::Unreachable { .. } => ". Check the network",
            Self::Invalid { .. } | Self::Status { .. } | Self::TooLarge { .. } | Self::Unreadable { .. } => {
                return text;
            }
        };
        text.rsplit_once(advice).expect("the message ends with advice").0.to_owned()
    }

    /// The error of a client's set-up.
    pub(super) fn from_setup(error: &SetupError, host: &str) -> Self {
        match error {
            SetupError::Secret => Self::Unauthorized { reason: ": the key is not printable ASCII".to_owned() },
            SetupError::Http(error) => {
                Self::Unreachable { host: host.to_owned(), message: format!("the HTTP client: {error}") }
            }
        }
    }

    /// The error of a failed call that needs `permission_set`.
    pub(super) fn from_call(
        error: transport::Error,
        permission_set: &'static str,
        client: &Client,
        host: &str,
    ) -> Self {
        let host = host.to_owned();
        match error {
            transport::Error::Refused(refused) => Self::from_refusal(&refused, permission_set, client),
            transport::Error::Timeout { seconds } => Self::Timeout { host, seconds },
            transport::Error::Unreachable { message } => Self::Unreachable { host, message },
            transport::Error::TooLarge => Self::TooLarge { host },
            transport::Error::Unreadable { message } => Self::Unreadable { host, message },
        }
    }

    /// The error of a status outside 2xx; the key is removed from the answer's texts.
    fn from_refusal(refused: &Refused, permission_set: &'static str, client: &Client) -> Self {
        let refusal: Refusal = refused.json();
        let message = refusal.message(refused.status, client);
        match refused.status.as_u16() {
            400 => {
                let arguments = refusal.details.into_iter().filter_map(|detail| detail.argument_name).collect();
                Self::Invalid { arguments, message }
            }
            401 => {
                let reason = client.redact(refusal.reason.as_deref().unwrap_or_default());
                Self::Unauthorized { reason: if reason.is_empty() { reason } else { format!(": {reason}") } }
            }
            403 => Self::Forbidden { permission_set, message },
            429 => Self::RateLimited { tries: refused.tries },
            status => {
                let about = client.redact(refusal.resource.as_deref().unwrap_or_default());
                Self::Status { status, message, about: Some(about).filter(|about| !about.is_empty()) }
            }
        }
    }
}

/// An error's body. Source: Scaleway's clients, `scw/errors.go`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    message: Option<String>,
    reason: Option<String>,
    resource: Option<String>,
    details: Vec<Detail>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Detail {
    argument_name: Option<String>,
    reason: Option<String>,
    help_message: Option<String>,
    action: Option<String>,
    resource: Option<String>,
}

impl Refusal {
    /// Scaleway's message with its details, or the status line's text.
    fn message(&self, status: StatusCode, client: &Client) -> String {
        let words = status.canonical_reason().unwrap_or("no reason given");
        let mut message = client.redact(self.message.as_deref().filter(|m| !m.is_empty()).unwrap_or(words));
        for detail in self.details.iter().take(5) {
            let parts = [&detail.argument_name, &detail.reason, &detail.help_message, &detail.action, &detail.resource];
            let parts: Vec<String> =
                parts.into_iter().flatten().map(|part| client.redact(part)).filter(|p| !p.is_empty()).collect();
            message.push_str("; ");
            message.push_str(&parts.join(" "));
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_region_or_service_is_an_absence() {
        let status = |status: u16, about: Option<&str>| {
            let about = about.map(str::to_owned);
            Error::Status { status, message: String::new(), about }.is_absence()
        };
        assert!(status(404, None) && status(501, None) && status(404, Some("region")));
        assert!(!status(404, Some("project_id")) && !status(404, Some("organization")));
        assert!(![400, 405, 410, 429, 500, 502, 503, 504].into_iter().any(|code| status(code, None)));
        let invalid = |argument: &str| {
            Error::Invalid { arguments: vec![argument.to_owned()], message: String::new() }.is_absence()
        };
        assert!(invalid("region") && !invalid("page_size") && !invalid("organization_id"));
        let (host, message) = (String::new(), String::new());
        assert!(!Error::Timeout { host: host.clone(), seconds: 1 }.is_absence());
        assert!(!Error::Unreachable { host, message: message.clone() }.is_absence());
        assert!(!Error::Forbidden { permission_set: "", message }.is_absence());
    }

    #[test]
    fn a_summary_is_the_message_without_its_advice() {
        let (host, message) = ("api.example.com".to_owned(), "no. Check the network. Ask for more".to_owned());
        for (error, summary) in [
            (
                Error::Unauthorized { reason: ": expired".to_owned() },
                "Scaleway does not accept the secret key (HTTP 401: expired)",
            ),
            (
                Error::Forbidden { permission_set: "IAMReadOnly", message: message.clone() },
                "Scaleway refuses access (HTTP 403: no. Check the network. Ask for more)",
            ),
            (
                Error::Invalid { arguments: Vec::new(), message: message.clone() },
                "Scaleway refuses an argument (HTTP 400: no. Check the network. Ask for more)",
            ),
            (Error::RateLimited { tries: 3 }, "Scaleway's rate limit was hit 3 times in a row (HTTP 429)"),
            (Error::Status { status: 503, message: "busy".to_owned(), about: None }, "Scaleway answers HTTP 503: busy"),
            (
                Error::Unreachable { host: host.clone(), message },
                "api.example.com cannot be reached: no. Check the network. Ask for more",
            ),
            (Error::Timeout { host: host.clone(), seconds: 2 }, "api.example.com did not answer within 2 s"),
            (Error::TooLarge { host: host.clone() }, "the answer of api.example.com is larger than 64 MiB"),
            (
                Error::Unreadable { host, message: "HTML".to_owned() },
                "the answer of api.example.com cannot be read: HTML",
            ),
        ] {
            assert_eq!(error.summary(), summary);
        }
    }
}
