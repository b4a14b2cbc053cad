//! One cache, many threads.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use super::fake::{Fake, SECOND};
use super::setup::{ids, new_cache_of_bytes, read, window};
use crate::cache::Freshness;
use crate::event::{Kind, List};

/// Threads ask, cancel and ask again while little memory is allowed: no event is lost or doubled, and no call is left.
#[test]
fn concurrent_threads_get_complete_answers() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    runtime.block_on(async {
        let fake = Fake::new(2);
        fake.add_many(500, SECOND);
        let now = fake.world().now;
        // A part of the events fills the cache.
        let cache = new_cache_of_bytes(&fake, &json!({}), Some(10_000));
        let tasks = (0..64_i64).map(|number| {
            let (fake, cache) = (fake.clone(), cache.clone());
            tokio::spawn(async move {
                for round in 0..20 {
                    let seed = number * 31 + round * 17;
                    let from = now - (seed % 500 + 1) * SECOND;
                    let product = (seed % 3 == 0).then_some("rare");
                    let list = if product.is_some() { List::Of(Kind::Api) } else { List::Combined };
                    let window = window(list, product, from, from + (seed % 200 + 1) * SECOND);
                    let asked = read(&cache, &window, if seed % 5 == 0 { Freshness::Own } else { Freshness::Shared });
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
