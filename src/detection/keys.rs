//! Reads the keys of a map, with errors that name the key, the line and what is allowed.

use super::bounds::PROSE_BYTES;
use super::error::quoted;
use super::yaml::{Entry, Fault, Node, Value};

/// How many letters may differ between a key and the known key that was meant.
const TYPO: usize = 2;

impl Node {
    /// The entries of a map.
    pub(super) fn map(&self, what: &str) -> Result<&[Entry], Fault> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            _ => Err(Fault::at(self.line, format!("{what} must be a map of keys and values"))),
        }
    }

    /// A text.
    pub(super) fn text(&self, what: &str) -> Result<&str, Fault> {
        match &self.value {
            Value::Text(text) if text.len() > PROSE_BYTES => {
                let message = format!("{what} has {} bytes; at most {PROSE_BYTES} are possible", text.len());
                Err(Fault::at(self.line, message))
            }
            Value::Text(text) => Ok(text),
            _ => Err(Fault::at(self.line, format!("{what} must be a text; put it in quotation marks"))),
        }
    }

    /// A text, or a list of texts.
    pub(super) fn texts(&self, what: &str) -> Result<Vec<(&str, u32)>, Fault> {
        match &self.value {
            Value::List(items) => items.iter().map(|item| Ok((item.text(what)?, item.line))).collect(),
            _ => Ok(vec![(self.text(what)?, self.line)]),
        }
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, what: &str) -> Result<bool, Fault> {
        match self.value {
            Value::Bool(value) => Ok(value),
            _ => Err(Fault::at(self.line, format!("{what} must be true or false"))),
        }
    }

    /// A whole number from `least` to `most`.
    pub(super) fn whole(&self, what: &str, least: u64, most: u64) -> Result<u64, Fault> {
        let number = if let Value::Int(number) = self.value { u64::try_from(number).ok() } else { None };
        number.filter(|number| (least..=most).contains(number)).ok_or_else(|| {
            let range = if most == u64::MAX { format!("from {least}") } else { format!("from {least} to {most}") };
            Fault::at(self.line, format!("{what} must be a whole number {range}"))
        })
    }
}

/// The value of a key; none if the map does not have it.
pub(super) fn get<'a>(map: &'a [Entry], key: &str) -> Option<&'a Node> {
    map.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
}

/// The value of a key that `what`, which begins in `line`, must have.
pub(super) fn required<'a>(map: &'a [Entry], key: &str, what: &str, line: u32) -> Result<&'a Node, Fault> {
    get(map, key).ok_or_else(|| Fault::at(line, format!("{what} has no key {}", quoted(key))))
}

/// Refuses keys that are not known.
pub(super) fn only(map: &[Entry], known: &[&str], what: &str) -> Result<(), Fault> {
    match map.iter().find(|entry| !known.contains(&entry.key.as_str())) {
        None => Ok(()),
        Some(entry) => {
            let message = format!("{what} has an unknown key {}; known are {}", quoted(&entry.key), known.join(", "));
            Err(Fault::at(entry.line, message))
        }
    }
}

/// The known key that was probably meant by one that is nearly the same.
pub(super) fn meant<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|known| (strsim::damerau_levenshtein(known, key), *known)).min()?;
    (near.0 <= TYPO && near.0 < key.chars().count()).then_some(near.1)
}

/// The nearest of some words, as the end of an error text.
pub(super) fn did_you_mean(word: &str, known: &[&str]) -> String {
    match meant(word, known) {
        Some(known) => format!("; did you mean {}?", quoted(known)),
        None => format!("; known are {}", known.join(", ")),
    }
}
