//! Requests that share a fetch, and requests that must not wait for one.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use super::fake::{Fake, PAGE_SIZE, SECOND, START};
use super::setup::{SETTLING, ids, new_cache, read, run, window};
use crate::cache::{EventCache, Freshness, Gap};
use crate::event::{Kind, List};
use crate::scaleway::audit_trail::Window;

#[test]
fn equal_requests_at_the_same_time_share_one_fetch() {
    run(async {
        let fake = Fake::new(3);
        fake.add_many(100, SECOND);
        let now = fake.world().now;
        let whole = window(List::Combined, None, now - 500 * SECOND, now + SECOND);
        let part = window(List::Of(Kind::Api), Some("rare"), now - 400 * SECOND, now + SECOND);
        let one = new_cache(&fake, &json!({}));
        read(&one, &whole, Freshness::Shared).await;
        let alone = fake.take_calls();
        let twelve = new_cache(&fake, &json!({}));
        // The filtered requests come first, and wait for a request for the combined list.
        let asked: Vec<&Window> = (0..12).map(|number| if number % 3 == 2 { &whole } else { &part }).collect();
        let listings = join_all(asked.iter().map(|window| read(&twelve, window, Freshness::Shared))).await;
        for (window, listing) in asked.iter().zip(&listings) {
            assert_eq!(ids(listing), fake.seen(window, now));
        }
        assert_eq!(fake.take_calls(), alone);
    });
}

#[test]
fn a_cancelled_request_leaves_its_shared_fetch_running() {
    run(async {
        let fake = Fake::new(5);
        fake.add_many(300, SECOND);
        let now = fake.world().now;
        let cache = new_cache(&fake, &json!({}));
        let window = window(List::Combined, None, now - 500 * SECOND, now + SECOND);
        let asked = |cache: &EventCache<Fake>| {
            let (cache, window) = (cache.clone(), window.clone());
            tokio::spawn(async move { read(&cache, &window, Freshness::Shared).await })
        };
        let (first, second) = (asked(&cache), asked(&cache));
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        first.abort();
        assert_eq!(ids(&second.await.unwrap()), fake.seen(&window, now));
    });
}

#[test]
fn a_fetch_without_requests_is_aborted_and_its_complete_pages_are_cached() {
    run(async {
        let fake = Fake::new(0);
        fake.add_many(600, SECOND);
        fake.world().latency = Duration::from_secs(1);
        let cache = new_cache(&fake, &json!({}));
        let window = window(List::Combined, None, fake.present() - 700 * SECOND, fake.present());
        let asked = read(&cache, &window, Freshness::Shared);
        assert!(tokio::time::timeout(Duration::from_millis(6_500), asked).await.is_err());
        tokio::task::yield_now().await;
        let calls = fake.take_calls();
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!((fake.take_calls(), fake.running.load(Ordering::SeqCst)), (0, 0));
        // Complete pages are cached, except for the first page and those in flight; the next request fetches the rest.
        let all = 600_usize.div_ceil(PAGE_SIZE) + 8;
        assert_eq!(ids(&read(&cache, &window, Freshness::Own).await), fake.seen(&window, fake.present()));
        let rest = fake.take_calls();
        assert!(
            calls > 16 && rest < all - calls + usize::try_from(SETTLING).unwrap() / PAGE_SIZE + 8,
            "{calls} and {rest} calls of {all}"
        );
    });
}

#[test]
fn a_dashboard_refreshed_before_it_has_loaded_makes_progress() {
    run(async {
        let fake = Fake::new(0);
        fake.add_many(600, SECOND);
        fake.world().latency = Duration::from_secs(1);
        let range = |fake: &Fake| window(List::Combined, None, fake.present() - 700 * SECOND, fake.present());
        let alone = new_cache(&fake, &json!({}));
        read(&alone, &range(&fake), Freshness::Shared).await;
        let calls = fake.take_calls();
        let cache = new_cache(&fake, &json!({}));
        let mut refreshes = 0;
        loop {
            let window = range(&fake);
            let asked = read(&cache, &window, Freshness::Shared);
            if let Ok(listing) = tokio::time::timeout(Duration::from_secs(5), asked).await {
                assert_eq!(ids(&listing), fake.seen(&window, fake.present()));
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            refreshes += 1;
            assert!(refreshes < 20, "it never loads");
        }
        assert!(refreshes > 2, "{refreshes} refreshes");
        let all = fake.take_calls();
        // Each refresh fetches its own provisional events.
        assert!(all <= calls + 20 * refreshes, "{all} calls for {refreshes} refreshes, {calls} for one request");
    });
}

#[test]
fn a_short_request_does_not_wait_for_a_long_fetch() {
    run(async {
        let fake = Fake::new(0);
        fake.add_many(3_000, 10 * SECOND);
        fake.world().latency = Duration::from_secs(1);
        let cache = new_cache(&fake, &json!({}));
        let now = fake.present();
        let long = window(List::Combined, None, now - 30_000 * SECOND, now);
        let short = window(List::Combined, None, now - 1_000 * SECOND, now - 600 * SECOND);
        let begun = tokio::time::Instant::now();
        let timed = |window: Window, after: u64| {
            let (cache, fake) = (cache.clone(), fake.clone());
            async move {
                tokio::time::sleep(Duration::from_millis(after)).await;
                let listing = read(&cache, &window, Freshness::Shared).await;
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
fn a_long_request_at_its_limit_leaves_a_short_one_complete() {
    run(async {
        let fake = Fake::new(0);
        fake.add_many(600, SECOND);
        fake.world().latency = Duration::from_secs(1);
        let cache = new_cache(&fake, &json!({ "maxEvents": 50 }));
        let now = fake.present();
        let long = window(List::Combined, None, now - 600 * SECOND, now);
        let short = window(List::Combined, None, now - 440 * SECOND, now - 400 * SECOND);
        let asked = read(&cache, &short, Freshness::Shared);
        let later = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            asked.await
        };
        let (long, found) = tokio::join!(read(&cache, &long, Freshness::Shared), later);
        assert_eq!(long.gaps, [Gap::Limit(50)]);
        assert_eq!((ids(&found), found.gaps), (fake.seen(&short, now), Vec::new()));
    });
}

#[test]
fn a_short_combined_request_leaves_a_long_filtered_one_filtered() {
    for short_first in [true, false] {
        run(async {
            let fake = Fake::new(0);
            fake.add_many(3_000, SECOND);
            fake.world().latency = Duration::from_secs(1);
            let cache = new_cache(&fake, &json!({}));
            let now = fake.present();
            let read_after = async |window: Window, after: u64| {
                tokio::time::sleep(Duration::from_millis(after)).await;
                read(&cache, &window, Freshness::Shared).await.gaps
            };
            let (short, rare) = if short_first { (0, 100) } else { (100, 0) };
            let gaps = tokio::join!(
                read_after(window(List::Combined, None, now - 60 * SECOND, now), short),
                read_after(window(List::Of(Kind::Api), Some("none"), now - 3_000 * SECOND, now), rare)
            );
            assert_eq!(gaps, (Vec::new(), Vec::new()));
            let calls = fake.take_calls();
            assert!(calls < 60 / PAGE_SIZE + 10, "{calls} calls");
        });
    }
}

#[test]
fn answered_requests_leave_no_demand_and_no_fetch() {
    run(async {
        let fake = Fake::new(0);
        fake.add_many(10, SECOND);
        let cache = new_cache(&fake, &json!({}));
        for _ in 0..50 {
            read(&cache, &window(List::Combined, None, START, fake.present()), Freshness::Shared).await;
        }
        let state = cache.inner().state.lock();
        assert!(state.demands.len() <= 1 && state.fetches.len() <= 1);
    });
}
