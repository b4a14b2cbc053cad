//! A running sandbox.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::calls::Calls;
use super::config::Config;
use super::error::Error;
use super::fault::{FaultPlan, Faults};
use super::organization::Organization;
use super::recorded::entry;
use super::{server, state};
use crate::event::Kind;

/// A running sandbox. It stops when dropped.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<state::Shared>,
    pub(super) address: SocketAddr,
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
    // A trail of a million events takes seconds.
    let shared = match tokio::task::spawn_blocking(|| state::Shared::new(config)).await {
        Ok(shared) => Arc::new(shared?),
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    };
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(server::serve(listener, Arc::clone(&shared), stopped));
    Ok(Sandbox { shared, address, stop, served })
}

impl Sandbox {
    /// The URL of the API, `http://127.0.0.1:port` for `https://api.scaleway.com`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The calls since the start or the last reset.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.shared.calls.lock().clone()
    }

    /// Clears the recorded calls, and restarts rate limit, faults and propagating keys.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Replaces the faults.
    pub fn set_faults(&self, plans: impl IntoIterator<Item = FaultPlan>) {
        *self.shared.faults.lock() = Faults::new(plans);
    }

    /// Adds events, as JSON, with any time: new ones, or late ones among the present ones.
    ///
    /// # Errors
    /// When an event is not JSON or has no time; the events before it have been added.
    pub fn push<E: Into<String>>(
        &self,
        region: &str,
        kind: Kind,
        events: impl IntoIterator<Item = E>,
    ) -> Result<(), Error> {
        for event in events {
            let event: String = event.into();
            self.shared.trail.write().add(entry(region, kind, event.into())?);
        }
        Ok(())
    }

    /// The organization and its incident: facts for assertions.
    #[must_use]
    pub fn organization(&self) -> &Organization {
        &self.shared.organization
    }

    /// The number of events in the trail.
    #[must_use]
    pub fn events(&self) -> usize {
        self.shared.trail.read().len()
    }

    /// The sandbox's present: [`Config::now`] and the time since it started.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.shared.now()
    }

    /// Sets the sandbox's clock, which stands still from then on. Answers have its time as their `Date`.
    pub fn set_now(&self, now: DateTime<Utc>) {
        self.shared.set_now(now);
    }

    /// Stops listening. Answers under way get a second to finish.
    pub async fn stop(self) {
        let Self { stop, mut served, .. } = self;
        drop(stop);
        if tokio::time::timeout(Duration::from_secs(1), &mut served).await.is_err() {
            served.abort();
        }
    }
}
