//! The numbers of a replay, as its result is stored and added up.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// The most faults that are described.
const DESCRIBED: usize = 40;

/// The numbers of one or more parts of a soak.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Numbers {
    /// Evaluations of a rule.
    pub(super) evaluations: u64,
    /// Failures of rules while days of a baseline were being read, after each of which the replay waited.
    pub(super) waited: u64,
    /// Alert instances that fired as they should.
    pub(super) fired: u64,
    /// Alert instances that should have fired.
    pub(super) missed: u64,
    /// Alert instances that counted a match more than once.
    pub(super) doubled: u64,
    /// Alert instances that should not have fired, and failures of rules without an outage.
    #[serde(rename = "false")]
    pub(super) unfounded: u64,
    /// Such faults of rules that compare a rate with the usual one.
    pub(super) statistical: u64,
    /// Late events that the engine should have counted and named.
    pub(super) unnamed: u64,
    /// Events in time that it took for late ones, and late ones that it counted twice.
    pub(super) misnamed: u64,
    /// Firings of correlations that rsigma's engine has too, or should have.
    pub(super) compared: u64,
    /// The same by the title of each correlation that fires, 0 where an engine cannot tell any whose windows are whole seconds.
    pub(super) compared_rules: BTreeMap<String, u64>,
    /// Firings of correlations that such an engine cannot tell.
    pub(super) undecidable: u64,
    /// Firings of correlations that rsigma's engine or the truth has alone.
    pub(super) differing: u64,
    /// How often each kind of trouble happened.
    pub(super) injected: BTreeMap<String, u64>,
    /// How often each habit of the simulated organization occurred.
    pub(super) habits: BTreeMap<String, u64>,
    /// The alert instances of each rule, by its title.
    pub(super) rules: BTreeMap<String, u64>,
    /// The first faults.
    pub(super) faults: Vec<String>,
}

impl Numbers {
    /// Whether the engine was right; rates are statistical.
    pub(super) fn is_right(&self) -> bool {
        let faults = [self.missed, self.doubled, self.unfounded, self.unnamed, self.misnamed, self.differing];
        faults.iter().all(|number| *number == 0)
    }

    /// Describes a fault, unless there are many.
    pub(super) fn describe(&mut self, fault: String) {
        if self.faults.len() < DESCRIBED {
            self.faults.push(fault);
        }
    }

    /// Counts a kind of trouble.
    pub(super) fn inject(&mut self, kind: &str, times: u64) {
        *self.injected.entry(kind.to_owned()).or_default() += times;
    }
}

impl AddAssign<&Self> for Numbers {
    fn add_assign(&mut self, other: &Self) {
        self.evaluations += other.evaluations;
        self.waited += other.waited;
        self.fired += other.fired;
        self.missed += other.missed;
        self.doubled += other.doubled;
        self.unfounded += other.unfounded;
        self.statistical += other.statistical;
        self.unnamed += other.unnamed;
        self.misnamed += other.misnamed;
        self.compared += other.compared;
        self.undecidable += other.undecidable;
        self.differing += other.differing;
        for (own, others) in [
            (&mut self.injected, &other.injected),
            (&mut self.habits, &other.habits),
            (&mut self.rules, &other.rules),
            (&mut self.compared_rules, &other.compared_rules),
        ] {
            for (name, number) in others {
                *own.entry(name.clone()).or_default() += number;
            }
        }
        let room = DESCRIBED.saturating_sub(self.faults.len());
        self.faults.extend(other.faults.iter().take(room).cloned());
    }
}
