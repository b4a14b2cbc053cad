use std::collections::HashMap;

use super::bits::Bits;
use super::body::Body;
use super::context::Context;
use super::expr::Expr;
use super::mask::{Judge, Rest};
use super::pack::Pack;
use super::row::Row;
use super::rule::Kind;
use super::sets::{NONE, UNNUMBERED};
use crate::event::{Derivation, Events, Long};
use crate::risk::RuleSet;

/// Which events each rule selects, by their values alone: before a rule's baseline, and without correlations.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    /// The set of rules of each event, by its number.
    numbers: Vec<u32>,
    /// The rules of each number, ascending.
    sets: Vec<Box<[u32]>>,
    /// The number of a set with one more rule.
    larger: HashMap<(u32, u32), u32, foldhash::fast::RandomState>,
    /// The last of these: most events that a rule selects have the same other rules.
    last: Option<((u32, u32), u32)>,
}

impl Verdicts {
    /// For each of a pack's `rules` the positions of the events that it selects, ascending: the newest first.
    pub(crate) fn rows(&self, rules: usize) -> Vec<Vec<usize>> {
        let mut rows = vec![Vec::new(); rules];
        for (row, number) in self.numbers.iter().enumerate() {
            for rule in &self.sets[*number as usize] {
                rows[*rule as usize].push(row);
            }
        }
        rows
    }

    /// No rule selects any of `events` events.
    fn none(events: usize) -> Self {
        Self { numbers: vec![0; events], sets: vec![Box::default()], ..Self::default() }
    }

    /// Adds a rule to those of an event.
    fn add(&mut self, row: usize, rule: usize) {
        let Self { numbers, sets, larger, last } = self;
        let before = (numbers[row], number_of(rule));
        let after = match *last {
            Some((known, after)) if known == before => after,
            _ => *larger.entry(before).or_insert_with(|| {
                let (set, rule) = before;
                let mut with = sets[set as usize].to_vec();
                with.insert(with.partition_point(|other| *other < rule), rule);
                sets.push(with.into());
                number_of(sets.len() - 1)
            }),
        };
        *last = Some((before, after));
        numbers[row] = after;
    }
}

fn number_of(index: usize) -> u32 {
    u32::try_from(index).expect("there are fewer than 2^32 rules, events and sets")
}

impl Pack {
    /// For each rule the positions of the events that it selects by their values alone, the newest first: without baselines,
    /// correlations and the names of principals. Nothing is cached.
    #[must_use]
    pub fn selected(&self, events: &Events, risks: &RuleSet) -> Vec<Vec<usize>> {
        self.judged(events, &Context { risks, names: &|_| None }).rows(self.rules.len())
    }

    /// Which events each rule selects. The verdicts on whole chunks are cached beside them, until another pack judges them.
    pub(crate) fn verdicts(&self, events: &Events, context: &Context<'_>) -> Verdicts {
        let numbers =
            events.derived(Derivation::Detection, self.key(context), |chunk| self.numbers(chunk, context).into());
        let unnumbered: Vec<usize> = (0..numbers.len()).filter(|row| numbers[*row] == UNNUMBERED).collect();
        let numbers = numbers.into_iter().map(|number| if number == UNNUMBERED { 0 } else { number.into() }).collect();
        let mut verdicts = Verdicts { numbers, sets: self.sets.rules(), ..Verdicts::default() };
        if !unnumbered.is_empty() {
            let judged = |rule: &Expr| !rule.depends_on_names();
            self.judge(&events.only(&unnumbered), context, judged, |position, rule| {
                verdicts.add(unnumbered[position], rule);
            });
        }
        self.judge(events, context, Expr::depends_on_names, |row, rule| verdicts.add(row, rule));
        verdicts
    }

    /// As [`verdicts`](Self::verdicts), for rules that are asked for once: nothing is cached.
    pub(crate) fn judged(&self, events: &Events, context: &Context<'_>) -> Verdicts {
        let mut verdicts = Verdicts::none(events.len());
        self.judge(events, context, |_| true, |row, rule| verdicts.add(row, rule));
        verdicts
    }

    /// The number of rows that [`verdicts`](Self::verdicts) has to judge for these events.
    pub(crate) fn cost(&self, events: &Events, context: &Context<'_>) -> usize {
        events.not_derived(Derivation::Detection, self.key(context))
    }

    /// Equal keys mean equal verdicts, except of rules that depend on names.
    fn key(&self, context: &Context<'_>) -> u64 {
        // Both are counted from 0 in this process.
        (u64::from(self.key) << 32) ^ context.risks.id()
    }

    /// The number of the set of rules of each row of a whole chunk, without the rules that depend on names.
    fn numbers(&self, chunk: &Events, context: &Context<'_>) -> Vec<u16> {
        let mut numbers = vec![NONE; chunk.len()];
        for (rule, rows) in self.rows_of(chunk, Bits::all(chunk.len()), context, |expr| !expr.depends_on_names()) {
            let (mut before, mut after) = (UNNUMBERED, UNNUMBERED);
            for row in rows.rows() {
                // Most events that a rule selects have the same other rules.
                if numbers[row] != before {
                    before = numbers[row];
                    after = self.sets.with(before, number_of(rule));
                }
                numbers[row] = after;
            }
        }
        numbers
    }

    /// Calls `see` with the position of each event and the number of each rule that selects it, of some of the rules.
    fn judge(
        &self,
        events: &Events,
        context: &Context<'_>,
        wanted: impl Fn(&Expr) -> bool,
        mut see: impl FnMut(usize, usize),
    ) {
        let is_wanted = |kind: &Kind| matches!(kind, Kind::Events(expr) if wanted(expr));
        if !self.rules.iter().any(|rule| is_wanted(&rule.kind)) {
            return;
        }
        for (chunk, runs) in events.whole_columns().chunks() {
            let (mut selected, mut positions) = (Bits::none(chunk.len()), vec![0; chunk.len()]);
            for (row, position) in runs.into_iter().flat_map(|(positions, rows)| rows.zip(positions)) {
                selected.insert(row);
                positions[row] = position;
            }
            for (rule, found) in self.rows_of(&chunk, selected, context, &wanted) {
                found.rows().for_each(|row| see(positions[row], rule));
            }
        }
    }

    /// The rows of a whole chunk that each of some rules selects among `rows`, by the rules' numbers, ascending.
    fn rows_of(
        &self,
        chunk: &Events,
        rows: Bits,
        context: &Context<'_>,
        wanted: impl Fn(&Expr) -> bool,
    ) -> Vec<(usize, Bits)> {
        let mut judge = Judge::new(chunk, rows, self.tests, context);
        let (mut found, mut open) = (Vec::new(), Vec::new());
        for (number, rule) in self.rules.iter().enumerate() {
            let Kind::Events(expr) = &rule.kind else { continue };
            if wanted(expr) {
                let split = judge.judge(expr);
                if !split.maybe.is_empty() {
                    open.push((found.len(), expr, split.maybe));
                    found.push((number, split.yes));
                } else if !split.yes.is_empty() {
                    found.push((number, split.yes));
                }
            }
        }
        look_at(chunk, context, &open, |rule, row| found[rule].1.insert(row));
        found
    }
}

/// Judges the rows that columns leave open, each with all its values. A body is parsed once for all rules.
fn look_at(chunk: &Events, context: &Context<'_>, open: &[(usize, &Expr, Bits)], mut see: impl FnMut(usize, usize)) {
    let mut all = Bits::none(chunk.len());
    for (_, _, rows) in open {
        all.or(rows);
    }
    let rows: Vec<usize> = all.rows().collect();
    if rows.is_empty() {
        return;
    }
    let reads_risk = open.iter().any(|(_, expr, _)| expr.reads_risk());
    let risks = if reads_risk { context.risks.numbers(chunk) } else { Vec::new() };
    let rests: Vec<(usize, Rest<'_>, &Bits)> =
        open.iter().map(|(rule, expr, rows)| (*rule, Rest::of(expr), rows)).collect();
    let mut judge = |row: usize, body: Option<&str>| {
        let risk = risks.get(row).and_then(|number| context.risks.risk(*number));
        let event = Row { events: chunk, position: row, risk, body: &Body::new(body), context };
        for (rule, rest, rows) in &rests {
            if rows.has(row) && rest.holds(&event) {
                see(*rule, row);
            }
        }
    };
    if open.iter().any(|(_, expr, _)| expr.reads_body()) {
        chunk.only(&rows).each(Long::RequestBody, |position, body| judge(rows[position], body));
    } else {
        for row in rows {
            judge(row, None);
        }
    }
}
