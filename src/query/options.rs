//! Options of an editor's pickers: the principals and the resources that a query can select.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::answer::Answer;
use super::data_source::DataSource;
use super::error::Failure;
use super::model::Query;
use super::principals::SCALEWAY;
use super::request::Request;
use crate::event::{Column, Events};
use crate::locale::Language;
use crate::scaleway::Found;

/// The most options of a list.
const MOST: usize = 500;

/// The options that match a search.
#[derive(Clone, Debug)]
pub struct Options<T> {
    /// The first of them.
    pub list: Vec<T>,
    /// The number of all of them.
    pub total: usize,
    /// Sentences about missing or old values.
    pub notices: Vec<String>,
}

/// A principal as an option.
#[derive(Clone, Debug)]
pub struct PrincipalOption {
    /// The text that a scope takes for it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `user`, `application` or `system`.
    pub kind: &'static str,
}

/// A resource as an option.
#[derive(Clone, Debug, Default)]
pub struct ResourceOption {
    /// Its id.
    pub id: String,
    /// Its newest name.
    pub name: Option<String>,
    /// Its type.
    pub kind: Option<String>,
    /// The region of its newest event.
    pub region: Option<String>,
    /// Its project.
    pub project: Option<String>,
    /// The number of events that name it.
    pub events: usize,
    /// When the newest of them was recorded.
    pub last_seen: DateTime<Utc>,
}

impl<T> Options<T> {
    fn new(all: impl Iterator<Item = T>, notices: Vec<String>) -> Self {
        let mut list: Vec<T> = all.collect();
        let total = list.len();
        list.truncate(MOST);
        Self { list, total, notices }
    }
}

/// Whether one of some texts contains `part`, in any case.
fn contains(texts: &[&str], part: &str) -> bool {
    let part = part.to_lowercase();
    texts.iter().any(|text| text.to_lowercase().contains(&part))
}

impl DataSource {
    /// The principals whose name or id contains `part`, by name.
    ///
    /// # Errors
    /// When IAM cannot be read, and never could.
    pub async fn principal_options(&self, part: &str) -> Result<Options<PrincipalOption>, Failure> {
        let deadline = Instant::now() + self.settings.query_timeout;
        let Found { value: names, stale } = self.directory.names(deadline, |_| false).await?;
        let mut all = names.all().into_iter().map(|(named, kind)| (named, kind.as_str())).collect::<BTreeMap<_, _>>();
        // Scaleway's own machinery has no id: its name is what a scope takes.
        all.insert((SCALEWAY, SCALEWAY), "system");
        let picked = all.into_iter().filter(|((name, id), _)| contains(&[*name, *id], part));
        let options =
            picked.map(|((name, id), kind)| PrincipalOption { id: id.to_owned(), name: name.to_owned(), kind });
        Ok(Options::new(options, stale.iter().map(|stale| stale.sentence(Language::English, "Names", "IAM")).collect()))
    }

    /// The resources that events between two times name and whose name or id contains `part`, the most recent first. The
    /// times are in milliseconds since 1970.
    ///
    /// # Errors
    /// When the events cannot be read.
    pub async fn resource_options(&self, part: &str, range: (i64, i64)) -> Result<Options<ResourceOption>, Failure> {
        let deadline = Instant::now() + self.settings.query_timeout;
        let request = Request::new("", range, Duration::ZERO, 0, false)?;
        let everything = Query::parse(b"{}", "", &request, self.settings.max_events)?;
        let query = Query { scope: self.in_default_project(&everything.scope), ..everything };
        let (answer, names) =
            tokio::join!(Answer::gather(self, &query, &request, deadline), self.directory.resources(deadline, false));
        let answer = answer?;
        // Names from Resource Explorer are optional.
        let names = names.map(|found| found.value).unwrap_or_default();
        let mut resources = named_resources(&answer.events);
        for resource in &mut resources {
            resource.name = resource.name.take().or_else(|| names.get(&resource.id).cloned());
        }
        resources.sort_by(|a, b| b.last_seen.cmp(&a.last_seen).then_with(|| a.id.cmp(&b.id)));
        let picked = resources
            .into_iter()
            .filter(|resource| contains(&[resource.id.as_str(), resource.name.as_deref().unwrap_or_default()], part));
        Ok(Options::new(picked, answer.notices().into_iter().map(str::to_owned).collect()))
    }
}

/// The resources that events name, each as its newest events describe it.
fn named_resources(events: &Events) -> Vec<ResourceOption> {
    let (region, project) = (events.text(Column::Region), events.text(Column::Project));
    let references = events.references();
    let mut resources: BTreeMap<&str, ResourceOption> = BTreeMap::new();
    // Newest first: the first name met is the one in force.
    for row in 0..events.len() {
        for reference in references.of(row) {
            let Some(id) = reference.id else { continue };
            let resource = resources.entry(id).or_insert_with(|| ResourceOption {
                id: id.to_owned(),
                last_seen: DateTime::from_timestamp_nanos(events.times().value(row)),
                ..ResourceOption::default()
            });
            fill(&mut resource.name, reference.name);
            fill(&mut resource.kind, reference.kind);
            fill(&mut resource.region, region.get(row));
            fill(&mut resource.project, project.get(row));
            resource.events += 1;
        }
    }
    resources.into_values().collect()
}

fn fill(slot: &mut Option<String>, text: Option<&str>) {
    *slot = slot.take().or_else(|| text.map(str::to_owned));
}
