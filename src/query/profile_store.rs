//! The profile of a data source, in memory and on disk, and which of its days are missing.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::{Mutex, MutexGuard};
use prometheus::IntGauge;
use prometheus::core::Collector;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use super::day_error::DayError;
use crate::profile::{Day, File, KEPT, Profile, Salt, Tally};

/// The time after which days that could not be read are read again, and after which the file is looked at again.
pub(super) const AGAIN: Duration = Duration::from_mins(1);

/// After so many failures within [`AGAIN`], no day is read: the cause is then not the day.
const MOST_FAILURES: usize = 3;

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

/// A profile in memory, which queries share, and its file.
#[derive(Debug)]
pub(super) struct ProfileStore {
    salt: Salt,
    file: Option<File>,
    loaded: OnceCell<()>,
    meter: Meter,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    profile: Arc<Profile>,
    /// The missing days that could not be read.
    failures: BTreeMap<Day, DayFailure>,
    /// The newest day for which the profile has no room.
    full: Option<Day>,
    /// The version of the profile that the file has; none before a file was read or written.
    written: Option<u64>,
}

/// Why a day could not be read.
#[derive(Debug)]
struct DayFailure {
    at: Instant,
    error: DayError,
}

impl State {
    fn new(salt: Salt) -> Self {
        Self { profile: Arc::new(Profile::new(salt)), failures: BTreeMap::new(), full: None, written: None }
    }

    /// The days of a range that are not known, the newest first, as far as the profile has room for them.
    fn missing(&self, wanted: &RangeInclusive<Day>) -> impl Iterator<Item = Day> {
        let first = self.full.map_or(*wanted.start(), |full| full.after(1).max(*wanted.start()));
        let days = std::iter::successors(Some(*wanted.end()), |day| Some(day.before(1)));
        days.take_while(move |day| *day >= first).filter(move |day| !self.profile.knows(*day))
    }

    fn is_empty(&self) -> bool {
        self.profile.days().next().is_none()
    }
}

impl ProfileStore {
    /// A profile without days, whose file is in `folder`.
    pub(super) fn new(salt: Salt, folder: Option<&Path>, meter: Meter) -> Self {
        let file = folder.map(|folder| File::of(folder, &salt));
        Self { salt, file, loaded: OnceCell::new(), meter, state: Mutex::new(State::new(salt)) }
    }

    /// The profile as it is.
    pub(super) fn profile(&self) -> Arc<Profile> {
        Arc::clone(&self.state().profile)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Changes the state; queries that have the profile are not affected.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        self.meter.add(&state.profile, -1);
        change(&mut state);
        self.meter.add(&state.profile, 1);
    }

    /// Reads the file, once, and adds its days.
    pub(super) async fn load(&self, today: Day) {
        let Some(file) = &self.file else { return };
        let read = || async {
            let (file, salt) = (file.clone(), self.salt);
            let read = spawn_blocking(move || {
                file.remove_unused(SystemTime::now());
                file.read(salt, today)
            });
            // A panic is logged by the panic hook, and leaves the days to be read again.
            if let Ok(Some(read)) = read.await {
                self.merge(read);
            }
        };
        self.loaded.get_or_init(read).await;
    }

    /// Adds the days of the file.
    fn merge(&self, read: Profile) {
        self.change(|state| {
            state.written = Some(read.version());
            if state.is_empty() {
                state.profile = Arc::new(read);
                return;
            }
            let profile = Arc::make_mut(&mut state.profile);
            read.days().rev().for_each(|(day, tally)| profile.add(day, tally.clone()));
        });
    }

    /// Forgets days that are too old, and all days if the file was removed.
    pub(super) async fn tend(&self, today: Day) {
        let is_written = self.state().written.is_some();
        if let Some(file) = self.file.clone()
            && is_written
        {
            let exists = spawn_blocking(move || {
                file.remove_unused(SystemTime::now());
                file.exists()
            });
            if matches!(exists.await, Ok(false)) {
                self.forget();
            }
        }
        self.change(|state| {
            Arc::make_mut(&mut state.profile).forget_old(today);
            state.failures.retain(|day, _| *day >= today.before(KEPT));
        });
    }

    /// Adds a day, and writes the file. If the file was removed while the day was counted, no other day is known then.
    pub(super) async fn learn(&self, day: Day, tally: Tally, today: Day) {
        self.tend(today).await;
        self.change(|state| {
            Arc::make_mut(&mut state.profile).add(day, tally);
            state.failures.remove(&day);
            if !state.profile.knows(day) {
                state.full = state.full.max(Some(day));
            }
        });
        self.write().await;
    }

    /// Notes that a day could not be read.
    pub(super) fn fail(&self, day: Day, error: DayError) {
        self.state().failures.insert(day, DayFailure { at: Instant::now(), error });
    }

    /// Writes the profile, unless the file has it. A failed write does not affect the profile in memory.
    pub(super) async fn write(&self) {
        let Some(file) = self.file.clone() else { return };
        let (profile, written, is_empty) = {
            let state = self.state();
            (Arc::clone(&state.profile), state.written, state.is_empty())
        };
        let version = profile.version();
        if written == Some(version) || (is_empty && written.is_none()) {
            return;
        }
        // A panic is logged by the panic hook.
        if let Ok(true) = spawn_blocking(move || file.write(&profile)).await {
            self.state().written = Some(version);
        }
    }

    /// The day to read next: the newest that has not been tried, or else the failed one whose last attempt is the oldest.
    pub(super) fn next(&self, wanted: &RangeInclusive<Day>) -> Option<Day> {
        let state = self.state();
        let is_recent = |failure: &DayFailure| failure.at.elapsed() < AGAIN;
        if state.failures.values().filter(|failure| is_recent(failure)).count() >= MOST_FAILURES {
            return None;
        }
        let untried = state.missing(wanted).find(|day| !state.failures.contains_key(day));
        untried.or_else(|| {
            let failed = state.missing(wanted).filter_map(|day| Some((day, state.failures.get(&day)?)));
            let again = failed.filter(|(_, failure)| !is_recent(failure));
            again.min_by_key(|(_, failure)| failure.at).map(|(day, _)| day)
        })
    }

    /// Whether a day of a range is missing for which there is room.
    pub(super) fn is_missing(&self, wanted: &RangeInclusive<Day>) -> bool {
        self.state().missing(wanted).next().is_some()
    }

    /// Why days of a range could not be read: the day that failed first, and its error.
    pub(super) fn failure(&self, wanted: &RangeInclusive<Day>) -> Option<(Day, DayError)> {
        let state = self.state();
        let failed = state.missing(wanted).filter_map(|day| Some((day, state.failures.get(&day)?)));
        failed.min_by_key(|(_, failure)| failure.at).map(|(day, failure)| (day, failure.error.clone()))
    }

    fn forget(&self) {
        self.change(|state| *state = State::new(self.salt));
    }

    /// Erases the profile, in memory and on disk.
    pub(super) fn erase(&self) {
        self.forget();
        self.file.iter().for_each(File::remove);
    }
}

impl Drop for ProfileStore {
    fn drop(&mut self) {
        self.meter.add(&self.state.get_mut().profile, -1);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::profile::Counting;

    fn salt() -> Salt {
        Salt::new(&[7; 32], &["fr-par".to_owned()])
    }

    fn day(number: i32) -> Day {
        Day::new(20_000 + number)
    }

    const TODAY: i32 = 40;

    async fn learn(store: &ProfileStore, number: i32) {
        store.learn(day(number), Counting::new(salt()).finish(), day(TODAY)).await;
    }

    fn known(store: &ProfileStore) -> Vec<Day> {
        store.profile().days().map(|(day, _)| day).collect()
    }

    /// The profiles in a folder.
    fn files(folder: &Path) -> usize {
        fs::read_dir(folder).map_or(0, Iterator::count)
    }

    #[tokio::test]
    async fn folder_that_was_removed_erases_the_profile_and_is_made_again() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("cache");
        let store = ProfileStore::new(salt(), Some(&folder), Meter::default());
        learn(&store, 1).await;
        assert_eq!((known(&store), files(&folder)), (vec![day(1)], 1));
        fs::remove_dir_all(&folder).unwrap();
        // While the second day was counted.
        learn(&store, 2).await;
        assert_eq!((known(&store), files(&folder)), (vec![day(2)], 1));
        fs::remove_dir_all(&folder).unwrap();
        store.tend(day(TODAY)).await;
        assert_eq!(known(&store), []);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            learn(&store, 3).await;
            assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[tokio::test]
    async fn folder_that_cannot_be_written_costs_the_file_and_no_day() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("cache");
        fs::write(&folder, "a file").unwrap();
        let store = ProfileStore::new(salt(), Some(&folder), Meter::default());
        for number in 0..3 {
            learn(&store, number).await;
            store.tend(day(TODAY)).await;
        }
        assert_eq!(known(&store), [day(0), day(1), day(2)]);
        fs::remove_file(&folder).unwrap();
        store.tend(day(TODAY)).await;
        store.write().await;
        assert_eq!((known(&store).len(), files(&folder)), (3, 1));
    }

    #[tokio::test]
    async fn file_that_is_read_late_adds_its_days_to_those_that_are_known() {
        let directory = tempfile::tempdir().unwrap();
        let [one, other] = [(); 2].map(|()| ProfileStore::new(salt(), Some(directory.path()), Meter::default()));
        learn(&one, 1).await;
        learn(&one, 2).await;
        other.change(|state| Arc::make_mut(&mut state.profile).add(day(3), Counting::new(salt()).finish()));
        other.load(day(TODAY)).await;
        assert_eq!(known(&other), [day(1), day(2), day(3)]);
        other.write().await;
        let restarted = ProfileStore::new(salt(), Some(directory.path()), Meter::default());
        restarted.load(day(TODAY)).await;
        assert_eq!(known(&restarted), known(&other));
    }

    #[tokio::test]
    async fn other_regions_with_the_same_key_have_a_file_of_their_own() {
        let directory = tempfile::tempdir().unwrap();
        let stores = [salt(), Salt::new(&[7; 32], &["nl-ams".to_owned()])]
            .map(|salt| ProfileStore::new(salt, Some(directory.path()), Meter::default()));
        for number in 0..3 {
            for store in &stores {
                learn(store, number).await;
            }
        }
        assert_eq!(files(directory.path()), 2);
        for store in &stores {
            let restarted = ProfileStore::new(store.salt, Some(directory.path()), Meter::default());
            restarted.load(day(TODAY)).await;
            assert_eq!(known(&restarted).len(), 3);
        }
    }

    #[tokio::test]
    async fn failed_day_does_not_block_older_ones_and_many_failures_stop_the_reads() {
        let (store, wanted) = (ProfileStore::new(salt(), None, Meter::default()), day(0)..=day(9));
        let error = |message: &str| DayError::Count(message.to_owned());
        assert_eq!(store.next(&wanted), Some(day(9)));
        store.fail(day(9), error("first"));
        assert_eq!(store.next(&wanted), Some(day(8)));
        learn(&store, 8).await;
        assert_eq!(store.next(&wanted), Some(day(7)));
        for number in [7, 6] {
            store.fail(day(number), error("later"));
        }
        assert_eq!((store.next(&wanted), store.is_missing(&wanted)), (None, true));
        assert_eq!(store.failure(&wanted), Some((day(9), error("first"))));
        learn(&store, 9).await;
        assert_eq!(store.failure(&wanted), Some((day(7), error("later"))));
        assert_eq!(store.next(&wanted), Some(day(5)));
    }
}
