//! Caches over a `Fake`, and reads of them.

use std::time::{Duration, Instant};

use serde_json::json;

use super::fake::{Fake, PAGE_SIZE, REGION, SECOND, START};
use crate::cache::{EventCache, Freshness, Limits, Listing, Meter};
use crate::event::List;
use crate::scaleway::audit_trail::{Filter, ListKey, Param, Window};
use crate::settings::Settings;
use crate::time::Interval;

/// The settling time, where a test sets no other.
pub(super) const SETTLING: u64 = 150;

/// Limits that few events reach.
fn small() -> Limits {
    Limits { refreshed_events: 3, sampled_events: 30, batch_bytes: 2_000, ..Limits::default() }
}

pub(super) fn new_cache(fake: &Fake, settings: &serde_json::Value) -> EventCache<Fake> {
    new_cache_of_bytes(fake, settings, None)
}

/// A cache with a memory limit in bytes, which may be less than the settings allow.
pub(super) fn new_cache_of_bytes(fake: &Fake, settings: &serde_json::Value, bytes: Option<usize>) -> EventCache<Fake> {
    let mut data = json!({ "organizationId": "0a1b2c3d-0000-4000-8000-000000000001" });
    data["settlingSeconds"] = SETTLING.into();
    for (name, value) in settings.as_object().into_iter().flatten() {
        data[name] = value.clone();
    }
    let key = ("secretKey".to_owned(), "11111111-1111-4111-8111-111111111111".to_owned());
    let mut settings = Settings::parse(data.to_string().as_bytes(), &[key].into()).expect("settings");
    settings.max_memory = bytes.unwrap_or(settings.max_memory);
    EventCache::new(fake.clone(), &settings, small(), Meter::default())
}

pub(super) fn window(list: List, product: Option<&str>, from: i64, to: i64) -> Window {
    let filter = product.map(|product| Filter::default().with(Param::Product, product)).unwrap_or_default();
    Window { key: ListKey { region: REGION.to_owned(), list, filter }, interval: interval(from, to) }
}

pub(super) fn interval(start: i64, end: i64) -> Interval {
    Interval::from_nanos(start, end)
}

pub(super) fn ids(listing: &Listing) -> Vec<usize> {
    listing.events.ids().iter().map(|id| id.unwrap().parse().unwrap()).collect()
}

pub(super) async fn read(cache: &EventCache<Fake>, window: &Window, freshness: Freshness) -> Listing {
    let deadline = Instant::now() + Duration::from_mins(10);
    let mut listings = cache.read(std::slice::from_ref(window), freshness, deadline).await;
    assert_eq!(listings.len(), 1, "{listings:?}");
    listings.remove(0)
}

/// Runs a test on virtual time, which advances only while all tasks wait for it.
pub(super) fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(test);
}

/// A cache of a trail with an event per second, read up to the present.
pub(super) async fn busy(fake: &Fake) -> EventCache<Fake> {
    fake.add_many(600, SECOND);
    let cache = new_cache(fake, &json!({ "settlingSeconds": 300 }));
    read(&cache, &window(List::Combined, None, START, fake.present()), Freshness::Shared).await;
    assert!(fake.take_calls() >= 600 / PAGE_SIZE);
    cache
}

/// The ids that a read of everything finds now, and the number of its calls.
pub(super) async fn shown(fake: &Fake, cache: &EventCache<Fake>, freshness: Freshness) -> (Vec<usize>, usize) {
    let listing = read(cache, &window(List::Combined, None, START, fake.present()), freshness).await;
    assert_eq!(listing.gaps, []);
    (ids(&listing), fake.take_calls())
}
