//! `CheckHealth`: the result of "Save & test" for each region, with advice where something is wrong.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use grafana_plugin_sdk::pluginv2::check_health_response::HealthStatus;
use grafana_plugin_sdk::pluginv2::{
    CheckHealthRequest, CheckHealthResponse, CollectMetricsRequest, CollectMetricsResponse, collect_metrics_response,
    diagnostics_server,
};
use serde_json::{Value, json};
use tonic::{Request, Response, Status};

use super::failures::Source;
use super::panics::catch_panic;
use super::process::Process;
use crate::cache::{Freshness, Gap};
use crate::query::catalogue::Catalogue;
use crate::query::text::listed;
use crate::query::{DataSource, Failure, Labels, Scope, filter, plan, text};
use crate::scaleway::{self, Error, Found, Stale, account, explorer, iam};
use crate::settings::Unknown;
use crate::time::Interval;

/// How long the check may take: Grafana's page waits for it.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How long the names of projects and resources are waited for: they are a convenience.
const FOR_NAMES: Duration = Duration::from_secs(5);

/// How often, and how far apart, a refused call is repeated: a permission just granted takes a while to reach everywhere.
const PROPAGATION: (u32, Duration) = (3, Duration::from_millis(1_500));

const HOUR: Duration = Duration::from_hours(1);

/// How many keys are named that are no settings.
const MOST_UNKNOWN: usize = 5;

/// The diagnostics service.
#[derive(Debug)]
pub(super) struct Diagnostics(pub(super) std::sync::Arc<Process>);

#[async_trait]
impl diagnostics_server::Diagnostics for Diagnostics {
    async fn check_health(
        &self,
        request: Request<CheckHealthRequest>,
    ) -> Result<Response<CheckHealthResponse>, Status> {
        let metrics = &self.0.metrics;
        let context = request.into_inner().plugin_context;
        let source = Source::of(context.as_ref());
        let process = std::sync::Arc::clone(&self.0);
        let work = catch_panic(async move { Ok(check(&*process.instances.tested(context.as_ref())?).await) });
        let health = metrics.time("check_health", work).await.unwrap_or_else(|failure| Health::from(&failure));
        metrics.count("check_health", if health.ok { "ok" } else { "error" });
        let (data_source, data_source_uid) = (source.name, source.uid);
        tracing::info!(ok = health.ok, data_source, data_source_uid, "health checked: {}", health.message);
        Ok(Response::new(health.response()))
    }

    async fn collect_metrics(
        &self,
        _: Request<CollectMetricsRequest>,
    ) -> Result<Response<CollectMetricsResponse>, Status> {
        self.0.metrics.count("collect_metrics", "ok");
        let prometheus = self.0.metrics.text().into_bytes();
        Ok(Response::new(CollectMetricsResponse { metrics: Some(collect_metrics_response::Payload { prometheus }) }))
    }
}

/// What the check found.
#[derive(Debug)]
struct Health {
    ok: bool,
    message: String,
    details: Value,
}

impl From<&Failure> for Health {
    fn from(failure: &Failure) -> Self {
        Self { ok: false, message: failure.message.clone(), details: json!({}) }
    }
}

impl Health {
    fn response(mut self) -> CheckHealthResponse {
        self.message = text::message(&self.message).into_owned();
        self.details["message"] = self.message.clone().into();
        let status = if self.ok { HealthStatus::Ok } else { HealthStatus::Error };
        CheckHealthResponse {
            status: status.into(),
            message: self.message,
            json_details: self.details.to_string().into_bytes(),
        }
    }
}

/// A region's answer: the number of events in its last hour, or why it is unknown.
#[derive(Clone, Debug)]
struct Region {
    events: usize,
    complete: bool,
    error: Option<Error>,
    /// Whether the region does not exist, so that it has no events.
    absent: bool,
}

async fn check(data_source: &DataSource) -> Health {
    let deadline = Instant::now() + TIMEOUT;
    let (regions, lookups, unknown) = tokio::join!(
        regions(data_source, deadline),
        Lookups::fetch(data_source, deadline),
        data_source.unknown_names(deadline)
    );
    let details = json!({
        "regions": regions.iter().map(|(name, region)| json!({
            "region": shown(data_source, name),
            "eventsLastHour": (region.error.is_none() && !region.absent).then_some(region.events),
            "complete": region.complete,
            "absent": region.absent,
            "error": region.error.as_ref().map(|error| text::message(&error.to_string()).into_owned()),
        })).collect::<Vec<_>>(),
        "principals": lookups.principals.as_ref().map(|names| names.value.all().len()).ok(),
        "projects": lookups.projects.as_ref().map(|projects| projects.value.len()).ok(),
        "resources": lookups.resources.as_ref().map(|resources| resources.value.len()).ok(),
        "unknownNames": unknown,
    });
    let (ok, mut message) = verdict(data_source, &regions, &lookups);
    if ok {
        let there = regions.iter().filter(|(_, region)| !region.absent);
        let counts: Vec<String> = there.map(|(name, region)| counted(&shown(data_source, name), region)).collect();
        message = format!("Audit Trail answers. Events of the last hour: {}. {message}", counts.join(", "));
        if !unknown.is_empty() {
            let unknown = listed(&unknown);
            message = format!(
                "{message} Queries ask for names that Scaleway's lists do not have; check their spelling: {unknown}."
            );
        }
    }
    for unknown in data_source.settings.unknown.iter().take(MOST_UNKNOWN) {
        let unknown = Unknown { key: text::plain(&unknown.key).into_owned(), ..unknown.clone() };
        message = format!("{message} {unknown}.");
    }
    if let Some(more) = data_source.settings.unknown.len().checked_sub(MOST_UNKNOWN).filter(|more| *more > 0) {
        message = format!("{message} {more} more keys are no settings and have no effect.");
    }
    for (name, _) in regions.iter().filter(|(_, region)| region.absent) {
        message = format!("{message} Region {name} does not exist for this organization, so that it has no events.");
    }
    Health { ok, message, details }
}

fn is_configured(data_source: &DataSource, region: &str) -> bool {
    data_source.settings.regions.iter().any(|name| name == region)
}

/// A region's name for people. One that is not configured is read for global events alone.
fn shown(data_source: &DataSource, region: &str) -> String {
    if is_configured(data_source, region) { region.to_owned() } else { format!("global events ({region})") }
}

fn counted(name: &str, region: &Region) -> String {
    let at_least = if region.complete { "" } else { "at least " };
    format!("{name} {at_least}{}", region.events)
}

/// What can be looked up beside the events: a convenience, without which all is well.
struct Lookups {
    principals: Result<Found<iam::Names>, Error>,
    projects: Result<Found<Labels>, Error>,
    resources: Result<Found<Labels>, Error>,
}

impl Lookups {
    /// Looks everything up, and once more what is refused: a permission may be on its way.
    async fn fetch(data_source: &DataSource, deadline: Instant) -> Self {
        let soon = deadline.min(Instant::now() + FOR_NAMES);
        let (principals, projects, resources) = tokio::join!(
            data_source.names_now(deadline),
            data_source.projects_now(soon),
            data_source.resources_now(soon)
        );
        let mut lookups = Self { principals, projects, resources };
        let (_, pause) = PROPAGATION;
        if lookups.failures().any(is_refusal) && Instant::now() + pause < deadline {
            tokio::time::sleep(pause).await;
            let soon = deadline.min(Instant::now() + FOR_NAMES);
            if failure(&lookups.principals).is_some_and(is_refusal) {
                lookups.principals = data_source.names_now(deadline).await;
            }
            if failure(&lookups.projects).is_some_and(is_refusal) {
                lookups.projects = data_source.projects_now(soon).await;
            }
            if failure(&lookups.resources).is_some_and(is_refusal) {
                lookups.resources = data_source.resources_now(soon).await;
            }
        }
        lookups
    }

    fn failures(&self) -> impl Iterator<Item = &Error> {
        let Self { principals, projects, resources } = self;
        [failure(principals), failure(projects), failure(resources)].into_iter().flatten()
    }

    /// What follows from the lookups, for people.
    fn sentences(&self, is_propagating: bool) -> String {
        let Self { principals, projects, resources } = self;
        let mut sentences = Vec::new();
        if let Ok(Found { value, stale: None }) = principals {
            sentences.push(format!("{} principals are known by name.", value.all().len()));
        }
        let lookups = [
            (stale(principals), failure(principals), "Names", "IAM"),
            (stale(projects), failure(projects), "Names of projects", "the Account API"),
            (stale(resources), failure(resources), "Names of resources", "Resource Explorer"),
        ];
        let consequences = [
            ("Principals are shown by id", iam::PERMISSION_SET),
            ("Projects are shown by id", account::PERMISSION_SET),
            ("Resources are shown by id where no event names them", explorer::PERMISSION_SET),
        ];
        let advice =
            |permission_set| format!(": give the key's principal the permission set {permission_set} to see names.");
        for ((stale, failure, what, source), (consequence, permission_set)) in lookups.into_iter().zip(consequences) {
            match (stale, failure) {
                (_, None) => {}
                (Some(stale), Some(_)) => sentences.push(format!("{}.", stale.sentence(what, source))),
                (None, Some(error)) if !is_refusal(error) => {
                    sentences.push(format!("{consequence} for now: {}.", error.summary()));
                }
                (None, Some(_)) if is_propagating => {}
                (None, Some(_)) => sentences.push(consequence.to_owned() + &advice(permission_set)),
            }
        }
        if is_propagating && self.failures().any(is_refusal) {
            let propagating = "Scaleway refuses some names: a permission granted to this key is still propagating, which \
                               takes up to two minutes. Test again then.";
            sentences.push(propagating.to_owned());
        }
        sentences.join(" ")
    }
}

/// Why an earlier value is in use, if one is.
fn stale<T>(found: &Result<Found<T>, Error>) -> Option<&Stale> {
    found.as_ref().ok()?.stale.as_ref()
}

/// Why a lookup is not the newest, if it is not.
fn failure<T>(found: &Result<Found<T>, Error>) -> Option<&Error> {
    match found {
        Ok(found) => found.stale.as_ref().map(|stale| &stale.error),
        Err(error) => Some(error),
    }
}

fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Forbidden { .. })
}

/// Whether all is well, and a sentence for people.
fn verdict(data_source: &DataSource, regions: &BTreeMap<String, Region>, lookups: &Lookups) -> (bool, String) {
    let organization = &data_source.settings.organization_id;
    let errors: Vec<(&str, &Error)> =
        regions.iter().filter_map(|(name, region)| Some((name.as_str(), region.error.as_ref()?))).collect();
    let all_failed = errors.len() == regions.values().filter(|region| !region.absent).count();
    let unknown = |error: &Error| matches!(error, Error::Status { status: 404, .. });
    let propagating =
        data_source.client.is_propagating() || (!all_failed && errors.iter().any(|(_, error)| is_refusal(error)));
    if propagating && !errors.is_empty() {
        let message = "Scaleway refuses some calls and answers others: a permission granted to this key is still propagating, \
                       which takes up to two minutes. Test again then.";
        return (false, message.to_owned());
    }
    if let Some((_, error)) = errors.iter().find(|(_, error)| matches!(error, Error::Unauthorized { .. })) {
        return (false, format!("Wrong key: {error}."));
    }
    if all_failed && !errors.is_empty() && errors.iter().all(|(_, error)| is_refusal(error) || unknown(error)) {
        let wrong_organization = errors.iter().any(|(_, error)| unknown(error))
            || matches!(&lookups.principals, Err(error) if is_refusal(error) || unknown(error));
        let message = if wrong_organization {
            format!(
                "Wrong organization, or no permission at all: the key may read neither the trail nor the members of organization {organization}. \
                 Check that organizationId is the organization that the key belongs to; if it is, give the key's principal the permission sets {} and {} \
                 on the organization. A permission granted less than two minutes ago may still be propagating.",
                scaleway::audit_trail::PERMISSION_SET,
                iam::PERMISSION_SET
            )
        } else {
            format!(
                "Missing permission: the key may not read the trail of organization {organization}. Give its principal the permission set {} \
                 on the organization. A permission granted less than two minutes ago may still be propagating.",
                scaleway::audit_trail::PERMISSION_SET
            )
        };
        return (false, message);
    }
    if !errors.is_empty() {
        let list: Vec<String> =
            errors.iter().map(|(name, error)| format!("{}: {error}", shown(data_source, name))).collect();
        let answered: Vec<String> = regions
            .iter()
            .filter(|(_, region)| region.error.is_none() && !region.absent)
            .map(|(name, region)| counted(&shown(data_source, name), region))
            .collect();
        let unreachable =
            |(_, error): &(&str, &Error)| matches!(error, Error::Unreachable { .. } | Error::Timeout { .. });
        let rest = if answered.is_empty() {
            if errors.iter().all(unreachable) { "The API is unreachable.".to_owned() } else { String::new() }
        } else {
            let advice = if errors.iter().any(|(name, _)| is_configured(data_source, name)) {
                "Remove a region that your organization does not use from the setting regions."
            } else {
                "Every answer needs the global events: those of IAM, of accounts and of log-ins."
            };
            format!("The other regions answer; events of the last hour: {}. {advice}", answered.join(", "))
        };
        let what = if answered.is_empty() { "No region answers" } else { "A region does not answer" };
        return (false, format!("{what}: {}. {rest}", list.join("; ")).trim_end().to_owned());
    }
    (true, lookups.sentences(propagating))
}

async fn regions(data_source: &DataSource, deadline: Instant) -> BTreeMap<String, Region> {
    let (tries, pause) = PROPAGATION;
    let is_refused = |region: &Region| region.absent || matches!(region.error, Some(Error::Forbidden { .. }));
    let mut found = last_hour(data_source, &data_source.regions(), deadline).await;
    for _ in 1..tries {
        // Where other regions answer, the client has tried again long enough.
        if !found.values().all(is_refused) || Instant::now() + pause >= deadline {
            break;
        }
        tokio::time::sleep(pause).await;
        found = last_hour(data_source, &data_source.regions(), deadline).await;
    }
    found
}

async fn last_hour(data_source: &DataSource, regions: &[String], deadline: Instant) -> BTreeMap<String, Region> {
    let now = data_source.clock.now();
    let last_hour = Interval::new(now - HOUR, now);
    let windows: Vec<_> = plan::windows(&Scope::default(), regions, &Catalogue::default(), None, last_hour)
        .into_iter()
        .filter(|window| regions.contains(&window.region))
        .collect();
    let mut found = BTreeMap::new();
    for listing in data_source.cache.read(&windows, Freshness::Own, deadline).await {
        let error = listing.gaps.iter().find_map(|gap| match gap {
            Gap::Failed(error) => Some(error.clone()),
            _ => None,
        });
        let global = || filter::global(&listing.events).iter().filter(|is_global| **is_global).count();
        let events = if is_configured(data_source, &listing.region) { listing.events.len() } else { global() };
        // A region may be read as several lists.
        let none = Region { events: 0, complete: true, error: None, absent: listing.absent };
        let region: &mut Region = found.entry(listing.region).or_insert(none);
        region.events += events;
        region.complete &= listing.gaps.is_empty();
        region.error = region.error.take().or(error);
    }
    found
}
