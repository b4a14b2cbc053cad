//! The change points of series, by augurs' Bayesian online detection with its defaults.
//!
//! A line of stdin is a series, its values apart by spaces; the same line of stdout has the indices at which it changes. The
//! detector's prior expects values with a mean of zero and a deviation of one, so that each series is brought to these first.

use std::io::{BufRead, Write, stdin, stdout};

use augurs_changepoint::{Detector, NormalGammaDetector};

fn main() -> std::io::Result<()> {
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let line = line?;
        let values: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let changes = NormalGammaDetector::default().detect_changepoints(&standardized(&values));
        let changes: Vec<String> = changes.into_iter().filter(|index| *index > 0).map(|index| index.to_string()).collect();
        writeln!(out, "{}", changes.join(" "))?;
    }
    Ok(())
}

fn standardized(values: &[f64]) -> Vec<f64> {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let deviation = variance.sqrt().max(1e-12);
    values.iter().map(|value| (value - mean) / deviation).collect()
}
