use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use arrow::array::{
    Array, ArrayData, ArrayRef, AsArray, ListArray, StringArray, StructArray, TimestampNanosecondArray,
};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::Field;
use arrow::error::ArrowError;

use super::compressed::CompressedText;
use super::page_text::PageText;
use super::schema::RECORDED_AT;
use super::uuid_column::{UUID, Uuids};

/// Some events, column by column; immutable, and shared by all `Events` that select rows of it.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) rows: usize,
    pub(super) columns: Vec<Arc<ColumnData>>,
    /// Whether its columns are as small as they can be.
    pub(super) packed: bool,
    /// The memory of the columns and of derived numbers, in bytes.
    pub(super) bytes: usize,
    /// The numbers that [`Events::derived`](super::Events::derived) has last derived from the rows, and their key.
    pub(super) derived: Mutex<Option<(u64, Arc<[u16]>)>>,
}

impl Chunk {
    pub(super) fn new(rows: usize, columns: Vec<Arc<ColumnData>>, packed: bool) -> Self {
        let mut seen = HashSet::new();
        let bytes: usize = columns.iter().map(|data| data.bytes(&mut seen)).sum();
        Self { rows, columns, packed, bytes: bytes + rows * size_of::<u16>(), derived: Mutex::default() }
    }

    /// When its events were recorded.
    pub(super) fn times(&self) -> &[i64] {
        let times = self.columns[RECORDED_AT].plain().and_then(|array| array.as_primitive_opt());
        times.map_or(&[], |times: &TimestampNanosecondArray| times.values())
    }
}

/// The memory of an array's buffers, in bytes, without those that were seen before: columns may share a dictionary.
fn buffers(data: &ArrayData, seen: &mut HashSet<usize>) -> usize {
    let nulls = data.nulls().map(NullBuffer::buffer);
    let own = data.buffers().iter().chain(nulls).filter(|buffer| seen.insert(buffer.data_ptr().addr().get()));
    let own: usize = own.map(Buffer::capacity).sum();
    own + data.child_data().iter().map(|child| buffers(child, seen)).sum::<usize>()
}

/// A column in memory.
#[derive(Debug)]
pub(super) enum ColumnData {
    /// As Arrow has it; a dictionary's keys may be narrower than the schema says, and one without any text is `Null`.
    Plain(ArrayRef),
    /// Text as byte ranges of the pages that were read.
    PageText(PageText),
    /// Text that is a UUID in nearly every row.
    Uuids(Uuids),
    /// Text in compressed blocks.
    Compressed(CompressedText),
}

impl ColumnData {
    /// Text as UUIDs, where it is.
    pub(super) fn uuids(texts: &StringArray) -> Option<Self> {
        Uuids::pack(texts).map(Self::Uuids)
    }

    /// The texts of a dictionary column or, of a column of lists, those of an item.
    pub(super) fn texts(&self, item: Option<usize>) -> Option<ArrayRef> {
        let Self::Plain(array) = self else { return None };
        match item {
            None => Some(Arc::clone(array)),
            Some(item) => Some(Arc::clone(array.as_list_opt::<i32>()?.values().as_struct().column(item))),
        }
    }

    /// The column with other texts.
    pub(super) fn with_texts(&self, item: Option<usize>, texts: ArrayRef) -> Result<Self, ArrowError> {
        let Some(item) = item else { return Ok(Self::Plain(texts)) };
        let Some(list) = self.plain().and_then(|array| array.as_list_opt::<i32>()) else {
            return Err(ArrowError::SchemaError("only lists have items".to_owned()));
        };
        let items = list.values().as_struct();
        let (mut fields, mut columns) = (items.fields().to_vec(), items.columns().to_vec());
        fields[item] = Arc::new(Field::new(fields[item].name(), texts.data_type().clone(), true));
        columns[item] = texts;
        let items = StructArray::try_new(fields.into(), columns, None)?;
        let field = Field::new_list_field(items.data_type().clone(), false);
        let list = ListArray::try_new(Arc::new(field), list.offsets().clone(), Arc::new(items), None)?;
        Ok(Self::Plain(Arc::new(list)))
    }

    /// The column as Arrow has it, unless it is packed.
    pub(super) fn plain(&self) -> Option<&dyn Array> {
        if let Self::Plain(array) = self { Some(array) } else { None }
    }

    /// The memory of the column, in bytes, without the buffers that were seen before.
    pub(super) fn bytes(&self, seen: &mut HashSet<usize>) -> usize {
        match self {
            Self::Plain(array) => buffers(&array.to_data(), seen),
            Self::PageText(quoted) => quoted.bytes(),
            Self::Uuids(uuids) => uuids.bytes.len() + uuids.others.len() * 64,
            Self::Compressed(compressed) => compressed.bytes(),
        }
    }

    /// How long a text of the column is on average, in bytes.
    pub(super) fn usual_length(&self) -> usize {
        let (bytes, rows) = match self {
            Self::Plain(array) => (array.as_string_opt::<i32>().map_or(0, |texts| texts.values().len()), array.len()),
            Self::PageText(quoted) => {
                (quoted.places.iter().map(|place| place.length as usize).sum(), quoted.places.len())
            }
            Self::Uuids(_) => return UUID,
            Self::Compressed(compressed) => (compressed.decompressed_bytes(), compressed.rows),
        };
        bytes.div_ceil(rows.max(1))
    }
}
