//! The client against a server on this machine.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Client, Error, MOST_SERIES, Series};
use crate::locale::Language;
use crate::settings::Settings;
use crate::time::{Interval, SystemClock, Time};
use crate::transport::Meter;
use crate::transport::tests::{Answer, Server, answer};

const TOKEN: &str = "hunter2-token";
const MINUTE: Duration = Duration::from_mins(1);

fn ok(body: &str) -> Answer {
    answer("200 OK\r\nContent-Type: application/json", body)
}

fn refusal(head: &'static str, kind: &str, error: &str) -> Answer {
    answer(head, &json!({ "status": "error", "errorType": kind, "error": error }).to_string())
}

const UNAUTHORIZED: &str = "401 Unauthorized\r\nContent-Type: application/json";

fn client_with(server: &Server, settings: &serde_json::Value) -> Client {
    let mut url = server.url.clone();
    url.set_path("/prometheus");
    let mut data = json!({ "organizationId": "0a1b2c3d-0000-4000-8000-000000000001", "cockpitUrls": url.as_str() });
    data.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let secrets = [("secretKey", "11111111-1111-4111-8111-111111111111"), ("cockpitToken", TOKEN)];
    let secrets: HashMap<_, _> = secrets.map(|(name, secret)| (name.to_owned(), secret.to_owned())).into();
    let settings = Settings::parse(data.to_string().as_bytes(), &secrets).unwrap();
    let clients = Client::all(&settings, &(Arc::new(SystemClock) as _), &Meter::new("test", "Cockpit"));
    clients.unwrap().pop().expect("one URL has one client")
}

fn client(server: &Server) -> Client {
    client_with(server, &json!({}))
}

fn soon() -> Instant {
    Instant::now() + Duration::from_mins(10)
}

/// The hour after a round one.
fn hour() -> Interval {
    let start = Time::from_nanos(1_790_000_000_000_000_000);
    Interval::new(start, start + 60 * MINUTE)
}

async fn range(client: &Client) -> Result<Vec<Series>, Error> {
    Ok(client.range("up", hour(), MINUTE, soon()).await?.series)
}

const MATRIX: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"resource_id":"a"},"values":[[1790000040,"1"],[1790000100,"NaN"]]}]}}"#;

#[tokio::test]
async fn a_range_asks_for_the_multiples_of_its_step() {
    let server = Server::start(vec![ok(MATRIX)]).await;
    let series = range(&client(&server)).await.unwrap();
    assert_eq!((series.len(), series[0].samples.len()), (1, 2));
    let [request] = &server.requests()[..] else { panic!("{:?}", server.requests()) };
    let asked = "get /prometheus/api/v1/query_range?query=up&start=2026-09-21t14%3a14%3a00z&end=2026-09-21t15%3a13%3a00z&step=60 http";
    assert!(request.starts_with(asked), "{request}");
    assert!(request.contains("\r\nauthorization: bearer hunter2-token\r\n"), "{request}");
}

#[tokio::test]
async fn a_range_without_a_point_asks_for_nothing() {
    let server = Server::start(vec![ok(MATRIX)]).await;
    let start = Time::from_nanos(1);
    let answer = client(&server).range("up", Interval::new(start, start + MINUTE / 2), MINUTE, soon()).await.unwrap();
    assert_eq!((answer.series.len(), server.requests().len()), (0, 0));
}

#[tokio::test]
async fn a_token_that_is_refused_as_bearer_is_sent_as_x_token_from_then_on() {
    for head in [UNAUTHORIZED, "403 Forbidden"] {
        let server = Server::start(vec![answer(head, ""), ok(MATRIX)]).await;
        let client = client(&server);
        assert!(range(&client).await.is_ok());
        assert!(range(&client.clone()).await.is_ok());
        let headers: Vec<(bool, bool)> = server
            .requests()
            .iter()
            .map(|request| {
                let bearer = request.contains("\r\nauthorization: bearer hunter2-token\r\n");
                (bearer, request.contains("\r\nx-token: hunter2-token\r\n"))
            })
            .collect();
        assert_eq!(headers, [(true, false), (false, true), (false, true)], "{head}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_in_both_headers_is_an_error_without_the_token() {
    let server =
        Server::start(vec![refusal(UNAUTHORIZED, "", "no user hunter2-token"), answer("403 Forbidden", "")]).await;
    let client = client(&server);
    let error = range(&client).await.unwrap_err();
    assert_eq!(error.status(), 401);
    let text = error.to_string();
    assert!(text.contains("does not accept the Cockpit token (HTTP 401: no user [secret])"), "{text}");
    assert!(text.contains("cockpitToken") && !format!("{error:?} {client:?}").contains(TOKEN), "{error:?} {client:?}");
    let error = range(&client).await.unwrap_err();
    assert!(error.to_string().contains("may not query metrics"), "the other header was not chosen: {error}");
}

/// Errors of answers that stay the same, each with its status and its text's beginning.
#[tokio::test]
async fn each_refusal_has_its_error() {
    let bad_data = "400 Bad Request\r\nContent-Type: application/json";
    let execution = "422 Unprocessable Entity\r\nContent-Type: application/json";
    let timeout = "200 OK\r\nContent-Type: application/json";
    for (answers, status, text) in [
        (
            vec![refusal(bad_data, "bad_data", "1:3: parse error: unexpected end")],
            400,
            "Cockpit refuses the PromQL expression: 1:3: parse error: unexpected end.",
        ),
        (
            vec![refusal(execution, "execution", "the query hit the limit of series")],
            422,
            "Cockpit cannot evaluate the PromQL expression: the query hit the limit of series.",
        ),
        (
            vec![refusal(timeout, "timeout", "query timed out")],
            502,
            "Cockpit cannot evaluate the PromQL expression: query timed out.",
        ),
        (vec![answer("404 Not Found", "")], 404, "there are no Cockpit metrics at 127.0.0.1:"),
        (vec![answer("501 Not Implemented", "")], 501, "Cockpit answers HTTP 501: Not Implemented"),
        (vec![answer("418 I'm a teapot", "")], 418, "Cockpit answers HTTP 418: I'm a teapot"),
        (
            vec![ok(r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#)],
            502,
            "the answer of 127.0.0.1:",
        ),
        (vec![ok("{")], 502, "the answer of 127.0.0.1:"),
        (vec![answer("200 OK\r\nContent-Type: text/html", "<html>")], 502, "the answer of 127.0.0.1:"),
    ] {
        let server = Server::start(answers).await;
        let error = range(&client(&server)).await.unwrap_err();
        assert_eq!(error.status(), status, "{error}");
        assert!(error.to_string().starts_with(text), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_error_and_the_token_stays() {
    let other = Server::start(vec![ok(MATRIX)]).await;
    let location: &'static str = format!("307 Temporary Redirect\r\nLocation: {}", other.url).leak();
    let server = Server::start(vec![answer(location, "")]).await;
    let error = range(&client(&server)).await.unwrap_err();
    assert!(error.to_string().contains("redirects to another address (HTTP 307)"), "{error}");
    assert_eq!((error.status(), server.requests().len(), other.requests().len()), (502, 1, 0));
}

#[tokio::test]
async fn throttled_and_failed_calls_are_tried_again() {
    let server =
        Server::start(vec![answer("429 Too Many Requests", ""), answer("503 Service Unavailable", ""), ok(MATRIX)])
            .await;
    assert!(range(&client(&server)).await.is_ok());
    assert_eq!(server.requests().len(), 3);
    let server = Server::start(vec![answer("429 Too Many Requests\r\nRetry-After: 3600", "")]).await;
    assert_eq!(range(&client(&server)).await, Err(Error::RateLimited { tries: 1 }));
}

#[tokio::test]
async fn a_call_without_an_answer_ends_with_its_timeout_or_its_deadline() {
    let server = Server::start(vec![Answer::Never]).await;
    let client = client_with(&server, &json!({ "callTimeoutSeconds": 1 }));
    let error = range(&client).await.unwrap_err();
    assert!(error.to_string().contains("did not answer within 1 s"), "{error}");
    let deadline = Instant::now() + Duration::from_millis(50);
    let error = client.instant("up", hour().start, deadline).await.unwrap_err();
    assert_eq!(error.status(), 504, "{error}");
}

#[tokio::test]
async fn a_host_that_does_not_listen_is_unreachable() {
    let mut server = Server::start(vec![ok(MATRIX)]).await;
    // No process listens at the discard port.
    server.url.set_port(Some(9)).unwrap();
    let error = range(&client(&server)).await.unwrap_err();
    assert!(error.to_string().starts_with("127.0.0.1:9 cannot be reached: "), "{error}");
    assert!(error.to_string().contains("cockpitUrls"), "{error}");
}

#[tokio::test]
async fn a_moment_has_a_vector_or_a_number_and_nothing_else() {
    let data = |kind: &str, result: &str| {
        ok(&format!(
            r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}},"warnings":["partial hunter2-token"],"infos":["rate of a gauge"]}}"#
        ))
    };
    let instant =
        async |answer: Answer| client(&Server::start(vec![answer]).await).instant("x", hour().start, soon()).await;
    let answer =
        instant(data("vector", r#"[{"metric":{"resource_id":"a"},"value":[1790000000,"+Inf"]}]"#)).await.unwrap();
    assert_eq!(answer.series[0].samples, [(hour().start, f64::INFINITY)]);
    assert_eq!(
        answer.notices(Language::English),
        ["Cockpit remarks: partial [secret]", "Cockpit remarks: rate of a gauge"]
    );
    let answer = instant(data("scalar", r#"[1790000000.5,"2"]"#)).await.unwrap();
    assert_eq!(answer.series[0].samples, [(hour().start + Duration::from_millis(500), 2.0)]);
    for (kind, result, text) in [("matrix", "[]", "samples over time"), ("string", r#"[1,"a"]"#, "a text")] {
        let error = instant(data(kind, result)).await.unwrap_err();
        assert!(error.to_string().contains(&format!("is {text}")) && error.status() == 400, "{error}");
    }
}

#[tokio::test]
async fn label_values_and_series_send_each_selector() {
    let values = ok(r#"{"status":"success","data":["fr-par","nl-ams"]}"#);
    let server = Server::start(vec![
        values,
        ok(r#"{"status":"success","data":[{"a":"b"}]}"#),
        ok(r#"{"status":"success","data":null}"#),
    ])
    .await;
    let client = client(&server);
    let values = client.label_values("a/b", &["up", r#"{x="y"}"#], hour(), soon()).await.unwrap();
    assert_eq!(values, ["fr-par", "nl-ams"]);
    assert_eq!(client.series(&["up"], hour(), soon()).await.unwrap(), [[("a".to_owned(), "b".to_owned())].into()]);
    assert_eq!(client.label_values("region", &[], hour(), soon()).await.unwrap(), [""; 0]);
    let [values, series, all] = &server.requests()[..] else { panic!("{:?}", server.requests()) };
    assert!(
        values.starts_with("get /prometheus/api/v1/label/a%2fb/values?start=2026-09-21t14%3a13%3a20z&end="),
        "{values}"
    );
    assert!(values.contains("&match%5b%5d=up&match%5b%5d=%7bx%3d%22y%22%7d http"), "{values}");
    assert!(series.starts_with("get /prometheus/api/v1/series?start="), "{series}");
    assert!(!all.contains("match"), "{all}");
}

#[tokio::test]
async fn too_many_series_are_cut_to_those_that_moved_most() {
    let row = |number: usize| {
        let last = if number == 7 { 9 } else { 1 };
        json!({ "metric": { "resource_id": format!("{number:03}") }, "values": [[1, "1"], [2, "1.5"], [3, "1"], [4, last.to_string()]] })
    };
    let rows: Vec<_> = (0..MOST_SERIES + 10).map(row).collect();
    let server = Server::start(vec![ok(
        &json!({ "status": "success", "data": { "resultType": "matrix", "result": rows } }).to_string(),
    )])
    .await;
    let answer = client(&server).range("up", hour(), MINUTE, soon()).await.unwrap();
    assert_eq!((answer.series.len(), answer.left_out), (MOST_SERIES, 10));
    assert!(answer.series.iter().any(|series| series.labels["resource_id"] == "007"));
    assert_eq!(
        answer.notices(Language::English),
        ["the expression has 60 series, and only the 50 that moved most are used; let it select fewer"]
    );
}
