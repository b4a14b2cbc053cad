//! The series that moved most, where an expression has too many.

use super::series::Series;

/// The most series of a range query.
pub const MOST_SERIES: usize = 50;

/// At most [`MOST_SERIES`] series, those that moved most, in the order of their labels; and how many are left out.
pub(super) fn moved_most(series: Vec<Series>) -> (Vec<Series>, usize) {
    let left_out = series.len().saturating_sub(MOST_SERIES);
    if left_out == 0 {
        return (series, 0);
    }
    let mut ranked: Vec<((f64, f64), Series)> = series.into_iter().map(|one| (movement(&one), one)).collect();
    ranked.sort_by(|((one, size), a), ((other, other_size), b)| {
        other.total_cmp(one).then(other_size.total_cmp(size)).then_with(|| a.labels.cmp(&b.labels))
    });
    ranked.truncate(MOST_SERIES);
    let mut most: Vec<Series> = ranked.into_iter().map(|(_, one)| one).collect();
    most.sort_by(|a, b| a.labels.cmp(&b.labels));
    (most, left_out)
}

/// How much a series moved: the range of its finite values over their median change from sample to sample, and, to decide
/// between series that seldom change at all, over their largest size.
///
/// Noise has a range of a few changes; a spike, a shift and a ramp have one of many, and so has a bare counter, which only
/// rises. Neither number depends on the metric's unit.
fn movement(series: &Series) -> (f64, f64) {
    let values: Vec<f64> = series.samples.iter().map(|(_, value)| *value).filter(|value| value.is_finite()).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if least >= most {
        return (0.0, 0.0);
    }
    let mut changes: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let middle = changes.len() / 2;
    let (_, usual, _) = changes.select_nth_unstable_by(middle, f64::total_cmp);
    ((most - least) / *usual, (most - least) / least.abs().max(most.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    fn series(name: &str, values: impl IntoIterator<Item = f64>) -> Series {
        let samples = values.into_iter().zip(0..).map(|(value, nanos)| (Time::from_nanos(nanos), value)).collect();
        Series { labels: [("resource_name".to_owned(), name.to_owned())].into(), samples }
    }

    /// From -1 to 1, the same at each start.
    fn noise(seed: u64) -> impl Iterator<Item = f64> {
        let mut random = fastrand::Rng::with_seed(seed);
        std::iter::repeat_with(move || random.f64() * 2.0 - 1.0).take(200)
    }

    #[test]
    fn spikes_shifts_and_ramps_move_more_than_noise_of_any_size() {
        let size = |number: u64| 10_f64.powi(i32::try_from(number % 12).unwrap() - 6);
        let mut all: Vec<Series> = (0..60)
            .map(|number| series(&format!("noise-{number:02}"), noise(number).map(|value| value * size(number))))
            .collect();
        let mut moved = |name: &str, shape: fn(u32) -> f64| {
            all.push(series(name, noise(99).zip(0..).map(|(value, at)| value * 0.01 + shape(at))));
        };
        moved("spike", |at| if at == 77 { 1.0 } else { 0.0 });
        moved("shift", |at| if at < 100 { 0.0 } else { 1.0 });
        moved("ramp", |at| f64::from(at) / 100.0);
        all.push(series("constant", [4.0; 200]));
        all.push(series("seldom", (0..200).map(|at| if at < 150 { 4.0 } else { 5.0 })));
        all.push(series("nothing", [f64::NAN, f64::INFINITY, f64::NAN]));
        let (most, left_out) = moved_most(all);
        assert_eq!((most.len(), left_out), (MOST_SERIES, 16));
        let names: Vec<&str> = most.iter().map(|series| &*series.labels["resource_name"]).collect();
        assert!(names.is_sorted());
        for name in ["spike", "shift", "ramp", "seldom"] {
            assert!(names.contains(&name), "{name} is left out: {names:?}");
        }
        assert!(!names.contains(&"constant") && !names.contains(&"nothing"), "{names:?}");
    }

    #[test]
    fn as_many_series_as_allowed_stay_in_their_order() {
        let all: Vec<Series> = (0..MOST_SERIES).rev().map(|number| series(&number.to_string(), [1.0])).collect();
        assert_eq!(moved_most(all.clone()), (all, 0));
        assert_eq!(moved_most(Vec::new()), (Vec::new(), 0));
    }
}
