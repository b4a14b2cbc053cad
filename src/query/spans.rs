//! The anomalous spans of the series of an expression.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::error::Failure;
use crate::cockpit::{self, Labels};
use crate::investigation::{Detector, Family, Metric, Sample, Series, Span, Threshold, Unit};
use crate::time::{Interval, Time};

/// The distance of a metric's samples in Cockpit.
pub(super) const STEP: Duration = Duration::from_mins(1);

/// The labels that name a resource, as Cockpit's metrics have them.
const RESOURCE_LABELS: [&str; 3] = ["resource_id", "resource_name", "instance"];

/// The names of series that only rise.
const COUNTERS: [&str; 3] = ["_total", "_count", "_sum"];

/// The anomalous spans of the series of an expression.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spans {
    /// The spans that overlap the range, the one with the greatest peak first.
    pub found: Vec<SeriesSpan>,
    /// The labels of the series without one.
    pub calm: Vec<Labels>,
}

/// An anomalous span of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesSpan {
    /// The labels of the series.
    pub labels: Labels,
    /// The span.
    pub span: Span,
    /// The series itself, to be judged again later.
    pub series: Arc<Series>,
    /// How many spans the series had before it, as far as it was searched.
    pub earlier: usize,
    /// The threshold of Cockpit that the series is beyond meanwhile.
    pub threshold: Option<&'static Threshold>,
}

/// The ids and names of a series' resource.
pub(super) fn resource(labels: &Labels) -> Vec<String> {
    let names = RESOURCE_LABELS.iter().filter_map(|name| labels.get(*name));
    let names: BTreeSet<&String> = names.filter(|name| !name.is_empty()).collect();
    names.into_iter().cloned().collect()
}

impl Spans {
    /// Adds the series of an answer.
    pub(super) fn add(&mut self, answer: cockpit::Answer, expression: &str, range: Interval) -> Result<(), Failure> {
        for cockpit::Series { labels, samples } in answer.series {
            let series = Arc::new(series(expression, &samples)?);
            let found = search(expression, &series).into_iter().enumerate();
            let found: Vec<SeriesSpan> = found
                .filter(|(_, (span, _))| span.interval.overlaps(range))
                .map(|(earlier, (span, threshold))| SeriesSpan {
                    labels: labels.clone(),
                    span,
                    series: Arc::clone(&series),
                    earlier,
                    threshold,
                })
                .collect();
            if found.is_empty() {
                self.calm.push(labels);
            }
            self.found.extend(found);
        }
        self.found.sort_by(|a, b| b.span.peak.abs().total_cmp(&a.span.peak.abs()));
        Ok(())
    }
}

/// The spans of a series in the order of time, each with the threshold of Cockpit that the series is beyond meanwhile.
fn search(expression: &str, series: &Series) -> Vec<(Span, Option<&'static Threshold>)> {
    let mut spans: Vec<_> = Detector::default().search(series).into_iter().map(|span| (span, None)).collect();
    for threshold in Threshold::of(expression) {
        for beyond in threshold.spans(series) {
            let mut overlapping =
                spans.iter_mut().filter(|(span, _)| span.interval.overlaps(beyond.interval)).peekable();
            if overlapping.peek().is_some() {
                overlapping.for_each(|(_, of)| *of = Some(threshold));
            } else {
                spans.push((beyond, Some(threshold)));
            }
        }
    }
    spans.sort_by_key(|(span, _)| span.interval.start);
    spans
}

/// The samples of an expression as a series. A bare counter becomes its rate.
fn series(expression: &str, samples: &[(Time, f64)]) -> Result<Series, Failure> {
    let unit = unit(expression, samples);
    let samples = samples.iter().map(|(time, value)| Sample { time: *time, value: *value }).collect();
    let name = expression.split(['{', '[', ' ']).next().unwrap_or_default();
    let is_counter = !expression.contains('(') && COUNTERS.iter().any(|end| name.ends_with(end));
    let series = if is_counter { Series::counter(samples, unit) } else { Series::gauge(samples, unit) };
    Ok(series?)
}

/// What an expression measures, by the kind of its metric and the range of its values.
fn unit(expression: &str, samples: &[(Time, f64)]) -> Unit {
    let most = samples.iter().map(|(_, value)| value.abs()).filter(|value| value.is_finite()).fold(0.0, f64::max);
    match Metric::of(expression).family {
        Some(Family::Nodes | Family::Health | Family::Connections | Family::Errors) => Unit::Count,
        Some(Family::Cpu) if most <= 1.0 => Unit::Ratio,
        Some(Family::Cpu) if most <= 100.0 => Unit::Percent,
        _ => Unit::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::investigation::Direction;

    const CPU: &str = "instance_server_cpu_load";

    /// Minutes before and after the change.
    const MINUTES: std::ops::Range<i64> = -300..20;

    fn noise(minute: i64) -> f64 {
        0.01 * f64::from(i32::try_from(minute.rem_euclid(7)).expect("a small number"))
    }

    #[test]
    fn spans_are_found_in_the_range_alone_and_other_series_are_calm() {
        let samples = |value: fn(i64) -> f64| {
            let at = |minute: i64| Time::from_nanos(60 * minute * 1_000_000_000);
            MINUTES.map(|minute| (at(minute), value(minute))).collect::<Vec<_>>()
        };
        let series = |id: &str, value| cockpit::Series {
            labels: [("resource_id".to_owned(), id.to_owned())].into(),
            samples: samples(value),
        };
        let all = || cockpit::Answer {
            series: vec![
                series("calm", |minute| 0.3 + noise(minute)),
                series("falls", |minute| if minute < 0 { 0.9 + noise(minute) } else { 0.1 }),
            ],
            ..cockpit::Answer::default()
        };
        let range = |from: i64, to: i64| Interval::from_nanos((60 * from) * 1_000_000_000, (60 * to) * 1_000_000_000);
        let mut spans = Spans::default();
        spans.add(all(), CPU, range(-20, 20)).expect("samples ascend");
        let [found] = &spans.found[..] else { panic!("{spans:?}") };
        assert_eq!((resource(&found.labels), found.span.direction()), (vec!["falls".to_owned()], Direction::Down));
        assert_eq!(found.span.onset, Time::from_nanos(0));
        assert_eq!(spans.calm.len(), 1);
        let mut earlier = Spans::default();
        earlier.add(all(), CPU, range(-200, -100)).expect("samples ascend");
        assert_eq!((earlier.found.len(), earlier.calm.len()), (0, 2));
    }

    #[test]
    fn a_bare_counter_becomes_a_rate_and_an_expression_does_not() {
        let samples: Vec<(Time, f64)> = (0..5)
            .map(|minute| {
                (
                    Time::from_nanos(minute * 60_000_000_000),
                    60.0 * f64::from(u32::try_from(minute).expect("a small number")),
                )
            })
            .collect();
        let values = |expression| {
            let series = super::series(expression, &samples).expect("samples ascend");
            series.samples().iter().map(|sample| sample.value).collect::<Vec<_>>()
        };
        assert_eq!(values(r#"instance_server_cpu_seconds_total{resource_id="a"}"#), [1.0; 4]);
        assert_eq!(values("rate(instance_server_cpu_seconds_total[1m])").len(), 5);
    }
}
