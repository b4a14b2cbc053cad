//! One data source: its settings, its cache, and the lookups beside the events.

use std::sync::Arc;

use super::directory::Directory;
use super::error::Failure;
use super::meters::Meters;
use super::profile_builder::ProfileBuilder;
use super::rule_store::RuleStore;
use super::scope::Scope;
use super::unfamiliar::Unfamiliar;
use crate::cache::{EventCache, Limits};
use crate::cockpit;
use crate::risk::RuleSet;
use crate::scaleway::Client;
use crate::scaleway::audit_trail::GLOBAL_REGION;
use crate::settings::Settings;
use crate::time::Clock;

/// One data source: its settings, its cached events, and the lookups beside them.
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
    /// The clients of Cockpit's metrics, one for each URL of the settings.
    pub cockpit: Vec<cockpit::Client>,
    /// What events mean.
    pub rules: Arc<RuleSet>,
    /// The lookups beside the events.
    pub directory: Directory,
    /// The rules of detections.
    pub(super) detections: RuleStore,
    /// The profile of usual events.
    pub(super) profile: ProfileBuilder,
    /// Names that queries have asked for.
    pub(super) unfamiliar: Unfamiliar,
}

impl DataSource {
    /// A data source with these settings, and the rules of the binary; `clock` is this server's.
    ///
    /// # Errors
    /// When no HTTP client can be made of them.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>, meters: &Meters) -> Result<Self, Failure> {
        let client = Client::new(&settings, Arc::clone(&clock), &meters.scaleway)?;
        let cockpit = cockpit::Client::all(&settings, &clock, &meters.cockpit)?;
        let cache = EventCache::new(client.clone(), &settings, Limits::default(), meters.cache.clone());
        let profile = ProfileBuilder::new(&settings, cache.folder(), meters.profile.clone());
        let directory = Directory::new(&client, &settings, &clock);
        let (rules, detections) = (RuleSet::built_in(), RuleStore::new(&settings));
        let unfamiliar = Unfamiliar::default();
        Ok(Self { settings, clock, client, cache, cockpit, rules, directory, detections, profile, unfamiliar })
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
