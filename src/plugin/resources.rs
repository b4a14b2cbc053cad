//! `CallResource`: small JSON answers for editors and pickers.
//!
//! | path | answer |
//! |---|---|
//! | `/products` | the products with their services and methods |
//! | `/principals` | users and applications, and Scaleway's own machinery |
//! | `/resources` | the resources named by recent events |
//! | `/detections` | the rules of detections, and the faults of the organization's own |
//! | `/detections/check` | the faults of the rules in the body of a `POST`: an object with `sigma`, and `besideShipped` for those of the settings |
//! | `/detection-fields` | the fields that rules may name |
//! | `/cockpit-urls?language=` | the URLs of Cockpit's metrics in the organization; for administrators |
//! | `/check` | the notices that an answer would have about the names in the query of the parameter `query`; `rule=true` checks it as an alert rule's |

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat};
use futures::stream::{self, BoxStream};
use grafana_plugin_sdk::pluginv2::{
    CallResourceRequest, CallResourceResponse, PluginContext, StringList, resource_server,
};
use serde_json::{Value, json};
use tonic::{Request, Response, Status};

use super::panics::catch_panic;
use super::process::Process;
use super::rules;
use crate::locale::{Language, Sentence};
use crate::query::{DataSource, Failure, FoundUrl, PrincipalOption, Products, ResourceOption, text};
use crate::time::Time;

const DAY_MS: i64 = 86_400_000;

/// The resource service.
#[derive(Debug)]
pub(super) struct Resources(pub(super) Arc<Process>);

#[async_trait]
impl resource_server::Resource for Resources {
    type CallResourceStream = BoxStream<'static, Result<CallResourceResponse, Status>>;

    async fn call_resource(
        &self,
        request: Request<CallResourceRequest>,
    ) -> Result<Response<Self::CallResourceStream>, Status> {
        let (process, call) = (Arc::clone(&self.0), request.into_inner());
        let work = catch_panic(async move {
            let data_source = process.instances.data_source(call.plugin_context.as_ref())?;
            answer(&data_source, &call).await
        });
        let result = self.0.metrics.time("call_resource", work).await;
        self.0.metrics.count("call_resource", if result.is_ok() { "ok" } else { "error" });
        let (code, body) = match result {
            Ok(body) => (200, body),
            Err(failure) => (i32::from(failure.status), json!({ "message": text::message(&failure.message) })),
        };
        let json = StringList { values: vec!["application/json".to_owned()] };
        let headers = HashMap::from([("Content-Type".to_owned(), json)]);
        let response = CallResourceResponse { code, headers, body: body.to_string().into() };
        Ok(Response::new(Box::pin(stream::iter([Ok(response)]))))
    }
}

async fn answer(data_source: &DataSource, call: &CallResourceRequest) -> Result<Value, Failure> {
    let path: Vec<&str> = call.path.split('/').filter(|part| !part.is_empty()).collect();
    let allowed = if path == ["detections", "check"] { "POST" } else { "GET" };
    if call.method != allowed && !(call.method.is_empty() && allowed == "GET") {
        let message = format!("the method is {:?}. Allowed: {allowed}", text::plain(&call.method));
        return Err(Failure { status: 405, ..Failure::input(message) });
    }
    let parameters = Parameters::of(&call.url);
    match path[..] {
        ["detections"] => Ok(rules::listed(&data_source.detection_rules().await?)),
        ["detections", "check"] => rules::checked(&call.body).await,
        ["detection-fields"] => Ok(rules::fields(&data_source.detection_fields())),
        ["check"] => {
            let checked = data_source.check(parameters.get("query").as_bytes(), parameters.is_rule()?).await;
            let error = checked.as_ref().err().map(|failure| text::message(&failure.message));
            Ok(json!({ "error": error, "warnings": shown(checked.as_deref().unwrap_or_default()) }))
        }
        ["cockpit-urls"] => {
            let language = Language::of(parameters.get("language"));
            only_for_administrators(call.plugin_context.as_ref(), language)?;
            let found = data_source.metrics_urls(language).await?;
            let list: Vec<Value> = found.list.iter().map(metrics_url).collect();
            Ok(json!({ "urls": list, "notices": shown(&found.notices) }))
        }
        ["products"] => {
            let deadline = Instant::now() + data_source.settings.query_timeout;
            let Products { list, notices } = data_source.directory.products(deadline, false).await?;
            Ok(json!({ "products": list, "notices": shown(&notices) }))
        }
        ["principals"] => {
            let options = data_source.principal_options(parameters.get("query")).await?;
            let list: Vec<Value> = options.list.iter().map(principal).collect();
            Ok(json!({ "principals": list, "notices": shown(&options.notices) }))
        }
        ["resources"] => {
            let options = data_source
                .resource_options(parameters.get("query"), parameters.range(data_source.clock.now())?)
                .await?;
            let list: Vec<Value> = options.list.iter().map(resource).collect();
            Ok(json!({ "resources": list, "total": options.total, "notices": shown(&options.notices) }))
        }
        _ => {
            let message = format!(
                "there is no resource {:?}. Allowed: products, principals, resources, detections, detections/check, \
                 detection-fields, cockpit-urls, check",
                text::plain(&call.path)
            );
            Err(Failure { status: 404, ..Failure::input(message) })
        }
    }
}

/// A URL's query.
struct Parameters(HashMap<String, String>);

impl Parameters {
    fn of(url: &str) -> Self {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    fn is_rule(&self) -> Result<bool, Failure> {
        match self.get("rule") {
            "" | "false" => Ok(false),
            "true" => Ok(true),
            other => Err(Failure::input(format!("rule is {:?}. Allowed: true, false", text::plain(other)))),
        }
    }

    /// A time, in milliseconds since 1970 or in RFC 3339.
    fn time(&self, name: &str) -> Result<Option<i64>, Failure> {
        let text = self.get(name);
        if text.is_empty() {
            return Ok(None);
        }
        let time = text.parse().ok().or_else(|| Some(DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis()));
        time.map(Some).ok_or_else(|| {
            Failure::input(format!(
                "{name} is {:?}. Allowed: milliseconds since 1970, or a time such as 2026-01-31T12:00:00Z",
                text::plain(text)
            ))
        })
    }

    /// The range from `from` to `to`; by default the last day.
    fn range(&self, now: Time) -> Result<(i64, i64), Failure> {
        let to = self.time("to")?.unwrap_or_else(|| now.nanos().div_euclid(1_000_000));
        Ok((self.time("from")?.unwrap_or_else(|| to.saturating_sub(DAY_MS)), to))
    }
}

/// Sentences, cleaned for an editor.
fn shown(sentences: &[String]) -> Vec<Cow<'_, str>> {
    sentences.iter().map(|sentence| text::message(sentence)).collect()
}

/// Refuses users who may not save a data source: what is listed is the organization's, and for its settings.
fn only_for_administrators(context: Option<&PluginContext>, language: Language) -> Result<(), Failure> {
    let role = context.and_then(|context| context.user.as_ref()).map_or("", |user| user.role.as_str());
    if role == "Admin" {
        return Ok(());
    }
    Err(Failure { status: 403, ..Failure::input(Sentence::OnlyAdministrators.text(language)) })
}

fn metrics_url(found: &FoundUrl) -> Value {
    let FoundUrl { url, name, region, project, project_name } = found;
    json!({
        "url": url.as_str().trim_end_matches('/'),
        "name": text::label(name),
        "region": region,
        "project": { "id": project, "name": project_name.as_deref().map(text::label) },
    })
}

fn principal(principal: &PrincipalOption) -> Value {
    json!({ "id": principal.id, "name": text::label(&principal.name), "kind": principal.kind })
}

fn resource(resource: &ResourceOption) -> Value {
    json!({
        "id": resource.id,
        "name": resource.name.as_deref().map(text::label),
        "type": resource.kind,
        "region": resource.region,
        "project": resource.project,
        "events": resource.events,
        "lastSeen": resource.last_seen.to_rfc3339_opts(SecondsFormat::Millis, true),
    })
}
