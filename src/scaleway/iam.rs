//! Principals: the users and applications of IAM, v1alpha1.
//!
//! An event has only the id of its principal, which may be a user or an application.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use serde::Deserialize;

use super::client::{Call, Client};
use super::error::Error;
use super::list::{self, Named};

/// The permission set for names.
pub const PERMISSION_SET: &str = "IAMReadOnly";

/// A kind of principal.
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
    /// A user's e-mail address or user name, or an application's name.
    pub name: String,
    /// User or application.
    pub kind: PrincipalKind,
    /// Whether the name comes from the trail, because IAM does not have it.
    pub is_from_trail: bool,
    /// All names of the principal, in lower case.
    aliases: Vec<String>,
}

impl Principal {
    /// A principal from an event's resource; `None` if the resource's type is not a principal's.
    pub(crate) fn from_trail(resource_type: &str, name: &str) -> Option<Self> {
        let kind = match resource_type {
            "iam_user" | "account_user" => PrincipalKind::User,
            "iam_application" => PrincipalKind::Application,
            _ => return None,
        };
        Some(Self { name: name.to_owned(), kind, is_from_trail: true, aliases: vec![name.to_lowercase()] })
    }

    /// A principal of IAM with some names; `None` if all of them are empty.
    fn from_iam(kind: PrincipalKind, names: impl IntoIterator<Item = Option<String>>) -> Option<Self> {
        let names: Vec<String> = names.into_iter().flatten().filter(|name| !name.is_empty()).collect();
        let aliases = names.iter().map(|name| name.to_lowercase()).collect();
        Some(Self { name: names.into_iter().next()?, kind, is_from_trail: false, aliases })
    }

    /// Whether one of the names fits: a user has an e-mail address and a user name.
    pub(crate) fn is_called(&self, fits: impl Fn(&str) -> bool) -> bool {
        fits(&self.name) || self.aliases.iter().any(|alias| fits(alias))
    }
}

/// The names of an organization's principals, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    by_id: HashMap<String, Principal>,
    /// The ids of users in Account and in log-ins, with their ids in IAM.
    by_account: HashMap<String, String>,
}

impl Names {
    /// The same names, with other principals from the trail.
    #[must_use]
    pub fn with(&self, others: impl IntoIterator<Item = (String, Principal)>) -> Self {
        let mut names = self.clone();
        for (id, who) in others {
            names.by_id.entry(id).or_insert(who);
        }
        names
    }

    /// The principal of an id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Principal> {
        self.by_id.get(id).or_else(|| self.by_id.get(self.by_account.get(id)?))
    }

    /// All principals, by name.
    #[must_use]
    pub fn all(&self) -> BTreeMap<(&str, &str), PrincipalKind> {
        self.by_id.iter().map(|(id, who)| ((who.name.as_str(), id.as_str()), who.kind)).collect()
    }

    /// The ids of the principals that `is_meant` selects. A user has two ids: IAM's, and Account's.
    pub(crate) fn ids_of(&self, is_meant: impl Fn(&Principal) -> bool) -> Vec<&str> {
        let in_iam = self.by_id.iter().filter(|(_, who)| is_meant(who)).map(|(id, _)| id);
        let accounts = self.by_account.iter().filter(|(_, id)| self.by_id.get(*id).is_some_and(&is_meant));
        let mut ids: Vec<&str> = in_iam.chain(accounts.map(|(account, _)| account)).map(String::as_str).collect();
        ids.sort_unstable();
        ids
    }

    /// The id in IAM of the user with `id` in Account; any other id unchanged.
    pub(crate) fn in_iam<'a>(&'a self, id: &'a str) -> &'a str {
        self.by_account.get(id).map_or(id, String::as_str)
    }

    /// All ids of the principal of `id`; empty for an unknown id.
    pub(crate) fn same_as(&self, id: &str) -> Vec<&str> {
        let Some((id, _)) = self.by_id.get_key_value(self.in_iam(id)) else { return Vec::new() };
        let accounts = self.by_account.iter().filter(|(_, of)| *of == id).map(|(account, _)| account.as_str());
        accounts.chain([id.as_str()]).collect()
    }
}

#[derive(Deserialize)]
struct User {
    id: String,
    email: Option<String>,
    username: Option<String>,
    account_root_user_id: Option<String>,
}

/// The names of the organization's principals.
///
/// # Errors
/// When a page of users or applications cannot be read.
pub(crate) async fn names(client: &Client, deadline: Instant) -> Result<Names, Error> {
    let users = Call { path: &["iam", "v1alpha1", "users"], query: &[], project: None, permission_set: PERMISSION_SET };
    let applications = Call { path: &["iam", "v1alpha1", "applications"], ..users };
    let (users, applications) = tokio::try_join!(
        list::numbered::<User>(client, users, deadline),
        list::numbered::<Named>(client, applications, deadline)
    )?;
    let mut names = Names::default();
    for user in users {
        let Some(who) = Principal::from_iam(PrincipalKind::User, [user.email, user.username]) else { continue };
        names.by_account.extend(user.account_root_user_id.map(|account| (account, user.id.clone())));
        names.by_id.insert(user.id, who);
    }
    for application in applications {
        let who = Principal::from_iam(PrincipalKind::Application, [application.name]);
        names.by_id.extend(who.map(|who| (application.id, who)));
    }
    Ok(names)
}
