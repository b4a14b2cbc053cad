use std::time::Duration;

/// Sizes and times at which the cache changes its behaviour. Tests set smaller sizes than the defaults, so that few
/// events reach them, and longer times, so that no machine is too slow for them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The time for which a fetch for an alert rule waits for other rules of the same tick, to share one fetch with them.
    pub tick: Duration,
    /// Provisional intervals with fewer events than this are fetched again whole: they fit on the page that a refresh
    /// fetches anyway.
    pub refreshed_events: usize,
    /// The number of cached events from which the density of a list and the selectivity of a filter are estimated.
    pub sampled_events: usize,
    /// The bytes of pages after which a fetch packs their events.
    pub batch_bytes: usize,
    /// The most memory of a fetch, in bytes: pages, and their columns.
    pub fetch_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tick: Duration::from_millis(20),
            refreshed_events: 75,
            sampled_events: 1_000,
            batch_bytes: 8 << 20,
            fetch_bytes: 512 << 20,
        }
    }
}
