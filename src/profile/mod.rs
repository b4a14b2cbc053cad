//! Counts per day of who did what, from where, at which hour, on which resource; and how usual an event is by these counts, its
//! *novelty*.
//!
//! # The profile
//!
//! A [`Profile`] has a [`Tally`] for each day that is known, a UTC day of which every event was counted. A tally is a sorted
//! table of keys and counts, and a key is one of these, with the item that is counted in brackets:
//!
//! | key | counts |
//! |---|---|
//! | principal | its events |
//! | method (principal) | its calls by each principal |
//! | principal (hour) | its events in each hour of the day |
//! | principal, method (hour) | its calls of a method in each hour |
//! | principal (address), principal (country) | its events from each |
//! | address, country | events from it, of any principal |
//! | principal, method (resource) | its calls of a method on each resource |
//!
//! A method is a product's method, for an Instance's `ServerAction` together with its action; the resource is the first of an
//! event. First and last day of a key, and on how many days it occurred, are those of the tallies that have it, so that days
//! may be counted in any order, and a day that is too old goes as a whole.
//!
//! # Which days an event is judged by
//!
//! An event is judged by the known ones among the [`WINDOW`] days before its own UTC day. What else happens on its day does
//! not matter: the answer is the same whenever it is given, as long as no further day becomes known.
//!
//! # Size
//!
//! A profile has at most [`MOST_BYTES`](tally::MOST_BYTES). A day has at most a thirtieth of it: longer lists, of the resources of one method say,
//! are then only known to be long, and nothing in them counts as new. So [`WINDOW`] days always fit; of older ones, which events
//! of past weeks are judged by, the oldest go first when the profile is full.
//!
//! # Personal data
//!
//! A profile has no text: its keys are hashes, salted with a secret of the data source that is not in its file. No day is
//! older than [`KEPT`] days; [`File`] says when a file goes.

mod act;
mod counted;
mod day;
mod days;
mod file;
mod finding;
mod hash;
mod judge;
mod key;
mod level;
mod past;
mod rhythm;
mod tally;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use act::Act;
pub(crate) use day::{Day, KEPT, WINDOW};
pub(crate) use days::Profile;
pub(crate) use file::File;
pub(crate) use hash::Salt;
pub(crate) use judge::Judge;
pub(crate) use key::Key;
pub(crate) use level::Level;
pub(crate) use past::Past;
pub(crate) use tally::{Counting, Tally};
pub(crate) use words::Named;
