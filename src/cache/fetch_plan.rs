//! The input and the output of a fetch.

use std::time::Instant;

use super::gap::Gap;
use super::limits::Limits;
use super::list_key::ListKey;
use super::segment::Segment;
use crate::event::Events;
use crate::time::Interval;

/// What to fetch.
#[derive(Clone)]
pub(super) struct FetchPlan<S> {
    pub(super) source: S,
    pub(super) key: ListKey,
    pub(super) interval: Interval,
    /// More events than this are not wanted; the newest are.
    pub(super) limit: usize,
    pub(super) deadline: Instant,
    pub(super) limits: Limits,
}

/// How a fetch, or a worker of it, ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// Why something is missing.
    pub(super) gap: Option<Gap>,
    /// The complete segments, whether or not the memory could cache them.
    pub(super) segments: Vec<Segment>,
    /// Events of intervals that are not complete: they are not cached, but the requests that wait may show them.
    pub(super) incomplete: Vec<Events>,
    /// How many pages were left after the first.
    pub(super) pages_left: Option<f64>,
}

impl Outcome {
    /// A fetch that panicked, which is logged where it happened.
    pub(super) fn broken() -> Self {
        Self { gap: Some(Gap::Broken), ..Self::default() }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.gap = self.gap.take().or(other.gap);
        self.segments.extend(other.segments);
        self.incomplete.extend(other.incomplete);
    }

    pub(super) fn or_gap(mut self, gap: Option<Gap>) -> Self {
        self.gap = self.gap.or(gap);
        self
    }
}
