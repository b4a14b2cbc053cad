//! Why a rule matches: the conditions that held, with the event's values, and of a window its group and its count.

use serde_json::{Value, json};

use super::super::calendar::SECOND;
use super::super::condition::NONE;
use super::super::text;
use super::evaluation::{Evaluation, Found};
use crate::detection::{Correlation, CorrelationKind, Kind};

/// The reasons of a match, as JSON: a list of conditions, each with its value.
pub(super) fn why(evaluation: &Evaluation<'_>, found: &Found) -> Value {
    let newest = *found.matched.events.last().expect("a match has an event");
    let row = evaluation.row(newest);
    let (pack, events) = (&evaluation.rules.pack, &evaluation.answer.events);
    let reasons = match &evaluation.rule(found.rule).kind {
        Kind::Events(_) => {
            let reasons = evaluation.with_context(|context| pack.why(found.rule, events, row, context));
            reasons.into_iter().map(|reason| (reason.condition, reason.value.unwrap_or(NONE.to_owned()))).collect()
        }
        Kind::Correlation(correlation) => of_window(evaluation, found, correlation),
    };
    let reasons = reasons
        .into_iter()
        .map(|(condition, value)| json!({ "condition": text::cell(&condition), "value": text::cell(&value) }));
    reasons.collect()
}

fn of_window(evaluation: &Evaluation<'_>, found: &Found, correlation: &Correlation) -> Vec<(String, String)> {
    let keys = evaluation.keys(found.rule, &found.matched.group);
    let keys = keys.map(|(name, text)| (name.to_owned(), text.unwrap_or(NONE).to_owned()));
    let kind = match &correlation.kind {
        CorrelationKind::EventCount => "events".to_owned(),
        CorrelationKind::ValueCount(fields) => {
            let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            format!("distinct {}", names.join(", "))
        }
        CorrelationKind::Temporal => "rules with a match".to_owned(),
        CorrelationKind::TemporalOrdered => "rules with a match, in order".to_owned(),
    };
    let rules = correlation.rules.iter().map(|number| evaluation.rule(*number).title.clone());
    let of = ("rules".to_owned(), rules.collect::<Vec<_>>().join(", "));
    let count = format!("{kind} within {} s", correlation.timespan / SECOND);
    keys.chain([of, (count, found.matched.value.to_string())]).collect()
}
