//! The lookups of names in a health check: names are a convenience, and a data source is healthy without them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::data_source::DataSource;
use crate::locale::Language;
use crate::scaleway::{Error, Found, Stale, account, explorer, iam};

/// How long the names of projects and resources are waited for.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The pause before a refused call is repeated: a permission just granted takes a while to reach everywhere.
pub(super) const PAUSE: Duration = Duration::from_millis(1_500);

/// How a lookup ended; the numbers are those of the names.
#[derive(Debug)]
pub(super) enum NameLookup {
    /// The names are those of now.
    Fresh(usize),
    /// The names are those of an earlier time.
    Stale(usize, Stale),
    /// There are no names.
    Failed(Error),
}

/// Looks up the names of principals, projects and resources.
pub(super) async fn all_now(data_source: &DataSource, deadline: Instant) -> [NameLookup; 3] {
    let directory = &data_source.directory;
    let (principals, projects, resources) = tokio::join!(
        retried(deadline, || async { NameLookup::of(directory.names_now(deadline).await, |names| names.all().len()) }),
        retried(deadline, || async {
            let deadline = deadline.min(Instant::now() + TIMEOUT);
            NameLookup::of(directory.projects(deadline, true).await, HashMap::len)
        }),
        retried(deadline, || async {
            let deadline = deadline.min(Instant::now() + TIMEOUT);
            NameLookup::of(directory.resources(deadline, true).await, HashMap::len)
        }),
    );
    [principals, projects, resources]
}

/// Looks names up, and once more if that is refused.
async fn retried<F: Future<Output = NameLookup>>(deadline: Instant, lookup: impl Fn() -> F) -> NameLookup {
    let found = lookup().await;
    if !found.is_refused() || Instant::now() + PAUSE >= deadline {
        return found;
    }
    tokio::time::sleep(PAUSE).await;
    lookup().await
}

/// Whether the key lacks a permission.
pub(super) fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Forbidden { .. })
}

impl NameLookup {
    fn of<T>(found: Result<Found<T>, Error>, count: impl Fn(&T) -> usize) -> Self {
        match found {
            Ok(Found { value, stale: None }) => Self::Fresh(count(&value)),
            Ok(Found { value, stale: Some(stale) }) => Self::Stale(count(&value), stale),
            Err(error) => Self::Failed(error),
        }
    }

    /// The number of names that are known.
    pub(super) fn known(&self) -> Option<usize> {
        match self {
            Self::Fresh(count) | Self::Stale(count, _) => Some(*count),
            Self::Failed(_) => None,
        }
    }

    fn is_refused(&self) -> bool {
        match self {
            Self::Fresh(_) => false,
            Self::Stale(_, Stale { error, .. }) | Self::Failed(error) => is_refusal(error),
        }
    }
}

/// The words of a lookup: the names, their source, what follows without them, and the permission set that reads them.
type Words = (&'static str, &'static str, &'static str, &'static str);

const WORDS: [Words; 3] = [
    ("Names", "IAM", "Principals are shown by id", iam::PERMISSION_SET),
    ("Names of projects", "the Account API", "Projects are shown by id", account::PERMISSION_SET),
    (
        "Names of resources",
        "Resource Explorer",
        "Resources are shown by id where no event names them",
        explorer::PERMISSION_SET,
    ),
];

/// The end of a sentence about names that a permission set would show.
fn advice(permission_set: &str) -> String {
    format!(": give the key's principal the permission set {permission_set} to see names.")
}

/// What the lookups of principals, projects and resources mean, for people.
pub(super) fn sentences(lookups: &[NameLookup; 3], is_propagating: bool) -> Vec<String> {
    let mut sentences = Vec::new();
    if let NameLookup::Fresh(count) = lookups[0] {
        sentences.push(format!("{count} principals are known by name."));
    }
    for (lookup, (names, source, consequence, permission_set)) in lookups.iter().zip(WORDS) {
        match lookup {
            NameLookup::Fresh(_) => {}
            NameLookup::Stale(_, stale) => {
                sentences.push(format!("{}.", stale.sentence(Language::English, names, source)));
            }
            NameLookup::Failed(error) if !is_refusal(error) => {
                sentences.push(format!("{consequence} for now: {}.", error.summary()));
            }
            NameLookup::Failed(_) if is_propagating => {}
            NameLookup::Failed(_) => sentences.push(consequence.to_owned() + &advice(permission_set)),
        }
    }
    if is_propagating && lookups.iter().any(NameLookup::is_refused) {
        let propagating = "Scaleway refuses some names: a permission granted to this key is still propagating, which \
                           takes up to two minutes. Test again then.";
        sentences.push(propagating.to_owned());
    }
    sentences
}
