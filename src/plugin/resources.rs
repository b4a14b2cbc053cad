//! `CallResource`: small JSON answers for editors and pickers.
//!
//! | path | answer |
//! |---|---|
//! | `/products` | the products with their services and methods |
//! | `/principals` | users and applications, and Scaleway's own machinery |
//! | `/resources` | the resources that recent events name |
//! | `/check` | the notices that an answer would have about the names in a query, which is the parameter `query`; `rule=true` checks it as an alert rule's |

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::DateTime;
use futures::stream::{self, BoxStream};
use grafana_plugin_sdk::pluginv2::{CallResourceRequest, CallResourceResponse, StringList, resource_server};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tonic::{Request as GrpcRequest, Response, Status};

use super::panics::catch_panic;
use super::process::Process;
use crate::event::Column;
use crate::query::events::{EventList, Format, Order};
use crate::query::{Answer, DataSource, Failure, Products, Query, Request, SCALEWAY, Scope, text};
use crate::scaleway::Found;
use crate::time::Time;

/// The most items that a list answers with.
const MOST: usize = 500;

const DAY_MS: i64 = 86_400_000;

/// The resource service.
#[derive(Debug)]
pub(super) struct Resources(pub(super) Arc<Process>);

#[async_trait]
impl resource_server::Resource for Resources {
    type CallResourceStream = BoxStream<'static, Result<CallResourceResponse, Status>>;

    async fn call_resource(
        &self,
        request: GrpcRequest<CallResourceRequest>,
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
            Err(failure) => {
                (i32::from(failure.status), json!({ "message": text::message(&failure.message) }).to_string())
            }
        };
        let json = StringList { values: vec!["application/json".to_owned()] };
        let headers = HashMap::from([("Content-Type".to_owned(), json)]);
        let response = CallResourceResponse { code, headers, body: body.into() };
        Ok(Response::new(Box::pin(stream::iter([Ok(response)]))))
    }
}

/// The answer's JSON.
async fn answer(data_source: &DataSource, call: &CallResourceRequest) -> Result<String, Failure> {
    let parameters = Parameters::of(&call.url);
    let deadline = Instant::now() + data_source.settings.query_timeout;
    let path: Vec<&str> = call.path.split('/').filter(|part| !part.is_empty()).collect();
    if !matches!(call.method.as_str(), "" | "GET") {
        let message = format!("the method is {:?}. Allowed: GET", text::plain(&call.method));
        return Err(Failure { status: 405, ..Failure::input(message) });
    }
    let list = match path[..] {
        ["check"] => check(data_source, &parameters, deadline).await?,
        ["products"] => products(data_source, deadline).await?,
        ["principals"] => principals(data_source, &parameters, deadline).await?,
        ["resources"] => resources(data_source, &parameters, deadline).await?,
        _ => {
            let message = format!(
                "there is no resource {:?}. Allowed: products, principals, resources, check",
                text::plain(&call.path)
            );
            return Err(Failure { status: 404, ..Failure::input(message) });
        }
    };
    Ok(list.to_string())
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

    /// Whether one of `texts` contains the parameter `query`, in any case.
    fn picks<'a>(&self, mut texts: impl Iterator<Item = &'a str>) -> bool {
        let wanted = self.get("query").to_lowercase();
        wanted.is_empty() || texts.any(|text| text.to_lowercase().contains(&wanted))
    }

    /// A time in milliseconds since 1970, or as in RFC 3339.
    fn time(&self, name: &str) -> Result<Option<i64>, Failure> {
        let text = self.get(name);
        if text.is_empty() {
            return Ok(None);
        }
        let time =
            text.parse().ok().or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis()));
        time.map(Some).ok_or_else(|| {
            Failure::input(format!(
                "{name} is {:?}. Allowed: milliseconds since 1970, or a time such as 2026-01-31T12:00:00Z",
                text::plain(text)
            ))
        })
    }

    /// The range from `from` to `to`; the last day where they are absent.
    fn range(&self, now: Time) -> Result<(i64, i64), Failure> {
        let to = self.time("to")?.unwrap_or_else(|| now.nanos().div_euclid(1_000_000));
        Ok((self.time("from")?.unwrap_or_else(|| to.saturating_sub(DAY_MS)), to))
    }
}

/// Sentences as an editor shows them.
fn shown(notices: &[impl AsRef<str>]) -> Vec<Cow<'_, str>> {
    notices.iter().map(|notice| text::message(notice.as_ref())).collect()
}

/// The products of all configured regions; one region that answers is enough.
async fn products(data_source: &DataSource, deadline: Instant) -> Result<Value, Failure> {
    let Products { list, notices } = data_source.products(deadline).await?;
    Ok(json!({ "products": list, "notices": shown(&notices) }))
}

async fn principals(data_source: &DataSource, parameters: &Parameters, deadline: Instant) -> Result<Value, Failure> {
    let Found { value: names, stale } = data_source.names(deadline, |_| false).await?;
    // Scaleway's own machinery has no id: its name is what a scope takes.
    let ours = ((SCALEWAY, SCALEWAY), "system");
    let mut all: Vec<_> = names.all().into_iter().map(|(named, kind)| (named, kind.as_str())).collect();
    let place = all.partition_point(|(named, _)| *named < ours.0);
    all.insert(place, ours);
    let list: Vec<Value> = all
        .into_iter()
        .filter(|((name, id), _)| parameters.picks([*name, *id].into_iter()))
        .take(MOST)
        .map(|((name, id), kind)| json!({ "id": id, "name": text::label(name), "kind": kind }))
        .collect();
    let notices: Vec<String> = stale.iter().map(|stale| stale.sentence("Names", "IAM")).collect();
    Ok(json!({ "principals": list, "notices": shown(&notices) }))
}

async fn gather(
    data_source: &DataSource,
    scope: Scope,
    range: (i64, i64),
    deadline: Instant,
) -> Result<Answer, Failure> {
    let request = Request::new("", range, Duration::ZERO, 0, false)?;
    let question = Arc::new(EventList { format: Format::Table, limit: 1, order: Order::Newest });
    let (timezone, empty_variables) = (TimeZone::UTC, Vec::new());
    let query = Query { hide: false, scope, filters: Vec::new(), empty_variables, timezone, question };
    Answer::gather(data_source, &query, &request, deadline).await
}

#[derive(Default)]
struct Seen {
    name: Option<String>,
    kind: Option<String>,
    region: Option<String>,
    project: Option<String>,
    events: usize,
    last: i64,
}

/// The resources that events of the range name, the most recent first.
async fn resources(data_source: &DataSource, parameters: &Parameters, deadline: Instant) -> Result<Value, Failure> {
    let scope = data_source.in_default_project(&Scope::default());
    // Names from Resource Explorer are optional.
    let named = async { data_source.resources(deadline).await.map(|found| found.value).unwrap_or_default() };
    let (answer, named) =
        tokio::join!(gather(data_source, scope, parameters.range(data_source.clock.now())?, deadline), named);
    let answer = answer?;
    let events = &answer.events;
    let (region, project) = (events.text(Column::Region), events.text(Column::Project));
    let references = events.references();
    let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
    // Newest first: the first name met is the one in force.
    for row in 0..events.len() {
        for reference in references.of(row) {
            let Some(id) = reference.id else { continue };
            let entry = seen.entry(id).or_insert_with(|| Seen { last: events.times().value(row), ..Seen::default() });
            let fill =
                |slot: &mut Option<String>, text: Option<&str>| *slot = slot.take().or_else(|| text.map(str::to_owned));
            fill(&mut entry.name, reference.name);
            fill(&mut entry.kind, reference.kind);
            fill(&mut entry.region, region.get(row));
            fill(&mut entry.project, project.get(row));
            entry.events += 1;
        }
    }
    for (id, seen) in &mut seen {
        seen.name = seen.name.take().or_else(|| named.get(*id).cloned());
    }
    let mut list: Vec<(&str, Seen)> = seen
        .into_iter()
        .filter(|(id, seen)| parameters.picks([Some(*id), seen.name.as_deref()].into_iter().flatten()))
        .collect();
    list.sort_by(|(a, x), (b, y)| y.last.cmp(&x.last).then_with(|| a.cmp(b)));
    let total = list.len();
    let list: Vec<Value> = list
        .into_iter()
        .take(MOST)
        .map(|(id, seen)| {
            json!({
                "id": id, "name": seen.name.as_deref().map(text::label), "type": seen.kind, "region": seen.region, "project": seen.project,
                "events": seen.events, "lastSeen": DateTime::from_timestamp_nanos(seen.last).to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            })
        })
        .collect();
    Ok(json!({ "resources": list, "total": total, "notices": shown(&answer.notices()) }))
}

/// The error of a query, or the warnings about its names, before it is answered.
async fn check(
    data_source: &DataSource,
    parameters: &Parameters,
    deadline: Instant,
) -> Result<Value, Failure> {
    let from_alert = match parameters.get("rule") {
        "" | "false" => false,
        "true" => true,
        other => return Err(Failure::input(format!("rule is {:?}. Allowed: true, false", text::plain(other)))),
    };
    let request = Request::new("A", (0, DAY_MS), Duration::ZERO, 0, from_alert)?;
    let checked = async {
        let query = Query::parse(parameters.get("query").as_bytes(), "", &request, data_source.settings.max_events)?;
        query.question.needs_for(&request)?;
        data_source.warnings(&query, &request, deadline).await
    };
    let (error, warnings) = match checked.await {
        Ok(warnings) => (None, warnings),
        Err(failure) => (Some(text::message(&failure.message).into_owned()), Vec::new()),
    };
    let warnings: Vec<_> = warnings.iter().map(|warning| text::message(warning)).collect();
    Ok(json!({ "error": error, "warnings": warnings }))
}
