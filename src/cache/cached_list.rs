use super::segment::{Provisional, Segment, Settled};

/// Settled segments with at most so many events are always joined.
const FEW_EVENTS: usize = 64;

/// The most events of a joined segment, so that eviction does not take everything at once.
const MOST_EVENTS: usize = 1 << 16;

/// The cached segments of one list.
#[derive(Clone, Debug, Default)]
pub(super) struct CachedList {
    /// Settled segments without overlaps, the oldest first.
    pub(super) settled: Vec<Settled>,
    /// Provisional segments; for an interval that was fetched twice, the later fetch.
    pub(super) provisional: Vec<Provisional>,
}

impl CachedList {
    /// All segments.
    pub(super) fn segments(&self) -> impl Iterator<Item = &Segment> {
        let settled = self.settled.iter().map(|settled| &settled.segment);
        settled.chain(self.provisional.iter().map(|provisional| &provisional.segment))
    }

    /// Adds a segment. Overlapping segments are joined: should two fetches of a settled interval differ, no event is lost.
    pub(super) fn add_settled(&mut self, mut settled: Settled) {
        let interval = settled.segment.interval;
        let (same, apart): (Vec<_>, Vec<_>) =
            self.settled.drain(..).partition(|other| other.segment.interval.overlaps(interval));
        self.settled = apart;
        for other in same {
            settled = settled.joined(other);
        }
        let start = settled.segment.interval.start;
        let index = self.settled.partition_point(|other| other.segment.interval.end <= start);
        self.settled.insert(index, settled);
        self.coalesce(index);
    }

    /// Adds a segment; adjacent segments of one fetch become one.
    pub(super) fn add_provisional(&mut self, mut provisional: Provisional) {
        while let Some(index) = self.provisional.iter().position(|other| other.continues(&provisional)) {
            provisional = provisional.joined(self.provisional.swap_remove(index));
        }
        self.provisional.push(provisional);
    }

    /// Joins a segment with its neighbours while they are small or of similar size, so that each event is copied a few times
    /// only.
    fn coalesce(&mut self, mut index: usize) {
        loop {
            let before = index.checked_sub(1).filter(|before| self.can_join(*before));
            let Some(first) = before.or_else(|| Some(index).filter(|index| self.can_join(*index))) else { return };
            let next = self.settled.remove(first + 1);
            let this = self.settled.remove(first);
            self.settled.insert(first, this.joined(next));
            index = first;
        }
    }

    /// Whether a segment and the next one are adjacent, and joining them is worth the copy. One that is used and one that is not
    /// are not evicted together.
    fn can_join(&self, index: usize) -> bool {
        let [this, next, ..] = &self.settled[index..] else { return false };
        if (this.used == 0) != (next.used == 0) {
            return false;
        }
        let (this, next) = (&this.segment, &next.segment);
        let (small, large) = (this.events.len().min(next.events.len()), this.events.len().max(next.events.len()));
        this.interval.end == next.interval.start
            && small + large <= MOST_EVENTS
            && (small == 0 || large <= FEW_EVENTS || small * 2 >= large)
    }
}
