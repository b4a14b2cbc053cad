//! From the API's JSON to columns, in one pass over the bytes.

mod columns;
mod decoder;
mod enums;
mod ids;
mod json;
mod known_key;
mod page;
mod recorded_at;
mod request_body;
mod resource;
mod row;
mod structurals;
#[cfg(test)]
mod tests;

pub use decoder::Decoder;
pub use page::Page;
