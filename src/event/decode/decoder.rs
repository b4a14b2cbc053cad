use std::sync::Arc;

use arrow::array::{TimestampNanosecondArray, UInt16Array};
use arrow::buffer::Buffer;
use arrow::error::ArrowError;
use bumpalo::Bump;
use chrono::{DateTime, NaiveDate};
use serde::de::{Error as _, IgnoredAny};

use super::columns::{Lists, NULL, Strings, Texts, encoded};
use super::ids::{Relation, relation};
use super::json::{JsonReader, Known, Raw, Structurals, SyntaxError};
use crate::event::chunk::ColumnData;
use crate::event::column::Column;
use crate::event::events::Events;
use crate::event::kind::Kind;
use crate::event::list::List;
use crate::event::page_text::{ByteRange, PageText};
use crate::event::region::{PRODUCT_WITHOUT_PRINCIPAL, region_of};
use crate::event::schema::{parent_fields, parent_item, reference_fields, reference_item};
use crate::event::status_class;

/// What a decoded page says beside its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The number of items of the page, malformed ones included.
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

/// The bytes of a usual event, for making room.
const USUAL_EVENT: usize = 900;

/// The bytes of an id.
const UUID: usize = 36;

/// Turns pages of the API into columns.
///
/// ```
/// use audittrail::event::{Column, Decoder, Kind, List};
///
/// let page = r#"{"events": [{"id": "1", "recorded_at": "2026-03-01T10:00:00Z", "method_name": "CreateServer"}]}"#;
/// let mut decoder = Decoder::new("fr-par");
/// decoder.page(List::Of(Kind::Api), page)?;
/// let events = decoder.finish()?;
/// assert_eq!(events.text(Column::Method).get(0), Some("CreateServer"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Decoder {
    region: String,
    ids: Strings,
    times: Vec<i64>,
    statuses: Vec<Option<u16>>,
    request_ids: Strings,
    /// What request bodies and resources stand in.
    pages: Vec<Buffer>,
    request_bodies: Vec<ByteRange>,
    resources: Vec<ByteRange>,
    /// The dictionaries and keys of [`Column::ALL`]; those of resources serve the lists below too.
    texts: Box<[Texts; Column::ALL.len()]>,
    references: Lists<4>,
    parents: Lists<2>,
    marks: Structurals,
}

impl Decoder {
    /// A decoder of pages that were asked of `region`.
    #[must_use]
    pub fn new(region: &str) -> Self {
        Self {
            region: region.to_owned(),
            ids: Strings::default(),
            times: Vec::new(),
            statuses: Vec::new(),
            request_ids: Strings::default(),
            pages: Vec::new(),
            request_bodies: Vec::new(),
            resources: Vec::new(),
            texts: Box::new(std::array::from_fn(|_| Texts::default())),
            references: Lists::default(),
            parents: Lists::default(),
            marks: Structurals::default(),
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
            span.map_or(Some((*time, *time)), |(oldest, newest): (i64, i64)| {
                Some((oldest.min(*time), newest.max(*time)))
            })
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
    /// When the page is not JSON, is cut off, or has no list `events`; none of its events is added then.
    pub fn page(&mut self, list: List, page: impl Into<Vec<u8>>) -> Result<Page, serde_json::Error> {
        let mut page = page.into();
        let replaced = simdutf8::basic::from_utf8(&page).is_err();
        if replaced {
            page = String::from_utf8_lossy(&page).into_owned().into_bytes();
        }
        let rows = self.len();
        let arena = Bump::new();
        let mut marks = std::mem::take(&mut self.marks);
        marks.set(&page);
        self.reserve(page.len() / USUAL_EVENT);
        let listing = self.listing(list, &mut JsonReader::new(&page, &marks, &arena));
        self.marks = marks;
        match listing {
            Ok(read) => {
                self.pages.push(Buffer::from_vec(page));
                Ok(Page { replaced, ..read })
            }
            Err(SyntaxError(what)) => {
                self.truncate(rows);
                // Where a text is not JSON, and why, serde_json says best.
                let error = serde_json::from_slice::<IgnoredAny>(&page).err();
                Err(error.unwrap_or_else(|| serde_json::Error::custom(what)))
            }
        }
    }

    fn listing(&mut self, list: List, reader: &mut JsonReader<'_>) -> Result<Page, SyntaxError> {
        let rows = self.len();
        let mut row = Row::default();
        let (mut events, mut next) = (None, None);
        reader.members(|reader, key| {
            match key {
                b"events" => {
                    // Of a repeated key, the last value counts.
                    self.truncate(rows);
                    let mut page = Page::default();
                    if !reader.null()? {
                        reader.elements(|reader| self.item(list, reader, &mut row, &mut page))?;
                    }
                    events = Some(page);
                }
                b"next_page_token" => next = reader.text()?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        reader.end()?;
        match (reader.fault(), events) {
            (Some(what), _) => Err(SyntaxError(what)),
            (None, None) => Err(SyntaxError("missing field `events`")),
            (None, Some(page)) => {
                Ok(Page { next: next.map(|next| String::from_utf8_lossy(next).into_owned()), ..page })
            }
        }
    }

    fn item<'a>(
        &mut self,
        list: List,
        reader: &mut JsonReader<'a>,
        row: &mut Row<'a>,
        page: &mut Page,
    ) -> Result<(), SyntaxError> {
        page.items += 1;
        let item = reader.recover(|reader| match list {
            List::Of(kind) => row.read(reader).map(|()| Some(kind)),
            List::Combined => row.unwrap(reader),
        })?;
        let placed = match item {
            Ok(Some(kind)) => row.time().map(|time| (kind, time)),
            Ok(None) => Err("an item is of no known kind (api, auth, system)".to_owned()),
            Err(what) => Err(format!("an item is not an event: {what}")),
        };
        match placed {
            Ok((kind, time)) => {
                self.append(kind, time, row, reader);
                page.newest = page.newest.max(Some(time));
                page.oldest = Some(page.oldest.map_or(time, |oldest| oldest.min(time)));
            }
            Err(what) => page.malformed.push(what),
        }
        Ok(())
    }

    fn append<'a>(&mut self, kind: Kind, time: i64, row: &Row<'a>, reader: &JsonReader<'a>) {
        let first = row.touched.first();
        let nameless =
            kind == Kind::Authentication || row.of(Field::Product) == Some(PRODUCT_WITHOUT_PRINCIPAL.as_bytes());
        let user = || first.filter(|resource| nameless && resource.is_user()).and_then(|user| user.id);
        let body_id = || row.request_body.and_then(|body| only_id(&mut reader.again(body)).ok()?);
        let (service, method) = match kind {
            Kind::Api => (Field::Service, Field::MethodName),
            Kind::Authentication => (Field::Service, Field::Method),
            Kind::System => (Field::Source, Field::SystemName),
        };
        let acts = kind == Kind::Api && row.of(Field::MethodName) == Some(METHOD_WITH_ACTION);
        let action = row.request_body.filter(|_| acts).and_then(|body| action(&mut reader.again(body)).ok()?);
        let [mut resource_id, resource_type, resource_name] = self.append_touched(&row.touched);
        if first.is_none() {
            resource_id = self.texts[Column::ResourceId as usize].key(body_id());
        }

        match row.of(Field::Id) {
            Some(id) => self.ids.push(Some(id)),
            // An event without an id is still an event; its bytes are as good a name.
            None => self.ids.push(Some(unnamed(row, time).as_bytes())),
        }
        let line = self.times.len();
        self.times.push(time);
        self.statuses.push(row.status);
        self.request_ids.push(row.of(Field::RequestId));
        let page = self.pages.len();
        self.request_bodies.push(row.request_body.map_or_else(ByteRange::default, |body| body.place(page)));
        self.resources.push(row.resources.map_or_else(ByteRange::default, |list| list.place(page)));
        let principal = row.principal.or_else(user);
        self.texts[Column::Kind as usize].set_following(line, kind as usize, || Some(kind.as_str().as_bytes()));
        let locality = row.of(Field::Locality);
        let key = self.texts[Column::Locality as usize].key(locality);
        self.texts[Column::Locality as usize].set_key(line, key);
        self.texts[Column::Region as usize].set_following(
            line,
            usize::try_from(key + 1).expect("keys are not negative"),
            || {
                let Some(locality) = locality else { return Some(self.region.as_bytes()) };
                Some(str::from_utf8(locality).map_or(locality, |locality| region_of(locality).as_bytes()))
            },
        );
        match row.status {
            Some(status) => self.texts[Column::StatusClass as usize]
                .set_following(line, status.into(), || Some(status_class::of(status).as_bytes())),
            None => self.texts[Column::StatusClass as usize].set(line, row.of(Field::Result).and_then(class_of)),
        }
        let mut put = |column: Column, text: Option<&[u8]>| self.texts[column as usize].set(line, text);
        let method = row.of(method).filter(|method| kind != Kind::Authentication || is_known(method));
        put(Column::Organization, row.of(Field::Organization));
        put(Column::Project, row.of(Field::Project));
        put(Column::PrincipalId, principal);
        put(Column::Product, row.of(Field::Product));
        put(Column::Service, row.of(service));
        put(Column::Method, method);
        put(Column::SourceIp, row.of(Field::SourceIp));
        put(Column::UserAgent, row.of(Field::UserAgent));
        put(Column::Result, row.known(Field::Result));
        put(Column::FailureReason, row.known(Field::FailureReason));
        put(Column::Country, row.known(Field::Country));
        put(Column::Origin, row.known(Field::Origin));
        put(Column::Mfa, row.known(Field::Mfa));
        put(Column::Action, action);
        self.texts[Column::ResourceId as usize].set_key(line, resource_id);
        self.texts[Column::ResourceType as usize].set_key(line, resource_type);
        self.texts[Column::ResourceName as usize].set_key(line, resource_name);
    }

    /// Adds the resources of an event; returns the keys of the first one's id, type and name.
    fn append_touched(&mut self, touched: &[Resource<'_>]) -> [i32; 3] {
        let mut first = None;
        let mut key = |column: Column, text: Option<&[u8]>| self.texts[column as usize].key(text);
        for resource in touched {
            let id = key(Column::ResourceId, resource.id);
            let kind = key(Column::ResourceType, resource.kind);
            let name = key(Column::ResourceName, resource.name);
            first = first.or(Some([id, kind, name]));
            self.references.push([id, kind, name, NULL]);
            for parent in &resource.parents {
                self.parents.push([id, key(Column::ResourceId, Some(parent))]);
            }
            // What is merely mentioned has no child: it is concerned by this event alone.
            for mentioned in &resource.mentions {
                self.parents.push([NULL, key(Column::ResourceId, Some(mentioned))]);
            }
            // A pool's event carries its cluster's id; the pool itself stands in the info, and belongs to the cluster.
            if resource.own_id.is_some() {
                let own = key(Column::ResourceId, resource.own_id);
                self.references.push([own, kind, key(Column::ResourceName, resource.own_name), id]);
                if resource.id.is_some() {
                    self.parents.push([own, id]);
                }
            }
        }
        self.references.end();
        self.parents.end();
        first.unwrap_or([NULL; 3])
    }

    fn reserve(&mut self, rows: usize) {
        self.times.reserve(rows);
        self.statuses.reserve(rows);
        self.ids.reserve(rows, UUID);
        self.request_ids.reserve(rows, UUID);
        self.request_bodies.reserve(rows);
        self.resources.reserve(rows);
    }

    /// Forgets all but the first `rows` events.
    fn truncate(&mut self, rows: usize) {
        if rows == self.len() {
            return;
        }
        self.times.truncate(rows);
        self.statuses.truncate(rows);
        self.ids.truncate(rows);
        self.request_ids.truncate(rows);
        self.request_bodies.truncate(rows);
        self.resources.truncate(rows);
        self.texts.iter_mut().for_each(|texts| texts.truncate(rows));
        self.references.truncate(rows);
        self.parents.truncate(rows);
    }

    /// The events, newest first, each id once.
    ///
    /// # Errors
    /// When the columns outgrow Arrow's 2 GiB per column.
    pub fn finish(self) -> Result<Events, ArrowError> {
        let rows = self.times.len();
        let texts = self.texts.into_iter().map(|texts| texts.finish(rows)).collect::<Result<Vec<_>, _>>()?;
        let values = |column: Column| &texts[column as usize].1;
        let (id, kind, name) = (values(Column::ResourceId), values(Column::ResourceType), values(Column::ResourceName));
        let pages: Arc<[Buffer]> = self.pages.into();
        let quoted = |places: Vec<ByteRange>| ColumnData::PageText(PageText { pages: Arc::clone(&pages), places });
        let mut columns = vec![
            ColumnData::Plain(Arc::new(self.ids.finish()?)),
            ColumnData::Plain(Arc::new(TimestampNanosecondArray::from(self.times))),
            ColumnData::Plain(Arc::new(UInt16Array::from(self.statuses))),
            ColumnData::Plain(Arc::new(self.request_ids.finish()?)),
            quoted(self.request_bodies),
            quoted(self.resources),
            ColumnData::Plain(Arc::new(self.references.finish(
                reference_item(),
                reference_fields(),
                [id, kind, name, id],
            )?)),
            ColumnData::Plain(Arc::new(self.parents.finish(parent_item(), parent_fields(), [id, id])?)),
        ];
        for (keys, values) in texts {
            columns.push(ColumnData::Plain(encoded(keys, &values)?));
        }
        Events::of(rows, columns)
    }
}

/// The method that does one of several things.
const METHOD_WITH_ACTION: &[u8] = b"ServerAction";

/// What the method does, as its request body says.
fn action<'a>(reader: &mut JsonReader<'a>) -> Result<Option<&'a [u8]>, SyntaxError> {
    let mut action = None;
    let read = reader.recover(|reader| {
        reader.members(|reader, key| {
            if key != b"action" {
                return reader.skip();
            }
            action = reader.recover(JsonReader::string)?.ok();
            Ok(())
        })
    })?;
    Ok(read.ok().and(action))
}

/// The texts of an event; each kind has some of them.
#[derive(Clone, Copy)]
enum Field {
    Id,
    RecordedAt,
    Locality,
    Organization,
    Project,
    SourceIp,
    UserAgent,
    Product,
    Service,
    MethodName,
    RequestId,
    Result,
    FailureReason,
    Country,
    Method,
    Origin,
    Mfa,
    Source,
    SystemName,
}

impl Field {
    const COUNT: usize = Self::SystemName as usize + 1;
}

/// What a key of an event is.
#[derive(Clone, Copy)]
enum Key {
    Text(Field),
    Principal,
    Status,
    RequestBody,
    Resources,
    Other,
}

impl Key {
    fn named(key: &[u8]) -> Self {
        Self::Text(match key {
            b"principal" => return Self::Principal,
            b"status_code" => return Self::Status,
            b"request_body" => return Self::RequestBody,
            b"resources" => return Self::Resources,
            b"id" => Field::Id,
            b"recorded_at" => Field::RecordedAt,
            b"locality" => Field::Locality,
            b"organization_id" => Field::Organization,
            b"project_id" => Field::Project,
            b"source_ip" => Field::SourceIp,
            b"user_agent" => Field::UserAgent,
            b"product_name" => Field::Product,
            b"service_name" => Field::Service,
            b"method_name" => Field::MethodName,
            b"request_id" => Field::RequestId,
            b"result" => Field::Result,
            b"failure_reason" => Field::FailureReason,
            b"country_code" => Field::Country,
            b"method" => Field::Method,
            b"origin" => Field::Origin,
            b"mfa_type" => Field::Mfa,
            b"source" => Field::Source,
            b"system_name" => Field::SystemName,
            _ => return Self::Other,
        })
    }
}

/// An event as the API sends it.
#[derive(Default)]
struct Row<'a> {
    texts: [Option<&'a [u8]>; Field::COUNT],
    principal: Option<&'a [u8]>,
    status: Option<u16>,
    request_body: Option<Raw<'a>>,
    resources: Option<Raw<'a>>,
    touched: Vec<Resource<'a>>,
    /// The keys of the events before.
    keys: Vec<Known<Key>>,
}

impl<'a> Row<'a> {
    fn of(&self, field: Field) -> Option<&'a [u8]> {
        self.texts[field as usize]
    }

    /// The text of a field that is an enum of the API.
    fn known(&self, field: Field) -> Option<&'a [u8]> {
        self.of(field).filter(|text| is_known(text))
    }

    fn clear(&mut self) {
        self.texts = [None; Field::COUNT];
        (self.principal, self.status, self.request_body, self.resources) = (None, None, None, None);
        self.touched.clear();
    }

    fn read(&mut self, reader: &mut JsonReader<'a>) -> Result<(), SyntaxError> {
        self.clear();
        let mut keys = std::mem::take(&mut self.keys);
        let read = reader.object_with_key_cache(&mut keys, Key::named, |reader, key| {
            match key {
                Key::Text(field) => self.texts[field as usize] = reader.text()?,
                Key::Principal => self.principal = principal(reader)?,
                Key::Status => self.status = status(reader)?,
                Key::RequestBody => self.request_body = reader.raw(JsonReader::skip)?,
                Key::Resources => {
                    self.touched.clear();
                    self.resources = reader.raw(|reader| resources(reader, &mut self.touched))?;
                }
                Key::Other => reader.skip()?,
            }
            Ok(())
        });
        self.keys = keys;
        read
    }

    /// Reads an item of `/combined-events`: an event wrapped in the name of its kind.
    fn unwrap(&mut self, reader: &mut JsonReader<'a>) -> Result<Option<Kind>, SyntaxError> {
        let mut kind = None;
        reader.members(|reader, key| {
            let named = match key {
                b"api" => Kind::Api,
                b"auth" => Kind::Authentication,
                b"system" => Kind::System,
                _ => return reader.skip(),
            };
            if !reader.null()? {
                self.read(reader)?;
                kind = Some(named);
            }
            Ok(())
        })?;
        Ok(kind)
    }

    fn time(&self) -> Result<i64, String> {
        let id = || shortened(self.of(Field::Id).unwrap_or(b"without id"));
        let Some(text) = self.of(Field::RecordedAt) else {
            return Err(format!("event {}: recorded_at is missing", id()));
        };
        time_of(text)
            .ok_or_else(|| format!("event {}: recorded_at is {:?}, not a time as in RFC 3339", id(), shortened(text)))
    }
}

/// Nanoseconds since 1970 of a time as in RFC 3339.
fn time_of(text: &[u8]) -> Option<i64> {
    usual_time(text).or_else(|| DateTime::parse_from_rfc3339(str::from_utf8(text).ok()?).ok()?.timestamp_nanos_opt())
}

/// A time as the API writes it: in UTC, with or without a fraction.
fn usual_time(text: &[u8]) -> Option<i64> {
    fn number(digits: &[u8]) -> Option<u32> {
        digits.iter().try_fold(0, |n, digit| digit.is_ascii_digit().then(|| n * 10 + u32::from(digit - b'0')))
    }
    let (whole, rest) = text.split_first_chunk::<19>()?;
    let [y0, y1, y2, y3, b'-', o0, o1, b'-', d0, d1, b'T', h0, h1, b':', m0, m1, b':', s0, s1] = *whole else {
        return None;
    };
    let nanos = match rest {
        b"Z" => 0,
        [b'.', fraction @ .., b'Z'] if (1..=9).contains(&fraction.len()) => {
            number(fraction)? * 10_u32.pow(9 - u32::try_from(fraction.len()).ok()?)
        }
        _ => return None,
    };
    let year = i32::try_from(number(&[y0, y1, y2, y3])?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(&[o0, o1])?, number(&[d0, d1])?)?;
    date.and_hms_nano_opt(number(&[h0, h1])?, number(&[m0, m1])?, number(&[s0, s1])?, nanos)?
        .and_utc()
        .timestamp_nanos_opt()
}

/// The beginning of a foreign text that may be long.
fn shortened(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(64).collect()
}

/// Whether a value of one of the API's enums is known: each has one that stands for no value, such as
/// `unknown_mfa_type`.
fn is_known(value: &[u8]) -> bool {
    !value.starts_with(b"unknown_")
}

/// The class of a log-in's result.
fn class_of(result: &[u8]) -> Option<&'static [u8]> {
    match result {
        b"success" => Some(status_class::SUCCEEDED.as_bytes()),
        b"failure" => Some(status_class::FAILED.as_bytes()),
        _ => None,
    }
}

/// A status; nearly all of them are three digits.
#[inline]
fn status(reader: &mut JsonReader<'_>) -> Result<Option<u16>, SyntaxError> {
    if let Some(status) = reader.three_digits() {
        return Ok(Some(status));
    }
    let text = reader.text()?;
    Ok(text.and_then(|text| str::from_utf8(text).ok()?.parse().ok()))
}

fn unnamed(row: &Row<'_>, time: i64) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(time.to_le_bytes());
    for field in [Field::RequestId, Field::MethodName, Field::Method, Field::SystemName] {
        hash.update(row.of(field).unwrap_or_default());
        hash.update([0]);
    }
    hash.update(row.resources.map_or_else(Default::default, |list| list.text));
    let digest = hash.finalize();
    digest.iter().take(8).fold(String::from("without-id-"), |mut name, byte| {
        use std::fmt::Write;
        let _ = write!(name, "{byte:02x}");
        name
    })
}

/// The id of the event's principal; null is no principal.
fn principal<'a>(reader: &mut JsonReader<'a>) -> Result<Option<&'a [u8]>, SyntaxError> {
    let mut id = None;
    if !reader.null()? {
        reader.members(|reader, key| {
            let text = reader.text()?;
            if key == b"id" {
                id = text;
            }
            Ok(())
        })?;
    }
    Ok(id)
}

#[derive(Default)]
struct Resource<'a> {
    id: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
    name: Option<&'a [u8]>,
    own_id: Option<&'a [u8]>,
    own_name: Option<&'a [u8]>,
    parents: Vec<&'a [u8]>,
    mentions: Vec<&'a [u8]>,
}

/// Reads a list of resources, leaving out what is none; what is no list has none.
fn resources<'a>(reader: &mut JsonReader<'a>, touched: &mut Vec<Resource<'a>>) -> Result<(), SyntaxError> {
    // What is wrong here is no fault of the event.
    let list = reader.recover(|reader| {
        reader.elements(|reader| {
            touched.extend(reader.recover(Resource::read)?);
            Ok(())
        })
    });
    list.map(|_| ())
}

impl<'a> Resource<'a> {
    fn is_user(&self) -> bool {
        matches!(self.kind, Some(b"iam_user" | b"account_user"))
    }

    fn read(reader: &mut JsonReader<'a>) -> Result<Self, SyntaxError> {
        let mut resource = Self::default();
        reader.members(|reader, key| {
            match key {
                b"id" => resource.id = reader.text()?,
                b"type" => resource.kind = reader.text()?.filter(|kind| is_known(kind)),
                b"name" => resource.name = reader.text()?,
                _ if key.ends_with(b"_info") => {
                    // What is no object is none of the infos that hold an id.
                    // An info may stand there under an old name too, or beside an empty one.
                    if let Ok(info) = reader.recover(Info::read)? {
                        if info.id.is_some() {
                            (resource.own_id, resource.own_name) = (info.id, info.name);
                        }
                        resource.parents.extend(info.parents);
                        resource.mentions.extend(info.mentions);
                    }
                }
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        if resource.own_id == resource.id {
            resource.own_id = None;
        }
        Ok(resource)
    }
}

#[derive(Default)]
struct Info<'a> {
    id: Option<&'a [u8]>,
    name: Option<&'a [u8]>,
    parents: Vec<&'a [u8]>,
    mentions: Vec<&'a [u8]>,
}

impl<'a> Info<'a> {
    fn read(reader: &mut JsonReader<'a>) -> Result<Self, SyntaxError> {
        let mut info = Self::default();
        reader.members(|reader, key| {
            match relation(key) {
                Some(Relation::Own) => info.id = reader.text()?,
                Some(Relation::Parent) => reader.ids(|id| info.parents.push(id))?,
                Some(Relation::Mention) => reader.ids(|id| info.mentions.push(id))?,
                None => {
                    let text = reader.text()?;
                    if key == b"name" {
                        info.name = text;
                    }
                }
            }
            Ok(())
        })?;
        Ok(info)
    }
}

/// The id that a request body names, where it names just one besides its project and organization.
///
/// Deletes of IAM list no resource: what was deleted stands only here.
fn only_id<'a>(reader: &mut JsonReader<'a>) -> Result<Option<&'a [u8]>, SyntaxError> {
    let mut ids: Vec<(&[u8], Option<&[u8]>)> = Vec::new();
    let read = reader.recover(|reader| {
        reader.members(|reader, key| {
            let is_id =
                key.ends_with(b"_id") || key.ends_with(b"Id") || matches!(key, b"id" | b"access_key" | b"accessKey");
            if !is_id || matches!(key, b"project_id" | b"projectId" | b"organization_id" | b"organizationId") {
                return reader.skip();
            }
            let id = reader.recover(JsonReader::string)?.ok();
            match ids.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => *known = id,
                None => ids.push((key, id)),
            }
            Ok(())
        })
    })?;
    Ok(match (read, &*ids) {
        (Ok(()), [(_, id)]) => *id,
        _ => None,
    })
}

#[cfg(test)]
impl Events {
    /// Events in the API's JSON, for tests. Missing fields are filled in: an id by its position, and a second each.
    pub(crate) fn from_json(kind: Kind, told: &[serde_json::Value]) -> Self {
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
