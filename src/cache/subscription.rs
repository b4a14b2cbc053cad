use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::broadcast;

use super::segment::Segment;
use crate::event::Events;
use crate::scaleway::audit_trail::ListKey;
use crate::time::{Interval, Time};

/// The most batches of events that wait for a subscriber. A slower subscriber loses the oldest, and its receiver returns
/// how many.
const MOST_BATCHES: usize = 64;

/// The time after settling within which an event that is fetched for the first time is still new.
const NEW_FOR: Duration = Duration::from_hours(1);

/// The subscribers of one list: they receive each new event once.
///
/// Events recorded longer than the settling time before the subscription are not new, nor are events that were
/// cached then.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) list: ListKey,
    /// All older events were sent, or are not new.
    sent_until: Time,
    /// The times and ids of later events that were sent or are not new.
    sent: BTreeSet<(Time, String)>,
    pub(super) sender: broadcast::Sender<Events>,
}

impl Subscription {
    /// A subscription to the events of a list from `since` on, without `cached` ones.
    pub(super) fn new(list: ListKey, since: Time, cached: &[Events]) -> Self {
        let sender = broadcast::Sender::new(MOST_BATCHES);
        let mut subscription = Self { list, sent_until: since, sent: BTreeSet::new(), sender };
        for events in cached {
            subscription.take_new(events);
        }
        subscription
    }

    pub(super) fn is_in_use(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Sends the new events of a segment of the list `of`; its events before `settled_until` are complete.
    pub(super) fn publish(&mut self, of: &ListKey, segment: &Segment, settled_until: Time) {
        if !of.covers(&self.list) && !self.list.covers(of) {
            return;
        }
        self.sent_until = self.sent_until.max(settled_until - NEW_FOR);
        self.sent = self.sent.split_off(&(self.sent_until, String::new()));
        let new = self.take_new(&segment.events);
        if !new.is_empty() {
            // Without a receiver, no subscriber misses the events.
            let _ = self.sender.send(new);
        }
    }

    /// The events of the list that are new, which then are not new any more.
    fn take_new(&mut self, events: &Events) -> Events {
        let events = self.list.select(&events.within(Interval::new(self.sent_until, Time::MAX)));
        let (times, ids) = (events.times(), events.ids());
        let rows = 0..events.len();
        let mask: Vec<bool> =
            rows.map(|row| self.sent.insert((Time::from_nanos(times.value(row)), ids.value(row).to_owned()))).collect();
        events.filter(&mask).expect("the mask has one entry for each event")
    }
}
