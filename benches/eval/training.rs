//! Training series, made from seeds: what the detector's parameters were chosen on, beside NAB's artificial series.
//!
//! Each is a process as machines and services have them, with anomalies as operators know them at known samples. The kinds
//! are many and the sizes random, some too small to be seen, so that no parameter fits one form.

use std::ops::Range;
use std::time::Duration;

use audittrail::investigation::Sample;
use audittrail::time::Time;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{nab, real, tcpd};

/// The first moment of each series: a Monday.
const START: i64 = 1_788_739_200_000_000_000;

/// The processes of [`watched`], one after the other.
const PROCESSES: u64 = 10;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "far below 2^52, and not negative")]
fn whole(number: f64) -> usize {
    number as usize
}

/// A random number that is normally distributed, with a mean of zero and a deviation of one.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (radius, angle) = (rng.random::<f64>().max(1e-12), rng.random::<f64>());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// A random number with a heavy tail, from 1 on.
fn pareto(rng: &mut ChaCha8Rng, shape: f64) -> f64 {
    rng.random::<f64>().max(1e-9).powf(-1.0 / shape)
}

/// How busy people are at a moment, from 0 to 1: most in the afternoon, less on a weekend.
fn activity(minute: f64, weekend: f64) -> f64 {
    let (day, hour) = ((minute / 1_440.0) % 7.0, (minute / 60.0) % 24.0);
    let daily = 0.5 - 0.5 * ((hour - 3.0) / 24.0 * std::f64::consts::TAU).cos();
    daily * if day >= 5.0 { weekend } else { 1.0 }
}

/// A process without an anomaly: its samples, a step of so many minutes apart.
fn process(kind: u64, length: usize, step: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let (level, noise) = (rng.random_range(5.0..80.0), rng.random_range(0.02..0.3));
    let weekend = if rng.random_bool(0.5) { 1.0 } else { rng.random_range(0.3..0.8) };
    let (every, width) = (rng.random_range(12..400_usize), rng.random_range(1..4_usize));
    let (memory, shape) = (rng.random_range(0.5..0.98), rng.random_range(1.5..4.0));
    let jitter = rng.random_range(0.0..0.3);
    let (mut state, mut next, mut burst) = (0.0, every, 0.0);
    let mut values = Vec::with_capacity(length);
    for index in 0..length {
        let minute = real(index) * step;
        let busy = activity(minute, weekend);
        state = memory * state + normal(rng) * (1.0_f64 - memory * memory).sqrt();
        values.push(match kind {
            // A quiet gauge.
            0 => level * (1.0 + 0.1 * noise * normal(rng)),
            // One that wanders.
            1 => level * (1.0 + noise * state),
            // Requests of people.
            2 => level * (0.2 + busy) * (1.0 + 0.5 * noise * normal(rng)),
            // Counts with bursts: mentions, errors, sales.
            3 => {
                burst = burst * 0.7 + if rng.random_bool(0.004) { level * 0.5 * pareto(rng, shape) } else { 0.0 };
                (level * (0.3 + busy) * (noise * 2.0 * normal(rng)).exp() + burst).round()
            }
            // A job by the clock on a quiet machine.
            4 => {
                if index == next {
                    next += every.max(width + 1);
                    next += whole(jitter * real(every) * rng.random::<f64>());
                    burst = level * rng.random_range(0.8..1.2);
                }
                if next - index + width <= every {
                    burst *= 0.3;
                }
                level * 0.1 * (1.0 + noise * normal(rng)) + burst
            }
            // Traffic that comes in bursts of any size.
            5 => {
                burst = burst * 0.5 + if rng.random_bool(1.0 / real(every)) { level * pareto(rng, shape) } else { 0.0 };
                (noise * normal(rng)).abs() + burst
            }
            // A temperature.
            6 => {
                burst = 0.999 * burst + 0.02 * normal(rng);
                level + 3.0 * noise * (busy + burst * 3.0) + 0.3 * noise * normal(rng)
            }
            // A share that moves in steps.
            7 => ((level * 0.05 + noise * state) * 10.0).round() / 10.0,
            // A machine that works by day.
            8 => level * if busy > 0.5 { 1.0 } else { 0.2 } * (1.0 + 0.2 * noise * normal(rng)),
            // Prices: noise with a heavy tail.
            _ => {
                level
                    * 0.01
                    * (1.0 + noise * normal(rng) * if rng.random_bool(0.02) { pareto(rng, shape) } else { 1.0 })
            }
        });
    }
    values
}

/// Changes some samples as an incident would, from `onset` on; which kind of incident.
fn incident(values: &mut [f64], onset: usize, rng: &mut ChaCha8Rng) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let part = |part: f64| sorted[whole(part * real(sorted.len() - 1))];
    let (low, middle, high) = (part(0.005), part(0.5), part(0.995));
    let reach = (high - middle).max(middle - low).max(0.05 * middle.abs()).max(1e-6);
    let size = reach * rng.random_range(0.7..4.0);
    let long = rng.random_range(10..120_usize).min(values.len() - onset);
    let sign = if low >= 0.0 && middle - size < 0.0 || rng.random_bool(0.6) { 1.0 } else { -1.0 };
    let kind = rng.random_range(0..8);
    let some = match kind {
        0 => rng.random_range(1..4).min(values.len() - onset),
        1..=5 => long,
        _ => (4 * long).min(values.len() - onset),
    };
    let to_the_end = kind == 6 && rng.random_bool(0.6);
    let end = if to_the_end { values.len() } else { onset + some };
    let stuck = values[onset];
    for (index, value) in values[onset..end].iter_mut().enumerate() {
        let progress = real(index) / real(some);
        *value = match kind {
            // A spike, and a surge.
            0 | 1 => *value + sign * size,
            // An outage.
            2 => low.min(0.1 * middle.abs()),
            // A value that no longer moves, and one that moves more.
            3 => stuck,
            4 => *value + size * 0.5 * normal(rng),
            // A burst that dies down.
            5 => *value + size * (-3.0 * progress).exp(),
            // A level shift, and a slow rise.
            6 => *value + 0.7 * sign * size,
            _ => *value + sign * size * progress,
        };
    }
    kind
}

/// Series to be watched, labelled as NAB labels its own: windows of a tenth of the series, divided by the anomalies, each
/// around an onset.
pub(crate) fn watched(seeds: Range<u64>) -> Vec<nab::Series> {
    seeds.map(watched_series).collect()
}

fn watched_series(seed: u64) -> nab::Series {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let kind = seed % PROCESSES;
    let length = rng.random_range(1_500..4_500_usize);
    let step = [5.0, 5.0, 5.0, 30.0, 60.0][rng.random_range(0..5)];
    let mut values = process(kind, length, step, &mut rng);
    let incidents = [0, 1, 1, 2, 2, 3][rng.random_range(0..6)];
    let (first, reach) = (length / 5, length / 20 / incidents.max(1));
    let mut onsets: Vec<(usize, usize)> = Vec::new();
    while onsets.len() < incidents {
        let onset = rng.random_range(first..length - reach - 5);
        if onsets.iter().all(|(other, _)| other.abs_diff(onset) > 3 * reach) {
            onsets.push((onset, incident(&mut values, onset, &mut rng)));
        }
    }
    onsets.sort_unstable();
    let irregular = rng.random_bool(0.15);
    let mut minutes = 0.0;
    let rows = values.into_iter().map(|value| {
        minutes += step * if irregular && rng.random_bool(0.2) { f64::from(rng.random_range(2..5_u8)) } else { 1.0 };
        Sample { time: Time::from_nanos(START) + Duration::from_secs_f64(60.0 * minutes), value }
    });
    let windows = onsets.iter().map(|(onset, _)| onset - reach..=onset + reach);
    let kinds: String = onsets.iter().map(|(_, kind)| kind.to_string()).collect();
    nab::Series { name: format!("training/{kind}-{seed}-{kinds}"), rows: rows.collect(), windows: windows.collect() }
}

/// Short series with level shifts, ramps, seasons and wandering, labelled by people who do not see all and not the same.
pub(crate) fn segmented(seeds: Range<u64>) -> Vec<tcpd::Series> {
    seeds.map(segmented_series).collect()
}

fn segmented_series(seed: u64) -> tcpd::Series {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let length = [20, 50, 60, 100, 200, 300, 300, 450, 500, 650][rng.random_range(0..10)];
    let count = [0, 0, 1, 1, 2, 2, 3, 4][rng.random_range(0..8)].min(length / 15);
    let mut changes: Vec<usize> = Vec::new();
    while changes.len() < count {
        let change = rng.random_range(length / 12..length - length / 12);
        if changes.iter().all(|other| other.abs_diff(change) > length / 12) {
            changes.push(change);
        }
    }
    changes.sort_unstable();
    let (trend, memory, season) = match rng.random_range(0..6) {
        0 | 1 => (0.0, 0.0, 0.0),
        2 => (0.0, rng.random_range(0.5..0.9), 0.0),
        3 => (rng.random_range(1.0..12.0), rng.random_range(0.0..0.9), 0.0),
        4 => (rng.random_range(0.0..8.0), 0.3, rng.random_range(0.5..3.0)),
        _ => (rng.random_range(0.0..3.0), 0.97, 0.0),
    };
    let outliers = if rng.random_bool(0.3) { 0.02 } else { 0.0 };
    let kinked = trend > 0.0 && rng.random_bool(0.6);
    let (mut level, mut slope, mut state) = (0.0, trend / real(length), 0.0);
    let mut values = Vec::with_capacity(length);
    for index in 0..length {
        if changes.contains(&index) {
            if kinked {
                slope = rng.random_range(-1.0..1.0) * 3.0 * trend / real(length);
            } else {
                let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
                level += sign * rng.random_range(1.5..8.0);
            }
        }
        level += slope;
        state = memory * state + normal(&mut rng) * (1.0_f64 - memory * memory).sqrt();
        let wave = season * (real(index) / 12.0 * std::f64::consts::TAU).sin();
        let outlier = if rng.random_bool(outliers) { 10.0 * normal(&mut rng) } else { 0.0 };
        values.push(level + wave + state + outlier);
    }
    let annotators = (0..5).map(|_| {
        let noticed = changes.iter().filter_map(|change| {
            let near = (change + rng.random_range(0..5_usize)).saturating_sub(2).clamp(1, length - 1);
            rng.random_bool(0.85).then_some(near)
        });
        noticed.collect()
    });
    tcpd::Series { name: format!("training/{seed}"), values, annotations: annotators.collect() }
}

/// A gauge with one step: its samples, and which one is the first at the new level. The step is so many deviations of the noise.
pub(crate) fn step(seed: u64, size: f64) -> (Vec<Sample>, usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let length = rng.random_range(200..800_usize);
    let onset = rng.random_range(length / 4..length * 3 / 4);
    let memory = if rng.random_bool(0.5) { 0.0 } else { 0.4 };
    let mut state = 0.0;
    let samples = (0..length).map(|index| {
        state = memory * state + normal(&mut rng) * (1.0_f64 - memory * memory).sqrt();
        let value = 50.0 + state + if index < onset { 0.0 } else { size };
        Sample { time: Time::from_nanos(START) + Duration::from_secs(60 * index as u64), value }
    });
    (samples.collect(), onset)
}
