//! What would stop the suspects, as a table.

use super::super::console::CONSOLE;
use super::super::text;
use super::case::Case;
use super::columns::{cells, some_texts, table, texts};
use super::phrase;
use super::suspects::Shown;
use crate::event::Column;
use crate::frame::{Field, Frame};
use crate::investigation::{Remedy, remedies};
use crate::locale::Sentence;

/// The remedies for the suspects.
pub(super) fn of(case: &Case<'_>) -> Vec<Remedy> {
    let kind = |id: &str| case.answer.names.get(id).map(|who| who.kind);
    remedies(&case.answer.events, &case.answer.rules, &case.story, &case.suspects, kind)
}

pub(super) fn frame(case: &Case<'_>) -> Frame {
    let all = of(case);
    let suspects = |remedy: &Remedy| remedy.suspects.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let commands: Vec<(Option<String>, Option<String>)> =
        all.iter().map(|remedy| (remedy.command.clone(), remedy.undo.clone())).collect();
    let fields = vec![
        Field::required("suspects", texts(all.iter().map(suspects))),
        Field::required("suspect", texts(all.iter().map(|remedy| suspect(case, remedy)))),
        Field::required("principal", texts(all.iter().map(|remedy| phrase::name(case.answer, &remedy.principal)))),
        Field::required("step", texts(all.iter().map(|remedy| step(case, remedy)))),
        Field::required("reversible", texts(all.iter().map(|remedy| remedy.reversal.words().text(case.language())))),
        Field::new("done", some_texts(all.iter().map(|remedy| done(case, remedy)))),
        Field::required("breaks", texts(all.iter().map(|remedy| phrase::breaks(case, &remedy.breaks)))),
        Field::new("console_url", some_texts(all.iter().map(page))),
        Field::new("command", cells(commands.iter().map(|(command, _)| command))),
        Field::new("undo", cells(commands.iter().map(|(_, undo)| undo))),
    ];
    table("containment", fields)
}

/// The page of the console about a remedy.
pub(super) fn page(remedy: &Remedy) -> Option<String> {
    remedy.page.as_ref().map(|page| format!("{CONSOLE}{page}"))
}

/// The first suspect that a remedy is about.
fn suspect(case: &Case<'_>, remedy: &Remedy) -> String {
    let first = remedy.suspects.first().map(|rank| case.suspects[rank - 1]);
    first.map_or_else(String::new, |suspect| {
        let shown = Shown::of(suspect, case.answer);
        format!("{} {} {}", shown.who, shown.what, shown.which)
    })
}

/// What to do, and with which resource.
fn step(case: &Case<'_>, remedy: &Remedy) -> String {
    let events = &case.answer.events;
    let name = |row: &usize| events.one_text(Column::ResourceName, *row).or(events.one_text(Column::ResourceId, *row));
    let resource = remedy.row.as_ref().and_then(name);
    let which =
        resource.map_or_else(|| phrase::name(case.answer, &remedy.principal), |name| text::plain(name).into_owned());
    format!("{} ({which})", remedy.step.text(case.language()))
}

/// When and by whom it was done.
fn done(case: &Case<'_>, remedy: &Remedy) -> Option<String> {
    let row = remedy.done?;
    let time = case.answer.events.time(row);
    let who = case.answer.events.one_text(Column::PrincipalId, row).map(|id| phrase::name(case.answer, id));
    let who = who.unwrap_or_else(|| Sentence::UnknownPrincipal.text(case.language()));
    Some(Sentence::DoneBy { time: &time.to_string(), who: &who }.text(case.language()))
}
