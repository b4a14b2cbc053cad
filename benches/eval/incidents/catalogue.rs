//! What principals do on ordinary days.

use super::world::Role::{self, Analyst, Autoscaler, Backups, Deployment, Developer, Operator, Security, Terraform};
use super::world::Type::{
    self, Backend, Backup, Balancer, Cluster, Container, Database, Group, Interface, Key, Node, Policy, Pool, Secret,
    SecurityGroup, Server, Volume,
};

/// An action of ordinary days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habit {
    pub(crate) by: &'static [Role],
    /// How often, beside the others of a role.
    pub(crate) weight: u32,
    pub(crate) product: &'static str,
    pub(crate) service: &'static str,
    pub(crate) method: &'static str,
    pub(crate) on: Type,
    /// JSON with `$id`, `$parent`, `$name` and `$small`, which are replaced.
    pub(crate) body: &'static str,
}

const fn habit(
    by: &'static [Role],
    weight: u32,
    (product, service, method): (&'static str, &'static str, &'static str),
    on: Type,
    body: &'static str,
) -> Habit {
    Habit { by, weight, product, service, method, on, body }
}

pub(crate) const INSTANCE: (&str, &str) = ("instance", "scaleway.instance.v1.Api");
pub(crate) const KUBERNETES: (&str, &str) = ("kubernetes", "scaleway.k8s.v1.Api");
pub(crate) const BALANCER: (&str, &str) = ("load-balancer", "scaleway.lb.v1.ZonedApi");
pub(crate) const DATABASE: (&str, &str) = ("rdb", "scaleway.rdb.v1.Api");
pub(crate) const CONTAINERS: (&str, &str) = ("serverless-containers", "scaleway.containers.v1beta1.Api");
pub(crate) const IAM: (&str, &str) = ("iam", "scaleway.iam.v1alpha1.Api");
pub(crate) const SECRETS: (&str, &str) = ("secret-manager", "scaleway.secret_manager.v1beta1.Api");
pub(crate) const SCALING: (&str, &str) = ("autoscaling", "scaleway.autoscaling.v1alpha2.ZonedApi");

const fn of(product: (&'static str, &'static str), method: &'static str) -> (&'static str, &'static str, &'static str) {
    (product.0, product.1, method)
}

pub(crate) const HABITS: &[Habit] = &[
    habit(&[Developer, Operator, Analyst, Security], 12, of(IAM, "RenewJWT"), Key, r#"{"jti":"$id"}"#),
    habit(&[Security, Operator], 3, of(IAM, "CreateAPIKey"), Key, r#"{"application_id":"$parent"}"#),
    habit(&[Security, Operator], 3, of(IAM, "DeleteAPIKey"), Key, r#"{"access_key":"$id"}"#),
    habit(&[Security], 4, of(IAM, "UpdatePolicy"), Policy, r#"{"policy_id":"$id"}"#),
    habit(&[Security, Terraform], 2, of(IAM, "SetRules"), Policy, r#"{"policy_id":"$id","rules":[]}"#),
    habit(&[Terraform, Operator], 10, of(INSTANCE, "UpdateServer"), Server, r#"{"name":"$name","tags":["managed"]}"#),
    habit(&[Operator, Developer], 3, of(INSTANCE, "ServerAction"), Server, r#"{"action":"reboot"}"#),
    habit(&[Operator, Terraform], 3, of(INSTANCE, "ServerAction"), Server, r#"{"action":"poweron"}"#),
    habit(&[Operator, Terraform], 3, of(INSTANCE, "ServerAction"), Server, r#"{"action":"poweroff"}"#),
    habit(&[Backups], 10, of(INSTANCE, "ServerAction"), Server, r#"{"action":"backup"}"#),
    habit(&[Operator, Terraform], 2, of(INSTANCE, "SetServerUserData"), Server, r#"{"key":"cloud-init"}"#),
    habit(&[Terraform, Operator], 2, of(INSTANCE, "UpdateServer"), Server, r#"{"commercial_type":"PRO2-M"}"#),
    habit(
        &[Terraform, Security],
        3,
        of(INSTANCE, "CreateSecurityGroupRule"),
        SecurityGroup,
        r#"{"ip_range":"10.0.0.0/8"}"#,
    ),
    habit(&[Terraform, Security], 2, of(INSTANCE, "UpdateSecurityGroup"), SecurityGroup, r#"{"name":"$name"}"#),
    habit(&[Terraform, Operator], 4, of(INSTANCE, "CreatePrivateNIC"), Interface, r#"{"server_id":"$parent"}"#),
    habit(&[Terraform], 3, of(INSTANCE, "UpdateVolume"), Volume, r#"{"name":"$name"}"#),
    habit(&[Backups], 6, of(INSTANCE, "CreateSnapshot"), Volume, r#"{"volume_id":"$id"}"#),
    habit(
        &[Deployment],
        8,
        of(BALANCER, "SetBackendServers"),
        Backend,
        r#"{"backend_id":"$id","server_ip":["172.16.0.2","172.16.0.9"]}"#,
    ),
    habit(
        &[Operator, Terraform],
        3,
        of(BALANCER, "UpdateBackend"),
        Backend,
        r#"{"backend_id":"$id","timeout_server":"5m"}"#,
    ),
    habit(&[Operator], 2, of(BALANCER, "UpdateHealthCheck"), Backend, r#"{"backend_id":"$id","check_delay":5000}"#),
    habit(
        &[Operator, Deployment],
        2,
        of(BALANCER, "RemoveBackendServers"),
        Backend,
        r#"{"backend_id":"$id","server_ip":["172.16.0.4"]}"#,
    ),
    habit(
        &[Deployment],
        3,
        of(BALANCER, "AddBackendServers"),
        Backend,
        r#"{"backend_id":"$id","server_ip":["172.16.0.4"]}"#,
    ),
    habit(&[Terraform], 2, of(BALANCER, "UpdateLb"), Balancer, r#"{"name":"$name"}"#),
    habit(&[Terraform, Operator], 2, of(BALANCER, "UpdateCertificate"), Balancer, r#"{"name":"$name"}"#),
    habit(
        &[Autoscaler, Operator, Terraform],
        5,
        of(KUBERNETES, "UpdatePool"),
        Pool,
        r#"{"pool_id":"$id","size":{"value":$small}}"#,
    ),
    habit(&[Terraform], 3, of(KUBERNETES, "UpdatePool"), Pool, r#"{"pool_id":"$id","tags":["managed"]}"#),
    habit(&[Deployment, Operator], 2, of(KUBERNETES, "ReplaceNode"), Node, r#"{"node_id":"$id"}"#),
    habit(&[Operator, Deployment], 2, of(KUBERNETES, "RebootNode"), Node, r#"{"node_id":"$id"}"#),
    habit(&[Terraform, Security], 2, of(KUBERNETES, "SetClusterACLRules"), Cluster, r#"{"cluster_id":"$id"}"#),
    habit(&[Operator], 1, of(KUBERNETES, "UpgradeCluster"), Cluster, r#"{"cluster_id":"$id","version":"1.33.1"}"#),
    habit(&[Operator, Developer], 1, of(KUBERNETES, "ResetClusterAdminToken"), Cluster, r#"{"cluster_id":"$id"}"#),
    habit(&[Backups], 14, of(DATABASE, "CreateDatabaseBackup"), Backup, r#"{"instance_id":"$parent","name":"$name"}"#),
    habit(&[Backups], 8, of(DATABASE, "DeleteDatabaseBackup"), Backup, r#"{"database_backup_id":"$id"}"#),
    habit(&[Analyst, Operator], 1, of(DATABASE, "ExportDatabaseBackup"), Backup, r#"{"database_backup_id":"$id"}"#),
    habit(
        &[Operator, Analyst],
        1,
        of(DATABASE, "RestoreDatabaseBackup"),
        Backup,
        r#"{"database_backup_id":"$id","instance_id":"$parent"}"#,
    ),
    habit(&[Analyst, Operator], 3, of(DATABASE, "CreateUser"), Database, r#"{"instance_id":"$id","name":"reader"}"#),
    habit(&[Analyst], 3, of(DATABASE, "SetPrivilege"), Database, r#"{"instance_id":"$id"}"#),
    habit(
        &[Operator, Terraform],
        2,
        of(DATABASE, "UpdateInstance"),
        Database,
        r#"{"instance_id":"$id","tags":["managed"]}"#,
    ),
    habit(&[Operator], 1, of(DATABASE, "SetInstanceSettings"), Database, r#"{"instance_id":"$id","settings":[]}"#),
    habit(&[Operator], 1, of(DATABASE, "RestartInstance"), Database, r#"{"instance_id":"$id"}"#),
    habit(&[Deployment], 14, of(CONTAINERS, "RedeployContainer"), Container, r#"{"container_id":"$id"}"#),
    habit(
        &[Developer, Deployment],
        6,
        of(CONTAINERS, "UpdateContainer"),
        Container,
        r#"{"container_id":"$id","registry_image":"rg/app:1"}"#,
    ),
    habit(
        &[Developer],
        2,
        of(CONTAINERS, "CreateDomain"),
        Container,
        r#"{"container_id":"$id","hostname":"a.example.com"}"#,
    ),
    habit(&[Developer, Deployment, Terraform], 6, of(SECRETS, "CreateSecretVersion"), Secret, r#"{"secret_id":"$id"}"#),
    habit(&[Developer, Security], 3, of(SECRETS, "UpdateSecret"), Secret, r#"{"secret_id":"$id"}"#),
    habit(&[Autoscaler], 8, of(SCALING, "UpdateGroup"), Group, r#"{"group_id":"$id","capacity":$small}"#),
    // Methods that are younger than any table.
    habit(&[Terraform, Operator], 3, of(INSTANCE, "AssignServerCostCenter"), Server, r#"{"cost_center":"a"}"#),
    habit(&[Terraform], 2, of(KUBERNETES, "AssignPoolCostCenter"), Pool, r#"{"pool_id":"$id"}"#),
    habit(&[Operator, Analyst], 2, of(DATABASE, "SubscribeToAdvisories"), Database, r#"{"instance_id":"$id"}"#),
    habit(&[Deployment], 2, of(CONTAINERS, "RegisterContainerInCatalog"), Container, r#"{"container_id":"$id"}"#),
    habit(&[Operator], 1, of(BALANCER, "ConfigureAccessLogExport"), Balancer, r#"{"lb_id":"$id"}"#),
];

/// What Scaleway's own machinery does on ordinary days: product, source, name and the type of its resource.
pub(crate) const ROUTINES: &[(&str, &str, &str, Type)] = &[
    ("kubernetes", "scaleway.k8s.v1", "cluster-autoscaler", Pool),
    ("kubernetes", "scaleway.k8s.v1", "node-autohealing", Node),
    ("rdb", "scaleway.rdb.v1", "backup-scheduler", Backup),
    ("rdb", "scaleway.rdb.v1", "maintenance", Database),
    ("instance", "scaleway.instance.v1", "hypervisor-maintenance", Server),
    ("kubernetes", "scaleway.k8s.v1", "certificate-renewal", Cluster),
];
