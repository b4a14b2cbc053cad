//! A detection item: a field, modifiers and values.

use std::str::FromStr;

use ipnet::IpNet;
use regex::RegexBuilder;

use super::bounds::{DASHES, REGEX_BYTES, REGEX_SIZE, VALUE_BYTES, VALUES, WILDCARDS};
use super::error::{bounded, quoted};
use super::field::Field;
use super::keys::did_you_mean;
use super::sigma::{Matcher, wildcards};
use super::yaml::{Entry, Fault, Node, Value};

/// The modifiers of Sigma.
const MODIFIERS: [&str; 34] = [
    "contains",
    "startswith",
    "endswith",
    "all",
    "base64",
    "base64offset",
    "wide",
    "utf16le",
    "utf16be",
    "utf16",
    "windash",
    "re",
    "cidr",
    "cased",
    "exists",
    "expand",
    "fieldref",
    "gt",
    "gte",
    "lt",
    "lte",
    "neq",
    "i",
    "ignorecase",
    "m",
    "multiline",
    "s",
    "dotall",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
];

/// The most characters of a test's text.
const TEXT: usize = 240;

/// The most characters of a message of the parser of regular expressions.
const MESSAGE: usize = 120;

/// A checked item.
pub(super) struct Item {
    /// The field; none for keywords.
    pub(super) field: Option<Field>,
    pub(super) matcher: Matcher,
    /// The item in one line, for people.
    pub(super) text: String,
    /// How many regular expressions it has.
    pub(super) regexes: usize,
    /// The item as it is written; none for keywords.
    #[cfg(feature = "terminal")]
    pub(super) entry: Option<Entry>,
}

impl Item {
    /// The item of a key of a detection.
    pub(super) fn of(entry: &Entry) -> Result<Self, Fault> {
        let mut parts = entry.key.split('|');
        let name = parts.next().unwrap_or_default();
        let modifiers: Vec<&str> = parts.collect();
        check_modifiers(&modifiers, name, entry.line)?;
        let field = if name.is_empty() { None } else { Some(field(name, entry.line)?) };
        let values = values(&entry.node, &entry.key)?;
        let regexes = values.iter().try_fold(0, |regexes, value| Ok(regexes + check(value, &modifiers)?))?;
        if modifiers.contains(&"all") && values.len() < 2 {
            return Err(Fault::at(entry.line, "the modifier all needs a list of several values; remove it"));
        }
        let matcher = Matcher::of_item(&entry.key, entry.line, &entry.node)?;
        for name in matcher.names() {
            self::field(name, entry.node.line)?;
        }
        Ok(Self {
            field,
            matcher,
            text: text(&entry.key, &values),
            regexes,
            #[cfg(feature = "terminal")]
            entry: Some(entry.clone()),
        })
    }

    /// The item of keywords.
    pub(super) fn of_keywords(node: &Node) -> Result<Self, Fault> {
        let values = values(node, "a list of keywords")?;
        if let Some(value) = values.iter().find(|value| !matches!(value.value, Value::Text(_))) {
            return Err(Fault::at(value.line, "a keyword must be a text; put it in quotation marks"));
        }
        let regexes = values.iter().try_fold(0, |regexes, value| Ok(regexes + check(value, &[])?))?;
        Ok(Self {
            field: None,
            matcher: Matcher::of_keywords(node)?,
            text: text("keywords", &values),
            regexes,
            #[cfg(feature = "terminal")]
            entry: None,
        })
    }
}

/// The field of a name.
pub(super) fn field(name: &str, line: u32) -> Result<Field, Fault> {
    match Field::named(name) {
        Ok(Some(field)) => Ok(field),
        Ok(None) => {
            let nearest = quoted(Field::nearest(name));
            Err(Fault::at(line, format!("there is no field {}; did you mean {nearest}?", quoted(name))))
        }
        Err(fault) => Err(Fault::at(line, format!("the path {} {fault}", quoted(name)))),
    }
}

fn check_modifiers(modifiers: &[&str], name: &str, line: u32) -> Result<(), Fault> {
    for (index, modifier) in modifiers.iter().enumerate() {
        if *modifier == "not" {
            return Err(Fault::at(line, "not is no modifier; write it in the condition"));
        }
        if !MODIFIERS.contains(modifier) {
            let others = did_you_mean(modifier, &MODIFIERS);
            return Err(Fault::at(line, format!("there is no modifier {}{others}", quoted(modifier))));
        }
        if modifiers[..index].contains(modifier) {
            return Err(Fault::at(line, format!("the modifier {modifier} is there twice")));
        }
    }
    let needs_field =
        |modifier: &&&str| ["exists", "fieldref", "expand", "gt", "gte", "lt", "lte", "neq"].contains(*modifier);
    match modifiers.iter().find(needs_field) {
        Some(modifier) if name.is_empty() => {
            Err(Fault::at(line, format!("the modifier {modifier} needs the name of a field before it")))
        }
        _ => Ok(()),
    }
}

/// The values of an item.
fn values<'a>(node: &'a Node, what: &str) -> Result<Vec<&'a Node>, Fault> {
    let values = match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    if values.is_empty() {
        return Err(Fault::at(node.line, format!("{} has an empty list of values", quoted(what))));
    }
    if values.len() > VALUES {
        let message = format!("{} has {} values; at most {VALUES} are possible", quoted(what), values.len());
        return Err(Fault::at(node.line, message));
    }
    match values.iter().find(|value| matches!(value.value, Value::List(_) | Value::Map(_))) {
        Some(value) => Err(Fault::at(value.line, format!("a value of {} is a list or a map", quoted(what)))),
        None => Ok(values),
    }
}

/// Checks a value as far as `rsigma` does not bound it, or has no error text that helps. Returns the number of regular
/// expressions that it becomes.
fn check(node: &Node, modifiers: &[&str]) -> Result<usize, Fault> {
    let has = |modifier| modifiers.contains(&modifier);
    let fault = |message: String| Err(Fault::at(node.line, message));
    if has("exists") {
        let is_boolean = matches!(node.value, Value::Bool(_));
        return if is_boolean { Ok(0) } else { fault("the value of exists must be true or false".to_owned()) };
    }
    let is_number = matches!(node.value, Value::Int(_) | Value::Float(_));
    if ["gt", "gte", "lt", "lte", "minute", "hour", "day", "week", "month", "year"].into_iter().any(has) && !is_number {
        return fault("the value must be a number, without quotation marks".to_owned());
    }
    let Value::Text(text) = &node.value else {
        let needs_text =
            ["re", "cidr", "fieldref", "expand", "windash", "base64", "base64offset"].into_iter().find(|m| has(*m));
        return match needs_text {
            Some(modifier) => fault(format!("the value of {modifier} must be a text; put it in quotation marks")),
            None => Ok(0),
        };
    };
    if text.len() > VALUE_BYTES {
        return fault(format!("the value has {} bytes; at most {VALUE_BYTES} are possible", text.len()));
    }
    if has("re") {
        return regex(text, modifiers, node.line).map(|()| 1);
    }
    if has("cidr") {
        return match IpNet::from_str(text) {
            Ok(_) => Ok(0),
            Err(_) => fault(format!("{} is no network; write one as in 10.0.0.0/8 or 2001:db8::/32", quoted(text))),
        };
    }
    let dashes = text.matches('-').count();
    if has("windash") && dashes > DASHES {
        return fault(format!("the value has {dashes} dashes; with windash at most {DASHES} are possible"));
    }
    let wildcards = wildcards(text);
    let has_encoding =
        ["base64", "base64offset", "wide", "utf16le", "utf16be", "utf16", "windash"].into_iter().find(|m| has(*m));
    match (wildcards, has_encoding) {
        (0, _) => Ok(0),
        (_, Some(modifier)) => fault(format!("a value with {modifier} has no wildcards; write \\* and \\?")),
        (..=WILDCARDS, None) if text.len() <= REGEX_BYTES => Ok(1),
        (..=WILDCARDS, None) => {
            fault(format!("the value with wildcards has {} bytes; at most {REGEX_BYTES} are possible", text.len()))
        }
        _ => fault(format!("the value has {wildcards} wildcards; at most {WILDCARDS} are possible")),
    }
}

fn regex(text: &str, modifiers: &[&str], line: u32) -> Result<(), Fault> {
    if text.len() > REGEX_BYTES {
        let message = format!("the regular expression has {} bytes; at most {REGEX_BYTES} are possible", text.len());
        return Err(Fault::at(line, message));
    }
    let has = |names: [&str; 2]| names.iter().any(|name| modifiers.contains(name));
    let mut builder = RegexBuilder::new(text);
    builder.case_insensitive(has(["i", "ignorecase"]));
    builder.multi_line(has(["m", "multiline"]));
    builder.dot_matches_new_line(has(["s", "dotall"]));
    match builder.nest_limit(50).size_limit(REGEX_SIZE).build() {
        Ok(_) => Ok(()),
        Err(regex::Error::CompiledTooBig(_)) => {
            let message = "the regular expression is too large when compiled; use fewer repetitions, or [0-9] for \\d";
            Err(Fault::at(line, message))
        }
        Err(error) => {
            // The last line has the cause, the others show the expression.
            let error = error.to_string();
            let cause = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Err(Fault::at(line, format!("this is no regular expression: {}", bounded(cause, MESSAGE))))
        }
    }
}

/// An item in one line.
fn text(key: &str, values: &[&Node]) -> String {
    let mut text = format!("{key}: ");
    for (index, value) in values.iter().enumerate() {
        text.push_str(if index > 0 { ", " } else { "" });
        match &value.value {
            Value::Text(value) => text.push_str(value),
            _ => value.write(&mut text),
        }
        if text.len() > TEXT {
            break;
        }
    }
    bounded(&text, TEXT)
}
