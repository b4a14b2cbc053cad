use crate::event::Events;
use crate::scaleway::audit_trail::Flaws;
use crate::time::{Interval, Time};

/// All events of one list in one interval.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) interval: Interval,
    pub(super) events: Events,
    pub(super) flaws: Flaws,
}

impl Segment {
    /// The memory of the cached segment, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.events.bytes() + size_of::<Settled>()
    }

    /// The part of the segment in an interval.
    pub(super) fn within(&self, interval: Interval) -> Self {
        let interval = self.interval.intersection(interval);
        Self { interval, events: self.events.within(interval), flaws: self.flaws.within(interval) }
    }

    /// The parts of the segment before and after an interval.
    fn without(self, interval: Interval) -> Vec<Self> {
        if !self.interval.overlaps(interval) {
            return vec![self];
        }
        let parts = self.interval.without(interval).map(|rest| self.within(rest));
        parts
            .map(|part| {
                // Packed, the part shares no memory with the other events.
                let events = part.events.packed().expect("a part is no larger than the whole");
                Self { events, ..part }
            })
            .collect()
    }

    /// One segment of two that overlap or are adjacent. If both have events of the same time, none is lost.
    fn joined(self, other: Self) -> Self {
        let mut flaws = self.flaws;
        flaws.add(&other.flaws);
        let interval = self.interval.hull(other.interval);
        // Nothing is copied if one of them has no event.
        let events = match (self.events.is_empty(), other.events.is_empty()) {
            (true, _) => other.events,
            (_, true) => self.events,
            _ => Events::merge(&[self.events, other.events]),
        };
        Self { interval, events, flaws }
    }
}

/// A segment that is complete for good: its fetch began later than the settling time after its end.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) segment: Segment,
    /// The tick of the store at its last use; 0 where no request has used it yet.
    pub(super) used: u64,
    /// Whether the cache directory has the segment too.
    pub(super) persisted: bool,
}

impl Settled {
    pub(super) fn new(segment: Segment) -> Self {
        Self { segment, used: 0, persisted: false }
    }

    pub(super) fn joined(self, other: Self) -> Self {
        let both = !self.segment.events.is_empty() && !other.segment.events.is_empty();
        let mut segment = self.segment.joined(other.segment);
        if both {
            segment.events = segment.events.packed().expect("segments have far fewer events than a column can");
        }
        Self { segment, used: self.used.max(other.used), persisted: false }
    }
}

/// A segment that may still lack events, since it was fetched too soon after its end.
#[derive(Clone, Debug)]
pub(super) struct Provisional {
    pub(super) segment: Segment,
    pub(super) read_at: Time,
}

impl Provisional {
    /// The interval of known events: it ends at the time of the fetch.
    pub(super) fn known(&self) -> Interval {
        self.segment.interval.before(self.read_at)
    }

    /// Whether both are adjacent segments of one fetch.
    pub(super) fn continues(&self, other: &Self) -> bool {
        let (one, other_interval) = (self.segment.interval, other.segment.interval);
        self.read_at == other.read_at && (one.end == other_interval.start || other_interval.end == one.start)
    }

    pub(super) fn joined(self, other: Self) -> Self {
        Self { segment: self.segment.joined(other.segment), read_at: self.read_at }
    }

    pub(super) fn without(self, interval: Interval) -> Vec<Self> {
        let read_at = self.read_at;
        self.segment.without(interval).into_iter().map(|segment| Self { segment, read_at }).collect()
    }
}
