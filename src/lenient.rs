//! Lenient readers of JSON values from people, environment variables and Grafana's variables: numbers and booleans may be
//! text. Settings and queries use them.

use serde_json::Value;
use uuid::Uuid;

/// A text or a number as trimmed text; `None` for other types. A float without a fraction is a whole number, as in YAML.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => Some(format!("{float:.0}")),
            _ => Some(number.to_string()),
        },
        _ => None,
    }
}

/// A whole number from 1 to `most`.
pub(crate) fn whole_number(value: &Value, most: u64) -> Option<u64> {
    scalar(value)?.parse().ok().filter(|number| (1..=most).contains(number))
}

/// A boolean, also as text in any case.
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Whether a value is absent, null or blank; an empty variable leaves a blank text.
pub(crate) fn is_blank(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    }
}

/// Whether a text is a UUID with hyphens, in any case.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

/// A UUID as Scaleway spells it, in lower case; any other text unchanged.
pub(crate) fn canonical_id(text: String) -> String {
    if is_uuid(&text) { text.to_ascii_lowercase() } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_may_be_text_and_floats_without_a_fraction_are_whole() {
        for value in [json!(15), json!("15"), json!(" 15 "), json!(15.0)] {
            assert_eq!((scalar(&value).as_deref(), whole_number(&value, 15)), (Some("15"), Some(15)), "{value}");
        }
        for value in [json!(0), json!(16), json!(-1), json!(1.5), json!("15.0"), json!(true), json!([15]), json!(null)]
        {
            assert_eq!(whole_number(&value, 15), None, "{value}");
        }
        assert_eq!(scalar(&json!(1e300)).as_deref(), Some("1e+300"));
    }

    #[test]
    fn a_uuid_has_hyphens_and_is_lower_case_at_scaleway() {
        let id = "11111111-2222-3333-4444-55555555ABCD";
        assert_eq!(canonical_id(id.to_owned()), id.to_ascii_lowercase());
        for other in [&id.replace('-', ""), &format!("{{{id}}}"), &format!("urn:uuid:{id}"), "fr-par-ABC", ""] {
            assert_eq!(canonical_id((*other).to_owned()), *other);
        }
    }
}
