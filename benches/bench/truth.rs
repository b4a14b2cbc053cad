//! What the sandbox holds, read without the plugin: the truth that answers are compared with.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use audittrail::event::{Decoder, Events, Kind, List};
use audittrail::sandbox::{ORGANIZATION_ID, SECRET_KEY};

use crate::Error;
use crate::process::Sandbox;

const SECOND: i64 = 1_000_000_000;

/// The events of a list in memory; a chunk of the cache has as many.
const CHUNK: usize = 1 << 16;

/// How many pages are kept for decoding.
const PAGES: usize = 100;

/// The API calls of one region, newest first.
#[derive(Default)]
pub(crate) struct Truth {
    ids: Vec<String>,
    times: Vec<i64>,
    /// The bytes of request bodies, of this event and all newer ones.
    bodies: Vec<usize>,
    /// The end of all ranges, nanoseconds since 1970.
    end: i64,
    /// The newest pages, as they came.
    pub(crate) pages: Vec<Vec<u8>>,
    /// All events in memory, as the plugin caches them, in lists of consecutive events.
    pub(crate) events: Vec<Events>,
}

/// The newest events of a truth, from a whole second on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// How many there are.
    pub(crate) events: usize,
    /// The range that holds them, nanoseconds since 1970.
    pub(crate) from: i64,
    /// Its exclusive end.
    pub(crate) to: i64,
}

impl Span {
    /// The range as Grafana sends it.
    pub(crate) fn range(&self) -> (i64, i64) {
        (self.from / 1_000_000, self.to / 1_000_000)
    }

    /// The range as the API is asked for it.
    pub(crate) fn texts(&self) -> [String; 2] {
        [self.from, self.to].map(rfc3339)
    }
}

fn rfc3339(time: i64) -> String {
    DateTime::from_timestamp_nanos(time).to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    events: Vec<Event<'a>>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Event<'a> {
    id: String,
    recorded_at: DateTime<Utc>,
    #[serde(borrow)]
    request_body: &'a RawValue,
}

impl Truth {
    /// Lists the newest events before `end`, as many as are wanted and a few more.
    pub(crate) async fn read(sandbox: &Sandbox, end: DateTime<Utc>, wanted: usize) -> Result<Self, Error> {
        let client = reqwest::Client::new();
        let end = end.timestamp() * SECOND;
        let url = format!("{}/audit-trail/v1alpha1/regions/fr-par/events", sandbox.url);
        let before = rfc3339(end);
        let mut truth = Self { end, ..Self::default() };
        let mut token = String::new();
        let mut bodies = 0;
        let mut decoder = Decoder::new("fr-par");
        while truth.ids.len() <= wanted {
            let query = [
                ("organization_id", ORGANIZATION_ID),
                ("recorded_after", "1970-01-01T00:00:00Z"),
                ("recorded_before", &before),
                ("page_size", "100"),
                ("page_token", &token),
            ];
            let answer = client.get(&url).query(&query).header("x-auth-token", SECRET_KEY).send().await?;
            let bytes = answer.error_for_status()?.bytes().await?;
            let page: Page<'_> = serde_json::from_slice(&bytes)?;
            for event in page.events {
                truth.times.push(event.recorded_at.timestamp_nanos_opt().ok_or("a time beyond nanoseconds")?);
                truth.ids.push(event.id);
                bodies += event.request_body.get().len();
                truth.bodies.push(bodies);
            }
            let next = page.next_page_token;
            decoder.page(List::Of(Kind::Api), bytes.to_vec())?;
            if decoder.len() >= CHUNK {
                truth.events.push(std::mem::replace(&mut decoder, Decoder::new("fr-par")).finish()?.packed()?);
            }
            if truth.pages.len() < PAGES {
                truth.pages.push(bytes.to_vec());
            }
            let Some(next) = next else { break };
            token = next;
        }
        truth.events.push(decoder.finish()?.packed()?);
        if truth.ids.len() <= wanted {
            return Err(format!("the sandbox has only {} events, not more than {wanted}", truth.ids.len()).into());
        }
        Ok(truth)
    }

    /// The newest events from a whole second on: as many as wanted, or a few less.
    pub(crate) fn newest(&self, wanted: usize) -> Span {
        let from = (self.times[wanted].div_euclid(SECOND) + 1) * SECOND;
        let events = self.times[..wanted].partition_point(|time| *time >= from);
        Span { events, from, to: self.end }
    }

    /// The ids of a span's events.
    pub(crate) fn ids(&self, span: &Span) -> &[String] {
        &self.ids[..span.events]
    }

    /// The bytes of a span's request bodies.
    pub(crate) fn bodies(&self, span: &Span) -> usize {
        span.events.checked_sub(1).map_or(0, |last| self.bodies[last])
    }
}
