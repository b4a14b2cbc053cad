//! The simulated trail: events in order of time by region and kind, and lookup of a page.

use std::collections::HashMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::event::{Facets, Kind, Nanos, Symbol, symbol};

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
    pub(super) at: Nanos,
    /// Orders events of the same nanosecond.
    pub(super) number: u64,
    pub(super) facets: Facets,
    pub(super) source: Source,
}

/// The position of a page's last event. The next page begins after it, also when new events have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) at: Nanos,
    pub(super) number: u64,
}

impl Row {
    pub(super) fn position(&self) -> Position {
        Position { at: self.at, number: self.number }
    }
}

/// The time bounds, order and filters of a list.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pub(super) after: Nanos,
    /// Inclusive: the API's own bound is not documented, and a client must cope with either.
    pub(super) before: Nanos,
    pub(super) descending: bool,
    pub(super) filters: Vec<Filter>,
}

/// One condition; an event must meet all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Filter {
    Project(Symbol),
    Product(Symbol),
    Service(Symbol),
    Method(Symbol),
    Principal(Symbol),
    SourceIp(Symbol),
    Status(u16),
    ResourceType(Symbol),
    ResourceId(Symbol),
}

impl Filter {
    /// The filter that a query parameter stands for. `status` is not text, and not here.
    pub(super) fn named(parameter: &str, value: &str) -> Option<Self> {
        let filter = match parameter {
            "project_id" => Filter::Project,
            "product_name" => Filter::Product,
            "service_name" => Filter::Service,
            "method_name" => Filter::Method,
            "principal_id" => Filter::Principal,
            "source_ip" => Filter::SourceIp,
            "resource_type" => Filter::ResourceType,
            "resource_id" => Filter::ResourceId,
            _ => return None,
        };
        Some(filter(symbol(value)))
    }

    fn holds(self, facets: &Facets) -> bool {
        match self {
            Filter::Project(project) => facets.project == project,
            Filter::Product(product) => facets.product == product,
            Filter::Service(service) => facets.service == service,
            Filter::Method(method) => facets.method == method,
            Filter::Principal(principal) => facets.principal == principal,
            Filter::SourceIp(address) => facets.source_ip == address,
            Filter::Status(status) => facets.status == status,
            Filter::ResourceType(wanted) => facets.resources().any(|&(kind, _)| kind == wanted),
            Filter::ResourceId(wanted) => facets.resources().any(|&(_, id)| id == wanted),
        }
    }
}

impl Selection {
    pub(super) fn takes(&self, row: &Row) -> bool {
        self.filters.iter().all(|filter| filter.holds(&row.facets))
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
    pub(super) fn add(&mut self, region: &str, kind: Kind, at: Nanos, facets: Facets, source: Source) {
        let row = Row { at, number: self.next_number, facets, source };
        self.next_number += 1;
        let rows = &mut self.kinds_of(region)[kind as usize];
        match rows.last() {
            Some(last) if last.at > at => rows.insert(rows.partition_point(|other| other.at <= at), row),
            _ => rows.push(row),
        }
    }

    /// Adds many events in any order, with one sort.
    pub(super) fn fill<'a>(&mut self, rows: impl Iterator<Item = (&'a str, Kind, Nanos, Facets, Source)>) {
        for (region, kind, at, facets, source) in rows {
            let row = Row { at, number: self.next_number, facets, source };
            self.next_number += 1;
            self.kinds_of(region)[kind as usize].push(row);
        }
        for rows in self.regions.values_mut().flatten() {
            rows.sort_unstable_by_key(Row::position);
            rows.shrink_to_fit();
        }
    }

    fn kinds_of(&mut self, region: &str) -> &mut [Vec<Row>; 3] {
        self.regions.entry(region.to_owned()).or_default()
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
            let mut first = rows.partition_point(|row| row.at < selection.after);
            let mut end = rows.partition_point(|row| row.at <= selection.before);
            match from {
                Some(from) if selection.descending => end = end.min(rows.partition_point(|row| row.position() < from)),
                Some(from) => first = first.max(rows.partition_point(|row| row.position() <= from)),
                None => {}
            }
            let window = rows.get(first..end).unwrap_or_default();
            let taken = |row: &&Row| selection.takes(row);
            // One more event than asked shows whether there are more.
            if selection.descending {
                page.extend(window.iter().rev().filter(taken).take(limit + 1).map(|row| (kind, row)));
            } else {
                page.extend(window.iter().filter(taken).take(limit + 1).map(|row| (kind, row)));
            }
        }
        if kinds.len() > 1 {
            page.sort_by_key(|(_, row)| row.position());
            if selection.descending {
                page.reverse();
            }
        }
        let more = page.len() > limit;
        page.truncate(limit);
        (page, more)
    }
}
