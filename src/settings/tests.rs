use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::region::is_region;
use super::unknown::{FIELDS, SECRETS, host_of};
use super::*;

const ORGANIZATION: &str = "0a1b2c3d-0000-4000-8000-000000000001";
const KEY: &str = "11111111-1111-4111-8111-111111111111";

/// An authority's certificate, made for these tests; its private key was thrown away.
const CERTIFICATE: &str = include_str!("../../tests/data/certificate.pem").trim_ascii();

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
fn cache_limits_change_the_fingerprint_but_not_the_trail_fingerprint() {
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
    // Events settled after a minute may lack events that a longer settling time waits for.
    let longer = other("settlingSeconds", json!(600));
    assert_ne!(longer.trail_fingerprint(), usual.trail_fingerprint());
}

#[test]
fn numbers_and_lists_may_be_text() {
    let settings = parse(json!({"maxEvents": "700", "regions": "nl-ams, fr-par", "callTimeoutSeconds": "3"})).unwrap();
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
fn a_region_unknown_to_this_version_can_be_set() {
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
fn errors_name_the_wrong_value_and_allowed_values() {
    let cases = [
        (json!({"organizationId": "acme"}), "setting organizationId is \"acme\". Allowed: a UUID"),
        (json!({"organizationId": ""}), "setting organizationId is empty. Allowed: the organization's id"),
        (
            json!({"regions": ["mars"]}),
            "setting regions contains \"mars\". Allowed: fr-par, nl-ams, pl-waw, it-mil, or another region such as xx-abc.",
        ),
        (json!({"regions": {"a": 1}}), "setting regions is a list or an object. Allowed: fr-par"),
        (json!({"projectId": 5}), "setting projectId is \"5\". Allowed: a UUID"),
        (json!({"apiUrl": "http://example.com"}), "setting apiUrl is \"http://example.com\". Allowed: an https URL"),
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
fn invalid_certificates_are_errors_with_their_number() {
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
fn line_breaks_of_a_certificate_are_restored() {
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
        let settings = parse(json!({ "caCertificate": written })).unwrap_or_else(|error| panic!("{written}: {error}"));
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
fn a_certificate_path_to_a_device_is_an_error_at_once() {
    let error = parse(json!({ "caCertificate": "/dev/zero" })).unwrap_err().to_string();
    assert!(error.contains("is the path \"/dev/zero\", which is not a file"), "{error}");
}

#[test]
fn every_setting_of_the_forms_and_of_the_documentation_is_known() {
    let form = include_str!("../../frontend/src/settings.ts");
    let declared = |interface: &str| -> BTreeSet<&str> {
        let (_, body) = form.split_once(&format!("export interface {interface} ")).unwrap();
        let (body, _) = body.split_once("\n}").unwrap();
        body.lines().filter_map(|line| Some(line.trim().split_once("?:")?.0)).collect()
    };
    assert_eq!(declared("Settings"), FIELDS.into());
    assert_eq!(declared("Secrets"), SECRETS.into());
    let documented = include_str!("../../docs/configure.md").lines();
    let documented = documented.filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let headings = ["jsonData", "secureJsonData"];
    let documented: Vec<&str> = documented.map(|(name, _)| name).filter(|name| !headings.contains(name)).collect();
    let is_known = |name: &&str| FIELDS.contains(name) || SECRETS.contains(name) || host_of(name).is_some();
    let missing = FIELDS.iter().filter(|name| !documented.contains(name));
    assert_eq!(missing.collect::<Vec<_>>(), [&""; 0]);
    let unknown = documented.iter().filter(|name| name.starts_with(char::is_lowercase) && !is_known(name));
    assert_eq!(unknown.collect::<Vec<_>>(), [&""; 0]);
}

#[test]
fn unknown_keys_are_named_unless_grafana_writes_them() {
    let data = json!({
        "organizationId": ORGANIZATION, "maxEvent": 5, "regoins": "fr-par", "secretkey": "x", "color": { "a": [1] },
        "heldFolder": "/old", "cacheDirectory": "/new", "maxevents": 5,
        "tlsSkipVerify": true, "oauthPassThru": true, "keepCookies": ["a"], "httpHeaderName1": "X", "timeout": 5,
        "enableSecureSocksProxy": true, "teamHttpHeaders": {}, "manageAlerts": false, "": null,
    });
    let secrets = ["secretKey", "tlsCACert", "httpHeaderValue12", "apiURL", "httpHeaderValueX"];
    let secrets = secrets.map(|name| (name.to_owned(), KEY.to_owned())).into();
    let settings = Settings::parse(data.to_string().as_bytes(), &secrets).unwrap();
    let texts: Vec<String> = settings.unknown.iter().map(ToString::to_string).collect();
    let unknown =
        |key: &str, object: &str, rest: &str| format!("{key:?} in {object} is no setting and has no effect{rest}");
    assert_eq!(
        texts,
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
    assert!(!texts.concat().contains(KEY), "a value may be a secret");
    assert_eq!(parse(json!({})).unwrap().unknown, []);
    let long = parse(json!({ "x".repeat(100_000): 1 })).unwrap();
    assert_eq!(long.unknown[0].meant, None);
}

#[test]
fn a_folder_of_rules_is_below_its_root() {
    let folder = |path: &str| parse(json!({ "detectionFolder": path })).map(|settings| settings.detection_folder);
    for (path, expected) in [("", None), ("a", Some("a")), ("a/b c", Some("a/b c")), ("./a/", Some("./a/"))] {
        assert_eq!(folder(path).unwrap(), expected.map(Into::into), "{path}");
    }
    for path in ["..", "a/../b", "../a", "/etc", "/", "a/..", "a\u{0}b"] {
        let error = folder(path).unwrap_err().to_string();
        assert!(error.starts_with("setting detectionFolder is "), "{error}");
        assert!(error.contains("Allowed: a path below the root that the server's administrator has set"), "{error}");
    }
    assert_eq!(parse(json!({ "detectionRules": " \n" })).unwrap().detection_rules, None);
    let long = parse(json!({ "detectionRules": "x".repeat((1 << 20) + 1) })).unwrap_err().to_string();
    assert!(long.starts_with("setting detectionRules has 1048577 bytes. Allowed: Sigma documents"), "{long}");
    let other = parse(json!({ "detectionRules": ["x"] })).unwrap_err().to_string();
    assert!(other.starts_with("setting detectionRules is not a text."), "{other}");
}

#[test]
fn loopback_may_be_plain_http() {
    for url in ["http://127.0.0.1:9000", "http://localhost:1", "http://[::1]:8080/", "https://api.example.com"] {
        assert!(parse(json!({"apiUrl": url})).is_ok(), "{url}");
    }
}

fn with_cockpit(urls: &Value, token: &str) -> Result<Settings, Error> {
    with_tokens(urls, &[("cockpitToken", token)])
}

fn with_tokens(urls: &Value, tokens: &[(&str, &str)]) -> Result<Settings, Error> {
    let data = json!({ "organizationId": ORGANIZATION, "cockpitUrls": urls });
    let secrets = tokens.iter().chain(&[("secretKey", KEY)]);
    let secrets = secrets.map(|(name, secret)| ((*name).to_owned(), (*secret).to_owned())).collect();
    Settings::parse(data.to_string().as_bytes(), &secrets)
}

#[test]
fn cockpit_is_off_without_a_token_and_has_each_url_once() {
    for (urls, token) in [(json!(null), ""), (json!([]), " "), (json!(" "), ""), (json!([""]), "")] {
        assert!(with_cockpit(&urls, token).unwrap().cockpit.is_none(), "{urls}");
    }
    let (paris, warsaw) = ("https://a.metrics.cockpit.fr-par.scw.cloud", "https://b.metrics.cockpit.pl-waw.scw.cloud");
    let list = json!([paris, format!("{warsaw}/prometheus"), format!("{paris}/"), format!("{warsaw}/prometheus/")]);
    for urls in [
        list.clone(),
        json!(list.to_string()),
        json!(format!("{paris}, {warsaw}")),
        json!(format!("{paris}\n{warsaw}\n")),
    ] {
        let cockpit = with_cockpit(&urls, " token ").unwrap().cockpit.unwrap();
        let read: Vec<&str> = cockpit.urls.iter().map(|metrics| metrics.url.as_str()).collect();
        assert_eq!(read, [format!("{paris}/"), format!("{warsaw}/")], "{urls}");
    }
    assert!(with_cockpit(&json!("http://[::1]:9090"), "token").is_ok());
    assert!(with_cockpit(&json!([]), "token").unwrap().cockpit.unwrap().urls.is_empty());
}

#[test]
fn each_url_has_the_token_of_its_host_or_else_the_default_one() {
    let (paris, local) = ("https://A.example.com/prometheus", "http://127.0.0.1:9090");
    let tokens = [
        ("cockpitToken", "default"),
        ("cockpitToken@127.0.0.1:9090", " own "),
        ("cockpitToken@a.example.org", "other"),
    ];
    let settings = with_tokens(&json!([paris, local]), &tokens).unwrap();
    let cockpit = settings.cockpit.unwrap();
    let sent = cockpit.urls.iter().map(|url| (url.url.host_str().unwrap(), url.token.expose_secret(), &*url.secret));
    let expected = [("a.example.com", "default", "cockpitToken"), ("127.0.0.1", "own", "cockpitToken@127.0.0.1:9090")];
    assert_eq!(sent.collect::<Vec<_>>(), expected);
    assert_eq!((cockpit.idle, settings.unknown), (vec!["cockpitToken@a.example.org".to_owned()], Vec::new()));

    // Names of hosts have no case; a token that was removed is an empty one.
    let tokens = [("cockpitToken", ""), ("cockpitToken@a.EXAMPLE.com", "own"), ("cockpitToken@b.example.com", " ")];
    let cockpit = with_tokens(&json!(paris), &tokens).unwrap().cockpit.unwrap();
    assert_eq!((cockpit.urls[0].token.expose_secret(), cockpit.idle), ("own", Vec::new()));
    let cockpit = with_tokens(&json!([]), &tokens).unwrap().cockpit.unwrap();
    assert_eq!((cockpit.urls.len(), cockpit.idle), (0, vec!["cockpitToken@a.EXAMPLE.com".to_owned()]));

    let error = with_tokens(&json!([paris, local]), &tokens).unwrap_err().to_string();
    let missing = "setting cockpitToken is empty, and 127.0.0.1:9090 of cockpitUrls has no token of its own. Allowed: ";
    assert!(error.starts_with(missing), "{error}");
    let tokens = [("cockpitToken", "default"), ("cockpitToken@a.example.com", "canary\n1")];
    let error = with_tokens(&json!(paris), &tokens).unwrap_err().to_string();
    let wrong = "setting cockpitToken of a.example.com contains spaces or characters outside ASCII. Allowed: ";
    assert!(error.starts_with(wrong) && !error.contains("canary"), "{error}");
}

#[test]
fn wrong_settings_of_cockpit_are_errors_without_the_secret() {
    let good = "https://example.com";
    for (urls, token, problem) in [
        (json!("http://example.com"), "token", "cockpitUrls is wrong at number 1, which is \"http://example.com\"."),
        (json!([good, "ftp://127.0.0.1"]), "token", "cockpitUrls is wrong at number 2, which is \"ftp://127.0.0.1\"."),
        (
            json!([good, "https://example.com/api"]),
            "token",
            "cockpitUrls is wrong at number 2, which is \"https://example.com/api\".",
        ),
        (
            json!("https://example.com?token"),
            "token",
            "cockpitUrls is wrong at number 1, which is \"https://example.com?token\".",
        ),
        (json!("fr-par"), "token", "cockpitUrls is wrong at number 1, which is not a URL ("),
        (
            json!("https://me:canary@example.com"),
            "token",
            "cockpitUrls is wrong at number 1, which holds a user name or a password.",
        ),
        (json!({ "fr-par": good }), "token", "cockpitUrls is a list or an object."),
        (json!(good), " ", "cockpitToken is empty, and example.com of cockpitUrls has no token of its own."),
        (json!(good), "canary\r\nX-Injected: 1", "cockpitToken contains spaces or characters outside ASCII."),
        (json!(good), "canary-é", "cockpitToken contains spaces or characters outside ASCII."),
    ] {
        let error = with_cockpit(&urls, token).unwrap_err().to_string();
        assert!(error.starts_with(&format!("setting {problem}")) && error.contains("Allowed: "), "{urls}: {error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn changed_settings_of_cockpit_change_the_fingerprint_but_not_the_trail_fingerprint() {
    let all = [
        (json!([]), ""),
        (json!([]), "a"),
        (json!("https://example.com"), "a"),
        (json!("https://example.com"), "b"),
        (json!("https://example.org"), "a"),
    ];
    let all = all.map(|(urls, token)| with_cockpit(&urls, token).unwrap());
    assert_eq!(all.iter().map(Settings::fingerprint).collect::<std::collections::HashSet<_>>().len(), all.len());
    assert!(all.iter().all(|settings| settings.trail_fingerprint() == all[0].trail_fingerprint()));
    let own = |token| with_tokens(&json!("https://example.com"), &[("cockpitToken@example.com", token)]).unwrap();
    assert_ne!(own("a").fingerprint(), own("b").fingerprint());
    assert_ne!(own("a").fingerprint(), all[2].fingerprint(), "the default token is of other hosts too");
    assert!(!format!("{:?} {:?}", with_cockpit(&json!([]), "canary"), own("canary")).contains("canary"));
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
fn a_changed_key_changes_the_fingerprint() {
    let data = json!({"organizationId": ORGANIZATION}).to_string();
    let with = |key: &str| {
        Settings::parse(data.as_bytes(), &HashMap::from([("secretKey".to_owned(), key.to_owned())]))
            .unwrap()
            .fingerprint()
    };
    assert_eq!(with(KEY), with(KEY));
    assert_ne!(with(KEY), with("22222222-1111-4111-8111-111111111111"));
}
