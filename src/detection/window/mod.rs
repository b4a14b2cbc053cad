//! Correlations: the times at which several hits within a window make a rule match.
//!
//! # Hits, firings, matches
//!
//! A *hit* is an event that a rule selects. A correlation counts the hits of other rules in a window of fixed length, for each
//! group of equal keys by itself, and *fires* at each hit that leaves its condition true. A firing is a hit of the
//! correlations above it. Firings of one group that are at most the window's length apart are one *match*.
//!
//! # The window
//!
//! ```text
//!        t - timespan                    t
//!  ───────────●──────────●──────●────────●──────────►
//!             └── in ────┴──────┴── in ──┘
//! ```
//!
//! At a hit at time `t` the window has the hits from `t - timespan` to `t`, both included: of two hits exactly `timespan`
//! apart, the later sees the earlier, and with one nanosecond more it does not. Hits are taken in the order of time; those of
//! equal times in the order of the caller, and each sees those before it. The condition is judged at hits only: time alone
//! makes no firing, so that `lt` and `eq` mean "so few at the time of a hit".
//!
//! | type | count |
//! |---|---|
//! | `event_count` | the hits; an event that two of the rules select counts twice |
//! | `value_count` | the distinct values; a hit without a value adds none, and the condition is judged at it |
//! | `temporal` | the rules with a hit |
//! | `temporal_ordered` | all rules if there are hits in their order, and else 0; equal times are in any order, and the last rule's hit need not be the newest |
//!
//! An absent group key is a key of its own: events without an address are a group. A firing has the keys of its group, and
//! several firings of one group at one event are one hit above.
//!
//! These are the windows of `rsigma-eval`, in nanoseconds instead of seconds, and a test compares the firings. Four things
//! differ: a `temporal` correlation without a condition needs all rules, as Sigma demands, where `rsigma-eval` takes one;
//! the value `null` is absent; `value_count` counts the keys of firings, where `rsigma-eval` counts none; and of a correlation
//! that fires for several groups at one event, which aliases make possible, the correlations above see each group
//! instead of the first.
//!
//! # Cost
//!
//! Each hit enters and leaves a window once. The memory is that of the hits within one window, and of the firings.

mod firing;
mod group;
mod lookback;
mod matched;
mod run;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use firing::{Firing, Hit};
pub(crate) use group::Group;
pub(crate) use lookback::reads_from;
pub(crate) use matched::{Match, matches};
pub(crate) use run::firings;
