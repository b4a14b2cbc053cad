//! Where events come from: Scaleway's API, or a list in a test.

use std::future::Future;
use std::time::Instant;

use arrow::error::ArrowError;

use crate::event::Events;
use crate::scaleway::Client;
use crate::scaleway::audit_trail::{self, Flaws, Gap, Window};
use crate::time::Time;

/// An API that lists events, window by window.
pub trait Source: Clone + std::fmt::Debug + Send + Sync + 'static {
    /// The pages of a window.
    type Pages: Pages;

    /// The pages of a window; none is read yet.
    fn pages(&self, window: Window) -> Self::Pages;

    /// Whether a region, whose lists do not exist, does not exist itself.
    fn is_absent(&self, region: &str, deadline: Instant) -> impl Future<Output = bool> + Send;

    /// How many calls may run at the same time just now.
    fn concurrent_calls(&self) -> usize;

    /// The present.
    fn now(&self) -> Time;
}

/// The pages of a window, newest first; see [`audit_trail::Pages`], which says what each of these means.
pub trait Pages: Send + 'static {
    /// Reads the next page, and returns whether there is another.
    fn next(&mut self, deadline: Instant) -> impl Future<Output = Result<bool, Gap>> + Send;

    /// How many events of the window were read.
    fn in_window(&self) -> usize;

    /// How many bytes the pages had whose events have not been taken yet.
    fn bytes(&self) -> usize;

    /// The time above which all events of the window were read.
    fn reached(&self) -> Option<Time>;

    /// Takes the events of the window that were read since the last time, and what is wrong with them.
    ///
    /// # Errors
    /// When they are too large for memory's columns.
    fn take(&mut self) -> Result<(Events, Flaws), ArrowError>;
}

/// The Audit Trail API, for one organization.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    organization: std::sync::Arc<str>,
}

impl Api {
    /// The events of an organization.
    #[must_use]
    pub fn new(client: Client, organization: &str) -> Self {
        Self { client, organization: organization.into() }
    }
}

impl Source for Api {
    type Pages = audit_trail::Pages;

    fn pages(&self, window: Window) -> Self::Pages {
        audit_trail::Pages::new(&self.client, &self.organization, window)
    }

    async fn is_absent(&self, region: &str, deadline: Instant) -> bool {
        let products = audit_trail::products(&self.client, &self.organization, region, deadline).await;
        products.is_err_and(|error| error.is_absence())
    }

    fn concurrent_calls(&self) -> usize {
        self.client.concurrent_calls()
    }

    fn now(&self) -> Time {
        Time::from_nanos(self.client.now())
    }
}

impl Pages for audit_trail::Pages {
    async fn next(&mut self, deadline: Instant) -> Result<bool, Gap> {
        self.next(deadline).await
    }

    fn in_window(&self) -> usize {
        self.in_window()
    }

    fn bytes(&self) -> usize {
        self.bytes()
    }

    fn reached(&self) -> Option<Time> {
        self.reached().map(Time::from_nanos)
    }

    fn take(&mut self) -> Result<(Events, Flaws), ArrowError> {
        self.take()
    }
}
