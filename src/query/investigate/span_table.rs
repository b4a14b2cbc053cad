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
    let names = spans.iter().map(|found| text::label(&written(&found.labels)).into_owned());
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

/// The labels that say no more about a resource than its name does.
const OF_RESOURCE: [&str; 7] =
    ["__name__", "resource_name", "resource_id", "resource_type", "project_id", "region", "az"];

/// A series in a sentence: the name of its resource with the labels that distinguish it from others of the resource; a series
/// without one as Prometheus writes it.
pub(super) fn name_of(labels: &Labels) -> String {
    let Some(name) = labels.get("resource_name").filter(|name| !name.is_empty()) else { return written(labels) };
    let others = listed(labels, |label| !OF_RESOURCE.contains(&label));
    if others.is_empty() { name.clone() } else { format!("{name} ({others})") }
}

/// A series as Prometheus writes it.
fn written(labels: &Labels) -> String {
    let name = labels.get("__name__").map(String::as_str).unwrap_or_default();
    format!("{name}{{{}}}", listed(labels, |label| label != "__name__"))
}

fn listed(labels: &Labels, is_listed: impl Fn(&str) -> bool) -> String {
    let labels = labels.iter().filter(|(label, _)| is_listed(label));
    labels.map(|(label, value)| format!("{label}={value:?}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_the_name_of_its_resource_and_what_distinguishes_it() {
        let named = |labels: &[(&str, &str)]| {
            name_of(&labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect())
        };
        let server = [("az", "fr-par-1"), ("region", "fr-par"), ("resource_id", "1"), ("resource_name", "web-3")];
        assert_eq!(named(&server), "web-3");
        assert_eq!(named(&[&server[..], &[("mode", "idle")]].concat()), "web-3 (mode=\"idle\")");
        assert_eq!(
            named(&[("__name__", "up"), ("job", "a"), ("region", "fr-par")]),
            "up{job=\"a\", region=\"fr-par\"}"
        );
        assert_eq!(named(&[]), "{}");
    }
}
