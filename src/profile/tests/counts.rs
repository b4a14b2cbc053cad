//! Counts are exact, whatever the order of the days, and within the limit of memory.

use std::collections::HashMap;

use proptest::prelude::*;

use super::super::act::acts;
use super::super::key::{Key, MANY};
use super::super::tally::MOST_BYTES;
use super::super::tally::{ENTRY, MOST_ENTRIES, Tally};
use super::super::{Counting, Profile, WINDOW};
use super::setup::{Deed, ROBOT, day, event, events, profile, salt};
use crate::event::{Events, Kind};

fn deed() -> impl Strategy<Value = Deed> {
    let address = prop::option::of(prop::sample::select(vec!["203.0.113.7", "203.0.113.8"]));
    let (who, method) = (prop::sample::select(vec!["a", "b"]), prop::sample::select(vec!["Create", "Delete"]));
    (who, method, address, prop::sample::select(vec!["x", "y", "z"]), 0..24_i64)
        .prop_map(|(who, method, address, resource, hour)| Deed { who, method, address, resource, hour })
}

/// How often each text occurred on each day: the counts without hashes, tallies and days in an order.
type Plain = HashMap<(i32, String), u32>;

fn plain(deeds: &[(i32, Deed)]) -> Plain {
    let mut counts = Plain::new();
    for (day, deed) in deeds {
        let Deed { who, method, address, resource, hour } = deed;
        let always =
            [who.to_string(), format!("{method} {who}"), format!("{who} {hour}"), format!("{who} {method} {hour}")];
        let others = [
            Some(format!("{who} {method} {resource}")),
            address.map(|address| format!("{who} from {address}")),
            address.map(|address| format!("from {address}")),
        ];
        for name in always.into_iter().chain(others.into_iter().flatten()) {
            *counts.entry((*day, name)).or_default() += 1;
        }
    }
    counts
}

/// The counts of a profile under the same names.
fn counted(profile: &Profile, deeds: &[(i32, Deed)]) -> Plain {
    let mut counts = Plain::new();
    for (day, tally) in profile.days() {
        for (_, deed) in deeds {
            let Deed { who, method, address, resource, hour } = deed;
            let act = acts(&salt(), &events(&[(0, *deed)]))[0];
            let named = [
                (who.to_string(), Some(act.of_principal())),
                (format!("{method} {who}"), Some(act.of_method())),
                (format!("{who} {hour}"), Some(act.of_hour(act.hour))),
                (format!("{who} {method} {hour}"), Some(act.of_method_hour(act.hour))),
                (format!("{who} {method} {resource}"), act.of_resource()),
                (format!("{who} from {}", address.unwrap_or_default()), act.of_address()),
                (format!("from {}", address.unwrap_or_default()), act.of_any_address()),
            ];
            for (name, key) in named {
                let count = key.map_or(0, |key| tally.count(key));
                if count > 0 {
                    counts.insert((day.since(super::setup::day(0)), name), count);
                }
            }
        }
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn counts_equal_plain_counts_whatever_the_order_of_days_and_parts(
        deeds in prop::collection::vec((0..6_i32, deed()), 0..40),
        order in Just((0..6_i32).collect::<Vec<_>>()).prop_shuffle(),
        cut in 0..40_usize,
    ) {
        let in_order = profile(0..6, &deeds);
        prop_assert_eq!(counted(&in_order, &deeds), plain(&deeds));
        let mut shuffled = Profile::new(salt());
        for number in order {
            let of_day: Vec<_> = deeds.iter().filter(|(day, _)| *day == number).copied().collect();
            let mut counting = Counting::new(salt());
            // A day comes in parts.
            let (one, other) = of_day.split_at(cut.min(of_day.len()));
            counting.add(&events(other));
            counting.add(&events(one));
            shuffled.add(day(number), counting.finish());
        }
        prop_assert!(shuffled.days().eq(in_order.days()));
        prop_assert_eq!(shuffled.bytes(), in_order.bytes());
    }
}

#[test]
fn a_known_day_is_not_counted_again() {
    let (mut once, other) = (profile(0..1, &[(0, ROBOT)]), profile(0..1, &[(0, ROBOT), (0, ROBOT)]));
    let before = once.clone();
    let tally = other.days().next().unwrap().1.clone();
    once.add(day(0), tally);
    assert!(once.days().eq(before.days()));
}

/// A day with one deletion of each of some snapshots.
fn day_of_snapshots(count: usize) -> Events {
    let json: Vec<_> = (0..count)
        .map(|index| {
            let mut event = event(&ROBOT, 0, index);
            event["resources"][0]["id"] = format!("snapshot-{index}").into();
            event
        })
        .collect();
    Events::from_json(Kind::Api, &json)
}

#[test]
fn the_longest_list_of_a_day_with_too_many_entries_is_only_known_to_be_long() {
    let snapshots = day_of_snapshots(100);
    let acts = acts(&salt(), &snapshots);
    let tally = |most| {
        let mut counting = Counting::within(salt(), most);
        counting.add(&snapshots);
        counting.finish()
    };
    let resources = |tally: &Tally| tally.items(acts[0].of_resource().unwrap().list).to_vec();
    assert_eq!(resources(&tally(1_000)).len(), 100);
    let short = tally(20);
    assert!(short.lists.len() <= 20, "{} entries", short.lists.len());
    assert_eq!(resources(&short), [MANY]);
    // Nothing in it is new, and the shorter lists are exact.
    assert!(short.has(acts[0].of_resource().unwrap()));
    assert_eq!((short.count(acts[0].of_method()), short.count(acts[0].of_principal())), (100, 100));
}

#[test]
fn a_day_with_too_many_entries_does_not_take_more_memory_while_it_is_counted() {
    let mut counting = Counting::within(salt(), 20);
    let snapshots = day_of_snapshots(1_000);
    let act = acts(&salt(), &snapshots)[0];
    for _ in 0..2 {
        counting.add(&snapshots);
        assert!(counting.entries() <= 80, "{} entries", counting.entries());
    }
    let tally = counting.finish();
    assert_eq!(tally.items(act.of_resource().unwrap().list), [MANY]);
    let many = Key { item: MANY, ..act.of_resource().unwrap() };
    assert_eq!([tally.count(many), tally.count(act.of_method()), tally.count(act.of_principal())], [2_000; 3]);
}

/// A tally with as many entries as a day may have.
fn largest() -> Tally {
    let key = |number: usize| Key { list: number as u64, item: 0 };
    Tally::of(&(0..MOST_ENTRIES).map(|number| (key(number), 1)).collect::<Vec<_>>())
}

#[test]
fn thirty_of_the_largest_days_fit_and_of_more_the_oldest_go() {
    let mut profile = Profile::new(salt());
    for number in (0..40).rev() {
        profile.add(day(number), largest());
        assert!(profile.bytes() <= MOST_BYTES);
    }
    assert_eq!(profile.known_before(day(40)), WINDOW);
    assert_eq!((profile.knows(day(9)), profile.knows(day(10))), (false, true));
    assert!(profile.bytes() + largest().bytes() + ENTRY > MOST_BYTES, "a day more would not fit");
}

#[test]
fn days_that_are_too_old_or_not_over_are_forgotten() {
    let mut profile = profile(0..70, &[]);
    let version = profile.version();
    profile.forget_old(day(65));
    let known: Vec<_> = profile.days().map(|(known, _)| known).collect();
    assert_eq!((known.first(), known.last(), known.len()), (Some(&day(5)), Some(&day(64)), 60));
    assert_ne!(profile.version(), version);
}
