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
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// The page `docs/detections.md`.
    Docs,
    /// A layer for MITRE ATT&CK Navigator.
    Navigator,
    /// The Sigma documents themselves, as one stream of YAML.
    Sigma,
}

impl Detections {
    pub(crate) fn run(self) -> ExitCode {
        let Command::Export(Export { format }) = self.command;
        let pack = Pack::shipped();
        let text = match format {
            Format::Docs => export::docs(&pack),
            Format::Navigator => export::navigator(&pack),
            Format::Sigma => export::sigma(&pack),
        };
        print!("{text}");
        ExitCode::SUCCESS
    }
}
