//! Where a metric left its band, since when, and which audited actions may explain it.
//!
//! Pure functions of samples and events; what asks for them and what draws them is in the layers above. This page is about
//! anomalous spans; [`ranking`] is about the actions, [`story`] about what their principals did, [`containment`] about what
//! would stop them, [`recovery`] about what happens since.
//!
//! # The steps
//!
//! 1. A [`Series`] is cleaned when it is made: values that are not finite are dropped, counters become rates.
//! 2. The baseline is the usual course: the season of a day or a week, where two of them have passed and where it predicts
//!    better than none, and the median of the samples before.
//! 3. The scale says how far from the baseline is usual: the median distance, and the distances that are rare but not new,
//!    above and below the baseline each for itself. It has a floor, from the metric's unit and from the step in which its
//!    values move.
//! 4. The distance in scales, z, makes [spans](Span): a span opens above one threshold and closes below a lower one.
//! 5. Changes of level, or of course where lines describe a series better, are found by PELT. They date the onset of a span
//!    to the sample, and find what moved little but for good.
//!
//! Where the expression is that of one of Cockpit's preconfigured alert rules, its [`Threshold`] makes spans too.
//!
//! [`Detector`] has the parameters and one set of defaults for all metrics. It judges a whole series at once
//! ([`search`](Detector::search)), or each sample as it comes, from those before it alone ([`Watch`]).

mod baseline;
mod changes;
mod containment;
mod detector;
mod pelt;
mod ranking;
mod recovery;
mod scale;
mod series;
mod spans;
mod story;
#[cfg(test)]
mod tests;
mod threshold;
mod unit;
mod watch;
mod whole;

pub use containment::{Remedy, Reversal, Usage, remedies};
pub use detector::Detector;
pub use ranking::{
    BlindSpot, Contribution, Course, Effect, Effects, Evidence, Family, Member, Metric, Part, Ranking, Reason,
    Relation, Relative, Signal, Signals, Suspect, Symptom, Verb, Weights, rank, rank_by,
};
pub use recovery::{Judgement, Since};
pub use series::{OutOfOrder, Regular, Sample, Series};
pub use spans::{Direction, Span};
pub use story::{Conduct, Credential, Edge, Graph, Line, Node, NodeKind, Role, Seen, Step, Story};
pub use threshold::Threshold;
pub use unit::Unit;
pub use watch::{Verdict, Watch};
