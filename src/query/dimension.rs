//! Dimensions: the attributes by which events are filtered, grouped and listed.

use crate::event::Column;

/// An attribute of an event: filters compare it, counts group by it, tables show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// The principal's name, or its id where no name is known.
    Principal,
    /// The HTTP status.
    Status,
    /// What the event means, see [`crate::risk`].
    RiskClass,
    /// How much it matters.
    Severity,
    /// The ids of the MITRE ATT&CK techniques that it resembles, with spaces between them.
    Attack,
    /// How usual it is, see [`crate::profile`].
    Novelty,
    /// The event's id.
    Id,
    /// The request's id.
    RequestId,
    /// A text column.
    Column(Column),
}

impl Dimension {
    /// All of them.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let derived =
            [Self::Status, Self::RiskClass, Self::Severity, Self::Attack, Self::Novelty, Self::Id, Self::RequestId];
        std::iter::once(Self::Principal).chain(Column::ALL.map(Self::Column)).chain(derived)
    }

    /// The name in queries, and of the label or column in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Status => "status",
            Self::RiskClass => "risk_class",
            Self::Severity => "severity",
            Self::Attack => "attack",
            Self::Novelty => "novelty",
            Self::Id => "id",
            Self::RequestId => "request_id",
            Self::Column(column) => column.name(),
        }
    }

    /// Whether its texts are numbers.
    pub(super) fn is_number(self) -> bool {
        self == Self::Status
    }

    /// Dimensions that a count can be grouped by: not those with a value for each event.
    pub(super) fn groupings() -> impl Iterator<Item = Self> {
        Self::all().filter(|dimension| !matches!(dimension, Self::Id | Self::RequestId))
    }

    /// These dimensions by their names in queries.
    pub(super) fn named(dimensions: impl Iterator<Item = Self>) -> Vec<(&'static str, Self)> {
        dimensions.map(|dimension| (dimension.name(), dimension)).collect()
    }
}

/// Whether the front end has a heading for a column of a table.
#[cfg(test)]
pub(super) fn has_heading(column: &str) -> bool {
    let headings = include_str!("../../frontend/src/headings.ts");
    Dimension::all().any(|dimension| dimension.name() == column)
        || headings.contains(&format!("\n  {column}: () => t('heading."))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn dimensions_have_distinct_names_that_prometheus_allows() {
        let names: BTreeSet<&str> = Dimension::all().map(Dimension::name).collect();
        assert_eq!(names.len(), Dimension::all().count());
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
        assert!(!names.contains("count") && !names.contains("time"), "a label may not be called like a column");
        assert_eq!(Dimension::groupings().count(), Dimension::all().count() - 2);
    }

    /// The texts between quotes of some kind.
    fn quoted(text: &str, quote: char) -> Vec<&str> {
        text.split(quote).skip(1).step_by(2).collect()
    }

    /// The part of a text between two others.
    fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
        text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).expect("the part is there").0
    }

    /// The editor's columns whose entry contains a text.
    fn editor_columns(text: &str) -> Vec<&'static str> {
        let source = include_str!("../../frontend/src/columns.ts");
        let table = between(source, "const TABLE: Record<string, Column> = {\n", "\n};");
        let entries = table.lines().filter(|entry| entry.contains(text));
        entries.filter_map(|entry| Some(entry.trim().split_once(": {")?.0)).collect()
    }

    #[test]
    fn the_editor_and_the_documentation_list_the_same_columns() {
        let names: Vec<&str> = Dimension::all().map(Dimension::name).collect();
        assert_eq!(editor_columns(""), names);
        let numbers: Vec<&str> = Dimension::all().filter(|column| column.is_number()).map(Dimension::name).collect();
        assert_eq!(editor_columns("numeric: true"), numbers);
        let unique = editor_columns("unique: true");
        let groupings: Vec<&str> = names.iter().copied().filter(|name| !unique.contains(name)).collect();
        assert_eq!(groupings, Dimension::groupings().map(Dimension::name).collect::<Vec<_>>());
        let page = include_str!("../../docs/query-model.md");
        let listed = between(page, "take every text column of a table of events:", "`groupBy` takes all of these");
        assert_eq!(quoted(listed, '`'), names);
    }

    #[test]
    fn both_locales_name_every_column() {
        let names: BTreeSet<&str> = Dimension::all().map(Dimension::name).collect();
        for locale in [
            include_str!("../../frontend/src/locales/en-US/scaleway-audittrail-datasource.json"),
            include_str!("../../frontend/src/locales/fr-FR/scaleway-audittrail-datasource.json"),
        ] {
            let texts: serde_json::Value = serde_json::from_str(locale).unwrap();
            let columns: BTreeSet<&str> = texts["column"].as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(columns, names);
        }
    }
}
