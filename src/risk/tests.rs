use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::event::{Events, Kind};

/// The methods that Scaleway's documentation lists, one product a line.
const DOCUMENTED: &str = include_str!("documented_methods.txt");

/// Audit Trail's product list, as its API answered it.
const PRODUCTS: &str = include_str!("../../tests/data/products.fr-par.json");

/// Events, as the API answered them.
const EVENTS: &str = include_str!("../../tests/data/events.fr-par.json");

/// A successful call without a body.
fn call<'a>(product: &'a str, method: &'a str) -> Action<'a> {
    Action { kind: "api", product: Some(product), method: Some(method), status: Some(200), ..Action::default() }
}

fn with_body<'a>(product: &'a str, method: &'a str, body: &'a str) -> Action<'a> {
    Action { request_body: Some(body), ..call(product, method) }
}

/// The risk of an action by the rules of the binary.
fn classify(action: &Action<'_>) -> Option<Risk> {
    RuleSet::built_in().classify(action).cloned()
}

fn risk(class: &str, severity: Severity, attack: &[&str]) -> Risk {
    Risk { class: class.to_owned(), severity, attack: attack.iter().map(|&id| id.to_owned()).collect() }
}

/// Class and severity, as in the table.
fn meaning(action: Action<'_>) -> Option<(String, &'static str)> {
    classify(&action).map(|risk| (risk.class, risk.severity.as_str()))
}

/// An expected result of [`meaning`].
#[expect(clippy::unnecessary_wraps, reason = "it is compared with an option")]
fn means(class: &str, severity: &'static str) -> Option<(String, &'static str)> {
    Some((class.to_owned(), severity))
}

#[test]
fn the_table_reads() {
    // A row with a malformed severity, technique or condition is an error: see the tests of `table`.
    assert!(RuleSet::built_in().methods().count() > 400);
}

#[test]
fn the_rows_are_sorted() {
    let mut reader = csv::Reader::from_reader(include_str!("methods.csv").as_bytes());
    let rows: Vec<[String; 6]> = reader.deserialize().collect::<Result<_, _>>().expect("six columns");
    for pair in rows.windows(2) {
        assert!(pair[0][..3] < pair[1][..3], "{:?} should stand before {:?}", pair[1], pair[0]);
    }
    for row in rows {
        let [.., class, _, attack] = &row;
        let ids: Vec<_> = attack.split_terminator(' ').collect();
        assert!(ids.is_sorted(), "{row:?}");
        // ATT&CK 19 split "Impair Defenses" up and revoked all of its ids.
        assert!(!ids.iter().any(|id| id.starts_with("T1562")), "{row:?}");
        let is_ordinary = class == "change" || class == "session";
        assert_eq!(ids.is_empty(), is_ordinary, "{row:?}: what is ordinary resembles no attack, the rest does");
    }
}

#[test]
fn every_documented_method_has_a_row() {
    let mut methods = 0;
    for line in DOCUMENTED.lines() {
        let (product, names) = line.split_once(": ").expect("product: method method");
        for method in names.split(' ') {
            assert!(classify(&call(product, method)).is_some(), "{product} {method}");
            methods += 1;
        }
    }
    assert!(methods > 400, "{methods} methods were read");
}

#[test]
fn every_method_of_the_product_list_has_a_row() {
    let list: Value = serde_json::from_str(PRODUCTS).expect("JSON");
    let mut methods = 0;
    for product in list["products"].as_array().expect("products") {
        let name = product["name"].as_str().expect("name");
        for service in product["services"].as_array().expect("services") {
            for method in service["methods"].as_array().expect("methods") {
                let by_product = call(name, method.as_str().expect("method"));
                assert!(classify(&by_product).is_some(), "{name} {method}");
                let by_service = Action { product: None, service: service["name"].as_str(), ..by_product };
                assert_eq!(classify(&by_service), classify(&by_product), "{service} {method}");
                methods += 1;
            }
        }
    }
    assert_eq!(methods, 163);
}

#[test]
fn recorded_events() {
    let recorded: Value = serde_json::from_str(EVENTS).expect("JSON");
    let mut meanings = BTreeSet::new();
    for event in recorded["events"].as_array().expect("events") {
        let body = event["request_body"].to_string();
        let action = Action {
            kind: "api",
            product: event["product_name"].as_str(),
            service: event["service_name"].as_str(),
            method: event["method_name"].as_str(),
            principal: event["principal"]["id"].as_str(),
            status: event["status_code"].as_u64().and_then(|status| status.try_into().ok()),
            request_body: Some(&body),
            ..Action::default()
        };
        let (class, severity) = meaning(action).expect("a row");
        meanings.insert(format!("{} {class} {severity}", action.method.expect("a method")));
    }
    let meanings: Vec<_> = meanings.iter().map(String::as_str).collect();
    assert_eq!(
        meanings,
        [
            "AddOptionServer change low",
            // for an application, then for oneself
            "CreateAPIKey credential_creation critical",
            "CreateAPIKey credential_creation high",
            "CreateApplication identity_creation medium",
            "CreateCluster change low",
            "CreateKey change low",
            "CreatePolicy privilege_grant critical",
            "CreatePool execution medium",
            "CreateSSHKey credential_creation high",
            "CreateSecret change low",
            "CreateServer execution medium",
            "DeleteAPIKey service_disruption medium",
            "DeleteApplication service_disruption medium",
            "DeleteCluster resource_destroy high",
            "DeleteKey resource_destroy critical",
            "DeletePolicy policy_weakening medium",
            "DeletePool resource_destroy high",
            "DeleteSSHKey service_disruption medium",
            "DeleteSecret resource_destroy high",
            "DeleteServer resource_destroy high",
            "ProtectKey change low",
            "RenewJWT session low",
            "ResetClusterAdminToken credential_creation high",
            "UnprotectKey policy_weakening high",
            "UpdateAPIKey credential_creation medium",
            "UpdateUserPreferences change low",
        ]
    );
}

#[test]
fn a_method_belongs_to_a_product() {
    assert_eq!(meaning(call("iam", "CreateUser")), means("identity_creation", "high"));
    assert_eq!(meaning(call("mongodb", "CreateUser")), means("credential_creation", "high"));
    assert_eq!(meaning(call("iam", "CreateGroup")), means("identity_creation", "medium"));
    assert_eq!(meaning(call("autoscaling", "CreateGroup")), means("execution", "medium"));
    assert_eq!(meaning(call("iam", "CreateServer")), None);
}

#[test]
fn names_are_compared_by_their_letters() {
    let expected = means("resource_destroy", "critical");
    for product in ["rdb", "RDB", "postgresql", "PostgreSQL and MySQL", "mysql"] {
        assert_eq!(meaning(call(product, "deletedatabasebackup")), expected, "{product}");
    }
    for product in ["public-gateway", "Public Gateways", "vpc_gw", "vpcgw"] {
        assert_eq!(meaning(call(product, "DeleteIp")), means("service_disruption", "medium"), "{product}");
    }
    assert_eq!(meaning(call("ClickHouse®", "DeleteDeployment")), means("resource_destroy", "high"));
}

#[test]
fn the_service_decides_when_the_product_does_not_know_the_method() {
    let by = |product, service, method| meaning(Action { product, service: Some(service), ..call("", method) });
    let destroyed = means("resource_destroy", "high");
    assert_eq!(by(Some("databases"), "scaleway.rdb.v1.Api", "DeleteInstance"), destroyed);
    assert_eq!(by(None, "scaleway.mongodb.v1.Api", "DeleteInstance"), destroyed);
    assert_eq!(by(Some("vpc"), "scaleway.vpc_gw.v2.Api", "DeleteGateway"), destroyed);
    assert_eq!(by(None, "scaleway.containers.v1.Api", "DeleteContainer"), destroyed);
    assert_eq!(by(None, "scaleway.edge_services.v1beta1.Api", "DeletePipeline"), destroyed);
    assert_eq!(by(None, "scaleway.serverless_sqldb.v1alpha1.Api", "DeleteDatabase"), destroyed);
    assert_eq!(by(None, "scaleway.s2s_vpn.v1alpha1.Api", "DetachRoutingPolicy"), means("service_disruption", "medium"));
    assert_eq!(by(None, "scaleway.audit_trail.v1alpha1.Api", "DeleteExportJob"), means("logging_tamper", "critical"));
    for service in ["", "scaleway", "scaleway.", "scaleway..v1.Api", "rdb"] {
        assert_eq!(by(None, service, "DeleteInstance"), None, "{service}");
    }
}

#[test]
fn products_that_became_audited_in_2026_are_known_under_each_of_their_names() {
    for (product, method, expected) in [
        ("serverless-functions", "DeployFunction", ("execution", "medium")),
        ("functions", "CreateToken", ("credential_creation", "high")),
        ("serverless-functions", "DeleteNamespace", ("resource_destroy", "high")),
        ("serverless-functions", "CreateDomain", ("network_exposure", "medium")),
        ("data-orchestrator", "StartWorkflowDefinition", ("execution", "medium")),
        ("data-orchestrator", "TerminateWorkflowRun", ("service_disruption", "medium")),
        ("autoscaling-groups", "UpdateGroup", ("service_disruption", "medium")),
        ("autoscaling", "DeleteGroup", ("resource_destroy", "high")),
        ("generative-apis", "CreateDeployment", ("resource_hijack", "medium")),
        ("generative-apis", "CreateModel", ("change", "low")),
    ] {
        assert_eq!(meaning(call(product, method)), means(expected.0, expected.1), "{product} {method}");
    }
    for (service, method) in [
        ("scaleway.functions.v1beta1.Api", "UpdateTrigger"),
        ("scaleway.data_orchestrator.v1alpha1.Api", "PauseWorkflowRun"),
        ("scaleway.autoscaling.v1alpha2.ZonedApi", "CreateGroup"),
        ("scaleway.gapi_dedicated.v1.Api", "DeleteDeployment"),
    ] {
        let action = Action { service: Some(service), ..call("a name of tomorrow", method) };
        assert!(classify(&action).is_some(), "{service} {method}");
    }
}

#[test]
fn an_unknown_method_has_no_risk() {
    assert_eq!(meaning(call("iam", "CreateTeapot")), None);
    assert_eq!(meaning(call("quantum", "CreateServer")), None);
    assert_eq!(meaning(call("", "")), None);
    assert_eq!(meaning(Action { status: Some(404), ..call("quantum", "CreateServer") }), None);
    assert_eq!(meaning(Action { kind: "system", ..call("iam", "DeleteUser") }), None);
    assert_eq!(meaning(Action { kind: "api", ..Action::default() }), None);
    assert_eq!(meaning(Action::default()), None);
}

#[test]
fn conditions_choose_the_row() {
    let server = |body| meaning(with_body("instance", "ServerAction", body));
    assert_eq!(server(r#"{"action": "reboot"}"#), means("service_disruption", "medium"));
    assert_eq!(server(r#"{"action": "poweron"}"#), means("change", "low"));
    assert_eq!(server(r#"{"action": "terminate"}"#), means("resource_destroy", "high"));

    let pool = |body| meaning(with_body("kubernetes", "UpdatePool", body));
    assert_eq!(pool(r#"{"min_size": {"value": 1}, "size": {}}"#), means("service_disruption", "medium"));
    assert_eq!(pool(r#"{"min_size": {}, "size": {"value": 3}}"#), means("change", "low"));

    let policy = r#"{"rules": [{"permission_set_names": {"value": ["OrganizationManager"]}}]}"#;
    assert_eq!(meaning(with_body("iam", "CreatePolicy", policy)), means("privilege_grant", "critical"));
    assert_eq!(meaning(call("iam", "CreatePolicy")), means("privilege_grant", "high"));

    let rules = r#"{"rules": [{"ip": "0.0.0.0/0"}]}"#;
    assert_eq!(meaning(with_body("rdb", "SetInstanceACLRules", rules)), means("network_exposure", "high"));
    assert_eq!(meaning(call("rdb", "SetInstanceACLRules")), means("network_exposure", "medium"));

    let key = Action { principal: Some("me"), ..with_body("iam", "CreateAPIKey", r#"{"user_id": "you"}"#) };
    assert_eq!(meaning(key), means("credential_creation", "critical"));
    assert_eq!(meaning(Action { principal: Some("you"), ..key }), means("credential_creation", "high"));
}

#[test]
fn the_most_severe_true_row_wins() {
    let both = r#"{"default_project_id": "0a1b2c3d", "expires_at": "2026-01-01T00:00:00Z"}"#;
    assert_eq!(meaning(with_body("iam", "UpdateAPIKey", both)), means("credential_creation", "high"));
    let one = r#"{"default_project_id": "0a1b2c3d", "expires_at": null}"#;
    assert_eq!(meaning(with_body("iam", "UpdateAPIKey", one)), means("credential_creation", "medium"));
    assert_eq!(meaning(with_body("iam", "UpdateAPIKey", r#"{"description": "ci"}"#)), means("change", "low"));
}

#[test]
fn a_refused_attempt_is_denied() {
    for status in [401, 403] {
        let refused = |product, method| meaning(Action { status: Some(status), ..call(product, method) });
        assert_eq!(refused("instance", "UpdateVolume"), means("denied_actions", "medium"));
        assert_eq!(refused("instance", "ServerAction"), means("denied_actions", "medium"));
        assert_eq!(refused("iam", "CreateAPIKey"), means("denied_actions", "high"));
        assert_eq!(refused("audit-trail", "DeleteExportJob"), means("denied_actions", "high"));
        assert_eq!(refused("quantum", "CreateServer"), means("denied_actions", "medium"));
    }
    let terminate = with_body("instance", "ServerAction", r#"{"action": "terminate"}"#);
    let refused = classify(&Action { status: Some(403), ..terminate });
    assert_eq!(refused, Some(risk("denied_actions", Severity::High, &["T1078.004", "T1526", "T1580"])));
}

#[test]
fn a_failed_attempt_did_nothing() {
    let delete = call("audit-trail", "DeleteExportJob");
    for status in [400, 404, 409, 429, 500, 503] {
        let failed = Action { status: Some(status), ..delete };
        assert_eq!(meaning(failed), means("logging_tamper", "low"), "{status}");
    }
    for status in [Some(200), Some(202), Some(204), None] {
        assert_eq!(meaning(Action { status, ..delete }), means("logging_tamper", "critical"), "{status:?}");
    }
}

#[test]
fn logins() {
    let login = |failed_login| classify(&Action { kind: "authentication", failed_login, ..Action::default() });
    let failure = Some(risk("login_failures", Severity::Medium, &["T1110"]));
    let success = Some(risk("session", Severity::Low, &[]));
    assert_eq!(login(true), failure);
    assert_eq!(login(false), success);

    for method in ["CreatePasswordLogin", "CreateMagicCodeLogin", "CheckLoginMFAOTP", "CommitLogin"] {
        assert_eq!(classify(&call("iam", method)), success, "{method}");
        for status in [400, 401, 403, 404] {
            let refused = Action { status: Some(status), ..call("iam", method) };
            assert_eq!(classify(&refused), failure, "{method} {status}");
        }
    }
    assert_eq!(classify(&call("iam", "RenewJWT")), success);
}

#[test]
fn hostile_text_is_only_text() {
    let deep = "[".repeat(200_000);
    for body in [&deep, "", "\u{0}", "{\"rules\":", "{\"rules\": \"\\ud800\"}", "\u{feff}{}", "[[]]"] {
        assert_eq!(meaning(with_body("iam", "CreatePolicy", body)), means("privilege_grant", "high"));
    }
    let long = "CreateUser".repeat(100_000);
    assert_eq!(meaning(call("iam", &long)), None);
    assert_eq!(meaning(call(&long, "CreateUser")), None);
    assert_eq!(meaning(call("\u{1f511}", "\u{0}")), None);
}

#[test]
fn severities_are_ordered_and_named() {
    assert!(Severity::ALL.is_sorted());
    for severity in Severity::ALL {
        assert_eq!(Severity::parse(severity.as_str()), Some(severity));
        assert_eq!(Severity::parse(&severity.as_str().to_uppercase()), Some(severity));
    }
    assert_eq!(Severity::parse(""), None);
}

#[test]
fn the_classes_are_complete() {
    let rules = RuleSet::built_in();
    for class in ["change", "denied_actions", "login_failures", "privilege_grant", "session"] {
        assert!(rules.classes().contains(class), "{class}");
    }
}

#[test]
fn each_rule_set_classifies_the_same_events_by_its_own_rules() {
    let event =
        |method: &str, body: Value| json!({ "product_name": "iam", "method_name": method, "request_body": body });
    let owner = json!({ "rules": [{ "permission_set_names": ["OrganizationManager"] }] });
    let items = [event("CreatePolicy", owner), event("CreatePolicy", json!({})), event("Wave", json!({}))];
    let events = Events::from_json(Kind::Api, &items);
    let newest_first = |rules: &RuleSet, events: &Events| -> Vec<Option<String>> {
        let class = |number| Some(format!("{} {}", rules.risk(number)?.class, rules.risk(number)?.severity.as_str()));
        rules.numbers(events).into_iter().map(class).collect()
    };
    let (critical, high, hello) = ("privilege_grant critical", "privilege_grant high", "hello low");
    let own = "product,method,when,class,severity,attack\niam,Wave,,hello,low,\n";
    let own = RuleSet::read(own, "product,alias\n").expect("the rules are well formed");
    let built_in = RuleSet::built_in();
    let some = events.filter(&[true, false, true]).expect("the mask has one entry for each event");
    // Each set in turn, although the other has cached its numbers.
    for events in [&events, &events.packed().expect("three events fit"), &events] {
        assert_eq!(newest_first(&own, events), [Some(hello.to_owned()), None, None]);
        assert_eq!(newest_first(&built_in, events), [None, Some(high.to_owned()), Some(critical.to_owned())]);
        assert_eq!(newest_first(&built_in, &some), [None, Some(critical.to_owned())]);
        assert_eq!(newest_first(&own, &some), [Some(hello.to_owned()), None]);
    }
}

#[test]
fn events_cost_the_rows_of_their_chunks_until_a_rule_set_has_classified_them() {
    let items: Vec<Value> = (0..5).map(|_| json!({ "product_name": "iam", "method_name": "CreatePolicy" })).collect();
    let events = Events::from_json(Kind::Api, &items);
    let one = events.newest(1);
    let own = RuleSet::read("product,method,when,class,severity,attack\n", "product,alias\n").expect("no rows");
    let built_in = RuleSet::built_in();
    assert_eq!((built_in.cost(&events), built_in.cost(&one), built_in.cost(&Events::default())), (5, 5, 0));
    assert_eq!(built_in.numbers(&one).len(), 1);
    assert_eq!((built_in.cost(&events), built_in.cost(&one)), (0, 0), "the chunk has all numbers");
    assert_eq!(own.cost(&one), 5, "another set has not classified it");
    assert_eq!(built_in.cost(&events.packed().expect("five events fit")), 5, "packed, it is another chunk");
}
