use std::collections::HashSet;
use std::sync::LazyLock;

use super::error::RuleError;
use super::pack::{Pack, RuleFile};
use super::rule::Rule;

impl Pack {
    /// The rules that are part of the binary, and those of some files. A rule of the files cannot have the id of one of the
    /// binary.
    #[must_use]
    pub fn with_shipped(files: &[RuleFile]) -> (Self, Vec<RuleError>) {
        let shipped = Self::shipped();
        let shipped = shipped.rules().iter().map(|rule| RuleFile::new(&*rule.place.file, &*rule.place.text));
        Self::parse(&shipped.chain(files.iter().cloned()).collect::<Vec<_>>())
    }
}

impl Rule {
    /// Whether the rule is part of the binary.
    #[must_use]
    pub fn is_shipped(&self) -> bool {
        static IDS: LazyLock<HashSet<String>> =
            LazyLock::new(|| Pack::shipped().rules().iter().map(|rule| rule.id.clone()).collect());
        IDS.contains(&self.id)
    }
}
