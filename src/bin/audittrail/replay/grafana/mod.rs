//! A seed at real times, evaluated by the scheduler of a real Grafana.
//!
//! | file | content |
//! |---|---|
//! | `api` | Grafana's HTTP API |
//! | `stop` | the signals that end a run |
//! | `setup` | data source, folder and alert rules, made and removed |
//! | `states` | the alert instances of an evaluation in Grafana's answer |
//! | `live` | the events at their times, and Grafana's states meanwhile |
//! | `verdict` | these states beside the truth |

mod api;
mod live;
mod setup;
mod states;
mod verdict;

pub(super) use api::Address;
pub(super) use live::Live;
