use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::time::Time;

const MINUTE: Duration = Duration::from_mins(1);

fn at(minute: u32) -> Time {
    Time::from_nanos(0) + MINUTE * minute
}

fn samples(values: impl IntoIterator<Item = f64>) -> Vec<Sample> {
    values.into_iter().zip(0..).map(|(value, minute)| Sample { time: at(minute), value }).collect()
}

fn search(samples: Vec<Sample>, unit: Unit) -> Vec<Span> {
    Detector::default().search(&Series::gauge(samples, unit).expect("in order"))
}

/// Noise from 0 to 1 that is the same each time.
fn noise(index: u32) -> f64 {
    f64::from((index.wrapping_mul(2_654_435_761) >> 8) % 1_000) / 1_000.0
}

/// A gauge around 20 that is 60 in these minutes.
fn busy(minutes: std::ops::Range<u32>, length: u32) -> Vec<Sample> {
    samples((0..length).map(|minute| 20.0 + 4.0 * noise(minute) + if minutes.contains(&minute) { 40.0 } else { 0.0 }))
}

/// A series with noise, a few levels, spikes, gaps and values that are no numbers.
fn any_samples() -> impl Strategy<Value = Vec<Sample>> {
    let value = prop_oneof![
        20 => (0.0..1.0_f64).boxed(),
        1 => Just(f64::NAN).boxed(),
        1 => (-50.0..50.0_f64).boxed(),
    ];
    let step = prop_oneof![30 => Just(1_u32), 1 => 2..40_u32];
    let level = prop_oneof![60 => Just(0.0), 1 => -20.0..20.0_f64];
    prop::collection::vec((value, step, level), 0..600).prop_map(|rows| {
        let (mut minute, mut level) = (0, 0.0);
        let rows = rows.into_iter().map(|(value, step, shift)| {
            minute += step;
            level += shift;
            Sample { time: at(minute), value: level + value }
        });
        rows.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spans_are_disjoint_in_order_and_within_the_series(samples in any_samples()) {
        let ends = samples.iter().filter(|sample| sample.value.is_finite()).map(|sample| sample.time);
        let (first, last) = (ends.clone().min(), ends.max());
        let spans = search(samples, Unit::Other);
        for span in &spans {
            prop_assert!(span.interval.start < span.interval.end);
            prop_assert!(Some(span.interval.start) >= first && Some(span.interval.end) <= last.map(|last| last + MINUTE));
            prop_assert!(span.interval.start <= span.onset && span.onset < span.interval.end, "{span:?}");
        }
        for pair in spans.windows(2) {
            prop_assert!(pair[0].interval.end <= pair[1].interval.start, "{pair:?}");
        }
    }

    #[test]
    fn a_verdict_does_not_change_when_later_samples_come(samples in any_samples(), cut in 0..600_usize) {
        let verdicts = |samples: &[Sample]| {
            let mut watch = Watch::new(Detector::default(), Unit::Other);
            samples.iter().map(|sample| watch.push(*sample).expect("in order")).collect::<Vec<_>>()
        };
        let cut = cut.min(samples.len());
        prop_assert_eq!(&verdicts(&samples)[..cut], &verdicts(&samples[..cut])[..]);
    }

    #[test]
    fn a_verdict_does_not_depend_on_unit_or_origin_of_the_values(shift in -1e3..1e3_f64, factor in 0.5..100.0_f64) {
        let moved = |sample: Sample| Sample { value: (sample.value - 20.0) * factor + shift, ..sample };
        let found = |samples: Vec<Sample>| -> Vec<_> {
            search(samples, Unit::Other).into_iter().map(|span| (span.interval, span.onset, span.returned)).collect()
        };
        let plain = busy(300..330, 600);
        prop_assert_eq!(found(plain.iter().copied().map(moved).collect()), found(plain));
    }
}

#[test]
fn a_span_has_its_bounds_onset_direction_and_return() {
    let spans = search(busy(300..330, 600), Unit::Percent);
    let [span] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!((span.interval.start, span.onset, span.interval.end), (at(300), at(300), at(330)));
    assert_eq!((span.direction(), span.returned), (Direction::Up, true));
    assert!(span.peak > 10.0, "{span:?}");
}

#[test]
fn what_does_not_come_back_has_not_returned() {
    for minutes in [300..600, 590..600] {
        let spans = search(busy(minutes.clone(), 600), Unit::Percent);
        assert_eq!(
            spans.iter().map(|span| (span.onset, span.returned)).collect::<Vec<_>>(),
            [(at(minutes.start), false)]
        );
    }
}

#[test]
fn nothing_is_raised_where_nothing_is_usual() {
    for values in [vec![], vec![1.0], vec![1.0, 99.0], vec![7.0; 500], vec![f64::NAN; 500]] {
        assert_eq!(search(samples(values.iter().copied()), Unit::Other), []);
        let mut watch = Watch::new(Detector::default(), Unit::Other);
        assert!(samples(values).into_iter().all(|sample| !watch.push(sample).expect("in order").opens));
    }
    // Three samples here and there.
    let sparse = (0..40).map(|index| Sample { time: at(900 * (index / 3) + index % 3), value: 100.0 * noise(index) });
    assert_eq!(search(sparse.collect(), Unit::Other), []);
}

#[test]
fn a_gap_is_not_a_span() {
    let mut samples = busy(0..0, 600);
    samples.retain(|sample| !(at(250)..at(300)).contains(&sample.time));
    assert_eq!(search(samples.clone(), Unit::Percent), []);
    for sample in &mut samples {
        if (at(400)..at(420)).contains(&sample.time) {
            sample.value = f64::INFINITY;
        }
    }
    assert_eq!(search(samples, Unit::Percent), []);
}

#[test]
fn a_counter_that_starts_again_is_not_a_span() {
    let mut total = 0.0;
    let counts = samples((0..600).map(|minute| {
        total = if minute == 400 { 0.0 } else { total + 60.0 + 10.0 * noise(minute) };
        total
    }));
    assert_eq!(Detector::default().search(&Series::counter(counts, Unit::Other).expect("in order")), []);
}

#[test]
fn a_change_below_the_floor_of_its_unit_is_not_a_span() {
    let values =
        |height: f64| samples((0..600).map(move |minute| if (300..330).contains(&minute) { height } else { 0.0 }));
    assert_eq!(search(values(1.9), Unit::Percent), []);
    assert_eq!(search(values(4.0), Unit::Percent).len(), 1);
    assert_eq!(search(values(2.0), Unit::Count).len(), 1);
}

#[test]
fn a_day_like_the_others_is_not_a_span_and_an_hour_at_night_like_noon_is() {
    let day = |minute: u32| 50.0 - 40.0 * (f64::from(minute) / 288.0 * std::f64::consts::TAU).cos() + noise(minute);
    let of = |value: &dyn Fn(u32) -> f64| {
        let rows = (0..288 * 7).map(|step| Sample { time: at(5 * step), value: value(step) });
        search(rows.collect(), Unit::Other)
    };
    assert_eq!(of(&day), []);
    let night = 288 * 5..288 * 5 + 12;
    let spans = of(&|step| if night.contains(&step) { day(144) } else { day(step) });
    assert_eq!(spans.iter().map(|span| span.interval.start).collect::<Vec<_>>(), [at(5 * 288 * 5)]);
}

#[test]
fn samples_out_of_order_are_refused() {
    let mut samples = samples([1.0, 2.0, 3.0]);
    samples.swap(1, 2);
    let refused = OutOfOrder { index: 2, time: at(1), before: at(2) };
    assert_eq!(Series::gauge(samples.clone(), Unit::Other), Err(refused));
    assert_eq!(Series::counter(samples.clone(), Unit::Other), Err(refused));
    let mut watch = Watch::new(Detector::default(), Unit::Other);
    let verdicts: Vec<_> =
        samples.into_iter().map(|sample| watch.push(sample).map_err(|refused| refused.index)).collect();
    assert!(matches!(verdicts[..], [Ok(_), Ok(_), Err(2)]), "{verdicts:?}");
    assert_eq!(
        refused.to_string(),
        "sample 2 is of 1970-01-01T00:01:00Z, but the one before it is of 1970-01-01T00:02:00Z: \
         samples have to ascend in time, each moment once"
    );
}

#[test]
fn the_onset_of_a_step_is_dated_to_a_few_samples() {
    for size in [6.0, 12.0, 40.0] {
        for onset in [150, 300, 451] {
            let step = samples((0..600).map(|minute| 4.0 * noise(minute) + if minute < onset { 0.0 } else { size }));
            let spans = search(step, Unit::Other);
            let [span] = &spans[..] else { panic!("{size} {onset}: {spans:?}") };
            let distance = span.onset.since(at(onset)).max(at(onset).since(span.onset));
            assert!(distance <= MINUTE * 2, "{size} {onset}: {span:?}");
        }
    }
}

#[test]
fn a_watch_opens_a_span_once() {
    let mut watch = Watch::new(Detector::default(), Unit::Percent);
    let verdicts: Vec<Verdict> =
        busy(300..330, 600).into_iter().map(|sample| watch.push(sample).expect("in order")).collect();
    let opens: Vec<usize> = (0..600).filter(|index| verdicts[*index].opens).collect();
    assert_eq!(opens, [300]);
    assert!(verdicts[300..330].iter().all(|verdict| verdict.open));
    assert!(!verdicts[599].open);
}

#[test]
fn a_watch_learns_a_day() {
    let day = |step: u32| 50.0 - 40.0 * (f64::from(step) / 288.0 * std::f64::consts::TAU).cos() + noise(step);
    let mut watch = Watch::new(Detector::default(), Unit::Other);
    let night = 288 * 6..288 * 6 + 12;
    let value = |step| if night.contains(&step) { day(144) } else { day(step) };
    let opens = (0..288 * 7)
        .filter(|step| watch.push(Sample { time: at(5 * step), value: value(*step) }).expect("in order").opens);
    // It knows the day when it saw two, and how exactly after some hours more.
    assert_eq!(opens.skip_while(|step| *step < 288 * 3).collect::<Vec<_>>(), [288 * 6]);
}
