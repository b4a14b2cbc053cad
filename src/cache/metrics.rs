use prometheus::core::Collector;
use prometheus::{IntCounter, IntGauge};

use super::size::Size;

/// The metrics of all caches of the process.
#[derive(Clone, Debug)]
pub struct Meter {
    pub(super) fetched: IntCounter,
    pub(super) late: IntCounter,
    events: IntGauge,
    bytes: IntGauge,
    body_bytes: IntGauge,
}

impl Default for Meter {
    fn default() -> Self {
        let legal = "the name is legal";
        Self {
            fetched: IntCounter::new("audittrail_events_total", "Events read from Scaleway's API.").expect(legal),
            late: IntCounter::new(
                "audittrail_late_events_total",
                "Events that appeared in the trail later than lagSeconds after they were recorded.",
            )
            .expect(legal),
            events: IntGauge::new("audittrail_cache_events", "Events in memory now.").expect(legal),
            bytes: IntGauge::new("audittrail_cache_bytes", "Memory that the events take.").expect(legal),
            body_bytes: IntGauge::new("audittrail_cache_body_bytes", "The part of it that is request bodies.")
                .expect(legal),
        }
    }
}

impl Meter {
    /// The collectors, for a registry.
    pub(crate) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.fetched.clone()),
            Box::new(self.late.clone()),
            Box::new(self.events.clone()),
            Box::new(self.bytes.clone()),
            Box::new(self.body_bytes.clone()),
        ]
    }

    pub(super) fn resize(&self, before: Size, after: Size) {
        add(&self.events, before.events, after.events);
        add(&self.bytes, before.bytes, after.bytes);
        add(&self.body_bytes, before.body_bytes, after.body_bytes);
    }
}

fn add(gauge: &IntGauge, before: usize, after: usize) {
    gauge.add(number(after) - number(before));
}

fn number(size: usize) -> i64 {
    i64::try_from(size).expect("no memory has 2^63 bytes")
}
