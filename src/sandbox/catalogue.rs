//! The catalogue of events, as data: types of resources, API calls with request bodies, actions of the system.
//!
//! Bodies are JSON with `$words` that [`expand`] replaces. They keep each product's own style, as recorded: snake case for
//! most, camel case for Elastic Metal, protobuf wrappers and numbered enums for Kubernetes.

/// The `*_info` member of a type of resource; empty for most types.
pub(super) fn info_of(kind: &str) -> &'static str {
    INFO.iter().find(|(name, _)| *name == kind).map_or("", |(_, info)| info)
}

/// API keys and SSH keys have no name in events.
pub(super) fn is_named(kind: &str) -> bool {
    !matches!(kind, "iam_api_key" | "iam_ssh_key")
}

/// Parts of a cluster carry the cluster's id and name; their own are in `*_info`.
pub(super) fn goes_by_its_parent(kind: &str) -> bool {
    matches!(kind, "kube_pool" | "kube_node" | "kube_acl")
}

/// Types whose deletion is dated; the others keep `"deleted_at":null` even when they go.
pub(super) fn dates_its_deletion(kind: &str) -> bool {
    matches!(kind, "secret_manager_secret" | "secret_manager_version" | "key_manager_key")
}

/// The `*_info` member of the types that have one.
#[rustfmt::skip]
static INFO: &[(&str, &str)] = &[
    ("instance_server", r#""instance_server_info":{"name":"$name"}"#),
    ("instance_private_network_interface", r#""instance_private_network_interface_info":{"private_network_id":"$network", "server_id":"$parent", "security_group_id":"$group"}"#),
    ("vpc_private_network", r#""vpc_private_network_info":{"vpc_id":"$parent", "push_default_route":true}"#),
    ("vpc_route", r#""vpc_route_info":{"vpc_id":"$parent", "destination":"10.20.0.0/16", "nexthop_resource_key":"$uuid"}"#),
    ("ipam_ip", r#""ipam_ip_info":{"address":"$name/22"}"#),
    ("vpc_gw_gateway", r#""vpc_gw_gateway_info":{"vpc_id":"$parent", "gateway_type_id":"$uuid", "public_ip_id":"$uuid"}"#),
    ("vpc_gw_gateway_network", r#""vpc_gw_gateway_network_info":{"gateway_id":"$parent", "pn_id":"$network", "address":"172.16.4.1/22"}"#),
    ("load_balancer_lb", r#""load_balancer_lb_info":{"name":"$name"}"#),
    ("load_balancer_ip", r#""load_balancer_ip_info":{"ip_address":"$name", "lb_id":"$parent"}"#),
    ("load_balancer_frontend", r#""load_balancer_frontend_info":{"lb_id":"$parent", "name":"$name"}"#),
    ("load_balancer_backend", r#""load_balancer_backend_info":{"lb_id":"$parent", "name":"$name"}"#),
    ("load_balancer_certificate", r#""load_balancer_certificate_info":{"lb_id":"$parent", "name":"$name"}"#),
    ("load_balancer_acl", r#""load_balancer_acl_info":{"frontend_id":"$parent"}"#),
    ("load_balancer_route", r#""load_balancer_route_info":{"frontend_id":"$parent", "backend_id":"$backend"}"#),
    ("kube_cluster", r#""kube_cluster_info":{}"#),
    ("kube_pool", r#""kube_pool_info":{"id":"$id", "name":"$name"}"#),
    ("kube_node", r#""kube_node_info":{"id":"$id", "name":"$name"}"#),
    ("kube_acl", r#""kube_acl_info":{}"#),
    ("secret_manager_secret", r#""secret_manager_secret_info":{"path":"/"}"#),
    ("secret_manager_version", r#""secret_manager_version_info":{"revision":$small}"#),
    ("key_manager_key", r#""key_manager_key_info":{}"#),
    ("serverless_containers_namespace", r#""serverless_containers_namespace_info":{}"#),
    ("serverless_containers_container", r#""serverless_containers_container_info":{"namespace_id":"$parent"}"#),
    ("serverless_containers_domain", r#""serverless_containers_domain_info":{"container_id":"$parent"}"#),
    ("serverless_containers_trigger", r#""serverless_containers_trigger_info":{"container_id":"$parent", "source_type":"cron"}"#),
    ("edge_services_pipeline", r#""edge_services_pipeline_info":{"name":"$name"}"#),
    ("edge_services_cache_stage", r#""edge_services_cache_stage_info":{"pipeline_id":"$parent"}"#),
    ("edge_services_waf_stage", r#""edge_services_waf_stage_info":{"pipeline_id":"$parent"}"#),
    ("edge_services_backend_stage", r#""edge_services_backend_stage_info":{"pipeline_id":"$parent"}"#),
    ("observability_alert_rule", r#""observability_alert_rule_info":{"rule_ids":["$uuid", "$uuid"]}"#),
    ("observability_contact_point", r#""observability_contact_point_info":{"email":"on-call@example.com"}"#),
    ("audit_trail_export_job", r#""audit_trail_export_job_info":{}"#),
    ("audit_trail_alert_rule", r#""audit_trail_alert_rule_info":{}"#),
    ("baremetal_server", r#""baremetal_server_info":{"description":"", "tags":[]}"#),
    ("apple_silicon_server", r#""apple_silicon_server_info":{"id":"$id", "name":"$name"}"#),
    ("account_user", r#""account_user_info":{"email":"$name"}"#),
    ("account_project", r#""account_project_info":{"description":""}"#),
    ("account_organization", r#""account_organization_info":{}"#),
    ("quantum_qubit", r#""quantum_qubit_info":{"spin":"up", "fidelity":0.999, "entangled_with":[null, "$uuid"]}"#),
];

/// The callers of a method: people in the console, automation, or either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    People,
    Machines,
    Anyone,
}
use By::{Anyone, Machines, People};

/// The calls of one service of a product.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) product: &'static str,
    pub(super) name: &'static str,
    pub(super) calls: &'static [Call],
}

/// One kind of API call.
#[derive(Debug)]
pub(super) struct Call {
    /// Its frequency relative to the others.
    pub(super) weight: u32,
    pub(super) by: By,
    pub(super) method: &'static str,
    /// The types of the resources it touches, joined by `+`.
    pub(super) on: &'static str,
    pub(super) body: &'static str,
}

impl Service {
    /// Logging in and renewing a session happen before there is a principal.
    pub(super) fn is_anonymous(&self) -> bool {
        self.name.ends_with("UnauthenticatedApi")
    }

    /// Products of the organization rather than of a project; SSH keys alone do name one.
    pub(super) fn has_project(&self, on: &str) -> bool {
        on == "iam_ssh_key" || !matches!(self.product, "iam" | "account" | "audit-trail")
    }
}

impl Call {
    /// Deletions in IAM name the resource in the request body only.
    pub(super) fn lists_resources(&self, product: &str) -> bool {
        !(product == "iam" && self.method.starts_with("Delete"))
    }

    /// Its effect on the first of its resources.
    pub(super) fn effect(&self) -> Effect {
        let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| self.method.starts_with(prefix));
        match (self.on, self.method) {
            // These change an existing resource.
            ("iam_user", "CreatePasswordLogin" | "CreateUserMFAOTP")
            | ("rdb_instance", "CreateUser")
            | ("instance_security_group", "CreateSecurityGroupRule") => Effect::Modify,
            _ if starts(&["Create", "Batch", "Book"]) => Effect::Create,
            _ if starts(&["Delete", "Release"]) => Effect::Delete,
            _ => Effect::Modify,
        }
    }
}

/// The effect of a call on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Create,
    Modify,
    Delete,
}

/// The status of a successful call: Instance actions are accepted, not done.
pub(super) fn success_of(product: &str, method: &str) -> u16 {
    if product == "instance" && method == "ServerAction" { 202 } else { 200 }
}

const fn call(weight: u32, by: By, method: &'static str, on: &'static str, body: &'static str) -> Call {
    Call { weight, by, method, on, body }
}

const fn service(product: &'static str, name: &'static str, calls: &'static [Call]) -> Service {
    Service { product, name, calls }
}

/// The organization's everyday life. What only happens in the incident (switching logging off, granting
/// `OrganizationManager`, exporting data) is not here, so that the incident stands out.
#[rustfmt::skip]
pub(super) static SERVICES: &[Service] = &[
    service("iam", "scaleway.iam.v1alpha1.UnauthenticatedApi", &[
        call(260, People, "RenewJWT", "iam_user", r#"{"jti":"$uuid", "renew_token":"REDACTED"}"#),
        call(20, People, "CreatePasswordLogin", "iam_user", r#"{"email":"$name", "password":"REDACTED"}"#),
        call(16, People, "CheckLoginMFAOTP", "iam_user", r#"{"login_id":"$uuid", "otp":"REDACTED"}"#),
    ]),
    service("iam", "scaleway.iam.v1alpha1.Api", &[
        call(14, Anyone, "CreateSSHKey", "iam_ssh_key", r#"{"name":"$name", "project_id":"$project", "public_key":"ssh-ed25519 AAAAPUBLICKEY $email"}"#),
        call(10, Anyone, "DeleteSSHKey", "iam_ssh_key", r#"{"ssh_key_id":"$id"}"#),
        call(6, Machines, "CreateAPIKey", "iam_api_key", r#"{"application_id":"$application"}"#),
        call(4, People, "CreateAPIKey", "iam_api_key", r#"{"default_project_id":"$project", "user_id":"$user"}"#),
        call(4, People, "UpdateAPIKey", "iam_api_key", r#"{"access_key":"$id", "default_project_id":"$project", "description":"$name"}"#),
        call(7, Anyone, "DeleteAPIKey", "iam_api_key", r#"{"access_key":"$id"}"#),
        call(3, Anyone, "CreateApplication", "iam_application", r#"{"name":"$name", "organization_id":"$organization"}"#),
        call(2, Anyone, "DeleteApplication", "iam_application", r#"{"application_id":"$id"}"#),
        call(4, Anyone, "CreatePolicy", "iam_policy", r#"{"application_id":"$application", "name":"$name", "organization_id":"$organization", "rules":[{"permission_set_names":{"value":["InstancesReadOnly", "ObservabilityReadOnly"]}, "project_ids":{"value":["$project"]}}]}"#),
        call(2, Anyone, "SetRules", "iam_policy", r#"{"policy_id":"$id", "rules":[{"permission_set_names":{"value":["ObjectStorageReadOnly"]}, "project_ids":{"value":["$project"]}}]}"#),
        call(3, Anyone, "DeletePolicy", "iam_policy", r#"{"policy_id":"$id"}"#),
        call(2, People, "CreateUser", "iam_user", r#"{"email":"$name", "organization_id":"$organization", "tags":[]}"#),
        call(3, People, "UpdateUser", "iam_user", r#"{"tags":{"value":["on-call"]}, "user_id":"$id"}"#),
        call(2, People, "CreateUserMFAOTP", "iam_user", r#"{"user_id":"$id"}"#),
        call(2, People, "AddGroupMember", "iam_group", r#"{"group_id":"$id", "user_id":"$user"}"#),
        call(1, People, "SetGroupMembers", "iam_group+iam_user+iam_user", r#"{"application_ids":[], "group_id":"$id", "user_ids":["$user", "$user"]}"#),
    ]),
    service("account", "scaleway.account.v3.UserApi", &[
        call(12, People, "UpdateUserPreferences", "account_user", r#"{"console_theme":"unknown_console_theme", "pinned_products":{"value":["instance", "kubernetes"]}, "user_id":"$self"}"#),
        call(2, People, "UpdateUser", "account_user", r#"{"locale":"fr_FR", "user_id":"$self"}"#),
    ]),
    service("account", "scaleway.account.v3.OrganizationApi", &[
        call(1, People, "SetPicture", "account_organization", r#"{"organization_id":"$organization", "picture":{"content_type":"image/png", "name":"logo.png"}}"#),
    ]),
    service("instance", "scaleway.instance.v1.Api", &[
        call(60, Machines, "CreateServer", "instance_server", r#"{"commercial_type":"PLAY2-MICRO", "dynamic_ip_required":false, "image":"$uuid", "name":"$name", "project":"$project", "tags":["ci", "ephemeral"]}"#),
        call(58, Machines, "DeleteServer", "instance_server", r#"{"server_id":"$id"}"#),
        call(70, Machines, "ServerAction", "instance_server", r#"{"action":"poweron"}"#),
        call(40, Machines, "ServerAction", "instance_server", r#"{"action":"poweroff"}"#),
        call(18, People, "ServerAction", "instance_server", r#"{"action":"reboot"}"#),
        call(12, Machines, "ServerAction", "instance_server", r#"{"action":"backup", "name":"$name-backup", "volumes":{"$uuid":{"volume_type":"sbs_volume"}}}"#),
        call(30, Anyone, "UpdateServer", "instance_server", r#"{"tags":["web", "managed"], "name":"$name"}"#),
        call(10, Anyone, "SetServerUserData", "instance_server", r#"{"key":"cloud-init", "server_id":"$id"}"#),
        call(30, Machines, "CreateSnapshot", "instance_snapshot", r#"{"name":"$name", "project":"$project", "volume_id":"$uuid"}"#),
        call(28, Machines, "DeleteSnapshot", "instance_snapshot", r#"{"snapshot_id":"$id"}"#),
        call(10, Anyone, "CreateVolume", "instance_volume", r#"{"name":"$name", "project":"$project", "size":20000000000, "volume_type":"l_ssd"}"#),
        call(8, Anyone, "AttachServerVolume", "instance_server+instance_volume", r#"{"boot":false, "server_id":"$id", "volume_id":"$uuid", "volume_type":"sbs_volume"}"#),
        call(8, Anyone, "DeleteVolume", "instance_volume", r#"{"volume_id":"$id"}"#),
        call(12, Anyone, "CreatePrivateNIC", "instance_private_network_interface", r#"{"private_network_id":"$network", "server_id":"$parent"}"#),
        call(8, Anyone, "DeletePrivateNIC", "instance_private_network_interface", r#"{"private_nic_id":"$id", "server_id":"$parent"}"#),
        call(8, Anyone, "CreateSecurityGroupRule", "instance_security_group", r#"{"action":"accept", "dest_port_from":443, "direction":"inbound", "ip_range":"198.51.100.0/24", "protocol":"TCP", "security_group_id":"$id"}"#),
        call(5, Anyone, "UpdateSecurityGroup", "instance_security_group", r#"{"inbound_default_policy":"drop", "security_group_id":"$id", "stateful":true}"#),
        call(4, Machines, "CreateImage", "instance_image", r#"{"arch":"x86_64", "name":"$name", "project":"$project", "root_volume":"$uuid"}"#),
        call(3, Machines, "UpdatePlacementGroupServers", "instance_placement_group+instance_server+instance_server+instance_server", r#"{"placement_group_id":"$id", "servers":["$uuid", "$uuid", "$uuid"]}"#),
    ]),
    service("kubernetes", "scaleway.k8s.v1.Api", &[
        call(40, Machines, "UpdatePool", "kube_pool", r#"{"pool_id":"$id", "size":{"value":$small}}"#),
        call(4, Anyone, "CreateCluster", "kube_cluster", r#"{"ProjectIdentifier":{"ProjectId":"$project"}, "autoscaler_config":{"expendable_pods_priority_cutoff":{}, "max_graceful_termination_sec":{}}, "cni":1, "name":"$name", "private_network_id":{"value":"$network"}, "tags":["preview"], "version":"1.34.1"}"#),
        call(4, Anyone, "DeleteCluster", "kube_cluster", r#"{"cluster_id":"$id", "with_additional_resources":true}"#),
        call(8, Anyone, "CreatePool", "kube_pool", r#"{"autohealing":true, "autoscaling":true, "cluster_id":"$parent", "container_runtime":2, "max_size":{"value":5}, "min_size":{"value":1}, "name":"$name", "node_type":"pro2_xxs", "size":1, "zone":"fr-par-1"}"#),
        call(6, Anyone, "DeletePool", "kube_pool", r#"{"pool_id":"$id"}"#),
        call(14, Anyone, "RebootNode", "kube_node", r#"{"node_id":"$id"}"#),
        call(10, Machines, "ReplaceNode", "kube_node", r#"{"node_id":"$id"}"#),
        call(5, Anyone, "UpgradeCluster", "kube_cluster", r#"{"cluster_id":"$id", "upgrade_pools":true, "version":"1.34.1"}"#),
        call(4, Anyone, "SetClusterACLRules", "kube_acl", r#"{"acls":[{"Rule":{"Ip":"203.0.113.0/24"}, "description":"office"}], "cluster_id":"$parent"}"#),
        call(2, People, "ResetClusterAdminToken", "kube_cluster", r#"{"cluster_id":"$id"}"#),
    ]),
    service("load-balancer", "scaleway.lb.v1.ZonedApi", &[
        call(36, Machines, "SetBackendServers", "load_balancer_backend", r#"{"backend_id":"$id", "server_ip":["172.16.4.2", "172.16.4.3"]}"#),
        call(8, Anyone, "UpdateBackend", "load_balancer_backend", r#"{"backend_id":"$id", "forward_port":8080, "forward_protocol":"http", "name":"$name", "timeout_server":"300.000000000s"}"#),
        call(4, Anyone, "CreateBackend", "load_balancer_backend", r#"{"forward_port":8080, "forward_protocol":"http", "lb_id":"$parent", "name":"$name", "server_ip":[]}"#),
        call(5, Anyone, "UpdateHealthCheck", "load_balancer_backend", r#"{"backend_id":"$id", "check_delay":"5.000000000s", "check_max_retries":3, "http_config":{"uri":"/healthz"}}"#),
        call(5, Anyone, "UpdateFrontend", "load_balancer_frontend", r#"{"backend_id":"$backend", "frontend_id":"$id", "inbound_port":443, "name":"$name"}"#),
        call(3, Anyone, "CreateFrontend", "load_balancer_frontend", r#"{"backend_id":"$backend", "inbound_port":443, "lb_id":"$parent", "name":"$name"}"#),
        call(6, Anyone, "CreateAcl", "load_balancer_acl", r#"{"action":{"type":"deny"}, "frontend_id":"$parent", "index":$small, "match":{"ip_subnet":["198.51.100.0/24"]}, "name":"$name"}"#),
        call(4, Anyone, "DeleteAcl", "load_balancer_acl", r#"{"acl_id":"$id"}"#),
        call(3, Anyone, "UpdateRoute", "load_balancer_route", r#"{"backend_id":"$backend", "match":{"sni":"api.example.com"}, "route_id":"$id"}"#),
        call(4, Machines, "UpdateCertificate", "load_balancer_certificate", r#"{"certificate_id":"$id", "name":"$name"}"#),
        call(2, Anyone, "UpdateLb", "load_balancer_lb", r#"{"description":"", "lb_id":"$id", "name":"$name", "ssl_compatibility_level":"ssl_compatibility_level_intermediate", "tags":[]}"#),
        call(1, Anyone, "MigrateLb", "load_balancer_lb", r#"{"lb_id":"$id", "type":"LB-GP-M"}"#),
        call(2, Anyone, "UpdateIp", "load_balancer_ip", r#"{"ip_id":"$id", "reverse":"www.example.com"}"#),
    ]),
    service("rdb", "scaleway.rdb.v1.Api", &[
        call(22, Machines, "CreateDatabaseBackup", "rdb_instance_backup", r#"{"database_name":"orders", "expires_at":"2030-01-01T00:00:00Z", "instance_id":"$parent", "name":"$name"}"#),
        call(20, Machines, "DeleteDatabaseBackup", "rdb_instance_backup", r#"{"database_backup_id":"$id"}"#),
        call(5, Anyone, "UpdateInstance", "rdb_instance", r#"{"backup_schedule_frequency":24, "instance_id":"$id", "name":"$name"}"#),
        call(3, People, "RestartInstance", "rdb_instance", r#"{"instance_id":"$id"}"#),
        call(2, Anyone, "UpgradeInstance", "rdb_instance", r#"{"instance_id":"$id", "node_type":"db-pro2-s"}"#),
        call(4, Anyone, "SetInstanceSettings", "rdb_instance", r#"{"instance_id":"$id", "settings":[{"name":"max_connections", "value":"200"}]}"#),
        call(4, Anyone, "AddInstanceACLRules", "rdb_instance", r#"{"instance_id":"$id", "rules":[{"description":"office", "ip":"203.0.113.0/24"}]}"#),
        call(4, Machines, "CreateUser", "rdb_instance", r#"{"instance_id":"$id", "is_admin":false, "name":"app", "password":"REDACTED"}"#),
        call(4, Machines, "SetPrivilege", "rdb_instance", r#"{"database_name":"orders", "instance_id":"$id", "permission":"readwrite", "user_name":"app"}"#),
        call(2, Anyone, "CreateReadReplica", "rdb_instance_read_replica", r#"{"endpoint_spec":[], "instance_id":"$parent", "same_zone":false}"#),
        call(2, Anyone, "CreateEndpoint", "rdb_instance_endpoint", r#"{"endpoint_spec":{"load_balancer":{}}, "instance_id":"$parent"}"#),
        call(3, Machines, "CreateSnapshot", "rdb_instance_snapshot", r#"{"instance_id":"$parent", "name":"$name"}"#),
    ]),
    service("mongodb", "scaleway.mongodb.v1.Api", &[
        call(4, Machines, "CreateSnapshot", "mongodb_instance_snapshot", r#"{"expires_at":"2030-01-01T00:00:00Z", "instance_id":"$parent", "name":"$name"}"#),
        call(2, Anyone, "SetUserRole", "mongodb_instance", r#"{"instance_id":"$id", "roles":[{"role":"read_write"}], "user_name":"catalog"}"#),
    ]),
    service("serverless-sqldb", "scaleway.serverless_sqldb.v1alpha1.Api", &[
        call(3, Machines, "UpdateDatabase", "ssdb_database", r#"{"cpu_max":{"value":8}, "cpu_min":{"value":0}, "database_id":"$id"}"#),
    ]),
    service("datawarehouse", "scaleway.datawarehouse.v1beta1.Api", &[
        call(2, Anyone, "StartDeployment", "dtwh_deployment", r#"{"deployment_id":"$id"}"#),
        call(2, Anyone, "StopDeployment", "dtwh_deployment", r#"{"deployment_id":"$id"}"#),
    ]),
    service("secret-manager", "scaleway.secret_manager.v1beta1.Api", &[
        call(40, Machines, "CreateSecretVersion", "secret_manager_version", r#"{"description":"rotated", "disable_previous":true, "secret_id":"$parent"}"#),
        call(12, Machines, "DeleteSecretVersion", "secret_manager_version", r#"{"revision":"$small", "secret_id":"$parent"}"#),
        call(16, Anyone, "CreateSecret", "secret_manager_secret", r#"{"name":"$name", "path":"/", "project_id":"$project", "protected":false, "tags":[], "type":"opaque"}"#),
        call(10, Anyone, "UpdateSecret", "secret_manager_secret", r#"{"name":"$name", "secret_id":"$id", "tags":{"value":["rotated"]}}"#),
        call(14, Anyone, "DeleteSecret", "secret_manager_secret", r#"{"secret_id":"$id"}"#),
        call(2, Anyone, "UnprotectSecret", "secret_manager_secret", r#"{"secret_id":"$id"}"#),
    ]),
    service("key-manager", "scaleway.key_manager.v1alpha1.Api", &[
        call(6, Anyone, "CreateKey", "key_manager_key", r#"{"description":"", "name":"$name", "origin":"unknown_origin", "project_id":"$project", "tags":[], "unprotected":false, "usage":{"symmetric_encryption":"aes_256_gcm"}}"#),
        call(6, Machines, "RotateKey", "key_manager_key", r#"{"key_id":"$id"}"#),
        call(3, Anyone, "ProtectKey", "key_manager_key", r#"{"key_id":"$id"}"#),
        call(3, Anyone, "UnprotectKey", "key_manager_key", r#"{"key_id":"$id"}"#),
        call(3, Anyone, "DeleteKey", "key_manager_key", r#"{"key_id":"$id"}"#),
    ]),
    service("vpc", "scaleway.vpc.v2.Api", &[
        call(6, Anyone, "CreatePrivateNetwork", "vpc_private_network", r#"{"name":"$name", "project_id":"$project", "subnets":["172.16.12.0/22"], "tags":[], "vpc_id":"$parent"}"#),
        call(4, Anyone, "UpdatePrivateNetwork", "vpc_private_network", r#"{"name":"$name", "private_network_id":"$id"}"#),
        call(4, Anyone, "DeletePrivateNetwork", "vpc_private_network", r#"{"private_network_id":"$id"}"#),
        call(2, Anyone, "UpdateRoute", "vpc_route", r#"{"description":"to the office", "route_id":"$id"}"#),
        call(2, Anyone, "SetAcl", "vpc_acl", r#"{"default_policy":"drop", "is_ipv6":false, "rules":[{"action":"accept", "destination":"172.16.4.0/22", "protocol":"TCP", "source":"203.0.113.0/24"}], "vpc_id":"$parent"}"#),
    ]),
    service("ipam", "scaleway.ipam.v1.Api", &[
        call(16, Machines, "BookIP", "ipam_ip", r#"{"address":"$name", "is_ipv6":false, "project_id":"$project", "source":{"private_network_id":"$parent"}}"#),
        call(14, Machines, "ReleaseIP", "ipam_ip", r#"{"ip_id":"$id"}"#),
        call(3, Machines, "ReleaseIPSet", "ipam_ip+ipam_ip+ipam_ip", r#"{"ip_ids":["$id", "$uuid", "$uuid"]}"#),
    ]),
    service("public-gateway", "scaleway.vpc_gw.v2.Api", &[
        call(3, Anyone, "UpdateGateway", "vpc_gw_gateway", r#"{"enable_bastion":true, "gateway_id":"$id", "name":"$name"}"#),
        call(2, Anyone, "CreateGatewayNetwork", "vpc_gw_gateway_network", r#"{"enable_masquerade":true, "gateway_id":"$parent", "private_network_id":"$network", "push_default_route":true}"#),
        call(3, Anyone, "CreatePatRule", "vpc_gw_pat_rule", r#"{"gateway_id":"$parent", "private_ip":"172.16.4.2", "private_port":22, "protocol":"tcp", "public_port":2222}"#),
    ]),
    service("serverless-containers", "scaleway.containers.v1beta1.Api", &[
        call(22, Machines, "RedeployContainer", "serverless_containers_container", r#"{"container_id":"$id"}"#),
        call(8, Anyone, "UpdateContainer", "serverless_containers_container", r#"{"container_id":"$id", "max_scale":{"value":10}, "registry_image":{"value":"registry.example.com/app:$small"}}"#),
        call(2, Anyone, "CreateNamespace", "serverless_containers_namespace", r#"{"name":"$name", "project_id":"$project"}"#),
        call(2, Anyone, "CreateDomain", "serverless_containers_domain", r#"{"container_id":"$parent", "hostname":"$name"}"#),
        call(2, Anyone, "UpdateTrigger", "serverless_containers_trigger", r#"{"name":"$name", "trigger_id":"$id"}"#),
    ]),
    service("serverless-functions", "scaleway.functions.v1beta1.Api", &[
        call(4, Machines, "DeployFunction", "serverless_functions_function", r#"{"function_id":"$id"}"#),
        call(2, Anyone, "UpdateFunction", "serverless_functions_function", r#"{"function_id":"$id", "max_scale":{"value":$small}, "runtime":"python313"}"#),
        call(1, Machines, "UpdateCron", "serverless_functions_cron", r#"{"cron_id":"$id", "schedule":{"value":"0 5 * * *"}}"#),
    ]),
    service("data-orchestrator", "scaleway.data_orchestrator.v1alpha1.Api", &[
        call(3, Machines, "StartWorkflowDefinition", "data_orchestrator_workflow_definition", r#"{"workflow_definition_id":"$id"}"#),
    ]),
    service("edge-services", "scaleway.edge_services.v1beta1.Api", &[
        call(3, Anyone, "UpdatePipeline", "edge_services_pipeline", r#"{"name":"$name", "pipeline_id":"$id"}"#),
        call(4, Machines, "UpdateCacheStage", "edge_services_cache_stage", r#"{"cache_stage_id":"$id", "fallback_ttl":"3600.000000000s"}"#),
        call(1, People, "UpdateWafStage", "edge_services_waf_stage", r#"{"mode":"enable", "paranoia_level":2, "waf_stage_id":"$id"}"#),
        call(2, Anyone, "UpdateBackendStage", "edge_services_backend_stage", r#"{"backend_stage_id":"$id", "pipeline_id":"$parent"}"#),
    ]),
    service("cockpit", "scaleway.cockpit.v1.RegionalApi", &[
        call(4, Anyone, "CreateToken", "observability_token", r#"{"name":"$name", "project_id":"$project", "token_scopes":["read_only_metrics", "read_only_logs"]}"#),
        call(3, Anyone, "DeleteToken", "observability_token", r#"{"token_id":"$id"}"#),
        call(2, Anyone, "UpdateDataSource", "observability_datasource", r#"{"data_source_id":"$id", "name":"$name", "retention_days":31}"#),
        call(2, People, "EnableAlertRules", "observability_alert_rule", r#"{"project_id":"$project", "rule_ids":["$uuid"]}"#),
        call(2, People, "CreateContactPoint", "observability_contact_point", r#"{"email":{"to":"on-call@example.com"}, "project_id":"$project", "send_resolved_notifications":true}"#),
    ]),
    service("audit-trail", "scaleway.audit_trail.v1alpha1.Api", &[
        call(1, People, "EnableAlertRules", "audit_trail_alert_rule", r#"{"alert_rule_ids":["$id"], "organization_id":"$organization"}"#),
    ]),
    service("baremetal", "scaleway.baremetal.v1.Api", &[
        call(5, Anyone, "CreateServer", "baremetal_server", r#"{"description":"", "name":"$name", "offerId":"$uuid", "optionIds":[], "projectId":"$project", "protected":false, "tags":[]}"#),
        call(5, Anyone, "DeleteServer", "baremetal_server", r#"{"serverId":"$id"}"#),
        call(3, Anyone, "AddOptionServer", "baremetal_server", r#"{"optionId":"$uuid", "serverId":"$id"}"#),
        call(3, People, "RebootServer", "baremetal_server", r#"{"bootType":"normal", "serverId":"$id"}"#),
    ]),
    service("apple-silicon", "scaleway.apple_silicon.v1alpha1.Api", &[
        call(3, Machines, "BatchCreateServers", "apple_silicon_server+apple_silicon_server", r#"{"batch":[{"name":"$name", "type":"M2-M"}, {"name":"$name", "type":"M2-M"}], "project_id":"$project"}"#),
        call(4, Anyone, "RebootServer", "apple_silicon_server", r#"{"server_id":"$id"}"#),
    ]),
    service("site-to-site-vpn", "scaleway.s2s_vpn.v1alpha1.Api", &[
        call(1, Machines, "RenewConnectionPsk", "s2s_connection", r#"{"connection_id":"$id"}"#),
        call(1, Anyone, "UpdateVpnGateway", "s2s_vpn_gateway", r#"{"gateway_id":"$id", "name":"$name"}"#),
    ]),
    service("interlink", "scaleway.interlink.v1beta1.Api", &[
        call(1, Anyone, "UpdateLink", "ili_link", r#"{"link_id":"$id", "name":"$name"}"#),
    ]),
    // Products younger than any client.
    service("autoscaling", "scaleway.autoscaling.v1alpha2.ZonedApi", &[
        call(10, Machines, "UpdateGroup", "autoscaling_group", r#"{"capacity":{"max_replicas":$small, "min_replicas":1}, "group_id":"$id"}"#),
    ]),
    service("generative-apis", "scaleway.gapi_dedicated.v1.Api", &[
        call(2, Anyone, "UpdateDeployment", "gapi_dedicated_deployment", r#"{"deployment_id":"$id", "max_size":$small}"#),
    ]),
    service("quantum", "scaleway.quantum.v3delta2.Api", &[
        call(3, Anyone, "EntangleQubits", "quantum_qubit+quantum_qubit", r#"{"qubit_ids":["$id", "$uuid"], "amplitude":1.5e-7, "phase":-0.0, "seed":18446744073709551615}"#),
    ]),
];

/// What the platform does by itself.
#[derive(Debug)]
pub(super) struct Routine {
    pub(super) weight: u32,
    pub(super) product: &'static str,
    pub(super) source: &'static str,
    pub(super) system_name: &'static str,
    pub(super) on: &'static str,
    pub(super) kind: &'static str,
}

const fn routine(
    weight: u32,
    product: &'static str,
    source: &'static str,
    system_name: &'static str,
    on: &'static str,
    kind: &'static str,
) -> Routine {
    Routine { weight, product, source, system_name, on, kind }
}

pub(super) static ROUTINES: &[Routine] = &[
    routine(8, "kubernetes", "scaleway.k8s.v1", "cluster-autoscaler", "kube_pool", "notification"),
    routine(4, "kubernetes", "scaleway.k8s.v1", "node-autohealing", "kube_node", "notification"),
    routine(6, "rdb", "scaleway.rdb.v1", "backup-scheduler", "rdb_instance_backup", "cron"),
    routine(2, "rdb", "scaleway.rdb.v1", "maintenance", "rdb_instance", "cron"),
    routine(3, "secret-manager", "scaleway.secret_manager.v1beta1", "secret-expiry", "secret_manager_secret", "cron"),
    routine(2, "key-manager", "scaleway.key_manager.v1alpha1", "key-rotation", "key_manager_key", "cron"),
    routine(2, "load-balancer", "scaleway.lb.v1", "certificate-renewal", "load_balancer_certificate", "cron"),
    routine(4, "instance", "scaleway.instance.v1", "hypervisor-maintenance", "instance_server", "notification"),
    routine(3, "audit-trail", "scaleway.audit_trail.v1alpha1", "export-scheduler", "audit_trail_export_job", "cron"),
    routine(1, "iam", "scaleway.iam.v1alpha1", "api-key-expiry", "iam_api_key", "notification"),
];

/// Replaces every `$word` of a template by what `word` writes for it. What was written is not looked at again, so a name that
/// contains a `$` stays as it is.
pub(super) fn expand(template: &str, mut word: impl FnMut(&str, &mut String)) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        out.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        let end = rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len());
        word(&rest[..end], &mut out);
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::{Duration, Utc};
    use serde_json::Value;

    use super::super::organization::{ORGANIZATION_ID, Organization};
    use super::super::products;
    use super::*;

    /// Every word replaced by a text that fits anywhere.
    fn filled(template: &str) -> String {
        expand(template, |word, out| out.push_str(if word == "small" { "7" } else { "$word" }))
    }

    #[test]
    fn templates_are_json() {
        for (kind, info) in INFO {
            let info: Value = serde_json::from_str(&format!("{{{}}}", filled(info))).expect(kind);
            assert!(info[format!("{kind}_info")].is_object(), "{kind}");
        }
        for call in SERVICES.iter().flat_map(|service| service.calls) {
            serde_json::from_str::<Value>(&filled(call.body)).expect(call.method);
        }
    }

    #[test]
    fn what_happens_is_covered_and_has_something_to_happen_to() {
        let organization = Organization::new(ORGANIZATION_ID, Utc::now(), Duration::days(7));
        let kinds: HashSet<&str> = organization.resources.iter().map(|resource| resource.kind).collect();
        for service in SERVICES {
            for call in service.calls {
                assert!(
                    products::covers(service.product, service.name, call.method),
                    "{} {}",
                    service.name,
                    call.method
                );
                assert!(call.on.split('+').all(|kind| kinds.contains(kind)), "{}", call.on);
            }
        }
        assert!(ROUTINES.iter().all(|routine| kinds.contains(routine.on)));
        assert!(INFO.iter().all(|(kind, _)| kinds.contains(kind)), "information about a type that there is none of");
    }

    #[test]
    fn what_was_written_is_not_expanded_again() {
        assert_eq!(expand("$a-$b.$", |word, out| out.push_str(if word == "a" { "$b" } else { word })), "$b-b.");
    }
}
