//! Judges the rows of a chunk: which ones satisfy an expression, and which ones only their other values can tell.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::Array;

use super::bits::Bits;
use super::bounds::MASK_BYTES;
use super::context::Context;
use super::expr::{Expr, Test};
use super::field::Field;
use super::row::{Row, has_kind};
use super::sigma::EventField;
use crate::event::{Column, Events, Kind, ResourceText, ResourceTexts, Text};

/// So many rows cost as much as the judging of one text.
const TEXT_ROWS: usize = 64;

/// The rows of an expression.
#[derive(Debug)]
pub(super) struct Split {
    /// It holds.
    pub(super) yes: Bits,
    /// It may hold: that depends on values that only a look at each event tells.
    pub(super) maybe: Bits,
}

/// How much a test costs: tests that cost more see only the rows that others leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cost {
    /// Often a text of few events, such as the method.
    Text,
    Number,
    Resource,
    /// A look at the event.
    Event,
}

/// The verdicts of one test on the distinct values of a chunk.
#[derive(Default)]
struct Verdicts {
    /// For each value 0 while unknown, 1 for false, 2 for true.
    values: Vec<u8>,
    none: Option<bool>,
    /// Those on lists of several values, by their keys.
    lists: HashMap<Vec<usize>, bool>,
}

impl Verdicts {
    fn of_value(&mut self, key: usize, values: usize, judge: impl FnOnce() -> bool) -> bool {
        if self.values.len() <= key {
            self.values.resize(values.max(key + 1), 0);
        }
        let verdict = &mut self.values[key];
        if *verdict == 0 {
            *verdict = 1 + u8::from(judge());
        }
        *verdict == 2
    }

    fn of_none(&mut self, test: &Test) -> bool {
        *self.none.get_or_insert_with(|| test.matcher.accepts_alone(None))
    }
}

/// Judges the rows of one chunk, for all rules of a pack.
pub(super) struct Judge<'a> {
    chunk: &'a Events,
    context: &'a Context<'a>,
    /// The number of the risk of each row, where a rule asks for it.
    risks: Option<Vec<u16>>,
    /// The rows of some kinds of event.
    kinds: HashMap<&'static [Kind], Arc<Bits>>,
    /// By the number of the test.
    verdicts: Vec<Verdicts>,
    /// Which of all rows satisfy a test, by its number, as far as a rule has asked: rules share tests.
    masks: Vec<Option<Bits>>,
    /// How many bytes further masks may have.
    room: usize,
    all: Bits,
}

impl<'a> Judge<'a> {
    /// A judge of the rows `all` of a chunk, for `tests` tests.
    pub(super) fn new(chunk: &'a Events, all: Bits, tests: usize, context: &'a Context<'a>) -> Self {
        let verdicts = std::iter::repeat_with(Verdicts::default).take(tests).collect();
        let (kinds, masks) = (HashMap::new(), vec![None; tests]);
        Self { chunk, context, risks: None, kinds, verdicts, masks, room: MASK_BYTES, all }
    }

    /// Which rows satisfy an expression.
    pub(super) fn judge(&mut self, expr: &Expr) -> Split {
        let all = self.all.clone();
        self.split(expr, &all)
    }

    /// Which of some rows satisfy an expression.
    fn split(&mut self, expr: &Expr, rows: &Bits) -> Split {
        match expr {
            Expr::And(of) => self.all(of, rows),
            Expr::Or(of) => self.any(of, rows),
            Expr::Not(of) => {
                let Split { yes, maybe } = self.split(of, rows);
                let mut no = rows.clone();
                no.minus(&yes);
                no.minus(&maybe);
                Split { yes: no, maybe }
            }
            Expr::AtLeast(least, of) => self.at_least(*least, of, rows),
            Expr::Test(test) if reads_action(test) => self.of_action(test, rows),
            Expr::Test(test) if test_cost(test) == Cost::Event => {
                Split { yes: Bits::none(self.chunk.len()), maybe: rows.clone() }
            }
            Expr::Test(test) => Split { yes: self.rows(test, rows), maybe: Bits::none(self.chunk.len()) },
        }
    }

    fn all(&mut self, of: &[Expr], rows: &Bits) -> Split {
        let (mut yes, mut left) = (rows.clone(), rows.clone());
        for expr in by_cost(of) {
            if left.is_empty() {
                break;
            }
            let split = self.split(expr, &left);
            yes.and(&split.yes);
            left = split.yes;
            left.or(&split.maybe);
        }
        left.minus(&yes);
        Split { yes, maybe: left }
    }

    fn any(&mut self, of: &[Expr], rows: &Bits) -> Split {
        let (mut yes, mut maybe) = (Bits::none(self.chunk.len()), Bits::none(self.chunk.len()));
        let mut left = rows.clone();
        for expr in by_cost(of) {
            if left.is_empty() {
                break;
            }
            let split = self.split(expr, &left);
            left.minus(&split.yes);
            yes.or(&split.yes);
            maybe.or(&split.maybe);
        }
        maybe.minus(&yes);
        Split { yes, maybe }
    }

    fn at_least(&mut self, least: u64, of: &[Expr], rows: &Bits) -> Split {
        let mut counts = vec![(0_u64, 0_u64); self.chunk.len()];
        for expr in of {
            let Split { yes, maybe } = self.split(expr, rows);
            yes.rows().for_each(|row| counts[row].0 += 1);
            maybe.rows().for_each(|row| counts[row].1 += 1);
        }
        let yes = rows.filter(|row| counts[row].0 >= least);
        let mut maybe = rows.filter(|row| counts[row].0 + counts[row].1 >= least);
        maybe.minus(&yes);
        Split { yes, maybe }
    }

    /// Which of the rows satisfy a test of the body's `action`. Where it is a text of the frequent `ServerAction`, a column has it.
    fn of_action(&mut self, test: &Test, rows: &Bits) -> Split {
        let actions = self.chunk.chunk_text(Column::Action);
        let known = rows.filter(|row| actions.key(row).is_some());
        let yes = of_texts(test, &mut self.verdicts[test.number], actions, &known);
        let mut maybe = rows.clone();
        maybe.minus(&known);
        Split { yes, maybe }
    }

    /// Which of the rows satisfy a test of columns.
    fn rows(&mut self, test: &Test, rows: &Bits) -> Bits {
        if let Some(mask) = &self.masks[test.number] {
            let mut found = rows.clone();
            found.and(mask);
            return found;
        }
        let found = self.of_columns(test, rows);
        if found.bytes() <= self.room && *rows == self.all {
            self.room -= found.bytes();
            self.masks[test.number] = Some(found.clone());
        }
        found
    }

    fn of_columns(&mut self, test: &Test, rows: &Bits) -> Bits {
        let field = test.field.as_ref().expect("keywords are no test of columns");
        let mut verdicts = std::mem::take(&mut self.verdicts[test.number]);
        let found = match field {
            Field::Text(column) => of_texts(test, &mut verdicts, self.chunk.chunk_text(*column), rows),
            Field::OfKinds(column, kinds) => self.of_kinds(test, &mut verdicts, *column, kinds, rows),
            Field::PrincipalName => self.of_names(test, &mut verdicts, rows),
            Field::Status => self.of_statuses(test, &mut verdicts, rows),
            Field::RiskClass | Field::Severity => self.of_risks(test, &mut verdicts, field, rows),
            Field::Resource(which) => self.of_resources(test, &mut verdicts, *which, rows),
            Field::RecordedAt | Field::Long(_) | Field::Body(_) => unreachable!("{field:?} is no column"),
        };
        self.verdicts[test.number] = verdicts;
        found
    }

    fn of_kinds(
        &mut self,
        test: &Test,
        verdicts: &mut Verdicts,
        column: Column,
        kinds: &'static [Kind],
        rows: &Bits,
    ) -> Bits {
        let chunk = self.chunk;
        let of_kinds = Arc::clone(self.kinds.entry(kinds).or_insert_with(|| {
            let names = chunk.chunk_text(Column::Kind);
            let has: Vec<bool> = (0..names.keys()).map(|key| has_kind(kinds, Some(names.value(key)))).collect();
            Arc::new(Bits::all(chunk.len()).filter(|row| names.key(row).is_some_and(|key| has[key])))
        }));
        let mut with = rows.clone();
        with.and(&of_kinds);
        let mut found = of_texts(test, verdicts, chunk.chunk_text(column), &with);
        if verdicts.of_none(test) {
            let mut without = rows.clone();
            without.minus(&of_kinds);
            found.or(&without);
        }
        found
    }

    fn of_names(&self, test: &Test, verdicts: &mut Verdicts, rows: &Bits) -> Bits {
        let ids = self.chunk.chunk_text(Column::PrincipalId);
        rows.filter(|row| match ids.key(row) {
            None => verdicts.of_none(test),
            Some(key) => verdicts.of_value(key, ids.keys(), || {
                let id = ids.value(key);
                let name = (self.context.names)(id);
                test.matcher.accepts_text(name.as_deref().unwrap_or(id))
            }),
        })
    }

    fn of_statuses(&self, test: &Test, verdicts: &mut Verdicts, rows: &Bits) -> Bits {
        let statuses = self.chunk.statuses();
        rows.filter(|row| {
            if statuses.is_null(row) {
                return verdicts.of_none(test);
            }
            let status = statuses.value(row);
            verdicts.of_value(status.into(), 0, || test.matcher.accepts_alone(Some(EventField::Number(status.into()))))
        })
    }

    fn of_risks(&mut self, test: &Test, verdicts: &mut Verdicts, field: &Field, rows: &Bits) -> Bits {
        let Context { risks, .. } = self.context;
        let numbers = self.risks.get_or_insert_with(|| risks.numbers(self.chunk));
        rows.filter(|row| {
            let number = numbers[row];
            verdicts.of_value(number.into(), 0, || match risks.risk(number) {
                None => test.matcher.accepts_alone(None),
                Some(risk) if *field == Field::Severity => test.matcher.accepts_text(risk.severity.as_str()),
                Some(risk) => test.matcher.accepts_text(&risk.class),
            })
        })
    }

    fn of_resources(&self, test: &Test, verdicts: &mut Verdicts, which: ResourceText, rows: &Bits) -> Bits {
        let texts = self.chunk.resource_texts(which);
        // The two columns may have dictionaries of their own: the keys of the second come after those of the first.
        let fallback = (which == ResourceText::Id).then(|| self.chunk.chunk_text(Column::ResourceId));
        let (own, all) = (texts.text().keys(), texts.text().keys() + fallback.map_or(0, |ids| ids.keys()));
        rows.filter(|row| {
            let items = texts.items(row);
            if let Some(fallback) = fallback.filter(|_| items.is_empty()) {
                return match fallback.key(row) {
                    None => verdicts.of_none(test),
                    Some(key) => verdicts.of_value(own + key, all, || test.matcher.accepts_text(fallback.value(key))),
                };
            }
            of_items(test, verdicts, texts, row, all)
        })
    }
}

/// Whether the resources of a row satisfy a test.
fn of_items(test: &Test, verdicts: &mut Verdicts, texts: ResourceTexts<'_>, row: usize, all: usize) -> bool {
    let column = texts.text();
    let mut keys = texts.items(row).filter_map(|item| column.key(item));
    let Some(first) = keys.next() else { return verdicts.of_none(test) };
    let Some(second) = keys.next() else {
        return verdicts.of_value(first, all, || test.matcher.accepts_text(column.value(first)));
    };
    let keys: Vec<usize> = [first, second].into_iter().chain(keys).collect();
    if let Some(verdict) = verdicts.lists.get(&keys) {
        return *verdict;
    }
    let values = keys.iter().map(|key| EventField::Text(column.value(*key).into())).collect();
    let verdict = test.matcher.accepts_alone(Some(EventField::List(values)));
    verdicts.lists.insert(keys, verdict);
    verdict
}

/// Which of the rows satisfy a test of one text.
fn of_texts(test: &Test, verdicts: &mut Verdicts, column: Text<'_>, rows: &Bits) -> Bits {
    let keys = column.keys();
    if keys * TEXT_ROWS <= rows.count() {
        // If none of the texts is accepted, no row need be seen.
        let any = (0..keys).fold(false, |any, key| {
            any | verdicts.of_value(key, keys, || test.matcher.accepts_text(column.value(key)))
        });
        if !(any || column.has_none() && verdicts.of_none(test)) {
            return rows.filter(|_| false);
        }
    }
    rows.filter(|row| match column.key(row) {
        None => verdicts.of_none(test),
        Some(key) => verdicts.of_value(key, keys, || test.matcher.accepts_text(column.value(key))),
    })
}

/// Whether an event satisfies an expression, with all its values.
pub(super) fn holds(expr: &Expr, row: &Row<'_>) -> bool {
    match expr {
        Expr::And(of) => of.iter().all(|expr| holds(expr, row)),
        Expr::Or(of) => of.iter().any(|expr| holds(expr, row)),
        Expr::Not(of) => !holds(of, row),
        Expr::AtLeast(least, of) => of.iter().filter(|expr| holds(expr, row)).count() as u64 >= *least,
        Expr::Test(test) => match &test.field {
            None => test.matcher.accepts_any(row),
            Some(field) => test.matcher.accepts(row.value(field), row),
        },
    }
}

/// The tests of an expression that remain on the rows that may satisfy it.
pub(super) struct Rest<'a> {
    /// Whether all parts have to hold, or one.
    all: bool,
    parts: Vec<&'a Expr>,
}

impl<'a> Rest<'a> {
    /// Of an `and` whose outcome is open, the tests of columns hold; of an `or`, they do not.
    pub(super) fn of(expr: &'a Expr) -> Self {
        let (all, parts) = match expr {
            Expr::And(of) => (true, of.as_slice()),
            Expr::Or(of) => (false, of.as_slice()),
            expr => (true, std::slice::from_ref(expr)),
        };
        Self { all, parts: parts.iter().filter(|expr| cost(expr) == Cost::Event).collect() }
    }

    /// Whether an event satisfies the expression.
    pub(super) fn holds(&self, row: &Row<'_>) -> bool {
        if self.all {
            self.parts.iter().all(|expr| holds(expr, row))
        } else {
            self.parts.iter().any(|expr| holds(expr, row))
        }
    }
}

/// Expressions in the order of what they cost.
fn by_cost(of: &[Expr]) -> Vec<&Expr> {
    let mut of: Vec<&Expr> = of.iter().collect();
    of.sort_by_key(|expr| cost(expr));
    of
}

fn cost(expr: &Expr) -> Cost {
    let mut most = Cost::Text;
    expr.each_test(&mut |test| most = most.max(test_cost(test)));
    most
}

fn reads_action(test: &Test) -> bool {
    test.matcher.is_of_value()
        && matches!(&test.field, Some(Field::Body(path)) if matches!(&path[..], [step] if **step == *"action"))
}

fn test_cost(test: &Test) -> Cost {
    match &test.field {
        _ if !test.matcher.is_of_value() => Cost::Event,
        None | Some(Field::RecordedAt | Field::Long(_) | Field::Body(_)) => Cost::Event,
        Some(Field::Status | Field::RiskClass | Field::Severity) => Cost::Number,
        Some(Field::Text(_) | Field::OfKinds(..)) => Cost::Text,
        Some(Field::Resource(_) | Field::PrincipalName) => Cost::Resource,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::pack::{Pack, RuleFile};
    use super::super::rule::Kind as RuleKind;
    use super::*;

    #[test]
    fn the_masks_of_tests_have_bounded_memory_and_judge_the_same_without_it() {
        let rule = |number: usize| {
            let condition = format!("detection: {{s: {{method_name: Call{}}}, condition: s}}", number % 20);
            format!("title: T{number}\nid: r{number}\nlogsource: {{product: scaleway}}\n{condition}\n")
        };
        let text = (0..40).map(rule).collect::<Vec<_>>().join("---\n");
        let (pack, errors) = Pack::parse(&[RuleFile::new("f.yml", text)]);
        assert_eq!((errors, pack.tests), (Vec::new(), 20));
        let events: Vec<_> = (0..100).map(|number| json!({ "method_name": format!("Call{}", number % 25) })).collect();
        let events = Events::from_json(Kind::Api, &events);
        let risks = crate::risk::RuleSet::built_in();
        let context = Context { risks: &risks, names: &|_| None };
        let (chunk, _) = events.whole_columns().chunks().remove(0);
        let judged = |masks: usize| {
            let all = Bits::all(chunk.len());
            let mut judge = Judge::new(&chunk, all.clone(), pack.tests, &context);
            judge.room = masks * all.bytes() + 1;
            let mut found = Vec::new();
            for rule in pack.rules() {
                let RuleKind::Events(expr) = &rule.kind else { continue };
                found.push(judge.judge(expr).yes.rows().collect::<Vec<_>>());
            }
            (judge.masks.iter().flatten().count(), found)
        };
        let (masks, found) = judged(100);
        assert_eq!((masks, found.len(), found[3].len()), (20, 40, 4));
        for most in [0, 7] {
            assert_eq!(judged(most), (most, found.clone()));
        }
    }
}
