//! Memory, and how time and memory grow with the number of events.

use std::time::Duration;

use audittrail::host::Host;
use chrono::Utc;

use crate::cached::{asked, by_principal, number, total};
use crate::process::{median, metric, plugin, real, resident, rest, timed};
use crate::report::{Reach, Row};
use crate::truth::Span;
use crate::{Error, Ground, PAGE};

const MIB: f64 = 1024.0 * 1024.0;

/// The most memory of an idle process.
const IDLE_MIB: f64 = 15.0;

/// The most bytes in memory for each cached event, beside its request body.
const BYTES_PER_EVENT: f64 = 200.0;

/// The allowed cost of ten times as many events: ten times as much, and the spread of measurements.
const LINEAR: f64 = 10.0 * 1.2;

const REFRESHES: usize = 5;

/// The time from one refresh to the next.
const PAUSE: Duration = Duration::from_secs(2);

/// How far back a refresh reads: a minute before the one before it, and a second since the API's bounds are whole.
const REACH_BACK_MS: i64 = 60_000 + 2_000 + 1_000;

/// The metrics of the cache: events, and the bytes of their request bodies.
const CACHED_EVENTS: &str = "audittrail_cache_events";
const CACHED_BODIES: &str = "audittrail_cache_body_bytes";

/// The metric of fetched events.
const READ_EVENTS: &str = "audittrail_events_total";

/// The memory of processes before their first question.
pub(crate) async fn idle(ground: &Ground) -> Result<Vec<Row>, Error> {
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    ground.say("idle processes");
    for _ in 0..ground.options.runs {
        let host = plugin(&ground.options).await?;
        let peer = Host::start(&ground.options.peer, &[]).await?;
        rest().await;
        ours.push(resident(&host)?);
        peers.push(resident(&peer)?);
        host.stop().await?;
        peer.stop().await?;
    }
    Ok(vec![
        Row::new("idle process, resident: the plugin", median(ours) / MIB, "MiB", Reach::AtMost(IDLE_MIB)),
        Row::info("idle process, resident: the peer's plugin", median(peers) / MIB, "MiB"),
    ])
}

/// The cost of one number of events.
struct Size {
    events: usize,
    cold: f64,
    cached: f64,
    refresh: f64,
    /// Calls to Scaleway of one refresh.
    calls: f64,
    /// Events that a refresh fetches.
    read: f64,
    /// Events so new that a refresh has to fetch them.
    new: f64,
    /// Cached events at the time of the memory measurement.
    cached_events: f64,
    /// Memory beyond an idle process's, in bytes.
    memory: f64,
    /// Request bodies in that memory, in bytes.
    bodies: f64,
}

async fn size(ground: &Ground, span: &Span) -> Result<Size, Error> {
    let source = ground.sandbox.source();
    let mut cold = Vec::new();
    let mut started: Option<(Host, f64)> = None;
    for _ in 0..ground.options.runs {
        if let Some((host, _)) = started.take() {
            host.stop().await?;
        }
        let host = plugin(&ground.options).await?;
        rest().await;
        let idle = resident(&host)?;
        let (took, frame) = timed(host.frame(&source, total(span.range()), &[])).await?;
        if usize::try_from(number(&frame)?)? != span.events {
            return Err(format!("{} events counted, not {}", number(&frame)?, span.events).into());
        }
        cold.push(took);
        started = Some((host, idle));
    }
    let (host, idle) = started.ok_or("no run")?;
    rest().await;
    let memory = resident(&host)? - idle;
    let cached_events = metric(&host, CACHED_EVENTS).await?.unwrap_or_default();
    let bodies = metric(&host, CACHED_BODIES).await?.unwrap_or_default();
    let (cached, _) = asked(&host, &source, &by_principal(span.range()), ground.options.runs).await?;

    // From here on the range ends now, where events keep arriving.
    let until_now = || by_principal((span.range().0, Utc::now().timestamp_millis()));
    host.frame(&source, until_now(), &[]).await?;
    let [mut seconds, mut calls, mut read, mut new] = [const { Vec::new() }; 4];
    for _ in 0..REFRESHES {
        tokio::time::sleep(PAUSE).await;
        ground.sandbox.reset().await?;
        let before = metric(&host, READ_EVENTS).await?.unwrap_or_default();
        seconds.push(timed(host.frame(&source, until_now(), &[])).await?.0);
        calls.push(real(ground.sandbox.calls().await?.listed()));
        read.push(metric(&host, READ_EVENTS).await?.unwrap_or_default() - before);
        let now = Utc::now().timestamp_millis();
        let recent = host.frame(&source, total((now - REACH_BACK_MS, now)), &[]).await?;
        new.push(real(usize::try_from(number(&recent)?)?));
    }
    host.stop().await?;
    let [cold, refresh, calls, read, new] = [cold, seconds, calls, read, new].map(median);
    Ok(Size { events: span.events, cold, cached, refresh, calls, read, new, cached_events, memory, bodies })
}

/// Time and memory at each number of events, and their growth.
pub(crate) async fn rows(ground: &Ground) -> Result<Vec<Row>, Error> {
    let mut sizes = Vec::new();
    for events in [100, 10, 1].map(|part| ground.options.cached / part) {
        ground.say(&format!("growth: {events} events"));
        sizes.push(size(ground, &ground.truth.newest(events)).await?);
    }
    let mut rows = Vec::new();
    for size in &sizes {
        let what = format!("growth, {} events", size.events);
        rows.push(Row::info(format!("{what}: fetched, no latency"), size.cold * 1e3, "ms"));
        rows.push(Row::info(format!("{what}: answered from cached events"), size.cached * 1e3, "ms"));
        rows.push(Row::info(format!("{what}: refreshed"), size.refresh * 1e3, "ms"));
        let new =
            format!("{what}: events that a refresh reads (reach: a page or the last {} s)", REACH_BACK_MS / 1_000);
        // A page costs the same however full it is.
        rows.push(Row::new(new, size.read, "events", Reach::AtMost(size.new.max(PAGE))));
        let pages = Reach::AtMost((size.new / PAGE).ceil().max(1.0));
        rows.push(Row::new(format!("{what}: upstream calls of a refresh"), size.calls, "calls", pages));
        rows.push(Row::info(format!("{what}: memory beyond an idle process's"), size.memory / MIB, "MiB"));
    }
    for pair in sizes.windows(2) {
        let [small, large] = pair else { continue };
        let what = format!("growth from {} to {} events", small.events, large.events);
        let times = [
            ("fetched", large.cold / small.cold),
            ("answered", large.cached / small.cached),
            ("refreshed", large.refresh / small.refresh),
            ("memory", large.memory / small.memory),
        ];
        for (name, times) in times {
            rows.push(Row::new(format!("{what}: {name}"), times, "x", Reach::AtMost(LINEAR)));
        }
    }
    if let Some(largest) = sizes.last() {
        let what = format!("memory, {} cached events: beyond an idle process and request bodies", largest.events);
        let bytes = (largest.memory - largest.bodies) / real(largest.events);
        rows.push(if largest.cached_events < real(largest.events) {
            Row::missing(&what, format!("the plugin has cached {} events", largest.cached_events))
        } else {
            Row::new(what, bytes, "bytes/event", Reach::AtMost(BYTES_PER_EVENT))
        });
        let sent = real(ground.truth.bodies(&ground.truth.newest(largest.events)));
        for (name, bytes) in [("as Scaleway sends them", sent), ("as they are cached", largest.bodies)] {
            let what = format!("memory, {} cached events: request bodies, {name}", largest.events);
            rows.push(Row::info(what, bytes / real(largest.events), "bytes/event"));
        }
    }
    Ok(rows)
}
