//! From the API's JSON to columns, in one pass over the bytes.

mod columns;
mod decoder;
mod ids;
mod json;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, Page};
