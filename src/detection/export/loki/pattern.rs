//! Texts and patterns as Loki reads them.

use std::fmt::Write as _;

use crate::detection::sigma::{ValuePart, value_parts};

/// What regular expressions take for more than itself.
const SPECIAL: &str = r"\.+*?()|[]{}^$";

/// A text in quotation marks, as Loki reads it: other characters than printable ASCII are escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            ' '..='~' => quoted.push(c),
            c if u32::from(c) <= 0xffff => write!(quoted, "\\u{:04x}", u32::from(c)).expect("a text takes all"),
            c => write!(quoted, "\\U{:08x}", u32::from(c)).expect("a text takes all"),
        }
    }
    quoted.push('"');
    quoted
}

/// How the values of a test lie in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each of them is a modifier, and any may be there")]
pub(super) struct Shape {
    /// Whether something may stand before a value.
    pub(super) open_start: bool,
    /// Whether something may stand after a value.
    pub(super) open_end: bool,
    /// Whether the case of letters counts.
    pub(super) is_cased: bool,
    /// Whether the value may be an element of a list, of which Loki reads the JSON text.
    pub(super) may_be_in_list: bool,
}

/// A comparison of a label with texts: the operator for "is one of them", that for "is none of them", and what stands after it.
pub(super) type Comparison = (&'static str, &'static str, String);

/// The comparison of a label with one of some values.
pub(super) fn one_of(values: &[Vec<ValuePart>], shape: Shape) -> Comparison {
    let has_letters = values.iter().flatten().any(|part| match part {
        ValuePart::Plain(text) => text.chars().any(char::is_alphabetic),
        _ => false,
    });
    let folds = has_letters && !shape.is_cased;
    if let ([value], false, false) = (values, folds, shape.may_be_in_list)
        && let ([ValuePart::Plain(text)], false, false) = (&value[..], shape.open_start, shape.open_end)
    {
        return ("=", "!=", quoted(text));
    }
    let alternatives: Vec<String> = values.iter().map(|value| regex(value, shape)).collect();
    let mut whole = match &alternatives[..] {
        [only] => only.clone(),
        all => format!("(?:{})", all.join("|")),
    };
    if shape.may_be_in_list {
        whole = format!(r#"(?:{whole}|\[(?:.*,)?"?{whole}"?(?:,.*)?\])"#);
    }
    let flags = match (folds, whole.contains('.')) {
        (true, true) => "(?is)",
        (true, false) => "(?i)",
        (false, true) => "(?s)",
        (false, false) => "",
    };
    // Loki takes some expressions for a search in the text, such as Lock(User|Member), unless they have anchors of their own.
    ("=~", "!~", quoted(&format!("{flags}^{whole}$")))
}

/// The regular expression of a value, for a whole text. An absent value is an empty text to Loki, and no value is one.
fn regex(value: &[ValuePart], shape: Shape) -> String {
    if value.iter().all(|part| *part == ValuePart::AnyText) {
        return ".+".to_owned();
    }
    let mut regex = String::from(if shape.open_start { ".*" } else { "" });
    for part in value {
        match part {
            ValuePart::AnyText => regex.push_str(".*"),
            ValuePart::AnyCharacter => regex.push('.'),
            ValuePart::Plain(text) => {
                for c in text.chars() {
                    if SPECIAL.contains(c) {
                        regex.push('\\');
                    }
                    regex.push(c);
                }
            }
        }
    }
    regex.push_str(if shape.open_end { ".*" } else { "" });
    regex
}

/// The parts of a text of a rule, in which `*` and `?` stand for other text.
pub(super) fn parts(text: &str) -> Vec<ValuePart> {
    value_parts(text)
}

/// The only part of a number or a truth value.
pub(super) fn plain(text: String) -> Vec<ValuePart> {
    vec![ValuePart::Plain(text)]
}
