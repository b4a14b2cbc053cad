use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, UInt16Array};

use super::action::Action;
use super::class::Risk;
use super::risks::{DENIED, LOGIN, LOGIN_FAILURE, NONE, Risks};
use super::table::Table;
use crate::event::{Column, Derivation, Events, Long, Text};

/// Rules that classify events: see the [module](super). A set does not change, so that the numbers of events can be cached
/// beside the events.
#[derive(Debug)]
pub struct RuleSet {
    /// The set's id, unique in this process.
    id: u64,
    table: Table,
    risks: Risks,
}

impl RuleSet {
    /// The rules that are part of the binary.
    ///
    /// # Panics
    /// When the rules are malformed, which is a defect of the build; the message names the row.
    #[must_use]
    pub fn built_in() -> Arc<Self> {
        static BUILT_IN: LazyLock<Arc<RuleSet>> = LazyLock::new(|| {
            let read = RuleSet::read(include_str!("methods.csv"), include_str!("products.csv"));
            Arc::new(read.unwrap_or_else(|defect| panic!("{defect}")))
        });
        Arc::clone(&BUILT_IN)
    }

    /// Rules from the text of a `methods.csv` and a `products.csv`.
    ///
    /// ```
    /// use audittrail::risk::{Action, RuleSet};
    ///
    /// let methods = "product,method,when,class,severity,attack\nwiki,DeletePage,,resource_destroy,high,T1485\n";
    /// let rules = RuleSet::read(methods, "product,alias\nwiki,handbook\n")?;
    /// let action = Action { kind: "api", product: Some("handbook"), method: Some("DeletePage"), ..Action::default() };
    /// assert_eq!(rules.classify(&action).expect("a row").class, "resource_destroy");
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    /// When a row is malformed: its product and method, and the defect.
    pub fn read(methods: &str, products: &str) -> Result<Self, String> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        let mut risks = Risks::beside_the_table();
        let table = Table::read(methods, products, &mut risks)?;
        Ok(Self { id: NEXT_ID.fetch_add(1, Ordering::Relaxed), table, risks })
    }

    /// The risk of an action, or `None` when the table does not know its method: see the [module](super).
    ///
    /// This neither fails nor panics, whatever the request body contains, and parses the body only for a method with
    /// conditions.
    #[must_use]
    pub fn classify(&self, action: &Action<'_>) -> Option<&Risk> {
        self.risk(self.number(action))
    }

    /// The set's id, unique in this process.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The number of each event's risk, for [`risk`](Self::risk). Events are classified once, together with the other
    /// events of their chunks, until another set classifies them.
    pub(crate) fn numbers(&self, events: &Events) -> Vec<u16> {
        events.derived(Derivation::Risk, self.id, |events| self.classified(events))
    }

    /// The number of rows that [`numbers`](Self::numbers) has to classify for these events.
    pub(crate) fn cost(&self, events: &Events) -> usize {
        events.not_derived(Derivation::Risk, self.id)
    }

    /// The risk of a number.
    pub(crate) fn risk(&self, number: u16) -> Option<&Risk> {
        self.risks.get(number)
    }

    /// Every class that an event can have, sorted.
    pub(crate) fn classes(&self) -> BTreeSet<&str> {
        self.risks.iter().map(|risk| risk.class.as_str()).collect()
    }

    /// The product of an action, as spelt in the table.
    pub(crate) fn product(&self, action: &Action<'_>) -> Option<&str> {
        self.table.product(action)
    }

    /// The products of the table, as spelt there.
    pub(crate) fn products(&self) -> impl Iterator<Item = &str> {
        self.table.products()
    }

    /// The methods of the table, as spelt there.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &str> {
        self.table.methods()
    }

    fn number(&self, action: &Action<'_>) -> u16 {
        match action.kind {
            "authentication" if action.failed_login => LOGIN_FAILURE,
            "authentication" => LOGIN,
            "api" => match (self.table.rule(action), action.status) {
                (None, Some(401 | 403)) => DENIED,
                (None, _) => NONE,
                (Some(rule), Some(401 | 403)) => rule.denied,
                (Some(rule), Some(400..)) => rule.failed,
                (Some(rule), _) => rule.done,
            },
            // An action of Scaleway itself has no method, and no caller to suspect.
            _ => NONE,
        }
    }

    fn classified(&self, events: &Events) -> Arc<[u16]> {
        let columns =
            [Column::Kind, Column::Product, Column::Service, Column::Method, Column::PrincipalId, Column::Result]
                .map(|column| events.text(column));
        let (rows, statuses) = (0..events.len(), events.statuses());
        let mut numbers: Vec<u16> = rows.clone().map(|row| self.number(&action(&columns, statuses, row))).collect();
        // Bodies take most of the memory of events, and few rows of the table have conditions on them.
        let with_body: Vec<usize> =
            rows.filter(|row| self.table.reads_body(&action(&columns, statuses, *row))).collect();
        events.only(&with_body).each(Long::RequestBody, |position, request_body| {
            let row = with_body[position];
            numbers[row] = self.number(&Action { request_body, ..action(&columns, statuses, row) });
        });
        numbers.into()
    }
}

/// The action of an event, without its request body.
fn action<'a>(columns: &[Text<'a>; 6], statuses: &UInt16Array, row: usize) -> Action<'a> {
    let [kind, product, service, method, principal, result] = columns.map(|text| text.get(row));
    Action {
        kind: kind.expect("each event has a kind"),
        product,
        service,
        method,
        principal,
        status: statuses.is_valid(row).then(|| statuses.value(row)),
        failed_login: result == Some("failure"),
        request_body: None,
    }
}
