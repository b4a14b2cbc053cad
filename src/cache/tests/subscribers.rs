//! Subscribers: they receive new events once, and slow or dropped ones delay nothing.

use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::fake::{Fake, REGION, SECOND, START};
use super::setup::{busy, new_cache, read, run, shown, window};
use crate::cache::{EventCache, Freshness};
use crate::event::{Events, Kind, List};
use crate::scaleway::audit_trail::{Filter, ListKey, Param};

fn list(list: List, filter: Filter) -> ListKey {
    ListKey { region: REGION.to_owned(), list, filter }
}

fn combined() -> ListKey {
    list(List::Combined, Filter::default())
}

/// A cache that has all events of a busy trail.
async fn caught_up(fake: &Fake) -> EventCache<Fake> {
    let cache = busy(fake).await;
    // The newest event happened at the very end of the range that was read.
    fake.world().now += SECOND;
    shown(fake, &cache, Freshness::Own).await;
    cache
}

/// The ids of all events that a subscriber has received and not taken yet.
fn received(subscriber: &mut Receiver<Events>) -> Vec<usize> {
    let mut received = Vec::new();
    while let Ok(events) = subscriber.try_recv() {
        received.extend(events.ids().iter().map(|id| id.unwrap().parse::<usize>().unwrap()));
    }
    received.sort_unstable();
    received
}

#[test]
fn new_events_are_sent_once() {
    run(async {
        let fake = Fake::new(1);
        let cache = caught_up(&fake).await;
        let mut all = cache.subscribe(combined());
        let rare = Filter::default().with(Param::Product, "rare");
        let mut rare = cache.subscribe(list(List::Of(Kind::Api), rare));
        assert_eq!(received(&mut all), [0; 0], "what was cached before is not new");
        let (mut happened, mut sent) = (Vec::new(), Vec::new());
        for round in 0..100 {
            fake.world().now += 7 * SECOND;
            // Every fifth event is late by a minute and a half.
            let late = if round % 5 == 0 { 90 } else { 0 };
            happened.push(fake.add(late, late));
            let freshness = if round % 3 == 0 { Freshness::Own } else { Freshness::Shared };
            shown(&fake, &cache, freshness).await;
            sent.extend(received(&mut all));
        }
        fake.world().now += 120 * SECOND;
        shown(&fake, &cache, Freshness::Own).await;
        sent.extend(received(&mut all));
        sent.sort_unstable();
        assert_eq!(sent, happened);
        assert_eq!(received(&mut rare), [0; 0]);
        let id = fake.add(0, 0);
        fake.world().events[id].attributes.product = "rare";
        fake.world().now += SECOND;
        shown(&fake, &cache, Freshness::Own).await;
        assert_eq!(
            (received(&mut all), received(&mut rare)),
            (vec![id], vec![id]),
            "a part of the list that was fetched"
        );
    });
}

#[test]
fn events_fetched_again_are_not_sent() {
    run(async {
        let fake = Fake::new(1);
        let cache = caught_up(&fake).await;
        let mut subscriber = cache.subscribe(combined());
        for _ in 0..20 {
            shown(&fake, &cache, Freshness::Own).await;
            fake.world().now += 30 * SECOND;
        }
        assert_eq!(received(&mut subscriber), [0; 0]);
        // Nor are events of the past, when they are first read.
        let past = window(List::Combined, None, START - 5_000 * SECOND, START);
        for (id, event) in fake.world().events.iter_mut().enumerate().take(10) {
            event.at = START - i64::try_from(id).unwrap() * SECOND;
        }
        assert_eq!(read(&cache, &past, Freshness::Shared).await.events.len(), 9);
        assert_eq!(received(&mut subscriber), [0; 0]);
    });
}

#[test]
fn a_slow_subscriber_delays_nothing_and_learns_that_it_missed_events() {
    run(async {
        let fake = Fake::new(1);
        let cache = new_cache(&fake, &json!({}));
        let (mut slow, mut quick) = (cache.subscribe(combined()), cache.subscribe(combined()));
        let mut last = 0;
        for _ in 0..100 {
            fake.world().now += SECOND;
            last = fake.add(0, 0);
            fake.world().now += 1;
            shown(&fake, &cache, Freshness::Own).await;
            assert_eq!(received(&mut quick), [last]);
        }
        assert!(matches!(slow.try_recv(), Err(TryRecvError::Lagged(missed)) if missed > 0));
        let rest = received(&mut slow);
        assert_eq!((rest.len() < 100, rest.last()), (true, Some(&last)));
    });
}

#[test]
fn a_dropped_subscriber_leaves_no_subscription() {
    run(async {
        let fake = Fake::new(1);
        let cache = new_cache(&fake, &json!({}));
        let (one, other) = (cache.subscribe(combined()), cache.subscribe(combined()));
        assert_eq!(cache.inner().state.lock().subscriptions.len(), 1, "subscribers of a list share one");
        drop(one);
        shown(&fake, &cache, Freshness::Own).await;
        assert_eq!(cache.inner().state.lock().subscriptions.len(), 1);
        drop(other);
        fake.world().now += SECOND;
        shown(&fake, &cache, Freshness::Own).await;
        assert_eq!(cache.inner().state.lock().subscriptions.len(), 0);
    });
}
