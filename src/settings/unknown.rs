//! Keys that are not settings, with the settings that they may mean.

use std::fmt;

use strsim::levenshtein;

/// The settings in `jsonData`.
pub(super) const FIELDS: [&str; 19] = [
    "organizationId",
    "regions",
    "projectId",
    "apiUrl",
    "callTimeoutSeconds",
    "queryTimeoutSeconds",
    "ruleTimeoutSeconds",
    "maxEvents",
    "concurrentCalls",
    "settlingSeconds",
    "lagSeconds",
    "maxMemoryMiB",
    "cacheDirectory",
    "caCertificate",
    "hideFromViewers",
    "detectionRules",
    "detectionFolder",
    "cockpitUrls",
    // Links of the front end lead there; nothing here reads it.
    "metricsDataSource",
];

/// The secret with the token of all URLs that have none of their own.
pub(super) const TOKEN: &str = "cockpitToken";

/// The settings in `secureJsonData`, beside the tokens of single hosts.
pub(super) const SECRETS: [&str; 2] = ["secretKey", TOKEN];

/// The host of a secret that is the token of one host, as URLs write it: with its port where that is not the scheme's own.
pub(super) fn host_of(secret: &str) -> Option<&str> {
    secret.strip_prefix(TOKEN)?.strip_prefix('@').filter(|host| !host.is_empty())
}

/// Old names of settings that are still read, with the present names.
pub(super) const RENAMED: [(&str, &str); 1] = [("heldFolder", "cacheDirectory")];

/// Keys that Grafana or its libraries write into the settings of any data source. Sources: `DataSourceJsonData` and the
/// services of Grafana 12.4, and `backend/http_settings.go` of its SDK for plugins.
const GRAFANAS: &str = include_str!("grafana.txt");

/// A key that is not a setting and has no effect; most often a typing error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The key.
    pub key: String,
    /// `jsonData` or `secureJsonData`.
    pub object: &'static str,
    /// The closest setting and its object.
    pub meant: Option<(&'static str, &'static str)>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, object, meant } = self;
        if let Some((_, new)) = RENAMED.iter().find(|(old, _)| old == key && *object == "jsonData") {
            return write!(
                f,
                "{key:?} in {object} is the old name of {new}; rename it, since the next version will not read it"
            );
        }
        write!(f, "{key:?} in {object} is no setting and has no effect")?;
        match meant {
            Some((meant, there)) if there == object => write!(f, "; the nearest setting is {meant}"),
            Some((meant, there)) => write!(f, "; the nearest setting is {meant} in {there}"),
            None => Ok(()),
        }
    }
}

/// The keys that are neither settings nor Grafana's.
pub(super) fn unknown<'a>(object: &'static str, keys: impl Iterator<Item = &'a String>) -> Vec<Unknown> {
    let is_own = |key: &str| match object {
        "jsonData" => FIELDS.contains(&key),
        _ => SECRETS.contains(&key) || host_of(key).is_some(),
    };
    let mut keys: Vec<&String> = keys.filter(|key| !is_own(key) && !is_grafanas(key)).collect();
    keys.sort();
    keys.into_iter().map(|key| Unknown { key: key.clone(), object, meant: closest(key) }).collect()
}

fn is_grafanas(key: &str) -> bool {
    let header = key.strip_prefix("httpHeaderName").or_else(|| key.strip_prefix("httpHeaderValue"));
    header.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        || GRAFANAS.lines().any(|name| name == key)
}

/// The setting whose name differs from a key in few letters, ignoring case, and the object that it belongs to.
fn closest(key: &str) -> Option<(&'static str, &'static str)> {
    let settings =
        FIELDS.map(|name| (name, "jsonData")).into_iter().chain(SECRETS.map(|name| (name, "secureJsonData")));
    let distances =
        settings.map(|(name, object)| (levenshtein(&key.to_lowercase(), &name.to_lowercase()), name, object));
    let (_, name, object) = distances.min().filter(|(distance, name, _)| *distance <= name.len() / 3)?;
    Some((name, object))
}
