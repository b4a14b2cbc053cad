//! What an administrator configures, validated once.
//!
//! Provisioning files fill settings from environment variables, which Grafana writes as text: numbers and booleans are
//! accepted as text too, and the list of regions as one text with commas.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
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
    pub held_folder: Option<PathBuf>,
    /// Certificates to trust beside the system's, in PEM.
    pub ca_certificate: Option<String>,
    /// The secret key of an IAM API key.
    pub secret_key: SecretString,
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

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct JsonData {
    organization_id: Value,
    regions: Value,
    project_id: Value,
    api_url: Value,
    call_timeout_seconds: Value,
    query_timeout_seconds: Value,
    max_events: Value,
    concurrent_calls: Value,
    settling_seconds: Value,
    #[serde(rename = "maxMemoryMiB")]
    max_memory: Value,
    held_folder: Value,
    ca_certificate: Value,
}

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
        let data: JsonData = serde_json::from_value(Value::Object(data.unwrap_or_default())).map_err(no_object)?;
        Ok(Self {
            organization_id: uuid("organizationId", &data.organization_id)?.ok_or_else(|| {
                error(
                    "organizationId",
                    "is empty",
                    "the organization's id, a UUID, from the console's Organization page",
                )
            })?,
            regions: regions(&data.regions)?,
            project_id: uuid("projectId", &data.project_id)?,
            api_url: api_url(&data.api_url)?,
            call_timeout: seconds("callTimeoutSeconds", &data.call_timeout_seconds, 15, 300)?,
            query_timeout: seconds("queryTimeoutSeconds", &data.query_timeout_seconds, 60, 600)?,
            max_events: usize::try_from(number("maxEvents", &data.max_events, DEFAULT_MAX_EVENTS as u64, 1_000_000)?)
                .unwrap_or(usize::MAX),
            concurrent_calls: u32::try_from(number("concurrentCalls", &data.concurrent_calls, 8, 64)?)
                .unwrap_or(u32::MAX),
            settling: seconds("settlingSeconds", &data.settling_seconds, 300, 86_400)?,
            max_memory: usize::try_from(number("maxMemoryMiB", &data.max_memory, 256, 65_536)? << 20)
                .unwrap_or(usize::MAX),
            held_folder: held_folder(&data.held_folder)?,
            ca_certificate: ca_certificate(&data.ca_certificate)?,
            secret_key: secret_key(secrets.get("secretKey").map_or("", String::as_str))?,
        })
    }

    /// A name for the trail that these settings read, and for what they take for settled: organization, API, settling time
    /// and credential, and no way back to any of them.
    #[must_use]
    pub fn trail_fingerprint(&self) -> [u8; 32] {
        let settling = format!("{:?}", self.settling);
        fingerprint(&[&self.organization_id, self.api_url.as_str(), &settling, self.secret_key.expose_secret()])
    }

    /// A name for these settings, credential included: equal for equal settings only, and no way back to the credential.
    ///
    /// Held events are kept under this name, so that only who holds the credential can read them.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        fingerprint(&[
            &self.organization_id,
            &self.regions.join(","),
            self.project_id.as_deref().unwrap_or_default(),
            self.api_url.as_str(),
            &format!("{:?} {:?} {}", self.call_timeout, self.query_timeout, self.max_events),
            &format!("{} {:?} {} {:?}", self.concurrent_calls, self.settling, self.max_memory, self.held_folder),
            self.ca_certificate.as_deref().unwrap_or_default(),
            self.secret_key.expose_secret(),
        ])
    }
}

/// A hash of texts, each with its length, so that none can pass for a part of another.
fn fingerprint(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
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
        Value::Number(number) => number.to_string(),
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
            list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
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

fn held_folder(value: &Value) -> Result<Option<PathBuf>, Error> {
    const ALLOWED: &str = "an absolute path, of a folder that Grafana's user may write to or create";
    match text("heldFolder", value, ALLOWED)? {
        None => Ok(None),
        Some(path) if Path::new(&path).is_absolute() => Ok(Some(PathBuf::from(path))),
        Some(path) => Err(error("heldFolder", format!("is {path:?}"), ALLOWED)),
    }
}

fn ca_certificate(value: &Value) -> Result<Option<String>, Error> {
    const ALLOWED: &str = "one or more certificates in PEM, each between BEGIN CERTIFICATE and END CERTIFICATE";
    let Some(pem) = text("caCertificate", value, ALLOWED)? else { return Ok(None) };
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
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBkTCCATegAwIBAgIUcwCeWusLpIoUYftxHcL/fQH0Fa0wCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSQSB0ZXN0J3MgYXV0aG9yaXR5MCAXDTI2MTEyNDIxMTcwNFoY
DzIxMjYxMDMxMjExNzA0WjAdMRswGQYDVQQDDBJBIHRlc3QncyBhdXRob3JpdHkw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARMbaWPaBE692VXAy+DzHeQKbHlKHA3
2wNZNIuPSisny2AEbBArEY+RbLXucdvA0izK5RVkx75FIaIdxw85OUf2o1MwUTAd
BgNVHQ4EFgQUyQimnOUrBmLhk8NkubgI88wWW10wHwYDVR0jBBgwFoAUyQimnOUr
BmLhk8NkubgI88wWW10wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBF
AiEA3sAMlD8L86/S3t8G3yyX6OkWYLpyAQO+9iy7AZnPJK4CIHFzB/tv3j6KUZLR
9n/n8hyvhMfqdSXuDNTkvr0I8U6g
-----END CERTIFICATE-----";

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
        for other in [other("maxMemoryMiB", json!(8)), other("heldFolder", json!("/a"))] {
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
