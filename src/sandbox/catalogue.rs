//! The catalogue of events: types of resources, API calls with request bodies, actions of the system.
//!
//! Its rows are in `tables/`. Bodies are JSON with `$words` that [`expand`] replaces. They have the style of each product, as
//! recorded: snake case for most, camel case for Elastic Metal, protobuf wrappers and numbered enums for Kubernetes.

use std::sync::LazyLock;

use serde::Deserialize;

use super::table::rows;

/// A type of resource in Resource Explorer, or with an `*_info` member in events.
#[derive(Debug, Deserialize)]
pub(super) struct ResourceType {
    pub(super) kind: String,
    /// The name in Resource Explorer, which knows fewer types than the trail.
    pub(super) explorer: Option<String>,
    /// The template of the `*_info` member; `-` for none.
    info: String,
}

static RESOURCE_TYPES: LazyLock<Vec<ResourceType>> = LazyLock::new(|| rows(include_str!("tables/resource_types.tsv")));

/// The table's row of a type of resource.
pub(super) fn resource_type(kind: &str) -> Option<&'static ResourceType> {
    RESOURCE_TYPES.iter().find(|row| row.kind == kind)
}

/// The template of the `*_info` member of a type of resource; most types have none.
pub(super) fn info_of(kind: &str) -> Option<&'static str> {
    resource_type(kind).map(|row| row.info.as_str()).filter(|info| *info != "-")
}

/// Whether events name the resource: API keys and SSH keys have no name.
pub(super) fn is_named(kind: &str) -> bool {
    !matches!(kind, "iam_api_key" | "iam_ssh_key")
}

/// Whether events have the parent's id and name: for parts of a cluster, whose own are in `*_info`.
pub(super) fn goes_by_its_parent(kind: &str) -> bool {
    matches!(kind, "kube_pool" | "kube_node" | "kube_acl")
}

/// Whether a deletion is dated; other types have `"deleted_at":null` even when deleted.
pub(super) fn dates_its_deletion(kind: &str) -> bool {
    matches!(kind, "secret_manager_secret" | "secret_manager_version" | "key_manager_key")
}

/// The callers of a method: people in the console, automation, or either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum By {
    People,
    Machines,
    Anyone,
}

/// One kind of API call.
#[derive(Debug, Deserialize)]
pub(super) struct Call {
    /// The frequency relative to other rows.
    pub(super) weight: u32,
    pub(super) by: By,
    pub(super) product: String,
    pub(super) service: String,
    pub(super) method: String,
    /// The types of the resources, joined by `+`.
    pub(super) on: String,
    pub(super) body: String,
}

/// The calls of ordinary days. The methods of the incident (switching logging off, granting `OrganizationManager`,
/// exporting data) are not here, so that the incident is noticeable. The last rows are products younger than any client.
pub(super) static CALLS: LazyLock<Vec<Call>> = LazyLock::new(|| rows(include_str!("tables/calls.tsv")));

impl Call {
    /// Whether the call has no principal: log-ins and renewals of sessions.
    pub(super) fn is_anonymous(&self) -> bool {
        self.service.ends_with("UnauthenticatedApi")
    }

    /// Whether the event names a project. SSH keys have one, unlike the rest of IAM.
    pub(super) fn has_project(&self) -> bool {
        self.on == "iam_ssh_key" || is_of_projects(&self.product)
    }

    /// Whether the event lists resources: deletions in IAM have the resource in the request body only.
    pub(super) fn lists_resources(&self) -> bool {
        !(self.product == "iam" && self.method.starts_with("Delete"))
    }

    /// The effect on the first resource.
    pub(super) fn effect(&self) -> Effect {
        let creates = ["Create", "Batch", "Book"].iter().any(|verb| self.method.starts_with(verb));
        match (&*self.on, &*self.method) {
            // These change an existing resource.
            ("iam_user", "CreatePasswordLogin" | "CreateUserMFAOTP")
            | ("rdb_instance", "CreateUser")
            | ("instance_security_group", "CreateSecurityGroupRule") => Effect::Modify,
            _ if creates => Effect::Create,
            (_, method) if method.starts_with("Delete") || method.starts_with("Release") => Effect::Delete,
            _ => Effect::Modify,
        }
    }

    /// The status of a successful call: Instance actions are accepted, not done.
    pub(super) fn success(&self) -> u16 {
        if self.product == "instance" && self.method == "ServerAction" { 202 } else { 200 }
    }
}

/// Whether a product's resources belong to projects rather than to the organization.
pub(super) fn is_of_projects(product: &str) -> bool {
    !matches!(product, "iam" | "account" | "audit-trail")
}

/// The effect of a call on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Create,
    Modify,
    Delete,
}

/// An action of the platform.
#[derive(Debug, Deserialize)]
pub(super) struct Routine {
    /// The frequency relative to other rows.
    pub(super) weight: u32,
    pub(super) product: String,
    pub(super) source: String,
    pub(super) system_name: String,
    pub(super) on: String,
    pub(super) kind: String,
}

pub(super) static ROUTINES: LazyLock<Vec<Routine>> = LazyLock::new(|| rows(include_str!("tables/routines.tsv")));

/// Replaces every `$word` of a template by the text that `word` writes. That text is not expanded again, so a name that
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

    use super::super::organization::Organization;
    use super::super::products;
    use super::*;

    /// A template with a text for each word.
    fn filled(template: &str) -> String {
        expand(template, |word, out| out.push_str(if word == "small" { "7" } else { "$word" }))
    }

    #[test]
    fn templates_are_json() {
        for ResourceType { kind, info, .. } in RESOURCE_TYPES.iter().filter(|row| row.info != "-") {
            assert!(serde_json::from_str::<Value>(&filled(info)).expect(kind).is_object(), "{kind}");
        }
        for call in CALLS.iter() {
            serde_json::from_str::<Value>(&filled(&call.body)).expect(&call.method);
        }
    }

    #[test]
    fn every_call_is_covered_and_has_resources() {
        let organization = Organization::new(Utc::now(), Duration::days(7));
        let kinds: HashSet<&str> = organization.resources.iter().map(|resource| resource.kind).collect();
        for call in CALLS.iter() {
            assert!(products::covers(&call.product, &call.service, &call.method), "{} {}", call.service, call.method);
            assert!(call.on.split('+').all(|kind| kinds.contains(kind)), "{}", call.on);
        }
        assert!(ROUTINES.iter().all(|routine| kinds.contains(&*routine.on)));
        assert!(RESOURCE_TYPES.iter().all(|row| kinds.contains(&*row.kind)), "a type without a resource");
    }

    #[test]
    fn an_expanded_text_is_not_expanded_again() {
        assert_eq!(expand("$a-$b.$", |word, out| out.push_str(if word == "a" { "$b" } else { word })), "$b-b.");
    }
}
