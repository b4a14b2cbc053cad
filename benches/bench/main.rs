//! `make bench`: what the plugin must reach, measured side by side with its peers in one run.
//!
//! Whole processes are measured: the shipped plugin, started and asked as Grafana does, the sandbox as Scaleway's API, a
//! Go program with Scaleway's and Grafana's own SDKs (`benches/peer`), and DuckDB in Python (`benches/duckdb`). Each reach
//! is computed from what the same run measured.

mod cached;
mod dashboard;
mod decode;
mod detections;
mod growth;
mod investigation;
mod listing;
mod process;
mod report;
mod truth;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use clap::{Parser, ValueEnum};

use process::Sandbox;
use report::Row;
use truth::Truth;

/// The decoder is measured in a process of this program, with the plugin's allocator.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Anything that ends a measurement.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// Events of the sandbox for each API call in the measured region.
const SHARE: f64 = 1.5;

/// Events on a page of the API.
const PAGE: f64 = 100.0;

/// The parts of the benchmark, in the order of their measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Cold,
    Limited,
    Decode,
    Detections,
    Cached,
    Dashboard,
    Idle,
    Growth,
    Investigation,
}

/// Measures the plugin beside its peers.
#[derive(Parser)]
struct Options {
    /// The binary that Grafana starts.
    #[arg(long)]
    plugin: PathBuf,
    /// The Go peer.
    #[arg(long)]
    peer: PathBuf,
    /// A Python that has DuckDB and PyArrow.
    #[arg(long)]
    python: PathBuf,
    /// The folder of the summary and of the files of the parts.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// The number of measurements of each figure, whose median counts.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// The number of events that are listed cold.
    #[arg(long, default_value_t = 100_000)]
    listed: usize,
    /// The number of cached events.
    #[arg(long, default_value_t = 1_000_000)]
    cached: usize,
    /// Only some parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// An argument that `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

/// The ground of all parts: the past of the sandboxes, and one sandbox without latency.
struct Ground {
    options: Options,
    /// The sandbox's arguments that decide which events there are.
    past: Vec<String>,
    sandbox: Sandbox,
    truth: Truth,
    began: Instant,
}

impl Ground {
    async fn new(options: Options) -> Result<Self, Error> {
        let began = Instant::now();
        let now = Utc::now().trunc_subsecs(0);
        let past = past(now, options.cached);
        let arguments: Vec<&str> = past.iter().map(String::as_str).collect();
        eprintln!("   0 s  starting a sandbox, and listing its events");
        let sandbox = Sandbox::start(&arguments).await?;
        // Ranges end at a time when all events are settled.
        let truth = Truth::read(&sandbox, now - TimeDelta::minutes(10), options.cached.max(options.listed)).await?;
        Ok(Self { options, past, sandbox, truth, began })
    }

    /// A sandbox with the same past, and other arguments.
    async fn another(&self, arguments: &[&str]) -> Result<Sandbox, Error> {
        let all: Vec<&str> = self.past.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
        Sandbox::start(&all).await
    }

    fn say(&self, what: &str) {
        eprintln!("{:4} s  {what}", self.began.elapsed().as_secs());
    }

    async fn measure(&self, part: Part) -> Result<Vec<Row>, Error> {
        match part {
            Part::Cold => listing::cold(self).await,
            Part::Limited => listing::limited(self).await,
            Part::Decode => decode::rows(self).await,
            Part::Detections => detections::rows(self).await,
            Part::Cached => cached::rows(self).await,
            Part::Dashboard => dashboard::rows(self).await,
            Part::Idle => growth::idle(self).await,
            Part::Growth => growth::rows(self).await,
            Part::Investigation => investigation::rows(self).await,
        }
    }
}

fn past(now: DateTime<Utc>, cached: usize) -> Vec<String> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of events")]
    let events = (process::real(cached) * SHARE) as usize;
    let events = events.to_string();
    ["--now", &now.to_rfc3339(), "--days", "30", "--events", &events, "--live"].map(str::to_owned).to_vec()
}

async fn bench(options: Options) -> Result<(), Error> {
    // Nothing here speaks TLS; the HTTP client wants to know how it would.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ground = Ground::new(options).await?;
    let only = &ground.options.only;
    let mut rows = Vec::new();
    for part in Part::value_variants().iter().filter(|part| only.is_empty() || only.contains(part)) {
        match ground.measure(*part).await {
            Ok(measured) => rows.extend(measured),
            Err(error) => rows.push(Row::missing(&format!("{part:?}"), error)),
        }
    }
    let cores = std::thread::available_parallelism()?;
    println!("\n{}\n{cores} cores, medians of {} runs", report::table(&rows), ground.options.runs);
    let summary = ground.options.folder.join("summary.json");
    report::write(&rows, &summary)?;
    println!("written to {}", summary.display());
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let done = if arguments.next().is_some_and(|first| first == decode::MEASURE) {
        decode::measure(arguments)
    } else {
        bench(Options::parse()).await
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
