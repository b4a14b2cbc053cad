use super::day::Day;
use super::hash::{Salt, mix};
use crate::event::{Column, Events};
use crate::time::Time;

/// What a profile knows of an event; texts are salted hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Act {
    pub(super) principal: u64,
    pub(super) method: u64,
    pub(super) address: Option<u64>,
    pub(super) country: Option<u64>,
    pub(super) resource: Option<u64>,
    pub(crate) day: Day,
    pub(super) hour: u8,
}

impl Act {
    /// The columns of a method.
    pub(crate) const METHOD: [Column; 4] = [Column::Kind, Column::Product, Column::Method, Column::Action];
}

/// The acts of events, row by row.
pub(super) fn acts(salt: &Salt, events: &Events) -> Vec<Act> {
    let [principal, address, country, resource] =
        [Column::PrincipalId, Column::SourceIp, Column::Country, Column::ResourceId]
            .map(|column| hashes(salt, events, column));
    let method = Act::METHOD.map(|column| hashes(salt, events, column));
    let [kind, ..] = &method;
    let times = events.times().values();
    let time = |row: usize| Time::from_nanos(times[row]);
    let act = |row: usize| Act {
        // Scaleway's own machinery is no principal, and one of each kind of event.
        principal: principal[row].or(kind[row]).unwrap_or_default(),
        method: mix(method.each_ref().map(|hashes| hashes[row].unwrap_or_default())),
        address: address[row],
        country: country[row],
        resource: resource[row],
        day: Day::of(time(row)),
        hour: time(row).hour_of_day(),
    };
    (0..events.len()).map(act).collect()
}

/// The hash of each event's text, which is computed once for each text of a chunk.
fn hashes(salt: &Salt, events: &Events, column: Column) -> Vec<Option<u64>> {
    let mut hashes = vec![None];
    let numbers = events.numbers(column, 0, |text| {
        hashes.push(Some(salt.hash(column, text)));
        u32::try_from(hashes.len() - 1).expect("there are fewer than 2^32 texts")
    });
    numbers.into_iter().map(|number| hashes[number as usize]).collect()
}
