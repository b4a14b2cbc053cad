//! The cached events of a list and its missing intervals: the arithmetic between a request and the segments.

use rangemap::RangeSet;

use super::segment::Segment;
use crate::event::Events;
use crate::scaleway::audit_trail::{Flaws, ListKey};
use crate::time::{Interval, Time};

/// The cached events of one list for one interval.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookup {
    /// Events of intervals that do not overlap.
    pub(super) hits: Vec<Events>,
    missing: RangeSet<Time>,
    /// Intervals whose hits are too old for a request that can still fetch.
    pub(super) provisional: Vec<Interval>,
    pub(super) flaws: Flaws,
}

impl Lookup {
    /// A lookup for an interval, without hits.
    pub(super) fn new(interval: Interval) -> Self {
        let missing = Some(interval).filter(|interval| !interval.is_empty()).map(Into::into).into_iter().collect();
        Self { missing, ..Self::default() }
    }

    /// The intervals without a hit, the oldest first.
    pub(super) fn missing(&self) -> Vec<Interval> {
        self.missing.iter().cloned().map(Interval::from).collect()
    }

    /// The intervals to fetch for the newest `limit` events, the newest first, without intervals older than these events.
    pub(super) fn needed(&self, limit: usize) -> Vec<Interval> {
        let newest_first = self.missing().into_iter().rev();
        newest_first.take_while(|interval| self.events_since(interval.end) <= limit).collect()
    }

    fn events_since(&self, time: Time) -> usize {
        self.hits.iter().map(|events| events.since(time)).sum()
    }

    /// Fills missing intervals before `until` from a segment of the list `of`, which covers the list `wanted`. Returns the
    /// filled intervals.
    pub(super) fn fill(&mut self, wanted: &ListKey, of: &ListKey, segment: &Segment, until: Time) -> Vec<Interval> {
        let valid = segment.interval.before(until);
        if valid.is_empty() {
            return Vec::new();
        }
        let holes: Vec<_> = self.missing.overlapping(&valid.into()).cloned().collect();
        let mut filled = Vec::new();
        for hole in holes {
            let part = segment.within(valid.intersection(hole.into()));
            // A malformed item may be an event of another list, and not missing from this one.
            if of != wanted && !part.flaws.malformed.is_empty() {
                continue;
            }
            self.missing.remove(part.interval.into());
            filled.push(part.interval);
            self.flaws.add(&part.flaws);
            if !part.events.is_empty() {
                self.hits.push(if of == wanted { part.events } else { wanted.select(&part.events) });
            }
        }
        filled
    }
}
