//! What goes wrong during a replay: the API fails or refuses, the plugin starts anew, the server's clock is set.

use std::ops::Range;

use audittrail::sandbox::{Fault, FaultPlan};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Ticks of a day.
const DAY: usize = 24 * 60;

/// What goes wrong, by tick.
#[derive(Debug)]
pub(super) struct Weather {
    /// Calls that fail at a tick, and that another try mends.
    mendable: Vec<(usize, FaultPlan)>,
    /// While no try mends what fails.
    outages: Vec<(Range<usize>, FaultPlan)>,
    /// The ticks before which the plugin starts anew.
    restarts: Vec<usize>,
    /// While the server's clock is ahead of the API's by so many seconds; behind, if below zero.
    steps: Vec<(Range<usize>, i64)>,
}

impl Weather {
    /// The weather of so many days. Outages are shorter than the ten minutes that rules look back, as an operator plans them.
    pub(super) fn new(seed: u64, days: u32) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x0077_6561_7468_6572);
        let mut weather = Self { mendable: Vec::new(), outages: Vec::new(), restarts: Vec::new(), steps: Vec::new() };
        for day in 0..days as usize {
            let mut at = |length: usize| {
                let start = day * DAY + rng.random_range(0..DAY - length);
                start..start + length
            };
            for plan in [
                Fault::TooManyRequests.first(2),
                Fault::TooManyRequests.first(1),
                Fault::InternalError.first(1),
                Fault::ConnectionReset.first(1),
                Fault::TruncatedJson.first(1),
            ] {
                weather.mendable.push((at(1).start, plan));
            }
            weather.outages.push((at(4), Fault::HtmlPage.always()));
            weather.outages.push((at(2), Fault::HtmlPage.always()));
            weather.outages.push((at(3), Fault::HtmlPage.always().in_region("nl-ams")));
            weather.restarts.extend([at(1), at(1), at(1)].map(|ticks| ticks.start));
            weather.steps.push((at(90), 45));
            weather.steps.push((at(30), -150));
        }
        weather
    }

    /// The faults of a tick.
    pub(super) fn faults(&self, tick: usize) -> Vec<FaultPlan> {
        let mendable = self.mendable.iter().filter(|(of, _)| *of == tick).map(|(_, plan)| plan.clone());
        let outages = self.outages.iter().filter(|(ticks, _)| ticks.contains(&tick)).map(|(_, plan)| plan.clone());
        mendable.chain(outages).collect()
    }

    /// Whether evaluations of a tick have an answer: all but those in an outage.
    pub(super) fn must_answer(&self, tick: usize) -> bool {
        !self.outages.iter().any(|(ticks, _)| ticks.contains(&tick))
    }

    /// Whether the tick before was in an outage: days that could not be read then are read again a minute later.
    pub(super) fn is_after_outage(&self, tick: usize) -> bool {
        tick.checked_sub(1).is_some_and(|before| !self.must_answer(before))
    }

    /// Whether the plugin starts anew before a tick.
    pub(super) fn restarts(&self, tick: usize) -> bool {
        self.restarts.contains(&tick)
    }

    /// The nanoseconds by which the server's clock is ahead of the API's.
    pub(super) fn ahead(&self, tick: usize) -> i64 {
        let seconds: i64 = self.steps.iter().filter(|(ticks, _)| ticks.contains(&tick)).map(|(_, step)| *step).sum();
        seconds * 1_000_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_that_a_try_mends_excuse_no_evaluation() {
        let weather = Weather {
            mendable: vec![(3, Fault::TooManyRequests.first(2)), (6, Fault::ConnectionReset.first(1))],
            outages: vec![(5..7, Fault::HtmlPage.always())],
            restarts: Vec::new(),
            steps: Vec::new(),
        };
        let faults: Vec<usize> = (3..8).map(|tick| weather.faults(tick).len()).collect();
        assert_eq!(faults, [1, 0, 1, 2, 0]);
        let excused: Vec<usize> = (0..9).filter(|tick| !weather.must_answer(*tick)).collect();
        assert_eq!(excused, [5, 6]);
        let after: Vec<usize> = (0..9).filter(|tick| weather.is_after_outage(*tick)).collect();
        assert_eq!(after, [6, 7]);
    }
}
