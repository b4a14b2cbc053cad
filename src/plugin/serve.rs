//! The process that Grafana starts: handshake, socket, services and shutdown.
//!
//! The contract is hashicorp/go-plugin's: a magic cookie in the environment shows that a host started the process, one line
//! on stdout has the process's address, and a call asks the process to stop.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use grafana_plugin_sdk::pluginv2::diagnostics_server::DiagnosticsServer;
use grafana_plugin_sdk::pluginv2::resource_server::ResourceServer;
use grafana_plugin_sdk::pluginv2::stream_server::StreamServer;
use tokio::sync::Notify;
use tonic::transport::server::Router;

use super::data::query_data;
use super::failures::Failures;
use super::health::Diagnostics;
use super::listener::{Listener, asked_to_stop};
use super::live::Live;
use super::metrics::Metrics;
use super::process::Process;
use super::protocol::{Error, MAX_MESSAGE_BYTES, PROTOCOL_VERSION};
use super::resources::Resources;
use super::wire::{QueryData, Shutdown, Unary};
use super::{instance, log};
use crate::query::Meters;
use crate::settings::detection_root;

/// The environment variable that shows a plugin that a host started it.
pub const COOKIE_KEY: &str = "grafana_plugin_type";

/// The value of [`COOKIE_KEY`] for data sources.
pub const COOKIE_VALUE: &str = "datasource";

/// The time for calls in flight after the request to stop.
const GRACE: Duration = Duration::from_millis(50);

/// Serves Grafana until Grafana or the system asks the process to stop.
#[must_use]
pub fn run() -> ExitCode {
    if std::env::var(COOKIE_KEY).as_deref() != Ok(COOKIE_VALUE) {
        eprintln!(
            "This is the Grafana data source \"Scaleway Audit Trail\" {}. Grafana starts it: unpack the plugin into \
             Grafana's plugin folder and restart Grafana; see README.md.",
            env!("CARGO_PKG_VERSION")
        );
        return ExitCode::FAILURE;
    }
    log::start();
    if let Ok(versions) = std::env::var("PLUGIN_PROTOCOL_VERSIONS")
        && !versions.split(',').any(|version| version.trim() == PROTOCOL_VERSION)
    {
        tracing::error!(
            "the host speaks plugin protocol {versions}. Allowed: {PROTOCOL_VERSION}; this plugin needs Grafana 12.3 or later"
        );
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("the runtime cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(serve());
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the plugin cannot serve: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Error> {
    let asked_to_stop = asked_to_stop()?;
    let stop = Arc::new(Notify::new());
    let router = services(&stop).await?;
    let listener = Listener::open().await?;
    {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(listener.handshake()?.as_bytes())?;
        stdout.flush()?;
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "ready");

    let stopping = Notify::new();
    let shutdown = async {
        let reason = tokio::select! {
            () = stop.notified() => "Grafana's request",
            by = asked_to_stop => by,
        };
        tracing::info!(reason, "stopping");
        stopping.notify_one();
    };
    // A connection that the host leaves open must not delay the end of the process.
    let end = async {
        stopping.notified().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = listener.serve(router, shutdown) => result,
        () = end => Ok(()),
    }
}

async fn services(stop: &Arc<Notify>) -> Result<Router, Error> {
    let meters = Meters::default();
    let metrics = Metrics::new(&meters)?;
    let instances = Arc::new(instance::Instances::new(meters, detection_root()));
    tokio::spawn(instance::remove_idle(Arc::downgrade(&instances)));
    let failures = Failures::default();
    let process = Arc::new(Process { instances, metrics, failures });
    let (mut health, health_service) = tonic_health::server::health_reporter();
    // The service name of go-plugin's ping.
    health.set_service_status("plugin", tonic_health::ServingStatus::Serving).await;

    let stop = Arc::clone(stop);
    let queries = Arc::clone(&process);
    Ok(tonic::transport::Server::builder()
        .add_service(Unary::<QueryData, _>::new(move |request| query_data(Arc::clone(&queries), request)))
        .add_service(
            DiagnosticsServer::new(Diagnostics(Arc::clone(&process))).max_decoding_message_size(MAX_MESSAGE_BYTES),
        )
        .add_service(ResourceServer::new(Resources(process)).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add_service(StreamServer::new(Live).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add_service(Unary::<Shutdown, _>::new(move |()| {
            stop.notify_one();
            std::future::ready(())
        }))
        .add_service(health_service))
}
