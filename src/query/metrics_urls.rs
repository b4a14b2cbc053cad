//! The URLs of Cockpit's metrics, as Cockpit's API lists them for each project and region. None is used before it is a setting.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use futures::future::join_all;
use url::Url;

use super::data_source::DataSource;
use super::error::Failure;
use super::name_lookup::is_refusal;
use super::text::{listed, plain};
use crate::locale::Language;
use crate::scaleway::cockpit::{self, CockpitSource, PERMISSION_SET};
use crate::scaleway::{Error, account};
use crate::settings::metrics_url;

/// The most projects that are searched: each costs a call for each region.
const MOST_PROJECTS: usize = 100;

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
    /// The project's name, where the key may read it.
    pub project_name: Option<String>,
}

/// The projects to search: the names by id.
type Projects = BTreeMap<String, Option<String>>;

impl DataSource {
    /// The URLs of Scaleway's metrics in all projects of the organization, and in the regions of the settings.
    ///
    /// # Errors
    /// When no list can be read, unless the key may not read it.
    pub async fn metrics_urls(&self) -> Result<MetricsUrls, Failure> {
        let deadline = Instant::now() + self.settings.query_timeout;
        let mut found = MetricsUrls::default();
        let projects = self.projects_to_search(&mut found.notices, deadline).await?;
        let regions = &self.settings.regions;
        let lists = regions.iter().flat_map(|region| projects.keys().map(move |project| (region, project)));
        let lists = join_all(lists.map(async |(region, project)| {
            (region, project, cockpit::metrics(&self.client, project, region, deadline).await)
        }))
        .await;
        let (mut refused, mut absent, mut failed) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for (region, project, list) in &lists {
            match list {
                Ok(sources) => {
                    let name = projects[*project].as_deref();
                    for source in sources {
                        found.add(source, region, (project, name));
                    }
                }
                Err(error) if is_refusal(error) => {
                    refused.insert(projects[*project].as_ref().unwrap_or(project));
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
        let clauses = failed.iter().map(|(region, error)| format!("region {region}: {}", error.summary()));
        found.notices.extend(clauses.collect::<BTreeSet<_>>());
        found.notices.extend(absent.iter().map(|region| format!("region {region} has no Cockpit")));
        found.notices.extend(refusal(&refused));
        Ok(found)
    }

    /// The projects of the organization; where the key may not list them, the one of the settings, or else the default one.
    async fn projects_to_search(&self, notices: &mut Vec<String>, deadline: Instant) -> Result<Projects, Failure> {
        match account::projects(&self.client, deadline).await {
            Ok(names) => {
                let total = names.len();
                let names = names.into_iter().collect::<BTreeMap<_, _>>();
                if total > MOST_PROJECTS {
                    notices.push(format!("only {MOST_PROJECTS} of {total} projects were searched"));
                }
                Ok(names.into_iter().take(MOST_PROJECTS).map(|(id, name)| (id, Some(name))).collect())
            }
            Err(error @ Error::Forbidden { .. }) => {
                // The default project has the organization's id.
                let project = self.settings.project_id.as_ref().unwrap_or(&self.settings.organization_id);
                notices.push(format!(
                    "only the project {project} was searched, since the key may not list the others: {}. Give its principal the \
                     permission set {} on the organization",
                    error.summary(),
                    account::PERMISSION_SET
                ));
                Ok(Projects::from([(project.clone(), None)]))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl MetricsUrls {
    /// Adds the URL of a data source of Cockpit, if a token may go there.
    fn add(&mut self, source: &CockpitSource, region: &str, (project, name): (&str, Option<&str>)) {
        match metrics_url(&source.url) {
            Ok(url) if url.scheme() == "https" => self.list.push(FoundUrl {
                url,
                name: source.name.clone(),
                region: region.to_owned(),
                project: project.to_owned(),
                project_name: name.map(str::to_owned),
            }),
            _ => self.notices.push(format!(
                "the URL of the data source {:?} in region {region} was left out: it is no https URL of metrics",
                plain(&source.name)
            )),
        }
    }
}

/// The sentence about projects whose data sources the key may not read.
fn refusal(projects: &BTreeSet<&String>) -> Option<String> {
    let names: Vec<&String> = projects.iter().copied().collect();
    (!names.is_empty()).then(|| {
        format!(
            "the key may not read Cockpit's data sources of {}. Give its principal the permission set {PERMISSION_SET} on these \
             projects, or copy the URLs from the console's Cockpit page",
            listed(Language::English, &names)
        )
    })
}
