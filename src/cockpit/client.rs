//! Calls to one Cockpit data source: the transport's client with the token, in the header that accepts it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HeaderName};
use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::error::{Error, Target};
use super::json::{Data, Envelope, Row, Status};
use super::series::Labels;
use super::step;
use crate::settings::{MetricsUrl, Settings};
use crate::time::{Clock, Interval, Time};
use crate::transport::{self, Auth, Config, Lasting, Meter, Refused, Request};

/// What the paths of the API begin with, below the URL of a data source.
const API: [&str; 3] = ["prometheus", "api", "v1"];

/// The HTTP side of one Cockpit data source. Clones share permits, and which header the token is for.
#[derive(Clone, Debug)]
pub struct Client {
    /// With the token in `Authorization`.
    bearer: transport::Client,
    /// With the token in `X-Token`.
    x_token: transport::Client,
    /// Whether the token was refused in `Authorization` and accepted in `X-Token`.
    uses_x_token: Arc<AtomicBool>,
    target: Target,
}

impl Client {
    /// The clients of a data source's settings, one for each URL; none where Cockpit is off. `clock` is this server's.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn all(settings: &Settings, clock: &Arc<dyn Clock>, meter: &Meter) -> Result<Vec<Self>, Error> {
        let urls = settings.cockpit.iter().flat_map(|cockpit| &cockpit.urls);
        urls.map(|url| Self::new(url, settings, clock, meter)).collect()
    }

    fn new(
        MetricsUrl { url, token, secret }: &MetricsUrl,
        settings: &Settings,
        clock: &Arc<dyn Clock>,
        meter: &Meter,
    ) -> Result<Self, Error> {
        let target = Target { host: url.authority().to_owned(), secret: secret.clone() };
        let auth = Auth { header: AUTHORIZATION, scheme: "Bearer ", secret: token.clone() };
        let x_token = Auth { header: HeaderName::from_static("x-token"), scheme: "", ..auth.clone() };
        let config = Config {
            service: "Cockpit",
            base_url: url.clone(),
            auth,
            call_timeout: settings.call_timeout,
            concurrent_calls: settings.concurrent_calls,
            clock: Arc::clone(clock),
            ca_certificate: settings.ca_certificate.as_deref().map(str::as_bytes),
        };
        let bearer = transport::Client::new(config, meter).map_err(|error| Error::from_setup(&error, &target))?;
        let x_token = bearer.with_auth(&x_token).map_err(|error| Error::from_setup(&error, &target))?;
        Ok(Self { bearer, x_token, uses_x_token: Arc::default(), target })
    }

    /// The host, with its port where that is not https' own.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.target.host
    }

    /// The series of an expression over an interval, at most [`MOST_SERIES`](super::MOST_SERIES), those that moved most.
    ///
    /// The points are the multiples of `step` in the interval; where these are more than
    /// [`MOST_POINTS`](super::MOST_POINTS), or `step` is no usual one, those of [`step_of`](super::step_of).
    ///
    /// # Errors
    /// When the expression cannot be evaluated, or there is no answer before the deadline.
    pub async fn range(
        &self,
        expression: &str,
        interval: Interval,
        step: Duration,
        deadline: Instant,
    ) -> Result<Answer, Error> {
        let step = step::step_of(interval, step);
        let Some((first, last)) = step::ends(interval, step) else { return Ok(Answer::default()) };
        let (first, last, step) = (first.to_string(), last.to_string(), step.as_secs().to_string());
        let query = [("query", expression), ("start", &first), ("end", &last), ("step", &step)];
        match self.get(&["query_range"], &query, deadline).await? {
            (Some(Data::Matrix(rows)), warnings) => Ok(Answer::of(rows, warnings).moved_most()),
            (None, warnings) => Ok(Answer::of(Vec::new(), warnings)),
            (Some(_), _) => Err(self.unreadable("the result of a range is no matrix")),
        }
    }

    /// The series of an expression at a moment, each with one sample. A number without labels is a series without labels.
    ///
    /// # Errors
    /// When the expression cannot be evaluated or is a text or a range, or there is no answer before the deadline.
    pub async fn instant(&self, expression: &str, time: Time, deadline: Instant) -> Result<Answer, Error> {
        let time = time.to_string();
        let (data, warnings) = self.get(&["query"], &[("query", expression), ("time", &time)], deadline).await?;
        let rows = match data {
            None => Vec::new(),
            Some(Data::Vector(rows)) => rows,
            Some(Data::Scalar(value)) => vec![Row::scalar(value)],
            Some(Data::Matrix(_)) => return Err(Error::NoNumber { kind: "samples over time, such as x[5m]" }),
            Some(Data::String(_)) => return Err(Error::NoNumber { kind: "a text" }),
        };
        Ok(Answer::of(rows, warnings))
    }

    /// The values of a label of all series that a selector such as `{region="fr-par"}` matches in an interval; of all series
    /// there are without selectors.
    ///
    /// # Errors
    /// When a selector is not valid, or there is no answer before the deadline.
    pub async fn label_values(
        &self,
        label: &str,
        selectors: &[&str],
        interval: Interval,
        deadline: Instant,
    ) -> Result<Vec<String>, Error> {
        self.metadata(&["label", label, "values"], selectors, interval, deadline).await
    }

    /// The labels of all series that one of the selectors matches in an interval.
    ///
    /// # Errors
    /// When there is no selector or one is not valid, or there is no answer before the deadline.
    pub async fn series(
        &self,
        selectors: &[&str],
        interval: Interval,
        deadline: Instant,
    ) -> Result<Vec<Labels>, Error> {
        self.metadata(&["series"], selectors, interval, deadline).await
    }

    async fn metadata<T: DeserializeOwned>(
        &self,
        path: &[&str],
        selectors: &[&str],
        interval: Interval,
        deadline: Instant,
    ) -> Result<Vec<T>, Error> {
        let (start, end) = (interval.start.to_string(), interval.end.to_string());
        let mut query = vec![("start", start.as_str()), ("end", end.as_str())];
        query.extend(selectors.iter().map(|selector| ("match[]", *selector)));
        let (values, _) = self.get::<Vec<T>>(path, &query, deadline).await?;
        Ok(values.unwrap_or_default())
    }

    /// The data of an answer, and its remarks.
    async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        deadline: Instant,
    ) -> Result<(Option<T>, Vec<String>), Error> {
        let path = [&API[..], path].concat();
        let answer = self.authenticated(Request { path: &path, query }, deadline).await;
        let envelope: Envelope<T> = answer.map_err(|error| Error::from_call(error, &self.bearer, &self.target))?;
        if envelope.status == Status::Error {
            return Err(Error::from_refusal(StatusCode::OK, &envelope.refusal, &self.bearer, &self.target));
        }
        let warnings = envelope.warnings().map(|warning| self.bearer.redact(warning)).collect();
        Ok((envelope.data, warnings))
    }

    /// Asks with the token in the header that accepts it: in `Authorization`, or else in `X-Token`.
    async fn authenticated<T: DeserializeOwned>(
        &self,
        request: Request<'_>,
        deadline: Instant,
    ) -> Result<Envelope<T>, transport::Error> {
        if self.uses_x_token.load(Ordering::Relaxed) {
            return ask(&self.x_token, request, deadline).await;
        }
        let answer = ask(&self.bearer, request, deadline).await;
        let Err(refused) = answer else { return answer };
        if !is_refused(&refused) {
            return Err(refused);
        }
        match ask(&self.x_token, request, deadline).await {
            Err(error) if is_refused(&error) => Err(refused),
            Err(error) => Err(error),
            Ok(envelope) => {
                self.uses_x_token.store(true, Ordering::Relaxed);
                Ok(envelope)
            }
        }
    }

    fn unreadable(&self, message: &str) -> Error {
        Error::Unreadable { host: self.target.host.clone(), message: message.to_owned() }
    }
}

async fn ask<T: DeserializeOwned>(
    client: &transport::Client,
    request: Request<'_>,
    deadline: Instant,
) -> Result<Envelope<T>, transport::Error> {
    client.get_json(request, deadline, &Lasting, |body| serde_json::from_slice(&body)).await
}

/// Whether the token is refused.
fn is_refused(error: &transport::Error) -> bool {
    matches!(error, transport::Error::Refused(Refused { status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, .. }))
}
