//! The span of the metric as a region, and the suspects as annotations.

use super::super::annotation_links::Links;
use super::super::annotation_row::{Row, Shows, fields};
use super::super::annotation_text;
use super::super::console::Pages;
use super::case::Case;
use super::span_table::name_of;
use super::suspects::{Shown, row_of};
use crate::event::Events;
use crate::frame::{Frame, Meta};
use crate::investigation::Suspect;
use crate::locale::Sentence;
use crate::time::Interval;

pub(super) fn frame(case: &Case<'_>, overlay: bool) -> Frame {
    let pages = Pages::of(case.answer);
    let suspects = case.suspects.iter().zip(1..).filter_map(|(suspect, rank)| of_suspect(case, suspect, rank, &pages));
    let rows: Vec<Row> = std::iter::once(span(case)).chain(suspects).collect();
    let data_topic = overlay.then(|| "annotations".to_owned());
    Frame {
        name: "annotations".to_owned(),
        meta: Meta { data_topic, ..Meta::default() },
        fields: fields(&rows, overlay, true),
    }
}

/// The region in which the metric is out of its band.
fn span(case: &Case<'_>) -> Row {
    let series = case.spans.and_then(|spans| spans.found.first());
    let about = series.map_or_else(|| case.symptom.expression.clone(), |found| name_of(&found.labels));
    let threshold = series.and_then(|found| found.threshold);
    let beyond = |rule: &str| Sentence::BeyondThreshold { rule }.text(case.language());
    let threshold = threshold.map(|threshold| beyond(&threshold.to_string()));
    let passed = has_passed(case);
    let title = if passed { Sentence::PassedSpanTitle } else { Sentence::SpanTitle };
    Row {
        time: case.symptom.onset,
        end: Some(case.end()),
        last: None,
        title: title.text(case.language()),
        text: [Some(about), threshold]
            .into_iter()
            .flatten()
            .map(|line| annotation_text::escaped(&super::super::text::message(&line)))
            .collect::<Vec<_>>()
            .join("<br/>"),
        tags: vec!["investigate".to_owned(), "span".to_owned()],
        id: "span".to_owned(),
        shows: if passed { Shows::PassedSpan } else { Shows::Span },
        links: Links::default(),
    }
}

/// Whether the metric went back without an action on its resource meanwhile, and no action explains that it moved.
fn has_passed(case: &Case<'_>) -> bool {
    let Some(first) = case.spans.and_then(|spans| spans.found.first()) else { return false };
    let span = Interval::new(case.symptom.onset, first.span.interval.end);
    let meanwhile = case.answer.events.within(span);
    first.span.returned && case.ranking.suspects.is_empty() && !touches(&meanwhile, &case.symptom.resource)
}

/// Whether one of the events names a resource by its id or name.
fn touches(events: &Events, resource: &[String]) -> bool {
    let references = events.references();
    let is_meant = |name: Option<&str>| name.is_some_and(|name| resource.iter().any(|other| other == name));
    (0..events.len()).flat_map(|row| references.of(row)).any(|named| is_meant(named.id) || is_meant(named.name))
}

fn of_suspect(case: &Case<'_>, suspect: &Suspect, rank: usize, pages: &Pages<'_>) -> Option<Row> {
    let (answer, events) = (case.answer, &case.answer.events);
    let row = row_of(answer, suspect)?;
    let shown = Shown::of(suspect, answer);
    let why = annotation_text::escaped(&super::super::text::message(&shown.why()));
    Some(Row {
        time: suspect.time,
        end: None,
        last: None,
        title: Sentence::SuspectTitle { rank, who: &shown.who, what: &shown.what, which: &shown.which }
            .text(case.language()),
        text: format!("{why}<br/>{}", annotation_text::text(row, answer, &case.sentences, None)),
        tags: vec!["investigate".to_owned(), "suspect".to_owned()],
        id: suspect.events[0].clone(),
        shows: Shows::Events(answer.risk(row).map(|risk| risk.severity)),
        links: Links { principal: suspect.principal.clone(), ..Links::of(pages, events, &[row]) },
    })
}
