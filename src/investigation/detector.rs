use super::spans::Thresholds;

/// The parameters of the search for anomalous spans. The defaults are for every metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    /// A span opens where z is this far from zero: scales, from 2 to 20.
    pub enter: f64,
    /// A span closes where z is less far from zero: scales, from 0 to `enter`.
    pub leave: f64,
    /// A span opens after so many samples in a row beyond `enter`: from 1.
    pub minimum_length: usize,
    /// A span closes after so many samples in a row within `leave`; two that are nearer are one: samples, from 1.
    pub merge_gap: usize,
    /// The level is the median of so many samples before: from 10.
    pub level_window: usize,
    /// A watch judges the means of so many latest samples: the first is 1, the others find small shifts that last.
    pub lengths: Vec<usize>,
    /// A sample counts as at most so many scales, in a mean and in a level: from 1.
    pub clip: f64,
    /// The rarest distance from the baseline that a watch takes for usual, as a quantile of the past: from 0.5 to 0.999.
    pub tail: f64,
    /// The same in a whole series, of which a smaller part may be anomalous: from 0.5 to 0.9.
    pub whole_tail: f64,
    /// A watch learns from so many latest samples: from 100.
    pub memory: usize,
    /// A watch learns its season and scale again after so many samples: from 1.
    pub refit: usize,
    /// A watch raises nothing before so many samples: from 10.
    pub warm_up: usize,
    /// A level shift explains at least this much, a new line half as much again: variances of the noise, times the logarithm of
    /// the number of samples, from 1.
    pub shift_penalty: f64,
    /// The least part of a series' variance that is taken for noise where level shifts are sought: from 0 to 1.
    pub shift_share: f64,
    /// A level shift is no ramp: this part of it happens within `minimum_segment` samples, but for what noise may hide: from
    /// 0 to 1.
    pub shift_sharpness: f64,
    /// A level lasts at least so many samples: from 2.
    pub minimum_segment: usize,
    /// A level shift is a span, without a sample beyond `enter`, where it is this large: scales, from 1.
    pub shift: f64,
}

impl Default for Detector {
    /// Chosen on series made from seeds and on the artificial series of the Numenta Anomaly Benchmark, on no other.
    fn default() -> Self {
        Self {
            enter: 4.0,
            leave: 2.5,
            minimum_length: 1,
            merge_gap: 24,
            level_window: 288,
            lengths: vec![1, 6, 36],
            clip: 5.0,
            tail: 0.999,
            whole_tail: 0.75,
            memory: 8_064,
            refit: 100,
            warm_up: 100,
            shift_penalty: 5.0,
            shift_share: 0.1,
            shift_sharpness: 0.75,
            minimum_segment: 5,
            shift: 2.0,
        }
    }
}

impl Detector {
    pub(super) fn thresholds(&self) -> Thresholds {
        Thresholds {
            enter: self.enter,
            minimum_length: self.minimum_length,
            leave: self.leave,
            merge_gap: self.merge_gap,
        }
    }
}
