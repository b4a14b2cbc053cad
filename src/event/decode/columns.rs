//! Builders of text columns.
#![expect(clippy::inline_always, reason = "an event has twenty texts, and each column its own branches")]

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::event::dictionary::{NULL, encoded};
use crate::event::references::list_of;
use crate::event::uuid_column::UUID;

fn offset(length: usize) -> i32 {
    i32::try_from(length).expect("a page is at most 64 MiB and a listing 512 MiB, less than 2^31")
}

fn length(offset: i32) -> usize {
    usize::try_from(offset).expect("offsets are not negative")
}

/// Texts one behind the other, some of them absent.
pub(super) struct Strings {
    bytes: Vec<u8>,
    ends: Vec<i32>,
    present: Vec<bool>,
}

impl Default for Strings {
    fn default() -> Self {
        Self { bytes: Vec::new(), ends: vec![0], present: Vec::new() }
    }
}

impl Strings {
    /// Adds a row.
    pub(super) fn push(&mut self, text: Option<&[u8]>) {
        let text_or_nothing = text.unwrap_or_default();
        // An id is copied with a length known to the compiler.
        match <&[u8; UUID]>::try_from(text_or_nothing) {
            Ok(id) => self.bytes.extend_from_slice(id),
            Err(_) => self.bytes.extend_from_slice(text_or_nothing),
        }
        self.ends.push(offset(self.bytes.len()));
        self.present.push(text.is_some());
    }

    fn get(&self, row: usize) -> Option<&[u8]> {
        let &[start, end] = self.ends.get(row..)?.first_chunk()?;
        self.bytes.get(length(start)..length(end))
    }

    /// Removes all but the first rows.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows + 1);
        self.present.truncate(rows);
        self.bytes.truncate(self.ends.last().map_or(0, |&end| length(end)));
    }

    pub(super) fn finish(self) -> Result<StringArray, ArrowError> {
        let nulls = self.present.contains(&false).then(|| NullBuffer::from(self.present));
        StringArray::try_new(OffsetBuffer::new(self.ends.into()), Buffer::from_vec(self.bytes), nulls)
    }
}

/// The number of recent texts that a dictionary finds without a hash; a power of two.
const RECENT: usize = 128;

/// A text of a dictionary: its key and its range of bytes.
#[derive(Clone, Copy)]
struct Known {
    key: i32,
    start: i32,
    end: i32,
}

/// Dictionary-encoded texts.
pub(super) struct Texts {
    /// The rows' keys, up to the last one that has a text.
    keys: Vec<i32>,
    values: Strings,
    /// The keys by the hash of their values.
    known: HashTable<i32>,
    hasher: DefaultHashBuilder,
    /// The texts found last, each in its slot: a page repeats few texts.
    recent: [Known; RECENT],
    /// The keys of texts that follow from a small number, by that number.
    following: Vec<Option<i32>>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            values: Strings::default(),
            known: HashTable::with_capacity(RECENT),
            hasher: DefaultHashBuilder::default(),
            recent: [Known { key: NULL, start: NULL, end: NULL }; RECENT],
            following: Vec::new(),
        }
    }
}

/// A slot that texts of one column seldom share. It need not withstand texts chosen to collide: the hash does.
#[inline]
fn slot(text: &[u8]) -> usize {
    let (Some(&[a, b]), Some(&[c, d])) = (text.first_chunk(), text.last_chunk()) else { return 0 };
    let mixed = (u32::from_le_bytes([a, b, c, d]) ^ offset(text.len()).cast_unsigned()).wrapping_mul(0x9e37_79b9);
    (mixed >> (u32::BITS - RECENT.trailing_zeros())) as usize
}

impl Texts {
    /// The dictionary's key of a text; a new text is added.
    #[inline(always)]
    pub(super) fn key(&mut self, text: Option<&[u8]>) -> i32 {
        let Some(text) = text else { return NULL };
        let slot = slot(text);
        let Known { key, start, end } = self.recent[slot];
        if key != NULL && self.values.bytes.get(length(start)..length(end)) == Some(text) {
            return key;
        }
        self.recent[slot] = self.find(text);
        self.recent[slot].key
    }

    #[inline(never)]
    fn find(&mut self, text: &[u8]) -> Known {
        let Self { values, known, hasher, .. } = self;
        let hash = hasher.hash_one(text);
        let found = known.find(hash, |&key| values.get(length(key)) == Some(text)).copied();
        let key = found.unwrap_or_else(|| {
            let key = offset(known.len());
            values.push(Some(text));
            known.insert_unique(hash, key, |&key| hasher.hash_one(values.get(length(key)).unwrap_or_default()));
            key
        });
        Known { key, start: values.ends[length(key)], end: values.ends[length(key) + 1] }
    }

    /// Sets a row after all rows set before; rows between have no text.
    #[inline(always)]
    pub(super) fn set(&mut self, row: usize, text: Option<&[u8]>) {
        let key = self.key(text);
        self.set_key(row, key);
    }

    /// As [`set`](Self::set), for a text whose key is known.
    #[inline(always)]
    pub(super) fn set_key(&mut self, row: usize, key: i32) {
        if key != NULL {
            if self.keys.len() < row {
                self.keys.resize(row, NULL);
            }
            self.keys.push(key);
        }
    }

    /// As [`set`](Self::set), for a text that follows from the number `from` and is found once for each number.
    #[inline(always)]
    pub(super) fn set_following<'a>(&mut self, row: usize, from: usize, text: impl FnOnce() -> Option<&'a [u8]>) {
        let key = self.following.get(from).copied().flatten().unwrap_or_else(|| {
            let key = self.key(text());
            self.following.resize(self.following.len().max(from + 1), None);
            self.following[from] = Some(key);
            key
        });
        self.set_key(row, key);
    }

    /// Removes all but the first rows; the dictionary retains the texts of the others.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.keys.truncate(rows);
    }

    /// The keys of `rows` rows, and the dictionary.
    pub(super) fn finish(mut self, rows: usize) -> Result<(Vec<i32>, ArrayRef), ArrowError> {
        self.keys.resize(rows, NULL);
        Ok((self.keys, Arc::new(self.values.finish()?)))
    }
}

/// A list of items for each row; an item has `N` keys.
pub(super) struct Lists<const N: usize> {
    ends: Vec<i32>,
    keys: [Vec<i32>; N],
}

impl<const N: usize> Default for Lists<N> {
    fn default() -> Self {
        Self { ends: vec![0], keys: std::array::from_fn(|_| Vec::new()) }
    }
}

impl<const N: usize> Lists<N> {
    /// Adds an item to the current row.
    pub(super) fn push(&mut self, item: [i32; N]) {
        for (keys, key) in self.keys.iter_mut().zip(item) {
            keys.push(key);
        }
    }

    /// Ends the current row.
    pub(super) fn end(&mut self) {
        self.ends.push(offset(self.keys[0].len()));
    }

    /// Removes all but the first rows.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows + 1);
        let end = self.ends.last().map_or(0, |&end| length(end));
        self.keys.iter_mut().for_each(|keys| keys.truncate(end));
    }

    /// The lists; an item has one text of each dictionary.
    pub(super) fn finish(self, names: &[&str; N], values: [&ArrayRef; N]) -> Result<ArrayRef, ArrowError> {
        let columns = self.keys.into_iter().zip(values).map(|(keys, values)| encoded::<Int32Type>(keys, values));
        list_of(names, columns.collect::<Result<_, _>>()?, OffsetBuffer::new(self.ends.into()))
    }
}
