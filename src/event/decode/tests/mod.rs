//! The decoder beside a slow one with `serde_json`.

mod comparison;
mod damage;
mod events;
mod reference;
