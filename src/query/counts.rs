//! Counts: how many events, over time or in all, told apart by columns; what alert rules read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampNanosecondArray};
use serde_json::json;

use super::answer::{Answer, Failure};
use super::events::Level;
use super::keys::{self, Keys};
use super::model::{Counts, Over, Request};
use super::text;
use crate::event::Events;
use crate::frame::{Field, Frame, FrameType, Meta, Notice};

/// The label of events that lack the column they are told apart by.
pub const NONE: &str = "(none)";

/// The label of the groups beyond the limit.
pub const OTHER: &str = "other";

/// The most buckets that a series has.
const MOST_BUCKETS: u64 = 1_000;

/// From this many points on, `maxDataPoints` is a default of Grafana's alerting or expressions, not a panel's width.
const NO_PANEL: u64 = 5_000;

/// How many buckets a rule's series has at most: enough for a reducer, few enough that each means something.
const RULE_BUCKETS: u64 = 60;

/// Widths of buckets, in milliseconds, that people count in.
const WIDTHS: [u64; 32] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    86_400_000,
    172_800_000,
    604_800_000,
    1_209_600_000,
    2_592_000_000,
    7_776_000_000,
];

/// Equal buckets that tile a range: the first begins where the range begins, the last ends where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    from: i64,
    to: i64,
    buckets: u64,
}

impl Grid {
    /// The grid for a request: buckets about as wide as Grafana suggests, of a width that people count in.
    #[must_use]
    pub fn new(request: &Request) -> Self {
        let range = u64::try_from(request.to - request.from).unwrap_or(1).max(1);
        let no_panel = request.from_alert || request.max_data_points == 0 || request.max_data_points >= NO_PANEL;
        let most = if no_panel { RULE_BUCKETS } else { request.max_data_points.min(MOST_BUCKETS) };
        let interval = u64::try_from(request.interval.as_nanos()).unwrap_or(u64::MAX);
        let width = interval.max(range.div_ceil(most));
        let nice =
            WIDTHS.iter().map(|ms| Duration::from_millis(*ms).as_nanos()).find(|nice| *nice >= u128::from(width));
        let width = nice.and_then(|nice| u64::try_from(nice).ok()).unwrap_or(width);
        Self { from: request.from, to: request.to, buckets: range.div_ceil(width).max(1) }
    }

    /// How many buckets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.buckets).unwrap_or(usize::MAX)
    }

    /// Never: a range has at least one bucket.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets == 0
    }

    /// The starts of the buckets.
    pub fn starts(&self) -> impl Iterator<Item = i64> + use<> {
        let Self { from, to, buckets } = *self;
        let range = i128::from(to) - i128::from(from);
        (0..buckets).map(move |k| {
            let start = (range * i128::from(k) + i128::from(buckets) - 1).div_euclid(i128::from(buckets));
            from + i64::try_from(start).unwrap_or_default()
        })
    }

    /// The buckets that hold events, the newest first, with the rows of each.
    pub fn rows<'a>(&self, events: &'a Events) -> impl Iterator<Item = (usize, Range<usize>)> + use<'a> {
        let starts: Vec<i64> = self.starts().collect();
        let mut row = events.since(self.to);
        starts.into_iter().enumerate().rev().filter_map(move |(bucket, start)| {
            let first = std::mem::replace(&mut row, events.since(start));
            (first < row).then_some((bucket, first..row))
        })
    }
}

/// Events told apart by the values of some columns.
struct Groups {
    /// The values of each group: in the order that their columns have, then the largest group first.
    keys: Vec<Vec<String>>,
    /// Each event's group.
    of: Vec<u32>,
}

fn groups(counts: &Counts, answer: &Answer, request: &Request) -> Result<(Groups, Option<Notice>), Failure> {
    let columns: Vec<Keys<'_>> = counts.group_by.iter().map(|dimension| answer.keys(*dimension)).collect();
    let rows = answer.events.len();
    let (of, first) = keys::told_apart(rows, &columns.iter().collect::<Vec<_>>());
    let mut sizes: Vec<u64> = vec![0; first.len()];
    for group in &of {
        sizes[*group as usize] += 1;
    }
    let shown = |keys: &Keys<'_>, row| keys.get(row).map_or(NONE.to_owned(), |text| text::label(text).into_owned());
    let texts = |row: &usize| columns.iter().map(|keys| shown(keys, *row)).collect();
    let mut keys: Vec<(Vec<String>, usize)> = first.iter().map(texts).zip(0..).collect();
    // What has the same labels is one group, whether or not it lacks the column.
    let mut merged = Vec::new();
    keys.sort_unstable();
    keys.dedup_by(|(other, from), (key, to)| {
        let same = other == key;
        if same {
            sizes[*to] += sizes[*from];
            merged.push((*from, *to));
        }
        same
    });
    keys.sort_by(|(a, i), (b, j)| sizes[*j].cmp(&sizes[*i]).then_with(|| a.cmp(b)));
    let found = keys.len();
    keys.truncate(counts.group_limit);
    // The largest are kept, in the order of their values where these have one.
    let ranks = |key: &[String]| -> Vec<usize> {
        counts.group_by.iter().zip(key).map(|(dimension, text)| dimension.rank(text)).collect()
    };
    keys.sort_by_cached_key(|(key, _)| ranks(key));
    let mut place: Vec<usize> = vec![keys.len(); sizes.len()];
    for (position, (_, group)) in keys.iter().enumerate() {
        place[*group] = position;
    }
    for (from, to) in merged {
        place[from] = place[to];
    }
    let mut notice = None;
    if found > counts.group_limit {
        let limit = counts.group_limit;
        if request.from_alert {
            return Err(Failure::input(format!(
                "the count has {found} groups. Allowed: groupLimit, which is {limit}; raise it, or narrow the scope"
            )));
        }
        let folded = found - limit;
        notice = Some(Notice::info(format!("{found} groups; the {folded} smallest are counted together as {OTHER:?}")));
        // Two groups with the same labels are one to Grafana: a group that is really called so keeps its name.
        let mut other = OTHER.to_owned();
        while keys.iter().any(|(key, _)| key.iter().all(|text| *text == other)) {
            other = format!("({other})");
        }
        keys.push((vec![other; counts.group_by.len()], usize::MAX));
    }
    // A place is that of a group, of which there are not more than rows.
    let of = of.into_iter().map(|group| u32::try_from(place[group as usize]).unwrap_or(u32::MAX)).collect();
    Ok((Groups { keys: keys.into_iter().map(|(key, _)| key).collect(), of }, notice))
}

/// Counts events as the query asks.
///
/// # Errors
/// When an alert rule's count has more groups than allowed.
pub fn frame(counts: &Counts, answer: &Answer, request: &Request) -> Result<Frame, Failure> {
    let (mut groups, notice) = groups(counts, answer, request)?;
    if groups.keys.is_empty() && counts.group_by.is_empty() {
        // Nothing happened is a number too: an alert on it must not become "no data".
        groups.keys.push(Vec::new());
    }
    let mut frame = match counts.over {
        Over::Time => over_time(counts, answer, &groups, Grid::new(request)),
        Over::Total => in_all(counts, &groups),
    };
    frame.meta.notices.extend(notice);
    Ok(frame)
}

/// The number of all events of an answer.
///
/// # Errors
/// Never for events that were made here.
pub fn total(answer: &Answer) -> Result<Frame, Failure> {
    let counts = Counts { over: Over::Total, group_by: Vec::new(), group_limit: 1 };
    Ok(in_all(&counts, &Groups { keys: vec![Vec::new()], of: vec![0; answer.events.len()] }))
}

/// How many events there are over time, one frame per log level that occurs, as Grafana's log volume wants them; the most
/// serious first. Without any event one frame without fields, which may have something to say.
#[must_use]
pub fn volume(answer: &Answer, request: &Request) -> Vec<Frame> {
    let grid = Grid::new(request);
    let mut levels = BTreeMap::new();
    for (bucket, rows) in grid.rows(&answer.events) {
        for row in rows {
            levels.entry(super::events::level(answer, row)).or_insert_with(|| vec![0; grid.len()])[bucket] += 1;
        }
    }
    if levels.is_empty() {
        return vec![Frame {
            name: "volume".to_owned(),
            meta: Meta::of(FrameType::TimeseriesMulti),
            fields: Vec::new(),
        }];
    }
    let frame = |(level, counts): (Level, Vec<i64>)| Frame {
        name: "volume".to_owned(),
        meta: Meta::of(FrameType::TimeseriesMulti),
        fields: vec![
            Field::required("time", Arc::new(TimestampNanosecondArray::from_iter_values(grid.starts()))),
            Field::required("count", Arc::new(Int64Array::from(counts)))
                .labelled(BTreeMap::from([("level".to_owned(), level.as_str().to_owned())])),
        ],
    };
    levels.into_iter().map(frame).collect()
}

fn over_time(counts: &Counts, answer: &Answer, groups: &Groups, grid: Grid) -> Frame {
    let mut series = vec![vec![0_i64; grid.len()]; groups.keys.len()];
    for (bucket, rows) in grid.rows(&answer.events) {
        for group in &groups.of[rows] {
            series[*group as usize][bucket] += 1;
        }
    }
    let mut fields = Vec::with_capacity(series.len() + 1);
    if !series.is_empty() {
        let times = TimestampNanosecondArray::from_iter_values(grid.starts());
        fields.push(Field::required("time", Arc::new(times)));
    }
    for (key, values) in groups.keys.iter().zip(series) {
        let labels: BTreeMap<String, String> =
            counts.group_by.iter().map(|dimension| dimension.name().to_owned()).zip(key.iter().cloned()).collect();
        // Grafana would call the series by the field's name and its labels: "count succeeded".
        let config = (!key.is_empty()).then(|| json!({ "displayNameFromDS": key.join(" · ") }));
        let count = Field::required("count", Arc::new(Int64Array::from(values))).labelled(labels);
        fields.push(Field { config, ..count });
    }
    Frame { name: "counts".to_owned(), meta: Meta::of(FrameType::TimeseriesWide), fields }
}

fn in_all(counts: &Counts, groups: &Groups) -> Frame {
    let mut totals = vec![0_i64; groups.keys.len()];
    for group in &groups.of {
        totals[*group as usize] += 1;
    }
    let mut fields = Vec::new();
    if !totals.is_empty() {
        for (place, dimension) in counts.group_by.iter().enumerate() {
            let values: ArrayRef = Arc::new(StringArray::from_iter_values(groups.keys.iter().map(|key| &key[place])));
            fields.push(Field::required(dimension.name(), values));
        }
        fields.push(Field::required("count", Arc::new(Int64Array::from(totals))));
    }
    Frame { name: "counts".to_owned(), meta: Meta::of(FrameType::NumericLong), fields }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;
    use serde_json::{Value, json};

    use super::*;
    use crate::event::{Column, Kind};
    use crate::query::model::Dimension;
    use crate::risk::{Risk, Severity};

    const SECOND: i64 = 1_000_000_000;

    fn request(seconds: i64, interval: u64, max_data_points: u64, from_alert: bool) -> Request {
        let interval = Duration::from_secs(interval);
        Request { ref_id: String::new(), from: 7, to: 7 + seconds * SECOND, interval, max_data_points, from_alert }
    }

    fn counts(over: Over, group_by: &[Dimension], group_limit: usize) -> Counts {
        Counts { over, group_by: group_by.to_vec(), group_limit }
    }

    fn numbers(frame: &Frame) -> Vec<i64> {
        frame
            .fields
            .iter()
            .filter_map(|f| f.values.as_primitive_opt::<Int64Type>())
            .flat_map(|n| n.values().to_vec())
            .collect()
    }

    fn total_by(dimension: Dimension, told: &[Value]) -> Vec<(String, i64)> {
        let answer = Answer::of(&Events::told(Kind::Api, told));
        let frame = frame(&counts(Over::Total, &[dimension], 2), &answer, &request(1_000, 1, 100, false)).unwrap();
        let keys = frame.fields[0].values.as_string::<i32>().iter().map(|key| key.unwrap().to_owned());
        keys.zip(numbers(&frame)).collect()
    }

    #[test]
    fn buckets_are_about_as_wide_as_grafana_suggests() {
        for (seconds, interval, points, buckets) in [
            // Six hours on a graph of a thousand pixels: half a minute each.
            (6 * 3_600, 20, 1_000, 720),
            (6 * 3_600, 60, 1_000, 360),
            // A suggestion that is no width people count in becomes the next that is.
            (3_600, 7, 2_000, 360),
            (7 * 86_400, 700, 1_900, 672),
            (10, 3_600, 1_000, 1),
            // A width that does not divide the range is made a little narrower.
            (100, 30, 1_000, 4),
        ] {
            let grid = Grid::new(&request(seconds, interval, points, false));
            assert_eq!(grid.len(), buckets, "{seconds} s every {interval} s on {points} pixels");
        }
    }

    #[test]
    fn a_rule_has_at_most_sixty_buckets() {
        for (seconds, buckets) in [(60, 60), (300, 60), (600, 60), (3_600, 60), (86_400, 48), (7 * 86_400, 56)] {
            assert_eq!(Grid::new(&request(seconds, 1, 43_200, true)).len(), buckets, "{seconds} s");
            assert_eq!(Grid::new(&request(seconds, 1, 43_200, false)).len(), buckets, "a rule's preview, {seconds} s");
        }
    }

    #[test]
    fn the_longest_range_and_the_shortest_are_tiled() {
        for (from, to) in [(0, i64::MAX), (i64::MAX - 1, i64::MAX), (0, 1), (0, 1_000_001)] {
            for points in [0, 1, 999, u64::MAX] {
                let request = Request { from, to, ..request(1, 0, points, false) };
                let grid = Grid::new(&request);
                let starts: Vec<i64> = grid.starts().collect();
                assert_eq!((starts[0], starts.len(), grid.is_empty()), (from, grid.len(), false));
                assert!(starts.is_sorted_by(|a, b| a < b));
                assert!(starts[starts.len() - 1] < to);
            }
        }
    }

    #[test]
    fn the_largest_groups_come_first_and_the_rest_is_other() {
        let method = |name: &str| json!({ "method_name": name });
        let told = [method("b"), method("a"), method("c"), method("a"), json!({}), json!({}), json!({})];
        let groups = total_by(Dimension::Column(Column::Method), &told);
        assert_eq!(groups, [(NONE.to_owned(), 3), ("a".to_owned(), 2), (OTHER.to_owned(), 2)]);
        // Groups of one size are in order of their names, so that the same question has the same answer.
        let even = total_by(Dimension::Column(Column::Method), &[method("y"), method("x")]);
        assert_eq!(even, [("x".to_owned(), 1), ("y".to_owned(), 1)]);
    }

    /// An event of each severity in turn, and of none.
    fn of_severities(severities: &[Option<Severity>]) -> Answer {
        let told = vec![json!({}); severities.len()];
        let answer = Answer::of(&Events::told(Kind::Api, &told));
        let risk = |severity: &Severity| &*Box::leak(Box::new(Risk { class: "c", severity: *severity, attack: &[] }));
        answer.meaning(severities.iter().map(|severity| severity.as_ref().map(risk)).collect())
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
        // What is kept are the largest, and what is folded comes last.
        let answer = of_severities(&[Some(Low), Some(Low), Some(Critical), Some(High), Some(High)]);
        assert_eq!(order(&answer, Dimension::Severity, 2), ["high", "low", OTHER]);
        let told = [json!({ "status_code": 500 }), json!({ "status_code": 500 }), json!({ "status_code": 403 })];
        let told = [&told[..], &[json!({ "status_code": 200 }), json!({})]].concat();
        let answer = Answer::of(&Events::told(Kind::Api, &told));
        let class = Dimension::Column(Column::StatusClass);
        assert_eq!(order(&answer, class, 9), ["succeeded", "denied", "failed", NONE]);
        assert_eq!(order(&answer, Dimension::Status, 9), ["200", "403", "500", NONE]);
    }

    #[test]
    fn groups_by_several_columns_keep_the_order_of_those_that_have_one() {
        let call = |method: &str, status: u16| json!({ "method_name": method, "status_code": status });
        let told = [call("a", 500), call("a", 500), call("b", 500), call("b", 200), call("c", 200), call("c", 200)];
        let answer = Answer::of(&Events::told(Kind::Api, &told));
        let by = [Dimension::Column(Column::Method), Dimension::Column(Column::StatusClass)];
        let frame = frame(&counts(Over::Time, &by, 9), &answer, &request(9, 1, 9, false)).unwrap();
        let names: Vec<_> =
            frame.fields[1..].iter().map(|field| &field.config.as_ref().unwrap()["displayNameFromDS"]).collect();
        assert_eq!(names, ["c · succeeded", "b · succeeded", "a · failed", "b · failed"]);
    }

    #[test]
    fn a_series_is_called_by_the_values_of_its_labels() {
        let answer = Answer::of(&Events::told(Kind::Api, &[json!({ "method_name": "a\u{202e}" })]));
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
    fn a_volume_has_the_levels_that_occur() {
        use Severity::{Critical, Low, Medium};
        let levels = |answer: &Answer| -> Vec<String> {
            let frames = volume(answer, &request(9, 1, 9, false));
            frames.iter().filter_map(|frame| Some(frame.fields.get(1)?.labels["level"].clone())).collect()
        };
        assert_eq!(levels(&of_severities(&[Some(Medium), Some(Critical)])), ["critical", "warning"]);
        assert_eq!(levels(&of_severities(&[Some(Low), Some(Medium), None])), ["warning", "info"]);
        // Nothing found may have something to say.
        let none = volume(&Answer::of(&Events::default()), &request(9, 1, 9, false));
        assert_eq!((none.len(), none[0].fields.len(), none[0].meta.kind), (1, 0, Some(FrameType::TimeseriesMulti)));
    }

    #[test]
    fn an_alert_rule_never_gets_an_other() {
        let told = [json!({ "method_name": "a" }), json!({ "method_name": "b" })];
        let answer = Answer::of(&Events::told(Kind::Api, &told));
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
        // They cannot be there; a count that invents a place for them would hide the defect.
        let answer = Answer::of(&Events::told(Kind::Api, &[json!({}), json!({})]));
        let request = Request { from: 0, to: 2 * SECOND, ..request(2, 1, 2, false) };
        assert_eq!(numbers(&frame(&counts(Over::Time, &[], 1), &answer, &request).unwrap()), [0, 1]);
    }

    #[test]
    fn the_number_of_nothing_is_zero() {
        let answer = Answer::of(&Events::default());
        assert_eq!(numbers(&total(&answer).unwrap()), [0]);
        assert_eq!(numbers(&frame(&counts(Over::Time, &[], 1), &answer, &request(2, 1, 2, false)).unwrap()), [0, 0]);
        let grouped = counts(Over::Total, &[Dimension::Status], 1);
        assert!(frame(&grouped, &answer, &request(2, 1, 2, false)).unwrap().fields.is_empty());
    }
}
