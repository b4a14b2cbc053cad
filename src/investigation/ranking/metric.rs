use std::sync::LazyLock;

use serde::Deserialize;

use super::super::spans::Direction;
use crate::locale::Sentence;

macro_rules! families {
    ($($(#[$doc:meta])* $family:ident = $name:literal, $noun:expr;)*) => {
        /// What kind of thing a metric measures: actions move some kinds and not others.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Family {
            $($(#[$doc])* $family,)*
        }

        impl Family {
            /// All of them.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$family),*];

            /// The name, as tables spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$family => $name,)*
                }
            }

            /// What a sentence calls it.
            pub(super) const fn noun(self) -> Sentence<'static> {
                match self {
                    $(Self::$family => $noun,)*
                }
            }
        }
    };
}

families! {
    /// How busy CPUs are.
    Cpu = "cpu", Sentence::CpuLoad;
    /// Memory in use.
    Memory = "memory", Sentence::MemoryInUse;
    /// Reads and writes of disks.
    Disk = "disk", Sentence::DiskTraffic;
    /// Space in use.
    Storage = "storage", Sentence::StorageInUse;
    /// Bytes and packets.
    Network = "network", Sentence::NetworkTraffic;
    /// How many nodes or servers there are.
    Nodes = "nodes", Sentence::NumberOfNodes;
    /// How many backends, nodes or replicas are up.
    Health = "health", Sentence::WhatIsUp;
    /// Open connections.
    Connections = "connections", Sentence::Connections;
    /// Requests, queries and messages.
    Requests = "requests", Sentence::Requests;
    /// Failed requests.
    Errors = "errors", Sentence::Errors;
    /// How long requests take.
    Latency = "latency", Sentence::Latency;
    /// Samples and log lines that Cockpit receives.
    Ingestion = "ingestion", Sentence::Ingestion;
}

impl Family {
    /// The family of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.as_str() == name)
    }
}

/// What a series measures, as far as its name or expression says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metric {
    /// Its family; `None` where no pattern of the table fits.
    pub family: Option<Family>,
    /// Whether it rises when the family's quantity falls, as idle time does when CPUs are busy.
    pub inverted: bool,
}

#[derive(Deserialize)]
struct FamilyRow {
    pattern: String,
    family: String,
}

static FAMILIES: LazyLock<Vec<(String, Family)>> = LazyLock::new(|| {
    let rows = csv::Reader::from_reader(include_str!("families.csv").as_bytes()).into_deserialize();
    let rows = rows.map(|row: Result<FamilyRow, _>| row.expect("families.csv is well formed"));
    rows.map(|row| (row.pattern, Family::parse(&row.family).expect("families.csv names families"))).collect()
});

impl Metric {
    /// The metric of a `PromQL` expression, or of a bare name.
    ///
    /// ```
    /// use audittrail::investigation::{Family, Metric};
    ///
    /// let busy = Metric::of("rate(instance_server_cpu_seconds_total[1m]) / instance_server_vcpu_count");
    /// assert_eq!((busy.family, busy.inverted), (Some(Family::Cpu), false));
    /// let idle = Metric::of(r#"avg(irate(rdb_instance_postgresql_node_cpu_seconds_total{mode="idle"}[5m]))"#);
    /// assert_eq!((idle.family, idle.inverted), (Some(Family::Cpu), true));
    /// assert_eq!(Metric::of("unheard_of").family, None);
    /// ```
    #[must_use]
    pub fn of(expression: &str) -> Self {
        let expression = expression.to_ascii_lowercase();
        let family = FAMILIES.iter().find(|(pattern, _)| expression.contains(pattern)).map(|(_, family)| *family);
        Self { family, inverted: is_inverted(&expression) }
    }

    /// Which way the family's quantity moved where the series moved `direction`.
    #[must_use]
    pub fn moved(self, direction: Direction) -> Direction {
        match (self.inverted, direction) {
            (false, direction) => direction,
            (true, Direction::Up) => Direction::Down,
            (true, Direction::Down) => Direction::Up,
        }
    }
}

/// Whether an expression, in lower case, falls where its quantity rises: each of these turns it once.
fn is_inverted(expression: &str) -> bool {
    let unused = ["=\"idle\"", "avail", "mem_free", "\"down\"", "not_ready", "unhealthy"];
    let is_unused = unused.iter().any(|word| expression.contains(word)) && !expression.contains("!=\"idle\"");
    let rest = expression.trim_start_matches(['(', ' ']);
    let from_one = rest.strip_prefix('1').is_some_and(|rest| rest.trim_start().starts_with('-'));
    let of_all = expression.contains("nodes_ready") && expression.contains(" - ");
    is_unused ^ from_one ^ of_all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_follow_cockpits_names() {
        for (expression, family, inverted) in [
            ("(rate(instance_server_cpu_seconds_total[1m])) / instance_server_vcpu_count", Family::Cpu, false),
            (
                "sum by (resource_name) (kubernetes_cluster_k8s_shoot_nodes) - sum by (resource_name) \
                 (kubernetes_cluster_k8s_shoot_nodes_ready)",
                Family::Health,
                true,
            ),
            ("sum(kubernetes_cluster_k8s_shoot_nodes_ready)", Family::Health, false),
            ("sum(kubernetes_cluster_k8s_shoot_nodes)", Family::Nodes, false),
            ("kubernetes_cluster_k8s_shoot_nodes_cpu_usage_total", Family::Cpu, false),
            ("kubernetes_cluster_k8s_shoot_controlplane_memory_usage_bytes", Family::Memory, false),
            (r#"load_balancer_lb_backend_status{state="DOWN", backend_name!=""}"#, Family::Health, true),
            ("load_balancer_lb_connection_usage", Family::Connections, false),
            ("load_balancer_lb_bandwidth_in_usage", Family::Network, false),
            (
                r#"1 - avg by (resource_id) (irate(rdb_instance_postgresql_node_cpu_seconds_total{mode="idle"}[5m]))"#,
                Family::Cpu,
                false,
            ),
            (r#"rate(serverless_db_postgresql_cpu_usage_seconds{mode!="idle"}[2m])"#, Family::Cpu, false),
            (
                "1 - rdb_instance_postgresql_node_filesystem_avail_bytes / rdb_instance_postgresql_node_filesystem_size_bytes",
                Family::Storage,
                false,
            ),
            ("rkv_cluster_node_memory_MemAvailable_bytes", Family::Memory, true),
            ("rdb_instance_postgresql_pg_stat_database_numbackends", Family::Connections, false),
            ("rdb_instance_mysql_mysql_global_status_threads_connected", Family::Connections, false),
            ("increase(observability_cockpit_cortex_distributor_received_samples_total[1h])", Family::Ingestion, false),
            ("rate(public_gateway_receive_bytes_total[1m])", Family::Network, false),
            ("object_storage_bucket_objects_total", Family::Storage, false),
        ] {
            assert_eq!(Metric::of(expression), Metric { family: Some(family), inverted }, "{expression}");
        }
    }

    #[test]
    fn an_inverted_metric_turns_the_direction() {
        let idle = Metric { family: Some(Family::Cpu), inverted: true };
        assert_eq!((idle.moved(Direction::Up), idle.moved(Direction::Down)), (Direction::Down, Direction::Up));
    }
}
