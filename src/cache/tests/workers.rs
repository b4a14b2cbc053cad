//! One fetch by several workers: each event once, in as few calls as the density of a list allows.

use std::ops::Range;
use std::sync::atomic::Ordering;

use serde_json::json;

use super::fake::{Attributes, Fake, FakeEvent, PAGE_SIZE, SECOND, START};
use super::setup::{ids, interval, new_cache, read, run, window};
use crate::cache::{Freshness, Source};
use crate::event::{Kind, List};
use crate::scaleway::audit_trail::{Filter, ListKey, Window};

#[test]
fn concurrent_workers_fetch_each_event_once() {
    run(async {
        let fake = Fake::new(2);
        // Ties of three at one nanosecond, and a quiet time between two busy ones.
        let now = fake.world().now;
        for id in 0..3_000_usize {
            let quiet = if id < 1_500 { 0 } else { 20_000 * SECOND };
            let at = now - i64::try_from(id / 3).unwrap() * 2 * SECOND - quiet;
            fake.world().events.push(FakeEvent { id, at, visible: at, attributes: Attributes::of("a") });
        }
        let cache = new_cache(&fake, &json!({}));
        let window = window(List::Combined, None, now - 30_000 * SECOND, now + SECOND);
        let listing = read(&cache, &window, Freshness::Shared).await;
        assert_eq!(ids(&listing), fake.seen(&window, now));
        let pages = 3_000 / PAGE_SIZE;
        let calls = fake.take_calls();
        assert!(calls < pages + pages / 5, "{calls} calls for {pages} pages");
        assert_eq!(ids(&read(&cache, &window, Freshness::Shared).await), fake.seen(&window, now));
        assert_eq!(fake.take_calls(), 0, "all of it is cached");
    });
}

#[test]
fn unordered_pages_lose_no_event() {
    run(async {
        let fake = Fake::new(1);
        let now = fake.world().now;
        // The first batches are in order; later events are newer than all of these.
        for id in 0..300_usize {
            let position = i64::try_from(if id < 200 { 100 + id } else { 300 - id }).unwrap();
            // The range is too short for a second worker, which would read its end itself.
            let at = now - position * SECOND / 20;
            fake.world().events.push(FakeEvent { id, at, visible: at, attributes: Attributes::of("a") });
        }
        fake.world().disorder = true;
        let cache = new_cache(&fake, &json!({}));
        let window = window(List::Combined, None, now - 16 * SECOND, now);
        let listing = read(&cache, &window, Freshness::Shared).await;
        assert_eq!(ids(&listing), fake.seen(&window, now));
        assert_eq!(listing.gaps, []);
        fake.take_calls();
        assert_eq!(ids(&read(&cache, &window, Freshness::Shared).await), fake.seen(&window, now));
        assert_eq!(fake.take_calls(), 0, "all of it is cached");
    });
}

#[test]
fn a_selective_filter_fetches_the_filtered_list() {
    run(async {
        let fake = Fake::new(0);
        let now = fake.world().now;
        fake.add_many(20_000, SECOND / 10);
        for event in fake.world().events.iter_mut().skip(1) {
            event.attributes.product = if event.id.is_multiple_of(5_000) { "rare" } else { "usual" };
        }
        let cache = new_cache(&fake, &json!({}));
        let rare = window(List::Of(Kind::Api), Some("rare"), now - 2_000 * SECOND, now + SECOND);
        let listing = read(&cache, &rare, Freshness::Shared).await;
        assert_eq!(ids(&listing), fake.seen(&rare, now));
        let calls = fake.take_calls();
        assert!(calls < 10, "{calls} calls");
    });
}

#[test]
fn the_cost_of_a_list_is_estimated_from_the_nearest_segments() {
    for newest_first in [false, true] {
        run(async {
            let fake = Fake::new(0);
            // An hour with an event a minute, and a busy one beside it.
            let (start, now) = (fake.present() - 7_200 * SECOND, fake.present());
            let middle = start + 3_600 * SECOND;
            let (quiet, busy) = if newest_first { (middle..now, start..middle) } else { (start..middle, middle..now) };
            for (range, every) in [(&quiet, 60), (&busy, 1)] {
                for number in 0..3_600 / every {
                    let id = fake.world().events.len();
                    let at = range.start + number * every * SECOND;
                    let attributes = Attributes::of(if id.is_multiple_of(20) { "rare" } else { "usual" });
                    fake.world().events.push(FakeEvent { id, at, visible: at, attributes });
                }
            }
            let cache = new_cache(&fake, &json!({}));
            let rare = |range: &Range<i64>| window(List::Of(Kind::Api), Some("rare"), range.start, range.end);
            // Half of the quiet hour is cached, and all of the busy one.
            let half = quiet.start + 1_800 * SECOND;
            let (cached, missing) =
                if newest_first { (busy.start..half, half..now) } else { (half..busy.end, start..half) };
            read(&cache, &window(List::Combined, None, cached.start, cached.end), Freshness::Own).await;
            fake.take_calls();
            assert_eq!(ids(&read(&cache, &rare(&missing), Freshness::Own).await), fake.seen(&rare(&missing), now));
            let calls = fake.take_calls();
            assert!(calls <= 6, "{calls} calls");
            let Window { key, interval } = rare(&missing);
            let usual = Window { key: ListKey { filter: Filter::default(), ..key }, interval };
            assert_eq!(ids(&read(&cache, &usual, Freshness::Shared).await), fake.seen(&usual, now));
            assert_eq!(fake.take_calls(), 0, "the combined list was fetched, since it costs hardly more");
        });
    }
}

#[test]
fn a_range_into_the_future_costs_no_more_calls() {
    run(async {
        let day = 86_400 * SECOND;
        for to_come in [0, 30 * day] {
            let fake = Fake::new(3);
            fake.add_many(2_000, SECOND / 10);
            let until = fake.present() + to_come;
            let whole = window(List::Combined, None, fake.present() - 300 * SECOND, until);
            let one = new_cache(&fake, &json!({}));
            assert_eq!(ids(&read(&one, &whole, Freshness::Shared).await), fake.seen(&whole, fake.present()));
            let calls = fake.take_calls();
            assert!(calls < 2_000 / PAGE_SIZE + 20, "{calls} calls");
            assert_eq!(fake.peak.load(Ordering::SeqCst), fake.concurrent_calls());
            let rare = window(List::Of(Kind::Api), Some("none"), fake.present() - 300 * SECOND, until);
            let two = new_cache(&fake, &json!({}));
            read(&two, &rare, Freshness::Shared).await;
            let calls = fake.take_calls();
            assert!(calls < 5, "{calls} calls");
            let limited = new_cache(&fake, &json!({ "maxEvents": 500 }));
            let listing = read(&limited, &whole, Freshness::Shared).await;
            assert_eq!(ids(&listing), fake.seen(&whole, fake.present())[..500]);
            let calls = fake.take_calls();
            assert!(calls < 500 / PAGE_SIZE + 40, "{calls} calls");
        }
    });
}

#[test]
fn a_list_at_its_limit_reports_older_events_as_missing() {
    run(async {
        let fake = Fake::new(1);
        fake.add_many(100, SECOND);
        let cache = new_cache(&fake, &json!({ "maxEvents": 30 }));
        let listing = read(&cache, &window(List::Combined, None, START, fake.present() + 1), Freshness::Shared).await;
        let oldest = fake.present() - 29 * SECOND;
        assert_eq!((listing.events.len(), listing.missing), (30, vec![interval(START, oldest)]));
        let whole = read(&cache, &window(List::Combined, None, oldest, fake.present() + 1), Freshness::Shared).await;
        assert_eq!((whole.gaps, whole.missing), (vec![], vec![]));
    });
}
