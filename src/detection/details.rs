use super::expr::Expr;
use super::field::Field;
use super::rule::{BaselineKind, Combination, CorrelationKind, GroupKey, KeySource, Kind, Rule};
use crate::event::Column;

impl Rule {
    /// Whether the rule itself reads request bodies or source addresses, which a data source may hide from viewers.
    pub(crate) fn reads_details(&self) -> bool {
        let compares_addresses = self.baseline.as_ref().is_some_and(|baseline| {
            matches!(baseline.kind, BaselineKind::FirstSeen(Combination::Address | Combination::PrincipalAndAddress))
        });
        compares_addresses
            || match &self.kind {
                Kind::Events(expr) => reads(expr),
                Kind::Correlation(correlation) => {
                    let counted = match &correlation.kind {
                        CorrelationKind::ValueCount(keys) => &keys[..],
                        _ => &[],
                    };
                    correlation.group_by.iter().chain(counted).any(is_of_details)
                }
            }
    }
}

/// Whether a condition reads them. Keywords are searched in all texts of an event.
fn reads(expr: &Expr) -> bool {
    let mut reads = false;
    expr.each_test(&mut |test| reads = reads || test.field.is_none() || test.fields().any(is_detail));
    reads
}

fn is_of_details(key: &GroupKey) -> bool {
    key.sources.iter().any(|source| matches!(source, KeySource::Field(field) if is_detail(field)))
}

fn is_detail(field: &Field) -> bool {
    matches!(field, Field::Body(_) | Field::Text(Column::SourceIp))
}
