//! Detection items: a field, modifiers, and values.

use serde_json::{Map, Value};

use super::super::scenario::Happened;
use super::fields::values;

/// Whether a selection holds for an event: all items of a map, any map of a list.
pub(super) fn selects(event: &Happened, selection: &Value) -> Result<bool, String> {
    match selection {
        Value::Object(items) => all(event, items),
        Value::Array(maps) => {
            for map in maps {
                if selects(event, map)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        other => Err(format!("the judge does not know the selection {other}")),
    }
}

fn all(event: &Happened, items: &Map<String, Value>) -> Result<bool, String> {
    for (key, value) in items {
        if !holds(event, key, value)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether an item holds: one of its values, or with `all` each.
fn holds(event: &Happened, key: &str, expected: &Value) -> Result<bool, String> {
    let mut parts = key.split('|');
    let field = parts.next().unwrap_or_default();
    let modifiers: Vec<&str> = parts.collect();
    let actual = values(event, field)?;
    let (needs_all, modifiers): (Vec<&str>, Vec<&str>) = modifiers.into_iter().partition(|modifier| *modifier == "all");
    let expected = expected.as_array().cloned().unwrap_or_else(|| vec![expected.clone()]);
    let mut held = Vec::new();
    for expected in &expected {
        held.push(is_met(event, &actual, &modifiers, expected)?);
    }
    Ok(if needs_all.is_empty() { held.contains(&true) } else { !held.contains(&false) })
}

fn is_met(event: &Happened, actual: &[Value], modifiers: &[&str], expected: &Value) -> Result<bool, String> {
    let any = |test: &dyn Fn(&str) -> bool| actual.iter().any(|value| test(&text(value)));
    let wanted = text(expected);
    Ok(match modifiers {
        [] if expected.is_null() => actual.is_empty(),
        [] if wanted.contains(['*', '?', '\\']) => {
            return Err(format!("the judge does not know the pattern {wanted}"));
        }
        [] => any(&|value| value == wanted),
        ["contains"] => any(&|value| value.contains(&wanted)),
        ["startswith"] => any(&|value| value.starts_with(&wanted)),
        ["endswith"] => any(&|value| value.ends_with(&wanted)),
        ["exists"] => actual.is_empty() != (expected == &Value::Bool(true)),
        ["fieldref"] => {
            let other = values(event, expected.as_str().ok_or("fieldref without a field")?)?;
            other.iter().any(|other| any(&|value| value == text(other)))
        }
        ["lt" | "lte" | "gt" | "gte"] => {
            let limit = expected.as_f64().ok_or("a comparison without a number")?;
            let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
            actual.iter().filter_map(number).any(|number| match modifiers[0] {
                "lt" => number < limit,
                "lte" => number <= limit,
                "gt" => number > limit,
                _ => number >= limit,
            })
        }
        other => return Err(format!("the judge does not know the modifiers {}", other.join("|"))),
    })
}

/// A value as text in lower case: Sigma compares without case.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_lowercase()
}
