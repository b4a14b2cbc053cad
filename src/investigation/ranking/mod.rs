//! Which audited actions may explain an anomalous span, and why.
//!
//! [`rank`] is a pure function of events and a [`Symptom`]; it asks nothing of Scaleway.
//!
//! # The steps
//!
//! 1. The events of the window before the onset become [`Candidate`](candidate::Candidate)s: actions that happened, on the
//!    resource, on its relatives, in its project or by a principal who acted on it. Reads, log-ins and refused calls are no
//!    candidates. Repeats of one principal, method and resource are one candidate.
//! 2. Each candidate gets [`Signal`]s: numbers that say how well its time fits such an action beside a coincidence, how close to
//!    the resource it was, what such an action can do to such a metric and how long that lasts (`effects.csv`), whether what it
//!    touched moved and the rest did not, how grave it is, how rare for its principal in the 30 days before, and what preceded
//!    it.
//! 3. A candidate's score is the sum of its signals, each times its weight (`weights.csv`): a conditional logit, in which
//!    "nothing audited" is an alternative of its own, the line. A candidate below the line is no suspect.
//! 4. Each [`Suspect`] has the points of each [`Part`] of its score, a [`Reason`] in words, and the events to open.
//!
//! # The tables
//!
//! | file | content |
//! |---|---|
//! | `families.csv` | which names of metrics are of which [`Family`]; the first row whose pattern is in the name answers |
//! | `effects.csv` | what an action does to the metrics of its resource, which way, how likely, after how many seconds (`from`, `to`), and how long that lasts: `stays` until it is undone, so many seconds at most, or nothing for either |
//! | `weights.csv` | the weight of each signal and the line, fitted by `make eval` on seeds for training alone; beside them the words of reasons, as [`locale`](crate::locale) has them |
//! | `operations.csv` | operations of public clouds, and whether they move metrics: what the words of a method's name say is learnt from them |
//! | `blind_spots.csv` | changes that may move a metric and have no event |
//!
//! An effect is `usual` where most such actions move such a metric whatever their request says, and `possible` where that depends
//! on the request, the load or what was before. So new settings of a database are possible causes, as it depends on the setting;
//! a new version of a cluster too, as its control plane has nodes of its own, unless its pools follow. What starts a process
//! anew is a usual cause of CPU load, as starting is work: a reboot, a database's restart, a container's or a function's release,
//! but not each update of a container, which may be of a limit. Another security group is as usual a cause of traffic as another
//! rule of it. A database's backup reads, packs and sends all rows, a snapshot of its volume only marks blocks.
//!
//! A row of `effects.csv` belongs to a product and a method; its `when` is a condition as in [`risk`](crate::risk), and rows
//! with a condition that holds replace those without one. The method `*` is every method of the product that has no row, the
//! family `-` is no metric at all. Tables are never complete: what an action without a row does is unknown, and the
//! words of its name decide what that is worth, unless its request says that it changes a description only.
//!
//! # The line
//!
//! An action on the resource that could have moved the metric, and did not, looks like a cause. Two things distinguish them: a
//! coincidence is at any time, a cause as long before the onset as its effect takes to show; and a metric that was left by
//! itself mostly returns by itself, while what an action did mostly stays until it is undone, or ends when the work is done.

mod blind_spot;
mod candidate;
mod closeness;
mod delay;
mod effect;
mod metric;
mod operation;
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
mod verb;

pub use blind_spot::BlindSpot;
pub use effect::{Effect, Effects};
pub use metric::{Family, Metric};
pub use rank::{rank, rank_by};
pub use score::Weights;
pub use signal::{Part, Signal, Signals};
pub use suspect::{Contribution, Evidence, Ranking, Reason, Suspect};
pub use symptom::{Course, Member, Relation, Relative, Symptom};
pub use verb::Verb;
