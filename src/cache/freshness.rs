/// How old the newest events of an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// A panel's: events that another panel of the same dashboard has just fetched will do, and those that had happened a
    /// while before they were fetched are not fetched again each time.
    Shared,
    /// An alert rule's: fetched after the rule asked.
    Own,
}
