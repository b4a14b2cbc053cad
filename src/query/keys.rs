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

impl<'a> Keys<'a> {
    /// A text column as it is.
    #[must_use]
    pub fn of_column(text: Text<'a>, rows: usize) -> Self {
        let key = |row| text.key(row).and_then(|key| u32::try_from(key).ok()).unwrap_or(NONE);
        let texts = text.dictionary().iter().map(|text| Cow::Borrowed(text.unwrap_or_default())).collect();
        Self { of: (0..rows).map(key).collect(), texts }
    }

    /// The texts that `text` finds, which it is asked for once for rows of one `sign`.
    pub fn by<S: Hash + Eq>(
        rows: usize,
        sign: impl Fn(usize) -> S,
        mut text: impl FnMut(usize) -> Option<Cow<'a, str>>,
    ) -> Self {
        let mut signs: Map<S, u32> = Map::default();
        let mut places: Map<Cow<'a, str>, u32> = Map::default();
        let mut texts = Vec::new();
        let mut key = |row| {
            *signs.entry(sign(row)).or_insert_with(|| {
                let Some(text) = text(row) else { return NONE };
                *places.entry(text).or_insert_with_key(|text| {
                    texts.push(text.clone());
                    // There are not more texts than rows, and rows are counted by 32 bits.
                    u32::try_from(texts.len() - 1).unwrap_or(NONE)
                })
            })
        };
        let of = (0..rows).map(&mut key).collect();
        Self { of, texts }
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
