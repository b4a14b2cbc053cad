//! A document of a file: a rule, a correlation or a filter whose references to other rules are names.

use std::sync::Arc;

use super::correlation::{self, Named};
use super::custom::{self, Custom};
use super::error::RuleError;
use super::expr::Expr;
use super::header::{Header, check_log_source};
use super::keys::{get, required};
use super::rule::Place;
use super::section::Tests;
use super::yaml::{Document, Fault, Value};

/// A document.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) header: Header,
    pub(super) custom: Custom,
    pub(super) body: Body,
    pub(super) place: Place,
}

/// The condition of a document.
#[derive(Debug)]
pub(super) enum Body {
    Events(Expr),
    Correlation(Named),
    Filter(Filter),
}

/// A condition that rules get in addition.
#[derive(Debug)]
pub(super) struct Filter {
    /// The rules, by id, name or title; none for all.
    pub(super) rules: Option<Vec<(String, u32)>>,
    pub(super) expr: Expr,
}

/// Reads a document.
///
/// # Errors
/// When it is malformed; the error names the rule as far as its text does.
pub(super) fn read(document: Document, file: &Arc<str>, tests: &mut Tests) -> Result<Draft, RuleError> {
    let place = Place { file: Arc::clone(file), line: document.line, text: document.text.into() };
    let read = header_and_body(&document.root, tests);
    match read {
        Ok((header, custom, body)) => Ok(Draft { header, custom, body, place }),
        Err(fault) => {
            let header = Header::guess(&document.root);
            let is_filter = matches!(&document.root.value, Value::Map(map) if get(map, "filter").is_some());
            let error = error(&header, &place, fault);
            if is_filter {
                // Any rule may lack its filter.
                return Err(RuleError::new(&error.file, error.line, error.message));
            }
            let tags = error.tags.filter(|_| Header::has_tags(&document.root));
            Err(RuleError { tags, ..error })
        }
    }
}

/// The error of a fault in a rule.
pub(super) fn error(header: &Header, place: &Place, fault: Fault) -> RuleError {
    let label = header.label();
    RuleError {
        rule: (!label.is_empty()).then(|| label.to_owned()),
        level: header.level,
        tags: Some(header.tags.clone()),
        ..RuleError::new(&place.file, fault.line, fault.message)
    }
}

fn header_and_body(root: &super::yaml::Node, tests: &mut Tests) -> Result<(Header, Custom, Body), Fault> {
    let (map, line) = (root.map("a rule")?, root.line);
    let mut header = Header::read(map, line)?;
    let sections = ["detection", "correlation", "filter"].map(|key| get(map, key));
    let body = match sections {
        [Some(section), None, None] => {
            check_log_source(map, line, true)?;
            Body::Events(tests.condition(section, "detection", &[])?)
        }
        [None, Some(section), None] => {
            if let Some(node) = get(section.map("correlation")?, "generate") {
                header.generate = Some(node.boolean("generate")?);
            }
            check_log_source(map, line, false)?;
            Body::Correlation(correlation::read(section)?)
        }
        [None, None, Some(section)] => {
            check_log_source(map, line, false)?;
            let filter = section.map("filter")?;
            let rules = required(filter, "rules", "filter", section.line)?;
            let rules: Vec<(String, u32)> =
                rules.texts("rules")?.into_iter().map(|(text, line)| (text.to_owned(), line)).collect();
            let is_any = matches!(&rules[..], [(only, _)] if only.eq_ignore_ascii_case("any"));
            let condition = required(filter, "condition", "filter", section.line)?;
            if matches!(condition.value, Value::List(_)) {
                return Err(Fault::at(condition.line, "the condition of a filter must be one text"));
            }
            let expr = tests.condition(section, "filter", &["rules"])?;
            if rules.is_empty() {
                return Err(Fault::at(section.line, "rules of a filter must name rules, or be any"));
            }
            Body::Filter(Filter { rules: (!is_any).then_some(rules), expr })
        }
        [None, None, None] => return Err(Fault::at(line, "the rule has no key detection, correlation or filter")),
        _ => return Err(Fault::at(line, "a rule has detection, correlation or filter, only one of them")),
    };
    let custom = custom::read(map, matches!(body, Body::Correlation(_)))?;
    if matches!(body, Body::Filter(_)) && (custom.baseline.is_some() || header.generate.is_some()) {
        return Err(Fault::at(line, "a filter has neither generate nor first_seen nor times_usual"));
    }
    Ok((header, custom, body))
}
