//! The engine from a terminal: ask a question, run the simulated organization, or run the demo.

mod ask;
mod demo;
mod detections;
mod investigate;
mod metrics;
mod output;
mod replay;
mod rows;
mod sandbox;
mod source;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Scaleway Audit Trail: who did what when a metric moved.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Ask a question about an organization's trail, and print the answer as a table, JSON or CSV.
    Ask(ask::Ask),
    /// Rank the actions that may explain that a metric moved.
    Investigate(investigate::Investigate),
    /// Serve a simulated organization on loopback, as Scaleway's API would.
    Sandbox(sandbox::Sandbox),
    /// Print the metrics of the simulated organization under Cockpit's names, as text that promtool makes blocks of.
    Metrics(metrics::Metrics),
    /// Write the rules that ship as alert rules for Grafana, a page, a layer of ATT&CK Navigator, or Sigma.
    Detections(detections::Detections),
    /// Replay simulated days with an evaluation of all shipped rules each minute, against the truth of the simulation.
    #[command(args_override_self = true)]
    Replay(replay::Replay),
    /// Start the plugin as Grafana does, ask it the three questions, and print the answers.
    Demo(demo::Demo),
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Ask(ask) => ask.run().await,
        Command::Investigate(investigate) => investigate.run().await,
        Command::Sandbox(sandbox) => sandbox.run().await,
        Command::Metrics(metrics) => metrics.run(),
        Command::Detections(detections) => Ok(detections.run()),
        Command::Replay(replay) => tokio::task::block_in_place(|| replay.run()),
        Command::Demo(demo) => demo.run().await,
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // An error may quote a query, or an answer of Scaleway.
            eprintln!("audittrail: {}", audittrail::query::text::lines(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// An error that ends a command.
type Error = Box<dyn std::error::Error + Send + Sync>;
