use std::sync::Arc;
use std::time::Duration;

use super::expr::Expr;
use super::field::Field;
use super::level::{Level, Status};

/// A rule, of one Sigma document.
#[derive(Debug)]
pub struct Rule {
    /// The `id`; the `name` or else the title of a rule without one. No two rules of a pack have the same.
    pub id: String,
    /// The `name`, by which correlations may refer to the rule.
    pub name: Option<String>,
    /// The title.
    pub title: String,
    /// The level; [`Level::Medium`] for a rule without one.
    pub level: Level,
    /// The status.
    pub status: Option<Status>,
    /// The description.
    pub description: Option<String>,
    /// The author.
    pub author: Option<String>,
    /// The tags, such as `attack.t1485`.
    pub tags: Vec<String>,
    /// Links to documentation.
    pub references: Vec<String>,
    /// What else it matches.
    pub false_positives: Vec<String>,
    /// What to do on a match: `audittrail.runbook`.
    pub runbook: Option<String>,
    /// Whether its matches are shown: not those of a rule that only correlations use.
    pub is_shown: bool,
    /// Whether it is about single events or several.
    pub(crate) kind: Kind,
    /// A condition on the past: `audittrail.first_seen` or `audittrail.times_usual`.
    pub(crate) baseline: Option<Baseline>,
    /// Where it is.
    pub place: Place,
}

/// Where a rule's text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of the file.
    pub file: Arc<str>,
    /// The first line of the document in the file, from 1.
    pub line: u32,
    /// The document.
    pub text: Arc<str>,
}

/// Single events, or several.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Events by themselves.
    Events(Expr),
    /// Several events within a time.
    Correlation(Correlation),
}

/// A condition on the matches of other rules within a time.
#[derive(Clone, Debug)]
pub(crate) struct Correlation {
    /// The things that are counted.
    pub(crate) kind: CorrelationKind,
    /// The other rules, by their numbers in the pack, in the order of the text; each has a lower number than this rule.
    pub(crate) rules: Vec<usize>,
    /// The fields whose equal values make a group; none for one group of all.
    pub(crate) group_by: Vec<GroupKey>,
    /// The window's length; above zero.
    pub(crate) timespan: Duration,
    /// The condition.
    pub(crate) condition: Condition,
}

/// The things that a correlation counts in each group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CorrelationKind {
    /// Matches of any of the rules.
    EventCount,
    /// The distinct values of these fields, together; a match without one of them does not count.
    ValueCount(Vec<GroupKey>),
    /// Rules of which there is a match.
    Temporal,
    /// As `Temporal`, with matches in the order of the rules.
    TemporalOrdered,
}

/// A value of the matches of several rules: a field of that name, or an alias with another field for each rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupKey {
    /// The name in the text.
    pub(crate) name: String,
    /// Where the value is, for each of the correlation's rules, in their order.
    pub(crate) sources: Vec<KeySource>,
}

/// Where the value of a group key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// In an event.
    Field(Field),
    /// In a match of a correlation: the value of its group key at this index of [`Correlation::group_by`].
    Key(usize),
}

/// The condition of a correlation on a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The count satisfies each of these. For temporal kinds the count is the number of rules with a match; without a condition
    /// in the text, at least all of them.
    Count(Vec<(Comparison, u64)>),
    /// An expression over rules that have a match in the window; for temporal kinds only.
    Rules(RuleExpr),
}

/// How a count is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Other,
}

impl Comparison {
    /// Whether a count satisfies the comparison.
    pub(crate) fn holds(self, count: u64, limit: u64) -> bool {
        match self {
            Self::Less => count < limit,
            Self::AtMost => count <= limit,
            Self::More => count > limit,
            Self::AtLeast => count >= limit,
            Self::Equal => count == limit,
            Self::Other => count != limit,
        }
    }
}

/// An expression over the rules of a correlation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RuleExpr {
    /// The rule at this index of [`Correlation::rules`] has a match.
    Rule(usize),
    /// All hold.
    And(Vec<Self>),
    /// One holds.
    Or(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
}

impl RuleExpr {
    /// Whether it holds, where `has` is whether the rule at an index has a match.
    pub(crate) fn holds(&self, has: &impl Fn(usize) -> bool) -> bool {
        match self {
            Self::Rule(index) => has(*index),
            Self::And(all) => all.iter().all(|expr| expr.holds(has)),
            Self::Or(any) => any.iter().any(|expr| expr.holds(has)),
            Self::Not(expr) => !expr.holds(has),
        }
    }
}

/// A condition on the past of an event that the rule's condition selects.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Baseline {
    /// The comparison.
    pub(crate) kind: BaselineKind,
    /// How many whole UTC days before the event's day are compared: 1 to 30.
    pub(crate) days: u32,
    /// Whether the rule is judged by the known days while some are unknown; otherwise an alert on it is an error.
    pub(crate) allow_partial: bool,
}

/// The comparison of a baseline.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BaselineKind {
    /// The combination did not occur on these days, nor earlier on the event's day.
    FirstSeen(Combination),
    /// The events of a group in the UTC clock hour, up to this one, are at least so many, and at least so many times the mean of
    /// that hour on these days.
    TimesUsual {
        /// How many times the mean; above 0.
        factor: f64,
        /// The least number of events.
        at_least: u64,
        /// Whose events are counted.
        by: UsualOf,
    },
}

/// A combination of values that a profile has a list of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Combination {
    /// `[principal.id]`
    Principal,
    /// `[source_ip]`
    Address,
    /// `[audittrail.country]`
    Country,
    /// `[method_name, principal.id]`
    PrincipalAndMethod,
    /// `[principal.id, source_ip]`
    PrincipalAndAddress,
    /// `[principal.id, audittrail.country]`
    PrincipalAndCountry,
    /// `[principal.id, method_name, resources[any].id]`
    PrincipalMethodAndResource,
}

/// Whose events `times_usual` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UsualOf {
    /// `[principal.id]`
    Principal,
    /// `[principal.id, method_name]`
    PrincipalAndMethod,
}
