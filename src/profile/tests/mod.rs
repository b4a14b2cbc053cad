//! Profiles of events that a test makes, against plain counts of the same events.

mod counts;
mod file;
mod novelty;
mod past;
mod setup;
