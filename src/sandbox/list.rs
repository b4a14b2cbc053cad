//! The simulated trail: events in order of time by region and kind, and the search for a page.

use std::collections::HashMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::event::{Event, Nanos};
use super::facets::{Facet, Facets};
use crate::event::Kind;

/// The source of an event's bytes.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// Rendered on demand from its number.
    Everyday(u64),
    /// Stored.
    Text(Bytes),
}

/// An event in the trail.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) position: Position,
    pub(super) facets: Facets,
    pub(super) source: Source,
}

/// The position of an event. The next page begins after it, also when new events have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) at: Nanos,
    /// Orders events of the same nanosecond.
    pub(super) number: u64,
}

/// An event to add to the trail.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) region: &'a str,
    pub(super) kind: Kind,
    pub(super) at: Nanos,
    pub(super) facets: Facets,
    pub(super) source: Source,
}

impl<'a> Entry<'a> {
    pub(super) fn new(event: &Event<'a>, source: Source) -> Self {
        Self { region: event.region(), kind: event.kind(), at: event.at(), facets: event.facets(), source }
    }
}

/// The time bounds, order and filters of a list.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pub(super) after: Nanos,
    /// Inclusive: the API's documentation leaves this open, and a client must cope with either.
    pub(super) before: Nanos,
    pub(super) descending: bool,
    /// The facets that an event must all have.
    pub(super) filters: Vec<Facet>,
}

impl Selection {
    fn takes(&self, row: &Row) -> bool {
        self.filters.iter().all(|filter| row.facets.contains(filter))
    }
}

/// All events, of all regions.
#[derive(Debug, Default)]
pub(super) struct Trail {
    regions: HashMap<String, [Vec<Row>; 3]>,
    next_number: u64,
}

impl Trail {
    /// Adds an event at the position of its time.
    pub(super) fn add(&mut self, entry: Entry<'_>) {
        let (rows, row) = self.next_row(entry);
        rows.insert(rows.partition_point(|other| other.position < row.position), row);
    }

    /// Adds many events in any order, with one sort.
    pub(super) fn fill<'a>(&mut self, entries: impl Iterator<Item = Entry<'a>>) {
        for entry in entries {
            let (rows, row) = self.next_row(entry);
            rows.push(row);
        }
        for rows in self.regions.values_mut().flatten() {
            rows.sort_unstable_by_key(|row| row.position);
            rows.shrink_to_fit();
        }
    }

    /// The row of an entry, and the rows of its region and kind.
    fn next_row(&mut self, Entry { region, kind, at, facets, source }: Entry<'_>) -> (&mut Vec<Row>, Row) {
        let row = Row { position: Position { at, number: self.next_number }, facets, source };
        self.next_number += 1;
        (&mut self.regions.entry(region.to_owned()).or_default()[kind as usize], row)
    }

    pub(super) fn len(&self) -> usize {
        self.regions.values().flatten().map(Vec::len).sum()
    }

    /// The next `limit` events after `from` (or from the start) in the selection's order, and whether more follow.
    pub(super) fn page(
        &self,
        region: &str,
        kinds: &[Kind],
        selection: &Selection,
        from: Option<Position>,
        limit: usize,
    ) -> (Vec<(Kind, &Row)>, bool) {
        let Some(by_kind) = self.regions.get(region) else { return (Vec::new(), false) };
        let mut page: Vec<(Kind, &Row)> = Vec::new();
        for &kind in kinds {
            let rows = &by_kind[kind as usize];
            let mut first = rows.partition_point(|row| row.position.at < selection.after);
            let mut end = rows.partition_point(|row| row.position.at <= selection.before);
            match from {
                Some(from) if selection.descending => end = end.min(rows.partition_point(|row| row.position < from)),
                Some(from) => first = first.max(rows.partition_point(|row| row.position <= from)),
                None => {}
            }
            let window = rows.get(first..end).unwrap_or_default().iter();
            let ordered: Box<dyn Iterator<Item = &Row>> =
                if selection.descending { Box::new(window.rev()) } else { Box::new(window) };
            // One event more than the limit shows whether another page follows.
            page.extend(ordered.filter(|row| selection.takes(row)).take(limit + 1).map(|row| (kind, row)));
        }
        page.sort_by_key(|(_, row)| row.position);
        if selection.descending {
            page.reverse();
        }
        let more = page.len() > limit;
        page.truncate(limit);
        (page, more)
    }
}
