//! `Fake`, a source of events in memory, with a clock, failures and latency that the tests set.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use arrow::error::ArrowError;
use chrono::DateTime;
use serde_json::json;

use crate::cache::store::{OVERLAP, STALE_FOR};
use crate::cache::{Freshness, Gap, Pages, Source};
use crate::event::{Decoder, Events, Kind, List};
use crate::scaleway::Error;
use crate::scaleway::audit_trail::{Extent, Flaws, Param, Window};
use crate::time::{Clock, Interval, Time};

pub(super) const SECOND: i64 = 1_000_000_000;

pub(super) const REGION: &str = "fr-par";
pub(super) const REGIONS: [&str; 2] = [REGION, "nl-ams"];

/// The time of the oldest possible event.
pub(super) const START: i64 = 1_750_000_000 * SECOND;

/// The age of the source's oldest events.
pub(super) const RETENTION: Duration = Duration::from_hours(24 * 90);

/// The number of events on a page.
pub(super) const PAGE_SIZE: usize = 7;

#[derive(Clone, Debug)]
pub(super) struct FakeEvent {
    pub(super) id: usize,
    pub(super) at: i64,
    pub(super) visible: i64,
    pub(super) attributes: Attributes,
}

/// The attributes of an event by which lists and filters select it.
#[derive(Clone, Debug)]
pub(super) struct Attributes {
    pub(super) region: &'static str,
    pub(super) kind: Kind,
    pub(super) product: &'static str,
    pub(super) status: u16,
    pub(super) resource: &'static str,
}

impl Attributes {
    pub(super) fn of(product: &'static str) -> Self {
        Self { region: REGION, kind: Kind::Api, product, status: 200, resource: "instance_server" }
    }
}

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) now: i64,
    pub(super) events: Vec<FakeEvent>,
    /// The duration of a call.
    pub(super) latency: Duration,
    /// The number of calls that fail from now on.
    pub(super) failures: usize,
    /// The end of the source's coverage, if it is not the present.
    pub(super) covered_until: Option<i64>,
    /// Pages are sorted by the events' ids instead of their times.
    pub(super) disorder: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Fake {
    world: Arc<Mutex<World>>,
    calls: Arc<AtomicUsize>,
    pub(super) running: Arc<AtomicUsize>,
    /// The most calls that ran at the same time.
    pub(super) peak: Arc<AtomicUsize>,
    /// The runtime's time that passed since then is added to the world's.
    pub(super) begun: tokio::time::Instant,
    /// The number of times that a call yields to other tasks before its answer.
    yields: usize,
}

impl Fake {
    pub(super) fn new(yields: usize) -> Self {
        let world = World { now: START + 1_000 * SECOND, ..World::default() };
        Self {
            world: Arc::new(Mutex::new(world)),
            calls: Arc::default(),
            running: Arc::default(),
            peak: Arc::default(),
            begun: tokio::time::Instant::now(),
            yields,
        }
    }

    /// The present, in nanoseconds.
    pub(super) fn present(&self) -> i64 {
        self.now().nanos()
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// The number of calls since the last `take_calls`.
    pub(super) fn take_calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }

    /// The ids of a window's events that were visible at a time, the newest first.
    pub(super) fn seen(&self, window: &Window, at: i64) -> Vec<usize> {
        let world = self.world();
        let mut events: Vec<&FakeEvent> =
            world.events.iter().filter(|event| event.visible <= at && is_in_window(event, window)).collect();
        events.sort_by_key(|event| (Reverse(event.at), event.id));
        events.iter().map(|event| event.id).collect()
    }

    /// The ids of the events that an answer must have.
    pub(super) fn due(&self, window: &Window, now: i64, freshness: Freshness) -> BTreeSet<usize> {
        let since = match freshness {
            Freshness::Own => now,
            Freshness::Shared | Freshness::Background => now - 10 * SECOND,
        };
        let is_prompt = |id: &usize| {
            let event = &self.world().events[*id];
            freshness == Freshness::Own || event.visible - event.at <= nanos(OVERLAP)
        };
        let fresh = self.seen(window, since).into_iter().filter(is_prompt);
        fresh.chain(self.seen(window, now - nanos(STALE_FOR))).collect()
    }

    /// Adds an event of `ago` seconds before the present, visible `late` seconds after it happened. Returns its id.
    pub(super) fn add(&self, ago: i64, late: i64) -> usize {
        let mut world = self.world();
        let (id, at) = (world.events.len(), world.now - ago * SECOND);
        world.events.push(FakeEvent { id, at, visible: at + late * SECOND, attributes: Attributes::of("usual") });
        id
    }

    /// Adds `count` events before the present, `every` nanoseconds apart; each tenth is of the product "rare".
    pub(super) fn add_many(&self, count: usize, every: i64) {
        let mut world = self.world();
        for _ in 0..count {
            let id = world.events.len();
            let at = world.now - i64::try_from(id).unwrap() * every;
            let attributes = Attributes::of(if id.is_multiple_of(10) { "rare" } else { "usual" });
            world.events.push(FakeEvent { id, at, visible: at, attributes });
        }
    }
}

fn is_in_window(event: &FakeEvent, window: &Window) -> bool {
    let (attributes, filter) = (&event.attributes, &window.key.filter);
    let kind = match window.key.list {
        List::Combined => true,
        List::Of(kind) => kind == attributes.kind,
    };
    window.interval.nanos().contains(&event.at)
        && window.key.region == attributes.region
        && kind
        && filter.iter().all(|(param, value)| match param {
            Param::Product => value == attributes.product,
            Param::Status => value == attributes.status.to_string(),
            Param::ResourceType => value == attributes.resource,
            other => unreachable!("the tests filter by no {other:?}"),
        })
}

/// An event as an item of a list's page.
fn item(event: &FakeEvent, list: List) -> serde_json::Value {
    let attributes = &event.attributes;
    let item = json!({
        "id": format!("{:05}", event.id), "recorded_at": DateTime::from_timestamp_nanos(event.at),
        "product_name": attributes.product, "status_code": attributes.status, "request_body": { "number": event.id },
        "resources": [{ "id": event.id.to_string(), "type": attributes.resource }],
    });
    let wrapper = match attributes.kind {
        Kind::Api => "api",
        Kind::Authentication => "auth",
        Kind::System => "system",
    };
    if list == List::Combined { json!({ wrapper: item }) } else { item }
}

pub(super) struct FakePages {
    fake: Fake,
    window: Window,
    decoder: Decoder,
    bytes: usize,
    found: usize,
    reached: Option<(i64, usize)>,
    ordered: bool,
}

impl FakePages {
    /// The events of the next page, and whether another page follows; an error if the call is to fail.
    fn next_events(&self) -> Result<(Vec<FakeEvent>, bool), Gap> {
        let now = self.fake.present();
        let mut world = self.fake.world();
        if world.failures > 0 {
            world.failures -= 1;
            return Err(Gap::Failed(Error::Status { status: 500, message: "no".to_owned(), about: None }));
        }
        let mut events: Vec<&FakeEvent> =
            world.events.iter().filter(|event| event.visible <= now && is_in_window(event, &self.window)).collect();
        if world.disorder {
            events.sort_by_key(|event| event.id);
            events.drain(..self.found.min(events.len()));
        } else {
            events
                .retain(|event| self.reached.is_none_or(|(at, id)| event.at < at || (event.at == at && event.id > id)));
            events.sort_by_key(|event| (Reverse(event.at), event.id));
        }
        let more = events.len() > PAGE_SIZE;
        Ok((events.into_iter().take(PAGE_SIZE).cloned().collect(), more))
    }
}

/// Counts a call for as long as it runs.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Source for Fake {
    type Pages = FakePages;

    fn coverage(&self) -> Interval {
        let covered_until = self.world().covered_until.map(Time::from_nanos);
        Interval::new(self.now() - RETENTION, covered_until.unwrap_or(self.now()))
    }

    fn pages(&self, window: Window) -> FakePages {
        let decoder = Decoder::new(&window.key.region);
        FakePages { fake: self.clone(), window, decoder, bytes: 0, found: 0, reached: None, ordered: true }
    }

    async fn is_absent(&self, _: &str, _: Instant) -> bool {
        true
    }

    fn concurrent_calls(&self) -> usize {
        4
    }
}

impl Clock for Fake {
    fn now(&self) -> Time {
        Time::from_nanos(self.world().now) + self.begun.elapsed()
    }
}

impl Pages for FakePages {
    async fn next(&mut self, deadline: Instant) -> Result<bool, Gap> {
        if Instant::now() >= deadline {
            return Err(Gap::Late);
        }
        self.fake.calls.fetch_add(1, Ordering::SeqCst);
        let running = self.fake.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.fake.peak.fetch_max(running, Ordering::SeqCst);
        let _running = Running(Arc::clone(&self.fake.running));
        for _ in 0..self.fake.yields {
            tokio::task::yield_now().await;
        }
        let latency = self.fake.world().latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let (events, more) = self.next_events()?;
        for event in &events {
            self.ordered &= self.reached.is_none_or(|(at, _)| event.at <= at);
            self.reached = Some((event.at, event.id));
        }
        self.found += events.len();
        let items: Vec<_> = events.iter().map(|event| item(event, self.window.key.list)).collect();
        let page = json!({ "events": items }).to_string();
        self.bytes += page.len();
        self.decoder.page(self.window.key.list, page).expect("a page");
        Ok(more)
    }

    fn extent(&self) -> Extent {
        let reached = self.reached.filter(|_| self.ordered).map(|(at, _)| Time::from_nanos(at));
        Extent { events: self.found, bytes: self.bytes, reached }
    }

    fn take(&mut self) -> Result<(Events, Flaws), ArrowError> {
        self.bytes = 0;
        Ok((std::mem::replace(&mut self.decoder, Decoder::new(&self.window.key.region)).finish()?, Flaws::default()))
    }
}

pub(super) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap()
}
