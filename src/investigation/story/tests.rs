use std::time::Duration;

use serde_json::{Value, json};

use super::super::ranking::{Suspect, Symptom, rank};
use super::super::spans::Span;
use super::*;
use crate::event::{Events, Kind};
use crate::locale::Language;
use crate::risk::RuleSet;
use crate::time::{Interval, Time};

/// 2026-03-01T10:00:00Z.
const ONSET: i64 = 1_772_359_200_000_000_000;

const KEY: &str = "SCW00000000000000001";

fn time(minutes: i64) -> String {
    Time::from_nanos(ONSET + minutes * 60_000_000_000).to_string()
}

fn log_in(minutes: i64, result: &str) -> Value {
    json!({
        "id": format!("login{minutes}"), "recorded_at": time(minutes), "source_ip": "192.0.2.66", "result": result,
        "country_code": "AQ", "method": "password", "resources": [{ "id": "guessed", "type": "iam_user", "name": "a@example.com" }],
    })
}

fn call(minutes: i64, who: &str, (product, method): (&str, &str), resource: (&str, &str), body: &Value) -> Value {
    json!({
        "id": format!("{who}{minutes}{method}"), "recorded_at": time(minutes), "principal": { "id": who }, "source_ip": "192.0.2.66",
        "product_name": product, "method_name": method, "status_code": 200, "project_id": "p", "request_body": body,
        "resources": [{ "type": resource.0, "id": resource.1 }],
    })
}

fn refused(minutes: i64, method: &str) -> Value {
    let mut refused = call(minutes, "guessed", ("iam", method), ("iam_user", "x"), &json!({}));
    refused["status_code"] = json!(403);
    refused
}

/// Guessed password, key for an application, grant, scale-up, export, logging off; and ordinary work of the application.
fn events() -> Events {
    let log_ins: Vec<Value> = (0..5).map(|n| log_in(-50 + n, "failure")).chain([log_in(-44, "success")]).collect();
    let server = ("instance_server", "web-3");
    let calls = [
        call(-3_000, "app", ("instance", "UpdateServer"), ("instance_server", "web-9"), &json!({ "tags": [] })),
        refused(-40, "CreateUser"),
        refused(-39, "AddGroupMember"),
        refused(-38, "CreateUser"),
        call(-30, "guessed", ("iam", "CreateAPIKey"), ("iam_api_key", KEY), &json!({ "application_id": "app" })),
        call(-25, "guessed", ("iam", "CreatePolicy"), ("iam_policy", "policy"), &json!({ "application_id": "app" })),
        call(-2, "app", ("instance", "UpdateServer"), server, &json!({ "commercial_type": "POP2-64" })),
        call(-1, "app", ("instance", "ServerAction"), server, &json!({ "action": "poweron" })),
        call(20, "app", ("instance", "ExportSnapshot"), ("instance_snapshot", "copy"), &json!({})),
        call(30, "app", ("audit-trail", "DisableAlertRules"), ("audit_trail_alert_rule", "rule"), &json!({})),
        call(40, "responder", ("iam", "LockUser"), ("iam_user", "guessed"), &json!({ "user_id": "guessed" })),
        call(41, "responder", ("iam", "DeleteAPIKey"), ("iam_api_key", KEY), &json!({ "access_key": KEY })),
        call(45, "app", ("instance", "UpdateServer"), server, &json!({ "tags": [] })),
    ];
    Events::merge(&[Events::from_json(Kind::Authentication, &log_ins), Events::from_json(Kind::Api, &calls)])
}

fn suspects(events: &Events) -> Vec<Suspect> {
    let onset = Time::from_nanos(ONSET);
    let span =
        Span { interval: Interval::new(onset, onset + Duration::from_hours(1)), onset, peak: 9.0, returned: false };
    let mut symptom = Symptom::about(&span, "instance_server_cpu_seconds_total", Duration::from_mins(1));
    symptom.resource = vec!["web-3".to_owned()];
    let ranking = rank(events, &RuleSet::built_in(), &symptom);
    ranking.all().take(1).cloned().collect()
}

fn story(events: &Events) -> Story {
    let suspects = suspects(events);
    let suspects: Vec<&Suspect> = suspects.iter().collect();
    Story::of(events, &RuleSet::built_in(), Time::from_nanos(ONSET), Duration::from_hours(1), &suspects)
}

#[test]
fn the_story_has_the_maker_of_the_suspects_key() {
    let story = story(&events());
    let members: Vec<(&str, &Role)> =
        story.members.iter().map(|member| (member.principal.as_str(), &member.role)).collect();
    assert_eq!(members, [("app", &Role::Suspect), ("guessed", &Role::Maker("app".to_owned()))]);
    let [credential] = &story.credentials[..] else { panic!("{:?}", story.credentials) };
    assert_eq!((credential.id.as_deref(), credential.maker.as_deref()), (Some(KEY), Some("guessed")));
    assert_eq!((credential.principal.as_deref(), credential.uses), (Some("app"), 4));
    assert_eq!(credential.removed.map(Time::nanos), Some(ONSET + 41 * 60_000_000_000));
}

#[test]
fn a_chain_is_the_steps_in_their_order_with_their_numbers() {
    let story = story(&events());
    let names = |principal: &str| {
        let chain = story.chain(principal, |_| true);
        chain.iter().map(|(step, count)| (step.name.text(Language::English), *count)).collect::<Vec<_>>()
    };
    let of = |expected: &[(&str, usize)]| {
        expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>()
    };
    let guessed = [("failed log-in", 5), ("log-in", 1), ("refused", 3), ("credential", 1), ("grant", 1)];
    assert_eq!(names("guessed"), of(&guessed));
    assert_eq!(names("app"), of(&[("scale-up", 1), ("export", 1), ("logging off", 1)]));
}

#[test]
fn repeats_are_one_line_and_lines_are_in_the_order_of_time() {
    let story = story(&events());
    let lines: Vec<(String, usize)> =
        story.lines.iter().map(|line| (line.step.name.text(Language::English), line.rows.len())).collect();
    let before = [("failed log-in", 5), ("log-in", 1), ("refused", 3), ("credential", 1), ("grant", 1)];
    let after = [("scale-up", 1), ("start", 1), ("export", 1), ("logging off", 1)];
    let response = [("lock", 1), ("credential removed", 1), ("change", 1)];
    let expected = [&before[..], &after, &response].concat();
    assert_eq!(lines, expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>());
    assert!(story.lines.is_sorted_by_key(|line| line.time));
}

#[test]
fn a_conduct_counts_before_and_after_apart_and_knows_what_is_new() {
    let story = story(&events());
    let (before, after) = (&story.before[0], &story.after[0]);
    assert_eq!((before.events, after.events), (2, 3));
    let resources: Vec<(&str, bool)> = before.resources.iter().map(|seen| (seen.text.as_str(), seen.is_new)).collect();
    assert_eq!(resources, [("web-3", true)]);
    let of_maker = &story.before[1];
    assert_eq!((of_maker.failed_log_ins, of_maker.refused), (5, 3));
    assert!(of_maker.addresses.iter().all(|seen| !seen.is_new), "nothing is known of it from before");
}

#[test]
fn edges_join_nodes_and_the_key_joins_its_maker_and_its_principal() {
    let events = events();
    let graph = Graph::of(&events, &story(&events));
    assert!(graph.edges.iter().all(|edge| edge.source < graph.nodes.len() && edge.target < graph.nodes.len()));
    let node = |kind, id: &str| graph.nodes.iter().position(|node| node.kind == kind && node.id == id);
    let key = node(NodeKind::Credential, KEY).expect("the key is a node");
    let joined = |source, target, label: &str| {
        graph.edges.iter().any(|edge| {
            (edge.source, edge.target, edge.label.text(Language::English)) == (source, target, label.to_owned())
        })
    };
    let (maker, app) = (node(NodeKind::Principal, "guessed").unwrap(), node(NodeKind::Principal, "app").unwrap());
    assert!(joined(maker, key, "credential") && joined(key, app, "is of"));
    assert!(joined(app, node(NodeKind::Resource, "web-3").unwrap(), "scale-up"));
    assert!(joined(node(NodeKind::Address, "192.0.2.66").unwrap(), maker, "from"));
}

#[test]
fn no_suspect_has_no_story() {
    let story = Story::of(&events(), &RuleSet::built_in(), Time::from_nanos(ONSET), Duration::from_hours(1), &[]);
    assert!(story.members.is_empty() && story.lines.is_empty() && story.credentials.is_empty());
}

#[test]
fn a_credential_has_the_uses_between_its_making_and_its_deletion() {
    let key = |minutes, who, method, id, body| call(minutes, who, ("iam", method), ("iam_api_key", id), &body);
    let of_app = || json!({ "application_id": "app" });
    let more = [
        key(-20, "guessed", "CreateAPIKey", "used", of_app()),
        key(21, "guessed", "CreateAPIKey", "unused", of_app()),
        key(22, "responder", "DeleteAPIKey", "unused", json!({})),
        key(25, "responder", "DeleteAPIKey", "used", json!({})),
    ];
    let story = story(&Events::merge(&[events(), Events::from_json(Kind::Api, &more)]));
    let minute = |time: Time| (time.nanos() - ONSET) / 60_000_000_000;
    let uses: Vec<_> = story
        .credentials
        .iter()
        .map(|one| (one.id.as_deref().unwrap(), one.uses, one.first_use.map(minute), one.removed.map(minute)))
        .collect();
    let expected = [(KEY, 4, Some(-2), Some(41)), ("used", 3, Some(-2), Some(25)), ("unused", 0, None, Some(22))];
    assert_eq!(uses, expected);
}

#[test]
fn suspects_are_nodes_of_their_own_however_many_they_are() {
    let scale_up = |number| {
        let (who, server) = (format!("suspect{number}"), format!("web-{number}"));
        let larger = json!({ "commercial_type": "L" });
        call(-10, &who, ("instance", "UpdateServer"), ("instance_server", &server), &larger)
    };
    let by_suspects = Events::from_json(Kind::Api, &(0..8).map(scale_up).collect::<Vec<_>>());
    let rules = RuleSet::built_in();
    let onset = Time::from_nanos(ONSET);
    let span =
        Span { interval: Interval::new(onset, onset + Duration::from_hours(1)), onset, peak: 9.0, returned: false };
    let symptom = Symptom::about(&span, "instance_server_cpu_seconds_total", Duration::from_mins(1));
    let ranking = rank(&by_suspects, &rules, &symptom);
    let suspects: Vec<&Suspect> = ranking.all().collect();
    assert_eq!(suspects.len(), 8);

    // A story has at most twelve principals: keys for nine more are for four members and five others.
    let named = (0..9).map(|number| {
        let (who, key) = (format!("suspect{}", number % 8), format!("key{number}"));
        let user = json!({ "user_id": format!("named{number}") });
        call(5 + number, &who, ("iam", "CreateAPIKey"), ("iam_api_key", &key), &user)
    });
    let events = Events::merge(&[by_suspects, Events::from_json(Kind::Api, &named.collect::<Vec<_>>())]);
    let story = Story::of(&events, &rules, onset, Duration::from_hours(1), &suspects);
    let graph = Graph::of(&events, &story);
    let principals: Vec<&Node> = graph.nodes.iter().filter(|node| node.kind == NodeKind::Principal).collect();
    let is_own = |member: &Member| principals.iter().any(|node| node.id == member.principal && node.others == 0);
    assert_eq!(
        (story.members.len(), story.members.iter().filter(|one| story.is_suspect(&one.principal)).count()),
        (12, 8)
    );
    assert!(story.members.iter().all(is_own), "{principals:?}");
    let others: Vec<usize> = principals.iter().map(|node| node.others).filter(|others| *others > 0).collect();
    assert_eq!((principals.len(), others), (13, vec![5]), "the bound is for the others");
    let most = |kind| graph.nodes.iter().filter(|node| node.kind == kind).count();
    assert_eq!([NodeKind::Credential, NodeKind::Resource].map(most), [6, 6]);
}

#[test]
fn a_graph_of_many_nodes_has_the_strongest_of_each_kind_and_a_node_for_the_others() {
    let more: Vec<Value> = (0..50)
        .flat_map(|number| {
            let (key, user, server) = (format!("key{number}"), format!("app{number}"), format!("web-{number}x"));
            let for_user = json!({ "application_id": user });
            let made = call(50 + number, "guessed", ("iam", "CreateAPIKey"), ("iam_api_key", &key), &for_user);
            let larger = json!({ "commercial_type": "L" });
            let method = ("instance", "UpdateServer");
            let mut scaled = call(50 + number, "app", method, ("instance_server", &server), &larger);
            scaled["source_ip"] = json!(format!("198.51.100.{number}"));
            [made, scaled]
        })
        .collect();
    let events = Events::merge(&[events(), Events::from_json(Kind::Api, &more)]);
    let story = story(&events);
    let graph = Graph::of(&events, &story);
    for kind in NodeKind::ALL {
        let of_kind: Vec<&Node> = graph.nodes.iter().filter(|node| node.kind == kind).collect();
        let others: Vec<usize> = of_kind.iter().map(|node| node.others).filter(|others| *others > 0).collect();
        let drawn = if kind == NodeKind::Principal { story.members.len() } else { 5 };
        assert_eq!((of_kind.len(), others.len()), (drawn + 1, 1), "{kind:?}");
        assert!(others[0] > 30, "{others:?} {kind:?}");
    }
    let is_node = |kind, id: &str| graph.nodes.iter().any(|node| node.kind == kind && node.id == id);
    let suspects = story.members.iter().filter(|member| member.role == Role::Suspect);
    assert!(suspects.clone().count() > 0 && suspects.clone().all(|one| is_node(NodeKind::Principal, &one.principal)));
    // The suspects' address has more of their events than any other, and the onset's resource is theirs.
    assert!(is_node(NodeKind::Address, "192.0.2.66") && is_node(NodeKind::Resource, "web-3"));
    let events_of = |graph: &Graph| graph.edges.iter().map(|edge| edge.events).sum::<usize>();
    assert!(events_of(&graph) > 100, "the events of others are those of their node");
    assert!(graph.edges.iter().all(|edge| edge.source != edge.target));
}
