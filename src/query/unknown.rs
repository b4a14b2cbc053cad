//! Names in a query that no list has: a misspelt name never matches.
//!
//! Scaleway adds products and methods every few weeks, so that such a name is compared like any other, and a panel has a notice
//! about it. An alert rule about a product that the organization does not have can never fire: that is an error,
//! unless a list cannot be read. What is known never depends on what happens to be cached: where this program's own tables
//! do not decide, lists that were read for the question do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use super::catalogue::{Asked, Catalogue, Named, asked};
use super::condition::Name;
use super::data_source::DataSource;
use super::directory::Products;
use super::documentation::Topic;
use super::error::Failure;
use super::field::wrong;
use super::model::Query;
use super::principals::{no_principal, unknown_principals};
use super::request::Request;
use super::text::listed;
use super::text::plain;
use super::variable::without_value;
use crate::frame::Notice;
use crate::locale::{Language, Sentence};
use crate::scaleway::audit_trail::GLOBAL_PRODUCTS;
use crate::scaleway::iam::Names;

impl DataSource {
    /// Names that queries have asked for since the start and that no list knows, each with its kind; none where
    /// the lists cannot be read.
    pub(super) async fn unknown_names(&self, deadline: Instant) -> Vec<String> {
        let asked = self.unfamiliar.0.lock().clone();
        let asked: Vec<(Named, Name)> = asked.into_iter().map(|(named, name)| (named, Name::new(&name))).collect();
        if asked.is_empty() {
            return Vec::new();
        }
        let products = self.directory.products(self.directory.deadline(deadline), true).await.ok();
        let lists = Lists::of(products.as_ref(), self, &[]);
        asked
            .iter()
            .filter(|(named, name)| lists.lack(*named, name))
            .map(|(named, name)| quoted(*named, name))
            .collect()
    }

    /// The notices that an answer would have about the names and variables of a query; no event is read.
    ///
    /// # Errors
    /// Where an alert rule's answer would be an error because of them.
    pub async fn warnings(&self, query: &Query, request: &Request, deadline: Instant) -> Result<Vec<String>, Failure> {
        let shown = Request { from_alert: false, ..request.clone() };
        let notice = NameCheck::of(self, query, &shown).verdict(deadline).await?;
        if request.from_alert {
            NameCheck::of(self, query, request).verdict(deadline).await?;
        }
        let empty = (!query.empty_variables.is_empty()).then(|| without_value(&query.empty_variables, query.language));
        let mut warnings: Vec<String> = empty.into_iter().chain(notice.map(|notice| notice.text)).collect();
        if !query.scope.principals.is_empty() {
            let lacks = |names: &Names| !unknown_principals(&query.scope, names).is_empty();
            let names = self.directory.names(deadline, lacks).await;
            // Without the answer of IAM or of the trail, any name may be a principal's.
            let unknown = match names {
                Ok(names) => match self.directory.with_departed(&query.scope, &names.value, deadline).await {
                    (names, None) => no_principal(&query.scope, &names, query.language),
                    (_, Some(_)) => None,
                },
                Err(_) => None,
            };
            match unknown {
                Some(message) if request.from_alert => return Err(Failure::input(message)),
                unknown => warnings.extend(unknown),
            }
        }
        Ok(warnings)
    }
}

/// The organization's lists, as far as they were read.
struct Lists {
    catalogue: Catalogue,
    /// Whether all of them were read just now: a name that they lack is not there.
    decisive: bool,
}

impl Lists {
    fn of(products: Option<&Products>, data_source: &DataSource, regions: &[String]) -> Self {
        let Some(products) = products else { return Self { catalogue: Catalogue::default(), decisive: false } };
        let all_regions = regions.iter().all(|region| data_source.settings.regions.contains(region));
        let decisive = products.notices.is_empty() && !products.list.is_empty() && all_regions;
        Self { catalogue: Catalogue::of(&products.list), decisive }
    }

    fn lack(&self, named: Named, name: &Name) -> bool {
        match named {
            // Of these there is no list but this program's.
            Named::ResourceType => true,
            // They are there wherever the lists were read.
            Named::Product if GLOBAL_PRODUCTS.iter().any(|product| name.matches(product)) => false,
            _ => self.decisive && !self.catalogue.has(named, name),
        }
    }
}

/// The names that a query asks for, checked against the organization's lists.
pub(super) struct NameCheck<'a> {
    data_source: &'a DataSource,
    from_alert: bool,
    language: Language,
    regions: &'a [String],
    asked: Vec<Asked<'a>>,
    /// Whether Scaleway can filter by one of them.
    is_pushed: bool,
    /// The lists, where they were read for this query before it was planned.
    read: Option<Products>,
}

impl<'a> NameCheck<'a> {
    /// The names that a query asks for.
    pub(super) fn of(data_source: &'a DataSource, query: &'a Query, request: &Request) -> Self {
        let (scope, asked) = (&query.scope, asked(&query.scope, &query.filters));
        let is_pushed = scope.resource_ids.is_empty()
            && scope.resource_names.is_empty()
            && asked.iter().any(|asked| is_listed(asked) && !asked.negated && !asked.name.is_pattern());
        let (from_alert, language) = (request.from_alert, query.language);
        Self { data_source, from_alert, language, regions: &scope.regions, asked, is_pushed, read: None }
    }

    /// Remembers the names that this program's tables do not know, for the health check.
    pub(super) fn remember(&self) {
        self.data_source.unfamiliar.note(&self.asked);
    }

    /// The lists for planning: what Scaleway is asked depends on them, and not what the answer is.
    ///
    /// A panel waits for them, since they may spare many calls. A rule does not: its range is short, and rules of the same
    /// tick share what they read as long as they read it at the same time.
    pub(super) async fn catalogue(&mut self, deadline: Instant) -> Arc<Catalogue> {
        let cached = if self.is_pushed { self.data_source.directory.cached_catalogue() } else { None };
        if let Some(catalogue) = cached {
            return catalogue;
        }
        if !self.is_pushed || self.from_alert {
            return Arc::default();
        }
        let deadline = self.data_source.directory.deadline(deadline);
        // Lists that were fetched for this query also decide which names are known.
        let products = if self.has_undecided() {
            self.read = self.data_source.directory.products(deadline, true).await.ok();
            self.read.clone()
        } else {
            self.data_source.directory.products(deadline, false).await.ok()
        };
        let complete = products.filter(|products| products.notices.is_empty());
        complete.map(|products| Arc::new(Catalogue::of(&products.list))).unwrap_or_default()
    }

    /// A notice about names that no list knows.
    ///
    /// # Errors
    /// When an alert rule asks for a product that none of the organization's lists has.
    pub(super) async fn verdict(&self, deadline: Instant) -> Result<Option<Notice>, Failure> {
        let deadline = self.data_source.directory.deadline(deadline);
        let fetched;
        let products = match &self.read {
            Some(read) => Some(read),
            None if self.has_undecided() => {
                fetched = self.data_source.directory.products(deadline, true).await.ok();
                fetched.as_ref()
            }
            None if self.is_pushed && self.from_alert => {
                // The next evaluation is planned with them.
                let _ = self.data_source.directory.products(deadline, false).await;
                None
            }
            None => None,
        };
        let lists = Lists::of(products, self.data_source, self.regions);
        let unknown: Vec<&Asked<'_>> = self.undecided().filter(|asked| lists.lack(asked.named, asked.name)).collect();
        match unknown.first() {
            Some(asked) if self.from_alert => Err(no_product(asked, &lists.catalogue)),
            _ => Ok(notice(&unknown, self.language)),
        }
    }

    /// The names that the organization's lists decide on: those that this program's tables do not know; but a rule's product
    /// has to be one of the organization's.
    fn undecided(&self) -> impl Iterator<Item = &Asked<'a>> {
        self.asked.iter().filter(|asked| {
            if self.from_alert { asked.named == Named::Product && !asked.negated } else { !asked.is_familiar() }
        })
    }

    fn has_undecided(&self) -> bool {
        self.undecided().any(is_listed)
    }
}

fn is_listed(asked: &Asked<'_>) -> bool {
    asked.named != Named::ResourceType
}

fn no_product(asked: &Asked<'_>, catalogue: &Catalogue) -> Failure {
    let products: Vec<&str> = catalogue.products().into_iter().collect();
    let allowed = format!("the products that Scaleway lists for this organization: {}", products.join(", "));
    wrong(asked.field, &Value::from(asked.name.as_str()), &allowed)
}

fn quoted(named: Named, name: &Name) -> String {
    format!("{} \"{}\"", named.as_str(), plain(name.as_str()))
}

fn notice(unknown: &[&Asked<'_>], language: Language) -> Option<Notice> {
    let names: BTreeSet<String> = unknown.iter().map(|asked| quoted(asked.named, asked.name)).collect();
    let names: Vec<String> = names.into_iter().collect();
    let sentence = Sentence::UnknownNames { names: &listed(language, &names), count: names.len() };
    (!names.is_empty()).then(|| Topic::Unknown.warning(sentence.text(language)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::query::condition::Condition;
    use crate::query::scope::Scope;

    fn sentence(scope: &Value, filters: &[Value]) -> String {
        let scope = Scope::parse(Some(scope)).unwrap();
        let filters: Vec<Condition> = filters.iter().map(|filter| Condition::parse(filter).unwrap()).collect();
        let asked = asked(&scope, &filters);
        let unknown: Vec<&Asked<'_>> = asked.iter().filter(|asked| !asked.is_familiar()).collect();
        notice(&unknown, Language::English).map(|notice| notice.text).unwrap_or_default()
    }

    #[test]
    fn what_the_tables_know_is_known_in_any_case_and_as_a_pattern() {
        let scope = json!({
            "products": ["IAM", "edge-Services", "inst*"], "methods": ["createApiKey", "Delete*", "PASSWORD", "saml"],
            "resourceTypes": ["IAM_user", "*_lb"],
        });
        assert_eq!(sentence(&scope, &[]), "");
        // Of the names of Scaleway's own machinery, and of other columns, there is no list.
        assert_eq!(sentence(&json!({ "kinds": ["system"], "methods": ["backup"], "services": ["x"] }), &[]), "");
        let filters = [
            json!({ "key": "principal", "operator": "=", "value": "Foo" }),
            json!({ "key": "method", "operator": "=~", "value": "Foo" }),
            json!({ "key": "method", "operator": "=", "value": "(none)" }),
        ];
        assert_eq!(sentence(&json!({}), &filters), "");
    }

    #[test]
    fn what_no_list_knows_is_named_once() {
        let method = json!({ "key": "method", "operator": "!=", "value": "Foo" });
        assert_eq!(
            sentence(&json!({ "methods": ["Foo"] }), &[method]),
            "method \"Foo\" is in no list of names that Scaleway or this plugin has; it is compared as text"
        );
        let types = json!({ "key": "resource_type", "operator": "=|", "values": ["a\nb", "iam_user"] });
        assert_eq!(
            sentence(&json!({ "products": ["Delet*", "iam"] }), &[types]),
            "product \"Delet*\", resource type \"a b\" are in no list of names that Scaleway or this plugin has; they are compared as text"
        );
        let many: Vec<String> = (0..7).map(|number| format!("m{number}")).collect();
        let many = sentence(&json!({ "methods": many }), &[]);
        assert!(
            many.starts_with("method \"m0\", ") && many.contains("method \"m4\" and 2 more are in no list"),
            "{many}"
        );
    }
}
