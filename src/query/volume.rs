//! Volume: how many log lines there are over time, by level; Explore's histogram above them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::Int64Array;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::buckets::Buckets;
use super::counts::{self, starts};
use super::error::Failure;
use super::events::{Level, level};
use super::question::{Needs, Question, View};
use super::request::Request;
use crate::frame::{Field, Frame, FrameType, Meta};

/// How many log lines there are over time, by level.
#[derive(Clone, Copy, Debug)]
pub struct Volume;

impl Question for Volume {
    fn fields() -> &'static [&'static str] {
        &[]
    }

    fn parse(_: &Map<String, Value>, _: usize) -> Result<Self, Failure> {
        Ok(Self)
    }

    fn needs(&self, _: &Request) -> Result<Needs, Failure> {
        Ok(Needs::default())
    }

    fn buckets(&self, request: &Request, zone: &TimeZone, _: i64) -> Result<Option<Buckets>, Failure> {
        Ok((!request.from_alert).then(|| Buckets::overlapping(request, zone)))
    }

    /// A rule means the number of events, whatever the panel that it was made from shows.
    fn frames(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        Ok(match view.buckets {
            Some(buckets) => frames(answer, buckets),
            None => vec![counts::total(answer)],
        })
    }

    fn unknown(&self, _: &Answer, _: &View<'_>) -> Result<Vec<Frame>, Failure> {
        Ok(vec![frame(Vec::new())])
    }
}

/// One frame per log level that occurs, as Grafana's log volume wants them; the most serious first. Without any event one
/// frame without fields, which may have notices.
#[must_use]
pub fn frames(answer: &Answer, buckets: &Buckets) -> Vec<Frame> {
    let mut levels: BTreeMap<Level, Vec<i64>> = BTreeMap::new();
    for (bucket, rows) in buckets.rows(&answer.events) {
        for row in rows {
            levels.entry(level(answer, row)).or_insert_with(|| vec![0; buckets.len()])[bucket] += 1;
        }
    }
    if levels.is_empty() {
        return vec![frame(Vec::new())];
    }
    let of_level = |(level, counts): (Level, Vec<i64>)| {
        let labels = BTreeMap::from([("level".to_owned(), level.as_str().to_owned())]);
        let counts = Field::required("count", Arc::new(Int64Array::from(counts))).labelled(labels);
        frame(vec![Field::required("time", starts(buckets)), counts])
    };
    levels.into_iter().map(of_level).collect()
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
