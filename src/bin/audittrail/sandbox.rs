//! `audittrail sandbox`: a simulated organization on loopback.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use audittrail::sandbox::{self, Config, FaultPlan};
use chrono::{DateTime, Utc};
use clap::Args;

use crate::Error;

/// The arguments of `audittrail sandbox`.
#[derive(Args)]
pub(crate) struct Sandbox {
    /// Where to listen: a loopback address; port 0 takes any free port.
    #[arg(long, default_value = "127.0.0.1:8787")]
    bind: SocketAddr,
    /// Another seed is another week.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many events there are.
    #[arg(long, default_value_t = 20_000)]
    events: usize,
    /// The present, as in RFC 3339; the machine's clock when absent.
    #[arg(long)]
    now: Option<DateTime<Utc>>,
    /// How many days the events spread over.
    #[arg(long, default_value_t = 7)]
    days: u64,
    /// Let events arrive continuously.
    #[arg(long)]
    live: bool,
    /// How long each answer takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// Calls per second beyond which the answer is 429.
    #[arg(long, value_parser = rate)]
    rate_limit: Option<f64>,
    /// What goes wrong, several with spaces or repeated, such as `unavailable:region=nl-ams` or `too-many-requests:first=3`.
    #[arg(long, num_args = 1..)]
    faults: Vec<FaultPlan>,
    /// Serve the recorded answers in this folder (events.REGION.json, products.REGION.json) instead.
    #[arg(long)]
    recorded: Option<PathBuf>,
}

/// A rate limit above zero, which every call passes in time.
fn rate(text: &str) -> Result<f64, &'static str> {
    text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0).ok_or("allowed: a number above 0, such as 5")
}

impl Sandbox {
    pub(crate) async fn run(self) -> Result<ExitCode, Error> {
        let sandbox = sandbox::start(Config {
            bind: self.bind,
            seed: self.seed,
            events: self.events,
            now: self.now.unwrap_or_else(Utc::now),
            span: Duration::from_secs(self.days.clamp(1, 3_650) * 86_400),
            live: self.live,
            latency: Duration::from_millis(self.latency),
            rate_limit: self.rate_limit,
            faults: self.faults,
            recorded: self.recorded,
            ..Config::default()
        })
        .await?;
        println!("sandbox: {} events at {}", sandbox.events(), sandbox.url());
        println!("  apiUrl          {}", sandbox.url());
        println!("  organizationId  {}", sandbox::ORGANIZATION_ID);
        println!("  secretKey       {}", sandbox::SECRET_KEY);
        println!("Press Ctrl-C to stop.");
        tokio::signal::ctrl_c().await?;
        sandbox.stop().await;
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn a_rate_that_lets_nothing_through_is_refused() {
        for text in ["0", "-0", "-1", "NaN", "inf", "", "many"] {
            assert_eq!(rate(text), Err("allowed: a number above 0, such as 5"), "{text}");
        }
        assert_eq!((rate("5"), rate("0.5")), (Ok(5.0), Ok(0.5)));
    }
}
