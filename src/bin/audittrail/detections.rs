use std::process::ExitCode;

use audittrail::detection::export::LeftOut;
use audittrail::detection::{Pack, export};
use clap::{Args, Subcommand, ValueEnum};

/// The rules that ship.
#[derive(Args)]
pub(crate) struct Detections {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the rules in another form to standard output.
    Export(Export),
}

#[derive(Args)]
struct Export {
    /// The form.
    #[arg(long, value_enum)]
    format: Format,
    /// The uid of the data source that alert rules for Grafana ask.
    #[arg(long, default_value = "scaleway-audit-trail")]
    data_source: String,
    /// Fail if a rule is left out, as Loki leaves out some.
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// The page `docs/detections.md`.
    Docs,
    /// Alert rules that Grafana provisions.
    Grafana,
    /// Alert rules for Loki's ruler, over the lines of the OpenTelemetry receiver; standard error names the rules that it lacks.
    Loki,
    /// A layer for MITRE ATT&CK Navigator.
    Navigator,
    /// The Sigma documents themselves, as one stream of YAML.
    Sigma,
}

impl Detections {
    pub(crate) fn run(self) -> ExitCode {
        let Command::Export(Export { format, data_source, strict }) = self.command;
        let pack = Pack::shipped();
        let mut left_out = Vec::new();
        let text = match format {
            Format::Docs => export::docs(&pack),
            Format::Grafana => export::grafana(&pack, &data_source),
            Format::Loki => {
                let rules = export::loki(&pack);
                left_out = rules.left_out;
                rules.file
            }
            Format::Navigator => export::navigator(&pack),
            Format::Sigma => export::sigma(&pack),
        };
        print!("{text}");
        for LeftOut { name, reason } in &left_out {
            eprintln!("left out: {name}: {reason}");
        }
        if strict && !left_out.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}
