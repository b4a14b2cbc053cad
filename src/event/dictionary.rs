use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, DictionaryArray, NullArray, PrimitiveArray, StringArray, StringBuilder};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{ArrowDictionaryKeyType, ArrowNativeType, Int32Type, UInt8Type, UInt16Type};
use arrow::error::ArrowError;

use super::row_selection::RowSelection;
use super::text::Text;

/// The key of an absent text.
pub(super) const NULL: i32 = -1;

/// Builds a dictionary that has each text once.
#[derive(Default)]
struct DictionaryBuilder<'a> {
    keys: HashMap<&'a str, i32, foldhash::fast::RandomState>,
    texts: Vec<&'a str>,
}

impl<'a> DictionaryBuilder<'a> {
    /// The key of a text; a new text is added.
    fn key(&mut self, text: &'a str) -> i32 {
        *self.keys.entry(text).or_insert_with(|| {
            self.texts.push(text);
            i32::try_from(self.texts.len() - 1).expect("a page has fewer than 2^31 texts")
        })
    }

    fn finish(&self) -> StringArray {
        // A dictionary may be cached for long: it has no spare capacity.
        let bytes = self.texts.iter().map(|text| text.len()).sum();
        let mut values = StringBuilder::with_capacity(self.texts.len(), bytes);
        values.extend(self.texts.iter().map(Some));
        values.finish()
    }
}

/// The number of each row's text. `number` is called once for each text of a chunk; `none` is the number of an absent text.
pub(super) fn numbers<'a, T: Copy>(
    rows: &RowSelection,
    chunks: &[Text<'a>],
    none: T,
    mut number: impl FnMut(&'a str) -> T,
) -> Vec<T> {
    let mut known: Vec<Vec<Option<T>>> =
        chunks.iter().map(|text| vec![None; text.values.map_or(0, Array::len)]).collect();
    let mut numbers = Vec::with_capacity(rows.len());
    for run in &rows.runs {
        let (text, known) = (&chunks[run.chunk()], &mut known[run.chunk()]);
        numbers.extend(run.rows().map(|row| match text.key(row) {
            Some(key) => *known[key].get_or_insert_with(|| number(text.value(key))),
            None => none,
        }));
    }
    numbers
}

/// Makes a column of keys and their dictionary.
pub(super) type Encode = fn(Vec<i32>, &ArrayRef) -> Result<ArrayRef, ArrowError>;

/// Rows of text columns as columns that share one dictionary, which has no text twice and none unused.
pub(super) fn dictionaries(
    columns: &[(&RowSelection, Vec<Text<'_>>)],
    encode: Encode,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let mut dictionary = DictionaryBuilder::default();
    let mut keys = Vec::with_capacity(columns.len());
    for (rows, chunks) in columns {
        keys.push(numbers(rows, chunks, NULL, |text| dictionary.key(text)));
    }
    let values: ArrayRef = Arc::new(dictionary.finish());
    keys.into_iter().map(|keys| encode(keys, &values)).collect()
}

/// A column of the texts at `keys` in a dictionary, with the narrowest possible keys; without any text, a column of nulls.
pub(super) fn narrow(keys: Vec<i32>, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match values.len() {
        _ if keys.iter().all(|key| *key == NULL) => Ok(Arc::new(NullArray::new(keys.len()))),
        0..=256 => encoded::<UInt8Type>(keys, values),
        257..=65_536 => encoded::<UInt16Type>(keys, values),
        _ => encoded::<Int32Type>(keys, values),
    }
}

/// A column of the texts at `keys` in a dictionary.
pub(super) fn encoded<K: ArrowDictionaryKeyType>(keys: Vec<i32>, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let nulls = keys.contains(&NULL).then(|| BooleanBuffer::collect_bool(keys.len(), |row| keys[row] != NULL));
    // The key of a null may be any.
    let keys: Vec<K::Native> =
        keys.into_iter().map(|key| K::Native::usize_as(usize::try_from(key).unwrap_or(0))).collect();
    let keys = PrimitiveArray::<K>::new(keys.into(), nulls.map(NullBuffer::new));
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::clone(values))?))
}
