/// A set of rows of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bits {
    words: Vec<u64>,
    rows: usize,
}

const BITS: usize = u64::BITS as usize;

impl Bits {
    /// No row of `rows`.
    pub(super) fn none(rows: usize) -> Self {
        Self { words: vec![0; rows.div_ceil(BITS)], rows }
    }

    /// All rows of `rows`.
    pub(super) fn all(rows: usize) -> Self {
        let mut bits = Self { words: vec![u64::MAX; rows.div_ceil(BITS)], rows };
        if let Some(last) = bits.words.last_mut()
            && !rows.is_multiple_of(BITS)
        {
            *last = (1 << (rows % BITS)) - 1;
        }
        bits
    }

    /// The memory of the rows.
    pub(super) fn bytes(&self) -> usize {
        self.words.len() * size_of::<u64>()
    }

    pub(super) fn insert(&mut self, row: usize) {
        self.words[row / BITS] |= 1 << (row % BITS);
    }

    pub(super) fn has(&self, row: usize) -> bool {
        self.words[row / BITS] & (1 << (row % BITS)) != 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn and(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    pub(super) fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn minus(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// The rows, ascending.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let more = |word: &u64| Some(word & (word - 1)).filter(|word| *word != 0);
            let each = std::iter::successors(Some(*word).filter(|word| *word != 0), more);
            each.map(move |word| index * BITS + word.trailing_zeros() as usize)
        })
    }

    /// The rows that `has` accepts.
    pub(super) fn filter(&self, mut has: impl FnMut(usize) -> bool) -> Self {
        let mut words = Vec::with_capacity(self.words.len());
        for (index, word) in self.words.iter().enumerate() {
            let (mut left, mut found) = (*word, 0);
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                found |= u64::from(has(index * BITS + bit as usize)) << bit;
            }
            words.push(found);
        }
        Self { words, rows: self.rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_any_size() {
        for rows in [0, 1, 63, 64, 65, 200] {
            let all = Bits::all(rows);
            assert_eq!((all.count(), all.is_empty()), (rows, rows == 0));
            assert_eq!(all.rows().collect::<Vec<_>>(), (0..rows).collect::<Vec<_>>());
            let third = all.filter(|row| row % 3 == 0);
            assert_eq!(third.rows().collect::<Vec<_>>(), (0..rows).step_by(3).collect::<Vec<_>>());
            let mut others = all.clone();
            others.minus(&third);
            assert!(others.rows().all(|row| row % 3 != 0));
            others.or(&third);
            assert_eq!(others, all);
            others.and(&third);
            assert_eq!(others, third);
            let mut inserted = Bits::none(rows);
            third.rows().for_each(|row| inserted.insert(row));
            assert!((0..rows).all(|row| inserted.has(row) == (row % 3 == 0)));
            assert_eq!(inserted, third);
        }
    }
}
