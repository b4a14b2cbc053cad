//! The fetch of a missing interval: page by page at first, and then by several workers at once.
//!
//! The first page shows the density of the list. The rest of the interval is then halved repeatedly, until there are
//! as many workers as calls may run at the same time. When a worker ends, the worker with the most pages left gives half of
//! them to a new one, so that all end together, however unevenly events are spread.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::batcher::Batcher;
use super::density::{rate, to_f64};
use super::fetch_plan::FetchPlan;
use super::gap::Gap;
use super::outcome::Outcome;
use super::source::{Pages, Source};
use super::worker::{self, SHORTEST, Worker};
use crate::time::{Interval, Time};

/// The fewest pages left of a worker that is split: each half reads a page that the whole would not.
const FEWEST_PAGES: f64 = 3.0;

/// The ratio of the events that a stage aims at to the wanted ones, since the density is an estimate.
const MARGIN: f64 = 1.1;

/// Fetches a window, and caches each complete segment at once. `wants_more` returns, after the first page, whether the rest is
/// still wanted.
pub(super) async fn fetch<S: Source>(plan: &FetchPlan<S>, wants_more: impl FnOnce() -> bool) -> Outcome {
    let (interval, limit) = (plan.window.interval, plan.inner.max_events);
    let mut pages = plan.pages();
    let first = pages.next(plan.deadline).await;
    let past = interval.before(plan.inner.source.now());
    let has_more = matches!(first, Ok(true));
    let pages_left = if has_more { estimated_pages_left(&pages, past) } else { 0.0 };
    let exceeds_limit = pages.extent().events > limit;
    if !has_more || exceeds_limit || !wants_more() {
        let complete = matches!(first, Ok(false));
        let outcome = Batcher::new(plan, pages).finish(interval.start, complete, first.err());
        outcome.segments.iter().for_each(|segment| plan.put(segment));
        let outcome = outcome.or_gap((exceeds_limit && !complete).then_some(Gap::Limit(limit)));
        return Outcome { pages_left: Some(pages_left), ..outcome };
    }
    Outcome { pages_left: Some(pages_left), ..fetch_in_stages(plan, pages, past).await }
}

/// Fetches the newest part first, and then older parts until there are more events than the limit.
async fn fetch_in_stages<S: Source>(plan: &FetchPlan<S>, first: S::Pages, past: Interval) -> Outcome {
    let (Interval { start, end }, limit) = (plan.window.interval, plan.inner.max_events);
    let density = rate(first.extent().events, covered(&first, past.end));
    // The future, which has no events, is part of the first stage.
    let mut stage = Interval::new(newest_part(past, density, limit).start, end);
    let mut started = Some(first);
    let (mut found, mut outcome) = (0, Outcome::default());
    loop {
        let fetched = Workers::new(plan, stage).fetch(started.take()).await;
        found += fetched.segments.iter().map(|segment| segment.events.len()).sum::<usize>();
        outcome.add(fetched);
        if outcome.gap.is_some() || stage.start <= start {
            return outcome;
        }
        if found > limit {
            return outcome.or_gap(Some(Gap::Limit(limit)));
        }
        let density = rate(found.max(1), past.end.since(stage.start));
        stage = newest_part(Interval::new(start, stage.start), density, limit - found);
    }
}

/// The time from the oldest event read to `end`.
fn covered(pages: &impl Pages, end: Time) -> Duration {
    pages.extent().reached.map_or(Duration::ZERO, |reached| end.since(reached))
}

fn estimated_pages_left(pages: &impl Pages, past: Interval) -> f64 {
    let covered = covered(pages, past.end).max(Duration::from_nanos(1));
    let left = past.length().saturating_sub(covered).max(Duration::from_nanos(1));
    left.as_secs_f64() / covered.as_secs_f64()
}

/// The newest part of an interval that should have `wanted` events.
fn newest_part(interval: Interval, density: f64, wanted: usize) -> Interval {
    let seconds = (to_f64(wanted) + 1.0) * MARGIN / density;
    let length = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).max(SHORTEST);
    Interval::new((interval.end - length).max(interval.start), interval.end)
}

/// The workers of one stage.
struct Workers<'a, S: Source> {
    plan: &'a FetchPlan<S>,
    stage: Interval,
    now: Time,
    running: JoinSet<Outcome>,
    all: Vec<Arc<Worker>>,
    /// The number of pages read by all workers.
    pages: usize,
    page_sender: mpsc::UnboundedSender<()>,
    page_receiver: mpsc::UnboundedReceiver<()>,
}

impl<'a, S: Source> Workers<'a, S> {
    fn new(plan: &'a FetchPlan<S>, stage: Interval) -> Self {
        let (page_sender, page_receiver) = mpsc::unbounded_channel();
        let (now, running, all) = (plan.inner.source.now(), JoinSet::new(), Vec::new());
        Self { plan, stage, now, running, all, pages: 0, page_sender, page_receiver }
    }

    /// Fetches the stage; `started` has its first page, if that has been read.
    async fn fetch(&mut self, started: Option<S::Pages>) -> Outcome {
        self.pages = usize::from(started.is_some());
        self.spawn(self.stage, started);
        let mut outcome = Outcome::default();
        loop {
            if outcome.gap.is_none() {
                self.divide();
            }
            tokio::select! {
                Some(()) = self.page_receiver.recv() => self.pages += 1,
                ended = self.running.join_next() => match ended {
                    Some(Ok(ended)) => {
                        ended.segments.iter().for_each(|segment| self.plan.put(segment));
                        outcome.add(ended);
                        self.all.retain(|worker| !worker.has_ended());
                    }
                    Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    // Only the end of the fetch itself aborts a worker.
                    Some(Err(_)) => {}
                    None => return outcome,
                },
            }
        }
    }

    fn spawn(&mut self, interval: Interval, started: Option<S::Pages>) {
        let worker = Arc::new(Worker::new(interval, self.now, started.as_ref()));
        let mut plan = self.plan.clone();
        plan.window.interval = interval;
        self.running.spawn(worker::run(plan, Arc::clone(&worker), started, self.page_sender.clone()));
        self.all.push(worker);
    }

    /// Splits the workers with the most pages left until as many run as calls may. Called again after each page and each
    /// end of a worker.
    fn divide(&mut self) {
        let most = if self.plan.in_background { 1 } else { self.plan.inner.source.concurrent_calls() };
        while self.running.len() < most {
            let left: Duration = self.all.iter().map(|worker| worker.time_left()).sum();
            let done = self.stage.before(self.now).length().saturating_sub(left);
            let usual = rate(self.pages, done);
            let longest = self.all.iter().map(|worker| (worker.pages_left(usual), worker));
            let Some((pages, longest)) = longest.max_by(|(a, _), (b, _)| a.total_cmp(b)) else { return };
            if pages < FEWEST_PAGES {
                return;
            }
            let Some(half) = longest.split() else { return };
            self.spawn(half, None);
        }
    }
}
