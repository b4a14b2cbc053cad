//! The query model, version 1: one JSON object, a default for every field, and an error that names the wrong one.

use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::annotations::Annotations;
use super::condition::Condition;
use super::counts::Counts;
use super::detections::Detections;
use super::error::Failure;
use super::events::EventList;
use super::field::{boolean, number, one_of, text, wrong};
use super::investigate::Investigate;
use super::question::Question;
use super::request::Request;
use super::scope::Scope;
use super::time_zone::zone;
use super::values::Values;
use super::variable;
use super::volume::Volume;
use crate::locale::Language;

/// The model's version; a query of a later one is refused.
pub(crate) const VERSION: u64 = 1;

/// Parses a question of a query's JSON; the number is the most events that a list may show.
type Parse = fn(&Map<String, Value>, usize) -> Result<Arc<dyn Question>, Failure>;

/// A question in the table.
struct Entry {
    /// Its name in `queryType`.
    name: &'static str,
    fields: fn() -> &'static [&'static str],
    parse: Parse,
}

/// All questions.
const QUESTIONS: [Entry; 7] = [
    Entry::of::<Annotations>("annotations"),
    Entry::of::<EventList>("events"),
    Entry::of::<Counts>("counts"),
    Entry::of::<Volume>("volume"),
    Entry::of::<Values>("values"),
    Entry::of::<Investigate>("investigate"),
    Entry::of::<Detections>("detections"),
];

impl Entry {
    const fn of<Q: Question + 'static>(name: &'static str) -> Self {
        Self { name, fields: Q::fields, parse: parse::<Q> }
    }
}

fn parse<Q: Question + 'static>(query: &Map<String, Value>, max_events: usize) -> Result<Arc<dyn Question>, Failure> {
    Ok(Arc::new(Q::parse(query, max_events)?))
}

/// The fields that every query has.
const FIELDS: [&str; 8] =
    ["version", "queryType", "hide", "scope", "filters", "timezone", "emptyVariables", "language"];

/// The fields in which `$` stands for itself: Grafana's variables are not replaced there.
const WITHOUT_VARIABLES: [&str; 1] = ["sigma"];

/// The fields of the query model, whatever the question.
fn fields() -> impl Iterator<Item = &'static str> {
    FIELDS.into_iter().chain(QUESTIONS.iter().flat_map(|question| (question.fields)()).copied())
}

/// A question about events.
#[derive(Clone, Debug)]
pub struct Query {
    /// Whether Grafana asks for no answer.
    pub hide: bool,
    /// Which events are meant.
    pub scope: Scope,
    /// What stays of them: Grafana's ad-hoc filters, and an editor's conditions.
    pub filters: Vec<Condition>,
    /// Dashboard variables without a value, because of which no event is meant at all.
    pub empty_variables: Vec<String>,
    /// The time zone on whose clock hours, days, weeks and months begin.
    pub timezone: TimeZone,
    /// The language of sentences; a rule gets English.
    pub language: Language,
    /// The question about them.
    pub question: Arc<dyn Question>,
}

/// The name of the question that a query asks: `stored` in its JSON, else in Grafana's own field `query_type`, else the
/// default, which Grafana's annotation queries have by their reference.
#[must_use]
pub(crate) fn query_type<'a>(stored: &'a str, query_type: &'a str, ref_id: &str) -> &'a str {
    let default = if ref_id == "Anno" { "annotations" } else { "events" };
    [stored, query_type].into_iter().find(|name| !name.is_empty()).unwrap_or(default)
}

impl Query {
    /// Reads a query as Grafana stores it.
    ///
    /// `query_type` is Grafana's own field beside the JSON, used where the JSON names no `queryType`. `max_events` is the
    /// most that a list may show.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use audittrail::query::{Query, Request};
    ///
    /// let hour = (1_772_355_600_000, 1_772_359_200_000);
    /// let request = Request::new("A", hour, Duration::from_secs(15), 1_000, false)?;
    /// let query = Query::parse(br#"{"queryType": "counts", "groupBy": ["principal"]}"#, "", &request, 50_000)?;
    /// assert!(!query.hide);
    /// let error = Query::parse(br#"{"queryType": "counts", "over": "weeks"}"#, "", &request, 50_000).unwrap_err();
    /// assert_eq!(error.message, "over is \"weeks\". Allowed: time, total");
    /// # Ok::<(), audittrail::query::Failure>(())
    /// ```
    ///
    /// # Errors
    /// The first field that has a wrong value, with what is allowed.
    pub fn parse(json: &[u8], query_type: &str, request: &Request, max_events: usize) -> Result<Self, Failure> {
        let json = if json.trim_ascii().is_empty() { b"{}" } else { json };
        let value: Value = serde_json::from_slice(json)
            .map_err(|e| Failure::input(format!("the query is not JSON (line {}, column {})", e.line(), e.column())))?;
        let Value::Object(object) = &value else { return Err(wrong("the query", &value, "an object")) };
        if request.from_alert {
            variable::refuse(object, fields().filter(|field| !WITHOUT_VARIABLES.contains(field)))?;
        }
        match number(object, "version", VERSION, u64::MAX)? {
            VERSION => {}
            later => {
                let message =
                    format!("version is {later}. Allowed: {VERSION}; a later one needs a newer version of this plugin");
                return Err(Failure::input(message));
            }
        }
        let stored = text(object, "", "queryType")?.unwrap_or_default();
        let parsers = QUESTIONS.map(|question| (question.name, question.parse));
        let parser = one_of(self::query_type(&stored, query_type, &request.ref_id), "queryType", &parsers)?;
        let question = parser(object, max_events)?;
        let filters = match object.get("filters") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(filters)) => filters.iter().map(Condition::parse).collect::<Result<_, _>>()?,
            Some(other) => return Err(wrong("filters", other, "a list of objects")),
        };
        Ok(Self {
            hide: boolean(object, "hide", false)?,
            scope: Scope::parse(object.get("scope"))?,
            filters,
            empty_variables: variable::empty(object, request.from_alert)?,
            language: language(text(object, "", "language")?.as_deref(), request.from_alert),
            timezone: time_zone(text(object, "", "timezone")?.as_deref().unwrap_or_default())?,
            question,
        })
    }
}

/// The language of a tag; that of errors, and so of what a rule gets, is English.
fn language(tag: Option<&str>, from_alert: bool) -> Language {
    tag.filter(|_| !from_alert).map_or(Language::English, Language::of)
}

/// The time zone of a name; UTC where there is none.
fn time_zone(name: &str) -> Result<TimeZone, Failure> {
    if name.is_empty() {
        return Ok(TimeZone::UTC);
    }
    let allowed = "a name of the IANA time zone database such as Europe/Paris, or UTC";
    zone(name).ok_or_else(|| wrong("timezone", &Value::from(name), allowed))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_request_for_a_rule_may_not_be_for_values() {
        let request = |from_alert| Request::new("A", (0, 1), Duration::ZERO, 0, from_alert).unwrap();
        let values = Query::parse(br#"{"queryType":"values"}"#, "", &request(false), 1).unwrap();
        assert!(values.question.needs_for(&request(false)).is_ok());
        assert!(values.question.needs_for(&request(true)).is_err());
    }

    #[test]
    fn the_language_is_that_of_a_tag_and_english_under_a_rule() {
        let language = |query: &str, from_alert| {
            let request = Request::new("A", (0, 1), Duration::ZERO, 0, from_alert).unwrap();
            Query::parse(query.as_bytes(), "", &request, 1).map(|query| query.language)
        };
        for (query, expected) in [
            ("{}", Language::English),
            (r#"{"language":null}"#, Language::English),
            (r#"{"language":"fr-FR"}"#, Language::French),
            (r#"{"language":"tlh"}"#, Language::English),
        ] {
            assert_eq!(language(query, false), Ok(expected), "{query}");
            assert_eq!(language(query, true), Ok(Language::English), "{query}");
        }
        for wrong in [r#"{"language":true}"#.to_owned(), format!(r#"{{"language":"{}"}}"#, "f".repeat(5_000))] {
            let failure = language(&wrong, false).unwrap_err();
            assert!(failure.message.starts_with("language is "), "{failure}");
        }
    }

    #[test]
    fn a_rule_may_have_a_variable_in_no_field() {
        let request = Request::new("A", (0, 1), Duration::ZERO, 0, true).unwrap();
        for field in fields().filter(|field| !WITHOUT_VARIABLES.contains(field)) {
            let query = format!(r#"{{ "{field}": [{{ "x": ["no", "${{b}}"] }}] }}"#);
            let failure = Query::parse(query.as_bytes(), "", &request, 1).unwrap_err();
            assert!(failure.message.starts_with(&format!("{field}.x holds the variable ${{b}},")), "{failure}");
        }
    }

    #[test]
    fn a_long_value_is_quoted_in_part_and_at_a_whole_character() {
        for text in ["é".repeat(1_000), "🚀".repeat(60), "x".repeat(99), "\u{0}".repeat(30)] {
            let failure = wrong("f", &Value::from(text.as_str()), "a");
            assert!(failure.message.chars().count() < 130, "{failure}");
        }
    }
}
