//! How well the time between an action and the onset fits such an action, beside a coincidence.

use std::time::Duration;

use super::super::scale::number;
use super::symptom::Symptom;

/// An effect is as likely to show in its first seconds as after them: below this time, the order of magnitude of a delay
/// says nothing.
const SOON: f64 = 10.0;

/// The share of effects that show within the time that the table states; the others show later.
const ON_TIME: f64 = 0.9;

/// Of each sample, so much is the chance that the onset is seen at the next one only.
const MISSED: f64 = 0.25;

/// The onset is seen within so many samples.
const SAMPLES: usize = 3;

/// A sample's distance is divided into so many parts.
const PARTS: usize = 4;

/// A coincidence is as likely in each second of an hour, however long the lookback is.
const COINCIDENCE: f64 = 1.0 / 3_600.0;

/// The least and the most that a delay may say: tables are guesses, and one number alone decides nothing.
const MOST: f64 = 5.0;
const LEAST: f64 = -4.0;

/// How long after an action its effect shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delay {
    pub(super) from: Duration,
    pub(super) to: Duration,
}

impl Delay {
    /// How much likelier it is that an action was recorded so many seconds before the onset if it is the cause than if it has
    /// nothing to do with it, as the logarithm of the ratio. Below zero seconds, it was recorded after the onset. A cause waits
    /// for its effect, which `share` describes, and for the sample that shows it; the clocks differ by the tolerance at most.
    pub(super) fn evidence(self, before: f64, symptom: &Symptom) -> f64 {
        let (step, tolerance) = (symptom.step.as_secs_f64(), symptom.tolerance.as_secs_f64());
        let part = step / number(PARTS);
        let around = part / 2.0 + tolerance;
        let mut density = 0.0;
        let mut weights = 0.0;
        for index in 0..SAMPLES * PARTS {
            let weight = MISSED.powi(i32::try_from(index / PARTS).expect("few samples"));
            let effect = before - part * (number(index) + 0.5);
            density += weight * (self.share(effect + around) - self.share(effect - around));
            weights += weight;
        }
        density /= weights * 2.0 * around;
        (density / COINCIDENCE).ln().clamp(LEAST, MOST)
    }

    /// The share of effects that have shown so many seconds after the action. Within the stated time, each order of magnitude
    /// is as likely as another; after it, fewer and fewer effects are still to come.
    fn share(self, seconds: f64) -> f64 {
        let (from, to) = (self.from.as_secs_f64(), self.to.as_secs_f64().max(self.from.as_secs_f64() + 1.0));
        if seconds <= from {
            return 0.0;
        }
        let decades = |until: f64| ((until + SOON) / (from + SOON)).ln();
        if seconds <= to {
            return ON_TIME * decades(seconds) / decades(to);
        }
        1.0 - (1.0 - ON_TIME) * ((to + SOON) / (seconds + SOON)).powi(2)
    }
}

/// 1 for no time, 0 for `reach` or more, and less for each further minute the fewer they are.
pub(super) fn nearness(time: Duration, reach: Duration) -> f64 {
    let minutes = |time: Duration| (1.0 + time.as_secs_f64() / 60.0).ln();
    (1.0 - minutes(time) / minutes(reach.max(Duration::from_mins(1)))).max(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::spans::{Direction, Span};
    use super::*;
    use crate::time::{Interval, Time};

    fn evidence(from: u64, to: u64, before: f64, step: u64) -> f64 {
        let onset = Time::from_nanos(0);
        let span = Span { interval: Interval::new(onset, onset.next()), onset, peak: 9.0, returned: false };
        let symptom = Symptom::about(&span, "cpu", Duration::from_secs(step));
        assert_eq!(symptom.direction, Direction::Up);
        Delay { from: Duration::from_secs(from), to: Duration::from_secs(to) }.evidence(before, &symptom)
    }

    proptest! {
        #[test]
        fn a_delay_is_likelier_than_a_coincidence_on_the_whole_or_nowhere(
            from in 0..300_u64, more in 1..900_u64, step in prop::sample::select(vec![15_u64, 60, 300]),
        ) {
            // An effect that is likelier at some times is less likely at others: the ratios' mean over a long lookback is one at most.
            let ratios = (-10..3_600).map(|before| evidence(from, from + more, f64::from(before), step).exp());
            let mean = ratios.sum::<f64>() / 3_600.0;
            prop_assert!((0.5..1.1).contains(&mean), "{mean}");
        }
    }

    #[test]
    fn a_time_that_fits_speaks_for_an_action_and_another_against_it() {
        assert!(evidence(0, 90, 40.0, 15) > 3.0);
        assert!(evidence(0, 90, 1_800.0, 15) < -1.0);
        assert!(evidence(60, 900, 5.0, 15) < -1.0, "too early for an effect that takes a minute");
        assert!(evidence(0, 90, 40.0, 15) > evidence(0, 1_200, 40.0, 15), "a short delay is the smaller coincidence");
    }

    #[test]
    fn an_action_a_few_seconds_after_the_onset_still_counts() {
        assert!(evidence(0, 90, -3.0, 15) > 0.0);
        assert!(evidence(0, 90, -3.0, 15) < evidence(0, 90, 10.0, 15));
    }
}
