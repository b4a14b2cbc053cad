//! Tests of the whole, over HTTP, with a client that hides nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::config::DAY;
use super::*;

/// An answer as it came through the socket.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn events(&self) -> Vec<Value> {
        self.json()["events"].as_array().expect("a page of events").clone()
    }

    fn token(&self) -> Option<String> {
        self.json()["next_page_token"].as_str().map(str::to_owned)
    }

    /// Whether the body is as long as promised.
    fn is_whole(&self) -> bool {
        self.headers["content-length"] == self.body.len().to_string()
    }
}

async fn ask_with(sandbox: &Sandbox, key: Option<&str>, path: &str) -> Answer {
    let mut socket = TcpStream::connect(sandbox.address).await.expect("a connection");
    let key = key.map_or(String::new(), |key| format!("X-Auth-Token: {key}\r\n"));
    let request = format!("GET {path} HTTP/1.1\r\nHost: sandbox\r\n{key}Connection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("a request");
    let mut raw = Vec::new();
    // A reset in the middle is an answer too.
    let _ = socket.read_to_end(&mut raw).await;
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n").expect("headers");
    let head = String::from_utf8(raw[..end].to_vec()).expect("text");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    Answer {
        status: status.expect("a status"),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: raw[end + 4..].to_vec(),
    }
}

async fn ask(sandbox: &Sandbox, path: &str) -> Answer {
    ask_with(sandbox, Some(SECRET_KEY), path).await
}

const EVER: &str = "recorded_after=2000-01-01T00:00:00Z";

fn path(region: &str, endpoint: Endpoint, query: &str) -> String {
    format!("/audit-trail/v1alpha1/regions/{region}/{endpoint}?organization_id={ORGANIZATION_ID}&{query}")
}

async fn list(sandbox: &Sandbox, region: &str, endpoint: Endpoint, query: &str) -> Answer {
    ask(sandbox, &path(region, endpoint, query)).await
}

async fn events(sandbox: &Sandbox, query: &str) -> Answer {
    list(sandbox, "fr-par", Endpoint::Events, query).await
}

/// All pages of a list.
async fn pages(sandbox: &Sandbox, region: &str, endpoint: Endpoint, query: &str) -> Vec<Answer> {
    let mut pages = Vec::new();
    let mut token = String::new();
    loop {
        let page = list(sandbox, region, endpoint, &format!("{query}&page_token={token}")).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let next = page.token();
        pages.push(page);
        match next {
            Some(next) => token = next,
            None => return pages,
        }
    }
}

async fn all(sandbox: &Sandbox, region: &str, endpoint: Endpoint, query: &str) -> Vec<Value> {
    pages(sandbox, region, endpoint, query).await.iter().flat_map(Answer::events).collect()
}

fn ids(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| event["id"].as_str().expect("an id").to_owned()).collect()
}

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 12, 15, 4, 5).single().expect("a time") + TimeDelta::nanoseconds(678_901_234)
}

fn week(events: usize) -> Config {
    Config { events, now: now(), ..Config::default() }
}

async fn sandbox(events: usize) -> Sandbox {
    start(week(events)).await.expect("a sandbox")
}

async fn with(events: usize, plan: &str) -> Sandbox {
    let faults = vec![plan.parse().expect("a plan")];
    start(Config { faults, ..week(events) }).await.expect("a sandbox")
}

fn recorded_at(event: &Value) -> DateTime<Utc> {
    event["recorded_at"].as_str().expect("text").parse().expect("a time")
}

#[tokio::test]
async fn listens_on_loopback_only() {
    let bind = SocketAddr::from(([0, 0, 0, 0], 0));
    let refused = start(Config { bind, ..week(0) }).await.err().map(|error| error.to_string());
    assert_eq!(refused.as_deref(), Some("the sandbox listens on loopback only, not on 0.0.0.0:0: its keys are public"));
}

/// Every oddity that recorded answers show is in the default week.
#[tokio::test]
async fn is_as_odd_as_the_real_trail() {
    let sandbox = start(Config { now: now(), ..Config::default() }).await.expect("a sandbox");
    let mut trail = Vec::new();
    for region in ["fr-par", "nl-ams", "pl-waw"] {
        trail.extend(all(&sandbox, region, Endpoint::Events, EVER).await);
    }
    let some = |what: &str, holds: &dyn Fn(&Value) -> bool| {
        assert!(trail.iter().any(holds), "no event {what}");
    };
    let every = |what: &str, which: &dyn Fn(&Value) -> bool, holds: &dyn Fn(&Value) -> bool| {
        let chosen: Vec<_> = trail.iter().filter(|event| which(event)).collect();
        assert!(!chosen.is_empty(), "no event {what}");
        for event in chosen {
            assert!(holds(event), "{what}: {event}");
        }
    };
    let product = |name: &'static str| move |event: &Value| event["product_name"] == name;
    let resource = |event: &Value, kind: &str| event["resources"][0]["type"] == kind;
    let body = |event: &Value| event["request_body"].to_string();

    every("without principal", &|e| e["method_name"] == "RenewJWT", &|e| {
        e.get("principal").is_none() && resource(e, "iam_user") && body(e).contains(r#""renew_token":"REDACTED""#)
    });
    every("of kubernetes", &product("kubernetes"), &|e| e["source_ip"] == "" && e.get("user_agent").is_none());
    every("of a pool", &|e| resource(e, "kube_pool"), &|e| {
        let pool = &e["resources"][0];
        let cluster = sandbox.organisation().resources_of("kube_cluster").find(|c| pool["id"] == c.id.as_str());
        pool["name"] == cluster.map_or("", |c| &c.name) && pool["kube_pool_info"]["id"] != pool["id"]
    });
    every("of IAM", &|e| e["product_name"] == "iam", &|e| {
        e["locality"] == "global"
            && e.get("project_id").is_some() == e["method_name"].as_str().unwrap_or("").ends_with("SSHKey")
    });
    every("of account", &product("account"), &|e| e["locality"] == "fr-par" && e.get("project_id").is_none());
    every(
        "of a deletion in IAM",
        &|e| e["product_name"] == "iam" && e["method_name"].as_str().unwrap_or("").starts_with("Delete"),
        &|e| e["resources"] == Value::Array(Vec::new()) && e["request_body"] != Value::Null,
    );
    every("of an API key", &|e| resource(e, "iam_api_key"), &|e| {
        let key = &e["resources"][0];
        key.get("name").is_none() && key["id"].as_str().is_some_and(|id| id.starts_with("SCW") && id.len() == 20)
    });
    every("of an SSH key", &|e| resource(e, "iam_ssh_key"), &|e| e["resources"][0].get("name").is_none());
    every("of Instance", &product("instance"), &|e| {
        e["id"].as_str().is_some_and(|id| id.as_bytes()[14] == b'4')
            && e["recorded_at"].as_str().is_some_and(|at| at.len() <= 27)
            && e["locality"].as_str().is_some_and(|zone| zone.ends_with(|c: char| c.is_ascii_digit()))
    });
    every("of another product", &|e| e["product_name"] != "instance", &|e| {
        e["id"].as_str().is_some_and(|id| id.as_bytes()[14] == b'7')
    });
    some("with nanoseconds", &|e| e["recorded_at"].as_str().is_some_and(|at| at.len() == 30));
    every("of apple silicon", &product("apple-silicon"), &|e| e["locality"] == "fr-par");
    every("of elastic metal", &product("baremetal"), &|e| {
        e["locality"] != "fr-par" && (body(e).contains("serverId") || body(e).contains("projectId"))
    });
    every("of an accepted action", &|e| e["status_code"] == 202, &|e| e["method_name"] == "ServerAction");
    some("with a wrapped body", &|e| body(e).contains(r#""min_size":{"value":1}"#));
    some("with a numbered enum", &|e| body(e).contains(r#""cni":1"#));
    some("of a policy", &|e| body(e).contains(r#""permission_set_names":{"value":["#));
    some("of a dated deletion", &|e| e["resources"][0]["deleted_at"].is_string());
    some("of an undated deletion", &|e| {
        e["method_name"] == "DeleteCluster" && e["resources"][0]["deleted_at"].is_null()
    });
    every("of an account user", &|e| resource(e, "account_user"), &|e| {
        e["resources"][0]["id"] != e["principal"]["id"] && e["resources"][0]["account_user_info"]["email"].is_string()
    });
    for (kind, info) in [
        ("load_balancer_backend", "lb_id"),
        ("load_balancer_frontend", "lb_id"),
        ("load_balancer_certificate", "lb_id"),
        ("load_balancer_acl", "frontend_id"),
        ("load_balancer_route", "backend_id"),
        ("instance_private_network_interface", "server_id"),
        ("vpc_gw_gateway_network", "gateway_id"),
        ("edge_services_cache_stage", "pipeline_id"),
        ("serverless_containers_domain", "container_id"),
        ("secret_manager_version", "revision"),
    ] {
        every(kind, &|e| resource(e, kind), &|e| !e["resources"][0][format!("{kind}_info")][info].is_null());
    }
    some("of many resources", &|e| e["resources"].as_array().is_some_and(|list| list.len() > 2));
    some("denied", &|e| e["status_code"] == 403);
    some("failed", &|e| e["status_code"].as_u64().is_some_and(|code| code >= 500));
    some("of an unknown type", &|e| resource(e, "quantum_qubit"));
    some("with an unknown member", &|e| e.get("correlation").is_some());
    some("by somebody deleted", &|e| e["principal"]["id"] == sandbox.organisation().departed.id.as_str());
    for hostile in ["<script>", "\"hi\"", "$variable", "\u{202e}", "🚀", "=HYPERLINK", "\n"] {
        some(hostile, &|e| e["resources"][0]["name"].as_str().is_some_and(|name| name.contains(hostile)));
    }
    some("with a long name", &|e| e["resources"][0]["name"].as_str().is_some_and(|name| name.len() > 2_000));
    some("from a hostile client", &|e| e["user_agent"].as_str().is_some_and(|agent| agent.contains("onerror=")));
    some("from an IPv6 address", &|e| e["source_ip"].as_str().is_some_and(|ip| ip.contains(':')));
    // The key of a UUIDv7 does not sort by time.
    let uuids_of_7: Vec<_> =
        trail.iter().filter(|e| e["id"].as_str().is_some_and(|id| id.as_bytes()[14] == b'7')).collect();
    assert!(uuids_of_7.windows(2).any(|two| two[0]["id"].as_str() < two[1]["id"].as_str()));
    let times: HashSet<_> = trail.iter().map(recorded_at).collect();
    assert!(times.len() < trail.len(), "no two events at the same nanosecond");
    sandbox.stop().await;
}

#[tokio::test]
async fn is_written_as_recorded() {
    let sandbox = sandbox(3_000).await;
    let answer = events(&sandbox, &format!("{EVER}&method_name=RenewJWT&status=200&page_size=1")).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["server"], "Scaleway API Gateway (fr-par-3;edge03)");
    assert_eq!(answer.headers["x-request-id"].len(), 36);
    // Values differ, everything between them is as in a recorded answer.
    let shape = |text: &str| -> Vec<String> {
        text.split('"').enumerate().map(|(n, part)| if n > 1 && n % 4 == 1 { "…" } else { part }.to_owned()).collect()
    };
    let event = r#"{"events":[{"id":"0199b898-3b6f-72e4-9923-a63f5a3f66be", "recorded_at":"2025-10-06T08:16:48.493912656Z", "locality":"global", "organization_id":"0a1b2c3d-0000-4000-8000-000000000001", "source_ip":"203.0.113.10", "user_agent":"Mozilla/5.0", "product_name":"iam", "service_name":"scaleway.iam.v1alpha1.UnauthenticatedApi", "method_name":"RenewJWT", "request_id":"6c0e8385-75d7-487e-8a17-3e61d68283bd", "request_body":{""#;
    let text = answer.text();
    assert_eq!(shape(&text)[2..42], shape(event)[2..42]);
    assert!(text.contains(r#""status_code":200, "resources":[{"id":""#), "{text}");
    let nothing = events(&sandbox, &format!("{EVER}&method_name=Nothing")).await;
    assert_eq!(nothing.text(), r#"{"events":[]}"#);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_same_seed_is_the_same_bytes() {
    let bytes = async |config: Config| {
        let sandbox = start(config).await.expect("a sandbox");
        let mut bytes = Vec::new();
        for region in ["fr-par", "nl-ams"] {
            // With an end, as the default one is the sandbox's clock, and tokens hold it.
            let query = format!("{EVER}&recorded_before=2026-03-13T00:00:00Z");
            for page in pages(&sandbox, region, Endpoint::CombinedEvents, &query).await {
                bytes.extend(page.body);
            }
        }
        sandbox.stop().await;
        bytes
    };
    let first = bytes(week(1_500)).await;
    assert!(first == bytes(week(1_500)).await);
    assert!(first != bytes(Config { seed: 2, ..week(1_500) }).await);
}

#[tokio::test]
async fn paging_visits_every_event_once() {
    let sandbox = sandbox(1_200).await;
    // Ties, and more of them than fit on a page.
    let tied = r#"{"id":"tied-NN", "recorded_at":"2026-03-11T12:00:00.5Z", "resources":[]}"#;
    let tied = (0..25).map(|n| tied.replace("NN", &n.to_string()));
    sandbox.push("fr-par", Kind::Api, tied).expect("filed");
    for endpoint in [Endpoint::Events, Endpoint::CombinedEvents] {
        let inner = |event: Value| {
            event.as_object().filter(|e| e.len() == 1).and_then(|e| e.values().next().cloned()).unwrap_or(event)
        };
        let listed = async |query: String| -> Vec<Value> {
            all(&sandbox, "fr-par", endpoint, &query).await.into_iter().map(inner).collect()
        };
        let whole = listed(format!("{EVER}&page_size=100")).await;
        let unique: HashSet<_> = ids(&whole).into_iter().collect();
        assert_eq!(unique.len(), whole.len());
        assert!(whole.is_sorted_by_key(|event| std::cmp::Reverse(recorded_at(event))));
        for size in [7, 50, 99] {
            assert!(listed(format!("{EVER}&page_size={size}")).await == whole, "pages of {size}");
        }
        let mut rising = listed(format!("{EVER}&page_size=13&order_by=recorded_at_asc")).await;
        rising.reverse();
        assert!(rising == whole);
    }
    let all_regions: usize = {
        let mut sum = 0;
        for region in ["fr-par", "nl-ams", "pl-waw", "it-mil"] {
            sum += all(&sandbox, region, Endpoint::CombinedEvents, EVER).await.len();
        }
        sum
    };
    assert_eq!(all_regions, 1_200 + 25);
    assert_eq!(sandbox.events(), 1_225);
    sandbox.stop().await;
}

#[tokio::test]
async fn paging_is_steady_while_events_arrive() {
    let sandbox = sandbox(1_000).await;
    let before = all(&sandbox, "fr-par", Endpoint::Events, EVER).await;
    let mut seen = Vec::new();
    let mut token = String::new();
    for number in 0.. {
        let page = events(&sandbox, &format!("{EVER}&page_size=40&page_token={token}")).await;
        seen.extend(ids(&page.events()));
        let Some(next) = page.token() else { break };
        token = next;
        let at = sandbox.now().to_rfc3339();
        let fresh = format!(r#"{{"id":"fresh-{number}", "recorded_at":"{at}", "resources":[]}}"#);
        sandbox.push("fr-par", Kind::Api, [fresh]).expect("filed");
    }
    assert_eq!(seen, ids(&before));
    // A late one is found where its time belongs.
    let late = r#"{"id":"late", "recorded_at":"2026-03-09T00:00:00Z", "resources":[]}"#;
    sandbox.push("fr-par", Kind::Api, [late]).expect("filed");
    let window = "recorded_after=2026-03-09T00:00:00Z&recorded_before=2026-03-09T00:00:01Z";
    assert!(ids(&all(&sandbox, "fr-par", Endpoint::Events, window).await).contains(&"late".to_owned()));
    sandbox.stop().await;
}

type Check<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

#[tokio::test]
async fn filters_are_exact_and_combine() {
    let sandbox = sandbox(4_000).await;
    let whole = all(&sandbox, "fr-par", Endpoint::Events, EVER).await;
    let organisation = sandbox.organisation().clone();
    let server = organisation.resource("web-1").expect("a server").id.clone();
    let has = |event: &Value, key: &str, value: &str| {
        event["resources"].as_array().is_some_and(|list| list.iter().any(|resource| resource[key] == value))
    };
    let cases: Vec<(String, Check)> = vec![
        ("resource_type=unknown_type".to_owned(), Box::new(|_| true)),
        ("resource_type=load_balancer_backend".to_owned(), Box::new(|e| has(e, "type", "load_balancer_backend"))),
        // The second resource of an event counts as much as the first.
        (
            "resource_type=instance_volume&method_name=AttachServerVolume".to_owned(),
            Box::new(|e| e["method_name"] == "AttachServerVolume"),
        ),
        (format!("resource_id={server}"), Box::new(|e| has(e, "id", &server))),
        ("product_name=iam".to_owned(), Box::new(|e| e["product_name"] == "iam")),
        (
            "service_name=scaleway.iam.v1alpha1.Api".to_owned(),
            Box::new(|e| e["service_name"] == "scaleway.iam.v1alpha1.Api"),
        ),
        ("method_name=UpdateServer".to_owned(), Box::new(|e| e["method_name"] == "UpdateServer")),
        (
            format!("principal_id={}", organisation.users[3].id),
            Box::new(|e| e["principal"]["id"] == organisation.users[3].id.as_str()),
        ),
        ("source_ip=198.51.100.10".to_owned(), Box::new(|e| e["source_ip"] == "198.51.100.10")),
        ("status=403".to_owned(), Box::new(|e| e["status_code"] == 403)),
        (
            format!("project_id={}", organisation.projects[1].id),
            Box::new(|e| e["project_id"] == organisation.projects[1].id.as_str()),
        ),
        ("product_name=instance&status=202".to_owned(), Box::new(|e| e["status_code"] == 202)),
    ];
    for (filter, holds) in &cases {
        let found = all(&sandbox, "fr-par", Endpoint::Events, &format!("{EVER}&{filter}")).await;
        let expected: Vec<Value> = whole.iter().filter(|event| holds(event)).cloned().collect();
        assert!(!expected.is_empty(), "{filter} finds nothing");
        assert!(found == expected, "{filter}: {} instead of {}", found.len(), expected.len());
    }
    // Endpoints take no notice of filters they do not have.
    let combined =
        all(&sandbox, "fr-par", Endpoint::CombinedEvents, &format!("{EVER}&method_name=Nothing&status=404")).await;
    assert!(combined.len() > whole.len());
    let of_project = format!("{EVER}&project_id={}&resource_type=instance_server", organisation.projects[1].id);
    let combined = all(&sandbox, "fr-par", Endpoint::CombinedEvents, &of_project).await;
    assert!(
        combined.iter().any(|event| event.get("api").is_some())
            && combined.iter().all(|event| event.get("auth").is_none())
    );
    let logins =
        all(&sandbox, "fr-par", Endpoint::AuthenticationEvents, &format!("{EVER}&project_id=none&status=500")).await;
    assert!(logins.iter().all(|event| event["method"].is_string()) && logins.len() > 100);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_window_is_an_hour_unless_told() {
    let sandbox = sandbox(20_000).await;
    let hour = all(&sandbox, "fr-par", Endpoint::Events, "").await;
    let present = sandbox.now();
    assert!(!hour.is_empty());
    assert!(hour.iter().all(|event| recorded_at(event) > now() - TimeDelta::hours(1) && recorded_at(event) <= present));
    // Both ends belong to the window, to the nanosecond.
    let at = hour[hour.len() / 2]["recorded_at"].as_str().expect("text").to_owned();
    let found = events(
        &sandbox,
        &format!("recorded_after={at}&recorded_before=2026-03-12T16:00:00Z&order_by=recorded_at_asc&page_size=1"),
    )
    .await;
    assert_eq!(found.events()[0]["recorded_at"], at.as_str());
    let found = events(&sandbox, &format!("{EVER}&recorded_before={at}&page_size=1")).await;
    assert_eq!(found.events()[0]["recorded_at"], at.as_str());
    for (query, argument, reason) in [
        (format!("recorded_after={at}&recorded_before={at}"), "recorded_before", "constraint"),
        ("recorded_after=yesterday".to_owned(), "recorded_after", "format"),
        ("page_size=0".to_owned(), "page_size", "constraint"),
        ("page_size=101".to_owned(), "page_size", "constraint"),
        ("page_size=many".to_owned(), "page_size", "format"),
        ("order_by=name_asc".to_owned(), "order_by", "constraint"),
        ("status=ok".to_owned(), "status", "format"),
        ("page_token=00".to_owned(), "page_token", "format"),
    ] {
        let refused = events(&sandbox, &query).await;
        assert_eq!(refused.status, 400, "{query}");
        let prefix = format!(
            r#"{{"type":"invalid_arguments","message":"invalid argument(s)","details":[{{"argument_name":"{argument}","reason":"{reason}","#
        );
        assert!(refused.text().starts_with(&prefix), "{query}: {}", refused.text());
    }
    // A token belongs to its question.
    let token = events(&sandbox, EVER).await.token().expect("more");
    assert_eq!(events(&sandbox, &format!("{EVER}&status=403&page_token={token}")).await.status, 400);
    assert_eq!(list(&sandbox, "nl-ams", Endpoint::Events, &format!("page_token={token}")).await.status, 400);
    sandbox.stop().await;
}

#[tokio::test]
async fn events_are_kept_for_ninety_days() {
    let sandbox = start(Config { span: DAY * 120, ..week(3_000) }).await.expect("a sandbox");
    let trail = all(&sandbox, "fr-par", Endpoint::Events, EVER).await;
    let oldest = trail.iter().map(recorded_at).min().expect("events");
    assert!(oldest >= now() - TimeDelta::days(90) && oldest < now() - TimeDelta::days(88), "{oldest}");
    sandbox.stop().await;
}

#[tokio::test]
async fn keys_open_what_they_may() {
    let sandbox = sandbox(500).await;
    let trail = path("fr-par", Endpoint::Events, "");
    let users = format!("/iam/v1alpha1/users?organization_id={ORGANIZATION_ID}");
    let missing = ask_with(&sandbox, None, &trail).await;
    let unknown = ask_with(&sandbox, Some("11111111-1111-1111-1111-111111111111"), &trail).await;
    assert_eq!((missing.status, unknown.status), (401, 401));
    assert_eq!(unknown.json()["type"], "denied_authentication");
    assert_eq!((&unknown.json()["method"], &unknown.json()["reason"]), (&"api_key".into(), &"not_found".into()));
    let statuses = async |key: &str| {
        (ask_with(&sandbox, Some(key), &trail).await.status, ask_with(&sandbox, Some(key), &users).await.status)
    };
    assert_eq!(statuses(SECRET_KEY).await, (200, 200));
    assert_eq!(statuses(KEY_WITHOUT_AUDIT_TRAIL).await, (403, 200));
    assert_eq!(statuses(KEY_WITHOUT_IAM).await, (200, 403));
    assert_eq!(statuses(KEY_STILL_PROPAGATING).await, (403, 403));
    assert_eq!(statuses(KEY_STILL_PROPAGATING).await, (403, 200));
    assert_eq!(statuses(KEY_STILL_PROPAGATING).await, (200, 200));
    sandbox.reset();
    assert_eq!(statuses(KEY_STILL_PROPAGATING).await, (403, 403));
    let denied = ask_with(&sandbox, Some(KEY_WITHOUT_AUDIT_TRAIL), &trail).await;
    assert_eq!(
        denied.text(),
        r#"{"details":[{"action":"read","resource":"audit_trail"}],"message":"insufficient permissions","type":"permissions_denied"}"#
    );
    let other = trail.replace(ORGANIZATION_ID, OWNER_ID);
    assert_eq!(ask(&sandbox, &other).await.status, 403);
    let none = trail.replace("organization_id", "organisation_id");
    assert_eq!(ask(&sandbox, &none).await.json()["details"][0]["reason"], "required");
    assert_eq!(ask(&sandbox, &trail.replace("fr-par", "us-east")).await.status, 404);
    assert_eq!(ask(&sandbox, "/somewhere/else").await.text(), r#"{"message":"Not Found"}"#);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_key_may_take_time_to_propagate() {
    let keys = vec![("fresh".to_owned(), Grant::AfterTime(Duration::from_millis(500)))];
    let sandbox = start(Config { keys, ..week(0) }).await.expect("a sandbox");
    let trail = path("fr-par", Endpoint::Events, "");
    assert_eq!(ask_with(&sandbox, Some("fresh"), &trail).await.status, 403);
    tokio::time::sleep(Duration::from_millis(550)).await;
    assert_eq!(ask_with(&sandbox, Some("fresh"), &trail).await.text(), r#"{"events":[]}"#);
    sandbox.stop().await;
}

#[tokio::test]
async fn iam_and_account_list_who_and_what_there_is() {
    let sandbox = sandbox(0).await;
    let get =
        async |what: &str| ask(&sandbox, &what.replace('?', &format!("?organization_id={ORGANIZATION_ID}&"))).await;
    let users = get("/iam/v1alpha1/users?page_size=5&page=3").await.json();
    assert_eq!((users["total_count"].as_u64(), users["users"].as_array().map(Vec::len)), (Some(12), Some(2)));
    let [first, _, third, ..] = &sandbox.organisation().users[..] else { panic!("users") };
    let some = get(&format!("/iam/v1alpha1/users?user_ids={}&user_ids={}", first.id, third.id)).await.json();
    assert_eq!(some["users"][0]["id"], OWNER_ID);
    assert_eq!(some["users"][1]["email"], third.email.as_str());
    assert_eq!(some["total_count"], 2);
    let applications = get("/iam/v1alpha1/applications?").await.json();
    assert_eq!(applications["applications"][0]["name"], "terraform");
    let one =
        get(&format!("/iam/v1alpha1/applications?application_ids={}", sandbox.organisation().applications[1].id)).await;
    assert_eq!(one.json()["applications"][0]["name"], "ci-deploy");
    let keys = get("/iam/v1alpha1/api-keys?").await.json();
    assert_eq!(keys["api_keys"][0]["access_key"], sandbox.organisation().applications[0].access_key.as_str());
    let projects = get("/account/v3/projects?").await.json();
    assert_eq!(projects["projects"][1]["name"], "production");
    assert_eq!(get("/iam/v1alpha1/users?page_size=101").await.status, 400);
    let products = list(&sandbox, "fr-par", Endpoint::Products, "").await.json();
    assert_eq!(products["total_count"].as_u64(), products["products"].as_array().map(|list| list.len() as u64));
    sandbox.stop().await;
}

#[tokio::test]
async fn the_incident_can_be_found() {
    let sandbox = sandbox(5_000).await;
    let incident = sandbox.organisation().incident.clone();
    let mut story: Vec<Value> = Vec::new();
    for region in ["fr-par", "nl-ams"] {
        story
            .extend(all(&sandbox, region, Endpoint::Events, &format!("{EVER}&source_ip={}", incident.source_ip)).await);
    }
    let of = |method: &str| -> Vec<&Value> { story.iter().filter(|event| event["method_name"] == method).collect() };
    let only = |method: &str| -> &Value {
        let [one] = of(method)[..] else { panic!("{method}: {}", of(method).len()) };
        one
    };
    let logins = all(&sandbox, "fr-par", Endpoint::AuthenticationEvents, EVER).await;
    let logins: Vec<_> = logins.iter().filter(|login| login["source_ip"] == incident.source_ip).collect();
    assert_eq!(logins.iter().filter(|login| login["result"] == "failure").count(), incident.failed_logins);
    assert_eq!((&logins[0]["result"], recorded_at(logins[0])), (&"success".into(), incident.logged_in_at));
    assert!(logins.iter().all(|login| login["country_code"] == incident.country_code
        && login["resources"][0]["id"] == incident.user_id.as_str()));
    let key = only("CreateAPIKey");
    assert_eq!(key["principal"]["id"], incident.user_id.as_str());
    assert_eq!(key["request_body"]["application_id"], incident.application_id.as_str());
    assert_eq!(
        (key["resources"][0]["id"].as_str(), recorded_at(key)),
        (Some(&*incident.access_key), incident.key_created_at)
    );
    assert!(only("CreatePolicy")["request_body"].to_string().contains("OrganizationManager"));
    assert_eq!(recorded_at(only("CreatePolicy")), incident.granted_at);
    let poweron =
        of("ServerAction").into_iter().find(|event| event["request_body"]["action"] == "poweron").expect("poweron");
    assert_eq!(recorded_at(poweron), incident.powered_on_at);
    assert_eq!(poweron["resources"][0]["id"], incident.server_id.as_str());
    assert!(only("UpdateServer")["request_body"]["commercial_type"].is_string());
    let since = incident.started_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let actions = format!("recorded_after={since}&method_name=ServerAction&resource_id={}", incident.server_id);
    let actions = all(&sandbox, "fr-par", Endpoint::Events, &actions).await;
    let actions: Vec<_> = actions.iter().map(|event| event["request_body"]["action"].as_str().unwrap_or("")).collect();
    assert_eq!(actions, ["poweroff", "poweron", "poweroff"], "nobody else switches the server");
    assert_eq!(of("CreateServer").len(), incident.created_server_ids.len());
    assert_eq!(recorded_at(only("ExportSnapshot")), incident.exported_at);
    assert_eq!(only("ExportDatabaseBackup")["product_name"], "rdb");
    assert_eq!(
        (only("DeleteExportJob")["status_code"].as_u64(), recorded_at(only("DeleteExportJob"))),
        (Some(403), incident.tampered_at)
    );
    assert_eq!(only("DeleteExporter")["product_name"], "cockpit");
    assert_eq!(only("DisableAlertRules")["product_name"], "audit-trail");
    let denied = story
        .iter()
        .filter(|event| event["status_code"] == 403 && event["principal"]["id"] == incident.user_id.as_str())
        .count();
    assert_eq!(denied, incident.denied_calls + 1);
    // Nothing of it happens on ordinary days.
    for method in ["ExportSnapshot", "ExportDatabaseBackup", "DeleteExportJob", "DeleteExporter", "DisableAlertRules"] {
        assert_eq!(all(&sandbox, "fr-par", Endpoint::Events, &format!("{EVER}&method_name={method}")).await.len(), 1);
    }
    sandbox.stop().await;
}

#[test]
fn the_metrics_show_the_spike_and_nothing_else() {
    let organisation = Organisation::new(ORGANIZATION_ID, now(), TimeDelta::days(7));
    let incident = &organisation.incident;
    let series = organisation.metrics(now() - TimeDelta::days(1), now(), TimeDelta::minutes(1));
    let busy: BTreeMap<&str, Vec<DateTime<Utc>>> = series
        .iter()
        .filter(|series| series.name == "instance_server_cpu_seconds_total")
        .map(|series| {
            assert!(series.samples.is_sorted_by(|a, b| a.1 <= b.1), "a counter does not fall");
            let high = series.samples.windows(2).filter(|two| (two[1].1 - two[0].1) / 60.0 / 4.0 > 0.9);
            (series.labels["resource_id"].as_str(), high.map(|two| two[0].0).collect())
        })
        .filter(|(_, high): &(&str, Vec<_>)| !high.is_empty())
        .collect();
    let [(server, minutes)] = &busy.into_iter().collect::<Vec<_>>()[..] else { panic!("one server is busy") };
    assert_eq!(*server, incident.server_id);
    assert!(minutes.iter().all(|at| (incident.spike_from..incident.spike_until).contains(at)));
    assert!(
        i64::try_from(minutes.len()).is_ok_and(|n| n >= (incident.spike_until - incident.spike_from).num_minutes() - 1)
    );
    let of = |name| series.iter().filter(|series| series.name == name).collect::<Vec<_>>();
    let servers = organisation.resources_of("instance_server").count();
    assert_eq!(of("instance_server_cpu_seconds_total").len(), servers);
    assert_eq!(of("instance_server_vcpu_count").len(), servers);
    let idle = of("rdb_instance_postgresql_node_cpu_seconds_total");
    assert_eq!(idle.len(), organisation.resources_of("rdb_instance").count());
    assert!(
        idle.iter().all(|series| series.samples.windows(2).all(|two| (0.0..60.0).contains(&(two[1].1 - two[0].1))))
    );
    let connections = of("load_balancer_lb_connection_usage");
    assert_eq!(connections.len(), organisation.resources_of("load_balancer_lb").count());
    assert!(connections.iter().flat_map(|series| &series.samples).all(|sample| (0.0..0.8).contains(&sample.1)));
}

#[tokio::test]
async fn live_events_keep_arriving() {
    // A hundred and more a second.
    let config = Config { live: true, span: Duration::from_mins(2), ..week(16_000) };
    let sandbox = start(config).await.expect("a sandbox");
    let query = format!("recorded_after={}&order_by=recorded_at_asc", now().to_rfc3339().replace('+', "%2B"));
    let early = all(&sandbox, "fr-par", Endpoint::Events, &query).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let later = all(&sandbox, "fr-par", Endpoint::Events, &query).await;
    assert!(later.len() > early.len() + 5, "{} then {}", early.len(), later.len());
    assert!(later.is_sorted_by_key(recorded_at));
    assert!(later.iter().all(|event| recorded_at(event) <= sandbox.now()));
    assert_eq!(ids(&later).into_iter().collect::<HashSet<_>>().len(), later.len());
    sandbox.stop().await;
}

#[tokio::test]
async fn calls_are_counted() {
    let sandbox = sandbox(0).await;
    events(&sandbox, "page_size=1").await;
    events(&sandbox, "page_size=0").await;
    ask(&sandbox, "/nowhere").await;
    let calls = sandbox.calls();
    assert_eq!((calls.total, calls.to(Endpoint::Events), calls.to(Endpoint::Other)), (3, 2, 1));
    assert_eq!((calls.answered(200), calls.answered(400), calls.answered(404)), (1, 1, 1));
    assert!(calls.queries[0].ends_with("&page_size=1"));
    let told = ask_with(&sandbox, None, "/sandbox/calls").await.json();
    assert_eq!((&told["by_endpoint"]["events"], &told["by_status"]["404"]), (&2.into(), &1.into()));
    sandbox.reset();
    assert_eq!(sandbox.calls(), Calls::default());
    sandbox.stop().await;
}

#[tokio::test]
async fn too_many_calls_are_refused_without_a_word() {
    let sandbox = start(Config { rate_limit: Some(2.0), ..week(0) }).await.expect("a sandbox");
    let mut refused = Vec::new();
    for _ in 0..8 {
        let answer = events(&sandbox, "").await;
        if answer.status == 429 {
            refused.push(answer);
        }
    }
    assert!((5..=6).contains(&refused.len()), "{}", refused.len());
    for answer in refused {
        assert!(
            answer.body.is_empty()
                && !answer.headers.contains_key("content-type")
                && !answer.headers.contains_key("retry-after")
        );
        assert_eq!(answer.headers["x-envoy-ratelimited"], "true");
    }
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(events(&sandbox, "").await.status, 200);
    sandbox.stop().await;
}

#[tokio::test]
async fn answers_take_their_time() {
    let config = Config { latency: Duration::from_millis(300), jitter: Duration::from_millis(20), ..week(0) };
    let sandbox = start(config).await.expect("a sandbox");
    let start = Instant::now();
    tokio::join!(events(&sandbox, ""), events(&sandbox, ""), events(&sandbox, ""));
    assert!((300..900).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert_eq!(sandbox.calls().most_at_once, 3);
    sandbox.stop().await;
}

#[tokio::test]
async fn recorded_answers_are_served_as_they_are() {
    let directory = tempfile::tempdir().expect("a directory");
    let event = |id: &str, at: &str, kind: &str| {
        format!(
            r#"{{"id":"{id}", "recorded_at":"{at}", "odd":  [ 1 ], "product_name":"iam", "status_code":200, "resources":[{{"id":"r-{id}", "type":"{kind}"}}]}}"#
        )
    };
    let recorded = [
        event("c", "2025-10-06T08:16:48.493912656Z", "iam_user"),
        event("b", "2025-10-03T15:51:20.950675467Z", "iam_policy"),
        event("a", "2025-08-22T15:53:52.5Z", "iam_user"),
    ];
    let page = format!("{{\"events\":[{}]}}", recorded.join(", "));
    std::fs::write(directory.path().join("events.fr-par.json"), &page).expect("written");
    std::fs::write(directory.path().join("products.fr-par.json"), "{\"products\":[], \"total_count\":0} ")
        .expect("written");
    std::fs::write(directory.path().join("README.md"), "not an answer").expect("written");
    let config = || Config { recorded: Some(directory.path().to_owned()), ..week(0) };

    let sandbox = start(config()).await.expect("a sandbox");
    assert_eq!(events(&sandbox, EVER).await.text(), page);
    assert_eq!(
        ids(&all(&sandbox, "fr-par", Endpoint::Events, &format!("{EVER}&page_size=1&order_by=recorded_at_asc")).await),
        ["a", "b", "c"]
    );
    assert_eq!(
        ids(&all(&sandbox, "fr-par", Endpoint::Events, &format!("{EVER}&resource_type=iam_policy")).await),
        ["b"]
    );
    assert_eq!(
        ids(&all(&sandbox, "fr-par", Endpoint::Events, &format!("{EVER}&recorded_before=2025-09-01T00:00:00Z")).await),
        ["a"]
    );
    assert_eq!(events(&sandbox, "").await.text(), r#"{"events":[]}"#);
    assert_eq!(list(&sandbox, "nl-ams", Endpoint::Events, EVER).await.text(), r#"{"events":[]}"#);
    assert_eq!(list(&sandbox, "fr-par", Endpoint::SystemEvents, EVER).await.text(), r#"{"events":[]}"#);
    assert_eq!(list(&sandbox, "fr-par", Endpoint::Products, "").await.text(), "{\"products\":[], \"total_count\":0} ");
    sandbox.stop().await;

    let sandbox = start(Config { shift_to: Some(now()), ..config() }).await.expect("a sandbox");
    let shifted = page
        .replace("2025-10-06T08:16:48.493912656Z", "2026-03-12T15:04:05.678901234Z")
        .replace("2025-10-03T15:51:20.950675467Z", "2026-03-09T22:38:38.135664045Z")
        .replace("2025-08-22T15:53:52.5Z", "2026-01-26T22:41:09.684988578Z");
    assert_eq!(events(&sandbox, EVER).await.text(), shifted);
    sandbox.stop().await;

    let nowhere = Config { recorded: Some(directory.path().join("nowhere")), ..week(0) };
    assert!(matches!(start(nowhere).await, Err(Error::Recorded { .. })));
    std::fs::write(directory.path().join("events.nl-ams.json"), "{}").expect("written");
    let why = start(config()).await.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(why.contains("events.nl-ams.json") && why.contains("missing field `events`"), "{why}");
}

mod faults {
    use super::*;

    #[tokio::test]
    async fn tokens_that_end_nothing() {
        let none = format!("{EVER}&method_name=Nothing");
        let sandbox = with(1_000, "empty-token").await;
        assert_eq!(events(&sandbox, &none).await.text(), r#"{"events":[], "next_page_token":""}"#);
        sandbox.set_faults([Fault::NullToken.always()]);
        assert_eq!(events(&sandbox, &none).await.text(), r#"{"events":[], "next_page_token":null}"#);
        assert!(events(&sandbox, &format!("{EVER}&page_size=2")).await.token().is_some());
        sandbox.set_faults([Fault::RepeatingToken.always()]);
        let first = events(&sandbox, EVER).await;
        let second = events(&sandbox, &format!("{EVER}&page_token={}", first.token().expect("a token"))).await;
        let third = events(&sandbox, &format!("{EVER}&page_token={}", second.token().expect("a token"))).await;
        assert_eq!(first.token(), third.token());
        assert_ne!(ids(&first.events()), ids(&second.events()));
        assert_eq!(second.body, third.body);
        let last = events(&sandbox, &format!("{EVER}&method_name=CreateJWT")).await;
        assert!(last.token().is_some() && last.events().len() < 100);
        sandbox.stop().await;
    }

    #[tokio::test]
    async fn duplicates() {
        let sandbox = sandbox(2_000).await;
        let clean = ids(&all(&sandbox, "fr-par", Endpoint::Events, EVER).await);
        sandbox.set_faults([Fault::DuplicateAcrossPages.always()]);
        for order in ["recorded_at_desc", "recorded_at_asc"] {
            let pages = pages(&sandbox, "fr-par", Endpoint::Events, &format!("{EVER}&order_by={order}")).await;
            let pages: Vec<_> = pages.iter().map(|page| ids(&page.events())).collect();
            assert!(pages.windows(2).all(|two| two[0].last() == two[1].first()));
            let unique: HashSet<_> = pages.iter().flatten().collect();
            assert_eq!(unique.len(), clean.len());
        }
        sandbox.set_faults([Fault::DuplicateAcrossRegions.always()]);
        let other = all(&sandbox, "nl-ams", Endpoint::Events, EVER).await;
        assert!(other.is_sorted_by_key(|event| std::cmp::Reverse(recorded_at(event))));
        assert_eq!(ids(&other).iter().filter(|id| clean.contains(id)).count(), 1);
        let nothing = all(&sandbox, "it-mil", Endpoint::Events, EVER).await;
        assert_eq!(nothing.len(), 1);
        sandbox.stop().await;
    }

    #[tokio::test]
    async fn events_that_are_not_as_they_should_be() {
        let sandbox = sandbox(2_000).await;
        let query = format!("{EVER}&product_name=instance&status=200&page_size=3");
        let spoilt = async |fault: Fault| {
            sandbox.set_faults([fault.always()]);
            events(&sandbox, &query).await
        };
        let clean = events(&sandbox, &query).await.events();
        let first = async |fault| {
            let events = spoilt(fault).await.events();
            assert_eq!(events[1..3], clean[1..3], "{fault}: only the first event is spoilt");
            events[0].clone()
        };
        assert_eq!(first(Fault::UnknownEnum).await["resources"][0]["type"], "holographic");
        assert!(first(Fault::UnknownField).await["from_the_future"].is_object());
        assert_eq!(first(Fault::WrongType).await["status_code"], "200");
        let without = |key: &str| {
            let mut event = clean[0].clone();
            event.as_object_mut().expect("an object").remove(key);
            event
        };
        assert_eq!(first(Fault::MissingId).await, without("id"));
        assert_eq!(first(Fault::MissingTime).await, without("recorded_at"));
        assert_eq!(first(Fault::MalformedTime).await["recorded_at"], "yesterday, around noon");
        let huge = spoilt(Fault::HugeBody).await;
        assert!(huge.body.len() > 10 << 20 && huge.is_whole());
        assert_eq!(huge.events()[0]["request_body"]["padding"].as_str().map(str::len), Some(10 << 20));
        let broken = spoilt(Fault::InvalidUtf8).await;
        assert!(String::from_utf8(broken.body.clone()).is_err());
        assert!(serde_json::from_str::<Value>(&broken.text()).is_ok(), "but it is JSON otherwise");
        let mixed = spoilt(Fault::Unsorted).await.events();
        assert_eq!(mixed, [clean[2].clone(), clean[1].clone(), clean[0].clone()]);
        let stray = spoilt(Fault::OutOfWindow).await.events();
        assert_eq!(stray[..3], clean);
        assert!(recorded_at(&stray[3]) < now() - TimeDelta::days(89) && stray[3]["id"] != stray[2]["id"]);
        // The other kinds can be spoilt too, alone and wrapped.
        for fault in [
            Fault::UnknownEnum,
            Fault::UnknownField,
            Fault::WrongType,
            Fault::MissingId,
            Fault::MalformedTime,
            Fault::HugeBody,
        ] {
            for endpoint in [Endpoint::AuthenticationEvents, Endpoint::SystemEvents, Endpoint::CombinedEvents] {
                sandbox.set_faults([]);
                let clean = list(&sandbox, "fr-par", endpoint, &format!("{EVER}&page_size=3")).await.events();
                sandbox.set_faults([fault.always()]);
                let spoilt = list(&sandbox, "fr-par", endpoint, &format!("{EVER}&page_size=3")).await.events();
                assert!(spoilt[0] != clean[0] && spoilt[1..] == clean[1..], "{fault} on {endpoint}");
            }
        }
        sandbox.stop().await;
    }

    #[tokio::test]
    async fn answers_that_are_no_answer() {
        let sandbox = sandbox(2_000).await;
        let answer = async |fault: Fault| {
            sandbox.set_faults([fault.always()]);
            events(&sandbox, EVER).await
        };
        let cut = answer(Fault::TruncatedJson).await;
        assert!(cut.is_whole() && cut.status == 200 && serde_json::from_slice::<Value>(&cut.body).is_err());
        let html = answer(Fault::HtmlPage).await;
        assert!(
            html.status == 200
                && html.headers["content-type"].starts_with("text/html")
                && html.text().starts_with("<!DOCTYPE")
        );
        let disguised = answer(Fault::HtmlAsJson).await;
        assert!(disguised.headers["content-type"] == "application/json" && disguised.text().starts_with("<!DOCTYPE"));
        for (fault, status) in
            [(Fault::InternalError, 500), (Fault::BadGateway, 502), (Fault::Unavailable, 503), (Fault::NotFound, 404)]
        {
            let answer = answer(fault).await;
            assert!(answer.status == status && answer.json()["message"].is_string());
        }
        let refused = answer(Fault::TooManyRequests).await;
        assert!(refused.status == 429 && refused.body.is_empty() && !refused.headers.contains_key("retry-after"));
        assert_eq!(answer(Fault::RetryAfter).await.headers["retry-after"], "1");
        let torn = answer(Fault::ConnectionReset).await;
        assert!(torn.status == 200 && !torn.is_whole() && !torn.body.is_empty());
        sandbox.set_faults([Fault::SmallPages.always()]);
        let refused = events(&sandbox, "page_size=51").await;
        assert_eq!((refused.status, &refused.json()["details"][0]["argument_name"]), (400, &"page_size".into()));
        assert_eq!(events(&sandbox, &format!("{EVER}&page_size=50")).await.events().len(), 50);
        sandbox.stop().await;
    }

    #[tokio::test]
    async fn answers_that_stall() {
        let faults = vec![Fault::Stall.first(1)];
        let sandbox =
            start(Config { faults, stall: Duration::from_millis(500), ..week(2_000) }).await.expect("a sandbox");
        let begun = Instant::now();
        let slow = events(&sandbox, EVER).await;
        assert!(slow.is_whole() && slow.json().is_object() && begun.elapsed() >= Duration::from_millis(500));
        let begun = Instant::now();
        events(&sandbox, EVER).await;
        assert!(begun.elapsed() < Duration::from_millis(500));
        sandbox.stop().await;
    }

    #[tokio::test]
    async fn plans_hit_the_calls_they_are_for() {
        let sandbox = with(0, "unavailable:region=nl-ams").await;
        let status = async |region: &str, endpoint| list(&sandbox, region, endpoint, "").await.status;
        assert_eq!((status("fr-par", Endpoint::Events).await, status("nl-ams", Endpoint::Events).await), (200, 503));
        sandbox.set_faults([Fault::BadGateway.always().on(Endpoint::Products)]);
        assert_eq!((status("fr-par", Endpoint::Events).await, status("fr-par", Endpoint::Products).await), (200, 502));
        sandbox.set_faults([Fault::InternalError.every(3), Fault::TooManyRequests.first(1)]);
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(status("fr-par", Endpoint::Events).await);
        }
        assert_eq!(statuses, [429, 200, 500, 200, 200, 500]);
        sandbox.reset();
        assert_eq!(status("fr-par", Endpoint::Events).await, 429);
        sandbox.stop().await;
    }

    #[test]
    fn plans_are_written_as_they_are_read() {
        for fault in Fault::ALL {
            assert_eq!(fault.to_string().parse(), Ok(fault));
            let plan = fault.every(2).in_region("nl-ams").on(Endpoint::CombinedEvents);
            assert_eq!(plan.to_string().parse(), Ok(plan));
        }
        for wrong in [
            "",
            "gremlins",
            "stall:often",
            "stall:every=0",
            "stall:endpoint=nowhere",
            "stall:day=monday",
            "stall:region=mars",
            "stall:region=fr-par-1",
            "stall:region=",
        ] {
            assert!(wrong.parse::<FaultPlan>().is_err(), "{wrong}");
        }
        let why = "stall:every=0".parse::<FaultPlan>().err().map(|error| error.to_string());
        assert_eq!(why.as_deref(), Some("`stall:every=0`: a count is a number above zero"));
        let why = "stall:region=mars".parse::<FaultPlan>().err().map(|error| error.to_string());
        let expected = format!("`stall:region=mars`: the regions are {}", crate::settings::REGIONS.join(", "));
        assert_eq!(why, Some(expected));
    }
}
