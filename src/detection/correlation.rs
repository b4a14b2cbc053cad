//! The section `correlation` of a rule.

use std::time::Duration;

use super::bounds::{CORRELATED, GROUP_KEYS, TIMESPAN_SECONDS};
use super::error::quoted;
use super::keys::{did_you_mean, get, only, required};
use super::rule::Comparison;
use super::section::formula;
use super::sigma::{Formula, seconds};
use super::yaml::{Entry, Fault, Node, Value};

/// The types of Sigma that count matches.
const TYPES: [&str; 4] = ["event_count", "value_count", "temporal", "temporal_ordered"];

/// The types that compute with values.
const OTHER_TYPES: [&str; 4] = ["value_sum", "value_avg", "value_percentile", "value_median"];

const COMPARISONS: [(&str, Comparison); 6] = [
    ("lt", Comparison::Less),
    ("lte", Comparison::AtMost),
    ("gt", Comparison::More),
    ("gte", Comparison::AtLeast),
    ("eq", Comparison::Equal),
    ("neq", Comparison::Other),
];

/// A correlation whose rules and fields are names.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) kind: NamedKind,
    pub(super) rules: Vec<String>,
    pub(super) group_by: Vec<String>,
    /// For an alias, the field of each rule.
    pub(super) aliases: Vec<Alias>,
    pub(super) timespan: Duration,
    pub(super) condition: NamedCondition,
    /// The line of the list of rules, and that of the group keys, for faults.
    pub(super) lines: [u32; 2],
}

#[derive(Debug)]
pub(super) enum NamedKind {
    EventCount,
    /// The fields, with their line.
    ValueCount(Vec<String>, u32),
    Temporal,
    TemporalOrdered,
}

#[derive(Debug)]
pub(super) enum NamedCondition {
    Count(Vec<(Comparison, u64)>),
    Rules(Formula, u32),
    /// None is written: a match of all rules.
    All,
}

#[derive(Debug)]
pub(super) struct Alias {
    pub(super) name: String,
    pub(super) line: u32,
    /// A rule, and its field.
    pub(super) fields: Vec<(String, String)>,
}

/// The section of a document.
pub(super) fn read(node: &Node) -> Result<Named, Fault> {
    let map = node.map("correlation")?;
    let known = ["type", "rules", "group-by", "timespan", "timeframe", "condition", "aliases", "generate", "window"];
    only(map, &known, "correlation")?;
    if let Some(window) = get(map, "window")
        && window.text("window")? != "sliding"
    {
        return Err(Fault::at(window.line, "only the window sliding is supported; remove window"));
    }
    let rules_node = required(map, "rules", "correlation", node.line)?;
    let rules = names(rules_node, "rules", CORRELATED)?;
    let group_by = get(map, "group-by").map_or(Ok(Vec::new()), |node| names(node, "group-by", GROUP_KEYS))?;
    let (kind, condition) = kind_and_condition(map, node.line)?;
    let lines = [rules_node.line, get(map, "group-by").map_or(node.line, |node| node.line)];
    Ok(Named { kind, rules, group_by, aliases: aliases(map)?, timespan: timespan(map, node.line)?, condition, lines })
}

/// A list of different names.
fn names(node: &Node, what: &str, most: usize) -> Result<Vec<String>, Fault> {
    let texts = node.texts(what)?;
    if texts.is_empty() || texts.len() > most {
        return Err(Fault::at(node.line, format!("{what} must have from 1 to {most} names")));
    }
    for (index, (text, line)) in texts.iter().enumerate() {
        if texts[..index].iter().any(|(other, _)| other == text) {
            return Err(Fault::at(*line, format!("{what} has {} twice", quoted(text))));
        }
    }
    Ok(texts.into_iter().map(|(text, _)| text.to_owned()).collect())
}

fn timespan(map: &[Entry], line: u32) -> Result<Duration, Fault> {
    let (key, node) = match (get(map, "timespan"), get(map, "timeframe")) {
        (Some(_), Some(node)) => return Err(Fault::at(node.line, "a correlation has timespan or timeframe, not both")),
        (None, Some(node)) => ("timeframe", node),
        _ => ("timespan", required(map, "timespan", "correlation", line)?),
    };
    let fault = || {
        let days = TIMESPAN_SECONDS / 86_400;
        Fault::at(
            node.line,
            format!("{key} must be a time such as 5m or 1h, above 0 and at most {days}d; units are s, m, h, d, w"),
        )
    };
    let seconds =
        seconds(node.text(key).map_err(|_| fault())?).filter(|seconds| (1..=TIMESPAN_SECONDS).contains(seconds));
    Ok(Duration::from_secs(seconds.ok_or_else(fault)?))
}

fn kind_and_condition(map: &[Entry], line: u32) -> Result<(NamedKind, NamedCondition), Fault> {
    let node = required(map, "type", "correlation", line)?;
    let name = node.text("type")?;
    if OTHER_TYPES.contains(&name) {
        let message = format!("the type {name} is not supported; supported are {}", TYPES.join(", "));
        return Err(Fault::at(node.line, message));
    }
    if !TYPES.contains(&name) {
        let message = format!("there is no correlation type {}{}", quoted(name), did_you_mean(name, &TYPES));
        return Err(Fault::at(node.line, message));
    }
    let condition = get(map, "condition");
    let fields = match condition {
        Some(Node { value: Value::Map(entries), .. }) => get(entries, "field"),
        _ => None,
    };
    let kind = match (name, fields) {
        ("value_count", None) => {
            return Err(Fault::at(
                condition.map_or(line, |node| node.line),
                "the condition of value_count needs a key field",
            ));
        }
        ("value_count", Some(node)) => NamedKind::ValueCount(names(node, "field", GROUP_KEYS)?, node.line),
        (_, Some(node)) => {
            return Err(Fault::at(node.line, format!("the condition of {name} has no field; value_count has one")));
        }
        ("event_count", None) => NamedKind::EventCount,
        ("temporal", None) => NamedKind::Temporal,
        _ => NamedKind::TemporalOrdered,
    };
    let is_temporal = name.starts_with("temporal");
    let condition = match condition {
        None if is_temporal => NamedCondition::All,
        None => return Err(Fault::at(line, format!("a correlation of type {name} needs a condition such as gte: 10"))),
        Some(node) => condition_of(node, is_temporal)?,
    };
    Ok((kind, condition))
}

fn condition_of(node: &Node, is_temporal: bool) -> Result<NamedCondition, Fault> {
    let entries = match &node.value {
        Value::Text(text) if is_temporal => return Ok(NamedCondition::Rules(formula(text, node.line)?, node.line)),
        Value::Map(entries) => entries,
        _ => return Err(Fault::at(node.line, "the condition must be a map such as gte: 10")),
    };
    let mut known: Vec<&str> = COMPARISONS.iter().map(|(name, _)| *name).collect();
    known.push("field");
    only(entries, &known, "the condition")?;
    let mut counts = Vec::new();
    for (name, comparison) in COMPARISONS {
        if let Some(node) = get(entries, name) {
            counts.push((comparison, node.whole(name, 0, u64::MAX)?));
        }
    }
    if counts.is_empty() {
        return Err(Fault::at(node.line, "the condition compares with no number; write lt, lte, gt, gte, eq or neq"));
    }
    Ok(NamedCondition::Count(counts))
}

fn aliases(map: &[Entry]) -> Result<Vec<Alias>, Fault> {
    let Some(node) = get(map, "aliases") else { return Ok(Vec::new()) };
    let mut aliases = Vec::new();
    for entry in node.map("aliases")? {
        let mut fields = Vec::new();
        for field in entry.node.map(&format!("the alias {}", quoted(&entry.key)))? {
            fields.push((field.key.clone(), field.node.text(&field.key)?.to_owned()));
        }
        aliases.push(Alias { name: entry.key.clone(), line: entry.line, fields });
    }
    Ok(aliases)
}
