//! Volume: how many log lines there are over time, by level; Explore's histogram above them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::Int64Array;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::buckets::Buckets;
use super::counts::starts;
use super::error::Failure;
use super::events::{Level, level};
use super::field::boolean;
use super::question::{Needs, Question, View};
use super::request::Request;
use crate::frame::{Field, Frame, FrameType, Meta};
use crate::time::Interval;

/// How many log lines there are over time, by level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Volume {
    /// Whether lines about the relatives of the scope's resource are among them.
    relatives: bool,
}

impl Question for Volume {
    fn fields() -> &'static [&'static str] {
        &["relatives"]
    }

    fn parse(query: &Map<String, Value>, _: usize) -> Result<Self, Failure> {
        Ok(Self { relatives: boolean(query, "relatives", false)? })
    }

    fn needs(&self) -> Needs {
        Needs { relatives: self.relatives, ..Needs::default() }
    }

    fn buckets(&self, request: &Request, zone: &TimeZone, _: Interval) -> Result<Option<Buckets>, Failure> {
        Ok(Some(Buckets::overlapping(request, zone)))
    }

    fn frames(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        Ok(frames(answer, view.buckets.expect("a count over time has buckets")))
    }

    fn unknown(&self, _: &Answer, _: &View<'_>) -> Result<Vec<Frame>, Failure> {
        Ok(vec![frame(Vec::new())])
    }
}

/// One frame per log level that occurs, as Grafana's log volume wants them; the most serious first. Without any event one
/// frame without fields, which may have notices.
#[must_use]
pub(super) fn frames(answer: &Answer, buckets: &Buckets) -> Vec<Frame> {
    let mut levels: BTreeMap<Level, Vec<i64>> = BTreeMap::new();
    for (bucket, rows) in buckets.rows(&answer.events) {
        for row in rows {
            levels.entry(level(answer, row)).or_insert_with(|| vec![0; buckets.len()])[bucket] += 1;
        }
    }
    if levels.is_empty() {
        return vec![frame(Vec::new())];
    }
    let frames = levels.into_iter().map(|(level, counts)| {
        let labels = BTreeMap::from([("level".to_owned(), level.as_str().to_owned())]);
        let counts = Field::required("count", Arc::new(Int64Array::from(counts))).labelled(labels);
        frame(vec![Field::required("time", starts(buckets)), counts])
    });
    frames.collect()
}

fn frame(fields: Vec<Field>) -> Frame {
    Frame { name: "volume".to_owned(), meta: Meta::of(FrameType::TimeseriesMulti), fields }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::event::{Events, Kind};
    use crate::risk::Severity;

    /// The volume of nine seconds with an event of each severity.
    fn volume(severities: &[Option<Severity>]) -> Vec<Frame> {
        let request = Request::new("A", (0, 9_000), Duration::from_secs(1), 9, false).unwrap();
        let method = |severity: &Option<Severity>| severity.map_or("none", Severity::as_str);
        let events: Vec<_> = severities
            .iter()
            .map(|severity| json!({ "product_name": "vpc", "method_name": method(severity) }))
            .collect();
        let rules = Severity::ALL.map(|severity| format!("vpc,{0},,session,{0},\n", severity.as_str())).concat();
        let answer = Answer::by_rules(&Events::from_json(Kind::Api, &events), &rules);
        frames(&answer, &Buckets::overlapping(&request, &TimeZone::UTC))
    }

    #[test]
    fn a_volume_has_the_levels_that_occur() {
        use Severity::{Critical, Low, Medium};
        let levels = |severities: &[Option<Severity>]| -> Vec<String> {
            volume(severities).iter().filter_map(|frame| Some(frame.fields.get(1)?.labels["level"].clone())).collect()
        };
        assert_eq!(levels(&[Some(Medium), Some(Critical)]), ["critical", "warning"]);
        assert_eq!(levels(&[Some(Low), Some(Medium), None]), ["warning", "info"]);
    }

    #[test]
    fn a_volume_without_events_is_one_frame_without_fields() {
        let none = volume(&[]);
        assert_eq!((none.len(), none[0].fields.len(), none[0].meta.kind), (1, 0, Some(FrameType::TimeseriesMulti)));
    }
}
