//! The evaluation of rules over the events of an answer.

use std::collections::{BTreeMap, BTreeSet};

use super::super::answer::{self, Answer};
use super::super::rule_choice::ChosenRules;
use super::inputs::Inputs;
use crate::detection::baseline::{Baselines, Compared};
use crate::detection::window::{Firing, Group, Hit, Match, firings, matches};
use crate::detection::{Columns, Context, Correlation, EventRows, Kind, Rule, Verdicts};
use crate::event::Events;
use crate::time::{Interval, Time};

/// The firings of a query's rules.
pub(super) struct Evaluation<'a> {
    /// The rules.
    pub(super) rules: &'a ChosenRules,
    /// The events.
    pub(super) answer: &'a Answer,
    /// For each rule that is shown, by its number, its firings within the range, the oldest first.
    fired: BTreeMap<usize, Vec<Firing>>,
    /// The row of each event of a firing.
    rows: Vec<usize>,
    /// What windows counted.
    inputs: Inputs,
    /// The days before, where a rule compares with them.
    past: Option<Past<'a>>,
}

/// A match of a rule.
pub(super) struct Found {
    /// The rule's number.
    pub(super) rule: usize,
    /// The group, times and events, which are numbers for [`Evaluation::row`].
    pub(super) matched: Match,
}

impl<'a> Evaluation<'a> {
    /// The firings at events within a range. The answer has the events before it that windows and
    /// baselines need.
    pub(super) fn of(rules: &'a ChosenRules, answer: &'a Answer, range: Interval) -> Self {
        let names = |id: &str| answer.name(id).map(str::to_owned);
        let context = Context { risks: &answer.rules, names: &names };
        let correlations = correlations(rules);
        let inputs: BTreeSet<usize> = correlations.iter().flat_map(|(_, of)| of.rules.iter().copied()).collect();
        // Of a rule without a window, only the firings within the range are wanted.
        let since = |rule: usize| if inputs.contains(&rule) { Time::MIN } else { range.start };
        let (selected, past) = selected(rules, answer, &context, since);
        let rows = EventRows::of(&selected, &inputs, answer.events.len());
        let times = answer.events.times().values();
        let mut fired = Fired { range, of: rules.shown.iter().map(|number| (*number, Vec::new())).collect() };
        let nothing = Group::from([]);
        let mut hits = Vec::new();
        for (rule, selected) in &selected {
            for row in selected {
                let hit = Hit { time: Time::from_nanos(times[*row]), event: rows.numbers[*row], rule: *rule };
                fired.add(of_one(hit, &nothing));
                if inputs.contains(rule) {
                    hits.push(hit);
                }
            }
        }
        // By event, and thereby by time.
        hits.sort_unstable_by_key(|hit| (hit.event, hit.rule));
        let mut columns = Columns::new(&correlations, rows.of_windows(&answer.events), &hits, context);
        let mut counted = Vec::new();
        for firing in firings(&correlations, &hits, |field| columns.numbers(field)) {
            if inputs.contains(&firing.rule) {
                counted.push(firing.clone());
            }
            fired.add(firing);
        }
        fired.of.values_mut().for_each(|firings| firings.sort_by_key(|firing| firing.time));
        let Columns { texts, numbered, .. } = columns;
        let inputs = Inputs { hits, firings: counted, columns: numbered, texts };
        Self { rules, answer, fired: fired.of, rows: rows.rows, inputs, past }
    }

    /// A rule.
    pub(super) fn rule(&self, number: usize) -> &Rule {
        &self.rules.pack.rules()[number]
    }

    /// Whether a rule is about several events within a window.
    pub(super) fn has_window(&self, rule: usize) -> bool {
        matches!(self.rule(rule).kind, Kind::Correlation(_))
    }

    /// The row of a firing's event.
    pub(super) fn row(&self, event: u32) -> usize {
        self.rows[event as usize]
    }

    /// The firings of each rule that is shown, the oldest first.
    pub(super) fn firings(&self) -> impl Iterator<Item = (usize, &[Firing])> {
        self.fired.iter().map(|(rule, firings)| (*rule, &firings[..]))
    }

    /// The names and texts of a group's keys, in the order of the rule; an absent one has none.
    pub(super) fn keys<'e>(
        &'e self,
        rule: usize,
        group: &'e Group,
    ) -> impl Iterator<Item = (&'e str, Option<&'e str>)> {
        let names = match &self.rule(rule).kind {
            Kind::Events(_) => &[][..],
            Kind::Correlation(correlation) => &correlation.group_by[..],
        };
        names.iter().zip(group.iter()).map(|(key, number)| (key.name.as_str(), self.inputs.text(*number)))
    }

    /// The hits that windows counted.
    pub(super) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The event of a row beside the days to which a rule compares it.
    pub(super) fn compared(&self, rule: usize, row: usize) -> Option<Compared> {
        let (baseline, past) = (self.rule(rule).baseline.as_ref()?, self.past.as_ref()?);
        Some(past.baselines.compared(baseline, past.rows[row]))
    }

    /// The matches of all rules, the newest first: firings of one rule and group that belong together, each event of a rule
    /// without a window by itself.
    pub(super) fn matches(&self) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        for (rule, firings) in self.firings() {
            let timespan = match &self.rule(rule).kind {
                Kind::Events(_) => None,
                Kind::Correlation(correlation) => Some(correlation.timespan),
            };
            let of_rule = match timespan {
                Some(timespan) => matches(firings, timespan),
                None => firings.iter().map(alone).collect(),
            };
            found.extend(of_rule.into_iter().map(|matched| Found { rule, matched }));
        }
        found.sort_by(|a, b| b.matched.last.cmp(&a.matched.last).then_with(|| a.rule.cmp(&b.rule)));
        found
    }

    /// The context in which the rules were judged, for `use_it`.
    pub(super) fn with_context<T>(&self, use_it: impl FnOnce(&Context<'_>) -> T) -> T {
        let names = |id: &str| self.answer.name(id).map(str::to_owned);
        use_it(&Context { risks: &self.answer.rules, names: &names })
    }
}

/// The rows that each needed rule about single events selects, ascending, after its baseline, of a rule with a baseline those from
/// a time on; and what these compare to.
fn selected<'a>(
    rules: &ChosenRules,
    answer: &'a Answer,
    context: &Context<'_>,
    since: impl Fn(usize) -> Time,
) -> (BTreeMap<usize, Vec<usize>>, Option<Past<'a>>) {
    let (pack, events) = (&rules.pack, &answer.events);
    let verdicts: Verdicts = if rules.is_own { pack.judged(events, context) } else { pack.verdicts(events, context) };
    let mut all = verdicts.rows(pack.rules().len());
    let mut past: Option<Past<'_>> = None;
    let mut selected = BTreeMap::new();
    for number in rules.needed() {
        let rule = &pack.rules()[number];
        if matches!(rule.kind, Kind::Correlation(_)) {
            continue;
        }
        let rows = std::mem::take(&mut all[number]);
        let rows = match (&rule.baseline, &answer.past) {
            (None, _) => rows,
            (Some(baseline), Some(known)) if !rows.is_empty() => {
                let past = past.get_or_insert_with(|| Past::new(answer, known));
                past.holding(|baselines, rows| baselines.holding(since(number), baseline, rows), &rows)
            }
            (Some(_), _) => Vec::new(),
        };
        selected.insert(number, rows);
    }
    (selected, past)
}

/// All events of the trail, to which baselines compare, and the rows that an answer's events have among them.
struct Past<'a> {
    baselines: Baselines<'a>,
    rows: Vec<usize>,
}

impl<'a> Past<'a> {
    fn new(answer: &Answer, known: &'a answer::Past) -> Self {
        let baselines = Baselines::new(&known.profile, &known.events);
        Self { baselines, rows: rows_among(&answer.events, &known.events) }
    }

    /// The rows of an answer of which `holding` finds those of the whole trail.
    fn holding(&self, holding: impl FnOnce(&Baselines<'a>, &[usize]) -> Vec<usize>, rows: &[usize]) -> Vec<usize> {
        let whole: Vec<usize> = rows.iter().map(|row| self.rows[*row]).collect();
        let holding = holding(&self.baselines, &whole);
        let holding: BTreeSet<usize> = holding.into_iter().collect();
        rows.iter().copied().filter(|row| holding.contains(&self.rows[*row])).collect()
    }
}

/// The rows of events among all events; both are sorted alike.
fn rows_among(events: &Events, all: &Events) -> Vec<usize> {
    if events.len() == all.len() {
        return (0..events.len()).collect();
    }
    let (times, all_times) = (events.times().values(), all.times().values());
    let (ids, all_ids) = (events.ids(), all.ids());
    let mut row = 0;
    let position = |event: usize| {
        while all_times[row] != times[event] || all_ids.value(row) != ids.value(event) {
            row += 1;
        }
        row
    };
    (0..events.len()).map(position).collect()
}

/// The firings of the rules that are shown, within a range.
struct Fired {
    range: Interval,
    of: BTreeMap<usize, Vec<Firing>>,
}

impl Fired {
    fn add(&mut self, firing: Firing) {
        if let Some(of_rule) = self.of.get_mut(&firing.rule)
            && self.range.contains(firing.time)
        {
            of_rule.push(firing);
        }
    }
}

/// The correlations among the needed rules.
fn correlations(rules: &ChosenRules) -> Vec<(usize, &Correlation)> {
    let of = |number: usize| match &rules.pack.rules()[number].kind {
        Kind::Events(_) => None,
        Kind::Correlation(correlation) => Some((number, correlation)),
    };
    rules.needed().into_iter().filter_map(of).collect()
}

/// The firing of a rule without a window.
fn of_one(hit: Hit, group: &Group) -> Firing {
    let Hit { time, event, rule } = hit;
    Firing { rule, time, event, group: Group::clone(group), value: 1, since: time }
}

/// The match of a rule without a window.
fn alone(firing: &Firing) -> Match {
    let Firing { time, event, value, since, .. } = *firing;
    let (group, first, last, peak) = (Group::clone(&firing.group), time, time, time);
    Match { group, since, first, last, value, peak, peak_event: event, events: vec![event] }
}
