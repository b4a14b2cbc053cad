//! From a query to the events that it means: plan, read, filter, name, weigh; and what is missing is said.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use arrow::array::Array;

use super::address;
use super::condition::{Alternative, Condition, Name, Test};
use super::cpu::spawn_cpu;
use super::data_source::DataSource;
use super::dimension::Dimension;
use super::directory::Labels;
use super::documentation::Topic;
use super::error::Failure;
use super::filter::{self, OwnNames};
use super::incomplete::Incomplete;
use super::keys::Keys;
use super::listings::{complete_enough, describe, gaps, incomplete, limited, merge, retention};
use super::model::{Query, Question, Request};
use super::naming::{self, Named};
use super::principals::{SCALEWAY, no_principal, of_scaleway, principal_ids, unknown_principals, with_asked};
use super::scope::Scope;
use super::text::{self, listed};
use super::{plan, unknown};
use crate::cache::Freshness;
use crate::event::{Column, Events, Kind, Long};
use crate::frame::{Frame, Notice};
use crate::risk::{self, Risk};
use crate::scaleway::audit_trail::Gap;
use crate::scaleway::iam::Names;
use crate::scaleway::{Error, Found, account, explorer};

/// The events that a query means, with what is known about them.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The events, newest first.
    pub events: Events,
    risks: OnceLock<Vec<Option<&'static Risk>>>,
    names: Arc<Names>,
    /// What the ids of a column stand for, where the question is about their values.
    labels: Arc<Labels>,
    gaps: Vec<(String, Gap)>,
    /// From when events may be missing.
    pub(super) incomplete: Vec<Incomplete>,
    notices: Vec<Notice>,
    executed: String,
}

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
        let mut known = Ok(Found::fresh(Arc::<Names>::default()));
        if !scope.principals.is_empty() {
            known = data_source.names(deadline, |names| !unknown_principals(scope, names).is_empty()).await;
        }
        let mut trail_failure = None;
        if let Ok(found) = &mut known {
            (found.value, trail_failure) = data_source.with_departed(scope, &found.value, deadline).await;
        }
        let ids = principal_ids(scope, known.as_ref().ok().map(|names| &*names.value));
        let asked_for = known.as_ref().map(|names| Arc::clone(&names.value)).unwrap_or_default();
        let regions = if scope.regions.is_empty() { &data_source.settings.regions } else { &scope.regions };
        let mut asked = unknown::Question::of(data_source, query, request);
        asked.remember();
        let catalogue = asked.catalogue(deadline).await;
        let range = (request.from, request.to);
        let windows = plan::windows(&narrowed(scope, &query.filters), regions, &catalogue, ids.as_deref(), range);
        let freshness = if request.from_alert { Freshness::Own } else { Freshness::Shared };
        let wants_names = needs_names(query, scope, request);
        let no_names = || Ok(Found::fresh(Arc::default()));
        let any_names = async { if wants_names { data_source.names(deadline, |_| false).await } else { no_names() } };
        let reading = data_source.cache.read(&windows, freshness, deadline);
        let (listings, any_names, unlisted, labels) =
            tokio::join!(reading, any_names, asked.verdict(deadline), labels(data_source, query, deadline));

        let mut gaps = gaps(&listings);
        complete_enough(&listings, &gaps, query, request)?;
        let mut incomplete = incomplete(&listings);
        let replaced = listings.iter().any(|listing| listing.replaced);
        let absent = listings.iter().filter(|listing| listing.absent && scope.regions.contains(&listing.region));
        let absent: BTreeSet<String> = absent.map(|listing| listing.region.clone()).collect();
        let mut events = merge(listings, regions)?;
        if let Some((gap, cut)) = limited(&mut events, data_source.settings.max_events, request)? {
            incomplete.push(cut);
            gaps.push(("all regions".to_owned(), gap));
        }
        if known.is_ok() {
            known = any_names;
        }
        // What is left to look up has its share of the time, too.
        let names_by = data_source.deadline_of_names(deadline);
        if wants_names
            && let Ok(some) = &known
            && unnamed(&events, &some.value)
        {
            known = data_source.names(names_by, |names| unnamed(&events, names)).await;
        }
        if request.from_alert {
            known = known.and_then(Found::unexpired);
        }
        let mut names = known.as_ref().map(|names| Arc::clone(&names.value)).unwrap_or_default();
        if known.is_ok() {
            names = with_asked(names, scope, &asked_for);
        }
        // To a rule without permission for IAM, principals are ids for good.
        let lasting = request.from_alert && matches!(known, Err(Error::Forbidden { .. }));
        let mut principals = if wants_names && !lasting {
            naming::named(data_source, &events, names, request.from_alert, names_by).await
        } else {
            Named { names, failure: None }
        };
        principals.failure = principals.failure.or(trail_failure);
        let mut notices = Vec::from_iter(unlisted?);
        notices.extend(named_enough(query, scope, &known, &principals, &events, request)?);
        let (labels, label_notice) = labels.unwrap_or_default();
        notices.extend(label_notice);

        notices.extend(absent.iter().map(|region| {
            let text = format!("region {region} does not exist for this organization, so that it has no events");
            Topic::Absent.warning(text)
        }));
        if let Some((notice, retention)) = retention(request)? {
            notices.push(Topic::Retention.warning(notice));
            incomplete.push(retention);
        }
        // Grafana's panels show the last of several warnings.
        let gap = |(place, gap): &(String, Gap)| Topic::of(gap).warning(format!("{place}: {}", gap.summary()));
        notices.extend(gaps.iter().map(gap));
        if replaced {
            notices.push(
                Topic::InvalidText
                    .info("some text from Scaleway was not valid UTF-8; the bytes in question show as \u{fffd}"),
            );
        }
        let executed = windows.iter().map(describe).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("\n");
        let (names, is_iam_known) = (principals.names, known.is_ok());
        let mut answer = Self { events, risks: OnceLock::new(), names, labels, gaps, incomplete, notices, executed };
        let query = query.clone();
        spawn_cpu(answer.events.len(), deadline, move || {
            answer.choose(&query)?;
            if wants_names && is_iam_known {
                answer.notices.extend(naming::notice(&answer.events, &answer.names));
            }
            Ok(answer)
        })
        .await
    }

    /// Leaves only the events that a query means.
    fn choose(&mut self, query: &Query) -> Result<(), Failure> {
        let scope = &query.scope;
        self.keep(&filter::mask(scope, &self.events, &self.names))?;
        if !scope.risk_classes.is_empty() || !scope.severities.is_empty() || !query.filters.is_empty() {
            self.keep(&wanted(self, scope, &query.filters))?;
        }
        Ok(())
    }

    /// Who has no name in IAM may be named by the event's resource.
    fn own_names(&self) -> OwnNames {
        OwnNames::of(&self.events, |id| self.names.get(id).is_none())
    }

    /// What each event means.
    #[must_use]
    pub fn risks(&self) -> &[Option<&'static Risk>] {
        self.risks.get_or_init(|| risk::known(&self.events))
    }

    /// The same answer whose events mean something else, one by one.
    #[must_use]
    pub fn meaning(mut self, risks: Vec<Option<&'static Risk>>) -> Self {
        self.risks = OnceLock::from(risks);
        self
    }

    /// A dimension's text for the event of a row.
    pub fn dimension<'a>(&'a self, dimension: Dimension) -> impl Fn(usize) -> Option<Cow<'a, str>> {
        let own_names = (dimension == Dimension::Principal).then(|| self.own_names());
        let (principal, kind) = (self.events.text(Column::PrincipalId), self.events.text(Column::Kind));
        let text = match dimension {
            Dimension::Column(column) => Some(self.events.text(column)),
            _ => None,
        };
        let statuses = self.events.statuses();
        let long = match dimension {
            Dimension::Id => Some(self.events.long(Long::Id)),
            Dimension::RequestId => Some(self.events.long(Long::RequestId)),
            _ => None,
        };
        move |row| match dimension {
            Dimension::Principal => {
                let Some(id) = principal.get(row) else {
                    return (kind.get(row) == Some(Kind::System.as_str())).then_some(Cow::Borrowed(SCALEWAY));
                };
                let own = || Some(Cow::Owned(own_names.as_ref()?.get(row)?.to_owned()));
                let name = self.names.get(id).map(|who| Cow::Borrowed(who.name.as_str()));
                Some(name.or_else(own).unwrap_or(Cow::Borrowed(id)))
            }
            Dimension::Status => statuses.is_valid(row).then(|| Cow::Owned(statuses.value(row).to_string())),
            Dimension::RiskClass => self.risks()[row].map(|risk| Cow::Borrowed(risk.class)),
            Dimension::Severity => self.risks()[row].map(|risk| Cow::Borrowed(risk.severity.as_str())),
            Dimension::Attack => {
                self.risks()[row].filter(|risk| !risk.attack.is_empty()).map(|risk| Cow::Owned(risk.attack.join(" ")))
            }
            Dimension::Id | Dimension::RequestId => {
                long.filter(|texts| texts.is_valid(row)).map(|texts| Cow::Borrowed(texts.value(row)))
            }
            Dimension::Column(Column::SourceIp) => text.and_then(|text| text.get(row)).map(address::canonical),
            Dimension::Column(_) => text.and_then(|text| text.get(row)).map(Cow::Borrowed),
        }
    }

    /// A dimension's texts as keys.
    #[must_use]
    pub fn keys(&self, dimension: Dimension) -> Keys<'_> {
        let rows = self.events.len();
        match dimension {
            Dimension::Column(Column::SourceIp) => {
                Keys::named(&self.events, &[Column::SourceIp], address::canonical, std::iter::empty())
            }
            Dimension::Column(column) => Keys::of(&self.events, column),
            Dimension::Principal => {
                let name = |id| Cow::Borrowed(self.names.get(id).map_or(id, |who| who.name.as_str()));
                let own = self.own_names();
                let own = own.iter().map(|(row, name)| (row, Some(Cow::Owned(name.to_owned()))));
                let ours = of_scaleway(&self.events).into_iter().map(|row| (row, Some(Cow::Borrowed(SCALEWAY))));
                let own = own.chain(ours);
                Keys::named(&self.events, &[Column::PrincipalId], name, own)
            }
            Dimension::Status => {
                let statuses = self.events.statuses();
                Keys::by(rows, |row| (statuses.is_valid(row), statuses.value(row)), self.dimension(dimension))
            }
            Dimension::Id | Dimension::RequestId => Keys::by(rows, |row| row, self.dimension(dimension)),
            Dimension::RiskClass | Dimension::Severity | Dimension::Attack => {
                Keys::by(rows, |row| self.risks()[row].map(std::ptr::from_ref), self.dimension(dimension))
            }
        }
    }

    /// The id that stands for the principal of an event's `principal_id`: a user has several.
    #[must_use]
    pub fn principal<'a>(&'a self, id: &'a str) -> &'a str {
        self.names.in_iam(id)
    }

    /// When the newest event was recorded.
    #[must_use]
    pub(super) fn newest_time(&self) -> Option<i64> {
        self.events.times().values().first().copied()
    }

    /// What an id stands for, where the question is about the values of its column.
    #[must_use]
    pub fn label(&self, id: &str) -> Option<&str> {
        self.labels.get(id).map(String::as_str)
    }

    /// The name of the principal that an id belongs to.
    #[must_use]
    pub fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(|who| who.name.as_str())
    }

    /// What is to be said about the answer, in sentences.
    #[must_use]
    pub fn notices(&self) -> Vec<&str> {
        self.notices.iter().map(|notice| notice.text.as_str()).collect()
    }

    /// What kept events from being read, if anything did.
    #[must_use]
    pub fn missing(&self) -> Option<Failure> {
        self.gaps.first().map(|(place, gap)| Failure { message: format!("{place}: {gap}"), ..Failure::from(gap) })
    }

    /// Whether it has no event, and events may be missing from it: then nothing is known, not even that there is none.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.events.is_empty() && !self.incomplete.is_empty()
    }

    /// Leaves only the events of some rows: those whose place in `rows` is true.
    ///
    /// # Errors
    /// When `rows` has another length than the answer.
    pub fn keep(&mut self, rows: &[bool]) -> Result<(), Failure> {
        self.events = self.events.filter(rows)?;
        self.risks = OnceLock::new();
        Ok(())
    }

    /// The `limit` newest events, with nothing to be said about them.
    #[must_use]
    pub fn newest(&self, limit: usize) -> Self {
        self.some(0..limit.min(self.events.len()))
    }

    /// The `limit` oldest events, newest first, with nothing to be said about them.
    #[must_use]
    pub fn oldest(&self, limit: usize) -> Self {
        self.some(self.events.len().saturating_sub(limit)..self.events.len())
    }

    fn some(&self, rows: Range<usize>) -> Self {
        self.of_events(self.events.slice(rows))
    }

    /// The events of some rows, which ascend, with nothing to be said about them.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn only(&self, rows: &[usize]) -> Self {
        let mut mask = vec![false; self.events.len()];
        for row in rows {
            mask[*row] = true;
        }
        // The mask has a place for each event.
        let only = self.of_events(self.events.filter(&mask).expect("the mask has one entry for each event"));
        only.meaning(rows.iter().map(|row| self.risks()[*row]).collect())
    }

    fn of_events(&self, events: Events) -> Self {
        Self {
            risks: OnceLock::new(),
            events,
            names: Arc::clone(&self.names),
            labels: Arc::clone(&self.labels),
            gaps: Vec::new(),
            incomplete: Vec::new(),
            notices: Vec::new(),
            executed: String::new(),
        }
    }

    /// The frames, the first with all that is to be said about the answer. What they say may quote other people's text.
    #[must_use]
    pub fn finish(self, mut frames: Vec<Frame>) -> Vec<Frame> {
        if let Some(frame) = frames.first_mut() {
            frame.meta.notices.splice(0..0, self.notices);
            frame.meta.executed_query_string = text::lines(&self.executed);
        }
        for notice in frames.iter_mut().flat_map(|frame| &mut frame.meta.notices) {
            notice.text = text::message(&notice.text).into_owned();
        }
        frames
    }
}

/// The scope with what conditions ask for, as far as that helps to read less.
fn narrowed(scope: &Scope, filters: &[Condition]) -> Scope {
    let mut scope = scope.clone();
    for filter in filters.iter().filter(|filter| !filter.negated) {
        let Test::OneOf(alternatives) = &filter.test else { continue };
        match filter.key {
            Dimension::Column(Column::Product) => narrow(&mut scope.products, alternatives, name),
            Dimension::Column(Column::Service) => narrow(&mut scope.services, alternatives, name),
            Dimension::Column(Column::Method) => narrow(&mut scope.methods, alternatives, name),
            Dimension::Column(Column::Project) => narrow(&mut scope.projects, alternatives, literal),
            _ => {}
        }
    }
    scope
}

/// Puts all alternatives into a list that is empty, where each is a value of it.
fn narrow<T>(list: &mut Vec<T>, alternatives: &[Alternative], value: impl Fn(&Alternative) -> Option<T>) {
    if list.is_empty() {
        *list = alternatives.iter().map(value).collect::<Option<_>>().unwrap_or_default();
    }
}

fn name(alternative: &Alternative) -> Option<Name> {
    match alternative {
        Alternative::Name(name) => Some(name.clone()),
        _ => None,
    }
}

fn literal(alternative: &Alternative) -> Option<String> {
    match alternative {
        Alternative::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// What a scope's risks and the conditions leave of an answer.
fn wanted(answer: &Answer, scope: &Scope, filters: &[Condition]) -> Vec<bool> {
    let mut wanted: Vec<bool> = answer.risks().iter().map(|risk| matches_risk(scope, *risk)).collect();
    for filter in filters {
        let keys = answer.keys(filter.key);
        // The last key is that of the events without a text.
        let keeps: Vec<bool> = (0..=keys.len()).map(|key| filter.keeps(keys.text(key))).collect();
        for (row, wanted) in wanted.iter_mut().enumerate() {
            *wanted = *wanted && keeps[keys.key(row)];
        }
    }
    wanted
}

/// Whether the answer shows names, or depends on them.
fn needs_names(query: &Query, scope: &Scope, request: &Request) -> bool {
    let shown = match &query.question {
        Question::Counts(counts) => counts.group_by.contains(&Dimension::Principal),
        Question::Values(values) => {
            matches!(values.column, Dimension::Principal | Dimension::Column(Column::PrincipalId))
        }
        Question::Annotations(_) | Question::Events(_) => !request.from_alert,
        Question::Volume => false,
    };
    let filtered = query.filters.iter().any(|filter| filter.key == Dimension::Principal);
    shown || filtered || !scope.principals.is_empty() || scope.searches()
}

fn unnamed(events: &Events, names: &Names) -> bool {
    let mut any = false;
    events.find(Column::PrincipalId, |id| id.is_some_and(|id| names.get(id).is_none()), |_| any = true);
    any
}

/// The names of what a variable's values are the ids of, and a notice where they are not the newest; the events have
/// names of their own.
async fn labels(data_source: &DataSource, query: &Query, deadline: Instant) -> Option<(Arc<Labels>, Option<Notice>)> {
    let Question::Values(values) = &query.question else { return None };
    let (found, what, source, permission_set) = match values.column {
        Dimension::Column(Column::Project) => {
            (data_source.projects(deadline).await, "projects", "the Account API", account::PERMISSION_SET)
        }
        Dimension::Column(Column::ResourceId) => {
            (data_source.resources(deadline).await, "resources", "Resource Explorer", explorer::PERMISSION_SET)
        }
        _ => return None,
    };
    let error = match found {
        Ok(Found { value, stale }) => {
            let notice =
                stale.map(|stale| Topic::EarlierNames.info(stale.sentence(&format!("Names of {what}"), source)));
            return Some((value, notice));
        }
        Err(error) => error,
    };
    let advice = match error {
        Error::Forbidden { .. } => format!("the key's principal lacks the permission set {permission_set}"),
        _ => format!("{source} cannot be read: {}", error.summary()),
    };
    let message = format!("{what} are shown by id where no event tells their name, because {advice}");
    Some((Arc::default(), Some(Topic::Labels.info(message))))
}

/// Notices about names; an error where an alert rule's answer depends on them.
fn named_enough(
    query: &Query,
    scope: &Scope,
    known: &Result<Found<Names>, Error>,
    named: &Named,
    events: &Events,
    request: &Request,
) -> Result<Vec<Notice>, Failure> {
    let unknown = unknown_principals(scope, &named.names);
    let grouped =
        matches!(&query.question, Question::Counts(counts) if counts.group_by.contains(&Dimension::Principal));
    let searched = scope.searches();
    let filtered = query.filters.iter().any(|filter| filter.key == Dimension::Principal);
    let mut notices = Vec::new();
    if let Some(error) = &named.failure {
        let cause = error.summary();
        let message = format!("some principals are shown by id, because the trail does not tell their names: {cause}");
        if request.from_alert && (!unknown.is_empty() || filtered || searched || grouped) {
            return Err(Failure { message, ..Failure::from(error.clone()) });
        }
        notices.push(Topic::TrailNames.info(message));
    }
    let error = match known {
        Ok(Found { stale, .. }) => {
            if let Some(message) = no_principal(scope, &named.names) {
                if request.from_alert {
                    return Err(Failure::input(message));
                }
                notices.push(Topic::Unknown.warning(message));
            }
            notices.extend(stale.as_ref().map(|stale| Topic::EarlierNames.info(stale.sentence("Names", "IAM"))));
            return Ok(notices);
        }
        Err(error) => error,
    };
    let lasting = matches!(error, Error::Forbidden { .. });
    let how = if named.names.all().is_empty() { "" } else { ", or by the name that the trail tells" };
    let message = |why: String| format!("principals are shown by id{how}, because IAM cannot be read: {why}");
    // A group's label is then an id for good, and the numbers are the same; what is searched for by name is missed.
    if request.from_alert && (!unknown.is_empty() || filtered || searched || (grouped && !lasting)) {
        return Err(Failure { message: message(error.to_string()), ..Failure::from(error.clone()) });
    }
    let message = message(error.summary());
    if !unknown.is_empty() {
        let message = format!("{message}; {} can only be found where an event itself tells the name", listed(&unknown));
        return Ok(vec![Topic::Names.warning(message)]);
    }
    if searched || filtered {
        let message = format!("{message}; what the query asks of their names cannot be found");
        return Ok(vec![Topic::Names.warning(message)]);
    }
    Ok(Vec::from_iter((!events.is_empty()).then(|| Topic::Names.info(message))))
}

fn matches_risk(scope: &Scope, risk: Option<&Risk>) -> bool {
    let Some(risk) = risk else { return scope.risk_classes.is_empty() && scope.severities.is_empty() };
    (scope.risk_classes.is_empty() || scope.risk_classes.iter().any(|class| class == risk.class))
        && (scope.severities.is_empty() || scope.severities.contains(&risk.severity))
}

impl Answer {
    /// An answer without events, of which there is only this to be said.
    #[must_use]
    pub(super) fn nothing(notice: Notice) -> Self {
        Self { notices: vec![notice], ..Self::default() }
    }

    /// Adds something to be said about the answer.
    pub(super) fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}

#[cfg(test)]
impl Answer {
    /// The answer that these events make, without names, for tests.
    pub(super) fn of(events: &Events) -> Self {
        let events = events.with_risks(risk::weigh);
        Self {
            events,
            risks: OnceLock::new(),
            names: Arc::default(),
            labels: Arc::default(),
            gaps: Vec::new(),
            incomplete: Vec::new(),
            notices: Vec::new(),
            executed: String::new(),
        }
    }
}
