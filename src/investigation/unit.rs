/// What a metric measures, as far as it says which change is too small to matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// From 0 to 100.
    Percent,
    /// From 0 to 1.
    Ratio,
    /// Things: nodes, connections, errors.
    Count,
    /// Anything else. Only the values themselves say which change matters.
    #[default]
    Other,
}

impl Unit {
    /// The least scale, in this unit: a change of a few of these does not matter.
    #[must_use]
    pub const fn floor(self) -> f64 {
        match self {
            Self::Percent => 1.0,
            Self::Ratio => 0.01,
            Self::Count => 0.25,
            Self::Other => 0.0,
        }
    }
}
