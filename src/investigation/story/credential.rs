use std::collections::HashMap;

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

/// A credential that was made, and the actions since of the principal that uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The row of the event that made it.
    pub row: usize,
    /// When it was made.
    pub time: Time,
    /// Its id: of an API key, the access key.
    pub id: Option<String>,
    /// The type of the resource.
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
        rows.iter().zip(bodies).rev().map(|(row, named)| Self::made(events, *row, named)).collect()
    }

    fn made(events: &Events, row: usize, named: Option<String>) -> Self {
        let text = |column| events.one_text(column, row).map(str::to_owned);
        let maker = text(Column::PrincipalId);
        let is_iam = events.one_text(Column::Product, row) == Some(IAM);
        Self {
            row,
            time: events.time(row),
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

    /// Counts the actions since with each of some credentials, which are the oldest first, in one pass over the events.
    pub(super) fn count_uses(credentials: &mut [Self], events: &Events) {
        let Some(oldest) = credentials.first().map(|credential| credential.row) else { return };
        let later = events.slice(0..oldest + 1);
        let [ids, methods, principals, outcomes] =
            [Column::ResourceId, Column::Method, Column::PrincipalId, Column::StatusClass]
                .map(|column| later.text(column));
        let mut open = Open::default();
        let mut made = 0;
        for row in (0..=oldest).rev() {
            let time = later.time(row);
            let is_removal = methods.get(row).is_some_and(|method| method.starts_with("Delete"));
            if let Some(id) = ids.get(row)
                && is_removal
                && outcomes.get(row) == Some(status_class::SUCCEEDED)
            {
                open.remove(credentials, id, time);
            }
            if let Some(principal) = principals.get(row) {
                open.count(credentials, principal, time);
            }
            if credentials.get(made).is_some_and(|credential| credential.row == row) {
                open.add(credentials, made);
                made += 1;
            }
        }
        open.close(credentials);
    }
}

/// The credentials that were made and not yet deleted, by their index.
#[derive(Default)]
struct Open {
    /// By their ids.
    of_id: HashMap<String, Vec<usize>>,
    of_principal: HashMap<String, Principal>,
}

/// A principal that has credentials.
#[derive(Default)]
struct Principal {
    /// How many events it has since the first of them was made.
    events: usize,
    /// The credentials of which the first use is still to come.
    unused: Vec<usize>,
}

impl Open {
    /// Adds a credential. Until it is deleted, its uses are the events that its principal had before.
    fn add(&mut self, credentials: &mut [Credential], index: usize) {
        let credential = &mut credentials[index];
        if let Some(id) = &credential.id {
            self.of_id.entry(id.clone()).or_default().push(index);
        }
        if let Some(principal) = &credential.principal {
            let principal = self.of_principal.entry(principal.clone()).or_default();
            principal.unused.push(index);
            credential.uses = principal.events;
        }
    }

    fn remove(&mut self, credentials: &mut [Credential], id: &str, time: Time) {
        for index in self.of_id.remove(id).unwrap_or_default() {
            let credential = &mut credentials[index];
            credential.removed = Some(time);
            self.finish(credential);
        }
    }

    fn count(&mut self, credentials: &mut [Credential], principal: &str, time: Time) {
        let Some(principal) = self.of_principal.get_mut(principal) else { return };
        principal.events += 1;
        for index in principal.unused.drain(..) {
            let credential = &mut credentials[index];
            credential.first_use = credential.removed.is_none().then_some(time);
        }
    }

    /// Counts the uses of the credentials that were not deleted.
    fn close(&self, credentials: &mut [Credential]) {
        for credential in credentials.iter_mut().filter(|credential| credential.removed.is_none()) {
            self.finish(credential);
        }
    }

    fn finish(&self, credential: &mut Credential) {
        let principal = credential.principal.as_ref().and_then(|principal| self.of_principal.get(principal));
        credential.uses = principal.map_or(0, |principal| principal.events - credential.uses);
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
