//! When evaluations are, and when the trail shows an event.

use std::ops::Range;

use super::part::Part;
use super::scenario::{Happened, LAG, Scenario};
use super::weather::Weather;

pub(super) const SECOND: i64 = 1_000_000_000;

pub(super) const DAY: i64 = 86_400 * SECOND;

/// The distance of two evaluations.
pub(super) const TICK: i64 = 60 * SECOND;

/// How far a rule looks back from the lag, so that missed evaluations lose nothing.
pub(super) const LOOKS_BACK: i64 = 600 * SECOND;

/// The evaluations after the last tick of a part, which see its last events.
const AFTERWARDS: usize = 15;

/// The first evaluation looks back to so long after the first day begins: a server's clock may be behind by less.
const MARGIN: i64 = 300 * SECOND;

/// The time from an event to its appearance in the trail that rules wait for.
pub(super) fn lag() -> i64 {
    i64::try_from(LAG.as_nanos()).expect("two minutes are fewer than 2^63 nanoseconds")
}

fn nanos(ticks: usize) -> i64 {
    i64::try_from(ticks).expect("there are fewer than 2^63 ticks") * TICK
}

/// The times of a part.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    /// When the scenario begins.
    start: i64,
    /// The first tick of the scenario.
    first: i64,
    /// The part's ticks.
    ticks: Range<usize>,
    /// When the scenario ends.
    end: i64,
}

impl Timeline {
    pub(super) fn new(scenario: &Scenario, part: &Part) -> Self {
        let first = scenario.start + MARGIN + LOOKS_BACK + lag() + 7 * SECOND;
        Self { start: scenario.start, first, ticks: part.ticks.clone(), end: scenario.end }
    }

    /// The times of a part that begins at a time, such as the present, and has so many ticks.
    pub(super) fn from(begin: i64, ticks: usize) -> Self {
        // Any start will do from which on the first evaluation sees all hits: `new` counts its ticks from such a one on too.
        let start = begin - MARGIN - LOOKS_BACK - lag();
        // The covered time ends two margins after the last tick, counted from the start: so many more ticks bring it to the end.
        let more = usize::try_from((begin - start - 2 * MARGIN) / TICK).expect("minutes");
        Self { start, first: begin, ticks: 0..ticks + more, end: begin + nanos(ticks) }
    }

    /// The evaluations, each with its time by the clock of the API.
    pub(super) fn evaluations(&self) -> impl Iterator<Item = (usize, i64)> {
        (self.ticks.start..self.ticks.end + AFTERWARDS).map(|tick| (tick, self.first + nanos(tick)))
    }

    /// From when on a hit may be in an evaluation.
    pub(super) fn begin(&self) -> i64 {
        self.start + nanos(self.ticks.start)
    }

    /// From when on events decide whether others are hits: so long before the part, from the begin of the UTC day on.
    pub(super) fn decided_from(&self, reach: i64) -> i64 {
        (self.begin() - reach).div_euclid(DAY) * DAY
    }

    /// The events of a scenario until the last evaluation.
    pub(super) fn events<'a>(&self, scenario: &'a Scenario) -> &'a [Happened] {
        let last = self.first + nanos(self.ticks.end + AFTERWARDS);
        &scenario.events[..scenario.events.partition_point(|event| event.time < last)]
    }

    /// The times of which this part alone has to show each hit.
    pub(super) fn covered(&self) -> Range<i64> {
        let margin = 2 * MARGIN;
        self.begin() + margin..(self.start + nanos(self.ticks.end) + margin).min(self.end)
    }

    /// The ticks around a time: those whose evaluations see it, and some before and after.
    pub(super) fn around(&self, time: i64, ticks: usize) -> Range<usize> {
        let before = 20;
        let sees = usize::try_from((time + lag() - self.first).max(0) / TICK).expect("a time of the scenario");
        let looks_back = usize::try_from(LOOKS_BACK / TICK).expect("ten minutes");
        sees.saturating_sub(before)..(sees + looks_back).min(ticks)
    }

    /// When the trail shows an event. A server whose clock is ahead evaluates so much earlier: the lag has to have room for it.
    pub(super) fn visible(&self, event: &Happened, weather: &Weather) -> i64 {
        if event.is_late() {
            return event.visible;
        }
        let tick = usize::try_from((event.time - self.first).max(0) / TICK).unwrap_or_default();
        let ahead = (tick..tick + 4).map(|tick| weather.ahead(tick)).max().unwrap_or_default().max(0);
        event.visible.min(event.time + lag() - ahead - SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::super::part::parts;
    use super::super::scenario::Plan;
    use super::*;

    #[test]
    fn each_time_between_the_first_and_the_last_is_covered_by_one_part() {
        let scenario = Scenario::new(Plan { seed: 1, days: 2, cases_a_day: 0 }, &[]);
        for number in [1, 2, 5] {
            let parts = parts(1..2, 2, number);
            let covered: Vec<Range<i64>> = parts.iter().map(|part| Timeline::new(&scenario, part).covered()).collect();
            assert_eq!(covered[0].start, scenario.start + 2 * MARGIN);
            assert_eq!(covered[number - 1].end, scenario.end);
            assert!(covered.windows(2).all(|next| next[0].end == next[1].start), "{number}: {covered:?}");
        }
    }

    #[test]
    fn a_part_of_the_present_covers_all_of_its_ticks() {
        let begin = 1_795_000_000 * SECOND;
        let covered = Timeline::from(begin, 15).covered();
        assert!(covered.start < begin);
        assert_eq!(covered.end, begin + 15 * TICK);
    }

    #[test]
    fn the_evaluations_of_a_part_see_all_that_it_covers_whatever_the_clock() {
        let scenario = Scenario::new(Plan { seed: 1, days: 2, cases_a_day: 0 }, &[]);
        for part in parts(1..2, 2, 3) {
            let timeline = Timeline::new(&scenario, &part);
            let covered = timeline.covered();
            let (ahead, behind) = (45 * SECOND, 150 * SECOND);
            let (_, first) = timeline.evaluations().next().unwrap();
            let (_, last) = timeline.evaluations().last().unwrap();
            assert!(first + ahead - lag() - LOOKS_BACK <= covered.start);
            assert!(last - behind - lag() >= covered.end);
            assert!(first - behind - lag() - LOOKS_BACK >= timeline.begin());
        }
    }
}
