use serde_json::Value;

use super::baseline::Compared;
use super::body::Body;
use super::context::Context;
use super::error::bounded;
use super::expr::{Expr, Test};
use super::field::Field;
use super::mask::holds;
use super::pack::Pack;
use super::row::Row;
use super::rule::{BaselineKind, Kind};
use super::sigma::{EventField, EventView};
use crate::event::{Events, Long};
use crate::locale::{Language, Sentence};

/// The most reasons of a match.
const REASONS: usize = 30;

/// The most characters of an event's value.
const VALUE: usize = 200;

/// A condition that is true of an event, with the event's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// The condition as the rule has it: `method_name|startswith: Delete`. A condition that must be false is negated.
    pub(crate) condition: String,
    /// The event's value: bounded, without control and direction characters; none where the event has none.
    pub(crate) value: Option<String>,
}

impl Pack {
    /// Why a rule selects an event: the conditions that hold, in the order of the text. A correlation has none of its own.
    /// Values that the events do not have, because they are redacted, are missing.
    pub(crate) fn why(
        &self,
        rule: usize,
        events: &Events,
        row: usize,
        context: &Context<'_>,
        language: Language,
    ) -> Vec<Reason> {
        let Kind::Events(expr) = &self.rules[rule].kind else { return Vec::new() };
        let (shown, whole) = (events.only(&[row]), events.whole_columns().only(&[row]));
        let risk = context.risks.numbers(&whole).first().and_then(|number| context.risks.risk(*number));
        let bodies = [&shown, &whole].map(|events| events.one(Long::RequestBody, 0));
        let bodies = bodies.each_ref().map(|body| Body::new(body.as_deref()));
        let [shown, whole] = [(&shown, &bodies[0]), (&whole, &bodies[1])].map(|(events, body)| Row {
            events,
            position: 0,
            risk,
            body,
            context,
        });
        let mut reasons = Vec::new();
        if holds(expr, &whole) {
            Collector { whole: &whole, shown: &shown, reasons: &mut reasons, language }.collect(expr, true);
        }
        reasons
    }
}

impl Pack {
    /// Why an event that a rule selects differs from the days before it: the new value, or the number of events.
    pub(crate) fn why_unusual(
        &self,
        rule: usize,
        events: &Events,
        row: usize,
        compared: &Compared,
        context: &Context<'_>,
        language: Language,
    ) -> Option<Reason> {
        let baseline = self.rules[rule].baseline.as_ref()?;
        let event = events.only(&[row]);
        let row = Row { events: &event, position: 0, risk: None, body: &Body::new(None), context };
        let names = baseline.kind.fields();
        let values = names.iter().map(|name| {
            let field = Field::named(name).ok().flatten().expect("the fields of baselines exist");
            row.value(&field).map_or_else(|| Sentence::NoValue.text(language), |value| bounded(&text(&value), VALUE))
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let (days, fields) = (baseline.days as usize, &names.join(", "));
        let known = match compared.since {
            Some(since) => Sentence::DaysKnownSince { known: compared.known as usize, days, since: &since.to_string() }
                .text(language),
            None => Sentence::NoneOfDays { days }.text(language),
        };
        let (condition, value) = match baseline.kind {
            BaselineKind::FirstSeen(_) => (Sentence::FirstSeen { fields }.text(language), values),
            BaselineKind::TimesUsual { factor, at_least, .. } => {
                let numbers = compared.numbers.map(|(number, usual)| {
                    let usual = &language.decimal(&format!("{usual:.1}"));
                    Sentence::UsualNumber { number: &number.to_string(), usual }.text(language)
                });
                let (at_least, factor) = (&at_least.to_string(), &language.decimal(&factor.to_string()));
                let condition = Sentence::TimesUsual { at_least, factor, fields }.text(language);
                let sentence = &numbers.unwrap_or_default();
                (condition, Sentence::About { what: &values, sentence }.text(language))
            }
        };
        Some(Reason { condition, value: Some(format!("{value} ({known})")) })
    }
}

/// Collects the tests that decide whether an expression holds.
struct Collector<'a, 'b> {
    whole: &'a Row<'b>,
    /// The event without the details that the asker may not see.
    shown: &'a Row<'b>,
    reasons: &'a mut Vec<Reason>,
    language: Language,
}

impl Collector<'_, '_> {
    /// Collects why an expression is `holding`, which it is.
    fn collect(&mut self, expr: &Expr, holding: bool) {
        match expr {
            Expr::Not(of) => self.collect(of, !holding),
            Expr::And(of) | Expr::Or(of) | Expr::AtLeast(_, of) => {
                for expr in of {
                    // Of an `or` that holds, or an `and` that does not, some parts are the reason, of others all are.
                    if holds(expr, self.whole) == holding {
                        self.collect(expr, holding);
                    }
                }
            }
            Expr::Test(test) if self.reasons.len() < REASONS => {
                let negated = Sentence::NotCondition { condition: &test.text };
                let condition = if holding { test.text.clone() } else { negated.text(self.language) };
                let reason = Reason { condition, value: value(test, self.shown) };
                if !self.reasons.contains(&reason) {
                    self.reasons.push(reason);
                }
            }
            Expr::Test(_) => {}
        }
    }
}

/// The value of the event that a test is about; of keywords the text that has one.
fn value(test: &Test, row: &Row<'_>) -> Option<String> {
    let Some(field) = &test.field else {
        let found = std::cell::RefCell::new(None);
        row.any_text(&|text| {
            let has = test.matcher.accepts_text(text);
            if has {
                *found.borrow_mut() = Some(bounded(text, VALUE));
            }
            has
        });
        return found.into_inner();
    };
    row.value(field).map(|value| bounded(&text(&value), VALUE))
}

fn text(value: &EventField<'_>) -> String {
    match value {
        EventField::Text(text) => text.to_string(),
        EventField::Number(number) => number.to_string(),
        EventField::Json(Value::String(text)) => text.clone(),
        EventField::Json(value) => value.to_string(),
        EventField::List(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
    }
}
