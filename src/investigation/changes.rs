//! Where a series changes: its level or, where lines describe it better than levels, its course.

use super::baseline::centred_median;
use super::detector::Detector;
use super::pelt::{Costs, Form, change_points};
use super::scale::{deviation, number};

/// A line has three parameters with its beginning, a level has two: so many times as much has it to explain.
const LINE: f64 = 1.5;

/// A line lasts at least so many times as long as a level: any few values lie near some line.
const LONGER: usize = 2;

/// The first index of each stretch but the first. Values are winsorised first: a spike is no level. The noise has at least
/// the deviation `least`.
///
/// The series is cut into levels and, by itself, into lines. What remains unexplained, with the penalty of each stretch, says
/// which describe it: a metric that grows all the time is one line and not many levels, one that jumps is two levels.
pub(super) fn changes(mut values: Vec<f64>, least: f64, detector: &Detector) -> Vec<usize> {
    let around = centred_median(&values, detector.minimum_segment);
    let residuals: Vec<f64> = values.iter().zip(&around).map(|(value, around)| value - around).collect();
    let noise = deviation(&residuals).expect("there are slots").max(least);
    for (value, around) in values.iter_mut().zip(around) {
        *value = value.clamp(around - detector.clip * noise, around + detector.clip * noise);
    }
    let center = mean(&values);
    let variance = mean(&values.iter().map(|value| (value - center).powi(2)).collect::<Vec<_>>());
    if variance == 0.0 {
        return Vec::new();
    }
    let variance = (detector.shift_share * variance).max(noise * noise);
    let penalty = detector.shift_penalty * variance * number(values.len()).ln();
    let described = |form, penalty, minimum| {
        let costs = Costs::of(&values, form);
        let changes = change_points(&costs, penalty, minimum);
        (costs.total(&changes) + penalty * number(changes.len() + 1), changes)
    };
    let (by_levels, mut levels) = described(Form::Level, penalty, detector.minimum_segment);
    let longer = LONGER * detector.minimum_segment;
    if values.len() >= 2 * longer {
        let (by_lines, lines) = described(Form::Line, LINE * penalty, longer);
        if by_lines < by_levels {
            return lines;
        }
    }
    // The least sharp one goes first: its two levels are one then, beside which the others may be sharp.
    while let Some((index, sharpness)) = least_sharp(&values, &levels, noise, detector.minimum_segment) {
        if sharpness >= detector.shift_sharpness {
            break;
        }
        levels.remove(index);
    }
    levels
}

/// Which change is the most like a ramp, and how much of the difference of its two levels is there within `reach` values of
/// it: all for a step, little for a slow rise. What noise may have hidden counts as there.
fn least_sharp(values: &[f64], changes: &[usize], noise: f64, reach: usize) -> Option<(usize, f64)> {
    let bounds: Vec<usize> = [0].into_iter().chain(changes.iter().copied()).chain([values.len()]).collect();
    let hidden = noise * (2.0 / number(reach)).sqrt();
    let sharpness = bounds.windows(3).map(|bounds| {
        let [start, at, end] = bounds else { unreachable!("windows of three") };
        let levels = mean(&values[*at..*end]) - mean(&values[*start..*at]);
        let near =
            mean(&values[*at..(at + reach).min(*end)]) - mean(&values[at.saturating_sub(reach).max(*start)..*at]);
        (near * levels.signum() + hidden) / levels.abs()
    });
    sharpness.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / number(values.len())
}
