//! Events that appear in the trail later than the lag.

use proptest::prelude::*;
use serde_json::json;

use super::fake::{Fake, FakeEvent, SECOND, START};
use super::setup::{busy, new_cache, read, run, shown, window};
use crate::cache::{EventCache, Freshness};
use crate::event::{Kind, List};

/// The number of late events that a cache has counted.
fn counted(cache: &EventCache<Fake>) -> u64 {
    cache.inner().late_events.get()
}

#[test]
fn late_events_are_counted_once() {
    run(async {
        let fake = Fake::new(1);
        // The lag is the default of 120 s, the settling time 300 s.
        let cache = busy(&fake).await;
        let rare = window(List::Of(Kind::Api), Some("rare"), START, i64::MAX);
        let mut late = 0;
        for round in 0..40 {
            fake.world().now += 30 * SECOND;
            let (ago, product) = if round % 4 == 0 { (200, "rare") } else { (110, "usual") };
            // It becomes visible within the next seconds.
            let id = fake.add(ago - 10, ago);
            fake.world().events[id].attributes.product = product;
            late += u64::from(ago > 120);
            fake.world().now += 15 * SECOND;
            shown(&fake, &cache, Freshness::Own).await;
            read(&cache, &rare, Freshness::Own).await;
            shown(&fake, &cache, Freshness::Shared).await;
            assert_eq!(counted(&cache), late, "round {round}");
        }
        assert!(late == 10);
    });
}

#[test]
fn events_that_appear_within_the_lag_are_not_late() {
    run(async {
        let fake = Fake::new(1);
        let cache = busy(&fake).await;
        for round in 0..60 {
            fake.world().now += 10 * SECOND;
            fake.add(0, (round * 7) % 121);
            let freshness = if round % 3 == 0 { Freshness::Shared } else { Freshness::Own };
            shown(&fake, &cache, freshness).await;
        }
        assert_eq!(counted(&cache), 0);
        // Nor are events of a time that is fetched for the first time, however old.
        let past = window(List::Combined, None, START - 5_000 * SECOND, START);
        for (id, event) in fake.world().events.iter_mut().enumerate().take(10) {
            event.at = START - i64::try_from(id).unwrap() * SECOND;
        }
        read(&cache, &past, Freshness::Own).await;
        assert_eq!(counted(&cache), 0);
    });
}

/// Whether fetches at some times, of all that has not settled, show that an event is late.
fn is_late(event: &FakeEvent, fetches: &[i64], lag: i64, settling: i64) -> bool {
    let Some(first) = fetches.iter().position(|fetch| event.visible <= *fetch) else { return false };
    let Some(before) = first.checked_sub(1).map(|before| fetches[before]) else { return false };
    let was_settled = event.at < before - settling;
    // The range of a fetch ends at its time.
    !was_settled && event.at + lag < before
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn exactly_the_events_that_an_earlier_fetch_lacked_are_late(
        steps in prop::collection::vec((1..90_i64, prop::collection::vec((0..60_i64, 0..400_i64), 0..4)), 1..25),
        lag in 1..150_i64,
    ) {
        run(async {
            let (fake, settling) = (Fake::new(1), 300);
            let cache = new_cache(&fake, &json!({ "settlingSeconds": settling, "lagSeconds": lag }));
            let mut fetches = Vec::new();
            for (seconds, events) in steps {
                fake.world().now += seconds * SECOND;
                for (ago, late) in events {
                    // Events that are added now were not visible before. None is exactly as old as the lag at a fetch, which may
                    // begin a moment after its time is noted.
                    let id = fake.add(ago, late.max(ago));
                    fake.world().events[id].at -= SECOND / 2;
                }
                // An event of the very present may be in the fetch or not.
                fake.world().now += 1;
                fetches.push(fake.present());
                shown(&fake, &cache, Freshness::Own).await;
            }
            let events = fake.world().events.clone();
            let expected = events.iter().filter(|event| is_late(event, &fetches, lag * SECOND, settling * SECOND)).count();
            assert_eq!(counted(&cache), expected as u64);
        });
    }
}
