//! Stretches of a series that are out of its band.

use std::ops::Range;

use crate::time::{Interval, Time};

/// Which way a metric left its band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It rose.
    Up,
    /// It fell.
    Down,
}

/// An anomalous span: a stretch of a series that is out of its band.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// From its first sample out of the band until the first one that is back, or the end of the series.
    pub interval: Interval,
    /// Since when: the level shift that begins it where there is one, else the first sample.
    pub onset: Time,
    /// The distance from the baseline where it is greatest, in scales; below zero where the metric fell.
    pub peak: f64,
    /// Whether the metric returned to the band that it had left, without another level shift away from it. A metric that stays
    /// at its new level, or is there still when the series ends, did not.
    pub returned: bool,
}

impl Span {
    /// Which way the metric left its band.
    #[must_use]
    pub fn direction(&self) -> Direction {
        if self.peak < 0.0 { Direction::Down } else { Direction::Up }
    }
}

/// When a span opens and closes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thresholds {
    /// It opens at this |z|,
    pub(super) enter: f64,
    /// that lasts so many samples,
    pub(super) minimum_length: usize,
    /// and closes below this one,
    pub(super) leave: f64,
    /// that lasts so many samples.
    pub(super) merge_gap: usize,
}

/// What a sample does to a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// It opens one.
    Opens,
    /// It closes one.
    Closes,
}

/// Whether a span is open, by what came so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hysteresis {
    open: bool,
    /// How many samples in a row are beyond the threshold that ends this state.
    run: usize,
}

impl Hysteresis {
    /// One more sample. NaN changes nothing.
    pub(super) fn step(&mut self, z: f64, thresholds: &Thresholds) -> Option<Edge> {
        if z.is_nan() {
            return None;
        }
        let (beyond, needed) = if self.open {
            (z.abs() < thresholds.leave, thresholds.merge_gap)
        } else {
            (z.abs() >= thresholds.enter, thresholds.minimum_length)
        };
        self.run = if beyond { self.run + 1 } else { 0 };
        if self.run < needed.max(1) {
            return None;
        }
        *self = Self { open: !self.open, run: 0 };
        Some(if self.open { Edge::Opens } else { Edge::Closes })
    }

    /// Whether a span is open.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }
}

/// The spans of a whole series, given each sample's z: disjoint and in order. A span reaches back to where |z| rose above
/// `leave`, and ends after the last sample that is above it.
pub(super) fn spans(z: &[f64], thresholds: &Thresholds) -> Vec<Range<usize>> {
    let mut hysteresis = Hysteresis::default();
    let mut spans: Vec<Range<usize>> = Vec::new();
    let out = |index: &usize| z[*index].abs() >= thresholds.leave;
    for (index, z) in z.iter().enumerate() {
        match hysteresis.step(*z, thresholds) {
            Some(Edge::Opens) => {
                let floor = spans.last().map_or(0, |span| span.end);
                let start = (floor..=index).rev().take_while(out).last().expect("the sample that opens a span is out");
                spans.push(start..index + 1);
            }
            _ if hysteresis.is_open() && out(&index) => {
                spans.last_mut().expect("an open span is the last one").end = index + 1;
            }
            _ => {}
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const THRESHOLDS: Thresholds = Thresholds { enter: 5.0, minimum_length: 1, leave: 2.0, merge_gap: 3 };

    fn z() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![4 => -3.0..3.0_f64, 2 => -9.0..9.0_f64, 1 => Just(f64::NAN)], 0..120)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn spans_are_what_hysteresis_says(z in z(), minimum_length in 1..4_usize, merge_gap in 1..6_usize) {
            let thresholds = Thresholds { minimum_length, merge_gap, ..THRESHOLDS };
            let spans = spans(&z, &thresholds);
            for span in &spans {
                prop_assert!(span.start < span.end && span.end <= z.len());
                prop_assert!(z[span.clone()].iter().any(|z| z.abs() >= thresholds.enter));
                for end in [span.start, span.end - 1] {
                    prop_assert!(z[end].abs() >= thresholds.leave, "{span:?}");
                }
            }
            for pair in spans.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start, "{pair:?}");
            }
            if minimum_length == 1 {
                let out = z.iter().enumerate().filter(|(_, z)| z.abs() >= thresholds.enter);
                for (index, _) in out {
                    prop_assert!(spans.iter().any(|span| span.contains(&index)), "{index} in {spans:?}");
                }
            }
        }

        #[test]
        fn opening_and_closing_take_turns(z in z()) {
            let mut hysteresis = Hysteresis::default();
            let edges: Vec<Edge> = z.iter().filter_map(|z| hysteresis.step(*z, &THRESHOLDS)).collect();
            prop_assert!(edges.first().is_none_or(|edge| *edge == Edge::Opens));
            prop_assert!(edges.windows(2).all(|pair| pair[0] != pair[1]));
        }
    }

    #[test]
    fn near_spans_are_one_and_far_ones_are_two() {
        assert_eq!(spans(&[0.0, 6.0, 0.0, 0.0, 6.0, 0.0], &THRESHOLDS), vec![1..5]);
        assert_eq!(spans(&[0.0, 6.0, 0.0, 0.0, 0.0, 6.0, 0.0], &THRESHOLDS), [1..2, 5..6]);
    }

    #[test]
    fn a_span_reaches_back_to_where_the_metric_left_its_usual_values() {
        assert_eq!(spans(&[0.0, 1.0, 3.0, 4.0, 6.0, 3.0, 1.0], &THRESHOLDS), vec![2..6]);
    }

    #[test]
    fn a_short_excursion_is_no_span_where_a_length_is_asked_for() {
        let thresholds = Thresholds { minimum_length: 2, ..THRESHOLDS };
        assert!(spans(&[0.0, 6.0, 0.0, 6.0, 0.0], &thresholds).is_empty());
        assert_eq!(spans(&[0.0, 6.0, 7.0, 0.0], &thresholds), vec![1..3]);
    }
}
