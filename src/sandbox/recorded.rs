//! Real answers instead of simulated ones: the JSON files of a directory.
//!
//! `events.<region>.json` (and `authentication-events.<region>.json`, `system-events.<region>.json`) are answers of the list
//! endpoints, `products.<region>.json` of the product list. Events are served byte for byte.

use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::endpoint::Endpoint;
use super::error::Error;
use super::event::{Nanos, nanos, time};
use super::facets::facets;
use super::fault::replace_value;
use super::list::{Entry, Source, Trail};
use crate::event::Kind;

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

/// The events of an answer.
fn entries<'a>(region: &'a str, kind: Kind, answer: &str) -> serde_json::Result<Vec<Entry<'a>>> {
    let answer: Answer = serde_json::from_str(answer)?;
    answer.events.into_iter().map(|event| entry(region, kind, event.get().to_owned().into())).collect()
}

/// The entry of an event in JSON.
pub(super) fn entry(region: &str, kind: Kind, json: Bytes) -> serde_json::Result<Entry<'_>> {
    let event: Value = serde_json::from_slice(&json)?;
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let status = event["status_code"].as_u64().map(|status| status.to_string());
    let fields = [
        ("project_id", text("/project_id")),
        ("product_name", text("/product_name")),
        ("service_name", text("/service_name")),
        ("method_name", text("/method_name")),
        ("principal_id", text("/principal/id")),
        ("source_ip", text("/source_ip")),
        ("status", status.as_deref()),
    ];
    let resources = event["resources"].as_array().into_iter().flatten();
    let resources = resources.filter_map(|resource| Some((resource["type"].as_str()?, resource["id"].as_str()?)));
    let at = DateTime::<Utc>::deserialize(&event["recorded_at"])?.timestamp_nanos_opt().unwrap_or(Nanos::MAX);
    Ok(Entry { region, kind, at, facets: facets(&fields, resources), source: Source::Text(json) })
}

impl Recorded {
    /// Reads a directory. With `shift_to`, all times of recording move by the same distance, so that the newest event has that
    /// time; every other byte stays.
    pub(super) fn read(directory: &Path, shift_to: Option<DateTime<Utc>>) -> Result<Self, Error> {
        let mut recorded = Self::default();
        let texts = texts(directory)?;
        let mut events = Vec::new();
        for (endpoint, region, text) in &texts {
            if let [kind] = endpoint.kinds() {
                let file = directory.join(format!("{endpoint}.{region}.json"));
                events.extend(entries(region, *kind, text).map_err(|error| unreadable(&file, &error))?);
            } else {
                recorded.products.insert(region.clone(), text.clone().into());
            }
        }
        if let (Some(to), Some(newest)) = (shift_to, events.iter().map(|event| event.at).max()) {
            for event in &mut events {
                shift(event, nanos(to) - newest);
            }
        }
        // Answers come newest first.
        events.into_iter().rev().for_each(|event| recorded.trail.add(event));
        Ok(recorded)
    }
}

fn shift(event: &mut Entry<'_>, by: Nanos) {
    event.at += by;
    if let Source::Text(json) = &mut event.source {
        let mut moved = json.to_vec();
        let at = time(event.at).to_rfc3339_opts(SecondsFormat::Nanos, true);
        replace_value(&mut moved, "recorded_at", &format!("\"{at}\""));
        *json = moved.into();
    }
}

/// The answers in a directory, with their endpoints and regions, in the order of their names.
fn texts(directory: &Path) -> Result<Vec<(Endpoint, String, String)>, Error> {
    let files = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut files = files.map_err(|error| unreadable(directory, &error))?;
    files.sort_by_key(fs::DirEntry::path);
    let mut texts = Vec::new();
    for file in files {
        let name = file.file_name();
        let name = name.to_str().and_then(|name| name.strip_suffix(".json")?.split_once('.'));
        let Some((Ok(endpoint), region)) = name.map(|(name, region)| (Endpoint::from_str(name, false), region)) else {
            continue;
        };
        if matches!(endpoint, Endpoint::Products) || endpoint.kinds().len() == 1 {
            let text = fs::read_to_string(file.path()).map_err(|error| unreadable(&file.path(), &error))?;
            texts.push((endpoint, region.to_owned(), text));
        }
    }
    Ok(texts)
}

fn unreadable(path: &Path, why: &dyn ToString) -> Error {
    Error::Recorded { path: path.into(), why: why.to_string() }
}
