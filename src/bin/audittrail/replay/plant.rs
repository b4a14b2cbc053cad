//! Faults that a replay has to find.

use std::collections::BTreeSet;
use std::ops::Range;

use clap::ValueEnum;

use super::judge::{Edge, Hit, Rule};
use super::scenario::Happened;

/// A planted fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Planted {
    /// An event that makes a rule fire is not in the trail.
    Lost,
    /// An event that makes a rule fire is in the trail twice, under two ids.
    Doubled,
    /// A window ends a nanosecond too early.
    Edge,
}

/// Where a fault is planted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The number of the event, of which the trail has none, or two.
    pub(super) event: usize,
    /// When it was recorded.
    pub(super) time: i64,
}

impl Planted {
    /// Where the fault changes what fires: at an event in the middle that makes a rule of single events fire, or where a window's edge
    /// decides. `hits` are the truth with the edge included, and with the planted one.
    pub(super) fn place(self, rules: &[Rule], hits: [&[Hit]; 2], within: Range<i64>) -> Option<Place> {
        let [included, planted] = hits;
        let of = |hit: &Hit| Place { event: hit.event, time: hit.time };
        let key = |hit: &Hit| (hit.rule, hit.event);
        let mut inside = included.iter().filter(|hit| within.contains(&hit.time) && !rules[hit.rule].is_statistical());
        if self != Self::Edge {
            return inside.find(|hit| rules[hit.rule].is_of_single_events()).map(of);
        }
        let remaining: BTreeSet<(usize, usize)> = planted.iter().map(key).collect();
        inside.find(|hit| !remaining.contains(&key(hit))).map(of)
    }

    /// The edge of the judge's windows.
    pub(super) fn edge(planted: Option<Self>) -> Edge {
        if planted == Some(Self::Edge) { Edge::OffByOne } else { Edge::Included }
    }

    /// The events that the trail has, of those that happened.
    pub(super) fn trail(planted: Option<(Self, Place)>, events: &[Happened]) -> Vec<Happened> {
        let mut trail = events.to_vec();
        match planted {
            Some((Self::Lost, place)) => {
                trail.remove(place.event);
            }
            Some((Self::Doubled, place)) => {
                let mut twin = trail[place.event].clone();
                twin.json["id"] =
                    twin.id().chars().rev().map(|c| if c == '-' { '0' } else { c }).collect::<String>().into();
                trail.insert(place.event + 1, twin);
            }
            Some((Self::Edge, _)) | None => {}
        }
        trail
    }
}
