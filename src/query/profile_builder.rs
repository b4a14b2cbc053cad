//! The profile of a data source: loaded from disk, extended by one settled day after another in the background, and written.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::{Mutex, MutexGuard};
use prometheus::IntGauge;
use prometheus::core::Collector;
use tokio::sync::OnceCell;
use tokio::task::AbortHandle;

use super::cpu::spawn_cpu;
use super::error::Failure;
use super::listings::events_of;
use crate::cache::{EventCache, Freshness, Gap, Listing};
use crate::event::Events;
use crate::profile::{Counting, Day, File, KEPT, Profile, Salt, Tally, WINDOW};
use crate::scaleway::audit_trail::{GLOBAL_REGION, ListKey, Window};
use crate::settings::Settings;
use crate::time::{Interval, Time};

/// The time after which days that could not be read are read again, and after which the file is looked at again.
const AGAIN: Duration = Duration::from_mins(1);

/// The time between two looks at whether panels and rules wait for a fetch.
const PAUSE: Duration = Duration::from_millis(50);

/// An interval is not divided further, however many events it has.
const SHORTEST: Duration = Duration::from_mins(1);

/// The metrics of all profiles of the process.
#[derive(Clone, Debug)]
pub struct Meter {
    days: IntGauge,
    bytes: IntGauge,
}

impl Default for Meter {
    fn default() -> Self {
        let legal = "the name is legal";
        Self {
            days: IntGauge::new("audittrail_profile_days", "Days that profiles of usual events have.").expect(legal),
            bytes: IntGauge::new("audittrail_profile_bytes", "Memory that the profiles take.").expect(legal),
        }
    }
}

impl Meter {
    /// The collectors, for a registry.
    #[must_use]
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![Box::new(self.days.clone()), Box::new(self.bytes.clone())]
    }

    /// Counts a profile, or with `sign` -1 no longer.
    fn add(&self, profile: &Profile, sign: i64) {
        let number = |size: usize| i64::try_from(size).expect("no memory has 2^63 bytes");
        self.days.add(sign * number(profile.days().count()));
        self.bytes.add(sign * number(profile.bytes()));
    }
}

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
    salt: Salt,
    file: Option<File>,
    loaded: OnceCell<()>,
    meter: Meter,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    profile: Arc<Profile>,
    /// Why the last day could not be read.
    failure: Option<String>,
    /// The newest day for which the profile has no room.
    full: Option<Day>,
    /// Whether the profile is in the file.
    is_written: bool,
}

/// A profile, as it is now.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) profile: Arc<Profile>,
    /// Why some days are not known.
    pub(super) reason: String,
}

impl ProfileBuilder {
    /// The builder for a data source whose cached events are in `folder`.
    pub(super) fn new(settings: &Settings, folder: Option<&Path>, meter: Meter) -> Self {
        let regions = settings.regions.clone();
        let salt = Salt::new(&settings.trail_fingerprint(), &regions);
        let profile = Arc::new(Profile::new(salt));
        let shared = Shared {
            regions,
            settling: settings.settling,
            timeout: settings.query_timeout,
            salt,
            file: folder.map(File::of),
            loaded: OnceCell::new(),
            meter,
            state: Mutex::new(State { profile, failure: None, full: None, is_written: false }),
        };
        Self { shared: Arc::new(shared), task: Mutex::default() }
    }

    /// The profile as it is, for events of some days. Days before these that are not known are read from now on.
    pub(super) async fn known(&self, cache: &EventCache, days: &RangeInclusive<Day>, deadline: Instant) -> Known {
        let coverage = cache.coverage();
        let patience = deadline.saturating_duration_since(Instant::now()) / 2;
        // A disk that does not answer costs days, not the answer.
        let _ = tokio::time::timeout(patience, self.shared.load(Day::of(coverage.end))).await;
        let wanted = self.shared.wanted(*days.start(), coverage);
        self.build(cache, wanted.clone());
        let is_missing = self.shared.missing(&wanted).is_some();
        let state = self.shared.state();
        let reason = match &state.failure {
            Some(failure) => format!("the others cannot be read: {failure}"),
            None if is_missing => "the others are being read".to_owned(),
            None => "the others have not settled yet, or are too old".to_owned(),
        };
        Known { profile: Arc::clone(&state.profile), reason }
    }

    /// Reads days that are missing in the background, unless that is being done, or has just failed.
    fn build(&self, cache: &EventCache, wanted: RangeInclusive<Day>) {
        let mut task = self.task.lock();
        let is_running = task.running.as_ref().is_some_and(|running| !running.is_finished());
        let is_recent = task.begun.is_some_and(|begun| begun.elapsed() < AGAIN);
        let has_failed = self.shared.state().failure.is_some();
        if is_running || (is_recent && (has_failed || self.shared.missing(&wanted).is_none())) {
            return;
        }
        let (shared, cache) = (Arc::clone(&self.shared), cache.clone());
        task.begun = Some(Instant::now());
        task.running = Some(tokio::spawn(async move { shared.build(&cache, wanted).await }).abort_handle());
    }

    /// Erases the profile, in memory and on disk. A query that needs it begins anew.
    pub(super) fn erase(&self) {
        let mut task = self.task.lock();
        if let Some(running) = std::mem::take(&mut *task).running {
            running.abort();
        }
        self.shared.change(|profile| *profile = Profile::new(self.shared.salt));
        self.shared.file.iter().for_each(File::remove);
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
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Changes the profile; queries that have it are not affected.
    fn change(&self, change: impl FnOnce(&mut Profile)) {
        let mut state = self.state();
        let mut profile = Profile::clone(&state.profile);
        change(&mut profile);
        self.meter.add(&state.profile, -1);
        self.meter.add(&profile, 1);
        state.profile = Arc::new(profile);
    }

    /// Reads the file, once.
    async fn load(self: &Arc<Self>, today: Day) {
        let Some(file) = self.file.clone() else { return };
        let read = || async {
            let salt = self.salt;
            let read = tokio::task::spawn_blocking(move || {
                file.remove_unused(SystemTime::now());
                file.read(salt, today)
            });
            // A panic is logged by the panic hook, and leaves the days to be read again.
            if let Ok(Some(read)) = read.await {
                self.change(|profile| *profile = read);
                self.state().is_written = true;
            }
        };
        self.loaded.get_or_init(read).await;
    }

    /// The days to read for events from a day on, as far as the trail has them and they are settled.
    fn wanted(&self, first: Day, coverage: Interval) -> RangeInclusive<Day> {
        let today = Day::of(coverage.end);
        let settled = Day::of(coverage.end - self.settling).before(1);
        let oldest = first.before(WINDOW).max(Day::of(coverage.start).after(1)).max(today.before(KEPT));
        let room = self.state().full.map_or(oldest, |full| full.after(1));
        oldest.max(room)..=settled
    }

    /// The newest of some days that is not known.
    fn missing(&self, wanted: &RangeInclusive<Day>) -> Option<Day> {
        let state = self.state();
        let days = std::iter::successors(Some(*wanted.end()), |day| Some(day.before(1)));
        days.take_while(|day| day >= wanted.start()).find(|day| !state.profile.knows(*day))
    }

    /// Reads the missing days, the newest first.
    async fn build(self: Arc<Self>, cache: &EventCache, wanted: RangeInclusive<Day>) {
        self.tend(Day::of(cache.coverage().end)).await;
        while let Some(day) = self.missing(&wanted).filter(|day| self.state().full.is_none_or(|full| full < *day)) {
            match self.count(cache, day).await {
                Ok(tally) => {
                    self.change(|profile| profile.add(day, tally));
                    let mut state = self.state();
                    state.failure = None;
                    if !state.profile.knows(day) {
                        state.full = Some(day);
                    }
                }
                Err(failure) => {
                    tracing::warn!(%day, failure, "a day could not be read for the profile of usual events");
                    self.state().failure = Some(failure);
                    return;
                }
            }
            self.write().await;
        }
    }

    /// Forgets days that are too old, and all days if the file has been removed.
    async fn tend(self: &Arc<Self>, today: Day) {
        if let Some(file) = self.file.clone()
            && self.state().is_written
        {
            let exists = tokio::task::spawn_blocking(move || {
                file.remove_unused(SystemTime::now());
                file.exists()
            });
            if matches!(exists.await, Ok(false)) {
                self.change(|profile| *profile = Profile::new(self.salt));
                self.state().is_written = false;
            }
        }
        self.change(|profile| profile.forget_old(today));
    }

    async fn write(self: &Arc<Self>) {
        let Some(file) = self.file.clone() else { return };
        let profile = Arc::clone(&self.state().profile);
        // A panic is logged by the panic hook.
        if tokio::task::spawn_blocking(move || file.write(&profile)).await.is_ok() {
            self.state().is_written = true;
        }
    }

    /// Counts all events of a day, region by region; an interval with too many events in two halves.
    async fn count(&self, cache: &EventCache, day: Day) -> Result<Tally, String> {
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
                    Some(gap) => return Err(format!("region {region}: {}", gap.summary())),
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

    async fn add(&self, mut counting: Counting, events: Events) -> Result<Counting, String> {
        let added = spawn_cpu(events.len(), self.deadline(), move || {
            counting.add(&events);
            Ok(counting)
        });
        added.await.map_err(|failure: Failure| failure.message)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let profile = Arc::clone(&self.state().profile);
        self.meter.add(&profile, -1);
    }
}

/// The days of a range of times that are not in the future.
pub(super) fn days(from: i64, to: i64, now: Time) -> RangeInclusive<Day> {
    let [first, last] = [from, to.saturating_sub(1)].map(|time| Day::of(Time::from_nanos(time).min(now)));
    first..=last.max(first)
}
