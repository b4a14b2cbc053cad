//! Clocks that are ahead, or are set back: no event is lost.

use std::time::Duration;

use serde_json::json;

use super::fake::{Fake, SECOND, START};
use super::setup::{busy, ids, new_cache, read, run, shown, window};
use crate::cache::Freshness;
use crate::event::{Kind, List};

#[test]
fn a_request_follows_a_clock_that_is_set_back() {
    for freshness in [Freshness::Own, Freshness::Shared] {
        run(async {
            let fake = Fake::new(0);
            let ahead = 3_600 * SECOND;
            fake.add_many(600, SECOND);
            let cache = new_cache(&fake, &json!({}));
            let rare = window(List::Of(Kind::Api), Some("rare"), START, fake.present() + ahead);
            fake.world().now += ahead;
            fake.world().latency = Duration::from_secs(1);
            let set_back = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                fake.world().now -= ahead;
            };
            let (listing, ()) = tokio::join!(read(&cache, &rare, freshness), set_back);
            assert_eq!((ids(&listing), listing.gaps), (fake.seen(&rare, fake.present()), Vec::new()));
        });
    }
}

#[test]
fn a_clock_set_back_during_a_fetch_loses_no_event() {
    run(async {
        let fake = Fake::new(0);
        let ahead = 3_600 * SECOND;
        // One event per second; a page has fewer events than are provisional.
        fake.add_many(600, SECOND);
        fake.world().now += ahead;
        fake.world().latency = Duration::from_secs(10);
        let cache = new_cache(&fake, &json!({ "settlingSeconds": 5 }));
        let whole = window(List::Combined, None, START, fake.present());
        let usual = window(List::Of(Kind::Api), Some("usual"), START, fake.present());
        let set_back = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            fake.world().now -= ahead;
            // An event that happens during the fetch.
            tokio::time::sleep(Duration::from_secs(8)).await;
            fake.add(0, 0);
        };
        let (one, two, ()) =
            tokio::join!(read(&cache, &usual, Freshness::Own), read(&cache, &whole, Freshness::Shared), set_back);
        assert_eq!((one.gaps, two.gaps), (Vec::new(), Vec::new()));
        fake.world().latency = Duration::ZERO;
        fake.world().now += 60 * SECOND;
        assert_eq!(ids(&read(&cache, &whole, Freshness::Own).await), fake.seen(&whole, fake.present()));
    });
}

#[test]
fn a_segment_fetched_in_the_future_is_not_fresh() {
    run(async {
        let fake = Fake::new(1);
        let cache = busy(&fake).await;
        fake.world().now -= 100 * SECOND;
        for freshness in [Freshness::Own, Freshness::Shared] {
            let new = fake.add(1, 1);
            fake.world().now += 2 * SECOND;
            assert!(shown(&fake, &cache, freshness).await.0.contains(&new), "{freshness:?}");
        }
    });
}

#[test]
fn a_segment_settled_by_a_fast_clock_is_fetched_again() {
    run(async {
        let fake = Fake::new(1);
        fake.world().now += 600 * SECOND;
        let cache = busy(&fake).await;
        fake.world().now -= 600 * SECOND;
        for _ in 0..100 {
            fake.world().now += 10 * SECOND;
            fake.add(1, 1);
            let (found, _) = shown(&fake, &cache, Freshness::Shared).await;
            assert_eq!(found, fake.seen(&window(List::Combined, None, START, fake.present()), fake.present()));
        }
    });
}

#[test]
fn files_written_by_a_fast_clock_are_not_loaded() {
    run(async {
        let fake = Fake::new(0);
        fake.add_many(10, SECOND);
        let folder = tempfile::tempdir().unwrap();
        let settings = json!({ "cacheDirectory": folder.path() });
        let ahead = 3_600 * SECOND;
        fake.world().now += ahead;
        let before = new_cache(&fake, &settings);
        // The test calls `persist` itself.
        assert!(before.inner().directory.as_ref().unwrap().is_due());
        read(&before, &window(List::Combined, None, START, fake.present()), Freshness::Shared).await;
        before.inner().persist();
        fake.world().now -= ahead;
        let after = new_cache(&fake, &settings);
        read(&after, &window(List::Combined, None, START, START + SECOND), Freshness::Shared).await;
        fake.add(1, 1);
        fake.world().now += 2 * ahead;
        let all = window(List::Combined, None, START, fake.present());
        assert_eq!(ids(&read(&after, &all, Freshness::Shared).await), fake.seen(&all, fake.present()));
    });
}
