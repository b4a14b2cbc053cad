//! Tests of the client against a local server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HeaderName};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use url::Url;

use super::{Access, Auth, Client, Config, Error, MAX_ANSWER_BYTES, Meter, Refused, Request};
use crate::time::SystemClock;

const SECRET: &str = "hunter2";

/// A server's reaction to a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// A status line and headers, and a body.
    Is(&'static str, Vec<u8>),
    /// The connection stays open without an answer.
    Never,
}

pub(crate) fn answer(head: &'static str, body: &str) -> Answer {
    Answer::Is(head, body.as_bytes().to_vec())
}

fn ok() -> Answer {
    answer("200 OK\r\nContent-Type: application/json", r#"{"is": "read"}"#)
}

/// A server that gives its answers one after the other, and repeats the last.
pub(crate) struct Server {
    pub(crate) url: Url,
    requests: Arc<Mutex<Vec<String>>>,
    /// Notified at each request.
    asked: Arc<Notify>,
}

impl Server {
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/base", listener.local_addr().unwrap()).parse().unwrap();
        let server = Self { url, requests: Arc::default(), asked: Arc::default() };
        let (requests, asked) = (Arc::clone(&server.requests), Arc::clone(&server.asked));
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut connection, _)) = listener.accept().await {
                // A client that has cancelled its call sends no request.
                let Some(request) = head(&mut connection).await else { continue };
                let number = requests.lock().unwrap().len();
                requests.lock().unwrap().push(request);
                asked.notify_one();
                match &answers[number.min(answers.len() - 1)] {
                    Answer::Never => open.push(connection),
                    Answer::Is(head, body) => {
                        let head =
                            format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                        // A client that needs no more of the body closes the connection.
                        let _ = connection.write_all(&[head.as_bytes(), body].concat()).await;
                    }
                }
            }
        });
        server
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    fn client(&self, configure: impl FnOnce(&mut Config<'_>)) -> Client {
        let header = HeaderName::from_static("x-api-key");
        let mut config = Config {
            service: "the service",
            base_url: self.url.clone(),
            auth: Auth { header, scheme: "", secret: SECRET.into() },
            call_timeout: Duration::from_mins(10),
            concurrent_calls: 8,
            clock: Arc::new(SystemClock),
            ca_certificate: None,
        };
        configure(&mut config);
        Client::new(config, &Meter::new("test", "the service")).unwrap()
    }
}

/// A request up to its empty line.
async fn head(connection: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap().to_lowercase())
}

/// An access that judges the first refusal temporary, if set.
#[derive(Default)]
struct Grant(AtomicBool);

impl Access for Grant {
    type Try = ();

    fn begin(&self) {}

    fn succeeded(&self, (): ()) {}

    fn refused(&self, (): ()) {}

    async fn is_passing(&self, _: Instant) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

async fn get(client: &Client) -> Result<Value, Error> {
    get_with(client, &Grant::default()).await
}

async fn get_with(client: &Client, grant: &Grant) -> Result<Value, Error> {
    let request = Request { path: &["a b", "c/d"], query: &[("q", "1")] };
    let deadline = Instant::now() + Duration::from_mins(10);
    client.get_json(request, deadline, grant, |body| serde_json::from_slice(&body)).await
}

fn status(answer: Result<Value, Error>) -> (u16, u32) {
    match answer {
        Err(Error::Refused(Refused { status, tries, .. })) => (status.as_u16(), tries),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn throttled_and_failed_calls_are_retried() {
    let throttled = answer("429 Too Many Requests\r\nRetry-After: 1", "");
    let server = Server::start(vec![throttled, answer("503 Service Unavailable", ""), ok()]).await;
    let client = server.client(|_| {});
    let begun = Instant::now();
    assert_eq!(get(&client).await, Ok(json!({ "is": "read" })));
    assert!(begun.elapsed() >= Duration::from_secs(1), "Retry-After is honoured");
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests[0].starts_with("get /base/a%20b/c%2fd?q=1 http/1.1\r\n"), "{}", requests[0]);
    assert!(requests.iter().all(|request| request.contains("\r\nx-api-key: hunter2\r\n")));
    assert_eq!(client.concurrent_calls(), 5, "the limit has shrunk");
}

#[tokio::test]
async fn lasting_refusals_are_not_retried() {
    for (head, expected) in [
        ("400 Bad Request", 400),
        ("401 Unauthorized", 401),
        ("403 Forbidden", 403),
        ("404 Not Found", 404),
        ("501 Not Implemented", 501),
    ] {
        let server = Server::start(vec![answer(head, ""), ok()]).await;
        assert_eq!(status(get(&server.client(|_| {})).await), (expected, 1));
        assert_eq!(server.requests().len(), 1, "{head}");
    }
}

#[tokio::test]
async fn a_passing_refusal_is_retried() {
    let server = Server::start(vec![answer("403 Forbidden", ""), ok()]).await;
    let grant = Grant(AtomicBool::new(true));
    assert_eq!(get_with(&server.client(|_| {}), &grant).await, Ok(json!({ "is": "read" })));
    let server = Server::start(vec![answer("403 Forbidden", "")]).await;
    let grant = Grant(AtomicBool::new(true));
    assert_eq!(status(get_with(&server.client(|_| {}), &grant).await), (403, 2));
}

#[tokio::test]
async fn errors_contain_no_secret() {
    let echo = r#"{"hunter2": "hunter2", "#;
    for (head, expected) in [
        ("200 OK\r\nContent-Type: text/hunter2", "it is text/[secret], not JSON"),
        ("200 OK\r\nContent-Type: application/json", "the JSON is broken"),
        ("400 Bad Request\r\nContent-Type: application/json", "400"),
    ] {
        let server = Server::start(vec![answer(head, echo)]).await;
        let client = server.client(|_| {});
        let error = format!("{:?} {client:?}", get(&client).await.unwrap_err());
        assert!(error.contains(expected) && !error.contains(SECRET), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::start(vec![ok()]).await;
    let location: &'static str = format!("302 Found\r\nLocation: {}", other.url).leak();
    let server = Server::start(vec![answer(location, "")]).await;
    assert_eq!(status(get(&server.client(|_| {})).await), (302, 1));
    assert_eq!((server.requests().len(), other.requests().len()), (1, 0), "the secret stays");
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_an_error() {
    let body = vec![b' '; MAX_ANSWER_BYTES + 1];
    let server = Server::start(vec![Answer::Is("200 OK\r\nContent-Type: application/json", body)]).await;
    assert_eq!(get(&server.client(|_| {})).await, Err(Error::TooLarge));
    assert_eq!(server.requests().len(), 1, "it would be as large again");
}

#[tokio::test]
async fn a_cancelled_call_frees_its_permit() {
    let server = Server::start(vec![Answer::Never, ok()]).await;
    let client = server.client(|config| config.concurrent_calls = 1);
    let call = tokio::spawn({
        let client = client.clone();
        async move { get(&client).await }
    });
    server.asked.notified().await;
    let next = get(&client);
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert_eq!(next.await, Ok(json!({ "is": "read" })));
}

#[tokio::test]
async fn a_call_without_an_answer_is_tried_twice() {
    let server = Server::start(vec![Answer::Never]).await;
    let client = server.client(|config| config.call_timeout = Duration::from_millis(10));
    assert_eq!(get(&client).await, Err(Error::Timeout { seconds: 1 }));
    assert!(server.requests().len() <= 2);
}

#[tokio::test]
async fn a_bearer_token_is_sent_as_such() {
    let server = Server::start(vec![ok()]).await;
    let auth = Auth { header: AUTHORIZATION, scheme: "Bearer ", secret: SECRET.into() };
    get(&server.client(|config| config.auth = auth)).await.unwrap();
    let [request] = &server.requests()[..] else { panic!("{:?}", server.requests()) };
    assert!(request.contains("\r\nauthorization: bearer hunter2\r\n") && !request.contains("x-api-key"), "{request}");
}
