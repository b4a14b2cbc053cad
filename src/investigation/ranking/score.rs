use std::fmt::Write as _;
use std::sync::LazyLock;

use serde::Deserialize;

use super::signal::{Part, Signal, Signals};

/// The name of the row that has the line.
const LINE: &str = "line";

/// What each signal is worth, where the line is, and the words of reasons. See `weights.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// One for each signal, in the order of [`Signal::ALL`].
    numbers: Vec<f64>,
    because: Vec<String>,
    /// A candidate with fewer points is no suspect.
    pub line: f64,
}

#[derive(Deserialize)]
struct WeightRow {
    part: String,
    case: String,
    weight: f64,
    because: String,
}

impl Weights {
    /// The weights that are part of the binary.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Weights> =
            LazyLock::new(|| Weights::read(include_str!("weights.csv")).unwrap_or_else(|defect| panic!("{defect}")));
        &BUILT_IN
    }

    /// Weights from the text of a `weights.csv`: a row for each signal, in the order of [`Signal::ALL`], and one for the line.
    ///
    /// # Errors
    /// The first row that is not well formed or not the one expected.
    pub fn read(text: &str) -> Result<Self, String> {
        let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect::<Result<Vec<WeightRow>, _>>();
        let mut rows = rows.map_err(|error| format!("weights.csv: {error}"))?;
        let line = rows.pop().filter(|row| row.part == LINE).ok_or("weights.csv: the last row has to be line")?;
        if rows.len() != Signal::ALL.len() {
            return Err(format!("weights.csv: {} rows of signals, but there are {}", rows.len(), Signal::ALL.len()));
        }
        for (row, signal) in rows.iter().zip(Signal::ALL) {
            let expected = (signal.part().as_str(), signal.case());
            if (row.part.as_str(), row.case.as_str()) != expected {
                return Err(format!("weights.csv: {},{} instead of {},{}", row.part, row.case, expected.0, expected.1));
            }
            if !row.weight.is_finite() {
                return Err(format!("weights.csv: {},{}: {} is no weight", row.part, row.case, row.weight));
            }
        }
        let (weights, because) = rows.into_iter().map(|row| (row.weight, row.because)).unzip();
        Ok(Self { numbers: weights, because, line: line.weight })
    }

    /// The text of a `weights.csv` with these weights.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = "part,case,weight,because\n".to_owned();
        for ((signal, weight), because) in Signal::ALL.into_iter().zip(&self.numbers).zip(&self.because) {
            let _ = writeln!(text, "{},{},{weight:.3},{because}", signal.part().as_str(), signal.case());
        }
        let _ = writeln!(text, "{LINE},,{:.3},", self.line);
        text
    }

    /// Other weights and another line, with the same words.
    ///
    /// # Panics
    /// When there is not one weight for each signal.
    #[must_use]
    pub fn with(&self, weights: &[f64], line: f64) -> Self {
        assert_eq!(weights.len(), Signal::ALL.len());
        Self { numbers: weights.to_vec(), because: self.because.clone(), line }
    }

    /// The weight of a signal.
    #[must_use]
    pub fn of(&self, signal: Signal) -> f64 {
        self.numbers[signal as usize]
    }

    /// Each weight, in the order of [`Signal::ALL`].
    #[must_use]
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// The English words for a signal.
    #[cfg(test)]
    pub(super) fn because(&self, signal: Signal) -> &str {
        &self.because[signal as usize]
    }

    /// The points of one part of a candidate's score.
    pub(super) fn points(&self, part: Part, signals: &Signals) -> f64 {
        Signal::ALL
            .into_iter()
            .filter(|signal| signal.part() == part)
            .map(|signal| self.of(signal) * signals[signal])
            .sum()
    }

    /// A candidate's score.
    #[must_use]
    pub fn total(&self, signals: &Signals) -> f64 {
        self.numbers.iter().zip(signals.numbers()).map(|(weight, number)| weight * number).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_written_as_they_are_read() {
        let text = include_str!("weights.csv");
        let weights = Weights::read(text).expect("the file is well formed");
        assert_eq!(weights.write(), text);
    }

    #[test]
    fn a_file_that_is_not_of_these_signals_is_refused() {
        let text = include_str!("weights.csv");
        let lines: Vec<&str> = text.lines().collect();
        let without = |index: usize| [&lines[..index], &lines[index + 1..]].concat().join("\n");
        for (text, expected) in [
            (without(lines.len() - 1), "the last row has to be line".to_owned()),
            (without(1), format!("{} rows of signals, but there are {}", Signal::ALL.len() - 1, Signal::ALL.len())),
            (text.replacen("time,fits", "time,far", 1), "time,far instead of time,fits".to_owned()),
            (text.replacen("line,,", "line,,x", 1), "CSV deserialize error".to_owned()),
        ] {
            let error = Weights::read(&text).expect_err("a defect");
            assert!(error.starts_with("weights.csv: ") && error.contains(&expected), "{error}");
        }
    }

    #[test]
    fn a_total_is_the_sum_of_its_parts() {
        let weights = Weights::built_in();
        let mut signals = Signals::default();
        for (index, signal) in Signal::ALL.into_iter().enumerate() {
            signals[signal] = f64::from(u8::try_from(index % 3).expect("below 3")) / 2.0;
        }
        let parts: f64 = Part::ALL.into_iter().map(|part| weights.points(part, &signals)).sum();
        assert!((parts - weights.total(&signals)).abs() < 1e-9);
    }
}
