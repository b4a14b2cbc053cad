//! `make eval`: how well anomalous spans are found, on public benchmarks and on series made from seeds, and how well the actions
//! that may explain them are ranked, on simulated incidents.
//!
//! The public series are read from the folder `BENCHMARKS`; what is missing there is skipped. No parameter was chosen on
//! them, except on NAB's artificial series, which have a row of their own.

mod annotations;
mod augurs;
mod case;
mod detectors;
mod fit;
mod incidents;
mod nab;
mod ranking;
#[path = "../bench/report.rs"]
mod report;
mod tcpd;
mod training;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use audittrail::investigation::{Detector, Sample, Series, Unit};
use audittrail::time::Time;
use rayon::prelude::*;

use detectors::Candidate;
use report::{Reach, Row};

/// Anything that ends an evaluation.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// The score on NAB of the best detector that needs no model of its own.
const TWITTER_ADVEC: f64 = 47.1;

/// NAB's other detectors, by its standard profile, as published.
const NAB_PUBLISHED: [(&str, f64); 8] = [
    ("ARTime", 74.9),
    ("HTM", 70.1),
    ("CAD OSE", 69.9),
    ("Random Cut Forest", 51.7),
    ("Twitter ADVec", TWITTER_ADVEC),
    ("windowed Gaussian", 39.6),
    ("Etsy Skyline", 35.7),
    ("Bayesian change points", 17.7),
];

/// TCPD's other detectors with their defaults, on 37 to 41 univariate series, some failures counted as zero: cover and F1.
const TCPD_PUBLISHED: [(&str, f64, f64); 4] =
    [("binseg", 0.706, 0.744), ("pelt", 0.689, 0.710), ("bocpd", 0.636, 0.690), ("zero", 0.583, 0.669)];

/// Why augurs has no figure.
const AUGURS_MISSING: &str =
    "skipped: benches/augurs cannot be built, see `cargo build --manifest-path benches/augurs/Cargo.toml`";

/// Seeds that no parameter was chosen on.
const FRESH_SEEDS: std::ops::Range<u64> = 70_000..70_200;

fn main() -> Result<ExitCode, Error> {
    let folder = std::env::var_os("BENCHMARKS").map_or_else(|| PathBuf::from("target/benchmarks"), PathBuf::from);
    let mut rows = Vec::new();
    // `make eval ARGUMENTS=tcpd` measures one part, `ARGUMENTS='incidents 40'` on so many incidents.
    let arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let (numbers, parts): (Vec<String>, Vec<String>) = arguments.partition(|argument| argument.parse::<u64>().is_ok());
    let incidents = numbers.first().map_or(ranking::INCIDENTS, |number| number.parse().expect("a number"));
    // New weights replace the file by hand.
    if parts.iter().any(|part| part == "fit") {
        print!("{}", ranking::fitted(incidents));
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    if wanted("nab") {
        numenta(&folder.join("nab"), &mut rows)?;
    }
    if wanted("tcpd") {
        turing(&folder.join("tcpd"), &mut rows);
    }
    if wanted("made") {
        made(&mut rows);
    }
    if wanted("speed") {
        speed(&mut rows);
    }
    if wanted("annotations") {
        annotations::rows(&mut rows);
    }
    if wanted("incidents") {
        ranking::rows(incidents, &mut rows);
    }
    report::write(&rows, Path::new("target/eval/summary.json"))?;
    println!("{}", report::table(&rows));
    Ok(ExitCode::SUCCESS)
}

/// Says that a benchmark is not measured, and how it is had.
fn skipped(what: &str, folder: &Path, error: &Error, rows: &mut Vec<Row>) {
    let folder = folder.display();
    rows.push(Row::missing(
        what,
        format!("skipped: {folder}: {error}. `make benchmarks` fetches it; BENCHMARKS names its folder"),
    ));
}

fn scores(candidate: Candidate, series: &[nab::Series]) -> Vec<nab::Score> {
    series.par_iter().map(|series| nab::score(series, &candidate.alerts(&series.rows))).collect()
}

fn numenta(folder: &Path, rows: &mut Vec<Row>) -> Result<(), Error> {
    let all = match nab::read(folder) {
        Ok(all) => all,
        Err(error) => {
            skipped("NAB", folder, &error, rows);
            return Ok(());
        }
    };
    let perfect: nab::Score = all.iter().map(|series| nab::score(series, &nab::perfect(series))).sum();
    let silent: nab::Score = all.iter().map(|series| nab::score(series, &[])).sum();
    rows.push(Row::new("NAB: scorer, a perfect detector", perfect.normalized(), "", Reach::AtLeast(100.0)));
    rows.push(Row::new("NAB: scorer, a silent detector", silent.normalized(), "", Reach::AtMost(0.0)));
    for detector in ["windowedGaussian", "twitterADVec", "numenta"] {
        if let Some((score, published)) = nab::published(folder, &all, detector)? {
            let what = format!("NAB: scorer, {detector} recomputed, from published {published:.4}");
            rows.push(Row::new(what, (score - published).abs(), "apart", Reach::AtMost(1e-6)));
        }
    }
    for candidate in Candidate::ALL {
        let ships = candidate == Candidate::ZWithShifts;
        let reach = |what: String, value: f64, unit, least: f64| {
            if ships { Row::new(what, value, unit, Reach::AtLeast(least)) } else { Row::info(what, value, unit) }
        };
        let name = candidate.name();
        let scores = scores(candidate, &all);
        let of = |choose: &dyn Fn(&nab::Series) -> bool| -> nab::Score {
            all.iter().zip(&scores).filter(|(series, _)| choose(series)).map(|(_, score)| *score).sum()
        };
        let (whole, machines) = (of(&|_| true), of(&nab::Series::is_of_a_machine));
        rows.push(reach(format!("NAB: {name}, standard score of all 58"), whole.normalized(), "", TWITTER_ADVEC));
        rows.push(Row::info(
            format!("NAB: {name}, of the 47 that are not artificial"),
            of(&|series| !series.is_artificial()).normalized(),
            "",
        ));
        rows.push(Row::info(format!("NAB: {name}, false alerts of all 58"), real(whole.wrong), "alerts"));
        rows.push(Row::info(format!("NAB: {name}, precision on 24 of machines"), machines.precision(), "of alerts"));
        rows.push(Row::info(format!("NAB: {name}, recall on 24 of machines"), machines.recall(), "of windows"));
    }
    rows.extend(NAB_PUBLISHED.map(|(name, score)| Row::info(format!("NAB: {name}, as published"), score, "")));
    Ok(())
}

/// The mean cover and F1 over all series.
fn mean(series: &[tcpd::Series], changes: impl Fn(&tcpd::Series) -> Vec<usize>) -> (f64, f64) {
    let scores = series.iter().map(|series| tcpd::score(series, &changes(series)));
    let (cover, f1) = scores.fold((0.0, 0.0), |sum, score| (sum.0 + score.0, sum.1 + score.1));
    (cover / real(series.len()), f1 / real(series.len()))
}

fn turing(folder: &Path, rows: &mut Vec<Row>) {
    let all = match tcpd::read(folder) {
        Ok(all) => all,
        Err(error) => {
            skipped("TCPD", folder, &error, rows);
            return;
        }
    };
    let zero = mean(&all, |_| Vec::new());
    rows.push(Row::info(format!("TCPD: zero, cover of these {}", all.len()), zero.0, ""));
    rows.push(Row::info(format!("TCPD: zero, F1 of these {}", all.len()), zero.1, ""));
    let mut best: Option<(f64, f64)> = None;
    match tcpd::ruptures(folder) {
        None => {
            rows.push(Row::missing("TCPD: binseg and pelt of ruptures", "skipped: Python or its package is missing"));
        }
        Some(methods) => {
            for (method, changes) in methods {
                let (cover, f1) = mean(&all, |series| changes.get(&series.name).cloned().unwrap_or_default());
                rows.push(Row::info(format!("TCPD: ruptures {method}, cover"), cover, ""));
                rows.push(Row::info(format!("TCPD: ruptures {method}, F1"), f1, ""));
                let least = best.unwrap_or_default();
                best = Some((cover.max(least.0), f1.max(least.1)));
            }
        }
    }
    for candidate in Candidate::ALL {
        let (cover, f1) = mean(&all, |series| candidate.changes(&series.values));
        for (what, value, least) in [("cover", cover, best.map(|best| best.0)), ("F1", f1, best.map(|best| best.1))] {
            let what = format!("TCPD: {}, {what}", candidate.name());
            rows.push(match least.filter(|_| candidate == Candidate::ZWithShifts) {
                Some(least) => Row::new(what, value, "", Reach::AtLeast(least)),
                None => Row::info(what, value, ""),
            });
        }
    }
    let values: Vec<Vec<f64>> = all.iter().map(|series| series.values.clone()).collect();
    match augurs::changes(&values) {
        None => rows.push(Row::missing("TCPD: augurs", AUGURS_MISSING)),
        Some(changes) => {
            let known: BTreeMap<&str, Vec<usize>> = all.iter().map(|series| &*series.name).zip(changes).collect();
            let (cover, f1) = mean(&all, |series| known[&*series.name].clone());
            rows.push(Row::info("TCPD: augurs' change points, cover", cover, ""));
            rows.push(Row::info("TCPD: augurs' change points, F1", f1, ""));
        }
    }
    for (name, cover, f1) in TCPD_PUBLISHED {
        rows.push(Row::info(format!("TCPD: {name}, cover as published"), cover, ""));
        rows.push(Row::info(format!("TCPD: {name}, F1 as published"), f1, ""));
    }
}

/// Series made from seeds: the score of fresh ones, and how far from the true onset the found one is.
fn made(rows: &mut Vec<Row>) {
    let fresh = training::watched(FRESH_SEEDS.start..FRESH_SEEDS.start + 60);
    for candidate in [Candidate::ZAlone, Candidate::ZWithShifts] {
        let score: nab::Score = scores(candidate, &fresh).into_iter().sum();
        rows.push(Row::info(
            format!("made from fresh seeds: {}, standard score", candidate.name()),
            score.normalized(),
            "",
        ));
    }
    let fresh = training::segmented(FRESH_SEEDS.start..FRESH_SEEDS.start + 120);
    let (cover, f1) = mean(&fresh, |series| Candidate::ZWithShifts.changes(&series.values));
    rows.push(Row::info("made from fresh seeds: z with level shifts, cover", cover, ""));
    rows.push(Row::info("made from fresh seeds: z with level shifts, F1", f1, ""));
    for size in [3.0, 6.0, 12.0] {
        onsets(size, rows);
    }
}

/// How far from a step of some size the detectors find it.
fn onsets(size: f64, rows: &mut Vec<Row>) {
    let steps: Vec<(Vec<Sample>, usize)> = FRESH_SEEDS.map(|seed| training::step(seed, size)).collect();
    let mut found: Vec<(&str, Vec<Vec<usize>>)> = Vec::new();
    for candidate in Candidate::ALL {
        let indices = steps.iter().map(|(samples, _)| {
            let index = |time: Time| samples.partition_point(|sample| sample.time < time);
            candidate.onsets(samples).into_iter().map(index).collect()
        });
        found.push((candidate.name(), indices.collect()));
    }
    let values: Vec<Vec<f64>> =
        steps.iter().map(|(samples, _)| samples.iter().map(|sample| sample.value).collect()).collect();
    match augurs::changes(&values) {
        None => rows.push(Row::missing(&format!("onset of a step of {size} deviations: augurs"), AUGURS_MISSING)),
        Some(changes) => found.push(("augurs' change points", changes)),
    }
    for (name, found) in found {
        let nearest = |(found, (_, onset)): (&Vec<usize>, &(Vec<Sample>, usize))| {
            found.iter().map(|index| real(index.abs_diff(*onset))).fold(f64::INFINITY, f64::min)
        };
        let mut errors: Vec<f64> = found.iter().zip(&steps).map(nearest).collect();
        errors.sort_unstable_by(f64::total_cmp);
        let what = format!("onset of a step of {size} deviations: {name}");
        let missed = errors.iter().filter(|error| error.is_infinite()).count();
        rows.push(Row::info(format!("{what}, median error"), errors[errors.len() / 2], "samples"));
        rows.push(Row::info(format!("{what}, 90th percentile"), errors[errors.len() * 9 / 10], "samples"));
        rows.push(Row::info(format!("{what}, missed"), real(missed) / real(errors.len()), "of steps"));
        let onsets: usize = found.iter().map(Vec::len).sum();
        rows.push(Row::info(format!("{what}, onsets found"), real(onsets) / real(errors.len()), "a step"));
    }
}

/// How long a whole series of 10 000 points is searched on one core.
fn speed(rows: &mut Vec<Row>) {
    let series = training::watched(50_002..50_003).remove(0);
    let step = series.rows[1].time.since(series.rows[0].time);
    let points = (0..10_000_u32).map(|index| Sample {
        time: series.rows[0].time + step * index,
        value: series.rows[usize::try_from(index).expect("32 bits") % series.rows.len()].value,
    });
    let points = Series::gauge(points.collect(), Unit::Other).expect("made in order");
    let mut times: Vec<f64> = Vec::new();
    for _ in 0..15 {
        let start = Instant::now();
        std::hint::black_box(Detector::default().search(std::hint::black_box(&points)));
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let fastest = times.into_iter().fold(f64::INFINITY, f64::min);
    rows.push(Row::new("speed: 10 000 points searched, the fastest of 15", fastest, "ms", Reach::AtMost(50.0)));
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}
