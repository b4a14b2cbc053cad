//! Matches as a table, the newest first.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, StringArray, TimestampNanosecondArray, UInt64Array};
use serde_json::{Map, Value, json};

use super::super::documentation::Topic;
use super::super::sentence::Sentences;
use super::super::text;
use super::evaluation::{Evaluation, Found};
use super::labels::{LabelColumns, Labels};
use super::matched::Explanations;
use crate::detection::Level;
use crate::event::Long;
use crate::frame::{Field, Frame, Meta};
use crate::locale::Sentence;
use crate::time::Time;

/// The most events of a match whose ids are listed.
const MOST_IDS: usize = 100;

/// The newest matches, at most `limit`.
pub(super) fn frame(evaluation: &Evaluation<'_>, limit: usize) -> Frame {
    let mut found = evaluation.matches();
    let total = found.len();
    found.truncate(limit);
    let mut meta = Meta::default();
    if total > limit {
        let sentence = Sentence::NewestMatches { shown: limit, found: total };
        meta.notices.push(Topic::Limit.info(sentence.text(evaluation.answer.language)));
    }
    let mut explanations = Explanations::of(evaluation);
    let reasons = found.iter().map(|found| explanations.next(found)).collect();
    meta.notices.extend(explanations.notice());
    let fields = fields(evaluation, &found, reasons);
    Frame { meta, fields, ..no_data() }
}

/// A table without columns, which Grafana treats as "no data".
pub(super) fn no_data() -> Frame {
    Frame { name: "detections".to_owned(), ..Frame::default() }
}

fn fields(evaluation: &Evaluation<'_>, found: &[Found], reasons: Vec<Value>) -> Vec<Field> {
    let answer = evaluation.answer;
    let mut columns = LabelColumns::of(answer);
    let newest = |found: &Found| evaluation.row(*found.matched.events.last().expect("a match has an event"));
    let labels = found.iter().map(|found| columns.labels(evaluation, found.rule, &found.matched.group, newest(found)));
    let labels: Vec<Labels> = labels.collect();
    let rules: Vec<_> = found.iter().map(|found| evaluation.rule(found.rule)).collect();
    let sentences = Sentences::of(answer);
    let times = |time: fn(&Found) -> Time| -> ArrayRef {
        Arc::new(TimestampNanosecondArray::from_iter_values(found.iter().map(|found| time(found).nanos())))
    };
    let level = texts(rules.iter().map(|rule| rule.level.as_str().to_owned()));
    vec![
        Field::required("time", times(|found| found.matched.last)),
        Field { config: Some(level_colors()), ..Field::required("level", level) },
        Field::required("rule", texts(rules.iter().map(|rule| text::cell(&rule.title).into_owned()))),
        Field::required("event", texts(found.iter().map(|found| sentences.title(newest(found))))),
        Field::required("principal", texts(labels.iter().map(|labels| labels.principal.clone()))),
        Field::required("source_ip", texts(labels.iter().map(|labels| labels.source_ip.clone()))),
        Field::required("resource", texts(labels.iter().map(|labels| labels.resource.clone()))),
        Field::required(
            "value",
            Arc::new(UInt64Array::from_iter_values(found.iter().map(|found| found.matched.value))),
        ),
        Field::required("why", jsons(reasons.into_iter())),
        Field::required("since", times(|found| found.matched.since)),
        Field::required("rule_id", texts(rules.iter().map(|rule| text::cell(&rule.id).into_owned()))),
        Field::required("tags", jsons(rules.iter().map(|rule| shown(&rule.tags)))),
        Field::required("event_ids", jsons(found.iter().map(|found| ids(evaluation, found)))),
    ]
}

fn texts(texts: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

fn jsons(values: impl Iterator<Item = Value>) -> ArrayRef {
    Arc::new(BinaryArray::from_iter_values(values.map(|value| value.to_string())))
}

fn shown(texts: &[String]) -> Value {
    texts.iter().map(|text| text::cell(text)).collect()
}

/// The ids of the newest events of a match, the newest first.
fn ids(evaluation: &Evaluation<'_>, found: &Found) -> Value {
    let newest = found.matched.events.iter().rev().take(MOST_IDS);
    newest.filter_map(|event| evaluation.answer.events.one(Long::Id, evaluation.row(*event))).collect()
}

/// The colours of levels, those of severities among them.
fn level_colors() -> Value {
    let color = |level: Level| match level {
        Level::Critical => "purple",
        Level::High => "red",
        Level::Medium => "yellow",
        Level::Low => "green",
        Level::Informational => "blue",
    };
    let colors = Level::ALL.map(|level| (level.as_str().to_owned(), json!({ "color": color(level) })));
    let options: Map<String, Value> = colors.into_iter().collect();
    json!({
        "mappings": [{ "type": "value", "options": options }],
        "custom": { "cellOptions": { "type": "color-text" } },
    })
}
