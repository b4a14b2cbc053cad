//! The Audit Trail API, v1alpha1: listing events page by page, and the products it knows.

use std::collections::HashSet;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};

use super::http::{Call, Client, Error};
use crate::event::{Decoder, Events, Kind, List};

/// What reading the trail needs; it is granted on the whole organization.
pub const PERMISSION_SET: &str = "AuditTrailReadOnly";

/// Page sizes, tried in this order: the API's greatest is not documented, and what it refuses is asked for smaller.
const PAGE_SIZES: [&str; 6] = ["100", "50", "20", "10", "5", "1"];

/// Where in the sizes a list goes on after a page that was too large to be read: five bodies of 10 MB can be.
const PAGES_OF_LARGE_EVENTS: usize = 4;

/// The most bytes of pages that one listing may read.
const MAX_LISTING_BYTES: usize = 512 << 20;

/// How far back the trail can be asked: what Scaleway's documentation of exports says is kept.
pub const RETENTION_DAYS: i64 = 90;

/// The region that stores the events of products without a region, and all log-ins.
/// Source: Scaleway's documentation of Audit Trail.
pub const GLOBAL_REGION: &str = "fr-par";

/// The products without a region: their events are stored in [`GLOBAL_REGION`] wherever the caller was.
pub const GLOBAL_PRODUCTS: [&str; 3] = ["account", "edge-services", "iam"];

/// The filters that the API applies itself; each is an exact match, and all must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Filter {
    /// `product_name`.
    pub product: Option<String>,
    /// `service_name`.
    pub service: Option<String>,
    /// `method_name`.
    pub method: Option<String>,
    /// `principal_id`.
    pub principal: Option<String>,
    /// `source_ip`: one address.
    pub source_ip: Option<String>,
    /// `status`: an HTTP status code.
    pub status: Option<u16>,
    /// `project_id`.
    pub project: Option<String>,
    /// `resource_type`.
    pub resource_type: Option<String>,
}

impl Filter {
    /// The part of the filter that a list of the API knows; the rest is left to the caller.
    #[must_use]
    pub fn known_to(&self, list: List) -> Self {
        match list {
            List::Of(Kind::Api) => self.clone(),
            List::Of(_) => Self::default(),
            List::Combined => {
                Self { project: self.project.clone(), resource_type: self.resource_type.clone(), ..Self::default() }
            }
        }
    }
}

/// A window of one list in one region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The region asked.
    pub region: String,
    /// The list.
    pub list: List,
    /// What the API shall filter.
    pub filter: Filter,
    /// The window's inclusive start, nanoseconds since 1970, UTC.
    pub from: i64,
    /// The window's exclusive end.
    pub to: i64,
}

/// Why a listing holds less than the window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// There are more events than may be fetched; the oldest are missing.
    #[error("only the newest {0} events were fetched (setting maxEvents); older ones are missing")]
    Limit(usize),
    /// The pages take too much memory; the oldest events are missing.
    #[error("the pages exceed {} MiB; older events are missing", MAX_LISTING_BYTES >> 20)]
    Bytes,
    /// The API gave a page token a second time; the oldest events are missing.
    #[error("Scaleway repeated a page token; older events may be missing")]
    RepeatedToken,
    /// A call failed; what the pages before it held is there.
    #[error("{0}")]
    Failed(#[from] Error),
    /// Items that are no events or have no time.
    #[error("{count} malformed events were left out; the first: {first}")]
    Malformed {
        /// How many there were.
        count: usize,
        /// What was wrong with the first.
        first: String,
    },
}

/// What a listing found.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The events of the window.
    pub events: Events,
    /// What is missing; empty where the listing is complete.
    pub gaps: Vec<Gap>,
    /// Whether some page was not valid UTF-8 and was mended with U+FFFD.
    pub replaced: bool,
}

fn rfc3339(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Lists the events of a window, newest first, to the end or until `max_events`.
///
/// The API's bounds are neither documented as inclusive nor as exclusive and its clients send whole seconds: a little
/// more is asked for, and what lies outside the window is left out here.
pub async fn list(
    client: &Client,
    organization: &str,
    window: &Window,
    max_events: usize,
    deadline: Instant,
) -> Listing {
    const SECOND: i64 = 1_000_000_000;
    let after = rfc3339(window.from.div_euclid(SECOND) - 1);
    let before = rfc3339(window.to.saturating_add(SECOND - 1).div_euclid(SECOND));
    let status = window.filter.status.map(|code| code.to_string());
    let endpoint = match window.list {
        List::Of(Kind::Api) => "events",
        List::Of(Kind::Authentication) => "authentication-events",
        List::Of(Kind::System) => "system-events",
        List::Combined => "combined-events",
    };
    let filter = &window.filter;
    let filters = [
        ("product_name", &filter.product),
        ("service_name", &filter.service),
        ("method_name", &filter.method),
        ("principal_id", &filter.principal),
        ("source_ip", &filter.source_ip),
        ("status", &status),
        ("project_id", &filter.project),
        ("resource_type", &filter.resource_type),
    ];
    let mut query = vec![
        ("organization_id", organization),
        ("recorded_after", &after),
        ("recorded_before", &before),
        ("order_by", "recorded_at_desc"),
    ];
    query.extend(filters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))));

    let mut decoder = Decoder::new(&window.region);
    let (mut listing, mut malformed) = (Listing::default(), Vec::new());
    let (mut size, mut bytes) = (0, 0);
    let (mut seen, mut in_window) = (0, 0);
    let mut token: Option<String> = None;
    let mut tokens = HashSet::new();
    loop {
        let mut query = query.clone();
        query.push(("page_size", PAGE_SIZES[size]));
        if let Some(token) = &token {
            query.push(("page_token", token));
        }
        let path = ["audit-trail", "v1alpha1", "regions", &window.region, endpoint];
        let call = Call { path: &path, query: &query, permission_set: PERMISSION_SET };
        let page = client.get(&call, deadline, |body| {
            bytes += body.len();
            decoder.page(window.list, body)
        });
        let page = match page.await {
            Ok(page) => page,
            Err(Error::Invalid { arguments, .. })
                if size + 1 < PAGE_SIZES.len() && arguments.iter().any(|name| name == "page_size") =>
            {
                size += 1;
                continue;
            }
            Err(Error::TooLarge { .. }) if size + 1 < PAGE_SIZES.len() => {
                size = PAGES_OF_LARGE_EVENTS.max(size + 1);
                continue;
            }
            Err(error) => {
                listing.gaps.push(error.into());
                break;
            }
        };
        malformed.extend(page.malformed.iter().map(|what| client.said(what)));
        listing.replaced |= page.replaced;
        // One event more than allowed tells that there are more; what lies beside the window is none of them.
        in_window += decoder.within(seen, window.from, window.to);
        seen = decoder.len();
        if in_window > max_events {
            listing.gaps.push(Gap::Limit(max_events));
            break;
        }
        let Some(next) = page.next else { break };
        if bytes >= MAX_LISTING_BYTES {
            listing.gaps.push(Gap::Bytes);
            break;
        }
        if !tokens.insert(next.clone()) {
            listing.gaps.push(Gap::RepeatedToken);
            break;
        }
        token = Some(next);
    }
    if let Some(first) = malformed.first() {
        listing.gaps.push(Gap::Malformed { count: malformed.len(), first: first.clone() });
    }
    match decoder.finish() {
        Ok(events) => listing.events = events.within(window.from, window.to).newest(max_events),
        Err(_) => listing.gaps.push(Gap::Bytes),
    }
    listing
}

/// A product whose calls the trail records.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Product {
    /// The name for people.
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

/// The products that the trail of an organization records in a region. The list grows: it is asked for, never assumed.
///
/// # Errors
/// When the call fails.
pub async fn products(
    client: &Client,
    organization: &str,
    region: &str,
    deadline: Instant,
) -> Result<Vec<Product>, Error> {
    #[derive(Deserialize)]
    struct Products {
        #[serde(default)]
        products: Vec<Product>,
    }
    let call = Call {
        path: &["audit-trail", "v1alpha1", "regions", region, "products"],
        query: &[("organization_id", organization)],
        permission_set: PERMISSION_SET,
    };
    client.get(&call, deadline, |body| serde_json::from_slice::<Products>(body)).await.map(|answer| answer.products)
}
