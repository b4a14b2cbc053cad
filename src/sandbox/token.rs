//! Page tokens: a position in a window, unreadable to the client and refused for any other question.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::list::{Position, Selection};

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) position: Position,
    pub(super) after: i64,
    pub(super) before: i64,
    /// The question it continues: endpoint, region, order and filters.
    question: u64,
}

/// Keeps curious clients from reading positions out of tokens.
const VEIL: u64 = 0x9e37_79b9_7f4a_7c15;

impl Token {
    pub(super) fn new(endpoint: &str, region: &str, selection: &Selection, position: Position) -> Self {
        let question = question(endpoint, region, selection);
        Self { position, after: selection.after, before: selection.before, question }
    }

    pub(super) fn continues(&self, endpoint: &str, region: &str, selection: &Selection) -> bool {
        self.question == question(endpoint, region, selection)
    }

    pub(super) fn write(&self) -> String {
        let words = [
            self.position.at.cast_unsigned(),
            self.position.number,
            self.after.cast_unsigned(),
            self.before.cast_unsigned(),
            self.question,
        ];
        let mut text = String::with_capacity(96);
        let mut veil = checksum(&words);
        let _ = write!(text, "{veil:016x}");
        for word in words {
            veil = veil.wrapping_mul(VEIL).rotate_left(23);
            let _ = write!(text, "{:016x}", word ^ veil);
        }
        text
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() != 96 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let word = |place: usize| u64::from_str_radix(&text[16 * place..16 * (place + 1)], 16).ok();
        let sum = word(0)?;
        let mut veil = sum;
        let mut words = [0; 5];
        for (place, slot) in words.iter_mut().enumerate() {
            veil = veil.wrapping_mul(VEIL).rotate_left(23);
            *slot = word(place + 1)? ^ veil;
        }
        let [at, number, after, before, question] = words;
        (checksum(&words) == sum).then_some(Self {
            position: Position { at: at.cast_signed(), number },
            after: after.cast_signed(),
            before: before.cast_signed(),
            question,
        })
    }
}

fn checksum(words: &[u64; 5]) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}

fn question(endpoint: &str, region: &str, selection: &Selection) -> u64 {
    let mut hasher = DefaultHasher::new();
    (endpoint, region, selection.descending, &selection.filters).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_written_and_otherwise_refused() {
        let selection = Selection { after: -5, before: i64::MAX, descending: true, filters: Vec::new() };
        let position = Position { at: 1_765_432_109_876_543_210, number: 42 };
        let token = Token::new("events", "fr-par", &selection, position);
        let text = token.write();
        assert_eq!(Token::read(&text), Some(token));
        assert!(token.continues("events", "fr-par", &selection));
        assert!(!token.continues("events", "nl-ams", &selection));
        assert!(!token.continues("events", "fr-par", &Selection { descending: false, ..selection }));
        for place in [0, 40, 95] {
            let mut forged = text.clone().into_bytes();
            forged[place] = if forged[place] == b'0' { b'1' } else { b'0' };
            assert_eq!(Token::read(&String::from_utf8_lossy(&forged)), None);
        }
        assert_eq!(Token::read("é"), None);
    }
}
