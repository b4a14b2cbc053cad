//! The fields of a query's JSON, as people and Grafana's variables write them: numbers as text, one value instead of a list.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::error::Failure;
use crate::lenient::{self, is_blank, scalar, whole_number};

/// The most texts of one list of a query, and the longest text, in characters: what a person or a variable may ask for.
pub(crate) const MOST_VALUES: usize = 1_000;

/// See [`MOST_VALUES`].
pub(crate) const LONGEST_TEXT: usize = 4_096;

pub(super) fn wrong(field: &str, value: &Value, allowed: &str) -> Failure {
    let value = value.to_string();
    let end = value.char_indices().nth(100).map_or(value.len(), |(end, _)| end);
    Failure::input(format!("{field} is {}. Allowed: {allowed}", &value[..end]))
}

pub(super) fn path(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

pub(super) fn text(object: &Map<String, Value>, parent: &str, name: &str) -> Result<Option<String>, Failure> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let text = scalar(value).filter(|text| text.chars().count() <= LONGEST_TEXT);
            let allowed = format!("a text of at most {LONGEST_TEXT} characters");
            text.map(Some).ok_or_else(|| wrong(&path(parent, name), value, &allowed))
        }
    }
}

pub(super) fn boolean(object: &Map<String, Value>, name: &str, default: bool) -> Result<bool, Failure> {
    match object.get(name) {
        Some(value) if !is_blank(Some(value)) => {
            lenient::boolean(value).ok_or_else(|| wrong(name, value, "true, false"))
        }
        _ => Ok(default),
    }
}

/// A list of texts, or one text; blank ones are what an empty variable leaves behind, and mean nothing.
pub(super) fn texts(object: &Map<String, Value>, parent: &str, name: &str) -> Result<Vec<String>, Failure> {
    let items = match object.get(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().collect(),
        Some(value) => vec![value],
    };
    let texts: Result<Vec<String>, Failure> = items
        .into_iter()
        .map(|item| scalar(item).ok_or_else(|| wrong(&path(parent, name), item, "a text or a list of texts")))
        .collect();
    let mut seen = BTreeSet::new();
    let texts: Vec<String> = texts?.into_iter().filter(|text| !text.is_empty() && seen.insert(text.clone())).collect();
    if texts.len() > MOST_VALUES || texts.iter().any(|text| text.chars().count() > LONGEST_TEXT) {
        let (name, found) = (path(parent, name), texts.len());
        let message = format!(
            "{name} has {found} texts. Allowed: at most {MOST_VALUES}, each of at most {LONGEST_TEXT} characters"
        );
        return Err(Failure::input(message));
    }
    Ok(texts)
}

pub(super) fn number(object: &Map<String, Value>, name: &str, default: u64, most: u64) -> Result<u64, Failure> {
    let Some(value) = object.get(name).filter(|value| !value.is_null()) else { return Ok(default) };
    whole_number(value, most).ok_or_else(|| wrong(name, value, &format!("a whole number from 1 to {most}")))
}

/// A number of things, from 1 to `most`.
pub(super) fn size(object: &Map<String, Value>, name: &str, default: usize, most: usize) -> Result<usize, Failure> {
    let number = number(object, name, default as u64, most as u64)?;
    Ok(usize::try_from(number).expect("the number is at most `most`, which is a usize"))
}

/// One of several values; the first is the default.
pub(super) fn choice<T: Copy>(object: &Map<String, Value>, name: &str, allowed: &[(&str, T)]) -> Result<T, Failure> {
    match text(object, "", name)?.filter(|text| !text.is_empty()) {
        None => Ok(allowed[0].1),
        Some(text) => one_of(&text, name, allowed),
    }
}

pub(super) fn one_of<T: Clone>(text: &str, field: &str, allowed: &[(&str, T)]) -> Result<T, Failure> {
    allowed.iter().find(|(name, _)| *name == text).map(|(_, value)| value.clone()).ok_or_else(|| {
        let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
        wrong(field, &Value::from(text), &names.join(", "))
    })
}

pub(super) fn choices<T: Clone>(texts: &[String], field: &str, allowed: &[(&str, T)]) -> Result<Vec<T>, Failure> {
    texts.iter().map(|text| one_of(text, field, allowed)).collect()
}
