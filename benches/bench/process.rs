//! The processes that are measured, and how.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use audittrail::host::{Host, Source};
use audittrail::sandbox::{ORGANIZATION_ID, SECRET_KEY};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::{Error, Options};

/// A process of the sandbox. It is killed when dropped.
pub(crate) struct Sandbox {
    pub(crate) url: String,
    client: reqwest::Client,
    _child: Child,
    /// What it goes on printing has to go somewhere.
    _stdout: BufReader<ChildStdout>,
}

/// The calls that a sandbox has seen since it was last asked to forget them.
#[derive(Debug, Deserialize)]
pub(crate) struct Calls {
    /// Path and query of the last ten thousand.
    pub(crate) queries: Vec<String>,
    /// How many there were by status.
    pub(crate) by_status: BTreeMap<u16, u64>,
    by_endpoint: BTreeMap<String, u64>,
}

impl Calls {
    /// How many listed events.
    pub(crate) fn listed(&self) -> u64 {
        self.by_endpoint.iter().filter(|(name, _)| name.ends_with("events")).map(|(_, count)| count).sum()
    }

    /// The region of each call that listed events.
    pub(crate) fn regions(&self) -> impl Iterator<Item = &str> {
        self.queries.iter().filter_map(|query| {
            let (region, list) = query.split_once("/audit-trail/v1alpha1/regions/")?.1.split_once('/')?;
            list.split('?').next()?.ends_with("events").then_some(region)
        })
    }
}

impl Sandbox {
    /// Starts a sandbox with more arguments, and waits until it listens.
    pub(crate) async fn start(arguments: &[&str]) -> Result<Self, Error> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_audittrail"))
            .args(["sandbox", "--bind", "127.0.0.1:0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().ok_or("the sandbox has no stdout")?);
        stdout.read_line(&mut line).await?;
        let url = line.trim_end().rsplit(' ').next().filter(|url| url.starts_with("http://"));
        let url = url.ok_or_else(|| format!("the sandbox's first line is {line:?}"))?.to_owned();
        Ok(Self { url, client: reqwest::Client::new(), _child: child, _stdout: stdout })
    }

    /// What was asked.
    pub(crate) async fn calls(&self) -> Result<Calls, Error> {
        let answer = self.client.get(format!("{}/sandbox/calls", self.url)).send().await?;
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
    }

    /// Forgets what was asked, and starts the rate limit over.
    pub(crate) async fn reset(&self) -> Result<(), Error> {
        self.client.post(format!("{}/sandbox/reset", self.url)).send().await?.error_for_status()?;
        Ok(())
    }

    /// A data source that reads one region of this sandbox, as much as it may.
    pub(crate) fn source(&self) -> Source {
        Source::new(&self.url, ORGANIZATION_ID, SECRET_KEY)
            .with("regions", "fr-par")
            .with("maxEvents", 1_000_000)
            .with("maxMemoryMiB", 8_192)
            .with("callTimeoutSeconds", 60)
            .with("queryTimeoutSeconds", 600)
    }
}

/// Starts the plugin as Grafana does.
pub(crate) async fn plugin(options: &Options) -> Result<Host, Error> {
    Ok(Host::start(&options.plugin, &[("GF_PLUGIN_LOG_LEVEL", "warn")]).await?)
}

/// Runs a command to its end; the last line of what it prints is JSON.
pub(crate) async fn run<T: DeserializeOwned>(command: &mut Command) -> Result<T, Error> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let done = child.wait_with_output().await?;
    let text = String::from_utf8_lossy(&done.stdout);
    if !done.status.success() {
        return Err(format!("{} ended with {}", command.as_std().get_program().display(), done.status).into());
    }
    let line = text.lines().rev().find(|line| line.starts_with('{')).ok_or("no JSON was printed")?;
    Ok(serde_json::from_str(line)?)
}

/// A command of the peer.
pub(crate) fn peer<S: AsRef<OsStr>>(options: &Options, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(&options.peer);
    command
        .args(arguments)
        .env("SCW_SECRET_KEY", SECRET_KEY)
        .env("SCW_DEFAULT_ORGANIZATION_ID", ORGANIZATION_ID)
        .kill_on_drop(true);
    command
}

/// How much of a process is in memory, in bytes.
pub(crate) fn resident(process: &Host) -> Result<f64, Error> {
    let id = process.id().ok_or("the process has ended")?;
    let status = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim_end().parse()?;
    Ok(kib * 1024.0)
}

/// A gauge or counter of the plugin, all its series added up; nothing where the plugin has none of this name.
pub(crate) async fn metric(host: &Host, name: &str) -> Result<Option<f64>, Error> {
    let text = host.metrics().await?;
    let values: Vec<f64> = text
        .lines()
        .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])))
        .filter_map(|line| line.rsplit(' ').next()?.parse().ok())
        .collect();
    Ok((!values.is_empty()).then(|| values.iter().sum()))
}

/// The time that some work takes, in seconds, and what it brings.
pub(crate) async fn timed<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<(f64, T), E> {
    let start = Instant::now();
    let result = work.await?;
    Ok((start.elapsed().as_secs_f64(), result))
}

/// The median.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

/// Lets a process come to rest.
pub(crate) async fn rest() {
    tokio::time::sleep(Duration::from_secs(2)).await;
}

/// A count, as the number that figures are made of.
#[expect(clippy::cast_precision_loss, reason = "counts and sizes are far below 2^52")]
pub(crate) fn real(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or_default() as f64
}

/// A number in JSON that has to be there.
pub(crate) fn figure(json: &Value, name: &str) -> Result<f64, Error> {
    json[name].as_f64().ok_or_else(|| format!("no figure {name} in {json}").into())
}
