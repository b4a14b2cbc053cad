use crate::event::{Column, Events, Kind, List};
use crate::scaleway::audit_trail::{Filter, Window};
use crate::time::Interval;

/// One list of one region, as the API filters it: the key under which its segments are cached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ListKey {
    pub(super) region: String,
    pub(super) list: List,
    pub(super) filter: Filter,
}

impl ListKey {
    pub(super) fn of(window: &Window) -> Self {
        Self { region: window.region.clone(), list: window.list, filter: window.filter.clone() }
    }

    /// The list of all events of a region.
    pub(super) fn combined(region: &str) -> Self {
        Self { region: region.to_owned(), list: List::Combined, filter: Filter::default() }
    }

    /// The lists of single kinds that together have the events of this one.
    pub(super) fn by_kind(&self) -> Vec<Self> {
        let of = |kind: Kind| Self {
            region: self.region.clone(),
            list: List::Of(kind),
            filter: self.filter.known_to(List::Of(kind)),
        };
        match self.list {
            List::Combined => Kind::ALL.map(of).to_vec(),
            List::Of(_) => vec![self.clone()],
        }
    }

    pub(super) fn window(&self, interval: Interval) -> Window {
        Window {
            region: self.region.clone(),
            list: self.list,
            filter: self.filter.clone(),
            from: interval.start.nanos(),
            to: interval.end.nanos(),
        }
    }

    /// Whether this list has all events of `other`.
    pub(super) fn covers(&self, other: &Self) -> bool {
        fn wider<T: PartialEq>(this: Option<&T>, other: Option<&T>) -> bool {
            this.is_none() || this == other
        }
        let (a, b) = (&self.filter, &other.filter);
        self.region == other.region
            && (self.list == other.list || self.list == List::Combined)
            && wider(a.product.as_ref(), b.product.as_ref())
            && wider(a.service.as_ref(), b.service.as_ref())
            && wider(a.method.as_ref(), b.method.as_ref())
            && wider(a.principal.as_ref(), b.principal.as_ref())
            && wider(a.status.as_ref(), b.status.as_ref())
            && wider(a.project.as_ref(), b.project.as_ref())
            && wider(a.resource_type.as_ref(), b.resource_type.as_ref())
    }

    /// The events of this list among those of a list that covers it.
    pub(super) fn select(&self, events: &Events) -> Events {
        let mut mask = vec![true; events.len()];
        if let List::Of(kind) = self.list {
            retain(&mut mask, events, Column::Kind, kind.as_str());
        }
        let filter = &self.filter;
        let texts = [
            (Column::Product, &filter.product),
            (Column::Service, &filter.service),
            (Column::Method, &filter.method),
            (Column::PrincipalId, &filter.principal),
            (Column::Project, &filter.project),
        ];
        for (column, text) in texts {
            if let Some(text) = text {
                retain(&mut mask, events, column, text);
            }
        }
        if let Some(status) = filter.status {
            let statuses = events.statuses();
            for (selected, row) in mask.iter_mut().zip(statuses) {
                *selected = *selected && row == Some(status);
            }
        }
        if let Some(kind) = &filter.resource_type {
            let references = events.references();
            for (row, selected) in mask.iter_mut().enumerate().filter(|(_, selected)| **selected) {
                *selected = references.of(row).any(|reference| reference.kind == Some(kind));
            }
        }
        events.filter(&mask).expect("the mask has one entry for each event")
    }
}

fn retain(mask: &mut [bool], events: &Events, column: Column, wanted: &str) {
    events.find(column, |text| text != Some(wanted), |row| mask[row] = false);
}
