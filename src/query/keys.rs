//! A column of an answer as numbers: equal numbers are equal texts, so that telling a million events apart compares no
//! text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::FixedState;

use crate::event::Text;

/// The texts of a column, each once, and the place of each event's text among them.
#[derive(Clone, Debug, Default)]
pub struct Keys<'a> {
    of: Vec<u32>,
    texts: Vec<Cow<'a, str>>,
}

/// The key of an event that has no text.
const NONE: u32 = u32::MAX;

/// A map for keys that nobody chooses to collide.
pub(super) type Map<K, V> = HashMap<K, V, FixedState>;

/// Combinations of keys that are numbered in a table; of more, those that occur are looked up.
const MOST_PAIRS: usize = 1 << 20;

/// Rows told apart by several columns: each row's number, and of each number the first row.
///
/// A number stands for a key of each column; column by column, the combinations that occur are numbered anew.
pub(super) fn told_apart(rows: usize, columns: &[&Keys<'_>]) -> (Vec<u32>, Vec<usize>) {
    let mut of: Vec<u32> = vec![0; rows];
    let mut first = Vec::from_iter((rows > 0).then_some(0));
    for keys in columns {
        let width = keys.len() + 1;
        let pairs = first.len().saturating_mul(width);
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
        first = firsts;
    }
    (of, first)
}

/// Texts that are told apart, each once.
#[derive(Default)]
struct Distinct<'a> {
    places: Map<Cow<'a, str>, u32>,
    texts: Vec<Cow<'a, str>>,
}

impl<'a> Distinct<'a> {
    /// The place of a text, which is added where it is new.
    fn place(&mut self, text: Cow<'a, str>) -> u32 {
        let texts = &mut self.texts;
        *self.places.entry(text).or_insert_with_key(|text| {
            texts.push(text.clone());
            // There are not more texts than rows, and rows are counted by 32 bits.
            u32::try_from(texts.len() - 1).unwrap_or(NONE)
        })
    }
}

impl<'a> Keys<'a> {
    /// A text column as it is.
    #[must_use]
    pub fn of_column(text: Text<'a>, rows: usize) -> Self {
        let key = |row| text.key(row).and_then(|key| u32::try_from(key).ok()).unwrap_or(NONE);
        let texts = text.dictionary().iter().map(|text| Cow::Borrowed(text.unwrap_or_default())).collect();
        Self { of: (0..rows).map(key).collect(), texts }
    }

    /// The same with other texts: what `name` says instead of a text, and for some rows their own.
    #[must_use]
    pub fn renamed<'b>(
        self,
        name: impl Fn(&str) -> Option<&'a str>,
        own: impl Iterator<Item = (usize, &'b str)>,
    ) -> Self {
        let Self { mut of, texts } = self;
        let mut distinct = Distinct::default();
        let renamed = |text: Cow<'a, str>| name(&text).map_or(text, Cow::Borrowed);
        let keys: Vec<u32> = texts.into_iter().map(|text| distinct.place(renamed(text))).collect();
        for key in of.iter_mut().filter(|key| **key != NONE) {
            *key = keys[*key as usize];
        }
        for (row, text) in own {
            of[row] = distinct.place(Cow::Owned(text.to_owned()));
        }
        Self { of, texts: distinct.texts }
    }

    /// The texts that `text` finds, which it is asked for once for rows that agree in all columns.
    pub fn of_alike(rows: usize, columns: &[&Keys<'_>], mut text: impl FnMut(usize) -> Option<Cow<'a, str>>) -> Self {
        let (mut of, first) = told_apart(rows, columns);
        let mut distinct = Distinct::default();
        let keys: Vec<u32> = first.into_iter().map(|row| text(row).map_or(NONE, |text| distinct.place(text))).collect();
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
        let key = |row| *signs.entry(sign(row)).or_insert_with(|| text(row).map_or(NONE, |text| distinct.place(text)));
        let of = (0..rows).map(key).collect();
        Self { of, texts: distinct.texts }
    }

    /// The key of an event's text; it counts from 0, and [`Keys::len`] is that of events without text.
    #[must_use]
    pub fn key(&self, row: usize) -> usize {
        match self.of[row] {
            NONE => self.texts.len(),
            key => key as usize,
        }
    }

    /// How many texts there are; some may be no event's.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether no event has a text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
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

    /// The texts of some events and how often each occurs, the most frequent first, equally frequent ones by text.
    #[must_use]
    pub fn frequent(&self, rows: &[usize]) -> Vec<(&str, usize)> {
        let mut counts: Map<usize, usize> = Map::default();
        for row in rows {
            *counts.entry(self.key(*row)).or_insert(0) += 1;
        }
        let mut counts: Vec<(&str, usize)> =
            counts.into_iter().filter_map(|(key, count)| Some((self.text(key)?, count))).collect();
        counts.sort_unstable_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        counts
    }
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
        assert_eq!(keys.frequent(&[0, 3, 4, 5]), [("b", 2), ("a", 1)]);
        assert_eq!(keys.frequent(&[1, 3]), [("a", 1), ("b", 1)]);
    }
}
