//! The faults of answers; each can be switched on alone.

use std::fmt;
use std::str::FromStr;

use super::endpoint::Endpoint;
use crate::settings::is_region;

/// A fault of an answer.
///
/// As text it is the name in kebab case: `empty-token`, `too-many-requests`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The last page has `"next_page_token":""` instead of no such key.
    EmptyToken,
    /// The last page has `"next_page_token":null`.
    NullToken,
    /// Every page, the last too, has a token, which returns the same page for ever.
    RepeatingToken,
    /// Every page begins with the last event of the page before.
    DuplicateAcrossPages,
    /// Regions other than fr-par also list an event of fr-par, under the same id.
    DuplicateAcrossRegions,
    /// The first event of a page has an enum value that no client knows.
    UnknownEnum,
    /// The first event of a page has members that no client knows.
    UnknownField,
    /// The first event of a page has a request body of ten megabytes.
    HugeBody,
    /// The first event of a page has bytes in a string that are not UTF-8.
    InvalidUtf8,
    /// The body ends in the middle of the JSON, correctly framed: Content-Length agrees with it.
    TruncatedJson,
    /// 200 with an HTML page, as `text/html`.
    HtmlPage,
    /// 200 with an HTML page that claims to be `application/json`.
    HtmlAsJson,
    /// 429 as the API sends it: no body, no content type, no Retry-After.
    TooManyRequests,
    /// 429 with `Retry-After: 1`.
    RetryAfter,
    /// 500 with `{"message":"…"}`.
    InternalError,
    /// 502 with `{"message":"…"}`.
    BadGateway,
    /// 503 with `{"message":"…"}`; limited to one region, an outage of that region.
    Unavailable,
    /// 404 with `{"message":"…"}`, as of a path that does not exist.
    NotFound,
    /// 501 with `{"message":"unknown method"}`, as of a service that a region does not have.
    NotImplemented,
    /// 403 as of a key without the permission, or before the permission has propagated.
    Forbidden,
    /// The connection is dropped in the middle of the body.
    ConnectionReset,
    /// The answer stops in the middle of the body and goes on after the configured stall.
    Stall,
    /// The first event of a page has text where a number belongs (`status_code`), or a number where text belongs.
    WrongType,
    /// The first event of a page has no `id`.
    MissingId,
    /// The first event of a page has no `recorded_at`.
    MissingTime,
    /// The first event of a page has a `recorded_at` that is no time.
    MalformedTime,
    /// A `page_size` above 50 is refused with 400 `invalid_arguments`.
    SmallPages,
    /// The events of a page are not in order.
    Unsorted,
    /// A page ends with an event from long before the window.
    OutOfWindow,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 29] = [
        Fault::EmptyToken,
        Fault::NullToken,
        Fault::RepeatingToken,
        Fault::DuplicateAcrossPages,
        Fault::DuplicateAcrossRegions,
        Fault::UnknownEnum,
        Fault::UnknownField,
        Fault::HugeBody,
        Fault::InvalidUtf8,
        Fault::TruncatedJson,
        Fault::HtmlPage,
        Fault::HtmlAsJson,
        Fault::TooManyRequests,
        Fault::RetryAfter,
        Fault::InternalError,
        Fault::BadGateway,
        Fault::Unavailable,
        Fault::NotFound,
        Fault::NotImplemented,
        Fault::Forbidden,
        Fault::ConnectionReset,
        Fault::Stall,
        Fault::WrongType,
        Fault::MissingId,
        Fault::MissingTime,
        Fault::MalformedTime,
        Fault::SmallPages,
        Fault::Unsorted,
        Fault::OutOfWindow,
    ];

    /// This fault on every call.
    #[must_use]
    pub fn always(self) -> FaultPlan {
        FaultPlan { fault: self, when: When::Always, region: None, endpoint: None }
    }

    /// This fault on the first `calls` calls: a burst that ends.
    #[must_use]
    pub fn first(self, calls: u64) -> FaultPlan {
        FaultPlan { when: When::First(calls), ..self.always() }
    }

    /// This fault on every n-th call.
    #[must_use]
    pub fn every(self, nth: u64) -> FaultPlan {
        FaultPlan { when: When::Every(nth), ..self.always() }
    }

    fn name(self) -> &'static str {
        match self {
            Fault::EmptyToken => "empty-token",
            Fault::NullToken => "null-token",
            Fault::RepeatingToken => "repeating-token",
            Fault::DuplicateAcrossPages => "duplicate-across-pages",
            Fault::DuplicateAcrossRegions => "duplicate-across-regions",
            Fault::UnknownEnum => "unknown-enum",
            Fault::UnknownField => "unknown-field",
            Fault::HugeBody => "huge-body",
            Fault::InvalidUtf8 => "invalid-utf8",
            Fault::TruncatedJson => "truncated-json",
            Fault::HtmlPage => "html-page",
            Fault::HtmlAsJson => "html-as-json",
            Fault::TooManyRequests => "too-many-requests",
            Fault::RetryAfter => "retry-after",
            Fault::InternalError => "internal-error",
            Fault::BadGateway => "bad-gateway",
            Fault::Unavailable => "unavailable",
            Fault::NotFound => "not-found",
            Fault::NotImplemented => "not-implemented",
            Fault::Forbidden => "forbidden",
            Fault::ConnectionReset => "connection-reset",
            Fault::Stall => "stall",
            Fault::WrongType => "wrong-type",
            Fault::MissingId => "missing-id",
            Fault::MissingTime => "missing-time",
            Fault::MalformedTime => "malformed-time",
            Fault::SmallPages => "small-pages",
            Fault::Unsorted => "unsorted",
            Fault::OutOfWindow => "out-of-window",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|fault| fault.name() == text)
            .ok_or_else(|| UnknownFault { text: text.to_owned(), why: "there is no such fault" })
    }
}

/// A fault or a plan that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}`: {why}")]
pub struct UnknownFault {
    text: String,
    why: &'static str,
}

/// Which of the matching calls fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// All of them.
    Always,
    /// Every n-th.
    Every(u64),
    /// The first so many.
    First(u64),
}

/// A fault, and the calls that it affects.
///
/// As text: `unavailable`, `too-many-requests:first=3`, `unavailable:region=nl-ams`,
/// `stall:every=2,endpoint=combined-events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultPlan {
    /// The fault.
    pub fault: Fault,
    /// Which of the matching calls fail.
    pub when: When,
    /// In this region only.
    pub region: Option<String>,
    /// On this endpoint only.
    pub endpoint: Option<Endpoint>,
}

impl FaultPlan {
    /// The same in one region only.
    #[must_use]
    pub fn in_region(self, region: &str) -> Self {
        Self { region: Some(region.to_owned()), ..self }
    }

    /// The same on one endpoint only.
    #[must_use]
    pub fn on(self, endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), ..self }
    }
}

impl fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = match self.when {
            When::Always => None,
            When::Every(nth) => Some(format!("every={nth}")),
            When::First(calls) => Some(format!("first={calls}")),
        };
        let region = self.region.as_ref().map(|region| format!("region={region}"));
        let endpoint = self.endpoint.map(|endpoint| format!("endpoint={endpoint}"));
        let limits: Vec<String> = [when, region, endpoint].into_iter().flatten().collect();
        let colon = if limits.is_empty() { "" } else { ":" };
        write!(f, "{}{colon}{}", self.fault, limits.join(","))
    }
}

impl FromStr for FaultPlan {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why| UnknownFault { text: text.to_owned(), why };
        let (fault, limits) = text.split_once(':').unwrap_or((text, ""));
        let mut plan = fault.parse::<Fault>()?.always();
        for limit in limits.split(',').filter(|limit| !limit.is_empty()) {
            let (key, value) = limit.split_once('=').ok_or_else(|| wrong("a limit is written key=value"))?;
            let number =
                || value.parse().ok().filter(|&n| n > 0).ok_or_else(|| wrong("a count is a number above zero"));
            match key {
                "every" => plan.when = When::Every(number()?),
                "first" => plan.when = When::First(number()?),
                "region" if is_region(value) => plan.region = Some(value.to_owned()),
                "region" => return Err(wrong("the regions are fr-par, nl-ams, pl-waw, it-mil")),
                "endpoint" => plan.endpoint = Some(value.parse().map_err(|()| wrong("there is no such endpoint"))?),
                _ => return Err(wrong("the limits are every, first, region and endpoint")),
            }
        }
        Ok(plan)
    }
}

/// The active plans, each with its number of matching calls.
#[derive(Debug, Default)]
pub(super) struct Faults {
    plans: Vec<(FaultPlan, u64)>,
}

impl Faults {
    pub(super) fn new(plans: Vec<FaultPlan>) -> Self {
        Self { plans: plans.into_iter().map(|plan| (plan, 0)).collect() }
    }

    /// Resets the counters of all plans.
    pub(super) fn rewind(&mut self) {
        self.plans.iter_mut().for_each(|(_, seen)| *seen = 0);
    }

    /// The faults of a call, which it counts.
    pub(super) fn matching(&mut self, endpoint: Endpoint, region: Option<&str>) -> Vec<Fault> {
        let mut struck = Vec::new();
        for (plan, seen) in &mut self.plans {
            let elsewhere = plan.region.as_deref().is_some_and(|wanted| region != Some(wanted));
            if elsewhere || plan.endpoint.is_some_and(|wanted| wanted != endpoint) {
                continue;
            }
            *seen += 1;
            let hit = match plan.when {
                When::Always => true,
                When::Every(nth) => *seen % nth == 0,
                When::First(calls) => *seen <= calls,
            };
            if hit {
                struck.push(plan.fault);
            }
        }
        struck
    }
}

/// Applies a fault of a single event.
pub(super) fn corrupt(fault: Fault, event: &mut Vec<u8>) {
    match fault {
        Fault::UnknownEnum => {
            // The type of the first resource: request bodies have a `type` too.
            if let Some(resources) = find(event, b"\"resources\":[") {
                let mut tail = event.split_off(resources);
                replace_value(&mut tail, "type", b"\"holographic\"");
                event.append(&mut tail);
            }
            replace_value(event, "result", b"\"holographic\"");
            replace_value(event, "kind", b"\"holographic\"");
        }
        Fault::UnknownField => {
            insert_after(
                event,
                b"{",
                br#""from_the_future":{"depth":[1, {"a":null}], "rate":-1.5E+30}, "since":null, "#,
            );
        }
        Fault::HugeBody => {
            let mut padding = br#""padding":""#.to_vec();
            padding.resize(padding.len() + 10 * 1024 * 1024, b'x');
            padding.extend_from_slice(b"\", ");
            if !insert_after(event, b"\"request_body\":{", &padding) {
                insert_after(event, b"{", &padding);
            }
            // The body may have been empty.
            if let Some(at) = find(event, b"\", }") {
                event.drain(at + 1..at + 3);
            }
        }
        Fault::InvalidUtf8 => {
            let keys: [&[u8]; 4] = [b"\"user_agent\":\"", b"\"name\":\"", b"\"system_name\":\"", b"\"request_id\":\""];
            let _ = keys.iter().any(|key| insert_after(event, key, b"\xff\xfe\xc3\x28"));
        }
        Fault::WrongType => {
            let _ = replace_value(event, "status_code", b"\"200\"")
                || replace_value(event, "result", b"1")
                || replace_value(event, "kind", b"1");
        }
        Fault::MissingId => remove_member(event, "id"),
        Fault::MissingTime => remove_member(event, "recorded_at"),
        Fault::MalformedTime => {
            replace_value(event, "recorded_at", b"\"yesterday, around noon\"");
        }
        _ => {}
    }
}

/// Replaces the value of the first scalar member of this name.
pub(super) fn replace_value(event: &mut Vec<u8>, key: &str, value: &[u8]) -> bool {
    let Some((_, start, end)) = member(event, key) else { return false };
    event.splice(start..end, value.iter().copied());
    true
}

fn remove_member(event: &mut Vec<u8>, key: &str) {
    if let Some((start, _, end)) = member(event, key) {
        event.drain(start..event.len().min(end + 2));
    }
}

/// Offsets of the first scalar member of this name: its start, the start of its value, its end.
fn member(event: &[u8], key: &str) -> Option<(usize, usize, usize)> {
    let quoted = format!("\"{key}\":");
    let start = find(event, quoted.as_bytes())?;
    let value = start + quoted.len();
    let end = match event.get(value)? {
        b'"' => value + 2 + find(&event[value + 1..], b"\"")?,
        _ => value + event[value..].iter().position(|byte| matches!(byte, b',' | b'}' | b']'))?,
    };
    Some((start, value, end))
}

fn insert_after(event: &mut Vec<u8>, what: &[u8], text: &[u8]) -> bool {
    let Some(start) = find(event, what) else { return false };
    let at = start + what.len();
    event.splice(at..at, text.iter().copied());
    true
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
