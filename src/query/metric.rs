//! The metric of a question: its series from Cockpit, searched for anomalous spans.

use std::time::{Duration, Instant};

use futures::future::join_all;

use super::data_source::DataSource;
use super::documentation::Topic;
use super::error::Failure;
use super::model::Query;
use super::request::Request;
use super::spans::{STEP, Spans};
use crate::frame::Notice;
use crate::locale::{Language, Sentence};
use crate::time::Interval;

/// So much time before the range is fetched as well: two days have a season.
const HISTORY: Duration = Duration::from_hours(48);

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
        let range = request.range;
        let (spans, mut notices) = self.spans(expression, query.language, range, deadline).await?;
        if spans.found.is_empty() {
            let series = spans.calm.len();
            notices.push(Topic::Calm.info(Sentence::Calm { series }.text(query.language)));
        }
        let question = query.question.with_spans(spans).expect("a question with a metric takes its spans");
        Ok((Query { question, ..query }, notices))
    }

    async fn spans(
        &self,
        expression: &str,
        language: Language,
        range: Interval,
        deadline: Instant,
    ) -> Result<(Spans, Vec<Notice>), Failure> {
        let interval = Interval::new(range.start - HISTORY, range.end);
        let answers = self.cockpit.iter().map(|client| client.range(expression, interval, STEP, deadline));
        let (mut spans, mut notices, mut failures) = (Spans::default(), Vec::new(), Vec::new());
        for answer in join_all(answers).await {
            match answer {
                Ok(answer) => {
                    notices.extend(answer.notices(language).into_iter().map(|text| Topic::UnusedSeries.info(text)));
                    spans.add(answer, expression, range)?;
                }
                Err(error) => failures.push(error),
            }
        }
        if failures.len() == self.cockpit.len() {
            return Err(failures.swap_remove(0).into());
        }
        notices.extend(failures.into_iter().map(|error| Topic::Cockpit.warning(error.to_string())));
        Ok((spans, notices))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
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
        let before = (RISE * 1_000_000_000).abs_diff(interval.start.nanos());
        // Two days of history, the lookback of an hour, and a sample's distance.
        assert_eq!(Duration::from_nanos(before), Duration::from_mins(48 * 60 + 61));
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
}
