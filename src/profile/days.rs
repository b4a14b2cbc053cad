use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::day::{Day, KEPT, WINDOW};
use super::hash::Salt;
use super::key::Key;
#[cfg(feature = "terminal")]
use super::tally::Counting;
use super::tally::{MOST_BYTES, Tally};
#[cfg(feature = "terminal")]
use crate::event::Events;
#[cfg(feature = "terminal")]
use crate::time::Time;

/// The tallies of the days that are known: see the [module](super).
///
/// A clone shares the tallies. Each change gives the profile another version, so that novelties can be cached under it.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(super) salt: Salt,
    version: u64,
    days: BTreeMap<Day, Arc<Tally>>,
}

/// Some of the days of a profile: bit 0 is the newest known day, bit 1 the day before, and so on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DaySet(pub(super) u64);

impl DaySet {
    pub(super) fn len(self) -> u32 {
        self.0.count_ones()
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

fn next_version() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Profile {
    /// A profile without a known day.
    pub(crate) fn new(salt: Salt) -> Self {
        Self { salt, version: next_version(), days: BTreeMap::new() }
    }

    /// The profile of the days of some events that are before `end`.
    #[cfg(feature = "terminal")]
    pub(crate) fn of_events(events: &Events, end: Day) -> Self {
        let salt = Salt::new(&[0; 32], &[]);
        let mut profile = Self::new(salt);
        let times = events.times().values();
        let Some(oldest) = times.last().map(|time| Day::of(Time::from_nanos(*time))) else { return profile };
        for day in std::iter::successors(Some(oldest), |day| Some(day.after(1))).take_while(|day| *day < end) {
            let mut counting = Counting::new(salt);
            counting.add(&events.within(day.interval()));
            profile.add(day, counting.finish());
        }
        profile
    }

    /// The version, unique in this process.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The known days and their tallies, the oldest first.
    pub(crate) fn days(&self) -> impl DoubleEndedIterator<Item = (Day, &Tally)> {
        self.days.iter().map(|(day, tally)| (*day, &**tally))
    }

    /// The memory of the tallies, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.days.values().map(|tally| tally.bytes()).sum()
    }

    /// The known days among those that events of a day are judged by.
    pub(crate) fn known_before(&self, day: Day) -> u32 {
        self.window(day).len()
    }

    /// Whether a day is known.
    pub(crate) fn knows(&self, day: Day) -> bool {
        self.days.contains_key(&day)
    }

    /// Adds a day of which every event was counted; a known one does not change. Where the profile is full, its oldest days
    /// go.
    pub(crate) fn add(&mut self, day: Day, tally: Tally) {
        self.days.entry(day).or_insert_with(|| Arc::new(tally));
        self.fit(MOST_BYTES);
    }

    /// Forgets the oldest days until the rest has at most `most` bytes.
    pub(super) fn fit(&mut self, most: usize) {
        while self.bytes() > most {
            self.days.pop_first();
        }
        self.version = next_version();
    }

    /// Forgets the days that are older than [`KEPT`] days on `today`, and those that are not over: the clock was set back.
    pub(crate) fn forget_old(&mut self, today: Day) {
        let before = self.days.len();
        self.days.retain(|day, _| (today.before(KEPT)..today).contains(day));
        if self.days.len() < before {
            self.version = next_version();
        }
    }

    fn newest(&self) -> Option<Day> {
        self.days.last_key_value().map(|(day, _)| *day)
    }

    /// The days whose tally has what `has` looks for.
    pub(super) fn set(&self, has: impl Fn(&Tally) -> bool) -> DaySet {
        let Some(newest) = self.newest() else { return DaySet::default() };
        let days = self.days.iter().filter(|(_, tally)| has(tally));
        DaySet(days.fold(0, |bits, (day, _)| bits | bit(newest.since(*day))))
    }

    /// The days on which a key occurred.
    pub(super) fn set_of(&self, key: Key) -> DaySet {
        self.set(|tally| tally.has(key))
    }

    /// The known ones of the days that events of a day are judged by.
    pub(super) fn window(&self, day: Day) -> DaySet {
        self.before(day, WINDOW)
    }

    /// The known ones of the `days` days before a day.
    pub(super) fn before(&self, day: Day, days: u32) -> DaySet {
        let known = self.set(|_| true);
        let Some(newest) = self.newest() else { return known };
        let ago = newest.since(day);
        let wanted = (1..=days.cast_signed()).fold(0, |bits, days| bits | bit(ago.saturating_add(days)));
        known.and(DaySet(wanted))
    }

    /// The days of a set, with their tallies, the oldest first.
    pub(super) fn of(&self, set: DaySet) -> impl Iterator<Item = (Day, &Tally)> {
        let newest = self.newest();
        self.days().filter(move |(day, _)| newest.is_some_and(|newest| set.0 & bit(newest.since(*day)) != 0))
    }
}

/// The bit of a day so many days before the newest; none where a set has no room for it.
fn bit(ago: i32) -> u64 {
    u32::try_from(ago).ok().and_then(|ago| 1_u64.checked_shl(ago)).unwrap_or_default()
}
