//! From a query to the events that it means: plan, read, name, filter.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::answer::{Answer, Past};
use super::baseline_days::BaselineDays;
use super::condition::Condition;
use super::cpu::spawn_cpu;
use super::data_source::DataSource;
use super::dimension::Dimension;
use super::directory::Labels;
use super::documentation::Topic;
use super::error::Failure;
use super::listings::{ReadEvents, describe};
use super::model::Query;
use super::naming::{self, Naming};
#[cfg(feature = "terminal")]
use super::novelty::Novelty;
use super::question::Needs;
use super::request::Request;
use super::scope::Scope;
use super::unknown::NameCheck;
use super::{filter, plan, relatives};
use crate::cache::Freshness;
use crate::event::Column;
#[cfg(feature = "terminal")]
use crate::event::Events;
use crate::frame::Notice;
use crate::locale::{Language, Sentence};
#[cfg(feature = "terminal")]
use crate::profile::{Day, Profile};
use crate::risk::Risk;
#[cfg(feature = "terminal")]
use crate::risk::RuleSet;
use crate::scaleway::{Error, Found, account, explorer};

impl Answer {
    /// Gathers the events of a query.
    ///
    /// # Errors
    /// When nothing could be read at all, unless annotations can show it; for an alert rule also when anything is missing.
    pub async fn gather(
        data_source: &DataSource,
        query: &Query,
        request: &Request,
        deadline: Instant,
    ) -> Result<Self, Failure> {
        let scope = &query.scope;
        let needs = query.question.needs_for(request)?;
        let (novelty, novelty_notice) = data_source.novelty(query, needs, request, deadline).await?;
        let baseline_days = data_source.baseline_days(query, request, deadline).await?;
        let naming = Naming::of_scope(data_source, query, needs.names, request.from_alert, deadline).await;
        let mut spelling = NameCheck::of(data_source, query, request);
        spelling.remember();
        let catalogue = spelling.catalogue(deadline).await;
        let (planned, regions) = planned(query, needs, &data_source.settings.regions);
        let (ids, range) = (naming.ids(), request.range);
        let windows = plan::windows(&planned, &regions, &catalogue, ids.as_deref(), range);
        let freshness = if request.from_alert { Freshness::Own } else { Freshness::Shared };
        let (listings, names, spelled, labels) = tokio::join!(
            data_source.cache.read(&windows, freshness, deadline),
            naming.cached(),
            spelling.verdict(deadline),
            labels(data_source, needs.labels, query.language, deadline)
        );
        let mut read = ReadEvents::of(listings, &regions, needs.shows_gaps, request, query.language)?;
        read.limit(data_source.settings.max_events, request)?;
        let principals = naming.of_events(names, &read.events).await;
        let mut notices = Vec::from_iter(spelled?);
        notices.extend(novelty_notice);
        notices.extend(baseline_days.iter().flat_map(|days| days.notices.clone()));
        notices.extend(principals.notices(&read.events)?);
        let (labels, label_notice) = labels.unwrap_or_default();
        notices.extend(label_notice);
        notices.extend(read.notices(scope, request, data_source.cache.coverage())?);
        let executed = windows.iter().map(describe).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("\n");
        let has_iam = principals.has_iam();
        let mut answer = Self {
            novelty,
            names: principals.names,
            labels,
            incomplete: read.incomplete,
            notices,
            executed,
            language: query.language,
            ..Self::new(read.events, Arc::clone(&data_source.rules))
        };
        let query = query.clone();
        let redacted = request.redacted;
        spawn_cpu(answer.cost(), deadline, move || {
            if redacted {
                answer.redact();
            }
            if let Some(days) = baseline_days {
                answer.set_past(days, &query.scope)?;
            }
            answer.choose(&query, needs)?;
            if has_iam {
                answer.notices.extend(naming::notice(&answer.events, &answer.names, answer.language));
            }
            Ok(answer)
        })
        .await
    }

    /// The answer that events at hand are, judged by the whole days before the end of the range.
    #[cfg(feature = "terminal")]
    pub(super) fn at_hand(events: &Events, query: &Query, request: &Request) -> Result<Self, Failure> {
        let range = request.range;
        let mut answer = Self::new(events.within(range), RuleSet::built_in());
        answer.language = query.language;
        answer.novelty = Novelty::new(Some(Arc::new(Profile::of_events(events, Day::of(range.end)))));
        answer.choose(query, query.question.needs_for(request)?)?;
        Ok(answer)
    }

    /// Removes what viewers may not see, before any filter could tell it. Risks and novelties are those of the whole events.
    fn redact(&mut self) {
        self.events = self.events.redacted();
        self.notices.push(Topic::Hidden.info(Sentence::HiddenDetails.text(self.language)));
    }

    /// Has the events of the whole trail as the past, and leaves those of a scope's regions.
    fn set_past(&mut self, days: BaselineDays, scope: &Scope) -> Result<(), Failure> {
        self.past = Some(Past { profile: days.profile(&self.events), events: self.events.clone() });
        self.retain_regions(scope)
    }

    /// Leaves only the events of the regions of a scope, and those that belong to every region's answer.
    fn retain_regions(&mut self, scope: &Scope) -> Result<(), Failure> {
        if scope.regions.is_empty() {
            return Ok(());
        }
        let mut rows = filter::global(&self.events);
        let regions = self.events.text(Column::Region);
        for (row, is_wanted) in rows.iter_mut().enumerate() {
            let of_region = |region: &str| scope.regions.iter().any(|wanted| wanted == region);
            *is_wanted = *is_wanted || regions.get(row).is_some_and(of_region);
        }
        self.retain_rows(&rows)
    }

    /// Leaves only the events that a query means.
    fn choose(&mut self, query: &Query, needs: Needs) -> Result<(), Failure> {
        let scope = &query.scope;
        match needs.relatives.then(|| relatives::closeness(scope, &self.events)).flatten() {
            None => self.retain_rows(&filter::mask(scope, &self.events, &self.names, &self.rules))?,
            Some(closeness) => {
                let others = Scope { resource_ids: Vec::new(), resource_names: Vec::new(), ..scope.clone() };
                let mut rows = filter::mask(&others, &self.events, &self.names, &self.rules);
                rows.iter_mut().zip(&closeness).for_each(|(row, closeness)| *row = *row && closeness.is_some());
                self.retain_rows(&rows)?;
                let left = rows.into_iter().zip(closeness).filter_map(|(row, closeness)| closeness.filter(|_| row));
                self.closeness = Some(left.collect());
            }
        }
        if !scope.risk_classes.is_empty() || !scope.severities.is_empty() || !query.filters.is_empty() {
            self.retain_rows(&wanted(self, scope, &query.filters))?;
        }
        if !scope.novelties.is_empty() {
            let (levels, names) = (self.keys(Dimension::Novelty), scope.novelties.iter().map(|level| level.as_str()));
            let names: Vec<&str> = names.collect();
            let is_wanted = |row| levels.get(row).is_some_and(|level| names.contains(&level));
            let rows: Vec<bool> = (0..self.events.len()).map(is_wanted).collect();
            drop(levels);
            self.retain_rows(&rows)?;
        }
        Ok(())
    }
}

/// The scope and the regions whose events are read. The whole trail is that of all regions of the settings, as the profile is.
fn planned(query: &Query, needs: Needs, all: &[String]) -> (Scope, Vec<String>) {
    let scope = &query.scope;
    if needs.whole_trail {
        let others = scope.regions.iter().filter(|region| !all.contains(region));
        return (Scope::default(), all.iter().chain(others).cloned().collect());
    }
    let regions = if scope.regions.is_empty() { all } else { &scope.regions };
    (plan::narrowed(scope, &query.filters), regions.to_vec())
}

/// The events of an answer that match a scope's risks and the conditions.
fn wanted(answer: &Answer, scope: &Scope, filters: &[Condition]) -> Vec<bool> {
    let mut wanted: Vec<bool> = (0..answer.events.len()).map(|row| matches_risk(scope, answer.risk(row))).collect();
    for filter in filters {
        let keys = answer.keys(filter.key);
        // The last key is that of the events without a text.
        let selects: Vec<bool> = (0..=keys.len()).map(|key| filter.selects(keys.text(key))).collect();
        for (row, wanted) in wanted.iter_mut().enumerate() {
            *wanted = *wanted && selects[keys.key(row)];
        }
    }
    wanted
}

fn matches_risk(scope: &Scope, risk: Option<&Risk>) -> bool {
    let Some(risk) = risk else { return scope.risk_classes.is_empty() && scope.severities.is_empty() };
    (scope.risk_classes.is_empty() || scope.risk_classes.contains(&risk.class))
        && (scope.severities.is_empty() || scope.severities.contains(&risk.severity))
}

/// The names of the ids that are a variable's values, and a notice where they are not the newest; the events have names of
/// their own.
async fn labels(
    data_source: &DataSource,
    column: Option<Column>,
    language: Language,
    deadline: Instant,
) -> Option<(Arc<Labels>, Option<Notice>)> {
    let is_of_projects = match column? {
        Column::Project => true,
        Column::ResourceId => false,
        _ => return None,
    };
    let (found, source, set) = if is_of_projects {
        let found = data_source.directory.projects(deadline, false).await;
        (found, Sentence::AccountApi.text(language), account::PERMISSION_SET)
    } else {
        let found = data_source.directory.resources(deadline, false).await;
        (found, "Resource Explorer".to_owned(), explorer::PERMISSION_SET)
    };
    let error = match found {
        Ok(Found { value, stale }) => {
            let what = if is_of_projects { Sentence::NamesOfProjects } else { Sentence::NamesOfResources };
            let notice =
                stale.map(|stale| Topic::EarlierNames.info(stale.sentence(language, &what.text(language), &source)));
            return Some((value, notice));
        }
        Err(error) => error,
    };
    let advice = &match error {
        Error::Forbidden { .. } => Sentence::LacksPermission { set }.text(language),
        _ => Sentence::CannotBeRead { source: &source, error: &error.summary() }.text(language),
    };
    let by_id = if is_of_projects { Sentence::ProjectsById { advice } } else { Sentence::ResourcesById { advice } };
    Some((Arc::default(), Some(Topic::Labels.info(by_id.text(language)))))
}
