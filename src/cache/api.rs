use std::time::Instant;

use arrow::error::ArrowError;

use super::gap::Gap;
use super::source::{Pages, Source};
use crate::event::Events;
use crate::scaleway::Client;
use crate::scaleway::audit_trail::{self, Extent, Flaws, Window};
use crate::time::{Clock, Interval};

/// The Audit Trail API as a source of events, for the organization of the client.
impl Source for Client {
    type Pages = audit_trail::Pages;

    fn coverage(&self) -> Interval {
        audit_trail::coverage(self.now())
    }

    fn pages(&self, window: Window) -> Self::Pages {
        audit_trail::Pages::new(self, window)
    }

    async fn is_absent(&self, region: &str, deadline: Instant) -> bool {
        let products = audit_trail::products(self, region, deadline).await;
        products.is_err_and(|error| error.is_absence())
    }

    fn concurrent_calls(&self) -> usize {
        self.concurrent_calls()
    }
}

impl Pages for audit_trail::Pages {
    async fn next(&mut self, deadline: Instant) -> Result<bool, Gap> {
        self.next(deadline).await.map_err(Gap::from)
    }

    fn extent(&self) -> Extent {
        self.extent()
    }

    fn take(&mut self) -> Result<(Events, Flaws), ArrowError> {
        self.take()
    }
}
