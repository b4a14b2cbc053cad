//! An event in words: who did what to which.
//!
//! Names and user agents are text of the caller's choice: [`plain`] takes their control characters and their excess length
//! away, and what renders HTML escapes the rest.

use std::borrow::Cow;

use super::address;
use super::answer::Answer;
use super::dimension::Dimension;
use super::keys::Keys;
use super::text::plain;
use crate::event::{Column, Kind, status_class};
use arrow::array::Array;

/// Puts the events of an answer into words.
pub struct Sentences<'a> {
    answer: &'a Answer,
    who: Box<dyn Fn(usize) -> Option<Cow<'a, str>> + 'a>,
}

impl<'a> Sentences<'a> {
    /// The sentences for an answer.
    #[must_use]
    pub fn new(answer: &'a Answer) -> Self {
        Self { answer, who: Box::new(answer.dimension(Dimension::Principal)) }
    }

    fn text(&self, column: Column, row: usize) -> Option<String> {
        Some(plain(self.answer.events.text(column).get(row)?).into_owned())
    }

    fn is(&self, kind: Kind, row: usize) -> bool {
        self.answer.events.text(Column::Kind).get(row) == Some(kind.as_str())
    }

    /// Who did it.
    #[must_use]
    pub fn who(&self, row: usize) -> String {
        match (self.who)(row) {
            Some(name) => plain(&name).into_owned(),
            None => "unknown principal".to_owned(),
        }
    }

    /// What was done.
    #[must_use]
    pub fn what(&self, row: usize) -> String {
        let method = self.text(Column::Method, row);
        if self.is(Kind::Authentication, row) {
            let mut what = match self.answer.events.text(Column::StatusClass).get(row) {
                Some(status_class::SUCCEEDED) => "logged in",
                Some(_) => "failed to log in",
                None => "tried to log in",
            }
            .to_owned();
            for (word, column) in
                [("with", Column::Method), ("and", Column::Mfa), ("because of", Column::FailureReason)]
            {
                if let Some(text) = self.text(column, row) {
                    what = format!("{what} {word} {text}");
                }
            }
            return what;
        }
        let method = method.unwrap_or_else(|| "unknown method".to_owned());
        match self.text(Column::Action, row) {
            Some(action) => format!("{method} {action}"),
            None => method,
        }
    }

    /// To which resource: its name, else its id; how many more there are.
    #[must_use]
    pub fn which(&self, row: usize) -> Option<String> {
        if self.is(Kind::Authentication, row) {
            return None;
        }
        let mut name = self.text(Column::ResourceName, row).or_else(|| self.text(Column::ResourceId, row))?;
        let references = || self.answer.events.references().of(row);
        if let Some(part) = references().find(|reference| reference.within.is_some()) {
            name = format!("{} of {name}", plain(part.name.or(part.id)?));
        }
        match references().filter(|reference| reference.within.is_none()).count() {
            0 | 1 => Some(name),
            several => Some(format!("{name} and {} more", several - 1)),
        }
    }

    /// Who did what to which.
    fn deed(&self, row: usize) -> String {
        let mut deed = format!("{} {}", self.who(row), self.what(row));
        if let Some(which) = self.which(row) {
            deed = format!("{deed} {which}");
        }
        deed
    }

    /// Who did what to which, and the result if it is not a success.
    #[must_use]
    pub fn title(&self, row: usize) -> String {
        match self.result_beside(row) {
            Some(result) if self.answer.events.text(Column::StatusClass).get(row) != Some(status_class::SUCCEEDED) => {
                format!("{} ({result})", self.deed(row))
            }
            _ => self.deed(row),
        }
    }

    /// The result, where what was done does not tell it: that somebody failed to log in does.
    fn result_beside(&self, row: usize) -> Option<String> {
        self.result(row).filter(|_| !self.is(Kind::Authentication, row))
    }

    /// The result: status and class.
    #[must_use]
    pub fn result(&self, row: usize) -> Option<String> {
        let class = self.answer.events.text(Column::StatusClass).get(row)?;
        let statuses = self.answer.events.statuses();
        Some(if statuses.is_valid(row) { format!("{} {class}", statuses.value(row)) } else { class.to_owned() })
    }

    /// The event's address and, where known, its country.
    #[must_use]
    pub fn origin(&self, row: usize) -> Option<String> {
        let address = plain(&address::canonical(self.answer.events.text(Column::SourceIp).get(row)?)).into_owned();
        match self.text(Column::Country, row) {
            Some(country) => Some(format!("{address} ({country})")),
            None => Some(address),
        }
    }

    /// The texts of the other methods, for all events.
    #[must_use]
    pub fn words(&self) -> Words<'a> {
        let answer = self.answer;
        let rows = answer.events.len();
        let keys = |column: Column| Keys::of(&answer.events, column);
        let [kind, method, class, address] =
            [Column::Kind, Column::Method, Column::StatusClass, Column::SourceIp].map(keys);
        let [mfa, failure, country, action] =
            [Column::Mfa, Column::FailureReason, Column::Country, Column::Action].map(keys);
        let (who, status) = (answer.keys(Dimension::Principal), answer.keys(Dimension::Status));
        let owned = |text: Option<String>| text.map(Cow::Owned);
        // Events that agree in these have the same text.
        Words {
            what: Keys::of_alike(rows, &[&kind, &method, &class, &mfa, &failure, &action], |row| {
                owned(Some(self.what(row)))
            }),
            which: self.all_which(),
            result: Keys::of_alike(rows, &[&class, &status], |row| owned(self.result(row))),
            class: answer.keys(Dimension::RiskClass),
            origin: Keys::of_alike(rows, &[&address, &country], |row| owned(self.origin(row))),
            who: Keys::of_alike(rows, &[&who, &kind], |row| owned(Some(self.who(row)))),
        }
    }

    /// The texts of [`Sentences::which`] for all events: mostly a column's.
    fn all_which(&self) -> Keys<'a> {
        let events = &self.answer.events;
        let mut others = vec![false; events.len()];
        events.find(Column::Kind, |kind| kind == Some(Kind::Authentication.as_str()), |row| others[row] = true);
        events.find_several(|row| others[row] = true);
        let others: Vec<usize> = (0..events.len()).filter(|row| others[*row]).collect();
        let of_others = self.answer.only(&others);
        let texts = Sentences::new(&of_others).each_which();
        let own = others.iter().enumerate();
        let own = own.map(|(place, row)| (*row, texts.get(place).map(|text| Cow::Owned(text.to_owned()))));
        Keys::named(events, &[Column::ResourceName, Column::ResourceId], plain, own)
    }

    /// The same, put together event by event.
    fn each_which(&self) -> Keys<'a> {
        let events = &self.answer.events;
        let [kind, name, id] =
            [Column::Kind, Column::ResourceName, Column::ResourceId].map(|column| events.text(column));
        let references = events.references();
        Keys::by(
            events.len(),
            |row| {
                let parts = references.of(row).filter(|reference| reference.within.is_some()).count();
                (kind.key(row), name.key(row), id.key(row), references.of(row).count(), (parts > 0).then_some(row))
            },
            |row| self.which(row).map(Cow::Owned),
        )
    }

    /// The event as a log line.
    #[must_use]
    pub fn line(&self, row: usize) -> String {
        let mut line = self.deed(row);
        let parts = [
            ("", self.text(Column::Product, row)),
            ("", self.result_beside(row)),
            ("from ", self.origin(row)),
            ("in ", self.text(Column::Locality, row)),
        ];
        let details: Vec<String> =
            parts.into_iter().filter_map(|(word, text)| Some(format!("{word}{}", text?))).collect();
        if !details.is_empty() {
            line = format!("{line} · {}", details.join(" · "));
        }
        line
    }
}

/// The parts of sentences as keys: for sentences about many events.
#[derive(Clone, Debug, Default)]
pub struct Words<'a> {
    /// Who did it.
    pub who: Keys<'a>,
    /// What was done.
    pub what: Keys<'a>,
    /// To which resource.
    pub which: Keys<'a>,
    /// With what result.
    pub result: Keys<'a>,
    /// What it means.
    pub class: Keys<'a>,
    /// From where.
    pub origin: Keys<'a>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::event::Events;

    fn title(kind: Kind, fields: Value) -> String {
        Sentences::new(&Answer::of(&Events::from_json(kind, &[fields]))).title(0)
    }

    fn call(fields: &Value) -> Value {
        let mut call =
            json!({ "principal": { "id": "me" }, "method_name": "Make", "product_name": "p", "status_code": 200 });
        for (name, value) in fields.as_object().unwrap() {
            call[name] = value.clone();
        }
        call
    }

    #[test]
    fn a_call_is_told_by_who_what_and_which() {
        let named = json!({ "id": "i", "type": "t", "name": "web" });
        let pool = json!({ "id": "c", "type": "kube_pool", "name": "prod", "kube_pool_info": { "id": "p", "name": "default" } });
        for (fields, told) in [
            (json!({}), "me Make"),
            (json!({ "resources": [named] }), "me Make web"),
            (json!({ "resources": [{ "id": "i", "type": "t" }] }), "me Make i"),
            (json!({ "resources": [named, named, named] }), "me Make web and 2 more"),
            (json!({ "resources": [pool] }), "me Make default of prod"),
            (json!({ "resources": [], "request_body": { "key_id": "k" } }), "me Make k"),
            (json!({ "principal": null }), "unknown principal Make"),
            (json!({ "method_name": null }), "me unknown method"),
            (json!({ "status_code": 403, "resources": [named] }), "me Make web (403 denied)"),
            (json!({ "status_code": 500 }), "me Make (500 failed)"),
            (json!({ "status_code": 202 }), "me Make"),
            (json!({ "status_code": null }), "me Make"),
        ] {
            assert_eq!(title(Kind::Api, call(&fields)), told, "{fields}");
        }
    }

    #[test]
    fn an_instances_action_is_told() {
        let action =
            |body: Value| title(Kind::Api, call(&json!({ "method_name": "ServerAction", "request_body": body })));
        assert_eq!(action(json!({ "action": "poweroff" })), "me ServerAction poweroff");
        assert_eq!(action(json!({ "action": "x".repeat(200) })).chars().count(), "me ServerAction ".len() + 81);
        for body in [json!({}), json!(null), json!({ "action": 7 }), json!("poweroff")] {
            assert_eq!(action(body.clone()), "me ServerAction", "{body}");
        }
    }

    #[test]
    fn a_log_in_is_told_with_how_and_why_not() {
        let user = json!([{ "id": "u", "type": "iam_user", "name": "a@example.com" }]);
        let login = |fields: Value| {
            let mut login = fields;
            login["resources"] = user.clone();
            title(Kind::Authentication, login)
        };
        assert_eq!(login(json!({ "result": "success", "method": "saml" })), "a@example.com logged in with saml");
        let second = json!({ "result": "success", "method": "password", "mfa_type": "totp" });
        assert_eq!(login(second), "a@example.com logged in with password and totp");
        let failed = json!({ "result": "failure", "method": "unknown_method", "failure_reason": "invalid_mfa" });
        assert_eq!(login(failed), "a@example.com failed to log in because of invalid_mfa");
        // No second factor that Scaleway knows is not none: the identity provider or a passkey may have been one.
        for method in ["saml", "oauth2", "password"] {
            for mfa in [json!(null), json!(""), json!("unknown_mfa_type")] {
                let fields = json!({ "result": "success", "method": method, "mfa_type": mfa });
                assert_eq!(login(fields), format!("a@example.com logged in with {method}"));
            }
        }
    }

    #[test]
    fn a_system_event_is_scaleways_doing() {
        let fields = json!({ "system_name": "backup", "resources": [{ "id": "i", "type": "t", "name": "db" }] });
        assert_eq!(title(Kind::System, fields), "Scaleway backup db");
    }

    #[test]
    fn a_line_adds_what_is_known_and_nothing_else() {
        let line = |kind, fields: Value| Sentences::new(&Answer::of(&Events::from_json(kind, &[fields]))).line(0);
        let all = call(&json!({ "source_ip": "203.0.113.7", "locality": "fr-par-1" }));
        assert_eq!(line(Kind::Api, all), "me Make · p · 200 succeeded · from 203.0.113.7 · in fr-par-1");
        assert_eq!(line(Kind::System, json!({ "system_name": "backup" })), "Scaleway backup");
        let login = json!({ "result": "failure", "source_ip": "203.0.113.7", "country_code": "AQ" });
        assert_eq!(line(Kind::Authentication, login), "unknown principal failed to log in · from 203.0.113.7 (AQ)");
        // The result is there once.
        let denied = call(&json!({ "status_code": 403 }));
        assert_eq!(line(Kind::Api, denied), "me Make · p · 403 denied");
        let nowhere =
            json!({ "result": "success", "source_ip": "203.0.113.7", "country_code": "unknown_country_code" });
        assert!(line(Kind::Authentication, nowhere).ends_with("from 203.0.113.7"));
    }

    /// What an event names: nothing, one resource or several, with and without a name, and parts of others.
    fn resources() -> impl Strategy<Value = Vec<Value>> {
        let text = || prop::sample::select(vec![json!(null), json!(""), json!("a"), json!("b"), json!("a\u{200b}")]);
        let resource = (text(), text(), any::<bool>()).prop_map(|(id, name, pool)| {
            let mut resource = json!({ "id": id, "name": name, "type": "t" });
            if pool {
                resource["type"] = json!("kube_pool");
                resource["kube_pool_info"] = json!({ "id": "p", "name": name });
            }
            resource
        });
        prop::collection::vec(resource, 0..4)
    }

    proptest! {
        #[test]
        fn words_about_all_events_say_what_is_said_of_each(events in prop::collection::vec(resources(), 0..30)) {
            let told: Vec<Value> = events.into_iter().map(|resources| json!({ "resources": resources })).collect();
            let half = told.len() / 2;
            let lists = [Events::from_json(Kind::Api, &told[..half]), Events::from_json(Kind::Authentication, &told[half..])];
            for events in lists.iter().flat_map(|events| [events.clone(), events.packed().unwrap()]) {
                let answer = Answer::of(&events);
                let sentences = Sentences::new(&answer);
                let words = sentences.words();
                for row in 0..events.len() {
                    prop_assert_eq!(words.which.get(row).map(str::to_owned), sentences.which(row));
                    prop_assert_eq!(words.what.get(row), Some(&*sentences.what(row)));
                }
            }
        }
    }
}
