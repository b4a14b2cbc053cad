//! Events as the API writes them.

use audittrail::sandbox::{Kind, ORGANIZATION_ID};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::event::{Happened, LAG};
use super::habit::Habit;

const SECOND: i64 = 1_000_000_000;

/// Who acts, and from where.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) address: String,
    pub(super) country: &'static str,
    pub(super) user_agent: &'static str,
}

/// A call of the API: product, service, method, type of the resource.
pub(super) type Call = (&'static str, &'static str, &'static str, &'static str);

/// A call's resource and result.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) resource: String,
    pub(super) locality: &'static str,
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Outcome {
    pub(super) fn of(resource: impl Into<String>) -> Self {
        Self { resource: resource.into(), locality: "fr-par-1", status: 200, body: json!({}) }
    }
}

/// Writes the events of a scenario.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) rng: ChaCha8Rng,
    pub(super) events: Vec<Happened>,
    /// The habits that make detection hard, each with its time.
    pub(super) habits: Vec<(i64, Habit)>,
}

impl Writer {
    /// An API call.
    pub(super) fn call(&mut self, time: i64, actor: &Actor, call: Call, outcome: Outcome) {
        let json = Self::json_of(actor, call, outcome);
        self.add(Kind::Api, time, json);
    }

    /// The JSON of an API call.
    pub(super) fn json_of(actor: &Actor, call: Call, outcome: Outcome) -> Value {
        let (product, service, method, kind) = call;
        let Outcome { resource, locality, status, body } = outcome;
        let id = named(&format!("{kind} {resource}"));
        json!({
            "locality": locality, "organization_id": ORGANIZATION_ID, "project_id": ORGANIZATION_ID,
            "principal": { "id": actor.id }, "source_ip": actor.address, "user_agent": actor.user_agent,
            "product_name": product, "service_name": service, "method_name": method, "status_code": status,
            "resources": [{ "id": id, "type": kind, "name": resource }], "request_body": body,
        })
    }

    /// A log-in.
    pub(super) fn login(&mut self, time: i64, actor: &Actor, failure: Option<&str>) {
        let mut json = json!({
            "organization_id": ORGANIZATION_ID, "source_ip": actor.address, "user_agent": actor.user_agent,
            "country_code": actor.country, "method": "password", "origin": "public_api", "mfa_type": "totp",
            "resources": [{ "id": actor.id, "type": "iam_user", "name": actor.email }],
            "result": if failure.is_some() { "failure" } else { "success" },
        });
        if let Some(reason) = failure {
            json["failure_reason"] = reason.into();
        }
        self.add(Kind::Authentication, time, json);
    }

    /// An event of the platform.
    pub(super) fn system(&mut self, time: i64, name: &str) {
        let json = json!({
            "locality": "fr-par", "organization_id": ORGANIZATION_ID, "project_id": ORGANIZATION_ID, "product_name": "rdb",
            "source": "scaleway.rdb.v1", "system_name": name, "kind": "cron",
            "resources": [{ "id": named("rdb_instance main"), "type": "rdb_instance", "name": "main" }],
        });
        self.add(Kind::System, time, json);
    }

    /// An event with the delay of the trail: seconds for most, nearly the lag for some, more than it now and then.
    pub(super) fn add(&mut self, kind: Kind, time: i64, json: Value) {
        let delay = match self.rng.random_range(0..1_000) {
            0..800 => self.rng.random_range(SECOND..20 * SECOND),
            800..998 => self.rng.random_range(20 * SECOND..nanos_of_lag() - SECOND),
            _ => self.rng.random_range(nanos_of_lag() + SECOND..nanos_of_lag() + 400 * SECOND),
        };
        self.add_after(kind, time, delay, json);
    }

    /// An event that the trail shows so late that evaluations see its time without it before, and with it afterwards.
    pub(super) fn add_late(&mut self, kind: Kind, time: i64, json: Value) {
        let delay = nanos_of_lag() + self.rng.random_range(65 * SECOND..115 * SECOND);
        self.add_after(kind, time, delay, json);
    }

    /// An event that the trail shows after a delay.
    pub(super) fn add_after(&mut self, kind: Kind, time: i64, delay: i64, mut json: Value) {
        let id = uuid(self.rng.random());
        if kind == Kind::Api && json.get("request_id").is_none() {
            json["request_id"] = uuid(self.rng.random()).into();
        }
        self.events.push(Happened::new(kind, &id, time, delay, json));
    }
}

pub(super) fn nanos_of_lag() -> i64 {
    i64::try_from(LAG.as_nanos()).expect("two minutes")
}

/// The id of a name, the same in every scenario.
pub(super) fn named(name: &str) -> String {
    let hash = name.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    uuid(hash)
}

fn uuid(bits: u128) -> String {
    let hex = format!("{bits:032x}");
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}
