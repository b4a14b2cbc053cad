//! Why a rule matches: the conditions that held, with the event's values, and of a window its group, its count, and the conditions
//! of the rules that it refers to.

use serde_json::{Value, json};

use super::super::condition::NONE;
use super::super::text;
use super::evaluation::{Evaluation, Found};
use super::inputs::Input;
use crate::detection::{Correlation, CorrelationKind, GroupKey, Kind};
use crate::locale::{Language, Sentence};
use crate::time::Time;

/// The most reasons of a match.
const MOST_REASONS: usize = 40;

/// The most distinct values that are shown.
const MOST_VALUES: usize = 20;

/// The reasons of a match, as JSON: a list of conditions, each with its value.
pub(super) fn why(evaluation: &Evaluation<'_>, found: &Found) -> Value {
    let matched = &found.matched;
    let newest = *matched.events.last().expect("a match has an event");
    let mut reasons = Reasons { evaluation, of: Vec::new() };
    match &evaluation.rule(found.rule).kind {
        Kind::Events(_) => reasons.of_event(found.rule, newest, ""),
        Kind::Correlation(correlation) => {
            let window = Window { rule: found.rule, group: &matched.group, end: matched.peak, count: matched.value };
            reasons.of_window(&window, correlation, "");
        }
    }
    let reasons = reasons.of.into_iter().take(MOST_REASONS);
    let reasons =
        reasons.map(|(condition, value)| json!({ "condition": text::cell(&condition), "value": text::cell(&value) }));
    reasons.collect()
}

/// A group of a correlation at one of its firings.
struct Window<'w> {
    rule: usize,
    group: &'w crate::detection::window::Group,
    /// The time of the firing with the count.
    end: Time,
    count: u64,
}

/// Collects conditions with their values. Those of a rule that another one refers to begin with its title.
struct Reasons<'a, 'e> {
    evaluation: &'a Evaluation<'e>,
    of: Vec<(String, String)>,
}

impl Reasons<'_, '_> {
    /// The conditions of a rule that an event satisfies.
    fn of_event(&mut self, rule: usize, event: u32, of: &str) {
        let evaluation = self.evaluation;
        let row = evaluation.row(event);
        let (pack, events) = (&evaluation.rules.pack, &evaluation.answer.events);
        let reasons = evaluation.with_context(|context| {
            let compared = evaluation.compared(rule, row);
            let language = evaluation.answer.language;
            let unusual = compared.and_then(|of| pack.why_unusual(rule, events, row, &of, context, language));
            pack.why(rule, events, row, context, language).into_iter().chain(unusual).collect::<Vec<_>>()
        });
        for reason in reasons {
            self.add(of, &reason.condition, reason.value.unwrap_or(NONE.to_owned()));
        }
    }

    /// The group and the count of a window, then for each rule the conditions of its newest hit.
    fn of_window(&mut self, window: &Window<'_>, correlation: &Correlation, of: &str) {
        let (evaluation, language) = (self.evaluation, self.evaluation.answer.language);
        for (name, text) in evaluation.keys(window.rule, window.group) {
            self.add(of, name, text.unwrap_or(NONE).to_owned());
        }
        let rules = correlation.rules.iter().map(|number| evaluation.rule(*number).title.as_str());
        self.add(of, &Sentence::WindowRules.text(language), rules.collect::<Vec<_>>().join(", "));
        let (counted, seconds) = (&counted(&correlation.kind, language), &correlation.timespan.as_secs().to_string());
        let within = Sentence::CountedWithin { counted, seconds }.text(language);
        self.add(of, &within, window.count.to_string());
        let mut newest: Vec<Option<Input<'_>>> = correlation.rules.iter().map(|_| None).collect();
        let start = window.end - correlation.timespan;
        let mut values = Values { has_more: evaluation.inputs().is_cut(start..=window.end), ..Values::default() };
        for input in evaluation.inputs().of_group(correlation, window.group, start..=window.end) {
            if let CorrelationKind::ValueCount(keys) = &correlation.kind {
                values.add(evaluation, keys, &input);
            } else if newest.iter().all(Option::is_some) {
                break;
            }
            let newest = &mut newest[input.position];
            newest.get_or_insert(input);
        }
        if let CorrelationKind::ValueCount(keys) = &correlation.kind {
            let condition = Sentence::ValuesOf { fields: &names(keys) }.text(language);
            self.add(of, &condition, values.text());
        }
        for (number, input) in correlation.rules.iter().zip(newest) {
            // Rules refer to rules, and bounds of the parser keep this from going deep; a match is shown beside many others.
            if let Some(input) = input.filter(|_| self.of.len() < MOST_REASONS) {
                let of = format!("{of}{}: ", evaluation.rule(*number).title);
                match (&evaluation.rule(*number).kind, input.firing) {
                    (Kind::Correlation(below), Some(firing)) => {
                        let (group, end, count) = (&firing.group, input.time, firing.value);
                        self.of_window(&Window { rule: *number, group, end, count }, below, &of);
                    }
                    _ => self.of_event(*number, input.event, &of),
                }
            }
        }
    }

    fn add(&mut self, of: &str, condition: &str, value: String) {
        self.of.push((format!("{of}{condition}"), value));
    }
}

/// Distinct values, the newest first.
#[derive(Default)]
struct Values {
    shown: Vec<String>,
    has_more: bool,
}

impl Values {
    fn add(&mut self, evaluation: &Evaluation<'_>, keys: &[GroupKey], input: &Input<'_>) {
        let Some(value) = evaluation.inputs().values(keys, input) else { return };
        if self.shown.contains(&value) {
            return;
        }
        if self.shown.len() < MOST_VALUES {
            self.shown.push(value);
        } else {
            self.has_more = true;
        }
    }

    fn text(&self) -> String {
        let more = if self.has_more { ", …" } else { "" };
        format!("{}{more}", self.shown.join(", "))
    }
}

fn names(keys: &[GroupKey]) -> String {
    keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The noun for the things that a window counts.
fn counted(kind: &CorrelationKind, language: Language) -> String {
    match kind {
        CorrelationKind::EventCount => Sentence::CountedEvents.text(language),
        CorrelationKind::ValueCount(fields) => Sentence::DistinctValues { fields: &names(fields) }.text(language),
        CorrelationKind::Temporal => Sentence::CountedRules.text(language),
        CorrelationKind::TemporalOrdered => Sentence::CountedRulesInOrder.text(language),
    }
}
