//! The users, applications, projects and resources of the simulated organization.
//!
//! Every id is derived from a name alone, not from the seed: a server in a dashboard or a test has the same id in
//! every run.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{DateTime, Duration, Utc};
use rand::Rng;
use serde::Deserialize;

use super::entities::{Application, Project, Resource, User};
use super::ids::{access_key, id_of, of_name};
use super::incident::Incident;
use super::table::rows;

/// The default organization of the sandbox. Its default project has the same id, as on Scaleway.
pub const ORGANIZATION_ID: &str = "0a1b2c3d-0000-4000-8000-000000000001";

/// The owner, who is also the principal of recorded answers.
pub(super) const OWNER_ID: &str = "0a1b2c3d-0000-4000-8000-000000000100";

/// A simulated organization with its incident.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Four projects, the default one first.
    pub projects: Vec<Project>,
    /// The people. The first is the owner.
    pub users: Vec<User>,
    /// The automation.
    pub applications: Vec<Application>,
    /// A deleted application: events have its id, IAM does not.
    pub departed: Application,
    /// The resources, with stable ids.
    pub resources: Vec<Resource>,
    /// The incident of the last hours.
    pub incident: Incident,
    by_kind: HashMap<&'static str, Vec<usize>>,
}

/// `count` resources of a kind, named `name-1`, `name-2`... (`name` alone when there is one).
#[derive(Deserialize)]
struct ResourceRow {
    kind: String,
    name: String,
    count: usize,
    /// The name of the parents: the n-th resource belongs to the n-th parent.
    parent: Option<String>,
    project: String,
    locality: String,
}

static RESOURCES: LazyLock<Vec<ResourceRow>> = LazyLock::new(|| rows(include_str!("tables/resources.tsv")));

/// Names that break code which trusts them: markup, quotes, template syntax, direction characters, emoji, a spreadsheet
/// formula, a line break.
const HOSTILE_NAMES: [&str; 8] = [
    "<script>alert('name')</script>",
    "say \"hi\" \\ it's {{.Labels}}",
    "$variable ${__all_variables} [[server]] $__interval",
    "invoice\u{202e}gnp.exe\u{202c} \u{05e9}\u{05dc}\u{05d5}\u{05dd}",
    "🚀 rocket-\u{1f468}\u{200d}\u{1f4bb} é\u{301}",
    "=HYPERLINK(\"http://192.0.2.1/\",\"click\")",
    "two\nlines\tand a tab \u{7} bell",
    "%s%n{0} ../../etc/passwd",
];

impl Organization {
    /// The organization at `now`, with its incident in the last hours of `span`.
    #[must_use]
    pub fn new(now: DateTime<Utc>, span: Duration) -> Self {
        let projects = ["default", "production", "staging", "data"].map(project).to_vec();
        let users: Vec<User> = rows(include_str!("tables/users.tsv")).into_iter().map(user).collect();
        let applications = rows(include_str!("tables/applications.tsv"));
        let mut applications: Vec<Application> = applications.into_iter().map(application).collect();
        let departed = applications.pop().expect("the table ends with the deleted application");
        let resources = resources(&projects, &users, &applications, now);
        let mut by_kind: HashMap<&'static str, Vec<usize>> = HashMap::new();
        for (index, resource) in resources.iter().enumerate() {
            by_kind.entry(resource.kind).or_default().push(index);
        }
        let incident = Incident::new(&users, &applications, &resources, now, span);
        Self { projects, users, applications, departed, resources, incident, by_kind }
    }

    /// The resource of a name, if there is one.
    #[must_use]
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.name == name)
    }

    /// The resources of a type.
    pub fn resources_of(&self, kind: &str) -> impl Iterator<Item = &Resource> {
        self.by_kind.get(kind).into_iter().flatten().map(|&index| &self.resources[index])
    }

    pub(super) fn pick(&self, kind: &str, rng: &mut impl Rng) -> &Resource {
        let choice = &self.by_kind[kind];
        &self.resources[choice[rng.random_range(0..choice.len())]]
    }

    pub(super) fn parent_of(&self, resource: &Resource) -> Option<&Resource> {
        resource.parent.map(|index| &self.resources[index])
    }
}

fn project(name: &str) -> Project {
    Project { id: if name == "default" { ORGANIZATION_ID.to_owned() } else { id_of(name) }, name: name.to_owned() }
}

fn user((name, mfa, address, country, user_agent): (String, bool, String, String, String)) -> User {
    User {
        id: if name == "user-1" { OWNER_ID.to_owned() } else { id_of(&name) },
        email: format!("{name}@example.com"),
        account_root_user_id: id_of(&format!("account of {name}")),
        username: name,
        mfa,
        address,
        country,
        user_agent,
    }
}

fn application((name, address, user_agent): (String, String, String)) -> Application {
    let access_key = access_key(&mut of_name(&format!("key of {name}")));
    Application { id: id_of(&name), name, access_key, address, user_agent }
}

fn resources(projects: &[Project], users: &[User], applications: &[Application], now: DateTime<Utc>) -> Vec<Resource> {
    let mut all: Vec<Resource> = Vec::new();
    for row in RESOURCES.iter() {
        let parents: Vec<usize> = (0..all.len()).filter(|&index| row.is_below(&all[index])).collect();
        let project = projects.iter().find(|project| project.name == row.project).expect("the table names projects");
        for n in 0..row.count {
            let name = row.nth_name(n);
            all.push(Resource {
                id: id_of(&format!("{} {name}", row.kind)),
                kind: &row.kind,
                parent: (!parents.is_empty()).then(|| parents[n % parents.len()]),
                project_id: project.id.clone(),
                locality: &row.locality,
                created_at: created_at(&name, now),
                name,
            });
        }
    }
    let [default, _, staging, _] = projects else { panic!("four projects") };
    let long = format!("long-{}", "x".repeat(2_000));
    let hostile = HOSTILE_NAMES.into_iter().chain([long.as_str()]).flat_map(|name| {
        [("instance_server", "fr-par-1"), ("secret_manager_secret", "nl-ams")]
            .map(|(kind, locality)| (kind, id_of(&format!("{kind} {name}")), name.to_owned(), staging, locality))
    });
    let users = users.iter().flat_map(|user| {
        [
            ("iam_user", user.id.clone(), user.email.clone(), default, "global"),
            ("account_user", user.account_root_user_id.clone(), user.email.clone(), default, "fr-par"),
        ]
    });
    let applications = applications.iter().flat_map(|app| {
        [
            ("iam_application", app.id.clone(), app.name.clone(), default, "global"),
            ("iam_api_key", app.access_key.clone(), format!("{}-key", app.name), default, "global"),
        ]
    });
    let projects =
        projects.iter().map(|project| ("account_project", project.id.clone(), project.name.clone(), default, "fr-par"));
    let organization = [("account_organization", ORGANIZATION_ID.to_owned(), "sandbox".to_owned(), default, "fr-par")];
    let others = hostile.chain(users).chain(applications).chain(projects).chain(organization);
    all.extend(others.map(|(kind, id, name, project, locality)| Resource {
        created_at: created_at(&id, now),
        project_id: project.id.clone(),
        parent: None,
        kind,
        id,
        name,
        locality,
    }));
    all
}

/// A time of creation before any event, and not a round number of days ago.
fn created_at(name: &str, now: DateTime<Utc>) -> DateTime<Utc> {
    now - Duration::microseconds(of_name(name).random_range(8_000_000_000_000..60_000_000_000_000))
}

impl ResourceRow {
    fn nth_name(&self, n: usize) -> String {
        match (&*self.kind, self.count) {
            ("ipam_ip", _) => format!("{}.{}", self.name, n + 2),
            (_, 1) => self.name.clone(),
            _ => format!("{}-{}", self.name, n + 1),
        }
    }

    /// Whether the resource is one of the parents: `web-3` is one of `web`, `web-nl-1` is not.
    fn is_below(&self, resource: &Resource) -> bool {
        let rest = self.parent.as_deref().and_then(|parent| resource.name.strip_prefix(parent));
        rest.is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix('-').is_some_and(|n| n.bytes().all(|byte| byte.is_ascii_digit()))
        })
    }
}
