#![expect(clippy::inline_always, reason = "an event has twenty texts, and each column its own branches")]

use std::sync::Arc;

use arrow::array::{TimestampNanosecondArray, UInt16Array};
use arrow::buffer::Buffer;
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;
use bumpalo::Bump;
use serde::de::{Error as _, IgnoredAny};

use super::columns::{Lists, Strings, Texts};
use super::enums::class_of;
use super::json::{JsonReader, SyntaxError};
use super::page::Page;
use super::request_body::{METHOD_WITH_ACTION, action, only_id};
use super::resource::Resource;
use super::row::{Field, Row};
use super::structurals::Structurals;
use crate::event::chunk::ColumnData;
use crate::event::column::Column;
use crate::event::dictionary::{NULL, encoded};
use crate::event::events::Events;
use crate::event::kind::Kind;
use crate::event::list::List;
use crate::event::page_text::{ByteRange, PageText};
use crate::event::region::{PRODUCT_WITHOUT_PRINCIPAL, region_of};
use crate::event::schema::{PARENT, REFERENCE};
use crate::event::status_class;

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
#[derive(Default)]
pub struct Decoder {
    region: String,
    ids: Strings,
    times: Vec<i64>,
    statuses: Vec<Option<u16>>,
    request_ids: Strings,
    /// The pages with the request bodies and resources.
    pages: Vec<Buffer>,
    request_bodies: Vec<ByteRange>,
    resources: Vec<ByteRange>,
    /// The dictionaries and keys of [`Column::ALL`]; the lists below share the dictionaries of resources.
    texts: Box<[Texts; Column::ALL.len()]>,
    references: Lists<4>,
    parents: Lists<2>,
    structurals: Structurals,
}

impl Decoder {
    /// A decoder of the pages of `region`.
    #[must_use]
    pub fn new(region: &str) -> Self {
        Self { region: region.to_owned(), ..Self::default() }
    }

    /// The number of decoded events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// When the decoded events were recorded, in the order of the pages: nanoseconds since 1970, UTC.
    pub(crate) fn times(&self) -> &[i64] {
        &self.times
    }

    /// Whether no event is decoded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Adds the events of a page.
    ///
    /// An item that is not an event, or has no valid `recorded_at`, is reported in [`Page::malformed`] and does not
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
        let mut structurals = std::mem::take(&mut self.structurals);
        structurals.set(&page);
        let listing = self.listing(list, &mut JsonReader::new(&page, &structurals, &arena));
        self.structurals = structurals;
        match listing {
            Ok(read) => {
                self.pages.push(Buffer::from_vec(page));
                Ok(Page { replaced, ..read })
            }
            Err(SyntaxError(what)) => {
                self.truncate(rows);
                // serde_json's error has the line, the column and the cause.
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
        let event = match item {
            Ok(Some(kind)) => row.time().map(|time| (kind, time)),
            Ok(None) => Err("an item is of no known kind (api, auth, system)".to_owned()),
            Err(what) => Err(format!("an item is not an event: {what}")),
        };
        match event {
            Ok((kind, time)) => self.append(kind, time, row, reader),
            Err(what) => page.malformed.push(what),
        }
        Ok(())
    }

    fn append<'a>(&mut self, kind: Kind, time: i64, row: &Row<'a>, reader: &JsonReader<'a>) {
        let (line, page) = (self.times.len(), self.pages.len());
        match row.of(Field::Id) {
            Some(id) => self.ids.push(Some(id)),
            None => self.ids.push(Some(row.made_up_id(time).as_bytes())),
        }
        self.times.push(time);
        self.statuses.push(row.status);
        self.request_ids.push(row.of(Field::RequestId));
        self.request_bodies.push(row.request_body.map_or_else(ByteRange::default, |body| body.range_in(page)));
        self.resources.push(row.resources.map_or_else(ByteRange::default, |list| list.range_in(page)));
        self.append_outcome(line, row);
        self.append_texts(line, kind, row, reader);
        let [mut id, kind, name] = self.append_touched(&row.touched);
        if row.touched.is_empty() {
            let id_of_body = row.request_body.and_then(|body| only_id(&mut reader.again(body)).ok()?);
            id = self.texts[Column::ResourceId as usize].key(id_of_body);
        }
        self.texts[Column::ResourceId as usize].set_key(line, id);
        self.texts[Column::ResourceType as usize].set_key(line, kind);
        self.texts[Column::ResourceName as usize].set_key(line, name);
    }

    /// Adds the class of an event's status or, of a log-in, its result.
    fn append_outcome(&mut self, line: usize, row: &Row<'_>) {
        let class = &mut self.texts[Column::StatusClass as usize];
        match row.status {
            Some(status) => class.set_following(line, status.into(), || Some(status_class::of(status).as_bytes())),
            None => class.set(line, row.of(Field::Result).and_then(class_of)),
        }
    }

    /// Adds the texts of an event, without the texts of its resources and its outcome.
    fn append_texts<'a>(&mut self, line: usize, kind: Kind, row: &Row<'a>, reader: &JsonReader<'a>) {
        self.texts[Column::Kind as usize].set_following(line, kind as usize, || Some(kind.as_str().as_bytes()));
        let locality = row.of(Field::Locality);
        let key = self.texts[Column::Locality as usize].key(locality);
        self.texts[Column::Locality as usize].set_key(line, key);
        let key = usize::try_from(key + 1).expect("keys are not negative");
        self.texts[Column::Region as usize].set_following(line, key, || {
            let Some(locality) = locality else { return Some(self.region.as_bytes()) };
            Some(str::from_utf8(locality).map_or(locality, |locality| region_of(locality).as_bytes()))
        });
        let (service, method) = match kind {
            Kind::Api => (Field::Service, row.of(Field::MethodName)),
            Kind::Authentication => (Field::Service, row.known(Field::Method)),
            Kind::System => (Field::Source, row.of(Field::SystemName)),
        };
        let acts = kind == Kind::Api && method == Some(METHOD_WITH_ACTION);
        self.set(Column::Organization, line, row.of(Field::Organization));
        self.set(Column::Project, line, row.of(Field::Project));
        self.set(Column::PrincipalId, line, row.principal.or_else(|| user(kind, row)));
        self.set(Column::Product, line, row.of(Field::Product));
        self.set(Column::Service, line, row.of(service));
        self.set(Column::Method, line, method);
        self.set(Column::SourceIp, line, row.of(Field::SourceIp));
        self.set(Column::UserAgent, line, row.of(Field::UserAgent));
        self.set(Column::Result, line, row.known(Field::Result));
        self.set(Column::FailureReason, line, row.known(Field::FailureReason));
        self.set(Column::Country, line, row.known(Field::Country));
        self.set(Column::Origin, line, row.known(Field::Origin));
        self.set(Column::Mfa, line, row.known(Field::Mfa));
        if let Some(body) = row.request_body.filter(|_| acts) {
            self.set(Column::Action, line, action(&mut reader.again(body)).ok().flatten());
        }
    }

    #[inline(always)]
    fn set(&mut self, column: Column, line: usize, text: Option<&[u8]>) {
        self.texts[column as usize].set(line, text);
    }

    #[inline(always)]
    fn key(&mut self, column: Column, text: Option<&[u8]>) -> i32 {
        self.texts[column as usize].key(text)
    }

    /// Adds the resources of an event; returns the keys of the first one's id, type and name.
    fn append_touched(&mut self, touched: &[Resource<'_>]) -> [i32; 3] {
        let mut first = None;
        for resource in touched {
            let id = self.key(Column::ResourceId, resource.id);
            let kind = self.key(Column::ResourceType, resource.kind);
            let name = self.key(Column::ResourceName, resource.name);
            first = first.or(Some([id, kind, name]));
            self.references.push([id, kind, name, NULL]);
            for parent in &resource.info.parents {
                let parent = self.key(Column::ResourceId, Some(parent));
                self.parents.push([id, parent]);
            }
            // A mentioned resource has no child: only this event concerns it.
            for mentioned in &resource.info.mentions {
                let mentioned = self.key(Column::ResourceId, Some(mentioned));
                self.parents.push([NULL, mentioned]);
            }
            // A pool's event has its cluster's id; the pool itself is in the info, and belongs to the cluster.
            if resource.info.id.is_some() {
                let own = self.key(Column::ResourceId, resource.info.id);
                let own_name = self.key(Column::ResourceName, resource.info.name);
                self.references.push([own, kind, own_name, id]);
                if resource.id.is_some() {
                    self.parents.push([own, id]);
                }
            }
        }
        self.references.end();
        self.parents.end();
        first.unwrap_or([NULL; 3])
    }

    /// Removes all but the first `rows` events.
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
        let [id, kind, name] =
            [Column::ResourceId, Column::ResourceType, Column::ResourceName].map(|column| &texts[column as usize].1);
        let references = self.references.finish(&REFERENCE, [id, kind, name, id])?;
        let parents = self.parents.finish(&PARENT, [id, id])?;
        let pages: Arc<[Buffer]> = self.pages.into();
        let mut columns = vec![
            ColumnData::Plain(Arc::new(self.ids.finish()?)),
            ColumnData::Plain(Arc::new(TimestampNanosecondArray::from(self.times))),
            ColumnData::Plain(Arc::new(UInt16Array::from(self.statuses))),
            ColumnData::Plain(Arc::new(self.request_ids.finish()?)),
            ColumnData::PageText(PageText { pages: Arc::clone(&pages), ranges: self.request_bodies }),
            ColumnData::PageText(PageText { pages, ranges: self.resources }),
            ColumnData::Plain(references),
            ColumnData::Plain(parents),
        ];
        for (keys, values) in texts {
            columns.push(ColumnData::Plain(encoded::<Int32Type>(keys, &values)?));
        }
        Ok(Events::of(columns))
    }
}

/// The user of a log-in or a session's renewal, which name no principal.
fn user<'a>(kind: Kind, row: &Row<'a>) -> Option<&'a [u8]> {
    let nameless = kind == Kind::Authentication || row.of(Field::Product) == Some(PRODUCT_WITHOUT_PRINCIPAL.as_bytes());
    row.touched.first().filter(|resource| nameless && resource.is_user())?.id
}
