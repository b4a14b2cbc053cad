//! A plain HTTP client for the tests, with unchanged answers.

pub(super) use std::collections::{BTreeMap, HashMap, HashSet};
pub(super) use std::net::SocketAddr;
pub(super) use std::time::{Duration, Instant};

pub(super) use chrono::{DateTime, TimeDelta, TimeZone, Utc};
pub(super) use serde_json::Value;
pub(super) use tokio::io::{AsyncReadExt, AsyncWriteExt};
pub(super) use tokio::net::TcpStream;

pub(super) use super::super::config::DAY;
use super::super::*;

/// An answer, unchanged.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn events(&self) -> Vec<Value> {
        self.json()["events"].as_array().expect("a page of events").clone()
    }

    pub(super) fn token(&self) -> Option<String> {
        self.json()["next_page_token"].as_str().map(str::to_owned)
    }

    /// Whether the body is as long as its header.
    pub(super) fn is_whole(&self) -> bool {
        self.headers["content-length"] == self.body.len().to_string()
    }
}

pub(super) async fn ask_with(sandbox: &Sandbox, key: Option<&str>, path: &str) -> Answer {
    let mut socket = TcpStream::connect(sandbox.address).await.expect("a connection");
    let key = key.map_or(String::new(), |key| format!("X-Auth-Token: {key}\r\n"));
    let request = format!("GET {path} HTTP/1.1\r\nHost: sandbox\r\n{key}Connection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("a request");
    let mut raw = Vec::new();
    // A reset in the middle of the body is an answer too.
    let _ = socket.read_to_end(&mut raw).await;
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n").expect("headers");
    let head = String::from_utf8(raw[..end].to_vec()).expect("text");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    Answer {
        status: status.expect("a status"),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: raw[end + 4..].to_vec(),
    }
}

pub(super) async fn ask(sandbox: &Sandbox, path: &str) -> Answer {
    ask_with(sandbox, Some(SECRET_KEY), path).await
}

pub(super) const EVER: &str = "recorded_after=2000-01-01T00:00:00Z";

pub(super) fn path(region: &str, endpoint: Endpoint, query: &str) -> String {
    format!("/audit-trail/v1alpha1/regions/{region}/{endpoint}?organization_id={ORGANIZATION_ID}&{query}")
}

pub(super) async fn list(sandbox: &Sandbox, region: &str, endpoint: Endpoint, query: &str) -> Answer {
    ask(sandbox, &path(region, endpoint, query)).await
}

pub(super) async fn events(sandbox: &Sandbox, query: &str) -> Answer {
    list(sandbox, "fr-par", Endpoint::Events, query).await
}

/// All pages of a list.
pub(super) async fn pages(sandbox: &Sandbox, region: &str, endpoint: Endpoint, query: &str) -> Vec<Answer> {
    let mut pages = Vec::new();
    let mut token = String::new();
    loop {
        let page = list(sandbox, region, endpoint, &format!("{query}&page_token={token}")).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let next = page.token();
        pages.push(page);
        match next {
            Some(next) => token = next,
            None => return pages,
        }
    }
}

pub(super) async fn all(sandbox: &Sandbox, region: &str, endpoint: Endpoint, query: &str) -> Vec<Value> {
    pages(sandbox, region, endpoint, query).await.iter().flat_map(Answer::events).collect()
}

pub(super) fn ids(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| event["id"].as_str().expect("an id").to_owned()).collect()
}

pub(super) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 12, 15, 4, 5).single().expect("a time") + TimeDelta::nanoseconds(678_901_234)
}

pub(super) fn week(events: usize) -> Config {
    Config { events, now: now(), ..Config::default() }
}

pub(super) async fn sandbox(events: usize) -> Sandbox {
    start(week(events)).await.expect("a sandbox")
}

pub(super) async fn with(events: usize, plan: &str) -> Sandbox {
    let faults = vec![plan.parse().expect("a plan")];
    start(Config { faults, ..week(events) }).await.expect("a sandbox")
}

pub(super) fn recorded_at(event: &Value) -> DateTime<Utc> {
    event["recorded_at"].as_str().expect("text").parse().expect("a time")
}
