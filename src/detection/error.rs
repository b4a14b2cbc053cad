use std::fmt;
use std::sync::Arc;

use super::level::Level;
use crate::hidden::is_hidden;

/// The most characters of a rule's text that an error quotes.
const QUOTED: usize = 64;

/// A fault of a rule: in which file, which rule, where, and what to do.
///
/// ```
/// use audittrail::detection::{Pack, RuleFile};
///
/// let text = "title: Odd\nid: odd\nlogsource: {product: scaleway}\ndetection:\n  selection:\n    method_nam: DeleteKey\n  condition: selection\n";
/// let (_, errors) = Pack::parse(&[RuleFile::new("odd.yml", text)]);
/// assert_eq!(
///     errors[0].to_string(),
///     "odd.yml:6: rule odd: there is no field \"method_nam\"; did you mean \"method_name\"?",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The name of the file.
    pub file: Arc<str>,
    /// The rule's id, or else its name or title; none where the file is not YAML, or has no such key.
    pub rule: Option<String>,
    /// The rule's level, as far as it is known.
    pub level: Option<Level>,
    /// The rule's tags; none where they cannot be read.
    pub tags: Option<Vec<String>>,
    /// The line in the file, from 1; none where a fault has no place, such as a circle of rules.
    pub line: Option<u32>,
    /// The fault, what is allowed, and what to do.
    pub message: String,
}

impl RuleError {
    /// A fault that concerns a file.
    pub(super) fn new(file: &Arc<str>, line: Option<u32>, message: impl Into<String>) -> Self {
        Self { file: Arc::clone(file), rule: None, level: None, tags: None, line, message: message.into() }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(rule) = &self.rule {
            write!(f, ": rule {}", clean(rule))?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for RuleError {}

/// A part of a rule's text in quotation marks: bounded, without control and direction characters.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", clean(text))
}

/// A foreign text on one line: bounded, without control and direction characters.
pub(super) fn clean(text: &str) -> String {
    bounded(text, QUOTED)
}

/// The first `most` characters of a foreign text on one line, without control and direction characters.
pub(super) fn bounded(text: &str, most: usize) -> String {
    let mut cleaned = String::new();
    for (count, c) in text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).enumerate() {
        if count == most {
            cleaned.push('…');
            break;
        }
        cleaned.push(c);
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_is_short_and_has_no_hidden_characters() {
        assert_eq!(quoted("a\nb\u{202e}c\u{1b}[0m"), "\"a b c [0m\"");
        let long = quoted(&"é".repeat(10_000));
        assert_eq!(long.chars().count(), QUOTED + 3);
        assert!(long.ends_with("…\""));
    }

    #[test]
    fn an_error_names_file_line_and_rule() {
        let file: Arc<str> = "a.yml".into();
        let error = RuleError::new(&file, Some(3), "wrong");
        assert_eq!(error.to_string(), "a.yml:3: wrong");
        let error = RuleError { rule: Some("x".to_owned()), line: None, ..error };
        assert_eq!(error.to_string(), "a.yml: rule x: wrong");
    }
}
