use std::time::Duration;

use serde_json::{Value, json};

use super::super::spans::{Direction, Span};
use super::*;
use crate::event::{Events, Kind};
use crate::locale::Language;
use crate::risk::RuleSet;
use crate::time::{Interval, Time};

const ONSET: i64 = 1_788_739_200_000_000_000;

const CPU: &str = "rate(instance_server_cpu_seconds_total[1m]) / instance_server_vcpu_count";

/// When it is so many seconds before the onset.
fn before(seconds: i64) -> Value {
    json!(chrono::DateTime::from_timestamp_nanos(ONSET - seconds * 1_000_000_000))
}

/// A call of `ops` on `web-3`, with some fields of its own.
fn call(seconds: i64, fields: &Value) -> Value {
    let mut call = json!({
        "id": format!("{seconds}"), "recorded_at": before(seconds), "principal": { "id": "ops" }, "status_code": 200,
        "project_id": "p", "source_ip": "203.0.113.7", "product_name": "instance", "method_name": "UpdateServer",
        "resources": [{ "id": "web-3", "type": "instance_server", "name": "web-three" }], "request_body": {},
    });
    for (name, value) in fields.as_object().expect("an object") {
        call[name] = value.clone();
    }
    call
}

fn power(seconds: i64, action: &str) -> Value {
    call(seconds, &json!({ "method_name": "ServerAction", "status_code": 202, "request_body": { "action": action } }))
}

fn symptom(expression: &str, direction: Direction) -> Symptom {
    let onset = Time::from_nanos(ONSET);
    let peak = if direction == Direction::Up { 9.0 } else { -9.0 };
    let span = Span { interval: Interval::new(onset, onset + Duration::from_mins(10)), onset, peak, returned: false };
    let symptom = Symptom::about(&span, expression, Duration::from_mins(1));
    Symptom { resource: vec!["web-3".to_owned()], ..symptom }
}

fn ranking(calls: &[Value], symptom: &Symptom) -> Ranking {
    rank(&Events::from_json(Kind::Api, calls), &RuleSet::built_in(), symptom)
}

/// The ids of the suspects, the best first.
fn suspects(calls: &[Value], symptom: &Symptom) -> Vec<String> {
    ranking(calls, symptom).suspects.into_iter().map(|mut suspect| suspect.events.remove(0)).collect()
}

/// The ids of all candidates, the best first.
fn order(calls: &[Value], symptom: &Symptom) -> Vec<String> {
    ranking(calls, symptom).all().map(|suspect| suspect.events[0].clone()).collect()
}

#[test]
fn a_poweroff_explains_a_fall_of_cpu_and_a_later_rename_does_not() {
    let calls = [power(40, "poweroff"), call(20, &json!({ "request_body": { "name": "x" } }))];
    assert_eq!(suspects(&calls, &symptom(CPU, Direction::Down))[0], "40");
    let rise = ranking(&calls, &symptom(CPU, Direction::Up));
    assert!(rise.suspects.is_empty() && rise.considered() == 2, "{:?}", rise.suspects);
    assert!(rise.blind_spots[0].sentence(Language::English).contains("autoscaling group"));
}

#[test]
fn an_action_after_the_onset_counts_within_the_tolerance_only() {
    let of = |seconds: i64| order(&[power(-seconds, "poweroff")], &symptom(CPU, Direction::Down));
    assert_eq!((of(10).len(), of(11).len()), (1, 0));
    let late = ranking(&[power(-3, "poweroff")], &symptom(CPU, Direction::Down));
    let why = late.suspects[0].sentence(Language::English, "ServerAction", "web-3", "ops");
    assert!(why.contains(", 3 s after the onset, which clocks may explain"), "{why}");
}

#[test]
fn reads_log_ins_and_refused_calls_are_no_candidates() {
    let read = call(30, &json!({ "method_name": "GetServer" }));
    let denied = call(31, &json!({ "status_code": 403 }));
    let wrong = call(32, &json!({ "status_code": 409 }));
    assert!(order(&[read, denied, wrong], &symptom(CPU, Direction::Down)).is_empty());
}

#[test]
fn repeats_are_one_candidate_with_their_number() {
    let calls: Vec<Value> = (1..=4).map(|minute| power(60 * minute, "reboot")).collect();
    let ranking = ranking(&calls, &symptom(CPU, Direction::Down));
    let all: Vec<&Suspect> = ranking.all().collect();
    assert_eq!((all.len(), all[0].events.len()), (1, 4));
    assert!(
        all[0]
            .sentence(Language::English, "ServerAction reboot", "web-3", "ops")
            .contains(", 4 times, 60 s before the onset")
    );
}

#[test]
fn other_projects_and_principals_are_no_candidates() {
    let other = |seconds, fields: Value| {
        let mut call = call(seconds, &json!({ "resources": [{ "id": "db-1", "type": "rdb_instance" }] }));
        fields.as_object().expect("an object").iter().for_each(|(name, value)| call[name] = value.clone());
        call
    };
    let calls = [
        call(50, &json!({})),
        other(40, json!({})),
        other(30, json!({ "project_id": "q", "resources": [{ "id": "db-2", "type": "rdb_instance" }] })),
        other(20, json!({ "project_id": "q", "principal": { "id": "dev" } })),
    ];
    let mut found = order(&calls, &symptom(CPU, Direction::Down));
    found.sort_unstable();
    assert_eq!(found, ["30", "40", "50"], "its project and its principal, not the others");
}

#[test]
fn a_relative_that_only_events_know_is_close() {
    let interface = call(
        80_000,
        &json!({
            "method_name": "CreatePrivateNIC",
            "resources": [{
                "id": "nic", "type": "instance_private_network_interface",
                "instance_private_network_interface_info": { "server_id": "web-3", "security_group_id": "sg" },
            }],
        }),
    );
    let rule = |seconds, group: &str| {
        call(
            seconds,
            &json!({ "method_name": "CreateSecurityGroupRule", "resources": [{ "id": group, "type": "instance_security_group" }] }),
        )
    };
    let network = symptom("rate(instance_server_network_bytes_total[1m])", Direction::Up);
    assert_eq!(order(&[interface, rule(90, "sg"), rule(60, "other")], &network), ["90", "60"]);
}

#[test]
fn what_touched_the_members_that_moved_is_before_what_touched_others() {
    let member = |name: &str, moved| Member { names: vec![name.to_owned()], moved };
    let drop = |seconds, servers: Value| {
        call(
            seconds,
            &json!({
                "product_name": "load-balancer", "method_name": "RemoveBackendServers",
                "resources": [{ "id": "pool", "type": "load_balancer_backend" }], "request_body": { "server_ip": servers },
            }),
        )
    };
    let members = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map(|name| member(name, name == "10.0.0.1"));
    let health = symptom("load_balancer_lb_backend_agg_server_check_status", Direction::Down);
    let health = Symptom { resource: vec!["pool".to_owned()], members: members.to_vec(), ..health };
    let calls = [drop(60, json!(["10.0.0.1"])), drop(1_000, json!(["10.0.0.2"]))];
    let ranking = ranking(&calls, &health);
    assert_eq!(ranking.suspects[0].events, ["60"]);
    let signals: Vec<(f64, f64)> =
        ranking.all().map(|suspect| (suspect.signals[Signal::Agrees], suspect.signals[Signal::Differs])).collect();
    assert_eq!(signals, [(1.0, 0.0), (0.0, 1.0)]);
}

#[test]
fn what_a_principal_never_did_before_is_rare() {
    let days = (1..30).map(|day| power(86_400 * day, "reboot"));
    let calls: Vec<Value> =
        days.chain([power(50, "reboot"), call(45, &json!({ "source_ip": "192.0.2.66" }))]).collect();
    let ranking = ranking(&calls, &symptom(CPU, Direction::Down));
    let of = |id: &str| ranking.all().find(|suspect| suspect.events[0] == id).expect("a candidate").signals;
    assert!(of("50")[Signal::Method] < 0.1 && of("50")[Signal::Address] < 0.1, "{:?}", of("50"));
    assert!(of("45")[Signal::Method] > 0.9 && of("45")[Signal::Address] > 0.9, "{:?}", of("45"));
    assert_eq!(ranking.profile.as_secs() / 86_400, 28);
}

#[test]
fn what_was_denied_before_is_evidence() {
    let denied = |seconds| {
        call(
            seconds,
            &json!({ "method_name": "ServerAction", "status_code": 403, "request_body": { "action": "poweroff" } }),
        )
    };
    let credential = call(
        5_000,
        &json!({
            "product_name": "iam", "method_name": "CreateAPIKey", "principal": { "id": "admin" }, "resources": [],
            "request_body": { "application_id": "ops" },
        }),
    );
    let ranking = ranking(&[credential, denied(300), power(40, "poweroff")], &symptom(CPU, Direction::Down));
    let suspect = &ranking.suspects[0];
    let evidence: Vec<(&str, Signal)> = suspect.evidence.iter().map(|other| (&*other.event, other.because)).collect();
    assert_eq!(evidence, [("300", Signal::Denied), ("5000", Signal::Credential)]);
}

#[test]
fn an_action_that_the_table_lacks_is_a_candidate_of_unknown_effect() {
    let drain = call(30, &json!({ "method_name": "DrainServer" }));
    let ranking = ranking(&[drain], &symptom(CPU, Direction::Down));
    let all: Vec<&Suspect> = ranking.all().collect();
    assert_eq!(all[0].effect, Effect::Unknown(Verb::Removes));
    let why = all[0].sentence(Language::English, "DrainServer", "web-3", "ops");
    assert!(why.contains("what such an action does to CPU load is unknown"), "{why}");
}

#[test]
fn what_an_action_does_and_how_long_the_metric_was_out_of_its_band_are_compared() {
    let of = |action: &str, lasted, returned| {
        let course = Course { lasted: Duration::from_mins(lasted), returned };
        let symptom = Symptom { course: Some(course), ..symptom(CPU, Direction::Down) };
        let ranking = ranking(&[power(40, action)], &symptom);
        let signals = ranking.all().next().expect("a candidate").signals;
        [Signal::Stays, Signal::Undone, Signal::Passes, Signal::Outlasts].map(|signal| signals[signal] > 0.0)
    };
    assert_eq!(of("poweroff", 60, false), [true, false, false, false]);
    assert_eq!(of("poweroff", 5, true), [false, true, false, false]);
    assert_eq!(of("reboot", 5, true), [false, false, true, false]);
    assert_eq!(of("reboot", 60, false), [false, false, false, true]);
    assert_eq!(of("reboot", 5, false), [false; 4], "it may still return in time");
}

#[test]
fn how_long_an_action_lasts_that_the_table_lacks_is_likely_and_not_known() {
    let of = |returned| {
        let course = Course { lasted: Duration::from_hours(1), returned };
        let drain = call(30, &json!({ "method_name": "DrainServer" }));
        let ranking = ranking(&[drain], &Symptom { course: Some(course), ..symptom(CPU, Direction::Down) });
        let signals = ranking.all().next().expect("a candidate").signals;
        [Signal::Stays, Signal::Undone].map(|signal| signals[signal] > 0.0)
    };
    assert_eq!((of(false), of(true)), ([true, false], [false, false]));
}

#[test]
fn the_first_earlier_span_says_more_than_each_further_one() {
    let of = |earlier| {
        let ranking = ranking(&[power(40, "poweroff")], &Symptom { earlier, ..symptom(CPU, Direction::Down) });
        ranking.all().next().expect("a candidate").signals[Signal::Spans]
    };
    assert!(of(0).abs() < 1e-9 && of(100) < 1.0);
    assert!(of(1) - of(0) > of(2) - of(1) && of(2) > of(1));
}

#[test]
fn a_list_that_is_set_anew_touches_what_is_no_longer_in_it() {
    let agrees = |method: &str| {
        let names = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
        let members = names.map(|name| Member { names: vec![name.to_owned()], moved: name == "10.0.0.1" });
        let set = call(
            60,
            &json!({
                "product_name": "load-balancer", "method_name": method,
                "resources": [{ "id": "pool", "type": "load_balancer_backend" }],
                "request_body": { "server_ip": ["10.0.0.2", "10.0.0.3"] },
            }),
        );
        let health = symptom("load_balancer_lb_backend_agg_server_check_status", Direction::Down);
        let health = Symptom { resource: vec!["pool".to_owned()], members: members.to_vec(), ..health };
        ranking(&[set], &health).all().next().expect("a candidate").signals[Signal::Agrees]
    };
    for (method, expected) in [("SetBackendServers", 1.0), ("AddBackendServers", 0.0), ("RemoveBackendServers", 0.0)] {
        assert!((agrees(method) - expected).abs() < 1e-9, "{method}");
    }
}

#[test]
fn of_a_series_that_was_not_searched_nothing_is_known_of_the_course() {
    let symptom = Symptom { course: None, ..symptom(CPU, Direction::Down) };
    let ranking = ranking(&[power(40, "poweroff")], &symptom);
    let signals = ranking.all().next().expect("a candidate").signals;
    assert!(signals[Signal::Stays].abs() < 1e-9 && signals[Signal::Undone].abs() < 1e-9);
}

#[test]
fn an_action_that_the_table_lacks_and_that_describes_is_before_none_that_acts() {
    let labels = call(30, &json!({ "method_name": "UpdateServerLabels", "request_body": { "labels": ["a"] } }));
    let drain = call(60, &json!({ "method_name": "DrainServer" }));
    let ranking = ranking(&[labels, drain], &symptom(CPU, Direction::Down));
    let effects: Vec<Effect> = ranking.all().map(|suspect| suspect.effect).collect();
    assert_eq!(effects, [Effect::Unknown(Verb::Removes), Effect::Describes]);
}

#[test]
fn the_points_of_the_parts_are_the_total() {
    let ranking = ranking(&[power(40, "poweroff"), power(900, "poweron")], &symptom(CPU, Direction::Down));
    for suspect in ranking.all() {
        let sum: f64 = suspect.points.iter().map(|part| part.points).sum();
        assert!((sum - suspect.total).abs() < 1e-9);
    }
}
