//! What a question is: how it is parsed, what answering it needs, and the frames that it makes of an answer.
//!
//! [`super::model`] has the table of questions; [`super::pipeline`] answers them.

use std::fmt::Debug;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::buckets::Buckets;
use super::error::Failure;
use super::request::Request;
use super::rule_choice::{ChosenRules, RuleChoice};
use super::scope::Scope;
use super::spans::Spans;
use crate::event::Column;
use crate::frame::Frame;
use crate::time::Interval;

/// A question about the events of a query.
pub trait Question: Debug + Send + Sync {
    /// The names of the question's own fields in a query.
    fn fields() -> &'static [&'static str]
    where
        Self: Sized;

    /// Parses the question's own fields of a query. `max_events` is the most that a list may show.
    ///
    /// # Errors
    /// The first field that has a wrong value, with what is allowed.
    fn parse(query: &Map<String, Value>, max_events: usize) -> Result<Self, Failure>
    where
        Self: Sized;

    /// What an alert rule gets of the question.
    fn under_rule(&self) -> UnderRule {
        UnderRule::Count
    }

    /// What the frames need beside the events.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// The buckets of time that events are counted in; `None` where the question does not count over time. `past` is the
    /// interval that has events, up to the present. A rule that gets the number of events is not asked for any.
    ///
    /// # Errors
    /// When a rule's range has no whole bucket.
    fn buckets(&self, _: &Request, _zone: &TimeZone, _past: Interval) -> Result<Option<Buckets>, Failure> {
        Ok(None)
    }

    /// The interval whose events are read. It may begin before the range of the request.
    fn interval(&self, request: &Request, buckets: Option<&Buckets>) -> Interval {
        buckets.map_or(request.range, Buckets::read)
    }

    /// The `PromQL` expression of the metric that the question is about, where its anomalous spans have to be found.
    fn metric(&self) -> Option<&str> {
        None
    }

    /// The question with the spans of its metric; `None` where it is not about one.
    fn with_spans(&self, _: Spans) -> Option<Arc<dyn Question>> {
        None
    }

    /// The rules that the question asks for, where it is about rules.
    fn rules(&self) -> Option<&RuleChoice> {
        None
    }

    /// The question with its rules; `None` where it is not about rules.
    fn with_rules(&self, _: ChosenRules) -> Option<Arc<dyn Question>> {
        None
    }

    /// The rules that the question has got.
    fn chosen_rules(&self) -> Option<&ChosenRules> {
        None
    }

    /// The rows that the frames cost beside those of the answer itself.
    fn cost(&self, _: &Answer) -> usize {
        0
    }

    /// Whether it is about the whole organization where the query names no project, whatever the default project is.
    fn is_about_organization(&self) -> bool {
        false
    }

    /// The frames of an answer.
    ///
    /// # Errors
    /// When the answer is larger than the question allows.
    fn frames(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure>;

    /// The frames of an answer that has no event, and from which events may be missing: no data, so that no tile shows 0 and
    /// no table looks as if nothing had happened.
    ///
    /// # Errors
    /// Those of [`frames`](Self::frames).
    fn unknown(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure>;

    /// The frames of an answer for which no event was looked for.
    ///
    /// # Errors
    /// Those of [`frames`](Self::frames).
    fn without_events(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        self.unknown(answer, view)
    }

    /// The columns of an answer without a row, where the frame does not have them.
    fn columns(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

impl dyn Question {
    /// What an answer to a request needs beside the events.
    ///
    /// # Errors
    /// When the request is a rule's, and the question is not for rules.
    pub fn needs_for(&self, request: &Request) -> Result<Needs, Failure> {
        match self.under_rule() {
            UnderRule::Refused(failure) if request.from_alert => Err(failure),
            _ if request.redacted && self.needs().details => Err(Failure::hidden("queryType is \"investigate\"")),
            UnderRule::Count if request.from_alert => {
                Ok(Needs { relatives: self.needs().relatives, ..Needs::default() })
            }
            _ => Ok(self.needs()),
        }
    }
}

/// What an alert rule gets of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnderRule {
    /// The number of events: that is what a rule means that was made from a panel of events.
    Count,
    /// The question's own frames: they are numbers.
    Frames,
    /// An error.
    Refused(Failure),
}

/// What an answer needs beside the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a need of its own")]
pub struct Needs {
    /// What the names of principals are needed for.
    pub names: Names,
    /// The column whose ids have names that are looked up beside the trail.
    pub labels: Option<Column>,
    /// Whether the frames show how usual events are.
    pub novelty: bool,
    /// Whether all events of the trail are read, also those outside the scope: with the profile of the days before, they are
    /// what rules compare an event with.
    pub whole_trail: bool,
    /// Whether events about the relatives of the scope's resource are wanted as well.
    pub relatives: bool,
    /// Whether the frames show intervals without events, so that an answer without any event is no error.
    pub shows_gaps: bool,
    /// Whether the frames are made of details that a setting may hide from viewers.
    pub details: bool,
}

/// What the names of principals are needed for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// Nothing.
    #[default]
    Unused,
    /// To be shown.
    Shown,
    /// To be shown and to label groups: without names, groups have other labels.
    Grouped,
}

/// What an answer is shown on.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The request: its range is the one that is shown.
    pub request: &'a Request,
    /// The scope of the query.
    pub scope: &'a Scope,
    /// Those of [`Question::buckets`] that begin in the past.
    pub buckets: Option<&'a Buckets>,
}
