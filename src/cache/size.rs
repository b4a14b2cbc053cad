use super::segment::Segment;

/// The size of the cached events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) events: usize,
    pub(super) bytes: usize,
    pub(super) body_bytes: usize,
}

impl Size {
    pub(super) fn add(&mut self, segment: &Segment) {
        self.events += segment.events.len();
        self.bytes += segment.bytes();
        self.body_bytes += segment.events.body_bytes();
    }

    pub(super) fn remove(&mut self, segment: &Segment) {
        self.events -= segment.events.len();
        self.bytes -= segment.bytes();
        self.body_bytes -= segment.events.body_bytes();
    }
}
