//! Which windows of the trail a question needs, and which filters Scaleway can apply itself.
//!
//! A filter is pushed down only where the API's answer is exactly the events that [`super::filter`] would keep: asking
//! more narrowly never changes an answer, it only costs fewer calls.

use std::collections::BTreeSet;

use super::model::{Outcome, Scope};
use crate::event::{Kind, List, PRODUCT_WITHOUT_PRINCIPAL, status_class};
use crate::scaleway::audit_trail::{Filter, GLOBAL_PRODUCTS, GLOBAL_REGION, Window};

/// The most listings that one region's API events are split into, when a filter has several values.
const MOST_ALTERNATIVES: usize = 4;

/// The windows that hold the events of `scope` between `from` and `to`.
///
/// `regions` are those to ask; the region of global products is added where such events can match. `principals` are the
/// ids that the scope's principals are known by, `None` where one of them is unknown.
#[must_use]
pub fn windows(scope: &Scope, regions: &[String], principals: Option<&[String]>, from: i64, to: i64) -> Vec<Window> {
    let mut regions: Vec<&str> = regions.iter().map(String::as_str).collect();
    let kinds = possible_kinds(scope);
    let global = kinds.iter().any(|kind| *kind != Kind::Api)
        || scope.products.is_empty()
        || scope.products.iter().any(|product| GLOBAL_PRODUCTS.contains(&product.as_str()));
    if global && !regions.contains(&GLOBAL_REGION) {
        regions.push(GLOBAL_REGION);
    }
    let lists = lists(scope, &kinds, principals);
    let window =
        |region: &str, list: List, filter: Filter| Window { region: region.to_owned(), list, filter, from, to };
    regions
        .iter()
        .flat_map(|region| lists.iter().map(move |(list, filter)| window(region, *list, filter.clone())))
        .collect()
}

/// The kinds of event that can match at all: a log-in has no product, a system event no caller.
fn possible_kinds(scope: &Scope) -> BTreeSet<Kind> {
    let mut kinds = if scope.kinds.is_empty() { BTreeSet::from(Kind::ALL) } else { scope.kinds.clone() };
    let mut without = |kind: Kind, condition: bool| {
        if condition {
            kinds.remove(&kind);
        }
    };
    let needs_outcome = !scope.status.is_empty();
    let codes_only = needs_outcome
        && scope
            .status
            .iter()
            .all(|outcome| !matches!(outcome, Outcome::Class(status_class::SUCCEEDED | status_class::FAILED)));
    without(
        Kind::Authentication,
        !scope.products.is_empty() || !scope.projects.is_empty() || !scope.services.is_empty(),
    );
    without(Kind::Authentication, codes_only);
    without(Kind::System, needs_outcome || !scope.principals.is_empty() || !scope.source_ips.is_empty());
    kinds
}

fn lists(scope: &Scope, kinds: &BTreeSet<Kind>, principals: Option<&[String]>) -> Vec<(List, Filter)> {
    let alternatives = alternatives(scope, principals);
    if kinds.len() == Kind::ALL.len()
        && let [only] = &alternatives[..]
        && *only == only.known_to(List::Combined)
    {
        return vec![(List::Combined, only.clone())];
    }
    let of = |kind: &Kind| match kind {
        Kind::Api => alternatives.iter().map(|filter| (List::Of(Kind::Api), filter.clone())).collect(),
        other => vec![(List::Of(*other), Filter::default())],
    };
    kinds.iter().flat_map(of).collect()
}

/// Filters for the API, such that the events of all of them together are those of the scope, or more.
fn alternatives(scope: &Scope, principals: Option<&[String]>) -> Vec<Filter> {
    type Put = fn(&mut Filter, &str);
    let dimensions: [(&[String], Put); 5] = [
        (&scope.products, |filter, value| filter.product = Some(value.to_owned())),
        (&scope.services, |filter, value| filter.service = Some(value.to_owned())),
        (&scope.methods, |filter, value| filter.method = Some(value.to_owned())),
        (&scope.projects, |filter, value| filter.project = Some(value.to_owned())),
        (&scope.resource_types, |filter, value| filter.resource_type = Some(value.to_owned())),
    ];
    let mut filters = vec![Filter::default()];
    for (values, put) in dimensions {
        split(&mut filters, values, |filter, value| put(filter, value));
    }
    let codes: Option<Vec<u16>> =
        scope.status.iter().map(codes).collect::<Option<Vec<_>>>().map(|codes| codes.concat());
    split(&mut filters, &codes.unwrap_or_default(), |filter, code| filter.status = Some(*code));
    let addresses: Option<Vec<String>> = scope
        .source_ips
        .iter()
        .map(|net| (net.prefix_len() == net.max_prefix_len()).then(|| net.addr().to_string()))
        .collect();
    // An IPv6 address has many spellings; the API may know it by another.
    let addresses = addresses.filter(|list| list.iter().all(|address| !address.contains(':')));
    split(&mut filters, &addresses.unwrap_or_default(), |filter, address| filter.source_ip = Some(address.clone()));
    by_principal(&mut filters, principals.unwrap_or_default());
    filters
}

/// The statuses that an outcome means, where they can be listed.
fn codes(outcome: &Outcome) -> Option<Vec<u16>> {
    match outcome {
        Outcome::Code(code) => Some(vec![*code]),
        Outcome::Class(status_class::DENIED) => Some(vec![401, 403]),
        Outcome::Class(_) => None,
    }
}

/// Makes each filter one filter per value; leaves them as they are where that would be too many listings.
fn split<T>(filters: &mut Vec<Filter>, values: &[T], put: impl Fn(&mut Filter, &T)) {
    if values.is_empty() || filters.len() * values.len() > MOST_ALTERNATIVES {
        return;
    }
    let one = |filter: &Filter, value: &T| {
        let mut filter = filter.clone();
        put(&mut filter, value);
        filter
    };
    *filters =
        filters.iter().flat_map(|filter| values.iter().map(|value| one(filter, value)).collect::<Vec<_>>()).collect();
}

/// Splits by principal. Session renewals name no principal and yet are somebody's: the one product they belong to is read
/// beside.
fn by_principal(filters: &mut Vec<Filter>, ids: &[String]) {
    if ids.is_empty() || filters.len() * (ids.len() + 1) > MOST_ALTERNATIVES {
        return;
    }
    let mut split = Vec::new();
    for filter in filters.iter() {
        split.extend(ids.iter().map(|id| Filter { principal: Some(id.clone()), ..filter.clone() }));
        if filter.product.as_deref().is_none_or(|product| product == PRODUCT_WITHOUT_PRINCIPAL) {
            split.push(Filter { product: Some(PRODUCT_WITHOUT_PRINCIPAL.to_owned()), ..filter.clone() });
        }
    }
    *filters = split;
}
