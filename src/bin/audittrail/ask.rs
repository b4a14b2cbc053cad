//! `audittrail ask`: a question about an organization's trail, without Grafana.

use std::collections::HashMap;
use std::time::Duration;

use audittrail::query::{Desk, Query, Request};
use audittrail::settings::{API_URL, Settings};
use audittrail::{scaleway, trail};
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;

use crate::{Error, table};

/// A question, as docs/query-model.md describes it.
#[derive(Args)]
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
    /// The most rows to print.
    #[arg(long, default_value_t = 50)]
    rows: usize,
}

impl Ask {
    pub(crate) async fn run(self) -> Result<(), Error> {
        let data = json!({ "organizationId": self.organization, "apiUrl": self.api_url, "regions": self.regions });
        let secrets = HashMap::from([("secretKey".to_owned(), self.secret_key)]);
        let settings = Settings::parse(data.to_string().as_bytes(), &secrets)?;
        let to = self.to.unwrap_or_else(Utc::now);
        let from = self.from.unwrap_or(to - chrono::Duration::days(1));
        let range = (from.timestamp_millis(), to.timestamp_millis());
        let request = Request::new("A", range, Duration::from_secs(1), 200, false)?;
        let query = Query::parse(self.query.as_bytes(), "", &request, settings.max_events)?;
        let desk = Desk::new(settings, &scaleway::Meter::new()?, &trail::Meter::new()?)?;
        for frame in desk.answer(&query, &request).await? {
            let batch = audittrail::host::Decoded::new(&frame.to_arrow("A")?)?.batch;
            print!("{}", table::table(&batch, &[], self.rows));
            for notice in frame.meta.notices {
                println!("note: {}", notice.text);
            }
        }
        Ok(())
    }
}
