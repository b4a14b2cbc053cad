//! Names and products, looked up beside the events and cached for all queries of a data source.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures::future::join_all;

use super::catalogue::Catalogue;
use crate::scaleway::audit_trail::{self, GLOBAL_REGION, Product};
use crate::scaleway::iam::{self, Names, Principal};
use crate::scaleway::{Client, Error, Found, Lookup, account, explorer};
use crate::time::Clock;

/// Principals that IAM does not know are forgotten beyond this many; each is one call.
const MOST_TOLD: usize = 10_000;

/// What ids stand for.
pub type Labels = HashMap<String, String>;

/// The lookups of one data source.
#[derive(Debug)]
pub(super) struct Directory {
    client: Client,
    organization: String,
    clock: Arc<dyn Clock>,
    names: Lookup<Names>,
    /// By region.
    products: Vec<(String, Lookup<Vec<Product>>)>,
    catalogue: Built,
    projects: Lookup<Labels>,
    resources: Lookup<Labels>,
    /// The principals that IAM does not have, by id, as the trail names them. Locked for a few instructions.
    told: Mutex<HashMap<String, Arc<Lookup<Option<Principal>>>>>,
    /// Principals that were created or deleted, by id, as the trail names them.
    departed: Lookup<HashMap<String, Principal>>,
    /// The principals that events of an answer name. Locked for a few instructions.
    seen: Mutex<HashMap<String, Principal>>,
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
        let mut built = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
    pub(super) fn new(client: &Client, organization: &str, regions: &[String], clock: &Arc<dyn Clock>) -> Self {
        Self {
            client: client.clone(),
            organization: organization.to_owned(),
            clock: Arc::clone(clock),
            names: Lookup::new(Arc::clone(clock)),
            products: regions.iter().map(|region| (region.clone(), Lookup::new(Arc::clone(clock)))).collect(),
            catalogue: Built::default(),
            projects: Lookup::new(Arc::clone(clock)),
            resources: Lookup::new(Arc::clone(clock)),
            told: Mutex::default(),
            departed: Lookup::new(Arc::clone(clock)),
            seen: Mutex::default(),
        }
    }

    /// The principals of ids that events of this answer or an earlier one name.
    pub(super) fn seen(&self, ids: &[&str], told: HashMap<String, Principal>) -> HashMap<String, Principal> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() + told.len() > MOST_TOLD {
            seen.clear();
        }
        seen.extend(told);
        ids.iter().filter_map(|id| Some(((*id).to_owned(), seen.get(*id)?.clone()))).collect()
    }

    /// The names of projects. `now` fetches them whatever is cached.
    pub(super) async fn projects(&self, deadline: Instant, now: bool) -> Result<Found<Labels>, Error> {
        let fetch = Box::pin(account::projects(&self.client, &self.organization, deadline));
        fetched(&self.projects, deadline, now, fetch).await
    }

    /// The names of resources. `now` fetches them whatever is cached.
    pub(super) async fn resources(&self, deadline: Instant, now: bool) -> Result<Found<Labels>, Error> {
        let fetch = Box::pin(explorer::resources(&self.client, &self.organization, deadline));
        fetched(&self.resources, deadline, now, fetch).await
    }

    /// The principals of ids that IAM does not have, as far as the trail has them, and why some could not be read.
    pub(super) async fn told(&self, ids: &[&str], deadline: Instant) -> (Vec<(String, Principal)>, Option<Error>) {
        let lookups: Vec<Arc<Lookup<Option<Principal>>>> = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.len() + ids.len() > MOST_TOLD {
                told.clear();
            }
            let new = || Arc::new(Lookup::new(Arc::clone(&self.clock)));
            ids.iter().map(|id| Arc::clone(told.entry((*id).to_owned()).or_insert_with(new))).collect()
        };
        let answers = join_all(lookups.iter().zip(ids).map(async |(lookup, id)| {
            let fetch = Box::pin(audit_trail::principal(&self.client, &self.organization, id, deadline));
            lookup.get(deadline, |_| false, fetch).await
        }));
        let (mut told, mut failure) = (Vec::new(), None);
        for (id, answer) in ids.iter().zip(answers.await) {
            match answer {
                Ok(Found { value, .. }) => told.extend((*value).clone().map(|who| ((*id).to_owned(), who))),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        (told, failure)
    }

    /// The principals that the trail's events about creations and deletions name, by id.
    pub(super) async fn departed(&self, deadline: Instant) -> Result<Found<HashMap<String, Principal>>, Error> {
        let fetch = Box::pin(audit_trail::principals(&self.client, &self.organization, deadline));
        self.departed.get(deadline, |_| false, fetch).await
    }

    /// The names of principals; fetched again when they are old, or when `lacks` finds one missing.
    pub(super) async fn names(
        &self,
        deadline: Instant,
        lacks: impl Fn(&Names) -> bool + Send,
    ) -> Result<Found<Names>, Error> {
        // Boxed, as a fetch is far larger than the question around it, and seldom needed.
        let fetch = Box::pin(iam::names(&self.client, &self.organization, deadline));
        self.names.get(deadline, lacks, fetch).await
    }

    /// The names of principals as they are now.
    pub(super) async fn names_now(&self, deadline: Instant) -> Result<Found<Names>, Error> {
        let fetch = Box::pin(iam::names(&self.client, &self.organization, deadline));
        self.names.get_now(deadline, fetch).await
    }

    /// The names in the products' lists of all regions that exist, where these are in the cache and good.
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

    /// The products of all regions; one region that answers is enough. `now` fetches them even if they are cached.
    pub(super) async fn products(&self, deadline: Instant, now: bool) -> Result<Products, Error> {
        let answers = join_all(self.products.iter().map(async |(region, lookup)| {
            let fetch = Box::pin(audit_trail::products(&self.client, &self.organization, region, deadline));
            fetched(lookup, deadline, now, fetch).await
        }))
        .await;
        let (mut products, mut notices, mut failed) = (BTreeMap::new(), Vec::new(), None);
        for ((region, _), answer) in self.products.iter().zip(answers) {
            match answer {
                Ok(Found { value, stale }) => {
                    value.iter().for_each(|product| add(&mut products, product));
                    notices.extend(
                        stale.map(|stale| stale.sentence(&format!("The products of region {region}"), "Audit Trail")),
                    );
                }
                Err(error) => {
                    // What does not exist lists nothing.
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

async fn fetched<T: Send + Sync>(
    lookup: &Lookup<T>,
    deadline: Instant,
    now: bool,
    fetch: impl Future<Output = Result<T, Error>> + Send,
) -> Result<Found<T>, Error> {
    if now { lookup.get_now(deadline, fetch).await } else { lookup.get(deadline, |_| false, fetch).await }
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
