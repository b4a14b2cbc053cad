//! A simulated organization, a data source that reads it, and the questions that tests ask it.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimestampNanosecondType};
use audittrail::cache::{EventCache, Limits};
use audittrail::frame::{Field, Frame, NoticeSeverity};
use audittrail::query::{Answer, DataSource, Failure, Meters, Query, Request};
use audittrail::sandbox::{self, Config, Endpoint, Fault, ORGANIZATION_ID, SECRET_KEY, Sandbox};
use audittrail::settings::Settings;
use audittrail::time::{Interval, SystemClock};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// All regions of the simulated organization.
pub(crate) const REGIONS: [&str; 3] = ["fr-par", "nl-ams", "pl-waw"];

/// Nanoseconds of a second.
pub(crate) const SECOND: i64 = 1_000_000_000;

/// A data source for an API at `url`, with `settings` in addition to those that every test needs.
pub(crate) fn data_source(url: &str, key: &str, settings: &Value) -> DataSource {
    let mut data = json!({ "organizationId": ORGANIZATION_ID, "apiUrl": url, "regions": REGIONS });
    for (name, value) in settings.as_object().into_iter().flatten() {
        data[name] = value.clone();
    }
    let secrets = HashMap::from([("secretKey".to_owned(), key.to_owned())]);
    let settings = Settings::parse(data.to_string().as_bytes(), &secrets).expect("settings");
    DataSource::new(settings, Arc::new(SystemClock), &Meters::default()).expect("a data source")
}

/// Lets a data source forget all events.
pub(crate) fn forget(data_source: &mut DataSource) {
    limit(data_source, Limits::default());
}

/// Lets a data source forget all events and cache under other limits.
pub(crate) fn limit(data_source: &mut DataSource, limits: Limits) {
    let (client, meter) = (data_source.client.clone(), audittrail::cache::Meter::default());
    data_source.cache = EventCache::new(client, &data_source.settings, limits, meter);
}

/// A panel's request for a range in nanoseconds.
pub(crate) fn panel(from: i64, to: i64) -> Request {
    let interval = Duration::from_mins(1);
    let range = Interval::from_nanos(from, to);
    Request { ref_id: "A".to_owned(), range, interval, max_data_points: 1_000, from_alert: false, redacted: false }
}

/// The same as an alert rule asks it, with the defaults of Grafana's alerting.
pub(crate) fn rule(request: Request) -> Request {
    Request { interval: Duration::from_secs(1), max_data_points: 43_200, from_alert: true, ..request }
}

/// Asks a data source a question, whose answer is one frame.
pub(crate) async fn ask(data_source: &DataSource, query: &Value, request: &Request) -> Result<Frame, Failure> {
    let query = Query::parse(query.to_string().as_bytes(), "", request, data_source.settings.max_events)?;
    let mut frames = data_source.answer(&query, request).await?;
    assert_eq!(frames.len(), 1, "a question has one frame");
    Ok(frames.remove(0))
}

/// A sandbox and a data source that reads it.
pub(crate) struct Engine {
    pub(crate) sandbox: Sandbox,
    pub(crate) data_source: DataSource,
    key: String,
    settings: Value,
}

impl Engine {
    pub(crate) async fn start(config: Config) -> Self {
        Self::with(config, SECRET_KEY, &json!({})).await
    }

    pub(crate) async fn with(config: Config, key: &str, settings: &Value) -> Self {
        let sandbox = sandbox::start(config).await.expect("a sandbox");
        let data_source = data_source(&sandbox.url(), key, settings);
        Self { sandbox, data_source, key: key.to_owned(), settings: settings.clone() }
    }

    /// An organization without a combined list, so that calls to the lists of one kind show the pushed-down filters.
    pub(crate) async fn without_combined_list(events: usize) -> Self {
        let faults = vec![Fault::NotFound.always().on(Endpoint::CombinedEvents)];
        Self::start(Config { events, faults, ..Config::default() }).await
    }

    /// An organization without events other than those that a test pushes.
    pub(crate) async fn empty() -> Self {
        Self::start(Config { events: 0, ..Config::default() }).await
    }

    /// A data source with the same settings and an empty cache.
    pub(crate) fn empty_data_source(&self) -> DataSource {
        data_source(&self.sandbox.url(), &self.key, &self.settings)
    }

    /// Lets the data source forget all events.
    pub(crate) fn forget(&mut self) {
        forget(&mut self.data_source);
    }

    /// A range with all events, also those that tests push at the present.
    pub(crate) fn ever(&self) -> Request {
        let now = nanos(self.sandbox.now());
        panel(now - 8 * 86_400 * SECOND, now + 60 * SECOND)
    }

    pub(crate) async fn ask(&self, query: Value) -> Result<Frame, Failure> {
        ask(&self.data_source, &query, &self.ever()).await
    }

    pub(crate) async fn ask_as_rule(&self, query: Value) -> Result<Frame, Failure> {
        ask(&self.data_source, &query, &rule(self.ever())).await
    }

    /// The ids of the events of a scope, newest first.
    pub(crate) async fn ids(&self, scope: Value) -> Vec<String> {
        self.ids_in(scope, &self.ever()).await
    }

    pub(crate) async fn ids_in(&self, scope: Value, request: &Request) -> Vec<String> {
        let shown = scope.to_string();
        let frame =
            ask(&self.data_source, &list(scope), request).await.unwrap_or_else(|failure| panic!("{shown}: {failure}"));
        texts(&frame, "id")
    }

    /// The events of a scope with their names and risks.
    pub(crate) async fn answer(&self, query: &Value, request: &Request) -> Answer {
        let query = Query::parse(query.to_string().as_bytes(), "", request, self.data_source.settings.max_events);
        let deadline = Instant::now() + Duration::from_mins(1);
        Answer::gather(&self.data_source, &query.expect("a query"), request, deadline).await.expect("an answer")
    }

    /// Files an event of a region that happened `seconds` ago, with `fields` instead of those that it would have.
    pub(crate) fn push(&self, region: &str, kind: sandbox::Kind, seconds: i64, fields: Value) -> String {
        let at = nanos(self.sandbox.now()) - seconds * SECOND;
        let event = event(kind, region, at, fields);
        let id = event["id"].as_str().unwrap_or_default().to_owned();
        self.sandbox.push(region, kind, [event.to_string()]).expect("an event");
        id
    }

    /// The paths and queries of calls that contain `part`, without the lookups of principals' names, whose pages have one event.
    pub(crate) fn asked(&self, part: &str) -> Vec<String> {
        let is_lookup = |query: &String| query.contains("/events?") && !query.contains("&page_size=");
        self.sandbox.calls().queries.into_iter().filter(|query| query.contains(part) && !is_lookup(query)).collect()
    }

    /// The principals whose names have been looked up in the trail.
    pub(crate) fn looked_up(&self) -> Vec<String> {
        let id = |query: &String| Some(query.split_once("&resource_id=")?.1.split('&').next()?.to_owned());
        self.sandbox.calls().queries.iter().filter_map(id).collect()
    }
}

/// A query for the table of all events of a scope.
pub(crate) fn list(scope: Value) -> Value {
    let mut query = json!({ "queryType": "events", "format": "table", "limit": 50_000 });
    query["scope"] = scope;
    query
}

/// An event as the API writes it, with `fields` instead of those that it would have; a null field is left out.
pub(crate) fn event(kind: sandbox::Kind, region: &str, at: i64, fields: Value) -> Value {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let time = DateTime::from_timestamp_nanos(at).to_rfc3339_opts(chrono::SecondsFormat::Nanos, true);
    let mut event = json!({
        "id": format!("e0000000-0000-4000-8000-{number:012}"), "recorded_at": time, "organization_id": ORGANIZATION_ID,
        "source_ip": "203.0.113.7", "resources": [],
    });
    let own = match kind {
        sandbox::Kind::Api => json!({
            "locality": region, "principal": { "id": "c0000000-0000-4000-8000-000000000001" }, "product_name": "vpc",
            "service_name": "scaleway.vpc.v2.Api", "method_name": "UpdateVPC", "status_code": 200,
            "request_id": format!("r{number}"), "request_body": {},
        }),
        sandbox::Kind::Authentication => json!({ "result": "success", "method": "password", "origin": "public_api" }),
        sandbox::Kind::System => json!({
            "locality": region, "product_name": "rdb", "source": "scaleway.rdb.v1", "system_name": "maintenance",
            "kind": "cron", "source_ip": null,
        }),
    };
    for part in [own, fields] {
        for (name, value) in part.as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
    }
    let members = event.as_object_mut().expect("an object");
    members.retain(|_, value| !value.is_null());
    event
}

pub(crate) fn nanos(time: DateTime<Utc>) -> i64 {
    time.timestamp_nanos_opt().expect("a time before 2262")
}

/// The column of a frame.
pub(crate) fn field<'a>(frame: &'a Frame, name: &str) -> &'a Field {
    let names: Vec<&str> = frame.fields.iter().map(|field| field.name.as_str()).collect();
    frame.fields.iter().find(|field| field.name == name).unwrap_or_else(|| panic!("no column {name} among {names:?}"))
}

/// A column of texts; null is an empty text.
pub(crate) fn texts(frame: &Frame, name: &str) -> Vec<String> {
    field(frame, name).values.as_string::<i32>().iter().map(|text| text.unwrap_or_default().to_owned()).collect()
}

/// A column of JSON.
pub(crate) fn jsons(frame: &Frame, name: &str) -> Vec<Value> {
    let values = field(frame, name).values.as_binary::<i32>();
    values.iter().map(|bytes| bytes.map_or(Value::Null, |bytes| serde_json::from_slice(bytes).expect("JSON"))).collect()
}

/// A column of times.
pub(crate) fn times(frame: &Frame, name: &str) -> Vec<Option<i64>> {
    field(frame, name).values.as_primitive::<TimestampNanosecondType>().iter().collect()
}

/// The numbers of all columns that hold numbers, one after the other.
pub(crate) fn numbers(frame: &Frame) -> Vec<i64> {
    let columns = frame.fields.iter().filter_map(|field| field.values.as_primitive_opt::<Int64Type>());
    columns.flat_map(|column| column.values().to_vec()).collect()
}

/// The sum of all numbers of a count.
pub(crate) fn sum(frame: &Frame) -> usize {
    usize::try_from(numbers(frame).iter().sum::<i64>()).expect("a count")
}

/// The notices of a frame.
pub(crate) fn notices(frame: &Frame) -> Vec<&str> {
    frame.meta.notices.iter().map(|notice| notice.text.as_str()).collect()
}

/// The warnings of a frame.
pub(crate) fn warnings(frame: &Frame) -> Vec<&str> {
    let warnings = frame.meta.notices.iter().filter(|notice| notice.severity == NoticeSeverity::Warning);
    warnings.map(|notice| notice.text.as_str()).collect()
}

pub(crate) fn set(ids: &[String]) -> BTreeSet<&str> {
    ids.iter().map(String::as_str).collect()
}

/// All events of an organization as JSON, read without the code under test: each with its kind's name and its region.
pub(crate) async fn trail_of(sandbox: &Sandbox) -> Vec<(&'static str, String, Value)> {
    let mut trail = Vec::new();
    for region in REGIONS {
        for (kind, list) in
            [("api", "events"), ("authentication", "authentication-events"), ("system", "system-events")]
        {
            let mut token = String::new();
            loop {
                let page = page(sandbox, &format!("regions/{region}/{list}"), &token).await;
                let events = page["events"].as_array().expect("events").clone();
                trail.extend(events.into_iter().map(|event| (kind, region.to_owned(), event)));
                match page["next_page_token"].as_str() {
                    Some(next) => next.clone_into(&mut token),
                    None => break,
                }
            }
        }
    }
    trail
}

async fn page(sandbox: &Sandbox, list: &str, token: &str) -> Value {
    let address = sandbox.url().trim_start_matches("http://").to_owned();
    let query = format!(
        "organization_id={ORGANIZATION_ID}&recorded_after=2000-01-01T00:00:00Z&recorded_before=2200-01-01T00:00:00Z"
    );
    let path = format!("/audit-trail/v1alpha1/{list}?{query}&page_token={token}");
    let mut socket = TcpStream::connect(&address).await.expect("a connection");
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nX-Auth-Token: {SECRET_KEY}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.expect("an answer");
    let body = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("headers") + 4;
    serde_json::from_slice(&answer[body..]).expect("JSON")
}

/// Starts an API that answers as `script` says: it is given the path of a call and the number of calls before, and
/// returns the status line's rest, further headers and the body.
pub(crate) async fn scripted(
    script: impl Fn(&str, usize) -> (&'static str, &'static str, String) + Send + Sync + 'static,
) -> (String, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (script, log) = (Arc::new(script), Arc::clone(&asked));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (script, log) = (Arc::clone(&script), Arc::clone(&log));
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    match socket.read_u8().await {
                        Ok(byte) => request.push(byte),
                        Err(_) => return,
                    }
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let before = {
                    let mut log = log.lock().expect("a log");
                    log.push(path.clone());
                    log.len() - 1
                };
                let (status, headers, body) = script(&path, before);
                let head = format!(
                    "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = socket.write_all(head.as_bytes()).await;
                let _ = socket.write_all(body.as_bytes()).await;
                let _ = socket.shutdown().await;
            });
        }
    });
    (url, asked)
}

/// A header that says JSON, for [`scripted`].
pub(crate) const JSON: &str = "Content-Type: application/json\r\n";
