//! A dashboard of twelve panels, opened and then refreshed: how often Scaleway is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use audittrail::host::{Ask, Host, Source};
use audittrail::sandbox::{ORGANIZATION_ID, SECRET_KEY};
use chrono::Utc;
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::process::{Sandbox, median, plugin, real, timed};
use crate::report::{Reach, Row};
use crate::{Error, Ground};

const DAY_MS: i64 = 86_400_000;

const REFRESHES: usize = 20;

/// What a dashboard's fastest refresh usually is.
const INTERVAL: Duration = Duration::from_secs(5);

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

/// The calls that list events since the last reset: all of them, and the most of one list of one region.
async fn calls(sandbox: &Sandbox) -> Result<(usize, usize), Error> {
    let calls = sandbox.calls().await?;
    let mut by_list: BTreeMap<&str, usize> = BTreeMap::new();
    for list in calls.lists() {
        *by_list.entry(list).or_default() += 1;
    }
    Ok((by_list.values().sum(), by_list.values().copied().max().unwrap_or_default()))
}

/// The calls of one panel that is asked first thing.
async fn of_one(ground: &Ground, sandbox: &Sandbox, source: &Source, panel: &[Value]) -> Result<usize, Error> {
    let host = plugin(&ground.options).await?;
    sandbox.reset().await?;
    show(&host, source, panel).await?;
    let (total, _) = calls(sandbox).await?;
    host.stop().await?;
    Ok(total)
}

pub(crate) async fn rows(ground: &Ground) -> Result<Vec<Row>, Error> {
    let sandbox = Sandbox::start(&["--events", "10000", "--days", "1", "--live"]).await?;
    let source = Source::new(&sandbox.url, ORGANIZATION_ID, SECRET_KEY);
    let panels = panels();
    ground.say("dashboard: one panel");
    let before = of_one(ground, &sandbox, &source, &panels[..1]).await?;
    ground.say("dashboard: twelve panels");
    let host = plugin(&ground.options).await?;
    sandbox.reset().await?;
    let (cold, ()) = timed(show(&host, &source, &panels)).await?;
    let (of_all, _) = calls(&sandbox).await?;
    // Events keep arriving: what one panel costs is asked again.
    let one = before.max(of_one(ground, &sandbox, &source, &panels[..1]).await?);
    let (mut totals, mut most, mut seconds) = (0, 0, Vec::new());
    for refresh in 1..=REFRESHES {
        ground.say(&format!("dashboard: refresh {refresh} of {REFRESHES}"));
        tokio::time::sleep(INTERVAL).await;
        sandbox.reset().await?;
        seconds.push(timed(show(&host, &source, &panels)).await?.0);
        let (total, of_a_list) = calls(&sandbox).await?;
        (totals, most) = (totals + total, most.max(of_a_list));
    }
    host.stop().await?;
    let what = "dashboard, 12 panels, 10 000 events in 24 h";
    Ok(vec![
        Row::info(format!("{what}: upstream calls of one panel, cold, before or after"), real(one), "calls"),
        Row::new(format!("{what}: upstream calls of all, cold"), real(of_all), "calls", Reach::AtMost(real(one))),
        Row::new(
            format!("{what}: most upstream calls per refresh, region and kind"),
            real(most),
            "calls",
            Reach::AtMost(1.0),
        ),
        Row::info(format!("{what}: upstream calls per refresh, mean"), real(totals) / real(REFRESHES), "calls"),
        Row::info(format!("{what}: all panels answered, cold"), cold * 1e3, "ms"),
        Row::info(format!("{what}: all panels answered, refreshed"), median(seconds) * 1e3, "ms"),
    ])
}
