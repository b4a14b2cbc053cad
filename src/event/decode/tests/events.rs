use serde_json::{Value, json};

use super::comparison::compare;
use crate::event::{Column, Decoder, Events, Kind, List, Page};

const API: List = List::Of(Kind::Api);

fn read(list: List, page: &str) -> (Page, Events) {
    let mut decoder = Decoder::new("nl-ams");
    let read = decoder.page(list, page).unwrap();
    (read, decoder.finish().unwrap())
}

/// The texts of the only event, by column.
fn only(kind: Kind, fields: Value) -> impl Fn(Column) -> Option<String> {
    let events = Events::from_json(kind, &[fields]);
    move |column| events.text(column).get(0).map(str::to_owned)
}

#[test]
fn an_absent_a_null_and_an_empty_token_all_end_a_list() {
    for (page, next) in [
        (r#"{"events":[]}"#, None),
        (r#"{"events":[], "next_page_token":null}"#, None),
        (r#"{"events":[], "next_page_token":""}"#, None),
        (r#"{"next_page_token":"more", "events":[]}"#, Some("more")),
        (r#"{"events":null, "next_page_token":7, "of_tomorrow":{"a":[1]}}"#, Some("7")),
    ] {
        assert_eq!(read(API, page).0.next.as_deref(), next, "{page}");
    }
}

#[test]
fn a_page_without_a_list_of_events_is_an_error() {
    for page in ["", "{", "[]", "null", "<html>", r#"{"events":{}}"#, r#"{"events":[{"id":"a"}"#, r#"{"items":[]}"#] {
        let mut decoder = Decoder::new("fr-par");
        assert!(decoder.page(API, page).is_err(), "{page}");
        assert!(decoder.is_empty());
    }
}

#[test]
fn one_malformed_event_does_not_disturb_the_others() {
    let good = r#"{"id":"a", "recorded_at":"2026-01-01T00:00:00Z"}"#;
    for (bad, what) in [
        (r#"{"id":"b"}"#, "event b: recorded_at is missing"),
        (r#"{"id":"b", "recorded_at":"soon"}"#, "event b: recorded_at is \"soon\", not a time as in RFC 3339"),
        (r#"{"recorded_at":"9999-01-01T00:00:00Z"}"#, "event without id: recorded_at is \"9999-01-01T00:00:00Z\""),
        (r#"{"id":"b", "principal":"somebody"}"#, "an item is not an event"),
        ("7", "an item is not an event"),
        ("null", "an item is not an event"),
    ] {
        let (page, events) = read(API, &format!(r#"{{"events":[{bad}, {good}, {bad}]}}"#));
        assert_eq!((page.items, page.malformed.len(), events.len()), (3, 2, 1), "{bad}");
        assert!(page.malformed[0].starts_with(what), "{bad}: {}", page.malformed[0]);
    }
    let long = json!({ "events": [{ "id": "x".repeat(1_000), "recorded_at": "y".repeat(1_000) }] });
    assert!(read(API, &long.to_string()).0.malformed[0].len() < 250, "a long text is quoted in part");
}

#[test]
fn an_event_of_a_combined_list_has_the_kind_of_its_wrapper() {
    let at = r#""recorded_at":"2026-01-01T00:00:00Z""#;
    let page = format!(
        r#"{{"events":[{{"api":{{"id":"a", {at}}}}}, {{"auth":{{"id":"b", {at}}}, "api":null}}, {{"system":{{"id":"c", {at}}}}}, {{"fourth":{{"id":"d", {at}}}}}]}}"#
    );
    let (page, events) = read(List::Combined, &page);
    let kind = events.text(Column::Kind);
    assert_eq!([0, 1, 2].map(|row| kind.get(row)), ["api", "authentication", "system"].map(Some));
    assert_eq!(page.malformed, ["an item is of no known kind (api, auth, system)"]);
}

#[test]
fn times_are_read_to_the_nanosecond() {
    for (text, nanos) in [
        ("1970-01-01T00:00:01.123456789Z", 1_123_456_789),
        ("1970-01-01T00:00:01.123456Z", 1_123_456_000),
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T02:00:01.5+02:00", 1_500_000_000),
    ] {
        assert_eq!(Events::from_json(Kind::Api, &[json!({ "recorded_at": text })]).times().value(0), nanos, "{text}");
    }
}

#[test]
fn each_kind_fills_the_columns_that_it_has() {
    let all = json!({
        "service_name": "service", "method_name": "Method", "method": "saml", "source": "source", "system_name": "name",
        "result": "failure", "failure_reason": "invalid_mfa", "country_code": "FR", "origin": "public_api", "mfa_type": "totp",
    });
    let (api, login) = (only(Kind::Api, all.clone()), only(Kind::Authentication, all.clone()));
    let system = only(Kind::System, all);
    assert_eq!((api(Column::Service).unwrap(), api(Column::Method).unwrap()), ("service".into(), "Method".into()));
    assert_eq!(login(Column::Method).as_deref(), Some("saml"));
    assert_eq!((system(Column::Service).unwrap(), system(Column::Method).unwrap()), ("source".into(), "name".into()));
    let texts = [Column::Result, Column::FailureReason, Column::Country, Column::Origin, Column::Mfa].map(login);
    assert_eq!(texts.map(Option::unwrap), ["failure", "invalid_mfa", "FR", "public_api", "totp"]);
}

#[test]
fn the_absent_value_of_an_enum_is_null() {
    let unknown = json!({
        "method_name": "unknown_method", "method": "unknown_method", "system_name": "unknown_name", "result": "unknown_result",
        "failure_reason": "unknown_failure_reason", "country_code": "unknown_country_code", "origin": "unknown_origin",
        "mfa_type": "unknown_mfa_type", "product_name": "unknown_product", "service_name": "unknown_service",
        "source": "unknown_source", "user_agent": "unknown_agent", "source_ip": "unknown_address",
        "resources": [{ "id": "unknown_id", "type": "unknown_type", "name": "unknown_name" }, { "id": "b", "type": "iam_user" }],
    });
    for kind in Kind::ALL {
        let of = only(kind, unknown.clone());
        for column in
            [Column::Result, Column::FailureReason, Column::Country, Column::Origin, Column::Mfa, Column::ResourceType]
        {
            assert_eq!(of(column), None, "{} of {}", column.name(), kind.as_str());
        }
        // Free text is never absent.
        let method = match kind {
            Kind::Api => Some("unknown_method"),
            Kind::Authentication => None,
            Kind::System => Some("unknown_name"),
        };
        assert_eq!(of(Column::Method).as_deref(), method);
        for (column, text) in [
            (Column::Product, "unknown_product"),
            (Column::Service, if kind == Kind::System { "unknown_source" } else { "unknown_service" }),
            (Column::UserAgent, "unknown_agent"),
            (Column::SourceIp, "unknown_address"),
            (Column::ResourceId, "unknown_id"),
            (Column::ResourceName, "unknown_name"),
        ] {
            assert_eq!(of(column).as_deref(), Some(text), "{} of {}", column.name(), kind.as_str());
        }
        let events = Events::from_json(kind, std::slice::from_ref(&unknown));
        assert_eq!(events.references().of(0).map(|r| r.kind).collect::<Vec<_>>(), [None, Some("iam_user")]);
    }
    let members = unknown.as_object().unwrap().iter().map(|(name, value)| format!("{name:?}:{value}"));
    let event = members.chain([r#""recorded_at":"2026-01-01T00:00:00Z""#.to_owned()]).collect::<Vec<_>>().join(", ");
    compare(format!(r#"{{"events":[{{{event}}}, {{"api":{{{event}}}}}, {{"auth":{{{event}}}}}]}}"#).as_bytes())
        .unwrap();
    // A value of tomorrow is a value.
    for value in ["unknown", "unknow_mfa_type", "UNKNOWN_MFA_TYPE", "webauthn"] {
        assert_eq!(only(Kind::Authentication, json!({ "mfa_type": value }))(Column::Mfa).as_deref(), Some(value));
    }
}

#[test]
fn an_event_without_a_locality_is_of_the_region_asked() {
    assert_eq!(only(Kind::Authentication, json!({}))(Column::Region).as_deref(), Some("fr-par"));
    assert_eq!(only(Kind::Api, json!({ "locality": "nl-ams-1" }))(Column::Region).as_deref(), Some("nl-ams"));
}

#[test]
fn a_log_ins_class_is_its_result() {
    let class = |fields| only(Kind::Authentication, fields)(Column::StatusClass);
    assert_eq!(class(json!({ "result": "success" })).as_deref(), Some("succeeded"));
    assert_eq!(class(json!({ "result": "failure" })).as_deref(), Some("failed"));
    assert_eq!(class(json!({ "result": "unknown_result" })), None);
}

#[test]
fn an_event_without_a_principal_has_the_user_concerned_or_none() {
    let user = json!([{ "id": "u", "type": "iam_user", "name": "a@example.com" }]);
    let who = |kind, mut fields: Value, resources: &Value| {
        fields["resources"] = resources.clone();
        only(kind, fields)(Column::PrincipalId)
    };
    assert_eq!(who(Kind::Authentication, json!({}), &user).as_deref(), Some("u"));
    assert_eq!(who(Kind::Api, json!({ "product_name": "iam" }), &user).as_deref(), Some("u"));
    let named = json!({ "product_name": "iam", "principal": { "id": "p" } });
    assert_eq!(who(Kind::Api, named, &user).as_deref(), Some("p"));
    assert_eq!(who(Kind::Api, json!({ "product_name": "instance" }), &user), None);
    assert_eq!(who(Kind::Api, json!({ "product_name": "iam", "principal": null }), &json!([])), None);
    let policy = json!([{ "id": "x", "type": "iam_policy" }]);
    assert_eq!(who(Kind::Api, json!({ "product_name": "iam" }), &policy), None);
}

#[test]
fn the_id_of_a_deleted_resource_is_read_from_the_body() {
    let of = |body: Value| only(Kind::Api, json!({ "request_body": body, "resources": [] }))(Column::ResourceId);
    for (body, id) in [
        (json!({ "access_key": "SCW1" }), Some("SCW1")),
        (json!({ "ssh_key_id": "k" }), Some("k")),
        (json!({ "serverId": "s", "projectId": "p", "organization_id": "o" }), Some("s")),
        (json!({ "policy_id": "p", "force": true }), Some("p")),
        // Of two ids, neither is known to be the one.
        (json!({ "group_id": "g", "user_id": "u" }), None),
        (json!({ "policy_id": null }), None),
        (json!({ "project_id": "p" }), None),
        (json!([{ "policy_id": "p" }]), None),
        (json!(null), None),
    ] {
        assert_eq!(of(body.clone()).as_deref(), id, "{body}");
    }
    let listed = json!({ "request_body": { "policy_id": "p" }, "resources": [{ "id": "r" }] });
    assert_eq!(only(Kind::Api, listed)(Column::ResourceId).as_deref(), Some("r"));
}

#[test]
fn infos_under_several_names_all_count() {
    let resource =
        json!({ "id": "f", "a_info": { "lb_id": "lb" }, "b_info": { "id": "own", "name": "o" }, "c_info": {} });
    let events = Events::from_json(Kind::Api, &[json!({ "resources": [resource] })]);
    let parents: Vec<_> = events.parents().of(0).map(|(_, parent)| parent).collect();
    assert_eq!(parents, ["lb", "f"]);
    assert_eq!(events.references().of(0).filter_map(|r| r.id).collect::<Vec<_>>(), ["f", "own"]);
}

#[test]
fn the_action_of_a_server_action_is_read_from_its_body() {
    let action = |fields: Value| only(Kind::Api, fields)(Column::Action);
    let body = json!({ "action": "poweroff" });
    assert_eq!(action(json!({ "method_name": "ServerAction", "request_body": body })).as_deref(), Some("poweroff"));
    assert_eq!(action(json!({ "method_name": "UpdateServer", "request_body": body })), None);
    assert_eq!(action(json!({ "method_name": "ServerAction", "request_body": { "action": 1 } })), None);
    assert_eq!(action(json!({ "method_name": "ServerAction" })), None);
}

#[test]
fn references_are_all_resources_and_the_ones_within_them() {
    let events = Events::from_json(
        Kind::Api,
        &[json!({ "resources": [
        { "id": "cluster", "type": "kube_pool", "name": "prod", "kube_pool_info": { "id": "pool", "name": "default" } },
        { "id": "mac", "type": "apple_silicon_server", "apple_silicon_server_info": { "id": "mac", "name": "m" } },
        { "id": "acl", "type": "load_balancer_acl", "load_balancer_acl_info": { "frontend_id": "f", "x": { "lb_id": "no" } } },
        { "id": "nic", "type": "n", "n_info": { "server_id": "s", "private_network_id": "pn", "security_group_id": "sg" } },
        { "id": null, "type": 7, "name": "", "deleted_at": null },
    ] })],
    );
    let references: Vec<_> = events.references().of(0).map(|r| (r.id, r.kind, r.name, r.within)).collect();
    let expected = [
        (Some("cluster"), Some("kube_pool"), Some("prod"), None),
        (Some("pool"), Some("kube_pool"), Some("default"), Some("cluster")),
        (Some("mac"), Some("apple_silicon_server"), None, None),
        (Some("acl"), Some("load_balancer_acl"), None, None),
        (Some("nic"), Some("n"), None, None),
        (None, Some("7"), None, None),
    ];
    assert_eq!(references, expected);
    let parents =
        [(Some("pool"), "cluster"), (Some("acl"), "f"), (Some("nic"), "pn"), (Some("nic"), "s"), (None, "sg")];
    assert_eq!(events.parents().of(0).collect::<Vec<_>>(), parents);
}

#[test]
fn ids_are_read_alone_from_lists_and_from_objects() {
    let of = |info: Value| {
        let resource = json!({ "id": "r", "type": "x", "x_info": info });
        let events = Events::from_json(Kind::Api, &[json!({ "resources": [resource] })]);
        let owned = |(child, id): (Option<&str>, &str)| (child.is_some(), id.to_owned());
        events.parents().of(0).map(owned).collect::<Vec<_>>()
    };
    let (parent, mention) = (|id: &str| (true, id.to_owned()), |id: &str| (false, id.to_owned()));
    for (info, expected) in [
        (json!({ "vpc_id": "v", "target_vpc_id": "w" }), vec![parent("w"), parent("v")]),
        (json!({ "key_id": "k", "path": "/" }), vec![mention("k")]),
        (json!({ "rule_ids": ["a", "", null, 7, ["b"], "c"] }), vec![mention("a"), mention("7"), mention("c")]),
        (json!({ "contract": { "id": "c", "name": "n", "version": 1 } }), vec![mention("c")]),
        (json!({ "contract": [{ "id": "c" }], "rule_ids": {} }), vec![]),
        (json!({ "lb_id": ["a", "b"], "of_tomorrow_id": "t" }), vec![parent("a"), parent("b"), mention("t")]),
        (json!({ "key_id": null, "public_ip_id": "", "security_group_id": false }), vec![mention("false")]),
        // Parents come before mentions, whatever the order of keys.
        (json!({ "a_ids": ["m"], "vpc_id": "v" }), vec![parent("v"), mention("m")]),
    ] {
        assert_eq!(of(info.clone()), expected, "{info}");
    }
}

#[test]
fn an_event_without_an_id_gets_the_same_id_each_time() {
    let event = |method: &str| json!({ "recorded_at": "2026-01-01T00:00:00Z", "method_name": method });
    let page = json!({ "events": [event("A"), event("B"), event("A")] }).to_string();
    let ids = |page: &str| {
        let (_, events) = read(API, page);
        (0..events.len()).map(|row| events.ids().value(row).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&page).len(), 2, "the same event twice is one");
    assert_eq!(ids(&page), ids(&page));
}

#[test]
fn bytes_that_are_not_utf_8_become_replacement_characters() {
    let mut decoder = Decoder::new("fr-par");
    let page =
        b"{\"events\":[{\"id\":\"a\", \"recorded_at\":\"2026-01-01T00:00:00Z\", \"user_agent\":\"x\xff\xfey\"}]}";
    assert!(decoder.page(API, page).unwrap().replaced);
    assert_eq!(decoder.finish().unwrap().text(Column::UserAgent).get(0), Some("x\u{fffd}\u{fffd}y"));
}

#[test]
fn nesting_however_deep_costs_no_stack() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for field in ["request_body", "of_tomorrow", "resources", "user_agent"] {
        let page = format!(r#"{{"events":[{{"id":"a", "recorded_at":"2026-01-01T00:00:00Z", "{field}":{deep}}}]}}"#);
        assert_eq!(read(API, &page).1.len(), 1, "{field}");
    }
}
