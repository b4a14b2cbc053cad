//! What a count counts: events, or the distinct values of a column; group by group, in a window that slides over the rows.

use std::ops::Range;

use super::condition::NONE;
use super::dimension::Dimension;
use super::keys::{Keys, combine};

/// The things that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountOf {
    /// Events.
    Events,
    /// Distinct values of a column: as many as events grouped by the column have groups, `(none)` aside.
    Distinct(Dimension),
}

impl CountOf {
    /// The column whose values are counted.
    pub(super) fn column(self) -> Option<Dimension> {
        match self {
            Self::Events => None,
            Self::Distinct(column) => Some(column),
        }
    }
}

/// The count of each group among some consecutive rows.
///
/// A window that moves by a few rows costs these rows, however long it is.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    /// Each row's group.
    groups: &'a [u32],
    /// The values, where these are counted.
    values: Option<Values>,
    /// The count of each group.
    counts: Vec<i64>,
    /// The counted rows.
    rows: Range<usize>,
}

/// The values of rows, and how often each occurs among the counted rows.
#[derive(Debug)]
struct Values {
    /// Each row's pair of group and value.
    pairs: Vec<u32>,
    /// Whether a row has a value.
    has_value: Vec<bool>,
    /// How often each pair occurs.
    occurrences: Vec<u32>,
}

impl Values {
    fn of(groups: &[u32], count: usize, keys: &Keys<'_>) -> Self {
        let mut pairs = groups.to_vec();
        let found = combine(&mut pairs, count, keys).len();
        // The last key is that of rows without a text.
        let is_value: Vec<bool> = (0..=keys.len()).map(|key| keys.text(key).is_some_and(is_value)).collect();
        let has_value = (0..groups.len()).map(|row| is_value[keys.key(row)]).collect();
        Self { pairs, has_value, occurrences: vec![0; found] }
    }

    /// Counts a row. Returns whether its value is the first of its kind in its group.
    fn add(&mut self, row: usize) -> bool {
        let occurrences = &mut self.occurrences[self.pairs[row] as usize];
        *occurrences += 1;
        *occurrences == 1 && self.has_value[row]
    }

    /// Counts a row no longer. Returns whether its value was the last of its kind in its group.
    fn remove(&mut self, row: usize) -> bool {
        let occurrences = &mut self.occurrences[self.pairs[row] as usize];
        *occurrences -= 1;
        *occurrences == 0 && self.has_value[row]
    }
}

/// Whether a text is a value, and not written like the lack of one.
fn is_value(text: &str) -> bool {
    !text.is_empty() && text != NONE
}

impl<'a> Tally<'a> {
    /// A tally of no row, for rows of `count` groups; of distinct values where there are some.
    pub(super) fn new(groups: &'a [u32], count: usize, values: Option<&Keys<'_>>) -> Self {
        let values = values.map(|keys| Values::of(groups, count, keys));
        Self { groups, values, counts: vec![0; count], rows: 0..0 }
    }

    /// The counts of all rows.
    pub(super) fn of_all(groups: &'a [u32], count: usize, values: Option<&Keys<'_>>) -> Vec<i64> {
        let mut tally = Self::new(groups, count, values);
        tally.slide(0..groups.len());
        tally.counts
    }

    /// The counts of other rows, neither of whose ends is before that of the rows before.
    pub(super) fn slide(&mut self, rows: Range<usize>) -> &[i64] {
        debug_assert!(self.rows.start <= rows.start && self.rows.end <= rows.end, "{:?} to {rows:?}", self.rows);
        for row in self.rows.start..rows.start.min(self.rows.end) {
            let counts = self.values.as_mut().is_none_or(|values| values.remove(row));
            self.counts[self.groups[row] as usize] -= i64::from(counts);
        }
        for row in rows.start.max(self.rows.end)..rows.end {
            let counts = self.values.as_mut().is_none_or(|values| values.add(row));
            self.counts[self.groups[row] as usize] += i64::from(counts);
        }
        self.rows = rows;
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const TEXTS: [Option<&str>; 6] = [None, Some("a"), Some("b"), Some(NONE), Some(""), Some("c")];

    proptest! {
        #[test]
        fn a_sliding_window_counts_as_one_that_is_counted_anew(
            rows in prop::collection::vec((0..3_u32, 0..TEXTS.len()), 0..60),
            steps in prop::collection::vec((0..9_usize, 0..9_usize), 1..20),
        ) {
            let groups: Vec<u32> = rows.iter().map(|(group, _)| *group).collect();
            let keys = Keys::by(rows.len(), |row| rows[row].1, |row| TEXTS[rows[row].1].map(Into::into));
            let mut events = Tally::new(&groups, 3, None);
            let mut distinct = Tally::new(&groups, 3, Some(&keys));
            let (mut start, mut end) = (0, 0);
            for (first, last) in steps {
                start = (start + first).min(rows.len());
                end = (end + last).min(rows.len()).max(start);
                let of_group = |group: u32| rows[start..end].iter().filter(move |(of, _)| *of == group);
                let expected: Vec<i64> = (0..3).map(|group| i64::try_from(of_group(group).count()).unwrap()).collect();
                prop_assert_eq!(events.slide(start..end), &expected[..]);
                let values = |group| of_group(group).filter_map(|(_, text)| TEXTS[*text]).filter(|text| is_value(text));
                let expected: Vec<i64> =
                    (0..3).map(|group| i64::try_from(values(group).collect::<BTreeSet<_>>().len()).unwrap()).collect();
                prop_assert_eq!(distinct.slide(start..end), &expected[..]);
            }
        }
    }
}
