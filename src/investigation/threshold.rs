//! The thresholds of Cockpit's preconfigured alert rules, for expressions that are theirs.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;
use serde::Deserialize;

use super::detector::Detector;
use super::series::{Sample, Series};
use super::spans::Span;
use crate::time::Interval;

/// Two samples that are further apart are not one stretch: after so long, Prometheus takes a series for gone.
const STALE: Duration = Duration::from_mins(5);

/// A threshold of one of Cockpit's preconfigured alert rules.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Threshold {
    /// The rule's name.
    pub name: String,
    minutes: u64,
    beyond: Side,
    bound: f64,
    expression: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Above,
    Below,
}

/// Such as "`InstanceHighCPUUsage`: above 0.9 for 10 minutes".
impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.beyond == Side::Above { "above" } else { "below" };
        write!(f, "{}: {side} {}", self.name, self.bound)?;
        if self.minutes > 0 { write!(f, " for {} minutes", self.minutes) } else { Ok(()) }
    }
}

/// The rows of `thresholds.csv`, each with the normal form of its expression.
static THRESHOLDS: LazyLock<Vec<(String, Threshold)>> = LazyLock::new(|| {
    let rows = csv::Reader::from_reader(include_str!("thresholds.csv").as_bytes()).into_deserialize();
    let rows = rows.map(|row: Result<Threshold, _>| row.expect("thresholds.csv is well formed"));
    rows.map(|threshold| (normal(&threshold.expression), threshold)).collect()
});

/// Label matchers, grouping and ranges, in which a panel's expression may differ from the rule's and mean the same metric.
static DIFFERENCES: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)|[()\s]";
    Regex::new(pattern).expect("the pattern is well formed")
});

/// The label matchers that tell one metric from another.
static MATCHERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\b(component|mode|origin|state)\s*(!?=)\s*"([^"]*)""#).expect("the pattern is well formed")
});

/// An expression without the parts that do not decide which metric it is about.
fn normal(expression: &str) -> String {
    let text = DIFFERENCES.replace_all(expression, |found: &regex::Captures<'_>| {
        let found = &found[0];
        let matchers = if found.starts_with('{') { found } else { "" };
        let mut matchers: Vec<String> =
            MATCHERS.captures_iter(matchers).map(|one| format!("{}{}{}", &one[1], &one[2], &one[3])).collect();
        matchers.sort();
        Cow::<str>::Owned(matchers.concat())
    });
    text.into_owned()
}

impl Threshold {
    /// The thresholds of Cockpit's rules about an expression, whichever labels, grouping and range it has; none where it is
    /// another.
    ///
    /// ```
    /// use audittrail::investigation::Threshold;
    ///
    /// let expression = r#"rate(instance_server_cpu_seconds_total{resource_id="a"}[5m]) / instance_server_vcpu_count"#;
    /// let thresholds: Vec<String> = Threshold::of(expression).map(ToString::to_string).collect();
    /// assert_eq!(thresholds, ["InstanceHighCPUUsage: above 0.9 for 10 minutes"]);
    /// ```
    pub fn of(expression: &str) -> impl Iterator<Item = &'static Self> {
        let written = normal(expression);
        THRESHOLDS.iter().filter(move |(theirs, _)| *theirs == written).map(|(_, threshold)| threshold)
    }

    fn is_beyond(&self, value: f64) -> bool {
        match self.beyond {
            Side::Above => value > self.bound,
            Side::Below => value < self.bound,
        }
    }

    /// The stretches in which a series is beyond the threshold for as long as the rule demands. Their peak is the distance at
    /// which the [`Detector`] opens a span: how unusual they are is another question.
    #[must_use]
    pub fn spans(&self, series: &Series) -> Vec<Span> {
        let lasts = Duration::from_mins(self.minutes);
        let alike = |one: &Sample, next: &Sample| {
            self.is_beyond(one.value) == self.is_beyond(next.value) && next.time.since(one.time) <= STALE
        };
        let runs: Vec<&[Sample]> = series.samples().chunk_by(alike).collect();
        let mut spans = Vec::new();
        for (index, run) in runs.iter().enumerate() {
            let [first, .., last] = run else { continue };
            if !self.is_beyond(first.value) || last.time.since(first.time) < lasts {
                continue;
            }
            let back = runs.get(index + 1).and_then(|next| next.first());
            let back = back.filter(|next| next.time.since(last.time) <= STALE);
            let end = back.map_or(last.time.next(), |next| next.time);
            let sign = if self.beyond == Side::Above { 1.0 } else { -1.0 };
            spans.push(Span {
                interval: Interval::new(first.time, end),
                onset: first.time,
                peak: sign * Detector::default().enter,
                returned: back.is_some(),
            });
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::investigation::Unit;
    use crate::time::Time;

    fn series(values: &[f64]) -> Series {
        let at = |minute: usize| Time::from_nanos(0) + Duration::from_mins(u64::try_from(minute).expect("small"));
        let samples = values.iter().enumerate().map(|(minute, value)| Sample { time: at(minute), value: *value });
        Series::gauge(samples.collect(), Unit::Ratio).expect("samples ascend")
    }

    fn names(expression: &str) -> Vec<&'static str> {
        Threshold::of(expression).map(|threshold| threshold.name.as_str()).collect()
    }

    #[test]
    fn each_rule_knows_its_own_expression_and_there_are_22() {
        let mut all: Vec<&str> = THRESHOLDS.iter().map(|(_, threshold)| threshold.name.as_str()).collect();
        for (_, threshold) in THRESHOLDS.iter() {
            assert!(names(&threshold.expression).contains(&threshold.name.as_str()), "{threshold}");
        }
        all.dedup();
        assert_eq!(all.len(), 22);
    }

    #[test]
    fn labels_grouping_and_range_of_a_panel_do_not_matter_and_the_mode_does() {
        let panel = r#"1 - avg by (resource_name) (irate(rdb_instance_mysql_node_cpu_seconds_total{resource_id="$db", mode="idle"}[$__rate_interval]))"#;
        assert_eq!(names(panel), ["MySQLHighCPULoad"]);
        assert_eq!(names(&panel.replace("idle", "user")), [""; 0]);
        assert_eq!(names("load_balancer_lb_cpu_usage{region=\"fr-par\"}"), ["LBHighCPULoad"]);
        assert_eq!(names("instance_server_cpu_seconds_total"), [""; 0]);
    }

    #[test]
    fn a_stretch_has_to_last_and_ends_with_the_first_sample_that_is_back() {
        let [threshold] = Threshold::of("load_balancer_lb_cpu_usage").collect::<Vec<_>>()[..] else { panic!("one") };
        let course = |beyond: usize, after: &[f64]| series(&[&[0.5][..], &vec![0.9; beyond], after].concat());
        assert_eq!(threshold.spans(&course(10, &[0.5])), []);
        let [span] = &threshold.spans(&course(11, &[0.5]))[..] else { panic!("eleven samples are ten minutes") };
        let minute = |minute: u32| Time::from_nanos(0) + Duration::from_mins(1) * minute;
        assert_eq!((span.onset, span.interval.end, span.returned), (minute(1), minute(12), true));
        assert!(!threshold.spans(&course(11, &[]))[0].returned);
        // At the bound is not beyond it.
        assert_eq!(threshold.spans(&series(&[0.8; 20])), []);
    }
}
