use super::list_key::ListKey;
use super::lookup::Lookup;
use crate::event::{Events, List};
use crate::scaleway::audit_trail::{Gap, Malformed};
use crate::time::{Interval, Time};

/// The events of one list of one region, and what is missing.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The region.
    pub region: String,
    /// The list.
    pub list: List,
    /// The events, newest first.
    pub events: Events,
    /// What is missing; empty where the listing is complete.
    pub gaps: Vec<Gap>,
    /// Of an incomplete listing, the intervals of which events are missing.
    pub missing: Vec<Interval>,
    /// Of an incomplete listing, the intervals whose events are cached and may not be all: they could not be fetched again.
    pub provisional: Vec<Interval>,
    /// The malformed items that were left out, with the interval that each page's lie in.
    pub malformed: Vec<Malformed>,
    /// Whether some text was not valid UTF-8 and its invalid bytes became U+FFFD.
    pub replaced: bool,
    /// Whether the region does not exist, so that it has no events.
    pub absent: bool,
}

impl Listing {
    /// A list of a region that does not exist.
    pub(super) fn absent(region: &str, list: List) -> Self {
        Self {
            region: region.to_owned(),
            list,
            events: Events::default(),
            gaps: Vec::new(),
            missing: Vec::new(),
            provisional: Vec::new(),
            malformed: Vec::new(),
            replaced: false,
            absent: true,
        }
    }

    /// The newest `limit` events that a lookup found, beside those of incomplete fetches; `gap` is why no more could be
    /// fetched, at a request that was made at `asked_at`.
    pub(super) fn of(
        key: &ListKey,
        interval: Interval,
        lookup: Lookup,
        incomplete: Vec<(ListKey, Events)>,
        limit: usize,
        gap: Option<Gap>,
        asked_at: Time,
    ) -> Self {
        let mut gaps = Vec::from_iter(gap);
        let mut missing = lookup.missing();
        let complete = needed(&lookup, limit).is_empty();
        if complete {
            // What failed was not needed in the end: another request has fetched it, or enough events are newer.
            gaps.clear();
        } else if gaps.is_empty() {
            gaps.push(Gap::Late);
        }
        let mut events: Vec<Events> = lookup.hits;
        if !complete {
            events.extend(incomplete.into_iter().map(|(of, events)| {
                let events = events.within(interval.start.nanos(), interval.end.nanos());
                if of == *key { events } else { key.select(&events) }
            }));
        }
        let mut events = Events::merge(&events);
        if events.len() > limit {
            events = events.newest(limit);
            if !matches!(gaps[..], [Gap::Limit(_)]) {
                gaps.push(Gap::Limit(limit));
            }
        }
        if gaps.contains(&Gap::Limit(limit)) {
            let oldest = events.times().values().last().map_or(interval.end, |time| Time::from_nanos(*time));
            missing.retain(|interval| interval.end > oldest);
            missing.push(Interval::new(interval.start, oldest));
        }
        let mut provisional = lookup.provisional;
        if gaps.is_empty() {
            missing.clear();
            provisional.clear();
        }
        // Of the time to come nothing can be missing.
        let present = asked_at.max(interval.start.next());
        for intervals in [&mut missing, &mut provisional] {
            for interval in intervals.iter_mut() {
                *interval = interval.before(present);
            }
            intervals.retain(|interval| !interval.is_empty());
        }
        let malformed = lookup.flaws.malformed;
        if let Some(Malformed { first, .. }) = malformed.first() {
            let count = malformed.iter().map(|malformed| malformed.count).sum();
            gaps.push(Gap::Malformed { count, first: first.clone() });
        }
        Self {
            region: key.region.clone(),
            list: key.list,
            events,
            gaps,
            missing,
            provisional,
            malformed,
            replaced: lookup.flaws.replaced,
            absent: false,
        }
    }
}

/// The missing intervals that have to be fetched: none that is older than as many events as are wanted.
pub(super) fn needed(lookup: &Lookup, limit: usize) -> Vec<Interval> {
    let newer =
        |interval: &Interval| lookup.hits.iter().map(|events| events.since(interval.end.nanos())).sum::<usize>();
    let newest_first = lookup.missing().into_iter().rev();
    newest_first.take_while(|interval| newer(interval) <= limit).collect()
}
