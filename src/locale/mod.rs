//! The sentences that people read in answers, in each language.
//!
//! `sentences.csv` has a row for each [`Sentence`]: its name and its text in English and in French. A text has `{names}`, which
//! stand for values, and `{count:one|other}` where a word depends on a number. The values of a sentence are fields of its variant,
//! so that a name or a value that is missing does not compile; that each row has exactly these values is checked when the table
//! is read, which a test does.
//!
//! Errors of queries are in English: a person looks them up in `docs/troubleshooting.md`, and alert rules get them.

mod language;
mod sentence;
mod table;
mod template;
#[cfg(test)]
mod tests;

pub use language::Language;
pub(crate) use sentence::Sentence;
