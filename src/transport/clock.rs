//! The present by a service's clock, from the times of its answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::DateTime;

use crate::time::Time;

const SECOND: i64 = 1_000_000_000;

/// A smaller skew is taken for none.
const TOLERANCE: i64 = 2 * SECOND;

/// This server's clock, minus its skew where it is ahead of the service's: data would otherwise be taken for complete too
/// early. A slow clock is harmless: data is taken for complete later than it could be.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// The service's name, for the log.
    service: &'static str,
    /// By how many nanoseconds this server's clock is ahead.
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that no answer has corrected yet.
    pub(super) fn new(service: &'static str) -> Self {
        Self { service, ahead: Arc::default() }
    }

    /// The present: nanoseconds since 1970, UTC.
    pub(super) fn now(&self) -> i64 {
        let ahead = self.ahead.load(Ordering::Relaxed);
        local().saturating_sub(if ahead < TOLERANCE { 0 } else { ahead })
    }

    /// Learns from an answer's `Date`, which has whole seconds; the call was `sent` and the answer `received` by this
    /// server's clock.
    pub(super) fn observe_date(&self, date: &str, sent: i64, received: i64) {
        let Some(date) = DateTime::parse_from_rfc2822(date).ok().and_then(|date| date.timestamp_nanos_opt()) else {
            return;
        };
        let (least, most) = (sent.saturating_sub(date.saturating_add(SECOND)), received.saturating_sub(date));
        let ahead = self.ahead.load(Ordering::Relaxed);
        // A skew that fits the answer stays, so that the clock does not jump with each answer.
        let fits = ahead.min(most).max(least);
        self.ahead.store(fits, Ordering::Relaxed);
        if ahead < TOLERANCE && fits >= TOLERANCE {
            tracing::warn!(
                seconds = fits / SECOND,
                "this server's clock is ahead of {}'s; set it, since Grafana asks for times that have not come yet",
                self.service
            );
        }
    }
}

/// The present by this server's clock alone.
pub(super) fn local() -> i64 {
    Time::now().nanos()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds that are subtracted from a clock that is ahead by so many, after an answer that took so many.
    fn held_back(clock: &Clock, ahead: i64, took: i64) -> i64 {
        let received = local();
        let sent = received - took * SECOND;
        clock.observe_date(&date(sent - ahead * SECOND), sent, received);
        (local() - clock.now()) / SECOND
    }

    fn date(at: i64) -> String {
        DateTime::from_timestamp_nanos(at).to_rfc2822()
    }

    #[test]
    fn a_clock_that_is_ahead_is_held_back() {
        let ahead = held_back(&Clock::new("the service"), 3_600, 0);
        assert!((3_598..=3_600).contains(&ahead), "{ahead} s");
    }

    #[test]
    fn one_that_is_right_or_behind_or_not_told_of_stays() {
        for (ahead, took) in [(0, 0), (0, 60), (1, 0), (-3_600, 0)] {
            assert_eq!(held_back(&Clock::new("the service"), ahead, took), 0);
        }
        let clock = Clock::new("the service");
        clock.observe_date("yesterday", local(), local());
        assert_eq!((local() - clock.now()) / SECOND, 0);
    }

    #[test]
    fn an_answer_that_takes_long_does_not_change_what_is_known() {
        let clock = Clock::new("the service");
        let ahead = held_back(&clock, 30, 0);
        assert_eq!(held_back(&clock, 30, 120), ahead);
    }

    #[test]
    fn one_that_is_set_is_believed_again() {
        let clock = Clock::new("the service");
        assert!(held_back(&clock, 3_600, 0) > 0);
        assert_eq!(held_back(&clock, 0, 0), 0);
    }
}
