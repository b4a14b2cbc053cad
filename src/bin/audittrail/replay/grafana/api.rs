//! Calls to Grafana.

use std::time::Duration;

use audittrail::query::text;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method};
use serde_json::Value;
use url::Url;

use crate::Error;

/// The user and the password of a Grafana that nobody has changed.
const FRESH: &str = "admin";

/// A Grafana, as an administrator.
#[derive(Debug)]
pub(super) struct Grafana {
    client: Client,
    url: Url,
    user: String,
    password: String,
}

impl Grafana {
    /// The Grafana at a URL, whose user and password are those of a fresh one if it has none.
    pub(super) fn new(url: &Url) -> Result<Self, Error> {
        let mut url = url.clone();
        let part = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = if url.username().is_empty() { FRESH.to_owned() } else { part(url.username()) };
        let password = url.password().map_or_else(|| FRESH.to_owned(), part);
        // Errors quote the URL.
        url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| format!("{url} has no host"))?;
        // A second installation changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { client, url, user, password })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Error> {
        self.call(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, Error> {
        self.call(Method::DELETE, path, None).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let url = self.url.join(path)?;
        let mut request = self.client.request(method.clone(), url).basic_auth(&self.user, Some(&self.password));
        if let Some(body) = body {
            // Without the other header, the rules could only be changed by this way again.
            request = request.header(CONTENT_TYPE, "application/json").header("X-Disable-Provenance", "true");
            request = request.body(body.to_string());
        }
        let answer = request.send().await?;
        let (status, answer) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            let answer = text::lines(&answer.chars().take(300).collect::<String>());
            return Err(format!("Grafana answered {method} {path} with {status}: {answer}").into());
        }
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }
}
