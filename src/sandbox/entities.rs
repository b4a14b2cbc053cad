use chrono::{DateTime, Utc};

use super::region::region_of;

/// A project of the organisation.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its UUID.
    pub id: String,
    /// Its name, as the console shows it.
    pub name: String,
}

/// Someone with a password.
#[derive(Debug, Clone)]
pub struct User {
    /// The IAM id: what an event's `principal.id` holds.
    pub id: String,
    /// Login, under example.com.
    pub email: String,
    /// The part before the @.
    pub username: String,
    /// The account's own id for the same person: what an `account_user` resource holds.
    pub account_root_user_id: String,
    /// Whether a one-time password is asked at log-in.
    pub mfa: bool,
    /// The address they work from.
    pub address: String,
    /// The country of that address.
    pub country: &'static str,
    /// Their browser.
    pub user_agent: &'static str,
}

/// An IAM application: automation with API keys.
#[derive(Debug, Clone)]
pub struct Application {
    /// The IAM id: what an event's `principal.id` holds.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The access key it calls with.
    pub access_key: String,
    /// The address it calls from.
    pub address: String,
    /// What it calls itself.
    pub user_agent: &'static str,
}

/// Something an event can be about.
#[derive(Debug, Clone)]
pub struct Resource {
    /// UUID, or access key for API keys.
    pub id: String,
    /// The audit trail's resource type, for example `instance_server`.
    pub kind: &'static str,
    /// Its name; hostile for some, as resource names are written by whoever calls the API.
    pub name: String,
    /// What it belongs to: the cluster of a pool, the load balancer of a backend.
    pub parent: Option<usize>,
    /// The project that holds it.
    pub project_id: String,
    /// Zone, region or `global`.
    pub locality: &'static str,
    /// When it was made, long before the first event.
    pub created_at: DateTime<Utc>,
}

impl Resource {
    /// The region whose audit trail tells about this resource.
    #[must_use]
    pub fn region(&self) -> &'static str {
        region_of(self.locality)
    }
}
