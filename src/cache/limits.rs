use std::time::Duration;

/// Sizes and times at which the cache changes what it does. The defaults are for use; tests take smaller sizes, so that few
/// events reach them, and longer times, so that no machine is too slow for them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a fetch for an alert rule waits for other rules of the same tick, to share one fetch with them.
    pub tick: Duration,
    /// Provisional intervals with fewer events than this are fetched again whole: they fit on the page that a refresh
    /// fetches anyway.
    pub refreshed_events: usize,
    /// How many cached events tell how dense a list is and how selective a filter.
    pub sampled_events: usize,
    /// After how many bytes of pages a fetch packs their events.
    pub batch_bytes: usize,
    /// The most memory that a fetch takes, in bytes: pages, and the columns that they became.
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
