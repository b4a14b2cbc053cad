//! Annotations: marks on a graph, few enough to be read, none of them hiding something serious.
//!
//! The frame is what Grafana's standard annotation support reads: one frame, fields found by name, `text` shown as HTML,
//! `tags` split at commas, and `newState` deciding the colour.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{BinaryArray, BooleanArray, StringArray, TimestampNanosecondArray};
use chrono::{DateTime, SecondsFormat};
use serde_json::Value;

use super::answer::{Answer, Failure};
use super::console;
use super::keys::{Frequent, Keys, told_apart};
use super::model::{Annotations, Dimension, Request};
use super::sentence::{Sentences, Words};
use crate::event::{Column, Long, status_class};
use crate::frame::{Field, Frame, Meta, Notice};
use crate::risk::Severity;

/// Events closer than this on the screen cannot be told apart with a pointer.
const PIXELS: i64 = 4;

/// The width of a graph, in pixels, where Grafana names none.
const USUAL_WIDTH: i64 = 1_000;

/// A mark covers at most this part of the range, unless the cap leaves no choice.
const COARSEST: i64 = 32;

/// How many methods and resources a summary names.
const NAMED: usize = 5;

/// Events that share a mark, oldest first; mostly one.
type Mark = Vec<usize>;

/// Marks for the events of an answer.
///
/// # Errors
/// Never for events that were made here.
pub fn frame(annotations: &Annotations, answer: &Answer, request: &Request) -> Result<Frame, Failure> {
    let marks = marks(answer, request, annotations.cap);
    let folds = marks.iter().any(|mark| mark.len() > 1);
    let words = if folds { Sentences::new(answer).words() } else { Words::default() };
    let mut alone: Vec<usize> = marks.iter().filter(|mark| mark.len() == 1).map(|mark| mark[0]).collect();
    alone.sort_unstable();
    let of_alone = answer.only(&alone);
    let sentences = Sentences::new(&of_alone);
    // What is told of one event is looked up among those that are alone, not among all.
    let titled = |row: usize| {
        let place = alone.partition_point(|other| *other < row);
        (sentences.title(place), details(place, &of_alone, &sentences))
    };
    let columns = tag_columns(answer);
    let pages = annotations.overlay.then(|| console::pages(answer));
    let rows: Vec<Row> =
        marks.iter().map(|mark| Row::new(mark, answer, titled, &words, &columns, pages.as_ref())).collect();
    let times = |of: &dyn Fn(&Row) -> Option<i64>| Arc::new(rows.iter().map(of).collect::<TimestampNanosecondArray>());
    let texts = |of: &dyn Fn(&Row) -> String| Arc::new(StringArray::from_iter_values(rows.iter().map(of)));
    let mut meta = Meta::default();
    let folded: usize = marks.iter().filter(|mark| mark.len() > 1).map(Vec::len).sum();
    if folded > 0 {
        let (clusters, events) = (marks.iter().filter(|mark| mark.len() > 1).count(), answer.events.len());
        let marks = if clusters == 1 { "mark" } else { "marks" };
        let text = format!(
            "{folded} of {events} events are folded into {clusters} {marks}; narrow the range or the scope to see each"
        );
        meta.notices.push(Notice::info(text));
    }
    if marks.len() > annotations.cap {
        let text = format!(
            "{} marks exceed the cap of {}, because events of different severity are never folded together",
            marks.len(),
            annotations.cap
        );
        meta.notices.push(Notice::info(text));
    }
    let mut fields = vec![
        Field::required("time", times(&|row| Some(row.time))),
        Field::new("timeEnd", times(&|row| row.end)),
        Field::required("title", texts(&|row| escaped(&row.title))),
        Field::required("text", texts(&|row| row.text.clone())),
    ];
    if annotations.overlay {
        meta.data_topic = Some("annotations".to_owned());
        let tags = rows.iter().map(|row| Value::from(row.tags.clone()).to_string());
        fields.push(Field::required("tags", Arc::new(BinaryArray::from_iter_values(tags))));
        fields.push(Field::required("color", texts(&|row| color(row.severity).to_owned())));
        let regions: Vec<bool> = rows.iter().map(|row| row.end.is_some()).collect();
        fields.push(Field::required("isRegion", Arc::new(BooleanArray::from(regions))));
        fields.push(Field::required("id", texts(&|row| row.id.clone())));
        let pages: StringArray = rows.iter().map(|row| row.page.as_deref()).collect();
        fields.push(Field::new("console_url", Arc::new(pages)));
    } else {
        fields.push(Field::required("tags", texts(&|row| row.tags.join(","))));
        fields.push(Field::required("id", texts(&|row| row.id.clone())));
        fields.push(Field::required("newState", texts(&|row| state(row.severity).to_owned())));
    }
    Ok(Frame { name: "annotations".to_owned(), meta, fields })
}

/// How much may share a mark.
#[derive(Clone, Copy)]
struct Fold {
    /// The furthest that an event may lie from its mark's first, in nanoseconds.
    distance: i64,
    /// Whether a mark's events are all of one principal; they are of one risk class too then.
    one_principal: bool,
    /// Whether a mark's events are all of one risk class.
    one_class: bool,
}

/// The ways to fold, each coarser than the one before, and those that give up an event's place in time as well. The first
/// joins only what lies within a few pixels.
fn ladder(request: &Request) -> (Vec<Fold>, Vec<Fold>) {
    let range = request.to - request.from;
    let pixels = match i64::try_from(request.max_data_points).unwrap_or(i64::MAX) {
        0 => USUAL_WIDTH,
        pixels => pixels,
    };
    let nearest = (range / pixels).saturating_mul(PIXELS).clamp(1, range);
    let coarsest = (range / COARSEST).max(nearest);
    let doubled = std::iter::successors(Some(nearest), |distance| Some(distance.saturating_mul(2)));
    let fine = doubled.take_while(|distance| *distance < coarsest).chain([coarsest]);
    let mut ladder: Vec<Fold> = fine.map(|distance| Fold { distance, one_principal: true, one_class: true }).collect();
    ladder.push(Fold { distance: coarsest, one_principal: false, one_class: true });
    ladder.push(Fold { distance: coarsest, one_principal: false, one_class: false });
    let wider = std::iter::successors(Some(coarsest), |distance| Some(distance.saturating_mul(2))).skip(1);
    let wider = wider.take_while(|distance| *distance < range).chain([range]);
    let last_resort = wider.map(|distance| Fold { distance, one_principal: false, one_class: false });
    (ladder, last_resort.collect())
}

/// Folds events into at most `cap` marks, by time.
///
/// What lies within a few pixels always shares a mark. Where that is not enough, the least severe events are folded more
/// coarsely first. Events of different severity never share a mark, so that nothing serious hides among lesser events.
fn marks(answer: &Answer, request: &Request, cap: usize) -> Vec<Mark> {
    let rows = answer.events.len();
    let class = answer.keys(Dimension::RiskClass);
    let (both, _) = told_apart(rows, &[&answer.keys(Dimension::Principal), &class]);
    let times = answer.events.times().values();
    let mut levels: BTreeMap<Option<Severity>, Vec<Alone>> = BTreeMap::new();
    for row in (0..rows).rev() {
        let severity = answer.risks()[row].map(|risk| risk.severity);
        let alone = Alone { time: times[row], both: both[row] as usize, class: class.key(row), row };
        levels.entry(severity).or_default().push(alone);
    }

    let (ladder, last_resort) = ladder(request);
    let levels: Vec<Vec<Alone>> = levels.into_values().collect();
    let mut steps = vec![ladder[0]; levels.len()];
    let count = |level: usize, step: Fold| fold(&levels[level], step, |_, _| {});
    let mut counts: Vec<usize> = (0..levels.len()).map(|level| count(level, ladder[0])).collect();
    // A level becomes as coarse as it may before the next, more severe one is touched; all of them do before the first
    // loses its place in time, and then they lose it step by step.
    let by_level = (0..levels.len()).flat_map(|level| ladder[1..].iter().map(move |step| (level, *step)));
    let by_step = last_resort.iter().flat_map(|step| (0..levels.len()).map(move |level| (level, *step)));
    for (level, step) in by_level.chain(by_step) {
        if counts.iter().sum::<usize>() <= cap {
            break;
        }
        steps[level] = step;
        counts[level] = count(level, step);
    }
    let mut marks: Vec<Mark> = Vec::with_capacity(counts.iter().sum());
    for (level, step) in levels.iter().zip(steps) {
        let first = marks.len();
        fold(level, step, |mark, row| match marks.get_mut(first + mark) {
            Some(mark) => mark.push(row),
            None => marks.push(vec![row]),
        });
    }
    marks.sort_by_key(|mark| (times[mark[0]], std::cmp::Reverse(mark[0])));
    marks
}

/// An event as far as it matters for who may share its mark.
struct Alone {
    time: i64,
    /// One number for each pair of a principal and a risk class.
    both: usize,
    /// One number for each risk class.
    class: usize,
    row: usize,
}

/// Joins events, the oldest first: each with the last mark of its kind, if that began near enough. Shows `see` the mark of
/// each row; marks are numbered as they begin. Tells how many there are.
fn fold(events: &[Alone], fold: Fold, mut see: impl FnMut(usize, usize)) -> usize {
    let mut marks = 0;
    // Of each kind, its last mark and when that began.
    let mut open: Vec<Option<(usize, i64)>> = Vec::new();
    for event in events {
        let kind = match (fold.one_principal, fold.one_class) {
            (true, _) => event.both,
            (false, true) => event.class,
            (false, false) => 0,
        };
        if kind >= open.len() {
            open.resize(kind + 1, None);
        }
        let mark = match open[kind] {
            Some((mark, first)) if event.time - first < fold.distance => mark,
            _ => {
                open[kind] = Some((marks, event.time));
                marks += 1;
                marks - 1
            }
        };
        see(mark, event.row);
    }
    marks
}

struct Row {
    time: i64,
    end: Option<i64>,
    title: String,
    text: String,
    tags: Vec<String>,
    id: String,
    severity: Option<Severity>,
    /// The console's page about what all events of the mark are about.
    page: Option<String>,
}

/// The state that Grafana's annotation queries take a colour from.
fn state(severity: Option<Severity>) -> &'static str {
    match severity {
        Some(Severity::Critical | Severity::High) => "alerting",
        Some(Severity::Medium) => "pending",
        Some(Severity::Low) => "ok",
        None => "nodata",
    }
}

/// The colour of a mark over a panel's own query, by its name in Grafana's palette: the states' colours, and critical
/// events in that of critical log lines.
fn color(severity: Option<Severity>) -> &'static str {
    match severity {
        Some(Severity::Critical) => "purple",
        Some(Severity::High) => "red",
        Some(Severity::Medium) => "yellow",
        Some(Severity::Low) => "green",
        None => "gray",
    }
}

impl Row {
    fn new(
        mark: &Mark,
        answer: &Answer,
        titled: impl Fn(usize) -> (String, String),
        words: &Words<'_>,
        columns: &[Keys<'_>; 4],
        pages: Option<&Keys<'_>>,
    ) -> Self {
        let events = &answer.events;
        let (first, last) = (mark[0], mark[mark.len() - 1]);
        let (time, end) = (events.times().value(first), events.times().value(last));
        let id = events.one(Long::Id, first).unwrap_or_default();
        let ((title, text), id) = match mark[..] {
            [row] => (titled(row), id),
            _ => ((summary_title(mark, answer, words), summary(mark, words)), format!("{id}+{}", mark.len() - 1)),
        };
        let severity = answer.risks()[first].map(|risk| risk.severity);
        let page = pages.and_then(|pages| {
            let key = pages.key(first);
            mark.iter().all(|row| pages.key(*row) == key).then(|| pages.text(key).map(str::to_owned)).flatten()
        });
        Self { time, end: (end != time).then_some(end), title, text, tags: tags(mark, columns), id, severity, page }
    }
}

fn details(row: usize, answer: &Answer, sentences: &Sentences<'_>) -> String {
    let events = &answer.events;
    let time = DateTime::from_timestamp_nanos(events.times().value(row)).to_rfc3339_opts(SecondsFormat::Millis, true);
    let request = events.one(Long::RequestId, row);
    let risk = answer.risks()[row].map(|risk| match risk.attack {
        [] => format!("{} risk: {}", risk.severity.as_str(), risk.class),
        attack => format!("{} risk: {} ({})", risk.severity.as_str(), risk.class, attack.join(", ")),
    });
    let text = |column: Column| Some(super::text::plain(events.text(column).get(row)?).into_owned());
    let parts = [
        ("", Some(time)),
        ("result ", sentences.result(row)),
        ("", risk),
        ("from ", sentences.origin(row)),
        ("in ", text(Column::Locality)),
        ("", text(Column::ResourceType)),
        ("request ", request.map(|request| super::text::plain(&request).into_owned())),
    ];
    let lines = parts.into_iter().filter_map(|(word, text)| Some(format!("{word}{}", escaped(&text?))));
    lines.collect::<Vec<_>>().join("<br/>")
}

/// The most frequent texts in words, each as `show` writes it, and how many others there are.
fn named(frequent: &Frequent<'_>, show: impl Fn(&str, usize) -> String) -> String {
    let mut named: Vec<String> = frequent.counts.iter().map(|(text, count)| show(text, *count)).collect();
    if frequent.others > 0 {
        named.push(format!("{} more", frequent.others));
    }
    named.join(", ")
}

fn summary_title(mark: &Mark, answer: &Answer, words: &Words<'_>) -> String {
    let what_times = |what: &str, count: usize| if count == 1 { what.to_owned() } else { format!("{count} {what}") };
    let who = words.who.frequent(mark, 1);
    let who = match (&who.counts[..], who.others) {
        ([(only, _)], 0) => (*only).to_owned(),
        (some, others) => format!("{} principals", some.len() + others),
    };
    let what = words.what.frequent(mark, NAMED);
    let title = format!("{who}: {} events: {}", mark.len(), named(&what, what_times));
    let class = answer.events.text(Column::StatusClass);
    let denied = mark.iter().filter(|row| class.get(**row) == Some(status_class::DENIED)).count();
    match denied {
        0 => title,
        all if all == mark.len() => format!("{title} (all denied)"),
        some => format!("{title} ({some} denied)"),
    }
}

fn summary(mark: &Mark, words: &Words<'_>) -> String {
    // A single principal is told in the title.
    let parts = [
        ("by ", &words.who, 2),
        ("on ", &words.which, 1),
        ("result ", &words.result, 1),
        ("", &words.risk, 1),
        ("from ", &words.origin, 1),
    ];
    // Where all events agree there is nothing to count.
    let text_times = |text: &str, count: usize| {
        if count == mark.len() || count == 1 { text.to_owned() } else { format!("{text} ×{count}") }
    };
    let lines = parts.into_iter().filter_map(|(word, keys, fewest)| {
        let frequent = keys.frequent(mark, NAMED);
        (frequent.counts.len() >= fewest).then(|| format!("{word}{}", escaped(&named(&frequent, text_times))))
    });
    lines.collect::<Vec<_>>().join("<br/>")
}

/// The columns that tags are of: product, region, outcome and risk class.
fn tag_columns(answer: &Answer) -> [Keys<'_>; 4] {
    [
        Dimension::Column(Column::Product),
        Dimension::Column(Column::Region),
        Dimension::Column(Column::StatusClass),
        Dimension::RiskClass,
    ]
    .map(|dimension| answer.keys(dimension))
}

/// The tags of a mark's events; Grafana splits them at commas and does not trim.
fn tags(mark: &Mark, columns: &[Keys<'_>; 4]) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for keys in columns {
        let mut seen = vec![false; keys.len() + 1];
        for row in mark {
            let key = keys.key(*row);
            if std::mem::replace(&mut seen[key], true) {
                continue;
            }
            let Some(tag) = keys.text(key).map(|tag| super::text::plain(tag).replace(',', " ")) else { continue };
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
    }
    tags
}

/// Grafana renders titles and texts as HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::event::{Events, Kind};
    use crate::risk::Risk;

    const SECOND: i64 = 1_000_000_000;

    fn request(seconds: i64, max_data_points: u64) -> Request {
        let interval = Duration::from_secs(1);
        Request { ref_id: String::new(), from: 0, to: seconds * SECOND, interval, max_data_points, from_alert: false }
    }

    /// Events by their time in milliseconds, who did them and how severe they are.
    fn answer(happened: &[(i64, u8, Option<Severity>, &'static str)]) -> Answer {
        let told: Vec<_> = happened
            .iter()
            .map(|(at, who, ..)| {
                let time = DateTime::from_timestamp_millis(*at);
                json!({ "recorded_at": time, "principal": { "id": format!("who-{who}") }, "method_name": "Do" })
            })
            .collect();
        let answer = Answer::of(&Events::told(Kind::Api, &told));
        let place = |row: usize| answer.events.ids().value(row)["event-".len()..].parse::<usize>().unwrap();
        let risks: Vec<_> = (0..answer.events.len())
            .map(|row| {
                let (.., severity, class) = happened[place(row)];
                severity.map(|severity| &*Box::leak(Box::new(Risk { class, severity, attack: &[] })))
            })
            .collect();
        answer.meaning(risks)
    }

    fn happened() -> impl Strategy<Value = Vec<(i64, u8, Option<Severity>, &'static str)>> {
        let severity = prop::option::weighted(0.8, prop::sample::select(Severity::ALL.to_vec()));
        let class = prop::sample::select(vec!["a", "b"]);
        prop::collection::vec((0..100_000_i64, 0..3_u8, severity, class), 0..80)
    }

    fn severity(answer: &Answer, row: usize) -> Option<Severity> {
        answer.risks()[row].map(|risk| risk.severity)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn marks_are_a_partition_that_never_mixes_severities(happened in happened(), cap in 1..60_usize, points in 0..2_000_u64) {
            let answer = answer(&happened);
            let marks = marks(&answer, &request(100, points), cap);
            let rows: BTreeSet<usize> = marks.iter().flatten().copied().collect();
            prop_assert_eq!(rows.len(), answer.events.len());
            prop_assert_eq!(marks.iter().map(Vec::len).sum::<usize>(), answer.events.len());
            for mark in &marks {
                let severities: BTreeSet<_> = mark.iter().map(|row| severity(&answer, *row)).collect();
                prop_assert_eq!(severities.len(), 1);
                let times = mark.iter().map(|row| answer.events.times().value(*row));
                prop_assert!(times.is_sorted(), "the first event of a mark is its oldest");
            }
        }

        #[test]
        fn the_first_step_joins_one_principal_one_class_and_a_few_pixels(happened in happened(), points in 1..2_000_u64) {
            let answer = answer(&happened);
            let near = 100 * SECOND / i64::try_from(points).unwrap() * PIXELS;
            for mark in marks(&answer, &request(100, points), usize::MAX) {
                let who: BTreeSet<_> = mark.iter().map(|row| answer.events.text(Column::PrincipalId).get(*row)).collect();
                let classes: BTreeSet<_> = mark.iter().map(|row| answer.risks()[*row].map(|risk| risk.class)).collect();
                prop_assert_eq!((who.len(), classes.len()), (1, 1));
                let time = |row: usize| answer.events.times().value(row);
                prop_assert!(time(mark[mark.len() - 1]) - time(mark[0]) < near.clamp(1, 100 * SECOND));
            }
        }

        #[test]
        fn lesser_events_lose_their_place_before_serious_ones_do(happened in happened(), cap in 1..60_usize) {
            let answer = answer(&happened);
            let of = |cap| -> BTreeMap<Option<Severity>, usize> {
                marks(&answer, &request(100, 1_000), cap).iter().fold(BTreeMap::new(), |mut marks, mark| {
                    *marks.entry(severity(&answer, mark[0])).or_default() += 1;
                    marks
                })
            };
            let (free, capped) = (of(usize::MAX), of(cap));
            // Where serious events were folded, all lesser ones had been folded as far as that goes without losing time.
            let most = usize::try_from(COARSEST).unwrap() + 1;
            let folded = free.iter().filter(|(level, marks)| capped[level] < **marks).map(|(level, _)| *level).max();
            for (level, marks) in capped {
                prop_assert!(folded.is_none_or(|folded| level >= folded || marks <= most), "{level:?}: {marks}");
            }
        }

        #[test]
        fn what_is_escaped_cannot_be_markup_and_reads_as_before(text in ".{0,40}|[<>&'\"]{0,12}") {
            let escaped = escaped(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            let read = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
            prop_assert_eq!(read.iter().fold(escaped, |text, (entity, c)| text.replace(entity, c)), text);
        }
    }

    #[test]
    fn the_ladder_only_gets_coarser() {
        for (seconds, points) in [(1, 0), (3_600, 1_000), (90 * 86_400, 3_840), (1, 1), (1, u64::MAX)] {
            let (ladder, last_resort) = ladder(&request(seconds, points));
            let ladder = [ladder, last_resort].concat();
            assert!(ladder.is_sorted_by_key(|fold| fold.distance));
            assert!(ladder.is_sorted_by_key(|fold| (!fold.one_principal, !fold.one_class)));
            assert!(ladder[0].one_principal && ladder[0].one_class && ladder[0].distance > 0);
            assert_eq!(ladder[ladder.len() - 1].distance, seconds * SECOND);
        }
    }

    #[test]
    fn as_many_events_as_the_cap_allows_each_have_a_mark() {
        let apart: Vec<_> = (0..50).map(|n| (n * 2_000, 0, Some(Severity::Low), "a")).collect();
        let answer = answer(&apart);
        assert_eq!(marks(&answer, &request(100, 1_000), 50).len(), 50);
        assert!((1..50).contains(&marks(&answer, &request(100, 1_000), 49).len()));
        assert_eq!(marks(&answer, &request(100, 1_000), 1).len(), 1);
    }

    /// The marks of an answer as their annotation query asks for them.
    fn asked(answer: &Answer, request: &Request) -> Frame {
        use crate::query::{Query, Question};
        let query = Query::parse(br#"{"queryType":"annotations"}"#, "", request, 1).unwrap();
        let Question::Annotations(annotations) = query.question else { unreachable!("annotations were asked") };
        frame(&annotations, answer, request).unwrap()
    }

    fn texts(frame: &Frame, name: &str) -> Vec<String> {
        use arrow::array::AsArray;
        let field = frame.fields.iter().find(|field| field.name == name).unwrap();
        field.values.as_string::<i32>().iter().map(|text| text.unwrap().to_owned()).collect()
    }

    #[test]
    fn a_row_says_what_its_mark_holds() {
        let told = [
            (1_000, 1, Some(Severity::High), "a"),
            (1_100, 1, Some(Severity::High), "a"),
            (60_000, 2, Some(Severity::Low), "b"),
            (90_000, 2, None, "a"),
        ];
        let answer = answer(&told);
        let frame = asked(&answer, &request(100, 100));
        assert_eq!(texts(&frame, "title"), ["who-1: 2 events: 2 Do", "who-2 Do", "who-2 Do"]);
        assert_eq!(texts(&frame, "id"), ["event-000+1", "event-002", "event-003"]);
        assert_eq!(texts(&frame, "newState"), ["alerting", "ok", "nodata"]);
        assert_eq!(texts(&frame, "tags"), ["fr-par,a", "fr-par,b", "fr-par"]);
        let notices: Vec<&str> = frame.meta.notices.iter().map(|notice| notice.text.as_str()).collect();
        assert_eq!(notices, ["2 of 4 events are folded into 1 mark; narrow the range or the scope to see each"]);
    }

    #[test]
    fn a_tag_with_a_comma_stays_one_tag() {
        let answer = Answer::of(&Events::told(Kind::Api, &[json!({ "product_name": "a,b\n", "status_code": 200 })]));
        assert_eq!(texts(&asked(&answer, &request(100, 100)), "tags"), ["a b,fr-par,succeeded"]);
    }
}
