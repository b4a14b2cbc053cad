//! The investigation in a few sentences.

use super::super::text;
use super::case::Case;
use super::columns::{table, texts};
use super::containment;
use super::phrase;
use super::span_table::name_of;
use super::story::credential_name;
use super::suspects::Shown;
use crate::frame::{Field, Frame};
use crate::investigation::{Direction, Reversal};
use crate::time::Time;

pub(super) fn frame(case: &Case<'_>) -> Frame {
    let mut parts = vec![("onset", onset(case)), ("first suspect", first_suspect(case))];
    let onset = case.symptom.onset;
    parts.extend(phase(case, "Before the onset", |time| time < onset).map(|text| ("before", text)));
    parts.extend(credentials(case).map(|text| ("credentials", text)));
    parts.extend(phase(case, "Since the onset", |time| time >= onset).map(|text| ("after", text)));
    parts.extend(first_step(case).map(|text| ("first step", text)));
    let fields = vec![
        Field::required("part", texts(parts.iter().map(|(part, _)| (*part).to_owned()))),
        Field::required("summary", texts(parts.iter().map(|(_, text)| text::message(text).into_owned()))),
    ];
    table("summary", fields)
}

fn onset(case: &Case<'_>) -> String {
    let symptom = case.symptom;
    let found = case.spans.and_then(|spans| spans.found.first());
    let named = found.map_or_else(|| symptom.expression.clone(), |found| name_of(&found.labels));
    let metric = if named.is_empty() { "The metric".to_owned() } else { text::label(&named).into_owned() };
    let moved = if symptom.direction == Direction::Up { "rose" } else { "fell" };
    let until = match found {
        Some(found) if found.span.returned => format!(" until {}", found.span.interval.end),
        Some(_) => " and has not returned".to_owned(),
        None => String::new(),
    };
    format!("{metric} {moved} out of its band at {}{until}.", symptom.onset)
}

fn first_suspect(case: &Case<'_>) -> String {
    let Some(first) = case.suspects.first() else {
        return format!(
            "Nothing audited explains this. What has no event: {}.",
            text::listed(&case.ranking.blind_spots)
        );
    };
    let others = case.ranking.suspects.len() - 1;
    let others = match others {
        0 => String::new(),
        1 => " There is 1 more suspect.".to_owned(),
        others => format!(" There are {others} more suspects."),
    };
    format!("The first suspect is {}{others}", Shown::of(first, case.answer).why())
}

/// The chains of all principals in a phase.
fn phase(case: &Case<'_>, when: &str, is_in: impl Fn(Time) -> bool) -> Option<String> {
    let members = case.story.members.iter();
    let chains = members.map(|member| (member, case.story.chain(&member.principal, &is_in)));
    let chains = chains.filter(|(_, chain)| !chain.is_empty());
    let chains = chains.map(|(member, chain)| {
        format!("{} had {}", phrase::name(case.answer, &member.principal), phrase::chain(&chain))
    });
    let chains: Vec<String> = chains.collect();
    (!chains.is_empty()).then(|| format!("{when}, {}.", chains.join("; ")))
}

/// Who made the newest credential of each suspect's principal.
fn credentials(case: &Case<'_>) -> Option<String> {
    let suspects = case.story.members.iter().filter(|member| case.story.is_suspect(&member.principal));
    let made = suspects.filter_map(|member| {
        let credential = case.story.made_for(&member.principal).next()?;
        let maker = credential.maker.as_deref().filter(|maker| *maker != member.principal)?;
        let (who, maker) = (phrase::name(case.answer, &member.principal), phrase::name(case.answer, maker));
        let name = credential_name(credential);
        let events = phrase::several(credential.uses, "event", "events");
        Some(format!("{maker} made {name} for {who} at {}, which has {events} since", credential.time))
    });
    let made: Vec<String> = made.collect();
    (!made.is_empty()).then(|| format!("{}.", made.join("; ")))
}

/// The first thing that would stop them and was not done yet. A command stands beside ids and numbers alone: a name that a
/// caller chose could end with a command of its own.
fn first_step(case: &Case<'_>) -> Option<String> {
    let remedies = containment::of(case);
    let open = remedies.iter().filter(|remedy| remedy.done.is_none() && remedy.reversal != Reversal::Nothing);
    let first = open.min_by_key(|remedy| remedy.reversal)?;
    let page = containment::page(first).map(|page| format!(", at {page}")).unwrap_or_default();
    let command = first.command.as_ref().map(|command| format!(", or by: {command}")).unwrap_or_default();
    let which = first.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let used = phrase::used(case, &first.breaks);
    Some(format!("First: {}{which}{page}{command}. {used}.", first.step))
}
