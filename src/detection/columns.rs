//! What windows have of events: the selected rows, and the values that are grouped and counted.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::context::Context;
use super::field::Field;
use super::rule::{Correlation, CorrelationKind, KeySource};
use super::value::Values;
use super::window::Hit;
use crate::event::Events;

/// The events that rules select, by number.
pub(crate) struct EventRows {
    /// The row of each event: first of those that windows have, the oldest first, then of the others.
    pub(crate) rows: Vec<usize>,
    /// How many windows have.
    windows: usize,
    /// The number of the event of a row.
    pub(crate) numbers: Vec<u32>,
}

impl EventRows {
    /// The events of some rows of each rule; windows have those of the `inputs`.
    pub(crate) fn of(selected: &BTreeMap<usize, Vec<usize>>, inputs: &BTreeSet<usize>, events: usize) -> Self {
        let mut is_selected = vec![false; events];
        let mut is_in_window = vec![false; events];
        for (rule, rows) in selected {
            let has_window = inputs.contains(rule);
            for row in rows {
                is_selected[*row] = true;
                is_in_window[*row] |= has_window;
            }
        }
        let mut rows: Vec<usize> = (0..events).rev().filter(|row| is_in_window[*row]).collect();
        let windows = rows.len();
        rows.extend((0..events).rev().filter(|row| is_selected[*row] && !is_in_window[*row]));
        let mut numbers = vec![u32::MAX; events];
        for (number, row) in rows.iter().enumerate() {
            numbers[*row] = number_of(number);
        }
        Self { rows, windows, numbers }
    }

    /// The events that windows have, of all events.
    pub(crate) fn of_windows(&self, events: &Events) -> Events {
        events.only(&self.rows[..self.windows].iter().rev().copied().collect::<Vec<_>>())
    }
}

/// The values of fields of the events of windows, as numbers: equal numbers are equal texts, and 0 is an absent one.
pub(crate) struct Columns<'a> {
    /// The events, the newest first.
    events: Events,
    /// The hits, which are sorted by event.
    hits: &'a [Hit],
    context: Context<'a>,
    /// The rules for whose hits each field is read.
    readers: HashMap<&'a Field, HashSet<usize>>,
    /// The texts, by number.
    pub(crate) texts: Vec<Option<String>>,
    known: HashMap<String, u32>,
    /// The numbers of the fields that were asked for: most windows have the same.
    pub(crate) numbered: HashMap<Field, Arc<[u32]>>,
}

impl<'a> Columns<'a> {
    /// The columns that correlations read at some hits.
    pub(crate) fn new(
        correlations: &[(usize, &'a Correlation)],
        events: Events,
        hits: &'a [Hit],
        context: Context<'a>,
    ) -> Self {
        let mut readers: HashMap<&Field, HashSet<usize>> = HashMap::new();
        for (_, correlation) in correlations {
            let counted = if let CorrelationKind::ValueCount(fields) = &correlation.kind { &fields[..] } else { &[] };
            for key in correlation.group_by.iter().chain(counted) {
                for (source, rule) in key.sources.iter().zip(&correlation.rules) {
                    if let KeySource::Field(field) = source {
                        readers.entry(field).or_default().insert(*rule);
                    }
                }
            }
        }
        let (known, numbered) = (HashMap::new(), HashMap::new());
        Self { events, hits, context, readers, texts: vec![None], known, numbered }
    }

    /// The numbers of a field's values, of the oldest event first. Only those that windows read are looked up.
    pub(crate) fn numbers(&mut self, field: &Field) -> Arc<[u32]> {
        if let Some(numbers) = self.numbered.get(field) {
            return Arc::clone(numbers);
        }
        let rows = self.rows_of(field);
        let values = Values::of(&self.events.only(&rows), field, &self.context);
        let mut numbers = vec![0; self.events.len()];
        // The numbers of a field's values are its own; those of windows are the same for all fields.
        let mut own: HashMap<u32, u32> = HashMap::new();
        for (position, key) in values.keys().iter().enumerate() {
            let number = *own.entry(*key).or_insert_with(|| values.text(position).map_or(0, |text| self.number(text)));
            numbers[self.events.len() - 1 - rows[position]] = number;
        }
        let numbers: Arc<[u32]> = numbers.into();
        self.numbered.insert(field.clone(), Arc::clone(&numbers));
        numbers
    }

    /// The rows of the events with a hit of a rule for which a field is read, ascending.
    fn rows_of(&self, field: &Field) -> Vec<usize> {
        let Some(rules) = self.readers.get(field) else { return Vec::new() };
        let hits = self.hits.iter().rev().filter(|hit| rules.contains(&hit.rule));
        let mut rows: Vec<usize> = hits.map(|hit| self.events.len() - 1 - hit.event as usize).collect();
        rows.dedup();
        rows
    }

    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.known.get(text) {
            return *number;
        }
        let number = number_of(self.texts.len());
        self.texts.push(Some(text.to_owned()));
        self.known.insert(text.to_owned(), number);
        number
    }
}

fn number_of(count: usize) -> u32 {
    u32::try_from(count).expect("there are fewer than 2^32 events and texts")
}
