//! Names of principals that IAM does not know, as the trail itself tells them: IAM forgets who is deleted, events do not.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use super::data_source::DataSource;
use super::documentation::Topic;
use super::text;
use super::text::listed;
use crate::event::{Column, Events};
use crate::frame::Notice;
use crate::scaleway::Error;
use crate::scaleway::iam::{Names, Principal};

/// How many principals one question of a panel asks the trail about; the next question asks about others.
const MOST_ASKED: usize = 16;

/// Names, and what kept the trail from telling some of them.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) names: Arc<Names>,
    pub(super) failure: Option<Error>,
}

/// The names together with those that the trail tells of the events' principals: the events of an answer, or else the
/// newest event about a principal.
///
/// To a rule, only the latter counts: its groups may not hang on which events are in its range.
pub(super) async fn named(
    data_source: &DataSource,
    events: &Events,
    names: Arc<Names>,
    from_alert: bool,
    deadline: Instant,
) -> Named {
    let nameless = nameless(events, &names);
    if nameless.is_empty() {
        return Named { names, failure: None };
    }
    let mut told = if from_alert { HashMap::new() } else { data_source.seen(&nameless, told(events, &nameless)) };
    let most = if from_alert { usize::MAX } else { MOST_ASKED };
    let rest: Vec<&str> = nameless.into_iter().filter(|id| !told.contains_key(*id)).take(most).collect();
    let (more, failure) = data_source.told(&rest, deadline).await;
    told.extend(more);
    let names = if told.is_empty() { names } else { Arc::new(names.with(told)) };
    Named { names, failure }
}

/// The ids of the principals that have no name, each once, the newest first.
fn nameless<'a>(events: &'a Events, names: &Names) -> Vec<&'a str> {
    let mut rows = Vec::new();
    events.find(Column::PrincipalId, |id| id.is_some_and(|id| names.get(id).is_none()), |row| rows.push(row));
    if rows.is_empty() {
        return Vec::new();
    }
    let principal = events.text(Column::PrincipalId);
    let mut seen = HashSet::new();
    rows.into_iter().filter_map(|row| principal.get(row)).filter(|id| seen.insert(*id)).collect()
}

/// The principals that the events are about, as they name them: the newest name counts.
fn told(events: &Events, ids: &[&str]) -> HashMap<String, Principal> {
    let mut rows = Vec::new();
    let is_principal = |kind: &str| Principal::told(kind, "").is_some();
    events.find(Column::ResourceType, |kind| kind.is_some_and(is_principal), |row| rows.push(row));
    let mut told = HashMap::new();
    if rows.is_empty() {
        return told;
    }
    let ids: HashSet<&str> = ids.iter().copied().collect();
    let [id, kind, name] =
        [Column::ResourceId, Column::ResourceType, Column::ResourceName].map(|column| events.text(column));
    for row in rows {
        if let (Some(id), Some(kind), Some(name)) = (id.get(row), kind.get(row), name.get(row))
            && ids.contains(id)
            && !told.contains_key(id)
        {
            told.extend(Principal::told(kind, name).map(|who| (id.to_owned(), who)));
        }
    }
    told
}

/// Which principals of the events have a name that only the trail tells.
pub(super) fn notice(events: &Events, names: &Names) -> Option<Notice> {
    let mut rows = Vec::new();
    let is_told = |id: &str| names.get(id).is_some_and(|who| who.is_told);
    events.find(Column::PrincipalId, |id| id.is_some_and(is_told), |row| rows.push(row));
    if rows.is_empty() {
        return None;
    }
    let principal = events.text(Column::PrincipalId);
    let mut seen = HashSet::new();
    let told = rows.into_iter().filter_map(|row| Some(names.get(principal.get(row)?)?.name.as_str()));
    let told: Vec<_> = told.filter(|name| seen.insert(*name)).map(text::plain).collect();
    let these = if told.len() == 1 { "the name" } else { "the names" };
    let come = if told.len() == 1 { "comes" } else { "come" };
    let message = format!("{these} {} {come} from the trail, since IAM does not know the principal", listed(&told));
    Some(Topic::TrailNames.info(message))
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
        let nameless = nameless(&events, &Names::default());
        assert_eq!(nameless, ["g", "a", "u", "x"], "each once, the newest first");
        let told = told(&events, &nameless);
        let name = |id: &str| told.get(id).map(|who| (who.name.as_str(), who.kind.as_str(), who.is_told));
        assert_eq!(name("u"), Some(("now@example.com", "user", true)));
        assert_eq!(name("a"), Some(("importer", "application", true)));
        assert_eq!((name("g"), name("v"), name("x")), (None, None, None));
    }

    #[test]
    fn a_notice_says_whose_names_only_the_trail_tells() {
        let events =
            Events::from_json(Kind::Api, &[about("vpc_vpc", "r", "vpc", "a"), about("vpc_vpc", "r", "vpc", "b")]);
        let said = |told: &[(&str, &str)]| {
            let told = told.iter().map(|(id, name)| {
                ((*id).to_owned(), Principal::told("iam_application", name).expect("the type of a principal"))
            });
            notice(&events, &Names::default().with(told)).map(|notice| notice.text)
        };
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[("c", "elsewhere")]), None);
        let one = "the name importer comes from the trail, since IAM does not know the principal";
        assert_eq!(said(&[("a", "importer")]).as_deref(), Some(one));
        let two = "the names two lines, importer come from the trail, since IAM does not know the principal";
        assert_eq!(said(&[("a", "importer"), ("b", "two\nlines")]).as_deref(), Some(two));
    }
}
