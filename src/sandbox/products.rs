//! The products covered by the trail, with their services and methods, as in `/products`.
//!
//! Account, Apple silicon, Elastic Metal, IAM, Key Manager, Kubernetes, Load Balancer and Secret Manager as recorded; the
//! others from Scaleway's documentation, so their `name` is a guess where no answer has been published.

use std::collections::HashMap;
use std::sync::LazyLock;

use bytes::Bytes;
use serde::Deserialize;

use super::table::rows;

/// A service of a product. The services of a product are consecutive.
#[derive(Deserialize)]
struct Row {
    title: String,
    product: String,
    service: String,
    /// The methods, joined by spaces.
    methods: String,
}

static SERVICES: LazyLock<Vec<Row>> = LazyLock::new(|| rows(include_str!("tables/products.tsv")));

/// The answers of `/products`: the same in each region.
pub(super) fn of_regions(regions: &[String]) -> HashMap<String, Bytes> {
    let list = Bytes::from(list());
    regions.iter().map(|region| (region.clone(), list.clone())).collect()
}

fn list() -> String {
    let products = SERVICES.chunk_by(|a, b| a.product == b.product);
    let products: Vec<String> = products
        .map(|services| {
            let Row { title, product, .. } = &services[0];
            let services: Vec<String> = services.iter().map(Row::json).collect();
            format!(r#"{{"title":"{title}", "name":"{product}", "services":[{}]}}"#, services.join(", "))
        })
        .collect();
    format!(r#"{{"products":[{}], "total_count":{}}}"#, products.join(", "), products.len())
}

impl Row {
    fn json(&self) -> String {
        let methods = self.methods.replace(' ', r#"", ""#);
        format!(r#"{{"name":"{}", "methods":["{methods}"]}}"#, self.service)
    }
}

#[cfg(test)]
pub(super) fn covers(product: &str, service: &str, method: &str) -> bool {
    let mut services = SERVICES.iter().filter(|row| row.product == product && row.service == service);
    services.any(|row| row.methods.split(' ').any(|known| known == method))
}
