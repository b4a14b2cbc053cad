use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, ListArray, NullBufferBuilder, PrimitiveArray, StringArray,
    StringBuilder,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{Int32Type, TimestampNanosecondType, UInt16Type};
use arrow::error::ArrowError;

use super::dictionary::{dictionaries, encoded};
use super::events::Events;
use super::references::{item_text, items_of, list_of};
use super::row_selection::RowSelection;
use super::schema::{Long, PARENT, PARENTS, RECORDED_AT, REFERENCE, REFERENCES, SCHEMA, STATUS};
use super::text::Text;
use super::text_reader::TextReader;
use super::uuid_column::UUID;

impl Events {
    /// A column of the type in [`SCHEMA`], not copied where a chunk has that type.
    pub(super) fn gather(&self, index: usize) -> Result<ArrayRef, ArrowError> {
        if let [run] = &*self.rows.runs
            && let Some(array) = self.chunks[run.chunk()].columns[index].plain()
            && array.data_type() == SCHEMA.field(index).data_type()
        {
            return Ok(array.slice(run.rows().start, run.rows().len()));
        }
        self.materialized(index)
    }

    /// A column that shares no memory with the chunks.
    pub(super) fn materialized(&self, index: usize) -> Result<ArrayRef, ArrowError> {
        if let Some(long) = Long::ALL.into_iter().find(|long| long.index() == index) {
            return Ok(Arc::new(self.strings(long)?));
        }
        match index {
            RECORDED_AT => Ok(Arc::new(self.primitives::<TimestampNanosecondType>(index))),
            STATUS => Ok(Arc::new(self.primitives::<UInt16Type>(index))),
            REFERENCES | PARENTS => {
                let items = self.items(index);
                let columns = (0..items.names.len()).map(|field| dictionary(items.texts(field)));
                items.list(columns.collect::<Result<_, _>>()?)
            }
            _ => dictionary(self.texts(index)),
        }
    }

    /// The rows of a dictionary column, and the column of each chunk.
    pub(super) fn texts(&self, index: usize) -> (&RowSelection, Vec<Text<'_>>) {
        (&self.rows, self.chunks.iter().map(|chunk| Text::of(chunk.array(index))).collect())
    }

    /// The items of a column of lists.
    pub(super) fn items(&self, index: usize) -> Items<'_> {
        let lists: Vec<&ListArray> = self.chunks.iter().map(|chunk| chunk.list(index)).collect();
        let (mut rows, mut lengths) = (RowSelection::default(), Vec::with_capacity(self.len()));
        for run in &self.rows.runs {
            let list = lists[run.chunk()];
            lengths.extend(run.rows().map(|row| items_of(list, row).len()));
            rows.push(run.chunk(), items_of(list, run.rows().start).start..items_of(list, run.rows().end - 1).end);
        }
        let names = if index == REFERENCES { &REFERENCE[..] } else { &PARENT };
        Items { names, lists, rows, offsets: OffsetBuffer::from_lengths(lengths) }
    }

    fn primitives<T: ArrowPrimitiveType>(&self, index: usize) -> PrimitiveArray<T> {
        let (mut values, mut nulls) = (Vec::with_capacity(self.len()), NullBufferBuilder::new(self.len()));
        for run in &self.rows.runs {
            let array = self.chunks[run.chunk()].array(index).as_primitive::<T>();
            values.extend_from_slice(&array.values()[run.rows()]);
            match array.nulls() {
                None => nulls.append_n_non_nulls(run.rows().len()),
                Some(of) => run.rows().for_each(|row| nulls.append(of.is_valid(row))),
            }
        }
        PrimitiveArray::new(values.into(), nulls.finish())
    }

    fn strings(&self, long: Long) -> Result<StringArray, ArrowError> {
        let mut texts = StringBuilder::with_capacity(self.len(), self.len() * UUID);
        let mut bytes = 0;
        self.each(long, |_, text| {
            bytes += text.map_or(0, str::len);
            if i32::try_from(bytes).is_ok() {
                texts.append_option(text);
            }
        });
        i32::try_from(bytes).map_err(|_| ArrowError::OffsetOverflowError(bytes))?;
        Ok(texts.finish())
    }

    /// Calls `see` with each event's position and text, without a second copy of all texts in memory.
    pub(crate) fn each(&self, long: Long, mut see: impl FnMut(usize, Option<&str>)) {
        let readers = self.chunks.iter().map(|chunk| chunk.columns[long.index()].reader());
        let mut readers: Vec<TextReader<'_>> = readers.collect();
        for run in &self.rows.runs {
            let reader = &mut readers[run.chunk()];
            for (position, row) in run.positions().zip(run.rows()) {
                see(position, reader.get(row).as_deref());
            }
        }
    }
}

fn dictionary(texts: (&RowSelection, Vec<Text<'_>>)) -> Result<ArrayRef, ArrowError> {
    Ok(dictionaries(&[texts], encoded::<Int32Type>)?.swap_remove(0))
}

/// The items of the lists of some events.
pub(super) struct Items<'a> {
    /// The names of an item's texts.
    pub(super) names: &'static [&'static str],
    lists: Vec<&'a ListArray>,
    /// The items of each chunk's lists.
    rows: RowSelection,
    offsets: OffsetBuffer<i32>,
}

impl Items<'_> {
    /// The items' rows, and one of their texts in each chunk.
    pub(super) fn texts(&self, field: usize) -> (&RowSelection, Vec<Text<'_>>) {
        (&self.rows, self.lists.iter().map(|list| item_text(list, field)).collect())
    }

    /// The lists, with one column for each text of an item.
    pub(super) fn list(&self, columns: Vec<ArrayRef>) -> Result<ArrayRef, ArrowError> {
        list_of(self.names, columns, self.offsets.clone())
    }
}
