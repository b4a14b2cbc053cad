//! Parts of sentences about principals, steps and resources.

use std::collections::BTreeMap;

use super::super::answer::Answer;
use super::super::sentence::Sentences;
use super::super::text::{listed, plain};
use super::case::Case;
use super::notices::days;
use crate::event::status_class;
use crate::investigation::{Line, Role, Seen, Step, Usage};

/// The name of a principal.
pub(super) fn name(answer: &Answer, id: &str) -> String {
    plain(answer.name(id).unwrap_or(id)).into_owned()
}

/// A number of things.
pub(super) fn several(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A text, and how often it was seen where that is more than once.
fn times(text: &str, count: usize) -> String {
    if count > 1 { format!("{text} ×{count}") } else { text.to_owned() }
}

/// Texts with how often each was seen; new ones are named.
pub(super) fn seen(seen: &[Seen]) -> String {
    let text = |seen: &Seen| {
        let new = if seen.is_new { " (new)" } else { "" };
        format!("{}{new}", times(&plain(&seen.text), seen.count))
    };
    listed(&seen.iter().map(text).collect::<Vec<_>>())
}

/// Why a principal is in the story.
pub(super) fn role(answer: &Answer, role: &Role) -> String {
    match role {
        Role::Suspect => "suspect".to_owned(),
        Role::Maker(of) => format!("made a credential of {}", name(answer, of)),
        Role::User(of) => format!("uses a credential that {} made", name(answer, of)),
    }
}

/// The steps of a chain.
pub(super) fn chain(chain: &[(&Step, usize)]) -> String {
    chain.iter().map(|(step, count)| times(&step.name, *count)).collect::<Vec<_>>().join(", ")
}

/// Who did what, how often, to which, from where.
pub(super) fn line(sentences: &Sentences<'_>, line: &Line) -> String {
    let first = line.rows[0];
    let who = sentences.who.get(first).unwrap_or("unknown principal");
    let what = distinct(line, |row| sentences.what.get(row));
    let which = distinct(line, |row| sentences.which.get(row));
    let on = if which.is_empty() { String::new() } else { format!(" on {}", listed(&which)) };
    let from = sentences.origin.get(first).map(|origin| format!(" from {origin}")).unwrap_or_default();
    let is_call = sentences.class.get(first) != Some("login_failures");
    let failed = sentences.outcome.get(first).filter(|outcome| *outcome != status_class::SUCCEEDED && is_call);
    let result = failed.and(sentences.result.get(first)).map(|result| format!(" ({result})")).unwrap_or_default();
    format!("{who} {}{on}{from}{result}", listed(&what))
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
fn covered(case: &Case<'_>) -> String {
    let newest = case.answer.events.times().values().first();
    let oldest = case.answer.events.times().values().last();
    let length = newest.zip(oldest).map_or(0, |(newest, oldest)| newest - oldest);
    let length = std::time::Duration::from_nanos(u64::try_from(length).unwrap_or_default());
    several(usize::try_from(days(length)).unwrap_or_default(), "day", "days")
}

/// How much a remedy breaks besides, without a name.
pub(super) fn used(case: &Case<'_>, usage: &Usage) -> String {
    let within = covered(case);
    match usage {
        Usage::Nothing => "No other use is known".to_owned(),
        Usage::Principal { conduct, .. } => {
            format!("What it breaks has {} in {within}", several(conduct.events, "event", "events"))
        }
        Usage::Resource { principals, .. } => {
            format!("In {within}, {} acted on it", several(principals.len(), "principal", "principals"))
        }
    }
}

/// What a remedy breaks besides.
pub(super) fn breaks(case: &Case<'_>, usage: &Usage) -> String {
    let within = covered(case);
    match usage {
        Usage::Nothing => "nothing that events show".to_owned(),
        Usage::Principal { id, conduct } => {
            let who = name(case.answer, id);
            if conduct.events == 0 {
                return format!("{who} has no event in {within}");
            }
            let parts = [("from", &conduct.addresses), ("with", &conduct.agents), ("on", &conduct.resources)];
            let parts = parts.iter().filter(|(_, all)| !all.is_empty());
            let parts = parts.map(|(word, all)| format!("{word} {}", seen(all))).collect::<Vec<_>>();
            let events = several(conduct.events, "event", "events");
            format!("{who} has {events} in {within}: {}", parts.join("; "))
        }
        Usage::Resource { principals, .. } => {
            let named = principals.iter().map(|one| Seen { text: name(case.answer, &one.text), ..one.clone() });
            format!("in {within} it was acted on by {}", seen(&named.collect::<Vec<_>>()))
        }
    }
}
