//! Uncovered intervals are named.

use serde_json::json;

use super::fake::{Fake, RETENTION, SECOND, nanos};
use super::setup::{ids, interval, new_cache, read, run, window};
use crate::cache::Freshness;
use crate::event::List;

#[test]
fn a_range_from_before_the_coverage_names_the_uncovered_interval() {
    run(async {
        let fake = Fake::new(0);
        fake.add_many(20, SECOND);
        let cache = new_cache(&fake, &json!({}));
        let (now, covered) = (fake.present(), fake.present() - nanos(RETENTION));
        assert_eq!(cache.coverage(), interval(covered, now));
        for (from, uncovered) in [(covered - 5, vec![interval(covered - 5, covered)]), (covered, vec![])] {
            let range = window(List::Combined, None, from, now + 100 * SECOND);
            let listing = read(&cache, &range, Freshness::Shared).await;
            assert_eq!((listing.uncovered, listing.gaps, listing.missing), (uncovered, vec![], vec![]));
        }
    });
}

#[test]
fn events_beyond_the_coverage_are_read() {
    run(async {
        let fake = Fake::new(0);
        let before = nanos(RETENTION) / SECOND + 10;
        let old = fake.add(before, 0);
        let now = fake.present();
        let range = window(List::Combined, None, now - (before + 10) * SECOND, now);
        let listing = read(&new_cache(&fake, &json!({})), &range, Freshness::Shared).await;
        assert_eq!(ids(&listing), [old]);
    });
}

#[test]
fn a_source_that_ends_before_the_present_does_not_cover_the_rest() {
    run(async {
        let fake = Fake::new(0);
        let now = fake.present();
        fake.world().covered_until = Some(now - 60 * SECOND);
        let range = window(List::Combined, None, now - 100 * SECOND, now + 100 * SECOND);
        let listing = read(&new_cache(&fake, &json!({})), &range, Freshness::Shared).await;
        assert_eq!(listing.uncovered, [interval(now - 60 * SECOND, now)], "the time to come lacks nothing");
    });
}
