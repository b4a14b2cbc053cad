//! Values: the distinct values of a column, for Grafana's variables.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::StringArray;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::condition::NONE;
use super::dimension::Dimension;
use super::error::Failure;
use super::field::{boolean, choice};
use super::keys::{Keys, group_rows};
use super::question::{Names, Needs, Question, UnderRule, View};
use super::text;
use crate::event::{Column, Events};
use crate::frame::{Field, Frame};

/// The frame's name.
const NAME: &str = "values";

/// The type of the resources that are projects.
const PROJECT: &str = "account_project";

/// Whose distinct values are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Values {
    /// The column.
    pub column: Dimension,
    /// Whether the lack of a value is one, where an event lacks it.
    pub with_none: bool,
}

impl Question for Values {
    fn fields() -> &'static [&'static str] {
        &["column", "withNone"]
    }

    fn parse(query: &Map<String, Value>, _: usize) -> Result<Self, Failure> {
        let column = choice(query, "column", &Dimension::named(Dimension::all()))?;
        Ok(Self { column, with_none: boolean(query, "withNone", false)? })
    }

    fn under_rule(&self) -> UnderRule {
        let message = "queryType is \"values\", which is for variables. An alert rule needs counts";
        UnderRule::Refused(Failure::input(message.to_owned()))
    }

    fn needs(&self) -> Needs {
        let names = match self.column {
            Dimension::Principal | Dimension::Column(Column::PrincipalId) => Names::Shown,
            _ => Names::Unused,
        };
        let labels = match self.column {
            Dimension::Column(column @ (Column::Project | Column::ResourceId)) => Some(column),
            _ => None,
        };
        Needs { names, labels, novelty: self.column == Dimension::Novelty, ..Needs::default() }
    }

    fn frames(&self, answer: &Answer, _: &View<'_>) -> Result<Vec<Frame>, Failure> {
        Ok(vec![frame(self, answer)])
    }

    fn unknown(&self, _: &Answer, _: &View<'_>) -> Result<Vec<Frame>, Failure> {
        Ok(vec![no_data()])
    }
}

/// A frame with `text`, which a person picks, and `value`, which replaces it in queries, as the events have it; in
/// the order that the column's values have, else sorted by text. The ids of principals, projects and resources
/// have their names as text.
#[must_use]
pub(super) fn frame(values: &Values, answer: &Answer) -> Frame {
    let events = &answer.events;
    let (texts, ids) = (answer.keys(values.column), Keys::of(events, Column::PrincipalId));
    let by_id = (values.column == Dimension::Principal).then_some(&ids);
    let (_, rows) = group_rows(events.len(), &std::iter::once(&texts).chain(by_id).collect::<Vec<_>>());
    let names = match values.column {
        Dimension::Column(Column::Project) => names(events, |kind| kind == Some(PROJECT)),
        Dimension::Column(Column::ResourceId) => names(events, |_| true),
        _ => HashMap::new(),
    };
    let mut distinct = BTreeSet::new();
    for row in rows {
        let Some(text) = texts.get(row) else {
            if values.with_none {
                distinct.insert((NONE.to_owned(), NONE.to_owned()));
            }
            continue;
        };
        let value = match values.column {
            // Two people may have one name; an id is one person's.
            Dimension::Principal => ids.get(row).map_or(text, |id| answer.principal(id)),
            _ => text,
        };
        let shown = match values.column {
            Dimension::Column(Column::PrincipalId) => answer.name(value),
            _ => answer.label(value).or_else(|| names.get(value).copied()),
        };
        // A name of nothing that is seen is none.
        let shown = shown.filter(|name| !text::plain(name).trim().is_empty()).unwrap_or(text);
        distinct.insert((text::label(shown).into_owned(), value.to_owned()));
    }
    let mut distinct: Vec<(String, String)> = distinct.into_iter().collect();
    distinct.sort_by_key(|(_, value)| values.column.rank(value));
    let (texts, values): (Vec<String>, Vec<String>) = distinct.into_iter().unzip();
    let fields = [("text", texts), ("value", values)];
    Frame {
        name: NAME.to_owned(),
        fields: fields.map(|(name, texts)| Field::required(name, Arc::new(StringArray::from(texts)))).into(),
        ..Frame::default()
    }
}

/// Values of which none is known, which a variable takes for no option.
fn no_data() -> Frame {
    Frame { name: NAME.to_owned(), ..Frame::default() }
}

/// The names of resources of some type in the events, by id: the newest of each.
fn names(events: &Events, is_wanted: impl Fn(Option<&str>) -> bool) -> HashMap<&str, &str> {
    let references = events.references();
    let mut names = HashMap::new();
    for reference in (0..events.len()).flat_map(|row| references.of(row)).filter(|reference| is_wanted(reference.kind))
    {
        if let (Some(id), Some(name)) = (reference.id, reference.name) {
            names.entry(id).or_insert(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use serde_json::{Value, json};

    use super::*;
    use crate::event::{Events, Kind};

    fn values(column: Dimension, json_events: &[Value]) -> Vec<(String, String)> {
        offered(&Values { column, with_none: false }, json_events)
    }

    fn offered(values: &Values, json_events: &[Value]) -> Vec<(String, String)> {
        let frame = frame(values, &Answer::of(&Events::from_json(Kind::Api, json_events)));
        let texts = |index: usize| {
            let field: &Field = &frame.fields[index];
            field.values.as_string::<i32>().iter().map(|text| text.unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!((frame.fields[0].name.as_str(), frame.fields[1].name.as_str()), ("text", "value"));
        texts(0).into_iter().zip(texts(1)).collect()
    }

    fn same(texts: &[&str]) -> Vec<(String, String)> {
        texts.iter().map(|text| ((*text).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn values_are_distinct_and_in_order_and_none_is_no_value() {
        let json_events =
            [json!({ "method_name": "b" }), json!({ "method_name": "a" }), json!({}), json!({ "method_name": "b" })];
        assert_eq!(values(Dimension::Column(Column::Method), &json_events), same(&["a", "b"]));
        assert_eq!(values(Dimension::Column(Column::Country), &json_events), same(&[]));
    }

    #[test]
    fn the_lack_of_a_value_is_offered_where_it_is_asked_for_and_occurs() {
        let json_events = [json!({ "method_name": "a" }), json!({}), json!({ "method_name": "b" }), json!({})];
        let of = |column, json_events| offered(&Values { column, with_none: true }, json_events);
        let method = Dimension::Column(Column::Method);
        assert_eq!(of(method, &json_events), same(&["(none)", "a", "b"]));
        assert_eq!(of(method, &json_events[..1]), same(&["a"]));
        assert_eq!(of(method, &[]), same(&[]));
        for column in [Dimension::Principal, Dimension::Status, Dimension::Severity, Dimension::RequestId] {
            assert_eq!(of(column, &json_events), same(&["(none)"]), "{}", column.name());
        }
    }

    #[test]
    fn numbers_and_risks_are_values_too() {
        let json_events = [json!({ "status_code": 404 }), json!({ "status_code": 200 }), json!({ "status_code": 403 })];
        assert_eq!(values(Dimension::Status, &json_events), same(&["200", "403", "404"]));
        assert_eq!(values(Dimension::RiskClass, &json_events), same(&["denied_actions"]));
        assert_eq!(values(Dimension::Severity, &json_events), same(&["medium"]));
    }

    #[test]
    fn values_with_an_order_of_their_own_have_it() {
        let json_events = [500, 99, 403, 1_000, 200].map(|status| json!({ "status_code": status }));
        assert_eq!(values(Dimension::Status, &json_events), same(&["99", "200", "403", "500", "1000"]));
        let class = Dimension::Column(Column::StatusClass);
        assert_eq!(values(class, &json_events), same(&["succeeded", "denied", "failed"]));
    }

    #[test]
    fn scaleways_own_events_have_a_principal() {
        let events = Events::from_json(Kind::System, &[json!({ "system_name": "backup" }), json!({})]);
        let frame = frame(&Values { column: Dimension::Principal, with_none: false }, &Answer::of(&events));
        for field in &frame.fields {
            assert_eq!(
                field.values.as_string::<i32>().iter().collect::<Vec<_>>(),
                [Some("Scaleway")],
                "{}",
                field.name
            );
        }
        // A call without a principal is not Scaleway's.
        assert_eq!(values(Dimension::Principal, &[json!({})]), []);
    }

    #[test]
    fn a_resources_id_has_the_newest_name_that_an_event_tells() {
        let about = |id: &str, name: Value| json!({ "resources": [{ "id": id, "type": "vpc_vpc", "name": name }] });
        let pair = |text: &str, value: &str| (text.to_owned(), value.to_owned());
        let json_events = [
            about("1", json!("before")),
            about("2", json!(null)),
            about("1", json!("now")),
            about("1", json!(null)),
            about("3", json!("now")),
            about("4", json!("\u{202e}")),
        ];
        let expected = [pair("2", "2"), pair("4", "4"), pair("now", "1"), pair("now", "3")];
        assert_eq!(values(Dimension::Column(Column::ResourceId), &json_events), expected);
    }

    #[test]
    fn a_projects_id_has_the_name_of_the_project_and_of_nothing_else() {
        let event = |project: &str, kind: &str, name: &str| json!({ "project_id": project, "resources": [{ "id": project, "type": kind, "name": name }] });
        // The default project has the id of the organization.
        let json_events = [event("o", "account_organization", "acme"), event("p", "account_project", "production")];
        let expected = [("o".to_owned(), "o".to_owned()), ("production".to_owned(), "p".to_owned())];
        assert_eq!(values(Dimension::Column(Column::Project), &json_events), expected);
    }

    #[test]
    fn a_name_that_two_principals_share_is_two_values() {
        let user =
            |id: &str| json!({ "product_name": "iam", "resources": [{ "id": id, "type": "iam_user", "name": "ann" }] });
        let pair = |id: &str| ("ann".to_owned(), id.to_owned());
        assert_eq!(values(Dimension::Principal, &[user("1"), user("2"), user("1")]), [pair("1"), pair("2")]);
    }
}
