use std::ops::Range;

/// Some rows of one chunk.
#[derive(Clone, Debug)]
pub(super) enum RowSelection<'a> {
    /// Rows that follow each other.
    Range(Range<usize>),
    /// Single rows: `picks` count from `before` on, where the chunk has row `start`.
    Picked { picks: &'a [u32], before: usize, start: usize },
}

impl RowSelection<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Range(rows) => rows.len(),
            Self::Picked { picks, .. } => picks.len(),
        }
    }

    #[inline]
    pub(super) fn each(&self, mut see: impl FnMut(usize)) {
        match self {
            Self::Range(rows) => rows.clone().for_each(see),
            Self::Picked { picks, before, start } => picks.iter().for_each(|pick| see(*pick as usize - before + start)),
        }
    }
}
