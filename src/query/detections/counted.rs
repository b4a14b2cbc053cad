//! Matches over time, a series for each rule that matches: the events at which it fires.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::Int64Array;
use serde_json::json;

use super::super::buckets::Buckets;
use super::super::counts::starts;
use super::super::documentation::Topic;
use super::super::text;
use super::evaluation::Evaluation;
use crate::detection::window::Firing;
use crate::frame::{Field, Frame, FrameType, Meta};

/// The numbers of each bucket. Without a match there is one series, of zeros.
pub(super) fn frame(evaluation: &Evaluation<'_>, buckets: &Buckets) -> Frame {
    if buckets.is_empty() {
        return no_data();
    }
    let mut fields = vec![Field::required("time", starts(buckets))];
    let mut rules: Vec<(usize, &[Firing])> = evaluation.firings().filter(|(_, firings)| !firings.is_empty()).collect();
    // The most serious first, as in a list of rules.
    rules.sort_by_key(|(rule, _)| {
        let rule = evaluation.rule(*rule);
        (std::cmp::Reverse(rule.level), rule.title.as_str())
    });
    for (number, firings) in &rules {
        let rule = evaluation.rule(*number);
        let title = text::label(&rule.title).into_owned();
        let labels = BTreeMap::from([
            ("rule".to_owned(), title.clone()),
            ("level".to_owned(), rule.level.as_str().to_owned()),
            ("rule_id".to_owned(), text::label(&rule.id).into_owned()),
        ]);
        let counts = Field::required("matches", Arc::new(Int64Array::from(counts(firings, buckets)))).labelled(labels);
        fields.push(Field { config: Some(json!({ "displayNameFromDS": title })), ..counts });
    }
    if rules.is_empty() {
        fields.push(Field::required("matches", Arc::new(Int64Array::from(vec![0; buckets.len()]))));
    }
    let mut custom = buckets.meta();
    custom["events"] = events(evaluation, buckets).into();
    let mut meta = Meta { custom: Some(custom), ..Meta::of(FrameType::TimeseriesWide) };
    meta.notices.extend(buckets.notice(evaluation.answer.language).map(|text| Topic::PartialBar.info(text)));
    Frame { meta, fields, ..no_data() }
}

/// The number of events that the rules were compared with, those before the range aside: for the editor of a rule.
fn events(evaluation: &Evaluation<'_>, buckets: &Buckets) -> usize {
    evaluation.answer.events.within(buckets.read()).len()
}

/// Numbers without any, which Grafana treats as "no data".
pub(super) fn no_data() -> Frame {
    Frame { name: "detections".to_owned(), meta: Meta::of(FrameType::TimeseriesWide), fields: Vec::new() }
}

/// How many firings, which are in the order of time, are in each bucket.
fn counts(firings: &[Firing], buckets: &Buckets) -> Vec<i64> {
    let mut counts = vec![0; buckets.len()];
    for firing in firings {
        let begun = buckets.starts().partition_point(|start| *start <= firing.time);
        if let Some(bucket) = begun.checked_sub(1) {
            counts[bucket] += 1;
        }
    }
    counts
}
