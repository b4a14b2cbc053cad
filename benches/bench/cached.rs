//! Questions about cached events, beside DuckDB's answers to the same questions in SQL.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, Schema, TimestampNanosecondType};
use arrow::ipc::writer::FileWriter;
use audittrail::host::{Ask, Decoded, Host, Source};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::process::{median, plugin, real, run, timed};
use crate::report::{Reach, Row};
use crate::truth::Span;
use crate::{Error, Ground};

/// A text in a few hundredths of the events, in most of them in the request body only.
const TEXT: &str = "backup";

/// The most annotations of an annotation query.
const CAP: usize = 200;

/// The table of all events is fetched in so many parts.
const SLICES: i64 = 10;

/// The most time of an answer, as a multiple of DuckDB's.
const TIMES_DUCKDB: f64 = 1.0;

/// What DuckDB's script prints.
#[derive(Deserialize)]
struct DuckDb {
    version: String,
    rows: usize,
    annotations: Measured<Annotations>,
    counts: Measured<Vec<(i64, String, i64)>>,
    text: Measured<i64>,
}

#[derive(Deserialize)]
struct Measured<T> {
    seconds: f64,
    way: String,
    tried: BTreeMap<String, f64>,
    answer: T,
}

/// The comparable figures of annotations. The starts of clusters differ: SQL cuts time at fixed moments, the plugin at events.
#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Annotations {
    annotations: usize,
    /// The events of each severity; those without a severity are under `none`.
    events: BTreeMap<String, i64>,
}

fn annotations(range: (i64, i64)) -> Ask {
    Ask::new("Anno", json!({ "queryType": "annotations", "scope": { "kinds": ["api"] }, "cap": CAP }), range)
}

/// Counts by principal over time.
pub(crate) fn by_principal(range: (i64, i64)) -> Ask {
    let query = json!({
        "queryType": "counts",
        "scope": { "kinds": ["api"] },
        "groupBy": ["principal"],
        "groupLimit": 1_000,
    });
    Ask::new("A", query, range)
}

fn text(range: (i64, i64)) -> Ask {
    let scope = json!({ "kinds": ["api"], "text": TEXT });
    Ask::new("A", json!({ "queryType": "counts", "over": "total", "scope": scope }), range)
}

/// The number of events in the span, as the plugin counts them.
pub(crate) fn total(range: (i64, i64)) -> Ask {
    let query = json!({ "queryType": "counts", "over": "total", "scope": { "kinds": ["api"] } });
    Ask::new("A", query, range)
}

/// The one number of a total.
pub(crate) fn number(frame: &Decoded) -> Result<i64, Error> {
    let column = frame.batch.column_by_name("count").ok_or("the answer has no count")?;
    Ok(column.as_primitive::<Int64Type>().values().iter().sum())
}

/// The median time of a question after one that warms up, and the last answer.
pub(crate) async fn asked(host: &Host, source: &Source, ask: &Ask, runs: usize) -> Result<(f64, Decoded), Error> {
    let mut frame = host.frame(source, ask.clone(), &[]).await?;
    let mut seconds = Vec::new();
    for _ in 0..runs {
        let took;
        (took, frame) = timed(host.frame(source, ask.clone(), &[])).await?;
        seconds.push(took);
    }
    Ok((median(seconds), frame))
}

/// Writes the plugin's own table of all events as an Arrow file, with risk classes and names, which SQL does not know.
async fn export(host: &Host, source: &Source, span: &Span, path: &Path) -> Result<usize, Error> {
    let (from, to) = span.range();
    let query = json!({
        "queryType": "events",
        "format": "table",
        "limit": 1_000_000,
        "scope": { "kinds": ["api"] },
    });
    let mut file: Option<FileWriter<File>> = None;
    let mut rows = 0;
    // The newest part first, as in every answer.
    for slice in (0..SLICES).rev() {
        let at = |slice: i64| from + (to - from) * slice / SLICES;
        let frame = host.frame(source, Ask::new("A", query.clone(), (at(slice), at(slice + 1))), &[]).await?;
        // Grafana's metadata differ from part to part.
        let schema = Schema::new(frame.batch.schema().fields().clone());
        let batch = RecordBatch::try_new(schema.into(), frame.batch.columns().to_vec())?;
        let mut writer = match file.take() {
            Some(file) => file,
            None => FileWriter::try_new(File::create(path)?, &batch.schema())?,
        };
        writer.write(&batch)?;
        rows += batch.num_rows();
        file = Some(writer);
    }
    file.ok_or("no slice")?.finish()?;
    Ok(rows)
}

/// The series of a count over time, as SQL answers: bucket, principal, events; none that are zero.
fn series(frame: &Decoded) -> Vec<(i64, String, i64)> {
    let schema = frame.batch.schema();
    let mut cells = Vec::new();
    for (field, column) in schema.fields().iter().zip(frame.batch.columns()) {
        let Some(counts) = column.as_primitive_opt::<Int64Type>() else { continue };
        let labels = field.metadata().get("labels").map(String::as_str).unwrap_or_default();
        let labels: Value = serde_json::from_str(labels).unwrap_or_default();
        let principal = labels["principal"].as_str().unwrap_or_default();
        let counts = counts.values().iter().zip(0..).filter(|(count, _)| **count != 0);
        cells.extend(counts.map(|(count, bucket)| (bucket, principal.to_owned(), *count)));
    }
    cells.sort();
    cells
}

/// The start of a series' first bucket and the width of all, in nanoseconds.
fn buckets(frame: &Decoded) -> Result<(i64, i64), Error> {
    let times = frame.batch.column_by_name("time").ok_or("the series has no time")?;
    let starts = times.as_primitive::<TimestampNanosecondType>().values();
    let [first, second, ..] = starts[..] else { return Err("the series has fewer than two buckets".into()) };
    let width = second - first;
    if starts.windows(2).any(|pair| pair[1] - pair[0] != width) {
        return Err("the buckets of the series differ in width".into());
    }
    Ok((first, width))
}

/// The comparable figures of the plugin's annotations. The state of an annotation is its severity; critical and high are one state.
fn annotations_of(frame: &Decoded) -> Result<Annotations, Error> {
    let texts = |name: &str| Ok::<_, Error>(frame.batch.column_by_name(name).ok_or("no column")?.as_string::<i32>());
    let (ids, states) = (texts("id")?, texts("newState")?);
    let mut events = BTreeMap::new();
    for row in 0..frame.batch.num_rows() {
        // A cluster's id is that of its first event, and how many more there are.
        let more: i64 = ids.value(row).split_once('+').map_or(Ok(0), |(_, more)| more.parse())?;
        *events.entry(states.value(row).to_owned()).or_default() += 1 + more;
    }
    Ok(Annotations { annotations: frame.batch.num_rows(), events })
}

fn by_state(sql: &Annotations) -> Annotations {
    let mut events = BTreeMap::new();
    for (severity, count) in &sql.events {
        let state = match severity.as_str() {
            "critical" | "high" => "alerting",
            "medium" => "pending",
            _ => "ok",
        };
        *events.entry(state.to_owned()).or_default() += count;
    }
    Annotations { annotations: sql.annotations, events }
}

pub(crate) async fn rows(ground: &Ground) -> Result<Vec<Row>, Error> {
    let span = ground.truth.newest(ground.options.cached);
    let range = span.range();
    let source = ground.sandbox.source();
    let host = plugin(&ground.options).await?;
    ground.say(&format!("cached: fetching {} events", span.events));
    let cached = number(&host.frame(&source, total(span.range()), &[]).await?)?;
    // Names that only the trail has are fetched once, with the first question about them.
    host.frame(&source, by_principal(range), &[]).await?;
    ground.sandbox.reset().await?;
    let runs = ground.options.runs;
    ground.say("cached: annotations, counts, free text");
    let (of_annotations, annotated) = asked(&host, &source, &annotations(range), runs).await?;
    let (of_counts, counted) = asked(&host, &source, &by_principal(range), runs).await?;
    let (of_text, found) = asked(&host, &source, &text(range), runs).await?;
    let calls = ground.sandbox.calls().await?.listed();

    ground.say("cached: the same events for DuckDB");
    let events = ground.options.folder.join("events.arrow");
    let exported = export(&host, &source, &span, &events).await?;
    host.stop().await?;
    ground.say("cached: the same questions in SQL");
    let (first, width) = buckets(&counted)?;
    let numbers = [
        ("--start", span.from),
        ("--end", span.to),
        ("--first", first),
        ("--width", width),
        ("--cap", i64::try_from(CAP)?),
        ("--runs", i64::try_from(runs)?),
    ];
    let mut script = Command::new(&ground.options.python);
    script.arg("benches/duckdb/questions.py").arg("--events").arg(&events).args(["--text", TEXT]);
    script.args(numbers.iter().flat_map(|(name, number)| [(*name).to_owned(), number.to_string()]));
    let mut sql: DuckDb = run(script.kill_on_drop(true)).await?;

    let what = format!("cached, {cached} events");
    let mut wrong = Vec::new();
    if [usize::try_from(cached)?, exported, sql.rows] != [span.events; 3] {
        wrong.push(format!(
            "{} events expected, {cached} cached, {exported} exported, {} in SQL",
            span.events, sql.rows
        ));
    }
    let (ours, theirs) = (annotations_of(&annotated)?, by_state(&sql.annotations.answer));
    if ours.events != theirs.events || ours.annotations > CAP || theirs.annotations > CAP {
        wrong.push(format!("annotations: {ours:?}, in SQL {theirs:?}"));
    }
    sql.counts.answer.sort();
    if series(&counted) != sql.counts.answer {
        wrong.push("counts by principal over time differ from SQL's".to_owned());
    }
    if number(&found)? != sql.text.answer {
        wrong.push(format!("free text: {} events, in SQL {}", number(&found)?, sql.text.answer));
    }
    for difference in &wrong {
        ground.say(&format!("cached: {difference}"));
    }
    let question = |name: &str, ours: f64, seconds: f64, way: &str, tried: &BTreeMap<String, f64>| {
        ground.say(&format!("DuckDB {}, {name}: {tried:?}", sql.version));
        Row::new(
            format!("{what}: {name} (reach: DuckDB, {way})"),
            ours * 1e3,
            "ms",
            Reach::AtMost(TIMES_DUCKDB * seconds * 1e3),
        )
    };
    let (a, c, t) = (&sql.annotations, &sql.counts, &sql.text);
    Ok(vec![
        question("annotations with clustering", of_annotations, a.seconds, &a.way, &a.tried),
        question("counts by principal over time", of_counts, c.seconds, &c.way, &c.tried),
        question("free text", of_text, t.seconds, &t.way, &t.tried),
        Row::new(format!("{what}: answers that differ from SQL's"), real(wrong.len()), "answers", Reach::AtMost(0.0)),
        Row::new(format!("{what}: upstream calls for all of this"), real(calls), "calls", Reach::AtMost(0.0)),
    ])
}
