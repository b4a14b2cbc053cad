//! The rules of a pack for other readers: people, Grafana's alerting, Loki's, ATT&CK Navigator, and other tools that read Sigma.

mod docs;
mod grafana;
mod loki;
mod navigator;
mod quoting;
mod sigma;
mod technique;

pub use docs::docs;
pub use grafana::grafana;
pub use loki::{LeftOut, LokiRules, loki};
pub use navigator::navigator;
pub use sigma::sigma;
