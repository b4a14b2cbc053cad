//! Names that queries asked for and that this program does not know, for the health check.

use std::collections::BTreeSet;

use parking_lot::Mutex;

use super::catalogue::{Asked, Named};

/// The most names that are remembered.
const REMEMBERED: usize = 100;

/// The names that queries have asked for since the start and that this program's tables do not know.
#[derive(Debug, Default)]
pub(super) struct Unfamiliar(pub(super) Mutex<BTreeSet<(Named, String)>>);

impl Unfamiliar {
    pub(super) fn note(&self, asked: &[Asked<'_>]) {
        let mut names = self.0.lock();
        for asked in asked.iter().filter(|asked| !asked.is_familiar()) {
            if names.len() < REMEMBERED {
                names.insert((asked.named, asked.name.as_str().to_owned()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::query::catalogue::asked;
    use crate::query::scope::Scope;

    #[test]
    fn what_is_remembered_is_bounded() {
        let unfamiliar = Unfamiliar::default();
        for number in 0..REMEMBERED + 10 {
            let scope = Scope::parse(Some(&json!({ "methods": [format!("m{number}"), "CreateUser"] }))).unwrap();
            unfamiliar.note(&asked(&scope, &[]));
        }
        assert_eq!(unfamiliar.0.lock().len(), REMEMBERED);
    }
}
