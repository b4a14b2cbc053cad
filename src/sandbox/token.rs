//! Page tokens: the end of a page, opaque to the client and refused for any other list.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde::{Deserialize, Serialize};

use super::endpoint::Endpoint;
use super::list::{Position, Selection};

/// The position of a page's last event and the bounds of the first page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) position: Position,
    pub(super) after: i64,
    pub(super) before: i64,
    /// A hash of the list (endpoint, region, order and filters) and of the fields above.
    seal: u64,
}

impl Token {
    pub(super) fn new(endpoint: Endpoint, region: &str, selection: &Selection, position: Position) -> Self {
        let (after, before) = (selection.after, selection.before);
        let mut token = Self { position, after, before, seal: 0 };
        token.seal = token.seal_for(endpoint, region, selection);
        token
    }

    /// Whether the token is one of this server for a list.
    pub(super) fn continues(&self, endpoint: Endpoint, region: &str, selection: &Selection) -> bool {
        self.seal == self.seal_for(endpoint, region, selection)
    }

    fn seal_for(&self, endpoint: Endpoint, region: &str, selection: &Selection) -> u64 {
        let mut hasher = DefaultHasher::new();
        (endpoint, region, selection.descending, &selection.filters).hash(&mut hasher);
        (self.position, self.after, self.before).hash(&mut hasher);
        hasher.finish()
    }

    pub(super) fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).expect("numbers are JSON"))
    }

    pub(super) fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_continues_its_own_list_and_no_other() {
        let selection = Selection { after: -5, before: i64::MAX, descending: true, filters: Vec::new() };
        let position = Position { at: 1_765_432_109_876_543_210, number: 42 };
        let token = Token::new(Endpoint::Events, "fr-par", &selection, position);
        let text = token.encode();
        assert_eq!(Token::decode(&text), Some(token));
        let continues = |token: Token| token.continues(Endpoint::Events, "fr-par", &selection);
        assert!(continues(token));
        assert!(!token.continues(Endpoint::Events, "nl-ams", &selection));
        assert!(!token.continues(Endpoint::Events, "fr-par", &Selection { descending: false, ..selection.clone() }));
        // A changed character gives no token, or one that continues no list.
        for index in [0, 40, text.len() - 2] {
            let mut forged = text.clone().into_bytes();
            forged[index] = if forged[index] == b'A' { b'B' } else { b'A' };
            assert!(!Token::decode(&String::from_utf8_lossy(&forged)).is_some_and(continues), "{index}");
        }
        assert_eq!(Token::decode("é"), None);
    }
}
