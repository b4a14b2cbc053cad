//! Why a day of a profile could not be read.

use super::listings::summary;
use crate::cache::Gap;
use crate::locale::{Language, Sentence};

/// Why a day could not be read. The log has it in English, and answers in the language of their query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DayError {
    /// Events of a region are missing.
    Gap { region: String, gap: Gap },
    /// Its events were not counted.
    Count(String),
}

impl DayError {
    /// In words.
    pub(super) fn words(&self, language: Language) -> String {
        match self {
            Self::Gap { region, gap } => {
                let (what, sentence) = (&Sentence::WhomRegion { region }.text(language), &summary(gap, language));
                Sentence::About { what, sentence }.text(language)
            }
            Self::Count(message) => message.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_in_the_language_of_the_query() {
        let error = DayError::Gap { region: "nl-ams".to_owned(), gap: Gap::Limit(5) };
        let english =
            "region nl-ams: only the newest 5 events were fetched (setting maxEvents); older ones are missing";
        assert_eq!(error.words(Language::English), english);
        let french = error.words(Language::French);
        assert!(french.starts_with("région nl-ams : seuls les 5 événements les plus récents"), "{french}");
    }
}
