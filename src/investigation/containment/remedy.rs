use std::sync::LazyLock;

use serde::Deserialize;

use super::sign::Signs;
use crate::locale::Sentence;
use crate::risk::{Action, Body, When, letters};

/// How the effect of a remedy can be undone, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reversal {
    /// It changes nothing.
    Nothing,
    /// By another command.
    Command,
    /// By hand, by a person who knows the state before.
    Hand,
    /// Not at all.
    Never,
}

impl Reversal {
    /// In words.
    pub(crate) const fn words(self) -> Sentence<'static> {
        match self {
            Self::Nothing => Sentence::ReversalNothing,
            Self::Command => Sentence::ReversalCommand,
            Self::Hand => Sentence::ReversalHand,
            Self::Never => Sentence::ReversalNever,
        }
    }
}

/// What a remedy is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Of {
    User,
    Application,
    Event,
}

/// A row of `remedies.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    pub(super) of: Of,
    product: String,
    method: String,
    when: String,
    pub(super) order: u32,
    pub(super) step: Sentence<'static>,
    pub(super) reversal: Reversal,
    /// Whose use the remedy breaks: `principal`, `resource`, `credential`, a key of the request body, or nothing.
    pub(super) breaks: String,
    pub(super) console: String,
    pub(super) command: String,
    pub(super) undo: String,
    /// What shows that the remedy was applied.
    pub(super) done: Signs,
    /// What reverts it.
    pub(super) undone: Signs,
}

/// A row with its condition.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) row: Row,
    when: When,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let rows = csv::Reader::from_reader(include_str!("remedies.csv").as_bytes()).into_deserialize();
    rows.map(|row| {
        let row: Row = row.expect("remedies.csv is well formed");
        Entry { when: When::parse(&row.when).unwrap_or_else(|defect| panic!("remedies.csv: {defect}")), row }
    })
    .collect()
});

impl Entry {
    /// Those of a kind.
    pub(super) fn all(of: Of) -> impl Iterator<Item = &'static Self> {
        ENTRIES.iter().filter(move |entry| entry.row.of == of)
    }

    /// Whether it is a remedy of an action of a product.
    pub(super) fn is_of(&self, product: Option<&str>, action: &Action<'_>) -> bool {
        let same = |wanted: &str, found: Option<&str>| found.is_some_and(|found| letters(found).eq(letters(wanted)));
        same(&self.row.product, product)
            && same(&self.row.method, action.method)
            && self.when.is_true(action, &Body::new(action.request_body))
    }
}

/// All templates of commands.
#[cfg(test)]
pub(super) fn templates() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().flat_map(|entry| [&*entry.row.command, &*entry.row.undo]).filter(|template| !template.is_empty())
}
