use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::task::AbortHandle;

use super::gap::Gap;
use super::outcome::Outcome;
use crate::scaleway::audit_trail::Window;
use crate::time::{Interval, Time};

/// A fetch is much longer than a request if its interval is more than so many times as long.
const MUCH_LONGER: u32 = 4;

/// A fetch that several requests may wait for. It is aborted when the last of them drops it; its complete pages are cached
/// then.
#[derive(Debug)]
pub(super) struct InFlightFetch {
    pub(super) window: Window,
    pub(super) began_at: Time,
    /// The deadline of the request that began the fetch.
    pub(super) deadline: Instant,
    /// Whether to continue after the first page, which shows the density of the list.
    pub(super) wants_all: Arc<AtomicBool>,
    /// Whether the fetch has few calls, since no request waits for it.
    pub(super) in_background: bool,
    pub(super) outcome: Shared<BoxFuture<'static, Outcome>>,
    pub(super) task: AbortHandle,
}

impl Drop for InFlightFetch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl InFlightFetch {
    /// Begins a fetch of a window by running `fetch` on a task.
    pub(super) fn spawn(
        window: Window,
        began_at: Time,
        deadline: Instant,
        wants_all: Arc<AtomicBool>,
        in_background: bool,
        fetch: impl Future<Output = Outcome> + Send + 'static,
    ) -> Self {
        let task = tokio::spawn(fetch);
        let abort = task.abort_handle();
        // The panic hook logs a panic.
        let outcome = task.map(|outcome| outcome.unwrap_or_else(|_| Outcome::default().or_gap(Some(Gap::Broken))));
        let outcome = outcome.boxed().shared();
        Self { window, began_at, deadline, wants_all, in_background, outcome, task: abort }
    }

    pub(super) fn is_much_longer_than(&self, interval: Interval) -> bool {
        self.window.interval.length() > interval.length().saturating_mul(MUCH_LONGER)
    }
}
