//! The metrics of a service's calls.

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, HistogramTimer, IntCounterVec, Opts};

/// Counts calls by outcome and measures their duration; one per service for the whole process.
#[derive(Clone, Debug)]
pub struct Meter {
    calls: IntCounterVec,
    seconds: Histogram,
}

impl Meter {
    /// Metrics of the calls to a service; their names begin with `prefix`.
    pub(crate) fn new(prefix: &str, service: &str) -> Self {
        let calls =
            Opts::new(format!("{prefix}_calls_total"), format!("Calls to {service} by outcome, retries included."));
        let seconds =
            HistogramOpts::new(format!("{prefix}_call_seconds"), format!("How long a call to {service} takes."))
                .buckets(vec![0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 30.0]);
        let legal = "the name is legal";
        Self {
            calls: IntCounterVec::new(calls, &["outcome"]).expect(legal),
            seconds: Histogram::with_opts(seconds).expect(legal),
        }
    }

    /// The collectors, for a registry.
    pub(crate) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![Box::new(self.calls.clone()), Box::new(self.seconds.clone())]
    }

    pub(super) fn count(&self, outcome: &str) {
        self.calls.with_label_values(&[outcome]).inc();
    }

    pub(super) fn start_timer(&self) -> HistogramTimer {
        self.seconds.start_timer()
    }
}
