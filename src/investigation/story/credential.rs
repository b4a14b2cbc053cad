use serde_json::Value;

use crate::event::{Column, Events, Long, status_class};
use crate::risk::RuleSet;
use crate::time::Time;

/// The class of risk of events that make a credential.
const MAKES: &str = "credential_creation";

/// The product whose credentials are those of principals.
const IAM: &str = "iam";

/// The keys of a request body that name the principal that a credential is for.
const FOR: [&str; 2] = ["user_id", "application_id"];

/// A credential that was made, and what was done since by the principal that uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The row of the event that made it.
    pub row: usize,
    /// When it was made.
    pub time: Time,
    /// Its id: of an API key, the access key.
    pub id: Option<String>,
    /// What it is: the type of the resource.
    pub kind: Option<String>,
    /// The principal that made it.
    pub maker: Option<String>,
    /// The principal that uses it; none where the credential is not one of IAM.
    pub principal: Option<String>,
    /// When it was deleted.
    pub removed: Option<Time>,
    /// How many events of its principal were recorded after it was made, and before it was deleted.
    pub uses: usize,
    /// The first of them.
    pub first_use: Option<Time>,
}

impl Credential {
    /// The credentials that the events made, the oldest first.
    pub(super) fn all(events: &Events, rules: &RuleSet) -> Vec<Self> {
        let mut rows = Vec::new();
        let numbers = rules.numbers(events);
        let makes = |row: usize| rules.risk(numbers[row]).is_some_and(|risk| risk.class == MAKES);
        events.find(Column::StatusClass, |class| class == Some(status_class::SUCCEEDED), |row| rows.push(row));
        rows.retain(|row| makes(*row));
        let some = events.only(&rows);
        let mut bodies = Vec::with_capacity(rows.len());
        some.each(Long::RequestBody, |_, body| bodies.push(body.and_then(principal_of)));
        let found = rows.iter().zip(bodies).rev().map(|(row, named)| Self::made(events, *row, named));
        let mut found: Vec<Self> = found.collect();
        for credential in &mut found {
            credential.add_uses(events);
        }
        found
    }

    fn made(events: &Events, row: usize, named: Option<String>) -> Self {
        let text = |column| events.one_text(column, row).map(str::to_owned);
        let maker = text(Column::PrincipalId);
        let is_iam = events.one_text(Column::Product, row) == Some(IAM);
        Self {
            row,
            time: Time::from_nanos(events.times().value(row)),
            id: text(Column::ResourceId),
            kind: text(Column::ResourceType),
            principal: named.or_else(|| maker.clone()).filter(|_| is_iam),
            maker,
            removed: None,
            uses: 0,
            first_use: None,
        }
    }

    /// Whether another principal than its maker uses it.
    pub(super) fn is_for_another(&self) -> bool {
        self.principal.is_some() && self.principal != self.maker
    }

    /// Rows are the newest first: those before this one are later.
    fn add_uses(&mut self, events: &Events) {
        let later = events.slice(0..self.row);
        let (resources, methods) = (later.text(Column::ResourceId), later.text(Column::Method));
        let (principals, times) = (later.text(Column::PrincipalId), later.times());
        let outcomes = later.text(Column::StatusClass);
        for row in (0..later.len()).rev() {
            let time = Time::from_nanos(times.value(row));
            let is_this = self.id.is_some() && resources.get(row) == self.id.as_deref();
            let is_removal = methods.get(row).is_some_and(|method| method.starts_with("Delete"));
            if is_this && is_removal && outcomes.get(row) == Some(status_class::SUCCEEDED) {
                self.removed = Some(time);
                return;
            }
            if self.principal.is_some() && principals.get(row) == self.principal.as_deref() {
                self.uses += 1;
                self.first_use.get_or_insert(time);
            }
        }
    }
}

/// The principal that a request body names.
pub(crate) fn principal_of(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    FOR.iter().find_map(|key| text_of(&body, key)).map(str::to_owned)
}

/// The text of a key of a request body, which some products wrap.
pub(crate) fn text_of<'a>(body: &'a Value, key: &str) -> Option<&'a str> {
    let value = body.get(key)?;
    value.as_str().or_else(|| value.get("value")?.as_str()).filter(|text| !text.is_empty())
}
