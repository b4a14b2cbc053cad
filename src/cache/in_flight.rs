use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::task::AbortHandle;

use super::fetch_plan::Outcome;
use super::list_key::ListKey;
use crate::time::{Interval, Time};

/// How many times as long as a request's interval a fetch is much longer.
const MUCH_LONGER: u32 = 4;

/// A request for all events of a region's interval, as long as it is under way.
#[derive(Debug)]
pub(super) struct Demand {
    pub(super) region: String,
    pub(super) interval: Interval,
}

/// A fetch that several requests may wait for. It is aborted when the last of them drops it; the pages that it has read
/// completely are cached then.
#[derive(Debug)]
pub(super) struct InFlightFetch {
    pub(super) key: ListKey,
    pub(super) interval: Interval,
    pub(super) began_at: Time,
    /// When the request that began it needs its answer.
    pub(super) deadline: Instant,
    /// Whether to go on after the first page, which shows the density of the list.
    pub(super) wants_all: Arc<AtomicBool>,
    pub(super) outcome: Shared<BoxFuture<'static, Outcome>>,
    task: AbortHandle,
}

impl Drop for InFlightFetch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl InFlightFetch {
    /// Begins a fetch of an interval, whose task is `fetch`.
    pub(super) fn spawn(
        (key, interval): (ListKey, Interval),
        began_at: Time,
        deadline: Instant,
        wants_all: Arc<AtomicBool>,
        fetch: impl Future<Output = Outcome> + Send + 'static,
    ) -> Self {
        let task = tokio::spawn(fetch);
        let abort = task.abort_handle();
        let outcome = task.map(|outcome| outcome.unwrap_or_else(|_| Outcome::broken())).boxed().shared();
        Self { key, interval, began_at, deadline, wants_all, outcome, task: abort }
    }

    pub(super) fn is_much_longer_than(&self, interval: Interval) -> bool {
        self.interval.length() > interval.length().saturating_mul(MUCH_LONGER)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }
}
