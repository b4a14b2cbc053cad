//! The settings `cockpitUrls` and `cockpitToken`: where the metrics are, and the token for them.

use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::field::{Error, error, service_url, texts};

/// The metrics of Cockpit.
#[derive(Clone, Debug)]
pub struct Cockpit {
    /// The URLs of data sources of metrics, each once and without a path; no metrics are queried without any.
    pub urls: Vec<Url>,
    /// The token that may query them.
    pub token: SecretString,
}

/// Cockpit's settings; `None` where there is no token. A token without URLs is no error, so that metrics can be switched off.
pub(super) fn cockpit(urls: &Value, token: &str) -> Result<Option<Cockpit>, Error> {
    const ALLOWED: &str = "the secret key of a Cockpit token that may query metrics";
    let urls = cockpit_urls(urls)?;
    let token = token.trim();
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(error("cockpitToken", "contains spaces or characters outside ASCII", ALLOWED));
    }
    match token {
        "" if urls.is_empty() => Ok(None),
        "" => Err(error("cockpitToken", "is empty, and cockpitUrls is not", ALLOWED)),
        token => Ok(Some(Cockpit { urls, token: token.into() })),
    }
}

fn cockpit_urls(value: &Value) -> Result<Vec<Url>, Error> {
    const ALLOWED: &str = "https URLs of data sources of metrics, such as \
                           https://11111111-2222-3333-4444-555555555555.metrics.cockpit.fr-par.scw.cloud, without user, query or path, \
                           or http to a loopback address";
    let mut urls = Vec::new();
    for (text, number) in texts("cockpitUrls", value, ALLOWED)?.iter().zip(1..) {
        // Grafana's own data source needs the path, which people copy.
        let mut url = service_url(text, &["/", "/prometheus", "/prometheus/"]).map_err(|problem| {
            error("cockpitUrls", format!("is wrong at number {number}, which {problem}"), ALLOWED)
        })?;
        url.set_path("");
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    Ok(urls)
}
