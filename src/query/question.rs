//! From a query to frames.

use std::time::Instant;

use super::answer::Answer;
use super::buckets::{self, Buckets};
use super::cpu::spawn_cpu;
use super::data_source::DataSource;
use super::documentation::Topic;
use super::error::Failure;
use super::model::{self, Format, Query, Question, Request};
use super::{annotations, counts, events, values, variable};
use crate::frame::Frame;

impl DataSource {
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
        let query = Query { scope: self.in_default_project(&query.scope), ..query.clone() };
        // A rule has no hidden query: to answer nothing would be to say that there are no data.
        if query.hide && !request.from_alert {
            return encode(Vec::new());
        }
        request.check(&query)?;
        let now = buckets::now();
        if !query.empty_variables.is_empty() {
            let notice = Topic::EmptyVariable.warning(variable::without_value(&query.empty_variables));
            return without_events(Answer::nothing(notice), &query, request, now).and_then(encode);
        }
        if request.from == request.to {
            let notice = Topic::EmptyRange.info("the range is empty: it ends where it begins");
            return without_events(Answer::nothing(notice), &query, request, now).and_then(encode);
        }
        let deadline = Instant::now() + self.settings.query_timeout;
        let buckets = Buckets::of(&query, request, now)?;
        let read = buckets.as_ref().map_or_else(|| request.clone(), |buckets| request.reading(buckets.read()));
        let answer = Answer::gather(self, &query, &read, deadline).await?;
        let request = request.clone();
        let rows = answer.events.len();
        spawn_cpu(rows, deadline, move || encode(frames(answer, &query, &request, buckets, now)?)).await
    }
}

fn frames(
    answer: Answer,
    query: &Query,
    request: &Request,
    buckets: Option<Buckets>,
    now: i64,
) -> Result<Vec<Frame>, Failure> {
    // A clock that is behind Scaleway's may not hide the events that it takes for future ones.
    let known = answer.newest_time().map_or(now, |newest| newest.max(now));
    if request.from > known {
        return in_the_future(answer, query, request, now);
    }
    if answer.is_unknown() && !request.from_alert {
        return nothing_known(answer, query, request);
    }
    let buckets = buckets.map(|buckets| buckets.until(known));
    let frames = match &query.question {
        Question::Counts(counts) => vec![counts::frame(counts, &answer, request, buckets.as_ref())?],
        Question::Values(values) => vec![values::frame(values, &answer)],
        // A rule means the number of events, whatever the panel it was made from shows.
        Question::Annotations(_) | Question::Events(_) | Question::Volume if request.from_alert => {
            vec![counts::total(&answer)]
        }
        Question::Annotations(annotations) => vec![annotations::frame(annotations, &answer, request)],
        Question::Events(events) => vec![events::frame(events, &query.scope.text, &answer)?],
        Question::Volume => counts::volume(&answer, &buckets.expect("a volume has buckets")),
    };
    Ok(answer.finish(frames))
}

/// The frames of an answer that has no event, and from which events may be missing: no data, so that no tile says 0 and no
/// table looks as if nothing had happened. Annotations show what is missing, and log lines look like no data without a line.
fn nothing_known(answer: Answer, query: &Query, request: &Request) -> Result<Vec<Frame>, Failure> {
    let frame = match &query.question {
        Question::Counts(counts) => counts::no_data(counts.over),
        Question::Values(_) => values::no_data(),
        Question::Volume => counts::no_volume(),
        Question::Events(events) if events.format == Format::Table => events::no_data(),
        Question::Events(events) => events::frame(events, &query.scope.text, &answer)?,
        Question::Annotations(annotations) => annotations::frame(annotations, &answer, request),
    };
    Ok(answer.finish(vec![frame]))
}

/// The frames of an answer for which no event was even looked for: no data, and not a number.
fn without_events(answer: Answer, query: &Query, request: &Request, now: i64) -> Result<Vec<Frame>, Failure> {
    match &query.question {
        Question::Counts(counts) => Ok(answer.finish(vec![counts::no_data(counts.over)])),
        Question::Volume => Ok(answer.finish(vec![counts::no_volume()])),
        Question::Values(_) => Ok(answer.finish(vec![values::no_data()])),
        _ => {
            let from = request.from.min(now);
            // A range that is none still has a width on the screen.
            let to = request.to.max(from.saturating_add(1));
            frames(answer, query, &request.reading(from..to), None, now)
        }
    }
}

/// The answer to a question about what has not happened yet.
fn in_the_future(mut answer: Answer, query: &Query, request: &Request, now: i64) -> Result<Vec<Frame>, Failure> {
    let from = model::rfc3339(chrono::DateTime::from_timestamp_nanos(request.from));
    let message = format!("the range begins in the future, at {from}");
    if request.from_alert {
        return Err(Failure::input(format!("{message}. Allowed: a range of the past")));
    }
    answer.notice(Topic::EmptyRange.info(message));
    without_events(answer, query, request, now)
}
