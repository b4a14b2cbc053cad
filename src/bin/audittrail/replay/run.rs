//! The replay of a part: a simulated organization, the plugin's query layer, and an evaluation each minute.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
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
use super::injected;
use super::judge::{Days, Edge, Hit, Row, Rule, reach, truth};
use super::late::{Evaluated, NamedEvents, has_to_be_named};
use super::numbers::Numbers;
use super::part::{Part, TICKS_A_DAY};
use super::plant::{Place, Planted};
use super::scenario::{Case, Happened, Plan, Scenario};
use super::timeline::{LOOKS_BACK, SECOND, Timeline, lag};
use super::weather::Weather;
use crate::Error;

/// How long the replay waits for work in the background that a real minute has ample time for.
const PATIENCE: u32 = 400;
const PAUSE: Duration = Duration::from_millis(50);

/// The arguments of a replay.
#[derive(Debug)]
pub(super) struct Replay<'a> {
    pub(super) days: u32,
    pub(super) cases_a_day: usize,
    pub(super) rules: &'a [Rule],
    pub(super) cases: &'a [Case],
    pub(super) planted: Option<Planted>,
    /// The text of the rules, where they are the organization's own.
    pub(super) own: Option<String>,
    /// The late events that the engine names.
    pub(super) named: NamedEvents,
}

/// A part that is replayed.
struct Running<'a> {
    replay: &'a Replay<'a>,
    sandbox: Sandbox,
    clock: Arc<SetClock>,
    meters: Meters,
    data_source: DataSource,
    cache: &'a Path,
    names: &'a Names,
    findings: Findings,
    evaluated: Vec<Evaluated>,
    numbers: Numbers,
}

impl Replay<'_> {
    /// Replays a part, and calls `progress` after each of its ticks. With a planted fault it is the part around the fault.
    pub(super) async fn run(&self, part: &Part, progress: impl Fn()) -> Result<Numbers, Error> {
        let plan = Plan { seed: part.seed, days: self.days, cases_a_day: self.cases_a_day };
        let scenario = Scenario::new(plan, self.cases);
        let start = DateTime::from_timestamp_nanos(scenario.start);
        let names = Names::of(&Organization::new(start, chrono::Duration::days(7)), &scenario.events);
        let (part, planted) = self.plant(part, &scenario, &names)?;
        let timeline = Timeline::new(&scenario, &part);
        let truth = self.truth(&scenario, &timeline, &names)?;
        let weather = Weather::new(part.seed, self.days);
        let trail = Planted::trail(planted, &scenario.events);
        let mut arriving: Vec<(i64, &Happened)> =
            trail.iter().map(|event| (timeline.visible(event, &weather), event)).collect();
        arriving.sort_by_key(|(visible, _)| *visible);
        let mut arriving = arriving.into_iter().peekable();
        let folder = tempfile::tempdir()?;
        let mut running = Running::start(self, part.seed, timeline.begin(), &names, folder.path()).await?;
        for (tick, now) in timeline.evaluations() {
            while let Some((_, event)) = arriving.next_if(|(visible, _)| *visible <= now) {
                running.sandbox.push(event.region, event.kind, [event.json.to_string()])?;
            }
            running.tick(tick, now, &weather, &truth).await?;
            if part.ticks.contains(&tick) {
                progress();
            }
        }
        let covered = timeline.covered();
        truth.never_shown(covered.clone(), &mut running.findings);
        Ok(running.finish(&scenario, covered).await)
    }

    /// The part around a planted fault, and where it is.
    fn plant(
        &self,
        part: &Part,
        scenario: &Scenario,
        names: &Names,
    ) -> Result<(Part, Option<(Planted, Place)>), Error> {
        let Some(planted) = self.planted else { return Ok((part.clone(), None)) };
        let ticks = self.days as usize * TICKS_A_DAY;
        let timeline = Timeline::new(scenario, &Part { ticks: 0..ticks, ..part.clone() });
        let mut days = timeline.days(scenario);
        let mut hits = |edge| self.hits(&mut days, &timeline, names, edge, &|event| !event.is_late());
        let covered = timeline.covered();
        let middle = covered.start + (covered.end - covered.start) / 4..covered.end;
        let [included, moved] = [hits(Edge::Included)?, hits(Edge::OffByOne)?];
        let place = planted.place(self.rules, [&included, &moved], middle);
        let place = place.ok_or("no event of these days shows the planted fault; other days or more cases may")?;
        let part = Part { ticks: timeline.around(place.time, ticks), ..part.clone() };
        Ok((part, Some((planted, place))))
    }

    /// The truth of a part.
    fn truth(&self, scenario: &Scenario, timeline: &Timeline, names: &Names) -> Result<Truth, Error> {
        let edge = Planted::edge(self.planted);
        let statistical: HashSet<String> =
            self.rules.iter().filter(|rule| rule.is_statistical()).map(|rule| rule.title.clone()).collect();
        let mut days = timeline.days(scenario);
        let in_time = self.hits(&mut days, timeline, names, edge, &|event| !event.is_late())?;
        let all = self.hits(&mut days, timeline, names, edge, &|_| true)?;
        Ok(Truth::new(in_time, all, statistical))
    }

    fn hits(
        &self,
        days: &mut Days<'_>,
        timeline: &Timeline,
        names: &Names,
        edge: Edge,
        counts: &dyn Fn(&Happened) -> bool,
    ) -> Result<Vec<Hit>, Error> {
        let hits = truth(self.rules, days, counts, timeline.decided_from(reach(self.rules)), edge)?;
        let mut hits: Vec<Hit> = hits.into_iter().filter(|hit| hit.time >= timeline.begin()).collect();
        for hit in &mut hits {
            hit.row.principal = names.one_of(&hit.row.principal);
        }
        Ok(hits)
    }
}

impl<'a> Running<'a> {
    async fn start(
        replay: &'a Replay<'a>,
        seed: u64,
        begin: i64,
        names: &'a Names,
        cache: &'a Path,
    ) -> Result<Running<'a>, Error> {
        let now = DateTime::from_timestamp_nanos(begin);
        let sandbox = sandbox::start(Config { seed, events: 0, now, ..Config::default() }).await?;
        sandbox.set_now(now);
        let clock = Arc::new(SetClock::default());
        clock.set(begin);
        let meters = Meters::default();
        let data_source = data_source(&sandbox, &clock, cache, replay.own.as_deref(), &meters)?;
        let (findings, evaluated, numbers) = Default::default();
        Ok(Self { replay, sandbox, clock, meters, data_source, cache, names, findings, evaluated, numbers })
    }

    /// One evaluation of all rules, as Grafana's scheduler makes it by the clock of its server, and at the same time one of a rule
    /// by itself: all have their turn.
    async fn tick(&mut self, tick: usize, now: i64, weather: &Weather, truth: &Truth) -> Result<(), Error> {
        let ahead = self.set(tick, now, weather)?;
        let local = now + ahead;
        let (from, to) = (local - lag() - LOOKS_BACK, local - lag());
        let faults = weather.faults(tick);
        let is_fair = faults.is_empty();
        let shown: Vec<&Rule> = self.replay.rules.iter().filter(|rule| rule.is_shown).collect();
        let alone = [shown[tick % shown.len()]];
        let (all, one) =
            tokio::join!(self.evaluate(&shown, from, to, is_fair), self.evaluate(&alone, from, to, is_fair));
        let (all, one) = (all?, one?);
        let evaluated = Evaluated { now, ahead, is_answered: all.is_ok(), is_restarted: weather.restarts(tick) };
        self.evaluated.push(evaluated);
        let title = alone[0].title.as_str();
        for (answer, rules, title) in [(all, shown.len(), None), (one, 1, Some(title))] {
            self.numbers.evaluations += rules as u64;
            match answer {
                Ok(answer) => truth.compare(&answer, (from, to, now - lag()), title, &mut self.findings),
                Err(failure) if is_fair => {
                    return Err(format!("tick {tick} fails without a fault: {failure}").into());
                }
                Err(_) => self.numbers.inject(injected::FAILED, 1),
            }
        }
        Ok(())
    }

    /// Sets clocks, faults, and the plugin as they are at a tick; returns by how much the server's clock is ahead.
    fn set(&mut self, tick: usize, now: i64, weather: &Weather) -> Result<i64, Error> {
        self.sandbox.set_now(DateTime::from_timestamp_nanos(now));
        self.sandbox.set_faults(weather.faults(tick));
        let ahead = weather.ahead(tick);
        let before = self.evaluated.last().map_or(0, |before| before.ahead);
        match ahead.cmp(&before) {
            std::cmp::Ordering::Less => self.numbers.inject(injected::BEHIND, 1),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => self.numbers.inject(injected::AHEAD, 1),
        }
        self.clock.set(now + ahead);
        if weather.restarts(tick) {
            let own = self.replay.own.as_deref();
            self.data_source = data_source(&self.sandbox, &self.clock, self.cache, own, &self.meters)?;
            self.numbers.inject(injected::RESTARTS, 1);
        }
        Ok(ahead)
    }

    /// The alert instances of some rules. Where nothing is wrong with the API, a failure may be about work in the background that
    /// is not done yet: then the replay waits for it.
    async fn evaluate(
        &self,
        rules: &[&Rule],
        from: i64,
        to: i64,
        is_fair: bool,
    ) -> Result<Result<BTreeMap<Row, i64>, Failure>, Error> {
        let request = Request::new("A", (from / 1_000_000, to / 1_000_000), Duration::from_secs(1), 43_200, true)?;
        let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        let query = json!({ "queryType": "detections", "ruleIds": ids }).to_string();
        let query = Query::parse(query.as_bytes(), "", &request, self.data_source.settings.max_events)?;
        for attempt in 0.. {
            match self.data_source.answer(&query, &request).await {
                Ok(frames) => return Ok(Ok(instances(&frames, self.names)?)),
                Err(_) if is_fair && attempt < PATIENCE => tokio::time::sleep(PAUSE).await,
                Err(failure) => return Ok(Err(failure)),
            }
        }
        unreachable!("the attempts end with an answer or a failure")
    }

    /// The numbers of the part, of which `covered` are the times.
    async fn finish(self, scenario: &Scenario, covered: Range<i64>) -> Numbers {
        let mut numbers = self.numbers;
        numbers += &self.findings.numbers();
        let (mut named, mut lagging, mut late) = (0, 0, 0);
        for event in scenario.events.iter().filter(|event| covered.contains(&event.time)) {
            let is_named = self.replay.named.has(event);
            named += u64::from(is_named);
            late += u64::from(event.is_late());
            lagging += u64::from(!event.is_late() && event.visible - event.time > 20 * SECOND);
            let has_to_be = event.is_late() && has_to_be_named(event, &self.evaluated);
            if has_to_be && !is_named {
                numbers.unnamed += 1;
                numbers.faults.push(format!("late and not named: event {}", event.id()));
            } else if is_named && !event.is_late() {
                numbers.misnamed += 1;
                numbers.faults.push(format!("named as late, although in time: event {}", event.id()));
            }
        }
        let counted = counted_late(&self.meters);
        if counted < named {
            numbers.unnamed += named - counted;
            numbers.faults.push(format!("the metric counts {counted} late events, and the log names {named}"));
        }
        for (kind, times) in [(injected::LAGGING, lagging), (injected::LATE, late), (injected::NAMED, named)] {
            numbers.inject(kind, times);
        }
        injected::add_faults(&self.sandbox.calls(), &mut numbers);
        for (_, habit) in scenario.habits.iter().filter(|(time, _)| covered.contains(time)) {
            *numbers.habits.entry(habit.name().to_owned()).or_default() += 1;
        }
        self.sandbox.stop().await;
        numbers
    }
}

/// The late events that the engine counted.
fn counted_late(meters: &Meters) -> u64 {
    let families = meters.collectors().flat_map(|collector| collector.collect());
    let late = families.filter(|family| family.name() == "audittrail_late_events_total");
    let counts = late.flat_map(|family| family.get_metric().to_vec()).map(|metric| metric.get_counter().get_value());
    // A count is far below 2^53.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    counts.map(|count| count as u64).sum()
}

/// The plugin as it starts: with its cache directory, and nothing in memory.
fn data_source(
    sandbox: &Sandbox,
    clock: &Arc<SetClock>,
    cache: &Path,
    own: Option<&str>,
    meters: &Meters,
) -> Result<DataSource, Error> {
    let settings = json!({
        "organizationId": ORGANIZATION_ID, "apiUrl": sandbox.url(), "regions": "fr-par,nl-ams", "cacheDirectory": cache,
        "queryTimeoutSeconds": 25, "detectionRules": own,
    });
    let secrets = HashMap::from([("secretKey".to_owned(), SECRET_KEY.to_owned())]);
    let settings = Settings::parse(settings.to_string().as_bytes(), &secrets)?;
    let clock = Arc::clone(clock);
    Ok(DataSource::new(settings, clock, meters)?)
}
