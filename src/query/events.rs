//! Events: log lines for Explore and the log panel, or a table with one column per field.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray, StringArray};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::dimension::Dimension;
use super::documentation::Topic;
use super::error::Failure;
use super::field::{boolean, choice, size};
use super::novelty::novelty_colors;
use super::question::{Names, Needs, Question, View};
use super::reasons::Reasons;
use super::scope::Phrases;
use super::sentence::Sentences;
use super::text;
use crate::event::{self, Column, Long};
use crate::frame::{Field, Frame, FrameType, Meta};
use crate::locale::Sentence;
use crate::risk::Severity;

/// How many events are listed where a query sets no limit.
const DEFAULT_LIMIT: usize = 1_000;

/// How events are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventList {
    /// Log lines or a table.
    pub format: Format,
    /// At most this many.
    pub limit: usize,
    /// Which of them, where there are more.
    pub order: Order,
    /// Whether it is shown how usual each is.
    pub novelty: bool,
    /// Whether events about the relatives of the scope's resource are among them.
    pub relatives: bool,
}

/// Which events are listed, where there are more than the limit.
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

impl Question for EventList {
    fn fields() -> &'static [&'static str] {
        &["format", "limit", "order", "novelty", "relatives"]
    }

    fn parse(query: &Map<String, Value>, max_events: usize) -> Result<Self, Failure> {
        Ok(Self {
            format: choice(query, "format", &[("logs", Format::Logs), ("table", Format::Table)])?,
            limit: size(query, "limit", DEFAULT_LIMIT.min(max_events), max_events)?,
            order: choice(query, "order", &[("newest", Order::Newest), ("oldest", Order::Oldest)])?,
            novelty: boolean(query, "novelty", false)?,
            relatives: boolean(query, "relatives", false)?,
        })
    }

    fn needs(&self) -> Needs {
        Needs { names: Names::Shown, novelty: self.novelty, relatives: self.relatives, ..Needs::default() }
    }

    fn frames(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        Ok(vec![frame(self, &view.scope.text, answer)?])
    }

    /// Log lines look like no data without a line.
    fn unknown(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        match self.format {
            Format::Table => Ok(vec![no_data()]),
            Format::Logs => self.frames(answer, view),
        }
    }

    fn without_events(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        if answer.is_unknown() { self.unknown(answer, view) } else { self.frames(answer, view) }
    }
}

/// The newest events of an answer, or the oldest, as lines or as a table; the newest first. Grafana highlights what was
/// searched for in lines.
///
/// # Errors
/// When a column outgrows Arrow's 2 GiB.
pub fn frame(list: &EventList, searched: &Phrases, answer: &Answer) -> Result<Frame, Failure> {
    let found = answer.events.len();
    let shown = match list.order {
        Order::Newest => answer.newest(list.limit),
        Order::Oldest => answer.oldest(list.limit),
    };
    shown.events.load()?;
    let rows = shown.events.len();
    let mut frame = match list.format {
        Format::Logs => lines(list, found, searched, &shown, &[]),
        Format::Table => table(list, &shown)?,
    };
    if found > rows {
        let sentence = match list.order {
            Order::Newest => Sentence::NewestEvents { shown: rows, found },
            Order::Oldest => Sentence::OldestEvents { shown: rows, found },
        };
        frame.meta.notices.push(Topic::Limit.info(sentence.text(answer.language)));
    }
    Ok(frame)
}

/// The rules that find an event.
#[derive(Clone, Debug)]
pub(super) struct Marked {
    /// Further labels of its line.
    pub(super) labels: Vec<(&'static str, String)>,
    /// What its line begins with.
    pub(super) title: String,
    /// The level of its line.
    pub(super) level: Level,
}

/// The newest events of an answer as lines, each with its rules.
///
/// # Errors
/// When a column outgrows Arrow's 2 GiB.
pub(super) fn marked(
    list: &EventList,
    searched: &Phrases,
    answer: &Answer,
    marks: &[Marked],
) -> Result<Frame, Failure> {
    let (found, shown) = (answer.events.len(), answer.newest(list.limit));
    shown.events.load()?;
    let mut frame = lines(list, found, searched, &shown, marks);
    let rows = shown.events.len();
    if found > rows {
        let sentence = Sentence::NewestEvents { shown: rows, found };
        frame.meta.notices.push(Topic::Limit.info(sentence.text(answer.language)));
    }
    Ok(frame)
}

fn times(answer: &Answer) -> ArrayRef {
    Arc::new(answer.events.times().clone())
}

/// Lines of all events of an answer; `marks` has the rules of each, or is empty.
fn lines(list: &EventList, total: usize, searched: &Phrases, answer: &Answer, marks: &[Marked]) -> Frame {
    let events = &answer.events;
    let rows = events.len();
    let sentences = Sentences::of(answer);
    let level = |row: usize| marks.get(row).map_or_else(|| level(answer, row), |mark| mark.level);
    let level: StringArray = (0..rows).map(|row| Some(level(row).as_str())).collect();
    let line = |row: usize| match marks.get(row) {
        Some(mark) => format!("{}: {}", mark.title, sentences.line(row)),
        None => sentences.line(row),
    };
    let body: StringArray = (0..rows).map(|row| Some(line(row))).collect();
    let labels = labels(list, answer, &sentences);
    let labels = |row: usize| {
        let mut labels = labels(row);
        let more = marks.get(row).into_iter().flat_map(|mark| &mark.labels);
        labels.extend(more.map(|(name, text)| ((*name).to_owned(), text.as_str().into())));
        Value::Object(labels).to_string()
    };
    let labels = BinaryArray::from_iter_values((0..rows).map(labels));
    let mut meta = Meta::of(FrameType::LogLines);
    meta.preferred_visualisation_type = Some("logs".to_owned());
    let mut custom = json!({ "limit": list.limit, "total": total });
    if let Some(word) = search_word(searched.texts()) {
        custom["searchWords"] = json!([word]);
    }
    meta.custom = Some(custom);
    Frame {
        name: "events".to_owned(),
        meta,
        fields: vec![
            Field::required("timestamp", times(answer)),
            Field::required("body", Arc::new(body)),
            Field::required("severity", Arc::new(level)),
            Field::required("id", texts(events.ids())),
            Field::required("labels", Arc::new(labels)),
            Field::new("request_body", json_text(events.long(Long::RequestBody))),
        ],
    }
}

/// The texts that were searched for, as Grafana's log panel takes what it highlights: a JavaScript regular expression that may
/// begin with flags. The longest come first, since the first alternative that fits is taken.
///
/// Punctuation is written as a code: Grafana cuts off what looks like a bracket that is still being typed, and takes `(?i)`
/// for flags wherever it stands.
fn search_word(texts: &[String]) -> Option<String> {
    let mut longest_first: Vec<&String> = texts.iter().collect();
    longest_first.sort_by_key(|text| std::cmp::Reverse(text.len()));
    let words: Vec<String> = longest_first.into_iter().map(|text| escaped(text)).collect();
    (!words.is_empty()).then(|| format!("(?i){}", words.join("|")))
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |word, c| {
        if c.is_ascii() && !c.is_ascii_alphanumeric() {
            format!("{word}\\x{:02x}", u32::from(c))
        } else {
            word + c.encode_utf8(&mut [0; 4])
        }
    })
}

fn texts(texts: &StringArray) -> ArrayRef {
    Arc::new(texts.clone())
}

/// JSON columns travel as bytes.
fn json_text(texts: &StringArray) -> ArrayRef {
    let shown: Vec<Option<Cow<'_, str>>> = texts.iter().map(|json| json.map(text::json)).collect();
    if shown.iter().flatten().all(|json| matches!(json, Cow::Borrowed(_))) {
        return Arc::new(BinaryArray::from(texts.clone()));
    }
    Arc::new(shown.iter().map(|json| json.as_deref().map(str::as_bytes)).collect::<BinaryArray>())
}

/// A log level, the most serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Critical,
    Error,
    Warning,
    Info,
}

impl Level {
    /// The level's name, as Grafana spells it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// An event's log level: from its severity and its status.
pub(super) fn level(answer: &Answer, row: usize) -> Level {
    let statuses = answer.events.statuses();
    let status = if statuses.is_valid(row) { statuses.value(row) } else { 0 };
    match answer.risk(row).map(|risk| risk.severity) {
        Some(Severity::Critical) => Level::Critical,
        Some(Severity::High) => Level::Error,
        _ if status >= 500 => Level::Error,
        Some(Severity::Medium) => Level::Warning,
        _ if status >= 400 => Level::Warning,
        _ => Level::Info,
    }
}

/// The columns that describe an event beside its time, body and id.
const DESCRIBED: [Dimension; 23] = [
    Dimension::Column(Column::Kind),
    Dimension::Principal,
    Dimension::Column(Column::PrincipalId),
    Dimension::Column(Column::Product),
    Dimension::Column(Column::Service),
    Dimension::Column(Column::Method),
    Dimension::Column(Column::ResourceType),
    Dimension::Column(Column::ResourceId),
    Dimension::Column(Column::ResourceName),
    Dimension::Column(Column::StatusClass),
    Dimension::Column(Column::SourceIp),
    Dimension::Column(Column::UserAgent),
    Dimension::Column(Column::Region),
    Dimension::Column(Column::Locality),
    Dimension::Column(Column::Project),
    Dimension::Column(Column::Organization),
    Dimension::RiskClass,
    Dimension::Severity,
    Dimension::Column(Column::Result),
    Dimension::Column(Column::FailureReason),
    Dimension::Column(Column::Country),
    Dimension::Column(Column::Origin),
    Dimension::Column(Column::Mfa),
];

/// A line's labels: everything that is known about the event but its body; unknown values are left out.
fn labels(list: &EventList, answer: &Answer, sentences: &Sentences<'_>) -> impl Fn(usize) -> Map<String, Value> {
    let beside = [Dimension::Status, Dimension::Attack, Dimension::RequestId];
    let novelty = list.novelty.then_some(Dimension::Novelty);
    let described = DESCRIBED.into_iter().chain(beside).chain(novelty);
    let columns: Vec<_> = described.map(|dimension| (dimension.name(), answer.keys(dimension))).collect();
    let reasons = reasons(list, answer, sentences);
    move |row| {
        let known = columns.iter().map(|(name, keys)| (*name, keys.get(row)));
        let known = known.chain([(NOVELTY_REASON, reasons.get(row))]);
        known.filter_map(|(name, text)| Some((name.to_owned(), text::cell(text?).into()))).collect()
    }
}

/// The column with the reasons of novelties.
const NOVELTY_REASON: &str = "novelty_reason";

/// Why each event is as usual as it is, where that is shown.
fn reasons(list: &EventList, answer: &Answer, sentences: &Sentences<'_>) -> Reasons {
    let rows: Vec<usize> = if list.novelty { (0..answer.events.len()).collect() } else { Vec::new() };
    Reasons::of(answer, &rows, sentences)
}

fn table(list: &EventList, answer: &Answer) -> Result<Frame, Failure> {
    let events = &answer.events;
    let text =
        |dimension: Dimension| Ok(Field::new(dimension.name(), Arc::new(answer.keys(dimension).column(text::cell)?)));
    let shown: Vec<Dimension> = DESCRIBED.into_iter().chain([Dimension::Attack]).collect();
    let described: Vec<Result<Field, Failure>> = event::side_by_side(events.len(), &shown, text);
    let mut fields = vec![Field::required("time", times(answer))];
    for field in described {
        let field = field?;
        let is_class = field.name == Column::StatusClass.name();
        fields.push(field);
        if is_class {
            fields.push(Field::new("status", Arc::new(events.statuses().clone())));
        }
    }
    if list.novelty {
        let novelty = answer.keys(Dimension::Novelty).column(text::cell)?;
        fields.push(Field { config: Some(novelty_colors()), ..Field::new("novelty", Arc::new(novelty)) });
        let reasons = reasons(list, answer, &Sentences::of(answer));
        let reasons: StringArray = (0..events.len()).map(|row| reasons.get(row).map(text::cell)).collect();
        fields.push(Field::new(NOVELTY_REASON, Arc::new(reasons)));
    }
    fields.push(Field::required("id", texts(events.ids())));
    let requests: StringArray = events.long(Long::RequestId).iter().map(|request| request.map(text::cell)).collect();
    fields.push(Field::new("request_id", Arc::new(requests)));
    fields.push(Field::new("request_body", json_text(events.long(Long::RequestBody))));
    fields.push(Field::new("resources", json_text(events.long(Long::Resources))));
    Ok(Frame { fields, ..no_data() })
}

/// A table of unknown events: without columns, Grafana shows "no data" instead of an empty table.
pub(super) fn no_data() -> Frame {
    Frame {
        name: "events".to_owned(),
        meta: Meta { preferred_visualisation_type: Some("table".to_owned()), ..Meta::default() },
        fields: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;

    use super::*;
    use crate::event::{Decoder, Events, Kind, List};
    use crate::frame::NoticeSeverity;
    use crate::query::dimension::has_heading;
    use crate::query::{Query, Request};

    fn answer(kind: Kind, json_events: &[Value]) -> Answer {
        Answer::of(&Events::from_json(kind, json_events))
    }

    fn list(format: Format, limit: usize) -> EventList {
        EventList { format, limit, order: Order::Newest, novelty: false, relatives: false }
    }

    fn searched(texts: &[&str]) -> Phrases {
        let request = Request::new("A", (0, 1), std::time::Duration::ZERO, 0, false).unwrap();
        let query = json!({ "scope": { "text": texts } }).to_string();
        Query::parse(query.as_bytes(), "", &request, 10).unwrap().scope.text
    }

    fn column(frame: &Frame, name: &str) -> Vec<Option<String>> {
        let field = frame.fields.iter().find(|field| field.name == name).unwrap();
        field.values.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn the_newest_are_shown_and_the_rest_is_counted() {
        let answer = answer(Kind::Api, &[json!({}), json!({}), json!({})]);
        for format in [Format::Logs, Format::Table] {
            let some = frame(&list(format, 2), &searched(&[]), &answer).unwrap();
            assert_eq!(column(&some, "id"), ["event-002", "event-001"].map(|id| Some(id.to_owned())));
            let [notice] = &some.meta.notices[..] else { panic!("{:?}", some.meta.notices) };
            assert_eq!(notice.text, "the newest 2 of 3 events are shown (limit)");
            assert_eq!(notice.severity, NoticeSeverity::Info);
            let oldest =
                frame(&EventList { order: Order::Oldest, ..list(format, 2) }, &searched(&[]), &answer).unwrap();
            assert_eq!(column(&oldest, "id"), ["event-001", "event-000"].map(|id| Some(id.to_owned())));
            assert_eq!(oldest.meta.notices[0].text, "the oldest 2 of 3 events are shown (limit)");
            // As many as the limit are all of them.
            assert_eq!(frame(&list(format, 3), &searched(&[]), &answer).unwrap().meta.notices, []);
            let none = frame(&list(format, 3), &searched(&[]), &Answer::of(&Events::default())).unwrap();
            assert_eq!(none.rows(), 0);
            assert!(none.to_arrow("A").is_ok());
        }
    }

    #[test]
    fn what_was_searched_for_is_highlighted_in_lines() {
        let answer = answer(Kind::Api, &[json!({})]);
        let words = |format: Format, texts: &[&str]| {
            let custom = frame(&list(format, 1), &searched(texts), &answer).unwrap().meta.custom;
            custom.map(|custom| custom["searchWords"].clone())
        };
        assert_eq!(words(Format::Logs, &[]), Some(Value::Null));
        assert_eq!(words(Format::Table, &["web"]), None);
        assert_eq!(words(Format::Logs, &["web", "web-1"]), Some(json!([r"(?i)web\x2d1|web"])));
        // None of these is a bracket, a flag or a part of a regular expression, and characters beyond ASCII stand as they are.
        for (text, word) in [
            ("a(b", r"(?i)a\x28b"),
            ("(?i)[x", r"(?i)\x28\x3fi\x29\x5bx"),
            ("10.0.0.0/24", r"(?i)10\x2e0\x2e0\x2e0\x2f24"),
            (r"a\b", r"(?i)a\x5cb"),
            ("a b|c", r"(?i)a\x20b\x7cc"),
            ("été", "(?i)été"),
        ] {
            assert_eq!(words(Format::Logs, &[text]), Some(json!([word])), "{text}");
        }
    }

    #[test]
    fn a_level_says_how_serious_an_event_is_or_how_it_went_wrong() {
        let level = |fields: Value| level(&answer(Kind::Api, &[fields]), 0).as_str();
        let iam = |method: &str, status: u16| json!({ "product_name": "iam", "service_name": "scaleway.iam.v1alpha1.Api", "method_name": method, "status_code": status });
        assert_eq!(level(iam("DeleteUserMFAOTP", 200)), "critical");
        assert_eq!(level(iam("CreateAPIKey", 200)), "error");
        assert_eq!(level(json!({ "status_code": 503 })), "error");
        assert_eq!(level(json!({ "status_code": 404 })), "warning");
        assert_eq!(level(json!({ "status_code": 403 })), "warning");
        assert_eq!(level(json!({ "status_code": 202 })), "info");
        assert_eq!(level(json!({})), "info");
    }

    #[test]
    fn labels_are_what_is_known_and_all_of_it_is_text() {
        let answer = answer(Kind::Api, &[json!({ "status_code": 202, "method_name": "M", "request_id": "r" })]);
        let found = Value::Object(labels(&list(Format::Logs, 1), &answer, &Sentences::of(&answer))(0));
        let expected = json!({
            "kind": "api", "method": "M", "status": "202", "status_class": "succeeded", "region": "fr-par", "request_id": "r",
        });
        assert_eq!(found, expected);
        let attacked = super::super::answer::Answer::of(&Events::from_json(
            Kind::Authentication,
            &[json!({ "result": "failure" })],
        ));
        let labels = labels(&list(Format::Logs, 1), &attacked, &Sentences::of(&attacked))(0);
        assert_eq!(labels["attack"], "T1110");
    }

    #[test]
    fn each_column_of_a_table_has_a_heading_in_the_front_end() {
        let list = EventList { novelty: true, ..list(Format::Table, 1) };
        let table = frame(&list, &searched(&[]), &answer(Kind::Api, &[json!({})])).unwrap();
        let columns: Vec<&str> = table.fields.iter().map(|field| field.name.as_str()).collect();
        assert!(columns.contains(&NOVELTY_REASON) && columns.contains(&"resources"), "{columns:?}");
        assert!(columns.iter().all(|column| has_heading(column)), "{columns:?}");
    }

    #[test]
    fn no_column_has_a_name_that_grafana_reads_as_part_of_an_annotation() {
        let frame = table(&list(Format::Table, 9), &answer(Kind::Api, &[json!({})])).unwrap();
        let swallowed = ["userId", "login", "email", "prevState", "newState", "data", "panelId", "alertId", "color"];
        let names: Vec<&str> = frame.fields.iter().map(|field| field.name.as_str()).collect();
        assert!(names.iter().all(|name| !swallowed.contains(name)), "{names:?}");
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn json_columns_hold_json_or_nothing() {
        let json_events = [json!({ "request_body": { "a": 1.50 } }), json!({ "request_body": null })];
        let frame = table(&list(Format::Table, 9), &answer(Kind::Api, &json_events)).unwrap();
        let field = frame.fields.iter().find(|field| field.name == "request_body").unwrap();
        let bodies: Vec<_> = field.values.as_binary::<i32>().iter().collect();
        assert_eq!(bodies, [None, Some(&br#"{"a":1.5}"#[..])]);
    }

    #[test]
    fn json_nested_deeper_than_a_value_may_be_read_is_shown_as_it_was_sent() {
        let deep = format!("{}1.50{}", "[".repeat(200), "]".repeat(200));
        let page = format!(
            r#"{{"events":[{{"id":"a","recorded_at":"2026-01-01T00:00:00Z","request_body":{deep},"resources":[{{"id":"i","x":{deep}}}]}}]}}"#
        );
        let mut decoder = Decoder::new("fr-par");
        decoder.page(List::Of(Kind::Api), page).unwrap();
        let frame = table(&list(Format::Table, 9), &Answer::of(&decoder.finish().unwrap())).unwrap();
        for (name, expected) in [("request_body", deep.clone()), ("resources", format!(r#"[{{"id":"i","x":{deep}}}]"#))]
        {
            let field = frame.fields.iter().find(|field| field.name == name).unwrap();
            assert_eq!(field.values.as_binary::<i32>().value(0), expected.as_bytes(), "{name}");
        }
    }
}
