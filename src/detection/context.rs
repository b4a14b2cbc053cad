use crate::risk::RuleSet;

/// The sources of values that events do not have.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The risks of events.
    pub(crate) risks: &'a RuleSet,
    /// The name of a principal's id; none if it is unknown.
    pub(crate) names: &'a (dyn Fn(&str) -> Option<String> + Sync),
}
