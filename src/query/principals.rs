//! Principals by name: ids that a name stands for, and Scaleway itself.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::scope::Scope;
use super::text::{self, listed, plain};
use crate::event::{Column, Events, Kind};
use crate::locale::{Language, Sentence};
use crate::scaleway::iam::Names;

/// The principal of events that Scaleway's own machinery causes.
pub const SCALEWAY: &str = "Scaleway";

/// The rows of the events that Scaleway's own machinery causes: they name no principal.
pub(super) fn of_scaleway(events: &Events) -> Vec<usize> {
    let mut system = Vec::new();
    events.find(Column::Kind, |kind| kind == Some(Kind::System.as_str()), |row| system.push(row));
    let principals = events.only(&system);
    let principals = principals.text(Column::PrincipalId);
    system.into_iter().enumerate().filter(|(index, _)| principals.key(*index).is_none()).map(|(_, row)| row).collect()
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
pub(super) fn ids_of(who: &str, names: &Names) -> Option<Vec<String>> {
    let mut ids: Vec<String> = called(who, names).into_iter().map(str::to_owned).collect();
    if looks_like_id(who) || names.get(who).is_some() {
        ids.extend(names.same_as(who).into_iter().map(str::to_owned));
        ids.push(who.to_owned());
    }
    (!ids.is_empty() || is_scaleway(who)).then_some(ids)
}

pub(super) fn principal_ids(scope: &Scope, names: Option<&Names>) -> Option<Vec<String>> {
    let none = Names::default();
    let ids: Option<Vec<_>> = scope.principals.iter().map(|who| ids_of(who, names.unwrap_or(&none))).collect();
    let ids: BTreeSet<String> = ids?.into_iter().flatten().collect();
    Some(ids.into_iter().collect())
}

pub(super) fn looks_like_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// The principals of a scope that are neither an id nor a name in IAM.
pub(super) fn unknown_principals<'a>(scope: &'a Scope, names: &Names) -> Vec<Cow<'a, str>> {
    scope.principals.iter().filter(|who| ids_of(who, names).is_none()).map(|who| plain(who)).collect()
}

/// The names together with those that only the trail has of a scope's principals.
pub(super) fn with_asked(names: Arc<Names>, scope: &Scope, asked_for: &Names) -> Arc<Names> {
    let ids: BTreeSet<&str> = scope.principals.iter().flat_map(|who| called(who, asked_for)).collect();
    let from_trail = ids.into_iter().filter_map(|id| Some((id.to_owned(), asked_for.get(id)?.clone())));
    let from_trail: Vec<_> = from_trail.filter(|(_, who)| who.is_from_trail).collect();
    if from_trail.is_empty() { names } else { Arc::new(names.with(from_trail)) }
}

/// The sentence about them.
pub(super) fn no_principal(scope: &Scope, names: &Names, language: Language) -> Option<String> {
    let unknown = unknown_principals(scope, names);
    let names = &listed(language, &unknown);
    (!unknown.is_empty()).then(|| Sentence::NoPrincipal { names }.text(language))
}
