/// What the layers above derive of events, each with its own numbers beside a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Derivation {
    /// What events mean.
    Risk,
    /// How usual they are.
    Novelty,
    /// Which rules match them.
    Detection,
}

impl Derivation {
    /// How many there are.
    pub(super) const COUNT: usize = Self::Detection as usize + 1;
}
