//! What time it is for Scaleway.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

const SECOND: i64 = 1_000_000_000;

/// Clocks that differ by less are one: an answer tells whole seconds, and has been on its way.
const TOLERANCE: i64 = 5 * SECOND;

/// This server's clock, held back where it is ahead of Scaleway's: what has not happened yet for Scaleway must not be taken
/// for past. One that is behind is left so: it waits longer than it had to, and loses nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    /// By how much this server's clock is ahead, in nanoseconds.
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// The present: nanoseconds since 1970, UTC.
    pub(super) fn now(&self) -> i64 {
        local().saturating_sub(self.ahead.load(Ordering::Relaxed))
    }

    /// Learns from an answer's `Date`; the call was sent at `sent`, by this server's clock.
    pub(super) fn told(&self, date: &str, sent: i64) {
        let Some(date) = DateTime::parse_from_rfc2822(date).ok().and_then(|date| date.timestamp_nanos_opt()) else {
            return;
        };
        // At the earliest it was answered when it was sent, and at the end of the second that it tells.
        let ahead = sent.saturating_sub(date.saturating_add(SECOND));
        let ahead = if ahead < TOLERANCE { 0 } else { ahead };
        if self.ahead.swap(ahead, Ordering::Relaxed) == 0 && ahead > 0 {
            tracing::warn!(
                seconds = ahead / SECOND,
                "this server's clock is ahead of Scaleway's; set it, since Grafana asks for times that have not come yet"
            );
        }
    }
}

/// The present by this server's clock alone.
pub(super) fn local() -> i64 {
    Utc::now().timestamp_nanos_opt().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(ahead: i64, told: impl Fn(i64) -> String) -> i64 {
        let clock = Clock::default();
        let sent = local();
        clock.told(&told(sent - ahead * SECOND), sent);
        (local() - clock.now()) / SECOND
    }

    fn date(at: i64) -> String {
        DateTime::from_timestamp_nanos(at).to_rfc2822()
    }

    #[test]
    fn a_clock_that_is_ahead_is_held_back() {
        let ahead = after(3_600, date);
        assert!((3_598..=3_600).contains(&ahead), "{ahead} s");
    }

    #[test]
    fn one_that_is_right_or_behind_or_not_told_of_stays() {
        for ahead in [0, 3, -3_600] {
            assert_eq!(after(ahead, date), 0);
        }
        assert_eq!(after(3_600, |_| "yesterday".to_owned()), 0);
    }

    #[test]
    fn one_that_is_set_is_believed_again() {
        let clock = Clock::default();
        clock.told(&date(local() - 3_600 * SECOND), local());
        clock.told(&date(local()), local());
        assert_eq!((local() - clock.now()) / SECOND, 0);
    }
}
