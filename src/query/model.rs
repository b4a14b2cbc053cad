//! The query model, version 1: one JSON object, a default for every field, and an error that names what is wrong.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::condition::Condition;
use super::dimension::Dimension;
use super::error::Failure;
use super::lenient::{boolean, choice, choices, number, text, texts, wrong};
use super::scope::Scope;
use super::time_zone::zone;
use super::variable;

/// The model's version; a query of a later one is refused.
pub const VERSION: u64 = 1;

/// The most marks that an annotation query may ask for.
pub const MOST_MARKS: usize = 5_000;

/// The most groups that a count may have.
pub const MOST_GROUPS: usize = 1_000;

/// The most columns that a count may be grouped by.
pub const MOST_GROUPINGS: usize = 8;

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
    /// What is asked about them.
    pub question: Question,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Marks on a graph.
    Annotations(Annotations),
    /// Log lines or a table.
    Events(EventList),
    /// Numbers.
    Counts(Counts),
    /// How many log lines there are over time, by level: Explore's histogram above them.
    Volume,
    /// A column's distinct values.
    Values(Values),
}

impl Question {
    /// The names of the questions in `queryType`.
    pub const NAMES: [&str; 5] = ["annotations", "events", "counts", "volume", "values"];

    /// The name of the question that a query asks: `stored` in its JSON, else in Grafana's own field `query_type`, else the
    /// default, which Grafana's annotation queries have by their reference.
    #[must_use]
    pub fn name<'a>(stored: &'a str, query_type: &'a str, ref_id: &str) -> &'a str {
        let default = if ref_id == "Anno" { "annotations" } else { "events" };
        [stored, query_type].into_iter().find(|name| !name.is_empty()).unwrap_or(default)
    }
}

/// How annotations are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotations {
    /// At most this many annotations of events; `None` leaves it to the width of the graph.
    pub cap: Option<usize>,
    /// When events share an annotation.
    pub clustering: Clustering,
    /// Whether the annotations lie over a panel's own query, with colours of their own, and not in an annotation query.
    pub overlay: bool,
    /// Whether an annotation query colours events by severity instead of leaving the colour to Grafana's settings.
    pub severity_colors: bool,
}

/// When events share an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clustering {
    /// Events within a few pixels of each other do, and more where the cap demands it.
    Near,
    /// Only events beyond the cap do: Grafana 13.1 and later clusters the rest itself.
    Overflow,
}

/// How events are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventList {
    /// Log lines or a table.
    pub format: Format,
    /// At most this many.
    pub limit: usize,
    /// Which of them, where there are more.
    pub order: Order,
}

/// Which end of a range matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest events.
    Newest,
    /// The oldest events.
    Oldest,
}

/// The shape of a list of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines for Grafana's log panel and Explore.
    Logs,
    /// One column per field.
    Table,
}

/// How events are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// A series on a grid, or one number.
    pub over: Over,
    /// What tells the numbers apart.
    pub group_by: Vec<Dimension>,
    /// At most this many groups.
    pub group_limit: usize,
}

/// What a count runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Buckets of time.
    Time,
    /// The whole range.
    Total,
}

/// Whose distinct values are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// The column.
    pub column: Dimension,
    /// Whether the lack of a value is one, where an event lacks it.
    pub with_none: bool,
}

/// What comes with a query: when, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The query's name within its panel or rule.
    pub ref_id: String,
    /// The range's inclusive start, nanoseconds since 1970, UTC.
    pub from: i64,
    /// The range's exclusive end.
    pub to: i64,
    /// The distance of points that Grafana suggests.
    pub interval: Duration,
    /// How many points fit: about the pixels of the panel.
    pub max_data_points: u64,
    /// Whether an alert rule asks: then an answer is complete or an error.
    pub from_alert: bool,
}

impl Request {
    /// The same request for another range.
    #[must_use]
    pub fn reading(&self, range: std::ops::Range<i64>) -> Self {
        Self { from: range.start, to: range.end, ..self.clone() }
    }

    /// A request for the range from `from` to `to`, both milliseconds since 1970.
    ///
    /// # Errors
    /// When the range is reversed, or outside the years 1970 to 2262; a rule's also when it is empty.
    pub fn new(
        ref_id: &str,
        (from, to): (i64, i64),
        interval: Duration,
        max_data_points: u64,
        from_alert: bool,
    ) -> Result<Self, Failure> {
        let shown = |ms: i64| DateTime::from_timestamp_millis(ms).map_or_else(|| format!("{ms} ms"), rfc3339);
        let nanos = |ms: i64| ms.checked_mul(1_000_000).filter(|nanos| *nanos >= 0);
        let (Some(start), Some(end)) = (nanos(from), nanos(to)) else {
            let range = format!("{} to {}", shown(from), shown(to));
            return Err(Failure::input(format!("the time range {range} is not between the years 1970 and 2262")));
        };
        // A panel's user is about to change an empty range; it holds nothing.
        if end < start || (end == start && from_alert) {
            let range = format!("{} to {}", shown(from), shown(to));
            return Err(Failure::input(format!("the time range {range} ends before it begins, or is empty")));
        }
        let interval = interval.max(Duration::from_millis(1));
        Ok(Self { ref_id: ref_id.to_owned(), from: start, to: end, interval, max_data_points, from_alert })
    }

    /// Checks what only the request and the query together can tell.
    ///
    /// # Errors
    /// When an alert rule asks for values.
    pub fn check(&self, query: &Query) -> Result<(), Failure> {
        if !self.from_alert {
            return Ok(());
        }
        match query.question {
            Question::Values(_) => Err(Failure::input(
                "queryType is \"values\", which is for variables. An alert rule needs counts".to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

/// A time as users read it.
#[must_use]
pub fn rfc3339(time: DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
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
            variable::refuse(object)?;
        }
        match number(object, "version", VERSION, u64::MAX)? {
            VERSION => {}
            later => {
                let message =
                    format!("version is {later}. Allowed: {VERSION}; a later one needs a newer version of this plugin");
                return Err(Failure::input(message));
            }
        }
        let size = |name: &str, default: usize, most: usize| -> Result<usize, Failure> {
            let number = number(object, name, default as u64, most as u64)?;
            Ok(usize::try_from(number).unwrap_or(most))
        };
        let stored = text(object, "", "queryType")?.unwrap_or_default();
        let question = match Question::name(&stored, query_type, &request.ref_id) {
            "annotations" => Question::Annotations(Annotations {
                cap: object.get("cap").filter(|cap| !cap.is_null()).map(|_| size("cap", 1, MOST_MARKS)).transpose()?,
                clustering: choice(
                    object,
                    "cluster",
                    &[("near", Clustering::Near), ("overflow", Clustering::Overflow)],
                )?,
                overlay: boolean(object, "overlay", false)?,
                severity_colors: boolean(object, "severityColors", true)?,
            }),
            "events" => Question::Events(EventList {
                format: choice(object, "format", &[("logs", Format::Logs), ("table", Format::Table)])?,
                limit: size("limit", 1_000.min(max_events), max_events)?,
                order: choice(object, "order", &[("newest", Order::Newest), ("oldest", Order::Oldest)])?,
            }),
            "counts" => {
                let groupings = Dimension::named(Dimension::groupings());
                let group_by = choices(&texts(object, "", "groupBy")?, "groupBy", &groupings)?;
                if group_by.len() > MOST_GROUPINGS {
                    let message = format!("groupBy has {} columns. Allowed: at most {MOST_GROUPINGS}", group_by.len());
                    return Err(Failure::input(message));
                }
                Question::Counts(Counts {
                    over: choice(object, "over", &[("time", Over::Time), ("total", Over::Total)])?,
                    group_by,
                    group_limit: size("groupLimit", 50, MOST_GROUPS)?,
                })
            }
            "volume" => Question::Volume,
            "values" => {
                let column = choice(object, "column", &Dimension::named(Dimension::all()))?;
                Question::Values(Values { column, with_none: boolean(object, "withNone", false)? })
            }
            other => return Err(wrong("queryType", &Value::from(other), &Question::NAMES.join(", "))),
        };
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
            timezone: time_zone(text(object, "", "timezone")?.as_deref().unwrap_or_default())?,
            question,
        })
    }
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
    use super::*;

    #[test]
    fn a_request_for_a_rule_may_not_be_for_values() {
        let request = |from_alert| Request::new("A", (0, 1), Duration::ZERO, 0, from_alert).unwrap();
        let values = Query::parse(br#"{"queryType":"values"}"#, "", &request(false), 1).unwrap();
        assert!(request(false).check(&values).is_ok());
        assert!(request(true).check(&values).is_err());
    }

    #[test]
    fn an_interval_is_never_nothing() {
        let request = Request::new("A", (0, 1), Duration::ZERO, 0, false).unwrap();
        assert_eq!((request.from, request.to, request.interval), (0, 1_000_000, Duration::from_millis(1)));
    }

    #[test]
    fn a_long_value_is_quoted_in_part_and_at_a_whole_character() {
        for text in ["é".repeat(1_000), "🚀".repeat(60), "x".repeat(99), "\u{0}".repeat(30)] {
            let failure = wrong("f", &Value::from(text.as_str()), "a");
            assert!(failure.message.chars().count() < 130, "{failure}");
        }
    }
}
