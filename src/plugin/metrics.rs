//! `CollectMetrics`: the process's metrics as Prometheus text.

use std::future::Future;
use std::time::Instant;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};

use crate::query::Meters;

/// The process's metrics.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
}

impl Metrics {
    pub(super) fn new(meters: &Meters) -> prometheus::Result<Self> {
        let requests = Opts::new(
            "audittrail_requests_total",
            "Requests from Grafana by call and outcome; each query of a request counts.",
        );
        let requests = IntCounterVec::new(requests, &["call", "outcome"])?;
        let seconds = HistogramOpts::new("audittrail_request_seconds", "How long a request from Grafana takes.")
            .buckets(vec![0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0]);
        let seconds = HistogramVec::new(seconds, &["call"])?;
        let registry = Registry::new();
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        for collector in meters.collectors() {
            registry.register(collector)?;
        }
        Ok(Self { registry, requests, seconds })
    }

    /// Measures the duration of a call.
    pub(super) async fn time<T>(&self, call: &'static str, work: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let result = work.await;
        self.seconds.with_label_values(&[call]).observe(start.elapsed().as_secs_f64());
        result
    }

    /// Counts a request, or a query of one.
    pub(super) fn count(&self, call: &'static str, outcome: &'static str) {
        self.requests.with_label_values(&[call, outcome]).inc();
    }

    pub(super) fn text(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).expect("registered metrics can be written")
    }
}
