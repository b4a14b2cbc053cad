use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, NullArray, PrimitiveArray, StringArray, StringBuilder,
};
use arrow::datatypes::{ArrowDictionaryKeyType, ArrowNativeType, DataType, Int32Type, UInt8Type, UInt16Type};
use arrow::error::ArrowError;

use super::chunk::ColumnData;
use super::row_selection::RowSelection;

/// Dictionary columns with one dictionary for all, which has no value twice or unused, and keys as narrow as can be;
/// none at all where a column has no text.
pub(super) fn dictionaries(columns: &[ArrayRef]) -> Result<Vec<ArrayRef>, ArrowError> {
    let mut merger = DictionaryMerger::default();
    let keys: Vec<Int32Array> = columns
        .iter()
        .map(|texts| {
            let texts: &DictionaryArray<Int32Type> = texts.as_dictionary();
            let mut places = KeyMap::of(texts.values().as_string());
            texts.keys().iter().map(|key| Some(places.place(key?.as_usize(), &mut merger))).collect()
        })
        .collect();
    let values: ArrayRef = Arc::new(merger.into_values());
    let narrowed = |keys: Int32Array| match values.len() {
        _ if keys.null_count() == keys.len() => Ok(Arc::new(NullArray::new(keys.len())) as ArrayRef),
        0..=256 => narrowed::<UInt8Type>(&keys, &values),
        257..=65_536 => narrowed::<UInt16Type>(&keys, &values),
        _ => Ok(Arc::new(DictionaryArray::try_new(keys, Arc::clone(&values))?) as ArrayRef),
    };
    keys.into_iter().map(narrowed).collect()
}

fn narrowed<K: ArrowDictionaryKeyType>(keys: &Int32Array, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    // The key of an absent text may be any number.
    let narrow = |key: &i32| K::Native::from_usize(key.as_usize()).unwrap_or_default();
    let keys = PrimitiveArray::<K>::new(keys.values().iter().map(narrow).collect(), keys.nulls().cloned());
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::clone(values))?))
}

/// Makes one dictionary of several.
#[derive(Default)]
pub(super) struct DictionaryMerger<'a> {
    places: HashMap<&'a str, i32, foldhash::fast::RandomState>,
    values: Vec<&'a str>,
}

/// The keys of one dictionary's values in the merged dictionary, each looked up at its first use.
pub(super) struct KeyMap<'a> {
    values: &'a StringArray,
    places: Vec<i32>,
}

impl<'a> KeyMap<'a> {
    /// The places of a dictionary's values; none is known yet.
    pub(super) fn of(values: &'a StringArray) -> Self {
        Self { values, places: vec![-1; values.len()] }
    }

    /// The position of a key of the dictionary.
    #[inline]
    pub(super) fn place(&mut self, key: usize, merger: &mut DictionaryMerger<'a>) -> i32 {
        let place = &mut self.places[key];
        if *place < 0 {
            *place = merger.place(self.values.value(key));
        }
        *place
    }
}

impl<'a> DictionaryMerger<'a> {
    pub(super) fn place(&mut self, text: &'a str) -> i32 {
        let values = &mut self.values;
        *self.places.entry(text).or_insert_with(|| {
            values.push(text);
            i32::try_from(values.len() - 1).expect("a page has fewer than 2^31 texts")
        })
    }

    /// The merger.
    pub(super) fn into_values(self) -> StringArray {
        // No larger than it has to be.
        let mut values =
            StringBuilder::with_capacity(self.values.len(), self.values.iter().map(|text| text.len()).sum());
        self.values.iter().for_each(|text| values.append_value(text));
        values.finish()
    }
}

/// The dictionary of a text column; empty where it has none.
pub(super) fn dictionary(data: &ColumnData) -> Option<&StringArray> {
    let ColumnData::Plain(array) = data else { return None };
    array.as_any_dictionary_opt().map(|array| array.values().as_string())
}

/// Shows `see` the keys of some rows of a dictionary column.
#[inline]
pub(super) fn keys(data: &ColumnData, rows: &RowSelection<'_>, mut see: impl FnMut(Option<usize>)) {
    pub(super) fn typed<K: ArrowDictionaryKeyType>(
        array: &DictionaryArray<K>,
        rows: &RowSelection<'_>,
        mut see: impl FnMut(Option<usize>),
    ) {
        let keys = array.keys().values();
        match array.keys().nulls() {
            None => rows.each(|row| see(Some(keys[row].as_usize()))),
            Some(nulls) => rows.each(|row| see(nulls.is_valid(row).then(|| keys[row].as_usize()))),
        }
    }
    let ColumnData::Plain(array) = data else { return };
    if let Some(array) = array.as_dictionary_opt::<UInt8Type>() {
        typed(array, rows, see);
    } else if let Some(array) = array.as_dictionary_opt::<UInt16Type>() {
        typed(array, rows, see);
    } else if let Some(array) = array.as_dictionary_opt::<Int32Type>() {
        typed(array, rows, &mut see);
    } else if array.data_type() == &DataType::Null {
        rows.each(|_| see(None));
    }
}
