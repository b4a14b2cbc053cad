use chrono::DateTime;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::event::Kind;
use crate::profile::{Counting, Salt};
use crate::time::Time;

const HOUR: i64 = 3_600_000_000_000;

const SECOND: i64 = 1_000_000_000;

/// The day of the first events.
const START: i32 = 20_514;

/// An event of a test: its day, hour and second, and a few values.
#[derive(Clone, Debug, PartialEq)]
struct Deed {
    day: i32,
    hour: i64,
    second: i64,
    who: Option<&'static str>,
    method: &'static str,
    address: Option<&'static str>,
    resource: Option<&'static str>,
}

const DEED: Deed = Deed {
    day: 0,
    hour: 9,
    second: 0,
    who: Some("ada"),
    method: "DeleteKey",
    address: Some("203.0.113.7"),
    resource: Some("key"),
};

fn start(day: i32) -> i64 {
    Day::new(START + day).interval().start.nanos()
}

impl Deed {
    fn time(&self) -> i64 {
        start(self.day) + self.hour * HOUR + self.second * SECOND
    }

    fn json(&self, id: usize) -> Value {
        let resources: Vec<Value> = self.resource.iter().map(|id| json!({ "id": id, "type": "key" })).collect();
        json!({
            "id": format!("{id:04}"), "recorded_at": DateTime::from_timestamp_nanos(self.time()), "product_name": "iam",
            "method_name": self.method, "principal": self.who.map(|id| json!({ "id": id })), "source_ip": self.address,
            "resources": resources,
        })
    }
}

fn events(deeds: &[Deed]) -> Events {
    let items: Vec<Value> = deeds.iter().enumerate().map(|(id, deed)| deed.json(id)).collect();
    Events::from_json(Kind::Api, &items)
}

/// The profile in which some days are known, with the deeds of those days.
fn profile(known: &[i32], deeds: &[Deed]) -> Profile {
    let salt = Salt::new(&[7; 32], &["fr-par".to_owned()]);
    let mut profile = Profile::new(salt);
    for day in known {
        let of_day: Vec<Deed> = deeds.iter().filter(|deed| deed.day == *day).cloned().collect();
        let mut counting = Counting::new(salt);
        counting.add(&events(&of_day));
        profile.add(Day::new(START + day), counting.finish());
    }
    profile
}

fn first_seen(combination: Combination, days: u32) -> Baseline {
    Baseline { kind: BaselineKind::FirstSeen(combination), days, allow_partial: false }
}

fn times_usual(factor: f64, at_least: u64, by: UsualOf, days: u32) -> Baseline {
    Baseline { kind: BaselineKind::TimesUsual { factor, at_least, by }, days, allow_partial: false }
}

/// The deeds of which the baseline holds, by position, of those on days from `first` on that a rule selects.
fn holding(
    baseline: &Baseline,
    known: &[i32],
    deeds: &[Deed],
    first: i32,
    selects: impl Fn(&Deed) -> bool,
) -> Vec<usize> {
    let profile = profile(known, deeds);
    let all = events(deeds);
    let recent = all.slice(0..all.since(Time::from_nanos(start(first))));
    let position = |row: usize| recent.ids().value(row).parse::<usize>().unwrap();
    let selected: Vec<usize> = (0..recent.len()).filter(|row| selects(&deeds[position(*row)])).collect();
    let rows = Baselines::new(&profile, &recent).holding(Time::MIN, baseline, &selected);
    assert!(rows.is_sorted());
    let mut positions: Vec<usize> = rows.into_iter().map(position).collect();
    positions.sort_unstable();
    positions
}

#[test]
fn the_first_event_of_a_combination_matches_and_the_second_does_not() {
    let new = |deed: Deed| Deed { address: Some("198.51.100.1"), ..deed };
    let day = 3;
    let deeds = [
        DEED,
        Deed { day, hour: 1, ..DEED },
        new(Deed { day, hour: 2, ..DEED }),
        new(Deed { day, hour: 3, ..DEED }),
        new(Deed { day: 4, ..DEED }),
    ];
    let of = |days, known: &[i32]| holding(&first_seen(Combination::Address, days), known, &deeds, 3, |_| true);
    assert_eq!(of(3, &[0, 1, 2, 3]), [2]);
    // The day before is not known yet, and what happened on it does not count.
    assert_eq!(of(3, &[0, 1, 2]), [2, 4]);
    // The usual address is older than two days.
    assert_eq!(of(2, &[0, 1, 2, 3]), [1, 2]);
}

#[test]
fn nothing_is_new_without_a_known_day_or_without_a_value() {
    let deeds = [DEED, Deed { address: None, who: None, hour: 10, ..DEED }];
    let of = |combination, known: &[i32]| holding(&first_seen(combination, 30), known, &deeds, 0, |_| true);
    assert_eq!(of(Combination::Address, &[]), [0; 0]);
    assert_eq!(of(Combination::Address, &[-1]), [0]);
    assert_eq!(of(Combination::PrincipalAndMethod, &[-1]), [0], "a stand-in of an absent principal is none");
    assert_eq!(of(Combination::Country, &[-1]), [0; 0]);
}

#[test]
fn an_event_that_the_rule_does_not_select_leaves_a_later_one_its_newness() {
    let deeds = [
        Deed { method: "ListKeys", ..DEED },
        Deed { hour: 10, ..DEED },
        Deed { hour: 11, ..DEED },
        Deed { day: 1, ..DEED },
    ];
    let of = |known: &[i32]| {
        holding(&first_seen(Combination::Principal, 30), known, &deeds, 0, |deed| deed.method == "DeleteKey")
    };
    assert_eq!(of(&[-1]), [1, 3]);
    // On a day before, any event is one that occurred.
    assert_eq!(of(&[-1, 0]), [1]);
}

#[test]
fn of_equal_times_the_greatest_id_is_the_first() {
    assert_eq!(holding(&first_seen(Combination::Principal, 30), &[-1], &[DEED, DEED], 0, |_| true), [1]);
}

#[test]
fn a_day_begins_at_midnight_utc() {
    let late = Deed { hour: 23, second: 3599, ..DEED };
    let deeds = [late, Deed { day: 1, hour: 0, ..DEED }];
    assert_eq!(holding(&first_seen(Combination::Principal, 1), &[-1], &deeds, 0, |_| true), [0]);
    assert_eq!(holding(&first_seen(Combination::Principal, 2), &[-1], &deeds, 0, |_| true), [0, 1]);
    assert_eq!(holding(&first_seen(Combination::Principal, 2), &[-1, 0], &deeds, 0, |_| true), [0]);
}

/// So many deeds in an hour, a second each.
fn burst(day: i32, hour: i64, count: i64) -> Vec<Deed> {
    (0..count).map(|second| Deed { day, hour, second, ..DEED }).collect()
}

#[test]
fn a_rate_is_compared_with_the_same_hour_of_the_known_days() {
    // Four and no event at nine, and a hundred at ten: a mean of two at nine.
    let before = [burst(0, 9, 4), burst(0, 10, 100)].concat();
    let deeds = [before, burst(2, 9, 12)].concat();
    let of = |factor, at_least, known: &[i32]| {
        let baseline = times_usual(factor, at_least, UsualOf::Principal, 2);
        holding(&baseline, known, &deeds, 2, |_| true).iter().map(|position| position - 104).collect::<Vec<_>>()
    };
    assert_eq!(of(5.0, 1, &[0, 1]), [9, 10, 11]);
    assert_eq!(of(5.5, 1, &[0, 1]), [10, 11]);
    assert_eq!(of(5.0, 12, &[0, 1]), [11]);
    // With one known day, the mean is four.
    assert_eq!(of(3.0, 1, &[0]), [11]);
    assert_eq!(of(3.0, 1, &[]), [0; 0]);
    // Nothing is usual on the day without events.
    assert_eq!(of(3.0, 3, &[1]), (2..12).collect::<Vec<_>>());
}

#[test]
fn a_rate_counts_all_events_of_the_group_and_matches_selected_ones() {
    let mut deeds = burst(1, 9, 6);
    deeds[1].method = "ListKeys";
    deeds[2].who = Some("eve");
    deeds[4].method = "ListKeys";
    let of =
        |by, at_least| holding(&times_usual(2.0, at_least, by, 1), &[0], &deeds, 1, |deed| deed.method == "DeleteKey");
    // The count includes both ListKeys, the one by eve aside.
    assert_eq!(of(UsualOf::Principal, 3), [3, 5]);
    assert_eq!(of(UsualOf::PrincipalAndMethod, 3), [5]);
    assert_eq!(of(UsualOf::PrincipalAndMethod, 1), [0, 2, 3, 5]);
}

#[test]
fn coverage_is_that_of_the_day_with_the_fewest() {
    let profile = profile(&[0, 1, 2, 5], &[]);
    let coverage = |days, from: i64, to: i64| {
        let coverage = first_seen(Combination::Principal, days).coverage(&profile, Interval::from_nanos(from, to));
        (coverage.known, coverage.of)
    };
    assert_eq!(coverage(3, start(3), start(4)), (3, 3));
    assert_eq!(coverage(3, start(3), start(4) + 1), (2, 3));
    assert_eq!(coverage(30, start(6), start(6)), (4, 30));
    assert_eq!(coverage(1, start(6), start(7)), (1, 1));
}

#[test]
fn reads_of_a_short_time_do_not_end_before_they_begin() {
    let interval = Interval::new(Time::MAX, Time::MAX);
    assert_eq!(first_seen(Combination::Principal, 3).coverage(&profile(&[], &[]), interval).known, 0);
}

fn deed() -> impl Strategy<Value = Deed> {
    let who = prop::sample::select(vec![None, Some("ada"), Some("eve")]);
    let address = prop::sample::select(vec![None, Some("203.0.113.7"), Some("198.51.100.1")]);
    let resource = prop::sample::select(vec![None, Some("key"), Some("wall")]);
    let method = prop::sample::select(vec!["DeleteKey", "ListKeys"]);
    (0..6_i32, 8..10_i64, 0..4_i64, who, method, address, resource).prop_map(
        |(day, hour, second, who, method, address, resource)| Deed {
            day,
            hour,
            second,
            who,
            method,
            address,
            resource,
        },
    )
}

/// The values of a combination as one text.
fn plain_key(deed: &Deed, combination: Combination) -> Option<String> {
    let Deed { who, method, address, resource, .. } = deed;
    Some(match combination {
        Combination::Principal => (*who)?.to_owned(),
        Combination::Address => (*address)?.to_owned(),
        Combination::Country | Combination::PrincipalAndCountry => return None,
        Combination::PrincipalAndMethod => format!("{} {method}", (*who)?),
        Combination::PrincipalAndAddress => format!("{} {}", (*who)?, (*address)?),
        Combination::PrincipalMethodAndResource => format!("{} {method} {}", (*who)?, (*resource)?),
    })
}

const COMBINATIONS: [Combination; 7] = [
    Combination::Principal,
    Combination::Address,
    Combination::Country,
    Combination::PrincipalAndMethod,
    Combination::PrincipalAndAddress,
    Combination::PrincipalAndCountry,
    Combination::PrincipalMethodAndResource,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    #[allow(clippy::cast_precision_loss, reason = "the counts are small")]
    fn baselines_hold_where_a_plain_count_says_so(
        deeds in prop::collection::vec(deed(), 0..40),
        known in prop::sample::subsequence((0..6).collect::<Vec<i32>>(), 0..=6),
        days in 1..5_u32,
        combination in prop::sample::select(COMBINATIONS.to_vec()),
        (factor, at_least) in (prop::sample::select(vec![0.5, 1.0, 2.0, 2.5]), 1..4_u64),
        by in prop::sample::select(vec![UsualOf::Principal, UsualOf::PrincipalAndMethod]),
    ) {
        let selects = |deed: &Deed| deed.method == "DeleteKey";
        let window = |day: i32| known.iter().filter(move |known| (day - days.cast_signed()..day).contains(known)).copied().collect::<Vec<i32>>();
        let is_before = |one: usize, other: usize| (deeds[one].time(), other) < (deeds[other].time(), one);
        let is_new = |position: usize| {
            let Some(key) = plain_key(&deeds[position], combination) else { return false };
            let days = window(deeds[position].day);
            let same = |other: &usize| plain_key(&deeds[*other], combination).as_ref() == Some(&key);
            let mut others = (0..deeds.len()).filter(same);
            !days.is_empty() && !others.any(|other| {
                let is_today = deeds[other].day == deeds[position].day && selects(&deeds[other]);
                (is_today && is_before(other, position)) || days.contains(&deeds[other].day)
            })
        };
        let is_much = |position: usize| {
            let deed = &deeds[position];
            let days = window(deed.day);
            let same = |other: &Deed| other.who == deed.who && other.hour == deed.hour && (by == UsualOf::Principal || other.method == deed.method);
            let usual = deeds.iter().filter(|other| days.contains(&other.day) && same(other)).count() as f64 / days.len() as f64;
            let now = (0..deeds.len()).filter(|other| {
                deeds[*other].day == deed.day && same(&deeds[*other]) && !is_before(position, *other)
            }).count();
            deed.who.is_some() && !days.is_empty() && now as u64 >= at_least && now as f64 >= factor * usual - 1e-9
        };
        let plain = |holds: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..deeds.len()).filter(|position| selects(&deeds[*position]) && holds(*position)).collect()
        };
        prop_assert_eq!(holding(&first_seen(combination, days), &known, &deeds, 0, selects), plain(&is_new));
        let usual = times_usual(factor, at_least, by, days);
        prop_assert_eq!(holding(&usual, &known, &deeds, 0, selects), plain(&is_much));
    }
}
