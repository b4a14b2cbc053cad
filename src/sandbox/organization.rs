//! The users, applications, projects and resources of the simulated organization.
//!
//! Every id is derived from a name alone, not from the seed: a dashboard or a test can name a server once and find it in
//! every run.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use rand::Rng;

use super::entities::{Application, Project, Resource, User};
use super::ids::{access_key, id_of, of_name};
use super::incident::Incident;

/// The default organization of the sandbox. Its default project has the same id, as on Scaleway.
pub const ORGANIZATION_ID: &str = "0a1b2c3d-0000-4000-8000-000000000001";

/// The owner, who is also the principal of recorded answers.
pub const OWNER_ID: &str = "0a1b2c3d-0000-4000-8000-000000000100";

/// A simulated organization with its incident.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Its id, which is also the id of its default project.
    pub id: String,
    /// Four projects, the default one first.
    pub projects: Vec<Project>,
    /// The people. The first is the owner.
    pub users: Vec<User>,
    /// The automation.
    pub applications: Vec<Application>,
    /// An application that was deleted: events name it, IAM no longer does.
    pub departed: Application,
    /// The resources, with stable ids.
    pub resources: Vec<Resource>,
    /// The incident of the last hours.
    pub incident: Incident,
    by_kind: HashMap<&'static str, Vec<usize>>,
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
const CHROME: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
const EDGE: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
const TERRAFORM: &str =
    "scaleway-sdk-go/v1.0.0-beta.35 (go1.25.1; linux; amd64) terraform-provider/2.61.0 terraform/1.13.3";

const PROJECTS: [&str; 4] = ["default", "production", "staging", "data"];

// username, mfa, address, country, browser
const USERS: [(&str, bool, &str, &str, &str); 12] = [
    ("user-1", true, "203.0.113.10", "FR", CHROME),
    ("ops-1", true, "203.0.113.20", "FR", FIREFOX),
    ("ops-2", true, "203.0.113.21", "FR", CHROME),
    ("ops-3", false, "203.0.113.22", "NL", FIREFOX),
    ("dev-1", true, "203.0.113.30", "FR", CHROME),
    ("dev-2", false, "203.0.113.31", "FR", EDGE),
    ("dev-3", true, "203.0.113.32", "NL", CHROME),
    ("dev-4", false, "2001:db8:1::33", "PL", FIREFOX),
    ("data-1", true, "203.0.113.40", "FR", CHROME),
    ("data-2", false, "203.0.113.41", "BE", EDGE),
    ("security-1", true, "203.0.113.50", "FR", FIREFOX),
    ("billing-1", false, "203.0.113.60", "FR", EDGE),
];

// name, address, user agent
const APPLICATIONS: [(&str, &str, &str); 6] = [
    ("terraform", "198.51.100.10", TERRAFORM),
    ("ci-deploy", "198.51.100.11", "scaleway-cli/2.42.0 (go1.25.1; linux; amd64)"),
    ("backup", "198.51.100.12", "scaleway-sdk-python/2.10.2"),
    ("autoscaler", "2001:db8:2::13", "scaleway-sdk-go/v1.0.0-beta.35 (go1.25.1; linux; amd64)"),
    ("monitoring", "198.51.100.14", "scaleway-sdk-js/2.8.0"),
    ("secret-rotation", "198.51.100.15", "python-requests/2.32.5"),
];

/// `count` resources of a kind, named `name-1`, `name-2`... (`name` alone when there is one). The n-th belongs to the n-th
/// resource whose name starts with `parent`.
struct Row(&'static str, &'static str, usize, &'static str, &'static str, &'static str);

const RESOURCES: &[Row] = &[
    Row("instance_server", "web", 6, "production", "fr-par-1", ""),
    Row("instance_server", "api", 4, "production", "fr-par-2", ""),
    Row("instance_server", "worker", 4, "data", "fr-par-2", ""),
    Row("instance_server", "bastion", 1, "production", "fr-par-1", ""),
    Row("instance_server", "staging", 3, "staging", "fr-par-1", ""),
    Row("instance_server", "web-nl", 4, "production", "nl-ams-1", ""),
    Row("instance_server", "worker-nl", 3, "data", "nl-ams-2", ""),
    Row("instance_server", "cache-pl", 3, "production", "pl-waw-2", ""),
    Row("instance_security_group", "sg-web", 1, "production", "fr-par-1", ""),
    Row("instance_security_group", "sg-nl", 1, "production", "nl-ams-1", ""),
    Row("instance_security_group", "sg-pl", 1, "production", "pl-waw-2", ""),
    Row("instance_volume", "data-volume", 4, "production", "fr-par-1", ""),
    Row("instance_volume", "data-volume-nl", 2, "production", "nl-ams-1", ""),
    Row("instance_snapshot", "nightly", 3, "production", "fr-par-1", ""),
    Row("instance_snapshot", "nightly-nl", 2, "production", "nl-ams-1", ""),
    Row("instance_image", "golden-image", 2, "production", "fr-par-1", ""),
    Row("instance_placement_group", "spread-web", 1, "production", "fr-par-1", ""),
    Row("vpc_vpc", "vpc-par", 1, "default", "fr-par", ""),
    Row("vpc_vpc", "vpc-nl", 1, "default", "nl-ams", ""),
    Row("vpc_private_network", "pn-prod", 2, "production", "fr-par", "vpc-par"),
    Row("vpc_private_network", "pn-nl", 1, "production", "nl-ams", "vpc-nl"),
    Row("vpc_route", "route-office", 1, "default", "fr-par", "vpc-par"),
    Row("vpc_acl", "acl-vpc", 1, "default", "fr-par", "vpc-par"),
    Row("instance_private_network_interface", "nic-web", 6, "production", "fr-par-1", "web"),
    Row("instance_private_network_interface", "nic-nl", 4, "production", "nl-ams-1", "web-nl"),
    Row("ipam_ip", "172.16.4", 5, "production", "fr-par", "pn-prod"),
    Row("ipam_ip", "172.16.8", 3, "production", "nl-ams", "pn-nl"),
    Row("vpc_gw_gateway", "gw-par", 1, "production", "fr-par-1", "vpc-par"),
    Row("vpc_gw_gateway", "gw-nl", 1, "production", "nl-ams-1", "vpc-nl"),
    Row("vpc_gw_gateway_network", "gw-par-net", 1, "production", "fr-par-1", "gw-par"),
    Row("vpc_gw_pat_rule", "pat-par", 2, "production", "fr-par-1", "gw-par"),
    Row("load_balancer_lb", "lb-front", 1, "production", "fr-par-1", ""),
    Row("load_balancer_lb", "lb-nl", 1, "production", "nl-ams-1", ""),
    Row("load_balancer_ip", "192.0.2.10", 1, "production", "fr-par-1", "lb-front"),
    Row("load_balancer_frontend", "https", 2, "production", "fr-par-1", "lb-front"),
    Row("load_balancer_frontend", "https-nl", 1, "production", "nl-ams-1", "lb-nl"),
    Row("load_balancer_backend", "pool-web", 2, "production", "fr-par-1", "lb-front"),
    Row("load_balancer_backend", "pool-nl", 1, "production", "nl-ams-1", "lb-nl"),
    Row("load_balancer_acl", "deny-scanners", 2, "production", "fr-par-1", "https"),
    Row("load_balancer_route", "route-api", 1, "production", "fr-par-1", "https"),
    Row("load_balancer_certificate", "cert-www", 1, "production", "fr-par-1", "lb-front"),
    Row("kube_cluster", "k8s-prod", 1, "production", "fr-par", ""),
    Row("kube_cluster", "k8s-staging", 1, "staging", "fr-par", ""),
    Row("kube_cluster", "k8s-nl", 1, "production", "nl-ams", ""),
    Row("kube_cluster", "k8s-pl", 1, "production", "pl-waw", ""),
    Row("kube_pool", "pool-default", 3, "production", "fr-par", "k8s-prod"),
    Row("kube_pool", "pool-nl-default", 2, "production", "nl-ams", "k8s-nl"),
    Row("kube_pool", "pool-pl-default", 1, "production", "pl-waw", "k8s-pl"),
    Row("kube_node", "node-prod", 4, "production", "fr-par", "k8s-prod"),
    Row("kube_acl", "acl-office", 1, "production", "fr-par", "k8s-prod"),
    Row("rdb_instance", "db-orders", 1, "production", "fr-par", ""),
    Row("rdb_instance", "db-users", 1, "production", "fr-par", ""),
    Row("rdb_instance", "db-nl", 1, "production", "nl-ams", ""),
    Row("rdb_instance_backup", "backup-orders", 3, "production", "fr-par", "db-orders"),
    Row("rdb_instance_backup", "backup-nl", 1, "production", "nl-ams", "db-nl"),
    Row("rdb_instance_snapshot", "snapshot-orders", 1, "production", "fr-par", "db-orders"),
    Row("rdb_instance_read_replica", "replica-orders", 1, "production", "fr-par", "db-orders"),
    Row("rdb_instance_endpoint", "endpoint-orders", 1, "production", "fr-par", "db-orders"),
    Row("mongodb_instance", "mongo-catalog", 1, "data", "fr-par", ""),
    Row("mongodb_instance_snapshot", "mongo-snapshot", 1, "data", "fr-par", "mongo-catalog"),
    Row("ssdb_database", "sql-reports", 1, "data", "fr-par", ""),
    Row("dtwh_deployment", "warehouse", 1, "data", "fr-par", ""),
    Row("secret_manager_secret", "db-password", 3, "production", "fr-par", ""),
    Row("secret_manager_secret", "api-token", 2, "production", "nl-ams", ""),
    Row("secret_manager_secret", "tls-key", 1, "production", "pl-waw", ""),
    Row("secret_manager_version", "db-password-version", 3, "production", "fr-par", "db-password"),
    Row("key_manager_key", "key-disk", 1, "production", "fr-par", ""),
    Row("key_manager_key", "key-backup", 1, "data", "fr-par", ""),
    Row("key_manager_key", "key-nl", 1, "production", "nl-ams", ""),
    Row("serverless_containers_namespace", "ns-apps", 1, "production", "fr-par", ""),
    Row("serverless_containers_namespace", "ns-apps-nl", 1, "production", "nl-ams", ""),
    Row("serverless_containers_container", "thumbnailer", 2, "production", "fr-par", "ns-apps"),
    Row("serverless_containers_container", "webhook-nl", 1, "production", "nl-ams", "ns-apps-nl"),
    Row("serverless_containers_domain", "img.example.com", 1, "production", "fr-par", "thumbnailer"),
    Row("serverless_containers_trigger", "every-hour", 1, "production", "fr-par", "thumbnailer"),
    Row("serverless_functions_namespace", "fn-jobs", 1, "production", "fr-par", ""),
    Row("serverless_functions_function", "resize-image", 2, "production", "fr-par", "fn-jobs"),
    Row("serverless_functions_cron", "every-night", 1, "production", "fr-par", "resize-image"),
    Row("data_orchestrator_workflow_definition", "nightly-report", 1, "data", "fr-par", ""),
    Row("edge_services_pipeline", "cdn-www", 1, "production", "global", ""),
    Row("edge_services_cache_stage", "cache-www", 1, "production", "global", "cdn-www"),
    Row("edge_services_waf_stage", "waf-www", 1, "production", "global", "cdn-www"),
    Row("edge_services_backend_stage", "origin-www", 1, "production", "global", "cdn-www"),
    Row("observability_datasource", "metrics-prod", 1, "production", "fr-par", ""),
    Row("observability_datasource", "logs-nl", 1, "production", "nl-ams", ""),
    Row("observability_token", "grafana-token", 1, "production", "fr-par", ""),
    Row("observability_exporter", "siem-exporter", 1, "production", "fr-par", "metrics-prod"),
    Row("observability_alert_rule", "managed-rules", 1, "production", "fr-par", ""),
    Row("observability_contact_point", "on-call", 1, "production", "fr-par", ""),
    Row("audit_trail_export_job", "export-to-archive", 1, "default", "fr-par", ""),
    Row("audit_trail_alert_rule", "alert-organization-manager", 1, "default", "fr-par", ""),
    Row("baremetal_server", "metal", 2, "data", "fr-par-2", ""),
    Row("baremetal_server", "metal-nl", 1, "data", "nl-ams-1", ""),
    Row("apple_silicon_server", "mac-ci", 2, "staging", "fr-par", ""),
    Row("s2s_vpn_gateway", "vpn-office", 1, "production", "fr-par", ""),
    Row("s2s_connection", "tunnel-office", 1, "production", "fr-par", "vpn-office"),
    Row("ili_link", "interlink-dc", 1, "production", "fr-par", ""),
    Row("autoscaling_group", "asg-web", 1, "production", "fr-par-1", ""),
    Row("gapi_dedicated_deployment", "llm-assistant", 1, "data", "fr-par", ""),
    Row("iam_group", "Administrators", 1, "default", "global", ""),
    Row("iam_group", "developers", 1, "default", "global", ""),
    Row("iam_policy", "policy-ci", 2, "default", "global", ""),
    Row("iam_ssh_key", "laptop", 4, "default", "global", ""),
    Row("quantum_qubit", "qubit", 2, "data", "fr-par", ""),
];

/// Names that break code which trusts them: markup, quotes, template syntax, direction marks, emoji, a spreadsheet formula, a line
/// break.
const HOSTILE_NAMES: [&str; 8] = [
    "<script>alert('name')</script>",
    "say \"hi\" \\ it's {{.Labels}}",
    "$variable ${__all_variables} [[server]] $__interval",
    "invoice\u{202e}gnp.exe\u{202c} \u{05e9}\u{05dc}\u{05d5}\u{05dd}",
    "🚀 rocket-\u{1f468}\u{200d}\u{1f4bb} é\u{301}",
    "=HYPERLINK(\"http://192.0.2.1/\",\"click\")",
    "two\nlines\tand a tab \u{7} bell",
    "%s%n{0} ../../etc/passwd",
];

impl Organization {
    /// The organization as it is at `now`, its incident fitted into the last hours of `span`.
    #[must_use]
    pub fn new(id: &str, now: DateTime<Utc>, span: Duration) -> Self {
        let projects: Vec<Project> = PROJECTS
            .iter()
            .map(|&name| Project {
                id: if name == "default" { id.to_owned() } else { id_of(name) },
                name: name.to_owned(),
            })
            .collect();
        let users: Vec<User> = USERS.iter().map(user).collect();
        let applications: Vec<Application> = APPLICATIONS.iter().map(application).collect();
        let departed = application(&("old-importer", "198.51.100.99", "curl/7.88.1"));
        let resources = resources(&projects, &users, &applications, now);
        let mut by_kind: HashMap<&'static str, Vec<usize>> = HashMap::new();
        for (index, resource) in resources.iter().enumerate() {
            by_kind.entry(resource.kind).or_default().push(index);
        }
        let incident = Incident::new(&users, &applications, &resources, now, span);
        Self { id: id.to_owned(), projects, users, applications, departed, resources, incident, by_kind }
    }

    /// The resource of this name, if there is one.
    #[must_use]
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.name == name)
    }

    /// Every resource of a type.
    pub fn resources_of(&self, kind: &str) -> impl Iterator<Item = &Resource> {
        self.by_kind.get(kind).into_iter().flatten().map(|&index| &self.resources[index])
    }

    pub(super) fn pick(&self, kind: &str, rng: &mut impl Rng) -> &Resource {
        let choice = &self.by_kind[kind];
        &self.resources[choice[rng.random_range(0..choice.len())]]
    }

    pub(super) fn parent_of(&self, resource: &Resource) -> Option<&Resource> {
        resource.parent.map(|index| &self.resources[index])
    }
}

fn user(&(name, mfa, address, country, user_agent): &(&str, bool, &str, &'static str, &'static str)) -> User {
    User {
        id: if name == "user-1" { OWNER_ID.to_owned() } else { id_of(name) },
        email: format!("{name}@example.com"),
        username: name.to_owned(),
        account_root_user_id: id_of(&format!("account of {name}")),
        mfa,
        address: address.to_owned(),
        country,
        user_agent,
    }
}

fn application(&(name, address, user_agent): &(&str, &str, &'static str)) -> Application {
    Application {
        id: id_of(name),
        name: name.to_owned(),
        access_key: access_key(&mut of_name(&format!("key of {name}"))),
        address: address.to_owned(),
        user_agent,
    }
}

fn resources(projects: &[Project], users: &[User], applications: &[Application], now: DateTime<Utc>) -> Vec<Resource> {
    let project_id = |name: &str| projects.iter().find(|p| p.name == name).map_or_else(String::new, |p| p.id.clone());
    // Older than any event, and not a round number of days.
    let age =
        |name: &str| now - Duration::microseconds(of_name(name).random_range(8_000_000_000_000..60_000_000_000_000));
    let mut all: Vec<Resource> = Vec::new();
    for &Row(kind, stem, count, project, locality, parent) in RESOURCES {
        let parents: Vec<usize> =
            (0..all.len()).filter(|&index| !parent.is_empty() && is_one_of(&all[index].name, parent)).collect();
        for n in 0..count {
            let name = match (kind, count) {
                ("ipam_ip", _) => format!("{stem}.{}", n + 2),
                (_, 1) => stem.to_owned(),
                _ => format!("{stem}-{}", n + 1),
            };
            all.push(Resource {
                id: id_of(&format!("{kind} {name}")),
                kind,
                parent: (!parents.is_empty()).then(|| parents[n % parents.len()]),
                project_id: project_id(project),
                locality,
                created_at: age(&name),
                name,
            });
        }
    }
    let mut add = |kind, id: String, name: String, project: &str, locality| {
        let created_at = age(&id);
        all.push(Resource { id, kind, name, parent: None, project_id: project_id(project), locality, created_at });
    };
    let long = format!("long-{}", "x".repeat(2_000));
    for name in HOSTILE_NAMES.into_iter().chain([long.as_str()]) {
        for (kind, locality) in [("instance_server", "fr-par-1"), ("secret_manager_secret", "nl-ams")] {
            add(kind, id_of(&format!("{kind} {name}")), name.to_owned(), "staging", locality);
        }
    }
    for user in users {
        add("iam_user", user.id.clone(), user.email.clone(), "default", "global");
        add("account_user", user.account_root_user_id.clone(), user.email.clone(), "default", "fr-par");
    }
    for application in applications {
        add("iam_application", application.id.clone(), application.name.clone(), "default", "global");
        add("iam_api_key", application.access_key.clone(), format!("{}-key", application.name), "default", "global");
    }
    for project in projects {
        add("account_project", project.id.clone(), project.name.clone(), "default", "fr-par");
    }
    add("account_organization", project_id("default"), "sandbox".to_owned(), "default", "fr-par");
    all
}

/// `web-3` is one of `web`, `web-nl-1` is not.
fn is_one_of(name: &str, stem: &str) -> bool {
    name.strip_prefix(stem).is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix('-').is_some_and(|n| n.bytes().all(|byte| byte.is_ascii_digit()))
    })
}
