use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use arrow::array::{Array, UInt16Array};

use super::action::Action;
use super::class::Risk;
use super::severity::Severity;
use super::table::{Rule, Table};
use crate::event::{Column, Events, Long};

/// A login that was refused.
pub(super) const LOGIN_FAILURE: Risk = Risk { class: "login_failures", severity: Severity::Medium, attack: &["T1110"] };

/// A login that succeeded.
pub(super) const LOGIN: Risk = Risk { class: "session", severity: Severity::Low, attack: &[] };

/// A call that was refused: someone tried what they may not do, or is finding out what they may.
pub(super) const DENIED: Risk =
    Risk { class: "denied_actions", severity: Severity::Medium, attack: &["T1078.004", "T1526", "T1580"] };

/// Read at the first question. The table is part of the binary: one that does not read is a defect of the build, and
/// the message names the row.
pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    Table::read(include_str!("methods.csv"), include_str!("products.csv")).unwrap_or_else(|defect| panic!("{defect}"))
});

/// What this action means, or `None` when the table does not know its method: see the [module](self).
///
/// It neither fails nor panics, whatever the request body holds, and reads the body only for a method that has
/// conditions.
#[must_use]
pub fn classify(action: &Action<'_>) -> Option<Risk> {
    match action.kind {
        "authentication" if action.failed_login => Some(LOGIN_FAILURE),
        "authentication" => Some(LOGIN),
        "api" => after_answer(TABLE.rule(action), action.status),
        // Scaleway's own doing: it has no method, and no caller to suspect.
        _ => None,
    }
}

/// What is left of a rule once the answer of the API is known.
fn after_answer(rule: Option<&Rule>, status: Option<u16>) -> Option<Risk> {
    let risk = rule.map(|rule| rule.risk);
    match status {
        Some(400..) if rule.is_some_and(|rule| rule.when.is_about_failure()) => risk,
        Some(401 | 403) => {
            let serious = risk.is_some_and(|risk| risk.severity >= Severity::High);
            Some(Risk { severity: if serious { Severity::High } else { DENIED.severity }, ..DENIED })
        }
        Some(400..) => risk.map(|risk| Risk { severity: Severity::Low, ..risk }),
        _ => risk,
    }
}

/// Every answer that [`classify`] can give, each once, and where each stands: events keep the place, for as long as the
/// process lives.
static RISKS: LazyLock<(Vec<Risk>, HashMap<Risk, u16>)> = LazyLock::new(|| {
    let refused = Risk { severity: Severity::High, ..DENIED };
    let by_rule = TABLE.risks().flat_map(|risk| [risk, Risk { severity: Severity::Low, ..risk }]);
    let (mut risks, mut places) = (Vec::new(), HashMap::new());
    for risk in [LOGIN_FAILURE, LOGIN, DENIED, refused].into_iter().chain(by_rule) {
        // The table has far fewer rows than there are places.
        places.entry(risk).or_insert_with(|| {
            risks.push(risk);
            u16::try_from(risks.len() - 1).expect("the table has fewer than 65 536 risks")
        });
    }
    (risks, places)
});

/// What each event means, as [`known`] reads it.
#[must_use]
pub fn weigh(events: &Events) -> UInt16Array {
    let [kind, product, service, method, principal, result] =
        [Column::Kind, Column::Product, Column::Service, Column::Method, Column::PrincipalId, Column::Result]
            .map(|column| events.text(column));
    let statuses = events.statuses();
    let action = |row| Action {
        kind: kind.get(row).expect("each event has a kind"),
        product: product.get(row),
        service: service.get(row),
        method: method.get(row),
        principal: principal.get(row),
        status: statuses.is_valid(row).then(|| statuses.value(row)),
        failed_login: result.get(row) == Some("failure"),
        request_body: None,
    };
    // Bodies are most of what events take; few rows of the table have conditions on them.
    let reading: Vec<usize> = (0..events.len()).filter(|row| TABLE.reads_body(&action(*row))).collect();
    let mut bodies = reading.iter().zip(events.longs(Long::RequestBody, &reading)).peekable();
    let of = |row| {
        let body = bodies.next_if(|(reading, _)| **reading == row).and_then(|(_, body)| body);
        let risk = classify(&Action { request_body: body.as_deref(), ..action(row) });
        risk.and_then(|risk| RISKS.1.get(&risk).copied())
    };
    (0..events.len()).map(of).collect()
}

/// What events mean that [`weigh`] has weighed.
#[must_use]
pub fn known(events: &Events) -> Vec<Option<&'static Risk>> {
    let risks = &RISKS.0;
    events.risks().iter().map(|place| place.and_then(|place| risks.get(usize::from(place)))).collect()
}

/// Every class that [`classify`] can answer, sorted.
#[must_use]
pub fn classes() -> &'static [&'static str] {
    static CLASSES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let beside_the_table = [LOGIN_FAILURE, LOGIN, DENIED].map(|risk| risk.class);
        let sorted: BTreeSet<_> = TABLE.classes().chain(beside_the_table).collect();
        sorted.into_iter().collect()
    });
    &CLASSES
}

/// The products that the table knows, as it spells them.
pub fn products() -> impl Iterator<Item = &'static str> {
    TABLE.products()
}

/// The methods that the table knows, of any product, as it spells them.
pub fn methods() -> impl Iterator<Item = &'static str> {
    TABLE.methods()
}
