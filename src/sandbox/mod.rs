//! A simulated Scaleway organisation behind real HTTP, for demos, tests and benchmarks.
//!
//! It answers as the Audit Trail, IAM, Account and Resource Explorer APIs do, byte for byte where answers have been published, with the events
//! of an ordinary week, an incident in its last hours, and any [`Fault`] one wants to survive. It listens on loopback only:
//! its keys are in this file.
//!
//! ```no_run
//! # async fn example() -> Result<(), audittrail::sandbox::Error> {
//! use audittrail::sandbox::{Config, Endpoint, Fault, start};
//!
//! let sandbox = start(Config { events: 5_000, faults: vec![Fault::TooManyRequests.first(2)], ..Config::default() }).await?;
//! let events = format!("{}/audit-trail/v1alpha1/regions/fr-par/events", sandbox.url());
//! // ... ask, with X-Auth-Token: sandbox::SECRET_KEY and organization_id=sandbox::ORGANIZATION_ID ...
//! assert_eq!(sandbox.calls().to(Endpoint::Events), 0);
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! | file | what it knows |
//! |---|---|
//! | `organisation` | who and what there is |
//! | `catalogue`, `products` | what can happen, as data |
//! | `traffic` | what happens on ordinary days |
//! | `incident` | what happens in the last hours |
//! | `metrics` | what the metrics say meanwhile |
//! | `render` | how an event is written |
//! | `recorded` | real answers instead |
//! | `endpoint`, `query` | what can be asked, and how it is refused |
//! | `list`, `token`, `page`, `iam`, `explorer` | how the answer is found, paged and written |
//! | `fault` | what goes wrong |
//! | `state`, `calls` | what all calls share, and what was asked |
//! | `server` | HTTP |

mod calls;
mod catalogue;
mod endpoint;
mod explorer;
mod fault;
mod iam;
mod incident;
mod list;
mod metrics;
mod organisation;
mod page;
mod products;
mod query;
mod recorded;
mod render;
mod server;
mod state;
mod token;
mod traffic;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use calls::Calls;
pub use endpoint::Endpoint;
pub use fault::{Fault, FaultPlan, UnknownFault, When};
pub use incident::Incident;
pub use list::Kind;
pub use metrics::{Series, VCPUS};
pub use organisation::{Application, ORGANIZATION_ID, OWNER_ID, Organisation, Project, Resource, User};

/// The secret key that may read everything.
pub const SECRET_KEY: &str = "5a11d000-0000-4000-8000-00000000f011";
/// A key without `AuditTrailReadOnly`: IAM answers, the audit trail denies.
pub const KEY_WITHOUT_AUDIT_TRAIL: &str = "5a11d000-0000-4000-8000-0000000a0d17";
/// A key without `IAMReadOnly`: the audit trail answers, IAM denies.
pub const KEY_WITHOUT_IAM: &str = "5a11d000-0000-4000-8000-00000000001a";
/// A key with `AuditTrailReadOnly` alone: what looks names up is denied.
pub const KEY_FOR_THE_TRAIL_ALONE: &str = "5a11d000-0000-4000-8000-0000000a10e0";
/// A key whose permissions arrive after three denied calls.
pub const KEY_STILL_PROPAGATING: &str = "5a11d000-0000-4000-8000-00000000501e";

/// What a secret key may do.
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

/// What the sandbox is like.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens: a loopback address. Port 0 takes any free one.
    pub bind: SocketAddr,
    /// Another seed is another week. With the same events, span and `now`, the same seed is the same bytes.
    pub seed: u64,
    /// How many events there are, of all kinds and regions, the incident's included. With fewer than the incident has, it
    /// is left out.
    pub events: usize,
    /// The present, from which the sandbox's clock runs on.
    pub now: DateTime<Utc>,
    /// How long ago the oldest event is.
    pub span: Duration,
    /// Whether events keep arriving, as densely, while the clock runs.
    pub live: bool,
    /// How long every answer takes.
    pub latency: Duration,
    /// At most this much more, different for each call.
    pub jitter: Duration,
    /// Calls per second, beyond which the answer is 429.
    pub rate_limit: Option<f64>,
    /// What goes wrong.
    pub faults: Vec<FaultPlan>,
    /// How long [`Fault::Stall`] stalls.
    pub stall: Duration,
    /// Serve the answers in this directory instead of a simulated week. IAM stays simulated.
    pub recorded: Option<PathBuf>,
    /// Move the recorded events so that the newest is recorded at this time. Without it they stay where they are, and
    /// retention is not applied to them.
    pub shift_to: Option<DateTime<Utc>>,
    /// The one organisation that the keys may read.
    pub organization_id: String,
    /// The key that may read everything.
    pub secret_key: String,
    /// Other keys. Those that are not listed are denied.
    pub keys: Vec<(String, Grant)>,
    /// The regions that exist. Any other is not found.
    pub regions: Vec<String>,
    /// Events older than this are gone.
    pub retention: Duration,
}

const DAY: Duration = Duration::from_hours(24);

impl Default for Config {
    /// Twenty thousand events of the last seven days, on a free port, nothing going wrong.
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: 1,
            events: 20_000,
            now: Utc::now(),
            span: DAY * 7,
            live: false,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            rate_limit: None,
            faults: Vec::new(),
            stall: Duration::from_mins(1),
            recorded: None,
            shift_to: None,
            organization_id: ORGANIZATION_ID.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
            keys: vec![
                (KEY_WITHOUT_AUDIT_TRAIL.to_owned(), Grant::WithoutAuditTrail),
                (KEY_WITHOUT_IAM.to_owned(), Grant::WithoutIam),
                (KEY_FOR_THE_TRAIL_ALONE.to_owned(), Grant::TrailAlone),
                (KEY_STILL_PROPAGATING.to_owned(), Grant::AfterCalls(3)),
            ],
            regions: ["fr-par", "nl-ams", "pl-waw", "it-mil"].map(str::to_owned).to_vec(),
            retention: DAY * 90,
        }
    }
}

/// Why a sandbox does not start, or does not take an event.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not a loopback address.
    #[error("the sandbox listens on loopback only, not on {0}: its keys are public")]
    NotLoopback(SocketAddr),
    /// The address is taken, or may not be used.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Recorded answers cannot be read.
    #[error("cannot read recorded answers from {}: {why}", path.display())]
    Recorded {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// An event is not JSON, or has no time.
    #[error("an event without a readable `recorded_at` cannot be filed: {0}")]
    Event(#[from] serde_json::Error),
}

/// A running sandbox. It stops when dropped.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<state::Shared>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

/// Starts a sandbox, serving in the background.
///
/// # Errors
/// When the address is not on loopback or is taken, or the recorded answers cannot be read.
pub async fn start(config: Config) -> Result<Sandbox, Error> {
    let address = config.bind;
    if !address.ip().is_loopback() {
        return Err(Error::NotLoopback(address));
    }
    let listener = TcpListener::bind(address).await.map_err(|source| Error::Bind { address, source })?;
    let address = listener.local_addr().map_err(|source| Error::Bind { address, source })?;
    // A million events take seconds to lay out.
    let shared = match tokio::task::spawn_blocking(|| state::Shared::new(config)).await {
        Ok(shared) => Arc::new(shared?),
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    };
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(server::serve(listener, Arc::clone(&shared), stopped));
    Ok(Sandbox { shared, address, stop, served })
}

impl Sandbox {
    /// Where it answers: `http://127.0.0.1:port`, the stand-in for `https://api.scaleway.com`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked so far.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.shared.calls()
    }

    /// Forgets what was asked, and starts rate limit, faults and propagating keys over.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Puts other faults in force.
    pub fn set_faults(&self, plans: impl IntoIterator<Item = FaultPlan>) {
        self.shared.set_faults(plans.into_iter().collect());
    }

    /// Files more events, as JSON, with any time: new ones, or late ones among those that are there.
    ///
    /// # Errors
    /// When one is not JSON or has no time; those before it have been filed.
    pub fn push<E: Into<String>>(
        &self,
        region: &str,
        kind: Kind,
        events: impl IntoIterator<Item = E>,
    ) -> Result<(), Error> {
        events.into_iter().try_for_each(|event| self.shared.push(region, kind, event.into()))
    }

    /// Who and what there is, and what went wrong: the facts to assert on.
    #[must_use]
    pub fn organisation(&self) -> &Organisation {
        &self.shared.organisation
    }

    /// How many events the trail holds.
    #[must_use]
    pub fn events(&self) -> usize {
        self.shared.trail().len()
    }

    /// The sandbox's present: [`Config::now`] and the time since it started.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.shared.now()
    }

    /// Stops listening. Answers that are being written get a second to finish.
    pub async fn stop(self) {
        let Self { stop, mut served, .. } = self;
        drop(stop);
        if tokio::time::timeout(Duration::from_secs(1), &mut served).await.is_err() {
            served.abort();
        }
    }
}

#[cfg(test)]
mod tests;
