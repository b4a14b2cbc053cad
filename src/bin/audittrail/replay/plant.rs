//! Faults that a replay has to find.

use clap::ValueEnum;

use super::judge::Edge;
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

impl Planted {
    /// The edge of the judge's windows.
    pub(super) fn edge(planted: Option<Self>) -> Edge {
        if planted == Some(Self::Edge) { Edge::OffByOne } else { Edge::Included }
    }

    /// The events that the trail has, of those that happened; `event` is one that makes a rule fire.
    pub(super) fn trail(planted: Option<Self>, events: &[Happened], event: usize) -> Vec<Happened> {
        let mut trail = events.to_vec();
        match planted {
            Some(Self::Lost) => {
                trail.remove(event);
            }
            Some(Self::Doubled) => {
                let mut twin = trail[event].clone();
                twin.json["id"] =
                    twin.id().chars().rev().map(|c| if c == '-' { '0' } else { c }).collect::<String>().into();
                trail.insert(event + 1, twin);
            }
            Some(Self::Edge) | None => {}
        }
        trail
    }
}
