use super::found::Reason;
use super::pack::Pack;
use crate::event::Events;
use crate::risk::RuleSet;

/// What the values of some fields come from, beside the events.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The risks of events.
    pub(crate) risks: &'a RuleSet,
    /// The name of a principal's id; none if it is unknown.
    pub(crate) names: &'a (dyn Fn(&str) -> Option<String> + Sync),
}

/// Which events each rule selects, by their values alone: before a rule's baseline, and without correlations.
pub(crate) struct Verdicts {
    /// The set of rules of each event, by its number.
    pub(super) numbers: Vec<u16>,
    /// The rules of each number, ascending.
    pub(super) sets: Vec<Box<[usize]>>,
}

impl Verdicts {
    /// The positions of the events that a rule selects, ascending: the newest first.
    pub(crate) fn rows(&self, rule: usize) -> Vec<usize> {
        let has: Vec<bool> = self.sets.iter().map(|set| set.binary_search(&rule).is_ok()).collect();
        (0..self.numbers.len()).filter(|row| has[usize::from(self.numbers[*row])]).collect()
    }

    /// The rules that select an event, ascending.
    pub(crate) fn rules(&self, row: usize) -> &[usize] {
        &self.sets[usize::from(self.numbers[row])]
    }
}

impl Pack {
    /// Which events each rule selects. The verdicts on whole chunks are cached beside them, until another pack judges them.
    pub(crate) fn verdicts(&self, events: &Events, context: &Context<'_>) -> Verdicts {
        self.judged(events, context)
    }

    /// As [`verdicts`](Self::verdicts), for rules that are asked for once: nothing is cached.
    pub(crate) fn judged(&self, events: &Events, _context: &Context<'_>) -> Verdicts {
        Verdicts { numbers: vec![0; events.len()], sets: vec![Box::default()] }
    }

    /// The number of rows that [`verdicts`](Self::verdicts) has to judge for these events.
    pub(crate) fn cost(&self, events: &Events) -> usize {
        events.len()
    }

    /// Why a rule selects an event: the conditions that hold, in the order of the text.
    pub(crate) fn why(&self, _rule: usize, _events: &Events, _row: usize, _context: &Context<'_>) -> Vec<Reason> {
        Vec::new()
    }
}
