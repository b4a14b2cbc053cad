//! Whether a metric returned, and what principals did since.
//!
//! [`Judgement::of`] judges a series by the samples before the onset, and [`Since::of`] counts events; both are pure functions.

mod judgement;
mod since;

pub use judgement::Judgement;
pub use since::Since;
