//! The causal form of the detector: each sample is judged when it comes, from those before it alone.

use std::collections::VecDeque;
use std::time::Duration;

use super::baseline::{PERIODS, RollingMedian, Season};
use super::detector::Detector;
use super::scale::{Scale, deviation, floor, number};
use super::series::{OutOfOrder, Regular, Sample};
use super::spans::{Edge, Hysteresis};
use super::unit::Unit;

/// The judgement of a sample, from the samples before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// How many scales the sample, or the mean of the latest samples if that is more, is from the baseline; zero before enough
    /// samples came.
    pub z: f64,
    /// Whether it opens a span.
    pub opens: bool,
    /// Whether a span is open.
    pub open: bool,
}

/// A metric that is watched: [`push`](Self::push) judges one sample after the other.
///
/// ```
/// use std::time::Duration;
/// use audittrail::investigation::{Detector, Sample, Unit, Watch};
/// use audittrail::time::Time;
///
/// let mut watch = Watch::new(Detector::default(), Unit::Percent);
/// let mut opens = Vec::new();
/// for minute in 0..400 {
///     let time = Time::from_nanos(0) + Duration::from_secs(60 * minute);
///     let value = if minute < 300 { 20.0 + (minute % 3) as f64 } else { 95.0 };
///     if watch.push(Sample { time, value })?.opens {
///         opens.push(minute);
///     }
/// }
/// assert_eq!(opens, [300]);
/// # Ok::<(), audittrail::investigation::OutOfOrder>(())
/// ```
#[derive(Clone, Debug)]
pub struct Watch {
    detector: Detector,
    unit: Unit,
    past: VecDeque<Sample>,
    seen: usize,
    tracks: Vec<Track>,
    /// Which track judges.
    best: usize,
    hysteresis: Hysteresis,
}

impl Watch {
    /// A metric of which nothing is known yet.
    #[must_use]
    pub fn new(detector: Detector, unit: Unit) -> Self {
        let periods = [None].into_iter().chain(PERIODS.map(Some));
        let tracks = periods.map(|period| Track::new(period, &detector)).collect();
        Self { detector, unit, past: VecDeque::new(), seen: 0, tracks, best: 0, hysteresis: Hysteresis::default() }
    }

    /// Judges the next sample. One whose value is not finite is no sample: it changes nothing.
    ///
    /// # Errors
    /// When it is not later than the one before it.
    pub fn push(&mut self, sample: Sample) -> Result<Verdict, OutOfOrder> {
        if let Some(last) = self.past.back().filter(|last| sample.time <= last.time) {
            return Err(OutOfOrder { index: self.seen, time: sample.time, before: last.time });
        }
        if !sample.value.is_finite() {
            return Ok(Verdict { z: 0.0, opens: false, open: self.hysteresis.is_open() });
        }
        if self.seen >= self.detector.warm_up && self.seen.is_multiple_of(self.detector.refit) {
            self.fit();
        }
        let detector = &self.detector;
        let z = self.tracks.iter_mut().map(|track| track.push(sample, detector)).collect::<Vec<_>>()[self.best];
        let edge = self.hysteresis.step(z, &detector.thresholds());
        self.seen += 1;
        self.past.push_back(sample);
        if self.past.len() > detector.memory {
            self.past.pop_front();
        }
        Ok(Verdict { z, opens: edge == Some(Edge::Opens), open: self.hysteresis.is_open() })
    }

    /// Learns from the samples so far.
    fn fit(&mut self) {
        let past = self.past.make_contiguous();
        let Some(regular) = Regular::of(past) else { return };
        let floor = floor(past.iter().map(|sample| sample.value).collect(), self.unit);
        for track in &mut self.tracks {
            track.fit(&regular, floor, &self.detector);
        }
        let errors: Vec<f64> = self.tracks.iter().map(|track| track.error(self.detector.level_window)).collect();
        self.best =
            (0..errors.len()).min_by(|a, b| errors[*a].total_cmp(&errors[*b])).expect("one track has no season");
    }
}

/// One prediction of the usual, and its error so far.
#[derive(Clone, Debug)]
struct Track {
    period: Option<Duration>,
    season: Option<Season>,
    level: RollingMedian,
    means: Vec<Mean>,
}

impl Track {
    fn new(period: Option<Duration>, detector: &Detector) -> Self {
        let means = detector.lengths.iter().map(|length| Mean::new(*length));
        Self { period, season: None, level: RollingMedian::new(detector.level_window), means: means.collect() }
    }

    /// Judges a sample by the usual so far, and learns it.
    fn push(&mut self, sample: Sample, detector: &Detector) -> f64 {
        if self.period.is_some() && self.season.is_none() {
            return 0.0;
        }
        let value = sample.value - self.season.as_ref().map_or(0.0, |season| season.at(sample.time));
        let residual = self.level.median().map(|level| value - level);
        self.level.push(value);
        let Some(residual) = residual else { return 0.0 };
        // One spike is one sample far out, not many that are a little out on average.
        let clipped = match self.means[0].scale {
            Some(scale) => residual.clamp(scale.residual(-detector.clip), scale.residual(detector.clip)),
            None => residual,
        };
        let (first, others) = self.means.split_first_mut().expect("a detector has a length");
        let z = first.push(residual, detector.memory);
        others
            .iter_mut()
            .map(|mean| mean.push(clipped, detector.memory))
            .fold(z, |most, z| if z.abs() > most.abs() { z } else { most })
    }

    fn fit(&mut self, regular: &Regular, floor: f64, detector: &Detector) {
        if let Some(period) = self.period {
            self.season = Season::fit(regular, period);
        }
        for mean in &mut self.means {
            mean.fit(detector, floor);
        }
    }

    /// The usual distance between the latest samples and their predictions; infinite before enough came to say so.
    fn error(&self, recent: usize) -> f64 {
        let residuals = self.means[0].history.iter().rev().take(recent).copied().collect::<Vec<_>>();
        self.means[0].scale.and(deviation(&residuals)).unwrap_or(f64::INFINITY)
    }
}

/// The mean of the latest residuals, and how far it was from zero in the past.
#[derive(Clone, Debug)]
struct Mean {
    length: usize,
    latest: VecDeque<f64>,
    history: VecDeque<f64>,
    scale: Option<Scale>,
}

impl Mean {
    fn new(length: usize) -> Self {
        Self { length, latest: VecDeque::new(), history: VecDeque::new(), scale: None }
    }

    /// Learns a residual; returns the distance of the mean from the usual in scales, and zero before that is known.
    fn push(&mut self, residual: f64, memory: usize) -> f64 {
        self.latest.push_back(residual);
        if self.latest.len() > self.length {
            self.latest.pop_front();
        }
        let mean = self.latest.iter().sum::<f64>() / number(self.latest.len());
        self.history.push_back(mean);
        if self.history.len() > memory {
            self.history.pop_front();
        }
        self.scale.map_or(0.0, |scale| scale.z(mean))
    }

    fn fit(&mut self, detector: &Detector, floor: f64) {
        if self.history.len() >= detector.warm_up {
            self.scale = Scale::of(self.history.iter().copied().collect(), detector.tail, floor);
        }
    }
}
