//! `audittrail metrics`: the simulated organization's metrics, as `promtool tsdb create-blocks-from openmetrics` reads them.

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use audittrail::sandbox::{Organization, Series};
use chrono::{DateTime, Utc};
use clap::Args;

use crate::Error;

/// Which metrics to print. They do not depend on the sandbox's seed, only on its present.
#[derive(Args)]
pub(crate) struct Metrics {
    /// The present of the sandbox that they belong to, as in RFC 3339; the machine's clock when absent.
    #[arg(long)]
    now: Option<DateTime<Utc>>,
    /// How many days the sandbox's events spread over.
    #[arg(long, default_value_t = 7)]
    days: u32,
    /// How many hours before the present the metrics begin.
    #[arg(long, default_value_t = 12)]
    hours: u32,
    /// How many hours after the present they end, so that a dashboard can be looked at for a while.
    #[arg(long, default_value_t = 0)]
    ahead: u32,
    /// The seconds from one sample to the next.
    #[arg(long, default_value_t = 30)]
    step: u32,
}

impl Metrics {
    pub(crate) fn run(self) -> Result<(), Error> {
        let now = self.now.unwrap_or_else(Utc::now);
        let span = chrono::Duration::days(self.days.clamp(1, 3_650).into());
        let hours = |count: u32| chrono::Duration::hours(count.into());
        let step = chrono::Duration::from_std(Duration::from_secs(self.step.into()))?;
        let organization = Organization::new(now, span);
        let series = organization.metrics(now - hours(self.hours), now + hours(self.ahead), step);
        Ok(openmetrics(&series, &mut BufWriter::new(io::stdout().lock()))?)
    }
}

/// Writes series as `OpenMetrics` text, those of one name together as the format wants it.
fn openmetrics(series: &[Series], out: &mut impl Write) -> io::Result<()> {
    let mut series: Vec<&Series> = series.iter().collect();
    series.sort_by_key(|series| series.name);
    for family in series.chunk_by(|a, b| a.name == b.name) {
        match family[0].name.strip_suffix("_total") {
            Some(counter) => writeln!(out, "# TYPE {counter} counter")?,
            None => writeln!(out, "# TYPE {} gauge", family[0].name)?,
        }
        for series in family {
            let labels: Vec<String> =
                series.labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
            let labels = labels.join(",");
            for (at, value) in &series.samples {
                let (seconds, millis) = (at.timestamp(), at.timestamp_subsec_millis());
                writeln!(out, "{}{{{labels}}} {value} {seconds}.{millis:03}", series.name)?;
            }
        }
    }
    writeln!(out, "# EOF")?;
    out.flush()
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}
