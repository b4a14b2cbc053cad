//! The truth of a replay: rules judged by definition, event by event, over the scenario's own list.
//!
//! Nothing of the engine is used here: no columns, no masks, no windows, no cache, no profile, no parser of Sigma. A rule file
//! is YAML read as JSON, a condition is evaluated by recursion, a window is looked up among all hits before. It supports what the
//! shipped rules use, and anything else is an error that names it: a rule that is not understood is not judged in silence.
//! The risk of an event, which is a table and no part of a rule, comes from the same table as the plugin's.

mod condition;
mod document;
mod fields;
mod item;
mod past;
mod truth;
mod window;

pub(super) use document::Rule;
pub(super) use document::{all_below, has_past, reach, read as rules};
pub(super) use fields::enriched;
pub(super) use truth::{Firing, Hit, Judge, Row};
pub(super) use window::Edge;
