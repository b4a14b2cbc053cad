use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use super::late::{self, EarlierFetches};
use super::segment::Segment;
use super::source::Source;
use super::state::Inner;
use crate::scaleway::audit_trail::Window;
use crate::time::Time;

/// The input of a fetch and of its workers: a window, and the cache that it is for.
#[derive(Clone)]
pub(super) struct FetchPlan<S> {
    pub(super) inner: Arc<Inner<S>>,
    pub(super) window: Window,
    pub(super) deadline: Instant,
    /// Whether no request waits for the fetch: then it has one call at a time, and its segments are the first to be evicted.
    pub(super) in_background: bool,
    /// The start of the fetch by the source's clock, which may be set back meanwhile.
    pub(super) began_at: Time,
    /// The start of the fetch by a clock that is never set.
    pub(super) began: tokio::time::Instant,
    /// What earlier fetches brought of the window's time.
    pub(super) earlier: Arc<EarlierFetches>,
    /// The memory of all workers, in bytes.
    pub(super) memory: Arc<AtomicUsize>,
}

impl<S: Source> FetchPlan<S> {
    /// The pages of the window; none is read yet.
    pub(super) fn pages(&self) -> S::Pages {
        self.inner.source.pages(self.window.clone())
    }

    /// Caches a complete segment, and counts the late events among its events.
    pub(super) fn put(&self, segment: &Segment) {
        self.inner.insert(&self.window.key, segment, self.began_at, self.began.elapsed(), !self.in_background);
        let mut late = self.earlier.lack(&self.window.key, segment);
        if late.is_empty() {
            return;
        }
        let now = self.inner.source.now();
        {
            let mut state = self.inner.state.lock();
            let settled_until = state.store.settled_until(now);
            state.late.add(&mut late, settled_until);
        }
        self.inner.late_events.inc_by(late.len() as u64);
        late::log(&late, self.inner.lag, now);
    }
}
