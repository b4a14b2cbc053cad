use std::collections::HashMap;

use serde_json::Value;

use super::body::Body;
use super::context::Context;
use super::field::Field;
use super::row::{Row, has_kind};
use super::sigma::EventField;
use crate::event::{Column, Events, Long};

/// A field's values as texts, for groups and labels.
pub(crate) struct Values {
    /// For each event the number of its text; 0 where it has none.
    keys: Vec<u32>,
    texts: Vec<Box<str>>,
    known: HashMap<Box<str>, u32>,
}

impl Values {
    /// The values of a field of some events.
    pub(crate) fn of(events: &Events, field: &Field, context: &Context<'_>) -> Self {
        let mut values = Self { keys: Vec::new(), texts: Vec::new(), known: HashMap::new() };
        values.keys = match field {
            Field::Text(column) => events.numbers(*column, 0, |text| values.key(text)),
            Field::OfKinds(column, kinds) => {
                let of_kind = events.numbers(Column::Kind, 0, |kind| u32::from(has_kind(kinds, Some(kind))));
                let keys = events.numbers(*column, 0, |text| values.key(text));
                keys.into_iter().zip(of_kind).map(|(key, has)| key * has).collect()
            }
            _ => values.of_rows(events, field, context),
        };
        values
    }

    fn of_rows(&mut self, events: &Events, field: &Field, context: &Context<'_>) -> Vec<u32> {
        let reads_risk = matches!(field, Field::RiskClass | Field::Severity);
        let risks = if reads_risk { context.risks.numbers(events) } else { Vec::new() };
        let mut keys = Vec::with_capacity(events.len());
        let mut see = |row: usize, body: Option<&str>| {
            let risk = risks.get(row).and_then(|number| context.risks.risk(*number));
            let event = Row { events, position: row, risk, body: &Body::new(body), context };
            keys.push(event.value(field).and_then(text).map_or(0, |text| self.key(&text)));
        };
        if matches!(field, Field::Body(_)) {
            events.each(Long::RequestBody, see);
        } else {
            (0..events.len()).for_each(|row| see(row, None));
        }
        keys
    }

    /// The number of a text, from 1.
    fn key(&mut self, text: &str) -> u32 {
        if let Some(key) = self.known.get(text) {
            return *key;
        }
        self.texts.push(text.into());
        let key = u32::try_from(self.texts.len()).expect("there are fewer than 2^32 events");
        self.known.insert(text.into(), key);
        key
    }

    /// A number for each event: equal numbers are equal texts, and 0 is no text.
    pub(crate) fn keys(&self) -> &[u32] {
        &self.keys
    }

    /// A text, number or truth value as text; none for a list of several values, an object, and an absent value.
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        let index = (self.keys[row] as usize).checked_sub(1)?;
        Some(&self.texts[index])
    }
}

/// A single value as text.
fn text(value: EventField<'_>) -> Option<String> {
    match value {
        EventField::Text(text) => Some(text.into_owned()),
        EventField::Number(number) => Some(number.to_string()),
        EventField::Json(Value::String(text)) => Some(text.clone()),
        EventField::Json(Value::Number(number)) => match number.as_i64() {
            Some(number) => Some(number.to_string()),
            None => number.as_f64().map(|number| number.to_string()),
        },
        EventField::Json(Value::Bool(value)) => Some(value.to_string()),
        EventField::Json(_) | EventField::List(_) => None,
    }
}
