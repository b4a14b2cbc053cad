//! The windows of the trail that a query needs, with the filters that Scaleway can apply itself.
//!
//! A filter is pushed down only where the API's answer is exactly the events that [`super::filter`] would select: asking
//! more narrowly never changes an answer, it only costs fewer calls.

use std::collections::BTreeSet;

use super::catalogue::{Catalogue, Named};
use super::condition::{Alternative, Condition, Name, Test};
use super::dimension::Dimension;
use super::principals::is_scaleway;
use super::scope::{Outcome, Scope};
use crate::event::{Column, Kind, List, PRODUCT_WITHOUT_PRINCIPAL, status_class};
use crate::scaleway::audit_trail::{Filter, GLOBAL_PRODUCTS, GLOBAL_REGION, ListKey, Param, Window};
use crate::time::Interval;

/// The most listings that one region's API events are split into, when a filter has several values.
const MOST_ALTERNATIVES: usize = 4;

/// The windows that have the events of `scope` in an interval.
///
/// `regions` are those to ask; the region of global products is added where such events can match. `known` are the names
/// that the scope's are known by; `principals` the ids that its principals are, `None` where one of them is unknown.
#[must_use]
pub(crate) fn windows(
    scope: &Scope,
    regions: &[String],
    known: &Catalogue,
    principals: Option<&[String]>,
    interval: Interval,
) -> Vec<Window> {
    // A resource's children are named by events outside the scope: all events are read.
    let related = !scope.resource_ids.is_empty() || !scope.resource_names.is_empty();
    let everything = Scope::default();
    let (scope, principals) = if related { (&everything, None) } else { (scope, principals) };
    let mut regions: Vec<&str> = regions.iter().map(String::as_str).collect();
    let kinds = possible_kinds(scope);
    let global = kinds.iter().any(|kind| *kind != Kind::Api)
        || scope.products.is_empty()
        || scope.products.iter().any(|product| GLOBAL_PRODUCTS.iter().any(|global| product.matches(global)));
    if global && !regions.contains(&GLOBAL_REGION) {
        regions.push(GLOBAL_REGION);
    }
    let lists = lists(scope, &kinds, known, principals);
    let keys = regions.into_iter().flat_map(|region| {
        lists.iter().map(|(list, filter)| ListKey { region: region.to_owned(), list: *list, filter: filter.clone() })
    });
    keys.map(|key| Window { key, interval }).collect()
}

/// The kinds of event that can match at all: a log-in has no product, a system event no caller but Scaleway.
fn possible_kinds(scope: &Scope) -> BTreeSet<Kind> {
    let needs_outcome = !scope.status.is_empty();
    let codes_only = needs_outcome
        && scope
            .status
            .iter()
            .all(|outcome| !matches!(outcome, Outcome::Class(status_class::SUCCEEDED | status_class::FAILED)));
    let has_product = !scope.products.is_empty() || !scope.projects.is_empty() || !scope.services.is_empty();
    let has_caller = !scope.principals.is_empty() && !scope.principals.iter().any(|who| is_scaleway(who));
    let mut kinds = if scope.kinds.is_empty() { BTreeSet::from(Kind::ALL) } else { scope.kinds.clone() };
    kinds.retain(|kind| match kind {
        Kind::Api => true,
        Kind::Authentication => !has_product && !codes_only,
        Kind::System => !needs_outcome && !has_caller && scope.source_ips.is_empty(),
    });
    kinds
}

fn lists(
    scope: &Scope,
    kinds: &BTreeSet<Kind>,
    known: &Catalogue,
    principals: Option<&[String]>,
) -> Vec<(List, Filter)> {
    let alternatives = alternatives(scope, known, principals);
    if kinds.len() == Kind::ALL.len()
        && let [only] = &alternatives[..]
        && *only == only.known_to(List::Combined)
    {
        return vec![(List::Combined, only.clone())];
    }
    let lists = kinds.iter().flat_map(|kind| match kind {
        Kind::Api => alternatives.iter().map(|filter| (List::Of(Kind::Api), filter.clone())).collect(),
        other => vec![(List::Of(*other), Filter::default())],
    });
    lists.collect()
}

/// Filters for the API, such that the events of all of them together are those of the scope, or more.
///
/// An address is none: it has many spellings, of which the API may know any.
fn alternatives(scope: &Scope, known: &Catalogue, principals: Option<&[String]>) -> Vec<Filter> {
    let codes: Option<Vec<Vec<String>>> = scope.status.iter().map(codes).collect();
    let values = [
        (Param::Product, known.spellings(Named::Product, &scope.products)),
        (Param::Service, known.spellings(Named::Service, &scope.services)),
        (Param::Method, known.spellings(Named::Method, &scope.methods)),
        (Param::Project, scope.projects.clone()),
        (Param::ResourceType, known.spellings(Named::ResourceType, &scope.resource_types)),
        (Param::Status, codes.unwrap_or_default().concat()),
    ];
    let mut filters = vec![Filter::default()];
    for (param, values) in &values {
        split(&mut filters, *param, values);
    }
    if !scope.principals.is_empty() {
        by_principal(&mut filters, principals);
    }
    filters
}

/// The statuses that an outcome means, where they can be listed.
fn codes(outcome: &Outcome) -> Option<Vec<String>> {
    match outcome {
        Outcome::Code(code) => Some(vec![code.to_string()]),
        Outcome::Class(status_class::DENIED) => Some(vec!["401".to_owned(), "403".to_owned()]),
        Outcome::Class(_) => None,
    }
}

/// Makes each filter one filter per value; leaves them as they are where that would be too many listings.
fn split(filters: &mut Vec<Filter>, param: Param, values: &[String]) {
    if !values.is_empty() && filters.len() * values.len() <= MOST_ALTERNATIVES {
        *filters = filters.iter().flat_map(|filter| values.iter().map(|value| filter.with(param, value))).collect();
    }
}

/// Splits by principal. Session renewals name no principal although they have one: the one product that has them is read
/// beside.
fn by_principal(filters: &mut Vec<Filter>, ids: Option<&[String]>) {
    let Some(ids) = ids.filter(|ids| filters.len() * (ids.len() + 1) <= MOST_ALTERNATIVES) else { return };
    let mut split = Vec::new();
    for filter in filters.iter() {
        split.extend(ids.iter().map(|id| filter.with(Param::Principal, id)));
        if filter.get(Param::Product).is_none_or(|product| product == PRODUCT_WITHOUT_PRINCIPAL) {
            split.push(filter.with(Param::Product, PRODUCT_WITHOUT_PRINCIPAL));
        }
    }
    *filters = split;
}

/// The scope narrowed by the conditions, as far as that spares calls.
pub(super) fn narrowed(scope: &Scope, filters: &[Condition]) -> Scope {
    let mut scope = scope.clone();
    for filter in filters.iter().filter(|filter| !filter.negated) {
        let Test::OneOf(alternatives) = &filter.test else { continue };
        match filter.key {
            Dimension::Column(Column::Product) => narrow(&mut scope.products, alternatives, name),
            Dimension::Column(Column::Service) => narrow(&mut scope.services, alternatives, name),
            Dimension::Column(Column::Method) => narrow(&mut scope.methods, alternatives, name),
            Dimension::Column(Column::Project) => narrow(&mut scope.projects, alternatives, literal),
            _ => {}
        }
    }
    scope
}

/// Puts all alternatives into a list that is empty, where each is a value of it.
fn narrow<T>(list: &mut Vec<T>, alternatives: &[Alternative], value: impl Fn(&Alternative) -> Option<T>) {
    if list.is_empty() {
        *list = alternatives.iter().map(value).collect::<Option<_>>().unwrap_or_default();
    }
}

fn name(alternative: &Alternative) -> Option<Name> {
    match alternative {
        Alternative::Name(name) => Some(name.clone()),
        _ => None,
    }
}

fn literal(alternative: &Alternative) -> Option<String> {
    match alternative {
        Alternative::Text(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ipnet::IpNet;

    use super::*;
    use crate::scaleway::audit_trail::{Product, Service};

    const REGIONS: [&str; 2] = ["fr-par", "nl-ams"];

    /// Lists of products and services called by letters, and of methods, one of which has two spellings.
    fn known() -> Catalogue {
        let service = |name: &str, methods: &[&str]| Service { name: name.to_owned(), methods: texts(methods) };
        let product = |name: &str, services| Product { title: String::new(), name: name.to_owned(), services };
        let services = vec![service("c", &["CreateVPC", "e"]), service("d", &["f", "CreateIp", "CreateIP"])];
        let names = ["a", "b", "p", "q", "r", "s", "vpc", "instance", "iam", "account", "edge-services"];
        let mut products: Vec<Product> = names.map(|name| product(name, Vec::new())).into();
        products[0].services = services;
        Catalogue::of(&products)
    }

    fn plan(scope: &Scope, principals: Option<&[&str]>) -> Vec<Window> {
        let principals: Option<Vec<String>> = principals.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect());
        windows(scope, &REGIONS.map(str::to_owned), &known(), principals.as_deref(), Interval::from_nanos(5, 7))
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn names(texts: &[&str]) -> Vec<Name> {
        texts.iter().map(|text| Name::new(text)).collect()
    }

    fn nets(nets: &[&str]) -> Vec<IpNet> {
        nets.iter().map(|net| net.parse().unwrap()).collect()
    }

    /// The filters of the API's own events in one region.
    fn filters(scope: &Scope, principals: Option<&[&str]>) -> Vec<Filter> {
        let windows = plan(&Scope { kinds: BTreeSet::from([Kind::Api]), ..scope.clone() }, principals);
        windows.into_iter().filter(|window| window.key.region == "nl-ams").map(|window| window.key.filter).collect()
    }

    #[test]
    fn everything_is_one_list_of_each_region() {
        let windows = plan(&Scope::default(), None);
        let expected = REGIONS.map(|region| Window {
            key: ListKey { region: region.to_owned(), list: List::Combined, filter: Filter::default() },
            interval: Interval::from_nanos(5, 7),
        });
        assert_eq!(windows, expected);
    }

    #[test]
    fn the_combined_list_is_used_for_filters_that_it_knows() {
        let scope = Scope { resource_types: names(&["vpc_vpc"]), ..Scope::default() };
        assert!(plan(&scope, None).iter().all(|window| {
            window.key.list == List::Combined && window.key.filter.get(Param::ResourceType) == Some("vpc_vpc")
        }));
        let scope = Scope { methods: names(&["CreateVPC"]), ..Scope::default() };
        let lists: BTreeSet<List> = plan(&scope, None).iter().map(|window| window.key.list).collect();
        assert_eq!(lists, Kind::ALL.map(List::Of).into());
    }

    #[test]
    fn only_the_list_of_calls_is_asked_with_filters() {
        let scope = Scope { products: names(&["vpc"]), methods: names(&["a", "b"]), ..Scope::default() };
        for window in plan(&scope, None) {
            assert_eq!(window.key.filter == Filter::default(), window.key.list != List::Of(Kind::Api), "{window:?}");
        }
    }

    #[test]
    fn values_are_split_as_long_as_there_are_few() {
        let products =
            |count: usize| Scope { products: names(&["p", "q", "r", "s", "a"][..count]), ..Scope::default() };
        assert!(filters(&products(4), None).iter().all(|filter| filter.get(Param::Product).is_some()));
        assert_eq!(filters(&products(5), None), [Filter::default()]);
        // Two by two are four; a third list of two is left to be filtered here.
        let scope = Scope {
            products: names(&["a", "b"]),
            services: names(&["c", "d"]),
            methods: names(&["e", "f"]),
            ..Scope::default()
        };
        let filters = filters(&scope, None);
        assert_eq!(filters.len(), 4);
        assert!(filters.iter().all(|f| f.get(Param::Product).is_some()
            && f.get(Param::Service).is_some()
            && f.get(Param::Method).is_none()));
    }

    #[test]
    fn outcomes_are_asked_where_their_codes_can_be_listed() {
        let statuses = |status: &[Outcome]| {
            let scope = Scope { status: status.to_vec(), ..Scope::default() };
            filters(&scope, None).iter().map(|filter| filter.get(Param::Status).map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(statuses(&[Outcome::Code(202)]), [Some("202".to_owned())]);
        assert_eq!(statuses(&[Outcome::Class(status_class::DENIED)]), ["401", "403"].map(|code| Some(code.to_owned())));
        assert_eq!(statuses(&[Outcome::Class(status_class::SUCCEEDED)]), [None]);
        assert_eq!(statuses(&[Outcome::Code(409), Outcome::Class(status_class::FAILED)]), [None]);
    }

    #[test]
    fn addresses_are_not_asked_since_they_have_many_spellings() {
        for address in ["203.0.113.7/32", "203.0.113.0/31", "2001:db8::1/128"] {
            let scope = Scope { source_ips: nets(&[address]), ..Scope::default() };
            assert_eq!(filters(&scope, None), [Filter::default()], "{address}");
        }
    }

    #[test]
    fn names_are_asked_in_all_spellings_that_the_lists_have() {
        let methods = |methods: &[&str]| {
            let scope = Scope { methods: names(methods), ..Scope::default() };
            filters(&scope, None).iter().map(|filter| filter.get(Param::Method).map(str::to_owned)).collect::<Vec<_>>()
        };
        let some = |texts: &[&str]| texts.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>();
        assert_eq!(methods(&["createvpc"]), some(&["CreateVPC"]));
        for spelling in ["CreateIp", "CreateIP", "CREATEIP"] {
            assert_eq!(methods(&[spelling]), some(&["CreateIP", "CreateIp"]));
        }
        assert_eq!(methods(&["CreateIp", "createIP", "F"]), some(&["CreateIP", "CreateIp", "f"]));
        // What no list knows may have any spelling, and what a pattern stands for may be new.
        for unknown in [&["CreateTeapot"][..], &["CreateVPC", "CreateTeapot"], &["CreateVPC*"], &["F", "?"], &["*"]] {
            assert_eq!(methods(unknown), [None], "{unknown:?}");
        }
        let types = |types: &[&str]| {
            let scope = Scope { resource_types: names(types), ..Scope::default() };
            filters(&scope, None)
                .iter()
                .map(|filter| filter.get(Param::ResourceType).map(str::to_owned))
                .collect::<Vec<_>>()
        };
        assert_eq!(types(&["VPC_vpc", "iam_user"]), some(&["iam_user", "vpc_vpc"]));
        assert_eq!((types(&["teapot"]), types(&["vpc_*"])), (vec![None], vec![None]));
    }

    #[test]
    fn principals_are_asked_by_id_with_the_product_that_names_none_beside() {
        let scope = Scope { principals: texts(&["somebody"]), ..Scope::default() };
        let by = |principal: &str| Filter::default().with(Param::Principal, principal);
        let beside = Filter::default().with(Param::Product, PRODUCT_WITHOUT_PRINCIPAL);
        assert_eq!(filters(&scope, Some(&["a", "b"])), [by("a"), by("b"), beside]);
        // An unknown principal may be found by a name in an event itself.
        assert_eq!(filters(&scope, None), [Filter::default()]);
        assert_eq!(filters(&scope, Some(&["a", "b", "c", "d"])), [Filter::default()]);
        // Scaleway itself has no id: only its system events are its own.
        let scaleway = Scope { principals: texts(&["Scaleway"]), ..Scope::default() };
        let beside = Filter::default().with(Param::Product, PRODUCT_WITHOUT_PRINCIPAL);
        assert_eq!(filters(&scaleway, Some(&[])), [beside]);
        let system =
            |window: &Window| window.key.list == List::Of(Kind::System) && window.key.filter == Filter::default();
        assert_eq!(plan(&scaleway, Some(&[])).into_iter().filter(system).count(), REGIONS.len());
        let vpc = Scope { products: names(&["vpc"]), ..scope };
        assert_eq!(filters(&vpc, Some(&["a"])), [by("a").with(Param::Product, "vpc")]);
    }

    #[test]
    fn kinds_that_cannot_match_are_not_asked() {
        let possible = |scope: Scope| possible_kinds(&scope).into_iter().map(Kind::as_str).collect::<Vec<_>>();
        let (api, login, system) = ("api", "authentication", "system");
        assert_eq!(possible(Scope::default()), [api, login, system]);
        assert_eq!(possible(Scope { products: names(&["a"]), ..Scope::default() }), [api, system]);
        assert_eq!(possible(Scope { projects: texts(&["a"]), ..Scope::default() }), [api, system]);
        assert_eq!(possible(Scope { principals: texts(&["a"]), ..Scope::default() }), [api, login]);
        assert_eq!(possible(Scope { principals: texts(&["a", "scaleway"]), ..Scope::default() }), [api, login, system]);
        assert_eq!(possible(Scope { source_ips: nets(&["10.0.0.0/8"]), ..Scope::default() }), [api, login]);
        let outcome = |outcome| Scope { status: vec![outcome], ..Scope::default() };
        assert_eq!(possible(outcome(Outcome::Code(200))), [api]);
        assert_eq!(possible(outcome(Outcome::Class(status_class::DENIED))), [api]);
        assert_eq!(possible(outcome(Outcome::Class(status_class::FAILED))), [api, login]);
        let none = Scope { kinds: BTreeSet::from([Kind::System]), principals: texts(&["a"]), ..Scope::default() };
        assert!(plan(&none, None).is_empty());
    }

    #[test]
    fn the_region_of_global_products_is_added_where_they_can_match() {
        let regions = |scope: &Scope| -> BTreeSet<String> {
            let windows = windows(scope, &["nl-ams".to_owned()], &known(), None, Interval::from_nanos(0, 1));
            windows.into_iter().map(|window| window.key.region).collect()
        };
        let both = BTreeSet::from(REGIONS.map(str::to_owned));
        assert_eq!(regions(&Scope::default()), both);
        let api = Scope { kinds: BTreeSet::from([Kind::Api]), ..Scope::default() };
        for product in GLOBAL_PRODUCTS {
            for spelling in [product.to_owned(), product.to_uppercase(), format!("{}*", &product[..2])] {
                assert_eq!(regions(&Scope { products: names(&[&spelling]), ..api.clone() }), both, "{spelling}");
            }
        }
        for regional in ["instance", "Instance", "ins*", "account-"] {
            let regional = Scope { products: names(&[regional]), ..api.clone() };
            assert_eq!(regions(&regional), BTreeSet::from(["nl-ams".to_owned()]));
        }
    }
}
