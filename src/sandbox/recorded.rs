//! Real answers instead of simulated ones: the JSON files of a directory.
//!
//! `events.<region>.json` (and `authentication-events.<region>.json`, `system-events.<region>.json`) are answers of the list
//! endpoints, `products.<region>.json` of the product list. Events are served as the bytes they are.

use std::collections::HashMap;
use std::path::Path;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::Error;
use super::event::{ABSENT, Facets, Kind, Nanos, symbol};
use super::fault::replace_value;
use super::list::{Source, Trail};

/// The recorded answers of a directory.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    pub(super) trail: Trail,
    /// Answers of the product list, by region.
    pub(super) products: HashMap<String, Bytes>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// The fields of an event that the trail sorts or filters by.
#[derive(Deserialize)]
struct Outline {
    recorded_at: DateTime<Utc>,
    project_id: Option<String>,
    principal: Option<Principal>,
    source_ip: Option<String>,
    product_name: Option<String>,
    service_name: Option<String>,
    method_name: Option<String>,
    status_code: Option<u16>,
    #[serde(default)]
    resources: Vec<ResourceOutline>,
}

#[derive(Deserialize)]
struct Principal {
    id: String,
}

#[derive(Deserialize)]
struct ResourceOutline {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

/// Time and facets of an event that exists as JSON only.
pub(super) fn outline(json: &str) -> Result<(Nanos, Facets), serde_json::Error> {
    let event: Outline = serde_json::from_str(json)?;
    let symbol_of = |text: &Option<String>| text.as_deref().map_or(ABSENT, symbol);
    let mut facets = Facets {
        project: symbol_of(&event.project_id),
        product: symbol_of(&event.product_name),
        service: symbol_of(&event.service_name),
        method: symbol_of(&event.method_name),
        principal: event.principal.as_ref().map_or(ABSENT, |principal| symbol(&principal.id)),
        source_ip: symbol_of(&event.source_ip),
        status: event.status_code.unwrap_or_default(),
        ..Facets::default()
    };
    facets.set_resources(event.resources.iter().map(|resource| (&*resource.kind, &*resource.id)));
    Ok((event.recorded_at.timestamp_nanos_opt().unwrap_or(Nanos::MAX), facets))
}

impl Recorded {
    /// Reads a directory. With `shift_to`, all times of recording move by the same distance, so that the newest event is
    /// recorded then; every other byte stays.
    pub(super) fn read(directory: &Path, shift_to: Option<DateTime<Utc>>) -> Result<Self, Error> {
        let unreadable = |path: &Path, why: &dyn ToString| Error::Recorded { path: path.into(), why: why.to_string() };
        let mut recorded = Self::default();
        let mut events = Vec::new();
        let mut files: Vec<_> = std::fs::read_dir(directory)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unreadable(directory, &error))?
            .into_iter()
            .map(|entry| entry.path())
            .collect();
        // In the same order everywhere.
        files.sort();
        for path in files {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some((what, region)) = name.strip_suffix(".json").and_then(|name| name.split_once('.')) else {
                continue;
            };
            let kind = match what {
                "events" => Some(Kind::Api),
                "authentication-events" => Some(Kind::Authentication),
                "system-events" => Some(Kind::System),
                "products" => None,
                _ => continue,
            };
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            let Some(kind) = kind else {
                recorded.products.insert(region.to_owned(), text.into());
                continue;
            };
            let answer: Answer = serde_json::from_str(&text).map_err(|error| unreadable(&path, &error))?;
            for event in answer.events {
                let (at, facets) = outline(event.get()).map_err(|error| unreadable(&path, &error))?;
                events.push((region.to_owned(), kind, at, facets, event.get().as_bytes().to_vec()));
            }
        }
        let newest = events.iter().map(|(_, _, at, ..)| *at).max();
        let shift = match (shift_to.and_then(|to| to.timestamp_nanos_opt()), newest) {
            (Some(to), Some(newest)) => to - newest,
            _ => 0,
        };
        // Answers come newest first.
        for (region, kind, at, facets, mut json) in events.into_iter().rev() {
            let at = at + shift;
            if shift != 0 {
                let time = DateTime::from_timestamp_nanos(at).to_rfc3339_opts(SecondsFormat::Nanos, true);
                replace_value(&mut json, "recorded_at", format!("\"{time}\"").as_bytes());
            }
            recorded.trail.add(&region, kind, at, facets, Source::Text(json.into()));
        }
        Ok(recorded)
    }
}
