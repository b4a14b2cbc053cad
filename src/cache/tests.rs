//! The cache against a plain list of events: whatever was asked before, whatever failed, was late, was given up or had
//! to make room, an answer is what the list would answer, or says what is missing.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use arrow::array::UInt16Array;
use arrow::error::ArrowError;
use chrono::DateTime;
use futures::FutureExt;
use futures::future::join_all;
use proptest::prelude::*;
use serde_json::json;

use super::list_key::ListKey;
use super::segment::Segment;
use super::store::{OVERLAP, STALE_FOR};
use super::*;
use crate::event::{Decoder, Events, Kind, List};
use crate::scaleway::Error;
use crate::scaleway::audit_trail::{Filter, Flaws, Gap, Window};
use crate::settings::Settings;
use crate::time::{Interval, Time};

const SECOND: i64 = 1_000_000_000;

const REGION: &str = "fr-par";
const REGIONS: [&str; 2] = [REGION, "nl-ams"];

/// The trail begins here.
const START: i64 = 1_750_000_000 * SECOND;

/// How late an event may become visible: less than the settling time.
const LATEST: i64 = 120;
const SETTLING: u64 = 150;

/// How many events a page has.
const PAGE_SIZE: usize = 7;

#[derive(Clone, Debug)]
struct Happened {
    id: usize,
    at: i64,
    visible: i64,
    what: What,
}

/// What the lists and their filters look at.
#[derive(Clone, Debug)]
struct What {
    region: &'static str,
    kind: Kind,
    product: &'static str,
    status: u16,
    resource: &'static str,
}

impl What {
    fn of(product: &'static str) -> Self {
        Self { region: REGION, kind: Kind::Api, product, status: 200, resource: "instance_server" }
    }
}

#[derive(Debug, Default)]
struct World {
    now: i64,
    happened: Vec<Happened>,
    /// How long a call takes.
    latency: Duration,
    /// So many calls fail.
    failures: usize,
    /// Pages come in the order of the events' ids, and not of their times.
    disorder: bool,
}

/// A trail in memory.
#[derive(Clone, Debug)]
struct Fake {
    world: Arc<Mutex<World>>,
    calls: Arc<AtomicUsize>,
    running: Arc<AtomicUsize>,
    /// The most that ran at the same time.
    peak: Arc<AtomicUsize>,
    /// Time passes with the runtime's, from then on.
    begun: tokio::time::Instant,
    /// How often a call lets others run before it is answered.
    yields: usize,
}

impl Fake {
    fn new(yields: usize) -> Self {
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
    fn present(&self) -> i64 {
        self.now().nanos()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }

    /// The ids of the events of a window that could be seen at a time, the newest first.
    fn seen(&self, window: &Window, at: i64) -> Vec<usize> {
        let world = self.world();
        let mut events: Vec<&Happened> = world.happened.iter().filter(|event| event.visible <= at).collect();
        events.retain(|event| (window.from..window.to).contains(&event.at) && is_listed(event, window));
        events.sort_by_key(|event| (std::cmp::Reverse(event.at), event.id));
        events.iter().map(|event| event.id).collect()
    }

    /// The ids of the events that an answer must have.
    fn due(&self, window: &Window, now: i64, freshness: Freshness) -> BTreeSet<usize> {
        let since = match freshness {
            Freshness::Own => now,
            Freshness::Shared => now - 10 * SECOND,
        };
        let seen = |at: i64| self.seen(window, at).into_iter();
        let promptly = |id: &usize| {
            let event = &self.world().happened[*id];
            freshness == Freshness::Own || event.visible - event.at <= nanos(OVERLAP)
        };
        seen(since).filter(promptly).chain(seen(now - nanos(STALE_FOR))).collect()
    }

    /// An event of so many seconds ago, which was so late; its id.
    fn add(&self, ago: i64, late: i64) -> usize {
        let mut world = self.world();
        let (id, at) = (world.happened.len(), world.now - ago * SECOND);
        world.happened.push(Happened { id, at, visible: at + late * SECOND, what: What::of("usual") });
        id
    }

    fn happen(&self, count: usize, every: i64) {
        let mut world = self.world();
        for _ in 0..count {
            let id = world.happened.len();
            let at = world.now - i64::try_from(id).unwrap() * every;
            let what = What::of(if id.is_multiple_of(10) { "rare" } else { "usual" });
            world.happened.push(Happened { id, at, visible: at, what });
        }
    }
}

fn is_listed(event: &Happened, window: &Window) -> bool {
    let (what, filter) = (&event.what, &window.filter);
    let kind = match window.list {
        List::Combined => true,
        List::Of(kind) => kind == what.kind,
    };
    window.region == what.region
        && kind
        && filter.product.as_deref().is_none_or(|product| product == what.product)
        && filter.status.is_none_or(|status| status == what.status)
        && filter.resource_type.as_deref().is_none_or(|resource| resource == what.resource)
}

struct FakePages {
    fake: Fake,
    window: Window,
    decoder: Decoder,
    bytes: usize,
    found: usize,
    reached: Option<(i64, usize)>,
    ordered: bool,
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

    fn pages(&self, window: Window) -> FakePages {
        let decoder = Decoder::new(&window.region);
        FakePages { fake: self.clone(), window, decoder, bytes: 0, found: 0, reached: None, ordered: true }
    }

    async fn is_absent(&self, _: &str, _: Instant) -> bool {
        true
    }

    fn concurrent_calls(&self) -> usize {
        4
    }

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
        let now = self.fake.present();
        let mut world = self.fake.world();
        if world.failures > 0 {
            world.failures -= 1;
            return Err(Gap::Failed(Error::Status { status: 500, message: "no".to_owned(), about: None }));
        }
        let mut events: Vec<&Happened> = world
            .happened
            .iter()
            .filter(|event| event.visible <= now && is_listed(event, &self.window))
            .filter(|event| (self.window.from..self.window.to).contains(&event.at))
            .collect();
        if world.disorder {
            events.sort_by_key(|event| event.id);
            events.drain(..self.found.min(events.len()));
        } else {
            events
                .retain(|event| self.reached.is_none_or(|(at, id)| event.at < at || (event.at == at && event.id > id)));
            events.sort_by_key(|event| (std::cmp::Reverse(event.at), event.id));
        }
        let more = events.len() > PAGE_SIZE;
        events.truncate(PAGE_SIZE);
        let items: Vec<_> = events
            .iter()
            .map(|event| {
                let what = &event.what;
                let item = json!({
                    "id": format!("{:05}", event.id), "recorded_at": DateTime::from_timestamp_nanos(event.at),
                    "product_name": what.product, "status_code": what.status, "request_body": { "number": event.id },
                    "resources": [{ "id": event.id.to_string(), "type": what.resource }],
                });
                let wrapper = match what.kind {
                    Kind::Api => "api",
                    Kind::Authentication => "auth",
                    Kind::System => "system",
                };
                if self.window.list == List::Combined { json!({ wrapper: item }) } else { item }
            })
            .collect();
        for event in &events {
            self.ordered &= self.reached.is_none_or(|(at, _)| event.at <= at);
            self.reached = Some((event.at, event.id));
        }
        self.found += events.len();
        let page = json!({ "events": items }).to_string();
        self.bytes += page.len();
        self.decoder.page(self.window.list, page).expect("a page");
        Ok(more)
    }

    fn in_window(&self) -> usize {
        self.found
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn reached(&self) -> Option<Time> {
        self.reached.filter(|_| self.ordered).map(|(at, _)| Time::from_nanos(at))
    }

    fn take(&mut self) -> Result<(Events, Flaws), ArrowError> {
        self.bytes = 0;
        Ok((std::mem::replace(&mut self.decoder, Decoder::new(&self.window.region)).finish()?, Flaws::default()))
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap()
}

/// Limits that few events reach.
fn small() -> Limits {
    Limits { refreshed_events: 3, sampled_events: 30, batch_bytes: 2_000, ..Limits::default() }
}

fn trail(fake: &Fake, settings: &serde_json::Value) -> EventCache<Fake> {
    trail_within(fake, settings, None)
}

/// A trail that holds so many bytes, less than can be set.
fn trail_within(fake: &Fake, settings: &serde_json::Value, bytes: Option<usize>) -> EventCache<Fake> {
    let mut data = json!({ "organizationId": "0a1b2c3d-0000-4000-8000-000000000001" });
    data["settlingSeconds"] = SETTLING.into();
    for (name, value) in settings.as_object().into_iter().flatten() {
        data[name] = value.clone();
    }
    let key = ("secretKey".to_owned(), "11111111-1111-4111-8111-111111111111".to_owned());
    let mut settings = Settings::parse(data.to_string().as_bytes(), &[key].into()).expect("settings");
    settings.max_memory = bytes.unwrap_or(settings.max_memory);
    let weigh = |events: &Events| UInt16Array::from(vec![7; events.len()]);
    EventCache::new(fake.clone(), &settings, small(), Meter::default(), weigh)
}

fn window(list: List, product: Option<&str>, from: i64, to: i64) -> Window {
    let filter = Filter { product: product.map(str::to_owned), ..Filter::default() };
    Window { region: REGION.to_owned(), list, filter, from, to }
}

fn interval(start: i64, end: i64) -> Interval {
    Interval::from_nanos(start, end)
}

fn ids(listing: &Listing) -> Vec<usize> {
    listing.events.ids().iter().map(|id| id.unwrap().parse().unwrap()).collect()
}

async fn read(trail: &EventCache<Fake>, window: &Window, freshness: Freshness) -> Listing {
    let deadline = Instant::now() + Duration::from_mins(10);
    let mut listings = trail.read(std::slice::from_ref(window), freshness, deadline).await;
    assert_eq!(listings.len(), 1, "{listings:?}");
    listings.remove(0)
}

/// A time that stands still until everybody waits for it.
fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(test);
}

#[derive(Clone, Debug)]
struct Ask {
    regions: &'static [&'static str],
    list: List,
    filter: Filter,
    /// Seconds before the present.
    from: i64,
    length: i64,
    freshness: Freshness,
    /// Whoever asks goes away after so many turns of the others.
    gives_up: Option<usize>,
}

#[derive(Clone, Debug)]
enum Step {
    /// So many seconds ago, and so late.
    Happen(What, i64, i64),
    Wait(i64),
    Fail(usize),
    Ask(Vec<Ask>),
    /// The process ends, and another begins.
    Restart,
}

fn ask() -> impl Strategy<Value = Ask> {
    let regions = prop::sample::select(vec![&REGIONS[..1], &REGIONS[1..], &REGIONS[..]]);
    let list = prop_oneof![
        3 => Just(List::Combined),
        2 => Just(List::Of(Kind::Api)),
        1 => Just(List::Of(Kind::Authentication)),
    ];
    let product = prop::option::of(prop::sample::select(vec!["a", "b"]));
    let status = prop::option::weighted(0.2, prop::sample::select(vec![200, 403]));
    let resource = prop::option::weighted(0.2, prop::sample::select(vec!["instance_server", "iam_user"]));
    let freshness = prop_oneof![2 => Just(Freshness::Shared), 1 => Just(Freshness::Own)];
    // Dashboards ask for what ends now.
    let range = prop_oneof![(1..600_i64).prop_map(|from| (from, from)), (1..600_i64, 1..620_i64)];
    let filter = (product, status, resource);
    (regions, list, filter, range, freshness, prop::option::weighted(0.2, 0..30_usize)).prop_map(
        |(regions, list, (product, status, resource), (from, length), freshness, gives_up)| {
            let (product, resource_type) = (product.map(str::to_owned), resource.map(str::to_owned));
            let filter = Filter { product, status, resource_type, ..Filter::default() }.known_to(list);
            Ask { regions, list, filter, from, length, freshness, gives_up }
        },
    )
}

fn what() -> impl Strategy<Value = What> {
    let region = prop::sample::select(REGIONS.to_vec());
    let kind = prop::sample::select(Kind::ALL.to_vec());
    let product = prop::sample::select(vec!["a", "b", "c"]);
    let status = prop::sample::select(vec![200, 403]);
    let resource = prop::sample::select(vec!["instance_server", "iam_user"]);
    (region, kind, product, status, resource).prop_map(|(region, kind, product, status, resource)| What {
        region,
        kind,
        product,
        status,
        resource,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (what(), 0..LATEST, 0..LATEST).prop_map(|(what, ago, late)| Step::Happen(what, ago, late.max(ago))),
        2 => (-5..200_i64).prop_map(Step::Wait),
        4 => (1..25_i64).prop_map(Step::Wait),
        2 => (1..4_usize).prop_map(Step::Fail),
        8 => prop::collection::vec(ask(), 1..4).prop_map(Step::Ask),
        1 => Just(Step::Restart),
    ]
}

/// Asks, and holds the answer against the list and what an equal question has `shown` before; tells what is shown now.
async fn check(fake: &Fake, trail: &EventCache<Fake>, ask: &Ask, shown: &BTreeSet<usize>) -> BTreeSet<usize> {
    let now = fake.present();
    let from = now - ask.from * SECOND;
    let window = |region: &&str| Window {
        region: (*region).to_owned(),
        list: ask.list,
        filter: ask.filter.clone(),
        from,
        to: from + ask.length * SECOND,
    };
    let windows: Vec<Window> = ask.regions.iter().map(window).collect();
    let failures = fake.world().failures;
    let asked = trail.read(&windows, ask.freshness, Instant::now() + Duration::from_mins(10));
    let listings = match ask.gives_up {
        None => asked.await,
        Some(turns) => {
            let turns = async {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                listings = asked => listings,
                () = turns => return BTreeSet::new(),
            }
        }
    };
    assert_eq!(listings.len(), windows.len());
    let mut complete = BTreeSet::new();
    for window in &windows {
        let listing = listings.iter().find(|listing| listing.region == window.region).unwrap();
        let found = ids(listing);
        // Clocks may go back; what has been seen stays.
        let seen: BTreeSet<usize> = fake.seen(window, i64::MAX).into_iter().collect();
        assert!(found.iter().all(|id| seen.contains(id)), "{found:?} are not all in {seen:?}");
        assert!(listing.events.risks().iter().all(|risk| risk == Some(7)), "each event is weighed");
        let distinct: BTreeSet<usize> = found.iter().copied().collect();
        assert_eq!(distinct.len(), found.len(), "each event is there once");
        assert!(failures > 0 || listing.gaps.is_empty(), "nothing failed: {:?}", listing.gaps);
        let due = fake.due(window, now, ask.freshness);
        let missed = |id: &&usize| {
            let at = fake.world().happened[**id].at;
            listing.missing.iter().any(|interval| interval.nanos().contains(&at))
        };
        let lost: Vec<&usize> = due.difference(&distinct).filter(|id| !missed(id)).collect();
        assert!(lost.is_empty(), "{ask:?}: {lost:?} are in no missing interval: {:?}", listing.missing);
        if listing.gaps.is_empty() {
            assert!(listing.missing.is_empty() && listing.provisional.is_empty(), "{listing:?}");
            assert!(due.is_subset(&distinct), "{ask:?}: {due:?} are not all in {distinct:?}");
            let again: BTreeSet<usize> = shown.intersection(&seen).copied().collect();
            assert!(again.is_subset(&distinct), "{ask:?}: of {again:?}, shown before, some are not in {distinct:?}");
            complete.extend(distinct);
        }
    }
    complete
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_those_of_a_plain_list(
        steps in prop::collection::vec(step(), 1..60),
        yields in 0..4_usize,
        memory in prop::option::of(prop::sample::select(vec![1_000, 3_000, 6_000, 9_000])),
        kept in any::<bool>(),
    ) {
        run(async {
            let fake = Fake::new(yields);
            fake.happen(60, 4 * SECOND);
            let folder = kept.then(|| tempfile::tempdir().unwrap());
            let folder = folder.as_ref().map(tempfile::TempDir::path);
            let settings = json!({ "cacheDirectory": folder });
            let mut trail = trail_within(&fake, &settings, memory);
            let (mut latest, mut shown) = (fake.present(), HashMap::<(List, Filter), BTreeSet<usize>>::new());
            for step in &steps {
                // No two things happen at the very same moment.
                fake.world().now += 1;
                latest = latest.max(fake.present());
                match step {
                    Step::Happen(what, ago, late) => {
                        let mut world = fake.world();
                        let (id, at) = (world.happened.len(), latest - ago * SECOND);
                        // Nothing appears in the past of whoever has looked already.
                        let visible = (at + late * SECOND).max(latest);
                        if visible - at <= LATEST * SECOND {
                            world.happened.push(Happened { id, at, visible, what: what.clone() });
                        }
                    }
                    Step::Wait(seconds) => {
                        fake.world().now += seconds * SECOND;
                        if *seconds < 0 {
                            // What is not visible yet is not shown either.
                            shown.clear();
                        }
                    }
                    Step::Fail(calls) => fake.world().failures = *calls,
                    Step::Ask(asks) => {
                        let none = BTreeSet::new();
                        let of = |ask: &Ask| (ask.list, ask.filter.clone());
                        let before = |ask: &Ask| shown.get(&of(ask)).unwrap_or(&none);
                        let now = join_all(asks.iter().map(|ask| check(&fake, &trail, ask, before(ask)))).await;
                        // By a clock that is behind, some of it is not visible yet.
                        if fake.present() >= latest {
                            for (ask, now) in asks.iter().zip(now) {
                                shown.entry(of(ask)).or_default().extend(now);
                            }
                        }
                        fake.world().failures = 0;
                    }
                    Step::Restart => {
                        trail.inner().persist();
                        trail = trail_within(&fake, &settings, memory);
                    }
                }
                let held = trail.inner().state().size.bytes;
                assert!(memory.is_none_or(|memory| held <= memory), "{held} bytes are held of {memory:?}");
            }
        });
    }

    #[test]
    fn no_more_than_the_newest_events_are_given(
        count in 0..200_usize,
        every in 1..20_i64,
        limit in 1..150_usize,
        length in 1..2_000_i64,
    ) {
        run(async {
            let fake = Fake::new(1);
            fake.happen(count, every * SECOND);
            let trail = trail(&fake, &json!({ "maxEvents": limit }));
            let now = fake.world().now;
            for _ in 0..2 {
                let window = window(List::Combined, None, now - length * SECOND, now + SECOND);
                let listing = read(&trail, &window, Freshness::Own).await;
                let all = fake.seen(&window, now);
                assert_eq!(ids(&listing), all[..all.len().min(limit)]);
                assert_eq!(listing.gaps, if all.len() > limit { vec![Gap::Limit(limit)] } else { Vec::new() });
            }
        });
    }
}

#[test]
fn many_walks_read_each_event_once() {
    run(async {
        let fake = Fake::new(2);
        // Ties of three at one nanosecond, and a quiet time between two busy ones.
        let now = fake.world().now;
        for id in 0..3_000_usize {
            let quiet = if id < 1_500 { 0 } else { 20_000 * SECOND };
            let at = now - i64::try_from(id / 3).unwrap() * 2 * SECOND - quiet;
            fake.world().happened.push(Happened { id, at, visible: at, what: What::of("a") });
        }
        let trail = trail(&fake, &json!({}));
        let window = window(List::Combined, None, now - 30_000 * SECOND, now + SECOND);
        let listing = read(&trail, &window, Freshness::Shared).await;
        assert_eq!(ids(&listing), fake.seen(&window, now));
        let pages = 3_000 / PAGE_SIZE;
        let calls = fake.calls();
        assert!(calls < pages + pages / 5, "{calls} calls for {pages} pages");
        assert_eq!(ids(&read(&trail, &window, Freshness::Shared).await), fake.seen(&window, now));
        assert_eq!(fake.calls(), 0, "all of it is held");
    });
}

#[test]
fn pages_without_order_lose_nothing() {
    run(async {
        let fake = Fake::new(1);
        let now = fake.world().now;
        // In order for the first bundles, and then newer than all of them.
        for id in 0..300_usize {
            let place = i64::try_from(if id < 200 { 100 + id } else { 300 - id }).unwrap();
            // Too short a time for a second walk, which would read the end itself.
            let at = now - place * SECOND / 20;
            fake.world().happened.push(Happened { id, at, visible: at, what: What::of("a") });
        }
        fake.world().disorder = true;
        let trail = trail(&fake, &json!({}));
        let window = window(List::Combined, None, now - 16 * SECOND, now);
        let listing = read(&trail, &window, Freshness::Shared).await;
        assert_eq!(ids(&listing), fake.seen(&window, now));
        assert_eq!(listing.gaps, []);
        fake.calls();
        assert_eq!(ids(&read(&trail, &window, Freshness::Shared).await), fake.seen(&window, now));
        assert_eq!(fake.calls(), 0, "all of it is held");
    });
}

#[test]
fn equal_questions_at_the_same_time_are_one_reading() {
    run(async {
        let fake = Fake::new(3);
        fake.happen(100, SECOND);
        let now = fake.world().now;
        let whole = window(List::Combined, None, now - 500 * SECOND, now + SECOND);
        let part = window(List::Of(Kind::Api), Some("rare"), now - 400 * SECOND, now + SECOND);
        let one = trail(&fake, &json!({}));
        read(&one, &whole, Freshness::Shared).await;
        let alone = fake.calls();
        let twelve = trail(&fake, &json!({}));
        // The narrow questions come first, and wait to see whether somebody wants everything.
        let asked: Vec<&Window> = (0..12).map(|place| if place % 3 == 2 { &whole } else { &part }).collect();
        let listings = join_all(asked.iter().map(|window| read(&twelve, window, Freshness::Shared))).await;
        for (window, listing) in asked.iter().zip(&listings) {
            assert_eq!(ids(listing), fake.seen(window, now));
        }
        assert_eq!(fake.calls(), alone);
    });
}

#[test]
fn a_list_that_is_a_small_part_of_everything_is_read_itself() {
    run(async {
        let fake = Fake::new(0);
        let now = fake.world().now;
        fake.happen(20_000, SECOND / 10);
        for event in fake.world().happened.iter_mut().skip(1) {
            event.what.product = if event.id.is_multiple_of(5_000) { "rare" } else { "usual" };
        }
        let trail = trail(&fake, &json!({}));
        let rare = window(List::Of(Kind::Api), Some("rare"), now - 2_000 * SECOND, now + SECOND);
        let listing = read(&trail, &rare, Freshness::Shared).await;
        assert_eq!(ids(&listing), fake.seen(&rare, now));
        let calls = fake.calls();
        assert!(calls < 10, "{calls} calls");
    });
}

#[test]
fn what_a_list_would_cost_is_told_by_what_is_near() {
    for newest_first in [false, true] {
        run(async {
            let fake = Fake::new(0);
            // An hour with an event a minute, and a busy one beside it.
            let (start, now) = (fake.present() - 7_200 * SECOND, fake.present());
            let middle = start + 3_600 * SECOND;
            let (quiet, busy) = if newest_first { (middle..now, start..middle) } else { (start..middle, middle..now) };
            for (range, every) in [(&quiet, 60), (&busy, 1)] {
                for place in 0..3_600 / every {
                    let id = fake.world().happened.len();
                    let at = range.start + place * every * SECOND;
                    let what = What::of(if id.is_multiple_of(20) { "rare" } else { "usual" });
                    fake.world().happened.push(Happened { id, at, visible: at, what });
                }
            }
            let trail = trail(&fake, &json!({}));
            let rare = |range: &Range<i64>| window(List::Of(Kind::Api), Some("rare"), range.start, range.end);
            // Half of the quiet hour is held, and all of the busy one.
            let half = quiet.start + 1_800 * SECOND;
            let (held, missing) =
                if newest_first { (busy.start..half, half..now) } else { (half..busy.end, start..half) };
            read(&trail, &window(List::Combined, None, held.start, held.end), Freshness::Own).await;
            fake.calls();
            assert_eq!(ids(&read(&trail, &rare(&missing), Freshness::Own).await), fake.seen(&rare(&missing), now));
            let calls = fake.calls();
            assert!(calls <= 6, "{calls} calls");
            let usual = Window { filter: Filter::default(), ..rare(&missing) };
            assert_eq!(ids(&read(&trail, &usual, Freshness::Shared).await), fake.seen(&usual, now));
            assert_eq!(fake.calls(), 0, "all of it was read, since that is hardly more");
        });
    }
}

#[test]
fn whoever_goes_away_leaves_the_others_their_reading() {
    run(async {
        let fake = Fake::new(5);
        fake.happen(300, SECOND);
        let now = fake.world().now;
        let trail = trail(&fake, &json!({}));
        let window = window(List::Combined, None, now - 500 * SECOND, now + SECOND);
        let asked = |trail: &EventCache<Fake>| {
            let (trail, window) = (trail.clone(), window.clone());
            tokio::spawn(async move { read(&trail, &window, Freshness::Shared).await })
        };
        let (first, second) = (asked(&trail), asked(&trail));
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        first.abort();
        assert_eq!(ids(&second.await.unwrap()), fake.seen(&window, now));
    });
}

#[test]
fn a_reading_that_nobody_waits_for_ends() {
    run(async {
        let fake = Fake::new(0);
        fake.happen(600, SECOND);
        fake.world().latency = Duration::from_secs(1);
        let trail = trail(&fake, &json!({}));
        let window = window(List::Combined, None, fake.present() - 700 * SECOND, fake.present());
        let asked = read(&trail, &window, Freshness::Shared);
        assert!(tokio::time::timeout(Duration::from_millis(6_500), asked).await.is_err());
        tokio::task::yield_now().await;
        let calls = fake.calls();
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!((fake.calls(), fake.running.load(Ordering::SeqCst)), (0, 0));
        // What was read whole is held, but for the first page and those that were on their way; the rest is read when it
        // is asked for.
        let all = 600_usize.div_ceil(PAGE_SIZE) + 8;
        assert_eq!(ids(&read(&trail, &window, Freshness::Own).await), fake.seen(&window, fake.present()));
        let rest = fake.calls();
        assert!(
            calls > 16 && rest < all - calls + usize::try_from(SETTLING).unwrap() / PAGE_SIZE + 8,
            "{calls} and {rest} calls of {all}"
        );
    });
}

#[test]
fn a_dashboard_that_is_refreshed_before_it_has_loaded_loads() {
    run(async {
        let fake = Fake::new(0);
        fake.happen(600, SECOND);
        fake.world().latency = Duration::from_secs(1);
        let range = |fake: &Fake| window(List::Combined, None, fake.present() - 700 * SECOND, fake.present());
        let alone = trail(&fake, &json!({}));
        read(&alone, &range(&fake), Freshness::Shared).await;
        let calls = fake.calls();
        let trail = trail(&fake, &json!({}));
        let mut refreshes = 0;
        loop {
            let window = range(&fake);
            let asked = read(&trail, &window, Freshness::Shared);
            if let Ok(listing) = tokio::time::timeout(Duration::from_secs(5), asked).await {
                assert_eq!(ids(&listing), fake.seen(&window, fake.present()));
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            refreshes += 1;
            assert!(refreshes < 20, "it never loads");
        }
        assert!(refreshes > 2, "{refreshes} refreshes");
        let all = fake.calls();
        // Each refresh has a live edge of its own.
        assert!(all <= calls + 20 * refreshes, "{all} calls for {refreshes} refreshes, {calls} for one question");
    });
}

#[test]
fn a_short_question_does_not_wait_for_all_of_a_long_one() {
    run(async {
        let fake = Fake::new(0);
        fake.happen(3_000, 10 * SECOND);
        fake.world().latency = Duration::from_secs(1);
        let trail = trail(&fake, &json!({}));
        let now = fake.present();
        let long = window(List::Combined, None, now - 30_000 * SECOND, now);
        let short = window(List::Combined, None, now - 1_000 * SECOND, now - 600 * SECOND);
        let begun = tokio::time::Instant::now();
        let timed = |window: Window, after: u64| {
            let (trail, fake) = (trail.clone(), fake.clone());
            async move {
                tokio::time::sleep(Duration::from_millis(after)).await;
                let listing = read(&trail, &window, Freshness::Shared).await;
                assert_eq!(ids(&listing), fake.seen(&window, now));
                begun.elapsed()
            }
        };
        let (long, short) = tokio::join!(timed(long, 0), timed(short, 500));
        assert!(long > Duration::from_mins(1), "{long:?}");
        assert!(short < Duration::from_secs(10), "{short:?}");
    });
}

#[test]
fn the_limit_of_a_longer_question_is_not_that_of_a_shorter_one() {
    run(async {
        let fake = Fake::new(0);
        fake.happen(600, SECOND);
        fake.world().latency = Duration::from_secs(1);
        let trail = trail(&fake, &json!({ "maxEvents": 50 }));
        let now = fake.present();
        let long = window(List::Combined, None, now - 600 * SECOND, now);
        let short = window(List::Combined, None, now - 440 * SECOND, now - 400 * SECOND);
        let asked = read(&trail, &short, Freshness::Shared);
        let later = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            asked.await
        };
        let (long, found) = tokio::join!(read(&trail, &long, Freshness::Shared), later);
        assert_eq!(long.gaps, [Gap::Limit(50)]);
        assert_eq!((ids(&found), found.gaps), (fake.seen(&short, now), Vec::new()));
    });
}

#[test]
fn what_is_to_come_does_not_make_a_trail_look_thin() {
    run(async {
        let day = 86_400 * SECOND;
        for to_come in [0, 30 * day] {
            let fake = Fake::new(3);
            fake.happen(2_000, SECOND / 10);
            let until = fake.present() + to_come;
            let whole = window(List::Combined, None, fake.present() - 300 * SECOND, until);
            let one = trail(&fake, &json!({}));
            assert_eq!(ids(&read(&one, &whole, Freshness::Shared).await), fake.seen(&whole, fake.present()));
            let calls = fake.calls();
            assert!(calls < 2_000 / PAGE_SIZE + 20, "{calls} calls");
            assert_eq!(fake.peak.load(Ordering::SeqCst), fake.concurrent_calls());
            let rare = window(List::Of(Kind::Api), Some("none"), fake.present() - 300 * SECOND, until);
            let two = trail(&fake, &json!({}));
            read(&two, &rare, Freshness::Shared).await;
            let calls = fake.calls();
            assert!(calls < 5, "{calls} calls");
            let limited = trail(&fake, &json!({ "maxEvents": 500 }));
            let listing = read(&limited, &whole, Freshness::Shared).await;
            assert_eq!(ids(&listing), fake.seen(&whole, fake.present())[..500]);
            let calls = fake.calls();
            assert!(calls < 500 / PAGE_SIZE + 40, "{calls} calls");
        }
    });
}

#[test]
fn a_short_question_about_everything_does_not_make_a_long_one_read_everything() {
    for short_first in [true, false] {
        run(async {
            let fake = Fake::new(0);
            fake.happen(3_000, SECOND);
            fake.world().latency = Duration::from_secs(1);
            let trail = trail(&fake, &json!({}));
            let now = fake.present();
            let read_after = async |window: Window, after: u64| {
                tokio::time::sleep(Duration::from_millis(after)).await;
                read(&trail, &window, Freshness::Shared).await.gaps
            };
            let (short, rare) = if short_first { (0, 100) } else { (100, 0) };
            let gaps = tokio::join!(
                read_after(window(List::Combined, None, now - 60 * SECOND, now), short),
                read_after(window(List::Of(Kind::Api), Some("none"), now - 3_000 * SECOND, now), rare)
            );
            assert_eq!(gaps, (Vec::new(), Vec::new()));
            let calls = fake.calls();
            assert!(calls < 60 / PAGE_SIZE + 10, "{calls} calls");
        });
    }
}

#[test]
fn a_question_goes_by_the_clock_that_is_set_back_meanwhile() {
    for freshness in [Freshness::Own, Freshness::Shared] {
        run(async {
            let fake = Fake::new(0);
            let ahead = 3_600 * SECOND;
            fake.happen(600, SECOND);
            let trail = trail(&fake, &json!({}));
            let rare = window(List::Of(Kind::Api), Some("rare"), START, fake.present() + ahead);
            fake.world().now += ahead;
            fake.world().latency = Duration::from_secs(1);
            let set_back = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                fake.world().now -= ahead;
            };
            let (listing, ()) = tokio::join!(read(&trail, &rare, freshness), set_back);
            assert_eq!((ids(&listing), listing.gaps), (fake.seen(&rare, fake.present()), Vec::new()));
        });
    }
}

#[test]
fn a_clock_that_is_set_back_meanwhile_costs_no_answer_and_no_event() {
    run(async {
        let fake = Fake::new(0);
        let ahead = 3_600 * SECOND;
        // An event a second, and a page has less than what has not settled.
        fake.happen(600, SECOND);
        fake.world().now += ahead;
        fake.world().latency = Duration::from_secs(10);
        let trail = trail(&fake, &json!({ "settlingSeconds": 5 }));
        let whole = window(List::Combined, None, START, fake.present());
        let usual = window(List::Of(Kind::Api), Some("usual"), START, fake.present());
        let set_back = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            fake.world().now -= ahead;
            // What happens while the reading goes on.
            tokio::time::sleep(Duration::from_secs(8)).await;
            fake.add(0, 0);
        };
        let (one, two, ()) =
            tokio::join!(read(&trail, &usual, Freshness::Own), read(&trail, &whole, Freshness::Shared), set_back);
        assert_eq!((one.gaps, two.gaps), (Vec::new(), Vec::new()));
        fake.world().latency = Duration::ZERO;
        fake.world().now += 60 * SECOND;
        assert_eq!(ids(&read(&trail, &whole, Freshness::Own).await), fake.seen(&whole, fake.present()));
    });
}

#[test]
fn questions_that_were_answered_leave_nothing_behind() {
    run(async {
        let fake = Fake::new(0);
        fake.happen(10, SECOND);
        let trail = trail(&fake, &json!({}));
        for _ in 0..50 {
            read(&trail, &window(List::Combined, None, START, fake.present()), Freshness::Shared).await;
        }
        let state = trail.inner().state();
        assert!(state.demands.len() <= 1 && state.fetches.len() <= 1);
    });
}

#[test]
fn a_rule_reads_the_edge_itself_and_shares_it_with_rules_of_the_same_tick() {
    run(async {
        let fake = Fake::new(1);
        fake.happen(5, SECOND);
        let now = fake.world().now;
        let trail = trail(&fake, &json!({}));
        let window = window(List::Combined, None, now - 50 * SECOND, now);
        read(&trail, &window, Freshness::Shared).await;
        assert_eq!(fake.calls(), 1);
        read(&trail, &window, Freshness::Shared).await;
        assert_eq!(fake.calls(), 0, "panels share");
        fake.world().now += 1;
        join_all((0..5).map(|_| read(&trail, &window, Freshness::Own))).await;
        assert_eq!(fake.calls(), 1, "rules share, and with nobody who read before");
    });
}

#[test]
fn an_outage_leaves_missing_what_was_not_cached_and_marks_what_may_have_changed() {
    run(async {
        let fake = Fake::new(1);
        let trail = busy(&fake).await;
        let read_at = fake.present();
        fake.world().failures = usize::MAX;
        let outage = async |seconds: i64| {
            fake.world().now = read_at + seconds * SECOND;
            let listing = read(&trail, &window(List::Combined, None, START, fake.present()), Freshness::Shared).await;
            assert!(matches!(listing.gaps[..], [Gap::Failed(_)]), "{:?}", listing.gaps);
            (listing.missing, listing.provisional)
        };
        // The settling time is 300 s, and a refresh reads the last minute again.
        let settled = read_at - 300 * SECOND;
        let steady = read_at - nanos(OVERLAP);
        assert_eq!(outage(20).await, (vec![interval(steady, read_at + 20 * SECOND)], vec![interval(settled, steady)]));
        // After a minute nothing but the settled events are good enough.
        assert_eq!(outage(62).await, (vec![interval(settled, read_at + 62 * SECOND)], vec![]));
        // A cold trail has nothing.
        let cold = self::trail(&fake, &json!({}));
        let range = window(List::Combined, None, START, fake.present() + 100 * SECOND);
        let listing = read(&cold, &range, Freshness::Shared).await;
        assert_eq!(listing.missing, [interval(START, fake.present())], "of the future nothing is missing");
    });
}

#[test]
fn a_list_that_is_cut_is_missing_what_is_older() {
    run(async {
        let fake = Fake::new(1);
        fake.happen(100, SECOND);
        let trail = trail(&fake, &json!({ "maxEvents": 30 }));
        let listing = read(&trail, &window(List::Combined, None, START, fake.present() + 1), Freshness::Shared).await;
        let oldest = fake.present() - 29 * SECOND;
        assert_eq!((listing.events.len(), listing.missing), (30, vec![interval(START, oldest)]));
        let whole = read(&trail, &window(List::Combined, None, oldest, fake.present() + 1), Freshness::Shared).await;
        assert_eq!((whole.gaps, whole.missing), (vec![], vec![]));
    });
}

/// A trail of an event a second, read up to the present.
async fn busy(fake: &Fake) -> EventCache<Fake> {
    fake.happen(600, SECOND);
    let trail = trail(fake, &json!({ "settlingSeconds": 300 }));
    read(&trail, &window(List::Combined, None, START, fake.present()), Freshness::Shared).await;
    assert!(fake.calls() >= 600 / PAGE_SIZE);
    trail
}

/// What a panel and a rule show of it now, and with how many calls.
async fn shown(fake: &Fake, trail: &EventCache<Fake>, freshness: Freshness) -> (Vec<usize>, usize) {
    let listing = read(trail, &window(List::Combined, None, START, fake.present()), freshness).await;
    assert_eq!(listing.gaps, []);
    (ids(&listing), fake.calls())
}

#[test]
fn a_refresh_reads_what_is_new_and_what_may_be_late() {
    run(async {
        let fake = Fake::new(1);
        let trail = busy(&fake).await;
        let pages = |seconds: usize| seconds.div_ceil(PAGE_SIZE);
        for refresh in 1..=120 {
            for _ in 0..5 {
                fake.world().now += SECOND;
                fake.add(0, 0);
            }
            fake.world().now += 1;
            let (found, calls) = shown(&fake, &trail, Freshness::Shared).await;
            assert_eq!(found, fake.seen(&window(List::Combined, None, 0, fake.present()), fake.present()));
            // Each minute all that has not settled.
            let seconds = if refresh % 12 == 0 { 300 + 65 } else { 60 + 5 };
            // A walk that is halved costs a call more, and as many walks run as the fake allows.
            let most = pages(seconds) + 4;
            assert!(calls <= most, "{calls} calls of a refresh {} s later, not {most}", refresh * 5);
            let held = trail.inner().state().store.size().events;
            assert!(held <= found.len(), "{held} events are held, and {} happened", found.len());
        }
    });
}

#[test]
fn an_event_that_is_very_late_is_counted_by_rules_at_once_and_shown_within_a_minute() {
    run(async {
        let fake = Fake::new(1);
        let trail = busy(&fake).await;
        fake.world().now += 2 * SECOND;
        let late = fake.add(200, 200);
        let (found, calls) = shown(&fake, &trail, Freshness::Shared).await;
        assert!(!found.contains(&late) && calls < 15, "a refresh does not read as far back: {calls} calls");
        assert!(shown(&fake, &trail, Freshness::Own).await.0.contains(&late));
        assert!(shown(&fake, &trail, Freshness::Shared).await.0.contains(&late), "what a rule has read is held too");
        let later = fake.add(200, 200);
        fake.world().now += nanos(STALE_FOR) + SECOND;
        assert!(shown(&fake, &trail, Freshness::Shared).await.0.contains(&later));
    });
}

#[test]
fn what_a_wider_list_has_shown_stays_when_an_older_reading_of_the_list_itself_is_held() {
    run(async {
        let fake = Fake::new(1);
        let trail = busy(&fake).await;
        let wide = window(List::Combined, None, START, i64::MAX);
        let narrow = window(List::Of(Kind::Api), Some("usual"), START, i64::MAX);
        let (edge, known) = (fake.present() - 300 * SECOND..fake.present(), ListKey::of(&narrow));
        let events = known.select(&read(&trail, &wide, Freshness::Own).await.events).within(edge.start, edge.end);
        let segment = Segment { interval: interval(edge.start, edge.end), events, flaws: Flaws::default() };
        trail.inner().insert(&known, &segment, fake.now(), Duration::ZERO);
        let late = fake.add(200, 200);
        fake.world().now += 5 * SECOND;
        read(&trail, &wide, Freshness::Own).await;
        for _ in 0..4 {
            assert!(ids(&read(&trail, &narrow, Freshness::Shared).await).contains(&late));
            fake.world().now += 12 * SECOND;
        }
    });
}

#[test]
fn what_was_read_by_a_clock_that_has_gone_back_is_not_taken_for_fresh() {
    run(async {
        let fake = Fake::new(1);
        let trail = busy(&fake).await;
        fake.world().now -= 100 * SECOND;
        for freshness in [Freshness::Own, Freshness::Shared] {
            let new = fake.add(1, 1);
            fake.world().now += 2 * SECOND;
            assert!(shown(&fake, &trail, freshness).await.0.contains(&new), "{freshness:?}");
        }
    });
}

#[test]
fn what_a_clock_that_was_ahead_took_for_settled_is_read_again() {
    run(async {
        let fake = Fake::new(1);
        fake.world().now += 600 * SECOND;
        let trail = busy(&fake).await;
        fake.world().now -= 600 * SECOND;
        for _ in 0..100 {
            fake.world().now += 10 * SECOND;
            fake.add(1, 1);
            let (found, _) = shown(&fake, &trail, Freshness::Shared).await;
            assert_eq!(found, fake.seen(&window(List::Combined, None, START, fake.present()), fake.present()));
        }
    });
}

#[test]
fn a_folder_that_does_not_answer_leaves_time_to_ask_scaleway() {
    run(async {
        let fake = Fake::new(1);
        fake.happen(5, SECOND);
        let folder = tempfile::tempdir().unwrap();
        let trail = trail(&fake, &json!({ "cacheDirectory": folder.path() }));
        let hangs = trail.inner().loaded.set(futures::future::pending().boxed().shared());
        assert!(hangs.is_ok());
        let window = window(List::Combined, None, START, fake.present());
        let deadline = Instant::now() + Duration::from_mins(1);
        let listings = trail.read(std::slice::from_ref(&window), Freshness::Own, deadline).await;
        assert_eq!((ids(&listings[0]), &listings[0].gaps), (fake.seen(&window, fake.present()), &Vec::new()));
        let waited = fake.begun.elapsed();
        assert!(waited < Duration::from_secs(31), "{waited:?}");
        read(&trail, &window, Freshness::Own).await;
        assert!(fake.begun.elapsed() < waited + Duration::from_secs(1), "it is waited for once");
    });
}

#[test]
fn a_process_that_goes_on_removes_what_is_too_old() {
    run(async {
        let fake = Fake::new(0);
        fake.happen(10, SECOND);
        let above = tempfile::tempdir().unwrap();
        let trail = trail(&fake, &json!({ "cacheDirectory": above.path() }));
        read(&trail, &window(List::Combined, None, START, fake.present()), Freshness::Shared).await;
        let folder = std::fs::read_dir(above.path()).unwrap().next().unwrap().unwrap().path();
        let day = 86_400 * SECOND;
        let old = folder.join(format!("a_{START}_{}.segment", START + day));
        let former = folder.join(format!("a_{START}_{}.held", START + day));
        std::fs::write(&old, "").unwrap();
        std::fs::write(&former, "").unwrap();
        trail.inner().persist();
        assert!(old.exists());
        assert!(!former.exists(), "a file of a former format");
        fake.world().now = START + 92 * day;
        trail.inner().persist();
        assert!(!old.exists());
    });
}

#[test]
fn what_a_clock_that_was_ahead_left_in_the_folder_is_not_believed() {
    run(async {
        let fake = Fake::new(0);
        fake.happen(10, SECOND);
        let folder = tempfile::tempdir().unwrap();
        let settings = json!({ "cacheDirectory": folder.path() });
        let ahead = 3_600 * SECOND;
        fake.world().now += ahead;
        let before = trail(&fake, &settings);
        // It writes when it is told to.
        assert!(before.inner().directory.as_ref().unwrap().is_due());
        read(&before, &window(List::Combined, None, START, fake.present()), Freshness::Shared).await;
        before.inner().persist();
        fake.world().now -= ahead;
        let after = trail(&fake, &settings);
        read(&after, &window(List::Combined, None, START, START + SECOND), Freshness::Shared).await;
        fake.add(1, 1);
        fake.world().now += 2 * ahead;
        let all = window(List::Combined, None, START, fake.present());
        assert_eq!(ids(&read(&after, &all, Freshness::Shared).await), fake.seen(&all, fake.present()));
    });
}

#[test]
fn what_was_used_last_is_evicted_last() {
    run(async {
        let fake = Fake::new(0);
        fake.happen(1_000, SECOND);
        let start = fake.present() - 950 * SECOND;
        let part = |number: i64| {
            let from = start + number * 200 * SECOND;
            window(List::Combined, None, from, from + 100 * SECOND)
        };
        let all = trail(&fake, &json!({}));
        read(&all, &part(0), Freshness::Shared).await;
        let size = all.inner().state().size.bytes;
        // Two parts fit, and a half.
        let trail = trail_within(&fake, &json!({}), Some(size * 5 / 2));
        for (number, is_held) in [(0, false), (1, false), (0, true), (2, false), (0, true), (2, true), (1, false)] {
            fake.calls();
            let listing = read(&trail, &part(number), Freshness::Shared).await;
            assert_eq!(ids(&listing), fake.seen(&part(number), fake.present()));
            assert_eq!(fake.calls() == 0, is_held, "part {number}");
        }
    });
}

/// Many threads ask, give up and ask again, where little can be held; nothing is lost, doubled or left behind.
#[test]
fn many_threads_agree() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    runtime.block_on(async {
        let fake = Fake::new(2);
        fake.happen(500, SECOND);
        let now = fake.world().now;
        // A part of the events fills it.
        let trail = trail_within(&fake, &json!({}), Some(10_000));
        let tasks = (0..64_i64).map(|number| {
            let (fake, trail) = (fake.clone(), trail.clone());
            tokio::spawn(async move {
                for round in 0..20 {
                    let seed = number * 31 + round * 17;
                    let from = now - (seed % 500 + 1) * SECOND;
                    let product = (seed % 3 == 0).then_some("rare");
                    let list = if product.is_some() { List::Of(Kind::Api) } else { List::Combined };
                    let window = window(list, product, from, from + (seed % 200 + 1) * SECOND);
                    let asked = read(&trail, &window, if seed % 5 == 0 { Freshness::Own } else { Freshness::Shared });
                    if seed % 7 == 0 {
                        let _ = tokio::time::timeout(Duration::from_micros(seed.unsigned_abs() % 300), asked).await;
                        continue;
                    }
                    let listing = asked.await;
                    assert_eq!((ids(&listing), &listing.gaps), (fake.seen(&window, now), &Vec::new()));
                }
            })
        });
        for task in join_all(tasks).await {
            task.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(fake.running.load(Ordering::SeqCst), 0);
    });
}
