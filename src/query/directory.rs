//! Names and products, looked up beside the events and cached for all queries of a data source.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use parking_lot::Mutex;

use super::catalogue::Catalogue;
use super::principals::unknown_principals;
use super::scope::Scope;
use crate::locale::Language;
use crate::scaleway::audit_trail::{self, GLOBAL_REGION, Product};
use crate::scaleway::iam::{self, Names, Principal};
use crate::scaleway::{Client, Error, Found, Lookup, account, explorer};
use crate::settings::Settings;
use crate::time::{Clock, Time};

/// Principals that IAM does not know are forgotten beyond this many; each is one call.
const MOST_FROM_TRAIL: usize = 10_000;

/// What ids stand for.
pub type Labels = HashMap<String, String>;

/// The lookups of one data source.
#[derive(Debug)]
pub struct Directory {
    client: Client,
    /// The most time of a lookup of names: they are the lesser part of an answer, and may not take the time of its events.
    most: Duration,
    clock: Arc<dyn Clock>,
    names: Lookup<Names>,
    /// By region.
    products: Vec<(String, Lookup<Vec<Product>>)>,
    catalogue: Built,
    projects: Lookup<Labels>,
    resources: Lookup<Labels>,
    /// The principals that IAM does not have, by id, as the trail names them. Locked for a few instructions.
    from_trail: Mutex<HashMap<String, Arc<Lookup<Option<Principal>>>>>,
    /// Principals that were created or deleted, by id, as the trail names them.
    departed: Lookup<HashMap<String, Principal>>,
    /// The principals that events of an answer name. Locked for a few instructions.
    seen: Mutex<HashMap<String, Seen>>,
}

/// A principal that events name.
#[derive(Debug)]
struct Seen {
    principal: Principal,
    /// Events before this time are not searched for its name again.
    until: Time,
}

/// The products that an organization's trail records, as its regions list them.
#[derive(Clone, Debug, Default)]
pub struct Products {
    /// The products, by name.
    pub list: Vec<Product>,
    /// A sentence for each region whose list is not the newest.
    pub notices: Vec<String>,
}

/// The lists of products of some regions.
type ProductLists = Vec<Arc<Vec<Product>>>;

/// The catalogue of the lists that it was last asked for: lists change seldom, and each question needs it. Locked while one
/// is built.
#[derive(Debug, Default)]
struct Built(Mutex<Option<(ProductLists, Arc<Catalogue>)>>);

impl Built {
    fn of(&self, lists: ProductLists) -> Arc<Catalogue> {
        let mut built = self.0.lock();
        if let Some((of, catalogue)) = &*built
            && of.len() == lists.len()
            && of.iter().zip(&lists).all(|(one, other)| Arc::ptr_eq(one, other))
        {
            return Arc::clone(catalogue);
        }
        let catalogue = Arc::new(Catalogue::of(lists.iter().flat_map(|list| list.iter())));
        *built = Some((lists, Arc::clone(&catalogue)));
        catalogue
    }
}

impl Directory {
    pub(super) fn new(client: &Client, settings: &Settings, clock: &Arc<dyn Clock>) -> Self {
        let regions = settings.regions.iter();
        Self {
            client: client.clone(),
            most: settings.query_timeout / 4,
            clock: Arc::clone(clock),
            names: Lookup::new(Arc::clone(clock)),
            products: regions.map(|region| (region.clone(), Lookup::new(Arc::clone(clock)))).collect(),
            catalogue: Built::default(),
            projects: Lookup::new(Arc::clone(clock)),
            resources: Lookup::new(Arc::clone(clock)),
            from_trail: Mutex::default(),
            departed: Lookup::new(Arc::clone(clock)),
            seen: Mutex::default(),
        }
    }

    /// The deadline of a lookup of names for an answer.
    pub(super) fn deadline(&self, answer: Instant) -> Instant {
        answer.min(Instant::now() + self.most)
    }

    /// The principal of an id that IAM does not have, as the trail named it within the last minutes.
    pub(super) fn cached_from_trail(&self, id: &str) -> Option<Arc<Option<Principal>>> {
        self.from_trail.lock().get(id)?.get_cached()
    }

    /// The time until which events were searched for the names of some principals; [`Time::MIN`] where there is a new one.
    pub(super) fn searched_until(&self, ids: &[&str]) -> Time {
        let seen = self.seen.lock();
        ids.iter().map(|id| seen.get(*id).map_or(Time::MIN, |seen| seen.until)).min().unwrap_or(Time::MIN)
    }

    /// The principals of ids that events of this answer or an earlier one name; those of this one, whose newest event was
    /// recorded at `newest`, are added.
    pub(super) fn seen(
        &self,
        ids: &[&str],
        named: HashMap<String, Principal>,
        newest: Option<Time>,
    ) -> HashMap<String, Principal> {
        let mut seen = self.seen.lock();
        if seen.len() + named.len() > MOST_FROM_TRAIL {
            seen.clear();
        }
        seen.extend(named.into_iter().map(|(id, principal)| (id, Seen { principal, until: Time::MIN })));
        let mut found = HashMap::new();
        for id in ids {
            if let Some(seen) = seen.get_mut(*id) {
                seen.until = seen.until.max(newest.unwrap_or(Time::MIN));
                found.insert((*id).to_owned(), seen.principal.clone());
            }
        }
        found
    }

    /// The names of projects. `now` fetches them whatever is cached.
    ///
    /// # Errors
    /// When the Account API cannot be read, and never could.
    pub(super) async fn projects(&self, deadline: Instant, now: bool) -> Result<Found<Labels>, Error> {
        let deadline = self.deadline(deadline);
        let fetch = Box::pin(account::project_names(&self.client, deadline));
        self.projects.get(deadline, now, |_| false, fetch).await
    }

    /// The names of resources, also of those without events. `now` fetches them whatever is cached.
    ///
    /// # Errors
    /// When Resource Explorer cannot be read, and never could.
    pub(super) async fn resources(&self, deadline: Instant, now: bool) -> Result<Found<Labels>, Error> {
        let deadline = self.deadline(deadline);
        let fetch = Box::pin(explorer::resources(&self.client, deadline));
        self.resources.get(deadline, now, |_| false, fetch).await
    }

    /// The principals of ids that IAM does not have, as far as the trail has them, and why some could not be read.
    pub(super) async fn named_by_trail(
        &self,
        ids: &[&str],
        deadline: Instant,
    ) -> (Vec<(String, Principal)>, Option<Error>) {
        let lookups: Vec<Arc<Lookup<Option<Principal>>>> = {
            let mut lookups = self.from_trail.lock();
            if lookups.len() + ids.len() > MOST_FROM_TRAIL {
                lookups.clear();
            }
            let new = || Arc::new(Lookup::new(Arc::clone(&self.clock)));
            ids.iter().map(|id| Arc::clone(lookups.entry((*id).to_owned()).or_insert_with(new))).collect()
        };
        let answers = join_all(lookups.iter().zip(ids).map(async |(lookup, id)| {
            let fetch = Box::pin(audit_trail::principal(&self.client, id, deadline));
            lookup.get(deadline, false, |_| false, fetch).await
        }));
        let (mut found, mut failure) = (Vec::new(), None);
        for (id, answer) in ids.iter().zip(answers.await) {
            match answer {
                Ok(Found { value, .. }) => found.extend((*value).clone().map(|who| ((*id).to_owned(), who))),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        (found, failure)
    }

    /// The names together with those of principals that were created or deleted, where a scope asks for a principal that IAM
    /// does not have, and why they could not be read from the trail.
    pub(super) async fn with_departed(
        &self,
        scope: &Scope,
        names: &Arc<Names>,
        deadline: Instant,
    ) -> (Arc<Names>, Option<Error>) {
        if unknown_principals(scope, names).is_empty() {
            return (Arc::clone(names), None);
        }
        let deadline = self.deadline(deadline);
        let fetch = Box::pin(audit_trail::principals(&self.client, deadline));
        match self.departed.get(deadline, false, |_| false, fetch).await {
            Ok(Found { value, stale }) => (Arc::new(names.with((*value).clone())), stale.map(|stale| stale.error)),
            Err(error) => (Arc::clone(names), Some(error)),
        }
    }

    /// The names of principals; fetched again when they are old, or when `lacks` finds one missing.
    ///
    /// # Errors
    /// When IAM cannot be read, and never could.
    pub async fn names(&self, deadline: Instant, lacks: impl Fn(&Names) -> bool + Send) -> Result<Found<Names>, Error> {
        let deadline = self.deadline(deadline);
        // Boxed, as a fetch is far larger than the question around it, and seldom needed.
        let fetch = Box::pin(iam::names(&self.client, deadline));
        self.names.get(deadline, false, lacks, fetch).await
    }

    /// The names of principals, fetched now even if they are cached.
    ///
    /// # Errors
    /// When IAM cannot be read, and never could.
    pub async fn names_now(&self, deadline: Instant) -> Result<Found<Names>, Error> {
        let deadline = self.deadline(deadline);
        let fetch = Box::pin(iam::names(&self.client, deadline));
        self.names.get(deadline, true, |_| false, fetch).await
    }

    /// The names in the products' lists of all regions that exist, where these are cached and good.
    pub(super) fn cached_catalogue(&self) -> Option<Arc<Catalogue>> {
        let mut lists = Vec::new();
        for (region, lookup) in &self.products {
            match lookup.get_cached() {
                Some(list) => lists.push(list),
                None if region != GLOBAL_REGION && lookup.is_absent() => {}
                None => return None,
            }
        }
        Some(self.catalogue.of(lists))
    }

    /// The products that the trail records, as all regions list them; one region that answers is enough. `now` fetches the
    /// lists even if they are cached.
    ///
    /// # Errors
    /// When no region's list can be read, and none ever could.
    pub async fn products(&self, deadline: Instant, now: bool) -> Result<Products, Error> {
        let answers = join_all(self.products.iter().map(async |(region, lookup)| {
            let fetch = Box::pin(audit_trail::products(&self.client, region, deadline));
            lookup.get(deadline, now, |_| false, fetch).await
        }))
        .await;
        let (mut products, mut notices, mut failed) = (BTreeMap::new(), Vec::new(), None);
        for ((region, _), answer) in self.products.iter().zip(answers) {
            match answer {
                Ok(Found { value, stale }) => {
                    value.iter().for_each(|product| add(&mut products, product));
                    notices.extend(stale.map(|stale| {
                        stale.sentence(Language::English, &format!("The products of region {region}"), "Audit Trail")
                    }));
                }
                Err(error) => {
                    // A region that does not exist lists nothing.
                    if !error.is_absence() || region == GLOBAL_REGION {
                        notices.push(format!("region {region}: {error}"));
                    }
                    failed = failed.or(Some(error));
                }
            }
        }
        match failed {
            Some(error) if products.is_empty() => Err(error),
            _ => Ok(Products { list: products.into_values().collect(), notices }),
        }
    }
}

/// Adds a region's product: regions may record different services and methods of it.
fn add(products: &mut BTreeMap<String, Product>, product: &Product) {
    let Some(known) = products.get_mut(&product.name) else {
        products.insert(product.name.clone(), product.clone());
        return;
    };
    for service in &product.services {
        match known.services.iter_mut().find(|known| known.name == service.name) {
            Some(known) => {
                let new = service.methods.iter().filter(|method| !known.methods.contains(method));
                let new: Vec<String> = new.cloned().collect();
                known.methods.extend(new);
            }
            None => known.services.push(service.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaleway::audit_trail::Service;

    #[test]
    fn a_catalogue_is_built_once_for_each_fetch_of_a_list() {
        let list =
            |name: &str| Arc::new(vec![Product { title: String::new(), name: name.to_owned(), services: Vec::new() }]);
        let (built, one, two) = (Built::default(), list("one"), list("two"));
        let of = |lists: &[&Arc<Vec<Product>>]| built.of(lists.iter().map(|list| Arc::clone(list)).collect());
        let first = of(&[&one, &two]);
        assert_eq!(first.products(), ["one", "two"].into());
        assert!(Arc::ptr_eq(&first, &of(&[&one, &two])));
        let fewer = of(&[&one]);
        assert_eq!(fewer.products(), ["one"].into());
        // A list that was fetched again may have changed.
        let again = list("one");
        assert!(!Arc::ptr_eq(&fewer, &of(&[&again])));
        assert_eq!(of(&[&list("three")]).products(), ["three"].into());
    }

    #[test]
    fn a_product_has_the_services_and_methods_of_all_regions() {
        let service = |name: &str, methods: &[&str]| Service {
            name: name.to_owned(),
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        };
        let product = |services| Product { title: "P".to_owned(), name: "p".to_owned(), services };
        let mut products = BTreeMap::new();
        for services in [
            vec![service("a", &["x", "y"])],
            vec![service("a", &["y", "z"]), service("b", &["x"])],
            vec![service("b", &[])],
        ] {
            add(&mut products, &product(services));
        }
        let all = product(vec![service("a", &["x", "y", "z"]), service("b", &["x"])]);
        assert_eq!(products.into_values().collect::<Vec<_>>(), [all]);
    }
}
