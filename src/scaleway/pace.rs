//! How many calls to Scaleway run at the same time: as many as allowed until it refuses some, then fewer, then more again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is left of the calls at the same time when one is refused.
const SHRINK: f64 = 0.7;

/// By how much the calls at the same time grow when all of them have been answered once.
const GROW: f64 = 0.1;

/// Refusals closer together than this have one cause.
const ONE_CAUSE: Duration = Duration::from_millis(250);

/// The pace of one data source's calls. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    permits: Arc<Semaphore>,
    /// Held for a few instructions, never while something is awaited.
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    most: f64,
    /// How many calls may run; it grows by fractions.
    limit: f64,
    /// How many permits there are, taken ones included.
    permits: usize,
    shrunk: Option<Instant>,
}

impl State {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and the setting's 64")]
    fn target(&self) -> usize {
        self.limit as usize
    }
}

/// A call's turn; the next one's when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    pace: Pace,
}

impl Pace {
    /// At most `most` calls at the same time; at least one.
    pub(super) fn new(most: u32) -> Self {
        let permits = usize::try_from(most.max(1)).unwrap_or(1);
        let limit = f64::from(most.max(1));
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            state: Arc::new(Mutex::new(State { most: limit, limit, permits, shrunk: None })),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn, first come, first served.
    pub(super) async fn turn(&self) -> Turn {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        Turn { permit, pace: self.clone() }
    }

    /// A call was refused because there are too many.
    pub(super) fn refused(&self) {
        let mut state = self.state();
        if state.shrunk.is_some_and(|then| then.elapsed() < ONE_CAUSE) {
            return;
        }
        state.shrunk = Some(Instant::now());
        state.limit = (state.limit * SHRINK).max(1.0);
        let surplus = state.permits.saturating_sub(state.target());
        // Taken permits go when they are given back.
        state.permits -= self.permits.forget_permits(surplus);
    }

    /// A call was answered.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        state.limit = (state.limit + GROW / state.limit).min(state.most);
        let missing = state.target().saturating_sub(state.permits);
        state.permits += missing;
        self.permits.add_permits(missing);
    }

    /// How many calls may run at the same time just now.
    pub(super) fn width(&self) -> usize {
        self.state().target()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.pace.state();
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
    async fn refusals_shrink_the_pace_and_answers_grow_it_back() {
        let pace = Pace::new(8);
        let turns = futures::future::join_all((0..8).map(|_| pace.turn())).await;
        assert_eq!(pace.permits.available_permits(), 0);
        pace.refused();
        pace.refused(); // of the same cause
        assert_eq!(pace.state().target(), 5);
        drop(turns);
        assert_eq!(pace.permits.available_permits(), 5, "three of the eight turns are not given back");
        for _ in 0..1_000 {
            pace.answered();
        }
        assert_eq!(pace.permits.available_permits(), 8, "no more than allowed");
    }

    #[tokio::test]
    async fn one_call_may_always_run() {
        let pace = Pace::new(1);
        for _ in 0..5 {
            pace.state().shrunk = None;
            pace.refused();
        }
        let turn = pace.turn().await;
        assert_eq!(pace.permits.available_permits(), 0);
        drop(turn);
        assert_eq!(pace.permits.available_permits(), 1);
    }
}
