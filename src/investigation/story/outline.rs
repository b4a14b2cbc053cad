use std::collections::HashSet;
use std::time::Duration;

use super::super::ranking::Suspect;
use super::conduct::Conduct;
use super::credential::Credential;
use super::line::{Alike, Entry, Line, lines};
use super::members::{Member, REACH, Role, members};
use super::relevance::Relevance;
use super::step::{Step, steps};
use crate::event::{Column, Events};
use crate::risk::RuleSet;
use crate::time::Time;

/// The product of which events about a principal or its credentials belong to its story.
const IAM: &str = "iam";

/// What the principals of suspects did before and after the onset.
#[derive(Clone, Debug)]
pub struct Story {
    /// Its principals: the suspects' first, then those linked to them by credentials.
    pub members: Vec<Member>,
    /// What each member did in the day before the onset.
    pub before: Vec<Conduct>,
    /// What each member did since the onset.
    pub after: Vec<Conduct>,
    /// The credentials that a member made or uses, the oldest first.
    pub credentials: Vec<Credential>,
    /// The steps, in the order of time.
    pub lines: Vec<Line>,
}

impl Story {
    /// The story of some suspects. Events are the newest first; those before the day before the onset tell the usual.
    #[must_use]
    pub fn of(events: &Events, rules: &RuleSet, onset: Time, lookback: Duration, suspects: &[&Suspect]) -> Self {
        let mut credentials = Credential::all(events, rules);
        let members = members(suspects, &credentials, onset);
        let is_member =
            |id: &Option<String>| id.as_ref().is_some_and(|id| members.iter().any(|one| one.principal == *id));
        credentials.retain(|credential| is_member(&credential.maker) || is_member(&credential.principal));
        Credential::count_uses(&mut credentials, events);
        let (after, before) = (events.since(onset), events.since(onset - REACH));
        let conduct = |phase: std::ops::Range<usize>| {
            let earlier = before..events.len();
            members.iter().map(|one| Conduct::of(events, &one.principal, phase.clone(), earlier.clone())).collect()
        };
        let rows = rows(events, before, &members, &credentials);
        let relevance = Relevance::of(events, before, onset - lookback, suspects, &credentials);
        let lines = lines_of(events, rules, &rows, &relevance);
        Self { before: conduct(after..before), after: conduct(0..after), members, credentials, lines }
    }

    /// The lines of a principal.
    pub fn of_principal(&self, principal: &str) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.principal.as_deref() == Some(principal))
    }

    /// The steps of a principal's chain that concern the suspects, before or after a moment: each once and with its number of
    /// events, in the order in which they were first taken.
    #[must_use]
    pub fn chain(&self, principal: &str, is_in: impl Fn(Time) -> bool) -> Vec<(&'static Step, usize)> {
        let mut chain: Vec<(&'static Step, usize)> = Vec::new();
        for line in self.of_principal(principal).filter(|line| line.step.is_chain && line.concerns && is_in(line.time))
        {
            match chain.iter_mut().find(|(step, _)| *step == line.step) {
                Some((_, count)) => *count += line.rows.len(),
                None => chain.push((line.step, line.rows.len())),
            }
        }
        chain
    }

    /// The credentials that a principal uses and another principal made, the newest first.
    pub fn made_for<'a>(&'a self, principal: &'a str) -> impl Iterator<Item = &'a Credential> {
        self.credentials.iter().rev().filter(move |credential| credential.principal.as_deref() == Some(principal))
    }

    /// Whether a principal is that of a suspect.
    #[must_use]
    pub fn is_suspect(&self, principal: &str) -> bool {
        self.members.iter().any(|member| member.role == Role::Suspect && member.principal == principal)
    }
}

/// The rows of the members' own events, and of IAM's events about them and their credentials; they ascend.
fn rows(events: &Events, before: usize, members: &[Member], credentials: &[Credential]) -> Vec<usize> {
    let principals: HashSet<&str> = members.iter().map(|member| member.principal.as_str()).collect();
    let ids = credentials.iter().filter_map(|credential| credential.id.as_deref());
    let touched: HashSet<&str> = principals.iter().copied().chain(ids).collect();
    let recent = events.slice(0..before);
    let mut rows = Vec::new();
    recent.find(Column::PrincipalId, |id| id.is_some_and(|id| principals.contains(id)), |row| rows.push(row));
    let mut about = Vec::new();
    recent.find(Column::ResourceId, |id| id.is_some_and(|id| touched.contains(id)), |row| about.push(row));
    about.retain(|row| recent.one_text(Column::Product, *row) == Some(IAM));
    rows.extend(about);
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// The lines of some rows: steps of chains that concern the suspects, and all of interest since the lookback began.
fn lines_of(events: &Events, rules: &RuleSet, rows: &[usize], relevance: &Relevance<'_>) -> Vec<Line> {
    let some = events.only(rows);
    let steps = steps(events, rules, rows);
    let [principals, addresses, methods, actions] =
        [Column::PrincipalId, Column::SourceIp, Column::Method, Column::Action].map(|column| some.text(column));
    let (times, ids) = (some.times(), some.ids());
    let entries = (0..rows.len()).rev().filter_map(|index| {
        let (time, step) = (Time::from_nanos(times.value(index)), steps[index]);
        let event = (rows[index], ids.value(index));
        let concerns = relevance.concerns(event, time, principals.get(index), addresses.get(index));
        let is_line = time >= relevance.from && !step.is_noise() || concerns && step.is_chain;
        is_line.then(|| Entry {
            row: rows[index],
            time,
            step,
            alike: Alike {
                principal: principals.get(index),
                address: addresses.get(index),
                call: (!step.is_attempt()).then(|| (methods.get(index), actions.get(index))),
                concerns,
            },
        })
    });
    lines(entries)
}
