//! The question: which audited actions may explain that a metric moved, and what follows from that.
//!
//! It is about a span of time in which a metric left its band; [`investigation`](crate::investigation) ranks the actions. The
//! events of the range, of the lookback before it and of the days before that are read, of all resources: the `target` says
//! which of them the metric is about, the scope of the query leaves events out of consideration altogether.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use serde_json::{Map, Value};

use super::super::answer::Answer;
use super::super::buckets::Buckets;
use super::super::documentation::Topic;
use super::super::error::Failure;
use super::super::field::{self, boolean, choice, number, size, wrong};
use super::super::question::{Names, Needs, Question, UnderRule, View};
use super::super::request::{EARLIEST, Request};
use super::super::scope::Scope;
use super::super::spans::{STEP, Spans, resource};
use super::case::Case;
use super::columns::table;
use super::notices::notices;
use super::show::Show;
use super::span_table::span_table;
use super::suspects::suspect_table;
use super::{annotated, containment, graph, recovery, story, summary, timeline};
use crate::cockpit::Labels;
use crate::frame::{Frame, Notice};
use crate::investigation::{Direction, Member, Ranking, Span, Suspect, Symptom, rank};
use crate::locale::{Language, Sentence};
use crate::time::{Interval, Time};

/// The most suspects that a query may ask for.
const MOST_SUSPECTS: usize = 100;

/// How many suspects are shown where a query sets no limit.
const DEFAULT_SUSPECTS: usize = 10;

/// How far before the onset actions are sought where a query does not say.
const DEFAULT_LOOKBACK: u64 = 60;

/// The longest lookback, in minutes: a day.
const LONGEST_LOOKBACK: u64 = 24 * 60;

/// The default number of days from which the usual is learned: each costs calls to Scaleway the first time.
const DEFAULT_HISTORY: u64 = 2;

/// The most days from which the usual is learned: those in which the use of a credential is looked for.
const LONGEST_HISTORY: u64 = 30;

/// Which actions may explain that a metric moved.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Investigate {
    /// When the metric left its band; `None` for the start of the range.
    pub onset: Option<Time>,
    /// Which way it moved.
    pub direction: Direction,
    /// The metric's name or its `PromQL` expression, which says what kind of metric it is.
    pub expression: String,
    /// Ids and names of the resource that the metric is about; none for any resource.
    pub target: Vec<String>,
    /// How far before the onset actions are sought.
    pub lookback: Duration,
    /// The time before the lookback from which the usual is learned.
    pub history: Duration,
    /// At most this many suspects.
    pub suspects: usize,
    /// Whether candidates below the line are shown as well.
    pub all: bool,
    /// The part of the answer that is shown.
    pub show: Show,
    /// Since when the metric is to be back within its band.
    pub recovered_from: Option<Time>,
    /// Whether annotations lie over a panel's own query.
    pub overlay: bool,
    /// The spans of the metric's series, where they were searched.
    pub spans: Option<Spans>,
}

impl Question for Investigate {
    fn fields() -> &'static [&'static str] {
        &[
            "onset",
            "direction",
            "expression",
            "target",
            "lookbackMinutes",
            "historyDays",
            "suspects",
            "allCandidates",
            "show",
            "recoveredFrom",
            "overlay",
        ]
    }

    fn parse(query: &Map<String, Value>, _: usize) -> Result<Self, Failure> {
        let show = choice(query, "show", &Show::ALL)?;
        let history = if show == Show::Containment { LONGEST_HISTORY } else { DEFAULT_HISTORY };
        let lookback = number(query, "lookbackMinutes", DEFAULT_LOOKBACK, LONGEST_LOOKBACK)?;
        let days = number(query, "historyDays", history, LONGEST_HISTORY)?;
        let recovered_from = time(query, "recoveredFrom")?;
        if show == Show::Recovery && recovered_from.is_none() {
            let message =
                "show is \"recovery\", which needs recoveredFrom: since when the metric is to be back within its band";
            return Err(Failure::input(message.to_owned()));
        }
        Ok(Self {
            onset: time(query, "onset")?,
            direction: choice(query, "direction", &[("up", Direction::Up), ("down", Direction::Down)])?,
            expression: field::text(query, "", "expression")?.unwrap_or_default(),
            target: field::texts(query, "", "target")?,
            lookback: Duration::from_mins(lookback),
            history: Duration::from_hours(24 * days),
            suspects: size(query, "suspects", DEFAULT_SUSPECTS, MOST_SUSPECTS)?,
            all: boolean(query, "allCandidates", false)?,
            show,
            recovered_from,
            overlay: boolean(query, "overlay", false)?,
            spans: None,
        })
    }

    fn under_rule(&self) -> UnderRule {
        let message = "queryType is \"investigate\", which is for people. An alert rule needs counts";
        UnderRule::Refused(Failure::input(message.to_owned()))
    }

    fn needs(&self) -> Needs {
        Needs { names: Names::Shown, details: true, ..Needs::default() }
    }

    /// An onset by hand needs no series, unless they are judged.
    fn metric(&self) -> Option<&str> {
        let is_needed = self.onset.is_none() || self.show == Show::Recovery;
        (is_needed && !self.expression.is_empty()).then_some(&self.expression)
    }

    fn with_spans(&self, spans: Spans) -> Option<Arc<dyn Question>> {
        Some(Arc::new(Self { spans: Some(spans), ..self.clone() }))
    }

    fn interval(&self, request: &Request, _: Option<&Buckets>) -> Interval {
        let window = self.symptom(request, &Scope::default()).window();
        Interval::new((window.start - self.history).max(EARLIEST), request.range.end.max(window.end))
    }

    fn frames(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        let symptom = self.symptom(view.request, view.scope);
        let ranking = rank(&answer.events, &answer.rules, &symptom);
        let (mut frames, shown) = if self.show == Show::Suspects {
            self.tables(answer, &ranking, symptom.onset)
        } else {
            let case = Case::of(answer, view.request, &symptom, &ranking, self.spans.as_ref(), self.suspects);
            (self.of_case(&case), case.suspects.len())
        };
        if let Some(first) = frames.first_mut() {
            first.meta.notices.extend(notices(answer.language, &ranking, shown, self.history));
            first.meta.notices.extend(self.no_resource(answer.language));
        }
        Ok(frames)
    }

    fn unknown(&self, _: &Answer, _: &View<'_>) -> Result<Vec<Frame>, Failure> {
        Ok(vec![table(self.show.as_str(), Vec::new())])
    }
}

impl Investigate {
    /// The tables of suspects and spans, and how many rows the first has.
    fn tables(&self, answer: &Answer, ranking: &Ranking, onset: Time) -> (Vec<Frame>, usize) {
        let shown = ranking.suspects.iter().map(|suspect| (suspect, true));
        let below = ranking.others.iter().filter(|_| self.all).map(|candidate| (candidate, false));
        let shown: Vec<(&Suspect, bool)> = shown.chain(below).take(self.suspects).collect();
        let spans = self.spans.as_ref().map(|spans| span_table(&spans.found));
        (std::iter::once(suspect_table(&shown, answer, onset)).chain(spans).collect(), shown.len())
    }

    /// What says that the series in question leaves open which resource it is about.
    fn no_resource(&self, language: Language) -> Option<Notice> {
        let first = self.spans.as_ref().filter(|_| self.onset.is_none())?.found.first()?;
        let is_named = !self.target.is_empty() || !resource(&first.labels).is_empty();
        (!is_named).then(|| Topic::NoResource.info(Sentence::NoResource.text(language)))
    }

    fn of_case(&self, case: &Case<'_>) -> Vec<Frame> {
        match self.show {
            Show::Suspects => unreachable!("tables of suspects need no story"),
            Show::Annotations => vec![annotated::frame(case, self.overlay)],
            Show::Graph => graph::frames(case),
            Show::Timeline => vec![timeline::frame(case)],
            Show::Story => story::frames(case),
            Show::Containment => vec![containment::frame(case)],
            Show::Recovery => {
                let from = self.recovered_from.expect("a query about the recovery has its time");
                vec![recovery::frame(case, from)]
            }
            Show::Summary => vec![summary::frame(case)],
        }
    }

    pub(super) fn symptom(&self, request: &Request, scope: &Scope) -> Symptom {
        let found = self.spans.as_ref().filter(|_| self.onset.is_none());
        if let Some(Spans { found, calm }) = found
            && let Some(first) = found.first()
        {
            let target = if self.target.is_empty() { resource(&first.labels) } else { self.target.clone() };
            // Each series once, the one in question among them: actions touch it, or others.
            let mut series: BTreeMap<&Labels, bool> = calm.iter().map(|labels| (labels, false)).collect();
            for other in found {
                *series.entry(&other.labels).or_default() |= other.span.interval.overlaps(first.span.interval);
            }
            let members = series.into_iter().map(|(labels, moved)| Member { names: resource(labels), moved });
            let mut symptom = self.about(&first.span, target, scope);
            symptom.projects.extend(project(&first.labels).filter(|id| !scope.projects.contains(id)));
            return Symptom { members: members.collect(), earlier: first.earlier, ..symptom };
        }
        let onset = self.onset.unwrap_or(request.range.start);
        let peak = if self.direction == Direction::Up { 1.0 } else { -1.0 };
        let end = request.range.end.max(onset.next());
        let span = Span { interval: Interval::new(onset, end), onset, peak, returned: false };
        // A span by hand says nothing of how the metric went on.
        Symptom { course: None, ..self.about(&span, self.target.clone(), scope) }
    }

    fn about(&self, span: &Span, resource: Vec<String>, scope: &Scope) -> Symptom {
        Symptom {
            resource,
            projects: scope.projects.clone(),
            lookback: self.lookback,
            ..Symptom::about(span, &self.expression, STEP)
        }
    }
}

/// The project of a series that has no id of a resource.
fn project(labels: &Labels) -> Option<String> {
    let value = |name: &str| labels.get(name).filter(|value| !value.is_empty());
    value("project_id").filter(|_| value("resource_id").is_none()).cloned()
}

/// A time of a query: RFC 3339, or milliseconds since 1970 as Grafana's variables have them.
fn time(query: &Map<String, Value>, name: &str) -> Result<Option<Time>, Failure> {
    let Some(written) = field::text(query, "", name)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let of_ms = written.parse::<i64>().ok().and_then(|ms| ms.checked_mul(1_000_000));
    let of_text = DateTime::parse_from_rfc3339(&written).ok().and_then(|time| time.timestamp_nanos_opt());
    let nanos = of_ms.or(of_text).filter(|nanos| *nanos >= 0);
    let allowed = "a time such as 2026-03-01T10:00:00Z, or milliseconds since 1970";
    nanos.map(|nanos| Some(Time::from_nanos(nanos))).ok_or_else(|| wrong(name, &Value::from(written.as_str()), allowed))
}
