use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::baseline::Baselines;
use super::columns::{Columns, EventRows};
use super::context::Context;
use super::pack::Pack;
use super::rule::{Correlation, Kind};
use super::window::{Firing, Hit, firings, matches};
use crate::event::Events;
use crate::profile::{Day, Profile};
use crate::risk::RuleSet;
use crate::time::Time;

/// Events on which rules are tried out. The events of earlier days are the baseline of later ones.
///
/// Rules are judged as in a query, but everything at once: no cache, no lookback, no names of principals.
#[derive(Debug)]
pub struct Trial {
    events: Events,
    from: Time,
    risks: Arc<RuleSet>,
    profile: Profile,
}

impl Trial {
    /// A trial of all events of a trail, of which the matches from a time on count. Each day from the first event on is known.
    #[must_use]
    pub fn new(events: Events, from: Time) -> Self {
        let newest = events.newest_time().unwrap_or(from);
        let profile = Profile::of_events(&events, Day::of(newest));
        Self { events, from, risks: RuleSet::built_in(), profile }
    }

    /// The numbers of the rules that are shown and match, ascending, each with the number of its matches: events, or for a
    /// correlation the times at which it is true, those at most its window apart being one.
    #[must_use]
    pub fn matches(&self, pack: &Pack) -> Vec<(usize, usize)> {
        let context = Context { risks: &self.risks, names: &|_| None };
        let correlations: Vec<(usize, &Correlation)> = correlations(pack).collect();
        let inputs: BTreeSet<usize> = correlations.iter().flat_map(|(_, of)| of.rules.iter().copied()).collect();
        let mut selected = pack.judged(&self.events, &context).rows(pack.rules().len());
        let baselines = Baselines::new(&self.profile, &self.events);
        let (mut counts, mut rows_of_inputs) = (vec![0; pack.rules().len()], BTreeMap::new());
        for (number, rule) in pack.rules().iter().enumerate() {
            let mut rows = std::mem::take(&mut selected[number]);
            if let Some(baseline) = &rule.baseline {
                rows = baselines.holding(Time::MIN, baseline, &rows);
            }
            counts[number] = self.recent(&rows);
            if inputs.contains(&number) {
                rows_of_inputs.insert(number, rows);
            }
        }
        let firings = self.firings(&correlations, &rows_of_inputs, &inputs, context);
        for (number, correlation) in correlations {
            let of_rule = firings.iter().filter(|firing| firing.rule == number);
            let found = matches(of_rule, correlation.timespan);
            counts[number] = found.iter().filter(|found| found.last >= self.from).count();
        }
        let shown =
            counts.into_iter().enumerate().filter(|(number, count)| *count > 0 && pack.rules()[*number].is_shown);
        shown.collect()
    }

    /// The number of the rows, which ascend, whose events count.
    fn recent(&self, rows: &[usize]) -> usize {
        let times = self.events.times().values();
        rows.partition_point(|row| times[*row] >= self.from.nanos())
    }

    /// The firings of correlations at the rows of the rules that they use.
    fn firings(
        &self,
        correlations: &[(usize, &Correlation)],
        selected: &BTreeMap<usize, Vec<usize>>,
        inputs: &BTreeSet<usize>,
        context: Context<'_>,
    ) -> Vec<Firing> {
        if selected.is_empty() {
            return Vec::new();
        }
        let events = EventRows::of(selected, inputs, self.events.len());
        let times = self.events.times().values();
        let hit = |row: &usize, rule| Hit { time: Time::from_nanos(times[*row]), event: events.numbers[*row], rule };
        let mut hits: Vec<Hit> =
            selected.iter().flat_map(|(rule, rows)| rows.iter().map(|row| hit(row, *rule))).collect();
        hits.sort_unstable_by_key(|hit| (hit.event, hit.rule));
        let mut columns = Columns::new(correlations, events.of_windows(&self.events), &hits, context);
        firings(correlations, &hits, |field| columns.numbers(field))
    }
}

/// The correlations of a pack with their numbers; a correlation comes after those that it uses.
fn correlations(pack: &Pack) -> impl Iterator<Item = (usize, &Correlation)> {
    pack.rules().iter().enumerate().filter_map(|(number, rule)| match &rule.kind {
        Kind::Correlation(correlation) => Some((number, correlation)),
        Kind::Events(_) => None,
    })
}
