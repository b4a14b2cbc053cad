//! The days of a scenario, and the cases among them.

use std::ops::Range;

use audittrail::sandbox::{Kind, Organization};
use chrono::{DateTime, Utc};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::case::Case;
use super::event::Happened;
use super::habit::Habit;
use super::writer::{Actor, Writer, named, nanos_of_lag};

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// The days before the first, which baselines compare with.
const BEFORE: i64 = 31;

/// The share of cases with a late event.
const LATE_CASES: f64 = 0.05;

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
const SDK: &str = "scaleway-sdk-go/v1.0.0-beta.35 (go1.25.1; linux; amd64)";

/// The size of a scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// The days that are replayed.
    pub(crate) days: u32,
    /// How many cases each of these days has.
    pub(crate) cases_a_day: usize,
}

/// The events of simulated days.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// When the first replayed day begins, in nanoseconds since 1970: a Monday.
    pub(crate) start: i64,
    /// When the last replayed day ends.
    pub(crate) end: i64,
    /// The events of these days and of those before, by time, and at equal times the greatest id first.
    pub(crate) events: Vec<Happened>,
    /// The habits that make detection hard, each with its time.
    pub(crate) habits: Vec<(i64, Habit)>,
}

impl Scenario {
    /// The scenario of a plan; which cases it has, and when, its seed decides.
    pub(crate) fn new(plan: Plan, cases: &[Case]) -> Self {
        let start = "2026-03-02T00:00:00Z".parse::<DateTime<Utc>>().expect("a time");
        let start = start.timestamp_nanos_opt().expect("before 2262");
        Self::with(plan.seed, start, plan.days, |writer| plant(writer, plan, start, cases))
    }

    /// A scenario whose days are those of a time, such as the present, with so many cases that end in that time.
    pub(crate) fn ending(seed: u64, within: Range<i64>, number: usize, cases: &[Case]) -> Self {
        let start = within.start.div_euclid(DAY) * DAY;
        // Events go on after the time, on the next day too.
        let days = u32::try_from((within.end - start) / DAY + 2).expect("few days");
        let plant = |writer: &mut Writer| plant_ending(writer, &within, number, cases);
        Self { end: within.end, ..Self::with(seed, start, days, plant) }
    }

    fn with(seed: u64, start: i64, days: u32, plant: impl FnOnce(&mut Writer)) -> Self {
        let end = start + i64::from(days) * DAY;
        let organization = Organization::new(DateTime::from_timestamp_nanos(start), chrono::Duration::days(7));
        let people = people(&organization);
        let robots = robots(&organization);
        let mut writer = Writer { rng: ChaCha8Rng::seed_from_u64(seed), events: Vec::new(), habits: Vec::new() };
        for number in -BEFORE..i64::from(days) {
            ordinary(&mut writer, start, number, &people, &robots);
        }
        plant(&mut writer);
        let Writer { mut events, habits, .. } = writer;
        events.sort_by(|one, other| (one.time, other.id()).cmp(&(other.time, one.id())));
        Self { start, end, events, habits }
    }
}

fn people(organization: &Organization) -> Vec<Actor> {
    let countries = ["FR", "NL", "PL", "BE"];
    let country = |of: &str| countries.into_iter().find(|country| *country == of).unwrap_or("FR");
    let users = organization.users.iter().map(|user| Actor {
        id: user.id.clone(),
        email: user.email.clone(),
        address: user.address.clone(),
        country: country(&user.country),
        user_agent: BROWSER,
    });
    users.collect()
}

fn robots(organization: &Organization) -> Vec<Actor> {
    let robots = organization.applications.iter().map(|robot| Actor {
        id: robot.id.clone(),
        email: robot.name.clone(),
        address: robot.address.clone(),
        country: "FR",
        user_agent: SDK,
    });
    robots.collect()
}

/// The events of a day without intrusions.
fn ordinary(writer: &mut Writer, start: i64, number: i64, people: &[Actor], robots: &[Actor]) {
    let (day, weekday) = (start + number * DAY, number.rem_euclid(7));
    let [terraform, deploy, backup, scaler, monitoring, rotation, ..] = robots else { panic!("six applications") };
    for (index, person) in people.iter().enumerate() {
        let is_at_night = index == 3;
        let works = weekday < 5 || writer.rng.random_bool(0.1);
        if works || is_at_night {
            let address = writer.rng.random_range(1..200);
            let actor = travelling(address, number, index, person);
            if is_at_night {
                writer.habits.push((day + 20 * HOUR, Habit::NightShift));
            }
            if actor.country != person.country {
                writer.habits.push((day + 12 * HOUR, Habit::Journey));
            }
            writer.shift(day, if is_at_night { 20 } else { 8 }, &actor);
        }
    }
    writer.backups(day, backup);
    writer.scaling(day, scaler);
    writer.monitoring(day, monitoring);
    writer.rotation(day, weekday == 0, rotation, &people[0]);
    if weekday < 5 {
        writer.deployments(day, deploy);
        writer.deployments(day, terraform);
    }
    for name in ["maintenance", "backup"] {
        let time = day + 4 * HOUR + writer.rng.random_range(0..HOUR);
        writer.system(time, name);
    }
    if number >= 0 && number % 9 == 1 {
        let hired = Actor {
            id: named(&format!("hired on day {number}")),
            email: format!("hired-{number}@example.com"),
            address: format!("203.0.113.{}", 100 + number),
            ..people[1].clone()
        };
        writer.hire(day, &people[0], &hired);
        writer.shift(day, 9, &hired);
    }
    if number % 30 == 2 {
        writer.migration(day, &people[2]);
    }
}

/// A person who is elsewhere for some days of the month.
fn travelling(address: u8, number: i64, index: usize, person: &Actor) -> Actor {
    let is_away = index == 6 && (1..3).contains(&number.rem_euclid(15));
    if is_away {
        return Actor { country: "PT", address: format!("198.51.100.{address}"), ..person.clone() };
    }
    person.clone()
}

/// Puts cases among the days. They begin anywhere and keep their distances to the nanosecond; of some, the trail shows one event late.
fn plant(writer: &mut Writer, plan: Plan, start: i64, cases: &[Case]) {
    let mut order: Vec<&Case> = Vec::new();
    for day in 0..i64::from(plan.days) {
        for _ in 0..plan.cases_a_day {
            if order.is_empty() {
                order.extend(cases);
                order.shuffle(&mut writer.rng);
            }
            let Some(case) = order.pop() else { return };
            let begin = start + day * DAY + writer.rng.random_range(0..DAY - 2 * HOUR);
            add(writer, begin, begin, case);
        }
    }
}

/// Puts cases so that the last event of each is within a time; the others are before it, however long.
fn plant_ending(writer: &mut Writer, within: &Range<i64>, number: usize, cases: &[Case]) {
    let mut order: Vec<&Case> = cases.iter().collect();
    order.shuffle(&mut writer.rng);
    for case in order.into_iter().take(number) {
        let end = writer.rng.random_range(within.clone());
        let length = case.events.iter().map(|(after, _)| *after).max().unwrap_or_default();
        add(writer, end - length, end, case);
    }
}

/// Adds a case that begins at a time; it is named as of another. The trail may show one of its events late.
fn add(writer: &mut Writer, begin: i64, named: i64, case: &Case) {
    writer.habits.push((named, Habit::Case));
    let late = writer.rng.random_bool(LATE_CASES).then(|| writer.rng.random_range(0..case.events.len()));
    if late.is_some() {
        writer.habits.push((named, Habit::LateCase));
    }
    for (number, (after, json)) in case.events.iter().enumerate() {
        if late == Some(number) {
            writer.add_late(kind(json), begin + after, json.clone());
            continue;
        }
        let delay = writer.rng.random_range(SECOND..nanos_of_lag() - SECOND);
        writer.add_after(kind(json), begin + after, delay, json.clone());
    }
}

fn kind(json: &Value) -> Kind {
    match (json.get("result"), json.get("system_name")) {
        (Some(_), _) => Kind::Authentication,
        (None, Some(_)) => Kind::System,
        (None, None) => Kind::Api,
    }
}
