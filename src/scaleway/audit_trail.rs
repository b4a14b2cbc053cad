//! The Audit Trail API, v1alpha1: pages of events, and the list of recorded products.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use arrow::error::ArrowError;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::client::{Call, Client};
use super::error::Error;
pub use super::filter::{Filter, Param};
use super::iam::Principal;
use super::list::Page;
pub use super::list_key::ListKey;
use crate::event::{self, Decoder, Events, Kind, List};
use crate::time::{Clock, Interval, Time};

/// The permission set for the trail; it is granted on the whole organization.
pub const PERMISSION_SET: &str = "AuditTrailReadOnly";

/// Page sizes, tried in this order: the API's maximum is not documented, and a refused size is followed by a smaller one.
const PAGE_SIZES: [&str; 6] = ["100", "50", "20", "10", "5", "1"];

/// The index of the size that follows a page larger than the limit of an answer: five bodies of 10 MB stay below.
const PAGES_OF_LARGE_EVENTS: usize = 4;

/// After so many pages in a row without an event of the window, the list counts as endless.
const MOST_BARREN: usize = 50;

/// The age of the oldest events in the trail. Source: Scaleway's documentation of exports.
const RETENTION: Duration = Duration::from_hours(24 * 90);

/// The region that stores the events of products without a region, and all log-ins.
/// Source: Scaleway's documentation of Audit Trail.
pub const GLOBAL_REGION: &str = "fr-par";

/// The products without a region: their events are stored in [`GLOBAL_REGION`].
pub const GLOBAL_PRODUCTS: [&str; 3] = ["account", "edge-services", "iam"];

/// The types of resources that change others of their project without naming them: rules of networks, and groups that scale.
/// Source: the audited products, whose events name no server of a group.
pub const REACHING_TYPES: [&str; 5] =
    ["autoscaling_group", "instance_security_group", "vpc_acl", "vpc_ingress_rule", "vpc_route"];

/// The methods of log-ins, which no product list has. Source: Scaleway's own client.
pub const LOGIN_METHODS: [&str; 4] = ["authentication_code", "oauth2", "password", "saml"];

/// The types of resources in events; the API adds some every few weeks. Source: Scaleway's own client.
pub static RESOURCE_TYPES: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("resource_types.txt").lines().collect());

/// One list for one interval.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The list, with its region and the API's filter.
    pub key: ListKey,
    /// The interval.
    pub interval: Interval,
}

/// Why the next page of a window cannot be read. The events of the pages before it remain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PagesError {
    /// So many pages in a row have no event.
    Barren(usize),
    /// The API gave a page token a second time.
    RepeatedToken,
    /// A call failed.
    Failed(Error),
}

/// The extent of the pages read so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The number of events of the window; a repeated event counts twice.
    pub events: usize,
    /// The size of the pages whose events have not been taken yet, in bytes.
    pub bytes: usize,
    /// The time of the oldest event of the window, if the pages came in order: all newer events are read.
    pub reached: Option<Time>,
}

/// The interval of which the trail has all events at `now`.
pub(crate) fn coverage(now: Time) -> Interval {
    Interval::new(now - RETENTION, now)
}

/// A time in the API's form, in whole seconds.
fn rfc3339(time: Time) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The pages of a window, newest first.
///
/// The API's documentation leaves open whether bounds are inclusive, and its clients send whole seconds: the request asks for
/// a little more than the window, and events outside the window are dropped here.
pub struct Pages {
    client: Client,
    window: Window,
    query: Vec<(&'static str, String)>,
    decoder: Decoder,
    /// The index of the page size in [`PAGE_SIZES`].
    size: usize,
    token: Option<String>,
    tokens: HashSet<String>,
    /// Pages in a row without an event of the window.
    barren: usize,
    extent: Extent,
    /// Whether the events came in order.
    ordered: bool,
    flaws: Flaws,
}

impl Pages {
    /// The pages of a window of the organization's trail; none is read yet.
    #[must_use]
    pub fn new(client: &Client, window: Window) -> Self {
        let Interval { start, end } = window.interval;
        let mut query = vec![
            ("recorded_after", rfc3339(start - Duration::from_secs(1))),
            ("recorded_before", rfc3339(end + Duration::from_nanos(999_999_999))),
            ("order_by", "recorded_at_desc".to_owned()),
        ];
        query.extend(window.key.filter.iter().map(|(param, value)| (param.name(), value.to_owned())));
        Self {
            client: client.clone(),
            decoder: Decoder::new(&window.key.region),
            window,
            query,
            size: 0,
            token: None,
            tokens: HashSet::new(),
            barren: 0,
            extent: Extent::default(),
            ordered: true,
            flaws: Flaws::default(),
        }
    }

    /// Reads the next page, and returns whether there is another.
    ///
    /// # Errors
    /// When the page cannot be read, or the list is endless.
    pub async fn next(&mut self, deadline: Instant) -> Result<bool, PagesError> {
        let before = self.decoder.len();
        let page = self.fetch(deadline).await.map_err(PagesError::Failed)?;
        self.flaws.replaced |= page.replaced;
        let before_page = self.extent.reached;
        let Interval { start, end } = self.window.interval;
        self.extend(before);
        if let Some(first) = page.malformed.first() {
            let from = self.extent.reached.filter(|_| page.next.is_some()).unwrap_or(start);
            let (to, first) = (before_page.unwrap_or(end), self.client.redact(first));
            self.flaws.malformed.push(Malformed { from, to, count: page.malformed.len(), first });
        }
        let Some(next) = page.next else { return Ok(false) };
        if self.barren >= MOST_BARREN {
            return Err(PagesError::Barren(self.barren));
        }
        if !self.tokens.insert(next.clone()) {
            return Err(PagesError::RepeatedToken);
        }
        self.token = Some(next);
        Ok(true)
    }

    /// Fetches the next page, of a smaller size if the API refuses the size or the answer is too large.
    async fn fetch(&mut self, deadline: Instant) -> Result<event::Page, Error> {
        let endpoint = match self.window.key.list {
            List::Of(Kind::Api) => "events",
            List::Of(Kind::Authentication) => "authentication-events",
            List::Of(Kind::System) => "system-events",
            List::Combined => "combined-events",
        };
        loop {
            let mut query: Vec<(&str, &str)> = self.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
            query.push(("page_size", PAGE_SIZES[self.size]));
            query.extend(self.token.as_deref().map(|token| ("page_token", token)));
            let path = ["audit-trail", "v1alpha1", "regions", &self.window.key.region, endpoint];
            let call = Call { path: &path, query: &query, project: None, permission_set: PERMISSION_SET };
            let (decoder, bytes, list) = (&mut self.decoder, &mut self.extent.bytes, self.window.key.list);
            let answer = self.client.get(&call, deadline, |body| {
                *bytes += body.len();
                decoder.page(list, body)
            });
            let can_shrink = self.size + 1 < PAGE_SIZES.len();
            match answer.await {
                Err(Error::Invalid { arguments, .. })
                    if can_shrink && arguments.iter().any(|name| name == "page_size") =>
                {
                    self.size += 1;
                }
                Err(Error::TooLarge { .. }) if can_shrink => {
                    self.size = PAGES_OF_LARGE_EVENTS.max(self.size + 1);
                }
                answer => return answer,
            }
        }
    }

    /// Extends the extent by the events from a row of the decoder on. Events outside the window do not affect the order within
    /// it.
    fn extend(&mut self, row: usize) {
        let Interval { start, end } = self.window.interval;
        let times = self.decoder.times()[row..].iter().map(|nanos| Time::from_nanos(*nanos));
        let times = times.filter(|time| (start..end).contains(time));
        let found = times.clone().count();
        self.extent.events += found;
        self.barren = if found == 0 { self.barren + 1 } else { 0 };
        if let (Some(oldest), Some(newest)) = (times.clone().min(), times.max()) {
            self.ordered &= self.extent.reached.is_none_or(|reached| newest <= reached);
            self.extent.reached = Some(oldest).filter(|_| self.ordered);
        }
    }

    /// The extent of the pages read so far.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// Takes the events of the window that were read since the last call, with their flaws.
    ///
    /// # Errors
    /// When the events outgrow Arrow's 2 GiB per column.
    pub fn take(&mut self) -> Result<(Events, Flaws), ArrowError> {
        self.extent.bytes = 0;
        let decoder = std::mem::replace(&mut self.decoder, Decoder::new(&self.window.key.region));
        let flaws = std::mem::take(&mut self.flaws);
        Ok((decoder.finish()?.within(self.window.interval), flaws))
    }
}

/// Items of a page that were left out because they are not events or have no time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Malformed {
    /// The time of the page's oldest event: the malformed items are not older.
    pub from: Time,
    /// The time of the event before the page: the malformed items are not newer.
    pub to: Time,
    /// The number of malformed items.
    pub count: usize,
    /// The error of the first item.
    pub first: String,
}

/// The flaws of events that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaws {
    /// The items that were left out, page by page.
    pub malformed: Vec<Malformed>,
    /// Whether some text was not valid UTF-8, so that U+FFFD replaces its invalid bytes.
    pub replaced: bool,
}

impl Flaws {
    /// Adds other flaws, each once.
    pub fn add(&mut self, other: &Self) {
        self.replaced |= other.replaced;
        for malformed in &other.malformed {
            if !self.malformed.contains(malformed) {
                self.malformed.push(malformed.clone());
            }
        }
    }

    /// The flaws that may concern an interval.
    #[must_use]
    pub fn within(&self, interval: Interval) -> Self {
        let mut flaws = self.clone();
        flaws.malformed.retain(|malformed| malformed.from < interval.end && interval.start <= malformed.to);
        flaws
    }
}

/// A product whose calls the trail records.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Product {
    /// The name shown to people.
    #[serde(default)]
    pub title: String,
    /// The name in events.
    pub name: String,
    /// The product's APIs.
    #[serde(default)]
    pub services: Vec<Service>,
}

/// An API of a product.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Service {
    /// The name in events.
    pub name: String,
    /// Its methods.
    #[serde(default)]
    pub methods: Vec<String>,
}

/// The products recorded by the organization's trail in a region. The list grows, so it is fetched and never assumed.
///
/// # Errors
/// When the call fails.
pub async fn products(client: &Client, region: &str, deadline: Instant) -> Result<Vec<Product>, Error> {
    let call = Call {
        path: &["audit-trail", "v1alpha1", "regions", region, "products"],
        query: &[],
        project: None,
        permission_set: PERMISSION_SET,
    };
    client.get(&call, deadline, |body| serde_json::from_slice::<Page<Product>>(&body)).await.map(|page| page.items)
}

/// A principal from the newest event about its id, such as its creation or one of its log-ins; `None` if no event
/// within the retention names it. One page of the default size is enough.
///
/// # Errors
/// When the call fails.
pub(crate) async fn principal(client: &Client, id: &str, deadline: Instant) -> Result<Option<Principal>, Error> {
    let mut principals = principals_in(client, ("resource_id", id), deadline).await?;
    principals.retain(|(other, _)| other == id);
    Ok(principals.into_iter().next().map(|(_, principal)| principal))
}

/// The methods whose events name a created or deleted principal.
const PRINCIPALS: [&str; 4] = ["DeleteUser", "DeleteApplication", "CreateUser", "CreateApplication"];

/// The principals created or deleted within the retention, by id: from the newest page of each method.
///
/// # Errors
/// When a call fails.
pub(crate) async fn principals(client: &Client, deadline: Instant) -> Result<HashMap<String, Principal>, Error> {
    let calls = PRINCIPALS.map(|method| principals_in(client, ("method_name", method), deadline));
    let mut principals = HashMap::new();
    for (id, principal) in futures::future::try_join_all(calls).await?.into_iter().flatten() {
        principals.entry(id).or_insert(principal);
    }
    Ok(principals)
}

/// The principals among the resources of a filter's newest events, newest first.
async fn principals_in(
    client: &Client,
    filter: (&str, &str),
    deadline: Instant,
) -> Result<Vec<(String, Principal)>, Error> {
    let Interval { start, end } = coverage(client.now());
    let (after, before) = (rfc3339(start), rfc3339(end + Duration::from_secs(1)));
    let call = Call {
        path: &["audit-trail", "v1alpha1", "regions", GLOBAL_REGION, "events"],
        query: &[filter, ("recorded_after", &after), ("recorded_before", &before), ("order_by", "recorded_at_desc")],
        project: None,
        permission_set: PERMISSION_SET,
    };
    let mut decoder = Decoder::new(GLOBAL_REGION);
    client.get(&call, deadline, |body| decoder.page(List::Of(Kind::Api), body)).await?;
    let events = decoder.finish().expect("one page is far below the limit of a column");
    let references = events.references();
    let about = (0..events.len()).flat_map(|row| references.of(row));
    let named = about.filter_map(|reference| {
        Some((reference.id?.to_owned(), Principal::from_trail(reference.kind?, reference.name?)?))
    });
    Ok(named.collect())
}
