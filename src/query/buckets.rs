//! Buckets of time, in which counts over time are counted.
//!
//! A bucket begins at a multiple of its [`Width`], so that it has the same events in every answer: a bar has the same height
//! after a refresh, and "per day" is a day.
//!
//! | request | buckets | counted events |
//! |---|---|---|
//! | panel, Explore | all that overlap the range | those in the range: the sum is the total of other panels |
//! | alert rule | complete ones: the start is extended, an incomplete last one left out | those in the buckets |
//!
//! The first and the last bucket of a panel count only the part of them in the range, and have a notice.
//!
//! With a lookback, a bucket has a *window*: the time from so long before its end, or from its start if that is earlier, to its end.
//! Windows overlap, and those of the first buckets begin before the range.

use std::ops::Range;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::calendar::{self, Width, civil, days};
use super::error::Failure;
use super::request::{EARLIEST, Request};
use crate::event::Events;
use crate::locale::{Language, Sentence};
use crate::time::{Interval, Time};

/// The most buckets of a series.
const MOST_BUCKETS: u64 = 1_000;

/// From this many points on, `maxDataPoints` is a default of Grafana's alerting or expressions, not a panel's width.
const NO_PANEL: u64 = 5_000;

/// The most buckets of a rule's series: enough for a reducer, few enough for each to have events.
const RULE_BUCKETS: u64 = 60;

/// Up to this many buckets, bars are wide enough for an incomplete one to mislead: it gets a notice.
const MOST_BARS: usize = 120;

/// The buckets of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// The starts of the buckets, and the end of the last.
    edges: Vec<Time>,
    /// The interval of the counted events, lookback aside.
    read: Interval,
    /// `None` where no width fits: the range is one bucket.
    width: Option<Width>,
    zone: TimeZone,
    /// The least length of a bucket's window; zero where the window is the bucket.
    lookback: Duration,
}

impl Buckets {
    /// Buckets for a graph of a range.
    #[must_use]
    pub fn overlapping(request: &Request, zone: &TimeZone) -> Self {
        let read = request.range;
        let most = most(request);
        let fitting = widths(request, zone, most.saturating_sub(1)).find(|(_, edges)| buckets(edges) <= most);
        let (width, edges) = fitting.map_or((None, vec![read.start, read.end]), |(width, edges)| (Some(width), edges));
        Self { edges, read, width, zone: zone.clone(), lookback: Duration::ZERO }
    }

    /// Complete buckets only, so that the number depends on the evaluation's instant only. `past` is the interval that has
    /// events: it ends at the present.
    ///
    /// # Errors
    /// When no bucket lies between the start of the retention and the evaluation's instant.
    pub fn whole(request: &Request, zone: &TimeZone, past: Interval) -> Result<Self, Failure> {
        let (from, to) = (request.range.start, request.range.end.min(past.end));
        let Some((width, edges)) = widths(request, zone, RULE_BUCKETS).next() else {
            return Ok(Self::one(request.range, zone));
        };
        let mut whole: Vec<Time> = edges.into_iter().filter(|edge| *edge <= to).collect();
        if whole.len() < 2 {
            // The range is shorter than a bucket, or lies within two: the last that is whole has begun before.
            let end = whole.first().copied().unwrap_or_else(|| width.edges(zone, Interval::new(to, to))[0]);
            whole = width.edges(zone, Interval::new(end.previous(), end));
        }
        // By the evaluation's instant, not by the clock: the same instant has the same buckets.
        let horizon = to - past.length();
        if from >= horizon {
            whole.retain(|edge| *edge >= horizon);
        }
        let [first, .., last] = whole[..] else {
            let (from, to) = (shown_time(zone, from, true), shown_time(zone, to, true));
            return Err(Failure::input(format!(
                "the rule's interval asks for buckets of one {}, and of the range from {from} to {to} none is whole within the \
                 {} days that Scaleway keeps. Allowed: an interval of at most a month; choose a smaller one, or \
                 over: total",
                width.name(),
                days(past.length())
            )));
        };
        let read = Interval::new(first, last);
        Ok(Self { read, edges: whole, width: Some(width), zone: zone.clone(), lookback: Duration::ZERO })
    }

    /// One bucket, which is the whole range.
    #[must_use]
    pub fn one(range: Interval, zone: &TimeZone) -> Self {
        let edges = vec![range.start, range.end];
        Self { edges, read: range, width: None, zone: zone.clone(), lookback: Duration::ZERO }
    }

    /// The same buckets, whose windows begin at least `lookback` before their ends.
    #[must_use]
    pub fn looking_back(self, lookback: Duration) -> Self {
        Self { lookback, ..self }
    }

    /// The range whose events are counted, which begins with the window of the first bucket.
    #[must_use]
    pub fn read(&self) -> Interval {
        let first = if self.is_empty() { self.read.start } else { self.window(0).start };
        Interval::new(first.min(self.read.start).max(EARLIEST), self.read.end)
    }

    /// The window of a bucket: the time whose events it counts.
    fn window(&self, bucket: usize) -> Interval {
        let start = self.edges[bucket].max(self.read.start);
        let end = self.edges[bucket + 1].min(self.read.end);
        Interval::new(start.min(end - self.lookback), end)
    }

    /// How many buckets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// Whether there is none: a range that has not begun yet has no buckets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the buckets begin.
    #[must_use]
    pub fn starts(&self) -> &[Time] {
        &self.edges[..self.len()]
    }

    /// The buckets that begin at or before an instant: a bucket of the future would show a 0 that is not known.
    #[must_use]
    pub fn until(mut self, instant: Time) -> Self {
        let begun = self.edges.partition_point(|edge| *edge <= instant);
        self.edges.truncate(begun + 1);
        self.read.end = self.read.end.min(instant.next()).max(self.read.start);
        self
    }

    /// The buckets that have events, the newest first, with the rows of each.
    pub fn rows<'a>(&self, events: &'a Events) -> impl Iterator<Item = (usize, Range<usize>)> + use<'a> {
        let starts = self.starts().to_vec();
        let mut row = self.edges.last().map_or(0, |end| events.since(*end));
        starts.into_iter().enumerate().rev().filter_map(move |(bucket, start)| {
            let first = std::mem::replace(&mut row, events.since(start));
            (first < row).then_some((bucket, first..row))
        })
    }

    /// The rows of each bucket's window, of the newest bucket first. Both ends of the rows ascend from one window to the next.
    pub fn windows<'a>(&self, events: &'a Events) -> impl Iterator<Item = (usize, Range<usize>)> + use<'a> {
        let windows: Vec<Interval> = (0..self.len()).map(|bucket| self.window(bucket)).collect();
        let windows = windows.into_iter().enumerate().rev();
        windows.map(|(bucket, window)| (bucket, events.since(window.end)..events.since(window.start)))
    }

    /// Whether the first and the last bucket lack events because the range, or time itself, ends within them.
    fn partial(&self) -> (bool, bool) {
        let (Some(first), Some(end)) = (self.edges.first(), self.edges.last()) else { return (false, false) };
        // A window that is longer than a bucket is complete wherever the bucket is cut off.
        let any = !self.is_empty() && self.width.is_none_or(|width| self.lookback < width.usual());
        (any && *first < self.read.start, any && self.read.end < *end)
    }

    /// The notice about incomplete buckets, where bars are wide enough for it to matter.
    #[must_use]
    pub fn notice(&self, language: Language) -> Option<String> {
        if self.len() > MOST_BARS {
            return None;
        }
        let seconds = self.width.is_none_or(|width| width.usual() < Duration::from_mins(1));
        let time = |time| shown_time(&self.zone, time, seconds);
        let (first, last) = self.partial();
        let first = first.then(|| {
            let (start, from) = (&time(self.edges[0]), &time(self.read.start));
            Sentence::FirstBar { start, from }.text(language)
        });
        let last = last.then(|| {
            let (until, end) = (&time(self.read.end), &time(self.edges[self.len()]));
            Sentence::LastBar { until, end }.text(language)
        });
        let sentences: Vec<String> = first.into_iter().chain(last).collect();
        let zone = self.zone.iana_name().unwrap_or("UTC");
        (!sentences.is_empty()).then(|| format!("{} ({zone})", sentences.join(&Sentence::Separator.text(language))))
    }

    /// The metadata of the buckets, for the query inspector.
    #[must_use]
    pub fn meta(&self) -> Value {
        let (first, last) = self.partial();
        let mut buckets = json!({
            "width": self.width.map(Width::name), "timezone": self.zone.iana_name(),
            "firstIsPartial": first, "lastIsPartial": last,
        });
        if !self.lookback.is_zero() {
            buckets["lookbackSeconds"] = self.lookback.as_secs().into();
        }
        json!({ "buckets": buckets })
    }
}

/// The most buckets that a panel has room for.
fn most(request: &Request) -> u64 {
    match request.max_data_points {
        0 | NO_PANEL.. => RULE_BUCKETS,
        points => points.min(MOST_BUCKETS),
    }
}

fn buckets(edges: &[Time]) -> u64 {
    edges.len() as u64 - 1
}

/// The widths that are not below the request's interval and of which at most `most` fill the range, narrow ones first; with
/// their edges.
///
/// How many buckets a range overlaps depends on where it begins, by one. The choice does not, so that a graph keeps its width
/// from one refresh to the next.
fn widths(request: &Request, zone: &TimeZone, most: u64) -> impl Iterator<Item = (Width, Vec<Time>)> {
    let length = request.range.length().as_nanos();
    let interval = request.interval;
    let fits = move |width: &Width| {
        width.usual() >= interval && length.div_ceil(width.shortest().as_nanos()) <= u128::from(most.max(1))
    };
    calendar::widths().filter(fits).map(|width| (width, width.edges(zone, request.range)))
}

/// A time as the clock of a zone shows it.
fn shown_time(zone: &TimeZone, time: Time, seconds: bool) -> String {
    civil(zone, time).strftime(if seconds { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M" }).to_string()
}
#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::super::calendar::tests::{MINUTE, at, name, zoned};
    use super::super::calendar::{DAY, HOUR, SECOND};
    use super::*;

    fn start(text: &str) -> Time {
        Time::from_nanos(at(text))
    }

    fn request(from: i64, to: i64, interval: Duration, max_data_points: u64, from_alert: bool) -> Request {
        let range = Interval::from_nanos(from, to);
        Request { ref_id: String::new(), range, interval, max_data_points, from_alert, redacted: false }
    }

    /// A panel's request with the interval that Grafana suggests for its width.
    fn panel(from: i64, to: i64, points: u64) -> Request {
        let interval = (to - from).unsigned_abs() / points;
        request(from, to, Duration::from_nanos(interval.max(1_000_000)), points, false)
    }

    /// The ninety days before an instant.
    fn past(now: i64) -> Interval {
        Interval::from_nanos(now - 90 * DAY, now)
    }

    /// A rule's request as Grafana makes all of them.
    fn rule(from: i64, to: i64) -> Request {
        request(from, to, Duration::from_secs(1), 43_200, true)
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
    fn a_panel_of_one_pixel_has_one_bucket() {
        let (from, to) = (at("2026-03-15T10:20:00Z"), at("2026-06-13T10:20:00Z"));
        let one = |from, to| Buckets::overlapping(&panel(from, to, 1), &TimeZone::UTC);
        assert_eq!((one(from, to).width, one(from, to).len()), (Some(Width::Year), 1));
        // Of a range with a new year no width has room: it is one bucket of its own.
        let across = one(at("2026-12-01T00:00:00Z"), at("2027-01-15T00:00:00Z"));
        assert_eq!((across.width, across.len(), across.partial()), (None, 1, (false, false)));
        assert_eq!(across.starts(), [start("2026-12-01T00:00:00Z")]);
        let shortest = one(from, from + 1_000_000);
        assert_eq!((shortest.width, shortest.len()), (Some(Width::Span(1_000_000)), 1));
    }

    #[test]
    fn incomplete_first_and_last_bars_get_a_notice() {
        let paris = zoned("Europe/Paris");
        let (from, to) = (at("2026-03-27T13:15:00Z"), at("2026-03-30T12:30:00Z"));
        let request = request(from, to, Duration::from_hours(24), 1_000, false);
        let buckets = Buckets::overlapping(&request, &paris);
        let starts = ["2026-03-26T23:00:00Z", "2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"];
        assert_eq!((buckets.starts(), buckets.read()), (&starts.map(start)[..], Interval::from_nanos(from, to)));
        assert_eq!(
            buckets.notice(Language::English).unwrap(),
            "the first bar is not complete: it begins at 2026-03-27 00:00, and its events are counted from 2026-03-27 14:15 on; \
             the last bar is not complete: its events are counted until 2026-03-30 14:30, and it ends at 2026-03-31 00:00 \
             (Europe/Paris)"
        );
        let meta = json!({ "width": "day", "timezone": "Europe/Paris", "firstIsPartial": true, "lastIsPartial": true });
        assert_eq!(buckets.meta(), json!({ "buckets": meta }));
        let since_midnight =
            Buckets::overlapping(&request.with_range(Interval::new(start(starts[0]), request.range.end)), &paris);
        assert_eq!((since_midnight.starts(), since_midnight.partial()), (buckets.starts(), (false, true)));
        assert!(since_midnight.notice(Language::English).unwrap().starts_with("the last bar is not complete"));
        let whole =
            Buckets::overlapping(&request.with_range(Interval::new(start(starts[0]), start(starts[3]))), &paris);
        assert_eq!((whole.len(), whole.notice(Language::English)), (3, None));
    }

    #[test]
    fn narrow_buckets_have_metadata_but_no_notice() {
        let (from, to) = (at("2026-06-10T12:00:03Z"), at("2026-06-10T18:00:03Z"));
        let buckets = Buckets::overlapping(&panel(from, to, 1_000), &TimeZone::UTC);
        assert_eq!((buckets.len(), buckets.notice(Language::English)), (721, None));
        assert_eq!(buckets.meta()["buckets"]["lastIsPartial"], true);
    }

    #[test]
    fn the_future_has_no_buckets() {
        let (from, to) = (at("2026-06-10T00:00:00Z"), at("2026-06-11T00:00:00Z"));
        let now = start("2026-06-10T10:20:00Z");
        let request = request(from, to, Duration::from_hours(1), 100, false);
        let buckets = Buckets::overlapping(&request, &TimeZone::UTC);
        let today = buckets.clone().until(now);
        assert_eq!((buckets.len(), today.len(), today.partial()), (24, 11, (false, true)));
        assert_eq!(today.read(), Interval::new(Time::from_nanos(from), now.next()));
        let before = Time::from_nanos(from - 1);
        assert!(buckets.clone().until(before).is_empty());
        assert_eq!(buckets.clone().until(before).starts(), []);
        assert_eq!(buckets.clone().until(Time::from_nanos(to)), buckets);
    }

    #[test]
    fn a_rule_has_at_most_sixty_complete_buckets() {
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
            let buckets = Buckets::whole(&rule(tick - seconds * SECOND, tick), &TimeZone::UTC, past(tick)).unwrap();
            assert_eq!((buckets.width, buckets.len()), (Some(width), count), "{seconds} s");
            assert_eq!(buckets.partial(), (false, false));
            let (read, width, tick) = (buckets.read(), width.usual(), Time::from_nanos(tick));
            assert!(read.end <= tick && tick.since(read.end) < width);
            assert!(read.start.nanos() <= tick.nanos() - seconds * SECOND + 7 * DAY);
        }
    }

    #[test]
    fn a_late_evaluation_has_the_buckets_of_its_instant() {
        let tick = at("2026-10-25T02:40:17Z");
        for minutes in [1, 10, 60, 24 * 60, 90 * 24 * 60] {
            let request = rule(tick - minutes * MINUTE, tick);
            let of = |late: i64| Buckets::whole(&request, &zoned("Europe/Paris"), past(tick + late)).unwrap();
            assert_eq!(of(0), of(20 * SECOND), "{minutes} min");
        }
    }

    #[test]
    fn a_rule_with_a_range_below_its_interval_has_the_last_complete_bucket() {
        for (tick, start) in [
            ("2026-06-10T10:05:00Z", "2026-06-10T09:00:00Z"),
            ("2026-06-10T10:59:00Z", "2026-06-10T09:00:00Z"),
            ("2026-06-10T11:00:00Z", "2026-06-10T10:00:00Z"),
        ] {
            let tick = at(tick);
            let request = Request { interval: Duration::from_hours(1), ..rule(tick - 10 * MINUTE, tick) };
            let buckets = Buckets::whole(&request, &TimeZone::UTC, past(tick)).unwrap();
            assert_eq!(buckets.read(), Interval::from_nanos(at(start), at(start) + HOUR));
        }
        // Of a year that Scaleway does not keep nothing is whole.
        let tick = at("2026-06-10T10:05:00Z");
        let request = Request { interval: Duration::from_hours(24 * 365), ..rule(tick - DAY, tick) };
        let failure = Buckets::whole(&request, &TimeZone::UTC, past(tick)).unwrap_err();
        assert!(failure.message.starts_with("the rule's interval asks for buckets of one year"), "{failure}");
        // Nor is a bucket that has not ended yet.
        let early = Buckets::whole(&rule(tick - HOUR, tick), &TimeZone::UTC, past(tick - 10 * MINUTE)).unwrap();
        assert_eq!(early.read().end.nanos(), tick - 10 * MINUTE);
    }

    proptest! {
        #[test]
        fn bars_have_the_same_edges_after_a_refresh(
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
                let start = Timestamp::from_nanosecond((from - 2 * DAY).into()).unwrap();
                prop_assert!(zone.following(start).next().is_some(), "{:?} {:?}", before.width, after.width);
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
            prop_assert!(buckets.read.start.nanos() <= from && buckets.read.end.nanos() == to);
            if let Some(width) = buckets.width {
                prop_assert!(width.usual() >= Duration::from_nanos(interval));
            }
            if let Ok(buckets) = Buckets::whole(&Request { from_alert: true, ..request }, &zoned(name), past(to)) {
                prop_assert!(!buckets.is_empty() && buckets.len() as u64 <= RULE_BUCKETS + 1);
                prop_assert!(buckets.read.end.nanos() <= to);
            }
        }
    }
}
