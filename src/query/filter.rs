//! What a scope matches: a mask over the events.

use std::collections::HashSet;
use std::net::IpAddr;

use aho_corasick::AhoCorasick;
use arrow::array::{Array, BooleanArray};
use ipnet::IpNet;
use regex::RegexBuilder;

use super::model::{Outcome, Scope};
use crate::event::{Column, Events, Kind, PRODUCT_WITHOUT_PRINCIPAL};
use crate::scaleway::audit_trail::GLOBAL_PRODUCTS;
use crate::scaleway::iam::Names;

/// How many steps lead from a child to the resource asked for; an ACL is two steps from its load balancer.
const MOST_STEPS: usize = 8;

/// The events that `scope` means, risk aside: true where one matches.
#[must_use]
pub fn mask(scope: &Scope, events: &Events, names: &Names) -> BooleanArray {
    let mut mask = vec![true; events.len()];
    let kinds: Vec<&str> = scope.kinds.iter().map(|kind| kind.as_str()).collect();
    keep(&mut mask, events, Column::Kind, &kinds);
    keep(&mut mask, events, Column::Product, &scope.products);
    keep(&mut mask, events, Column::Service, &scope.services);
    keep(&mut mask, events, Column::Method, &scope.methods);
    keep(&mut mask, events, Column::Project, &scope.projects);
    keep_where(&mut mask, events, Column::SourceIp, &scope.source_ips, |nets, text| {
        text.parse::<IpAddr>().is_ok_and(|address| nets.iter().any(|net: &IpNet| net.contains(&address)))
    });
    outcomes(&mut mask, scope, events);
    resource_types(&mut mask, scope, events);
    principals(&mut mask, scope, events, names);
    resources(&mut mask, scope, events);
    text(&mut mask, scope, events, names);
    BooleanArray::from(mask)
}

/// True for events of products without a region, and for log-ins: they belong to every region's answer.
#[must_use]
pub fn global(events: &Events) -> BooleanArray {
    let (kind, locality, product) =
        (events.text(Column::Kind), events.text(Column::Locality), events.text(Column::Product));
    let is_global = |row| {
        kind.get(row) == Some(Kind::Authentication.as_str())
            || locality.get(row) == Some("global")
            || product.get(row).is_some_and(|product| GLOBAL_PRODUCTS.contains(&product))
    };
    (0..events.len()).map(|row| Some(is_global(row))).collect()
}

fn keep(mask: &mut [bool], events: &Events, column: Column, allowed: &[impl AsRef<str>]) {
    keep_where(mask, events, column, allowed, |allowed, text| allowed.iter().any(|value| value.as_ref() == text));
}

/// Asks `matches` once per text of the dictionary, not once per row.
fn keep_where<T>(
    mask: &mut [bool],
    events: &Events,
    column: Column,
    allowed: &[T],
    matches: impl Fn(&[T], &str) -> bool,
) {
    if allowed.is_empty() {
        return;
    }
    let texts = events.text(column);
    let hits: Vec<bool> =
        texts.dictionary().iter().map(|text| text.is_some_and(|text| matches(allowed, text))).collect();
    for (row, keep) in mask.iter_mut().enumerate() {
        *keep = *keep && texts.key(row).is_some_and(|key| hits[key]);
    }
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
    for (row, keep) in mask.iter_mut().enumerate().filter(|(_, keep)| **keep) {
        *keep = references.of(row).any(|r| r.kind.is_some_and(|kind| scope.resource_types.iter().any(|t| t == kind)));
    }
}

fn principals(mask: &mut [bool], scope: &Scope, events: &Events, names: &Names) {
    if scope.principals.is_empty() {
        return;
    }
    let mut ids: HashSet<&str> = scope.principals.iter().map(String::as_str).collect();
    ids.extend(scope.principals.iter().flat_map(|name| names.ids_of(name)));
    let called: Vec<String> = scope.principals.iter().map(|name| name.to_lowercase()).collect();
    let principal = events.text(Column::PrincipalId);
    let own_name = own_names(events);
    for (row, keep) in mask.iter_mut().enumerate().filter(|(_, keep)| **keep) {
        *keep = principal.get(row).is_some_and(|id| ids.contains(id))
            || own_name(row).is_some_and(|name| called.contains(&name.to_lowercase()));
    }
}

/// The principal's name where the event tells it: the user that logs in, or renews a session, is the event's resource.
pub(super) fn own_names<'a>(events: &'a Events) -> impl Fn(usize) -> Option<&'a str> {
    let (kind, product) = (events.text(Column::Kind), events.text(Column::Product));
    let (principal, resource, name) =
        (events.text(Column::PrincipalId), events.text(Column::ResourceId), events.text(Column::ResourceName));
    move |row| {
        let own =
            kind.get(row) == Some(Kind::Authentication.as_str()) || product.get(row) == Some(PRODUCT_WITHOUT_PRINCIPAL);
        let own = own && principal.get(row).is_some() && principal.get(row) == resource.get(row);
        own.then(|| name.get(row)).flatten()
    }
}

/// Resources by id and by name, with their children, as far as the events tell who belongs to whom.
fn resources(mask: &mut [bool], scope: &Scope, events: &Events) {
    for wanted in [by_id(scope, events), by_name(scope, events)].into_iter().flatten() {
        for (keep, wanted) in mask.iter_mut().zip(wanted) {
            *keep = *keep && wanted;
        }
    }
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
    let named = |name: Option<&str>| name.is_some_and(|name| scope.resource_names.iter().any(|wanted| wanted == name));
    let mut ids = HashSet::new();
    let mut direct = vec![false; events.len()];
    for (row, direct) in direct.iter_mut().enumerate() {
        for reference in references.of(row).filter(|reference| named(reference.name)) {
            *direct = true;
            ids.extend(reference.id);
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
            if parents.of(row).any(|parent| known.contains(parent)) {
                known.extend(references.of(row).filter_map(|reference| reference.id));
            }
        }
        if known.len() == before {
            break;
        }
    }
    // In JSON an id stands between quotes; ids hold nothing that JSON would escape.
    let quoted: Vec<String> = known.iter().map(|id| format!("\"{id}\"")).collect();
    let in_body = AhoCorasick::new(&quoted).ok();
    let bodies = events.request_bodies();
    let concerns = |row: usize| {
        references.of(row).any(|reference| reference.id.is_some_and(|id| known.contains(id)))
            || parents.of(row).any(|parent| known.contains(parent))
            || (bodies.is_valid(row) && in_body.as_ref().is_some_and(|ids| ids.is_match(bodies.value(row))))
    };
    (0..events.len()).map(concerns).collect()
}

fn text(mask: &mut [bool], scope: &Scope, events: &Events, names: &Names) {
    if scope.text.is_empty() {
        return;
    }
    let pattern = RegexBuilder::new(&regex::escape(&scope.text)).case_insensitive(true).size_limit(64 << 20).build();
    let Ok(pattern) = pattern else {
        mask.fill(false);
        return;
    };
    let mut hit = vec![false; events.len()];
    for column in Column::ALL {
        let texts = events.text(column);
        let is_called = |text: &str| {
            column == Column::PrincipalId && names.get(text).is_some_and(|who| pattern.is_match(&who.name))
        };
        let matches = |text: Option<&str>| text.is_some_and(|text| pattern.is_match(text) || is_called(text));
        let hits: Vec<bool> = texts.dictionary().iter().map(matches).collect();
        for (row, hit) in hit.iter_mut().enumerate() {
            *hit = *hit || texts.key(row).is_some_and(|key| hits[key]);
        }
    }
    for column in [events.ids(), events.request_ids(), events.request_bodies(), events.resources()] {
        for (row, hit) in hit.iter_mut().enumerate().filter(|(_, hit)| !**hit) {
            *hit = column.is_valid(row) && pattern.is_match(column.value(row));
        }
    }
    for (keep, hit) in mask.iter_mut().zip(hit) {
        *keep = *keep && hit;
    }
}
