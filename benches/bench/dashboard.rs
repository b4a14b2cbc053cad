//! A dashboard of twelve panels, opened and then refreshed: how often Scaleway is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use audittrail::host::{Ask, Host, Source};
use audittrail::sandbox::{ORGANIZATION_ID, SECRET_KEY};
use chrono::Utc;
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::held::number;
use crate::process::{Sandbox, median, plugin, real, timed};
use crate::report::{Reach, Row};
use crate::{Error, Ground, PAGE};

const DAY_MS: i64 = 86_400_000;

/// The region with the most events.
const BUSIEST: &str = "fr-par";

const REFRESHES: usize = 20;

/// Events in 24 hours: of a trail whose unsettled events are a page, and of one where they are several.
const TRAILS: [usize; 2] = [10_000, 100_000];

/// What a dashboard's fastest refresh usually is.
const INTERVAL: Duration = Duration::from_secs(5);

/// How far back a refresh reads: a minute before the one before it, and a second since the API's bounds are whole; and
/// now and then all that is not settled.
const OFTEN_MS: i64 = 60_000 + 5_000 + 1_000;
const AT_TIMES_MS: i64 = 300_000;

/// The panels; the first one alone needs all that the others need.
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

/// Asks panels as Grafana does: each in a call of its own, all at the same time, for the same range.
async fn show(host: &Host, source: &Source, panels: &[Value]) -> Result<(), Error> {
    let now = Utc::now().timestamp_millis();
    let panels = panels.iter().enumerate().map(|(place, panel)| async move {
        let ask = Ask::new(&format!("{place}"), panel.clone(), (now - DAY_MS, now));
        let answers = host.query(source, &[ask], &[]).await?;
        match answers.values().find(|answer| !answer.error.is_empty()) {
            Some(answer) => Err(format!("panel {place}: {}", answer.error).into()),
            None => Ok::<_, Error>(()),
        }
    });
    try_join_all(panels).await?;
    Ok(())
}

/// The calls that list events since the last reset: of each list of each region.
async fn calls(sandbox: &Sandbox) -> Result<Vec<usize>, Error> {
    let calls = sandbox.calls().await?;
    let mut by_list: BTreeMap<&str, usize> = BTreeMap::new();
    for list in calls.lists() {
        *by_list.entry(list).or_default() += 1;
    }
    Ok(by_list.into_values().collect())
}

/// A plugin that is asked panels first thing; how many calls that takes, and how long.
async fn opened(
    ground: &Ground,
    sandbox: &Sandbox,
    source: &Source,
    panels: &[Value],
) -> Result<(Host, f64, f64), Error> {
    let host = plugin(&ground.options).await?;
    sandbox.reset().await?;
    let (seconds, ()) = timed(show(&host, source, panels)).await?;
    Ok((host, real(calls(sandbox).await?.iter().sum::<usize>()), seconds))
}

/// As many calls as the latest events of the busiest list have pages.
async fn pages(host: &Host, source: &Source, latest_ms: i64) -> Result<Reach, Error> {
    let now = Utc::now().timestamp_millis();
    let query = json!({ "queryType": "counts", "over": "total", "scope": { "regions": [BUSIEST] } });
    let events = number(&host.frame(source, Ask::new("A", query, (now - latest_ms, now)), &[]).await?)?;
    Ok(Reach::AtMost((real(u64::try_from(events)?) / PAGE).ceil().max(1.0)))
}

/// The rows of a trail of that many events in 24 hours.
async fn of_trail(ground: &Ground, events: usize) -> Result<Vec<Row>, Error> {
    let sandbox = Sandbox::start(&["--events", &events.to_string(), "--days", "1", "--live"]).await?;
    let source = Source::new(&sandbox.url, ORGANIZATION_ID, SECRET_KEY);
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
    let host = open.ok_or("no run")?;
    let most_of_one = of_one.iter().copied().fold(0.0, f64::max);
    let (mut of_lists, mut seconds) = (Vec::new(), Vec::new());
    for refresh in 1..=REFRESHES {
        ground.say(&format!("{what}: refresh {refresh} of {REFRESHES}"));
        tokio::time::sleep(INTERVAL).await;
        sandbox.reset().await?;
        seconds.push(timed(show(&host, &source, &panels)).await?.0);
        of_lists.push(calls(&sandbox).await?);
    }
    let [often, at_times] = [pages(&host, &source, OFTEN_MS).await?, pages(&host, &source, AT_TIMES_MS).await?];
    host.stop().await?;
    let mean = real(of_lists.iter().flatten().sum::<usize>()) / real(REFRESHES);
    let worst: Vec<f64> = of_lists.iter().map(|lists| real(lists.iter().copied().max().unwrap_or_default())).collect();
    let most = worst.iter().copied().fold(0.0, f64::max);
    let of_refresh = format!("{what}: upstream calls per refresh, region and kind");
    Ok(vec![
        Row::info(format!("{what}: upstream calls of one panel, cold"), median(of_one), "calls"),
        Row::new(
            format!("{what}: upstream calls of all, cold (reach: the most of one panel's runs)"),
            median(of_all),
            "calls",
            Reach::AtMost(most_of_one),
        ),
        Row::new(format!("{of_refresh}, median (reach: new events' pages)"), median(worst), "calls", often),
        Row::new(format!("{of_refresh}, most (reach: unsettled events' pages)"), most, "calls", at_times),
        Row::info(format!("{what}: upstream calls per refresh, mean"), mean, "calls"),
        Row::info(format!("{what}: all panels answered, cold"), median(cold) * 1e3, "ms"),
        Row::info(format!("{what}: all panels answered, refreshed"), median(seconds) * 1e3, "ms"),
    ])
}

pub(crate) async fn rows(ground: &Ground) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for events in TRAILS {
        rows.extend(of_trail(ground, events).await?);
    }
    Ok(rows)
}
