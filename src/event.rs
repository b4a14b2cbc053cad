//! The one noun everything speaks of: events of the trail, as Arrow columns.
//!
//! An [`Events`] is a record batch with one row per event, newest first, each event once. A [`Decoder`] turns pages of
//! the Audit Trail API into one. All three kinds of event share the columns; what a kind does not have is null.
//!
//! The API grows every few weeks: products, methods and resource types are text, and a value nobody has seen before
//! passes through untouched.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, BooleanArray, DictionaryArray, Int32Array, ListArray, RecordBatch,
    StringArray, StringBuilder, StringDictionaryBuilder, StructArray, TimestampNanosecondArray, UInt16Array,
    UInt32Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute;
use arrow::datatypes::{
    DataType, Field, Fields, Int32Type, Schema, SchemaRef, TimeUnit, TimestampNanosecondType, UInt16Type,
};
use arrow::error::ArrowError;
use chrono::DateTime;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

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

/// Which list of the API a page belongs to: it decides how the page's items are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum List {
    /// `/events`, `/authentication-events` or `/system-events`.
    Of(Kind),
    /// `/combined-events`: each item wraps an event of one kind.
    Combined,
}

/// What a decoded page says beside its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// How many items the page held, malformed ones included.
    pub items: usize,
    /// The token of the next page; absent, null and empty all mean that there is none.
    pub next: Option<String>,
    /// Items that could not be placed in time, each with what was wrong.
    pub malformed: Vec<String>,
    /// The time of the newest event of the page.
    pub newest: Option<i64>,
    /// The time of the oldest event of the page.
    pub oldest: Option<i64>,
    /// Whether the page was not valid UTF-8; the bytes in question became U+FFFD.
    pub replaced: bool,
}

/// Turns pages of the API into columns.
pub struct Decoder {
    region: String,
    ids: StringBuilder,
    times: Vec<i64>,
    statuses: Vec<Option<u16>>,
    request_ids: StringBuilder,
    request_bodies: StringBuilder,
    resources: StringBuilder,
    texts: Vec<StringDictionaryBuilder<Int32Type>>,
    references: ReferenceBuilder,
    parents: ListOf,
}

struct ListOf {
    ends: Vec<i32>,
    columns: [StringDictionaryBuilder<Int32Type>; 2],
}

struct ReferenceBuilder {
    ends: Vec<i32>,
    columns: [StringDictionaryBuilder<Int32Type>; 4],
}

fn end(length: usize) -> i32 {
    // A page is at most 64 MiB and a listing 512 MiB, so that 2^31 resources cannot be reached.
    i32::try_from(length).unwrap_or(i32::MAX)
}

impl Decoder {
    /// A decoder of pages that were asked of `region`.
    #[must_use]
    pub fn new(region: &str) -> Self {
        Self {
            region: region.to_owned(),
            ids: StringBuilder::new(),
            times: Vec::new(),
            statuses: Vec::new(),
            request_ids: StringBuilder::new(),
            request_bodies: StringBuilder::new(),
            resources: StringBuilder::new(),
            texts: Column::ALL.iter().map(|_| StringDictionaryBuilder::new()).collect(),
            references: ReferenceBuilder {
                ends: vec![0],
                columns: std::array::from_fn(|_| StringDictionaryBuilder::new()),
            },
            parents: ListOf { ends: vec![0], columns: std::array::from_fn(|_| StringDictionaryBuilder::new()) },
        }
    }

    /// How many events the decoder holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// How many events of the window `from <= recorded_at < to` there are behind the first `since` that the decoder holds;
    /// what comes twice counts twice.
    #[must_use]
    pub fn within(&self, since: usize, from: i64, to: i64) -> usize {
        self.times.iter().skip(since).filter(|time| (from..to).contains(*time)).count()
    }

    /// Whether the decoder holds no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Adds the events of a page.
    ///
    /// An item that is no event, or that has no valid `recorded_at`, is reported in [`Page::malformed`] and does not
    /// disturb the others. Bytes that are not UTF-8 become U+FFFD.
    ///
    /// # Errors
    /// When the page is not JSON, is cut off, or has no list `events`.
    pub fn page(&mut self, list: List, bytes: &[u8]) -> Result<Page, serde_json::Error> {
        let text = String::from_utf8_lossy(bytes);
        let (items, next) = match list {
            List::Of(kind) => items::<Row<'_>>(&text, |row| Some((kind, row)))?,
            List::Combined => items::<CombinedRow<'_>>(&text, CombinedRow::unwrap)?,
        };
        let mut page = Page { items: items.len(), next, replaced: matches!(text, Cow::Owned(_)), ..Page::default() };
        for item in items {
            match item.and_then(|(kind, row)| self.append(kind, &row)) {
                Ok(time) => {
                    page.newest = page.newest.max(Some(time));
                    page.oldest = Some(page.oldest.map_or(time, |oldest| oldest.min(time)));
                }
                Err(what) => page.malformed.push(what),
            }
        }
        Ok(page)
    }

    fn append(&mut self, kind: Kind, row: &Row<'_>) -> Result<i64, String> {
        let time = time_of(row)?;
        let resources: Vec<&RawValue> =
            row.resources.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let resources: Vec<Resource<'_>> =
            resources.into_iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect();
        let first = resources.first();
        let class = match (row.status_code, row.result.as_deref()) {
            (Some(status), _) => Some(status_class::of(status)),
            (None, Some("success")) => Some(status_class::SUCCEEDED),
            (None, Some("failure")) => Some(status_class::FAILED),
            _ => None,
        };
        let nameless = kind == Kind::Authentication || row.product_name.as_deref() == Some(PRODUCT_WITHOUT_PRINCIPAL);
        let user = || first.filter(|resource| nameless && resource.is_user()).and_then(|user| user.id.as_deref());
        let principal = row.principal.as_ref().and_then(|p| p.id.as_deref()).or_else(user);
        let body_id = if first.is_none() { row.request_body.and_then(|body| only_id(body.get())) } else { None };
        let (service, method) = match kind {
            Kind::Api => (&row.service_name, &row.method_name),
            Kind::Authentication => (&row.service_name, &row.method),
            Kind::System => (&row.source, &row.system_name),
        };
        let locality = row.locality.as_deref();

        if let Some(id) = row.id.as_deref() {
            self.ids.append_value(id);
        } else {
            // An event without an id is still an event; its bytes are as good a name.
            self.ids.append_value(unnamed(row, time));
        }
        self.times.push(time);
        self.statuses.push(row.status_code);
        self.request_ids.append_option(row.request_id.as_deref());
        self.request_bodies.append_option(row.request_body.map(RawValue::get));
        self.resources.append_option(row.resources.map(RawValue::get));
        self.references.append(&resources);
        self.parents.append(&resources);
        for (column, builder) in Column::ALL.into_iter().zip(&mut self.texts) {
            builder.append_option(match column {
                Column::Kind => Some(kind.as_str()),
                Column::Region => Some(locality.map_or(self.region.as_str(), region_of)),
                Column::Locality => locality,
                Column::Organization => row.organization_id.as_deref(),
                Column::Project => row.project_id.as_deref(),
                Column::PrincipalId => principal,
                Column::Product => row.product_name.as_deref(),
                Column::Service => service.as_deref(),
                Column::Method => method.as_deref(),
                Column::ResourceId => first.and_then(|r| r.id.as_deref()).or(body_id.as_deref()),
                Column::ResourceType => first.and_then(|r| r.kind.as_deref()),
                Column::ResourceName => first.and_then(|r| r.name.as_deref()),
                Column::SourceIp => row.source_ip.as_deref(),
                Column::UserAgent => row.user_agent.as_deref(),
                Column::StatusClass => class,
                Column::Result => row.result.as_deref(),
                Column::FailureReason => row.failure_reason.as_deref(),
                Column::Country => row.country_code.as_deref(),
                Column::Origin => row.origin.as_deref(),
                Column::Mfa => row.mfa_type.as_deref(),
            });
        }
        Ok(time)
    }

    /// The events, newest first, each id once.
    ///
    /// # Errors
    /// When the columns outgrow Arrow's 2 GiB per column.
    pub fn finish(mut self) -> Result<Events, ArrowError> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.ids.finish()),
            Arc::new(TimestampNanosecondArray::from(self.times)),
            Arc::new(UInt16Array::from(self.statuses)),
            Arc::new(self.request_ids.finish()),
            Arc::new(self.request_bodies.finish()),
            Arc::new(self.resources.finish()),
            Arc::new(self.references.finish()?),
            Arc::new(self.parents.finish()?),
        ];
        columns.extend(self.texts.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef));
        let events = Events { batch: RecordBatch::try_new(Arc::clone(&SCHEMA), columns)? };
        Events::merge(&[events])
    }
}

impl ReferenceBuilder {
    fn append(&mut self, resources: &[Resource<'_>]) {
        let [ids, kinds, names, withins] = &mut self.columns;
        let mut push = |id: &Nullable<'_>, kind: &Nullable<'_>, name: &Nullable<'_>, within: Option<&str>| {
            ids.append_option(id.as_deref());
            kinds.append_option(kind.as_deref());
            names.append_option(name.as_deref());
            withins.append_option(within);
        };
        for resource in resources {
            push(&resource.id, &resource.kind, &resource.name, None);
            // A pool's event carries its cluster's id; the pool itself stands in the info.
            if resource.own_id.is_some() {
                push(&resource.own_id, &resource.kind, &resource.own_name, resource.id.as_deref());
            }
        }
        self.ends.push(end(ids.len()));
    }

    fn finish(mut self) -> Result<ListArray, ArrowError> {
        let columns = self.columns.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef).collect();
        let items = StructArray::try_new(reference_fields(), columns, None)?;
        ListArray::try_new(reference_item(), OffsetBuffer::new(self.ends.into()), Arc::new(items), None)
    }
}

impl ListOf {
    fn append(&mut self, resources: &[Resource<'_>]) {
        let [children, ids] = &mut self.columns;
        let mut push = |child: &Nullable<'_>, parent: &str| {
            children.append_option(child.as_deref());
            ids.append_value(parent);
        };
        for resource in resources {
            resource.parents.iter().for_each(|parent| push(&resource.id, parent));
            // A pool belongs to the cluster whose id its event carries.
            if let (Some(_), Some(id)) = (&resource.own_id, &resource.id) {
                push(&resource.own_id, id);
            }
        }
        self.ends.push(end(ids.len()));
    }

    fn finish(mut self) -> Result<ListArray, ArrowError> {
        let columns = self.columns.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef).collect();
        let items = StructArray::try_new(parent_fields(), columns, None)?;
        ListArray::try_new(parent_item(), OffsetBuffer::new(self.ends.into()), Arc::new(items), None)
    }
}

type Nullable<'a> = Option<Cow<'a, str>>;

fn time_of(row: &Row<'_>) -> Result<i64, String> {
    let id = row.id.as_deref().unwrap_or("without id");
    let Some(text) = row.recorded_at.as_deref() else {
        return Err(format!("event {}: recorded_at is missing", shortened(id)));
    };
    DateTime::parse_from_rfc3339(text).ok().and_then(|time| time.timestamp_nanos_opt()).ok_or_else(|| {
        format!("event {}: recorded_at is {:?}, not a time as in RFC 3339", shortened(id), shortened(text))
    })
}

/// The beginning of a text that may be long and is somebody else's.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(64).map_or(text, |(end, _)| &text[..end])
}

fn unnamed(row: &Row<'_>, time: i64) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(time.to_le_bytes());
    for part in [&row.request_id, &row.method_name, &row.method, &row.system_name] {
        hash.update(part.as_deref().unwrap_or_default());
        hash.update([0]);
    }
    hash.update(row.resources.map(RawValue::get).unwrap_or_default());
    let digest = hash.finalize();
    digest.iter().take(8).fold(String::from("without-id-"), |mut name, byte| {
        use std::fmt::Write;
        let _ = write!(name, "{byte:02x}");
        name
    })
}

type Item<'a> = Result<(Kind, Row<'a>), String>;

/// Reads a page's items all at once and, only where that fails, one by one, to find the one that is malformed.
fn items<'a, T: Deserialize<'a>>(
    text: &'a str,
    unwrap: impl Fn(T) -> Option<(Kind, Row<'a>)>,
) -> Result<(Vec<Item<'a>>, Option<String>), serde_json::Error> {
    let unwrap = |item: T| unwrap(item).ok_or_else(|| String::from("an item is of no known kind (api, auth, system)"));
    match serde_json::from_str::<Listing<'a, T>>(text) {
        Ok(listing) => Ok((listing.events.into_iter().map(unwrap).collect(), listing.next)),
        // Half a surrogate pair in one event is an error of the whole text's syntax: the items tell whose.
        Err(error) if !error.is_eof() => {
            let listing: Listing<'a, &'a RawValue> = serde_json::from_str(text)?;
            let items = listing.events.into_iter().map(|raw| {
                serde_json::from_str(raw.get()).map_err(|e| format!("an item is not an event: {e}")).and_then(unwrap)
            });
            Ok((items.collect(), listing.next))
        }
        Err(error) => Err(error),
    }
}

struct Listing<'a, T> {
    events: Vec<T>,
    next: Option<String>,
    marker: std::marker::PhantomData<&'a ()>,
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Listing<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Page<'a, T>(std::marker::PhantomData<(&'a (), T)>);
        impl<'de, 'a, T: Deserialize<'de>> Visitor<'de> for Page<'a, T> {
            type Value = Listing<'a, T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object with the list `events`")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let (mut events, mut next) = (None, None);
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    match &*key {
                        "events" => events = Some(map.next_value::<Option<Vec<T>>>()?.unwrap_or_default()),
                        "next_page_token" => next = map.next_value::<Lenient<'de>>()?.0,
                        _ => _ = map.next_value::<IgnoredAny>()?,
                    }
                }
                let events = events.ok_or_else(|| M::Error::missing_field("events"))?;
                Ok(Listing { events, next: next.map(Cow::into_owned), marker: std::marker::PhantomData })
            }
        }
        deserializer.deserialize_map(Page(std::marker::PhantomData))
    }
}

/// An event as the API sends it; each kind has some of the fields.
#[derive(Default)]
struct Row<'a> {
    id: Nullable<'a>,
    recorded_at: Nullable<'a>,
    locality: Nullable<'a>,
    principal: Option<Principal<'a>>,
    organization_id: Nullable<'a>,
    project_id: Nullable<'a>,
    source_ip: Nullable<'a>,
    user_agent: Nullable<'a>,
    product_name: Nullable<'a>,
    service_name: Nullable<'a>,
    method_name: Nullable<'a>,
    request_id: Nullable<'a>,
    status_code: Option<u16>,
    request_body: Option<&'a RawValue>,
    resources: Option<&'a RawValue>,
    result: Nullable<'a>,
    failure_reason: Nullable<'a>,
    country_code: Nullable<'a>,
    method: Nullable<'a>,
    origin: Nullable<'a>,
    mfa_type: Nullable<'a>,
    source: Nullable<'a>,
    system_name: Nullable<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Row<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Event;
        impl<'de> Visitor<'de> for Event {
            type Value = Row<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an event")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut row = Row::default();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    let field = match &*key {
                        "id" => &mut row.id,
                        "recorded_at" => &mut row.recorded_at,
                        "locality" => &mut row.locality,
                        "organization_id" => &mut row.organization_id,
                        "project_id" => &mut row.project_id,
                        "source_ip" => &mut row.source_ip,
                        "user_agent" => &mut row.user_agent,
                        "product_name" => &mut row.product_name,
                        "service_name" => &mut row.service_name,
                        "method_name" => &mut row.method_name,
                        "request_id" => &mut row.request_id,
                        "result" => &mut row.result,
                        "failure_reason" => &mut row.failure_reason,
                        "country_code" => &mut row.country_code,
                        "method" => &mut row.method,
                        "origin" => &mut row.origin,
                        "mfa_type" => &mut row.mfa_type,
                        "source" => &mut row.source,
                        "system_name" => &mut row.system_name,
                        "principal" => {
                            row.principal = map.next_value()?;
                            continue;
                        }
                        "status_code" => {
                            row.status_code = map.next_value::<Lenient<'de>>()?.0.and_then(|text| text.parse().ok());
                            continue;
                        }
                        "request_body" => {
                            row.request_body = map.next_value()?;
                            continue;
                        }
                        "resources" => {
                            row.resources = map.next_value()?;
                            continue;
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *field = map.next_value::<Lenient<'de>>()?.0;
                }
                Ok(row)
            }
        }
        deserializer.deserialize_map(Event)
    }
}

#[derive(Default)]
struct Principal<'a> {
    id: Nullable<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Principal<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Who;
        impl<'de> Visitor<'de> for Who {
            type Value = Principal<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a principal")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut principal = Principal::default();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    let value = map.next_value::<Lenient<'de>>()?.0;
                    if key == "id" {
                        principal.id = value;
                    }
                }
                Ok(principal)
            }
        }
        deserializer.deserialize_map(Who)
    }
}

/// One item of `/combined-events`.
struct CombinedRow<'a>(Option<(Kind, Row<'a>)>);

impl<'a> CombinedRow<'a> {
    fn unwrap(self) -> Option<(Kind, Row<'a>)> {
        self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for CombinedRow<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOf;
        impl<'de> Visitor<'de> for OneOf {
            type Value = CombinedRow<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an event wrapped in `api`, `auth` or `system`")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut item = None;
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    let kind = match &*key {
                        "api" => Kind::Api,
                        "auth" => Kind::Authentication,
                        "system" => Kind::System,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    if let Some(row) = map.next_value::<Option<Row<'de>>>()? {
                        item = Some((kind, row));
                    }
                }
                Ok(CombinedRow(item))
            }
        }
        deserializer.deserialize_map(OneOf)
    }
}

/// Text in whatever JSON type it comes; null and the empty string are nothing.
struct Lenient<'a>(Nullable<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Lenient<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Lenient<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Lenient((!text.is_empty()).then_some(Cow::Borrowed(text))))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Lenient((!text.is_empty()).then(|| Cow::Owned(text.to_owned()))))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Lenient(Some(Cow::Owned(value.to_string()))))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Lenient(Some(Cow::Owned(value.to_string()))))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Lenient(Some(Cow::Owned(value.to_string()))))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Lenient(Some(Cow::Owned(value.to_string()))))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Lenient(None))
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Lenient(None))
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Lenient(None))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Keys of a resource's `*_info` that name the resource it belongs to.
/// Source: the resource types of Scaleway's Audit Trail API.
const PARENT_KEYS: [&str; 12] = [
    "backend_id",
    "container_id",
    "frontend_id",
    "gateway_id",
    "lb_id",
    "namespace_id",
    "pipeline_id",
    "pn_id",
    "private_network_id",
    "route_stage_id",
    "server_id",
    "vpc_id",
];

#[derive(Default)]
struct Resource<'a> {
    id: Nullable<'a>,
    kind: Nullable<'a>,
    name: Nullable<'a>,
    own_id: Nullable<'a>,
    own_name: Nullable<'a>,
    parents: Vec<Cow<'a, str>>,
}

impl Resource<'_> {
    fn is_user(&self) -> bool {
        matches!(self.kind.as_deref(), Some("iam_user" | "account_user"))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Resource<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Resource<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a resource")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut resource = Resource::default();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    match &*key {
                        "id" => resource.id = map.next_value::<Lenient<'de>>()?.0,
                        "type" => resource.kind = map.next_value::<Lenient<'de>>()?.0,
                        "name" => resource.name = map.next_value::<Lenient<'de>>()?.0,
                        key if key.ends_with("_info") => {
                            // What is no object is none of the infos that name a parent.
                            let raw: &'de RawValue = map.next_value()?;
                            if let Ok(info) = serde_json::from_str::<Info<'de>>(raw.get()) {
                                (resource.own_id, resource.own_name, resource.parents) =
                                    (info.id, info.name, info.parents);
                            }
                        }
                        _ => _ = map.next_value::<IgnoredAny>()?,
                    }
                }
                if resource.own_id == resource.id {
                    resource.own_id = None;
                }
                Ok(resource)
            }
        }
        deserializer.deserialize_map(One)
    }
}

#[derive(Default)]
struct Info<'a> {
    id: Nullable<'a>,
    name: Nullable<'a>,
    parents: Vec<Cow<'a, str>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Info<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Inside;
        impl<'de> Visitor<'de> for Inside {
            type Value = Info<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a resource's info")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut info = Info::default();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    let value = map.next_value::<Lenient<'de>>()?.0;
                    match &*key {
                        "id" => info.id = value,
                        "name" => info.name = value,
                        key if PARENT_KEYS.contains(&key) => info.parents.extend(value),
                        _ => {}
                    }
                }
                Ok(info)
            }
        }
        deserializer.deserialize_map(Inside)
    }
}

/// The id that a request body names, where it names just one besides its project and organization.
///
/// Deletes of IAM list no resource: what was deleted stands only here.
fn only_id(body: &str) -> Option<String> {
    let fields: std::collections::BTreeMap<&str, &RawValue> = serde_json::from_str(body).ok()?;
    let mut ids = fields.into_iter().filter(|(key, _)| {
        let is_id = key.ends_with("_id") || key.ends_with("Id") || matches!(*key, "id" | "access_key" | "accessKey");
        is_id && !matches!(*key, "project_id" | "projectId" | "organization_id" | "organizationId")
    });
    let (_, value) = ids.next()?;
    ids.next().is_none().then(|| serde_json::from_str(value.get()).ok())?
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
                let time = DateTime::from_timestamp_nanos(1_000_000_000 * (1 + i64::try_from(place).unwrap()));
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
    use serde_json::{Value, json};

    use super::*;

    const API: List = List::Of(Kind::Api);

    fn read(list: List, page: &str) -> (Page, Events) {
        let mut decoder = Decoder::new("nl-ams");
        let read = decoder.page(list, page.as_bytes()).unwrap();
        (read, decoder.finish().unwrap())
    }

    /// The texts of the only event, by column.
    fn only(kind: Kind, fields: Value) -> impl Fn(Column) -> Option<String> {
        let events = Events::told(kind, &[fields]);
        move |column| events.text(column).get(0).map(str::to_owned)
    }

    #[test]
    fn an_absent_a_null_and_an_empty_token_all_end_a_list() {
        for (page, next) in [
            (r#"{"events":[]}"#, None),
            (r#"{"events":[], "next_page_token":null}"#, None),
            (r#"{"events":[], "next_page_token":""}"#, None),
            (r#"{"next_page_token":"more", "events":[]}"#, Some("more")),
            (r#"{"events":null, "next_page_token":7, "of_tomorrow":{"a":[1]}}"#, Some("7")),
        ] {
            assert_eq!(read(API, page).0.next.as_deref(), next, "{page}");
        }
    }

    #[test]
    fn what_is_no_list_of_events_is_an_error() {
        for page in ["", "{", "[]", "null", "<html>", r#"{"events":{}}"#, r#"{"events":[{"id":"a"}"#, r#"{"items":[]}"#]
        {
            let mut decoder = Decoder::new("fr-par");
            assert!(decoder.page(API, page.as_bytes()).is_err(), "{page}");
            assert!(decoder.is_empty());
        }
    }

    #[test]
    fn one_malformed_event_does_not_disturb_the_others() {
        let good = r#"{"id":"a", "recorded_at":"2026-01-01T00:00:00Z"}"#;
        for (bad, what) in [
            (r#"{"id":"b"}"#, "event b: recorded_at is missing"),
            (r#"{"id":"b", "recorded_at":"soon"}"#, "event b: recorded_at is \"soon\", not a time as in RFC 3339"),
            (r#"{"recorded_at":"9999-01-01T00:00:00Z"}"#, "event without id: recorded_at is \"9999-01-01T00:00:00Z\""),
            (r#"{"id":"b", "principal":"somebody"}"#, "an item is not an event"),
            ("7", "an item is not an event"),
            ("null", "an item is not an event"),
        ] {
            let (page, events) = read(API, &format!(r#"{{"events":[{bad}, {good}, {bad}]}}"#));
            assert_eq!((page.items, page.malformed.len(), events.len()), (3, 2, 1), "{bad}");
            assert!(page.malformed[0].starts_with(what), "{bad}: {}", page.malformed[0]);
        }
        let long = json!({ "events": [{ "id": "x".repeat(1_000), "recorded_at": "y".repeat(1_000) }] });
        assert!(read(API, &long.to_string()).0.malformed[0].len() < 250, "what is quoted is quoted in part");
    }

    #[test]
    fn a_combined_list_tells_each_events_kind() {
        let at = r#""recorded_at":"2026-01-01T00:00:00Z""#;
        let page = format!(
            r#"{{"events":[{{"api":{{"id":"a", {at}}}}}, {{"auth":{{"id":"b", {at}}}, "api":null}}, {{"system":{{"id":"c", {at}}}}}, {{"fourth":{{"id":"d", {at}}}}}]}}"#
        );
        let (page, events) = read(List::Combined, &page);
        let kind = events.text(Column::Kind);
        assert_eq!([0, 1, 2].map(|row| kind.get(row)), ["api", "authentication", "system"].map(Some));
        assert_eq!(page.malformed, ["an item is of no known kind (api, auth, system)"]);
    }

    #[test]
    fn times_are_read_to_the_nanosecond() {
        for (text, nanos) in [
            ("1970-01-01T00:00:01.123456789Z", 1_123_456_789),
            ("1970-01-01T00:00:01.123456Z", 1_123_456_000),
            ("1970-01-01T00:00:01Z", 1_000_000_000),
            ("1970-01-01T02:00:01.5+02:00", 1_500_000_000),
        ] {
            assert_eq!(Events::told(Kind::Api, &[json!({ "recorded_at": text })]).times().value(0), nanos, "{text}");
        }
    }

    #[test]
    fn each_kind_fills_the_columns_that_it_has() {
        let all = json!({
            "service_name": "service", "method_name": "Method", "method": "saml", "source": "source", "system_name": "name",
            "result": "failure", "failure_reason": "invalid_mfa", "country_code": "FR", "origin": "public_api", "mfa_type": "totp",
        });
        let (api, login) = (only(Kind::Api, all.clone()), only(Kind::Authentication, all.clone()));
        let system = only(Kind::System, all);
        assert_eq!((api(Column::Service).unwrap(), api(Column::Method).unwrap()), ("service".into(), "Method".into()));
        assert_eq!(login(Column::Method).as_deref(), Some("saml"));
        assert_eq!(
            (system(Column::Service).unwrap(), system(Column::Method).unwrap()),
            ("source".into(), "name".into())
        );
        let told = [Column::Result, Column::FailureReason, Column::Country, Column::Origin, Column::Mfa].map(login);
        assert_eq!(told.map(Option::unwrap), ["failure", "invalid_mfa", "FR", "public_api", "totp"]);
    }

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
        assert_eq!(
            only(Kind::Authentication, json!({}))(Column::Region).as_deref(),
            Some("fr-par"),
            "the region asked"
        );
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
        let class = |fields| only(Kind::Authentication, fields)(Column::StatusClass);
        assert_eq!(class(json!({ "result": "success" })).as_deref(), Some("succeeded"));
        assert_eq!(class(json!({ "result": "failure" })).as_deref(), Some("failed"));
        assert_eq!(class(json!({ "result": "unknown_result" })), None);
    }

    #[test]
    fn who_has_no_principal_is_the_user_concerned_or_nobody() {
        let user = json!([{ "id": "u", "type": "iam_user", "name": "a@example.com" }]);
        let who = |kind, mut fields: Value, resources: &Value| {
            fields["resources"] = resources.clone();
            only(kind, fields)(Column::PrincipalId)
        };
        assert_eq!(who(Kind::Authentication, json!({}), &user).as_deref(), Some("u"));
        assert_eq!(who(Kind::Api, json!({ "product_name": "iam" }), &user).as_deref(), Some("u"));
        let named = json!({ "product_name": "iam", "principal": { "id": "p" } });
        assert_eq!(who(Kind::Api, named, &user).as_deref(), Some("p"));
        assert_eq!(who(Kind::Api, json!({ "product_name": "instance" }), &user), None);
        assert_eq!(who(Kind::Api, json!({ "product_name": "iam", "principal": null }), &json!([])), None);
        let policy = json!([{ "id": "x", "type": "iam_policy" }]);
        assert_eq!(who(Kind::Api, json!({ "product_name": "iam" }), &policy), None);
    }

    #[test]
    fn the_id_of_what_is_deleted_is_read_from_the_body() {
        let of = |body: Value| only(Kind::Api, json!({ "request_body": body, "resources": [] }))(Column::ResourceId);
        for (body, id) in [
            (json!({ "access_key": "SCW1" }), Some("SCW1")),
            (json!({ "ssh_key_id": "k" }), Some("k")),
            (json!({ "serverId": "s", "projectId": "p", "organization_id": "o" }), Some("s")),
            (json!({ "policy_id": "p", "force": true }), Some("p")),
            // Of two ids, neither is known to be the one.
            (json!({ "group_id": "g", "user_id": "u" }), None),
            (json!({ "policy_id": null }), None),
            (json!({ "project_id": "p" }), None),
            (json!([{ "policy_id": "p" }]), None),
            (json!(null), None),
        ] {
            assert_eq!(of(body.clone()).as_deref(), id, "{body}");
        }
        let listed = json!({ "request_body": { "policy_id": "p" }, "resources": [{ "id": "r" }] });
        assert_eq!(only(Kind::Api, listed)(Column::ResourceId).as_deref(), Some("r"));
    }

    #[test]
    fn references_are_all_resources_and_what_stands_within_them() {
        let events = Events::told(
            Kind::Api,
            &[json!({ "resources": [
            { "id": "cluster", "type": "kube_pool", "name": "prod", "kube_pool_info": { "id": "pool", "name": "default" } },
            { "id": "mac", "type": "apple_silicon_server", "apple_silicon_server_info": { "id": "mac", "name": "m" } },
            { "id": "acl", "type": "load_balancer_acl", "load_balancer_acl_info": { "frontend_id": "f", "x": { "lb_id": "no" } } },
            { "id": "nic", "type": "n", "n_info": { "server_id": "s", "private_network_id": "pn", "security_group_id": "sg" } },
            { "id": null, "type": 7, "name": "", "deleted_at": null },
        ] })],
        );
        let references: Vec<_> = events.references().of(0).map(|r| (r.id, r.kind, r.name, r.within)).collect();
        let expected = [
            (Some("cluster"), Some("kube_pool"), Some("prod"), None),
            (Some("pool"), Some("kube_pool"), Some("default"), Some("cluster")),
            (Some("mac"), Some("apple_silicon_server"), None, None),
            (Some("acl"), Some("load_balancer_acl"), None, None),
            (Some("nic"), Some("n"), None, None),
            (None, Some("7"), None, None),
        ];
        assert_eq!(references, expected);
        assert_eq!(events.parents().of(0).map(|(_, parent)| parent).collect::<Vec<_>>(), ["cluster", "f", "pn", "s"]);
    }

    #[test]
    fn events_without_an_id_are_told_apart_and_known_again() {
        let event = |method: &str| json!({ "recorded_at": "2026-01-01T00:00:00Z", "method_name": method });
        let page = json!({ "events": [event("A"), event("B"), event("A")] }).to_string();
        let ids = |page: &str| {
            let (_, events) = read(API, page);
            (0..events.len()).map(|row| events.ids().value(row).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&page).len(), 2, "the same event twice is one");
        assert_eq!(ids(&page), ids(&page));
    }

    #[test]
    fn bytes_that_are_not_utf_8_become_replacement_characters() {
        let mut decoder = Decoder::new("fr-par");
        let page =
            b"{\"events\":[{\"id\":\"a\", \"recorded_at\":\"2026-01-01T00:00:00Z\", \"user_agent\":\"x\xff\xfey\"}]}";
        assert!(decoder.page(API, page).unwrap().replaced);
        assert_eq!(decoder.finish().unwrap().text(Column::UserAgent).get(0), Some("x\u{fffd}\u{fffd}y"));
    }

    #[test]
    fn nesting_however_deep_costs_no_stack() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for field in ["request_body", "of_tomorrow", "resources", "user_agent"] {
            let page =
                format!(r#"{{"events":[{{"id":"a", "recorded_at":"2026-01-01T00:00:00Z", "{field}":{deep}}}]}}"#);
            assert_eq!(read(API, &page).1.len(), 1, "{field}");
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
