//! The table of suspects.

use std::sync::Arc;

use arrow::array::{BinaryArray, Float64Array, Int64Array};
use serde_json::json;

use super::super::answer::Answer;
use super::super::principals::SCALEWAY;
use super::super::text;
use super::columns::{cells, some_texts, table, texts, times};
use crate::event::{Column, Long};
use crate::frame::{Field, Frame};
use crate::investigation::{Part, Suspect};
use crate::locale::{Language, Sentence};
use crate::time::Time;

/// Names and texts of a suspect as a person reads them.
pub(super) struct Shown<'a> {
    suspect: &'a Suspect,
    language: Language,
    pub(super) who: String,
    pub(super) what: String,
    pub(super) which: String,
}

impl<'a> Shown<'a> {
    pub(super) fn of(suspect: &'a Suspect, answer: &Answer) -> Self {
        let who = suspect.principal.as_deref().map_or(SCALEWAY, |id| answer.name(id).unwrap_or(id));
        let language = answer.language;
        let unknown = Sentence::UnknownMethod.text(language);
        let method = suspect.method.as_deref().unwrap_or(&unknown);
        let what = [Some(method), suspect.action.as_deref()].into_iter().flatten().map(text::plain).collect::<Vec<_>>();
        let which = suspect.resource_name.as_deref().or(suspect.resource.as_deref());
        let nothing = Sentence::NoResourceNamed.text(language);
        Self {
            suspect,
            language,
            who: text::plain(who).into_owned(),
            what: what.join(" "),
            which: text::plain(which.unwrap_or(&nothing)).into_owned(),
        }
    }

    pub(super) fn why(&self) -> String {
        self.suspect.sentence(self.language, &self.what, &self.which, &self.who)
    }
}

/// The table of suspects, the best first; a column for the points of each part of the score.
pub(super) fn suspect_table(suspects: &[(&Suspect, bool)], answer: &Answer, onset: Time) -> Frame {
    let shown: Vec<Shown<'_>> = suspects.iter().map(|(suspect, _)| Shown::of(suspect, answer)).collect();
    let verdict = |above: bool| if above { Sentence::Suspect } else { Sentence::BelowLine };
    let verdicts = suspects.iter().map(|(_, above)| verdict(*above).text(answer.language));
    let before = shown.iter().map(|shown| seconds_before(shown.suspect.time, onset));
    let ids = shown.iter().map(|shown| json!(shown.suspect.events).to_string());
    let evidence = shown.iter().map(|shown| {
        let found = shown.suspect.evidence.iter();
        json!(found.map(|evidence| evidence.event.as_str()).collect::<Vec<_>>()).to_string()
    });
    let totals = shown.iter().map(|shown| shown.suspect.total);
    let mut fields = vec![
        Field::required("rank", Arc::new(Int64Array::from_iter_values((1..).take(shown.len())))),
        Field::required("verdict", texts(verdicts)),
        Field::required("score", Arc::new(Float64Array::from_iter_values(totals))),
        Field::required("time", times(shown.iter().map(|shown| shown.suspect.time))),
        Field::required("seconds_before", Arc::new(Float64Array::from_iter_values(before))),
        Field::required("principal", texts(shown.iter().map(|shown| shown.who.clone()))),
        Field::required("method", texts(shown.iter().map(|shown| shown.what.clone()))),
        Field::required("resource_name", texts(shown.iter().map(|shown| shown.which.clone()))),
        Field::required("why", texts(shown.iter().map(Shown::why))),
    ];
    for (index, part) in Part::ALL.into_iter().enumerate() {
        let points = shown.iter().map(|shown| shown.suspect.points[index].points);
        let name = if part == Part::Time { "time_points" } else { part.as_str() };
        fields.push(Field::required(name, Arc::new(Float64Array::from_iter_values(points))));
    }
    fields.extend([
        Field::new("principal_id", cells(suspects.iter().map(|(suspect, _)| &suspect.principal))),
        Field::new("source_ip", some_texts(suspects.iter().map(|(suspect, _)| address(answer, suspect)))),
        Field::new("product", cells(suspects.iter().map(|(suspect, _)| &suspect.product))),
        Field::new("resource_type", cells(suspects.iter().map(|(suspect, _)| &suspect.resource_type))),
        Field::new("resource_id", cells(suspects.iter().map(|(suspect, _)| &suspect.resource))),
        Field::required("events", Arc::new(BinaryArray::from_iter_values(ids))),
        Field::required("evidence", Arc::new(BinaryArray::from_iter_values(evidence))),
    ]);
    table("suspects", fields)
}

/// How many seconds before the onset a moment is; below zero after it.
fn seconds_before(time: Time, onset: Time) -> f64 {
    if time > onset { -time.since(onset).as_secs_f64() } else { onset.since(time).as_secs_f64() }
}

/// The row of a suspect's newest event.
pub(super) fn row_of(answer: &Answer, suspect: &Suspect) -> Option<usize> {
    let (events, time) = (&answer.events, suspect.time);
    let id = suspect.events.first()?;
    // Events are the newest first: those of its time are the last that are not older.
    let same = events.since(time.next())..events.since(time);
    same.into_iter().find(|row| events.one(Long::Id, *row).as_ref() == Some(id))
}

fn address(answer: &Answer, suspect: &Suspect) -> Option<String> {
    let row = row_of(answer, suspect)?;
    answer.events.one_text(Column::SourceIp, row).map(|address| text::cell(address).into_owned())
}
