//! The answers of "Save & test", for each possible fault.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use audittrail::host::{Ask, Source};
use audittrail::sandbox::{
    Config, Endpoint, Fault, Grant, KEY_STILL_PROPAGATING, KEY_WITHOUT_AUDIT_TRAIL, KEY_WITHOUT_IAM, Kind,
    ORGANIZATION_ID, SECRET_KEY, Sandbox,
};
use chrono::{SecondsFormat, TimeDelta, Utc};
use common::{Answer, api, last_hours, organization, plugin};
use serde_json::{Value, json};

/// A data source of two regions.
fn source(sandbox: &Sandbox, key: &str) -> Source {
    common::source(sandbox, key).with("regions", "fr-par,nl-ams")
}

/// The answer of the check: whether all is well, the message, the details.
async fn check(source: &Source) -> (bool, String, Value) {
    let host = plugin().await;
    let health = host.health(source).await.expect("a bad health is an answer, not a failed call");
    host.stop().await.expect("it ends");
    let details: Value = serde_json::from_slice(&health.json_details).expect("JSON");
    assert_eq!(details["message"], health.message, "Grafana shows the details' message");
    assert!(matches!(health.status, 1 | 2), "{}", health.status);
    (health.status == 1, health.message, details)
}

/// A week without events, but for three in Paris and two in Amsterdam in the last hour, and one an hour earlier.
async fn quiet(config: Config) -> Sandbox {
    let sandbox = organization(Config { events: 0, ..config }).await;
    let events = [
        ("fr-par", Kind::Api, 1),
        ("fr-par", Kind::Authentication, 30),
        ("fr-par", Kind::System, 58),
        ("nl-ams", Kind::Api, 20),
        ("nl-ams", Kind::Api, 40),
        ("nl-ams", Kind::Api, 62),
    ];
    for (number, (region, kind, minutes)) in events.into_iter().enumerate() {
        let at = (Utc::now() - TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Nanos, true);
        let id = format!("0199b898-3b6f-72e4-9923-{number:012}");
        sandbox.push(region, kind, [json!({ "id": id, "recorded_at": at, "resources": [] }).to_string()]).unwrap();
    }
    sandbox
}

const COUNTS: &str = "fr-par 3, nl-ams 2";

#[tokio::test]
async fn a_healthy_source_says_how_many_events_each_region_had_in_the_last_hour() {
    let sandbox = quiet(Config::default()).await;
    let (ok, message, details) = check(&source(&sandbox, SECRET_KEY)).await;
    assert!(ok, "{message}");
    assert!(message.contains(&format!("Events of the last hour: {COUNTS}.")), "{message}");
    let regions = [("fr-par", 3), ("nl-ams", 2)]
        .map(|(region, events)| json!({ "region": region, "eventsLastHour": events, "complete": true, "absent": false, "error": null }));
    assert_eq!(details["regions"], json!(regions));

    let organization = sandbox.organization();
    // Accounts are known by two ids.
    let principals = details["principals"].as_u64().unwrap();
    assert!(principals >= (organization.users.len() + organization.applications.len()) as u64, "{message}");
    assert!(message.contains(&format!("{principals} principals are known by name")), "{message}");

    let (ok, message, _) = check(&source(&sandbox, SECRET_KEY).with("regions", "nl-ams")).await;
    let expected = "last hour: global events (fr-par) 1, nl-ams 2.";
    assert!(ok && message.contains(expected), "of another region, only the global events count: {message}");
}

#[tokio::test]
async fn queried_names_that_no_list_has_are_listed() {
    let sandbox = quiet(Config::default()).await;
    let (host, source) = (plugin().await, source(&sandbox, SECRET_KEY));
    let health = async || {
        let health = host.health(&source).await.expect("an answer");
        let details: Value = serde_json::from_slice(&health.json_details).expect("JSON");
        (health.status == 1, health.message, details["unknownNames"].clone())
    };
    let (ok, message, unknown) = health().await;
    assert!(ok && !message.contains("spelling") && unknown == json!([]), "{message}");
    for scope in [
        json!({ "products": ["iam", "INSTANCE"], "methods": ["Delete*", "EntangleQubits"] }),
        json!({ "products": ["intsance"], "methods": ["CreatApiKey"] }),
        json!({ "methods": ["CreatApiKey"] }),
    ] {
        let ask = Ask::new("A", json!({ "queryType": "events", "scope": scope }), last_hours(1));
        host.frame(&source, ask, &[]).await.expect("events");
    }
    // A check of a query that is being typed does not count as a query.
    host.resource(&source, "check?query=%7B%22scope%22%3A%7B%22methods%22%3A%22Cre%22%7D%7D").await.expect("an answer");
    let (ok, message, unknown) = health().await;
    let names = "product \"intsance\", method \"CreatApiKey\"";
    let sentence = format!("Queries ask for names that Scaleway's lists do not have; check their spelling: {names}.");
    assert!(ok && message.ends_with(&sentence), "{message}");
    assert_eq!(unknown, json!(["product \"intsance\"", "method \"CreatApiKey\""]));
    // Without the lists, no name is reported as unknown.
    sandbox.set_faults([Fault::BadGateway.always().on(Endpoint::Products)]);
    assert_eq!(health().await.2, json!([]));
    host.stop().await.expect("it ends");
}

#[tokio::test]
async fn a_count_that_is_cut_says_so() {
    let sandbox = organization(Config { span: Duration::from_mins(30), ..Config::default() }).await;
    let (ok, message, details) = check(&source(&sandbox, SECRET_KEY).with("maxEvents", 200)).await;
    assert!(ok, "{message}");
    assert!(message.contains("fr-par at least 200"), "{message}");
    assert_eq!(details["regions"][0]["complete"], false);
}

#[tokio::test]
async fn a_wrong_key_is_called_a_wrong_key() {
    let sandbox = quiet(Config::default()).await;
    let (ok, message, _) = check(&source(&sandbox, "00000000-0000-4000-8000-000000000000")).await;
    assert!(!ok);
    assert!(message.starts_with("Wrong key: ") && message.contains("HTTP 401"), "{message}");
    for other in ["permission", "organization", "region", "unreachable"] {
        assert!(!message.contains(other), "{message}");
    }
}

#[tokio::test]
async fn a_key_without_trail_access_is_an_error_with_the_missing_permission_set() {
    let sandbox = quiet(Config::default()).await;
    let (ok, message, details) = check(&source(&sandbox, KEY_WITHOUT_AUDIT_TRAIL)).await;
    assert!(!ok);
    assert!(message.starts_with("Missing permission: "), "{message}");
    assert!(message.contains("AuditTrailReadOnly") && message.contains(ORGANIZATION_ID), "{message}");
    assert!(!message.contains("IAMReadOnly"), "the key may read IAM: {message}");
    assert!(details["regions"][0]["error"].as_str().unwrap().contains("HTTP 403"), "{details}");
}

#[tokio::test]
async fn a_key_without_name_access_is_healthy_with_a_hint_to_the_permission_set() {
    let sandbox = quiet(Config::default()).await;
    let (ok, message, details) = check(&source(&sandbox, KEY_WITHOUT_IAM)).await;
    assert!(ok, "names are a convenience: {message}");
    assert!(message.contains(COUNTS) && message.contains("IAMReadOnly"), "{message}");
    assert!(!message.contains("AuditTrailReadOnly"), "{message}");
    assert_eq!(details["principals"], Value::Null);
}

#[tokio::test]
async fn a_key_without_project_or_resource_names_is_healthy_with_a_hint_to_the_permission_set() {
    let keys: Vec<(String, Grant)> = [Grant::WithoutProjects, Grant::WithoutResources, Grant::TrailAlone]
        .into_iter()
        .enumerate()
        .map(|(place, grant)| (format!("5a11d000-0000-4000-8000-00000000900{place}"), grant))
        .collect();
    let sandbox = quiet(Config { keys: keys.clone(), ..Config::default() }).await;
    let projects =
        "Projects are shown by id: give the key's principal the permission set ProjectReadOnly to see names.";
    let resources = "Resources are shown by id where no event names them: give the key's principal the permission set \
                     AllProductsReadOnly to see names.";
    let principals = "Principals are shown by id: give the key's principal the permission set IAMReadOnly";
    for ((key, grant), said) in keys.iter().zip([&[projects][..], &[resources], &[principals, projects, resources]]) {
        let (ok, message, details) = check(&source(&sandbox, key)).await;
        assert!(ok && message.contains(COUNTS), "{grant:?}: {message}");
        for sentence in [principals, projects, resources] {
            assert_eq!(message.contains(sentence), said.contains(&sentence), "{grant:?}: {message}");
        }
        assert_eq!(details["projects"].is_null(), said.contains(&projects), "{details}");
        assert_eq!(details["resources"].is_null(), said.contains(&resources), "{details}");
    }
    let (_, message, details) = check(&source(&sandbox, SECRET_KEY)).await;
    assert!(!message.contains("by id"), "{message}");
    assert_eq!(details["projects"], 4);
    assert!(details["resources"].as_u64() > Some(100), "more than one page: {details}");
}

#[tokio::test]
async fn an_organization_that_is_not_the_keys_is_called_wrong() {
    let sandbox = quiet(Config::default()).await;
    let other = "99999999-0000-4000-8000-000000000000";
    let (ok, message, _) = check(&source(&sandbox, SECRET_KEY).with("organizationId", other)).await;
    assert!(!ok);
    assert!(message.starts_with("Wrong organization"), "{message}");
    assert!(message.contains(other) && message.contains("organizationId"), "{message}");
    assert!(message.contains("AuditTrailReadOnly") && message.contains("IAMReadOnly"), "or no permission: {message}");
}

#[tokio::test]
async fn an_api_that_cannot_be_reached_is_called_unreachable() {
    let sandbox = quiet(Config::default()).await;
    // No process listens at the discard port.
    let (ok, message, _) = check(&source(&sandbox, SECRET_KEY).with("apiUrl", "http://127.0.0.1:9")).await;
    assert!(!ok);
    assert!(message.contains("127.0.0.1 cannot be reached") && message.contains("apiUrl"), "{message}");
    assert!(message.contains("The API is unreachable"), "{message}");
    assert!(!message.contains("permission"), "{message}");
}

#[tokio::test]
async fn a_region_that_fails_is_named_beside_the_counts_of_the_others() {
    let sandbox = quiet(Config { stall: Duration::from_mins(1), ..Config::default() }).await;
    for (fault, error) in [(Fault::Unavailable, "HTTP 503"), (Fault::Stall, "did not answer within 3 s")] {
        sandbox.set_faults([fault.always().in_region("nl-ams")]);
        let (ok, message, details) = check(&source(&sandbox, SECRET_KEY).with("callTimeoutSeconds", 3)).await;
        assert!(!ok, "{message}");
        assert!(message.starts_with("A region does not answer: nl-ams: "), "{message}");
        assert!(message.contains(error), "{message}");
        assert!(message.contains("events of the last hour: fr-par 3."), "{message}");
        assert_eq!(details["regions"][0]["error"], Value::Null);
        assert!(details["regions"][1]["error"].as_str().unwrap().contains(error), "{details}");
    }
}

#[tokio::test]
async fn a_region_that_does_not_exist_is_named_and_no_fault() {
    let missing = quiet(Config { regions: vec!["fr-par".to_owned()], ..Config::default() }).await;
    let other = quiet(Config::default()).await;
    other.set_faults([Fault::NotImplemented.always().in_region("nl-ams")]);
    for sandbox in [&missing, &other] {
        let (ok, message, details) = check(&source(sandbox, SECRET_KEY)).await;
        assert!(ok, "{message}");
        assert!(message.contains("Events of the last hour: fr-par 3. "), "{message}");
        assert!(message.ends_with("Region nl-ams does not exist for this organization, so that it has no events."));
        let absent =
            json!({ "region": "nl-ams", "eventsLastHour": null, "complete": true, "absent": true, "error": null });
        assert_eq!(details["regions"][1], absent);
    }
    // Without the region of global events no answer is complete.
    other.set_faults([Fault::NotFound.always().in_region("fr-par")]);
    let (ok, message, _) = check(&source(&other, SECRET_KEY)).await;
    assert!(!ok && message.starts_with("A region does not answer: fr-par: Scaleway answers HTTP 404"), "{message}");
}

#[tokio::test]
async fn the_region_of_global_events_is_always_checked() {
    let sandbox = quiet(Config::default()).await;
    sandbox.set_faults([Fault::Unavailable.always().in_region("fr-par")]);
    let (ok, message, details) = check(&source(&sandbox, SECRET_KEY).with("regions", "nl-ams")).await;
    assert!(!ok, "every panel would say that something is missing: {message}");
    assert!(message.starts_with("A region does not answer: global events (fr-par): "), "{message}");
    assert!(message.contains("events of the last hour: nl-ams 2. Every answer needs the global events"), "{message}");
    assert!(!message.contains("Remove a region"), "it is in no setting: {message}");
    assert_eq!(details["regions"][0]["region"], "global events (fr-par)");
}

/// An API with two regions, whose IAM can be read while `may` is true.
async fn api_with_names(may: &Arc<AtomicBool>) -> String {
    let may = Arc::clone(may);
    api(move |asked| match () {
        () if asked.target.contains("/users") && may.load(Ordering::SeqCst) => {
            Answer::json("200 OK", r#"{"users":[{"id":"u","email":"ann@example.com"}], "total_count":1}"#)
        }
        () if asked.target.contains("/applications") && may.load(Ordering::SeqCst) => {
            Answer::json("200 OK", r#"{"applications":[], "total_count":0}"#)
        }
        () if asked.target.contains("/iam/") => {
            Answer::json("403 Forbidden", r#"{"message":"insufficient permissions","type":"permissions_denied"}"#)
        }
        () => Answer::json("200 OK", r#"{"events":[]}"#),
    })
    .await
}

#[tokio::test]
async fn a_health_check_fetches_names_again() {
    let may = Arc::new(AtomicBool::new(false));
    let source = Source::new(&api_with_names(&may).await, ORGANIZATION_ID, SECRET_KEY);
    let host = plugin().await;
    let under_way = "Scaleway refuses some names: a permission granted to this key is still propagating";
    for (granted, said) in [(false, "IAMReadOnly"), (true, "1 principals are known by name"), (false, under_way)] {
        may.store(granted, Ordering::SeqCst);
        let health = host.health(&source).await.unwrap();
        assert!(health.status == 1 && health.message.contains(said), "{granted}: {}", health.message);
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_permission_that_has_reached_some_regions_only_is_propagating() {
    let url = api(|asked| match () {
        () if asked.target.contains("/iam/") => Answer::json("200 OK", r#"{"users":[], "total_count":0}"#),
        () if asked.target.contains("/fr-par/") => Answer::json("200 OK", r#"{"events":[]}"#),
        () => Answer::json("403 Forbidden", r#"{"message":"insufficient permissions","type":"permissions_denied"}"#),
    });
    let source = Source::new(&url.await, ORGANIZATION_ID, SECRET_KEY).with("regions", "fr-par,nl-ams");
    let (ok, message, _) = check(&source).await;
    assert!(!ok);
    assert!(message.contains("still propagating") && message.contains("Test again"), "{message}");
    assert!(!message.contains("Give its principal"), "nothing is to be granted: {message}");
}

#[tokio::test]
async fn a_permission_that_arrives_during_the_check_is_not_asked_for_again() {
    let sandbox = quiet(Config::default()).await;
    let (ok, message, _) = check(&source(&sandbox, KEY_STILL_PROPAGATING)).await;
    assert!(if ok { message.contains(COUNTS) } else { message.contains("still propagating") }, "{message}");
    for permission in ["AuditTrailReadOnly", "IAMReadOnly"] {
        assert!(!message.contains(permission), "the key has it: {message}");
    }
}

#[tokio::test]
async fn a_refusal_that_lasts_for_the_check_may_still_be_propagating() {
    let fresh = "5a11d000-0000-4000-8000-00000000f4e5";
    let keys = vec![(fresh.to_owned(), Grant::AfterTime(Duration::from_mins(2)))];
    let sandbox = quiet(Config { keys, ..Config::default() }).await;
    let (ok, message, _) = check(&source(&sandbox, fresh)).await;
    assert!(!ok);
    assert!(message.contains("may still be propagating") && message.contains("AuditTrailReadOnly"), "{message}");
}

/// Cockpit's part of the answer of the check.
async fn check_cockpit(sandbox: &Sandbox, urls: &[&str], token: &str) -> (bool, String) {
    let mut source = source(sandbox, SECRET_KEY).with("cockpitUrls", urls).with("callTimeoutSeconds", 3);
    source.secrets.insert("cockpitToken".to_owned(), token.to_owned());
    let (ok, message, _) = check(&source).await;
    assert!(message.starts_with("Audit Trail answers."), "{message}");
    (ok, message)
}

/// Cockpit's metrics with names that the token `right` may list; others are refused.
async fn cockpit(names: &'static str) -> String {
    cockpit_for("Bearer right", names).await
}

async fn cockpit_for(authorization: &'static str, names: &'static str) -> String {
    api(move |asked| match () {
        () if asked.authorization != authorization => Answer::json("401 Unauthorized", r#"{"status":"error"}"#),
        () if !asked.target.starts_with("/prometheus/api/v1/label/__name__/values?") => {
            Answer::json("404 Not Found", "{}")
        }
        () => Answer::json("200 OK", format!(r#"{{"status":"success","data":{names}}}"#)),
    })
    .await
}

#[tokio::test]
async fn cockpit_without_settings_is_not_asked_and_not_named() {
    let sandbox = quiet(Config::default()).await;
    let (ok, message) = check_cockpit(&sandbox, &[], "").await;
    assert!(ok && !message.to_lowercase().contains("cockpit"), "{message}");
    let (ok, message) = check_cockpit(&sandbox, &[], "right").await;
    assert!(ok && message.ends_with("cockpitToken has no effect, since cockpitUrls is empty."), "{message}");
}

#[tokio::test]
async fn each_url_of_cockpit_is_named_with_what_it_answers() {
    let sandbox = quiet(Config::default()).await;
    let (full, empty) = (cockpit(r#"["instance_server_vcpu_count","up"]"#).await, cockpit("[]").await);
    let host = |url: &str| url.trim_start_matches("http://").to_owned();
    let (ok, message) = check_cockpit(&sandbox, &[&full, &empty], "right").await;
    assert!(ok, "{message}");
    let answers = format!("Cockpit answers at {}. Metrics of resources in the last hour: 2.", host(&full));
    let nothing = format!("Cockpit answers at {}, and has no series with the label resource_id", host(&empty));
    assert!(message.contains(&answers) && message.contains(&nothing), "{message}");

    // No process listens at the discard port.
    let (ok, message) = check_cockpit(&sandbox, &[&full, "http://127.0.0.1:9"], "right").await;
    assert!(!ok && message.contains(&answers), "{message}");
    assert!(message.contains("Cockpit does not answer: 127.0.0.1:9 cannot be reached: "), "{message}");

    let (ok, message) = check_cockpit(&sandbox, &[&full], "wrong").await;
    let wrong =
        format!("Wrong Cockpit token: {} does not accept the Cockpit token (HTTP 401: Unauthorized).", host(&full));
    assert!(!ok && message.contains(&wrong), "{message}");

    let other =
        api(|_| Answer { status: "404 Not Found", headers: "server: none".to_owned(), body: String::new() }).await;
    let (ok, message) = check_cockpit(&sandbox, &[&other], "right").await;
    let absent =
        format!("Cockpit does not answer: there are no Cockpit metrics at {} (HTTP 404: Not Found).", host(&other));
    assert!(!ok && message.contains(&absent), "{message}");
}

#[tokio::test]
async fn a_url_with_a_token_of_its_own_is_asked_with_that_and_its_result_names_it() {
    let sandbox = quiet(Config::default()).await;
    let names = r#"["instance_server_vcpu_count"]"#;
    let (own, usual, empty) = (cockpit_for("Bearer own", names).await, cockpit(names).await, cockpit("[]").await);
    let host = |url: &str| url.trim_start_matches("http://").to_owned();
    let secret = |url: &str| format!("cockpitToken@{}", host(url));
    let urls = [&own, &usual, &empty, "http://127.0.0.1:9"];
    let mut source = source(&sandbox, SECRET_KEY).with("cockpitUrls", urls.as_slice()).with("callTimeoutSeconds", 3);
    for (name, token) in [("cockpitToken", "right"), (&secret(&own), "own"), ("cockpitToken@old.example.com", "old")] {
        source.secrets.insert(name.to_owned(), token.to_owned());
    }
    let (ok, message, _) = check(&source).await;
    let answers = |url: &str| format!("Cockpit answers at {}. Metrics of resources in the last hour: 1.", host(url));
    let nothing = format!("Cockpit answers at {}, and has no series with the label resource_id", host(&empty));
    for part in [
        &answers(&own),
        &answers(&usual),
        &nothing,
        "Cockpit does not answer: 127.0.0.1:9 cannot be reached: ",
        "cockpitToken@old.example.com has no effect, since cockpitUrls has no URL of that host.",
    ] {
        assert!(!ok && message.contains(part), "{part}: {message}");
    }

    source.secrets.insert(secret(&own), "wrong".to_owned());
    let (ok, message, _) = check(&source).await;
    let wrong =
        format!("Wrong Cockpit token: {} does not accept the Cockpit token (HTTP 401: Unauthorized).", host(&own));
    let advice = format!("Enter as {} the secret key of a token", secret(&own));
    assert!(!ok && message.contains(&wrong) && message.contains(&advice), "{message}");
    assert!(message.contains(&answers(&usual)), "{message}");
}
