//! The events that rules match, as log lines with the rules as labels, the newest first.

use std::collections::BTreeMap;

use super::super::error::Failure;
use super::super::events::{self, EventList, Format, Level, Marked, Order};
use super::super::scope::Scope;
use super::super::text;
use super::evaluation::Evaluation;
use crate::detection;
use crate::frame::Frame;

/// A line for each event at which a rule fires.
///
/// # Errors
/// When a column outgrows Arrow's 2 GiB.
pub(super) fn frame(evaluation: &Evaluation<'_>, scope: &Scope, limit: usize) -> Result<Frame, Failure> {
    let mut rules: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (rule, firings) in evaluation.firings() {
        for firing in firings {
            let of_row = rules.entry(evaluation.row(firing.event)).or_default();
            if of_row.last() != Some(&rule) {
                of_row.push(rule);
            }
        }
    }
    let mut answer = evaluation.answer.clone();
    let mask: Vec<bool> = (0..answer.events.len()).map(|row| rules.contains_key(&row)).collect();
    answer.retain_rows(&mask)?;
    // The rows of the events that are left are in the same order.
    let labels = rules.into_values().map(|rules| of_line(evaluation, rules));
    let list = EventList { format: Format::Logs, limit, order: Order::Newest, novelty: false, relatives: false };
    events::marked(&list, &scope.text, &answer, &labels.collect::<Vec<_>>())
}

/// The labels of a line: its rules, the most serious first.
fn of_line(evaluation: &Evaluation<'_>, mut rules: Vec<usize>) -> Marked {
    rules.sort_by_key(|rule| std::cmp::Reverse(evaluation.rule(*rule).level));
    let rule = |number: &usize| evaluation.rule(*number);
    let joined = |texts: Vec<&str>| text::cell(&texts.join(", ")).into_owned();
    Marked {
        labels: vec![
            ("rule", joined(rules.iter().map(|number| rule(number).title.as_str()).collect())),
            ("rule_id", joined(rules.iter().map(|number| rule(number).id.as_str()).collect())),
            ("rule_level", rules.first().map(|number| rule(number).level.as_str()).unwrap_or_default().to_owned()),
        ],
        title: rules.first().map(|number| text::plain(&rule(number).title).into_owned()).unwrap_or_default(),
        level: rules.first().map_or(Level::Info, |number| log_level(rule(number).level)),
    }
}

/// The log level of a rule's level.
fn log_level(level: detection::Level) -> Level {
    match level {
        detection::Level::Critical => Level::Critical,
        detection::Level::High => Level::Error,
        detection::Level::Medium => Level::Warning,
        detection::Level::Low | detection::Level::Informational => Level::Info,
    }
}
