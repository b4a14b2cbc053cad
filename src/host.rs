//! Starts and calls the plugin's binary as Grafana does, for the demo and the tests.
//!
//! The contract is hashicorp/go-plugin's client side: the magic cookie in the environment, the handshake line on stdout,
//! gRPC over the socket named in that line.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::ipc::reader::FileReader;
use grafana_plugin_sdk::pluginv2::diagnostics_client::DiagnosticsClient;
use grafana_plugin_sdk::pluginv2::resource_client::ResourceClient;
use grafana_plugin_sdk::pluginv2::{
    CallResourceRequest, CallResourceResponse, CheckHealthRequest, CheckHealthResponse, CollectMetricsRequest,
    DataQuery, DataSourceInstanceSettings, PluginContext, QueryDataRequest, TimeRange, User,
};
use http::uri::PathAndQuery;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use prost::Message;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Status};
use tower::service_fn;

use crate::plugin::{COOKIE_KEY, COOKIE_VALUE, DataResponse, QueryDataResponse};

/// The longest time from the start to the handshake line.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// An error of starting or calling the plugin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The process could not be started, or its output not be read.
    #[error("the plugin process: {0}")]
    Process(#[from] std::io::Error),
    /// The first line is not a handshake.
    #[error("the plugin's first line is {0:?}, not a handshake such as 1|2|unix|/path|grpc")]
    Handshake(String),
    /// No connection.
    #[error("the plugin's socket: {0}")]
    Connection(#[from] tonic::transport::Error),
    /// A call that failed as a whole.
    #[error("the plugin refuses the call: {0}")]
    Call(#[from] Box<Status>),
    /// An answer that is not a frame.
    #[error("the plugin's frame cannot be read: {0}")]
    Frame(#[from] arrow::error::ArrowError),
    /// The error of a query.
    #[error("{0}")]
    Query(String),
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Self::Call(Box::new(status))
    }
}

/// The configuration of a data source, which Grafana sends with each call.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// `jsonData`.
    pub json_data: Value,
    /// `secureJsonData`, decrypted.
    pub secrets: HashMap<String, String>,
    /// The user's role; empty for a user without one.
    pub role: String,
}

impl Source {
    /// A data source for an organization at an API's URL.
    #[must_use]
    pub fn new(api_url: &str, organization_id: &str, secret_key: &str) -> Self {
        Self {
            json_data: serde_json::json!({ "apiUrl": api_url, "organizationId": organization_id }),
            secrets: HashMap::from([("secretKey".to_owned(), secret_key.to_owned())]),
            role: "Viewer".to_owned(),
        }
    }

    /// The same data source with another value in `jsonData`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.json_data[name] = value.into();
        self
    }

    /// The context of a call.
    #[must_use]
    pub fn context(&self) -> PluginContext {
        let user = User { login: "viewer".to_owned(), role: self.role.clone(), ..User::default() };
        PluginContext {
            org_id: 1,
            plugin_id: env!("CARGO_PKG_NAME").to_owned(),
            user: Some(user),
            app_instance_settings: None,
            data_source_instance_settings: Some(DataSourceInstanceSettings {
                id: 1,
                uid: "scaleway".to_owned(),
                name: "Scaleway Audit Trail".to_owned(),
                json_data: self.json_data.to_string().into_bytes(),
                decrypted_secure_json_data: self.secrets.clone(),
                ..DataSourceInstanceSettings::default()
            }),
        }
    }
}

/// One query of a request.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The query's name.
    pub ref_id: String,
    /// The query, as Grafana stores it.
    pub json: Value,
    /// The range, in milliseconds since 1970.
    pub range: (i64, i64),
    /// Grafana's suggested distance of points, in milliseconds.
    pub interval_ms: i64,
    /// The most points that fit.
    pub max_data_points: i64,
}

impl Ask {
    /// A query of a panel 1 000 pixels wide.
    #[must_use]
    pub fn new(ref_id: &str, json: Value, range: (i64, i64)) -> Self {
        let interval_ms = range.1.saturating_sub(range.0).checked_div(1_000).unwrap_or(1).max(1);
        Self { ref_id: ref_id.to_owned(), json, range, interval_ms, max_data_points: 1_000 }
    }
}

/// A frame, decoded as Grafana would.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The columns, with their metadata in the schema.
    pub batch: RecordBatch,
}

impl Decoded {
    /// Decodes a frame.
    ///
    /// # Errors
    /// When the bytes are not an Arrow file with one record batch.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = FileReader::try_new(std::io::Cursor::new(bytes), None)?;
        let schema = reader.schema();
        let batch = reader.next().transpose()?.unwrap_or_else(|| RecordBatch::new_empty(schema));
        Ok(Self { batch })
    }

    /// Grafana's metadata.
    #[must_use]
    pub fn meta(&self) -> Value {
        let text = self.batch.schema_ref().metadata().get("meta").cloned().unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The sentences that the panel shows.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        let meta = self.meta();
        let notices = meta["notices"].as_array().into_iter().flatten();
        notices.map(|notice| notice["text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// A running plugin process.
#[derive(Debug)]
pub struct Host {
    child: Child,
    /// The connection, for calls that have no method here.
    pub channel: Channel,
    /// The handshake line.
    pub handshake: String,
    log: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Host {
    /// Starts the binary and connects. Its environment is empty but for `environment`, as with Grafana 12.
    ///
    /// # Errors
    /// When the process does not start, or its first line is not a handshake.
    pub async fn start(binary: &Path, environment: &[(&str, &str)]) -> Result<Self, Error> {
        let mut child = Command::new(binary)
            .env_clear()
            .env(COOKIE_KEY, COOKIE_VALUE)
            .env("PLUGIN_PROTOCOL_VERSIONS", "2")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut readers = Vec::new();
        if let Some(stderr) = child.stderr.take() {
            readers.push(tokio::spawn(collect(stderr, Arc::clone(&log))));
        }
        let stdout = child.stdout.take().ok_or_else(|| std::io::Error::other("no stdout"))?;
        let mut stdout = BufReader::new(stdout);
        let handshake = first_line(&mut stdout).await?;
        readers.push(tokio::spawn(collect(stdout, Arc::clone(&log))));
        let channel = connect(&handshake).await?;
        Ok(Self { child, channel, handshake, log, readers })
    }

    /// The process's id.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends queries; `headers` are the headers that Grafana forwards.
    ///
    /// # Errors
    /// When the call fails as a whole; a query's own error is in its response.
    pub async fn query(
        &self,
        source: &Source,
        asks: &[Ask],
        headers: &[(&str, &str)],
    ) -> Result<HashMap<String, DataResponse>, Error> {
        let queries = asks.iter().map(|ask| DataQuery {
            ref_id: ask.ref_id.clone(),
            max_data_points: ask.max_data_points,
            interval_ms: ask.interval_ms,
            time_range: Some(TimeRange { from_epoch_ms: ask.range.0, to_epoch_ms: ask.range.1 }),
            json: ask.json.to_string().into_bytes(),
            query_type: String::new(),
        });
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let context = Some(source.context());
        self.query_raw(QueryDataRequest { plugin_context: context, headers, queries: queries.collect() }).await
    }

    /// Sends a request unchanged.
    ///
    /// # Errors
    /// When the call fails as a whole.
    pub async fn query_raw(&self, request: QueryDataRequest) -> Result<HashMap<String, DataResponse>, Error> {
        let answer: QueryDataResponse = self.unary("/pluginv2.Data/QueryData", request).await?;
        Ok(answer.responses)
    }

    async fn unary<Q: Message + 'static, A: Message + Default + 'static>(
        &self,
        path: &'static str,
        request: Q,
    ) -> Result<A, Error> {
        let mut client = tonic::client::Grpc::new(self.channel.clone()).max_decoding_message_size(usize::MAX);
        client.ready().await?;
        let codec = tonic::codec::ProstCodec::<Q, A>::default();
        Ok(client.unary(Request::new(request), PathAndQuery::from_static(path), codec).await?.into_inner())
    }

    /// Sends one query and decodes its first frame.
    ///
    /// # Errors
    /// When the query gets an error or no frame.
    pub async fn frame(&self, source: &Source, ask: Ask, headers: &[(&str, &str)]) -> Result<Decoded, Error> {
        let ref_id = ask.ref_id.clone();
        let mut responses = self.query(source, &[ask], headers).await?;
        let response = responses.remove(&ref_id).ok_or_else(|| Error::Query(format!("no answer to {ref_id}")))?;
        if !response.error.is_empty() {
            return Err(Error::Query(response.error));
        }
        Decoded::new(response.frames.first().ok_or_else(|| Error::Query(format!("no frame for {ref_id}")))?)
    }

    /// Checks the data source's health.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn health(&self, source: &Source) -> Result<CheckHealthResponse, Error> {
        let request = CheckHealthRequest { plugin_context: Some(source.context()), ..CheckHealthRequest::default() };
        Ok(DiagnosticsClient::new(self.channel.clone()).check_health(request).await?.into_inner())
    }

    /// The process's metrics, as Prometheus text.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn metrics(&self) -> Result<String, Error> {
        let answer =
            DiagnosticsClient::new(self.channel.clone()).collect_metrics(CollectMetricsRequest::default()).await?;
        let bytes = answer.into_inner().metrics.map(|payload| payload.prometheus).unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Gets a resource: its status and its JSON.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn resource(&self, source: &Source, url: &str) -> Result<(i32, Value), Error> {
        let path = url.split('?').next().unwrap_or_default().to_owned();
        let request = CallResourceRequest {
            plugin_context: Some(source.context()),
            path,
            method: "GET".to_owned(),
            url: url.to_owned(),
            ..CallResourceRequest::default()
        };
        let answer = self.resource_raw(request).await?;
        Ok((answer.code, serde_json::from_slice(&answer.body).unwrap_or_default()))
    }

    /// Sends a resource call unchanged.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn resource_raw(&self, request: CallResourceRequest) -> Result<CallResourceResponse, Error> {
        let mut stream = ResourceClient::new(self.channel.clone()).call_resource(request).await?.into_inner();
        Ok(stream.message().await?.unwrap_or_default())
    }

    /// The output of the process so far: stdout after the handshake, and stderr.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&self.log.lock()).into_owned()
    }

    /// Asks the process to stop, as Grafana does, and waits for its end.
    ///
    /// # Errors
    /// When the process does not end within two seconds, after which Grafana would kill it.
    pub async fn stop(mut self) -> Result<(std::process::ExitStatus, String), Error> {
        // The process may end before its answer arrives.
        let _: Result<(), Error> = self.unary("/plugin.GRPCController/Shutdown", ()).await;
        self.wait().await
    }

    /// Waits until the process has ended.
    ///
    /// # Errors
    /// When the process does not end within two seconds.
    pub async fn wait(&mut self) -> Result<(std::process::ExitStatus, String), Error> {
        let status = tokio::time::timeout(Duration::from_secs(2), self.child.wait()).await;
        let status = status.map_err(std::io::Error::from)??;
        for reader in self.readers.drain(..) {
            let _ = reader.await;
        }
        Ok((status, self.log()))
    }
}

async fn first_line(stdout: &mut BufReader<ChildStdout>) -> Result<String, Error> {
    let mut line = String::new();
    tokio::time::timeout(START_TIMEOUT, stdout.read_line(&mut line)).await.map_err(std::io::Error::from)??;
    Ok(line.trim_end().to_owned())
}

async fn connect(handshake: &str) -> Result<Channel, Error> {
    let parts: Vec<&str> = handshake.split('|').collect();
    match parts[..] {
        ["1", "2", "unix", path, "grpc", ..] => {
            let path = path.to_owned();
            // The address is not used: the connector knows the socket.
            let endpoint = Endpoint::from_static("http://plugin.invalid");
            let connector = service_fn(move |_: Uri| {
                let path = path.clone();
                async move { UnixStream::connect(path).await.map(TokioIo::new) }
            });
            Ok(endpoint.connect_with_connector(connector).await?)
        }
        ["1", "2", "tcp", address, "grpc", ..] => {
            Ok(Endpoint::from_shared(format!("http://{address}"))?.connect().await?)
        }
        _ => Err(Error::Handshake(handshake.to_owned())),
    }
}

async fn collect(mut from: impl AsyncRead + Unpin, log: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 8_192];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        log.lock().extend_from_slice(&buffer[..read]);
    }
}
