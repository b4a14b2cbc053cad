//! Reads in the background, and what they leave to panels.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use super::fake::{Fake, PAGE_SIZE, SECOND};
use super::setup::{ids, new_cache, new_cache_of_bytes, read, run, window};
use crate::cache::Freshness;
use crate::event::List;

#[test]
fn a_read_in_the_background_has_one_call_at_a_time() {
    run(async {
        let fake = Fake::new(2);
        fake.add_many(600, SECOND);
        let (start, cache) = (fake.present() - 900 * SECOND, new_cache(&fake, &json!({})));
        let older = window(List::Combined, None, start, start + 600 * SECOND);
        let listing = read(&cache, &older, Freshness::Background).await;
        assert_eq!((ids(&listing), &listing.gaps[..]), (fake.seen(&older, fake.present()), &[][..]));
        assert_eq!(fake.peak.load(Ordering::SeqCst), 1);
        assert!(fake.take_calls() >= 300 / PAGE_SIZE);
        // A panel has as many as it may, and the segments of the background are cached for it.
        let all = window(List::Combined, None, start, fake.present());
        assert_eq!(ids(&read(&cache, &all, Freshness::Shared).await), fake.seen(&all, fake.present()));
        assert!(fake.peak.load(Ordering::SeqCst) > 1);
        assert!(fake.take_calls() < 600 / PAGE_SIZE);
    });
}

#[test]
fn a_panel_does_not_wait_for_a_fetch_in_the_background() {
    run(async {
        let fake = Fake::new(0);
        fake.add_many(700, SECOND);
        fake.world().latency = Duration::from_secs(1);
        let (start, cache) = (fake.present() - 700 * SECOND, new_cache(&fake, &json!({})));
        let range = window(List::Combined, None, start, start + 400 * SECOND);
        let begun = tokio::time::Instant::now();
        let panel = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(cache.is_idle(), "nobody waits for a fetch in the background");
            let listing = tokio::join!(read(&cache, &range, Freshness::Shared), async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                assert!(!cache.is_idle());
            });
            assert_eq!(ids(&listing.0), fake.seen(&range, fake.present()));
            begun.elapsed()
        };
        let (panel, background) =
            tokio::join!(panel, async { (read(&cache, &range, Freshness::Background).await, begun.elapsed()).1 });
        assert!(panel < background, "{panel:?} and {background:?}");
        assert!(cache.is_idle());
    });
}

#[test]
fn what_is_read_in_the_background_is_evicted_before_what_panels_use() {
    run(async {
        let fake = Fake::new(0);
        fake.add_many(1_000, SECOND);
        let start = fake.present() - 950 * SECOND;
        let part = |number: i64| {
            let from = start + number * 100 * SECOND;
            window(List::Combined, None, from, from + 100 * SECOND)
        };
        let all = new_cache(&fake, &json!({}));
        read(&all, &part(0), Freshness::Shared).await;
        let size = all.inner().state.lock().store.size.bytes;
        // Two and a half parts fit.
        let cache = new_cache_of_bytes(&fake, &json!({}), Some(size * 5 / 2));
        read(&cache, &part(6), Freshness::Shared).await;
        for number in (0..6).rev() {
            // The neighbour of a part that a panel used is not joined with it.
            assert_eq!(ids(&read(&cache, &part(number), Freshness::Background).await).len(), 100);
        }
        fake.take_calls();
        read(&cache, &part(6), Freshness::Shared).await;
        assert_eq!(fake.take_calls(), 0, "the part that a panel uses is evicted");
        read(&cache, &part(0), Freshness::Shared).await;
        assert!(fake.take_calls() > 0, "all parts fit");
    });
}
