//! The risk of an event: a class, a severity and the MITRE ATT&CK techniques that the event resembles.
//!
//! All knowledge of methods is data, not code: `methods.csv` has the risk of each audited method, `products.csv` the other
//! names of products. A new method, a new class or a new condition on an old method is one row. The method names come from
//! Scaleway's documentation and from Audit Trail's product list, the technique ids from MITRE ATT&CK 19.
//!
//! # Which row applies
//!
//! A row belongs to one product *and* one method: `CreateUser` invites a person in `iam` and sets a password in
//! `mongodb`. If the product has no such method, the service decides: `rdb` of `scaleway.rdb.v1.Api`. Names are
//! compared without regard to case and punctuation, because the documentation, the API and its resources do not agree
//! on either. Each method has one row without a condition. A row whose `when` is true takes precedence over it; among
//! several, the most severe one wins.
//!
//! A product or method that Scaleway adds after this table was written gets [`None`] rather than a guess: both
//! are open text.
//!
//! # The conditions
//!
//! A `when` is one fact, or several facts joined by `&` that must all be true. Every fact but `failed` is about the request
//! body, and is false when the body is absent or not JSON.
//!
//! | fact | true when |
//! |---|---|
//! | `failed` | the status is 400 or above |
//! | `has:expires_at` | the body has this key, and its value is neither `null` nor an empty text; `has:a\|b` is either |
//! | `action=terminate` | this key has this value; `action=a\|b` is either |
//! | `node_type~gpu` | this key's value contains this text; `node_type~a\|b` is either |
//! | `open_network` | some value is a network as wide as the Internet: `0.0.0.0/0` or `::/0` |
//! | `privileged` | a granted permission set can take over a product or the Organization, or a rule's scope is the whole Organization |
//! | `other_principal` | `user_id` or `application_id` is not the caller's |
//!
//! A key matches at any depth, because some products wrap the fields of a request. `min_size`, `minSize` and
//! `{"min_size":{"value":…}}` are the same key, and `{"min_size":{}}` is the same key at zero: that is how protobuf
//! wrappers lose their default. There is no negation, on purpose: text that a caller adds to a body can make a
//! condition true, never false.
//!
//! # How the status of the answer changes the risk
//!
//! - 401 and 403: the attempt counts. The class becomes `denied_actions`, of high severity when the method's severity is high
//!   or critical, of medium severity otherwise, even for a method without a row.
//! - any other status from 400: nothing happened. The class stays, the severity is low.
//! - rows with `failed` are about the failure itself, such as a wrong password: the status does not change their risk.
//!
//! # Rule sets
//!
//! A [`RuleSet`] owns the rows of the two files; [`RuleSet::built_in`] has the rows of the binary, and a data source may have
//! others. Events do not know their risk. A set numbers its risks, and the numbers of events are
//! cached beside their columns under the set's id ([`Events::derived`](crate::event::Events::derived)), so that another set
//! classifies the same events anew, and the same set does not.
//!
//! # Example
//!
//! ```
//! use audittrail::risk::{Action, RuleSet, Severity};
//!
//! let action = Action {
//!     kind: "api",
//!     product: Some("instance"),
//!     method: Some("ServerAction"),
//!     status: Some(202),
//!     request_body: Some(r#"{"action": "terminate"}"#),
//!     ..Action::default()
//! };
//! let rules = RuleSet::built_in();
//! let risk = rules.classify(&action).expect("the table knows ServerAction");
//! assert_eq!(risk.class, "resource_destroy");
//! assert_eq!(risk.severity, Severity::High);
//! assert_eq!(risk.attack, ["T1485", "T1578.003"]);
//! ```

mod action;
mod class;
mod name;
mod risks;
mod rule_set;
mod severity;
mod table;
#[cfg(test)]
mod tests;
mod when;

pub use action::Action;
pub use class::Risk;
pub(crate) use name::letters;
pub use rule_set::RuleSet;
pub use severity::Severity;
pub(crate) use when::{Body, When};
