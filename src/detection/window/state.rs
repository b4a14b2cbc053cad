use std::collections::VecDeque;

use hashbrown::HashMap;

use super::group::{ABSENT, Group};
use crate::detection::rule::{Condition, Correlation, CorrelationKind};
use crate::time::Time;

/// The hits of one group of a correlation that are in its window.
#[derive(Debug)]
pub(super) struct State {
    /// The time of the newest hit.
    newest: Time,
    counted: Counted,
}

#[derive(Debug)]
enum Counted {
    /// The times of hits.
    Events(VecDeque<Time>),
    /// The hits with a value, and how many hits each value has.
    Values {
        hits: VecDeque<(Time, Group)>,
        counts: HashMap<Group, usize>,
    },
    Rules(Rules),
}

/// The newest hit of each rule, and the latest start of a sequence in the order of the rules.
#[derive(Debug)]
struct Rules {
    /// The time of each rule's newest hit.
    newest: Box<[Option<Time>]>,
    /// For each rule, the latest time at which a sequence of hits of all rules up to this one starts.
    starts: Box<[Option<Time>]>,
}

/// A count that satisfies a condition, and the time of the oldest hit that counts.
pub(super) struct Satisfied {
    pub(super) value: u64,
    pub(super) since: Time,
}

impl State {
    pub(super) fn new(correlation: &Correlation) -> Self {
        let counted = match correlation.kind {
            CorrelationKind::EventCount => Counted::Events(VecDeque::new()),
            CorrelationKind::ValueCount(_) => Counted::Values { hits: VecDeque::new(), counts: HashMap::new() },
            CorrelationKind::Temporal | CorrelationKind::TemporalOrdered => {
                let none = || vec![None; correlation.rules.len()].into_boxed_slice();
                Counted::Rules(Rules { newest: none(), starts: none() })
            }
        };
        Self { newest: Time::MIN, counted }
    }

    /// Whether no hit is in the window of a hit at `time` or later.
    pub(super) fn is_over(&self, correlation: &Correlation, time: Time) -> bool {
        self.newest < start_of(correlation, time)
    }

    /// Adds a hit that is not older than the ones before, and judges the condition. `rules` are the positions of the hit's
    /// rule among those of the correlation, and `value` the numbers of its values.
    pub(super) fn add(
        &mut self,
        correlation: &Correlation,
        time: Time,
        rules: &[usize],
        value: &[u32],
    ) -> Option<Satisfied> {
        let start = start_of(correlation, time);
        self.newest = time;
        match &mut self.counted {
            Counted::Events(hits) => {
                hits.push_back(time);
                while hits.pop_front_if(|hit| *hit < start).is_some() {}
                satisfied(correlation, hits.len(), hits.front().copied().unwrap_or(time))
            }
            Counted::Values { hits, counts } => {
                if !value.is_empty() && !value.contains(&ABSENT) {
                    let value =
                        counts.get_key_value(value).map_or_else(|| value.into(), |(value, _)| Group::clone(value));
                    *counts.entry(Group::clone(&value)).or_default() += 1;
                    hits.push_back((time, value));
                }
                while let Some((_, value)) = hits.pop_front_if(|(hit, _)| *hit < start) {
                    forget(counts, &value);
                }
                satisfied(correlation, counts.len(), hits.front().map_or(time, |(hit, _)| *hit))
            }
            Counted::Rules(state) => {
                for rule in rules {
                    state.add(*rule, time);
                }
                state.judge(correlation, start, time)
            }
        }
    }
}

/// The oldest time in the window of a hit at `time`.
fn start_of(correlation: &Correlation, time: Time) -> Time {
    time - correlation.timespan
}

/// Takes one hit from a value's count.
fn forget(counts: &mut HashMap<Group, usize>, value: &Group) {
    let count = counts.get_mut(value).expect("each value of a hit is counted");
    *count -= 1;
    if *count == 0 {
        counts.remove(value);
    }
}

/// Judges a count. A condition on rules is none on a count, and no such rule passes the parser.
fn satisfied(correlation: &Correlation, count: usize, since: Time) -> Option<Satisfied> {
    let value = count as u64;
    let Condition::Count(comparisons) = &correlation.condition else { return None };
    let holds = comparisons.iter().all(|(comparison, limit)| comparison.holds(value, *limit));
    holds.then_some(Satisfied { value, since })
}

impl Rules {
    /// Adds a hit of a rule. A sequence may go on with hits of the same time that came before this one.
    fn add(&mut self, rule: usize, time: Time) {
        self.newest[rule] = Some(time);
        for rule in rule..self.newest.len() {
            if self.newest[rule] != Some(time) {
                break;
            }
            let start = if rule == 0 { Some(time) } else { self.starts[rule - 1] };
            self.starts[rule] = self.starts[rule].max(start);
        }
    }

    /// Judges the hits from `start` on.
    fn judge(&self, correlation: &Correlation, start: Time, time: Time) -> Option<Satisfied> {
        let has = |rule: usize| self.newest[rule].is_some_and(|newest| newest >= start);
        let all = self.newest.len();
        let (count, since) = if correlation.kind == CorrelationKind::TemporalOrdered {
            let sequence = self.starts[all - 1].filter(|first| *first >= start);
            sequence.map_or((0, time), |first| (all, first))
        } else {
            let hits = self.newest.iter().flatten().filter(|newest| **newest >= start);
            ((0..all).filter(|rule| has(*rule)).count(), hits.min().copied().unwrap_or(time))
        };
        match &correlation.condition {
            Condition::Count(_) => satisfied(correlation, count, since),
            Condition::Rules(expr) => {
                let in_order = correlation.kind == CorrelationKind::Temporal || count > 0;
                (in_order && expr.holds(&has)).then_some(Satisfied { value: count as u64, since })
            }
        }
    }
}
