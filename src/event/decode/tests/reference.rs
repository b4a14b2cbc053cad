//! A slow decoder of pages with `serde_json`, with which the decoder is compared.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, StringArray};
use chrono::DateTime;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Error, Value, from_str};
use sha2::{Digest, Sha256};

use crate::event::decode::ids::{Relation, relation};
use crate::event::region::region_of;
use crate::event::{Column, Events, Kind, List, Long, status_class};

/// An event's time and id, and its other values.
type Row = (i64, String, Vec<Option<String>>);

/// A page: its items, how many are malformed, the next page's token, and its events, newest first, each id once.
#[derive(Debug, PartialEq)]
pub(super) struct Decoded {
    pub(super) items: usize,
    pub(super) malformed: usize,
    pub(super) next: Option<String>,
    pub(super) rows: Vec<Row>,
}

/// An object's members in their order, repeated ones too.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

fn members(json: &str) -> Result<Vec<(String, &RawValue)>, Error> {
    from_str::<Members<'_>>(json).map(|members| members.0)
}

fn given(value: &RawValue) -> Option<&str> {
    Some(value.get()).filter(|json| *json != "null")
}

fn text(value: &RawValue) -> Result<Option<String>, Error> {
    match value.get().as_bytes()[0] {
        b'[' => return Ok(None),
        b'{' => return from_str::<BTreeMap<String, &RawValue>>(value.get()).map(|_| None),
        _ => {}
    }
    Ok(match from_str(value.get())? {
        Value::String(text) => Some(text).filter(|text| !text.is_empty()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) if number.is_f64() => number.as_f64().map(|float| float.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Whether a value of an enum is known.
#[expect(clippy::ptr_arg, reason = "an option's filter passes it so")]
fn is_known(value: &String) -> bool {
    !value.starts_with("unknown_")
}

/// A resource's own id and name, its parents, and its mentions.
type Info = (Option<String>, Option<String>, Vec<String>, Vec<String>);

#[derive(Default)]
struct Resource {
    id: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    info: Info,
}

fn resource(json: &str) -> Result<Resource, Error> {
    let mut resource = Resource::default();
    for (key, value) in members(json)? {
        match &*key {
            "id" => resource.id = text(value)?,
            "type" => resource.kind = text(value)?.filter(is_known),
            "name" => resource.name = text(value)?,
            key if key.ends_with("_info") => {
                if let Ok((id, name, parents, mentions)) = info(value.get()) {
                    if id.is_some() {
                        (resource.info.0, resource.info.1) = (id, name);
                    }
                    resource.info.2.extend(parents);
                    resource.info.3.extend(mentions);
                }
            }
            _ => {}
        }
    }
    if resource.info.0 == resource.id {
        resource.info.0 = None;
    }
    Ok(resource)
}

fn info(json: &str) -> Result<Info, Error> {
    let (mut id, mut name, mut parents, mut mentions) = (None, None, Vec::new(), Vec::new());
    for (key, value) in members(json)? {
        match relation(key.as_bytes()) {
            Some(Relation::Own) => id = text(value)?,
            Some(Relation::Parent) => parents.extend(ids(value)?),
            Some(Relation::Mention) => mentions.extend(ids(value)?),
            None => {
                let text = text(value)?;
                if key == "name" {
                    name = text;
                }
            }
        }
    }
    Ok((id, name, parents, mentions))
}

/// The ids in a value: one id, a list of ids, or an object with an id.
fn ids(value: &RawValue) -> Result<Vec<String>, Error> {
    let texts: Vec<Option<String>> = match value.get().as_bytes()[0] {
        b'[' => from_str::<Vec<&RawValue>>(value.get())?.into_iter().map(text).collect::<Result<_, _>>()?,
        b'{' => {
            let members = members(value.get())?.into_iter();
            let texts: Vec<_> = members.map(|(key, value)| Ok((key, text(value)?))).collect::<Result<_, Error>>()?;
            texts.into_iter().filter(|(key, _)| key == "id").map(|(_, text)| text).collect()
        }
        _ => vec![text(value)?],
    };
    Ok(texts.into_iter().flatten().collect())
}

fn only_id(body: &str) -> Option<String> {
    let fields: BTreeMap<_, _> = members(body).ok()?.into_iter().collect();
    let mut ids = fields.iter().filter(|(key, _)| {
        let is_id = key.ends_with("_id") || key.ends_with("Id") || matches!(&***key, "id" | "access_key" | "accessKey");
        is_id && !matches!(&***key, "project_id" | "projectId" | "organization_id" | "organizationId")
    });
    let (_, value) = ids.next()?;
    ids.next().is_none().then(|| from_str(value.get()).ok())?
}

/// The known members of an event.
#[derive(Default)]
struct Fields<'a> {
    texts: HashMap<&'static str, Option<String>>,
    principal: Option<String>,
    status: Option<u16>,
    body: Option<&'a str>,
    list: Option<&'a str>,
}

const TEXTS: [&str; 19] = [
    "id",
    "recorded_at",
    "locality",
    "organization_id",
    "project_id",
    "source_ip",
    "user_agent",
    "product_name",
    "service_name",
    "method_name",
    "request_id",
    "result",
    "failure_reason",
    "country_code",
    "method",
    "origin",
    "mfa_type",
    "source",
    "system_name",
];

fn fields(json: &str) -> Result<Fields<'_>, Error> {
    let mut fields = Fields::default();
    for (key, value) in members(json)? {
        match &*key {
            "principal" => {
                fields.principal = None;
                for (key, value) in given(value).map_or(Ok(Vec::new()), members)? {
                    let text = text(value)?;
                    if key == "id" {
                        fields.principal = text;
                    }
                }
            }
            "status_code" => fields.status = text(value)?.and_then(|text| text.parse().ok()),
            "request_body" => fields.body = given(value),
            "resources" => fields.list = given(value),
            key => {
                if let Some(known) = TEXTS.into_iter().find(|known| *known == key) {
                    fields.texts.insert(known, text(value)?);
                }
            }
        }
    }
    Ok(fields)
}

/// An event, if it has a time.
fn event(kind: Kind, json: &str, region: &str) -> Result<Option<Row>, Error> {
    let Fields { texts, principal, status, body, list } = fields(json)?;
    let of = |key: &str| texts.get(key).cloned().flatten();
    let time = of("recorded_at").and_then(|text| DateTime::parse_from_rfc3339(&text).ok()?.timestamp_nanos_opt());
    let Some(time) = time else { return Ok(None) };

    let values: Vec<&RawValue> = list.and_then(|list| from_str(list).ok()).unwrap_or_default();
    let resources: Vec<Resource> = values.into_iter().filter_map(|value| resource(value.get()).ok()).collect();
    let first = resources.first();
    let user = first.filter(|first| matches!(first.kind.as_deref(), Some("iam_user" | "account_user")));
    let nameless = kind == Kind::Authentication || of("product_name").as_deref() == Some("iam");
    let (mut references, mut parents) = (Vec::new(), Vec::new());
    for Resource { id, kind, name, info: (own, own_name, above, mentions) } in &resources {
        references.push((id.clone(), kind.clone(), name.clone(), None));
        parents.extend(above.iter().map(|parent| (id.clone(), parent.clone())));
        parents.extend(mentions.iter().map(|mentioned| (None, mentioned.clone())));
        if own.is_some() {
            references.push((own.clone(), kind.clone(), own_name.clone(), id.clone()));
            parents.extend(id.clone().map(|id| (own.clone(), id)));
        }
    }
    let id = of("id").unwrap_or_else(|| {
        let mut hash = Sha256::new();
        hash.update(time.to_le_bytes());
        for key in ["request_id", "method_name", "method", "system_name"] {
            hash.update(of(key).unwrap_or_default());
            hash.update([0]);
        }
        hash.update(list.unwrap_or_default());
        format!("without-id-{:016x}", u64::from_be_bytes(*hash.finalize().first_chunk().expect("32 bytes")))
    });
    let class = match (status, of("result").as_deref()) {
        (Some(status), _) => Some(status_class::of(status)),
        (None, Some("success")) => Some(status_class::SUCCEEDED),
        (None, Some("failure")) => Some(status_class::FAILED),
        _ => None,
    };
    let column = |column| match column {
        Column::Kind => Some(kind.as_str().to_owned()),
        Column::Region => Some(of("locality").map_or(region.to_owned(), |locality| region_of(&locality).to_owned())),
        Column::Locality => of("locality"),
        Column::Organization => of("organization_id"),
        Column::Project => of("project_id"),
        Column::PrincipalId => principal.clone().or_else(|| user.filter(|_| nameless)?.id.clone()),
        Column::Product => of("product_name"),
        Column::Service => of(if kind == Kind::System { "source" } else { "service_name" }),
        Column::Method => of(match kind {
            Kind::Api => "method_name",
            Kind::Authentication => "method",
            Kind::System => "system_name",
        })
        .filter(|method| kind != Kind::Authentication || is_known(method)),
        Column::ResourceId => first.map_or_else(|| only_id(body?), |first| first.id.clone()),
        Column::ResourceType => first.and_then(|first| first.kind.clone()),
        Column::ResourceName => first.and_then(|first| first.name.clone()),
        Column::SourceIp => of("source_ip"),
        Column::UserAgent => of("user_agent"),
        Column::StatusClass => class.map(str::to_owned),
        Column::Result => of("result").filter(is_known),
        Column::FailureReason => of("failure_reason").filter(is_known),
        Column::Country => of("country_code").filter(is_known),
        Column::Origin => of("origin").filter(is_known),
        Column::Mfa => of("mfa_type").filter(is_known),
        Column::Action => {
            let acts = kind == Kind::Api && of("method_name").as_deref() == Some("ServerAction");
            body.filter(|_| acts).and_then(|body| {
                let fields: BTreeMap<_, _> = members(body).ok()?.into_iter().collect();
                from_str(fields.get("action")?.get()).ok()
            })
        }
    };
    let mut values = vec![
        status.map(|status| status.to_string()),
        of("request_id"),
        body.map(str::to_owned),
        list.map(str::to_owned),
        Some(format!("{references:?}")),
        Some(format!("{parents:?}")),
    ];
    values.extend(Column::ALL.map(column));
    Ok(Some((time, id, values)))
}

fn item(list: List, json: &str, region: &str) -> Result<Option<Row>, Error> {
    if let List::Of(kind) = list {
        return event(kind, json, region);
    }
    let mut row = None;
    for (key, value) in members(json)? {
        let kind = match &*key {
            "api" => Kind::Api,
            "auth" => Kind::Authentication,
            "system" => Kind::System,
            _ => continue,
        };
        if let Some(json) = given(value) {
            row = event(kind, json, region)?;
        }
    }
    Ok(row)
}

/// Reads a page.
pub(super) fn decoded(list: List, bytes: &[u8], region: &str) -> Result<Decoded, Error> {
    let page = String::from_utf8_lossy(bytes);
    let (mut events, mut next) = (None, None);
    for (key, value) in members(&page)? {
        match &*key {
            "events" => events = Some(from_str::<Option<Vec<&RawValue>>>(value.get())?.unwrap_or_default()),
            "next_page_token" => next = text(value)?,
            _ => {}
        }
    }
    let events = events.ok_or_else(|| Error::missing_field("events"))?;
    let items = events.len();
    let mut rows: Vec<Row> = events.iter().filter_map(|json| item(list, json.get(), region).ok()?).collect();
    let malformed = items - rows.len();
    rows.sort_by(|(a_time, a_id, _), (b_time, b_id, _)| b_time.cmp(a_time).then_with(|| a_id.cmp(b_id)));
    rows.dedup_by(|(a_time, a_id, _), (b_time, b_id, _)| (a_time, a_id) == (b_time, b_id));
    Ok(Decoded { items, malformed, next, rows })
}

/// The rows of events, as they are compared.
pub(super) fn rows(events: &Events) -> Vec<Row> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let at = |texts: &StringArray, row: usize| texts.is_valid(row).then(|| texts.value(row).to_owned());
    let row = |row: usize| {
        let (references, parents) = (events.references(), events.parents());
        let references: Vec<_> =
            references.of(row).map(|r| (owned(r.id), owned(r.kind), owned(r.name), owned(r.within))).collect();
        let parents: Vec<_> = parents.of(row).map(|(child, parent)| (owned(child), parent.to_owned())).collect();
        let statuses = events.statuses();
        let mut values = vec![
            statuses.is_valid(row).then(|| statuses.value(row).to_string()),
            at(events.long(Long::RequestId), row),
            at(events.long(Long::RequestBody), row),
            at(events.long(Long::Resources), row),
            Some(format!("{references:?}")),
            Some(format!("{parents:?}")),
        ];
        values.extend(Column::ALL.map(|column| owned(events.text(column).get(row))));
        (events.times().value(row), events.ids().value(row).to_owned(), values)
    };
    (0..events.len()).map(row).collect()
}
