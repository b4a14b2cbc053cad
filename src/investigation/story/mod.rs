//! What the principals of suspects did before and after the onset, and who made their credentials.
//!
//! [`Story::of`] is a pure function of events and suspects.
//!
//! # The steps
//!
//! 1. The principals of the story are those of the suspects, who made credentials for them, and for whom they made credentials,
//!    two links far at most. An event names a principal and no credential: what is done with a credential is what its
//!    principal does after it was made.
//! 2. Each event of these principals is a [`Step`], by its kind, outcome, risk class and method (`steps.csv`; the first row
//!    whose conditions are met answers). Steps of a chain, such as failed log-ins, a log-in, a credential, a grant and an
//!    export, are of interest within a day of the onset, others within the lookback.
//! 3. Repeats of a step are one [`Line`].
//! 4. A [`Conduct`] counts from where and with what a principal came and what it touched, before and after the onset.
//! 5. A [`Graph`] has the principals, addresses, credentials and resources of the lines, joined by events.

mod conduct;
mod credential;
mod graph;
mod line;
mod members;
mod outline;
mod relevance;
mod step;
#[cfg(test)]
mod tests;

pub use conduct::{Conduct, Seen};
pub use credential::Credential;
pub(crate) use credential::text_of;
pub use graph::{Edge, Graph, Node, NodeKind};
pub use line::Line;
pub(super) use members::Member;
pub use members::Role;
pub use outline::Story;
pub use step::Step;
