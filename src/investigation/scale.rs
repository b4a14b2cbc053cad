//! The usual spread, in numbers that a few unusual values do not move.

use super::unit::Unit;

/// Quantiles of the distance from zero of a normal distribution with a standard deviation of one.
const NORMAL: [(f64, f64); 5] = [(0.5, 0.6745), (0.75, 1.1503), (0.9, 1.6449), (0.99, 2.5758), (0.999, 3.2905)];

/// Values that move in steps have at least so many different ones.
const FEWEST_STEPS: usize = 4;

/// A change of less than this part of a metric's usual size does not matter.
const RELATIVE_FLOOR: f64 = 0.001;

/// In so many parts is a whole series looked at for its usual extremes.
const PARTS: usize = 20;

/// A part has at least so many slots, for its extreme to say something.
const SHORTEST_PART: usize = 10;

/// No z is farther from zero than this: a constant series that moves is not infinitely unusual.
const MOST: f64 = 100.0;

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^52")]
pub(super) fn number(count: usize) -> f64 {
    count as f64
}

/// The index, among so many sorted values, of the one that a part of them does not exceed.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the number of values")]
fn rank(part: f64, count: usize) -> usize {
    (part * number(count - 1)).round() as usize
}

/// The value in the middle, the upper one of two; `None` of none. Reorders the values.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// The standard deviation of a normal distribution whose median distance from its median is that of the values; `None` of none.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    let center = median(&mut values)?;
    for value in &mut values {
        *value = (*value - center).abs();
    }
    Some(median(&mut values)? / NORMAL[0].1)
}

/// The change that does not matter yet, for values in this unit: the unit's, the step in which the values move, or a small part
/// of their usual size, whichever is greatest.
pub(super) fn floor(mut values: Vec<f64>, unit: Unit) -> f64 {
    let size = median(&mut values).unwrap_or(0.0).abs();
    unit.floor().max(RELATIVE_FLOOR * size).max(quantum(values))
}

/// The step in which values move, where they move in steps: the smallest distance of two that differ. Zero where values
/// hardly ever repeat, and where they are so few that the distance of two may be what is sought.
fn quantum(mut values: Vec<f64>) -> f64 {
    let all = values.len();
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    if values.len() < FEWEST_STEPS || values.len() * 2 > all {
        return 0.0;
    }
    values.windows(2).map(|pair| pair[1] - pair[0]).min_by(f64::total_cmp).unwrap_or(0.0)
}

/// How far from the baseline is usual.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    center: f64,
    above: f64,
    below: f64,
}

impl Scale {
    /// The scale of residuals: each way, the standard deviation of the narrowest normal distribution that reaches as far as
    /// they do, at their median and at each farther quantile up to `tail`. At least `floor`. `None` of no residuals.
    ///
    /// A metric that often jumps up and never falls has a wide scale above and a narrow one below.
    pub(super) fn of(mut residuals: Vec<f64>, tail: f64, floor: f64) -> Option<Self> {
        residuals.sort_unstable_by(f64::total_cmp);
        let middle = residuals.len() / 2;
        let center = *residuals.get(middle)?;
        let above = residuals[middle..].iter().map(|value| value - center).collect::<Vec<_>>();
        let below = residuals[..=middle].iter().rev().map(|value| center - value).collect::<Vec<_>>();
        let [above, below] = [above, below].map(|distances| {
            let quantiles = NORMAL.iter().filter(|(part, _)| *part <= tail);
            quantiles.map(|(part, normal)| distances[rank(*part, distances.len())] / normal).fold(floor, f64::max)
        });
        Some(Self { center, above, below })
    }

    /// The scale, widened so far that the extremes of the usual part of a series are no more unusual than the extremes of so many
    /// values that are normally distributed. The residuals are in the order of time, NaN where there is none: what happens in
    /// most parts of a series is usual, what happens in one is not, however long.
    pub(super) fn with_extremes(self, residuals: &[f64]) -> Self {
        let length = residuals.len() / PARTS;
        if length < SHORTEST_PART {
            return self;
        }
        let widened = |width: f64, sign: f64| {
            let distances = |part: &[f64]| part.iter().map(|value| sign * (value - self.center)).fold(0.0, f64::max);
            let mut extremes: Vec<f64> = residuals.chunks_exact(length).map(distances).collect();
            let usual = median(&mut extremes).expect("there are parts") / (2.0 * number(length).ln()).sqrt();
            width.max(usual)
        };
        Self { center: self.center, above: widened(self.above, 1.0), below: widened(self.below, -1.0) }
    }

    /// The standard deviation of a normal distribution as wide as this, of both ways.
    pub(super) fn width(&self) -> f64 {
        f64::midpoint(self.above, self.below)
    }

    /// The distance of a residual from the usual, in scales.
    pub(super) fn z(&self, residual: f64) -> f64 {
        let distance = residual - self.center;
        if distance == 0.0 {
            return 0.0;
        }
        (distance / if distance > 0.0 { self.above } else { self.below }).clamp(-MOST, MOST)
    }

    /// The residual that is so many scales from the usual.
    pub(super) fn residual(&self, z: f64) -> f64 {
        self.center + z * if z > 0.0 { self.above } else { self.below }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these are exact")]

    use super::*;

    #[test]
    fn values_that_move_in_steps_have_a_quantum() {
        assert!((quantum(vec![0.1, 0.3, 0.1, 0.2, 0.5, 0.2, 0.3, 0.1]) - 0.1).abs() < 1e-9);
        assert_eq!(quantum(vec![5.0; 9]), 0.0);
        assert_eq!(quantum(vec![]), 0.0);
        assert_eq!(quantum(vec![0.0, 0.0, 0.0, 40.0, 40.0]), 0.0, "the one step may be an incident");
        assert_eq!(quantum((0..90).map(|value| f64::from(value).sqrt()).collect()), 0.0, "no value repeats");
    }

    #[test]
    fn the_floor_is_the_greatest_of_unit_quantum_and_part_of_the_size() {
        assert_eq!(floor(vec![0.0; 9], Unit::Percent), Unit::Percent.floor());
        assert_eq!(floor(vec![1_000.0; 9], Unit::Other), 1.0);
        assert_eq!(floor(vec![0.0, 2.0, 0.0, 2.0, 4.0, 6.0, 4.0, 0.0], Unit::Ratio), 2.0);
        assert_eq!(floor(vec![], Unit::Other), 0.0);
    }

    #[test]
    fn each_way_has_its_own_scale() {
        let mut residuals = vec![0.0; 1_001];
        for (index, residual) in residuals.iter_mut().enumerate() {
            let number = number(index % 101) / 100.0;
            *residual = if index % 2 == 0 { -number } else { 10.0 * number };
        }
        let scale = Scale::of(residuals, 0.5, 0.0).expect("residuals");
        assert!(scale.z(3.0) < 1.0 && scale.z(-3.0) < -3.0, "{scale:?}");
    }

    #[test]
    fn a_rare_distance_is_usual_up_to_the_tail() {
        let residuals: Vec<f64> =
            (0..2_000_u32).map(|index| if index % 100 == 0 { 50.0 } else { f64::from(index % 7) }).collect();
        let z = |tail| Scale::of(residuals.clone(), tail, 0.0).expect("residuals").z(50.0);
        assert!(z(0.5) > 8.0 && z(0.999) < 4.0, "{} {}", z(0.5), z(0.999));
    }

    #[test]
    fn what_happens_in_most_parts_of_a_series_is_usual() {
        let noise = |index: usize| number(index % 7) - 3.0;
        let local = Scale::of((0..400).map(noise).collect(), 0.5, 0.0).expect("residuals");
        let often: Vec<f64> = (0..400).map(|index| if index % 18 == 0 { 40.0 } else { noise(index) }).collect();
        let once: Vec<f64> = (0..400).map(|index| if index < 100 { 40.0 } else { noise(index) }).collect();
        assert!(local.z(40.0) > 8.0 && local.with_extremes(&often).z(40.0) < 3.0);
        assert!(local.with_extremes(&once).z(40.0) > 8.0);
        assert_eq!(local.with_extremes(&once[..150]).z(40.0), local.z(40.0), "too short to have parts");
    }

    #[test]
    fn what_was_constant_and_moves_is_far_out() {
        let scale = Scale::of(vec![0.0; 50], 0.999, 0.0).expect("residuals");
        assert_eq!([0.0, 1e-3, -9.0].map(|residual| scale.z(residual)), [0.0, MOST, -MOST]);
        assert!(Scale::of(vec![], 0.999, 1.0).is_none());
    }
}
