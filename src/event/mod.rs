//! The one noun everything speaks of: events of the trail, as Arrow columns.
//!
//! An [`Events`] is columns with one row per event, newest first, each event once. A [`Decoder`] turns pages of
//! the Audit Trail API into one. All three kinds of event share the columns; what a kind does not have is null.
//!
//! The API grows every few weeks: products, methods and resource types are text, and a value nobody has seen before
//! passes through untouched. A value of an enum that stands for no value, such as `unknown_mfa_type`, is absent.

mod decode;
mod part;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, LazyLock, OnceLock};

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, ListArray, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt16Array,
};
use arrow::datatypes::{
    DataType, Field, Fields, Int32Type, Schema, SchemaRef, TimeUnit, TimestampNanosecondType, UInt16Type,
};
use arrow::error::ArrowError;
use rayon::prelude::*;

use part::{Part, Reader, Rows, Stored, Zipper};

pub use decode::{Decoder, List, Page};

/// Which of the trail's lists an event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A call of an API.
    Api,
    /// A log-in to the console.
    Authentication,
    /// Something Scaleway's own machinery did.
    System,
}

impl Kind {
    /// All kinds, in the order of the API's documentation.
    pub const ALL: [Self; 3] = [Self::Api, Self::Authentication, Self::System];

    /// The kind's name in queries and columns.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Authentication => "authentication",
            Self::System => "system",
        }
    }
}

/// A text column, dictionary-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// `api`, `authentication` or `system`.
    Kind,
    /// The locality without its zone number, or the region asked when an event has no locality; `global` for IAM.
    Region,
    /// Region, zone or `global`, as sent.
    Locality,
    /// The organization's id.
    Organization,
    /// The project's id; absent for organization-wide products.
    Project,
    /// The principal's id; for log-ins and session renewals, which name no principal, the id of the user concerned.
    PrincipalId,
    /// `product_name`.
    Product,
    /// `service_name`; a system event's `source`.
    Service,
    /// `method_name`; an authentication event's log-in method; a system event's `system_name`.
    Method,
    /// The first resource's id; where a delete names none, the id in its request body.
    ResourceId,
    /// The first resource's type.
    ResourceType,
    /// The first resource's name.
    ResourceName,
    /// The caller's address; absent for Kubernetes.
    SourceIp,
    /// The caller's user agent: text of the caller's choice.
    UserAgent,
    /// `succeeded`, `denied` or `failed`; absent for system events.
    StatusClass,
    /// A log-in's `result`.
    Result,
    /// A failed log-in's `failure_reason`.
    FailureReason,
    /// A log-in's country, ISO 3166 alpha-2.
    Country,
    /// A log-in's `origin`.
    Origin,
    /// A log-in's second factor, as far as Scaleway knows it: an identity provider has its own, and a passkey is one.
    Mfa,
    /// What an Instance's `ServerAction` does, which only its request body says.
    Action,
}

impl Column {
    /// All text columns in the order of the schema.
    pub const ALL: [Self; 21] = [
        Self::Kind,
        Self::Region,
        Self::Locality,
        Self::Organization,
        Self::Project,
        Self::PrincipalId,
        Self::Product,
        Self::Service,
        Self::Method,
        Self::ResourceId,
        Self::ResourceType,
        Self::ResourceName,
        Self::SourceIp,
        Self::UserAgent,
        Self::StatusClass,
        Self::Result,
        Self::FailureReason,
        Self::Country,
        Self::Origin,
        Self::Mfa,
        Self::Action,
    ];

    /// Where the column stands in the schema.
    const fn place(self) -> usize {
        FIRST_TEXT + self as usize
    }

    /// The column's name in frames, labels and queries; every one is a legal Prometheus label name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Region => "region",
            Self::Locality => "locality",
            Self::Organization => "organization",
            Self::Project => "project",
            Self::PrincipalId => "principal_id",
            Self::Product => "product",
            Self::Service => "service",
            Self::Method => "method",
            Self::ResourceId => "resource_id",
            Self::ResourceType => "resource_type",
            Self::ResourceName => "resource_name",
            Self::SourceIp => "source_ip",
            Self::UserAgent => "user_agent",
            Self::StatusClass => "status_class",
            Self::Result => "result",
            Self::FailureReason => "failure_reason",
            Self::Country => "country",
            Self::Origin => "origin",
            Self::Mfa => "mfa",
            Self::Action => "action",
        }
    }
}

/// Outcomes as users name them. An Instance action answers 202, so that success is any 2xx.
pub mod status_class {
    /// A 2xx status, or a successful log-in.
    pub const SUCCEEDED: &str = "succeeded";
    /// Status 401 or 403.
    pub const DENIED: &str = "denied";
    /// Any other status, or a failed log-in.
    pub const FAILED: &str = "failed";
    /// All of them.
    pub const ALL: [&str; 3] = [SUCCEEDED, DENIED, FAILED];

    /// The class of an HTTP status.
    #[must_use]
    pub fn of(status: u16) -> &'static str {
        match status {
            200..=299 => SUCCEEDED,
            401 | 403 => DENIED,
            _ => FAILED,
        }
    }
}

/// A locality's region: `fr-par-2` is in `fr-par`, `global` stays `global`.
#[must_use]
pub fn region_of(locality: &str) -> &str {
    match locality.rsplit_once('-') {
        Some((region, zone)) if !zone.is_empty() && zone.bytes().all(|b| b.is_ascii_digit()) => region,
        _ => locality,
    }
}

/// The product whose calls may come from nobody yet: session renewals and log-ins name no principal, but the user.
pub const PRODUCT_WITHOUT_PRINCIPAL: &str = "iam";

// Where columns stand in the schema.
const ID: usize = 0;
const RECORDED_AT: usize = 1;
const STATUS: usize = 2;
const REQUEST_ID: usize = 3;
const REQUEST_BODY: usize = 4;
const RESOURCES: usize = 5;
const REFERENCES: usize = 6;
const PARENTS: usize = 7;
const RISK: usize = 8;
const FIRST_TEXT: usize = 9;
/// Where a reference's `within` stands among its fields.
const WITHIN: usize = 3;
const COLUMNS: usize = FIRST_TEXT + Column::ALL.len();

/// Texts that are mostly the same and share a dictionary where they are packed: columns, and items of lists in columns.
const ALIKE: [&[(usize, Option<usize>)]; 3] = [
    &[
        (Column::ResourceId.place(), None),
        (REFERENCES, Some(0)),
        (REFERENCES, Some(WITHIN)),
        (PARENTS, Some(0)),
        (PARENTS, Some(1)),
    ],
    &[(Column::ResourceType.place(), None), (REFERENCES, Some(1))],
    &[(Column::ResourceName.place(), None), (REFERENCES, Some(2))],
];

fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn parent_fields() -> Fields {
    Fields::from(vec![Field::new("child", dictionary(), true), Field::new("id", dictionary(), true)])
}

fn parent_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(parent_fields()), false))
}

fn reference_fields() -> Fields {
    Fields::from(vec![
        Field::new("id", dictionary(), true),
        Field::new("type", dictionary(), true),
        Field::new("name", dictionary(), true),
        Field::new("within", dictionary(), true),
    ])
}

fn reference_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(reference_fields()), false))
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let time = DataType::Timestamp(TimeUnit::Nanosecond, None);
    let mut fields = vec![
        Field::new("id", DataType::Utf8, false),
        Field::new("recorded_at", time, false),
        Field::new("status", DataType::UInt16, true),
        Field::new("request_id", DataType::Utf8, true),
        Field::new("request_body", DataType::Utf8, true),
        Field::new("resources", DataType::Utf8, true),
        Field::new("references", DataType::List(reference_item()), false),
        Field::new("parents", DataType::List(parent_item()), false),
        Field::new("risk", DataType::UInt16, true),
    ];
    fields.extend(Column::ALL.iter().map(|c| Field::new(c.name(), dictionary(), true)));
    Arc::new(Schema::new(fields))
});

/// A dictionary-encoded text column, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    keys: &'a Int32Array,
    values: &'a StringArray,
}

impl<'a> Text<'a> {
    fn of(array: &'a dyn Array) -> Self {
        let dictionary: &DictionaryArray<Int32Type> = array.as_dictionary();
        Self { keys: dictionary.keys(), values: dictionary.values().as_string() }
    }

    /// The text of a row.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&'a str> {
        self.key(row).map(|key| self.values.value(key))
    }

    /// The row's position in the dictionary: equal keys are equal texts.
    #[must_use]
    pub fn key(&self, row: usize) -> Option<usize> {
        self.keys
            .is_valid(row)
            .then(|| usize::try_from(self.keys.value(row)).expect("dictionary keys are not negative"))
    }
}

/// A resource that an event names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reference<'a> {
    /// The resource's id; for an API key its access key, for a Kubernetes pool the id of its cluster.
    pub id: Option<&'a str>,
    /// The resource's type.
    pub kind: Option<&'a str>,
    /// The resource's name: text of the caller's choice.
    pub name: Option<&'a str>,
    /// The id of the resource that the event names in this one's place, as a cluster's for its pool.
    pub within: Option<&'a str>,
}

/// Long text that is told apart for nearly every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Long {
    /// The event's id: a UUID.
    Id,
    /// The request's id, which Scaleway's support asks for.
    RequestId,
    /// The request body as JSON, as sent; the API has replaced secrets by `REDACTED`.
    RequestBody,
    /// The list of resources as JSON, as sent.
    Resources,
}

impl Long {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Id, Self::RequestId, Self::RequestBody, Self::Resources];

    fn place(self) -> usize {
        match self {
            Self::Id => ID,
            Self::RequestId => REQUEST_ID,
            Self::RequestBody => REQUEST_BODY,
            Self::Resources => RESOURCES,
        }
    }
}

/// Where fewer than one of so many rows is picked, or runs take turns so often, texts are looked at one by one.
const FEW_OF: usize = 16;

/// Picks that are not more than this, and stand in not more than so many runs of their own, do not make picks of the lists
/// around them. A run costs readers of its own.
const FEW_PICKS: usize = 1_000;
const FEW_RUNS: usize = 64;

/// From so many rows on, work is worth threads of its own.
pub const MANY: usize = 4_096;

/// What `work` makes of each item, in their order; side by side where each concerns many rows.
pub fn side_by_side<T: Copy + Sync, R: Send>(rows: usize, items: &[T], work: impl Fn(T) -> R + Sync) -> Vec<R> {
    if rows < MANY {
        items.iter().copied().map(work).collect()
    } else {
        items.par_iter().map(|item| work(*item)).collect()
    }
}

/// Some rows of a part, one after the other.
#[derive(Clone, Debug)]
struct Run {
    part: Arc<Part>,
    start: usize,
    rows: usize,
}

impl Run {
    fn times(&self) -> &[i64] {
        &self.part.times()[self.start..][..self.rows]
    }
}

/// Events as columns, newest first (equal times by id), each id once.
///
/// They are a choice of rows of parts that others may share. A column is put together when it is first asked for, so that
/// a question pays for the columns that it reads and not for the size of an event.
#[derive(Clone)]
pub struct Events {
    runs: Vec<Run>,
    /// The rows, counted through all runs; `None` for all of them in their order.
    picks: Option<Arc<[u32]>>,
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
    fn over(runs: Vec<Run>, picks: Option<Arc<[u32]>>) -> Self {
        Self { runs, picks, columns: (0..COLUMNS).map(|_| OnceLock::new()).collect() }
    }

    /// Events from columns as [`SCHEMA`] lists them, in any order and possibly with repetitions; what they mean is not
    /// known yet.
    fn of(rows: usize, mut columns: Vec<Stored>) -> Result<Self, ArrowError> {
        columns.insert(RISK, Stored::Plain(Arc::new(UInt16Array::new_null(rows))));
        let part = Part::new(rows, columns.into_iter().map(Arc::new).collect(), false);
        let all = Self::over(vec![Run { part: Arc::new(part), start: 0, rows }], None);
        let (times, ids) = (all.times().values(), all.ids());
        let order = |a: usize, b: usize| times[b].cmp(&times[a]).then_with(|| ids.value(a).cmp(ids.value(b)));
        if (1..rows).all(|row| order(row - 1, row).is_lt()) {
            return Ok(all);
        }
        let mut picks: Vec<u32> = (0..u32::try_from(rows).map_err(too_many)?).collect();
        picks.sort_by(|a, b| order(*a as usize, *b as usize));
        // An id belongs to one time, so that repetitions meet.
        picks.dedup_by(|a, b| order(*a as usize, *b as usize).is_eq());
        Ok(Self::over(all.runs, Some(picks.into())))
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.picks.as_ref().map_or_else(|| self.stored(), |picks| picks.len())
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many rows the runs have.
    fn stored(&self) -> usize {
        self.runs.iter().map(|run| run.rows).sum()
    }

    /// The memory that the parts take of which these events are a choice, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.runs.iter().map(|run| run.part.bytes).sum()
    }

    /// The part of [`Events::bytes`] that is request bodies.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        self.runs.iter().map(|run| run.part.columns[REQUEST_BODY].bytes(&mut HashSet::new())).sum()
    }

    /// Where the events stand, in their order: runs, and rows of the runs' parts.
    fn segments(&self) -> Vec<(usize, Rows<'_>)> {
        let Some(picks) = self.picks.as_deref() else {
            let runs = self.runs.iter().map(|run| Rows::All(run.start..run.start + run.rows));
            return runs.enumerate().collect();
        };
        let mut before = 0;
        let bounds: Vec<Range<usize>> = self
            .runs
            .iter()
            .map(|run| {
                let first = before;
                before += run.rows;
                first..before
            })
            .collect();
        let (mut segments, mut rest) = (Vec::new(), picks);
        while let Some(first) = rest.first() {
            let run = bounds.partition_point(|bounds| bounds.end <= *first as usize);
            // Neighbours mostly stand in the same run.
            let other = rest.iter().position(|pick| !bounds[run].contains(&(*pick as usize)));
            let (picks, others) = rest.split_at(other.unwrap_or(rest.len()));
            segments.push((run, Rows::Some { picks, before: bounds[run].start, start: self.runs[run].start }));
            rest = others;
        }
        segments
    }

    fn gather(&self, place: usize) -> Result<ArrayRef, ArrowError> {
        let stored: Vec<&Stored> = self.runs.iter().map(|run| &*run.part.columns[place]).collect();
        let wanted = SCHEMA.field(place).data_type();
        let is_text = matches!(wanted, DataType::Dictionary(..));
        if self.picks.is_none() && (!is_text || stored.len() == 1) {
            let as_wanted = stored.iter().all(|stored| stored.plain().is_some_and(|array| array.data_type() == wanted));
            let rows = self.runs.iter().map(|run| run.start..run.start + run.rows);
            let parts: Vec<(&Stored, Range<usize>)> = stored.iter().copied().zip(rows).collect();
            if as_wanted && let Some(column) = part::runs(&parts) {
                return column;
            }
        }
        self.copied(place)
    }

    /// A column that shares no memory with the parts.
    fn copied(&self, place: usize) -> Result<ArrayRef, ArrowError> {
        let stored: Vec<&Stored> = self.runs.iter().map(|run| &*run.part.columns[place]).collect();
        let segments = self.segments();
        Ok(match SCHEMA.field(place).data_type() {
            DataType::Timestamp(..) => Arc::new(part::primitives::<TimestampNanosecondType>(&segments, &stored)),
            DataType::UInt16 => Arc::new(part::primitives::<UInt16Type>(&segments, &stored)),
            DataType::Utf8 => Arc::new(part::strings(&segments, &stored)?),
            DataType::Dictionary(..) => Arc::new(part::texts(&segments, &stored)?),
            DataType::List(item) => Arc::new(part::lists(&segments, &stored, item)?),
            other => return Err(ArrowError::SchemaError(format!("a column of {other} is not known"))),
        })
    }

    /// The same rows in the same order, as runs alone: what is picked one after the other is a run.
    fn neighbours(&self) -> Vec<Run> {
        let mut runs = Vec::with_capacity(self.runs.len());
        for (run, rows) in self.segments() {
            let part = &self.runs[run].part;
            let mut add = |start: usize, rows: usize| runs.push(Run { part: Arc::clone(part), start, rows });
            match rows {
                Rows::All(rows) => add(rows.start, rows.len()),
                Rows::Some { picks, before, start } => picks
                    .chunk_by(|pick, next| *next == *pick + 1)
                    .for_each(|picks| add(picks[0] as usize - before + start, picks.len())),
            }
        }
        runs
    }

    fn column(&self, place: usize) -> &ArrayRef {
        self.columns[place].get_or_init(|| {
            self.gather(place).unwrap_or_else(|e| panic!("the column {} is too large: {e}", SCHEMA.field(place).name()))
        })
    }

    /// Puts the long texts together, one beside the other, which may be too much for one column.
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
        let (part, row) = self.at(row)?;
        part.columns[long.place()].reader().get(row).map(Cow::into_owned)
    }

    /// The long texts of the events of some rows, in the order of `rows`. The texts of other events are not read.
    #[must_use]
    pub fn longs(&self, long: Long, rows: &[usize]) -> Vec<Option<String>> {
        let mut last: Option<(&Part, part::Reader<'_>)> = None;
        let text = |row: &usize| {
            let (part, row) = self.at(*row)?;
            // A reader remembers the block that it has decompressed.
            let (_, reader) = match &mut last {
                Some(known) if std::ptr::eq(known.0, part) => known,
                other => other.insert((part, part.columns[long.place()].reader())),
            };
            reader.get(row).map(Cow::into_owned)
        };
        rows.iter().map(text).collect()
    }

    /// Where an event stands: its part, and its row there.
    fn at(&self, row: usize) -> Option<(&Part, usize)> {
        let mut row = self.picks.as_ref().map_or(row, |picks| picks[row] as usize);
        for run in &self.runs {
            if row < run.rows {
                return Some((&run.part, run.start + row));
            }
            row -= run.rows;
        }
        None
    }

    /// When an event was recorded, without putting the column together.
    fn time(&self, row: usize) -> i64 {
        self.at(row).map_or(i64::MIN, |(part, row)| part.times()[row])
    }

    /// How many events were recorded at a time or later.
    #[must_use]
    pub fn since(&self, time: i64) -> usize {
        if self.picks.is_some() {
            return self.times().values().partition_point(|other| *other >= time);
        }
        // Runs that are not picked from follow each other.
        let (newer, other) = self.runs.split_at(self.runs.partition_point(|run| run.times().last() >= Some(&time)));
        let of_other = other.first().map_or(0, |run| run.times().partition_point(|other| *other >= time));
        newer.iter().map(|run| run.rows).sum::<usize>() + of_other
    }

    /// A reader of a text column for each run.
    fn readers(&self, place: usize) -> Vec<Reader<'_>> {
        self.runs.iter().map(|run| run.part.columns[place].reader()).collect()
    }

    /// Shows each event's text to `see`, without putting them together: they may be larger than memory allows twice.
    pub fn each(&self, long: Long, mut see: impl FnMut(usize, Option<&str>)) {
        let mut readers = self.readers(long.place());
        let mut place = 0;
        for (run, rows) in self.segments() {
            rows.each(|row| {
                see(place, readers[run].get(row).as_deref());
                place += 1;
            });
        }
    }

    /// Sets the places in `hit` of the events in whose text `find` finds something, which is asked for many texts at once
    /// where it can be: it has to find the first place, whatever stands around it. `in_uuids` says whether it can find
    /// something in a UUID at all.
    ///
    /// # Panics
    /// When `hit` has another length than the events.
    pub fn search(&self, long: Long, hit: &mut [bool], in_uuids: bool, find: impl Fn(&str) -> Option<Range<usize>>) {
        assert_eq!(hit.len(), self.len());
        let finds = |text: &str| find(text).is_some();
        let segments = self.segments();
        if segments.len() > self.runs.len() * FEW_OF {
            // Runs take turns: one reader of each remembers what it has unpacked.
            self.each(long, |row, text| hit[row] = hit[row] || text.is_some_and(finds));
            return;
        }
        let mut rest = hit;
        for (run, rows) in segments {
            let places;
            (places, rest) = std::mem::take(&mut rest).split_at_mut(rows.len());
            let column = &self.runs[run].part.columns[long.place()];
            match &rows {
                Rows::All(all) => column.search(all.start, places, in_uuids, &find),
                Rows::Some { .. } => {
                    let (mut first, mut end) = (usize::MAX, 0);
                    rows.each(|row| (first, end) = (first.min(row), end.max(row + 1)));
                    if end - first > places.len() * FEW_OF {
                        let (mut reader, mut place) = (column.reader(), places.iter_mut());
                        rows.each(|row| {
                            let Some(hit) = place.next() else { return };
                            *hit = *hit || reader.get(row).is_some_and(|text| finds(&text));
                        });
                        continue;
                    }
                    // What is not picked is nothing to look for.
                    let mut all = vec![true; end - first];
                    let mut searched = places.iter();
                    rows.each(|row| all[row - first] = searched.next().is_none_or(|hit| *hit));
                    column.search(first, &mut all, in_uuids, &find);
                    let mut place = places.iter_mut();
                    rows.each(|row| _ = place.next().map(|hit| *hit = all[row - first]));
                }
            }
        }
    }

    /// Shows `see` the places of the events whose text, or lack of one, `matches`; it is asked once for each text of a run.
    pub fn find(&self, column: Column, mut matches: impl FnMut(Option<&str>) -> bool, mut see: impl FnMut(usize)) {
        let mut place = 0;
        let of_none = matches(None);
        // Of each run, which texts match, and whether any row can.
        let mut found: Vec<Option<(Vec<bool>, bool)>> = vec![None; self.runs.len()];
        for (run, rows) in self.segments() {
            let stored = &self.runs[run].part.columns[column.place()];
            let (hits, any) = found[run].get_or_insert_with(|| {
                let texts = part::dictionary(stored).into_iter().flatten();
                let hits: Vec<bool> = texts.map(&mut matches).collect();
                let has_none = stored.plain().is_some_and(|array| array.logical_null_count() > 0);
                let any = hits.contains(&true) || (of_none && has_none);
                (hits, any)
            });
            if *any {
                let mut row = place;
                part::keys(stored, &rows, |key| {
                    if key.map_or(of_none, |key| hits[key]) {
                        see(row);
                    }
                    row += 1;
                });
            }
            place += rows.len();
        }
    }

    /// The number of each event's text; `number` is asked for it once for each text of a run, and `none` is that of no text.
    pub fn numbers<'a>(&'a self, column: Column, none: u32, mut number: impl FnMut(&'a str) -> u32) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(self.len());
        let mut known: Vec<Vec<Option<u32>>> = vec![Vec::new(); self.runs.len()];
        for (run, rows) in self.segments() {
            let stored = &self.runs[run].part.columns[column.place()];
            let Some(texts) = part::dictionary(stored) else {
                numbers.resize(numbers.len() + rows.len(), none);
                continue;
            };
            known[run].resize(texts.len(), None);
            let mut known = |key: usize| *known[run][key].get_or_insert_with(|| number(texts.value(key)));
            part::keys(stored, &rows, |key| numbers.push(key.map_or(none, &mut known)));
        }
        numbers
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

    /// What each event means, as whoever made the archive has it weighed; null where that is nothing, or not known.
    #[must_use]
    pub fn risks(&self) -> &UInt16Array {
        self.column(RISK).as_primitive::<UInt16Type>()
    }

    /// Long text, put together for all events: for a choice of few.
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

    /// Shows `see` the places of the events that name several resources, or one that stands within another.
    pub fn find_several(&self, mut see: impl FnMut(usize)) {
        let mut place = 0;
        for (run, rows) in self.segments() {
            let stored = &self.runs[run].part.columns[REFERENCES];
            if let Some(list) = stored.plain().and_then(|array| array.as_list_opt::<i32>()) {
                let within = list.values().as_struct().column(WITHIN).logical_nulls();
                let mut row = place;
                rows.each(|of| {
                    let mut items = rows_of(list, of);
                    let is_within = |item| within.as_ref().is_none_or(|nulls| nulls.is_valid(item));
                    if items.len() > 1 || items.any(is_within) {
                        see(row);
                    }
                    row += 1;
                });
            }
            place += rows.len();
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

    /// The events whose place in `mask` is true.
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
        Ok(Self::over(self.runs.clone(), Some(picks?.into())))
    }

    /// The events of some places. Their columns are put together anew, so that whoever holds the whole keeps none of them.
    ///
    /// # Panics
    /// When there are fewer events.
    #[must_use]
    pub fn slice(&self, places: Range<usize>) -> Self {
        if let Some(picks) = &self.picks {
            return Self::over(self.runs.clone(), Some(picks[places].into()));
        }
        let mut before = 0;
        let runs = self.runs.iter().filter_map(|run| {
            let (start, end) = (places.start.max(before), places.end.min(before + run.rows));
            let rows = start..end;
            let first = run.start + start.saturating_sub(before);
            before += run.rows;
            (!rows.is_empty()).then(|| Run { part: Arc::clone(&run.part), start: first, rows: rows.len() })
        });
        Self::over(runs.collect(), None)
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

    /// Puts lists of events into one: newest first, each id once.
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
        let runs: Vec<Run> = lists.iter().flat_map(|list| list.runs.iter().cloned()).collect();
        if in_turn && picked <= FEW_PICKS {
            let neighbours: Vec<Run> = lists.iter().flat_map(|list| list.neighbours()).collect();
            if neighbours.len() <= runs.len() + FEW_RUNS {
                return Ok(Self::over(neighbours, None));
            }
        }
        let (mut sources, mut before) = (Vec::with_capacity(lists.len()), 0);
        for list in &lists {
            let first = u32::try_from(before).map_err(too_many)?;
            before += list.stored();
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
        Ok(Self::over(runs, Some(picks.into())))
    }

    /// The same events with what they mean, as `weigh` tells it.
    #[must_use]
    pub fn weighed(&self, weigh: fn(&Self) -> UInt16Array) -> Self {
        let runs = self.runs.iter().map(|run| {
            let whole = Self::over(vec![Run { start: 0, rows: run.part.rows, ..run.clone() }], None);
            let mut columns = run.part.columns.clone();
            columns[RISK] = Arc::new(Stored::Plain(Arc::new(weigh(&whole))));
            Run { part: Arc::new(Part::new(run.part.rows, columns, run.part.packed)), ..*run }
        });
        Self::over(runs.collect(), self.picks.clone())
    }

    /// The same events in parts of their own, packed. Large parts that are packed already stay what they are.
    ///
    /// # Errors
    /// When a column outgrows Arrow's 2 GiB, or a text 4 GiB.
    pub fn packed(&self) -> Result<Self, ArrowError> {
        let stays = |run: &Run| run.part.packed && run.rows == run.part.rows && run.rows >= part::FEWEST_ROWS;
        if self.picks.is_none() && self.runs.iter().all(stays) {
            return Ok(Self::over(self.runs.clone(), None));
        }
        let mut runs = Vec::new();
        for start in (0..self.len()).step_by(part::MOST_ROWS) {
            let some = self.slice(start..self.len().min(start + part::MOST_ROWS));
            let part = Part::new(some.len(), some.packed_columns()?, true);
            runs.push(Run { rows: part.rows, part: Arc::new(part), start: 0 });
        }
        Ok(Self::over(runs, None))
    }

    fn packed_columns(&self) -> Result<Vec<Arc<Stored>>, ArrowError> {
        let packed = |place| match place {
            REQUEST_BODY | RESOURCES => self.zipped(place),
            ID | REQUEST_ID => match Stored::uuids(self.gather(place)?.as_string()) {
                Some(uuids) => Ok(uuids),
                None => Ok(Stored::Plain(self.copied(place)?)),
            },
            _ => Ok(Stored::Plain(self.copied(place)?)),
        };
        let mut columns: Vec<Stored> = (0..COLUMNS).map(packed).collect::<Result<_, ArrowError>>()?;
        let alone = Column::ALL.map(|column| [(column.place(), None)]);
        let alone = alone.iter().filter(|texts| !ALIKE.iter().any(|alike| alike.contains(&texts[0])));
        for alike in alone.map(|texts| &texts[..]).chain(ALIKE) {
            let texts: Vec<ArrayRef> = alike.iter().filter_map(|(place, item)| columns[*place].texts(*item)).collect();
            for ((place, item), texts) in alike.iter().zip(part::dictionaries(&texts)?) {
                columns[*place] = columns[*place].with_texts(*item, texts)?;
            }
        }
        Ok(columns.into_iter().map(Arc::new).collect())
    }

    fn zipped(&self, place: usize) -> Result<Stored, ArrowError> {
        let (mut zipper, mut readers) = (Zipper::new()?, self.readers(place));
        let mut pushed = Ok(());
        for (run, rows) in self.segments() {
            rows.each(|row| {
                if pushed.is_ok() {
                    pushed = zipper.push(readers[run].get(row).as_deref());
                }
            });
        }
        pushed.and_then(|()| zipper.finish())
    }

    /// The events as one record batch.
    ///
    /// # Errors
    /// When a column outgrows Arrow's 2 GiB.
    pub fn to_batch(&self) -> Result<RecordBatch, ArrowError> {
        // What is put together for this is nobody else's: these events may be held for long.
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
        let columns = batch.columns().iter().map(|column| Arc::new(Stored::Plain(Arc::clone(column)))).collect();
        let part = Part::new(rows, columns, false);
        let events = Self::over(vec![Run { part: Arc::new(part), start: 0, rows }], None);
        let (times, ids) = (events.times().values(), events.ids());
        let sorted = (1..rows).all(|row| (times[row], ids.value(row - 1)) < (times[row - 1], ids.value(row)));
        if sorted {
            Ok(events)
        } else {
            Err(ArrowError::InvalidArgumentError("the events are not in order".to_owned()))
        }
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

/// The resources of each event.
#[derive(Clone, Copy, Debug)]
pub struct References<'a> {
    list: &'a ListArray,
    id: Text<'a>,
    kind: Text<'a>,
    name: Text<'a>,
    within: Text<'a>,
}

fn rows_of(list: &ListArray, row: usize) -> std::ops::Range<usize> {
    let offsets = list.value_offsets();
    let at = |i: usize| usize::try_from(offsets[i]).expect("offsets are not negative");
    at(row)..at(row + 1)
}

impl<'a> References<'a> {
    /// The resources that the event of a row names.
    pub fn of(&self, row: usize) -> impl Iterator<Item = Reference<'a>> + use<'a> {
        let Self { id, kind, name, within, .. } = *self;
        rows_of(self.list, row).map(move |i| Reference {
            id: id.get(i),
            kind: kind.get(i),
            name: name.get(i),
            within: within.get(i),
        })
    }
}

/// The parents of each event's resources.
#[derive(Clone, Copy, Debug)]
pub struct Parents<'a> {
    list: &'a ListArray,
    child: Text<'a>,
    id: Text<'a>,
}

impl<'a> Parents<'a> {
    /// What the resources of a row's event belong to: the id of each that belongs to something, and the id of that; without
    /// the first, what an event merely mentions.
    pub fn of(&self, row: usize) -> impl Iterator<Item = (Option<&'a str>, &'a str)> + use<'a> {
        let Self { child, id, .. } = *self;
        rows_of(self.list, row).filter_map(move |i| Some((child.get(i), id.get(i)?)))
    }
}

#[cfg(test)]
impl Events {
    /// Events as the API tells them, for tests. What one lacks is filled in: an id by its place, and a second each.
    pub(crate) fn told(kind: Kind, told: &[serde_json::Value]) -> Self {
        let mut decoder = Decoder::new("fr-par");
        let events: Vec<_> = told
            .iter()
            .enumerate()
            .map(|(place, fields)| {
                let time = chrono::DateTime::from_timestamp_nanos(1_000_000_000 * (1 + i64::try_from(place).unwrap()));
                let mut event = serde_json::json!({ "id": format!("event-{place:03}"), "recorded_at": time });
                for (name, value) in fields.as_object().unwrap() {
                    event[name] = value.clone();
                }
                event
            })
            .collect();
        let page = serde_json::json!({ "events": events }).to_string();
        assert_eq!(decoder.page(List::Of(kind), page).unwrap().malformed, [""; 0]);
        decoder.finish().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_region_is_a_locality_without_its_zone() {
        for (locality, region) in [
            ("fr-par-2", "fr-par"),
            ("fr-par", "fr-par"),
            ("global", "global"),
            ("x-", "x-"),
            ("a-1b", "a-1b"),
            ("-1", ""),
        ] {
            assert_eq!(region_of(locality), region);
        }
    }

    #[test]
    fn success_is_any_status_from_200_to_299() {
        for (status, class) in
            [(200, "succeeded"), (202, "succeeded"), (299, "succeeded"), (401, "denied"), (403, "denied")]
        {
            assert_eq!(status_class::of(status), class);
        }
        for status in [0, 100, 199, 300, 400, 402, 404, 429, 500, u16::MAX] {
            assert_eq!(status_class::of(status), "failed", "{status}");
        }
    }

    #[test]
    fn a_window_includes_its_start_and_excludes_its_end() {
        let events = Events::told(Kind::Api, &[json!({}), json!({}), json!({})]);
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
            let whole = Events::told(Kind::Api, &told);
            let merged = Events::merge(&[Events::told(Kind::Api, one), Events::default(), Events::told(Kind::Api, other)]).unwrap();
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
            // Each is later than the one before: a part of its own that begins within, of which all or some rows are chosen.
            let events = |(place, (count, of)): (i64, &(i64, usize))| {
                let event = |row: i64| {
                    let method = (row % 5 > 0).then(|| format!("m{}", row % 3));
                    let time = DateTime::from_timestamp_nanos(place * 100 + row / 2);
                    let id = format!("{place:03}-{row:03}");
                    json!({ "recorded_at": time, "id": id, "method_name": method, "request_body": { "of": id } })
                };
                let all = Events::told(Kind::Api, &(0..=*count).map(event).collect::<Vec<_>>()).packed().unwrap();
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
            prop_assert!(merged.runs.len() <= windows.len() + FEW_RUNS);
            let several = lists.iter().filter(|list| !list.is_empty()).count() > 1;
            if several && windows.iter().all(|(count, of)| *of == 1 || *count < 30) {
                prop_assert!(merged.picks.is_none(), "few picks are runs");
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
