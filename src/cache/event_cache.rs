use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use futures::future::{FutureExt, join_all};
use parking_lot::Mutex;
use tokio::sync::broadcast;

use super::directory::Directory;
use super::freshness::Freshness;
use super::limits::Limits;
use super::listing::Listing;
use super::metrics::Meter;
use super::request::Request;
use super::source::Source;
use super::state::{Inner, State};
use super::store::{Staleness, Store};
use super::subscription::Subscription;
use crate::event::Events;
use crate::scaleway::Client;
use crate::scaleway::audit_trail::{GLOBAL_REGION, ListKey, Window};
use crate::settings::Settings;
use crate::time::{Interval, Time};

/// The time for which a region that does not exist is not fetched again for panels.
const ABSENT_FOR: Duration = Duration::from_mins(1);

/// The events of one organization, read with one credential. Clones share one cache.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::collections::HashMap;
/// use std::sync::Arc;
/// use std::time::{Duration, Instant};
///
/// use audittrail::cache::Freshness;
/// use audittrail::event::List;
/// use audittrail::query::{DataSource, Meters};
/// use audittrail::sandbox::{self, Config, Endpoint, ORGANIZATION_ID, SECRET_KEY};
/// use audittrail::scaleway::audit_trail::{ListKey, Window};
/// use audittrail::settings::Settings;
/// use audittrail::time::{Interval, SystemClock};
///
/// let sandbox = sandbox::start(Config { events: 500, ..Config::default() }).await?;
/// let json = format!(r#"{{"organizationId": "{ORGANIZATION_ID}", "apiUrl": "{}"}}"#, sandbox.url());
/// let secrets = HashMap::from([("secretKey".to_owned(), SECRET_KEY.to_owned())]);
/// let settings = Settings::parse(json.as_bytes(), &secrets)?;
/// let cache = DataSource::new(settings, Arc::new(SystemClock), &Meters::default())?.cache;
///
/// let hour = Duration::from_hours(1);
/// let interval = Interval::new(cache.coverage().end - 2 * hour, cache.coverage().end - hour);
/// let key = ListKey { region: "fr-par".to_owned(), list: List::Combined, filter: Default::default() };
/// let window = Window { key, interval };
/// let deadline = Instant::now() + Duration::from_secs(60);
/// let fetched = cache.read(&[window.clone()], Freshness::Shared, deadline).await;
/// let calls = sandbox.calls().to(Endpoint::CombinedEvents);
/// let cached = cache.read(&[window], Freshness::Shared, deadline).await;
/// assert_eq!(cached[0].events, fetched[0].events);
/// assert_eq!(sandbox.calls().to(Endpoint::CombinedEvents), calls);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct EventCache<S: Source = Client> {
    inner: Arc<Inner<S>>,
}

impl<S: Source> Clone for EventCache<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<S: Source> EventCache<S> {
    /// An empty cache of the events of `source`. One list of one region yields at most `max_events` of the settings.
    #[must_use]
    pub fn new(source: S, settings: &Settings, limits: Limits, meter: Meter) -> Self {
        let late_events = meter.late.clone();
        let store = Store::new(settings.settling, settings.max_memory, limits, meter);
        let directory =
            settings.cache_directory.as_ref().and_then(|path| Directory::open(path, &settings.trail_fingerprint()));
        let inner = Inner {
            source,
            max_events: settings.max_events,
            limits,
            lag: settings.lag,
            late_events,
            state: Mutex::new(State::new(store)),
            directory,
            loaded: OnceLock::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    #[cfg(test)]
    pub(super) fn inner(&self) -> &Arc<Inner<S>> {
        &self.inner
    }

    /// The interval of which the source has all events; [`Listing::uncovered`] has the parts of a listing outside of it.
    #[must_use]
    pub fn coverage(&self) -> Interval {
        self.inner.source.coverage()
    }

    /// The folder of this cache in the cache directory, where one is set and can be written.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.inner.directory.as_ref().map(Directory::path)
    }

    /// Whether no panel and no rule waits for a fetch.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let state = self.inner.state.lock();
        let mut fetches = state.fetches.iter().filter_map(Weak::upgrade);
        !fetches.any(|fetch| !fetch.in_background && !fetch.task.is_finished())
    }

    /// The events of windows: cached ones and, if these are not enough, fetched ones. A window that fails has a gap in its
    /// listing and does not affect the others. Consecutive windows of one region share the combined list where that spares
    /// calls.
    pub async fn read(&self, windows: &[Window], freshness: Freshness, deadline: Instant) -> Vec<Listing> {
        self.load(deadline).await;
        let regions = windows.chunk_by(|one, next| one.key.region == next.key.region);
        let listings = join_all(regions.map(|windows| self.read_region(windows, freshness, deadline))).await;
        if self.inner.directory.as_ref().is_some_and(Directory::is_due) {
            let inner = Arc::clone(&self.inner);
            // The answer does not wait for the disk.
            tokio::task::spawn_blocking(move || inner.persist());
        }
        listings.into_iter().flatten().collect()
    }

    /// The new events of a list from now on, whichever request fetches them, each once. Cached events are not
    /// new, nor are events that had settled at the subscription, or an hour before their fetch.
    ///
    /// Nothing is fetched for a subscriber. A receiver that falls behind gets
    /// [`RecvError::Lagged`](broadcast::error::RecvError::Lagged).
    #[must_use]
    pub fn subscribe(&self, list: ListKey) -> broadcast::Receiver<Events> {
        let now = self.inner.source.now();
        let mut state = self.inner.state.lock();
        if let Some(subscription) = state.subscriptions.iter().find(|other| other.list == list) {
            return subscription.sender.subscribe();
        }
        let since = state.store.settled_until(now);
        let window = Window { key: list, interval: Interval::new(since, Time::MAX) };
        let any = Staleness { fresh_since: Time::MIN, stale_since: Time::MIN, accept_any: true, uses: true };
        let cached = state.store.lookup(&window, &any, Time::MAX).hits;
        let subscription = Subscription::new(window.key, since, &cached);
        let receiver = subscription.sender.subscribe();
        state.subscriptions.push(subscription);
        receiver
    }

    /// Loads the directory, once, before the first answer. Every request waits for the directory, but for half of its time at
    /// most, so that it can still fetch from Scaleway.
    async fn load(&self, deadline: Instant) {
        if self.inner.directory.is_none() || self.inner.state.lock().is_directory_slow {
            return;
        }
        let loaded = self.inner.loaded.get_or_init(|| {
            let inner = Arc::clone(&self.inner);
            // A panic is logged by the panic hook, and leaves the rest to be fetched.
            tokio::task::spawn_blocking(move || inner.load()).map(|_| ()).boxed().shared()
        });
        let patience = deadline.saturating_duration_since(Instant::now()) / 2;
        if tokio::time::timeout(patience, loaded.clone()).await.is_err()
            && !std::mem::replace(&mut self.inner.state.lock().is_directory_slow, true)
        {
            tracing::warn!("the cache directory cannot be read in time; its events are fetched from Scaleway");
        }
    }

    async fn read_region(&self, windows: &[Window], freshness: Freshness, deadline: Instant) -> Vec<Listing> {
        let region = windows[0].key.region.as_str();
        let is_absent = self.inner.state.lock().absent.get(region).is_some_and(|found| found.elapsed() < ABSENT_FOR);
        if freshness != Freshness::Own && is_absent {
            return windows.iter().map(|window| Listing::absent(&window.key.region, window.key.list)).collect();
        }
        let listings = self.read_existing_region(windows, freshness, deadline).await;
        // Every answer needs the global events: without their region there is none.
        if region == GLOBAL_REGION
            || !listings.iter().all(Listing::has_only_absences)
            // If the region has a list of products, only these lists are missing.
            || !self.inner.source.is_absent(region, deadline).await
        {
            return listings;
        }
        self.inner.state.lock().absent.insert(region.to_owned(), Instant::now());
        listings.into_iter().map(|listing| Listing::absent(&listing.region, listing.list)).collect()
    }

    /// Reads with the combined list where that may spare calls, and with the lists of single kinds alone if the combined list
    /// is unusable.
    async fn read_existing_region(&self, windows: &[Window], freshness: Freshness, deadline: Instant) -> Vec<Listing> {
        let mut failed = Vec::new();
        if !self.inner.state.lock().never_combine {
            let request = Request { inner: &self.inner, windows, may_combine: true, freshness, deadline };
            let listings = request.listings().await;
            if !listings.iter().any(Listing::is_unusable) {
                return listings;
            }
            failed = listings;
        }
        let windows = &by_kind(windows);
        let request = Request { inner: &self.inner, windows, may_combine: false, freshness, deadline };
        let listings = request.listings().await;
        if !failed.is_empty() && listings.iter().all(Listing::has_failed) {
            // The whole region fails, not only the combined list.
            return failed;
        }
        if listings.iter().all(|listing| listing.gaps.is_empty()) {
            self.inner.stop_combining();
        }
        listings
    }
}

/// The lists of single kinds of all lists, each once.
fn by_kind(windows: &[Window]) -> Vec<Window> {
    let mut single = Vec::new();
    for Window { key, interval } in windows {
        for window in key.by_kind().into_iter().map(|key| Window { key, interval: *interval }) {
            if !single.contains(&window) {
                single.push(window);
            }
        }
    }
    single
}
