//! A day that has just begun: the profile may not have the day before yet.

use std::time::Duration;

use crate::profile::Day;
use crate::time::Time;

/// The time after midnight, UTC, within which the day before may not be counted yet: its events are read with those of the
/// question, and counted with the answer.
const YOUNG: Duration = Duration::from_hours(2);

/// From when on the events of a question with baselines are read, where these need them from `start` on.
pub(super) fn reads_from(start: Time, end: Time) -> Time {
    let today = Day::of(end).interval().start;
    if end < today + YOUNG { start.min(Day::of(end).before(1).interval().start) } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yesterday_is_read_while_the_day_is_young() {
        let day = Day::new(20_000);
        let midnight = day.interval().start;
        let start = midnight + Duration::from_mins(50);
        let yesterday = day.before(1).interval().start;
        assert_eq!(reads_from(start, midnight + Duration::from_hours(1)), yesterday);
        assert_eq!(reads_from(start, midnight + Duration::from_hours(2)), start);
        let earlier = yesterday - Duration::from_hours(1);
        assert_eq!(reads_from(earlier, midnight + Duration::from_hours(1)), earlier);
    }
}
