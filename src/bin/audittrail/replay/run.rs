//! One replay: a simulated organization, the plugin's query layer, and an evaluation each minute.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use audittrail::query::{DataSource, Failure, Meters, Query, Request};
use audittrail::sandbox::{self, Config, ORGANIZATION_ID, Organization, SECRET_KEY, Sandbox};
use audittrail::settings::Settings;
use chrono::DateTime;
use serde_json::json;

use super::answer::{Names, instances};
use super::clock::SetClock;
use super::compare::{Findings, Truth};
use super::judge::{Hit, Row, Rule, truth};
use super::plant::Planted;
use super::scenario::{Case, Happened, LAG, Plan, Scenario};
use super::weather::Weather;
use crate::Error;

const SECOND: i64 = 1_000_000_000;

const DAY: i64 = 86_400 * SECOND;

/// The distance of two evaluations.
const TICK: i64 = 60 * SECOND;

/// How far a rule looks back from the lag, so that missed evaluations lose nothing.
const LOOKS_BACK: i64 = 600 * SECOND;

/// The evaluations after the last day, which see its last events.
const AFTERWARDS: usize = 15;

/// The first evaluation looks back to so long after the first day begins: a server's clock may be behind by less.
const MARGIN: i64 = 300 * SECOND;

/// How long the replay waits for work in the background that a real minute has ample time for.
const PATIENCE: u32 = 400;
const PAUSE: Duration = Duration::from_millis(50);

/// What is replayed.
#[derive(Debug)]
pub(super) struct Replay<'a> {
    pub(super) plan: Plan,
    pub(super) rules: &'a [Rule],
    pub(super) cases: &'a [Case],
    pub(super) planted: Option<Planted>,
    /// The text of the rules, where they are the organization's own.
    pub(super) own: Option<String>,
}

/// A replay that runs.
struct Running<'a> {
    replay: &'a Replay<'a>,
    sandbox: Sandbox,
    clock: Arc<SetClock>,
    data_source: DataSource,
    cache: &'a Path,
    names: Names,
    findings: Findings,
}

impl Replay<'_> {
    /// Replays the days, and calls `progress` with the number of each tick.
    pub(super) async fn run(&self, mut progress: impl FnMut(usize)) -> Result<Findings, Error> {
        let scenario = Scenario::new(self.plan, self.cases);
        let organization = Organization::new(DateTime::from_timestamp_nanos(scenario.start), chrono::Duration::days(7));
        let names = Names::of(&organization, &scenario.events);
        let truth = self.truth(&scenario, &names)?;
        let trail = Planted::trail(self.planted, &scenario.events, self.crucial(&scenario, &truth));
        let folder = tempfile::tempdir()?;
        let mut running = Running::start(self, &scenario, names, folder.path()).await?;
        let weather = Weather::new(self.plan.seed, self.plan.days);
        let lag = i64::try_from(LAG.as_nanos())?;
        let first = scenario.start + MARGIN + LOOKS_BACK + lag + 7 * SECOND;
        // A server whose clock is ahead evaluates so much earlier: the lag has to have room for it.
        let visible = |event: &Happened| {
            let tick = usize::try_from((event.time - first).max(0) / TICK).unwrap_or_default();
            let ahead = (tick..tick + 4).map(|tick| weather.ahead(tick)).max().unwrap_or_default().max(0);
            if event.is_late() { event.visible } else { event.visible.min(event.time + lag - ahead - SECOND) }
        };
        let mut arriving: Vec<(i64, &Happened)> = trail.iter().map(|event| (visible(event), event)).collect();
        arriving.sort_by_key(|(visible, _)| *visible);
        let mut arriving = arriving.into_iter().peekable();
        let ticks = usize::try_from((scenario.end - scenario.start) / TICK)? + AFTERWARDS;
        for tick in 0..ticks {
            let now = first + i64::try_from(tick)? * TICK;
            while let Some((_, event)) = arriving.next_if(|(visible, _)| *visible <= now) {
                running.sandbox.push(event.region, event.kind, [event.json.to_string()])?;
            }
            running.tick(tick, now, &weather, &truth).await?;
            progress(tick);
        }
        truth.never_shown(scenario.start + 2 * MARGIN..scenario.end, &mut running.findings);
        running.sandbox.stop().await;
        Ok(running.findings)
    }

    /// The truth of a scenario.
    fn truth(&self, scenario: &Scenario, names: &Names) -> Result<Truth, Error> {
        let edge = Planted::edge(self.planted);
        let hits = |counts: &dyn Fn(&Happened) -> bool| -> Result<_, Error> {
            let hits = truth(self.rules, &scenario.events, counts, scenario.start - DAY, edge)?;
            let mut hits: Vec<Hit> = hits.into_iter().filter(|hit| hit.time >= scenario.start).collect();
            for hit in &mut hits {
                hit.row.principal = names.one_of(&hit.row.principal);
            }
            Ok(hits)
        };
        let statistical: HashSet<String> =
            self.rules.iter().filter(|rule| rule.is_statistical()).map(|rule| rule.title.clone()).collect();
        Ok(Truth::new(hits(&|event| !event.is_late())?, hits(&|_| true)?, statistical))
    }

    /// An event in the middle of the replay that makes a rule of single events fire.
    fn crucial(&self, scenario: &Scenario, truth: &Truth) -> usize {
        let middle = scenario.start + (scenario.end - scenario.start) / 2;
        let hit = truth.certain().find(|hit| hit.time >= middle && self.rules[hit.rule].is_of_single_events());
        let is_it = |event: &Happened| hit.is_some_and(|hit| event.time == hit.time);
        scenario.events.iter().position(is_it).unwrap_or_default()
    }
}

impl<'a> Running<'a> {
    async fn start(
        replay: &'a Replay<'a>,
        scenario: &Scenario,
        names: Names,
        cache: &'a Path,
    ) -> Result<Running<'a>, Error> {
        let now = DateTime::from_timestamp_nanos(scenario.start);
        let sandbox = sandbox::start(Config { seed: replay.plan.seed, events: 0, now, ..Config::default() }).await?;
        sandbox.set_now(now);
        let clock = Arc::new(SetClock::default());
        clock.set(scenario.start);
        let data_source = data_source(&sandbox, &clock, cache, replay.own.as_deref())?;
        Ok(Self { replay, sandbox, clock, data_source, cache, names, findings: Findings::default() })
    }

    /// One evaluation of all rules, as Grafana's scheduler makes it by the clock of its server.
    async fn tick(&mut self, tick: usize, now: i64, weather: &Weather, truth: &Truth) -> Result<(), Error> {
        self.sandbox.set_now(DateTime::from_timestamp_nanos(now));
        self.sandbox.set_faults(weather.faults(tick));
        let local = now + weather.ahead(tick);
        self.clock.set(local);
        if weather.restarts(tick) {
            self.data_source = data_source(&self.sandbox, &self.clock, self.cache, self.replay.own.as_deref())?;
        }
        let lag = i64::try_from(LAG.as_nanos())?;
        let (from, to) = (local - lag - LOOKS_BACK, local - lag);
        self.findings.evaluations += self.replay.rules.iter().filter(|rule| rule.is_shown).count() as u64;
        match self.evaluate(from, to, weather.faults(tick).is_empty()).await? {
            Ok(answer) => truth.compare(&answer, (from, to, now - lag), &mut self.findings),
            Err(failure) => {
                self.findings.failures += 1;
                if weather.faults(tick).is_empty() {
                    return Err(format!("tick {tick} fails without a fault: {failure}").into());
                }
            }
        }
        Ok(())
    }

    /// The alert instances of all rules. Where nothing is wrong with the API, a failure may be about work in the background that
    /// is not done yet: then the replay waits for it.
    async fn evaluate(&self, from: i64, to: i64, is_fair: bool) -> Result<Result<BTreeMap<Row, i64>, Failure>, Error> {
        let request = Request::new("A", (from / 1_000_000, to / 1_000_000), Duration::from_secs(1), 43_200, true)?;
        let ids: Vec<&str> =
            self.replay.rules.iter().filter(|rule| rule.is_shown).map(|rule| rule.id.as_str()).collect();
        let query = json!({ "queryType": "detections", "ruleIds": ids }).to_string();
        let query = Query::parse(query.as_bytes(), "", &request, self.data_source.settings.max_events)?;
        for attempt in 0.. {
            match self.data_source.answer(&query, &request).await {
                Ok(frames) => return Ok(Ok(instances(&frames, &self.names)?)),
                Err(_) if is_fair && attempt < PATIENCE => tokio::time::sleep(PAUSE).await,
                Err(failure) => return Ok(Err(failure)),
            }
        }
        unreachable!("the attempts end with an answer or a failure")
    }
}

/// The plugin as it starts: what it had in memory is gone, and its cache directory is there.
fn data_source(sandbox: &Sandbox, clock: &Arc<SetClock>, cache: &Path, own: Option<&str>) -> Result<DataSource, Error> {
    let settings = json!({
        "organizationId": ORGANIZATION_ID, "apiUrl": sandbox.url(), "regions": "fr-par,nl-ams", "cacheDirectory": cache,
        "queryTimeoutSeconds": 25, "detectionRules": own,
    });
    let secrets = HashMap::from([("secretKey".to_owned(), SECRET_KEY.to_owned())]);
    let settings = Settings::parse(settings.to_string().as_bytes(), &secrets)?;
    let clock = Arc::clone(clock);
    Ok(DataSource::new(settings, clock, &Meters::default())?)
}
