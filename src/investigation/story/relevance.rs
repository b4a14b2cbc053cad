use std::collections::HashSet;

use super::super::ranking::Suspect;
use super::credential::Credential;
use crate::event::{Column, Events};
use crate::time::Time;

/// What decides which events are lines, and which of them concern the suspects.
pub(super) struct Relevance<'a> {
    /// When the lookback begins.
    pub(super) from: Time,
    /// The ids of the suspects' events.
    own: HashSet<&'a str>,
    /// The rows of the events that made the credentials of the story for another principal than their maker.
    made: HashSet<usize>,
    /// The suspects' principals.
    principals: HashSet<&'a str>,
    /// From where the suspects' events came: principal and address.
    addresses: HashSet<(&'a str, &'a str)>,
    /// From where the members came before: principal and address.
    usual: HashSet<(&'a str, &'a str)>,
}

impl<'a> Relevance<'a> {
    pub(super) fn of(
        events: &'a Events,
        before: usize,
        from: Time,
        suspects: &[&'a Suspect],
        credentials: &[Credential],
    ) -> Self {
        let own: HashSet<&str> = suspects.iter().flat_map(|suspect| &suspect.events).map(String::as_str).collect();
        let pair = |row: usize| {
            let text = |column| events.one_text(column, row);
            Some((text(Column::PrincipalId)?, text(Column::SourceIp)?))
        };
        let ids = events.ids();
        Self {
            from,
            addresses: (0..before).filter(|row| own.contains(ids.value(*row))).filter_map(pair).collect(),
            usual: (before..events.len()).filter_map(pair).collect(),
            made: credentials.iter().filter(|one| one.is_for_another()).map(|one| one.row).collect(),
            principals: suspects.iter().filter_map(|suspect| suspect.principal.as_deref()).collect(),
            own,
        }
    }

    /// Whether an event concerns the suspects. Kubernetes' events have no address.
    pub(super) fn concerns(
        &self,
        (row, id): (usize, &str),
        time: Time,
        who: Option<&str>,
        address: Option<&str>,
    ) -> bool {
        let Some(who) = who else { return false };
        let is_theirs = match address {
            Some(address) => self.addresses.contains(&(who, address)),
            None => self.principals.contains(who),
        };
        let is_new = address.is_some_and(|address| !self.usual.contains(&(who, address)));
        is_theirs && time >= self.from || is_new || self.own.contains(id) || self.made.contains(&row)
    }
}
