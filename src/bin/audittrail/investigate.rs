//! `audittrail investigate`: which actions may explain that a metric moved, without Grafana.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::Error;
use crate::output::{CODES, Output};
use crate::source::Source;
use crate::table::Shown;

/// A table for people has the sentence about each suspect; json and csv have the points of each part and the events as well.
const SHOWN: Shown =
    Shown { columns: &["rank", "verdict", "score", "why", "series", "onset", "timeEnd"], longest: 500 };

/// Which way a metric moved.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Direction {
    Up,
    Down,
}

/// Which actions may explain that a metric moved, as docs/investigate.md describes it.
#[derive(Args)]
#[command(after_help = CODES)]
pub(crate) struct Investigate {
    /// The metric's name or its PromQL expression; with --metrics-urls, its anomalous span dates the onset.
    #[arg(long)]
    metric: Option<String>,
    /// Which way the metric moved, where no series is read.
    #[arg(long, value_enum, default_value_t = Direction::Up)]
    direction: Direction,
    /// When the metric left its band, as in RFC 3339; by default that of the series, or else the start of the range.
    #[arg(long)]
    onset: Option<String>,
    /// Ids or names of the resource that the metric is about; any resource when absent.
    #[arg(long, value_delimiter = ',')]
    target: Vec<String>,
    /// How many minutes before the onset actions are sought.
    #[arg(long, default_value_t = 60)]
    lookback_minutes: u64,
    /// From how many days before the usual is learned.
    #[arg(long, default_value_t = 2)]
    history_days: u64,
    /// The most suspects.
    #[arg(long, default_value_t = 10)]
    suspects: u64,
    /// Show candidates below the line as well.
    #[arg(long)]
    all_candidates: bool,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    output: Output,
}

impl Investigate {
    pub(crate) async fn run(self) -> Result<ExitCode, Error> {
        let direction = self.direction.to_possible_value().expect("no direction is skipped");
        let query = json!({
            "queryType": "investigate",
            "expression": self.metric,
            "direction": direction.get_name(),
            "onset": self.onset,
            "target": self.target,
            "lookbackMinutes": self.lookback_minutes,
            "historyDays": self.history_days,
            "suspects": self.suspects,
            "allCandidates": self.all_candidates,
        });
        self.source.ask(&query.to_string(), &self.output, SHOWN).await
    }
}
