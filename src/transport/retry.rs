//! The retry policy: pure functions of the failure, so that tests need not wait.

use std::time::Duration;

use chrono::{DateTime, Utc};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// A kind of failure, for the decision about another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The service asks to come back later: a rate limit, or a permission that is still propagating.
    Passing,
    /// The server or the network fails.
    Unavailable,
    /// The answer cannot be read; a truncated one may be an accident.
    Unreadable,
    /// No answer in time: two waits are bearable, three are not.
    Timeout,
    /// A retry would fail in the same way.
    Lasting,
}

impl Failure {
    /// The most tries of a call with this failure; the deadline alone limits a passing failure.
    fn most_tries(self) -> u32 {
        match self {
            Self::Passing => u32::MAX,
            Self::Unavailable => 5,
            Self::Unreadable => 3,
            Self::Timeout => 2,
            Self::Lasting => 1,
        }
    }
}

/// The delay before the next try; `None` if a retry cannot help or would begin after the deadline.
///
/// Pauses double from 0.2 s to 8 s. `jitter`, from 0 to 1, scales the pause from half to full, so that many
/// callers do not come back at once. A longer `retry_after` of the service is honoured.
pub(super) fn next_delay(
    tries: u32,
    failure: Failure,
    retry_after: Option<Duration>,
    time_left: Duration,
    jitter: f64,
) -> Option<Duration> {
    let doublings = 2_u32.saturating_pow(tries.saturating_sub(1));
    let pause = FIRST_PAUSE.saturating_mul(doublings).min(LONGEST_PAUSE).mul_f64(0.5 + jitter / 2.0);
    let delay = retry_after.map_or(pause, |asked| asked.max(pause));
    (tries < failure.most_tries() && delay < time_left).then_some(delay)
}

/// The wait of a `Retry-After`: a number of seconds, or a date; zero after the date.
pub(super) fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        for (tries, pause) in
            [(1, 200), (2, 400), (3, 800), (4, 1_600), (5, 3_200), (6, 6_400), (7, 8_000), (99, 8_000)]
        {
            assert_eq!(next_delay(tries, Failure::Passing, None, HOUR, 1.0), Some(millis(pause)), "after {tries}");
            assert_eq!(next_delay(tries, Failure::Passing, None, HOUR, 0.0), Some(millis(pause / 2)), "after {tries}");
        }
    }

    #[test]
    fn each_failure_has_its_number_of_tries() {
        for (failure, most) in
            [(Failure::Lasting, 1), (Failure::Timeout, 2), (Failure::Unreadable, 3), (Failure::Unavailable, 5)]
        {
            for tries in 1..10 {
                let delay = next_delay(tries, failure, None, HOUR, 0.5);
                assert_eq!(delay.is_some(), tries < most, "{failure:?} after {tries}");
            }
        }
        assert!(next_delay(1_000_000, Failure::Passing, None, HOUR, 0.5).is_some());
    }

    #[test]
    fn longer_retry_after_is_honoured_and_shorter_one_is_not() {
        assert_eq!(next_delay(1, Failure::Unavailable, Some(millis(3_000)), HOUR, 1.0), Some(millis(3_000)));
        assert_eq!(next_delay(1, Failure::Unavailable, Some(millis(0)), HOUR, 1.0), Some(millis(200)));
        assert_eq!(next_delay(1, Failure::Lasting, Some(millis(0)), HOUR, 1.0), None);
    }

    #[test]
    fn try_that_would_begin_at_the_deadline_is_refused() {
        let left = millis(200);
        assert_eq!(next_delay(1, Failure::Passing, None, left, 1.0), None);
        assert_eq!(next_delay(1, Failure::Passing, None, left, 0.9), Some(millis(190)));
        assert_eq!(next_delay(1, Failure::Passing, Some(Duration::MAX), HOUR, 1.0), None);
        assert_eq!(next_delay(1, Failure::Passing, None, Duration::ZERO, 0.0), None);
    }

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        let now = DateTime::parse_from_rfc3339("2026-08-01T12:00:00Z").unwrap().to_utc();
        assert_eq!(retry_after(" 120 ", now), Some(Duration::from_mins(2)));
        assert_eq!(retry_after("Sat, 01 Aug 2026 12:00:07 GMT", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sat, 01 Aug 2026 11:00:00 GMT", now), Some(Duration::ZERO));
        for neither in ["", "soon", "-1", "1.5"] {
            assert_eq!(retry_after(neither, now), None, "{neither}");
        }
    }
}
