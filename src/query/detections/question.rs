//! The question: which rules match which events of the scope.

use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::super::answer::Answer;
use super::super::buckets::Buckets;
use super::super::error::Failure;
use super::super::field::{choice, choices, size, texts, wrong};
use super::super::question::{Names, Needs, Question, UnderRule, View};
use super::super::request::{EARLIEST, Request};
use super::super::rule_choice::{ChosenRules, RuleChoice};
use super::super::young_day;
use super::evaluation::Evaluation;
use super::{alert, annotated, counted, lines, table};
use crate::detection::window::reads_from;
use crate::detection::{Context, Level, Selection};
use crate::frame::Frame;
use crate::time::Interval;

/// The most characters of a query's own rules.
const LONGEST_TEXT: usize = 65_536;

/// How many matches or lines are listed where a query sets no limit.
const DEFAULT_LIMIT: usize = 1_000;

/// How many annotations there are where a query sets no limit: each is an element of Grafana's page.
const DEFAULT_ANNOTATIONS: usize = 200;

/// The matches of rules among the events of a query.
#[derive(Clone, Debug)]
pub(in super::super) struct Detections {
    /// The rules that the query asks for.
    choice: RuleChoice,
    /// How the matches are shown.
    show: Show,
    /// At most this many matches or lines, the newest first.
    limit: usize,
    /// Whether annotations lie over a panel's own query.
    overlay: bool,
    /// The rules; `None` until the data source has chosen them.
    rules: Option<Arc<ChosenRules>>,
}

/// How matches are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Show {
    /// A table with a row for each match.
    Matches,
    /// The events that a rule matches, as log lines.
    Lines,
    /// An annotation for each match.
    Annotations,
    /// Numbers over time, a series for each rule.
    Counts,
}

impl Show {
    const ALL: [(&'static str, Self); 4] = [
        ("matches", Self::Matches),
        ("lines", Self::Lines),
        ("annotations", Self::Annotations),
        ("counts", Self::Counts),
    ];
}

impl Question for Detections {
    fn fields() -> &'static [&'static str] {
        &["levels", "tags", "ruleIds", "sigma", "show", "limit", "overlay"]
    }

    fn parse(query: &Map<String, Value>, max_events: usize) -> Result<Self, Failure> {
        let levels = Level::ALL.map(|level| (level.as_str(), level));
        let selection = Selection {
            levels: choices(&texts(query, "", "levels")?, "levels", &levels)?,
            tags: texts(query, "", "tags")?,
            ids: texts(query, "", "ruleIds")?,
        };
        let show = choice(query, "show", &Show::ALL)?;
        let limit = if show == Show::Annotations { DEFAULT_ANNOTATIONS } else { DEFAULT_LIMIT };
        Ok(Self {
            choice: RuleChoice { selection, text: sigma(query)? },
            show,
            limit: size(query, "limit", limit.min(max_events), max_events)?,
            overlay: super::super::field::boolean(query, "overlay", false)?,
            rules: None,
        })
    }

    fn under_rule(&self) -> UnderRule {
        UnderRule::Frames
    }

    fn rules(&self) -> Option<&RuleChoice> {
        Some(&self.choice)
    }

    fn with_rules(&self, rules: ChosenRules) -> Option<Arc<dyn Question>> {
        Some(Arc::new(Self { rules: Some(Arc::new(rules)), ..self.clone() }))
    }

    fn chosen_rules(&self) -> Option<&ChosenRules> {
        self.rules.as_deref()
    }

    fn cost(&self, answer: &Answer) -> usize {
        let Some(rules) = self.rules.as_ref().filter(|rules| !rules.is_own) else { return 0 };
        rules.pack.cost(&answer.events, &Context { risks: &answer.rules, names: &|_| None })
    }

    /// Rules are about the organization: log-ins and changes of permissions have no project.
    fn is_about_organization(&self) -> bool {
        true
    }

    fn needs(&self) -> Needs {
        let whole_trail = self.rules.as_ref().is_some_and(|rules| rules.have_baselines());
        let shows_gaps = self.show == Show::Annotations;
        Needs { names: Names::Grouped, whole_trail, shows_gaps, ..Needs::default() }
    }

    fn buckets(&self, request: &Request, zone: &TimeZone, _: Interval) -> Result<Option<Buckets>, Failure> {
        let is_over_time = self.show == Show::Counts && !request.from_alert;
        Ok(is_over_time.then(|| Buckets::overlapping(request, zone)))
    }

    /// From the earliest event that decides whether a rule matches in the range.
    fn interval(&self, request: &Request, _: Option<&Buckets>) -> Interval {
        let Some(rules) = &self.rules else { return request.range };
        let Interval { start, end } = judged(request);
        let starts = rules.shown.iter().map(|number| reads_from(rules.pack.rules(), *number, start));
        let first = starts.min().unwrap_or(start);
        let first = if rules.have_baselines() { young_day::reads_from(first, end) } else { first };
        Interval::new(first.max(EARLIEST), end)
    }

    fn frames(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        let rules = self.rules.as_ref().expect("the data source chooses the rules of a query before it is answered");
        let request = view.request;
        let evaluation = Evaluation::of(rules, answer, judged(request));
        if request.from_alert {
            return Ok(vec![alert::frame(&evaluation, request.range.start)]);
        }
        match self.show {
            Show::Matches => Ok(vec![table::frame(&evaluation, self.limit)]),
            Show::Lines => Ok(vec![lines::frame(&evaluation, view.scope, self.limit)?]),
            Show::Annotations => Ok(vec![annotated::frame(&evaluation, request, self.overlay, self.limit)]),
            Show::Counts => {
                let buckets = view.buckets.expect("numbers over time have buckets");
                Ok(vec![counted::frame(&evaluation, buckets)])
            }
        }
    }

    fn unknown(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        match self.show {
            // Annotations show missing intervals, and lines look like no data without a line.
            Show::Annotations | Show::Lines if self.rules.is_some() => self.frames(answer, view),
            Show::Annotations | Show::Matches | Show::Lines => Ok(vec![table::no_data()]),
            Show::Counts => Ok(vec![counted::no_data()]),
        }
    }
}

/// The range in which firings are sought: that of the request; of an alert rule from the begin of the hour on.
fn judged(request: &Request) -> Interval {
    let Interval { start, end } = request.range;
    Interval::new(if request.from_alert { start.hour() } else { start }, end)
}

/// The query's own rules; blank ones are none.
fn sigma(query: &Map<String, Value>) -> Result<Option<String>, Failure> {
    match query.get("sigma") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) if text.chars().count() <= LONGEST_TEXT => Ok(Some(text.clone())),
        Some(other) => Err(wrong("sigma", other, &format!("rules as a text of at most {LONGEST_TEXT} characters"))),
    }
}
