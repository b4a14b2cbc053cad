//! The rules of a pack for other readers: people, ATT&CK Navigator, and other tools that read Sigma.

mod docs;
mod navigator;
mod sigma;
mod technique;

pub use docs::docs;
pub use navigator::navigator;
pub use sigma::sigma;
