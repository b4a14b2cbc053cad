//! From events to candidates.

use std::time::Duration;

use hashbrown::HashMap;

use super::closeness::Kin;
use super::signal::Signal;
use super::trail::Trail;
use super::verb::Verb;
use crate::event::status_class;

/// Repeats of one principal, method and resource that are no farther apart are one candidate.
const REPEAT: Duration = Duration::from_mins(10);

/// An action, with its repeats, that may explain the span.
#[derive(Debug)]
pub(super) struct Candidate {
    /// The rows of its events, the newest first.
    pub(super) rows: Vec<usize>,
    pub(super) closeness: Signal,
    /// The request body of the newest event.
    pub(super) body: Option<String>,
}

impl Candidate {
    /// The row of its newest event, which is the nearest to the onset.
    pub(super) fn newest(&self) -> usize {
        self.rows[0]
    }

    /// The row of its oldest event.
    pub(super) fn oldest(&self) -> usize {
        *self.rows.last().expect("a candidate has an event")
    }
}

/// The rows of the window whose events did something: no log-in, no read, nothing that was refused or that found its request
/// wrong.
fn actions<'a>(trail: &'a Trail<'_>) -> impl Iterator<Item = usize> + use<'a> {
    let reads = trail.methods.those(|method| Verb::of(method) == Verb::Reads);
    let happened = |outcome: Option<&str>| outcome.is_none_or(|outcome| outcome == status_class::SUCCEEDED);
    trail.in_window().filter(move |row| {
        !trail.is_log_in(*row) && happened(trail.outcomes.get(*row)) && !reads.contains(&trail.methods.rows[*row])
    })
}

/// The candidates of the window, the newest first.
pub(super) fn candidates(trail: &Trail<'_>, kin: &Kin<'_>) -> Vec<Candidate> {
    let close: Vec<(usize, Signal)> = actions(trail).filter_map(|row| Some((row, kin.of_row(trail, row)?))).collect();
    let bodies = trail.bodies(&close.iter().map(|(row, _)| *row).collect::<Vec<_>>());
    let mut found: Vec<Candidate> = Vec::new();
    let mut latest: HashMap<_, usize> = HashMap::new();
    for ((row, closeness), body) in close.into_iter().zip(bodies) {
        let closeness = kin.with_body(closeness, body.as_deref());
        let key = [&trail.principals, &trail.methods, &trail.resources, &trail.actions].map(|column| column.rows[row]);
        if let Some(known) = latest.get(&key).map(|index| &mut found[*index])
            && trail.time(known.oldest()).since(trail.time(row)) <= REPEAT
        {
            known.rows.push(row);
            continue;
        }
        latest.insert(key, found.len());
        found.push(Candidate { rows: vec![row], closeness, body });
    }
    found
}
