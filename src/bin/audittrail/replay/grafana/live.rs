//! The events of a seed at their real times, and the states of Grafana's rules meanwhile.

use std::collections::HashMap;
use std::time::Duration;

use audittrail::plugin::asked_to_stop;
use audittrail::sandbox::{self, Config, Organization, Sandbox};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::super::answer::Names;
use super::super::numbers::Numbers;
use super::super::run::Replay;
use super::super::scenario::{Happened, Scenario};
use super::super::timeline::{SECOND, TICK, Timeline, lag};
use super::api::{Address, Grafana};
use super::setup::Setup;
use super::states::{Rule, States};
use super::verdict::Verdict;
use crate::Error;

/// How long rules are evaluated before the cases begin, in which the plugin reads the days of baselines.
const WARMING: i64 = 2 * TICK;

/// How long rules are evaluated after the last event has passed the lag.
const AFTERWARDS: i64 = 2 * TICK;

/// How long after the cases begin the plugin may read the days of baselines: the ranges of the evaluations afterwards have all cases.
const READING: i64 = 3 * TICK;

/// How much longer Grafana may take for the last evaluation.
const PATIENCE: Duration = Duration::from_mins(3);

/// The pause between two looks at Grafana's states: an evaluation, one a minute, has to be in two of them.
const LOOK: Duration = Duration::from_secs(4);

/// The pause between two looks for events that the trail shows: far less than the second before the lag ends, when some appear.
const SHOW: Duration = Duration::from_millis(100);

/// A seed whose cases end in the next minutes, in a Grafana.
pub(in super::super) struct Live<'a> {
    pub(in super::super) replay: &'a Replay<'a>,
    pub(in super::super) address: &'a Address,
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
        let (read, end) = (cases.start + READING, cases.end);
        let scenario = Scenario::ending(self.seed, cases, self.replay.cases_a_day, self.replay.cases);
        let now = DateTime::from_timestamp_nanos(begin);
        let names = Names::of(&Organization::new(now, chrono::Duration::days(7)), &scenario.events);
        let sandbox = sandbox::start(Config { seed: self.seed, events: 0, now, ..Config::default() }).await?;
        let mut arriving: Vec<&Happened> = scenario.events.iter().collect();
        arriving.sort_by_key(|event| event.visible);
        let past = arriving.partition_point(|event| event.visible <= begin);
        show(&sandbox, &arriving[..past])?;
        let grafana = Grafana::new(self.address)?;
        let setup = Setup { uid: format!("replay-{}-{}", self.seed, begin / SECOND) };
        let evaluated = async {
            setup.make(&grafana, &sandbox.url()).await?;
            let made = nanos(Utc::now());
            Ok((made, watch(&grafana, &setup.uid, end).await?))
        };
        let seen = until_stopped(evaluated, show_all(&sandbox, &arriving[past..]), asked_to_stop()?);
        let seen = removing(&grafana, &setup, seen).await;
        sandbox.stop().await;
        let (made, seen) = seen?;
        let ticks = usize::try_from((end - made) / TICK).map_err(|_| "Grafana took too long to make the rules")?;
        let timeline = Timeline::from(made, ticks);
        let truth = self.replay.truth(&mut self.replay.judge(&scenario, &timeline)?, &timeline, &names)?;
        let verdict = Verdict { rules: self.replay.rules, names: &names, truth: &truth, read };
        verdict.numbers(&seen, &scenario, timeline.covered())
    }
}

/// What comes of some work, unless an error or a signal comes before.
async fn until_stopped<T>(
    work: impl Future<Output = Result<T, Error>>,
    failed: impl Future<Output = Error>,
    stopped: impl Future<Output = &'static str>,
) -> Result<T, Error> {
    tokio::select! {
        done = work => done,
        error = failed => Err(error),
        signal = stopped => Err(format!("interrupted by {signal}").into()),
    }
}

/// What comes of some work, after which what it made in Grafana is removed, however it ends.
async fn removing<T>(
    grafana: &Grafana,
    setup: &Setup,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let done = work.await;
    match (done, setup.remove(grafana).await) {
        (Err(error), Err(left)) => Err(format!("{error}; {left}").into()),
        (Err(error), Ok(())) | (Ok(_), Err(error)) => Err(error),
        (done, Ok(())) => done,
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
    let (mut reported, mut failures) = (Instant::now(), 0);
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
        if reported.elapsed() > Duration::from_mins(1) {
            reported = Instant::now();
            let evaluations: usize = seen.values().map(Vec::len).sum();
            eprintln!("{evaluations} evaluations, {} s to go", (last - now).max(0) / SECOND);
        }
        sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc;
    use std::thread;

    use tokio::sync::oneshot;

    use super::*;

    /// The first line of a request whose body is left unread, and its connection.
    fn request(listener: &TcpListener) -> (String, TcpStream) {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
        let first = lines.next().unwrap();
        lines.find(String::is_empty).unwrap();
        (first.replace(" HTTP/1.1", ""), stream)
    }

    /// The error of a run that is interrupted while a Grafana, which answers a deletion with `status`, makes the data source; and the
    /// requests.
    async fn interrupted(status: &'static str) -> (String, Vec<String>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ((is_making, making), (requests, requested)) = (oneshot::channel(), mpsc::channel());
        thread::spawn(move || {
            // Without an answer, the data source is being made for ever.
            let (made, _open) = request(&listener);
            requests.send(made).unwrap();
            is_making.send(()).unwrap();
            for _ in 0..2 {
                let (removed, mut stream) = request(&listener);
                requests.send(removed).unwrap();
                write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            }
        });
        let address: Address = url.parse().unwrap_or_else(|error| panic!("{error}"));
        let (grafana, setup) = (Grafana::new(&address).unwrap(), Setup { uid: "replay-1".to_owned() });
        let stopped = async {
            making.await.unwrap();
            "SIGTERM"
        };
        let work = until_stopped(setup.make(&grafana, "http://127.0.0.1:1"), std::future::pending(), stopped);
        let error = removing(&grafana, &setup, work).await.unwrap_err();
        (error.to_string(), requested.iter().collect())
    }

    #[tokio::test]
    async fn an_interrupt_leaves_nothing_in_grafana_or_names_it() {
        let requests = [
            "POST /api/datasources",
            "DELETE /api/folders/replay-1?forceDeleteRules=true",
            "DELETE /api/datasources/uid/replay-1",
        ];
        for status in ["200 OK", "404 Not Found"] {
            let (error, requested) = interrupted(status).await;
            assert_eq!(
                (&*error, requested),
                ("interrupted by SIGTERM", requests.map(str::to_owned).to_vec()),
                "{status}"
            );
        }
        let (error, requested) = interrupted("500 Internal Server Error").await;
        let left = "interrupted by SIGTERM; the folder with its rules replay-1 may be left in Grafana: Grafana answered DELETE";
        assert!(error.starts_with(left) && error.contains("500"), "{error}");
        assert_eq!(requested.len(), 3, "the data source is removed all the same");
    }
}
