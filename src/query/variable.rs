//! Variables of dashboards in queries: those that Grafana does not replace, and those without a value.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::error::Failure;
use super::field::{path, texts, wrong};
use crate::locale::{Language, Sentence};

/// A variable in each of Grafana's syntaxes: `$name`, `${name.path:format}`, `[[name:format]]`.
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\$[A-Za-z_][A-Za-z0-9_]*|\$\{[A-Za-z0-9_][^}]*\}|\[\[[A-Za-z_][A-Za-z0-9_]*(?::[A-Za-z0-9_]+)?\]\]")
        .expect("the pattern is a regular expression")
});

/// Refuses the query of an alert rule with a variable in it: Grafana replaces variables in panels, never in rules, where
/// one would silently match nothing.
///
/// Only `fields` are searched: Grafana stores fields of its own beside them, and those of a former data source.
///
/// # Errors
/// The first field that contains a variable, with the variable.
pub(super) fn refuse<'a>(query: &Map<String, Value>, mut fields: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    fields.try_for_each(|field| query.get(field).map_or(Ok(()), |value| within(field, value)))
}

fn within(field: &str, value: &Value) -> Result<(), Failure> {
    match value {
        Value::String(text) => match VARIABLE.find(text) {
            Some(found) => Err(Failure::input(format!(
                "{field} holds the variable {}, which Grafana does not replace in alert rules. Write the value itself",
                found.as_str()
            ))),
            None => Ok(()),
        },
        Value::Array(items) => items.iter().try_for_each(|item| within(field, item)),
        Value::Object(object) => object.iter().try_for_each(|(name, item)| within(&path(field, name), item)),
        _ => Ok(()),
    }
}

/// The dashboard variables without a value that a list of the scope consists of; none of them selects an event.
///
/// # Errors
/// When the field is no list of texts; and in an alert rule, which has no variables.
pub(super) fn empty(query: &Map<String, Value>, from_alert: bool) -> Result<Vec<String>, Failure> {
    let names = texts(query, "", "emptyVariables")?;
    if from_alert && !names.is_empty() {
        let value = query.get("emptyVariables").unwrap_or(&Value::Null);
        return Err(wrong("emptyVariables", value, "none in an alert rule, where Grafana replaces no variables"));
    }
    Ok(names)
}

/// The notice about variables without a value.
pub(super) fn without_value(names: &[String], language: Language) -> String {
    let names: Vec<String> =
        names.iter().map(|name| format!("${}", super::text::plain(name.trim_start_matches('$')))).collect();
    match &names[..] {
        [name] => Sentence::VariableEmpty { name }.text(language),
        several => Sentence::VariablesEmpty { names: &several.join(", ") }.text(language),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(query: &Value) -> Option<String> {
        refuse(query.as_object().unwrap(), ["scope"].into_iter()).err().map(|failure| failure.message)
    }

    #[test]
    fn a_variable_is_found_in_every_syntax() {
        for (text, variable) in [
            ("$a", "$a"),
            ("$_x$y", "$_x"),
            ("b ${c:raw} d", "${c:raw}"),
            ("${a.b}", "${a.b}"),
            ("${a.b:csv}", "${a.b:csv}"),
            ("${__from:date:iso}", "${__from:date:iso}"),
            ("[[e]]", "[[e]]"),
            ("[[e:csv]]", "[[e:csv]]"),
            ("$__all", "$__all"),
            ("$__from", "$__from"),
            ("a$__interval", "$__interval"),
            ("${__data.fields[0]}", "${__data.fields[0]}"),
        ] {
            let message =
                refused(&json!({ "scope": { "text": text } })).unwrap_or_else(|| panic!("{text} is not refused"));
            let expected =
                format!("scope.text holds the variable {variable}, which Grafana does not replace in alert rules.");
            assert!(message.starts_with(&expected), "{text}: {message}");
        }
        for text in
            ["$", "$1", "US$", "${}", "${ a}", "[[]]", "[[1]]", "[[a-z]]", "[[:alpha:]]", "$é", "^a$|^b$", "{a}"]
        {
            assert_eq!(refused(&json!({ "scope": { "text": text } })), None, "{text}");
        }
    }

    #[test]
    fn fields_outside_the_model_may_have_variables() {
        let own =
            json!({ "refId": "$a", "datasource": { "uid": "${ds}" }, "intervalMs": "$__interval", "other": "$x" });
        assert_eq!(refused(&own), None);
    }

    #[test]
    fn empty_variables_are_named() {
        let of = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            without_value(&names, Language::English)
        };
        assert_eq!(of(&["resource_id"]), "The variable $resource_id has no value, so no event is selected.");
        assert_eq!(of(&["$a", "b\n"]), "The variables $a, $b have no value, so no event is selected.");
    }
}
