use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::act::acts;
use super::day::WINDOW;
use super::hash::Salt;
use super::key::{Key, MANY};
use crate::event::Events;

/// The most memory of a profile, in bytes.
pub(super) const MOST_BYTES: usize = 32 << 20;

/// The bytes of an entry.
pub(super) const ENTRY: usize = size_of::<u64>() + 2 * size_of::<u32>();

/// The most entries of a day, unless it has more lists.
pub(super) const MOST_ENTRIES: usize = (MOST_BYTES / WINDOW as usize - size_of::<Tally>()) / ENTRY;

/// How often each key occurred on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Sorted by list and item, each column by itself: a row would have holes.
    pub(super) lists: Box<[u64]>,
    pub(super) items: Box<[u32]>,
    pub(super) counts: Box<[u32]>,
}

/// While a day is counted, it may have so many times as many entries.
const SLACK: usize = 4;

/// A tally that is being made.
#[derive(Debug)]
pub(crate) struct Counting {
    salt: Salt,
    /// The most entries of the tally.
    most: usize,
    /// The most entries before the longest lists are replaced.
    limit: usize,
    counts: HashMap<Key, u32>,
    /// The lists that have one entry each, because they were too long.
    long: HashSet<u64>,
}

impl Counting {
    pub(crate) fn new(salt: Salt) -> Self {
        Self::within(salt, MOST_ENTRIES)
    }

    pub(super) fn within(salt: Salt, most: usize) -> Self {
        Self { salt, most, limit: most * SLACK, counts: HashMap::new(), long: HashSet::new() }
    }

    /// Counts events of the day; each event is to be added once.
    pub(crate) fn add(&mut self, events: &Events) {
        for act in acts(&self.salt, events) {
            act.keys().for_each(|key| self.count(key, 1));
            if self.counts.len() > self.limit {
                self.shorten();
                // Lists of one entry each cannot be shortened, and the next attempt has to be worth its time.
                self.limit = self.limit.max(2 * self.counts.len());
            }
        }
    }

    fn count(&mut self, mut key: Key, count: u32) {
        if self.long.contains(&key.list) {
            key.item = MANY;
        }
        let sum = self.counts.entry(key).or_default();
        *sum = sum.saturating_add(count);
    }

    /// The number of entries so far.
    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.counts.len()
    }

    /// The tally of all events that were added.
    pub(crate) fn finish(mut self) -> Tally {
        self.shorten();
        let mut entries: Vec<(Key, u32)> = self.counts.into_iter().collect();
        entries.sort_unstable();
        Tally::of(&entries)
    }

    /// Replaces the longest lists by one entry each, until there are no more than the most entries of a tally.
    fn shorten(&mut self) {
        let mut surplus = self.counts.len().saturating_sub(self.most);
        if surplus == 0 {
            return;
        }
        let mut lengths: HashMap<u64, usize> = HashMap::new();
        self.counts.keys().for_each(|key| *lengths.entry(key.list).or_default() += 1);
        let mut lists: Vec<(Reverse<usize>, u64)> =
            lengths.into_iter().map(|(list, length)| (Reverse(length), list)).collect();
        lists.sort_unstable();
        for (Reverse(length), list) in lists {
            if surplus == 0 || length == 1 {
                break;
            }
            surplus = surplus.saturating_sub(length - 1);
            self.long.insert(list);
        }
        for (key, count) in std::mem::take(&mut self.counts) {
            self.count(key, count);
        }
    }
}

impl Tally {
    /// A tally of sorted entries.
    pub(super) fn of(entries: &[(Key, u32)]) -> Self {
        Self {
            lists: entries.iter().map(|(key, _)| key.list).collect(),
            items: entries.iter().map(|(key, _)| key.item).collect(),
            counts: entries.iter().map(|(_, count)| *count).collect(),
        }
    }

    /// The memory of the entries, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.lists.len() * ENTRY + size_of::<Self>()
    }

    /// The items of a list, sorted.
    pub(super) fn items(&self, list: u64) -> &[u32] {
        let start = self.lists.partition_point(|other| *other < list);
        let lists = &self.lists[start..];
        // Most lists are short.
        let mut powers = (0..).map(|power| 1_usize << power);
        let beyond = powers.find(|beyond| lists.get(*beyond) != Some(&list)).expect("a list ends");
        let length = lists[..beyond.min(lists.len())].partition_point(|other| *other == list);
        &self.items[start..start + length]
    }

    /// Whether the day has a key, or a list so long that it may have it.
    pub(super) fn has(&self, key: Key) -> bool {
        let items = self.items(key.list);
        items.binary_search(&key.item).is_ok() || items == [MANY]
    }

    /// How often a key occurred; where its list is too long, how often any key of it did.
    pub(super) fn count(&self, key: Key) -> u32 {
        let start = self.lists.partition_point(|other| *other < key.list);
        match self.items(key.list) {
            [MANY] => self.counts[start],
            items => items.binary_search(&key.item).map_or(0, |index| self.counts[start + index]),
        }
    }
}
