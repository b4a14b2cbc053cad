//! A dashboard of twelve panels, opened and then refreshed: the number of calls to Scaleway.

use std::collections::BTreeMap;
use std::time::Duration;

use audittrail::event::Kind;
use audittrail::host::{Ask, Host, Source};
use audittrail::sandbox::{ORGANIZATION_ID, SECRET_KEY};
use audittrail::settings::DEFAULT_MAX_EVENTS;
use chrono::Utc;
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::cached::number;
use crate::process::{Sandbox, median, plugin, real, timed};
use crate::report::{Reach, Row};
use crate::{Error, Ground, PAGE};

const DAY_MS: i64 = 86_400_000;

/// The region with the most events.
const BUSIEST: &str = "fr-par";

const REFRESHES: usize = 20;

/// Events in 24 hours: of a trail whose unsettled events are a page, and of one where they are several.
const TRAILS: [usize; 2] = [10_000, 100_000];

/// The usual fastest refresh of a dashboard.
const INTERVAL: Duration = Duration::from_secs(5);

/// How far back a refresh reads: a minute before the one before it, and a second since the API's bounds are whole; and
/// once a minute all events that had not settled a minute ago.
const OFTEN_MS: i64 = 60_000 + 5_000 + 1_000;
const AT_TIMES_MS: i64 = 300_000 + OFTEN_MS;

/// The panels; the events of the first one include those of all others.
fn panels() -> [Value; 12] {
    [
        json!({ "queryType": "events", "format": "logs", "limit": 500 }),
        json!({ "queryType": "annotations" }),
        json!({ "queryType": "annotations", "scope": { "severities": ["critical", "high"] } }),
        json!({ "queryType": "volume" }),
        json!({ "queryType": "counts" }),
        json!({ "queryType": "counts", "groupBy": ["principal"] }),
        json!({ "queryType": "counts", "groupBy": ["product", "status_class"] }),
        json!({ "queryType": "counts", "over": "total", "groupBy": ["method"], "groupLimit": 10 }),
        json!({ "queryType": "counts", "scope": { "status": ["denied"] }, "groupBy": ["principal"] }),
        json!({ "queryType": "counts", "over": "total", "scope": { "riskClasses": ["credential_creation"] } }),
        json!({ "queryType": "events", "format": "table", "limit": 50, "scope": { "products": ["iam"] } }),
        json!({ "queryType": "events", "scope": { "kinds": ["authentication"], "status": ["failed"] } }),
    ]
}

/// Asks panels as Grafana does: each in a call of its own, all at the same time, for the same range. Returns its end.
async fn show(host: &Host, source: &Source, panels: &[Value]) -> Result<i64, Error> {
    let now = Utc::now().timestamp_millis();
    let panels = panels.iter().enumerate().map(|(number, panel)| async move {
        let ask = Ask::new(&format!("{number}"), panel.clone(), (now - DAY_MS, now));
        let answers = host.query(source, &[ask], &[]).await?;
        match answers.values().find(|answer| !answer.error.is_empty()) {
            Some(answer) => Err(format!("panel {number}: {}", answer.error).into()),
            None => Ok::<_, Error>(()),
        }
    });
    try_join_all(panels).await?;
    Ok(now)
}

/// The calls that list events of each region since the last reset.
async fn calls(sandbox: &Sandbox) -> Result<BTreeMap<String, usize>, Error> {
    let calls = sandbox.calls().await?;
    let mut by_region = BTreeMap::new();
    for region in calls.regions() {
        *by_region.entry(region.to_owned()).or_default() += 1;
    }
    Ok(by_region)
}

/// A new plugin that answers these panels first; returns the number of calls and the seconds.
async fn opened(
    ground: &Ground,
    sandbox: &Sandbox,
    source: &Source,
    panels: &[Value],
) -> Result<(Host, f64, f64), Error> {
    let host = plugin(&ground.options).await?;
    sandbox.reset().await?;
    let (seconds, _) = timed(show(&host, source, panels)).await?;
    Ok((host, real(calls(sandbox).await?.values().sum::<usize>()), seconds))
}

/// The pages of the latest events of the busiest region at a time.
async fn pages(host: &Host, source: &Source, at: i64, latest_ms: i64) -> Result<f64, Error> {
    let query = json!({ "queryType": "counts", "over": "total", "scope": { "regions": [BUSIEST] } });
    let events = number(&host.frame(source, Ask::new("A", query, (at - latest_ms, at)), &[]).await?)?;
    Ok((real(u64::try_from(events)?) / PAGE).ceil().max(1.0))
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

/// The rows of a trail of that many events in 24 hours.
async fn of_trail(ground: &Ground, events: usize) -> Result<Vec<Row>, Error> {
    let sandbox = Sandbox::start(&["--events", &events.to_string(), "--days", "1", "--live"]).await?;
    let by_default = Source::new(&sandbox.url, ORGANIZATION_ID, SECRET_KEY);
    // No list is cut, so that the panels of parts need no more events than the panel of all events.
    let source = by_default.clone().with("maxEvents", 2 * events);
    let panels = panels();
    let what = format!("dashboard, 12 panels, {events} events in 24 h");
    let [mut of_one, mut of_all, mut cold] = [const { Vec::new() }; 3];
    let mut open: Option<Host> = None;
    // In turns, since events keep arriving.
    for run in 1..=ground.options.runs {
        ground.say(&format!("{what}: opened, run {run}"));
        let (host, calls, _) = opened(ground, &sandbox, &source, &panels[..1]).await?;
        host.stop().await?;
        of_one.push(calls);
        let (host, calls, seconds) = opened(ground, &sandbox, &source, &panels).await?;
        of_all.push(calls);
        cold.push(seconds);
        if let Some(before) = open.replace(host) {
            before.stop().await?;
        }
    }
    let mut cut = Vec::new();
    if events > DEFAULT_MAX_EVENTS {
        ground.say(&format!("{what}: opened with the default maxEvents"));
        for (name, panels) in [("one panel", &panels[..1]), ("all", &panels[..])] {
            let (host, calls, _) = opened(ground, &sandbox, &by_default, panels).await?;
            host.stop().await?;
            cut.push(Row::info(
                format!(
                    "{what}, cut at maxEvents {DEFAULT_MAX_EVENTS}: upstream calls of {name}, cold (panels of parts \
                     fetch older events of their own)"
                ),
                calls,
                "calls",
            ));
        }
    }
    let host = open.ok_or("no run")?;
    let (mut shown, mut of_regions, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    for refresh in 1..=REFRESHES {
        ground.say(&format!("{what}: refresh {refresh} of {REFRESHES}"));
        tokio::time::sleep(INTERVAL).await;
        sandbox.reset().await?;
        let (took, at) = timed(show(&host, &source, &panels)).await?;
        shown.push(at);
        seconds.push(took);
        of_regions.push(calls(&sandbox).await?);
    }
    let (mut often, mut at_times) = (Vec::new(), Vec::new());
    for at in shown {
        often.push(pages(&host, &source, at, OFTEN_MS).await?);
        at_times.push(pages(&host, &source, at, AT_TIMES_MS).await?);
    }
    host.stop().await?;
    let of_all_regions: Vec<f64> = of_regions.iter().map(|regions| real(regions.values().sum::<usize>())).collect();
    let of_one_region: Vec<f64> =
        of_regions.iter().map(|regions| real(regions.values().copied().max().unwrap_or_default())).collect();
    let regions = of_regions.iter().map(BTreeMap::len).max().unwrap_or_default();
    let mean = of_all_regions.iter().sum::<f64>() / real(REFRESHES);
    let of_refresh = format!("{what}: upstream calls per refresh");
    let mut rows = cut;
    rows.extend([
        Row::info(format!("{what}: upstream calls of one panel, cold"), median(of_one.clone()), "calls"),
        Row::new(
            format!("{what}: upstream calls of all, cold (reach: the most of one panel's runs)"),
            median(of_all),
            "calls",
            Reach::AtMost(most(&of_one)),
        ),
        Row::new(
            format!("{of_refresh}, most (reach: one for each region and kind)"),
            most(&of_all_regions),
            "calls",
            Reach::AtMost(real(regions) * real(Kind::ALL.len())),
        ),
        Row::info(format!("{of_refresh}, mean"), mean, "calls"),
        Row::new(
            format!("{of_refresh} and region, median (reach: new events' pages)"),
            median(of_one_region.clone()),
            "calls",
            Reach::AtMost(median(often)),
        ),
        Row::new(
            format!("{of_refresh} and region, most (reach: unsettled events' pages)"),
            most(&of_one_region),
            "calls",
            Reach::AtMost(most(&at_times)),
        ),
        Row::info(format!("{what}: all panels answered, cold"), median(cold) * 1e3, "ms"),
        Row::info(format!("{what}: all panels answered, refreshed"), median(seconds) * 1e3, "ms"),
    ]);
    Ok(rows)
}

pub(crate) async fn rows(ground: &Ground) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for events in TRAILS {
        rows.extend(of_trail(ground, events).await?);
    }
    Ok(rows)
}
