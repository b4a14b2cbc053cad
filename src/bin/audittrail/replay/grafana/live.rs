//! The events of a seed at their real times, and the states of Grafana's rules meanwhile.

use std::collections::HashMap;
use std::time::Duration;

use audittrail::sandbox::{self, Config, Organization, Sandbox};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use tokio::time::{Instant, sleep};
use url::Url;

use super::super::answer::Names;
use super::super::numbers::Numbers;
use super::super::run::Replay;
use super::super::scenario::{Happened, Scenario};
use super::super::timeline::{SECOND, TICK, Timeline, lag};
use super::api::Grafana;
use super::setup::Setup;
use super::states::{Rule, States};
use super::verdict::Verdict;
use crate::Error;

/// How long rules are evaluated before the cases begin, in which the plugin reads the days of baselines.
const WARMING: i64 = 2 * TICK;

/// How long rules are evaluated after the last event has passed the lag.
const AFTERWARDS: i64 = 2 * TICK;

/// How much longer Grafana may take for the last evaluation.
const PATIENCE: Duration = Duration::from_mins(3);

/// The pause between two looks at Grafana's states, and how often the trail shows events.
const LOOK: Duration = Duration::from_secs(4);
const SHOW: Duration = Duration::from_millis(100);

/// A seed whose cases end in the next minutes, in a Grafana.
#[derive(Debug)]
pub(in super::super) struct Live<'a> {
    pub(in super::super) replay: &'a Replay<'a>,
    pub(in super::super) url: &'a Url,
    pub(in super::super) seed: u64,
    pub(in super::super) minutes: u32,
}

/// How often in a row Grafana may give no states, as under load.
const MOST_FAILURES: u32 = 5;

/// The states of rules, an entry for each evaluation.
pub(super) type Seen = HashMap<String, Vec<(i64, Rule)>>;

impl Live<'_> {
    /// Shows the events to Grafana, and compares what fired with the truth. What it makes in Grafana it removes.
    pub(in super::super) async fn run(&self) -> Result<Numbers, Error> {
        let begin = nanos(Utc::now());
        let cases = begin + WARMING..begin + WARMING + i64::from(self.minutes) * TICK;
        let end = cases.end;
        let scenario = Scenario::ending(self.seed, cases, self.replay.cases_a_day, self.replay.cases);
        let now = DateTime::from_timestamp_nanos(begin);
        let names = Names::of(&Organization::new(now, chrono::Duration::days(7)), &scenario.events);
        let sandbox = sandbox::start(Config { seed: self.seed, events: 0, now, ..Config::default() }).await?;
        let mut arriving: Vec<&Happened> = scenario.events.iter().collect();
        arriving.sort_by_key(|event| event.visible);
        let past = arriving.partition_point(|event| event.visible <= begin);
        show(&sandbox, &arriving[..past])?;
        let grafana = Grafana::new(self.url)?;
        let setup = Setup::new(&grafana, format!("replay-{}-{}", self.seed, begin / SECOND), &sandbox.url()).await?;
        let made = nanos(Utc::now());
        let seen = tokio::select! {
            seen = watch(&grafana, &setup.uid, end) => seen,
            error = show_all(&sandbox, &arriving[past..]) => Err(error),
            _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        };
        setup.remove(&grafana).await?;
        sandbox.stop().await;
        let seen = seen?;
        let ticks = usize::try_from((end - made) / TICK).map_err(|_| "Grafana took too long to make the rules")?;
        let timeline = Timeline::from(made, ticks);
        let truth = self.replay.truth(&mut self.replay.judge(&scenario, &timeline)?, &timeline, &names)?;
        let verdict = Verdict { rules: self.replay.rules, names: &names, truth: &truth };
        verdict.numbers(&seen, &scenario, timeline.covered())
    }
}

fn nanos(time: DateTime<Utc>) -> i64 {
    time.timestamp_nanos_opt().expect("before 2262")
}

/// Adds events to the trail.
fn show(sandbox: &Sandbox, events: &[&Happened]) -> Result<(), Error> {
    for event in events {
        sandbox.push(event.region, event.kind, [event.json.to_string()])?;
    }
    Ok(())
}

/// Adds events to the trail as they become visible; ends with an error alone.
async fn show_all(sandbox: &Sandbox, mut events: &[&Happened]) -> Error {
    loop {
        let now = nanos(Utc::now());
        let (visible, later) = events.split_at(events.partition_point(|event| event.visible <= now));
        if let Err(error) = show(sandbox, visible) {
            return error;
        }
        events = later;
        sleep(SHOW).await;
    }
}

/// The states of the rules of a folder after each evaluation, until all have evaluated a time that ends at `end`.
async fn watch(grafana: &Grafana, folder: &str, end: i64) -> Result<Seen, Error> {
    let path = format!("api/prometheus/grafana/api/v1/rules?folder_uid={folder}");
    let last = end + lag() + AFTERWARDS;
    let mut before: HashMap<String, Rule> = HashMap::new();
    let mut seen = Seen::new();
    let (mut said, mut failures) = (Instant::now(), 0);
    loop {
        let states = match grafana.get(&path).await {
            Ok(states) => States::deserialize(states)?,
            Err(_) if failures < MOST_FAILURES => {
                failures += 1;
                sleep(LOOK).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        failures = 0;
        let mut rules: HashMap<String, Rule> = HashMap::new();
        for rule in states.rules() {
            let evaluated = rule.evaluated()?;
            let of_rule = seen.entry(rule.name.clone()).or_default();
            // Grafana changes the states of a rule one by one: two equal answers are those of a whole evaluation.
            if let Some(time) = evaluated
                && before.get(&rule.name) == Some(&rule)
                && of_rule.last().is_none_or(|(before, _)| *before < time)
            {
                of_rule.push((time, rule.clone()));
            }
            rules.insert(rule.name.clone(), rule);
        }
        before = rules;
        let now = nanos(Utc::now());
        let is_done = |rule: &Vec<(i64, Rule)>| rule.last().is_some_and(|(time, _)| *time >= last);
        if !seen.is_empty() && seen.values().all(is_done) {
            return Ok(seen);
        }
        if now > last + i64::try_from(PATIENCE.as_nanos()).expect("minutes") {
            let (title, of_rule) = seen.iter().find(|(_, of_rule)| !is_done(of_rule)).ok_or("Grafana has no rules")?;
            let time = of_rule.last().map(|(time, _)| DateTime::from_timestamp_nanos(*time).to_rfc3339());
            return Err(format!("Grafana evaluated {title} at {} for the last time", time.unwrap_or_default()).into());
        }
        if said.elapsed() > Duration::from_mins(1) {
            said = Instant::now();
            let evaluations: usize = seen.values().map(Vec::len).sum();
            eprintln!("{evaluations} evaluations, {} s to go", (last - now).max(0) / SECOND);
        }
        sleep(LOOK).await;
    }
}
