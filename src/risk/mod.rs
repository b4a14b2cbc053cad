//! What an event means: a risk class, a severity and the MITRE ATT&CK techniques it resembles.
//!
//! Everything that is known about a method stands in data, not in code: `methods.csv` says what each audited method
//! means, `products.csv` by which other names a product may appear. A new method, a new class or a new condition on an
//! old method is one row. The method names come from Scaleway's documentation and from Audit Trail's product list, the
//! technique ids from MITRE ATT&CK 19.
//!
//! # Which row answers
//!
//! A row belongs to one product *and* one method: `CreateUser` invites a person in `iam` and sets a password in
//! `mongodb`. Where the product has no such method, the service is asked: `rdb` of `scaleway.rdb.v1.Api`. Names are
//! compared without regard to case and punctuation, because the documentation, the API and its resources do not agree
//! on either. Each method has one row without a condition. A row whose `when` holds takes precedence over it; among
//! several, the most severe one wins.
//!
//! What Scaleway adds after this table was written gets no answer, [`None`], rather than a guess: products and methods
//! are open text.
//!
//! # The conditions
//!
//! A `when` is one fact, or several joined by `&` that must all be true. Every fact but `failed` is about the request
//! body, and is false when there is none or when it is not JSON.
//!
//! | fact | true when |
//! |---|---|
//! | `failed` | the status is 400 or above |
//! | `has:expires_at` | the body has this key, and its value is neither `null` nor an empty text; `has:a\|b` is either |
//! | `action=terminate` | this key has this value; `action=a\|b` is either |
//! | `node_type~gpu` | this key's value contains this text; `node_type~a\|b` is either |
//! | `open_network` | some value is a network as wide as the Internet: `0.0.0.0/0` or `::/0` |
//! | `privileged` | a permission set is granted that can take over a product or the Organization, or a rule's scope is the whole Organization |
//! | `other_principal` | `user_id` or `application_id` names someone else than the caller |
//!
//! A key is looked for at any depth, because some products wrap the fields of a request. `min_size`, `minSize` and
//! `{"min_size":{"value":…}}` are the same key, and `{"min_size":{}}` is the same key at zero: that is how protobuf
//! wrappers lose their default. There is no negation, on purpose: text that a caller adds to a body can make a
//! condition true, never false.
//!
//! # What the answer of the API changes
//!
//! - 401 and 403: the attempt is what matters. The class becomes `denied_actions`, of high severity when the method is
//!   at least that, of medium severity otherwise, even for a method that is in no row.
//! - any other status from 400: nothing happened. The class stays, the severity is low.
//! - rows with `failed` are about the failure itself, such as a wrong password, and are answered as they stand.
//!
//! # Example
//!
//! ```
//! use audittrail::risk::{Action, Severity, classify};
//!
//! let action = Action {
//!     kind: "api",
//!     product: Some("instance"),
//!     method: Some("ServerAction"),
//!     status: Some(202),
//!     request_body: Some(r#"{"action": "terminate"}"#),
//!     ..Action::default()
//! };
//! let risk = classify(&action).expect("the table knows ServerAction");
//! assert_eq!(risk.class, "resource_destroy");
//! assert_eq!(risk.severity, Severity::High);
//! assert_eq!(risk.attack, ["T1485", "T1578.003"]);
//! ```

mod table;
mod when;

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use arrow::array::{Array, UInt16Array};

use crate::event::{Column, Events, Long};

use table::{Rule, Table};

/// How much an event deserves a look, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Everyday work, or an attempt that came to nothing.
    Low,
    /// Worth knowing when something else looks wrong: a restart, a new server, a changed rule.
    Medium,
    /// Worth a question to whoever did it: a new credential, a grant, a deletion.
    High,
    /// Worth a call: a lost backup, a lost audit log, a removed second factor.
    Critical,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name, as the table, filters and frames spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name, in any case.
    ///
    /// ```
    /// use audittrail::risk::Severity;
    ///
    /// assert_eq!(Severity::parse("high"), Some(Severity::High));
    /// assert_eq!(Severity::parse("huge"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str().eq_ignore_ascii_case(name))
    }
}

/// What an event means. The texts live as long as the process, so an answer is three words to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Risk {
    /// One of [`classes`].
    pub class: &'static str,
    /// How much it deserves a look.
    pub severity: Severity,
    /// Ids of MITRE ATT&CK techniques it resembles, sorted; often none.
    pub attack: &'static [&'static str],
}

/// The part of an event that decides what it means. Absent and unknown are the same: `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Action<'a> {
    /// `api`, `authentication` or `system`.
    pub kind: &'a str,
    /// The product, such as `iam`.
    pub product: Option<&'a str>,
    /// The service, such as `scaleway.iam.v1alpha1.Api`: asked when the product does not know the method.
    pub service: Option<&'a str>,
    /// The method, such as `CreateAPIKey`.
    pub method: Option<&'a str>,
    /// The id of who did it.
    pub principal: Option<&'a str>,
    /// The HTTP status the API answered. Without one, the action is taken to have succeeded.
    pub status: Option<u16>,
    /// For an authentication event: whether it failed.
    pub failed_login: bool,
    /// The request body, as JSON text. Whoever called the API wrote it.
    pub request_body: Option<&'a str>,
}

/// A login that was refused.
const LOGIN_FAILURE: Risk = Risk { class: "login_failures", severity: Severity::Medium, attack: &["T1110"] };

/// A login that succeeded.
const LOGIN: Risk = Risk { class: "session", severity: Severity::Low, attack: &[] };

/// A call that was refused: someone tried what they may not do, or is finding out what they may.
const DENIED: Risk =
    Risk { class: "denied_actions", severity: Severity::Medium, attack: &["T1078.004", "T1526", "T1580"] };

/// Read at the first question. The table is part of the binary: one that does not read is a defect of the build, and
/// the message names the row.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    Table::read(include_str!("methods.csv"), include_str!("products.csv")).unwrap_or_else(|defect| panic!("{defect}"))
});

/// What this action means, or `None` when the table does not know its method: see the [module](self).
///
/// It neither fails nor panics, whatever the request body holds, and reads the body only for a method that has
/// conditions.
#[must_use]
pub fn classify(action: &Action<'_>) -> Option<Risk> {
    match action.kind {
        "authentication" if action.failed_login => Some(LOGIN_FAILURE),
        "authentication" => Some(LOGIN),
        "api" => after_answer(TABLE.rule(action), action.status),
        // Scaleway's own doing: it has no method, and no caller to suspect.
        _ => None,
    }
}

/// What is left of a rule once the answer of the API is known.
fn after_answer(rule: Option<&Rule>, status: Option<u16>) -> Option<Risk> {
    let risk = rule.map(|rule| rule.risk);
    match status {
        Some(400..) if rule.is_some_and(|rule| rule.when.is_about_failure()) => risk,
        Some(401 | 403) => {
            let serious = risk.is_some_and(|risk| risk.severity >= Severity::High);
            Some(Risk { severity: if serious { Severity::High } else { DENIED.severity }, ..DENIED })
        }
        Some(400..) => risk.map(|risk| Risk { severity: Severity::Low, ..risk }),
        _ => risk,
    }
}

/// Every answer that [`classify`] can give, each once, and where each stands: events keep the place, for as long as the
/// process lives.
static RISKS: LazyLock<(Vec<Risk>, HashMap<Risk, u16>)> = LazyLock::new(|| {
    let refused = Risk { severity: Severity::High, ..DENIED };
    let by_rule = TABLE.risks().flat_map(|risk| [risk, Risk { severity: Severity::Low, ..risk }]);
    let (mut risks, mut places) = (Vec::new(), HashMap::new());
    for risk in [LOGIN_FAILURE, LOGIN, DENIED, refused].into_iter().chain(by_rule) {
        // The table has far fewer rows than there are places.
        places.entry(risk).or_insert_with(|| {
            risks.push(risk);
            u16::try_from(risks.len() - 1).expect("the table has fewer than 65 536 risks")
        });
    }
    (risks, places)
});

/// What each event means, as [`known`] reads it.
#[must_use]
pub fn weigh(events: &Events) -> UInt16Array {
    let [kind, product, service, method, principal, result] =
        [Column::Kind, Column::Product, Column::Service, Column::Method, Column::PrincipalId, Column::Result]
            .map(|column| events.text(column));
    let statuses = events.statuses();
    let action = |row| Action {
        kind: kind.get(row).expect("each event has a kind"),
        product: product.get(row),
        service: service.get(row),
        method: method.get(row),
        principal: principal.get(row),
        status: statuses.is_valid(row).then(|| statuses.value(row)),
        failed_login: result.get(row) == Some("failure"),
        request_body: None,
    };
    // Bodies are most of what events take; few rows of the table have conditions on them.
    let reading: Vec<usize> = (0..events.len()).filter(|row| TABLE.reads_body(&action(*row))).collect();
    let mut bodies = reading.iter().zip(events.longs(Long::RequestBody, &reading)).peekable();
    let of = |row| {
        let body = bodies.next_if(|(reading, _)| **reading == row).and_then(|(_, body)| body);
        let risk = classify(&Action { request_body: body.as_deref(), ..action(row) });
        risk.and_then(|risk| RISKS.1.get(&risk).copied())
    };
    (0..events.len()).map(of).collect()
}

/// What events mean that [`weigh`] has weighed.
#[must_use]
pub fn known(events: &Events) -> Vec<Option<&'static Risk>> {
    let risks = &RISKS.0;
    events.risks().iter().map(|place| place.and_then(|place| risks.get(usize::from(place)))).collect()
}

/// Every class that [`classify`] can answer, sorted.
#[must_use]
pub fn classes() -> &'static [&'static str] {
    static CLASSES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let beside_the_table = [LOGIN_FAILURE, LOGIN, DENIED].map(|risk| risk.class);
        let sorted: BTreeSet<_> = TABLE.classes().chain(beside_the_table).collect();
        sorted.into_iter().collect()
    });
    &CLASSES
}

/// The products that the table knows, as it spells them.
pub fn products() -> impl Iterator<Item = &'static str> {
    TABLE.products()
}

/// The methods that the table knows, of any product, as it spells them.
pub fn methods() -> impl Iterator<Item = &'static str> {
    TABLE.methods()
}

/// A name as it is compared: letters and digits only, in lower case.
fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

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

    /// Class and severity, the way the table writes them.
    fn meaning(action: Action<'_>) -> Option<(&'static str, &'static str)> {
        classify(&action).map(|risk| (risk.class, risk.severity.as_str()))
    }

    #[test]
    fn the_table_reads() {
        // Which refuses a row whose severity, technique or condition is not well formed: see the tests of `table`.
        LazyLock::force(&TABLE);
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
        assert_eq!(meaning(call("iam", "CreateUser")), Some(("identity_creation", "high")));
        assert_eq!(meaning(call("mongodb", "CreateUser")), Some(("credential_creation", "high")));
        assert_eq!(meaning(call("iam", "CreateGroup")), Some(("identity_creation", "medium")));
        assert_eq!(meaning(call("autoscaling", "CreateGroup")), Some(("execution", "medium")));
        assert_eq!(meaning(call("iam", "CreateServer")), None);
    }

    #[test]
    fn names_are_compared_by_their_letters() {
        let expected = Some(("resource_destroy", "critical"));
        for product in ["rdb", "RDB", "postgresql", "PostgreSQL and MySQL", "mysql"] {
            assert_eq!(meaning(call(product, "deletedatabasebackup")), expected, "{product}");
        }
        for product in ["public-gateway", "Public Gateways", "vpc_gw", "vpcgw"] {
            assert_eq!(meaning(call(product, "DeleteIp")), Some(("service_disruption", "medium")), "{product}");
        }
        assert_eq!(meaning(call("ClickHouse®", "DeleteDeployment")), Some(("resource_destroy", "high")));
    }

    #[test]
    fn the_service_is_asked_when_the_product_does_not_know() {
        let by = |product, service, method| meaning(Action { product, service: Some(service), ..call("", method) });
        let destroyed = Some(("resource_destroy", "high"));
        assert_eq!(by(Some("databases"), "scaleway.rdb.v1.Api", "DeleteInstance"), destroyed);
        assert_eq!(by(None, "scaleway.mongodb.v1.Api", "DeleteInstance"), destroyed);
        assert_eq!(by(Some("vpc"), "scaleway.vpc_gw.v2.Api", "DeleteGateway"), destroyed);
        assert_eq!(by(None, "scaleway.containers.v1.Api", "DeleteContainer"), destroyed);
        assert_eq!(by(None, "scaleway.edge_services.v1beta1.Api", "DeletePipeline"), destroyed);
        assert_eq!(by(None, "scaleway.serverless_sqldb.v1alpha1.Api", "DeleteDatabase"), destroyed);
        assert_eq!(
            by(None, "scaleway.s2s_vpn.v1alpha1.Api", "DetachRoutingPolicy"),
            Some(("service_disruption", "medium"))
        );
        assert_eq!(
            by(None, "scaleway.audit_trail.v1alpha1.Api", "DeleteExportJob"),
            Some(("logging_tamper", "critical"))
        );
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
            assert_eq!(meaning(call(product, method)), Some(expected), "{product} {method}");
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
    fn the_unknown_has_no_meaning() {
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
        assert_eq!(server(r#"{"action": "reboot"}"#), Some(("service_disruption", "medium")));
        assert_eq!(server(r#"{"action": "poweron"}"#), Some(("change", "low")));
        assert_eq!(server(r#"{"action": "terminate"}"#), Some(("resource_destroy", "high")));

        let pool = |body| meaning(with_body("kubernetes", "UpdatePool", body));
        assert_eq!(pool(r#"{"min_size": {"value": 1}, "size": {}}"#), Some(("service_disruption", "medium")));
        assert_eq!(pool(r#"{"min_size": {}, "size": {"value": 3}}"#), Some(("change", "low")));

        let policy = r#"{"rules": [{"permission_set_names": {"value": ["OrganizationManager"]}}]}"#;
        assert_eq!(meaning(with_body("iam", "CreatePolicy", policy)), Some(("privilege_grant", "critical")));
        assert_eq!(meaning(call("iam", "CreatePolicy")), Some(("privilege_grant", "high")));

        let rules = r#"{"rules": [{"ip": "0.0.0.0/0"}]}"#;
        assert_eq!(meaning(with_body("rdb", "SetInstanceACLRules", rules)), Some(("network_exposure", "high")));
        assert_eq!(meaning(call("rdb", "SetInstanceACLRules")), Some(("network_exposure", "medium")));

        let key = Action { principal: Some("me"), ..with_body("iam", "CreateAPIKey", r#"{"user_id": "you"}"#) };
        assert_eq!(meaning(key), Some(("credential_creation", "critical")));
        assert_eq!(meaning(Action { principal: Some("you"), ..key }), Some(("credential_creation", "high")));
    }

    #[test]
    fn the_most_severe_row_that_holds_wins() {
        let both = r#"{"default_project_id": "0a1b2c3d", "expires_at": "2026-01-01T00:00:00Z"}"#;
        assert_eq!(meaning(with_body("iam", "UpdateAPIKey", both)), Some(("credential_creation", "high")));
        let one = r#"{"default_project_id": "0a1b2c3d", "expires_at": null}"#;
        assert_eq!(meaning(with_body("iam", "UpdateAPIKey", one)), Some(("credential_creation", "medium")));
        assert_eq!(meaning(with_body("iam", "UpdateAPIKey", r#"{"description": "ci"}"#)), Some(("change", "low")));
    }

    #[test]
    fn a_refused_attempt_is_denied() {
        for status in [401, 403] {
            let refused = |product, method| meaning(Action { status: Some(status), ..call(product, method) });
            assert_eq!(refused("instance", "UpdateVolume"), Some(("denied_actions", "medium")));
            assert_eq!(refused("instance", "ServerAction"), Some(("denied_actions", "medium")));
            assert_eq!(refused("iam", "CreateAPIKey"), Some(("denied_actions", "high")));
            assert_eq!(refused("audit-trail", "DeleteExportJob"), Some(("denied_actions", "high")));
            assert_eq!(refused("quantum", "CreateServer"), Some(("denied_actions", "medium")));
        }
        let terminate = with_body("instance", "ServerAction", r#"{"action": "terminate"}"#);
        let refused = classify(&Action { status: Some(403), ..terminate });
        assert_eq!(refused, Some(Risk { severity: Severity::High, ..DENIED }));
    }

    #[test]
    fn a_failed_attempt_did_nothing() {
        let delete = call("audit-trail", "DeleteExportJob");
        for status in [400, 404, 409, 429, 500, 503] {
            let failed = Action { status: Some(status), ..delete };
            assert_eq!(meaning(failed), Some(("logging_tamper", "low")), "{status}");
        }
        for status in [Some(200), Some(202), Some(204), None] {
            assert_eq!(meaning(Action { status, ..delete }), Some(("logging_tamper", "critical")), "{status:?}");
        }
    }

    #[test]
    fn logins() {
        let login = |failed_login| classify(&Action { kind: "authentication", failed_login, ..Action::default() });
        assert_eq!(login(true), Some(LOGIN_FAILURE));
        assert_eq!(login(false), Some(LOGIN));

        for method in ["CreatePasswordLogin", "CreateMagicCodeLogin", "CheckLoginMFAOTP", "CommitLogin"] {
            assert_eq!(classify(&call("iam", method)), Some(LOGIN), "{method}");
            for status in [400, 401, 403, 404] {
                let refused = Action { status: Some(status), ..call("iam", method) };
                assert_eq!(classify(&refused), Some(LOGIN_FAILURE), "{method} {status}");
            }
        }
        assert_eq!(classify(&call("iam", "RenewJWT")), Some(LOGIN));
    }

    #[test]
    fn hostile_text_is_only_text() {
        let deep = "[".repeat(200_000);
        for body in [&deep, "", "\u{0}", "{\"rules\":", "{\"rules\": \"\\ud800\"}", "\u{feff}{}", "[[]]"] {
            assert_eq!(meaning(with_body("iam", "CreatePolicy", body)), Some(("privilege_grant", "high")));
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
    fn the_classes_are_sorted_and_complete() {
        assert!(classes().windows(2).all(|pair| pair[0] < pair[1]), "{:?}", classes());
        for class in ["change", "denied_actions", "login_failures", "privilege_grant", "session"] {
            assert!(classes().contains(&class), "{class}");
        }
    }
}
