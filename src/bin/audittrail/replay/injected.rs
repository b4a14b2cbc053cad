//! What goes wrong in a replay, by kind: each has to happen, else the replay proves less than it says.

use audittrail::sandbox::{Calls, Fault};

use super::numbers::Numbers;
use super::scenario::Habit;

pub(super) const LAGGING: &str = "events shown 20 s to 2 min late";
pub(super) const LATE: &str = "events shown later than the lag";
pub(super) const NAMED: &str = "of them counted and named by the engine";
pub(super) const FAILED: &str = "queries failed with a reason";
pub(super) const RESTARTS: &str = "restarts of the plugin";
pub(super) const AHEAD: &str = "steps of the clock ahead";
pub(super) const BEHIND: &str = "steps of the clock behind";

/// The step of a server's clock that is so far ahead, and was before; the end of a step is none.
pub(super) fn step(before: i64, ahead: i64) -> Option<&'static str> {
    match ahead.signum() {
        1 if ahead != before => Some(AHEAD),
        -1 if ahead != before => Some(BEHIND),
        _ => None,
    }
}

/// The faults of the API, with their names in a summary.
const FAULTS: [(Fault, &str); 5] = [
    (Fault::TooManyRequests, "calls refused with 429"),
    (Fault::InternalError, "calls failed with 500"),
    (Fault::ConnectionReset, "connections reset"),
    (Fault::TruncatedJson, "bodies cut off"),
    (Fault::HtmlPage, "answers of an outage"),
];

/// Adds the faults that a simulated API had.
pub(super) fn add_faults(calls: &Calls, numbers: &mut Numbers) {
    for (fault, name) in FAULTS {
        numbers.inject(name, calls.by_fault.get(&fault.to_string()).copied().unwrap_or_default());
    }
}

/// The kinds of trouble and the habits that did not happen.
pub(super) fn missing(numbers: &Numbers) -> Vec<&'static str> {
    let own = [LAGGING, LATE, NAMED, FAILED, RESTARTS, AHEAD, BEHIND];
    let kinds = own.into_iter().chain(FAULTS.map(|(_, name)| name));
    let habits = Habit::ALL.map(Habit::name);
    let lacks = |of: &std::collections::BTreeMap<String, u64>, name: &str| of.get(name).is_none_or(|times| *times == 0);
    let kinds = kinds.filter(|name| lacks(&numbers.injected, name));
    kinds.chain(habits.into_iter().filter(|name| lacks(&numbers.habits, name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_step_is_no_step() {
        let steps = [(0, 45), (45, 45), (45, 0), (0, -150), (-150, -105), (-150, 0), (0, 0)];
        let kinds = steps.map(|(before, ahead)| step(before, ahead));
        assert_eq!(kinds, [Some(AHEAD), None, None, Some(BEHIND), Some(BEHIND), None, None]);
    }

    #[test]
    fn a_kind_of_trouble_that_never_happened_is_missing() {
        let mut numbers = Numbers::default();
        assert_eq!(missing(&numbers).len(), 7 + 5 + 9);
        for name in missing(&Numbers::default()) {
            numbers.inject(name, 1);
            numbers.habits.insert(name.to_owned(), 1);
        }
        assert!(missing(&numbers).is_empty());
        numbers.injected.insert(RESTARTS.to_owned(), 0);
        assert_eq!(missing(&numbers), [RESTARTS]);
        let mut calls = Calls::default();
        calls.by_fault.insert("too-many-requests".to_owned(), 3);
        add_faults(&calls, &mut numbers);
        assert_eq!(numbers.injected["calls refused with 429"], 4);
    }
}
