/// The freshness that a request demands of provisional events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// For a panel: accepts events that another panel of the dashboard has just fetched, and for a while events that happened
    /// some time before their fetch.
    Shared,
    /// For an alert rule: accepts events fetched after the request.
    Own,
}
