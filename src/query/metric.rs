//! The metric of a question: its series from Cockpit, and their anomalous spans.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::future::join_all;

use super::data_source::DataSource;
use super::documentation::Topic;
use super::error::Failure;
use super::model::Query;
use super::request::Request;
use crate::cockpit::{self, Labels};
use crate::frame::Notice;
use crate::investigation::{Detector, Family, Metric, Sample, Series, Span, Unit};
use crate::time::{Interval, Time};

/// The distance of a metric's samples in Cockpit.
pub(super) const STEP: Duration = Duration::from_mins(1);

/// So much time before the range is fetched as well: two days have a season.
const HISTORY: Duration = Duration::from_hours(48);

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
}

/// The ids and names of a series' resource.
pub(super) fn resource(labels: &Labels) -> Vec<String> {
    let names = RESOURCE_LABELS.iter().filter_map(|name| labels.get(*name));
    let names: BTreeSet<&String> = names.filter(|name| !name.is_empty()).collect();
    names.into_iter().cloned().collect()
}

impl Spans {
    /// Adds the series of an answer.
    fn add(&mut self, answer: cockpit::Answer, expression: &str, range: Interval) -> Result<(), Failure> {
        for cockpit::Series { labels, samples } in answer.series {
            let spans = Detector::default().search(&series(expression, &samples)?);
            let within: Vec<Span> = spans.into_iter().filter(|span| span.interval.overlaps(range)).collect();
            if within.is_empty() {
                self.calm.push(labels);
            } else {
                self.found.extend(within.into_iter().map(|span| SeriesSpan { labels: labels.clone(), span }));
            }
        }
        self.found.sort_by(|a, b| b.span.peak.abs().total_cmp(&a.span.peak.abs()));
        Ok(())
    }
}

/// The samples of an expression as a series. A bare counter becomes its rate.
fn series(expression: &str, samples: &[(Time, f64)]) -> Result<Series, Failure> {
    let unit = unit(expression, samples);
    let samples = samples.iter().map(|(time, value)| Sample { time: *time, value: *value }).collect();
    let name = expression.split(['{', '[', ' ']).next().unwrap_or_default();
    let is_counter = !expression.contains('(') && COUNTERS.iter().any(|end| name.ends_with(end));
    let series = if is_counter { Series::counter(samples, unit) } else { Series::gauge(samples, unit) };
    series.map_err(|error| Failure { message: error.to_string(), ..cockpit_failure() })
}

/// An answer of Cockpit that cannot be used.
fn cockpit_failure() -> Failure {
    Failure { status: 502, ..Failure::input(String::new()) }
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

impl DataSource {
    /// A query whose question knows the spans of its metric, and notices about the metric; the query as it is where its
    /// question is not about a metric, or the metrics of Cockpit are not configured.
    ///
    /// # Errors
    /// When Cockpit cannot evaluate the expression, or none of the URLs answers.
    pub(super) async fn with_spans(
        &self,
        query: Query,
        request: &Request,
        deadline: Instant,
    ) -> Result<(Query, Vec<Notice>), Failure> {
        let Some(expression) = query.question.metric().filter(|_| !self.cockpit.is_empty()) else {
            return Ok((query, Vec::new()));
        };
        let range = Interval::from_nanos(request.from, request.to);
        let (spans, mut notices) = self.spans(expression, range, deadline).await?;
        if spans.found.is_empty() {
            let series = spans.calm.len();
            let text = format!(
                "none of the {series} series of the expression has an anomalous span in the range, so that the onset is the start \
                 of the range"
            );
            notices.push(Topic::Metric.info(text));
        }
        let question = query.question.with_spans(spans).expect("a question with a metric takes its spans");
        Ok((Query { question, ..query }, notices))
    }

    async fn spans(
        &self,
        expression: &str,
        range: Interval,
        deadline: Instant,
    ) -> Result<(Spans, Vec<Notice>), Failure> {
        let interval = Interval::new(range.start - HISTORY, range.end);
        let answers = self.cockpit.iter().map(|client| client.range(expression, interval, STEP, deadline));
        let (mut spans, mut notices, mut failures) = (Spans::default(), Vec::new(), Vec::new());
        for answer in join_all(answers).await {
            match answer {
                Ok(answer) => {
                    notices.extend(answer.notices().into_iter().map(|text| Topic::Metric.info(text)));
                    spans.add(answer, expression, range)?;
                }
                Err(error) => failures.push(error),
            }
        }
        if failures.len() == self.cockpit.len() {
            return Err(failures.swap_remove(0).into());
        }
        notices.extend(failures.into_iter().map(|error| Topic::Metric.warning(error.to_string())));
        Ok((spans, notices))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::investigation::Direction;
    use crate::query::{Meters, Query};
    use crate::settings::Settings;
    use crate::time::SystemClock;
    use crate::transport::tests::{Answer, Server, answer};

    /// 2026-03-01T10:00:00Z, when the CPU of one server rises.
    const RISE: i64 = 1_772_359_200;

    /// Minutes before and after the rise.
    const MINUTES: std::ops::Range<i64> = -300..20;

    const CPU: &str = "instance_server_cpu_load";

    fn series(id: &str, value: impl Fn(i64) -> f64) -> Value {
        let values: Vec<Value> =
            MINUTES.map(|minute| json!([RISE + 60 * minute, format!("{}", value(minute))])).collect();
        json!({ "metric": { "__name__": CPU, "resource_id": id }, "values": values })
    }

    fn matrix(series: &[Value]) -> Answer {
        let body = json!({ "status": "success", "data": { "resultType": "matrix", "result": series } });
        answer("200 OK\r\nContent-Type: application/json", &body.to_string())
    }

    fn noise(minute: i64) -> f64 {
        0.01 * f64::from(i32::try_from(minute.rem_euclid(7)).expect("a small number"))
    }

    /// The metrics of two servers of which one rises.
    fn one_rises() -> Answer {
        let rises = |minute| if minute < 0 { 0.2 + noise(minute) } else { 0.9 };
        matrix(&[series("web-3", rises), series("web-4", |minute| 0.3 + noise(minute))])
    }

    async fn with_spans(answers: Vec<Answer>, query: Value) -> Result<(Query, Vec<Notice>), Failure> {
        let server = Server::start(answers).await;
        let mut url = server.url.clone();
        url.set_path("/prometheus");
        let organization = "0a1b2c3d-0000-4000-8000-000000000001";
        let data = json!({ "organizationId": organization, "cockpitUrls": url.as_str() });
        let secrets = [("secretKey", "11111111-1111-4111-8111-111111111111"), ("cockpitToken", "token")];
        let secrets: HashMap<_, _> = secrets.map(|(name, secret)| (name.to_owned(), secret.to_owned())).into();
        let settings = Settings::parse(data.to_string().as_bytes(), &secrets).expect("settings");
        let data_source = DataSource::new(settings, Arc::new(SystemClock), &Meters::default()).expect("a data source");
        let range = ((RISE - 1_200) * 1_000, (RISE + 1_200) * 1_000);
        let request = Request::new("A", range, STEP, 1_000, false).expect("a range");
        let query = Query::parse(query.to_string().as_bytes(), "", &request, 1_000).expect("a query");
        data_source.with_spans(query, &request, Instant::now() + Duration::from_secs(30)).await
    }

    #[tokio::test]
    async fn the_span_of_the_series_that_moved_dates_the_onset() {
        let query = json!({ "queryType": "investigate", "expression": CPU });
        let (query, notices) = with_spans(vec![one_rises()], query).await.expect("an answer");
        assert!(notices.is_empty(), "{notices:?}");
        let request = Request::new("A", ((RISE - 1_200) * 1_000, (RISE + 1_200) * 1_000), STEP, 1_000, false);
        let interval = query.question.interval(&request.expect("a range"), None);
        let before = (RISE * 1_000_000_000).abs_diff(interval.start);
        // Two days of history, the lookback of an hour, and a sample's distance.
        assert_eq!(Duration::from_nanos(before), Duration::from_mins(48 * 60 + 61));
    }

    #[test]
    fn spans_are_found_in_the_range_alone_and_other_series_are_calm() {
        let samples = |value: fn(i64) -> f64| {
            let at = |minute: i64| Time::from_nanos((RISE + 60 * minute) * 1_000_000_000);
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
        let range = |from: i64, to: i64| {
            Interval::from_nanos((RISE + 60 * from) * 1_000_000_000, (RISE + 60 * to) * 1_000_000_000)
        };
        let mut spans = Spans::default();
        spans.add(all(), CPU, range(-20, 20)).expect("samples ascend");
        let [found] = &spans.found[..] else { panic!("{spans:?}") };
        assert_eq!((resource(&found.labels), found.span.direction()), (vec!["falls".to_owned()], Direction::Down));
        assert_eq!(found.span.onset, Time::from_nanos(RISE * 1_000_000_000));
        assert_eq!(spans.calm.len(), 1);
        let mut earlier = Spans::default();
        earlier.add(all(), CPU, range(-200, -100)).expect("samples ascend");
        assert_eq!((earlier.found.len(), earlier.calm.len()), (0, 2));
    }

    #[tokio::test]
    async fn a_calm_metric_has_a_notice_and_the_onset_of_the_range() {
        let query = json!({ "queryType": "investigate", "expression": CPU });
        let calm = matrix(&[series("web-4", |minute| 0.3 + noise(minute))]);
        let (_, notices) = with_spans(vec![calm], query).await.expect("an answer");
        assert!(
            notices[0].text.starts_with("none of the 1 series of the expression has an anomalous span"),
            "{notices:?}"
        );
    }

    #[tokio::test]
    async fn an_expression_that_cockpit_refuses_is_an_error_with_its_words() {
        let body = r#"{"status": "error", "errorType": "bad_data", "error": "1:3: parse error: unexpected end"}"#;
        let query = json!({ "queryType": "investigate", "expression": "sum(" });
        let failure = with_spans(vec![answer("400 Bad Request\r\nContent-Type: application/json", body)], query)
            .await
            .expect_err("a refusal");
        assert_eq!(failure.status, 400);
        assert!(failure.message.contains("parse error: unexpected end"), "{failure}");
    }

    #[tokio::test]
    async fn an_onset_by_hand_asks_cockpit_for_nothing() {
        let query = json!({ "queryType": "investigate", "expression": CPU, "onset": RISE * 1_000 });
        let (_, notices) = with_spans(vec![answer("500 Internal Server Error", "")], query).await.expect("no call");
        assert!(notices.is_empty());
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
