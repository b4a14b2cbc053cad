//! Calls to Scaleway: the transport's client with Scaleway's header, permissions and errors.

use std::sync::Arc;
use std::time::Instant;

use reqwest::header::HeaderName;

use super::error::Error;
use super::grant::{Access, Grants, Permission};
use crate::settings::Settings;
use crate::time::{Clock, Time};
use crate::transport::{self, Auth, Config, Meter, Request};

/// The HTTP side of one data source: calls about its organization, with its key.
#[derive(Clone, Debug)]
pub struct Client {
    http: transport::Client,
    host: String,
    organization: Arc<str>,
    grants: Grants,
}

/// A call about the organization or one of its projects: a path below the API's URL with its query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// The path's segments; each is escaped, so that none can become several.
    pub(crate) path: &'a [&'a str],
    /// The query's pairs beside the id that the call is about.
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// The project that the call is about, in place of the organization.
    pub(crate) project: Option<&'a str>,
    /// The permission set that the call needs; an error of a refusal names it.
    pub(crate) permission_set: &'static str,
}

impl Call<'_> {
    /// The permission of the call: all lists of a region share one, and so do those of a project; every other list has its own.
    fn permission(&self) -> Permission {
        let list = if self.region().is_empty() { self.path.last().copied().unwrap_or_default() } else { "" };
        (self.permission_set, self.project.unwrap_or(list).to_owned())
    }

    /// The region of the call; empty for an API without regions.
    fn region(&self) -> &str {
        match self.path {
            [_, _, "regions", region, ..] => region,
            _ => "",
        }
    }
}

impl Client {
    /// A client for the settings of a data source; `clock` is this server's.
    ///
    /// # Errors
    /// When the certificates cannot be used.
    pub(crate) fn new(settings: &Settings, clock: Arc<dyn Clock>, meter: &Meter) -> Result<Self, Error> {
        let host = settings.api_url.host_str().expect("an http or https URL has a host").to_owned();
        let (header, secret) = (HeaderName::from_static("x-auth-token"), settings.secret_key.clone());
        let config = Config {
            service: "Scaleway",
            base_url: settings.api_url.clone(),
            auth: Auth { header, scheme: "", secret },
            call_timeout: settings.call_timeout,
            concurrent_calls: settings.concurrent_calls,
            clock,
            ca_certificate: settings.ca_certificate.as_deref().map(str::as_bytes),
        };
        let http = transport::Client::new(config, meter).map_err(|error| Error::from_setup(&error, &host))?;
        Ok(Self { http, host, organization: settings.organization_id.as_str().into(), grants: Grants::default() })
    }

    /// The present limit of concurrent calls.
    pub(crate) fn concurrent_calls(&self) -> usize {
        self.http.concurrent_calls()
    }

    /// Whether a permission of the key is known to be propagating to Scaleway's servers.
    pub(crate) fn is_propagating(&self) -> bool {
        self.grants.is_propagating()
    }

    /// A text from Scaleway on one line, bounded in length, and without the key.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.http.redact(text)
    }

    /// Gets a JSON answer and reads it with `read`; retries where that can help, until `deadline`. A refusal (403) is
    /// retried while other calls with the same permission succeed.
    ///
    /// # Errors
    /// The last failure, if a retry cannot help or the deadline is near.
    pub(crate) async fn get<T>(
        &self,
        call: &Call<'_>,
        deadline: Instant,
        read: impl FnMut(Vec<u8>) -> Result<T, serde_json::Error>,
    ) -> Result<T, Error> {
        let subject = call.project.map_or(("organization_id", &*self.organization), |project| ("project_id", project));
        let query = [&[subject], call.query].concat();
        let request = Request { path: call.path, query: &query };
        let access =
            Access { grants: self.grants.clone(), permission: call.permission(), region: call.region().to_owned() };
        let answer = self.http.get_json(request, deadline, &access, read).await;
        answer.map_err(|error| Error::from_call(error, call.permission_set, &self.http, &self.host))
    }
}

/// This server's clock, corrected if it is ahead of Scaleway's; each answer has Scaleway's time.
impl Clock for Client {
    fn now(&self) -> Time {
        self.http.now()
    }
}
