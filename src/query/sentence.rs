//! Events in words: who did what to which.
//!
//! Names and user agents are text of the caller's choice: [`plain`] removes their control characters and their excess length,
//! and what renders HTML escapes the rest.

use std::borrow::Cow;

use super::answer::Answer;
use super::dimension::Dimension;
use super::keys::Keys;
use super::text::plain;
use crate::event::{Column, Events, Kind, status_class};
use crate::locale::{Language, Sentence};

/// The parts of the sentences about an answer's events, as keys: a part that several events share is made once.
#[derive(Clone, Debug)]
pub(super) struct Sentences<'a> {
    /// The principals' names as they are: `who` cleans them.
    pub principal: Keys<'a>,
    /// Who did it.
    pub who: Keys<'a>,
    /// The action.
    pub what: Keys<'a>,
    /// To which resource: its name, else its id; how many more there are.
    pub which: Keys<'a>,
    /// With what result: status and class.
    pub result: Keys<'a>,
    /// The risk class.
    pub class: Keys<'a>,
    /// From which address and, where known, country.
    pub origin: Keys<'a>,
    /// Whether it succeeded: one of [`status_class::ALL`].
    pub outcome: Keys<'a>,
    pub language: Language,
    kind: Keys<'a>,
    events: &'a Events,
}

impl<'a> Sentences<'a> {
    /// The sentences about the events of an answer.
    #[must_use]
    pub(super) fn of(answer: &'a Answer) -> Self {
        let (events, rows, language) = (&answer.events, answer.events.len(), answer.language);
        let [kind, method, outcome, mfa, failure, country, action] = [
            Column::Kind,
            Column::Method,
            Column::StatusClass,
            Column::Mfa,
            Column::FailureReason,
            Column::Country,
            Column::Action,
        ]
        .map(|column| Keys::of(events, column));
        let [principal, address, status] =
            [Dimension::Principal, Dimension::Column(Column::SourceIp), Dimension::Status].map(|of| answer.keys(of));
        Self {
            who: Keys::of_alike(rows, &[&principal], |row| {
                let unknown = || Sentence::UnknownPrincipal.text(language);
                Some(principal.get(row).map_or_else(unknown, |name| plain(name).into_owned()).into())
            }),
            what: Keys::of_alike(rows, &[&kind, &method, &outcome, &mfa, &failure, &action], |row| {
                let what = if kind.get(row) == Some(Kind::Authentication.as_str()) {
                    log_in(language, outcome.get(row), [method.get(row), mfa.get(row), failure.get(row)])
                } else {
                    call(language, method.get(row), action.get(row))
                };
                Some(what.into())
            }),
            which: resources(events, language),
            result: Keys::of_alike(rows, &[&outcome, &status], |row| {
                let outcome = outcome_in(language, outcome.get(row)?);
                Some(status.get(row).map_or(outcome.clone(), |status| format!("{status} {outcome}")).into())
            }),
            class: answer.keys(Dimension::RiskClass),
            origin: Keys::of_alike(rows, &[&address, &country], |row| {
                let (address, country) = (plain(address.get(row)?), country.get(row));
                Some(country.map_or(address.to_string(), |country| format!("{address} ({})", plain(country))).into())
            }),
            principal,
            language,
            kind,
            outcome,
            events,
        }
    }

    /// Who did what to which.
    fn deed(&self, row: usize) -> String {
        [&self.who, &self.what, &self.which].into_iter().filter_map(|part| part.get(row)).collect::<Vec<_>>().join(" ")
    }

    /// Who did what to which, and the result if it is not a success.
    #[must_use]
    pub(super) fn title(&self, row: usize) -> String {
        match self.result_beside(row) {
            Some(result) if self.outcome.get(row) != Some(status_class::SUCCEEDED) => {
                format!("{} ({result})", self.deed(row))
            }
            _ => self.deed(row),
        }
    }

    /// The result, where the action does not imply it: a failed log-in does.
    fn result_beside(&self, row: usize) -> Option<&str> {
        self.result.get(row).filter(|_| self.kind.get(row) != Some(Kind::Authentication.as_str()))
    }

    /// The event as a log line.
    #[must_use]
    pub(super) fn line(&self, row: usize) -> String {
        let details = [
            self.events.one_text(Column::Product, row).map(|product| plain(product).into_owned()),
            self.result_beside(row).map(str::to_owned),
            self.origin.get(row).map(|what| Sentence::From { what }.text(self.language)),
            self.events
                .one_text(Column::Locality, row)
                .map(|what| Sentence::In { what: &plain(what) }.text(self.language)),
        ];
        std::iter::once(self.deed(row)).chain(details.into_iter().flatten()).collect::<Vec<_>>().join(" · ")
    }
}

/// A log-in in words, with its method, second factor and reason of failure.
fn log_in(language: Language, outcome: Option<&str>, details: [Option<&str>; 3]) -> String {
    let what = match outcome {
        Some(status_class::SUCCEEDED) => Sentence::LoggedIn,
        Some(_) => Sentence::LogInFailed,
        None => Sentence::LogInTried,
    };
    let [method, factor, reason] = details.map(|detail| detail.map(plain));
    let details = [
        method.as_deref().map(|what| Sentence::With { what }),
        factor.as_deref().map(|what| Sentence::AndWith { what }),
        reason.as_deref().map(|what| Sentence::BecauseOf { what }),
    ];
    let parts = std::iter::once(what).chain(details.into_iter().flatten());
    parts.map(|part| part.text(language)).collect::<Vec<_>>().join(" ")
}

/// The outcome of a call, in words.
fn outcome_in(language: Language, outcome: &str) -> String {
    match outcome {
        status_class::SUCCEEDED => Sentence::Succeeded.text(language),
        status_class::DENIED => Sentence::Denied.text(language),
        status_class::FAILED => Sentence::Failed.text(language),
        other => other.to_owned(),
    }
}

/// A call in words: its method, and the action that an Instance's method performs.
fn call(language: Language, method: Option<&str>, action: Option<&str>) -> String {
    let method = method.map_or_else(|| Sentence::UnknownMethod.text(language).into(), plain);
    action.map_or(method.to_string(), |action| format!("{method} {}", plain(action)))
}

/// The resources of events: mostly a column's text.
fn resources(events: &Events, language: Language) -> Keys<'_> {
    let mut several = vec![false; events.len()];
    events.find_several(|row| several[row] = true);
    let of_several = events.filter(&several).expect("the mask has one entry for each event");
    let rows = (0..events.len()).filter(|row| several[*row]);
    let mut own: Vec<(usize, Option<Cow<'_, str>>)> = rows
        .enumerate()
        .map(|(index, row)| (row, several_resources(&of_several, index, language).map(Cow::Owned)))
        .collect();
    // The resource of a log-in is the user.
    events.find(Column::Kind, |kind| kind == Some(Kind::Authentication.as_str()), |row| own.push((row, None)));
    Keys::named(events, &[Column::ResourceName, Column::ResourceId], plain, own.into_iter())
}

/// The resources of an event that names several, or a part of one.
fn several_resources(events: &Events, row: usize, language: Language) -> Option<String> {
    let name = events.text(Column::ResourceName).get(row).or_else(|| events.text(Column::ResourceId).get(row))?;
    let mut name = plain(name).into_owned();
    let references = events.references();
    if let Some(part) = references.of(row).find(|reference| reference.within.is_some()) {
        let part = &plain(part.name.or(part.id)?);
        name = Sentence::PartOf { part, whole: &name }.text(language);
    }
    match references.of(row).filter(|reference| reference.within.is_none()).count() {
        0 | 1 => Some(name),
        several => Some(Sentence::AndMore { listed: &name, more: several - 1 }.text(language)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::event::Events;

    fn title(kind: Kind, fields: Value) -> String {
        Sentences::of(&Answer::of(&Events::from_json(kind, &[fields]))).title(0)
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
        for (fields, expected) in [
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
            assert_eq!(title(Kind::Api, call(&fields)), expected, "{fields}");
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
    fn events_are_in_the_language_of_the_answer() {
        let french = |kind, fields: Value| {
            let answer = Answer { language: Language::French, ..Answer::of(&Events::from_json(kind, &[fields])) };
            let sentences = Sentences::of(&answer);
            (sentences.title(0), sentences.line(0))
        };
        let pool = json!({ "id": "c", "type": "kube_pool", "name": "prod", "kube_pool_info": { "id": "p", "name": "default" } });
        let denied =
            json!({ "status_code": 403, "source_ip": "203.0.113.7", "locality": "fr-par-1", "resources": [pool] });
        let (title, line) = french(Kind::Api, call(&denied));
        assert_eq!(title, "me Make default de prod (403 refusé)");
        assert_eq!(line, "me Make default de prod · p · 403 refusé · depuis 203.0.113.7 · dans fr-par-1");
        let second = json!({ "result": "success", "method": "password", "mfa_type": "totp" });
        assert_eq!(french(Kind::Authentication, second).0, "auteur inconnu s’est connecté avec password et totp");
    }

    #[test]
    fn a_system_event_is_scaleways_doing() {
        let fields = json!({ "system_name": "backup", "resources": [{ "id": "i", "type": "t", "name": "db" }] });
        assert_eq!(title(Kind::System, fields), "Scaleway backup db");
    }

    #[test]
    fn a_line_adds_what_is_known_and_nothing_else() {
        let line = |kind, fields: Value| Sentences::of(&Answer::of(&Events::from_json(kind, &[fields]))).line(0);
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
        fn keys_about_all_events_are_those_about_each(events in prop::collection::vec(resources(), 0..30)) {
            let json_events: Vec<Value> = events.into_iter().map(|resources| json!({ "resources": resources })).collect();
            let half = json_events.len() / 2;
            let lists = [Events::from_json(Kind::Api, &json_events[..half]), Events::from_json(Kind::Authentication, &json_events[half..])];
            for events in lists.iter().flat_map(|events| [events.clone(), events.packed().unwrap()]) {
                let answer = Answer::of(&events);
                let sentences = Sentences::of(&answer);
                for row in 0..events.len() {
                    let one = Answer::of(&events.slice(row..row + 1));
                    let alone = Sentences::of(&one);
                    prop_assert_eq!(sentences.which.get(row), alone.which.get(0));
                    prop_assert_eq!(sentences.line(row), alone.line(0));
                    prop_assert_eq!(sentences.title(row), alone.title(0));
                }
            }
        }
    }
}
