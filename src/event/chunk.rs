use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayData, ArrayRef, AsArray, ListArray};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::TimestampNanosecondType;
use parking_lot::Mutex;

use super::compressed::CompressedText;
use super::derivation::Derivation;
use super::page_text::PageText;
use super::schema::{Long, RECORDED_AT};
use super::uuid_column::Uuids;

/// Numbers of all rows of a chunk, and the key that they were derived for.
type Derived = (u64, Arc<[u16]>);

/// Events as columns; immutable, and shared by all `Events` that select rows of it.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) columns: Vec<Arc<ColumnData>>,
    /// Whether the columns are as small as they can be.
    pub(super) packed: bool,
    /// The memory of the columns and of derived numbers, in bytes.
    pub(super) bytes: usize,
    /// The numbers that each [`Derivation`] last made of the rows, and their key.
    pub(super) derived: [Mutex<Option<Derived>>; Derivation::COUNT],
    /// Of a redacted chunk, the one that has all columns: numbers are derived from it.
    pub(super) whole: Option<Arc<Chunk>>,
}

impl Chunk {
    pub(super) fn new(columns: Vec<ColumnData>, packed: bool) -> Self {
        let columns = columns.into_iter().map(Arc::new).collect();
        let mut chunk = Self { columns, packed, bytes: 0, derived: Default::default(), whole: None };
        let mut seen = HashSet::new();
        let columns: usize = chunk.columns.iter().map(|column| column.bytes(&mut seen)).sum();
        chunk.bytes = columns + chunk.rows() * Derivation::COUNT * size_of::<u16>();
        chunk
    }

    pub(super) fn rows(&self) -> usize {
        self.times().len()
    }

    /// When the events were recorded.
    pub(super) fn times(&self) -> &[i64] {
        self.array(RECORDED_AT).as_primitive::<TimestampNanosecondType>().values()
    }

    /// The long text of a row.
    pub(super) fn long(&self, long: Long, row: usize) -> Option<String> {
        self.columns[long.index()].reader().get(row).map(Cow::into_owned)
    }

    /// A column of lists.
    pub(super) fn list(&self, index: usize) -> &ListArray {
        self.array(index).as_list()
    }

    /// A column of another type than long text.
    pub(super) fn array(&self, index: usize) -> &ArrayRef {
        self.columns[index].plain().expect("only long texts are packed otherwise")
    }
}

/// The memory of an array's buffers, in bytes, without the buffers in `seen`: columns may share a dictionary.
fn buffers(data: &ArrayData, seen: &mut HashSet<usize>) -> usize {
    let nulls = data.nulls().map(NullBuffer::buffer);
    let own = data.buffers().iter().chain(nulls).filter(|buffer| seen.insert(buffer.data_ptr().addr().get()));
    let own: usize = own.map(Buffer::capacity).sum();
    own + data.child_data().iter().map(|child| buffers(child, seen)).sum::<usize>()
}

/// A column in memory.
#[derive(Debug)]
pub(super) enum ColumnData {
    /// An Arrow array; a dictionary's keys may be narrower than in the schema, and a column without any text is `Null`.
    Plain(ArrayRef),
    /// Text as byte ranges of the decoded pages.
    PageText(PageText),
    /// Text that is a UUID in nearly every row.
    Uuids(Uuids),
    /// Text in compressed blocks.
    Compressed(CompressedText),
}

impl ColumnData {
    /// The column as an Arrow array, unless it is packed otherwise.
    pub(super) fn plain(&self) -> Option<&ArrayRef> {
        if let Self::Plain(array) = self { Some(array) } else { None }
    }

    /// The memory of the column, in bytes, without the buffers in `seen`.
    pub(super) fn bytes(&self, seen: &mut HashSet<usize>) -> usize {
        match self {
            Self::Plain(array) => buffers(&array.to_data(), seen),
            Self::PageText(pages) => pages.bytes(),
            Self::Uuids(uuids) => uuids.bytes(),
            Self::Compressed(compressed) => compressed.bytes(),
        }
    }
}
