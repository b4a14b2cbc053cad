//! This server's clock, corrected by the times of a service's answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::DateTime;

use crate::time::{Clock, Time};

const SECOND: i64 = 1_000_000_000;

/// A smaller skew is ignored.
const TOLERANCE: i64 = 2 * SECOND;

/// This server's clock, minus its skew if it is ahead of the service's: data would otherwise count as complete too
/// early. A slow clock is harmless: data counts as complete later than it could.
#[derive(Clone, Debug)]
pub(super) struct ServiceClock {
    /// The service's name, for the log.
    service: &'static str,
    /// This server's clock.
    local: Arc<dyn Clock>,
    /// The skew: the nanoseconds by which this server's clock is ahead.
    ahead: Arc<AtomicI64>,
}

impl Clock for ServiceClock {
    fn now(&self) -> Time {
        let ahead = self.ahead.load(Ordering::Relaxed);
        Time::from_nanos(self.local.now().nanos().saturating_sub(if ahead < TOLERANCE { 0 } else { ahead }))
    }
}

impl ServiceClock {
    /// A clock that no answer has corrected yet.
    pub(super) fn new(service: &'static str, local: Arc<dyn Clock>) -> Self {
        Self { service, local, ahead: Arc::default() }
    }

    /// The present by this server's clock, uncorrected.
    pub(super) fn local(&self) -> Time {
        self.local.now()
    }

    /// Learns from an answer's `Date`, which has whole seconds; the call was `sent` and the answer `received` by this
    /// server's clock.
    pub(super) fn observe_date(&self, date: &str, sent: Time, received: Time) {
        let Some(date) = DateTime::parse_from_rfc2822(date).ok().and_then(|date| date.timestamp_nanos_opt()) else {
            return;
        };
        let least = sent.nanos().saturating_sub(date.saturating_add(SECOND));
        let most = received.nanos().saturating_sub(date);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::tests::FixedClock;

    const NOW: i64 = 1_790_000_000 * SECOND;

    fn new_clock() -> ServiceClock {
        ServiceClock::new("the service", Arc::new(FixedClock(Time::from_nanos(NOW))))
    }

    /// The seconds that are subtracted from a clock.
    fn subtracted(clock: &ServiceClock) -> i64 {
        (NOW - clock.now().nanos()) / SECOND
    }

    /// The seconds that are subtracted from a clock `ahead` by seconds, after an answer that `took` seconds.
    fn corrected(clock: &ServiceClock, ahead: i64, took: i64) -> i64 {
        let sent = NOW - took * SECOND;
        let date = DateTime::from_timestamp_nanos(sent - ahead * SECOND).to_rfc2822();
        clock.observe_date(&date, Time::from_nanos(sent), Time::from_nanos(NOW));
        subtracted(clock)
    }

    #[test]
    fn a_fast_clock_is_corrected() {
        let subtracted = corrected(&new_clock(), 3_600, 0);
        assert_eq!(subtracted, 3_599, "the service's clock may show a second more than its date");
    }

    #[test]
    fn a_right_clock_a_slow_clock_and_an_unknown_skew_are_not_corrected() {
        for (ahead, took) in [(0, 0), (0, 60), (1, 0), (-3_600, 0)] {
            assert_eq!(corrected(&new_clock(), ahead, took), 0);
        }
        let clock = new_clock();
        clock.observe_date("yesterday", Time::from_nanos(NOW), Time::from_nanos(NOW));
        assert_eq!(subtracted(&clock), 0);
    }

    #[test]
    fn a_slow_answer_does_not_change_the_skew() {
        let clock = new_clock();
        let ahead = corrected(&clock, 30, 0);
        assert_eq!(corrected(&clock, 30, 120), ahead);
    }

    #[test]
    fn a_clock_that_is_set_is_not_corrected_any_more() {
        let clock = new_clock();
        assert!(corrected(&clock, 3_600, 0) > 0);
        assert_eq!(corrected(&clock, 0, 0), 0);
    }
}
