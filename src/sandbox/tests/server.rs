use super::super::organization::OWNER_ID;
use super::super::*;
use super::client::*;

#[tokio::test]
async fn listens_on_loopback_only() {
    let bind = SocketAddr::from(([0, 0, 0, 0], 0));
    let refused = start(Config { bind, ..week(0) }).await.err().map(|error| error.to_string());
    assert_eq!(refused.as_deref(), Some("the sandbox listens on loopback only, not on 0.0.0.0:0: its keys are public"));
}

#[tokio::test]
async fn keys_are_limited_to_their_permissions() {
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
    let none = trail.replace("organization_id", "unknown_argument");
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
    let counted = ask_with(&sandbox, None, "/sandbox/calls").await.json();
    assert_eq!((&counted["by_endpoint"]["events"], &counted["by_status"]["404"]), (&2.into(), &1.into()));
    sandbox.reset();
    assert_eq!(sandbox.calls(), Calls::default());
    sandbox.stop().await;
}

#[tokio::test]
async fn calls_above_the_rate_limit_get_an_empty_429() {
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
async fn latency_delays_answers() {
    let config = Config { latency: Duration::from_millis(300), ..week(0) };
    let sandbox = start(config).await.expect("a sandbox");
    let start = Instant::now();
    tokio::join!(events(&sandbox, ""), events(&sandbox, ""), events(&sandbox, ""));
    assert!((300..900).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert_eq!(sandbox.calls().most_at_once, 3);
    sandbox.stop().await;
}

#[tokio::test]
async fn cockpit_lists_data_sources_and_kubernetes_rules_of_one_project_or_cluster() {
    let sandbox = sandbox(0).await;
    let organization = sandbox.organization();
    let project = &organization.projects[1].id;
    let sources = async |region: &str, query: &str| {
        ask(&sandbox, &format!("/cockpit/v1/regions/{region}/data-sources?{query}")).await
    };
    let all = sources("fr-par", &format!("project_id={project}")).await.json();
    assert_eq!(all["total_count"], 4);
    let metrics = sources("fr-par", &format!("project_id={project}&types=metrics&origin=scaleway")).await.json();
    let [one] = &metrics["data_sources"].as_array().unwrap()[..] else { panic!("{metrics}") };
    assert!(one["url"].as_str().unwrap().ends_with(".metrics.cockpit.fr-par.scw.cloud"), "{one}");
    assert_eq!(sources("fr-par", "").await.status, 400);
    assert_eq!(sources("fr-par", "project_id=other").await.status, 403);
    assert_eq!(sources("it-mil", &format!("project_id={project}")).await.status, 404);

    let cluster = &organization.resource("k8s-prod").unwrap().id;
    let rules =
        async |region: &str, id: &str| ask(&sandbox, &format!("/k8s/v1/regions/{region}/clusters/{id}/acls")).await;
    let found = rules("fr-par", cluster).await.json();
    assert_eq!((&found["total_count"], &found["rules"][0]["ip"]), (&1.into(), &"203.0.113.0/24".into()));
    assert_eq!(rules("nl-ams", cluster).await.status, 404);
    sandbox.stop().await;
}

#[tokio::test]
async fn iam_and_account_list_users_applications_keys_and_projects() {
    let sandbox = sandbox(0).await;
    let get =
        async |what: &str| ask(&sandbox, &what.replace('?', &format!("?organization_id={ORGANIZATION_ID}&"))).await;
    let users = get("/iam/v1alpha1/users?page_size=5&page=3").await.json();
    assert_eq!((users["total_count"].as_u64(), users["users"].as_array().map(Vec::len)), (Some(12), Some(2)));
    let [first, _, third, ..] = &sandbox.organization().users[..] else { panic!("users") };
    let some = get(&format!("/iam/v1alpha1/users?user_ids={}&user_ids={}", first.id, third.id)).await.json();
    assert_eq!(some["users"][0]["id"], OWNER_ID);
    assert_eq!(some["users"][1]["email"], third.email.as_str());
    assert_eq!(some["total_count"], 2);
    let applications = get("/iam/v1alpha1/applications?").await.json();
    assert_eq!(applications["applications"][0]["name"], "terraform");
    let one =
        get(&format!("/iam/v1alpha1/applications?application_ids={}", sandbox.organization().applications[1].id)).await;
    assert_eq!(one.json()["applications"][0]["name"], "ci-deploy");
    let keys = get("/iam/v1alpha1/api-keys?").await.json();
    assert_eq!(keys["api_keys"][0]["access_key"], sandbox.organization().applications[0].access_key.as_str());
    let projects = get("/account/v3/projects?").await.json();
    assert_eq!(projects["projects"][1]["name"], "production");
    assert_eq!(get("/iam/v1alpha1/users?page_size=101").await.status, 400);
    let products = list(&sandbox, "fr-par", Endpoint::Products, "").await.json();
    assert_eq!(products["total_count"].as_u64(), products["products"].as_array().map(|list| list.len() as u64));
    sandbox.stop().await;
}
