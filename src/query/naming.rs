//! The names of an answer's principals: from IAM, or else from the trail itself, since IAM forgets deleted principals and
//! events do not.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use super::data_source::DataSource;
use super::dimension::Dimension;
use super::documentation::Topic;
use super::error::Failure;
use super::model::Query;
use super::principals::{no_principal, principal_ids, unknown_principals, with_asked};
use super::question;
use super::scope::Scope;
use super::text::{self, listed};
use crate::event::{Column, Events};
use crate::frame::Notice;
use crate::locale::{Language, Sentence};
use crate::scaleway::iam::{Names, Principal};
use crate::scaleway::{Error, Found, Stale};

/// How many principals one query of a panel looks up in the trail; the next query looks up others.
const MOST_ASKED: usize = 16;

/// The names of principals for one query: first those that its scope asks for, then those that its events need.
pub(super) struct Naming<'a> {
    data_source: &'a DataSource,
    scope: &'a Scope,
    needed: question::Names,
    /// Whether a condition compares names.
    filtered: bool,
    from_alert: bool,
    language: Language,
    deadline: Instant,
    /// The names that the scope asks for; empty where it asks for none.
    asked: Result<Found<Names>, Error>,
    /// Why the names of departed principals could not be read from the trail.
    failure: Option<Error>,
}

impl<'a> Naming<'a> {
    /// Looks up the principals that a query's scope asks for.
    pub(super) async fn of_scope(
        data_source: &'a DataSource,
        query: &'a Query,
        needed: question::Names,
        from_alert: bool,
        deadline: Instant,
    ) -> Self {
        let scope = &query.scope;
        let mut asked = Ok(Found::fresh(Arc::<Names>::default()));
        if !scope.principals.is_empty() {
            asked = data_source.directory.names(deadline, |names| !unknown_principals(scope, names).is_empty()).await;
        }
        let mut failure = None;
        if let Ok(found) = &mut asked {
            (found.value, failure) = data_source.directory.with_departed(scope, &found.value, deadline).await;
        }
        let filtered = query.filters.iter().any(|filter| filter.key == Dimension::Principal);
        let language = query.language;
        Self { data_source, scope, needed, filtered, from_alert, language, deadline, asked, failure }
    }

    /// The ids of the scope's principals; `None` where one of them is unknown.
    pub(super) fn ids(&self) -> Option<Vec<String>> {
        principal_ids(self.scope, self.asked.as_ref().ok().map(|names| &*names.value))
    }

    /// Whether the answer shows names, or depends on them.
    fn is_needed(&self) -> bool {
        self.needed != question::Names::Unused
            || self.filtered
            || !self.scope.principals.is_empty()
            || self.scope.searches()
    }

    /// The names as they are cached, for use beside the events.
    ///
    /// # Errors
    /// When IAM cannot be read, and never could.
    pub(super) async fn cached(&self) -> Result<Found<Names>, Error> {
        if self.is_needed() {
            self.data_source.directory.names(self.deadline, |_| false).await
        } else {
            Ok(Found::fresh(Arc::default()))
        }
    }

    /// The names of the principals of events; `cached` are those of [`cached`](Self::cached).
    pub(super) async fn of_events(self, cached: Result<Found<Names>, Error>, events: &Events) -> Named<'a> {
        let asked = self.asked.as_ref().map(|names| Arc::clone(&names.value)).unwrap_or_default();
        let mut found = if self.asked.is_ok() { cached } else { self.asked.clone() };
        // Names have their share of the time that is left, too.
        let deadline = self.data_source.directory.deadline(self.deadline);
        if self.is_needed()
            && let Ok(some) = &found
            && !nameless(events, &some.value).is_empty()
        {
            found = self.data_source.directory.names(deadline, |names| !nameless(events, names).is_empty()).await;
        }
        if self.from_alert {
            found = found.and_then(Found::unexpired);
        }
        let mut names = found.as_ref().map(|names| Arc::clone(&names.value)).unwrap_or_default();
        if found.is_ok() {
            names = with_asked(names, self.scope, &asked);
        }
        // To a rule without permission for IAM, principals are ids for good.
        let lasting = self.from_alert && matches!(found, Err(Error::Forbidden { .. }));
        let mut failure = None;
        if self.is_needed() && !lasting {
            (names, failure) = with_names_from_trail(self.data_source, events, names, self.from_alert, deadline).await;
        }
        Named { names, found, failure: failure.or_else(|| self.failure.clone()), naming: self }
    }
}

/// The names of an answer's principals.
pub(super) struct Named<'a> {
    pub(super) names: Arc<Names>,
    /// What IAM answered.
    found: Result<Found<Names>, Error>,
    /// Why some names could not be read from the trail.
    failure: Option<Error>,
    naming: Naming<'a>,
}

impl Named<'_> {
    /// Whether the answer uses names, and IAM was read: then names that only the trail has are worth a notice.
    pub(super) fn has_iam(&self) -> bool {
        self.naming.is_needed() && self.found.is_ok()
    }

    /// Notices about names; an error where an alert rule's answer depends on them.
    pub(super) fn notices(&self, events: &Events) -> Result<Vec<Notice>, Failure> {
        let language = self.naming.language;
        let mut notices = self.trail_notices()?;
        match &self.found {
            Ok(Found { stale, .. }) => {
                if let Some(message) = no_principal(self.naming.scope, &self.names, language) {
                    if self.naming.from_alert {
                        return Err(Failure::input(message));
                    }
                    notices.push(Topic::Unknown.warning(message));
                }
                let earlier = |stale: &Stale| stale.sentence(language, &Sentence::Names.text(language), "IAM");
                notices.extend(stale.as_ref().map(|stale| Topic::EarlierNames.info(earlier(stale))));
                Ok(notices)
            }
            Err(error) => Ok(Vec::from_iter(self.without_iam(error, events)?)),
        }
    }

    /// Whether the query selects events by name, so that another name is another answer.
    fn selects(&self) -> bool {
        self.naming.filtered || self.naming.scope.searches() || !self.unknown().is_empty()
    }

    fn unknown(&self) -> Vec<Cow<'_, str>> {
        unknown_principals(self.naming.scope, &self.names)
    }

    fn trail_notices(&self) -> Result<Vec<Notice>, Failure> {
        let Some(error) = &self.failure else { return Ok(Vec::new()) };
        let message = Sentence::TrailFails { error: &error.summary() }.text(self.naming.language);
        if self.naming.from_alert && (self.selects() || self.naming.needed == question::Names::Grouped) {
            return Err(Failure { message, ..Failure::from(error.clone()) });
        }
        Ok(vec![Topic::TrailNames.info(message)])
    }

    /// The notice where IAM cannot be read.
    fn without_iam(&self, error: &Error, events: &Events) -> Result<Option<Notice>, Failure> {
        let lasting = matches!(error, Error::Forbidden { .. });
        let language = self.naming.language;
        let has_names = !self.names.all().is_empty();
        let message = |error: &str| {
            let by_id = Sentence::PrincipalsById { error };
            if has_names { Sentence::PrincipalsByIdOrTrail { error } } else { by_id }.text(language)
        };
        // A group's label is then an id for good, and the numbers are the same; a search by name misses events.
        let grouped = self.naming.needed == question::Names::Grouped;
        if self.naming.from_alert && (self.selects() || (grouped && !lasting)) {
            return Err(Failure { message: message(&error.to_string()), ..Failure::from(error.clone()) });
        }
        let message = message(&error.summary());
        let unknown = self.unknown();
        if !unknown.is_empty() {
            let names = &listed(language, &unknown);
            let message = Sentence::FoundByEventOnly { notice: &message, names };
            return Ok(Some(Topic::Names.warning(message.text(language))));
        }
        if self.selects() {
            let message = Sentence::NotFoundByName { notice: &message };
            return Ok(Some(Topic::Names.warning(message.text(language))));
        }
        Ok((!events.is_empty()).then(|| Topic::Names.info(message)))
    }
}

/// Adds the names of the events' principals that the trail has and IAM lacks, and returns why some could not be read. A name
/// comes from the events of the answer, or else from the newest event about the principal.
///
/// For a rule, only the latter counts: its groups may not depend on the events in its range.
async fn with_names_from_trail(
    data_source: &DataSource,
    events: &Events,
    names: Arc<Names>,
    from_alert: bool,
    deadline: Instant,
) -> (Arc<Names>, Option<Error>) {
    let (directory, mut ids) = (&data_source.directory, nameless(events, &names));
    if ids.is_empty() {
        return (names, None);
    }
    let mut found = HashMap::new();
    if !from_alert {
        ids.retain(|id| match directory.cached_from_trail(id) {
            Some(answer) => {
                found.extend((*answer).clone().map(|who| ((*id).to_owned(), who)));
                false
            }
            None => true,
        });
        if !ids.is_empty() {
            let newer = events.slice(0..events.since(directory.searched_until(&ids)));
            found.extend(directory.seen(&ids, named(&newer, &ids), newer.newest_time()));
        }
    }
    let most = if from_alert { usize::MAX } else { MOST_ASKED };
    let rest: Vec<&str> = ids.into_iter().filter(|id| !found.contains_key(*id)).take(most).collect();
    let (more, failure) = directory.named_by_trail(&rest, deadline).await;
    found.extend(more);
    (if found.is_empty() { names } else { Arc::new(names.with(found)) }, failure)
}

/// The ids of the principals that have no name, each once, the newest first.
fn nameless<'a>(events: &'a Events, names: &Names) -> Vec<&'a str> {
    principals(events, |id| names.get(id).is_none())
}

/// The ids of the events' principals that are `wanted`, each once, the newest first.
fn principals(events: &Events, wanted: impl Fn(&str) -> bool) -> Vec<&str> {
    events.first_of_each(Column::PrincipalId, wanted).into_iter().map(|(_, id)| id).collect()
}

/// The principals of `ids` that are resources of the events, with the newest name there.
fn named(events: &Events, ids: &[&str]) -> HashMap<String, Principal> {
    let (ids, mut rows) = (ids.iter().copied().collect::<HashSet<_>>(), Vec::new());
    // There are few types and many resources.
    let is_principal = |kind: Option<&str>| kind.is_some_and(|kind| Principal::from_trail(kind, "").is_some());
    events.find(Column::ResourceType, is_principal, |row| rows.push(row));
    rows.retain(|row| events.one_text(Column::ResourceId, *row).is_some_and(|id| ids.contains(id)));
    let about = events.only(&rows);
    let [id, kind, name] =
        [Column::ResourceId, Column::ResourceType, Column::ResourceName].map(|column| about.text(column));
    let mut named = HashMap::new();
    for row in 0..about.len() {
        if let (Some(id), Some(kind), Some(name)) = (id.get(row), kind.get(row), name.get(row))
            && !named.contains_key(id)
        {
            named.extend(Principal::from_trail(kind, name).map(|who| (id.to_owned(), who)));
        }
    }
    named
}

/// The notice about principals of the events whose name only the trail has.
pub(super) fn notice(events: &Events, names: &Names, language: Language) -> Option<Notice> {
    let mut seen = HashSet::new();
    let ids = principals(events, |id| names.get(id).is_some_and(|who| who.is_from_trail));
    let from_trail = ids.into_iter().filter_map(|id| Some(names.get(id)?.name.as_str()));
    let from_trail: Vec<_> = from_trail.filter(|name| seen.insert(*name)).map(text::plain).collect();
    let message = Sentence::NamesFromTrail { count: from_trail.len(), names: &listed(language, &from_trail) };
    (!from_trail.is_empty()).then(|| Topic::TrailNames.info(message.text(language)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::event::Kind;

    fn about(kind: &str, id: &str, name: &str, principal: &str) -> Value {
        json!({
            "product_name": "iam", "principal": { "id": principal },
            "resources": [{ "id": id, "type": kind, "name": name }],
        })
    }

    #[test]
    fn the_newest_event_about_a_principal_tells_its_name() {
        // Later events stand later in the list.
        let events = Events::from_json(
            Kind::Api,
            &[
                about("iam_user", "u", "before@example.com", "x"),
                about("iam_user", "u", "now@example.com", "x"),
                about("iam_application", "a", "importer", "u"),
                about("iam_group", "g", "admins", "a"),
                about("iam_user", "v", "", "g"),
            ],
        );
        let ids = nameless(&events, &Names::default());
        assert_eq!(ids, ["g", "a", "u", "x"], "each once, the newest first");
        let named = named(&events, &ids);
        let name = |id: &str| named.get(id).map(|who| (who.name.as_str(), who.kind.as_str(), who.is_from_trail));
        assert_eq!(name("u"), Some(("now@example.com", "user", true)));
        assert_eq!(name("a"), Some(("importer", "application", true)));
        assert_eq!((name("g"), name("v"), name("x")), (None, None, None));
    }

    #[test]
    fn a_notice_says_whose_names_only_the_trail_tells() {
        let events =
            Events::from_json(Kind::Api, &[about("vpc_vpc", "r", "vpc", "a"), about("vpc_vpc", "r", "vpc", "b")]);
        let text = |from_trail: &[(&str, &str)]| {
            let named = from_trail.iter().map(|(id, name)| {
                ((*id).to_owned(), Principal::from_trail("iam_application", name).expect("the type of a principal"))
            });
            notice(&events, &Names::default().with(named), Language::English).map(|notice| notice.text)
        };
        assert_eq!(text(&[]), None);
        assert_eq!(text(&[("c", "elsewhere")]), None);
        let one = "the name importer comes from the trail, since IAM does not know the principal";
        assert_eq!(text(&[("a", "importer")]).as_deref(), Some(one));
        let two = "the names two lines, importer come from the trail, since IAM does not know the principal";
        assert_eq!(text(&[("a", "importer"), ("b", "two\nlines")]).as_deref(), Some(two));
    }
}
