use super::gap::Gap;
use super::segment::Segment;
use crate::event::Events;

/// The result of a fetch, or of one of its workers.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// The reason for missing events.
    pub(super) gap: Option<Gap>,
    /// The complete segments, also if the memory limit does not allow caching them.
    pub(super) segments: Vec<Segment>,
    /// Events of incomplete intervals: they are not cached, but the waiting requests may show them.
    pub(super) incomplete: Vec<Events>,
    /// The number of pages left after the first.
    pub(super) pages_left: Option<f64>,
}

impl Outcome {
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
