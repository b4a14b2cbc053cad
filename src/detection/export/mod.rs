//! The rules of a pack for other readers: people, Grafana's alerting, ATT&CK Navigator, and other tools that read Sigma.

mod docs;
mod grafana;
mod navigator;
mod sigma;
mod technique;

pub use docs::docs;
pub use grafana::grafana;
pub use navigator::navigator;
pub use sigma::sigma;
