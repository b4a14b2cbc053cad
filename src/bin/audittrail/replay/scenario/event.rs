use std::time::Duration;

use audittrail::sandbox::Kind;
use chrono::{DateTime, SecondsFormat};
use serde_json::Value;

/// The longest time from an event to its appearance in the trail that counts as in time.
pub(crate) const LAG: Duration = Duration::from_mins(2);

/// An event of a scenario.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    /// When it was recorded, in nanoseconds since 1970.
    pub(crate) time: i64,
    /// When the trail shows it.
    pub(crate) visible: i64,
    pub(crate) kind: Kind,
    pub(crate) region: &'static str,
    /// As the API sends it.
    pub(crate) json: Value,
}

impl Happened {
    /// An event of an id and a time, which its JSON gets.
    pub(super) fn new(kind: Kind, id: &str, time: i64, delay: i64, mut json: Value) -> Self {
        json["id"] = id.into();
        json["recorded_at"] = DateTime::from_timestamp_nanos(time).to_rfc3339_opts(SecondsFormat::AutoSi, true).into();
        let locality = json["locality"].as_str().unwrap_or("global");
        let region = ["nl-ams", "pl-waw"].into_iter().find(|region| locality.starts_with(region)).unwrap_or("fr-par");
        Self { time, visible: time + delay, kind, region, json }
    }

    /// The event's id.
    pub(crate) fn id(&self) -> &str {
        self.json["id"].as_str().unwrap_or_default()
    }

    /// Whether it appears too late for rules that end at the lag.
    pub(crate) fn is_late(&self) -> bool {
        u128::from(self.time.abs_diff(self.visible)) > LAG.as_nanos()
    }
}
