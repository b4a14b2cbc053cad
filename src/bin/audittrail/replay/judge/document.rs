//! Rule files as values.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::condition::Condition;

/// The part of a field's name that stands for the elements of a list.
const LIST: &str = "[any]";

/// A rule of a file.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The id, or else the name or title.
    pub(crate) id: String,
    name: String,
    /// The title, by which labels name the rule.
    pub(crate) title: String,
    /// The level.
    pub(crate) level: String,
    /// Whether its matches are shown, not only used by correlations.
    pub(crate) is_shown: bool,
    pub(super) kind: Kind,
    pub(super) past: Option<Past>,
    generates: bool,
}

#[derive(Debug)]
pub(super) enum Kind {
    Events { selections: Map<String, Value>, condition: Condition },
    Correlation(Correlation),
}

/// A correlation, with its durations in nanoseconds.
#[derive(Debug)]
pub(super) struct Correlation {
    pub(super) kind: String,
    /// Positions in the list of rules.
    pub(super) rules: Vec<usize>,
    refers_to: Vec<String>,
    pub(super) group_by: Vec<String>,
    /// For each alias, and each rule by id or name, the field.
    pub(super) aliases: Map<String, Value>,
    pub(super) timespan: i64,
    /// Whether the file has a condition.
    has_condition: bool,
    /// The comparisons, such as `gte`, with their numbers.
    pub(super) comparisons: Vec<(String, u64)>,
    /// The fields whose values are counted.
    pub(super) counted: Vec<String>,
}

/// A rule's condition on the days before.
#[derive(Debug)]
pub(super) enum Past {
    FirstSeen { fields: Vec<String>, days: i64 },
    TimesUsual { factor: f64, at_least: u64, days: i64, by: Vec<String> },
}

impl Rule {
    /// Whether the rule compares a rate with the usual one.
    pub(crate) fn is_statistical(&self) -> bool {
        matches!(self.past, Some(Past::TimesUsual { .. }))
    }

    /// Whether the rule is about events by themselves.
    pub(crate) fn is_of_single_events(&self) -> bool {
        matches!(self.kind, Kind::Events { .. }) && self.past.is_none()
    }

    /// Whether the rule is about several events.
    pub(crate) fn is_correlation(&self) -> bool {
        matches!(self.kind, Kind::Correlation(_))
    }

    /// Whether the days before decide about the rule itself.
    pub(crate) fn has_own_past(&self) -> bool {
        self.past.is_some()
    }

    /// Whether the rule has a field whose name has a list.
    pub(crate) fn names_list(&self) -> bool {
        match &self.kind {
            Kind::Events { selections, .. } => selections.values().any(names_list),
            Kind::Correlation(of) => {
                let aliased =
                    of.aliases.values().flat_map(|fields| fields.as_object().into_iter().flat_map(Map::values));
                let mut names = of.group_by.iter().chain(&of.counted).map(String::as_str);
                names.any(|name| name.contains(LIST))
                    || aliased.filter_map(Value::as_str).any(|name| name.contains(LIST))
            }
        }
    }

    /// Whether a correlation needs all of its rules, in any order, and has no condition that says so.
    pub(crate) fn is_temporal_without_condition(&self) -> bool {
        matches!(&self.kind, Kind::Correlation(of) if of.kind == "temporal" && !of.has_condition)
    }

    /// Whether a correlation counts distinct values.
    pub(crate) fn counts_values(&self) -> bool {
        matches!(&self.kind, Kind::Correlation(of) if of.kind == "value_count")
    }

    /// Whether a correlation has aliases, so that it may fire for several groups at one event.
    pub(crate) fn has_aliases(&self) -> bool {
        matches!(&self.kind, Kind::Correlation(of) if !of.aliases.is_empty())
    }

    /// Whether a name or id means this rule.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.id == name || self.name == name
    }
}

/// A rule, and all that it refers to.
pub(crate) fn all_below<'a>(rules: &'a [Rule], rule: &'a Rule) -> Vec<&'a Rule> {
    let below: &[usize] = match &rule.kind {
        Kind::Events { .. } => &[],
        Kind::Correlation(of) => &of.rules,
    };
    let mut all = vec![rule];
    all.extend(below.iter().flat_map(|below| all_below(rules, &rules[*below])));
    all
}

/// Whether the days before decide about a rule, or about one below it.
pub(crate) fn has_past(rules: &[Rule], rule: &Rule) -> bool {
    all_below(rules, rule).iter().any(|rule| rule.has_own_past())
}

/// Whether a selection has a field whose name has a list.
fn names_list(selection: &Value) -> bool {
    match selection {
        Value::Object(items) => items.keys().any(|key| key.contains(LIST)),
        Value::Array(maps) => maps.iter().any(names_list),
        _ => false,
    }
}

/// The rules of some files, a name and a text each. A correlation comes after the rules that it refers to.
pub(crate) fn read(files: &[(String, String)]) -> Result<Vec<Rule>, String> {
    let mut rules = Vec::new();
    for (file, text) in files {
        for document in yaml_serde::Deserializer::from_str(text) {
            let document = Value::deserialize(document).map_err(|error| format!("{file}: {error}"))?;
            if !document.is_null() {
                rules.push(rule(&document).map_err(|error| format!("{file}: {error}"))?);
            }
        }
    }
    let mut rules = in_order(rules)?;
    connect(&mut rules)?;
    Ok(rules)
}

/// Sorts correlations after the rules that they refer to.
fn in_order(mut open: Vec<Rule>) -> Result<Vec<Rule>, String> {
    let mut rules: Vec<Rule> = Vec::new();
    while !open.is_empty() {
        let is_ready = |rule: &Rule| match &rule.kind {
            Kind::Events { .. } => true,
            Kind::Correlation(of) => of.refers_to.iter().all(|name| rules.iter().any(|rule| rule.is(name))),
        };
        let Some(next) = open.iter().position(is_ready) else {
            return Err(format!("rule {} refers to a rule that is missing, or to itself", open[0].id));
        };
        rules.push(open.remove(next));
    }
    Ok(rules)
}

/// Replaces names by positions, and hides the rules that only correlations use.
fn connect(rules: &mut [Rule]) -> Result<(), String> {
    for number in 0..rules.len() {
        let Kind::Correlation(of) = &rules[number].kind else { continue };
        let generates = rules[number].generates;
        let found = of.refers_to.iter().map(|name| rules.iter().position(|rule| rule.is(name)));
        let found: Vec<usize> = found.collect::<Option<_>>().ok_or("a correlation's rule is missing")?;
        if !generates {
            for below in &found {
                rules[*below].is_shown = false;
            }
        }
        let Kind::Correlation(of) = &mut rules[number].kind else { continue };
        of.rules = found;
    }
    Ok(())
}

fn rule(document: &Value) -> Result<Rule, String> {
    let text = |key: &str| document[key].as_str().map(str::to_owned);
    let title = text("title").ok_or("a rule without title")?;
    let name = text("name").unwrap_or_else(|| title.clone());
    let kind = match (document["detection"].as_object(), document["correlation"].as_object()) {
        (Some(detection), None) => events(detection).map_err(|error| format!("{title}: {error}"))?,
        (None, Some(correlation)) => {
            Kind::Correlation(self::correlation(correlation).map_err(|error| format!("{title}: {error}"))?)
        }
        _ => return Err(format!("{title}: neither detection nor correlation")),
    };
    Ok(Rule {
        id: text("id").unwrap_or_else(|| name.clone()),
        name,
        level: text("level").unwrap_or_else(|| "medium".to_owned()),
        is_shown: true,
        generates: document["generate"].as_bool().unwrap_or(false),
        past: past(&document["audittrail"]).map_err(|error| format!("{title}: {error}"))?,
        kind,
        title,
    })
}

fn events(detection: &Map<String, Value>) -> Result<Kind, String> {
    let mut selections = detection.clone();
    let condition = selections.remove("condition").ok_or("no condition")?;
    let condition = Condition::parse(condition.as_str().ok_or("a condition that is no text")?)?;
    Ok(Kind::Events { selections, condition })
}

fn correlation(of: &Map<String, Value>) -> Result<Correlation, String> {
    let known = ["type", "rules", "group-by", "aliases", "timespan", "condition"];
    if let Some(unknown) = of.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("the judge does not know correlation.{unknown}"));
    }
    let refers_to = texts(&of["rules"])?;
    let (mut comparisons, mut counted) = (Vec::new(), Vec::new());
    match of.get("condition") {
        None => comparisons.push(("gte".to_owned(), refers_to.len() as u64)),
        Some(condition) => {
            let condition = condition.as_object().ok_or("the judge knows no condition over rules")?;
            for (key, value) in condition {
                if key == "field" {
                    counted = texts(value)?;
                } else {
                    comparisons.push((key.clone(), value.as_u64().ok_or("a comparison without number")?));
                }
            }
        }
    }
    Ok(Correlation {
        kind: of["type"].as_str().ok_or("no type")?.to_owned(),
        rules: Vec::new(),
        refers_to,
        group_by: of.get("group-by").map_or(Ok(Vec::new()), texts)?,
        aliases: of.get("aliases").and_then(Value::as_object).cloned().unwrap_or_default(),
        timespan: duration(of["timespan"].as_str().ok_or("no timespan")?)?,
        has_condition: of.contains_key("condition"),
        comparisons,
        counted,
    })
}

/// How long before a hit the events may be that it is due to, in nanoseconds: the longest window, with those of the rules below.
pub(crate) fn reach(rules: &[Rule]) -> i64 {
    let mut reaches: Vec<i64> = Vec::new();
    // A correlation comes after the rules that it refers to.
    for rule in rules {
        reaches.push(match &rule.kind {
            Kind::Events { .. } => 0,
            Kind::Correlation(of) => {
                of.timespan + of.rules.iter().map(|below| reaches[*below]).max().unwrap_or_default()
            }
        });
    }
    reaches.into_iter().max().unwrap_or_default()
}

/// A duration such as `10m`, in nanoseconds.
fn duration(text: &str) -> Result<i64, String> {
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(format!("the judge does not know the duration {text}")),
    };
    let number: i64 = number.parse().map_err(|_| format!("the judge does not know the duration {text}"))?;
    Ok(number * seconds * 1_000_000_000)
}

/// A text, or a list of texts.
fn texts(value: &Value) -> Result<Vec<String>, String> {
    let list = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let texts = list.iter().map(|text| text.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().ok_or_else(|| format!("{value} is no list of texts"))
}

fn past(ours: &Value) -> Result<Option<Past>, String> {
    let days = |of: &Value| of["days"].as_i64().ok_or("a baseline without days");
    if let Some(of) = ours.get("first_seen") {
        return Ok(Some(Past::FirstSeen { fields: texts(&of["fields"])?, days: days(of)? }));
    }
    let Some(of) = ours.get("times_usual") else { return Ok(None) };
    Ok(Some(Past::TimesUsual {
        factor: of["factor"].as_f64().ok_or("times_usual without factor")?,
        at_least: of["at_least"].as_u64().ok_or("times_usual without at_least")?,
        days: days(of)?,
        by: texts(&of["by"])?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_windows_reach_as_far_as_all_of_them() {
        let events = "title: A\nname: a\ndetection:\n  s: {method_name: A}\n  condition: s\n";
        let correlation = |title: &str, below: &str, timespan: &str| {
            format!(
                "---\ntitle: {title}\nname: {title}\ncorrelation:\n  type: event_count\n  rules: [{below}]\n  \
                 timespan: {timespan}\n  condition: {{gte: 2}}\n"
            )
        };
        let text = events.to_owned() + &correlation("c", "b", "1d") + &correlation("b", "a", "2h");
        let rules = |text: String| read(&[("rules.yml".to_owned(), text)]).unwrap();
        let plain = rules(text.clone());
        assert_eq!(reach(&plain), duration("26h").unwrap());
        assert_eq!(reach(&plain[..1]), 0);
        assert!(!plain.iter().any(|rule| has_past(&plain, rule)));
        let of_past = rules(text.replacen(
            "\ndetection:",
            "\naudittrail: {first_seen: {fields: [method_name], days: 7}}\ndetection:",
            1,
        ));
        assert!(of_past.iter().all(|rule| has_past(&of_past, rule)));
    }
}
