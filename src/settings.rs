//! What an administrator configures, validated once.
//!
//! Provisioning files fill settings from environment variables, which Grafana writes as text: numbers and booleans are
//! accepted as text too, and the list of regions as one text with commas.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::{Host, Url};

/// Scaleway's API.
pub const API_URL: &str = "https://api.scaleway.com";

/// The regions that Audit Trail is known to answer in. Source: Scaleway's documentation of Audit Trail's product integration.
pub const REGIONS: [&str; 4] = ["fr-par", "nl-ams", "pl-waw", "it-mil"];

/// What a region may be called: Scaleway opens new ones, which need no new version.
pub(crate) const REGIONS_ALLOWED: &str = "fr-par, nl-ams, pl-waw, it-mil, or another region such as xx-abc";

/// The regions asked when none is configured: those that Scaleway's own clients know.
pub const DEFAULT_REGIONS: [&str; 2] = ["fr-par", "nl-ams"];

/// The most events that an answer may be made of, by default.
pub const DEFAULT_MAX_EVENTS: usize = 50_000;

/// A data source's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The organization whose trail is read.
    pub organization_id: String,
    /// The regions asked.
    pub regions: Vec<String>,
    /// The project that a query without projects means.
    pub project_id: Option<String>,
    /// Where the API is.
    pub api_url: Url,
    /// How long one call to Scaleway may take: 1 to 300 s.
    pub call_timeout: Duration,
    /// How long one query may take in all: 1 to 600 s.
    pub query_timeout: Duration,
    /// The most events that one query may fetch: 1 to 1 000 000.
    pub max_events: usize,
    /// How many calls to Scaleway may run at the same time: 1 to 64.
    pub concurrent_calls: u32,
    /// How long after it was recorded an event may still be missing from the trail: 1 to 86 400 s.
    pub settling: Duration,
    /// How much memory held events may take, in bytes: 1 MiB to 64 GiB.
    pub max_memory: usize,
    /// A folder in which held events outlive the process; none is used where it is absent.
    pub cache_directory: Option<PathBuf>,
    /// Certificates to trust beside the system's, in PEM.
    pub ca_certificate: Option<String>,
    /// The secret key of an IAM API key.
    pub secret_key: SecretString,
    /// Keys that are no settings.
    pub unknown: Vec<Unknown>,
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("setting {field} {problem}. Allowed: {allowed}.")]
pub struct Error {
    /// The setting's name in `jsonData` or `secureJsonData`.
    pub field: &'static str,
    /// What is wrong, with the value unless it is secret.
    pub problem: String,
    /// What is allowed.
    pub allowed: String,
}

fn error(field: &'static str, problem: impl Into<String>, allowed: impl Into<String>) -> Error {
    Error { field, problem: problem.into(), allowed: allowed.into() }
}

/// The settings in `jsonData`.
const FIELDS: [&str; 12] = [
    "organizationId",
    "regions",
    "projectId",
    "apiUrl",
    "callTimeoutSeconds",
    "queryTimeoutSeconds",
    "maxEvents",
    "concurrentCalls",
    "settlingSeconds",
    "maxMemoryMiB",
    "cacheDirectory",
    "caCertificate",
];

/// The settings in `secureJsonData`.
const SECRETS: [&str; 1] = ["secretKey"];

/// Old names of settings that are still read, with the present ones.
const RENAMED: [(&str, &str); 1] = [("heldFolder", "cacheDirectory")];

/// What Grafana itself, or its libraries, write into the settings of any data source. Sources: `DataSourceJsonData` and the
/// services of Grafana 12.4, and `backend/http_settings.go` of its SDK for plugins.
const GRAFANAS: [&str; 45] = [
    "access",
    "alertmanagerUid",
    "allowAsRecordingRulesTarget",
    "authType",
    "azureCredentials",
    "basicAuth",
    "basicAuthPassword",
    "basicAuthUser",
    "defaultRegion",
    "dialTimeout",
    "disableGrafanaCache",
    "enableSecureSocksProxy",
    "httpExpectContinueTimeout",
    "httpIdleConnTimeout",
    "httpKeepAlive",
    "httpMaxConnsPerHost",
    "httpMaxIdleConns",
    "httpMaxIdleConnsPerHost",
    "httpTLSHandshakeTimeout",
    "keepCookies",
    "manageAlerts",
    "oauthPassThru",
    "password",
    "pdcInjected",
    "profile",
    "secureSocksProxyPassword",
    "secureSocksProxyUsername",
    "serverName",
    "sigV4AccessKey",
    "sigV4AssumeRoleArn",
    "sigV4Auth",
    "sigV4AuthType",
    "sigV4ExternalId",
    "sigV4Profile",
    "sigV4Region",
    "sigV4SecretKey",
    "sigV4SessionToken",
    "teamHttpHeaders",
    "timeout",
    "tlsAuth",
    "tlsAuthWithCACert",
    "tlsCACert",
    "tlsClientCert",
    "tlsClientKey",
    "tlsSkipVerify",
];

/// A key that is no setting: it has no effect, and is most often a slip of the pen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The key.
    pub key: String,
    /// `jsonData` or `secureJsonData`.
    pub place: &'static str,
    /// The setting that it is close to, with its place.
    pub meant: Option<(&'static str, &'static str)>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, place, meant } = self;
        if let Some((_, new)) = renamed(key).filter(|_| *place == "jsonData") {
            return write!(
                f,
                "{key:?} in {place} is the old name of {new}; rename it, since the next version will not read it"
            );
        }
        write!(f, "{key:?} in {place} is no setting and has no effect")?;
        match meant {
            Some((meant, there)) if there == place => write!(f, "; the nearest setting is {meant}"),
            Some((meant, there)) => write!(f, "; the nearest setting is {meant} in {there}"),
            None => Ok(()),
        }
    }
}

fn renamed(key: &str) -> Option<&'static (&'static str, &'static str)> {
    RENAMED.iter().find(|(old, _)| *old == key)
}

/// The keys that are neither settings nor Grafana's.
fn unknown<'a>(place: &'static str, keys: impl Iterator<Item = &'a String>) -> Vec<Unknown> {
    let own: &[&str] = if place == "jsonData" { &FIELDS } else { &SECRETS };
    let is_grafanas = |key: &str| {
        let header = key.strip_prefix("httpHeaderName").or_else(|| key.strip_prefix("httpHeaderValue"));
        let is_header = header.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        is_header || GRAFANAS.contains(&key)
    };
    let mut keys: Vec<&String> = keys.filter(|key| !own.contains(&key.as_str()) && !is_grafanas(key)).collect();
    keys.sort();
    let named = |key: &String| Unknown { key: key.clone(), place, meant: closest(key) };
    keys.into_iter().map(named).collect()
}

/// The setting whose name differs from a key in few letters, whatever their case, and where it is to be.
fn closest(key: &str) -> Option<(&'static str, &'static str)> {
    let settings =
        FIELDS.map(|name| (name, "jsonData")).into_iter().chain(SECRETS.map(|name| (name, "secureJsonData")));
    let distances = settings.map(|(name, place)| (distance(&key.to_lowercase(), &name.to_lowercase()), name, place));
    let (_, name, place) = distances.min().filter(|(distance, name, _)| *distance <= name.len() / 3)?;
    Some((name, place))
}

/// How many letters have to be inserted, left out or replaced to make one text the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(LONGEST_KEY).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (number, a) in one.chars().take(LONGEST_KEY).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], number + 1);
        for (place, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

/// No setting's name is as long; what is longer is not compared to its end.
const LONGEST_KEY: usize = 64;

impl Settings {
    /// Reads and checks the settings of a data source.
    ///
    /// # Errors
    /// The first setting that cannot be used: its name, its value unless secret, and what is allowed.
    pub fn parse(json_data: &[u8], secrets: &HashMap<String, String>) -> Result<Self, Error> {
        let json_data = if json_data.trim_ascii().is_empty() { b"{}" } else { json_data };
        // The parser's own message would quote the value, and it would take a list for an object.
        let no_object =
            |_| error("jsonData", "is not a JSON object", "an object such as {\"organizationId\": \"...\"}");
        let data: Option<Map<String, Value>> = serde_json::from_slice(json_data).map_err(no_object)?;
        let data = data.unwrap_or_default();
        let given = |field: &str| data.get(field).filter(|value| !value.is_null());
        let old_name = |field: &str| RENAMED.iter().find_map(|(old, new)| (*new == field).then_some(*old));
        let of = |field: &str| given(field).or_else(|| given(old_name(field)?)).unwrap_or(&Value::Null);
        Ok(Self {
            organization_id: uuid("organizationId", of("organizationId"))?.ok_or_else(|| {
                error(
                    "organizationId",
                    "is empty",
                    "the organization's id, a UUID, from the console's Organization page",
                )
            })?,
            regions: regions(of("regions"))?,
            project_id: uuid("projectId", of("projectId"))?,
            api_url: api_url(of("apiUrl"))?,
            call_timeout: seconds("callTimeoutSeconds", of("callTimeoutSeconds"), 15, 300)?,
            query_timeout: seconds("queryTimeoutSeconds", of("queryTimeoutSeconds"), 60, 600)?,
            max_events: usize::try_from(number("maxEvents", of("maxEvents"), DEFAULT_MAX_EVENTS as u64, 1_000_000)?)
                .unwrap_or(usize::MAX),
            concurrent_calls: u32::try_from(number("concurrentCalls", of("concurrentCalls"), 8, 64)?)
                .unwrap_or(u32::MAX),
            settling: seconds("settlingSeconds", of("settlingSeconds"), 300, 86_400)?,
            max_memory: usize::try_from(number("maxMemoryMiB", of("maxMemoryMiB"), 256, 65_536)? << 20)
                .unwrap_or(usize::MAX),
            cache_directory: cache_directory(of("cacheDirectory"))?,
            ca_certificate: ca_certificate(of("caCertificate"))?,
            secret_key: secret_key(secrets.get("secretKey").map_or("", String::as_str))?,
            unknown: [unknown("jsonData", data.keys()), unknown("secureJsonData", secrets.keys())].concat(),
        })
    }

    /// A name for the trail that these settings read, and for what they take for settled: organization, API, settling time
    /// and credential, and no way back to any of them.
    #[must_use]
    pub fn trail_fingerprint(&self) -> [u8; 32] {
        let settling = format!("{:?}", self.settling);
        fingerprint([&self.organization_id, self.api_url.as_str(), &settling, self.secret_key.expose_secret()])
    }

    /// A name for these settings, credential included: equal for equal settings only, and no way back to the credential.
    ///
    /// Held events are kept under this name, so that only who holds the credential can read them.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        fingerprint([
            &self.organization_id,
            &self.regions.join(","),
            self.project_id.as_deref().unwrap_or_default(),
            self.api_url.as_str(),
            &format!("{:?} {:?} {}", self.call_timeout, self.query_timeout, self.max_events),
            &format!("{} {:?} {} {:?}", self.concurrent_calls, self.settling, self.max_memory, self.cache_directory),
            self.ca_certificate.as_deref().unwrap_or_default(),
            self.secret_key.expose_secret(),
            &format!("{:?}", self.unknown),
        ])
    }
}

/// A hash of texts, each with its length, so that none can pass for a part of another.
pub(crate) fn fingerprint<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A setting's text, whatever JSON type it has; `None` where it is absent, null or blank.
fn text(field: &'static str, value: &Value, allowed: &str) -> Result<Option<String>, Error> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => match number.as_f64() {
            // In YAML, 15.0 is as good a whole number as 15.
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
            _ => number.to_string(),
        },
        Value::Bool(value) => value.to_string(),
        Value::Array(_) | Value::Object(_) => return Err(error(field, "is a list or an object", allowed)),
    };
    Ok((!text.is_empty()).then_some(text))
}

/// Whether a text is a UUID, in any case.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a text can be a region's name: two letters for the country, a dash, and three to five letters or digits.
pub(crate) fn is_region(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    let fits = |country: &str, city: &str| {
        country.len() == 2
            && country.bytes().all(is_letter)
            && (3..=5).contains(&city.len())
            && city.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit())
    };
    text.split_once('-').is_some_and(|(country, city)| fits(country, city))
}

fn uuid(field: &'static str, value: &Value) -> Result<Option<String>, Error> {
    const ALLOWED: &str = "a UUID such as 11111111-2222-3333-4444-555555555555";
    match text(field, value, ALLOWED)? {
        Some(id) if is_uuid(&id) => Ok(Some(id.to_ascii_lowercase())),
        Some(id) => Err(error(field, format!("is {id:?}"), ALLOWED)),
        None => Ok(None),
    }
}

fn regions(value: &Value) -> Result<Vec<String>, Error> {
    let names: Vec<String> = match value {
        Value::Array(items) => {
            let names: Result<Vec<_>, _> = items.iter().map(|item| text("regions", item, REGIONS_ALLOWED)).collect();
            names?.into_iter().flatten().collect()
        }
        other => {
            let list = text("regions", other, REGIONS_ALLOWED)?.unwrap_or_default();
            // A list written out as text, as environment variables hold one.
            if let Ok(Value::Array(items)) = serde_json::from_str(&list) {
                return regions(&Value::Array(items));
            }
            let names = list.split(|c: char| c == ',' || c.is_whitespace());
            names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
        }
    };
    if let Some(wrong) = names.iter().find(|name| !is_region(name)) {
        return Err(error("regions", format!("contains {wrong:?}"), REGIONS_ALLOWED));
    }
    if names.is_empty() {
        return Ok(DEFAULT_REGIONS.map(str::to_owned).to_vec());
    }
    // Each once: the known ones in the usual order, so that equal settings are equal, and then the others.
    let known =
        REGIONS.iter().filter(|region| names.iter().any(|name| name == *region)).map(|&region| region.to_owned());
    let others: BTreeSet<String> = names.iter().filter(|name| !REGIONS.contains(&name.as_str())).cloned().collect();
    Ok(known.chain(others).collect())
}

fn api_url(value: &Value) -> Result<Url, Error> {
    const ALLOWED: &str = "an https URL without path, user or query, or http to a loopback address";
    let text = text("apiUrl", value, ALLOWED)?.unwrap_or_else(|| API_URL.to_owned());
    // A URL can carry a password: it is quoted only where it is known to hold none.
    let url = Url::parse(&text).map_err(|e| error("apiUrl", format!("is not a URL ({e})"), ALLOWED))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(error("apiUrl", "holds a user name or a password", ALLOWED));
    }
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if !safe || url.query().is_some() || url.fragment().is_some() || !matches!(url.path(), "" | "/") {
        return Err(error("apiUrl", format!("is {text:?}"), ALLOWED));
    }
    Ok(url)
}

/// Whether a URL leads to this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn number(field: &'static str, value: &Value, default: u64, most: u64) -> Result<u64, Error> {
    let allowed = format!("a whole number from 1 to {most}");
    match text(field, value, &allowed)? {
        None => Ok(default),
        Some(text) => match text.parse() {
            Ok(number) if (1..=most).contains(&number) => Ok(number),
            _ => Err(error(field, format!("is {text:?}"), allowed)),
        },
    }
}

fn seconds(field: &'static str, value: &Value, default: u64, most: u64) -> Result<Duration, Error> {
    number(field, value, default, most).map(Duration::from_secs)
}

fn cache_directory(value: &Value) -> Result<Option<PathBuf>, Error> {
    const ALLOWED: &str = "an absolute path, of a folder that Grafana's user may write to or create";
    match text("cacheDirectory", value, ALLOWED)? {
        None => Ok(None),
        Some(path) if Path::new(&path).is_absolute() => Ok(Some(PathBuf::from(path))),
        Some(path) => Err(error("cacheDirectory", format!("is {path:?}"), ALLOWED)),
    }
}

fn ca_certificate(value: &Value) -> Result<Option<String>, Error> {
    const ALLOWED: &str = "one or more certificates in PEM, each between BEGIN CERTIFICATE and END CERTIFICATE, or the absolute path of a \
                           file with such certificates";
    let Some(text) = text("caCertificate", value, ALLOWED)? else { return Ok(None) };
    let is_path = !text.contains("-----BEGIN") && Path::new(&text).is_absolute();
    let written = if is_path {
        contents(Path::new(&text)).map_err(|problem| error("caCertificate", problem, ALLOWED))?
    } else {
        text
    };
    let pem = rewrapped(&written);
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let certificates = certificates.unwrap_or_default();
    if certificates.is_empty() {
        return Err(error("caCertificate", "is not a certificate", ALLOWED));
    }
    // What TLS would refuse later is refused here, where the setting can be named.
    let mut roots = RootCertStore::empty();
    match certificates.into_iter().position(|certificate| roots.add(certificate).is_err()) {
        None => Ok(Some(pem)),
        Some(place) => {
            let problem = format!("holds what is not a certificate (number {})", place + 1);
            Err(error("caCertificate", problem, ALLOWED))
        }
    }
}

/// What a file of certificates holds, or what is wrong with the file.
fn contents(path: &Path) -> Result<String, String> {
    let shown = path.display().to_string();
    let failed = |error: std::io::Error| format!("is the path {shown:?}, which cannot be read ({error})");
    let about = std::fs::metadata(path).map_err(failed)?;
    // Reading a pipe or a device might never end.
    if !about.is_file() {
        return Err(format!("is the path {shown:?}, which is not a file"));
    }
    if about.len() > LARGEST_FILE {
        return Err(format!("is the path {shown:?}, which is larger than {} MiB", LARGEST_FILE >> 20));
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    String::from_utf8(bytes).map_err(|_| format!("is the path {shown:?}, which is not in PEM"))
}

/// A bundle of all authorities there are has 200 KiB.
const LARGEST_FILE: u64 = 1 << 20;

/// The certificates of a text, on lines as PEM wants them, whatever has become of the lines on the way: environment variables
/// and YAML turn them into `\n` as two characters, or into spaces.
fn rewrapped(text: &str) -> String {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let mut pem = String::with_capacity(text.len());
    for block in text.split(BEGIN).skip(1) {
        let (body, end) = block.split_once(END).map_or((block, ""), |(body, _)| (body, END));
        let body = body.replace("\\r", "").replace("\\n", "").replace('\\', "");
        let body: Vec<char> = body.chars().filter(|c| !c.is_whitespace()).collect();
        pem.push_str(BEGIN);
        for line in body.chunks(64) {
            pem.push('\n');
            pem.extend(line);
        }
        pem.push('\n');
        pem.push_str(end);
        pem.push('\n');
    }
    pem
}

fn secret_key(key: &str) -> Result<SecretString, Error> {
    const ALLOWED: &str = "the secret key of an IAM API key, a UUID";
    let key = key.trim();
    if key.is_empty() {
        return Err(error("secretKey", "is empty", ALLOWED));
    }
    if key.starts_with("SCW") {
        return Err(error("secretKey", "is an access key (it begins with SCW)", ALLOWED));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(error("secretKey", "holds spaces or characters outside ASCII", ALLOWED));
    }
    if !is_uuid(key) {
        return Err(error("secretKey", "is not a UUID", ALLOWED));
    }
    Ok(SecretString::from(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ORGANIZATION: &str = "0a1b2c3d-0000-4000-8000-000000000001";
    const KEY: &str = "11111111-1111-4111-8111-111111111111";

    /// An authority's certificate, made for these tests; its private key was thrown away.
    const CERTIFICATE: &str = include_str!("../tests/data/certificate.pem").trim_ascii();

    fn parse(mut data: Value) -> Result<Settings, Error> {
        if data.get("organizationId").is_none() {
            data["organizationId"] = json!(ORGANIZATION);
        }
        Settings::parse(data.to_string().as_bytes(), &HashMap::from([("secretKey".to_owned(), KEY.to_owned())]))
    }

    #[test]
    fn defaults() {
        let settings = parse(json!({})).unwrap();
        assert_eq!(settings.regions, DEFAULT_REGIONS);
        assert_eq!(settings.api_url.as_str(), "https://api.scaleway.com/");
        assert_eq!(settings.max_events, DEFAULT_MAX_EVENTS);
        assert_eq!(settings.project_id, None);
    }

    #[test]
    fn other_settings_of_what_is_held_are_another_store_of_the_same_trail() {
        let other = |field: &str, value: Value| {
            let mut data = json!({});
            data[field] = value;
            parse(data).unwrap()
        };
        let usual = parse(json!({})).unwrap();
        for other in [other("maxMemoryMiB", json!(8)), other("cacheDirectory", json!("/a"))] {
            assert_ne!(other.fingerprint(), usual.fingerprint());
            assert_eq!(other.trail_fingerprint(), usual.trail_fingerprint());
        }
        // What was settled after a minute may lack what a longer time waits for.
        let longer = other("settlingSeconds", json!(600));
        assert_ne!(longer.trail_fingerprint(), usual.trail_fingerprint());
    }

    #[test]
    fn numbers_and_lists_may_be_text() {
        let settings =
            parse(json!({"maxEvents": "700", "regions": "nl-ams, fr-par", "callTimeoutSeconds": "3"})).unwrap();
        assert_eq!(settings.max_events, 700);
        assert_eq!(settings.regions, ["fr-par", "nl-ams"]);
        assert_eq!(settings.call_timeout, Duration::from_secs(3));
        for regions in ["[\"nl-ams\", \"fr-par\"]", "nl-ams fr-par", "nl-ams\nfr-par\n", " [ ] ", "[\"\"]"] {
            assert_eq!(parse(json!({ "regions": regions })).unwrap().regions, ["fr-par", "nl-ams"], "{regions}");
        }
        assert_eq!(parse(json!({ "maxEvents": 700.0 })).unwrap().max_events, 700);
        assert!(parse(json!({ "regions": "[[\"fr-par\"]]" })).is_err());
    }

    #[test]
    fn a_region_that_is_younger_than_this_version_can_be_set() {
        let settings = parse(json!({"regions": "uk-lon1, it-mil, de-fra, it-mil, fr-par"})).unwrap();
        assert_eq!(settings.regions, ["fr-par", "it-mil", "de-fra", "uk-lon1"]);
        for (name, is_one) in [
            ("fr-par", true),
            ("de-fra42", true),
            ("xx-123", true),
            ("fr-par-1", false),
            ("frpar", false),
            ("FR-PAR", false),
            ("f-paris", false),
            ("fr-pa", false),
            ("fr-parispa", false),
            ("fr-pär", false),
            ("../..", false),
            ("fr-p/r", false),
            ("", false),
        ] {
            assert_eq!(is_region(name), is_one, "{name}");
        }
    }

    #[test]
    fn each_wrong_value_is_named_with_what_is_allowed() {
        let cases = [
            (json!({"organizationId": "acme"}), "setting organizationId is \"acme\". Allowed: a UUID"),
            (json!({"organizationId": ""}), "setting organizationId is empty. Allowed: the organization's id"),
            (
                json!({"regions": ["mars"]}),
                "setting regions contains \"mars\". Allowed: fr-par, nl-ams, pl-waw, it-mil, or another region such as xx-abc.",
            ),
            (json!({"regions": {"a": 1}}), "setting regions is a list or an object. Allowed: fr-par"),
            (json!({"projectId": 5}), "setting projectId is \"5\". Allowed: a UUID"),
            (
                json!({"apiUrl": "http://example.com"}),
                "setting apiUrl is \"http://example.com\". Allowed: an https URL",
            ),
            (json!({"apiUrl": "ftp://127.0.0.1"}), "setting apiUrl is \"ftp://127.0.0.1\". Allowed: an https URL"),
            (json!({"apiUrl": "nonsense"}), "setting apiUrl is not a URL"),
            (json!({"maxEvents": 0}), "setting maxEvents is \"0\". Allowed: a whole number from 1 to 1000000."),
            (json!({"maxEvents": "many"}), "setting maxEvents is \"many\". Allowed: a whole number"),
            (
                json!({"callTimeoutSeconds": 301}),
                "setting callTimeoutSeconds is \"301\". Allowed: a whole number from 1 to 300.",
            ),
            (
                json!({"queryTimeoutSeconds": -1}),
                "setting queryTimeoutSeconds is \"-1\". Allowed: a whole number from 1 to 600.",
            ),
            (
                json!({"caCertificate": "PEM"}),
                "setting caCertificate is not a certificate. Allowed: one or more certificates",
            ),
        ];
        for (data, expected) in cases {
            let message = parse(data.clone()).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{data}: {message}");
        }
    }

    #[test]
    fn certificates_are_whole_or_the_setting_is_wrong() {
        let parse = |pem: &str| parse(json!({ "caCertificate": pem }));
        for good in [CERTIFICATE.to_owned(), format!("\n{CERTIFICATE}\n# another\n{CERTIFICATE}\n")] {
            assert!(parse(&good).is_ok(), "{good}");
        }
        let frame = |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        for (pem, problem) in [
            (frame("!!!"), "is not a certificate."),
            (frame(""), "holds what is not a certificate (number 1)."),
            (frame("bm8gY2VydGlmaWNhdGU="), "holds what is not a certificate (number 1)."),
            (CERTIFICATE.replacen("MIIB", "MIIC", 1), "holds what is not a certificate (number 1)."),
            (format!("{CERTIFICATE}\n{}", frame("AAAA")), "holds what is not a certificate (number 2)."),
            (format!("{CERTIFICATE}\n{}", frame("!!!")), "is not a certificate."),
        ] {
            let error = parse(&pem).unwrap_err().to_string();
            assert!(error.starts_with(&format!("setting caCertificate {problem} Allowed: ")), "{pem}: {error}");
        }
    }

    #[test]
    fn a_certificate_may_have_lost_its_lines_on_the_way() {
        let whole = parse(json!({ "caCertificate": CERTIFICATE })).unwrap();
        let flat = CERTIFICATE.replace('\n', " ");
        for written in [
            CERTIFICATE.replace('\n', "\\n"),
            CERTIFICATE.replace('\n', "\\r\\n"),
            CERTIFICATE.replace('\n', "\\\\n"),
            CERTIFICATE.replace('\n', "\r\n"),
            CERTIFICATE.replace('\n', "\n      "),
            CERTIFICATE.replace('\n', ""),
            flat.clone(),
            format!("# the proxy's\\n{}\\n", CERTIFICATE.replace('\n', "\\n")),
        ] {
            let settings =
                parse(json!({ "caCertificate": written })).unwrap_or_else(|error| panic!("{written}: {error}"));
            assert_eq!(settings.ca_certificate, whole.ca_certificate, "{written}");
        }
        let two = parse(json!({ "caCertificate": format!("{flat} {flat}") })).unwrap().ca_certificate.unwrap();
        assert_eq!(CertificateDer::pem_slice_iter(two.as_bytes()).count(), 2);
    }

    #[test]
    fn a_certificate_may_be_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(at("ca.pem"), format!("# comment\n{CERTIFICATE}\n")).unwrap();
        let settings = parse(json!({ "caCertificate": format!(" {} ", at("ca.pem")) })).unwrap();
        assert_eq!(settings.ca_certificate, parse(json!({ "caCertificate": CERTIFICATE })).unwrap().ca_certificate);
        // Another certificate in the same file is another setting.
        std::fs::write(at("two.pem"), format!("{CERTIFICATE}\n{CERTIFICATE}")).unwrap();
        let two = parse(json!({ "caCertificate": at("two.pem") })).unwrap();
        assert_ne!(two.fingerprint(), settings.fingerprint());

        std::fs::write(at("empty.pem"), "").unwrap();
        std::fs::write(at("der"), [0x30, 0x82, 0xff]).unwrap();
        std::fs::write(at("large"), vec![b'x'; (1 << 20) + 1]).unwrap();
        for (name, problem) in [
            ("missing.pem", "which cannot be read (No such file"),
            ("", "which is not a file"),
            ("der", "which is not in PEM"),
            ("large", "which is larger than 1 MiB"),
        ] {
            let error = parse(json!({ "caCertificate": at(name) })).unwrap_err().to_string();
            let begins = format!("setting caCertificate is the path {:?}, {problem}", at(name));
            assert!(error.starts_with(&begins), "{error}");
            assert!(error.contains("or the absolute path of a file"), "{error}");
        }
        for text in [at("empty.pem"), "ca.pem".to_owned(), "~/ca.pem".to_owned()] {
            let error = parse(json!({ "caCertificate": text })).unwrap_err().to_string();
            assert!(error.starts_with("setting caCertificate is not a certificate. Allowed: "), "{text}: {error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_or_a_device_in_place_of_a_file_is_not_waited_for() {
        let error = parse(json!({ "caCertificate": "/dev/zero" })).unwrap_err().to_string();
        assert!(error.contains("is the path \"/dev/zero\", which is not a file"), "{error}");
    }

    #[test]
    fn every_setting_of_the_forms_and_of_the_documentation_is_known() {
        let form = include_str!("../frontend/src/settings.ts");
        let declared = |interface: &str| -> BTreeSet<&str> {
            let (_, body) = form.split_once(&format!("export interface {interface} ")).unwrap();
            let (body, _) = body.split_once("\n}").unwrap();
            body.lines().filter_map(|line| Some(line.trim().split_once("?:")?.0)).collect()
        };
        assert_eq!(declared("Settings"), FIELDS.into());
        assert_eq!(declared("Secrets"), SECRETS.into());
        let documented = include_str!("../docs/configure.md").lines();
        let documented = documented.filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
        let headings = ["jsonData", "secureJsonData"];
        let documented: Vec<&str> = documented.map(|(name, _)| name).filter(|name| !headings.contains(name)).collect();
        let is_known = |name: &&str| FIELDS.contains(name) || SECRETS.contains(name);
        let missing = FIELDS.iter().filter(|name| !documented.contains(name));
        assert_eq!(missing.collect::<Vec<_>>(), [&""; 0]);
        let unknown = documented.iter().filter(|name| name.starts_with(char::is_lowercase) && !is_known(name));
        assert_eq!(unknown.collect::<Vec<_>>(), [&""; 0]);
    }

    #[test]
    fn keys_that_are_no_settings_are_named_and_those_of_grafana_are_not() {
        let data = json!({
            "organizationId": ORGANIZATION, "maxEvent": 5, "regoins": "fr-par", "secretkey": "x", "color": { "a": [1] },
            "heldFolder": "/old", "cacheDirectory": "/new", "maxevents": 5,
            "tlsSkipVerify": true, "oauthPassThru": true, "keepCookies": ["a"], "httpHeaderName1": "X", "timeout": 5,
            "enableSecureSocksProxy": true, "teamHttpHeaders": {}, "manageAlerts": false, "": null,
        });
        let secrets = ["secretKey", "tlsCACert", "httpHeaderValue12", "apiURL", "httpHeaderValueX"];
        let secrets = secrets.map(|name| (name.to_owned(), KEY.to_owned())).into();
        let settings = Settings::parse(data.to_string().as_bytes(), &secrets).unwrap();
        let said: Vec<String> = settings.unknown.iter().map(ToString::to_string).collect();
        let unknown =
            |key: &str, place: &str, rest: &str| format!("{key:?} in {place} is no setting and has no effect{rest}");
        assert_eq!(
            said,
            [
                unknown("", "jsonData", ""),
                unknown("color", "jsonData", ""),
                "\"heldFolder\" in jsonData is the old name of cacheDirectory; rename it, since the next version will not read it".to_owned(),
                unknown("maxEvent", "jsonData", "; the nearest setting is maxEvents"),
                unknown("maxevents", "jsonData", "; the nearest setting is maxEvents"),
                unknown("regoins", "jsonData", "; the nearest setting is regions"),
                unknown("secretkey", "jsonData", "; the nearest setting is secretKey in secureJsonData"),
                unknown("apiURL", "secureJsonData", "; the nearest setting is apiUrl in jsonData"),
                unknown("httpHeaderValueX", "secureJsonData", ""),
            ]
        );
        assert_eq!(settings.cache_directory, Some("/new".into()));
        assert_eq!(parse(json!({ "heldFolder": "/old" })).unwrap().cache_directory, Some("/old".into()));
        assert_eq!(
            parse(json!({ "heldFolder": "/old", "cacheDirectory": null })).unwrap().cache_directory,
            Some("/old".into())
        );
        assert!(!said.concat().contains(KEY), "a value may be a secret");
        assert_eq!(parse(json!({})).unwrap().unknown, []);
        let long = parse(json!({ "x".repeat(100_000): 1 })).unwrap();
        assert_eq!(long.unknown[0].meant, None);
    }

    #[test]
    fn loopback_may_be_plain_http() {
        for url in ["http://127.0.0.1:9000", "http://localhost:1", "http://[::1]:8080/", "https://api.example.com"] {
            assert!(parse(json!({"apiUrl": url})).is_ok(), "{url}");
        }
    }

    #[test]
    fn no_error_quotes_a_secret() {
        let secret = "SCWSECRETSECRETSECRET";
        let wrong_keys =
            [secret.to_owned(), format!("{secret} x"), String::new(), secret.replace("SCW", "abc"), format!("{KEY}0")];
        for key in wrong_keys {
            let data = json!({"organizationId": ORGANIZATION});
            let error = Settings::parse(data.to_string().as_bytes(), &HashMap::from([("secretKey".to_owned(), key)]));
            let error = error.unwrap_err().to_string();
            assert!(!error.contains(&secret[3..]) && !error.contains(KEY), "{error}");
        }
        let url = parse(json!({"apiUrl": format!("https://me:{secret}@example.com")})).unwrap_err();
        assert!(!url.to_string().contains(secret), "{url}");
        let broken = Settings::parse(format!("{{\"secretKey\": \"{secret}\"").as_bytes(), &HashMap::new()).unwrap_err();
        assert!(!broken.to_string().contains(secret));
        assert!(!format!("{:?}", parse(json!({})).unwrap()).contains(KEY));
    }

    #[test]
    fn a_changed_key_is_another_fingerprint() {
        let data = json!({"organizationId": ORGANIZATION}).to_string();
        let with = |key: &str| {
            Settings::parse(data.as_bytes(), &HashMap::from([("secretKey".to_owned(), key.to_owned())]))
                .unwrap()
                .fingerprint()
        };
        assert_eq!(with(KEY), with(KEY));
        assert_ne!(with(KEY), with("22222222-1111-4111-8111-111111111111"));
    }
}
