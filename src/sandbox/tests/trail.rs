use super::super::*;
use super::client::*;

/// Every oddity of recorded answers is in the default week.
#[tokio::test]
async fn the_trail_has_the_oddities_of_the_real_one() {
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
        let cluster = sandbox.organization().resources_of("kube_cluster").find(|c| pool["id"] == c.id.as_str());
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
    some("by somebody deleted", &|e| e["principal"]["id"] == sandbox.organization().departed.id.as_str());
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
async fn events_are_formatted_like_recorded_answers() {
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
async fn equal_seeds_give_equal_bytes() {
    let bytes = async |config: Config| {
        let sandbox = start(config).await.expect("a sandbox");
        let mut bytes = Vec::new();
        for region in ["fr-par", "nl-ams"] {
            // With an end, since the default is the sandbox's clock, which tokens contain.
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
async fn recorded_answers_are_served_byte_for_byte() {
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
