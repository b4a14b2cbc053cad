//! The table of the anomalous spans of a metric's series.

use std::sync::Arc;

use arrow::array::{BooleanArray, Float64Array, StringArray};

use super::super::spans::SeriesSpan;
use super::super::text;
use super::columns::{table, texts, times};
use crate::cockpit::Labels;
use crate::frame::{Field, Frame};

/// The anomalous spans of the metric's series, the one that the suspects are about first.
pub(super) fn span_table(spans: &[SeriesSpan]) -> Frame {
    let names = spans.iter().map(|found| text::label(&name_of(&found.labels)).into_owned());
    let fields = vec![
        Field::required("series", texts(names)),
        Field::required("onset", times(spans.iter().map(|found| found.span.onset))),
        Field::required("time", times(spans.iter().map(|found| found.span.interval.start))),
        Field::required("timeEnd", times(spans.iter().map(|found| found.span.interval.end))),
        Field::new(
            "threshold",
            Arc::new(spans.iter().map(|found| Some(found.threshold?.to_string())).collect::<StringArray>()),
        ),
        Field::required("peak", Arc::new(Float64Array::from_iter_values(spans.iter().map(|found| found.span.peak)))),
        Field::required(
            "returned",
            Arc::new(spans.iter().map(|found| Some(found.span.returned)).collect::<BooleanArray>()),
        ),
    ];
    table("spans", fields)
}

/// A series as Prometheus writes it.
pub(super) fn name_of(labels: &Labels) -> String {
    let name = labels.get("__name__").map(String::as_str).unwrap_or_default();
    let labels = labels.iter().filter(|(label, _)| *label != "__name__");
    let labels = labels.map(|(label, value)| format!("{label}={value:?}")).collect::<Vec<_>>();
    format!("{name}{{{}}}", labels.join(", "))
}
