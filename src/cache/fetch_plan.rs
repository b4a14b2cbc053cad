use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

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
    /// The memory of all workers, in bytes.
    pub(super) memory: Arc<AtomicUsize>,
}

impl<S: Source> FetchPlan<S> {
    /// The pages of the window; none is read yet.
    pub(super) fn pages(&self) -> S::Pages {
        self.inner.source.pages(self.window.clone())
    }

    /// Caches a complete segment.
    pub(super) fn put(&self, segment: &Segment) {
        self.inner.insert(&self.window.key, segment, self.began_at, self.began.elapsed(), !self.in_background);
    }
}
