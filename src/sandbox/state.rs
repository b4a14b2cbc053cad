//! The state that all calls share: trail, clock, counters, rate limit.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;

use super::calls::Calls;
use super::config::{Config, Grant};
use super::endpoint::Endpoint;
use super::error::Error;
use super::event::{Kind, Nanos};
use super::fault::{FaultPlan, Faults};
use super::ids::of_name;
use super::json::json;
use super::list::{Entry, Row, Source, Trail};
use super::organization::Organization;
use super::products;
use super::query::Refusal;
use super::recorded::{Recorded, entry};
use super::traffic::Traffic;

/// The state that all connections share. No guard lives across an await.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) organization: Arc<Organization>,
    /// `None` for recorded answers.
    traffic: Option<Traffic>,
    products: Products,
    trail: RwLock<Trail>,
    arriving: Mutex<Arriving>,
    pub(super) faults: Mutex<Faults>,
    pub(super) calls: Mutex<Calls>,
    budget: Mutex<Budget>,
    propagation: Mutex<Propagation>,
    pub(super) under_way: AtomicU64,
    pub(super) answers: AtomicU64,
    started: Instant,
}

#[derive(Debug)]
enum Products {
    Simulated(Bytes),
    Recorded(HashMap<String, Bytes>),
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

/// After a panic under the lock, the data is still usable for a sandbox.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(config: Config) -> Result<Self, Error> {
        let span = TimeDelta::from_std(config.span).unwrap_or(TimeDelta::MAX);
        let organization = Arc::new(Organization::new(config.now, span));
        let mut arriving = Arriving::default();
        let (trail, traffic, products) = if let Some(directory) = &config.recorded {
            let recorded = Recorded::read(directory, config.shift_to)?;
            (recorded.trail, None, Products::Recorded(recorded.products))
        } else {
            let (trail, traffic, everyday) = simulate(&config, &organization);
            arriving.next = everyday;
            (trail, Some(traffic), Products::Simulated(products::list().into()))
        };
        let started = Instant::now();
        Ok(Self {
            trail: RwLock::new(trail),
            traffic,
            organization,
            products,
            arriving: Mutex::new(arriving),
            faults: Mutex::new(Faults::new(config.faults.clone())),
            calls: Mutex::default(),
            budget: Mutex::new(Budget::full(config.rate_limit, started)),
            propagation: Mutex::new(Propagation { denied: vec![0; config.keys.len()], since: started }),
            under_way: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            config,
            started,
        })
    }

    pub(super) fn calls(&self) -> Calls {
        lock(&self.calls).clone()
    }

    pub(super) fn reset(&self) {
        let now = Instant::now();
        *lock(&self.calls) = Calls::default();
        *lock(&self.budget) = Budget::full(self.config.rate_limit, now);
        *lock(&self.propagation) = Propagation { denied: vec![0; self.config.keys.len()], since: now };
        lock(&self.faults).rewind();
    }

    pub(super) fn set_faults(&self, plans: Vec<FaultPlan>) {
        *lock(&self.faults) = Faults::new(plans);
    }

    pub(super) fn push(&self, region: &str, kind: Kind, json: String) -> Result<(), Error> {
        self.trail_mut().add(entry(region, kind, json.into())?);
        Ok(())
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.config.now + self.started.elapsed()
    }

    pub(super) fn trail(&self) -> RwLockReadGuard<'_, Trail> {
        self.trail.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn trail_mut(&self) -> RwLockWriteGuard<'_, Trail> {
        self.trail.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn delay(&self, answer: u64) -> Duration {
        let share = if self.config.jitter.is_zero() { 0.0 } else { of_name(&format!("jitter {answer}")).random() };
        self.config.latency + self.config.jitter.mul_f64(share)
    }

    pub(super) fn is_within_rate(&self) -> bool {
        let Some(rate) = self.config.rate_limit else { return true };
        lock(&self.budget).spend(rate, Instant::now())
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
        let area = match endpoint {
            Endpoint::Projects => "account_project",
            Endpoint::Resources => "",
            _ if endpoint.is_audit_trail() => "audit_trail",
            _ => "iam",
        };
        let mut propagation = lock(&self.propagation);
        let denied = match self.config.keys[key].1 {
            Grant::Full => false,
            Grant::WithoutAuditTrail => endpoint.is_audit_trail(),
            Grant::WithoutIam => endpoint.is_iam(),
            Grant::WithoutProjects => endpoint == Endpoint::Projects,
            Grant::WithoutResources => endpoint == Endpoint::Resources,
            Grant::TrailAlone => !endpoint.is_audit_trail(),
            Grant::AfterCalls(calls) => propagation.denied[key] < calls,
            Grant::AfterTime(time) => propagation.since.elapsed() < time,
        };
        propagation.denied[key] += u64::from(denied);
        if denied { Err(Refusal::denied(area)) } else { Ok(()) }
    }

    pub(super) fn products(&self, region: &str) -> Bytes {
        match &self.products {
            Products::Simulated(list) => list.clone(),
            Products::Recorded(lists) => {
                lists.get(region).cloned().unwrap_or_else(|| Bytes::from_static(br#"{"products":[], "total_count":0}"#))
            }
        }
    }

    /// The start of the retention. Recorded answers have none unless they were moved to the present.
    pub(super) fn retained_since(&self, now: Nanos) -> Nanos {
        if self.traffic.is_none() && self.config.shift_to.is_none() {
            return Nanos::MIN;
        }
        now.saturating_sub(self.config.retention.as_nanos().try_into().unwrap_or(Nanos::MAX))
    }

    /// Adds the events up to the present, and returns the present.
    pub(super) fn catch_up(&self) -> Nanos {
        let now = self.now().timestamp_nanos_opt().unwrap_or(Nanos::MAX);
        let Some(traffic) = self.traffic.as_ref().filter(|_| self.config.live) else { return now };
        let mut arriving = lock(&self.arriving);
        while traffic.begins(arriving.next) <= now {
            let number = arriving.next;
            arriving.soon.push(Reverse((traffic.event(number).at(), number)));
            arriving.next += 1;
        }
        let mut trail = None;
        while let Some(&Reverse((_, number))) = arriving.soon.peek().filter(|Reverse((at, _))| *at <= now) {
            let event = traffic.event(number);
            let trail = trail.get_or_insert_with(|| self.trail_mut());
            trail.add(Entry::new(&event, Source::Everyday(number)));
            arriving.soon.pop();
        }
        now
    }

    pub(super) fn render(&self, row: &Row) -> Vec<u8> {
        match (&row.source, &self.traffic) {
            (Source::Text(text), _) => text.to_vec(),
            (Source::Everyday(number), Some(traffic)) => json(&traffic.event(*number)),
            // Without traffic there are no such rows.
            (Source::Everyday(_), None) => Vec::new(),
        }
    }
}

/// A simulated week: the trail, the traffic that renders it, and the number of ordinary events.
fn simulate(config: &Config, organization: &Arc<Organization>) -> (Trail, Traffic, u64) {
    let now = config.now.timestamp_nanos_opt().unwrap_or_default();
    let start = now.saturating_sub(config.span.as_nanos().try_into().unwrap_or(Nanos::MAX));
    let incident = organization.incident.events(organization);
    let told = if incident.len() <= config.events { incident } else { Vec::new() };
    let everyday = (config.events - told.len()) as u64;
    let traffic = Traffic::new(Arc::clone(organization), config.seed, start, now, everyday);
    let told = told.into_iter().map(|event| Entry::new(&event, Source::Text(json(&event).into())));
    let days = (0..everyday).map(|number| Entry::new(&traffic.event(number), Source::Everyday(number)));
    let mut trail = Trail::default();
    trail.fill(told.chain(days));
    (trail, traffic, everyday)
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
