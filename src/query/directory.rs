//! What is looked up beside the events, and cached for all questions of a data source.

use std::collections::BTreeMap;
use std::time::Instant;

use futures::future::join_all;

use crate::scaleway::audit_trail::{self, GLOBAL_REGION, Product};
use crate::scaleway::iam::{self, Names};
use crate::scaleway::{Client, Error, Found, Lookup};

/// The lookups of one data source.
#[derive(Debug)]
pub(super) struct Directory {
    client: Client,
    organization: String,
    names: Lookup<Names>,
    /// By region.
    products: Vec<(String, Lookup<Vec<Product>>)>,
}

/// The products that an organization's trail records, as its regions list them.
#[derive(Clone, Debug, Default)]
pub struct Products {
    /// The products, by name.
    pub list: Vec<Product>,
    /// A sentence for each region whose list is not the newest.
    pub notices: Vec<String>,
}

impl Directory {
    pub(super) fn new(client: &Client, organization: &str, regions: &[String]) -> Self {
        Self {
            client: client.clone(),
            organization: organization.to_owned(),
            names: Lookup::default(),
            products: regions.iter().map(|region| (region.clone(), Lookup::default())).collect(),
        }
    }

    /// The names of principals; fetched again when they are old, or when `lacks` says that one is missing.
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

    /// The products of all regions that exist, where their lists are in the cache and good.
    pub(super) fn cached_products(&self) -> Option<Vec<Product>> {
        let mut products = BTreeMap::new();
        for (region, lookup) in &self.products {
            match lookup.get_cached() {
                Some(list) => list.iter().for_each(|product| add(&mut products, product)),
                None if region != GLOBAL_REGION && lookup.is_absent() => {}
                None => return None,
            }
        }
        Some(products.into_values().collect())
    }

    /// The products of all regions; one region that answers is enough. `now` fetches them even if they are cached.
    pub(super) async fn products(&self, deadline: Instant, now: bool) -> Result<Products, Error> {
        let answers = join_all(self.products.iter().map(async |(region, lookup)| {
            let fetch = Box::pin(audit_trail::products(&self.client, &self.organization, region, deadline));
            if now { lookup.get_now(deadline, fetch).await } else { lookup.get(deadline, |_| false, fetch).await }
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
