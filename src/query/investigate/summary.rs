//! The investigation in a few sentences.

use super::super::text;
use super::case::Case;
use super::columns::{table, texts};
use super::containment;
use super::notices::blind_spots;
use super::phrase;
use super::span_table::name_of;
use super::story::credential_name;
use super::suspects::Shown;
use crate::frame::{Field, Frame};
use crate::investigation::{Direction, Reversal};
use crate::locale::Sentence;
use crate::time::Time;

pub(super) fn frame(case: &Case<'_>) -> Frame {
    let mut parts = vec![(Sentence::PartOnset, onset(case)), (Sentence::PartFirstSuspect, first_suspect(case))];
    let (onset, language) = (case.symptom.onset, case.language());
    let before = chains(case, |time| time < onset);
    parts.extend(before.map(|chains| (Sentence::PartBefore, Sentence::HadBefore { chains: &chains }.text(language))));
    parts.extend(credentials(case).map(|text| (Sentence::PartCredentials, text)));
    let since = chains(case, |time| time >= onset);
    parts.extend(since.map(|chains| (Sentence::PartAfter, Sentence::HadSince { chains: &chains }.text(language))));
    parts.extend(first_step(case).map(|text| (Sentence::PartFirstStep, text)));
    let fields = vec![
        Field::required("part", texts(parts.iter().map(|(part, _)| part.text(language)))),
        Field::required("summary", texts(parts.iter().map(|(_, text)| text::message(text).into_owned()))),
    ];
    table("summary", fields)
}

fn onset(case: &Case<'_>) -> String {
    let (symptom, language) = (case.symptom, case.language());
    let found = case.spans.and_then(|spans| spans.found.first());
    let named = found.map_or_else(|| symptom.expression.clone(), |found| name_of(&found.labels));
    let unnamed = || Sentence::MetricAtStart.text(language);
    let metric = &if named.is_empty() { unnamed() } else { text::label(&named).into_owned() };
    let time = &symptom.onset.to_string();
    let until = &match found {
        Some(found) if found.span.returned => {
            Sentence::UntilTime { time: &found.span.interval.end.to_string() }.text(language)
        }
        Some(_) => Sentence::NotReturned.text(language),
        None => String::new(),
    };
    match symptom.direction {
        Direction::Up => Sentence::Rose { metric, time, until }.text(language),
        Direction::Down => Sentence::Fell { metric, time, until }.text(language),
    }
}

fn first_suspect(case: &Case<'_>) -> String {
    let language = case.language();
    let Some(first) = case.suspects.first() else {
        return Sentence::NothingExplains { blind_spots: &blind_spots(language, case.ranking) }.text(language);
    };
    let first = Sentence::FirstSuspect { why: &Shown::of(first, case.answer).why() }.text(language);
    match case.ranking.suspects.len() - 1 {
        0 => first,
        others => Sentence::MoreSuspects { first: &first, others }.text(language),
    }
}

/// The chains of all principals in a phase.
fn chains(case: &Case<'_>, is_in: impl Fn(Time) -> bool) -> Option<String> {
    let language = case.language();
    let members = case.story.members.iter();
    let chains = members.map(|member| (member, case.story.chain(&member.principal, &is_in)));
    let chains = chains.filter(|(_, chain)| !chain.is_empty());
    let chains = chains.map(|(member, chain)| {
        let (who, chain) = (&phrase::name(case.answer, &member.principal), &phrase::chain(language, &chain));
        Sentence::Had { who, chain }.text(language)
    });
    let chains: Vec<String> = chains.collect();
    (!chains.is_empty()).then(|| chains.join(&Sentence::Separator.text(language)))
}

/// Who made the newest credential of each suspect's principal.
fn credentials(case: &Case<'_>) -> Option<String> {
    let language = case.language();
    let suspects = case.story.members.iter().filter(|member| case.story.is_suspect(&member.principal));
    let made = suspects.filter_map(|member| {
        let made = case.story.made_for(&member.principal).next()?;
        let maker = made.maker.as_deref().filter(|maker| *maker != member.principal)?;
        let (who, maker) = (&phrase::name(case.answer, &member.principal), &phrase::name(case.answer, maker));
        let (credential, time) = (&credential_name(language, made), &made.time.to_string());
        Some(Sentence::MadeFor { maker, credential, who, time, events: made.uses }.text(language))
    });
    let made: Vec<String> = made.collect();
    (!made.is_empty()).then(|| format!("{}.", made.join(&Sentence::Separator.text(language))))
}

/// The first thing that would stop them and was not done yet. A command stands beside ids and numbers alone: a name that a
/// caller chose could end with a command of its own.
fn first_step(case: &Case<'_>) -> Option<String> {
    let language = case.language();
    let remedies = containment::of(case);
    let open = remedies.iter().filter(|remedy| remedy.done.is_none() && remedy.reversal != Reversal::Nothing);
    let first = open.min_by_key(|remedy| remedy.reversal)?;
    let page = containment::page(first);
    let page = page.as_deref().map(|page| Sentence::OnPage { page }.text(language)).unwrap_or_default();
    let command = first.command.as_deref();
    let command = command.map(|command| Sentence::ByCommand { command }.text(language)).unwrap_or_default();
    let which = first.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let (step, used) = (&first.step.text(language), &phrase::used(case, &first.breaks));
    Some(Sentence::FirstStep { step, which: &which, page: &page, command: &command, used }.text(language))
}
