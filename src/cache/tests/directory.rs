//! Segments on disk.

use std::time::{Duration, Instant};

use futures::FutureExt;
use serde_json::json;

use super::fake::{Fake, SECOND, START};
use super::setup::{ids, new_cache, read, run, window};
use crate::cache::Freshness;
use crate::event::List;

#[test]
fn a_hanging_cache_directory_leaves_time_to_fetch() {
    run(async {
        let fake = Fake::new(1);
        fake.add_many(5, SECOND);
        let folder = tempfile::tempdir().unwrap();
        let cache = new_cache(&fake, &json!({ "cacheDirectory": folder.path() }));
        let hangs = cache.inner().loaded.set(futures::future::pending().boxed().shared());
        assert!(hangs.is_ok());
        let window = window(List::Combined, None, START, fake.present());
        let deadline = Instant::now() + Duration::from_mins(1);
        let listings = cache.read(std::slice::from_ref(&window), Freshness::Own, deadline).await;
        assert_eq!((ids(&listings[0]), &listings[0].gaps), (fake.seen(&window, fake.present()), &Vec::new()));
        let waited = fake.begun.elapsed();
        assert!(waited < Duration::from_secs(31), "{waited:?}");
        read(&cache, &window, Freshness::Own).await;
        assert!(fake.begun.elapsed() < waited + Duration::from_secs(1), "only the first request waits for it");
    });
}

#[test]
fn files_older_than_the_retention_are_removed() {
    run(async {
        let fake = Fake::new(0);
        fake.add_many(10, SECOND);
        let above = tempfile::tempdir().unwrap();
        let cache = new_cache(&fake, &json!({ "cacheDirectory": above.path() }));
        read(&cache, &window(List::Combined, None, START, fake.present()), Freshness::Shared).await;
        let folder = std::fs::read_dir(above.path()).unwrap().next().unwrap().unwrap().path();
        let day = 86_400 * SECOND;
        let old = folder.join(format!("a_{START}_{}.segment", START + day));
        let former = folder.join(format!("a_{START}_{}.held", START + day));
        std::fs::write(&old, "").unwrap();
        std::fs::write(&former, "").unwrap();
        cache.inner().persist();
        assert!(old.exists());
        assert!(!former.exists(), "a file of a former format");
        fake.world().now = START + 92 * day;
        cache.inner().persist();
        assert!(!old.exists());
    });
}
