//! Parts of sentences about principals, steps and resources.

use std::collections::BTreeMap;

use super::super::answer::Answer;
use super::super::text::{listed, plain};
use super::case::Case;
use super::notices::days;
use crate::event::status_class;
use crate::investigation::{Line, Role, Seen, Step, Usage};
use crate::locale::{Language, Sentence};

/// The name of a principal.
pub(super) fn name(answer: &Answer, id: &str) -> String {
    plain(answer.name(id).unwrap_or(id)).into_owned()
}

/// A text, and how often it was seen where that is more than once.
fn times(text: &str, count: usize) -> String {
    if count > 1 { format!("{text} ×{count}") } else { text.to_owned() }
}

/// Texts with how often each was seen; new ones are named.
pub(super) fn seen(language: Language, seen: &[Seen]) -> String {
    let text = |seen: &Seen| {
        let what = &times(&plain(&seen.text), seen.count);
        if seen.is_new { Sentence::New { what }.text(language) } else { what.clone() }
    };
    listed(language, &seen.iter().map(text).collect::<Vec<_>>())
}

/// Why a principal is in the story.
pub(super) fn role(answer: &Answer, role: &Role) -> String {
    match role {
        Role::Suspect => Sentence::Suspect.text(answer.language),
        Role::Maker(of) => Sentence::MadeCredentialOf { name: &name(answer, of) }.text(answer.language),
        Role::User(of) => Sentence::UsesCredentialOf { name: &name(answer, of) }.text(answer.language),
    }
}

/// The steps of a chain.
pub(super) fn chain(language: Language, chain: &[(&Step, usize)]) -> String {
    chain.iter().map(|(step, count)| times(&step.name.text(language), *count)).collect::<Vec<_>>().join(", ")
}

/// Who did what, how often, to which, from where.
pub(super) fn line(case: &Case<'_>, line: &Line) -> String {
    let (sentences, language, first) = (&case.sentences, case.language(), line.rows[0]);
    let unknown = Sentence::UnknownPrincipal.text(language);
    let who = sentences.who.get(first).unwrap_or(&unknown);
    let what = distinct(line, |row| sentences.what.get(row));
    let which = distinct(line, |row| sentences.which.get(row));
    let which = listed(language, &which);
    let on = (!which.is_empty()).then(|| Sentence::On { what: &which }.text(language));
    let from = sentences.origin.get(first).map(|what| Sentence::From { what }.text(language));
    let is_call = sentences.class.get(first) != Some("login_failures");
    let failed = sentences.outcome.get(first).filter(|outcome| *outcome != status_class::SUCCEEDED && is_call);
    let result = failed.and(sentences.result.get(first)).map(|result| format!("({result})"));
    let deed = format!("{who} {}", listed(language, &what));
    [Some(deed), on, from, result].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The texts of a line's events, each with how often it is.
fn distinct<'a>(line: &Line, text: impl Fn(usize) -> Option<&'a str>) -> Vec<String> {
    let mut found: Vec<(&str, usize)> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for text in line.rows.iter().filter_map(|row| text(*row)) {
        let index = *known.entry(text).or_insert_with(|| {
            found.push((text, 0));
            found.len() - 1
        });
        found[index].1 += 1;
    }
    found.into_iter().map(|(text, count)| times(text, count)).collect()
}

/// The days that the events cover.
fn covered(case: &Case<'_>) -> usize {
    let events = &case.answer.events;
    let oldest = events.len().checked_sub(1).map(|last| events.time(last));
    let length = events.newest_time().zip(oldest).map(|(newest, oldest)| newest.since(oldest));
    days(length.unwrap_or_default())
}

/// How much a remedy breaks besides, without a name.
pub(super) fn used(case: &Case<'_>, usage: &Usage) -> String {
    let days = covered(case);
    let used = match usage {
        Usage::Nothing => Sentence::NoOtherUse,
        Usage::Principal { conduct, .. } => Sentence::UsedByEvents { events: conduct.events, days },
        Usage::Resource { principals, .. } => Sentence::UsedByPrincipals { principals: principals.len(), days },
    };
    used.text(case.language())
}

/// What a remedy breaks besides.
pub(super) fn breaks(case: &Case<'_>, usage: &Usage) -> String {
    let (days, language) = (covered(case), case.language());
    match usage {
        Usage::Nothing => Sentence::BreaksNothing.text(language),
        Usage::Principal { id, conduct } => {
            let who = &name(case.answer, id);
            let [addresses, agents, resources] =
                [&conduct.addresses, &conduct.agents, &conduct.resources].map(|all| seen(language, all));
            let parts = [
                (&addresses, Sentence::From { what: &addresses }),
                (&agents, Sentence::With { what: &agents }),
                (&resources, Sentence::On { what: &resources }),
            ];
            let parts = parts.iter().filter(|(all, _)| !all.is_empty()).map(|(_, part)| part.text(language));
            let parts = &parts.collect::<Vec<_>>().join(&Sentence::Separator.text(language));
            match conduct.events {
                0 => Sentence::BreaksUnused { who, days }.text(language),
                events => Sentence::BreaksUsed { who, events, days, parts }.text(language),
            }
        }
        Usage::Resource { principals, .. } => {
            let named = principals.iter().map(|one| Seen { text: name(case.answer, &one.text), ..one.clone() });
            let who = &seen(language, &named.collect::<Vec<_>>());
            Sentence::BreaksActedOn { days, who }.text(language)
        }
    }
}
