//! HTTP: from a request to an answer, through latency, faults, rate limit and permissions.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use bytes::Bytes;
use futures::{StreamExt, stream};
use rand::Rng;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::endpoint::Endpoint;
use super::fault::Fault;
use super::ids::{of_name, uuid_v4};
use super::organization::ORGANIZATION_ID;
use super::query::{Parameters, Refusal};
use super::state::Shared;
use super::{cockpit, explorer, iam, kubernetes};

pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>, stopped: oneshot::Receiver<()>) {
    let router = Router::new()
        .route(
            "/sandbox/calls",
            get(|State(shared): State<Arc<Shared>>| async move { Json(shared.calls.lock().clone()) }),
        )
        .route("/sandbox/reset", post(|State(shared): State<Arc<Shared>>| async move { shared.reset() }))
        .fallback(answer)
        .with_state(shared);
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let served = axum::serve(listener, router).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    // Accepting connections never fails for good, and an error of one connection does not concern the others.
    let _ = served.await;
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let uri = request.uri();
    let (endpoint, region) = Endpoint::of(uri.path());
    // Dropped at the end of the call, also when the client disconnects.
    let under_way = Arc::clone(&shared.under_way);
    let query = uri.path_and_query().map_or("", |query| query.as_str());
    shared.calls.lock().record_call(endpoint, query, Arc::strong_count(&under_way) - 1);
    let number = shared.answers.fetch_add(1, Ordering::Relaxed);
    if !shared.config.latency.is_zero() {
        tokio::time::sleep(shared.config.latency).await;
    }
    let faults = shared.faults.lock().matching(endpoint, region);
    let mut reply =
        if shared.is_within_rate() { shared.reply(endpoint, region, &request, &faults) } else { too_many_requests() };
    let id = uuid_v4(of_name(&format!("answer {number}")).random());
    for (name, value) in [
        (header::SERVER, "Scaleway API Gateway (fr-par-3;edge03)"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("x-request-id"), id.as_str()),
    ] {
        reply.headers_mut().insert(name, HeaderValue::from_str(value).expect("ASCII"));
    }
    if let Some(now) = shared.set() {
        let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        reply.headers_mut().insert(header::DATE, HeaderValue::from_str(&date).expect("ASCII"));
    }
    shared.calls.lock().record_answer(reply.status().as_u16(), &faults);
    send(reply, &faults, shared.config.stall)
}

/// An answer before it is sent.
type Reply = Response<Bytes>;

const JSON: &str = "application/json";
const HTML: &str =
    "<!DOCTYPE html>\n<html><head><title>Please wait</title></head><body>Checking your browser…</body></html>";

fn reply(status: u16, (name, value): (&'static str, &'static str), body: impl Into<Bytes>) -> Reply {
    Response::builder().status(status).header(name, value).body(body.into()).expect("the parts are valid")
}

fn json(status: u16, body: impl Into<Bytes>) -> Reply {
    reply(status, ("content-type", JSON), body)
}

fn too_many_requests() -> Reply {
    reply(429, ("x-envoy-ratelimited", "true"), "")
}

/// The answer of a fault that replaces the regular one.
fn instead(fault: Fault) -> Option<Reply> {
    Some(match fault {
        Fault::TooManyRequests => too_many_requests(),
        Fault::RetryAfter => {
            let mut reply = too_many_requests();
            reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            reply
        }
        Fault::InternalError => json(500, r#"{"message":"internal error"}"#),
        Fault::BadGateway => json(502, r#"{"message":"bad gateway"}"#),
        Fault::Unavailable => json(503, r#"{"message":"service unavailable"}"#),
        Fault::NotFound => Refusal::not_found().into(),
        Fault::NotImplemented => json(501, r#"{"message":"unknown method"}"#),
        Fault::Forbidden => Refusal::denied("audit_trail").into(),
        Fault::HtmlPage => reply(200, ("content-type", "text/html; charset=utf-8"), HTML),
        Fault::HtmlAsJson => json(200, HTML),
        _ => return None,
    })
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        json(refusal.status, refusal.body)
    }
}

/// Sends an answer, with the faults of its body applied.
fn send(reply: Reply, faults: &[Fault], stall: Duration) -> Response {
    let (mut head, mut body) = reply.into_parts();
    if faults.contains(&Fault::TruncatedJson) {
        body.truncate(body.len() * 2 / 3);
    }
    let is_reset = faults.contains(&Fault::ConnectionReset);
    if !is_reset && !faults.contains(&Fault::Stall) {
        return Response::from_parts(head, Body::from(body));
    }
    // The header has the whole length, so that the client notices a missing part.
    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    let rest = body.split_off(body.len() / 2);
    let (pause, rest) = if is_reset {
        (Duration::from_millis(5), Err(io::Error::from(io::ErrorKind::ConnectionReset)))
    } else {
        (stall, Ok(rest))
    };
    let rest = stream::once(async move {
        tokio::time::sleep(pause).await;
        rest
    });
    Response::from_parts(head, Body::from_stream(stream::once(async { Ok(body) }).chain(rest)))
}

impl Shared {
    fn reply(&self, endpoint: Endpoint, region: Option<&str>, request: &Request, faults: &[Fault]) -> Reply {
        if let Some(reply) = faults.iter().find_map(|&fault| instead(fault)) {
            return reply;
        }
        match self.body(endpoint, region, request, faults) {
            Ok(body) => json(200, body),
            Err(refusal) => refusal.into(),
        }
    }

    fn body(
        &self,
        endpoint: Endpoint,
        region: Option<&str>,
        request: &Request,
        faults: &[Fault],
    ) -> Result<Bytes, Refusal> {
        let token = request.headers().get("x-auth-token").and_then(|token| token.to_str().ok());
        self.admit(token, endpoint)?;
        let is_known = region.is_none_or(|region| self.config.regions.iter().any(|known| known == region));
        if request.method() != Method::GET || endpoint == Endpoint::Other || !is_known {
            return Err(Refusal::not_found());
        }
        let query = Parameters::parse(request.uri().query().unwrap_or_default());
        let (organization, in_region) = (&*self.organization, region.unwrap_or_default());
        match endpoint {
            Endpoint::DataSources => return cockpit::list(in_region, organization, &query),
            Endpoint::ClusterRules => return kubernetes::rules(request.uri().path(), in_region, organization, &query),
            _ => {}
        }
        if query.required("organization_id")? != ORGANIZATION_ID {
            return Err(Refusal::denied(if endpoint.is_audit_trail() { "audit_trail" } else { "" }));
        }
        match endpoint {
            Endpoint::Products => Ok(self.products(in_region)),
            Endpoint::Resources => explorer::list(organization, &query, faults),
            _ if endpoint.is_audit_trail() => self.page(endpoint, in_region, &query, faults),
            _ => iam::list(endpoint, organization, &query),
        }
    }
}
