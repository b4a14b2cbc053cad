//! The change points of augurs, by a program of its own: `benches/augurs`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// How to ask it; the first time, it is compiled.
const PROGRAM: &[&str] = &[
    "run",
    "--locked",
    "--quiet",
    "--release",
    "--manifest-path",
    "benches/augurs/Cargo.toml",
    "--target-dir",
    "target/augurs",
];

/// The indices at which each of some series changes; `None` where the program cannot be built. A missing value is the one before
/// it.
pub(crate) fn changes(all: &[Vec<f64>]) -> Option<Vec<Vec<usize>>> {
    let mut input = String::new();
    for values in all {
        let mut last = values.iter().copied().find(|value| value.is_finite()).unwrap_or_default();
        for value in values {
            last = if value.is_finite() { *value } else { last };
            let _ = write!(input, "{last} ");
        }
        input.push('\n');
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut child = Command::new(cargo)
        .args(PROGRAM)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    // The program answers while it is asked.
    let asked = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().ok()?;
    asked.join().expect("writing does not panic").ok()?;
    let lines = std::str::from_utf8(&output.stdout).ok()?.lines();
    let found: Vec<Vec<usize>> =
        lines.map(|line| line.split(' ').filter_map(|index| index.parse().ok()).collect()).collect();
    (found.len() == all.len()).then_some(found)
}
