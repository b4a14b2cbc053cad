use super::severity::Severity;

/// What an event means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Risk {
    /// One of the [classes](super::RuleSet::classes) of its rule set.
    pub class: String,
    /// How much it deserves a look.
    pub severity: Severity,
    /// Ids of MITRE ATT&CK techniques it resembles, sorted; often none.
    pub attack: Vec<String>,
}
