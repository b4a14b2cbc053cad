/// A language of sentences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, which is also that of a language without sentences.
    #[default]
    English,
    /// French.
    French,
}

impl Language {
    /// The language of a BCP 47 tag, as Grafana has it.
    ///
    /// ```
    /// use audittrail::locale::Language;
    ///
    /// assert_eq!(Language::of("fr-FR"), Language::French);
    /// assert_eq!(Language::of("FR"), Language::French);
    /// assert_eq!(Language::of("fro"), Language::English);
    /// ```
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let language = tag.split('-').next().unwrap_or_default();
        if language.eq_ignore_ascii_case("fr") { Self::French } else { Self::English }
    }

    /// A number with the language's decimal sign.
    pub(crate) fn decimal(self, number: &str) -> String {
        match self {
            Self::English => number.to_owned(),
            Self::French => number.replace('.', ","),
        }
    }

    /// Whether a word beside a number has its first form.
    pub(super) fn is_one(self, count: usize) -> bool {
        match self {
            Self::English => count == 1,
            Self::French => count < 2,
        }
    }
}
