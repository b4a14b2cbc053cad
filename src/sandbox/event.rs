//! An event, and its JSON.
//!
//! Members are in the recorded order, which differs for Instance.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rand::Rng;
use serde::Serialize;

use super::facets::{Facets, facets};
use super::ids::{uuid_v4, uuid_v7};
use super::json::Json;
use super::organization::ORGANIZATION_ID;
use super::region::region_of;
use crate::event::Kind;

/// Nanoseconds since 1970.
pub(super) type Nanos = i64;

/// A time of the trail.
pub(super) fn time(at: Nanos) -> DateTime<Utc> {
    DateTime::from_timestamp_nanos(at)
}

/// A time's nanoseconds since 1970.
pub(super) fn nanos(at: DateTime<Utc>) -> Nanos {
    at.timestamp_nanos_opt().expect("the sandbox's times are within centuries of now")
}

#[derive(Debug, Serialize)]
pub(super) struct Event<'a> {
    pub(super) id: String,
    pub(super) recorded_at: DateTime<Utc>,
    /// Absent for log-ins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) locality: Option<&'a str>,
    #[serde(flatten)]
    pub(super) content: Content<'a>,
}

/// An API call, a log-in or an action of the platform.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Api(ApiCall<'a>),
    Login(Login<'a>),
    System(SystemEvent<'a>),
}

#[derive(Debug, Default, Serialize)]
pub(super) struct ApiCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) principal: Option<Principal<'a>>,
    pub(super) organization_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) project_id: Option<&'a str>,
    pub(super) source_ip: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_agent: Option<&'a str>,
    pub(super) product_name: &'a str,
    pub(super) service_name: &'a str,
    pub(super) method_name: &'a str,
    #[serde(rename = "resources", skip_serializing_if = "Option::is_none")]
    pub(super) instance_resources: Option<Vec<Touched<'a>>>,
    pub(super) request_id: String,
    pub(super) request_body: Json,
    pub(super) status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resources: Option<Vec<Touched<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) correlation: Option<Correlation>,
}

#[derive(Debug, Serialize)]
pub(super) struct Principal<'a> {
    pub(super) id: &'a str,
}

/// A member unknown to clients.
#[derive(Debug, Serialize)]
pub(super) struct Correlation {
    trace: (&'static str, (), u8),
    sampled: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Login<'a> {
    pub(super) organization_id: &'static str,
    pub(super) source_ip: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_agent: Option<&'a str>,
    pub(super) resources: Vec<Touched<'a>>,
    pub(super) result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failure_reason: Option<&'static str>,
    pub(super) country_code: &'a str,
    pub(super) method: &'static str,
    pub(super) origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mfa_type: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub(super) struct SystemEvent<'a> {
    pub(super) organization_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) project_id: Option<&'a str>,
    pub(super) product_name: &'static str,
    pub(super) source: &'static str,
    pub(super) system_name: &'static str,
    pub(super) resources: Vec<Touched<'a>>,
    pub(super) kind: &'static str,
}

/// A resource in an event's list.
#[derive(Debug, Serialize)]
pub(super) struct Touched<'a> {
    pub(super) id: Cow<'a, str>,
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) deleted_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Cow<'a, str>>,
    /// The `*_info` member, or nothing.
    #[serde(flatten)]
    pub(super) info: BTreeMap<String, Json>,
}

impl<'a> Event<'a> {
    /// An API call, completed with ids, resources and constants.
    pub(super) fn api(
        at: Nanos,
        locality: &'a str,
        call: ApiCall<'a>,
        resources: Vec<Touched<'a>>,
        rng: &mut impl Rng,
    ) -> Self {
        let id = event_id(at, call.product_name, rng);
        let (first, last) =
            if call.product_name == "instance" { (Some(resources), None) } else { (None, Some(resources)) };
        let call = ApiCall {
            organization_id: ORGANIZATION_ID,
            request_id: uuid_v4(rng.random()),
            instance_resources: first,
            resources: last,
            correlation: (call.product_name == "quantum").then_some(Correlation { trace: ("a", (), 3), sampled: true }),
            ..call
        };
        Self { id, recorded_at: time(at), locality: Some(locality), content: Content::Api(call) }
    }

    pub(super) fn at(&self) -> Nanos {
        nanos(self.recorded_at)
    }

    pub(super) fn kind(&self) -> Kind {
        match self.content {
            Content::Api(_) => Kind::Api,
            Content::Login(_) => Kind::Authentication,
            Content::System(_) => Kind::System,
        }
    }

    /// The region whose trail records the event.
    pub(super) fn region(&self) -> &'a str {
        region_of(self.locality.unwrap_or("global"))
    }

    pub(super) fn facets(&self) -> Facets {
        let (project, resources) = match &self.content {
            Content::Api(call) => return call.facets(),
            Content::Login(login) => (None, &login.resources),
            Content::System(event) => (event.project_id, &event.resources),
        };
        facets(&[("project_id", project)], resources.iter().map(Touched::key))
    }
}

impl ApiCall<'_> {
    fn facets(&self) -> Facets {
        let status = self.status_code.to_string();
        let fields = [
            ("project_id", self.project_id),
            ("product_name", Some(self.product_name)),
            ("service_name", Some(self.service_name)),
            ("method_name", Some(self.method_name)),
            ("principal_id", self.principal.as_ref().map(|principal| principal.id)),
            ("source_ip", Some(self.source_ip)),
            ("status", Some(&status)),
        ];
        let resources = self.instance_resources.iter().chain(&self.resources).flatten();
        facets(&fields, resources.map(Touched::key))
    }
}

impl Touched<'_> {
    /// Type and id.
    fn key(&self) -> (&str, &str) {
        (self.kind, &self.id)
    }
}

/// The id of an event: a UUID of its time, give or take a few milliseconds; a random UUID for Instance.
pub(super) fn event_id(at: Nanos, product: &str, rng: &mut impl Rng) -> String {
    if product == "instance" {
        uuid_v4(rng.random())
    } else {
        uuid_v7(at / 1_000_000 - rng.random_range(0..6), rng.random())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::super::json::json;
    use super::*;

    #[test]
    fn times_have_as_few_digits_as_they_need() {
        let second = 1_759_738_608 * 1_000_000_000;
        for (nanoseconds, text) in [
            (0, "2025-10-06T08:16:48Z"),
            (175_000_000, "2025-10-06T08:16:48.175Z"),
            (493_912_000, "2025-10-06T08:16:48.493912Z"),
            (493_912_656, "2025-10-06T08:16:48.493912656Z"),
        ] {
            assert_eq!(json(&time(second + nanoseconds)), format!("\"{text}\"").into_bytes());
        }
    }

    #[test]
    fn event_ids_contain_their_time() {
        const NOW: Nanos = 1_773_327_845_678_901_234;
        let id = event_id(NOW, "iam", &mut ChaCha8Rng::seed_from_u64(1));
        let milliseconds = i64::from_str_radix(&id.replace('-', "")[..12], 16).expect("hexadecimal");
        assert!((NOW / 1_000_000 - 6..=NOW / 1_000_000).contains(&milliseconds) && id.as_bytes()[14] == b'7');
    }
}
