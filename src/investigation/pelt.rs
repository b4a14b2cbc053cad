//! Change points of a series' level or course, exactly, in about linear time: PELT (Killick, Fearnhead, Eckley 2012) with the
//! squared distance from each segment's mean, or from the line through it, as its cost.

use std::collections::BTreeSet;

use super::scale::number;

/// A longer series is first searched in strides, for at most this many places, and then near what was found.
const MOST_PLACES: usize = 2_000;

/// What a segment is described by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A level: the mean of its values.
    Level,
    /// The line that is nearest to its values.
    Line,
}

/// Sums that give the cost of any segment at once.
pub(super) struct Costs {
    form: Form,
    sums: Vec<f64>,
    squares: Vec<f64>,
    /// Of each value times its index.
    moments: Vec<f64>,
    /// The index that counts as zero: the middle, so that little is lost when moments are subtracted.
    middle: f64,
}

impl Costs {
    pub(super) fn of(values: &[f64], form: Form) -> Self {
        // Around the mean, so that little is lost when sums are subtracted.
        let mean = values.iter().sum::<f64>() / number(values.len().max(1));
        let middle = number(values.len()) / 2.0;
        let sums_of = |term: &dyn Fn(usize, f64) -> f64| {
            let sums = values.iter().enumerate().scan(0.0, |sum, (index, value)| {
                *sum += term(index, value - mean);
                Some(*sum)
            });
            std::iter::once(0.0).chain(sums).collect::<Vec<f64>>()
        };
        let moments = match form {
            Form::Level => Vec::new(),
            Form::Line => sums_of(&|index, value| (number(index) - middle) * value),
        };
        Self { form, sums: sums_of(&|_, value| value), squares: sums_of(&|_, value| value * value), moments, middle }
    }

    /// The sum of the squared distances from the mean, or the line, of the values from `start` on and before `end`.
    fn cost(&self, start: usize, end: usize) -> f64 {
        let (sum, count) = (self.sums[end] - self.sums[start], number(end - start));
        let around_mean = self.squares[end] - self.squares[start] - sum * sum / count;
        if self.form == Form::Level || end - start < 2 {
            return around_mean;
        }
        let center = f64::midpoint(number(start), number(end - 1)) - self.middle;
        let slope = self.moments[end] - self.moments[start] - center * sum;
        // The sum of the squared distances of so many indices from their middle.
        let indices = count * (count * count - 1.0) / 12.0;
        (around_mean - slope * slope / indices).max(0.0)
    }

    /// The sum of the costs of the segments that begin at these indices and at zero.
    pub(super) fn total(&self, changes: &[usize]) -> f64 {
        let starts = std::iter::once(0).chain(changes.iter().copied());
        let ends = changes.iter().copied().chain([self.sums.len() - 1]);
        starts.zip(ends).filter(|(start, end)| start < end).map(|(start, end)| self.cost(start, end)).sum()
    }
}

/// The first index of each segment but the first, in order: the segments are those with the least sum of their costs and of
/// `penalty` for each, where each has at least `minimum` values. The values are finite; the penalty is in their squared unit.
pub(super) fn change_points(costs: &Costs, penalty: f64, minimum: usize) -> Vec<usize> {
    let end = costs.sums.len() - 1;
    let stride = end.div_ceil(MOST_PLACES).max(1);
    let places: Vec<usize> = (0..end).step_by(stride).chain([end]).collect();
    let changes = segments(costs, &places, penalty, minimum);
    if stride == 1 {
        return changes;
    }
    let near = changes.iter().flat_map(|change| change.saturating_sub(stride)..(change + stride).min(end));
    let places: BTreeSet<usize> = near.chain([0, end]).collect();
    segments(costs, &places.into_iter().collect::<Vec<_>>(), penalty, minimum)
}

/// The best changes among these places, of which the first and the last are the ends of the values.
fn segments(costs: &Costs, places: &[usize], penalty: f64, minimum: usize) -> Vec<usize> {
    // Of each place: the least cost of all before it, and at which place its last segment starts.
    let mut best = vec![(-penalty, 0)];
    // Where the last segment may start, and the index from which on another start is better.
    let mut starts: Vec<(usize, usize)> = Vec::new();
    let mut unborn = 0;
    for place in 1..places.len() {
        let at = places[place];
        while places[unborn] + minimum <= at {
            starts.push((unborn, usize::MAX));
            unborn += 1;
        }
        starts.retain(|(_, until)| at < *until);
        let mut least = (f64::INFINITY, 0);
        let totals =
            starts.iter().map(|(start, _)| best[*start].0 + costs.cost(places[*start], at)).collect::<Vec<_>>();
        for ((start, _), total) in starts.iter().zip(&totals) {
            if total + penalty < least.0 {
                least = (total + penalty, *start);
            }
        }
        // A segment from here is better than one from there, as soon as it may end.
        for ((_, until), total) in starts.iter_mut().zip(totals) {
            if total > least.0 {
                *until = (*until).min(at + minimum);
            }
        }
        best.push(least);
    }
    let mut changes = Vec::new();
    let mut place = best.len() - 1;
    while best[place].1 > 0 {
        place = best[place].1;
        changes.push(places[place]);
    }
    changes.reverse();
    changes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The least total of all segmentations, by trying each.
    fn exhaustive(costs: &Costs, penalty: f64, minimum: usize) -> f64 {
        let mut best = vec![-penalty];
        for end in 1..costs.sums.len() {
            let starts = (0..=end.saturating_sub(minimum)).filter(|start| end - start >= minimum);
            best.push(starts.map(|start| best[start] + costs.cost(start, end) + penalty).fold(f64::INFINITY, f64::min));
        }
        best[costs.sums.len() - 1]
    }

    /// The squared distances from the line of least squares, by its textbook formula.
    fn around_line(values: &[f64]) -> f64 {
        let mean = |values: &mut dyn Iterator<Item = f64>, count: usize| values.sum::<f64>() / number(count);
        let count = values.len();
        let index = mean(&mut (0..count).map(number), count);
        let level = mean(&mut values.iter().copied(), count);
        let pairs = || values.iter().enumerate().map(|(at, value)| (number(at) - index, value - level));
        let slope = pairs().map(|(at, value)| at * value).sum::<f64>() / pairs().map(|(at, _)| at * at).sum::<f64>();
        pairs().map(|(at, value)| (value - slope * at).powi(2)).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pruning_loses_nothing(
            values in prop::collection::vec(-9.0..9.0_f64, 1..40), penalty in 0.1..200.0_f64, minimum in 2..6_usize,
            form in prop::sample::select(vec![Form::Level, Form::Line]),
        ) {
            let costs = Costs::of(&values, form);
            let changes = change_points(&costs, penalty, minimum);
            prop_assert!(changes.is_sorted());
            let bounds: Vec<usize> = [0].into_iter().chain(changes.iter().copied()).chain([values.len()]).collect();
            prop_assert!(changes.is_empty() || bounds.windows(2).all(|pair| pair[1] - pair[0] >= minimum));
            if values.len() >= minimum {
                let least = exhaustive(&costs, penalty, minimum);
                let total = costs.total(&changes) + penalty * number(changes.len());
                prop_assert!((total - least).abs() < 1e-6, "{changes:?}");
            }
        }

        #[test]
        fn the_cost_of_a_line_is_the_squared_distance_from_it(
            values in prop::collection::vec(-9.0..9.0_f64, 5..40), start in 0..3_usize,
        ) {
            let costs = Costs::of(&values, Form::Line);
            let expected = around_line(&values[start..]);
            prop_assert!((costs.cost(start, values.len()) - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn a_change_of_a_long_series_is_dated_to_the_sample() {
        let values: Vec<f64> = (0..10_007).map(|index| f64::from(u8::from(index >= 6_543))).collect();
        assert_eq!(change_points(&Costs::of(&values, Form::Level), 1.0, 5), [6_543]);
    }

    #[test]
    fn what_does_not_change_has_no_change_point() {
        for form in [Form::Level, Form::Line] {
            let changes = |values: &[f64]| change_points(&Costs::of(values, form), 1.0, 3);
            assert!(changes(&[]).is_empty() && changes(&[1.0]).is_empty() && changes(&[7.0; 500]).is_empty());
        }
    }

    #[test]
    fn a_line_has_no_change_point_and_its_kink_has_one() {
        let line: Vec<f64> = (0..200).map(f64::from).collect();
        let kinked: Vec<f64> = (0..200).map(|index| f64::from(index.min(120))).collect();
        let changes = |values: &[f64]| change_points(&Costs::of(values, Form::Line), 1.0, 5);
        assert!(changes(&line).is_empty());
        assert_eq!(changes(&kinked).len(), 1);
        assert!(changes(&kinked)[0].abs_diff(120) <= 2);
    }
}
