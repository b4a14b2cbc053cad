//! The archive: where answers get their events from.
//!
//! For now it holds nothing between questions: every window is read from Scaleway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures::future::join_all;
use prometheus::{IntCounter, IntGauge};

use crate::event::{Events, Kind, List};
use crate::scaleway::audit_trail::{self, Gap, Listing, Window};
use crate::scaleway::{Client, Error};

/// Counts events; one for the whole process.
#[derive(Clone, Debug)]
pub struct Meter {
    read: IntCounter,
    held: IntGauge,
}

impl Meter {
    /// A meter that has seen no event.
    ///
    /// # Errors
    /// Never: the names are legal.
    pub fn new() -> prometheus::Result<Self> {
        Ok(Self {
            read: IntCounter::new("audittrail_events_total", "Events read from Scaleway's API.")?,
            held: IntGauge::new("audittrail_held_events", "Events in memory now.")?,
        })
    }

    /// The collectors, for a registry.
    #[must_use]
    pub fn collectors(&self) -> Vec<Box<dyn prometheus::core::Collector>> {
        vec![Box::new(self.read.clone()), Box::new(self.held.clone())]
    }

    /// Counts events as held for as long as the answer lives.
    #[must_use]
    pub fn hold(&self, events: &Events) -> Held {
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        self.held.add(count);
        Held { gauge: self.held.clone(), count }
    }
}

/// Events counted as held, until it is dropped.
#[derive(Debug)]
pub struct Held {
    gauge: IntGauge,
    count: i64,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gauge.sub(self.count);
    }
}

/// The trail of one organization, read with one credential.
#[derive(Clone, Debug)]
pub struct Trail {
    client: Client,
    organization: String,
    max_events: usize,
    meter: Meter,
    /// Set once the combined list has failed where the three lists answered.
    separate: Arc<AtomicBool>,
}

impl Trail {
    /// The trail of `organization`; one window yields at most `max_events`.
    #[must_use]
    pub fn new(client: Client, organization: String, max_events: usize, meter: Meter) -> Self {
        Self { client, organization, max_events, meter, separate: Arc::default() }
    }

    /// How events are counted.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Reads windows, all at the same time. One that fails says so in its listing and does not disturb the others.
    pub async fn read(&self, windows: &[Window], deadline: Instant) -> Vec<Listing> {
        let listings = join_all(windows.iter().map(|window| self.window(window, deadline))).await;
        self.meter.read.inc_by(listings.iter().map(|listing| listing.events.len() as u64).sum());
        listings
    }

    async fn window(&self, window: &Window, deadline: Instant) -> Listing {
        if window.list != List::Combined {
            return self.list(window, deadline).await;
        }
        if !self.separate.load(Ordering::Relaxed) {
            let listing = self.list(window, deadline).await;
            if !is_unusable(&listing) {
                return listing;
            }
        }
        let windows = Kind::ALL.map(|kind| {
            let list = List::Of(kind);
            Window { list, filter: window.filter.known_to(list), ..window.clone() }
        });
        let listing = together(join_all(windows.iter().map(|window| self.list(window, deadline))).await);
        if listing.gaps.is_empty() && !self.separate.swap(true, Ordering::Relaxed) {
            tracing::info!("the combined list of events cannot be used; the three lists are read instead");
        }
        listing
    }

    async fn list(&self, window: &Window, deadline: Instant) -> Listing {
        audit_trail::list(&self.client, &self.organization, window, self.max_events, deadline).await
    }
}

/// Whether the combined list, whose shape is the least certain of the four, answered with something else.
fn is_unusable(listing: &Listing) -> bool {
    listing.gaps.iter().any(|gap| match gap {
        Gap::Failed(error) => {
            matches!(
                error,
                Error::Unreadable { .. } | Error::Invalid { .. } | Error::Status { status: 404 | 405 | 501, .. }
            )
        }
        Gap::Malformed { .. } => listing.events.is_empty(),
        _ => false,
    })
}

fn together(listings: Vec<Listing>) -> Listing {
    let mut gaps: Vec<Gap> = listings.iter().flat_map(|listing| listing.gaps.clone()).collect();
    let replaced = listings.iter().any(|listing| listing.replaced);
    let events: Vec<Events> = listings.into_iter().map(|listing| listing.events).collect();
    let events = Events::merge(&events).unwrap_or_else(|_| {
        gaps.push(Gap::Bytes);
        Events::default()
    });
    Listing { events, gaps, replaced }
}
