//! Cleaning of a service's texts for messages.

use regex::RegexBuilder;
use secrecy::{ExposeSecret, SecretString};

/// The most characters of a text that are searched for the secret.
const MOST_SEARCHED: usize = 10_000;

/// The most characters of a text that are quoted.
const MOST_QUOTED: usize = 200;

/// A text on one line, bounded in length, and without the secret, which a careless proxy might echo.
pub(super) fn redact(secret: &SecretString, text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).take(MOST_SEARCHED).collect();
    let secret = RegexBuilder::new(&regex::escape(secret.expose_secret())).case_insensitive(true).build();
    let secret = secret.expect("an escaped text is a regular expression");
    // The secret is replaced before the text is cut, so that no part of the secret is left at the cut.
    secret.replace_all(&text, "[secret]").chars().take(MOST_QUOTED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_goes_in_any_case_and_across_line_breaks() {
        let secret = SecretString::from("a.b-c");
        assert_eq!(redact(&secret, "no A.B-C, a.\nb-c or axb-c"), "no [secret], [secret] or axb-c");
    }

    #[test]
    fn cut_leaves_no_part_of_the_secret() {
        let secret = SecretString::from("0123456789");
        let text = format!("{}0123456789", "x".repeat(MOST_QUOTED - 4));
        assert_eq!(redact(&secret, &text), format!("{}[sec", "x".repeat(MOST_QUOTED - 4)));
    }
}
