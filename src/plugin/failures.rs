//! Failed queries in Grafana's log, with their origin and data source, and without a line for each refresh.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::time::{Duration, Instant};

use grafana_plugin_sdk::pluginv2::{DataQuery, PluginContext};
use parking_lot::Mutex;
use serde::Deserialize;

use super::asker::Asker;
use crate::query::error::Fault;
use crate::query::model;
use crate::query::{Failure, text};

/// The least time between two lines about the same failure.
const PAUSE: Duration = Duration::from_mins(1);

/// The most failures in memory.
const MOST: usize = 4_096;

/// The data source of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Source {
    organization: i64,
    /// Its name in Grafana.
    pub(super) name: String,
    /// Its uid in Grafana.
    pub(super) uid: String,
}

impl Source {
    pub(super) fn of(context: Option<&PluginContext>) -> Self {
        let Some(context) = context else { return Self::default() };
        let settings = context.data_source_instance_settings.as_ref();
        let [name, uid] = settings.map_or(["", ""], |settings| [&settings.name, &settings.uid]).map(text::plain);
        Self { organization: context.org_id, name: name.into_owned(), uid: uid.into_owned() }
    }
}

/// The question of a query, also if the query is invalid.
fn query_type(query: &DataQuery) -> String {
    #[derive(Default, Deserialize)]
    struct Typed {
        #[serde(rename = "queryType", default)]
        query_type: String,
    }
    let named = serde_json::from_slice::<Typed>(&query.json).unwrap_or_default().query_type;
    text::plain(model::query_type(named.trim(), &query.query_type, &query.ref_id)).into_owned()
}

/// The failures of the last minute.
#[derive(Debug, Default)]
pub(super) struct Failures {
    hasher: RandomState,
    /// By the hash of a failure: the time of its last line, and the number of equal failures since then.
    known: Mutex<HashMap<u64, (Instant, u64)>>,
}

impl Failures {
    /// Writes a line about a query's failure, unless the same failure had a line in the last minute.
    pub(super) fn log(&self, source: &Source, asker: &Asker, query: &DataQuery, failure: &Failure) {
        let same = (source, asker, &query.ref_id, &query.json, failure.status);
        let Some(repeats) = self.due(&same, Instant::now()) else { return };
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    status = u64::from(failure.status),
                    error_source = failure.fault.as_str(),
                    data_source = source.name,
                    data_source_uid = source.uid,
                    ref_id = %text::plain(&query.ref_id),
                    query_type = query_type(query),
                    rule = asker.rule.name,
                    rule_uid = asker.rule.id,
                    dashboard = asker.dashboard.name,
                    dashboard_uid = asker.dashboard.id,
                    panel = asker.panel.name,
                    panel_id = asker.panel.id,
                    repeats = (repeats > 0).then_some(repeats),
                    "a query failed: {failure}"
                )
            };
        }
        match failure.fault {
            Fault::Plugin => line!(error),
            Fault::Downstream => line!(warn),
        }
    }

    /// Notes a failure at `now`. Returns the number of equal failures without a line since the last line, or `None` if no line
    /// is due.
    fn due(&self, failure: &impl Hash, now: Instant) -> Option<u64> {
        let key = self.hasher.hash_one(failure);
        let mut known = self.known.lock();
        if let Some((at, left_out)) = known.get_mut(&key) {
            if now.saturating_duration_since(*at) < PAUSE {
                *left_out += 1;
                return None;
            }
            *at = now;
            return Some(std::mem::take(left_out));
        }
        if known.len() >= MOST {
            known.retain(|_, (at, _)| now.saturating_duration_since(*at) < PAUSE);
        }
        if known.len() < MOST {
            known.insert(key, (now, 0));
        }
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_has_a_line_a_minute_that_counts_the_others() {
        let (failures, start) = (Failures::default(), Instant::now());
        // A panel that is refreshed every two seconds, for ten minutes.
        let lines: Vec<u64> =
            (0..300).filter_map(|refresh| failures.due(&"a", start + Duration::from_secs(2 * refresh))).collect();
        assert_eq!(lines, [&[0][..], &[29; 9]].concat());
        // After a pause there is a line at once.
        assert_eq!(failures.due(&"a", start + Duration::from_hours(1)), Some(29));
        assert_eq!(failures.due(&"a", start + Duration::from_hours(2)), Some(0));
    }

    #[test]
    fn failures_that_differ_have_their_own_lines() {
        let (failures, now) = (Failures::default(), Instant::now());
        assert_eq!(
            (failures.due(&("a", 1), now), failures.due(&("a", 2), now), failures.due(&("b", 1), now)),
            (Some(0), Some(0), Some(0))
        );
        assert_eq!(failures.due(&("a", 1), now), None);
    }

    #[test]
    fn a_line_names_the_question_also_of_an_invalid_query() {
        let named = |json: &str, query_type: &str, ref_id: &str| {
            let (json, query_type, ref_id) = (json.as_bytes().to_vec(), query_type.to_owned(), ref_id.to_owned());
            super::query_type(&DataQuery { json, query_type, ref_id, ..DataQuery::default() })
        };
        assert_eq!(named(r#"{"queryType":"counts"}"#, "volume", "A"), "counts");
        assert_eq!(named(r#"{"queryType":""}"#, "volume", "A"), "volume");
        assert_eq!(named("{}", "", "A"), "events");
        assert_eq!(named("{", "", "Anno"), "annotations");
        assert_eq!(named(r#"{"queryType":7}"#, "", "A"), "events");
        assert_eq!(named(r#"{"queryType":"x\u202e\n\u001b[2J"}"#, "", "A"), "x [2J");
    }

    #[test]
    fn a_flood_of_failures_takes_bounded_memory() {
        let (failures, now) = (Failures::default(), Instant::now());
        for failure in 0..2 * MOST {
            failures.due(&failure, now);
        }
        assert_eq!(failures.known.lock().len(), MOST);
        failures.due(&(3 * MOST), now + PAUSE);
        assert_eq!(failures.known.lock().len(), 1);
    }
}
