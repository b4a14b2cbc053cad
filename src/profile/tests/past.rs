//! The days before an event on which its keys occurred.

use super::super::tally::Tally;
use super::super::{Counting, Key, Past};
use super::setup::{Deed, ROBOT, day, events, on, profile, salt};
use crate::profile::key::MANY;

/// The deeds of a robot on some days, and of another one.
fn deeds() -> Vec<(i32, Deed)> {
    [on([2, 5, 9], ROBOT), on([5, 5, 7], Deed { who: "ada", hour: 3, ..ROBOT })].concat()
}

#[test]
fn a_key_occurred_where_one_of_the_known_days_before_has_it() {
    // Day 4 is not known.
    let known: Vec<i32> = (0..12).collect();
    let mut some = profile(0..4, &deeds());
    for number in known.into_iter().filter(|number| *number > 4) {
        let mut counting = Counting::new(salt());
        let of_day: Vec<_> = deeds().into_iter().filter(|(day, _)| *day == number).collect();
        counting.add(&events(&of_day));
        some.add(day(number), counting.finish());
    }
    let act = some.acts(&events(&[(0, ROBOT)]))[0];
    for days in 1..=12 {
        let mut past = Past::new(&some, days);
        for number in 0..15 {
            let before = |other: &i32| *other != 4 && (number - days.cast_signed()..number).contains(other);
            let seen = [2, 5, 9].iter().filter(|other| before(other)).count();
            let known = (0..12).filter(before).count();
            assert_eq!(past.has(act.of_principal(), day(number)), seen > 0, "{days} days before {number}");
            assert_eq!(past.sum(act.of_own_hour(), day(number)), seen as u64, "{days} days before {number}");
            assert_eq!(past.known(day(number)) as usize, known, "{days} days before {number}");
            assert_eq!(some.known_of(day(number), days) as usize, known);
        }
    }
}

#[test]
fn sums_are_of_one_hour_and_one_principal() {
    let profile = profile(0..10, &deeds());
    let sum = |deed: Deed| {
        let act = profile.acts(&events(&[(10, deed)]))[0];
        let mut past = Past::new(&profile, 30);
        (past.sum(act.of_own_hour(), day(10)), past.sum(act.of_method_own_hour(), day(10)))
    };
    assert_eq!(sum(ROBOT), (3, 3));
    assert_eq!(sum(Deed { hour: 3, ..ROBOT }), (0, 0));
    assert_eq!(sum(Deed { who: "ada", hour: 3, ..ROBOT }), (3, 3));
    assert_eq!(sum(Deed { who: "ada", hour: 3, method: "CreateKey", ..ROBOT }), (3, 0));
}

#[test]
fn a_list_that_is_too_long_has_every_key_and_the_sum_of_all() {
    let mut long = profile(0..0, &[]);
    let act = long.acts(&events(&[(0, ROBOT)]))[0];
    let many = Key { item: MANY, ..act.of_own_hour() };
    long.add(day(0), Tally::of(&[(many, 70)]));
    let mut past = Past::new(&long, 30);
    assert!(past.has(act.of_own_hour(), day(1)));
    assert_eq!(past.sum(act.of_own_hour(), day(1)), 70);
}
