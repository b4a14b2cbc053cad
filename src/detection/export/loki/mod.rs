//! Alert rules for Loki, over the lines that OpenTelemetry's receiver for Audit Trail ships.
//!
//! A line is an event as JSON, with the label `service_name`. [`line`] says where a line has a field, [`selection`] makes a pipeline
//! of a rule's condition, and [`query`] a number that Loki's ruler compares. A rule is exported if Loki finds what the rule
//! matches, and left out with its reason otherwise.

mod file;
mod line;
mod pattern;
mod query;
mod selection;
#[cfg(test)]
mod tests;

pub use file::{LeftOut, LokiRules, loki};
