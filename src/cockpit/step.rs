//! The step of a range query: how far its points are apart.

use std::time::Duration;

use crate::time::{Interval, Time};

/// The most points of one series: Prometheus and Mimir refuse a range query with more.
pub const MOST_POINTS: u128 = 11_000;

const SECOND: u128 = 1_000_000_000;
const DAY: u128 = 86_400 * SECOND;

/// Steps in seconds that people know from graphs; longer ones are whole days.
const STEPS: [u128; 13] = [15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];

/// The shortest usual step that is not shorter than `finest` and divides an interval into at most [`MOST_POINTS`] points.
///
/// `finest` is the scrape interval: shorter steps only repeat samples. A step is its own step.
///
/// ```
/// use std::time::Duration;
/// use audittrail::cockpit::step_of;
/// use audittrail::time::{Interval, Time};
///
/// let (start, day) = (Time::from_nanos(0), Duration::from_hours(24));
/// let step = |days| step_of(Interval::new(start, start + day * days), Duration::from_secs(20));
/// assert_eq!(step(1), Duration::from_secs(30));
/// assert_eq!(step(7), Duration::from_mins(1));
/// assert_eq!(step(31), Duration::from_mins(5));
/// ```
#[must_use]
pub fn step_of(interval: Interval, finest: Duration) -> Duration {
    let least = finest.as_nanos().max(interval.length().as_nanos().div_ceil(MOST_POINTS));
    let usual = STEPS.into_iter().find(|step| least <= step * SECOND);
    let seconds = usual.unwrap_or_else(|| least.div_ceil(DAY) * (DAY / SECOND));
    Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX))
}

/// The first and the last point of an interval: whole multiples of the step, so that a later query of the same step has the
/// same points. `None` where the interval has no point.
pub(super) fn ends(interval: Interval, step: Duration) -> Option<(Time, Time)> {
    let step = i128::try_from(step.as_nanos()).expect("a duration has fewer than 2^127 nanoseconds").max(1);
    let (start, end) = (i128::from(interval.start.nanos()), i128::from(interval.end.nanos()));
    let first = -(-start).div_euclid(step) * step;
    let last = (end - 1).div_euclid(step) * step;
    let point = |nanos| Time::from_nanos(i64::try_from(nanos).expect("a point is in the interval"));
    (first <= last).then(|| (point(first), point(last)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval() -> impl Strategy<Value = Interval> {
        (any::<i64>(), any::<i64>()).prop_map(|(a, b)| Interval::from_nanos(a.min(b), a.max(b)))
    }

    /// Intervals of all lengths alike, from a second to a century.
    fn usual_interval() -> impl Strategy<Value = Interval> {
        let start = 1_700_000_000_000_000_000..1_800_000_000_000_000_000_i64;
        (start, 30..62_u32, 0..1_u64 << 29).prop_map(|(start, bits, more)| {
            let start = Time::from_nanos(start);
            Interval::new(start, start + Duration::from_nanos((1 << bits) + more))
        })
    }

    proptest! {
        #[test]
        fn a_step_is_the_shortest_that_is_allowed(
            interval in prop_oneof![interval(), usual_interval()],
            finest in 0..200_000_u64,
        ) {
            let finest = Duration::from_secs(finest);
            let step = step_of(interval, finest);
            let fits = |step: Duration| step >= finest && interval.length().as_nanos() <= MOST_POINTS * step.as_nanos();
            prop_assert!(fits(step));
            let days = (1..=3).map(|fewer| step.as_nanos() / SECOND - (fewer * DAY / SECOND).min(step.as_nanos() / SECOND));
            for shorter in STEPS.into_iter().chain(days).map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap())) {
                prop_assert!(shorter >= step || !fits(shorter), "{shorter:?} is shorter than {step:?}");
            }
            prop_assert_eq!(step_of(interval, step), step);
        }

        #[test]
        fn points_are_multiples_within_the_interval(interval in prop_oneof![interval(), usual_interval()]) {
            let step = step_of(interval, Duration::ZERO);
            let nanos = i128::try_from(step.as_nanos()).unwrap();
            let multiples = |until: i64| (i128::from(until) - 1).div_euclid(nanos);
            let points = multiples(interval.end.nanos()) - multiples(interval.start.nanos());
            match ends(interval, step) {
                None => prop_assert_eq!(points, 0),
                Some((first, last)) => {
                    prop_assert!(interval.start <= first && last < interval.end);
                    prop_assert_eq!(i128::from(first.nanos()) % nanos, 0);
                    prop_assert_eq!(i128::try_from(last.since(first).as_nanos()).unwrap() / nanos + 1, points);
                    prop_assert!(points <= i128::try_from(MOST_POINTS).unwrap());
                }
            }
        }
    }

    #[test]
    fn absurd_intervals_and_steps_have_a_step() {
        let all = Interval::new(Time::MIN, Time::MAX);
        assert_eq!(step_of(all, Duration::ZERO), Duration::from_hours(24 * 20));
        assert!(ends(all, step_of(all, Duration::ZERO)).is_some());
        assert!(step_of(all, Duration::MAX) > Duration::from_secs(u64::MAX / 2));
        assert_eq!(ends(Interval::from_nanos(1, 2), step_of(all, Duration::MAX)), None);
        let empty = Interval::from_nanos(0, 0);
        assert_eq!(
            (step_of(empty, Duration::ZERO), ends(empty, Duration::from_secs(15))),
            (Duration::from_secs(15), None)
        );
    }
}
