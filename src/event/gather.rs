use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, DictionaryArray, Int32Array, ListArray, NullBufferBuilder,
    PrimitiveArray, StringArray, StringBuilder, StructArray, new_empty_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{ArrowNativeType, DataType, Field, Int32Type};
use arrow::error::ArrowError;

use super::chunk::ColumnData;
use super::dictionary::{DictionaryMerger, KeyMap, dictionary, keys};
use super::row_selection::RowSelection;
use super::text_reader::TextReader;

/// The most bytes that are set aside for texts before they are read.
const LARGEST: usize = 1 << 30;

/// Rows of plain columns, one after the other; not copied where there is one column only.
pub(super) fn runs(parts: &[(&ColumnData, Range<usize>)]) -> Option<Result<ArrayRef, ArrowError>> {
    let arrays: Option<Vec<ArrayRef>> = parts
        .iter()
        .map(|(data, rows)| match data {
            ColumnData::Plain(array) => Some(array.slice(rows.start, rows.len())),
            _ => None,
        })
        .collect();
    let arrays = arrays?;
    match &arrays[..] {
        [] => None,
        [only] => Some(Ok(Arc::clone(only))),
        several => {
            let several: Vec<&dyn Array> = several.iter().map(AsRef::as_ref).collect();
            Some(arrow::compute::concat(&several))
        }
    }
}

/// A dictionary column's rows, in the order asked, with one dictionary for all.
pub(super) fn texts(
    segments: &[(usize, RowSelection<'_>)],
    parts: &[&ColumnData],
) -> Result<DictionaryArray<Int32Type>, ArrowError> {
    let count = segments.iter().map(|(_, rows)| rows.len()).sum();
    let (mut merger, mut found, mut nulls) =
        (DictionaryMerger::default(), Vec::with_capacity(count), NullBufferBuilder::new(count));
    let none = StringArray::new_null(0);
    let mut places: Vec<Option<KeyMap<'_>>> = parts.iter().map(|_| None).collect();
    for (part, rows) in segments {
        let places = places[*part].get_or_insert_with(|| KeyMap::of(dictionary(parts[*part]).unwrap_or(&none)));
        keys(parts[*part], rows, |key| {
            nulls.append(key.is_some());
            found.push(key.map_or(0, |key| places.place(key, &mut merger)));
        });
    }
    DictionaryArray::try_new(Int32Array::new(found.into(), nulls.finish()), Arc::new(merger.into_values()))
}

/// A column of lists of structures of dictionaries, its rows in the order asked, each dictionary one for all.
pub(super) fn lists(
    segments: &[(usize, RowSelection<'_>)],
    parts: &[&ColumnData],
    item: &Arc<Field>,
) -> Result<ListArray, ArrowError> {
    let DataType::Struct(fields) = item.data_type() else {
        return Err(ArrowError::SchemaError(format!("lists of {} are not known", item.data_type())));
    };
    let lists: Vec<Option<&ListArray>> = parts.iter().map(|data| data.plain()?.as_list_opt()).collect();
    let mut lengths = Vec::new();
    let mut picked: Vec<(usize, Vec<u32>)> = Vec::with_capacity(segments.len());
    for (part, rows) in segments {
        let Some(list) = lists[*part] else { continue };
        let (offsets, mut items) = (list.value_offsets(), Vec::new());
        rows.each(|row| {
            lengths.push(offsets[row + 1].as_usize() - offsets[row].as_usize());
            items.extend((offsets[row]..offsets[row + 1]).map(i32::cast_unsigned));
        });
        picked.push((*part, items));
    }
    let items: Vec<(usize, RowSelection<'_>)> =
        picked.iter().map(|(part, picks)| (*part, RowSelection::Picked { picks, before: 0, start: 0 })).collect();
    let column = |number: usize| {
        let of = |list: Option<&ListArray>| match list {
            Some(list) => ColumnData::Plain(Arc::clone(list.values().as_struct().column(number))),
            None => ColumnData::Plain(new_empty_array(&DataType::Null)),
        };
        let columns: Vec<ColumnData> = lists.iter().copied().map(of).collect();
        Ok(Arc::new(texts(&items, &columns.iter().collect::<Vec<_>>())?) as ArrayRef)
    };
    let columns: Result<Vec<ArrayRef>, ArrowError> = (0..fields.len()).map(column).collect();
    let items = StructArray::try_new(fields.clone(), columns?, None)?;
    ListArray::try_new(Arc::clone(item), OffsetBuffer::from_lengths(lengths), Arc::new(items), None)
}

/// A primitive column's rows, in the order asked.
pub(super) fn primitives<T: ArrowPrimitiveType>(
    segments: &[(usize, RowSelection<'_>)],
    parts: &[&ColumnData],
) -> PrimitiveArray<T> {
    let count = segments.iter().map(|(_, rows)| rows.len()).sum();
    let (mut found, mut nulls) = (Vec::with_capacity(count), NullBufferBuilder::new(count));
    for (part, rows) in segments {
        let Some(array) = parts[*part].plain().and_then(|array| array.as_primitive_opt::<T>()) else { continue };
        let values = array.values();
        rows.each(|row| found.push(values[row]));
        match array.nulls() {
            None => nulls.append_n_non_nulls(rows.len()),
            Some(own) => rows.each(|row| nulls.append(own.is_valid(row))),
        }
    }
    PrimitiveArray::new(found.into(), nulls.finish())
}

/// A long text's rows, in the order asked.
pub(super) fn strings(
    segments: &[(usize, RowSelection<'_>)],
    parts: &[&ColumnData],
) -> Result<StringArray, ArrowError> {
    let mut readers: Vec<TextReader<'_>> = parts.iter().map(|data| data.reader()).collect();
    let rows = segments.iter().map(|(_, rows)| rows.len()).sum();
    let bytes: usize = segments.iter().map(|(part, rows)| parts[*part].usual_length() * rows.len()).sum();
    let mut builder = StringBuilder::with_capacity(rows, bytes.min(LARGEST));
    let mut too_long = None;
    for (part, rows) in segments {
        rows.each(|row| match readers[*part].get(row) {
            Some(text) => {
                let length = builder.values_slice().len() + text.len();
                if i32::try_from(length).is_ok() {
                    builder.append_value(text);
                } else {
                    too_long = Some(length);
                }
            }
            None => builder.append_null(),
        });
    }
    too_long.map_or_else(|| Ok(builder.finish()), |length| Err(ArrowError::OffsetOverflowError(length)))
}
