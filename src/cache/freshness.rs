/// The freshness that a request demands of provisional events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// For a panel: accepts events that another panel of the dashboard has just fetched, and for a while events that happened
    /// some time before their fetch.
    Shared,
    /// For an alert rule: accepts events fetched after the request.
    Own,
    /// For the process itself, in the background: as for a panel, but with one call at a time. Its segments are the first to be
    /// evicted, before those that panels and rules use, and neither of these waits for its fetches.
    Background,
}
