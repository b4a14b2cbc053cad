//! The Numenta Anomaly Benchmark: its series and its score.
//!
//! The score is that of the published `nab/sweeper.py` and `runner.py`: within a window the first detection counts, the
//! earlier the more; a detection outside of all windows costs the less the nearer it is behind one; a window without a
//! detection costs one. 0 is a detector that says nothing, 100 is one that finds each window at its start and nothing else.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use audittrail::investigation::Sample;
use audittrail::time::Time;
use chrono::NaiveDateTime;

use crate::{Error, real};

/// What a false detection costs, by the standard profile. A window found, and one not found, weighs 1.
const FALSE_POSITIVE: f64 = 0.11;

/// A series and its labels.
pub(crate) struct Series {
    /// `folder/file.csv`.
    pub(crate) name: String,
    /// Its rows, as published: some have the time of the one before, and one an earlier time.
    pub(crate) rows: Vec<Sample>,
    /// The rows that are anomalous, each from the first to the last.
    pub(crate) windows: Vec<RangeInclusive<usize>>,
}

impl Series {
    /// Whether it was made by people, not measured: parameters may be chosen on it.
    pub(crate) fn is_artificial(&self) -> bool {
        self.name.starts_with("artificial")
    }

    /// Whether it is one of the 24 of machines.
    pub(crate) fn is_of_a_machine(&self) -> bool {
        self.name.starts_with("realAWSCloudwatch/") || self.name.starts_with("realKnownCause/")
    }

    /// How many rows no detector is judged on.
    pub(crate) fn probation(&self) -> usize {
        (self.rows.len() * 15 / 100).min(750)
    }
}

/// The series of the benchmark's folder, in the order of their names.
pub(crate) fn read(folder: &Path) -> Result<Vec<Series>, Error> {
    let windows = std::fs::read_to_string(folder.join("labels/combined_windows.json"))?;
    let windows: BTreeMap<String, Vec<[String; 2]>> = serde_json::from_str(&windows)?;
    windows.into_iter().map(|(name, windows)| series(folder, name, &windows)).collect()
}

fn series(folder: &Path, name: String, windows: &[[String; 2]]) -> Result<Series, Error> {
    let mut rows = Vec::new();
    for row in csv::Reader::from_path(folder.join("data").join(&name))?.deserialize() {
        let (time, value): (String, f64) = row?;
        rows.push(Sample { time: moment(&time)?, value });
    }
    let row = |time: &str| -> Result<usize, Error> {
        let time = moment(time)?;
        rows.iter().position(|row| row.time == time).ok_or_else(|| format!("{name} has no row of {time}").into())
    };
    let windows = windows.iter().map(|[first, last]| Ok(row(first)?..=row(last)?)).collect::<Result<_, Error>>()?;
    Ok(Series { name, rows, windows })
}

fn moment(text: &str) -> Result<Time, Error> {
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")?;
    Ok(Time::from_nanos(time.and_utc().timestamp_nanos_opt().ok_or("a time beyond 2262")?))
}

/// What a detector made of one series, or of many together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Score {
    /// The sum of all weights.
    pub(crate) raw: f64,
    /// The same of a detector that says nothing.
    pub(crate) null: f64,
    /// How many windows there are.
    pub(crate) windows: usize,
    /// How many of them have a detection.
    pub(crate) found: usize,
    /// Detections in a window, and outside.
    pub(crate) right: usize,
    pub(crate) wrong: usize,
}

impl Score {
    /// From 0, a detector that says nothing, to 100, a perfect one.
    pub(crate) fn normalized(&self) -> f64 {
        100.0 * (self.raw - self.null) / (real(self.windows) - self.null)
    }

    /// The part of the detections that are in a window.
    pub(crate) fn precision(&self) -> f64 {
        real(self.right) / real((self.right + self.wrong).max(1))
    }

    /// The part of the windows that have a detection.
    pub(crate) fn recall(&self) -> f64 {
        real(self.found) / real(self.windows.max(1))
    }
}

impl std::iter::Sum for Score {
    fn sum<I: Iterator<Item = Self>>(scores: I) -> Self {
        scores.fold(Self::default(), |sum, score| Self {
            raw: sum.raw + score.raw,
            null: sum.null + score.null,
            windows: sum.windows + score.windows,
            found: sum.found + score.found,
            right: sum.right + score.right,
            wrong: sum.wrong + score.wrong,
        })
    }
}

/// The score of a detector's rows, in order.
pub(crate) fn score(series: &Series, detections: &[usize]) -> Score {
    let probation = series.probation();
    let detections = detections.iter().copied().filter(|row| *row >= probation);
    let mut score = Score { windows: series.windows.len(), ..Score::default() };
    let judged = |window: &&RangeInclusive<usize>| *window.end() >= probation;
    let mut best = vec![-1.0_f64; series.windows.len()];
    for row in detections {
        if let Some(window) = series.windows.iter().position(|window| window.contains(&row)) {
            best[window] = best[window].max(reward(&series.windows[window], row));
            score.right += 1;
        } else {
            score.raw -= FALSE_POSITIVE * cost(series.windows.iter().rfind(|window| *window.end() < row), row);
            score.wrong += 1;
        }
    }
    let judged: Vec<bool> = series.windows.iter().map(|window| judged(&window)).collect();
    score.null = -real(judged.iter().filter(|judged| **judged).count());
    score.raw += best.iter().zip(&judged).filter(|(_, judged)| **judged).map(|(best, _)| best).sum::<f64>();
    score.found = best.iter().filter(|best| **best > -1.0).count();
    score
}

/// What a detection in a window is worth: 1 at its start, next to nothing at its end.
fn reward(window: &RangeInclusive<usize>, row: usize) -> f64 {
    let width = real(window.end() - window.start() + 1);
    sigmoid(-real(window.end() - row + 1) / width) / sigmoid(-1.0)
}

/// What a detection behind this window costs: nothing right behind it, 1 far away from all windows.
fn cost(window: Option<&RangeInclusive<usize>>, row: usize) -> f64 {
    let Some(window) = window else { return 1.0 };
    let widths = real(row - window.end()) / real(window.end() - window.start());
    if widths > 3.0 { 1.0 } else { -sigmoid(widths) }
}

fn sigmoid(position: f64) -> f64 {
    2.0 / (1.0 + (5.0 * position).exp()) - 1.0
}

/// The rows that a perfect detector names: the first of each window.
pub(crate) fn perfect(series: &Series) -> Vec<usize> {
    series.windows.iter().map(|window| (*window.start()).max(series.probation())).collect()
}

/// A published detector: its score by its published rows and threshold, beside its published score. `None` where the folder
/// lacks its rows.
pub(crate) fn published(folder: &Path, all: &[Series], detector: &str) -> Result<Option<(f64, f64)>, Error> {
    if !folder.join("results").join(detector).is_dir() {
        return Ok(None);
    }
    let thresholds = std::fs::read_to_string(folder.join("config/thresholds.json"))?;
    let thresholds: serde_json::Value = serde_json::from_str(&thresholds)?;
    let threshold = thresholds[detector]["standard"]["threshold"].as_f64().ok_or("a detector without a threshold")?;
    let results = std::fs::read_to_string(folder.join("results/final_results.json"))?;
    let results: serde_json::Value = serde_json::from_str(&results)?;
    let published = results[detector]["standard"].as_f64().ok_or("a detector without a result")?;
    let mut scores = Vec::new();
    for series in all {
        let (kind, file) = series.name.split_once('/').ok_or("a series without a folder")?;
        let path = folder.join("results").join(detector).join(kind).join(format!("{detector}_{file}"));
        let mut detections = Vec::new();
        for (row, record) in csv::Reader::from_path(path)?.records().enumerate() {
            if record?.get(2).ok_or("a row without a score")?.parse::<f64>()? >= threshold {
                detections.push(row);
            }
        }
        scores.push(score(series, &detections));
    }
    Ok(Some((scores.into_iter().sum::<Score>().normalized(), published)))
}
