//! What Grafana starts.

use std::process::ExitCode;

fn main() -> ExitCode {
    audittrail::plugin::run()
}
