use std::cell::OnceCell;

use serde_json::Value;

use super::sigma::EventField;

/// A request body, parsed when the first test needs it, for all rules together.
#[derive(Debug)]
pub(super) struct Body<'a> {
    text: Option<&'a str>,
    value: OnceCell<Option<Value>>,
}

impl<'a> Body<'a> {
    pub(super) fn new(text: Option<&'a str>) -> Self {
        Self { text, value: OnceCell::new() }
    }

    /// The body; none if it is absent or not JSON. The parser refuses more than 127 levels, which bounds the recursion below.
    fn value(&self) -> Option<&Value> {
        self.value.get_or_init(|| self.text.and_then(|text| serde_json::from_str(text).ok())).as_ref()
    }

    /// The value at a path. A list on the path stands for its elements: several values are a list, and one is itself.
    pub(super) fn at(&self, path: &[Box<str>]) -> Option<EventField<'_>> {
        let mut found = Vec::new();
        collect(self.value()?, path, &mut found);
        match found.len() {
            0 | 1 => found.pop(),
            _ => Some(EventField::List(found)),
        }
    }

    /// Whether `is` accepts a text of the body.
    pub(super) fn any_text(&self, is: &dyn Fn(&str) -> bool) -> bool {
        self.value().is_some_and(|value| any_text(value, is))
    }
}

fn collect<'a>(value: &'a Value, path: &[Box<str>], found: &mut Vec<EventField<'a>>) {
    let Some((step, rest)) = path.split_first() else {
        found.push(EventField::Json(value));
        return;
    };
    match value {
        Value::Object(fields) => fields.get(&**step).into_iter().for_each(|value| collect(value, rest, found)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, found)),
        _ => {}
    }
}

/// Whether `is` accepts a text in a value.
pub(super) fn any_text(value: &Value, is: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, is)),
        Value::Object(fields) => fields.values().any(|value| any_text(value, is)),
        _ => false,
    }
}
