use arrow::error::ArrowError;

use super::fetch_plan::FetchPlan;
use super::gap::Gap;
use super::outcome::Outcome;
use super::segment::Segment;
use super::source::{Pages, Source};
use crate::event::Events;
use crate::scaleway::audit_trail::{Extent, Flaws};
use crate::time::{Interval, Time};

/// The most events of a batch: with one page more nearly a power of two, so that its columns fill the memory that an
/// allocator reserves.
const MOST_EVENTS: usize = 8_192 - 100;

/// Packs the events of complete pages into segments, so that a long fetch takes no more memory than its segments.
pub(super) struct Batcher<'a, S: Source> {
    pub(super) plan: &'a FetchPlan<S>,
    pub(super) pages: S::Pages,
    /// The newest first; each ends at the start of the one before it.
    pub(super) segments: Vec<Segment>,
    /// The end of the next segment.
    end: Time,
    /// Events of the oldest nanosecond read: the next page may have more of them.
    tail: Events,
    flaws: Flaws,
    /// The number of events read when the last segment was made.
    counted: usize,
}

impl<'a, S: Source> Batcher<'a, S> {
    pub(super) fn new(plan: &'a FetchPlan<S>, pages: S::Pages) -> Self {
        let (end, tail, flaws) = (plan.window.interval.end, Events::default(), Flaws::default());
        Self { plan, pages, segments: Vec::new(), end, tail, flaws, counted: 0 }
    }

    /// The memory of the events and pages, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let segments: usize = self.segments.iter().map(|segment| segment.events.bytes()).sum();
        segments + self.tail.bytes() + self.pages.extent().bytes
    }

    /// Makes a segment of the events read since the last one, if they are enough.
    ///
    /// # Errors
    /// When the events outgrow Arrow's 2 GiB per column.
    pub(super) fn flush_if_full(&mut self) -> Result<(), ArrowError> {
        let Extent { events, bytes, reached } = self.pages.extent();
        let is_full = bytes >= self.plan.inner.limits.batch_bytes || events >= self.counted + MOST_EVENTS;
        match reached.filter(|_| is_full) {
            Some(reached) => self.flush(reached.next()),
            None => Ok(()),
        }
    }

    /// Makes a segment of the read events from `complete_from` on, where none is missing.
    fn flush(&mut self, complete_from: Time) -> Result<(), ArrowError> {
        let Extent { events: counted, reached, .. } = self.pages.extent();
        self.counted = counted;
        let (events, flaws) = self.pages.take()?;
        self.flaws.add(&flaws);
        let mut read = vec![std::mem::take(&mut self.tail), events];
        if reached.is_none() {
            // The pages came out of order: no segment had all events of its interval.
            read.extend(self.segments.drain(..).map(|segment| segment.events));
            self.end = self.plan.window.interval.end;
        }
        let read = Events::merge(&read);
        let interval = Interval::new(complete_from, self.end);
        // Packed events do not retain their pages in memory.
        let events = read.within(interval).packed()?;
        self.tail = read.within(Interval::new(Time::MIN, complete_from)).packed()?;
        if !interval.is_empty() {
            self.segments.push(Segment { interval, events, flaws: self.flaws.within(interval) });
        }
        self.end = self.end.min(complete_from);
        Ok(())
    }

    /// The outcome of a worker whose interval starts at `start`. If its pages are not complete, the segments end at the
    /// oldest event, since more events of its nanosecond may be missing; there are no segments if the pages came out of order.
    pub(super) fn finish(mut self, start: Time, complete: bool, gap: Option<Gap>) -> Outcome {
        let complete_from = match self.pages.extent().reached {
            _ if complete => start,
            Some(reached) => reached.next().max(start),
            None => self.plan.window.interval.end,
        };
        let flushed = self.flush(complete_from);
        let gap = gap.or(flushed.err().map(|_| Gap::Bytes(self.plan.inner.limits.fetch_bytes)));
        let rest = self.tail.within(Interval::new(start, complete_from));
        let incomplete = if rest.is_empty() { Vec::new() } else { vec![rest] };
        Outcome { gap, segments: self.segments, incomplete, pages_left: None }
    }
}
