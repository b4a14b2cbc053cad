//! The answer to an alert rule: one number for each rule, its labels, and hour.
//!
//! An event belongs to one hour of UTC for good. So one match makes one alert instance, however often the rule is evaluated while
//! its range has it, and further matches of the hour raise the number of the same instance. Labels that a rule with a window is
//! not grouped by are those of the first event of the hour at which it fires for the group. The evaluation begins with the hour,
//! so that this event is the same in every evaluation.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, StringArray};

use super::super::condition::NONE;
use super::super::request::rfc3339;
use super::super::text;
use super::evaluation::Evaluation;
use super::labels::{LabelColumns, Labels};
use crate::detection::window::Group;
use crate::frame::{Field, Frame, FrameType, Meta};
use crate::time::Time;

/// The most numbers of an answer. Beyond, the resources of a rule are one.
const MOST_ROWS: usize = 1_000;

/// The label of several resources or addresses.
const SEVERAL: &str = "(several)";

/// The labels of a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// When the hour begins.
    hour: Time,
    rule: usize,
    labels: Labels,
}

/// The numbers of an evaluation that begins with the hour of `from`, of events from then on. Without a match there is one, which is
/// 0: zero is not "no data".
pub(super) fn frame(evaluation: &Evaluation<'_>, from: Time) -> Frame {
    let mut columns = LabelColumns::of(evaluation.answer);
    let mut numbers: BTreeMap<Key, i64> = BTreeMap::new();
    for (rule, firings) in evaluation.firings() {
        let has_window = evaluation.has_window(rule);
        let mut first: HashMap<(Time, &Group), Labels> = HashMap::new();
        for firing in firings {
            let hour = firing.time.hour();
            let mut labels = || columns.labels(evaluation, rule, &firing.group, evaluation.row(firing.event));
            let labels = if has_window {
                first.entry((hour, &firing.group)).or_insert_with(labels).clone()
            } else if firing.time >= from {
                labels()
            } else {
                continue;
            };
            if firing.time >= from {
                *numbers.entry(Key { hour, rule, labels }).or_default() += 1;
            }
        }
    }
    let numbers = folded(numbers);
    let mut rows: BTreeMap<[String; 7], i64> = BTreeMap::new();
    for (key, number) in numbers {
        // Two rules of one title and level are one to Grafana.
        *rows.entry(labels(evaluation, &key)).or_default() += number;
    }
    if rows.is_empty() {
        rows.insert([NONE; 7].map(str::to_owned), 0);
    }
    let names = ["rule", "level", "principal", "source_ip", "resource", "first", "last"];
    let column = |index: usize| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.keys().map(|labels| &labels[index])))
    };
    let labels = names.iter().enumerate().map(|(index, name)| Field::required(name, column(index)));
    let matches = Field::required("matches", Arc::new(Int64Array::from_iter_values(rows.values().copied())));
    let fields = labels.chain([matches]).collect();
    Frame { name: "detections".to_owned(), meta: Meta::of(FrameType::NumericLong), fields }
}

fn labels(evaluation: &Evaluation<'_>, key: &Key) -> [String; 7] {
    let rule = evaluation.rule(key.rule);
    let Labels { principal, source_ip, resource } = key.labels.clone();
    let title = text::label(&rule.title).into_owned();
    let (first, last) = (rfc3339(key.hour), rfc3339(key.hour + Duration::from_hours(1)));
    [title, rule.level.as_str().to_owned(), principal, source_ip, resource, first, last]
}

/// The numbers, few enough for Grafana: those of many resources or addresses are added up. No match is left out, so that a rule
/// fires whatever the number of resources that an attack concerns.
fn folded(mut numbers: BTreeMap<Key, i64>) -> BTreeMap<Key, i64> {
    for fold in [resources as fn(&mut Labels), addresses, principals] {
        if numbers.len() <= MOST_ROWS {
            return numbers;
        }
        let mut rows: BTreeMap<(usize, Time), usize> = BTreeMap::new();
        for key in numbers.keys() {
            *rows.entry((key.rule, key.hour)).or_default() += 1;
        }
        let share = MOST_ROWS / rows.len().max(1);
        let mut fewer = BTreeMap::new();
        for (mut key, number) in numbers {
            if rows[&(key.rule, key.hour)] > share {
                fold(&mut key.labels);
            }
            *fewer.entry(key).or_default() += number;
        }
        numbers = fewer;
    }
    numbers
}

fn resources(labels: &mut Labels) {
    SEVERAL.clone_into(&mut labels.resource);
}

fn addresses(labels: &mut Labels) {
    SEVERAL.clone_into(&mut labels.source_ip);
}

fn principals(labels: &mut Labels) {
    SEVERAL.clone_into(&mut labels.principal);
}
