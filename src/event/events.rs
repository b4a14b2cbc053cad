use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, AsArray, StringArray, TimestampNanosecondArray, UInt16Array};
use arrow::datatypes::{TimestampNanosecondType, UInt16Type};
use arrow::error::ArrowError;

use super::chunk::{Chunk, ColumnData};
use super::column::Column;
use super::parallel::side_by_side;
use super::references::{Parents, References, TextLists};
use super::row_selection::{RowSelection, Run};
use super::schema::{COLUMNS, ID, Long, PARENTS, RECORDED_AT, REFERENCES, REQUEST_BODY, SCHEMA, STATUS};
use super::text::Text;
use crate::time::{Interval, Time};

/// Events as columns, newest first (equal times by id), each id once.
///
/// An `Events` selects rows of chunks that others may share. A column is gathered at its first use, so that a question pays
/// for the columns that it reads and not for the size of an event.
#[derive(Clone)]
pub struct Events {
    pub(super) chunks: Vec<Arc<Chunk>>,
    pub(super) rows: Arc<RowSelection>,
    columns: Arc<[OnceLock<ArrayRef>]>,
}

impl Default for Events {
    fn default() -> Self {
        Self::select(&[], RowSelection::default())
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries((0..self.len()).map(|row| (self.times().value(row), self.ids().value(row)))).finish()
    }
}

impl PartialEq for Events {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (0..COLUMNS).all(|index| self.column(index) == other.column(index))
    }
}

impl Events {
    /// The selected rows of some chunks, without the chunks that have no selected row.
    pub(super) fn select(chunks: &[Arc<Chunk>], mut rows: RowSelection) -> Self {
        let chunks = rows.used(chunks.len()).into_iter().map(|chunk| Arc::clone(&chunks[chunk])).collect();
        Self { chunks, rows: Arc::new(rows), columns: (0..COLUMNS).map(|_| OnceLock::new()).collect() }
    }

    /// All rows of a chunk whose rows are in order.
    pub(super) fn whole(chunk: Arc<Chunk>) -> Self {
        let mut rows = RowSelection::default();
        rows.push(0, 0..chunk.rows());
        Self::select(&[chunk], rows)
    }

    /// Events from columns in the order of [`SCHEMA`], with rows in any order and possibly repeated.
    pub(super) fn of(columns: Vec<ColumnData>) -> Self {
        let all = Self::whole(Arc::new(Chunk::new(columns, false)));
        if all.is_in_order() { all } else { all.sorted() }
    }

    /// Whether the rows are newest first, equal times by id, each id once.
    pub(super) fn is_in_order(&self) -> bool {
        let (times, ids) = (self.times().values(), self.ids());
        (1..self.len()).all(|row| (times[row], ids.value(row - 1)) < (times[row - 1], ids.value(row)))
    }

    /// The events of several lists: newest first, each id once.
    #[must_use]
    pub fn merge(lists: &[Self]) -> Self {
        let mut lists: Vec<&Self> = lists.iter().filter(|list| !list.is_empty()).collect();
        lists.sort_by_key(|list| Reverse((list.time(0), list.time(list.len() - 1))));
        if let [only] = lists[..] {
            return only.clone();
        }
        let (mut chunks, mut rows) = (Vec::new(), RowSelection::default());
        for list in &lists {
            list.rows.runs.iter().for_each(|run| rows.push(chunks.len() + run.chunk(), run.rows()));
            chunks.extend_from_slice(&list.chunks);
        }
        let all = Self::select(&chunks, rows);
        let in_turn = lists.windows(2).all(|pair| pair[0].time(pair[0].len() - 1) > pair[1].time(0));
        if in_turn { all } else { all.sorted() }
    }

    /// The same events in order, each once.
    fn sorted(&self) -> Self {
        let times: Vec<&[i64]> = self.chunks.iter().map(|chunk| chunk.times()).collect();
        let rows = self.rows.rows().map(|(chunk, row)| (Reverse(times[chunk][row]), chunk, row));
        let mut order: Vec<(Reverse<i64>, usize, usize)> = rows.collect();
        order.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| self.id(a).cmp(&self.id(b))));
        // An id belongs to one time, so that repetitions are adjacent.
        order.dedup_by(|a, b| a.0 == b.0 && self.id(a) == self.id(b));
        let mut rows = RowSelection::default();
        for (_, chunk, row) in order {
            rows.push(chunk, row..row + 1);
        }
        Self::select(&self.chunks, rows)
    }

    fn id(&self, (_, chunk, row): &(Reverse<i64>, usize, usize)) -> Option<String> {
        self.chunks[*chunk].long(Long::Id, *row)
    }

    /// The number of events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no events.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory of the chunks of which these events select rows, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes).sum()
    }

    /// The memory of the request bodies, in bytes; a part of [`Events::bytes`].
    pub(crate) fn body_bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.columns[REQUEST_BODY].bytes(&mut HashSet::new())).sum()
    }

    pub(super) fn column(&self, index: usize) -> &ArrayRef {
        self.columns[index].get_or_init(|| {
            self.gather(index).unwrap_or_else(|e| panic!("the column {} is too large: {e}", SCHEMA.field(index).name()))
        })
    }

    /// Gathers the columns of long texts, which may be too large for Arrow.
    ///
    /// # Errors
    /// When a column outgrows Arrow's 2 GiB.
    pub(crate) fn load(&self) -> Result<(), ArrowError> {
        let loaded = side_by_side(self.len(), &Long::ALL, |long| {
            let column = &self.columns[long.index()];
            if column.get().is_none() {
                let _ = column.set(self.gather(long.index())?);
            }
            Ok(())
        });
        loaded.into_iter().collect()
    }

    /// The long text of one event.
    pub(crate) fn one(&self, long: Long, row: usize) -> Option<String> {
        let (chunk, row) = self.rows.at(row);
        self.chunks[chunk].long(long, row)
    }

    /// The text of one event, without gathering the column.
    pub(crate) fn one_text(&self, column: Column, row: usize) -> Option<&str> {
        let (chunk, row) = self.rows.at(row);
        Text::of(self.chunks[chunk].array(column.index())).get(row)
    }

    /// When an event was recorded, without gathering the column.
    pub(crate) fn time(&self, row: usize) -> Time {
        let (chunk, row) = self.rows.at(row);
        Time::from_nanos(self.chunks[chunk].times()[row])
    }

    /// When the newest event was recorded.
    pub(crate) fn newest_time(&self) -> Option<Time> {
        (!self.is_empty()).then(|| self.time(0))
    }

    /// The number of events recorded at `time` or later.
    pub(crate) fn since(&self, time: Time) -> usize {
        let time = time.nanos();
        let run = self.rows.runs.partition_point(|run| self.times_of(run).last() >= Some(&time));
        let Some(run) = self.rows.runs.get(run) else { return self.len() };
        run.positions().start + self.times_of(run).partition_point(|other| *other >= time)
    }

    fn times_of(&self, run: &Run) -> &[i64] {
        &self.chunks[run.chunk()].times()[run.rows()]
    }

    /// The event's id: a UUID.
    #[must_use]
    pub fn ids(&self) -> &StringArray {
        self.column(ID).as_string()
    }

    /// When the event was recorded: nanoseconds since 1970, UTC.
    #[must_use]
    pub fn times(&self) -> &TimestampNanosecondArray {
        self.column(RECORDED_AT).as_primitive::<TimestampNanosecondType>()
    }

    /// The HTTP status of the call; null for log-ins and system events.
    pub(crate) fn statuses(&self) -> &UInt16Array {
        self.column(STATUS).as_primitive::<UInt16Type>()
    }

    /// A column of long texts, gathered for all events: for few events.
    #[must_use]
    pub fn long(&self, long: Long) -> &StringArray {
        self.column(long.index()).as_string()
    }

    /// A text column.
    #[must_use]
    pub fn text(&self, column: Column) -> Text<'_> {
        Text::of(self.column(column.index()))
    }

    /// The resources named by each event.
    pub(crate) fn references(&self) -> References<'_> {
        References(TextLists::of(self.column(REFERENCES)))
    }

    /// The ids of resources that an event's resources belong to, such as a backend's load balancer, or mention, such as a
    /// secret's key.
    pub(crate) fn parents(&self) -> Parents<'_> {
        Parents(TextLists::of(self.column(PARENTS)))
    }

    /// The events whose value in `mask` is true.
    ///
    /// # Errors
    /// When the mask has another length.
    pub(crate) fn filter(&self, mask: &[bool]) -> Result<Self, ArrowError> {
        if mask.len() != self.len() {
            let message = format!("a mask of {} values for {} events", mask.len(), self.len());
            return Err(ArrowError::InvalidArgumentError(message));
        }
        if !mask.contains(&false) {
            return Ok(self.clone());
        }
        let mut rows = RowSelection::default();
        for run in &self.rows.runs {
            let mut row = run.rows().start;
            for alike in mask[run.positions()].chunk_by(bool::eq) {
                let next = row + alike.len();
                rows.push(run.chunk(), if alike[0] { row..next } else { next..next });
                row = next;
            }
        }
        Ok(Self::select(&self.chunks, rows))
    }

    /// The events of some rows, which ascend. The result gathers its own columns.
    pub(crate) fn only(&self, rows: &[usize]) -> Self {
        Self::select(&self.chunks, self.rows.only(rows))
    }

    /// The events of an interval of rows. The result gathers its own columns.
    pub(crate) fn slice(&self, rows: Range<usize>) -> Self {
        Self::select(&self.chunks, self.rows.slice(&rows))
    }

    /// The `limit` newest events.
    pub(crate) fn newest(&self, limit: usize) -> Self {
        self.slice(0..limit.min(self.len()))
    }

    /// The events recorded in an interval.
    pub(crate) fn within(&self, interval: Interval) -> Self {
        self.slice(self.since(interval.end)..self.since(interval.start))
    }
}
