//! Random histories: the cache and a plain list of events give equal answers.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use futures::future::join_all;
use proptest::prelude::*;
use serde_json::json;

use super::fake::{Attributes, Fake, FakeEvent, REGIONS, SECOND};
use super::setup::{ids, interval, new_cache, new_cache_of_bytes, read, run, window};
use crate::cache::{EventCache, Freshness, Gap, Listing};
use crate::event::{Kind, List};
use crate::scaleway::audit_trail::{Filter, ListKey, Param, Window};

/// The most seconds after which an event becomes visible: less than the settling time.
const LATEST: i64 = 120;

/// The events that complete answers have shown, by list and filter.
type Shown = HashMap<(List, Filter), BTreeSet<usize>>;

#[derive(Clone, Debug)]
struct Ask {
    regions: &'static [&'static str],
    list: List,
    filter: Filter,
    /// Seconds before the present.
    from: i64,
    length: i64,
    freshness: Freshness,
    /// The request is cancelled after so many turns of other tasks.
    cancelled_after: Option<usize>,
}

impl Ask {
    fn windows(&self, now: i64) -> Vec<Window> {
        let from = now - self.from * SECOND;
        let window = |region: &&str| Window {
            key: ListKey { region: (*region).to_owned(), list: self.list, filter: self.filter.clone() },
            interval: interval(from, from + self.length * SECOND),
        };
        self.regions.iter().map(window).collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// An event of so many seconds ago, visible so many seconds after it happened.
    Add(Attributes, i64, i64),
    Wait(i64),
    Fail(usize),
    /// Requests at the same time.
    Ask(Vec<Ask>),
    /// The process ends, and another one begins.
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
    let status = prop::option::weighted(0.2, prop::sample::select(vec!["200", "403"]));
    let resource = prop::option::weighted(0.2, prop::sample::select(vec!["instance_server", "iam_user"]));
    let freshness = prop_oneof![2 => Just(Freshness::Shared), 1 => Just(Freshness::Own)];
    // The ranges of dashboards end at the present.
    let range = prop_oneof![(1..600_i64).prop_map(|from| (from, from)), (1..600_i64, 1..620_i64)];
    let filter = (product, status, resource);
    (regions, list, filter, range, freshness, prop::option::weighted(0.2, 0..30_usize)).prop_map(
        |(regions, list, (product, status, resource), (from, length), freshness, cancelled_after)| {
            let values = [(Param::Product, product), (Param::Status, status), (Param::ResourceType, resource)];
            let with = |filter: Filter, (param, value): (Param, Option<&str>)| match value {
                Some(value) => filter.with(param, value),
                None => filter,
            };
            let filter = values.into_iter().fold(Filter::default(), with).known_to(list);
            Ask { regions, list, filter, from, length, freshness, cancelled_after }
        },
    )
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let region = prop::sample::select(REGIONS.to_vec());
    let kind = prop::sample::select(Kind::ALL.to_vec());
    let product = prop::sample::select(vec!["a", "b", "c"]);
    let status = prop::sample::select(vec![200, 403]);
    let resource = prop::sample::select(vec!["instance_server", "iam_user"]);
    (region, kind, product, status, resource).prop_map(|(region, kind, product, status, resource)| Attributes {
        region,
        kind,
        product,
        status,
        resource,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (attributes(), 0..LATEST, 0..LATEST)
            .prop_map(|(attributes, ago, late)| Step::Add(attributes, ago, late.max(ago))),
        2 => (-5..200_i64).prop_map(Step::Wait),
        4 => (1..25_i64).prop_map(Step::Wait),
        2 => (1..4_usize).prop_map(Step::Fail),
        8 => prop::collection::vec(ask(), 1..4).prop_map(Step::Ask),
        1 => Just(Step::Restart),
    ]
}

/// The listings of a request, or nothing if it was cancelled before they were complete.
async fn listings(cache: &EventCache<Fake>, windows: &[Window], ask: &Ask) -> Option<Vec<Listing>> {
    let request = cache.read(windows, ask.freshness, Instant::now() + Duration::from_mins(10));
    let Some(turns) = ask.cancelled_after else { return Some(request.await) };
    let turns = async {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        listings = request => Some(listings),
        () = turns => None,
    }
}

/// Compares a request's listings with the plain list, and with the events that an equal request has `shown` before.
/// Returns the events of its complete listings.
async fn check(fake: &Fake, cache: &EventCache<Fake>, ask: &Ask, shown: &BTreeSet<usize>) -> BTreeSet<usize> {
    let now = fake.present();
    let windows = ask.windows(now);
    let failures = fake.world().failures;
    let Some(listings) = listings(cache, &windows, ask).await else { return BTreeSet::new() };
    assert_eq!(listings.len(), windows.len());
    let mut complete = BTreeSet::new();
    for window in &windows {
        let listing = listings.iter().find(|listing| listing.region == window.key.region).unwrap();
        let found = ids(listing);
        // A cached event stays visible although the clock is set back.
        let seen: BTreeSet<usize> = fake.seen(window, i64::MAX).into_iter().collect();
        assert!(found.iter().all(|id| seen.contains(id)), "{found:?} are not all in {seen:?}");
        let distinct: BTreeSet<usize> = found.iter().copied().collect();
        assert_eq!(distinct.len(), found.len(), "each event is there once");
        assert!(failures > 0 || listing.gaps.is_empty(), "nothing failed: {:?}", listing.gaps);
        let due = fake.due(window, now, ask.freshness);
        let is_missing = |id: &usize| {
            let at = fake.world().events[*id].at;
            listing.missing.iter().any(|interval| interval.nanos().contains(&at))
        };
        let lost: Vec<&usize> = due.difference(&distinct).filter(|id| !is_missing(id)).collect();
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

/// Checks requests at the same time, and adds their events to `shown`, unless the clock is behind `latest`: some events are
/// not visible then.
async fn check_all(fake: &Fake, cache: &EventCache<Fake>, asks: &[Ask], shown: &mut Shown, latest: i64) {
    let none = BTreeSet::new();
    let before = |ask: &Ask| shown.get(&(ask.list, ask.filter.clone())).unwrap_or(&none);
    let now = join_all(asks.iter().map(|ask| check(fake, cache, ask, before(ask)))).await;
    if fake.present() >= latest {
        for (ask, now) in asks.iter().zip(now) {
            shown.entry((ask.list, ask.filter.clone())).or_default().extend(now);
        }
    }
    fake.world().failures = 0;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_equal_those_of_a_plain_list(
        steps in prop::collection::vec(step(), 1..60),
        yields in 0..4_usize,
        memory in prop::option::of(prop::sample::select(vec![1_000, 3_000, 6_000, 9_000])),
        on_disk in any::<bool>(),
    ) {
        run(async {
            let fake = Fake::new(yields);
            fake.add_many(60, 4 * SECOND);
            let folder = on_disk.then(|| tempfile::tempdir().unwrap());
            let folder = folder.as_ref().map(tempfile::TempDir::path);
            let settings = json!({ "cacheDirectory": folder });
            let mut cache = new_cache_of_bytes(&fake, &settings, memory);
            let (mut latest, mut shown) = (fake.present(), Shown::new());
            for step in &steps {
                // No two steps are at the same nanosecond.
                fake.world().now += 1;
                latest = latest.max(fake.present());
                match step {
                    Step::Add(attributes, ago, late) => {
                        let mut world = fake.world();
                        let (id, at) = (world.events.len(), latest - ago * SECOND);
                        // An event never becomes visible at a time that an earlier request has read.
                        let visible = (at + late * SECOND).max(latest);
                        if visible - at <= LATEST * SECOND {
                            world.events.push(FakeEvent { id, at, visible, attributes: attributes.clone() });
                        }
                    }
                    Step::Wait(seconds) => {
                        fake.world().now += seconds * SECOND;
                        if *seconds < 0 {
                            // Events that are not visible any more need not be shown.
                            shown.clear();
                        }
                    }
                    Step::Fail(calls) => fake.world().failures = *calls,
                    Step::Ask(asks) => check_all(&fake, &cache, asks, &mut shown, latest).await,
                    Step::Restart => {
                        cache.inner().persist();
                        cache = new_cache_of_bytes(&fake, &settings, memory);
                    }
                }
                let bytes = cache.inner().state.lock().store.size.bytes;
                assert!(memory.is_none_or(|memory| bytes <= memory), "{bytes} bytes are cached of {memory:?}");
            }
        });
    }

    #[test]
    fn a_list_over_its_limit_has_the_newest_events(
        count in 0..200_usize,
        every in 1..20_i64,
        limit in 1..150_usize,
        length in 1..2_000_i64,
    ) {
        run(async {
            let fake = Fake::new(1);
            fake.add_many(count, every * SECOND);
            let cache = new_cache(&fake, &json!({ "maxEvents": limit }));
            let now = fake.world().now;
            for _ in 0..2 {
                let window = window(List::Combined, None, now - length * SECOND, now + SECOND);
                let listing = read(&cache, &window, Freshness::Own).await;
                let all = fake.seen(&window, now);
                assert_eq!(ids(&listing), all[..all.len().min(limit)]);
                assert_eq!(listing.gaps, if all.len() > limit { vec![Gap::Limit(limit)] } else { Vec::new() });
            }
        });
    }
}
