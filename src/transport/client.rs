//! The HTTP client: authentication, permits, deadlines, retries and bodies.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use secrecy::SecretString;
use url::Url;

use super::access::Access;
use super::adaptive_limit::AdaptiveLimit;
use super::auth::Auth;
use super::clock::ServiceClock;
use super::error::{Error, MAX_ANSWER_BYTES, Refused, SetupError};
use super::meter::Meter;
use super::redact::redact;
use super::retry::{self, Failure};
use super::tls;
use crate::settings::is_loopback;
use crate::time::{Clock, Time};

/// The size of a usual page of answers.
const USUAL_ANSWER_BYTES: usize = 1 << 20;

/// The configuration of a client.
#[derive(Clone, Debug)]
pub(crate) struct Config<'a> {
    /// The service's name, for the log.
    pub(crate) service: &'static str,
    /// An http or https URL; paths of requests are appended to its path.
    pub(crate) base_url: Url,
    /// The authentication of each call.
    pub(crate) auth: Auth,
    /// The timeout of one try.
    pub(crate) call_timeout: Duration,
    /// The most concurrent calls.
    pub(crate) concurrent_calls: u32,
    /// This server's clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// Trusted certificates besides the system's, in PEM that the settings have checked.
    pub(crate) ca_certificate: Option<&'a [u8]>,
}

/// A GET request: a path below the base URL with its query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// The path's segments; each is escaped, so that none can become several.
    pub(crate) path: &'a [&'a str],
    /// The query's pairs.
    pub(crate) query: &'a [(&'a str, &'a str)],
}

/// The HTTP side of one service with one credential. Clones share permits and clock.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base_url: Url,
    header: (HeaderName, HeaderValue),
    secret: SecretString,
    call_timeout: Duration,
    limit: AdaptiveLimit,
    clock: ServiceClock,
    meter: Meter,
}

impl Client {
    /// A client of a service; no connection is made yet.
    ///
    /// # Errors
    /// When the secret cannot be sent, or the HTTP client cannot be set up.
    pub(crate) fn new(config: Config<'_>, meter: &Meter) -> Result<Self, SetupError> {
        let header = config.auth.header()?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none()) // a redirect would carry the secret to another host
            .connect_timeout(Duration::from_secs(10).min(config.call_timeout))
            .tls_certs_only(tls::trusted(config.ca_certificate));
        if is_loopback(&config.base_url) {
            builder = builder.no_proxy();
        }
        // A second installation, by another data source, changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = builder.build().map_err(|e| SetupError::Http(chain(&e)))?;
        Ok(Self {
            http,
            base_url: config.base_url,
            header,
            secret: config.auth.secret,
            call_timeout: config.call_timeout,
            limit: AdaptiveLimit::new(config.concurrent_calls),
            clock: ServiceClock::new(config.service, config.clock),
            meter: meter.clone(),
        })
    }

    /// The same service with another authentication. Both share permits, clock and connections.
    ///
    /// # Errors
    /// When the secret cannot be sent.
    pub(crate) fn with_auth(&self, auth: &Auth) -> Result<Self, SetupError> {
        Ok(Self { header: auth.header()?, secret: auth.secret.clone(), ..self.clone() })
    }

    /// The present limit of concurrent calls.
    pub(crate) fn concurrent_calls(&self) -> usize {
        self.limit.current()
    }

    /// A text from the service on one line, bounded in length, and without the secret.
    pub(crate) fn redact(&self, text: &str) -> String {
        redact(&self.secret, text)
    }

    /// Gets a JSON answer and reads it with `read`; retries where that can help, until `deadline`.
    ///
    /// Retried are a broken connection, 429, 5xx, an answer that `read` refuses, and 403 if `access` judges it temporary.
    ///
    /// # Errors
    /// The last failure, if a retry cannot help or the deadline is near.
    pub(crate) async fn get_json<T>(
        &self,
        request: Request<'_>,
        deadline: Instant,
        access: &impl Access,
        mut read: impl FnMut(Vec<u8>) -> Result<T, serde_json::Error>,
    ) -> Result<T, Error> {
        let begun = Instant::now();
        let mut last = None;
        let mut tries = 0;
        loop {
            tries += 1;
            let attempt = access.begin();
            let Ok(permit) = tokio::time::timeout_at(deadline.into(), self.limit.acquire()).await else {
                // Other calls had the permits until the deadline.
                return Err(last.unwrap_or(Error::Timeout { seconds: begun.elapsed().as_secs().max(1) }));
            };
            let answer = self.once(request, deadline, tries).await;
            drop(permit);
            let read = answer.and_then(|body| read(body).map_err(|e| self.broken_json(&e)));
            let error = match read {
                Ok(value) => {
                    self.limit.on_success();
                    access.succeeded(attempt);
                    self.meter.count("ok");
                    return Ok(value);
                }
                Err(error) => error,
            };
            let failure = self.observe_failure(&error, access, attempt, deadline).await;
            let time_left = deadline.saturating_duration_since(Instant::now());
            let delay = retry::next_delay(tries, failure, error.retry_after(), time_left, fastrand::f64());
            let Some(delay) = delay else {
                // If the deadline cut this try short, the failure before it is more informative.
                let cut_short = matches!(error, Error::Timeout { .. }) && Instant::now() >= deadline;
                return Err(last.filter(|_| cut_short).unwrap_or(error));
            };
            tracing::debug!(outcome = error.outcome().0, tries, "trying again");
            last = Some(error);
            tokio::time::sleep(delay).await;
        }
    }

    /// Counts a failed try, reports it to the limit and to `access`, and returns its kind for the next try.
    async fn observe_failure<A: Access>(
        &self,
        error: &Error,
        access: &A,
        attempt: A::Try,
        deadline: Instant,
    ) -> Failure {
        let (outcome, failure) = error.outcome();
        self.meter.count(outcome);
        if error.refusal() == Some(StatusCode::TOO_MANY_REQUESTS) {
            self.limit.on_throttled();
        }
        if error.refusal() == Some(StatusCode::FORBIDDEN) {
            access.refused(attempt);
            if access.is_passing(deadline).await {
                return Failure::Passing;
            }
        }
        failure
    }

    /// One try, with a timeout that includes the body.
    async fn once(&self, request: Request<'_>, deadline: Instant, tries: u32) -> Result<Vec<u8>, Error> {
        let timeout = self.call_timeout.min(deadline.saturating_duration_since(Instant::now()));
        let timer = self.meter.start_timer();
        let answer = tokio::time::timeout(timeout, self.answer(request, tries)).await;
        timer.observe_duration();
        let seconds = timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0);
        answer.unwrap_or(Err(Error::Timeout { seconds }))
    }

    async fn answer(&self, request: Request<'_>, tries: u32) -> Result<Vec<u8>, Error> {
        let mut url = self.base_url.clone();
        url.path_segments_mut().expect("an http or https URL has a path").pop_if_empty().extend(request.path);
        let (name, value) = self.header.clone();
        let sent = self.clock.local();
        let response = self.http.get(url).query(request.query).header(name, value).send().await;
        let response = response.map_err(|e| self.unreachable(e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        // An error may come from a proxy with another clock.
        if let Some(date) = text(&headers, &DATE).filter(|_| status.is_success()) {
            self.clock.observe_date(date, sent, self.clock.local());
        }
        let body = self.body(response).await?;
        let kind = text(&headers, &CONTENT_TYPE);
        let is_json = kind.is_some_and(is_json);
        if !status.is_success() {
            let retry_after =
                text(&headers, &RETRY_AFTER).and_then(|value| retry::retry_after(value, self.clock.local().into()));
            return Err(Error::Refused(Refused { status, is_json, body, retry_after, tries }));
        }
        if !is_json {
            let kind = self.redact(kind.unwrap_or("no content type"));
            return Err(Error::Unreadable { message: format!("it is {kind}, not JSON; is a proxy in between?") });
        }
        Ok(body)
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Error> {
        // A header reserves at most the usual size of a page.
        let length = response.content_length().and_then(|length| usize::try_from(length).ok());
        let mut body = Vec::with_capacity(length.unwrap_or_default().min(USUAL_ANSWER_BYTES));
        while let Some(chunk) = response.chunk().await.map_err(|e| self.unreachable(e))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Error::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn unreachable(&self, error: reqwest::Error) -> Error {
        // The URL contains ids, which do not belong in a log.
        Error::Unreachable { message: self.redact(&chain(&error.without_url())) }
    }

    fn broken_json(&self, error: &serde_json::Error) -> Error {
        Error::Unreadable { message: format!("the JSON is broken ({})", self.redact(&error.to_string())) }
    }
}

/// This server's clock, corrected if it is ahead of the service's; each answer has the service's time.
impl Clock for Client {
    fn now(&self) -> Time {
        self.clock.now()
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a content type is JSON, in any case and with any parameters.
fn is_json(kind: &str) -> bool {
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let errors = std::iter::successors(Some(error), |error| error.source());
    errors.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
