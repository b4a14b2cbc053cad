//! Grafana's plugin protocol and nothing else, one file per call.

mod asker;
mod data;
mod failures;
mod health;
mod instance;
mod listener;
mod live;
mod log;
mod metrics;
mod panics;
mod process;
mod protocol;
mod resources;
mod rules;
mod serve;
mod wire;

pub use listener::asked_to_stop;
pub use protocol::MAX_MESSAGE_BYTES;
pub use serve::{COOKIE_KEY, COOKIE_VALUE, run};
pub use wire::{DataResponse, QueryDataResponse};
