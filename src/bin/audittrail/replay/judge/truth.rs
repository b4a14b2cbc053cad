//! All hits of rules over all events.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use chrono::DateTime;
use serde_json::{Map, Value};

use super::super::scenario::Happened;
use super::condition::Condition;
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

/// An event at which a correlation's condition holds for a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Firing {
    /// The number of the event.
    pub(crate) event: usize,
    /// The number of the rule.
    pub(crate) rule: usize,
    /// The group's values, without absent ones.
    pub(crate) group: Vec<String>,
}

/// The judge of some rules over some events.
pub(crate) struct Judge<'a> {
    rules: &'a [Rule],
    /// The events, in the order of baselines.
    days: Days<'a>,
    /// From when on events decide whether others are hits.
    from: i64,
    /// The events that each rule of events selects, whatever the days before.
    selected: Vec<Vec<usize>>,
}

impl<'a> Judge<'a> {
    /// The judge of events that are in the order of baselines. Those before `from` are on the days before alone.
    pub(crate) fn new(rules: &'a [Rule], events: &'a [Happened], from: i64) -> Result<Self, String> {
        let mut selected = Vec::new();
        for rule in rules {
            selected.push(match &rule.kind {
                Kind::Events { selections, condition } => {
                    let of_rule = selected_by(selections, condition, events, from);
                    of_rule.map_err(|error| format!("{}: {error}", rule.title))?
                }
                Kind::Correlation(_) => Vec::new(),
            });
        }
        Ok(Self { rules, days: Days::new(events), from, selected })
    }

    /// The events.
    pub(crate) fn events(&self) -> &'a [Happened] {
        self.days.events()
    }

    /// The events that are not on the days before alone, each with its number.
    pub(crate) fn judged(&self) -> impl Iterator<Item = (usize, &'a Happened)> {
        let events = self.events();
        let first = events.partition_point(|event| event.time < self.from);
        events.iter().enumerate().skip(first)
    }

    /// The hits of shown rules, in the order of time. The events that `counts` leaves out are part of the days before others, and else
    /// never happened.
    pub(crate) fn hits(&mut self, counts: &dyn Fn(&Happened) -> bool, edge: Edge) -> Result<Vec<Hit>, String> {
        let found = self.found(counts, edge)?;
        let (rules, events) = (self.rules, self.events());
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

    /// The firings of correlations, shown or not, over all events.
    pub(crate) fn firings(&mut self, edge: Edge) -> Result<BTreeSet<Firing>, String> {
        let found = self.found(&|_| true, edge)?;
        let firings = found.into_iter().enumerate().flat_map(|(rule, found)| {
            let of_group = move |group: Vec<Option<String>>| group.into_iter().flatten().collect();
            found
                .into_iter()
                .filter_map(move |found| Some(Firing { event: found.event, rule, group: of_group(found.group?) }))
        });
        Ok(firings.collect())
    }

    /// The hits of each rule.
    fn found(&mut self, counts: &dyn Fn(&Happened) -> bool, edge: Edge) -> Result<Vec<Vec<Found>>, String> {
        let (rules, events) = (self.rules, self.events());
        let mut found: Vec<Vec<Found>> = Vec::new();
        for (rule, selected) in rules.iter().zip(&self.selected) {
            let of_rule = match &rule.kind {
                Kind::Events { .. } => {
                    let mut selected: Vec<usize> =
                        selected.iter().copied().filter(|index| counts(&events[*index])).collect();
                    if let Some(past) = &rule.past {
                        let holding = self.days.holding(past, &selected, counts)?;
                        selected.retain(|index| holding.contains(index));
                    }
                    selected.into_iter().map(|event| Found { event, group: None }).collect()
                }
                Kind::Correlation(correlation) => correlated(correlation, rules, events, &found, edge)?,
            };
            found.push(of_rule);
        }
        Ok(found)
    }
}

/// The events from a time on that a condition over selections holds for.
fn selected_by(
    selections: &Map<String, Value>,
    condition: &Condition,
    events: &[Happened],
    from: i64,
) -> Result<Vec<usize>, String> {
    let names: Vec<&str> = selections.keys().map(String::as_str).collect();
    let mut selected = Vec::new();
    for (index, event) in events.iter().enumerate().filter(|(_, event)| event.time >= from) {
        let verdicts: HashMap<&str, bool> = selections
            .iter()
            .map(|(name, of)| Ok((name.as_str(), selects(event, of)?)))
            .collect::<Result<_, String>>()?;
        if condition.holds(&names, &|name| verdicts.get(name) == Some(&true)) {
            selected.push(index);
        }
    }
    Ok(selected)
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
            hits.push(Counted { time: edge.time(event.time), event: hit.event, rule: position, group, value });
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
