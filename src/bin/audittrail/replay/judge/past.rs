//! Baselines by definition: the values of each day as texts, and counts of each hour.

use std::collections::{HashMap, HashSet};

use super::super::scenario::Happened;
use super::document::Past;
use super::fields;

const DAY: i64 = 86_400_000_000_000;

/// The values of each day and hour, by the fields of a baseline.
pub(crate) struct Days<'a> {
    events: &'a [Happened],
    /// The days from the first that is known.
    first: i64,
    seen: HashMap<String, HashMap<(i64, String), usize>>,
    hours: HashMap<String, HashMap<(i64, i64, String), u64>>,
}

impl<'a> Days<'a> {
    /// `events` are in the order of baselines: by time, and at equal times the greatest id first.
    pub(crate) fn new(events: &'a [Happened]) -> Self {
        let first = events.first().map_or(0, |event| event.time.div_euclid(DAY));
        Self { events, first, seen: HashMap::new(), hours: HashMap::new() }
    }

    /// The events.
    pub(super) fn events(&self) -> &'a [Happened] {
        self.events
    }

    /// The events, of those that a rule selects, for which its baseline holds. `today` is whether an event counts on its own day.
    pub(super) fn holding(
        &mut self,
        past: &Past,
        selected: &[usize],
        today: &dyn Fn(&Happened) -> bool,
    ) -> Result<HashSet<usize>, String> {
        match past {
            Past::FirstSeen { fields, days } => self.first_seen(fields, *days, selected),
            Past::TimesUsual { factor, at_least, days, by } => {
                let usual = Usual { factor: *factor, at_least: *at_least, days: *days };
                self.times_usual(by, &usual, selected, today)
            }
        }
    }

    fn first_seen(&mut self, fields: &[String], days: i64, selected: &[usize]) -> Result<HashSet<usize>, String> {
        let name = fields.join(" ");
        if !self.seen.contains_key(&name) {
            let mut seen: HashMap<(i64, String), usize> = HashMap::new();
            for event in self.events {
                if let Some(key) = key(event, fields)? {
                    *seen.entry((event.time.div_euclid(DAY), key)).or_default() += 1;
                }
            }
            self.seen.insert(name.clone(), seen);
        }
        let seen = &self.seen[&name];
        let (mut first, mut holding) = (HashSet::new(), HashSet::new());
        for index in selected {
            let event = &self.events[*index];
            let Some(key) = key(event, fields)? else { continue };
            let day = event.time.div_euclid(DAY);
            let mut before = (day - days..day).filter(|day| *day >= self.first);
            let is_first = first.insert((day, key.clone()));
            if is_first && before.clone().next().is_some() && !before.any(|day| seen.contains_key(&(day, key.clone())))
            {
                holding.insert(*index);
            }
        }
        Ok(holding)
    }

    fn times_usual(
        &mut self,
        by: &[String],
        usual: &Usual,
        selected: &[usize],
        today: &dyn Fn(&Happened) -> bool,
    ) -> Result<HashSet<usize>, String> {
        let name = by.join(" ");
        let at = |event: &Happened| (event.time.div_euclid(DAY), event.time.rem_euclid(DAY) / (DAY / 24));
        if !self.hours.contains_key(&name) {
            let mut hours: HashMap<(i64, i64, String), u64> = HashMap::new();
            for event in self.events {
                if let Some(key) = key(event, by)? {
                    let (day, hour) = at(event);
                    *hours.entry((day, hour, key)).or_default() += 1;
                }
            }
            self.hours.insert(name.clone(), hours);
        }
        let hours = &self.hours[&name];
        let selected: HashSet<usize> = selected.iter().copied().collect();
        let (mut counts, mut holding) = (HashMap::new(), HashSet::new());
        let (first, last) = (selected.iter().min(), selected.iter().max());
        let (Some(first), Some(last)) = (first.copied(), last.copied()) else { return Ok(holding) };
        // The counts of a day begin with the day.
        let begin = self.events[first].time.div_euclid(DAY) * DAY;
        let begin = self.events.partition_point(|event| event.time < begin);
        for (index, event) in
            self.events.iter().enumerate().take(last + 1).skip(begin).filter(|(_, event)| today(event))
        {
            let Some(key) = key(event, by)? else { continue };
            let (day, hour) = at(event);
            let count: &mut u64 = counts.entry((day, hour, key.clone())).or_default();
            *count += 1;
            let known: Vec<i64> = (day - usual.days..day).filter(|day| *day >= self.first).collect();
            let sum: u64 = known.iter().filter_map(|day| hours.get(&(*day, hour, key.clone()))).sum();
            #[allow(clippy::cast_precision_loss)]
            let is_much = *count as f64 * known.len() as f64 >= usual.factor * sum as f64;
            if selected.contains(&index) && !known.is_empty() && *count >= usual.at_least && is_much {
                holding.insert(index);
            }
        }
        Ok(holding)
    }
}

struct Usual {
    factor: f64,
    at_least: u64,
    days: i64,
}

/// The values of a combination as one text; none where one is absent.
fn key(event: &Happened, fields: &[String]) -> Result<Option<String>, String> {
    let mut key = String::new();
    for field in fields {
        let value = match field.as_str() {
            // A product's method, of an Instance's ServerAction with its action.
            "method_name" => {
                let part = |name: &str| event.json[name].as_str().unwrap_or_default();
                let method = [part("product_name"), part("method_name"), part("method"), part("system_name")].join(" ");
                let action = fields::text(event, "audittrail.action")?.unwrap_or_default();
                Some(format!("{method} {action}"))
            }
            "resources[any].id" => fields::first_resource(event, "id").map(str::to_owned),
            field => fields::text(event, field)?,
        };
        let Some(value) = value else { return Ok(None) };
        key.extend([&value.len().to_string(), ":", &value, " "]);
    }
    Ok(Some(key))
}
