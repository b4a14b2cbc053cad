//! Where events come from: an API, or a list in a test.

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

    /// The interval of which the source has all events. It may have some beyond it too: these are fetched, and the listing
    /// says that others may be missing.
    fn coverage(&self) -> Interval;

    /// The pages of a window; none is read yet.
    fn pages(&self, window: Window) -> Self::Pages;

    /// Whether a region, whose lists do not exist, does not exist itself.
    fn is_absent(&self, region: &str, deadline: Instant) -> impl Future<Output = bool> + Send;

    /// How many calls may run at the same time just now.
    fn concurrent_calls(&self) -> usize;
}

/// The pages of a window, newest first.
pub trait Pages: Send + 'static {
    /// Reads the next page, and returns whether there is another.
    fn next(&mut self, deadline: Instant) -> impl Future<Output = Result<bool, Gap>> + Send;

    /// How far the pages were read.
    fn extent(&self) -> Extent;

    /// Takes the events of the window that were read since the last time, and what is wrong with them.
    ///
    /// # Errors
    /// When they are too large for memory's columns.
    fn take(&mut self) -> Result<(Events, Flaws), ArrowError>;
}
