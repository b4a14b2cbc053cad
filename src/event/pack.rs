use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::error::ArrowError;

use super::chunk::{Chunk, ColumnData};
use super::column::Column;
use super::compressed::TextCompressor;
use super::dictionary::dictionaries;
use super::events::{ChunkSlice, Events};
use super::schema::{COLUMNS, ID, REQUEST_BODY, REQUEST_ID, RESOURCES, SCHEMA, SHARED_DICTIONARIES};

/// The most events of a packed chunk: keys of two bytes then suffice for nearly every dictionary.
pub(super) const MOST_ROWS: usize = 1 << 16;

/// A packed chunk with as many events is worth keeping as it is when it is put beside others.
pub(super) const FEWEST_ROWS: usize = 1 << 12;

impl Events {
    /// The same events in chunks of their own, packed. Large chunks that are packed already stay as they are.
    ///
    /// # Errors
    /// When a column outgrows Arrow's 2 GiB, or a text 4 GiB.
    pub fn packed(&self) -> Result<Self, ArrowError> {
        let stays =
            |slice: &ChunkSlice| slice.chunk.packed && slice.rows == slice.chunk.rows && slice.rows >= FEWEST_ROWS;
        if self.picks.is_none() && self.slices.iter().all(stays) {
            return Ok(Self::over(self.slices.clone(), None));
        }
        let mut slices = Vec::new();
        for start in (0..self.len()).step_by(MOST_ROWS) {
            let some = self.slice(start..self.len().min(start + MOST_ROWS));
            let chunk = Chunk::new(some.len(), some.packed_columns()?, true);
            slices.push(ChunkSlice { rows: chunk.rows, chunk: Arc::new(chunk), start: 0 });
        }
        Ok(Self::over(slices, None))
    }

    fn packed_columns(&self) -> Result<Vec<Arc<ColumnData>>, ArrowError> {
        let packed = |place| match place {
            REQUEST_BODY | RESOURCES => self.compressed(place),
            ID | REQUEST_ID => match ColumnData::uuids(self.gather(place)?.as_string()) {
                Some(uuids) => Ok(uuids),
                None => Ok(ColumnData::Plain(self.materialized(place)?)),
            },
            _ => Ok(ColumnData::Plain(self.materialized(place)?)),
        };
        let mut columns: Vec<ColumnData> = (0..COLUMNS).map(packed).collect::<Result<_, ArrowError>>()?;
        let alone = Column::ALL.map(|column| [(column.place(), None)]);
        let alone = alone.iter().filter(|texts| !SHARED_DICTIONARIES.iter().any(|alike| alike.contains(&texts[0])));
        for alike in alone.map(|texts| &texts[..]).chain(SHARED_DICTIONARIES) {
            let texts: Vec<ArrayRef> = alike.iter().filter_map(|(place, item)| columns[*place].texts(*item)).collect();
            for ((place, item), texts) in alike.iter().zip(dictionaries(&texts)?) {
                columns[*place] = columns[*place].with_texts(*item, texts)?;
            }
        }
        Ok(columns.into_iter().map(Arc::new).collect())
    }

    fn compressed(&self, place: usize) -> Result<ColumnData, ArrowError> {
        let (mut texts, mut readers) = (TextCompressor::new()?, self.readers(place));
        let mut pushed = Ok(());
        for (slice, rows) in self.segments() {
            rows.each(|row| {
                if pushed.is_ok() {
                    pushed = texts.push(readers[slice].get(row).as_deref());
                }
            });
        }
        pushed.and_then(|()| texts.finish()).map(ColumnData::Compressed)
    }

    /// The events as one record batch.
    ///
    /// # Errors
    /// When a column outgrows Arrow's 2 GiB.
    pub fn to_batch(&self) -> Result<RecordBatch, ArrowError> {
        // Gathered columns are not stored, since these events may be cached for long.
        let columns: Result<Vec<ArrayRef>, ArrowError> = (0..COLUMNS).map(|place| self.gather(place)).collect();
        RecordBatch::try_new(Arc::clone(&SCHEMA), columns?)
    }

    /// Events from a record batch that [`Events::to_batch`] made.
    ///
    /// # Errors
    /// When the batch has other columns, or is not sorted as events are.
    pub fn from_batch(batch: &RecordBatch) -> Result<Self, ArrowError> {
        if batch.schema() != *SCHEMA {
            return Err(ArrowError::SchemaError("these are not the columns of events".to_owned()));
        }
        let rows = batch.num_rows();
        let columns = batch.columns().iter().map(|column| Arc::new(ColumnData::Plain(Arc::clone(column)))).collect();
        let chunk = Chunk::new(rows, columns, false);
        let events = Self::over(vec![ChunkSlice { chunk: Arc::new(chunk), start: 0, rows }], None);
        let (times, ids) = (events.times().values(), events.ids());
        let sorted = (1..rows).all(|row| (times[row], ids.value(row - 1)) < (times[row - 1], ids.value(row)));
        if sorted {
            Ok(events)
        } else {
            Err(ArrowError::InvalidArgumentError("the events are not in order".to_owned()))
        }
    }
}
