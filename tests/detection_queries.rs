//! The matches of rules among the events of a trail, in each shape of an answer and under an alert rule.
#![cfg(feature = "terminal")]

mod engine;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use audittrail::frame::{Frame, FrameType};
use audittrail::query::{Failure, Request, error};
use audittrail::sandbox::{Config, Kind, SECRET_KEY};
use engine::{Engine, SECOND, ask, jsons, nanos, notices, numbers, panel, rule, sum, texts, times, warnings};
use serde_json::{Value, json};

const HOUR: i64 = 3_600 * SECOND;

/// A new key, guessed passwords, many denied calls, and a log-in after guesses.
const RULES: &str = r"
title: API key created
id: key-created
level: high
tags: [attack.persistence, attack.t1098.001]
logsource: {product: scaleway, service: audit_trail}
detection:
  selection: {product_name: iam, method_name: CreateAPIKey}
  condition: selection
---
title: Failed log-in
id: failed-login
level: informational
logsource: {product: scaleway, service: audit_trail}
detection:
  selection: {audittrail.kind: authentication, result: failure}
  condition: selection
---
title: Log-in
id: login
level: informational
logsource: {product: scaleway, service: audit_trail}
detection:
  selection: {audittrail.kind: authentication, result: success}
  condition: selection
---
title: Denied call
id: denied
level: informational
logsource: {product: scaleway, service: audit_trail}
detection:
  selection: {status_code: 403}
  condition: selection
---
title: Many failed log-ins from one address
id: guessing
level: medium
correlation:
  type: event_count
  rules: [failed-login]
  group-by: [source_ip]
  timespan: 10m
  condition: {gte: 5}
---
title: Log-in after guesses
id: guessed
level: critical
tags: [attack.credential-access.own]
correlation:
  type: temporal_ordered
  rules: [guessing, login]
  group-by: [source_ip]
  timespan: 30m
  condition: {gte: 2}
  generate: true
---
title: Many denied calls
id: many-denied
level: high
correlation:
  type: event_count
  rules: [denied]
  group-by: [principal.id, source_ip]
  timespan: 7m
  condition: {gt: 20}
";

async fn week() -> Engine {
    Engine::start(Config { events: 400, ..Config::default() }).await
}

fn detections(show: &str) -> Value {
    json!({ "queryType": "detections", "sigma": RULES, "show": show })
}

fn of_rule(id: &str) -> Value {
    json!({ "queryType": "detections", "sigma": RULES, "ruleIds": [id] })
}

/// The time of the incident.
fn incident(engine: &Engine) -> Request {
    let incident = &engine.sandbox.organization().incident;
    panel(nanos(incident.started_at) - 60 * SECOND, nanos(incident.ended_at) + 60 * SECOND)
}

#[tokio::test]
async fn rules_match_the_incident_with_principal_and_address() {
    let engine = week().await;
    let facts = engine.sandbox.organization().incident.clone();
    let frame = ask(&engine.data_source, &detections("matches"), &incident(&engine)).await.unwrap();
    assert_eq!(warnings(&frame), [""; 0]);
    let rows = frame.rows();
    let column = |name| texts(&frame, name);
    let (rules, principals, addresses) = (column("rule_id"), column("principal"), column("source_ip"));
    let rows_of = |id: &str| (0..rows).filter(|row| rules[*row] == id).collect::<Vec<_>>();
    let [guessing] = rows_of("guessing")[..] else { panic!("{rules:?}") };
    assert_eq!((addresses[guessing].as_str(), principals[guessing].as_str()), (facts.source_ip, &*facts.user_email));
    let [guessed] = rows_of("guessed")[..] else { panic!("{rules:?}") };
    assert_eq!(times(&frame, "time")[guessed], Some(nanos(facts.logged_in_at)));
    assert_eq!(addresses[guessed], facts.source_ip);
    let [denied] = rows_of("many-denied")[..] else { panic!("{rules:?}") };
    assert_eq!((addresses[denied].as_str(), principals[denied].as_str()), (facts.source_ip, &*facts.user_email));
    let created = rows_of("key-created");
    let created = created.into_iter().find(|row| addresses[*row] == facts.source_ip).expect("the intruder's key");
    assert_eq!(principals[created], facts.user_email);
    assert_eq!(times(&frame, "time")[created], Some(nanos(facts.key_created_at)));
    assert!(times(&frame, "time").is_sorted_by(|newer, older| newer >= older), "the newest first");
    // Each is shown with why.
    let why = jsons(&frame, "why");
    let conditions: Vec<&str> =
        why[created].as_array().unwrap().iter().filter_map(|of| of["condition"].as_str()).collect();
    assert!(conditions.iter().any(|condition| condition.contains("method_name")), "{why:?}");
    let counted = &why[guessing].as_array().unwrap();
    assert!(counted.iter().any(|of| of["condition"] == "events within 600 s" && of["value"] == "7"), "{counted:?}");
    assert!(counted.iter().any(|of| of["condition"] == "source_ip" && of["value"] == facts.source_ip), "{counted:?}");
}

#[tokio::test]
async fn the_range_shows_what_windows_before_it_decide() {
    let engine = week().await;
    let facts = engine.sandbox.organization().incident.clone();
    // The range begins after the guesses, and the log-in is in it.
    let request = panel(nanos(facts.logged_in_at), nanos(facts.logged_in_at) + SECOND);
    let frame = ask(&engine.data_source, &of_rule("guessed"), &request).await.unwrap();
    assert_eq!(texts(&frame, "rule_id"), ["guessed"]);
    let before = panel(nanos(facts.logged_in_at) - SECOND, nanos(facts.logged_in_at));
    assert_eq!(ask(&engine.data_source, &of_rule("guessed"), &before).await.unwrap().rows(), 0);
}

#[tokio::test]
async fn lines_annotations_and_counts_show_the_same_matches() {
    let engine = week().await;
    let request = incident(&engine);
    let shown = async |show| ask(&engine.data_source, &detections(show), &request).await.unwrap();
    let lines = shown("lines").await;
    assert_eq!(lines.meta.kind, Some(FrameType::LogLines));
    let labels = jsons(&lines, "labels");
    assert!(labels.iter().all(|labels| labels["rule"].is_string() && labels["rule_id"].is_string()));
    let is_critical = |labels: &Value| labels["rule_level"] == "critical";
    let critical: Vec<usize> = (0..lines.rows()).filter(|row| is_critical(&labels[*row])).collect();
    assert_eq!(critical.len(), 1);
    assert_eq!(texts(&lines, "severity")[critical[0]], "critical");
    assert!(texts(&lines, "body")[critical[0]].starts_with("Log-in after guesses: "), "{:?}", texts(&lines, "body"));

    let annotations = shown("annotations").await;
    let titles = texts(&annotations, "title");
    assert!(
        titles.iter().any(|title| title.starts_with("Log-in after guesses: ") && title.contains("192.0.2.66")),
        "{titles:?}"
    );
    assert!(times(&annotations, "time").is_sorted());

    let counts = shown("counts").await;
    assert_eq!(counts.meta.kind, Some(FrameType::TimeseriesWide));
    let series = |id: &str| counts.fields.iter().find(|field| field.labels.get("rule_id").is_some_and(|of| of == id));
    let critical = series("guessed").expect("a series of the rule");
    assert_eq!(critical.labels["level"], "critical");
    let alone = Frame { fields: vec![critical.clone()], ..Frame::default() };
    assert_eq!(sum(&alone), 1);
}

#[tokio::test]
async fn nothing_matched_is_zero_for_a_rule_and_an_empty_table_for_a_panel() {
    let engine = Engine::empty().await;
    let frame = engine.ask_as_rule(detections("matches")).await.unwrap();
    assert_eq!((frame.meta.kind, frame.meta.type_version), (Some(FrameType::NumericLong), Some([0, 1])));
    assert_eq!((texts(&frame, "rule"), numbers(&frame)), (vec!["(none)".to_owned()], vec![0]));
    assert_eq!(engine.ask(detections("matches")).await.unwrap().rows(), 0);
    assert_eq!(sum(&engine.ask(detections("counts")).await.unwrap()), 0);
}

#[tokio::test]
async fn an_alert_rule_gets_a_number_for_each_rule_group_and_hour() {
    let engine = week().await;
    let facts = engine.sandbox.organization().incident.clone();
    for show in ["matches", "lines", "annotations", "counts"] {
        let frame = ask(&engine.data_source, &detections(show), &rule(incident(&engine))).await.unwrap();
        let names: Vec<&str> = frame.fields.iter().map(|field| field.name.as_str()).collect();
        let expected = ["rule", "level", "principal", "source_ip", "resource", "first", "last", "matches"];
        assert_eq!((frame.meta.kind, &names[..]), (Some(FrameType::NumericLong), &expected[..]), "{show}");
        let rows: Vec<Vec<String>> = (0..frame.rows())
            .map(|row| expected[..7].iter().map(|name| texts(&frame, name)[row].clone()).collect())
            .collect();
        assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), rows.len(), "labels are distinct");
        let guessed: Vec<_> = rows.iter().filter(|row| row[0] == "Log-in after guesses").collect();
        let [labels] = &guessed[..] else { panic!("{rows:?}") };
        assert_eq!(labels[1..5], ["critical", facts.user_email.as_str(), facts.source_ip, "(none)"]);
        let hour = nanos(facts.logged_in_at).div_euclid(HOUR) * HOUR;
        let time = |nanos: i64| chrono::DateTime::from_timestamp_nanos(nanos).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        assert_eq!(labels[5..], [time(hour), time(hour + HOUR)]);
    }
}

#[tokio::test]
async fn labels_of_a_match_are_the_same_in_every_evaluation() {
    let engine = week().await;
    let facts = engine.sandbox.organization().incident.clone();
    let tick = nanos(facts.logged_in_at) + 150 * SECOND;
    let mut seen = BTreeSet::new();
    for minute in 0..10 {
        // The range ends at the lag, and looks back ten minutes beyond.
        let tick = tick + minute * 60 * SECOND;
        let request = rule(panel(tick - 720 * SECOND, tick - 120 * SECOND));
        let frame = ask(&engine.data_source, &of_rule("guessed"), &request).await.unwrap();
        assert_eq!(numbers(&frame), [1], "minute {minute}");
        seen.insert(["rule", "source_ip", "first", "last"].map(|name| texts(&frame, name)));
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
    let after = tick + 10 * 60 * SECOND;
    let request = rule(panel(after - 720 * SECOND, after - 120 * SECOND));
    let frame = ask(&engine.data_source, &of_rule("guessed"), &request).await.unwrap();
    assert_eq!(texts(&frame, "rule"), ["(none)"]);
}

async fn with_settings(settings: &Value) -> Engine {
    Engine::with(Config { events: 0, ..Config::default() }, SECRET_KEY, settings).await
}

fn refused(result: Result<Frame, Failure>) -> Failure {
    let failure = result.expect_err("an error");
    assert_eq!((failure.status, failure.fault), (400, error::Fault::Downstream), "{failure}");
    failure
}

#[tokio::test]
async fn the_organizations_own_rules_are_used_beside_the_shipped_ones() {
    let engine = with_settings(&json!({ "detectionRules": RULES })).await;
    engine.push("fr-par", Kind::Api, 60, json!({ "product_name": "iam", "method_name": "CreateAPIKey" }));
    let query = json!({ "queryType": "detections", "ruleIds": ["key-created"] });
    assert_eq!(texts(&engine.ask(query.clone()).await.unwrap(), "rule_id"), ["key-created"]);
    assert_eq!(numbers(&engine.ask_as_rule(query).await.unwrap()), [1]);
    let rules = engine.data_source.detection_rules().await.unwrap();
    assert!(rules.problems.is_empty() && rules.pack.rules().iter().any(|rule| rule.id == "key-created"));
}

#[tokio::test]
async fn a_broken_rule_breaks_itself_in_a_panel_and_an_alert_rule_that_selects_it() {
    let broken = RULES.replace("method_name: CreateAPIKey", "method_nam: CreateAPIKey");
    let engine = with_settings(&json!({ "detectionRules": broken })).await;
    let all = json!({ "queryType": "detections" });
    let frame = engine.ask(all.clone()).await.unwrap();
    let about = |notice: &&str| notice.starts_with("a rule cannot be used and is left out: detectionRules:");
    let broken: Vec<&str> = warnings(&frame).into_iter().filter(about).collect();
    let [notice] = broken[..] else { panic!("{:?}", notices(&frame)) };
    assert!(notice.contains("key-created") && notice.contains("method_name"), "{notice}");
    let by = |field: &str, value: &str| {
        let mut query = all.clone();
        query[field] = json!([value]);
        query
    };
    for selecting in [all.clone(), by("levels", "high"), by("tags", "attack.persistence"), by("ruleIds", "key-created")]
    {
        let failure = refused(engine.ask_as_rule(selecting.clone()).await);
        assert!(
            failure.message.starts_with("a rule that cannot be used is among those that"),
            "{selecting}: {failure}"
        );
    }
    for other in [by("tags", "attack.credential-access.own"), by("ruleIds", "many-denied")] {
        assert!(engine.ask_as_rule(other.clone()).await.is_ok(), "{other}");
        assert_eq!(warnings(&engine.ask(other).await.unwrap()), [""; 0]);
    }
}

#[tokio::test]
async fn an_unknown_rule_is_a_notice_in_a_panel_and_an_error_under_an_alert_rule() {
    let engine = with_settings(&json!({ "detectionRules": RULES })).await;
    let query = json!({ "queryType": "detections", "ruleIds": ["key-created", "key-creatd"] });
    let expected = "\"key-creatd\" in ruleIds is the id or name of no rule of this data source";
    assert_eq!(warnings(&engine.ask(query.clone()).await.unwrap()), [expected]);
    assert_eq!(refused(engine.ask_as_rule(query).await).message, expected);
    let query = json!({ "queryType": "detections", "ruleIds": ["failed-login"] });
    let expected =
        "the rule \"failed-login\" in ruleIds is for correlations only and has no matches of its own (generate)";
    assert_eq!(refused(engine.ask_as_rule(query).await).message, expected);
    let tags = json!({ "queryType": "detections", "tags": ["attack.t1098.001", "attack.t0000"] });
    let expected = "no rule of this data source has the tag \"attack.t0000\" in tags";
    assert!(warnings(&engine.ask(tags.clone()).await.unwrap()).contains(&expected));
    assert_eq!(refused(engine.ask_as_rule(tags).await).message, expected);
    let none = json!({ "queryType": "detections", "levels": ["informational"], "ruleIds": ["key-created"] });
    assert!(refused(engine.ask_as_rule(none).await).message.starts_with("no rule has the levels, tags and ruleIds"));
}

#[tokio::test]
async fn a_querys_own_text_that_cannot_be_used_is_an_error_with_the_line() {
    let engine = Engine::empty().await;
    let broken = RULES.replace("method_name: CreateAPIKey", "method_nam: CreateAPIKey");
    let failure = refused(engine.ask(json!({ "queryType": "detections", "sigma": broken })).await);
    assert!(failure.message.starts_with("the query's own rules cannot be used: sigma:"), "{failure}");
    let long = json!({ "queryType": "detections", "sigma": "x".repeat(65_537) });
    assert!(refused(engine.ask(long).await).message.contains("at most 65536 characters"));
}

#[tokio::test]
async fn a_querys_own_text_may_have_signs_of_variables_under_an_alert_rule() {
    let engine = Engine::empty().await;
    let pattern = RULES.replace("method_name: CreateAPIKey", "method_name|re: '^Create$name|[[x]]'");
    let query = json!({ "queryType": "detections", "sigma": pattern });
    assert_eq!(numbers(&engine.ask_as_rule(query).await.unwrap()), [0]);
}

#[tokio::test]
async fn a_folder_of_rules_is_read_below_the_servers_root_only() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("team")).unwrap();
    std::fs::write(root.path().join("team/keys.yml"), RULES).unwrap();
    std::fs::write(root.path().join("team/broken.yml"), "title: [").unwrap();
    let engine = with_settings(&json!({ "detectionFolder": "team" })).await;
    let without = engine.data_source.detection_rules().await.unwrap();
    assert!(without.problems[0].message.contains("detection_root"), "{:?}", without.problems);
    let mut settings = engine.data_source.settings.clone();
    settings.detection_root = Some(root.path().to_owned());
    let data_source = audittrail::query::DataSource::new(
        settings,
        std::sync::Arc::new(audittrail::time::SystemClock),
        &audittrail::query::Meters::default(),
    )
    .unwrap();
    let rules = data_source.detection_rules().await.unwrap();
    assert!(rules.pack.rules().iter().any(|rule| rule.id == "key-created" && &*rule.place.file == "keys.yml"));
    assert!(rules.problems.iter().all(|problem| &*problem.file == "broken.yml") && !rules.problems.is_empty());
}

#[tokio::test]
async fn rules_about_hidden_details_are_refused_for_viewers() {
    let engine = with_settings(&json!({ "hideFromViewers": true, "detectionRules": RULES })).await;
    let viewer = Request { redacted: true, ..engine.ever() };
    let body = RULES.replace("method_name: CreateAPIKey", "request_body.description|contains: a");
    for query in [
        of_rule("guessing"),
        of_rule("guessed"),
        json!({ "queryType": "detections", "ruleIds": ["many-denied"] }),
        json!({ "queryType": "detections", "sigma": body, "ruleIds": ["key-created"] }),
    ] {
        let failure = ask(&engine.data_source, &query, &viewer).await.unwrap_err();
        assert_eq!(failure.status, 403, "{query}: {failure}");
        assert!(failure.message.contains("reads request bodies or source addresses, which this data source hides"));
    }
    engine.push("fr-par", Kind::Api, 60, json!({ "product_name": "iam", "method_name": "CreateAPIKey" }));
    let query = json!({ "queryType": "detections", "levels": ["high"] });
    let frame = ask(&engine.data_source, &query, &viewer).await.unwrap();
    assert!(texts(&frame, "rule_id").contains(&"key-created".to_owned()));
    assert_eq!(texts(&frame, "source_ip"), ["(none)"]);
    assert!(notices(&frame).iter().any(|notice| notice.contains("request bodies or source addresses")));
}

/// A key for an address without use in the days before.
const FIRST_SEEN: &str = r"
title: New address of a principal
id: new-address
level: medium
logsource: {product: scaleway, service: audit_trail}
detection:
  selection: {product_name: vpc}
  condition: selection
audittrail:
  first_seen: {fields: [principal.id, source_ip], days: 30}
";

/// A data source that knows the days before.
async fn known(engine: &Engine, query: &Value) {
    let deadline = Instant::now() + Duration::from_mins(2);
    while !warnings(&engine.ask(query.clone()).await.unwrap()).is_empty() {
        assert!(Instant::now() < deadline, "two minutes have passed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_baseline_of_some_days_is_a_notice_in_a_panel_and_an_error_under_an_alert_rule() {
    let engine = with_settings(&json!({ "settlingSeconds": 1 })).await;
    engine.push("fr-par", Kind::Api, 2 * 86_400, json!({ "source_ip": "203.0.113.7" }));
    engine.push("fr-par", Kind::Api, 20, json!({ "source_ip": "203.0.113.7" }));
    engine.push("fr-par", Kind::Api, 10, json!({ "source_ip": "203.0.113.8" }));
    let now = nanos(engine.sandbox.now());
    let range = panel(now - 60 * SECOND, now);
    let query = json!({ "queryType": "detections", "sigma": FIRST_SEEN });
    let first = ask(&engine.data_source, &query, &range).await.unwrap();
    let [notice] = warnings(&first)[..] else { panic!("{:?}", notices(&first)) };
    assert!(notice.starts_with("the baseline covers "), "{notice}");
    assert!(notice.contains(" of 30 days for \"New address of a principal\"; "), "{notice}");
    let failure = ask(&engine.data_source, &query, &rule(range.clone())).await.err();
    // All days may be known by now.
    assert!(failure.is_none_or(|failure| failure.message.contains(" of 30 days") && failure.status == 503));
    let partial = format!("{FIRST_SEEN}  allow_partial_baseline: true\n");
    let allowed = json!({ "queryType": "detections", "sigma": partial });
    assert!(ask(&engine.data_source, &allowed, &rule(range.clone())).await.is_ok());
    known(&engine, &query).await;
    let frame = ask(&engine.data_source, &query, &range).await.unwrap();
    assert_eq!(texts(&frame, "source_ip"), ["203.0.113.8"]);
    assert_eq!(numbers(&ask(&engine.data_source, &query, &rule(range)).await.unwrap()), [1]);
}

#[tokio::test]
async fn a_scope_restricts_what_matches_and_not_what_a_baseline_compares_with() {
    let engine = with_settings(&json!({ "settlingSeconds": 1, "regions": ["fr-par", "nl-ams"] })).await;
    for (region, seconds, address) in
        [("nl-ams", 2 * 86_400, "203.0.113.7"), ("fr-par", 20, "203.0.113.7"), ("nl-ams", 10, "203.0.113.8")]
    {
        engine.push(region, Kind::Api, seconds, json!({ "source_ip": address }));
    }
    let now = nanos(engine.sandbox.now());
    let range = panel(now - 60 * SECOND, now);
    known(&engine, &json!({ "queryType": "detections", "sigma": FIRST_SEEN })).await;
    let addresses = async |scope: Value| {
        let query = json!({ "queryType": "detections", "sigma": FIRST_SEEN, "scope": scope });
        texts(&ask(&engine.data_source, &query, &range).await.unwrap(), "source_ip")
    };
    assert_eq!(addresses(json!({})).await, ["203.0.113.8"]);
    // Of this region alone, the address would be new.
    assert_eq!(addresses(json!({ "regions": ["fr-par"] })).await, [""; 0]);
    assert_eq!(addresses(json!({ "regions": ["nl-ams"] })).await, ["203.0.113.8"]);
    assert_eq!(addresses(json!({ "sourceIps": ["203.0.113.7"] })).await, [""; 0]);
    let elsewhere = json!({ "queryType": "detections", "sigma": FIRST_SEEN, "scope": { "regions": ["pl-waw"] } });
    let expected = "the baselines of rules have no event of region pl-waw, which is not in the setting regions";
    let frame = ask(&engine.data_source, &elsewhere, &range).await.unwrap();
    assert!(warnings(&frame).iter().any(|notice| notice.starts_with(expected)), "{:?}", notices(&frame));
    assert!(refused(ask(&engine.data_source, &elsewhere, &rule(range)).await).message.starts_with(expected));
}

/// The rules that ship and that the incident has to make fire, by the names of their files, with who did it.
const OF_INCIDENT: [(&str, &str); 12] = [
    ("failed_logins_then_success", "intruder"),
    ("many_denied_methods", "intruder"),
    ("denied_then_granted", "intruder"),
    ("api_key_for_another_principal", "intruder"),
    ("privileged_policy", "intruder"),
    ("login_after_attempts_from_new_country", "intruder"),
    ("server_burst", "application"),
    ("snapshot_created_then_exported", "application"),
    ("security_group_open_to_internet", "application"),
    ("audit_alerts_disabled", "application"),
    ("logs_and_alerts_weakened", "application"),
    ("logging_weakened_after_grant", "application"),
];

#[tokio::test]
async fn shipped_rules_fire_on_the_incident_with_principal_and_address() {
    let engine = week().await;
    let facts = engine.sandbox.organization().incident.clone();
    let query = json!({ "queryType": "detections" });
    known(&engine, &query).await;
    let rules = engine.data_source.detection_rules().await.unwrap();
    assert_eq!(*rules.problems, []);
    let frame = ask(&engine.data_source, &query, &incident(&engine)).await.unwrap();
    let alert = ask(&engine.data_source, &query, &rule(incident(&engine))).await.unwrap();
    let columns = |frame: &Frame| {
        let [rules, principals, addresses] = ["rule", "principal", "source_ip"].map(|name| texts(frame, name));
        (0..frame.rows())
            .map(|row| [&rules, &principals, &addresses].map(|of| of[row].clone()))
            .collect::<BTreeSet<_>>()
    };
    let (matches, instances) = (columns(&frame), columns(&alert));
    for (file, who) in OF_INCIDENT {
        let of_file = rules.pack.rules().iter().filter(|rule| rule.is_shown && &*rule.place.file == file);
        let titles: Vec<&str> = of_file.map(|rule| rule.title.as_str()).collect();
        let principal = if who == "intruder" { facts.user_email.as_str() } else { "ci-deploy" };
        for (shape, rows) in [("matches", &matches), ("alert", &instances)] {
            let is_found = titles
                .iter()
                .any(|title| rows.contains(&[(*title).to_owned(), principal.to_owned(), facts.source_ip.to_owned()]));
            assert!(is_found, "{shape} of {file} ({titles:?}): {rows:#?}");
        }
    }
}
