use std::ops::Range;

/// A match of a rule: events of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// The rule, by its number in the pack.
    pub(crate) rule: usize,
    /// The values of the correlation's group keys, in their order; none where the events have no such value.
    pub(crate) group: Vec<Option<String>>,
    /// The times of the first and the last event, nanoseconds since 1970, UTC; both belong to the match.
    pub(crate) times: Range<i64>,
    /// The positions of its events, ascending: the newest first.
    pub(crate) rows: Vec<usize>,
    /// The highest count that the correlation's condition saw; the number of events for other rules.
    pub(crate) value: u64,
}

/// A condition that is true of an event, with the event's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// The condition as the rule has it: `method_name|startswith: Delete`. A condition that must be false begins with `not `.
    pub(crate) condition: String,
    /// The event's value: bounded, without control and direction characters; none where the event has none.
    pub(crate) value: Option<String>,
}
