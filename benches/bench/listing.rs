//! From nothing to an answer: the whole plugin process beside the peer's sequential listing.

use arrow::array::AsArray;
use audittrail::host::{Ask, Decoded, Source};
use serde_json::{Value, json};

use crate::process::{Sandbox, figure, median, peer, plugin, real, run, timed};
use crate::report::{Reach, Row};
use crate::truth::Span;
use crate::{Error, Ground};

const LATENCY_MS: u32 = 50;

/// Calls at the same time: what the figures are for, and what is set by default.
const CONCURRENT: u32 = 16;
const CONCURRENT_BY_DEFAULT: u32 = 8;

const CALLS_PER_SECOND: u32 = 40;

/// How much longer than its bound a listing may take.
const SLACK: f64 = 1.3;

/// How many times as fast as the peer a listing must be.
const TIMES_THE_PEER: f64 = 12.0;

/// One table of all events of the span, columns as the peer's.
fn ask(span: &Span) -> Ask {
    let query = json!({
        "queryType": "events",
        "format": "table",
        "limit": span.events,
        "scope": { "kinds": ["api"] },
    });
    Ask::new("A", query, span.range())
}

/// A process that starts, answers one query and is stopped: its time, and its frame.
async fn whole_process(ground: &Ground, source: &Source, span: &Span) -> Result<(f64, Decoded), Error> {
    let work = async {
        let host = plugin(&ground.options).await?;
        let answers = host.query(source, &[ask(span)], &[]).await?;
        Ok::<_, Error>((host, answers))
    };
    let (seconds, (host, mut answers)) = timed(work).await?;
    let answer = answers.remove("A").ok_or("no answer")?;
    if !answer.error.is_empty() {
        return Err(answer.error.into());
    }
    let frame = Decoded::new(answer.frames.first().ok_or("no frame")?)?;
    host.stop().await?;
    Ok((seconds, frame))
}

/// Several whole processes; each must answer with exactly the span's events.
async fn several(
    ground: &Ground,
    sandbox: &Sandbox,
    source: &Source,
    span: &Span,
    what: &str,
) -> Result<(f64, usize), Error> {
    let mut seconds = Vec::new();
    let mut wrong = 0;
    for run in 1..=ground.options.runs {
        ground.say(&format!("{what}: run {run} of {}", ground.options.runs));
        sandbox.reset().await?;
        let (took, frame) = whole_process(ground, source, span).await?;
        seconds.push(took);
        wrong = wrong.max(lost_or_doubled(&frame, ground.truth.ids(span))?);
    }
    Ok((median(seconds), wrong))
}

/// How many events the frame lacks, tells twice or should not have.
fn lost_or_doubled(frame: &Decoded, truth: &[String]) -> Result<usize, Error> {
    let ids = frame.batch.column_by_name("id").ok_or("the table has no ids")?.as_string::<i32>();
    let mut found: Vec<&str> = ids.iter().flatten().collect();
    let mut truth: Vec<&str> = truth.iter().map(String::as_str).collect();
    found.sort_unstable();
    truth.sort_unstable();
    let doubled = found.windows(2).filter(|pair| pair[0] == pair[1]).count();
    let lost = truth.iter().filter(|id| found.binary_search(id).is_err()).count();
    let strange = found.iter().filter(|id| truth.binary_search(id).is_err()).count();
    Ok(doubled + lost + strange)
}

/// The peer's listing: the median of its time, and how many calls it makes.
async fn peers(ground: &Ground, sandbox: &Sandbox, span: &Span) -> Result<(f64, f64), Error> {
    let [from, to] = span.texts();
    let mut seconds = Vec::new();
    let mut calls = 0;
    for number in 1..=ground.options.runs {
        ground.say(&format!("cold, the peer: run {number} of {}", ground.options.runs));
        sandbox.reset().await?;
        let arguments = ["list", "--url", &sandbox.url, "--from", &from, "--to", &to];
        let (took, listed) = timed(run::<Value>(&mut peer(&ground.options, arguments))).await?;
        if figure(&listed, "events")?.total_cmp(&real(span.events)).is_ne() {
            return Err(format!("the peer listed {listed}, not {} events", span.events).into());
        }
        seconds.push(took);
        calls = sandbox.calls().await?.listed();
    }
    Ok((median(seconds), real(calls)))
}

/// Cold, every call as slow as in real life.
pub(crate) async fn cold(ground: &Ground) -> Result<Vec<Row>, Error> {
    let span = ground.truth.newest(ground.options.listed);
    let sandbox = ground.another(&["--latency", &LATENCY_MS.to_string()]).await?;
    let what = format!("cold, {} events, {LATENCY_MS} ms a call", span.events);
    let (peers, calls) = peers(ground, &sandbox, &span).await?;
    let mut rows = vec![Row::info(format!("{what}: the peer, {calls} calls one by one"), peers, "s")];
    for concurrent in [CONCURRENT, CONCURRENT_BY_DEFAULT] {
        let source = sandbox.source().with("concurrentCalls", concurrent);
        let what = format!("{what}, {concurrent} calls at once");
        let (ours, wrong) = several(ground, &sandbox, &source, &span, &what).await?;
        let bound = calls * f64::from(LATENCY_MS) / 1_000.0 / f64::from(concurrent);
        rows.push(Row::new(format!("{what}: the plugin"), ours, "s", Reach::AtMost(SLACK * bound)));
        let times = format!("{what}: times as fast as the peer");
        // Fewer calls at once cannot be more times as fast than they are calls: only the greater number must.
        rows.push(if concurrent == CONCURRENT {
            Row::new(times, peers / ours, "x", Reach::AtLeast(TIMES_THE_PEER))
        } else {
            Row::info(times, peers / ours, "x")
        });
        rows.push(Row::new(
            format!("{what}: events missing, duplicate or unexpected"),
            real(wrong),
            "events",
            Reach::AtMost(0.0),
        ));
    }
    Ok(rows)
}

/// Cold, with a limit of calls a second.
pub(crate) async fn limited(ground: &Ground) -> Result<Vec<Row>, Error> {
    let span = ground.truth.newest(ground.options.listed);
    let (latency, limit) = (LATENCY_MS.to_string(), CALLS_PER_SECOND.to_string());
    let sandbox = ground.another(&["--latency", &latency, "--rate-limit", &limit]).await?;
    let source = sandbox.source().with("concurrentCalls", CONCURRENT);
    let what = format!("cold, {} events, at most {CALLS_PER_SECOND} calls a second", span.events);
    let (ours, wrong) = several(ground, &sandbox, &source, &span, &what).await?;
    let refused = sandbox.calls().await?.by_status.get(&429).copied().unwrap_or_default();
    let bound = real(span.events.div_ceil(100)) / f64::from(CALLS_PER_SECOND);
    Ok(vec![
        Row::new(format!("{what}: the plugin"), ours, "s", Reach::AtMost(SLACK * bound)),
        Row::new(format!("{what}: events missing, duplicate or unexpected"), real(wrong), "events", Reach::AtMost(0.0)),
        Row::info(format!("{what}: calls refused with 429, last run"), f64::from(u32::try_from(refused)?), "calls"),
    ])
}
