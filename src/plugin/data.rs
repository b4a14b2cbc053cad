//! `QueryData`: the queries of a panel, a rule or Explore, each with its own answer.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use grafana_plugin_sdk::pluginv2::{DataQuery, PluginContext, QueryDataRequest};

use super::asker::Asker;
use super::failures::Source;
use super::panics::catch_panic;
use super::process::Process;
use super::wire::{DataResponse, QueryDataResponse};
use crate::frame::Frame;
use crate::query::{Failure, Query, Request, text};

/// A request without its queries.
struct Call {
    process: Arc<Process>,
    context: Option<PluginContext>,
    asker: Asker,
}

/// Answers the queries of a request concurrently; a query that fails or panics does not disturb the others.
///
/// A cancelled call drops the future, and with it the queries and their calls to Scaleway.
pub(super) async fn query_data(process: Arc<Process>, request: QueryDataRequest) -> QueryDataResponse {
    let asker = Asker::of(&request.headers);
    let call = Arc::new(Call { process, context: request.plugin_context, asker });
    let responses = request.queries.into_iter().map(|query| respond(Arc::clone(&call), query));
    QueryDataResponse { responses: join_all(responses).await.into_iter().collect() }
}

/// The response to a query, with its name.
async fn respond(call: Arc<Call>, query: DataQuery) -> (String, DataResponse) {
    let Process { metrics, failures, .. } = &*call.process;
    let query = Arc::new(query);
    let work = catch_panic(answer(Arc::clone(&call), Arc::clone(&query)));
    let response = match metrics.time("query_data", work).await {
        Ok(frames) => DataResponse { frames, status: 200, ..Default::default() },
        Err(failure) => {
            failures.log(&Source::of(call.context.as_ref()), &call.asker, &query, &failure);
            failed(&failure)
        }
    };
    metrics.count("query_data", if response.error.is_empty() { "ok" } else { "error" });
    (query.ref_id.clone(), response)
}

async fn answer(call: Arc<Call>, query: Arc<DataQuery>) -> Result<Vec<Vec<u8>>, Failure> {
    let data_source = call.process.instances.data_source(call.context.as_ref())?;
    let range = query.time_range.map(|range| (range.from_epoch_ms, range.to_epoch_ms));
    let range = range.ok_or_else(|| Failure::input("the query comes without a time range".to_owned()))?;
    let interval = Duration::from_millis(u64::try_from(query.interval_ms).unwrap_or_default());
    let points = u64::try_from(query.max_data_points).unwrap_or_default();
    let request = Request::new(&query.ref_id, range, interval, points, call.asker.is_alert)?;
    let redacted = data_source.settings.hide_from_viewers && !may_see_details(call.context.as_ref(), &call.asker);
    let request = Request { redacted, ..request };
    let mut parsed = Query::parse(&query.json, &query.query_type, &request, data_source.settings.max_events)?;
    // A panel that shows an expression hides the expression's queries.
    parsed.hide = parsed.hide && !call.asker.is_expression;
    let ref_id = query.ref_id.clone();
    data_source.answer_as(&parsed, &request, move |frames| encode(&frames, &ref_id)).await
}

/// Whether the role of the asker is at least an editor's. The scheduler of alert rules has the role of an administrator, or is
/// no user at all; a viewer who previews a rule is a viewer. The asker of a public dashboard has no role.
fn may_see_details(context: Option<&PluginContext>, asker: &Asker) -> bool {
    match context.and_then(|context| context.user.as_ref()) {
        Some(user) => matches!(user.role.as_str(), "Editor" | "Admin"),
        None => asker.is_alert,
    }
}

fn encode(frames: &[Frame], ref_id: &str) -> Result<Vec<Vec<u8>>, Failure> {
    tracing::debug!(ref_id, frames = frames.len(), rows = frames.first().map_or(0, Frame::rows), "answered");
    frames.iter().map(|frame| frame.to_arrow(ref_id).map_err(Failure::from)).collect()
}

fn failed(failure: &Failure) -> DataResponse {
    DataResponse {
        error: text::message(&failure.message).into_owned(),
        status: i32::from(failure.status),
        error_source: failure.fault.as_str().to_owned(),
        ..DataResponse::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_text_has_no_hidden_characters_and_a_bounded_length() {
        let response = failed(&Failure::input(format!("the query is \u{1b}[2Jx\u{202e}y\r\nz{}", "w".repeat(9_000))));
        assert!(response.error.starts_with("the query is [2Jxy zw"), "{:?}", &response.error[..40]);
        assert!(response.error.ends_with("w…") && response.error.chars().count() == 4_097);
    }
}
