use std::collections::HashSet;

use serde_json::Value;

use super::super::ranking::Suspect;
use super::super::story::{Line, Member, Role, Story, text_of};
use super::remedy::{Entry, Of, Reversal};
use super::template::{Values, filled};
use super::usage::Usage;
use crate::event::{Column, Events, Long, status_class};
use crate::risk::{Action, RuleSet};
use crate::scaleway::iam::PrincipalKind;

/// A principal has at most so many remedies.
const MOST: usize = 40;

/// What would stop a suspect, or a principal that is linked to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// The suspects that it is about: their ranks, from 1.
    pub suspects: Vec<usize>,
    /// The principal whose doing it stops.
    pub principal: String,
    /// The row of the event that it answers; none where it is about the principal.
    pub row: Option<usize>,
    /// In words.
    pub step: &'static str,
    /// How its effect can be undone.
    pub reversal: Reversal,
    /// The path of the console's page.
    pub page: Option<String>,
    /// The command, where each of its values is of its form.
    pub command: Option<String>,
    /// The command that undoes it.
    pub undo: Option<String>,
    /// The row of the event that shows that it was applied.
    pub done: Option<usize>,
    /// What else it breaks.
    pub breaks: Usage,
    order: u32,
}

/// The remedies for some suspects: those of each principal together, and of these the ones first that are undone best.
#[must_use]
pub fn remedies(
    events: &Events,
    rules: &RuleSet,
    story: &Story,
    suspects: &[&Suspect],
    kind: impl Fn(&str) -> Option<PrincipalKind>,
) -> Vec<Remedy> {
    let mut remedies: Vec<Remedy> = Vec::new();
    let mut commands = HashSet::new();
    for member in &story.members {
        let ranks = ranks(member, story, suspects);
        let maker = Maker { events, rules, story, member, ranks };
        let of_principal = match kind(&member.principal) {
            Some(PrincipalKind::User) => Some(Of::User),
            Some(PrincipalKind::Application) => Some(Of::Application),
            None => None,
        };
        let own = of_principal.into_iter().flat_map(Entry::all).map(|entry| maker.made(entry, None));
        let lines = story.of_principal(&member.principal).filter(|line| line.concerns);
        let of_events = lines.flat_map(|line| maker.of_line(line));
        let mut found: Vec<Remedy> = own.chain(of_events).collect();
        // One server is powered off once, whatever was done to it.
        found.retain(|remedy| commands.insert((remedy.step, remedy.command.clone(), remedy.resource(events))));
        found.sort_by_key(|remedy| (remedy.reversal, remedy.order));
        found.truncate(MOST);
        remedies.extend(found);
    }
    remedies
}

impl Remedy {
    fn resource(&self, events: &Events) -> Option<String> {
        events.one_text(Column::ResourceId, self.row?).map(str::to_owned)
    }
}

/// The ranks of the suspects that a principal is, or is linked to.
fn ranks(member: &Member, story: &Story, suspects: &[&Suspect]) -> Vec<usize> {
    let mut principal = &member.principal;
    let mut role = &member.role;
    // A link leads to a principal that came into the story before.
    while let Role::Maker(other) | Role::User(other) = role {
        principal = other;
        role = &story.members.iter().find(|member| member.principal == *other).expect("a link is to a member").role;
    }
    let own = suspects.iter().zip(1..).filter(|(suspect, _)| suspect.principal.as_ref() == Some(principal));
    own.map(|(_, rank)| rank).collect()
}

/// What makes the remedies of one principal.
struct Maker<'a> {
    events: &'a Events,
    rules: &'a RuleSet,
    story: &'a Story,
    member: &'a Member,
    ranks: Vec<usize>,
}

impl Maker<'_> {
    fn of_line(&self, line: &Line) -> Vec<Remedy> {
        let mut remedies = Vec::new();
        for row in &line.rows {
            if self.events.one_text(Column::StatusClass, *row) != Some(status_class::SUCCEEDED) {
                continue;
            }
            let body = self.events.one(Long::RequestBody, *row);
            let action = self.action(*row, body.as_deref());
            let found = Entry::all(Of::Event).filter(|entry| entry.is_of(&action, self.rules));
            remedies.extend(found.map(|entry| self.made(entry, Some((*row, body.as_deref())))));
        }
        remedies
    }

    fn action<'b>(&'b self, row: usize, request_body: Option<&'b str>) -> Action<'b> {
        let text = |column| self.events.one_text(column, row);
        Action {
            kind: text(Column::Kind).expect("each event has a kind"),
            product: text(Column::Product),
            service: text(Column::Service),
            method: text(Column::Method),
            principal: text(Column::PrincipalId),
            request_body,
            ..Action::default()
        }
    }

    fn made(&self, entry: &'static Entry, event: Option<(usize, Option<&str>)>) -> Remedy {
        let row = event.map(|(row, _)| row);
        let body = event.and_then(|(_, body)| serde_json::from_str(body?).ok()).unwrap_or_default();
        let context = Context { events: self.events, principal: &self.member.principal, row, body };
        let table = &entry.row;
        Remedy {
            suspects: self.ranks.clone(),
            principal: self.member.principal.clone(),
            row,
            step: &table.step,
            reversal: table.reversal,
            page: filled(&table.console, &context),
            command: filled(&table.command, &context),
            undo: filled(&table.undo, &context),
            done: self.done(entry, row),
            breaks: self.breaks(&table.breaks, &context),
            order: table.order,
        }
    }

    /// The event that shows that a remedy was applied: one on the same resource, or the principal itself, and later.
    fn done(&self, entry: &Entry, row: Option<usize>) -> Option<usize> {
        let id = match row {
            Some(row) => self.events.one_text(Column::ResourceId, row)?,
            None => &self.member.principal,
        };
        let later = self.events.slice(0..row.unwrap_or(self.events.len()));
        let mut done = Vec::new();
        later.find(Column::ResourceId, |other| other == Some(id), |row| done.push(row));
        done.into_iter().find(|row| {
            let has_succeeded = later.one_text(Column::StatusClass, *row) == Some(status_class::SUCCEEDED);
            has_succeeded && later.one_text(Column::Method, *row).is_some_and(|method| entry.is_done_by(method))
        })
    }

    fn breaks(&self, of: &str, context: &Context<'_>) -> Usage {
        let of_principal = |id: &str| Usage::of_principal(self.events, id);
        match of {
            "" => Usage::Nothing,
            "principal" => of_principal(&self.member.principal),
            "resource" => context.value("resource").map_or(Usage::Nothing, |id| Usage::of_resource(self.events, &id)),
            "credential" => {
                let made = self.story.credentials.iter().find(|credential| Some(credential.row) == context.row);
                made.and_then(|credential| credential.principal.as_deref()).map_or(Usage::Nothing, of_principal)
            }
            key => context.value(key).map_or(Usage::Nothing, |id| of_principal(&id)),
        }
    }
}

/// The values of an event and of a principal.
struct Context<'a> {
    events: &'a Events,
    principal: &'a str,
    row: Option<usize>,
    body: Value,
}

impl Values for Context<'_> {
    fn value(&self, name: &str) -> Option<String> {
        if name == "principal" {
            return Some(self.principal.to_owned());
        }
        if let Some(key) = name.strip_prefix("body.") {
            return text_of(&self.body, key).map(str::to_owned);
        }
        let column = match name {
            "resource" => Column::ResourceId,
            "project" => Column::Project,
            "zone" => Column::Locality,
            "region" => Column::Region,
            _ => return None,
        };
        self.events.one_text(column, self.row?).map(str::to_owned)
    }
}
