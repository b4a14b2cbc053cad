use super::scenario::{Happened, Plan, Scenario};

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
