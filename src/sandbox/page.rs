//! A page of events, with faults applied.

use bytes::Bytes;
use chrono::SecondsFormat;
use rand::Rng;

use super::activity::SECOND;
use super::endpoint::Endpoint;
use super::event::{Nanos, time};
use super::facets::facet;
use super::fault::{Fault, corrupt, replace_value};
use super::ids::{of_name, uuid_v4};
use super::json;
use super::list::{Position, Row, Selection, Trail};
use super::query::{Parameters, Refusal};
use super::state::Shared;
use super::token::Token;
use crate::event::Kind;

impl Shared {
    /// The answer of an endpoint that lists events.
    pub(super) fn page(
        &self,
        endpoint: Endpoint,
        region: &str,
        query: &Parameters,
        faults: &[Fault],
    ) -> Result<Bytes, Refusal> {
        let now = self.catch_up();
        let most = if faults.contains(&Fault::SmallPages) { 50 } else { 100 };
        let size = query.page_size(most)?.unwrap_or(most);
        let (asked, token) = select(endpoint, region, query, now)?;
        let selection = Selection { after: asked.after.max(self.retained_since(now)), ..asked.clone() };
        let mut from = token.map(|token| token.position);
        if faults.contains(&Fault::DuplicateAcrossPages) && size > 1 {
            from = from.map(|position| step_back(position, selection.descending));
        }
        let trail = self.trail.read();
        let (mut rows, more) = trail.page(region, endpoint.kinds(), &selection, from, size);
        let last = rows.last().map(|(_, row)| row.position);
        if faults.contains(&Fault::DuplicateAcrossRegions) && region != "fr-par" && token.is_none() {
            inject_foreign_event(&trail, endpoint, &selection, last.filter(|_| more), &mut rows);
        }
        let mut events: Vec<(Kind, Vec<u8>)> = rows.iter().map(|&(kind, row)| (kind, self.render(row))).collect();
        tamper(&mut events, selection.after, faults);
        let next = match query.first("page_token").filter(|_| faults.contains(&Fault::RepeatingToken)) {
            Some(same) => Some(same.to_owned()),
            None if more || faults.contains(&Fault::RepeatingToken) => {
                last.map(|last| Token::new(endpoint, region, &asked, last).encode())
            }
            None => Some(String::new()).filter(|_| faults.contains(&Fault::EmptyToken)),
        };
        // The last page of a list has no such member.
        let next = match next {
            Some(token) => format!(r#", "next_page_token":"{token}""#),
            None if faults.contains(&Fault::NullToken) => r#", "next_page_token":null"#.to_owned(),
            None => String::new(),
        };
        let entries = events.into_iter().map(|(kind, event)| match endpoint {
            Endpoint::CombinedEvents => [format!("{{\"{}\":", member(kind)).as_bytes(), &event, b"}"].concat(),
            _ => event,
        });
        Ok(json::list("events", &entries.collect::<Vec<_>>(), &next))
    }
}

/// The member in which `/combined-events` wraps an event of a kind.
fn member(kind: Kind) -> &'static str {
    match kind {
        Kind::Api => "api",
        Kind::Authentication => "auth",
        Kind::System => "system",
    }
}

/// The selection of a call, and the token of its previous page.
fn select(
    endpoint: Endpoint,
    region: &str,
    query: &Parameters,
    now: Nanos,
) -> Result<(Selection, Option<Token>), Refusal> {
    let descending = match query.first("order_by") {
        None | Some("recorded_at_desc") => true,
        Some("recorded_at_asc") => false,
        Some(_) => return Err(Refusal::argument("order_by", "constraint", "recorded_at_desc or recorded_at_asc")),
    };
    let after = query.time("recorded_after")?.unwrap_or(now - 3600 * SECOND);
    let before = query.time("recorded_before")?.unwrap_or(now);
    let mut filters = Vec::new();
    for &parameter in endpoint.filters() {
        let Some(value) = query.first(parameter) else { continue };
        match parameter {
            "status" if value.parse::<u16>().is_err() => {
                return Err(Refusal::argument("status", "format", "value must be a status code"));
            }
            "resource_type" if value == "unknown_type" => {}
            _ => filters.push(facet(parameter, value)),
        }
    }
    let mut selection = Selection { after, before, descending, filters };
    let Some(text) = query.first("page_token") else {
        if before <= after {
            return Err(Refusal::argument("recorded_before", "constraint", "value must be later than recorded_after"));
        }
        return Ok((selection, None));
    };
    let token = Token::decode(text)
        .filter(|token| token.continues(endpoint, region, &selection))
        .ok_or_else(|| Refusal::argument("page_token", "format", "the token belongs to another list"))?;
    // All pages have the window of the first, also when `now` has advanced.
    (selection.after, selection.before) = (token.after, token.before);
    Ok((selection, Some(token)))
}

/// The position from which a page repeats the last event of its predecessor.
fn step_back(position: Position, descending: bool) -> Position {
    match (descending, position.number.checked_sub(1)) {
        (true, _) => Position { number: position.number + 1, ..position },
        (false, Some(number)) => Position { number, ..position },
        (false, None) => Position { at: position.at - 1, number: u64::MAX },
    }
}

/// Adds an event of fr-par to a page of another region, in order and from the page's part of the window.
fn inject_foreign_event<'a>(
    trail: &'a Trail,
    endpoint: Endpoint,
    selection: &Selection,
    last: Option<Position>,
    rows: &mut Vec<(Kind, &'a Row)>,
) {
    let mut selection = selection.clone();
    match last {
        Some(last) if selection.descending => selection.after = last.at + 1,
        Some(last) => selection.before = last.at - 1,
        None => {}
    }
    for guest in trail.page("fr-par", endpoint.kinds(), &selection, None, 1).0 {
        let index = rows.partition_point(|(_, row)| (row.position < guest.1.position) != selection.descending);
        rows.insert(index, guest);
    }
}

/// Applies faults to the events of a page.
fn tamper(events: &mut Vec<(Kind, Vec<u8>)>, after: Nanos, faults: &[Fault]) {
    if let Some((kind, last)) = events.last().filter(|_| faults.contains(&Fault::OutOfWindow)) {
        let (kind, mut stray) = (*kind, last.clone());
        let early = time(after.saturating_sub(86_400 * SECOND)).to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let id = uuid_v4(of_name(&early).random());
        replace_value(&mut stray, "id", &format!("\"{id}\""));
        replace_value(&mut stray, "recorded_at", &format!("\"{early}\""));
        events.push((kind, stray));
    }
    if let Some((_, first)) = events.first_mut() {
        for &fault in faults {
            corrupt(fault, first);
        }
    }
    if faults.contains(&Fault::Unsorted) && events.len() > 1 {
        let last = events.len() - 1;
        events.swap(0, last);
    }
}
