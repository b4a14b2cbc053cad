//! Detections: the matches of a data source's rules among the events of a query.
//!
//! [`Detections`] is the question; an [`Evaluation`](evaluation::Evaluation) has the firings of its rules. Each shape of an answer is
//! one file.

mod alert;
mod annotated;
mod counted;
mod evaluation;
mod inputs;
mod labels;
mod lines;
mod matched;
mod question;
mod table;
#[cfg(test)]
mod tests;

pub(super) use question::Detections;
