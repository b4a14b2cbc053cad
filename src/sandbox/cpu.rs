//! The metrics beside the trail: what Cockpit would have measured on the organisation's servers.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, TimeDelta, Timelike, Utc};
use rand::Rng;

use super::organisation::{Organisation, Resource, of_name};

/// One time series: a metric, its labels and its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The name of the metric.
    pub name: &'static str,
    /// `resource_id`, `resource_name`, `project_id`, `region` and `az`, as Cockpit labels Instance metrics.
    pub labels: BTreeMap<&'static str, String>,
    /// In order of time.
    pub samples: Vec<(DateTime<Utc>, f64)>,
}

/// Processors of every server: enough for the usage to be told from the counter.
pub const VCPUS: f64 = 4.0;

impl Organisation {
    /// What Cockpit's metrics `instance_server_cpu_seconds_total` (a counter) and `instance_server_vcpu_count` say of each
    /// server from `from` up to, not including, `until`.
    ///
    /// `rate(instance_server_cpu_seconds_total[1m]) / instance_server_vcpu_count` is how busy a server is, from 0 to 1. The
    /// incident's server is over 0.95 from [`spike_from`](super::Incident::spike_from) to
    /// [`spike_until`](super::Incident::spike_until), and at rest while it is off.
    #[must_use]
    pub fn cpu_series(&self, from: DateTime<Utc>, until: DateTime<Utc>, step: Duration) -> Vec<Series> {
        let step = step.max(TimeDelta::seconds(1));
        self.resources_of("instance_server").flat_map(|server| self.cpu_of(server, from, until, step)).collect()
    }

    fn cpu_of(&self, server: &Resource, from: DateTime<Utc>, until: DateTime<Utc>, step: TimeDelta) -> [Series; 2] {
        let labels = BTreeMap::from([
            ("resource_id", server.id.clone()),
            ("resource_name", server.name.clone()),
            ("project_id", server.project_id.clone()),
            ("region", server.region().to_owned()),
            ("az", server.locality.to_owned()),
        ]);
        let mut rng = of_name(&server.id);
        let base: f64 = rng.random_range(0.08..0.25);
        let swing: f64 = rng.random_range(0.05..0.3);
        let seconds = step.as_seconds_f64();
        let (mut busy, mut counts) = (Vec::new(), Vec::new());
        let mut total = 0.0;
        let mut at = from;
        while at < until {
            busy.push((at, total));
            counts.push((at, VCPUS));
            let noise = rng.random_range(-0.03..0.03);
            total += self.load(server, at, base + swing * daylight(at) + noise) * VCPUS * seconds;
            at += step;
        }
        [
            Series { name: "instance_server_cpu_seconds_total", labels: labels.clone(), samples: busy },
            Series { name: "instance_server_vcpu_count", labels, samples: counts },
        ]
    }

    fn load(&self, server: &Resource, at: DateTime<Utc>, usual: f64) -> f64 {
        let incident = &self.incident;
        if server.id != incident.server_id {
            return usual;
        }
        if (incident.spike_from..incident.spike_until).contains(&at) {
            return 0.97 + usual * 0.05;
        }
        let off = incident.powered_on_at - (incident.spike_from - incident.powered_on_at) * 3;
        if (off..incident.spike_from).contains(&at) || at >= incident.spike_until { 0.0 } else { usual }
    }
}

/// 0 at night, 1 at noon.
fn daylight(at: DateTime<Utc>) -> f64 {
    let hour = f64::from(at.num_seconds_from_midnight()) / 3600.0;
    ((hour - 12.0) / 24.0 * std::f64::consts::TAU).cos().max(0.0)
}
