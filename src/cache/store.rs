use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use super::cached_list::CachedList;
use super::density::{self, Density};
use super::limits::Limits;
use super::lookup::Lookup;
use super::metrics::Meter;
use super::segment::{Provisional, Segment, Settled};
use super::size::Size;
use crate::event::List;
use crate::scaleway::audit_trail::{ListKey, Window};
use crate::time::{Interval, Time};

/// The time before the last fetch that a refresh fetches again: thirty times the observed lateness of events.
pub(super) const OVERLAP: Duration = Duration::from_mins(1);

/// The greatest age of a provisional segment that a refresh does not fetch again: an event later than the overlap
/// appears after this time.
pub(super) const STALE_FOR: Duration = Duration::from_mins(1);

/// The age of provisional segments that a request accepts: the rules of stale-while-revalidate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Staleness {
    /// A segment fetched at this time or later is a hit.
    pub(super) fresh_since: Time,
    /// Of a segment fetched at this time or later, the part until [`OVERLAP`] before its fetch is a hit.
    pub(super) stale_since: Time,
    /// Whether every such part is a hit, since nothing more can be fetched.
    pub(super) accept_any: bool,
    /// Whether a hit counts as a use.
    pub(super) uses: bool,
}

/// The cached segments of all lists.
///
/// Nothing here awaits, reads the clock or calls Scaleway: times are arguments, so that a test can drive it. The metrics have
/// its size.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) lists: HashMap<ListKey, CachedList>,
    /// The longest delay from the recording of an event to its appearance in the API.
    settling: Duration,
    pub(super) most_bytes: usize,
    limits: Limits,
    /// The size of all segments.
    pub(super) size: Size,
    meter: Meter,
    /// The number of lookups and inserts, which orders segments by their last use.
    tick: u64,
}

impl Store {
    pub(super) fn new(settling: Duration, most_bytes: usize, limits: Limits, meter: Meter) -> Self {
        Self { lists: HashMap::new(), settling, most_bytes, limits, size: Size::default(), meter, tick: 0 }
    }

    /// The end of the settled part of a fetch at `now`.
    pub(super) fn settled_until(&self, now: Time) -> Time {
        now - self.settling
    }

    /// The settled segments that the cache directory lacks.
    pub(super) fn unpersisted(&self) -> Vec<(ListKey, Segment)> {
        let all = self.lists.iter().flat_map(|(key, cached)| cached.settled.iter().map(move |settled| (key, settled)));
        all.filter(|(_, settled)| !settled.persisted)
            .map(|(key, settled)| (key.clone(), settled.segment.clone()))
            .collect()
    }

    /// Notes that the cache directory has a segment, if its interval has not changed meanwhile.
    pub(super) fn set_persisted(&mut self, key: &ListKey, interval: Interval) {
        let all = self.lists.get_mut(key).into_iter().flat_map(|cached| &mut cached.settled);
        for settled in all.filter(|settled| settled.segment.interval == interval) {
            settled.persisted = true;
        }
    }

    /// The end of the part of a segment fetched at `read_at` that is a hit.
    pub(super) fn valid_until(&self, read_at: Time, staleness: &Staleness) -> Time {
        if read_at >= staleness.fresh_since {
            Time::MAX
        } else if read_at >= staleness.stale_since {
            read_at - OVERLAP.min(self.settling)
        } else {
            self.settled_until(read_at)
        }
    }

    /// The cached events of a list for an interval. A segment with a fetch after `latest` is no hit: its clock has been set
    /// back since.
    ///
    /// Stale segments are hits only where they spare calls: if nothing is missing with them, or if they have so many
    /// events that a refresh would need more than the one page that it fetches anyway.
    pub(super) fn lookup(&mut self, window: &Window, staleness: &Staleness, latest: Time) -> Lookup {
        self.tick += 1;
        let wanted = &window.key;
        let sources = self.sources(wanted);
        let mut lookup = Lookup::new(window.interval);
        self.fill_settled(&mut lookup, window, &sources, latest, staleness.uses);

        let mut found: Vec<(&ListKey, &Provisional)> = Vec::new();
        for source in &sources {
            found.extend(self.lists[source].provisional.iter().map(|provisional| (source, provisional)));
        }
        found.retain(|(_, provisional)| staleness.stale_since <= provisional.read_at && provisional.read_at <= latest);
        // The last fetch of any list counts, so that an event shown once is shown again.
        found.sort_by_key(|(_, provisional)| Reverse(provisional.read_at));
        let (fresh, stale) =
            found.split_at(found.partition_point(|(_, provisional)| provisional.read_at >= staleness.fresh_since));
        for (source, provisional) in fresh {
            lookup.fill(wanted, source, &provisional.segment, Time::MAX);
        }
        let mut with_stale = lookup.clone();
        for (source, provisional) in stale {
            let filled =
                with_stale.fill(wanted, source, &provisional.segment, self.valid_until(provisional.read_at, staleness));
            with_stale.provisional.extend(filled);
        }
        let missing = with_stale.missing();
        if staleness.accept_any
            || missing.is_empty()
            || (missing.len() <= lookup.missing().len() && self.outgrows_a_page(stale))
        {
            return with_stale;
        }
        lookup
    }

    /// The cached lists that have all events of a list: the list itself first, since it needs no filter, the combined list
    /// last.
    fn sources(&self, wanted: &ListKey) -> Vec<ListKey> {
        let mut sources: Vec<ListKey> = self.lists.keys().filter(|key| key.covers(wanted)).cloned().collect();
        sources.sort_by_key(|key| (key != wanted, key.list == List::Combined));
        sources
    }

    fn fill_settled(&mut self, lookup: &mut Lookup, window: &Window, sources: &[ListKey], latest: Time, uses: bool) {
        let Window { key: wanted, interval } = window;
        let until = self.settled_until(latest);
        for source in sources {
            let cached = self.lists.get_mut(source).expect("the sources are keys of the map");
            let first = cached.settled.partition_point(|settled| settled.segment.interval.end <= interval.start);
            let near = cached.settled[first..].iter_mut();
            for settled in near.take_while(|settled| settled.segment.interval.start < interval.end) {
                if !lookup.fill(wanted, source, &settled.segment, until).is_empty() && uses {
                    settled.used = self.tick;
                }
            }
        }
    }

    /// Whether the stale segments of one list have more events than fit beside new events on the page of a refresh.
    fn outgrows_a_page(&self, stale: &[(&ListKey, &Provisional)]) -> bool {
        let mut events: HashMap<&ListKey, usize> = HashMap::new();
        for (source, provisional) in stale {
            *events.entry(source).or_default() += provisional.segment.events.len();
        }
        events.values().any(|events| *events >= self.limits.refreshed_events)
    }

    /// Whether malformed items were found in a list within an interval.
    pub(super) fn is_malformed(&self, key: &ListKey, interval: Interval) -> bool {
        let mut segments = self.lists.get(key).into_iter().flat_map(CachedList::segments);
        segments.any(|segment| !segment.flaws.within(interval).malformed.is_empty())
    }

    /// Caches a segment fetched at `read_at`, which is `now` or earlier: its older part as settled, the rest as
    /// provisional. `uses` is whether that counts as a use.
    pub(super) fn insert(&mut self, key: &ListKey, segment: &Segment, read_at: Time, now: Time, uses: bool) {
        self.meter.fetched.inc_by(segment.events.len() as u64);
        self.tick += 1;
        self.remove_expired(now);
        let settled_until = self.settled_until(read_at);
        let cached = self.lists.entry(key.clone()).or_default();
        // A request that accepts an older fetch accepts this one.
        let (older, newer): (Vec<_>, Vec<_>) =
            cached.provisional.drain(..).partition(|provisional| provisional.read_at < read_at);
        cached.provisional = newer;
        cached.provisional.extend(older.into_iter().flat_map(|provisional| provisional.without(segment.interval)));
        let settled = segment.within(segment.interval.before(settled_until));
        let provisional = segment.within(Interval::new(settled.interval.end, segment.interval.end));
        if !settled.interval.is_empty() {
            let tick = if uses { self.tick } else { 0 };
            cached.add_settled(Settled { used: tick, ..Settled::new(settled) });
        }
        if !provisional.interval.is_empty() {
            cached.add_provisional(Provisional { segment: provisional, read_at });
        }
        self.evict();
    }

    /// Caches a segment from the cache directory.
    pub(super) fn load(&mut self, key: &ListKey, segment: Segment) {
        let settled = Settled { persisted: true, ..Settled::new(segment) };
        self.lists.entry(key.clone()).or_default().add_settled(settled);
        self.evict();
    }

    /// Removes provisional segments that no request accepts any more, and segments that count as settled only by a clock that
    /// has been set back since.
    fn remove_expired(&mut self, now: Time) {
        let settled_until = self.settled_until(now);
        // Requests that are under way may have begun earlier.
        let oldest = now - 2 * STALE_FOR;
        for cached in self.lists.values_mut() {
            cached.provisional.retain(|provisional| oldest <= provisional.read_at && provisional.read_at <= now);
            cached.settled.retain(|settled| settled.segment.interval.start < settled_until);
            if let Some(last) = cached.settled.last_mut().filter(|last| last.segment.interval.end > settled_until) {
                let segment = last.segment.within(last.segment.interval.before(settled_until));
                *last = Settled { used: last.used, ..Settled::new(segment) };
            }
        }
    }

    /// The density of the list `wide` near an interval, and the share of `wanted` in it, estimated from cached events.
    pub(super) fn density(&self, wide: &ListKey, wanted: &ListKey, near: Interval) -> Option<Density> {
        density::estimate(self.lists.get(wide)?, wanted, near, self.limits.sampled_events)
    }

    /// Removes the least recently used settled segments until the rest fits.
    fn evict(&mut self) {
        let mut size = Size::default();
        self.lists.values().flat_map(CachedList::segments).for_each(|segment| size.add(segment));
        while size.bytes > self.most_bytes {
            let settled = self.lists.iter().flat_map(|(key, cached)| {
                let all = cached.settled.iter().enumerate();
                all.map(move |(index, settled)| (settled.used, settled.segment.interval.start, key, index))
            });
            let Some((.., key, index)) = settled.min_by_key(|(used, start, ..)| (*used, *start)) else {
                // The provisional segments alone are too large: nothing is cached then.
                self.lists.clear();
                size = Size::default();
                break;
            };
            let key = key.clone();
            let cached = self.lists.get_mut(&key).expect("the key is one of the map");
            size.remove(&cached.settled.remove(index).segment);
        }
        self.lists.retain(|_, cached| !cached.settled.is_empty() || !cached.provisional.is_empty());
        self.meter.resize(self.size, size);
        self.size = size;
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.meter.resize(self.size, Size::default());
    }
}
