//! The rules that a query is about: which it asks for, and which it gets.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::detection::{Baseline, Kind, Pack, Rule, RuleError, Selection};

/// The rules that a query asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleChoice {
    /// Which of the rules; all where nothing restricts them.
    pub selection: Selection,
    /// The query's own rules instead of those of the data source: Sigma documents.
    pub text: Option<String>,
}

/// The rules that a query gets.
#[derive(Clone, Debug)]
pub struct ChosenRules {
    /// The rules are in this pack.
    pub(super) pack: Arc<Pack>,
    /// The numbers of the rules whose matches are shown, ascending.
    pub(super) shown: Vec<usize>,
    /// Whether the pack is for this query alone, so that its verdicts are not worth a place in the cache.
    pub(super) is_own: bool,
}

impl ChosenRules {
    /// The numbers of the rules to judge, ascending: those that are shown, and those that their correlations use.
    pub(super) fn needed(&self) -> BTreeSet<usize> {
        let mut needed: BTreeSet<usize> = self.shown.iter().copied().collect();
        // A correlation has a higher number than the rules that it uses.
        for number in (0..self.pack.rules().len()).rev() {
            if needed.contains(&number) {
                needed.extend(used_by(&self.pack.rules()[number].kind));
            }
        }
        needed
    }

    /// Whether a rule compares events with the days before: then all events of the trail are read.
    pub(super) fn have_baselines(&self) -> bool {
        !self.baselines().is_empty()
    }

    /// The rules that compare events with the days before.
    pub(super) fn baselines(&self) -> Vec<(&Rule, &Baseline)> {
        let rules = self.needed().into_iter().map(|number| &self.pack.rules()[number]);
        rules.filter_map(|rule| Some((rule, rule.baseline.as_ref()?))).collect()
    }

    /// Whether a rule, or one that it uses, reads request bodies or source addresses.
    pub(super) fn reads_details(&self, number: usize) -> bool {
        let alone = Self { pack: Arc::clone(&self.pack), shown: vec![number], is_own: self.is_own };
        alone.needed().into_iter().any(|number| self.pack.rules()[number].reads_details())
    }
}

/// The numbers of the rules that a rule uses.
fn used_by(kind: &Kind) -> &[usize] {
    match kind {
        Kind::Events(_) => &[],
        Kind::Correlation(correlation) => &correlation.rules,
    }
}

/// The faults of a data source's rules that concern a query.
pub(super) fn concerning<'a>(choice: &RuleChoice, problems: &'a [RuleError]) -> Vec<&'a RuleError> {
    problems.iter().filter(|problem| choice.selection.concerns(problem)).collect()
}
