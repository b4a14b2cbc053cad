use std::collections::{BTreeMap, HashMap};

use super::super::story::{Conduct, Seen};
use crate::event::{Column, Events};

/// Uses of credentials and resources in the known events, by principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usage {
    /// What a principal did.
    Principal {
        /// The principal's id.
        id: String,
        /// Its actions.
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

/// Credentials and resources, each counted once however many remedies ask for it.
pub(super) struct Usages<'a> {
    events: &'a Events,
    principals: HashMap<String, Usage>,
    resources: HashMap<String, Usage>,
}

impl<'a> Usages<'a> {
    pub(super) fn of(events: &'a Events) -> Self {
        Self { events, principals: HashMap::new(), resources: HashMap::new() }
    }

    pub(super) fn of_principal(&mut self, id: &str) -> Usage {
        let (events, all) = (self.events, 0..self.events.len());
        let usage = self.principals.entry(id.to_owned()).or_insert_with_key(|id| {
            let conduct = Conduct::of(events, id, all.clone(), all.end..all.end);
            Usage::Principal { id: id.clone(), conduct }
        });
        usage.clone()
    }

    /// Who acted on a resource in its events, the rows of which are given.
    pub(super) fn of_resource(&mut self, id: &str, rows: &[usize]) -> Usage {
        let events = self.events;
        let usage = self.resources.entry(id.to_owned()).or_insert_with_key(|id| {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for principal in rows.iter().filter_map(|row| events.one_text(Column::PrincipalId, *row)) {
                *counts.entry(principal).or_default() += 1;
            }
            let seen = |(text, count): (&str, usize)| Seen { text: text.to_owned(), count, is_new: false };
            let mut principals: Vec<Seen> = counts.into_iter().map(seen).collect();
            principals.sort_by_key(|seen| std::cmp::Reverse(seen.count));
            Usage::Resource { id: id.clone(), principals }
        });
        usage.clone()
    }
}
