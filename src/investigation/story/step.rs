use std::sync::LazyLock;

use serde::Deserialize;

use crate::event::{Column, Events, Long, Text};
use crate::locale::Sentence;
use crate::risk::{Action, Body, RuleSet, When, letters};

/// A row of `steps.csv`. A blank condition is true of every event.
#[derive(Debug)]
pub struct Step {
    /// The name.
    pub(crate) name: Sentence<'static>,
    /// Whether it is a step of a chain: of interest also long before the onset.
    pub is_chain: bool,
    row: StepRow,
    when: When,
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

#[derive(Debug, Deserialize)]
struct StepRow {
    step: Sentence<'static>,
    chain: String,
    kind: String,
    outcome: String,
    class: String,
    product: String,
    method: String,
    when: String,
}

static STEPS: LazyLock<Vec<Step>> = LazyLock::new(|| {
    let rows = csv::Reader::from_reader(include_str!("steps.csv").as_bytes()).into_deserialize();
    rows.map(|row| Step::of_row(row.expect("steps.csv is well formed"))).collect()
});

/// The conditions that an event meets, without its request body.
struct Facts<'a> {
    outcome: Option<&'a str>,
    class: Option<&'a str>,
    action: Action<'a>,
}

impl Step {
    fn of_row(row: StepRow) -> Self {
        let when = When::parse(&row.when).unwrap_or_else(|defect| panic!("steps.csv: {defect}"));
        Self { name: row.step, is_chain: row.chain == "yes", when, row }
    }

    /// Whether a failure of this step is one whatever the method.
    pub(super) fn is_attempt(&self) -> bool {
        self.row.outcome == "denied" || self.row.outcome == "failed" || self.row.class == "login_failures"
    }

    /// Whether it says nothing of interest: the renewal of a session.
    pub(super) fn is_noise(&self) -> bool {
        self.row.class == "session"
    }

    fn is(&self, facts: &Facts<'_>, body: &Body<'_>) -> bool {
        let Action { kind, product, method, .. } = facts.action;
        let spelt = |wanted: &str, found: Option<&str>| {
            wanted.is_empty() || found.is_some_and(|found| letters(found).eq(letters(wanted)))
        };
        let same = |wanted: &str, found: Option<&str>| wanted.is_empty() || found == Some(wanted);
        same(&self.row.kind, Some(kind))
            && same(&self.row.outcome, facts.outcome)
            && same(&self.row.class, facts.class)
            && spelt(&self.row.product, product)
            && spelt(&self.row.method, method)
            && self.when.is_true(&facts.action, body)
    }
}

/// The step of each of some rows, which ascend.
pub(super) fn steps(events: &Events, rules: &RuleSet, rows: &[usize]) -> Vec<&'static Step> {
    let some = events.only(rows);
    let numbers = rules.numbers(&some);
    let columns = [Column::Kind, Column::Product, Column::Service, Column::Method, Column::PrincipalId]
        .map(|column| some.text(column));
    let outcomes = some.text(Column::StatusClass);
    let statuses: Vec<Option<u16>> = some.statuses().iter().collect();
    let mut found = Vec::with_capacity(rows.len());
    some.each(Long::RequestBody, |row, text| {
        let class = rules.risk(numbers[row]).map(|risk| risk.class.as_str());
        let action = Action { status: statuses[row], request_body: text, ..action(&columns, row) };
        let facts = Facts { outcome: outcomes.get(row), class, action };
        let body = Body::new(text);
        found.push(STEPS.iter().find(|step| step.is(&facts, &body)).expect("the last row is of every event"));
    });
    found
}

fn action<'a>(columns: &[Text<'a>; 5], row: usize) -> Action<'a> {
    let [kind, product, service, method, principal] = columns.map(|text| text.get(row));
    Action { kind: kind.expect("each event has a kind"), product, service, method, principal, ..Action::default() }
}
