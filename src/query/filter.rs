//! What a scope matches: a mask over the events.

use std::collections::{HashMap, HashSet};

use aho_corasick::AhoCorasick;
use arrow::array::Array;
use ipnet::IpNet;
use regex::Regex;

use super::address;
use super::condition::Name;
use super::own_names::OwnNames;
use super::principals::{called, is_scaleway, of_scaleway};
use super::scope::{Outcome, Scope};
use super::text;
use crate::event::{Column, Events, Kind, Long};
use crate::risk::{Risk, RuleSet};
use crate::scaleway::audit_trail::GLOBAL_PRODUCTS;
use crate::scaleway::iam::Names;

/// How many steps lead from a child to the resource asked for; an ACL is two steps from its load balancer.
const MOST_STEPS: usize = 8;

/// The events that `scope` means, risk aside: true where one matches.
#[must_use]
pub fn mask(scope: &Scope, events: &Events, names: &Names, rules: &RuleSet) -> Vec<bool> {
    let mut mask = vec![true; events.len()];
    let kinds: Vec<&str> = scope.kinds.iter().map(|kind| kind.as_str()).collect();
    retain(&mut mask, events, Column::Kind, &kinds);
    for (column, names) in
        [(Column::Product, &scope.products), (Column::Service, &scope.services), (Column::Method, &scope.methods)]
    {
        retain_where(&mut mask, events, column, names, any);
    }
    retain(&mut mask, events, Column::Project, &scope.projects);
    retain_where(&mut mask, events, Column::SourceIp, &scope.source_ips, is_within);
    if !scope.not_source_ips.is_empty() {
        // An event without an address is in no network.
        let is_out = |text: Option<&str>| text.is_some_and(|text| is_within(&scope.not_source_ips, text));
        events.find(Column::SourceIp, is_out, |row| mask[row] = false);
    }
    outcomes(&mut mask, scope, events);
    resource_types(&mut mask, scope, events);
    principals(&mut mask, scope, events, names);
    resources(&mut mask, scope, events);
    for (phrases, wanted) in [(&scope.text, true), (&scope.not_text, false)] {
        let Some(pattern) = phrases.pattern() else { continue };
        for (keep, hit) in mask.iter_mut().zip(found(pattern, phrases.in_uuids(), events, names, rules)) {
            *keep = *keep && hit == wanted;
        }
    }
    mask
}

/// True for events of products without a region, and for log-ins: they belong to every region's answer.
#[must_use]
pub fn global(events: &Events) -> Vec<bool> {
    let (kind, locality, product) =
        (events.text(Column::Kind), events.text(Column::Locality), events.text(Column::Product));
    let global = (0..events.len()).map(|row| {
        kind.get(row) == Some(Kind::Authentication.as_str())
            || locality.get(row) == Some("global")
            || product.get(row).is_some_and(|product| GLOBAL_PRODUCTS.contains(&product))
    });
    global.collect()
}

/// Whether a text is an address of one of several networks.
fn is_within(nets: &[IpNet], text: &str) -> bool {
    address::parse(text).is_some_and(|address| nets.iter().any(|net| net.contains(&address)))
}

/// Whether one of several names is meant.
fn any(names: &[Name], text: &str) -> bool {
    names.iter().any(|name| name.matches(text))
}

fn retain(mask: &mut [bool], events: &Events, column: Column, allowed: &[impl AsRef<str>]) {
    retain_where(mask, events, column, allowed, |allowed, text| allowed.iter().any(|value| value.as_ref() == text));
}

/// Asks `matches` once per text of the dictionary, not once per row.
fn retain_where<T>(
    mask: &mut [bool],
    events: &Events,
    column: Column,
    allowed: &[T],
    matches: impl Fn(&[T], &str) -> bool,
) {
    if allowed.is_empty() {
        return;
    }
    events.find(column, |text| !text.is_some_and(|text| matches(allowed, text)), |row| mask[row] = false);
}

fn outcomes(mask: &mut [bool], scope: &Scope, events: &Events) {
    if scope.status.is_empty() {
        return;
    }
    let (classes, statuses) = (events.text(Column::StatusClass), events.statuses());
    for (row, keep) in mask.iter_mut().enumerate() {
        *keep = *keep
            && scope.status.iter().any(|outcome| match outcome {
                Outcome::Class(class) => classes.get(row) == Some(*class),
                Outcome::Code(code) => statuses.is_valid(row) && statuses.value(row) == *code,
            });
    }
}

fn resource_types(mask: &mut [bool], scope: &Scope, events: &Events) {
    if scope.resource_types.is_empty() {
        return;
    }
    let references = events.references();
    // There are few types, and many references.
    let mut known: HashMap<&str, bool> = HashMap::new();
    for (row, keep) in mask.iter_mut().enumerate().filter(|(_, keep)| **keep) {
        *keep = references
            .of(row)
            .filter_map(|reference| reference.kind)
            .any(|kind| *known.entry(kind).or_insert_with(|| any(&scope.resource_types, kind)));
    }
}

fn principals(mask: &mut [bool], scope: &Scope, events: &Events, names: &Names) {
    if scope.principals.is_empty() {
        return;
    }
    let mut ids: HashSet<&str> = scope.principals.iter().map(String::as_str).collect();
    ids.extend(scope.principals.iter().flat_map(|who| called(who, names).into_iter().chain(names.same_as(who))));
    let folded: Vec<String> = scope.principals.iter().map(|name| name.to_lowercase()).collect();
    let is_asked =
        |name: &str| folded.contains(&name.to_lowercase()) || scope.principals.iter().any(|who| text::is(name, who));
    let principal = events.text(Column::PrincipalId);
    let own_names = OwnNames::of(events, |_| true);
    let of_scaleway: HashSet<usize> = if scope.principals.iter().any(|who| is_scaleway(who)) {
        of_scaleway(events).into_iter().collect()
    } else {
        HashSet::new()
    };
    for (row, keep) in mask.iter_mut().enumerate().filter(|(_, keep)| **keep) {
        *keep = principal.get(row).is_some_and(|id| ids.contains(id))
            || own_names.get(row).is_some_and(is_asked)
            || of_scaleway.contains(&row);
    }
}

fn resources(mask: &mut [bool], scope: &Scope, events: &Events) {
    for (keep, wanted) in mask.iter_mut().zip(about_resources(scope, events).into_iter().flatten()) {
        *keep = *keep && wanted;
    }
}

/// The events about a scope's resources by id and by name, with their children, as far as the events name parents; `None`
/// where the scope names none.
pub(super) fn about_resources(scope: &Scope, events: &Events) -> Option<Vec<bool>> {
    let wanted = [by_id(scope, events), by_name(scope, events)].into_iter().flatten();
    wanted.reduce(|one, other| one.into_iter().zip(other).map(|(one, other)| one && other).collect())
}

fn by_id<'a>(scope: &'a Scope, events: &'a Events) -> Option<Vec<bool>> {
    let ids: HashSet<&str> = scope.resource_ids.iter().map(String::as_str).collect();
    (!ids.is_empty()).then(|| concerned(ids, events))
}

fn by_name(scope: &Scope, events: &Events) -> Option<Vec<bool>> {
    if scope.resource_names.is_empty() {
        return None;
    }
    let references = events.references();
    let mut ids = HashSet::new();
    let mut direct = vec![false; events.len()];
    for (row, direct) in direct.iter_mut().enumerate() {
        for reference in references.of(row) {
            if reference.name.is_some_and(|name| scope.resource_names.iter().any(|wanted| text::is(name, wanted))) {
                *direct = true;
                ids.extend(reference.id);
            }
        }
    }
    let concerned = if ids.is_empty() { vec![false; events.len()] } else { concerned(ids, events) };
    Some(direct.into_iter().zip(concerned).map(|(direct, concerned)| direct || concerned).collect())
}

/// The events about one of `ids`, about something that belongs to one of them, or whose request names one of them.
fn concerned<'a>(mut known: HashSet<&'a str>, events: &'a Events) -> Vec<bool> {
    let (references, parents) = (events.references(), events.parents());
    for _ in 0..MOST_STEPS {
        let before = known.len();
        for row in 0..events.len() {
            for (child, parent) in parents.of(row) {
                if known.contains(parent) {
                    known.extend(child);
                }
            }
        }
        if known.len() == before {
            break;
        }
    }
    // In JSON an id stands between quotes; ids have no character that JSON would escape.
    let quoted: Vec<String> = known.iter().map(|id| format!("\"{id}\"")).collect();
    let in_body = AhoCorasick::new(&quoted).ok();
    let concerned = (0..events.len()).map(|row| {
        references.of(row).any(|reference| reference.id.is_some_and(|id| known.contains(id)))
            || parents.of(row).any(|(_, parent)| known.contains(parent))
    });
    let mut concerned: Vec<bool> = concerned.collect();
    if let Some(ids) = in_body {
        events.each(Long::RequestBody, |row, body| {
            concerned[row] = concerned[row] || body.is_some_and(|body| ids.is_match(body));
        });
    }
    concerned
}

/// The events in which a pattern finds something.
fn found(pattern: &Regex, in_uuids: bool, events: &Events, names: &Names, rules: &RuleSet) -> Vec<bool> {
    let mut hit = vec![false; events.len()];
    for column in Column::ALL {
        let is_found = |text: &str| pattern.is_match(text) || is_found_otherwise(column, text, pattern, names);
        events.find(column, |text| text.is_some_and(is_found), |row| hit[row] = true);
    }
    let statuses = events.statuses();
    for (row, hit) in hit.iter_mut().enumerate().filter(|(row, hit)| !**hit && statuses.is_valid(*row)) {
        *hit = pattern.is_match(&statuses.value(row).to_string());
    }
    let mut meant: HashMap<u16, bool> = HashMap::new();
    for (hit, number) in hit.iter_mut().zip(rules.numbers(events)) {
        *hit = *hit
            || *meant.entry(number).or_insert_with(|| rules.risk(number).is_some_and(|risk| is_in_risk(risk, pattern)));
    }
    for long in Long::ALL {
        events.search(long, &mut hit, in_uuids, |text| pattern.find(text).map(|found| found.range()));
    }
    hit
}

/// Whether a pattern finds what is shown instead of a column's text: a principal's names, an address as it is written in
/// general.
fn is_found_otherwise(column: Column, text: &str, pattern: &Regex, names: &Names) -> bool {
    match column {
        Column::PrincipalId => names.get(text).is_some_and(|who| who.is_called(|name| pattern.is_match(name))),
        Column::SourceIp => pattern.is_match(&address::canonical(text)),
        _ => false,
    }
}

fn is_in_risk(risk: &Risk, pattern: &Regex) -> bool {
    let texts = [risk.class.as_str(), risk.severity.as_str()];
    texts.into_iter().chain(risk.attack.iter().map(String::as_str)).any(|text| pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::query::{Query, Request};

    /// The rows of the events that a scope means.
    fn meant(scope: Value, kind: Kind, json_events: &[Value]) -> Vec<usize> {
        let request = Request::new("A", (0, 1), std::time::Duration::ZERO, 0, false).unwrap();
        let mut query = json!({});
        query["scope"] = scope;
        let query = Query::parse(query.to_string().as_bytes(), "", &request, 10).unwrap();
        let events = Events::from_json(kind, json_events);
        let mask = mask(&query.scope, &events, &Names::default(), &RuleSet::built_in());
        let number = |row: usize| events.ids().value(row)["event-".len()..].parse().unwrap();
        let mut numbers: Vec<usize> = (0..events.len()).filter(|row| mask[*row]).map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    fn resource(id: &str, info: Value) -> Value {
        let mut resource = json!({ "id": id, "type": "t", "name": format!("{id}-name") });
        resource["t_info"] = info;
        resource
    }

    #[test]
    fn an_empty_scope_means_everything() {
        for kind in Kind::ALL {
            assert_eq!(meant(json!({}), kind, &[json!({}), json!({ "product_name": "x" })]), [0, 1]);
        }
    }

    #[test]
    fn what_an_event_does_not_have_matches_no_value() {
        for scope in [
            json!({ "products": [""], "methods": ["(none)"] }),
            json!({ "sourceIps": ["0.0.0.0/0", "::/0"] }),
            json!({ "status": ["succeeded", "denied", "failed"] }),
            json!({ "principals": ["unknown principal"] }),
            json!({ "resourceIds": ["null"] }),
            json!({ "resourceNames": ["null"] }),
            json!({ "projects": ["null"] }),
        ] {
            assert_eq!(meant(scope.clone(), Kind::System, &[json!({ "source_ip": null })]), [0; 0], "{scope}");
        }
    }

    #[test]
    fn global_are_log_ins_global_products_and_what_is_located_nowhere() {
        let json_events = [
            json!({ "product_name": "iam", "locality": "nl-ams" }),
            json!({ "product_name": "account" }),
            json!({ "product_name": "edge-services" }),
            json!({ "product_name": "instance", "locality": "fr-par-1" }),
            json!({ "product_name": "new", "locality": "global" }),
            json!({}),
        ];
        let events = Events::from_json(Kind::Api, &json_events);
        let global = global(&events);
        assert_eq!(global, [false, true, false, true, true, true]);
        assert!(super::global(&Events::from_json(Kind::Authentication, &[json!({})]))[0]);
    }

    #[test]
    fn descent_is_followed_whatever_the_order_of_events() {
        let mut json_events = vec![
            json!({ "resources": [resource("acl", json!({ "frontend_id": "frontend" }))] }),
            json!({ "resources": [resource("frontend", json!({ "lb_id": "lb" }))] }),
            json!({ "resources": [resource("lb", json!({}))] }),
            json!({ "resources": [resource("other", json!({ "lb_id": "other lb" }))] }),
        ];
        for _ in 0..4 {
            assert_eq!(meant(json!({ "resourceIds": ["lb"] }), Kind::Api, &json_events).len(), 3);
            assert_eq!(meant(json!({ "resourceNames": ["lb-name"] }), Kind::Api, &json_events).len(), 3);
            assert_eq!(meant(json!({ "resourceIds": ["frontend"] }), Kind::Api, &json_events).len(), 2);
            json_events.rotate_left(1);
        }
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let json_events = [
            json!({ "resources": [resource("a", json!({ "lb_id": "b" }))] }),
            json!({ "resources": [resource("b", json!({ "lb_id": "a" }))] }),
            json!({ "resources": [resource("c", json!({ "lb_id": "c" }))] }),
        ];
        assert_eq!(meant(json!({ "resourceIds": ["a"] }), Kind::Api, &json_events), [0, 1]);
        assert_eq!(meant(json!({ "resourceIds": ["c"] }), Kind::Api, &json_events), [2]);
    }

    #[test]
    fn an_id_and_a_name_are_both_to_hold() {
        let json_events = [
            json!({ "resources": [resource("a", json!({})), resource("b", json!({}))] }),
            json!({ "resources": [resource("a", json!({}))] }),
        ];
        assert_eq!(meant(json!({ "resourceIds": ["a"], "resourceNames": ["b-name"] }), Kind::Api, &json_events), [0]);
    }

    #[test]
    fn a_text_is_no_pattern() {
        let json_events =
            [json!({ "user_agent": "a.b" }), json!({ "user_agent": "axb" }), json!({ "user_agent": "(" })];
        assert_eq!(meant(json!({ "text": "A.B" }), Kind::Api, &json_events), [0]);
        assert_eq!(meant(json!({ "text": "(" }), Kind::Api, &json_events), [2]);
        // Case is ignored beyond ASCII, too.
        assert_eq!(meant(json!({ "text": "ÉTÉ" }), Kind::Api, &[json!({ "user_agent": "été" })]), [0]);
    }

    #[test]
    fn one_of_several_texts_is_found_and_none_of_others() {
        let json_events = [
            json!({ "user_agent": "terraform", "request_body": { "name": "web" } }),
            json!({ "user_agent": "curl", "request_body": { "name": "db" } }),
            json!({ "user_agent": "firefox", "status_code": 403 }),
        ];
        for (scope, numbers) in [
            (json!({ "text": ["TERRAFORM", "db"] }), &[0, 1][..]),
            (json!({ "text": ["\"web\"", "403"] }), &[0, 2]),
            (json!({ "notText": "terra" }), &[1, 2]),
            (json!({ "notText": ["terra", "denied_actions"] }), &[1]),
            (json!({ "text": ["form", "fire"], "notText": ["web"] }), &[2]),
            (json!({ "text": ["form"], "notText": ["FORM"] }), &[]),
            (json!({ "text": [], "notText": [] }), &[0, 1, 2]),
            // Of texts that overlap, each is found.
            (json!({ "text": ["web\"}x", "\"web\""] }), &[0]),
        ] {
            assert_eq!(meant(scope.clone(), Kind::Api, &json_events), numbers, "{scope}");
        }
    }

    #[test]
    fn names_are_meant_in_any_case_and_by_wildcards() {
        let json_events = [
            json!({ "product_name": "iam", "service_name": "scaleway.iam.v1alpha1.Api", "method_name": "CreateAPIKey",
                "resources": [{ "id": "k", "type": "iam_api_key" }, { "id": "u", "type": "iam_user" }] }),
            json!({ "product_name": "IAM", "service_name": "Scaleway.Iam.v1alpha1.API", "method_name": "DeleteApiKey" }),
            json!({ "product_name": "instance", "service_name": "scaleway.instance.v1.Api", "method_name": "DeleteIp",
                "resources": [{ "id": "i", "type": "instance_ip" }] }),
            json!({}),
        ];
        for (scope, numbers) in [
            (json!({ "products": ["Iam"] }), &[0, 1][..]),
            (json!({ "products": ["i*"] }), &[0, 1, 2]),
            (json!({ "products": ["*"] }), &[0, 1, 2]),
            (json!({ "products": ["ia"] }), &[]),
            (json!({ "services": ["SCALEWAY.IAM.V1ALPHA1.API"] }), &[0, 1]),
            (json!({ "services": ["*.v1.*", "x"] }), &[2]),
            (json!({ "methods": ["createApiKey"] }), &[0]),
            (json!({ "methods": ["Delete*"] }), &[1, 2]),
            (json!({ "methods": ["*apikey"] }), &[0, 1]),
            (json!({ "methods": ["DELETE?P", "nothing"] }), &[2]),
            (json!({ "resourceTypes": ["IAM_User"] }), &[0]),
            (json!({ "resourceTypes": ["*_ip", "iam_api_???"] }), &[0, 2]),
            (json!({ "resourceTypes": ["*"] }), &[0, 2]),
        ] {
            assert_eq!(meant(scope.clone(), Kind::Api, &json_events), numbers, "{scope}");
        }
    }

    #[test]
    fn an_address_is_meant_in_every_spelling() {
        let json_events =
            ["203.0.113.7", "::ffff:203.0.113.8", "0:0:0:0:0:FFFF:CB00:7109", "2001:DB8::1", "203.0.113.0/24"]
                .map(|address| json!({ "source_ip": address }));
        let json_events = [&json_events[..], &[json!({ "source_ip": null })]].concat();
        for (scope, numbers) in [
            (json!({ "sourceIps": ["203.0.113.0/24"] }), &[0, 1, 2][..]),
            (json!({ "sourceIps": ["::ffff:203.0.113.0/120"] }), &[0, 1, 2]),
            (json!({ "sourceIps": ["::ffff:203.0.113.7", "2001:0db8:0::1"] }), &[0, 3]),
            (json!({ "sourceIps": ["203.0.113.9"] }), &[2]),
            (json!({ "text": "203.0.113.9" }), &[2]),
            (json!({ "notSourceIps": ["203.0.113.0/24"] }), &[3, 4, 5]),
            (json!({ "notSourceIps": ["::ffff:203.0.113.7", "2001:0db8:0::1"] }), &[1, 2, 4, 5]),
            (json!({ "sourceIps": ["203.0.113.0/24"], "notSourceIps": ["203.0.113.8/31"] }), &[0]),
            (json!({ "notSourceIps": ["0.0.0.0/0", "::/0"] }), &[4, 5]),
        ] {
            assert_eq!(meant(scope.clone(), Kind::Api, &json_events), numbers, "{scope}");
        }
    }

    #[test]
    fn a_text_is_found_in_what_an_event_means() {
        let json_events = [
            json!({ "product_name": "iam", "method_name": "CreateAPIKey", "status_code": 200 }),
            json!({ "product_name": "audit-trail", "method_name": "DeleteExportJob", "status_code": 200 }),
            json!({ "product_name": "quantum", "method_name": "CreateTeapot", "status_code": 200 }),
        ];
        for (text, found) in [
            ("CREDENTIAL_creation", &[0][..]),
            ("t1098", &[0]),
            ("logging_tamper", &[1]),
            ("Critical", &[1]),
            ("high", &[0]),
            ("medium", &[]),
        ] {
            assert_eq!(meant(json!({ "text": text }), Kind::Api, &json_events), found, "{text}");
        }
    }

    #[test]
    fn only_iams_calls_and_log_ins_tell_the_name_of_who_did_them() {
        let user = json!([{ "id": "u", "type": "iam_user", "name": "a@example.com" }]);
        let json_events = [
            json!({ "product_name": "iam", "resources": user }),
            json!({ "product_name": "iam", "resources": user, "principal": { "id": "u" } }),
            // Somebody else did something to the user.
            json!({ "product_name": "iam", "resources": user, "principal": { "id": "x" } }),
            json!({ "product_name": "account", "resources": user, "principal": { "id": "u" } }),
        ];
        assert_eq!(meant(json!({ "principals": ["A@example.com"] }), Kind::Api, &json_events), [0, 1]);
        assert_eq!(meant(json!({ "principals": ["u"] }), Kind::Api, &json_events), [0, 1, 3]);
    }
}
