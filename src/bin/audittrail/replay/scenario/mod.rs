//! Simulated days of an organization that is not easy to watch: night shifts, robots, new employees, rotated keys, a day of
//! migration, travellers, mistyped passwords; and intrusions among them, and what nearly is one.
//!
//! A scenario is a list of events, each with the time at which the trail shows it: seconds after it happened, and now and then
//! minutes. The same seed gives the same list.

mod case;
mod event;
mod habit;
mod habits;
#[cfg(test)]
mod tests;
mod world;
mod writer;

pub(super) use case::{Case, read as cases};
pub(super) use event::{Happened, LAG};
pub(super) use habit::Habit;
pub(super) use world::{Plan, Scenario};
