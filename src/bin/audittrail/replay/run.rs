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
use super::judge::{Edge, Hit, Judge, Row, Rule, reach};
use super::late::{Evaluated, NamedEvents, has_to_be_named};
use super::numbers::Numbers;
use super::part::Part;
use super::plant::{Place, Planted};
use super::rsigma::Outside;
use super::scenario::{Case, Happened, Plan, Scenario};
use super::timeline::{LOOKS_BACK, SECOND, Timeline, lag};
use super::weather::Weather;
use crate::Error;

/// How often the replay asks again while days of a baseline are read, four minutes at least: a day that could not be read, as well
/// as names, is read again after a real minute. A count, not a duration: a busy machine takes longer.
const PATIENCE: u64 = 600;

/// The first pause before a query is asked again, and the longest; each is twice the one before.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(400)];

/// How many ticks there are for each that evaluates a rule by itself too, besides those after restarts and outages.
const ALONE: usize = 4;

/// The end of an error while days of a baseline are being read.
pub(super) const BEING_READ: &str = "; the others are being read";

/// In errors after an outage in which days of a baseline, or the names of principals, could not be read; the reason follows.
const UNREADABLE: [&str; 2] = ["; the others cannot be read: ", "because IAM cannot be read: "];

/// The arguments of a replay.
#[derive(Debug)]
pub(super) struct Replay<'a> {
    pub(super) days: u32,
    pub(super) cases_a_day: usize,
    pub(super) rules: &'a [Rule],
    /// Another engine that judges correlations; none where a fault is planted.
    pub(super) outside: Option<Outside<'a>>,
    pub(super) cases: &'a [Case],
    pub(super) planted: Option<Planted>,
    /// The text of the rules, where they are the organization's own.
    pub(super) own: Option<String>,
}

/// The answer to one query, and how often it failed before because days of a baseline or names were being read.
struct Evaluation {
    answer: Result<BTreeMap<Row, i64>, Failure>,
    waited: u64,
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
    /// Replays a part, with the late events that the engine names, and calls `progress` after each of its ticks. With a planted fault
    /// it is the part around the fault.
    pub(super) async fn run(&self, part: &Part, of_log: &NamedEvents, progress: impl Fn()) -> Result<Numbers, Error> {
        let plan = Plan { seed: part.seed, days: self.days, cases_a_day: self.cases_a_day };
        let scenario = Scenario::new(plan, self.cases);
        let start = DateTime::from_timestamp_nanos(scenario.start);
        let names = Names::of(&Organization::new(start, chrono::Duration::days(7)), &scenario.events);
        let timeline = Timeline::new(&scenario, part);
        let mut judge = self.judge(&scenario, &timeline)?;
        let (part, planted) = self.plant(part, &scenario, &mut judge, &names)?;
        let timeline = Timeline::new(&scenario, &part);
        let truth = self.truth(&mut judge, &timeline, &names)?;
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
        if let Some(outside) = &self.outside {
            outside.compare(&mut judge, covered.clone(), &mut running.numbers)?;
        }
        Ok(running.finish(&scenario, covered, of_log).await)
    }

    /// The judge of the times of a part.
    pub(super) fn judge<'a>(&'a self, scenario: &'a Scenario, timeline: &Timeline) -> Result<Judge<'a>, Error> {
        let from = timeline.decided_from(reach(self.rules));
        Ok(Judge::new(self.rules, timeline.events(scenario), from)?)
    }

    /// The part around a planted fault, and where it is; the judge is one of all days.
    fn plant(
        &self,
        part: &Part,
        scenario: &Scenario,
        judge: &mut Judge<'_>,
        names: &Names,
    ) -> Result<(Part, Option<(Planted, Place)>), Error> {
        let Some(planted) = self.planted else { return Ok((part.clone(), None)) };
        let timeline = Timeline::new(scenario, part);
        let mut hits = |edge| hits(judge, &timeline, names, edge, &|event| !event.is_late());
        let covered = timeline.covered();
        let middle = covered.start + (covered.end - covered.start) / 4..covered.end;
        let [included, moved] = [hits(Edge::Included)?, hits(Edge::OffByOne)?];
        let place = planted.place(self.rules, [&included, &moved], middle);
        let place = place.ok_or("no event of these days shows the planted fault; other days or more cases may")?;
        let part = Part { ticks: timeline.around(place.time, part.ticks.end), ..part.clone() };
        Ok((part, Some((planted, place))))
    }

    /// The truth of a part.
    pub(super) fn truth(&self, judge: &mut Judge<'_>, timeline: &Timeline, names: &Names) -> Result<Truth, Error> {
        let edge = Planted::edge(self.planted);
        let statistical: HashSet<String> =
            self.rules.iter().filter(|rule| rule.is_statistical()).map(|rule| rule.title.clone()).collect();
        let in_time = hits(judge, timeline, names, edge, &|event| !event.is_late())?;
        let all = hits(judge, timeline, names, edge, &|_| true)?;
        Ok(Truth::new(in_time, all, statistical))
    }
}

/// The hits that may be in an evaluation of a part.
fn hits(
    judge: &mut Judge<'_>,
    timeline: &Timeline,
    names: &Names,
    edge: Edge,
    counts: &dyn Fn(&Happened) -> bool,
) -> Result<Vec<Hit>, Error> {
    let mut hits = judge.hits(counts, edge)?;
    hits.retain(|hit| hit.time >= timeline.begin());
    for hit in &mut hits {
        hit.row.principal = names.one_of(&hit.row.principal);
    }
    Ok(hits)
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

    /// One evaluation of all rules, as Grafana's scheduler makes it by the clock of its server, and now and then at the same time one
    /// of a rule by itself: all have their turn.
    async fn tick(&mut self, tick: usize, now: i64, weather: &Weather, truth: &Truth) -> Result<(), Error> {
        let ahead = self.set(tick, now, weather)?;
        let local = now + ahead;
        let (from, to) = (local - lag() - LOOKS_BACK, local - lag());
        let shown: Vec<&Rule> = self.replay.rules.iter().filter(|rule| rule.is_shown).collect();
        // After a restart or an outage, both queries at once need what the plugin has to read again.
        let has_one = tick.is_multiple_of(ALONE) || weather.restarts(tick) || weather.is_after_outage(tick);
        let alone = has_one.then(|| shown[tick / ALONE % shown.len()]);
        let may_wait = |failure: &Failure| is_read_again(&failure.message, weather, tick);
        let all = self.evaluate(&shown, from, to, may_wait);
        let one = async {
            match alone {
                Some(rule) => self.evaluate(&[rule], from, to, may_wait).await.map(Some),
                None => Ok(None),
            }
        };
        let (all, one) = tokio::join!(all, one);
        let (all, one) = (all?, one?);
        let evaluated = Evaluated { now, ahead, is_answered: all.answer.is_ok(), is_restarted: weather.restarts(tick) };
        self.evaluated.push(evaluated);
        let one = one.zip(alone).map(|(evaluation, rule)| (evaluation, Some(rule.title.as_str())));
        for (evaluation, title) in std::iter::once((all, None)).chain(one) {
            self.numbers.evaluations += title.map_or(shown.len(), |_| 1) as u64;
            self.numbers.waited += evaluation.waited;
            match evaluation.answer {
                Ok(answer) => truth.compare(&answer, (from, to, now - lag()), title, &mut self.findings),
                Err(failure) if weather.must_answer(tick) => {
                    self.numbers.unfounded += 1;
                    let rules = title.unwrap_or("all rules");
                    self.numbers
                        .describe(format!("false: an error without an outage, {rules} at tick {tick}: {failure}"));
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
        if let Some(kind) = injected::step(before, ahead) {
            self.numbers.inject(kind, 1);
        }
        self.clock.set(now + ahead);
        if weather.restarts(tick) {
            let own = self.replay.own.as_deref();
            self.data_source = data_source(&self.sandbox, &self.clock, self.cache, own, &self.meters)?;
            self.numbers.inject(injected::RESTARTS, 1);
        }
        Ok(ahead)
    }

    /// The alert instances of some rules. The simulated minutes are shorter than the reads of days in the background, and than
    /// the real minute after which the plugin tries a failed read again: where `may_wait` says so of a failure, the replay waits.
    async fn evaluate(
        &self,
        rules: &[&Rule],
        from: i64,
        to: i64,
        may_wait: impl Fn(&Failure) -> bool,
    ) -> Result<Evaluation, Error> {
        let request = Request::new("A", (from / 1_000_000, to / 1_000_000), Duration::from_secs(1), 43_200, true)?;
        let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        let query = json!({ "queryType": "detections", "ruleIds": ids }).to_string();
        let query = Query::parse(query.as_bytes(), "", &request, self.data_source.settings.max_events)?;
        let (mut waited, [mut pause, longest]) = (0, PAUSES);
        loop {
            let answer = match self.data_source.answer(&query, &request).await {
                Ok(frames) => Ok(instances(&frames, self.names)?),
                Err(failure) if waited < PATIENCE && may_wait(&failure) => {
                    waited += 1;
                    tokio::time::sleep(pause).await;
                    pause = longest.min(pause * 2);
                    continue;
                }
                Err(failure) => Err(failure),
            };
            return Ok(Evaluation { answer, waited });
        }
    }

    /// The numbers of the part, of which `covered` are the times.
    async fn finish(self, scenario: &Scenario, covered: Range<i64>, of_log: &NamedEvents) -> Numbers {
        let mut numbers = self.numbers;
        numbers += &self.findings.numbers();
        let (mut named, mut lagging, mut late) = (0, 0, 0);
        for event in scenario.events.iter().filter(|event| covered.contains(&event.time)) {
            let is_named = of_log.has(event);
            named += u64::from(is_named);
            late += u64::from(event.is_late());
            lagging += u64::from(!event.is_late() && event.visible - event.time > 20 * SECOND);
            let has_to_be = event.is_late() && has_to_be_named(event, &self.evaluated);
            if has_to_be && !is_named {
                numbers.unnamed += 1;
                numbers.describe(format!("late and not named: event {}", event.id()));
            } else if is_named && !event.is_late() {
                numbers.misnamed += 1;
                numbers.describe(format!("named as late, although in time: event {}", event.id()));
            }
        }
        let (counted, of_log) = (counted_late(&self.meters), of_log.count());
        if counted != of_log {
            numbers.unnamed += of_log.saturating_sub(counted);
            numbers.misnamed += counted.saturating_sub(of_log);
            numbers.describe(format!("the metric counts {counted} late events, and the log names {of_log}"));
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

/// Whether a failure at a tick is about days of a baseline that are being read, or about days or names that will be, a minute
/// after an outage.
fn is_read_again(message: &str, weather: &Weather, tick: usize) -> bool {
    let failed_in_outage = weather.is_after_outage(tick) && UNREADABLE.iter().any(|failure| message.contains(failure));
    weather.must_answer(tick) && (failed_in_outage || message.ends_with(BEING_READ))
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

#[cfg(test)]
mod tests {
    use super::super::part::TICKS_A_DAY;
    use super::*;

    #[test]
    fn the_replay_waits_for_days_of_baselines_and_names_and_for_nothing_else() {
        let weather = Weather::new(1, 1);
        let mut ticks = 1..TICKS_A_DAY;
        let after = ticks.find(|tick| weather.is_after_outage(*tick) && weather.must_answer(*tick)).unwrap();
        let waits = |message: &str| [after - 1, after, after + 1].map(|tick| is_read_again(message, &weather, tick));
        let covers = "the baseline of the rule \"A\" covers 3 of 30 days";
        assert_eq!(waits(&format!("{covers}{BEING_READ}")), [false, true, true]);
        assert_eq!(waits(&format!("{covers}{}2026-03-01: no answer", UNREADABLE[0])), [false, true, false]);
        assert_eq!(waits(&format!("names are ids, {}no answer", UNREADABLE[1])), [false, true, false]);
        assert_eq!(waits(&format!("{covers}; the others have not settled yet, or are too old")), [false; 3]);
        assert_eq!(waits("the API is not available"), [false; 3]);
    }
}
