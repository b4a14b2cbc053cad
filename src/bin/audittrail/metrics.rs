//! `audittrail metrics`: the simulated organization's metrics in the format of `promtool tsdb create-blocks-from openmetrics`.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use audittrail::sandbox::{Organization, Series};
use chrono::{DateTime, Duration, Utc};
use clap::Args;

use crate::Error;

/// The time from one sample to the next.
const STEP: Duration = Duration::seconds(30);

/// Which metrics to print. They do not depend on the sandbox's seed, only on its present.
#[derive(Args)]
pub(crate) struct Metrics {
    /// The present of the sandbox that they belong to, as in RFC 3339; the machine's clock when absent.
    #[arg(long)]
    now: Option<DateTime<Utc>>,
    /// How many hours before the present the metrics begin.
    #[arg(long, default_value_t = 12)]
    hours: u32,
    /// How many hours after the present they end, so that a dashboard can be looked at for a while.
    #[arg(long, default_value_t = 0)]
    ahead: u32,
}

impl Metrics {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let now = self.now.unwrap_or_else(Utc::now);
        let (from, until) = (now - Duration::hours(self.hours.into()), now + Duration::hours(self.ahead.into()));
        let series = Organization::new(now, Duration::days(7)).metrics(from, until, STEP);
        openmetrics(&series, &mut BufWriter::new(io::stdout().lock()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes series as `OpenMetrics` text; the format needs series of one name together.
fn openmetrics(series: &[Series], out: &mut impl Write) -> io::Result<()> {
    let mut series: Vec<&Series> = series.iter().collect();
    series.sort_by_key(|series| series.name);
    for family in series.chunk_by(|a, b| a.name == b.name) {
        match family[0].name.strip_suffix("_total") {
            Some(counter) => writeln!(out, "# TYPE {counter} counter")?,
            None => writeln!(out, "# TYPE {} gauge", family[0].name)?,
        }
        for series in family {
            let labels = series.labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
            let labels = labels.collect::<Vec<_>>().join(",");
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
