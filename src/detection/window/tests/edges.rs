//! The edges of windows.

use super::super::group::Column;
use super::super::run::Run;
use super::super::{Firing, Hit};
use super::setup::{Event, FIRST, correlation, count, counts, event, fired, key, of_rules};
use crate::detection::rule::Comparison::{AtLeast, AtMost, Equal, Less, More, Other};
use crate::detection::rule::{Comparison, Condition, Correlation, CorrelationKind, GroupKey, KeySource, RuleExpr};
use crate::time::Time;

const MINUTE: i64 = 60_000_000_000;

fn values(comparison: Comparison, limit: u64) -> Correlation {
    let rules = [0];
    correlation(CorrelationKind::ValueCount(vec![key("v", &rules)]), &rules, MINUTE, comparison, limit)
}

#[test]
fn hits_exactly_a_timespan_apart_are_in_one_window_and_a_nanosecond_more_are_not() {
    let twice = count(MINUTE, AtLeast, 2);
    assert_eq!(counts(&twice, &[event(5, 1), event(5 + MINUTE, 1)]), [(5 + MINUTE, 2)]);
    assert_eq!(counts(&twice, &[event(5, 1), event(6 + MINUTE, 1)]), []);
    // Of three, the window of the third has lost the first.
    let events = [event(0, 1), event(MINUTE, 1), event(MINUTE + 1, 1)];
    assert_eq!(counts(&twice, &events), [(MINUTE, 2), (MINUTE + 1, 2)]);
}

#[test]
fn values_and_sequences_end_at_the_same_edge() {
    for (later, fires) in [(MINUTE, true), (MINUTE + 1, false)] {
        assert_eq!(counts(&values(AtLeast, 2), &[event(0, 1), event(later, 2)]).len(), usize::from(fires));
        for kind in [CorrelationKind::Temporal, CorrelationKind::TemporalOrdered] {
            let both = correlation(kind, &[0, 1], MINUTE, AtLeast, 2);
            let events = [of_rules(0, &[0]), of_rules(later, &[1])];
            assert_eq!(counts(&both, &events).len(), usize::from(fires), "{both:?}");
        }
    }
}

#[test]
fn times_near_the_ends_of_the_range_do_not_overflow() {
    let twice = count(i64::MAX, AtLeast, 2);
    assert_eq!(counts(&twice, &[event(i64::MIN, 1), event(-2, 1), event(i64::MAX, 1)]), [(-2, 2)]);
}

#[test]
fn every_hit_that_leaves_the_condition_true_fires() {
    let events: Vec<Event> = (0..5).map(|second| event(second, 1)).collect();
    let at = |comparison, limit| {
        counts(&count(MINUTE, comparison, limit), &events).iter().map(|(time, _)| *time).collect::<Vec<_>>()
    };
    assert_eq!(at(AtLeast, 3), [2, 3, 4]);
    assert_eq!(at(More, 3), [3, 4]);
    assert_eq!(at(Equal, 3), [2]);
    assert_eq!(at(Other, 3), [0, 1, 3, 4]);
    assert_eq!(at(Less, 3), [0, 1]);
    assert_eq!(at(AtMost, 3), [0, 1, 2]);
    let between = Correlation { condition: Condition::Count(vec![(More, 1), (Less, 4)]), ..count(MINUTE, More, 0) };
    assert_eq!(counts(&between, &events), [(1, 2), (2, 3)]);
}

#[test]
fn hits_of_one_time_are_taken_one_after_the_other() {
    assert_eq!(counts(&count(MINUTE, AtLeast, 2), &[event(7, 1), event(7, 1), event(7, 1)]), [(7, 2), (7, 3)]);
}

#[test]
fn an_event_of_two_rules_counts_twice() {
    let both = correlation(CorrelationKind::EventCount, &[0, 1], MINUTE, AtLeast, 1);
    assert_eq!(counts(&both, &[of_rules(0, &[0, 1]), of_rules(1, &[2])]), [(0, 1), (0, 2)]);
}

#[test]
fn groups_are_counted_apart_and_an_absent_key_is_a_group() {
    let twice = count(MINUTE, AtLeast, 2);
    let of = |time, k| Event { k, ..event(time, 1) };
    assert_eq!(counts(&twice, &[of(0, 1), of(1, 2), of(2, 0), of(3, 2), of(4, 0)]), [(3, 2), (4, 2)]);
    let all = Correlation { group_by: Vec::new(), ..twice };
    assert_eq!(counts(&all, &[of(0, 1), of(1, 2), of(2, 0)]), [(1, 2), (2, 3)]);
}

#[test]
fn values_count_once_and_absent_ones_do_not() {
    let two = values(AtLeast, 2);
    assert_eq!(counts(&two, &[event(0, 1), event(1, 1), event(2, 2), event(3, 1)]), [(2, 2), (3, 2)]);
    // The condition is judged at a hit without a value, too.
    assert_eq!(counts(&two, &[event(0, 1), event(1, 0), event(2, 2), event(3, 0)]), [(2, 2), (3, 2)]);
    // The second hit of a value leaves it in the window when the first goes.
    let events = [event(0, 1), event(1, 1), event(MINUTE + 1, 2), event(MINUTE + 2, 2)];
    assert_eq!(counts(&two, &events), [(MINUTE + 1, 2)]);
    let pairs = CorrelationKind::ValueCount(vec![key("v", &[0]), key("j", &[0])]);
    let pairs = correlation(pairs, &[0], MINUTE, AtLeast, 2);
    let of = |time, v, j| Event { j, ..event(time, v) };
    assert_eq!(counts(&pairs, &[of(0, 1, 1), of(1, 1, 1), of(2, 1, 0), of(3, 1, 2)]), [(3, 2)]);
}

#[test]
fn a_sequence_needs_its_order_and_equal_times_have_any() {
    let in_order = correlation(CorrelationKind::TemporalOrdered, &[0, 1, 2], MINUTE, AtLeast, 3);
    let at = |rules: &[(i64, usize)]| {
        let events: Vec<Event> = rules.iter().map(|(time, rule)| of_rules(*time, &[*rule])).collect();
        counts(&in_order, &events).iter().map(|(time, _)| *time).collect::<Vec<_>>()
    };
    assert_eq!(at(&[(0, 0), (1, 1), (2, 2)]), [2]);
    assert_eq!(at(&[(0, 0), (1, 2), (2, 1)]), [0; 0]);
    assert_eq!(at(&[(0, 0), (1, 2), (2, 1), (3, 2)]), [3]);
    assert_eq!(at(&[(5, 2), (5, 1), (5, 0)]), [5]);
    assert_eq!(at(&[(0, 0), (5, 2), (5, 1)]), [5]);
    // Any hit fires while there is a sequence in the window, not only one of the last rule.
    assert_eq!(at(&[(0, 0), (1, 1), (2, 2), (3, 0), (4, 1)]), [2, 3, 4]);
    // The newest first hit is the one that stays longest.
    assert_eq!(at(&[(0, 0), (10, 0), (11, 1), (12, 2), (10 + MINUTE, 2), (11 + MINUTE, 2)]), [12, 10 + MINUTE]);
    // A first hit that is gone is no part of a sequence.
    assert_eq!(at(&[(0, 0), (1, 1), (MINUTE + 1, 2)]), [0; 0]);
}

#[test]
fn a_rule_named_twice_in_a_sequence_needs_one_hit() {
    let twice = correlation(CorrelationKind::TemporalOrdered, &[0, 0, 1], MINUTE, AtLeast, 3);
    assert_eq!(counts(&twice, &[of_rules(0, &[0]), of_rules(1, &[1])]), [(1, 3)]);
}

#[test]
fn an_expression_over_rules_is_judged_in_the_window() {
    let without = RuleExpr::And(vec![RuleExpr::Rule(0), RuleExpr::Not(Box::new(RuleExpr::Rule(1)))]);
    let base = correlation(CorrelationKind::Temporal, &[0, 1], MINUTE, AtLeast, 1);
    let without = Correlation { condition: Condition::Rules(without), ..base };
    let events = [of_rules(0, &[0]), of_rules(1, &[1]), of_rules(2, &[0]), of_rules(MINUTE + 2, &[0])];
    assert_eq!(counts(&without, &events), [(0, 1), (MINUTE + 2, 1)]);
}

#[test]
fn an_alias_is_another_field_for_each_rule() {
    let alias = GroupKey {
        name: "who".to_owned(),
        sources: ["k", "j"].map(|name| KeySource::Field(super::setup::field(name))).to_vec(),
    };
    let both = correlation(CorrelationKind::Temporal, &[0, 1], MINUTE, AtLeast, 2);
    let both = Correlation { group_by: vec![alias], ..both };
    let of = |time, rule, k, j| Event { rules: vec![rule], k, j, ..event(time, 1) };
    assert_eq!(counts(&both, &[of(0, 0, 7, 1), of(1, 1, 2, 7)]), [(1, 2)]);
    assert_eq!(counts(&both, &[of(0, 0, 7, 1), of(1, 1, 7, 2)]), []);
}

/// A correlation of firings of the one before, with the keys of its own.
fn above(group_by: &[&str], limit: u64) -> Correlation {
    let rules = [FIRST];
    let group_by = group_by.iter().map(|name| key(name, &rules)).collect();
    Correlation { group_by, ..correlation(CorrelationKind::EventCount, &rules, MINUTE, AtLeast, limit) }
}

fn of_correlation(number: usize, firings: &[Firing]) -> Vec<(i64, Vec<u32>)> {
    let own = firings.iter().filter(|firing| firing.rule == FIRST + number);
    own.map(|firing| (firing.time.nanos(), firing.group.to_vec())).collect()
}

#[test]
fn firings_are_hits_of_the_correlation_above_in_its_groups() {
    let below = count(MINUTE, AtLeast, 2);
    let of = |time, k| Event { k, ..event(time, 1) };
    let events = [of(0, 1), of(1, 1), of(2, 2), of(3, 2), of(4, 1)];
    let fired_with = |group_by: &[&str], limit| fired(&[below.clone(), above(group_by, limit)], &events);
    assert_eq!(of_correlation(0, &fired_with(&["k"], 2)), [(1, vec![1]), (3, vec![2]), (4, vec![1])]);
    assert_eq!(of_correlation(1, &fired_with(&["k"], 2)), [(4, vec![1])]);
    // Without keys, the firings of all groups count together.
    assert_eq!(of_correlation(1, &fired_with(&[], 2)), [(3, vec![]), (4, vec![])]);
}

#[test]
fn the_keys_of_firings_are_values_that_count() {
    let below = count(MINUTE, AtLeast, 1);
    let kind = CorrelationKind::ValueCount(vec![key("k", &[FIRST])]);
    let two_groups = Correlation { kind, ..above(&[], 2) };
    let of = |time, k| Event { k, ..event(time, 1) };
    let firings = fired(&[below, two_groups], &[of(0, 1), of(1, 1), of(2, 0), of(3, 2)]);
    assert_eq!(of_correlation(1, &firings), [(3, vec![])]);
}

#[test]
fn two_firings_at_one_event_are_one_hit_above() {
    let below = correlation(CorrelationKind::EventCount, &[0, 1], MINUTE, AtLeast, 1);
    let firings = fired(&[below, above(&["k"], 2)], &[of_rules(0, &[0, 1]), of_rules(1, &[0])]);
    assert_eq!(of_correlation(0, &firings), [(0, vec![1]), (0, vec![1]), (1, vec![1])]);
    assert_eq!(of_correlation(1, &firings), [(1, vec![1])]);
}

#[test]
fn memory_is_that_of_one_window() {
    let one = count(10, AtLeast, 2);
    let events: u32 = 100_000;
    let keys: Column = (1..=events).collect();
    let mut run = Run::new(&[(FIRST, &one)], &mut |_| Column::clone(&keys));
    let (mut fired, mut most) = (Vec::new(), 0);
    for event in 0..events {
        run.take(&[Hit { time: Time::from_nanos(event.into()), event, rule: 0 }], &mut fired);
        most = most.max(run.groups());
    }
    assert!(fired.is_empty() && most < 3_000, "{most} groups");
}
