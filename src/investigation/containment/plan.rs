use std::collections::HashSet;

use super::super::ranking::Suspect;
use super::super::story::{Member, Role, Story};
use super::context::Context;
use super::history::History;
use super::remedy::{Entry, Of, Reversal};
use super::template::{Values, filled};
use super::usage::{Usage, Usages};
use crate::event::{Column, Events, Long, status_class};
use crate::locale::Sentence;
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
    /// What to do.
    pub(crate) step: Sentence<'static>,
    /// How its effect can be undone.
    pub reversal: Reversal,
    /// The id of its resource, where that has a form that no caller chooses.
    pub id: Option<String>,
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
}

/// What makes a remedy: a row of the table, for a member of the story or one of its events.
struct Planned<'a> {
    member: &'a Member,
    entry: &'static Entry,
    /// The event that the remedy answers: of several, the newest.
    row: Option<usize>,
    command: Option<String>,
}

/// What is done with the same command to the same resource: one server is powered off once, whatever was done to it.
type Same = (Sentence<'static>, Option<String>, Option<String>);

/// The remedies for some suspects: those of each principal together, and of these the ones first that are undone best.
#[must_use]
pub fn remedies(
    events: &Events,
    rules: &RuleSet,
    story: &Story,
    suspects: &[&Suspect],
    kind: impl Fn(&str) -> Option<PrincipalKind>,
) -> Vec<Remedy> {
    let mut known = HashSet::new();
    let mut planned: Vec<Planned<'_>> = Vec::new();
    for member in &story.members {
        let of_principal = match kind(&member.principal) {
            Some(PrincipalKind::User) => Some(Of::User),
            Some(PrincipalKind::Application) => Some(Of::Application),
            None => None,
        };
        let own = of_principal.into_iter().flat_map(Entry::all).map(|entry| Planned::of(events, member, entry, None));
        let mut found: Vec<Planned<'_>> = own.chain(of_events(events, rules, story, member)).collect();
        found.retain(|planned| known.insert(planned.same(events)));
        found.sort_by_key(|planned| (planned.entry.row.reversal, planned.entry.row.order));
        found.truncate(MOST);
        planned.extend(found);
    }
    let resources: HashSet<&str> = planned.iter().filter_map(|planned| planned.context(events).target()).collect();
    let history = History::of(events, &resources);
    let mut maker = Maker { events, story, suspects, history, usages: Usages::of(events) };
    planned.iter().map(|planned| maker.made(planned)).collect()
}

/// What answers the events of a member that succeeded and concern the suspects, the newest first.
fn of_events<'a>(events: &Events, rules: &RuleSet, story: &'a Story, member: &'a Member) -> Vec<Planned<'a>> {
    let lines = story.of_principal(&member.principal).filter(|line| line.concerns);
    let mut rows: Vec<usize> = lines.flat_map(|line| &line.rows).copied().collect();
    rows.sort_unstable();
    let mut planned = Vec::new();
    for row in rows {
        let text = |column| events.one_text(column, row);
        if text(Column::StatusClass) != Some(status_class::SUCCEEDED) {
            continue;
        }
        let body = events.one(Long::RequestBody, row);
        let action = Action {
            kind: text(Column::Kind).expect("each event has a kind"),
            product: text(Column::Product),
            service: text(Column::Service),
            method: text(Column::Method),
            principal: text(Column::PrincipalId),
            request_body: body.as_deref(),
            ..Action::default()
        };
        let product = rules.product(&action).or(action.product);
        let entries = Entry::all(Of::Event).filter(|entry| entry.is_of(product, &action));
        planned.extend(entries.map(|entry| Planned::of(events, member, entry, Some(row))));
    }
    planned
}

impl<'a> Planned<'a> {
    fn of(events: &Events, member: &'a Member, entry: &'static Entry, row: Option<usize>) -> Self {
        let command = filled(&entry.row.command, &Context::of(events, &member.principal, row));
        Self { member, entry, row, command }
    }

    fn context<'b>(&'b self, events: &'b Events) -> Context<'b> {
        Context::of(events, &self.member.principal, self.row)
    }

    fn same(&self, events: &Events) -> Same {
        let resource = self.row.and_then(|row| events.one_text(Column::ResourceId, row));
        (self.entry.row.step, self.command.clone(), resource.map(str::to_owned))
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

/// The events and counts from which plans become remedies.
struct Maker<'a> {
    events: &'a Events,
    story: &'a Story,
    suspects: &'a [&'a Suspect],
    history: History<'a>,
    usages: Usages<'a>,
}

impl Maker<'_> {
    fn made(&mut self, planned: &Planned<'_>) -> Remedy {
        let Planned { member, entry, row, command } = planned;
        let (events, table) = (self.events, &entry.row);
        let context = planned.context(events);
        let ids: &[&str] = if row.is_some() { &["{resource:uuid}", "{resource:key}"] } else { &["{principal:uuid}"] };
        // A principal that did something after it was locked is not locked.
        let since = row.or_else(|| self.newest(member)).unwrap_or(events.len());
        Remedy {
            suspects: ranks(member, self.story, self.suspects),
            principal: member.principal.clone(),
            row: *row,
            step: table.step,
            reversal: table.reversal,
            id: ids.iter().find_map(|id| filled(id, &context)),
            page: filled(&table.console, &context),
            command: command.clone(),
            undo: filled(&table.undo, &context),
            done: self.history.done(entry, &context, since),
            breaks: self.breaks(&table.breaks, &context, *row),
        }
    }

    /// The newest row of what a principal did with success.
    fn newest(&self, member: &Member) -> Option<usize> {
        let rows = self.story.of_principal(&member.principal).flat_map(|line| &line.rows).copied();
        let is_success = |row: &usize| self.events.one_text(Column::StatusClass, *row) == Some(status_class::SUCCEEDED);
        rows.filter(is_success).min()
    }

    fn breaks(&mut self, of: &str, context: &Context<'_>, row: Option<usize>) -> Usage {
        let principal = match of {
            "" => None,
            "resource" => {
                let Some(id) = context.target() else { return Usage::Nothing };
                return self.usages.of_resource(id, self.history.rows(id));
            }
            "credential" => {
                let made = self.story.credentials.iter().find(|credential| Some(credential.row) == row);
                made.and_then(|credential| credential.principal.clone())
            }
            key => context.value(key),
        };
        principal.map_or(Usage::Nothing, |id| self.usages.of_principal(&id))
    }
}
