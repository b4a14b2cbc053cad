use std::collections::BTreeMap;

use super::super::story::{Conduct, Seen};
use crate::event::{Column, Events};

/// What was used in the events that are known, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usage {
    /// What a principal did.
    Principal {
        /// The principal's id.
        id: String,
        /// What it did.
        conduct: Conduct,
    },
    /// Who acted on a resource: the ids of principals.
    Resource {
        /// The resource's id.
        id: String,
        /// The principals, the most frequent first.
        principals: Vec<Seen>,
    },
    /// Nothing else depends on it.
    Nothing,
}

impl Usage {
    pub(super) fn of_principal(events: &Events, id: &str) -> Self {
        let all = 0..events.len();
        Self::Principal { id: id.to_owned(), conduct: Conduct::of(events, id, all.clone(), all.end..all.end) }
    }

    pub(super) fn of_resource(events: &Events, id: &str) -> Self {
        let mut rows = Vec::new();
        events.find(Column::ResourceId, |other| other == Some(id), |row| rows.push(row));
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for principal in rows.iter().filter_map(|row| events.one_text(Column::PrincipalId, *row)) {
            *counts.entry(principal.to_owned()).or_default() += 1;
        }
        let mut principals: Vec<Seen> =
            counts.into_iter().map(|(text, count)| Seen { text, count, is_new: false }).collect();
        principals.sort_by_key(|seen| std::cmp::Reverse(seen.count));
        Self::Resource { id: id.to_owned(), principals }
    }
}
