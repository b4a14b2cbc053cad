//! HTTP: from a request to an answer, through latency, faults, rate limit and permissions.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
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
use super::state::{Shared, lock};
use super::{explorer, iam};

pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>, stopped: oneshot::Receiver<()>) {
    let router = Router::new()
        .route("/sandbox/calls", get(|State(shared): State<Arc<Shared>>| async move { Json(shared.calls()) }))
        .route("/sandbox/reset", post(|State(shared): State<Arc<Shared>>| async move { shared.reset() }))
        .fallback(answer)
        .with_state(shared);
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let served = axum::serve(listener, router).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    // Accepting connections does not fail for good; what one connection does is its own affair.
    let _ = served.await;
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let uri = request.uri();
    let (endpoint, region) = Endpoint::of(uri.path());
    let under_way = UnderWay::new(&shared.under_way);
    let asked = uri.path_and_query().map_or("", |asked| asked.as_str());
    lock(&shared.calls).record_call(endpoint, asked, under_way.now);
    let number = shared.answers.fetch_add(1, Ordering::Relaxed);
    let delay = shared.delay(number);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let faults = lock(&shared.faults).matching(endpoint, region);
    let mut reply = if shared.is_within_rate() {
        shared.reply(endpoint, region, &request, &faults)
    } else {
        Reply::too_many_requests()
    };
    reply.headers.push(("x-request-id", uuid_v4(of_name(&format!("answer {number}")).random())));
    lock(&shared.calls).record_status(reply.status);
    reply.send(&faults, shared.config.stall)
}

/// Counts an in-flight call, also when the client disconnects.
struct UnderWay<'a> {
    gauge: &'a AtomicU64,
    now: u64,
}

impl<'a> UnderWay<'a> {
    fn new(gauge: &'a AtomicU64) -> Self {
        Self { gauge, now: gauge.fetch_add(1, Ordering::Relaxed) + 1 }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.gauge.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer before it is sent.
struct Reply {
    status: u16,
    content_type: Option<&'static str>,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

const JSON: &str = "application/json";
const HTML: &str =
    "<!DOCTYPE html>\n<html><head><title>Please wait</title></head><body>Checking your browser…</body></html>";

impl Reply {
    fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, content_type: Some(JSON), headers: Vec::new(), body: body.into() }
    }

    fn too_many_requests() -> Self {
        Self {
            status: 429,
            content_type: None,
            headers: vec![("x-envoy-ratelimited", "true".to_owned())],
            body: Bytes::new(),
        }
    }

    /// The answer that a fault gives instead of the regular one.
    fn instead(fault: Fault) -> Option<Self> {
        let html = |content_type| Self { content_type: Some(content_type), ..Self::json(200, HTML) };
        Some(match fault {
            Fault::TooManyRequests => Self::too_many_requests(),
            Fault::RetryAfter => {
                let mut reply = Self::too_many_requests();
                reply.headers.push(("retry-after", "1".to_owned()));
                reply
            }
            Fault::InternalError => Self::json(500, r#"{"message":"internal error"}"#),
            Fault::BadGateway => Self::json(502, r#"{"message":"bad gateway"}"#),
            Fault::Unavailable => Self::json(503, r#"{"message":"service unavailable"}"#),
            Fault::NotFound => Self::json(404, r#"{"message":"Not Found"}"#),
            Fault::NotImplemented => Self::json(501, r#"{"message":"unknown method"}"#),
            Fault::Forbidden => {
                let Refusal { status, body } = Refusal::denied("audit_trail");
                Self::json(status, body)
            }
            Fault::HtmlPage => html("text/html; charset=utf-8"),
            Fault::HtmlAsJson => html(JSON),
            _ => return None,
        })
    }

    fn send(self, faults: &[Fault], stall: Duration) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::SERVER, HeaderValue::from_static("Scaleway API Gateway (fr-par-3;edge03)"));
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        );
        if let Some(content_type) = self.content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            if let Ok(value) = value.try_into() {
                headers.insert(name, value);
            }
        }
        let mut body = self.body;
        if faults.contains(&Fault::TruncatedJson) {
            body.truncate(body.len() * 2 / 3);
        }
        let torn = [Fault::ConnectionReset, Fault::Stall].into_iter().find(|fault| faults.contains(fault));
        let Some(torn) = torn else {
            *response.body_mut() = Body::from(body);
            return response;
        };
        // The whole length is promised, so that the client knows what it misses.
        headers.insert(header::CONTENT_LENGTH, body.len().into());
        let rest = body.split_off(body.len() / 2);
        let (pause, rest) = match torn {
            Fault::Stall => (stall, Ok(rest)),
            _ => (Duration::from_millis(5), Err(io::Error::from(io::ErrorKind::ConnectionReset))),
        };
        let rest = stream::once(async move {
            tokio::time::sleep(pause).await;
            rest
        });
        *response.body_mut() = Body::from_stream(stream::once(async { Ok(body) }).chain(rest));
        response
    }
}

impl Shared {
    fn reply(&self, endpoint: Endpoint, region: Option<&str>, request: &Request, faults: &[Fault]) -> Reply {
        if let Some(reply) = faults.iter().find_map(|&fault| Reply::instead(fault)) {
            return reply;
        }
        let query = Parameters::parse(request.uri().query().unwrap_or_default());
        let token = request.headers().get("x-auth-token").and_then(|token| token.to_str().ok());
        let answered = self.admit(token, endpoint).and_then(|()| match endpoint {
            _ if request.method() != Method::GET => Err(Refusal::not_found()),
            Endpoint::Other => Err(Refusal::not_found()),
            _ if region.is_some_and(|region| !self.config.regions.iter().any(|known| known == region)) => {
                Err(Refusal::not_found())
            }
            _ => {
                if query.required("organization_id")? != ORGANIZATION_ID {
                    return Err(Refusal::denied(if endpoint.is_audit_trail() { "audit_trail" } else { "" }));
                }
                match endpoint {
                    Endpoint::Products => Ok(self.products(region.unwrap_or_default())),
                    _ if endpoint.is_audit_trail() => {
                        self.page(endpoint, region.unwrap_or_default(), &query, faults).map(Bytes::from)
                    }
                    Endpoint::Resources => explorer::list(&self.organization, &query, faults).map(Bytes::from),
                    _ => iam::list(endpoint, &self.organization, &query).map(Bytes::from),
                }
            }
        });
        match answered {
            Ok(body) => Reply::json(200, body),
            Err(refusal) => Reply::json(refusal.status, refusal.body),
        }
    }
}
