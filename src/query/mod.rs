//! What can be asked, and how each question is answered. `docs/query-model.md` describes the model.
//!
//! A question is one file that implements [`Question`], and one line in the table of [`model`].

mod address;
mod annotation_text;
pub mod annotations;
mod answer;
mod buckets;
mod calendar;
pub(crate) mod catalogue;
mod cluster;
mod condition;
mod console;
pub mod counts;
mod cpu;
mod data_source;
pub mod dimension;
mod directory;
mod documentation;
pub mod error;
pub mod events;
pub(crate) mod field;
pub mod filter;
mod gather;
mod incomplete;
mod keys;
mod listings;
pub(crate) mod model;
mod naming;
mod order;
mod pipeline;
pub(crate) mod plan;
mod principals;
mod question;
mod request;
mod scope;
mod sentence;
pub mod text;
mod time_zone;
mod unfamiliar;
mod unknown;
mod values;
mod variable;
mod volume;

pub use answer::Answer;
pub use buckets::Buckets;
pub use data_source::DataSource;
pub use directory::{Labels, Products};
pub use error::Failure;
pub use model::Query;
pub use principals::SCALEWAY;
pub use question::Question;
pub use request::Request;
pub use scope::Scope;
