//! Values that columns have in a way of their own.

use serde_json::{Value, json};

use crate::detection::{Context, Field, Pack, RuleFile, Values};
use crate::event::{Events, Kind};
use crate::locale::Language;
use crate::risk::RuleSet;

fn pack(detection: &str) -> Pack {
    let text = format!("title: T\nid: r\nlogsource: {{product: scaleway}}\ndetection: {{{detection}, condition: s}}\n");
    let (pack, errors) = Pack::parse(&[RuleFile::new("f.yml", text)]);
    assert_eq!(errors, []);
    pack
}

fn no_name(_: &str) -> Option<String> {
    None
}

/// Whether a rule selects each of some events, in the order given.
fn selects(detection: &str, kind: Kind, events: &[Value]) -> Vec<bool> {
    let pack = pack(detection);
    let events = Events::from_json(kind, events);
    let risks = RuleSet::built_in();
    let context = Context { risks: &risks, names: &no_name };
    let found = |events: &Events| {
        let rows = pack.judged(events, &context).rows(1).remove(0);
        assert_eq!(pack.verdicts(events, &context).rows(1).remove(0), rows);
        (0..events.len()).rev().map(|row| rows.contains(&row)).collect::<Vec<_>>()
    };
    let plain = found(&events);
    assert_eq!(found(&events.packed().expect("a small list")), plain);
    plain
}

#[test]
fn a_delete_without_a_resource_has_the_id_in_its_body() {
    let events = [
        json!({ "method_name": "DeletePolicy", "resources": [], "request_body": { "policy_id": "p-1" } }),
        json!({ "method_name": "DeletePolicy", "resources": [{ "id": "p-2" }], "request_body": { "policy_id": "p-1" } }),
        json!({ "method_name": "DeletePolicy", "resources": [], "request_body": {} }),
    ];
    assert_eq!(selects("s: {'resources[any].id': p-1}", Kind::Api, &events), [true, false, false]);
    assert_eq!(selects("s: {'resources[any].id|exists': false}", Kind::Api, &events), [false, false, true]);
}

#[test]
fn a_pool_has_its_own_id_and_that_of_its_cluster() {
    let pool = json!({ "id": "cluster", "type": "kube_pool", "kube_pool_info": { "id": "pool", "name": "workers" } });
    let events = [json!({ "resources": [pool] })];
    for id in ["cluster", "pool"] {
        assert_eq!(selects(&format!("s: {{'resources[any].id': {id}}}"), Kind::Api, &events), [true]);
    }
    assert_eq!(selects("s: {'resources[any].name': workers}", Kind::Api, &events), [true]);
}

#[test]
fn methods_of_other_kinds_of_event_have_fields_of_their_own() {
    let login = [json!({ "method": "password", "result": "success" })];
    assert_eq!(selects("s: {method_name: password}", Kind::Authentication, &login), [false]);
    assert_eq!(selects("s: {method: password}", Kind::Authentication, &login), [true]);
    assert_eq!(selects("s: {method_name: null}", Kind::Authentication, &login), [true]);
    assert_eq!(selects("s: {status_code|exists: false}", Kind::Authentication, &login), [true]);
    let system = [json!({ "source": "cron", "system_name": "Expire" })];
    assert_eq!(selects("s: {source: cron, system_name: expire, service_name: null}", Kind::System, &system), [true]);
}

#[test]
fn an_action_and_a_status_that_is_no_200() {
    let events = [json!({
        "product_name": "instance", "method_name": "ServerAction", "status_code": 202, "request_body": { "action": "terminate" },
    })];
    assert_eq!(
        selects("s: {audittrail.action: terminate, audittrail.status_class: succeeded}", Kind::Api, &events),
        [true]
    );
    assert_eq!(
        selects("s: {audittrail.risk_class: resource_destroy, audittrail.severity: high}", Kind::Api, &events),
        [true]
    );
    assert_eq!(selects("s: {status_code|re: ^20}", Kind::Api, &events), [true]);
}

#[test]
fn the_action_of_a_body_is_that_of_any_method() {
    let call = |method: &str, body: Value| json!({ "method_name": method, "request_body": body });
    let events = [
        call("ServerAction", json!({ "action": "terminate" })),
        call("ServerAction", json!({ "action": "reboot" })),
        call("ServerAction", json!({ "action": ["reboot", "terminate"] })),
        call("ServerAction", json!({ "action": 5 })),
        call("ServerAction", json!({})),
        call("OtherAction", json!({ "action": "terminate" })),
        json!({ "method_name": "ServerAction" }),
    ];
    let selects = |item: &str| selects(&format!("s: {{{item}}}"), Kind::Api, &events);
    assert_eq!(selects("request_body.action: terminate"), [true, false, true, false, false, true, false]);
    assert_eq!(selects("'request_body.action|neq': terminate"), [false, true, false, true, false, false, false]);
    assert_eq!(selects("'request_body.action|exists': false"), [false, false, false, false, true, false, true]);
    assert_eq!(
        selects("method_name: ServerAction, 'request_body.action|contains': o"),
        [false, true, true, false, false, false, false]
    );
}

#[test]
fn a_body_that_is_not_json_has_no_values() {
    let events = [json!({ "request_body": { "a": { "b": [{ "c": 1 }, { "c": [2, 3] }] } } }), json!({})];
    assert_eq!(selects("s: {'request_body.a.b[any].c[any]': 3}", Kind::Api, &events), [true, false]);
    assert_eq!(selects("s: {request_body.a.b.c: 1}", Kind::Api, &events), [true, false]);
    assert_eq!(selects("s: {request_body.a.x: null}", Kind::Api, &events), [true, true]);
    assert_eq!(selects("s: {request_body|exists: true}", Kind::Api, &events), [true, false]);
}

#[test]
fn keywords_are_searched_in_all_texts_of_the_api() {
    let events = [
        json!({ "request_body": { "a": ["x", { "b": "needle in hay" }] } }),
        json!({ "resources": [{ "id": "1", "secret_info": { "note": "a NEEDLE" } }] }),
        json!({ "user_agent": "needles" }),
        json!({ "method_name": "Other" }),
    ];
    assert_eq!(selects("s: [needle]", Kind::Api, &events), [true, true, true, false]);
    assert_eq!(selects("s: [api, succeeded]", Kind::Api, &events), [false; 4], "enriched fields are not searched");
}

#[test]
fn redacted_events_have_the_verdicts_of_whole_ones_and_no_values() {
    let pack = pack("s: {request_body.a: secret, source_ip: 203.0.113.7, method_name: X}");
    let events = [json!({ "method_name": "X", "source_ip": "203.0.113.7", "request_body": { "a": "secret" } })];
    let events = Events::from_json(Kind::Api, &events).redacted();
    let risks = RuleSet::built_in();
    let context = Context { risks: &risks, names: &no_name };
    assert_eq!(
        (pack.judged(&events, &context).rows(1), pack.verdicts(&events, &context).rows(1)),
        (vec![vec![0]], vec![vec![0]])
    );
    let why = pack.why(0, &events, 0, &context, Language::English);
    let values: Vec<_> = why.iter().map(|reason| (reason.condition.as_str(), reason.value.as_deref())).collect();
    assert_eq!(
        values,
        [("request_body.a: secret", None), ("source_ip: 203.0.113.7", None), ("method_name: X", Some("X"))]
    );
}

#[test]
fn reasons_are_bounded_and_clean() {
    let agent = format!("evil\u{202e}\n{}", "x".repeat(10_000));
    let events = Events::from_json(Kind::Api, &[json!({ "user_agent": agent })]);
    let risks = RuleSet::built_in();
    let context = Context { risks: &risks, names: &no_name };
    let why = pack("s: {user_agent|contains: evil}").why(0, &events, 0, &context, Language::English);
    let value = why[0].value.as_deref().expect("a value");
    assert!(value.starts_with("evil  xx") && value.chars().count() <= 201, "{value}");
}

#[test]
fn names_are_judged_for_each_question() {
    let pack = pack("s: {audittrail.principal_name: Anna}");
    let events = Events::from_json(Kind::Api, &[json!({ "principal": { "id": "u" } }), json!({})]);
    let risks = RuleSet::built_in();
    for (name, rows) in [("Anna", vec![1]), ("Bert", vec![])] {
        let names = |_: &str| Some(name.to_owned());
        let context = Context { risks: &risks, names: &names };
        assert_eq!(pack.verdicts(&events, &context).rows(1), [rows], "{name}");
    }
}

#[test]
fn values_for_groups() {
    let events = Events::from_json(
        Kind::Api,
        &[
            json!({ "status_code": 200, "principal": { "id": "u" }, "request_body": { "n": 1.5, "t": true } }),
            json!({ "resources": [{ "id": "a" }, { "id": "b" }], "principal": { "id": "u" }, "request_body": { "n": "1.5" } }),
            json!({ "resources": [{ "id": "a" }], "request_body": { "n": { "x": 1 } } }),
        ],
    );
    let risks = RuleSet::built_in();
    let context = Context { risks: &risks, names: &no_name };
    let texts = |field: &str| {
        let field = Field::named(field).expect("a path").expect("a field");
        let values = Values::of(&events, &field, &context);
        (0..3).rev().map(|row| values.text(row).map(str::to_owned)).collect::<Vec<_>>()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(texts("status_code"), [some("200"), None, None]);
    assert_eq!(texts("principal.id"), [some("u"), some("u"), None]);
    assert_eq!(texts("request_body.n"), [some("1.5"), some("1.5"), None]);
    assert_eq!(texts("request_body.t"), [some("true"), None, None]);
    assert_eq!(texts("resources[any].id"), [None, None, some("a")]);
    let field = Field::named("request_body.n").expect("a path").expect("a field");
    assert_eq!(Values::of(&events, &field, &context).keys(), [0, 1, 1]);
}
