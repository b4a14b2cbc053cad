use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, AsArray, StringArray, TimestampNanosecondArray, UInt16Array};
use arrow::datatypes::{DataType, TimestampNanosecondType, UInt16Type};
use arrow::error::ArrowError;

use super::chunk::{Chunk, ColumnData};
use super::column::Column;
use super::gather;
use super::parallel::side_by_side;
use super::row_selection::RowSelection;
use super::schema::{COLUMNS, ID, Long, PARENTS, RECORDED_AT, REFERENCES, REQUEST_BODY, SCHEMA, STATUS, WITHIN};
use super::text_reader::TextReader;
use super::views::{Parents, References, Text};

/// Picks that are not more than this, and stand in not more than so many slices of their own, do not make picks of the lists
/// around them. A slice costs readers of its own.
const FEW_PICKS: usize = 1_000;
const FEW_RUNS: usize = 64;

/// Some rows of a chunk, one after the other.
#[derive(Clone, Debug)]
pub(super) struct ChunkSlice {
    pub(super) chunk: Arc<Chunk>,
    pub(super) start: usize,
    pub(super) rows: usize,
}

impl ChunkSlice {
    fn times(&self) -> &[i64] {
        &self.chunk.times()[self.start..][..self.rows]
    }
}

/// Events as columns, newest first (equal times by id), each id once.
///
/// They select rows of chunks that others may share. A column is gathered at its first use, so that a question pays for the
/// columns that it reads and not for the size of an event.
#[derive(Clone)]
pub struct Events {
    pub(super) slices: Vec<ChunkSlice>,
    /// The rows, counted through all slices; `None` for all of them in their order.
    pub(super) picks: Option<Arc<[u32]>>,
    columns: Arc<[OnceLock<ArrayRef>]>,
}

impl Default for Events {
    fn default() -> Self {
        Self::over(Vec::new(), None)
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries((0..self.len()).map(|row| (self.times().value(row), self.ids().value(row)))).finish()
    }
}

impl PartialEq for Events {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (0..COLUMNS).all(|place| self.column(place) == other.column(place))
    }
}

impl Events {
    pub(super) fn over(slices: Vec<ChunkSlice>, picks: Option<Arc<[u32]>>) -> Self {
        Self { slices, picks, columns: (0..COLUMNS).map(|_| OnceLock::new()).collect() }
    }

    /// Events from columns as [`SCHEMA`] lists them, in any order and possibly with repetitions.
    pub(super) fn of(rows: usize, columns: Vec<ColumnData>) -> Result<Self, ArrowError> {
        let chunk = Chunk::new(rows, columns.into_iter().map(Arc::new).collect(), false);
        let all = Self::over(vec![ChunkSlice { chunk: Arc::new(chunk), start: 0, rows }], None);
        let (times, ids) = (all.times().values(), all.ids());
        let order = |a: usize, b: usize| times[b].cmp(&times[a]).then_with(|| ids.value(a).cmp(ids.value(b)));
        if (1..rows).all(|row| order(row - 1, row).is_lt()) {
            return Ok(all);
        }
        let mut picks: Vec<u32> = (0..u32::try_from(rows).map_err(too_many)?).collect();
        picks.sort_by(|a, b| order(*a as usize, *b as usize));
        // An id belongs to one time, so that repetitions meet.
        picks.dedup_by(|a, b| order(*a as usize, *b as usize).is_eq());
        Ok(Self::over(all.slices, Some(picks.into())))
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.picks.as_ref().map_or_else(|| self.data(), |picks| picks.len())
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many rows the slices have.
    pub(super) fn data(&self) -> usize {
        self.slices.iter().map(|slice| slice.rows).sum()
    }

    /// The memory of the chunks of which these events select rows, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.slices.iter().map(|slice| slice.chunk.bytes).sum()
    }

    /// The chunk of [`Events::bytes`] that is request bodies.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        self.slices.iter().map(|slice| slice.chunk.columns[REQUEST_BODY].bytes(&mut HashSet::new())).sum()
    }

    /// The events in their order: numbers of slices, and rows of the slices' chunks.
    pub(super) fn segments(&self) -> Vec<(usize, RowSelection<'_>)> {
        let Some(picks) = self.picks.as_deref() else {
            let slices = self.slices.iter().map(|slice| RowSelection::Range(slice.start..slice.start + slice.rows));
            return slices.enumerate().collect();
        };
        let mut before = 0;
        let bounds: Vec<Range<usize>> = self
            .slices
            .iter()
            .map(|slice| {
                let first = before;
                before += slice.rows;
                first..before
            })
            .collect();
        let (mut segments, mut rest) = (Vec::new(), picks);
        while let Some(first) = rest.first() {
            let slice = bounds.partition_point(|bounds| bounds.end <= *first as usize);
            // Rows that follow each other are mostly of the same slice.
            let other = rest.iter().position(|pick| !bounds[slice].contains(&(*pick as usize)));
            let (picks, others) = rest.split_at(other.unwrap_or(rest.len()));
            segments.push((
                slice,
                RowSelection::Picked { picks, before: bounds[slice].start, start: self.slices[slice].start },
            ));
            rest = others;
        }
        segments
    }

    pub(super) fn gather(&self, place: usize) -> Result<ArrayRef, ArrowError> {
        let data: Vec<&ColumnData> = self.slices.iter().map(|slice| &*slice.chunk.columns[place]).collect();
        let wanted = SCHEMA.field(place).data_type();
        let is_text = matches!(wanted, DataType::Dictionary(..));
        if self.picks.is_none() && (!is_text || data.len() == 1) {
            let as_wanted = data.iter().all(|data| data.plain().is_some_and(|array| array.data_type() == wanted));
            let rows = self.slices.iter().map(|slice| slice.start..slice.start + slice.rows);
            let parts: Vec<(&ColumnData, Range<usize>)> = data.iter().copied().zip(rows).collect();
            if as_wanted && let Some(column) = gather::runs(&parts) {
                return column;
            }
        }
        self.materialized(place)
    }

    /// A column that shares no memory with the chunks.
    pub(super) fn materialized(&self, place: usize) -> Result<ArrayRef, ArrowError> {
        let data: Vec<&ColumnData> = self.slices.iter().map(|slice| &*slice.chunk.columns[place]).collect();
        let segments = self.segments();
        Ok(match SCHEMA.field(place).data_type() {
            DataType::Timestamp(..) => Arc::new(gather::primitives::<TimestampNanosecondType>(&segments, &data)),
            DataType::UInt16 => Arc::new(gather::primitives::<UInt16Type>(&segments, &data)),
            DataType::Utf8 => Arc::new(gather::strings(&segments, &data)?),
            DataType::Dictionary(..) => Arc::new(gather::texts(&segments, &data)?),
            DataType::List(item) => Arc::new(gather::lists(&segments, &data, item)?),
            other => return Err(ArrowError::SchemaError(format!("a column of {other} is not known"))),
        })
    }

    /// The same rows in the same order, without picks: picked rows that follow each other are a slice.
    pub(super) fn coalesced(&self) -> Vec<ChunkSlice> {
        let mut slices = Vec::with_capacity(self.slices.len());
        for (slice, rows) in self.segments() {
            let chunk = &self.slices[slice].chunk;
            let mut add = |start: usize, rows: usize| slices.push(ChunkSlice { chunk: Arc::clone(chunk), start, rows });
            match rows {
                RowSelection::Range(rows) => add(rows.start, rows.len()),
                RowSelection::Picked { picks, before, start } => picks
                    .chunk_by(|pick, next| *next == *pick + 1)
                    .for_each(|picks| add(picks[0] as usize - before + start, picks.len())),
            }
        }
        slices
    }

    pub(super) fn column(&self, place: usize) -> &ArrayRef {
        self.columns[place].get_or_init(|| {
            self.gather(place).unwrap_or_else(|e| panic!("the column {} is too large: {e}", SCHEMA.field(place).name()))
        })
    }

    /// Gathers the columns of long texts, which may be too large for Arrow.
    ///
    /// # Errors
    /// When a column outgrows Arrow's 2 GiB.
    pub fn load(&self) -> Result<(), ArrowError> {
        let load = |long: Long| {
            if self.columns[long.place()].get().is_none() {
                let _ = self.columns[long.place()].set(self.gather(long.place())?);
            }
            Ok(())
        };
        side_by_side(self.len(), &Long::ALL, load).into_iter().collect()
    }

    /// The long text of one event.
    #[must_use]
    pub fn one(&self, long: Long, row: usize) -> Option<String> {
        let (chunk, row) = self.at(row)?;
        chunk.columns[long.place()].reader().get(row).map(Cow::into_owned)
    }

    /// The long texts of the events of some rows, in the order of `rows`. The texts of other events are not read.
    #[must_use]
    pub fn longs(&self, long: Long, rows: &[usize]) -> Vec<Option<String>> {
        let mut last: Option<(&Chunk, TextReader<'_>)> = None;
        let text = |row: &usize| {
            let (chunk, row) = self.at(*row)?;
            // A reader remembers the block that it has decompressed.
            let (_, reader) = match &mut last {
                Some(known) if std::ptr::eq(known.0, chunk) => known,
                other => other.insert((chunk, chunk.columns[long.place()].reader())),
            };
            reader.get(row).map(Cow::into_owned)
        };
        rows.iter().map(text).collect()
    }

    /// The chunk of an event, and its row there.
    pub(super) fn at(&self, row: usize) -> Option<(&Chunk, usize)> {
        let mut row = self.picks.as_ref().map_or(row, |picks| picks[row] as usize);
        for slice in &self.slices {
            if row < slice.rows {
                return Some((&slice.chunk, slice.start + row));
            }
            row -= slice.rows;
        }
        None
    }

    /// When an event was recorded, without gathering the column.
    pub(super) fn time(&self, row: usize) -> i64 {
        self.at(row).map_or(i64::MIN, |(chunk, row)| chunk.times()[row])
    }

    /// How many events were recorded at a time or later.
    #[must_use]
    pub fn since(&self, time: i64) -> usize {
        if self.picks.is_some() {
            return self.times().values().partition_point(|other| *other >= time);
        }
        // Runs that are not picked from follow each other.
        let (newer, other) =
            self.slices.split_at(self.slices.partition_point(|slice| slice.times().last() >= Some(&time)));
        let of_other = other.first().map_or(0, |slice| slice.times().partition_point(|other| *other >= time));
        newer.iter().map(|slice| slice.rows).sum::<usize>() + of_other
    }

    /// A reader of a text column for each slice.
    pub(super) fn readers(&self, place: usize) -> Vec<TextReader<'_>> {
        self.slices.iter().map(|slice| slice.chunk.columns[place].reader()).collect()
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
    #[must_use]
    pub fn statuses(&self) -> &UInt16Array {
        self.column(STATUS).as_primitive::<UInt16Type>()
    }

    /// A column of long texts, gathered for all events: for few of them.
    #[must_use]
    pub fn long(&self, long: Long) -> &StringArray {
        self.column(long.place()).as_string()
    }

    /// A text column.
    #[must_use]
    pub fn text(&self, column: Column) -> Text<'_> {
        Text::of(self.column(column.place()))
    }

    /// The resources that each event names.
    #[must_use]
    pub fn references(&self) -> References<'_> {
        let list = self.column(REFERENCES).as_list::<i32>();
        let items = list.values().as_struct();
        References {
            list,
            id: Text::of(items.column(0)),
            kind: Text::of(items.column(1)),
            name: Text::of(items.column(2)),
            within: Text::of(items.column(WITHIN)),
        }
    }

    /// The ids of the resources that each event's resources belong to, as a backend's load balancer, or mention, as a secret's
    /// key.
    #[must_use]
    pub fn parents(&self) -> Parents<'_> {
        let list = self.column(PARENTS).as_list::<i32>();
        let items = list.values().as_struct();
        Parents { list, child: Text::of(items.column(0)), id: Text::of(items.column(1)) }
    }

    /// The events whose value in `mask` is true.
    ///
    /// # Errors
    /// When the mask has another length.
    pub fn filter(&self, mask: &[bool]) -> Result<Self, ArrowError> {
        if mask.len() != self.len() {
            let message = format!("a mask of {} places for {} events", mask.len(), self.len());
            return Err(ArrowError::InvalidArgumentError(message));
        }
        if !mask.contains(&false) {
            return Ok(self.clone());
        }
        let kept = (0..mask.len()).filter(|row| mask[*row]);
        let picks: Result<Vec<u32>, _> = match &self.picks {
            Some(picks) => Ok(kept.map(|row| picks[row]).collect()),
            None => kept.map(|row| u32::try_from(row).map_err(too_many)).collect(),
        };
        Ok(Self::over(self.slices.clone(), Some(picks?.into())))
    }

    /// The events of some rows. They gather columns of their own.
    ///
    /// # Panics
    /// When there are fewer events.
    #[must_use]
    pub fn slice(&self, places: Range<usize>) -> Self {
        if let Some(picks) = &self.picks {
            return Self::over(self.slices.clone(), Some(picks[places].into()));
        }
        let mut before = 0;
        let slices = self.slices.iter().filter_map(|slice| {
            let (start, end) = (places.start.max(before), places.end.min(before + slice.rows));
            let rows = start..end;
            let first = slice.start + start.saturating_sub(before);
            before += slice.rows;
            (!rows.is_empty()).then(|| ChunkSlice { chunk: Arc::clone(&slice.chunk), start: first, rows: rows.len() })
        });
        Self::over(slices.collect(), None)
    }

    /// The `limit` newest events.
    #[must_use]
    pub fn newest(&self, limit: usize) -> Self {
        self.slice(0..limit.min(self.len()))
    }

    /// The events of the window `from <= recorded_at < to`.
    #[must_use]
    pub fn within(&self, from: i64, to: i64) -> Self {
        let start = self.since(to);
        self.slice(start..self.since(from).max(start))
    }

    /// One list of several: newest first, each id once.
    ///
    /// # Errors
    /// When there are more than 2^32 events.
    pub fn merge(lists: &[Self]) -> Result<Self, ArrowError> {
        let mut lists: Vec<&Self> = lists.iter().filter(|list| !list.is_empty()).collect();
        let (newest, oldest) = (|list: &Self| list.time(0), |list: &Self| list.time(list.len() - 1));
        lists.sort_by_key(|list| std::cmp::Reverse((newest(list), oldest(list))));
        match lists[..] {
            [] => return Ok(Self::default()),
            [only] => return Ok(only.clone()),
            _ => {}
        }
        let in_turn = lists.windows(2).all(|pair| oldest(pair[0]) > newest(pair[1]));
        let picked: usize = lists.iter().filter(|list| list.picks.is_some()).map(|list| list.len()).sum();
        let all: usize = lists.iter().map(|list| list.len()).sum();
        let slices: Vec<ChunkSlice> = lists.iter().flat_map(|list| list.slices.iter().cloned()).collect();
        if in_turn && picked <= FEW_PICKS {
            let coalesced: Vec<ChunkSlice> = lists.iter().flat_map(|list| list.coalesced()).collect();
            if coalesced.len() <= slices.len() + FEW_RUNS {
                return Ok(Self::over(coalesced, None));
            }
        }
        let (mut sources, mut before) = (Vec::with_capacity(lists.len()), 0);
        for list in &lists {
            let first = u32::try_from(before).map_err(too_many)?;
            before += list.data();
            u32::try_from(before).map_err(too_many)?;
            sources.push((list, first));
        }
        let pick = |(list, first): &(&&Self, u32), row: usize| match &list.picks {
            Some(picks) => first + picks[row],
            // Checked above: there are fewer rows than that.
            None => first + u32::try_from(row).expect("an answer has fewer than 2^32 events"),
        };
        let mut picks = Vec::with_capacity(all);
        if in_turn {
            picks.extend(sources.iter().flat_map(|source| (0..source.0.len()).map(|row| pick(source, row))));
        } else {
            merge_rows(&lists, |list, row| picks.push(pick(&sources[list], row)));
        }
        Ok(Self::over(slices, Some(picks.into())))
    }
}

fn too_many(error: std::num::TryFromIntError) -> ArrowError {
    ArrowError::from_external_error(Box::new(error))
}

/// Visits the rows of sorted lists in common order: newest first, equal times by id, each id once.
///
/// An id belongs to one time, so that repetitions meet.
fn merge_rows(lists: &[&Events], mut visit: impl FnMut(usize, usize)) {
    let times: Vec<&[i64]> = lists.iter().map(|list| &**list.times().values()).collect();
    let mut rows = vec![0; lists.len()];
    let id = |list: usize, row: usize| lists[list].ids().value(row);
    let mut visited: Option<(usize, usize)> = None;
    loop {
        let mut next: Option<usize> = None;
        for list in 0..lists.len() {
            let Some(time) = times[list].get(rows[list]) else { continue };
            let earlier = next.is_none_or(|other| {
                let of_other = times[other][rows[other]];
                *time > of_other || (*time == of_other && id(list, rows[list]) < id(other, rows[other]))
            });
            if earlier {
                next = Some(list);
            }
        }
        let Some(list) = next else { return };
        let row = rows[list];
        rows[list] += 1;
        let repeated =
            visited.is_some_and(|(l, r)| times[l][r] == times[list][row] && l != list && id(l, r) == id(list, row));
        if !repeated {
            visit(list, row);
            visited = Some((list, row));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use chrono::DateTime;

    use super::*;
    use crate::event::Kind;

    #[test]
    fn a_window_includes_its_start_and_excludes_its_end() {
        let events = Events::from_json(Kind::Api, &[json!({}), json!({}), json!({})]);
        let within = |from, to| events.within(from, to).len();
        assert_eq!(within(1_000_000_000, 3_000_000_000), 2);
        assert_eq!(within(1_000_000_001, 3_000_000_001), 2);
        assert_eq!((within(0, i64::MAX), within(5, 5), within(i64::MIN, 0)), (3, 0, 0));
        assert_eq!((events.newest(2).len(), events.newest(9).len()), (2, 3));
        assert_eq!(events.newest(1).ids().value(0), "event-002");
    }

    proptest! {
        #[test]
        fn merged_events_are_the_newest_first_and_each_once(
            told in prop::collection::vec((0..20_u8, 0..4_i64), 0..40),
            cut in any::<prop::sample::Index>(),
        ) {
            // An id belongs to one time, as for real events.
            let event = |(id, _): &(u8, i64)| json!({ "id": format!("e{id}"), "recorded_at": DateTime::from_timestamp_nanos(i64::from(*id) / 3) });
            let told: Vec<_> = told.iter().map(event).collect();
            let (one, other) = told.split_at(cut.index(told.len() + 1));
            let whole = Events::from_json(Kind::Api, &told);
            let merged = Events::merge(&[Events::from_json(Kind::Api, one), Events::default(), Events::from_json(Kind::Api, other)]).unwrap();
            let rows = |events: &Events| -> Vec<(i64, String)> {
                (0..events.len()).map(|row| (-events.times().value(row), events.ids().value(row).to_owned())).collect()
            };
            prop_assert_eq!(rows(&merged), rows(&whole));
            prop_assert!(rows(&merged).is_sorted_by(|a, b| a < b), "newest first, equal times by id, none twice");
            for list in [&merged, &merged.packed().unwrap()] {
                for time in 0..8 {
                    let newer = merged.times().values().iter().filter(|other| **other >= time).count();
                    prop_assert_eq!(list.since(time), newer);
                }
            }
            let distinct: HashSet<_> = told.iter().map(|event| event["id"].to_string()).collect();
            prop_assert_eq!(merged.len(), distinct.len());
        }

        #[test]
        fn windows_follow_each_other_whatever_is_picked_of_them(
            // Of each window all rows, one in three, or a few.
            windows in prop::collection::vec((0..80_i64, prop::sample::select(&[1, 3, 20])), 0..6),
        ) {
            // Each is later than the one before: a chunk of its own that begins within, of which all or some rows are chosen.
            let events = |(place, (count, of)): (i64, &(i64, usize))| {
                let event = |row: i64| {
                    let method = (row % 5 > 0).then(|| format!("m{}", row % 3));
                    let time = DateTime::from_timestamp_nanos(place * 100 + row / 2);
                    let id = format!("{place:03}-{row:03}");
                    json!({ "recorded_at": time, "id": id, "method_name": method, "request_body": { "of": id } })
                };
                let all = Events::from_json(Kind::Api, &(0..=*count).map(event).collect::<Vec<_>>()).packed().unwrap();
                let all = all.slice(1..all.len());
                all.filter(&(0..all.len()).map(|row| row.is_multiple_of(*of)).collect::<Vec<_>>()).unwrap()
            };
            let lists: Vec<Events> = (0..).zip(&windows).map(events).collect();
            let merged = Events::merge(&lists).unwrap();
            let rows = |events: &Events| -> Vec<(i64, String, Option<String>)> {
                let method = events.text(Column::Method);
                let row = |row| (events.times().value(row), events.ids().value(row).to_owned(), method.get(row).map(str::to_owned));
                (0..events.len()).map(row).collect()
            };
            let expected: Vec<_> = lists.iter().rev().flat_map(rows).collect();
            prop_assert!(merged.slices.len() <= windows.len() + FEW_RUNS);
            let several = lists.iter().filter(|list| !list.is_empty()).count() > 1;
            if several && windows.iter().all(|(count, of)| *of == 1 || *count < 30) {
                prop_assert!(merged.picks.is_none(), "few picks are slices");
            }
            prop_assert_eq!(rows(&merged), expected.clone());
            let bodies: Vec<Option<String>> = expected.iter().map(|(_, id, _)| Some(format!(r#"{{"of":"{id}"}}"#))).collect();
            let third: Vec<usize> = (0..merged.len()).step_by(3).collect();
            let some: Vec<_> = third.iter().map(|row| bodies[*row].clone()).collect();
            prop_assert_eq!(merged.longs(Long::RequestBody, &third), some);
            prop_assert_eq!(merged.longs(Long::RequestBody, &(0..merged.len()).collect::<Vec<_>>()), bodies);
            let mut texts = Vec::new();
            let numbers = merged.numbers(Column::Method, u32::MAX, |text| {
                texts.push(text);
                u32::try_from(texts.len() - 1).unwrap()
            });
            let numbered: Vec<_> = numbers.iter().map(|number| texts.get(*number as usize).copied()).collect();
            prop_assert_eq!(numbered, expected.iter().map(|(.., method)| method.as_deref()).collect::<Vec<_>>());
            for time in 0..600 {
                prop_assert_eq!(merged.since(time), expected.iter().filter(|(other, ..)| *other >= time).count());
            }
            for (from, to) in [(0, 700), (1, 2), (3, 60), (17, 117)].map(|(from, to)| (from.min(merged.len()), to.min(merged.len()))) {
                prop_assert_eq!(rows(&merged.slice(from..to)), expected[from..to].to_vec());
            }
        }
    }
}
