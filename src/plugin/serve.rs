//! The process that Grafana starts: handshake, socket, services, and a quick end.
//!
//! The contract is hashicorp/go-plugin's: a magic cookie in the environment shows that a host started the process, one line
//! on stdout has the address that it listens on, and a call asks it to stop.

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
use super::door::{Door, asked_to_stop};
use super::failures::Failures;
use super::health::Diagnostics;
use super::live::Live;
use super::metrics::Metrics;
use super::process::Process;
use super::protocol::{Error, MAX_MESSAGE_BYTES, PROTOCOL_VERSION};
use super::resources::Resources;
use super::wire::{Empty, QueryData, Shutdown, Unary};
use super::{instance, log};
use crate::{cache, scaleway};

/// The environment variable by which a plugin knows that a host started it.
pub const COOKIE_KEY: &str = "grafana_plugin_type";

/// Its value for data sources.
pub const COOKIE_VALUE: &str = "datasource";

/// How long calls in flight may still take once the process is asked to stop.
const GRACE: Duration = Duration::from_millis(50);

/// Serves Grafana until it asks the process to stop.
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
    let door = Door::open().await?;
    {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(door.handshake()?.as_bytes())?;
        stdout.flush()?;
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "ready");

    let asked = Arc::new(Notify::new());
    let done = Arc::clone(&asked);
    let shutdown = async move { done.notified().await };
    let reason = async {
        tokio::select! {
            () = stop.notified() => "Grafana's request",
            by = asked_to_stop => by,
        }
    };
    let serving = door.serve(router, shutdown);
    tokio::pin!(serving);
    tokio::select! {
        result = &mut serving => return result,
        reason = reason => tracing::info!(reason, "stopping"),
    }
    asked.notify_one();
    // Calls in flight get a moment; a connection that the host leaves open must not delay the end of the process.
    let _ = tokio::time::timeout(GRACE, serving).await;
    Ok(())
}

async fn services(stop: &Arc<Notify>) -> Result<Router, Error> {
    let (calls, events) = (scaleway::Meter::default(), cache::Meter::default());
    let metrics = Metrics::new(&calls, &events)?;
    let instances = Arc::new(instance::Instances::new(calls, events));
    tokio::spawn(instance::remove_idle(Arc::downgrade(&instances)));
    let failures = Failures::default();
    let process = Arc::new(Process { instances, metrics, failures });
    let (mut health, health_service) = tonic_health::server::health_reporter();
    // The name that go-plugin's ping asks for.
    health.set_service_status("plugin", tonic_health::ServingStatus::Serving).await;

    let stop = Arc::clone(stop);
    let shutdown = move |_: Empty| {
        let stop = Arc::clone(&stop);
        async move {
            stop.notify_one();
            Empty {}
        }
    };
    let for_queries = Arc::clone(&process);
    let queries = move |request| query_data(Arc::clone(&for_queries), request);
    Ok(tonic::transport::Server::builder()
        .add_service(Unary::<QueryData, _>::new(queries))
        .add_service(
            DiagnosticsServer::new(Diagnostics(Arc::clone(&process))).max_decoding_message_size(MAX_MESSAGE_BYTES),
        )
        .add_service(ResourceServer::new(Resources(process)).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add_service(StreamServer::new(Live).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add_service(Unary::<Shutdown, _>::new(shutdown))
        .add_service(health_service))
}
