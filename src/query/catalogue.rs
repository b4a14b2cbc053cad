//! The names of products, services, methods and resource types that are known, and how Scaleway spells them.
//!
//! Names are compared without regard to case, while Scaleway's filters want each letter. So a name is pushed down in the
//! spellings that the organization's product lists have for it: events carry the names of these lists, letter by letter,
//! as recorded events show. A name that the lists lack, and a pattern, which may stand for a new name, are compared here.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use super::condition::{Alternative, Condition, Name, Test};
use super::dimension::Dimension;
use super::scope::Scope;
use crate::event::{Column, Kind};
use crate::risk::RuleSet;
use crate::scaleway::audit_trail::{GLOBAL_PRODUCTS, LOGIN_METHODS, Product, RESOURCE_TYPES};

/// What a name is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Named {
    /// `product_name`.
    Product,
    /// `service_name`.
    Service,
    /// `method_name`.
    Method,
    /// The type of a resource.
    ResourceType,
}

impl Named {
    /// The word for it.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Service => "service",
            Self::Method => "method",
            Self::ResourceType => "resource type",
        }
    }

    fn of(column: Dimension) -> Option<Self> {
        match column {
            Dimension::Column(Column::Product) => Some(Self::Product),
            Dimension::Column(Column::Service) => Some(Self::Service),
            Dimension::Column(Column::Method) => Some(Self::Method),
            Dimension::Column(Column::ResourceType) => Some(Self::ResourceType),
            _ => None,
        }
    }
}

/// A name that a query asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) named: Named,
    pub(super) name: &'a Name,
    /// Where it stands in the query.
    pub(super) field: &'static str,
    /// Whether its events are left out.
    pub(super) negated: bool,
}

impl Asked<'_> {
    /// Whether this program's own tables have it, independently of Scaleway's lists.
    pub(super) fn is_familiar(&self) -> bool {
        let name = self.name;
        match self.named {
            Named::Product => has(&FAMILIAR.products, name),
            Named::Method => has(&FAMILIAR.methods, name),
            Named::ResourceType => has(&FAMILIAR.resource_types, name),
            Named::Service => false,
        }
    }
}

/// The names that a scope and conditions ask for, as far as lists can know them: what Scaleway's own machinery does is in
/// none.
pub(super) fn asked<'a>(scope: &'a Scope, filters: &'a [Condition]) -> Vec<Asked<'a>> {
    let lists = [
        (Named::Product, &scope.products, "scope.products"),
        (Named::Service, &scope.services, "scope.services"),
        (Named::Method, &scope.methods, "scope.methods"),
        (Named::ResourceType, &scope.resource_types, "scope.resourceTypes"),
    ];
    let of_scope = lists
        .into_iter()
        .flat_map(|(named, names, field)| names.iter().map(move |name| Asked { named, name, field, negated: false }));
    let of_filters =
        filters.iter().filter_map(|filter| Some((Named::of(filter.key)?, filter))).flat_map(|(named, filter)| {
            let alternatives = match &filter.test {
                Test::OneOf(alternatives) => &alternatives[..],
                _ => &[],
            };
            let field = if alternatives.len() == 1 { "filters.value" } else { "filters.values" };
            alternatives.iter().filter_map(move |alternative| match alternative {
                Alternative::Name(name) => Some(Asked { named, name, field, negated: filter.negated }),
                _ => None,
            })
        });
    let only_system = scope.kinds.iter().eq([&Kind::System]);
    let mut asked: Vec<Asked<'_>> = of_scope.chain(of_filters).collect();
    asked.retain(|asked| !only_system || matches!(asked.named, Named::Product | Named::ResourceType));
    asked
}

/// Spellings of names, by the name in lower case.
type Spellings = HashMap<String, BTreeSet<String>>;

fn add(spellings: &mut Spellings, name: &str) {
    spellings.entry(name.to_lowercase()).or_default().insert(name.to_owned());
}

fn has(spellings: &Spellings, name: &Name) -> bool {
    if name.is_pattern() {
        spellings.keys().any(|known| name.matches(known))
    } else {
        spellings.contains_key(name.folded())
    }
}

/// Names by what they are names of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    products: Spellings,
    services: Spellings,
    methods: Spellings,
    resource_types: Spellings,
}

/// The names in this program's own tables.
static FAMILIAR: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut familiar = Catalogue::default();
    let rules = RuleSet::built_in();
    let products = rules.products().chain(GLOBAL_PRODUCTS);
    products.for_each(|product| add(&mut familiar.products, product));
    rules.methods().chain(LOGIN_METHODS).for_each(|method| add(&mut familiar.methods, method));
    RESOURCE_TYPES.iter().for_each(|kind| add(&mut familiar.resource_types, kind));
    familiar
});

impl Catalogue {
    /// The names in an organization's product lists.
    #[must_use]
    pub(crate) fn of<'a>(products: impl IntoIterator<Item = &'a Product>) -> Self {
        let mut catalogue = Self::default();
        for product in products {
            add(&mut catalogue.products, &product.name);
            for service in &product.services {
                add(&mut catalogue.services, &service.name);
                service.methods.iter().for_each(|method| add(&mut catalogue.methods, method));
            }
        }
        catalogue
    }

    /// Whether there is a name, or one of a pattern, in the lists.
    #[must_use]
    pub(crate) fn has(&self, named: Named, name: &Name) -> bool {
        match named {
            Named::Product => has(&self.products, name),
            Named::Service => has(&self.services, name),
            Named::Method => has(&self.methods, name),
            Named::ResourceType => false,
        }
    }

    /// All products, sorted.
    #[must_use]
    pub(crate) fn products(&self) -> BTreeSet<&str> {
        self.products.values().flatten().map(String::as_str).collect()
    }

    /// All spellings of all of these names, where Scaleway's filter finds the same events as a comparison here: none
    /// where one is a pattern, or in no list.
    #[must_use]
    pub(crate) fn spellings(&self, of: Named, names: &[Name]) -> Vec<String> {
        let spellings = match of {
            Named::Product => &self.products,
            Named::Service => &self.services,
            Named::Method => &self.methods,
            // They are an enum of the API, each value of which has one spelling.
            Named::ResourceType => &FAMILIAR.resource_types,
        };
        let all: Option<Vec<&BTreeSet<String>>> =
            names.iter().map(|name| spellings.get(name.folded()).filter(|_| !name.is_pattern())).collect();
        let all: BTreeSet<&String> = all.unwrap_or_default().into_iter().flatten().collect();
        all.into_iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Audit Trail's product list and events, as its API answered them.
    const PRODUCTS: &str = include_str!("../../tests/data/products.fr-par.json");
    const EVENTS: &str = include_str!("../../tests/data/events.fr-par.json");

    fn recorded() -> Catalogue {
        let list: Value = serde_json::from_str(PRODUCTS).unwrap();
        Catalogue::of(&serde_json::from_value::<Vec<Product>>(list["products"].clone()).unwrap())
    }

    #[test]
    fn events_carry_the_names_of_the_product_list_letter_by_letter() {
        let (catalogue, events) = (recorded(), serde_json::from_str::<Value>(EVENTS).unwrap());
        let events = events["events"].as_array().unwrap();
        for event in events {
            for (named, field) in
                [(Named::Product, "product_name"), (Named::Service, "service_name"), (Named::Method, "method_name")]
            {
                let name = event[field].as_str().unwrap();
                let spellings = catalogue.spellings(named, &[Name::new(&name.to_uppercase())]);
                assert!(spellings.contains(&name.to_owned()), "{field} {name} is spelled {spellings:?}");
            }
        }
        assert_eq!(events.len(), 69);
    }

    #[test]
    fn a_name_has_all_spellings_that_the_lists_have_for_it() {
        let catalogue = recorded();
        let methods = |names: &[&str]| {
            catalogue.spellings(Named::Method, &names.iter().map(|name| Name::new(name)).collect::<Vec<_>>())
        };
        assert_eq!(methods(&["updateip"]), ["UpdateIP", "UpdateIp"]);
        assert_eq!(methods(&["UpdateIp", "UPDATEIP", "createapikey"]), ["CreateAPIKey", "UpdateIP", "UpdateIp"]);
        for unknown in [&["CreateTeapot"][..], &["createapikey", "CreateTeapot"], &["Create*"], &["UpdateI?"], &[]] {
            assert_eq!(methods(unknown), [""; 0], "{unknown:?}");
        }
        let has = |named, name| catalogue.has(named, &Name::new(name));
        assert!(has(Named::Product, "IAM") && has(Named::Product, "key-*") && has(Named::Service, "SCALEWAY.IAM.*"));
        assert!(!has(Named::Product, "instance") && !has(Named::Method, "Creat?Teapot") && !has(Named::Service, "iam"));
    }
}
