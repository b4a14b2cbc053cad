//! `audittrail demo`: starts the plugin's binary as Grafana does, and asks it three questions, and a fourth about the simulated
//! incident: who made the CPU of a server rise?

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use audittrail::host::{Ask, Decoded, Host, Source};
use audittrail::sandbox::{self, Config, Incident};
use chrono::Utc;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::Error;
use crate::table::{Shown, table};

/// The number of printed rows of each table.
const SHOWN: usize = 12;

/// The number of steps.
const STEPS: u64 = 7;

const DAY_MS: i64 = 86_400_000;

/// The time before now at which questions to a real organization end, so that each of them has the same events.
const SETTLED_MS: i64 = 60_000;

/// The most log lines in an answer; the counts may count more.
const MOST_LINES: usize = 50_000;

/// What to demonstrate with.
#[derive(Args)]
pub(crate) struct Demo {
    /// The plugin's binary.
    #[arg(long)]
    plugin: PathBuf,
    /// The folder of recorded answers.
    #[arg(long, default_value = "tests/data")]
    recorded: PathBuf,
    /// Where the summary goes.
    #[arg(long, default_value = "target/demo/summary.json")]
    summary: PathBuf,
    /// How many events the simulated organization has.
    #[arg(long, default_value_t = 20_000)]
    events: usize,
    /// A real organization to ask instead of the simulated one.
    #[arg(long, env = "SCW_DEFAULT_ORGANIZATION_ID")]
    organization: Option<String>,
    /// A secret key of that organization; better in the environment than on the command line.
    #[arg(long, env = "SCW_SECRET_KEY", hide_env_values = true)]
    secret_key: Option<String>,
}

/// The plugin's answers.
struct Answers {
    annotations: Decoded,
    lines: Decoded,
    counts: Decoded,
    /// The suspects of the simulated incident.
    suspects: Option<Decoded>,
}

impl Answers {
    /// The number of counted events of all methods.
    fn counted(&self) -> Result<u64, Error> {
        let numbers = self.counts.batch.column_by_name("count").ok_or("the counts have no column `count`")?;
        Ok(numbers.as_primitive::<Int64Type>().values().iter().sum::<i64>().unsigned_abs())
    }

    fn print(&self) {
        let columns = &["time", "timeEnd", "title", "tags", "newState"];
        print("Annotations for a graph", "", &self.annotations, columns);
        print("Log lines", ", the newest first", &self.lines, &["timestamp", "severity", "body"]);
        print("Counts by method", "", &self.counts, &[]);
        if let Some(suspects) = &self.suspects {
            println!("\n━━ The CPU of server web-3 rises to 100 %: who did that? ━━");
            let columns = &["rank", "score", "time", "principal", "method", "resource_name"];
            print("Suspects", ", the most likely first", suspects, columns);
            let why = suspects.batch.column_by_name("why").map(AsArray::as_string::<i32>);
            for (rank, why) in why.into_iter().flatten().flatten().enumerate().take(SHOWN) {
                println!("{}. {}", rank + 1, audittrail::query::text::cell(why));
            }
        }
    }
}

fn print(title: &str, order: &str, answer: &Decoded, columns: &'static [&'static str]) {
    println!("\n{title}: {}{order}", answer.batch.num_rows());
    print!("{}", table(&answer.batch, Shown { columns, ..Shown::ALL }, SHOWN));
    for notice in answer.notices() {
        println!("note: {notice}");
    }
}

impl Demo {
    pub(crate) async fn run(self) -> Result<ExitCode, Error> {
        let bar = ProgressBar::new(STEPS);
        bar.set_style(ProgressStyle::with_template("{bar:24} {pos}/{len} {msg}")?);
        bar.enable_steady_tick(Duration::from_millis(100));
        step(&bar, "starting the plugin as Grafana does");
        let host = Host::start(&self.plugin, &[("GF_PLUGIN_LOG_LEVEL", "warn")]).await?;
        let now = Utc::now().timestamp_millis();
        let (whom, answers) = if let (Some(organization), Some(key)) = (&self.organization, &self.secret_key) {
            let source = Source::new(audittrail::settings::API_URL, organization, key).with("maxEvents", 100_000);
            (
                format!("organization {organization}, the last day"),
                ask(&host, &source, (now - SETTLED_MS - DAY_MS, now - SETTLED_MS), &|what| step(&bar, what)).await?,
            )
        } else {
            let sandbox = sandbox::start(Config { events: self.events, ..Config::default() }).await?;
            let source = Source::new(&sandbox.url(), sandbox::ORGANIZATION_ID, sandbox::SECRET_KEY);
            let mut answers = ask(&host, &source, (now - DAY_MS, now + 1), &|what| step(&bar, what)).await?;
            step(&bar, "the actions that explain a metric");
            answers.suspects = Some(investigate(&host, &source, &sandbox.organization().incident).await?);
            (format!("a simulated organization of {} events, the last day", sandbox.events()), answers)
        };
        step(&bar, "the same on recorded answers of the real API");
        let recorded =
            Config { recorded: Some(self.recorded.clone()), shift_to: Some(Utc::now()), ..Config::default() };
        let sandbox = sandbox::start(recorded).await?;
        let source = Source::new(&sandbox.url(), sandbox::ORGANIZATION_ID, sandbox::SECRET_KEY);
        let range = (now - 60 * DAY_MS, Utc::now().timestamp_millis() + 1);
        let recorded = ask(&host, &source, range, &|_| ()).await?;
        step(&bar, "stopping the plugin");
        host.stop().await?;
        bar.finish_and_clear();

        println!("━━ Who did what: {whom} ━━");
        answers.print();
        println!("\n━━ Recorded answers of the real API, moved to end now ━━");
        recorded.print();
        self.close(&answers, &recorded)?;
        Ok(ExitCode::SUCCESS)
    }

    fn close(&self, answers: &Answers, recorded: &Answers) -> Result<(), Error> {
        let (annotations, lines, counts) =
            (answers.annotations.batch.num_rows(), answers.lines.batch.num_rows(), answers.counted()?);
        if !agree(counts, lines) {
            return Err(format!("the counts add up to {counts}, but there are {lines} log lines").into());
        }
        let recorded = recorded.lines.batch.num_rows();
        // Written by hand for a fixed order of fields.
        let summary = format!(
            "{{\"annotations\":{annotations},\"lines\":{lines},\"counts\":{counts},\"recorded\":{recorded}}}\n"
        );
        if let Some(folder) = self.summary.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.summary, summary)?;
        println!("\ndemo: ok, annotations={annotations} lines={lines} counts={counts} recorded={recorded}");
        Ok(())
    }
}

/// Whether the counts equal the number of lines, or exceed it because lines are limited.
fn agree(counts: u64, lines: usize) -> bool {
    counts.min(MOST_LINES as u64) == lines as u64
}

fn step(bar: &ProgressBar, what: &str) {
    bar.inc(1);
    bar.set_message(what.to_owned());
    if bar.is_hidden() {
        eprintln!("[{}/{STEPS}] {what}", bar.position());
    }
}

async fn ask(host: &Host, source: &Source, range: (i64, i64), step: &dyn Fn(&str)) -> Result<Answers, Error> {
    step("annotations: who did what, on the graph");
    let query = json!({ "queryType": "annotations" });
    let annotations = host.frame(source, Ask::new("Anno", query, range), &[]).await?;
    step("log lines");
    let query = json!({ "queryType": "events", "format": "logs", "limit": MOST_LINES });
    let lines = host.frame(source, Ask::new("A", query, range), &[]).await?;
    step("counts by method");
    let query = json!({ "queryType": "counts", "over": "total", "groupBy": ["method"], "groupLimit": 1_000 });
    let counts = host.frame(source, Ask::new("B", query, range), &[]).await?;
    Ok(Answers { annotations, lines, counts, suspects: None })
}

/// The suspects of the incident, from the time at which a person sees the metric rise.
async fn investigate(host: &Host, source: &Source, incident: &Incident) -> Result<Decoded, Error> {
    let query = json!({
        "queryType": "investigate",
        "target": [incident.server_id],
        "expression": "rate(instance_server_cpu_seconds_total[1m])",
        "direction": "up",
    });
    let range = (incident.spike_from.timestamp_millis(), incident.spike_until.timestamp_millis());
    Ok(host.frame(source, Ask::new("C", query, range), &[]).await?)
}

#[cfg(test)]
mod tests {
    use super::{MOST_LINES, agree};

    #[test]
    fn counts_may_exceed_the_limit_of_lines() {
        let most = MOST_LINES as u64;
        assert!(agree(0, 0) && agree(7, 7) && agree(most, MOST_LINES) && agree(most + 1, MOST_LINES));
        assert!(!agree(8, 7) && !agree(7, 8) && !agree(most + 1, 7) && !agree(most - 1, MOST_LINES));
    }
}
