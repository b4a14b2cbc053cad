use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::error::ArrowError;

use super::chunk::{Chunk, ColumnData};
use super::column::Column;
use super::compressed::TextCompressor;
use super::dictionary::{dictionaries, narrow};
use super::events::Events;
use super::row_selection::RowSelection;
use super::schema::{
    COLUMNS, ID, Long, PARENTS, RECORDED_AT, REFERENCES, REQUEST_BODY, REQUEST_ID, RESOURCES, SCHEMA,
    SHARED_DICTIONARIES, STATUS, Texts,
};
use super::uuid_column::Uuids;

/// The most events of a packed chunk: keys of two bytes then suffice for nearly every dictionary.
const MOST_ROWS: usize = 1 << 16;

/// A packed chunk with as many events is not packed again when it is merged with others.
const FEWEST_ROWS: usize = 1 << 12;

impl Events {
    /// The same events in packed chunks that share no memory with others. Large chunks that are packed already stay unchanged.
    ///
    /// # Errors
    /// When a column outgrows Arrow's 2 GiB, or a text 4 GiB.
    pub fn packed(&self) -> Result<Self, ArrowError> {
        let stays = self.rows.runs.iter().all(|run| {
            let chunk = &self.chunks[run.chunk()];
            chunk.packed && run.rows() == (0..chunk.rows()) && chunk.rows() >= FEWEST_ROWS
        });
        if stays {
            // Without the gathered columns.
            return Ok(self.slice(0..self.len()));
        }
        let (mut chunks, mut rows) = (Vec::new(), RowSelection::default());
        for start in (0..self.len()).step_by(MOST_ROWS) {
            let some = self.slice(start..self.len().min(start + MOST_ROWS));
            rows.push(chunks.len(), 0..some.len());
            chunks.push(Arc::new(Chunk::new(some.packed_columns()?, true)));
        }
        Ok(Self::select(&chunks, rows))
    }

    fn packed_columns(&self) -> Result<Vec<ColumnData>, ArrowError> {
        let lists = [REFERENCES, PARENTS].map(|index| self.items(index));
        let mut encoded: HashMap<Texts, ArrayRef> = HashMap::new();
        let alone = Column::ALL.map(|column| [(column.index(), None)]);
        let alone = alone.iter().filter(|texts| !SHARED_DICTIONARIES.iter().any(|alike| alike.contains(&texts[0])));
        for alike in alone.map(|texts| &texts[..]).chain(SHARED_DICTIONARIES) {
            let columns = alike.iter().map(|(index, field)| match field {
                Some(field) => lists[index - REFERENCES].texts(*field),
                None => self.texts(*index),
            });
            encoded.extend(alike.iter().copied().zip(dictionaries(&columns.collect::<Vec<_>>(), narrow)?));
        }
        let mut columns = Vec::with_capacity(COLUMNS);
        for index in 0..COLUMNS {
            columns.push(match index {
                ID | REQUEST_ID => match Uuids::pack(self.gather(index)?.as_string()) {
                    Some(uuids) => ColumnData::Uuids(uuids),
                    None => ColumnData::Plain(self.materialized(index)?),
                },
                REQUEST_BODY => self.compressed(Long::RequestBody)?,
                RESOURCES => self.compressed(Long::Resources)?,
                RECORDED_AT | STATUS => ColumnData::Plain(self.materialized(index)?),
                REFERENCES | PARENTS => {
                    let items = &lists[index - REFERENCES];
                    let fields = (0..items.names.len()).map(|field| Arc::clone(&encoded[&(index, Some(field))]));
                    ColumnData::Plain(items.list(fields.collect())?)
                }
                _ => ColumnData::Plain(Arc::clone(&encoded[&(index, None)])),
            });
        }
        Ok(columns)
    }

    fn compressed(&self, long: Long) -> Result<ColumnData, ArrowError> {
        let (mut texts, mut pushed) = (TextCompressor::new()?, Ok(()));
        // Texts of one method are alike, and questions about them name their method.
        let mut known = HashMap::new();
        let methods = self.numbers(Column::Method, 0, |method| {
            let next = u32::try_from(known.len() + 1).expect("there are fewer than 2^32 events");
            *known.entry(method).or_insert(next)
        });
        self.each(long, |position, text| {
            if pushed.is_ok() {
                pushed = texts.push(methods[position], text);
            }
        });
        pushed.and_then(|()| texts.finish()).map(ColumnData::Compressed)
    }

    /// The events as one record batch.
    ///
    /// # Errors
    /// When a column outgrows Arrow's 2 GiB.
    pub(crate) fn to_batch(&self) -> Result<RecordBatch, ArrowError> {
        // Gathered columns are not stored, since these events may be cached for long.
        let columns: Result<Vec<ArrayRef>, ArrowError> = (0..COLUMNS).map(|index| self.gather(index)).collect();
        RecordBatch::try_new(Arc::clone(&SCHEMA), columns?)
    }

    /// Events from a record batch of [`Events::to_batch`].
    ///
    /// # Errors
    /// When the batch has other columns, or is not in the order of events.
    pub(crate) fn from_batch(batch: &RecordBatch) -> Result<Self, ArrowError> {
        if batch.schema_ref().fields() != SCHEMA.fields() {
            return Err(ArrowError::SchemaError("these are not the columns of events".to_owned()));
        }
        let columns = batch.columns().iter().map(|column| ColumnData::Plain(Arc::clone(column))).collect();
        let events = Self::whole(Arc::new(Chunk::new(columns, false)));
        if events.is_in_order() {
            Ok(events)
        } else {
            Err(ArrowError::InvalidArgumentError("the events are not in order".to_owned()))
        }
    }
}
