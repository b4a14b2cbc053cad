//! The usual actions of a principal.

use std::time::Duration;

use hashbrown::HashMap;

use super::trail::{NONE, Trail};
use crate::time::{Time, hours_around};

/// With less time behind it, nothing is rare.
const SHORTEST: Duration = Duration::from_hours(24);

/// The usual actions in the time before a symptom's window, of the principals of its candidates.
#[derive(Debug, Default)]
pub(super) struct Profile {
    /// How long that time is.
    pub(super) length: Duration,
    habits: HashMap<u32, Habits>,
}

/// What one principal does: how often each.
#[derive(Debug, Default)]
struct Habits {
    methods: HashMap<u32, u32>,
    addresses: HashMap<u32, u32>,
    countries: HashMap<u32, u32>,
    resources: HashMap<u32, u32>,
    hours: [u32; 24],
}

impl Profile {
    /// The profile of some principals, by the events before the window.
    pub(super) fn of(trail: &Trail<'_>, principals: impl Iterator<Item = u32>) -> Self {
        let mut habits: Vec<Option<Habits>> = (0..trail.principals.len()).map(|_| None).collect();
        for principal in principals.filter(|principal| *principal != NONE) {
            habits[index(principal)] = Some(Habits::default());
        }
        for row in trail.before_window() {
            let principal = trail.principals.rows[row];
            if principal == NONE {
                continue;
            }
            if let Some(habits) = &mut habits[index(principal)] {
                habits.add(trail, row);
            }
        }
        let oldest = trail.before_window().last().map(|row| trail.time(row));
        let newest = trail.before_window().next().map(|row| trail.time(row));
        let length = newest.zip(oldest).map_or(Duration::ZERO, |(newest, oldest)| newest.since(oldest));
        let habits = (0..).zip(habits).filter_map(|(principal, habits)| Some((principal, habits?))).collect();
        Self { length, habits }
    }

    fn rarity(&self, principal: u32, count: impl Fn(&Habits) -> Option<u32>) -> f64 {
        let Some(habits) = self.habits.get(&principal).filter(|_| self.length >= SHORTEST) else { return 0.0 };
        count(habits).map_or(0.0, |count| 1.0 / (1.0 + f64::from(count)))
    }

    /// How rare a method is for a principal, from 0 to 1 for one that it never used.
    pub(super) fn method(&self, principal: u32, method: u32) -> f64 {
        self.rarity(principal, |habits| of(&habits.methods, method))
    }

    /// How rare an address is for a principal.
    pub(super) fn address(&self, principal: u32, address: u32) -> f64 {
        self.rarity(principal, |habits| of(&habits.addresses, address))
    }

    /// How rare the country of a log-in is for a principal.
    pub(super) fn country(&self, principal: u32, country: u32) -> f64 {
        self.rarity(principal, |habits| of(&habits.countries, country))
    }

    /// How rare a resource is for a principal.
    pub(super) fn resource(&self, principal: u32, resource: u32) -> f64 {
        self.rarity(principal, |habits| of(&habits.resources, resource))
    }

    /// How rare a time of day is for a principal, by the hour and the two beside it.
    pub(super) fn hour(&self, principal: u32, time: Time) -> f64 {
        let near = hours_around(time.hour_of_day()).map(usize::from);
        self.rarity(principal, |habits| Some(near.iter().map(|hour| habits.hours[*hour]).sum()))
    }
}

impl Habits {
    fn add(&mut self, trail: &Trail<'_>, row: usize) {
        for (counts, number) in [
            (&mut self.methods, trail.methods.rows[row]),
            (&mut self.addresses, trail.addresses.rows[row]),
            (&mut self.countries, trail.countries.rows[row]),
            (&mut self.resources, trail.resources.rows[row]),
        ] {
            if number != NONE {
                *counts.entry(number).or_default() += 1;
            }
        }
        self.hours[usize::from(trail.time(row).hour_of_day())] += 1;
    }
}

fn of(counts: &HashMap<u32, u32>, number: u32) -> Option<u32> {
    (number != NONE).then(|| counts.get(&number).copied().unwrap_or_default())
}

fn index(number: u32) -> usize {
    usize::try_from(number).expect("32 bits")
}
