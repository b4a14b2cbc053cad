//! Segments that have not settled: refreshes, alert rules and outages.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use super::fake::{Fake, PAGE_SIZE, SECOND, START, nanos};
use super::setup::{busy, ids, interval, new_cache, read, run, shown, window};
use crate::cache::segment::Segment;
use crate::cache::store::{OVERLAP, STALE_FOR};
use crate::cache::{Freshness, Gap};
use crate::event::{Kind, List};
use crate::scaleway::audit_trail::Flaws;
use crate::time::Clock;

#[test]
fn a_rule_fetches_provisional_events_and_shares_them_with_rules_of_the_same_tick() {
    run(async {
        let fake = Fake::new(1);
        fake.add_many(5, SECOND);
        let now = fake.world().now;
        let cache = new_cache(&fake, &json!({}));
        let window = window(List::Combined, None, now - 50 * SECOND, now);
        read(&cache, &window, Freshness::Shared).await;
        assert_eq!(fake.take_calls(), 1);
        read(&cache, &window, Freshness::Shared).await;
        assert_eq!(fake.take_calls(), 0, "panels share a segment");
        fake.world().now += 1;
        join_all((0..5).map(|_| read(&cache, &window, Freshness::Own))).await;
        assert_eq!(fake.take_calls(), 1, "rules share a fetch that began after they asked");
    });
}

#[test]
fn an_outage_reports_uncached_intervals_as_missing_and_stale_ones_as_provisional() {
    run(async {
        let fake = Fake::new(1);
        let cache = busy(&fake).await;
        let read_at = fake.present();
        fake.world().failures = usize::MAX;
        let outage = async |seconds: i64| {
            fake.world().now = read_at + seconds * SECOND;
            let listing = read(&cache, &window(List::Combined, None, START, fake.present()), Freshness::Shared).await;
            assert!(matches!(listing.gaps[..], [Gap::Failed(_)]), "{:?}", listing.gaps);
            (listing.missing, listing.provisional)
        };
        // The settling time is 300 s, and a refresh reads the last minute again.
        let settled = read_at - 300 * SECOND;
        let steady = read_at - nanos(OVERLAP);
        assert_eq!(outage(20).await, (vec![interval(steady, read_at + 20 * SECOND)], vec![interval(settled, steady)]));
        // After a minute, only settled segments are hits.
        assert_eq!(outage(62).await, (vec![interval(settled, read_at + 62 * SECOND)], vec![]));
        // A cold cache has nothing.
        let cold = new_cache(&fake, &json!({}));
        let range = window(List::Combined, None, START, fake.present() + 100 * SECOND);
        let listing = read(&cold, &range, Freshness::Shared).await;
        assert_eq!(listing.missing, [interval(START, fake.present())], "no event of the future is missing");
    });
}

#[test]
fn a_refresh_fetches_new_and_possibly_late_events_only() {
    run(async {
        let fake = Fake::new(1);
        let cache = busy(&fake).await;
        let pages = |seconds: usize| seconds.div_ceil(PAGE_SIZE);
        for refresh in 1..=120 {
            for _ in 0..5 {
                fake.world().now += SECOND;
                fake.add(0, 0);
            }
            fake.world().now += 1;
            let (found, calls) = shown(&fake, &cache, Freshness::Shared).await;
            assert_eq!(found, fake.seen(&window(List::Combined, None, 0, fake.present()), fake.present()));
            // Once a minute, a refresh fetches all provisional events.
            let seconds = if refresh % 12 == 0 { 300 + 65 } else { 60 + 5 };
            // Each worker may cost a call more, and as many run as the source allows.
            let most = pages(seconds) + 4;
            assert!(calls <= most, "{calls} calls of a refresh {} s later, not {most}", refresh * 5);
            let cached = cache.inner().state.lock().store.size.events;
            assert!(cached <= found.len(), "{cached} events are cached, and {} happened", found.len());
        }
    });
}

#[test]
fn a_very_late_event_is_counted_by_rules_at_once_and_shown_within_a_minute() {
    run(async {
        let fake = Fake::new(1);
        let cache = busy(&fake).await;
        fake.world().now += 2 * SECOND;
        let late = fake.add(200, 200);
        let (found, calls) = shown(&fake, &cache, Freshness::Shared).await;
        assert!(!found.contains(&late) && calls < 15, "a refresh does not fetch as far back: {calls} calls");
        assert!(shown(&fake, &cache, Freshness::Own).await.0.contains(&late));
        assert!(shown(&fake, &cache, Freshness::Shared).await.0.contains(&late), "the fetch of a rule is cached too");
        let later = fake.add(200, 200);
        fake.world().now += nanos(STALE_FOR) + SECOND;
        assert!(shown(&fake, &cache, Freshness::Shared).await.0.contains(&later));
    });
}

#[test]
fn an_older_segment_of_a_filtered_list_hides_no_event_of_the_combined_list() {
    run(async {
        let fake = Fake::new(1);
        let cache = busy(&fake).await;
        let wide = window(List::Combined, None, START, i64::MAX);
        let narrow = window(List::Of(Kind::Api), Some("usual"), START, i64::MAX);
        let (interval, known) = (interval(fake.present() - 300 * SECOND, fake.present()), narrow.key.clone());
        let events = known.select(&read(&cache, &wide, Freshness::Own).await.events).within(interval);
        let segment = Segment { interval, events, flaws: Flaws::default() };
        cache.inner().insert(&known, &segment, fake.now(), Duration::ZERO, true);
        let late = fake.add(200, 200);
        fake.world().now += 5 * SECOND;
        read(&cache, &wide, Freshness::Own).await;
        for _ in 0..4 {
            assert!(ids(&read(&cache, &narrow, Freshness::Shared).await).contains(&late));
            fake.world().now += 12 * SECOND;
        }
    });
}
