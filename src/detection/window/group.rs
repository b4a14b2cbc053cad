use std::sync::Arc;

/// The number of an absent key.
pub(super) const ABSENT: u32 = 0;

/// The keys of a group, in the order of the correlation's `group-by`: equal numbers are equal texts, and 0 is an absent one.
pub(crate) type Group = Arc<[u32]>;

/// The values of a field, by event: equal numbers are equal texts, whichever the field, and 0 is an absent one.
pub(crate) type Column = Arc<[u32]>;

/// Where the numbers of a rule's hits are.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// In a column, by event.
    Column(Column),
    /// In the group of a firing, by key.
    Key(usize),
}

impl Source {
    /// The number of a hit. `group` is that of a firing, and empty for a hit of a rule of events.
    fn number(&self, event: u32, group: &[u32]) -> u32 {
        match self {
            Self::Column(column) => column[event as usize],
            Self::Key(key) => group[*key],
        }
    }
}

/// The numbers of a hit.
pub(super) fn numbers(sources: &[Source], event: u32, group: &[u32], into: &mut Vec<u32>) {
    into.clear();
    into.extend(sources.iter().map(|source| source.number(event, group)));
}
