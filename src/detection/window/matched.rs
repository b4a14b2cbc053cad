use std::time::Duration;

use hashbrown::HashMap;

use super::firing::Firing;
use super::group::Group;
use crate::time::Time;

/// Firings of one correlation and group, each at most the window's length after the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// The group.
    pub(crate) group: Group,
    /// The time of the oldest hit in the window of the first firing.
    pub(crate) since: Time,
    /// The time of the first firing.
    pub(crate) first: Time,
    /// The time of the last firing.
    pub(crate) last: Time,
    /// The highest count.
    pub(crate) value: u64,
    /// The time of the first firing with that count.
    pub(crate) peak: Time,
    /// The event of that firing.
    pub(crate) peak_event: u32,
    /// The events of the firings, in their order.
    pub(crate) events: Vec<u32>,
}

/// The matches of the firings of one correlation, which are in the order of time; the one that begins first comes first.
pub(crate) fn matches<'a>(firings: impl IntoIterator<Item = &'a Firing>, timespan: Duration) -> Vec<Match> {
    let mut matches: Vec<Match> = Vec::new();
    let mut newest: HashMap<&Group, usize> = HashMap::new();
    for firing in firings {
        let Firing { time, event, value, since, .. } = *firing;
        let current = newest.get(&firing.group).copied();
        if let Some(index) = current.filter(|index| time.since(matches[*index].last) <= timespan) {
            let current = &mut matches[index];
            current.last = time;
            if value > current.value {
                (current.value, current.peak, current.peak_event) = (value, time, event);
            }
            // Two firings may be of one event.
            if current.events.last() != Some(&event) {
                current.events.push(event);
            }
        } else {
            newest.insert(&firing.group, matches.len());
            let group = Group::clone(&firing.group);
            let (first, last, peak) = (time, time, time);
            matches.push(Match { group, since, first, last, value, peak, peak_event: event, events: vec![event] });
        }
    }
    matches
}
