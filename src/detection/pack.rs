use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use super::bounds::{PACK_BYTES, RULES};
use super::document::{self, Draft};
use super::error::RuleError;
use super::level::Level;
use super::link::link;
use super::rule::Rule;
use super::section::Tests;
use super::sets::Sets;
use super::shipped::FILES;
use super::yaml::documents;

/// A file of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFile {
    /// The name, for errors.
    pub name: String,
    /// The documents, YAML.
    pub text: String,
}

impl RuleFile {
    /// A file of a name and a text.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}

/// Rules that are compiled together. A pack does not change, so that the verdicts on events can be cached beside the events.
#[derive(Debug)]
pub struct Pack {
    /// The pack's key, unique in this process.
    pub(super) key: u32,
    /// The rules; a correlation comes after the rules that it uses.
    pub(super) rules: Vec<Rule>,
    /// How many different tests the rules have.
    pub(super) tests: usize,
    /// The sets of rules that match events.
    pub(super) sets: Sets,
}

impl Pack {
    /// The rules that are part of the binary.
    ///
    /// # Panics
    /// When a rule is malformed, which is a defect of the build; the message names it.
    #[must_use]
    pub fn shipped() -> Arc<Self> {
        static SHIPPED: LazyLock<Arc<Pack>> = LazyLock::new(|| {
            let (pack, errors) = Pack::parse(&FILES.map(|(name, text)| RuleFile::new(name, text)));
            assert!(errors.is_empty(), "{}", errors[0]);
            Arc::new(pack)
        });
        Arc::clone(&SHIPPED)
    }

    /// The rules of some files. A rule with a fault, and each rule that refers to it, is left out and has an error.
    #[must_use]
    pub fn parse(files: &[RuleFile]) -> (Self, Vec<RuleError>) {
        let mut reader = Reader::default();
        for file in files {
            reader.read(file);
        }
        let Reader { tests, drafts, mut errors, faulty, .. } = reader;
        let (rules, more) = link(drafts, &faulty);
        errors.extend(more);
        (Self::new(rules, tests.len()), errors)
    }

    fn new(rules: Vec<Rule>, tests: usize) -> Self {
        static NEXT_KEY: AtomicU32 = AtomicU32::new(0);
        Self { key: NEXT_KEY.fetch_add(1, Ordering::Relaxed), rules, tests, sets: Sets::default() }
    }

    /// The rules; a correlation comes after the rules that it uses.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The numbers of the rules that a selection selects and that are shown, ascending.
    #[must_use]
    pub fn select(&self, selection: &Selection) -> Vec<usize> {
        let selected = |rule: &Rule| {
            rule.is_shown
                && selection.has(Some(rule.level), Some(&rule.tags), [Some(rule.id.as_str()), rule.name.as_deref()])
        };
        (0..self.rules.len()).filter(|number| selected(&self.rules[*number])).collect()
    }
}

/// Reads files.
#[derive(Default)]
struct Reader {
    tests: Tests,
    drafts: Vec<Draft>,
    errors: Vec<RuleError>,
    /// The ids, or else names or titles, of rules with a fault.
    faulty: HashSet<String>,
    bytes: usize,
}

impl Reader {
    fn read(&mut self, file: &RuleFile) {
        let name: Arc<str> = file.name.as_str().into();
        self.bytes = self.bytes.saturating_add(file.text.len());
        if self.bytes > PACK_BYTES {
            let message = format!("all files together have more than {PACK_BYTES} bytes");
            return self.errors.push(RuleError::new(&name, None, message));
        }
        let documents = match documents(&file.text) {
            Ok(documents) => documents,
            Err(fault) => return self.errors.push(RuleError::new(&name, fault.line, fault.message)),
        };
        for document in documents {
            if self.drafts.len() == RULES {
                let message = format!("all files together have more than {RULES} rules");
                return self.errors.push(RuleError::new(&name, Some(document.line), message));
            }
            match document::read(document, &name, &mut self.tests) {
                Ok(draft) => self.drafts.push(draft),
                Err(error) => {
                    self.faulty.extend(error.rule.clone());
                    self.errors.push(error);
                }
            }
        }
    }
}

/// Which rules are asked for. An empty list does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Levels.
    pub levels: Vec<Level>,
    /// Tags: a rule needs one of them.
    pub tags: Vec<String>,
    /// Ids or names.
    pub ids: Vec<String>,
}

impl Selection {
    /// Whether a rule with this fault may be among the selected ones. A key that could not be read selects it.
    #[must_use]
    pub fn concerns(&self, error: &RuleError) -> bool {
        match &error.rule {
            None => true,
            Some(rule) => self.has(error.level, error.tags.as_deref(), [Some(rule.as_str()), None]),
        }
    }

    fn has(&self, level: Option<Level>, tags: Option<&[String]>, ids: [Option<&str>; 2]) -> bool {
        let has_level = self.levels.is_empty() || level.is_none_or(|level| self.levels.contains(&level));
        let has_tag = self.tags.is_empty() || tags.is_none_or(|tags| tags.iter().any(|tag| self.tags.contains(tag)));
        let has_id = self.ids.is_empty() || ids.iter().flatten().any(|id| self.ids.iter().any(|known| known == id));
        has_level && has_tag && has_id
    }
}
