//! The alert instances in Grafana's answer about the states of rules.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde::Deserialize;

use super::super::answer::Names;
use super::super::judge::Row;
use crate::Error;

/// The annotation with the number of matches.
pub(super) const MATCHES: &str = "matches";

/// Grafana's answer.
#[derive(Debug, Deserialize)]
pub(super) struct States {
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

/// The state of a rule after an evaluation.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    /// The title.
    pub(super) name: String,
    health: String,
    #[serde(default)]
    last_error: String,
    last_evaluation: String,
    #[serde(default)]
    alerts: Vec<Alert>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Alert {
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    state: String,
    #[serde(rename = "activeAt")]
    active_at: String,
}

/// An alert instance that fires.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) row: Row,
    /// The label that names the principal.
    pub(super) principal: String,
    /// Since when it fires, in nanoseconds since 1970.
    pub(super) since: i64,
    pub(super) matches: i64,
}

impl States {
    /// The states of rules, with their alert instances in a fixed order: Grafana has none.
    pub(super) fn rules(self) -> impl Iterator<Item = Rule> {
        let rules = self.data.groups.into_iter().flat_map(|group| group.rules);
        rules.map(|mut rule| {
            rule.alerts.sort();
            rule
        })
    }
}

impl Rule {
    /// When the rule was evaluated, in nanoseconds since 1970; none before the first time.
    pub(super) fn evaluated(&self) -> Result<Option<i64>, Error> {
        let time = DateTime::parse_from_rfc3339(&self.last_evaluation)?;
        Ok(time.timestamp_nanos_opt().filter(|nanos| *nanos > 0))
    }

    /// Why the evaluation failed, if it did.
    pub(super) fn failure(&self) -> Option<&str> {
        (self.health != "ok").then(|| if self.last_error.is_empty() { &*self.health } else { &*self.last_error })
    }

    /// The alert instances that fire.
    pub(super) fn instances(&self, names: &Names) -> Result<Vec<Instance>, Error> {
        let nanos = |time: &str| -> Result<i64, Error> {
            let nanos = DateTime::parse_from_rfc3339(time)?.timestamp_nanos_opt();
            Ok(nanos.ok_or("a time after 2262")?)
        };
        let mut instances = Vec::new();
        for alert in self.alerts.iter().filter(|alert| alert.state.starts_with("Alerting")) {
            let label = |name: &str| {
                let label = alert.labels.get(name).cloned();
                label.ok_or_else(|| format!("an alert of {} without the label {name}", self.name))
            };
            let matches = alert.annotations.get(MATCHES).map_or("", String::as_str);
            let matches = matches.parse().map_err(|_| format!("{matches:?} matches of {}", self.name))?;
            let principal = label("principal")?;
            let row = Row {
                rule: label("rule")?,
                level: label("level")?,
                principal: names.of_label(&principal),
                source_ip: label("source_ip")?,
                resource: label("resource")?,
                hour: nanos(&label("first")?)?,
            };
            instances.push(Instance { row, principal, since: nanos(&alert.active_at)?, matches });
        }
        Ok(instances)
    }
}
