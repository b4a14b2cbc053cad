//! What windows counted: the hits of the rules that correlations refer to.

use std::collections::HashMap;
use std::sync::Arc;

use crate::detection::window::{Firing, Hit};
use crate::detection::{Correlation, Field, GroupKey, KeySource};
use crate::time::Time;

/// The most hits that are looked at for one match, from the newest on: why a rule matches is shown for many matches.
pub(super) const MOST_HITS: usize = 20_000;

/// The hits of windows.
pub(super) struct Inputs {
    /// The events that rules select, in the order of time.
    pub(super) hits: Vec<Hit>,
    /// The firings of correlations that others refer to, in the order of time.
    pub(super) firings: Vec<Firing>,
    /// The numbers of a field's values, by event.
    pub(super) columns: HashMap<Field, Arc<[u32]>>,
    /// The texts, by number.
    pub(super) texts: Vec<Option<String>>,
}

/// A hit in the window of a group.
#[derive(Clone)]
pub(super) struct Input<'i> {
    /// The rule's position among those of the correlation.
    pub(super) position: usize,
    pub(super) time: Time,
    pub(super) event: u32,
    /// The firing, for a rule that is a correlation.
    pub(super) firing: Option<&'i Firing>,
}

impl Inputs {
    /// The text of a number; an absent one has none.
    pub(super) fn text(&self, number: u32) -> Option<&str> {
        self.texts[number as usize].as_deref()
    }

    /// The number of hits of all groups from a time up to an event.
    pub(super) fn count(&self, start: Time, last: u32) -> usize {
        self.hits.partition_point(|hit| hit.event <= last) - self.hits.partition_point(|hit| hit.time < start)
    }

    /// The hits of a correlation's group from a time up to an event, those of rules and then those of correlations, the newest of
    /// each first.
    pub(super) fn of_group<'i>(
        &'i self,
        correlation: &'i Correlation,
        group: &'i [u32],
        start: Time,
        last: u32,
    ) -> impl Iterator<Item = Input<'i>> {
        let hits = &self.hits[..self.hits.partition_point(|hit| hit.event <= last)];
        let firings = &self.firings[..self.firings.partition_point(|firing| firing.event <= last)];
        let hits = hits.iter().rev().take(MOST_HITS).take_while(move |hit| hit.time >= start);
        let firings = firings.iter().rev().take(MOST_HITS).take_while(move |firing| firing.time >= start);
        let position = |rule: usize| correlation.rules.iter().position(|other| *other == rule);
        let hits = hits.filter_map(move |hit| {
            Some(Input { position: position(hit.rule)?, time: hit.time, event: hit.event, firing: None })
        });
        let firings = firings.filter_map(move |firing| {
            let position = position(firing.rule)?;
            Some(Input { position, time: firing.time, event: firing.event, firing: Some(firing) })
        });
        let is_of_group = move |input: &Input<'_>| {
            let mut keys = correlation.group_by.iter().zip(group);
            keys.all(|(key, number)| self.number(key, input) == *number)
        };
        hits.chain(firings).filter(is_of_group)
    }

    /// The texts of a hit's values; none if one is absent.
    pub(super) fn values(&self, keys: &[GroupKey], input: &Input<'_>) -> Option<String> {
        let texts = keys.iter().map(|key| self.text(self.number(key, input)));
        Some(texts.collect::<Option<Vec<&str>>>()?.join(" "))
    }

    fn number(&self, key: &GroupKey, input: &Input<'_>) -> u32 {
        match (&key.sources[input.position], input.firing) {
            (KeySource::Field(field), _) => self.columns.get(field).map_or(0, |numbers| numbers[input.event as usize]),
            (KeySource::Key(key), Some(firing)) => firing.group[*key],
            (KeySource::Key(_), None) => 0,
        }
    }
}
