use super::gap::Gap;
use super::lookup::Lookup;
use super::progress::Progress;
use crate::event::{Events, List};
use crate::scaleway::audit_trail::{Flaws, Window};
use crate::time::{Interval, Time};

/// The events of one list of one region, and the gaps.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The region.
    pub region: String,
    /// The list.
    pub list: List,
    /// The events, newest first.
    pub events: Events,
    /// The gaps; empty if the listing is complete.
    pub gaps: Vec<Gap>,
    /// In an incomplete listing, the intervals of missing events.
    pub missing: Vec<Interval>,
    /// In an incomplete listing, the intervals whose cached events may lack some, since they could not be fetched again.
    pub provisional: Vec<Interval>,
    /// The past intervals that the source does not cover: events may be missing there although every fetch succeeded.
    pub uncovered: Vec<Interval>,
    /// The malformed items that were left out, and whether some text was not valid UTF-8.
    pub flaws: Flaws,
    /// Whether the region does not exist, so that it has no events.
    pub absent: bool,
}

impl Listing {
    /// A list of a region that does not exist.
    pub(super) fn absent(region: &str, list: List) -> Self {
        Self { region: region.to_owned(), list, absent: true, ..Self::default() }
    }

    /// The events of a request that can fetch no more, or the newest if there are too many: the hits of a lookup and,
    /// if these are incomplete, the events of incomplete fetches.
    pub(super) fn of(progress: Progress<'_>, lookup: Lookup, coverage: Interval, max_events: usize) -> Self {
        let Progress { window: Window { key, interval }, incomplete, asked_at, gap, .. } = progress;
        // A failed fetch was not needed if nothing is: another request has fetched its interval, or enough events are newer.
        let complete = lookup.needed(max_events).is_empty();
        let mut gaps = if complete { Vec::new() } else { vec![gap.unwrap_or(Gap::Late)] };
        let mut missing = lookup.missing();
        let mut events = lookup.hits;
        if !complete {
            events.extend(incomplete.into_iter().map(|(of, events)| {
                let events = events.within(*interval);
                if of == *key { events } else { key.select(&events) }
            }));
        }
        let mut events = Events::merge(&events);
        let limit = Gap::Limit(max_events);
        if events.len() > max_events {
            events = events.newest(max_events);
            if !matches!(gaps[..], [Gap::Limit(_)]) {
                gaps.push(limit.clone());
            }
        }
        if gaps.contains(&limit) {
            let oldest = events.times().values().last().map_or(interval.end, |time| Time::from_nanos(*time));
            missing.retain(|interval| interval.end > oldest);
            missing.push(Interval::new(interval.start, oldest));
        }
        let is_complete = gaps.is_empty();
        gaps.extend(malformed(&lookup.flaws));
        // No event of the future can be missing.
        let present = asked_at.max(interval.start.next());
        Self {
            region: key.region.clone(),
            list: key.list,
            events,
            gaps,
            missing: if is_complete { Vec::new() } else { before(present, missing) },
            provisional: if is_complete { Vec::new() } else { before(present, lookup.provisional) },
            uncovered: before(asked_at, interval.without(coverage)),
            flaws: lookup.flaws,
            absent: false,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.gaps.iter().any(|gap| matches!(gap, Gap::Failed(_)))
    }

    /// Whether the listing has no events, and all its gaps are absences of the list.
    pub(super) fn has_only_absences(&self) -> bool {
        self.events.is_empty()
            && !self.gaps.is_empty()
            && self.gaps.iter().all(|gap| matches!(gap, Gap::Failed(error) if error.is_absence()))
    }

    /// Whether this is a combined list, whose shape is the least certain of the four, and its answer was something else.
    pub(super) fn is_unusable(&self) -> bool {
        let gaps = &self.gaps;
        let is_all_malformed = self.events.is_empty() && gaps.iter().any(|gap| matches!(gap, Gap::Malformed { .. }));
        self.list == List::Combined && (is_all_malformed || gaps.iter().any(Gap::is_no_list))
    }
}

/// The parts of intervals before `time`.
fn before(time: Time, intervals: impl IntoIterator<Item = Interval>) -> Vec<Interval> {
    intervals.into_iter().map(|interval| interval.before(time)).filter(|interval| !interval.is_empty()).collect()
}

/// The gap of malformed items.
fn malformed(flaws: &Flaws) -> Option<Gap> {
    let first = flaws.malformed.first()?.first.clone();
    Some(Gap::Malformed { count: flaws.malformed.iter().map(|malformed| malformed.count).sum(), first })
}
