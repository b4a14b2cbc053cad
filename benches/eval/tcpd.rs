//! The Turing Change Point Dataset: its univariate series, and its two scores, each averaged over the annotators.
//!
//! The scores are those of the published `TCPDBench/analysis/scripts/metrics.py`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::{Error, real};

/// A change point counts as found within so many samples.
const MARGIN: usize = 5;

/// A series and the change points that people saw in it.
pub(crate) struct Series {
    pub(crate) name: String,
    /// Its values; NaN where there is none.
    pub(crate) values: Vec<f64>,
    /// Of each annotator, the first index of each segment but the first.
    pub(crate) annotations: Vec<Vec<usize>>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    series: Vec<Dimension>,
}

#[derive(Deserialize)]
struct Dimension {
    raw: Vec<Option<f64>>,
}

/// The univariate series of the benchmark's folder, in the order of their names.
pub(crate) fn read(folder: &Path) -> Result<Vec<Series>, Error> {
    let annotations = std::fs::read_to_string(folder.join("annotations.json"))?;
    let annotations: BTreeMap<String, BTreeMap<String, Vec<usize>>> = serde_json::from_str(&annotations)?;
    let mut all = Vec::new();
    for (name, annotations) in annotations {
        let path = folder.join(format!("{name}.json"));
        if !path.exists() {
            continue;
        }
        let file: File = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        if let [dimension] = &file.series[..] {
            let values = dimension.raw.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
            all.push(Series { name: file.name, values, annotations: annotations.into_values().collect() });
        }
    }
    Ok(all)
}

/// The cover and F1 of some change points.
pub(crate) fn score(series: &Series, changes: &[usize]) -> (f64, f64) {
    (cover(&series.annotations, changes, series.values.len()), f1(&series.annotations, changes))
}

fn segments(changes: &[usize], length: usize) -> Vec<Range<usize>> {
    let bounds: BTreeSet<usize> =
        changes.iter().copied().filter(|at| (1..length).contains(at)).chain([0, length]).collect();
    let bounds: Vec<usize> = bounds.into_iter().collect();
    bounds.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

fn cover(annotations: &[Vec<usize>], changes: &[usize], length: usize) -> f64 {
    let found = segments(changes, length);
    let jaccard = |one: &Range<usize>, other: &Range<usize>| {
        let common = one.end.min(other.end).saturating_sub(one.start.max(other.start));
        real(common) / real(one.len() + other.len() - common)
    };
    let of_one = annotations.iter().map(|changes| {
        let covers = segments(changes, length).into_iter().map(|segment| {
            real(segment.len()) * found.iter().map(|found| jaccard(&segment, found)).fold(0.0, f64::max)
        });
        covers.sum::<f64>() / real(length)
    });
    of_one.sum::<f64>() / real(annotations.len())
}

fn f1(annotations: &[Vec<usize>], changes: &[usize]) -> f64 {
    let with_start = |changes: &[usize]| changes.iter().copied().chain([0]).collect::<BTreeSet<usize>>();
    let found = with_start(changes);
    let annotations: Vec<BTreeSet<usize>> = annotations.iter().map(|changes| with_start(changes)).collect();
    let all: BTreeSet<usize> = annotations.iter().flatten().copied().collect();
    let precision = real(hits(&all, &found)) / real(found.len());
    let recalls = annotations.iter().map(|annotation| real(hits(annotation, &found)) / real(annotation.len()));
    let recall = recalls.sum::<f64>() / real(annotations.len());
    2.0 * precision * recall / (precision + recall)
}

/// How many true change points have one near them that no other has.
fn hits(truth: &BTreeSet<usize>, found: &BTreeSet<usize>) -> usize {
    let mut free = found.clone();
    let near = truth.iter().filter(|at| {
        let nearest =
            free.iter().copied().filter(|other| at.abs_diff(*other) <= MARGIN).min_by_key(|other| at.abs_diff(*other));
        nearest.is_some_and(|nearest| free.remove(&nearest))
    });
    near.count()
}

/// The change points of Python's `ruptures`, by the name of a method and of a series; `None` where Python or that package is
/// missing.
pub(crate) fn ruptures(folder: &Path) -> Option<BTreeMap<String, BTreeMap<String, Vec<usize>>>> {
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python).args(["-c", include_str!("ruptures.py")]).arg(folder).output().ok()?;
    let methods: Value = serde_json::from_slice(&output.stdout).ok()?;
    serde_json::from_value(methods).ok()
}
