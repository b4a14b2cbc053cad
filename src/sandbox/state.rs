//! The state that all calls share: trail, clock, counters, rate limit.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::{Mutex, RwLock};

use super::calls::Calls;
use super::config::{Config, DAY, Grant};
use super::endpoint::Endpoint;
use super::error::Error;
use super::event::{Nanos, nanos};
use super::fault::Faults;
use super::json::json;
use super::list::{Entry, Row, Source, Trail};
use super::organization::Organization;
use super::products;
use super::query::Refusal;
use super::recorded::Recorded;
use super::traffic::Traffic;

/// The age of the oldest events in the trail.
const RETENTION: Duration = DAY.saturating_mul(90);

/// The state that all connections share. No guard lives across an await.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) organization: Arc<Organization>,
    traffic: Traffic,
    /// Answers of the product list, by region.
    products: HashMap<String, Bytes>,
    pub(super) trail: RwLock<Trail>,
    arriving: Mutex<Arriving>,
    pub(super) faults: Mutex<Faults>,
    pub(super) calls: Mutex<Calls>,
    budget: Mutex<Budget>,
    propagation: Mutex<Propagation>,
    /// Each call under way has a clone.
    pub(super) under_way: Arc<()>,
    pub(super) answers: AtomicU64,
    started: Instant,
    /// The present, where a test or a replay sets the clock.
    set: Mutex<Option<DateTime<Utc>>>,
}

/// Events of the future.
#[derive(Debug, Default)]
struct Arriving {
    next: u64,
    soon: BinaryHeap<Reverse<(Nanos, u64)>>,
}

/// The token bucket of the rate limit.
#[derive(Debug)]
struct Budget {
    calls: f64,
    since: Instant,
}

/// The propagation of new keys' permissions.
#[derive(Debug)]
struct Propagation {
    denied: Vec<u64>,
    since: Instant,
}

impl Shared {
    pub(super) fn new(config: Config) -> Result<Self, Error> {
        let span = TimeDelta::from_std(config.span).unwrap_or(TimeDelta::MAX);
        let organization = Arc::new(Organization::new(config.now, span));
        let (Recorded { mut trail, products }, events) = match &config.recorded {
            Some(directory) => (Recorded::read(directory, config.shift_to)?, 0),
            None => {
                (Recorded { trail: Trail::default(), products: products::of_regions(&config.regions) }, config.events)
            }
        };
        let incident = organization.incident.events(&organization);
        let incident = if incident.len() <= events { incident } else { Vec::new() };
        let everyday = (events - incident.len()) as u64;
        let now = nanos(config.now);
        let start = now.saturating_sub(config.span.as_nanos().try_into().unwrap_or(Nanos::MAX));
        let traffic = Traffic::new(Arc::clone(&organization), config.seed, start, now, everyday);
        let incident = incident.into_iter().map(|event| Entry::new(&event, Source::Text(json(&event).into())));
        let days = (0..everyday).map(|number| Entry::new(&traffic.event(number), Source::Everyday(number)));
        trail.fill(incident.chain(days));
        let started = Instant::now();
        Ok(Self {
            trail: RwLock::new(trail),
            traffic,
            organization,
            products,
            arriving: Mutex::new(Arriving { next: everyday, ..Arriving::default() }),
            faults: Mutex::new(Faults::new(config.faults.clone())),
            calls: Mutex::default(),
            budget: Mutex::new(Budget::full(config.rate_limit, started)),
            propagation: Mutex::new(Propagation { denied: vec![0; config.keys.len()], since: started }),
            under_way: Arc::default(),
            answers: AtomicU64::new(0),
            config,
            started,
            set: Mutex::default(),
        })
    }

    pub(super) fn reset(&self) {
        let now = Instant::now();
        *self.calls.lock() = Calls::default();
        *self.budget.lock() = Budget::full(self.config.rate_limit, now);
        *self.propagation.lock() = Propagation { denied: vec![0; self.config.keys.len()], since: now };
        self.faults.lock().rewind();
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.set().unwrap_or_else(|| self.config.now + self.started.elapsed())
    }

    /// The present to which the clock was set.
    pub(super) fn set(&self) -> Option<DateTime<Utc>> {
        *self.set.lock()
    }

    /// Sets the clock, which stands still from then on.
    pub(super) fn set_now(&self, now: DateTime<Utc>) {
        *self.set.lock() = Some(now);
    }

    pub(super) fn is_within_rate(&self) -> bool {
        self.config.rate_limit.is_none_or(|rate| self.budget.lock().spend(rate, Instant::now()))
    }

    /// Refuses calls without a valid token or permission.
    pub(super) fn admit(&self, token: Option<&str>, endpoint: Endpoint) -> Result<(), Refusal> {
        let Some(token) = token else { return Err(Refusal::unauthenticated("unknown_method", "invalid_argument")) };
        if token == self.config.secret_key {
            return Ok(());
        }
        let Some(key) = self.config.keys.iter().position(|(key, _)| key == token) else {
            return Err(Refusal::unauthenticated("api_key", "not_found"));
        };
        let mut propagation = self.propagation.lock();
        let is_denied = match self.config.keys[key].1 {
            Grant::Full => false,
            Grant::WithoutAuditTrail => endpoint.is_audit_trail(),
            Grant::WithoutIam => endpoint.is_iam(),
            Grant::WithoutProjects => endpoint == Endpoint::Projects,
            Grant::WithoutResources => endpoint == Endpoint::Resources,
            Grant::TrailAlone => !endpoint.is_audit_trail(),
            Grant::AfterCalls(calls) => propagation.denied[key] < calls,
            Grant::AfterTime(time) => propagation.since.elapsed() < time,
        };
        propagation.denied[key] += u64::from(is_denied);
        match endpoint {
            _ if !is_denied => Ok(()),
            Endpoint::Projects => Err(Refusal::denied("account_project")),
            Endpoint::Resources => Err(Refusal::denied("")),
            _ if endpoint.is_audit_trail() => Err(Refusal::denied("audit_trail")),
            Endpoint::DataSources => Err(Refusal::denied("cockpit")),
            Endpoint::ClusterRules => Err(Refusal::denied("kubernetes")),
            _ => Err(Refusal::denied("iam")),
        }
    }

    pub(super) fn products(&self, region: &str) -> Bytes {
        let none = Bytes::from_static(br#"{"products":[], "total_count":0}"#);
        self.products.get(region).cloned().unwrap_or(none)
    }

    /// The start of the retention. Recorded answers have none unless they are moved to the present.
    pub(super) fn retained_since(&self, now: Nanos) -> Nanos {
        if self.config.recorded.is_some() && self.config.shift_to.is_none() {
            return Nanos::MIN;
        }
        now.saturating_sub(RETENTION.as_nanos().try_into().unwrap_or(Nanos::MAX))
    }

    /// Adds the events up to the present, and returns the present.
    pub(super) fn catch_up(&self) -> Nanos {
        let now = nanos(self.now());
        if !self.config.live || self.config.recorded.is_some() {
            return now;
        }
        let mut arriving = self.arriving.lock();
        while self.traffic.begins(arriving.next) <= now {
            let number = arriving.next;
            arriving.soon.push(Reverse((self.traffic.event(number).at(), number)));
            arriving.next += 1;
        }
        while let Some(&Reverse((_, number))) = arriving.soon.peek().filter(|Reverse((at, _))| *at <= now) {
            self.trail.write().add(Entry::new(&self.traffic.event(number), Source::Everyday(number)));
            arriving.soon.pop();
        }
        now
    }

    pub(super) fn render(&self, row: &Row) -> Vec<u8> {
        match &row.source {
            Source::Text(text) => text.to_vec(),
            Source::Everyday(number) => json(&self.traffic.event(*number)),
        }
    }
}

impl Budget {
    /// A bucket with the calls of one second.
    fn full(rate: Option<f64>, now: Instant) -> Self {
        Self { calls: rate.unwrap_or_default().max(1.0), since: now }
    }

    fn spend(&mut self, rate: f64, now: Instant) -> bool {
        let earned = now.duration_since(self.since).as_secs_f64() * rate;
        self.calls = (self.calls + earned).min(rate.max(1.0));
        self.since = now;
        let enough = self.calls >= 1.0;
        if enough {
            self.calls -= 1.0;
        }
        enough
    }
}
