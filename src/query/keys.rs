//! A column of an answer as numbers: equal numbers are equal texts, so that telling a million events apart compares no
//! text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use arrow::array::{Array, StringArray, StringBuilder};
use arrow::error::ArrowError;
use foldhash::fast::RandomState;

use crate::event::{Column, Events};

/// The texts of a column, each once, and each event's index among them.
#[derive(Clone, Debug)]
pub struct Keys<'a> {
    of: Vec<u32>,
    texts: Vec<Cow<'a, str>>,
}

/// The key of an event that has no text.
const NONE: u32 = u32::MAX;

/// A fast map with a random seed, so that chosen keys do not collide.
pub(super) type Map<K, V> = HashMap<K, V, RandomState>;

/// Up to this many combinations of keys are numbered in a dense table, more in a hash map.
const MOST_PAIRS: usize = 1 << 20;

/// Rows grouped by several columns: each row's group, and the first row of each group.
///
/// A number stands for a key of each column; column by column, the combinations that occur are numbered anew.
pub(super) fn group_rows(rows: usize, columns: &[&Keys<'_>]) -> (Vec<u32>, Vec<usize>) {
    let mut of: Vec<u32> = vec![0; rows];
    let mut first = Vec::from_iter((rows > 0).then_some(0));
    for keys in columns {
        first = combine(&mut of, first.len(), keys);
    }
    (of, first)
}

/// Numbers the combinations of a number below `numbers` and a key that occur, in the order of their first rows. Returns these
/// rows.
pub(super) fn combine(of: &mut [u32], numbers: usize, keys: &Keys<'_>) -> Vec<usize> {
    let width = keys.len() + 1;
    let pairs = numbers.saturating_mul(width);
    let mut firsts = Vec::new();
    let mut number = |row: usize| {
        firsts.push(row);
        // There are not more numbers than rows, and rows are counted by 32 bits.
        u32::try_from(firsts.len() - 1).unwrap_or(NONE)
    };
    let pair = |row: usize, number: u32| number as usize * width + keys.key(row);
    if pairs <= MOST_PAIRS {
        let mut numbers = vec![NONE; pairs];
        for (row, of) in of.iter_mut().enumerate() {
            let known = &mut numbers[pair(row, *of)];
            if *known == NONE {
                *known = number(row);
            }
            *of = *known;
        }
    } else {
        let mut numbers: Map<usize, u32> = Map::default();
        for (row, of) in of.iter_mut().enumerate() {
            *of = *numbers.entry(pair(row, *of)).or_insert_with(|| number(row));
        }
    }
    firsts
}

/// Distinct texts.
#[derive(Default)]
struct Distinct<'a> {
    indices: Map<Cow<'a, str>, u32>,
    texts: Vec<Cow<'a, str>>,
}

impl<'a> Distinct<'a> {
    /// The index of a text, which is added where it is new.
    fn index(&mut self, text: Cow<'a, str>) -> u32 {
        let texts = &mut self.texts;
        *self.indices.entry(text).or_insert_with_key(|text| {
            texts.push(text.clone());
            // There are not more texts than rows of a few columns, far below what 32 bits count.
            u32::try_from(texts.len() - 1).unwrap_or(NONE)
        })
    }
}

impl<'a> Keys<'a> {
    /// A text column as it is.
    #[must_use]
    pub fn of(events: &'a Events, column: Column) -> Self {
        Self::named(events, &[column], Cow::Borrowed, std::iter::empty())
    }

    /// What `name` makes of the texts of a column and, of events that have none there, of the next; and for some rows their
    /// own.
    pub fn named(
        events: &'a Events,
        columns: &[Column],
        name: impl Fn(&'a str) -> Cow<'a, str>,
        own: impl Iterator<Item = (usize, Option<Cow<'a, str>>)>,
    ) -> Self {
        let mut distinct = Distinct::default();
        let mut of: Option<Vec<u32>> = None;
        for column in columns {
            let next = events.numbers(*column, NONE, |text| distinct.index(name(text)));
            match &mut of {
                Some(of) => {
                    of.iter_mut().zip(next).filter(|(key, _)| **key == NONE).for_each(|(key, next)| *key = next);
                }
                None => of = Some(next),
            }
        }
        let mut of = of.unwrap_or_else(|| vec![NONE; events.len()]);
        for (row, text) in own {
            of[row] = text.map_or(NONE, |text| distinct.index(text));
        }
        Self { of, texts: distinct.texts }
    }

    /// The texts that `text` finds, which it is asked for once for rows that agree in all columns.
    pub fn of_alike(rows: usize, columns: &[&Keys<'_>], mut text: impl FnMut(usize) -> Option<Cow<'a, str>>) -> Self {
        let (mut of, first) = group_rows(rows, columns);
        let mut distinct = Distinct::default();
        let keys: Vec<u32> = first.into_iter().map(|row| text(row).map_or(NONE, |text| distinct.index(text))).collect();
        for key in &mut of {
            *key = keys[*key as usize];
        }
        Self { of, texts: distinct.texts }
    }

    /// The texts that `text` finds, which it is asked for once for rows of one `sign`.
    pub fn by<S: Hash + Eq>(
        rows: usize,
        sign: impl Fn(usize) -> S,
        mut text: impl FnMut(usize) -> Option<Cow<'a, str>>,
    ) -> Self {
        let mut signs: Map<S, u32> = Map::default();
        let mut distinct = Distinct::default();
        let keys = (0..rows)
            .map(|row| *signs.entry(sign(row)).or_insert_with(|| text(row).map_or(NONE, |text| distinct.index(text))));
        Self { of: keys.collect(), texts: distinct.texts }
    }

    /// Long texts, one for each event.
    pub(super) fn long(texts: &'a StringArray) -> Self {
        Self::by(texts.len(), |row| row, |row| texts.is_valid(row).then(|| texts.value(row).into()))
    }

    /// The key of an event's text; it counts from 0, and the number of texts is that of events without text.
    #[must_use]
    pub fn key(&self, row: usize) -> usize {
        match self.of[row] {
            NONE => self.texts.len(),
            key => key as usize,
        }
    }

    /// How many texts there are; some may be no event's.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The text of a key.
    #[must_use]
    pub fn text(&self, key: usize) -> Option<&str> {
        self.texts.get(key).map(AsRef::as_ref)
    }

    /// The text of an event.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&str> {
        self.text(self.key(row))
    }

    /// The text that some events, of which there is one at least, all have.
    pub(super) fn common(&self, rows: &[usize]) -> Option<&str> {
        rows.iter().all(|row| self.of[*row] == self.of[rows[0]]).then(|| self.get(rows[0]))?
    }

    /// The events' texts as a column, each text as `show` writes it.
    ///
    /// # Errors
    /// When it outgrows Arrow's 2 GiB.
    pub fn column(&self, show: impl Fn(&str) -> Cow<'_, str>) -> Result<StringArray, ArrowError> {
        let texts: Vec<Cow<'_, str>> = self.texts.iter().map(|text| show(text)).collect();
        let bytes: usize = self.of.iter().map(|key| texts.get(*key as usize).map_or(0, |text| text.len())).sum();
        if i32::try_from(bytes).is_err() {
            return Err(ArrowError::InvalidArgumentError(format!(
                "a column of {bytes} bytes; at most 2 GiB are allowed"
            )));
        }
        let mut column = StringBuilder::with_capacity(self.of.len(), bytes);
        self.of.iter().for_each(|key| column.append_option(texts.get(*key as usize)));
        Ok(column.finish())
    }

    /// The `most` texts that occur most often among some events.
    #[must_use]
    pub fn frequent(&self, rows: &[usize], most: usize) -> Frequent<'_> {
        let mut counts: Vec<(&str, usize)> = if self.texts.len() <= rows.len() {
            let mut counts = vec![0; self.texts.len() + 1];
            for row in rows {
                counts[self.key(*row)] += 1;
            }
            let counts = self.texts.iter().map(AsRef::as_ref).zip(counts);
            counts.filter(|(_, count)| *count > 0).collect()
        } else {
            let mut keys: Vec<usize> = rows.iter().map(|row| self.key(*row)).collect();
            keys.sort_unstable();
            keys.chunk_by(usize::eq).filter_map(|same| Some((self.text(same[0])?, same.len()))).collect()
        };
        let others = counts.len().saturating_sub(most);
        if others > 0 {
            counts.select_nth_unstable_by(most, by_frequency);
            counts.truncate(most);
        }
        counts.sort_unstable_by(by_frequency);
        Frequent { counts, others }
    }
}

fn by_frequency((a, x): &(&str, usize), (b, y): &(&str, usize)) -> std::cmp::Ordering {
    y.cmp(x).then_with(|| a.cmp(b))
}

/// The texts that occur most often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frequent<'a> {
    /// Each and how often it occurs, the most frequent first, equally frequent ones by text.
    pub counts: Vec<(&'a str, usize)>,
    /// How many other texts there are.
    pub others: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_one_key_and_are_found_once_for_each_sign() {
        let signs = [1, 2, 1, 3, 4, 2];
        let mut found = 0;
        let text = |row: usize| {
            found += 1;
            (signs[row] != 4).then(|| Cow::Owned(if signs[row] == 3 { "a" } else { "b" }.to_owned()))
        };
        let keys = Keys::by(signs.len(), |row| signs[row], text);
        assert_eq!((keys.len(), found), (2, 4));
        let texts: Vec<_> = (0..signs.len()).map(|row| keys.get(row)).collect();
        assert_eq!(texts, [Some("b"), Some("b"), Some("b"), Some("a"), None, Some("b")]);
        let frequent = |rows: &[usize], most| keys.frequent(rows, most);
        assert_eq!(frequent(&[0, 3, 4, 5], 2), Frequent { counts: vec![("b", 2), ("a", 1)], others: 0 });
        assert_eq!(frequent(&[1, 3], 5), Frequent { counts: vec![("a", 1), ("b", 1)], others: 0 });
        assert_eq!(frequent(&[0, 3, 5], 1), Frequent { counts: vec![("b", 2)], others: 1 });
        assert_eq!(frequent(&[3], 0), Frequent { counts: Vec::new(), others: 1 });
        assert_eq!(frequent(&[4], 5), Frequent { counts: Vec::new(), others: 0 });
    }
}
