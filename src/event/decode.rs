//! From the API's JSON to columns.
//!
//! The API grows every few weeks: products, methods and resource types are text, and a value nobody has seen before
//! passes through untouched.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, ListArray, StringBuilder, StringDictionaryBuilder, StructArray, TimestampNanosecondArray,
    UInt16Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;
use chrono::DateTime;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    Column, Events, Kind, PRODUCT_WITHOUT_PRINCIPAL, parent_fields, parent_item, reference_fields, reference_item,
    region_of, status_class,
};

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

    /// The oldest and the newest time of those events.
    #[must_use]
    pub fn span(&self, since: usize, from: i64, to: i64) -> Option<(i64, i64)> {
        let times = self.times.iter().skip(since).filter(|time| (from..to).contains(*time));
        times.fold(None, |span, time| {
            span.map_or(Some((*time, *time)), |(o, n): (i64, i64)| Some((o.min(*time), n.max(*time))))
        })
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
        let acts = kind == Kind::Api && row.method_name.as_deref() == Some(METHOD_WITH_ACTION);
        let action = row.request_body.filter(|_| acts).and_then(|body| action(body.get()));

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
                Column::Action => action.as_deref(),
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
        Events::of(columns)
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

/// The method that does one of several things.
const METHOD_WITH_ACTION: &str = "ServerAction";

/// What the method does, as its request body says.
fn action(body: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Body {
        action: String,
    }
    serde_json::from_str::<Body>(body).ok().map(|body| body.action)
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
