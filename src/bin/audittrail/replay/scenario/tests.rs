use std::collections::{BTreeMap, BTreeSet};

use audittrail::sandbox::Kind;
use serde_json::json;

use super::case::Case;
use super::{Habit, Happened, Plan, Scenario};

const HOUR: i64 = 3_600_000_000_000;
const DAY: i64 = 24 * HOUR;

fn days(days: u32) -> Scenario {
    Scenario::new(Plan { seed: 7, days, cases_a_day: 0 }, &[])
}

fn of_day(scenario: &Scenario, number: i64) -> impl Iterator<Item = &Happened> {
    let start = scenario.start + number * DAY;
    scenario.events.iter().filter(move |event| (start..start + DAY).contains(&event.time))
}

fn text<'a>(event: &'a Happened, path: &str) -> &'a str {
    event.json.pointer(path).and_then(|value| value.as_str()).unwrap_or_default()
}

#[test]
fn a_seed_gives_the_same_days_and_another_gives_others() {
    let days = |seed| Scenario::new(Plan { seed, days: 1, cases_a_day: 0 }, &[]);
    let texts = |scenario: &Scenario| scenario.events.iter().map(|event| event.json.to_string()).collect::<Vec<_>>();
    let (one, again, other) = (days(1), days(1), days(2));
    assert_eq!(texts(&one), texts(&again));
    assert_ne!(texts(&one), texts(&other));
    assert!(one.events.is_sorted_by_key(|event| event.time));
    assert!(one.events.iter().any(Happened::is_late), "some events appear late");
    assert!(one.events.iter().all(|event| event.visible > event.time));
}

#[test]
fn three_days_have_each_habit() {
    let scenario = days(3);
    for habit in Habit::ALL.into_iter().filter(|habit| !matches!(habit, Habit::Case | Habit::LateCase)) {
        let within = |time: i64| (scenario.start..scenario.end).contains(&time);
        assert!(scenario.habits.iter().any(|(time, other)| *other == habit && within(*time)), "{habit:?}");
    }
}

#[test]
fn someone_works_at_night_and_a_robot_at_any_hour() {
    let scenario = days(1);
    let at_night = |event: &&Happened| event.time - scenario.start >= 20 * HOUR && event.kind == Kind::Authentication;
    assert!(of_day(&scenario, 0).any(|event| at_night(&event)));
    let robot =
        text(of_day(&scenario, 0).find(|event| text(event, "/product_name") == "cockpit").unwrap(), "/principal/id");
    let hours: BTreeSet<i64> = of_day(&scenario, 0)
        .filter(|event| text(event, "/principal/id") == robot)
        .map(|event| (event.time - scenario.start) / HOUR)
        .collect();
    assert_eq!(hours.len(), 24);
}

#[test]
fn a_key_is_replaced_on_monday_and_an_employee_is_new_on_tuesday() {
    let scenario = days(2);
    let methods: BTreeSet<&str> = of_day(&scenario, 0).map(|event| text(event, "/method_name")).collect();
    assert!(methods.contains("CreateAPIKey") && methods.contains("DeleteAPIKey"));
    let users = |event: &Happened| text(event, "/resources/0/id").to_owned();
    let logins = |event: &&Happened| event.kind == Kind::Authentication;
    let before: BTreeSet<String> =
        scenario.events.iter().filter(|event| event.time < scenario.start + DAY).filter(logins).map(users).collect();
    let newcomers: BTreeSet<String> = of_day(&scenario, 1).filter(logins).map(users).collect();
    assert!(newcomers.iter().any(|user| !before.contains(user)), "a user logs in for the first time");
    assert!(of_day(&scenario, 1).any(|event| text(event, "/method_name") == "CreateUser"));
}

#[test]
fn a_person_moves_everything_on_a_day_and_another_travels() {
    let scenario = days(3);
    let created = |number| {
        let mut created: BTreeMap<&str, usize> = BTreeMap::new();
        for event in of_day(&scenario, number).filter(|event| text(event, "/method_name") == "CreateServer") {
            *created.entry(text(event, "/principal/id")).or_default() += 1;
        }
        created.into_values().max().unwrap_or_default()
    };
    assert!(created(2) >= 120 && created(1) < 60, "{} and {}", created(2), created(1));
    let mut countries: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for event in scenario.events.iter().filter(|event| event.kind == Kind::Authentication) {
        countries.entry(text(event, "/resources/0/id")).or_default().insert(text(event, "/country_code"));
    }
    assert!(countries.values().any(|of_user| of_user.len() > 1), "a user logs in from two countries");
}

#[test]
fn the_trail_shows_one_event_of_some_cases_late() {
    let event = json!({ "product_name": "planted" });
    let events = vec![(0, event.clone()), (1, event)];
    let case = Case { rule: "a_rule".to_owned(), is_firing: true, events };
    let scenario = Scenario::new(Plan { seed: 7, days: 2, cases_a_day: 200 }, &[case]);
    let planted: Vec<&Happened> =
        scenario.events.iter().filter(|event| text(event, "/product_name") == "planted").collect();
    let late = planted.iter().filter(|event| event.is_late()).count();
    let named = scenario.habits.iter().filter(|(_, habit)| *habit == Habit::LateCase).count();
    assert_eq!((planted.len(), late), (800, named));
    assert!((5..40).contains(&late), "{late} of 400");
}

#[test]
fn cases_of_the_present_end_in_its_minutes_and_may_begin_days_before() {
    let event = json!({ "product_name": "planted" });
    let case = Case { rule: "a_rule".to_owned(), is_firing: true, events: vec![(0, event.clone()), (2 * DAY, event)] };
    // The minutes before and after a midnight.
    let midnight = 20_000 * DAY;
    let within = midnight - HOUR / 6..midnight + HOUR / 6;
    let scenario = Scenario::ending(7, within.clone(), 20, &vec![case; 30]);
    let planted = scenario.events.iter().filter(|event| text(event, "/product_name") == "planted");
    let (last, first): (Vec<&Happened>, Vec<&Happened>) = planted.partition(|event| within.contains(&event.time));
    assert_eq!((last.len(), first.len()), (20, 20));
    let begin = |event: &&Happened| event.time + 2 * DAY;
    assert!(first.iter().all(|event| within.contains(&begin(event))));
    assert_eq!((scenario.start, scenario.end), (midnight - DAY, within.end));
    assert!(scenario.events.last().unwrap().time > within.end, "the days go on");
}
