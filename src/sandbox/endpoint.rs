//! The endpoints of the simulated APIs, by path.

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

use crate::event::Kind;

/// An endpoint of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// `ListEvents`: API calls, with every filter.
    Events,
    /// `ListAuthenticationEvents`: log-ins, no filter.
    AuthenticationEvents,
    /// `ListSystemEvents`: actions of the platform, no filter.
    SystemEvents,
    /// `ListCombinedEvents`: all three kinds, two filters.
    CombinedEvents,
    /// `ListProducts`.
    Products,
    /// IAM users.
    Users,
    /// IAM applications.
    Applications,
    /// IAM API keys.
    ApiKeys,
    /// Projects of the account.
    Projects,
    /// `SearchResources`: the resources of all products.
    Resources,
    /// `ListDataSources` of Cockpit: those of a project in a region.
    DataSources,
    /// `ListClusterACLRules` of Kubernetes: the rules of a cluster.
    ClusterRules,
    /// Any other path: 404.
    Other,
}

impl Endpoint {
    /// The endpoint of a path, and the path's region.
    pub(super) fn of(path: &str) -> (Self, Option<&str>) {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts[..] {
            ["audit-trail", "v1alpha1", "regions", region, name] => {
                (Self::named(name, Self::is_audit_trail), Some(region))
            }
            ["cockpit", "v1", "regions", region, "data-sources"] => (Self::DataSources, Some(region)),
            ["k8s", "v1", "regions", region, "clusters", _, "acls"] => (Self::ClusterRules, Some(region)),
            ["iam", "v1alpha1", name] => (Self::named(name, Self::is_iam), None),
            ["account", "v3", "projects"] => (Self::Projects, None),
            ["search", "v1alpha1", "resources"] => (Self::Resources, None),
            _ => (Self::Other, None),
        }
    }

    /// The endpoint of this name in one of the APIs.
    fn named(name: &str, is_in_api: fn(Self) -> bool) -> Self {
        Self::from_str(name, false).ok().filter(|endpoint| is_in_api(*endpoint)).unwrap_or(Self::Other)
    }

    /// The kinds of listed events.
    pub(super) fn kinds(self) -> &'static [Kind] {
        match self {
            Endpoint::Events => &[Kind::Api],
            Endpoint::AuthenticationEvents => &[Kind::Authentication],
            Endpoint::SystemEvents => &[Kind::System],
            Endpoint::CombinedEvents => &Kind::ALL,
            _ => &[],
        }
    }

    /// The parameters of filters; others are ignored.
    pub(super) fn filters(self) -> &'static [&'static str] {
        match self {
            Endpoint::Events => &[
                "project_id",
                "resource_type",
                "resource_id",
                "product_name",
                "service_name",
                "method_name",
                "principal_id",
                "source_ip",
                "status",
            ],
            Endpoint::CombinedEvents => &["project_id", "resource_type"],
            _ => &[],
        }
    }

    pub(super) fn is_iam(self) -> bool {
        matches!(self, Endpoint::Users | Endpoint::Applications | Endpoint::ApiKeys)
    }

    pub(super) fn is_audit_trail(self) -> bool {
        !self.kinds().is_empty() || self == Endpoint::Products
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().expect("every endpoint has a name").get_name())
    }
}
