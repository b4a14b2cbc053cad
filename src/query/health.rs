//! The health of a data source: which regions answer, which names can be looked up, whether Cockpit answers, and advice where
//! something is wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use super::catalogue::Catalogue;
use super::cockpit_health::{self, CockpitHealth};
use super::data_source::DataSource;
use super::name_lookup::{self, NameLookup, PAUSE, is_refusal};
use super::scope::Scope;
use super::text::{listed, plain};
use super::{listings, plan};
use crate::cache::{Freshness, Gap};
use crate::locale::Language;
use crate::scaleway::audit_trail;
use crate::scaleway::{Error, iam};
use crate::settings::Unknown;
use crate::time::Interval;

/// How long the check may take: Grafana's page waits for it.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How often the regions are read if all of them refuse: a permission just granted takes a while to reach everywhere.
const TRIES: u32 = 3;

const HOUR: Duration = Duration::from_hours(1);

/// How many keys are named that are no settings.
const MOST_UNKNOWN: usize = 5;

/// The health of a data source.
#[derive(Clone, Debug)]
pub struct Health {
    /// Whether queries can be answered, and Cockpit answers where it is configured.
    pub ok: bool,
    /// The result and its advice, for people; it may quote text of Scaleway and of the settings.
    pub message: String,
    /// The regions that are read, by name.
    pub regions: Vec<Region>,
    /// The number of principals that are known by name; `None` if none could be looked up.
    pub principals: Option<usize>,
    /// The number of projects that are known by name.
    pub projects: Option<usize>,
    /// The number of resources that are known by name.
    pub resources: Option<usize>,
    /// The sentences of `message` that no other field tells: about metrics, rules, settings and unknown names.
    pub notes: Vec<String>,
    /// Names that queries ask for and that no list has, each with its kind.
    pub unknown_names: Vec<String>,
}

/// The health of one region. Its text is the name for people.
#[derive(Clone, Debug)]
pub struct Region {
    name: String,
    /// Whether it is one of the settings; another is read for global events alone.
    is_configured: bool,
    /// The number of its events in the last hour.
    pub events: usize,
    /// Whether there are no more events than these.
    pub complete: bool,
    /// Whether the region does not exist, so that it has no events.
    pub absent: bool,
    /// Why it does not answer, if it does not.
    pub error: Option<Error>,
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_configured { f.write_str(&self.name) } else { write!(f, "global events ({})", self.name) }
    }
}

impl Region {
    /// Whether the number of its events is known.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.error.is_none() && !self.absent
    }

    fn is_refused(&self) -> bool {
        self.absent || self.error.as_ref().is_some_and(is_refusal)
    }
}

/// The events of the last hour, for people.
fn counts(regions: &[Region]) -> String {
    let answering = regions.iter().filter(|region| region.answers());
    let counts = answering.map(|region| {
        let at_least = if region.complete { "" } else { "at least " };
        format!("{region} {at_least}{}", region.events)
    });
    counts.collect::<Vec<_>>().join(", ")
}

impl DataSource {
    /// Reads the last hour of each region and of Cockpit's metrics, and looks up all names.
    pub async fn health(&self) -> Health {
        let deadline = Instant::now() + TIMEOUT;
        let (regions, lookups, unknown_names, metrics, rules) = tokio::join!(
            self.regions_now(deadline),
            name_lookup::all_now(self, deadline),
            self.unknown_names(deadline),
            cockpit_health::all_in(&self.cockpit, self.last_hour(), deadline),
            self.detections.sentences(deadline)
        );
        let is_propagating = self.is_propagating(&regions);
        let trouble = trouble(&self.settings.organization_id, &regions, &lookups[0], is_propagating);
        let trail_answers = trouble.is_none();
        let ok = trail_answers && metrics.iter().all(CockpitHealth::answers);
        let mut sentences = Vec::from_iter(trouble);
        let mut notes = Vec::new();
        if trail_answers {
            sentences.push(format!("Audit Trail answers. Events of the last hour: {}.", counts(&regions)));
            sentences.extend(name_lookup::sentences(&lookups, is_propagating));
            if !unknown_names.is_empty() {
                notes.push(format!(
                    "Queries ask for names that Scaleway's lists do not have; check their spelling: {}.",
                    listed(Language::English, &unknown_names)
                ));
            }
        }
        notes.extend(cockpit_health::sentences(self.settings.cockpit.as_ref(), &metrics));
        notes.extend(rules);
        notes.extend(unknown_settings(&self.settings.unknown));
        sentences.extend(notes.iter().cloned());
        let absent = regions.iter().filter(|region| region.absent);
        sentences.extend(absent.map(|region| {
            format!("Region {} does not exist for this organization, so that it has no events.", region.name)
        }));
        let [principals, projects, resources] = lookups.map(|lookup| lookup.known());
        Health { ok, message: sentences.join(" "), regions, principals, projects, resources, notes, unknown_names }
    }

    /// Whether a permission of the key works for some calls and not yet for others.
    fn is_propagating(&self, regions: &[Region]) -> bool {
        let is_refused = regions.iter().filter_map(|region| region.error.as_ref()).any(is_refusal);
        self.client.is_propagating() || (is_refused && regions.iter().any(Region::answers))
    }

    /// The regions; read again while all of them refuse.
    async fn regions_now(&self, deadline: Instant) -> Vec<Region> {
        let mut found = self.events_of_last_hour(deadline).await;
        for _ in 1..TRIES {
            // Where other regions answer, the client has tried again long enough.
            if !found.iter().all(Region::is_refused) || Instant::now() + PAUSE >= deadline {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            found = self.events_of_last_hour(deadline).await;
        }
        found
    }

    fn last_hour(&self) -> Interval {
        let now = self.clock.now();
        Interval::new(now - HOUR, now)
    }

    async fn events_of_last_hour(&self, deadline: Instant) -> Vec<Region> {
        let last_hour = self.last_hour();
        let windows = plan::windows(&Scope::default(), &self.regions(), &Catalogue::default(), None, last_hour);
        let mut regions: BTreeMap<String, Region> = BTreeMap::new();
        for listing in self.cache.read(&windows, Freshness::Own, deadline).await {
            // A region may be read as several lists.
            let region = regions.entry(listing.region.clone()).or_insert_with(|| Region {
                is_configured: self.settings.regions.contains(&listing.region),
                name: listing.region.clone(),
                events: 0,
                complete: true,
                absent: listing.absent,
                error: None,
            });
            region.complete &= listing.gaps.is_empty();
            let error = listing.gaps.iter().find_map(|gap| match gap {
                Gap::Failed(error) => Some(error.clone()),
                _ => None,
            });
            region.error = region.error.take().or(error);
            region.events += listings::events_of(listing, &self.settings.regions).len();
        }
        regions.into_values().collect()
    }
}

/// Why queries cannot be answered, and what to do about it; `None` if they can. `members` are the organization's principals.
fn trouble(organization: &str, regions: &[Region], members: &NameLookup, is_propagating: bool) -> Option<String> {
    let errors: Vec<&Error> = regions.iter().filter_map(|region| region.error.as_ref()).collect();
    if errors.is_empty() {
        return None;
    }
    if is_propagating {
        let message = "Scaleway refuses some calls and answers others: a permission granted to this key is still propagating, \
                       which takes up to two minutes. Test again then.";
        return Some(message.to_owned());
    }
    if let Some(error) = errors.iter().find(|error| matches!(error, Error::Unauthorized { .. })) {
        return Some(format!("Wrong key: {error}."));
    }
    if regions.iter().any(Region::answers) || !errors.iter().all(|error| is_refusal(error) || is_not_found(error)) {
        return Some(no_answer(regions, &errors));
    }
    let is_stranger = errors.iter().any(|error| is_not_found(error))
        || matches!(members, NameLookup::Failed(error) if is_refusal(error) || is_not_found(error));
    Some(no_access(organization, is_stranger))
}

fn is_not_found(error: &Error) -> bool {
    matches!(error, Error::Status { status: 404, .. })
}

/// The text for a key that may not read the trail of an organization, and perhaps belongs to another one.
fn no_access(organization: &str, is_stranger: bool) -> String {
    let (trail, members) = (audit_trail::PERMISSION_SET, iam::PERMISSION_SET);
    if is_stranger {
        format!(
            "Wrong organization, or no permission at all: the key may read neither the trail nor the members of organization {organization}. \
             Check that organizationId is the organization that the key belongs to; if it is, give the key's principal the permission sets {trail} and {members} \
             on the organization. A permission granted less than two minutes ago may still be propagating."
        )
    } else {
        format!(
            "Missing permission: the key may not read the trail of organization {organization}. Give its principal the permission set {trail} \
             on the organization. A permission granted less than two minutes ago may still be propagating."
        )
    }
}

/// The text for regions that do not answer.
fn no_answer(regions: &[Region], errors: &[&Error]) -> String {
    let reasons = regions.iter().filter_map(|region| Some(format!("{region}: {}", region.error.as_ref()?)));
    let reasons = reasons.collect::<Vec<_>>().join("; ");
    if regions.iter().any(Region::answers) {
        let advice = if regions.iter().any(|region| region.error.is_some() && region.is_configured) {
            "Remove a region that your organization does not use from the setting regions."
        } else {
            "Every answer needs the global events: those of IAM, of accounts and of log-ins."
        };
        let counts = counts(regions);
        return format!(
            "A region does not answer: {reasons}. The other regions answer; events of the last hour: {counts}. {advice}"
        );
    }
    if errors.iter().all(|error| matches!(error, Error::Unreachable { .. } | Error::Timeout { .. })) {
        return format!("No region answers: {reasons}. The API is unreachable.");
    }
    format!("No region answers: {reasons}.")
}

/// Sentences about keys that are no settings.
fn unknown_settings(unknown: &[Unknown]) -> Vec<String> {
    let named = unknown.iter().take(MOST_UNKNOWN);
    let named = named.map(|unknown| Unknown { key: plain(&unknown.key).into_owned(), ..unknown.clone() });
    let mut sentences: Vec<String> = named.map(|unknown| format!("{unknown}.")).collect();
    if let Some(more @ 1..) = unknown.len().checked_sub(MOST_UNKNOWN) {
        sentences.push(format!("{more} more keys are no settings and have no effect."));
    }
    sentences
}
