//! Firings merged into matches.

use std::sync::Arc;

use super::super::{Firing, Match, matches};
use super::setup::FIRST;

fn firing(time: i64, group: u32, value: u64) -> Firing {
    let event = u32::try_from(time).unwrap();
    Firing { rule: FIRST, time, event, group: Arc::from([group]), value, since: time - 3 }
}

#[test]
fn firings_at_most_a_timespan_apart_are_one_match() {
    let firings = [firing(10, 1, 2), firing(15, 2, 9), firing(20, 1, 5), firing(30, 1, 4), firing(41, 1, 2)];
    let expected = [
        Match { group: Arc::from([1]), since: 7, first: 10, last: 30, value: 5, events: vec![10, 20, 30] },
        Match { group: Arc::from([2]), since: 12, first: 15, last: 15, value: 9, events: vec![15] },
        Match { group: Arc::from([1]), since: 38, first: 41, last: 41, value: 2, events: vec![41] },
    ];
    assert_eq!(matches(&firings, 10), expected);
}

#[test]
fn two_firings_of_one_event_have_it_once() {
    let matched = matches(&[firing(10, 1, 2), firing(10, 1, 3)], 10);
    assert_eq!((matched.len(), &matched[0].events[..], matched[0].value), (1, &[10][..], 3));
}
