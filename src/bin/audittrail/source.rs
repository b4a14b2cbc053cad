//! Which trail a question is about, and how it is answered without Grafana.

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use audittrail::frame::Frame;
use audittrail::locale::Language;
use audittrail::query::error::Failure;
use audittrail::query::{DataSource, Meters, Query, Request, text};
use audittrail::settings::{API_URL, Settings};
use audittrail::time::SystemClock;
use chrono::{DateTime, Utc};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::Error;
use crate::output::{Exit, Output, notices};
use crate::table::Shown;

/// The organization's trail, its metrics, and the range of time.
#[derive(Args)]
pub(crate) struct Source {
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
    /// The URLs of Cockpit's data sources of metrics; without any, no metric is read.
    #[arg(long, env = "COCKPIT_METRICS_URL", value_delimiter = ',')]
    metrics_urls: Vec<String>,
    /// The secret key of a Cockpit token that may query metrics; better in the environment than on the command line.
    #[arg(long, env = "COCKPIT_TOKEN", hide_env_values = true, default_value = "")]
    metrics_token: String,
    /// The range's start, as in RFC 3339; a day before its end when absent.
    #[arg(long)]
    from: Option<DateTime<Utc>>,
    /// The range's end; now when absent.
    #[arg(long)]
    to: Option<DateTime<Utc>>,
    /// The language of sentences, such as fr-FR; that of the query, or else English, when absent.
    #[arg(long)]
    language: Option<String>,
}

impl Source {
    /// Asks a question and prints its answer; a table for people has the columns `shown`.
    pub(crate) async fn ask(&self, query: &str, output: &Output, shown: Shown) -> Result<ExitCode, Error> {
        let progress = progress();
        let result = self.answer(query).await;
        progress.finish_and_clear();
        let (query, frames) = match result {
            Ok(answer) => answer,
            Err(failure) => {
                // An error may quote a query, or an answer of Scaleway.
                eprintln!("audittrail: {}", text::lines(&failure.message));
                return Ok(Exit::from(&failure).into());
            }
        };
        for notice in notices(&frames) {
            eprintln!("note: {}", text::lines(&notice.text));
        }
        let exit = Exit::of(&frames);
        match output.print(&frames, &query.question.columns(), shown) {
            // A reader such as `head` has closed the pipe.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit.into()),
            Err(error) => Err(error.into()),
            Ok(()) => Ok(exit.into()),
        }
    }

    async fn answer(&self, query: &str) -> Result<(Query, Vec<Frame>), Failure> {
        let [regions, urls] = [&self.regions, &self.metrics_urls]
            .map(|texts| texts.iter().filter(|text| !text.is_empty()).collect::<Vec<_>>());
        let data = json!({
            "organizationId": self.organization, "apiUrl": self.api_url, "regions": regions, "cockpitUrls": urls,
        });
        let secrets = [("secretKey", &self.secret_key), ("cockpitToken", &self.metrics_token)];
        let secrets: HashMap<_, _> = secrets.map(|(name, secret)| (name.to_owned(), secret.clone())).into();
        let settings = Settings::parse(data.to_string().as_bytes(), &secrets);
        let settings = settings.map_err(|error| Failure::input(error.to_string()))?;
        let to = self.to.unwrap_or_else(Utc::now);
        let from = self.from.unwrap_or(to - chrono::Duration::days(1));
        let range = (from.timestamp_millis(), to.timestamp_millis());
        let request = Request::new("A", range, Duration::from_secs(1), 200, false)?;
        let mut query = Query::parse(query.as_bytes(), "", &request, settings.max_events)?;
        query.language = self.language.as_deref().map_or(query.language, Language::of);
        let data_source = DataSource::new(settings, Arc::new(SystemClock), &Meters::default())?;
        let frames = data_source.answer(&query, &request).await?;
        Ok((query, frames))
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
