//! Change points of a series' mean, exactly, in about linear time: PELT (Killick, Fearnhead, Eckley 2012) with the squared
//! distance from each segment's mean as its cost.

use std::collections::BTreeSet;

use super::scale::number;

/// A longer series is first searched in strides, for at most this many places, and then near what was found.
const MOST_PLACES: usize = 2_000;

/// Sums that give the cost of any segment at once.
struct Costs {
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Costs {
    fn of(values: &[f64]) -> Self {
        // Around the mean, so that little is lost when sums are subtracted.
        let mean = values.iter().sum::<f64>() / number(values.len().max(1));
        let sums_of = |term: fn(f64) -> f64| {
            let sums = values.iter().scan(0.0, |sum, value| {
                *sum += term(value - mean);
                Some(*sum)
            });
            std::iter::once(0.0).chain(sums).collect()
        };
        Self { sums: sums_of(|value| value), squares: sums_of(|value| value * value) }
    }

    /// The sum of the squared distances from the mean of the values from `start` on and before `end`.
    fn cost(&self, start: usize, end: usize) -> f64 {
        let sum = self.sums[end] - self.sums[start];
        self.squares[end] - self.squares[start] - sum * sum / number(end - start)
    }
}

/// The first index of each segment but the first, in order: the segments are those with the least sum of their costs and of
/// `penalty` for each, where each has at least `minimum` values. The values are finite; the penalty is in their squared unit.
pub(super) fn change_points(values: &[f64], penalty: f64, minimum: usize) -> Vec<usize> {
    let (costs, end) = (Costs::of(values), values.len());
    let stride = end.div_ceil(MOST_PLACES).max(1);
    let places: Vec<usize> = (0..end).step_by(stride).chain([end]).collect();
    let changes = segments(&costs, &places, penalty, minimum);
    if stride == 1 {
        return changes;
    }
    let near = changes.iter().flat_map(|change| change.saturating_sub(stride)..(change + stride).min(end));
    let places: BTreeSet<usize> = near.chain([0, end]).collect();
    segments(&costs, &places.into_iter().collect::<Vec<_>>(), penalty, minimum)
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
    fn exhaustive(values: &[f64], penalty: f64, minimum: usize) -> f64 {
        let costs = Costs::of(values);
        let mut best = vec![-penalty];
        for end in 1..=values.len() {
            let starts = (0..=end.saturating_sub(minimum)).filter(|start| end - start >= minimum);
            best.push(starts.map(|start| best[start] + costs.cost(start, end) + penalty).fold(f64::INFINITY, f64::min));
        }
        best[values.len()]
    }

    fn total(values: &[f64], changes: &[usize], penalty: f64) -> f64 {
        let costs = Costs::of(values);
        let bounds: Vec<usize> = [0].into_iter().chain(changes.iter().copied()).chain([values.len()]).collect();
        bounds.windows(2).map(|pair| costs.cost(pair[0], pair[1]) + penalty).sum::<f64>() - penalty
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pruning_loses_nothing(
            values in prop::collection::vec(-9.0..9.0_f64, 1..40), penalty in 0.1..200.0_f64, minimum in 1..6_usize,
        ) {
            let changes = change_points(&values, penalty, minimum);
            prop_assert!(changes.is_sorted());
            let bounds: Vec<usize> = [0].into_iter().chain(changes.iter().copied()).chain([values.len()]).collect();
            prop_assert!(changes.is_empty() || bounds.windows(2).all(|pair| pair[1] - pair[0] >= minimum));
            if values.len() >= minimum {
                let least = exhaustive(&values, penalty, minimum);
                prop_assert!((total(&values, &changes, penalty) - least).abs() < 1e-6, "{changes:?}");
            }
        }
    }

    #[test]
    fn a_change_of_a_long_series_is_dated_to_the_sample() {
        let values: Vec<f64> = (0..10_007).map(|index| f64::from(u8::from(index >= 6_543))).collect();
        assert_eq!(change_points(&values, 1.0, 5), [6_543]);
    }

    #[test]
    fn what_does_not_change_has_no_change_point() {
        assert!(change_points(&[], 1.0, 3).is_empty());
        assert!(change_points(&[1.0], 1.0, 3).is_empty());
        assert!(change_points(&[7.0; 500], 1.0, 3).is_empty());
    }
}
