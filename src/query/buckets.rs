//! Buckets of time: what a count over time counts in.
//!
//! A bucket begins at a multiple of its width, so that it holds the same events in every answer: from one refresh to the next a
//! bar keeps its height, and "per day" is a day. Below one hour the multiples are those of UTC; from one hour up they are those
//! of the clock of the query's time zone, where a day may have 23 or 25 hours and may not begin at midnight.
//!
//! | who asks | which buckets | which events are counted |
//! |---|---|---|
//! | a panel, Explore | all that overlap the range | those of the range: the sum is the total that others show |
//! | an alert rule | whole ones: the start is widened, an unfinished last one left out | those of the buckets |
//!
//! The first and the last bucket of a panel hold what of them lies in the range. They say so, and no other bucket changes.

use std::ops::Range;
use std::time::Duration;

use jiff::civil::{Date, DateTime as Civil};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Span, Timestamp};
use serde_json::{Value, json};

use super::error::Failure;
use super::model::{Over, Query, Question, Request};
use crate::event::Events;
use crate::scaleway::audit_trail::RETENTION_DAYS;
use crate::time::Time;

/// The most buckets that a series has.
const MOST_BUCKETS: u64 = 1_000;

/// From this many points on, `maxDataPoints` is a default of Grafana's alerting or expressions, not a panel's width.
const NO_PANEL: u64 = 5_000;

/// How many buckets a rule's series has at most: enough for a reducer, few enough that each means something.
const RULE_BUCKETS: u64 = 60;

/// Up to this many, buckets are bars wide enough for their height to be read: an incomplete one is worth a notice.
const MOST_BARS: usize = 120;

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// Before this, Scaleway has no events.
fn horizon(now: i64) -> i64 {
    now.saturating_sub(RETENTION_DAYS * DAY)
}

/// The width of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// So many nanoseconds, counted from 1970, UTC.
    Span(i64),
    /// So many hours of a clock, counted from midnight.
    Hours(i64),
    /// A day of a calendar.
    Day,
    /// Seven days from Monday on.
    Week,
    /// So many months of a calendar, counted from January.
    Months(i8),
    /// A year of a calendar.
    Year,
}

/// The widths that people count in.
const LADDER: [Width; 31] = {
    const MS: i64 = 1_000_000;
    const MINUTE: i64 = 60 * SECOND;
    use Width::{Day, Hours, Months, Span, Week, Year};
    [
        Span(MS),
        Span(2 * MS),
        Span(5 * MS),
        Span(10 * MS),
        Span(20 * MS),
        Span(50 * MS),
        Span(100 * MS),
        Span(200 * MS),
        Span(500 * MS),
        Span(SECOND),
        Span(2 * SECOND),
        Span(5 * SECOND),
        Span(10 * SECOND),
        Span(15 * SECOND),
        Span(30 * SECOND),
        Span(MINUTE),
        Span(2 * MINUTE),
        Span(5 * MINUTE),
        Span(10 * MINUTE),
        Span(15 * MINUTE),
        Span(30 * MINUTE),
        Hours(1),
        Hours(2),
        Hours(3),
        Hours(6),
        Hours(12),
        Day,
        Week,
        Months(1),
        Months(3),
        Year,
    ]
};

impl Width {
    /// The length that people mean by it, in nanoseconds.
    fn usual(self) -> i64 {
        match self {
            Self::Span(nanos) => nanos,
            Self::Hours(hours) => hours * HOUR,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Months(months) => i64::from(months) * 30 * DAY,
            Self::Year => 365 * DAY,
        }
    }

    /// The shortest that it can be but for changes of the clock, in nanoseconds.
    fn shortest(self) -> i64 {
        match self {
            Self::Months(months) => i64::from(months) * 28 * DAY,
            other => other.usual(),
        }
    }

    /// Its name, for the query inspector.
    fn name(self) -> String {
        match self {
            Self::Span(nanos) if nanos % SECOND == 0 => format!("{} s", nanos / SECOND),
            Self::Span(nanos) => format!("{} ms", nanos / 1_000_000),
            Self::Hours(hours) => format!("{hours} h"),
            Self::Day => "day".to_owned(),
            Self::Week => "week".to_owned(),
            Self::Months(1) => "month".to_owned(),
            Self::Months(months) => format!("{months} months"),
            Self::Year => "year".to_owned(),
        }
    }

    /// Where buckets begin and end: the first edge is the last that is not after `from`, the last edge is the first that is
    /// not before `to`.
    fn edges(self, zone: &TimeZone, from: i64, to: i64) -> Vec<i64> {
        match self {
            Self::Span(width) => {
                let (first, last) =
                    (from.div_euclid(width), to.div_euclid(width) + i64::from(to.rem_euclid(width) != 0));
                (first..=last).map(|place| place.saturating_mul(width)).collect()
            }
            Self::Hours(hours) => {
                // A clock may jump by a whole day.
                let margin = hours * HOUR + 2 * DAY;
                let (before, after) = (from.saturating_sub(margin), to.saturating_add(margin));
                between(hours_of_clock(hours * HOUR, zone, before, after), from, to)
            }
            Self::Day | Self::Week | Self::Months(_) | Self::Year => between(self.dates(zone, from, to), from, to),
        }
    }

    /// The first instants of days, weeks, months or years, from before `from` until after `to`.
    fn dates(self, zone: &TimeZone, from: i64, to: i64) -> Vec<i64> {
        // A clock that is set back over midnight shows the evening again, within a day that has begun.
        let mut date = self.first_day(civil(zone, from).date());
        let mut edges = Vec::new();
        loop {
            let edge = first_instant(zone, date);
            // A day that a zone leaves out, because it changes sides of the date line, is none.
            if edges.last().is_none_or(|last| *last < edge) {
                edges.push(edge);
            }
            if edge >= to {
                return edges;
            }
            let Ok(next) = date.checked_add(self.step()) else { return edges };
            date = next;
        }
    }

    fn step(self) -> Span {
        match self {
            Self::Week => Span::new().days(7),
            Self::Months(months) => Span::new().months(months),
            Self::Year => Span::new().years(1),
            Self::Day | Self::Span(_) | Self::Hours(_) => Span::new().days(1),
        }
    }

    /// The first day of the week, month or year of a day.
    fn first_day(self, date: Date) -> Date {
        let first = match self {
            Self::Week => date.checked_sub(Span::new().days(date.weekday().to_monday_zero_offset())),
            Self::Months(months) => Date::new(date.year(), (date.month() - 1) / months * months + 1, 1),
            Self::Year => Date::new(date.year(), 1, 1),
            Self::Day | Self::Span(_) | Self::Hours(_) => Ok(date),
        };
        first.expect("the years from 1969 to 2263 are within the calendar")
    }
}

/// The edges that enclose a range, of more that ascend.
fn between(mut edges: Vec<i64>, from: i64, to: i64) -> Vec<i64> {
    let end = edges.partition_point(|edge| *edge < to) + 1;
    edges.truncate(end);
    let first = edges.partition_point(|edge| *edge <= from).saturating_sub(1);
    edges.split_off(first)
}

fn timestamp(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(nanos.into()).expect("nanoseconds of 64 bits are within the calendar")
}

/// What a clock shows.
fn civil(zone: &TimeZone, nanos: i64) -> Civil {
    zone.to_datetime(timestamp(nanos))
}

/// The instants at which a clock comes to show a multiple of `width`, which divides the day, or jumps past one.
///
/// Where the clock is set back, it shows the same hour twice: as two buckets, so that none is wider than the others.
fn hours_of_clock(width: i64, zone: &TimeZone, from: i64, to: i64) -> Vec<i64> {
    let (width, to) = (i128::from(width), i128::from(to));
    let ahead = |offset: Offset| i128::from(offset.seconds()) * i128::from(SECOND);
    let mut edges = Vec::new();
    let mut changes = zone.following(timestamp(from));
    let (mut start, mut local) = (i128::from(from), ahead(zone.to_offset(timestamp(from))));
    loop {
        let change = changes.next().map(|change| (change.timestamp().as_nanosecond(), ahead(change.offset())));
        let change = change.filter(|(at, _)| *at < to);
        let end = change.map_or(to, |(at, _)| at);
        let first = (start + local + width - 1).div_euclid(width) * width - local;
        edges.extend((0..).map(|tick| first + tick * width).take_while(|edge| *edge < end));
        let Some((at, next)) = change else { break };
        let before = (at + local - 1).div_euclid(width);
        let after = at + next;
        if before != after.div_euclid(width) && after.rem_euclid(width) != 0 {
            edges.push(at);
        }
        (start, local) = (at, next);
    }
    edges.into_iter().map(saturated).collect()
}

/// Nanoseconds since 1970; beyond the years that they reach there are no events.
fn saturated(nanos: i128) -> i64 {
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// When a day begins: at midnight, or later where the clock jumps over it; the first time where there are two midnights.
fn first_instant(zone: &TimeZone, date: Date) -> i64 {
    let midnight = date.at(0, 0, 0, 0);
    let at = |offset: Offset| offset.to_timestamp(midnight).map_or(i64::MAX, |at| saturated(at.as_nanosecond()));
    match zone.to_ambiguous_timestamp(midnight).offset() {
        AmbiguousOffset::Unambiguous { offset } => at(offset),
        AmbiguousOffset::Fold { before, .. } => at(before),
        AmbiguousOffset::Gap { before, .. } => {
            let after = at(before);
            let jump = zone.preceding(timestamp(after.saturating_add(1))).next();
            jump.map_or(after, |jump| saturated(jump.timestamp().as_nanosecond()))
        }
    }
}

/// The buckets of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// Where they begin, and where the last one ends.
    edges: Vec<i64>,
    /// The events that are counted.
    read: Range<i64>,
    /// `None` where no width is great enough: then the range is one bucket.
    width: Option<Width>,
    zone: TimeZone,
}

impl Buckets {
    /// The buckets that a query counts in; none where it does not count over time.
    ///
    /// # Errors
    /// When a rule's range has no whole bucket.
    pub fn of(query: &Query, request: &Request, now: i64) -> Result<Option<Self>, Failure> {
        let zone = &query.timezone;
        match &query.question {
            Question::Counts(counts) if counts.over == Over::Time && request.from_alert => {
                Self::whole(request, zone, now).map(Some)
            }
            Question::Counts(counts) if counts.over == Over::Time => Ok(Some(Self::overlapping(request, zone))),
            Question::Volume if !request.from_alert => Ok(Some(Self::overlapping(request, zone))),
            _ => Ok(None),
        }
    }

    /// Buckets for a graph of a range.
    #[must_use]
    pub fn overlapping(request: &Request, zone: &TimeZone) -> Self {
        let (from, to) = (request.from, request.to);
        let most = most(request);
        let fitting = widths(request, zone, most.saturating_sub(1)).find(|(_, edges)| buckets(edges) <= most);
        let (width, edges) = fitting.map_or((None, vec![from, to]), |(width, edges)| (Some(width), edges));
        Self { edges, read: from..to, width, zone: zone.clone() }
    }

    /// Whole buckets alone, so that the number depends on the evaluation's instant and on nothing else.
    ///
    /// # Errors
    /// When there is none that Scaleway keeps the events of, or whose end is not in the future.
    fn whole(request: &Request, zone: &TimeZone, now: i64) -> Result<Self, Failure> {
        let (from, to) = (request.from, request.to.min(now));
        let Some((width, edges)) = widths(request, zone, RULE_BUCKETS).next() else {
            return Ok(Self { edges: vec![from, request.to], read: from..request.to, width: None, zone: zone.clone() });
        };
        let mut whole: Vec<i64> = edges.into_iter().filter(|edge| *edge <= to).collect();
        if whole.len() < 2 {
            // The range is shorter than a bucket, or lies within two: the last that is whole has begun before.
            let end = whole.first().copied().unwrap_or_else(|| width.edges(zone, to, to)[0]);
            whole = width.edges(zone, end.saturating_sub(1), end);
        }
        // By the evaluation's instant, not by the clock: the same instant has the same buckets.
        let horizon = horizon(to);
        if from >= horizon {
            whole.retain(|edge| *edge >= horizon);
        }
        let [first, .., last] = whole[..] else {
            let (from, to) = (shown_time(zone, from, true), shown_time(zone, to, true));
            return Err(Failure::input(format!(
                "the rule's interval asks for buckets of one {}, and of the range from {from} to {to} none is whole within the \
                 {RETENTION_DAYS} days that Scaleway keeps. Allowed: an interval of at most a month; choose a smaller one, or \
                 over: total",
                width.name()
            )));
        };
        Ok(Self { read: first..last, edges: whole, width: Some(width), zone: zone.clone() })
    }

    /// The range whose events are counted.
    #[must_use]
    pub fn read(&self) -> Range<i64> {
        self.read.clone()
    }

    /// How many buckets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// Whether there is none: what has not begun yet has no buckets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the buckets begin.
    #[must_use]
    pub fn starts(&self) -> &[i64] {
        &self.edges[..self.len()]
    }

    /// The buckets that have begun at an instant: of the future nothing is known, not even that nothing happens.
    #[must_use]
    pub fn until(mut self, instant: i64) -> Self {
        let begun = self.edges.partition_point(|edge| *edge <= instant);
        self.edges.truncate(begun + 1);
        self.read.end = self.read.end.min(instant.saturating_add(1)).max(self.read.start);
        self
    }

    /// The buckets that hold events, the newest first, with the rows of each.
    pub fn rows<'a>(&self, events: &'a Events) -> impl Iterator<Item = (usize, Range<usize>)> + use<'a> {
        let starts = self.starts().to_vec();
        let mut row = self.edges.last().map_or(0, |end| events.since(*end));
        starts.into_iter().enumerate().rev().filter_map(move |(bucket, start)| {
            let first = std::mem::replace(&mut row, events.since(start));
            (first < row).then_some((bucket, first..row))
        })
    }

    /// Whether the first and the last bucket lack events because the range, or time itself, ends within them.
    fn partial(&self) -> (bool, bool) {
        let (Some(first), Some(end)) = (self.edges.first(), self.edges.last()) else { return (false, false) };
        let any = !self.is_empty();
        (any && *first < self.read.start, any && self.read.end < *end)
    }

    /// What is to be said about buckets that are not complete, where they are wide enough for it to matter.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        if self.len() > MOST_BARS {
            return None;
        }
        let seconds = self.width.is_none_or(|width| width.usual() < 60 * SECOND);
        let time = |nanos| shown_time(&self.zone, nanos, seconds);
        let (first, last) = self.partial();
        let first = first.then(|| {
            let (start, from) = (time(self.edges[0]), time(self.read.start));
            format!("the first bar is not complete: it begins at {start}, and its events are counted from {from} on")
        });
        let last = last.then(|| {
            let (until, end) = (time(self.read.end), time(self.edges[self.len()]));
            format!("the last bar is not complete: its events are counted until {until}, and it ends at {end}")
        });
        let sentences: Vec<String> = first.into_iter().chain(last).collect();
        let zone = self.zone.iana_name().unwrap_or("UTC");
        (!sentences.is_empty()).then(|| format!("{} ({zone})", sentences.join("; ")))
    }

    /// The same for machines.
    #[must_use]
    pub fn meta(&self) -> Value {
        let (first, last) = self.partial();
        json!({ "buckets": {
            "width": self.width.map(Width::name), "timezone": self.zone.iana_name(),
            "firstIsPartial": first, "lastIsPartial": last,
        } })
    }
}

/// How many buckets a panel has room for.
fn most(request: &Request) -> u64 {
    match request.max_data_points {
        0 | NO_PANEL.. => RULE_BUCKETS,
        points => points.min(MOST_BUCKETS),
    }
}

fn buckets(edges: &[i64]) -> u64 {
    edges.len() as u64 - 1
}

/// The widths that are not below the request's interval and of which at most `most` fill the range, narrow ones first; with
/// their edges.
///
/// How many buckets a range overlaps depends on where it begins, by one. The choice does not, so that a graph keeps its width
/// from one refresh to the next.
fn widths(request: &Request, zone: &TimeZone, most: u64) -> impl Iterator<Item = (Width, Vec<i64>)> {
    let range = u64::try_from(request.to - request.from).unwrap_or_default();
    let interval = request.interval;
    let fits = move |width: &Width| {
        let (usual, shortest) = (width.usual().unsigned_abs(), width.shortest().unsigned_abs());
        Duration::from_nanos(usual) >= interval && range.div_ceil(shortest) <= most.max(1)
    };
    LADDER.into_iter().filter(fits).map(|width| (width, width.edges(zone, request.from, request.to)))
}

/// A time as the clock of a zone shows it.
fn shown_time(zone: &TimeZone, nanos: i64, seconds: bool) -> String {
    civil(zone, nanos).strftime(if seconds { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M" }).to_string()
}

/// The present, nanoseconds since 1970.
pub(super) fn now() -> i64 {
    Time::now().nanos()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::time_zone::zone;

    const MINUTE: i64 = 60 * SECOND;

    /// A time as in RFC 3339.
    fn at(text: &str) -> i64 {
        saturated(text.parse::<Timestamp>().unwrap().as_nanosecond())
    }

    fn zoned(name: &str) -> TimeZone {
        zone(name).unwrap_or_else(|| panic!("no zone {name}"))
    }

    fn request(from: i64, to: i64, interval: Duration, max_data_points: u64, from_alert: bool) -> Request {
        Request { ref_id: String::new(), from, to, interval, max_data_points, from_alert }
    }

    /// A panel's request with the interval that Grafana suggests for its width.
    fn panel(from: i64, to: i64, points: u64) -> Request {
        let interval = (to - from).unsigned_abs() / points;
        request(from, to, Duration::from_nanos(interval.max(1_000_000)), points, false)
    }

    /// A rule's request as Grafana makes all of them.
    fn rule(from: i64, to: i64) -> Request {
        request(from, to, Duration::from_secs(1), 43_200, true)
    }

    /// The edges of a width over a range, in UTC.
    fn edges(width: Width, name: &str, from: &str, to: &str) -> Vec<String> {
        width.edges(&zoned(name), at(from), at(to)).into_iter().map(|edge| timestamp(edge).to_string()).collect()
    }

    /// How long the buckets are, in minutes.
    fn minutes(width: Width, name: &str, from: &str, to: &str) -> Vec<i64> {
        let edges = width.edges(&zoned(name), at(from), at(to));
        edges.windows(2).map(|edge| (edge[1] - edge[0]) / MINUTE).collect()
    }

    #[test]
    fn below_an_hour_buckets_are_multiples_of_utc() {
        let half = Width::Span(30 * MINUTE);
        let quarter_to = ["2026-03-01T10:00:00Z", "2026-03-01T10:30:00Z", "2026-03-01T11:00:00Z"];
        for name in ["UTC", "Europe/Paris", "Asia/Kathmandu"] {
            assert_eq!(edges(half, name, "2026-03-01T10:07:00Z", "2026-03-01T10:31:00Z"), quarter_to, "{name}");
        }
        // A range that begins or ends on an edge does not reach beyond it.
        assert_eq!(edges(half, "UTC", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"), quarter_to);
        assert_eq!(edges(half, "UTC", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00.000000001Z").len(), 4);
    }

    #[test]
    fn hours_begin_on_the_clock_of_the_zone() {
        let day = ("2026-06-01T00:00:00Z", "2026-06-01T06:00:00Z");
        for (name, first) in [
            ("UTC", "2026-06-01T00:00:00Z"),
            ("Europe/Paris", "2026-06-01T00:00:00Z"),
            ("Asia/Kolkata", "2026-05-31T23:30:00Z"),
            ("Asia/Kathmandu", "2026-05-31T23:15:00Z"),
            ("Australia/Eucla", "2026-05-31T23:15:00Z"),
            ("America/St_Johns", "2026-05-31T23:30:00Z"),
        ] {
            assert_eq!(edges(Width::Hours(1), name, day.0, day.1)[0], first, "{name}");
        }
        // Several hours are counted from midnight.
        assert_eq!(
            edges(Width::Hours(6), "Asia/Kolkata", "2026-06-01T05:00:00Z", "2026-06-01T13:00:00Z"),
            ["2026-06-01T00:30:00Z", "2026-06-01T06:30:00Z", "2026-06-01T12:30:00Z", "2026-06-01T18:30:00Z"]
        );
        assert_eq!(
            edges(Width::Hours(12), "America/New_York", "2026-06-01T05:00:00Z", "2026-06-01T16:00:00Z"),
            ["2026-06-01T04:00:00Z", "2026-06-01T16:00:00Z"]
        );
    }

    #[test]
    fn a_day_on_which_the_clock_is_set_forward_has_23_hours() {
        // On 29 March 2026 Paris goes from 2:00 to 3:00, at 1:00 UTC.
        let day = ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
        let of = |width| minutes(width, "Europe/Paris", day.0, day.1);
        assert_eq!(of(Width::Day), [23 * 60]);
        assert_eq!(of(Width::Hours(1)), [60; 23]);
        assert_eq!(of(Width::Hours(2)), [&[120, 60][..], &[120; 10]].concat());
        assert_eq!(of(Width::Hours(3)), [&[120][..], &[180; 7]].concat());
        assert_eq!(of(Width::Hours(6)), [300, 360, 360, 360]);
        assert_eq!(of(Width::Hours(12)), [660, 720]);
        assert_eq!(of(Width::Span(30 * MINUTE)), [30; 46]);
    }

    #[test]
    fn a_day_on_which_the_clock_is_set_back_has_25_hours() {
        // On 25 October 2026 Paris goes from 3:00 to 2:00, at 1:00 UTC.
        let day = ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        let of = |width| minutes(width, "Europe/Paris", day.0, day.1);
        assert_eq!(of(Width::Day), [25 * 60]);
        assert_eq!(of(Width::Hours(1)), [60; 25]);
        // Two hours begin at 2:00, which the clock shows twice.
        assert_eq!(of(Width::Hours(2)), [&[120, 60][..], &[120; 11]].concat());
        assert_eq!(of(Width::Hours(3)), [&[240][..], &[180; 7]].concat());
        assert_eq!(of(Width::Hours(6)), [420, 360, 360, 360]);
        assert_eq!(of(Width::Hours(12)), [780, 720]);
    }

    #[test]
    fn clocks_that_are_changed_by_half_an_hour_are_right_too() {
        // Lord Howe Island goes from 2:00 to 1:30 on 5 April 2026, and from 2:00 to 2:30 on 4 October.
        let name = "Australia/Lord_Howe";
        assert_eq!(minutes(Width::Hours(1), name, "2026-04-04T13:00:00Z", "2026-04-04T16:30:00Z"), [60, 90, 60]);
        assert_eq!(minutes(Width::Hours(1), name, "2026-10-03T13:30:00Z", "2026-10-03T16:00:00Z"), [60, 60, 30]);
        assert_eq!(minutes(Width::Day, name, "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"), [24 * 60 + 30]);
    }

    #[test]
    fn a_day_whose_midnight_does_not_exist_begins_when_it_does() {
        for (name, from, to, begins) in [
            // From Thursday 24:00 to Friday 1:00.
            ("Africa/Cairo", "2026-04-23T00:00:00Z", "2026-04-24T12:00:00Z", "2026-04-23T22:00:00Z"),
            ("America/Santiago", "2026-09-05T12:00:00Z", "2026-09-06T12:00:00Z", "2026-09-06T04:00:00Z"),
            ("Asia/Beirut", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", "2026-03-28T22:00:00Z"),
            // The clock jumped from 23:30 to 0:30.
            ("America/Toronto", "1919-03-30T12:00:00Z", "1919-03-31T12:00:00Z", "1919-03-31T04:30:00Z"),
        ] {
            assert_eq!(edges(Width::Day, name, from, to)[1], begins, "{name}");
        }
    }

    #[test]
    fn a_midnight_that_comes_twice_begins_one_day() {
        // St. John's was set back at one minute past midnight, to the evening before.
        let days = edges(Width::Day, "America/St_Johns", "2010-11-06T12:00:00Z", "2010-11-08T00:00:00Z");
        assert_eq!(days, ["2010-11-06T02:30:00Z", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"]);
        // During the evening's second run the day has begun.
        assert_eq!(edges(Width::Day, "America/St_Johns", "2010-11-07T03:00:00Z", "2010-11-07T03:01:00Z"), days[1..]);
        // Cairo goes from 24:00 back to 23:00: the day goes on.
        assert_eq!(minutes(Width::Day, "Africa/Cairo", "2026-10-29T00:00:00Z", "2026-10-29T21:30:00Z"), [25 * 60]);
    }

    #[test]
    fn a_day_that_a_zone_left_out_is_no_bucket() {
        // Samoa had no 30 December 2011.
        let days = edges(Width::Day, "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-31T12:00:00Z");
        assert_eq!(
            days,
            ["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z", "2012-01-01T10:00:00Z"][..]
                .to_vec()[..days.len()]
        );
        assert_eq!(
            minutes(Width::Day, "Pacific/Apia", "2011-12-30T00:00:00Z", "2011-12-30T20:00:00Z"),
            [24 * 60, 24 * 60]
        );
        assert!(
            minutes(Width::Hours(12), "Pacific/Apia", "2011-12-29T00:00:00Z", "2012-01-01T00:00:00Z")
                .iter()
                .all(|m| *m == 720)
        );
    }

    #[test]
    fn weeks_begin_on_monday_and_months_and_years_on_the_first() {
        let turn = ("2026-12-30T00:00:00Z", "2027-01-05T00:00:00Z");
        assert_eq!(
            edges(Width::Week, "Europe/Paris", turn.0, turn.1),
            ["2026-12-27T23:00:00Z", "2027-01-03T23:00:00Z", "2027-01-10T23:00:00Z"]
        );
        assert_eq!(
            edges(Width::Months(1), "Europe/Paris", turn.0, turn.1),
            ["2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z", "2027-01-31T23:00:00Z"]
        );
        assert_eq!(
            edges(Width::Months(3), "Asia/Tokyo", turn.0, turn.1),
            ["2026-09-30T15:00:00Z", "2026-12-31T15:00:00Z", "2027-03-31T15:00:00Z"]
        );
        assert_eq!(
            edges(Width::Year, "America/New_York", turn.0, turn.1),
            ["2026-01-01T05:00:00Z", "2027-01-01T05:00:00Z", "2028-01-01T05:00:00Z"]
        );
        // A week with a change of the clock is an hour shorter or longer; February has its days.
        assert_eq!(
            minutes(Width::Week, "Europe/Paris", "2026-03-25T00:00:00Z", "2026-03-26T00:00:00Z"),
            [7 * 1_440 - 60]
        );
        assert_eq!(minutes(Width::Months(1), "UTC", "2028-02-10T00:00:00Z", "2028-02-11T00:00:00Z"), [29 * 1_440]);
    }

    #[test]
    fn buckets_are_about_as_wide_as_grafana_suggests() {
        let start = at("2026-06-01T00:07:13Z");
        for (seconds, interval, points, width) in [
            // Six hours on a graph of a thousand pixels: half a minute each.
            (6 * 3_600, 20, 1_000, Width::Span(30 * SECOND)),
            (6 * 3_600, 60, 1_000, Width::Span(MINUTE)),
            // A suggestion that is no width people count in becomes the next that is.
            (3_600, 7, 2_000, Width::Span(10 * SECOND)),
            (7 * 86_400, 700, 1_900, Width::Span(15 * MINUTE)),
            (10, 3_600, 1_000, Width::Hours(1)),
            // A panel's shortest interval is kept, also where it is one that has no fixed length.
            (7 * 86_400, 86_400, 1_000, Width::Day),
            (90 * 86_400, 7 * 86_400, 1_000, Width::Week),
            (90 * 86_400, 30 * 86_400, 1_000, Width::Months(1)),
            (90 * 86_400, 31 * 86_400, 1_000, Width::Months(3)),
            (90 * 86_400, 365 * 86_400, 1_000, Width::Year),
            // An hour overlaps 61 minutes: of these 60 points have no room.
            (3_600, 60, 61, Width::Span(MINUTE)),
            (3_600, 60, 60, Width::Span(2 * MINUTE)),
        ] {
            let request = request(start, start + seconds * SECOND, Duration::from_secs(interval), points, false);
            let buckets = Buckets::overlapping(&request, &TimeZone::UTC);
            assert_eq!(buckets.width, Some(width), "{seconds} s every {interval} s on {points} pixels");
            assert!(buckets.len() as u64 <= points, "{} buckets", buckets.len());
        }
    }

    #[test]
    fn one_pixel_has_one_bucket() {
        let (from, to) = (at("2026-03-15T10:20:00Z"), at("2026-06-13T10:20:00Z"));
        let one = |from, to| Buckets::overlapping(&panel(from, to, 1), &TimeZone::UTC);
        assert_eq!((one(from, to).width, one(from, to).len()), (Some(Width::Year), 1));
        // Of a range with a new year no width has room: it is one bucket of its own.
        let across = one(at("2026-12-01T00:00:00Z"), at("2027-01-15T00:00:00Z"));
        assert_eq!((across.width, across.len(), across.partial()), (None, 1, (false, false)));
        assert_eq!(across.starts(), [at("2026-12-01T00:00:00Z")]);
        let shortest = one(from, from + 1_000_000);
        assert_eq!((shortest.width, shortest.len()), (Some(Width::Span(1_000_000)), 1));
    }

    #[test]
    fn the_first_and_the_last_bar_say_that_they_are_not_complete() {
        let paris = zoned("Europe/Paris");
        let (from, to) = (at("2026-03-27T13:15:00Z"), at("2026-03-30T12:30:00Z"));
        let request = request(from, to, Duration::from_hours(24), 1_000, false);
        let buckets = Buckets::overlapping(&request, &paris);
        let starts = ["2026-03-26T23:00:00Z", "2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"];
        assert_eq!((buckets.starts(), buckets.read()), (&starts.map(at)[..], from..to));
        assert_eq!(
            buckets.notice().unwrap(),
            "the first bar is not complete: it begins at 2026-03-27 00:00, and its events are counted from 2026-03-27 14:15 on; \
             the last bar is not complete: its events are counted until 2026-03-30 14:30, and it ends at 2026-03-31 00:00 \
             (Europe/Paris)"
        );
        let meta = json!({ "width": "day", "timezone": "Europe/Paris", "firstIsPartial": true, "lastIsPartial": true });
        assert_eq!(buckets.meta(), json!({ "buckets": meta }));
        let since_midnight = Buckets::overlapping(&request.reading(at(starts[0])..to), &paris);
        assert_eq!((since_midnight.starts(), since_midnight.partial()), (buckets.starts(), (false, true)));
        assert!(since_midnight.notice().unwrap().starts_with("the last bar is not complete"));
        let whole = Buckets::overlapping(&request.reading(at(starts[0])..at(starts[3])), &paris);
        assert_eq!((whole.len(), whole.notice()), (3, None));
    }

    #[test]
    fn many_narrow_buckets_have_no_notice_but_say_it_to_machines() {
        let (from, to) = (at("2026-06-10T12:00:03Z"), at("2026-06-10T18:00:03Z"));
        let buckets = Buckets::overlapping(&panel(from, to, 1_000), &TimeZone::UTC);
        assert_eq!((buckets.len(), buckets.notice()), (721, None));
        assert_eq!(buckets.meta()["buckets"]["lastIsPartial"], true);
    }

    #[test]
    fn what_has_not_begun_yet_has_no_bucket() {
        let (from, to) = (at("2026-06-10T00:00:00Z"), at("2026-06-11T00:00:00Z"));
        let now = at("2026-06-10T10:20:00Z");
        let request = request(from, to, Duration::from_hours(1), 100, false);
        let buckets = Buckets::overlapping(&request, &TimeZone::UTC);
        let today = buckets.clone().until(now);
        assert_eq!((buckets.len(), today.len(), today.partial()), (24, 11, (false, true)));
        assert_eq!(today.read(), from..now + 1);
        assert!(buckets.clone().until(from - 1).is_empty());
        assert_eq!(buckets.clone().until(from - 1).starts(), [0_i64; 0]);
        assert_eq!(buckets.clone().until(to), buckets);
    }

    #[test]
    fn a_rule_has_whole_buckets_alone_and_at_most_sixty() {
        let tick = at("2026-06-10T10:20:30Z");
        for (seconds, count, width) in [
            (1, 1, Width::Span(SECOND)),
            (60, 60, Width::Span(SECOND)),
            (300, 60, Width::Span(5 * SECOND)),
            (600, 60, Width::Span(10 * SECOND)),
            (3_600, 60, Width::Span(MINUTE)),
            (86_400, 48, Width::Span(30 * MINUTE)),
            (7 * 86_400, 56, Width::Hours(3)),
            (60 * 86_400, 60, Width::Day),
            (80 * 86_400, 12, Width::Week),
        ] {
            let buckets = Buckets::whole(&rule(tick - seconds * SECOND, tick), &TimeZone::UTC, tick).unwrap();
            assert_eq!((buckets.width, buckets.len()), (Some(width), count), "{seconds} s");
            assert_eq!(buckets.partial(), (false, false));
            let (read, width) = (buckets.read(), width.usual());
            assert!(read.end <= tick && tick - read.end < width && read.start <= tick - seconds * SECOND + 7 * DAY);
        }
    }

    #[test]
    fn the_same_instant_has_the_same_buckets_however_late_it_is_evaluated() {
        let tick = at("2026-10-25T02:40:17Z");
        for minutes in [1, 10, 60, 24 * 60, 90 * 24 * 60] {
            let request = rule(tick - minutes * MINUTE, tick);
            let of = |late: i64| Buckets::whole(&request, &zoned("Europe/Paris"), tick + late).unwrap();
            assert_eq!(of(0), of(20 * SECOND), "{minutes} min");
        }
    }

    #[test]
    fn a_rule_whose_range_is_shorter_than_its_interval_has_the_last_whole_bucket() {
        for (tick, start) in [
            ("2026-06-10T10:05:00Z", "2026-06-10T09:00:00Z"),
            ("2026-06-10T10:59:00Z", "2026-06-10T09:00:00Z"),
            ("2026-06-10T11:00:00Z", "2026-06-10T10:00:00Z"),
        ] {
            let tick = at(tick);
            let request = Request { interval: Duration::from_hours(1), ..rule(tick - 10 * MINUTE, tick) };
            let buckets = Buckets::whole(&request, &TimeZone::UTC, tick).unwrap();
            assert_eq!(buckets.read(), at(start)..at(start) + HOUR);
        }
        // Of a year that Scaleway does not keep nothing is whole.
        let tick = at("2026-06-10T10:05:00Z");
        let request = Request { interval: Duration::from_hours(24 * 365), ..rule(tick - DAY, tick) };
        let failure = Buckets::whole(&request, &TimeZone::UTC, tick).unwrap_err();
        assert!(failure.message.starts_with("the rule's interval asks for buckets of one year"), "{failure}");
        // Nor is what has not ended yet.
        let early = Buckets::whole(&rule(tick - HOUR, tick), &TimeZone::UTC, tick - 10 * MINUTE).unwrap();
        assert_eq!(early.read().end, tick - 10 * MINUTE);
    }

    /// Zones with whole, half and quarter hours, with and without changes, also at midnight and by half an hour.
    const NAMES: [&str; 10] = [
        "UTC",
        "Europe/Paris",
        "America/St_Johns",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Africa/Cairo",
        "America/Santiago",
        "Africa/Monrovia",
        "Pacific/Chatham",
    ];

    fn name() -> impl Strategy<Value = &'static str> {
        prop::sample::select(NAMES.to_vec())
    }

    fn width() -> impl Strategy<Value = Width> {
        prop::sample::select(LADDER.to_vec())
    }

    proptest! {
        #[test]
        fn edges_enclose_a_range_and_lie_where_the_clock_says(name in name(), width in width(), from in 0..i64::MAX - 1, points in 1..200_i64) {
            let zone = zoned(name);
            let to = from.saturating_add(width.usual().saturating_mul(points) / 3).max(from + 1);
            let edges = width.edges(&zone, from, to);
            prop_assert!(edges.len() >= 2 && edges.is_sorted_by(|a, b| a < b), "{:?}", edges);
            prop_assert!(edges[0] <= from && from < edges[1], "{from}: {:?}", &edges[..2]);
            let last = edges.len() - 1;
            prop_assert!(edges[last - 1] < to && to <= edges[last], "{to}: {:?}", &edges[last - 1..]);
            for edge in &edges[..last] {
                let clock = civil(&zone, *edge);
                let midnight = (clock.hour(), clock.minute(), clock.second(), clock.subsec_nanosecond()) == (0, 0, 0, 0);
                let on_the_clock = match width {
                    Width::Span(width) => edge % width == 0,
                    Width::Hours(hours) => i64::from(clock.hour()) % hours == 0 && clock.minute() == 0 && clock.second() == 0,
                    Width::Day => midnight,
                    Width::Week => midnight && clock.weekday().to_monday_zero_offset() == 0,
                    Width::Months(months) => midnight && clock.day() == 1 && (clock.month() - 1) % months == 0,
                    Width::Year => midnight && clock.day_of_year() == 1,
                };
                let jump = zone.preceding(timestamp(edge.saturating_add(1))).next();
                let jumps = jump.is_some_and(|jump| saturated(jump.timestamp().as_nanosecond()) == *edge);
                prop_assert!(on_the_clock || jumps, "{clock} is no multiple of {width:?} in {name}");
            }
        }

        #[test]
        fn a_bar_begins_and_ends_where_it_did_at_the_refresh_before(
            name in name(), from in at("2025-12-01T00:00:00Z")..at("2027-02-01T00:00:00Z"), range in 1..100 * DAY, points in 3..3_000_u64,
            later in 0..HOUR,
        ) {
            let zone = zoned(name);
            let of = |from: i64| Buckets::overlapping(&panel(from, from + range, points), &zone);
            let (before, after) = (of(from), of(from + later));
            prop_assert!(before.len() as u64 <= points.min(1_000) && after.len() as u64 <= points.min(1_000));
            if before.width == after.width {
                let first = after.edges[0];
                let same = before.edges.iter().filter(|edge| **edge >= first);
                prop_assert!(same.zip(&after.edges).all(|(a, b)| a == b));
            } else {
                // Only a change of the clock within the range makes one bucket more than the width has room for.
                prop_assert!(zone.following(timestamp(from - 2 * DAY)).next().is_some(), "{:?} {:?}", before.width, after.width);
            }
        }

        #[test]
        fn every_request_has_buckets(
            from in prop_oneof![Just(0), 0..i64::MAX - 1, Just(i64::MAX - 1)], range in prop_oneof![Just(1), 1..i64::MAX, Just(i64::MAX)],
            interval in prop_oneof![Just(0), any::<u64>()], points in prop_oneof![Just(0), Just(1), any::<u64>()], name in name(),
        ) {
            let to = from.saturating_add(range).max(from + 1);
            let request = request(from, to, Duration::from_nanos(interval), points, false);
            let buckets = Buckets::overlapping(&request, &zoned(name));
            let most = if points == 0 || points >= NO_PANEL { RULE_BUCKETS } else { points.min(MOST_BUCKETS) };
            prop_assert!(!buckets.is_empty() && buckets.len() as u64 <= most);
            prop_assert!(buckets.read.start <= from && buckets.read.end == to);
            if let Some(width) = buckets.width {
                prop_assert!(width.usual().unsigned_abs() >= interval);
            }
            if let Ok(buckets) = Buckets::whole(&Request { from_alert: true, ..request }, &zoned(name), to) {
                prop_assert!(!buckets.is_empty() && buckets.len() as u64 <= RULE_BUCKETS + 1);
                prop_assert!(buckets.read.end <= to);
            }
        }
    }
}
