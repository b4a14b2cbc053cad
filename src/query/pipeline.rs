//! From a query to frames, under one deadline.

use std::time::{Duration, Instant};

use super::answer::Answer;
use super::buckets::Buckets;
use super::counts;
use super::cpu::spawn_cpu;
use super::data_source::DataSource;
use super::dimension::Dimension;
use super::documentation::Topic;
use super::error::Failure;
use super::model::Query;
use super::question::{UnderRule, View};
use super::request::{Request, rfc3339};
use super::variable;
use crate::event::Column;
#[cfg(feature = "terminal")]
use crate::event::Events;
use crate::frame::Frame;
use crate::locale::{Language, Sentence};
use crate::time::{Interval, Time};

/// A range of a day, in milliseconds since 1970: a query is checked without reading an event of it.
const SOME_DAY: (i64, i64) = (0, 86_400_000);

/// The last part of a rule's time, in which an answer is waited for after its deadline: its own error tells more.
const LAST_WORD: Duration = Duration::from_secs(1);

impl DataSource {
    /// The warnings that an answer to a query would have about its names and variables; no event is read.
    ///
    /// # Errors
    /// When the query cannot be understood; under an alert rule also when its names would make the answer an error.
    pub async fn check(&self, query: &[u8], from_alert: bool) -> Result<Vec<String>, Failure> {
        let request = Request::new("A", SOME_DAY, Duration::ZERO, 0, from_alert)?;
        let query = self.prepared(&Query::parse(query, "", &request, self.settings.max_events)?)?;
        query.question.needs_for(&request)?;
        let deadline = Instant::now() + self.settings.timeout(from_alert);
        let (query, notices) = self.with_rules(query, &request, deadline).await?;
        let mut warnings = self.warnings(&query, &request, deadline).await?;
        warnings.extend(notices.into_iter().map(|notice| notice.text));
        Ok(warnings)
    }

    /// A query as this data source answers it: with its default project, and checked against its rules.
    fn prepared(&self, query: &Query) -> Result<Query, Failure> {
        query.scope.check_risk_classes(&self.rules)?;
        let is_everywhere = query.question.is_about_organization();
        let scope = if is_everywhere { query.scope.clone() } else { self.in_default_project(&query.scope) };
        Ok(Query { scope, ..query.clone() })
    }

    /// Answers a query with frames; a hidden one with none.
    ///
    /// # Errors
    /// When the query cannot be understood or answered; under an alert rule also when the answer would be incomplete.
    pub async fn answer(&self, query: &Query, request: &Request) -> Result<Vec<Frame>, Failure> {
        self.answer_as(query, request, Ok).await
    }

    /// Answers a query with what `encode` makes of its frames, which is not given more time than the answer has.
    ///
    /// # Errors
    /// Those of [`answer`](Self::answer) and of `encode`.
    pub async fn answer_as<T: Send + 'static>(
        &self,
        query: &Query,
        request: &Request,
        encode: impl FnOnce(Vec<Frame>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let limit = self.settings.timeout(request.from_alert);
        let last_word = if request.from_alert { LAST_WORD.min(limit / 10) } else { Duration::ZERO };
        let now = Instant::now();
        let (deadline, end) = (now + limit.saturating_sub(last_word), now + limit);
        let answer = Box::pin(self.answer_until(query, request, deadline, encode));
        if request.from_alert { in_time_for_rule(answer, limit, end).await } else { answer.await }
    }

    async fn answer_until<T: Send + 'static>(
        &self,
        query: &Query,
        request: &Request,
        deadline: Instant,
        encode: impl FnOnce(Vec<Frame>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let query = self.prepared(query)?;
        query.check_visible(request)?;
        // A rule has no hidden query: an empty answer would mean "no data".
        if query.hide && !request.from_alert {
            return encode(Vec::new());
        }
        let now = self.clock.now();
        if !query.empty_variables.is_empty() {
            let notice = Topic::EmptyVariable.warning(variable::without_value(&query.empty_variables, query.language));
            return without_events(Answer::nothing(notice), &query, request, now).and_then(encode);
        }
        if request.range.is_empty() {
            let notice = Topic::EmptyRange.info(Sentence::RangeEmpty.text(query.language));
            return without_events(Answer::nothing(notice), &query, request, now).and_then(encode);
        }
        // A rule that may not ask the question is refused before anything is fetched.
        query.question.needs_for(request)?;
        let (query, mut notices) = self.with_spans(query, request, deadline).await?;
        let (query, about_rules) = self.with_rules(query, request, deadline).await?;
        notices.extend(about_rules);
        let past = Interval::new(now - self.cache.coverage().length(), now);
        let buckets = buckets(&query, request, past)?;
        let read = request.with_range(query.question.interval(request, buckets.as_ref()));
        let mut answer = Answer::gather(self, &query, &read, deadline).await?;
        answer.notices.extend(notices);
        let request = request.clone();
        let cost = answer.cost().max(query.question.cost(&answer));
        spawn_cpu(cost, deadline, move || encode(frames(answer, &query, &request, buckets, now)?)).await
    }
}

/// An answer to an alert rule, or the error that it is not ready. Where Grafana itself gives up, it does not tell why.
///
/// # Errors
/// Those of the answer; and that it took longer than `limit`, which ends at `end`.
async fn in_time_for_rule<T>(
    answer: impl Future<Output = Result<T, Failure>>,
    limit: Duration,
    end: Instant,
) -> Result<T, Failure> {
    let late = |_| Err(Failure::late_for_rule(limit));
    tokio::time::timeout_at(end.into(), answer).await.unwrap_or_else(late)
}

#[cfg(feature = "terminal")]
impl Query {
    /// The frames for events at hand, without names, each event judged by the whole days before its own: for measurements.
    ///
    /// # Errors
    /// When the answer is larger than the question allows.
    pub fn frames_of(&self, events: &Events, request: &Request) -> Result<Vec<Frame>, Failure> {
        frames(Answer::at_hand(events, self, request)?, self, request, None, request.range.end)
    }
}

impl Query {
    /// Refuses a condition on what the asker may not see: whether an event matches it would tell.
    fn check_visible(&self, request: &Request) -> Result<(), Failure> {
        let address = Dimension::Column(Column::SourceIp);
        let scope = &self.scope;
        for (field, networks) in [("sourceIps", &scope.source_ips), ("notSourceIps", &scope.not_source_ips)] {
            if request.redacted && !networks.is_empty() {
                return Err(Failure::hidden(&format!("scope.{field} selects source addresses")));
            }
        }
        if request.redacted && self.filters.iter().any(|filter| filter.key == address) {
            return Err(Failure::hidden("filters selects source addresses"));
        }
        Ok(())
    }
}

fn frames(
    mut answer: Answer,
    query: &Query,
    request: &Request,
    buckets: Option<Buckets>,
    now: Time,
) -> Result<Vec<Frame>, Failure> {
    // A clock that is behind Scaleway's may not hide the events that it takes for future ones.
    let latest = answer.events.newest_time().map_or(now, |newest| newest.max(now));
    if request.range.start > latest {
        answer.notice(Topic::EmptyRange.info(in_the_future(request, answer.language)?));
        return without_events(answer, query, request, now);
    }
    let buckets = buckets.map(|buckets| buckets.until(latest));
    let view = View { request, scope: &query.scope, buckets: buckets.as_ref() };
    let frames = match query.question.under_rule() {
        UnderRule::Count if request.from_alert => vec![counts::total(&answer)],
        _ if answer.is_unknown() && !request.from_alert => query.question.unknown(&answer, &view)?,
        _ => query.question.frames(&answer, &view)?,
    };
    Ok(answer.finish(frames))
}

/// The buckets that a request's events are counted in.
fn buckets(query: &Query, request: &Request, past: Interval) -> Result<Option<Buckets>, Failure> {
    if request.from_alert && query.question.under_rule() == UnderRule::Count {
        return Ok(None);
    }
    query.question.buckets(request, &query.timezone, past)
}

/// The frames of an answer for which no event was looked for.
fn without_events(answer: Answer, query: &Query, request: &Request, now: Time) -> Result<Vec<Frame>, Failure> {
    let from = request.range.start.min(now);
    // A range that is none still has a width on the screen.
    let request = request.with_range(Interval::new(from, request.range.end.max(from.next())));
    let view = View { request: &request, scope: &query.scope, buckets: None };
    let frames = query.question.without_events(&answer, &view)?;
    Ok(answer.finish(frames))
}

/// The notice about a range that has not begun yet.
fn in_the_future(request: &Request, language: Language) -> Result<String, Failure> {
    let from = rfc3339(request.range.start);
    let message = Sentence::RangeInFuture { from: &from }.text(language);
    if request.from_alert {
        return Err(Failure::input(format!("{message}. Allowed: a range of the past")));
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_to_a_rule_that_is_not_ready_is_an_error_with_the_reason() {
        let limit = Duration::from_secs(25);
        let within = async |seconds: u64| {
            let answer = async {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Ok(seconds)
            };
            let deadline = tokio::time::Instant::now() + limit;
            in_time_for_rule(answer, limit, deadline.into_std()).await
        };
        assert_eq!(within(25).await, Ok(25));
        let failure = within(27).await.unwrap_err();
        assert_eq!((failure.status, failure.fault), (504, super::super::error::Fault::Downstream));
        assert!(
            failure.message.starts_with("the answer to the alert rule was not ready after 25 s (ruleTimeoutSeconds)")
        );
    }
}
