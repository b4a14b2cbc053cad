//! Who a principal is: the users and applications of IAM, v1alpha1.
//!
//! An event names its principal by id alone, and does not say whether it is a user or an application.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use serde::Deserialize;

use super::http::{Call, Client, Error};

/// What reading names needs.
pub const PERMISSION_SET: &str = "IAMReadOnly";

/// The lists have at most this many pages of 100; it only guards against one that never ends.
const MAX_PAGES: u32 = 1_000;

/// What kind of principal an id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrincipalKind {
    /// A person's account.
    User,
    /// A program's account.
    Application,
}

impl PrincipalKind {
    /// The kind's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Application => "application",
        }
    }
}

/// A principal's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The e-mail address or user name of a user, the name of an application.
    pub name: String,
    /// User or application.
    pub kind: PrincipalKind,
    /// All that it is called, the name included, in lower case.
    aliases: Vec<String>,
}

impl Principal {
    /// Whether one of its names fits: a user has an e-mail address and a user name.
    #[must_use]
    pub fn is_called(&self, fits: impl Fn(&str) -> bool) -> bool {
        fits(&self.name) || self.aliases.iter().any(|alias| fits(alias))
    }
}

/// The names of an organization's principals, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    by_id: HashMap<String, Principal>,
    /// Users by the other id that Account and log-ins know them by, with their id in IAM.
    by_account: HashMap<String, String>,
}

impl Names {
    /// Who an id belongs to.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Principal> {
        self.by_id.get(id).or_else(|| self.by_id.get(self.by_account.get(id)?))
    }

    /// All principals, by name.
    #[must_use]
    pub fn all(&self) -> BTreeMap<(&str, &str), PrincipalKind> {
        self.by_id.iter().map(|(id, who)| ((who.name.as_str(), id.as_str()), who.kind)).collect()
    }

    /// The ids of the principals that are called `name`: a user name, e-mail address or application name, in any case.
    /// A user has two ids: IAM's, and Account's.
    #[must_use]
    pub fn ids_of(&self, name: &str) -> Vec<&str> {
        let name = name.to_lowercase();
        let called = |who: &Principal| who.aliases.contains(&name);
        let mut ids: Vec<&str> = self.by_id.iter().filter(|(_, who)| called(who)).map(|(id, _)| id.as_str()).collect();
        let accounts =
            self.by_account.iter().filter(|(_, id)| ids.contains(&id.as_str())).map(|(account, _)| account.as_str());
        ids.extend(accounts.collect::<Vec<_>>());
        ids.sort_unstable();
        ids
    }

    /// The id that IAM knows a principal by, where `id` is another of the same principal.
    #[must_use]
    pub fn in_iam<'a>(&'a self, id: &'a str) -> &'a str {
        self.by_account.get(id).map_or(id, String::as_str)
    }

    /// All ids of the principal that `id` belongs to; none where nobody is known by it.
    #[must_use]
    pub fn same_as(&self, id: &str) -> Vec<&str> {
        let Some((id, _)) = self.by_id.get_key_value(self.in_iam(id)) else { return Vec::new() };
        let accounts = self.by_account.iter().filter(|(_, of)| *of == id).map(|(account, _)| account.as_str());
        accounts.chain([id.as_str()]).collect()
    }
}

#[derive(Deserialize)]
struct Users {
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    total_count: u64,
}

#[derive(Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    account_root_user_id: Option<String>,
}

#[derive(Deserialize)]
struct Applications {
    #[serde(default)]
    applications: Vec<Application>,
    #[serde(default)]
    total_count: u64,
}

#[derive(Deserialize)]
struct Application {
    id: String,
    #[serde(default)]
    name: Option<String>,
}

/// The names of an organization's principals.
///
/// # Errors
/// When a list of IAM cannot be read whole.
pub async fn names(client: &Client, organization: &str, deadline: Instant) -> Result<Names, Error> {
    let users = pages(client, "users", organization, deadline, |body| {
        serde_json::from_slice::<Users>(&body).map(|page| (page.users, page.total_count))
    });
    let applications = pages(client, "applications", organization, deadline, |body| {
        serde_json::from_slice::<Applications>(&body).map(|page| (page.applications, page.total_count))
    });
    let (users, applications) = tokio::try_join!(users, applications)?;
    let mut names = Names::default();
    for user in users {
        let known_as: Vec<String> =
            [user.email, user.username].into_iter().flatten().filter(|n| !n.is_empty()).collect();
        let Some(name) = known_as.first().cloned() else { continue };
        let aliases = known_as.iter().map(|alias| alias.to_lowercase()).collect();
        let who = Principal { name, kind: PrincipalKind::User, aliases };
        names.by_account.extend(user.account_root_user_id.map(|account| (account, user.id.clone())));
        names.by_id.insert(user.id, who);
    }
    for application in applications {
        let Some(name) = application.name.filter(|name| !name.is_empty()) else { continue };
        let aliases = vec![name.to_lowercase()];
        names.by_id.insert(application.id, Principal { name, kind: PrincipalKind::Application, aliases });
    }
    Ok(names)
}

async fn pages<T>(
    client: &Client,
    list: &str,
    organization: &str,
    deadline: Instant,
    read: impl Fn(Vec<u8>) -> Result<(Vec<T>, u64), serde_json::Error>,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    for number in 1..=MAX_PAGES {
        let page = number.to_string();
        let query = [("organization_id", organization), ("page", &page), ("page_size", "100")];
        let call = Call { path: &["iam", "v1alpha1", list], query: &query, permission_set: PERMISSION_SET };
        let (items, total) = client.get(&call, deadline, &read).await?;
        let exhausted = items.is_empty();
        all.extend(items);
        if exhausted || all.len() as u64 >= total {
            break;
        }
    }
    Ok(all)
}
