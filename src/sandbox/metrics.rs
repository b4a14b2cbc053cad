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
    /// databases, `component` on control planes, `backend_name` and `state` on load balancers.
    pub labels: BTreeMap<&'static str, String>,
    /// The samples in order of time.
    pub samples: Vec<(DateTime<Utc>, f64)>,
}

type Samples = Vec<(DateTime<Utc>, f64)>;

/// The processors of every server: more than one, so that usage and counter differ.
const VCPUS: f64 = 4.0;

/// The processors of the type that the intruder gives to the incident's server.
const INTRUDERS_VCPUS: f64 = 64.0;

/// The database that is `MySQL`; the others are `PostgreSQL`.
const MYSQL: &str = "db-users";

/// The database whose backup the intruder exports, and the minutes of the story from the first export to that one's start and end.
const EXPORTED: (&str, std::ops::Range<i32>) = ("db-orders", 4..16);

/// The backend that the incident's server belongs to.
const BACKEND: &str = "pool-web-1";

/// The bytes of a database's volume, and the connections that it allows.
const VOLUME: f64 = 20e9;
const CONNECTIONS: f64 = 100.0;

/// The servers of a backend.
const SERVERS: f64 = 6.0;

/// The limits of an API server: processors and bytes.
const API_SERVER: (f64, f64) = (2.0, 4e9);

/// The time from a node's creation until it is ready.
const BOOT: TimeDelta = TimeDelta::minutes(3);

/// Idle processors, free and all bytes of the volume, open and allowed connections.
const POSTGRESQL_NAMES: [&str; 5] = [
    "rdb_instance_postgresql_node_cpu_seconds_total",
    "rdb_instance_postgresql_node_filesystem_avail_bytes",
    "rdb_instance_postgresql_node_filesystem_size_bytes",
    "rdb_instance_postgresql_pg_stat_database_numbackends",
    "rdb_instance_postgresql_pg_settings_max_connections",
];

/// The same of `MySQL`.
const MYSQL_NAMES: [&str; 5] = [
    "rdb_instance_mysql_node_cpu_seconds_total",
    "rdb_instance_mysql_node_filesystem_avail_bytes",
    "rdb_instance_mysql_node_filesystem_size_bytes",
    "rdb_instance_mysql_mysql_global_status_threads_connected",
    "rdb_instance_mysql_mysql_global_variables_max_connections",
];

/// Used and allowed processors, used and allowed memory of an API server.
const API_SERVER_NAMES: [&str; 4] = [
    "kubernetes_cluster_k8s_shoot_controlplane_cpu_usage",
    "kubernetes_cluster_k8s_shoot_controlplane_cpu_limit",
    "kubernetes_cluster_k8s_shoot_controlplane_memory_usage_bytes",
    "kubernetes_cluster_k8s_shoot_controlplane_memory_limit_bytes",
];

impl Organization {
    /// Cockpit's metrics from `from` up to, not including, `until`, of each server, `PostgreSQL` or `MySQL` database, load balancer
    /// and cluster. Metrics whose name ends with `_seconds_total` are counters, the others gauges.
    ///
    /// `rate(instance_server_cpu_seconds_total[1m]) / instance_server_vcpu_count` is the load of a server, from 0 to 1. The
    /// incident's server is over 0.95 from [`spike_from`](super::Incident::spike_from) to
    /// [`spike_until`](super::Incident::spike_until), and idle while it is off; its load balancer then counts it among the
    /// servers that are down. The database whose backup is exported is busier meanwhile.
    #[must_use]
    pub fn metrics(&self, from: DateTime<Utc>, until: DateTime<Utc>, step: Duration) -> Vec<Series> {
        let step = step.max(TimeDelta::seconds(1));
        let times = std::iter::successors(Some(from), |at| Some(*at + step)).take_while(|at| *at < until).collect();
        let sampled = Sampled { organization: self, times, step };
        let servers = self.resources_of("instance_server").flat_map(|server| sampled.server(server));
        let databases = self.resources_of("rdb_instance").flat_map(|database| sampled.database(database));
        let balancers = self.resources_of("load_balancer_lb").flat_map(|balancer| sampled.balancer(balancer));
        let clusters = self.resources_of("kube_cluster").flat_map(|cluster| sampled.cluster(cluster));
        servers.chain(databases).chain(balancers).chain(clusters).collect()
    }

    /// Whether a resource is the incident's server while that is off.
    fn is_off(&self, id: &str, at: DateTime<Utc>) -> bool {
        let incident = &self.incident;
        let off = incident.powered_on_at - (incident.spike_from - incident.powered_on_at) * 3;
        id == incident.server_id && ((off..incident.spike_from).contains(&at) || at >= incident.spike_until)
    }

    /// Whether a database is the one whose backup is exported at this time.
    fn is_exporting(&self, resource: &Resource, at: DateTime<Utc>) -> bool {
        let (incident, (name, minutes)) = (&self.incident, EXPORTED);
        let minute = incident.spike_from - incident.powered_on_at;
        let (start, end) = (incident.exported_at + minute * minutes.start, incident.exported_at + minute * minutes.end);
        resource.name == name && (start..end).contains(&at)
    }

    /// The load of a resource whose usual load is known.
    fn load(&self, resource: &Resource, at: DateTime<Utc>, usual: f64) -> f64 {
        let incident = &self.incident;
        if self.is_off(&resource.id, at) {
            0.0
        } else if resource.id == incident.server_id && (incident.spike_from..incident.spike_until).contains(&at) {
            0.97 + usual * 0.05
        } else if self.is_exporting(resource, at) {
            usual + 0.2
        } else {
            usual
        }
    }

    /// The processors of a server.
    fn vcpus(&self, server: &Resource, at: DateTime<Utc>) -> f64 {
        let incident = &self.incident;
        let resized = incident.powered_on_at - (incident.spike_from - incident.powered_on_at) * 2;
        if server.id == incident.server_id && at >= resized { INTRUDERS_VCPUS } else { VCPUS }
    }

    /// The free bytes of a database's volume, which fills up by a thousandth an hour.
    fn free(&self, database: &Resource, at: DateTime<Utc>) -> f64 {
        let first: f64 = of_name(&format!("volume of {}", database.id)).random_range(0.3..0.6);
        let hours = (at - self.incident.started_at).as_seconds_f64() / 3600.0;
        (VOLUME * (1.0 - first - 0.001 * hours).clamp(0.05, 0.95)).round()
    }

    /// How many servers of a backend fail its health check.
    fn servers_down(&self, backend: &Resource, at: DateTime<Utc>) -> f64 {
        let is_down = backend.name == BACKEND && self.is_off(&self.incident.server_id, at);
        f64::from(u8::from(is_down))
    }
}

/// The nodes of a cluster: its pools grow by one for half an hour of every two, and by two around noon.
fn nodes(cluster: &Resource, at: DateTime<Utc>) -> f64 {
    let first: i64 = of_name(&cluster.id).random_range(0..120);
    let has_grown = (at.timestamp() / 60 + first) % 120 < 30;
    4.0 + f64::from(u8::from(has_grown)) + (2.0 * daylight(at)).round()
}

/// An organization's metrics at some moments.
struct Sampled<'a> {
    organization: &'a Organization,
    times: Vec<DateTime<Utc>>,
    step: TimeDelta,
}

impl Sampled<'_> {
    fn server(&self, server: &Resource) -> Vec<Series> {
        let labels = [("az", server.locality.to_owned())];
        let used = self.busy(server).into_iter().map(|(at, busy)| (at, busy * self.organization.vcpus(server, at)));
        vec![
            series("instance_server_cpu_seconds_total", server, &labels, self.counter(used)),
            series("instance_server_vcpu_count", server, &labels, self.gauge(|at| self.organization.vcpus(server, at))),
        ]
    }

    fn database(&self, database: &Resource) -> Vec<Series> {
        let is_mysql = database.name == MYSQL;
        let [cpu, available, size, open, allowed] = if is_mysql { MYSQL_NAMES } else { POSTGRESQL_NAMES };
        let node = [("instance", format!("{}-0", database.id))];
        let processor = [&node[..], &[("mode", "idle".to_owned())]].concat();
        let idle = self.busy(database).into_iter().map(|(at, busy)| (at, 1.0 - busy));
        vec![
            series(cpu, database, &processor, self.counter(idle)),
            series(available, database, &node, self.gauge(|at| self.organization.free(database, at))),
            series(size, database, &node, self.gauge(|_| VOLUME)),
            series(open, database, &node, self.part(database, "connections", CONNECTIONS)),
            series(allowed, database, &node, self.gauge(|_| CONNECTIONS)),
        ]
    }

    fn balancer(&self, balancer: &Resource) -> Vec<Series> {
        let mut all = vec![series("load_balancer_lb_connection_usage", balancer, &[], self.busy(balancer))];
        all.extend(
            [
                "load_balancer_lb_cpu_usage",
                "load_balancer_lb_memory_usage",
                "load_balancer_lb_bandwidth_in_usage",
                "load_balancer_lb_bandwidth_out_usage",
            ]
            .map(|name| series(name, balancer, &[], self.part(balancer, name, 1.0))),
        );
        let organization = self.organization;
        let backends = organization.resources_of("load_balancer_backend");
        let own = backends.filter(|backend| organization.parent_of(backend).is_some_and(|lb| lb.id == balancer.id));
        all.extend(own.flat_map(|backend| self.backend(backend, balancer)));
        all
    }

    /// How many backends of a name, and how many servers of it, are in each state.
    fn backend(&self, backend: &Resource, balancer: &Resource) -> [Series; 4] {
        let (status, check) = ("load_balancer_lb_backend_status", "load_balancer_lb_backend_agg_server_check_status");
        let [up, down] =
            ["UP", "DOWN"].map(|state| [("backend_name", backend.name.clone()), ("state", state.to_owned())]);
        [
            series(status, balancer, &up, self.gauge(|_| 1.0)),
            series(status, balancer, &down, self.gauge(|_| 0.0)),
            series(check, balancer, &up, self.gauge(|at| SERVERS - self.organization.servers_down(backend, at))),
            series(check, balancer, &down, self.gauge(|at| self.organization.servers_down(backend, at))),
        ]
    }

    fn cluster(&self, cluster: &Resource) -> [Series; 6] {
        let [cpu, cpu_limit, memory, memory_limit] = API_SERVER_NAMES;
        let component = [("component", "api-server".to_owned())];
        let (cores, bytes) = API_SERVER;
        [
            series("kubernetes_cluster_k8s_shoot_nodes", cluster, &[], self.gauge(|at| nodes(cluster, at))),
            series(
                "kubernetes_cluster_k8s_shoot_nodes_ready",
                cluster,
                &[],
                self.gauge(|at| nodes(cluster, at).min(nodes(cluster, at - BOOT))),
            ),
            series(cpu, cluster, &component, self.part(cluster, cpu, cores)),
            series(cpu_limit, cluster, &component, self.gauge(|_| cores)),
            series(memory, cluster, &component, self.part(cluster, memory, bytes)),
            series(memory_limit, cluster, &component, self.gauge(|_| bytes)),
        ]
    }

    /// The load of a resource at each time, from 0 to 1.
    fn busy(&self, resource: &Resource) -> Samples {
        let usual = self.usual(resource, "").into_iter();
        usual.map(|(at, usual)| (at, self.organization.load(resource, at, usual))).collect()
    }

    /// A quantity of a resource, as the usual share of a limit; a whole number where the limit is large.
    fn part(&self, resource: &Resource, quantity: &str, limit: f64) -> Samples {
        let shares = self.usual(resource, quantity).into_iter();
        shares.map(|(at, share)| (at, if limit < 50.0 { limit * share } else { (limit * share).round() })).collect()
    }

    /// The usual share for a resource's quantity, from 0.05 to 0.6: more by day than by night.
    fn usual(&self, resource: &Resource, quantity: &str) -> Samples {
        let mut rng = of_name(&format!("{quantity}{}", resource.id));
        let base: f64 = rng.random_range(0.08..0.25);
        let swing: f64 = rng.random_range(0.05..0.3);
        let noises = std::iter::repeat_with(|| rng.random_range(-0.03..0.03));
        self.times.iter().zip(noises).map(|(&at, noise)| (at, base + swing * daylight(at) + noise)).collect()
    }

    fn gauge(&self, value: impl Fn(DateTime<Utc>) -> f64) -> Samples {
        self.times.iter().map(|&at| (at, value(at))).collect()
    }

    /// Cumulative seconds from the seconds per second of each step.
    fn counter(&self, rates: impl Iterator<Item = (DateTime<Utc>, f64)>) -> Samples {
        let seconds = rates.scan(0.0, |total, (at, rate)| {
            let before = *total;
            *total += rate * self.step.as_seconds_f64();
            Some((at, before))
        });
        seconds.collect()
    }
}

fn series(name: &'static str, of: &Resource, labels: &[(&'static str, String)], samples: Samples) -> Series {
    let mut labels: BTreeMap<_, _> = labels.iter().cloned().collect();
    labels.insert("resource_id", of.id.clone());
    labels.insert("resource_name", of.name.clone());
    labels.insert("project_id", of.project_id.clone());
    labels.insert("region", of.region().to_owned());
    Series { name, labels, samples }
}

/// 0 at night, 1 at noon.
fn daylight(at: DateTime<Utc>) -> f64 {
    let hour = f64::from(at.num_seconds_from_midnight()) / 3600.0;
    ((hour - 12.0) / 24.0 * std::f64::consts::TAU).cos().max(0.0)
}
