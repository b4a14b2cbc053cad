//! The settings `cockpitUrls`, `cockpitToken` and `cockpitToken@<host>`: where the metrics are, and the tokens for them.

use std::collections::HashMap;

use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::field::{Error, error, service_url, texts};
use super::unknown::{TOKEN, host_of};

const ALLOWED_TOKENS: &str = "the secret key of a Cockpit token that may query metrics";

/// Cockpit's metrics.
#[derive(Clone, Debug)]
pub struct Cockpit {
    /// The URLs of data sources of metrics, each once; no metrics are queried without any.
    pub urls: Vec<MetricsUrl>,
    /// The names of secrets with a token that goes to no URL, sorted.
    pub idle: Vec<String>,
}

/// The URL of one data source of metrics, with its token.
#[derive(Clone, Debug)]
pub struct MetricsUrl {
    /// The URL, without a path.
    pub url: Url,
    /// The token that may query it, and that goes to no other host if it is the host's own.
    pub token: SecretString,
    /// The name of the secret that has the token.
    pub secret: String,
}

/// Cockpit's settings; `None` where there is no token. A token without URLs is no error, so that metrics can be switched off.
pub(super) fn cockpit(urls: &Value, secrets: &HashMap<String, String>) -> Result<Option<Cockpit>, Error> {
    let urls = cockpit_urls(urls)?;
    let tokens = tokens(secrets)?;
    let mut with_tokens = Vec::new();
    for url in urls {
        let host = url.authority();
        let own = tokens.iter().find(|(secret, _)| host_of(secret).is_some_and(|own| own.eq_ignore_ascii_case(host)));
        let (secret, token) = own.or_else(|| tokens.iter().find(|(secret, _)| *secret == TOKEN)).ok_or_else(|| {
            error(TOKEN, format!("is empty, and {host} of cockpitUrls has no token of its own"), ALLOWED_TOKENS)
        })?;
        with_tokens.push(MetricsUrl { token: (*token).into(), secret: (*secret).to_owned(), url });
    }
    // The default token waits for the next URL, unless there are none at all.
    let is_idle = |secret: &str| match host_of(secret) {
        Some(_) => with_tokens.iter().all(|url| url.secret != secret),
        None => with_tokens.is_empty(),
    };
    let idle = tokens.iter().map(|(secret, _)| *secret).filter(|secret| is_idle(secret));
    let idle: Vec<String> = idle.map(str::to_owned).collect();
    Ok((!with_tokens.is_empty() || !idle.is_empty()).then_some(Cockpit { urls: with_tokens, idle }))
}

/// The tokens that are not empty, with the names of their secrets, sorted by name.
fn tokens(secrets: &HashMap<String, String>) -> Result<Vec<(&str, &str)>, Error> {
    let named = secrets.iter().map(|(secret, token)| (secret.as_str(), token.trim()));
    let mut tokens: Vec<(&str, &str)> =
        named.filter(|(secret, token)| (*secret == TOKEN || host_of(secret).is_some()) && !token.is_empty()).collect();
    tokens.sort_unstable();
    match tokens.iter().find(|(_, token)| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        Some((secret, _)) => {
            let of_host = host_of(secret).map(|host| format!("of {host} ")).unwrap_or_default();
            Err(error(TOKEN, format!("{of_host}contains spaces or characters outside ASCII"), ALLOWED_TOKENS))
        }
        None => Ok(tokens),
    }
}

fn cockpit_urls(value: &Value) -> Result<Vec<Url>, Error> {
    const ALLOWED: &str = "https URLs of data sources of metrics, such as \
                           https://11111111-2222-3333-4444-555555555555.metrics.cockpit.fr-par.scw.cloud, without user, query or path, \
                           or http to a loopback address";
    let mut urls = Vec::new();
    for (text, number) in texts("cockpitUrls", value, ALLOWED)?.iter().zip(1..) {
        let url = metrics_url(text).map_err(|problem| {
            error("cockpitUrls", format!("is wrong at number {number}, which {problem}"), ALLOWED)
        })?;
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    Ok(urls)
}

/// The URL of a data source of metrics, to which a token may go. The error is the problem of the URL.
pub(crate) fn metrics_url(text: &str) -> Result<Url, String> {
    // Grafana's own data source needs the path, which people copy.
    let mut url = service_url(text, &["/", "/prometheus", "/prometheus/"])?;
    url.set_path("");
    Ok(url)
}
