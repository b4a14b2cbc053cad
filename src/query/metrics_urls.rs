//! The URLs of Cockpit's metrics, as Cockpit's API lists them for each project and region. None is used before it is a setting.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use futures::stream::{self, StreamExt};
use url::Url;

use super::data_source::DataSource;
use super::error::Failure;
use super::name_lookup::is_refusal;
use super::text::{listed, plain};
use crate::locale::{Language, Sentence};
use crate::scaleway::cockpit::{self, CockpitSource, PERMISSION_SET};
use crate::scaleway::{Error, account};
use crate::settings::metrics_url;

/// The most projects that are searched: each costs a call for each region.
const MOST_PROJECTS: usize = 100;

/// The most calls at a time: panels share the data source's limit of calls.
const MOST_CALLS: usize = 2;

/// The URLs that were found.
#[derive(Clone, Debug, Default)]
pub struct MetricsUrls {
    /// The URLs, by region and project.
    pub list: Vec<FoundUrl>,
    /// Sentences about what was not searched.
    pub notices: Vec<String>,
}

/// The URL of a data source of metrics.
#[derive(Clone, Debug)]
pub struct FoundUrl {
    /// The URL, without a path.
    pub url: Url,
    /// Its name in the console.
    pub name: String,
    /// The region of its metrics.
    pub region: String,
    /// The project of its metrics: the id.
    pub project: String,
    /// The project's name, where it has one and the key may read it.
    pub project_name: Option<String>,
}

/// The projects to search: the names by id.
type Projects = BTreeMap<String, Option<String>>;

impl DataSource {
    /// The URLs of Scaleway's metrics in all projects of the organization, and in the regions of the settings. Notices are in a
    /// language.
    ///
    /// # Errors
    /// When no list can be read, unless the key may not read it.
    pub async fn metrics_urls(&self, language: Language) -> Result<MetricsUrls, Failure> {
        let deadline = Instant::now() + self.settings.query_timeout;
        let mut found = MetricsUrls::default();
        let projects = self.projects_to_search(&mut found.notices, deadline, language).await?;
        let regions = &self.settings.regions;
        let lists = regions.iter().flat_map(|region| projects.keys().map(move |project| (region, project)));
        let lists: Vec<_> = lists
            .map(|(region, project)| async move {
                (region, project, cockpit::metrics(&self.client, project, region, deadline).await)
            })
            .collect();
        let lists: Vec<_> = stream::iter(lists).buffered(MOST_CALLS).collect().await;
        let (mut refused, mut absent, mut failed) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for (region, project, list) in &lists {
            match list {
                Ok(sources) => {
                    let name = projects[*project].as_deref();
                    for source in sources {
                        found.add(source, region, (project, name), language);
                    }
                }
                Err(error) if is_refusal(error) => {
                    refused.insert(*project);
                }
                Err(error) if error.is_absence() => {
                    absent.insert(*region);
                }
                Err(error) => failed.push((*region, error)),
            }
        }
        if let Some((_, error)) = failed.first().filter(|_| failed.len() == lists.len()) {
            return Err((*error).clone().into());
        }
        let clauses = failed.iter().map(|(region, error)| {
            let what = Sentence::WhomRegion { region }.text(language);
            Sentence::About { what: &what, sentence: &error.summary() }.text(language)
        });
        found.notices.extend(clauses.collect::<BTreeSet<_>>());
        found.notices.extend(absent.iter().map(|region| Sentence::NoCockpit { region }.text(language)));
        found.notices.extend(refusal(&refused, &projects, language));
        Ok(found)
    }

    /// The projects of the organization; where the key may not list them, the one of the settings, or else the default one.
    async fn projects_to_search(
        &self,
        notices: &mut Vec<String>,
        deadline: Instant,
        language: Language,
    ) -> Result<Projects, Failure> {
        match account::projects(&self.client, deadline).await {
            Ok(projects) => {
                let total = projects.len();
                if total > MOST_PROJECTS {
                    notices.push(Sentence::ProjectsSearched { searched: MOST_PROJECTS, total }.text(language));
                }
                let projects: Projects = projects.into_iter().collect();
                Ok(projects.into_iter().take(MOST_PROJECTS).collect())
            }
            Err(error @ Error::Forbidden { .. }) => {
                // The default project has the organization's id.
                let project = self.settings.project_id.as_ref().unwrap_or(&self.settings.organization_id);
                let (error, set) = (&error.summary(), account::PERMISSION_SET);
                notices.push(Sentence::ProjectSearched { project, error, set }.text(language));
                Ok(Projects::from([(project.clone(), None)]))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl MetricsUrls {
    /// Adds the URL of a data source of Cockpit, if a token may go there.
    fn add(&mut self, source: &CockpitSource, region: &str, (project, name): (&str, Option<&str>), language: Language) {
        match metrics_url(&source.url) {
            Ok(url) if url.scheme() == "https" => self.list.push(FoundUrl {
                url,
                name: source.name.clone(),
                region: region.to_owned(),
                project: project.to_owned(),
                project_name: name.map(str::to_owned),
            }),
            _ => {
                let name = &format!("{:?}", plain(&source.name));
                self.notices.push(Sentence::UrlLeftOut { name, region }.text(language));
            }
        }
    }
}

/// The sentence about projects whose data sources the key may not read. Projects of the same name have their ids as well.
fn refusal(refused: &BTreeSet<&String>, projects: &Projects, language: Language) -> Option<String> {
    let mut names: Vec<String> = refused
        .iter()
        .map(|id| match &projects[*id] {
            Some(name) if refused.iter().any(|other| other != id && projects[*other].as_ref() == Some(name)) => {
                format!("{name} ({id})")
            }
            name => name.as_ref().unwrap_or(id).clone(),
        })
        .collect();
    names.sort_unstable();
    let listed = &listed(language, &names);
    (!names.is_empty()).then(|| Sentence::CockpitRefused { projects: listed, set: PERMISSION_SET }.text(language))
}
