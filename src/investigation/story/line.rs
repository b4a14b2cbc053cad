use std::collections::HashMap;

use super::step::Step;
use crate::time::Time;

/// One step of a principal, with its repeats.
#[derive(Clone, Debug)]
pub struct Line {
    /// The principal's id; none for Scaleway's own doing.
    pub principal: Option<String>,
    /// What kind of step it is.
    pub step: &'static Step,
    /// When its first event was recorded.
    pub time: Time,
    /// When its last event was recorded.
    pub last: Time,
    /// The rows of its events, the oldest first.
    pub rows: Vec<usize>,
    /// Whether it concerns the suspects, and is no routine: an event of theirs, one from their address since the lookback began,
    /// one from an address from which its principal had not come before, or one that made a member's credential for it.
    pub concerns: bool,
}

/// What two events of a line have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alike<'a> {
    pub(super) principal: Option<&'a str>,
    pub(super) address: Option<&'a str>,
    /// The method and an Instance's action; of attempts, any.
    pub(super) call: Option<(Option<&'a str>, Option<&'a str>)>,
    pub(super) concerns: bool,
}

/// An event that is about to become a line, or part of one.
pub(super) struct Entry<'a> {
    pub(super) row: usize,
    pub(super) time: Time,
    pub(super) step: &'static Step,
    pub(super) alike: Alike<'a>,
}

/// The lines of some events, which are in the order of time. A repeat joins the latest line of its principal, where that is alike.
pub(super) fn lines<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut latest: HashMap<Option<&'a str>, (usize, Alike<'a>)> = HashMap::new();
    for Entry { row, time, step, alike } in entries {
        if let Some((index, other)) = latest.get(&alike.principal) {
            let line = &mut lines[*index];
            if line.step == step && *other == alike {
                line.last = time;
                line.rows.push(row);
                continue;
            }
        }
        let (principal, concerns) = (alike.principal.map(str::to_owned), alike.concerns);
        latest.insert(alike.principal, (lines.len(), alike));
        lines.push(Line { principal, step, time, last: time, rows: vec![row], concerns });
    }
    lines
}
