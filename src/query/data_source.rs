//! One data source: its settings, its cache, and what is looked up beside the events.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::catalogue::Catalogue;
use super::directory::{Directory, Labels, Products};
use super::principals::unknown_principals;
use super::scope::Scope;
use super::unfamiliar::Unfamiliar;
use crate::cache::{Api, EventCache, Limits};
use crate::risk::RuleSet;
use crate::scaleway::audit_trail::GLOBAL_REGION;
use crate::scaleway::iam::{Names, Principal};
use crate::scaleway::{self, Client, Error, Found};
use crate::settings::Settings;
use crate::time::Clock;

/// One data source: its settings, its cached events, and what is looked up beside them.
#[derive(Debug)]
pub struct DataSource {
    /// The data source's settings.
    pub settings: Settings,
    /// This server's clock.
    pub clock: Arc<dyn Clock>,
    /// The client for calls beside the trail's.
    pub client: Client,
    /// The events.
    pub cache: EventCache,
    /// What events mean.
    pub rules: Arc<RuleSet>,
    /// What is looked up beside the events.
    pub(super) directory: Directory,
    /// Names that queries have asked for.
    pub(super) unfamiliar: Unfamiliar,
}

impl DataSource {
    /// A data source with these settings, and the rules of the binary; `clock` is this server's.
    ///
    /// # Errors
    /// When no HTTP client can be made of them.
    pub fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        calls: &scaleway::Meter,
        events: &crate::cache::Meter,
    ) -> Result<Self, Error> {
        let client = Client::new(&settings, Arc::clone(&clock), calls)?;
        let source = Api::new(client.clone(), &settings.organization_id);
        let cache = EventCache::new(source, &settings, Limits::default(), events.clone());
        let directory = Directory::new(&client, &settings.organization_id, &settings.regions, &clock);
        let rules = RuleSet::built_in();
        Ok(Self { settings, clock, client, cache, rules, directory, unfamiliar: Unfamiliar::default() })
    }

    /// The principals' names; fetched again when they are old, or when `lacks` finds one missing.
    ///
    /// # Errors
    /// When IAM cannot be read, and never could.
    pub async fn names(&self, deadline: Instant, lacks: impl Fn(&Names) -> bool + Send) -> Result<Found<Names>, Error> {
        self.directory.names(self.deadline_of_names(deadline), lacks).await
    }

    /// The principals' names, fetched now even if they are cached.
    ///
    /// # Errors
    /// When IAM cannot be read, and never could.
    pub async fn names_now(&self, deadline: Instant) -> Result<Found<Names>, Error> {
        self.directory.names_now(self.deadline_of_names(deadline)).await
    }

    /// The products that the trail records, as all configured regions list them; one region that answers is enough.
    ///
    /// # Errors
    /// When no region's list can be read, and none ever could.
    pub async fn products(&self, deadline: Instant) -> Result<Products, Error> {
        self.directory.products(deadline, false).await
    }

    /// The products, fetched now even if they are cached.
    ///
    /// # Errors
    /// When no region's list can be read, and none ever could.
    pub(super) async fn products_now(&self, deadline: Instant) -> Result<Products, Error> {
        self.directory.products(deadline, true).await
    }

    /// The names in the products' lists of all configured regions, where these are cached and good.
    pub(super) fn cached_catalogue(&self) -> Option<Arc<Catalogue>> {
        self.directory.cached_catalogue()
    }

    /// The names of projects.
    ///
    /// # Errors
    /// When the Account API cannot be read, and never could.
    pub(super) async fn projects(&self, deadline: Instant) -> Result<Found<Labels>, Error> {
        self.directory.projects(self.deadline_of_names(deadline), false).await
    }

    /// The names of resources, also of those without events.
    ///
    /// # Errors
    /// When Resource Explorer cannot be read, and never could.
    pub(super) async fn resources(&self, deadline: Instant) -> Result<Found<Labels>, Error> {
        self.directory.resources(self.deadline_of_names(deadline), false).await
    }

    /// The principals of ids that events of this answer or an earlier one name.
    pub(super) fn seen(&self, ids: &[&str], told: HashMap<String, Principal>) -> HashMap<String, Principal> {
        self.directory.seen(ids, told)
    }

    /// The principals of ids that IAM does not have, as far as the trail has them, and why some could not be read.
    pub(super) async fn told(&self, ids: &[&str], deadline: Instant) -> (Vec<(String, Principal)>, Option<Error>) {
        self.directory.told(ids, deadline).await
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
        match self.directory.departed(self.deadline_of_names(deadline)).await {
            Ok(Found { value, stale }) => (Arc::new(names.with((*value).clone())), stale.map(|stale| stale.error)),
            Err(error) => (Arc::clone(names), Some(error)),
        }
    }

    /// Names are the lesser part of an answer: they may not take the time that the events need.
    pub(super) fn deadline_of_names(&self, deadline: Instant) -> Instant {
        deadline.min(Instant::now() + self.settings.query_timeout / 4)
    }

    /// The regions that are read where a query names none: those of the settings, and that of global events.
    #[must_use]
    pub(super) fn regions(&self) -> Vec<String> {
        let mut regions = self.settings.regions.clone();
        if !regions.iter().any(|region| region == GLOBAL_REGION) {
            regions.push(GLOBAL_REGION.to_owned());
        }
        regions
    }

    /// The scope with the project of the settings where it names none.
    #[must_use]
    pub(super) fn in_default_project(&self, scope: &Scope) -> Scope {
        let mut scope = scope.clone();
        if scope.projects.is_empty() {
            scope.projects.extend(self.settings.project_id.clone());
        }
        scope
    }
}
