//! How close what an action acted on is to the resource asked about.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::signal::Signal;
use super::symptom::{Relation, Symptom};
use super::trail::{NONE, Trail};
use crate::event::Long;

/// How long before the window request bodies are read for what has to do with the resource.
const BODIES: Duration = Duration::from_hours(24);

/// Ids and names of the resource asked about and of its relatives, with what they are to it.
#[derive(Debug)]
pub(super) struct Kin<'a> {
    known: HashMap<&'a str, Signal>,
    /// The numbers of the projects concerned; none for all.
    projects: HashSet<u32>,
    /// The numbers of the principals that acted on the resource within the window.
    principals: HashSet<u32>,
    /// Whether the symptom names neither resource nor project.
    anything: bool,
}

impl<'a> Kin<'a> {
    /// What the symptom and the events name.
    pub(super) fn of(trail: &Trail<'a>, symptom: &'a Symptom) -> Self {
        let mut kin = Self {
            known: symptom.relatives.iter().map(|relative| (&*relative.id, signal(relative.relation))).collect(),
            projects: symptom.projects.iter().filter_map(|project| trail.projects.number(project)).collect(),
            principals: HashSet::new(),
            anything: false,
        };
        let mut targets = targets(symptom);
        if targets.is_empty() {
            kin.anything = symptom.projects.is_empty();
        } else {
            add_ids(trail, &mut targets);
            kin.known.extend(targets.iter().map(|target| (*target, Signal::Same)));
            kin.learn(trail, &targets);
            kin.learn_from_bodies(trail, &targets);
        }
        kin.learn_siblings(trail);
        kin
    }

    /// What events name beside the resource has to do with it.
    fn learn(&mut self, trail: &Trail<'a>, targets: &HashSet<&str>) {
        let (references, parents) = (trail.events.references(), trail.events.parents());
        for row in 0..trail.times.len() {
            let is_target = |id: Option<&str>| id.is_some_and(|id| targets.contains(id));
            let is_named = references.of(row).any(|other| is_target(other.id) || is_target(other.name))
                || parents.of(row).any(|(child, id)| is_target(child) || is_target(Some(id)));
            if !is_named {
                continue;
            }
            for (child, id) in parents.of(row) {
                match child {
                    Some(child) if targets.contains(child) => self.add(id, Signal::Above),
                    Some(child) if targets.contains(id) => self.add(child, Signal::PartOf),
                    _ => self.add(id, Signal::Related),
                }
            }
            references.of(row).filter_map(|other| other.id).for_each(|id| self.add(id, Signal::Related));
            if trail.projects.rows[row] != NONE {
                self.projects.insert(trail.projects.rows[row]);
            }
            if row < trail.window && trail.principals.rows[row] != NONE {
                self.principals.insert(trail.principals.rows[row]);
            }
        }
    }

    /// What belongs to what the resource belongs to.
    fn learn_siblings(&mut self, trail: &Trail<'a>) {
        let above: HashSet<&str> =
            self.known.iter().filter(|(_, signal)| **signal == Signal::Above).map(|(id, _)| *id).collect();
        if above.is_empty() {
            return;
        }
        let parents = trail.events.parents();
        for row in 0..trail.times.len() {
            for child in parents.of(row).filter(|(_, id)| above.contains(id)).filter_map(|(child, _)| child) {
                self.add(child, Signal::Sibling);
            }
        }
    }

    /// What an action on something names in its request has to do with that, as a backup's database does.
    fn learn_from_bodies(&mut self, trail: &Trail<'a>, targets: &HashSet<&str>) {
        let recent = trail.recent(BODIES);
        let mut rows = Vec::new();
        trail.events.slice(recent).each(Long::RequestBody, |row, body| {
            if body.is_some_and(|body| targets.iter().any(|target| names(body, target))) {
                rows.push(row);
            }
        });
        let references = trail.events.references();
        for row in rows {
            references.of(row).filter_map(|other| other.id).for_each(|id| self.add(id, Signal::Related));
        }
    }

    fn add(&mut self, id: &'a str, signal: Signal) {
        let known = self.known.entry(id).or_insert(signal);
        *known = closer(*known, signal);
    }

    /// How close what the event of a row acted on is, before its request body is read; `None` where it has nothing to do with
    /// the symptom.
    pub(super) fn of_row(&self, trail: &Trail<'a>, row: usize) -> Option<Signal> {
        let acted = acted_on(trail, row).filter_map(|text| self.known.get(text).copied());
        let mentioned = trail.newest.parents().of(row).filter_map(|(child, id)| {
            let is_target = self.known.get(id) == Some(&Signal::Same);
            is_target.then_some(if child.is_some() { Signal::PartOf } else { Signal::Names })
        });
        let linked = acted.chain(mentioned).reduce(closer);
        let is_of_project = self.anything || self.projects.contains(&trail.projects.rows[row]);
        let by_principal = self.principals.contains(&trail.principals.rows[row]);
        linked.or(is_of_project.then_some(Signal::Project)).or(by_principal.then_some(Signal::Principal))
    }

    /// How close an action is whose request body is this, and that is otherwise so close.
    pub(super) fn with_body(&self, otherwise: Signal, body: Option<&str>) -> Signal {
        let known = values(body.unwrap_or_default()).filter_map(|text| self.known.get(text));
        let named = known.map(|signal| match signal {
            Signal::Same => Signal::Names,
            signal => *signal,
        });
        named.fold(otherwise, closer)
    }
}

/// What the symptom is about: its resource, or else the members that moved.
fn targets(symptom: &Symptom) -> HashSet<&str> {
    if !symptom.resource.is_empty() {
        return symptom.resource.iter().map(String::as_str).collect();
    }
    let moved = symptom.members.iter().filter(|member| member.moved);
    moved.filter_map(|member| member.names.first()).map(String::as_str).collect()
}

/// Adds the ids of what the events call by one of some names: Cockpit's metrics may have lost the id of their resource.
fn add_ids<'a>(trail: &Trail<'a>, targets: &mut HashSet<&'a str>) {
    let references = trail.events.references();
    let mut ids = HashSet::new();
    for row in 0..trail.times.len() {
        let named = references.of(row).filter(|other| other.within.is_none());
        let named = named.filter(|other| other.name.is_some_and(|name| targets.contains(name)));
        ids.extend(named.filter_map(|other| other.id));
    }
    targets.extend(ids);
}

/// The ids and names of what the event of a row of the window acted on: a pool, and not the cluster whose id its event carries.
pub(super) fn acted_on<'a>(trail: &'a Trail<'_>, row: usize) -> impl Iterator<Item = &'a str> {
    let references = trail.newest.references();
    let has_parts = references.of(row).any(|other| other.within.is_some());
    let own = references.of(row).filter(move |other| !has_parts || other.within.is_some());
    let deleted = references.of(row).next().is_none().then(|| trail.resources.get(row)).flatten();
    own.flat_map(|other| [other.id, other.name]).flatten().chain(deleted)
}

/// Whether a request body has a text as a value of its own.
pub(super) fn names(body: &str, text: &str) -> bool {
    !text.is_empty()
        && body.match_indices(text).any(|(start, _)| {
            let (before, after) = (&body.as_bytes()[..start], &body.as_bytes()[start + text.len()..]);
            before.last() == Some(&b'"') && after.first() == Some(&b'"')
        })
}

/// The texts that a request body has as values of their own, or as keys: those that it [names].
pub(super) fn values(body: &str) -> impl Iterator<Item = &str> {
    let mut texts = body.split('"');
    texts.next();
    texts.next_back();
    texts.filter(|text| !text.is_empty())
}

/// The closer of two: signals of closeness are in that order.
fn closer(one: Signal, other: Signal) -> Signal {
    if (other as usize) < one as usize { other } else { one }
}

fn signal(relation: Relation) -> Signal {
    match relation {
        Relation::Part => Signal::PartOf,
        Relation::Parent => Signal::Above,
        Relation::Sibling => Signal::Sibling,
        Relation::Other => Signal::Related,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_body_names_whole_values_only() {
        let body = r#"{"server_ip":["172.16.4.2"],"name":"web-11"}"#;
        assert!(names(body, "172.16.4.2") && names(body, "web-11"));
        assert!(!names(body, "web-1") && !names(body, "172.16.4.22") && !names(body, ""));
    }

    proptest! {
        #[test]
        fn the_values_of_a_body_are_the_texts_that_it_names(body in "[\"ab:]{0,12}", text in "[ab:]{0,2}") {
            prop_assert_eq!(values(&body).any(|value| value == text), names(&body, &text), "{} {}", body, text);
        }
    }
}
