//! The form of the detector that knows the whole series: the usual is learned from all of it.

use std::ops::Range;

use super::baseline::{Season, centred_median, trailing_median};
use super::changes::changes;
use super::detector::Detector;
use super::scale::{Scale, floor, median};
use super::series::{Regular, Series};
use super::spans::{Span, spans};
use crate::time::{Interval, Time};

/// A whole series, beside its usual course. Slots are those of its grid.
pub(super) struct Whole<'a> {
    detector: &'a Detector,
    regular: Regular,
    /// Without the season; NaN where masked.
    values: Vec<f64>,
    /// The level before each slot: what a metric is at an anomaly's end says nothing of its beginning.
    reference: Vec<f64>,
    scale: Scale,
    /// The first slot of each stretch but the first: its level or course is another.
    changes: Vec<usize>,
}

/// A stretch that is out of the band.
struct Excursion {
    slots: Range<usize>,
    onset: usize,
    peak: f64,
}

impl Detector {
    /// The anomalous spans of a whole series, in order and disjoint. A constant series, a sparse one and one of a few samples
    /// have none.
    ///
    /// ```
    /// use std::time::Duration;
    /// use audittrail::investigation::{Detector, Direction, Sample, Series, Unit};
    /// use audittrail::time::Time;
    ///
    /// let at = |minute| Time::from_nanos(0) + Duration::from_secs(60 * minute);
    /// let busy = |minute| (200..230).contains(&minute);
    /// let value = |minute: u64| (minute % 7) as f64 + if busy(minute) { 80.0 } else { 10.0 };
    /// let samples = (0..360).map(|minute| Sample { time: at(minute), value: value(minute) });
    /// let spans = Detector::default().search(&Series::gauge(samples.collect(), Unit::Percent)?);
    /// assert_eq!(spans.len(), 1);
    /// assert_eq!((spans[0].onset, spans[0].interval.end), (at(200), at(230)));
    /// assert_eq!((spans[0].direction(), spans[0].returned), (Direction::Up, true));
    /// # Ok::<(), audittrail::investigation::OutOfOrder>(())
    /// ```
    #[must_use]
    pub fn search(&self, series: &Series) -> Vec<Span> {
        Whole::of(series, self).map_or_else(Vec::new, |whole| whole.spans())
    }

    /// The moments at which a whole series changes, in order: its level or, where lines describe it better, its course.
    #[must_use]
    pub fn changes(&self, series: &Series) -> Vec<Time> {
        Whole::of(series, self).map_or_else(Vec::new, |whole| whole.moments())
    }
}

impl<'a> Whole<'a> {
    /// `None` where nothing is usual: the series is sparse or has a few samples only.
    pub(super) fn of(series: &Series, detector: &'a Detector) -> Option<Self> {
        let regular = series.regular().filter(|regular| regular.values().len() >= 2 * detector.minimum_segment)?;
        let slots = regular.values().len();
        let reach = detector.level_window.min(slots / 3) / 2;
        let season = Season::best(&regular, reach);
        let seasonal = |slot| season.as_ref().map_or(0.0, |season| season.at(regular.time(slot)));
        let values: Vec<f64> = (0..slots).map(|slot| regular.values()[slot] - seasonal(slot)).collect();
        let residuals = values.iter().zip(centred_median(&values, reach)).map(|(value, around)| value - around);
        let residuals: Vec<f64> = residuals.collect();
        let floor = floor(series.samples().iter().map(|sample| sample.value).collect(), series.unit());
        let known = residuals.iter().copied().filter(|residual| !residual.is_nan());
        let local = Scale::of(known.collect(), detector.whole_tail, floor)?;
        let scale = local.with_extremes(&residuals);
        let reference = trailing_median(&values, detector.level_window, detector.warm_up.min(slots / 4));
        let changes = changes(regular.with(values.clone()).filled(), local.width(), detector);
        Some(Self { detector, regular, values, reference, scale, changes })
    }

    /// The anomalous spans, in order and disjoint.
    pub(super) fn spans(&self) -> Vec<Span> {
        let mut excursions = self.excursions();
        let gap = self.detector.merge_gap;
        let shifts: Vec<Excursion> = self
            .level_shifts()
            .filter(|shift| {
                let reaches = |other: &Excursion| {
                    (other.slots.start.saturating_sub(gap)..other.slots.end + gap).contains(&shift.onset)
                };
                !excursions.iter().any(reaches)
            })
            .map(|shift| {
                let next = excursions.iter().map(|other| other.slots.start).find(|start| *start > shift.onset);
                Excursion {
                    slots: shift.onset..next.map_or(shift.slots.end, |next| next.min(shift.slots.end)),
                    ..shift
                }
            })
            .collect();
        excursions.extend(shifts);
        excursions.sort_by_key(|excursion| excursion.slots.start);
        excursions.iter().map(|excursion| self.span(excursion)).collect()
    }

    /// The first moment of each stretch but the first.
    pub(super) fn moments(&self) -> Vec<Time> {
        self.changes.iter().map(|slot| self.regular.time(*slot)).collect()
    }

    /// Where samples are out of the band; each begins with the level shift that is near, where one is.
    fn excursions(&self) -> Vec<Excursion> {
        let distances = self.values.iter().zip(&self.reference);
        let z: Vec<f64> = distances.map(|(value, reference)| self.scale.z(value - reference)).collect();
        let mut excursions: Vec<Excursion> = Vec::new();
        for slots in spans(&z, &self.detector.thresholds()) {
            let before = excursions.last().map_or(0, |excursion| excursion.slots.end);
            let near = slots.start.saturating_sub(self.detector.merge_gap).max(before)..slots.end;
            let shifts = self.changes.iter().copied().filter(|change| near.contains(change));
            let onset = shifts.min_by_key(|change| change.abs_diff(slots.start)).unwrap_or(slots.start);
            let known = z[slots.clone()].iter().copied().filter(|z| !z.is_nan());
            let peak = known.max_by(|a, b| a.abs().total_cmp(&b.abs())).expect("a sample opened the span");
            excursions.push(Excursion { slots: slots.start.min(onset)..slots.end, onset, peak });
        }
        excursions
    }

    /// Where the level shifts far enough from the usual to be a span, until it shifts again or is usual again.
    fn level_shifts(&self) -> impl Iterator<Item = Excursion> {
        let ends = self.changes.iter().skip(1).copied().chain([self.values.len()]);
        self.changes.iter().zip(ends).filter_map(|(&onset, end)| {
            let peak = self.scale.z(self.level(onset..end)? - self.reference[onset]);
            let slots = onset..end.min(onset + self.detector.level_window);
            (peak.abs() >= self.detector.shift).then_some(Excursion { slots, onset, peak })
        })
    }

    /// The middle of the values of some slots, if they have any.
    fn level(&self, slots: Range<usize>) -> Option<f64> {
        median(&mut self.values[slots].iter().copied().filter(|value| !value.is_nan()).collect::<Vec<_>>())
    }

    fn span(&self, excursion: &Excursion) -> Span {
        let Range { start, end } = excursion.slots;
        let after = self.level(end..(end + self.detector.merge_gap).min(self.values.len()));
        let back = after.map(|level| self.scale.z(level - self.reference[start]));
        Span {
            interval: Interval::new(self.regular.time(start), self.regular.time(end)),
            onset: self.regular.time(excursion.onset),
            peak: excursion.peak,
            returned: back.is_some_and(|z| z.abs() < self.detector.leave),
        }
    }
}
