//! Simulated incidents, made from seeds: an organization, a month of its events, a metric that leaves its band, and what did it.
//!
//! What an action does to a metric is written down here a second time, for this purpose, by what happens in each kind of
//! incident: nothing is shared with the tables of the ranking, and actions that these tables lack are among the causes, the
//! distractors and the background.

mod background;
mod catalogue;
mod cause;
mod course;
mod distractor;
mod incident;
mod kind;
mod spike;
mod world;
mod writer;

pub(crate) use incident::Incident;
pub(crate) use kind::Kind;
