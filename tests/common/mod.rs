//! Processes of several tests: the plugin, a simulated organization, an API with scripted answers.
#![allow(dead_code, reason = "each test uses some of it")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use audittrail::host::{Host, Source};
use audittrail::sandbox::{self, Config, ORGANIZATION_ID, Sandbox};
use audittrail::settings::REGIONS;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

/// The binary that Grafana starts.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_gpx_scaleway_audittrail");

/// The plugin's process, with all log lines.
pub(crate) async fn plugin() -> Host {
    plugin_with(&[("GF_PLUGIN_LOG_LEVEL", "trace")]).await
}

/// The plugin's process in an environment.
pub(crate) async fn plugin_with(environment: &[(&str, &str)]) -> Host {
    Host::start(Path::new(BINARY), environment).await.expect("the plugin starts")
}

/// A connection of our own to a running plugin's socket.
pub(crate) async fn channel(handshake: &str) -> Channel {
    let path = handshake.split('|').nth(3).expect("an address").to_owned();
    let connector = service_fn(move |_: Uri| {
        let path = path.clone();
        async move { UnixStream::connect(path).await.map(TokioIo::new) }
    });
    Endpoint::from_static("http://plugin.invalid").connect_with_connector(connector).await.expect("a connection")
}

/// A simulated organization.
pub(crate) async fn organization(config: Config) -> Sandbox {
    sandbox::start(config).await.expect("the sandbox starts")
}

/// A data source that reads all regions of a sandbox with a key.
pub(crate) fn source(sandbox: &Sandbox, key: &str) -> Source {
    Source::new(&sandbox.url(), ORGANIZATION_ID, key).with("regions", REGIONS.join(","))
}

/// The last hours until now, milliseconds since 1970.
pub(crate) fn last_hours(hours: i64) -> (i64, i64) {
    let now = chrono::Utc::now().timestamp_millis();
    (now - hours * 3_600_000, now)
}

/// Waits until a condition holds, however slow the machine is; it fails only where the condition never does.
pub(crate) async fn until(condition: impl Fn() -> bool, what: &str) {
    let deadline = Instant::now() + Duration::from_mins(2);
    while !condition() {
        assert!(Instant::now() < deadline, "two minutes have passed before: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until a counter has not changed for two seconds, and returns it.
pub(crate) async fn steady(counter: impl Fn() -> u64) -> u64 {
    let (mut last, mut since) = (counter(), Instant::now());
    while since.elapsed() < Duration::from_secs(2) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = counter();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    last
}

/// A call to an API.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Path and query.
    pub(crate) target: String,
    /// `X-Auth-Token`.
    pub(crate) token: String,
    /// `Authorization`.
    pub(crate) authorization: String,
    /// `X-Token`.
    pub(crate) x_token: String,
}

/// An answer, with the header lines that it needs.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Such as `403 Forbidden`.
    pub(crate) status: &'static str,
    /// Lines such as `content-type: text/html`.
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Answer {
    /// A JSON answer.
    pub(crate) fn json(status: &'static str, body: impl Into<String>) -> Self {
        Self { status, headers: "content-type: application/json".to_owned(), body: body.into() }
    }
}

/// Starts an API with answers that the sandbox never gives, and returns its URL.
pub(crate) async fn api(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await? > 0 {}
                let head = String::from_utf8_lossy(&head);
                let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let [token, authorization, x_token] = ["x-auth-token", "authorization", "x-token"]
                    .map(|name| header(name).unwrap_or_default().to_owned());
                let asked = Asked { target, token, authorization, x_token };
                let Answer { status, headers, body } = answer(&asked);
                let length = body.len();
                let text = format!(
                    "HTTP/1.1 {status}\r\n{headers}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                stream.write_all(text.as_bytes()).await
            });
        }
    });
    url
}
