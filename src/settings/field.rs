//! Readers of single settings.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Map, Value};
use url::{Host, Url};

use super::unknown::RENAMED;
use crate::lenient::{self, is_uuid, scalar, whole_number};

/// An invalid setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("setting {field} {problem}. Allowed: {allowed}.")]
pub struct Error {
    /// The setting's name in `jsonData` or `secureJsonData`.
    pub field: &'static str,
    /// The problem, with the value unless it is secret.
    pub problem: String,
    /// The allowed values.
    pub allowed: String,
}

pub(super) fn error(field: &'static str, problem: impl Into<String>, allowed: impl Into<String>) -> Error {
    Error { field, problem: problem.into(), allowed: allowed.into() }
}

/// The URL of Scaleway's API.
pub const API_URL: &str = "https://api.scaleway.com";

/// The settings in `jsonData`.
pub(super) type Data = Map<String, Value>;

/// The value of a setting, also under an old name; null if absent.
pub(super) fn value<'a>(data: &'a Data, field: &str) -> &'a Value {
    let old_names = RENAMED.iter().filter(|(_, new)| *new == field).map(|(old, _)| *old);
    let mut values = std::iter::once(field).chain(old_names).filter_map(|name| data.get(name));
    values.find(|value| !value.is_null()).unwrap_or(&Value::Null)
}

/// A setting as text, also if it is a number or a boolean; `None` if it is absent, null or blank.
pub(super) fn text(field: &'static str, value: &Value, allowed: &str) -> Result<Option<String>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(value.to_string())),
        other => match scalar(other) {
            Some(text) => Ok((!text.is_empty()).then_some(text)),
            None => Err(error(field, "is a list or an object", allowed)),
        },
    }
}

/// A whole number from 1 to `most`.
pub(super) fn number<T: TryFrom<u64>>(data: &Data, field: &'static str, default: u64, most: u64) -> Result<T, Error> {
    let (value, allowed) = (value(data, field), format!("a whole number from 1 to {most}"));
    let number = match text(field, value, &allowed)? {
        None => default,
        Some(text) => whole_number(value, most).ok_or_else(|| error(field, format!("is {text:?}"), allowed))?,
    };
    Ok(T::try_from(number).unwrap_or_else(|_| panic!("{most} fits into the type of {field}")))
}

pub(super) fn seconds(data: &Data, field: &'static str, default: u64, most: u64) -> Result<Duration, Error> {
    number(data, field, default, most).map(Duration::from_secs)
}

/// The lag of events, which is at most the settling time: later events are not fetched again.
pub(super) fn lag(data: &Data, settling: Duration) -> Result<Duration, Error> {
    const DEFAULT: u64 = 120;
    let most = settling.as_secs();
    let value = value(data, "lagSeconds");
    let allowed = format!("a whole number from 1 to {most}, which is settlingSeconds");
    let seconds = match text("lagSeconds", value, &allowed)? {
        None => DEFAULT.min(most),
        Some(text) => whole_number(value, most).ok_or_else(|| error("lagSeconds", format!("is {text:?}"), allowed))?,
    };
    Ok(Duration::from_secs(seconds))
}

/// A boolean, also as text; false where it is absent or blank.
pub(super) fn boolean(data: &Data, field: &'static str) -> Result<bool, Error> {
    let value = value(data, field);
    match text(field, value, "true, false")? {
        None => Ok(false),
        Some(text) => lenient::boolean(value).ok_or_else(|| error(field, format!("is {text:?}"), "true, false")),
    }
}

pub(super) fn uuid(data: &Data, field: &'static str) -> Result<Option<String>, Error> {
    const ALLOWED: &str = "a UUID such as 11111111-2222-3333-4444-555555555555";
    match text(field, value(data, field), ALLOWED)? {
        Some(id) if is_uuid(&id) => Ok(Some(id.to_ascii_lowercase())),
        Some(id) => Err(error(field, format!("is {id:?}"), ALLOWED)),
        None => Ok(None),
    }
}

/// A list of texts: also one text with commas or spaces between them, or a list written as JSON.
pub(super) fn texts(field: &'static str, value: &Value, allowed: &str) -> Result<Vec<String>, Error> {
    if let Value::Array(items) = value {
        let texts: Result<Vec<_>, _> = items.iter().map(|item| text(field, item, allowed)).collect();
        return Ok(texts?.into_iter().flatten().collect());
    }
    let list = text(field, value, allowed)?.unwrap_or_default();
    // A list written out as text, as in environment variables.
    if let Ok(items @ Value::Array(_)) = serde_json::from_str(&list) {
        return texts(field, &items, allowed);
    }
    let texts = list.split(|c: char| c == ',' || c.is_whitespace());
    Ok(texts.filter(|text| !text.is_empty()).map(str::to_owned).collect())
}

pub(super) fn api_url(value: &Value) -> Result<Url, Error> {
    const ALLOWED: &str = "an https URL without path, user or query, or http to a loopback address";
    let text = text("apiUrl", value, ALLOWED)?.unwrap_or_else(|| API_URL.to_owned());
    service_url(&text, &["/"]).map_err(|problem| error("apiUrl", problem, ALLOWED))
}

/// The URL of a service to which a secret may go, with one of some paths. The error is the problem of the URL.
pub(super) fn service_url(text: &str, paths: &[&str]) -> Result<Url, String> {
    // A URL can contain a password: it is quoted only where it certainly has none.
    let url = Url::parse(text).map_err(|e| format!("is not a URL ({e})"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or a password".to_owned());
    }
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if !safe || url.query().is_some() || url.fragment().is_some() || !paths.contains(&url.path()) {
        return Err(format!("is {text:?}"));
    }
    Ok(url)
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

pub(super) fn cache_directory(value: &Value) -> Result<Option<PathBuf>, Error> {
    const ALLOWED: &str = "an absolute path, of a folder that Grafana's user may write to or create";
    match text("cacheDirectory", value, ALLOWED)? {
        None => Ok(None),
        Some(path) if Path::new(&path).is_absolute() => Ok(Some(PathBuf::from(path))),
        Some(path) => Err(error("cacheDirectory", format!("is {path:?}"), ALLOWED)),
    }
}

pub(super) fn secret_key(key: &str) -> Result<SecretString, Error> {
    const ALLOWED: &str = "the secret key of an IAM API key, a UUID";
    let problem = match key.trim() {
        "" => "is empty",
        key if key.starts_with("SCW") => "is an access key (it begins with SCW)",
        key if !key.bytes().all(|byte| byte.is_ascii_graphic()) => "holds spaces or characters outside ASCII",
        key if is_uuid(key) => return Ok(SecretString::from(key)),
        _ => "is not a UUID",
    };
    Err(error("secretKey", problem, ALLOWED))
}
