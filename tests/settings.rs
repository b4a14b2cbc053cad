//! How settings reach what users see: a wrong one as an error of every query, of the health check and of the resources.

mod common;

use std::time::Duration;

use arrow::array::Array;
use arrow::util::display::array_value_to_string;
use audittrail::host::{Ask, Host, Source};
use audittrail::sandbox::{Config, Endpoint, Fault, Grant, SECRET_KEY};
use common::{last_hours, organization, plugin, source};
use serde_json::{Value, json};

/// The answers of a data source to a query, to the health check and to a resource call: three texts.
async fn errors(host: &Host, source: &Source) -> [String; 3] {
    let asks = ["A", "B"].map(|name| Ask::new(name, json!({}), last_hours(1)));
    let responses = host.query(source, &asks, &[]).await.expect("an error of each query, not of the call");
    for response in responses.values() {
        assert_eq!((response.status, &*response.error_source), (400, "downstream"), "{}", response.error);
    }
    assert_eq!(responses["A"], responses["B"]);
    let health = host.health(source).await.expect("a bad health, not a failed call");
    assert_eq!(health.status, 2, "{}", health.message);
    let (status, answer) = host.resource(source, "products").await.expect("a refusal, not a failed call");
    assert_eq!(status, 400, "{answer}");
    [responses["A"].error.clone(), health.message, answer["message"].as_str().unwrap().to_owned()]
}

#[tokio::test]
async fn each_wrong_value_is_an_error_that_names_field_value_and_what_is_allowed() {
    let sandbox = organization(Config { events: 0, ..Config::default() }).await;
    let host = plugin().await;
    let right = source(&sandbox, SECRET_KEY);
    let number = |most: u32| format!("a whole number from 1 to {most}");
    let (uuid, regions) = ("a UUID".to_owned(), "fr-par, nl-ams, pl-waw, it-mil".to_owned());
    let url = "an https URL without path, user or query".to_owned();
    let cockpit = "https URLs of data sources of metrics".to_owned();
    let cases = [
        ("organizationId", json!("acme"), "is \"acme\"", &uuid),
        ("organizationId", json!(12), "is \"12\"", &uuid),
        ("organizationId", json!(""), "is empty", &uuid),
        ("organizationId", json!(null), "is empty", &uuid),
        ("organizationId", json!(["a"]), "is a list or an object", &uuid),
        ("projectId", json!("default"), "is \"default\"", &uuid),
        ("regions", json!("fr-par, mars"), "contains \"mars\"", &regions),
        ("regions", json!(["fr-par", 3]), "contains \"3\"", &regions),
        ("regions", json!(true), "contains \"true\"", &regions),
        ("regions", json!({ "fr-par": true }), "is a list or an object", &regions),
        ("apiUrl", json!("http://api.scaleway.com"), "is \"http://api.scaleway.com\"", &url),
        ("apiUrl", json!("https://api.scaleway.com/v1"), "is \"https://api.scaleway.com/v1\"", &url),
        ("apiUrl", json!("file:///etc/passwd"), "is \"file:///etc/passwd\"", &url),
        ("apiUrl", json!("http://127.0.0.1.example.com"), "is \"http://127.0.0.1.example.com\"", &url),
        ("apiUrl", json!("//"), "is not a URL", &url),
        ("callTimeoutSeconds", json!(0), "is \"0\"", &number(300)),
        ("callTimeoutSeconds", json!("soon"), "is \"soon\"", &number(300)),
        ("callTimeoutSeconds", json!(1.5), "is \"1.5\"", &number(300)),
        ("queryTimeoutSeconds", json!(601), "is \"601\"", &number(600)),
        ("queryTimeoutSeconds", json!(false), "is \"false\"", &number(600)),
        ("maxEvents", json!("1_000_001"), "is \"1_000_001\"", &number(1_000_000)),
        ("maxEvents", json!(-5), "is \"-5\"", &number(1_000_000)),
        ("maxEvents", json!(1e300), "is \"1e+300\"", &number(1_000_000)),
        ("maxEvents", json!({}), "is a list or an object", &number(1_000_000)),
        ("concurrentCalls", json!(0), "is \"0\"", &number(64)),
        ("concurrentCalls", json!("65"), "is \"65\"", &number(64)),
        ("settlingSeconds", json!(0), "is \"0\"", &number(86_400)),
        ("settlingSeconds", json!("5m"), "is \"5m\"", &number(86_400)),
        ("settlingSeconds", json!(86_401), "is \"86401\"", &number(86_400)),
        ("lagSeconds", json!(301), "is \"301\"", &(number(300) + ", which is settlingSeconds")),
        ("lagSeconds", json!("2m"), "is \"2m\"", &number(300)),
        ("ruleTimeoutSeconds", json!(0), "is \"0\"", &number(600)),
        ("ruleTimeoutSeconds", json!(601), "is \"601\"", &number(600)),
        ("detectionFolder", json!("../rules"), "is \"../rules\"", &"a path below the root".to_owned()),
        ("detectionFolder", json!("/etc"), "is \"/etc\"", &"a path below the root".to_owned()),
        ("detectionRules", json!({}), "is not a text", &"Sigma documents as YAML".to_owned()),
        ("maxMemoryMiB", json!(0), "is \"0\"", &number(65_536)),
        ("maxMemoryMiB", json!(65_537), "is \"65537\"", &number(65_536)),
        ("maxMemoryMiB", json!("18446744073709551616"), "is \"18446744073709551616\"", &number(65_536)),
        ("cacheDirectory", json!("cache/events"), "is \"cache/events\"", &"an absolute path".to_owned()),
        ("cacheDirectory", json!(["/var/lib"]), "is a list or an object", &"an absolute path".to_owned()),
        ("cockpitUrls", json!("http://example.com"), "is wrong at number 1, which is \"http://example.com\"", &cockpit),
        ("cockpitUrls", json!(["https://example.com/x"]), "is wrong at number 1", &cockpit),
        ("cockpitUrls", json!({}), "is a list or an object", &cockpit),
        ("caCertificate", json!("-----BEGIN CERTIFICATE-----"), "is not a certificate", &"in PEM".to_owned()),
        (
            "caCertificate",
            json!("-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----"),
            "holds what is not a certificate (number 1)",
            &"in PEM".to_owned(),
        ),
    ];
    for (field, value, problem, allowed) in cases {
        for error in errors(&host, &right.clone().with(field, value.clone())).await {
            let begins = format!("setting {field} {problem}");
            assert!(error.starts_with(&begins), "{field} {value}: {error}");
            assert!(error.contains("Allowed: ") && error.contains(allowed), "{field} {value}: {error}");
        }
    }
    assert_eq!(sandbox.calls().total, 0, "wrong settings make no call");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrong_key_is_named_and_never_quoted() {
    let sandbox = organization(Config { events: 0, ..Config::default() }).await;
    let host = plugin().await;
    let cases = [
        ("", "is empty"),
        ("  ", "is empty"),
        ("SCWCANARYCANARYCANAR", "is an access key"),
        ("canary key", "holds spaces or characters outside ASCII"),
        ("canary-é", "holds spaces or characters outside ASCII"),
        ("canary", "is not a UUID"),
        ("canary00-0000-4000-8000-0000000canary", "is not a UUID"),
        ("canary\r\nX-Injected: 1", "holds spaces or characters outside ASCII"),
    ];
    for (key, problem) in cases {
        for error in errors(&host, &source(&sandbox, key)).await {
            assert!(error.starts_with(&format!("setting secretKey {problem}")), "{error}");
            assert!(error.contains("Allowed: the secret key of an IAM API key"), "{error}");
            assert!(!error.to_lowercase().contains("canary"), "{error}");
        }
    }
    let mut without = source(&sandbox, SECRET_KEY);
    without.secrets.clear();
    for error in errors(&host, &without).await {
        assert!(error.starts_with("setting secretKey is empty"), "{error}");
    }
    assert_eq!(sandbox.calls().total, 0);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn settings_that_are_no_object_are_an_error() {
    let sandbox = organization(Config { events: 0, ..Config::default() }).await;
    let host = plugin().await;
    let mut source = source(&sandbox, SECRET_KEY);
    let array = json!(["0a1b2c3d-0000-4000-8000-000000000001", "fr-par", null, sandbox.url()]);
    for data in [json!("text"), json!(5), json!([]), array] {
        source.json_data = data.clone();
        for error in errors(&host, &source).await {
            assert!(
                error.starts_with("setting jsonData is not a JSON object. Allowed: an object such as"),
                "{data}: {error}"
            );
        }
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn unknown_settings_are_ignored_and_named_by_the_health_check() {
    let sandbox = organization(Config { events: 60, ..Config::default() }).await;
    let host = plugin().await;
    let mut source = source(&sandbox, SECRET_KEY).with("tlsSkipVerify", true).with("keepCookies", json!([]));
    source.secrets.insert("basicAuthPassword".to_owned(), "x".to_owned());
    let health = host.health(&source).await.unwrap();
    assert!(health.status == 1 && !health.message.contains("no setting"), "Grafana's own: {}", health.message);

    source = source.with("fromTheFuture", json!({ "a": [1] })).with("maxevent", 5);
    source.secrets.insert("two\nlines\u{202e}".to_owned(), "canary".to_owned());
    let health = host.health(&source).await.unwrap();
    let expected = "\"fromTheFuture\" in jsonData is no setting and has no effect. \"maxevent\" in jsonData is no setting and \
                    has no effect; the nearest setting is maxEvents. \"two lines\" in secureJsonData is no setting and has no effect.";
    assert!(health.status == 1 && health.message.ends_with(expected), "{}", health.message);
    assert!(!health.message.contains("canary"), "{}", health.message);

    let many = (0..7).fold(source, |source, number| source.with(&format!("key{number}"), number));
    let health = host.health(&many).await.unwrap();
    assert!(health.message.ends_with(" 5 more keys are no settings and have no effect."), "{}", health.message);
    host.stop().await.unwrap();
}

/// An authority's certificate, made for these tests; its private key was thrown away.
const CERTIFICATE: &str = include_str!("data/certificate.pem").trim_ascii();

#[tokio::test]
async fn a_certificate_reaches_the_plugin_as_a_file_and_with_its_lines_written_out() {
    let sandbox = organization(Config { events: 60, ..Config::default() }).await;
    let host = plugin().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    std::fs::write(&path, CERTIFICATE).unwrap();
    let (escaped, folded) = (CERTIFICATE.replace('\n', "\\n"), CERTIFICATE.replace('\n', " "));
    for value in [CERTIFICATE.to_owned(), escaped, folded, path.to_str().unwrap().to_owned()] {
        let health = host.health(&source(&sandbox, SECRET_KEY).with("caCertificate", value.clone())).await.unwrap();
        assert_eq!(health.status, 1, "{value}: {}", health.message);
    }
    // A file is read again with changed settings: an unusable file is an error that names it.
    let source = source(&sandbox, SECRET_KEY).with("caCertificate", path.to_str().unwrap()).with("maxEvents", 999);
    std::fs::remove_file(&path).unwrap();
    for error in errors(&host, &source).await {
        assert!(
            error.starts_with(&format!("setting caCertificate is the path {path:?}, which cannot be read")),
            "{error}"
        );
    }
    host.stop().await.unwrap();
}

/// The notices of an answer, or its error.
async fn said(host: &Host, source: &Source, json: Value) -> Result<Vec<String>, String> {
    let frame = host.frame(source, Ask::new("A", json, last_hours(200)), &[]).await;
    frame.map(|frame| frame.notices()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn numbers_booleans_and_lists_written_as_text_take_effect() {
    let config = Config { stall: Duration::from_secs(30), ..Config::default() };
    let sandbox = organization(config).await;
    let host = plugin().await;
    let full = source(&sandbox, SECRET_KEY);

    for value in [json!("100"), json!(" 100 "), json!(100)] {
        let notices = said(&host, &full.clone().with("maxEvents", value.clone()), json!({})).await.unwrap();
        assert!(notices.iter().any(|n| n.contains("only the newest 100 events were fetched")), "{value}: {notices:?}");
    }
    let values = [json!("nl-ams,pl-waw"), json!(" pl-waw , nl-ams ,"), json!(["pl-waw", " nl-ams", ""])];
    for (max_events, value) in (1_000..).zip(values) {
        sandbox.reset();
        said(
            &host,
            // Equal settings would be answered from the cache.
            &full.clone().with("maxEvents", max_events).with("regions", value.clone()),
            json!({ "scope": { "kinds": "api", "products": "instance" } }),
        )
        .await
        .unwrap();
        for (region, asked) in [("nl-ams", true), ("pl-waw", true), ("it-mil", false), ("fr-par", false)] {
            let path = format!("/audit-trail/v1alpha1/regions/{region}/");
            // Names of principals that IAM does not know are looked up where all events of IAM are.
            let is_list = |query: &String| {
                query.contains(&path) && (!query.contains("/events?") || query.contains("&page_size="))
            };
            assert_eq!(sandbox.calls().queries.iter().any(is_list), asked, "{value}: {region}");
        }
    }
    sandbox.set_faults([Fault::Stall.always()]);
    for (field, text, seconds) in [
        ("callTimeoutSeconds", json!("1"), 1),
        ("queryTimeoutSeconds", json!("2"), 2),
        ("queryTimeoutSeconds", json!(2), 2),
    ] {
        let error = said(&host, &full.clone().with(field, text), json!({})).await.unwrap_err();
        // Which of the two comes first depends on the machine where the query has no more time than a call.
        let is_late = error.contains("the events were not read in time") && field == "queryTimeoutSeconds";
        assert!(is_late || error.contains(&format!("did not answer within {seconds} s")), "{field}: {error}");
    }
    // The text that provisioning leaves for an unset variable.
    sandbox.set_faults([]);
    let names = [
        "regions",
        "projectId",
        "callTimeoutSeconds",
        "queryTimeoutSeconds",
        "maxEvents",
        "concurrentCalls",
        "settlingSeconds",
        "maxMemoryMiB",
        "cacheDirectory",
        "caCertificate",
        "cockpitUrls",
        "hideFromViewers",
        "lagSeconds",
        "ruleTimeoutSeconds",
        "detectionRules",
        "detectionFolder",
    ];
    let blank = names.iter().fold(full.clone(), |source, name| source.with(name, ""));
    assert_eq!(host.health(&blank).await.unwrap().status, 1);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn concurrent_calls_reach_the_setting() {
    let config = Config { events: 2_000, latency: Duration::from_millis(20), ..Config::default() };
    let sandbox = organization(config).await;
    let host = plugin().await;
    for (value, most) in [(json!("1"), 1), (json!(3), 3)] {
        sandbox.reset();
        said(&host, &source(&sandbox, SECRET_KEY).with("concurrentCalls", value), json!({})).await.unwrap();
        assert_eq!(sandbox.calls().most_at_once, most);
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_rule_does_not_fetch_settled_events_again() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let host = plugin().await;
    // All of the range is older than an hour.
    let (from, to) = last_hours(200);
    let count = json!({ "queryType": "counts", "over": "total" });
    let asks = [Ask::new("A", count, (from, to - 3_600_000))];
    for (settling, asked) in [(json!("60"), false), (json!(3_500), false), (json!(86_400), true)] {
        let source = source(&sandbox, SECRET_KEY).with("settlingSeconds", settling.clone());
        let answers = async || {
            let answers = host.query(&source, &asks, &[("FromAlert", "true")]).await.unwrap();
            assert_eq!(answers["A"].error, "");
            answers["A"].frames.clone()
        };
        let first = answers().await;
        sandbox.reset();
        assert_eq!(answers().await, first, "{settling}");
        assert_eq!(sandbox.calls().to(Endpoint::CombinedEvents) > 0, asked, "{settling}");
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn the_projects_of_a_query_override_the_settings() {
    let sandbox = organization(Config { events: 40_000, ..Config::default() }).await;
    let host = plugin().await;
    let projects: Vec<&str> = sandbox.organization().projects.iter().map(|project| &*project.id).collect();
    let upper = projects[1].to_uppercase();
    let source = source(&sandbox, SECRET_KEY).with("projectId", upper);
    for (scope, expected) in [(json!({}), projects[1]), (json!({ "projects": projects[2] }), projects[2])] {
        sandbox.reset();
        let table = json!({ "format": "table", "scope": scope });
        let frame = host.frame(&source, Ask::new("A", table, last_hours(200)), &[]).await.unwrap();
        let projects = frame.batch.column_by_name("project").expect("a column");
        assert!(!projects.is_empty());
        for row in 0..projects.len() {
            assert_eq!(array_value_to_string(projects, row).unwrap(), expected);
        }
        // Of so many events it is far cheaper to ask for those of one project.
        let calls = sandbox.calls();
        let asked = calls.queries.iter().filter(|query| query.contains("project_id="));
        assert!(asked.clone().count() > 0);
        assert!(asked.clone().all(|query| query.contains(expected)), "{calls:?}");
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn spaces_around_a_key_and_capitals_in_an_id_are_accepted() {
    let key = "5a11d000-0000-4000-8000-00000000face";
    let keys = vec![(key.to_owned(), Grant::Full)];
    let sandbox = organization(Config { events: 60, keys, ..Config::default() }).await;
    let host = plugin().await;
    let capitals = audittrail::sandbox::ORGANIZATION_ID.to_uppercase();
    let source = source(&sandbox, &format!(" {key}\n")).with("organizationId", format!(" {capitals} "));
    let health = host.health(&source).await.unwrap();
    assert_eq!(health.status, 1, "{}", health.message);
    assert!(sandbox.calls().to(Endpoint::Users) > 0);
    host.stop().await.unwrap();
}
