use std::time::Duration;

use serde_json::{Value, json};

use super::super::ranking::{Suspect, Symptom, rank};
use super::super::spans::Span;
use super::super::story::Story;
use super::remedy::templates;
use super::*;
use crate::event::{Column, Events, Kind};
use crate::locale::{Language, Sentence};
use crate::risk::RuleSet;
use crate::scaleway::iam::PrincipalKind;
use crate::time::{Interval, Time};

/// 2026-03-01T10:00:00Z.
const ONSET: i64 = 1_772_359_200_000_000_000;

const KEY: &str = "SCW00000000000000001";
const USER: &str = "11111111-1111-4111-8111-111111111111";
const APP: &str = "22222222-2222-4222-8222-222222222222";
const POLICY: &str = "33333333-3333-4333-8333-333333333333";
const SERVER: &str = "44444444-4444-4444-8444-444444444444";
const RESPONDER: &str = "55555555-5555-4555-8555-555555555555";
const GROUP: &str = "66666666-6666-4666-8666-666666666666";
const SSH_KEY: &str = "77777777-7777-4777-8777-777777777777";
const RULE: &str = "88888888-8888-4888-8888-888888888888";

const CLUSTER: &str = "99999999-9999-4999-8999-999999999999";
const PROJECT: &str = "a0000000-0000-4000-8000-000000000001";

/// What a caller may choose, and a shell must not see.
pub(super) const HOSTILE: &str = "$(touch pwned) `touch pwned` '\"; touch pwned #\n|& {x} \u{202e}";

fn call(minutes: i64, who: &str, (product, method): (&str, &str), (kind, id): (&str, &str), body: &Value) -> Value {
    json!({
        "id": format!("{who}{minutes}{method}"), "recorded_at": Time::from_nanos(ONSET + minutes * 60_000_000_000).to_string(),
        "principal": { "id": who }, "source_ip": "192.0.2.66", "user_agent": HOSTILE, "locality": "fr-par-1",
        "product_name": product, "method_name": method, "status_code": 200, "project_id": "p", "request_body": body,
        "resources": [{ "type": kind, "id": id, "name": HOSTILE }],
    })
}

fn at(minutes: i64) -> Time {
    Time::from_nanos(ONSET + minutes * 60_000_000_000)
}

fn calls() -> Vec<Value> {
    let policy = json!({ "application_id": APP, "name": HOSTILE });
    vec![
        call(-3_000, RESPONDER, ("instance", "UpdateServer"), ("instance_server", SERVER), &json!({ "name": HOSTILE })),
        call(-30, USER, ("iam", "CreateAPIKey"), ("iam_api_key", KEY), &json!({ "application_id": APP })),
        call(-25, USER, ("iam", "CreatePolicy"), ("iam_policy", POLICY), &policy),
        call(-1, APP, ("instance", "ServerAction"), ("instance_server", SERVER), &json!({ "action": "poweron" })),
        call(30, APP, ("audit-trail", "DisableAlertRules"), ("audit_trail_alert_rule", "rule"), &json!({})),
        call(40, RESPONDER, ("iam", "LockUser"), ("iam_user", USER), &json!({ "user_id": USER })),
    ]
}

fn found(calls: &[Value]) -> Vec<Remedy> {
    let events = Events::from_json(Kind::Api, calls);
    let onset = Time::from_nanos(ONSET);
    let span =
        Span { interval: Interval::new(onset, onset + Duration::from_hours(1)), onset, peak: 9.0, returned: false };
    let mut symptom = Symptom::about(&span, "instance_server_cpu_seconds_total", Duration::from_mins(1));
    symptom.resource = vec![SERVER.to_owned()];
    let rules = RuleSet::built_in();
    let ranking = rank(&events, &rules, &symptom);
    let suspects: Vec<&Suspect> = ranking.all().take(1).collect();
    let story = Story::of(&events, &rules, onset, Duration::from_hours(1), &suspects);
    let kind = |id: &str| Some(if id == APP { PrincipalKind::Application } else { PrincipalKind::User });
    remedies(&events, &rules, &story, &suspects, kind)
}

#[test]
fn what_can_be_undone_comes_first_and_the_key_last() {
    let found = found(&calls());
    let of = |principal: &str| {
        let own = found.iter().filter(|remedy| remedy.principal == principal);
        own.map(|remedy| (remedy.step.text(Language::English), remedy.reversal, remedy.command.clone()))
            .collect::<Vec<_>>()
    };
    let command = |text: &str| Some(text.to_owned());
    assert_eq!(
        of(APP),
        [
            (
                "Find the API keys of the application".to_owned(),
                Reversal::Nothing,
                command(&format!("scw iam api-key list bearer-id={APP}"))
            ),
            (
                "Power off the server".to_owned(),
                Reversal::Command,
                command(&format!("scw instance server stop {SERVER} zone=fr-par-1"))
            ),
            ("Restore the alert rules: Audit Trail > Alerts".to_owned(), Reversal::Hand, None),
        ]
    );
    assert_eq!(
        of(USER),
        [
            ("Lock the user".to_owned(), Reversal::Command, command(&format!("scw iam user lock {USER}"))),
            (
                "Detach the policy from its application".to_owned(),
                Reversal::Command,
                command(&format!("scw iam policy update {POLICY} no-principal=true"))
            ),
            ("Delete the API key".to_owned(), Reversal::Never, command(&format!("scw iam api-key delete {KEY}"))),
        ]
    );
    assert!(found.iter().all(|remedy| remedy.suspects == [1]), "all are about the only suspect");
}

#[test]
fn a_remedy_that_was_applied_names_the_event() {
    let found = found(&calls());
    let done: Vec<_> = found.iter().filter(|remedy| remedy.done.is_some()).map(|remedy| remedy.step).collect();
    assert_eq!(done, [Sentence::LockUser]);
}

/// A call that a responder made, on the resource of a step.
type Response = (i64, (&'static str, &'static str), &'static str, Value);

/// The method of the event that shows that a step was applied, after some responses.
fn done(step: &str, responses: &[Response]) -> Option<String> {
    let member = json!({ "group_id": GROUP, "user_id": RESPONDER });
    let rule = json!({ "security_group_rule_id": RULE });
    let mut calls = calls();
    calls.truncate(5);
    calls.extend([
        call(-24, USER, ("iam", "AddGroupMember"), ("iam_group", GROUP), &member),
        call(-23, USER, ("iam", "CreateSSHKey"), ("iam_ssh_key", SSH_KEY), &json!({})),
        call(-22, USER, ("instance", "UpdateSecurityGroupRule"), ("instance_security_group", GROUP), &rule),
    ]);
    calls.extend(
        responses.iter().map(|(minutes, method, id, body)| call(*minutes, RESPONDER, *method, ("any", id), body)),
    );
    let remedies = found(&calls);
    let remedy =
        remedies.iter().find(|remedy| remedy.step.text(Language::English) == step).expect("the step is a remedy");
    let events = Events::from_json(Kind::Api, &calls);
    remedy.done.map(|row| events.one_text(Column::Method, row).expect("a call has a method").to_owned())
}

#[test]
fn a_step_is_done_where_the_newest_event_about_it_applied_it() {
    let lock = |minutes| (minutes, ("iam", "LockUser"), USER, json!({}));
    let policy = |minutes, body| (minutes, ("iam", "UpdatePolicy"), POLICY, body);
    let detached = || json!({ "no_principal": true });
    let server = |minutes, action: &str| (minutes, ("instance", "ServerAction"), SERVER, json!({ "action": action }));
    let key = |minutes, disabled: bool| (minutes, ("iam", "UpdateSSHKey"), SSH_KEY, json!({ "disabled": disabled }));
    let detach = "Detach the policy from its application";
    for (step, responses, expected) in [
        ("Lock the user", vec![lock(40)], Some("LockUser")),
        ("Lock the user", vec![lock(-30_000)], None),
        ("Lock the user", vec![lock(40), (50, ("iam", "UnlockUser"), USER, json!({}))], None),
        (detach, vec![policy(40, detached())], Some("UpdatePolicy")),
        (detach, vec![policy(40, json!({ "name": "renamed" }))], None),
        (detach, vec![policy(40, detached()), policy(50, json!({ "application_id": APP }))], None),
        (detach, vec![policy(40, detached()), policy(50, json!({ "name": "renamed" }))], Some("UpdatePolicy")),
        ("Power off the server", vec![server(40, "poweroff")], Some("ServerAction")),
        ("Power off the server", vec![server(40, "reboot")], None),
        ("Power off the server", vec![server(-2, "poweroff")], None),
        ("Power off the server", vec![server(40, "poweroff"), server(50, "poweron")], None),
        ("Disable the SSH key", vec![key(40, true)], Some("UpdateSSHKey")),
        ("Disable the SSH key", vec![key(40, true), key(50, false)], None),
    ] {
        assert_eq!(done(step, &responses).as_deref(), expected, "{step} {responses:?}");
    }
}

#[test]
fn a_step_is_not_done_by_a_call_about_another_member_or_rule() {
    let remove = |body| [(40, ("iam", "RemoveGroupMember"), GROUP, body)];
    let delete = |body| [(40, ("instance", "DeleteSecurityGroupRule"), GROUP, body)];
    for (body, expected) in [
        (json!({ "user_id": RESPONDER }), Some("RemoveGroupMember")),
        (json!({ "user_id": USER }), None),
        (json!({ "application_id": APP }), None),
        (json!({}), None),
    ] {
        assert_eq!(done("Remove the user from the group", &remove(body.clone())).as_deref(), expected, "{body}");
    }
    for (rule, expected) in [(RULE, Some("DeleteSecurityGroupRule")), (SSH_KEY, None)] {
        let response = delete(json!({ "security_group_rule_id": rule }));
        assert_eq!(done("Delete the rule of the security group", &response).as_deref(), expected, "{rule}");
    }
}

#[test]
fn a_lock_counts_after_refused_calls_and_not_after_others() {
    for (status, expected) in [(403, true), (200, false)] {
        let mut calls = calls();
        let mut later = call(45, USER, ("iam", "CreateUser"), ("iam_user", GROUP), &json!({}));
        later["status_code"] = json!(status);
        calls.push(later);
        let is_done = found(&calls).iter().any(|remedy| remedy.step == Sentence::LockUser && remedy.done.is_some());
        assert_eq!(is_done, expected, "{status}");
    }
}

#[test]
fn a_step_that_answers_several_events_is_about_the_newest() {
    let mut calls = calls();
    calls.push(call(
        20,
        APP,
        ("instance", "ServerAction"),
        ("instance_server", SERVER),
        &json!({ "action": "poweron" }),
    ));
    let off = json!({ "action": "poweroff" });
    calls.push(call(10, RESPONDER, ("instance", "ServerAction"), ("instance_server", SERVER), &off));
    let events = Events::from_json(Kind::Api, &calls);
    let remedies = found(&calls);
    let steps: Vec<&Remedy> = remedies.iter().filter(|remedy| remedy.step == Sentence::PowerOff).collect();
    let [remedy] = steps[..] else { panic!("{steps:?}") };
    assert_eq!(events.time(remedy.row.expect("an event")).nanos(), ONSET + 20 * 60_000_000_000);
    assert_eq!(remedy.done, None, "the server was started again");
}

#[test]
fn a_principal_has_a_few_remedies_however_many_events_it_has() {
    let mut calls = calls();
    calls.extend((0..200).map(|number| {
        let id = format!("44444444-4444-4444-8444-{number:012}");
        call(1 + number, APP, ("instance", "CreateServer"), ("instance_server", &id), &json!({}))
    }));
    let remedies = found(&calls);
    let of_app: Vec<&Remedy> = remedies.iter().filter(|remedy| remedy.principal == APP).collect();
    assert_eq!(of_app.len(), 40);
    let newest = of_app.iter().find(|remedy| remedy.row.is_some()).expect("remedies of events");
    assert_eq!(newest.row, Some(0), "the newest event comes first");
}

#[test]
fn a_key_breaks_what_its_principal_does_and_a_server_what_others_do_with_it() {
    let found = found(&calls());
    let breaks =
        |step: &str| &found.iter().find(|remedy| remedy.step.text(Language::English) == step).expect("a remedy").breaks;
    let Usage::Principal { id, conduct } = breaks("Delete the API key") else { panic!("a key is of a principal") };
    assert_eq!((id.as_str(), conduct.events), (APP, 2));
    let Usage::Resource { principals, .. } = breaks("Power off the server") else { panic!("a server is a resource") };
    let who: Vec<&str> = principals.iter().map(|seen| seen.text.as_str()).collect();
    assert_eq!(who, [APP, RESPONDER]);
}

/// The steps that answer a call of a suspect on a cluster, each with its command.
fn steps_after(product: &str, method: &str, body: &Value) -> Vec<(String, Option<String>, Option<String>)> {
    let mut calls = calls();
    calls.retain(|call| call["method_name"] != "DisableAlertRules");
    let mut changed = call(20, APP, (product, method), ("kube_acl", CLUSTER), body);
    (changed["locality"], changed["project_id"]) = (json!("fr-par"), json!(PROJECT));
    calls.push(changed);
    let events = Events::from_json(Kind::Api, &calls);
    let of_call = |remedy: &Remedy| {
        remedy.row.is_some_and(|row| events.one_text(Column::Method, row) == Some(method) && events.time(row) > at(15))
    };
    let steps = found(&calls).into_iter().filter(of_call);
    steps.map(|remedy| (remedy.step.text(Language::English), remedy.command, remedy.undo)).collect()
}

#[test]
fn a_cluster_whose_rules_were_changed_is_closed_or_its_rules_are_listed() {
    let with = |ip: &str| json!({ "acls": [{ "Rule": { "Ip": ip }, "description": HOSTILE }], "cluster_id": CLUSTER });
    let set = |rule: &str| Some(format!("scw k8s acl set cluster-id={CLUSTER} acls.0.{rule} region=fr-par"));
    let list = || Some(format!("scw k8s acl list cluster-id={CLUSTER} region=fr-par"));
    let close = "Close the cluster to all networks but Scaleway’s own".to_owned();
    let restore = "Look at the rules of the cluster and restore those of before".to_owned();
    let find = "Find the new rule of the cluster and delete it".to_owned();
    assert_eq!(
        steps_after("kubernetes", "SetClusterACLRules", &with("0.0.0.0/0")),
        [(close, set("scaleway-ranges=true"), set("ip=0.0.0.0/0")), (restore.clone(), list(), None)]
    );
    let narrow = with("203.0.113.7/32");
    assert_eq!(steps_after("kubernetes", "SetClusterACLRules", &narrow), [(restore.clone(), list(), None)]);
    assert_eq!(steps_after("kubernetes", "AddClusterACLRules", &narrow), [(find, list(), None)]);
    let no_cluster = json!({ "acl_id": GROUP });
    assert_eq!(steps_after("kubernetes", "DeleteACLRule", &no_cluster), [(restore, None, None)]);
    for hostile in [HOSTILE, "$(id)", "1; id", "-h", ""] {
        let body = json!({ "acls": [{ "ip": "0.0.0.0/0" }], "cluster_id": hostile });
        let steps = steps_after("kubernetes", "SetClusterACLRules", &body);
        assert!(steps.len() == 2 && steps.iter().all(|(_, command, undo)| command.is_none() && undo.is_none()));
    }
}

#[test]
fn a_list_of_rules_does_not_show_that_a_cluster_is_closed() {
    let cluster = |minutes, who, method, acls: &Value| {
        let body = json!({ "acls": acls, "cluster_id": CLUSTER });
        let mut call = call(minutes, who, ("kubernetes", method), ("kube_acl", CLUSTER), &body);
        call["locality"] = json!("fr-par");
        call
    };
    for (opened, step, rule) in [
        ("SetClusterACLRules", Sentence::CloseCluster, json!({ "ip": "0.0.0.0/0" })),
        ("AddClusterACLRules", Sentence::FindClusterRule, json!({ "ip": "203.0.113.7/32" })),
    ] {
        for (answer, acls, expected) in [
            ("SetClusterACLRules", json!([{ "scaleway_ranges": false }]), false),
            ("SetClusterACLRules", json!([{ "scaleway_ranges": true }]), false),
            ("SetClusterACLRules", json!([{ "scaleway_ranges": true }, rule]), false),
            ("DeleteCluster", json!([]), true),
        ] {
            let mut calls = calls();
            calls.push(cluster(20, APP, opened, &json!([rule])));
            calls.push(cluster(40, RESPONDER, answer, &acls));
            let remedies = found(&calls);
            let remedy = remedies.iter().find(|remedy| remedy.step == step).expect("the step is a remedy");
            assert_eq!(remedy.done.is_some(), expected, "{opened} {answer} {acls}");
        }
    }
}

#[test]
fn alert_rules_that_were_disabled_are_restored() {
    for (product, method, step, command) in [
        ("audit-trail", "DisableAlertRules", "Restore the alert rules: Audit Trail > Alerts", None),
        ("audit-trail", "SetEnabledAlertRules", "Restore the alert rules: Audit Trail > Alerts", None),
        ("cockpit", "DisableAlertRules", "Enable the alert rules of Cockpit", None),
        ("cockpit", "DisableManagedAlerts", "Enable the managed alerts of Cockpit", None),
        (
            "cockpit",
            "DisableAlertManager",
            "Enable the alert manager",
            Some(format!("scw cockpit alert-manager enable project-id={PROJECT} region=fr-par")),
        ),
    ] {
        let steps = steps_after(product, method, &json!({ "rule_ids": [HOSTILE] }));
        let found: Vec<_> = steps.into_iter().map(|(step, command, _)| (step, command)).collect();
        assert_eq!(found, [(step.to_owned(), command)], "{product} {method}");
    }
}

#[test]
fn an_id_that_a_caller_chose_makes_no_command() {
    for hostile in [HOSTILE, "$(id)", "1; id", "", "web-3", "../x", "-h"] {
        let mut calls = calls();
        calls[3] =
            call(-1, APP, ("instance", "ServerAction"), ("instance_server", hostile), &json!({ "action": "poweron" }));
        calls[2]["request_body"]["application_id"] = json!(hostile);
        calls[1]["resources"][0]["id"] = json!(hostile);
        let commands: Vec<String> =
            found(&calls).into_iter().flat_map(|remedy| [remedy.command, remedy.undo]).flatten().collect();
        for command in commands {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || " =-./".contains(c);
            assert!(command.chars().all(is_plain), "{command}");
            assert!(!command.contains("server stop") && !command.contains("api-key delete"), "{command}");
        }
    }
}

#[test]
fn templates_have_fixed_words_and_typed_placeholders_alone() {
    let mut all = 0;
    for template in templates() {
        let words: Vec<&str> = template.split(['{', '}']).collect();
        assert!(template.starts_with("scw ") && words.len() % 2 == 1, "{template}");
        for (index, part) in words.iter().enumerate() {
            if index % 2 == 0 {
                assert!(
                    part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || " =-./".contains(c)),
                    "{part}"
                );
            } else {
                let (name, form) = part.split_once(':').unwrap_or((part, part));
                assert!(!name.is_empty() && ["uuid", "key", "zone", "region"].contains(&form), "{template}");
            }
        }
        all += 1;
    }
    assert!(all > 20, "{all} templates");
}

#[cfg(unix)]
mod shell {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;

    /// A program that writes its arguments, each ended by a zero byte.
    const RECORDER: &str = "#!/bin/sh\nprintf '%s\\0' \"$@\" > \"$RECORD\"\n";

    #[test]
    fn a_shell_runs_each_command_as_its_words_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let (scw, record) = (folder.path().join("scw"), folder.path().join("record"));
        fs::write(&scw, RECORDER).expect("a program");
        fs::set_permissions(&scw, fs::Permissions::from_mode(0o755)).expect("a program");
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap_or_default());
        let commands = found(&calls()).into_iter().flat_map(|remedy| [remedy.command, remedy.undo]).flatten();
        let mut run = 0;
        for command in commands {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(&command).current_dir(folder.path()).env("PATH", &path).env("RECORD", &record);
            assert!(shell.status().expect("a shell").success(), "{command}");
            let written = fs::read_to_string(&record).expect("the arguments");
            let arguments: Vec<&str> = written.split_terminator('\0').collect();
            assert_eq!(arguments, command.split(' ').skip(1).collect::<Vec<_>>(), "{command}");
            fs::remove_file(&record).expect("the record of one command");
            run += 1;
        }
        assert!(run >= 8, "{run} commands");
        let mut files: Vec<_> =
            fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
        files.sort();
        assert_eq!(files, ["scw"], "no command made another file");
    }
}
