use super::gap::Gap;
use super::segment::Segment;
use super::store::Staleness;
use crate::event::Events;
use crate::scaleway::audit_trail::{ListKey, Window};
use crate::time::Time;

/// The state of one list of a request between two rounds.
pub(super) struct Progress<'a> {
    pub(super) window: &'a Window,
    pub(super) asked_at: Time,
    pub(super) staleness: Staleness,
    pub(super) hints: Hints,
    /// Segments of the request's fetches: the memory limit may not allow caching them.
    pub(super) fetched: Vec<(ListKey, Segment)>,
    /// Events of incomplete intervals.
    pub(super) incomplete: Vec<(ListKey, Events)>,
    /// The failure after which nothing more is fetched.
    pub(super) gap: Option<Gap>,
}

/// Knowledge about a list from the request's earlier fetches.
#[derive(Default)]
pub(super) struct Hints {
    /// The number of pages of the combined list left after the first.
    pub(super) pages_left: Option<f64>,
    /// Whether the combined list is unusable for the interval.
    pub(super) no_combined: bool,
    /// Whether the combined list is unusable at all.
    pub(super) never_combined: bool,
    /// Whether fetches much longer than the interval have taken too long.
    pub(super) no_longer_fetches: bool,
}
