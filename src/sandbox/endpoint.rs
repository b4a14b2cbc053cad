//! The endpoints of the simulated APIs, by path.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::event::Kind;

/// An endpoint of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Any other path: 404.
    Other,
}

const NAMES: [(Endpoint, &str); 11] = [
    (Endpoint::Events, "events"),
    (Endpoint::AuthenticationEvents, "authentication-events"),
    (Endpoint::SystemEvents, "system-events"),
    (Endpoint::CombinedEvents, "combined-events"),
    (Endpoint::Products, "products"),
    (Endpoint::Users, "users"),
    (Endpoint::Applications, "applications"),
    (Endpoint::ApiKeys, "api-keys"),
    (Endpoint::Projects, "projects"),
    (Endpoint::Resources, "resources"),
    (Endpoint::Other, "other"),
];

impl Endpoint {
    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(endpoint, _)| *endpoint == self).map_or("other", |(_, name)| name)
    }

    /// The endpoint of a path, and the region in it.
    pub(super) fn of(path: &str) -> (Self, Option<&str>) {
        let mut parts = path.split('/').skip(1);
        let named = |name: Option<&str>| name.and_then(|name| name.parse().ok()).unwrap_or(Endpoint::Other);
        let (endpoint, region) = match (parts.next(), parts.next(), parts.next()) {
            (Some("audit-trail"), Some("v1alpha1"), Some("regions")) => {
                let region = parts.next();
                match named(parts.next()) {
                    endpoint if endpoint.kinds().is_empty() && endpoint != Endpoint::Products => {
                        (Endpoint::Other, region)
                    }
                    endpoint => (endpoint, region),
                }
            }
            (Some("iam"), Some("v1alpha1"), name) => match named(name) {
                endpoint if endpoint.is_iam() => (endpoint, None),
                _ => (Endpoint::Other, None),
            },
            (Some("account"), Some("v3"), Some("projects")) => (Endpoint::Projects, None),
            (Some("search"), Some("v1alpha1"), Some("resources")) => (Endpoint::Resources, None),
            _ => (Endpoint::Other, None),
        };
        if parts.next().is_some() { (Endpoint::Other, region) } else { (endpoint, region) }
    }

    /// The kinds of events it lists.
    pub(super) fn kinds(self) -> &'static [Kind] {
        match self {
            Endpoint::Events => &[Kind::Api],
            Endpoint::AuthenticationEvents => &[Kind::Authentication],
            Endpoint::SystemEvents => &[Kind::System],
            Endpoint::CombinedEvents => &Kind::ALL,
            _ => &[],
        }
    }

    /// The parameters that it filters by; it ignores others.
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
        f.write_str(self.name())
    }
}

impl FromStr for Endpoint {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        NAMES.iter().find(|(_, name)| *name == text).map(|(endpoint, _)| *endpoint).ok_or(())
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
