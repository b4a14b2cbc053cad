//! Which ticks of which seed are replayed by themselves: the work that is shared over processors, and that an interruption loses.

use std::ops::Range;

/// Evaluations of a day.
pub(super) const TICKS_A_DAY: usize = 24 * 60;

/// Consecutive ticks of a seed. Each part has the days before it as its past, so that its answers are those of the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) seed: u64,
    /// The number of this part among those of its seed, from 0 on.
    pub(super) number: usize,
    pub(super) ticks: Range<usize>,
}

/// The parts of some seeds with so many days each, seed by seed. There are as many parts of a seed as asked for, or as it has ticks.
pub(super) fn parts(seeds: Range<u64>, days: u32, parts: usize) -> Vec<Part> {
    let ticks = days as usize * TICKS_A_DAY;
    let parts = parts.clamp(1, ticks.max(1));
    let of_seed = |seed| {
        (0..parts).map(move |number| {
            let ticks = ticks * number / parts..ticks * (number + 1) / parts;
            Part { seed, number, ticks }
        })
    };
    seeds.flat_map(of_seed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_seed_have_each_of_its_ticks_once() {
        for (days, number) in [(1, 1), (3, 2), (3, 7), (30, 4), (1, 5_000)] {
            let all = parts(4..6, days, number);
            for seed in 4..6 {
                let own: Vec<&Part> = all.iter().filter(|part| part.seed == seed).collect();
                let ticks: Vec<usize> = own.iter().flat_map(|part| part.ticks.clone()).collect();
                assert_eq!(ticks, (0..days as usize * TICKS_A_DAY).collect::<Vec<_>>(), "{days} days in {number}");
                assert!(own.iter().enumerate().all(|(index, part)| part.number == index && !part.ticks.is_empty()));
                assert_eq!(own.len(), number.min(days as usize * TICKS_A_DAY));
                let lengths = own.iter().map(|part| part.ticks.len());
                assert!(lengths.clone().max().unwrap() - lengths.min().unwrap() <= 1, "the parts are as long");
            }
        }
        assert_eq!(parts(1..1, 3, 2), [], "no seed has no part");
    }
}
