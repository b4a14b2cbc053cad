//! What preceded an action: refusals, log-ins that failed, a new credential.

use std::time::Duration;

use super::super::scale::number;
use super::closeness::names;
use super::signal::{Signal, Signals};
use super::suspect::Evidence;
use super::trail::Trail;
use crate::event::{Column, Kind, Long, status_class};
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
        let recent = trail.recent(CREDENTIALS);
        let is_log_in = |row: &usize| trail.kinds.get(*row) == Some(Kind::Authentication.as_str());
        let is = |row: &usize, class: &str| trail.outcomes.get(*row) == Some(class);
        let rows = |matches: &dyn Fn(&usize) -> bool| recent.clone().filter(matches).collect::<Vec<_>>();
        let credentials = rows(&|row| {
            is(row, status_class::SUCCEEDED)
                && rules.classify(&call(trail, *row)).is_some_and(|risk| risk.class == CREDENTIAL)
        });
        let texts = trail.bodies(&credentials);
        Self {
            denied: rows(&|row| is(row, status_class::DENIED) && !is_log_in(row)),
            failed_log_ins: rows(&|row| is_log_in(row) && is(row, status_class::FAILED)),
            log_ins: rows(&|row| is_log_in(row) && is(row, status_class::SUCCEEDED)),
            credentials: credentials.into_iter().zip(texts.into_iter().map(Option::unwrap_or_default)).collect(),
        }
    }

    /// The row of a principal's latest log-in before a row.
    pub(super) fn log_in(&self, trail: &Trail<'_>, row: usize) -> Option<usize> {
        let principal = trail.principals.rows[row];
        self.log_ins.iter().copied().find(|log_in| *log_in > row && trail.principals.rows[*log_in] == principal)
    }

    /// The signals of what preceded the action of a row, and the events that say so.
    pub(super) fn signal(&self, trail: &Trail<'_>, row: usize, signals: &mut Signals) -> Vec<Evidence> {
        let Some(principal) = trail.principals.get(row) else { return Vec::new() };
        let number = trail.principals.rows[row];
        // Rows are the newest first: what is older has a greater one.
        let within = |other: usize, time: Duration| other > row && trail.time(row).since(trail.time(other)) <= time;
        let own = |rows: &[usize]| -> Vec<usize> {
            let own = |other: &usize| trail.principals.rows[*other] == number && within(*other, ATTEMPTS);
            rows.iter().copied().filter(own).collect()
        };
        let denied = own(&self.denied);
        let same = denied.iter().any(|other| trail.methods.rows[*other] == trail.methods.rows[row]);
        signals[Signal::Denied] = f64::from(u8::from(same || denied.len() >= SEVERAL));
        let failed = own(&self.failed_log_ins);
        let came_in = failed.first().is_some_and(|last| own(&self.log_ins).iter().any(|log_in| log_in < last));
        signals[Signal::LogIns] = f64::from(u8::from(came_in && failed.len() >= SEVERAL));
        let is_for = |other: usize, body: &str| {
            let mut references = trail.events.references().of(other);
            names(body, principal) || references.any(|reference| reference.id == Some(principal))
        };
        let credentials =
            self.credentials.iter().filter(|(other, body)| within(*other, CREDENTIALS) && is_for(*other, body));
        let credentials: Vec<usize> = credentials.map(|(other, _)| *other).collect();
        signals[Signal::Credential] = f64::from(u8::from(!credentials.is_empty()));
        let reasons = [(Signal::Denied, denied), (Signal::LogIns, failed), (Signal::Credential, credentials)];
        let shown = reasons.into_iter().filter(|(signal, _)| signals[*signal] > 0.0);
        let id = |row: usize| trail.events.one(Long::Id, row).expect("each event has an id");
        shown
            .flat_map(|(because, rows)| rows.into_iter().take(MOST).map(move |row| (because, row)))
            .map(|(because, row)| Evidence { event: id(row), because })
            .collect()
    }
}

/// Whether a principal did something else to the resource of a row in the minutes before, from 0 to 1 for three such things.
pub(super) fn steps(trail: &Trail<'_>, row: usize) -> f64 {
    let of = |row: usize| (trail.principals.rows[row], trail.resources.rows[row]);
    let action = trail.events.text(Column::Action);
    let what = |row: usize| (trail.methods.rows[row], action.get(row));
    let recent = (row + 1..trail.times.len()).take_while(|other| trail.time(row).since(trail.time(*other)) <= STEPS);
    let mut steps: Vec<_> =
        recent.filter(|other| of(*other) == of(row)).map(what).filter(|other| *other != what(row)).collect();
    steps.sort_unstable();
    steps.dedup();
    (number(steps.len()) / 3.0).min(1.0)
}

/// What a row says of an action, but for its request body.
pub(super) fn call<'a>(trail: &Trail<'a>, row: usize) -> Action<'a> {
    let text = |column| trail.events.text(column).get(row);
    let statuses = trail.events.statuses();
    Action {
        kind: trail.kinds.get(row).expect("each event has a kind"),
        product: text(Column::Product),
        service: text(Column::Service),
        method: trail.methods.get(row),
        principal: trail.principals.get(row),
        status: (!arrow::array::Array::is_null(statuses, row)).then(|| statuses.value(row)),
        failed_login: false,
        request_body: None,
    }
}
