//! Times and intervals in UTC nanoseconds, and clocks.

use std::fmt::{self, Debug};
use std::ops::{Add, Range, Sub};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A time: nanoseconds since 1970, UTC, from the year 1677 to 2262. Arithmetic saturates at these bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

/// An hour in nanoseconds.
const HOUR: i64 = 3_600_000_000_000;

impl Time {
    /// The earliest time.
    pub const MIN: Self = Self(i64::MIN);

    /// The latest time.
    pub const MAX: Self = Self(i64::MAX);

    /// The time `nanos` nanoseconds after 1970, UTC.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since 1970, UTC.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The duration since `earlier`; zero if this is not later.
    ///
    /// ```
    /// use std::time::Duration;
    /// use audittrail::time::Time;
    ///
    /// let time = Time::from_nanos(1_000);
    /// assert_eq!((time + Duration::from_nanos(5)).since(time), Duration::from_nanos(5));
    /// assert_eq!(time.since(time + Duration::from_nanos(5)), Duration::ZERO);
    /// ```
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        if self <= earlier {
            return Duration::ZERO;
        }
        Duration::from_nanos(self.0.abs_diff(earlier.0))
    }

    /// The nanosecond before.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The duration between this and another time, whichever is later.
    #[must_use]
    pub fn distance(self, other: Self) -> Duration {
        Duration::from_nanos(self.0.abs_diff(other.0))
    }

    /// The begin of its hour, UTC.
    ///
    /// ```
    /// use std::time::Duration;
    /// use audittrail::time::Time;
    ///
    /// let hour = Duration::from_hours(1);
    /// let midnight = Time::from_nanos(0);
    /// assert_eq!((midnight + hour).hour(), midnight + hour);
    /// assert_eq!((midnight + hour).previous().hour(), midnight);
    /// assert_eq!(midnight.previous().hour(), midnight - hour);
    /// ```
    #[must_use]
    pub const fn hour(self) -> Self {
        Self(self.0.div_euclid(HOUR).saturating_mul(HOUR))
    }

    /// The hour of its day, UTC, from 0 to 23.
    pub(crate) fn hour_of_day(self) -> u8 {
        u8::try_from(self.0.div_euclid(HOUR).rem_euclid(24)).expect("below 24")
    }

    /// The next nanosecond.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// An hour of the day between the two beside it: a daily event is a little early or late.
pub(crate) fn hours_around(hour: u8) -> [u8; 3] {
    [(hour + 23) % 24, hour, (hour + 1) % 24]
}

/// A duration in nanoseconds, at most `i64::MAX`.
fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(duration)))
    }
}

/// A time out of range becomes [`Time::MIN`] or [`Time::MAX`].
impl From<DateTime<Utc>> for Time {
    fn from(time: DateTime<Utc>) -> Self {
        let end = if time < DateTime::UNIX_EPOCH { Self::MIN } else { Self::MAX };
        time.timestamp_nanos_opt().map_or(end, Self)
    }
}

impl From<Time> for DateTime<Utc> {
    fn from(time: Time) -> Self {
        Self::from_timestamp_nanos(time.0)
    }
}

/// RFC 3339, with as many fractional digits as the time needs.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&DateTime::<Utc>::from(*self).to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// A source of the present time.
pub trait Clock: Debug + Send + Sync {
    /// The present time.
    fn now(&self) -> Time;
}

/// This server's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        Utc::now().into()
    }
}

/// The times from `start` on and before `end`; none if `end` is not later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interval {
    /// The first time.
    pub start: Time,
    /// The first time after the interval.
    pub end: Time,
}

impl Interval {
    /// The interval from `start` to `end`.
    #[must_use]
    pub const fn new(start: Time, end: Time) -> Self {
        Self { start, end }
    }

    /// The interval between two numbers of nanoseconds since 1970, UTC.
    #[must_use]
    pub const fn from_nanos(start: i64, end: i64) -> Self {
        Self::new(Time(start), Time(end))
    }

    /// The bounds in nanoseconds since 1970, UTC.
    #[must_use]
    pub const fn nanos(self) -> Range<i64> {
        self.start.0..self.end.0
    }

    /// Whether the interval has no time.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// The length of the interval.
    #[must_use]
    pub fn length(self) -> Duration {
        self.end.since(self.start)
    }

    /// Whether the interval has every time of `other`.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        other.is_empty() || (self.start <= other.start && other.end <= self.end)
    }

    /// Whether the interval has a time.
    #[must_use]
    pub fn contains(self, time: Time) -> bool {
        self.start <= time && time < self.end
    }

    /// Whether the intervals have a time in common.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        !self.intersection(other).is_empty()
    }

    /// The times in both intervals.
    pub(crate) fn intersection(self, other: Self) -> Self {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// The shortest interval that covers both.
    pub(crate) fn hull(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// The parts before and after `other`, without empty ones.
    pub fn without(self, other: Self) -> impl Iterator<Item = Self> {
        let before = Self::new(self.start, self.end.min(other.start));
        let after = Self::new(self.start.max(other.end), self.end);
        [before, after].into_iter().filter(|rest| !rest.is_empty())
    }

    /// The part before `time`.
    #[must_use]
    pub fn before(self, time: Time) -> Self {
        Self::new(self.start, self.end.min(time).max(self.start))
    }
}

impl From<Interval> for Range<Time> {
    fn from(interval: Interval) -> Self {
        interval.start..interval.end
    }
}

impl From<Range<Time>> for Interval {
    fn from(range: Range<Time>) -> Self {
        Self::new(range.start, range.end)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A clock that stands still.
    #[derive(Debug, Default)]
    pub(crate) struct FixedClock(pub(crate) Time);

    impl Clock for FixedClock {
        fn now(&self) -> Time {
            self.0
        }
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Time::MAX + Duration::from_nanos(1), Time::MAX);
        assert_eq!(Time::MIN - Duration::MAX, Time::MIN);
        assert_eq!(Time::MAX.next(), Time::MAX);
        assert_eq!(Time::MAX.since(Time::MIN), Duration::from_nanos(u64::MAX));
        assert_eq!(Time::from_nanos(1_500_000_000).to_string(), "1970-01-01T00:00:01.500Z");
    }

    #[test]
    fn hours_of_the_day_are_those_of_utc_also_before_1970() {
        let of = |hours: i64| Time::from_nanos(hours * HOUR).hour_of_day();
        assert_eq!([0, 23, 24, -1, -24, -25].map(of), [0, 23, 0, 23, 0, 23]);
        assert_eq!(Time::from_nanos(0).previous().hour_of_day(), 23);
        assert_eq!([0, 12, 23].map(hours_around), [[23, 0, 1], [11, 12, 13], [22, 23, 0]]);
    }

    proptest! {
        #[test]
        fn an_interval_is_the_set_of_its_times(a in -3..9_i64, b in -3..9_i64, c in -3..9_i64, d in -3..9_i64) {
            let (one, other) = (Interval::from_nanos(a, b), Interval::from_nanos(c, d));
            let has = |interval: Interval, time: i64| interval.nanos().contains(&time);
            for time in -4..10 {
                let (in_one, in_other) = (has(one, time), has(other, time));
                prop_assert_eq!(has(one.intersection(other), time), in_one && in_other);
                if !one.is_empty() && !other.is_empty() {
                    prop_assert!(has(one.hull(other), time) || !(in_one || in_other));
                    prop_assert_eq!(one.without(other).any(|rest| has(rest, time)), in_one && !in_other);
                }
                prop_assert_eq!(has(one.before(Time(c)), time), in_one && time < c);
            }
            let all = (-4..10).all(|time| !has(other, time) || has(one, time));
            prop_assert_eq!(one.covers(other), all);
            prop_assert_eq!(one.overlaps(other), (-4..10).any(|time| has(one, time) && has(other, time)));
            prop_assert_eq!(one.is_empty(), one.length().is_zero());
        }
    }
}
