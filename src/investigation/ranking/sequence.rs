//! What preceded an action: refusals, log-ins that failed, a new credential.

use std::time::Duration;

use super::super::scale::number;
use super::closeness::names;
use super::signal::{Signal, Signals};
use super::suspect::Evidence;
use super::trail::Trail;
use crate::event::{Column, status_class};
use crate::risk::{Action, RuleSet};

/// How long before an action a refusal or a failed log-in has to do with it.
const ATTEMPTS: Duration = Duration::from_hours(6);

/// How long before an action a credential has to do with it.
const CREDENTIALS: Duration = Duration::from_hours(24);

/// How long before an action other actions on the same resource are steps to it.
const STEPS: Duration = Duration::from_mins(15);

/// So many other calls that were refused are as telling as the same one.
const SEVERAL: usize = 3;

/// At most so many events are shown for one reason.
const MOST: usize = 5;

/// The class of risk of actions that make a credential.
const CREDENTIAL: &str = "credential_creation";

/// The events of the last day that may be the first part of a sequence, the newest first.
#[derive(Debug)]
pub(super) struct Sequences {
    denied: Vec<usize>,
    failed_log_ins: Vec<usize>,
    log_ins: Vec<usize>,
    /// With what identifies the principal that a credential is for.
    credentials: Vec<(usize, String)>,
}

impl Sequences {
    pub(super) fn of(trail: &Trail<'_>, rules: &RuleSet) -> Self {
        let (mut denied, mut failed_log_ins, mut log_ins, mut credentials) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for row in trail.recent(CREDENTIALS) {
            match (trail.is_log_in(row), trail.outcomes.get(row)) {
                (true, Some(status_class::SUCCEEDED)) => log_ins.push(row),
                (true, Some(status_class::FAILED)) => failed_log_ins.push(row),
                (false, Some(status_class::DENIED)) => denied.push(row),
                (false, Some(status_class::SUCCEEDED)) if makes_credential(trail, row, rules) => credentials.push(row),
                _ => {}
            }
        }
        let bodies = trail.bodies(&credentials).into_iter().map(Option::unwrap_or_default);
        let credentials = credentials.into_iter().zip(bodies).collect();
        Self { denied, failed_log_ins, log_ins, credentials }
    }

    /// The row of a principal's latest log-in before a row.
    pub(super) fn log_in(&self, trail: &Trail<'_>, row: usize) -> Option<usize> {
        let principal = trail.principals.rows[row];
        self.log_ins.iter().copied().find(|log_in| *log_in > row && trail.principals.rows[*log_in] == principal)
    }

    /// The signals of what preceded the action of a row, and the events that say so.
    pub(super) fn signal(&self, trail: &Trail<'_>, row: usize, signals: &mut Signals) -> Vec<Evidence> {
        let Some(principal) = trail.principals.get(row) else { return Vec::new() };
        let denied = attempts(trail, row, &self.denied);
        let same = denied.iter().any(|other| trail.methods.rows[*other] == trail.methods.rows[row]);
        signals[Signal::Denied] = f64::from(u8::from(same || denied.len() >= SEVERAL));
        let (failed, log_ins) = (attempts(trail, row, &self.failed_log_ins), attempts(trail, row, &self.log_ins));
        let came_in = failed.first().is_some_and(|last| log_ins.iter().any(|log_in| log_in < last));
        signals[Signal::LogIns] = f64::from(u8::from(came_in && failed.len() >= SEVERAL));
        let mut credentials = Vec::new();
        for (other, body) in &self.credentials {
            if trail.precedes(*other, row, CREDENTIALS) && is_for(trail, *other, body, principal) {
                credentials.push(*other);
            }
        }
        signals[Signal::Credential] = f64::from(u8::from(!credentials.is_empty()));
        let reasons = [(Signal::Denied, denied), (Signal::LogIns, failed), (Signal::Credential, credentials)];
        let shown = reasons.into_iter().filter(|(signal, _)| signals[*signal] > 0.0);
        shown
            .flat_map(|(because, rows)| rows.into_iter().take(MOST).map(move |row| (because, row)))
            .map(|(because, row)| Evidence { event: trail.id(row), because })
            .collect()
    }
}

/// Whether the action of a row made a credential.
fn makes_credential(trail: &Trail<'_>, row: usize, rules: &RuleSet) -> bool {
    rules.classify(&call(trail, row)).is_some_and(|risk| risk.class == CREDENTIAL)
}

/// The rows among some that are of the principal of a row, and shortly before it.
fn attempts(trail: &Trail<'_>, row: usize, rows: &[usize]) -> Vec<usize> {
    let principal = trail.principals.rows[row];
    let mut own = rows.to_vec();
    own.retain(|other| trail.principals.rows[*other] == principal && trail.precedes(*other, row, ATTEMPTS));
    own
}

/// Whether the credential that the action of a row made is a principal's.
fn is_for(trail: &Trail<'_>, row: usize, body: &str, principal: &str) -> bool {
    let mut references = trail.events.references().of(row);
    names(body, principal) || references.any(|reference| reference.id == Some(principal))
}

/// Whether a principal did something else to the resource of a row in the minutes before, from 0 to 1 for three such things.
pub(super) fn steps(trail: &Trail<'_>, row: usize) -> f64 {
    let actions = trail.events.text(Column::Action);
    let mut steps = Vec::new();
    for other in (row + 1..trail.times.len()).take_while(|other| trail.precedes(*other, row, STEPS)) {
        let is_same_pair = trail.principals.rows[other] == trail.principals.rows[row]
            && trail.resources.rows[other] == trail.resources.rows[row];
        let step = (trail.methods.rows[other], actions.get(other));
        if is_same_pair && step != (trail.methods.rows[row], actions.get(row)) {
            steps.push(step);
        }
    }
    steps.sort_unstable();
    steps.dedup();
    (number(steps.len()) / 3.0).min(1.0)
}

/// The action of a row, without its request body.
pub(super) fn call<'a>(trail: &Trail<'a>, row: usize) -> Action<'a> {
    let statuses = trail.events.statuses();
    Action {
        kind: trail.kinds.get(row).expect("each event has a kind"),
        product: trail.events.text(Column::Product).get(row),
        service: trail.events.text(Column::Service).get(row),
        method: trail.methods.get(row),
        principal: trail.principals.get(row),
        status: (!arrow::array::Array::is_null(statuses, row)).then(|| statuses.value(row)),
        failed_login: false,
        request_body: None,
    }
}
