use super::group::Group;
use crate::time::Time;

/// An event that a rule selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    /// When the event was recorded.
    pub(crate) time: Time,
    /// The event's index in the columns of keys: higher for a later event.
    pub(crate) event: u32,
    /// The rule's number in the pack.
    pub(crate) rule: usize,
}

/// A hit at which a correlation's condition is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Firing {
    /// The correlation's number in the pack.
    pub(crate) rule: usize,
    /// The time of the hit.
    pub(crate) time: Time,
    /// The hit's event.
    pub(crate) event: u32,
    /// The group in which the condition is true.
    pub(crate) group: Group,
    /// The count that satisfies the condition.
    pub(crate) value: u64,
    /// The time of the oldest hit that counts; that of the firing where none does.
    pub(crate) since: Time,
}
