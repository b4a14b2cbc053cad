//! Metrics of the organization's resources, under Cockpit's names.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, TimeDelta, Timelike, Utc};
use rand::Rng;

use super::entities::Resource;
use super::ids::of_name;
use super::organization::Organization;

/// One time series: a metric, its labels and its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The name of the metric.
    pub name: &'static str,
    /// `resource_id`, `resource_name`, `project_id` and `region`, besides `az` on Instance, `instance` and `mode` on
    /// databases.
    pub labels: BTreeMap<&'static str, String>,
    /// The samples in order of time.
    pub samples: Vec<(DateTime<Utc>, f64)>,
}

/// The processors of every server: more than one, so that usage and counter differ.
const VCPUS: f64 = 4.0;

impl Organization {
    /// Cockpit's metrics from `from` up to, not including, `until`: of each server
    /// `instance_server_cpu_seconds_total` (a counter) and `instance_server_vcpu_count`, of each `PostgreSQL` database
    /// `rdb_instance_postgresql_node_cpu_seconds_total` (a counter), of each load balancer
    /// `load_balancer_lb_connection_usage` (from 0 to 1).
    ///
    /// `rate(instance_server_cpu_seconds_total[1m]) / instance_server_vcpu_count` is the load of a server, from 0 to 1. The
    /// incident's server is over 0.95 from [`spike_from`](super::Incident::spike_from) to
    /// [`spike_until`](super::Incident::spike_until), and idle while it is off.
    #[must_use]
    pub fn metrics(&self, from: DateTime<Utc>, until: DateTime<Utc>, step: Duration) -> Vec<Series> {
        let step = step.max(TimeDelta::seconds(1));
        let times: Vec<_> =
            std::iter::successors(Some(from), |at| Some(*at + step)).take_while(|at| *at < until).collect();
        let servers = self.resources_of("instance_server").flat_map(|server| {
            let labels = [("az", server.locality.to_owned())];
            let busy = self.busy(server, &times);
            [
                series("instance_server_cpu_seconds_total", server, &labels, counter(&busy, VCPUS, step)),
                series("instance_server_vcpu_count", server, &labels, times.iter().map(|at| (*at, VCPUS)).collect()),
            ]
        });
        let databases = self.resources_of("rdb_instance").map(|database| {
            let labels = [("instance", format!("{}-0", database.id)), ("mode", "idle".to_owned())];
            let idle: Vec<_> = self.busy(database, &times).into_iter().map(|(at, busy)| (at, 1.0 - busy)).collect();
            series("rdb_instance_postgresql_node_cpu_seconds_total", database, &labels, counter(&idle, 1.0, step))
        });
        let balancers = self
            .resources_of("load_balancer_lb")
            .map(|balancer| series("load_balancer_lb_connection_usage", balancer, &[], self.busy(balancer, &times)));
        servers.chain(databases).chain(balancers).collect()
    }

    /// The load of a resource at each time, from 0 to 1.
    fn busy(&self, resource: &Resource, times: &[DateTime<Utc>]) -> Vec<(DateTime<Utc>, f64)> {
        let mut rng = of_name(&resource.id);
        let base: f64 = rng.random_range(0.08..0.25);
        let swing: f64 = rng.random_range(0.05..0.3);
        let noises = std::iter::repeat_with(|| rng.random_range(-0.03..0.03));
        times
            .iter()
            .zip(noises)
            .map(|(&at, noise)| (at, self.load(resource, at, base + swing * daylight(at) + noise)))
            .collect()
    }

    fn load(&self, resource: &Resource, at: DateTime<Utc>, usual: f64) -> f64 {
        let incident = &self.incident;
        if resource.id != incident.server_id {
            return usual;
        }
        if (incident.spike_from..incident.spike_until).contains(&at) {
            return 0.97 + usual * 0.05;
        }
        let off = incident.powered_on_at - (incident.spike_from - incident.powered_on_at) * 3;
        if (off..incident.spike_from).contains(&at) || at >= incident.spike_until { 0.0 } else { usual }
    }
}

fn series(
    name: &'static str,
    of: &Resource,
    labels: &[(&'static str, String)],
    samples: Vec<(DateTime<Utc>, f64)>,
) -> Series {
    let mut labels: BTreeMap<_, _> = labels.iter().cloned().collect();
    labels.insert("resource_id", of.id.clone());
    labels.insert("resource_name", of.name.clone());
    labels.insert("project_id", of.project_id.clone());
    labels.insert("region", of.region().to_owned());
    Series { name, labels, samples }
}

/// Cumulative busy seconds from the share of each step.
fn counter(shares: &[(DateTime<Utc>, f64)], each: f64, step: TimeDelta) -> Vec<(DateTime<Utc>, f64)> {
    let seconds = shares.iter().scan(0.0, |total, &(at, share)| {
        let before = *total;
        *total += share * each * step.as_seconds_f64();
        Some((at, before))
    });
    seconds.collect()
}

/// 0 at night, 1 at noon.
fn daylight(at: DateTime<Utc>) -> f64 {
    let hour = f64::from(at.num_seconds_from_midnight()) / 3600.0;
    ((hour - 12.0) / 24.0 * std::f64::consts::TAU).cos().max(0.0)
}
