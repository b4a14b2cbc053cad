//! Query strings, and the API's refusals.

use chrono::DateTime;

use super::event::Nanos;
use crate::time::Time;

/// The parameters of a call, in their order; a key may be repeated.
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
        let body = format!(
            r#"{{"type":"invalid_arguments","message":"invalid argument(s)","details":[{{"argument_name":"{name}","reason":"{reason}","help_message":"{help}"}}]}}"#
        );
        Self { status: 400, body }
    }

    /// 401. No recording is public; Scaleway's own client reads these members.
    pub(super) fn unauthenticated(method: &str, reason: &str) -> Self {
        let body = format!(
            r#"{{"message":"authentication is denied","method":"{method}","reason":"{reason}","type":"denied_authentication"}}"#
        );
        Self { status: 401, body }
    }

    /// 403, as recorded.
    pub(super) fn denied(resource: &str) -> Self {
        let details =
            if resource.is_empty() { String::new() } else { format!(r#"{{"action":"read","resource":"{resource}"}}"#) };
        let body =
            format!(r#"{{"details":[{details}],"message":"insufficient permissions","type":"permissions_denied"}}"#);
        Self { status: 403, body }
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

    /// Whether a repeatable parameter selects a value; an absent parameter selects every value.
    pub(super) fn selects(&self, name: &str, value: &str) -> bool {
        let mut wanted = self.0.iter().filter(|(key, _)| key == name).peekable();
        wanted.peek().is_none() || wanted.any(|(_, wanted)| wanted == value)
    }

    /// The first value of a parameter; an empty value counts as absent.
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
        Ok(Some(Time::from(time.to_utc()).nanos()))
    }
}
