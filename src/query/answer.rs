//! From a query to the events that it means: plan, read, filter, name, weigh; and what is missing is said.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use arrow::array::Array;
use arrow::error::ArrowError;

use super::address;
use super::condition::{Alternative, Condition, Name, Test};
use super::cpu::spawn_cpu;
use super::documentation::Topic;
use super::filter::{self, OwnNames};
use super::incomplete::{Incomplete, Reason};
use super::keys::Keys;
use super::model::{Dimension, Query, Question, Request};
use super::naming::{self, Named};
use super::scope::Scope;
use super::text::{self, plain};
use super::{Desk, Labels, plan, unknown};
use crate::cache::{Freshness, Listing};
use crate::event::{Column, Events, Kind, List, Long};
use crate::frame::{Frame, Notice};
use crate::risk::{self, Risk};
use crate::scaleway::audit_trail::{GLOBAL_REGION, Gap, RETENTION_DAYS, Window};
use crate::scaleway::iam::Names;
use crate::scaleway::{Error, Found, account, explorer};

/// Whose fault a failure is, as Grafana wants to know: it counts those of plugins against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This program's: a defect.
    Plugin,
    /// Everything else, as in Grafana's own data sources: the query, the settings, a limit of theirs, the network, Scaleway.
    Downstream,
}

impl Fault {
    /// The name in Grafana's protocol.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Downstream => "downstream",
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What happened and what to do, for people.
    pub message: String,
    /// An HTTP status.
    pub status: u16,
    /// Whose fault it is.
    pub fault: Fault,
}

impl Failure {
    /// A query, range or setting that cannot be used.
    #[must_use]
    pub fn input(message: String) -> Self {
        Self { message, status: 400, fault: Fault::Downstream }
    }

    /// No processor was free for the answer before its deadline.
    #[must_use]
    pub fn busy() -> Self {
        let message = "the plugin's processors were busy with other answers until queryTimeoutSeconds had passed. Ask for a \
                       shorter range or fewer panels at once, or give Grafana's server more processors";
        Self { message: message.to_owned(), status: 503, fault: Fault::Downstream }
    }

    /// A fault of this program.
    #[must_use]
    pub fn internal(message: String) -> Self {
        Self { message, status: 500, fault: Fault::Plugin }
    }
}

impl From<&Gap> for Failure {
    fn from(gap: &Gap) -> Self {
        let (status, fault) = match gap {
            Gap::Failed(error) => (error.status(), Fault::Downstream),
            Gap::Limit(_) | Gap::Bytes => (400, Fault::Downstream),
            Gap::RepeatedToken | Gap::Barren(_) | Gap::Malformed { .. } => (502, Fault::Downstream),
            Gap::Late => (504, Fault::Downstream),
            Gap::Broken => (500, Fault::Plugin),
        };
        Self { message: gap.to_string(), status, fault }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { message: error.to_string(), status: error.status(), fault: Fault::Downstream }
    }
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        Self::internal(format!("the answer does not fit into a frame: {error}"))
    }
}

/// The principal of events that Scaleway's own machinery causes.
pub const SCALEWAY: &str = "Scaleway";

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
    pub async fn gather(desk: &Desk, query: &Query, request: &Request, deadline: Instant) -> Result<Self, Failure> {
        let scope = &query.scope;
        let mut known = Ok(Found::fresh(Arc::<Names>::default()));
        if !scope.principals.is_empty() {
            known = desk.names(deadline, |names| !unknown_principals(scope, names).is_empty()).await;
        }
        let mut trail_failure = None;
        if let Ok(found) = &mut known {
            (found.value, trail_failure) = desk.with_departed(scope, &found.value, deadline).await;
        }
        let ids = principal_ids(scope, known.as_ref().ok().map(|names| &*names.value));
        let asked_for = known.as_ref().map(|names| Arc::clone(&names.value)).unwrap_or_default();
        let regions = if scope.regions.is_empty() { &desk.settings.regions } else { &scope.regions };
        let mut asked = unknown::Question::of(desk, query, request);
        asked.remember();
        let catalogue = asked.catalogue(deadline).await;
        let range = (request.from, request.to);
        let windows = plan::windows(&narrowed(scope, &query.filters), regions, &catalogue, ids.as_deref(), range);
        let freshness = if request.from_alert { Freshness::Own } else { Freshness::Shared };
        let wants_names = needs_names(query, scope, request);
        let no_names = || Ok(Found::fresh(Arc::default()));
        let any_names = async { if wants_names { desk.names(deadline, |_| false).await } else { no_names() } };
        let reading = desk.cache.read(&windows, freshness, deadline);
        let (listings, any_names, unlisted, labels) =
            tokio::join!(reading, any_names, asked.verdict(deadline), labels(desk, query, deadline));

        let mut gaps = gaps(&listings);
        complete_enough(&listings, &gaps, query, request)?;
        let mut incomplete = incomplete(&listings);
        let replaced = listings.iter().any(|listing| listing.replaced);
        let absent = listings.iter().filter(|listing| listing.absent && scope.regions.contains(&listing.region));
        let absent: BTreeSet<String> = absent.map(|listing| listing.region.clone()).collect();
        let mut events = merge(listings, regions)?;
        if let Some((gap, cut)) = limited(&mut events, desk.settings.max_events, request)? {
            incomplete.push(cut);
            gaps.push(("all regions".to_owned(), gap));
        }
        if known.is_ok() {
            known = any_names;
        }
        // What is left to look up has its share of the time, too.
        let names_by = desk.deadline_of_names(deadline);
        if wants_names
            && let Ok(some) = &known
            && unnamed(&events, &some.value)
        {
            known = desk.names(names_by, |names| unnamed(&events, names)).await;
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
            naming::named(desk, &events, names, request.from_alert, names_by).await
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

/// The rows of the events that Scaleway's own machinery causes: they name no principal.
pub(super) fn of_scaleway(events: &Events) -> Vec<usize> {
    let mut rows = Vec::new();
    events.find(Column::Kind, |kind| kind == Some(Kind::System.as_str()), |row| rows.push(row));
    if !rows.is_empty() {
        let principal = events.text(Column::PrincipalId);
        rows.retain(|row| principal.get(*row).is_none());
    }
    rows
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

fn looks_like_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
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

/// Whether a principal of a scope is Scaleway's own machinery, which has no id.
pub(super) fn is_scaleway(who: &str) -> bool {
    who.to_lowercase() == SCALEWAY.to_lowercase()
}

/// The ids of the principals that are called `name`: a user name, e-mail address or application name, in any case, or what
/// is shown of one.
pub(super) fn called<'a>(name: &str, names: &'a Names) -> Vec<&'a str> {
    let folded = name.to_lowercase();
    names.ids_of(|who| who.is_called(|alias| alias == folded) || text::is(&who.name, name))
}

/// The ids that a principal of a scope is known by: it may be an id itself, or the name of one or several.
fn ids_of(who: &str, names: &Names) -> Option<Vec<String>> {
    let mut ids: Vec<String> = called(who, names).into_iter().map(str::to_owned).collect();
    if looks_like_id(who) || names.get(who).is_some() {
        ids.extend(names.same_as(who).into_iter().map(str::to_owned));
        ids.push(who.to_owned());
    }
    (!ids.is_empty() || is_scaleway(who)).then_some(ids)
}

fn principal_ids(scope: &Scope, names: Option<&Names>) -> Option<Vec<String>> {
    let none = Names::default();
    let ids: Option<Vec<_>> = scope.principals.iter().map(|who| ids_of(who, names.unwrap_or(&none))).collect();
    let ids: BTreeSet<String> = ids?.into_iter().flatten().collect();
    Some(ids.into_iter().collect())
}

fn place(region: &str, list: List) -> String {
    format!("region {region}, {} events", list.as_str())
}

/// What is missing, each with where; once, however many listings of one place say the same.
fn gaps(listings: &[Listing]) -> Vec<(String, Gap)> {
    let mut gaps: Vec<(String, Gap)> = Vec::new();
    for listing in listings {
        for gap in &listing.gaps {
            let gap = (place(&listing.region, listing.list), gap.clone());
            if !gaps.contains(&gap) {
                gaps.push(gap);
            }
        }
    }
    gaps
}

/// From when events may be missing from the listings, and why.
fn incomplete(listings: &[Listing]) -> Vec<Incomplete> {
    let mut all = Vec::new();
    for listing in listings {
        let place = place(&listing.region, listing.list);
        let mut add = |reason: Reason, sentence: String, intervals: Vec<Range<i64>>| {
            let region = Some(listing.region.clone());
            all.push(Incomplete { region, reason, sentence: format!("{place}: {sentence}"), intervals });
        };
        for gap in &listing.gaps {
            let intervals = match gap {
                Gap::Malformed { .. } => {
                    // What is malformed may be as new as the interval's end.
                    listing.malformed.iter().map(|malformed| malformed.from..malformed.to.saturating_add(1)).collect()
                }
                _ => listing.missing.iter().map(|interval| interval.nanos()).collect(),
            };
            add(Reason::Gap(gap.clone()), gap.summary(), intervals);
        }
        if !listing.provisional.is_empty() {
            let sentence = "the latest events are cached ones, and some may be missing".to_owned();
            let intervals = listing.provisional.iter().map(|interval| interval.nanos()).collect();
            add(Reason::Cached, sentence, intervals);
        }
    }
    all
}

/// A panel shows what there is and says what is missing; a rule, or a panel with nothing to show, gets the error. Annotations
/// always have something to show: the interval that is missing.
fn complete_enough(
    listings: &[Listing],
    gaps: &[(String, Gap)],
    query: &Query,
    request: &Request,
) -> Result<(), Failure> {
    let nothing = listings
        .iter()
        .all(|listing| listing.events.is_empty() && listing.gaps.iter().any(|gap| matches!(gap, Gap::Failed(_))));
    let Some((place, gap)) = gaps.first() else { return Ok(()) };
    let shows_gaps = matches!(query.question, Question::Annotations(_)) && !request.from_alert;
    if nothing && !listings.is_empty() && !shows_gaps {
        return Err(Failure { message: format!("{place}: {gap}"), ..Failure::from(gap) });
    }
    if request.from_alert {
        let message = format!("the answer would be incomplete, and an alert rule needs all of it: {place}: {gap}");
        return Err(Failure { message, ..Failure::from(gap) });
    }
    Ok(())
}

/// All events, each once; from a region that was not asked for, only those that belong to every region.
fn merge(listings: Vec<Listing>, regions: &[String]) -> Result<Events, Failure> {
    let asked = |region: &String| region != GLOBAL_REGION || regions.contains(region);
    let parts: Result<Vec<Events>, ArrowError> = listings
        .into_iter()
        .map(|listing| {
            if asked(&listing.region) {
                Ok(listing.events)
            } else {
                listing.events.filter(&filter::global(&listing.events))
            }
        })
        .collect();
    Ok(Events::merge(&parts?)?)
}

/// Leaves the newest events where there are more than the settings allow: what is missing then, and from when.
fn limited(events: &mut Events, most: usize, request: &Request) -> Result<Option<(Gap, Incomplete)>, Failure> {
    if events.len() <= most {
        return Ok(None);
    }
    let gap = Gap::Limit(most);
    if request.from_alert {
        return Err(Failure::from(&gap));
    }
    *events = events.newest(most);
    let oldest = events.times().values().last().copied().unwrap_or(request.to);
    let cut = Incomplete {
        region: None,
        sentence: format!("all regions: {gap}"),
        reason: Reason::Gap(gap.clone()),
        intervals: std::iter::once(request.from..oldest).collect(),
    };
    Ok(Some((gap, cut)))
}

fn unnamed(events: &Events, names: &Names) -> bool {
    let mut any = false;
    events.find(Column::PrincipalId, |id| id.is_some_and(|id| names.get(id).is_none()), |_| any = true);
    any
}

/// The names of what a variable's values are the ids of, and a notice where they are not the newest; the events have
/// names of their own.
async fn labels(desk: &Desk, query: &Query, deadline: Instant) -> Option<(Arc<Labels>, Option<Notice>)> {
    let Question::Values(values) = &query.question else { return None };
    let (found, what, source, permission_set) = match values.column {
        Dimension::Column(Column::Project) => {
            (desk.projects(deadline).await, "projects", "the Account API", account::PERMISSION_SET)
        }
        Dimension::Column(Column::ResourceId) => {
            (desk.resources(deadline).await, "resources", "Resource Explorer", explorer::PERMISSION_SET)
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

/// Some texts, and how many more there are.
#[must_use]
pub fn listed(texts: &[impl AsRef<str>]) -> String {
    const LISTED: usize = 5;
    let some: Vec<&str> = texts.iter().take(LISTED).map(AsRef::as_ref).collect();
    match texts.len().saturating_sub(LISTED) {
        0 => some.join(", "),
        more => format!("{} and {more} more", some.join(", ")),
    }
}

/// The principals of a scope that are neither an id nor a name in IAM.
pub(super) fn unknown_principals<'a>(scope: &'a Scope, names: &Names) -> Vec<Cow<'a, str>> {
    scope.principals.iter().filter(|who| ids_of(who, names).is_none()).map(|who| plain(who)).collect()
}

/// The names together with those that only the trail tells of a scope's principals.
fn with_asked(names: Arc<Names>, scope: &Scope, asked_for: &Names) -> Arc<Names> {
    let ids: BTreeSet<&str> = scope.principals.iter().flat_map(|who| called(who, asked_for)).collect();
    let told = ids.into_iter().filter_map(|id| Some((id.to_owned(), asked_for.get(id)?.clone())));
    let told: Vec<_> = told.filter(|(_, who)| who.is_told).collect();
    if told.is_empty() { names } else { Arc::new(names.with(told)) }
}

/// What is said of them.
pub(super) fn no_principal(scope: &Scope, names: &Names) -> Option<String> {
    let unknown = unknown_principals(scope, names);
    (!unknown.is_empty()).then(|| format!("no principal is called {}", listed(&unknown)))
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

/// The trail is kept for a limited time: a range that begins earlier may lack events without anybody's error. The notice
/// tells since when, and the interval shows it.
fn retention(request: &Request) -> Result<Option<(String, Incomplete)>, Failure> {
    // The range was made a little before it is answered: the last ninety days are not older than that.
    let horizon = chrono::Utc::now() - chrono::Duration::days(RETENTION_DAYS) - chrono::Duration::minutes(5);
    let Some(end) = horizon.timestamp_nanos_opt().filter(|end| request.from < *end) else { return Ok(None) };
    let message = format!(
        "the range begins before {}; Scaleway keeps events for {RETENTION_DAYS} days, so that older ones may be missing",
        super::model::rfc3339(horizon)
    );
    if request.from_alert {
        return Err(Failure::input(message));
    }
    let sentence = format!("Scaleway keeps events for {RETENTION_DAYS} days, so that older ones may be missing");
    let intervals = std::iter::once(request.from..end.min(request.to)).collect();
    Ok(Some((message, Incomplete { region: None, reason: Reason::Retention, sentence, intervals })))
}

/// A window as the query inspector shows it.
fn describe(window: &Window) -> String {
    let filter = &window.filter;
    let status = filter.status.map(|code| code.to_string());
    let filters = [
        ("product", &filter.product),
        ("service", &filter.service),
        ("method", &filter.method),
        ("principal", &filter.principal),
        ("status", &status),
        ("project", &filter.project),
        ("resource type", &filter.resource_type),
    ];
    let filters = filters.iter().filter_map(|(name, value)| Some(format!(", {name} {}", value.as_deref()?)));
    place(&window.region, window.list) + &filters.collect::<String>()
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
