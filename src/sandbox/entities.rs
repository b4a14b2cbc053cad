//! The entities of the simulated organization.

use chrono::{DateTime, Utc};

use super::region::region_of;

/// A project of the organization.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its UUID.
    pub id: String,
    /// Its name, as the console shows it.
    pub name: String,
}

/// A user with a password.
#[derive(Debug, Clone)]
pub struct User {
    /// The IAM id, as in an event's `principal.id`.
    pub id: String,
    /// The e-mail address for log-ins, under example.com.
    pub email: String,
    /// The part of the e-mail address before the @.
    pub username: String,
    /// The account's id of the same user, as in `account_user` resources.
    pub account_root_user_id: String,
    /// Whether a log-in needs a one-time password.
    pub mfa: bool,
    /// The source address of the user's calls.
    pub address: String,
    /// The country of that address.
    pub country: String,
    /// The user agent of the user's browser.
    pub user_agent: String,
}

/// An IAM application: automation with API keys.
#[derive(Debug, Clone)]
pub struct Application {
    /// The IAM id, as in an event's `principal.id`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The access key it calls with.
    pub access_key: String,
    /// The address it calls from.
    pub address: String,
    /// Its user agent.
    pub user_agent: String,
}

/// A resource that events can concern.
#[derive(Debug, Clone)]
pub struct Resource {
    /// UUID, or access key for API keys.
    pub id: String,
    /// The audit trail's resource type, for example `instance_server`.
    pub kind: &'static str,
    /// Its name; hostile for some, since any caller of the API can choose names.
    pub name: String,
    /// Its parent: the cluster of a pool, the load balancer of a backend.
    pub(super) parent: Option<usize>,
    /// The id of the resource's project.
    pub project_id: String,
    /// Zone, region or `global`.
    pub locality: &'static str,
    /// The time of creation, long before the first event.
    pub created_at: DateTime<Utc>,
}

impl Resource {
    /// The region whose trail records this resource.
    #[must_use]
    pub fn region(&self) -> &'static str {
        region_of(self.locality)
    }
}
