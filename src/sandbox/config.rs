//! The properties of a sandbox, and its keys.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::fault::FaultPlan;
use crate::settings::REGIONS;

/// The secret key that may read everything.
pub const SECRET_KEY: &str = "5a11d000-0000-4000-8000-00000000f011";
/// A key without `AuditTrailReadOnly`: IAM answers, the audit trail denies.
pub const KEY_WITHOUT_AUDIT_TRAIL: &str = "5a11d000-0000-4000-8000-0000000a0d17";
/// A key without `IAMReadOnly`: the audit trail answers, IAM denies.
pub const KEY_WITHOUT_IAM: &str = "5a11d000-0000-4000-8000-00000000001a";
/// A key with `AuditTrailReadOnly` alone: every other API denies.
pub const KEY_FOR_THE_TRAIL_ALONE: &str = "5a11d000-0000-4000-8000-0000000a10e0";
/// A key whose permissions arrive after three denied calls.
pub const KEY_STILL_PROPAGATING: &str = "5a11d000-0000-4000-8000-00000000501e";

/// The permissions of a secret key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Read everything.
    Full,
    /// Read IAM, projects and resources, not the audit trail.
    WithoutAuditTrail,
    /// Read the audit trail, projects and resources, not IAM.
    WithoutIam,
    /// Read everything but projects.
    WithoutProjects,
    /// Read everything but resources.
    WithoutResources,
    /// Read the audit trail, and nothing else.
    TrailAlone,
    /// Everything, once this many calls have been denied.
    AfterCalls(u64),
    /// Everything, once this much time has passed since the start or the last reset.
    AfterTime(Duration),
}

/// The properties of a sandbox.
#[derive(Debug, Clone)]
pub struct Config {
    /// The loopback address of the listener. Port 0 takes any free port.
    pub bind: SocketAddr,
    /// The seed of the events. With the same number of events, span and `now`, equal seeds give equal bytes.
    pub seed: u64,
    /// The number of events of all kinds and regions, the incident's included. An incident with more events is left out.
    pub events: usize,
    /// The present at the start of the sandbox's clock, in the years 1678 to 2262.
    pub now: DateTime<Utc>,
    /// The age of the oldest event.
    pub span: Duration,
    /// Whether events arrive, as densely as before, while the clock runs.
    pub live: bool,
    /// The time that every answer takes.
    pub latency: Duration,
    /// The most calls per second; the answer to others is 429.
    pub rate_limit: Option<f64>,
    /// The faults of answers.
    pub faults: Vec<FaultPlan>,
    /// The duration of [`Fault::Stall`](super::Fault::Stall).
    pub stall: Duration,
    /// A directory of recorded answers to serve instead of a simulated week. IAM stays simulated.
    pub recorded: Option<PathBuf>,
    /// The time to which the newest recorded event is moved, and the others with it. If absent, they are not moved, and
    /// the retention does not apply.
    pub shift_to: Option<DateTime<Utc>>,
    /// The key that may read everything.
    pub secret_key: String,
    /// Other keys. Keys that are not listed are denied.
    pub keys: Vec<(String, Grant)>,
    /// The existing regions. Any other is not found.
    pub regions: Vec<String>,
}

pub(super) const DAY: Duration = Duration::from_hours(24);

impl Default for Config {
    /// Twenty thousand events of the last seven days, on a free port, without faults.
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: 1,
            events: 20_000,
            now: Utc::now(),
            span: DAY * 7,
            live: false,
            latency: Duration::ZERO,
            rate_limit: None,
            faults: Vec::new(),
            stall: Duration::from_mins(1),
            recorded: None,
            shift_to: None,
            secret_key: SECRET_KEY.to_owned(),
            keys: vec![
                (KEY_WITHOUT_AUDIT_TRAIL.to_owned(), Grant::WithoutAuditTrail),
                (KEY_WITHOUT_IAM.to_owned(), Grant::WithoutIam),
                (KEY_FOR_THE_TRAIL_ALONE.to_owned(), Grant::TrailAlone),
                (KEY_STILL_PROPAGATING.to_owned(), Grant::AfterCalls(3)),
            ],
            regions: REGIONS.map(str::to_owned).to_vec(),
        }
    }
}
