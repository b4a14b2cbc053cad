//! The cache against a plain list of events: after any history of requests, failures, late events, cancellations and
//! evictions, an answer equals the list's, or names the intervals that are missing.

mod background;
mod clocks;
mod coverage;
mod directory;
mod eviction;
mod fake;
mod late;
mod plain_list;
mod provisional;
mod setup;
mod sharing;
mod subscribers;
mod threads;
mod workers;
