//! The usual course of a series: a season that repeats, and the level around which the rest moves.

use std::collections::VecDeque;
use std::time::Duration;

use stlrs::Stl;

use super::scale::deviation;
use super::series::Regular;
use crate::time::Time;

/// The seasons that a metric of people or of timetables may have: a day and a week.
pub(super) const PERIODS: [Duration; 2] = [Duration::from_hours(24), Duration::from_hours(7 * 24)];

/// A season predicts well where its error is less than this part of the error without one.
const WORTH: f64 = 0.8;

/// How many times an outlier's weight is corrected when a season is fitted.
const ROBUST_LOOPS: usize = 3;

/// A season has at least this many slots: fewer say too little of its form.
const FEWEST_SLOTS: usize = 4;

/// The season of a metric: what repeats each day or each week.
#[derive(Clone, Debug)]
pub(super) struct Season {
    start: Time,
    step: Duration,
    period: usize,
    seasonal: Vec<f64>,
}

impl Season {
    /// The season of this period, by a robust decomposition (STL). `None` before two periods have passed, and where a period is
    /// not a whole number of slots.
    pub(super) fn fit(regular: &Regular, period: Duration) -> Option<Self> {
        let period = slots(regular, period)?;
        let mut stl = Stl::params();
        stl.robust(true).outer_loops(ROBUST_LOOPS).inner_loops(1);
        let fit = stl.fit(&regular.filled(), period).expect("there are two periods of at least four slots");
        Some(Self { start: regular.start(), step: regular.step(), period, seasonal: fit.seasonal().to_vec() })
    }

    /// The season that predicts a series best, where one predicts it well: a period earlier is nearer to a value than the values
    /// around it are, at most `reach` slots away.
    pub(super) fn best(regular: &Regular, reach: usize) -> Option<Self> {
        let values = regular.filled();
        let residuals = values.iter().zip(centred_median(&values, reach)).map(|(value, around)| value - around);
        let plain = deviation(&residuals.collect::<Vec<_>>())?;
        let errors = PERIODS.into_iter().filter_map(|period| Some((error(&values, slots(regular, period)?), period)));
        let (least, period) = errors.min_by(|(a, _), (b, _)| a.total_cmp(b))?;
        if least < WORTH * plain { Self::fit(regular, period) } else { None }
    }

    /// The season's part of a value at a moment; past its end, that of its last period.
    pub(super) fn at(&self, time: Time) -> f64 {
        let slot = (time.since(self.start) + self.step / 2).as_nanos() / self.step.as_nanos();
        let slot = usize::try_from(slot).expect("a time in steps of a series' own samples");
        let end = self.seasonal.len();
        self.seasonal[if slot < end { slot } else { end - self.period + (slot - end) % self.period }]
    }
}

/// How many slots a period has; `None` before two periods have passed, and where it is not a whole number.
fn slots(regular: &Regular, period: Duration) -> Option<usize> {
    let (step, all) = (regular.step(), regular.values().len());
    let nearest = u32::try_from((period + step / 2).as_nanos() / step.as_nanos()).ok()?;
    let slots = usize::try_from(nearest).ok()?;
    if slots < FEWEST_SLOTS || all < 2 * slots {
        return None;
    }
    let drift = (step * nearest).abs_diff(period) * u32::try_from(all / slots).ok()?;
    (drift <= step).then_some(slots)
}

/// How far a value usually is from the one a period earlier, as a standard deviation of one value.
fn error(values: &[f64], period: usize) -> f64 {
    let differences = values.iter().zip(&values[period..]).map(|(earlier, value)| value - earlier);
    deviation(&differences.collect::<Vec<_>>()).expect("there are two periods") / std::f64::consts::SQRT_2
}

/// The median of the values that arrived last.
#[derive(Clone, Debug)]
pub(super) struct RollingMedian {
    window: usize,
    arrived: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl RollingMedian {
    /// Of at most so many values.
    pub(super) fn new(window: usize) -> Self {
        Self { window, arrived: VecDeque::new(), sorted: Vec::new() }
    }

    /// One more value, which must be a number; the oldest one beyond the window leaves.
    pub(super) fn push(&mut self, value: f64) {
        self.arrived.push_back(value);
        self.sorted.insert(self.sorted.partition_point(|other| *other < value), value);
        if self.arrived.len() > self.window {
            self.pop();
        }
    }

    /// Takes the oldest value away.
    fn pop(&mut self) {
        if let Some(oldest) = self.arrived.pop_front() {
            self.sorted.remove(self.sorted.partition_point(|other| *other < oldest));
        }
    }

    /// The median, the mean of the middle two; `None` of no values.
    pub(super) fn median(&self) -> Option<f64> {
        let middle = self.sorted.len() / 2;
        let upper = *self.sorted.get(middle)?;
        Some(if self.sorted.len() % 2 == 1 { upper } else { f64::midpoint(self.sorted[middle - 1], upper) })
    }
}

/// The median of at most `window` values before each; of the first `warm_up` values for those among them. NaN is no value.
pub(super) fn trailing_median(values: &[f64], window: usize, warm_up: usize) -> Vec<f64> {
    let mut rolling = RollingMedian::new(window);
    let mut known = values.iter().copied().filter(|value| !value.is_nan());
    known.by_ref().take(warm_up).for_each(|value| rolling.push(value));
    let mut seen = 0;
    let at = values.iter().map(|value| {
        let median = rolling.median().unwrap_or(f64::NAN);
        if !value.is_nan() {
            seen += 1;
            if seen > warm_up {
                rolling.push(*value);
            }
        }
        median
    });
    at.collect()
}

/// The median of the values around each, at most `reach` to either side. NaN is no value.
pub(super) fn centred_median(values: &[f64], reach: usize) -> Vec<f64> {
    let mut rolling = RollingMedian::new(usize::MAX);
    let mut at = Vec::with_capacity(values.len());
    for index in 0..values.len() + reach {
        if let Some(value) = values.get(index).filter(|value| !value.is_nan()) {
            rolling.push(*value);
        }
        if index >= reach {
            at.push(rolling.median().unwrap_or(f64::NAN));
        }
        if index >= 2 * reach && !values[index - 2 * reach].is_nan() {
            rolling.pop();
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::series::Sample;
    use super::*;

    fn naive(values: &[f64]) -> f64 {
        let mut values: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        values.sort_unstable_by(f64::total_cmp);
        let middle = values.len() / 2;
        match values.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => values[middle],
            _ => f64::midpoint(values[middle - 1], values[middle]),
        }
    }

    fn same(one: &[f64], other: &[f64]) -> bool {
        one.iter().map(|value| value.to_bits()).eq(other.iter().map(|value| value.to_bits()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn rolling_medians_are_medians(
            values in prop::collection::vec(prop_oneof![9 => (0..20_u8).prop_map(f64::from), 1 => Just(f64::NAN)], 0..60),
            window in 1..20_usize, warm_up in 0..30_usize,
        ) {
            let around = |index: usize| naive(&values[index.saturating_sub(window)..(index + window + 1).min(values.len())]);
            let expected: Vec<f64> = (0..values.len()).map(around).collect();
            prop_assert!(same(&centred_median(&values, window), &expected));

            let known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            let before = |index: usize| {
                let seen = values[..index].iter().filter(|value| !value.is_nan()).count();
                let seen = seen.max(warm_up.min(known.len()));
                naive(&known[seen.saturating_sub(window)..seen])
            };
            let expected: Vec<f64> = (0..values.len()).map(before).collect();
            prop_assert!(same(&trailing_median(&values, window, warm_up), &expected));
        }
    }

    fn hours(count: u32, value: impl Fn(u32) -> f64) -> Regular {
        let samples = (0..count)
            .map(|hour| Sample { time: Time::from_nanos(0) + Duration::from_hours(1) * hour, value: value(hour) });
        Regular::of(&samples.collect::<Vec<_>>()).expect("a grid")
    }

    #[test]
    fn a_season_goes_on_as_in_its_last_period() {
        let day = |hour: u32| if hour % 24 < 8 { 0.0 } else { 10.0 };
        let season = Season::fit(&hours(24 * 5, day), PERIODS[0]).expect("five days");
        let at = |hour: u32| season.at(Time::from_nanos(0) + Duration::from_hours(1) * hour);
        for hour in 24 * 4..24 * 9 {
            assert!((at(hour) - at(4) - day(hour)).abs() < 1.0, "{hour}: {} and {}", at(hour), at(4));
        }
    }

    #[test]
    fn a_season_needs_two_periods_of_whole_slots() {
        assert!(Season::fit(&hours(47, f64::from), PERIODS[0]).is_none());
        assert!(Season::fit(&hours(48, f64::from), PERIODS[0]).is_some());
        assert!(Season::fit(&hours(24 * 13, f64::from), PERIODS[1]).is_none());
        let odd =
            (0..99).map(|index| Sample { time: Time::from_nanos(0) + Duration::from_secs(10_007) * index, value: 1.0 });
        assert!(Season::fit(&Regular::of(&odd.collect::<Vec<_>>()).expect("a grid"), PERIODS[0]).is_none());
    }
}
