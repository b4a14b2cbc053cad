//! Text that a person reads outside HTML: legends, alert labels, table cells, log lines, messages, a terminal.
//!
//! Names and user agents are text of the caller's choice, and so is much of a query and of an error. Everything shown
//! passes one of four functions, which differ in the length that they allow:
//!
//! | function | for | longest, in characters |
//! |---|---|---|
//! | [`plain`] | a part of a sentence | 80 |
//! | [`label`] | the label of a series, the text of a variable's value | 200 |
//! | [`cell`] | a cell of a table, a label of a log line | 4 096 |
//! | [`message`] | an error, a notice | 4 096 |
//!
//! All of them replace line breaks by a space and leave out characters without a shape. None changes what a machine
//! compares: the texts of events do not change, and [`is`] finds a text by what any of the functions makes of it, so that a filter
//! made from a legend or a log line finds the events it was made from.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::hidden::is_hidden;
use crate::locale::{Language, Sentence};

/// The longest part of a sentence.
const LONGEST_PART: usize = 80;

/// The longest label.
pub const LONGEST_LABEL: usize = 200;

/// The longest cell and the longest message: as long as a text of a query may be.
pub const LONGEST_CELL: usize = super::field::LONGEST_TEXT;

/// How many hexadecimal digits distinguish changed labels.
const SIGN_DIGITS: usize = 8;

/// Whether a character ends a line or jumps within it; a space replaces it, so that words stay apart.
fn is_break(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a text is shown as it is.
fn is_clean(text: &str, longest: usize) -> bool {
    if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return text.len() <= longest;
    }
    let mut characters = 0;
    text.chars().all(|c| {
        characters += 1;
        !is_hidden(c) && characters <= longest
    })
}

/// At most `most` characters of a text, without those that are hidden, and whether there are more.
fn cleaned(text: &str, most: usize) -> (String, bool) {
    let mut clean = String::with_capacity(text.len().min(4 * most));
    let mut characters = 0;
    for c in text.chars() {
        let c = match c {
            c if is_break(c) && (clean.is_empty() || clean.ends_with(' ')) => continue,
            c if is_break(c) => ' ',
            c if is_hidden(c) => continue,
            c => c,
        };
        if characters == most {
            return (clean, true);
        }
        clean.push(c);
        characters += 1;
    }
    if clean.ends_with(' ') && text.ends_with(is_break) {
        clean.pop();
    }
    (clean, false)
}

fn shortened(text: &str, longest: usize) -> Cow<'_, str> {
    if is_clean(text, longest) {
        return Cow::Borrowed(text);
    }
    let (mut clean, more) = cleaned(text, longest);
    if more {
        clean.push('…');
    }
    Cow::Owned(clean)
}

/// A text as a part of a sentence.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    shortened(text, LONGEST_PART)
}

/// A text as a cell of a table, or as a label of a log line.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    shortened(text, LONGEST_CELL)
}

/// A sentence that may quote other people's text.
#[must_use]
pub fn message(text: &str) -> Cow<'_, str> {
    shortened(text, LONGEST_CELL)
}

/// Lines of text, each as [`message`].
#[must_use]
pub fn lines(text: &str) -> String {
    text.split('\n').map(message).collect::<Vec<_>>().join("\n")
}

/// A text as the label of a series.
///
/// Two texts have two labels: labels distinguish alert instances, and Grafana refuses a rule with two instances of the same
/// labels. A text that is changed, by its length or by what is hidden in it, therefore ends with a sign that is made of the
/// whole text: `Bob #5f3a92c1`. The sign does not depend on the other groups, so that an instance has the same labels from
/// one evaluation to the next. A text that looks as if it had a sign gets one too.
#[must_use]
pub fn label(text: &str) -> Cow<'_, str> {
    if is_clean(text, LONGEST_LABEL) && !text.trim().is_empty() && !is_signed(text) {
        return Cow::Borrowed(text);
    }
    let end = " #".len() + SIGN_DIGITS;
    let (clean, more) = cleaned(text, LONGEST_LABEL - end - "…".chars().count());
    let clean = if clean.trim().is_empty() { "(blank)" } else { &clean };
    let mut label = format!("{clean}{} #", if more { "…" } else { "" });
    for byte in Sha256::digest(text.as_bytes()).iter().take(SIGN_DIGITS / 2) {
        let _ = write!(label, "{byte:02x}");
    }
    Cow::Owned(label)
}

/// Whether a text ends as a changed label does.
fn is_signed(text: &str) -> bool {
    text.rsplit_once(" #").is_some_and(|(_, sign)| {
        sign.len() == SIGN_DIGITS && sign.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Whether an event's text is the one that is asked for: as it is, or as it is shown.
#[must_use]
pub fn is(text: &str, asked: &str) -> bool {
    text == asked || shown(text).is_some_and(|shown| shown.iter().any(|shown| shown == asked))
}

/// The shown form of a text, where it differs from the text.
#[must_use]
pub fn shown(text: &str) -> Option<[String; 2]> {
    let label = label(text);
    (label != text).then(|| [label.into_owned(), cell(text).into_owned()])
}

/// JSON whose texts show what is hidden in them: as the escapes that JSON has for these characters, which are text here.
///
/// Grafana parses the JSON of a cell and writes it anew, so that an escape alone would be undone.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains("\\u") && !text.contains('\u{7f}') {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (length, hidden) = match c {
            '\\' => escape(rest),
            // What JSON does not allow within its texts is space around them.
            c if c < ' ' => (1, None),
            c => (c.len_utf8(), is_hidden(c).then_some(c)),
        };
        match hidden {
            Some(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(clean, "\\\\u{unit:04x}");
                }
            }
            None => clean.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    Cow::Owned(clean)
}

/// The length of the escape that a text begins with, and the hidden character that it stands for. JSON that is written anew
/// has escapes for characters below the space.
fn escape(text: &str) -> (usize, Option<char>) {
    let Some(first) = unit(text) else {
        let escaped = text.chars().nth(1).map_or(0, char::len_utf8);
        return (1 + escaped, None);
    };
    let units = [Some(first), text.get(6..).and_then(unit)];
    match char::decode_utf16(units.into_iter().flatten()).next() {
        Some(Ok(c)) => (6 * c.len_utf16(), (c >= ' ' && is_hidden(c)).then_some(c)),
        _ => (6, None),
    }
}

/// The UTF-16 unit of the escape that a text begins with.
fn unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// Some texts, and how many more there are.
#[must_use]
pub fn listed(language: Language, texts: &[impl AsRef<str>]) -> String {
    const LISTED: usize = 5;
    let some = texts.iter().take(LISTED).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match texts.len().saturating_sub(LISTED) {
        0 => some,
        more => Sentence::AndMore { listed: &some, more }.text(language),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Texts that a caller might choose: hidden characters, long ones, signs, and mixtures of them.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-b]{0,3}",
            prop::sample::select(vec![
                "\n",
                "\r\n",
                "\u{202e}",
                "\u{200b}",
                " ",
                "\u{2028}",
                "\u{fe0f}",
                "é",
                "\u{1b}[31m"
            ])
            .prop_map(str::to_owned),
            Just("x".repeat(150)),
            Just(" #0123abcd".to_owned()),
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn line_breaks_become_spaces_and_hidden_characters_are_left_out() {
        assert_eq!(plain("a\nb\r\n\tc\u{7}\u{0}\u{85}"), "a b c");
        assert_eq!(plain("\n\na\u{2028}b\u{2029}c\u{61c}\n"), "a b c");
        assert_eq!(plain("invoice\u{202e}gnp.exe\u{202c}\u{2066}\u{200f}"), "invoicegnp.exe");
        assert_eq!(plain("\u{1b}[31mred\u{1b}[0m"), "[31mred[0m");
        assert_eq!(plain(" a  b "), " a  b ");
    }

    #[test]
    fn hidden_characters_of_every_range_are_left_out() {
        let ranges =
            ['\u{200b}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2060}'..='\u{2069}', '\u{feff}'..='\u{feff}'];
        let more = ['\u{e0000}'..='\u{e007f}', '\u{fe00}'..='\u{fe0f}', '\u{e0100}'..='\u{e01ef}', '\u{ad}'..='\u{ad}'];
        let format = ['\u{600}'..='\u{605}', '\u{fff9}'..='\u{fffb}', '\u{13430}'..='\u{1343f}', '\u{7f}'..='\u{84}'];
        for hidden in ranges.into_iter().chain(more).chain(format).flatten() {
            assert_eq!(plain(&format!("ad{hidden}min")), "admin", "{}", hidden.escape_unicode());
        }
        // Letters of any script, and signs that combine, are text.
        for text in ["é", "e\u{301}", "Ω", "日本", "עברית", "العربية", "🦀", "a b"] {
            assert_eq!((plain(text), label(text), cell(text)), (text.into(), text.into(), text.into()));
        }
    }

    #[test]
    fn each_use_has_its_longest_text() {
        for (show, longest) in [(plain as fn(&str) -> Cow<'_, str>, 80), (cell, 4_096), (message, 4_096)] {
            assert_eq!(show(&"é".repeat(longest)), "é".repeat(longest));
            assert_eq!(show(&"é".repeat(longest + 1)), "é".repeat(longest) + "…");
            // Omitted characters do not count.
            let hidden = "\u{200b}é".repeat(longest);
            assert_eq!(show(&hidden), "é".repeat(longest));
        }
        assert_eq!(lines("a\u{202e}\r\nb"), "a\nb");
    }

    #[test]
    fn a_label_that_is_changed_is_told_from_others_by_a_sign() {
        assert_eq!(label("alice"), "alice");
        assert_eq!(label(&"é".repeat(200)), "é".repeat(200));
        assert_eq!(label("al\u{200b}ice"), "alice #53083912");
        assert_eq!(label("al\u{200b}ice"), label("al\u{200b}ice"));
        assert_ne!(label("al\u{200b}ice"), label("al\u{200c}ice"));
        assert_eq!(label("a\nb"), format!("a b{}", &label("a\nb")[3..]));
        let (long, other) = ("x".repeat(10_000), "x".repeat(9_999) + "y");
        assert_ne!(label(&long), label(&other));
        assert_eq!(label(&long).chars().count(), 200);
        assert!(label(&long).starts_with(&("x".repeat(189) + "… #")), "{}", label(&long));
        // A text that pretends to be the changed label of another is changed itself.
        assert_ne!(label(&label("al\u{200b}ice")), label("al\u{200b}ice"));
        // A label without a text would be no label to Grafana.
        for blank in ["", " ", "\n", "\u{200b}\u{202e}"] {
            assert!(label(blank).starts_with("(blank) #"), "{blank:?}: {}", label(blank));
        }
    }

    #[test]
    fn a_text_is_found_by_what_is_shown_of_it() {
        for text in ["alice".to_owned(), "a\nb".to_owned(), "x\u{202e}".to_owned(), "y".repeat(300), "z".repeat(9_000)]
        {
            assert!(is(&text, &text) && is(&text, &label(&text)) && is(&text, &cell(&text)), "{text:?}");
            assert!(!is(&text, "other") && !is(&text, ""));
        }
        assert!(!is("alice", "ali\u{200b}ce"), "what is asked for is not changed");
        assert!(!is("", "(none)"));
    }

    #[test]
    fn json_shows_what_is_hidden_in_its_texts() {
        for (text, shown) in [
            (r#"{"a":"b\n\u0007\u00e9é"}"#, r#"{"a":"b\n\u0007\u00e9é"}"#),
            ("{\n  \"a\": 1\n}", "{\n  \"a\": 1\n}"),
            ("[\"x\u{202e}y\"]", r#"["x\\u202ey"]"#),
            (r#"["x\u202Ey"]"#, r#"["x\\u202ey"]"#),
            (r#"["x\\u202ey"]"#, r#"["x\\u202ey"]"#),
            (r#"["\udb40\udc41"]"#, r#"["\\udb40\\udc41"]"#),
            (r#"["\ud83e\udd80 \ud83e"]"#, r#"["\ud83e\udd80 \ud83e"]"#),
            ("\"\u{7f}\"", r#""\\u007f""#),
            (r#"["\"#, r#"["\"#),
            (r#"["\u12"#, r#"["\u12"#),
        ] {
            assert_eq!(json(text), shown, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_shown(text in hostile()) {
            for (shown, longest) in [
                (plain(&text), LONGEST_PART + 1),
                (label(&text), LONGEST_LABEL),
                (cell(&text), LONGEST_CELL + 1),
                (message(&text), LONGEST_CELL + 1),
            ] {
                prop_assert!(!shown.contains(is_hidden), "{:?}", shown);
                prop_assert!(shown.chars().count() <= longest);
            }
            prop_assert!(is(&text, &label(&text)) && is(&text, &cell(&text)));
        }

        #[test]
        fn texts_that_differ_have_labels_that_differ(texts in prop::collection::vec(hostile(), 0..20)) {
            let mut labels: HashMap<String, String> = HashMap::new();
            for text in texts {
                let known = labels.entry(label(&text).into_owned()).or_insert_with(|| text.clone());
                prop_assert_eq!(&*known, &text);
            }
        }

        #[test]
        fn json_stays_json_and_what_is_not_hidden_stays(text in hostile()) {
            let document = serde_json::to_string(&text).unwrap();
            let shown: String = serde_json::from_str(&json(&document)).unwrap();
            prop_assert!(!shown.contains(|c| is_hidden(c) && c >= ' '), "{:?}", shown);
            if !text.contains(is_hidden) {
                prop_assert_eq!(shown, text);
            }
            prop_assert!(serde_json::from_str::<Value>(&json(&document)).is_ok());
        }
    }
}
