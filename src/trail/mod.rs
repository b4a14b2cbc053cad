//! The archive: where answers get their events from.
//!
//! A question names windows of lists. What is held of them answers at once; what is missing is read from Scaleway, by one
//! reading for all who wait for it, and held for those who come later. `store` is what is held, `fetch` is how a missing
//! window is read, `source` is from where.

mod fetch;
mod folder;
mod limits;
mod source;
mod store;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt, Shared, join_all};
use prometheus::{IntCounter, IntGauge};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::event::{Events, List};
use crate::scaleway::Error;
use crate::scaleway::audit_trail::{GLOBAL_REGION, Gap, Malformed, Window};
use crate::settings::Settings;
use fetch::{End, Plan, Probe, Weigh};
use folder::Folder;
use store::{AGAIN, Accepted, Piece, Series, Size, Store, apart, everything};

pub use limits::Limits;
pub use source::{Api, Pages, Source};

const SECOND: i64 = 1_000_000_000;

/// The panels of a dashboard ask for the same range within this time; they share what the first of them reads.
const SHARED: i64 = 10 * SECOND;

/// Within this time questions are one moment, whatever their range.
const MOMENT: i64 = SECOND;

/// Events on a page, as far as is known.
const PAGE: f64 = 100.0;

/// Everything is read instead of a part where it costs at most this many calls more, since other questions can use it.
const CHEAP: f64 = 4.0;

/// Whoever has this much more time than another does not put up with what that one could read in time.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a question waits for a reading of far more than it asks for, before it reads its own part.
const QUEUE: Duration = Duration::from_secs(2);

/// How many times as long as a question's range is far more.
const FAR: i64 = 4;

/// How long a region that does not exist is not asked again for panels.
const ABSENT_FOR: Duration = Duration::from_mins(1);

/// How often a question looks for what is still missing, before it says so.
const ROUNDS: usize = 12;

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

/// Counts events; one for the whole process.
#[derive(Clone, Debug)]
pub struct Meter {
    read: IntCounter,
    held: IntGauge,
    bytes: IntGauge,
    body_bytes: IntGauge,
}

impl Meter {
    /// A meter that has seen no event.
    ///
    /// # Errors
    /// Never: the names are legal.
    pub fn new() -> prometheus::Result<Self> {
        Ok(Self {
            read: IntCounter::new("audittrail_events_total", "Events read from Scaleway's API.")?,
            held: IntGauge::new("audittrail_cache_events", "Events in memory now.")?,
            bytes: IntGauge::new("audittrail_cache_bytes", "Memory that the events take.")?,
            body_bytes: IntGauge::new("audittrail_cache_body_bytes", "The part of it that is request bodies.")?,
        })
    }

    /// The collectors, for a registry.
    #[must_use]
    pub fn collectors(&self) -> Vec<Box<dyn prometheus::core::Collector>> {
        vec![
            Box::new(self.read.clone()),
            Box::new(self.held.clone()),
            Box::new(self.bytes.clone()),
            Box::new(self.body_bytes.clone()),
        ]
    }

    fn changed(&self, before: Size, after: Size) {
        let change = |gauge: &IntGauge, before: usize, after: usize| {
            gauge.add(i64::try_from(after).unwrap_or(i64::MAX) - i64::try_from(before).unwrap_or(i64::MAX));
        };
        change(&self.held, before.events, after.events);
        change(&self.bytes, before.bytes, after.bytes);
        change(&self.body_bytes, before.body_bytes, after.body_bytes);
    }
}

/// How old an answer's live edge may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// A panel's: what another panel of the same dashboard has just read will do, and what had happened a while before it
    /// was read is not read again each time.
    Shared,
    /// An alert rule's: read after it was asked for.
    Own,
}

/// What was found of a list of a region.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The region.
    pub region: String,
    /// The list that was read.
    pub list: List,
    /// The events.
    pub events: Events,
    /// What is missing; empty where the listing is complete.
    pub gaps: Vec<Gap>,
    /// Of an incomplete listing, the intervals that were not read whole.
    pub missing: Vec<Range<i64>>,
    /// Of an incomplete listing, the intervals whose events are cached and may not be all: they could not be read again.
    pub provisional: Vec<Range<i64>>,
    /// The malformed items that were left out, with the interval that each page's lie in.
    pub malformed: Vec<Malformed>,
    /// Whether some text was not valid UTF-8 and was mended with U+FFFD.
    pub replaced: bool,
    /// Whether the region does not exist, so that it has no events.
    pub absent: bool,
}

impl Listing {
    /// A list of a region that does not exist.
    fn absent(region: &str, list: List) -> Self {
        Self {
            region: region.to_owned(),
            list,
            events: Events::default(),
            gaps: Vec::new(),
            missing: Vec::new(),
            provisional: Vec::new(),
            malformed: Vec::new(),
            replaced: false,
            absent: true,
        }
    }
}

/// The trail of one organization, read with one credential. Clones share what is held.
#[derive(Debug)]
pub struct Trail<S: Source = Api> {
    inner: Arc<Inner<S>>,
}

impl<S: Source> Clone for Trail<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

#[derive(Debug)]
struct Inner<S> {
    source: S,
    /// The most events that one list of one region yields.
    max_events: usize,
    limits: Limits,
    meter: Meter,
    weigh: Weigh,
    /// Held to look up and to put in, never while something is awaited.
    state: Mutex<State>,
    folder: Option<Folder>,
    /// Ends once the memory has what the folder had.
    restored: OnceLock<Shared<BoxFuture<'static, ()>>>,
    /// The folder did not answer in time: nobody waits for it any more.
    slow: AtomicBool,
    /// Set once the combined list has failed where the three lists answered.
    separate: AtomicBool,
    /// Regions that do not exist, and when that was found.
    absent: Mutex<HashMap<String, Instant>>,
}

#[derive(Debug)]
struct State {
    store: Store,
    size: Size,
    /// Readings that somebody waits for, and some that nobody does any more.
    readings: Vec<Weak<Reading>>,
    /// Questions that want everything of a region's range, for as long as they are asked.
    wants: Vec<Weak<Want>>,
}

#[derive(Debug)]
struct Want {
    region: String,
    range: Range<i64>,
}

/// A window that is being read. It is given up when nobody waits for it any more; what it has read whole is held.
#[derive(Debug)]
struct Reading {
    series: Series,
    range: Range<i64>,
    /// When it began.
    begun: i64,
    /// When whoever began it needs an answer.
    deadline: Instant,
    /// Whether all of the window is wanted, and not only to know how much it holds.
    whole: Arc<AtomicBool>,
    progress: watch::Receiver<Option<End>>,
    task: AbortHandle,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<S: Source> Inner<S> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what a reading found that began at `begun`, by the clock of then, and has taken `elapsed`.
    fn put(&self, series: &Series, piece: Piece, begun: i64, elapsed: Duration) {
        self.meter.read.inc_by(piece.events.len() as u64);
        let now = self.source.now();
        // The clock may have been set back meanwhile.
        let read = begun.min(now.saturating_sub(nanos(elapsed)));
        self.change(|store| store.put(series, piece, read, now));
    }

    fn change(&self, change: impl FnOnce(&mut Store)) {
        let mut state = self.state();
        change(&mut state.store);
        let size = state.store.size();
        self.meter.changed(state.size, size);
        state.size = size;
    }
}

impl<S> Drop for Inner<S> {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.meter.changed(state.size, Size::default());
    }
}

impl<S: Source> Trail<S> {
    /// The trail that `source` tells. One list of one region yields at most `max_events` of the settings; `weigh` says what
    /// each event means.
    #[must_use]
    pub fn new(source: S, settings: &Settings, limits: Limits, meter: Meter, weigh: Weigh) -> Self {
        let store = Store::new(nanos(settings.settling), settings.max_memory, limits);
        let folder =
            settings.cache_directory.as_ref().and_then(|path| Folder::open(path, &settings.trail_fingerprint()));
        let state = State { store, size: Size::default(), readings: Vec::new(), wants: Vec::new() };
        let inner = Inner {
            source,
            max_events: settings.max_events,
            limits,
            meter,
            weigh,
            state: Mutex::new(state),
            folder,
            restored: OnceLock::new(),
            slow: AtomicBool::new(false),
            separate: AtomicBool::new(false),
            absent: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The events of windows, from what is held and, where that is not enough, from Scaleway. A window that fails says so
    /// in its listing and does not disturb the others.
    pub async fn read(&self, windows: &[Window], freshness: Freshness, deadline: Instant) -> Vec<Listing> {
        self.restore(deadline).await;
        let mut regions: Vec<Vec<&Window>> = Vec::new();
        for window in windows {
            match regions.iter_mut().find(|region| region[0].region == window.region) {
                Some(region) => region.push(window),
                None => regions.push(vec![window]),
            }
        }
        let listings = join_all(regions.iter().map(|windows| self.region(windows, freshness, deadline))).await;
        if self.inner.folder.as_ref().is_some_and(Folder::is_due) {
            let inner = Arc::clone(&self.inner);
            // Others answer meanwhile; whoever asked does not wait for the disk.
            tokio::task::spawn_blocking(move || keep(&inner));
        }
        listings.into_iter().flatten().collect()
    }

    /// Takes in what the folder has, once, before the first answer; who asks meanwhile waits for it too, unless it takes
    /// so long that there would be no time left to ask Scaleway.
    async fn restore(&self, deadline: Instant) {
        if self.inner.folder.is_none() || self.inner.slow.load(Ordering::Relaxed) {
            return;
        }
        let restored = self.inner.restored.get_or_init(|| {
            let inner = Arc::clone(&self.inner);
            // A panic is logged where it happened, and leaves the rest to be read from Scaleway.
            tokio::task::spawn_blocking(move || restore(&inner)).map(|_| ()).boxed().shared()
        });
        let patience = deadline.saturating_duration_since(Instant::now()) / 2;
        if tokio::time::timeout(patience, restored.clone()).await.is_err()
            && !self.inner.slow.swap(true, Ordering::Relaxed)
        {
            tracing::warn!("held events cannot be read from their folder in time; they are read from Scaleway");
        }
    }

    async fn region(&self, windows: &[&Window], freshness: Freshness, deadline: Instant) -> Vec<Listing> {
        let region = windows[0].region.as_str();
        if freshness == Freshness::Shared && self.is_known_to_be_absent(region) {
            return windows.iter().map(|window| Listing::absent(&window.region, window.list)).collect();
        }
        let listings = self.existing(windows, freshness, deadline).await;
        let is_absence = |gap: &Gap| matches!(gap, Gap::Failed(error) if error.is_absence());
        let lists_nothing = |listing: &Listing| {
            listing.events.is_empty() && !listing.gaps.is_empty() && listing.gaps.iter().all(is_absence)
        };
        // Every answer needs the global events: without their region there is none.
        if region == GLOBAL_REGION
            || !listings.iter().all(lists_nothing)
            // Where the region has its products, only these lists are missing.
            || !self.inner.source.is_absent(region, deadline).await
        {
            return listings;
        }
        self.absent().insert(region.to_owned(), Instant::now());
        listings.into_iter().map(|listing| Listing::absent(&listing.region, listing.list)).collect()
    }

    fn absent(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.inner.absent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_known_to_be_absent(&self, region: &str) -> bool {
        self.absent().get(region).is_some_and(|found| found.elapsed() < ABSENT_FOR)
    }

    /// The events of windows of one region, if it exists.
    async fn existing(&self, windows: &[&Window], freshness: Freshness, deadline: Instant) -> Vec<Listing> {
        let asked: Vec<(Series, Range<i64>)> =
            windows.iter().map(|window| (Series::of(window), window.from..window.to)).collect();
        let mut failed = Vec::new();
        if !self.inner.separate.load(Ordering::Relaxed) {
            let question = Question { trail: self, asked: &asked, combined: true, freshness, deadline };
            let listings = question.ask().await;
            if !listings.iter().any(is_unusable) {
                return listings;
            }
            failed = listings;
        }
        let mut lists: Vec<(Series, Range<i64>)> = Vec::new();
        for (series, range) in &asked {
            for series in apart(series) {
                if !lists.contains(&(series.clone(), range.clone())) {
                    lists.push((series, range.clone()));
                }
            }
        }
        let question = Question { trail: self, asked: &lists, combined: false, freshness, deadline };
        let listings = question.ask().await;
        if !failed.is_empty()
            && listings.iter().all(|listing| listing.gaps.iter().any(|gap| matches!(gap, Gap::Failed(_))))
        {
            // The region itself is what fails.
            return failed;
        }
        if listings.iter().all(|listing| listing.gaps.is_empty()) {
            self.separate();
        }
        listings
    }

    /// From now on the combined list is not tried in vain.
    fn separate(&self) {
        if !self.inner.separate.swap(true, Ordering::Relaxed) {
            tracing::info!("the combined list of events cannot be used; the three lists are read instead");
        }
    }
}

/// Lists of one region that one question asks for.
struct Question<'a, S: Source> {
    trail: &'a Trail<S>,
    asked: &'a [(Series, Range<i64>)],
    /// Whether the combined list may be read in place of another.
    combined: bool,
    freshness: Freshness,
    deadline: Instant,
}

/// What a question has learnt about a list while it waited for it.
#[derive(Default)]
struct Learnt {
    /// How many pages the rest of everything has.
    pages: Option<f64>,
    /// Everything cannot be read.
    only_itself: bool,
    /// Everything cannot be read, and never will be.
    unusable: bool,
    /// A reading of far more takes too long.
    impatient: bool,
}

impl<S: Source> Question<'_, S> {
    fn inner(&self) -> &Arc<Inner<S>> {
        &self.trail.inner
    }

    async fn ask(&self) -> Vec<Listing> {
        let everything = self.asked.iter().filter(|(series, _)| *series == everything(&series.region));
        let wants: Vec<Arc<Want>> = everything
            .map(|(series, range)| Arc::new(Want { region: series.region.clone(), range: range.clone() }))
            .collect();
        {
            let mut state = self.inner().state();
            state.wants.retain(|want| want.strong_count() > 0);
            state.wants.extend(wants.iter().map(Arc::downgrade));
        }
        join_all(self.asked.iter().map(|(series, range)| self.list(series, range))).await
    }

    /// What is fresh enough.
    fn accepted(&self, range: &Range<i64>, now: i64) -> Accepted {
        match self.freshness {
            Freshness::Own => Accepted { fresh: now, steady: now, all: false },
            Freshness::Shared => {
                let fresh = range.end.clamp(now.saturating_sub(SHARED), now.saturating_sub(MOMENT));
                Accepted { fresh, steady: now.saturating_sub(AGAIN), all: false }
            }
        }
    }

    async fn list(&self, series: &Series, range: &Range<i64>) -> Listing {
        let mut asked = self.inner().source.now();
        let mut accepted = self.accepted(range, asked);
        let limit = self.inner().max_events;
        let (mut learnt, mut gap, mut rest) = (Learnt::default(), None, Vec::new());
        let mut read: Vec<(Series, Piece)> = Vec::new();
        for round in 0.. {
            let (served, readings) = {
                let mut state = self.inner().state();
                let now = self.inner().source.now();
                if now < asked {
                    // By the clock as it is now, what was asked for lies in the future.
                    asked = now;
                    accepted = self.accepted(range, asked);
                }
                // By a clock that never goes back, no reading began later.
                let latest = now.saturating_add(nanos(self.inner().limits.tick));
                accepted.all = gap.is_some();
                let mut served = state.store.serve(series, range, &accepted, latest);
                for (of, piece) in &read {
                    served.fill(series, of, &piece.range, &piece.events, &piece.flaws);
                }
                let holes = needed(&served.pieces, &served.missing, limit);
                if holes.is_empty() || gap.is_some() || round == ROUNDS {
                    (served, Vec::new())
                } else {
                    state.readings.retain(|reading| reading.upgrade().is_some_and(|reading| reading.begun <= latest));
                    let readings = holes
                        .iter()
                        .flat_map(|hole| self.readings(&mut state, (series, range), hole, &accepted, &learnt));
                    (served, readings.collect())
                }
            };
            if readings.is_empty() {
                let mut listing = listing(series, range, served, rest, limit, gap);
                // Of the future nothing can be missing.
                let present = asked.max(range.start.saturating_add(1));
                for interval in listing.missing.iter_mut().chain(&mut listing.provisional) {
                    interval.end = interval.end.min(present);
                }
                listing.missing.retain(|interval| !interval.is_empty());
                listing.provisional.retain(|interval| !interval.is_empty());
                if learnt.unusable && listing.gaps.is_empty() {
                    self.trail.separate();
                }
                return listing;
            }
            // A reading says itself why it is late, and takes a moment to say so.
            let late = tokio::time::Instant::from_std(self.deadline + Duration::from_millis(200));
            let is_far = readings.iter().any(|reading| reading.is_far_beyond(range));
            let patient = if is_far { late.min(tokio::time::Instant::now() + QUEUE) } else { late };
            match tokio::time::timeout_at(patient, join_all(readings.iter().map(|reading| reading.end()))).await {
                Ok(ends) => {
                    for (reading, end) in readings.iter().zip(ends) {
                        let instead = reading.series != *series;
                        // What is malformed may be another list's.
                        let malformed = end.pieces.iter().any(|piece| !piece.flaws.malformed.is_empty());
                        learnt.only_itself |= instead && malformed;
                        // The memory may have been too small to hold what was read, and it is here all the same.
                        let good = self.inner().state().store.until(reading.begun, &accepted);
                        read.extend(end.pieces.into_iter().filter_map(|mut piece| {
                            piece.range.end = piece.range.end.min(good);
                            (!piece.range.is_empty()).then(|| (reading.series.clone(), piece))
                        }));
                        learnt.pages = end.probe.filter(|_| instead).map(|probe| probe.pages).or(learnt.pages);
                        match end.gap {
                            None => {}
                            // Of everything there may be more than is read at once, or it may not be readable at all,
                            // while the list itself can be read.
                            Some(why) if instead && concerns_list(&why) && Instant::now() < self.deadline => {
                                learnt.only_itself = true;
                                learnt.unusable |= is_of_no_use(&why);
                            }
                            // Somebody else asked for more than this question does.
                            Some(Gap::Limit(_) | Gap::Bytes) if reading.is_beyond(range) => {}
                            // Whoever began the reading had less time.
                            Some(why) if is_lack_of_time(&why) && reading.deadline + PATIENCE < self.deadline => {}
                            Some(why) => {
                                gap = gap.or(Some(why));
                                rest.extend(end.rest.iter().map(|events| (reading.series.clone(), events.clone())));
                            }
                        }
                    }
                }
                Err(_) if patient < late => learnt.impatient = true,
                Err(_) => gap = Some(Gap::Late),
            }
        }
        unreachable!("a question ends after {ROUNDS} rounds")
    }

    /// Readings that together fill a hole: those under way, and new ones for what is left.
    fn readings(
        &self,
        state: &mut State,
        (series, range): (&Series, &Range<i64>),
        hole: &Range<i64>,
        accepted: &Accepted,
        learnt: &Learnt,
    ) -> Vec<Arc<Reading>> {
        let whole = self.whole(state, series, hole, learnt);
        let target = match whole {
            Some(false) => series.clone(),
            Some(true) | None => everything(&series.region),
        };
        let mut readings = Vec::new();
        let mut rest = hole.clone();
        for reading in state.readings.iter().filter_map(Weak::upgrade) {
            let covers = reading.series == target || (reading.series.covers(series) && !learnt.only_itself);
            let too_far = learnt.impatient && reading.is_far_beyond(range);
            if !covers
                || too_far
                || reading.ended()
                || reading.range.start >= rest.end
                || reading.range.end <= rest.start
            {
                continue;
            }
            // Of one that began too early, only a part is of use.
            let useful = reading.range.end.min(state.store.until(reading.begun, accepted));
            if useful <= rest.start || (reading.range.start > rest.start && useful < rest.end) {
                continue;
            }
            // Of more than this, the rest may cost more than it is worth.
            if whole.is_some() && hole.start <= reading.range.start && reading.range.end <= hole.end {
                reading.whole.store(true, Ordering::Relaxed);
            }
            rest = if useful >= rest.end { rest.start..reading.range.start.max(rest.start) } else { useful..rest.end };
            readings.push(reading);
            if rest.is_empty() {
                return readings;
            }
        }
        let reading = self.begin(&target, rest, whole.is_some());
        state.readings.push(Arc::downgrade(&reading));
        readings.push(reading);
        readings
    }

    /// Whether to read all of everything in place of a list (`true`) or the list itself (`false`). It is `None` where the
    /// first page of everything has to tell.
    fn whole(&self, state: &State, series: &Series, hole: &Range<i64>, learnt: &Learnt) -> Option<bool> {
        let all = everything(&series.region);
        if *series == all || !self.combined || learnt.only_itself {
            return Some(*series == all);
        }
        if state.store.is_malformed(&all, hole) {
            return Some(false);
        }
        if wanted(state, &all.region, hole) {
            return Some(true);
        }
        let now = self.inner().source.now();
        let hole = &(hole.start..hole.end.min(now).max(hole.start));
        let (density, _) = state.store.density(&all, series, hole).unzip();
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let by_density = density.map(|density| density * (hole.end - hole.start) as f64 / PAGE);
        let pages = learnt.pages.or(by_density)?;
        let lists = self.asked.iter().filter_map(|(series, _)| state.store.density(&all, series, hole));
        let narrow: f64 = lists.map(|(_, part)| (part * pages).max(1.0)).sum();
        Some(pages <= narrow + CHEAP)
    }

    /// A reading of a window, begun now.
    fn begin(&self, series: &Series, range: Range<i64>, whole: bool) -> Arc<Reading> {
        let inner = Arc::clone(self.inner());
        let wait = if self.freshness == Freshness::Own { inner.limits.tick } else { Duration::ZERO };
        let begun = inner.source.now().saturating_add(nanos(wait));
        let plan = Plan {
            source: inner.source.clone(),
            series: series.clone(),
            range: range.clone(),
            limit: inner.max_events,
            deadline: self.deadline,
            batch_bytes: inner.limits.batch_bytes,
            weigh: inner.weigh,
        };
        let (tell, progress) = watch::channel(None);
        let whole = Arc::new(AtomicBool::new(whole));
        let task = tokio::spawn(run(inner, plan, wait, begun, Arc::clone(&whole), tell)).abort_handle();
        let deadline = self.deadline;
        Arc::new(Reading { series: series.clone(), range, begun, deadline, whole, progress, task })
    }
}

async fn run<S: Source>(
    inner: Arc<Inner<S>>,
    plan: Plan<S>,
    wait: Duration,
    begun: i64,
    whole: Arc<AtomicBool>,
    tell: watch::Sender<Option<End>>,
) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let since = tokio::time::Instant::now();
    let (series, range) = (plan.series.clone(), plan.range.clone());
    let go_on = |_: Probe| {
        whole.load(Ordering::Relaxed)
            || (series.list == List::Combined && wanted(&inner.state(), &series.region, &range))
    };
    let put = {
        let (inner, series) = (Arc::clone(&inner), series.clone());
        move |piece: Piece| inner.put(&series, piece, begun, since.elapsed())
    };
    let end = fetch::read(plan, put, go_on).await;
    // Nobody may be waiting any more.
    let _ = tell.send(Some(end));
}

/// Whether somebody wants everything of a region's range: of less, the rest may cost more than it is worth.
fn wanted(state: &State, region: &str, range: &Range<i64>) -> bool {
    let mut wants = state.wants.iter().filter_map(Weak::upgrade);
    wants.any(|want| want.region == region && want.range.start <= range.start && range.end <= want.range.end)
}

impl Reading {
    /// Whether it reads more than a range.
    fn is_beyond(&self, range: &Range<i64>) -> bool {
        self.range.start < range.start || range.end < self.range.end
    }

    fn is_far_beyond(&self, range: &Range<i64>) -> bool {
        let length = |range: &Range<i64>| range.end.saturating_sub(range.start);
        length(&self.range) > length(range).saturating_mul(FAR)
    }

    fn ended(&self) -> bool {
        self.progress.borrow().is_some() || self.task.is_finished()
    }

    /// Waits for the end.
    async fn end(&self) -> End {
        let mut progress = self.progress.clone();
        match progress.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or_default(),
            // It broke off without a word: a panic, which is logged where it happened.
            Err(_) => End { gap: Some(Gap::Broken), ..End::default() },
        }
    }
}

/// The missing windows that have to be read: none where newer events are as many as are wanted.
fn needed(pieces: &[Events], missing: &[Range<i64>], limit: usize) -> Vec<Range<i64>> {
    let mut holes: Vec<Range<i64>> = missing.to_vec();
    holes.sort_by_key(|hole| std::cmp::Reverse(hole.start));
    let mut needed: Vec<Range<i64>> = Vec::new();
    for hole in holes {
        if pieces.iter().map(|events| events.since(hole.end)).sum::<usize>() > limit {
            break;
        }
        needed.push(hole);
    }
    needed
}

fn listing(
    series: &Series,
    range: &Range<i64>,
    served: store::Served,
    rest: Vec<(Series, Events)>,
    limit: usize,
    gap: Option<Gap>,
) -> Listing {
    let mut gaps = Vec::from_iter(gap);
    let mut missing = served.missing.clone();
    let whole = needed(&served.pieces, &served.missing, limit).is_empty();
    if whole {
        // What failed was not needed in the end: somebody else has read it, or enough is newer.
        gaps.clear();
    } else if gaps.is_empty() {
        gaps.push(Gap::Late);
    }
    let rest = rest.into_iter().map(|(of, events)| {
        let events = events.within(range.start, range.end);
        if of == *series { events } else { series.among(&events) }
    });
    let pieces: Vec<Events> = served.pieces.into_iter().chain(rest.filter(|_| !whole)).collect();
    let mut events = Events::merge(&pieces).unwrap_or_else(|_| {
        gaps.push(Gap::Bytes);
        Events::default()
    });
    if events.len() > limit {
        events = events.newest(limit);
        if !matches!(gaps[..], [Gap::Limit(_)]) {
            gaps.push(Gap::Limit(limit));
        }
    }
    if gaps.contains(&Gap::Limit(limit)) {
        let oldest = events.times().values().last().copied().unwrap_or(range.end);
        missing.retain(|interval| interval.end > oldest);
        missing.push(range.start..oldest);
    }
    let (missing, provisional) = if gaps.is_empty() { (Vec::new(), Vec::new()) } else { (missing, served.provisional) };
    let malformed = served.flaws.malformed;
    if let Some(Malformed { first, .. }) = malformed.first() {
        let count = malformed.iter().map(|malformed| malformed.count).sum();
        gaps.push(Gap::Malformed { count, first: first.clone() });
    }
    let replaced = served.flaws.replaced;
    Listing {
        region: series.region.clone(),
        list: series.list,
        events,
        gaps,
        missing,
        provisional,
        malformed,
        replaced,
        absent: false,
    }
}

/// Whether a failure is one of the list that was asked, and another list may answer.
fn concerns_list(gap: &Gap) -> bool {
    match gap {
        Gap::Failed(error) => {
            matches!(error, Error::Unreadable { .. } | Error::Invalid { .. } | Error::Status { .. })
        }
        Gap::RepeatedToken | Gap::Barren(_) | Gap::Malformed { .. } | Gap::Limit(_) | Gap::Bytes => true,
        Gap::Late | Gap::Broken => false,
    }
}

/// Whether a list ran out of time.
fn is_lack_of_time(gap: &Gap) -> bool {
    matches!(gap, Gap::Late | Gap::Failed(Error::Timeout { .. } | Error::RateLimited { .. }))
}

/// Whether a list is not there, or is something else.
fn is_of_no_use(gap: &Gap) -> bool {
    matches!(
        gap,
        Gap::Failed(Error::Unreadable { .. } | Error::Invalid { .. } | Error::Status { status: 404 | 405 | 501, .. })
    )
}

/// Whether the combined list, whose shape is the least certain of the four, answered with something else.
fn is_unusable(listing: &Listing) -> bool {
    let only_malformed = |gap: &Gap| matches!(gap, Gap::Malformed { .. }) && listing.events.is_empty();
    listing.list == List::Combined && listing.gaps.iter().any(|gap| is_of_no_use(gap) || only_malformed(gap))
}

/// Takes in what the folder has, except what is too old.
fn restore<S: Source>(inner: &Inner<S>) {
    let Some(folder) = &inner.folder else { return };
    folder.sweep(inner.source.now());
    let (most, settled) = {
        let store = &inner.state().store;
        (store.most(), store.settled(inner.source.now()))
    };
    for (series, span) in folder.read(most, inner.weigh, settled) {
        inner.change(|store| store.restore(&series, span));
    }
}

/// Puts into the folder what it does not have yet, and takes out what is too old.
fn keep<S: Source>(inner: &Inner<S>) {
    let Some(folder) = &inner.folder else { return };
    folder.sweep(inner.source.now());
    let new = inner.state().store.not_kept();
    for (series, span) in new {
        if folder.write(&series, &span) {
            inner.state().store.kept(&series, &span.range);
        }
    }
}
