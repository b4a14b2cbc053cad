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

/// A tally that is being made.
#[derive(Debug)]
pub(crate) struct Counting {
    salt: Salt,
    counts: HashMap<Key, u32>,
}

impl Counting {
    pub(crate) fn new(salt: Salt) -> Self {
        Self { salt, counts: HashMap::new() }
    }

    /// Counts events of the day; each event is to be added once.
    pub(crate) fn add(&mut self, events: &Events) {
        for act in acts(&self.salt, events) {
            for key in act.keys() {
                let count = self.counts.entry(key).or_default();
                *count = count.saturating_add(1);
            }
        }
    }

    /// The tally of all events that were added.
    pub(crate) fn finish(self) -> Tally {
        self.finish_within(MOST_ENTRIES)
    }

    pub(super) fn finish_within(self, most: usize) -> Tally {
        let mut entries: Vec<(Key, u32)> = self.counts.into_iter().collect();
        entries.sort_unstable();
        shorten(&mut entries, most);
        Tally::of(&entries)
    }
}

/// Replaces the longest lists by one entry each, until there are `most` entries.
fn shorten(entries: &mut Vec<(Key, u32)>, most: usize) {
    let lists = entries.chunk_by(|(a, _), (b, _)| a.list == b.list);
    let mut lists: Vec<(Reverse<usize>, u64)> = lists.map(|list| (Reverse(list.len()), list[0].0.list)).collect();
    lists.sort_unstable();
    let mut surplus = entries.len().saturating_sub(most);
    let mut long = HashSet::new();
    for (Reverse(length), list) in lists {
        if surplus == 0 || length == 1 {
            break;
        }
        surplus = surplus.saturating_sub(length - 1);
        long.insert(list);
    }
    for (key, _) in entries.iter_mut().filter(|(key, _)| long.contains(&key.list)) {
        key.item = MANY;
    }
    entries.dedup_by(|(key, count), (first, sum)| {
        let same = key == first;
        if same {
            *sum = sum.saturating_add(*count);
        }
        same
    });
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
        let length = self.lists[start..].partition_point(|other| *other == list);
        &self.items[start..start + length]
    }

    /// Whether the day has a key, or a list so long that it may have it.
    pub(super) fn has(&self, key: Key) -> bool {
        let items = self.items(key.list);
        items.binary_search(&key.item).is_ok() || items == [MANY]
    }

    /// How often a key occurred.
    #[cfg(test)]
    pub(super) fn count(&self, key: Key) -> u32 {
        let start = self.lists.partition_point(|other| *other < key.list);
        self.items(key.list).binary_search(&key.item).map_or(0, |index| self.counts[start + index])
    }
}
