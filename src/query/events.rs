//! Events: log lines for Explore and the log panel, or a table with one column per field.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray, StringArray, TimestampNanosecondArray, UInt16Array};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Failure};
use super::model::{Dimension, EventList, Format};
use super::sentence::Sentences;
use crate::event::Column;
use crate::frame::{Field, Frame, FrameType, Meta, Notice};
use crate::risk::Severity;

/// The newest events of an answer, as lines or as a table.
///
/// # Errors
/// Never for events that were made here.
pub fn frame(list: &EventList, answer: &Answer) -> Result<Frame, Failure> {
    let found = answer.events.len();
    let rows = found.min(list.limit);
    let mut frame = match list.format {
        Format::Logs => lines(list, answer, rows),
        Format::Table => table(answer, rows),
    };
    if found > rows {
        frame.meta.notices.push(Notice::info(format!("the newest {rows} of {found} events are shown (limit)")));
    }
    Ok(frame)
}

fn times(answer: &Answer, rows: usize) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from(answer.events.times().values()[..rows].to_vec()))
}

fn lines(list: &EventList, answer: &Answer, rows: usize) -> Frame {
    let events = &answer.events;
    let sentences = Sentences::new(answer);
    let level: StringArray = (0..rows).map(|row| Some(level(answer, row))).collect();
    let body: StringArray = (0..rows).map(|row| Some(sentences.line(row))).collect();
    let labels = labels(answer);
    let labels = BinaryArray::from_iter_values((0..rows).map(|row| Value::Object(labels(row)).to_string()));
    let mut meta = Meta::of(FrameType::LogLines);
    meta.preferred_visualisation_type = Some("logs".to_owned());
    meta.custom = Some(json!({ "limit": list.limit, "total": events.len() }));
    Frame {
        name: "events".to_owned(),
        meta,
        fields: vec![
            Field::required("timestamp", times(answer, rows)),
            Field::required("body", Arc::new(body)),
            Field::required("severity", Arc::new(level)),
            Field::required("id", texts(events.ids(), rows)),
            Field::required("labels", Arc::new(labels)),
            Field::new("request_body", json_text(events.request_bodies(), rows)),
        ],
    }
}

fn texts(texts: &StringArray, rows: usize) -> ArrayRef {
    Arc::new(texts.slice(0, rows))
}

/// JSON columns travel as bytes.
fn json_text(texts: &StringArray, rows: usize) -> ArrayRef {
    Arc::new((0..rows).map(|row| texts.is_valid(row).then(|| texts.value(row).as_bytes())).collect::<BinaryArray>())
}

/// A log level that says how much the event matters and whether it went wrong.
pub(super) fn level(answer: &Answer, row: usize) -> &'static str {
    let statuses = answer.events.statuses();
    let status = if statuses.is_valid(row) { statuses.value(row) } else { 0 };
    match answer.risks[row].map(|risk| risk.severity) {
        Some(Severity::Critical) => "critical",
        Some(Severity::High) => "error",
        _ if status >= 500 => "error",
        Some(Severity::Medium) => "warning",
        _ if status >= 400 => "warning",
        _ => "info",
    }
}

/// The columns that describe an event beside its time, body and id.
const DESCRIBED: [Dimension; 23] = [
    Dimension::Column(Column::Kind),
    Dimension::Principal,
    Dimension::Column(Column::PrincipalId),
    Dimension::Column(Column::Product),
    Dimension::Column(Column::Service),
    Dimension::Column(Column::Method),
    Dimension::Column(Column::ResourceType),
    Dimension::Column(Column::ResourceId),
    Dimension::Column(Column::ResourceName),
    Dimension::Column(Column::StatusClass),
    Dimension::Column(Column::SourceIp),
    Dimension::Column(Column::UserAgent),
    Dimension::Column(Column::Region),
    Dimension::Column(Column::Locality),
    Dimension::Column(Column::Project),
    Dimension::Column(Column::Organization),
    Dimension::RiskClass,
    Dimension::Severity,
    Dimension::Column(Column::Result),
    Dimension::Column(Column::FailureReason),
    Dimension::Column(Column::Country),
    Dimension::Column(Column::Origin),
    Dimension::Column(Column::Mfa),
];

/// A line's labels: everything that is known about the event but its body; what is unknown is left out.
fn labels(answer: &Answer) -> impl Fn(usize) -> Map<String, Value> {
    let columns = DESCRIBED.map(|dimension| (dimension.name(), answer.dimension(dimension)));
    let status = answer.dimension(Dimension::Status);
    let request = answer.events.request_ids();
    move |row| {
        let mut labels: Map<String, Value> = columns
            .iter()
            .filter_map(|(name, text)| Some(((*name).to_owned(), Value::from(text(row)?.into_owned()))))
            .collect();
        labels.extend(status(row).map(|status| ("status".to_owned(), Value::from(status.into_owned()))));
        if request.is_valid(row) {
            labels.insert("request_id".to_owned(), Value::from(request.value(row)));
        }
        if let Some(risk) = answer.risks[row].filter(|risk| !risk.attack.is_empty()) {
            labels.insert("attack".to_owned(), Value::from(risk.attack.join(" ")));
        }
        labels
    }
}

/// One event with all that is known about it, as JSON.
#[must_use]
pub fn object(answer: &Answer, row: usize) -> Value {
    let events = &answer.events;
    let json = |texts: &StringArray| {
        texts.is_valid(row).then(|| serde_json::from_str::<Value>(texts.value(row)).ok()).flatten()
    };
    let mut object = labels(answer)(row);
    let time = chrono::DateTime::from_timestamp_nanos(events.times().value(row));
    object.insert("id".to_owned(), events.ids().value(row).into());
    object.insert("time".to_owned(), time.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true).into());
    object.insert("request_body".to_owned(), json(events.request_bodies()).into());
    object.insert("resources".to_owned(), json(events.resources()).into());
    Value::Object(object)
}

fn table(answer: &Answer, rows: usize) -> Frame {
    let events = &answer.events;
    let mut fields = vec![Field::required("time", times(answer, rows))];
    for dimension in DESCRIBED {
        let text = answer.dimension(dimension);
        fields.push(Field::new(dimension.name(), Arc::new((0..rows).map(text).collect::<StringArray>())));
        if dimension == Dimension::Column(Column::StatusClass) {
            let statuses: UInt16Array = events.statuses().iter().take(rows).collect();
            fields.push(Field::new("status", Arc::new(statuses)));
        }
    }
    let attack = |row: usize| answer.risks[row].map(|risk| risk.attack.join(" ")).filter(|ids| !ids.is_empty());
    fields.push(Field::new("attack", Arc::new((0..rows).map(attack).collect::<StringArray>())));
    fields.push(Field::required("id", texts(events.ids(), rows)));
    fields.push(Field::new("request_id", texts(events.request_ids(), rows)));
    fields.push(Field::new("request_body", json_text(events.request_bodies(), rows)));
    fields.push(Field::new("resources", json_text(events.resources(), rows)));
    Frame {
        name: "events".to_owned(),
        meta: Meta { preferred_visualisation_type: Some("table".to_owned()), ..Meta::default() },
        fields,
    }
}
