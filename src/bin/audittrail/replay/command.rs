use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::compare::Findings;
use super::judge::{Rule, rules};
use super::plant::Planted;
use super::run;
use super::scenario::{Case, Plan, cases};
use crate::Error;

/// The most alert instances that are listed of each fault.
const LISTED: usize = 10;

/// Replay simulated days, with an evaluation of all shipped rules each minute.
#[derive(Args)]
pub(crate) struct Replay {
    /// The days of each seed.
    #[arg(long, default_value_t = 3)]
    days: u32,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds follow each other.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// How many cases of the rules are among the events of each day.
    #[arg(long, default_value_t = 100)]
    cases: usize,
    /// The folder with the shipped rules and their cases.
    #[arg(long, default_value = "detections")]
    rules: PathBuf,
    /// Paste the rules into the data source's settings, as the organization's own.
    #[arg(long)]
    own: bool,
    /// The folder for the results of seeds. A seed that has a result there is not replayed again.
    #[arg(long)]
    output: Option<PathBuf>,
    /// A fault that the replay has to find.
    #[arg(long, value_enum)]
    plant: Option<Planted>,
}

/// The result of one seed.
struct Seed {
    number: u64,
    numbers: Value,
    is_ok: bool,
}

impl Replay {
    pub(crate) async fn run(&self) -> Result<ExitCode, Error> {
        let files_of_rules = files(&self.rules, ".yml")?;
        let rules = rules(&files_of_rules)?;
        let texts: Vec<String> = files_of_rules.into_iter().map(|(_, text)| text).collect();
        let own = self.own.then(|| texts.join("\n---\n"));
        let cases = cases(&files(&self.rules, ".events.json")?)?;
        if rules.is_empty() {
            return Err(format!("there is no rule in {}", self.rules.display()).into());
        }
        let mut seeds = Vec::new();
        for seed in self.seed..self.seed + self.seeds {
            seeds.push(self.seed(seed, &rules, &cases, own.clone()).await?);
        }
        let total = |key: &str| seeds.iter().filter_map(|seed| seed.numbers[key].as_u64()).sum::<u64>();
        let is_ok = seeds.iter().all(|seed| seed.is_ok);
        for seed in &seeds {
            println!("seed {}: {}", seed.number, seed.numbers);
        }
        if let Some(output) = &self.output {
            let of_seeds: Vec<&Value> = seeds.iter().map(|seed| &seed.numbers).collect();
            fs::write(output.join("summary.json"), json!({ "ok": is_ok, "seeds": of_seeds }).to_string())?;
        }
        let [missed, doubled, unfounded, evaluations] = ["missed", "doubled", "false", "evaluations"].map(total);
        let word = if is_ok { "ok" } else { "failed" };
        println!("soak: {word}, missed={missed} doubled={doubled} false={unfounded} evaluations={evaluations}");
        Ok(if is_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn seed(&self, seed: u64, rules: &[Rule], cases: &[Case], own: Option<String>) -> Result<Seed, Error> {
        let file = self.output.as_ref().map(|output| output.join(format!("seed-{seed}-days-{}.json", self.days)));
        if let Some(numbers) = file.as_deref().and_then(known) {
            return Ok(Seed { number: seed, is_ok: numbers["ok"] == true, numbers });
        }
        let plan = Plan { seed, days: self.days, cases_a_day: self.cases };
        let replay = run::Replay { plan, rules, cases, planted: self.plant, own };
        let findings = replay.run(|tick| shown(seed, tick)).await?;
        report(&findings);
        let numbers = numbers(seed, &findings);
        if let Some(file) = file {
            fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
            fs::write(file, numbers.to_string())?;
        }
        Ok(Seed { number: seed, is_ok: findings.is_ok(), numbers })
    }
}

/// The result of a seed that was replayed before.
fn known(file: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

fn numbers(seed: u64, findings: &Findings) -> Value {
    json!({
        "seed": seed, "ok": findings.is_ok(), "evaluations": findings.evaluations, "failures": findings.failures,
        "fired": findings.fired.len(), "missed": findings.missed.len(), "doubled": findings.doubled.len(),
        "false": findings.unfounded.len(), "statistical": findings.statistical.len(),
    })
}

fn report(findings: &Findings) {
    for (word, rows) in [
        ("missed", &findings.missed),
        ("doubled", &findings.doubled),
        ("false", &findings.unfounded),
        ("statistical", &findings.statistical),
    ] {
        for row in rows.iter().take(LISTED) {
            eprintln!("{word}: {row:?}");
        }
    }
}

/// A line of progress for each simulated day.
fn shown(seed: u64, tick: usize) {
    if tick % 1_440 == 1_439 {
        let _ = writeln!(io::stderr(), "seed {seed}: day {}", tick / 1_440 + 1);
    }
}

/// The names and texts of the files of a folder with an ending, by name.
pub(super) fn files(folder: &Path, ending: &str) -> Result<Vec<(String, String)>, Error> {
    let mut files = Vec::new();
    for file in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(ending) {
            files.push((name, fs::read_to_string(file.path())?));
        }
    }
    files.sort();
    Ok(files)
}
