//! Which audited actions may explain an anomalous span, and why.
//!
//! [`rank`] is a pure function of events and a [`Symptom`]; it asks nothing of Scaleway.
//!
//! # The steps
//!
//! 1. The events of the window before the onset become [`Candidate`](candidate::Candidate)s: actions that happened, on the
//!    resource, on its relatives, in its project or by a principal who acted on it. Reads, log-ins and refused calls are no
//!    candidates. Repeats of one principal, method and resource are one candidate.
//! 2. Each candidate gets [`Signal`]s: numbers that say how early it was, how close to the resource, what such an action can
//!    do to such a metric (`effects.csv`), whether what it touched moved and the rest did not, how grave it is, how rare for
//!    its principal in the 30 days before, and what preceded it.
//! 3. A candidate's score is the sum of its signals, each times its weight (`weights.csv`): a conditional logit, in which
//!    "nothing audited" is an alternative of its own, the line. A candidate below the line is no suspect.
//! 4. Each [`Suspect`] has the points of each [`Part`] of its score, a [`Reason`] in words, and the events to open.
//!
//! # The tables
//!
//! | file | content |
//! |---|---|
//! | `families.csv` | which names of metrics are of which [`Family`]; the first row whose pattern is in the name answers |
//! | `effects.csv` | what an action does to the metrics of its resource, which way, how likely, and after how many seconds |
//! | `weights.csv` | the weight of each signal and the line, fitted by `make eval` on seeds for training alone; the words of reasons |
//! | `blind_spots.csv` | what may move a metric and has no event |
//!
//! A row of `effects.csv` belongs to a product and a method; its `when` is a condition as in [`risk`](crate::risk), and rows
//! with a condition that holds replace those without one. The method `*` is every method of the product that has no row, the
//! family `-` is no metric at all. Tables are never complete: what an action without a row does is unknown, and its verb
//! decides what that is worth.

mod blind_spot;
mod candidate;
mod closeness;
mod effect;
mod metric;
mod profile;
mod rank;
mod score;
mod sequence;
mod signal;
mod suspect;
mod symptom;
#[cfg(test)]
mod tests;
mod touched;
mod trail;

pub use effect::{Effect, Effects, Verb};
pub use metric::{Family, Metric};
pub use rank::{rank, rank_by};
pub use score::Weights;
pub use signal::{Part, Signal, Signals};
pub use suspect::{Contribution, Evidence, Ranking, Reason, Suspect};
pub use symptom::{Member, Relation, Relative, Symptom};
