//! The one noun everything speaks of: events of the trail, as Arrow columns.
//!
//! An [`Events`] is a record batch with one row per event, newest first, each event once. A [`Decoder`] turns pages of
//! the Audit Trail API into one. All three kinds of event share the columns; what a kind does not have is null.
//!
//! The API grows every few weeks: products, methods and resource types are text, and a value nobody has seen before
//! passes through untouched.

mod decode;

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, Int32Array, ListArray, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt16Array, UInt32Array,
};
use arrow::compute;
use arrow::datatypes::{
    DataType, Field, Fields, Int32Type, Schema, SchemaRef, TimeUnit, TimestampNanosecondType, UInt16Type,
};
use arrow::error::ArrowError;

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
    /// A log-in's second factor.
    Mfa,
}

impl Column {
    /// All text columns in the order of the schema.
    pub const ALL: [Self; 20] = [
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
    ];

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

const ID: &str = "id";
const RECORDED_AT: &str = "recorded_at";
const STATUS: &str = "status";
const REQUEST_ID: &str = "request_id";
const REQUEST_BODY: &str = "request_body";
const RESOURCES: &str = "resources";
const REFERENCES: &str = "references";
const PARENTS: &str = "parents";

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
        Field::new(ID, DataType::Utf8, false),
        Field::new(RECORDED_AT, time, false),
        Field::new(STATUS, DataType::UInt16, true),
        Field::new(REQUEST_ID, DataType::Utf8, true),
        Field::new(REQUEST_BODY, DataType::Utf8, true),
        Field::new(RESOURCES, DataType::Utf8, true),
        Field::new(REFERENCES, DataType::List(reference_item()), false),
        Field::new(PARENTS, DataType::List(parent_item()), false),
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

    /// The row's position in the dictionary: equal keys are equal texts, so that a count needs no text.
    #[must_use]
    pub fn key(&self, row: usize) -> Option<usize> {
        self.keys.is_valid(row).then(|| usize::try_from(self.keys.value(row)).unwrap_or_default())
    }

    /// The dictionary: the texts that occur, and possibly some that no row uses any more.
    #[must_use]
    pub fn dictionary(&self) -> &'a StringArray {
        self.values
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

/// Events as columns, newest first (equal times by id), each id once.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    batch: RecordBatch,
}

impl Default for Events {
    fn default() -> Self {
        Self { batch: RecordBatch::new_empty(Arc::clone(&SCHEMA)) }
    }
}

impl Events {
    /// Events from columns as [`SCHEMA`] lists them, in any order and possibly with repetitions.
    fn of(columns: Vec<ArrayRef>) -> Result<Self, ArrowError> {
        Self::merge(&[Self { batch: RecordBatch::try_new(Arc::clone(&SCHEMA), columns)? }])
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory that the columns take, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.batch.get_array_memory_size()
    }

    fn column(&self, name: &str) -> &ArrayRef {
        // Every batch in here was made with SCHEMA.
        self.batch.column_by_name(name).unwrap_or_else(|| unreachable!("no column {name}"))
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

    /// The request's id, which Scaleway's support asks for.
    #[must_use]
    pub fn request_ids(&self) -> &StringArray {
        self.column(REQUEST_ID).as_string()
    }

    /// The request body as JSON, as sent; the API has replaced secrets by `REDACTED`.
    #[must_use]
    pub fn request_bodies(&self) -> &StringArray {
        self.column(REQUEST_BODY).as_string()
    }

    /// The list of resources as JSON, as sent.
    #[must_use]
    pub fn resources(&self) -> &StringArray {
        self.column(RESOURCES).as_string()
    }

    /// A text column.
    #[must_use]
    pub fn text(&self, column: Column) -> Text<'_> {
        Text::of(self.column(column.name()))
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
            within: Text::of(items.column(3)),
        }
    }

    /// The ids of the resources that each event's resources belong to: a backend's load balancer, an ACL's frontend.
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
    pub fn filter(&self, mask: &BooleanArray) -> Result<Self, ArrowError> {
        Ok(Self { batch: compute::filter_record_batch(&self.batch, mask)? })
    }

    /// The `limit` newest events.
    #[must_use]
    pub fn newest(&self, limit: usize) -> Self {
        Self { batch: self.batch.slice(0, limit.min(self.len())) }
    }

    /// The events of the window `from <= recorded_at < to`.
    ///
    /// # Errors
    /// Never for events that were made here.
    pub fn within(&self, from: i64, to: i64) -> Result<Self, ArrowError> {
        let times = self.times().values();
        if times.iter().all(|time| (from..to).contains(time)) {
            return Ok(self.clone());
        }
        self.filter(&times.iter().map(|time| Some((from..to).contains(time))).collect())
    }

    /// Puts lists of events into one: newest first, each id once.
    ///
    /// # Errors
    /// When the columns together outgrow Arrow's 2 GiB per column.
    pub fn merge(parts: &[Self]) -> Result<Self, ArrowError> {
        let parts: Vec<&RecordBatch> = parts.iter().map(|p| &p.batch).filter(|b| b.num_rows() > 0).collect();
        if parts.is_empty() {
            return Ok(Self::default());
        }
        let all = Self { batch: compute::concat_batches(&SCHEMA, parts)? };
        let (times, ids) = (all.times(), all.ids());
        let mut rows: Vec<u32> =
            (0..u32::try_from(all.len()).map_err(|e| ArrowError::from_external_error(Box::new(e)))?).collect();
        rows.sort_by(|&a, &b| {
            let (a, b) = (a as usize, b as usize);
            times.value(b).cmp(&times.value(a)).then_with(|| ids.value(a).cmp(ids.value(b)))
        });
        let mut seen = HashSet::with_capacity(rows.len());
        rows.retain(|&row| seen.insert(ids.value(row as usize)));
        let sorted = rows.len() == all.len() && rows.windows(2).all(|pair| pair[0] < pair[1]);
        if sorted {
            return Ok(all);
        }
        let rows = UInt32Array::from(rows);
        Ok(Self { batch: compute::take_record_batch(&all.batch, &rows)? })
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
    let at = |i: usize| usize::try_from(offsets[i]).unwrap_or_default();
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
    /// What the resources of a row's event belong to: the id of each that belongs to something, and the id of that.
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
        assert_eq!(decoder.page(List::Of(kind), page.as_bytes()).unwrap().malformed, [""; 0]);
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
        let within = |from, to| events.within(from, to).unwrap().len();
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
            let distinct: HashSet<_> = told.iter().map(|event| event["id"].to_string()).collect();
            prop_assert_eq!(merged.len(), distinct.len());
        }
    }
}
