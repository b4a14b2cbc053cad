//! The firings of random hits, in nanoseconds, against a plain evaluation of each window by itself.

use std::time::Duration;

use proptest::prelude::*;

use super::super::Firing;
use super::setup::{Event, FIRST, field, fired, name};
use crate::detection::rule::{Comparison, Condition, Correlation, CorrelationKind, GroupKey, KeySource, RuleExpr};

/// A hit of one correlation, with the position of its rule.
#[derive(Clone)]
struct Plain {
    time: i64,
    event: usize,
    position: usize,
    group: Vec<u32>,
    value: Option<Vec<u32>>,
}

/// The time, the event, the group and the count of a firing.
type PlainFiring = (i64, usize, Vec<u32>, u64);

/// The firings by definition: for each hit, the window is looked up among all hits before it.
fn plain_firings(correlations: &[Correlation], events: &[Event]) -> Vec<Vec<PlainFiring>> {
    let mut all: Vec<Vec<PlainFiring>> = Vec::new();
    for correlation in correlations {
        let hits = hits_of(correlation, events, &all);
        let fired = |index: usize| -> Option<PlainFiring> {
            let hit = &hits[index];
            let timespan = i64::try_from(correlation.timespan.as_nanos()).unwrap();
            let in_window = |other: &&Plain| hit.time - other.time <= timespan && other.group == hit.group;
            let window: Vec<&Plain> = hits[..=index].iter().filter(in_window).collect();
            let count = judged(correlation, &window)?;
            Some((hit.time, hit.event, hit.group.clone(), count))
        };
        all.push((0..hits.len()).filter_map(fired).collect());
    }
    all
}

/// The hits of one correlation in order: of each event first those of rules of events, then the firings.
fn hits_of(correlation: &Correlation, events: &[Event], below: &[Vec<PlainFiring>]) -> Vec<Plain> {
    let hit = |event: &Event, index: usize, position: usize, group: &[u32]| {
        let number = |key: &GroupKey| match &key.sources[position] {
            KeySource::Field(field) => event.value(name(field)),
            KeySource::Key(key) => group[*key],
        };
        let value = match &correlation.kind {
            CorrelationKind::ValueCount(keys) => Some(keys.iter().map(number).collect::<Vec<u32>>()),
            _ => None,
        };
        let value = value.filter(|values| !values.contains(&0));
        let group = correlation.group_by.iter().map(number).collect();
        Plain { time: event.time, event: index, position, group, value }
    };
    let mut hits = Vec::new();
    for (index, event) in events.iter().enumerate() {
        for rule in &event.rules {
            let position = correlation.rules.iter().position(|other| other == rule);
            hits.extend(position.map(|position| hit(event, index, position, &[])));
        }
        for (number, firings) in below.iter().enumerate() {
            if let Some(position) = correlation.rules.iter().position(|rule| *rule == FIRST + number)
                && let Some(firing) = firings.iter().find(|firing| firing.1 == index)
            {
                hits.push(hit(event, index, position, &firing.2));
            }
        }
    }
    hits
}

/// The count of a window, if it satisfies the condition.
fn judged(correlation: &Correlation, window: &[&Plain]) -> Option<u64> {
    let rules = correlation.rules.len();
    let has = |position: usize| window.iter().any(|hit| hit.position == position);
    let count = match correlation.kind {
        CorrelationKind::EventCount => window.len(),
        CorrelationKind::ValueCount(_) => {
            let mut values: Vec<&Vec<u32>> = window.iter().filter_map(|hit| hit.value.as_ref()).collect();
            values.sort();
            values.dedup();
            values.len()
        }
        CorrelationKind::Temporal => (0..rules).filter(|position| has(*position)).count(),
        CorrelationKind::TemporalOrdered => {
            if is_sequence(window, 0, i64::MIN, rules) {
                rules
            } else {
                0
            }
        }
    } as u64;
    let holds = match &correlation.condition {
        Condition::Rules(expr) => (correlation.kind == CorrelationKind::Temporal || count > 0) && expr.holds(&has),
        Condition::Count(comparisons) => comparisons.iter().all(|(comparison, limit)| match comparison {
            Comparison::Less => count < *limit,
            Comparison::AtMost => count <= *limit,
            Comparison::More => count > *limit,
            Comparison::AtLeast => count >= *limit,
            Comparison::Equal => count == *limit,
            Comparison::Other => count != *limit,
        }),
    };
    holds.then_some(count)
}

/// Whether hits of the rules from `position` on follow each other from a time on.
fn is_sequence(window: &[&Plain], position: usize, from: i64, rules: usize) -> bool {
    let mut next = window.iter().filter(|hit| hit.position == position && hit.time >= from);
    position == rules || next.any(|hit| is_sequence(window, position + 1, hit.time, rules))
}

pub(super) fn comparison() -> impl Strategy<Value = (Comparison, u64)> {
    use Comparison::{AtLeast, AtMost, Equal, Less, More, Other};
    // Most rules have a lower limit.
    let one =
        prop_oneof![6 => Just(AtLeast), 2 => Just(More), 1 => prop::sample::select(vec![Less, AtMost, Equal, Other])];
    (one, 1..4_u64)
}

/// An expression over so many rules.
pub(super) fn expr(rules: usize) -> impl Strategy<Value = RuleExpr> {
    let leaf = (0..rules).prop_map(RuleExpr::Rule);
    leaf.prop_recursive(2, 6, 3, |inner| {
        let several = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            several.clone().prop_map(RuleExpr::And),
            several.prop_map(RuleExpr::Or),
            inner.prop_map(|inner| RuleExpr::Not(Box::new(inner))),
        ]
    })
}

/// The correlation at a position of a pack, of rules of events and of those before it, whose keys are still to be connected.
fn draft(number: usize, timespan: std::ops::Range<u64>) -> impl Strategy<Value = (Correlation, Vec<&'static str>)> {
    let rules = prop::sample::subsequence((0..FIRST + number).collect::<Vec<_>>(), 1..=2).prop_shuffle();
    let keys = prop::sample::subsequence(vec!["k", "j"], 0..=2);
    (rules, keys, 0..4_u8, timespan, comparison(), any::<bool>()).prop_flat_map(
        |(rules, keys, kind, timespan, comparison, by_rules)| {
            let is_temporal = kind >= 2;
            let timespan = Duration::from_nanos(timespan);
            expr(rules.len()).prop_map(move |expr| {
                let kind = match kind {
                    0 => CorrelationKind::EventCount,
                    1 => CorrelationKind::ValueCount(Vec::new()),
                    2 => CorrelationKind::Temporal,
                    _ => CorrelationKind::TemporalOrdered,
                };
                let condition =
                    if is_temporal && by_rules { Condition::Rules(expr) } else { Condition::Count(vec![comparison]) };
                let correlation = Correlation { kind, rules: rules.clone(), group_by: Vec::new(), timespan, condition };
                (correlation, keys.clone())
            })
        },
    )
}

/// A pack of so many correlations, each of rules of events and of those before it. Of the keys that it is to have, each has those
/// that the correlations below it have, and it counts the values of `v` or, of firings, of their first key.
pub(super) fn pack<const N: usize>(timespan: std::ops::Range<u64>) -> impl Strategy<Value = Vec<Correlation>> {
    std::array::from_fn::<_, N, _>(|number| draft(number, timespan.clone())).prop_map(|drafts| {
        let mut pack: Vec<Correlation> = Vec::new();
        for (mut correlation, keys) in drafts {
            let source = |name: &str, rule: &usize| {
                let Some(below) = rule.checked_sub(FIRST) else { return Some(KeySource::Field(field(name))) };
                let keys = &pack[below].group_by;
                keys.iter().position(|key| key.name == name).map(KeySource::Key)
            };
            let key = |name: &&str| -> Option<GroupKey> {
                let sources = correlation.rules.iter().map(|rule| source(name, rule));
                Some(GroupKey { name: (*name).to_owned(), sources: sources.collect::<Option<_>>()? })
            };
            let group_by = keys.iter().filter_map(key).collect();
            if let CorrelationKind::ValueCount(_) = correlation.kind {
                let counted = key(&"v").or_else(|| key(&"k"));
                correlation.kind = match counted {
                    Some(key) => CorrelationKind::ValueCount(vec![key]),
                    None => CorrelationKind::EventCount,
                };
            }
            correlation.group_by = group_by;
            pack.push(correlation);
        }
        pack
    })
}

/// Events so close together that windows have none, some or all of them.
pub(super) fn events(gap: std::ops::Range<i64>) -> impl Strategy<Value = Vec<Event>> {
    let event = (gap, prop::sample::subsequence(vec![0, 1, 2], 0..=3), 0..3_u32, 0..3_u32, 0..4_u32);
    prop::collection::vec(event, 0..40).prop_map(|events| {
        let mut time = 1_000;
        let at = |(gap, rules, k, j, v)| {
            time += gap;
            Event { time, rules, k, j, v }
        };
        events.into_iter().map(at).collect()
    })
}

/// The firings of one correlation of a pack, as the plain evaluation has them.
fn of(number: usize, firings: &[Firing]) -> Vec<(i64, usize, Vec<u32>, u64)> {
    let own = firings.iter().filter(|firing| firing.rule == FIRST + number);
    own.map(|firing| (firing.time.nanos(), firing.event as usize, firing.group.to_vec(), firing.value)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn firings_are_those_of_each_window_by_itself(
        pack in pack::<2>(1..9),
        events in events(0..5),
    ) {
        let (firings, plain) = (fired(&pack, &events), plain_firings(&pack, &events));
        prop_assert!(firings.is_sorted_by_key(|firing| firing.time));
        for (number, plain) in plain.iter().enumerate() {
            prop_assert_eq!(&of(number, &firings), plain, "correlation {}", number);
        }
        for firing in &firings {
            let timespan = pack[firing.rule - FIRST].timespan;
            prop_assert!((firing.time - timespan..=firing.time).contains(&firing.since));
        }
    }
}
