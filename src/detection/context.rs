use crate::risk::RuleSet;

/// What the values of some fields come from, beside the events.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The risks of events.
    pub(crate) risks: &'a RuleSet,
    /// The name of a principal's id; none if it is unknown.
    pub(crate) names: &'a (dyn Fn(&str) -> Option<String> + Sync),
}
