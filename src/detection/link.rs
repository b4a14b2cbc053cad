//! Resolves the names by which documents refer to each other.

use std::collections::{HashMap, HashSet};

use super::bounds::{CORRELATION_DEPTH, TESTS};
use super::correlation::{Named, NamedCondition, NamedKind};
use super::document::{Body, Draft, error};
use super::error::{RuleError, quoted};
use super::expr::Expr;
use super::item;
use super::rule::{Comparison, Condition, Correlation, CorrelationKind, GroupKey, KeySource, Kind, Rule, RuleExpr};
use super::sigma::Formula;
use super::yaml::Fault;

/// The rules of documents, a correlation after the rules that it uses; and the faults of documents that refer to none, to a
/// faulty one, or to each other in a circle. `faulty` are the names of rules that have a fault already.
pub(super) fn link(drafts: Vec<Draft>, faulty: &HashSet<String>) -> (Vec<Rule>, Vec<RuleError>) {
    let (mut drafts, mut errors) = unique(drafts);
    errors.extend(fold_filters(&mut drafts, faulty));
    let mut linker = Linker { names: names(&drafts), drafts, faulty, states: Vec::new(), rules: Vec::new(), errors };
    linker.states = vec![State::New; linker.drafts.len()];
    for draft in 0..linker.drafts.len() {
        linker.link(draft);
    }
    let Linker { drafts, rules, errors, .. } = linker;
    let shown = shown(&drafts, &rules);
    let rules = rules.into_iter().zip(shown).map(|(linked, is_shown)| {
        let draft = &drafts[linked.draft];
        rule(draft, linked.kind, is_shown)
    });
    (rules.collect(), errors)
}

/// The first document of each id and name.
fn unique(drafts: Vec<Draft>) -> (Vec<Draft>, Vec<RuleError>) {
    let mut known: HashMap<String, (String, u32)> = HashMap::new();
    let (mut kept, mut errors) = (Vec::new(), Vec::new());
    for draft in drafts {
        let header = &draft.header;
        let name = header.name.as_deref().filter(|name| *name != header.label());
        let own: Vec<&str> = [header.label()].into_iter().chain(name).collect();
        if let Some((name, (file, line))) = own.iter().find_map(|name| Some((*name, known.get(*name)?))) {
            let message = format!("another rule is called {} too, in line {line} of {file}", quoted(name));
            errors.push(error(header, &draft.place, Fault::at(draft.place.line, message)));
        } else {
            let place = (draft.place.file.to_string(), draft.place.line);
            known.extend(own.into_iter().map(|name| (name.to_owned(), place.clone())));
            kept.push(draft);
        }
    }
    (kept, errors)
}

/// The documents of each id and name; filters have none.
fn names(drafts: &[Draft]) -> HashMap<String, usize> {
    let mut names = HashMap::new();
    for (number, draft) in drafts.iter().enumerate() {
        if !matches!(draft.body, Body::Filter(_)) {
            names.insert(draft.header.label().to_owned(), number);
            names.extend(draft.header.name.clone().map(|name| (name, number)));
        }
    }
    names
}

/// Adds the conditions of filters to the rules that they name.
fn fold_filters(drafts: &mut [Draft], faulty: &HashSet<String>) -> Vec<RuleError> {
    let names = names(drafts);
    let mut errors = Vec::new();
    for number in 0..drafts.len() {
        let Body::Filter(filter) = &drafts[number].body else { continue };
        let targets = match &filter.rules {
            None => Ok((0..drafts.len()).filter(|draft| matches!(drafts[*draft].body, Body::Events(_))).collect()),
            Some(rules) => targets(rules, drafts, &names, faulty),
        };
        let expr = filter.expr.clone();
        let too_large =
            |draft: &usize| matches!(&drafts[*draft].body, Body::Events(of) if of.tests() + expr.tests() > TESTS);
        let targets: Result<Vec<usize>, Fault> =
            targets.and_then(|targets| match targets.iter().find(|draft| too_large(draft)) {
                None => Ok(targets),
                Some(draft) => {
                    let rule = quoted(drafts[*draft].header.label());
                    Err(Fault::at(
                        drafts[number].place.line,
                        format!("with this filter, rule {rule} has more than {TESTS} tests"),
                    ))
                }
            });
        match targets {
            Ok(targets) => targets.into_iter().for_each(|draft| fold(&mut drafts[draft].body, &expr)),
            // Any rule may lack the filter.
            Err(fault) => errors.push(RuleError::new(&drafts[number].place.file, fault.line, fault.message)),
        }
    }
    errors
}

/// The documents that a filter names; a rule with a fault is named in vain, and has its own error.
fn targets(
    rules: &[(String, u32)],
    drafts: &[Draft],
    names: &HashMap<String, usize>,
    faulty: &HashSet<String>,
) -> Result<Vec<usize>, Fault> {
    let mut targets = Vec::new();
    for (name, line) in rules {
        let of_title = || drafts.iter().position(|draft| draft.header.title == *name);
        match names.get(name).copied().or_else(of_title) {
            Some(draft) if matches!(drafts[draft].body, Body::Events(_)) => targets.push(draft),
            Some(_) => return Err(Fault::at(*line, format!("{} is no rule with a detection", quoted(name)))),
            None if faulty.contains(name) => {}
            None => return Err(Fault::at(*line, format!("there is no rule {}", quoted(name)))),
        }
    }
    Ok(targets)
}

fn fold(body: &mut Body, filter: &Expr) {
    if let Body::Events(expr) = body {
        let all = match &*expr {
            Expr::And(all) => all.iter().chain([filter]).cloned().collect(),
            expr => vec![expr.clone(), filter.clone()],
        };
        *expr = Expr::And(all);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// Its rules are being linked.
    Open,
    /// Its rule's number, and the number of steps down to events.
    Linked(usize, usize),
    Faulty,
}

struct Linked {
    draft: usize,
    kind: Kind,
}

struct Linker<'a> {
    drafts: Vec<Draft>,
    names: HashMap<String, usize>,
    faulty: &'a HashSet<String>,
    states: Vec<State>,
    rules: Vec<Linked>,
    errors: Vec<RuleError>,
}

impl Linker<'_> {
    /// Links a document after those that it refers to. The depth of the recursion is that of correlations, plus one.
    fn link(&mut self, number: usize) {
        if self.states[number] != State::New {
            return;
        }
        self.states[number] = State::Open;
        let linked = match &self.drafts[number].body {
            Body::Filter(_) => return,
            Body::Events(expr) => Ok((Kind::Events(expr.clone()), 0)),
            Body::Correlation(named) => {
                let wanted = named.rules.clone();
                self.rules_of(&wanted, number).and_then(|rules| {
                    let Body::Correlation(named) = &self.drafts[number].body else {
                        unreachable!("a body does not change")
                    };
                    let depth = rules.iter().map(|(_, depth)| depth + 1).max().unwrap_or_default();
                    let numbers: Vec<usize> = rules.into_iter().map(|(rule, _)| rule).collect();
                    Ok((Kind::Correlation(self.correlation(named, numbers)?), depth))
                })
            }
        };
        self.states[number] = match linked {
            Ok((kind, depth)) => {
                self.rules.push(Linked { draft: number, kind });
                State::Linked(self.rules.len() - 1, depth)
            }
            Err(fault) => {
                let draft = &self.drafts[number];
                self.errors.push(error(&draft.header, &draft.place, fault));
                State::Faulty
            }
        };
    }

    /// The rules of names, each with its depth.
    fn rules_of(&mut self, names: &[String], number: usize) -> Result<Vec<(usize, usize)>, Fault> {
        let Body::Correlation(Named { lines: [line, _], .. }) = self.drafts[number].body else {
            unreachable!("only correlations have rules")
        };
        let open = self.states.iter().filter(|state| **state == State::Open).count();
        if open > CORRELATION_DEPTH {
            return Err(Fault::at(
                line,
                format!("correlations of correlations are deeper than {CORRELATION_DEPTH} levels"),
            ));
        }
        let mut rules = Vec::new();
        for name in names {
            let Some(draft) = self.names.get(name).copied() else {
                let what = if self.faulty.contains(name) { "has a fault" } else { "is not there" };
                return Err(Fault::at(line, format!("rule {} {what}", quoted(name))));
            };
            self.link(draft);
            match self.states[draft] {
                State::Linked(_, depth) if depth + 1 > CORRELATION_DEPTH => {
                    let name = quoted(name);
                    let message = format!("rule {name} makes correlations deeper than {CORRELATION_DEPTH} levels");
                    return Err(Fault::at(line, message));
                }
                State::Linked(rule, depth) => rules.push((rule, depth)),
                State::Open => return Err(Fault::at(line, format!("rule {} uses this rule: a circle", quoted(name)))),
                State::New | State::Faulty => {
                    return Err(Fault::at(line, format!("rule {} has a fault", quoted(name))));
                }
            }
        }
        if let Some(index) =
            (1..rules.len()).find(|index| rules[..*index].iter().any(|(rule, _)| *rule == rules[*index].0))
        {
            return Err(Fault::at(
                line,
                format!("rule {} is there twice, by its id and its name", quoted(&names[index])),
            ));
        }
        Ok(rules)
    }

    fn correlation(&self, named: &Named, rules: Vec<usize>) -> Result<Correlation, Fault> {
        let [line, group_line] = named.lines;
        let keys = Keys { linker: self, named, rules: &rules };
        keys.check_aliases()?;
        let group_by = named.group_by.iter().map(|name| keys.key(name, group_line)).collect::<Result<_, _>>()?;
        let kind = match &named.kind {
            NamedKind::EventCount => CorrelationKind::EventCount,
            NamedKind::ValueCount(fields, line) => {
                CorrelationKind::ValueCount(fields.iter().map(|name| keys.key(name, *line)).collect::<Result<_, _>>()?)
            }
            NamedKind::Temporal => CorrelationKind::Temporal,
            NamedKind::TemporalOrdered => CorrelationKind::TemporalOrdered,
        };
        let is_temporal = matches!(kind, CorrelationKind::Temporal | CorrelationKind::TemporalOrdered);
        if is_temporal && rules.len() < 2 {
            return Err(Fault::at(line, "a temporal correlation needs two rules at least"));
        }
        let condition = match &named.condition {
            NamedCondition::Count(counts) => Condition::Count(counts.clone()),
            NamedCondition::All => Condition::Count(vec![(Comparison::AtLeast, rules.len() as u64)]),
            NamedCondition::Rules(formula, line) => Condition::Rules(rule_expr(formula, &named.rules, *line)?),
        };
        Ok(Correlation { kind, rules, group_by, timespan: named.timespan, condition })
    }
}

/// An expression over the names of a correlation's rules.
fn rule_expr(formula: &Formula, names: &[String], line: u32) -> Result<RuleExpr, Fault> {
    let all = |of: &[Formula]| of.iter().map(|formula| rule_expr(formula, names, line)).collect::<Result<Vec<_>, _>>();
    Ok(match formula {
        Formula::And(of) => RuleExpr::And(all(of)?),
        Formula::Or(of) => RuleExpr::Or(all(of)?),
        Formula::Not(of) => RuleExpr::Not(Box::new(rule_expr(of, names, line)?)),
        Formula::Name(name) => match names.iter().position(|known| known == name) {
            Some(index) => RuleExpr::Rule(index),
            None => {
                return Err(Fault::at(line, format!("the condition names {}, which is not among rules", quoted(name))));
            }
        },
        Formula::Of(..) => {
            let message = "the condition of a correlation has no \"of\"; name each rule";
            return Err(Fault::at(line, message));
        }
    })
}

/// Finds the fields of group keys.
struct Keys<'a> {
    linker: &'a Linker<'a>,
    named: &'a Named,
    /// The numbers of the correlation's rules.
    rules: &'a [usize],
}

impl Keys<'_> {
    /// An alias names each rule, and no other.
    fn check_aliases(&self) -> Result<(), Fault> {
        for alias in &self.named.aliases {
            let is_used = self.named.group_by.contains(&alias.name)
                || matches!(&self.named.kind, NamedKind::ValueCount(fields, _) if fields.contains(&alias.name));
            if !is_used {
                return Err(Fault::at(
                    alias.line,
                    format!("the alias {} is not used by group-by", quoted(&alias.name)),
                ));
            }
            let other = alias.fields.iter().find(|(rule, _)| !self.named.rules.contains(rule));
            if let Some((rule, _)) = other {
                let message =
                    format!("the alias {} names {}, which is not among rules", quoted(&alias.name), quoted(rule));
                return Err(Fault::at(alias.line, message));
            }
            let missing = self.named.rules.iter().find(|rule| !alias.fields.iter().any(|(of, _)| of == *rule));
            if let Some(rule) = missing {
                let message = format!("the alias {} has no field for rule {}", quoted(&alias.name), quoted(rule));
                return Err(Fault::at(alias.line, message));
            }
        }
        Ok(())
    }

    /// The key of a name: an alias, or a field of that name.
    fn key(&self, name: &str, line: u32) -> Result<GroupKey, Fault> {
        let alias = self.named.aliases.iter().find(|alias| alias.name == name);
        let line = alias.map_or(line, |alias| alias.line);
        let sources = self.rules.iter().zip(&self.named.rules).map(|(number, rule)| {
            let field = alias.and_then(|alias| alias.fields.iter().find(|(of, _)| of == rule));
            self.source(field.map_or(name, |(_, field)| field), *number, rule, line)
        });
        Ok(GroupKey { name: name.to_owned(), sources: sources.collect::<Result<_, _>>()? })
    }

    fn source(&self, name: &str, number: usize, rule: &str, line: u32) -> Result<KeySource, Fault> {
        let Kind::Correlation(correlation) = &self.linker.rules[number].kind else {
            return Ok(KeySource::Field(item::field(name, line)?));
        };
        let index = correlation.group_by.iter().position(|key| key.name == name);
        index.map(KeySource::Key).ok_or_else(|| {
            let message = format!("rule {}, a correlation, has no {} in its group-by", quoted(rule), quoted(name));
            Fault::at(line, message)
        })
    }
}

/// Whether each rule is shown: not one that correlations use, unless one of them or the rule itself says `generate`.
fn shown(drafts: &[Draft], rules: &[Linked]) -> Vec<bool> {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); rules.len()];
    for (number, linked) in rules.iter().enumerate() {
        if let Kind::Correlation(correlation) = &linked.kind {
            correlation.rules.iter().for_each(|used| users[*used].push(number));
        }
    }
    let generates = |number: &usize| drafts[rules[*number].draft].header.generate == Some(true);
    let is_shown = |number: usize| {
        let own = match rules[number].kind {
            Kind::Events(_) => drafts[rules[number].draft].header.generate,
            // A correlation's key is about the rules that it uses.
            Kind::Correlation(_) => None,
        };
        own.unwrap_or_else(|| users[number].is_empty() || users[number].iter().any(generates))
    };
    (0..rules.len()).map(is_shown).collect()
}

fn rule(draft: &Draft, kind: Kind, is_shown: bool) -> Rule {
    let header = draft.header.clone();
    Rule {
        id: header.label().to_owned(),
        name: header.name,
        title: header.title,
        level: header.level.unwrap_or_default(),
        status: header.status,
        description: header.description,
        author: header.author,
        tags: header.tags,
        references: header.references,
        false_positives: header.false_positives,
        runbook: draft.custom.runbook.clone(),
        is_shown,
        kind,
        baseline: draft.custom.baseline.clone(),
        place: draft.place.clone(),
    }
}
