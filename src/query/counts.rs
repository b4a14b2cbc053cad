//! Counts: how many events, over time or in all, told apart by columns; what alert rules read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampNanosecondArray};

use super::answer::{Answer, Failure};
use super::model::{Counts, Over, Request};
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

    /// The bucket of a time within the range.
    #[must_use]
    pub fn bucket(&self, time: i64) -> Option<usize> {
        if !(self.from..self.to).contains(&time) {
            return None;
        }
        let range = i128::from(self.to) - i128::from(self.from);
        usize::try_from((i128::from(time) - i128::from(self.from)) * i128::from(self.buckets) / range).ok()
    }
}

/// Events told apart by the values of some columns.
struct Groups {
    /// The values of each group, largest group first.
    keys: Vec<Vec<String>>,
    /// Each event's group.
    of: Vec<usize>,
}

fn groups(counts: &Counts, answer: &Answer, request: &Request) -> Result<(Groups, Option<Notice>), Failure> {
    let dimensions: Vec<_> = counts.group_by.iter().map(|dimension| answer.dimension(*dimension)).collect();
    let mut index: HashMap<Vec<String>, usize> = HashMap::new();
    let mut sizes: Vec<u64> = Vec::new();
    let mut of = Vec::with_capacity(answer.events.len());
    for row in 0..answer.events.len() {
        let key: Vec<String> =
            dimensions.iter().map(|text| text(row).map_or_else(|| NONE.to_owned(), Into::into)).collect();
        let group = *index.entry(key).or_insert(sizes.len());
        if group == sizes.len() {
            sizes.push(0);
        }
        sizes[group] += 1;
        of.push(group);
    }
    let mut keys: Vec<(Vec<String>, usize)> = index.into_iter().collect();
    keys.sort_by(|(a, i), (b, j)| sizes[*j].cmp(&sizes[*i]).then_with(|| a.cmp(b)));
    let mut place: Vec<usize> = vec![0; sizes.len()];
    for (position, (_, group)) in keys.iter().enumerate() {
        place[*group] = position.min(counts.group_limit);
    }
    let mut notice = None;
    if keys.len() > counts.group_limit {
        let (found, limit) = (keys.len(), counts.group_limit);
        if request.from_alert {
            return Err(Failure::input(format!(
                "the count has {found} groups. Allowed: groupLimit, which is {limit}; raise it, or narrow the scope"
            )));
        }
        let folded = found - limit;
        notice =
            Some(Notice::warning(format!("{found} groups; the {folded} smallest are counted together as {OTHER:?}")));
        keys.truncate(limit);
        keys.push((vec![OTHER.to_owned(); counts.group_by.len()], usize::MAX));
    }
    let of = of.into_iter().map(|group| place[group]).collect();
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

/// How many events there are over time, one frame per log level, as Grafana's log volume wants them.
#[must_use]
pub fn volume(answer: &Answer, request: &Request) -> Vec<Frame> {
    let grid = Grid::new(request);
    let mut levels: BTreeMap<&'static str, Vec<i64>> = BTreeMap::new();
    for (row, time) in answer.events.times().values().iter().enumerate() {
        if let Some(bucket) = grid.bucket(*time) {
            levels.entry(super::events::level(answer, row)).or_insert_with(|| vec![0; grid.len()])[bucket] += 1;
        }
    }
    let frame = |(level, counts): (&str, Vec<i64>)| Frame {
        name: "volume".to_owned(),
        meta: Meta::of(FrameType::TimeseriesMulti),
        fields: vec![
            Field::required("time", Arc::new(TimestampNanosecondArray::from_iter_values(grid.starts()))),
            Field::required("count", Arc::new(Int64Array::from(counts)))
                .labelled(BTreeMap::from([("level".to_owned(), level.to_owned())])),
        ],
    };
    levels.into_iter().map(frame).collect()
}

fn over_time(counts: &Counts, answer: &Answer, groups: &Groups, grid: Grid) -> Frame {
    let mut series = vec![vec![0_i64; grid.len()]; groups.keys.len()];
    for (time, group) in answer.events.times().values().iter().zip(&groups.of) {
        if let Some(bucket) = grid.bucket(*time) {
            series[*group][bucket] += 1;
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
        fields.push(Field::required("count", Arc::new(Int64Array::from(values))).labelled(labels));
    }
    Frame { name: "counts".to_owned(), meta: Meta::of(FrameType::TimeseriesWide), fields }
}

fn in_all(counts: &Counts, groups: &Groups) -> Frame {
    let mut totals = vec![0_i64; groups.keys.len()];
    for group in &groups.of {
        totals[*group] += 1;
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
