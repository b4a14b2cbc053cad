//! The secret key reaches Scaleway and nothing else: no answer, no log line, at any level, whatever goes wrong.

mod common;

use std::fmt::Debug;
use std::time::Duration;

use audittrail::host::{Ask, Host, Source};
use audittrail::sandbox::{Config, Fault, ORGANIZATION_ID, Sandbox};
use common::{Answer, Asked, api, channel, last_hours, organization, plugin, plugin_with};
use futures::future::join_all;
use futures::stream::{self, StreamExt};
use grafana_plugin_sdk::pluginv2::stream_client::StreamClient;
use grafana_plugin_sdk::pluginv2::{
    CallResourceRequest, CollectMetricsRequest, DataQuery, PublishStreamRequest, QueryDataRequest, RunStreamRequest,
    SubscribeStreamRequest,
};
use http::uri::PathAndQuery;
use serde_json::{Value, json};

/// The longest part of a secret that may be found by accident.
const SHOWN: usize = 12;

/// A new secret, in the shape of a secret key.
fn secret() -> String {
    let n = format!("{:032x}", fastrand::u128(..));
    format!("{}-{}-4{}-8{}-{}", &n[..8], &n[8..12], &n[13..16], &n[17..20], &n[20..])
}

/// All output of a process, and the secrets that it must not contain.
struct Heard {
    secrets: Vec<String>,
    said: Vec<(String, Vec<u8>)>,
}

impl Heard {
    fn new(secrets: &[&str]) -> Self {
        Self { secrets: secrets.iter().map(|secret| (*secret).to_owned()).collect(), said: Vec::new() }
    }

    /// Records an answer or a refusal. `Debug` shows bytes as numbers, so that frames and bodies are given apart.
    fn hear(&mut self, what: &str, said: impl Debug) {
        self.said.push((what.to_owned(), format!("{said:?}").into_bytes()));
    }

    fn hear_bytes(&mut self, what: &str, bytes: &[u8]) {
        self.said.push((what.to_owned(), bytes.to_vec()));
    }

    /// The output that contains a secret, or a longer part of it than accident allows.
    fn found(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (what, said) in &self.said {
            let text = String::from_utf8_lossy(said).to_lowercase();
            for secret in &self.secrets {
                let secret = secret.to_lowercase();
                let pieces = secret.as_bytes().windows(SHOWN).map(|piece| String::from_utf8_lossy(piece).into_owned());
                if let Some(piece) = pieces.into_iter().find(|piece| text.contains(piece)) {
                    let at = text.find(&piece).unwrap_or_default();
                    let around: String =
                        text[..at].chars().rev().take(150).collect::<Vec<_>>().into_iter().rev().collect();
                    found.push(format!("{what}: ...{around}[the secret]"));
                }
            }
        }
        found
    }

    /// Ends the process and looks through everything.
    async fn end(mut self, host: Host) {
        let (_, log) = host.stop().await.expect("it ends");
        assert!(log.lines().count() > 3, "the log says something: {log}");
        self.hear_bytes("the log", log.as_bytes());
        let found = self.found();
        let some = &found[..found.len().min(20)];
        assert!(found.is_empty(), "the secret is in {} places, such as:\n{}", found.len(), some.join("\n"));
    }

    /// Asks everything that can be asked of a data source.
    async fn everything(&mut self, host: &Host, source: &Source, what: &str) {
        let range = last_hours(200);
        let questions = [
            json!({}),
            json!({ "queryType": "annotations" }),
            json!({ "queryType": "counts", "groupBy": ["principal"] }),
            json!({ "queryType": "values", "column": "product" }),
            json!({ "queryType": "events", "format": "table", "scope": { "principals": ["alice"] } }),
            json!({ "scope": { "kinds": ["api"] } }),
            json!({ "queryType": "drop" }),
        ];
        let asks: Vec<Ask> =
            questions.into_iter().enumerate().map(|(place, json)| Ask::new(&place.to_string(), json, range)).collect();
        let alert = [("FromAlert", "true")];
        let queries = join_all([&[][..], &alert].map(|headers| host.query(source, &asks, headers)));
        let urls = ["products", "principals", "resources", "cockpit-urls", "check?query=%7B%7D", "nonsense"];
        let administrator = Source { role: "Admin".to_owned(), ..source.clone() };
        let resources = join_all(urls.map(|url| host.resource(&administrator, url)));
        let (queries, resources) = tokio::join!(queries, resources);
        for answer in queries {
            match answer {
                Err(error) => self.hear(what, error),
                Ok(responses) => {
                    for (name, response) in responses {
                        self.hear(&format!("{what}, query {name}"), (&response.error, &response.error_source));
                        for frame in response.frames {
                            self.hear_bytes(&format!("{what}, frame of {name}"), &frame);
                        }
                    }
                }
            }
        }
        for (url, answer) in urls.iter().zip(resources) {
            self.hear(&format!("{what}, resource {url}"), answer);
        }
    }

    async fn health(&mut self, host: &Host, source: &Source, what: &str) {
        let health = host.health(source).await;
        if let Ok(health) = &health {
            self.hear_bytes(&format!("{what}, health details"), &health.json_details);
        }
        self.hear(&format!("{what}, health"), health.map(|health| health.message));
    }
}

async fn sandbox_with(key: &str) -> Sandbox {
    organization(Config { events: 300, secret_key: key.to_owned(), ..Config::default() }).await
}

#[test]
fn the_search_finds_a_planted_secret() {
    let secret = secret();
    let mut heard = Heard::new(&[&secret]);
    heard.hear("nothing", "words");
    assert!(heard.found().is_empty());
    heard.hear("a value", Some(&secret));
    heard.hear_bytes("a frame", format!("\0\u{1}{}\0", secret.to_uppercase()).as_bytes());
    heard.hear_bytes("a cut", &secret.as_bytes()[..15]);
    assert_eq!(heard.found().len(), 3, "{:?}", heard.found());
}

#[tokio::test]
async fn no_successful_call_contains_the_secret() {
    let key = secret();
    let sandbox = sandbox_with(&key).await;
    let host = plugin().await;
    let source = Source::new(&sandbox.url(), ORGANIZATION_ID, &key);
    let mut heard = Heard::new(&[&key]);
    heard.everything(&host, &source, "all is well").await;
    heard.health(&host, &source, "all is well").await;
    assert!(sandbox.calls().answered(200) > 10, "the key was used");
    heard.hear("metrics", host.metrics().await);
    heard.end(host).await;
}

#[tokio::test]
async fn no_failing_call_contains_the_secret() {
    let key = secret();
    let sandbox = sandbox_with(&key).await;
    let host = plugin().await;
    let source = Source::new(&sandbox.url(), ORGANIZATION_ID, &key)
        .with("queryTimeoutSeconds", 1)
        .with("callTimeoutSeconds", 1)
        .with("regions", "fr-par");
    let mut heard = Heard::new(&[&key]);
    for fault in [Fault::InternalError, Fault::TooManyRequests, Fault::HtmlAsJson, Fault::ConnectionReset, Fault::Stall]
    {
        sandbox.set_faults([fault.always()]);
        heard.everything(&host, &source, &format!("fault {fault}")).await;
    }
    for (name, value) in [
        ("apiUrl", json!("http://127.0.0.1:9")),
        ("apiUrl", json!("https://name-that-does-not-exist.invalid")),
        ("organizationId", json!("99999999-0000-4000-8000-000000000000")),
        ("regions", json!("mars")),
    ] {
        heard.everything(&host, &source.clone().with(name, value.clone()), &format!("{name} is {value}")).await;
    }
    heard.hear("metrics", host.metrics().await);
    heard.end(host).await;
}

/// A message whose fields have other types than those of a request.
#[derive(Clone, PartialEq, prost::Message)]
struct Misshapen {
    #[prost(string, tag = "1")]
    one: String,
    #[prost(bytes = "vec", tag = "2")]
    two: Vec<u8>,
    #[prost(string, tag = "3")]
    three: String,
}

#[tokio::test]
async fn no_malformed_call_contains_the_secret() {
    let (key, header, password) = (secret(), secret(), secret());
    let sandbox = sandbox_with(&key).await;
    let host = plugin().await;
    let source = Source::new(&sandbox.url(), ORGANIZATION_ID, &key);
    let mut heard = Heard::new(&[&key, &header, &password]);

    // Settings that cannot be used, with the secret where it belongs and where it does not.
    let mut broken = source.clone();
    broken.secrets.insert("secretKey".to_owned(), format!("SCW{key}"));
    heard.everything(&host, &broken, "an access key").await;
    broken.secrets.insert("secretKey".to_owned(), format!("{key} {key}"));
    heard.everything(&host, &broken, "two keys").await;
    broken.secrets.insert("secretKey".to_owned(), format!("{key}é"));
    heard.everything(&host, &broken, "an odd key").await;
    for url in [
        format!("https://me:{password}@example.com"),
        format!("https://{password}@[broken"),
        format!("https://:{password}@"),
    ] {
        heard.everything(&host, &source.clone().with("apiUrl", url), "a URL with a password").await;
    }
    let mut extra = source.clone();
    extra.secrets.insert("basicAuthPassword".to_owned(), password.clone());
    extra = extra.with("maxEvents", "none").with("secretKey", password.clone());
    heard.everything(&host, &extra, "secrets beside").await;
    heard.health(&host, &extra, "secrets beside").await;

    // jsonData and queries that are not JSON.
    let query = |json: Vec<u8>| DataQuery { ref_id: "A".to_owned(), json, ..DataQuery::default() };
    let mut context = source.context();
    let garbage = format!("{{\"secretKey\":\"{password}\"").into_bytes();
    if let Some(settings) = &mut context.data_source_instance_settings {
        settings.json_data = garbage.clone();
    }
    let headers =
        [("Authorization", &header), ("Cookie", &header), ("X-Grafana-Id", &header), ("http_X-ID-Token", &header)];
    let headers: std::collections::HashMap<String, String> =
        headers.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    for context in [Some(context), Some(source.context()), None] {
        let queries = vec![query(garbage.clone()), query(vec![0xff]), query(Vec::new())];
        let request = QueryDataRequest { plugin_context: context.clone(), headers: headers.clone(), queries };
        heard.hear("a query that is not JSON", host.query_raw(request).await);
        let list = grafana_plugin_sdk::pluginv2::StringList { values: vec![header.clone()] };
        let request = CallResourceRequest {
            plugin_context: context.clone(),
            path: "products".to_owned(),
            url: "products?at=%ff".to_owned(),
            method: "BREW".to_owned(),
            headers: [("Authorization".to_owned(), list)].into(),
            body: header.clone().into_bytes().into(),
        };
        heard.hear("a resource", host.resource_raw(request).await.map(|answer| answer.body));
        let mut streams = StreamClient::new(host.channel.clone());
        let path = "events".to_owned();
        let request =
            SubscribeStreamRequest { plugin_context: context.clone(), path: path.clone(), data: header.clone().into() };
        heard.hear("a subscription", streams.subscribe_stream(request).await);
        let request =
            PublishStreamRequest { plugin_context: context.clone(), path: path.clone(), data: header.clone().into() };
        heard.hear("a publication", streams.publish_stream(request).await);
        let request = RunStreamRequest { plugin_context: context.clone(), path, ..RunStreamRequest::default() };
        heard.hear("a stream", streams.run_stream(request).await.err());
    }

    // Invalid messages.
    let bare = channel(&host.handshake).await;
    for path in [
        "/pluginv2.Data/QueryData",
        "/pluginv2.Diagnostics/CheckHealth",
        "/pluginv2.Diagnostics/CollectMetrics",
        "/pluginv2.Resource/CallResource",
        "/pluginv2.Stream/SubscribeStream",
        "/pluginv2.Stream/PublishStream",
        "/pluginv2.Nothing/AtAll",
    ] {
        let mut client = tonic::client::Grpc::new(bare.clone());
        client.ready().await.unwrap();
        let codec = tonic::codec::ProstCodec::<Misshapen, ()>::default();
        let message = Misshapen { one: key.clone(), two: [key.as_bytes(), &[0xff; 9]].concat(), three: header.clone() };
        let answer = client.unary(tonic::Request::new(message), PathAndQuery::from_static(path), codec).await;
        heard.hear(path, answer.err());
    }
    heard.hear("metrics", host.metrics().await);
    let mut diagnostics = grafana_plugin_sdk::pluginv2::diagnostics_client::DiagnosticsClient::new(bare);
    let request = CollectMetricsRequest { plugin_context: Some(source.context()) };
    heard.hear(
        "metrics",
        diagnostics
            .collect_metrics(request)
            .await
            .map(|answer| answer.into_inner().metrics.map(|m| String::from_utf8_lossy(&m.prometheus).into_owned())),
    );
    heard.end(host).await;
}

type Echo = fn(&str) -> Answer;

/// Ways in which an API, or a proxy before it, hands back the key that it was sent.
fn echoes() -> Vec<(&'static str, Echo)> {
    fn long(token: &str) -> String {
        // The text is cut somewhere in the key.
        json!({ "message": format!("{}{token}{token}", "x".repeat(180)) }).to_string()
    }
    fn typed(token: &str) -> String {
        json!({
            "type": token, "message": format!("key {token} may not"), "reason": token, "method": token, "resource": token,
            "details": [{ "argument_name": token, "reason": token, "help_message": token, "action": token, "resource": token }],
        })
        .to_string()
    }
    fn html(status: &'static str, token: &str) -> Answer {
        let headers = format!("content-type: text/html; key={token}");
        Answer { status, headers, body: format!("<p>{token}</p>") }
    }
    vec![
        ("400", |token| Answer::json("400 Bad Request", typed(token))),
        ("400, cut", |token| Answer::json("400 Bad Request", long(token))),
        ("401", |token| Answer::json("401 Unauthorized", typed(token))),
        ("403", |token| Answer::json("403 Forbidden", typed(token))),
        ("403, cut", |token| Answer::json("403 Forbidden", long(token))),
        ("403, in pieces", |token| {
            let (a, b) = token.split_at(token.len().min(18));
            Answer::json("403 Forbidden", json!({ "message": format!("{a}\u{1}{b}") }).to_string())
        }),
        ("404", |token| Answer::json("404 Not Found", typed(token))),
        ("418, as HTML", |token| html("418 I'm a teapot", token)),
        ("429", |token| Answer::json("429 Too Many Requests", typed(token))),
        ("500", |token| Answer::json("500 Internal Server Error", typed(token))),
        ("503, as HTML", |token| html("503 Service Unavailable", token)),
        ("302", |token| Answer {
            status: "302 Found",
            headers: format!("content-type: application/json\r\nlocation: http://127.0.0.1:9/{token}"),
            body: typed(token),
        }),
        ("200, as HTML", |token| html("200 OK", token)),
        ("200, a text", |token| Answer::json("200 OK", json!(token).to_string())),
        ("200, broken", |token| Answer::json("200 OK", format!("{{\"events\":[],\"{token}\" {token}"))),
        ("200, other types", |token| {
            let lists = json!({ "events": token, "products": token, "users": token, "applications": token });
            Answer::json("200 OK", lists.to_string())
        }),
        ("200, other items", |token| {
            let lists = json!({ "events": [token], "products": [token], "users": [token], "applications": [token] });
            Answer::json("200 OK", lists.to_string())
        }),
        ("200, malformed items", |token| {
            let item = json!({ "id": token, "recorded_at": token, "status_code": token, "principal": token, "resources": token });
            let lists = json!({ "events": [item], "products": [], "users": [], "applications": [] });
            Answer::json("200 OK", lists.to_string())
        }),
        ("200, a number as text", |token| {
            Answer::json(
                "200 OK",
                json!({ "events": [], "users": [], "total_count": token, "applications": [] }).to_string(),
            )
        }),
    ]
}

#[tokio::test]
async fn an_api_that_echoes_the_key_does_not_leak_it() {
    let key = secret();
    let host = plugin().await;
    let mut heard = Heard::new(&[&key]);
    let each = echoes().into_iter().map(|(what, echo)| {
        let (host, key) = (&host, &key);
        async move {
            let url = api(move |asked: &Asked| echo(&asked.token)).await;
            let source = Source::new(&url, ORGANIZATION_ID, key).with("regions", "fr-par");
            let mut heard = Heard::new(&[]);
            // A rate limit is waited for until the end.
            if what == "429" {
                heard.everything(host, &source.with("queryTimeoutSeconds", 1), what).await;
            } else {
                heard.everything(host, &source, what).await;
                heard.health(host, &source, what).await;
            }
            heard.said
        }
    });
    for said in stream::iter(each).buffered(4).collect::<Vec<_>>().await {
        heard.said.extend(said);
    }
    heard.hear("metrics", host.metrics().await);
    heard.end(host).await;
}

#[tokio::test]
async fn a_proxys_password_is_not_leaked() {
    let (key, password) = (secret(), secret());
    let refusing = api(|asked| Answer {
        status: "407 Proxy Authentication Required",
        headers: format!("proxy-authenticate: Basic realm=\"{}\"", asked.target),
        body: String::new(),
    });
    let address = refusing.await;
    let address = address.strip_prefix("http://").unwrap();
    for (proxy, url) in [
        (format!("http://me:{password}@{address}"), "https://api.example.invalid"),
        (format!("http://me:{password}@127.0.0.1:9"), "https://api.example.invalid"),
        (format!("socks9://me:{password}@127.0.0.1:9"), "https://127.0.0.1:9"),
    ] {
        let environment = [
            ("GF_PLUGIN_LOG_LEVEL", "trace"),
            ("HTTPS_PROXY", &*proxy),
            ("https_proxy", &*proxy),
            ("ALL_PROXY", &*proxy),
        ];
        let host = plugin_with(&environment).await;
        let source = Source::new(url, ORGANIZATION_ID, &key).with("queryTimeoutSeconds", 1).with("regions", "fr-par");
        let mut heard = Heard::new(&[&key, &password]);
        heard.everything(&host, &source, "a proxy").await;
        assert!(heard.said.iter().any(|(_, said)| String::from_utf8_lossy(said).contains("cannot be reached")));
        heard.end(host).await;
    }
}

#[tokio::test]
async fn key_and_token_are_sent_to_the_configured_hosts_only() {
    let key = secret();
    let caught = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let catcher = std::sync::Arc::clone(&caught);
    let elsewhere = api(move |asked| {
        catcher.lock().unwrap().push(asked.target.clone());
        Answer::json("200 OK", r#"{"events":[],"products":[],"users":[],"applications":[]}"#)
    });
    let elsewhere = elsewhere.await;
    let redirecting = api(move |asked| Answer {
        status: "307 Temporary Redirect",
        headers: format!("location: {elsewhere}{}", asked.target),
        body: String::new(),
    });
    let redirecting = redirecting.await;
    let host = plugin().await;
    let source = Source::new(&redirecting, ORGANIZATION_ID, &key).with("queryTimeoutSeconds", 1);
    let (status, answer) = host.resource(&source, "products").await.unwrap();
    assert_ne!(status, 200, "{answer}");
    let mut source = source.with("cockpitUrls", redirecting);
    source.secrets.insert("cockpitToken".to_owned(), secret());
    let health = host.health(&source).await.unwrap();
    assert!(health.message.contains("redirects to another address (HTTP 307)"), "{}", health.message);
    assert!(caught.lock().unwrap().is_empty(), "a redirect was followed: {caught:?}");
    tokio::time::sleep(Duration::from_millis(10)).await;
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_token_of_one_url_reaches_no_other() {
    let tokens: [String; 3] = std::array::from_fn(|_| secret());
    // Each URL refuses its token in both headers, and another hands its answer on to the next.
    let caught: [_; 4] = std::array::from_fn(|_| std::sync::Arc::new(std::sync::Mutex::new(Vec::new())));
    let mut urls: Vec<String> = Vec::new();
    for (number, caught) in caught.iter().enumerate() {
        let (catcher, previous) = (std::sync::Arc::clone(caught), urls.last().cloned());
        urls.push(
            api(move |asked| {
                let (authorization, x_token) = (asked.authorization.clone(), asked.x_token.clone());
                catcher.lock().unwrap().push(authorization + &x_token);
                match &previous {
                    Some(previous) if number == 2 => Answer {
                        status: "307 Temporary Redirect",
                        headers: format!("location: {previous}{}", asked.target),
                        body: String::new(),
                    },
                    _ => Answer::json("401 Unauthorized", r#"{"status":"error"}"#),
                }
            })
            .await,
        );
    }
    let key = secret();
    let sandbox = sandbox_with(&key).await;
    let mut source = Source::new(&sandbox.url(), ORGANIZATION_ID, &key).with("cockpitUrls", urls.as_slice());
    let names = urls.iter().take(2).map(|url| format!("cockpitToken@{}", url.trim_start_matches("http://")));
    for (name, token) in names.chain(["cockpitToken".to_owned()]).zip(&tokens) {
        source.secrets.insert(name, token.clone());
    }
    let host = plugin().await;
    let mut heard = Heard::new(&[&tokens[0], &tokens[1], &tokens[2]]);
    heard.everything(&host, &source, "tokens").await;
    heard.health(&host, &source, "tokens").await;
    for (number, caught) in caught.iter().enumerate() {
        let seen = caught.lock().unwrap();
        let own = tokens[number.min(2)].to_lowercase();
        assert!(!seen.is_empty() && seen.iter().all(|seen| seen.to_lowercase().contains(&own)), "{number}: {seen:?}");
        let others = tokens.iter().map(|token| token.to_lowercase()).filter(|token| *token != own);
        let others: Vec<String> =
            others.filter(|token| seen.iter().any(|seen| seen.to_lowercase().contains(token))).collect();
        assert_eq!(others, [""; 0], "{number}");
    }
    heard.end(host).await;
}

#[test]
fn printed_settings_contain_no_secret() {
    let key = secret();
    let token = secret();
    let data: Value = json!({ "organizationId": ORGANIZATION_ID, "cockpitUrls": "https://example.com" });
    let own = secret();
    let secrets = [("secretKey", &key), ("cockpitToken", &token), ("cockpitToken@example.com", &own)];
    let secrets = secrets.map(|(name, secret)| (name.to_owned(), secret.clone())).into();
    let settings = audittrail::settings::Settings::parse(data.to_string().as_bytes(), &secrets).unwrap();
    let clock = std::sync::Arc::new(audittrail::time::SystemClock);
    let meters = audittrail::query::Meters::default();
    let data_source = audittrail::query::DataSource::new(settings.clone(), clock, &meters).unwrap();
    let mut heard = Heard::new(&[&key, &token, &own]);
    heard.hear("settings", &settings);
    heard.hear("the data_source", &data_source);
    heard.hear("the fingerprint", settings.fingerprint());
    assert_eq!(heard.found(), Vec::<String>::new());
}
