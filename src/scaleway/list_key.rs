use serde::{Deserialize, Serialize};

use super::filter::{Filter, Param};
use crate::event::{Column, Events, Kind, List};

/// One list of one region with a filter of the API: the key of cached segments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ListKey {
    /// The region.
    pub region: String,
    /// The list.
    pub list: List,
    /// The API's filter.
    pub filter: Filter,
}

impl ListKey {
    /// The list of all events of a region.
    pub(crate) fn combined(region: &str) -> Self {
        Self { region: region.to_owned(), list: List::Combined, filter: Filter::default() }
    }

    /// The lists of single kinds that together have the events of this one.
    pub(crate) fn by_kind(&self) -> Vec<Self> {
        match self.list {
            List::Combined => Kind::ALL
                .map(List::Of)
                .map(|list| Self { region: self.region.clone(), list, filter: self.filter.known_to(list) })
                .to_vec(),
            List::Of(_) => vec![self.clone()],
        }
    }

    /// Whether this list has all events of `other`.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.region == other.region
            && (self.list == other.list || self.list == List::Combined)
            && self.filter.covers(&other.filter)
    }

    /// The events of this list among those of a list that covers it.
    pub(crate) fn select(&self, events: &Events) -> Events {
        let mut mask = vec![true; events.len()];
        if let List::Of(kind) = self.list {
            retain(&mut mask, events, Column::Kind, kind.as_str());
        }
        for (param, value) in self.filter.iter() {
            match (param, param.column()) {
                (_, Some(column)) => retain(&mut mask, events, column, value),
                (Param::Status, None) => retain_status(&mut mask, events, value),
                (_, None) => retain_resource_type(&mut mask, events, value),
            }
        }
        events.filter(&mask).expect("the mask has one entry for each event")
    }
}

fn retain(mask: &mut [bool], events: &Events, column: Column, wanted: &str) {
    events.find(column, |text| text != Some(wanted), |row| mask[row] = false);
}

fn retain_status(mask: &mut [bool], events: &Events, wanted: &str) {
    let wanted = wanted.parse::<u16>().ok();
    for (selected, status) in mask.iter_mut().zip(events.statuses()) {
        *selected = *selected && status == wanted;
    }
}

fn retain_resource_type(mask: &mut [bool], events: &Events, wanted: &str) {
    let references = events.references();
    for (row, selected) in mask.iter_mut().enumerate().filter(|(_, selected)| **selected) {
        *selected = references.of(row).any(|reference| reference.kind == Some(wanted));
    }
}
