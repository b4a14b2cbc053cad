use super::gap::Gap;
use super::list_key::ListKey;
use super::segment::Segment;
use super::store::Staleness;
use crate::event::Events;
use crate::time::{Interval, Time};

/// The state of one list of a request between two rounds.
pub(super) struct Progress<'a> {
    pub(super) key: &'a ListKey,
    pub(super) interval: Interval,
    pub(super) asked_at: Time,
    pub(super) staleness: Staleness,
    pub(super) hints: Hints,
    /// Segments that its fetches brought: the memory may be too small to cache them.
    pub(super) fetched: Vec<(ListKey, Segment)>,
    /// Events of intervals that are not complete.
    pub(super) incomplete: Vec<(ListKey, Events)>,
    /// Why no more can be fetched.
    pub(super) gap: Option<Gap>,
}

/// What a request has learnt about its list from the fetches that it waited for.
#[derive(Default)]
pub(super) struct Hints {
    /// How many pages of the combined list were left after the first.
    pub(super) pages_left: Option<f64>,
    /// The combined list cannot be used for the interval.
    pub(super) no_combined: bool,
    /// The combined list cannot be used at all.
    pub(super) never_combined: bool,
    /// Fetches that are much longer than the interval take too long.
    pub(super) no_longer_fetches: bool,
}
