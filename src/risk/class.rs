use super::severity::Severity;

/// The risk of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Risk {
    /// One of the [classes](super::RuleSet::classes) of its rule set.
    pub class: String,
    /// The severity.
    pub severity: Severity,
    /// Ids of the MITRE ATT&CK techniques that the event resembles, sorted; often none.
    pub attack: Vec<String>,
}
