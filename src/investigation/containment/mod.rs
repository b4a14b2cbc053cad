//! What would stop the principals of suspects, and what else that would break.
//!
//! [`remedies`] is a pure function of events, a [`Story`](super::story::Story) and what is known of its principals; nothing is
//! changed.
//!
//! # The table
//!
//! `remedies.csv` has a row for each remedy: of a `user` or an `application`, or of an `event`, by its product, its method and
//! a condition as in [`risk`](crate::risk). Its command is a template: fixed words, and placeholders with a type. A command
//! is made where each placeholder has a value of its type, and the types have no text of a caller's choice: UUIDs, access keys,
//! regions and zones, by their form. `order` is the order of remedies whose effect can be undone equally well.
//!
//! `done` has the methods that show that a remedy was applied, and `undone` those that revert it, each with its condition:
//! `ServerAction:action=poweroff`. They count on the same resource and with the ids of the command, as far as a request has
//! them, and the newest of them decides. What is created again has a new id: no event shows that such a remedy was applied. Nor does a
//! list of a cluster's rules, which may still have the network of the suspect: the rules are looked at, or the cluster is deleted.
//!
//! Scaleway has no call that disables an API key, and its command line none for the alert rules of Audit Trail, nor for the
//! alert rules and managed alerts of Cockpit: the one is deleted, the others are restored in the console. An event has no id of
//! a cluster's rule: the rules are listed, and the one is found by hand.

mod context;
mod history;
mod plan;
mod remedy;
mod sign;
mod template;
#[cfg(test)]
mod tests;
mod usage;

pub use plan::{Remedy, remedies};
pub use remedy::Reversal;
pub use usage::Usage;
