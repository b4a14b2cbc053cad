use std::process::ExitCode;

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
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// The page `docs/detections.md`.
    Docs,
    /// Alert rules that Grafana provisions.
    Grafana,
    /// A layer for MITRE ATT&CK Navigator.
    Navigator,
    /// The Sigma documents themselves, as one stream of YAML.
    Sigma,
}

impl Detections {
    pub(crate) fn run(self) -> ExitCode {
        let Command::Export(Export { format, data_source }) = self.command;
        let pack = Pack::shipped();
        let text = match format {
            Format::Docs => export::docs(&pack),
            Format::Grafana => export::grafana(&pack, &data_source),
            Format::Navigator => export::navigator(&pack),
            Format::Sigma => export::sigma(&pack),
        };
        print!("{text}");
        ExitCode::SUCCESS
    }
}
