//! Investigate: which audited actions may explain that a metric moved, what their principals did, what would stop them, and
//! whether that helped.
//!
//! [`question`] is the question; [`case`] is what all its answers are made of, and each of the other files is one of the answers,
//! or a part of one.

mod annotated;
mod case;
mod columns;
mod containment;
mod graph;
mod layout;
mod notices;
mod phrase;
mod question;
mod recovery;
mod show;
mod span_table;
mod story;
mod summary;
mod suspects;
#[cfg(test)]
mod tests;
mod timeline;

pub(super) use question::Investigate;
