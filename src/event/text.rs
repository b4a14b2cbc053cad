use arrow::array::{Array, AsArray, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{ArrowNativeType, Int32Type, UInt8Type, UInt16Type};

/// A dictionary-encoded text column, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    keys: Keys<'a>,
    nulls: Option<&'a NullBuffer>,
    /// The dictionary, if there is one.
    pub(super) values: Option<&'a StringArray>,
}

/// A dictionary's keys; a packed column has the narrowest possible.
#[derive(Clone, Copy, Debug)]
enum Keys<'a> {
    /// No row has a text.
    None,
    OneByte(&'a [u8]),
    TwoBytes(&'a [u16]),
    FourBytes(&'a [i32]),
}

impl<'a> Text<'a> {
    pub(super) fn of(array: &'a dyn Array) -> Self {
        let keys = if let Some(texts) = array.as_dictionary_opt::<UInt8Type>() {
            Keys::OneByte(texts.keys().values())
        } else if let Some(texts) = array.as_dictionary_opt::<UInt16Type>() {
            Keys::TwoBytes(texts.keys().values())
        } else if let Some(texts) = array.as_dictionary_opt::<Int32Type>() {
            Keys::FourBytes(texts.keys().values())
        } else {
            Keys::None
        };
        let values = array.as_any_dictionary_opt().map(|texts| texts.values().as_string());
        Self { keys, nulls: array.nulls(), values }
    }

    /// The text of a row.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&'a str> {
        self.key(row).map(|key| self.value(key))
    }

    /// The row's position in the dictionary: equal keys are equal texts.
    #[inline]
    pub(crate) fn key(&self, row: usize) -> Option<usize> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        match self.keys {
            Keys::None => None,
            Keys::OneByte(keys) => Some(keys[row].into()),
            Keys::TwoBytes(keys) => Some(keys[row].into()),
            Keys::FourBytes(keys) => Some(keys[row].as_usize()),
        }
    }

    /// The number of keys; each has a text.
    pub(crate) fn keys(&self) -> usize {
        self.values.map_or(0, Array::len)
    }

    /// The text of a key.
    pub(crate) fn value(&self, key: usize) -> &'a str {
        self.values.expect("a column with keys has a dictionary").value(key)
    }

    /// Whether a row may have no text.
    pub(crate) fn has_none(&self) -> bool {
        self.nulls.is_some() || matches!(self.keys, Keys::None)
    }
}
