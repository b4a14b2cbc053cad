use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::batcher::Batcher;
use super::density::rate;
use super::fetch_plan::FetchPlan;
use super::gap::Gap;
use super::outcome::Outcome;
use super::source::{Pages, Source};
use crate::time::{Interval, Time};

/// The shortest interval of a worker. The API's bounds are whole seconds: shorter workers would mostly read the same events.
pub(super) const SHORTEST: Duration = Duration::from_secs(10);

/// The shared state of a worker, which reads pages from the end of its interval towards the start.
#[derive(Debug)]
pub(super) struct Worker {
    /// The time of the newest possible event: the end of the interval, or the present.
    newest: Time,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    /// The start of the interval; a split moves it.
    start: Time,
    /// The oldest time that was read.
    reached: Time,
    pages: usize,
    ended: bool,
}

impl Worker {
    /// A worker on an interval; `started` has its first page, if that has been read.
    pub(super) fn new(interval: Interval, now: Time, started: Option<&impl Pages>) -> Self {
        let reached = started.and_then(|pages| pages.extent().reached);
        let reached = reached.map_or(interval.end, |reached| reached.clamp(interval.start, interval.end));
        let pages = usize::from(started.is_some());
        let progress = Progress { start: interval.start, reached, pages, ended: false };
        Self { newest: interval.before(now).end, progress: Mutex::new(progress) }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.progress.lock().ended
    }

    /// The length of the interval left to read.
    pub(super) fn time_left(&self) -> Duration {
        let progress = self.progress.lock();
        if progress.ended { Duration::ZERO } else { progress.reached.since(progress.start) }
    }

    /// The estimated pages left, by the worker's own pages per second or, if it has read none, by the `usual` ones.
    pub(super) fn pages_left(&self, usual: f64) -> f64 {
        let progress = self.progress.lock();
        if progress.ended {
            return 0.0;
        }
        let own = if progress.pages > 0 { rate(progress.pages, self.newest.since(progress.reached)) } else { usual };
        own * progress.reached.since(progress.start).as_secs_f64()
    }

    /// Gives away the older half of the interval left to read, unless that is too short.
    pub(super) fn split(&self) -> Option<Interval> {
        let mut progress = self.progress.lock();
        let left = progress.reached.since(progress.start);
        if progress.ended || left < 2 * SHORTEST {
            return None;
        }
        let half = Interval::new(progress.start, progress.start + left / 2);
        progress.start = half.end;
        Some(half)
    }

    /// Notes the oldest time that was read. Returns whether it is before the interval: the events that follow are another
    /// worker's.
    fn reach(&self, reached: Option<Time>) -> bool {
        let Some(reached) = reached else { return false };
        let mut progress = self.progress.lock();
        progress.reached = reached.clamp(progress.start, progress.reached);
        reached < progress.start
    }

    /// Ends the worker, so that it is not split any more. Returns the start of its interval.
    fn end(&self) -> Time {
        let mut progress = self.progress.lock();
        progress.ended = true;
        progress.start
    }
}

/// Reads the pages of a worker's interval.
pub(super) async fn run<S: Source>(
    plan: FetchPlan<S>,
    worker: Arc<Worker>,
    started: Option<S::Pages>,
    page_read: mpsc::UnboundedSender<()>,
) -> Outcome {
    let mut more = started.is_some();
    let batcher = Batcher::new(&plan, started.unwrap_or_else(|| plan.pages()));
    let mut partial = PartialFetch { batcher: Some(batcher), worker: &worker };
    let mut memory = Memory { total: &plan.memory, own: 0 };
    let mut first = !more;
    let most_bytes = plan.inner.limits.fetch_bytes;
    let (complete, gap) = loop {
        let batcher = partial.batcher.as_mut().expect("it is taken when the worker ends");
        if worker.reach(batcher.pages.extent().reached) || (!more && !first) {
            break (true, None);
        }
        if batcher.flush_if_full().is_err() {
            // The batch does not fit into columns: its events are missing, and the interval must not count as empty.
            worker.end();
            let batcher = partial.batcher.take().expect("it is taken when the worker ends");
            return Outcome { gap: Some(Gap::Bytes(most_bytes)), segments: batcher.segments, ..Outcome::default() };
        }
        if memory.resize(batcher.bytes()) >= most_bytes {
            break (false, Some(Gap::Bytes(most_bytes)));
        }
        first = false;
        match batcher.pages.next(plan.deadline).await {
            Ok(next) => more = next,
            Err(gap) => break (false, Some(gap)),
        }
        worker.progress.lock().pages += 1;
        // Without a receiver the fetch has ended.
        let _ = page_read.send(());
    };
    let start = worker.end();
    let batcher = partial.batcher.take().expect("it is taken when the worker ends");
    batcher.finish(start, complete, gap)
}

/// The share of a worker in the memory of all workers.
struct Memory<'a> {
    total: &'a AtomicUsize,
    own: usize,
}

impl Memory<'_> {
    /// Sets the worker's share. Returns the memory of all workers, in bytes.
    fn resize(&mut self, own: usize) -> usize {
        let change = own.wrapping_sub(self.own);
        self.own = own;
        self.total.fetch_add(change, Ordering::Relaxed).wrapping_add(change)
    }
}

/// The pages that a worker has read. When the fetch is aborted, complete pages are cached nevertheless, so that a dashboard
/// that is refreshed before it has loaded continues from there.
struct PartialFetch<'a, S: Source> {
    batcher: Option<Batcher<'a, S>>,
    worker: &'a Worker,
}

impl<S: Source> Drop for PartialFetch<'_, S> {
    fn drop(&mut self) {
        // A panic may have left events in an inconsistent state.
        let Some(batcher) = self.batcher.take().filter(|_| !std::thread::panicking()) else { return };
        let (plan, start) = (batcher.plan, self.worker.progress.lock().start);
        batcher.finish(start, false, None).segments.iter().for_each(|segment| plan.put(segment));
    }
}
