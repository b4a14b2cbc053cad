//! The faults of answers.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use regex::bytes::Regex;

use super::endpoint::Endpoint;
use crate::settings::{REGIONS, is_region};

/// A fault of an answer.
///
/// As text it is the name in kebab case: `empty-token`, `too-many-requests`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// The last page has `"next_page_token":""` instead of no such key.
    EmptyToken,
    /// The last page has `"next_page_token":null`.
    NullToken,
    /// Every page, the last too, has a token, which returns the same page forever.
    RepeatingToken,
    /// Every page begins with the last event of the page before.
    DuplicateAcrossPages,
    /// Regions other than fr-par also list an event of fr-par, under the same id.
    DuplicateAcrossRegions,
    /// The first event of a page has an enum value unknown to clients.
    UnknownEnum,
    /// The first event of a page has members unknown to clients.
    UnknownField,
    /// The first event of a page has a request body of ten megabytes.
    HugeBody,
    /// The first event of a page has bytes in a string that are not UTF-8.
    InvalidUtf8,
    /// The body ends in the middle of the JSON, with the right Content-Length.
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
    /// 404 with `{"message":"…"}`, as for a path that does not exist.
    NotFound,
    /// 501 with `{"message":"unknown method"}`, as for a service that a region does not have.
    NotImplemented,
    /// 403 as for a key without the permission, or before the permission has propagated.
    Forbidden,
    /// The connection is dropped in the middle of the body.
    ConnectionReset,
    /// The answer stops in the middle of the body and continues after the configured stall.
    Stall,
    /// The first event of a page has text where a number belongs (`status_code`), or a number where text belongs.
    WrongType,
    /// The first event of a page has no `id`.
    MissingId,
    /// The first event of a page has no `recorded_at`.
    MissingTime,
    /// The first event of a page has a `recorded_at` that is not a time.
    MalformedTime,
    /// A `page_size` above 50 is refused with 400 `invalid_arguments`.
    SmallPages,
    /// The events of a page are not in order.
    Unsorted,
    /// A page ends with an event from long before the window.
    OutOfWindow,
}

impl Fault {
    /// This fault on every call.
    #[must_use]
    pub fn always(self) -> FaultPlan {
        FaultPlan { fault: self, when: When::Every(1), region: None, endpoint: None }
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
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().expect("every fault has a name").get_name())
    }
}

/// A plan that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}`: {why}")]
pub struct UnknownFault {
    text: String,
    why: String,
}

/// The matching calls that fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Every n-th; one is every call.
    Every(u64),
    /// The first n.
    First(u64),
}

/// A fault, and the affected calls.
///
/// As text: `unavailable`, `too-many-requests:first=3`, `unavailable:region=nl-ams`,
/// `stall:every=2,endpoint=combined-events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultPlan {
    fault: Fault,
    when: When,
    /// The affected region; by default every region.
    region: Option<String>,
    /// The affected endpoint; by default every endpoint.
    endpoint: Option<Endpoint>,
}

impl FaultPlan {
    /// The same plan in one region only.
    #[must_use]
    pub fn in_region(self, region: &str) -> Self {
        Self { region: Some(region.to_owned()), ..self }
    }

    /// The same plan on one endpoint only.
    #[must_use]
    pub fn on(self, endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), ..self }
    }
}

impl fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = match self.when {
            When::Every(1) => None,
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
        parse(text).map_err(|why| UnknownFault { text: text.to_owned(), why })
    }
}

fn parse(text: &str) -> Result<FaultPlan, String> {
    let (fault, limits) = text.split_once(':').unwrap_or((text, ""));
    let mut plan = named::<Fault>(fault).map_err(|names| format!("the faults are {names}"))?.always();
    for limit in limits.split(',').filter(|limit| !limit.is_empty()) {
        match limit.split_once('=') {
            Some(("every", nth)) => plan.when = When::Every(count(nth)?),
            Some(("first", calls)) => plan.when = When::First(count(calls)?),
            Some(("region", region)) if is_region(region) => plan.region = Some(region.to_owned()),
            Some(("region", _)) => return Err(format!("the regions are {}", REGIONS.join(", "))),
            Some(("endpoint", name)) => {
                plan.endpoint = Some(named(name).map_err(|names| format!("the endpoints are {names}"))?);
            }
            _ => return Err("the limits are every=N, first=N, region=NAME and endpoint=NAME".to_owned()),
        }
    }
    Ok(plan)
}

/// The value of a name; the error has all names.
fn named<T: ValueEnum + fmt::Display>(name: &str) -> Result<T, String> {
    T::from_str(name, false).map_err(|_| T::value_variants().iter().map(T::to_string).collect::<Vec<_>>().join(", "))
}

fn count(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|&count| count > 0).ok_or_else(|| "a count is a number above zero".to_owned())
}

/// The active plans, each with its number of matching calls.
#[derive(Debug, Default)]
pub(super) struct Faults {
    plans: Vec<(FaultPlan, u64)>,
}

impl Faults {
    pub(super) fn new(plans: impl IntoIterator<Item = FaultPlan>) -> Self {
        Self { plans: plans.into_iter().map(|plan| (plan, 0)).collect() }
    }

    /// Resets the counters of all plans.
    pub(super) fn rewind(&mut self) {
        self.plans.iter_mut().for_each(|(_, seen)| *seen = 0);
    }

    /// The faults of a call, which is counted.
    pub(super) fn matching(&mut self, endpoint: Endpoint, region: Option<&str>) -> Vec<Fault> {
        let mut struck = Vec::new();
        for (plan, seen) in &mut self.plans {
            let elsewhere = plan.region.as_deref().is_some_and(|wanted| region != Some(wanted));
            if elsewhere || plan.endpoint.is_some_and(|wanted| wanted != endpoint) {
                continue;
            }
            *seen += 1;
            let hit = match plan.when {
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

/// Applies a fault of a single event. Returns whether the event could be changed.
pub(super) fn corrupt(fault: Fault, event: &mut Vec<u8>) -> bool {
    match fault {
        Fault::UnknownEnum => {
            // Only the type of the first resource, since request bodies have a `type` too.
            replace(event, r#"("resources":\[.*?"type":)"[^"]*""#, br#"$1"holographic""#);
            replace_value(event, "result", r#""holographic""#);
            replace_value(event, "kind", r#""holographic""#)
        }
        Fault::UnknownField => {
            let fields = br#"{"from_the_future":{"depth":[1, {"a":null}], "rate":-1.5E+30}, "since":null, "#;
            replace(event, r"^\{", fields)
        }
        Fault::HugeBody => {
            let padding = format!(r#""padding":"{}""#, "x".repeat(10 << 20));
            replace(event, r#"("request_body":\{)\}"#, format!("$1{padding}}}").as_bytes())
                || replace(event, r#"("request_body":\{)"#, format!("$1{padding}, ").as_bytes())
                || replace(event, r"^\{", format!("{{{padding}, ").as_bytes())
        }
        Fault::InvalidUtf8 => {
            let mut texts = ["user_agent", "name", "system_name", "request_id"].iter();
            texts.any(|key| replace(event, &format!(r#"("{key}":")"#), b"$1\xff\xfe\xc3\x28"))
        }
        Fault::WrongType => {
            replace_value(event, "status_code", r#""200""#)
                || replace_value(event, "result", "1")
                || replace_value(event, "kind", "1")
        }
        Fault::MissingId => replace(event, &format!(r#""id":{SCALAR}(, )?"#), b""),
        Fault::MissingTime => replace(event, &format!(r#""recorded_at":{SCALAR}(, )?"#), b""),
        Fault::MalformedTime => replace_value(event, "recorded_at", r#""yesterday, around noon""#),
        _ => false,
    }
}

/// A text, a number, a boolean or null.
const SCALAR: &str = r#"(?:"[^"]*"|[^,}\]]*)"#;

/// Replaces the value of the first scalar member of a name, if there is one.
pub(super) fn replace_value(event: &mut Vec<u8>, key: &str, value: &str) -> bool {
    replace(event, &format!(r#""{key}":{SCALAR}"#), format!(r#""{key}":{value}"#).as_bytes())
}

/// Replaces the first match of a pattern, if there is one.
fn replace(event: &mut Vec<u8>, pattern: &str, by: &[u8]) -> bool {
    let pattern = Regex::new(&format!("(?s-u){pattern}")).expect("the patterns of faults are valid");
    let Cow::Owned(replaced) = pattern.replace(event, by) else { return false };
    *event = replaced;
    true
}
