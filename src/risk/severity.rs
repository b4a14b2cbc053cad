/// The severity of an event, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Everyday work, or a failed attempt.
    Low,
    /// Worth knowing when something else looks wrong: a restart, a new server, a changed rule.
    Medium,
    /// Worth a question to the principal: a new credential, a grant, a deletion.
    High,
    /// Worth a call: a lost backup, a lost audit log, a removed second factor.
    Critical,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name in the table, filters and frames.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name, in any case.
    ///
    /// ```
    /// use audittrail::risk::Severity;
    ///
    /// assert_eq!(Severity::parse("high"), Some(Severity::High));
    /// assert_eq!(Severity::parse("huge"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str().eq_ignore_ascii_case(name))
    }
}
