//! The source of events: an API, or a list in a test.

use std::time::Instant;

use arrow::error::ArrowError;

use super::gap::Gap;
use crate::event::Events;
use crate::scaleway::audit_trail::{Extent, Flaws, Window};
use crate::time::{Clock, Interval};

/// A source of events, which it lists window by window.
///
/// Its clock shows the present of its service.
pub trait Source: Clock + Clone + 'static {
    /// The pages of a window.
    type Pages: Pages;

    /// The interval of which the source has all events. It may also have some events beyond: these are fetched, and the
    /// listing names the uncovered interval.
    fn coverage(&self) -> Interval;

    /// The pages of a window; none is read yet.
    fn pages(&self, window: Window) -> Self::Pages;

    /// Whether a region whose lists do not exist does not exist itself.
    fn is_absent(&self, region: &str, deadline: Instant) -> impl Future<Output = bool> + Send;

    /// The present limit of concurrent calls.
    fn concurrent_calls(&self) -> usize;
}

/// The pages of a window, newest first.
pub trait Pages: Send + 'static {
    /// Reads the next page, and returns whether there is another.
    fn next(&mut self, deadline: Instant) -> impl Future<Output = Result<bool, Gap>> + Send;

    /// The extent of the pages read so far.
    fn extent(&self) -> Extent;

    /// Takes the events of the window that were read since the last call, with their flaws.
    ///
    /// # Errors
    /// When the events outgrow Arrow's 2 GiB per column.
    fn take(&mut self) -> Result<(Events, Flaws), ArrowError>;
}
