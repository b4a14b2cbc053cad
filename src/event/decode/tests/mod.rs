//! Tests of the decoder, also against a slow one with `serde_json`.

mod comparison;
mod damage;
mod events;
mod events_of_json;
mod reference;
