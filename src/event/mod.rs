//! Events of Audit Trail, as Arrow columns.
//!
//! An [`Events`] is columns with one row per event, newest first, each event once. A [`Decoder`] turns pages of the Audit
//! Trail API into one. All three kinds of event share the columns; a field that a kind does not have is null.
//!
//! The API grows every few weeks: products, methods and resource types are text, and an unknown value passes through
//! untouched. The value of an enum for an absent value, such as `unknown_mfa_type`, is null.
//!
//! # Memory
//!
//! A page is decoded into a [`Chunk`](chunk::Chunk) of plain columns. Cached chunks are packed: ids of 36 characters become 16
//! bytes, keys of dictionaries one or two bytes, and the texts that people read one at a time, request bodies and resources,
//! are compressed in blocks, those of a method together. An [`Events`] selects rows of chunks that others may share.

mod chunk;
mod column;
mod compressed;
mod decode;
mod derivation;
mod derived;
mod dictionary;
mod events;
mod gather;
mod kind;
mod list;
mod pack;
mod page_text;
mod parallel;
mod redacted;
mod references;
pub(crate) mod region;
mod row_selection;
mod schema;
mod search;
pub(crate) mod status_class;
#[cfg(test)]
mod tests;
mod text;
mod text_reader;
mod uuid_column;
mod whole_chunk;

pub use column::Column;
pub use decode::{Decoder, Page};
pub(crate) use derivation::Derivation;
pub use events::Events;
pub use kind::Kind;
pub use list::List;
pub(crate) use parallel::{MANY, side_by_side};
pub(crate) use region::PRODUCT_WITHOUT_PRINCIPAL;
pub use schema::Long;
pub use text::Text;
pub(crate) use whole_chunk::{ResourceText, ResourceTexts};
