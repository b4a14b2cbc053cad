//! Widths of buckets, and where buckets of a width begin: below one hour at multiples in UTC, from one hour up on the clock of a
//! time zone, where a day may have 23 or 25 hours and may not begin at midnight.

use std::ops::Range;
use std::time::Duration;

use jiff::civil::{Date, DateTime as Civil};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Span, Timestamp};

use crate::time::{Interval, Time};

pub(super) const SECOND: i64 = 1_000_000_000;
pub(super) const HOUR: i64 = 3_600 * SECOND;
pub(super) const DAY: i64 = 24 * HOUR;

/// Whole days of 24 hours.
pub(super) fn days(length: Duration) -> u64 {
    length.as_secs() / (24 * 3_600)
}

/// The width of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// Nanoseconds; multiples are counted from 1970, UTC.
    Span(i64),
    /// Hours of a clock; multiples are counted from midnight.
    Hours(i64),
    /// A day of a calendar.
    Day,
    /// Seven days from Monday on.
    Week,
    /// Months of a calendar; multiples are counted from January.
    Months(i8),
    /// A year of a calendar.
    Year,
}

/// The widths below one hour, in milliseconds, ascending: each divides the next hour.
const SPANS: [i64; 21] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
    900_000, 1_800_000,
];

/// The widths that buckets may have, ascending.
pub(super) fn widths() -> impl Iterator<Item = Width> {
    use Width::{Day, Hours, Months, Span, Week, Year};
    let calendar = [1, 2, 3, 6, 12].map(Hours).into_iter().chain([Day, Week, Months(1), Months(3), Year]);
    SPANS.into_iter().map(|ms| Span(ms * 1_000_000)).chain(calendar)
}

impl Width {
    /// The usual length: of a month 30 days, of a year 365.
    pub(super) fn usual(self) -> Duration {
        let nanos = match self {
            Self::Span(nanos) => nanos,
            Self::Hours(hours) => hours * HOUR,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Months(months) => i64::from(months) * 30 * DAY,
            Self::Year => 365 * DAY,
        };
        Duration::from_nanos(nanos.unsigned_abs())
    }

    /// The shortest length, changes of the clock aside.
    pub(super) fn shortest(self) -> Duration {
        match self {
            Self::Months(months) => Duration::from_nanos((i64::from(months) * 28 * DAY).unsigned_abs()),
            other => other.usual(),
        }
    }

    /// Its name, for the query inspector.
    pub(super) fn name(self) -> String {
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

    /// The edges of the buckets that overlap a range: from the last edge at or before its start to the first at or after its
    /// end.
    pub(super) fn edges(self, zone: &TimeZone, range: Interval) -> Vec<Time> {
        let Range { start: from, end: to } = range.nanos();
        let edges = match self {
            Self::Span(width) => {
                let (first, last) =
                    (from.div_euclid(width), to.div_euclid(width) + i64::from(to.rem_euclid(width) != 0));
                (first..=last).map(|index| index.saturating_mul(width)).collect()
            }
            Self::Hours(hours) => {
                // A clock may jump by a whole day.
                let margin = hours * HOUR + 2 * DAY;
                let (before, after) = (from.saturating_sub(margin), to.saturating_add(margin));
                between(hours_of_clock(hours * HOUR, zone, before, after), from, to)
            }
            Self::Day | Self::Week | Self::Months(_) | Self::Year => between(self.dates(zone, from, to), from, to),
        };
        edges.into_iter().map(Time::from_nanos).collect()
    }

    /// The first instants of days, weeks, months or years, from before `from` until after `to`.
    fn dates(self, zone: &TimeZone, from: i64, to: i64) -> Vec<i64> {
        // A clock that is set back over midnight shows the evening again, within a day that has begun.
        let mut date = self.first_day(zone.to_datetime(timestamp(from)).date());
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

/// The date and time on the clock of a zone.
pub(super) fn civil(zone: &TimeZone, time: Time) -> Civil {
    zone.to_datetime(timestamp(time.nanos()))
}

/// The instants at which a clock comes to show a multiple of `width`, which divides the day, or jumps past one.
///
/// Where the clock is set back, it shows the same hour twice: as two buckets, so that none is wider than the others.
fn hours_of_clock(width: i64, zone: &TimeZone, from: i64, to: i64) -> Vec<i64> {
    let (width, to) = (i128::from(width), i128::from(to));
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

/// How far a clock is ahead of UTC, in nanoseconds.
fn ahead(offset: Offset) -> i128 {
    i128::from(offset.seconds()) * i128::from(SECOND)
}

/// Nanoseconds since 1970, clamped to 64 bits; no event lies beyond.
pub(super) fn saturated(nanos: i128) -> i64 {
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// When a day begins: at midnight, or later where the clock jumps over it; the first time where there are two midnights.
fn first_instant(zone: &TimeZone, date: Date) -> i64 {
    let midnight = date.at(0, 0, 0, 0);
    let offset = zone.to_ambiguous_timestamp(midnight).offset();
    let (AmbiguousOffset::Unambiguous { offset: before }
    | AmbiguousOffset::Fold { before, .. }
    | AmbiguousOffset::Gap { before, .. }) = offset;
    let first = before.to_timestamp(midnight).map_or(i64::MAX, |at| saturated(at.as_nanosecond()));
    if !matches!(offset, AmbiguousOffset::Gap { .. }) {
        return first;
    }
    let jump = zone.preceding(timestamp(first.saturating_add(1))).next();
    jump.map_or(first, |jump| saturated(jump.timestamp().as_nanosecond()))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::time_zone::zone;

    pub(in crate::query) const MINUTE: i64 = 60 * SECOND;

    /// A time as in RFC 3339.
    pub(in crate::query) fn at(text: &str) -> i64 {
        saturated(text.parse::<Timestamp>().unwrap().as_nanosecond())
    }

    pub(in crate::query) fn zoned(name: &str) -> TimeZone {
        zone(name).unwrap_or_else(|| panic!("no zone {name}"))
    }

    /// The edges of a width over a range, in UTC.
    fn edges(width: Width, name: &str, from: &str, to: &str) -> Vec<String> {
        let edges = width.edges(&zoned(name), Interval::from_nanos(at(from), at(to)));
        edges.into_iter().map(|edge| timestamp(edge.nanos()).to_string()).collect()
    }

    /// How long the buckets are, in minutes.
    fn minutes(width: Width, name: &str, from: &str, to: &str) -> Vec<u64> {
        let edges = width.edges(&zoned(name), Interval::from_nanos(at(from), at(to)));
        edges.windows(2).map(|edge| edge[1].since(edge[0]).as_secs() / 60).collect()
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
    fn a_day_with_the_clock_set_forward_has_23_hours() {
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
    fn a_day_with_the_clock_set_back_has_25_hours() {
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
    fn clock_changes_of_half_an_hour_give_buckets_of_half_an_hour_more_or_less() {
        // Lord Howe Island goes from 2:00 to 1:30 on 5 April 2026, and from 2:00 to 2:30 on 4 October.
        let name = "Australia/Lord_Howe";
        assert_eq!(minutes(Width::Hours(1), name, "2026-04-04T13:00:00Z", "2026-04-04T16:30:00Z"), [60, 90, 60]);
        assert_eq!(minutes(Width::Hours(1), name, "2026-10-03T13:30:00Z", "2026-10-03T16:00:00Z"), [60, 60, 30]);
        assert_eq!(minutes(Width::Day, name, "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"), [24 * 60 + 30]);
    }

    #[test]
    fn a_day_without_midnight_begins_at_its_first_instant() {
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
    fn a_repeated_midnight_begins_one_day() {
        // St. John's was set back at one minute past midnight, to the evening before.
        let days = edges(Width::Day, "America/St_Johns", "2010-11-06T12:00:00Z", "2010-11-08T00:00:00Z");
        assert_eq!(days, ["2010-11-06T02:30:00Z", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"]);
        // During the evening's second run the day has begun.
        assert_eq!(edges(Width::Day, "America/St_Johns", "2010-11-07T03:00:00Z", "2010-11-07T03:01:00Z"), days[1..]);
        // Cairo goes from 24:00 back to 23:00: the day goes on.
        assert_eq!(minutes(Width::Day, "Africa/Cairo", "2026-10-29T00:00:00Z", "2026-10-29T21:30:00Z"), [25 * 60]);
    }

    #[test]
    fn a_day_skipped_by_a_zone_has_no_bucket() {
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

    pub(in crate::query) fn name() -> impl Strategy<Value = &'static str> {
        prop::sample::select(NAMES.to_vec())
    }

    fn width() -> impl Strategy<Value = Width> {
        prop::sample::select(widths().collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn edges_enclose_a_range_and_are_multiples_on_the_clock(name in name(), width in width(), from in 0..i64::MAX - 1, points in 1..200_u32) {
            let zone = zoned(name);
            let from = Time::from_nanos(from);
            let to = (from + width.usual().saturating_mul(points) / 3).max(from.next());
            let edges = width.edges(&zone, Interval::new(from, to));
            prop_assert!(edges.len() >= 2 && edges.is_sorted_by(|a, b| a < b), "{:?}", edges);
            prop_assert!(edges[0] <= from && from < edges[1], "{from}: {:?}", &edges[..2]);
            let last = edges.len() - 1;
            prop_assert!(edges[last - 1] < to && to <= edges[last], "{to}: {:?}", &edges[last - 1..]);
            for edge in &edges[..last] {
                let clock = civil(&zone, *edge);
                let midnight = (clock.hour(), clock.minute(), clock.second(), clock.subsec_nanosecond()) == (0, 0, 0, 0);
                let on_the_clock = match width {
                    Width::Span(width) => edge.nanos() % width == 0,
                    Width::Hours(hours) => i64::from(clock.hour()) % hours == 0 && clock.minute() == 0 && clock.second() == 0,
                    Width::Day => midnight,
                    Width::Week => midnight && clock.weekday().to_monday_zero_offset() == 0,
                    Width::Months(months) => midnight && clock.day() == 1 && (clock.month() - 1) % months == 0,
                    Width::Year => midnight && clock.day_of_year() == 1,
                };
                let jump = zone.preceding(timestamp(edge.next().nanos())).next();
                let jumps = jump.is_some_and(|jump| saturated(jump.timestamp().as_nanosecond()) == edge.nanos());
                prop_assert!(on_the_clock || jumps, "{clock} is no multiple of {width:?} in {name}");
            }
        }
    }
}
