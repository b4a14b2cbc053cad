//! Firings merged into matches.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Firing, Match, matches};
use super::setup::FIRST;
use crate::time::Time;

const TEN: Duration = Duration::from_nanos(10);

fn at(nanos: i64) -> Time {
    Time::from_nanos(nanos)
}

fn firing(time: i64, group: u32, value: u64) -> Firing {
    let event = u32::try_from(time).unwrap();
    Firing { rule: FIRST, time: at(time), event, group: Arc::from([group]), value, since: at(time - 3) }
}

#[test]
fn firings_at_most_a_timespan_apart_are_one_match() {
    let firings = [firing(10, 1, 2), firing(15, 2, 9), firing(20, 1, 5), firing(30, 1, 4), firing(41, 1, 2)];
    let expected = [
        Match {
            group: Arc::from([1]),
            since: at(7),
            first: at(10),
            last: at(30),
            value: 5,
            peak: at(20),
            peak_event: 20,
            events: vec![10, 20, 30],
        },
        Match {
            group: Arc::from([2]),
            since: at(12),
            first: at(15),
            last: at(15),
            value: 9,
            peak: at(15),
            peak_event: 15,
            events: vec![15],
        },
        Match {
            group: Arc::from([1]),
            since: at(38),
            first: at(41),
            last: at(41),
            value: 2,
            peak: at(41),
            peak_event: 41,
            events: vec![41],
        },
    ];
    assert_eq!(matches(&firings, TEN), expected);
}

#[test]
fn two_firings_of_one_event_have_it_once() {
    let matched = matches(&[firing(10, 1, 2), firing(10, 1, 3)], TEN);
    assert_eq!((matched.len(), &matched[0].events[..], matched[0].value), (1, &[10][..], 3));
}
