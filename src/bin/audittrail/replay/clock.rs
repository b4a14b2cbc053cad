use std::sync::atomic::{AtomicI64, Ordering};

use audittrail::time::{Clock, Time};

/// The clock of the simulated server on which Grafana and the plugin run.
#[derive(Debug, Default)]
pub(super) struct SetClock(AtomicI64);

impl SetClock {
    pub(super) fn set(&self, nanos: i64) {
        self.0.store(nanos, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Time {
        Time::from_nanos(self.0.load(Ordering::Relaxed))
    }
}
