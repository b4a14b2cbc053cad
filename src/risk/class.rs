use super::severity::Severity;

/// What an event means. The texts live as long as the process, so an answer is three words to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Risk {
    /// One of [`classes`](super::classes).
    pub class: &'static str,
    /// How much it deserves a look.
    pub severity: Severity,
    /// Ids of MITRE ATT&CK techniques it resembles, sorted; often none.
    pub attack: &'static [&'static str],
}
