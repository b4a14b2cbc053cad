//! Segments beyond the memory limit.

use serde_json::json;

use super::fake::{Fake, SECOND};
use super::setup::{ids, new_cache, new_cache_of_bytes, read, run, window};
use crate::cache::Freshness;
use crate::event::List;

#[test]
fn the_least_recently_used_segment_is_evicted_first() {
    run(async {
        let fake = Fake::new(0);
        fake.add_many(1_000, SECOND);
        let start = fake.present() - 950 * SECOND;
        let part = |number: i64| {
            let from = start + number * 200 * SECOND;
            window(List::Combined, None, from, from + 100 * SECOND)
        };
        let all = new_cache(&fake, &json!({}));
        read(&all, &part(0), Freshness::Shared).await;
        let size = all.inner().state.lock().store.size.bytes;
        // Two and a half parts fit.
        let cache = new_cache_of_bytes(&fake, &json!({}), Some(size * 5 / 2));
        for (number, is_cached) in [(0, false), (1, false), (0, true), (2, false), (0, true), (2, true), (1, false)] {
            fake.take_calls();
            let listing = read(&cache, &part(number), Freshness::Shared).await;
            assert_eq!(ids(&listing), fake.seen(&part(number), fake.present()));
            assert_eq!(fake.take_calls() == 0, is_cached, "part {number}");
        }
    });
}
