//! All hits of rules over all events.

use std::collections::HashMap;
use std::fmt;

use chrono::DateTime;

use super::super::scenario::Happened;
use super::document::{Correlation, Kind, Rule};
use super::fields;
use super::item::selects;
use super::past::Days;
use super::window::{Counted, Edge, fired};

/// The label of an absent value.
const NONE: &str = "(none)";

const HOUR: i64 = 3_600_000_000_000;

/// The labels that name an alert instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Row {
    pub(crate) rule: String,
    pub(crate) level: String,
    /// The principal's id.
    pub(crate) principal: String,
    pub(crate) source_ip: String,
    pub(crate) resource: String,
    /// When the UTC hour of the event begins, in nanoseconds since 1970.
    pub(crate) hour: i64,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, level, principal, source_ip, resource, hour } = self;
        let hour = DateTime::from_timestamp_nanos(*hour).format("%Y-%m-%d %H:00");
        write!(f, "{rule} ({level}), principal {principal}, address {source_ip}, resource {resource}, {hour}")
    }
}

/// A hit of a shown rule.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    /// The number of the rule.
    pub(crate) rule: usize,
    /// The number of the event.
    pub(crate) event: usize,
    /// When the event was recorded.
    pub(crate) time: i64,
    pub(crate) row: Row,
}

/// A hit of a rule before it has labels.
#[derive(Clone)]
struct Found {
    event: usize,
    /// The keys of a correlation; those of a rule of events are in its event.
    group: Option<Vec<Option<String>>>,
}

/// The hits of shown rules, in the order of time. The events of `days` are in the order of baselines; those that `counts` leaves out
/// are part of the days before others, and else never happened. Those before `from` are on the days before alone.
pub(crate) fn truth(
    rules: &[Rule],
    days: &mut Days<'_>,
    counts: &dyn Fn(&Happened) -> bool,
    from: i64,
    edge: Edge,
) -> Result<Vec<Hit>, String> {
    let events = days.events();
    let mut found: Vec<Vec<Found>> = Vec::new();
    for rule in rules {
        let of_rule = match &rule.kind {
            Kind::Events { selections, condition } => {
                let names: Vec<&str> = selections.keys().map(String::as_str).collect();
                let mut selected = Vec::new();
                for (index, event) in events.iter().enumerate().filter(|(_, event)| event.time >= from && counts(event))
                {
                    let verdicts: Result<HashMap<&str, bool>, String> =
                        selections.iter().map(|(name, of)| Ok((name.as_str(), selects(event, of)?))).collect();
                    let verdicts = verdicts.map_err(|error| format!("{}: {error}", rule.title))?;
                    if condition.holds(&names, &|name| verdicts.get(name) == Some(&true)) {
                        selected.push(index);
                    }
                }
                if let Some(past) = &rule.past {
                    let holding = days.holding(past, &selected, counts)?;
                    selected.retain(|index| holding.contains(index));
                }
                selected.into_iter().map(|event| Found { event, group: None }).collect()
            }
            Kind::Correlation(correlation) => correlated(correlation, rules, events, &found, edge)?,
        };
        found.push(of_rule);
    }
    let mut hits = Vec::new();
    for (number, mut found) in found.into_iter().enumerate().filter(|(number, _)| rules[*number].is_shown) {
        found.sort_by_key(|found| found.event);
        // The labels of a group are those of its first firing in an hour.
        let mut first: HashMap<(i64, Vec<Option<String>>), usize> = HashMap::new();
        for found in found {
            let time = events[found.event].time;
            let key = found.group.clone().map(|group| (time.div_euclid(HOUR), group));
            let named = key.map_or(found.event, |key| *first.entry(key).or_insert(found.event));
            let row = row(&rules[number], &events[named], found.group.as_deref())?;
            hits.push(Hit { rule: number, event: found.event, time, row });
        }
    }
    hits.sort_by_key(|hit| hit.time);
    Ok(hits)
}

fn correlated(
    correlation: &Correlation,
    rules: &[Rule],
    events: &[Happened],
    found: &[Vec<Found>],
    edge: Edge,
) -> Result<Vec<Found>, String> {
    let mut hits: Vec<Counted> = Vec::new();
    for (position, below) in correlation.rules.iter().enumerate() {
        for hit in &found[*below] {
            let event = &events[hit.event];
            let field = |name: &str| -> Result<Option<String>, String> {
                match (&rules[*below].kind, &hit.group) {
                    (Kind::Correlation(of), Some(group)) => {
                        let index = of.group_by.iter().position(|other| other == name);
                        Ok(index.and_then(|index| group[index].clone()))
                    }
                    _ => fields::text(event, aliased(correlation, &rules[*below], name)),
                }
            };
            let group = correlation.group_by.iter().map(|name| field(name)).collect::<Result<_, _>>()?;
            let value: Option<Vec<String>> = match correlation.kind.as_str() {
                "value_count" => correlation.counted.iter().map(|name| field(name)).collect::<Result<_, _>>()?,
                _ => None,
            };
            hits.push(Counted { time: event.time, event: hit.event, rule: position, group, value });
        }
    }
    // Of one event, rules of events come before correlations, and a firing counts once.
    hits.sort_by_key(|hit| {
        (hit.event, matches!(rules[correlation.rules[hit.rule]].kind, Kind::Correlation(_)), hit.rule)
    });
    hits.dedup_by(|later, earlier| {
        let is_firing = matches!(rules[correlation.rules[later.rule]].kind, Kind::Correlation(_));
        is_firing && (later.event, later.rule, &later.group) == (earlier.event, earlier.rule, &earlier.group)
    });
    let fired = fired(correlation, &hits, edge)?;
    Ok(fired
        .into_iter()
        .map(|index| Found { event: hits[index].event, group: Some(hits[index].group.clone()) })
        .collect())
}

/// The field of a rule that a group key means.
fn aliased<'a>(correlation: &'a Correlation, rule: &Rule, name: &'a str) -> &'a str {
    let fields = correlation.aliases.get(name).and_then(|fields| fields.as_object());
    let of_rule = fields.and_then(|fields| fields.iter().find(|(other, _)| rule.is(other)));
    of_rule.and_then(|(_, field)| field.as_str()).unwrap_or(name)
}

fn row(rule: &Rule, event: &Happened, group: Option<&[Option<String>]>) -> Result<Row, String> {
    let none = || NONE.to_owned();
    let group_key = |names: &[&str]| match (&rule.kind, group) {
        (Kind::Correlation(correlation), Some(group)) => {
            let index = correlation.group_by.iter().position(|name| names.contains(&name.as_str()));
            index.and_then(|index| group[index].clone())
        }
        _ => None,
    };
    let of_event = || fields::first_resource(event, "name").or_else(|| fields::first_resource(event, "id"));
    let principal = match event.kind {
        audittrail::sandbox::Kind::System => fields::principal(event).or(Some("Scaleway")),
        _ => fields::principal(event),
    };
    let principal = group_key(&["principal.id"]).or_else(|| principal.map(str::to_owned)).unwrap_or_else(none);
    let source_ip = match group_key(&["source_ip"]) {
        Some(address) => address,
        None => fields::text(event, "source_ip")?.unwrap_or_else(none),
    };
    let resource = match group {
        Some(_) => group_key(&["resources[any].name", "resources[any].id"]),
        None => of_event().map(str::to_owned),
    };
    let resource = resource.unwrap_or_else(none);
    let (title, level) = (rule.title.clone(), rule.level.clone());
    Ok(Row { rule: title, level, principal, source_ip, resource, hour: event.time.div_euclid(HOUR) * HOUR })
}
