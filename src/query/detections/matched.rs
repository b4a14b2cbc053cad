//! Why a rule matches: the conditions that held, with the event's values, and of a window its group, its count, and the conditions
//! of the rules that it refers to.

use serde_json::{Value, json};

use super::super::condition::NONE;
use super::super::documentation::Topic;
use super::super::text;
use super::evaluation::{Evaluation, Found};
use super::inputs::{Input, MOST_HITS};
use crate::detection::{Correlation, CorrelationKind, GroupKey, Kind};
use crate::frame::Notice;
use crate::locale::{Language, Sentence};
use crate::time::Time;

/// The most reasons of a match.
const MOST_REASONS: usize = 40;

/// The most distinct values that are shown.
const MOST_VALUES: usize = 20;

/// The most matches of an answer whose reasons are shown.
const MOST_MATCHES: usize = 1_000;

/// The most hits of an answer's windows: once there are more, no further match has reasons.
const MOST_LOOKS: usize = 5_000_000;

/// The reasons of an answer's matches, which take a bounded time: those of the first matches that are asked for.
pub(super) struct Explanations<'a, 'e> {
    evaluation: &'a Evaluation<'e>,
    /// The matches with reasons.
    shown: usize,
    /// The matches that were asked for.
    asked: usize,
    /// The hits in their windows.
    looks: usize,
    /// The most matches and hits.
    most: (usize, usize),
}

impl<'a, 'e> Explanations<'a, 'e> {
    pub(super) fn of(evaluation: &'a Evaluation<'e>) -> Self {
        Self::limited(evaluation, (MOST_MATCHES, MOST_LOOKS))
    }

    /// Those of so many matches, or fewer once their windows have more than so many hits.
    pub(super) fn limited(evaluation: &'a Evaluation<'e>, most: (usize, usize)) -> Self {
        Self { evaluation, shown: 0, asked: 0, looks: 0, most }
    }

    /// The reasons of the next match, as JSON: a list of conditions, each with its value. The list is empty beyond the limits.
    pub(super) fn next(&mut self, found: &Found) -> Value {
        self.asked += 1;
        let (most_shown, most_looks) = self.most;
        if self.shown == most_shown || self.looks > most_looks {
            return json!([]);
        }
        self.shown += 1;
        let Self { evaluation, looks, .. } = self;
        let newest = *found.matched.events.last().expect("a match has an event");
        let mut reasons = Reasons { evaluation, of: Vec::new(), looks };
        match &evaluation.rule(found.rule).kind {
            Kind::Events(_) => reasons.of_event(found.rule, newest, ""),
            Kind::Correlation(correlation) => reasons.of_window(&Window::of(found), correlation, ""),
        }
        let reasons = reasons.of.into_iter().take(MOST_REASONS);
        let reasons = reasons
            .map(|(condition, value)| json!({ "condition": text::cell(&condition), "value": text::cell(&value) }));
        reasons.collect()
    }

    /// The notice about matches without reasons, if there are any; the newest match was asked for first.
    pub(super) fn notice(&self) -> Option<Notice> {
        let Self { shown, asked, .. } = *self;
        let sentence = Sentence::ReasonsOfNewest { shown, found: asked };
        (shown < asked).then(|| Topic::Limit.info(sentence.text(self.evaluation.answer.language)))
    }
}

/// A group of a correlation at one of its firings.
struct Window<'w> {
    rule: usize,
    group: &'w crate::detection::window::Group,
    /// The time and the event of the firing with the count.
    end: Time,
    event: u32,
    count: u64,
}

impl<'w> Window<'w> {
    /// The window of a match at its peak.
    fn of(Found { rule, matched }: &'w Found) -> Self {
        Self { rule: *rule, group: &matched.group, end: matched.peak, event: matched.peak_event, count: matched.value }
    }
}

/// Collects conditions with their values. Those of a rule that another one refers to begin with its title.
struct Reasons<'a, 'e> {
    evaluation: &'a Evaluation<'e>,
    of: Vec<(String, String)>,
    looks: &'a mut usize,
}

impl<'a> Reasons<'a, '_> {
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

    /// The group and the count of a window, then for each rule the conditions of its hit: the newest one, in an ordered window that
    /// of the sequence.
    fn of_window(&mut self, window: &Window<'a>, correlation: &'a Correlation, of: &str) {
        let (evaluation, language) = (self.evaluation, self.evaluation.answer.language);
        for (name, text) in evaluation.keys(window.rule, window.group) {
            self.add(of, name, text.unwrap_or(NONE).to_owned());
        }
        let rules = correlation.rules.iter().map(|number| evaluation.rule(*number).title.as_str());
        self.add(of, &Sentence::WindowRules.text(language), rules.collect::<Vec<_>>().join(", "));
        let (counted, seconds) = (&counted(&correlation.kind, language), &correlation.timespan.as_secs().to_string());
        let within = Sentence::CountedWithin { counted, seconds }.text(language);
        self.add(of, &within, window.count.to_string());
        let start = window.end - correlation.timespan;
        let count = evaluation.inputs().count(start, window.event);
        *self.looks += count.min(MOST_HITS);
        if let CorrelationKind::ValueCount(keys) = &correlation.kind {
            let condition = Sentence::ValuesOf { fields: &names(keys) }.text(language);
            let mut values = Values { has_more: count > MOST_HITS, ..Values::default() };
            let inputs = evaluation.inputs().of_group(correlation, window.group, start, window.event);
            inputs.for_each(|input| values.add(evaluation, keys, &input));
            self.add(of, &condition, values.text());
        }
        let hits = match correlation.kind {
            // Without a sequence the count is 0, which a condition may demand.
            CorrelationKind::TemporalOrdered if window.count > 0 => self.sequence(window, correlation),
            _ => self.newest(window, correlation),
        };
        for (number, input) in correlation.rules.iter().zip(hits) {
            // Rules refer to rules, and bounds of the parser keep this from going deep; a match is shown beside many others.
            if let Some(input) = input.filter(|_| self.of.len() < MOST_REASONS) {
                let of = format!("{of}{}: ", evaluation.rule(*number).title);
                match (&evaluation.rule(*number).kind, input.firing) {
                    (Kind::Correlation(below), Some(firing)) => {
                        let (group, end, event, count) = (&firing.group, input.time, input.event, firing.value);
                        self.of_window(&Window { rule: *number, group, end, event, count }, below, &of);
                    }
                    _ => self.of_event(*number, input.event, &of),
                }
            }
        }
    }

    /// The newest hit of each rule in a window.
    fn newest(&self, window: &Window<'a>, correlation: &'a Correlation) -> Vec<Option<Input<'a>>> {
        let mut newest: Vec<Option<Input<'a>>> = correlation.rules.iter().map(|_| None).collect();
        let start = window.end - correlation.timespan;
        for input in self.evaluation.inputs().of_group(correlation, window.group, start, window.event) {
            newest[input.position].get_or_insert(input);
            if newest.iter().all(Option::is_some) {
                break;
            }
        }
        newest
    }

    /// The hits of the rules in their order that begin last: from the last rule back, the newest hit that is not later than that of
    /// the rule after it. This is the sequence by which the window fires.
    fn sequence(&self, window: &Window<'a>, correlation: &'a Correlation) -> Vec<Option<Input<'a>>> {
        let start = window.end - correlation.timespan;
        let inputs = self.evaluation.inputs().of_group(correlation, window.group, start, window.event);
        let mut inputs: Vec<Input<'a>> = inputs.collect();
        inputs.sort_by_key(|input| std::cmp::Reverse(input.event));
        let mut found = Vec::with_capacity(correlation.rules.len());
        let mut positions = (0..correlation.rules.len()).rev().peekable();
        // Hits of equal times are in any order.
        for at_once in inputs.chunk_by(|one, other| one.time == other.time) {
            let of_rule = |position: &usize| at_once.iter().find(|input| input.position == *position);
            while let Some(input) = positions.peek().and_then(of_rule) {
                found.push(Some(input.clone()));
                positions.next();
            }
        }
        // Of very many hits, only the newest are looked at.
        found.extend(positions.map(|_| None));
        found.reverse();
        found
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
