use super::super::detector::Detector;
use super::super::series::Series;
use super::super::spans::Span;
use crate::time::{Interval, Time};

/// With fewer samples, a series is not judged.
const FEWEST: usize = 3;

/// Whether a metric is back within the band that it had before the onset.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// It is, and was since then.
    Back,
    /// It is out of its band at the end of its samples.
    Out(Span),
    /// It left the band again, and returned.
    Again(Span),
    /// There are too few samples since then, or before the onset.
    Unknown,
}

impl Judgement {
    /// Judges the samples since `from`. The samples from the onset until then count for nothing, so that the band is the one
    /// before the onset.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use audittrail::investigation::{Judgement, Sample, Series, Unit};
    /// use audittrail::time::Time;
    ///
    /// let minute = |minute| Time::from_nanos(0) + Duration::from_secs(60) * minute;
    /// let value = |time: u32| if (300..360).contains(&time) { 0.9 } else { 0.2 + 0.01 * f64::from(time % 7) };
    /// let samples = (0..420).map(|time| Sample { time: minute(time), value: value(time) }).collect();
    /// let series = Series::gauge(samples, Unit::Ratio)?;
    /// assert_eq!(Judgement::of(&series, minute(300), minute(365)), Judgement::Back);
    /// assert!(matches!(Judgement::of(&series, minute(300), minute(350)), Judgement::Again(_)));
    /// # Ok::<(), audittrail::investigation::OutOfOrder>(())
    /// ```
    #[must_use]
    pub fn of(series: &Series, onset: Time, from: Time) -> Self {
        let judged = series.without(Interval::new(onset, from));
        let samples = judged.samples();
        let before = samples.partition_point(|sample| sample.time < onset);
        let Some(last) = samples.last().filter(|_| before >= FEWEST && samples.len() - before >= FEWEST) else {
            return Self::Unknown;
        };
        let since = Interval::new(from, Time::MAX);
        let spans = Detector::default().search(&judged);
        let latest = spans.into_iter().rfind(|span| span.interval.overlaps(since));
        match latest {
            None => Self::Back,
            Some(span) if span.interval.end >= last.time || !span.returned => Self::Out(span),
            Some(span) => Self::Again(span),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::series::Sample;
    use super::super::super::unit::Unit;
    use super::*;

    fn minute(minute: u32) -> Time {
        Time::from_nanos(0) + Duration::from_mins(1) * minute
    }

    /// A metric that rises at minute 300.
    fn judged(value: impl Fn(u32) -> f64, minutes: u32, from: u32) -> Judgement {
        let sample = |time: u32| Sample { time: minute(time), value: value(time) + 0.01 * f64::from(time % 7) };
        let series = Series::gauge((0..minutes).map(sample).collect(), Unit::Ratio).expect("samples ascend");
        Judgement::of(&series, minute(300), minute(from))
    }

    #[test]
    fn a_metric_that_stays_at_its_new_level_is_out() {
        let stays = |time| if time < 300 { 0.2 } else { 0.9 };
        let Judgement::Out(span) = judged(stays, 600, 400) else { panic!("it is out of its band") };
        assert!(span.peak > 0.0 && span.interval.start >= minute(400));
    }

    #[test]
    fn a_metric_that_fell_back_is_back() {
        let falls = |time| if (300..350).contains(&time) { 0.9 } else { 0.2 };
        assert_eq!(judged(falls, 600, 360), Judgement::Back);
    }

    #[test]
    fn a_metric_without_samples_since_is_unknown() {
        assert_eq!(judged(|_| 0.2, 600, 599), Judgement::Unknown);
        assert_eq!(judged(|_| 0.2, 600, 700), Judgement::Unknown);
    }
}
