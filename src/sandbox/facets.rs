//! Facets: the query parameters that select an event, each with its value, as hashes that filters compare.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The hash of a parameter and a value. It is never stored, so the hasher may change with the toolchain.
pub(super) type Facet = u64;

/// The facets of an event. A filter selects the event if it is one of them.
pub(super) type Facets = Box<[Facet]>;

pub(super) fn facet(parameter: &str, value: &str) -> Facet {
    let mut hasher = DefaultHasher::new();
    (parameter, value).hash(&mut hasher);
    hasher.finish()
}

/// The facets of an event with these fields, and with resources of these types and ids.
pub(super) fn facets<'a>(
    fields: &[(&str, Option<&str>)],
    resources: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Facets {
    let fields = fields.iter().filter_map(|&(parameter, value)| Some(facet(parameter, value?)));
    let resources = resources.into_iter();
    let resources = resources.flat_map(|(kind, id)| [facet("resource_type", kind), facet("resource_id", id)]);
    fields.chain(resources).collect()
}
