//! Cockpit's metrics: PromQL of Scaleway's managed Mimir, one client for each URL of the settings.
//!
//! Samples are those of the expression, one for each step that has one. Three facts about them are Prometheus' own:
//!
//! - **Staleness and gaps**: an instant vector has a series' last sample for five minutes, or until the series is marked as
//!   stale; after that the steps have no sample. A gap is thus a distance of samples greater than the step, and begins up to
//!   five minutes late.
//! - **NaN**: a value like any other, such as that of 0/0. It stays in the samples, as infinities do.
//! - **Counter resets**: a counter falls where its process starts again. `rate` and `increase` take that into account; the
//!   samples of a bare counter fall.

mod answer;
mod client;
mod error;
mod json;
mod moved;
mod series;
mod step;
#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use client::Client;
pub use error::Error;
pub use moved::MOST_SERIES;
pub use series::{Labels, Series};
pub use step::{MOST_POINTS, step_of};
