use std::collections::HashSet;

use hashbrown::HashMap;

use super::firing::{Firing, Hit};
use super::group::{Column, Group, Source, numbers};
use super::state::{Satisfied, State};
use crate::detection::field::Field;
use crate::detection::rule::{Correlation, CorrelationKind, GroupKey, KeySource};
use crate::time::Time;

/// How many hits a correlation takes before it forgets the groups that are over, beside as many as it had groups after the
/// last time.
const SWEEP: usize = 1024;

/// The firings of correlations at some hits, in the order of the hits.
///
/// `correlations` are numbers of the pack with their correlations, a correlation after those that it refers to. `hits` are
/// those of all rules that they refer to, the oldest first: sorted by event, then by rule. `column` has the values of a field
/// for all events of the hits.
///
/// A correlation that refers to a rule for which there are neither hits nor a correlation sees no hit of it.
pub(crate) fn firings(
    correlations: &[(usize, &Correlation)],
    hits: &[Hit],
    mut column: impl FnMut(&Field) -> Column,
) -> Vec<Firing> {
    debug_assert!(hits.is_sorted_by_key(|hit| (hit.event, hit.rule)) && hits.is_sorted_by_key(|hit| hit.time));
    let mut run = Run::new(correlations, &mut column);
    let mut firings = Vec::new();
    for hits in hits.chunk_by(|hit, next| hit.event == next.event) {
        run.take(hits, &mut firings);
    }
    firings
}

/// Correlations with their windows.
pub(super) struct Run<'a> {
    windows: Vec<Window<'a>>,
    /// For each rule, the windows that take its hits, and its positions among their rules.
    takers: HashMap<usize, Vec<Taker>>,
    /// The keys and values of the present hit.
    key: Vec<u32>,
    value: Vec<u32>,
}

/// A correlation that takes the hits of a rule.
#[derive(Clone, Debug)]
struct Taker {
    window: usize,
    /// The rule's positions among those of the correlation: several where it is named twice.
    positions: Vec<usize>,
}

/// A correlation and the states of its groups.
struct Window<'a> {
    rule: usize,
    correlation: &'a Correlation,
    /// For each of its rules, where the group's keys are.
    keys: Vec<Vec<Source>>,
    /// For each of its rules, where the values are that are counted.
    values: Vec<Vec<Source>>,
    states: HashMap<Group, State>,
    /// The hits until groups are forgotten.
    until_sweep: usize,
}

impl<'a> Run<'a> {
    pub(super) fn new(correlations: &[(usize, &'a Correlation)], column: &mut impl FnMut(&Field) -> Column) -> Self {
        let mut takers: HashMap<usize, Vec<Taker>> = HashMap::new();
        for (window, (_, correlation)) in correlations.iter().enumerate() {
            for (position, below) in correlation.rules.iter().enumerate() {
                let takers = takers.entry(*below).or_default();
                match takers.last_mut().filter(|taker| taker.window == window) {
                    Some(taker) => taker.positions.push(position),
                    None => takers.push(Taker { window, positions: vec![position] }),
                }
            }
        }
        let windows = correlations.iter().map(|(rule, correlation)| Window::new(*rule, correlation, column)).collect();
        Self { windows, takers, key: Vec::new(), value: Vec::new() }
    }

    /// Takes the hits of one event, and adds the firings.
    pub(super) fn take(&mut self, hits: &[Hit], firings: &mut Vec<Firing>) {
        let mut from = firings.len();
        for Hit { time, event, rule } in hits {
            for taker in self.takers.get(rule).into_iter().flatten() {
                let window = &mut self.windows[taker.window];
                window.read(taker, *event, &[], &mut self.key, &mut self.value);
                firings.extend(window.add(*time, *event, taker, &self.key, &self.value));
            }
        }
        // Firings are hits of the correlations above them, whose firings are hits again.
        while from < firings.len() {
            let below = from..firings.len();
            from = below.end;
            let mut taken: HashSet<(usize, usize, Vec<u32>)> = HashSet::new();
            for index in below {
                let Firing { rule, time, event, .. } = firings[index];
                let group = Group::clone(&firings[index].group);
                for taker in self.takers.get(&rule).into_iter().flatten() {
                    let window = &mut self.windows[taker.window];
                    window.read(taker, event, &group, &mut self.key, &mut self.value);
                    // Two firings of a group at one event are one hit.
                    if taken.insert((taker.window, rule, group.to_vec())) {
                        firings.extend(window.add(time, event, taker, &self.key, &self.value));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
impl Run<'_> {
    /// The number of groups that have a state.
    pub(super) fn groups(&self) -> usize {
        self.windows.iter().map(|window| window.states.len()).sum()
    }
}

impl<'a> Window<'a> {
    fn new(rule: usize, correlation: &'a Correlation, column: &mut impl FnMut(&Field) -> Column) -> Self {
        let mut source = |key: &GroupKey, position: usize| match &key.sources[position] {
            KeySource::Field(field) => Source::Column(column(field)),
            KeySource::Key(key) => Source::Key(*key),
        };
        let mut sources = |keys: &[GroupKey]| -> Vec<Vec<Source>> {
            let positions = 0..correlation.rules.len();
            positions.map(|position| keys.iter().map(|key| source(key, position)).collect()).collect()
        };
        let values = if let CorrelationKind::ValueCount(fields) = &correlation.kind { &fields[..] } else { &[] };
        let (keys, values) = (sources(&correlation.group_by), sources(values));
        Self { rule, correlation, keys, values, states: HashMap::new(), until_sweep: SWEEP }
    }

    /// Reads the keys and values of a hit; `group` is that of a firing.
    fn read(&self, taker: &Taker, event: u32, group: &[u32], key: &mut Vec<u32>, value: &mut Vec<u32>) {
        let position = taker.positions[0];
        numbers(&self.keys[position], event, group, key);
        numbers(&self.values[position], event, group, value);
    }

    /// Adds a hit of a group; the firing if the condition is true then.
    fn add(&mut self, time: Time, event: u32, taker: &Taker, key: &[u32], value: &[u32]) -> Option<Firing> {
        self.forget_old(time);
        if !self.states.contains_key(key) {
            self.states.insert(Group::from(key), State::new(self.correlation));
        }
        let (group, state) = self.states.get_key_value_mut(key).expect("the group was found or added");
        let Satisfied { value, since } = state.add(self.correlation, time, &taker.positions, value)?;
        Some(Firing { rule: self.rule, time, event, group: Group::clone(group), value, since })
    }

    /// Forgets the groups without a hit in the window: often enough that there are few of them, and seldom enough that each
    /// hit costs the same.
    fn forget_old(&mut self, time: Time) {
        self.until_sweep -= 1;
        if self.until_sweep == 0 {
            self.states.retain(|_, state| !state.is_over(self.correlation, time));
            self.until_sweep = SWEEP + self.states.len();
        }
    }
}
