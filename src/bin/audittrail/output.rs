//! What a question's answer is printed as, and with which exit code the command ends.

use std::io::{self, Write};
use std::process::ExitCode;

use audittrail::frame::{Frame, Notice, NoticeSeverity};
use audittrail::host::Decoded;
use audittrail::query::error::{Failure, Fault};
use clap::{Args, ValueEnum};

use crate::rows::{Document, Rows};
use crate::table::{Shown, table};

/// The exit codes, for the help of commands.
pub(crate) const CODES: &str = "The answer goes to stdout; notes, errors and progress go to stderr. Exit codes:
  0  the answer is complete
  1  a fault of this program
  2  an argument, the query or a setting cannot be used
  3  there is an answer, and a warning says what is or may be missing from it
  4  Scaleway does not accept the key, or the key may not do this
  5  Scaleway or the network fails

As json and csv, events without a limit in the query are all events, and no row is left out.";

/// The exit code of a command, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The answer is complete.
    Complete = 0,
    /// A fault of this program.
    Broken = 1,
    /// An argument, the query or a setting cannot be used; clap ends with the same code.
    Usage = 2,
    /// There is an answer, and something is or may be missing from it.
    Incomplete = 3,
    /// Scaleway does not accept the key, or the key may not do this.
    Refused = 4,
    /// Scaleway or the network fails.
    Upstream = 5,
}

impl Exit {
    /// The code of an answer: a warning names events that are or may be missing.
    pub(crate) fn of(frames: &[Frame]) -> Self {
        let incomplete = notices(frames).any(|notice| notice.severity == NoticeSeverity::Warning);
        if incomplete { Self::Incomplete } else { Self::Complete }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<&Failure> for Exit {
    fn from(failure: &Failure) -> Self {
        match failure.status {
            400 => Self::Usage,
            401 | 403 => Self::Refused,
            _ if failure.fault == Fault::Plugin => Self::Broken,
            _ => Self::Upstream,
        }
    }
}

/// The format of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people, of at most 50 rows.
    Table,
    /// One document: columns, rows as objects, notices, and whether the answer is complete; further tables by name.
    Json,
    /// RFC 4180, with a header. A text that a spreadsheet would take for a formula begins with an apostrophe.
    Csv,
}

/// How an answer is printed.
#[derive(Args)]
pub(crate) struct Output {
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// The most rows to print; 50 in a table, all as json and csv.
    #[arg(long)]
    rows: Option<usize>,
}

/// The most rows of a table, unless the command line has a number.
const ROWS: usize = 50;

impl Output {
    /// Prints an answer. `empty` are the columns of an answer without fields, `shown` is what a table for
    /// people shows.
    ///
    /// # Errors
    /// When stdout cannot be written to.
    pub(crate) fn print(&self, frames: &[Frame], empty: &[&str], shown: Shown) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.format == Format::Table {
            for frame in frames {
                let bytes = frame.to_arrow("A").map_err(io::Error::other)?;
                let batch = Decoded::new(&bytes).map_err(io::Error::other)?.batch;
                out.write_all(table(&batch, shown, self.rows.unwrap_or(ROWS)).as_bytes())?;
            }
            return out.flush();
        }
        let mut tables = Rows::tables(frames, empty);
        for (_, table) in &mut tables {
            table.rows.truncate(self.rows.unwrap_or(usize::MAX));
        }
        let (_, first) = &tables[0];
        if self.format == Format::Csv {
            for (name, _) in &tables[1..] {
                eprintln!("note: CSV has one table, and the table {name} is left out; json has all");
            }
            first.csv(&mut out)?;
        } else {
            let complete = Exit::of(frames) == Exit::Complete;
            serde_json::to_writer(&mut out, &Document::of(&tables, complete, notices(frames).collect::<Vec<_>>()))?;
            out.write_all(b"\n")?;
        }
        out.flush()
    }
}

/// The notices of all frames.
pub(crate) fn notices(frames: &[Frame]) -> impl Iterator<Item = &Notice> {
    frames.iter().flat_map(|frame| &frame.meta.notices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_ends_with_the_code_of_its_kind() {
        let failure = |status, fault| Failure { message: String::new(), status, fault };
        for (status, fault, expected) in [
            (400, Fault::Plugin, Exit::Usage),
            (400, Fault::Downstream, Exit::Usage),
            (401, Fault::Downstream, Exit::Refused),
            (403, Fault::Downstream, Exit::Refused),
            (500, Fault::Plugin, Exit::Broken),
            (404, Fault::Downstream, Exit::Upstream),
            (429, Fault::Downstream, Exit::Upstream),
            (502, Fault::Downstream, Exit::Upstream),
            (504, Fault::Downstream, Exit::Upstream),
        ] {
            assert_eq!(Exit::from(&failure(status, fault)), expected, "{status} {fault:?}");
        }
    }
}
