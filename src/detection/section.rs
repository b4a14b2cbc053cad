//! The section `detection` of a rule, and `filter` of a filter: named detections and a condition.

use std::collections::HashMap;
use std::sync::Arc;

use super::bounds::{CONDITION_BYTES, CONDITIONS, PACK_TESTS, PARENTHESES, REGEXES, TESTS};
use super::error::quoted;
use super::expr::{Expr, Test};
use super::item::{Item, field};
use super::keys::required;
use super::sigma::{Amount, Formula};
use super::yaml::{Entry, Fault, Node, Value};

/// The most `not` of a condition.
const NEGATIONS: usize = 100;

/// Compiles the tests of a pack, each once.
#[derive(Debug, Default)]
pub(super) struct Tests {
    known: HashMap<String, Arc<Test>>,
    /// How many tests rules have, those that they share counted for each.
    used: usize,
    regexes: usize,
}

impl Tests {
    /// The number of different tests.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// The condition of a section. `ignored` are keys of the section that are no detections.
    ///
    /// # Errors
    /// When a detection or the condition is malformed, or the rule is too large.
    pub(super) fn condition(&mut self, section: &Node, what: &str, ignored: &[&str]) -> Result<Expr, Fault> {
        let entries = section.map(what)?;
        let mut detections: Vec<(&str, Expr, &Entry)> = Vec::new();
        for entry in entries {
            match entry.key.as_str() {
                "condition" => {}
                "timeframe" => {
                    let message = "timeframe is not supported; write a correlation with a timespan";
                    return Err(Fault::at(entry.line, message));
                }
                key if ignored.contains(&key) => {}
                key => detections.push((key, self.detection(&entry.node, key)?, entry)),
            }
        }
        let condition = required(entries, "condition", what, section.line)?;
        let texts = condition.texts("condition")?;
        if texts.is_empty() || texts.len() > CONDITIONS {
            return Err(Fault::at(condition.line, format!("condition must have from 1 to {CONDITIONS} texts")));
        }
        let mut resolver = Resolver { detections: &detections, used: vec![false; detections.len()], tests: 0 };
        let any = texts.into_iter().map(|(text, line)| resolver.resolve(&formula(text, line)?, line));
        let mut any = any.collect::<Result<Vec<Expr>, Fault>>()?;
        if let Some(unused) = resolver.used.iter().position(|used| !used) {
            let (name, _, entry) = &detections[unused];
            let message = format!("the detection {} is not used by the condition", quoted(name));
            return Err(Fault::at(entry.line, message));
        }
        self.used += resolver.tests;
        if self.used > PACK_TESTS {
            return Err(Fault::at(section.line, format!("all rules together have more than {PACK_TESTS} tests")));
        }
        Ok(if any.len() == 1 { any.swap_remove(0) } else { Expr::Or(any) })
    }

    /// A named detection: a map of items, a list of maps, or keywords.
    fn detection(&mut self, node: &Node, name: &str) -> Result<Expr, Fault> {
        match &node.value {
            Value::Map(entries) if entries.is_empty() => {
                Err(Fault::at(node.line, format!("the detection {} is empty", quoted(name))))
            }
            Value::Map(entries) => {
                let all = entries.iter().map(|entry| self.item(entry)).collect::<Result<Vec<Expr>, Fault>>()?;
                Ok(Expr::And(all))
            }
            Value::List(items) if items.is_empty() => {
                Err(Fault::at(node.line, format!("the detection {} is empty", quoted(name))))
            }
            Value::List(items) if items.iter().any(|item| matches!(item.value, Value::Map(_) | Value::List(_))) => {
                let any = items.iter().map(|item| self.detection(item, name)).collect::<Result<Vec<Expr>, Fault>>()?;
                Ok(Expr::Or(any))
            }
            _ => {
                let mut key = String::new();
                node.write(&mut key);
                self.test(key, || Item::of_keywords(node), node.line)
            }
        }
    }

    fn item(&mut self, entry: &Entry) -> Result<Expr, Fault> {
        let mut key = format!("{}=", entry.key);
        entry.node.write(&mut key);
        self.test(key, || Item::of(entry), entry.line)
    }

    /// The test of an item that `key` identifies.
    fn test(&mut self, key: String, item: impl FnOnce() -> Result<Item, Fault>, line: u32) -> Result<Expr, Fault> {
        if let Some(test) = self.known.get(&key) {
            return Ok(Expr::Test(Arc::clone(test)));
        }
        let item = item()?;
        self.regexes += item.regexes;
        if self.regexes > REGEXES {
            let message = format!("all rules together have more than {REGEXES} regular expressions and wildcards");
            return Err(Fault::at(line, message));
        }
        let others = item.matcher.names().iter().map(|name| field(name, line)).collect::<Result<_, _>>()?;
        let test = Arc::new(Test {
            number: self.known.len(),
            field: item.field,
            matcher: item.matcher,
            others,
            text: item.text,
            #[cfg(feature = "terminal")]
            item: item.entry,
        });
        self.known.insert(key, Arc::clone(&test));
        Ok(Expr::Test(test))
    }
}

/// Reads a condition of bounded size.
pub(super) fn formula(text: &str, line: u32) -> Result<Formula, Fault> {
    if text.len() > CONDITION_BYTES {
        let message = format!("the condition has {} bytes; at most {CONDITION_BYTES} are possible", text.len());
        return Err(Fault::at(line, message));
    }
    if text.matches('(').count() > PARENTHESES {
        return Err(Fault::at(line, format!("the condition has more than {PARENTHESES} parentheses")));
    }
    if text.split(|c: char| !c.is_alphanumeric()).filter(|word| *word == "not").count() > NEGATIONS {
        return Err(Fault::at(line, format!("the condition has more than {NEGATIONS} not")));
    }
    Formula::parse(text, line)
}

/// Puts detections where a condition names them.
struct Resolver<'a> {
    detections: &'a [(&'a str, Expr, &'a Entry)],
    used: Vec<bool>,
    /// The tests of the rule so far: a condition may name a detection many times.
    tests: usize,
}

impl Resolver<'_> {
    fn resolve(&mut self, formula: &Formula, line: u32) -> Result<Expr, Fault> {
        Ok(match formula {
            Formula::And(of) => Expr::And(self.all(of, line)?),
            Formula::Or(of) => Expr::Or(self.all(of, line)?),
            Formula::Not(of) => Expr::Not(Box::new(self.resolve(of, line)?)),
            Formula::Name(name) => {
                let Some(index) = self.detections.iter().position(|(known, ..)| known == name) else {
                    let message = format!("the condition names {}, which is no detection of the rule", quoted(name));
                    return Err(Fault::at(line, message));
                };
                self.detection(index, line)?
            }
            Formula::Of(amount, names) => {
                let matching = |index: &usize| names.has(self.detections[*index].0);
                let indexes: Vec<usize> = (0..self.detections.len()).filter(matching).collect();
                let count = indexes.len() as u64;
                if let Amount::AtLeast(least) = amount
                    && !(1..=count).contains(least)
                {
                    let message = format!("the condition asks for {least} of {names}, which are {count} detections");
                    return Err(Fault::at(line, message));
                }
                if indexes.is_empty() {
                    let message = format!("the condition asks for all of {names}, which are 0 detections");
                    return Err(Fault::at(line, message));
                }
                let of = indexes.into_iter().map(|index| self.detection(index, line)).collect::<Result<_, _>>()?;
                match amount {
                    Amount::All => Expr::And(of),
                    Amount::AtLeast(1) => Expr::Or(of),
                    Amount::AtLeast(least) => Expr::AtLeast(*least, of),
                }
            }
        })
    }

    fn all(&mut self, of: &[Formula], line: u32) -> Result<Vec<Expr>, Fault> {
        of.iter().map(|formula| self.resolve(formula, line)).collect()
    }

    fn detection(&mut self, index: usize, line: u32) -> Result<Expr, Fault> {
        let (_, expr, _) = &self.detections[index];
        self.tests += expr.tests();
        if self.tests > TESTS {
            let message = format!("the condition has more than {TESTS} tests, each mention of a detection counted");
            return Err(Fault::at(line, message));
        }
        self.used[index] = true;
        Ok(expr.clone())
    }
}
