//! What Grafana starts.

use std::process::ExitCode;

/// Gives back what pages and answers took; the C library keeps most of it. `.cargo/config.toml` says how soon.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    audittrail::plugin::run()
}
