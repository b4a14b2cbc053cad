//! The plugin process, which Grafana starts.

use std::process::ExitCode;

/// Returns the memory of pages and answers to the system; the C library retains most of it. `.cargo/config.toml` has the
/// delay.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    audittrail::plugin::run()
}
