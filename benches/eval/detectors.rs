//! The detectors that are compared, each asked in the two ways that the benchmarks ask.

use std::time::Duration;

use audittrail::investigation::{Detector, Sample, Series, Unit, Watch};
use audittrail::time::Time;

/// A shift never explains this much.
const NO_SHIFT: f64 = 1e9;

/// A detector that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Candidate {
    /// Each sample's distance from the baseline.
    ZAlone,
    /// That, and the level: what ships.
    ZWithShifts,
}

impl Candidate {
    pub(crate) const ALL: [Self; 2] = [Self::ZAlone, Self::ZWithShifts];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ZAlone => "z alone",
            Self::ZWithShifts => "z with level shifts",
        }
    }

    fn detector(self) -> Detector {
        match self {
            Self::ZAlone => Detector { lengths: vec![1], shift_penalty: NO_SHIFT, ..Detector::default() },
            Self::ZWithShifts => Detector::default(),
        }
    }

    /// The rows at which it would raise an alert, each by the rows before it.
    pub(crate) fn alerts(self, rows: &[Sample]) -> Vec<usize> {
        let mut watch = Watch::new(self.detector(), Unit::Other);
        // A row that is not later than the one before it is no sample of a metric.
        let opens = rows.iter().map(|row| watch.push(*row).is_ok_and(|verdict| verdict.opens));
        opens.enumerate().filter_map(|(row, opens)| opens.then_some(row)).collect()
    }

    /// The indices at which a whole series changes.
    pub(crate) fn changes(self, values: &[f64]) -> Vec<usize> {
        let series = indexed(values);
        let detector = self.detector();
        match self {
            Self::ZAlone => {
                let spans = detector.search(&series).into_iter().map(|span| span.interval);
                spans.flat_map(|span| [span.start, span.end]).map(index).collect()
            }
            Self::ZWithShifts => detector.changes(&series).into_iter().map(index).collect(),
        }
    }

    /// The onsets that it finds in a whole series.
    pub(crate) fn onsets(self, samples: &[Sample]) -> Vec<Time> {
        let series = Series::gauge(samples.to_vec(), Unit::Other).expect("made in order");
        self.detector().search(&series).into_iter().map(|span| span.onset).collect()
    }
}

/// Values as a metric of one sample per second: no season fits into it.
fn indexed(values: &[f64]) -> Series {
    let samples = values
        .iter()
        .zip(0..)
        .map(|(value, second)| Sample { time: Time::from_nanos(0) + Duration::from_secs(second), value: *value });
    Series::gauge(samples.collect(), Unit::Other).expect("one second after the other")
}

fn index(time: Time) -> usize {
    usize::try_from(time.since(Time::from_nanos(0)).as_secs()).expect("an index of the series")
}
