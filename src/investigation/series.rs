use std::time::Duration;

use thiserror::Error;

use super::scale::{median, number};
use super::unit::Unit;
use crate::time::{Interval, Time};

/// A grid has at most this many slots for each sample; a series with fewer samples is sparse.
const SPARSE: usize = 8;

/// A value of a metric at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The moment.
    pub time: Time,
    /// The value, in the metric's unit; one that is not finite, such as Prometheus' mark of staleness, is no value.
    pub value: f64,
}

/// Samples whose times do not ascend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "sample {index} is of {time}, but the one before it is of {before}: samples have to ascend in time, each moment once"
)]
pub struct OutOfOrder {
    /// Which sample, from 0.
    pub index: usize,
    /// Its time.
    pub time: Time,
    /// The time of the sample before it.
    pub before: Time,
}

/// The finite samples of a metric, in the order of their times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    samples: Vec<Sample>,
    unit: Unit,
}

impl Series {
    /// A metric whose values stand for themselves.
    ///
    /// ```
    /// use audittrail::investigation::{Sample, Series, Unit};
    /// use audittrail::time::Time;
    ///
    /// let at = |nanos, value| Sample { time: Time::from_nanos(nanos), value };
    /// let series = Series::gauge(vec![at(0, 1.0), at(1, f64::NAN), at(2, 3.0)], Unit::Other)?;
    /// assert_eq!(series.samples(), [at(0, 1.0), at(2, 3.0)]);
    /// assert!(Series::gauge(vec![at(1, 1.0), at(0, 1.0)], Unit::Other).is_err());
    /// # Ok::<(), audittrail::investigation::OutOfOrder>(())
    /// ```
    ///
    /// # Errors
    /// When a sample is not later than the one before it.
    pub fn gauge(mut samples: Vec<Sample>, unit: Unit) -> Result<Self, OutOfOrder> {
        if let Some(index) = (1..samples.len()).find(|&index| samples[index].time <= samples[index - 1].time) {
            return Err(OutOfOrder { index, time: samples[index].time, before: samples[index - 1].time });
        }
        samples.retain(|sample| sample.value.is_finite());
        Ok(Self { samples, unit })
    }

    /// A metric that counts up, as its increase per second since the sample before. A value below the one before is that of a
    /// counter that started again: how far it had come is lost, so that there is no rate of that moment.
    ///
    /// ```
    /// use audittrail::investigation::{Sample, Series, Unit};
    /// use audittrail::time::Time;
    ///
    /// let at = |seconds: i64, value| Sample { time: Time::from_nanos(seconds * 1_000_000_000), value };
    /// let rates = Series::counter(vec![at(0, 100.0), at(10, 120.0), at(20, 5.0), at(30, 15.0)], Unit::Other)?;
    /// assert_eq!(rates.samples(), [at(10, 2.0), at(30, 1.0)]);
    /// # Ok::<(), audittrail::investigation::OutOfOrder>(())
    /// ```
    ///
    /// # Errors
    /// When a sample is not later than the one before it.
    pub fn counter(samples: Vec<Sample>, unit: Unit) -> Result<Self, OutOfOrder> {
        let counts = Self::gauge(samples, unit)?;
        let rates = counts.samples.windows(2).filter(|pair| pair[0].value <= pair[1].value).map(|pair| {
            let rate = (pair[1].value - pair[0].value) / pair[1].time.since(pair[0].time).as_secs_f64();
            Sample { time: pair[1].time, value: rate }
        });
        Ok(Self { samples: rates.collect(), unit })
    }

    /// The same series without the samples of an interval.
    pub(super) fn without(&self, interval: Interval) -> Self {
        let is_out = |sample: &&Sample| sample.time < interval.start || sample.time >= interval.end;
        Self { samples: self.samples.iter().filter(is_out).copied().collect(), unit: self.unit }
    }

    /// Its samples.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The unit of its values.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Its samples on a regular grid, or `None` where there is no grid for them: see [`Regular::of`].
    #[must_use]
    pub fn regular(&self) -> Option<Regular> {
        Regular::of(&self.samples)
    }
}

/// Samples on a regular grid, some of whose slots are masked: no sample is near them.
#[derive(Clone, Debug)]
pub struct Regular {
    start: Time,
    step: Duration,
    values: Vec<f64>,
}

impl Regular {
    /// Samples on a grid as wide as the median distance between them. Each is in the slot that is nearest to it; several in
    /// one slot are averaged.
    ///
    /// `None` where there are fewer than two samples, or so few for the time that they cover that most slots are masked: such
    /// a series is sparse, and nothing is usual in it.
    #[must_use]
    pub fn of(samples: &[Sample]) -> Option<Self> {
        let [first, .., last] = samples else { return None };
        let distances = samples.windows(2).map(|pair| pair[1].time.since(pair[0].time).as_secs_f64());
        let step = Duration::from_secs_f64(median(&mut distances.collect::<Vec<_>>())?).max(Duration::from_nanos(1));
        let slot = |time: Time| {
            let slots = (time.since(first.time) + step / 2).as_nanos() / step.as_nanos();
            usize::try_from(slots).ok().filter(|slot| *slot < SPARSE * samples.len())
        };
        let slots = slot(last.time)? + 1;
        let (mut values, mut counts) = (vec![0.0; slots], vec![0.0_f64; slots]);
        for sample in samples {
            let slot = slot(sample.time).expect("no sample is later than the last one");
            values[slot] += sample.value;
            counts[slot] += 1.0;
        }
        for (value, count) in values.iter_mut().zip(counts) {
            *value /= count; // 0 / 0 is NaN
        }
        Some(Self { start: first.time, step, values })
    }

    /// The moment of the first slot.
    #[must_use]
    pub fn start(&self) -> Time {
        self.start
    }

    /// The distance of two slots.
    #[must_use]
    pub fn step(&self) -> Duration {
        self.step
    }

    /// The value of each slot; NaN where it is masked.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The moment of a slot.
    #[must_use]
    pub fn time(&self, slot: usize) -> Time {
        self.start + Duration::from_nanos(u64::try_from(self.step.as_nanos() * slot as u128).unwrap_or(u64::MAX))
    }

    /// The same grid with other values.
    pub(super) fn with(&self, values: Vec<f64>) -> Self {
        Self { values, ..*self }
    }

    /// The values, where masked slots lie on a line between their neighbours.
    pub(super) fn filled(&self) -> Vec<f64> {
        let mut values = self.values.clone();
        let mut known = 0; // the first slot has a sample
        for slot in 1..values.len() {
            if values[slot].is_nan() {
                continue;
            }
            let (from, slope) = (values[known], (values[slot] - values[known]) / number(slot - known));
            for (distance, between) in values[known..slot].iter_mut().enumerate() {
                *between = from + slope * number(distance);
            }
            known = slot;
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(rows: &[(u64, f64)]) -> Vec<Sample> {
        let rows = rows.iter();
        rows.map(|(second, value)| Sample { time: Time::from_nanos(0) + Duration::from_secs(*second), value: *value })
            .collect()
    }

    #[test]
    fn slots_without_a_sample_are_masked() {
        let regular = Regular::of(&samples(&[(0, 1.0), (10, 2.0), (20, 3.0), (51, 6.0), (60, 7.0)])).expect("a grid");
        assert_eq!((regular.step(), regular.start()), (Duration::from_secs(10), Time::from_nanos(0)));
        let masked: Vec<bool> = regular.values().iter().map(|value| value.is_nan()).collect();
        assert_eq!(masked, [false, false, false, true, true, false, false]);
        assert_eq!(regular.filled(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(regular.time(5), Time::from_nanos(0) + Duration::from_secs(50));
    }

    #[test]
    fn samples_in_one_slot_are_averaged() {
        let rows = [(0, 1.0), (10, 2.0), (20, 3.0), (21, 5.0), (30, 6.0), (40, 7.0)];
        assert_eq!(Regular::of(&samples(&rows)).expect("a grid").values(), [1.0, 2.0, 4.0, 6.0, 7.0]);
    }

    #[test]
    fn a_few_samples_in_a_long_time_have_no_grid() {
        assert!(Regular::of(&samples(&[])).is_none());
        assert!(Regular::of(&samples(&[(0, 1.0)])).is_none());
        assert!(Regular::of(&samples(&[(0, 1.0), (1, 1.0), (2, 1.0), (900_000, 1.0)])).is_none());
    }

    #[test]
    fn a_counter_has_no_rate_where_it_starts_again() {
        let rows = [(0, 10.0), (10, 30.0), (20, f64::NAN), (30, 70.0), (40, 5.0), (50, 5.0)];
        let rates = Series::counter(samples(&rows), Unit::Other).expect("in order");
        assert_eq!(rates.samples(), samples(&[(10, 2.0), (30, 2.0), (50, 0.0)]));
    }
}
