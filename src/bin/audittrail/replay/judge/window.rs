//! Correlations by definition: at each hit, the hits of its group in the window are looked up among all before it.

use std::collections::{BTreeSet, HashMap};

use super::document::Correlation;

const SECOND: i64 = 1_000_000_000;

/// A hit of a correlation.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) time: i64,
    pub(super) event: usize,
    /// The position of its rule among those of the correlation.
    pub(super) rule: usize,
    pub(super) group: Vec<Option<String>>,
    /// The values that are counted, if it has all of them.
    pub(super) value: Option<Vec<String>>,
}

/// Whether a hit exactly `timespan` before another is in its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// As Sigma's engines have it.
    Included,
    /// As an engine has it whose times are whole seconds.
    WholeSeconds,
    /// A planted fault.
    OffByOne,
}

impl Edge {
    /// The time of an event, as windows have it.
    pub(super) fn time(self, time: i64) -> i64 {
        if self == Self::WholeSeconds { time.div_euclid(SECOND) * SECOND } else { time }
    }
}

/// The hits at which the condition is true. `hits` are in the order of time.
pub(super) fn fired(correlation: &Correlation, hits: &[Counted], edge: Edge) -> Result<Vec<usize>, String> {
    let mut groups: HashMap<&[Option<String>], Vec<usize>> = HashMap::new();
    let mut fired = Vec::new();
    for (index, hit) in hits.iter().enumerate() {
        let group = groups.entry(&hit.group).or_default();
        group.push(index);
        let age = |other: &usize| hit.time - hits[*other].time;
        let is_within = |other: &usize| match edge {
            Edge::Included | Edge::WholeSeconds => age(other) <= correlation.timespan,
            Edge::OffByOne => age(other) < correlation.timespan,
        };
        let window: Vec<&Counted> =
            group.iter().rev().take_while(|other| is_within(other)).map(|other| &hits[*other]).collect();
        let count = count(correlation, &window)?;
        let mut is_true = true;
        for (comparison, limit) in &correlation.comparisons {
            is_true &= match comparison.as_str() {
                "gt" => count > *limit,
                "gte" => count >= *limit,
                "lt" => count < *limit,
                "lte" => count <= *limit,
                "eq" => count == *limit,
                "neq" => count != *limit,
                other => return Err(format!("the judge does not know the comparison {other}")),
            };
        }
        if is_true {
            fired.push(index);
        }
    }
    Ok(fired)
}

/// The count of a window, whose hits are the newest first.
fn count(correlation: &Correlation, window: &[&Counted]) -> Result<u64, String> {
    let rules: BTreeSet<usize> = window.iter().map(|hit| hit.rule).collect();
    Ok(match correlation.kind.as_str() {
        "event_count" => window.len() as u64,
        "value_count" => window.iter().filter_map(|hit| hit.value.as_ref()).collect::<BTreeSet<_>>().len() as u64,
        "temporal" => rules.len() as u64,
        "temporal_ordered" => {
            let all = correlation.rules.len();
            if follows(window, all) { all as u64 } else { 0 }
        }
        other => return Err(format!("the judge does not know the correlation {other}")),
    })
}

/// Whether there are hits of the first rules in their order: seen from the end, the last rule's newest hit is best, then the
/// newest hit of the rule before it that is not later.
fn follows(window: &[&Counted], rules: usize) -> bool {
    let mut before = i64::MAX;
    (0..rules).rev().all(|rule| {
        let newest = window.iter().filter(|hit| hit.rule == rule && hit.time <= before).map(|hit| hit.time).max();
        before = newest.unwrap_or(before);
        newest.is_some()
    })
}
