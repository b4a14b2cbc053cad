//! `audittrail ask`: a question about an organization's trail, without Grafana.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use audittrail::frame::{Frame, Notice, NoticeSeverity};
use audittrail::host::Decoded;
use audittrail::query::error::{Failure, Fault};
use audittrail::query::{DataSource, Meters, Query, Request, text};
use audittrail::settings::{API_URL, Settings};
use audittrail::time::SystemClock;
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::rows::Rows;
use crate::{Error, table};

/// The exit code of the command, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
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
enum Format {
    /// A table for people, of at most 50 rows.
    Table,
    /// One document: columns, rows as objects, notices, and whether the answer is complete.
    Json,
    /// RFC 4180, with a header. A text that a spreadsheet would take for a formula begins with an apostrophe.
    Csv,
}

/// A question, as docs/query-model.md describes it.
#[derive(Args)]
#[command(after_help = "The answer goes to stdout; notes, errors and progress go to stderr. Exit codes:
  0  the answer is complete
  1  a fault of this program
  2  an argument, the query or a setting cannot be used
  3  there is an answer, and a warning says what is or may be missing from it
  4  Scaleway does not accept the key, or the key may not do this
  5  Scaleway or the network fails

As json and csv, events without a limit in the query are all events, and no row is left out.")]
pub(crate) struct Ask {
    /// The query, such as `{"queryType": "counts", "over": "total", "groupBy": ["method"]}`.
    #[arg(default_value = "{}")]
    query: String,
    /// The organization's id.
    #[arg(long, env = "SCW_DEFAULT_ORGANIZATION_ID")]
    organization: String,
    /// The secret key of an API key; better in the environment than on the command line.
    #[arg(long, env = "SCW_SECRET_KEY", hide_env_values = true)]
    secret_key: String,
    /// Where the API is.
    #[arg(long, env = "SCW_API_URL", default_value = API_URL)]
    api_url: String,
    /// The regions to ask; all that are usual when absent.
    #[arg(long, value_delimiter = ',')]
    regions: Vec<String>,
    /// The range's start, as in RFC 3339; a day before its end when absent.
    #[arg(long)]
    from: Option<DateTime<Utc>>,
    /// The range's end; now when absent.
    #[arg(long)]
    to: Option<DateTime<Utc>>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The most rows to print; 50 in a table, all as json and csv.
    #[arg(long)]
    rows: Option<usize>,
}

/// The most rows of a table, unless the command line has a number.
const ROWS: usize = 50;

impl Ask {
    pub(crate) async fn run(self) -> Result<ExitCode, Error> {
        let progress = progress();
        let result = self.answer().await;
        progress.finish_and_clear();
        let (query, frames) = match result {
            Ok(answer) => answer,
            Err(failure) => {
                // An error may quote a query, or an answer of Scaleway.
                eprintln!("audittrail: {}", text::lines(&failure.message));
                return Ok(Exit::from(&failure).into());
            }
        };
        let notices: Vec<&Notice> = frames.iter().flat_map(|frame| &frame.meta.notices).collect();
        for notice in &notices {
            eprintln!("note: {}", text::lines(&notice.text));
        }
        let incomplete = notices.iter().any(|notice| notice.severity == NoticeSeverity::Warning);
        let exit = if incomplete { Exit::Incomplete } else { Exit::Complete };
        match self.print(&query, &frames, exit) {
            // A reader such as `head` has closed the pipe.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit.into()),
            Err(error) => Err(error.into()),
            Ok(()) => Ok(exit.into()),
        }
    }

    async fn answer(&self) -> Result<(Query, Vec<Frame>), Failure> {
        let regions: Vec<&String> = self.regions.iter().filter(|region| !region.is_empty()).collect();
        let data = json!({ "organizationId": self.organization, "apiUrl": self.api_url, "regions": regions });
        let secrets = HashMap::from([("secretKey".to_owned(), self.secret_key.clone())]);
        let settings = Settings::parse(data.to_string().as_bytes(), &secrets);
        let settings = settings.map_err(|error| Failure::input(error.to_string()))?;
        let to = self.to.unwrap_or_else(Utc::now);
        let from = self.from.unwrap_or(to - chrono::Duration::days(1));
        let range = (from.timestamp_millis(), to.timestamp_millis());
        let request = Request::new("A", range, Duration::from_secs(1), 200, false)?;
        let query = self.whole(settings.max_events);
        let query = Query::parse(query.as_bytes(), "", &request, settings.max_events)?;
        let data_source = DataSource::new(settings, Arc::new(SystemClock), &Meters::default())?;
        let frames = data_source.answer(&query, &request).await?;
        Ok((query, frames))
    }

    /// The query; in a format for programs, without a limit unless the query has one.
    fn whole(&self, most: usize) -> String {
        let mut query: Value = match serde_json::from_str(&self.query) {
            Ok(Value::Object(object)) if self.format != Format::Table => object.into(),
            // The parser of queries reports a text that is not an object.
            _ => return self.query.clone(),
        };
        let question = query["queryType"].as_str().unwrap_or("events");
        if matches!(question, "events" | "") && query["limit"].is_null() {
            query["limit"] = most.into();
        }
        query.to_string()
    }

    fn print(&self, query: &Query, frames: &[Frame], exit: Exit) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.format == Format::Table {
            for frame in frames {
                let bytes = frame.to_arrow("A").map_err(io::Error::other)?;
                let batch = Decoded::new(&bytes).map_err(io::Error::other)?.batch;
                out.write_all(table::table(&batch, &[], self.rows.unwrap_or(ROWS)).as_bytes())?;
            }
            return out.flush();
        }
        let mut rows = Rows::of(frames, &query.question.columns());
        rows.rows.truncate(self.rows.unwrap_or(usize::MAX));
        if self.format == Format::Csv {
            rows.csv(&mut out)?;
        } else {
            let notices: Vec<&Notice> = frames.iter().flat_map(|frame| &frame.meta.notices).collect();
            serde_json::to_writer(&mut out, &rows.document(exit == Exit::Complete, notices))?;
            out.write_all(b"\n")?;
        }
        out.flush()
    }
}

/// A spinner on a terminal's stderr; hidden elsewhere.
fn progress() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} reading the trail, {elapsed}").expect("a template");
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
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
