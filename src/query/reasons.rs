//! Why events are as usual as they are, in words.

use super::answer::Answer;
use super::sentence::Sentences;
use super::text::plain;
use crate::event::{Column, Kind};
use crate::locale::Sentence;
use crate::profile::{Judge, Named};

/// Why the events of some rows are as usual as they are, as sentences.
pub(super) struct Reasons {
    /// By row, ascending.
    sentences: Vec<(usize, String)>,
}

impl Reasons {
    /// The reasons of some rows, which ascend; none where nothing in the query asks for novelty.
    pub(super) fn of(answer: &Answer, rows: &[usize], sentences: &Sentences<'_>) -> Self {
        let Some(profile) = &answer.novelty.profile else { return Self { sentences: Vec::new() } };
        let language = sentences.language;
        let unknown = Sentence::UnknownMethod.text(language);
        let findings = Judge::new(profile).findings(&answer.events.only(rows));
        let text = |row: usize, column| answer.events.one_text(column, row).map(plain);
        let sentence = |row: usize| {
            let [method, action] = [Column::Method, Column::Action].map(|column| text(row, column));
            let is_log_in = text(row, Column::Kind).as_deref() == Some(Kind::Authentication.as_str());
            let method = method.as_deref().unwrap_or(&unknown);
            match (is_log_in, action) {
                (true, _) => Sentence::LogInWith { method }.text(language),
                (false, Some(action)) => format!("{method} {action}"),
                (false, None) => method.to_owned(),
            }
        };
        let named = rows.iter().zip(findings).map(|(row, finding)| {
            let (what, country) = (sentence(*row), text(*row, Column::Country));
            let address = text(*row, Column::SourceIp);
            let named = Named {
                who: sentences.who.get(*row).unwrap_or_default(),
                what: &what,
                which: sentences.which.get(*row),
                address: address.as_deref(),
                country: country.as_deref(),
            };
            (*row, finding.words(&named, language))
        });
        Self { sentences: named.collect() }
    }

    /// The reason of a row.
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        let index = self.sentences.binary_search_by_key(&row, |(row, _)| *row).ok()?;
        Some(&self.sentences[index].1)
    }
}
