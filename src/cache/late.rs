//! Late events: those that appear in the trail later than the lag after they were recorded.
//!
//! An alert rule whose range ends at the lag may have been evaluated without such an event. An event is late if a fetch brings it
//! and an earlier fetch of the same time does not have it, although that began when the event was older than the lag. An event
//! that no earlier fetch could have brought is not late as far as anything can tell, and no rule has missed it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::segment::Segment;
use super::store::Store;
use crate::event::{Column, Events};
use crate::scaleway::audit_trail::{ListKey, Window};
use crate::time::{Interval, Time};

/// The time after settling for which an event that appears is compared with earlier fetches, and remembered.
const COMPARED_FOR: Duration = Duration::from_hours(1);

/// The most late events with a line of their own in the log, of one segment.
const MOST_LINES: usize = 100;

/// What earlier fetches brought of a window's time, as it was cached when a fetch of the window began.
#[derive(Clone, Debug, Default)]
pub(super) struct EarlierFetches {
    /// Segments and their lists; each ends where its events were younger than the lag at its fetch.
    segments: Vec<(ListKey, Segment)>,
}

impl EarlierFetches {
    /// The cached segments of a window, and of lists that have events of its list. A segment with a fetch after `now` is none:
    /// the clock has been set back since.
    pub(super) fn of(store: &Store, window: &Window, lag: Duration, now: Time) -> Self {
        let oldest = store.settled_until(now) - COMPARED_FOR;
        let recent = window.interval.intersection(Interval::new(oldest, Time::MAX));
        let mut segments = Vec::new();
        for (of, cached) in &store.lists {
            if recent.is_empty() || !(of.covers(&window.key) || window.key.covers(of)) {
                continue;
            }
            // The lag is at most the settling time.
            let settled = cached.settled.iter().map(|settled| (&settled.segment, store.settled_until(now)));
            let provisional = cached.provisional.iter().filter(|provisional| provisional.read_at <= now);
            let provisional = provisional.map(|provisional| (&provisional.segment, provisional.read_at - lag));
            for (segment, until) in settled.chain(provisional) {
                let segment = segment.within(recent.before(until));
                // A malformed item may be any event.
                if !segment.interval.is_empty() && segment.flaws.malformed.is_empty() {
                    segments.push((of.clone(), segment));
                }
            }
        }
        Self { segments }
    }

    /// The events of a segment of the list `key` that earlier fetches of their time lack; an event may be there twice.
    pub(super) fn lack(&self, key: &ListKey, segment: &Segment) -> Vec<LateEvent> {
        let mut late = Vec::new();
        for (of, known) in &self.segments {
            let events = segment.events.within(known.interval);
            let events = if of.covers(key) { events } else { of.select(&events) };
            if !events.is_empty() {
                late.extend(missing(&events, &known.events).into_iter().map(|row| LateEvent::of(&events, row)));
            }
        }
        late
    }
}

/// The late events of a cache, each once.
#[derive(Debug, Default)]
pub(super) struct LateEvents {
    /// Those that were found within the last time.
    found: BTreeSet<(Time, String)>,
}

impl LateEvents {
    /// Leaves the events that are new among late ones. `settled_until` is the end of the settled time.
    pub(super) fn add(&mut self, late: &mut Vec<LateEvent>, settled_until: Time) {
        self.found = self.found.split_off(&(settled_until - COMPARED_FOR, String::new()));
        late.retain(|event| self.found.insert((event.time, event.id.clone())));
    }
}

/// An event that appeared later than the lag after it was recorded.
#[derive(Debug)]
pub(super) struct LateEvent {
    time: Time,
    id: String,
    region: Option<String>,
    product: Option<String>,
    method: Option<String>,
}

impl LateEvent {
    fn of(events: &Events, row: usize) -> Self {
        let text = |column| events.one_text(column, row).map(str::to_owned);
        Self {
            time: events.time(row),
            id: events.ids().value(row).to_owned(),
            region: text(Column::Region),
            product: text(Column::Product),
            method: text(Column::Method),
        }
    }
}

/// The rows of events that others lack; both are sorted, the newest first, and of equal times by id.
fn missing(events: &Events, others: &Events) -> Vec<usize> {
    let (times, other_times) = (events.times().values(), others.times().values());
    let (ids, other_ids) = (events.ids(), others.ids());
    let mut other = 0;
    let is_missing = |row: &usize| {
        let (time, id) = (times[*row], ids.value(*row));
        let before =
            |other: usize| other_times[other] > time || (other_times[other] == time && other_ids.value(other) < id);
        while other < others.len() && before(other) {
            other += 1;
        }
        other == others.len() || other_times[other] != time || other_ids.value(other) != id
    };
    (0..events.len()).filter(is_missing).collect()
}

/// Writes a line about each late event; the first are enough to see what happens.
pub(super) fn log(late: &[LateEvent], lag: Duration, now: Time) {
    for event in late.iter().take(MOST_LINES) {
        tracing::warn!(
            event_id = event.id,
            recorded_at = %event.time,
            region = event.region,
            product = event.product,
            method = event.method,
            seconds = now.since(event.time).as_secs(),
            "an event appeared in the trail more than {} s after it was recorded (lagSeconds); an alert rule whose range it \
             had left by then has not counted it",
            lag.as_secs()
        );
    }
    if late.len() > MOST_LINES {
        tracing::warn!(events = (late.len() - MOST_LINES) as u64, "more events appeared late at the same time");
    }
}
