use std::collections::HashMap;

use super::act::{Act, acts};
use super::day::Day;
use super::days::{DaySet, Profile};
use super::key::Key;
use crate::event::Events;

/// The days before events on which their keys occurred, with each look-up done once.
///
/// It looks at the known ones of a number of days before an event's own UTC day. Like a [`Judge`](super::Judge), it takes a
/// key for one that occurred where its list is too long to be in a tally, and two keys with the same hash for one.
#[derive(Debug)]
pub(crate) struct Past<'a> {
    profile: &'a Profile,
    days: u32,
    sets: HashMap<Key, DaySet>,
    windows: HashMap<Day, DaySet>,
    sums: HashMap<(Key, Day), u64>,
}

impl Profile {
    /// What the profile knows of events, row by row.
    pub(crate) fn acts(&self, events: &Events) -> Vec<Act> {
        acts(&self.salt, events)
    }

    /// How many of the `days` days before a day are known; `days` is at most [`KEPT`](super::KEPT).
    pub(crate) fn known_of(&self, day: Day, days: u32) -> u32 {
        self.before(day, days).len()
    }
}

impl<'a> Past<'a> {
    /// The known ones of `days` days before an event; at most [`KEPT`](super::KEPT).
    pub(crate) fn new(profile: &'a Profile, days: u32) -> Self {
        let (sets, windows, sums) = Default::default();
        Self { profile, days, sets, windows, sums }
    }

    /// How many days before `day` are known.
    pub(crate) fn known(&mut self, day: Day) -> u32 {
        self.window(day).len()
    }

    /// Whether a key occurred on a known day before `day`.
    pub(crate) fn has(&mut self, key: Key, day: Day) -> bool {
        let (profile, window) = (self.profile, self.window(day));
        let set = *self.sets.entry(key).or_insert_with(|| profile.set_of(key));
        !set.and(window).is_empty()
    }

    /// How often a key occurred on the known days before `day`; of a list too long for a tally, all of its keys.
    pub(crate) fn sum(&mut self, key: Key, day: Day) -> u64 {
        let (profile, window) = (self.profile, self.window(day));
        let sum = || profile.of(window).map(|(_, tally)| u64::from(tally.count(key))).sum();
        *self.sums.entry((key, day)).or_insert_with(sum)
    }

    fn window(&mut self, day: Day) -> DaySet {
        let (profile, days) = (self.profile, self.days);
        *self.windows.entry(day).or_insert_with(|| profile.before(day, days))
    }
}
