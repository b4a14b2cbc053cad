//! A rule as a number that Loki compares.

use super::line::Place;
use super::selection::Selection;
use crate::detection::rule::{
    Baseline, BaselineKind, Comparison, Condition, Correlation, CorrelationKind, GroupKey, KeySource, Kind,
};
use crate::detection::{Field, Pack, Rule};
use crate::event::Column;

/// The lines of the receiver: its label has the event's service.
const LINES: &str = r#"{service_name=~"scaleway\\..+"}"#;

/// How far back a rule about single events looks, in seconds: ten evaluations, so that one that fails loses nothing.
const RANGE: u64 = 600;

/// The time between evaluations, in seconds. A window is longer by as much: each window of the rule's length lies in that of the
/// next evaluation.
const INTERVAL: u64 = 60;

/// How long a line may take to arrive.
const OFFSET: &str = "2m";

/// The most bytes of a query: Loki's parser takes less than 131072.
const QUERY_BYTES: usize = 100_000;

/// The query of a rule, in several lines.
///
/// # Errors
/// When Loki would not find what the rule matches: the reason.
pub(super) fn query(pack: &Pack, rule: &Rule) -> Result<String, String> {
    let query = match (&rule.baseline, &rule.kind) {
        (Some(baseline), _) => Err(of_baseline(baseline).to_owned()),
        (None, Kind::Events(expr)) => {
            let mut selection = Selection::of(expr)?;
            let principal = Place::of("principal.id", &Field::Text(Column::PrincipalId))?;
            let address = Place::of("source_ip", &Field::Text(Column::SourceIp))?;
            let labels: Vec<String> =
                [principal, address, Place::resource()].map(|place| selection.label(place)).into();
            Ok(sum(&selection, &labels, RANGE) + " > 0")
        }
        (None, Kind::Correlation(correlation)) => of_correlation(pack, correlation),
    }?;
    match query.len() {
        ..QUERY_BYTES => Ok(query),
        bytes => Err(format!("its query has {bytes} bytes; Loki takes fewer than {QUERY_BYTES}")),
    }
}

fn of_baseline(baseline: &Baseline) -> &'static str {
    match baseline.kind {
        BaselineKind::FirstSeen(_) => "first_seen: Loki does not know what was seen on earlier days",
        BaselineKind::TimesUsual { .. } => "times_usual: Loki does not know the usual number",
    }
}

fn of_correlation(pack: &Pack, correlation: &Correlation) -> Result<String, String> {
    let values = match &correlation.kind {
        CorrelationKind::EventCount => &[][..],
        CorrelationKind::ValueCount(fields) => &fields[..],
        CorrelationKind::Temporal | CorrelationKind::TemporalOrdered => {
            return Err("LogQL has no word for several rules within a time".to_owned());
        }
    };
    let [below] = correlation.rules[..] else {
        return Err("LogQL counts the lines of one rule".to_owned());
    };
    let below = &pack.rules()[below];
    let expr = match (&below.kind, &below.baseline) {
        (Kind::Events(expr), None) => expr,
        (_, Some(baseline)) => return Err(format!("{}: {}", below.title, of_baseline(baseline))),
        (Kind::Correlation(_), None) => return Err("LogQL counts lines, not matches of a correlation".to_owned()),
    };
    let threshold = threshold(&correlation.condition)?;
    let mut selection = Selection::of(expr)?;
    let mut labels = |keys: &[GroupKey]| -> Result<Vec<String>, String> {
        keys.iter().map(|key| Ok(selection.label(place(key)?))).collect()
    };
    let (groups, values) = (labels(&correlation.group_by)?, labels(values)?);
    let window = correlation.timespan.as_secs() + INTERVAL;
    if values.is_empty() {
        return Ok(format!("{} {threshold}", sum(&selection, &groups, window)));
    }
    for label in &values {
        selection.require(label);
    }
    let all: Vec<String> = groups.iter().chain(&values).cloned().collect();
    Ok(format!("{} {threshold}", aggregated("count", &groups, &sum(&selection, &all, window))))
}

/// Where a line has a key of its group.
fn place(key: &GroupKey) -> Result<Place, String> {
    match &key.sources[..] {
        [KeySource::Field(field)] => Place::of(&key.name, field),
        _ => Err(format!("{}: it is a key of other matches", key.name)),
    }
}

/// The comparison of a count. A count below a number is true between two evaluations as well as at them.
fn threshold(condition: &Condition) -> Result<String, String> {
    let Condition::Count(comparisons) = condition else {
        return Err("LogQL has no word for several rules within a time".to_owned());
    };
    let least = comparisons.iter().map(|(comparison, number)| match comparison {
        Comparison::AtLeast => Ok(*number),
        Comparison::More => Ok(number.saturating_add(1)),
        _ => Err("Loki counts at its evaluations, and so only \"at least\" and \"more than\" are the same".to_owned()),
    });
    let least = least.collect::<Result<Vec<u64>, String>>()?.into_iter().max().unwrap_or_default();
    match least {
        0 => Err("the count may be 0, and lines that are not there have no group".to_owned()),
        least => Ok(format!(">= {least}")),
    }
}

/// The number of lines of each group within some seconds.
fn sum(selection: &Selection, labels: &[String], seconds: u64) -> String {
    let mut lines = format!("count_over_time(\n  {LINES}\n");
    for stage in selection.stages() {
        lines.extend(["    | ", &stage, "\n"]);
    }
    let range = if seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") };
    lines.extend(["  [", &range, "] offset ", OFFSET, "\n)"]);
    aggregated("sum", labels, &lines)
}

/// An aggregation of another one, whose lines move in.
fn aggregated(by: &str, labels: &[String], of: &str) -> String {
    let by = if labels.is_empty() { by.to_owned() } else { format!("{by} by ({})", labels.join(", ")) };
    format!("{by} (\n  {}\n)", of.replace('\n', "\n  "))
}
