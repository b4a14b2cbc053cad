//! The limit of concurrent calls: the configured one until the service throttles a call (429), then lower, then rising again
//! one by one: additive increase, multiplicative decrease.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The factor by which the limit shrinks when a call is throttled.
const SHRINK: f64 = 0.7;

/// The growth of the limit when as many calls as it allows have succeeded.
const GROW: f64 = 0.1;

/// Throttled calls closer together than this shrink the limit once.
const ONE_CAUSE: Duration = Duration::from_millis(250);

/// The limit of one client's calls. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct AdaptiveLimit {
    permits: Arc<Semaphore>,
    /// Locked for a few instructions, never across an await.
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    most: f64,
    /// The limit, which grows by fractions.
    limit: f64,
    /// The number of permits, taken ones included.
    permits: usize,
    shrunk: Option<Instant>,
}

impl State {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and the setting's 64")]
    fn target(&self) -> usize {
        self.limit as usize
    }
}

/// The permit of one call, returned when dropped.
#[derive(Debug)]
pub(super) struct Permit {
    permit: Option<OwnedSemaphorePermit>,
    limit: AdaptiveLimit,
}

impl AdaptiveLimit {
    /// At most `most` calls at the same time; at least one.
    pub(super) fn new(most: u32) -> Self {
        let permits = usize::try_from(most.max(1)).expect("a usize has 32 bits or more");
        let limit = f64::from(most.max(1));
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            state: Arc::new(Mutex::new(State { most: limit, limit, permits, shrunk: None })),
        }
    }

    /// Waits for a permit; permits are given in the order of calls.
    pub(super) async fn acquire(&self) -> Permit {
        let permit = Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed");
        Permit { permit: Some(permit), limit: self.clone() }
    }

    /// Shrinks the limit: a call was throttled.
    pub(super) fn on_throttled(&self) {
        let mut state = self.state.lock();
        if state.shrunk.is_some_and(|then| then.elapsed() < ONE_CAUSE) {
            return;
        }
        state.shrunk = Some(Instant::now());
        state.limit = (state.limit * SHRINK).max(1.0);
        let surplus = state.permits.saturating_sub(state.target());
        // A surplus permit in use is removed when it is dropped.
        state.permits -= self.permits.forget_permits(surplus);
    }

    /// Grows the limit: a call succeeded.
    pub(super) fn on_success(&self) {
        let mut state = self.state.lock();
        state.limit = (state.limit + GROW / state.limit).min(state.most);
        let missing = state.target().saturating_sub(state.permits);
        state.permits += missing;
        self.permits.add_permits(missing);
    }

    /// The present limit of concurrent calls.
    pub(super) fn current(&self) -> usize {
        self.state.lock().target()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.limit.state.lock();
        if state.permits > state.target()
            && let Some(permit) = self.permit.take()
        {
            permit.forget();
            state.permits -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn throttled_calls_shrink_the_limit_and_successes_grow_it_back() {
        let limit = AdaptiveLimit::new(8);
        let permits = futures::future::join_all((0..8).map(|_| limit.acquire())).await;
        assert_eq!(limit.permits.available_permits(), 0);
        limit.on_throttled();
        limit.on_throttled(); // of the same cause
        assert_eq!(limit.state.lock().target(), 5);
        drop(permits);
        assert_eq!(limit.permits.available_permits(), 5, "three of the eight permits are gone");
        for _ in 0..1_000 {
            limit.on_success();
        }
        assert_eq!(limit.permits.available_permits(), 8, "no more than allowed");
    }

    #[tokio::test]
    async fn one_call_may_always_run() {
        let limit = AdaptiveLimit::new(1);
        for _ in 0..5 {
            limit.state.lock().shrunk = None;
            limit.on_throttled();
        }
        let permit = limit.acquire().await;
        assert_eq!(limit.permits.available_permits(), 0);
        drop(permit);
        assert_eq!(limit.permits.available_permits(), 1);
    }
}
