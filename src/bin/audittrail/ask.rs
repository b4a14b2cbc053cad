//! `audittrail ask`: a question about an organization's trail, without Grafana.

use std::process::ExitCode;

use audittrail::settings::DEFAULT_MAX_EVENTS;
use clap::Args;
use serde_json::Value;

use crate::Error;
use crate::output::{CODES, Format, Output};
use crate::source::Source;
use crate::table::Shown;

/// A question, as docs/query-model.md describes it.
#[derive(Args)]
#[command(after_help = CODES)]
pub(crate) struct Ask {
    /// The query, such as `{"queryType": "counts", "over": "total", "groupBy": ["method"]}`.
    #[arg(default_value = "{}")]
    query: String,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    output: Output,
}

impl Ask {
    pub(crate) async fn run(self) -> Result<ExitCode, Error> {
        self.source.ask(&self.whole(), &self.output, Shown::ALL).await
    }

    /// The query; in a format for programs, without a limit unless the query has one.
    fn whole(&self) -> String {
        let mut query: Value = match serde_json::from_str(&self.query) {
            Ok(Value::Object(object)) if self.output.format != Format::Table => object.into(),
            // The parser of queries reports a text that is not an object.
            _ => return self.query.clone(),
        };
        let question = query["queryType"].as_str().unwrap_or("events");
        if matches!(question, "events" | "") && query["limit"].is_null() {
            query["limit"] = DEFAULT_MAX_EVENTS.into();
        }
        query.to_string()
    }
}
