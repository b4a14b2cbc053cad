//! The desk: what can be asked, and how each question is answered. `docs/query-model.md` is the model for people.
//!
//! A question is one file here and one line in [`Question`].

pub mod address;
pub mod annotations;
pub mod answer;
pub mod buckets;
pub mod catalogue;
mod cluster;
pub mod condition;
mod console;
pub mod counts;
mod cpu;
mod directory;
mod documentation;
pub mod events;
pub mod filter;
mod incomplete;
pub mod keys;
pub mod model;
mod naming;
mod order;
pub mod plan;
pub mod scope;
pub mod sentence;
pub mod text;
mod unknown;
pub mod values;
mod variable;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::cache::{Api, EventCache, Limits};
use crate::frame::Frame;
use crate::scaleway::audit_trail::GLOBAL_REGION;
use crate::scaleway::iam::{Names, Principal};
use crate::scaleway::{self, Client, Error, Found};
use crate::settings::Settings;

use catalogue::Catalogue;
use cpu::spawn_cpu;
use directory::Directory;
use documentation::Topic;
use unknown::Unfamiliar;

pub use answer::{Answer, Failure};
pub use buckets::Buckets;
pub use directory::{Labels, Products};
pub use model::{Query, Question, Request};
pub use scope::Scope;

use model::Format;

/// What answers questions: one data source's settings, trail and names.
#[derive(Debug)]
pub struct Desk {
    /// The data source's settings.
    pub settings: Settings,
    /// The client for calls beside the trail's.
    pub client: Client,
    /// The events.
    pub cache: EventCache,
    /// What is looked up beside the events.
    directory: Directory,
    /// Names that queries have asked for.
    unfamiliar: Unfamiliar,
}

impl Desk {
    /// A desk for the settings of a data source.
    ///
    /// # Errors
    /// When no HTTP client can be made of them.
    pub fn new(settings: Settings, calls: &scaleway::Meter, events: &crate::cache::Meter) -> Result<Self, Error> {
        let client = Client::new(&settings, calls)?;
        let source = Api::new(client.clone(), &settings.organization_id);
        let cache = EventCache::new(source, &settings, Limits::default(), events.clone(), crate::risk::weigh);
        let directory = Directory::new(&client, &settings.organization_id, &settings.regions);
        Ok(Self { settings, client, cache, directory, unfamiliar: Unfamiliar::default() })
    }

    /// The principals' names; asked for again when they are old, or when `lacks` says that one is missing.
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
    pub async fn products_now(&self, deadline: Instant) -> Result<Products, Error> {
        self.directory.products(deadline, true).await
    }

    /// The names in the products' lists of all configured regions, where these are cached and good.
    fn cached_catalogue(&self) -> Option<Arc<Catalogue>> {
        self.directory.cached_catalogue()
    }

    /// The names of projects.
    ///
    /// # Errors
    /// When the Account API cannot be read, and never could.
    pub async fn projects(&self, deadline: Instant) -> Result<Found<Labels>, Error> {
        self.directory.projects(self.deadline_of_names(deadline), false).await
    }

    /// The names of projects as they are now, whatever is cached.
    ///
    /// # Errors
    /// When the Account API cannot be read, and never could.
    pub async fn projects_now(&self, deadline: Instant) -> Result<Found<Labels>, Error> {
        self.directory.projects(self.deadline_of_names(deadline), true).await
    }

    /// The names of resources, also of those without events.
    ///
    /// # Errors
    /// When Resource Explorer cannot be read, and never could.
    pub async fn resources(&self, deadline: Instant) -> Result<Found<Labels>, Error> {
        self.directory.resources(self.deadline_of_names(deadline), false).await
    }

    /// The names of resources as they are now, whatever is cached.
    ///
    /// # Errors
    /// When Resource Explorer cannot be read, and never could.
    pub async fn resources_now(&self, deadline: Instant) -> Result<Found<Labels>, Error> {
        self.directory.resources(self.deadline_of_names(deadline), true).await
    }

    /// The principals of ids that events of an answer tell, or have told before.
    fn seen(&self, ids: &[&str], told: HashMap<String, Principal>) -> HashMap<String, Principal> {
        self.directory.seen(ids, told)
    }

    /// The principals of ids that IAM does not know, as far as the trail tells them, and what kept it from telling.
    async fn told(&self, ids: &[&str], deadline: Instant) -> (Vec<(String, Principal)>, Option<Error>) {
        self.directory.told(ids, deadline).await
    }

    /// The names together with those of principals that were created or deleted, where a scope asks for a principal that IAM
    /// does not know, and what kept the trail from telling them.
    async fn with_departed(&self, scope: &Scope, names: &Arc<Names>, deadline: Instant) -> (Arc<Names>, Option<Error>) {
        if answer::unknown_principals(scope, names).is_empty() {
            return (Arc::clone(names), None);
        }
        match self.directory.departed(self.deadline_of_names(deadline)).await {
            Ok(Found { value, stale }) => (Arc::new(names.with((*value).clone())), stale.map(|stale| stale.error)),
            Err(error) => (Arc::clone(names), Some(error)),
        }
    }

    /// Names are the lesser part of an answer: they may not take the time that the events need.
    fn deadline_of_names(&self, deadline: Instant) -> Instant {
        deadline.min(Instant::now() + self.settings.query_timeout / 4)
    }

    /// The regions that are read where a query names none: those of the settings, and that of global events.
    #[must_use]
    pub fn regions(&self) -> Vec<String> {
        let mut regions = self.settings.regions.clone();
        if !regions.iter().any(|region| region == GLOBAL_REGION) {
            regions.push(GLOBAL_REGION.to_owned());
        }
        regions
    }

    /// The scope with the project of the settings where it names none.
    #[must_use]
    pub fn in_default_project(&self, scope: &Scope) -> Scope {
        let mut scope = scope.clone();
        if scope.projects.is_empty() {
            scope.projects.extend(self.settings.project_id.clone());
        }
        scope
    }

    /// Answers a query with frames; a hidden one with none.
    ///
    /// # Errors
    /// When the query cannot be understood or answered; under an alert rule also when the answer would be incomplete.
    pub async fn answer(&self, query: &Query, request: &Request) -> Result<Vec<Frame>, Failure> {
        self.answer_as(query, request, Ok).await
    }

    /// Answers a query with what `encode` makes of its frames, which is not given more time than the answer has.
    ///
    /// # Errors
    /// Those of [`answer`](Self::answer) and of `encode`.
    pub async fn answer_as<T: Send + 'static>(
        &self,
        query: &Query,
        request: &Request,
        encode: impl FnOnce(Vec<Frame>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let query = Query { scope: self.in_default_project(&query.scope), ..query.clone() };
        // A rule has no hidden query: to answer nothing would be to say that there are no data.
        if query.hide && !request.from_alert {
            return encode(Vec::new());
        }
        request.check(&query)?;
        let now = buckets::now();
        if !query.empty_variables.is_empty() {
            let notice = Topic::EmptyVariable.warning(variable::without_value(&query.empty_variables));
            return without_events(Answer::nothing(notice), &query, request, now).and_then(encode);
        }
        if request.from == request.to {
            let notice = Topic::EmptyRange.info("the range is empty: it ends where it begins");
            return without_events(Answer::nothing(notice), &query, request, now).and_then(encode);
        }
        let deadline = Instant::now() + self.settings.query_timeout;
        let buckets = Buckets::of(&query, request, now)?;
        let read = buckets.as_ref().map_or_else(|| request.clone(), |buckets| request.reading(buckets.read()));
        let answer = Answer::gather(self, &query, &read, deadline).await?;
        let request = request.clone();
        let rows = answer.events.len();
        spawn_cpu(rows, deadline, move || encode(frames(answer, &query, &request, buckets, now)?)).await
    }
}

fn frames(
    answer: Answer,
    query: &Query,
    request: &Request,
    buckets: Option<Buckets>,
    now: i64,
) -> Result<Vec<Frame>, Failure> {
    // A clock that is behind Scaleway's may not hide the events that it takes for future ones.
    let known = answer.newest_time().map_or(now, |newest| newest.max(now));
    if request.from > known {
        return in_the_future(answer, query, request, now);
    }
    if answer.is_unknown() && !request.from_alert {
        return nothing_known(answer, query, request);
    }
    let buckets = buckets.map(|buckets| buckets.until(known));
    let frames = match &query.question {
        Question::Counts(counts) => vec![counts::frame(counts, &answer, request, buckets.as_ref())?],
        Question::Values(values) => vec![values::frame(values, &answer)?],
        // A rule means the number of events, whatever the panel it was made from shows.
        Question::Annotations(_) | Question::Events(_) | Question::Volume if request.from_alert => {
            vec![counts::total(&answer)?]
        }
        Question::Annotations(annotations) => vec![annotations::frame(annotations, &answer, request)?],
        Question::Events(events) => vec![events::frame(events, &query.scope.text, &answer)?],
        Question::Volume => counts::volume(&answer, &buckets.expect("a volume has buckets")),
    };
    Ok(answer.finish(frames))
}

/// The frames of an answer that has no event, and from which events may be missing: no data, so that no tile says 0 and no
/// table looks as if nothing had happened. Annotations show what is missing, and log lines look like no data without a line.
fn nothing_known(answer: Answer, query: &Query, request: &Request) -> Result<Vec<Frame>, Failure> {
    let frame = match &query.question {
        Question::Counts(counts) => counts::no_data(counts.over),
        Question::Values(_) => values::no_data(),
        Question::Volume => counts::no_volume(),
        Question::Events(events) if events.format == Format::Table => events::no_data(),
        Question::Events(events) => events::frame(events, &query.scope.text, &answer)?,
        Question::Annotations(annotations) => annotations::frame(annotations, &answer, request)?,
    };
    Ok(answer.finish(vec![frame]))
}

/// The frames of an answer for which no event was even looked for: no data, and not a number.
fn without_events(answer: Answer, query: &Query, request: &Request, now: i64) -> Result<Vec<Frame>, Failure> {
    match &query.question {
        Question::Counts(counts) => Ok(answer.finish(vec![counts::no_data(counts.over)])),
        Question::Volume => Ok(answer.finish(vec![counts::no_volume()])),
        Question::Values(_) => Ok(answer.finish(vec![values::no_data()])),
        _ => {
            let from = request.from.min(now);
            // A range that is none still has a width on the screen.
            let to = request.to.max(from.saturating_add(1));
            frames(answer, query, &request.reading(from..to), None, now)
        }
    }
}

/// The answer to a question about what has not happened yet.
fn in_the_future(mut answer: Answer, query: &Query, request: &Request, now: i64) -> Result<Vec<Frame>, Failure> {
    let from = model::rfc3339(chrono::DateTime::from_timestamp_nanos(request.from));
    let message = format!("the range begins in the future, at {from}");
    if request.from_alert {
        return Err(Failure::input(format!("{message}. Allowed: a range of the past")));
    }
    answer.notice(Topic::EmptyRange.info(message));
    without_events(answer, query, request, now)
}
