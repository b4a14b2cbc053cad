//! Correlations and hits as tests write them.

use std::sync::Arc;
use std::time::Duration;

use super::super::group::Column;
use super::super::{Firing, Hit, firings};
use crate::detection::field::Field;
use crate::detection::rule::{Comparison, Condition, Correlation, CorrelationKind, GroupKey, KeySource};
use crate::time::Time;

/// The first number of a correlation; rules of events have lower ones.
pub(super) const FIRST: usize = 3;

/// An event: when it was recorded, which of the first rules select it, and its values of the fields `k`, `j` and `v`; 0 is an
/// absent value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) time: i64,
    pub(super) rules: Vec<usize>,
    pub(super) k: u32,
    pub(super) j: u32,
    pub(super) v: u32,
}

/// An event of the first rule, in the group 1 of `k` and `j`, with the value `v`.
pub(super) fn event(time: i64, v: u32) -> Event {
    Event { time, rules: vec![0], k: 1, j: 1, v }
}

/// An event that some rules select.
pub(super) fn of_rules(time: i64, rules: &[usize]) -> Event {
    Event { rules: rules.to_vec(), ..event(time, 1) }
}

impl Event {
    /// The value of a field.
    pub(super) fn value(&self, field: &str) -> u32 {
        match field {
            "k" => self.k,
            "j" => self.j,
            "v" => self.v,
            other => panic!("events of these tests have no field {other}"),
        }
    }
}

/// The field of a name.
pub(super) fn field(name: &str) -> Field {
    Field::Body(vec![name.into()])
}

/// The name of a field.
pub(super) fn name(field: &Field) -> &str {
    let Field::Body(path) = field else { panic!("not a field of these tests") };
    &path[0]
}

/// A key of the same field for rules of events, and of the first key of correlations.
pub(super) fn key(name: &str, rules: &[usize]) -> GroupKey {
    let source = |rule: &usize| if *rule < FIRST { KeySource::Field(field(name)) } else { KeySource::Key(0) };
    GroupKey { name: name.to_owned(), sources: rules.iter().map(source).collect() }
}

/// A correlation of the first rule by `k`.
pub(super) fn count(timespan: i64, comparison: Comparison, limit: u64) -> Correlation {
    correlation(CorrelationKind::EventCount, &[0], timespan, comparison, limit)
}

/// A correlation by `k`.
pub(super) fn correlation(
    kind: CorrelationKind,
    rules: &[usize],
    timespan: i64,
    comparison: Comparison,
    limit: u64,
) -> Correlation {
    let timespan = Duration::from_nanos(timespan.unsigned_abs());
    let condition = Condition::Count(vec![(comparison, limit)]);
    Correlation { kind, rules: rules.to_vec(), group_by: vec![key("k", rules)], timespan, condition }
}

/// The firings at the events of correlations that are numbered from [`FIRST`].
pub(super) fn fired(correlations: &[Correlation], events: &[Event]) -> Vec<Firing> {
    let numbered: Vec<(usize, &Correlation)> = (FIRST..).zip(correlations).collect();
    firings(&numbered, &hits(events), |field| column(events, field))
}

/// The times of the firings of one correlation, and its counts.
pub(super) fn counts(correlation: &Correlation, events: &[Event]) -> Vec<(i64, u64)> {
    fired(std::slice::from_ref(correlation), events).iter().map(|firing| (firing.time.nanos(), firing.value)).collect()
}

pub(super) fn hits(events: &[Event]) -> Vec<Hit> {
    let of = |(event, fields): (u32, &Event)| {
        let time = Time::from_nanos(fields.time);
        fields.rules.iter().map(move |rule| Hit { time, event, rule: *rule }).collect::<Vec<_>>()
    };
    (0..).zip(events).flat_map(of).collect()
}

/// The values of a field. Groups of a correlation are told apart by numbers alone.
pub(super) fn column(events: &[Event], field: &Field) -> Column {
    Arc::from(events.iter().map(|event| event.value(name(field))).collect::<Vec<_>>())
}
