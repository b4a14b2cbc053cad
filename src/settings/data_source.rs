//! The settings of a data source, validated once.
//!
//! Provisioning files fill settings from environment variables, which Grafana writes as text: numbers and booleans are
//! accepted as text too, and the list of regions as one text with commas.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use super::certificate::ca_certificate;
use super::cockpit::{Cockpit, cockpit};
use super::detection::{detection_folder, detection_rules};
use super::field::{
    Data, Error, api_url, boolean, cache_directory, error, lag, number, seconds, secret_key, uuid, value,
};
use super::region::regions;
use super::unknown::{Unknown, unknown};

/// The default of the most events in an answer.
pub const DEFAULT_MAX_EVENTS: usize = 50_000;

/// A data source's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The organization of the trail.
    pub organization_id: String,
    /// The regions of the trail.
    pub regions: Vec<String>,
    /// The default project of queries.
    pub project_id: Option<String>,
    /// The base URL of the API.
    pub api_url: Url,
    /// The timeout of one call to Scaleway: 1 to 300 s.
    pub call_timeout: Duration,
    /// The deadline of one query: 1 to 600 s.
    pub query_timeout: Duration,
    /// The deadline of one query of an alert rule, where [`query_timeout`](Self::query_timeout) is not shorter: 1 to 600 s.
    pub rule_timeout: Duration,
    /// The most events that one query may fetch: 1 to 1 000 000.
    pub max_events: usize,
    /// The most concurrent calls to Scaleway: 1 to 64.
    pub concurrent_calls: u32,
    /// The longest delay from an event to its appearance in the trail: 1 to 86 400 s.
    pub settling: Duration,
    /// The delay from an event to its appearance in the trail that alert rules wait for: 1 s to [`settling`](Self::settling).
    pub lag: Duration,
    /// The memory limit of the cache in bytes: 1 MiB to 64 GiB.
    pub max_memory: usize,
    /// The directory of the persistent cache; with `None` the cache is in memory only.
    pub cache_directory: Option<PathBuf>,
    /// Trusted certificates besides the system's, in PEM.
    pub ca_certificate: Option<String>,
    /// Whether users without the role of an editor see no request bodies, addresses and investigations.
    pub hide_from_viewers: bool,
    /// The organization's own rules of detections: Sigma documents.
    pub detection_rules: Option<String>,
    /// The folder of the organization's own rules, a path below [`detection_root`](Self::detection_root).
    pub detection_folder: Option<PathBuf>,
    /// The folder below which folders of rules are. It is a setting of Grafana's server, and none of the data source.
    pub detection_root: Option<PathBuf>,
    /// The metrics of Cockpit; `None` where they are not configured.
    pub cockpit: Option<Cockpit>,
    /// The secret key of an IAM API key.
    pub secret_key: SecretString,
    /// Keys that are not settings.
    pub unknown: Vec<Unknown>,
}

impl Settings {
    /// Reads and checks the settings of a data source.
    ///
    /// # Errors
    /// The first invalid setting: its name, its value unless secret, and the allowed values.
    pub fn parse(json_data: &[u8], secrets: &HashMap<String, String>) -> Result<Self, Error> {
        let json_data = if json_data.trim_ascii().is_empty() { b"{}" } else { json_data };
        // The parser's own message would quote the value, which may be secret.
        let data: Option<Data> = serde_json::from_slice(json_data).map_err(|_| {
            error("jsonData", "is not a JSON object", "an object such as {\"organizationId\": \"...\"}")
        })?;
        let data = data.unwrap_or_default();
        let settling = seconds(&data, "settlingSeconds", 300, 86_400)?;
        let organization = "the organization's id, a UUID, from the console's Organization page";
        Ok(Self {
            organization_id: uuid(&data, "organizationId")?
                .ok_or_else(|| error("organizationId", "is empty", organization))?,
            regions: regions(value(&data, "regions"))?,
            project_id: uuid(&data, "projectId")?,
            api_url: api_url(value(&data, "apiUrl"))?,
            call_timeout: seconds(&data, "callTimeoutSeconds", 15, 300)?,
            query_timeout: seconds(&data, "queryTimeoutSeconds", 60, 600)?,
            rule_timeout: seconds(&data, "ruleTimeoutSeconds", 25, 600)?,
            max_events: number(&data, "maxEvents", DEFAULT_MAX_EVENTS as u64, 1_000_000)?,
            concurrent_calls: number(&data, "concurrentCalls", 8, 64)?,
            settling,
            lag: lag(&data, settling)?,
            max_memory: number::<usize>(&data, "maxMemoryMiB", 256, 65_536)? << 20,
            cache_directory: cache_directory(value(&data, "cacheDirectory"))?,
            ca_certificate: ca_certificate(value(&data, "caCertificate"))?,
            hide_from_viewers: boolean(&data, "hideFromViewers")?,
            detection_rules: detection_rules(value(&data, "detectionRules"))?,
            detection_folder: detection_folder(value(&data, "detectionFolder"))?,
            detection_root: None,
            cockpit: cockpit(value(&data, "cockpitUrls"), secrets)?,
            secret_key: secret_key(secrets.get("secretKey").map_or("", String::as_str))?,
            unknown: [unknown("jsonData", data.keys()), unknown("secureJsonData", secrets.keys())].concat(),
        })
    }

    /// The longest time of a query's answer; `from_alert` is whether an alert rule asks.
    #[must_use]
    pub fn timeout(&self, from_alert: bool) -> Duration {
        if from_alert { self.query_timeout.min(self.rule_timeout) } else { self.query_timeout }
    }

    /// A one-way hash of the settings on which cached events depend: organization, API, settling time and credential.
    pub(crate) fn trail_fingerprint(&self) -> [u8; 32] {
        let settling = format!("{:?}", self.settling);
        fingerprint([&self.organization_id, self.api_url.as_str(), &settling, self.secret_key.expose_secret()])
    }

    /// A one-way hash of all settings, credential included.
    ///
    /// It is the key of the cache, so that only data sources with the credential read the cached events.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let urls = self.cockpit.iter().flat_map(|cockpit| &cockpit.urls);
        let secrets = std::iter::once(&self.secret_key).chain(urls.map(|url| &url.token));
        // The debug output has all settings without the secrets.
        let settings = format!("{self:?}");
        fingerprint(std::iter::once(settings.as_str()).chain(secrets.map(ExposeSecret::expose_secret)))
    }
}

/// A hash of parts with their lengths, so that moving a boundary between parts changes it.
pub(crate) fn fingerprint<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
