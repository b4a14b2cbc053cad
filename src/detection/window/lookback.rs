use crate::detection::rule::{Kind, Rule};
use crate::profile::Day;
use crate::time::Time;

/// From when on events decide what a rule of a pack matches at `start` or later: the windows of its correlations back, and
/// the beginning of the UTC day for one with a baseline.
pub(crate) fn reads_from(rules: &[Rule], rule: usize, start: Time) -> Time {
    let of_day = |time: Time| Day::of(time).interval().start;
    let rule = &rules[rule];
    let start = if rule.baseline.is_some() { of_day(start) } else { start };
    match &rule.kind {
        Kind::Events(_) => start,
        Kind::Correlation(correlation) => {
            let below = correlation.rules.iter().map(|below| reads_from(rules, *below, start - correlation.timespan));
            below.min().unwrap_or(start)
        }
    }
}
