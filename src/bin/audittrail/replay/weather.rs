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
    /// While a plan of faults is active.
    faults: Vec<(Range<usize>, FaultPlan)>,
    /// The ticks before which the plugin starts anew.
    restarts: Vec<usize>,
    /// While the server's clock is ahead of the API's by so many seconds; behind, if below zero.
    steps: Vec<(Range<usize>, i64)>,
}

impl Weather {
    /// The weather of so many days. Outages are shorter than the ten minutes that rules look back, as an operator plans them.
    pub(super) fn new(seed: u64, days: u32) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x0077_6561_7468_6572);
        let mut weather = Self { faults: Vec::new(), restarts: Vec::new(), steps: Vec::new() };
        for day in 0..days as usize {
            let mut at = |length: usize| {
                let start = day * DAY + rng.random_range(0..DAY - length);
                start..start + length
            };
            // Refused or dropped calls that another try mends.
            for plan in [
                Fault::TooManyRequests.first(2),
                Fault::TooManyRequests.first(1),
                Fault::InternalError.first(1),
                Fault::ConnectionReset.first(1),
                Fault::TruncatedJson.first(1),
            ] {
                weather.faults.push((at(1), plan));
            }
            // Outages: each evaluation fails.
            weather.faults.push((at(4), Fault::HtmlPage.always()));
            weather.faults.push((at(2), Fault::HtmlPage.always()));
            weather.faults.push((at(3), Fault::HtmlPage.always().in_region("nl-ams")));
            weather.restarts.extend([at(1), at(1), at(1)].map(|ticks| ticks.start));
            weather.steps.push((at(90), 45));
            weather.steps.push((at(30), -150));
        }
        weather
    }

    /// The faults of a tick.
    pub(super) fn faults(&self, tick: usize) -> Vec<FaultPlan> {
        self.faults.iter().filter(|(ticks, _)| ticks.contains(&tick)).map(|(_, plan)| plan.clone()).collect()
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
