//! Counts: the number of events, over time or in total, grouped by columns; alert rules read them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampNanosecondArray};
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::buckets::Buckets;
use super::dimension::Dimension;
use super::documentation::Topic;
use super::error::Failure;
use super::field::{choice, choices, number, size, texts};
use super::groups::{Grouping, Groups};
use super::question::{Names, Needs, Question, UnderRule, View};
use super::request::{EARLIEST, Request};
pub use super::tally::CountOf;
use crate::frame::{Field, Frame, FrameType, Meta};
use crate::lenient::is_blank;
use crate::locale::Sentence;
use crate::time::Interval;

/// The most groups that a count may have.
const MOST_GROUPS: usize = 1_000;

/// The limit of groups where a query sets none.
const DEFAULT_GROUPS: usize = 50;

/// The most columns that a count may be grouped by.
const MOST_GROUPINGS: usize = 8;

/// The longest lookback, in seconds: 30 days.
const LONGEST_LOOKBACK: u64 = 30 * 24 * 3_600;

/// How events are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// A series on a grid, or one number.
    pub over: Over,
    /// The things that are counted.
    pub of: CountOf,
    /// The least time before its end that a number is about; zero where it is about its bucket or range only.
    pub lookback: Duration,
    /// The columns that the events are grouped by.
    pub group_by: Vec<Dimension>,
    /// At most this many groups.
    pub group_limit: usize,
}

/// What a count runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Buckets of time.
    Time,
    /// The whole range.
    Total,
}

/// The number of events in each bucket.
impl Default for Counts {
    fn default() -> Self {
        Self {
            over: Over::Time,
            of: CountOf::Events,
            lookback: Duration::ZERO,
            group_by: Vec::new(),
            group_limit: DEFAULT_GROUPS,
        }
    }
}

impl Question for Counts {
    fn fields() -> &'static [&'static str] {
        &["over", "countOf", "lookbackSeconds", "groupBy", "groupLimit"]
    }

    fn parse(query: &Map<String, Value>, _: usize) -> Result<Self, Failure> {
        let groupings = Dimension::named(Dimension::groupings());
        let group_by = choices(&texts(query, "", "groupBy")?, "groupBy", &groupings)?;
        if group_by.len() > MOST_GROUPINGS {
            let message = format!("groupBy has {} columns. Allowed: at most {MOST_GROUPINGS}", group_by.len());
            return Err(Failure::input(message));
        }
        Ok(Self {
            over: choice(query, "over", &[("time", Over::Time), ("total", Over::Total)])?,
            of: count_of(query)?,
            lookback: lookback(query)?,
            group_by,
            group_limit: size(query, "groupLimit", DEFAULT_GROUPS, MOST_GROUPS)?,
        })
    }

    fn under_rule(&self) -> UnderRule {
        UnderRule::Frames
    }

    fn needs(&self) -> Needs {
        let uses = |column| self.group_by.contains(&column) || self.of.column() == Some(column);
        let names = if uses(Dimension::Principal) { Names::Grouped } else { Names::Unused };
        Needs { names, novelty: uses(Dimension::Novelty), ..Needs::default() }
    }

    fn buckets(&self, request: &Request, zone: &TimeZone, past: Interval) -> Result<Option<Buckets>, Failure> {
        let buckets = match self.over {
            Over::Time if request.from_alert => Buckets::whole(request, zone, past)?,
            Over::Time => Buckets::overlapping(request, zone),
            Over::Total if self.lookback.is_zero() => return Ok(None),
            Over::Total => {
                // A range that ends in the future ends now as far as events are concerned.
                let last = request.range.end.min(past.end) - self.lookback;
                let first = request.range.start.min(last.max(EARLIEST));
                return Ok(Some(Buckets::one(Interval::new(first, request.range.end), zone)));
            }
        };
        Ok(Some(buckets.looking_back(self.lookback)))
    }

    fn frames(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        Ok(vec![frame(self, answer, view.request, view.buckets)?])
    }

    fn unknown(&self, _: &Answer, _: &View<'_>) -> Result<Vec<Frame>, Failure> {
        Ok(vec![no_data(self.over)])
    }

    fn columns(&self) -> Vec<&'static str> {
        let time = (self.over == Over::Time).then_some("time");
        time.into_iter().chain(self.group_by.iter().map(|column| column.name())).chain(["count"]).collect()
    }
}

/// The things that are counted: events, or the distinct values of a column.
fn count_of(query: &Map<String, Value>) -> Result<CountOf, Failure> {
    let columns = Dimension::groupings().map(|column| (column.name(), CountOf::Distinct(column)));
    choice(query, "countOf", &std::iter::once(("events", CountOf::Events)).chain(columns).collect::<Vec<_>>())
}

/// The least time before its end that a number is about.
fn lookback(query: &Map<String, Value>) -> Result<Duration, Failure> {
    if is_blank(query.get("lookbackSeconds")) {
        return Ok(Duration::ZERO);
    }
    number(query, "lookbackSeconds", LONGEST_LOOKBACK, LONGEST_LOOKBACK).map(Duration::from_secs)
}

/// Counts events as the query asks.
///
/// # Errors
/// When an alert rule's count has more groups than allowed.
///
/// # Panics
/// When a count over time comes without buckets.
pub fn frame(counts: &Counts, answer: &Answer, request: &Request, buckets: Option<&Buckets>) -> Result<Frame, Failure> {
    let grouping = Grouping { by: &counts.group_by, limit: counts.group_limit, of: counts.of };
    let (mut groups, notice) = Groups::of(grouping, answer, request)?;
    let any = counts.over == Over::Total || buckets.is_some_and(|buckets| !buckets.is_empty());
    if groups.keys.is_empty() && counts.group_by.is_empty() && any {
        // Nothing happened is a number too: an alert on it must not become "no data".
        groups.keys.push(Vec::new());
    }
    let mut frame = match counts.over {
        Over::Time => over_time(counts, answer, &groups, request, buckets.expect("a count over time has buckets")),
        Over::Total => in_all(counts, &groups, answer.events.len()),
    };
    frame.meta.notices.extend(notice);
    Ok(frame)
}

/// The number of all events of an answer.
#[must_use]
pub fn total(answer: &Answer) -> Frame {
    let rows = answer.events.len();
    in_all(&Counts::default(), &Groups::one(rows), rows)
}

/// A count without any number, which Grafana treats as "no data".
fn no_data(over: Over) -> Frame {
    let kind = match over {
        Over::Time => FrameType::TimeseriesWide,
        Over::Total => FrameType::NumericLong,
    };
    Frame { name: "counts".to_owned(), meta: Meta::of(kind), fields: Vec::new() }
}

/// The time column of a series.
pub(super) fn starts(buckets: &Buckets) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from_iter_values(buckets.starts().iter().map(|start| start.nanos())))
}

fn over_time(counts: &Counts, answer: &Answer, groups: &Groups<'_>, request: &Request, buckets: &Buckets) -> Frame {
    let mut series = vec![vec![0_i64; buckets.len()]; groups.keys.len()];
    let mut tally = groups.tally();
    for (bucket, rows) in buckets.windows(&answer.events) {
        let counted = tally.slide(rows);
        series.iter_mut().zip(counted).for_each(|(series, count)| series[bucket] = *count);
    }
    let mut fields = Vec::with_capacity(series.len() + 1);
    if !series.is_empty() {
        fields.push(Field::required("time", starts(buckets)));
    }
    for (key, values) in groups.keys.iter().zip(series) {
        let labels: BTreeMap<String, String> =
            counts.group_by.iter().map(|dimension| dimension.name().to_owned()).zip(key.iter().cloned()).collect();
        // Grafana would call the series by the field's name and its labels: "count succeeded".
        let distinct = |of: Dimension| Sentence::DistinctValues { fields: of.name() }.text(answer.language);
        let name = if key.is_empty() { counts.of.column().map(distinct) } else { Some(key.join(" · ")) };
        let config = name.map(|name| json!({ "displayNameFromDS": name }));
        let count = Field::required("count", Arc::new(Int64Array::from(values))).labelled(labels);
        fields.push(Field { config, ..count });
    }
    let mut meta = Meta { custom: Some(buckets.meta()), ..Meta::of(FrameType::TimeseriesWide) };
    if !fields.is_empty() && !request.from_alert {
        meta.notices.extend(buckets.notice(answer.language).map(|text| Topic::PartialBar.info(text)));
    }
    Frame { name: "counts".to_owned(), meta, fields }
}

fn in_all(counts: &Counts, groups: &Groups<'_>, rows: usize) -> Frame {
    let totals = groups.tally().slide(0..rows).to_vec();
    let mut fields = Vec::new();
    if !totals.is_empty() {
        for (index, dimension) in counts.group_by.iter().enumerate() {
            let values: ArrayRef = Arc::new(StringArray::from_iter_values(groups.keys.iter().map(|key| &key[index])));
            fields.push(Field::required(dimension.name(), values));
        }
        fields.push(Field::required("count", Arc::new(Int64Array::from(totals))));
    }
    Frame { name: "counts".to_owned(), meta: Meta::of(FrameType::NumericLong), fields }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;
    use jiff::tz::TimeZone;
    use serde_json::{Value, json};

    use super::*;
    use crate::event::{Column, Events, Kind};
    use crate::query::condition::NONE;
    use crate::query::groups::OTHER;
    use crate::risk::Severity;

    const SECOND: i64 = 1_000_000_000;

    fn request(seconds: i64, interval: u64, max_data_points: u64, from_alert: bool) -> Request {
        let interval = Duration::from_secs(interval);
        Request {
            ref_id: String::new(),
            range: Interval::from_nanos(7, 7 + seconds * SECOND),
            interval,
            max_data_points,
            from_alert,
            redacted: false,
        }
    }

    /// What the query asks, in buckets of UTC.
    fn frame(counts: &Counts, answer: &Answer, request: &Request) -> Result<Frame, Failure> {
        let buckets = Buckets::overlapping(request, &TimeZone::UTC);
        super::frame(counts, answer, request, Some(&buckets))
    }

    fn counts(over: Over, group_by: &[Dimension], group_limit: usize) -> Counts {
        Counts { over, group_by: group_by.to_vec(), group_limit, ..Counts::default() }
    }

    fn numbers(frame: &Frame) -> Vec<i64> {
        frame
            .fields
            .iter()
            .filter_map(|f| f.values.as_primitive_opt::<Int64Type>())
            .flat_map(|n| n.values().to_vec())
            .collect()
    }

    fn total_by(dimension: Dimension, json_events: &[Value]) -> Vec<(String, i64)> {
        let answer = Answer::of(&Events::from_json(Kind::Api, json_events));
        let frame = frame(&counts(Over::Total, &[dimension], 2), &answer, &request(1_000, 1, 100, false)).unwrap();
        let keys = frame.fields[0].values.as_string::<i32>().iter().map(|key| key.unwrap().to_owned());
        keys.zip(numbers(&frame)).collect()
    }

    #[test]
    fn the_largest_groups_come_first_and_the_rest_is_other() {
        let method = |name: &str| json!({ "method_name": name });
        let json_events = [method("b"), method("a"), method("c"), method("a"), json!({}), json!({}), json!({})];
        let groups = total_by(Dimension::Column(Column::Method), &json_events);
        assert_eq!(groups, [(NONE.to_owned(), 3), ("a".to_owned(), 2), (OTHER.to_owned(), 2)]);
        // Groups of one size are in order of their names, so that the same question has the same answer.
        let even = total_by(Dimension::Column(Column::Method), &[method("y"), method("x")]);
        assert_eq!(even, [("x".to_owned(), 1), ("y".to_owned(), 1)]);
    }

    /// An event of each severity in turn, and of none.
    fn of_severities(severities: &[Option<Severity>]) -> Answer {
        let event =
            |severity: &Option<Severity>| json!({ "product_name": "p", "method_name": severity.map(Severity::as_str) });
        let json_events: Vec<_> = severities.iter().map(event).collect();
        let rules = Severity::ALL.map(|severity| format!("p,{0},,c,{0},\n", severity.as_str())).concat();
        Answer::by_rules(&Events::from_json(Kind::Api, &json_events), &rules)
    }

    #[test]
    fn groups_with_an_order_of_their_own_have_it_in_every_range() {
        use Severity::{Critical, High, Low, Medium};
        let order = |answer: &Answer, dimension, limit| -> Vec<String> {
            let total = frame(&counts(Over::Total, &[dimension], limit), answer, &request(9, 1, 9, false)).unwrap();
            let rows: Vec<_> =
                total.fields[0].values.as_string::<i32>().iter().map(|key| key.unwrap().to_owned()).collect();
            let series = frame(&counts(Over::Time, &[dimension], limit), answer, &request(9, 1, 9, false)).unwrap();
            let labels: Vec<_> =
                series.fields[1..].iter().map(|field| field.labels[dimension.name()].clone()).collect();
            assert_eq!(labels, rows);
            rows
        };
        for severities in [
            &[Some(Low), Some(Low), None, None, None, Some(High), Some(Medium), Some(Critical)][..],
            &[Some(Critical), Some(Critical), Some(Critical), Some(High), Some(High), Some(Medium), None, Some(Low)],
        ] {
            let answer = of_severities(severities);
            assert_eq!(order(&answer, Dimension::Severity, 5), ["critical", "high", "medium", "low", NONE]);
        }
        // The largest groups are kept, and the folded ones come last.
        let answer = of_severities(&[Some(Low), Some(Low), Some(Critical), Some(High), Some(High)]);
        assert_eq!(order(&answer, Dimension::Severity, 2), ["high", "low", OTHER]);
        let json_events = [json!({ "status_code": 500 }), json!({ "status_code": 500 }), json!({ "status_code": 403 })];
        let json_events = [&json_events[..], &[json!({ "status_code": 200 }), json!({})]].concat();
        let answer = Answer::of(&Events::from_json(Kind::Api, &json_events));
        let class = Dimension::Column(Column::StatusClass);
        assert_eq!(order(&answer, class, 9), ["succeeded", "denied", "failed", NONE]);
        assert_eq!(order(&answer, Dimension::Status, 9), ["200", "403", "500", NONE]);
    }

    #[test]
    fn groups_by_several_columns_keep_the_order_of_those_that_have_one() {
        let call = |method: &str, status: u16| json!({ "method_name": method, "status_code": status });
        let json_events =
            [call("a", 500), call("a", 500), call("b", 500), call("b", 200), call("c", 200), call("c", 200)];
        let answer = Answer::of(&Events::from_json(Kind::Api, &json_events));
        let by = [Dimension::Column(Column::Method), Dimension::Column(Column::StatusClass)];
        let frame = frame(&counts(Over::Time, &by, 9), &answer, &request(9, 1, 9, false)).unwrap();
        let names: Vec<_> =
            frame.fields[1..].iter().map(|field| &field.config.as_ref().unwrap()["displayNameFromDS"]).collect();
        assert_eq!(names, ["c · succeeded", "b · succeeded", "a · failed", "b · failed"]);
    }

    #[test]
    fn a_series_is_called_by_the_values_of_its_labels() {
        let answer = Answer::of(&Events::from_json(Kind::Api, &[json!({ "method_name": "a\u{202e}" })]));
        let by = |group_by: &[Dimension]| {
            frame(&counts(Over::Time, group_by, 9), &answer, &request(9, 1, 9, false)).unwrap().fields.remove(1)
        };
        let grouped = by(&[Dimension::Column(Column::Method), Dimension::Severity]);
        let label = &grouped.labels["method"];
        assert_eq!(grouped.config, Some(json!({ "displayNameFromDS": format!("{label} · {NONE}") })));
        // What Grafana's alerting reads stays: the labels, and the field's name.
        assert_eq!((grouped.name.as_str(), grouped.labels["severity"].as_str()), ("count", NONE));
        assert_eq!(by(&[]).config, None);
    }

    #[test]
    fn an_alert_rule_never_gets_an_other() {
        let json_events = [json!({ "method_name": "a" }), json!({ "method_name": "b" })];
        let answer = Answer::of(&Events::from_json(Kind::Api, &json_events));
        let by_method = |limit| counts(Over::Time, &[Dimension::Column(Column::Method)], limit);
        assert!(frame(&by_method(2), &answer, &request(1_000, 1, 1, true)).is_ok());
        let failure = frame(&by_method(1), &answer, &request(1_000, 1, 1, true)).unwrap_err();
        assert_eq!(
            failure.message,
            "the count has 2 groups. Allowed: groupLimit, which is 1; raise it, or narrow the scope"
        );
    }

    #[test]
    fn events_outside_the_grid_are_not_counted_into_another_bucket() {
        // They cannot be there; a count that invents a group for them would hide the defect.
        let answer = Answer::of(&Events::from_json(Kind::Api, &[json!({}), json!({})]));
        let request = Request { range: Interval::from_nanos(0, 2 * SECOND), ..request(2, 1, 3, false) };
        assert_eq!(numbers(&frame(&counts(Over::Time, &[], 1), &answer, &request).unwrap()), [0, 1]);
    }

    #[test]
    fn the_number_of_nothing_is_zero() {
        let answer = Answer::of(&Events::default());
        assert_eq!(numbers(&total(&answer)), [0]);
        assert_eq!(numbers(&frame(&counts(Over::Time, &[], 1), &answer, &request(2, 1, 2, false)).unwrap()), [0, 0]);
        let grouped = counts(Over::Total, &[Dimension::Status], 1);
        assert!(frame(&grouped, &answer, &request(2, 1, 2, false)).unwrap().fields.is_empty());
    }

    /// An event of a method from an address, and so many seconds after the other.
    fn call(second: i64, method: &str, address: &str) -> Value {
        let time = chrono::DateTime::from_timestamp_nanos(second * SECOND);
        json!({ "method_name": method, "source_ip": address, "recorded_at": time })
    }

    fn distinct_addresses(over: Over, lookback: u64) -> Counts {
        let of = CountOf::Distinct(Dimension::Column(Column::SourceIp));
        Counts { over, of, lookback: Duration::from_secs(lookback), ..Counts::default() }
    }

    #[test]
    fn distinct_values_are_counted_by_bucket_and_group_without_the_lack_of_one() {
        let calls = [
            call(0, "a", "203.0.113.7"),
            call(0, "a", "::ffff:203.0.113.7"),
            call(1, "b", "203.0.113.7"),
            call(1, "a", "203.0.113.8"),
            call(2, "a", "203.0.113.8"),
            call(2, "b", ""),
            json!({ "method_name": "b", "recorded_at": "1970-01-01T00:00:02Z" }),
        ];
        let answer = Answer::of(&Events::from_json(Kind::Api, &calls));
        let request = Request { range: Interval::from_nanos(0, 3 * SECOND), ..request(3, 1, 9, false) };
        let series = frame(&distinct_addresses(Over::Time, 0), &answer, &request).unwrap();
        assert_eq!(numbers(&series), [1, 2, 1]);
        assert_eq!(series.fields[1].config, Some(json!({ "displayNameFromDS": "distinct source_ip" })));
        assert_eq!(numbers(&frame(&distinct_addresses(Over::Total, 0), &answer, &request).unwrap()), [2]);
        let by_method = |group_limit| {
            let group_by = vec![Dimension::Column(Column::Method)];
            let counts = Counts { group_by, group_limit, ..distinct_addresses(Over::Total, 0) };
            numbers(&frame(&counts, &answer, &request).unwrap())
        };
        assert_eq!((by_method(9), by_method(1)), (vec![2, 1], vec![2, 1]));
    }

    #[test]
    fn a_number_with_a_lookback_is_about_the_time_before_its_end() {
        let calls: Vec<Value> =
            [0, 1, 2, 5, 9, 10].map(|second| call(second, "a", &format!("203.0.113.{}", second % 2))).into();
        let answer = Answer::of(&Events::from_json(Kind::Api, &calls));
        let request = Request { range: Interval::from_nanos(4 * SECOND, 12 * SECOND), ..request(8, 2, 9, false) };
        let count = |lookback, of| {
            let counts = Counts { of, ..distinct_addresses(Over::Time, lookback) };
            let buckets = Buckets::overlapping(&request, &TimeZone::UTC).looking_back(counts.lookback);
            let frame = super::frame(&counts, &answer, &request, Some(&buckets)).unwrap();
            (buckets.read().nanos(), numbers(&frame))
        };
        // Buckets of two seconds from 4 s on; one that looks back less than its width counts all of itself.
        for lookback in [0, 1, 2] {
            assert_eq!(count(lookback, CountOf::Events), (4 * SECOND..12 * SECOND, vec![1, 0, 1, 1]), "{lookback} s");
        }
        assert_eq!(count(6, CountOf::Events), (0..12 * SECOND, vec![4, 2, 2, 2]));
        assert_eq!(count(600, CountOf::Events), (0..12 * SECOND, vec![4, 4, 5, 6]));
        let distinct = distinct_addresses(Over::Time, 0).of;
        assert_eq!(count(6, distinct).1, [2, 2, 1, 2]);
    }
}
