use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures::future::join_all;

use super::fetch;
use super::fetch_plan::FetchPlan;
use super::freshness::Freshness;
use super::gap::Gap;
use super::in_flight::InFlightFetch;
use super::late::EarlierFetches;
use super::listing::Listing;
use super::lookup::Lookup;
use super::outcome::Outcome;
use super::progress::{Hints, Progress};
use super::source::Source;
use super::state::{Inner, State};
use super::store::{STALE_FOR, Staleness};
use crate::scaleway::audit_trail::{ListKey, Window};
use crate::time::{Interval, Time};

/// The time within which the panels of a dashboard ask for the same range; they share the fetch of the first panel.
const SHARED_FOR: Duration = Duration::from_secs(10);

/// The time within which requests share their fetches, whatever their ranges.
const SAME_MOMENT: Duration = Duration::from_secs(1);

/// The events on a page of the API, an assumption.
const PAGE_EVENTS: f64 = 100.0;

/// The combined list is fetched instead of a part of it if it costs at most so many pages more, since other requests can
/// use it.
const SPARE_PAGES: f64 = 4.0;

/// A shared fetch's time-out is not accepted if the request's deadline is at least this much later than the deadline of the
/// request that began the fetch.
const LATER_DEADLINE: Duration = Duration::from_secs(1);

/// The time for which a request waits for a fetch much longer than its interval, before it fetches its own part.
const PATIENCE: Duration = Duration::from_secs(2);

/// The time after the deadline for which a request still waits for a fetch's error.
const LAST_WORD: Duration = Duration::from_millis(200);

/// The most rounds of look-ups and fetches of a request.
const ROUNDS: usize = 12;

/// One request for some lists of one region.
pub(super) struct Request<'a, S: Source> {
    pub(super) inner: &'a Arc<Inner<S>>,
    pub(super) windows: &'a [Window],
    /// Whether the combined list may be fetched instead of another.
    pub(super) may_combine: bool,
    pub(super) freshness: Freshness,
    pub(super) deadline: Instant,
}

impl<S: Source> Request<'_, S> {
    /// The lists, each with its events and gaps.
    pub(super) async fn listings(&self) -> Vec<Listing> {
        if !self.in_background() {
            // While the demands exist, a fetch of a part knows that a request wants the whole list.
            let _demands = self.demands();
            return join_all(self.windows.iter().map(|window| self.listing(window))).await;
        }
        let mut listings = Vec::with_capacity(self.windows.len());
        for window in self.windows {
            listings.push(self.listing(window).await);
        }
        listings
    }

    fn in_background(&self) -> bool {
        self.freshness == Freshness::Background
    }

    /// The windows of all events of the region.
    fn demands(&self) -> Vec<Arc<Window>> {
        let all = self.windows.iter().filter(|window| window.key == ListKey::combined(&window.key.region));
        let demands: Vec<Arc<Window>> = all.cloned().map(Arc::new).collect();
        let mut state = self.inner.state.lock();
        state.demands.retain(|demand| demand.strong_count() > 0);
        state.demands.extend(demands.iter().map(Arc::downgrade));
        demands
    }

    fn staleness(&self, interval: Interval, now: Time) -> Staleness {
        match self.freshness {
            Freshness::Own => Staleness { fresh_since: now, stale_since: now, accept_any: false, uses: true },
            Freshness::Shared | Freshness::Background => {
                let fresh_since = interval.end.clamp(now - SHARED_FOR, now - SAME_MOMENT);
                let uses = !self.in_background();
                Staleness { fresh_since, stale_since: now - STALE_FOR, accept_any: false, uses }
            }
        }
    }

    /// One list: looks it up, waits for fetches of missing intervals, and looks it up again, until nothing is missing or a
    /// fetch has failed.
    async fn listing(&self, window: &Window) -> Listing {
        let asked_at = self.inner.source.now();
        let mut progress = Progress {
            window,
            asked_at,
            staleness: self.staleness(window.interval, asked_at),
            hints: Hints::default(),
            fetched: Vec::new(),
            incomplete: Vec::new(),
            gap: None,
        };
        let mut rounds = 0..ROUNDS;
        loop {
            let may_fetch = rounds.next().is_some() && progress.gap.is_none();
            let (lookup, fetches) = self.look_up(&mut progress, may_fetch);
            if !fetches.is_empty() {
                self.wait(&mut progress, &fetches).await;
                continue;
            }
            let never_combined = progress.hints.never_combined;
            let listing = Listing::of(progress, lookup, self.inner.source.coverage(), self.inner.max_events);
            if never_combined && listing.gaps.is_empty() {
                self.inner.stop_combining();
            }
            return listing;
        }
    }

    /// Looks up cached events, and finds or begins fetches for the rest if it may.
    fn look_up(&self, progress: &mut Progress<'_>, may_fetch: bool) -> (Lookup, Vec<Arc<InFlightFetch>>) {
        let mut state = self.inner.state.lock();
        let now = self.inner.source.now();
        if now < progress.asked_at {
            // The clock was set back: by the new time, the request was made in the future.
            progress.asked_at = now;
            progress.staleness = self.staleness(progress.window.interval, now);
        }
        // A fetch that began later began before the clock was set back.
        let latest = now + self.inner.limits.tick;
        progress.staleness.accept_any = progress.gap.is_some();
        let mut lookup = state.store.lookup(progress.window, &progress.staleness, latest);
        for (of, segment) in &progress.fetched {
            lookup.fill(&progress.window.key, of, segment, Time::MAX);
        }
        let holes = lookup.needed(self.inner.max_events);
        if !may_fetch || holes.is_empty() {
            return (lookup, Vec::new());
        }
        state.fetches.retain(|fetch| fetch.upgrade().is_some_and(|fetch| fetch.began_at <= latest));
        let fetches = holes.into_iter().flat_map(|hole| self.fetches(&mut state, progress, hole)).collect();
        (lookup, fetches)
    }

    /// Waits for fetches, and adds their outcomes.
    async fn wait(&self, progress: &mut Progress<'_>, fetches: &[Arc<InFlightFetch>]) {
        let last_word = tokio::time::Instant::from_std(self.deadline + LAST_WORD);
        let has_long = fetches.iter().any(|fetch| fetch.is_much_longer_than(progress.window.interval));
        let patience = tokio::time::Instant::now() + PATIENCE;
        let until = if has_long { last_word.min(patience) } else { last_word };
        match tokio::time::timeout_at(until, join_all(fetches.iter().map(|fetch| fetch.outcome.clone()))).await {
            Ok(outcomes) => {
                fetches.iter().zip(outcomes).for_each(|(fetch, outcome)| self.add(progress, fetch, outcome));
            }
            Err(_) if until < last_word => progress.hints.no_longer_fetches = true,
            Err(_) => progress.gap = Some(Gap::Late),
        }
    }

    fn add(&self, progress: &mut Progress<'_>, fetch: &InFlightFetch, outcome: Outcome) {
        let is_combined = fetch.window.key != progress.window.key;
        let hints = &mut progress.hints;
        // A malformed item of the combined list may be an event of another list.
        hints.no_combined |= is_combined && outcome.segments.iter().any(|segment| !segment.flaws.malformed.is_empty());
        let valid_until = self.inner.state.lock().store.valid_until(fetch.began_at, &progress.staleness);
        for segment in outcome.segments {
            let valid = segment.interval.before(valid_until);
            if !valid.is_empty() {
                progress.fetched.push((fetch.window.key.clone(), segment.within(valid)));
            }
        }
        hints.pages_left = outcome.pages_left.filter(|_| is_combined).or(hints.pages_left);
        match outcome.gap {
            None => {}
            // The combined list may exceed a limit or be unreadable where the list itself is not.
            Some(gap) if is_combined && gap.concerns_list() && Instant::now() < self.deadline => {
                hints.no_combined = true;
                hints.never_combined |= gap.is_no_list();
            }
            // The fetch's interval was longer than this request's.
            Some(Gap::Limit(_) | Gap::Bytes(_)) if !progress.window.interval.covers(fetch.window.interval) => {}
            // The request that began the fetch had less time.
            Some(gap) if gap.is_lack_of_time() && fetch.deadline + LATER_DEADLINE < self.deadline => {}
            Some(gap) => {
                progress.gap.get_or_insert(gap);
                let incomplete = outcome.incomplete.into_iter();
                progress.incomplete.extend(incomplete.map(|events| (fetch.window.key.clone(), events)));
            }
        }
    }

    /// Fetches that together fill a hole: fetches in flight, and a new one for the rest.
    fn fetches(&self, state: &mut State, progress: &Progress<'_>, hole: Interval) -> Vec<Arc<InFlightFetch>> {
        let combines = self.combines(state, progress, hole);
        let target = match combines {
            Some(false) => progress.window.key.clone(),
            Some(true) | None => ListKey::combined(&progress.window.key.region),
        };
        let mut fetches = Vec::new();
        let mut rest = hole;
        for fetch in state.fetches.iter().filter_map(Weak::upgrade) {
            let valid = fetch.window.interval.before(state.store.valid_until(fetch.began_at, &progress.staleness));
            let is_slower = fetch.in_background && !self.in_background();
            if is_slower || !can_share(&fetch, &target, progress) || !valid.overlaps(rest) {
                continue;
            }
            // A fetch from the middle of the hole would leave two rests.
            if valid.start > rest.start && valid.end < rest.end {
                continue;
            }
            // A fetch of more than the hole may have far more pages, so it need not continue for this request.
            if combines.is_some() && hole.covers(fetch.window.interval) {
                fetch.wants_all.store(true, Ordering::Relaxed);
            }
            rest = rest.without(valid).next().unwrap_or(Interval::new(rest.start, rest.start));
            fetches.push(fetch);
            if rest.is_empty() {
                return fetches;
            }
        }
        let fetch = self.begin(state, Window { key: target, interval: rest }, combines.is_some());
        state.fetches.push(Arc::downgrade(&fetch));
        fetches.push(fetch);
        fetches
    }

    /// Whether to fetch the combined list instead of a list. `None` if the first page of the combined list has to decide.
    fn combines(&self, state: &State, progress: &Progress<'_>, hole: Interval) -> Option<bool> {
        let (key, hints) = (&progress.window.key, &progress.hints);
        let combined = ListKey::combined(&key.region);
        if *key == combined || !self.may_combine || hints.no_combined {
            return Some(*key == combined);
        }
        if state.store.is_malformed(&combined, hole) {
            return Some(false);
        }
        if state.demands_all(&Window { key: combined.clone(), interval: hole }) {
            return Some(true);
        }
        let past = hole.before(self.inner.source.now());
        let density = state.store.density(&combined, key, past);
        let estimate = density.map(|density| density.events_per_second * past.length().as_secs_f64() / PAGE_EVENTS);
        let pages = hints.pages_left.or(estimate)?;
        let lists = self.windows.iter().filter_map(|window| state.store.density(&combined, &window.key, past));
        let apart: f64 = lists.map(|density| (density.selected * pages).max(1.0)).sum();
        Some(pages <= apart + SPARE_PAGES)
    }

    /// Begins a fetch. Without `wants_all` it may end after its first page.
    fn begin(&self, state: &State, window: Window, wants_all: bool) -> Arc<InFlightFetch> {
        let earlier = EarlierFetches::of(&state.store, &window, self.inner.lag, self.inner.source.now());
        let wait = if self.freshness == Freshness::Own { self.inner.limits.tick } else { Duration::ZERO };
        let began_at = self.inner.source.now() + wait;
        let plan = FetchPlan {
            inner: Arc::clone(self.inner),
            window: window.clone(),
            deadline: self.deadline,
            in_background: self.in_background(),
            began_at,
            began: tokio::time::Instant::now() + wait,
            earlier: Arc::new(earlier),
            memory: Arc::default(),
        };
        let wants_all = Arc::new(AtomicBool::new(wants_all));
        let task = run(plan, wait, Arc::clone(&wants_all));
        let in_background = self.in_background();
        Arc::new(InFlightFetch::spawn(window, began_at, self.deadline, wants_all, in_background, task))
    }
}

/// Whether a request may wait for a fetch instead of beginning its own fetch of `target`.
fn can_share(fetch: &InFlightFetch, target: &ListKey, progress: &Progress<'_>) -> bool {
    let has_events =
        fetch.window.key == *target || (fetch.window.key.covers(&progress.window.key) && !progress.hints.no_combined);
    let takes_too_long = progress.hints.no_longer_fetches && fetch.is_much_longer_than(progress.window.interval);
    has_events && !takes_too_long && !fetch.task.is_finished()
}

async fn run<S: Source>(plan: FetchPlan<S>, wait: Duration, wants_all: Arc<AtomicBool>) -> Outcome {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let demands_all = || plan.inner.state.lock().demands_all(&plan.window);
    fetch::fetch(&plan, || wants_all.load(Ordering::Relaxed) || demands_all()).await
}
