//! Query strings, and the API's refusals of invalid ones.

use chrono::{DateTime, Utc};

use super::event::Nanos;

/// The parameters of a call, in their order; a key may come several times.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

/// A refused call: status and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Refusal {
    /// 400, in the recorded shape.
    pub(super) fn argument(name: &str, reason: &str, help: &str) -> Self {
        Self {
            status: 400,
            body: format!(
                r#"{{"type":"invalid_arguments","message":"invalid argument(s)","details":[{{"argument_name":"{name}","reason":"{reason}","help_message":"{help}"}}]}}"#
            ),
        }
    }

    /// 401. No recording is public; the members are those that Scaleway's own client reads.
    pub(super) fn unauthenticated(method: &str, reason: &str) -> Self {
        Self {
            status: 401,
            body: format!(
                r#"{{"message":"authentication is denied","method":"{method}","reason":"{reason}","type":"denied_authentication"}}"#
            ),
        }
    }

    /// 403, as recorded.
    pub(super) fn denied(resource: &str) -> Self {
        let details =
            if resource.is_empty() { String::new() } else { format!(r#"{{"action":"read","resource":"{resource}"}}"#) };
        Self {
            status: 403,
            body: format!(
                r#"{{"details":[{details}],"message":"insufficient permissions","type":"permissions_denied"}}"#
            ),
        }
    }

    /// 404 of a path that does not exist.
    pub(super) fn not_found() -> Self {
        Self { status: 404, body: r#"{"message":"Not Found"}"#.to_owned() }
    }
}

impl Parameters {
    pub(super) fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// Whether a parameter that may be repeated selects a value; without it, everything is selected.
    pub(super) fn selects(&self, name: &str, value: &str) -> bool {
        let mut wanted = self.0.iter().filter(|(key, _)| key == name).peekable();
        wanted.peek().is_none() || wanted.any(|(_, wanted)| wanted == value)
    }

    /// The first value; an empty one counts as none.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.first(name).ok_or_else(|| Refusal::argument(name, "required", "this argument is required"))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let number = self.first(name).map(str::parse).transpose();
        number.map_err(|_| Refusal::argument(name, "format", "value must be a positive integer"))
    }

    pub(super) fn page_size(&self, most: usize) -> Result<Option<usize>, Refusal> {
        match self.number("page_size")? {
            Some(size) if !(1..=most).contains(&size) => {
                Err(Refusal::argument("page_size", "constraint", &format!("Value must be between 1 and {most}")))
            }
            size => Ok(size),
        }
    }

    pub(super) fn time(&self, name: &str) -> Result<Option<Nanos>, Refusal> {
        let Some(text) = self.first(name) else { return Ok(None) };
        let time = DateTime::parse_from_rfc3339(text)
            .map_err(|_| Refusal::argument(name, "format", "value must be an RFC 3339 timestamp"))?;
        // Years beyond the range of nanoseconds are the end of time.
        let time = time.with_timezone(&Utc);
        let limit = if time < DateTime::UNIX_EPOCH { Nanos::MIN } else { Nanos::MAX };
        Ok(Some(time.timestamp_nanos_opt().unwrap_or(limit)))
    }
}
