//! The process, as Grafana starts, calls and stops it.

mod common;

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use audittrail::host::{Ask, Decoded, Error, Host, Source};
use audittrail::plugin::{COOKIE_KEY, COOKIE_VALUE, DataResponse, MAX_MESSAGE_BYTES, QueryDataResponse};
use audittrail::sandbox::{Config, Endpoint, Fault, KEY_WITHOUT_IAM, ORGANIZATION_ID, SECRET_KEY};
use common::{Answer, BINARY, api, channel, last_hours, organization, plugin, plugin_with, source, steady, until};
use futures::future::{BoxFuture, join_all};
use grafana_plugin_sdk::pluginv2::{CallResourceRequest, CheckHealthRequest, DataQuery, QueryDataRequest, TimeRange};
use http::uri::PathAndQuery;
use prost::Message;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::process::Command;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// A query whose answer is one number.
fn total() -> Value {
    json!({ "queryType": "counts", "over": "total" })
}

/// The number in the answer to [`total`].
fn number(response: &DataResponse) -> i64 {
    assert_eq!(response.error, "");
    let batch = Decoded::new(&response.frames[0]).expect("a frame").batch;
    let counts = batch.column_by_name("count").expect("a count");
    counts.as_any().downcast_ref::<arrow::array::Int64Array>().expect("a number").value(0)
}

fn query(ref_id: &str, json: impl Into<Vec<u8>>, (from_epoch_ms, to_epoch_ms): (i64, i64)) -> DataQuery {
    let time_range = Some(TimeRange { from_epoch_ms, to_epoch_ms });
    let (max_data_points, interval_ms) = (1_000, 60_000);
    DataQuery {
        ref_id: ref_id.to_owned(),
        json: json.into(),
        time_range,
        max_data_points,
        interval_ms,
        ..DataQuery::default()
    }
}

fn request(source: &Source, queries: Vec<DataQuery>) -> QueryDataRequest {
    QueryDataRequest { plugin_context: Some(source.context()), headers: HashMap::new(), queries }
}

/// Calls a method by its path.
async fn call<Q, A>(channel: &Channel, path: &'static str, request: Q) -> Result<A, Status>
where
    Q: Message + 'static,
    A: Message + Default + 'static,
{
    let mut client = tonic::client::Grpc::new(channel.clone()).max_decoding_message_size(usize::MAX);
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec = tonic::codec::ProstCodec::<Q, A>::default();
    client.unary(Request::new(request), PathAndQuery::from_static(path), codec).await.map(tonic::Response::into_inner)
}

const QUERY_DATA: &str = "/pluginv2.Data/QueryData";

async fn send(channel: &Channel, request: QueryDataRequest) -> Result<HashMap<String, DataResponse>, Status> {
    call::<_, QueryDataResponse>(channel, QUERY_DATA, request).await.map(|answer| answer.responses)
}

/// Sends the process a signal.
fn signal(host: &Host, name: &str) {
    let kill = format!("kill {name} {}", host.id().expect("a process"));
    let sent = std::process::Command::new("sh").args(["-c", &kill]).status().expect("a shell");
    assert!(sent.success());
}

/// The ways to stop the process: Grafana's call, and the signals of a container and of a terminal.
const STOPS: [&str; 3] = ["Shutdown", "-TERM", "-INT"];

async fn stop(mut host: Host, how: &str) -> (std::process::ExitStatus, String) {
    if how == "Shutdown" {
        return host.stop().await.expect("it ends");
    }
    signal(&host, how);
    host.wait().await.expect("it ends")
}

/// The entries of a folder.
fn entries(folder: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// The output of a process that ends by itself.
async fn output(command: &mut Command) -> std::process::Output {
    let output = command.kill_on_drop(true).output();
    tokio::time::timeout(Duration::from_secs(10), output).await.expect("it ends by itself").expect("it starts")
}

#[tokio::test]
async fn a_start_without_the_magic_cookie_prints_how_to_install_the_plugin() {
    for environment in [vec![], vec![(COOKIE_KEY, "")], vec![(COOKIE_KEY, "panel")]] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(BINARY);
        command.env_clear().env("TMPDIR", folder.path()).envs(environment).stdin(Stdio::null());
        let output = output(&mut command).await;
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "stdout is for the handshake");
        let line = String::from_utf8_lossy(&output.stderr);
        assert_eq!(line.lines().count(), 1, "{line}");
        for word in ["Grafana data source", "Scaleway Audit Trail", "plugin folder", "README.md"] {
            assert!(line.contains(word), "{word:?} is not in: {line}");
        }
        assert_eq!(entries(folder.path()), Vec::<std::path::PathBuf>::new());
    }
}

#[tokio::test]
async fn a_host_of_another_protocol_version_is_refused_with_the_allowed_one() {
    let mut command = Command::new(BINARY);
    command.env_clear().env(COOKIE_KEY, COOKIE_VALUE).env("PLUGIN_PROTOCOL_VERSIONS", "1,3").stdin(Stdio::null());
    let output = output(&mut command).await;
    assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()));
    let line: Value = serde_json::from_slice(&output.stderr).expect("one line in go-plugin's format");
    assert_eq!(line["@level"], "error");
    assert!(line["@message"].as_str().unwrap().contains("protocol 1,3. Allowed: 2;"), "{line}");

    let host = plugin_with(&[("PLUGIN_PROTOCOL_VERSIONS", "1, 2")]).await;
    host.stop().await.unwrap();
}

#[tokio::test]
async fn the_socket_and_its_folder_are_private_and_removed_at_the_end() {
    for how in STOPS {
        let temporary = tempfile::tempdir().unwrap();
        let host = plugin_with(&[("TMPDIR", temporary.path().to_str().unwrap())]).await;
        let ["1", "2", "unix", socket, "grpc"] = host.handshake.split('|').collect::<Vec<_>>()[..] else {
            panic!("{} is no handshake of a socket", host.handshake);
        };
        let socket = Path::new(socket);
        let folder = socket.parent().unwrap();
        assert_eq!(entries(temporary.path()), [folder]);
        assert_eq!(entries(folder), [socket]);
        assert_eq!((mode(folder), mode(socket)), (0o700, 0o600));

        let (status, log) = stop(host, how).await;
        assert!(status.success(), "{how}: {status}\n{log}");
        assert_eq!(entries(temporary.path()), Vec::<std::path::PathBuf>::new(), "{how}");
    }
}

#[tokio::test]
async fn without_a_unix_socket_the_plugin_listens_on_loopback() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let temporary = tempfile::tempdir().unwrap();
    // The path of a socket has about a hundred characters at most.
    let too_long = temporary.path().join("x".repeat(120));
    let with_separator = temporary.path().join("a|b");
    for folder in [&too_long, &with_separator] {
        std::fs::create_dir(folder).unwrap();
    }
    for folder in [Path::new("/nonexistent"), &too_long, &with_separator] {
        let host = plugin_with(&[("TMPDIR", folder.to_str().unwrap())]).await;
        assert!(host.handshake.starts_with("1|2|tcp|127.0.0.1:"), "{}", host.handshake);
        let asks = [Ask::new("A", total(), last_hours(200))];
        let responses = host.query(&source(&sandbox, SECRET_KEY), &asks, &[]).await.unwrap();
        assert_eq!(number(&responses["A"]), 500);
        let (status, log) = host.stop().await.unwrap();
        assert!(status.success());
        assert!(log.contains("no unix socket can be had"), "{log}");
    }
    assert_eq!(entries(&too_long), Vec::<std::path::PathBuf>::new());
    assert_eq!(entries(&with_separator), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_busy_process_ends_without_waiting_for_its_calls() {
    // Much longer than the end of a process takes on a machine under load.
    let latency = Duration::from_mins(5);
    let sandbox = organization(Config { events: 500, latency, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    for how in STOPS {
        let host = plugin().await;
        let socket = host.handshake.split('|').nth(3).unwrap();
        let _idle = UnixStream::connect(socket).await.unwrap();
        let busy = channel(&host.handshake).await;
        let asked = request(&source, vec![query("A", total().to_string(), last_hours(200))]);
        let before = sandbox.calls().total;
        let answer = tokio::spawn(async move { send(&busy, asked).await });
        until(|| sandbox.calls().total > before, "the call to Scaleway is under way").await;
        let start = Instant::now();
        let (status, log) = stop(host, how).await;
        assert!(start.elapsed() < Duration::from_mins(1), "{how}: {:?}", start.elapsed());
        assert!(status.success(), "{how}: {status}\n{log}");
        assert!(answer.await.unwrap().is_err(), "an interrupted call is an error, not an empty answer");
    }
}

#[tokio::test]
async fn messages_up_to_16_mib_are_accepted_and_larger_ones_refused() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    let host = plugin().await;
    let of_size = |size: usize| {
        let padded = |padding: usize| {
            let json = json!({ "queryType": "counts", "over": "total", "padding": "x".repeat(padding) });
            request(&source, vec![query("A", json.to_string(), (0, 7_000_000_000_000))])
        };
        // The length prefix has the same size in both messages.
        let request = padded(size - (padded(10_000_000).encoded_len() - 10_000_000));
        assert_eq!(request.encoded_len(), size);
        request
    };
    let responses = host.query_raw(of_size(MAX_MESSAGE_BYTES)).await.unwrap();
    assert_eq!(number(&responses["A"]), 500);
    for size in [MAX_MESSAGE_BYTES + 1, 20 << 20] {
        let Err(Error::Call(status)) = host.query_raw(of_size(size)).await else { panic!("{size} bytes are accepted") };
        assert!(matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted), "{status}");
        assert!(status.message().contains("limit is: 16777216 bytes"), "{status}");
    }

    // The other services have the same limit, not gRPC's default of 4 MiB.
    let mut large = source.clone();
    large.json_data["padding"] = "x".repeat(5 << 20).into();
    assert_eq!(host.health(&large).await.unwrap().status, 1);
    assert_eq!(host.resource(&large, "check").await.unwrap().0, 200);
    large.json_data["padding"] = "x".repeat(17 << 20).into();
    assert!(host.health(&large).await.is_err());
    assert!(host.resource(&large, "check").await.is_err());

    host.stop().await.unwrap();
}

/// The lines of a log, checked against go-plugin's format.
fn lines(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| {
        assert!(line.len() < 64 << 10, "go-plugin splits a line of {} bytes", line.len());
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        for name in ["@level", "@message", "@module", "@timestamp"] {
            assert!(line[name].is_string(), "no text {name} in {line}");
        }
        let time =
            chrono::NaiveDateTime::parse_from_str(line["@timestamp"].as_str().unwrap(), "%Y-%m-%dT%H:%M:%S.%6fZ");
        assert!(time.is_ok(), "{line}");
        line
    });
    lines.collect()
}

#[tokio::test]
async fn the_log_is_hclog_json_at_the_level_of_grafana() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    let asks = [Ask::new("A", total(), last_hours(1)), Ask::new("B", json!({ "version": 2 }), last_hours(1))];
    let cases = [
        (None, vec!["info", "warn"]),
        (Some(""), vec!["info", "warn"]),
        (Some(" "), vec!["info", "warn"]),
        (Some("no such level"), vec!["info", "warn"]),
        (Some("trace"), vec!["debug", "info", "warn"]),
        (Some("DEBUG"), vec!["debug", "info", "warn"]),
        (Some("info"), vec!["info", "warn"]),
        (Some("warn"), vec!["warn"]),
        (Some("error"), vec![]),
        (Some("off"), vec![]),
    ];
    for (level, expected) in cases {
        let environment = level.map(|level| ("GF_PLUGIN_LOG_LEVEL", level));
        let host = plugin_with(environment.as_slice()).await;
        host.query(&source, &asks, &[]).await.unwrap();
        let (_, log) = host.stop().await.unwrap();
        let warning =
            "GF_PLUGIN_LOG_LEVEL is \"no such level\". Allowed: trace, debug, info, warn, error, off; info is used";
        let warnings = lines(&log).iter().filter(|line| line["@message"] == warning).count();
        assert_eq!(warnings, usize::from(level == Some("no such level")), "{level:?}: {log}");
        let mut levels: Vec<String> =
            lines(&log).iter().map(|line| line["@level"].as_str().unwrap().to_owned()).collect();
        levels.sort();
        levels.dedup();
        assert_eq!(levels, expected, "{level:?}: {log}");
    }
}

#[tokio::test]
async fn long_values_in_the_log_are_shortened() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let host = plugin().await;
    // The longest escape of JSON has six bytes for one character.
    for letter in ["x", "\u{1}", "🦀"] {
        let name = letter.repeat(200_000);
        let source = source(&sandbox, SECRET_KEY);
        let asks = [Ask::new(&name, total(), last_hours(1))];
        assert_eq!(host.query(&source, &asks, &[]).await.unwrap()[&name].error, "");
        let wrong = source.with("organizationId", name.clone()).with("regions", name.clone());
        assert!(host.query(&wrong, &asks, &[]).await.unwrap()[&name].error.contains("organizationId"));
        assert_eq!(host.health(&wrong).await.unwrap().status, 2);
    }
    let (_, log) = host.stop().await.unwrap();
    let is_shortened =
        |line: &&Value| line.as_object().unwrap().values().any(|v| v.as_str().is_some_and(|t| t.ends_with('…')));
    // Hidden characters are removed first, so that their values are empty.
    assert!(lines(&log).iter().filter(is_shortened).count() >= 6, "long values are logged and shortened");
}

#[tokio::test]
async fn users_without_a_role_are_answered() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let mut source = source(&sandbox, SECRET_KEY);
    let host = plugin().await;
    for role in ["Admin", "Editor", "Viewer", "None", "", "Archduke"] {
        role.clone_into(&mut source.role);
        let responses = host.query(&source, &[Ask::new("A", total(), last_hours(200))], &[]).await.unwrap();
        assert_eq!(number(&responses["A"]), 500, "{role:?}");
        assert_eq!(host.health(&source).await.unwrap().status, 1, "{role:?}");
        assert_eq!(host.resource(&source, "check").await.unwrap().0, 200, "{role:?}");
    }
    // An alert rule has no user at all.
    let mut request = request(&source, vec![query("A", total().to_string(), last_hours(200))]);
    request.plugin_context.as_mut().unwrap().user = None;
    assert_eq!(number(&host.query_raw(request).await.unwrap()["A"]), 500);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn details_are_hidden_from_viewers_where_the_setting_says_so() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let mut source = source(&sandbox, SECRET_KEY);
    let host = plugin().await;
    let asks = [
        ("table", json!({ "format": "table" })),
        ("search", json!({ "queryType": "counts", "over": "total", "scope": { "text": ["\"action\""] } })),
        ("address", json!({ "queryType": "counts", "over": "total", "scope": { "sourceIps": ["0.0.0.0/0"] } })),
        ("filter", json!({ "filters": [{ "key": "source_ip", "operator": "!=", "value": "203.0.113.7" }] })),
        ("investigate", json!({ "queryType": "investigate" })),
        ("total", total()),
    ];
    let asks = asks.map(|(name, query)| Ask::new(name, query, last_hours(200)));
    for (role, setting, hidden) in [
        ("Viewer", "true", true),
        ("", "true", true),
        ("None", "true", true),
        ("Editor", "true", false),
        ("Admin", "true", false),
        ("Viewer", "false", false),
        ("Viewer", "", false),
    ] {
        role.clone_into(&mut source.role);
        let source = source.clone().with("hideFromViewers", setting);
        let responses = host.query(&source, &asks, &[]).await.unwrap();
        assert_eq!(number(&responses["total"]), 500, "{role:?}");
        let table = Decoded::new(&responses["table"].frames[0]).expect("a frame");
        for column in ["source_ip", "request_body"] {
            let cells = table.batch.column_by_name(column).expect("the column");
            assert_eq!(cells.null_count() == cells.len(), hidden, "{role:?} {setting} {column}");
        }
        assert_eq!(table.notices().iter().any(|notice| notice.contains("hidden from viewers")), hidden, "{role:?}");
        assert_eq!(number(&responses["search"]) == 0, hidden, "{role:?} {setting}");
        for refused in ["address", "filter", "investigate"] {
            let error = &responses[refused].error;
            assert_eq!(error.contains("hides from viewers (hideFromViewers)"), hidden, "{role:?} {refused}: {error}");
            assert_eq!(responses[refused].status, if hidden { 403 } else { 200 }, "{role:?} {refused}");
        }
    }
    let wrong = source.with("hideFromViewers", "perhaps");
    let error = &host.query(&wrong, &asks[5..], &[]).await.unwrap()["total"].error;
    assert!(error.contains("setting hideFromViewers is \"perhaps\". Allowed: true, false"), "{error}");
    host.stop().await.unwrap();
}

/// Invalid queries, each with the start of its error.
fn invalid_queries() -> Vec<(Vec<u8>, &'static str)> {
    let deep = format!("{{\"scope\":{}", "[".repeat(1_000_000));
    let nested = format!("{}{}", "[".repeat(100), "]".repeat(100));
    vec![
        (b"{\"scope\":".to_vec(), "the query is not JSON (line 1, column 9)"),
        (b"\xff\xfe".to_vec(), "the query is not JSON"),
        (b"{} {}".to_vec(), "the query is not JSON"),
        (deep.into_bytes(), "the query is not JSON"),
        (nested.into_bytes(), "the query is [[[["),
        (b"null".to_vec(), "the query is null. Allowed: an object"),
        (b"[]".to_vec(), "the query is []. Allowed: an object"),
        (b"\"counts\"".to_vec(), "the query is \"counts\". Allowed: an object"),
        (b"1e999".to_vec(), "the query is not JSON"),
        (br#"{"version":2}"#.to_vec(), "version is 2. Allowed: 1"),
        (br#"{"version":-1}"#.to_vec(), "version is -1. Allowed: a whole number"),
        (br#"{"queryType":"drop table"}"#.to_vec(), "queryType is \"drop table\". Allowed: annotations, events"),
        (br#"{"queryType":{}}"#.to_vec(), "queryType is {}. Allowed: a text of at most 4096 characters"),
        (br#"{"scope":[]}"#.to_vec(), "scope is []. Allowed: an object"),
        (br#"{"scope":{"products":[[]]}}"#.to_vec(), "scope.products is []. Allowed: a text or a list of texts"),
        (br#"{"scope":{"sourceIps":"1.2.3.4/64"}}"#.to_vec(), "scope.sourceIps is \"1.2.3.4/64\". Allowed: an address"),
        (br#"{"scope":{"status":"99"}}"#.to_vec(), "scope.status is \"99\". Allowed: succeeded, denied, failed"),
        (br#"{"scope":{"regions":"mars"}}"#.to_vec(), "scope.regions is \"mars\". Allowed: fr-par"),
        (br#"{"limit":0}"#.to_vec(), "limit is 0. Allowed: a whole number from 1 to"),
        (br#"{"limit":99999999999999999999}"#.to_vec(), "limit is 1"),
        (br#"{"queryType":"annotations","cap":5001}"#.to_vec(), "cap is 5001. Allowed: a whole number from 1 to 5000"),
        (br#"{"queryType":"counts","groupBy":"request_id"}"#.to_vec(), "groupBy is \"request_id\". Allowed: principal"),
        (br#"{"hide":"perhaps"}"#.to_vec(), "hide is \"perhaps\". Allowed: true, false"),
    ]
}

#[tokio::test]
async fn an_invalid_query_does_not_affect_the_others() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    let host = plugin().await;
    let range = last_hours(200);
    let mut queries = vec![query("first", total().to_string(), range)];
    for (index, (json, _)) in invalid_queries().into_iter().enumerate() {
        queries.push(query(&format!("invalid {index}"), json, range));
    }
    // A refId is any text.
    let unusual = ["", " ", "Ä 🦀 \u{202e}", "a\0b\nc", "../../etc/passwd", "{\"refId\":1}"];
    queries.extend(unusual.iter().map(|name| query(name, total().to_string(), range)));
    queries.push(query("reversed", total().to_string(), (range.1, range.0)));
    queries.push(query("last", b"".to_vec(), range));

    let responses = host.query_raw(request(&source, queries.clone())).await.unwrap();
    assert_eq!(responses.len(), queries.len());
    for (index, (json, start)) in invalid_queries().iter().enumerate() {
        let response = &responses[&format!("invalid {index}")];
        let json: String = String::from_utf8_lossy(json).chars().take(100).collect();
        assert!(response.error.starts_with(start), "{json}: {}", response.error);
        assert!(response.error.len() < 400, "an error quotes a part of the query: {json}");
        assert_eq!((response.status, &*response.error_source), (400, "downstream"), "{json}");
        assert!(response.frames.is_empty(), "{json}");
    }
    assert!(responses["reversed"].error.contains("ends before it begins"));
    for name in ["first"].iter().chain(&unusual) {
        assert_eq!(number(&responses[*name]), 500, "{name:?}");
        let frame = Decoded::new(&responses[*name].frames[0]).unwrap();
        assert_eq!(frame.batch.schema_ref().metadata()["refId"], *name);
    }
    assert_eq!(
        Decoded::new(&responses["last"].frames[0]).unwrap().batch.num_rows(),
        500,
        "the empty query is one for events"
    );
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_request_without_queries_or_with_duplicate_names_is_answered() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    let host = plugin().await;
    assert_eq!(host.query_raw(request(&source, vec![])).await.unwrap(), HashMap::new());
    let duplicates = vec![query("A", total().to_string(), last_hours(200)); 2];
    let responses = host.query_raw(request(&source, duplicates)).await.unwrap();
    assert_eq!(responses.len(), 1);
    assert_eq!(number(&responses["A"]), 500);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_request_that_names_no_data_source_is_an_error_of_each_query() {
    let host = plugin().await;
    let queries = ["A", "B"].map(|name| query(name, "{}", last_hours(1))).to_vec();
    let responses = host.query_raw(QueryDataRequest { queries, ..QueryDataRequest::default() }).await.unwrap();
    for name in ["A", "B"] {
        let response = &responses[name];
        assert!(response.error.contains("names no data source"), "{}", response.error);
        assert_eq!((response.status, &*response.error_source), (400, "downstream"));
    }
    let bare = channel(&host.handshake).await;
    let mut health = grafana_plugin_sdk::pluginv2::diagnostics_client::DiagnosticsClient::new(bare);
    let answer = health.check_health(CheckHealthRequest::default()).await.unwrap().into_inner();
    assert_eq!(answer.status, 2);
    assert!(answer.message.contains("names no data source"), "{}", answer.message);
    let answer =
        host.resource_raw(CallResourceRequest { path: "products".to_owned(), ..Default::default() }).await.unwrap();
    assert_eq!(answer.code, 400);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn extreme_and_reversed_ranges_are_errors_without_a_call() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    let host = plugin().await;
    let now = chrono::Utc::now().timestamp_millis();
    let (outside, empty) = ("is not between the years 1970 and 2262", "ends before it begins, or is empty");
    let cases = [
        ((i64::MIN, i64::MAX), outside),
        ((i64::MAX, i64::MIN), outside),
        ((i64::MIN, i64::MIN), outside),
        ((i64::MAX, i64::MAX), outside),
        ((0, i64::MAX), outside),
        ((-1, now), outside),
        ((now, i64::MAX / 1_000_000 + 1), outside),
        ((now, now - 1), empty),
        ((now, 0), empty),
    ];
    // An empty range is an error in a rule only: a panel's user is about to change it.
    let in_rules_only = [((now, now), empty), ((0, 0), empty)];
    let questions = [json!({}), total(), json!({ "queryType": "annotations" }), json!({ "queryType": "values" })];
    for question in &questions {
        for (range, error) in cases {
            for headers in [vec![], vec![("FromAlert", "true")]] {
                let responses = host.query(&source, &[Ask::new("A", question.clone(), range)], &headers).await.unwrap();
                assert!(responses["A"].error.contains(error), "{range:?}: {}", responses["A"].error);
                assert_eq!((responses["A"].status, &*responses["A"].error_source), (400, "downstream"), "{range:?}");
            }
        }
    }
    for (range, error) in in_rules_only {
        let in_rule = host.query(&source, &[Ask::new("A", json!({}), range)], &[("FromAlert", "true")]).await.unwrap();
        assert!(in_rule["A"].error.contains(error), "{range:?}: {}", in_rule["A"].error);
        for question in &questions {
            let responses = host.query(&source, &[Ask::new("A", question.clone(), range)], &[]).await.unwrap();
            assert_eq!((&*responses["A"].error, responses["A"].frames.len()), ("", 1), "{range:?}: {question}");
        }
    }
    let mut without = query("A", "{}", (0, 0));
    without.time_range = None;
    let without = host.query_raw(request(&source, vec![without])).await.unwrap();
    assert_eq!(without["A"].error, "the query comes without a time range");
    assert_eq!(sandbox.calls().total, 0);

    // The widest and the narrowest range are valid; a range in the future has no number.
    for (range, expected) in [((0, i64::MAX / 1_000_000), 500), ((now - 60_000, now - 59_999), 0)] {
        let responses = host.query(&source, &[Ask::new("A", total(), range)], &[]).await.unwrap();
        assert_eq!(number(&responses["A"]), expected);
    }
    let later = host.query(&source, &[Ask::new("A", total(), (now + 3_600_000, now + 3_600_001))], &[]).await.unwrap();
    assert_eq!((later["A"].status, Decoded::new(&later["A"].frames[0]).unwrap().batch.num_columns()), (200, 0));
    host.stop().await.unwrap();
}

#[tokio::test]
async fn extreme_intervals_and_numbers_of_points_are_answered() {
    let sandbox = organization(Config { events: 60, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    let host = plugin().await;
    let questions = [
        json!({ "queryType": "counts" }),
        json!({ "queryType": "counts", "groupBy": ["method", "method", "principal", "method"] }),
        json!({ "queryType": "annotations", "cap": 1 }),
        json!({ "queryType": "events", "limit": 1 }),
    ];
    for range in [(0, i64::MAX / 1_000_000), last_hours(200), (1, 2)] {
        for interval_ms in [i64::MIN, 0, 1, i64::MAX] {
            for max_data_points in [i64::MIN, 0, 1, 4_999, i64::MAX] {
                let asks: Vec<Ask> = (0..)
                    .zip(&questions)
                    .map(|(index, json): (u8, _)| Ask {
                        ref_id: index.to_string(),
                        json: json.clone(),
                        range,
                        interval_ms,
                        max_data_points,
                    })
                    .collect();
                let responses = host.query(&source, &asks, &[]).await.unwrap();
                for (name, response) in responses {
                    assert_eq!(response.error, "", "{name}: {range:?} {interval_ms} {max_data_points}");
                    let rows = Decoded::new(&response.frames[0]).unwrap().batch.num_rows();
                    assert!(rows <= 1_000, "{name}: {range:?} {interval_ms} {max_data_points}: {rows} rows");
                }
            }
        }
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_cancelled_call_stops_its_calls_to_scaleway() {
    let latency = Duration::from_millis(400);
    // Thousands of events in the last hour: each of these calls reads pages for a long time.
    let sandbox = organization(Config { latency, span: Duration::from_mins(30), ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY).with("regions", "fr-par");
    let host = plugin().await;
    let asks = [Ask::new("A", total(), last_hours(200))];
    let calls: [(&str, BoxFuture<'_, ()>); 3] = [
        ("query", Box::pin(async { drop(host.query(&source, &asks, &[]).await) })),
        ("health", Box::pin(async { drop(host.health(&source).await) })),
        ("resource", Box::pin(async { drop(host.resource(&source, "resources?from=0").await) })),
    ];
    for (name, call) in calls {
        sandbox.reset();
        tokio::select! {
            () = call => panic!("{name} ends before it is cancelled"),
            () = until(|| sandbox.calls().total >= 2, "two calls to Scaleway") => {}
        }
        let after = steady(|| sandbox.calls().total as u64).await;
        assert!(after < 20, "{name} continues after it was cancelled: {after} calls");
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn unknown_methods_are_unimplemented_and_invalid_connections_are_harmless() {
    let host = plugin().await;
    let bare = channel(&host.handshake).await;
    for path in [
        "/pluginv2.Data/QueryChunkedData",
        "/pluginv2.Data/",
        "/pluginv2.Diagnostics/Reboot",
        "/pluginv2.AdmissionControl/ValidateAdmission",
        "/plugin.GRPCController/Nope",
        "/plugin.GRPCBroker/StartStream",
        "/nonsense",
    ] {
        let status = call::<(), ()>(&bare, path, ()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{path}: {status}");
    }
    // The ping of go-plugin.
    let mut ping = tonic_health::pb::health_client::HealthClient::new(bare.clone());
    let service = "plugin".to_owned();
    let answer = ping.check(tonic_health::pb::HealthCheckRequest { service }).await.unwrap().into_inner();
    assert_eq!(answer.status(), tonic_health::ServingStatus::Serving.into());

    let socket = host.handshake.split('|').nth(3).unwrap();
    for bytes in ["GET / HTTP/1.1\r\nhost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0", "\u{1}\u{2}\u{3}", ""] {
        let mut stream = UnixStream::connect(socket).await.unwrap();
        let _ = stream.write_all(bytes.as_bytes()).await;
        let _ = stream.write_all(&vec![0xff; 100_000]).await;
    }
    assert!(host.metrics().await.unwrap().contains("audittrail_requests_total"), "the process still serves");
    host.stop().await.unwrap();
}

/// A message with fields of other types than those of any request.
#[derive(Clone, PartialEq, Message)]
struct WrongTypes {
    #[prost(uint64, tag = "1")]
    number: u64,
    #[prost(bytes = "vec", tag = "2")]
    bytes: Vec<u8>,
    #[prost(fixed64, tag = "3")]
    other: u64,
}

#[tokio::test]
async fn malformed_messages_fail_only_their_call() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    let host = plugin().await;
    let bare = channel(&host.handshake).await;
    let messages = [
        WrongTypes { number: 7, ..WrongTypes::default() },
        WrongTypes { bytes: vec![0xff; 1_000], ..WrongTypes::default() },
        WrongTypes { other: u64::MAX, ..WrongTypes::default() },
    ];
    for message in messages {
        for path in [QUERY_DATA, "/pluginv2.Diagnostics/CheckHealth", "/pluginv2.Resource/CallResource"] {
            // Unknown fields are ignored; a known field of another type is refused.
            if let Err(status) = call::<_, ()>(&bare, path, message.clone()).await {
                assert!(matches!(status.code(), Code::Internal | Code::InvalidArgument), "{path}: {status}");
            }
        }
    }
    let responses = host.query(&source, &[Ask::new("A", total(), last_hours(200))], &[]).await.unwrap();
    assert_eq!(number(&responses["A"]), 500);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn two_hundred_concurrent_calls_are_answered() {
    let sandbox = organization(Config { events: 60, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    let host = plugin().await;
    let asks = [
        Ask::new("A", total(), last_hours(200)),
        Ask::new("B", json!({ "queryType": "annotations" }), last_hours(200)),
    ];
    let queries = join_all((0..160).map(|_| host.query(&source, &asks, &[])));
    let healths = join_all((0..20).map(|_| host.health(&source)));
    let resources = join_all((0..20).map(|_| host.resource(&source, "principals")));
    let (queries, healths, resources) = tokio::join!(queries, healths, resources);
    for responses in queries {
        let responses = responses.unwrap();
        assert_eq!(number(&responses["A"]), 60);
        assert_eq!(responses["B"].error, "");
    }
    for health in healths {
        let health = health.unwrap();
        assert_eq!(health.status, 1, "{}", health.message);
    }
    assert!(resources.into_iter().all(|resource| resource.unwrap().0 == 200));
    // Missing names are fetched again after half a minute.
    assert!(sandbox.calls().to(Endpoint::Users) < 5, "all calls share one fetch of the names");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn settings_that_change_between_calls_take_effect_at_once() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let host = plugin().await;
    let asks = [Ask::new("A", total(), last_hours(200))];
    // The same uid throughout.
    let full = source(&sandbox, SECRET_KEY);
    for _ in 0..2 {
        assert_eq!(number(&host.query(&full, &asks, &[]).await.unwrap()["A"]), 500);
        assert_eq!(host.resource(&full, "principals").await.unwrap().0, 200);

        let unknown = source(&sandbox, "00000000-0000-4000-8000-000000000000");
        let response = &host.query(&unknown, &asks, &[]).await.unwrap()["A"];
        assert_eq!((response.status, &*response.error_source), (401, "downstream"), "{}", response.error);
        assert_eq!(
            host.resource(&unknown, "principals").await.unwrap().0,
            401,
            "the cached names belong to another key"
        );
        assert_eq!(host.resource(&source(&sandbox, KEY_WITHOUT_IAM), "principals").await.unwrap().0, 403);

        let elsewhere = full.clone().with("organizationId", "99999999-0000-4000-8000-000000000000");
        assert_eq!(host.query(&elsewhere, &asks, &[]).await.unwrap()["A"].status, 403);
        let broken = full.clone().with("maxEvents", "none");
        assert!(host.query(&broken, &asks, &[]).await.unwrap()["A"].error.contains("maxEvents"));
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn an_error_has_a_status_and_a_source() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let full = source(&sandbox, SECRET_KEY);
    // The client repeats refused calls until the query's deadline.
    let limited = full.clone().with("queryTimeoutSeconds", 3);
    let host = plugin().await;
    let slow = full.clone().with("callTimeoutSeconds", 1);
    let nowhere = full.clone().with("apiUrl", "http://127.0.0.1:9");
    let unknown = source(&sandbox, "00000000-0000-4000-8000-000000000000");
    let faults: [(Option<Fault>, &Source, i32, &str); 9] = [
        (None, &unknown, 401, "downstream"),
        (None, &nowhere, 502, "downstream"),
        (Some(Fault::TooManyRequests), &limited, 429, "downstream"),
        (Some(Fault::InternalError), &full, 500, "downstream"),
        (Some(Fault::Unavailable), &full, 503, "downstream"),
        (Some(Fault::ConnectionReset), &full, 502, "downstream"),
        (Some(Fault::HtmlPage), &full, 502, "downstream"),
        (Some(Fault::TruncatedJson), &full, 502, "downstream"),
        (Some(Fault::Stall), &slow, 504, "downstream"),
    ];
    for (fault, source, status, error_source) in faults {
        sandbox.set_faults(fault.map(Fault::always));
        let response = &host.query(source, &[Ask::new("A", total(), last_hours(200))], &[]).await.unwrap()["A"];
        assert_eq!((response.status, &*response.error_source), (status, error_source), "{fault:?}: {}", response.error);
        assert!(response.error.starts_with("region fr-par"), "{fault:?}: {}", response.error);
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn huge_retry_after_fails_only_that_query() {
    let host = plugin().await;
    for after in
        ["18446744073709551615", "9223372036854775807", "99999999999999999999999", "-1", "1e9", "Thu, 01 Jan 1970"]
    {
        let url = api(move |asked| match () {
            () if asked.target.contains("/regions/nl-ams/") => Answer {
                status: "429 Too Many Requests",
                headers: format!("x-envoy-ratelimited: true\r\nretry-after: {after}"),
                body: String::new(),
            },
            () => Answer::json("200 OK", r#"{"events":[], "users":[], "applications":[]}"#),
        });
        let source = Source::new(&url.await, ORGANIZATION_ID, SECRET_KEY).with("queryTimeoutSeconds", 4);
        let mut answered = total();
        answered["scope"] = json!({ "regions": "fr-par" });
        let refused = json!({ "scope": { "regions": "nl-ams", "kinds": "api", "products": "instance" } });
        let asks = [Ask::new("A", answered, last_hours(1)), Ask::new("B", refused, last_hours(1))];
        let responses = host.query(&source, &asks, &[]).await.unwrap();
        assert_eq!(number(&responses["A"]), 0);
        assert_eq!(
            (responses["B"].status, &*responses["B"].error_source),
            (429, "downstream"),
            "{}",
            responses["B"].error
        );
    }
    let (_, log) = host.stop().await.unwrap();
    assert!(!log.contains("panic"), "{log}");
}

#[tokio::test]
async fn a_region_that_is_named_twice_is_fetched_once() {
    let sandbox = organization(Config { events: 500, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    let host = plugin().await;
    let once = json!({ "queryType": "counts", "over": "total", "scope": { "regions": ["nl-ams"], "methods": ["CreateServer"] } });
    let mut often = once.clone();
    often["scope"]["regions"] = vec!["nl-ams"; 100].into();
    let mut calls = Vec::new();
    for (json, max_events) in [(once, 10_000), (often, 10_001)] {
        // Other settings are another data source, whose cache is empty.
        let source = source.clone().with("maxEvents", max_events);
        sandbox.reset();
        assert_eq!(host.query(&source, &[Ask::new("A", json, last_hours(200))], &[]).await.unwrap()["A"].error, "");
        let made = sandbox.calls();
        calls.push(made.total - made.to(Endpoint::Users) - made.to(Endpoint::Applications));
    }
    assert!(calls[0] > 0);
    assert_eq!(calls[0], calls[1]);
    host.stop().await.unwrap();
}

/// The log lines about failed queries.
fn failures(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    lines.filter(|line| line["@message"].as_str().unwrap().starts_with("a query failed: ")).collect()
}

#[tokio::test]
async fn the_log_line_of_a_failed_query_names_data_source_query_and_origin() {
    let sandbox = organization(Config { events: 10, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    let host = plugin().await;
    let range = last_hours(1);
    let wrong = |name: &str| Ask::new(name, json!({ "queryType": "counts", "over": "sideways" }), range);
    let panel = [
        ("http_X-Dashboard-Uid", "d1"),
        ("http_X-Dashboard-Title", "Access \u{202e}to %F0%9F%94%91"),
        ("http_X-Panel-Id", "7"),
        ("http_X-Panel-Title", "Log-ins\u{1b}[2J"),
        ("Authorization", "Bearer secret-of-a-user"),
    ];
    let rule = [("FromAlert", "true"), ("http_X-Rule-Uid", "r1"), ("http_X-Rule-Name", "Somebody+logs%20in")];
    host.query(&source, &[wrong("A"), wrong("B")], &panel).await.unwrap();
    host.query(&source, &[wrong("A")], &rule).await.unwrap();
    host.query(&source, &[Ask::new("Anno", json!({ "cap": 0 }), range)], &[]).await.unwrap();
    let (_, log) = host.stop().await.unwrap();
    let mut lines = failures(&log);
    lines.sort_by_key(|line| line["ref_id"].to_string() + &line["rule_uid"].to_string());
    let shown = |line: &Value| {
        let fields = ["@level", "status", "error_source", "data_source", "data_source_uid", "ref_id", "query_type"];
        let origin = ["rule", "rule_uid", "dashboard", "dashboard_uid", "panel", "panel_id"];
        let texts: Vec<String> =
            fields.iter().chain(&origin).map(|name| line[*name].to_string().replace('"', "")).collect();
        texts.join(" | ")
    };
    let (data_source, uid) = {
        let settings = source.context().data_source_instance_settings.unwrap();
        (settings.name, settings.uid)
    };
    assert!(!data_source.is_empty() && !uid.is_empty());
    let start = format!("warn | 400 | downstream | {data_source} | {uid}");
    let of_panel = "null | null | Access to 🔑 | d1 | Log-ins[2J | 7";
    assert_eq!(
        lines.iter().map(shown).collect::<Vec<_>>(),
        [
            format!("{start} | A | counts | Somebody logs in | r1 | null | null | null | null"),
            format!("{start} | A | counts | {of_panel}"),
            format!("{start} | Anno | annotations | null | null | null | null | null | null"),
            format!("{start} | B | counts | {of_panel}"),
        ]
    );
    assert!(!log.contains("secret-of-a-user"));
}

#[tokio::test]
async fn a_query_that_fails_at_each_refresh_has_one_log_line_a_minute() {
    let sandbox = organization(Config { events: 10, ..Config::default() }).await;
    let source = source(&sandbox, SECRET_KEY);
    let host = plugin().await;
    let start = Instant::now();
    for _ in 0..50 {
        host.query(&source, &[Ask::new("A", json!({ "limit": 0 }), last_hours(1))], &[]).await.unwrap();
    }
    let minutes = start.elapsed().as_secs() / 60;
    let (_, log) = host.stop().await.unwrap();
    assert!((1..=1 + minutes).contains(&(failures(&log).len() as u64)), "{log}");
}
