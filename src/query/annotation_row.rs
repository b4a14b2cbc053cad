//! The rows of a frame of annotations, and its fields.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray, BooleanArray, StringArray, TimestampNanosecondArray};
use serde_json::Value;

use super::address::parse;
use super::annotation_links::Links;
use super::annotation_text::escaped;
use super::novelty::novelty_color;
use crate::frame::Field;
use crate::lenient::is_uuid;
use crate::profile::Level;
use crate::risk::Severity;
use crate::time::Time;

/// What an annotation is about.
#[derive(Clone, Copy)]
pub(super) enum Shows {
    /// Events that may be missing.
    Missing,
    /// A stretch in which a metric is out of its band.
    Span,
    /// Such a stretch that ended without an action on the resource, and that no action explains.
    PassedSpan,
    /// Events of one severity, or of none.
    Events(Option<Severity>),
    /// Events that are equally usual.
    Novelty(Level),
}

/// An annotation.
pub(super) struct Row {
    pub(super) time: Time,
    /// Of an interval from which events may be missing, its end.
    pub(super) end: Option<Time>,
    /// Of a cluster, the time of its last event.
    pub(super) last: Option<Time>,
    pub(super) title: String,
    /// HTML.
    pub(super) text: String,
    pub(super) tags: Vec<String>,
    pub(super) id: String,
    pub(super) shows: Shows,
    pub(super) links: Links,
}

/// The fields of a frame, as Grafana's annotation queries read them, or, of an overlay, its panels.
pub(super) fn fields(rows: &[Row], overlay: bool, severity_colors: bool) -> Vec<Field> {
    let mut fields = vec![
        Field::required("time", times(rows, |row| Some(row.time))),
        Field::new("timeEnd", times(rows, |row| row.end)),
        Field::required("title", texts(rows, |row| escaped(&row.title))),
        Field::required("text", texts(rows, |row| row.text.clone())),
    ];
    if overlay {
        let tags = rows.iter().map(|row| Value::from(row.tags.clone()).to_string());
        fields.push(Field::required("tags", Arc::new(BinaryArray::from_iter_values(tags))));
        fields.push(Field::required("color", texts(rows, |row| row.color().to_owned())));
        let regions: Vec<bool> = rows.iter().map(|row| row.end.is_some()).collect();
        fields.push(Field::required("isRegion", Arc::new(BooleanArray::from(regions))));
        fields.push(Field::required("id", texts(rows, |row| row.id.clone())));
    } else {
        fields.push(Field::required("tags", texts(rows, |row| row.tags.join(","))));
        fields.push(Field::required("id", texts(rows, |row| row.id.clone())));
        let states: StringArray = rows.iter().map(|row| row.state(severity_colors)).collect();
        if severity_colors {
            fields.push(Field::required("newState", Arc::new(states)));
        } else if states.null_count() < states.len() {
            // Without a state, an annotation has the colour that was chosen in Grafana.
            fields.push(Field::new("newState", Arc::new(states)));
        }
    }
    // What the front end makes links of.
    fields.push(Field::new("cluster_end", times(rows, |row| row.last)));
    fields.push(Field::new("console_url", some(rows, |links| links.page.as_deref())));
    // Callers choose neither, unless a text is something else.
    fields.push(Field::new("principal_id", some(rows, |links| links.principal.as_deref().filter(|id| is_uuid(id)))));
    fields.push(Field::new("source_ip", some(rows, |links| links.address.as_deref().filter(|ip| parse(ip).is_some()))));
    fields.push(Field::new("resource_type", some(rows, |links| links.resource_type.as_deref())));
    fields.push(Field::new("resource_id", some(rows, |links| links.resource_id.as_deref())));
    fields.push(Field::new("resource_parents", some(rows, |links| links.resource_parents.as_deref())));
    fields
}

fn times(rows: &[Row], time: impl Fn(&Row) -> Option<Time>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| time(row).map(Time::nanos)).collect::<TimestampNanosecondArray>())
}

fn texts(rows: &[Row], text: impl Fn(&Row) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(text)))
}

fn some(rows: &[Row], text: impl Fn(&Links) -> Option<&str>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| text(&row.links)).collect::<StringArray>())
}

impl Row {
    /// The state that Grafana's annotation queries take a colour from. No event is grey.
    fn state(&self, severity_colors: bool) -> Option<&'static str> {
        match self.shows {
            Shows::Missing | Shows::PassedSpan => Some("nodata"),
            Shows::Events(_) | Shows::Novelty(_) if !severity_colors => None,
            Shows::Events(Some(Severity::Critical | Severity::High)) | Shows::Novelty(Level::First) => Some("alerting"),
            Shows::Span | Shows::Events(Some(Severity::Medium)) | Shows::Novelty(Level::Rare) => Some("pending"),
            Shows::Events(Some(Severity::Low) | None) | Shows::Novelty(_) => Some("ok"),
        }
    }

    /// The colour over a panel's own query, by its name in Grafana's palette: the states' colours, and critical events in that
    /// of critical log lines.
    fn color(&self) -> &'static str {
        match self.shows {
            Shows::Missing | Shows::PassedSpan => "gray",
            Shows::Span => "orange",
            Shows::Novelty(level) => novelty_color(level),
            Shows::Events(Some(Severity::Critical)) => "purple",
            Shows::Events(Some(Severity::High)) => "red",
            Shows::Events(Some(Severity::Medium)) => "yellow",
            Shows::Events(Some(Severity::Low)) => "green",
            Shows::Events(None) => "blue",
        }
    }
}
