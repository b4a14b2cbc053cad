//! One call to Scaleway: authentication, retries, limits, and errors that say what to do.

use std::time::{Duration, Instant};

use chrono::Utc;
use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounterVec, Opts};
use regex::RegexBuilder;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, StatusCode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::ExposeSecret;
use serde::Deserialize;
use url::Url;

use super::grant::{Grants, Permission};
use crate::settings::{Settings, is_loopback};
use crate::transport::{self, AdaptiveLimit, Clock};

/// The most bytes of one answer: a page of 100 events stays far below, a single event can hold a body of 10 MB.
pub const MAX_ANSWER_BYTES: usize = 64 << 20;

/// What a page of events seldom exceeds.
const USUAL_ANSWER_BYTES: usize = 1 << 20;

/// How much of somebody else's text is looked at, and how much of it is quoted, in characters.
const LONGEST_SAID: usize = 10_000;
const LONGEST_QUOTED: usize = 200;

/// What went wrong with a call; everything here is for people to read, and none of it holds the secret key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// 401: the key is not one that Scaleway knows.
    #[error(
        "Scaleway does not accept the secret key (HTTP 401{reason}). Check that the key exists and has not expired, and \
         enter its secret key (a UUID), not its access key (SCW...)"
    )]
    Unauthorized {
        /// Scaleway's reason, such as `: expired`.
        reason: String,
    },
    /// 403: the key may not do this.
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
    /// 400: the call's arguments are refused.
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
        /// How often it was tried.
        tries: u32,
    },
    /// Any other status that is no success.
    #[error("Scaleway answers HTTP {status}: {message}")]
    Status {
        /// The status.
        status: u16,
        /// Scaleway's message, or the status line's words.
        message: String,
        /// What is not found, where the answer names it, such as `project_id`.
        about: Option<String>,
    },
    /// No connection, or one that broke.
    #[error("{host} cannot be reached: {message}. Check the network, the proxy, and the setting apiUrl")]
    Unreachable {
        /// The API's host.
        host: String,
        /// What the network said.
        message: String,
    },
    /// No answer in time.
    #[error("{host} did not answer within {seconds} s. Ask for a shorter range, or raise the timeouts in the settings")]
    Timeout {
        /// The API's host.
        host: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A success whose body is too large; a smaller page may be asked for.
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
        /// What is wrong with it.
        message: String,
    },
}

impl Error {
    /// Whether it says that what was asked does not exist: a region, or the service in that region.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        match self {
            // What is not found may be something within the region.
            Self::Status { status: 404, about, .. } => about.as_deref().is_none_or(|about| about.contains("region")),
            Self::Status { status: 501, .. } => true,
            Self::Invalid { arguments, .. } => arguments.iter().any(|argument| argument == "region"),
            _ => false,
        }
    }

    /// The HTTP status that tells Grafana what kind of failure this is.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Unauthorized { .. } => 401,
            Self::Forbidden { .. } => 403,
            Self::Invalid { .. } => 400,
            Self::RateLimited { .. } => 429,
            Self::Status { status: status @ 400.., .. } => *status,
            Self::Timeout { .. } => 504,
            // A status that is no error's, as a redirect's, would not tell that there was one.
            Self::Status { .. } | Self::Unreachable { .. } | Self::Unreadable { .. } | Self::TooLarge { .. } => 502,
        }
    }

    /// The message without its advice: a clause for a sentence about what follows from it.
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

    /// What the failure tells about another try; `is_passing` where a refusal is one of a permission on its way.
    fn kind(&self, is_passing: bool) -> transport::Failure {
        match self {
            Self::Forbidden { .. } if is_passing => transport::Failure::Passing,
            Self::RateLimited { .. } => transport::Failure::Passing,
            Self::Unreachable { .. } => transport::Failure::Unavailable,
            // What is not implemented now is not in a moment.
            Self::Status { status, .. } if *status >= 500 && *status != 501 => transport::Failure::Unavailable,
            Self::Unreadable { .. } => transport::Failure::Unreadable,
            Self::Timeout { .. } => transport::Failure::Timeout,
            _ => transport::Failure::Lasting,
        }
    }

    fn outcome(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::Invalid { .. } => "invalid",
            Self::RateLimited { .. } => "rate_limited",
            Self::Status { .. } => "failed",
            Self::Unreachable { .. } => "unreachable",
            Self::Timeout { .. } => "timeout",
            Self::Unreadable { .. } | Self::TooLarge { .. } => "unreadable",
        }
    }
}

/// Counts calls by outcome and measures how long they take; one for the whole process.
#[derive(Clone, Debug)]
pub struct Meter {
    calls: IntCounterVec,
    seconds: Histogram,
}

impl Default for Meter {
    fn default() -> Self {
        let calls =
            Opts::new("audittrail_upstream_calls_total", "Calls to Scaleway's API by outcome, retries included.");
        let seconds =
            HistogramOpts::new("audittrail_upstream_call_seconds", "How long a call to Scaleway's API takes.")
                .buckets(vec![0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 30.0]);
        let legal = "the name is legal";
        Self {
            calls: IntCounterVec::new(calls, &["outcome"]).expect(legal),
            seconds: Histogram::with_opts(seconds).expect(legal),
        }
    }
}

impl Meter {
    /// The collectors, for a registry.
    #[must_use]
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![Box::new(self.calls.clone()), Box::new(self.seconds.clone())]
    }
}

/// The HTTP side of one data source.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    api_url: Url,
    host: String,
    key: HeaderValue,
    call_timeout: Duration,
    limit: AdaptiveLimit,
    grants: Grants,
    clock: Clock,
    meter: Meter,
}

/// A call: a path below the API's URL with its query.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The path's segments; each is escaped, so that none can leave its place.
    pub path: &'a [&'a str],
    /// The query's pairs.
    pub query: &'a [(&'a str, &'a str)],
    /// The permission set that the call needs, named where it is refused.
    pub permission_set: &'static str,
}

impl Call<'_> {
    /// What the call needs: all lists of a region are granted together, other lists each by itself.
    fn permission(&self) -> Permission {
        let list = if self.region().is_empty() { self.path.last().copied().unwrap_or_default() } else { "" };
        (self.permission_set, list.to_owned())
    }

    /// The region that is asked; empty where the API has none.
    fn region(&self) -> &str {
        match self.path {
            [_, _, "regions", region, ..] => region,
            _ => "",
        }
    }
}

impl Client {
    /// A client for the settings of a data source.
    ///
    /// # Errors
    /// When the certificates cannot be used.
    pub fn new(settings: &Settings, meter: &Meter) -> Result<Self, Error> {
        let host = settings.api_url.host_str().expect("an http or https URL has a host").to_owned();
        let mut key = HeaderValue::from_str(settings.secret_key.expose_secret())
            .map_err(|_| Error::Unauthorized { reason: ": the key is not printable ASCII".to_owned() })?;
        key.set_sensitive(true);
        let user_agent = concat!("scaleway-audittrail-datasource/", env!("CARGO_PKG_VERSION"));
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .redirect(reqwest::redirect::Policy::none()) // a redirect would carry the key to another host
            .connect_timeout(Duration::from_secs(10).min(settings.call_timeout))
            .tls_certs_only(trusted(settings));
        if is_loopback(&settings.api_url) {
            builder = builder.no_proxy();
        }
        // A second installation, by another data source, changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = builder.build().map_err(|e| Error::Unreachable {
            host: host.clone(),
            message: format!("the HTTP client: {}", chain(&e)),
        })?;
        let api_url = settings.api_url.clone();
        let limit = AdaptiveLimit::new(settings.concurrent_calls);
        Ok(Self {
            http,
            api_url,
            host,
            key,
            call_timeout: settings.call_timeout,
            limit,
            grants: Grants::default(),
            clock: Clock::new("Scaleway"),
            meter: meter.clone(),
        })
    }

    /// How many calls may run at the same time just now.
    #[must_use]
    pub fn concurrent_calls(&self) -> usize {
        self.limit.current()
    }

    /// Whether a permission of the key is known to be on its way to all of Scaleway's servers.
    #[must_use]
    pub fn is_propagating(&self) -> bool {
        self.grants.is_propagating()
    }

    /// The present, nanoseconds since 1970, UTC: by this server's clock, unless it is ahead of Scaleway's, whose answers
    /// tell the time.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Gets a JSON answer and reads it with `read`, trying again where that can help, until `deadline`.
    ///
    /// Tried again: a broken connection, 429, 5xx, an answer that `read` refuses, and 403 while other calls that need the
    /// same permission succeed. Pauses double from 0.2 s to 8 s with jitter; a `Retry-After` is honoured.
    ///
    /// # Errors
    /// The last failure, when trying again cannot help or the deadline is near.
    pub async fn get<T>(
        &self,
        call: &Call<'_>,
        deadline: Instant,
        mut read: impl FnMut(Vec<u8>) -> Result<T, serde_json::Error>,
    ) -> Result<T, Error> {
        let begun = Instant::now();
        let mut tries = 0;
        let mut last = None;
        let permission = call.permission();
        loop {
            tries += 1;
            let under_way = self.grants.begin(&permission, call.region());
            let permit = tokio::time::timeout_at(deadline.into(), self.limit.acquire()).await;
            let Ok(permit) = permit else {
                // Other calls had the permits until the deadline.
                return Err(last
                    .unwrap_or(Error::Timeout { host: self.host.clone(), seconds: begun.elapsed().as_secs().max(1) }));
            };
            let answer = self.once(call, deadline, tries).await;
            drop(permit);
            let failure = match answer {
                Ok(body) => match read(body) {
                    Ok(value) => {
                        self.limit.on_success();
                        under_way.succeeded();
                        self.count("ok");
                        return Ok(value);
                    }
                    Err(e) => {
                        Failure::from(self.unreadable(format!("the JSON is broken ({})", self.redact(&e.to_string()))))
                    }
                },
                Err(failure) => failure,
            };
            self.count(failure.error.outcome());
            if matches!(failure.error, Error::RateLimited { .. }) {
                self.limit.on_throttled();
            }
            let mut is_passing = false;
            if matches!(failure.error, Error::Forbidden { .. }) {
                under_way.refused();
                is_passing = self.grants.is_passing(&permission, call.region(), deadline).await;
            } else {
                drop(under_way);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let kind = failure.error.kind(is_passing);
            let delay = transport::next_delay(tries, kind, failure.retry_after, left, fastrand::f64());
            let Some(delay) = delay else {
                // A try that the deadline cut short tells less than the one before.
                let cut_short = matches!(failure.error, Error::Timeout { .. }) && Instant::now() >= deadline;
                return Err(last.filter(|_| cut_short).unwrap_or(failure.error));
            };
            tracing::debug!(outcome = failure.error.outcome(), tries, "trying again");
            last = Some(failure.error);
            tokio::time::sleep(delay).await;
        }
    }

    fn count(&self, outcome: &str) {
        self.meter.calls.with_label_values(&[outcome]).inc();
    }

    fn unreadable(&self, message: String) -> Error {
        Error::Unreadable { host: self.host.clone(), message }
    }

    async fn once(&self, call: &Call<'_>, deadline: Instant, tries: u32) -> Result<Vec<u8>, Failure> {
        let timeout = self.call_timeout.min(deadline.saturating_duration_since(Instant::now()));
        let timer = self.meter.seconds.start_timer();
        let answer = tokio::time::timeout(timeout, self.answer(call, tries)).await;
        timer.observe_duration();
        answer.unwrap_or_else(|_| {
            let seconds = timeout.as_secs_f64().ceil().clamp(0.0, 1e6);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped above")]
            Err(Error::Timeout { host: self.host.clone(), seconds: seconds as u64 }.into())
        })
    }

    async fn answer(&self, call: &Call<'_>, tries: u32) -> Result<Vec<u8>, Failure> {
        let mut url = self.api_url.clone();
        url.path_segments_mut().expect("the settings take http and https URLs only").clear().extend(call.path);
        let request = self.http.get(url).query(call.query).header("X-Auth-Token", self.key.clone());
        let sent = transport::local();
        let mut response = request.send().await.map_err(|e| self.unreachable(e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        // An error may be a proxy's.
        if let Some(date) = headers.get(DATE).filter(|_| status.is_success()).and_then(|date| date.to_str().ok()) {
            self.clock.observe_date(date, sent, transport::local());
        }
        // At most the usual size of a page is reserved because a header says so.
        let length = response.content_length().and_then(|length| usize::try_from(length).ok());
        let mut body = Vec::with_capacity(length.unwrap_or_default().min(USUAL_ANSWER_BYTES));
        while let Some(chunk) = response.chunk().await.map_err(|e| self.unreachable(e))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Error::TooLarge { host: self.host.clone() }.into());
            }
            body.extend_from_slice(&chunk);
        }
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let json = kind.is_some_and(is_json);
        if !status.is_success() {
            let refusal = if json { serde_json::from_slice(&body).unwrap_or_default() } else { Refusal::default() };
            return Err(self.refused(status, &headers, &refusal, call, tries));
        }
        if !json {
            let kind = kind.unwrap_or("no content type");
            return Err(self
                .unreadable(format!("it is {}, not JSON; is a proxy in between?", self.redact(kind)))
                .into());
        }
        Ok(body)
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        // The URL holds ids that do not belong into every log.
        Error::Unreachable { host: self.host.clone(), message: self.redact(&chain(&error.without_url())) }.into()
    }

    fn refused(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        refusal: &Refusal,
        call: &Call<'_>,
        tries: u32,
    ) -> Failure {
        let message = self.message(status, refusal);
        let error = match status.as_u16() {
            400 => {
                let arguments = refusal.details.iter().filter_map(|detail| detail.argument_name.clone()).collect();
                Error::Invalid { arguments, message }
            }
            401 => {
                let reason = refusal.reason.as_deref().map(|reason| self.redact(reason)).unwrap_or_default();
                Error::Unauthorized { reason: if reason.is_empty() { reason } else { format!(": {reason}") } }
            }
            403 => Error::Forbidden { permission_set: call.permission_set, message },
            429 => Error::RateLimited { tries },
            status => {
                let about = refusal.resource.as_deref().map(|resource| self.redact(resource));
                Error::Status { status, message, about: about.filter(|about| !about.is_empty()) }
            }
        };
        Failure {
            error,
            retry_after: headers
                .get(RETRY_AFTER)
                .and_then(|value| transport::retry_after(value.to_str().ok()?, Utc::now())),
        }
    }

    fn message(&self, status: StatusCode, refusal: &Refusal) -> String {
        let words = status.canonical_reason().unwrap_or("no reason given");
        let mut message = self.redact(refusal.message.as_deref().filter(|m| !m.is_empty()).unwrap_or(words));
        for detail in refusal.details.iter().take(5) {
            let parts = [&detail.argument_name, &detail.reason, &detail.help_message, &detail.action, &detail.resource];
            let parts: Vec<String> =
                parts.into_iter().flatten().map(|part| self.redact(part)).filter(|p| !p.is_empty()).collect();
            message.push_str("; ");
            message.push_str(&parts.join(" "));
        }
        message
    }

    /// A text of the service on one line, bounded in length, and without the key, which a careless proxy might hand back.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let text: String = text.chars().filter(|c| !c.is_control()).take(LONGEST_SAID).collect();
        let key = self.key.to_str().expect("the settings take a UUID for the secret key");
        let key = RegexBuilder::new(&regex::escape(key)).case_insensitive(true).build();
        let key = key.expect("an escaped text is a regular expression");
        // The key goes before the text is cut, so that no part of it is left at the cut.
        key.replace_all(&text, "[secret]").chars().take(LONGEST_QUOTED).collect()
    }
}

/// Whether a content type is JSON's, whatever its case and its parameters.
fn is_json(kind: &str) -> bool {
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// A failed try, and how long Scaleway asks to wait.
struct Failure {
    error: Error,
    retry_after: Option<Duration>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, retry_after: None }
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

fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    message
}

/// The roots that are trusted: those built in, for images that have none; the system's; and the configured ones.
fn trusted(settings: &Settings) -> Vec<Certificate> {
    let native = rustls_native_certs::load_native_certs().certs;
    let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let der = built_in.map(AsRef::as_ref).chain(native.iter().map(AsRef::as_ref));
    let mut certificates: Vec<Certificate> = der.filter_map(|der: &[u8]| Certificate::from_der(der).ok()).collect();
    if let Some(pem) = &settings.ca_certificate {
        let checked = "the settings check each certificate";
        let configured = CertificateDer::pem_slice_iter(pem.as_bytes()).map(|der| der.expect(checked));
        certificates.extend(configured.map(|der| Certificate::from_der(&der).expect(checked)));
    }
    certificates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_exist_is_absent_and_what_fails_is_not() {
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
