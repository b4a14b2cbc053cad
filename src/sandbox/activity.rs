//! The activity of the organization by hour and weekday, UTC.

use super::event::Nanos;

pub(super) const SECOND: Nanos = 1_000_000_000;
pub(super) const HOUR: Nanos = 3600 * SECOND;

/// The activity up to an instant, and its inverse.
#[derive(Debug)]
pub(super) struct ActivityProfile {
    start: Nanos,
    pub(super) now: Nanos,
    /// The activity by the end of each hour since `start`.
    cumulative: Vec<f64>,
}

impl ActivityProfile {
    pub(super) fn new(start: Nanos, now: Nanos) -> Self {
        let begun = (now - start + HOUR - 1) / HOUR;
        let cumulative = (0..begun).scan(0.0, |sum, hour| {
            *sum += rate(start + hour * HOUR);
            Some(*sum)
        });
        Self { start, now, cumulative: cumulative.collect() }
    }

    pub(super) fn span(&self) -> Nanos {
        self.now - self.start
    }

    /// The activity up to `now`, in the unit of [`rate`] times hours.
    pub(super) fn total(&self) -> f64 {
        let Some(last) = self.cumulative.last() else { return 1.0 };
        let begun = self.start + (hours(self.cumulative.len()) - 1) * HOUR;
        last - rate(begun) * (1.0 - share_of_hour(self.now - begun))
    }

    /// The instant at which the activity since the start reaches `activity`.
    pub(super) fn at(&self, activity: f64) -> Nanos {
        let mut hour = self.cumulative.partition_point(|&sum| sum <= activity);
        let mut before = if hour == 0 { 0.0 } else { self.cumulative[hour - 1] };
        // Past the table: the future, hour by hour.
        while hour >= self.cumulative.len() && before + rate(self.start + hours(hour) * HOUR) <= activity {
            before += rate(self.start + hours(hour) * HOUR);
            hour += 1;
        }
        let begun = self.start + hours(hour) * HOUR;
        begun + part_of_hour((activity - before) / rate(begun))
    }
}

fn hours(count: usize) -> Nanos {
    count.try_into().unwrap_or(Nanos::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "an hour in nanoseconds is below 2^52")]
fn share_of_hour(time: Nanos) -> f64 {
    time as f64 / HOUR as f64
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "within an hour of nanoseconds")]
fn part_of_hour(share: f64) -> Nanos {
    (share.clamp(0.0, 1.0) * HOUR as f64) as Nanos
}

/// The hour of the day and the day of the week, UTC; day 0 is Thursday, as on 1970-01-01.
pub(super) fn calendar(at: Nanos) -> (i64, i64) {
    (at.div_euclid(HOUR).rem_euclid(24), at.div_euclid(24 * HOUR).rem_euclid(7))
}

/// The activity of an hour, relative to others.
fn rate(at: Nanos) -> f64 {
    let (hour, day) = calendar(at);
    let weekend = matches!(day, 2 | 3);
    match hour {
        _ if weekend => 0.5,
        8..12 | 13..17 => 2.0,
        12 | 17 => 1.4,
        // Early and late hours, and the nightly backups at two.
        6..8 | 18..20 | 2 => 0.9,
        _ => 0.4,
    }
}

/// The share of people's sessions.
pub(super) fn people_share(at: Nanos) -> f64 {
    let (hour, day) = calendar(at);
    if matches!(hour, 7..19) && !matches!(day, 2 | 3) { 0.6 } else { 0.15 }
}
