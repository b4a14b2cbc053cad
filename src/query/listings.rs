//! From listings to events, and what is missing from them.

use std::ops::Range;

use arrow::error::ArrowError;

use super::error::Failure;
use super::filter;
use super::incomplete::{Incomplete, Reason};
use super::model::{Query, Question, Request};
use crate::cache::Listing;
use crate::event::{Events, List};
use crate::scaleway::audit_trail::{GLOBAL_REGION, Gap, RETENTION_DAYS, Window};

pub(super) fn place(region: &str, list: List) -> String {
    format!("region {region}, {} events", list.as_str())
}

/// What is missing, each with where; once, however many listings of one place say the same.
pub(super) fn gaps(listings: &[Listing]) -> Vec<(String, Gap)> {
    let mut gaps: Vec<(String, Gap)> = Vec::new();
    for listing in listings {
        for gap in &listing.gaps {
            let gap = (place(&listing.region, listing.list), gap.clone());
            if !gaps.contains(&gap) {
                gaps.push(gap);
            }
        }
    }
    gaps
}

/// From when events may be missing from the listings, and why.
pub(super) fn incomplete(listings: &[Listing]) -> Vec<Incomplete> {
    let mut all = Vec::new();
    for listing in listings {
        let place = place(&listing.region, listing.list);
        let mut add = |reason: Reason, sentence: String, intervals: Vec<Range<i64>>| {
            let region = Some(listing.region.clone());
            all.push(Incomplete { region, reason, sentence: format!("{place}: {sentence}"), intervals });
        };
        for gap in &listing.gaps {
            let intervals = match gap {
                Gap::Malformed { .. } => {
                    // What is malformed may be as new as the interval's end.
                    listing.malformed.iter().map(|malformed| malformed.from..malformed.to.saturating_add(1)).collect()
                }
                _ => listing.missing.iter().map(|interval| interval.nanos()).collect(),
            };
            add(Reason::Gap(gap.clone()), gap.summary(), intervals);
        }
        if !listing.provisional.is_empty() {
            let sentence = "the latest events are cached ones, and some may be missing".to_owned();
            let intervals = listing.provisional.iter().map(|interval| interval.nanos()).collect();
            add(Reason::Cached, sentence, intervals);
        }
    }
    all
}

/// A panel shows what there is and says what is missing; a rule, or a panel with nothing to show, gets the error. Annotations
/// always have something to show: the interval that is missing.
pub(super) fn complete_enough(
    listings: &[Listing],
    gaps: &[(String, Gap)],
    query: &Query,
    request: &Request,
) -> Result<(), Failure> {
    let is_failure = |gap: &Gap| matches!(gap, Gap::Failed(_) | Gap::Late | Gap::Broken);
    let nothing = listings.iter().all(|listing| listing.events.is_empty() && listing.gaps.iter().any(is_failure));
    let Some((place, gap)) = gaps.first() else { return Ok(()) };
    let shows_gaps = matches!(query.question, Question::Annotations(_)) && !request.from_alert;
    if nothing && !listings.is_empty() && !shows_gaps {
        return Err(Failure { message: format!("{place}: {gap}"), ..Failure::from(gap) });
    }
    if request.from_alert {
        let message = format!("the answer would be incomplete, and an alert rule needs all of it: {place}: {gap}");
        return Err(Failure { message, ..Failure::from(gap) });
    }
    Ok(())
}

/// All events, each once; from a region that was not asked for, only those that belong to every region.
pub(super) fn merge(listings: Vec<Listing>, regions: &[String]) -> Result<Events, Failure> {
    let asked = |region: &String| region != GLOBAL_REGION || regions.contains(region);
    let parts: Result<Vec<Events>, ArrowError> = listings
        .into_iter()
        .map(|listing| {
            if asked(&listing.region) {
                Ok(listing.events)
            } else {
                listing.events.filter(&filter::global(&listing.events))
            }
        })
        .collect();
    Ok(Events::merge(&parts?)?)
}

/// Leaves the newest events where there are more than the settings allow: what is missing then, and from when.
pub(super) fn limited(
    events: &mut Events,
    most: usize,
    request: &Request,
) -> Result<Option<(Gap, Incomplete)>, Failure> {
    if events.len() <= most {
        return Ok(None);
    }
    let gap = Gap::Limit(most);
    if request.from_alert {
        return Err(Failure::from(&gap));
    }
    *events = events.newest(most);
    let oldest = events.times().values().last().copied().unwrap_or(request.to);
    let cut = Incomplete {
        region: None,
        sentence: format!("all regions: {gap}"),
        reason: Reason::Gap(gap.clone()),
        intervals: std::iter::once(request.from..oldest).collect(),
    };
    Ok(Some((gap, cut)))
}

/// The trail is kept for a limited time: a range that begins earlier may lack events without anybody's error. The notice
/// tells since when, and the interval shows it.
pub(super) fn retention(request: &Request) -> Result<Option<(String, Incomplete)>, Failure> {
    // The range was made a little before it is answered: the last ninety days are not older than that.
    let horizon = chrono::Utc::now() - chrono::Duration::days(RETENTION_DAYS) - chrono::Duration::minutes(5);
    let Some(end) = horizon.timestamp_nanos_opt().filter(|end| request.from < *end) else { return Ok(None) };
    let message = format!(
        "the range begins before {}; Scaleway keeps events for {RETENTION_DAYS} days, so that older ones may be missing",
        super::model::rfc3339(horizon)
    );
    if request.from_alert {
        return Err(Failure::input(message));
    }
    let sentence = format!("Scaleway keeps events for {RETENTION_DAYS} days, so that older ones may be missing");
    let intervals = std::iter::once(request.from..end.min(request.to)).collect();
    Ok(Some((message, Incomplete { region: None, reason: Reason::Retention, sentence, intervals })))
}

/// A window as the query inspector shows it.
pub(super) fn describe(window: &Window) -> String {
    let filter = &window.filter;
    let status = filter.status.map(|code| code.to_string());
    let filters = [
        ("product", &filter.product),
        ("service", &filter.service),
        ("method", &filter.method),
        ("principal", &filter.principal),
        ("status", &status),
        ("project", &filter.project),
        ("resource type", &filter.resource_type),
    ];
    let filters = filters.iter().filter_map(|(name, value)| Some(format!(", {name} {}", value.as_deref()?)));
    place(&window.region, window.list) + &filters.collect::<String>()
}
