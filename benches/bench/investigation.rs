//! Investigations: the search of a metric's samples, and the ranking of the actions in cached events.

use std::hint::black_box;
use std::time::{Duration, Instant};

use audittrail::host::Ask;
use audittrail::investigation::{Detector, Sample, Series, Unit};
use audittrail::time::Time;
use serde_json::json;

use crate::cached::{asked, number, total};
use crate::process::{median, plugin, real};
use crate::report::{Reach, Row};
use crate::truth::Span;
use crate::{Error, Ground};

/// The samples that are searched at once: a third of a year of quarter hours, or a week of minutes.
const POINTS: usize = 10_000;

/// The most time of their search.
const SEARCH_MS: f64 = 50.0;

/// The events of an investigation whose time is bounded.
const EVENTS: usize = 100_000;

/// The most time of that investigation.
const INVESTIGATION_MS: f64 = 300.0;

/// The allowed cost of ten times as many events: ten times as much, and the spread of measurements.
const LINEAR: f64 = 10.0 * 1.2;

const MINUTE_MS: i64 = 60_000;

const DAY_MINUTES: i64 = 24 * 60;

/// A metric with a daily course, noise, and one span of an hour that leaves its band.
fn series(points: usize) -> Result<Series, Error> {
    const STEP: Duration = Duration::from_mins(1);
    const DAY: f64 = 24.0 * 60.0;
    let mut noise = 0x2545_F491_4F6C_DD1D_u64;
    let samples = (0..points).map(|index| {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        let jitter = real(usize::try_from(noise % 1_000).expect("below a thousand")) / 250.0;
        let spike = if (points - 120..points - 60).contains(&index) { 45.0 } else { 0.0 };
        let course = 12.0 * (real(index) / DAY * std::f64::consts::TAU).sin();
        let time = Time::from_nanos(0) + STEP * u32::try_from(index).expect("few points");
        Sample { time, value: 30.0 + course + jitter + spike }
    });
    Ok(Series::gauge(samples.collect(), Unit::Other)?)
}

/// The median time of a search, in milliseconds.
fn searched(points: usize, runs: usize) -> Result<f64, Error> {
    let (detector, series) = (Detector::default(), series(points)?);
    if detector.search(&series).is_empty() {
        return Err("the span of the series was not found".into());
    }
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        black_box(detector.search(black_box(&series)));
        start.elapsed().as_secs_f64() * 1e3
    });
    Ok(median(times.collect()))
}

/// A question whose lookback and history are the events of a span, so that nothing is fetched.
fn question(span: &Span) -> Ask {
    let (from, to) = span.range();
    // The lookback begins a step of the metric before the onset, which is that of the last minute.
    let minutes = (to - from) / MINUTE_MS - 2;
    // A lookback has at most a day, and a history whole days; both have to be there.
    let (days, minutes) = ((minutes / DAY_MINUTES).max(1), (minutes % DAY_MINUTES).max(1));
    let query = json!({
        "queryType": "investigate",
        "scope": { "kinds": ["api"] },
        "expression": "instance_server_cpu_usage",
        "lookbackMinutes": minutes,
        "historyDays": days,
    });
    Ask::new("A", query, (to - MINUTE_MS, to))
}

/// The rows of searches and of investigations, with their growth.
pub(crate) async fn rows(ground: &Ground) -> Result<Vec<Row>, Error> {
    let runs = ground.options.runs;
    ground.say("investigation: the search of a metric");
    let mut rows = Vec::new();
    for points in [POINTS / 10, POINTS] {
        let what = format!("investigation: {points} points of a metric searched");
        let reach = Reach::AtMost(SEARCH_MS);
        rows.push(Row::new(what, searched(points, runs)?, "ms", reach));
    }
    let source = ground.sandbox.source();
    let mut times = Vec::new();
    for events in [EVENTS, ground.options.cached] {
        let span = ground.truth.newest(events);
        ground.say(&format!("investigation: {} events", span.events));
        let host = plugin(&ground.options).await?;
        let cached = number(&host.frame(&source, total(span.range()), &[]).await?)?;
        if usize::try_from(cached)? != span.events {
            return Err(format!("{cached} events counted, not {}", span.events).into());
        }
        let (seconds, _) = asked(&host, &source, &question(&span), runs).await?;
        host.stop().await?;
        let what = format!("investigation: actions among {} cached events ranked", span.events);
        rows.push(if events == EVENTS {
            Row::new(what, seconds * 1e3, "ms", Reach::AtMost(INVESTIGATION_MS))
        } else {
            Row::info(what, seconds * 1e3, "ms")
        });
        times.push((span.events, seconds));
    }
    for pair in times.windows(2) {
        let [(small, before), (large, after)] = pair else { continue };
        let what = format!("investigation: growth from {small} to {large} events");
        rows.push(Row::new(what, after / before, "x", Reach::AtMost(LINEAR)));
    }
    Ok(rows)
}
