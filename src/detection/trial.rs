use std::cell::LazyCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::baseline::Baselines;
use super::context::Context;
use super::pack::Pack;
use super::rule::{Correlation, Kind};
use super::value::Values;
use super::window::{Column, Hit, firings, matches};
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
        let mut selected = pack.judged(&self.events, &context).rows(pack.rules().len());
        let baselines = LazyCell::new(|| Baselines::new(&self.profile, &self.events));
        let mut hits = Vec::new();
        let mut counts = vec![0; pack.rules().len()];
        for (number, rule) in pack.rules().iter().enumerate() {
            let mut rows = std::mem::take(&mut selected[number]);
            if let Some(baseline) = &rule.baseline {
                rows = baselines.holding(Time::MIN, baseline, &rows);
            }
            counts[number] = rows.iter().filter(|row| self.events.time(**row) >= self.from).count();
            hits.extend(rows.into_iter().map(|row| self.hit(row, number)));
        }
        hits.sort_unstable_by_key(|hit| (hit.event, hit.rule));
        let correlations: Vec<(usize, &Correlation)> = correlations(pack).collect();
        let mut texts = HashMap::new();
        let firings =
            firings(&correlations, &hits, |field| self.column(&Values::of(&self.events, field, &context), &mut texts));
        for (number, correlation) in correlations {
            let of_rule = firings.iter().filter(|firing| firing.rule == number);
            let found = matches(of_rule, correlation.timespan);
            counts[number] = found.iter().filter(|found| found.last >= self.from).count();
        }
        let shown =
            counts.into_iter().enumerate().filter(|(number, count)| *count > 0 && pack.rules()[*number].is_shown);
        shown.collect()
    }

    /// Rows are newest first, the events of hits oldest first.
    fn hit(&self, row: usize, rule: usize) -> Hit {
        let event = u32::try_from(self.events.len() - 1 - row).expect("there are fewer than 2^32 events");
        Hit { time: self.events.time(row), event, rule }
    }

    /// The values of a field, oldest first. Equal texts of all fields have the same number, from 1.
    fn column(&self, values: &Values, numbers: &mut HashMap<String, u32>) -> Column {
        let rows = (0..self.events.len()).rev();
        rows.map(|row| {
            values.text(row).map_or(0, |text| {
                let next = u32::try_from(numbers.len() + 1).expect("there are fewer than 2^32 texts");
                *numbers.entry(text.to_owned()).or_insert(next)
            })
        })
        .collect()
    }
}

/// The correlations of a pack with their numbers; a correlation comes after those that it uses.
fn correlations(pack: &Pack) -> impl Iterator<Item = (usize, &Correlation)> {
    pack.rules().iter().enumerate().filter_map(|(number, rule)| match &rule.kind {
        Kind::Correlation(correlation) => Some((number, correlation)),
        Kind::Events(_) => None,
    })
}
