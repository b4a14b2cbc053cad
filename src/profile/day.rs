use std::fmt;

use crate::time::{Interval, Time};

/// How many days before its own an event is judged by.
pub(crate) const WINDOW: u32 = 30;

/// How many days a profile goes back. With a file that is removed after [`WINDOW`] days without a write, nothing in a
/// profile gets older than ninety days.
pub(crate) const KEPT: u32 = 60;

const NANOS: i64 = 86_400_000_000_000;

/// A day, UTC, by its number since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(i32);

impl Day {
    /// The day of a number since 1970.
    pub(crate) const fn new(number: i32) -> Self {
        Self(number)
    }

    /// The day of a time.
    pub(crate) fn of(time: Time) -> Self {
        Self(i32::try_from(time.nanos().div_euclid(NANOS)).expect("there are fewer than 2^31 days in 2^63 nanoseconds"))
    }

    /// The number since 1970.
    pub(crate) const fn number(self) -> i32 {
        self.0
    }

    /// The day `days` earlier.
    pub(crate) fn before(self, days: u32) -> Self {
        Self(self.0.saturating_sub_unsigned(days))
    }

    /// The day `days` later.
    pub(crate) fn after(self, days: u32) -> Self {
        Self(self.0.saturating_add_unsigned(days))
    }

    /// The number of days since another; below zero for a later one.
    pub(super) fn since(self, other: Self) -> i32 {
        self.0.saturating_sub(other.0)
    }

    /// The day of the week, 0 for Monday.
    pub(super) fn weekday(self) -> usize {
        // 1970 began on a Thursday.
        usize::try_from((self.0.rem_euclid(7) + 3) % 7).expect("below 7")
    }

    /// The times of the day.
    pub(crate) fn interval(self) -> Interval {
        let start = i64::from(self.0).saturating_mul(NANOS);
        Interval::from_nanos(start, start.saturating_add(NANOS))
    }

    /// The days before this one by which its events are judged, the newest first.
    pub(crate) fn window(self) -> impl Iterator<Item = Self> {
        (1..=WINDOW).map(move |days| self.before(days))
    }
}

/// As in `2026-03-01`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", chrono::DateTime::<chrono::Utc>::from(self.interval().start).date_naive())
    }
}
