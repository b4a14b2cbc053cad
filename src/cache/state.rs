use std::collections::HashMap;
use std::sync::{OnceLock, Weak};
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use prometheus::IntCounter;

use super::directory::Directory;
use super::in_flight::InFlightFetch;
use super::late::LateEvents;
use super::limits::Limits;
use super::segment::Segment;
use super::source::Source;
use super::store::Store;
use super::subscription::Subscription;
use crate::event::List;
use crate::scaleway::audit_trail::{ListKey, Window};
use crate::time::Time;

#[derive(Debug)]
pub(super) struct Inner<S> {
    pub(super) source: S,
    /// The most events that one list of one region yields.
    pub(super) max_events: usize,
    pub(super) limits: Limits,
    /// The time after which an event that appears is late.
    pub(super) lag: Duration,
    pub(super) late_events: IntCounter,
    /// Locked for a few instructions, never across an await.
    pub(super) state: Mutex<State>,
    pub(super) directory: Option<Directory>,
    /// Resolves once the directory is loaded.
    pub(super) loaded: OnceLock<Shared<BoxFuture<'static, ()>>>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) store: Store,
    /// Fetches, some of which no request waits for any more.
    pub(super) fetches: Vec<Weak<InFlightFetch>>,
    /// Requests for all events of a region's interval, some of which have ended.
    pub(super) demands: Vec<Weak<Window>>,
    pub(super) late: LateEvents,
    /// Subscriptions, some of which have no subscriber any more.
    pub(super) subscriptions: Vec<Subscription>,
    /// Regions that do not exist, with the time of that finding.
    pub(super) absent: HashMap<String, Instant>,
    /// Whether the combined list has failed where the lists of single kinds answered.
    pub(super) never_combine: bool,
    /// Whether the directory did not answer in time, so that no request waits for it any more.
    pub(super) is_directory_slow: bool,
}

impl State {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            late: LateEvents::default(),
            fetches: Vec::new(),
            demands: Vec::new(),
            subscriptions: Vec::new(),
            absent: HashMap::new(),
            never_combine: false,
            is_directory_slow: false,
        }
    }

    /// Whether a window's list is a combined one, and a request wants all events of its region's interval: a fetch of a part
    /// may not be worth the cost of the rest.
    pub(super) fn demands_all(&self, Window { key, interval }: &Window) -> bool {
        let mut demands = self.demands.iter().filter_map(Weak::upgrade);
        key.list == List::Combined && demands.any(|demand| demand.key.covers(key) && demand.interval.covers(*interval))
    }
}

impl<S: Source> Inner<S> {
    /// Caches a segment of a fetch that began at `began_at`, by the clock at that time, and has taken `elapsed`. `uses` is
    /// whether a request waits for it.
    pub(super) fn insert(&self, key: &ListKey, segment: &Segment, began_at: Time, elapsed: Duration, uses: bool) {
        let now = self.source.now();
        // The clock may have been set back meanwhile.
        let read_at = began_at.min(now - elapsed);
        let mut state = self.state.lock();
        let settled_until = state.store.settled_until(read_at);
        state.subscriptions.retain(Subscription::is_in_use);
        state.subscriptions.iter_mut().for_each(|subscription| subscription.publish(key, segment, settled_until));
        state.store.insert(key, segment, read_at, now, uses);
    }

    /// Stops the use of the combined list.
    pub(super) fn stop_combining(&self) {
        if !std::mem::replace(&mut self.state.lock().never_combine, true) {
            tracing::info!("the combined list of events cannot be used; the three lists are read instead");
        }
    }

    /// Caches the segments of the directory, except expired ones.
    pub(super) fn load(&self) {
        let Some(directory) = &self.directory else { return };
        let now = self.source.now();
        directory.remove_expired(self.source.coverage());
        let (most_bytes, settled_until) = {
            let store = &self.state.lock().store;
            (store.most_bytes, store.settled_until(now))
        };
        for (key, segment) in directory.read(most_bytes, settled_until) {
            self.state.lock().store.load(&key, segment);
        }
    }

    /// Writes new settled segments to the directory, and removes expired files.
    pub(super) fn persist(&self) {
        let Some(directory) = &self.directory else { return };
        directory.remove_expired(self.source.coverage());
        let new = self.state.lock().store.unpersisted();
        for (key, segment) in new {
            if directory.write(&key, &segment) {
                self.state.lock().store.set_persisted(&key, segment.interval);
            }
        }
    }
}
