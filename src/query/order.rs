//! The order of a column's values where they have one of their own: it is the same for every range, so that a series has the
//! same position and colour in all of them.

use super::dimension::Dimension;
use crate::event::{Column, Kind, status_class};
use crate::profile::Level;
use crate::risk::Severity;

impl Dimension {
    /// Where a value stands among its column's values, of which `(none)` is the last; 0 for all where they have no order.
    ///
    /// Severities begin with the most serious, novelties with what is a first, outcomes with success, kinds as Scaleway's documentation has them; a status
    /// is a number.
    pub(super) fn rank(self, value: &str) -> usize {
        let names: Vec<&str> = match self {
            Self::Severity => Severity::ALL.iter().rev().map(|severity| severity.as_str()).collect(),
            Self::Novelty => Level::ALL.map(Level::as_str).to_vec(),
            Self::Column(Column::StatusClass) => status_class::ALL.to_vec(),
            Self::Column(Column::Kind) => Kind::ALL.map(Kind::as_str).to_vec(),
            Self::Status => return value.parse().unwrap_or(usize::MAX),
            _ => return 0,
        };
        names.iter().position(|name| *name == value).unwrap_or(names.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::condition::NONE;

    #[test]
    fn values_with_an_order_have_it_whatever_the_order_they_come_in() {
        for (column, ordered) in [
            (Dimension::Severity, &["critical", "high", "medium", "low", NONE][..]),
            (Dimension::Novelty, &["first", "rare", "occasional", "usual", "unknown", NONE]),
            (Dimension::Column(Column::StatusClass), &["succeeded", "denied", "failed", NONE]),
            (Dimension::Column(Column::Kind), &["api", "authentication", "system", NONE]),
            (Dimension::Status, &["99", "200", "404", "1000", NONE]),
        ] {
            let mut values = ordered.to_vec();
            values.reverse();
            values.sort_by_key(|value| column.rank(value));
            assert_eq!(values, ordered, "{}", column.name());
        }
        assert_eq!(Dimension::Principal.rank("b"), Dimension::Principal.rank("a"));
    }
}
