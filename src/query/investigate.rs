//! Investigate: which audited actions may explain that a metric moved, and why.
//!
//! The question is about a span of time in which a metric left its band; [`investigation`](crate::investigation) ranks the
//! actions. The events of the range, of the lookback before it and of the days before that are read, of all resources: the
//! `target` says which of them the metric is about, the scope of the query leaves events out of consideration altogether.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, StringArray, TimestampNanosecondArray,
};
use chrono::DateTime;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::buckets::Buckets;
use super::documentation::Topic;
use super::error::Failure;
use super::field::{self, boolean, choice, number, size, wrong};
use super::principals::SCALEWAY;
use super::question::{Names, Needs, Question, UnderRule, View};
use super::request::Request;
use super::scope::Scope;
use super::spans::{STEP, SeriesSpan, Spans, resource};
use super::text::{self, listed};
use crate::cockpit::Labels;
use crate::frame::{Field, Frame, Meta, Notice};
use crate::investigation::{self, Direction, Member, Part, Ranking, Span, Suspect, rank};
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

/// The most days from which the usual is learned.
const LONGEST_HISTORY: u64 = 30;

const DAY: Duration = Duration::from_hours(24);

/// Which actions may explain that a metric moved.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Investigate {
    /// When the metric left its band, in nanoseconds since 1970; `None` for the start of the range.
    pub onset: Option<i64>,
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
    /// The spans of the metric's series, where they were searched.
    pub spans: Option<Spans>,
}

impl Question for Investigate {
    fn fields() -> &'static [&'static str] {
        &["onset", "direction", "expression", "target", "lookbackMinutes", "historyDays", "suspects", "allCandidates"]
    }

    fn parse(query: &Map<String, Value>, _: usize) -> Result<Self, Failure> {
        let lookback = number(query, "lookbackMinutes", DEFAULT_LOOKBACK, LONGEST_LOOKBACK)?;
        let days = number(query, "historyDays", DEFAULT_HISTORY, LONGEST_HISTORY)?;
        Ok(Self {
            onset: onset(query)?,
            direction: choice(query, "direction", &[("up", Direction::Up), ("down", Direction::Down)])?,
            expression: field::text(query, "", "expression")?.unwrap_or_default(),
            target: field::texts(query, "", "target")?,
            lookback: Duration::from_mins(lookback),
            history: Duration::from_hours(24 * days),
            suspects: size(query, "suspects", DEFAULT_SUSPECTS, MOST_SUSPECTS)?,
            all: boolean(query, "allCandidates", false)?,
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

    /// An onset by hand needs no series.
    fn metric(&self) -> Option<&str> {
        (self.onset.is_none() && !self.expression.is_empty()).then_some(&self.expression)
    }

    fn with_spans(&self, spans: Spans) -> Option<Arc<dyn Question>> {
        Some(Arc::new(Self { spans: Some(spans), ..self.clone() }))
    }

    fn interval(&self, request: &Request, _: Option<&Buckets>) -> std::ops::Range<i64> {
        let window = self.symptom(request, &Scope::default()).window();
        (window.start - self.history).nanos().max(0)..request.to.max(window.end.nanos())
    }

    fn frames(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        let symptom = self.symptom(view.request, view.scope);
        let ranking = rank(&answer.events, &answer.rules, &symptom);
        let shown = ranking.suspects.iter().map(|suspect| (suspect, true));
        let below = ranking.others.iter().filter(|_| self.all).map(|candidate| (candidate, false));
        let shown: Vec<(&Suspect, bool)> = shown.chain(below).take(self.suspects).collect();
        let mut frame = table(&shown, answer, &symptom);
        frame.meta.notices.extend(notices(&ranking, shown.len(), self.history));
        Ok(std::iter::once(frame).chain(self.spans.as_ref().map(|spans| span_table(&spans.found))).collect())
    }

    fn unknown(&self, _: &Answer, _: &View<'_>) -> Result<Vec<Frame>, Failure> {
        Ok(vec![no_data()])
    }
}

impl Investigate {
    fn symptom(&self, request: &Request, scope: &Scope) -> investigation::Symptom {
        if let Some(Spans { found, calm }) = &self.spans
            && let Some(first) = found.first()
        {
            let target = if self.target.is_empty() { resource(&first.labels) } else { self.target.clone() };
            // Each series once, the one in question among them: actions touch it, or others.
            let mut series: BTreeMap<&Labels, bool> = calm.iter().map(|labels| (labels, false)).collect();
            for other in found {
                *series.entry(&other.labels).or_default() |= other.span.interval.overlaps(first.span.interval);
            }
            let members = series.into_iter().map(|(labels, moved)| Member { names: resource(labels), moved });
            return investigation::Symptom { members: members.collect(), ..self.about(&first.span, target, scope) };
        }
        let onset = Time::from_nanos(self.onset.unwrap_or(request.from));
        let peak = if self.direction == Direction::Up { 1.0 } else { -1.0 };
        let end = Time::from_nanos(request.to).max(onset.next());
        let span = Span { interval: Interval::new(onset, end), onset, peak, returned: false };
        self.about(&span, self.target.clone(), scope)
    }

    fn about(&self, span: &Span, resource: Vec<String>, scope: &Scope) -> investigation::Symptom {
        investigation::Symptom {
            resource,
            projects: scope.projects.clone(),
            lookback: self.lookback,
            ..investigation::Symptom::about(span, &self.expression, STEP)
        }
    }
}

/// The onset of a query: RFC 3339, or milliseconds since 1970 as Grafana's variables have them.
fn onset(query: &Map<String, Value>) -> Result<Option<i64>, Failure> {
    let Some(written) = field::text(query, "", "onset")?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let of_ms = written.parse::<i64>().ok().and_then(|ms| ms.checked_mul(1_000_000));
    let of_text = DateTime::parse_from_rfc3339(&written).ok().and_then(|time| time.timestamp_nanos_opt());
    let nanos = of_ms.or(of_text).filter(|nanos| *nanos >= 0);
    let allowed = "a time such as 2026-03-01T10:00:00Z, or milliseconds since 1970";
    nanos.map(Some).ok_or_else(|| wrong("onset", &Value::from(written.as_str()), allowed))
}

/// Names and texts of a suspect as a person reads them.
struct Shown<'a> {
    suspect: &'a Suspect,
    who: String,
    what: String,
    which: String,
}

impl<'a> Shown<'a> {
    fn of(suspect: &'a Suspect, answer: &Answer) -> Self {
        let who = suspect.principal.as_deref().map_or(SCALEWAY, |id| answer.name(id).unwrap_or(id));
        let method = suspect.method.as_deref().unwrap_or("unknown method");
        let what = [Some(method), suspect.action.as_deref()].into_iter().flatten().map(text::plain).collect::<Vec<_>>();
        let which = suspect.resource_name.as_deref().or(suspect.resource.as_deref());
        Self {
            suspect,
            who: text::plain(who).into_owned(),
            what: what.join(" "),
            which: text::plain(which.unwrap_or("no resource")).into_owned(),
        }
    }

    fn why(&self) -> String {
        self.suspect.sentence(&self.what, &self.which, &self.who)
    }
}

/// The table of suspects, the best first; a column for the points of each part of the score.
fn table(suspects: &[(&Suspect, bool)], answer: &Answer, symptom: &investigation::Symptom) -> Frame {
    let shown: Vec<Shown<'_>> = suspects.iter().map(|(suspect, _)| Shown::of(suspect, answer)).collect();
    let verdicts = suspects.iter().map(|(_, above)| Some(if *above { "suspect" } else { "below the line" }));
    let before = shown.iter().map(|shown| seconds_before(shown.suspect.time, symptom.onset));
    let ids = shown.iter().map(|shown| json!(shown.suspect.events).to_string());
    let evidence = shown.iter().map(|shown| {
        let found = shown.suspect.evidence.iter();
        json!(found.map(|evidence| evidence.event.as_str()).collect::<Vec<_>>()).to_string()
    });
    let totals = shown.iter().map(|shown| shown.suspect.total);
    let mut fields = vec![
        Field::required("rank", Arc::new(Int64Array::from_iter_values((1..).take(shown.len())))),
        Field::required("verdict", Arc::new(verdicts.collect::<StringArray>())),
        Field::required("score", Arc::new(Float64Array::from_iter_values(totals))),
        Field::required("time", times(shown.iter().map(|shown| shown.suspect.time))),
        Field::required("seconds_before", Arc::new(Float64Array::from_iter_values(before))),
        Field::required("principal", texts(shown.iter().map(|shown| shown.who.clone()))),
        Field::required("method", texts(shown.iter().map(|shown| shown.what.clone()))),
        Field::required("resource_name", texts(shown.iter().map(|shown| shown.which.clone()))),
        Field::required("why", texts(shown.iter().map(Shown::why))),
    ];
    for (index, part) in Part::ALL.into_iter().enumerate() {
        let points = shown.iter().map(|shown| shown.suspect.points[index].points);
        let name = if part == Part::Time { "time_points" } else { part.as_str() };
        fields.push(Field::required(name, Arc::new(Float64Array::from_iter_values(points))));
    }
    fields.extend([
        Field::new("principal_id", cells(suspects.iter().map(|(suspect, _)| &suspect.principal))),
        Field::new("product", cells(suspects.iter().map(|(suspect, _)| &suspect.product))),
        Field::new("resource_type", cells(suspects.iter().map(|(suspect, _)| &suspect.resource_type))),
        Field::new("resource_id", cells(suspects.iter().map(|(suspect, _)| &suspect.resource))),
        Field::required("events", Arc::new(BinaryArray::from_iter_values(ids))),
        Field::required("evidence", Arc::new(BinaryArray::from_iter_values(evidence))),
    ]);
    Frame { fields, ..no_data() }
}

/// The anomalous spans of the metric's series, the one that the suspects are about first.
fn span_table(spans: &[SeriesSpan]) -> Frame {
    let names = spans.iter().map(|found| text::label(&name_of(&found.labels)).into_owned());
    let fields = vec![
        Field::required("series", texts(names)),
        Field::required("onset", times(spans.iter().map(|found| found.span.onset))),
        Field::required("time", times(spans.iter().map(|found| found.span.interval.start))),
        Field::required("timeEnd", times(spans.iter().map(|found| found.span.interval.end))),
        Field::required("peak", Arc::new(Float64Array::from_iter_values(spans.iter().map(|found| found.span.peak)))),
        Field::required(
            "returned",
            Arc::new(spans.iter().map(|found| Some(found.span.returned)).collect::<BooleanArray>()),
        ),
    ];
    Frame { name: "spans".to_owned(), fields, ..no_data() }
}

fn times(times: impl Iterator<Item = Time>) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from_iter_values(times.map(Time::nanos)))
}

/// A series as Prometheus writes it.
fn name_of(labels: &Labels) -> String {
    let name = labels.get("__name__").map(String::as_str).unwrap_or_default();
    let labels = labels.iter().filter(|(label, _)| *label != "__name__");
    let labels = labels.map(|(label, value)| format!("{label}={value:?}")).collect::<Vec<_>>();
    format!("{name}{{{}}}", labels.join(", "))
}

fn texts(texts: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

/// Texts of the caller's choice.
fn cells<'a>(texts: impl Iterator<Item = &'a Option<String>>) -> ArrayRef {
    Arc::new(texts.map(|text| text.as_deref().map(text::cell)).collect::<StringArray>())
}

/// How many seconds before the onset a moment is; below zero after it.
fn seconds_before(time: Time, onset: Time) -> f64 {
    if time > onset { -time.since(onset).as_secs_f64() } else { onset.since(time).as_secs_f64() }
}

fn notices(ranking: &Ranking, shown: usize, history: Duration) -> Vec<Notice> {
    let mut notices = Vec::new();
    let (suspects, considered) = (ranking.suspects.len(), ranking.considered());
    if suspects == 0 {
        let candidates = if considered == 1 { "candidate" } else { "candidates" };
        let message = format!(
            "nothing audited explains this: {considered} {candidates}, none above the line. What has no event: {}",
            listed(&ranking.blind_spots)
        );
        notices.push(Topic::NoSuspect.info(message));
    } else if shown < suspects {
        notices.push(Topic::Limit.info(format!("the first {shown} of {suspects} suspects are shown (suspects)")));
    }
    let (covered, wanted) = (days(ranking.profile), days(history));
    notices.push(Topic::Baseline.info(format!(
        "what is usual for a principal is learned from the events before: {covered} of {wanted} days have events"
    )));
    notices
}

/// Whole days, rounded up.
fn days(duration: Duration) -> u64 {
    duration.as_secs().div_ceil(DAY.as_secs())
}

fn no_data() -> Frame {
    Frame {
        name: "suspects".to_owned(),
        meta: Meta { preferred_visualisation_type: Some("table".to_owned()), ..Meta::default() },
        fields: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Float64Type;

    use super::*;
    use crate::event::{Events, Kind};

    const ONSET: &str = "2026-03-01T10:00:30Z";

    fn parse(query: &Value) -> Result<Investigate, Failure> {
        Investigate::parse(query.as_object().expect("a query is an object"), 1_000)
    }

    fn act(id: &str, time: &str, method: &str, server: &str) -> Value {
        json!({
            "id": id, "recorded_at": time, "principal": { "id": "ops" }, "product_name": "instance", "method_name": method,
            "status_code": 202, "project_id": "p", "resources": [{ "id": server, "type": "instance_server", "name": "web" }],
            "request_body": { "action": "poweroff" },
        })
    }

    fn frame(query: &Value, acts: &[Value]) -> Frame {
        let investigate = parse(query).expect("the query is well formed");
        let request = Request::new("A", (1_772_359_230_000, 1_772_360_000_000), STEP, 1_000, false).expect("a range");
        let view = View { request: &request, scope: &Scope::default(), buckets: None };
        let answer = Answer::of(&Events::from_json(Kind::Api, acts));
        investigate.frames(&answer, &view).expect("an answer").remove(0)
    }

    fn texts_of(frame: &Frame, name: &str) -> Vec<String> {
        let field = frame.fields.iter().find(|field| field.name == name).expect("the frame has the column");
        field.values.as_string::<i32>().iter().flatten().map(str::to_owned).collect()
    }

    #[test]
    fn a_field_with_a_wrong_value_is_named_with_what_is_allowed() {
        for (query, expected) in [
            (json!({ "onset": "yesterday" }), "onset is \"yesterday\". Allowed: a time such as 2026-03-01T10:00:00Z"),
            (json!({ "onset": -5 }), "onset is \"-5\""),
            (json!({ "direction": "sideways" }), "direction is \"sideways\". Allowed: up, down"),
            (json!({ "lookbackMinutes": 0 }), "lookbackMinutes is 0. Allowed: a whole number from 1 to 1440"),
            (json!({ "historyDays": 31 }), "historyDays is 31. Allowed: a whole number from 1 to 30"),
            (json!({ "suspects": 101 }), "suspects is 101. Allowed: a whole number from 1 to 100"),
        ] {
            let failure = parse(&query).expect_err("a wrong value");
            assert!(failure.message.starts_with(expected), "{failure}");
        }
    }

    #[test]
    fn an_onset_is_a_time_or_milliseconds() {
        let onset = |onset: Value| parse(&json!({ "onset": onset })).expect("an onset").onset;
        assert_eq!(onset(json!(ONSET)), onset(json!(1_772_359_230_000_i64)));
        assert_eq!(onset(json!("1772359230000")), onset(json!(ONSET)));
        assert_eq!(onset(json!("")), None);
    }

    #[test]
    fn the_interval_begins_with_the_days_before_the_lookback() {
        let request = Request::new("A", (1_772_359_230_000, 1_772_360_000_000), STEP, 1_000, false).expect("a range");
        let interval =
            parse(&json!({ "lookbackMinutes": 30, "historyDays": 1 })).expect("a query").interval(&request, None);
        let before = Duration::from_nanos(request.from.abs_diff(interval.start));
        assert_eq!(before, Duration::from_mins(24 * 60 + 31), "a day, the lookback and a sample's distance");
        assert_eq!(interval.end, request.to);
    }

    #[test]
    fn the_action_that_moves_such_a_metric_is_the_first_suspect() {
        let acts = [
            act("reads", "2026-03-01T10:00:20Z", "GetServer", "web-3"),
            act("other", "2026-03-01T10:00:05Z", "UpdateSecurityGroup", "elsewhere"),
            act("culprit", "2026-03-01T10:00:00Z", "ServerAction", "web-3"),
        ];
        let query =
            json!({ "target": ["web-3"], "expression": "instance_server_cpu_seconds_total", "direction": "down" });
        let frame = frame(&query, &acts);
        assert_eq!(texts_of(&frame, "method")[0], "ServerAction poweroff");
        assert_eq!(texts_of(&frame, "verdict")[0], "suspect");
        let why = &texts_of(&frame, "why")[0];
        assert!(why.starts_with("ServerAction poweroff on web by ops, 30 s before the onset: "), "{why}");
    }

    #[test]
    fn each_series_is_a_member_once_and_moved_where_one_of_its_spans_overlaps() {
        let labels = |id: &str| Labels::from([("resource_id".to_owned(), id.to_owned())]);
        let span = |id: &str, minutes: std::ops::Range<i64>| {
            let interval = Interval::from_nanos(minutes.start * 60_000_000_000, minutes.end * 60_000_000_000);
            SeriesSpan { labels: labels(id), span: Span { interval, onset: interval.start, peak: 9.0, returned: true } }
        };
        let found = vec![span("a", 10..20), span("b", 15..17), span("b", 40..50), span("c", 40..50)];
        let spans = Spans { found, calm: vec![labels("d")] };
        let investigate = Investigate { spans: Some(spans), ..parse(&json!({})).expect("a query") };
        let request = Request::new("A", (0, 3_600_000), STEP, 1_000, false).expect("a range");
        let symptom = investigate.symptom(&request, &Scope::default());
        let members: Vec<(&str, bool)> =
            symptom.members.iter().map(|member| (member.names[0].as_str(), member.moved)).collect();
        assert_eq!(members, [("a", true), ("b", true), ("c", false), ("d", false)]);
        assert_eq!(symptom.resource, ["a"]);
    }

    #[test]
    fn the_parts_of_a_score_add_up_to_it() {
        let query = json!({ "target": ["web-3"], "allCandidates": true });
        let acts = [
            act("a", "2026-03-01T10:00:00Z", "ServerAction", "web-3"),
            act("b", "2026-03-01T09:50:00Z", "UpdateServer", "web-3"),
        ];
        let frame = frame(&query, &acts);
        let number = |name: &str, row: usize| {
            let field = frame.fields.iter().find(|field| field.name == name).expect("the frame has the column");
            field.values.as_primitive::<Float64Type>().value(row)
        };
        for row in 0..frame.rows() {
            let parts = ["time_points", "closeness", "effect", "touched", "risk", "rarity", "sequence"];
            let sum: f64 = parts.iter().map(|part| number(part, row)).sum();
            assert!((sum - number("score", row)).abs() < 1e-9);
        }
    }

    #[test]
    fn without_a_suspect_the_blind_spots_are_named() {
        let query = json!({ "target": ["web-3"], "expression": "instance_server_cpu_seconds_total" });
        let frame = frame(&query, &[]);
        assert_eq!(frame.rows(), 0);
        let notice = &frame.meta.notices[0].text;
        assert!(notice.starts_with("nothing audited explains this: 0 candidates, none above the line. "), "{notice}");
        assert!(frame.meta.notices[1].text.ends_with("0 of 2 days have events"), "{:?}", frame.meta.notices);
    }

    #[test]
    fn names_of_the_callers_choice_are_cleaned() {
        let mut hostile = act("a", "2026-03-01T10:00:00Z", "ServerAction", "web-3");
        hostile["resources"][0]["name"] = json!("web\n\u{202e}3");
        let query = json!({ "target": ["web-3"], "direction": "down", "expression": "cpu", "allCandidates": true });
        let frame = frame(&query, &[hostile]);
        assert_eq!(texts_of(&frame, "resource_name"), ["web 3"]);
        assert!(!texts_of(&frame, "why")[0].contains(['\n', '\u{202e}']));
    }
}
