//! The profile of a data source is extended by one settled day after another in the background.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::task::AbortHandle;

use super::cpu::spawn_cpu;
use super::day_error::DayError;
use super::error::Failure;
use super::listings::events_of;
use super::profile_store::{AGAIN, Meter, ProfileStore};
use crate::cache::{EventCache, Freshness, Gap, Listing};
use crate::event::Events;
use crate::locale::{Language, Sentence};
use crate::profile::{Counting, Day, KEPT, Profile, Salt, Tally, WINDOW};
use crate::scaleway::audit_trail::{GLOBAL_REGION, ListKey, Window};
use crate::settings::Settings;
use crate::time::{Interval, Time};

/// The time between two looks at whether panels and rules wait for a fetch.
const PAUSE: Duration = Duration::from_millis(50);

/// An interval is not divided further, however many events it has.
const SHORTEST: Duration = Duration::from_mins(1);

/// Builds a data source's profile, from the first query on that needs it.
#[derive(Debug)]
pub(super) struct ProfileBuilder {
    shared: Arc<Shared>,
    task: Mutex<Task>,
}

/// The task that builds, and when it began.
#[derive(Debug, Default)]
struct Task {
    running: Option<AbortHandle>,
    begun: Option<Instant>,
}

/// What the task shares with the queries.
#[derive(Debug)]
struct Shared {
    /// The regions whose events are counted.
    regions: Vec<String>,
    /// The time after its end at which a day is settled.
    settling: Duration,
    /// The longest time of one read.
    timeout: Duration,
    /// The salt of the profile's hashes.
    salt: Salt,
    store: ProfileStore,
}

/// A profile, as it is now.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) profile: Arc<Profile>,
    /// Why some days are not known.
    pub(super) missing: Missing,
}

/// Why days of a profile are not known.
#[derive(Clone, Debug)]
pub(super) enum Missing {
    /// This day could not be read.
    Failed(Day, DayError),
    /// They are being read.
    BeingRead,
    /// They have not settled yet, or are too old.
    Unsettled,
}

impl Missing {
    /// In words.
    pub(super) fn words(&self, language: Language) -> String {
        match self {
            Self::Failed(day, error) => {
                Sentence::DaysFail { day: &day.to_string(), error: &error.words(language) }.text(language)
            }
            Self::BeingRead => Sentence::DaysBeingRead.text(language),
            Self::Unsettled => Sentence::DaysUnsettled.text(language),
        }
    }
}

impl ProfileBuilder {
    /// The builder for a data source whose cached events are in `folder`.
    pub(super) fn new(settings: &Settings, folder: Option<&Path>, meter: Meter) -> Self {
        let regions = settings.regions.clone();
        let salt = Salt::new(&settings.trail_fingerprint(), &regions);
        let store = ProfileStore::new(salt, folder, meter);
        let shared = Shared { regions, settling: settings.settling, timeout: settings.query_timeout, salt, store };
        Self { shared: Arc::new(shared), task: Mutex::default() }
    }

    /// The profile as it is, for events of some days. Days before these that are not known are read from now on.
    pub(super) async fn known(&self, cache: &EventCache, days: &RangeInclusive<Day>, deadline: Instant) -> Known {
        let (first, coverage, store) = (*days.start(), cache.coverage(), &self.shared.store);
        self.build(cache, first);
        let patience = deadline.saturating_duration_since(Instant::now()) / 2;
        // A disk that does not answer costs days, not the answer.
        let _ = tokio::time::timeout(patience, store.load(Day::of(coverage.end))).await;
        let wanted = self.shared.wanted(first, coverage);
        let missing = match store.failure(&wanted) {
            Some((day, failure)) => Missing::Failed(day, failure),
            None if store.is_missing(&wanted) => Missing::BeingRead,
            None => Missing::Unsettled,
        };
        Known { profile: store.profile(), missing }
    }

    /// Reads the days that events from `first` on are judged by in the background, unless that is being done, or no day
    /// is to be read for now.
    fn build(&self, cache: &EventCache, first: Day) {
        let mut task = self.task.lock();
        let is_running = task.running.as_ref().is_some_and(|running| !running.is_finished());
        let is_recent = task.begun.is_some_and(|begun| begun.elapsed() < AGAIN);
        let wanted = self.shared.wanted(first, cache.coverage());
        if is_running || (is_recent && self.shared.store.next(&wanted).is_none()) {
            return;
        }
        let (shared, cache) = (Arc::clone(&self.shared), cache.clone());
        task.begun = Some(Instant::now());
        task.running = Some(tokio::spawn(async move { shared.build(&cache, first).await }).abort_handle());
    }

    /// Erases the profile, in memory and on disk. A query that needs it begins anew.
    pub(super) fn erase(&self) {
        let mut task = self.task.lock();
        if let Some(running) = std::mem::take(&mut *task).running {
            running.abort();
        }
        self.shared.store.erase();
    }
}

impl Drop for ProfileBuilder {
    fn drop(&mut self) {
        let task = self.task.get_mut();
        if let Some(running) = &task.running {
            running.abort();
        }
    }
}

impl Shared {
    /// The days to read for events from a day on, as far as the trail has them and they are settled.
    fn wanted(&self, first: Day, coverage: Interval) -> RangeInclusive<Day> {
        let today = Day::of(coverage.end);
        let settled = Day::of(coverage.end - self.settling).before(1);
        let oldest = first.before(WINDOW).max(Day::of(coverage.start).after(1)).max(today.before(KEPT));
        oldest..=settled
    }

    /// Reads the file and then the missing days, the newest first.
    async fn build(self: Arc<Self>, cache: &EventCache, first: Day) {
        let today = Day::of(cache.coverage().end);
        self.store.load(today).await;
        self.store.tend(today).await;
        self.store.write().await;
        while let Some(day) = self.store.next(&self.wanted(first, cache.coverage())) {
            match self.count(cache, day).await {
                Ok(tally) => self.store.learn(day, tally, Day::of(cache.coverage().end)).await,
                Err(error) => {
                    let failure = error.words(Language::English);
                    tracing::warn!(%day, failure, "a day could not be read for the profile of usual events");
                    self.store.fail(day, error);
                }
            }
        }
    }

    /// Counts all events of a day, region by region; an interval with too many events in two halves.
    async fn count(&self, cache: &EventCache, day: Day) -> Result<Tally, DayError> {
        let mut counting = Counting::new(self.salt);
        let mut regions = self.regions.clone();
        if !regions.iter().any(|region| region == GLOBAL_REGION) {
            regions.push(GLOBAL_REGION.to_owned());
        }
        for region in regions {
            let mut intervals = vec![day.interval()];
            while let Some(interval) = intervals.pop() {
                let listing = self.read(cache, &region, interval).await;
                match listing.gaps.iter().find(|gap| !matches!(gap, Gap::Malformed { .. })) {
                    None => counting = self.add(counting, events_of(listing, &self.regions)).await?,
                    Some(Gap::Limit(_) | Gap::Bytes(_)) if interval.length() > SHORTEST => {
                        let middle = interval.start + interval.length() / 2;
                        intervals.extend([Interval::new(interval.start, middle), Interval::new(middle, interval.end)]);
                    }
                    Some(gap) => return Err(DayError::Gap { region, gap: gap.clone() }),
                }
            }
        }
        Ok(counting.finish())
    }

    /// Reads an interval of a region as soon as no panel and no rule waits for a fetch.
    async fn read(&self, cache: &EventCache, region: &str, interval: Interval) -> Listing {
        while !cache.is_idle() {
            tokio::time::sleep(PAUSE).await;
        }
        let window = Window { key: ListKey::combined(region), interval };
        let mut listings = cache.read(&[window], Freshness::Background, self.deadline()).await;
        listings.pop().expect("a window has a listing")
    }

    async fn add(&self, mut counting: Counting, events: Events) -> Result<Counting, DayError> {
        let added = spawn_cpu(events.len(), self.deadline(), move || {
            counting.add(&events);
            Ok(counting)
        });
        added.await.map_err(|failure: Failure| DayError::Count(failure.message))
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }
}

/// The days of a range of times that are not in the future.
pub(super) fn days(range: Interval, now: Time) -> RangeInclusive<Day> {
    let [first, last] = [range.start, range.end.previous()].map(|time| Day::of(time.min(now)));
    first..=last.max(first)
}
