//! Detections: Sigma rules over events.
//!
//! A [`Pack`] has the rules of some files. A rule selects events by a condition on their values; a correlation counts the events
//! that other rules select, in windows of time; a baseline compares an event with the days before it.
//!
//! # Files
//!
//! Rules are Sigma 2.1 documents with the log source `product: scaleway`. Names of fields are those of Audit Trail's API, and,
//! with the prefix `audittrail.`, those that it does not have: [`field`] is the table. `rsigma` compiles each detection item, so
//! that each of Sigma's modifiers means the same here; of the engine, [`sigma`] alone uses it. Every deviation from the specification is a
//! [`RuleError`].
//!
//! # How events are judged
//!
//! A condition on a column judges each distinct text of a chunk once, and only those of events that the rest of the rule's
//! condition leaves open; rules share the outcome of a condition that comes first, as far as there is memory for it. Request
//! bodies are read last. The rules that match an event are a set, and a pack numbers its sets: the number is cached beside the
//! event's columns.

pub(crate) mod baseline;
mod bits;
mod body;
mod bounds;
mod columns;
mod combinations;
mod context;
mod correlation;
mod custom;
mod details;
mod document;
mod error;
#[cfg(feature = "terminal")]
pub mod export;
mod expr;
pub(crate) mod field;
mod found;
mod header;
mod item;
mod keys;
mod level;
mod link;
mod mask;
mod own;
mod pack;
mod row;
pub(crate) mod rule;
mod section;
mod sets;
mod shipped;
mod sigma;
#[cfg(test)]
mod tests;
#[cfg(feature = "terminal")]
mod trial;
mod value;
mod verdicts;
pub(crate) mod window;
mod yaml;

pub(crate) use columns::{Columns, EventRows};
pub(crate) use context::Context;
pub use error::RuleError;
#[cfg(test)]
pub(crate) use expr::Expr;
pub(crate) use field::Field;
pub use level::{Level, Status};
pub use pack::{Pack, RuleFile, Selection};
pub(crate) use rule::{Baseline, Correlation, CorrelationKind, GroupKey, KeySource, Kind};
#[cfg(test)]
pub(crate) use rule::{Comparison, Condition, RuleExpr};
pub use rule::{Place, Rule};
#[cfg(feature = "terminal")]
pub use trial::Trial;
#[cfg(test)]
pub(crate) use value::Values;
pub(crate) use verdicts::Verdicts;
