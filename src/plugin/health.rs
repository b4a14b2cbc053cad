//! `CheckHealth`: the result of "Save & test", and `CollectMetrics`.

use std::sync::Arc;

use async_trait::async_trait;
use grafana_plugin_sdk::pluginv2::check_health_response::HealthStatus;
use grafana_plugin_sdk::pluginv2::{
    CheckHealthRequest, CheckHealthResponse, CollectMetricsRequest, CollectMetricsResponse, collect_metrics_response,
    diagnostics_server,
};
use serde_json::{Value, json};
use tonic::{Request, Response, Status};

use super::failures::Source;
use super::panics::catch_panic;
use super::process::Process;
use crate::query::{Health, Region, text};

/// The diagnostics service.
#[derive(Debug)]
pub(super) struct Diagnostics(pub(super) Arc<Process>);

#[async_trait]
impl diagnostics_server::Diagnostics for Diagnostics {
    async fn check_health(
        &self,
        request: Request<CheckHealthRequest>,
    ) -> Result<Response<CheckHealthResponse>, Status> {
        let metrics = &self.0.metrics;
        let context = request.into_inner().plugin_context;
        let Source { name, uid, .. } = Source::of(context.as_ref());
        let process = Arc::clone(&self.0);
        let work = catch_panic(async move { Ok(process.instances.tested(context.as_ref())?.health().await) });
        let (ok, message, mut details) = match metrics.time("check_health", work).await {
            Ok(health) => (health.ok, text::message(&health.message).into_owned(), details(&health)),
            Err(failure) => (false, text::message(&failure.message).into_owned(), json!({})),
        };
        metrics.count("check_health", if ok { "ok" } else { "error" });
        tracing::info!(ok, data_source = name, data_source_uid = uid, "health checked: {message}");
        details["message"] = message.clone().into();
        let status = if ok { HealthStatus::Ok } else { HealthStatus::Error };
        let json_details = details.to_string().into_bytes();
        Ok(Response::new(CheckHealthResponse { status: status.into(), message, json_details }))
    }

    async fn collect_metrics(
        &self,
        _: Request<CollectMetricsRequest>,
    ) -> Result<Response<CollectMetricsResponse>, Status> {
        self.0.metrics.count("collect_metrics", "ok");
        let prometheus = self.0.metrics.text().into_bytes();
        Ok(Response::new(CollectMetricsResponse { metrics: Some(collect_metrics_response::Payload { prometheus }) }))
    }
}

/// The details that the settings page shows below the message.
fn details(health: &Health) -> Value {
    json!({
        "regions": health.regions.iter().map(region).collect::<Vec<_>>(),
        "principals": health.principals,
        "projects": health.projects,
        "resources": health.resources,
        "notes": health.notes.iter().map(|note| text::message(note).into_owned()).collect::<Vec<_>>(),
        "unknownNames": health.unknown_names,
    })
}

fn region(region: &Region) -> Value {
    json!({
        "region": region.to_string(),
        "eventsLastHour": region.answers().then_some(region.events),
        "complete": region.complete,
        "absent": region.absent,
        "error": region.error.as_ref().map(|error| text::message(&error.to_string()).into_owned()),
    })
}
